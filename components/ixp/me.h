/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/ixp/me.h: microengines (ME) and their contexts.
 *
 * A block is a program that a number of MEs run on all their contexts. Its `resume` function is
 * called whenever a context has played its log to the end and holds the ME: it runs the next
 * segment of the block on real bytes and appends to the log what that segment costs. The ME then
 * plays the log in time: it executes the instructions before each entry, performs the entry, and,
 * if the context has to wait for it, swaps to the next ready context.
 *
 *                 grant: the ME is free, and it is this one's turn (round robin)
 *        +----------------------------------------------------------------------+
 *        v                                                                      |
 *    +------+  swap_cycles  +---------+ --+ next entry, while none              |
 *    | swap | ------------> | execute |   | has to be waited for            +-------+
 *    +------+               +---------+ <-+ (nobody preempts)               | ready |
 *                                |                                          +-------+
 *                                | context_sleep: an entry has to be waited     ^
 *                                v for, or resume finds nothing to do           |
 *       +--------------------------------------------------------+              |
 *       | asleep: sram, dram, tcam, scratch, msf, section, ring; | -------------+
 *       | or idle, which holds no packet                         |  context_wake, or the time of
 *       +--------------------------------------------------------+  context_wake_at, _sleep_until
 *
 * The boxes are what `state` and the accounts know: every context is in one of them at any time,
 * and its packet's time goes to the same cause.
 *
 * Source: IXP2800 Hardware Reference Manual, pages 35-49; SPP paper, section 3.
 * Time: everything an ME does happens at edges of its clock; a swap takes `swap_cycles`, charged
 * between the grant and the first instruction. A segment's code runs at the grant.
 * Who becomes ready in the same picosecond has its turn; within a cycle who was earlier is first.
 * An ME has one event. While a context executes, the others' answers need none: whose time has come
 * is looked up when the burst ends. An ME with nothing to do looks ahead to the first answer, and
 * if that context's next entry is known, to the end of that burst; a context that turns out to be
 * ready before takes the grant back. Not modelled: branch bubbles and local-memory latencies apart
 * from the instruction counts, the command bus, instruction fetch. */
#pragma once

#include "components/causes.h"
#include "components/ixp/clock.h"
#include "emu/core/component.h"
#include "fastpath/fp.h"

#define ME_MAX_CONTEXTS 8u
#define ME_MAX_PER_BLOCK 16u
#define ME_MAX_OPERANDS 4u

typedef struct Me Me;
typedef struct MeGroup MeGroup;
typedef struct Context Context;
typedef struct Block Block;
typedef struct Ring Ring;       /* ring.h */
typedef struct Section Section; /* section.h */

/* Entries of a log beyond the memory references of fastpath/fp.h. Those from OP_RING_GET on are
 * about a ring or an ordered section: `address` says which of the context's operands. */
enum {
    OP_MSF = FP_N_UNITS, /* a reference, too: media switch fabric register */
    OP_DRAM_TO_TBUF,     /* a reference, too: DRAM into a transmit element */
    OP_RBUF_FREE,        /* free a receive element */
    OP_TBUF_VALID,       /* tell that the transmit element `address` holds its bytes, and wait until
                          * that is written; if it is the last of the context's packet, the packet's
                          * time is the transmit buffer's */
    OP_RING_GET,         /* wait for a message, take it -> context->message */
    OP_RING_PUT,         /* wait for room, put context->message */
    OP_SECTION_WAIT,     /* enter an ordered section, others of the ME first */
    OP_SECTION_IDLE,     /* the same before there is work: waiting for others is idle, unless a
                          * message waits behind the turn */
    OP_GET_IN_SECTION,   /* SECTION_IDLE, RING_GET, pass the section on, and then the answer */
    OP_PUT_IN_SECTION,   /* SECTION_WAIT, RING_PUT if there is a ring, pass the section on */
    OP_SEQUENCE_WAIT,    /* wait until the sequence of the context's packet has come to it */
};
typedef struct {
    Ring *ring;
    Section *section;
} Operands;

