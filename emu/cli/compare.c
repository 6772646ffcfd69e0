/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * compare: both timings over points of a scenario; and what `run --check` does before its runs. */
#include <math.h>
#include <string.h>

#include "emu/cli/study.h"
#include "emu/scenario/check.h"
#include "emu/study/compare.h"
#include "emu/study/file.h"

#define PARENT RESULTS "/compare"
#define TIMING "scenario.timing="
enum { CHECK_POINTS = 3 };

typedef struct {
    char **set, **metrics, *filter, *output, *seed, *time, *check;
    int jobs, points, repeat;
    gboolean force, summary, quiet;
} CompareFlags;

/* One of the two studies. */
typedef struct {
    GPtrArray *set; /* overrides; NULL: the study is another's */
    Scenario *own;
    Store *store;
    Study study;
} Side;

/* What there is to do for one scenario. */
typedef struct {
    const char *file;
    const CompareFlags *flags;
    const Claims *claims;
    const ComponentClass *const *classes;
    RunOptions run;
    double bound; /* NaN: none */
} Job;

/* Sides ------------------------------------------------------------------------------------ */

/* Those of the command line, with that timing, or without one, and that end of the run. */
static GPtrArray *sets_of(char **set, const char *timing, const char *duration) {
    GPtrArray *all = g_ptr_array_new_with_free_func(g_free);
    for (; set && *set; set++)
        if (!g_str_has_prefix(*set, TIMING)) g_ptr_array_add(all, g_strdup(*set));
    if (duration) g_ptr_array_add(all, g_strconcat("scenario.duration=", duration, NULL));
    if (timing) g_ptr_array_add(all, g_strconcat(TIMING, timing, NULL));
    g_ptr_array_add(all, NULL);
    return all;
}

/* Its warnings have been printed by the other's cli_check. */
static int check_quietly(const Scenario *s, const Claims *claims) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    return scenario_check(s, claims, NULL, NULL, warnings, &error)
               ? EXIT_OK
               : cli_complain(EXIT_INPUT, error);
}

/* Read and check the scenario with these overrides; the exit code. Takes them. */
static int side_load(const Job *job, GPtrArray *set, bool quiet, Side *side) {
    g_autoptr(GError) error = NULL;
    side->set = set;
    side->own = cli_load(job->file, (char **)set->pdata, job->classes, &error);
    if (!side->own) return cli_complain(EXIT_INPUT, error);
    int code = quiet ? check_quietly(side->own, job->claims)
                     : cli_check(side->own, job->claims, job->run.progress);
    progress_clear(job->run.progress);
    return code;
}

/* Its study. */
static int side_open(const Job *job, const char *seed, int repeat, Side *side) {
    const CompareFlags *f = job->flags;
    g_autoptr(GError) error = NULL;
    guint64 number = scenario_seed(side->own);
    if (seed) g_ascii_string_to_unsigned(seed, 10, 0, INT64_MAX, &number, NULL);
    g_autofree char *parent = cli_folder(f->output ? f->output : PARENT),
                    *folder = cli_default_folder(parent, side->own, (char **)side->set->pdata, seed,
                                                 number, f->force);
    side->store = store_open(side->own, number, (unsigned)repeat, folder, f->force, &error);
    return side->store ? EXIT_OK : cli_complain(EXIT_RUN_FAILED, error);
}

static void side_clear(Side *side) {
    if (side->study.runs) cli_study_clear(&side->study);
    store_close(side->store);
    scenario_free(side->own);
    if (side->set) g_ptr_array_unref(side->set);
}

static bool side_run(Side *side, const GArray *keys, const Job *job, GError **error) {
    side->study = cli_study(side->store, run_all(side->store, keys, &job->run));
    progress_clear(job->run.progress);
    return cli_interrupted || study_claims(&side->study, job->claims, error);
}

/* One scenario ----------------------------------------------------------------------------- */

/* So many points (NOT_GIVEN: all), evenly from the first to the last of those for which the filter
 * holds, and their repetitions. NULL and an error: it holds nowhere. */
