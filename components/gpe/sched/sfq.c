/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Start-time fair queueing as OpenVZ has it. The runnable task with the smallest start
 * tag runs; running for d adds d / weight to it, and a task that wakes starts at the tag of the
 * last pick at least, so sleep earns nothing. The weight is `rate`. A task keeps the core for
 *     max(shortest, longest >> (runnable - 1))     4 and 16 ms
 * Source: fairsched.c and sched.c of OpenVZ; wiki.openvz.org, "CPU Fair scheduler". */
#include "components/gpe/sched/sched.h"

typedef struct {
    /* settings */
    uint64_t longest, shortest; /* ticks */
    /* state */
    struct {
        uint64_t clock; /* start tag of the last pick */
        unsigned n_runnable;
    } core[SCHED_MAX_CORES];
    uint64_t next_order;
} Fair;

typedef struct {
    uint64_t start; /* start tag */
    uint64_t order; /* breaks ties */
} Tag;

static void settle(SchedTask *t) {
    Tag *tag = t->own;
    tag->start += t->ran / t->share.rate;
    t->ran %= t->share.rate;
}

static void sfq_add(Sched *s, SchedTask *t) {
    Fair *f = s->own;
    *(Tag *)t->own = (Tag){f->core[t->core].clock, f->next_order++};
}

static bool sfq_wake(Sched *s, SchedTask *t) {
    Fair *f = s->own;
    Tag *tag = t->own;
    SchedQueue *q = sched_active(s, t->core);
    bool first = !q->head;
    tag->start = MAX(tag->start, f->core[t->core].clock);
    t->slice = 0;
    f->core[t->core].n_runnable++;
    sched_state(s, t, SCHED_READY);
    sched_put(q, t);
    return first || s->settings.wake_preempts;
}

static void sfq_sleep(Sched *s, SchedTask *t) {
    settle(t);
    ((Fair *)s->own)->core[t->core].n_runnable--;
    sched_sleep(s, t);
}

static bool sfq_tick(Sched *s, unsigned core, SchedTask *current) {
    (void)s, (void)core;
    if (!current) return false;
    if (current->slice) current->slice--;
    return current->slice == 0;
}

static bool before(const SchedTask *a, const SchedTask *b) {
    const Tag *x = a->own, *y = b->own;
    return x->start < y->start || (x->start == y->start && x->order < y->order);
}

static SchedTask *sfq_pick(Sched *s, unsigned core) {
    Fair *f = s->own;
    SchedTask *best = NULL;
    for (SchedTask *t = sched_active(s, core)->head; t; t = t->next) {
        settle(t);
        if (!best || before(t, best)) best = t;
    }
    if (!best) return NULL;
    f->core[core].clock = MAX(f->core[core].clock, ((const Tag *)best->own)->start);
    if (!best->slice) {
        unsigned shift = f->core[core].n_runnable - 1;
        best->slice = (unsigned)MAX(f->longest >> MIN(shift, 63), f->shortest);
    }
    return best;
}

static const Param sfq_params[] = {
    PARAM_COUNT("longest", Fair, longest, "16", "1", "10000",
                "ticks that a task keeps the core when it is alone, halved for each other one",
                "OpenVZ: fairsched.c and sched.c"),
    PARAM_COUNT("shortest", Fair, shortest, "4", "1", "10000", "and the fewest",
                "OpenVZ: fairsched.c and sched.c"),
    {0}};

const SchedOps sfq_sched = {
    .name = "sfq",
    .text = "start-time fair queueing, as in OpenVZ",
    .size = sizeof(Fair),
    .task_size = sizeof(Tag),
    .params = sfq_params,
    .add = sfq_add,
    .wake = sfq_wake,
    .sleep = sfq_sleep,
    .tick = sfq_tick,
    .pick = sfq_pick,
};
