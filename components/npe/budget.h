/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/npe/budget.h: how much of the shared code blocks' time each slice may take. What a
 * slice's own code (Parse and Header Format run it) executes is charged to it:
 *
 *   clock = max(clock, now) + instructions * cycle * slices / microengines
 *
 * A slice is beyond its part, which is an equal one, when its clock is ahead of now by more than
 * the burst. Only while the blocks are behind with their work is that held against it. The IXP can
 * do it: instructions are known where a path of the code ends, the clock is a word of SRAM beside
 * the slice's record, changed by an atomic add, now is the timestamp CSR, and Decap sees how full a
 * ring is. Assumed: that it costs no instructions; the equal part; the burst. */
#pragma once

#include "fastpath/fp.h"
#include "fastpath/substrate.h"

enum { BUDGET_PARSE, BUDGET_FORMAT, BUDGET_BLOCKS };

typedef struct {
    uint64_t burst_ps;
    uint64_t part_ps[BUDGET_BLOCKS]; /* cycle * slices / microengines; 0: a slice alone */
    uint64_t clock[BUDGET_BLOCKS][FP_MAX_SLICES]; /* ps */
} Budget;

/* What the log has from entry `from` on was executed for the slice by the block. */
static inline void budget_charge(Budget *b, unsigned slice, unsigned block, const FpLog *log,
                                 unsigned from, uint64_t now) {
    uint64_t instructions = 0;
    for (unsigned i = from; i < log->n; i++) instructions += log->reference[i].instructions;
    uint64_t *clock = &b->clock[block][slice], start = *clock > now ? *clock : now;
    *clock = start + instructions * b->part_ps[block];
}

static inline bool budget_exceeded(const Budget *b, unsigned slice, unsigned block, uint64_t now) {
    return b->clock[block][slice] > now + b->burst_ps;
}
