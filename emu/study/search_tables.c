/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a search has found: on a terminal, as JSON, and its trials as a table. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "emu/study/file.h"
#include "emu/study/grid.h"
#include "emu/study/search_private.h"

#define SEARCH_SCHEMA "sppemu-search-1"

/* Values of the dial ------------------------------------------------------------------------ */

char *search_name(const Search *x) {
    g_autoptr(GString) names = g_string_new(NULL);
    for (unsigned n = 0; n < x->dial[FINE]->len; n++) {
        const ScenarioChoice *c = x->dial[FINE]->pdata[n];
        g_string_append_printf(names, "%s%s", n ? ", " : "", c->name);
    }
    return g_strdup(names->str);
}

double search_value(const Search *x, double at) {
    if (isnan(at)) return NAN;
    g_autofree char *text = search_text(x, 0, at);
    const ScenarioChoice *c = x->dial[FINE]->pdata[0];
    return text ? param_number_of(c->row, text) : NAN;
}

/* With five digits: the rest is less than what was asked for. */
static char *shown(const Search *x, unsigned n, double at) {
    g_autofree char *text = isnan(at) ? NULL : search_text(x, n, at);
    if (!text) return g_strdup("-");
    char *unit = text, number[G_ASCII_DTOSTR_BUF_SIZE];
    double value = g_ascii_strtod(text, &unit);
    if (unit == text) return g_strdup(text);
    g_ascii_formatd(number, sizeof number, "%.5g", value);
    return g_strconcat(strchr(number, 'e') ? text : number, strchr(number, 'e') ? "" : unit, NULL);
}

/* Of several numbers a factor stands for all. */
static char *place(const Search *x, double at) {
    if (x->dial[FINE]->len == 1) return shown(x, 0, at);
    return isnan(at) ? g_strdup("-") : g_strdup_printf("%.5g times", at);
}

/* What was found ---------------------------------------------------------------------------- */

static char *goal_text(const Search *x, const SearchGoal *goal) {
    return isnan(goal->loss) ? g_strdup(x->options.until)
                             : g_strdup_printf("loss up to %g%%", 100 * goal->loss);
}

static void add_remarks(const Search *x, const SearchGoal *goal, GPtrArray *all) {
    g_autofree char *what = goal_text(x, goal), *name = search_name(x);
    for (unsigned r = 0; r < goal->brackets->len; r++) {
        const SearchBracket *b = &g_array_index(goal->brackets, SearchBracket, r);
        g_autofree char *passed = place(x, b->passed), *failed = place(x, b->failed),
                        *twist = place(x, b->twist);
        const char *until = x->options.until;
        if (isnan(b->passed))
            g_ptr_array_add(
                all, g_strdup_printf(
                         until ? "%s: it holds everywhere, down to the end of the range of %s"
                               : "%s: no %s reaches it, down to the least there is",
                         what, name));
        else if (isnan(b->failed))
            g_ptr_array_add(
                all,
                g_strdup_printf(until ? "%s: it does not hold up to the end of the range, %s at %s"
                                      : "%s: nothing fails up to the end of the range, %s at %s",
                                what, name, passed));
        if (!isnan(b->twist))
            g_ptr_array_add(all, g_strdup_printf("%s: not monotone in repetition %u: it changes "
                                                 "between %s and %s, and once more at %s; "
                                                 "look between them with --range",
                                                 what, r, passed, failed, twist));
        if (isnan(b->passed) || isnan(b->failed) || !isnan(b->twist)) return;
    }
}

GPtrArray *search_remarks(const Search *x) {
    GPtrArray *all = g_ptr_array_new_with_free_func(g_free);
    for (unsigned g = 0; g < x->goals->len; g++) add_remarks(x, x->goals->pdata[g], all);
    return all;
}

static void print_grid(GridColumn *const *columns, unsigned n, FILE *out) {
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(grid_column_free);
    for (unsigned k = 0; k < n; k++) g_ptr_array_add(all, columns[k]);
    grid_put_heads(all, out);
    for (unsigned row = 0; row < columns[0]->cells->len; row++) {
        grid_put_row(all, n, row, out);
        fputc('\n', out);
    }
}

