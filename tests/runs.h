/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * tests/runs.h: all runs of a scenario in this process, without records. */
#pragma once

#include "emu/study/run.h"

/* Results by point, then repetition. Caller unrefs. */
static inline GPtrArray *runs_of(const Scenario *s, unsigned repeat) {
    static volatile int never;
    GPtrArray *runs = g_ptr_array_new_with_free_func(run_result_free);
    for (unsigned p = 0; p < scenario_n_points(s); p++)
        for (unsigned r = 0; r < repeat; r++)
            g_ptr_array_add(runs, run_once(s, 1, (RunKey){p, r, true}, NULL, &never));
    return runs;
}
