/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/core/random.h: one stream per use. xoshiro256** (Blackman and Vigna 2018, public domain
 * algorithm), seeded by SplitMix64 from a hash of (seed, repetition, stream name): adding a
 * consumer of randomness changes no other. Nothing here calls libm, so that streams are equal on
 * every compiler and C library. */
#pragma once

#include <stdint.h>

typedef struct {
    uint64_t state[4];
} Random;

void random_seed(Random *random, uint64_t seed, unsigned repetition, const char *stream);
uint64_t random_next(Random *random);
uint64_t random_below(Random *random, uint64_t bound); /* uniform in [0, bound), unbiased */
double random_unit(Random *random);                    /* uniform in [0, 1), 53 bits */
double random_exponential(Random *random);             /* mean 1, finite */
/* Natural logarithm from + - * / and bit operations alone; x > 0 and finite; error below 1e-14. */
double random_log(double x);
