/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The study at a glance. Every column names its component, above its quantity; the same quantity of
 * two components is two columns, never a sum. First comes what is carried, then what the scenario's
 * own plots and expectations are about, then latencies and rates. Columns are dropped from the
 * right until the line fits, which is said; nothing is ever wrapped. */
#include "emu/study/headline.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

#include "emu/study/grid.h"

enum { MAX_ROWS = 45 };

/* By the end of the name; the first are the most telling. */
static const struct {
    const char *suffix, *label;
} quantities[] = {
    {".carried_ratio", "carried"}, {".latency_mean_us", "mean us"},   {".delivered_bps", "out"},
    {".offered_bps", "in"},        {".latency_p99_us", "p99 us"},     {".delivered_pps", "out"},
    {".offered_pps", "in"},        {".delivered_ratio", "delivered"}, {".insert_ack_us", "ack us"}};
enum { CARRIED, N_QUANTITIES = G_N_ELEMENTS(quantities) };

static unsigned quantity_of(const char *name) {
    unsigned q = 0;
    while (q < N_QUANTITIES && !g_str_has_suffix(name, quantities[q].suffix)) q++;
    return q;
}

/* Largest absolute value among the runs; NaN when none has a number. */
static double largest(const Columns *c, unsigned column) {
    double most = NAN;
    for (unsigned r = 0; r < c->study->runs->len; r++)
        most = fmax(most, fabs(columns_value(c, r, column)));
    return most;
}

/* What the columns together say of components, by name. */
typedef struct {
    GHashTable *silent, *transit; /* sinks that nothing reached; what packets go through */
    bool heard;                   /* a sink was reached */
} Parts;

static char *component_of(const char *name) {
    return g_strndup(name, (size_t)(strrchr(name, '.') - name));
}

static Parts parts_of(const Columns *c) {
    Parts parts = {.silent = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
                   .transit = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL)};
    for (unsigned k = 0; k < c->columns->len; k++) {
        const char *name = columns_at(c, k)->name;
        if (g_str_has_suffix(name, ".packets_out"))
            g_hash_table_add(parts.transit, component_of(name));
        if (!g_str_has_suffix(name, ".delivered_pps")) continue;
        if (largest(c, k) > 0)
            parts.heard = true;
        else
            g_hash_table_add(parts.silent, component_of(name));
    }
    return parts;
}

/* Smaller is better: what is carried, what the scenario names, the rest; one source's part of a
 * sink comes last, and what is on its way: what the sinks say comes first. A sink that nothing
 * reached says nothing, if it is not the only one. */
static unsigned worth(const Columns *c, const Parts *parts, unsigned k) {
    const Column *column = columns_at(c, k);
    unsigned q = quantity_of(column->name);
    bool part = strchr(column->name, '.') != strrchr(column->name, '.');
    if (g_str_has_prefix(column->name, "run.")) return UINT_MAX;
    if (column->used && q != CARRIED && (q == N_QUANTITIES || !strstr(column->name, ".offered")))
        return isnan(largest(c, k)) ? UINT_MAX : 1;
    if (q == N_QUANTITIES || isnan(largest(c, k))) return UINT_MAX;
    g_autofree char *component = component_of(column->name);
    if (parts->heard && g_hash_table_contains(parts->silent, component)) return UINT_MAX;
    part = part || g_hash_table_contains(parts->transit, component);
    return (part ? 100 : q == CARRIED ? 0 : 2) + q;
}

typedef struct {
    unsigned column, worth;
} Ranked;

static int by_worth(const void *a, const void *b) {
    const Ranked *x = a, *y = b;
    if (x->worth != y->worth) return x->worth < y->worth ? -1 : 1;
    return x->column < y->column ? -1 : x->column > y->column;
}

/* Those that the scenario names, in its order. */
static void add_named(const Columns *c, GArray *chosen) {
    for (unsigned i = 0; i < scenario_n_columns(c->study->scenario); i++)
        for (unsigned k = 0; k < c->columns->len; k++)
            if (!strcmp(columns_at(c, k)->name, scenario_column(c->study->scenario, i)->scalar))
                g_array_append_val(chosen, k);
}

/* The scenario's own label of a column; NULL: it has none. */
static const char *own_label(const Columns *c, const char *name) {
    for (unsigned i = 0; i < scenario_n_columns(c->study->scenario); i++) {
        const ScenarioColumn *column = scenario_column(c->study->scenario, i);
        if (!strcmp(column->scalar, name)) return column->label;
    }
    return NULL;
}

