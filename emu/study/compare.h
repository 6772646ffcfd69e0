/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/study/compare.h: two timings of a scenario, side by side.
 *
 * Two studies of one scenario, by detailed and by fast timing, which have runs of the same points
 * and repetitions. What is compared, the measures: scalars, and expressions of them, at each point;
 * claims, and other expressions with aggregates, over all these points together.
 *
 * A difference is that of fast as a share of detailed. Its interval is that of the mean over
 * repetitions, each beside the same one by the other timing (common random numbers, Student's t);
 * of one repetition there is none. What is zero by both timings does not differ, what is zero by
 * detailed alone differs by more than any share. What either has not measured has no difference. */
#pragma once

#include "emu/study/study.h"

typedef struct {
    const Study *study; /* with its claims judged */
    const Store *store;
} CompareSide;

typedef struct {
    double detailed, fast;    /* means over the repetitions; NaN: not measured */
    StudyEstimate difference; /* a share of detailed; mean INFINITY: of zero; NaN: there is none */
} Comparison;

typedef struct {
    const char *name, *unit;            /* of a claim its id; "": no unit */
    const ClaimResult *detailed, *fast; /* a claim by both; NULL: it is none */
    bool whole;                         /* of all points together: one comparison */
    Comparison *at;                     /* by compare->points, else of all */
} CompareMeasure;

/* Sizes of the differences of a measure, where it is not zero by both timings. */
typedef struct {
    unsigned n;
    double median, p90, largest;
    unsigned where; /* the largest: index of compare->points */
} CompareSpread;

typedef struct {
    CompareSide detailed, fast;
    unsigned *points, n_points;  /* of the scenario */
    GArray *measures;            /* CompareMeasure: those of points, then those of all */
    unsigned runs;               /* that have come to an end by both; of these: */
    double wall_s[2], events[2]; /* when they were computed; detailed, fast */
} Compare;

/* `metrics`: scalars and expressions, NULL-terminated; NULL: those of the scenario's columns, else
 * the most telling. Claims come besides. NULL and an error: one names what there is not. */
Compare *compare_new(CompareSide detailed, CompareSide fast, const char *const *metrics,
                     GError **error);
void compare_free(Compare *c);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Compare, compare_free)

/* False: there are none. */
bool compare_spread(const Compare *c, const CompareMeasure *m, CompareSpread *spread);
/* Sentences, one for each measure that differs by more than `bound`, a share, somewhere, and one if
 * nothing could be compared at all. Caller unrefs. */
GPtrArray *compare_past(const Compare *c, double bound);
/* All of it; `summary`: without the tables of points. */
void compare_print(const Compare *c, bool summary, FILE *out);
/* compare.tsv: a row for each point and measure, then for each of all points. Caller frees. */
char *compare_table(const Compare *c);
