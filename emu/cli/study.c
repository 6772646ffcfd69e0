/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The verbs about studies: run, point, merge, verify, results. `run` is what `point` does for every
 * run that has no record, and then what `merge` does. */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "emu/study/build.h"
#include "emu/scenario/check.h"
#include "emu/cli/private.h"
#include "emu/study/file.h"
#include "emu/study/record.h"
#include "emu/study/results.h"
#include "emu/study/table.h"

enum { MAX_JOBS = 256, MAX_NAME = 80, MAX_FILE_NAME = 200, NOT_GIVEN = -1 };
#define RESULTS "results"
#define LATEST "latest"

/* Signals --------------------------------------------------------------------------------- */

static volatile int interrupted;

static void on_signal(int signal_number) {
    (void)signal_number;
    if (interrupted) _exit(EXIT_INTERRUPTED); /* the workers die with this process */
    interrupted = 1;
}

/* All signals that would end the process end it alike: the run at hand is given up, finished ones
 * stay. A shell starts background jobs with SIGINT ignored, nohup those with SIGHUP, which is left
 * so. */
static void catch_signals(void) {
    static const int ends[] = {SIGINT,  SIGTERM, SIGHUP,    SIGQUIT, SIGUSR1, SIGUSR2,
                               SIGALRM, SIGXCPU, SIGVTALRM, SIGPROF, SIGPOLL, SIGPWR};
    for (unsigned i = 0; i < G_N_ELEMENTS(ends); i++) {
        struct sigaction action = {.sa_handler = on_signal}, old;
        sigaction(ends[i], NULL, &old);
        if (ends[i] != SIGHUP || old.sa_handler != SIG_IGN) sigaction(ends[i], &action, NULL);
    }
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error like a full disk */
}

/* A study from its records ---------------------------------------------------------------- */

typedef struct {
    gboolean json, quiet, stats, strict, no_plots;
} ShowFlags;

static GArray *keys_of(const Scenario *s, unsigned repeat) {
    GArray *keys = g_array_new(FALSE, FALSE, sizeof(RunKey));
    for (unsigned p = 0; p < scenario_n_points(s); p++)
        for (unsigned r = 0; r < (scenario_until(s) ? SCENARIO_LEAST_REPEAT : repeat); r++) {
            RunKey key = {p, r, true};
            g_array_append_val(keys, key);
        }
    return keys;
}

static GArray *all_keys(const Store *store) {
    return keys_of(store_scenario(store), store_repeat(store));
}

static Study study_new(const Store *store) {
    return (Study){.scenario = store_scenario(store),
                   .seed = store_seed(store),
                   .repeated = store_repeat(store) > 1 || scenario_until(store_scenario(store)),
                   .claims = g_array_new(FALSE, FALSE, sizeof(ClaimResult))};
}

static void study_clear(Study *study) {
    g_ptr_array_unref(study->runs);
    g_array_unref(study->claims);
}

/* Whether the point of this run, its last so far, is to be repeated once more. */
static bool wants_more(const Study *study, const ScenarioUntil *until, const RunResult *last) {
    double mean, half;
    unsigned n = last->repetition + 1;
    if (n >= until->at_most || last->status != RUN_OK || study_repeats_itself(study, last->point))
        return false;
    return !study_interval(study, last->point, until->scalar, n, &mean, &half) ||
           half > until->share * fabs(mean);
}

/* The results of all keys, and with `until` of the repetitions that they call for. Repetitions are
 * judged in the order of their numbers, each by those before it, so that jobs and interruptions do
 * not decide how many there are. */
static GPtrArray *run_keys(const Store *store, GArray *keys, const RunOptions *options) {
    const ScenarioUntil *until = scenario_until(store_scenario(store));
    for (;;) {
        GPtrArray *results = run_all(store, keys, options);
        if (!until || interrupted) return results;
        Study so_far = study_new(store);
        so_far.runs = results;
        unsigned n = keys->len, added = 0;
        for (unsigned i = n; i-- > 0;) {
            const RunResult *last = results->pdata[i];
            bool ends = i + 1 == n || ((RunResult *)results->pdata[i + 1])->point != last->point;
            if (!ends || !wants_more(&so_far, until, last)) continue;
            RunKey next = g_array_index(keys, RunKey, i);
            next.repetition++;
            g_array_insert_val(keys, i + 1, next);
            added++;
        }
        g_array_unref(so_far.claims);
        if (!added) return results;
        g_ptr_array_unref(results);
    }
}

static int study_code(const Study *study) {
    static const int gravest_first[] = {EXIT_INTERRUPTED, EXIT_INVARIANT, EXIT_INPUT,
                                        EXIT_RUN_FAILED};
    if (interrupted) return EXIT_INTERRUPTED;
    for (unsigned k = 0; k < G_N_ELEMENTS(gravest_first); k++)
        for (unsigned i = 0; i < study->runs->len; i++)
            if (((RunResult *)study->runs->pdata[i])->code == gravest_first[k])
                return gravest_first[k];
    return EXIT_OK;
}

