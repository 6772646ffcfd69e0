/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/control/database.h: slices as PlanetLab Central knows them, and a node's copy of that
 * (myPLC; SPP paper 6). Knows no frames, and of time only what it is told.
 *
 * Names are those of PLC's schema and of what its GetSlivers says, in JSON:
 *
 *   {"timestamp": 600, "slivers": [
 *     {"name": "wustl_router", "slice_id": 7, "instantiation": "plc-instantiated",
 *      "expires": 86400, "keys": "ssh-rsa ...", "nodes": ["spp"],
 *      "attributes": [{"name": "cpu_share", "value": "32"}]}]}
 *
 * Times are seconds of the run. All but the name may be left out. "gpe" is ours: the server that a
 * node's copy says a sliver is on; "timestamp" of a record is when it was last known.
 *
 * Rules are those of PlanetLab's Node Manager (database.py, sm.py, api_calls.py): a record takes
 * the place of one with an earlier timestamp, and what the node itself keeps, loans and place,
 * stays; a full update takes away all that is older than it; so does the time when it `expires`; a
 * ticket is an update that is not full. Guarantees that an attribute does not say have defaults. A
 * sliver may lend what PLC gave it: loans take effect in the order given as long as something is
 * left of what it has, and what goes beyond that is silently discarded.
 *
 * Not modelled: persons, sites, initscripts, whitelists, public keys (a ticket is sealed with a
 * secret that both sides share, where PLC signs with GnuPG). */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "emu/core/error.h"
#include "emu/core/sim.h"

/* X(symbol, name) */
#define INSTANTIATIONS(X)                                                                          \
    X(PLC_INSTANTIATED, "plc-instantiated")                                                        \
    X(DELEGATED, "delegated")                                                                      \
    X(NM_CONTROLLER, "nm-controller")                                                              \
    X(NOT_INSTANTIATED, "not-instantiated")

typedef enum {
#define X(symbol, name) symbol,
    INSTANTIATIONS(X)
#undef X
        N_INSTANTIATIONS
} Instantiation;

/* X(symbol, attribute, default, may be lent): Node Manager's DEFAULT_ALLOCATION and
 * LOANABLE_RESOURCES. Rates are kbit/s, cpu_min is ms/s. */
#define RSPEC(X)                                                                                   \
    X(RSPEC_ENABLED, "enabled", 1, false)                                                          \
    X(RSPEC_CPU_MIN, "cpu_min", 0, true)                                                           \
    X(RSPEC_CPU_SHARE, "cpu_share", 32, true)                                                      \
    X(RSPEC_NET_MIN_RATE, "net_min_rate", 0, true)                                                 \
    X(RSPEC_NET_MAX_RATE, "net_max_rate", 1000000, true)                                           \
    X(RSPEC_NET_SHARE, "net_share", 1, true)                                                       \
    X(RSPEC_DISK_MAX, "disk_max", 5000000, true)

typedef enum {
#define X(symbol, ...) symbol,
    RSPEC(X)
#undef X
        N_RSPEC
} Rspec;

const char *instantiation_name(Instantiation instantiation);
const char *rspec_name(Rspec rspec);

typedef struct {
    char *name, *value;
} SliceAttribute;

typedef struct {
    char *to; /* a sliver of the node */
    Rspec what;
    int64_t amount;
} SliceLoan;

typedef struct {
    char *name; /* site_slice */
    uint32_t slice_id;
    Instantiation instantiation;
    SimTime timestamp, expires; /* SIM_NEVER: never */
    char *keys, *gpe;           /* "": none, nowhere */
    GPtrArray *nodes;           /* char *; none: at all nodes */
    GArray *attributes, *loans; /* SliceAttribute, SliceLoan */
    int64_t rspec[N_RSPEC];     /* what PLC gives */
    int64_t effective[N_RSPEC]; /* with loans, since database_sync */
} SliceRecord;

/* One record, as it stands in "slivers"; NULL and an error. */
SliceRecord *slice_record_new(const char *name);
SliceRecord *slice_record_read(const char *json, GError **error);
char *slice_record_write(const SliceRecord *record);
SliceRecord *slice_record_copy(const SliceRecord *record);
void slice_record_free(SliceRecord *record);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SliceRecord, slice_record_free)
/* NULL: it has no such attribute. */
const char *slice_record_attribute(const SliceRecord *record, const char *name);
/* An attribute of that name goes first. What is guaranteed follows. */
void slice_record_set(SliceRecord *record, const char *name, const char *value);
bool slice_record_at(const SliceRecord *record, const char *node);
/* Whether they say the same, but for when. */
bool slice_record_same(const SliceRecord *a, const SliceRecord *b);

typedef struct Database Database;

Database *database_new(void);
void database_free(Database *db);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Database, database_free)
/* Counts changes of what it says. */
uint64_t database_version(const Database *db);
unsigned database_size(const Database *db);
/* In the order of names; NULL past the last. Borrowed, until something is delivered or removed. */
SliceRecord *database_nth(const Database *db, unsigned n);
SliceRecord *database_find(const Database *db, const char *name);

/* A record comes, and is taken. False: it is older than the one that is there, or than the last
 * full update. */
bool database_deliver(Database *db, SliceRecord *record);
bool database_remove(Database *db, const char *name);
/* What has been delivered is all there was then: older records go. Returns how many. */
unsigned database_full_update(Database *db, SimTime timestamp);
/* What has expired goes, and loans are settled. Returns how many. */
unsigned database_sync(Database *db, SimTime now);
/* Whoever changes a record that is in it (its place) says so. */
void database_changed(Database *db);

/* Take the place of all loans of the sliver (SetLoans). False: there is none, or a loan is not of
 * what may be lent, or negative. */
bool database_set_loans(Database *db, const char *name, const SliceLoan *loans, unsigned n,
                        GError **error);

/* The whole of it. */
bool database_read(Database *db, const char *json, GError **error);
char *database_write(const Database *db, SimTime now);

/* A record, sealed with HMAC-SHA256; and what is in it, if the seal is right. */
char *ticket_write(const SliceRecord *record, const char *secret);
SliceRecord *ticket_read(const char *ticket, const char *secret, GError **error);
