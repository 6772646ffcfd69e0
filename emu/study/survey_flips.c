/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The least moves that flip verdicts: between one that does and one that does not, the middle. */
#include <math.h>
#include <string.h>

#include "emu/study/hunt.h"
#include "emu/study/move.h"
#include "emu/study/survey.h"

#define FLIP_RESOLUTION 0.01 /* of the choice */

/* For the least move of a choice that flips a measure's verdict. */
typedef struct {
    ChoiceResult *result;
    Direction direction;
    unsigned measure;
    Hunt hunt; /* over the size of the move */
    double middle;
    char *text, *tried; /* at the least that flips; at the middle */
} Flip;

static void flip_free(void *data) {
    Flip *f = data;
    g_free(f->text);
    g_free(f->tried);
    g_free(f);
}

static GPtrArray *all_flips(const Survey *v) {
    GPtrArray *all = g_ptr_array_new_with_free_func(flip_free);
    for (unsigned i = 0; i < v->out->results->len; i++) {
        ChoiceResult *r = &g_array_index(v->out->results, ChoiceResult, i);
        for (Direction d = DOWN; d < DIRECTIONS; d++)
            for (unsigned m = 0; r->effects[d] && m < v->n_measures; m++) {
                double now = sensitivity_mean(v->out, r->effects[d][m].values);
                if (isnan(now) || !measure_flips(v->out, m, now)) continue;
                double size = fabs(choice_move(r->choice, r->text[d]));
                Flip *f = g_new0(Flip, 1);
                *f = (Flip){.result = r,
                            .direction = d,
                            .measure = m,
                            .hunt = {.no = 0, .yes = size, .resolution = FLIP_RESOLUTION},
                            .text = g_strdup(r->text[d])};
                g_ptr_array_add(all, f);
            }
    }
    return all;
}

/* A trial of the middle, NULL: there is nothing left between. */
static Trial *trial_of_flip(Survey *v, Flip *f) {
    const ScenarioChoice *c = f->result->choice;
    f->middle = hunt_next(&f->hunt);
    if (isnan(f->middle)) return NULL;
    g_free(f->tried);
    f->tried =
        param_moved(c->row, c->value, f->direction == UP ? 1 + f->middle : 1 - f->middle, NULL);
    if (!f->tried || !strcmp(f->tried, f->text) || !strcmp(f->tried, c->value) ||
        !choice_is_possible(v->scenario, store_seed(v->store), c, f->tried, NULL))
        return NULL;
    ScenarioMove move = {c, f->tried};
    v->out->variants++;
    return trial_new(v, scenario_vary(v->scenario, &move, 1), c->at, (int)f->measure);
}

static bool flips(const Survey *v, const Flip *f, const Trial *t) {
    return measure_flips(v->out, f->measure,
                         sensitivity_mean(v->out, &t->values[f->measure * v->repeat]));
}

bool survey_flips(Survey *v, GError **error) {
    v->out->screened = v->out->runs;
    g_autoptr(GPtrArray) all = all_flips(v);
    for (bool any = true; any;) {
        g_autoptr(GPtrArray) trials = g_ptr_array_new_with_free_func(trial_free);
        g_autofree Trial **of = g_new0(Trial *, all->len + 1);
        for (unsigned i = 0; i < all->len; i++)
            if ((of[i] = trial_of_flip(v, all->pdata[i]))) g_ptr_array_add(trials, of[i]);
        if (!survey_run(v, trials, error)) return false;
        any = trials->len > 0;
        for (unsigned i = 0; i < all->len; i++) {
            Flip *f = all->pdata[i];
            if (!of[i]) {
                f->hunt.over = true;
                continue;
            }
            bool yes = flips(v, f, of[i]);
            hunt_learn(&f->hunt, f->middle, yes);
            if (!yes) continue;
            g_free(f->text);
            f->text = g_steal_pointer(&f->tried);
        }
    }
    for (unsigned i = 0; i < all->len; i++) {
        Flip *f = all->pdata[i];
        Effect *e = &f->result->effects[f->direction][f->measure];
        e->flip = choice_move(f->result->choice, f->text);
        e->flip_text = g_steal_pointer(&f->text);
    }
    return true;
}