static void append_parameters(GString *out, const Scenario *s, unsigned point) {
    for (unsigned n = 0; n < scenario_n_parameters(s); n++) {
        ScenarioParameter p = scenario_parameter(s, point, n);
        g_autofree char *set = g_strdup_printf("%s=%s", p.name, p.value);
        g_autofree char *quoted =
            strpbrk(set, " \t$'\"*?;&|<>()") ? g_shell_quote(set) : g_strdup(set);
        g_string_append_printf(out, "%s--set %s", n ? " " : "", quoted);
    }
}

/* Name each failure once, with the parameters of the first run that had it. */
static void print_failures(const Study *study) {
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (unsigned i = 0; i < study->runs->len; i++) {
        const RunResult *r = study->runs->pdata[i];
        if (r->code == EXIT_OK || r->code == EXIT_INTERRUPTED ||
            !g_hash_table_add(seen, r->failure))
            continue;
        g_autoptr(GString) with = g_string_new(NULL);
        append_parameters(with, study->scenario, r->point);
        if (study->seed != scenario_seed(study->scenario))
            g_string_append_printf(with, " --seed %" G_GUINT64_FORMAT, study->seed);
        if (r->repetition) g_string_append_printf(with, " --repeat %u", r->repetition + 1);
        g_printerr("sppemu: %s%s%s%s\n", r->failure, with->len ? " (repeat with " : "",
                   g_strstrip(with->str), with->len ? ")" : "");
    }
}

static bool any_missed(const Study *study) {
    for (unsigned i = 0; i < study->claims->len; i++)
        if (strcmp(g_array_index(study->claims, ClaimResult, i).verdict, "met") != 0) return true;
    return false;
}

static void print_json(const Study *study) {
    json_t *doc = study_json(study);
    json_dumpf(doc, stdout, JSON_INDENT(1) | JSON_SORT_KEYS | JSON_REAL_PRECISION(12));
    putchar('\n');
    json_decref(doc);
}

/* The tables of --stats, run after run. */
static void print_stats(const Study *study, const Store *store) {
    for (unsigned i = 0; i < study->runs->len; i++) {
        const RunResult *r = study->runs->pdata[i];
        g_autofree char *record = store_record(store, r->identity),
                        *path = g_build_filename(record, "stats.txt", NULL), *text = NULL;
        if (!g_file_get_contents(path, &text, NULL, NULL) || !*text) continue;
        g_autoptr(GString) with = g_string_new(NULL);
        append_parameters(with, study->scenario, r->point);
        if (study->runs->len > 1)
            printf("run %u, repetition %u%s%s\n", i, r->repetition, with->len ? ": " : "",
                   with->str);
        puts(text);
    }
}

static void print_files(const Study *study, const Store *store) {
    const char *folder = store_folder(store);
    printf("results: %s\n", folder);
    for (unsigned i = 0; i < scenario_n_plots(study->scenario); i++) {
        g_autofree char *file = g_strconcat(scenario_plot(study->scenario, i)->name, ".png", NULL),
                        *path = g_build_filename(folder, file, NULL);
        if (g_file_test(path, G_FILE_TEST_EXISTS)) printf("picture: %s\n", path);
    }
    g_autoptr(GPtrArray) names = folder_names(folder);
    for (unsigned i = 0; i < names->len; i++)
        if (g_str_has_suffix(names->pdata[i], ".pcap"))
            printf("capture: %s/%s\n", folder, (char *)names->pdata[i]);
}

/* How much of the study is there, if that is not all. */
static void print_share(const Study *study, const Store *store) {
    unsigned n = study->runs->len, ok = study_n_ok(study), failed = 0;
    if (ok == n) return;
    for (unsigned i = 0; i < n; i++)
        failed += ((RunResult *)study->runs->pdata[i])->status == RUN_FAILED;
    g_printerr(
        "sppemu: %s%u of %u runs are in %s, %u failed, %u were not run; tables, claims and "
        "pictures are drawn from these %u, and the same command computes %s\n",
        interrupted ? "interrupted; " : "", ok, n, store_folder(store), failed, n - ok - failed, ok,
        failed ? "what is missing (the failed ones too with --retry-failed)" : "what is missing");
}

/* Judge, write and print what the runs say. */
static int show_study(Study *study, const Store *store, const Claims *claims,
                      const ShowFlags *flags) {
    g_autoptr(GError) error = NULL;
    study->code = study_code(study);
    int code = study->code;
    print_failures(study);
    if (!study_claims(study, claims, &error)) {
        code = cli_complain(code ? code : EXIT_INPUT, error);
        g_clear_error(&error);
    }
    bool plots = !flags->no_plots && study_n_ok(study);
    if (!results_write(study, store, plots, &error))
        code = cli_complain(code ? code : EXIT_RUN_FAILED, error);
    if (flags->json) {
        print_json(study);
    } else if (!flags->quiet) {
        table_print(study, stdout);
        if (flags->stats) print_stats(study, store);
        print_files(study, store);
    }
    print_share(study, store);
    if (code == EXIT_OK && flags->strict && any_missed(study)) code = EXIT_INVARIANT;
    return code;
}

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

