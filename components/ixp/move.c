/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Rx and Tx, segment by segment. */
#include "components/ixp/move.h"

static inline void work(Context *c, uint64_t instructions) {
    c->log.reference[c->log.n++] =
        (FpReference){.unit = FP_NONE, .posted = true, .instructions = (uint16_t)instructions};
}

static inline void touch(Context *c, FpUnit unit, bool write, bool posted, uint64_t instructions,
                         uint32_t address, uint32_t bytes) {
    c->log.reference[c->log.n++] = (FpReference){.unit = (uint8_t)unit,
                                                 .write = write,
                                                 .posted = posted,
                                                 .address = address,
                                                 .instructions = (uint16_t)instructions,
                                                 .bytes = (uint16_t)bytes};
}

void mover_discard(Mover *mover, ChipPacket *cp) {
    chip_buffer_put(mover->rx.chip, cp);
    mover->held--;
}

void mover_release(Mover *mover, Context *c, ChipPacket *cp) {
    mover_discard(mover, cp);
    touch(c, FP_SCRATCH, true, true, 0, 0, 4);
}

/* Rx -------------------------------------------------------------------------------------- */

enum { RX_TURN, RX_JOIN, RX_TAKE, RX_MOVE, RX_FREE, RX_DONE };

/* The mpacket a context works on is packed into its note while it waits. */
typedef struct {
    uint32_t index, bytes;
    bool last;
} RxNote;

static uintptr_t rx_pack(const Mpacket *m) {
    return (uintptr_t)m->index << 32 | (uintptr_t)m->bytes << 1 | m->last;
}
static RxNote rx_unpack(uintptr_t note) {
    return (RxNote){
        .index = (uint32_t)(note >> 32), .bytes = (uint32_t)note >> 1, .last = note & 1};
}

/* In order: find out which packet the mpacket belongs to. Contexts carry on with the ChipPacket;
 * the last one also with the packet's time. */
static void rx_assign(Mover *mover, Context *c, const Mpacket *m, SimTime now) {
    Chip *chip = c->me->chip;
    const MoveCosts *costs = mover->costs;
    if (m->index == 0) {
        ChipPacket *cp = chip_buffer_get(chip);
        if (cp) {
            cp->pkt = m->pkt;
            mover->held++;
        }
        m->pkt->context = cp; /* NULL: no buffer, and every mpacket is thrown away */
        touch(c, FP_SCRATCH, false, false, costs->rx_first, 0, 4);
    } else {
        work(c, costs->rx_next);
    }
    c->message = (uint64_t)(uintptr_t)m->pkt->context;
    c->note = rx_pack(m);
    if (m->last) context_take(c, m->pkt, now);
}

static bool rx_resume(Context *c, SimTime now) {
    Mover *mover = c->block->program;
    Chip *chip = c->me->chip;
    ChipPacket *cp = (ChipPacket *)(uintptr_t)c->message;
    switch (c->step) {
    case RX_TURN:
        op(c, OP_TURN_WAIT, true, (unsigned)c->block->turn_in);
        c->step = RX_JOIN;
        return true;
    case RX_JOIN:
        c->step = RX_TAKE;
        turn_pass(chip, (unsigned)c->block->turn_in, c, now);
        if (!msf_join(&chip->msf, c, now)) return false;
        /* fall through */
    case RX_TAKE: /* an mpacket is there; whose turn it is comes first */
        op(c, OP_TURN_WAIT, false, (unsigned)mover->turn_rx_assign);
        c->step = RX_MOVE;
        return true;
    case RX_MOVE: {
        Mpacket m;
        bool there = msf_take(&chip->msf, &m);
        g_assert(there);
        rx_assign(mover, c, &m, now);
        turn_pass(chip, (unsigned)mover->turn_rx_assign, c, now);
        cp = (ChipPacket *)(uintptr_t)c->message;
        if (cp)
            touch(c, FP_DRAM, true, false, 0,
                  cp->fp.handle * FP_BUFFER_BYTES + m.index * chip->msf.element_bytes, m.bytes);
        c->step = RX_FREE;
        return true;
    }
    case RX_FREE: {
        RxNote note = rx_unpack(c->note);
        msf_rbuf_free(&chip->msf, now);
        work(c, mover->costs->rx_last);
        if (note.last && cp) touch(c, FP_SRAM2, true, true, 0, 0, 32);
        op(c, OP_TURN_WAIT, false, (unsigned)c->block->turn_out);
        c->step = RX_DONE;
        return true;
    }
    default: {
        bool last = rx_unpack(c->note).last;
        c->step = RX_TURN;
        unsigned ring = NO_RING;
        if (last && cp) {
            cp->fp.bytes = cp->pkt->data;
            cp->fp.length = cp->fp.original = cp->pkt->length;
            cp->fp.rx_interface = (uint16_t)cp->pkt->port;
            ring = (unsigned)c->block->ring_out;
        } else if (last) {
            Packet *pkt = c->pkt;
            c->pkt = NULL;
            component_drop(chip->owner, mover->drop_no_buffer, pkt);
        }
        op_in_turn(c, OP_PUT_IN_TURN, ring, (unsigned)c->block->turn_out);
        return true;
    }
    }
}

