/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/core/gauge.h: queues and buffers that are watched, and whether they grew.
 *
 * A gauge is read 60 times, evenly, from the end of the warm-up to the end of the sources' window:
 * between events, so that a run with gauges is the run without them. While the window's end is not
 * known (a replay) they are read every microsecond, and whenever 120 values are full every second
 * one is forgotten and the interval doubles.
 *
 * A gauge grew if both hold, of the means of ten batches:
 *   trend  Mann and Kendall's S, rising pairs less falling ones, is 33 or more of 45: by chance
 *          once in 900 times if the batches are independent. Growth through the first half of the
 *          window that then stops is enough, a fill-up in its first fifth is not.
 *   size   the growth through the window (Theil and Sen's median slope) is 16 packets or more, and
 *          0.5 percent or more of the packets that came to its component in the window: what
 *          makes carried_ratio less than 0.995.
 * docs/model.md has the rates of false alarms and of detection that were measured. */
#pragma once

#include "emu/core/report.h"
#include "emu/core/sim.h"

typedef uint64_t GaugeRead(const void *from); /* packets held */
typedef struct Gauges Gauges;

Gauges *gauges_new(void);
void gauges_free(Gauges *gauges);
/* `owner` and `passed`, the count of packets that came to it, are borrowed; `name` is copied. */
void gauges_add(Gauges *gauges, const char *owner, const char *name, const uint64_t *passed,
                GaugeRead *read, const void *from);
/* A source's window; of several it is what they share. `until` may be SIM_NEVER. */
void gauges_window(Gauges *gauges, SimTime from, SimTime until);
/* When to read them next; SIM_NEVER: not again. */
SimTime gauges_next(const Gauges *gauges);
void gauges_read(Gauges *gauges);
void gauges_close(Gauges *gauges);
/* For others who look: how many there are, and what one holds now. */
unsigned gauges_n(const Gauges *gauges);
uint64_t gauge_value(const Gauges *gauges, unsigned n, const char **owner, const char **name);
/* Name what grew, and say what to do about it. */
void gauges_report(const Gauges *gauges, Report *report);

/* Growth of n values taken at equal times, 0 if there is no trend. */
double gauge_growth(const uint32_t *values, unsigned n);
