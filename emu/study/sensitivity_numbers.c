/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the values of a sensitivity study say. */
#include <math.h>
#include <string.h>

#include "emu/study/sensitivity.h"

double sensitivity_mean(const Sensitivity *x, const double *values) {
    double sum = 0;
    for (unsigned i = 0; i < x->repeat; i++) sum += values[i];
    return sum / x->repeat;
}

double measure_base(const Sensitivity *x, unsigned m) {
    return sensitivity_mean(x, g_array_index(x->measures, Measure, m).values);
}

const char *measure_verdict(const Measure *m, double value) {
    if (isnan(value) || isnan(m->low)) return "-";
    return value >= m->low && value <= m->high ? "met" : "missed";
}

/* A claim that is at its bound as it is written, a share of all that comes to nearly 1, flips with
 * anything: that is no news of what did it. */
bool measure_flips(const Sensitivity *x, unsigned m, double now) {
    const Measure *measure = &g_array_index(x->measures, Measure, m);
    double before = measure_base(x, m);
    return strcmp(measure_verdict(measure, now), measure_verdict(measure, before)) != 0 &&
           !(fabs(now - before) < x->options.threshold / 10 * fabs(before));
}

double measure_scale(const Measure *m, double value) {
    double low = fabs(m->low), high = fabs(m->high);
    double bound = high == 0 || (low != 0 && low < high) ? low : high;
    return isfinite(bound) ? MAX(fabs(value), bound / 2) : fabs(value);
}

/* Of zero anything else is more than any share. */
static bool changes_by(double least, double before, double now) {
    if (isnan(before) || isnan(now)) return isnan(before) != isnan(now);
    return now != before && fabs(now - before) >= least;
}

bool measure_changes(const Sensitivity *x, unsigned m, double now) {
    double before = measure_base(x, m);
    return changes_by(x->options.threshold * fabs(before), before, now) || measure_flips(x, m, now);
}

bool measure_moves(const Sensitivity *x, unsigned m, double now) {
    double before = measure_base(x, m),
           scale = measure_scale(&g_array_index(x->measures, Measure, m), before);
    return changes_by(x->options.threshold * scale, before, now) || measure_flips(x, m, now);
}

double choice_move(const ScenarioChoice *c, const char *text) {
    return param_number_of(c->row, text) / param_number_of(c->row, c->value) - 1;
}

double effect_change(const Sensitivity *x, const ChoiceResult *r, unsigned m, Direction d) {
    double base = measure_base(x, m);
    double scale = measure_scale(&g_array_index(x->measures, Measure, m), base);
    if (!r->effects[d] || scale == 0) return NAN;
    return (sensitivity_mean(x, r->effects[d][m].values) - base) / scale;
}

/* Of one repetition. */
static double elasticity(const Sensitivity *x, const ChoiceResult *r, unsigned m, Direction d,
                         unsigned repetition) {
    double base = g_array_index(x->measures, Measure, m).values[repetition];
    bool both = d == DIRECTIONS;
    Direction from = both ? DOWN : d, to = both ? UP : d;
    double scale = measure_scale(&g_array_index(x->measures, Measure, m), base);
    if (scale == 0 || !r->effects[from] || !r->effects[to]) return NAN;
    double before = both ? r->effects[DOWN][m].values[repetition] : base,
           moved = choice_move(r->choice, r->text[to]) -
                   (both ? choice_move(r->choice, r->text[DOWN]) : 0);
    return (r->effects[to][m].values[repetition] - before) / scale / moved;
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

static bool choice_moves(const Sensitivity *x, const ChoiceResult *r, unsigned m) {
    for (Direction d = DOWN; d < DIRECTIONS; d++)
        if (r->effects[d] && measure_moves(x, m, sensitivity_mean(x, r->effects[d][m].values)))
            return true;
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
    return r->effects[d] ? fabs(sensitivity_mean(x, r->effects[d][m].values) - measure_base(x, m))
                         : NAN;
}

GPtrArray *sensitivity_of(const Sensitivity *x, unsigned m) {
    g_autoptr(GArray) ranked = g_array_new(FALSE, FALSE, sizeof(Ranked));
    GPtrArray *list = g_ptr_array_new();
    for (unsigned i = 0; i < x->results->len; i++) {
        ChoiceResult *r = &g_array_index(x->results, ChoiceResult, i);
        if (r->state != CHOICE_MOVES || !choice_moves(x, r, m)) continue;
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
