/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What compare prints and writes. */
#include <math.h>
#include <string.h>

#include "emu/study/compare.h"
#include "emu/study/grid.h"
#include "emu/study/headline.h"

enum { MAX_ROWS = 45, WIDEST_NAME = 20, WIDEST_POINT = 24, NARROWEST = 12 };

static const Scenario *scenario_of(const Compare *c) {
    return c->detailed.study->scenario;
}

static const CompareMeasure *measure_at(const Compare *c, unsigned m) {
    return &g_array_index(c->measures, CompareMeasure, m);
}

/* Without its middle: the ends of names tell them apart. */
static char *shortened(const char *text, unsigned most) {
    size_t length = strlen(text), end = (most - 3) / 2, start = most - 3 - end;
    return length <= most ? g_strdup(text)
                          : g_strdup_printf("%.*s...%s", (int)start, text, text + length - end);
}

static char *number_text(double value) {
    return isnan(value) ? g_strdup("-") : g_strdup_printf("%.5g", value);
}

/* What values of a measure are multiplied by to be shown, and the unit that they have then. Caller
 * frees. */
static char *shown_unit(const CompareMeasure *m, unsigned n, double *scale) {
    double most = NAN;
    const char *prefix = NULL;
    for (unsigned i = 0; i < n; i++)
        most = fmax(most, fmax(fabs(m->at[i].detailed), fabs(m->at[i].fast)));
    *scale = headline_scale(m->name, most, &prefix);
    if (!prefix) return g_strdup(m->unit);
    return g_strdup_printf("%s%s", prefix, g_str_has_suffix(m->name, "_bps") ? "b/s" : "p/s");
}

/* "3.12 %" */
static char *size_text(double share) {
    return isinf(share) ? g_strdup("from 0") : g_strdup_printf("%.2f %%", 100 * share);
}

static char *difference_text(StudyEstimate e) {
    double percent = 100 * e.mean;
    if (isnan(percent)) return g_strdup("-");
    if (isinf(percent)) return g_strdup("from 0");
    if (fabs(percent) < 0.005) percent = 0; /* no -0.00 */
    g_autofree char *mean = g_strdup_printf("%s%.2f", percent > 0 ? "+" : "", percent);
    return isfinite(e.half) ? g_strdup_printf("%s +-%.2f %%", mean, 100 * e.half)
                            : g_strdup_printf("%s %%", mean);
}

/* "traffic.rate=1Gbit/s, traffic.payload=0": what tells the point from the others; `brief`: without
 * their components, and if that is long, "1Gbit/s, 0", as the rows of tables. Empty if there are
 * none. Caller frees. */
static char *point_text(const Compare *c, unsigned point, bool brief) {
    const Scenario *s = scenario_of(c);
    g_autofree bool *telling = g_new0(bool, scenario_n_parameters(s) + 1);
    g_autoptr(GString) text = g_string_new(NULL), values = g_string_new(NULL);
    scenario_telling(s, telling);
    for (unsigned i = 0; i < scenario_n_parameters(s); i++) {
        ScenarioParameter p = scenario_parameter(s, point, i);
        const char *dot = brief ? strchr(p.name, '.') : NULL, *comma = text->len ? ", " : "";
        if (!telling[i]) continue;
        g_string_append_printf(text, "%s%s=%s", comma, dot ? dot + 1 : p.name, p.value);
        g_string_append_printf(values, "%s%s", comma, p.value);
    }
    return g_strdup(brief && text->len > WIDEST_POINT ? values->str : text->str);
}

/* Tables ----------------------------------------------------------------------------------- */

/* Words of a column give way to the others, so that the line fits. */
static void fit(const GPtrArray *page, unsigned column, unsigned width) {
    unsigned used = 0;
    for (unsigned k = 0; k < page->len; k++)
        used += (k ? GRID_GAP : 0) + (k == column ? 0 : ((GridColumn *)page->pdata[k])->width);
    GridColumn *c = page->pdata[column];
    unsigned room = MAX(width - MIN(used, width), (unsigned)NARROWEST);
    for (unsigned row = 0; row < c->cells->len; row++) {
        g_autofree char *whole = c->cells->pdata[row];
        c->cells->pdata[row] = shortened(whole, room);
    }
    c->width = MIN(c->width, room);
}

