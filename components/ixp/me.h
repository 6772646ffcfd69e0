/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/ixp/me.h: microengines, their contexts, and the rings and turns between them.
 *
 * A block is a program that a number of microengines (ME) run on all their contexts. Its `resume`
 * function is called whenever a context has played its log to the end and holds the ME: it runs the
 * next segment of the block on real bytes and appends to the log what that segment costs. The ME
 * then plays the log in time: it executes the instructions before each reference, issues it, and,
 * if the context has to wait, swaps to the next ready context (round robin, never preempting).
 *
 * Source: IXP2800 Hardware Reference Manual, pages 35-49; SPP paper, section 3.
 * Time: everything an ME does happens at edges of its clock; a swap takes `swap_cycles`, charged
 * between the grant and the first instruction. A segment's code runs at the grant.
 * An ME has one event. While a context executes, the others' answers need none: whose time has come
 * is looked up when the burst ends. An ME with nothing to do looks ahead to the first answer, and
 * if that context's next reference is known, to the end of that burst; a context that turns out to
 * be ready before takes the grant back. Not modelled: branch bubbles and local-memory latencies
 * apart from the instruction counts, the command bus, instruction fetch. */
#pragma once

#include "components/causes.h"
#include "components/ixp/channel.h"
#include "components/ixp/clock.h"
#include "emu/core/packet.h"
#include "fastpath/fp.h"

#define ME_MAX_CONTEXTS 8u
#define ME_MAX_PER_BLOCK 16u

typedef struct Chip Chip;
typedef struct Me Me;
typedef struct Context Context;
typedef struct Block Block;

/* Entries of a log beyond the memory references of fastpath/fp.h. `address` is an index of the
 * chip's rings or turns. */
enum {
    OP_RING_GET = FP_N_UNITS, /* wait for a message, take it -> context->message */
    OP_RING_PUT,              /* wait for room, put context->message */
    OP_SECTION_WAIT,          /* enter an ordered section; posted: the wait counts as idle */
    OP_GET_IN_SECTION, /* SECTION_WAIT (idle), RING_GET, SECTION_PASS and then the answer; the
                          section is in `bytes` */
    OP_PUT_IN_SECTION, /* SECTION_WAIT, RING_PUT unless the ring is NO_RING, SECTION_PASS */
    OP_SEQUENCE_WAIT,  /* wait until the sequence of the context's packet has come to it */
    OP_RBUF_FREE,      /* free a receive element */
    OP_TBUF_VALID,     /* the transmit element `address` holds its bytes; if it is the last of the
                        * context's packet, the packet's time is the transmit buffer's */
    OP_MSF,            /* media switch fabric register; posted: write */
};
#define NO_RING UINT32_MAX

/* Where a context's time goes: a cause, or idle. */
typedef enum { CONTEXT_IDLE = N_CAUSES, N_CONTEXT_STATES } ContextState;

/* What travels in rings: one packet on its way through the chip. */
typedef struct {
    FpPacket fp;
    Packet *pkt;
    unsigned tx_port;
    unsigned sequence, place; /* order on the way out: the scheduler that sent it, and its count */
} ChipPacket;

struct Context {
    Block *block;
    Me *me;
    unsigned number; /* within the block, the order of its turns */
    unsigned slot;   /* within the ME */
    unsigned before; /* which slot ran before it, should the grant be taken back */
    int step;        /* of the block's program; 0 at first */
    uint64_t message;
    Packet *pkt;              /* whose time this context's time is, or NULL */
    uintptr_t note;           /* the block's own */
    unsigned next;            /* entry of the log to be played */
    uint32_t state;           /* PacketCause or CONTEXT_IDLE */
    SimTime answer;           /* when its ring get is answered */
    SimTime since;            /* charged to `state` from here on */
    unsigned waiting_section; /* index + 1 of the ordered section that it waits for, 0: none */
    Context *waiting_next;    /* in the queue of a ring */
    FpLog log;
    SimTime spent[N_CONTEXT_STATES];
};

/* Runs the next segment: appends to context->log and returns true, or returns false after
 * context_sleep, and is called again after context_wake. */
typedef bool BlockResume(Context *c, SimTime now);

struct Block {
    const char *name;
    Chip *chip;
    void *program; /* the component that owns the program */
    BlockResume *resume;
    bool eager; /* what follows OP_GET_IN_SECTION runs when the message is taken, before it is
                 * answered: it changes nothing that others see */
    unsigned n_mes, n_contexts;
    Me *mes[ME_MAX_PER_BLOCK];
    Context *contexts[ME_MAX_PER_BLOCK * ME_MAX_CONTEXTS]; /* in the order of their turns */
    unsigned part; /* which of several equal blocks (queue manager) */
    int ring_in, ring_out;
    int section_in, section_out;
    uint64_t messages;
};