/* results/SCENARIO, and how the command line makes it differ: ",sram_latency=214ns". */
static char *default_name(const Scenario *s, char **set, const char *seed) {
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
    return g_build_filename(RESULTS, name, NULL);
}

/* The default folder; if that holds another study, one whose name says why. */
static char *default_folder(const Scenario *s, char **set, const char *seed_text, uint64_t seed,
                            bool force) {
    char *name = default_name(s, set, seed_text);
    g_autofree char *how = force ? NULL : store_difference(s, seed, name);
    if (!how) return name;
    char *other = g_strdup_printf("%s,%s", name, how);
    g_printerr("sppemu: %s is taken; these results go to %s\n", name, other);
    g_free(name);
    return other;
}

/* "results/x/" is results/x. */
static char *folder_named(const char *given) {
    char *path = g_strdup(given);
    for (size_t n = strlen(path); n > 1 && path[n - 1] == '/'; n--) path[n - 1] = 0;
    return path;
}

static void point_latest(const char *folder) {
    g_autofree char *parent = g_path_get_dirname(folder), *name = g_path_get_basename(folder),
                    *latest = g_build_filename(parent, LATEST, NULL);
    if (!g_file_test(latest, G_FILE_TEST_EXISTS) || g_file_test(latest, G_FILE_TEST_IS_SYMLINK))
        file_link(name, latest, NULL);
}

/* More machines --------------------------------------------------------------------------- */

typedef struct {
    char **set, *output, *seed, *filter, *emit;
    int jobs, repeat;
    gboolean force, retry_failed, dry_run;
    ShowFlags show;
} RunFlags;

/* What a script could not hold, before a folder is made for it. */
static int can_emit(const RunFlags *f, const char *folder) {
    if (f->filter && !strcmp(f->emit, "slurm"))
        return cli_usage("--emit=slurm: takes no --filter; use it with --emit=parallel");
    if (f->show.json || f->show.stats)
        return cli_usage("--emit: --json and --stats are options of sppemu merge");
    if (strpbrk(folder, "{}\n"))
        return cli_usage("--emit: found the folder \"%s\", expected one without { and }", folder);
    return EXIT_OK;
}

/* seq FIRST LAST; ... of the wanted runs. */
static void print_wanted(const GArray *keys) {
    for (unsigned i = 0; i < keys->len; i++) {
        unsigned first = i;
        while (i < keys->len && g_array_index(keys, RunKey, i).wanted) i++;
        if (i > first) printf(" seq %u %u;", first, i - 1);
    }
}

static void emit_parallel(const RunFlags *f, const GArray *keys) {
    printf(
        "# GNU parallel, one process for each core. On more hosts that see the same folders: add\n"
        "# --sshlogin host1,host2 --workdir . behind parallel.\n{");
    print_wanted(keys);
    printf(" } | parallel -q \"$SPPEMU\" point \"$STUDY\" {} --claim parallel-{}%s\n",
           f->retry_failed ? " --retry-failed" : "");
}

static void emit_slurm(const RunFlags *f, const GArray *keys) {
    printf("# Job arrays of Slurm, and a job that merges them. Start it on a host that may submit\n"
           "# jobs; options for sbatch may follow: sh FILE --partition=night\n"
           "set -eu\n"
           "export SPPEMU STUDY FIRST=0\n"
           "runs=%u jobs= out=$(printf '%%s' \"$STUDY\" | sed 's/%%/%%%%/g')\n"
           "max=$(scontrol show config | sed -n 's/^MaxArraySize *= *//p')\n"
           "while [ $FIRST -lt $runs ]; do\n"
           "    n=$((runs - FIRST))\n"
           "    [ $n -lt ${max:-1001} ] || n=$((${max:-1001} - 1))\n"
           "    job=$(sbatch --parsable --requeue --export=ALL --job-name=sppemu "
           "--open-mode=append \\\n"
           "        --output=\"$out/slurm-%%A_%%a.out\" --array=0-$((n - 1)) \"$@\" \\\n"
           "        --wrap='exec \"$SPPEMU\" point \"$STUDY\" $((FIRST + SLURM_ARRAY_TASK_ID)) "
           "--claim slurm-$SLURM_ARRAY_JOB_ID-$SLURM_ARRAY_TASK_ID%s')\n"
           "    jobs=$jobs:${job%%%%;*}\n"
           "    FIRST=$((FIRST + n))\n"
           "done\n"
           "job=$(sbatch --parsable --export=ALL --job-name=sppemu-merge "
           "--dependency=afterany$jobs \\\n"
           "    --output=\"$out/slurm-merge.out\" \"$@\" --wrap='exec \"$SPPEMU\" merge "
           "\"$STUDY\"%s%s')\n"
           "echo \"${job%%%%;*}\"\n",
           keys->len, f->retry_failed ? " --retry-failed" : "", f->show.strict ? " --strict" : "",
           f->show.no_plots ? " --no-plots" : "");
}

