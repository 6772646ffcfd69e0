/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/ixp/rxtx.h: the Rx and Tx blocks, which only move bytes: RBUF to DRAM and DRAM to
 * TBUF, one mpacket at a time, each mpacket by the next context in order.
 *
 * Rx, per mpacket: [in order: note which packet it belongs to, and for a first mpacket take a
 * buffer]; RBUF to DRAM; free the element; for a last mpacket write the buffer descriptor; [in
 * order: hand the packet to the next block; join the free list].
 *
 * Tx, per mpacket: [in order 1: for a first mpacket get the packet from the ring and read its
 * descriptor]; [in order 2: wait for the transmit sequence, take the next TBUF element]; DRAM to
 * TBUF; validate; for a last mpacket free the buffer and tell Statistics.
 *
 * That keeps the order of the whole chip. With `tx_order = scheduler` contexts take packets
 * independently, each moves all mpackets of its packet, and only packets of one scheduler wait for
 * each other, from their element on. (Assumed for the line card, whose interfaces owe each other no
 * order; the paper's NPE has the limits of the order over the chip.)
 *
 * Section 1 costs a scratch get plus an SRAM read per packet, whatever the number of contexts, and
 * section 2 a register read per mpacket: with the order of the chip these two serial sections, not
 * the amount of work, set the NPE's packet rate and its mpacket rate. Pattern and instruction
 * counts after the IXP2400 receive and transmit microcode in the Linux tree (drivers/net/ixp2000,
 * 2004): 75 and 56 instructions for a frame of one mpacket, 57 and 44 for a middle one.
 *
 * The microcode of Tx gives up its ME eight times for a frame of one mpacket: at its turn, for ring
 * and descriptor, at its second turn, for DRAM, the validation of the element, at a third turn, and
 * for the free list. So does this one, a turn that is there included, but with the register read of
 * section 2 in the place of the third turn. That read is assumed, with the latency that is fitted
 * to F11-80: the microcode reads the register only while more than 96 of 128 elements are in use.
 * An element is valid when its context begins to wait for that to be written. (Rx's nine are fewer
 * here: what it writes is posted. It is never the limit.) */
#pragma once

#include "components/ixp/chip.h"

typedef struct {
    /* instructions */
    uint64_t rx_first, rx_next, rx_last, tx_get, tx_first, tx_sequence, tx_next, tx_last;
} RxTxCosts;

enum { TX_ORDER_CHIP, TX_ORDER_SCHEDULER };

typedef struct {
    RxTxCosts costs;
    uint64_t me_rx, me_tx, ring_rx, ring_tx;
    int tx_order;
} RxTxSettings;

/* The port that a packet leaves by, when Tx has read its descriptor. */
typedef unsigned TxPort(void *user, const ChipPacket *cp);

typedef struct {
    const RxTxSettings *settings;
    Chip *chip;
    TxPort *port; /* NULL: the port is the interface of the packet's result */
    void *user;   /* of port */
    /* state */
    Block rx, tx;
    Section rx_assign, rx_put, tx_packet, tx_sequence;
    ChipPacket *sending; /* the packet whose mpackets Tx is handing out */
    uint32_t sent, mpackets;
    Ring *ring_stats; /* NULL: none */
    uint64_t held;    /* buffers between Rx and Tx */
} RxTx;

#define RXTX_PARAMS(S, field, each_way, order)                                                     \
    PARAM_COUNT("me_rx", S, field.me_rx, "2", "1", "9", "microengines for Rx" each_way,            \
                "ONL NPR deck: 2"),                                                                \
        PARAM_COUNT("me_tx", S, field.me_tx, "2", "1", "9", "microengines for Tx" each_way,        \
                    "assumed"),                                                                    \
        PARAM_COUNT("ring_rx", S, field.ring_rx, "128", "2", "1024",                               \
                    "messages in the scratch ring from Rx",                                        \
                    "assumed: 512 words of 4-word messages, HRM 57"),                              \
        PARAM_COUNT("ring_tx", S, field.ring_tx, "128", "2", "1024",                               \
                    "messages in the scratch ring to Tx", "assumed"),                              \
        PARAM_ENUM(                                                                                \
            "tx_order", S, field.tx_order, order, "chip|scheduler",                                \
            "what Tx keeps in order: the chip's packets, or those of each scheduler",              \
            "assumed: chip on the NPE, whose Tx is the limit of Figure 9, scheduler on the line "  \
            "card, whose interfaces owe each other no order"),                                     \
        PARAM_COST("instr_rx_first", S, field.costs.rx_first, "36", "1", "4096",                   \
                   "Rx, first mpacket: status, reassembly state, buffer", RXTX_RX_SOURCE),         \
        PARAM_COST("instr_rx_next", S, field.costs.rx_next, "27", "1", "4096",                     \
                   "Rx, further mpacket: status, reassembly state", RXTX_RX_SOURCE),               \
        PARAM_COST("instr_rx_last", S, field.costs.rx_last, "39", "1", "4096",                     \
                   "Rx, after RBUF to DRAM: free the element, descriptor, ring", RXTX_RX_SOURCE),  \
        PARAM_COST("instr_tx_get", S, field.costs.tx_get, "10", "1", "4096",                       \
                   "Tx, in order 1, once per packet: ring, descriptor, state",                     \
                   "calibrated on F9-npe-pps"),                                                    \
        PARAM_COST("instr_tx_first", S, field.costs.tx_first, "12", "0", "4096",                   \
                   "Tx, first mpacket: packet state, after section 1", RXTX_TX_SOURCE),            \
        PARAM_COST("instr_tx_sequence", S, field.costs.tx_sequence, "30", "1", "4096",             \
                   "Tx, in order 2, per mpacket: transmit sequence, element",                      \
                   "assumed: state in local memory, one register read"),                           \
        PARAM_COST("instr_tx_next", S, field.costs.tx_next, "14", "1", "4096",                     \
                   "Tx, per mpacket: element control word, validate", RXTX_TX_SOURCE),             \
        PARAM_COST("instr_tx_last", S, field.costs.tx_last, "10", "0", "4096",                     \
                   "Tx, last mpacket: free the buffer, statistics", RXTX_TX_SOURCE)
#define RXTX_RX_SOURCE "IXP2400 Rx microcode: 75 in all for one mpacket; the split is assumed"
#define RXTX_TX_SOURCE "IXP2400 Tx microcode: 56 in all for one mpacket; the split is assumed"

/* Add the blocks to the chip; the members above `state` are set. Rx puts into rx.ring_out. */
bool rxtx_add_rx(RxTx *rxtx, unsigned n_mes, GError **error);
bool rxtx_add_tx(RxTx *rxtx, unsigned n_mes, Ring *in, GError **error);
/* Give a buffer back that a block dropped; logs the free-list put. */
void rxtx_release(RxTx *rxtx, Context *c, ChipPacket *cp);

/* The same, from outside the MEs; the packet is the caller's. */
void rxtx_discard(RxTx *rxtx, ChipPacket *cp);

/* For fast timing: what Rx and Tx do between their turns, into the context's log, on a packet that
 * is theirs. Rx's buffer for the mpacket's packet, NULL: there is none. */
ChipPacket *rx_run(RxTx *rxtx, Context *c, const Mpacket *m);
void tx_run_get(RxTx *rxtx, Context *c);
void tx_finish(RxTx *rxtx, ChipPacket *cp); /* the packet is what the blocks built */
void tx_run_sequence(RxTx *rxtx, Context *c);
Mpacket tx_mpacket(const RxTx *rxtx, const ChipPacket *cp, uint32_t index);
void tx_run_element(RxTx *rxtx, Context *c, const ChipPacket *cp, const Mpacket *m, uint32_t e);
/* Returns the message for Statistics. */
uint64_t tx_run_last(RxTx *rxtx, Context *c, const ChipPacket *cp);

/* A message for Statistics: 32 bits of counter and whose it is, 1 of direction, 31 of bytes. */
static inline uint64_t stats_message(uint32_t stats, bool out, uint32_t bytes) {
    return (uint64_t)stats << 32 | (uint64_t)out << 31 | bytes;
}