GArray *headline_columns(const Columns *c) {
    g_autoptr(GArray) ranked = g_array_new(FALSE, FALSE, sizeof(Ranked));
    GArray *chosen = g_array_new(FALSE, FALSE, sizeof(unsigned));
    add_named(c, chosen);
    if (chosen->len) return chosen;
    Parts parts = parts_of(c);
    for (unsigned k = 0; k < c->columns->len; k++) {
        Ranked r = {k, worth(c, &parts, k)};
        if (r.worth != UINT_MAX) g_array_append_val(ranked, r);
    }
    g_hash_table_unref(parts.silent);
    g_hash_table_unref(parts.transit);
    g_array_sort(ranked, by_worth);
    for (unsigned i = 0; i < ranked->len; i++)
        g_array_append_val(chosen, g_array_index(ranked, Ranked, i).column);
    return chosen;
}

/* Cells ----------------------------------------------------------------------------------- */

double headline_scale(const char *name, double most, const char **prefix) {
    static const struct {
        double unit;
        const char *prefix;
    } units[] = {{1e9, "G"}, {1e6, "M"}, {1e3, "k"}, {0, ""}};
    *prefix = NULL;
    if (!g_str_has_suffix(name, "_bps") && !g_str_has_suffix(name, "_pps")) return 1;
    unsigned i = 0;
    while (units[i].unit && !(most >= units[i].unit)) i++;
    *prefix = units[i].prefix;
    return units[i].unit ? 1 / units[i].unit : 1;
}

/* `own` is the scenario's word for it, NULL: none. */
static char *label_of(const Column *column, const char *own, const char *prefix) {
    unsigned q = quantity_of(column->name);
    const char *end = strrchr(column->name, '.') + 1;
    const char *label = own ? own : q < N_QUANTITIES ? quantities[q].label : end;
    if (prefix)
        return g_strdup_printf("%s %s%s", label, prefix,
                               g_str_has_suffix(end, "_bps") ? "b/s" : "p/s");
    return g_strdup(label);
}

/* A label that is a unit, "Mp/s" or "Gb/s", says how a rate is scaled. */
static bool scale_of_label(const Column *column, const char *own, double *scale) {
    static const struct {
        const char *unit, *suffix;
        double scale;
    } units[] = {{"Gb/s", "_bps", 1e-9}, {"Mb/s", "_bps", 1e-6}, {"kb/s", "_bps", 1e-3},
                 {"Mp/s", "_pps", 1e-6}, {"kp/s", "_pps", 1e-3}, {"p/s", "_pps", 1}};
    for (unsigned i = 0; own && i < G_N_ELEMENTS(units); i++)
        if (!strcmp(own, units[i].unit) && g_str_has_suffix(column->name, units[i].suffix)) {
            *scale = units[i].scale;
            return true;
        }
    return false;
}

static char *number(double value, double scale) {
    return isnan(value) ? g_strdup("-") : g_strdup_printf("%.5g", value * scale);
}

/* Rows are runs, or points when there are repetitions. */
static unsigned n_rows(const Study *study) {
    return study->repeated ? scenario_n_points(study->scenario) : study->runs->len;
}

static unsigned point_of(const Study *study, unsigned row) {
    return study->repeated ? row : ((const RunResult *)study->runs->pdata[row])->point;
}

static GridColumn *scalar_column(const Columns *c, unsigned k, unsigned rows) {
    const Column *column = columns_at(c, k);
    const char *prefix = NULL, *dot = strrchr(column->name, '.'), *own = own_label(c, column->name);
    double scale;
    if (!scale_of_label(column, own, &scale))
        scale = headline_scale(column->name, largest(c, k), &prefix);
    GridColumn *p = grid_column(false, g_strndup(column->name, (size_t)(dot - column->name)),
                                label_of(column, own, prefix), NULL);
    for (unsigned row = 0; row < rows; row++)
        grid_cell(p, c->study->repeated ? study_estimate_text(columns_estimate(c, row, k), scale)
                                        : number(columns_value(c, row, k), scale));
    return p;
}

static GridColumn *parameter_column(const Scenario *s, unsigned parameter, const unsigned *points,
                                    unsigned n_points) {
    const char *name = scenario_parameter(s, 0, parameter).name;
    const char *dot = strchr(name, '.'); /* none: the series */
    GridColumn *p = grid_column(true, g_strndup(name, dot ? (size_t)(dot - name) : 0),
                                g_strdup(dot ? dot + 1 : name), NULL);
    for (unsigned i = 0; i < n_points; i++)
        grid_cell(p, g_strdup(scenario_parameter(s, points[i], parameter).value));
    return p;
}

/* The page -------------------------------------------------------------------------------- */

/* How a row's run has ended, if not well; NULL: well. Of a point with repetitions the first such.
 */
