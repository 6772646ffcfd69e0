/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/plan/place.h: items of several dimensions into as few equal bins as may be (vector bin
 * packing), by best fit decreasing: the largest item first, each where the least room is left. An
 * item's size in a dimension is a share of what a bin has of it, its size the largest of these.
 *
 * Best fit needs at most 1.7 times the least number of bins in one dimension (Johnson et al., SIAM
 * J. Computing 3, 1974); place_bound has what a relaxation says, in which items may be cut: no
 * placement at all needs fewer. */
#pragma once

#include <stdbool.h>

enum { PLACE_DIMENSIONS = 4 };
typedef struct {
    double size[PLACE_DIMENSIONS];
    unsigned bin; /* where it is */
} PlaceItem;

/* Into `bins` bins of `limit` each; false: best fit does not get them in. `forced`: then they go
 * where the load is least. */
bool place_into(PlaceItem *items, unsigned n, unsigned bins, double limit, bool forced);
/* Into as few as best fit needs, at most `most`, and then as evenly over these as it can. Returns
 * how many; 0: they do not fit. */
unsigned place_least(PlaceItem *items, unsigned n, unsigned least, unsigned most);
/* The largest sum over a dimension, rounded up, or the items of more than half of a bin in one. */
unsigned place_bound(const PlaceItem *items, unsigned n);
