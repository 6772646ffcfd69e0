/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/gpe/sched/token.h: what token.c keeps, for the test that compares it with another
 * version of the same algorithm. */
#pragma once

#include "components/gpe/sched/sched.h"

/* Virtual ticks x 1000, a pair for all cores. */
typedef struct {
    int64_t vt[SCHED_N_CLASSES];
} TokenClocks;

typedef struct {
    int64_t used;   /* virtual time already paid for, in ticks x 1000 */
    uint64_t price; /* virtual ticks x 1000 a token */
} TokenBucket;
