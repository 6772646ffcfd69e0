/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/ixp/fast/lane.h: when something that serves one at a time is taken: a microengine, a
 * bus, a bank. Fast timing asks for it in the order of packets, not of time; a lane therefore has a
 * bit for each cycle of some time, and gives away those that are free.
 *
 * Who asks from a time on begins with the first free cycle from there on, and is not interrupted.
 * If somebody who asked earlier, for later, has some of the cycles that this takes, as many behind
 * them are taken instead: nothing is served twice at a time in sum, and nothing is lost between
 * pieces; only who had them is not told that it is later now.
 *
 * Time is in cycles of the microengines. No allocation but in lane_init, no division. */
#pragma once

#include <endian.h>
#include <stdint.h>
#include <string.h>

typedef uint64_t Cycle;
#define CYCLE_NEVER UINT64_MAX

/* That a lane knows at first, and at most: 12 and 187 us at 1.4 GHz. It grows as it is asked for.
 */
#define LANE_CYCLES (UINT64_C(1) << 14)
#define LANE_MOST (UINT64_C(1) << 18)

typedef struct {
    uint64_t *word; /* little-endian; a ring */
    Cycle size;     /* in bits, a power of two */
    Cycle floor;    /* nobody asks for less; the first of a word */
    Cycle high;     /* nothing is taken from here on, but for what is beyond the bits */
    Cycle beyond;   /* from the end of the bits to here all is taken: first come, first served */
    Cycle used;     /* in all */
} Lane;

void lane_init(Lane *lane);
void lane_clear(Lane *lane);
/* Nobody asks for times before `now` any more. */
void lane_forget(Lane *lane, Cycle now);

/* The same where not all cycles are near each other, and free. */
Cycle lane_take_pieces(Lane *lane, Cycle from, uint32_t n);

/* The bits from a cycle on, 57 at least, as a number; they are bytes in the order of time. */
static inline uint8_t *lane_byte(const Lane *lane, Cycle at) {
    return (uint8_t *)lane->word + (at & (lane->size - 1)) / 8;
}
static inline uint64_t lane_bits(const uint8_t *byte) {
    uint64_t bits;
    memcpy(&bits, byte, sizeof bits);
    return le64toh(bits);
}
static inline void lane_set(Lane *lane, uint8_t *byte, uint64_t bits, Cycle end) {
    bits = htole64(bits);
    memcpy(byte, &bits, sizeof bits);
    if (end > lane->high) lane->high = end;
}

/* Take n cycles from `from` on, whoever has them. */
Cycle lane_claim(Lane *lane, Cycle from, uint32_t n);
/* Take n cycles, one at least, from `from` on; returns the cycle after the last. The usual is that
 * all of them are free. */
static inline Cycle lane_take(Lane *lane, Cycle from, uint32_t n) {
    lane->used += n;
    Cycle room = lane->size - 64;
    if ((n <= 57) & ((from & (lane->size - 1)) < room) & (from - lane->floor < room)) {
        uint8_t *byte = lane_byte(lane, from);
        uint64_t bits = lane_bits(byte), mask = UINT64_MAX >> (64 - n) << (from & 7);
        if (!(bits & mask)) {
            lane_set(lane, byte, bits | mask, from + n);
            return from + n;
        }
    }
    return lane_take_pieces(lane, from, n);
}

/* The first free cycle from `from` on. */
Cycle lane_search(const Lane *lane, Cycle from);
static inline Cycle lane_free(const Lane *lane, Cycle from) {
    if (from >= lane->high && from >= lane->beyond) return from;
    if (from - lane->floor < lane->size && !(*lane_byte(lane, from) >> (from & 7) & 1)) return from;
    return lane_search(lane, from);
}