static int emit(const Store *store, const RunFlags *f, const GArray *keys) {
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL),
                    *folder = g_canonicalize_filename(store_folder(store), NULL),
                    *program = g_shell_quote(self), *study = g_shell_quote(folder);
    bool slurm = !strcmp(f->emit, "slurm");
    printf(
        "#!/bin/sh\n"
        "# Computes a study of sppemu. May be started again: what has a record is not computed a\n"
        "# second time.\n"
        "SPPEMU=%s\nSTUDY=%s\n",
        program, study);
    (slurm ? emit_slurm : emit_parallel)(f, keys);
    if (!slurm)
        printf("\"$SPPEMU\" merge \"$STUDY\"%s%s\n", f->show.strict ? " --strict" : "",
               f->show.no_plots ? " --no-plots" : "");
    g_printerr("sppemu: the study is in %s; this is a shell script, for example: sh FILE\n",
               store_folder(store));
    return EXIT_OK;
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
    unsigned todo = 0;
    for (unsigned i = 0; i < runs->len; i++) {
        const RunResult *r = runs->pdata[i];
        bool compute =
            g_array_index(keys, RunKey, i).wanted &&
            (r->status == RUN_MISSING || (r->status == RUN_FAILED && options->retry_failed));
        g_autoptr(GString) with = g_string_new(NULL);
        append_parameters(with, store_scenario(store), r->point);
        printf("run %u, repetition %u%s%s: %s\n", i, r->repetition, with->len ? ", " : "",
               with->str,
               compute                   ? "to compute"
               : r->status == RUN_OK     ? "done"
               : r->status == RUN_FAILED ? "failed"
                                         : "left out");
        todo += compute;
    }
    RecordCost mean;
    unsigned n = typical_cost(store, &mean);
    printf("%u of %u runs to compute", todo, runs->len);
    if (n)
        printf(": about %.1f s with -j%u and %.1f MB (a run took %.2f s and %.0f kB, mean of %u)\n",
               todo * mean.wall_s / options->jobs, options->jobs,
               todo * (double)mean.disk_bytes / 1e6, mean.wall_s, (double)mean.disk_bytes / 1e3, n);
    else
        puts("; no run of this scenario has finished here, so their time and size are unknown");
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

/* Only the points for which the expression over parameters holds are to be computed. */
static bool filter(const Scenario *s, const char *expression, GArray *keys, GError **error) {
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (unsigned i = 0; i < scenario_n_parameters(s); i++)
        g_ptr_array_add(names, (char *)scenario_parameter(s, 0, i).name);
    g_ptr_array_add(names, NULL);
    PointRuns runs = {.base = {.n_runs = scenario_n_points(s),
                               .lookup = lookup_point,
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
    Study study = study_new(store);
    study.runs = run_keys(store, keys, options);
    if (!computed && !flags->show.quiet && study_n_ok(&study) == study.runs->len)
        g_printerr("sppemu: %s was complete already (%u run%s); nothing was computed\n",
                   store_folder(store), study.runs->len, study.runs->len == 1 ? "" : "s");
    int code = show_study(&study, store, claims, &flags->show);
    study_clear(&study);
    return code;
}

static bool draw_check(unsigned done, unsigned of, void *user) {
    static gint64 drawn;
    gint64 now = g_get_monotonic_time();
    if (*(const bool *)user && (done == of || now - drawn > 100000)) {
        fprintf(stderr, done < of ? "\rchecking point %u of %u\033[K" : "\r\033[K", done, of);
        drawn = now;
    }
    return !interrupted;
}

/* What can be known before a run, before anything is written. */
static int check(const Scenario *s, const Claims *claims, bool progress) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    bool ok = scenario_check(s, claims, draw_check, &progress, warnings, &error);
    for (unsigned i = 0; i < warnings->len; i++)
        g_printerr("sppemu: warning: %s\n", (const char *)warnings->pdata[i]);
    if (interrupted) return EXIT_INTERRUPTED;
    return ok ? EXIT_OK : cli_complain(EXIT_INPUT, error);
}

static int run_loaded(const RunFlags *f, const Scenario *scenario, uint64_t seed,
                      const Claims *claims) {
    g_autoptr(GError) error = NULL;
    unsigned repeat = f->repeat == NOT_GIVEN ? scenario_repeat(scenario) : (unsigned)f->repeat;
    g_autofree char *folder = f->output ? folder_named(f->output)
                                        : default_folder(scenario, f->set, f->seed, seed, f->force);
    RunOptions options = {.jobs = (unsigned)f->jobs,
                          .retry_failed = f->retry_failed,
                          .progress = !f->show.quiet && isatty(STDERR_FILENO),
                          .interrupted = &interrupted};
    catch_signals();
    int code = check(scenario, claims, options.progress);
    if (code) return code;
    g_autoptr(GArray) keys = keys_of(scenario, repeat);
    if (f->filter && !filter(scenario, f->filter, keys, &error))
        return cli_complain(EXIT_USAGE, error);
    if (f->emit && (code = can_emit(f, folder))) return code;
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
        code = f->emit ? emit(store, f, keys) : run_study(f, store, keys, &options, claims);
    }
    store_close(store);
    return code;
}