/* Stalled: nobody can run, but somebody holds work and waits for memory, a ring or an ordered
 * section. */
typedef enum { ME_IDLE, ME_STALLED, ME_RUNNING, N_ME_STATES } MeState;

struct Me {
    Chip *chip;
    Block *block; /* NULL: not used */
    unsigned number, n_contexts;
    Context *current;             /* granted, at `granted` */
    bool ahead;                   /* `granted` may lie ahead: nobody else is known to come before */
    bool swapping;                /* granted, and nothing executed yet */
    uint32_t ready;               /* contexts that may run, one bit each */
    uint32_t timed;               /* contexts that will be ready at their `due` */
    SimTime due[ME_MAX_CONTEXTS]; /* when contexts become, or became, ready */
    unsigned last;                /* slot that ran last */
    unsigned n_active;            /* contexts that are not idle */
    uint64_t edge;                /* clock edge at which the burst ends */
    SimTime granted, swapped;     /* the swap is from the one to the other */
    SimEvent event;               /* the end of the burst, or else the first `due` */
    SimOwner owner;
    Me *kick_next; /* in the chip's list of MEs to look at */
    bool kicked;
    MeState state;
    SimTime since;
    SimTime spent[N_ME_STATES]; /* running = executing + swapping */
    Context contexts[ME_MAX_CONTEXTS];
};

/* A ring of messages between blocks: next-neighbour registers when both ends are one ME, else in
 * the scratchpad. A full ring holds its producers back. */
typedef struct {
    const char *name;
    bool scratch, packets; /* packets: messages are ChipPacket pointers */
    unsigned size;         /* messages */
    unsigned head, n;
    uint64_t *message;
    SimTime *visible; /* when the put has arrived */
    Context *getters, *last_getter, *putters, *last_putter;
    uint64_t puts, full; /* full: puts that had to wait */
    unsigned peak;
    uint64_t filled; /* messages times ps, for the mean occupancy */
    SimTime filled_since;
    void (*on_put)(void *user, SimTime now); /* told of every put instead of waking getters */
    void *user;
} Ring;

/* An ordered section: contexts of a block hold it one after the other. */
typedef struct {
    const char *name;
    Block *block;
    unsigned holder;
} Section;

/* Packets of one scheduler leave in the order in which it sent them, independently of others'. */
typedef struct {
    unsigned issued, serving;
    Context *waiting;
} Sequence;

void me_init(Me *me, Chip *chip, unsigned number);
/* Give the ME a block. */
void me_load(Me *me, Block *block, unsigned n_contexts);
/* Let all contexts begin, at step 0. */
void me_start(Me *me, SimTime now);
/* Bring all accounts up to `now`, for reading. */
void me_settle(Me *me, SimTime now);

/* For block programs ----------------------------------------------------------------------- */

static inline void op(Context *c, unsigned unit, bool posted, unsigned index) {
    c->log.reference[c->log.n++] =
        (FpReference){.unit = (uint8_t)unit, .posted = posted, .address = index};
}
static inline void op_in_section(Context *c, unsigned unit, unsigned ring, unsigned section) {
    c->log.reference[c->log.n++] =
        (FpReference){.unit = (uint8_t)unit, .address = ring, .bytes = (uint16_t)section};
}
/* From resume: wait until context_wake; the time counts as `state`. */
void context_sleep(Context *c, uint32_t state, SimTime now);
void context_sleep_until(Context *c, uint32_t state, SimTime now, SimTime due);
/* Make a sleeping context ready. Programs that are not called from an ME call chip_flush after. */
void context_wake(Context *c, SimTime now);
void context_wake_at(Context *c, SimTime due);
/* Pass the ordered section on without a log entry, from within a segment. */
void section_pass(Chip *chip, unsigned section, Context *c, SimTime now);
/* Let the next packet of the sequence go. */
void sequence_pass(Chip *chip, unsigned sequence, Context *c, SimTime now);
/* From now on the context's time is charged to this packet too (NULL: to none). */
static inline void context_take(Context *c, Packet *pkt, SimTime now) {
    if (pkt) packet_charge(pkt, (PacketCause)c->state, now);
    c->pkt = pkt;
}
/* Hand the packet over to another cause. */
static inline void context_leave(Context *c, PacketCause cause, SimTime now) {
    packet_charge(c->pkt, cause, now);
    c->pkt = NULL;
}
/* Put a message from outside the MEs; false: the ring is full. */
bool ring_inject(Chip *chip, Ring *ring, uint64_t message, SimTime now);
bool ring_ready(const Ring *ring, SimTime now); /* a message is there and visible */
