/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Screening, single choices, and the moves that flip verdicts: all of them are trials, variants of
 * the scenario with some choices moved. Trials of one round are computed together. */
#include "emu/study/sensitivity.h"

#include <math.h>
#include <string.h>

#include "emu/study/file.h"
#include "emu/study/record.h"

#define FLIP_RESOLUTION 0.01 /* of the choice */

typedef struct {
    Scenario *scenario; /* not const: it gets variants */
    const Store *store;
    Sensitivity *out;
    unsigned n_points, n_measures, repeat;
    GPtrArray *base; /* RunResult, by repetition, then point */
    bool *close;     /* points that decide a measure as it is written, alone or nearly so */
    RunResult *none; /* stands for a run that nobody looks at */
} Survey;

/* Some choices moved. */
typedef struct {
    unsigned variant;
    bool *touched;   /* points at which it may make a difference; borrowed */
    bool *asked;     /* that were computed */
    GPtrArray *runs; /* as Survey.base; NULL: as there */
    int only;        /* measure; -1: all */
    bool rough;      /* at Survey.close alone */
    double *values;  /* by measure, then repetition */
} Trial;

typedef struct {
    GPtrArray *members; /* ChoiceResult */
    bool *touched;
    bool open[2]; /* whether moves in the sense that is slower, and faster, are worth a look */
} Group;

/* Trials ---------------------------------------------------------------------------------- */