static GArray *keys_of(const Scenario *s, const char *filter, int points, unsigned repeat,
                       GError **error) {
    g_autoptr(GArray) all = cli_keys(s, 1), some = g_array_new(FALSE, FALSE, sizeof(RunKey));
    if (filter && !cli_filter(s, filter, all, error)) return NULL;
    for (unsigned i = 0; i < all->len; i++)
        if (g_array_index(all, RunKey, i).wanted && !g_array_index(all, RunKey, i).repetition)
            g_array_append_val(some, g_array_index(all, RunKey, i));
    GArray *keys = g_array_new(FALSE, FALSE, sizeof(RunKey));
    unsigned of = some->len, n = points == NOT_GIVEN ? of : MIN((unsigned)points, of);
    for (unsigned k = 0; k < n; k++)
        for (unsigned r = 0; r < repeat; r++) {
            unsigned at = n > 1 ? (unsigned)((uint64_t)k * (of - 1) / (n - 1)) : 0;
            RunKey key = {g_array_index(some, RunKey, at).point, r, true};
            g_array_append_val(keys, key);
        }
    return keys;
}

/* Whether the two are the same everywhere. */
static bool alike(const Side *detailed, const Side *fast, const GArray *keys) {
    for (unsigned i = 0; i < keys->len; i++) {
        unsigned point = g_array_index(keys, RunKey, i).point;
        g_autofree char *a = store_run(detailed->store, point, 0),
                        *b = store_run(fast->store, point, 0);
        if (strcmp(a, b) != 0) return false;
    }
    return true;
}

static int write_table(const Compare *c, const Store *store) {
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(store_folder(store), "compare.tsv", NULL),
                    *text = compare_table(c);
    return file_replace(path, text, strlen(text), &error) ? EXIT_OK
                                                          : cli_complain(EXIT_RUN_FAILED, error);
}

static int judge(const Compare *c, const Job *job) {
    if (isnan(job->bound)) return EXIT_OK;
    g_autoptr(GPtrArray) past = compare_past(c, job->bound);
    for (unsigned i = 0; i < past->len; i++)
        g_printerr("sppemu: --check: %s: %s\n", scenario_name(c->detailed.study->scenario),
                   (char *)past->pdata[i]);
    return past->len ? EXIT_RUN_FAILED : EXIT_OK;
}

static int show(const Side *detailed, const Side *fast, const Job *job) {
    const CompareFlags *f = job->flags;
    g_autoptr(GError) error = NULL;
    cli_print_failures(&detailed->study);
    cli_print_failures(&fast->study);
    int code = cli_study_code(&detailed->study);
    if (!code) code = cli_study_code(&fast->study);
    g_autoptr(Compare) c = compare_new((CompareSide){&detailed->study, detailed->store},
                                       (CompareSide){&fast->study, fast->store},
                                       (const char *const *)f->metrics, &error);
    if (!c) return cli_complain(code ? code : EXIT_USAGE, error);
    if (!f->quiet) compare_print(c, f->summary, stdout);
    if (!f->quiet)
        printf("results: %s\n         %s, with compare.tsv\n", store_folder(detailed->store),
               store_folder(fast->store));
    int wrote = write_table(c, fast->store), past = judge(c, job);
    return code ? code : wrote ? wrote : past;
}

static int compare_sides(Side *detailed, Side *fast, const Job *job, int points, unsigned repeat) {
    g_autoptr(GError) error = NULL;
    const Scenario *s = store_scenario(detailed->store);
    g_autoptr(GArray) keys = keys_of(s, job->flags->filter, points, repeat, &error);
    if (!keys) return cli_complain(EXIT_USAGE, error);
    if (alike(detailed, fast, keys))
        return cli_usage("%s: found nothing that has two timings and does not say its own, so "
                         "that there is nothing to compare",
                         job->file);
    if (!side_run(detailed, keys, job, &error) ||
        (!cli_interrupted && !side_run(fast, keys, job, &error)))
        return cli_complain(EXIT_INPUT, error);
    if (!cli_interrupted) return show(detailed, fast, job);
    g_printerr("sppemu: interrupted; finished runs are in %s and %s, and the same command goes "
               "on\n",
               store_folder(detailed->store), store_folder(fast->store));
    return EXIT_INTERRUPTED;
}

