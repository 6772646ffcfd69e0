/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/study/run.h: the runs of a study, computed by parallel processes and recorded one by one. */
#pragma once

#include "emu/study/store.h"

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
    const char *name, *unit; /* by run_intern */
    double value;
} RunScalar;

typedef enum { RUN_MISSING, RUN_OK, RUN_FAILED } RunStatus;

typedef struct {
    unsigned point, repetition;
    RunStatus status; /* missing: there is no record, `failure` says why */
    int code;         /* one of the above; 0 of a missing run: nobody tried */
    char *failure;    /* one sentence, NULL when the run is ok */
    uint64_t fingerprint;
    char *identity;      /* 32 hexadecimal digits */
    char *folder;        /* of its own files, within the results */
    GArray *scalars;     /* RunScalar, in the order of the report */
    char *unsteady;      /* what grew through the window, "switch.port0, ..."; NULL: nothing */
    GPtrArray *warnings; /* sentences, each with its component's name */
} RunResult;

/* The one copy of a text, so that names are compared by their addresses. */
const char *run_intern(const char *text);
RunResult *run_result_new(void);
void run_result_free(void *result);
/* The scalar of that name, or NULL. */
const RunScalar *run_scalar(const RunResult *result, const char *name);

typedef struct {
    unsigned jobs;             /* processes */
    bool retry_failed;         /* compute anew what is recorded as failed */
    bool progress;             /* draw it on stderr */
    const char *as;            /* see lock_take */
    volatile int *interrupted; /* set by the caller's signal handler */
    unsigned *computed;        /* runs that were not there are added to it; may be NULL */
} RunOptions;

/* The results of all keys, in their order, whatever the number of jobs: from their records, after
 * those that are wanted and have none were computed. A run that cannot be recorded (its process
 * died, the disk is full, somebody else computes it) is missing, and the others go on. */
GPtrArray *run_all(const Store *store, const GArray *keys, const RunOptions *options);
/* Compute one run without a record, its files in `folder` (NULL: none). */
RunResult *run_once(const Scenario *s, uint64_t seed, RunKey key, const char *folder,
                    volatile int *interrupted);
