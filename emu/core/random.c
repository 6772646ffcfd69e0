/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * xoshiro256** and SplitMix64 after David Blackman and Sebastiano Vigna, "Scrambled linear
 * pseudorandom number generators" (2018); their reference algorithms are in the public domain. */
#include "emu/core/random.h"

#include <string.h>

static uint64_t split_mix(uint64_t *state) {
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static uint64_t rotate(uint64_t x, unsigned n) {
    return x << n | x >> (64 - n);
}

void random_seed(Random *random, uint64_t seed, unsigned repetition, const char *stream) {
    uint64_t state = UINT64_C(0xcbf29ce484222325); /* FNV-1a over the stream's name */
    for (const char *p = stream; *p; p++) state = (state ^ (uint8_t)*p) * UINT64_C(0x100000001b3);
    state ^= split_mix(&seed);
    uint64_t r = repetition;
    state ^= rotate(split_mix(&r), 32);
    for (unsigned i = 0; i < 4; i++) random->state[i] = split_mix(&state);
}

uint64_t random_next(Random *random) {
    uint64_t *s = random->state, result = rotate(s[1] * 5, 7) * 9, t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

uint64_t random_below(Random *random, uint64_t bound) {
    /* Values below 2^64 mod bound would be one too many of their remainder. */
    uint64_t reject = -bound % bound, x;
    do x = random_next(random);
    while (x < reject);
    return x % bound;
}

double random_unit(Random *random) {
    return (double)(random_next(random) >> 11) * 0x1p-53;
}

double random_exponential(Random *random) {
    return -random_log(1.0 - random_unit(random));
}

double random_log(double x) {
    /* x = m 2^e with m in [sqrt 1/2, sqrt 2); ln m = 2 atanh s with s = (m - 1) / (m + 1). */
    uint64_t bits;
    int shift = 0;
    if (x < 0x1p-1022) {
        x *= 0x1p54;
        shift = -54;
    }
    memcpy(&bits, &x, sizeof bits);
    int e = (int)(bits >> 52) - 1023 + shift;
    bits = (bits & UINT64_C(0xfffffffffffff)) | UINT64_C(1023) << 52;
    double m;
    memcpy(&m, &bits, sizeof m);
    if (m > 1.4142135623730951) {
        m *= 0.5;
        e++;
    }
    double s = (m - 1.0) / (m + 1.0), s2 = s * s, sum = 0.0;
    for (int k = 23; k >= 1; k -= 2) sum = sum * s2 + 1.0 / k;
    /* ln 2 in two parts, the first with zeros at its end so that e * part is exact. */
    return e * 0x1.62e42fefa38p-1 + (e * 0x1.ef35793c7673p-45 + 2.0 * s * sum);
}
