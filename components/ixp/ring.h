/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/ixp/ring.h: rings of messages between blocks. A put becomes visible when it has
 * arrived: in the scratchpad, after the channel's latency; through next-neighbour registers, after
 * theirs. A get from the scratchpad waits for its answer. A full ring holds its producers back. */
#pragma once

#include "components/ixp/channel.h"
#include "components/ixp/me.h"

typedef struct Sequence Sequence; /* section.h */

/* What travels in rings: one packet on its way through the chip. */
typedef struct {
    FpPacket fp;
    Packet *pkt;
    unsigned tx_port;
    Sequence *sequence; /* order on the way out: its scheduler's, and its place there */
    unsigned place;
} ChipPacket;

struct Ring {
    const char *name;
    Channel *scratch; /* where it lies; NULL: next-neighbour registers */
    SimTime nn_ps;    /* these: from put to visible */
    bool packets;     /* messages are ChipPacket pointers */
    unsigned size;    /* messages */
    uint32_t word;    /* its name in a recording */
    unsigned head, n;
    uint64_t *message;
    SimTime *visible; /* when the put has arrived */
    ContextQueue getters, putters;
    uint64_t puts, full; /* full: puts that had to wait */
    unsigned peak;
    uint64_t filled; /* messages times ps, for the mean occupancy */
    SimTime filled_since;
    void (*on_put)(void *user, SimTime visible); /* told of every put instead of waking getters */
    void *user;
};

/* Whether a message is there and visible. */
static inline bool ring_ready(const Ring *ring, SimTime now) {
    return ring->n && ring->visible[ring->head] <= now;
}
/* Take the first message -> context->message, answered at context->answer; false: none is visible,
 * and the context sleeps until one is (then try again). */
bool ring_get(Ring *ring, Context *c, SimTime now);
/* Append the context's message; false: the ring is full, and the context sleeps until there is
 * room (then try again). */
bool ring_put(Ring *ring, Context *c, SimTime now);
/* Put a message from outside the MEs; false: the ring is full. */
bool ring_inject(Ring *ring, uint64_t message, SimTime now);
/* Bring the mean occupancy up to `now`. */
static inline void ring_account(Ring *ring, SimTime now) {
    ring->filled += ring->n * (now - ring->filled_since);
    ring->filled_since = now;
}
