/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/npe.h: the network-processing engine, its slices, and how they meet. */
#pragma once

#include "components/ixp/chip.h"
#include "components/ixp/move.h"
#include "fastpath/pipeline.h"
#include "fastpath/qm.h"

#define NPE_MAX_QM_MES 4u

typedef struct Npe Npe;

/* One queue-manager ME: its contexts enqueue what comes in and dequeue for its schedulers. */
typedef struct {
    Npe *npe;
    Block block;
    unsigned first, n; /* schedulers */
    unsigned next;     /* where the search for the next scheduler begins */
    bool prefer_dequeue;
    uint64_t serving; /* schedulers that a context is dequeueing for, one bit each */
    Context *sleeping[ME_MAX_CONTEXTS];
    unsigned n_sleeping;
    SimEvent timer; /* the next scheduler's time */
} QmMe;

struct Npe {
    Component base;
    /* settings */
    ChipSettings chip_settings;
    MoveCosts move_costs;
    uint64_t instructions[FP_N_SITES];
    uint64_t n_interfaces, me_rx, me_decap, me_parse, me_lookup, me_format, me_qm, me_tx, me_stats;
    uint64_t ring_rx, ring_decap, ring_parse, ring_lookup, ring_qm, ring_tx, ring_stats;
    uint64_t n_schedulers, n_queues, scheduler_burst;
    Rate scheduler_rate;
    char *address, *next_mac, *mac;
    /* state */
    Chip chip;
    Mover mover;
    Block decap, parse, lookup, format, stats;
    QmMe qm_me[NPE_MAX_QM_MES];
    FpTables *tables;
    Qm *qm;
    uint16_t cost[FP_N_SITES];
    unsigned n_slices;
    uint32_t next_queue, next_position;
    uint16_t next_counter;
    /* counters */
    uint64_t exceptions[FP_N_REASONS], forwarded;
};

extern const ComponentClass npe_class, slice_class;

/* The queue-manager program (npe_qm.c). */
bool npe_qm_add(Npe *npe, GError **error);
/* A message will be visible in the ME's ring at `visible`. */
void npe_qm_on_put(void *qm_me, SimTime visible);
unsigned npe_qm_of(const Npe *npe, unsigned scheduler); /* which QM ME serves it */

/* Why the NPE itself drops; the fast path's reasons come after these. */
enum {
    NPE_DROP_MAC_FULL,
    NPE_DROP_TOO_LONG,
    NPE_DROP_NO_BUFFER,
    NPE_DROP_QUEUE_FULL,
    NPE_DROP_FAST_PATH
};
