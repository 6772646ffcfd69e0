/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/ixp/mp.h: the management processor, the chip's XScale core, and the way to it through
 * the control switch. A request takes `latency` to get there, unless it comes there in a frame, and
 * then `service` of the processor,
 * which serves its clients (slices, classes of a line card, monitors) in turn, one request each,
 * and the requests of one in their order. So a request waits for at most one of each other client,
 * and `backlog` of its own; one more than that is refused. SPP paper 3 and 6; times, turns and
 * bounds are assumed. */
#pragma once

#include "emu/core/component.h"

typedef struct MpRequest MpRequest;
typedef struct MpClient MpClient;

typedef struct {
    /* settings */
    SimTime latency, service;
    uint64_t backlog;
    /* state */
    Component *owner;
    double slower;          /* a fault: service times this, from the next request on */
    MpRequest *current;     /* on its way, or served */
    MpClient *clients_last; /* of those whose requests wait, a ring */
    GPtrArray *clients;     /* all */
    SimEvent event;
    /* counters */
    uint64_t served, refused; /* requests */
    SimTime busy, waited; /* with requests, up to free_at; that they waited once they were there */
    SimTime free_at;
} Mp;

#define MP_PARAMS(S, field)                                                                        \
    PARAM_TIME("mp_latency", S, field.latency, "100us", "0", "10s",                                \
               "request to the management processor: control switch, kernel, library", "assumed"), \
        PARAM_TIME("mp_service", S, field.service, "20us", "0", "10s",                             \
                   "management processor, per request", "assumed"),                                \
        PARAM_COUNT("mp_backlog", S, field.backlog, "128", "1", "1000000",                         \
                    "requests of one client that may wait for it; more are refused", "assumed")

typedef void MpRun(void *user, void *data, SimTime now);

void mp_init(Mp *mp, Component *owner);
/* Whose requests are in an order of their own; the processor's, freed with it. */
MpClient *mp_client(Mp *mp);
/* Run run(user, data, now) when the request has been served. `release`, if any, frees data when
 * that never happens. False: the client has its `backlog` waiting; data stays the caller's. */
bool mp_submit(Mp *mp, MpClient *client, MpRun *run, void *user, void *data,
               void (*release)(void *data));
/* The same of a request that has come by itself, as a frame, and is there. */
bool mp_submit_here(Mp *mp, MpClient *client, MpRun *run, void *user, void *data,
                    void (*release)(void *data));
/* Requests of the client that has the most waiting. */
unsigned mp_most_waiting(const Mp *mp);
void mp_clear(Mp *mp);
