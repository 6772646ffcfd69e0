/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Trials: variants of the scenario with some choices moved, and what is computed of them. */
#include <math.h>
#include <string.h>

#include "emu/study/survey.h"

Trial *trial_new(const Survey *v, unsigned variant, bool *touched, int only) {
    Trial *t = g_new0(Trial, 1);
    *t = (Trial){.variant = variant,
                 .touched = touched,
                 .asked = g_new0(bool, v->n_points),
                 .runs = g_ptr_array_new_with_free_func(run_result_free),
                 .only = only,
                 .values = g_new(double, v->n_measures * v->repeat)};
    g_ptr_array_set_size(t->runs, (int)(v->n_points * v->repeat));
    for (unsigned i = 0; i < v->n_measures * v->repeat; i++) t->values[i] = NAN;
    return t;
}

void trial_free(void *data) {
    Trial *t = data;
    if (!t) return;
    g_free(t->asked);
    g_ptr_array_unref(t->runs);
    g_free(t->values);
    g_free(t);
}

/* One repetition as a study: what the trial has computed, else what is without it. */
static Study study_of(const Survey *v, const Trial *t, unsigned repetition) {
    Study study = {.scenario = v->scenario, .runs = g_ptr_array_new()};
    for (unsigned p = 0; p < v->n_points; p++) {
        unsigned i = repetition * v->n_points + p;
        void *run = t && t->asked[p] ? t->runs->pdata[i] : v->base->pdata[i];
        g_ptr_array_add(study.runs, t && t->rough && !v->close[p] ? v->none : run);
    }
    return study;
}

static const Measure *measure_at(const Survey *v, unsigned m) {
    return &g_array_index(v->out->measures, Measure, m);
}

static bool is_measured(const Trial *t, unsigned m) {
    return t->only < 0 || (unsigned)t->only == m;
}

static bool needs_of(const Survey *v, const Study *study, unsigned m, double margin, bool *needs,
                     GError **error) {
    memset(needs, 0, v->n_points * sizeof *needs);
    if (study_needs(study, measure_at(v, m)->expression, margin, needs, error)) return true;
    g_prefix_error(error, "%s: ", measure_at(v, m)->id);
    return false;
}

/* Points that decide a measure of the trial and may be other than without it, but were not computed
 * yet, go to `keys`. */
static bool ask(const Survey *v, Trial *t, GArray *keys, GError **error) {
    g_autofree bool *wanted = g_new0(bool, v->n_points), *needs = g_new(bool, v->n_points);
    for (unsigned r = 0; r < v->repeat; r++) {
        Study study = study_of(v, t, r);
        bool ok = true;
        for (unsigned m = 0; ok && m < v->n_measures; m++) {
            if (!is_measured(t, m)) continue;
            ok = needs_of(v, &study, m, 2 * v->out->options.step, needs, error);
            for (unsigned p = 0; ok && p < v->n_points; p++)
                wanted[p] |= needs[p] && (!t->rough || v->close[p]);
        }
        g_ptr_array_unref(study.runs);
        if (!ok) return false;
    }
    for (unsigned p = 0; p < v->n_points; p++) {
        if (!wanted[p] || !t->touched[p] || t->asked[p]) continue;
        t->asked[p] = true;
        for (unsigned r = 0; r < v->repeat; r++) {
            RunKey key = {scenario_variant_point(v->scenario, t->variant, p), r, true};
            g_array_append_val(keys, key);
        }
    }
    return true;
}

/* NaN, if a run that decides it has failed. */
static bool evaluate(const Survey *v, Trial *t, GError **error) {
    g_autofree bool *needs = g_new(bool, v->n_points);
    for (unsigned r = 0; r < v->repeat; r++) {
        Study study = study_of(v, t, r);
        MetricRuns *runs = study_metric_runs(&study);
        bool ok = true;
        for (unsigned m = 0; ok && m < v->n_measures; m++) {
            if (!is_measured(t, m) || !runs->n_runs) continue;
            double *value = &t->values[m * v->repeat + r];
            ok = metric_evaluate(measure_at(v, m)->expression, runs, value, error) &&
                 needs_of(v, &study, m, 2 * v->out->options.step, needs, error);
            for (unsigned p = 0; ok && p < v->n_points; p++)
                if (needs[p] && study.runs->pdata[p] != v->none &&
                    ((RunResult *)study.runs->pdata[p])->status != RUN_OK)
                    *value = NAN;
        }
        study_metric_runs_free(runs);
        g_ptr_array_unref(study.runs);
        if (!ok) return false;
    }
    return true;
}

