/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Playing the logs. Everything here is on the per-event path: no allocation, no division. */
#include "components/ixp/me.h"

#include "components/ixp/chip.h"

static void look_ahead(Me *me);

static void me_become(Me *me, MeState state, SimTime now) {
    me->spent[me->state] += now - me->since;
    me->state = state;
    me->since = now;
}

static inline void context_charge(Context *c, uint32_t state, SimTime from, SimTime to) {
    c->spent[state] += to - from;
    if (c->pkt) c->pkt->charged[state] += to - from;
}

/* A context that runs has no time to account for: see settle_burst. */
void context_sleep(Context *c, uint32_t state, SimTime now) {
    if (state == CONTEXT_IDLE) c->me->n_active--;
    c->state = state;
    c->since = now;
    if (c->pkt) packet_charge(c->pkt, (PacketCause)state, now);
}

void context_sleep_until(Context *c, uint32_t state, SimTime now, SimTime due) {
    context_sleep(c, state, now);
    c->me->due[c->slot] = due;
    c->me->timed |= 1u << c->slot;
}

/* An ME that looked ahead gives the grant back. */
static void take_back(Me *me) {
    sim_cancel(me->chip->sim, &me->event);
    if (!me->current) return;
    me->timed |= 1u << me->current->slot;
    me->last = me->current->before;
    me->current = NULL;
    me->ahead = false;
}

void context_wake(Context *c, SimTime now) {
    Me *me = c->me;
    me->due[c->slot] = now;
    me->ready |= 1u << c->slot;
    if (me->current && (!me->ahead || me->granted <= now)) return;
    take_back(me);
    chip_kick(me->chip, me);
}

void context_wake_at(Context *c, SimTime due) {
    Me *me = c->me;
    me->due[c->slot] = due;
    me->timed |= 1u << c->slot;
    if (me->current ? !me->ahead || me->granted <= due
                    : sim_event_pending(&me->event) && me->event.time <= due)
        return;
    take_back(me);
    if (!me->kicked) look_ahead(me);
}

/* Rings ----------------------------------------------------------------------------------- */

bool ring_ready(const Ring *ring, SimTime now) {
    return ring->n && ring->visible[ring->head] <= now;
}

static void ring_account(Ring *ring, SimTime now) {
    ring->filled += ring->n * (now - ring->filled_since);
    ring->filled_since = now;
}

static void wait_in(Context **first, Context **last, Context *c) {
    c->waiting_next = NULL;
    *(*first ? &(*last)->waiting_next : first) = c;
    *last = c;
}

static Context *wait_out(Context **first) {
    Context *c = *first;
    if (c) *first = c->waiting_next;
    return c;
}

/* Take the first message; false: none is visible, and the context waits for one. */
static bool ring_get(Chip *chip, Ring *ring, Context *c, SimTime now) {
    if (!ring_ready(ring, now)) {
        if (ring->n)
            context_sleep_until(c, CONTEXT_IDLE, now, ring->visible[ring->head]);
        else {
            wait_in(&ring->getters, &ring->last_getter, c);
            context_sleep(c, CONTEXT_IDLE, now);
        }
        return false;
    }
    ring_account(ring, now);
    c->message = ring->message[ring->head];
    if (++ring->head == ring->size) ring->head = 0;
    ring->n--;
    c->block->messages++;
    if (ring->packets) context_take(c, ((ChipPacket *)(uintptr_t)c->message)->pkt, now);
    Context *putter = wait_out(&ring->putters);
    if (putter) context_wake(putter, now);
    c->answer = ring->scratch ? channel_issue(&chip->scratch, false, 4, now) : now;
    return true;
}

bool ring_inject(Chip *chip, Ring *ring, uint64_t message, SimTime now) {
    if (ring->n == ring->size) return false;
    ring_account(ring, now);
    unsigned tail = ring->head + ring->n;
    if (tail >= ring->size) tail -= ring->size;
    SimTime visible =
        ring->scratch ? channel_issue(&chip->scratch, true, 4, now) : now + chip->nn_ps;
    ring->message[tail] = message;
    ring->visible[tail] = visible;
    if (++ring->n > ring->peak) ring->peak = ring->n;
    ring->puts++;
    if (ring->on_put) {
        ring->on_put(ring->user, visible);
    } else {
        Context *getter = wait_out(&ring->getters);
        if (getter) context_wake_at(getter, visible);
    }
    return true;
}

