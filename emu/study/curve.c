/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Curves from the records of studies. */
#include "emu/study/curve.h"

#include <math.h>
#include <string.h>

static void curve_free(void *data) {
    Curve *c = data;
    g_free(c->name);
    g_array_unref(c->points);
    g_free(c);
}

static int by_x(const void *a, const void *b) {
    const CurvePoint *p = a, *q = b;
    return p->x < q->x ? -1 : p->x > q->x;
}

/* The curve of that name, made if there is none. */
static Curve *curve_named(GPtrArray *curves, const char *name, bool dashed, bool over_time) {
    for (unsigned i = 0; i < curves->len; i++)
        if (!strcmp(((Curve *)curves->pdata[i])->name, name)) return curves->pdata[i];
    Curve *c = g_new(Curve, 1);
    *c = (Curve){g_strdup(name), dashed, over_time, g_array_new(FALSE, FALSE, sizeof(CurvePoint))};
    g_ptr_array_add(curves, c);
    return c;
}

/* Names ----------------------------------------------------------------------------------- */

static void append_part(GString *name, const char *part) {
    if (part && *part) g_string_append_printf(name, "%s%s", name->len ? ", " : "", part);
}

typedef struct {
    const ScenarioPlot *plot;
    const CurveSource *source;
    const MetricRuns *runs;
    unsigned *run_of;    /* which metric run a study's run is; UINT_MAX: none, it is not ok */
    char **names;        /* of `curve`; NULL: all parameters, of a series over time */
    bool by_series;      /* the series is among them */
    GHashTable *differs; /* what differs() has found out */
} Gather;

/* Whether a parameter is not the same throughout the point's series, whose name stands for what
 * is. */
static bool differs(const Gather *g, unsigned point, unsigned k) {
    const Scenario *s = g->source->study->scenario;
    unsigned by;
    if (!g->by_series || !scenario_tells(s, "series", &by, NULL)) return true;
    const char *series = scenario_parameter(s, point, by).value,
               *value = scenario_parameter(s, point, k).value;
    g_autofree char *key = g_strdup_printf("%u %s", k, series);
    unsigned found = GPOINTER_TO_UINT(g_hash_table_lookup(g->differs, key));
    for (unsigned p = 0; !found && p < scenario_n_points(s); p++)
        if (!strcmp(scenario_parameter(s, p, by).value, series) &&
            strcmp(scenario_parameter(s, p, k).value, value) != 0)
            found = 2;
    if (!found) found = 1;
    g_hash_table_insert(g->differs, g_steal_pointer(&key), GUINT_TO_POINTER(found));
    return found == 2;
}

/* "tokens = default"; of a series its name alone. */
static void append_value(const Gather *g, GString *name, unsigned point, unsigned k) {
    ScenarioParameter p = scenario_parameter(g->source->study->scenario, point, k);
    const char *dot = strrchr(p.name, '.'); /* none: the series */
    if (dot && !differs(g, point, k)) return;
    g_autofree char *key = g_strdelimit(g_strdup(dot ? dot + 1 : ""), "_", ' '),
                    *part = dot ? g_strdup_printf("%s = %s", key, p.value) : NULL;
    append_part(name, dot ? part : p.value);
}

/* Of those that `curve` names, in its order; one that is the same at all points has none. */
static void append_values(const Gather *g, GString *name, unsigned point) {
    const Scenario *s = g->source->study->scenario;
    unsigned n = scenario_n_parameters(s);
    for (unsigned i = 0; g->names ? g->names[i] != NULL : i < n; i++) {
        unsigned k = i;
        if (g->names && !scenario_tells(s, g->names[i], &k, NULL)) continue;
        if (k < n) append_value(g, name, point, k);
    }
}

static GStrv names_of(const ScenarioPlot *plot) {
    GStrv names = g_strsplit(plot->curve ? plot->curve : "", ",", -1);
    for (unsigned i = 0; names[i]; i++) g_strstrip(names[i]);
    return names;
}

static bool dashed(const ScenarioPlot *plot, const char *name) {
    return plot->dashed && name && g_str_has_prefix(name, plot->dashed);
}

/* x and y --------------------------------------------------------------------------------- */

/* Whether `where` holds in this run, and its x and y. */
static bool evaluate(const Gather *g, const char *y, unsigned run, bool *holds, double *xy,
                     GError **error) {
    const char *condition = g->plot->condition;
    double truth = 1;
    if ((condition && !metric_evaluate_run(condition, g->runs, run, &truth, error)) ||
        (g->plot->x && !metric_evaluate_run(g->plot->x, g->runs, run, &xy[0], error)) ||
        (y && !metric_evaluate_run(y, g->runs, run, &xy[1], error))) {
        g_prefix_error(error, "%s: [plot %s]: ", g->plot->where, g->plot->name);
        return false;
    }
    *holds = truth != 0 && !isnan(truth);
    return true;
}

/* One point of the study, from its runs, `*at` the first, which leaves `*at` behind them; n: how
 * many have x and y. */
static bool estimate(const Gather *g, const char *y, unsigned *at, CurvePoint *p, unsigned *n,
                     GError **error) {
    const Study *study = g->source->study;
    unsigned first = *at, point = ((const RunResult *)study->runs->pdata[first])->point;
    while (*at < study->runs->len && ((const RunResult *)study->runs->pdata[*at])->point == point)
        ++*at;
    g_autofree double *values = g_new(double, *at - first);
    double sum = 0;
    *n = 0;
    for (unsigned r = first; r < *at; r++) {
        double xy[2] = {0};
        bool holds;
        if (g->run_of[r] == UINT_MAX) continue;
        if (!evaluate(g, y, g->run_of[r], &holds, xy, error)) return false;
        if (!holds || !isfinite(xy[0]) || !isfinite(xy[1])) continue;
        sum += xy[0];
        values[(*n)++] = xy[1];
    }
    StudyEstimate e = study_estimate_of(values, *n, *n > 1 && study_independent(study, point, 0));
    *p = (CurvePoint){*n ? sum / *n : NAN, e.mean, e.mean - e.half, e.mean + e.half};
    return true;
}

