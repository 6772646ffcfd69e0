/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Pipeline blocks and Statistics. */
#include "components/ixp/stage.h"

enum { PIPE_GET, PIPE_WORK, PIPE_TELL };

static bool stage_resume(Context *c, SimTime now) {
    Stage *stage = c->block->user;
    (void)now;
    switch (c->step) {
    case PIPE_GET:
        log_op(c, OP_GET_IN_SECTION, c->block->ring_in, &stage->get);
        c->step = PIPE_WORK;
        return true;
    case PIPE_WORK: {
        ChipPacket *cp = (ChipPacket *)(uintptr_t)c->message;
        bool on = stage->work(stage, c, cp);
        Ring *ring = !on               ? NULL
                     : stage->qm_block ? qm_block_ring(stage->qm_block, cp->fp.result.queue)
                                       : stage->block.ring_out;
        log_op(c, OP_PUT_IN_SECTION, ring, &stage->put);
        c->step = PIPE_GET;
        if (!on || !stage->tells) return true;
        /* The packet may be gone by the time Statistics hears of it. */
        c->note = (uintptr_t)stats_message(cp->fp.result.stats, false, cp->fp.length);
        c->step = PIPE_TELL;
        return true;
    }
    default:
        c->message = (uint64_t)c->note;
        log_op(c, OP_RING_PUT, stage->rxtx->ring_stats, NULL);
        c->step = PIPE_GET;
        return true;
    }
}

bool stage_add(Stage *stage, const char *name, unsigned n_mes, Ring *in, GError **error) {
    Chip *chip = stage->rxtx->chip;
    if (!chip_add_block(chip, &stage->block, name, n_mes, in, stage_resume, stage, error))
        return false;
    stage->block.eager = true;
    stage->get.block = stage->put.block = &stage->block;
    return true;
}

bool stage_drop(Stage *stage, Context *c, ChipPacket *cp, unsigned reason) {
    Packet *pkt = c->pkt;
    c->pkt = NULL;
    rxtx_release(stage->rxtx, c, cp);
    component_drop(stage->rxtx->chip->owner, reason, pkt);
    return false;
}

void stats_run(StatsBlock *stats, Context *c) {
    fp_count(stats->tables, (uint32_t)(c->message >> 32), c->message >> 31 & 1,
             (uint32_t)c->message & INT32_MAX, &c->log);
}

static bool stats_resume(Context *c, SimTime now) {
    StatsBlock *stats = c->block->user;
    (void)now;
    if (c->step == 0) {
        log_op(c, OP_GET_IN_SECTION, c->block->ring_in, &stats->get);
        c->step = 1;
    } else {
        stats_run(stats, c);
        c->step = 0;
    }
    return true;
}

bool stats_add(StatsBlock *stats, Chip *chip, unsigned n_mes, FpTables *tables, Ring *in,
               GError **error) {
    if (!chip_add_block(chip, &stats->block, "stats", n_mes, in, stats_resume, stats, error))
        return false;
    stats->tables = tables;
    stats->block.eager = true;
    stats->get.block = &stats->block;
    return true;
}
