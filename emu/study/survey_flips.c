/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The least moves that flip verdicts: between one that does and one that does not, the middle. */
#include <math.h>
#include <string.h>

#include "emu/study/survey.h"

#define FLIP_RESOLUTION 0.01 /* of the choice */

/* The least move of a choice that flips a measure's verdict lies between `low`, which does not, and
 * `high`. */
typedef struct {
    ChoiceResult *result;
    Direction direction;
    unsigned measure;
    double low, high, middle;
    char *text, *tried; /* at high; at the middle */
} Hunt;

static void hunt_free(void *data) {
    Hunt *h = data;
    g_free(h->text);
    g_free(h->tried);
    g_free(h);
}

static GPtrArray *all_hunts(const Survey *v) {
    GPtrArray *hunts = g_ptr_array_new_with_free_func(hunt_free);
    for (unsigned i = 0; i < v->out->results->len; i++) {
        ChoiceResult *r = &g_array_index(v->out->results, ChoiceResult, i);
        for (Direction d = DOWN; d < DIRECTIONS; d++)
            for (unsigned m = 0; r->effects[d] && m < v->n_measures; m++) {
                double now = sensitivity_mean(v->out, r->effects[d][m].values);
                if (isnan(now) || !measure_flips(v->out, m, now)) continue;
                Hunt *h = g_new0(Hunt, 1);
                *h =
                    (Hunt){.result = r, .direction = d, .measure = m, .text = g_strdup(r->text[d])};
                h->high = fabs(choice_move(r->choice, r->text[d]));
                g_ptr_array_add(hunts, h);
            }
    }
    return hunts;
}

/* A trial of the middle, NULL: there is nothing left between. */
static Trial *trial_of_hunt(Survey *v, Hunt *h) {
    const ScenarioChoice *c = h->result->choice;
    if (h->high - h->low <= FLIP_RESOLUTION) return NULL;
    h->middle = (h->low + h->high) / 2;
    g_free(h->tried);
    h->tried =
        param_moved(c->row, c->value, h->direction == UP ? 1 + h->middle : 1 - h->middle, NULL);
    if (!h->tried || !strcmp(h->tried, h->text) || !strcmp(h->tried, c->value) ||
        !survey_is_possible(v, c, h->tried, NULL))
        return NULL;
    ScenarioMove move = {c, h->tried};
    v->out->variants++;
    return trial_new(v, scenario_vary(v->scenario, &move, 1), c->at, (int)h->measure);
}

static bool flips(const Survey *v, const Hunt *h, const Trial *t) {
    return measure_flips(v->out, h->measure,
                         sensitivity_mean(v->out, &t->values[h->measure * v->repeat]));
}

bool survey_flips(Survey *v, GError **error) {
    v->out->screened = v->out->runs;
    g_autoptr(GPtrArray) hunts = all_hunts(v);
    for (bool any = true; any;) {
        g_autoptr(GPtrArray) trials = g_ptr_array_new_with_free_func(trial_free);
        g_autofree Trial **of = g_new0(Trial *, hunts->len + 1);
        for (unsigned i = 0; i < hunts->len; i++)
            if ((of[i] = trial_of_hunt(v, hunts->pdata[i]))) g_ptr_array_add(trials, of[i]);
        if (!survey_run(v, trials, error)) return false;
        any = trials->len > 0;
        for (unsigned i = 0; i < hunts->len; i++) {
            Hunt *h = hunts->pdata[i];
            if (!of[i]) {
                h->low = h->high; /* it is over */
            } else if (flips(v, h, of[i])) {
                h->high = h->middle;
                g_free(h->text);
                h->text = g_steal_pointer(&h->tried);
            } else {
                h->low = h->middle;
            }
        }
    }
    for (unsigned i = 0; i < hunts->len; i++) {
        Hunt *h = hunts->pdata[i];
        Effect *e = &h->result->effects[h->direction][h->measure];
        e->flip = choice_move(h->result->choice, h->text);
        e->flip_text = g_steal_pointer(&h->text);
    }
    return true;
}
