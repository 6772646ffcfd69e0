/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/core/histogram.h: distributions. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Log-linear histogram of unsigned integers: 128 cells per power of two, so a quantile is within
 * 0.8 percent; count, sum, minimum and maximum are exact. Cells grow on first use. */
typedef struct {
    uint64_t count, min, max;
    double sum, sum_squares;
    uint64_t *cells;
    unsigned n_cells;
} Histogram;

void histogram_init(Histogram *h);
void histogram_clear(Histogram *h); /* frees */
void histogram_add(Histogram *h, uint64_t value);
/* Statistics of nothing are NaN, which a report shows as not measured; never 0. */
double histogram_mean(const Histogram *h);
double histogram_sd(const Histogram *h); /* of the sample, n - 1: NaN below two */
/* The smallest value that at least `fraction` of the samples do not exceed (cell's upper end,
 * never above max); exact, and 0 of nothing. */
uint64_t histogram_quantile(const Histogram *h, double fraction);
/* The same for fractions that rise, in one pass over all of them: `place` is where the one before
 * was found, and begins as zeros. */
typedef struct {
    unsigned cell;
    uint64_t before; /* samples in the cells before it */
} HistogramPlace;
uint64_t histogram_next_quantile(const Histogram *h, double fraction, HistogramPlace *place);
/* The same as a statistic: NaN of nothing. Fraction 1 is the maximum. */
double histogram_at(const Histogram *h, double fraction);
void histogram_merge(Histogram *into, const Histogram *from);
