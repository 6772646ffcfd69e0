/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Two timings: what differs, by how much. Runs of the two sides stand at the same places. */
#include "emu/study/compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "emu/study/headline.h"
#include "emu/study/record.h"

enum { DETAILED, FAST, SIDES };
enum { MOST_TELLING = 4 }; /* scalars, of a scenario that names none */

static const Study *study_of(const Compare *c, unsigned side) {
    return side == FAST ? c->fast.study : c->detailed.study;
}

static const RunResult *run_at(const Compare *c, unsigned side, unsigned run) {
    return study_of(c, side)->runs->pdata[run];
}

static unsigned n_runs(const Compare *c) {
    return c->detailed.study->runs->len;
}

static double share_of(double fast, double detailed) {
    if (fast == detailed) return 0;
    return detailed == 0 ? INFINITY : (fast - detailed) / fabs(detailed);
}

/* What both have measured, n pairs of values; `independent`: they are so by either. */
static Comparison compare_values(const double *detailed, const double *fast, unsigned n,
                                 bool independent) {
    Comparison x = {NAN, NAN, {.n = 0, .mean = NAN, .sd = NAN, .half = NAN}};
    g_autofree double *shares = g_new(double, n + 1), *d = g_new(double, n + 1),
                      *f = g_new(double, n + 1);
    unsigned n_d = 0, n_f = 0, both = 0;
    for (unsigned i = 0; i < n; i++) {
        if (!isnan(detailed[i])) d[n_d++] = detailed[i];
        if (!isnan(fast[i])) f[n_f++] = fast[i];
        if (!isnan(detailed[i]) && !isnan(fast[i])) shares[both++] = share_of(fast[i], detailed[i]);
    }
    x.detailed = study_estimate_of(d, n_d, false).mean;
    x.fast = study_estimate_of(f, n_f, false).mean;
    if (both) x.difference = study_estimate_of(shares, both, independent);
    /* Of the two means that are shown; the mean of shares is the same to what the interval is. */
    if (both == n_d && both == n_f && both) x.difference.mean = share_of(x.fast, x.detailed);
    return x;
}

/* Measures of points ----------------------------------------------------------------------- */

static bool is_scalar(const Compare *c, const char *name) {
    for (unsigned side = 0; side < SIDES; side++)
        for (unsigned i = 0; i < n_runs(c); i++)
            if (run_at(c, side, i)->status == RUN_OK && run_scalar(run_at(c, side, i), name))
                return true;
    return false;
}

/* Of every run; NaN where there is none. */
static double *values_of(const Compare *c, unsigned side, const char *text, bool scalar,
                         GError **error) {
    MetricRuns *runs = study_metric_runs(study_of(c, side));
    double *values = g_new(double, n_runs(c) + 1);
    bool ok = true;
    for (unsigned i = 0, n = 0; ok && i < n_runs(c); i++) {
        const RunResult *r = run_at(c, side, i);
        const RunScalar *s = scalar && r->status == RUN_OK ? run_scalar(r, text) : NULL;
        values[i] = s ? s->value : NAN;
        if (r->status == RUN_OK && !scalar)
            ok = metric_evaluate_run(text, runs, n, &values[i], error);
        n += r->status == RUN_OK;
    }
    study_metric_runs_free(runs);
    if (!ok) g_clear_pointer(&values, g_free);
    return values;
}

static bool independent(const Compare *c, unsigned point) {
    return study_independent(c->detailed.study, point, 0) &&
           study_independent(c->fast.study, point, 0);
}

/* "" of an expression. */
static const char *unit_of(const Compare *c, const char *name) {
    for (unsigned i = 0; i < n_runs(c); i++) {
        const RunResult *r = run_at(c, DETAILED, i);
        const RunScalar *s = r->status == RUN_OK ? run_scalar(r, name) : NULL;
        if (s) return s->unit;
    }
    return "";
}

static bool add_of_points(Compare *c, const char *text, GError **error) {
    bool scalar = is_scalar(c, text);
    g_autofree double *detailed = values_of(c, DETAILED, text, scalar, error),
                      *fast = detailed ? values_of(c, FAST, text, scalar, error) : NULL;
    if (!fast) return false;
    CompareMeasure m = {
        .name = run_intern(text), .unit = unit_of(c, text), .at = g_new0(Comparison, c->n_points)};
    for (unsigned p = 0, first = 0; p < c->n_points; p++) { /* runs are in the order of points */
        unsigned n = 0;
        while (first + n < n_runs(c) && run_at(c, DETAILED, first + n)->point == c->points[p]) n++;
        m.at[p] = compare_values(detailed + first, fast + first, n, independent(c, c->points[p]));
        first += n;
    }
    g_array_append_val(c->measures, m);
    return true;
}