/* Tx -------------------------------------------------------------------------------------- */

enum { TX_TURN, TX_NEXT, TX_GOT, TX_SEQUENCE, TX_ELEMENT, TX_VALID, TX_DONE };

/* Hand out the next mpacket of the packet under way to this context. */
static void tx_claim(Mover *mover, Context *c) {
    ChipPacket *cp = mover->sending;
    c->message = (uint64_t)(uintptr_t)cp;
    c->note = mover->sent++;
    if (mover->sent == mover->mpackets) mover->sending = NULL;
}

/* A context's note between element and validation. The packet must not be asked any more: another
 * context may finish its last mpacket first. */
static uintptr_t tx_pack(int element, bool last) {
    return (uintptr_t)element << 1 | last;
}

static bool tx_resume(Context *c, SimTime now) {
    Mover *mover = c->block->program;
    Chip *chip = c->me->chip;
    const MoveCosts *costs = mover->costs;
    ChipPacket *cp = (ChipPacket *)(uintptr_t)c->message;
    switch (c->step) {
    case TX_TURN:
        op(c, OP_TURN_WAIT, true, (unsigned)c->block->turn_in);
        c->step = TX_NEXT;
        return true;
    case TX_NEXT:
        if (mover->sending) {
            tx_claim(mover, c);
            turn_pass(chip, (unsigned)c->block->turn_in, c, now);
            op(c, OP_TURN_WAIT, false, (unsigned)mover->turn_tx_sequence);
            c->step = TX_SEQUENCE;
            return true;
        }
        op(c, OP_RING_GET, false, (unsigned)c->block->ring_in);
        touch(c, FP_SRAM2, false, false, costs->tx_get, 0, 12);
        c->step = TX_GOT;
        return true;
    case TX_GOT:
        cp->tx_port = mover->finish(mover->program, cp);
        mover->sending = cp;
        mover->sent = 0;
        mover->mpackets = msf_mpackets(&chip->msf, cp->pkt->length);
        tx_claim(mover, c);
        /* Shared state moves on before anybody else may look at it. */
        turn_pass(chip, (unsigned)c->block->turn_in, c, now);
        if (mover->mpackets > 1) { /* other contexts work on it too: one account for all */
            packet_charge(cp->pkt, CAUSE_TX_BUFFER, now);
            c->pkt = NULL;
        }
        work(c, costs->tx_first);
        op(c, OP_TURN_WAIT, false, (unsigned)mover->turn_tx_sequence);
        c->step = TX_SEQUENCE;
        return true;
    case TX_SEQUENCE:
        c->log.reference[c->log.n++] =
            (FpReference){.unit = OP_MSF, .instructions = (uint16_t)costs->tx_sequence};
        c->step = TX_ELEMENT;
        return true;
    case TX_ELEMENT: {
        uint32_t element = chip->msf.element_bytes, at = (uint32_t)c->note * element;
        uint32_t left = packet_frame_bytes(cp->pkt->length) - at;
        Mpacket m = {.pkt = cp->pkt,
                     .index = (uint32_t)c->note,
                     .bytes = MIN(left, element),
                     .last = left <= element};
        int e = msf_tbuf_get(&chip->msf, c, &m, cp->tx_port, now);
        if (e < 0) return false;
        c->note = tx_pack(e, m.last);
        turn_pass(chip, (unsigned)mover->turn_tx_sequence, c, now);
        touch(c, FP_DRAM, false, false, 0, cp->fp.handle * FP_BUFFER_BYTES + at, m.bytes);
        work(c, costs->tx_next);
        c->step = TX_VALID;
        return true;
    }
    case TX_VALID: {
        int element = (int)(c->note >> 1);
        if (c->pkt) context_leave(c, CAUSE_TX_BUFFER, now);
        op(c, OP_MSF, true, 0);
        if (c->note & 1) {
            uint32_t index = cp->fp.result.stats, bytes = cp->pkt->length;
            work(c, costs->tx_last);
            mover_release(mover, c, cp);
            if (mover->ring_stats >= 0) {
                c->message = stats_message(index, true, bytes);
                op(c, OP_RING_PUT, false, (unsigned)mover->ring_stats);
            }
        }
        msf_tbuf_valid(&chip->msf, element, now);
        c->step = TX_TURN;
        return true;
    }
    default: g_assert_not_reached();
    }
}

