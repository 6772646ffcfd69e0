/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "components/plan/place.h"

#include <glib.h>
#include <math.h>

#define ROUNDING 1e-9

static double largest(const double *size) {
    double most = 0;
    for (unsigned d = 0; d < PLACE_DIMENSIONS; d++) most = fmax(most, size[d]);
    return most;
}

/* Larger first; of equal ones in their order. */
static int by_size(const void *a, const void *b, void *items) {
    unsigned i = *(const unsigned *)a, k = *(const unsigned *)b;
    double x = largest(((PlaceItem *)items)[i].size), y = largest(((PlaceItem *)items)[k].size);
    return x > y ? -1 : x < y ? 1 : i < k ? -1 : i > k;
}

/* How full the bin would be with the item. */
static double full_with(const double *bin, const PlaceItem *item) {
    double most = 0;
    for (unsigned d = 0; d < PLACE_DIMENSIONS; d++) most = fmax(most, bin[d] + item->size[d]);
    return most;
}

bool place_into(PlaceItem *items, unsigned n, unsigned bins, double limit, bool forced) {
    g_autofree double *load = g_new0(double, (bins + 1) * PLACE_DIMENSIONS);
    g_autofree unsigned *order = g_new(unsigned, n + 1);
    for (unsigned i = 0; i < n; i++) order[i] = i;
    g_qsort_with_data(order, (int)n, sizeof *order, by_size, items);
    for (unsigned i = 0; i < n; i++) {
        PlaceItem *item = &items[order[i]];
        int best = -1, least = 0;
        for (unsigned b = 0; b < bins; b++) {
            double full = full_with(&load[b * PLACE_DIMENSIONS], item);
            if (full < full_with(&load[(unsigned)least * PLACE_DIMENSIONS], item)) least = (int)b;
            if (full <= limit + ROUNDING &&
                (best < 0 || full > full_with(&load[(unsigned)best * PLACE_DIMENSIONS], item)))
                best = (int)b;
        }
        if (best < 0 && (!forced || !bins)) return false;
        item->bin = (unsigned)(best < 0 ? least : best);
        for (unsigned d = 0; d < PLACE_DIMENSIONS; d++)
            load[item->bin * PLACE_DIMENSIONS + d] += item->size[d];
    }
    return true;
}

unsigned place_least(PlaceItem *items, unsigned n, unsigned least, unsigned most) {
    unsigned bins = least;
    while (bins <= most && !place_into(items, n, bins, 1, false)) bins++;
    if (bins > most) return 0;
    double fits = 1, low = 0;
    while (fits - low > 0.001) {
        double middle = (low + fits) / 2;
        *(place_into(items, n, bins, middle, false) ? &fits : &low) = middle;
    }
    place_into(items, n, bins, fits, false);
    return bins;
}

unsigned place_bound(const PlaceItem *items, unsigned n) {
    double most = 0;
    for (unsigned d = 0; d < PLACE_DIMENSIONS; d++) {
        double sum = 0, halves = 0;
        for (unsigned i = 0; i < n; i++) {
            sum += items[i].size[d];
            halves += items[i].size[d] > 0.5 + ROUNDING;
        }
        most = fmax(most, fmax(ceil(sum - ROUNDING), halves));
    }
    return (unsigned)most;
}