static int run_flags(const RunFlags *f, const char *file, const ComponentClass *const *classes) {
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
    Scenario *scenario = cli_load(file, f->set, classes, &error);
    if (!scenario) return cli_complain(EXIT_INPUT, error);
    if (scenario_until(scenario) && (f->emit || f->repeat != NOT_GIVEN)) {
        scenario_free(scenario);
        return cli_usage(
            "--%s: the scenario has until, which decides on each repetition when those "
            "before it are known; expected repeat there",
            f->emit ? "emit" : "repeat");
    }
    Claims *claims = cli_claims();
    int code = run_loaded(f, scenario, f->seed ? seed : scenario_seed(scenario), claims);
    claims_free(claims);
    scenario_free(scenario);
    return code;
}

/* GOption wants "-j 2"; people and make write "-j2". */
static char **split_jobs(int *argc, char **argv) {
    char **out = g_new0(char *, 2 * (size_t)*argc + 1);
    int n = 0;
    for (int i = 0; i < *argc; i++) {
        bool joined = g_str_has_prefix(argv[i], "-j") && g_ascii_isdigit(argv[i][2]);
        if (joined) out[n++] = (char *)"-j";
        out[n++] = joined ? argv[i] + 2 : argv[i];
    }
    *argc = n;
    return out;
}

static const char show_options[] =
    "Exit codes: 0 ok, 1 a run or a file failed, 2 usage, 3 scenario "
    "or input invalid,\n4 an invariant failed (with --strict: a claim "
    "was not met), 130 interrupted.\n";

int cli_run(int argc, char **given, const ComponentClass *const *classes) {
    g_autofree char **argv = split_jobs(&argc, given);
    char **arguments = argv;
    RunFlags f = {.jobs = 1, .repeat = NOT_GIVEN};
    g_autoptr(GError) error = NULL;
    const GOptionEntry entries[] = {
        {"set", 's', 0, G_OPTION_ARG_STRING_ARRAY, &f.set,
         "Override one value; may be repeated, may iterate", "SECTION.KEY=VALUE"},
        {"jobs", 'j', 0, G_OPTION_ARG_INT, &f.jobs, "Runs at a time, each in a process of its own",
         "N"},
        {"output", 'o', 0, G_OPTION_ARG_FILENAME, &f.output,
         "Results folder (default results/SCENARIO, and what --set changes)", "DIR"},
        {"force", 'f', 0, G_OPTION_ARG_NONE, &f.force,
         "Discard the results of another study that the folder holds", NULL},
        {"retry-failed", 0, 0, G_OPTION_ARG_NONE, &f.retry_failed,
         "Compute anew also what is recorded as failed", NULL},
        {"filter", 0, 0, G_OPTION_ARG_STRING, &f.filter,
         "Compute only points for which this holds, as in [plot] where", "EXPR"},
        {"dry-run", 'n', 0, G_OPTION_ARG_NONE, &f.dry_run,
         "List the runs, what they may take and write, and stop", NULL},
        {"emit", 0, 0, G_OPTION_ARG_STRING, &f.emit,
         "Print a script that runs the study elsewhere: parallel or slurm", "HOW"},
        {"seed", 0, 0, G_OPTION_ARG_STRING, &f.seed, "Seed of all random streams", "N"},
        {"repeat", 0, 0, G_OPTION_ARG_INT, &f.repeat, "Repetitions of every point", "N"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &f.show.json,
         "One JSON document on standard output (schema sppemu-run-1)", NULL},
        {"stats", 0, 0, G_OPTION_ARG_NONE, &f.show.stats,
         "Utilisation of what is inside the components, run after run", NULL},
        {"strict", 0, 0, G_OPTION_ARG_NONE, &f.show.strict, "Exit with 4 if a claim is not met",
         NULL},
        {"no-plots", 0, 0, G_OPTION_ARG_NONE, &f.show.no_plots, "Draw nothing", NULL},
        {"quiet", 'q', 0, G_OPTION_ARG_NONE, &f.show.quiet, "Print no tables and no progress",
         NULL},
        {NULL}};
    g_autoptr(GOptionContext) context = g_option_context_new("FILE - run a scenario");
    g_option_context_set_summary(
        context, "Every run is recorded as it finishes; the same command goes on where it ended.");
    g_option_context_set_description(context, show_options);
    g_option_context_add_main_entries(context, entries, NULL);
    int code;
    if (!g_option_context_parse(context, &argc, &arguments, &error))
        code = cli_usage("%s", error->message);
    else if (argc != 2)
        code = cli_usage("run: found %d file names, expected one scenario", argc - 1);
    else
        code = run_flags(&f, arguments[1], classes);
    g_strfreev(f.set);
    g_free(f.output);
    g_free(f.seed);
    g_free(f.filter);
    g_free(f.emit);
    return code;
}