/* Append the context's message; false: the ring is full, and the context waits for room. */
static bool ring_put(Chip *chip, Ring *ring, Context *c, SimTime now) {
    if (!ring_inject(chip, ring, c->message, now)) {
        ring->full++;
        wait_in(&ring->putters, &ring->last_putter, c);
        context_sleep(c, CAUSE_RING, now);
        return false;
    }
    if (ring->packets && c->pkt) context_leave(c, CAUSE_RING, now);
    return true;
}

static inline bool section_enter(Chip *chip, unsigned index, Context *c, uint32_t state,
                                 SimTime now) {
    if (chip->sections[index].holder == c->number) return true;
    c->waiting_section = index + 1;
    context_sleep(c, state, now);
    return false;
}

void section_pass(Chip *chip, unsigned index, Context *c, SimTime now) {
    Section *section = &chip->sections[index];
    g_assert(section->holder == c->number);
    if (++section->holder == section->block->n_contexts) section->holder = 0;
    Context *next = section->block->contexts[section->holder];
    if (next->waiting_section != index + 1) return;
    next->waiting_section = 0;
    SimTime at = next->me == c->me ? now : now + chip->signal_ps;
    const FpReference *r = &next->log.reference[next->next];
    if (next->next < next->log.n && r->unit == OP_GET_IN_SECTION) { /* it needs a message too */
        Ring *ring = &chip->rings[r->address];
        if (!ring->n) {
            wait_in(&ring->getters, &ring->last_getter, next);
            return;
        }
        at = MAX(at, ring->visible[ring->head]);
    }
    if (at == now)
        context_wake(next, now);
    else
        context_wake_at(next, at);
}

void sequence_pass(Chip *chip, unsigned index, Context *c, SimTime now) {
    Sequence *sequence = &chip->sequences[index];
    sequence->serving++;
    for (Context **at = &sequence->waiting; *at; at = &(*at)->waiting_next) {
        Context *next = *at;
        if (((ChipPacket *)(uintptr_t)next->message)->place != sequence->serving) continue;
        *at = next->waiting_next;
        context_wake_at(next, next->me == c->me ? now : now + chip->signal_ps);
        return;
    }
}

/* The player ------------------------------------------------------------------------------ */

static const uint8_t unit_cause[FP_N_UNITS] = {
    [FP_NONE] = CAUSE_EXECUTE, [FP_SRAM0] = CAUSE_SRAM,      [FP_SRAM1] = CAUSE_SRAM,
    [FP_SRAM2] = CAUSE_SRAM,   [FP_SRAM3] = CAUSE_SRAM,      [FP_TCAM] = CAUSE_TCAM,
    [FP_DRAM] = CAUSE_DRAM,    [FP_SCRATCH] = CAUSE_SCRATCH,
};

/* Do one entry whose instructions have been executed. False: the context has to wait. */
static inline bool perform(Chip *chip, Context *c, const FpReference *r, SimTime now) {
    switch (r->unit) {
    case FP_NONE: return true;
    case OP_RING_GET:
        if (!ring_get(chip, &chip->rings[r->address], c, now)) {
            c->next--; /* and try again when woken */
            return false;
        }
        if (c->answer <= now) return true;
        context_sleep_until(c, CAUSE_SCRATCH, now, c->answer);
        return false;
    case OP_RING_PUT:
        if (ring_put(chip, &chip->rings[r->address], c, now)) return true;
        c->next--;
        return false;
    case OP_SECTION_WAIT:
        return section_enter(chip, r->address, c, r->posted ? CONTEXT_IDLE : CAUSE_SECTION, now);
    case OP_GET_IN_SECTION:
        if (!section_enter(chip, r->bytes, c, CONTEXT_IDLE, now) ||
            !ring_get(chip, &chip->rings[r->address], c, now)) {
            c->next--;
            return false;
        }
        section_pass(chip, r->bytes, c, now);
        if (c->answer <= now) return true;
        if (c->block->eager && c->next == c->log.n) {
            c->next = c->log.n = 0;
            c->block->resume(c, now);
        }
        context_sleep_until(c, CAUSE_SCRATCH, now, c->answer);
        return false;
    case OP_PUT_IN_SECTION:
        if (!section_enter(chip, r->bytes, c, CAUSE_SECTION, now) ||
            (r->address != NO_RING && !ring_put(chip, &chip->rings[r->address], c, now))) {
            c->next--;
            return false;
        }
        section_pass(chip, r->bytes, c, now);
        return true;
    case OP_SEQUENCE_WAIT: {
        const ChipPacket *cp = (ChipPacket *)(uintptr_t)c->message;
        Sequence *sequence = &chip->sequences[cp->sequence];
        if (sequence->serving == cp->place) return true;
        c->waiting_next = sequence->waiting;
        sequence->waiting = c;
        context_sleep(c, CAUSE_SECTION, now);
        return false;
    }
    case OP_RBUF_FREE: msf_rbuf_free(&chip->msf, now); return true;
    case OP_TBUF_VALID:
        channel_issue(&chip->msf_csr, true, 4, now);
        if (c->pkt && chip->msf.tbuf[r->address].mpacket.last)
            context_leave(c, CAUSE_TX_BUFFER, now);
        msf_tbuf_valid(&chip->msf, (int)r->address, now);
        return true;
    case OP_MSF: {
        SimTime done = channel_issue(&chip->msf_csr, r->posted, 4, now);
        if (r->posted) return true;
        context_sleep_until(c, CAUSE_MSF, now, done);
        return false;
    }
    default: {
        SimTime done = chip_reference(chip, r, now);
        if (r->posted) return true;
        context_sleep_until(c, unit_cause[r->unit], now, done);
        return false;
    }
    }
}

