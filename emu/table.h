/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/table.h: the tables of a study. */
#pragma once

#include "emu/study.h"

/* The study at a glance, for a terminal. */
void table_print(const Study *study, FILE *out);
/* runs.tsv and claims.tsv; callers free. */
char *table_runs(const Study *study);
char *table_claims(const Study *study);