/* Of all points ---------------------------------------------------------------------------- */

/* The runs of one repetition, as a study; the runs are borrowed. */
static Study repetition_of(const Study *study, unsigned repetition) {
    Study one = *study;
    one.runs = g_ptr_array_new();
    for (unsigned i = 0; i < study->runs->len; i++) {
        RunResult *r = study->runs->pdata[i];
        if (r->repetition == repetition) g_ptr_array_add(one.runs, r);
    }
    return one;
}

static bool evaluate(const Study *study, const char *text, double *value, GError **error) {
    MetricRuns *runs = study_metric_runs(study);
    *value = NAN;
    bool ok = !runs->n_runs || metric_evaluate(text, runs, value, error);
    study_metric_runs_free(runs);
    return ok;
}

static unsigned n_repetitions(const Compare *c) {
    unsigned most = 0;
    for (unsigned i = 0; i < n_runs(c); i++) most = MAX(most, run_at(c, DETAILED, i)->repetition);
    return most + 1;
}

/* The values are those of all repetitions together, as `run` has them; what they differ by from one
 * repetition to another is its interval. */
static bool add_of_all(Compare *c, CompareMeasure m, const char *text, GError **error) {
    unsigned n = n_repetitions(c);
    g_autofree double *detailed = g_new(double, n), *fast = g_new(double, n);
    double *const by[SIDES] = {detailed, fast};
    double value[SIDES];
    bool ok = true, all = true;
    for (unsigned side = 0; ok && side < SIDES; side++) {
        ok = evaluate(study_of(c, side), text, &value[side], error);
        for (unsigned r = 0; ok && r < n; r++) {
            Study one = repetition_of(study_of(c, side), r);
            ok = evaluate(&one, text, &by[side][r], error);
            g_ptr_array_unref(one.runs);
        }
    }
    if (!ok) return false;
    for (unsigned p = 0; p < c->n_points; p++) all = all && independent(c, c->points[p]);
    m.whole = true;
    m.at = g_new(Comparison, 1);
    *m.at = compare_values(detailed, fast, n, all);
    m.at->detailed = value[DETAILED];
    m.at->fast = value[FAST];
    m.at->difference.mean = share_of(value[FAST], value[DETAILED]);
    if (isnan(value[FAST]) || isnan(value[DETAILED])) m.at->difference.mean = NAN;
    g_array_append_val(c->measures, m);
    return true;
}

static bool add_claims(Compare *c, GError **error) {
    const Study *d = c->detailed.study, *f = c->fast.study;
    for (unsigned i = 0; i < d->claims->len; i++) {
        const ClaimResult *claim = &g_array_index(d->claims, ClaimResult, i);
        CompareMeasure m = {.name = claim->id,
                            .unit = claim->unit,
                            .detailed = claim,
                            .fast = &g_array_index(f->claims, ClaimResult, i)};
        if (!add_of_all(c, m, scenario_expect(d->scenario, i)->metric, error)) return false;
    }
    return true;
}

/* Which ------------------------------------------------------------------------------------ */

/* What goes in is the same by both, and packets a second and ratios of what is delivered say what
 * bits a second and carried_ratio say. */
static bool says_more(const char *name) {
    static const char *const others[] = {".offered_bps", ".offered_pps", ".delivered_pps",
                                         ".delivered_ratio"};
    for (unsigned i = 0; i < G_N_ELEMENTS(others); i++)
        if (g_str_has_suffix(name, others[i])) return false;
    return true;
}

/* What a scenario names, else what tells most. */
static bool add_columns(Compare *c, GError **error) {
    g_autoptr(Columns) columns = columns_new(c->detailed.study);
    g_autoptr(GArray) chosen = headline_columns(columns);
    bool named = scenario_n_columns(c->detailed.study->scenario);
    for (unsigned i = 0, n = 0; i < chosen->len && (named || n < MOST_TELLING); i++) {
        const Column *column = columns_at(columns, g_array_index(chosen, unsigned, i));
        if (!named && !says_more(column->name)) continue;
        if (!add_of_points(c, column->name, error)) return false;
        n++;
    }
    return true;
}

