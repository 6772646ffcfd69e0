/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/ixp/clock.h: a clock domain. Edge n of a clock of f Hz lies at floor(n * 10^12 / f)
 * ps, counted from 0, so rounding never accumulates. The period is kept as quotient and remainder:
 * whole picoseconds, and the rest in units of 2^-64 ps; no event divides. */
#pragma once

#include "emu/core/sim.h"

__extension__ typedef unsigned __int128 ClockWide;

typedef struct {
    uint64_t hz;
    uint64_t period_ps;   /* quotient of 10^12 / hz */
    uint64_t period_rest; /* remainder / hz, times 2^64, rounded up */
    uint64_t edges_q64;   /* 2^64 / period, rounded down: edges per ps */
} Clock;

static inline Clock clock_of(uint64_t hz) {
    Clock c = {.hz = hz, .period_ps = SIM_S / hz};
    ClockWide rest = (ClockWide)(SIM_S % hz) << 64;
    c.period_rest = (uint64_t)((rest + hz - 1) / hz);
    c.edges_q64 = (uint64_t)((((ClockWide)hz << 64) - 1) / SIM_S);
    return c;
}

/* The time of an edge. Exact for as long as edge * hz < 2^64: 2.6 hours at 1.4 GHz. */
static inline SimTime clock_time(const Clock *c, uint64_t edge) {
    return edge * c->period_ps + (SimTime)((ClockWide)edge * c->period_rest >> 64);
}

/* The first edge at or after `time`. */
static inline uint64_t clock_edge(const Clock *c, SimTime time) {
    uint64_t edge = (uint64_t)((ClockWide)time * c->edges_q64 >> 64); /* at most one or two early */
    while (clock_time(c, edge) < time) edge++;
    return edge;
}
