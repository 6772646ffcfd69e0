/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/control/manager.h: the daemons of a node (SPP paper 6), and the two components that
 * hold them. They have no ports of their own: they are software on a box.
 *
 *   global_manager   on the control processor: GNM with myPLC, GRM, log
 *   local_manager    on every server: LNM, LRM
 *
 *   PLC <-- polls -- GNM --> myPLC <-- polls -- LNM --> vServers
 *                                               LRM <-- what runs in them
 *                    GRM <-------- leases ----- LRM --> MP, line card
 *
 * One daemon, one file: gnm.c, grm.c, log.c, lnm.c, lrm.c. How polls are timed and what they do to
 * what is there is Node Manager's; service times, messages, leases and restarts are ours. */
#pragma once

#include "components/control/box.h"
#include "components/control/database.h"
#include "components/control/ledger.h"
#include "components/control/lrm.h"
#include "components/control/placement.h"
#include "components/control/site.h"
#include "emu/core/report.h"

extern const ComponentClass global_manager_class, local_manager_class, plc_class;

/* X_end: the run is over, and everybody is still there; no event is left behind. */

/* What is in the components. */
typedef struct Gnm Gnm;
typedef struct Grm Grm;
typedef struct Lnm Lnm;
Gnm *manager_gnm(Component *global);
Grm *manager_grm(Component *global);
Lnm *manager_lnm(Component *local);
Lrm *manager_lrm(Component *local);

/* Polls: Node Manager waits `period`, and up to `spread` more, each time, and half of `period` for
 * an answer. */
typedef struct {
    SimTime period, spread;
} PollSettings;
#define POLL_PARAMS(S, field, who)                                                                 \
    PARAM_TIME("poll", S, field.period, "600s", "1ms", "100000s", "time between polls of " who,    \
               "Node Manager: 600 s"),                                                             \
        PARAM_TIME("poll_spread", S, field.spread, "301s", "0", "100000s",                         \
                   "and up to so much more, at random", "Node Manager: uniform in [0, 301) s")

/* Whether there is a manager on the box; what is known there of slices: myPLC on the control
 * processor, a server's copy of it on that. NULL: nothing, or it has not started. */
bool manager_at(const Network *net, const char *box);
Database *manager_database(const Network *net, const char *box);
const SliceRecord *manager_record(const Network *net, const char *box, const char *slice);
/* The components of a class in the order of their names; the caller frees the array. */
GPtrArray *components_of(const Network *net, const ComponentClass *class);
/* Where a local manager's station is. */
bool local_manager_place(const Component *c, StationPlace *place);
/* A controller brings a ticket to it. */
bool local_manager_ticket(Component *c, const char *ticket, GError **error);
/* Where PLC is; false: that is none. */
bool plc_place(const Component *c, StationPlace *place);

/* GNM and myPLC --------------------------------------------------------------------------- */

typedef struct {
    PollSettings poll;
    int policy;                            /* PlacementPolicy */
    uint64_t vservers, cpu_room, net_room; /* of a server, at most; ms/s, kbit/s to guarantee */
    SimTime service;
    char *node;
} GnmSettings;
Gnm *gnm_new(Site *site, const GnmSettings *settings, const StationPlace *plc, GError **error);
void gnm_add_server(Gnm *gnm, const char *box, const StationPlace *at, const PlacementUse *room);
void gnm_end(Gnm *gnm);
void gnm_free(Gnm *gnm);
void gnm_start(Gnm *gnm);
Agent *gnm_agent(Gnm *gnm);
Database *gnm_database(Gnm *gnm);
void gnm_report(const Gnm *gnm, Report *report);

/* GRM ------------------------------------------------------------------------------------- */

typedef struct {
    int policy; /* LedgerPolicy */
    SimTime lease, retry, service;
} GrmSettings;
Grm *grm_new(Site *site, const GrmSettings *settings, GError **error);
void grm_end(Grm *grm);
void grm_free(Grm *grm);
bool grm_start(Grm *grm, GError **error);
Agent *grm_agent(Grm *grm);
LedgerUse grm_use(const Grm *grm);
void grm_report(const Grm *grm, Report *report);

/* Log ------------------------------------------------------------------------------------- */

typedef struct Log Log;
Log *log_new(Site *site, const SimTime *service, GError **error);
void log_free(Log *log);
Agent *log_agent(Log *log);
/* Put the lines in the order of their times; of equal ones, as they came. */
void log_sort(Log *log);
bool log_write(const Log *log, const char *path, GError **error);
const char *log_nth(const Log *log, unsigned n, SimTime *time); /* NULL past the last */

/* "udp 30000 at interfaces 0-2,4, 10% in", of a lease of the GRM's, whose shares are millionths;
 * the caller frees it. */
char *lease_text(const LedgerLease *lease);

/* LRM ------------------------------------------------------------------------------------- */

typedef struct {
    SimTime service, retry;
    uint64_t backlog;
} LrmSettings;
Lrm *lrm_new(Site *site, Gpe *gpe, const LrmSettings *settings, const StationPlace *grm,
             const StationPlace *lc, GError **error);
void lrm_end(Lrm *lrm);
void lrm_free(Lrm *lrm);
Agent *lrm_agent(Lrm *lrm);
/* The vServer is the sliver of this slice, and may ask. */
void lrm_admit(Lrm *lrm, Vserver *v, uint32_t slice_id);
/* What it holds, or is giving back. */
unsigned lrm_holdings(const Lrm *lrm);
void lrm_report(const Lrm *lrm, Report *report);

/* LNM ------------------------------------------------------------------------------------- */

typedef struct {
    PollSettings poll;
    SimTime service, stagger, create;
    const char *secret; /* that tickets are sealed with */
} LnmSettings;
Lnm *lnm_new(Site *site, Gpe *gpe, Lrm *lrm, const LnmSettings *settings, const StationPlace *myplc,
             GError **error);
void lnm_end(Lnm *lnm);
void lnm_free(Lnm *lnm);
void lnm_start(Lnm *lnm);
Agent *lnm_agent(Lnm *lnm);
unsigned lnm_slivers(const Lnm *lnm);
/* Somebody brings a ticket: the record is news, and a delegated sliver is made. */
bool lnm_ticket(Lnm *lnm, const char *ticket, GError **error);
/* Of a delegated sliver; of others only PLC decides. */
bool lnm_destroy(Lnm *lnm, const char *name, GError **error);
Database *lnm_database(Lnm *lnm);
void lnm_report(const Lnm *lnm, Report *report);
