/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Rings. On the per-event path: no allocation, no division. */
#include "components/ixp/ring.h"

bool ring_get(Ring *ring, Context *c, SimTime now) {
    if (!ring_ready(ring, now)) {
        if (ring->n)
            context_sleep_until(c, CONTEXT_IDLE, now, ring->visible[ring->head]);
        else {
            context_queue_put(&ring->getters, c);
            context_sleep(c, CONTEXT_IDLE, now);
        }
        return false;
    }
    ring_account(ring, now);
    c->message = ring->message[ring->head];
    if (++ring->head == ring->size) ring->head = 0;
    ring->n--;
    if (ring->packets) context_take(c, ((ChipPacket *)(uintptr_t)c->message)->pkt, now);
    Context *putter = context_queue_get(&ring->putters);
    if (putter) context_wake(putter, now);
    c->answer = ring->scratch ? channel_issue_watched(ring->scratch, false, 4, now) : now;
    return true;
}

bool ring_inject(Ring *ring, uint64_t message, SimTime now) {
    if (ring->n == ring->size) return false;
    ring_account(ring, now);
    unsigned tail = ring->head + ring->n;
    if (tail >= ring->size) tail -= ring->size;
    SimTime visible =
        ring->scratch ? channel_issue_watched(ring->scratch, true, 4, now) : now + ring->nn_ps;
    ring->message[tail] = message;
    ring->visible[tail] = visible;
    if (++ring->n > ring->peak) ring->peak = ring->n;
    ring->puts++;
    if (ring->on_put) {
        ring->on_put(ring->user, visible);
    } else {
        Context *getter = context_queue_get(&ring->getters);
        if (getter) context_wake_at(getter, visible);
    }
    return true;
}

static G_NO_INLINE void note_put(const Ring *ring, const Context *c, SimTime now) {
    walk_note(c->pkt, context_track(c), c->me->group->put, now,
              (uint32_t[RECORDER_FIELDS]){ring->word, ring->n - 1});
}

bool ring_put(Ring *ring, Context *c, SimTime now) {
    if (!ring_inject(ring, c->message, now)) {
        ring->full++;
        context_queue_put(&ring->putters, c);
        context_sleep(c, CAUSE_RING, now);
        return false;
    }
    if (!ring->packets || !c->pkt) return true;
    if (context_recorded(c)) note_put(ring, c, now);
    context_leave(c, CAUSE_RING, now);
    return true;
}
