/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Ordered sections and sequences. On the per-event path: no allocation, no division. */
#include "components/ixp/section.h"

/* A context's part of the messages that were there since `c->since`, in units of 1 ps / contexts.
 */
static uint64_t count_behind(Context *c, SimTime now) {
    Ring *ring = c->block->ring_in;
    ring_account(ring, now);
    uint64_t behind = MIN(ring->filled - c->filled, (now - c->since) * c->block->n_contexts);
    c->behind += behind;
    c->filled = ring->filled;
    return behind;
}

void section_settle(Context *c) {
    SimTime turn = c->behind / c->block->n_contexts;
    c->behind -= turn * c->block->n_contexts;
    c->spent[CAUSE_SECTION] += turn;
    c->spent[CONTEXT_IDLE] -= turn;
}

void section_pass(Section *section, Context *c, SimTime now) {
    g_assert(section_held(section, c));
    if (section->since != SIM_NEVER)
        section->used += now - section->since - (not_in_it(c) - section->not_used);
    section->since = SIM_NEVER;
    if (++section->holder == section->block->n_contexts) section->holder = 0;
    Context *next = section->block->contexts[section->holder];
    if (next->waiting_section != section) return;
    SimTime at = context_signal(c, next, now);
    section->since = now;
    section->not_used = not_in_it(next);
    if (next->state != CONTEXT_IDLE) {
        section->waited += now - next->since;
    } else { /* what it will have been idle when it has its turn, or until now if there is work */
        section->behind += count_behind(next, now);
        section->not_used += (next->block->ring_in->n ? at : now) - next->since;
    }
    next->waiting_section = NULL;
    const FpReference *r = &next->log.reference[next->next];
    if (next->next < next->log.n && r->unit == OP_GET_IN_SECTION) { /* it needs a message too */
        Ring *ring = next->operands[r->address].ring;
        if (!ring->n) {
            context_queue_put(&ring->getters, next);
            return;
        }
        at = MAX(at, ring->visible[ring->head]);
    }
    if (at == now)
        context_wake(next, now);
    else
        context_wake_at(next, at);
}

static const ChipPacket *packet_of(const Context *c) {
    return (const ChipPacket *)(uintptr_t)c->message;
}

bool sequence_wait(Context *c, SimTime now) {
    Sequence *sequence = packet_of(c)->sequence;
    if (sequence->serving == packet_of(c)->place) return true;
    c->waiting_next = sequence->waiting;
    sequence->waiting = c;
    context_sleep(c, CAUSE_SECTION, now);
    return false;
}

void sequence_pass(Sequence *sequence, Context *c, SimTime now) {
    sequence->serving++;
    for (Context **at = &sequence->waiting; *at; at = &(*at)->waiting_next) {
        Context *next = *at;
        if (packet_of(next)->place != sequence->serving) continue;
        *at = next->waiting_next;
        context_wake_at(next, context_signal(c, next, now));
        return;
    }
}