/* Where a context's time goes: a cause, or idle. */
enum { CONTEXT_IDLE = N_CAUSES, N_CONTEXT_STATES };

struct Context {
    Block *block;
    Me *me;
    unsigned number; /* within the block, the order in which it enters sections */
    unsigned slot;   /* within the ME */
    unsigned before; /* which slot ran before it, should the grant be taken back */
    int step;        /* of the block's program; 0 at first */
    uint64_t message;
    Packet *pkt;              /* whose time this context's time is, or NULL */
    uintptr_t note;           /* the block's own */
    unsigned next;            /* entry of the log to be played */
    uint32_t state;           /* a cause or CONTEXT_IDLE */
    SimTime answer;           /* when its ring get is answered */
    SimTime since;            /* charged to `state` from here on */
    Section *waiting_section; /* that it waits for */
    uint64_t filled;          /* if that is idle: what its ring had counted then */
    uint64_t behind;          /* what of it was there while it waited: section_settle */
    Context *waiting_next;    /* in a queue of contexts */
    unsigned n_operands;
    Operands operands[ME_MAX_OPERANDS];
    FpLog log;
    SimTime spent[N_CONTEXT_STATES];
};

/* Runs the next segment: appends to context->log and returns true, or returns false after
 * context_sleep, and is called again after context_wake. */
typedef bool BlockResume(Context *c, SimTime now);

struct Block {
    const char *name;
    void *user; /* for resume */
    BlockResume *resume;
    bool eager; /* what follows OP_GET_IN_SECTION runs when the message is taken, before it is
                 * answered: it changes nothing that others see */
    unsigned n_mes, n_contexts;
    Me *mes[ME_MAX_PER_BLOCK];
    Context *contexts[ME_MAX_PER_BLOCK * ME_MAX_CONTEXTS]; /* in the order of sections */
    Ring *ring_in, *ring_out;
};

/* Stalled: nobody can run, but somebody holds work and waits for memory, a ring or an ordered
 * section. */
typedef enum { ME_IDLE, ME_STALLED, ME_RUNNING, N_ME_STATES } MeState;

struct Me {
    MeGroup *group;
    Block *block; /* NULL: not used */
    unsigned number, n_contexts;
    Context *current;             /* granted, at `granted` */
    bool ahead;                   /* `granted` may lie ahead: nobody else is known to come before */
    bool swapping;                /* granted, and nothing executed yet */
    bool recorded;                /* what its contexts do: the group has a recorder */
    uint32_t ready;               /* contexts that may run, one bit each */
    uint32_t timed;               /* contexts that will be ready at their `due` */
    SimTime due[ME_MAX_CONTEXTS]; /* when contexts become, or became, ready */
    unsigned last;                /* slot that ran last */
    unsigned n_active;            /* contexts that are not idle */
    uint64_t edge;                /* clock edge at which the burst ends */
    SimTime granted, swapped;     /* the swap is from the one to the other */
    SimEvent event;               /* the end of the burst, or else the first `due` */
    SimOwner owner;
    uint32_t track; /* of its first context, in a recording */
    Me *kick_next;  /* in the group's list of MEs to look at */
    bool kicked;
    MeState state;
    SimTime since;
    SimTime spent[N_ME_STATES]; /* running = executing + swapping */
    Context contexts[ME_MAX_CONTEXTS];
};

/* Do one entry whose instructions have been executed. False: the context has been put to sleep; if
 * it is to try again when woken, context->next was taken back. */
typedef bool MePerform(Context *c, const FpReference *entry, SimTime now);

/* MEs of one clock that wake each other: a chip's. */
struct MeGroup {
    Sim *sim;
    Clock clock;
    uint64_t swap_cycles;
    SimTime signal_ps; /* from a context to one of another ME */
    MePerform *perform;
    void *user; /* for perform */
    /* MEs with a context that became ready while another ME was running */
    Me *kick_first, *kick_last;
    Recorder *recorder; /* NULL: the run is not recorded */
    uint32_t idle, put; /* its word for the state, and what a put is noted as */
};

