/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/study/lab_runs.h: the scenario of a lab, run with what each [runs NAME] sets, once and when
 * first asked for; and expressions over these runs. */
#pragma once

#include "emu/study/lab.h"

typedef struct LabRuns LabRuns;

/* Of one scenario file. `names` are {NAME} of expressions, and are borrowed. */
LabRuns *lab_runs_new(const Lab *lab, const char *path, const char *library,
                      const ComponentClass *const *classes, GHashTable *names,
                      volatile int *interrupted);
void lab_runs_free(LabRuns *runs);
/* An expression over the runs of that name, "" of the scenario as it is. */
bool lab_runs_evaluate(LabRuns *runs, const char *name, const char *expression, double *value,
                       GError **error);
/* Run the scenario as it is, and leave what its components write in `folder`. */
bool lab_runs_write(LabRuns *runs, const char *folder, GError **error);