/* point, merge ---------------------------------------------------------------------------- */

/* "3" or "3-7", of n. */
static bool want_runs(const char *text, GArray *keys) {
    g_auto(GStrv) ends = g_strsplit(text, "-", 2);
    guint64 first, last;
    if (!g_ascii_string_to_unsigned(ends[0], 10, 0, keys->len - 1, &first, NULL)) return false;
    last = first;
    if (ends[1] && !g_ascii_string_to_unsigned(ends[1], 10, first, keys->len - 1, &last, NULL))
        return false;
    for (uint64_t i = first; i <= last; i++) g_array_index(keys, RunKey, i).wanted = true;
    return true;
}

static int compute_points(const Store *store, char **numbers, const RunOptions *options) {
    g_autoptr(GArray) keys = all_keys(store), chosen = g_array_new(FALSE, FALSE, sizeof(RunKey));
    for (unsigned i = 0; i < keys->len; i++) g_array_index(keys, RunKey, i).wanted = false;
    for (unsigned i = 0; numbers[i]; i++)
        if (!want_runs(numbers[i], keys))
            return cli_usage("point: found \"%s\", expected a run from 0 to %u, or FIRST-LAST",
                             numbers[i], keys->len - 1);
    for (unsigned i = 0; i < keys->len; i++) {
        RunKey key = g_array_index(keys, RunKey, i);
        if (key.wanted) g_array_append_val(chosen, key);
    }
    Study study = study_new(store);
    study.runs = run_all(store, chosen, options);
    int code = study_code(&study);
    print_failures(&study);
    study_clear(&study);
    return code;
}

int cli_point(int argc, char **given, const ComponentClass *const *classes) {
    g_autofree char **argv = split_jobs(&argc, given);
    char **arguments = argv;
    g_autoptr(GError) error = NULL;
    g_autofree char *as = NULL;
    int jobs = 1;
    gboolean retry_failed = FALSE;
    const GOptionEntry entries[] = {
        {"jobs", 'j', 0, G_OPTION_ARG_INT, &jobs, "Runs at a time", "N"},
        {"claim", 0, 0, G_OPTION_ARG_STRING, &as,
         "A name for this job; what a job of this name had begun is taken over", "NAME"},
        {"retry-failed", 0, 0, G_OPTION_ARG_NONE, &retry_failed,
         "Compute anew what is recorded as failed", NULL},
        {NULL}};
    g_autoptr(GOptionContext) context =
        g_option_context_new("STUDY N... - compute runs of a study that `run --emit` made");
    g_option_context_set_description(context, show_options);
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &arguments, &error))
        return cli_usage("%s", error->message);
    if (argc < 3) return cli_usage("point: expected the folder of a study and the numbers of runs");
    if (jobs < 1 || jobs > MAX_JOBS)
        return cli_usage("--jobs: found %d, expected 1 to %d", jobs, MAX_JOBS);
    if (as && strpbrk(as, " \t\n"))
        return cli_usage("--claim: found \"%s\", expected a name without spaces", as);
    g_autofree char *folder = folder_named(arguments[1]);
    Store *store = store_load(folder, classes, false, &error);
    if (!store) return cli_complain(EXIT_RUN_FAILED, error);
    catch_signals();
    int code;
    RunOptions options = {.jobs = (unsigned)jobs,
                          .retry_failed = retry_failed,
                          .as = as,
                          .interrupted = &interrupted};
    if (strcmp(store_build(store), build_id()) != 0) {
        g_printerr("sppemu: %s: is a study of another build of sppemu (%.8s, this one is %.8s)\n",
                   folder, store_build(store), build_id());
        code = EXIT_RUN_FAILED;
    } else {
        code = compute_points(store, arguments + 2, &options);
    }
    store_close(store);
    return code;
}

