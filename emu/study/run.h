/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/study/run.h: the runs of a study, computed by parallel processes and recorded one by one. */
#pragma once

#include "emu/study/progress.h"
#include "emu/study/result.h"
#include "emu/study/store.h"

typedef struct {
    unsigned jobs;             /* processes */
    bool retry_failed;         /* compute anew what is recorded as failed */
    bool explain;              /* records have resources.tsv and hops.tsv too (explain.h) */
    const char *record;        /* RECORDER_WANTS: runs without such a recording are computed, too;
                                * NULL: none is wanted */
    Progress *progress;        /* NULL: none is shown */
    const char *as;            /* see lock_take */
    volatile int *interrupted; /* set by the caller's signal handler */
    unsigned *computed;        /* runs that were not there are added to it; may be NULL */
} RunOptions;

/* The results of all keys, in their order, whatever the number of jobs: from their records, after
 * those that are wanted and have none were computed. A run that cannot be recorded (its process
 * died, the disk is full, somebody else computes it) is missing, and the others go on. */
GPtrArray *run_all(const Store *store, const GArray *keys, const RunOptions *options);
/* The same where all are needed: NULL if it was interrupted, or, with an error, if one cannot be
 * recorded. */
GPtrArray *run_complete(const Store *store, const GArray *keys, const RunOptions *options,
                        GError **error);
/* Whether a run of the point would begin: its network can be built and started; else `why` not,
 * unless that is NULL. */
bool run_is_possible(const Scenario *s, uint64_t seed, unsigned point, char **why);
/* Compute one run without a record, its files in `folder` (NULL: none). */
RunResult *run_once(const Scenario *s, uint64_t seed, RunKey key, const char *folder,
                    volatile int *interrupted);