static GridColumn *column(bool left, const char *head) {
    return grid_column(left, g_strdup(head), NULL, NULL);
}

static void print_goals(const Search *x, FILE *out) {
    g_autofree char *name = search_name(x);
    g_autofree char *until = g_strconcat(name, " up to", NULL);
    bool one = x->dial[FINE]->len == 1;
    GridColumn *c[] = {column(true, x->options.until ? "until" : "loss"),
                       column(true, x->options.until ? until
                                    : one            ? name
                                                     : "rates"),
                       column(true, x->repeat > 1 ? "95% from" : "from"), column(true, "to"),
                       column(false, "trials")};
    for (unsigned g = 0; g < x->goals->len; g++) {
        const SearchGoal *goal = x->goals->pdata[g];
        grid_cell(c[0], isnan(goal->loss) ? g_strdup(x->options.until)
                                          : g_strdup_printf("%g%%", 100 * goal->loss));
        grid_cell(c[1], place(x, goal->passed.mean));
        grid_cell(c[2], place(x, goal->low));
        grid_cell(c[3], place(x, goal->high));
        grid_cell(c[4], g_strdup_printf("%u", goal->trials));
    }
    print_grid(c, G_N_ELEMENTS(c), out);
}

/* Of a factor, what each of the rates is there. */
static void print_parts(const Search *x, FILE *out) {
    const SearchGoal *first = x->goals->pdata[0];
    if (x->dial[FINE]->len == 1 || isnan(first->passed.mean)) return;
    fputc('\n', out);
    GridColumn *c[] = {column(true, "number"), column(true, "as written"), column(true, "found")};
    for (unsigned n = 0; n < x->dial[FINE]->len; n++) {
        grid_cell(c[0], g_strdup(((ScenarioChoice *)x->dial[FINE]->pdata[n])->name));
        grid_cell(c[1], shown(x, n, 1));
        grid_cell(c[2], shown(x, n, first->passed.mean));
    }
    print_grid(c, G_N_ELEMENTS(c), out);
}

static void print_loads(const Search *x, FILE *out) {
    if (!x->loads[0]) return;
    fputc('\n', out);
    GridColumn *c[] = {column(false, "of it"), column(true, "offered"), column(false, "mean us"),
                       column(false, "p99 us")};
    for (unsigned i = 0; i < SEARCH_LOADS; i++) {
        grid_cell(c[0], g_strdup_printf("%g%%", 100 * search_loads[i]));
        grid_cell(c[1], place(x, x->loads[i]->at));
        for (unsigned k = 0; k < 2; k++)
            grid_cell(c[2 + k], study_estimate_text(x->latency_us[i][k], 1));
    }
    print_grid(c, G_N_ELEMENTS(c), out);
}

void search_print(const Search *x, FILE *out) {
    g_autofree char *timing = scenario_timing_text(x->scenario);
    fprintf(out, "%s%s%s%s%s", scenario_name(x->scenario), x->sink ? ", losses at " : "",
            x->sink ? x->sink : "", timing ? ", " : "", timing ? timing : "");
    if (x->repeat > 1)
        fprintf(out, ", %u repetitions\n", x->repeat);
    else
        fprintf(out, ", one repetition: the bracket\n");
    print_goals(x, out);
    print_parts(x, out);
    print_loads(x, out);
}

/* Files ------------------------------------------------------------------------------------- */

