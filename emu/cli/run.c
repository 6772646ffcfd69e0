/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * run: what is to be computed, into which folder, and what of it is there already. */
#include <math.h>
#include <string.h>

#include "emu/cli/study.h"
#include "emu/scenario/check.h"
#include "emu/study/file.h"
#include "emu/study/record.h"

enum { MAX_NAME = 80, MAX_FILE_NAME = 200 };
#define LATEST "latest"

/* Names of folders ------------------------------------------------------------------------ */

/* A value as a part of a file name: "${1, 2}Gbit/s" is 1,2Gbit_s. */
static char *plain(const char *text) {
    g_autoptr(GString) out = g_string_new(NULL);
    for (const char *p = text; *p; p++) {
        if (strchr("${}", *p) || (*p == ' ' && p > text && p[-1] == ',')) continue;
        g_string_append_c(out, g_ascii_isalnum(*p) || strchr("._+-%*@,", *p) ? *p : '_');
    }
    return g_strdup(out->str);
}

/* PARENT/SCENARIO, and how the command line makes it differ: ",sram_latency=214ns". */
static char *default_name(const char *parent, const Scenario *s, char **set, const char *seed) {
    g_autoptr(GString) how = g_string_new(NULL);
    for (unsigned i = 0; set && set[i]; i++) {
        const char *dot = strchr(set[i], '.'), *equals = strchr(set[i], '=');
        g_autofree char *key = g_strndup(dot + 1, (size_t)(equals - dot - 1));
        g_autofree char *value = plain(equals + 1);
        bool twice = false; /* the same key of two components: then it needs its component */
        for (unsigned k = 0; set[k]; k++) {
            const char *other = strchr(set[k], '.');
            twice |= k != i && g_str_has_prefix(other + 1, key) && other[1 + strlen(key)] == '=';
        }
        if (twice) {
            g_free(key);
            key = g_strndup(set[i], (size_t)(equals - set[i]));
        }
        g_autofree char *name = plain(g_strstrip(key));
        g_string_append_printf(how, ",%s=%s", name, value);
    }
    if (seed) g_string_append_printf(how, ",seed=%s", seed);
    if (!how->len && !strcmp(scenario_name(s), LATEST)) g_string_append(how, ",scenario");
    g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, how->str, -1);
    if (how->len > MAX_NAME) {
        g_string_truncate(how, MAX_NAME - 10);
        g_string_append_printf(how, ",%.8s", sum);
    }
    g_autofree char *name =
        g_strdup_printf("%.*s%s", MAX_FILE_NAME - (int)how->len, scenario_name(s), how->str);
    return g_build_filename(parent, name, NULL);
}

char *cli_default_folder(const char *parent, const Scenario *s, char **set, const char *seed_text,
                         uint64_t seed, bool force) {
    char *name = default_name(parent, s, set, seed_text);
    g_autofree char *how = force ? NULL : store_difference(s, seed, name);
    if (!how) return name;
    char *other = g_strdup_printf("%s,%s", name, how);
    g_printerr("sppemu: %s is taken; these results go to %s\n", name, other);
    g_free(name);
    return other;
}

static void point_latest(const char *folder) {
    g_autofree char *parent = g_path_get_dirname(folder), *name = g_path_get_basename(folder),
                    *latest = g_build_filename(parent, LATEST, NULL);
    if (!g_file_test(latest, G_FILE_TEST_EXISTS) || g_file_test(latest, G_FILE_TEST_IS_SYMLINK))
        file_link(name, latest, NULL);
}

/* Before a run ---------------------------------------------------------------------------- */

/* Means over the finished runs of this study, or of any study of this scenario. */
static unsigned typical_cost(const Store *store, RecordCost *mean) {
    unsigned n = 0;
    *mean = (RecordCost){0};
    g_autofree char *own = g_build_filename(store_folder(store), "records", NULL),
                    *parent = g_path_get_dirname(store_folder(store));
    g_autoptr(GPtrArray) siblings = folder_names(parent);
    g_autoptr(GPtrArray) folders = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(folders, g_strdup(own));
    for (unsigned i = 0; i < siblings->len; i++) {
        size_t length = strlen(scenario_name(store_scenario(store)));
        const char *name = siblings->pdata[i];
        if (g_str_has_prefix(name, scenario_name(store_scenario(store))) &&
            (!name[length] || name[length] == ','))
            g_ptr_array_add(folders, g_build_filename(parent, name, "records", NULL));
    }
    for (unsigned f = 0; f < folders->len && !n; f++) {
        g_autoptr(GPtrArray) names = folder_names(folders->pdata[f]);
        for (unsigned i = 0; i < names->len; i++) {
            RecordCost cost;
            g_autofree char *path = g_build_filename(folders->pdata[f], names->pdata[i], NULL);
            if (!record_cost(path, &cost)) continue;
            mean->wall_s += cost.wall_s;
            mean->disk_bytes += cost.disk_bytes;
            n++;
        }
    }
    if (n) {
        mean->wall_s /= n;
        mean->disk_bytes /= n;
    }
    return n;
}

