/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/study.h: a study is the runs of a scenario's points and repetitions, the claims judged over
 * them and the document that says all of it. */
#pragma once

#include <jansson.h>
#include <stdio.h>

#include "emu/metric.h"
#include "emu/run.h"

#define STUDY_SCHEMA "sppemu-run-1"

typedef struct {
    const char *id, *statement, *unit, *use, *source;
    double low, high, value;
    const char *verdict; /* "met", "missed", "not measured" */
} ClaimResult;

typedef struct {
    const Scenario *scenario;
    uint64_t seed;
    bool repeated;   /* some point has more than one repetition */
    GPtrArray *runs; /* RunResult, by point, then repetition */
    GArray *claims;  /* ClaimResult */
    int code;        /* of the whole study */
} Study;

/* Runs that are ok. */
unsigned study_n_ok(const Study *study);
/* Evaluate the scenario's [expect] sections. False: one names a metric or claim that does not
 * exist. */
bool study_claims(Study *study, const Claims *table, GError **error);
/* The document of --json, schema sppemu-run-1; the parameters of one run; a hash as it is shown. */
json_t *study_json(const Study *study);
json_t *study_parameters_json(const Study *study, const RunResult *run);
json_t *study_hex(uint64_t value);
/* Runs as metrics see them. */
MetricRuns *study_metric_runs(const Study *study);
void study_metric_runs_free(MetricRuns *runs);
