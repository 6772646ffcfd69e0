/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Rx and Tx, segment by segment. */
#include "components/ixp/rxtx.h"

void rxtx_discard(RxTx *rxtx, ChipPacket *cp) {
    chip_buffer_put(rxtx->chip, cp);
    rxtx->held--;
}

void rxtx_release(RxTx *rxtx, Context *c, ChipPacket *cp) {
    rxtx_discard(rxtx, cp);
    log_touch(c, FP_SCRATCH, true, true, 0, 0, 4);
}

/* Rx -------------------------------------------------------------------------------------- */

enum { RX_FIRST, RX_JOIN, RX_TAKE, RX_MOVE };

/* In order: find out which packet the mpacket belongs to. The last mpacket's context also gets the
 * packet's time. */
static ChipPacket *rx_assign(RxTx *rxtx, Context *c, const Mpacket *m) {
    Chip *chip = rxtx->chip;
    const RxTxCosts *costs = &rxtx->settings->costs;
    if (m->index == 0) {
        ChipPacket *cp = chip_buffer_get(chip);
        if (cp) {
            cp->pkt = m->pkt;
            rxtx->held++;
        }
        m->pkt->context = cp; /* NULL: no buffer, and every mpacket is thrown away */
        log_touch(c, FP_SCRATCH, false, false, costs->rx_first, 0, 4);
    } else {
        log_work(c, costs->rx_next);
    }
    return m->pkt->context;
}

ChipPacket *rx_run(RxTx *rxtx, Context *c, const Mpacket *m) {
    Chip *chip = rxtx->chip;
    ChipPacket *cp = rx_assign(rxtx, c, m);
    if (cp)
        log_touch(c, FP_DRAM, true, false, 0,
                  cp->fp.handle * FP_BUFFER_BYTES + m->index * chip->msf.element_bytes, m->bytes);
    log_touch(c, OP_RBUF_FREE, true, true, rxtx->settings->costs.rx_last, 0, 0);
    if (!m->last || !cp) return cp;
    cp->fp.bytes = m->pkt->data;
    cp->fp.length = cp->fp.original = m->pkt->length;
    cp->fp.rx_interface = (uint16_t)m->pkt->port;
    log_touch(c, FP_SRAM2, true, true, 0, 0, 32);
    return cp;
}

static void rx_move(RxTx *rxtx, Context *c, SimTime now) {
    Chip *chip = rxtx->chip;
    Mpacket m;
    Ring *ring = NULL;
    bool there = msf_take(&chip->msf, &m);
    g_assert(there);
    if (m.last) context_take(c, m.pkt, now);
    ChipPacket *cp = rx_run(rxtx, c, &m);
    section_pass(&rxtx->rx_assign, c, now);
    if (m.last && cp) {
        c->message = (uint64_t)(uintptr_t)cp;
        ring = c->block->ring_out;
    } else if (m.last) {
        c->pkt = NULL;
        chip_refuse(chip, CHIP_NO_BUFFER, m.pkt);
    }
    log_op(c, OP_PUT_IN_SECTION, ring, &rxtx->rx_put);
}

/* Contexts leave by turns (the first time without anything), and join the free list behind that: in
 * order, too. */
static bool rx_resume(Context *c, SimTime now) {
    RxTx *rxtx = c->block->user;
    Chip *chip = rxtx->chip;
    switch (c->step) {
    case RX_FIRST:
        log_op(c, OP_PUT_IN_SECTION, NULL, &rxtx->rx_put);
        c->step = RX_JOIN;
        return true;
    case RX_JOIN:
        c->step = RX_TAKE;
        if (!msf_join(&chip->msf, c, now)) return false;
        /* fall through */
    case RX_TAKE: /* an mpacket is there; whose section it is comes first */
        c->step = RX_MOVE;
        if (!section_held(&rxtx->rx_assign, c)) {
            log_op(c, OP_SECTION_WAIT, NULL, &rxtx->rx_assign);
            return true;
        }
        /* fall through */
    default:
        rx_move(rxtx, c, now);
        c->step = RX_JOIN;
        return true;
    }
}

