/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/cli/study.h: what the verbs about studies share. `run` (run.c) is what `point` does for every
 * run that has no record, and then what `merge` does (machines.c); results.c has verify and
 * results, plot.c draws again, sensitivity.c moves what a scenario says,
 * compare.c has two timings; result.c opens what is there. */
#pragma once

#include "emu/cli/private.h"
#include "emu/study/store.h"

/* Set by a signal that would end the process, from cli_catch_signals() on: the run at hand is given
 * up, finished ones stay. */
extern volatile int cli_interrupted;
void cli_catch_signals(void);

/* What may be printed of a study, and what run and merge are told about it. */
typedef struct {
    gboolean json, quiet, stats, strict, no_plots;
    Progress *progress; /* NULL: none is shown */
} ShowFlags;

/* The command line of `run`. */
typedef struct {
    char **set, *timing, *output, *seed, *filter, *emit, *check, *record;
    int jobs, repeat;
    gboolean force, retry_failed, dry_run;
    ShowFlags show;
} RunFlags;
enum { MAX_JOBS = 256, NOT_GIVEN = -1 };

/* "10%" or 0.1 of an option, above 0 and below 1. False, and a sentence: it is none. */
bool cli_share(const char *option, const char *text, double *share);
/* "results/x/" is results/x. Caller frees. */
char *cli_folder(const char *given);
#define RESULTS "results" /* holds the folders that nobody named */
/* The default folder below `parent`; if that holds another study, one whose name says why. Caller
 * frees. */
char *cli_default_folder(const char *parent, const Scenario *s, char **set, const char *seed_text,
                         uint64_t seed, bool force);
/* What can be known before a run, before anything is written: warnings are printed; the exit code.
 */
int cli_check(const Scenario *s, const Claims *claims, Progress *progress);

/* RunKeys of all points and repetitions. */
GArray *cli_keys(const Scenario *s, unsigned repeat);
/* Of --filter: only those of points for which the expression over parameters holds are wanted.
 * False and an error: it is none, or holds at no point. */
bool cli_filter(const Scenario *s, const char *expression, GArray *keys, GError **error);
/* Those of a store; `wanted`: to be computed where there is no record. */
GArray *cli_store_keys(const Store *store, bool wanted);
/* The results of all keys, and with `until` of the repetitions that they call for, which are added
 * to the keys. */
GPtrArray *cli_results_of(const Store *store, GArray *keys, const RunOptions *options);
/* What has a record. */
GPtrArray *cli_recorded(const Store *store, GArray *keys);

/* A study of the runs, which it takes. */
Study cli_study(const Store *store, GPtrArray *runs);
void cli_study_clear(Study *study);
/* What is in a folder of results, with its claims judged. */
typedef struct {
    Store *store;
    GArray *keys;
    Study study;
} CliResult;
/* With the folder's lock if `lock`. NULL and an error, with the nearest result's name: it is none,
 * or no run of it is ok. `claims` must outlive it. */
CliResult *cli_result_open(const char *given, bool lock, const Claims *claims,
                           const ComponentClass *const *classes, GError **error);
void cli_result_free(void *result);
/* The exit code that its gravest failure asks for. */
int cli_study_code(const Study *study);
/* Judge, write and print what the runs say; the exit code. */
int cli_show_study(Study *study, const Store *store, const Claims *claims, const ShowFlags *flags);
/* Name each failure once, with the parameters of the first run that had it. */
void cli_print_failures(const Study *study);
/* The parameters of a point as --set would give them. */
void cli_append_parameters(GString *out, const Scenario *s, unsigned point);

/* Of run --check: some points of the fast study beside the same by detailed timing. */
int cli_check_timing(const RunFlags *f, const char *file, Store *fast, const Claims *claims,
                     Progress *progress, const ComponentClass *const *classes);

/* Of run --emit. What a script could not hold is refused before a folder is made for it. */
int cli_can_emit(const RunFlags *f, const char *folder);
int cli_emit(const Store *store, const RunFlags *f, const GArray *keys);
