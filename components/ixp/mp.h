/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/ixp/mp.h: the management processor, the chip's XScale core, and the way to it through
 * the control switch. Requests are served one after the other: each takes `latency` to get there
 * and then `service` of the processor. SPP paper 3 and 6; both times are assumed. */
#pragma once

#include "emu/core/component.h"

typedef struct MpRequest MpRequest;

typedef struct {
    /* settings */
    SimTime latency, service;
    /* state */
    Component *owner;
    double slower; /* a fault: service times this */
    SimTime free_at;
    MpRequest *first, *last;
    SimEvent event;
} Mp;

#define MP_PARAMS(S, field)                                                                        \
    PARAM_TIME("mp_latency", S, field.latency, "100us", NULL, "10s",                               \
               "request to the management processor: control switch, kernel, library", "assumed"), \
        PARAM_TIME("mp_service", S, field.service, "20us", NULL, "10s",                            \
                   "management processor, per request", "assumed")

typedef void MpRun(void *user, void *data, SimTime now);

void mp_init(Mp *mp, Component *owner);
/* Run run(user, data, now) when the request has been served. `release`, if any, frees data when
 * that never happens. */
void mp_submit(Mp *mp, MpRun *run, void *user, void *data, void (*release)(void *data));
void mp_clear(Mp *mp);
