/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A sensitivity study as a whole: its measures and choices, and the moves of these. */
#include "emu/study/survey.h"

#include <math.h>

#include "emu/study/file.h"
#include "emu/study/move.h"
#include "emu/study/record.h"

/* Choices --------------------------------------------------------------------------------- */

static void find_move(Survey *v, ChoiceResult *r, Direction d) {
    r->text[d] = choice_moved(v->scenario, store_seed(v->store), r->choice, d == UP,
                              v->out->options.step, &r->why[d]);
}

static void find_moves(Survey *v, ChoiceResult *r) {
    for (Direction d = DOWN; d < DIRECTIONS; d++) find_move(v, r, d);
    r->state = r->text[DOWN] || r->text[UP] ? CHOICE_HARMLESS : CHOICE_FIXED;
}

/* The whole ------------------------------------------------------------------------------- */

static bool find_measures(Survey *v, const Claims *published, GError **error) {
    Study none = {.scenario = v->scenario,
                  .runs = g_ptr_array_new(),
                  .claims = g_array_new(FALSE, FALSE, sizeof(ClaimResult))};
    bool ok = study_claims(&none, published, error);
    for (unsigned i = 0; ok && i < none.claims->len; i++) {
        const ClaimResult *c = &g_array_index(none.claims, ClaimResult, i);
        Measure m = {
            c->id, scenario_expect(v->scenario, i)->metric, c->unit, c->use, c->low, c->high, NULL};
        g_array_append_val(v->out->measures, m);
    }
    const char *const *metrics = v->out->options.metrics;
    for (unsigned i = 0; ok && metrics && metrics[i]; i++) {
        Measure m = {metrics[i], metrics[i], "", "", NAN, NAN, NULL};
        ok = metric_check(metrics[i], true, error);
        if (!ok) g_prefix_error(error, "--metric %s: ", metrics[i]);
        g_array_append_val(v->out->measures, m);
    }
    g_ptr_array_unref(none.runs);
    g_array_unref(none.claims);
    v->n_measures = v->out->measures->len;
    if (ok && !v->n_measures)
        ok = input_error(error, "%s: found no claim, expected [expect] sections, or --metric",
                         scenario_name(v->scenario));
    return ok;
}

static bool find_choices(Survey *v) {
    Sensitivity *x = v->out;
    x->choices = scenario_choices(v->scenario);
    for (unsigned i = 0; i < x->choices->len; i++) {
        ChoiceResult r = {.choice = x->choices->pdata[i]};
        if (*x->options.run.interrupted) return false;
        progress_say(x->options.run.progress, "moving number %u of %u", i + 1, x->choices->len);
        find_moves(v, &r);
        g_array_append_val(x->results, r);
    }
    unsigned base = x->alone, movable = 0;
    for (unsigned i = 0; i < x->results->len; i++) {
        const ChoiceResult *r = &g_array_index(x->results, ChoiceResult, i);
        movable += (r->text[DOWN] != NULL) + (r->text[UP] != NULL);
    }
    x->alone = base * (1 + movable);
    return true;
}

static double cpu_of(const Store *store) {
    g_autofree char *records = g_build_filename(store_folder(store), "records", NULL);
    g_autoptr(GPtrArray) names = folder_names(records);
    double sum = 0;
    for (unsigned i = 0; i < names->len; i++) {
        RecordCost cost;
        g_autofree char *path = g_build_filename(records, names->pdata[i], NULL);
        if (record_cost(path, &cost)) sum += cost.cpu_s;
    }
    return sum;
}

Sensitivity *sensitivity_new(Scenario *s, const Store *store, const Claims *published,
                             const SensitivityOptions *options, GError **error) {
    Sensitivity *x = g_new0(Sensitivity, 1);
    *x = (Sensitivity){.scenario = s,
                       .repeat = store_repeat(store),
                       .options = *options,
                       .measures = g_array_new(FALSE, FALSE, sizeof(Measure)),
                       .results = g_array_new(FALSE, FALSE, sizeof(ChoiceResult))};
    Survey v = {.scenario = s,
                .store = store,
                .out = x,
                .n_points = scenario_n_points(s),
                .repeat = x->repeat,
                .base = g_ptr_array_new_with_free_func(run_result_free),
                .close = g_new0(bool, scenario_n_points(s)),
                .none = run_result_new()};
    bool ok = find_measures(&v, published, error) && survey_base(&v, error) && find_choices(&v) &&
              survey_screen(&v, error) && survey_flips(&v, error);
    g_ptr_array_unref(v.base);
    g_free(v.close);
    run_result_free(v.none);
    if (ok) {
        x->cpu_s = cpu_of(store);
        return x;
    }
    sensitivity_free(x);
    return NULL;
}

void sensitivity_free(Sensitivity *x) {
    if (!x) return;
    for (unsigned i = 0; i < x->results->len; i++) {
        ChoiceResult *r = &g_array_index(x->results, ChoiceResult, i);
        for (Direction d = DOWN; d < DIRECTIONS; d++) {
            for (unsigned m = 0; r->effects[d] && m < x->measures->len; m++) {
                g_free(r->effects[d][m].values);
                g_free(r->effects[d][m].flip_text);
            }
            g_free(r->effects[d]);
            g_free(r->text[d]);
            g_free(r->why[d]);
        }
    }
    for (unsigned m = 0; m < x->measures->len; m++)
        g_free(g_array_index(x->measures, Measure, m).values);
    g_array_unref(x->results);
    g_array_unref(x->measures);
    if (x->choices) g_ptr_array_unref(x->choices);
    g_free(x);
}