void me_init(Me *me, MeGroup *group, unsigned number, Component *owner);
/* Give the ME a block. */
void me_load(Me *me, Block *block, unsigned n_contexts);
/* Let all contexts begin, at step 0. */
void me_start(Me *me, SimTime now);
/* Let MEs run whose contexts became ready. Everything that wakes contexts from outside an ME's own
 * events ends with this. */
void me_run_kicked(MeGroup *group, SimTime now);
static inline void me_flush(MeGroup *group, SimTime now) {
    if (group->kick_first) me_run_kicked(group, now);
}
/* The context's track in a recording. */
static inline uint32_t context_track(const Context *c) {
    return c->me->track + c->slot;
}
/* Whether there is a packet to be noted of. */
static inline bool context_recorded(const Context *c) {
    return G_UNLIKELY(c->me->recorded) && c->pkt && c->pkt->walk;
}
/* Bring all accounts up to `now`, for reading. */
void me_settle(Me *me, SimTime now);

/* For block programs ----------------------------------------------------------------------- */

/* Instructions alone; a reference, with `instructions` before it; an operation on a ring, a section
 * or both. */
static inline void log_work(Context *c, uint64_t instructions) {
    c->log.reference[c->log.n++] =
        (FpReference){.unit = FP_NONE, .posted = true, .instructions = (uint16_t)instructions};
}
static inline void log_touch(Context *c, unsigned unit, bool write, bool posted,
                             uint64_t instructions, uint32_t address, uint32_t bytes) {
    c->log.reference[c->log.n++] = (FpReference){.unit = (uint8_t)unit,
                                                 .write = write,
                                                 .posted = posted,
                                                 .address = address,
                                                 .instructions = (uint16_t)instructions,
                                                 .bytes = (uint16_t)bytes};
}
static inline void log_op(Context *c, unsigned op, Ring *ring, Section *section) {
    c->log.reference[c->log.n++] = (FpReference){.unit = (uint8_t)op, .address = c->n_operands};
    c->operands[c->n_operands++] = (Operands){ring, section}; /* the player asserts its bound */
}
/* Begin a new log. */
static inline void context_clear_log(Context *c) {
    c->next = c->log.n = c->n_operands = 0;
}

/* From resume: wait until context_wake; the time counts as `state`. */
static inline void context_sleep(Context *c, uint32_t state, SimTime now) {
    if (state == CONTEXT_IDLE) c->me->n_active--;
    c->state = state;
    c->since = now; /* what it had executed before is accounted for when its burst ends */
    if (c->pkt) packet_charge_told(c->pkt, state, now); /* by the burst */
}
static inline void context_sleep_until(Context *c, uint32_t state, SimTime now, SimTime due) {
    context_sleep(c, state, now);
    c->me->due[c->slot] = due;
    c->me->timed |= 1u << c->slot;
}
/* Make a sleeping context ready. Programs that are not called from an ME call me_flush after. */
void context_wake(Context *c, SimTime now);
void context_wake_at(Context *c, SimTime due);
/* The same by a context, whose signal takes its time to another ME. */
static inline SimTime context_signal(const Context *from, const Context *to, SimTime now) {
    return to->me == from->me ? now : now + from->me->group->signal_ps;
}
/* From now on the context's time is charged to this packet too (NULL: to none). */
static inline void context_take(Context *c, Packet *pkt, SimTime now) {
    if (pkt) packet_charge(pkt, c->state, now);
    c->pkt = pkt;
}
/* Hand the packet over to another cause. */
static inline void context_leave(Context *c, PacketCause cause, SimTime now) {
    packet_charge_told(c->pkt, cause, now); /* by the burst */
    c->pkt = NULL;
}

/* Contexts that wait for the same, first come first served, through Context.waiting_next. */
typedef struct {
    Context *first, *last;
} ContextQueue;
static inline void context_queue_put(ContextQueue *q, Context *c) {
    c->waiting_next = NULL;
    *(q->first ? &q->last->waiting_next : &q->first) = c;
    q->last = c;
}
static inline Context *context_queue_get(ContextQueue *q) {
    Context *c = q->first;
    if (c) q->first = c->waiting_next;
    return c;
}
