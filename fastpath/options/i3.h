/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * fastpath/options/i3.h: the Internet Indirection Infrastructure (Stoica et al., SIGCOMM 2002) as a
 * code option, with the share of work of SPP paper, section 7.2: the fast path does the Chord
 * forwarding and the trigger that is here, alone and sends to a host; all else goes to the slow
 * path.
 *
 * Header behind the tunnel's UDP, 35 bytes with one id and no options:
 *
 *     0  version, 0x10
 *     1  flags: 0x10 data follows, 0x20 option list present, 0x40 from the client (first hop)
 *     2  n, the number of ids, 0 to 15
 *     3  n ids of 32 bytes, top first; the top one decides
 *        with flag 0x20: length of the options, 2 bytes, counting themselves; options
 *        payload, to the end of the datagram
 *
 * Chord (Stoica et al., SIGCOMM 2001): ids on a circle of 160 bits, of an I3 id its first 20 bytes.
 * A node owns what lies in (predecessor, itself]; alone it owns all. Finger i is the first node at
 * itself + 2^i or behind. A trigger's filter has the first 112 bits of its id as key, as many as
 * the TCAM has for a slice; the whole id stands in the slice's SRAM and Format compares it.
 *
 * In the slice's SRAM block, big-endian:
 *
 *     0   own id 20, predecessor's id 20, zero 24
 *     64  160 fingers of 32 bytes: id 20, next hop 4, UDP port 2, queue 2, counter 2, interface 1,
 *         below 1 (1 + the next lower finger that is another node, 0: there is none)
 *     i3_node_bytes() and up: the triggers' ids, 32 bytes each, where the control side wants them
 *
 * Queues and counters are numbered as the slice numbers them. */
#pragma once

#include "fastpath/options/options.h"

enum { I3_AT_VERSION = 0, I3_AT_FLAGS = 1, I3_AT_COUNT = 2, I3_AT_IDS = 3 };
#define I3_VERSION 0x10u
#define I3_DATA 0x10u
#define I3_OPTION_LIST 0x20u
#define I3_FIRST_HOP 0x40u
#define I3_ID_BYTES 32u
#define I3_CHORD_BYTES 20u
#define I3_FINGERS 160u
#define I3_HEADER_BYTES (I3_AT_IDS + I3_ID_BYTES) /* with one id */

/* What Parse makes of a header of which `length` bytes are there: FP_OK for one id without
 * options. */
FpReason i3_classify(const uint8_t *header, uint32_t length);

extern const FpCodeOption i3_option;

/* The control side. `block` is the slice's SRAM block, i3_node_bytes() bytes or more, zero before
 * the first call. */
typedef struct {
    uint8_t id[I3_CHORD_BYTES];
    uint32_t next_hop; /* 0: not known, packets go to the slow path */
    uint16_t port, queue, stats;
    uint8_t interface;
} I3Finger;

uint32_t i3_node_bytes(void);
void i3_write_node(uint8_t *block, const uint8_t self[I3_CHORD_BYTES],
                   const uint8_t predecessor[I3_CHORD_BYTES]);
/* Set finger i, 0 (the successor) to 159. Cheapest in rising order. */
void i3_write_finger(uint8_t *block, unsigned i, const I3Finger *finger);
/* The filter of a trigger. Its result's `data` says where the whole id stands in the block. */
void i3_trigger_filter(const uint8_t id[I3_ID_BYTES], uint8_t key[FP_KEY_BYTES],
                       uint8_t mask[FP_KEY_BYTES]);
