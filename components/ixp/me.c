/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Playing the logs. Everything here is on the per-event path: no allocation, no division. */
#include "components/ixp/me.h"

#include "components/ixp/chip.h"

static Context *context_of(SimEvent *wake) {
    return (Context *)(void *)((char *)wake - offsetof(Context, wake));
}

static void me_become(Me *me, MeState state, SimTime now) {
    if (state == me->state) return;
    me->spent[me->state] += now - me->since;
    me->state = state;
    me->since = now;
}

static inline void me_rest(Me *me, SimTime now) {
    if (!me->current) me_become(me, me->n_active ? ME_STALLED : ME_IDLE, now);
}

static inline void context_become(Context *c, uint32_t state, SimTime now) {
    c->spent[c->state] += now - c->since;
    Me *me = c->me;
    if (c->state == CONTEXT_IDLE && state != CONTEXT_IDLE) {
        me->n_active++;
        me_rest(me, now);
    } else if (c->state != CONTEXT_IDLE && state == CONTEXT_IDLE) {
        me->n_active--;
    }
    c->state = state;
    c->since = now;
    if (c->pkt) packet_charge(c->pkt, (PacketCause)state, now);
}

void context_sleep(Context *c, uint32_t state, SimTime now) {
    context_become(c, state, now);
}

void context_sleep_until(Context *c, uint32_t state, SimTime now, SimTime due) {
    context_become(c, state, now);
    sim_schedule_at(c->me->chip->sim, &c->wake, due);
}

void context_wake(Context *c, SimTime now) {
    Me *me = c->me;
    context_become(c, CAUSE_READY, now);
    me->ready |= 1u << c->slot;
    if (!me->current) chip_kick(me->chip, me);
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
    c->due = ring->scratch ? channel_issue(&chip->scratch, false, 4, now) : now;
    return true;
}

/* Append the context's message; false: the ring is full, and the context waits for room. */
static bool ring_put(Chip *chip, Ring *ring, Context *c, SimTime now) {
    if (ring->n == ring->size) {
        ring->full++;
        wait_in(&ring->putters, &ring->last_putter, c);
        context_sleep(c, CAUSE_RING, now);
        return false;
    }
    ring_account(ring, now);
    unsigned tail = ring->head + ring->n;
    if (tail >= ring->size) tail -= ring->size;
    SimTime visible =
        ring->scratch ? channel_issue(&chip->scratch, true, 4, now) : now + chip->nn_ps;
    ring->message[tail] = c->message;
    ring->visible[tail] = visible;
    if (++ring->n > ring->peak) ring->peak = ring->n;
    ring->puts++;
    if (ring->packets && c->pkt) context_leave(c, CAUSE_RING, now);
    if (ring->on_put) {
        ring->on_put(ring->user, visible);
    } else {
        Context *getter = wait_out(&ring->getters);
        if (getter) sim_schedule_at(chip->sim, &getter->wake, visible);
    }
    return true;
}

