/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/causes.h: what a packet's time can go to inside components, after what the engine
 * knows (emu/core/packet.h). A new cause is one line here; sinks report each as `cause.NAME_us`, in
 * this order. */
#pragma once

#include "emu/core/packet.h"

/* Symbol, name, sentence. */
#define COMPONENT_CAUSES(X)                                                                        \
    X(CAUSE_RX_BUFFER, "rx_buffer",                                                                \
      "MAC buffer, SPI-4 transfer and RBUF, before a context has it")                              \
    X(CAUSE_EXECUTE, "execute", "microengine instructions")                                        \
    X(CAUSE_SWAP, "swap", "context swaps")                                                         \
    X(CAUSE_READY, "ready", "ready, but another context has the microengine")                      \
    X(CAUSE_SRAM, "sram", "SRAM references")                                                       \
    X(CAUSE_DRAM, "dram", "DRAM references")                                                       \
    X(CAUSE_TCAM, "tcam", "TCAM look-ups")                                                         \
    X(CAUSE_SCRATCH, "scratch", "scratchpad references")                                           \
    X(CAUSE_MSF, "msf", "media switch fabric registers and free transmit elements")                \
    X(CAUSE_SECTION, "section", "an ordered section that others are in")                           \
    X(CAUSE_RING, "ring", "rings between blocks, waiting or full")                                 \
    X(CAUSE_QUEUE, "queue", "queue manager: backlog and rate limit")                               \
    X(CAUSE_TX_BUFFER, "tx_buffer", "TBUF, SPI-4 transfer and MAC buffer on the way out")          \
    X(CAUSE_SWITCH, "switch", "switch buffers and latency")                                        \
    X(CAUSE_HOST, "host", "server: rings, sockets, scheduling and software")

enum {
    CAUSE_BEFORE_COMPONENTS = PACKET_N_GENERIC_CAUSES - 1,
#define X(symbol, name, text) symbol,
    COMPONENT_CAUSES(X)
#undef X
        N_CAUSES
};
_Static_assert(N_CAUSES <= PACKET_MAX_CAUSES, "a packet has no account for so many causes");

/* All of them, the engine's first. */
typedef struct {
    const char *name, *text;
} Cause;
extern const Cause causes[N_CAUSES];
