/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/npe/npe.h: the network-processing engine, its slices, and how they meet. */
#pragma once

#include "components/ixp/mp.h"
#include "components/ixp/program.h"

typedef struct Npe Npe;
typedef struct NpeSlices NpeSlices;

struct Npe {
    Component base;
    /* settings */
    ProgramSettings settings;
    uint64_t n_interfaces, me_decap, me_parse, me_lookup, me_format, me_stats;
    uint64_t ring_decap, ring_parse, ring_lookup, ring_stats;
    uint64_t n_schedulers, n_queues;
    Rate scheduler_rate;
    char *address, *next_mac, *mac, *linecard;
    SimTime reset_time;
    Mp mp;
    /* state */
    bool attached, resetting;
    uint8_t own_mac[6];
    SimEvent reset_over;
    Program program;
    FpTables *tables;
    Qm *qm;            /* the program's */
    NpeSlices *slices; /* what they hold: components/npe/slices.h */
    uint32_t leads_to; /* a bit for each interface that filters lead to */
    /* counters */
    uint64_t exceptions[FP_N_REASONS], forwarded;
};

extern const ComponentClass npe_class;

/* On a switch (npe->linecard is set): take addresses from the line card. Once; slices call it too,
 * because they may start before their NPE. */
bool npe_attach(Npe *npe, GError **error);
static inline bool npe_switched(const Npe *npe) {
    return *npe->linecard != 0;
}

/* A filter of a slice leads to the interface. */
void npe_leads_to(Npe *npe, unsigned interface);
/* The output rate of an interface's scheduler, wire rate. */
void npe_set_rate(Npe *npe, unsigned interface, uint64_t rate_bps);

/* Why the NPE itself drops; the fast path's reasons come after these. */
enum { NPE_DROP_RESET = CHIP_N_DROPS, NPE_DROP_NOT_MINE, NPE_DROP_FAST_PATH };
