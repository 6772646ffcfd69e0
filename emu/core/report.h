/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/core/report.h: what every component has to say at the end of a run: scalars, series,
 * histograms, text and warnings. */
#pragma once

#include <glib.h>

#include "emu/core/histogram.h"

/* What a run has to say. Names come out as COMPONENT.name; units are for people and axes. */
typedef struct Report Report;

typedef struct {
    char *name; /* component.name */
    double value;
    const char *unit; /* static */
} ReportScalar;

/* Time series: rows of one time and several columns. */
typedef struct {
    char *name;
    char **columns;
    unsigned n_columns;
    GArray *values; /* double, rows of 1 + n_columns, time in seconds first */
} ReportSeries;

typedef struct {
    char *name;
    const char *unit;
    double scale; /* multiply cell bounds by this to get the unit */
    Histogram histogram;
} ReportHistogram;

Report *report_new(void);
void report_free(Report *report);
/* Names given from now on are those of this component; NULL for the run itself. */
void report_component(Report *report, const char *name);
/* NaN: not measured. */
void report_scalar(Report *report, const char *name, double value, const char *unit);
/* Text lines for `--stats`, a table of the component's own making. */
void report_text(Report *report, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* A line of what happened at a time, in ps: with those of other components, in the order of time
 * and then of these calls, it is what `run` tells of a scenario's only run. */
void report_story(Report *report, uint64_t time, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* A sentence that the user should read: what is wrong with this run, and what to do. */
void report_warning(Report *report, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* A queue or buffer of the component, `what`, that grew through the measurement window. */
void report_unsteady(Report *report, const char *what);
void report_histogram(Report *report, const char *name, const Histogram *h, double scale,
                      const char *unit); /* copies */
/* Takes `values`. */
void report_series(Report *report, const char *name, const char *const *columns, unsigned n_columns,
                   GArray *values);

unsigned report_n_scalars(const Report *report);
const ReportScalar *report_scalar_at(const Report *report, unsigned n);
/* The scalar of that full name, or NULL. */
const ReportScalar *report_find(const Report *report, const char *name);
unsigned report_n_series(const Report *report);
const ReportSeries *report_series_at(const Report *report, unsigned n);
unsigned report_n_histograms(const Report *report);
const ReportHistogram *report_histogram_at(const Report *report, unsigned n);
const char *report_stats_text(const Report *report);
char *report_story_text(const Report *report); /* caller frees; "": nobody told anything */
unsigned report_n_warnings(const Report *report);
const char *report_warning_at(const Report *report, unsigned n); /* "component: sentence" */
const char *report_unsteady_text(const Report *report); /* "a.x, b.y"; NULL: nothing grew */