/* --for: the end of the run, if what there is ends later; NULL: it does not. */
static const char *duration_of(const Scenario *s, const char *given) {
    SimTime time = 0;
    const Param *row = param_find(scenario_sections->params, "duration");
    ParamValue value;
    if (given && param_read(row, &value, given, NULL, NULL)) time = value.word;
    return time && scenario_duration(s) > time ? given : NULL;
}

/* What the scenario is as it is written, without a timing of the command line. */
typedef struct {
    bool detailed;        /* by itself */
    const char *duration; /* of duration_of */
    int repeat;
} Written;

static bool read_written(const Job *job, char **set, const char *time, Written *w, GError **error) {
    g_autoptr(GPtrArray) sets = sets_of(set, NULL, NULL);
    Scenario *s = cli_load(job->file, (char **)sets->pdata, job->classes, error);
    if (!s) return false;
    *w = (Written){!g_strcmp0(scenario_timing(s), "detailed"), duration_of(s, time),
                   (int)scenario_repeat(s)};
    scenario_free(s);
    return true;
}

static int compare_one(const Job *job) {
    const CompareFlags *f = job->flags;
    g_autoptr(GError) error = NULL;
    Written w;
    if (!read_written(job, f->set, f->time, &w, &error)) return cli_complain(EXIT_INPUT, error);
    int repeat = f->repeat == NOT_GIVEN ? w.repeat : f->repeat;
    Side detailed = {0}, fast = {0};
    int code = side_load(job, sets_of(f->set, w.detailed ? NULL : "detailed", w.duration), false,
                         &detailed);
    if (!code) code = side_load(job, sets_of(f->set, "fast", w.duration), true, &fast);
    if (!code) code = side_open(job, f->seed, repeat, &detailed);
    if (!code) code = side_open(job, f->seed, repeat, &fast);
    if (!code) code = compare_sides(&detailed, &fast, job, f->points, (unsigned)repeat);
    side_clear(&fast);
    side_clear(&detailed);
    return code;
}

/* run --check ------------------------------------------------------------------------------ */

int cli_check_timing(const RunFlags *f, const char *file, Store *fast, const Claims *claims,
                     Progress *progress, const ComponentClass *const *classes) {
    const CompareFlags flags = {
        .filter = f->filter, .summary = true, .quiet = f->show.quiet || f->show.json};
    Job job = {
        .file = file,
        .flags = &flags,
        .claims = claims,
        .classes = classes,
        .run = {.jobs = (unsigned)f->jobs, .progress = progress, .interrupted = &cli_interrupted}};
    unsigned repeat = store_repeat(fast);
    g_autoptr(GError) error = NULL;
    Written w;
    if (!cli_share("check", f->check, &job.bound)) return EXIT_USAGE;
    if (!read_written(&job, f->set, NULL, &w, &error)) return cli_complain(EXIT_INPUT, error);
    Side detailed = {0}, own = {.store = fast};
    int code =
        side_load(&job, sets_of(f->set, w.detailed ? NULL : "detailed", NULL), true, &detailed);
    if (!code) code = side_open(&job, f->seed, (int)repeat, &detailed);
    if (!code) code = compare_sides(&detailed, &own, &job, CHECK_POINTS, repeat);
    if (own.study.runs) cli_study_clear(&own.study);
    side_clear(&detailed);
    return code;
}

/* The verb --------------------------------------------------------------------------------- */

