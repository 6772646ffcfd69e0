/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/study/study.h: a study is the runs of a scenario's points and repetitions, the claims judged
 * over them and the document that says all of it. */
#pragma once

#include <jansson.h>
#include <stdio.h>

#include "emu/scenario/metric.h"
#include "emu/study/run.h"

#define STUDY_SCHEMA "sppemu-run-1"

typedef struct {
    const char *id, *statement, *unit, *use, *source;
    double low, high, value;
    const char *verdict; /* "met", "missed", "not measured" */
} ClaimResult;

typedef struct {
    const Scenario *scenario;
    uint64_t seed;
    bool repeated;           /* some point has more than one repetition */
    GPtrArray *runs;         /* RunResult, by point, then repetition */
    GArray *claims;          /* ClaimResult */
    const Claims *published; /* the table of published numbers; NULL before study_claims */
    int code;                /* of the whole study */
} Study;

/* Runs that are ok. */
unsigned study_n_ok(const Study *study);
/* "12 of 42 runs", if not all of them are ok; else NULL. Caller frees. */
char *study_share(const Study *study);
/* Evaluate the scenario's [expect] sections. False: one names a metric or claim that does not
 * exist. */
bool study_claims(Study *study, const Claims *table, GError **error);
/* The document of --json, schema sppemu-run-1; the parameters of one run; a hash as it is shown. */
json_t *study_json(const Study *study);
json_t *study_parameters_json(const Study *study, const RunResult *run);
json_t *study_hex(uint64_t value);
/* As scenario_timing and scenario_timing_at: null where no component has one. */
json_t *study_timing_json(const char *timing);
/* A scalar over the repetitions of a point. */
typedef struct {
    unsigned n;      /* values; those that are not a number do not count */
    double mean, sd; /* NaN for none, and for fewer than two */
    double half;     /* of the 95 percent interval by Student's t; NaN: there is none */
} StudyEstimate;
/* Whether the point's runs (the first `n_repetitions` of them, 0: all) are at least two and all
 * different. Runs with equal fingerprints and equal numbers are one run, and one run says nothing
 * about the next. (A fingerprint alone is not enough: without packets it is always the same.) */
bool study_independent(const Study *study, unsigned point, unsigned n_repetitions);
/* Whether two of the point's repetitions are one run. */
bool study_repeats_itself(const Study *study, unsigned point);
StudyEstimate study_estimate_of(const double *values, unsigned n, bool independent);
/* "37500 +-1000": the mean to the second digit of half the interval; "37549" without one; "-" for
 * no value. In units of 1 / scale. Caller frees. */
char *study_estimate_text(StudyEstimate estimate, double scale);
/* Of the scalar of that name over the point's first repetitions (0: all). False: no interval. */
bool study_interval(const Study *study, unsigned point, const char *name, unsigned n_repetitions,
                    double *mean, double *half);
/* Mark in `needs`, by run, those that decide the expression's value, as metric_needs has it: before
 * a run has come to an end its scalars may be anything, so that it may decide. */
bool study_needs(const Study *study, const char *expression, double margin, bool *needs,
                 GError **error);
/* Runs as metrics see them. */
MetricRuns *study_metric_runs(const Study *study);
void study_metric_runs_free(MetricRuns *runs);
