/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Lanes. */
#include "components/ixp/fast/lane.h"

#include <glib.h>

void lane_init(Lane *lane) {
    *lane = (Lane){.word = g_new0(uint64_t, LANE_CYCLES / 64), .size = LANE_CYCLES};
}

void lane_clear(Lane *lane) {
    g_free(lane->word);
}

/* Twice as long. Nothing is taken beyond the bits before they are as many as they may be. */
static void grow(Lane *lane) {
    uint64_t *word = g_new0(uint64_t, lane->size / 32);
    for (Cycle at = lane->floor; at < lane->floor + lane->size; at += 64)
        word[(at & (2 * lane->size - 1)) / 64] = lane->word[(at & (lane->size - 1)) / 64];
    g_free(lane->word);
    lane->word = word;
    lane->size *= 2;
}

/* Mark the first n free cycles from `from` on; those beyond the bits as one piece. */
static void mark(Lane *lane, Cycle from, uint64_t n) {
    while (from + n > lane->floor + lane->size && lane->size < LANE_MOST) grow(lane);
    Cycle at = from & ~UINT64_C(63), end = lane->floor + lane->size;
    uint64_t ask = UINT64_MAX << (from & 63);
    for (; n && at < end; at += 64, ask = UINT64_MAX) {
        uint64_t *word = &lane->word[(at & (lane->size - 1)) / 64], taken = le64toh(*word);
        for (uint64_t free; n && (free = ~taken & ask);) {
            unsigned begin = (unsigned)__builtin_ctzll(free);
            uint64_t behind = (free + (free & -free)) & ~free; /* the bit behind the first run */
            unsigned run = (behind ? (unsigned)__builtin_ctzll(behind) : 64) - begin;
            if (run > n) run = (unsigned)n;
            taken |= UINT64_MAX >> (64 - run) << begin;
            n -= run;
        }
        *word = htole64(taken);
    }
    if (MIN(at, end) > lane->high) lane->high = MIN(at, end);
    if (n) lane->beyond = MAX(MAX(lane->beyond, end), from) + n;
}

void lane_forget(Lane *lane, Cycle now) {
    Cycle end = lane->floor + lane->size, from = lane->floor / 64, to = (lane->high + 63) / 64;
    lane->floor = now / 64 * 64;
    if (to > now / 64) to = now / 64;
    if (to > from) {
        size_t words = lane->size / 64, n = MIN(to - from, words), at = from & (words - 1);
        size_t first = MIN(n, words - at);
        memset(lane->word + at, 0, first * sizeof *lane->word);
        memset(lane->word, 0, (n - first) * sizeof *lane->word);
    }
    if (end < lane->floor) end = lane->floor;
    if (lane->beyond <= end) return;
    uint64_t n = lane->beyond - end;
    lane->beyond = 0;
    mark(lane, end, n);
}

Cycle lane_claim(Lane *lane, Cycle from, uint32_t n) {
    lane->used += n;
    mark(lane, from, n);
    return from + n;
}

Cycle lane_take_pieces(Lane *lane, Cycle from, uint32_t n) {
    Cycle start = lane_free(lane, from);
    mark(lane, start, n);
    return start + n;
}

Cycle lane_search(const Lane *lane, Cycle from) {
    Cycle at = from & ~UINT64_C(63), end = lane->floor + lane->size;
    uint64_t ask = UINT64_MAX << (from & 63);
    for (; at < end; at += 64, ask = UINT64_MAX) {
        uint64_t free = ~le64toh(lane->word[(at & (lane->size - 1)) / 64]) & ask;
        if (free) return at + (unsigned)__builtin_ctzll(free);
    }
    return MAX(from, MAX(end, lane->beyond));
}
