/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/ixp/fast/server.h: what serves one at a time: a microengine, a bus. Its lane says
 * exactly who waits for whom, and costs most of the time that a packet takes. So it is used as a
 * sample: of QUIET_STEPS steps there are two in which all have their lanes, in the first these fill
 * again, in the second waits are measured. In the others a server that is not busy is quiet: who
 * asks for it waits as long as those did in the mean.
 *
 * There are no quiet steps where a microengine executes for half of the time: there who waits for
 * whom makes the rate. */
#pragma once

#include <stdbool.h>

#include "components/ixp/fast/lane.h"

#define STEP 16384u /* cycles */
#define QUIET_STEPS 16u
#define ENOUGH 64u /* have to ask for their mean to be taken */
typedef enum { STEP_FILL, STEP_MEASURE, STEP_QUIET } StepKind;

/* The next of the steps; there are none without lanes while it is `exact`. */
static inline unsigned step_after(unsigned n, bool exact) {
    if (exact) return n < STEP_QUIET ? STEP_MEASURE : STEP_FILL;
    return n + 1 < QUIET_STEPS ? n + 1 : STEP_FILL;
}
static inline StepKind step_kind(unsigned n) {
    return n < STEP_QUIET ? n : STEP_QUIET;
}

typedef struct {
    Lane lane;
    bool quiet, known;    /* known: its mean wait, since all had their lanes */
    uint32_t wait, rest;  /* that: cycles, times 256; what is left of one goes to the next */
    uint64_t asks;        /* for the lane, since they are counted */
    Cycle waited, before; /* for it: in all, and until then */
} Server;

/* So many ask. */
static inline Cycle server_wait(Server *s, uint32_t asks) {
    uint32_t wait = s->wait * asks + s->rest;
    s->rest = wait & 255;
    return wait >> 8;
}
/* As lane_take and lane_free. */
static inline Cycle server_take(Server *s, Cycle from, uint32_t n) {
    if (s->quiet) {
        s->lane.used += n;
        return from + server_wait(s, 1) + n;
    }
    Cycle end = lane_take(&s->lane, from, n);
    s->asks++;
    s->waited += end - n - from;
    return end;
}
static inline Cycle server_free(Server *s, Cycle from) {
    if (s->quiet) return from;
    Cycle at = lane_free(&s->lane, from);
    s->waited += at - from;
    return at;
}
/* Take n cycles from `from` on, whoever has them. */
static inline Cycle server_claim(Server *s, Cycle from, uint32_t n) {
    if (!s->quiet) return lane_claim(&s->lane, from, n);
    s->lane.used += n;
    return from + n;
}
/* A step ends. Quiet is who was not busy, and whose waits are known. */
static inline void server_look(Server *s, bool busy, Cycle now, StepKind next) {
    if (next == STEP_FILL) s->known = false;
    if (next == STEP_MEASURE || s->asks >= ENOUGH) {
        if (next != STEP_MEASURE) {
            s->wait = (uint32_t)((s->waited - s->before) * 256 / s->asks);
            s->known = true;
        }
        s->asks = 0;
        s->before = s->waited;
    }
    s->quiet = next == STEP_QUIET && s->known && !busy;
    if (!s->quiet) lane_forget(&s->lane, now);
}
