/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/ixp/stage.h: a block that works on one packet per context: in order, get one from the
 * ring; work; in order, put it into the next ring. SPP paper, section 3. */
#pragma once

#include "components/ixp/rxtx.h"
#include "fastpath/substrate.h"

typedef struct Stage Stage;

/* Works on a packet, appending to the context's log; returns the ring that the packet goes to, or
 * STAGE_GONE when it was released. */
typedef Ring *StageWork(Stage *stage, Context *c, ChipPacket *cp);
#define STAGE_GONE NULL

struct Stage {
    Block block; /* ring_out: for the work to return */
    StageWork *work;
    void *program;    /* the component */
    Ring *ring_stats; /* tell Statistics of every packet that goes on; NULL: don't */
};

bool stage_add(Stage *stage, Chip *chip, const char *name, unsigned n_mes, StageWork *work,
               void *program, GError **error);
/* End the context's packet for one of the owner's reasons. Returns STAGE_GONE. */
Ring *stage_drop(Context *c, RxTx *rxtx, ChipPacket *cp, unsigned reason);
/* The block that adds messages from a ring to counters, off the main path. */
typedef struct {
    Block block;
    FpTables *tables;
} StatsBlock;
bool stats_add(StatsBlock *stats, Chip *chip, unsigned n_mes, FpTables *tables, GError **error);