static int dry_run(const Store *store, const GArray *keys, const RunOptions *options) {
    RunOptions none = *options;
    g_autoptr(GArray) looked = g_array_copy((GArray *)keys);
    for (unsigned i = 0; i < looked->len; i++) g_array_index(looked, RunKey, i).wanted = false;
    g_autoptr(GPtrArray) runs = run_all(store, looked, &none);
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    unsigned todo = 0;
    for (unsigned i = 0; i < runs->len; i++) {
        const RunResult *r = runs->pdata[i];
        bool compute =
            g_array_index(keys, RunKey, i).wanted &&
            (r->status == RUN_MISSING || (r->status == RUN_FAILED && options->retry_failed));
        bool equal = compute && !g_hash_table_add(seen, r->identity);
        g_autoptr(GString) with = g_string_new(NULL);
        cli_append_parameters(with, store_scenario(store), r->point);
        printf("run %u, repetition %u%s%s: %s\n", i, r->repetition, with->len ? ", " : "",
               with->str,
               equal                     ? "equal to one before"
               : compute                 ? "to compute"
               : r->status == RUN_OK     ? "done"
               : r->status == RUN_FAILED ? "failed"
                                         : "left out");
        todo += compute && !equal;
    }
    RecordCost mean;
    unsigned n = typical_cost(store, &mean);
    printf("%u of %u runs to compute", todo, runs->len);
    if (n)
        printf(": about %.1f s and %.1f MB, by the mean of %u that are done\n",
               todo * mean.wall_s / options->jobs, todo * (double)mean.disk_bytes / 1e6, n);
    else
        puts("; how long they take is known when one has finished");
    return EXIT_OK;
}

/* run ------------------------------------------------------------------------------------- */

typedef struct {
    MetricRuns base;
    const Scenario *scenario;
} PointRuns;

static bool lookup_point(const void *data, unsigned point, const char *name, double *value) {
    return scenario_value(((const PointRuns *)data)->scenario, point, name, value);
}

static bool compare_point(const void *data, unsigned point, const char *name, const char *text,
                          double *order, GError **error) {
    return scenario_compare(((const PointRuns *)data)->scenario, point, name, text, order, error);
}

bool cli_filter(const Scenario *s, const char *expression, GArray *keys, GError **error) {
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (unsigned i = 0; i < scenario_n_parameters(s); i++)
        g_ptr_array_add(names, (char *)scenario_parameter(s, 0, i).name);
    g_ptr_array_add(names, NULL);
    PointRuns runs = {.base = {.n_runs = scenario_n_points(s),
                               .lookup = lookup_point,
                               .compare = compare_point,
                               .names = (const char *const *)names->pdata},
                      .scenario = s};
    runs.base.runs = &runs;
    bool any = false;
    for (unsigned i = 0; i < keys->len; i++) {
        RunKey *key = &g_array_index(keys, RunKey, i);
        double holds;
        if (!metric_evaluate_run(expression, &runs.base, key->point, &holds, error)) {
            g_prefix_error(error, "--filter: ");
            return false;
        }
        key->wanted = holds != 0 && !isnan(holds);
        any |= key->wanted;
    }
    if (!any) input_error(error, "--filter: holds at none of the points");
    return any;
}

static int run_study(const RunFlags *flags, const Store *store, GArray *keys, RunOptions *options,
                     const Claims *claims) {
    unsigned computed = 0;
    options->computed = &computed;
    Study study = cli_study(store, cli_results_of(store, keys, options));
    if (!computed && !flags->show.quiet && study_n_ok(&study) == study.runs->len)
        g_printerr("sppemu: %s was complete already (%u run%s); nothing was computed\n",
                   store_folder(store), study.runs->len, study.runs->len == 1 ? "" : "s");
    int code = cli_show_study(&study, store, claims, &flags->show);
    cli_study_clear(&study);
    return code;
}

