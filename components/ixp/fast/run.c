/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Contexts that play logs, and rings. On the per-packet path: no allocation, no division. */
#include "components/ixp/fast/private.h"

void play(Fast *f, Run *run, Context *c) {
    Run now = *run;
    uint32_t work = 0;
    for (const FpReference *r = c->log.reference, *end = r + c->log.n; r < end; r++) {
        work += r->instructions;
        if (r->unit == FP_NONE || r->unit >= OP_RING_GET) continue;
        execute(f, &now, work);
        work = 0;
        if (r->unit == OP_RBUF_FREE) {
            f->mark = now.at;
        } else if (r->unit == OP_TBUF_VALID) {
            f->mark = now.at;
            now.spent = f->nobody; /* from here on its packet is in the TBUF */
            sleep_until(&now, CAUSE_MSF, bus_issue(&f->memory.unit[OP_MSF], true, 4, now.at));
        } else {
            Cycle done = memory_issue(&f->memory, r, now.at);
            if (!r->posted) sleep_until(&now, chip_unit_cause[r->unit], done);
        }
    }
    execute(f, &now, work);
    context_clear_log(c);
    *run = now;
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
