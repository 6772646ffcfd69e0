/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/study/curve.h: what a [plot] shows of studies, as curves of points, before anything is drawn.
 *
 * A point is a point of the study: means over the repetitions for which `where` holds, and, of y,
 * the 95 percent interval by Student's t, if the repetitions have one (study.h). A curve is one y
 * and one combination of the values of what `curve` names; all are in the order of the scenario.
 * Of a series over time the first repetition is shown, each of its columns as a curve.
 *
 * A curve is called by what tells it apart, in the scenario's own words: the study's name, if there
 * are several, the y's name or the series' column, and for each that `curve` names its value as it
 * is written: "Click 1 core, payload = 400", "tokens = default". What is the same throughout a
 * [series] is left out where that is named. Of a series over time without `curve` these are the
 * values of all that tells the runs apart. */
#pragma once

#include "emu/study/study.h"

typedef struct {
    double x, y, low, high; /* low, high: NaN where there is no interval */
} CurvePoint;

typedef struct {
    char *name;     /* "": there is nothing to tell it from */
    bool dashed;    /* as [plot] dashed says */
    bool over_time; /* of a series: a line without markers */
    GArray *points; /* CurvePoint, by x */
} Curve;

typedef struct {
    const Study *study;
    const char *folder; /* of its results */
    const char *name;   /* of the study among several; NULL: it is the only one */
} CurveSource;

/* Curves with at least one point; NULL and an error for a name that a study does not have. Caller
 * unrefs. */
GPtrArray *curves_of(const ScenarioPlot *plot, const CurveSource *sources, unsigned n_sources,
                     GError **error);