/* Tx -------------------------------------------------------------------------------------- */

enum { TX_SECTION, TX_NEXT, TX_GOT, TX_ELEMENT, TX_VALID };

/* Make the emulator's packet what the blocks built. */
void tx_finish(RxTx *rxtx, ChipPacket *cp) {
    int32_t shift = cp->fp.offset;
    if (shift > 0)
        packet_pull(cp->pkt, (uint32_t)shift);
    else if (shift < 0)
        packet_push(cp->pkt, (uint32_t)-shift);
    packet_set_length(cp->pkt, cp->fp.length);
    cp->tx_port = rxtx->port ? rxtx->port(rxtx->user, cp) : cp->fp.result.interface;
}

/* Hand out the next mpacket of the packet under way to this context, which then waits for its
 * place in the transmit sequence. */
static void tx_claim(RxTx *rxtx, Context *c, SimTime now) {
    ChipPacket *cp = rxtx->sending;
    c->message = (uint64_t)(uintptr_t)cp;
    c->note = rxtx->sent++;
    if (rxtx->sent == rxtx->mpackets) rxtx->sending = NULL;
    /* Shared state moves on before anybody else may look at it. */
    section_pass(&rxtx->tx_packet, c, now);
}

void tx_run_get(RxTx *rxtx, Context *c) {
    log_touch(c, FP_SRAM2, false, false, rxtx->settings->costs.tx_get, 0, 12);
}

void tx_run_sequence(RxTx *rxtx, Context *c) {
    log_touch(c, OP_MSF, false, false, rxtx->settings->costs.tx_sequence, 0, 4);
}

static void tx_sequence(RxTx *rxtx, Context *c) {
    log_op(c, OP_SECTION_WAIT, NULL, &rxtx->tx_sequence);
    tx_run_sequence(rxtx, c);
    c->step = TX_ELEMENT;
}

Mpacket tx_mpacket(const RxTx *rxtx, const ChipPacket *cp, uint32_t index) {
    uint32_t element = rxtx->chip->msf.element_bytes;
    uint32_t left = packet_frame_bytes(cp->pkt->length) - index * element;
    return (Mpacket){
        .pkt = cp->pkt, .index = index, .bytes = MIN(left, element), .last = left <= element};
}

void tx_run_element(RxTx *rxtx, Context *c, const ChipPacket *cp, const Mpacket *m, uint32_t e) {
    uint32_t at = m->index * rxtx->chip->msf.element_bytes;
    log_touch(c, OP_DRAM_TO_TBUF, false, false, 0, cp->fp.handle * FP_BUFFER_BYTES + at, m->bytes);
    log_touch(c, OP_TBUF_VALID, true, false, rxtx->settings->costs.tx_next, e, 0);
}

/* The next element of the packet, its bytes and their validation; false: none is free, and the
 * context sleeps until one is. */
static bool tx_element(RxTx *rxtx, Context *c, ChipPacket *cp, bool *last, SimTime now) {
    Mpacket m = tx_mpacket(rxtx, cp, (uint32_t)c->note);
    int e = msf_tbuf_get(&rxtx->chip->msf, c, &m, cp->tx_port, now);
    if (e < 0) return false;
    *last = m.last;
    tx_run_element(rxtx, c, cp, &m, (uint32_t)e);
    return true;
}

/* The last mpacket is valid: a message for Statistics, and its buffer is free. */
uint64_t tx_run_last(RxTx *rxtx, Context *c, const ChipPacket *cp) {
    log_touch(c, FP_SCRATCH, true, false, rxtx->settings->costs.tx_last, 0, 4);
    return stats_message(cp->fp.result.stats, true, cp->fp.length);
}

static void tx_last(RxTx *rxtx, Context *c, ChipPacket *cp) {
    c->message = tx_run_last(rxtx, c, cp);
    rxtx_discard(rxtx, cp);
    if (rxtx->ring_stats) log_op(c, OP_RING_PUT, rxtx->ring_stats, NULL);
}

