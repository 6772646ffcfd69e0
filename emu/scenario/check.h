/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/scenario/check.h: what can be known before a run is found out before it, by `check` and by
 * `run` alike. Every point is built and started, and every name that claims, plots and the script
 * use is looked up in what was built.
 *
 * Errors: a value, link, name or claim that cannot be right. Warnings: what can be run but is not
 * going to do what it seems to: a port that will send and has no link, a key without effect, a
 * value that is cut off, a window that may hold no packet. */
#pragma once

#include "emu/scenario/metric.h"
#include "emu/scenario/scenario.h"

/* What every run reports of itself (emu/study/run.c); ends with {0}. */
extern const Scalar run_scalars[];

/* `claims`: the table of published numbers, or NULL if there is none. `progress`, unless NULL, is
 * called after each of the points, in their order and a few milliseconds apart, with what is going
 * to be sent there; where it returns false, the check ends with G_FILE_ERROR_INTR. To `warnings`
 * come sentences (allocated), each once, with file and line, or the --set. */
bool scenario_check(const Scenario *s, const Claims *claims,
                    bool (*progress)(unsigned done, unsigned of, NetworkLoad load, void *user),
                    void *user, GPtrArray *warnings, GError **error);
