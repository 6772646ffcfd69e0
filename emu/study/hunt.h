/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/study/hunt.h: where along a number a condition begins to hold, by bisection.
 *
 * The condition is no on one side and yes on the other; whoever hunts asks hunt_next where to look,
 * looks, and says hunt_learn. Until both sides have been seen it goes from `start` outwards, by a
 * factor that is squared each time and is 2 at most; then it halves what lies between, as a ratio
 * if the hunt is `relative`, else as a difference. It cannot see what it does not look at: a
 * condition that changes more than once has one of its changes found. */
#pragma once

#include <stdbool.h>

typedef struct {
    double no, yes;    /* the nearest seen on either side; NaN: not seen yet */
    double resolution; /* of what lies between, that is left */
    bool relative;
    bool over; /* whoever hunts can put nothing between them */
    /* only until both have been seen, and only of a relative hunt */
    double start, step; /* step above 1 */
    double least, most; /* ends of the range, above 0 */
    bool falling;       /* yes lies below no; it turns where it is not found there */
    bool turned;
} Hunt;

/* Where to look next; NaN: it is over. */
double hunt_next(const Hunt *h);
void hunt_learn(Hunt *h, double at, bool yes);
/* Whether both sides have been seen. */
bool hunt_found(const Hunt *h);