int cli_merge(int argc, char **argv, const ComponentClass *const *classes) {
    g_autoptr(GError) error = NULL;
    ShowFlags flags = {0};
    const GOptionEntry entries[] = {
        {"json", 0, 0, G_OPTION_ARG_NONE, &flags.json, "One JSON document on standard output",
         NULL},
        {"stats", 0, 0, G_OPTION_ARG_NONE, &flags.stats, "The tables of --stats, run after run",
         NULL},
        {"strict", 0, 0, G_OPTION_ARG_NONE, &flags.strict, "Exit with 4 if a claim is not met",
         NULL},
        {"no-plots", 0, 0, G_OPTION_ARG_NONE, &flags.no_plots, "Draw nothing", NULL},
        {"quiet", 'q', 0, G_OPTION_ARG_NONE, &flags.quiet, "Print no tables", NULL},
        {NULL}};
    g_autoptr(GOptionContext) context =
        g_option_context_new("STUDY - tables, claims and pictures from the records of a study");
    g_option_context_set_description(context, show_options);
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error))
        return cli_usage("%s", error->message);
    if (argc != 2) return cli_usage("merge: found %d names, expected one study", argc - 1);
    g_autofree char *folder = folder_named(argv[1]);
    Store *store = store_load(folder, classes, true, &error);
    if (!store) return cli_complain(EXIT_RUN_FAILED, error);
    catch_signals();
    store_sweep(store);
    Claims *claims = cli_claims();
    g_autoptr(GArray) keys = all_keys(store);
    for (unsigned i = 0; i < keys->len; i++) g_array_index(keys, RunKey, i).wanted = false;
    RunOptions options = {.jobs = 1, .interrupted = &interrupted};
    Study study = study_new(store);
    study.runs = run_keys(store, keys, &options);
    int code = show_study(&study, store, claims, &flags);
    if (code == EXIT_OK && study_n_ok(&study) < study.runs->len) code = EXIT_RUN_FAILED;
    study_clear(&study);
    claims_free(claims);
    store_close(store);
    return code;
}

/* verify ---------------------------------------------------------------------------------- */

static const char *difference(const RunResult *was, const RunResult *is) {
    if (is->status != was->status) return "ends otherwise";
    if (is->fingerprint != was->fingerprint) return "has another fingerprint";
    if (is->scalars->len != was->scalars->len) return "has other scalars";
    for (unsigned i = 0; i < is->scalars->len; i++) {
        const RunScalar *a = &g_array_index(was->scalars, RunScalar, i),
                        *b = &g_array_index(is->scalars, RunScalar, i);
        if (a->name != b->name || memcmp(&a->value, &b->value, sizeof a->value) != 0)
            return "has other scalars";
    }
    return NULL;
}

static int verify(const Store *store, unsigned sample) {
    g_autoptr(GArray) keys = all_keys(store);
    for (unsigned i = 0; i < keys->len; i++) g_array_index(keys, RunKey, i).wanted = false;
    RunOptions options = {.jobs = 1, .interrupted = &interrupted};
    g_autoptr(GPtrArray) recorded = run_keys(store, keys, &options);
    g_autoptr(GArray) there = g_array_new(FALSE, FALSE, sizeof(unsigned));
    for (unsigned i = 0; i < recorded->len; i++)
        if (((RunResult *)recorded->pdata[i])->status != RUN_MISSING) g_array_append_val(there, i);
    unsigned n = MIN(sample, there->len), wrong = 0;
    for (unsigned k = 0; k < n && !interrupted; k++) { /* evenly from first to last */
        unsigned at = n > 1 ? (unsigned)((uint64_t)k * (there->len - 1) / (n - 1)) : 0;
        unsigned i = g_array_index(there, unsigned, at);
        const RunResult *was = recorded->pdata[i];
        RunResult *is = run_once(store_scenario(store), store_seed(store),
                                 g_array_index(keys, RunKey, i), NULL, &interrupted);
        const char *how = interrupted ? "was interrupted" : difference(was, is);
        printf("run %u: fingerprint 0x%016" G_GINT64_MODIFIER "x%s%s\n", i, was->fingerprint,
               how ? "; computed again it " : ", and the same again", how ? how : "");
        wrong += how != NULL;
        run_result_free(is);
    }
    bool other = strcmp(store_build(store), build_id()) != 0;
    printf("%u of %u runs computed again%s, %u differ\n", n, there->len,
           other ? " by another build than theirs" : "", wrong);
    return interrupted ? EXIT_INTERRUPTED : !n ? EXIT_RUN_FAILED : wrong ? EXIT_INVARIANT : EXIT_OK;
}

int cli_verify(int argc, char **argv, const ComponentClass *const *classes) {
    g_autoptr(GError) error = NULL;
    int sample = 3;
    gboolean all = FALSE;
    const GOptionEntry entries[] = {
        {"sample", 0, 0, G_OPTION_ARG_INT, &sample, "How many runs (default 3)", "N"},
        {"all", 0, 0, G_OPTION_ARG_NONE, &all, "All of them", NULL},
        {NULL}};
    g_autoptr(GOptionContext) context =
        g_option_context_new("RESULT - compute runs again and compare with their records");
    g_option_context_set_description(
        context, "Exit codes: 0 the same, 4 a run differs, 1 there is nothing to compare.\n");
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error))
        return cli_usage("%s", error->message);
    if (argc != 2) return cli_usage("verify: found %d names, expected one result", argc - 1);
    if (sample < 1) return cli_usage("--sample: found %d, expected 1 or more", sample);
    g_autofree char *folder = folder_named(argv[1]);
    Store *store = store_load(folder, classes, false, &error);
    if (!store) return cli_complain(EXIT_RUN_FAILED, error);
    catch_signals();
    int code = verify(store, all ? UINT_MAX : (unsigned)sample);
    store_close(store);
    return code;
}