/* Account for the wait and for being ready until the grant. */
static void settle_grant(Me *me, Context *c) {
    if (c->state == CONTEXT_IDLE) me->n_active++;
    SimTime due = me->due[c->slot];
    context_charge(c, c->state, c->since, due);
    context_charge(c, CAUSE_READY, due, me->granted);
    c->state = CAUSE_EXECUTE;
    c->since = me->granted;
    if (c->pkt) {
        c->pkt->cause = CAUSE_EXECUTE;
        c->pkt->since = me->granted;
    }
    me_become(me, ME_RUNNING, me->granted);
    me->ahead = false;
}

/* Account for the burst that ends. */
static void settle_burst(Me *me, Context *c, SimTime now) {
    if (me->ahead) settle_grant(me, c);
    SimTime from = c->since;
    if (me->swapped > from) {
        context_charge(c, CAUSE_SWAP, from, me->swapped);
        from = me->swapped;
    }
    context_charge(c, CAUSE_EXECUTE, from, now);
    c->since = now;
    if (c->pkt) c->pkt->since = now;
}

/* Let the context execute the instructions before its next entry, from me->edge on. */
static inline void burst(Me *me, Context *c) {
    Chip *chip = me->chip;
    FpReference *r = &c->log.reference[c->next];
    /* Nobody can see where plain instructions end: they run on into the next entry's. */
    while (r->unit == FP_NONE && c->next + 1 < c->log.n) {
        r[1].instructions = (uint16_t)(r[1].instructions + r->instructions);
        r++;
        c->next++;
    }
    uint64_t edge = me->edge;
    if (me->swapping) {
        edge += chip->swap_cycles;
        me->swapped = clock_time(&chip->clock, edge);
    }
    me->edge = edge + r->instructions;
    sim_schedule_at(chip->sim, &me->event, clock_time(&chip->clock, me->edge));
}

/* Go on with the current context, which has nothing more to execute before its next entry if
 * `executed`. True: a burst is under way; false: it has given up the ME. */
static bool play(Me *me, Context *c, bool executed, SimTime now) {
    for (;;) {
        if (!executed) {
            if (c->next == c->log.n) {
                c->next = c->log.n = 0;
                if (!c->block->resume(c, now)) return false;
                g_assert(c->log.n > 0 && c->log.n <= FP_LOG_LENGTH);
            }
            if (me->swapping || c->log.reference[c->next].instructions) {
                burst(me, c);
                return true;
            }
        }
        executed = false;
        const FpReference *r = &c->log.reference[c->next++];
        if (!perform(me->chip, c, r, now)) return false;
    }
}

/* Contexts whose time has come are ready. */
static inline void collect(Me *me, SimTime now) {
    for (uint32_t bits = me->timed; bits; bits &= bits - 1) {
        unsigned slot = (unsigned)__builtin_ctz(bits);
        if (me->due[slot] > now) continue;
        me->timed &= ~(1u << slot);
        me->ready |= 1u << slot;
    }
}

/* Nobody is ready: look for the context that will be first, and if it is known what it will execute
 * then, for the end of that. */
