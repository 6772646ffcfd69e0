/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Log-linear histograms. */
#include "emu/core/histogram.h"

#include <glib.h>
#include <math.h>
#include <string.h>

enum { CELL_BITS = 7, CELLS = 1 << CELL_BITS };

void histogram_init(Histogram *h) {
    *h = (Histogram){.min = UINT64_MAX};
}

void histogram_clear(Histogram *h) {
    g_free(h->cells);
    histogram_init(h);
}

/* Below 128 a cell is one value; above, 128 cells share each power of two. */
static unsigned cell_of(uint64_t value) {
    if (value < CELLS) return (unsigned)value;
    unsigned shift = 63 - (unsigned)__builtin_clzll(value) - CELL_BITS;
    return shift * CELLS + (unsigned)(value >> shift);
}

static uint64_t cell_end(unsigned cell) { /* the largest value that belongs to it */
    if (cell < CELLS) return cell;
    unsigned shift = cell / CELLS - 1;
    return (((uint64_t)(cell - shift * CELLS) + 1) << shift) - 1;
}

static void grow(Histogram *h, unsigned cell) {
    if (cell < h->n_cells) return;
    unsigned n = (cell / CELLS + 1) * CELLS;
    h->cells = g_renew(uint64_t, h->cells, n);
    memset(h->cells + h->n_cells, 0, (n - h->n_cells) * sizeof *h->cells);
    h->n_cells = n;
}

void histogram_add(Histogram *h, uint64_t value) {
    unsigned cell = cell_of(value);
    if (cell >= h->n_cells) grow(h, cell);
    h->cells[cell]++;
    h->count++;
    if (value < h->min) h->min = value;
    if (value > h->max) h->max = value;
    double x = (double)value;
    h->sum += x;
    h->sum_squares += x * x;
}

double histogram_mean(const Histogram *h) {
    return h->count ? h->sum / (double)h->count : NAN;
}

double histogram_sd(const Histogram *h) {
    if (h->count < 2) return NAN;
    double n = (double)h->count, square = h->sum_squares - h->sum * h->sum / n;
    return square > 0 ? sqrt(square / (n - 1)) : 0;
}

uint64_t histogram_next_quantile(const Histogram *h, double fraction, HistogramPlace *place) {
    if (!h->count) return 0;
    double want = fraction * (double)h->count;
    for (; place->cell < h->n_cells; place->cell++) {
        uint64_t seen = place->before + h->cells[place->cell];
        if (seen && (double)seen >= want) return MIN(cell_end(place->cell), h->max);
        place->before = seen;
    }
    return h->max;
}

uint64_t histogram_quantile(const Histogram *h, double fraction) {
    return histogram_next_quantile(h, fraction, &(HistogramPlace){0});
}

double histogram_at(const Histogram *h, double fraction) {
    return h->count ? (double)histogram_quantile(h, fraction) : NAN;
}

void histogram_merge(Histogram *into, const Histogram *from) {
    if (!from->count) return;
    grow(into, from->n_cells - 1);
    for (unsigned i = 0; i < from->n_cells; i++) into->cells[i] += from->cells[i];
    into->count += from->count;
    into->min = MIN(into->min, from->min);
    into->max = MAX(into->max, from->max);
    into->sum += from->sum;
    into->sum_squares += from->sum_squares;
}