static Trial *trial_new(const Survey *v, unsigned variant, bool *touched, int only) {
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

static void trial_free(void *data) {
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

/* False: interrupted, or a run that cannot be recorded. */
static bool are_recorded(const Survey *v, const GPtrArray *results, GError **error) {
    for (unsigned i = 0; i < results->len; i++) {
        const RunResult *r = results->pdata[i];
        if (r->status != RUN_MISSING) continue;
        if (!*v->out->options.run.interrupted)
            g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "%s", r->failure);
        return false;
    }
    return true;
}

static bool run_trials(Survey *v, const GPtrArray *trials, GError **error) {
    for (;;) {
        g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(RunKey)),
                          ends = g_array_new(FALSE, FALSE, sizeof(unsigned));
        for (unsigned i = 0; i < trials->len; i++) {
            if (!ask(v, trials->pdata[i], keys, error)) return false;
            g_array_append_val(ends, keys->len);
        }
        if (!keys->len) break;
        g_autoptr(GPtrArray) results = run_all(v->store, keys, &v->out->options.run);
        if (!are_recorded(v, results, error)) return false;
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

static double mean_of(const double *values, unsigned n) {
    double sum = 0;
    for (unsigned i = 0; i < n; i++) sum += values[i];
    return sum / n;
}

const char *measure_verdict(const Measure *m, double value) {
    if (isnan(value) || isnan(m->low)) return "-";
    return value >= m->low && value <= m->high ? "met" : "missed";
}

/* A claim that is at its bound as it is written, a share of all that comes to nearly 1, flips with
 * anything: that is no news of what did it. */
static bool is_flip(const Sensitivity *x, const Measure *m, double now) {
    double before = mean_of(m->values, x->repeat);
    return strcmp(measure_verdict(m, now), measure_verdict(m, before)) != 0 &&
           !(fabs(now - before) < x->options.threshold / 10 * fabs(before));
}

static bool flips(const Survey *v, unsigned m, const double *values) {
    return is_flip(v->out, measure_at(v, m), mean_of(values, v->repeat));
}

/* Of zero anything else is more than any share. */
static bool changes_by(double share, double before, double now) {
    if (isnan(before) || isnan(now)) return isnan(before) != isnan(now);
    return before == 0 ? now != 0 : fabs(now / before - 1) >= share;
}

static bool moves(const Survey *v, unsigned m, const double *values) {
    return changes_by(v->out->options.threshold, mean_of(measure_at(v, m)->values, v->repeat),
                      mean_of(values, v->repeat)) ||
           flips(v, m, values);
}

static bool moves_any(const Survey *v, const Trial *t) {
    for (unsigned m = 0; t && m < v->n_measures; m++)
        if (moves(v, m, &t->values[m * v->repeat])) return true;
    return false;
}

static bool are_equal(const RunResult *a, const RunResult *b) {
    if (a->status != RUN_OK || b->status != RUN_OK || a->fingerprint != b->fingerprint ||
        a->scalars->len != b->scalars->len)
        return false;
    for (unsigned i = 0; i < a->scalars->len; i++) {
        const RunScalar *x = &g_array_index(a->scalars, RunScalar, i),
                        *y = &g_array_index(b->scalars, RunScalar, i);
        if (x->name != y->name || memcmp(&x->value, &y->value, sizeof x->value) != 0) return false;
    }
    return true;
}

static bool left_alone(const Survey *v, const Trial *t, unsigned p) {
    for (unsigned r = 0; t && r < v->repeat; r++) {
        unsigned i = r * v->n_points + p;
        if (!t->asked[p] || !are_equal(t->runs->pdata[i], v->base->pdata[i])) return false;
    }
    return true;
}

/* Choices --------------------------------------------------------------------------------- */

/* Whether the scenario can be built so, at the first point that the choice holds at; else `why`
 * not, unless that is NULL. */
static bool is_possible(Survey *v, const ScenarioChoice *c, const char *text, char **why) {
    g_autoptr(GError) cause = NULL;
    ScenarioMove move = {c, text};
    unsigned variant = scenario_vary(v->scenario, &move, 1), p = 0;
    while (!c->at[p]) p++;
    NetworkOptions options = {.seed = store_seed(v->store)};
    Network *net = scenario_build(v->scenario, scenario_variant_point(v->scenario, variant, p),
                                  &options, &cause);
    const Component *refused;
    bool ok = net && network_start(net, &refused, &cause);
    network_free(net);
    if (!ok && why) *why = g_strdup(cause->message);
    return ok;
}

/* What does not take a tenth more may take twice as much, as a size that is a power of two. */
static void find_move(Survey *v, ChoiceResult *r, Direction d) {
    const ScenarioChoice *c = r->choice;
    double step = v->out->options.step,
           factors[2] = {d == UP ? 1 + step : 1 - step, d == UP ? 2 : 0.5};
    for (unsigned i = 0; i < 2 && !r->text[d]; i++) {
        g_autoptr(GError) cause = NULL;
        g_autofree char *text = param_moved(c->row, c->value, factors[i], &cause), *why = NULL;
        bool whole = c->row->type == PARAM_TYPE_SIZE || c->row->type == PARAM_TYPE_COUNT;
        if (text && is_possible(v, c, text, &why)) {
            r->text[d] = g_steal_pointer(&text);
        } else if (!r->why[d]) {
            r->why[d] = text ? g_steal_pointer(&why) : g_strdup(cause->message);
            if (!text || !whole) return;
        }
    }
}

static void find_moves(Survey *v, ChoiceResult *r) {
    for (Direction d = DOWN; d < DIRECTIONS; d++) find_move(v, r, d);
    r->state = r->text[DOWN] || r->text[UP] ? CHOICE_HARMLESS : CHOICE_FIXED;
}

/* The share of itself that makes the choice `text`. */
static double share_of(const ScenarioChoice *c, const char *text) {
    return param_number_of(c->row, text) / param_number_of(c->row, c->value) - 1;
}

double choice_move(const ChoiceResult *r, Direction d) {
    return share_of(r->choice, r->text[d]);
}

/* Groups ---------------------------------------------------------------------------------- */

static Group *group_new(const Survey *v, const bool *touched) {
    Group *g = g_new(Group, 1);
    *g = (Group){g_ptr_array_new(), g_memdup2(touched, v->n_points * sizeof(bool)), {true, true}};
    return g;
}

static void group_free(void *data) {
    Group *g = data;
    g_ptr_array_unref(g->members);
    g_free(g->touched);
    g_free(g);
}

static void join(const Survey *v, Group *g, ChoiceResult *r) {
    g_ptr_array_add(g->members, r);
    for (unsigned p = 0; p < v->n_points; p++) g->touched[p] |= r->choice->at[p];
}

enum { SMALL = 8 };

/* To begin with, the choices of one class are together, as what is alike acts alike; those of small
 * classes, and those of the scenario. */
static GPtrArray *first_groups(const Survey *v) {
    GPtrArray *groups = g_ptr_array_new_with_free_func(group_free);
    g_autoptr(GHashTable) sizes = g_hash_table_new(g_str_hash, g_str_equal),
                          by_name = g_hash_table_new(g_str_hash, g_str_equal);
    g_autofree bool *none = g_new0(bool, v->n_points);
    for (unsigned pass = 0; pass < 2; pass++)
        for (unsigned i = 0; i < v->out->results->len; i++) {
            ChoiceResult *r = &g_array_index(v->out->results, ChoiceResult, i);
            if (r->state == CHOICE_FIXED) continue;
            const char *name = r->choice->kind == CHOICE_SCENARIO ? "" : r->choice->class;
            unsigned size = GPOINTER_TO_UINT(g_hash_table_lookup(sizes, name));
            if (!pass) {
                g_hash_table_insert(sizes, (char *)name, GUINT_TO_POINTER(size + 1));
                continue;
            }
            if (*name && size < SMALL) name = "small";
            Group *g = g_hash_table_lookup(by_name, name);
            if (!g) {
                g = group_new(v, none);
                g_hash_table_insert(by_name, (char *)name, g);
                g_ptr_array_add(groups, g);
            }
            join(v, g, r);
        }
    return groups;
}

static Direction towards(const ChoiceResult *r, bool faster) {
    return (param_sense(r->choice->row) > 0) == faster ? UP : DOWN;
}

/* All members moved in the sense that makes things faster, or slower; NULL: none can be. */
static Trial *trial_of_group(Survey *v, const Group *g, bool faster, bool rough) {
    if (!g->open[faster]) return NULL;
    g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(ScenarioMove));
    for (unsigned i = 0; i < g->members->len; i++) {
        const ChoiceResult *r = g->members->pdata[i];
        ScenarioMove move = {r->choice, r->text[towards(r, faster)]};
        if (move.text) g_array_append_val(list, move);
    }
    if (!list->len) return NULL;
    unsigned variant =
        scenario_vary(v->scenario, (const ScenarioMove *)(const void *)list->data, list->len);
    Trial *t = trial_new(v, variant, g->touched, -1);
    v->out->variants++;
    t->rough = rough;
    return t;
}

static void keep_effects(const Survey *v, ChoiceResult *r, Direction d, const Trial *t) {
    r->effects[d] = g_new0(Effect, v->n_measures);
    for (unsigned m = 0; m < v->n_measures; m++)
        r->effects[d][m] =
            (Effect){g_memdup2(&t->values[m * v->repeat], v->repeat * sizeof(double)), NAN, NULL};
}

static void halve(const Survey *v, const Group *g, GPtrArray *next) {
    for (unsigned half = 0, i = 0; half < 2; half++) {
        Group *part = group_new(v, g->touched);
        g_autofree bool *at = g_new0(bool, v->n_points);
        memcpy(part->open, g->open, sizeof part->open);
        for (; i < (half ? g->members->len : g->members->len / 2); i++) {
            const ChoiceResult *r = g->members->pdata[i];
            g_ptr_array_add(part->members, (void *)r);
            for (unsigned p = 0; p < v->n_points; p++) at[p] |= r->choice->at[p];
        }
        for (unsigned p = 0; p < v->n_points; p++) part->touched[p] &= at[p];
        g_ptr_array_add(next, part);
    }
}

/* What is known of a group from its trials: it is harmless; or a single choice that may move a
 * measure, which goes to `single`; or its halves are to be looked at, in the senses in which it
 * moved one. */
static void judge(const Survey *v, Group *g, Trial *const trials[2], GPtrArray *next,
                  GPtrArray *single) {
    for (unsigned faster = 0; faster < 2; faster++) g->open[faster] = moves_any(v, trials[faster]);
    if (!g->open[0] && !g->open[1]) return;
    for (unsigned p = 0; p < v->n_points; p++)
        if (left_alone(v, trials[0], p) && left_alone(v, trials[1], p)) g->touched[p] = false;
    if (g->members->len > 1) {
        halve(v, g, next);
        return;
    }
    Group *one = group_new(v, g->touched);
    g_ptr_array_add(one->members, g->members->pdata[0]);
    g_ptr_array_add(single, one);
}

/* The first groups are tried at all points that matter, so that it is known which they leave alone;
 * their parts at those that decide. */
static bool screen(Survey *v, GPtrArray *single, GError **error) {
    GPtrArray *groups = first_groups(v);
    bool ok = true, rough = false;
    for (; ok && groups->len; rough = true) {
        g_autoptr(GPtrArray) trials = g_ptr_array_new_with_free_func(trial_free);
        g_autofree Trial **pairs = g_new0(Trial *, 2 * groups->len);
        for (unsigned i = 0; i < 2 * groups->len; i++)
            if ((pairs[i] = trial_of_group(v, groups->pdata[i / 2], i % 2, rough)))
                g_ptr_array_add(trials, pairs[i]);
        GPtrArray *next = g_ptr_array_new_with_free_func(group_free);
        ok = run_trials(v, trials, error);
        for (unsigned i = 0; ok && i < groups->len; i++)
            judge(v, groups->pdata[i], &pairs[2 * i], next, single);
        g_ptr_array_unref(groups);
        groups = next;
    }
    g_ptr_array_unref(groups);
    return ok;
}

/* Single choices, both ways, at all points that matter. */
static bool measure_single(Survey *v, const GPtrArray *single, GError **error) {
    g_autoptr(GPtrArray) trials = g_ptr_array_new_with_free_func(trial_free);
    g_autofree Trial **pairs = g_new0(Trial *, 2 * single->len + 1);
    for (unsigned i = 0; i < 2 * single->len; i++)
        if ((pairs[i] = trial_of_group(v, single->pdata[i / 2], i % 2, false)))
            g_ptr_array_add(trials, pairs[i]);
    if (!run_trials(v, trials, error)) return false;
    for (unsigned i = 0; i < 2 * single->len; i++) {
        ChoiceResult *r = ((Group *)single->pdata[i / 2])->members->pdata[0];
        Trial *const *pair = &pairs[i / 2 * 2];
        if (!moves_any(v, pair[0]) && !moves_any(v, pair[1])) continue;
        r->state = CHOICE_MOVES;
        if (pairs[i]) keep_effects(v, r, towards(r, i % 2), pairs[i]);
    }
    return true;
}

static bool find_single(Survey *v, GError **error) {
    g_autoptr(GPtrArray) single = g_ptr_array_new_with_free_func(group_free);
    return screen(v, single, error) && measure_single(v, single, error);
}

/* Flips ----------------------------------------------------------------------------------- */

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
                if (isnan(mean_of(r->effects[d][m].values, v->repeat)) ||
                    !flips(v, m, r->effects[d][m].values))
                    continue;
                Hunt *h = g_new0(Hunt, 1);
                *h =
                    (Hunt){.result = r, .direction = d, .measure = m, .text = g_strdup(r->text[d])};
                h->high = fabs(choice_move(r, d));
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
        !is_possible(v, c, h->tried, NULL))
        return NULL;
    ScenarioMove move = {c, h->tried};
    v->out->variants++;
    return trial_new(v, scenario_vary(v->scenario, &move, 1), c->at, (int)h->measure);
}