static bool tx_resume(Context *c, SimTime now) {
    RxTx *rxtx = c->block->user;
    Chip *chip = rxtx->chip;
    const RxTxCosts *costs = &rxtx->settings->costs;
    ChipPacket *cp = (ChipPacket *)(uintptr_t)c->message;
    switch (c->step) {
    case TX_VALID: /* the packet's last mpacket */
        tx_last(rxtx, c, cp);
        /* fall through */
    case TX_SECTION:
        log_op(c, OP_SECTION_IDLE, NULL, &rxtx->tx_packet);
        c->step = TX_NEXT;
        return true;
    case TX_NEXT:
        if (rxtx->sending) {
            tx_claim(rxtx, c, now);
            tx_sequence(rxtx, c);
            return true;
        }
        log_op(c, OP_RING_GET, c->block->ring_in, NULL);
        tx_run_get(rxtx, c);
        c->step = TX_GOT;
        return true;
    case TX_GOT:
        tx_finish(rxtx, cp);
        rxtx->sending = cp;
        rxtx->sent = 0;
        rxtx->mpackets = msf_mpackets(&chip->msf, cp->pkt->length);
        tx_claim(rxtx, c, now);
        if (rxtx->mpackets > 1) { /* other contexts work on it too: one account for all */
            packet_charge(cp->pkt, CAUSE_TX_BUFFER, now);
            c->pkt = NULL;
        }
        log_work(c, costs->tx_first);
        tx_sequence(rxtx, c);
        return true;
    default: { /* TX_ELEMENT */
        bool last;
        if (!tx_element(rxtx, c, cp, &last, now)) return false;
        section_pass(&rxtx->tx_sequence, c, now);
        c->step = last ? TX_VALID : TX_SECTION;
        return true;
    }
    }
}

/* Tx without ordered sections but the sequences of the schedulers. */
enum { TXD_GET, TXD_GOT, TXD_SEQUENCE, TXD_ELEMENT, TXD_VALID };

static bool tx_resume_per_scheduler(Context *c, SimTime now) {
    RxTx *rxtx = c->block->user;
    ChipPacket *cp = (ChipPacket *)(uintptr_t)c->message;
    switch (c->step) {
    case TXD_VALID:
        tx_last(rxtx, c, cp);
        /* fall through */
    case TXD_GET:
        log_op(c, OP_RING_GET, c->block->ring_in, NULL);
        tx_run_get(rxtx, c);
        c->step = TXD_GOT;
        return true;
    case TXD_GOT:
        tx_finish(rxtx, cp);
        c->note = 0;
        log_work(c, rxtx->settings->costs.tx_first);
        log_op(c, OP_SEQUENCE_WAIT, NULL, NULL);
        /* fall through */
    case TXD_SEQUENCE:
        tx_run_sequence(rxtx, c);
        c->step = TXD_ELEMENT;
        return true;
    default: { /* TXD_ELEMENT */
        bool last;
        if (!tx_element(rxtx, c, cp, &last, now)) return false;
        if (last) sequence_pass(cp->sequence, c, now);
        c->note++;
        c->step = last ? TXD_VALID : TXD_SEQUENCE;
        return true;
    }
    }
}

bool rxtx_add_rx(RxTx *rxtx, unsigned n_mes, GError **error) {
    Chip *chip = rxtx->chip;
    if (!chip_add_block(chip, &rxtx->rx, "rx", n_mes, NULL, rx_resume, rxtx, error)) return false;
    rxtx->rx_assign.block = rxtx->rx_put.block = &rxtx->rx;
    return true;
}

bool rxtx_add_tx(RxTx *rxtx, unsigned n_mes, Ring *in, GError **error) {
    static BlockResume *const resume[] = {
        [TX_ORDER_CHIP] = tx_resume, [TX_ORDER_SCHEDULER] = tx_resume_per_scheduler};
    Chip *chip = rxtx->chip;
    if (!chip_add_block(chip, &rxtx->tx, "tx", n_mes, in, resume[rxtx->settings->tx_order], rxtx,
                        error))
        return false;
    rxtx->tx_packet.block = rxtx->tx_sequence.block = &rxtx->tx;
    return true;
}
