/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Contexts, and playing their logs. Everything here is on the per-event path: no allocation, no
 * division. */
#include "components/ixp/me.h"

static void look_ahead(Me *me);

static inline void me_become(Me *me, MeState state, SimTime now) {
    me->spent[me->state] += now - me->since;
    me->state = state;
    me->since = now;
}

static inline void context_charge(Context *c, uint32_t state, SimTime from, SimTime to) {
    c->spent[state] += to - from;
    if (c->pkt) c->pkt->charged[state] += to - from;
}

static void record(const Context *c, uint32_t state, SimTime from, SimTime to, Packet *walker) {
    const MeGroup *group = c->me->group;
    uint32_t track = context_track(c), word = state == CONTEXT_IDLE ? group->idle : state;
    recorder_span(group->recorder, track, word, from, to, c->pkt);
    if (walker && walker->walk) walk_span(walker, track, state, from, to);
}

/* What a context was charged with, before it is: waiting and being ready; swap and instructions. */
static G_NO_INLINE void record_grant(const Me *me, const Context *c) {
    SimTime due = me->due[c->slot];
    record(c, c->state, c->since, due, c->pkt);
    record(c, CAUSE_READY, due, me->granted, c->pkt);
}
static G_NO_INLINE void record_burst(const Me *me, const Context *c, SimTime now) {
    SimTime swapped = MAX(me->swapped, c->since);
    record(c, CAUSE_SWAP, c->since, swapped, c->pkt);
    record(c, CAUSE_EXECUTE, swapped, now, c->pkt);
}

/* What it is at, for reading: the packet's account is not closed. */
static void context_settle(Context *c, uint32_t state, SimTime to) {
    c->spent[state] += to - c->since;
    if (c->me->recorded) record(c, state, c->since, to, NULL);
    c->since = to;
}

/* An ME that looked ahead gives the grant back. */
static void take_back(Me *me) {
    sim_cancel(me->group->sim, &me->event);
    if (!me->current) return;
    me->timed |= 1u << me->current->slot;
    me->last = me->current->before;
    me->current = NULL;
    me->ahead = false;
}

/* The group looks at the ME when it is flushed. */
static void kick(Me *me) {
    MeGroup *group = me->group;
    if (me->kicked) return;
    me->kicked = true;
    me->kick_next = NULL;
    *(group->kick_first ? &group->kick_last->kick_next : &group->kick_first) = me;
    group->kick_last = me;
}

void context_wake(Context *c, SimTime now) {
    Me *me = c->me;
    me->due[c->slot] = now;
    me->ready |= 1u << c->slot;
    if (me->current && (!me->ahead || me->granted <= now)) return;
    take_back(me);
    kick(me);
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

/* The player ------------------------------------------------------------------------------ */

/* Account for the wait and for being ready until the grant. */
static inline void settle_grant(Me *me, Context *c) {
    if (c->state == CONTEXT_IDLE) me->n_active++;
    if (G_UNLIKELY(me->recorded)) record_grant(me, c);
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
    if (G_UNLIKELY(me->recorded)) record_burst(me, c, now);
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
    MeGroup *group = me->group;
    FpReference *r = &c->log.reference[c->next];
    /* Nobody can see where plain instructions end: they run on into the next entry's. */
    while (r->unit == FP_NONE && c->next + 1 < c->log.n) {
        r[1].instructions = (uint16_t)(r[1].instructions + r->instructions);
        r++;
        c->next++;
    }
    uint64_t edge = me->edge;
    if (me->swapping) {
        edge += group->swap_cycles;
        me->swapped = clock_time(&group->clock, edge);
    }
    me->edge = edge + r->instructions;
    sim_schedule_at(group->sim, &me->event, clock_time(&group->clock, me->edge));
}

/* Go on with the current context, which has nothing more to execute before its next entry if
 * `executed`. True: a burst is under way; false: it has given up the ME. */
static bool play(Me *me, Context *c, bool executed, SimTime now) {
    for (;;) {
        if (!executed) {
            if (c->next == c->log.n) {
                context_clear_log(c);
                if (!c->block->resume(c, now)) return false;
                g_assert(c->log.n > 0 && c->log.n <= FP_LOG_LENGTH &&
                         c->n_operands <= ME_MAX_OPERANDS);
            }
            if (me->swapping || c->log.reference[c->next].instructions) {
                burst(me, c);
                return true;
            }
        }
        executed = false;
        const FpReference *r = &c->log.reference[c->next++];
        if (r->unit != FP_NONE && !me->group->perform(c, r, now)) return false;
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
    uint32_t after = UINT32_MAX << (me->last + 1); /* whose turn comes first, at equal times */
    unsigned slot = (unsigned)__builtin_ctz(me->timed);
    SimTime due = me->due[slot];
    for (uint32_t bits = me->timed & (me->timed - 1); bits; bits &= bits - 1) {
        unsigned other = (unsigned)__builtin_ctz(bits);
        if (me->due[other] > due) continue;
        if (me->due[other] == due && (after >> other & 1) <= (after >> slot & 1)) continue;
        slot = other;
        due = me->due[slot];
    }
    Context *first = &me->contexts[slot];
    if (first->next == first->log.n) {
        sim_schedule_at(me->group->sim, &me->event, due);
        return;
    }
    me->timed &= ~(1u << first->slot);
    first->before = me->last;
    me->last = first->slot;
    me->current = first;
    me->granted = due;
    me->ahead = me->swapping = true;
    me->edge = clock_edge(&me->group->clock, due);
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
        me->edge = clock_edge(&me->group->clock, now);
        dispatch(me, now);
    }
    me_flush(me->group, now);
}

void me_run_kicked(MeGroup *group, SimTime now) {
    for (Me *me; (me = group->kick_first);) {
        group->kick_first = me->kick_next;
        me->kicked = false;
        if (me->current) continue;
        me->edge = clock_edge(&group->clock, now);
        dispatch(me, now);
    }
}

/* Set-up ---------------------------------------------------------------------------------- */

void me_init(Me *me, MeGroup *group, unsigned number, Component *owner) {
    *me = (Me){.group = group, .number = number};
    component_owner(owner, &me->owner);
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
            if (swapped > c->since) context_settle(c, CAUSE_SWAP, swapped);
        } else if ((me->ready >> i & 1 || me->timed >> i & 1) && me->due[i] < now) {
            if (c->state == CONTEXT_IDLE) me->n_active++;
            context_settle(c, c->state, me->due[i]);
            c->state = CAUSE_READY;
            me->due[i] = now;
        }
        context_settle(c, c->state, now);
    }
}
