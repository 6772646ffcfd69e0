/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Chips from tables of blocks. */
#include "components/ixp/program.h"

#include <string.h>

/* The owner's number at `offset`. */
static unsigned owner_number(const Program *p, size_t offset) {
    return (unsigned)*(const uint64_t *)(const void *)((const char *)p->chip.owner + offset);
}

static bool in_registers(const Program *p, const ProgramBlock *b) {
    return b->words && owner_number(p, b->mes) == 1 && owner_number(p, b[-1].mes) == 1;
}

static Ring *add_ring(Program *p, const ProgramBlock *b, GError **error) {
    bool registers = in_registers(p, b);
    return chip_add_ring(&p->chip, b->ring, !registers, b->kind != PROGRAM_STATS,
                         registers ? CHIP_NN_WORDS / b->words : owner_number(p, b->ring_size),
                         error);
}

static bool add_stage(Program *p, const ProgramBlock *b, Ring *in, Ring ***out, GError **error) {
    g_assert(p->n_stages < PROGRAM_MAX_STAGES);
    Stage *stage = &p->stages[p->n_stages++];
    *stage = (Stage){.rxtx = &p->rxtx, .work = b->work, .user = p->user, .tells = b->tells};
    *out = &stage->block.ring_out;
    return stage_add(stage, b->name, owner_number(p, b->mes), in, error);
}

static bool add_qm(Program *p, const ProgramBlock *b, unsigned n_mes, GError **error) {
    unsigned n_schedulers = qm_block_schedulers(p->n_schedulers, n_mes);
    p->qm = qm_new(n_schedulers, p->n_queues, (unsigned)p->settings->chip.n_buffers);
    if (!p->qm)
        return input_error(error,
                           "not enough memory for %u queues and %" G_GUINT64_FORMAT " buffers",
                           p->n_queues, p->settings->chip.n_buffers);
    for (unsigned s = 0; s < n_schedulers; s++)
        qm_set_scheduler(p->qm, s, p->rate_bps, (uint32_t)p->settings->qm.burst);
    p->qm_block = (QmBlock){.rxtx = &p->rxtx,
                            .qm = p->qm,
                            .n_mes = n_mes,
                            .n_schedulers = n_schedulers,
                            .drop_detached = p->drop_detached};
    p->stages[p->n_stages - 1].qm_block = &p->qm_block;
    return qm_block_add(&p->qm_block, owner_number(p, b->ring_size), error);
}

static bool add_tx(Program *p, unsigned n_mes, Ring *in, GError **error) {
    if (p->settings->rxtx.tx_order == TX_ORDER_SCHEDULER && !p->qm)
        return input_error(error, "tx_order: found scheduler, expected chip: the program has no "
                                  "queue manager whose schedulers' order Tx could keep");
    return rxtx_add_tx(&p->rxtx, n_mes, in, error);
}

/* *out is where the ring goes that the block before puts into. */
static bool add_block(Program *p, const ProgramBlock *b, Ring ***out, GError **error) {
    unsigned n_mes = owner_number(p, b->mes);
    Ring *in = NULL;
    if (b->ring && !(in = add_ring(p, b, error))) return false;
    **out = in;
    switch (b->kind) {
    case PROGRAM_RX: *out = &p->rxtx.rx.ring_out; return rxtx_add_rx(&p->rxtx, n_mes, error);
    case PROGRAM_STAGE: return add_stage(p, b, in, out, error);
    case PROGRAM_QM: *out = &p->qm_block.ring_out; return add_qm(p, b, n_mes, error);
    case PROGRAM_TX: *out = &p->rxtx.ring_stats; return add_tx(p, n_mes, in, error);
    default: return stats_add(&p->stats, &p->chip, n_mes, p->tables, in, error);
    }
}

bool program_build(Program *p, Component *owner, GError **error) {
    Chip *chip = &p->chip;
    if (!chip_init(chip, &p->settings->chip, owner, p->label, error)) return false;
    chip->whose = p->whose;
    chip->user = p->user;
    p->rxtx =
        (RxTx){.settings = &p->settings->rxtx, .chip = chip, .port = p->port, .user = p->user};
    Ring *none, **out = &none;
    for (const ProgramBlock *b = p->blocks; b->kind; b++)
        if (!add_block(p, b, &out, error)) return false;
    for (unsigned i = 0; i < FP_N_SITES; i++) p->cost[i] = (uint16_t)p->settings->instructions[i];
    for (unsigned m = 0; m < CHIP_N_MES; m++)
        for (unsigned k = 0; k < ME_MAX_CONTEXTS; k++) chip->mes[m].contexts[k].log.cost = p->cost;
    if (p->settings->timing == TIMING_FAST) p->fast = chip->fast = fast_new(p);
    return true;
}

static uint64_t in_queues(const void *from) {
    return qm_held(from);
}

bool program_start(Program *p, GError **error) {
    (void)error;
    chip_start(&p->chip);
    if (p->qm) chip_gauge(&p->chip, "queues", in_queues, p->qm);
    return true;
}

void program_receive(Program *p, unsigned port, Packet *pkt, uint32_t most) {
    if (packet_frame_bytes(pkt->length) > most)
        chip_refuse(&p->chip, CHIP_TOO_LONG, pkt);
    else if (!msf_receive(&p->chip.msf, port, pkt, sim_now(p->chip.sim)))
        chip_refuse(&p->chip, CHIP_MAC_FULL, pkt);
}

bool program_inject(Program *p, unsigned stage, ChipPacket *cp, SimTime now) {
    packet_charge(cp->pkt, CAUSE_RING, now);
    if (p->fast) return fast_inject(p->fast, stage, cp, now);
    if (!ring_inject(p->stages[stage].block.ring_in, (uint64_t)(uintptr_t)cp, now)) return false;
    me_flush(&p->chip.group, now);
    return true;
}

bool program_behind(const Program *p, unsigned stage, unsigned messages) {
    if (p->fast) return fast_behind(p->fast, stage, messages);
    return p->stages[stage].block.ring_in->n >= messages;
}

const char *program_unused(const Program *p, const char *key) {
    const Param *row = param_find(p->chip.owner->class->params, key);
    bool found = false;
    for (const ProgramBlock *b = p->blocks; row && b->kind; b++) {
        if (!b->ring || b->ring_size != row->offset) continue;
        if (!in_registers(p, b)) return NULL;
        found = true;
    }
    return found ? "single microengines use their next-neighbour registers" : NULL;
}

bool program_check(Program *p, GError **error) {
    if (!chip_check(&p->chip, p->rxtx.held, error)) return false;
    if (!p->qm || qm_held(p->qm) <= p->rxtx.held) return true;
    return invariant_error(
        error, "%s: %" G_GUINT64_FORMAT " packets queued in %" G_GUINT64_FORMAT " buffers",
        p->chip.owner->name, qm_held(p->qm), p->rxtx.held);
}

void program_free(Program *p) {
    fast_free(p->fast);
    if (p->chip.owner) chip_clear(&p->chip);
    qm_free(p->qm);
}
