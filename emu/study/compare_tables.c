/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What compare prints and writes. */
#include <math.h>
#include <string.h>

#include "emu/study/compare.h"
#include "emu/study/grid.h"
#include "emu/study/headline.h"

enum { MAX_ROWS = 45, WIDEST_NAME = 24, NARROWEST = 12 };

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

/* "3.12 %" */
static char *size_text(double share) {
    return isinf(share) ? g_strdup("from 0") : g_strdup_printf("%.2f %%", 100 * share);
}

static char *difference_text(StudyEstimate e) {
    if (isnan(e.mean)) return g_strdup("-");
    if (isinf(e.mean)) return g_strdup("from 0");
    return isfinite(e.half) ? g_strdup_printf("%+.2f +-%.2f %%", 100 * e.mean, 100 * e.half)
                            : g_strdup_printf("%+.2f %%", 100 * e.mean);
}

/* "traffic.rate=1Gbit/s, traffic.payload=0": what tells the point from the others; empty if there
 * are none. Caller frees. */
static char *point_text(const Compare *c, unsigned point) {
    const Scenario *s = scenario_of(c);
    g_autofree bool *telling = g_new0(bool, scenario_n_parameters(s) + 1);
    GString *text = g_string_new(NULL);
    scenario_telling(s, telling);
    for (unsigned i = 0; i < scenario_n_parameters(s); i++) {
        ScenarioParameter p = scenario_parameter(s, point, i);
        if (telling[i])
            g_string_append_printf(text, "%s%s=%s", text->len ? ", " : "", p.name, p.value);
    }
    return g_string_free(text, FALSE);
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

static void print_page(const GPtrArray *page, unsigned rows, FILE *out) {
    GridColumn *last = page->pdata[page->len - 1];
    if (last->left) last->width = 0; /* nothing stands behind it */
    grid_put_heads(page, out);
    for (unsigned row = 0; row < MIN(rows, MAX_ROWS); row++) {
        grid_put_row(page, page->len, row, out);
        fputc('\n', out);
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
    static const char *const heads[] = {"", "detailed", "fast", "difference"};
    g_autoptr(GPtrArray) page = page_of(heads, G_N_ELEMENTS(heads), 1);
    unsigned rows = 0;
    for (unsigned m = 0; m < c->measures->len; m++) {
        const CompareMeasure *measure = measure_at(c, m);
        if (measure->whole) continue;
        put_cells(page, (char *[]){g_strdup(measure->name), number_text(measure->at->detailed),
                                   number_text(measure->at->fast),
                                   difference_text(measure->at->difference)});
        rows++;
    }
    if (!rows) return;
    fit(page, 0, width);
    fputc('\n', out);
    print_page(page, rows, out);
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

/* A mark behind the rows of points that are not steady; NULL: all are. */
static GridColumn *mark_column(const Compare *c) {
    GridColumn *marks = grid_column(true, NULL, NULL, NULL);
    for (unsigned p = 0; p < c->n_points; p++)
        grid_cell(marks, g_strdup(is_unsteady(c, c->points[p]) ? "*" : ""));
    if (!marks->width) g_clear_pointer(&marks, grid_column_free);
    return marks;
}

/* A row for each point. */
static void print_points(const Compare *c, const CompareMeasure *m, unsigned width, FILE *out) {
    GridColumn *detailed = grid_column(false, NULL, g_strdup("detailed"), NULL),
               *fast = grid_column(false, NULL, g_strdup("fast"), NULL),
               *difference = grid_column(false, NULL, g_strdup("difference"), NULL);
    for (unsigned p = 0; p < c->n_points; p++) {
        grid_cell(detailed, number_text(m->at[p].detailed));
        grid_cell(fast, number_text(m->at[p].fast));
        grid_cell(difference, difference_text(m->at[p].difference));
    }
    GridColumn *marks = mark_column(c);
    unsigned used = detailed->width + fast->width + difference->width + 3 * GRID_GAP +
                    (marks ? GRID_GAP + 1 : 0);
    bool by_number;
    g_autoptr(GPtrArray) page = point_columns(c, width > used ? width - used : 0, &by_number);
    g_ptr_array_add(page, detailed);
    g_ptr_array_add(page, fast);
    g_ptr_array_add(page, difference);
    if (marks) g_ptr_array_add(page, marks);
    fprintf(out, "\n%s\n", m->name);
    print_page(page, c->n_points, out);
    if (marks) fputs("*: not steady by one of the two at least, so that latencies grow\n", out);
    if (by_number) fputs("point: its number; compare.tsv has what it is\n", out);
}

/* "met", or "met -> missed". */
static char *verdict_text(const CompareMeasure *m) {
    if (!m->detailed) return g_strdup("-");
    bool same = !strcmp(m->detailed->verdict, m->fast->verdict);
    return same ? g_strdup(m->fast->verdict)
                : g_strdup_printf("%s -> %s", m->detailed->verdict, m->fast->verdict);
}

static void print_whole(const Compare *c, unsigned width, FILE *out) {
    static const char *const heads[] = {"claim", "detailed",   "fast",
                                        "unit",  "difference", "verdict"};
    g_autoptr(GPtrArray) page = page_of(heads, G_N_ELEMENTS(heads), 1u << 0 | 1u << 3 | 1u << 5);
    unsigned rows = 0, changed = 0, judged = 0;
    for (unsigned m = 0; m < c->measures->len; m++) {
        const CompareMeasure *measure = measure_at(c, m);
        if (!measure->whole) continue;
        put_cells(page,
                  (char *[]){g_strdup(measure->name), number_text(measure->at->detailed),
                             number_text(measure->at->fast), g_strdup(measure->unit),
                             difference_text(measure->at->difference), verdict_text(measure)});
        rows++;
        judged += measure->detailed != NULL;
        changed +=
            measure->detailed && strcmp(measure->detailed->verdict, measure->fast->verdict) != 0;
    }
    if (!rows) return;
    fit(page, 0, width);
    fputc('\n', out);
    print_page(page, rows, out);
    bool sample = c->n_points < scenario_n_points(scenario_of(c));
    if (judged)
        fprintf(out, "%u of %u verdicts differ%s\n", changed, judged,
                sample ? "; they are of these points alone" : "");
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
                             any ? point_text(c, c->points[s.where]) : g_strdup("-")});
        rows++;
    }
    if (!rows) return;
    fit(page, page->len - 1, width);
    fputc('\n', out);
    print_page(page, rows, out);
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
    print_page(page, 2, out);
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
                    *where = m->whole ? g_strdup("") : point_text(c, c->points[s->where]),
                    *others =
                        n > 1 ? g_strdup_printf(", and more than that at %u of %u points", n, s->n)
                              : g_strdup("");
    return g_strdup_printf("%s differs %s%s%s%s, expected %.4g %% or less%s", m->name,
                           isinf(s->largest) ? "" : "by ", size, *where ? " at " : "", where,
                           100 * bound, others);
}

GPtrArray *compare_past(const Compare *c, double bound) {
    GPtrArray *past = g_ptr_array_new_with_free_func(g_free);
    bool any = false;
    for (unsigned m = 0; m < c->measures->len; m++) {
        CompareSpread s;
        if (!compare_spread(c, measure_at(c, m), &s)) continue;
        any = true;
        if (s.largest > bound) g_ptr_array_add(past, past_text(c, measure_at(c, m), &s, bound));
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