static void look_ahead(Me *me) {
    if (!me->timed) return;
    unsigned slot = (unsigned)__builtin_ctz(me->timed);
    for (uint32_t bits = me->timed & (me->timed - 1); bits; bits &= bits - 1) {
        unsigned other = (unsigned)__builtin_ctz(bits);
        if (me->due[other] < me->due[slot]) slot = other;
    }
    SimTime due = me->due[slot];
    Context *first = &me->contexts[slot];
    if (first->next == first->log.n) {
        sim_schedule_at(me->chip->sim, &me->event, due);
        return;
    }
    me->timed &= ~(1u << first->slot);
    first->before = me->last;
    me->last = first->slot;
    me->current = first;
    me->granted = due;
    me->ahead = me->swapping = true;
    me->edge = clock_edge(&me->chip->clock, due);
    burst(me, first);
}

/* Grant the ME to ready contexts, in turn, until one executes or none is left. */
static void dispatch(Me *me, SimTime now) {
    for (;;) {
        collect(me, now);
        if (!me->ready) break;
        uint32_t after = me->ready & (UINT32_MAX << (me->last + 1));
        unsigned slot = (unsigned)__builtin_ctz(after ? after : me->ready);
        me->ready &= ~(1u << slot);
        me->last = slot;
        Context *c = &me->contexts[slot];
        me->current = c;
        me->granted = now;
        me->swapping = true;
        settle_grant(me, c);
        if (play(me, c, false, now)) return;
        me->current = NULL;
    }
    me_become(me, me->n_active ? ME_STALLED : ME_IDLE, now);
    look_ahead(me);
}

static void me_event(Sim *sim, SimEvent *event) {
    Me *me = (Me *)(void *)((char *)event - offsetof(Me, event));
    Context *c = me->current;
    SimTime now = event->time;
    (void)sim;
    if (c) {
        settle_burst(me, c, now);
        me->swapping = false;
        c->log.reference[c->next].instructions = 0;
        if (!play(me, c, true, now)) {
            me->current = NULL;
            dispatch(me, now);
        }
    } else {
        me->edge = clock_edge(&me->chip->clock, now);
        dispatch(me, now);
    }
    chip_flush(me->chip, now);
}

void chip_kick(Chip *chip, Me *me) {
    if (me->kicked) return;
    me->kicked = true;
    me->kick_next = NULL;
    *(chip->kick_first ? &chip->kick_last->kick_next : &chip->kick_first) = me;
    chip->kick_last = me;
}

void chip_flush(Chip *chip, SimTime now) {
    for (Me *me; (me = chip->kick_first);) {
        chip->kick_first = me->kick_next;
        me->kicked = false;
        if (me->current) continue;
        me->edge = clock_edge(&chip->clock, now);
        dispatch(me, now);
    }
}

/* Set-up ---------------------------------------------------------------------------------- */

void me_init(Me *me, Chip *chip, unsigned number) {
    *me = (Me){.chip = chip, .number = number};
    component_owner(chip->owner, &me->owner);
    sim_event_init(&me->event, me_event, &me->owner);
    for (unsigned i = 0; i < ME_MAX_CONTEXTS; i++) {
        Context *c = &me->contexts[i];
        c->me = me;
        c->slot = i;
        c->state = CONTEXT_IDLE;
    }
}

void me_load(Me *me, Block *block, unsigned n_contexts) {
    me->block = block;
    me->n_contexts = n_contexts;
    me->last = n_contexts - 1;
    for (unsigned i = 0; i < n_contexts; i++) me->contexts[i].block = block;
}

void me_start(Me *me, SimTime now) {
    for (unsigned i = 0; i < me->n_contexts; i++) context_wake(&me->contexts[i], now);
}

void me_settle(Me *me, SimTime now) {
    if (me->current && me->ahead && me->granted <= now) settle_grant(me, me->current);
    me_become(me, me->state, now);
    for (unsigned i = 0; i < me->n_contexts; i++) {
        Context *c = &me->contexts[i];
        if (me->current == c && !me->ahead) { /* cut short inside the swap or behind it */
            SimTime swapped = MIN(me->swapped, now);
            if (swapped > c->since) context_charge(c, CAUSE_SWAP, c->since, swapped);
            c->since = MAX(swapped, c->since);
        } else if ((me->ready >> i & 1 || me->timed >> i & 1) && me->due[i] < now) {
            if (c->state == CONTEXT_IDLE) me->n_active++;
            c->spent[c->state] += me->due[i] - c->since;
            c->state = CAUSE_READY;
            c->since = me->due[i];
            me->due[i] = now;
        }
        c->spent[c->state] += now - c->since;
        c->since = now;
    }
}