static bool add_y(const Gather *g, const char *y, const char *y_name, GPtrArray *curves,
                  GError **error) {
    const Study *study = g->source->study;
    for (unsigned at = 0; at < study->runs->len;) {
        unsigned n, point = ((const RunResult *)study->runs->pdata[at])->point;
        CurvePoint p;
        if (!estimate(g, y, &at, &p, &n, error)) return false;
        if (!n) continue;
        g_autoptr(GString) name = g_string_new(NULL);
        append_part(name, g->source->name);
        append_part(name, y_name);
        append_values(g, name, point);
        Curve *curve = curve_named(curves, name->str, dashed(g->plot, y_name), false);
        g_array_append_val(curve->points, p);
    }
    return true;
}

static bool add_ys(const Gather *g, GPtrArray *curves, GError **error) {
    g_auto(GStrv) ys = g_strsplit(g->plot->y, ";", -1);
    g_auto(GStrv) names = g_strsplit(g->plot->names ? g->plot->names : "", ";", -1);
    unsigned n_names = g_strv_length(names), n_ys = g_strv_length(ys);
    for (unsigned i = 0; i < n_ys; i++) {
        const char *name = i < n_names ? g_strstrip(names[i]) : n_ys > 1 ? g_strstrip(ys[i]) : NULL;
        if (!add_y(g, ys[i], name, curves, error)) return false;
    }
    return true;
}

/* Series ---------------------------------------------------------------------------------- */

/* The columns of one run's series, the first of which is the time. */
static void add_columns(const Gather *g, const char *text, unsigned point, GPtrArray *curves) {
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_auto(GStrv) heads = g_strsplit(lines[0] ? lines[0] : "", "\t", -1);
    unsigned columns = g_strv_length(heads);
    g_autoptr(GPtrArray) of = g_ptr_array_new();
    for (unsigned c = 1; c < columns; c++) {
        g_autoptr(GString) name = g_string_new(NULL);
        append_part(name, g->source->name);
        if (columns > 2) append_part(name, heads[c]);
        append_values(g, name, point);
        g_ptr_array_add(of, curve_named(curves, name->str, dashed(g->plot, heads[c]), true));
    }
    for (unsigned i = 1; columns && lines[i] && *lines[i]; i++) {
        g_auto(GStrv) f = g_strsplit(lines[i], "\t", -1);
        for (unsigned c = 1; c < MIN(columns, g_strv_length(f)); c++) {
            CurvePoint p = {g_ascii_strtod(f[0], NULL), g_ascii_strtod(f[c], NULL), NAN, NAN};
            if (isfinite(p.x) && isfinite(p.y))
                g_array_append_val(((Curve *)of->pdata[c - 1])->points, p);
        }
    }
}

static bool add_series(const Gather *g, GPtrArray *curves, GError **error) {
    const Study *study = g->source->study;
    for (unsigned r = 0; r < study->runs->len; r++) {
        const RunResult *run = study->runs->pdata[r];
        double xy[2];
        bool holds;
        if (g->run_of[r] == UINT_MAX || run->repetition) continue;
        if (!evaluate(g, NULL, g->run_of[r], &holds, xy, error)) return false;
        g_autofree char *file = g_strdup_printf("series-%s.tsv", g->plot->series), *text = NULL,
                        *path = g_build_filename(g->source->folder, "records", run->identity, file,
                                                 NULL);
        if (holds && g_file_get_contents(path, &text, NULL, NULL))
            add_columns(g, text, run->point, curves);
    }
    return true;
}

/* All ------------------------------------------------------------------------------------- */

static bool add_source(const ScenarioPlot *plot, const CurveSource *source, GPtrArray *curves,
                       GError **error) {
    const GPtrArray *results = source->study->runs;
    g_autofree unsigned *run_of = g_new(unsigned, results->len + 1);
    g_auto(GStrv) names = names_of(plot);
    MetricRuns *runs = study_metric_runs(source->study);
    for (unsigned r = 0, n = 0; r < results->len; r++)
        run_of[r] = ((RunResult *)results->pdata[r])->status == RUN_OK ? n++ : UINT_MAX;
    g_autoptr(GHashTable) found = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    Gather g = {.plot = plot,
                .source = source,
                .runs = runs,
                .run_of = run_of,
                .names = plot->curve || plot->y ? names : NULL,
                .by_series = g_strv_contains((const char *const *)names, "series"),
                .differs = found};
    bool ok = plot->series ? add_series(&g, curves, error) : add_ys(&g, curves, error);
    study_metric_runs_free(runs);
    return ok;
}

GPtrArray *curves_of(const ScenarioPlot *plot, const CurveSource *sources, unsigned n_sources,
                     GError **error) {
    GPtrArray *curves = g_ptr_array_new_with_free_func(curve_free);
    bool ok = true;
    for (unsigned i = 0; ok && i < n_sources; i++)
        ok = add_source(plot, &sources[i], curves, error);
    for (unsigned i = curves->len; i-- > 0;) {
        Curve *c = curves->pdata[i];
        g_array_sort(c->points, by_x);
        if (!c->points->len) g_ptr_array_remove_index(curves, i);
    }
    if (ok) return curves;
    g_ptr_array_unref(curves);
    return NULL;
}
