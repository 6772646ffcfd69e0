/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Histograms and reports. */
#include "emu/core/probe.h"

#include <math.h>
#include <stdarg.h>
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

uint64_t histogram_quantile(const Histogram *h, double fraction) {
    if (!h->count) return 0;
    double want = fraction * (double)h->count;
    uint64_t seen = 0;
    for (unsigned i = 0; i < h->n_cells; i++) {
        seen += h->cells[i];
        if (seen && (double)seen >= want) return MIN(cell_end(i), h->max);
    }
    return h->max;
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

/* Reports --------------------------------------------------------------------------------- */

struct Report {
    char *component;
    GArray *scalars, *series, *histograms;
    GHashTable *by_name; /* full name -> index + 1 */
    GString *text, *unsteady;
    GPtrArray *warnings;
};

Report *report_new(void) {
    Report *r = g_new0(Report, 1);
    r->scalars = g_array_new(FALSE, FALSE, sizeof(ReportScalar));
    r->series = g_array_new(FALSE, FALSE, sizeof(ReportSeries));
    r->histograms = g_array_new(FALSE, FALSE, sizeof(ReportHistogram));
    r->by_name = g_hash_table_new(g_str_hash, g_str_equal);
    r->text = g_string_new(NULL);
    r->unsteady = g_string_new(NULL);
    r->warnings = g_ptr_array_new_with_free_func(g_free);
    return r;
}

void report_free(Report *r) {
    if (!r) return;
    g_hash_table_unref(r->by_name);
    for (unsigned i = 0; i < r->scalars->len; i++)
        g_free(g_array_index(r->scalars, ReportScalar, i).name);
    for (unsigned i = 0; i < r->series->len; i++) {
        ReportSeries *s = &g_array_index(r->series, ReportSeries, i);
        g_free(s->name);
        g_strfreev(s->columns);
        g_array_unref(s->values);
    }
    for (unsigned i = 0; i < r->histograms->len; i++) {
        ReportHistogram *h = &g_array_index(r->histograms, ReportHistogram, i);
        g_free(h->name);
        histogram_clear(&h->histogram);
    }
    g_array_unref(r->scalars);
    g_array_unref(r->series);
    g_array_unref(r->histograms);
    g_string_free(r->text, TRUE);
    g_string_free(r->unsteady, TRUE);
    g_ptr_array_unref(r->warnings);
    g_free(r->component);
    g_free(r);
}

void report_component(Report *r, const char *name) {
    g_free(r->component);
    r->component = g_strdup(name);
}

static char *full_name(const Report *r, const char *name) {
    return r->component ? g_strconcat(r->component, ".", name, NULL) : g_strdup(name);
}

void report_scalar(Report *r, const char *name, double value, const char *unit) {
    ReportScalar s = {full_name(r, name), value, unit};
    g_array_append_val(r->scalars, s);
    bool fresh = g_hash_table_insert(r->by_name, s.name, GUINT_TO_POINTER(r->scalars->len));
    if (!fresh) g_error("scalar %s is reported twice", s.name);
}

void report_text(Report *r, const char *format, ...) {
    va_list args;
    va_start(args, format);
    g_string_append_vprintf(r->text, format, args);
    va_end(args);
}

void report_warning(Report *r, const char *format, ...) {
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_ptr_array_add(r->warnings,
                    r->component ? g_strdup_printf("%s: %s", r->component, text) : g_strdup(text));
}

void report_unsteady(Report *r, const char *what) {
    g_autofree char *name = full_name(r, what);
    g_string_append_printf(r->unsteady, "%s%s", r->unsteady->len ? ", " : "", name);
}

void report_histogram(Report *r, const char *name, const Histogram *h, double scale,
                      const char *unit) {
    ReportHistogram copy = {.name = full_name(r, name), .unit = unit, .scale = scale};
    histogram_init(&copy.histogram);
    histogram_merge(&copy.histogram, h);
    g_array_append_val(r->histograms, copy);
}

void report_series(Report *r, const char *name, const char *const *columns, unsigned n_columns,
                   GArray *values) {
    ReportSeries s = {.name = full_name(r, name), .n_columns = n_columns, .values = values};
    s.columns = g_new0(char *, n_columns + 1);
    for (unsigned i = 0; i < n_columns; i++) s.columns[i] = g_strdup(columns[i]);
    g_array_append_val(r->series, s);
}

unsigned report_n_scalars(const Report *r) {
    return r->scalars->len;
}
const ReportScalar *report_scalar_at(const Report *r, unsigned n) {
    return &g_array_index(r->scalars, ReportScalar, n);
}
const ReportScalar *report_find(const Report *r, const char *name) {
    unsigned n = GPOINTER_TO_UINT(g_hash_table_lookup(r->by_name, name));
    return n ? report_scalar_at(r, n - 1) : NULL;
}
unsigned report_n_series(const Report *r) {
    return r->series->len;
}
const ReportSeries *report_series_at(const Report *r, unsigned n) {
    return &g_array_index(r->series, ReportSeries, n);
}
unsigned report_n_histograms(const Report *r) {
    return r->histograms->len;
}
const ReportHistogram *report_histogram_at(const Report *r, unsigned n) {
    return &g_array_index(r->histograms, ReportHistogram, n);
}
const char *report_stats_text(const Report *r) {
    return r->text->str;
}
unsigned report_n_warnings(const Report *r) {
    return r->warnings->len;
}
const char *report_warning_at(const Report *r, unsigned n) {
    return r->warnings->pdata[n];
}
const char *report_unsteady_text(const Report *r) {
    return r->unsteady->len ? r->unsteady->str : NULL;
}