static void print_page(const GPtrArray *page, unsigned rows, const bool *marked, FILE *out) {
    GridColumn *last = page->pdata[page->len - 1];
    if (last->left) last->width = 0; /* nothing stands behind it */
    grid_put_heads(page, out);
    for (unsigned row = 0; row < MIN(rows, MAX_ROWS); row++) {
        grid_put_row(page, page->len, row, out);
        fputs(marked && marked[row] ? " *\n" : "\n", out);
    }
    if (rows > MAX_ROWS)
        fprintf(out, "... and %u more rows: all are in compare.tsv\n", rows - MAX_ROWS);
}

static GPtrArray *page_of(const char *const *heads, unsigned n, unsigned left) {
    GPtrArray *page = g_ptr_array_new_with_free_func(grid_column_free);
    for (unsigned i = 0; i < n; i++)
        g_ptr_array_add(page, grid_column(left & 1u << i, g_strdup(heads[i]), NULL, NULL));
    return page;
}

static void put_cells(GPtrArray *page, char *const *cells) {
    for (unsigned k = 0; k < page->len; k++) grid_cell(page->pdata[k], cells[k]);
}

/* A row for each measure, of a scenario of one point. */
static void print_point(const Compare *c, unsigned width, FILE *out) {
    static const char *const heads[] = {"", "detailed", "fast", "unit", "difference"};
    g_autoptr(GPtrArray) page = page_of(heads, G_N_ELEMENTS(heads), 1u << 0 | 1u << 3);
    unsigned rows = 0;
    for (unsigned m = 0; m < c->measures->len; m++) {
        const CompareMeasure *measure = measure_at(c, m);
        if (measure->whole) continue;
        double scale;
        char *unit = shown_unit(measure, 1, &scale);
        put_cells(page,
                  (char *[]){g_strdup(measure->name), number_text(measure->at->detailed * scale),
                             number_text(measure->at->fast * scale), unit,
                             difference_text(measure->at->difference)});
        rows++;
    }
    if (!rows) return;
    fit(page, 0, width);
    fputc('\n', out);
    print_page(page, rows, NULL, out);
}

/* Points by what tells them apart, or, where there is no room for that, by number. */
static GPtrArray *point_columns(const Compare *c, unsigned room, bool *by_number) {
    GPtrArray *page = g_ptr_array_new_with_free_func(grid_column_free);
    unsigned used = headline_parameters(scenario_of(c), c->points, c->n_points, room, page);
    *by_number = used > room;
    if (!*by_number) return page;
    g_ptr_array_set_size(page, 0);
    GridColumn *numbers = grid_column(false, NULL, g_strdup("point"), NULL);
    for (unsigned p = 0; p < c->n_points; p++)
        grid_cell(numbers, g_strdup_printf("%u", c->points[p]));
    g_ptr_array_add(page, numbers);
    return page;
}

static bool is_unsteady(const Compare *c, unsigned point) {
    const GPtrArray *sides[] = {c->detailed.study->runs, c->fast.study->runs};
    for (unsigned i = 0; i < 2 * sides[0]->len; i++) {
        const RunResult *r = sides[i % 2]->pdata[i / 2];
        if (r->point == point && r->unsteady) return true;
    }
    return false;
}

/* A row for each point. */
static void print_points(const Compare *c, const CompareMeasure *m, unsigned width, FILE *out) {
    double scale;
    g_autofree char *unit = shown_unit(m, c->n_points, &scale);
    g_autofree bool *marked = g_new(bool, c->n_points);
    bool any = false, by_number;
    GridColumn *detailed = grid_column(false, NULL, g_strdup("detailed"), NULL),
               *fast = grid_column(false, NULL, g_strdup("fast"), NULL),
               *difference = grid_column(false, NULL, g_strdup("difference"), NULL);
    for (unsigned p = 0; p < c->n_points; p++) {
        grid_cell(detailed, number_text(m->at[p].detailed * scale));
        grid_cell(fast, number_text(m->at[p].fast * scale));
        grid_cell(difference, difference_text(m->at[p].difference));
        marked[p] = is_unsteady(c, c->points[p]);
        any |= marked[p];
    }
    unsigned used =
        detailed->width + fast->width + difference->width + 3 * GRID_GAP + (any ? 2 : 0);
    g_autoptr(GPtrArray) page = point_columns(c, width > used ? width - used : 0, &by_number);
    g_ptr_array_add(page, detailed);
    g_ptr_array_add(page, fast);
    g_ptr_array_add(page, difference);
    fprintf(out, "\n%s%s%s\n", m->name, *unit ? ", " : "", unit);
    print_page(page, c->n_points, marked, out);
    if (any) fputs("*: not steady by one of the two at least, so that latencies grow\n", out);
    if (by_number) fputs("point: its number; compare.tsv has what it is\n", out);
}