/* results --------------------------------------------------------------------------------- */

typedef struct {
    unsigned done, runs;
    uint64_t bytes;
    bool other_build;
    char *status;
} Inventory;

static uint64_t folder_bytes(const char *path) {
    struct stat st;
    if (lstat(path, &st) != 0) return 0;
    if (!S_ISDIR(st.st_mode)) return (uint64_t)st.st_size;
    uint64_t sum = 0;
    g_autoptr(GPtrArray) names = folder_names(path);
    for (unsigned i = 0; i < names->len; i++) {
        g_autofree char *one = g_build_filename(path, names->pdata[i], NULL);
        sum += folder_bytes(one);
    }
    return sum;
}

static void take_stock(const char *folder, Inventory *it) {
    g_autofree char *path = g_build_filename(folder, "study.json", NULL),
                    *drawn = g_build_filename(folder, "manifest.json", NULL);
    json_t *study = json_load_file(path, 0, NULL), *manifest = json_load_file(drawn, 0, NULL);
    const char *build = json_string_value(json_object_get(study, "build"));
    const char *status = json_string_value(json_object_get(manifest, "status"));
    const json_t *runs = json_object_get(manifest, "runs");
    *it = (Inventory){
        .runs = (unsigned)(manifest ? json_array_size(runs)
                                    : (size_t)json_integer_value(json_object_get(study, "runs"))),
        .other_build = g_strcmp0(build, build_id()) != 0,
        .status = g_strdup(status ? status : "not merged"),
        .bytes = folder_bytes(folder)};
    for (size_t i = 0; i < json_array_size(runs); i++)
        it->done +=
            !g_strcmp0(json_string_value(json_object_get(json_array_get(runs, i), "status")), "ok");
    g_autofree char *records = g_build_filename(folder, "records", NULL);
    g_autoptr(GPtrArray) names = folder_names(records);
    for (unsigned i = 0; !manifest && i < names->len; i++)
        it->done += !strchr(names->pdata[i], '.'); /* neither a claim nor in the making */
    json_decref(study);
    json_decref(manifest);
}

static int list_results(const char *parent, bool prune, bool force) {
    g_autoptr(GPtrArray) names = folder_names(parent);
    unsigned n = 0;
    uint64_t freed = 0;
    int code = EXIT_OK;
    for (unsigned i = 0; i < names->len; i++) {
        g_autofree char *folder = g_build_filename(parent, names->pdata[i], NULL);
        g_autoptr(GError) error = NULL;
        Inventory it;
        if (g_file_test(folder, G_FILE_TEST_IS_SYMLINK) || !store_is_one(folder)) continue;
        take_stock(folder, &it);
        if (!n++) printf("%10s %9s  %-11s %s\n", "runs", "MB", "status", "results");
        g_autofree char *runs = g_strdup_printf("%u of %u", it.done, it.runs);
        bool goes = prune && it.other_build, gone = goes && force && store_remove(folder, &error);
        printf("%10s %9.2f  %-11s %s%s%s\n", runs, (double)it.bytes / 1e6, it.status,
               (char *)names->pdata[i], it.other_build ? " (another build)" : "",
               gone             ? " removed"
               : goes && !force ? " would go"
                                : "");
        if (gone || (goes && !force)) freed += it.bytes;
        if (error) code = cli_complain(EXIT_RUN_FAILED, error);
        g_free(it.status);
    }
    if (!n) printf("no results in %s\n", parent);
    if (prune)
        printf("%.2f MB %s\n", (double)freed / 1e6,
               force ? "removed" : "would be freed; --force removes them");
    return code;
}

int cli_results(int argc, char **argv, const ComponentClass *const *classes) {
    (void)classes;
    g_autoptr(GError) error = NULL;
    gboolean prune = FALSE, force = FALSE;
    const GOptionEntry entries[] = {
        {"prune", 0, 0, G_OPTION_ARG_NONE, &prune,
         "Show which results were made by another build of sppemu", NULL},
        {"force", 'f', 0, G_OPTION_ARG_NONE, &force, "With --prune: remove them", NULL},
        {NULL}};
    g_autoptr(GOptionContext) context =
        g_option_context_new("[DIR] - the results in a folder (default results)");
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error))
        return cli_usage("%s", error->message);
    if (argc > 2) return cli_usage("results: found %d folders, expected one", argc - 1);
    return list_results(argc == 2 ? argv[1] : RESULTS, prune, force);
}
