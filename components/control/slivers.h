/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/control/slivers.h: a database over the network: whoever has one answers GetSlivers,
 * page by page, and whoever wants a copy asks until it has them all. What changes in between makes
 * the copy begin anew. */
#pragma once

#include "components/control/database.h"
#include "components/control/site.h"

/* Answer with the records that `wanted` says, as many as fit. */
void slivers_answer(const Database *db, Station *st, StationRequest *request, SimTime now,
                    bool (*wanted)(const SliceRecord *record, const char *node));

typedef struct {
    Agent *agent;
    StationPlace peer;
    Service service;
    char *node;
    void (*done)(void *user, bool whole); /* whole: `db` is up to date */
    void *user;
    Database *db;
    /* state */
    GPtrArray *records; /* of the pages so far */
    uint64_t version;
    SimTime stamp, until;
    unsigned anew, at;
    bool under_way;
} SliversPoll;

void slivers_poll_init(SliversPoll *p, Agent *d, const StationPlace *peer, Service service,
                       const char *node, Database *db, void (*done)(void *user, bool whole),
                       void *user);
void slivers_poll_clear(SliversPoll *p);
/* Ask, for up to so long. When all is there it is delivered, as a full update. */
void slivers_poll(SliversPoll *p, SimTime patience);
/* The daemon was stopped. */
void slivers_poll_stop(SliversPoll *p);
