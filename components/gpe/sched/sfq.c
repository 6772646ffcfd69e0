/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Start-time fair queueing as OpenVZ has it. The runnable task with the smallest start
 * tag runs; running for d adds d / weight to it, and a task that wakes starts at the tag of the
 * last pick at least, so sleep earns nothing. The weight is `rate`. A task keeps the core for
 *     max(4 ms, 16 ms >> (runnable - 1))
 * Source: fairsched.c and sched.c of OpenVZ; wiki.openvz.org, "CPU Fair scheduler". */
#include "components/gpe/sched/sched.h"

enum { LONGEST_TICKS = 16, SHORTEST_TICKS = 4 };

static void settle(SchedTask *t) {
    t->start += t->ran / t->share.rate;
    t->ran %= t->share.rate;
}

static void sfq_add(Sched *s, SchedTask *t) {
    t->start = s->core[t->core].clock;
    t->order = s->next_order++;
}

static bool sfq_wake(Sched *s, SchedTask *t) {
    SchedQueue *q = sched_active(s, t->core);
    bool first = !q->head;
    t->start = MAX(t->start, s->core[t->core].clock);
    t->slice = 0;
    s->core[t->core].n_runnable++;
    sched_state(s, t, SCHED_READY);
    sched_put(q, t);
    return first || s->settings.wake_preempts;
}

static void sfq_sleep(Sched *s, SchedTask *t) {
    settle(t);
    s->core[t->core].n_runnable--;
    sched_take(t);
    sched_state(s, t, SCHED_ASLEEP);
}

static bool sfq_tick(Sched *s, unsigned core, SchedTask *current) {
    (void)s, (void)core;
    if (!current) return false;
    if (current->slice) current->slice--;
    return current->slice == 0;
}

static SchedTask *sfq_pick(Sched *s, unsigned core) {
    SchedTask *best = NULL;
    for (SchedTask *t = sched_active(s, core)->head; t; t = t->next) {
        settle(t);
        if (!best || t->start < best->start || (t->start == best->start && t->order < best->order))
            best = t;
    }
    if (!best) return NULL;
    s->core[core].clock = MAX(s->core[core].clock, best->start);
    if (!best->slice) {
        unsigned shift = s->core[core].n_runnable - 1;
        best->slice = MAX(LONGEST_TICKS >> MIN(shift, 8), SHORTEST_TICKS);
    }
    return best;
}

const SchedOps sched_sfq = {
    .name = "sfq",
    .text = "start-time fair queueing, as in OpenVZ",
    .add = sfq_add,
    .wake = sfq_wake,
    .sleep = sfq_sleep,
    .tick = sfq_tick,
    .pick = sfq_pick,
};