/* Tx without turns but those of the domains. */
enum { TXD_GET, TXD_GOT, TXD_SEQUENCE, TXD_ELEMENT, TXD_VALID };

static bool tx_resume_domains(Context *c, SimTime now) {
    Mover *mover = c->block->program;
    Chip *chip = c->me->chip;
    const MoveCosts *costs = mover->costs;
    ChipPacket *cp = (ChipPacket *)(uintptr_t)c->message;
    switch (c->step) {
    case TXD_GET:
        op(c, OP_RING_GET, false, (unsigned)c->block->ring_in);
        touch(c, FP_SRAM2, false, false, costs->tx_get, 0, 12);
        c->step = TXD_GOT;
        return true;
    case TXD_GOT:
        cp->tx_port = mover->finish(mover->program, cp);
        c->note = 0;
        work(c, costs->tx_first);
        op(c, OP_TICKET_WAIT, false, 0);
        c->step = TXD_SEQUENCE;
        /* fall through */
    case TXD_SEQUENCE:
        c->log.reference[c->log.n++] =
            (FpReference){.unit = OP_MSF, .instructions = (uint16_t)costs->tx_sequence};
        c->step = TXD_ELEMENT;
        return true;
    case TXD_ELEMENT: {
        uint32_t element = chip->msf.element_bytes, at = (uint32_t)c->note * element;
        uint32_t left = packet_frame_bytes(cp->pkt->length) - at;
        Mpacket m = {.pkt = cp->pkt,
                     .index = (uint32_t)c->note,
                     .bytes = MIN(left, element),
                     .last = left <= element};
        int e = msf_tbuf_get(&chip->msf, c, &m, cp->tx_port, now);
        if (e < 0) return false;
        if (m.last) ticket_pass(chip, cp->domain, c, now);
        c->note = (c->note + 1) << 32 | tx_pack(e, m.last);
        touch(c, FP_DRAM, false, false, 0, cp->fp.handle * FP_BUFFER_BYTES + at, m.bytes);
        work(c, costs->tx_next);
        c->step = TXD_VALID;
        return true;
    }
    case TXD_VALID: {
        int element = (int)((uint32_t)c->note >> 1);
        bool last = c->note & 1;
        op(c, OP_MSF, true, 0);
        if (last) {
            uint32_t index = cp->fp.result.stats, bytes = cp->pkt->length;
            context_leave(c, CAUSE_TX_BUFFER, now);
            work(c, costs->tx_last);
            mover_release(mover, c, cp);
            if (mover->ring_stats >= 0) {
                c->message = stats_message(index, true, bytes);
                op(c, OP_RING_PUT, false, (unsigned)mover->ring_stats);
            }
        }
        msf_tbuf_valid(&chip->msf, element, now);
        c->note >>= 32;
        c->step = last ? TXD_GET : TXD_SEQUENCE;
        return true;
    }
    default: g_assert_not_reached();
    }
}

bool mover_add_rx(Mover *mover, Chip *chip, unsigned n_mes, GError **error) {
    if (!chip_add_block(chip, &mover->rx, "rx", n_mes, rx_resume, mover, error)) return false;
    mover->rx.turn_in = chip_add_turn(chip, "rx free list", &mover->rx);
    mover->turn_rx_assign = chip_add_turn(chip, "rx assign", &mover->rx);
    mover->rx.turn_out = chip_add_turn(chip, "rx put", &mover->rx);
    return true;
}

bool mover_add_tx(Mover *mover, Chip *chip, unsigned n_mes, GError **error) {
    if (!chip_add_block(chip, &mover->tx, "tx", n_mes,
                        mover->domains ? tx_resume_domains : tx_resume, mover, error))
        return false;
    mover->tx.turn_in = chip_add_turn(chip, "tx packet", &mover->tx);
    mover->turn_tx_sequence = chip_add_turn(chip, "tx sequence", &mover->tx);
    return true;
}
