/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Round robin: runnable tasks in turn, `slice` ticks each. */
#include "components/gpe/sched/sched.h"

static bool rr_wake(Sched *s, SchedTask *t) {
    t->slice = (unsigned)s->settings.slice;
    return sched_enqueue(s, t);
}

static bool rr_tick(Sched *s, unsigned core, SchedTask *current) {
    if (!current || --current->slice) return false;
    current->slice = (unsigned)s->settings.slice;
    sched_take(current);
    sched_put(sched_active(s, core), current);
    return true;
}

static SchedTask *rr_pick(Sched *s, unsigned core) {
    return sched_active(s, core)->head;
}

const SchedOps rr_sched = {
    .name = "rr",
    .text = "round robin with a fixed slice",
    .wake = rr_wake,
    .sleep = sched_sleep,
    .tick = rr_tick,
    .pick = rr_pick,
};
