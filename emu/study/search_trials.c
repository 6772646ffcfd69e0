/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Trials of a search: variants of the scenario with the dial at some place and windows of some
 * length, and what their runs measure. */
#include <math.h>
#include <string.h>

#include "emu/study/search_private.h"

/* Windows ----------------------------------------------------------------------------------- */

static double of_source(const SearchWork *w, SearchKind side, const char *key) {
    g_autofree char *name = g_strconcat(w->sources[0], ".", key, NULL);
    double value = NAN;
    return scenario_value(w->sides[side].scenario, 0, name, &value) ? value : NAN;
}

bool search_may_last(const SearchWork *w, SearchKind side) {
    if (!w->sources || !w->sources[0] || scenario_has_script(w->sides[side].scenario)) return false;
    return of_source(w, side, "duration") > of_source(w, side, "warmup");
}

/* Whether it is how long a source sends, or the run lasts. */
static bool is_length(const ScenarioChoice *c, const ScenarioChoice *of_first) {
    return !strcmp(c->row->name, "duration") &&
           (!strcmp(c->class, of_first->class) || !strcmp(c->class, "scenario"));
}

/* The moves that make windows `window` times as long. */
static bool add_lengths(const SearchWork *w, SearchKind side, double window, GArray *moves,
                        GPtrArray *texts, GError **error) {
    if (window == 1) return true;
    const GPtrArray *choices = w->search->choices[side];
    const ScenarioChoice *first = NULL;
    for (unsigned i = 0; i < choices->len; i++)
        if (scenario_choice_has(choices->pdata[i], w->sources[0], "duration"))
            first = choices->pdata[i];
    if (!first) return true;
    double whole = of_source(w, side, "duration"), warmup = of_source(w, side, "warmup"),
           factor = (warmup + (whole - warmup) * window) / whole;
    for (unsigned i = 0; i < choices->len; i++) {
        const ScenarioChoice *c = choices->pdata[i];
        if (!is_length(c, first) || !(param_number_of(c->row, c->value) > 0)) continue;
        char *text = param_moved(c->row, c->value, factor, error);
        if (!text) {
            g_prefix_error(error, "%s, %.3g times as long: ", c->name, factor);
            return false;
        }
        g_ptr_array_add(texts, text);
        ScenarioMove move = {c, text};
        g_array_append_val(moves, move);
    }
    return true;
}

/* Trials ------------------------------------------------------------------------------------ */

char *search_text(const Search *x, unsigned n, double at) {
    const ScenarioChoice *c = x->dial[FINE]->pdata[n];
    const char *base = search_base(x, n);
    return at == 1 ? g_strdup(base) : param_moved(c->row, base, at, NULL);
}

/* 0 and an error: there is no such variant. */
static unsigned new_variant(SearchWork *w, SearchKind side, double at, double window,
                            GError **error) {
    const Search *x = w->search;
    Scenario *s = w->sides[side].scenario;
    g_autoptr(GArray) moves = g_array_new(FALSE, FALSE, sizeof(ScenarioMove));
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    for (unsigned n = 0; n < x->dial[side]->len; n++) {
        ScenarioMove move = {x->dial[side]->pdata[n], search_text(x, n, at)};
        g_ptr_array_add(texts, (char *)move.text);
        if (!move.text) {
            input_error(error, "%s: found no value of it that is %.6g times %s, expected --range",
                        move.choice->name, at, search_base(x, n));
            return 0;
        }
        g_array_append_val(moves, move);
    }
    if (!add_lengths(w, side, window, moves, texts, error)) return 0;
    unsigned variant = scenario_vary(s, (const ScenarioMove *)(void *)moves->data, moves->len);
    g_autofree char *why = NULL;
    if (run_is_possible(s, store_seed(w->sides[side].store), scenario_variant_point(s, variant, 0),
                        &why))
        return variant;
    input_error(error, "%s at %s: %s; --range says where to search",
                ((ScenarioChoice *)x->dial[side]->pdata[0])->name, (char *)texts->pdata[0], why);
    return 0;
}

