/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Pipeline blocks and Statistics. */
#include "components/ixp/stage.h"

enum { PIPE_GET, PIPE_WORK, PIPE_TELL };

static bool stage_resume(Context *c, SimTime now) {
    Stage *stage = (Stage *)c->block->user;
    (void)now;
    switch (c->step) {
    case PIPE_GET:
        log_op(c, OP_GET_IN_SECTION, c->block->ring_in, c->block->section_in);
        c->step = PIPE_WORK;
        return true;
    case PIPE_WORK: {
        ChipPacket *cp = (ChipPacket *)(uintptr_t)c->message;
        Ring *ring = stage->work(stage, c, cp);
        log_op(c, OP_PUT_IN_SECTION, ring, c->block->section_out);
        c->step = PIPE_GET;
        if (ring == STAGE_GONE || !stage->ring_stats) return true;
        /* The packet may be gone by the time Statistics hears of it. */
        c->note = (uintptr_t)stats_message(cp->fp.result.stats, false, cp->fp.length);
        c->step = PIPE_TELL;
        return true;
    }
    default:
        c->message = (uint64_t)c->note;
        log_op(c, OP_RING_PUT, stage->ring_stats, NULL);
        c->step = PIPE_GET;
        return true;
    }
}

bool stage_add(Stage *stage, Chip *chip, const char *name, unsigned n_mes, StageWork *work,
               void *program, GError **error) {
    if (!chip_add_block(chip, &stage->block, name, n_mes, stage_resume, stage, error)) return false;
    stage->block.eager = true;
    stage->block.section_in = chip_add_section(chip, name, &stage->block);
    stage->block.section_out = chip_add_section(chip, name, &stage->block);
    stage->work = work;
    stage->program = program;
    stage->ring_stats = NULL;
    return true;
}

Ring *stage_drop(Context *c, RxTx *rxtx, ChipPacket *cp, unsigned reason) {
    Packet *pkt = c->pkt;
    c->pkt = NULL;
    rxtx_release(rxtx, c, cp);
    component_drop(rxtx->chip->owner, reason, pkt);
    return STAGE_GONE;
}

static bool stats_resume(Context *c, SimTime now) {
    StatsBlock *stats = c->block->user;
    (void)now;
    if (c->step == 0) {
        log_op(c, OP_GET_IN_SECTION, c->block->ring_in, c->block->section_in);
        c->step = 1;
    } else {
        fp_count(stats->tables, (unsigned)(c->message >> 33), c->message >> 32 & 1,
                 (uint32_t)c->message, &c->log);
        c->step = 0;
    }
    return true;
}

bool stats_add(StatsBlock *stats, Chip *chip, unsigned n_mes, FpTables *tables, GError **error) {
    if (!chip_add_block(chip, &stats->block, "stats", n_mes, stats_resume, stats, error))
        return false;
    stats->tables = tables;
    stats->block.eager = true;
    stats->block.section_in = chip_add_section(chip, "stats", &stats->block);
    return true;
}
