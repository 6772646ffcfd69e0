/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/ixp/fast/private.h: what the files of this folder know of a chip's fast timing.
 *
 *   lane.h     when something is taken
 *   server.h   what serves one at a time
 *   memory.h   buses, DRAM
 *   shape.h    what a log comes to
 *   run.c      contexts that play logs, rings, turns
 *   in.c       MAC, Rx, stages, Statistics
 *   queues.c   the queue manager
 *   out.c      Tx, departures
 *   fast.c     what moves them on */
#pragma once

#include "components/ixp/fast.h"
#include "components/ixp/fast/shape.h"
#include "components/ixp/program.h"

/* A ring, beside what the chip knows of it: when the message in each slot was got. Of rings between
 * blocks that a packet goes through at once all gets are known. In those to the queue manager and
 * to Tx messages wait, and Ring.visible is in cycles. */
typedef struct {
    Ring *ring;
    Cycle *got;
    unsigned slot;   /* of the next put, where gets are known */
    uint64_t filled; /* messages times cycles */
} FastRing;

/* A block whose contexts take turns. */
typedef struct {
    Block *block;
    unsigned next;                                /* context */
    Cycle at[ME_MAX_PER_BLOCK * ME_MAX_CONTEXTS]; /* when each comes to its turn to get */
    Cycle got, put;                               /* when the turn was passed on */
    Cycle passed; /* when the instructions ended at which that was */
    Cycle turn;   /* from one context to the next */
    FastRing *in, *out;
} Turns;

/* Where logs come from. */
enum {
    LOG_RX,
    LOG_STATS,
    LOG_ENQUEUE,
    LOG_DEQUEUE,
    LOG_TX_GET,
    LOG_TX_SEQUENCE,
    LOG_TX_ELEMENT,
    LOG_TX_LAST,
    LOG_STAGE, /* the first, and so on */
    N_LOGS = LOG_STAGE + PROGRAM_MAX_STAGES
};

/* A microengine. */
typedef struct {
    Server server;
    Cycle used; /* until this step */
} Engine;

/* A context on its way through a log. It has the microengine, or has to get it and swap. */
typedef struct {
    Server *me;
    Cycle at;
    bool has;
    uint32_t *spent; /* by its packet, in cycles, by cause from CAUSE_EXECUTE on */
} Run;

/* An engine of the queue manager, and what its contexts do next. */
typedef struct {
    QmMe *q;
    FastRing *in;
    Cycle at[ME_MAX_CONTEXTS];
    uint32_t looks, enqueues, asleep, blocked; /* contexts, a bit each; blocked: by a full ring */
    uint32_t served; /* those that have dequeued for the scheduler in their note */
    Cycle timer;     /* a scheduler's time, for a sleeper */
    Cycle clock;     /* code ran then: none runs before */
    Cycle next;      /* who is next of them, and when: queues_next */
    int who;
} FastQm;

/* A packet's time in the chip. */
typedef struct {
    SimTime entered, received, enqueued, queued; /* the second and the last: how long */
    Cycle at;                                    /* what was spent until then is told */
    uint32_t spent[N_CAUSES - CAUSE_EXECUTE];    /* cycles, by cause */
} Stay;

typedef struct {
    SimTime at;
    ChipPacket *cp;
} Departure;

struct Fast {
    Program *p;
    Chip *chip;
    Sim *sim;
    const Clock *clock;
    Memory memory;
    Shapes logs[N_LOGS];
    Engine me[CHIP_N_MES];
    uint32_t swap;
    Cycle signal, nn;
    FastRing rings[CHIP_MAX_RINGS];
    Stay *stays;               /* by handle */
    uint32_t nobody[N_CAUSES]; /* spent there: time that nobody asks for */
    Cycle mark;                /* when the last log played freed or validated its element */
    Tick arrival;              /* now, in ticks */
    Cycle now, forgot;
    unsigned step; /* of QUIET_STEPS */
    /* in */
    Turns rx, stages[PROGRAM_MAX_STAGES], stats;
    bool rests;        /* Statistics, as far as time goes: nobody waits for it */
    bool behind;       /* its ring was half full, in a step in which it did not rest */
    uint64_t told;     /* messages while it rests, until in_forget */
    Tick bus_in;       /* is free */
    Cycle *rbuf_freed; /* when each element was, last */
    unsigned rbuf_next;
    Cycle last_put; /* into a ring of the queue manager's, or Tx's if there is none */
    Cycle ahead;    /* the least time from a frame's arrival to that */
    Cycle looks;    /* when the code runs that may look at rings */
    /* queues */
    FastQm qm[QM_BLOCK_MAX_MES];
    FastRing *to_qm[QM_MAX_SCHEDULERS];
    unsigned n_qm;
    /* out */
    Turns tx;
    bool held;                         /* a frame stays in the MAC for a ring that is full */
    Cycle tx_sequence;                 /* when Tx's second turn was passed on */
    Cycle sequence[QM_MAX_SCHEDULERS]; /* the same for each scheduler's packets */
    SimTime bus_out, *tbuf_sent;       /* bus is free; when each element was sent, last */
    unsigned tbuf_next;
    SimTime wire_free[MSF_MAX_PORTS];
    Lane spi_out; /* with the order of each scheduler */
    SimEvent wake, leave;
    Departure *departures; /* a ring, in the order of time */
    unsigned first_departure, n_departures, room_departures;
};

