/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/npe.h: the network-processing engine, its slices, and how they meet. */
#pragma once

#include "components/ixp/chip.h"
#include "components/ixp/pipe.h"
#include "components/ixp/queuer.h"
#include "fastpath/pipeline.h"

typedef struct Npe Npe;

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
    Pipe decap, parse, lookup, format;
    StatsBlock stats;
    Queuer queuer;
    FpTables *tables;
    Qm *qm;
    uint16_t cost[FP_N_SITES];
    unsigned n_slices;
    uint32_t next_queue, next_position, next_sram;
    uint16_t next_counter;
    /* counters */
    uint64_t exceptions[FP_N_REASONS], forwarded;
};

extern const ComponentClass npe_class, slice_class;

/* Why the NPE itself drops; the fast path's reasons come after these. */
enum {
    NPE_DROP_MAC_FULL,
    NPE_DROP_TOO_LONG,
    NPE_DROP_NO_BUFFER,
    NPE_DROP_QUEUE_FULL,
    NPE_DROP_FAST_PATH
};
