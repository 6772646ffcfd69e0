/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/study/survey.h: a sensitivity study (sensitivity.h) while it is computed. Its files:
 *
 *   survey.c               the whole: which measures and choices there are, what these can move to
 *   survey_trials.c        trials, variants of the scenario with some choices moved: their runs
 *   survey_screen.c        which choices move a measure: groups of them, then single ones
 *   survey_flips.c         the least moves that flip verdicts
 *   sensitivity_numbers.c  what the values say: verdicts, changes, elasticities, ranks
 *   sensitivity_tables.c   files, and the tables on a terminal */
#pragma once

#include "emu/study/sensitivity.h"

typedef struct {
    Scenario *scenario; /* not const: it gets variants */
    const Store *store;
    Sensitivity *out;
    unsigned n_points, n_measures, repeat;
    GPtrArray *base; /* RunResult, by repetition, then point */
    bool *close;     /* points that decide a measure as it is written, alone or nearly so */
    RunResult *none; /* stands for a run that nobody looks at */
} Survey;

/* Some choices moved. Its runs are those of the scenario as it is written wherever it has none of
 * its own. */
typedef struct {
    unsigned variant;
    bool *touched;   /* points at which it may make a difference; borrowed */
    bool *asked;     /* that were computed */
    GPtrArray *runs; /* as Survey.base; NULL: as there */
    int only;        /* measure; -1: all */
    bool rough;      /* at Survey.close alone */
    double *values;  /* by measure, then repetition */
} Trial;

/* The scenario as it is written: its runs, the values of its measures, and which points are close.
 */
bool survey_base(Survey *v, GError **error);

/* Of one measure, or all of them, -1. `touched` is borrowed. */
Trial *trial_new(const Survey *v, unsigned variant, bool *touched, int only);
void trial_free(void *trial);
/* Compute trials together: of each the runs that decide its measures, and their values. */
bool survey_run(Survey *v, const GPtrArray *trials, GError **error);
/* Whether it moves any measure; NULL: no. And whether it changes one by as much of its value: what
 * several move, one up and another down, may be less than one of them does, so a group is split
 * before it moves a measure by its scale. */
bool trial_moves(const Survey *v, const Trial *t);
bool trial_changes(const Survey *v, const Trial *t);
/* Whether the runs of a point came out as without it, to the last bit; NULL: yes. */
bool trial_left_alone(const Survey *v, const Trial *t, unsigned point);

/* Which choices move a measure, and the effects of those that do. */
bool survey_screen(Survey *v, GError **error);
/* How far each of them may go before a verdict flips. */
bool survey_flips(Survey *v, GError **error);