static bool add_metrics(Compare *c, const char *const *metrics, bool whole, GError **error) {
    for (; *metrics; metrics++) {
        g_autoptr(GError) cause = NULL;
        bool of_points = is_scalar(c, *metrics) || metric_check(*metrics, false, &cause);
        CompareMeasure m = {.name = run_intern(*metrics), .unit = ""};
        if (!of_points && !metric_check(*metrics, true, NULL))
            return input_error(error, "--metric: %s: %s", *metrics, cause->message);
        if (of_points == whole) continue;
        if (whole ? add_of_all(c, m, *metrics, error) : add_of_points(c, *metrics, error)) continue;
        g_prefix_error(error, "--metric: %s: ", *metrics);
        return false;
    }
    return true;
}

static void add_points(Compare *c) {
    c->points = g_new(unsigned, n_runs(c) + 1);
    for (unsigned i = 0; i < n_runs(c); i++) {
        unsigned point = run_at(c, DETAILED, i)->point;
        g_assert(point == run_at(c, FAST, i)->point);
        if (!c->n_points || c->points[c->n_points - 1] != point) c->points[c->n_points++] = point;
    }
}

static double wall_of(const Store *store, const RunResult *r) {
    g_autofree char *record = store_record(store, r->identity);
    RecordCost cost;
    return record_cost(record, &cost) ? cost.wall_s : NAN;
}

static void add_cost(Compare *c) {
    const Store *stores[] = {c->detailed.store, c->fast.store};
    for (unsigned i = 0; i < n_runs(c); i++) {
        if (run_at(c, DETAILED, i)->status != RUN_OK || run_at(c, FAST, i)->status != RUN_OK)
            continue;
        c->runs++;
        for (unsigned side = 0; side < SIDES; side++) {
            const RunResult *r = run_at(c, side, i);
            const RunScalar *events = run_scalar(r, "run.events");
            c->wall_s[side] += wall_of(stores[side], r);
            c->events[side] += events ? events->value : NAN;
        }
    }
}

static void measure_clear(void *measure) {
    g_free(((CompareMeasure *)measure)->at);
}

Compare *compare_new(CompareSide detailed, CompareSide fast, const char *const *metrics,
                     GError **error) {
    Compare *c = g_new0(Compare, 1);
    *c = (Compare){.detailed = detailed,
                   .fast = fast,
                   .measures = g_array_new(FALSE, FALSE, sizeof(CompareMeasure))};
    g_array_set_clear_func(c->measures, measure_clear);
    g_assert(detailed.study->runs->len == fast.study->runs->len);
    add_points(c);
    add_cost(c);
    bool ok = metrics ? add_metrics(c, metrics, false, error) : add_columns(c, error);
    ok = ok && add_claims(c, error);
    ok = ok && (!metrics || add_metrics(c, metrics, true, error));
    if (!ok) g_clear_pointer(&c, compare_free);
    return c;
}

void compare_free(Compare *c) {
    g_array_unref(c->measures);
    g_free(c->points);
    g_free(c);
}

/* Sizes ------------------------------------------------------------------------------------ */

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

bool compare_spread(const Compare *c, const CompareMeasure *m, CompareSpread *s) {
    unsigned of = m->whole ? 1 : c->n_points;
    g_autofree double *sizes = g_new(double, of + 1);
    *s = (CompareSpread){0};
    for (unsigned i = 0; i < of; i++) {
        double size = fabs(m->at[i].difference.mean);
        if (isnan(size) || (m->at[i].detailed == 0 && m->at[i].fast == 0)) continue;
        if (!s->n || size > s->largest) {
            s->largest = size;
            s->where = i;
        }
        sizes[s->n++] = size;
    }
    if (!s->n) return false;
    qsort(sizes, s->n, sizeof *sizes, by_size);
    s->median = s->n % 2 ? sizes[s->n / 2] : (sizes[s->n / 2 - 1] + sizes[s->n / 2]) / 2;
    s->p90 = sizes[(9 * s->n + 9) / 10 - 1]; /* that of rank 0.9 n, rounded up */
    return true;
}
