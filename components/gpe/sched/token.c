/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * PlanetLab's token bucket: Andy Bavier's CONFIG_VSERVER_ACB_SCHED, kernel/vserver/sched.c of the
 * PlanetLab kernels 3.2 to 4.1 (2.6.12), 2005-09 to 2007-06, on the queues of the O(1) scheduler.
 *
 * Virtual time vt runs in ticks x 1000, one clock per class for the whole machine; every tick of
 * every core, idle or not, adds 1000. A task has paid for virtual time up to `used`. A token costs
 *     price = 1000 * interval / rate      (integer division)
 *     tokens = min(max, floor((vt - used) / price)); at max, used = vt - price * max
 * so tokens accrue smoothly. A tick takes one token from whoever runs. A task that is picked with
 * fewer than min tokens goes on hold, also one that was only interrupted: there is no memory of
 * having been eligible. Each pick releases at most one task of the hold queue, the first with min
 * tokens. When only tasks on hold are left, vt jumps ahead by what the least missing one misses:
 * the processor is never idle for want of tokens.
 *
 * Not modelled: dynamic priorities of the O(1) scheduler (all tasks are equal; wake_preempts stands
 * for the bonus of those that sleep a lot), SCHED_PRIO, several tasks in one context. */
#include "components/gpe/sched/token.h"

enum { UNIT = 1000 };

static unsigned class_of(const SchedTask *t) {
    return t->share.guaranteed ? SCHED_GUARANTEED : SCHED_BEST_EFFORT;
}

static int64_t *clock_of(const Sched *s, const SchedTask *t) {
    return &((TokenClocks *)s->own)->vt[class_of(t)];
}

static int64_t tokens(const Sched *s, SchedTask *t) {
    TokenBucket *b = t->own;
    int64_t vt = *clock_of(s, t), price = (int64_t)b->price, max = (int64_t)t->share.max;
    int64_t d = vt - b->used;
    if (d >= price * max) {
        b->used = vt - price * max;
        return max;
    }
    return d / price;
}

/* Above 0: may run. Below: minus the virtual ticks that are missing. */
static int64_t eligible(const Sched *s, SchedTask *t) {
    int64_t have = tokens(s, t), min = (int64_t)t->share.min;
    if (have >= min) return have;
    return (have - min) * (int64_t)s->settings.interval / (int64_t)t->share.rate;
}

static void token_add(Sched *s, SchedTask *t) {
    TokenBucket *b = t->own;
    b->price = s->settings.interval * UNIT / t->share.rate;
    b->used = *clock_of(s, t) - (int64_t)(b->price * t->share.initial);
}

static bool token_tick(Sched *s, unsigned core, SchedTask *current) {
    TokenClocks *clocks = s->own;
    for (unsigned i = 0; i < SCHED_N_CLASSES; i++) clocks->vt[i] += UNIT;
    /* Where virtual time does not jump, who is held may have got its tokens. */
    if (!current) return !s->settings.idle_skip && sched_hold(s, core)->head;
    if (current->slice) current->slice--;
    int64_t have = tokens(s, current);
    TokenBucket *b = current->own;
    if (have > 0) b->used += (int64_t)b->price;
    if (have >= 2 && current->slice) return false;
    sched_take(current);
    sched_put(sched_expired(s, core), current);
    current->slice = (unsigned)s->settings.slice;
    return true;
}

static void token_idle(Sched *s, unsigned core, uint64_t n) {
    TokenClocks *clocks = s->own;
    (void)core;
    for (unsigned i = 0; i < SCHED_N_CLASSES; i++) clocks->vt[i] += UNIT * (int64_t)n;
}

/* What the least missing task of each class misses, in virtual ticks; none: INT64_MAX. */
typedef struct {
    int64_t least[SCHED_N_CLASSES];
} Missing;

static void note(Missing *m, const SchedTask *t, int64_t e) {
    int64_t *least = &m->least[class_of(t)];
    if (-e < *least) *least = -e;
}

static void release_one(Sched *s, unsigned core, Missing *missing) {
    for (SchedTask *t = sched_hold(s, core)->head; t; t = t->next) {
        int64_t e = eligible(s, t);
        if (e > 0) {
            sched_take(t);
            sched_state(s, t, SCHED_READY);
            sched_put(sched_expired(s, core), t);
            return;
        }
        note(missing, t, e);
    }
}

static uint64_t token_balance(const Sched *s, const SchedTask *t) {
    const TokenBucket *b = t->own;
    int64_t have = (*clock_of(s, t) - b->used) / (int64_t)b->price;
    return have > 0 ? MIN((uint64_t)have, t->share.max) : 0;
}

static SchedTask *token_pick(Sched *s, unsigned core) {
    for (;;) {
        Missing missing = {{INT64_MAX, INT64_MAX}};
        release_one(s, core, &missing);
        for (SchedTask *t; (t = sched_first(s, core));) {
            int64_t e = eligible(s, t);
            if (e > 0) return t;
            sched_take(t);
            sched_state(s, t, SCHED_HELD);
            sched_put(sched_hold(s, core), t);
            note(&missing, t, e);
        }
        if (!sched_hold(s, core)->head || !s->settings.idle_skip) return NULL;
        unsigned class =
            missing.least[SCHED_BEST_EFFORT] != INT64_MAX ? SCHED_BEST_EFFORT : SCHED_GUARANTEED;
        ((TokenClocks *)s->own)->vt[class] += UNIT * missing.least[class];
    }
}

const SchedOps token_sched = {
    .name = "token",
    .text = "PlanetLab's token bucket on virtual time (ACB)",
    .size = sizeof(TokenClocks),
    .task_size = sizeof(TokenBucket),
    .add = token_add,
    .wake = sched_enqueue,
    .sleep = sched_sleep,
    .tick = token_tick,
    .idle = token_idle,
    .pick = token_pick,
    .tokens = token_balance,
};