static json_t *number(double value) {
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *goal_json(const Search *x, const SearchGoal *goal) {
    json_t *brackets = json_array();
    bool monotone = true;
    for (unsigned r = 0; r < goal->brackets->len; r++) {
        const SearchBracket *b = &g_array_index(goal->brackets, SearchBracket, r);
        monotone &= isnan(b->twist);
        json_array_append_new(brackets, json_pack("{s:i, s:o, s:o}", "repetition", (int)r, "passed",
                                                  number(search_value(x, b->passed)), "failed",
                                                  number(search_value(x, b->failed))));
    }
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:i, s:b}", "loss", number(goal->loss),
                     "value", number(search_value(x, goal->passed.mean)), "factor",
                     number(goal->passed.mean), "low", number(search_value(x, goal->low)), "high",
                     number(search_value(x, goal->high)), "brackets", brackets, "trials",
                     (int)goal->trials, "monotone", monotone);
}

static json_t *loads_json(const Search *x) {
    json_t *loads = json_array();
    for (unsigned i = 0; i < SEARCH_LOADS && x->loads[0]; i++)
        json_array_append_new(loads,
                              json_pack("{s:f, s:o, s:o, s:o, s:o, s:o}", "share", search_loads[i],
                                        "value", number(search_value(x, x->loads[i]->at)),
                                        "latency_mean_us", number(x->latency_us[i][0].mean),
                                        "latency_mean_half_us", number(x->latency_us[i][0].half),
                                        "latency_p99_us", number(x->latency_us[i][1].mean),
                                        "latency_p99_half_us", number(x->latency_us[i][1].half)));
    return loads;
}

json_t *search_json(const Search *x) {
    json_t *dial = json_array(), *goals = json_array(), *remarks = json_array();
    g_autoptr(GPtrArray) said = search_remarks(x);
    for (unsigned n = 0; n < x->dial[FINE]->len; n++) {
        const ScenarioChoice *c = x->dial[FINE]->pdata[n];
        json_array_append_new(dial, json_pack("{s:s, s:s}", "name", c->name, "written", c->value));
    }
    for (unsigned g = 0; g < x->goals->len; g++)
        json_array_append_new(goals, goal_json(x, x->goals->pdata[g]));
    for (unsigned i = 0; i < said->len; i++)
        json_array_append_new(remarks, json_string(said->pdata[i]));
    return json_pack("{s:s, s:s, s:o, s:s?, s:s?, s:f, s:i, s:s?, s:o, s:o, s:o}", "schema",
                     SEARCH_SCHEMA, "scenario", scenario_name(x->scenario), "dial", dial, "sink",
                     x->sink, "until", x->options.until, "precision", x->options.precision,
                     "repetitions", (int)x->repeat, "timing", scenario_timing(x->scenario), "goals",
                     goals, "latencies", loads_json(x), "remarks", remarks);
}

static char *trials_table(const Search *x) {
    GString *t = g_string_new("side\trepetition\twindow\tfactor\tvalue\t");
    g_string_append(t, x->options.until ? "holds\n" : "packets\tlost\tcarried\tunsteady\n");
    for (unsigned i = 0; i < x->trials->len; i++) {
        const SearchTrial *one = x->trials->pdata[i];
        g_string_append_printf(t, "%s\t%u\t%.9g\t%.9g\t%.9g\t",
                               one->side == FINE ? "fine" : "coarse", one->repetition, one->window,
                               one->at, search_value(x, one->at));
        if (x->options.until)
            g_string_append_printf(t, "%d\n", one->lost > 0);
        else
            g_string_append_printf(t, "%.0f\t%.9g\t%.9g\t%s\n", one->offered, one->lost,
                                   one->carried, one->run->unsteady ? one->run->unsteady : "");
    }
    return g_string_free(t, FALSE);
}

bool search_write(const Search *x, const char *folder, GError **error) {
    g_autofree char *trials = g_build_filename(folder, "trials.tsv", NULL),
                    *search = g_build_filename(folder, "search.json", NULL),
                    *table = trials_table(x);
    json_t *json = search_json(x);
    char *text = json_dumps(json, JSON_INDENT(1) | JSON_SORT_KEYS | JSON_REAL_PRECISION(12));
    bool ok = file_replace(trials, table, strlen(table), error) &&
              file_replace(search, text, strlen(text), error);
    free(text);
    json_decref(json);
    return ok;
}