static bool find_flips(Survey *v, GError **error) {
    v->out->screened = v->out->runs;
    g_autoptr(GPtrArray) hunts = all_hunts(v);
    for (bool any = true; any;) {
        g_autoptr(GPtrArray) trials = g_ptr_array_new_with_free_func(trial_free);
        g_autofree Trial **of = g_new0(Trial *, hunts->len + 1);
        for (unsigned i = 0; i < hunts->len; i++)
            if ((of[i] = trial_of_hunt(v, hunts->pdata[i]))) g_ptr_array_add(trials, of[i]);
        if (!run_trials(v, trials, error)) return false;
        any = trials->len > 0;
        for (unsigned i = 0; i < hunts->len; i++) {
            Hunt *h = hunts->pdata[i];
            if (!of[i]) {
                h->low = h->high; /* it is over */
            } else if (flips(v, h->measure, &of[i]->values[h->measure * v->repeat])) {
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
        e->flip = share_of(h->result->choice, h->text);
        e->flip_text = g_steal_pointer(&h->text);
    }
    return true;
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
    g_autoptr(GPtrArray) results = run_all(v->store, keys, &v->out->options.run);
    if (!are_recorded(v, results, error)) return false;
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
    bool ok = find_measures(&v, published, error) && run_base(&v, error) &&
              measure_base_values(&v, error) && find_close(&v, error) && find_choices(&v) &&
              find_single(&v, error) && find_flips(&v, error);
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

/* Numbers --------------------------------------------------------------------------------- */

double measure_base(const Sensitivity *x, unsigned m) {
    return mean_of(g_array_index(x->measures, Measure, m).values, x->repeat);
}

double effect_mean(const Sensitivity *x, const Effect *e) {
    return mean_of(e->values, x->repeat);
}

double effect_change(const Sensitivity *x, const ChoiceResult *r, unsigned m, Direction d) {
    double base = measure_base(x, m);
    if (!r->effects[d] || base == 0) return NAN;
    return effect_mean(x, &r->effects[d][m]) / base - 1;
}

/* Of one repetition. */
static double elasticity(const Sensitivity *x, const ChoiceResult *r, unsigned m, Direction d,
                         unsigned repetition) {
    double base = g_array_index(x->measures, Measure, m).values[repetition];
    bool both = d == DIRECTIONS;
    Direction from = both ? DOWN : d, to = both ? UP : d;
    if (base == 0 || !r->effects[from] || !r->effects[to]) return NAN;
    double before = both ? r->effects[DOWN][m].values[repetition] : base,
           moved = both ? choice_move(r, UP) - choice_move(r, DOWN) : choice_move(r, d);
    return (r->effects[to][m].values[repetition] - before) / base / moved;
}

StudyEstimate effect_elasticity(const Sensitivity *x, const ChoiceResult *r, unsigned m,
                                Direction d) {
    g_autofree double *values = g_new(double, x->repeat);
    bool different = false;
    if (d == DIRECTIONS && !r->effects[DOWN]) d = UP;
    if (d == DIRECTIONS && !r->effects[UP]) d = DOWN;
    for (unsigned i = 0; i < x->repeat; i++) {
        values[i] = elasticity(x, r, m, d, i);
        different |= values[i] != values[0];
    }
    return study_estimate_of(values, x->repeat, different);
}

static bool moves_measure(const Sensitivity *x, const ChoiceResult *r, unsigned m) {
    const Measure *measure = &g_array_index(x->measures, Measure, m);
    double base = measure_base(x, m);
    for (Direction d = DOWN; d < DIRECTIONS; d++) {
        if (!r->effects[d]) continue;
        double now = effect_mean(x, &r->effects[d][m]);
        if (changes_by(x->options.threshold, base, now) || is_flip(x, measure, now)) return true;
    }
    return false;
}

typedef struct {
    double swing;
    ChoiceResult *result;
} Ranked;

static int by_swing(const void *a, const void *b) {
    const Ranked *x = a, *y = b;
    return x->swing != y->swing ? (x->swing < y->swing ? 1 : -1)
                                : (x->result > y->result) - (x->result < y->result);
}

static double distance(const Sensitivity *x, const ChoiceResult *r, unsigned m, Direction d) {
    return r->effects[d] ? fabs(effect_mean(x, &r->effects[d][m]) - measure_base(x, m)) : NAN;
}

GPtrArray *sensitivity_of(const Sensitivity *x, unsigned m) {
    g_autoptr(GArray) ranked = g_array_new(FALSE, FALSE, sizeof(Ranked));
    GPtrArray *list = g_ptr_array_new();
    for (unsigned i = 0; i < x->results->len; i++) {
        ChoiceResult *r = &g_array_index(x->results, ChoiceResult, i);
        if (r->state != CHOICE_MOVES || !moves_measure(x, r, m)) continue;
        /* Of a NaN and a number it is the number. */
        double swing = fmax(distance(x, r, m, DOWN), distance(x, r, m, UP));
        Ranked one = {isnan(swing) ? INFINITY : swing, r};
        g_array_append_val(ranked, one);
    }
    g_array_sort(ranked, by_swing);
    for (unsigned i = 0; i < ranked->len; i++)
        g_ptr_array_add(list, g_array_index(ranked, Ranked, i).result);
    return list;
}

unsigned sensitivity_free_choices(const Sensitivity *x) {
    unsigned n = 0;
    for (unsigned i = 0; i < x->results->len; i++) {
        const ChoiceResult *r = &g_array_index(x->results, ChoiceResult, i);
        ChoiceKind kind = r->choice->kind;
        n += kind == CHOICE_FITTED || (r->state == CHOICE_MOVES && kind != CHOICE_SOURCED);
    }
    return n;
}