static bool checked(unsigned done, unsigned of, NetworkLoad load, void *progress) {
    progress_set_load(progress, done - 1, load);
    progress_say(progress, "checking point %u of %u", done, of);
    return !cli_interrupted;
}

int cli_check(const Scenario *s, const Claims *claims, Progress *progress) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    bool ok = scenario_check(s, claims, checked, progress, warnings, &error);
    for (unsigned i = 0; i < warnings->len; i++)
        g_printerr("sppemu: warning: %s\n", (const char *)warnings->pdata[i]);
    if (cli_interrupted) return EXIT_INTERRUPTED;
    return ok ? EXIT_OK : cli_complain(EXIT_INPUT, error);
}

static int run_loaded(const RunFlags *f, const char *file, const Scenario *scenario, uint64_t seed,
                      const Claims *claims, const ComponentClass *const *classes) {
    g_autoptr(GError) error = NULL;
    unsigned repeat = f->repeat == NOT_GIVEN ? scenario_repeat(scenario) : (unsigned)f->repeat;
    g_autofree char *folder =
        f->output ? cli_folder(f->output)
                  : cli_default_folder(RESULTS, scenario, f->set, f->seed, seed, f->force);
    RunOptions options = {.jobs = (unsigned)f->jobs,
                          .retry_failed = f->retry_failed,
                          .record = f->record,
                          .progress = f->show.progress,
                          .interrupted = &cli_interrupted};
    cli_catch_signals();
    int code = cli_check(scenario, claims, options.progress);
    progress_clear(options.progress);
    if (code) return code;
    g_autofree char *points = cli_points_text(scenario);
    if (*points && !f->show.quiet)
        g_printerr("sppemu: %u points, %s\n", scenario_n_points(scenario), points);
    g_autoptr(GArray) keys = cli_keys(scenario, repeat);
    if (f->filter && !cli_filter(scenario, f->filter, keys, &error))
        return cli_complain(EXIT_USAGE, error);
    if (f->emit && (code = cli_can_emit(f, folder))) return code;
    g_autofree char *other =
        f->dry_run && !f->force ? store_difference(scenario, seed, folder) : NULL;
    if (other)
        return cli_usage("%s holds another study: --force, or -o for another folder", folder);
    Store *store = f->dry_run ? store_look(scenario, seed, repeat, folder)
                              : store_open(scenario, seed, repeat, folder, f->force, &error);
    if (!store) return cli_complain(EXIT_RUN_FAILED, error);
    if (store_was_stale(store))
        g_printerr("sppemu: %s: its last holder died; going on from what it finished\n", folder);
    if (f->dry_run) {
        code = dry_run(store, keys, &options);
    } else {
        if (!f->output) point_latest(folder);
        if (f->check) code = cli_check_timing(f, file, store, claims, options.progress, classes);
        if (!code)
            code = f->emit ? cli_emit(store, f, keys) : run_study(f, store, keys, &options, claims);
    }
    store_close(store);
    return code;
}

static int load_and_run(const RunFlags *f, const char *file, const ComponentClass *const *classes) {
    g_autoptr(GError) error = NULL;
    guint64 seed = 0;
    if (f->jobs < 1 || f->jobs > MAX_JOBS)
        return cli_usage("--jobs: found %d, expected 1 to %d", f->jobs, MAX_JOBS);
    if (f->repeat != NOT_GIVEN && (f->repeat < 1 || f->repeat > (int)SCENARIO_MAX_REPEAT))
        return cli_usage("--repeat: found %d, expected 1 to %u", f->repeat, SCENARIO_MAX_REPEAT);
    if (f->seed && !g_ascii_string_to_unsigned(f->seed, 10, 0, INT64_MAX, &seed, NULL))
        return cli_usage("--seed: found \"%s\", expected a whole number", f->seed);
    if (f->output && !*f->output)
        return cli_usage("--output: found nothing, expected the name of a folder");
    if (f->emit && strcmp(f->emit, "parallel") != 0 && strcmp(f->emit, "slurm") != 0)
        return cli_usage("--emit: found \"%s\", expected parallel or slurm", f->emit);
    if (f->record && f->emit)
        return cli_usage("--record: found --emit too, whose script records nothing");
    RecorderWants wants;
    if (f->record && !recorder_wants(f->record, &wants, &error))
        return cli_usage("--record: %s", error->message);
    Scenario *scenario = cli_load(file, f->set, classes, &error);
    if (!scenario) return cli_complain(EXIT_INPUT, error);
    const char *timing = scenario_timing(scenario);
    if (f->check && (!timing || !strcmp(timing, "detailed"))) {
        scenario_free(scenario);
        return cli_usage(
            "--check: found no fast timing to check, expected --timing=fast beside it");
    }
    if (scenario_until(scenario) && (f->emit || f->repeat != NOT_GIVEN)) {
        scenario_free(scenario);
        return cli_usage(
            "--%s: the scenario has until, which decides on each repetition when those "
            "before it are known; expected repeat there",
            f->emit ? "emit" : "repeat");
    }
    Claims *claims = cli_claims();
    int code =
        run_loaded(f, file, scenario, f->seed ? seed : scenario_seed(scenario), claims, classes);
    claims_free(claims);
    scenario_free(scenario);
    return code;
}

