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

/* That a lane knows at first, and at most: 12 and 374 us at 1.4 GHz. It grows as it is asked for.
 */
#define LANE_CYCLES (UINT64_C(1) << 14)
#define LANE_MOST (UINT64_C(1) << 19)

typedef struct {
    uint8_t *byte; /* the bits, in the order of time */
    Cycle floor;   /* time of the first; what is less is past, and nobody else's */
    Cycle size;    /* of them, a multiple of 64 */
    Cycle room;    /* before so many a piece of 57 is among them */
    Cycle beyond;  /* from the end of the bits to here all is taken: first come, first served */
    Cycle used;    /* in all */
} Lane;

void lane_init(Lane *lane);
void lane_clear(Lane *lane);
/* What is before `now` is past. (It is not forgotten each time.) */
void lane_forget_past(Lane *lane, Cycle now);
static inline void lane_forget(Lane *lane, Cycle now) {
    if (now - lane->floor >= lane->size / 2) lane_forget_past(lane, now);
}

/* The same where not all cycles are near each other, and free. */
Cycle lane_take_pieces(Lane *lane, Cycle from, uint32_t n);

/* Bits from one on, as a number: 57 at least from any bit. */
static inline uint64_t lane_bits(const uint8_t *byte) {
    uint64_t bits;
    memcpy(&bits, byte, sizeof bits);
    return le64toh(bits);
}
static inline void lane_set(uint8_t *byte, uint64_t bits) {
    bits = htole64(bits);
    memcpy(byte, &bits, sizeof bits);
}

/* Take n cycles from `from` on, whoever has them. */
Cycle lane_claim(Lane *lane, Cycle from, uint32_t n);
/* Take n cycles, one at least, from `from` on; returns the cycle after the last. The usual is that
 * all of them are free. */
static inline Cycle lane_take(Lane *lane, Cycle from, uint32_t n) {
    lane->used += n;
    Cycle at = from - lane->floor;
    if (n <= 57 && at < lane->room) {
        uint8_t *byte = lane->byte + at / 8;
        uint64_t bits = lane_bits(byte), mask = ((UINT64_C(1) << n) - 1) << (at & 7);
        if (!(bits & mask)) {
            lane_set(byte, bits | mask);
            return from + n;
        }
    }
    return lane_take_pieces(lane, from, n);
}

/* The first free cycle from `from` on. */
Cycle lane_search(const Lane *lane, Cycle from);
static inline Cycle lane_free(const Lane *lane, Cycle from) {
    Cycle at = from - lane->floor;
    return at < lane->size && !(lane->byte[at / 8] >> (at & 7) & 1) ? from
                                                                    : lane_search(lane, from);
}
