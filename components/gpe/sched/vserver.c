/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Stock Linux-VServer 2.0: a bucket gets a lump of `rate` tokens every `interval` ticks, up to max;
 * each tick takes one from whoever runs; a task without tokens goes on hold until it has min again.
 * Nothing is given for idle time: the processor idles when everybody is on hold.
 * Source: vs2.0's kernel/vserver/sched.c; wiki of linux-vserver.org, "Scheduler Parameters". */
#include "components/gpe/sched/sched.h"

static uint64_t fill(const Sched *s, SchedTask *t) {
    uint64_t lumps = (s->ticks - t->filled) / s->settings.interval;
    t->filled += lumps * s->settings.interval;
    t->tokens = MIN(t->tokens + lumps * t->share.rate, t->share.max);
    return t->tokens;
}

static void vserver_add(Sched *s, SchedTask *t) {
    t->tokens = t->share.initial;
    t->filled = s->ticks;
    t->slice = (unsigned)s->settings.slice;
}

static bool vserver_wake(Sched *s, SchedTask *t) {
    return sched_enqueue(s, t);
}

static void vserver_sleep(Sched *s, SchedTask *t) {
    sched_take(t);
    sched_state(s, t, SCHED_ASLEEP);
}

static bool vserver_tick(Sched *s, unsigned core, SchedTask *current) {
    if (core == 0) s->ticks++;
    if (!current) return sched_hold(s, core)->head != NULL;
    if (current->slice) current->slice--;
    if (fill(s, current)) current->tokens--;
    if (current->tokens && current->slice) return false;
    sched_take(current);
    sched_put(sched_expired(s, core), current);
    current->slice = (unsigned)s->settings.slice;
    return true;
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

const SchedOps sched_vserver = {
    .name = "vserver",
    .text = "stock Linux-VServer: a bucket filled in lumps, hold at zero",
    .add = vserver_add,
    .wake = vserver_wake,
    .sleep = vserver_sleep,
    .tick = vserver_tick,
    .pick = vserver_pick,
};