/* "met", or "met -> missed". */
static char *verdict_text(const CompareMeasure *m) {
    if (!m->detailed) return g_strdup("-");
    bool same = !strcmp(m->detailed->verdict, m->fast->verdict);
    return same ? g_strdup(m->fast->verdict)
                : g_strdup_printf("%s -> %s", m->detailed->verdict, m->fast->verdict);
}

/* By one of the two at least. */
static bool is_judged(const CompareMeasure *m) {
    static const char none[] = "not measured";
    return m->detailed && (strcmp(m->detailed->verdict, none) || strcmp(m->fast->verdict, none));
}

static void print_whole(const Compare *c, unsigned width, FILE *out) {
    static const char *const heads[] = {"claim", "detailed",   "fast",
                                        "unit",  "difference", "verdict"};
    g_autoptr(GPtrArray) page = page_of(heads, G_N_ELEMENTS(heads), 1u << 0 | 1u << 3 | 1u << 5);
    unsigned rows = 0, changed = 0, judged = 0, claims = 0;
    for (unsigned m = 0; m < c->measures->len; m++) {
        const CompareMeasure *measure = measure_at(c, m);
        if (!measure->whole) continue;
        put_cells(page,
                  (char *[]){g_strdup(measure->name), number_text(measure->at->detailed),
                             number_text(measure->at->fast), g_strdup(measure->unit),
                             difference_text(measure->at->difference), verdict_text(measure)});
        rows++;
        judged += is_judged(measure);
        claims += measure->detailed != NULL;
        changed +=
            measure->detailed && strcmp(measure->detailed->verdict, measure->fast->verdict) != 0;
    }
    if (!rows) return;
    fit(page, 0, width);
    fputc('\n', out);
    print_page(page, rows, NULL, out);
    if (judged) fprintf(out, "%u of %u verdicts differ", changed, judged);
    if (judged && claims > judged) fprintf(out, ", %u were not measured", claims - judged);
    if (judged && c->n_points < scenario_n_points(scenario_of(c)))
        fputs("; they are of these points alone", out);
    if (judged) fputc('\n', out);
}

static void print_spreads(const Compare *c, unsigned width, FILE *out) {
    static const char *const heads[] = {"differences", "points",  "median",
                                        "p90",         "largest", "largest at"};
    g_autoptr(GPtrArray) page = page_of(heads, G_N_ELEMENTS(heads), 1u << 0 | 1u << 5);
    unsigned rows = 0;
    for (unsigned m = 0; m < c->measures->len; m++) {
        CompareSpread s;
        const CompareMeasure *measure = measure_at(c, m);
        if (measure->whole) continue;
        bool any = compare_spread(c, measure, &s);
        put_cells(page,
                  (char *[]){shortened(measure->name, WIDEST_NAME), g_strdup_printf("%u", s.n),
                             any ? size_text(s.median) : g_strdup("-"),
                             any ? size_text(s.p90) : g_strdup("-"),
                             any ? size_text(s.largest) : g_strdup("-"),
                             any ? point_text(c, c->points[s.where], true) : g_strdup("-")});
        rows++;
    }
    if (!rows) return;
    fit(page, page->len - 1, width);
    fputc('\n', out);
    print_page(page, rows, NULL, out);
}

static char *times_text(double detailed, double fast) {
    return fast > 0 && detailed > 0 ? g_strdup_printf("%.3g times", detailed / fast)
                                    : g_strdup("-");
}

static void print_cost(const Compare *c, FILE *out) {
    static const char *const heads[] = {"", "detailed", "fast", "ratio"};
    g_autoptr(GPtrArray) page = page_of(heads, G_N_ELEMENTS(heads), 1);
    if (!c->runs) return;
    put_cells(page, (char *[]){g_strdup("wall time, s"), number_text(c->wall_s[0]),
                               number_text(c->wall_s[1]), times_text(c->wall_s[0], c->wall_s[1])});
    put_cells(page, (char *[]){g_strdup("events"), number_text(c->events[0]),
                               number_text(c->events[1]), times_text(c->events[0], c->events[1])});
    fputc('\n', out);
    print_page(page, 2, NULL, out);
}

