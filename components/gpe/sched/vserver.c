/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Stock Linux-VServer 2.0: a bucket gets a lump of `rate` tokens every `interval` ticks, up to max;
 * each tick takes one from whoever runs; a task without tokens goes on hold until it has min again.
 * Nothing is given for idle time: the processor idles when everybody is on hold.
 * Source: vs2.0's kernel/vserver/sched.c; wiki of linux-vserver.org, "Scheduler Parameters". */
#include "components/gpe/sched/sched.h"

typedef struct {
    uint64_t ticks; /* of core 0 */
} Clock;

typedef struct {
    uint64_t tokens;
    uint64_t filled; /* the tick up to which it was given tokens */
} Bucket;

static uint64_t fill(const Sched *s, SchedTask *t) {
    const Clock *clock = s->own;
    Bucket *b = t->own;
    uint64_t lumps = (clock->ticks - b->filled) / s->settings.interval;
    b->filled += lumps * s->settings.interval;
    b->tokens = MIN(b->tokens + lumps * t->share.rate, t->share.max);
    return b->tokens;
}

static void vserver_add(Sched *s, SchedTask *t) {
    *(Bucket *)t->own = (Bucket){t->share.initial, ((const Clock *)s->own)->ticks};
}

static bool vserver_tick(Sched *s, unsigned core, SchedTask *current) {
    Clock *clock = s->own;
    clock->ticks += core == 0;
    if (!current) return sched_hold(s, core)->head != NULL;
    if (current->slice) current->slice--;
    Bucket *b = current->own;
    if (fill(s, current)) b->tokens--;
    if (b->tokens && current->slice) return false;
    sched_take(current);
    sched_put(sched_expired(s, core), current);
    current->slice = (unsigned)s->settings.slice;
    return true;
}

static void vserver_idle(Sched *s, unsigned core, uint64_t n) {
    if (core == 0) ((Clock *)s->own)->ticks += n;
}

static SchedTask *vserver_pick(Sched *s, unsigned core) {
    for (SchedTask *t = sched_hold(s, core)->head, *next; t; t = next) {
        next = t->next;
        if (fill(s, t) < t->share.min) continue;
        sched_take(t);
        sched_state(s, t, SCHED_READY);
        sched_put(sched_expired(s, core), t);
    }
    for (SchedTask *t; (t = sched_first(s, core));) {
        if (fill(s, t)) return t;
        sched_take(t);
        sched_state(s, t, SCHED_HELD);
        sched_put(sched_hold(s, core), t);
    }
    return NULL;
}

const SchedOps vserver_sched = {
    .name = "vserver",
    .text = "stock Linux-VServer: a bucket filled in lumps, hold at zero",
    .size = sizeof(Clock),
    .task_size = sizeof(Bucket),
    .add = vserver_add,
    .wake = sched_enqueue,
    .sleep = sched_sleep,
    .tick = vserver_tick,
    .idle = vserver_idle,
    .pick = vserver_pick,
};
