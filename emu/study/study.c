/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Metrics and claims over the runs of a study, and its JSON document. Nothing here reads a clock, a
 * host name or a path into what is compared. */
#include "emu/study/study.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <string.h>

/* Metrics over runs ----------------------------------------------------------------------- */

typedef struct {
    MetricRuns base;
    GPtrArray *names;
    unsigned *index; /* runs that have results */
    const Study *study;
    unsigned ask;       /* the parameter that `follows` is about; n_parameters: none yet */
    const char **texts; /* of all points' parameters, interned; NULL before they are needed */
    bool *follows;      /* of each iterated parameter: its value follows from that of `ask` */
} StudyRuns;

static bool lookup(const void *data, unsigned run, const char *name, double *value) {
    const StudyRuns *s = data;
    const RunResult *r = s->study->runs->pdata[s->index[run]];
    const Scenario *scenario = s->study->scenario;
    if (scenario_value(scenario, r->point, name, value)) return true;
    const RunScalar *scalar = run_scalar(r, name);
    *value = scalar ? scalar->value : NAN;
    return scalar || r->status != RUN_OK; /* what it has is open */
}

static const char *text_of(const StudyRuns *s, unsigned point, unsigned k) {
    return s->texts[point * scenario_n_parameters(s->study->scenario) + k];
}

/* Which parameters follow from `ask`, so need not agree in a run beside another. */
static void find_followers(StudyRuns *s, unsigned ask) {
    const Scenario *scenario = s->study->scenario;
    unsigned n = scenario_n_parameters(scenario), points = scenario_n_points(scenario);
    if (!s->texts) {
        s->texts = g_new(const char *, points *n);
        for (unsigned i = 0; i < points * n; i++)
            s->texts[i] = scenario_parameter(scenario, i / n, i % n).value; /* interned */
    }
    s->ask = ask;
    for (unsigned k = 0; k < n; k++) {
        g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
        s->follows[k] = true;
        for (unsigned p = 0; p < points && s->follows[k]; p++) {
            const char *key = text_of(s, p, ask), *before = g_hash_table_lookup(seen, key);
            if (!before) g_hash_table_insert(seen, (char *)key, (char *)text_of(s, p, k));
            s->follows[k] = !before || before == text_of(s, p, k);
        }
    }
}

static bool beside(const StudyRuns *s, const RunResult *a, const RunResult *b) {
    if (a->repetition != b->repetition) return false;
    for (unsigned k = 0; k < scenario_n_parameters(s->study->scenario); k++)
        if (!s->follows[k] && text_of(s, a->point, k) != text_of(s, b->point, k)) return false;
    return true;
}

static bool compare(const void *data, unsigned run, const char *name, const char *text,
                    double *order, GError **error) {
    const StudyRuns *s = data;
    const RunResult *r = s->study->runs->pdata[s->index[run]];
    return scenario_compare(s->study->scenario, r->point, name, text, order, error);
}

static int sibling(const void *data, unsigned run, const char *parameter, const char *value) {
    StudyRuns *s = (StudyRuns *)data; /* what it notes cannot be seen from outside */
    const Scenario *scenario = s->study->scenario;
    unsigned n = scenario_n_parameters(scenario), ask = 0;
    while (ask < n && strcmp(scenario_parameter(scenario, 0, ask).name, parameter) != 0) ask++;
    double order = NAN;
    if (ask == n) /* one value in all runs */
        return compare(data, run, parameter, value, &order, NULL) && order == 0 ? (int)run : -1;
    if (ask != s->ask) find_followers(s, ask);
    const RunResult *here = s->study->runs->pdata[s->index[run]];
    for (unsigned i = 0; i < s->base.n_runs; i++) {
        const RunResult *r = s->study->runs->pdata[s->index[i]];
        if (beside(s, here, r) && compare(s, i, parameter, value, &order, NULL) && order == 0)
            return (int)i;
    }
    return -1;
}