void turn_pass(Chip *chip, unsigned index, Context *c, SimTime now) {
    Turn *turn = &chip->turns[index];
    g_assert(turn->holder == c->number);
    if (++turn->holder == turn->block->n_contexts) turn->holder = 0;
    Context *next = turn->block->contexts[turn->holder];
    if (next->waiting_turn != index + 1) return;
    next->waiting_turn = 0;
    if (next->me == c->me)
        context_wake(next, now);
    else
        sim_schedule_at(chip->sim, &next->wake, now + chip->signal_ps);
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
        if (r->posted || c->due <= now) return true;
        context_sleep_until(c, CAUSE_SCRATCH, now, c->due);
        return false;
    case OP_JOIN:
        if (c->due <= now) return true;
        context_sleep_until(c, CAUSE_SCRATCH, now, c->due);
        return false;
    case OP_RING_PUT:
        if (ring_put(chip, &chip->rings[r->address], c, now)) return true;
        c->next--;
        return false;
    case OP_TURN_WAIT:
        if (chip->turns[r->address].holder == c->number) return true;
        c->waiting_turn = r->address + 1;
        context_sleep(c, r->posted ? CONTEXT_IDLE : CAUSE_TURN, now);
        return false;
    case OP_TURN_PASS: turn_pass(chip, r->address, c, now); return true;
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

/* Go on with the current context. True: a burst is under way; false: it has given up the ME. */
static bool play(Me *me, Context *c, SimTime now) {
    Chip *chip = me->chip;
    for (;;) {
        if (c->next == c->log.n) {
            c->next = c->log.n = 0;
            if (!c->block->resume(c, now)) return false;
            g_assert(c->log.n > 0 && c->log.n <= FP_LOG_LENGTH);
        }
        FpReference *r = &c->log.reference[c->next];
        /* Nobody can see where plain instructions end: they run on into the next entry's. */
        while (r->unit == FP_NONE && c->next + 1 < c->log.n) {
            r[1].instructions = (uint16_t)(r[1].instructions + r->instructions);
            r++;
            c->next++;
        }
        unsigned cycles = r->instructions;
        if (cycles || me->swapping) {
            if (me->swapping) {
                me->swapping = false;
                me->edge += chip->swap_cycles;
                me->swap_start = now;
                me->swap = clock_time(&chip->clock, me->edge) - now;
            }
            me->edge += cycles;
            r->instructions = 0;
            sim_schedule_at(chip->sim, &me->burst, clock_time(&chip->clock, me->edge));
            return true;
        }
        c->next++;
        if (!perform(chip, c, r, now)) return false;
    }
}

/* Grant the ME to ready contexts, in turn, until one executes or none is left. */
static void run(Me *me, SimTime now) {
    while (me->ready) {
        uint32_t after = me->ready & (UINT32_MAX << (me->last + 1));
        unsigned slot = (unsigned)__builtin_ctz(after ? after : me->ready);
        me->ready &= ~(1u << slot);
        me->last = slot;
        Context *c = &me->contexts[slot];
        me->current = c;
        me->swapping = true;
        me_become(me, ME_RUNNING, now);
        context_become(c, CAUSE_EXECUTE, now);
        if (play(me, c, now)) return;
        me->current = NULL;
    }
    me_rest(me, now);
}

static void burst_over(Sim *sim, SimEvent *event) {
    Me *me = (Me *)(void *)((char *)event - offsetof(Me, burst));
    Context *c = me->current;
    SimTime now = sim_now(sim);
    if (me->swap) { /* the first part of the burst was the swap */
        c->spent[CAUSE_SWAP] += me->swap;
        c->since += me->swap;
        if (c->pkt) {
            c->pkt->charged[CAUSE_SWAP] += me->swap;
            c->pkt->since += me->swap;
        }
        me->swap = 0;
    }
    if (!play(me, c, now)) {
        me->current = NULL;
        run(me, now);
    }
    chip_flush(me->chip, now);
}

static void wake_up(Sim *sim, SimEvent *event) {
    Context *c = context_of(event);
    context_wake(c, sim_now(sim));
    chip_flush(c->me->chip, sim_now(sim));
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
        run(me, now);
    }
}

/* Set-up ---------------------------------------------------------------------------------- */

void me_init(Me *me, Chip *chip, unsigned number) {
    *me = (Me){.chip = chip, .number = number};
    sim_owner_init(chip->sim, &me->owner);
    sim_event_init(&me->burst, burst_over, &me->owner);
    for (unsigned i = 0; i < ME_MAX_CONTEXTS; i++) {
        Context *c = &me->contexts[i];
        c->me = me;
        c->slot = i;
        c->state = CONTEXT_IDLE;
        sim_owner_init(chip->sim, &c->owner);
        sim_event_init(&c->wake, wake_up, &c->owner);
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
    me->spent[me->state] += now - me->since;
    me->since = now;
    for (unsigned i = 0; i < me->n_contexts; i++) {
        Context *c = &me->contexts[i];
        SimTime until = now;
        if (me->current == c && me->swap) { /* cut short inside the swap or behind it */
            SimTime end = MIN(now, me->swap_start + me->swap),
                    swapped = end > c->since ? end - c->since : 0;
            c->spent[CAUSE_SWAP] += swapped;
            c->since += swapped;
        }
        c->spent[c->state] += until - c->since;
        c->since = until;
    }
}
