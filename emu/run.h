/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/run.h: one run, and the runs of a whole study in parallel processes. */
#pragma once

#include "emu/scenario.h"

/* Exit codes, the most important failure first where several apply. */
enum {
    EXIT_OK = 0,
    EXIT_RUN_FAILED = 1,
    EXIT_USAGE = 2,
    EXIT_INPUT = 3,
    EXIT_INVARIANT = 4,
    EXIT_INTERRUPTED = 130
};

typedef struct {
    const char *name, *unit; /* interned */
    double value;
} RunScalar;

typedef enum { RUN_MISSING, RUN_OK, RUN_FAILED } RunStatus;

typedef struct {
    unsigned point, repetition;
    RunStatus status; /* missing: not run, or interrupted */
    int code;         /* one of the above */
    char *failure;    /* one sentence, NULL when code is 0 */
    uint64_t fingerprint, identity;
    char *folder;        /* of its own files, within the results */
    GArray *scalars;     /* RunScalar, in the order of the report */
    char *unsteady;      /* what grew through the window, "npe0.queue0, ..."; NULL: nothing */
    GPtrArray *warnings; /* sentences, each with its component's name */
} RunResult;

typedef struct {
    const Scenario *scenario;
    uint64_t seed;
    unsigned repeat, jobs;
    const char *folder; /* results in the making; each run gets a folder in it; NULL: no files */
    bool stats;         /* print the components' tables */
    bool progress;      /* draw it on stderr */
    volatile int *interrupted; /* set by the caller's signal handler */
} RunOptions;

unsigned run_count(const RunOptions *options);

/* All points and repetitions, ordered by point, then repetition, whatever the number of jobs. A run
 * whose process dies is a failed run. */
GPtrArray *run_all(const RunOptions *options);
/* The scalar of that name, or NULL. */
const RunScalar *run_scalar(const RunResult *result, const char *name);
void run_result_free(void *result);