static MetricRuns *metric_runs(const Study *study, bool all) {
    StudyRuns *s = g_new0(StudyRuns, 1);
    s->study = study;
    s->names = g_ptr_array_new();
    s->index = g_new0(unsigned, study->runs->len);
    const Scenario *scenario = study->scenario;
    s->ask = scenario_n_parameters(scenario);
    s->follows = g_new0(bool, s->ask);
    for (unsigned i = 0; i < scenario_n_parameters(scenario); i++)
        g_ptr_array_add(s->names, (char *)scenario_parameter(scenario, 0, i).name);
    for (unsigned i = 0; i < study->runs->len; i++) {
        const RunResult *r = study->runs->pdata[i];
        if (r->status != RUN_OK && !all) continue;
        if (!s->base.n_runs)
            for (unsigned k = 0; k < r->scalars->len; k++)
                g_ptr_array_add(s->names, (char *)g_array_index(r->scalars, RunScalar, k).name);
        s->index[s->base.n_runs++] = i;
    }
    g_ptr_array_add(s->names, NULL);
    s->base.lookup = lookup;
    s->base.runs = s;
    s->base.sibling = sibling;
    s->base.compare = compare;
    s->base.names = (const char *const *)s->names->pdata;
    return &s->base;
}

MetricRuns *study_metric_runs(const Study *study) {
    return metric_runs(study, false);
}

bool study_needs(const Study *study, const char *expression, double margin, bool *needs,
                 GError **error) {
    MetricRuns *runs = metric_runs(study, true);
    bool ok = metric_needs(expression, runs, margin, needs, error);
    study_metric_runs_free(runs);
    return ok;
}

void study_metric_runs_free(MetricRuns *runs) {
    StudyRuns *s = (StudyRuns *)runs;
    g_ptr_array_unref(s->names);
    g_free(s->index);
    g_free(s->follows);
    g_free(s->texts);
    g_free(s);
}

static bool bound(const char *text, double fallback, double *value) {
    char *end;
    *value = text ? g_ascii_strtod(text, &end) : fallback;
    return !text || (end != text && !*end);
}

bool study_claims(Study *study, const Claims *table, GError **error) {
    const Scenario *scenario = study->scenario;
    MetricRuns *runs = study_metric_runs(study);
    bool ok = true;
    study->published = table;
    for (unsigned i = 0; ok && i < scenario_n_expects(scenario); i++) {
        const ScenarioExpect *e = scenario_expect(scenario, i);
        const Claim *row = table ? claims_find(table, e->id) : NULL;
        ClaimResult c = {.id = e->id,
                         .statement = row            ? row->statement
                                      : e->statement ? e->statement
                                                     : "",
                         .unit = row       ? row->unit
                                 : e->unit ? e->unit
                                           : "",
                         .use = row      ? row->use
                                : e->use ? e->use
                                         : "predict",
                         .source = row         ? row->where
                                   : e->source ? e->source
                                               : "",
                         .value = NAN};
        g_autoptr(GError) cause = NULL;
        if (!row && (!e->low || !e->high)) {
            input_error(error,
                        "%s: [expect %s]: found no such claim in the table of published numbers, "
                        "expected one, or low and high here",
                        e->where, e->id);
            ok = false;
        } else if (!bound(row ? NULL : e->low, row ? row->low : 0, &c.low) ||
                   !bound(row ? NULL : e->high, row ? row->high : 0, &c.high)) {
            input_error(error, "%s: [expect %s]: found bounds \"%s\" and \"%s\", expected numbers",
                        e->where, e->id, e->low, e->high);
            ok = false;
        } else if (runs->n_runs && !metric_evaluate(e->metric, runs, &c.value, &cause)) {
            input_error(error, "%s: [expect %s] metric: %s", e->where, e->id, cause->message);
            ok = false;
        }
        c.verdict = isnan(c.value)                          ? "not measured"
                    : c.value >= c.low && c.value <= c.high ? "met"
                                                            : "missed";
        g_array_append_val(study->claims, c);
    }
    study_metric_runs_free(runs);
    return ok;
}

unsigned study_n_ok(const Study *study) {
    unsigned n = 0;
    for (unsigned i = 0; i < study->runs->len; i++)
        n += ((RunResult *)study->runs->pdata[i])->status == RUN_OK;
    return n;
}

static const char *status_text(const RunResult *r) {
    static const char *const words[] = {"not run", "ok", "failed"};
    return r->status == RUN_MISSING && r->code ? "failed" : words[r->status];
}

char *study_share(const Study *study) {
    unsigned ok = study_n_ok(study), n = study->runs->len;
    return ok == n ? NULL : g_strdup_printf("%u of %u runs", ok, n);
}

