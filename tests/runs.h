/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * tests/runs.h: all runs of a scenario in this process, without records. */
#pragma once

#include <stdlib.h>

#include "emu/study/run.h"

/* scenario_load, with the timing that $TIMING says: tests/run runs those that hold under both. */
static inline Scenario *load_timed(const char *path, const char *const *set,
                                   const ComponentClass *const *known, GError **error) {
    g_autoptr(GPtrArray) all = g_ptr_array_new();
    g_autofree char *timing = g_strconcat("scenario.timing=", getenv("TIMING"), NULL);
    for (; set && *set; set++) g_ptr_array_add(all, (char *)*set);
    if (getenv("TIMING")) g_ptr_array_add(all, timing);
    g_ptr_array_add(all, NULL);
    return scenario_load(path, (const char *const *)all->pdata, known, error);
}

/* Results by point, then repetition. Caller unrefs. */
static inline GPtrArray *runs_of(const Scenario *s, unsigned repeat) {
    static volatile int never;
    GPtrArray *runs = g_ptr_array_new_with_free_func(run_result_free);
    for (unsigned p = 0; p < scenario_n_points(s); p++)
        for (unsigned r = 0; r < repeat; r++)
            g_ptr_array_add(runs, run_once(s, 1, (RunKey){p, r, true}, NULL, &never));
    return runs;
}