SearchTrial *search_trial(SearchWork *w, SearchKind side, double at, double window,
                          unsigned repetition, GPtrArray *wanted, GError **error) {
    GPtrArray *trials = w->search->trials;
    unsigned variant = 0;
    for (unsigned i = 0; i < trials->len; i++) {
        SearchTrial *t = trials->pdata[i];
        if (t->side != side || t->at != at || t->window != window) continue;
        if (t->repetition == repetition) return t;
        variant = t->variant;
    }
    if (!variant) variant = new_variant(w, side, at, window, error);
    if (!variant) return NULL;
    SearchTrial *t = g_new0(SearchTrial, 1);
    *t = (SearchTrial){side, repetition, variant, at, window, NULL, NAN, NAN, NAN};
    g_ptr_array_add(trials, t);
    g_ptr_array_add(wanted, t);
    return t;
}

void search_trial_free(void *trial) {
    run_result_free(((SearchTrial *)trial)->run);
    g_free(trial);
}

/* What they measure ------------------------------------------------------------------------- */

static double scalar_of(const RunResult *r, const char *component, const char *name) {
    g_autofree char *full = g_strconcat(component, ".", name, NULL);
    const RunScalar *scalar = run_scalar(r, full);
    return scalar ? scalar->value : NAN;
}

static bool measure_condition(const SearchWork *w, SearchTrial *t, GError **error) {
    Study one = {.scenario = w->sides[t->side].scenario, .runs = g_ptr_array_new()};
    g_ptr_array_add(one.runs, t->run);
    MetricRuns *runs = study_metric_runs(&one);
    bool ok = metric_evaluate_run(w->search->options.until, runs, 0, &t->lost, error);
    if (!ok) g_prefix_error(error, "--until: ");
    study_metric_runs_free(runs);
    g_ptr_array_unref(one.runs);
    if (ok && isnan(t->lost))
        ok = input_error(error, "--until: found \"%s\", which is no number, expected a condition",
                         w->search->options.until);
    return ok;
}

static bool measure(const SearchWork *w, SearchTrial *t, GError **error) {
    if (t->run->status != RUN_OK) return input_error(error, "%s", t->run->failure);
    if (w->sources) {
        t->offered = 0;
        for (char **n = w->sources; *n; n++) t->offered += scalar_of(t->run, *n, "packets");
        t->lost = 1 - scalar_of(t->run, w->search->sink, "delivered_ratio");
        t->carried = scalar_of(t->run, w->search->sink, "carried_ratio");
    }
    if (w->sources && !(t->offered > 0)) {
        g_autofree char *text = search_text(w->search, 0, t->at);
        return input_error(error,
                           "%s: found no packet in the windows at %s, expected longer ones: "
                           "duration and warmup of %s",
                           scenario_name(w->search->scenario), text, w->sources[0]);
    }
    return !w->search->options.until || measure_condition(w, t, error);
}

bool search_run(SearchWork *w, SearchKind side, const GPtrArray *wanted, GError **error) {
    const SearchSide *s = &w->sides[side];
    g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(RunKey));
    for (unsigned i = 0; i < wanted->len; i++) {
        const SearchTrial *t = wanted->pdata[i];
        RunKey key = {scenario_variant_point(s->scenario, t->variant, 0), t->repetition, true};
        g_array_append_val(keys, key);
    }
    g_autoptr(GPtrArray) results = run_complete(s->store, keys, &w->search->options.run, error);
    if (!results) return false;
    for (unsigned i = 0; i < wanted->len; i++) {
        SearchTrial *t = wanted->pdata[i];
        t->run = results->pdata[i];
        results->pdata[i] = NULL;
        t->run->point = scenario_written_point(s->scenario, t->run->point);
        if (!measure(w, t, error)) return false;
    }
    return true;
}
