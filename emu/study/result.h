/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/study/result.h: what came of one run. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

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
/* Whether both are ok and the same to the last bit. */
bool run_is_same(const RunResult *a, const RunResult *b);