/* The first cycle at or after a time; and when that begins. */
static inline Cycle cycle_of(const Fast *f, SimTime time) {
    return clock_edge(f->clock, time);
}
static inline SimTime ps_of(const Fast *f, Cycle t) {
    return clock_time(f->clock, t);
}

static inline Stay *stay_of(const Fast *f, const ChipPacket *cp) {
    return &f->stays[cp->fp.handle];
}

/* run.c ----------------------------------------------------------------------------------- */

static inline void spend(const Run *r, unsigned cause, Cycle time) {
    r->spent[cause - CAUSE_EXECUTE] += (uint32_t)time;
}
/* Execute so many instructions, behind a swap if it does not have the ME. */
static inline void execute(const Fast *f, Run *r, uint32_t instructions) {
    uint32_t swap = r->has ? 0 : f->swap, n = swap + instructions;
    r->has = true;
    if (!n) return;
    Cycle end = server_take(r->me, r->at, n);
    spend(r, CAUSE_READY, end - n - r->at);
    spend(r, CAUSE_SWAP, swap);
    spend(r, CAUSE_EXECUTE, instructions);
    r->at = end;
}
static inline void sleep_until(Run *r, unsigned cause, Cycle until) {
    spend(r, cause, until - r->at);
    r->at = until;
    r->has = false;
}
/* If that is in the future; and then it has the ME again. */
static inline void wait_for(const Fast *f, Run *r, unsigned cause, Cycle until) {
    if (until <= r->at) return;
    sleep_until(r, cause, until);
    execute(f, r, 0);
}
/* Play a log of some shape, but for its operations on rings and sections. */
void play_shape(Fast *f, Run *run, Shape *s, const FpLog *log);
/* The context's log; and clear it. */
static inline void play(Fast *f, Run *run, Context *c, unsigned log) {
    play_shape(f, run, shape_of(&f->logs[log], &f->memory, &c->log, f->swap), &c->log);
    context_clear_log(c);
}
/* One that is the same each time, without DRAM; `again` logs it. */
static inline void play_again(Fast *f, Run *run, Context *c, unsigned log,
                              void (*again)(RxTx *rxtx, Context *c)) {
    Shape *s = f->logs[log].first;
    if (!s) {
        again(&f->p->rxtx, c);
        s = shapes_find(&f->logs[log], &f->memory, &c->log, f->swap);
        context_clear_log(c);
    }
    play_shape(f, run, s, NULL);
}
void settle_logs(Fast *f);
/* Whether one has been used for half of the time; then what is quiet in the next step. */
bool engines_busy(Fast *f, Cycle elapsed);
void engines_forget(Fast *f, StepKind next);

static inline FastRing *ring_of(Fast *f, const Ring *ring) {
    return &f->rings[ring - f->chip->rings];
}
static inline Cycle visible_after(Fast *f, const Ring *ring, Cycle put) {
    return ring->scratch ? reference_alone(&f->memory.put, put) : put + f->nn;
}
/* A message that is put at `put` was got at `got`. */
static inline void ring_pass(FastRing *r, Cycle put, Cycle got) {
    r->got[r->slot] = got;
    r->ring->visible[r->slot] = put;
    if (++r->slot == r->ring->size) r->slot = 0;
    r->ring->puts++;
    r->filled += got - put;
}
/* From when on there is room for one more, in such a ring and in one where messages wait. */
static inline Cycle ring_room(const FastRing *r) {
    return r->got[r->slot];
}
static inline Cycle ring_append_room(const FastRing *r) {
    unsigned tail = r->ring->head + r->ring->n;
    return r->got[tail >= r->ring->size ? tail - r->ring->size : tail];
}
/* There is room. */
void ring_append(Fast *f, FastRing *r, ChipPacket *cp, Cycle put);
ChipPacket *ring_take(Fast *f, FastRing *r, Cycle got);

/* The context whose turn it is, where it is; and when it has done. */
static inline Context *turns_begin(Fast *f, const Turns *b, Run *run) {
    Context *c = b->block->contexts[b->next];
    *run = (Run){.me = &f->me[c->me->number].server, .at = b->at[b->next], .has = true};
    return c;
}
static inline void turns_end(Turns *b, Cycle at) {
    b->at[b->next] = at;
    if (++b->next == b->block->n_contexts) b->next = 0;
}

/* in.c ------------------------------------------------------------------------------------ */

void in_init(Fast *f);
/* When the next frame may leave the MAC; never while none waits there, or a ring has no room. */
Cycle in_due(Fast *f);
void in_take_frame(Fast *f);
/* A packet into the ring of stage n on, at `put`. */
void in_stages(Fast *f, unsigned n, ChipPacket *cp, Cycle put);
/* By a context that has the ME: tell Statistics. */
void in_tell(Fast *f, Run *run, uint64_t message);
/* Add up what it did while it rested; and whether it may rest from here on. */
void in_settle(Fast *f);
void in_forget(Fast *f);

/* queues.c -------------------------------------------------------------------------------- */

void queues_init(Fast *f);
/* The engine whose context is next to do something, at least so much later; NULL: none. */
FastQm *queues_due(Fast *f);
void queues_step(Fast *f, FastQm *fq);
/* What its contexts wait for may have changed. */
void queues_next(FastQm *fq);
/* Tx has got a message at `at`: who waits for room puts. False: nobody did. */
bool queues_room(Fast *f, Cycle at);

/* out.c ----------------------------------------------------------------------------------- */

void out_init(Fast *f);
/* When Tx may get its next message; never if there is none. */
Cycle out_due(const Fast *f);
/* True: somebody waited for the room that it makes. */
bool out_take(Fast *f);