static char *trouble_of(const Study *study, unsigned row, bool *measured) {
    const char *failure = NULL;
    unsigned bad = 0, of = 0;
    for (unsigned i = 0; i < study->runs->len; i++) {
        const RunResult *r = study->runs->pdata[i];
        if (study->repeated ? r->point != row : i != row) continue;
        of++;
        if (r->status == RUN_OK) continue;
        if (!bad++) failure = r->code ? r->failure : NULL; /* 0: nobody tried */
    }
    *measured = bad < of;
    if (!bad) return NULL;
    g_autofree char *which = of > 1 ? g_strdup_printf("%u of %u ", bad, of) : g_strdup("");
    return failure ? g_strdup_printf("%sfailed: %s", which, failure)
                   : g_strdup_printf("%snot run", which);
}

static bool row_unsteady(const Study *study, unsigned row) {
    for (unsigned i = 0; i < study->runs->len; i++) {
        const RunResult *r = study->runs->pdata[i];
        if ((study->repeated ? r->point == row : i == row) && r->unsteady) return true;
    }
    return false;
}

static void print_page(const Study *study, GPtrArray *page, unsigned n_parameters, unsigned width,
                       FILE *out) {
    unsigned rows = n_rows(study);
    grid_put_heads(page, out);
    for (unsigned row = 0; row < MIN(rows, MAX_ROWS); row++) {
        bool measured;
        g_autofree char *trouble = trouble_of(study, row, &measured);
        unsigned cells = measured ? page->len : n_parameters;
        if (!cells && !trouble) continue;
        unsigned used = grid_put_row(page, cells, row, out);
        if (row_unsteady(study, row)) fputs(" *", out);
        if (trouble && !measured) {
            int room = (int)width - (int)used - (used ? GRID_GAP : 0);
            fprintf(out, "%*s%.*s", used ? GRID_GAP : 0, "", MAX(room, 10), trouble);
        }
        fputc('\n', out);
        if (trouble && measured) fprintf(out, "    %.*s\n", (int)width - 4, trouble);
    }
    if (rows > MAX_ROWS)
        fprintf(out, "... and %u more rows: all are in runs.tsv\n", rows - MAX_ROWS);
}

unsigned headline_parameters(const Scenario *s, const unsigned *points, unsigned n_points,
                             unsigned width, GPtrArray *page) {
    unsigned used = 0, n = scenario_n_parameters(s);
    g_autoptr(GPtrArray) all = g_ptr_array_new();
    g_autofree bool *shown = g_new0(bool, n + 1);
    scenario_telling(s, shown);
    for (unsigned i = 0; i < n; i++) {
        g_ptr_array_add(all, parameter_column(s, i, points, n_points));
        if (shown[i]) used += ((GridColumn *)all->pdata[i])->width + GRID_GAP;
    }
    for (unsigned i = 0; i < n; i++) {
        GridColumn *p = all->pdata[i];
        bool fits = shown[i] || used + p->width + GRID_GAP <= width / 2;
        if (!shown[i] && fits) used += p->width + GRID_GAP;
        if (fits)
            g_ptr_array_add(page, p);
        else
            grid_column_free(p);
    }
    return used;
}

/* Parameters, and as many scalars as fit; what does not is counted. */
static unsigned lay_out(const Columns *c, unsigned width, GPtrArray *page, unsigned *n_parameters) {
    const Scenario *s = c->study->scenario;
    unsigned rows = n_rows(c->study);
    g_autofree unsigned *points = g_new(unsigned, rows + 1);
    for (unsigned row = 0; row < rows; row++) points[row] = point_of(c->study, row);
    unsigned used = headline_parameters(s, points, rows, width, page);
    g_autoptr(GArray) chosen = headline_columns(c);
    *n_parameters = page->len;
    unsigned dropped = scenario_n_parameters(s) - page->len;
    for (unsigned i = 0; i < chosen->len; i++) {
        GridColumn *p = scalar_column(c, g_array_index(chosen, unsigned, i), rows);
        if (used + p->width + 2 > width) { /* 2: the mark */
            grid_column_free(p);
            dropped += chosen->len - i;
            break;
        }
        used += p->width + GRID_GAP;
        g_ptr_array_add(page, p);
    }
    return dropped;
}

/* A sentence as it is, unless a terminal has an edge. */
static void print_sentence(const char *text, FILE *out) {
    g_autofree char *wrapped = isatty(fileno(out)) ? progress_wrap(text, grid_width(out)) : NULL;
    fprintf(out, "%s\n", wrapped ? wrapped : text);
}

