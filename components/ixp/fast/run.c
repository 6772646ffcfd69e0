/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Contexts that play logs, and rings. On the per-packet path: no allocation, no division. */
#include "components/ixp/fast/private.h"

void settle_logs(Fast *f) {
    for (unsigned i = 0; i < N_LOGS; i++) shapes_settle(&f->logs[i]);
}

void play(Fast *f, Run *run, Context *c, unsigned log) {
    Shape *s = shape_of(&f->logs[log], &f->memory, &c->log, f->swap);
    Cycle at = run->at, waited = 0;
    uint32_t swap = run->has ? 0 : f->swap, swaps = swap + s->waits * f->swap;
    for (const Step *step = s->step, *end = step + s->n_steps; step < end; step++) {
        uint32_t n = step->work + swap;
        swap = 0;
        if (n) at = lane_take(run->me, at, n);
        Cycle done = step->to.bus ? reference_answer(&step->to, at)
                                  : dram_issue_all(&f->memory, &c->log.reference[step->entry], at);
        if (step->posted) continue;
        run->spent[step->cause - CAUSE_EXECUTE] += (uint32_t)(done - at);
        waited += done - at;
        at = done;
    }
    if (s->last + swap) at = lane_take(run->me, at, s->last + swap);
    s->played++;
    f->mark = at - s->unmarked;
    spend(run, CAUSE_READY, at - run->at - waited - swaps - s->instructions);
    spend(run, CAUSE_SWAP, swaps);
    spend(run, CAUSE_EXECUTE, s->instructions);
    context_clear_log(c);
    run->at = at;
    run->has = true;
}

void ring_append(Fast *f, FastRing *r, ChipPacket *cp, Cycle put) {
    Ring *ring = r->ring;
    unsigned tail = ring->head + ring->n;
    if (tail >= ring->size) tail -= ring->size;
    ring->message[tail] = (uint64_t)(uintptr_t)cp;
    ring->visible[tail] = visible_after(f, ring, put);
    stay_of(f, cp)->at = put;
    ring->n++;
    ring->puts++;
    r->filled -= put;
}

ChipPacket *ring_take(Fast *f, FastRing *r, Cycle got) {
    Ring *ring = r->ring;
    ChipPacket *cp = (ChipPacket *)(uintptr_t)ring->message[ring->head];
    r->got[ring->head] = got;
    if (++ring->head == ring->size) ring->head = 0;
    ring->n--;
    r->filled += got;
    Stay *stay = stay_of(f, cp);
    stay->spent[CAUSE_RING - CAUSE_EXECUTE] += (uint32_t)(got - stay->at);
    return cp;
}
