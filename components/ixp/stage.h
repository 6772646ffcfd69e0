/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/ixp/stage.h: a block that works on one packet per context: in order, get one from the
 * ring; work; in order, put it into the next ring. SPP paper, section 3. And Statistics, which adds
 * up what other blocks tell it. */
#pragma once

#include "components/ixp/qm_block.h"
#include "fastpath/substrate.h"

typedef struct Stage Stage;

/* Works on a packet, appending to the context's log. False: it does not go on, stage_drop has ended
 * it or somebody else has it. */
typedef bool StageWork(Stage *stage, Context *c, ChipPacket *cp);

struct Stage {
    RxTx *rxtx;
    StageWork *work;
    void *user;        /* of work */
    bool tells;        /* Statistics of every packet that goes on */
    QmBlock *qm_block; /* where packets go, by queue; NULL: into block.ring_out */
    Block block;
    Section get, put;
};

/* The members above `block` are set. */
bool stage_add(Stage *stage, const char *name, unsigned n_mes, Ring *in, GError **error);
/* End the context's packet for one of the owner's reasons. Returns false, for the work to return.
 */
bool stage_drop(Stage *stage, Context *c, ChipPacket *cp, unsigned reason);

/* The block that adds messages from a ring to counters, off the main path. */
typedef struct {
    Block block;
    Section get;
    FpTables *tables;
} StatsBlock;
/* For fast timing: add up the context's message. */
void stats_run(StatsBlock *stats, Context *c);
bool stats_add(StatsBlock *stats, Chip *chip, unsigned n_mes, FpTables *tables, Ring *in,
               GError **error);