/* Repetitions ----------------------------------------------------------------------------- */

static const RunResult *repetition(const Study *study, unsigned run, unsigned point, unsigned n) {
    const RunResult *r = study->runs->pdata[run];
    bool wanted = r->point == point && r->status == RUN_OK && (!n || r->repetition < n);
    return wanted ? r : NULL;
}

/* The fingerprint and all scalars in one number. */
static gint64 run_key(const RunResult *r) {
    uint64_t key = r->fingerprint;
    for (unsigned i = 0; i < r->scalars->len; i++) {
        uint64_t bits;
        memcpy(&bits, &g_array_index(r->scalars, RunScalar, i).value, sizeof bits);
        key = (key ^ bits) * UINT64_C(0x9e3779b97f4a7c15);
        key ^= key >> 29;
    }
    return (gint64)key;
}

/* Runs of a point, and how many of them are different. */
static unsigned count_different(const Study *study, unsigned point, unsigned n_repetitions,
                                unsigned *n) {
    g_autoptr(GHashTable) seen = g_hash_table_new(g_int64_hash, g_int64_equal);
    g_autofree gint64 *keys = g_new(gint64, study->runs->len + 1);
    *n = 0;
    for (unsigned i = 0; i < study->runs->len; i++) {
        const RunResult *r = repetition(study, i, point, n_repetitions);
        if (!r) continue;
        keys[*n] = run_key(r);
        g_hash_table_add(seen, &keys[(*n)++]);
    }
    return g_hash_table_size(seen);
}

bool study_independent(const Study *study, unsigned point, unsigned n_repetitions) {
    unsigned n, different = count_different(study, point, n_repetitions, &n);
    return n > 1 && different == n;
}

bool study_repeats_itself(const Study *study, unsigned point) {
    unsigned n, different = count_different(study, point, 0, &n);
    return different < n;
}

StudyEstimate study_estimate_of(const double *values, unsigned n, bool independent) {
    StudyEstimate e = {.n = n, .mean = NAN, .sd = NAN, .half = NAN};
    double sum = 0, squares = 0;
    for (unsigned i = 0; i < n; i++) sum += values[i];
    if (n) e.mean = sum / n;
    if (n < 2 || !independent) return e;
    for (unsigned i = 0; i < n; i++) squares += (values[i] - e.mean) * (values[i] - e.mean);
    e.sd = sqrt(squares / (n - 1));
    e.half = gsl_cdf_tdist_Pinv(0.975, n - 1) * e.sd / sqrt(n);
    return e;
}

char *study_estimate_text(StudyEstimate e, double scale) {
    double mean = e.mean * scale, half = e.half * scale;
    if (isnan(mean)) return g_strdup("-");
    if (isnan(half)) return g_strdup_printf("%.5g", mean);
    int digit = half > 0 ? (int)floor(log10(half)) - 1 : 0; /* its second, as a power of ten */
    if (half == 0 || digit < -6 || fabs(mean) >= 1e9)
        return g_strdup_printf("%.5g +-%.2g", mean, half);
    if (digit <= 0) return g_strdup_printf("%.*f +-%.*f", -digit, mean, -digit, half);
    double unit = pow(10, digit);
    return g_strdup_printf("%.0f +-%.0f", round(mean / unit) * unit, round(half / unit) * unit);
}

bool study_interval(const Study *study, unsigned point, const char *name, unsigned n_repetitions,
                    double *mean, double *half) {
    g_autofree double *values = g_new(double, study->runs->len + 1);
    unsigned n = 0;
    for (unsigned i = 0; i < study->runs->len; i++) {
        const RunResult *r = repetition(study, i, point, n_repetitions);
        const RunScalar *s = r ? run_scalar(r, name) : NULL;
        if (s && !isnan(s->value)) values[n++] = s->value;
    }
    StudyEstimate e = study_estimate_of(values, n, study_independent(study, point, n_repetitions));
    *mean = e.mean;
    *half = e.half;
    return !isnan(e.half);
}

/* JSON ------------------------------------------------------------------------------------ */

static json_t *number(double value) {
    return isfinite(value) ? json_real(value) : json_null();
}

json_t *study_hex(uint64_t value) {
    char text[24];
    g_snprintf(text, sizeof text, "0x%016" G_GINT64_MODIFIER "x", value);
    return json_string(text);
}

