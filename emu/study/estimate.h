/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/study/estimate.h: how long the runs that are to come will take.
 *
 * Two things are known of a run beforehand: its work, in any unit that is the same for all, and the
 * values of its parameters. It costs its work times what a unit of it cost in those of the finished
 * runs that are most alike: that share the most values with it. As long as none has finished, those
 * at hand stand for them, by what they took so far and the part of them that is done. */
#pragma once

#include <glib.h>

typedef struct Estimate Estimate;

/* A run that is being computed: since when, and how much of it is done (0 to 1; 0: unknown). */
typedef struct {
    unsigned run;
    double seconds, fraction;
} EstimateAtHand;

/* Runs have `n_values` parameters each. */
Estimate *estimate_new(unsigned n_values);
void estimate_free(Estimate *e);
/* A run to come; its number, counting up from 0. */
unsigned estimate_add(Estimate *e, double work, const char *const *values);
/* It took so long; NaN: it ended and says nothing about the others. */
void estimate_finished(Estimate *e, unsigned run, double seconds);
/* Seconds until all have finished, `jobs` at a time; NaN: nothing can be said yet. */
double estimate_left(const Estimate *e, const EstimateAtHand *at_hand, unsigned n_at_hand,
                     unsigned jobs);
