/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/study/sensitivity.h: how far the numbers of a study move with each of its choices.
 *
 * Every choice of a scenario (emu/scenario/vary.h) is moved both ways by a share of itself, and the
 * measures, its claims and others that are asked for, are computed again. Most choices move none of
 * them, so they are screened in groups first (sequential bifurcation, Bettonvil and Kleijnen, EJOR
 * 96, 1997): all choices of a group are moved in the sense that makes things slower, then all in
 * the other, as param_sense has it. A group is harmless if neither changes a measure by the
 * threshold or flips a verdict; else its halves are looked at, in the senses that did, until single
 * choices are left. These are moved both ways, and all measures computed.
 * Within a group moves may cancel, where a choice works against its row's sense: what is harmless
 * together is called harmless, and no more is known of it.
 *
 * Groups within the first ones are tried at the points that decide a measure as it is written
 * alone, of a max and min the extreme and what comes within a tenth of the threshold of it; single
 * choices at all that matter.
 *
 * What is not computed. A run that no measure reads. A run in which all choices of a group, moved
 * together in either sense, left the fingerprint and every scalar as they were: single choices of
 * the group are then taken to leave it so too. And of a measure's max and min, the runs that lie
 * further behind than twice the step, as long as the moved measure is not decided by one of them.
 *
 * A verdict flips if the measure also changes by a tenth of the threshold: what is at its bound as
 * it is written would flip with anything.
 *
 * Runs are recorded in the study's store under identities of their own, so that what is given again
 * goes on where it ended, and the tables do not depend on how often that was. Which file does what
 * stands in emu/study/survey.h. */
#pragma once

#include "emu/scenario/vary.h"
#include "emu/study/study.h"

typedef struct {
    double step, threshold;     /* shares: 0.1, 0.01 */
    const char *const *metrics; /* expressions beside the claims, ends with NULL; NULL: none */
    RunOptions run;
} SensitivityOptions;

typedef struct {
    const char *id, *expression, *unit, *use;
    double low, high; /* NaN: it is not judged */
    double *values;   /* as the scenario is written, of each repetition */
} Measure;

typedef enum { DOWN, UP, DIRECTIONS } Direction;

/* A measure while a choice is moved one way. */
typedef struct {
    double *values; /* of each repetition */
    double flip;    /* the least move that flips the verdict, as a share; NaN: none does */
    char *flip_text;
} Effect;

typedef enum { CHOICE_HARMLESS, CHOICE_MOVES, CHOICE_FIXED } ChoiceState;

typedef struct {
    const ScenarioChoice *choice;
    ChoiceState state;
    char *text[DIRECTIONS];      /* what it is moved to, further than the step if less is not
                                    possible; NULL: it cannot be */
    char *why[DIRECTIONS];       /* why not */
    Effect *effects[DIRECTIONS]; /* by measure, if it moves any */
} ChoiceResult;

typedef struct {
    const Scenario *scenario;
    unsigned repeat;
    SensitivityOptions options;
    GArray *measures;        /* Measure */
    GPtrArray *choices;      /* ScenarioChoice */
    GArray *results;         /* ChoiceResult, in their order */
    unsigned variants, runs; /* that it took; runs that were there before count */
    unsigned screened;       /* runs before verdicts were made to flip */
    unsigned alone;          /* runs of moving each choice alone, at all points that are read */
    double cpu_s;            /* of all records, whenever they were made */
} Sensitivity;

/* Compute it. NULL and an error; options.run.interrupted says whether it was that. */
Sensitivity *sensitivity_new(Scenario *s, const Store *store, const Claims *published,
                             const SensitivityOptions *options, GError **error);
void sensitivity_free(Sensitivity *x);

/* The mean of the values of each repetition. */
double sensitivity_mean(const Sensitivity *x, const double *values);
/* Of a measure: the mean as it is written; NaN: not measured. */
double measure_base(const Sensitivity *x, unsigned measure);
/* "met", "missed", "-": not measured, or not judged. */
const char *measure_verdict(const Measure *m, double value);
/* What its changes are a share of: of its value, or, if that is more, of half of its claim's least
 * bound that is not 0; else a share that is nearly 0 would move by many times itself. */
double measure_scale(const Measure *m, double value);
/* Whether its verdict is another if it is `now`; whether it has changed by the threshold, of its
 * value, or flipped; and whether it has moved: the same, of its scale. */
bool measure_flips(const Sensitivity *x, unsigned measure, double now);
bool measure_changes(const Sensitivity *x, unsigned measure, double now);
bool measure_moves(const Sensitivity *x, unsigned measure, double now);
/* How far `text` moves the choice, as a share of itself. */
double choice_move(const ScenarioChoice *c, const char *text);
/* Change of the measure, as a share of its scale, per relative change of the choice over the
 * repetitions, each beside the same repetition as it is written, in one direction, or, DIRECTIONS,
 * from one end to the other, if it can move both ways. */
StudyEstimate effect_elasticity(const Sensitivity *x, const ChoiceResult *r, unsigned measure,
                                Direction direction);
/* The change of the measure as a share of its scale; NaN: not measured, or of a scale of zero. */
double effect_change(const Sensitivity *x, const ChoiceResult *r, unsigned measure,
                     Direction direction);
/* Results (ChoiceResult *) that move the measure, the most first. */
GPtrArray *sensitivity_of(const Sensitivity *x, unsigned measure);

/* Choices that the numbers depend on and no document fixes: fitted ones, and assumed ones and those
 * of the scenario that move a measure. */
unsigned sensitivity_free_choices(const Sensitivity *x);

/* sensitivity.tsv, choices.tsv and, with `plots`, tornado-CLAIM.* in the folder. */
bool sensitivity_write(const Sensitivity *x, const char *folder, bool plots, GError **error);
/* On a terminal. */
void sensitivity_print(const Sensitivity *x, FILE *out);