bool survey_run(Survey *v, const GPtrArray *trials, GError **error) {
    for (;;) {
        g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(RunKey)),
                          ends = g_array_new(FALSE, FALSE, sizeof(unsigned));
        for (unsigned i = 0; i < trials->len; i++) {
            if (!ask(v, trials->pdata[i], keys, error)) return false;
            g_array_append_val(ends, keys->len);
        }
        if (!keys->len) break;
        g_autoptr(GPtrArray) results = run_complete(v->store, keys, &v->out->options.run, error);
        if (!results) return false;
        v->out->runs += keys->len;
        for (unsigned k = 0, i = 0; k < keys->len; k++) {
            while (k >= g_array_index(ends, unsigned, i)) i++;
            Trial *t = trials->pdata[i];
            RunResult *r = results->pdata[k];
            results->pdata[k] = NULL;
            r->point = scenario_written_point(v->scenario, r->point);
            t->runs->pdata[r->repetition * v->n_points + r->point] = r;
        }
    }
    for (unsigned i = 0; i < trials->len; i++)
        if (!evaluate(v, trials->pdata[i], error)) return false;
    return true;
}

/* What a trial says ----------------------------------------------------------------------- */

static bool any(const Survey *v, const Trial *t,
                bool (*does)(const Sensitivity *x, unsigned measure, double now)) {
    for (unsigned m = 0; t && m < v->n_measures; m++)
        if (does(v->out, m, sensitivity_mean(v->out, &t->values[m * v->repeat]))) return true;
    return false;
}

bool trial_moves(const Survey *v, const Trial *t) {
    return any(v, t, measure_moves);
}

bool trial_changes(const Survey *v, const Trial *t) {
    return any(v, t, measure_changes);
}

bool trial_left_alone(const Survey *v, const Trial *t, unsigned p) {
    for (unsigned r = 0; t && r < v->repeat; r++) {
        unsigned i = r * v->n_points + p;
        if (!t->asked[p] || !run_is_same(t->runs->pdata[i], v->base->pdata[i])) return false;
    }
    return true;
}

/* As it is written ------------------------------------------------------------------------ */

/* Without any move: points that may decide a measure. */
static bool run_base(Survey *v, GError **error) {
    g_autofree bool *wanted = g_new0(bool, v->n_points);
    for (unsigned i = 0; i < v->n_points * v->repeat; i++) {
        RunResult *open = run_result_new();
        open->point = i % v->n_points;
        open->repetition = i / v->n_points;
        g_ptr_array_add(v->base, open);
    }
    Study study = study_of(v, NULL, 0);
    bool ok = true;
    for (unsigned m = 0; ok && m < v->n_measures; m++)
        ok = study_needs(&study, measure_at(v, m)->expression, INFINITY, wanted, error);
    g_ptr_array_unref(study.runs);
    if (!ok) return false;
    g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(RunKey));
    unsigned n_wanted = 0;
    for (unsigned i = 0; i < v->n_points * v->repeat; i++) {
        RunKey key = {i % v->n_points, i / v->n_points, true};
        if (wanted[key.point]) g_array_append_val(keys, key);
    }
    for (unsigned p = 0; p < v->n_points; p++) n_wanted += wanted[p];
    g_autoptr(GPtrArray) results = run_complete(v->store, keys, &v->out->options.run, error);
    if (!results) return false;
    v->out->runs += keys->len;
    v->out->alone = n_wanted * v->repeat;
    for (unsigned k = 0; k < results->len; k++) {
        RunResult *r = results->pdata[k];
        if (r->status != RUN_OK) return input_error(error, "%s", r->failure);
        unsigned i = r->repetition * v->n_points + r->point;
        run_result_free(v->base->pdata[i]);
        v->base->pdata[i] = r;
        results->pdata[k] = NULL;
    }
    return true;
}

static bool find_close(Survey *v, GError **error) {
    g_autofree bool *needs = g_new(bool, v->n_points);
    for (unsigned r = 0; r < v->repeat; r++) {
        Study study = study_of(v, NULL, r);
        bool ok = true;
        for (unsigned m = 0; ok && m < v->n_measures; m++) {
            ok = needs_of(v, &study, m, v->out->options.threshold / 10, needs, error);
            for (unsigned p = 0; ok && p < v->n_points; p++) v->close[p] |= needs[p];
        }
        g_ptr_array_unref(study.runs);
        if (!ok) return false;
    }
    return true;
}

static bool measure_base_values(Survey *v, GError **error) {
    g_autofree bool *none = g_new0(bool, v->n_points);
    Trial *t = trial_new(v, 0, none, -1);
    bool ok = evaluate(v, t, error);
    for (unsigned m = 0; m < v->n_measures; m++)
        g_array_index(v->out->measures, Measure, m).values =
            g_memdup2(&t->values[m * v->repeat], v->repeat * sizeof(double));
    trial_free(t);
    return ok;
}

bool survey_base(Survey *v, GError **error) {
    return run_base(v, error) && measure_base_values(v, error) && find_close(v, error);
}