/* A sentence once, with the number of runs that say it. */
static void print_counted(GHashTable *count, const char *before, FILE *out) {
    g_autoptr(GList) texts = g_list_sort(g_hash_table_get_keys(count), (GCompareFunc)strcmp);
    for (const GList *l = texts; l; l = l->next) {
        unsigned n = GPOINTER_TO_UINT(g_hash_table_lookup(count, l->data));
        g_autofree char *runs = n > 1 ? g_strdup_printf(" (%u runs)", n) : g_strdup(""),
                        *text = g_strconcat(before, l->data, runs, NULL);
        print_sentence(text, out);
    }
}

static void count_text(GHashTable *count, const char *text) {
    unsigned n = GPOINTER_TO_UINT(g_hash_table_lookup(count, text));
    g_hash_table_insert(count, (char *)text, GUINT_TO_POINTER(n + 1));
}

void headline_warnings(const Study *study, FILE *out) {
    g_autoptr(GHashTable) unsteady = g_hash_table_new(g_str_hash, g_str_equal),
                          warnings = g_hash_table_new(g_str_hash, g_str_equal);
    unsigned equal = 0;
    for (unsigned i = 0; i < study->runs->len; i++) {
        const RunResult *r = study->runs->pdata[i];
        if (r->unsteady) count_text(unsteady, r->unsteady);
        for (unsigned k = 0; k < r->warnings->len; k++) count_text(warnings, r->warnings->pdata[k]);
    }
    for (unsigned p = 0; study->repeated && p < scenario_n_points(study->scenario); p++)
        equal += study_repeats_itself(study, p);
    print_counted(unsteady, "* not steady: ", out);
    print_counted(warnings, "warning: ", out);
    if (!equal) return;
    g_autofree char *same = g_strdup_printf(
        "warning: repetitions of %u of %u points are one and the same run (equal fingerprints and "
        "numbers), so they have no interval",
        equal, scenario_n_points(study->scenario));
    print_sentence(same, out);
}

static void print_runs(const Study *study, FILE *out) {
    g_autoptr(Columns) c = columns_new(study);
    g_autoptr(GPtrArray) page = g_ptr_array_new_with_free_func(grid_column_free);
    unsigned n_parameters, width = grid_width(out);
    unsigned dropped = lay_out(c, width, page, &n_parameters);
    print_page(study, page, n_parameters, width, out);
    if (c->columns->len && page->len == n_parameters && !dropped)
        fputs("no sink, claim or plot says what to show here: all numbers are in runs.tsv\n", out);
    if (dropped)
        fprintf(out, "%u more column%s: in runs.tsv, or on a wider terminal\n", dropped,
                dropped > 1 ? "s" : "");
    if (study->repeated)
        fprintf(out, "means of repetitions, +- half of the 95 %% interval: see summary.tsv\n");
    headline_warnings(study, out);
}

static void print_claims(const Study *study, FILE *out) {
    static const char *const uses[] = {"calibrate", "predict", "implied"};
    static const char *const words[] = {"calibrated", "predicted", "implied"};
    fprintf(out, "\n%-18s %-16s %10s  %-5s %-10s %s\n", "claim", "published", "emulated", "unit",
            "use", "verdict");
    for (unsigned i = 0; i < study->claims->len; i++) {
        const ClaimResult *c = &g_array_index(study->claims, ClaimResult, i);
        g_autofree char *range = g_strdup_printf("%.5g to %.5g", c->low, c->high),
                        *value =
                            isnan(c->value) ? g_strdup("-") : g_strdup_printf("%.5g", c->value);
        fprintf(out, "%-18s %-16s %10s  %-5s %-10s %s\n", c->id, range, value, c->unit, c->use,
                c->verdict);
    }
    const char *comma = "";
    for (unsigned u = 0; u < G_N_ELEMENTS(uses); u++) {
        unsigned all = 0, met = 0;
        for (unsigned i = 0; i < study->claims->len; i++) {
            const ClaimResult *c = &g_array_index(study->claims, ClaimResult, i);
            all += !strcmp(c->use, uses[u]);
            met += !strcmp(c->use, uses[u]) && !strcmp(c->verdict, "met");
        }
        if (all) fprintf(out, "%s%s: %u of %u met", comma, words[u], met, all);
        if (all) comma = ", ";
    }
    g_autofree char *share = study_share(study);
    fprintf(out, "%s%s", share ? ", judged over " : "", share ? share : "");
    g_autofree char *timing = scenario_timing_text(study->scenario);
    fprintf(out, "%s%s\n", timing ? "; by " : "", timing ? timing : "");
}

void headline_print(const Study *study, FILE *out) {
    g_autofree char *timing = scenario_timing_text(study->scenario);
    fprintf(out, "%s\n%s%s\n", scenario_title(study->scenario), timing ? timing : "",
            timing ? "\n" : "");
    print_runs(study, out);
    if (study->claims->len) print_claims(study, out);
}
