/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/control/ledger.h: the books of the global resource manager (SPP paper 6): who holds
 * which port of which interface, how much of every interface's bandwidth is promised, in and out,
 * and what is promised of each NPE. Knows no frames, and of time only what it is told.
 *
 * All is held by leases. A lease belongs to a holder, which is a sliver, and is given in one piece
 * or not at all; giving it back is one piece too, so that rolling back is nothing else. Its number
 * is the holder's own and rises: asked for again, a lease that is there is granted again, as it is,
 * and one whose number has gone by is stale. So it does not matter how often or how late a request
 * arrives. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "emu/core/sim.h"

enum { LEDGER_MAX_INTERFACES = 16, LEDGER_MAX_NPES = 64 };

/* Why not. X(symbol, name in cp0.refused.NAME, errno, text) */
#define LEDGER_REFUSALS(X)                                                                         \
    X(LEDGER_PORT_TAKEN, "port_taken", EADDRINUSE, "another has the port")                         \
    X(LEDGER_PORT_WITHHELD, "port_withheld", EADDRINUSE, "the port is one of translation's")       \
    X(LEDGER_NO_INTERFACE, "no_interface", EINVAL, "the node has no such interface, port or NPE")  \
    X(LEDGER_BANDWIDTH_IN, "bandwidth_in", ENOSPC, "less of the interface is left, in")            \
    X(LEDGER_BANDWIDTH_OUT, "bandwidth_out", ENOSPC, "less of the interface is left, out")         \
    X(LEDGER_NO_NPE, "no_npe", EHOSTUNREACH, "no NPE is in service")                               \
    X(LEDGER_FILTERS, "filters", ENOSPC, "no NPE has so many filters left")                        \
    X(LEDGER_QUEUES, "queues", ENOSPC, "no NPE has so many queues left")                           \
    X(LEDGER_BUFFERS, "buffers", ENOSPC, "no NPE has so many packet buffers left")                 \
    X(LEDGER_SRAM, "sram", ENOSPC, "no NPE has so much SRAM left")                                 \
    X(LEDGER_RATE, "npe_bandwidth", ENOSPC, "no NPE has so much bandwidth left")                   \
    X(LEDGER_SLICES, "slices", ENOSPC, "no NPE has room for one more slice")                       \
    X(LEDGER_EXISTS, "exists", EEXIST, "the sliver has an NP slice already")                       \
    X(LEDGER_STALE, "stale", ECANCELED, "the lease has been given back meanwhile")

typedef enum {
    LEDGER_OK,
#define X(symbol, ...) symbol,
    LEDGER_REFUSALS(X)
#undef X
        LEDGER_N_REFUSALS
} LedgerRefusal;

const char *ledger_refusal_name(LedgerRefusal refusal);
const char *ledger_refusal_text(LedgerRefusal refusal);
int ledger_refusal_errno(LedgerRefusal refusal);

/* "Most appropriate" (SPP paper 6) of the NPEs that have room. X(symbol, name, text) */
#define LEDGER_POLICIES(X)                                                                         \
    X(LEDGER_LEAST_BANDWIDTH, "least_bandwidth", "of which least bandwidth is promised")           \
    X(LEDGER_BEST_FIT, "best_fit", "that has least left of what it would have least of")           \
    X(LEDGER_FIRST, "first", "with the lowest number")

typedef enum {
#define X(symbol, ...) symbol,
    LEDGER_POLICIES(X)
#undef X
        LEDGER_N_POLICIES
} LedgerPolicy;

/* What there is of an NPE, or is asked of it. A slice counts as one. */
typedef struct {
    uint64_t filters, queues, buffers, sram_bytes, rate_bps, slices;
} LedgerRoom;

typedef enum { LEASE_PORT, LEASE_NPE } LeaseKind;

typedef struct {
    uint64_t id, holder;
    LeaseKind kind;
    SimTime until;
    /* LEASE_PORT */
    uint8_t protocol;    /* 0: no port, bandwidth alone */
    uint16_t port;       /* 0: the lowest that is free, from LEDGER_ANY on */
    uint32_t interfaces; /* bit n: interface n */
    uint64_t in, out;    /* of each of them, in the unit of ledger_add_interface */
    /* LEASE_NPE */
    unsigned npe; /* chosen */
    LedgerRoom room;
} LedgerLease;

enum { LEDGER_ANY = 32768 }; /* Linux's first port of those that nobody asked for by number */

typedef struct Ledger Ledger;

Ledger *ledger_new(LedgerPolicy policy);
void ledger_free(Ledger *ledger);
/* What the node has; numbers count up from 0. `whole`: an interface's bandwidth, each way. */
void ledger_add_interface(Ledger *ledger, uint64_t whole);
void ledger_add_npe(Ledger *ledger, const LedgerRoom *room);
/* Ports that nobody gets, at every interface: those of translation. */
void ledger_withhold(Ledger *ledger, uint16_t first, uint16_t n);
/* An NPE that is not in service is not chosen; what it gave stays with whom it has. */
void ledger_serve(Ledger *ledger, unsigned npe, bool in_service);

/* All that the lease says, and `port` or `npe` are filled in, or nothing. */
LedgerRefusal ledger_reserve(Ledger *ledger, LedgerLease *lease);
/* A lease that somebody says to hold since before the books were lost: its port and NPE are given.
 * Of two that claim the same the first has it. */
LedgerRefusal ledger_relearn(Ledger *ledger, const LedgerLease *lease);
/* It goes back, and its number has gone by. False: nobody has it. */
bool ledger_release(Ledger *ledger, uint64_t holder, uint64_t id);
/* All of a holder's, and numbers up to `id` have gone by; how many there were. */
unsigned ledger_release_all(Ledger *ledger, uint64_t holder, uint64_t id);
/* All of a holder's run until then; false: it has none. */
bool ledger_renew(Ledger *ledger, uint64_t holder, SimTime until);
/* The one that ends first, if that is before `now`, or NULL. */
const LedgerLease *ledger_overdue(const Ledger *ledger, SimTime now);
/* A holder's lease, the lowest number above `id`; or NULL. */
const LedgerLease *ledger_next(const Ledger *ledger, uint64_t holder, uint64_t id);
/* All is forgotten, as by a restart. */
void ledger_forget(Ledger *ledger);

/* Who has the port there; 0: nobody. */
uint64_t ledger_owner(const Ledger *ledger, unsigned interface, uint8_t protocol, uint16_t port);
typedef struct {
    uint64_t leases, ports, ports_free, in, out; /* ports: UDP and TCP of all interfaces */
    LedgerRoom npe[LEDGER_MAX_NPES];
} LedgerUse;
LedgerUse ledger_use(const Ledger *ledger);
