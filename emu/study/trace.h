/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/study/trace.h: a recording in the Trace Event Format of Chrome's tracing (JSON object form),
 * which Perfetto opens. A component is a process, a track of it a thread:
 *
 *   B, E     spans: of the timeline if the recording has one, else of the walks; ts in us, exact to
 *            the picosecond. On the component's own thread, without duration: hops
 *   b, e     what a packet spends time on that is no thread's: wires, rings, queues; by packet
 *   C        counts of the timeline
 *   s, t, f  an arrow from thread to thread for each packet that has a walk
 *
 * Events are sorted by ts. At one time what ends stands before what begins on a thread, so that B
 * and E balance. */
#pragma once

#include <stdio.h>

#include "emu/study/recording.h"

#define TRACE_SCHEMA "sppemu-trace-1"

typedef struct {
    uint64_t spans, hops, arrows, counts; /* written; arrows: packets that have them */
} TraceCounts;

/* Write the trace; false and an error if the recording cannot be read. What goes wrong with `out`
 * is the caller's to see. */
bool trace_write(const Recording *recording, FILE *out, TraceCounts *counts, GError **error);
