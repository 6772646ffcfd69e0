/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/core/probe.h: measuring. Histograms count exactly in log-linear cells, series sample at a
 * chosen interval, and a Report collects what every component has to say at the end of a run. */
#pragma once

#include <glib.h>
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
/* The same as a statistic: NaN of nothing. Fraction 1 is the maximum. */
double histogram_at(const Histogram *h, double fraction);
void histogram_merge(Histogram *into, const Histogram *from);

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
unsigned report_n_warnings(const Report *report);
const char *report_warning_at(const Report *report, unsigned n); /* "component: sentence" */
const char *report_unsteady_text(const Report *report); /* "a.x, b.y"; NULL: nothing grew */