static int run_run(char **operands, void *flags, const ComponentClass *const *classes) {
    RunFlags *f = flags;
    if (!cli_set_timing(&f->set, f->timing)) return EXIT_USAGE;
    f->show.progress = f->show.quiet ? NULL : progress_new();
    progress_say(f->show.progress, "reading %s", *operands);
    int code = load_and_run(f, *operands, classes);
    progress_free(f->show.progress);
    return code;
}

static const GOptionEntry run_options[] = {
    CLI_OPTION(RunFlags, set, "set", 's', STRING_ARRAY,
               "Override one value; may be repeated, may iterate", "SECTION.KEY=VALUE"),
    CLI_TIMING(RunFlags),
    CLI_OPTION(RunFlags, check, "check", 0, STRING,
               "Compare some points with detailed timing first; stop if they differ by more",
               "SHARE"),
    CLI_OPTION(RunFlags, jobs, "jobs", 'j', INT, "Runs at a time, each in a process of its own",
               "N"),
    CLI_OPTION(RunFlags, output, "output", 'o', FILENAME,
               "Results folder (default results/SCENARIO, and what --set changes)", "DIR"),
    CLI_OPTION(RunFlags, force, "force", 'f', NONE,
               "Discard the results of another study that the folder holds", NULL),
    CLI_OPTION(RunFlags, retry_failed, "retry-failed", 0, NONE,
               "Compute anew also what is recorded as failed", NULL),
    CLI_OPTION(RunFlags, record, "record", 0, STRING,
               "Record packets' walks, and what goes on for a time: some of " RECORDER_WANTS,
               "WHAT"),
    CLI_OPTION(RunFlags, filter, "filter", 0, STRING,
               "Compute only points for which this holds, as in [plot] where", "EXPR"),
    CLI_OPTION(RunFlags, dry_run, "dry-run", 'n', NONE,
               "List the runs, what they may take and write, and stop", NULL),
    CLI_OPTION(RunFlags, emit, "emit", 0, STRING, "Print a script that runs the study elsewhere",
               "parallel|slurm"),
    CLI_OPTION(RunFlags, seed, "seed", 0, STRING, "Seed of all random streams", "N"),
    CLI_OPTION(RunFlags, repeat, "repeat", 0, INT, "Repetitions of every point", "N"),
    CLI_OPTION(RunFlags, show.json, "json", 0, NONE,
               "One JSON document on standard output (schema sppemu-run-1)", NULL),
    CLI_OPTION(RunFlags, show.stats, "stats", 0, NONE,
               "Utilisation of what is inside the components, run after run", NULL),
    CLI_OPTION(RunFlags, show.strict, "strict", 0, NONE, "Exit with 4 if a claim is not met", NULL),
    CLI_OPTION(RunFlags, show.no_plots, "no-plots", 0, NONE, "Draw nothing", NULL),
    CLI_OPTION(RunFlags, show.quiet, "quiet", 'q', NONE, "Print no tables and no progress", NULL),
    {0}};

const CliVerb run_verb = {
    .name = "run",
    .operands = "FILE",
    .text = "run a scenario, or go on with its study",
    .more = "Every run is recorded as it finishes; the same command goes on where it ended.",
    .examples =
        (const CliExample[]){
            {"sppemu run fig9 -j2", "the curves of Figure 9, two runs at a time"},
            {"sppemu run label --stats --set traffic.rate=1Gbit/s",
             "one what-if: at less input, how busy is what is inside?"},
            {"sppemu run label --set 'traffic.rate=${1, 2, 5}Gbit/s'", "a study of three points"},
            {"sppemu run my.ini --dry-run", "what it would compute, how long that may take"},
            {0}},
    .options = run_options,
    CLI_FLAGS(RunFlags, {.jobs = 1, .repeat = NOT_GIVEN}),
    .run = run_run};
