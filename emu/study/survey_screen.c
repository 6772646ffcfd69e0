/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Which choices move a measure: groups of them are moved together and halved, until single ones are
 * left. */
#include <math.h>
#include <string.h>

#include "emu/study/survey.h"

typedef struct {
    GPtrArray *members; /* ChoiceResult */
    bool *touched;
    bool open[2]; /* whether moves in the sense that is slower, and faster, are worth a look */
} Group;

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
    for (unsigned faster = 0; faster < 2; faster++)
        g->open[faster] = trial_changes(v, trials[faster]);
    if (!g->open[0] && !g->open[1]) return;
    for (unsigned p = 0; p < v->n_points; p++)
        if (trial_left_alone(v, trials[0], p) && trial_left_alone(v, trials[1], p))
            g->touched[p] = false;
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
        ok = survey_run(v, trials, error);
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
    if (!survey_run(v, trials, error)) return false;
    for (unsigned i = 0; i < 2 * single->len; i++) {
        ChoiceResult *r = ((Group *)single->pdata[i / 2])->members->pdata[0];
        Trial *const *pair = &pairs[i / 2 * 2];
        if (!trial_moves(v, pair[0]) && !trial_moves(v, pair[1])) continue;
        r->state = CHOICE_MOVES;
        if (pairs[i]) keep_effects(v, r, towards(r, i % 2), pairs[i]);
    }
    return true;
}

bool survey_screen(Survey *v, GError **error) {
    g_autoptr(GPtrArray) single = g_ptr_array_new_with_free_func(group_free);
    return screen(v, single, error) && measure_single(v, single, error);
}