static int compare_run(char **operands, void *flags, const ComponentClass *const *classes) {
    static const Param time = {.type = PARAM_TYPE_TIME, .min = "1ps", .max = "1000000s"};
    const CompareFlags *f = flags;
    ParamValue value;
    guint64 seed;
    g_autoptr(GError) error = NULL;
    Job job = {.flags = f,
               .classes = classes,
               .bound = NAN,
               .run = {.jobs = (unsigned)f->jobs, .interrupted = &cli_interrupted}};
    if (f->jobs < 1 || f->jobs > MAX_JOBS)
        return cli_usage("--jobs: found %d, expected 1 to %d", f->jobs, MAX_JOBS);
    if (f->points != NOT_GIVEN && f->points < 1)
        return cli_usage("--points: found %d, expected 1 or more", f->points);
    if (f->repeat != NOT_GIVEN && (f->repeat < 1 || f->repeat > (int)SCENARIO_MAX_REPEAT))
        return cli_usage("--repeat: found %d, expected 1 to %u", f->repeat, SCENARIO_MAX_REPEAT);
    if (f->output && !*f->output)
        return cli_usage("--output: found nothing, expected the name of a folder");
    if (f->seed && !g_ascii_string_to_unsigned(f->seed, 10, 0, INT64_MAX, &seed, NULL))
        return cli_usage("--seed: found \"%s\", expected a whole number", f->seed);
    if (f->time && !param_read(&time, &value, f->time, NULL, &error))
        return cli_usage("--for: %s", error->message);
    if (f->check && !cli_share("check", f->check, &job.bound)) return EXIT_USAGE;
    cli_catch_signals();
    job.run.progress = f->quiet ? NULL : progress_new();
    Claims *claims = cli_claims();
    int code = EXIT_OK;
    job.claims = claims;
    for (unsigned i = 0; operands[i] && !cli_interrupted; i++) {
        job.file = operands[i];
        if (i && !f->quiet) putchar('\n');
        int this = compare_one(&job);
        if (!code) code = this;
    }
    claims_free(claims);
    progress_free(job.run.progress);
    return code;
}

static const GOptionEntry compare_options[] = {
    CLI_OPTION(CompareFlags, points, "points", 0, INT,
               "So many points, evenly from first to last (default all)", "N"),
    CLI_OPTION(CompareFlags, filter, "filter", 0, STRING,
               "Only points for which this holds, as in [plot] where", "EXPR"),
    CLI_OPTION(CompareFlags, time, "for", 0, STRING, "Only the first TIME of each point", "TIME"),
    CLI_OPTION(CompareFlags, repeat, "repeat", 0, INT,
               "Repetitions of every point, for intervals (default the scenario's)", "N"),
    CLI_OPTION(CompareFlags, metrics, "metric", 'm', STRING_ARRAY,
               "Compare this, in place of the scenario's columns; may be repeated", "EXPR"),
    CLI_OPTION(CompareFlags, check, "check", 0, STRING,
               "Exit with 1 if anything differs by more than that", "SHARE"),
    CLI_OPTION(CompareFlags, set, "set", 's', STRING_ARRAY,
               "Override one value; may be repeated, may iterate", "SECTION.KEY=VALUE"),
    CLI_OPTION(CompareFlags, jobs, "jobs", 'j', INT, "Runs at a time, each in a process of its own",
               "N"),
    CLI_OPTION(CompareFlags, output, "output", 'o', FILENAME,
               "Folder that holds the studies (default results/compare)", "DIR"),
    CLI_OPTION(CompareFlags, force, "force", 'f', NONE,
               "Discard the results of other studies in their folders", NULL),
    CLI_OPTION(CompareFlags, seed, "seed", 0, STRING, "Seed of all random streams", "N"),
    CLI_OPTION(CompareFlags, summary, "summary", 0, NONE, "Leave out the tables of points", NULL),
    CLI_OPTION(CompareFlags, quiet, "quiet", 'q', NONE, "Print no tables and no progress", NULL),
    {0}};

const CliVerb compare_verb = {
    .name = "compare",
    .operands = "FILE...",
    .text = "run a scenario by both timings, detailed and fast, and see how far they differ",
    .more = "Each timing is a study of its own, kept as by run, so that the same command goes on "
            "where it ended; -o results goes on with those of run itself. A metric is a scalar or "
            "an expression of scalars, compared at every point, or one with aggregates, as claims "
            "are, over all points together. A difference is a share of what detailed timing says. "
            "All of it is in compare.tsv of the fast study.",
    .exits = "Exit codes: 0 ok, 1 a run or a file failed, or --check found a difference, 2 usage, "
             "3 scenario or input invalid, 4 an invariant failed, 130 interrupted.",
    .examples = (const CliExample[]){{"sppemu compare label", "one point, by both"},
                                     {"sppemu compare fig9 --points 5 --for 4ms --check 2%",
                                      "five of its points, and only their first 4 ms"},
                                     {"sppemu compare my.ini -m sink.latency_p99_us --repeat 5",
                                      "one scalar, with an interval over five repetitions"},
                                     {0}},
    .options = compare_options,
    CLI_FLAGS(CompareFlags, {.jobs = 1, .points = NOT_GIVEN, .repeat = NOT_GIVEN}),
    .run = compare_run};
