/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Lanes. */
#include "components/ixp/fast/lane.h"

#include <glib.h>

static void resize(Lane *lane, Cycle size) {
    lane->byte = g_realloc(lane->byte, size / 8);
    memset(lane->byte + lane->size / 8, 0, (size - lane->size) / 8);
    lane->size = size;
    lane->room = size - 64;
}

void lane_init(Lane *lane) {
    *lane = (Lane){0};
    resize(lane, LANE_CYCLES);
}

void lane_clear(Lane *lane) {
    g_free(lane->byte);
}

/* Take the first of some free cycles, *n of them or all: bits from `byte` on; `free` is not 0. */
static inline void take_first(uint8_t *byte, uint64_t free, uint64_t *n) {
    uint64_t taken = lane_bits(byte);
    do {
        unsigned begin = (unsigned)__builtin_ctzll(free);
        uint64_t behind = (free + (free & -free)) & ~free; /* the bit behind the first run */
        unsigned run = (behind ? (unsigned)__builtin_ctzll(behind) : 64) - begin;
        if (run > *n) run = (unsigned)*n;
        uint64_t bits = UINT64_MAX >> (64 - run) << begin;
        taken |= bits;
        free &= ~bits;
        *n -= run;
    } while (*n && free);
    lane_set(byte, taken);
}

/* The bits from one on that are free, in a word that holds it: from *begin on. */
static inline uint64_t free_from(const Lane *lane, Cycle at, Cycle *begin) {
    *begin = MIN(at & ~UINT64_C(7), lane->room);
    return ~lane_bits(lane->byte + *begin / 8) & UINT64_MAX << (at - *begin);
}

/* The usual: nobody has the cycles, or the first free ones are in one piece, all near each other;
 * CYCLE_NEVER: something else. */
static inline Cycle take_near(Lane *lane, Cycle at, uint32_t n) {
    uint8_t *byte = lane->byte + at / 8;
    uint64_t bits = lane_bits(byte);
    if (n <= 57) {
        uint64_t free = ~bits & UINT64_MAX << (at & 7);
        unsigned begin = free ? (unsigned)__builtin_ctzll(free) : 64;
        uint64_t mask = ((UINT64_C(1) << n) - 1) << (begin & 63);
        if (begin + n > 64 || bits & mask) return CYCLE_NEVER;
        lane_set(byte, bits | mask);
        return (at & ~UINT64_C(7)) + begin + n;
    }
    Cycle then = at + 57;
    if (n > 2 * 57 || then >= lane->room) return CYCLE_NEVER;
    uint64_t mask = (UINT64_MAX >> 7) << (at & 7), rest = ((UINT64_C(1) << (n - 57)) - 1)
                                                          << (then & 7);
    uint8_t *more = lane->byte + then / 8;
    if (bits & mask || lane_bits(more) & rest) return CYCLE_NEVER;
    lane_set(byte, bits | mask);
    lane_set(more, lane_bits(more) | rest);
    return at + n;
}

/* Take the first n free cycles from `from` on; those beyond the bits as one piece. Returns the
 * first. */
static G_NO_INLINE Cycle take(Lane *lane, Cycle from, uint64_t n) {
    Cycle start = CYCLE_NEVER, at = from - lane->floor;
    for (Cycle begin; at < lane->size; at = begin + 64) {
        uint64_t free = free_from(lane, at, &begin);
        if (!free) continue;
        if (start == CYCLE_NEVER) start = lane->floor + begin + (unsigned)__builtin_ctzll(free);
        take_first(lane->byte + begin / 8, free, &n);
        if (!n) return start;
    }
    if (lane->size < LANE_MOST) {
        resize(lane, 2 * lane->size);
        Cycle rest = take(lane, lane->floor + at, n);
        return MIN(start, rest);
    }
    Cycle end = MAX(MAX(lane->beyond, lane->floor + lane->size), from);
    lane->beyond = end + n;
    return MIN(start, end);
}

void lane_forget_past(Lane *lane, Cycle now) {
    Cycle gone = (now - lane->floor) / 64 * 64, end = lane->floor + lane->size;
    Cycle keep = lane->size - MIN(gone, lane->size);
    memmove(lane->byte, lane->byte + (lane->size - keep) / 8, keep / 8);
    memset(lane->byte + keep / 8, 0, (lane->size - keep) / 8);
    lane->floor += gone;
    end = MAX(end, lane->floor);
    if (lane->beyond <= end) return;
    uint64_t n = lane->beyond - end;
    lane->beyond = 0;
    take(lane, end, n);
}

Cycle lane_claim(Lane *lane, Cycle from, uint32_t n) {
    lane->used += n;
    if (from >= lane->floor) take(lane, from, n);
    return from + n;
}

Cycle lane_take_pieces(Lane *lane, Cycle from, uint32_t n) {
    if (from < lane->floor) return from + n;
    Cycle at = from - lane->floor, near = at < lane->room ? take_near(lane, at, n) : CYCLE_NEVER;
    return near != CYCLE_NEVER ? lane->floor + near : take(lane, from, n) + n;
}

Cycle lane_search(const Lane *lane, Cycle from) {
    if (from < lane->floor) return from;
    for (Cycle begin, at = from - lane->floor; at < lane->size; at = begin + 64) {
        uint64_t free = free_from(lane, at, &begin);
        if (free) return lane->floor + begin + (unsigned)__builtin_ctzll(free);
    }
    return MAX(from, MAX(lane->floor + lane->size, lane->beyond));
}
