/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/study/diverge.h: where two runs first do something else. Both are computed side by side, a
 * slice of time after the other; for each owner (emu/core/sim.h) the departures, arrivals,
 * enqueues and drops of both are compared, each with its time, packet and bytes. Owners and packets
 * are known by the names of components, so that one component more makes no difference to the
 * others. */
#pragma once

#include "emu/scenario/scenario.h"

typedef struct {
    const Scenario *scenario;
    uint64_t seed;
    unsigned point, repetition;
} DivergeRun;

typedef struct {
    bool found;
    SimTime at;      /* of the earlier of the two */
    char *component; /* whose event it is */
    char *a, *b;     /* what each did, a line; NULL: nothing by then */
} Divergence;

/* Up to `until`, or the first difference. False and an error: one cannot be built; or, without an
 * error, *interrupted. */
bool diverge(const DivergeRun *a, const DivergeRun *b, SimTime until, volatile int *interrupted,
             Divergence *divergence, GError **error);
void divergence_clear(Divergence *divergence);
