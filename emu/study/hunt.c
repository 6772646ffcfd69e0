/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Bisection, and how it comes to its first bracket. */
#include "emu/study/hunt.h"

#include <math.h>

bool hunt_found(const Hunt *h) {
    return !isnan(h->no) && !isnan(h->yes);
}

static double between(const Hunt *h) {
    double low = fmin(h->no, h->yes), high = fmax(h->no, h->yes);
    double left = h->relative ? high / low - 1 : high - low;
    if (left <= h->resolution) return NAN;
    return h->relative ? sqrt(low * high) : (low + high) / 2;
}

/* The next one outwards of `from`; NaN: the range ends there. */
static double beyond(const Hunt *h, double from, bool down) {
    double end = down ? h->least : h->most, next = down ? from / h->step : from * h->step;
    if (from == end) return NAN;
    return down ? fmax(next, end) : fmin(next, end);
}

double hunt_next(const Hunt *h) {
    if (h->over) return NAN;
    if (hunt_found(h)) return between(h);
    if (!isnan(h->no)) return beyond(h, h->no, h->falling);
    if (!isnan(h->yes)) return beyond(h, h->yes, !h->falling);
    return h->start;
}

void hunt_learn(Hunt *h, double at, bool yes) {
    bool first = isnan(h->no) && isnan(h->yes), found = hunt_found(h);
    *(yes ? &h->yes : &h->no) = at;
    if (found || first || hunt_found(h)) return;
    h->step = fmin(h->step * h->step, 2);
    if (h->turned || !isnan(hunt_next(h))) return;
    h->turned = true; /* it may lie on the other side of where it began */
    h->falling = !h->falling;
    *(yes ? &h->yes : &h->no) = h->start;
}
