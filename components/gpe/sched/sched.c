/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Queues that all disciplines share, and the list of disciplines. */
#include "components/gpe/sched/sched.h"

#include "emu/core/param.h"

const SchedOps *const sched_disciplines[] = {&sched_token, &sched_vserver, &sched_sfq, &sched_rr};

void sched_init(Sched *s, const SchedOps *ops, unsigned n_cores, const SchedSettings *settings) {
    g_assert(n_cores >= 1 && n_cores <= SCHED_MAX_CORES);
    *s = (Sched){.ops = ops, .n_cores = n_cores, .settings = *settings};
}

bool sched_share_check(const SchedShare *share, const SchedSettings *settings, GError **error) {
    if (share->rate < 1 || share->rate > settings->interval)
        input_error(error,
                    "rate: found %" G_GUINT64_FORMAT " tokens, expected 1 to %" G_GUINT64_FORMAT
                    ", the whole core",
                    share->rate, settings->interval);
    else if (share->max < 1)
        input_error(error, "max: found 0 tokens, expected 1 or more");
    else if (share->min < 1 || share->min > share->max)
        input_error(error,
                    "min: found %" G_GUINT64_FORMAT " tokens, expected 1 to max, which is "
                    "%" G_GUINT64_FORMAT,
                    share->min, share->max);
    else if (share->initial > share->max)
        input_error(error,
                    "initial: found %" G_GUINT64_FORMAT " tokens, expected up to max, which is "
                    "%" G_GUINT64_FORMAT,
                    share->initial, share->max);
    else
        return true;
    return false;
}

void sched_put(SchedQueue *q, SchedTask *t) {
    t->queue = q;
    t->next = NULL;
    t->prev = q->tail;
    *(q->tail ? &q->tail->next : &q->head) = t;
    q->tail = t;
}

void sched_put_head(SchedQueue *q, SchedTask *t) {
    t->queue = q;
    t->prev = NULL;
    t->next = q->head;
    *(q->head ? &q->head->prev : &q->tail) = t;
    q->head = t;
}

void sched_take(SchedTask *t) {
    SchedQueue *q = t->queue;
    *(t->prev ? &t->prev->next : &q->head) = t->next;
    *(t->next ? &t->next->prev : &q->tail) = t->prev;
    t->next = t->prev = NULL;
    t->queue = NULL;
}

void sched_state(Sched *s, SchedTask *t, SchedState to) {
    if (s->changed) s->changed(t, to, s->user);
    t->state = to;
}

bool sched_enqueue(Sched *s, SchedTask *t) {
    SchedQueue *q = sched_active(s, t->core);
    bool first = !q->head && !sched_expired(s, t->core)->head;
    sched_state(s, t, SCHED_READY);
    (s->settings.wake_preempts ? sched_put_head : sched_put)(q, t);
    return first || s->settings.wake_preempts;
}

SchedTask *sched_first(Sched *s, unsigned core) {
    if (!sched_active(s, core)->head) s->core[core].active = 1 - s->core[core].active;
    return sched_active(s, core)->head;
}
