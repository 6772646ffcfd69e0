/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/results.h: what comes out of a study: claims, the JSON document, the text tables and the
 * folder of files.
 *
 * The folder is written beside its final place and renamed when complete, so it either holds a
 * whole result or does not exist. manifest.json carries `status`: ok, interrupted or failed; only
 * ok counts as done. An existing folder is replaced only if its manifest says that it is this
 * scenario's. */
#pragma once

#include <jansson.h>
#include <stdio.h>

#include "emu/metric.h"
#include "emu/run.h"

typedef struct {
    const char *id, *statement, *unit, *use, *source;
    double low, high, value;
    const char *verdict; /* "met", "missed", "not measured" */
} ClaimResult;

typedef struct {
    const RunOptions *options;
    GPtrArray *runs; /* RunResult */
    GArray *claims;  /* ClaimResult */
    int code;        /* of the whole study */
} Study;

/* Evaluate the scenario's [expect] sections. False: one names a metric or claim that does not
 * exist. */
bool study_claims(Study *study, const Claims *table, GError **error);
/* The document of --json, schema sppemu-run-1. */
json_t *study_json(const Study *study);
void study_print(const Study *study, FILE *out);

/* Open a temporary folder for the results that will be `final`; NULL and an error if it cannot be
 * made, or if `final` holds something that must not be replaced. Caller frees. */
char *results_open(const char *final, const char *scenario, bool force, GError **error);
/* Write everything but the runs' own files, draw the plots and put the folder in its place. */
bool results_finish(const Study *study, const char *temporary, const char *final, bool plots,
                    GError **error);
void results_discard(const char *temporary);

/* Write NAME.tsv and NAME.gp for every [plot] into the folder and have gnuplot draw them as SVG and
 * PNG; without gnuplot, or if it fails, says so on stderr and goes on. */
bool plots_write(const Study *study, const char *folder, GError **error);
/* Runs as metrics see them. */
MetricRuns *study_metric_runs(const Study *study);
void study_metric_runs_free(MetricRuns *runs);
