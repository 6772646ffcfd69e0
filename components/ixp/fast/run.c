/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Contexts that play logs, and rings. On the per-packet path: no allocation, no division. */
#include "components/ixp/fast/private.h"

void settle_logs(Fast *f) {
    for (unsigned i = 0; i < N_LOGS; i++) shapes_settle(&f->logs[i]);
}

bool engines_busy(Fast *f, Cycle elapsed) {
    bool busy = false;
    for (unsigned i = 0; i < f->chip->n_mes_used; i++) {
        Engine *e = &f->me[i];
        busy |= 2 * (e->server.lane.used - e->used) > elapsed;
        e->used = e->server.lane.used;
    }
    return busy;
}

void engines_forget(Fast *f, StepKind next) {
    for (unsigned i = 0; i < f->chip->n_mes_used; i++)
        server_look(&f->me[i].server, false, f->now, next);
    for (unsigned i = 0; i < N_LOGS; i++) shapes_look(&f->logs[i]);
}

/* When a step's reference is answered, that begins at `at`. */
static inline Cycle step_answer(Fast *f, const Run *run, const Step *step, const FpLog *log,
                                Cycle at) {
    Cycle done = step->to.bus ? reference_answer(&step->to, at)
                              : dram_issue_all(&f->memory, &log->reference[step->entry], at);
    if (step->posted) return at;
    spend(run, step->cause, done - at);
    return done;
}

/* By an engine that is quiet. */
static inline Cycle play_quiet(Fast *f, Run *run, const Shape *s, const FpLog *log) {
    Cycle wait = server_wait(run->me, s->asks), at = run->at + wait;
    if (!run->has) at += f->swap;
    spend(run, CAUSE_READY, wait);
    for (const Step *step = s->quiet, *end = step + s->n_quiet; step < end; step++)
        at = step_answer(f, run, step, log, at + step->work);
    for (const Part *p = s->part, *end = p + s->n_parts; p < end; p++)
        spend(run, p->cause, p->cycles);
    return at + s->last_quiet;
}

static G_NO_INLINE Cycle play_steps(Fast *f, Run *run, const Shape *s, const FpLog *log) {
    Cycle at = run->at, ready = 0;
    uint32_t swap = run->has ? 0 : f->swap;
    for (const Step *step = s->step, *end = step + s->n_steps; step < end; step++) {
        uint32_t n = step->work + swap;
        swap = 0;
        if (n) {
            Cycle ended = server_take(run->me, at, n);
            ready += ended - n - at;
            at = ended;
        }
        at = step_answer(f, run, step, log, at);
    }
    uint32_t n = s->last + swap;
    if (n) {
        Cycle ended = server_take(run->me, at, n);
        ready += ended - n - at;
        at = ended;
    }
    spend(run, CAUSE_READY, ready);
    return at;
}

void play_shape(Fast *f, Run *run, Shape *s, const FpLog *log) {
    uint32_t swaps = (s->waits + !run->has) * f->swap;
    s->played++;
    spend(run, CAUSE_EXECUTE, s->instructions);
    spend(run, CAUSE_SWAP, swaps);
    if (run->me->quiet) {
        run->me->lane.used += s->instructions + swaps;
        run->at = play_quiet(f, run, s, log);
    } else {
        run->at = play_steps(f, run, s, log);
    }
    run->has = true;
    f->mark = run->at - s->unmarked;
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