json_t *study_timing_json(const char *timing) {
    return timing ? json_string(timing) : json_null();
}

static json_t *scalars_json(const RunResult *r) {
    json_t *all = json_object();
    for (unsigned i = 0; i < r->scalars->len; i++) {
        const RunScalar *s = &g_array_index(r->scalars, RunScalar, i);
        json_object_set_new(all, s->name, number(s->value));
    }
    return all;
}

static json_t *names_json(const char *list) {
    g_auto(GStrv) names = g_strsplit(list, ", ", -1);
    json_t *all = json_array();
    for (unsigned i = 0; names[i]; i++) json_array_append_new(all, json_string(names[i]));
    return all;
}

json_t *study_parameters_json(const Study *study, const RunResult *r) {
    json_t *all = json_object();
    const Scenario *s = study->scenario;
    for (unsigned i = 0; i < scenario_n_parameters(s); i++) {
        ScenarioParameter p = scenario_parameter(s, r->point, i);
        json_object_set_new(all, p.name, json_string(p.value));
    }
    if (study->repeated) json_object_set_new(all, "repetition", json_integer(r->repetition));
    return all;
}

static json_t *totals_json(const Study *study) {
    static const char *const summed[] = {
        "run.events",          "run.packets_created", "run.packets_delivered",
        "run.packets_dropped", "run.packets_held",    "run.duration_s"};
    json_t *all = json_object();
    json_object_set_new(all, "runs", json_integer(study->runs->len));
    json_object_set_new(all, "points", json_integer(scenario_n_points(study->scenario)));
    for (unsigned k = 0; k < G_N_ELEMENTS(summed); k++) {
        double sum = 0;
        for (unsigned i = 0; i < study->runs->len; i++) {
            const RunScalar *s = run_scalar(study->runs->pdata[i], summed[k]);
            if (s) sum += s->value;
        }
        json_object_set_new(all, summed[k], number(sum));
    }
    return all;
}

json_t *study_json(const Study *study) {
    json_t *doc = json_object(), *claims = json_array(), *runs = json_array();
    for (unsigned i = 0; i < study->claims->len; i++) {
        const ClaimResult *c = &g_array_index(study->claims, ClaimResult, i);
        json_t *one = json_object();
        json_object_set_new(one, "id", json_string(c->id));
        json_object_set_new(one, "value", number(c->value));
        json_object_set_new(one, "low", number(c->low));
        json_object_set_new(one, "high", number(c->high));
        json_object_set_new(one, "unit", json_string(c->unit));
        json_object_set_new(one, "use", json_string(c->use));
        json_object_set_new(one, "verdict", json_string(c->verdict));
        json_array_append_new(claims, one);
    }
    for (unsigned i = 0; i < study->runs->len; i++) {
        const RunResult *r = study->runs->pdata[i];
        json_t *one = json_object();
        json_object_set_new(one, "parameters", study_parameters_json(study, r));
        json_object_set_new(one, "scalars", scalars_json(r));
        json_object_set_new(one, "status", json_string(status_text(r)));
        json_object_set_new(one, "timing",
                            study_timing_json(scenario_timing_at(study->scenario, r->point)));
        json_object_set_new(one, "fingerprint",
                            r->status == RUN_OK ? study_hex(r->fingerprint) : json_null());
        if (r->failure) json_object_set_new(one, "failure", json_string(r->failure));
        if (r->unsteady) json_object_set_new(one, "not_steady", names_json(r->unsteady));
        json_array_append_new(runs, one);
    }
    json_object_set_new(doc, "schema", json_string(STUDY_SCHEMA));
    json_object_set_new(doc, "scenario", json_string(scenario_name(study->scenario)));
    json_object_set_new(doc, "seed", json_integer((json_int_t)study->seed));
    json_object_set_new(doc, "timing", study_timing_json(scenario_timing(study->scenario)));
    json_object_set_new(doc, "runs_ok", json_integer(study_n_ok(study)));
    json_object_set_new(doc, "claims", claims);
    json_object_set_new(doc, "scalars",
                        study->runs->len == 1 ? scalars_json(study->runs->pdata[0])
                                              : totals_json(study));
    json_object_set_new(doc, "runs", runs);
    return doc;
}
