/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * tests/dice.h: numbers for random tests, the same in every run: xorshift64 (Marsaglia, 2003). */
#pragma once

#include <stdint.h>

#define DICE_FIRST UINT64_C(88172645463325252)
static uint64_t dice_state = DICE_FIRST;

/* From here on the n-th sequence; at first it is 0. */
static inline void dice_seed(uint64_t n) {
    dice_state = DICE_FIRST + n;
}
/* 0 to n - 1 */
static inline uint64_t dice(uint64_t n) {
    dice_state ^= dice_state << 13;
    dice_state ^= dice_state >> 7;
    dice_state ^= dice_state << 17;
    return dice_state % n;
}
