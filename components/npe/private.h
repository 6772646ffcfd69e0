/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/npe/private.h: what the files of this folder, and tests that look inside, know of an
 * NPE. */
#pragma once

#include "components/blade/control_port.h"
#include "components/ixp/mp.h"
#include "components/ixp/program.h"
#include "components/npe/budget.h"
#include "fastpath/substrate.h"

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
    uint64_t hold_back;
    SimTime code_burst;
    uint32_t address;
    uint8_t mac[6], next_mac[6];
    char *linecard;
    SimTime reset_time;
    Mp mp;
    ControlPort control;
    /* state */
    bool attached, resetting;
    SimEvent reset_over;
    Program program;
    FpTables *tables;
    Qm *qm; /* the program's */
    Budget budget;
    NpeSlices *slices; /* what they hold: slices.c */
    uint32_t leads_to; /* a bit for each interface that filters lead to */
    /* counters */
    uint64_t exceptions[FP_N_REASONS], forwarded;
    uint32_t match, no_match; /* kinds of a recording */
};

/* Why the NPE itself drops; the fast path's reasons come after these, before the last. */
enum { NPE_DROP_RESET = CHIP_N_DROPS, NPE_DROP_NOT_MINE, NPE_DROP_HELD_BACK, NPE_DROP_FAST_PATH };
enum { NPE_DROP_CONTROL = NPE_DROP_FAST_PATH + FP_N_REASONS };

/* slices.c, for npe.c: of an NPE that has its tables and queues. */
void npe_slices_init(Npe *npe);
void npe_slices_free(Npe *npe);
/* What attached slices hold and what is in quarantine are all that is taken. */
bool npe_slices_check(const Npe *npe, GError **error);
