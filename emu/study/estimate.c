/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What is alike is found when a run finishes: every other one keeps the sums over those that share
 * the most values with it, so that an estimate is one pass over the runs. */
#include "emu/study/estimate.h"

#include <math.h>

/* What is done of less than this says more about starting than about the run. */
#define LEAST_FRACTION 0.01

typedef struct {
    double work;
    const char **values; /* interned: equal ones have one address */
    gboolean ended;
    unsigned alike;           /* values that it shares with those in the sums */
    double seconds, finished; /* sums over them: what they took, their work */
} Run;

struct Estimate {
    unsigned n_values;
    GArray *runs;
};

static void run_clear(void *run) {
    g_free(((Run *)run)->values);
}

Estimate *estimate_new(unsigned n_values) {
    Estimate *e = g_new0(Estimate, 1);
    e->n_values = n_values;
    e->runs = g_array_new(FALSE, TRUE, sizeof(Run));
    g_array_set_clear_func(e->runs, run_clear);
    return e;
}

void estimate_free(Estimate *e) {
    g_array_unref(e->runs);
    g_free(e);
}

unsigned estimate_add(Estimate *e, double work, const char *const *values) {
    Run run = {.work = work, .values = g_new(const char *, e->n_values)};
    for (unsigned i = 0; i < e->n_values; i++) run.values[i] = g_intern_string(values[i]);
    g_array_append_val(e->runs, run);
    return e->runs->len - 1;
}

void estimate_finished(Estimate *e, unsigned n, double seconds) {
    const Run *done = &g_array_index(e->runs, Run, n);
    g_array_index(e->runs, Run, n).ended = TRUE;
    if (isnan(seconds)) return;
    for (unsigned i = 0; i < e->runs->len; i++) {
        Run *run = &g_array_index(e->runs, Run, i);
        unsigned alike = 0;
        if (run->ended) continue;
        for (unsigned v = 0; v < e->n_values; v++) alike += run->values[v] == done->values[v];
        if (alike < run->alike) continue;
        if (alike > run->alike) run->seconds = run->finished = 0;
        run->alike = alike;
        run->seconds += seconds;
        run->finished += done->work;
    }
}

/* By the finished ones, otherwise by what a unit of work costs; NaN: unknown. */
static double cost(const Run *run, double unit) {
    return run->work * (run->finished > 0 ? run->seconds / run->finished : unit);
}

/* What one at hand will have taken, by itself. */
static double own_cost(const EstimateAtHand *a) {
    return a->fraction >= LEAST_FRACTION ? a->seconds / a->fraction : NAN;
}

double estimate_left(const Estimate *e, const EstimateAtHand *at_hand, unsigned n_at_hand,
                     unsigned jobs) {
    double sum = 0, longest = 0, own = 0, work = 0;
    for (unsigned i = 0; i < n_at_hand; i++)
        if (!isnan(own_cost(&at_hand[i]))) {
            own += own_cost(&at_hand[i]);
            work += g_array_index(e->runs, Run, at_hand[i].run).work;
        }
    double unit = work > 0 ? own / work : NAN;
    for (unsigned i = 0; i < e->runs->len; i++) {
        const Run *run = &g_array_index(e->runs, Run, i);
        if (!run->ended) sum += cost(run, unit);
    }
    for (unsigned i = 0; i < n_at_hand; i++) {
        const EstimateAtHand *a = &at_hand[i];
        const Run *run = &g_array_index(e->runs, Run, a->run);
        if (run->ended) continue;
        double whole = cost(run, unit), part = MIN(a->fraction, 1), itself = own_cost(a);
        double better = isnan(itself) ? whole : part * itself + (1 - part) * whole;
        double left = part > 0 ? better * (1 - part) : MAX(better - a->seconds, 0);
        sum += left - whole;
        longest = MAX(longest, left);
    }
    return isnan(sum) ? NAN : MAX(sum / jobs, longest);
}
