/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "emu/core/report.h"

#include <stdarg.h>
#include <string.h>

struct Report {
    char *component;
    GArray *scalars, *series, *histograms;
    GHashTable *by_name; /* full name -> index + 1 */
    GString *text, *unsteady;
    GPtrArray *warnings;
    GArray *story; /* Line */
};

typedef struct {
    uint64_t time;
    unsigned order;
    char *text;
} Line;

Report *report_new(void) {
    Report *r = g_new0(Report, 1);
    r->scalars = g_array_new(FALSE, FALSE, sizeof(ReportScalar));
    r->series = g_array_new(FALSE, FALSE, sizeof(ReportSeries));
    r->histograms = g_array_new(FALSE, FALSE, sizeof(ReportHistogram));
    r->by_name = g_hash_table_new(g_str_hash, g_str_equal);
    r->text = g_string_new(NULL);
    r->unsteady = g_string_new(NULL);
    r->warnings = g_ptr_array_new_with_free_func(g_free);
    r->story = g_array_new(FALSE, FALSE, sizeof(Line));
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
    for (unsigned i = 0; i < r->story->len; i++) g_free(g_array_index(r->story, Line, i).text);
    g_array_unref(r->story);
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

void report_story(Report *r, uint64_t time, const char *format, ...) {
    va_list args;
    va_start(args, format);
    Line line = {time, r->story->len, g_strdup_vprintf(format, args)};
    va_end(args);
    g_array_append_val(r->story, line);
}

static int by_time(const void *a, const void *b) {
    const Line *x = a, *y = b;
    if (x->time != y->time) return x->time < y->time ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

enum { STORY_WIDTH = 80, STORY_INDENT = 18 };

/* In lines of a terminal's width, as far as words allow. */
static void append_wrapped(GString *out, const char *text) {
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    size_t at = STORY_INDENT;
    for (unsigned i = 0; words[i]; i++) {
        size_t n = strlen(words[i]);
        bool breaks = i && at + 1 + n > STORY_WIDTH;
        if (breaks) {
            g_string_append_printf(out, "\n%*s", STORY_INDENT + 2, "");
            at = STORY_INDENT + 2;
        } else if (i) {
            g_string_append_c(out, ' ');
            at++;
        }
        g_string_append(out, words[i]);
        at += n;
    }
    g_string_append_c(out, '\n');
}

char *report_story_text(const Report *r) {
    GString *text = g_string_new(NULL);
    g_array_sort(r->story, by_time);
    for (unsigned i = 0; i < r->story->len; i++) {
        const Line *line = &g_array_index(r->story, Line, i);
        g_string_append_printf(text, "%14.6f s  ", (double)line->time / 1e12);
        append_wrapped(text, line->text);
    }
    return g_string_free(text, FALSE);
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