static void print_head(const Compare *c, FILE *out) {
    unsigned of = scenario_n_points(scenario_of(c)), runs = c->detailed.study->runs->len;
    g_autofree char *timing = scenario_timing_text(scenario_of(c));
    fprintf(out, "%s\nfast timing beside detailed", scenario_title(scenario_of(c)));
    if (of > 1) fprintf(out, ", %u of %u points", c->n_points, of);
    if (runs > c->n_points) fprintf(out, ", %u repetitions each", runs / c->n_points);
    if (timing) fprintf(out, "; by both: %s", timing);
    fputc('\n', out);
    if (c->runs < runs) fprintf(out, "%u of %u runs have come to an end by both\n", c->runs, runs);
}

void compare_print(const Compare *c, bool summary, FILE *out) {
    unsigned width = grid_width(out);
    bool one = scenario_n_points(scenario_of(c)) == 1;
    print_head(c, out);
    if (one) print_point(c, width, out);
    for (unsigned m = 0; !one && !summary && m < c->measures->len; m++)
        if (!measure_at(c, m)->whole) print_points(c, measure_at(c, m), width, out);
    print_whole(c, width, out);
    if (!one) print_spreads(c, width, out);
    print_cost(c, out);
    headline_warnings(c->fast.study, out);
}

/* Bounds ----------------------------------------------------------------------------------- */

static char *past_text(const Compare *c, const CompareMeasure *m, const CompareSpread *s,
                       double bound) {
    unsigned n = 0;
    for (unsigned p = 0; !m->whole && p < c->n_points; p++)
        n += fabs(m->at[p].difference.mean) > bound;
    g_autofree char *size = size_text(s->largest),
                    *where = m->whole ? g_strdup("") : point_text(c, c->points[s->where], false),
                    *others =
                        n > 1 ? g_strdup_printf(", and more than that at %u of %u points", n, s->n)
                              : g_strdup("");
    return g_strdup_printf("%s differs %s%s%s%s, expected %.4g %% or less%s", m->name,
                           isinf(s->largest) ? "" : "by ", size, *where ? " at " : "", where,
                           100 * bound, others);
}

static bool is_measured(const Compare *c, const CompareMeasure *m) {
    for (unsigned p = 0; p < (m->whole ? 1 : c->n_points); p++)
        if (!isnan(m->at[p].difference.mean)) return true;
    return false;
}

GPtrArray *compare_past(const Compare *c, double bound) {
    GPtrArray *past = g_ptr_array_new_with_free_func(g_free);
    bool any = false;
    for (unsigned m = 0; m < c->measures->len; m++) {
        CompareSpread s;
        any |= is_measured(c, measure_at(c, m));
        if (compare_spread(c, measure_at(c, m), &s) && s.largest > bound)
            g_ptr_array_add(past, past_text(c, measure_at(c, m), &s, bound));
    }
    if (!any) g_ptr_array_add(past, g_strdup("nothing was measured by both timings"));
    return past;
}

/* compare.tsv ------------------------------------------------------------------------------ */

static void put_number(GString *t, double value) {
    g_string_append_c(t, '\t');
    if (!isnan(value)) g_string_append_printf(t, "%.12g", value);
}

static void put_row(GString *t, const Compare *c, const CompareMeasure *m, unsigned p) {
    const Scenario *s = scenario_of(c);
    const Comparison *x = &m->at[p];
    if (!m->whole) g_string_append_printf(t, "%u", c->points[p]);
    for (unsigned i = 0; i < scenario_n_parameters(s); i++)
        g_string_append_printf(t, "\t%s",
                               m->whole ? "" : scenario_parameter(s, c->points[p], i).value);
    g_string_append_printf(t, "\t%s\t%s\t%u", m->name, m->unit, x->difference.n);
    put_number(t, x->detailed);
    put_number(t, x->fast);
    put_number(t, x->difference.mean);
    put_number(t, x->difference.mean - x->difference.half);
    put_number(t, x->difference.mean + x->difference.half);
    g_string_append_printf(t, "\t%s\t%s\n", m->detailed ? m->detailed->verdict : "",
                           m->fast ? m->fast->verdict : "");
}

char *compare_table(const Compare *c) {
    const Scenario *s = scenario_of(c);
    GString *t = g_string_new("point");
    for (unsigned i = 0; i < scenario_n_parameters(s); i++)
        g_string_append_printf(t, "\t%s", scenario_parameter(s, 0, i).name);
    g_string_append(t, "\tmeasure\tunit\tn\tdetailed\tfast\tdifference\tlow\thigh"
                       "\tverdict_detailed\tverdict_fast\n");
    for (unsigned m = 0; m < c->measures->len; m++)
        for (unsigned p = 0; p < (measure_at(c, m)->whole ? 1 : c->n_points); p++)
            put_row(t, c, measure_at(c, m), p);
    return g_string_free(t, FALSE);
}
