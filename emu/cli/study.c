/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the verbs about studies share. */
#include "emu/cli/study.h"

#include <math.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "emu/study/build.h"
#include "emu/study/file.h"
#include "emu/study/results.h"
#include "emu/study/headline.h"
#include "emu/study/table.h"

/* Signals --------------------------------------------------------------------------------- */

volatile int cli_interrupted;

static void on_signal(int signal_number) {
    (void)signal_number;
    if (cli_interrupted) _exit(EXIT_INTERRUPTED); /* the workers die with this process */
    cli_interrupted = 1;
}

/* All signals that would end the process end it alike: the run at hand is given up, finished ones
 * stay. A shell starts background jobs with SIGINT ignored, nohup those with SIGHUP, which is left
 * so. */
void cli_catch_signals(void) {
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

static GArray *keys_of(const Scenario *s, unsigned repeat, bool wanted) {
    GArray *keys = g_array_new(FALSE, FALSE, sizeof(RunKey));
    for (unsigned p = 0; p < scenario_n_points(s); p++)
        for (unsigned r = 0; r < (scenario_until(s) ? SCENARIO_LEAST_REPEAT : repeat); r++) {
            RunKey key = {p, r, wanted};
            g_array_append_val(keys, key);
        }
    return keys;
}

GArray *cli_keys(const Scenario *s, unsigned repeat) {
    return keys_of(s, repeat, true);
}

GArray *cli_store_keys(const Store *store, bool wanted) {
    return keys_of(store_scenario(store), store_repeat(store), wanted);
}

Study cli_study(const Store *store, GPtrArray *runs) {
    return (Study){.scenario = store_scenario(store),
                   .seed = store_seed(store),
                   .repeated = store_repeat(store) > 1 || scenario_until(store_scenario(store)),
                   .runs = runs,
                   .claims = g_array_new(FALSE, FALSE, sizeof(ClaimResult))};
}

void cli_study_clear(Study *study) {
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

/* Repetitions are judged in the order of their numbers, each by those before it, so that jobs and
 * interruptions do not decide how many there are. */
GPtrArray *cli_results_of(const Store *store, GArray *keys, const RunOptions *options) {
    const ScenarioUntil *until = scenario_until(store_scenario(store));
    for (;;) {
        GPtrArray *results = run_all(store, keys, options);
        if (!until || cli_interrupted) return results;
        Study so_far = cli_study(store, results);
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

GPtrArray *cli_recorded(const Store *store, GArray *keys) {
    RunOptions options = {.jobs = 1, .interrupted = &cli_interrupted};
    return cli_results_of(store, keys, &options);
}

int cli_study_code(const Study *study) {
    static const int gravest_first[] = {EXIT_INTERRUPTED, EXIT_INVARIANT, EXIT_INPUT,
                                        EXIT_RUN_FAILED};
    if (cli_interrupted) return EXIT_INTERRUPTED;
    for (unsigned k = 0; k < G_N_ELEMENTS(gravest_first); k++)
        for (unsigned i = 0; i < study->runs->len; i++)
            if (((RunResult *)study->runs->pdata[i])->code == gravest_first[k])
                return gravest_first[k];
    return EXIT_OK;
}

void cli_append_parameters(GString *out, const Scenario *s, unsigned point) {
    for (unsigned n = 0; n < scenario_n_parameters(s); n++) {
        ScenarioParameter p = scenario_parameter(s, point, n);
        if (!strchr(p.name, '.')) continue; /* the series, which what it sets stands for */
        g_autofree char *set = g_strdup_printf("%s=%s", p.name, p.value);
        g_autofree char *quoted =
            strpbrk(set, " \t$'\"*?;&|<>()") ? g_shell_quote(set) : g_strdup(set);
        g_string_append_printf(out, "%s--set %s", out->len ? " " : "", quoted);
    }
}

void cli_print_failures(const Study *study) {
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (unsigned i = 0; i < study->runs->len; i++) {
        const RunResult *r = study->runs->pdata[i];
        if (r->code == EXIT_OK || r->code == EXIT_INTERRUPTED ||
            !g_hash_table_add(seen, r->failure))
            continue;
        g_autoptr(GString) with = g_string_new(NULL);
        cli_append_parameters(with, study->scenario, r->point);
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
        cli_append_parameters(with, study->scenario, r->point);
        if (study->runs->len > 1)
            printf("run %u, repetition %u%s%s\n", i, r->repetition, with->len ? ": " : "",
                   with->str);
        puts(text);
    }
}

/* Of a scenario's only run, if it has something to tell. */
static void print_story(const Study *study, const Store *store) {
    if (study->runs->len != 1) return;
    g_autofree char *record = store_record(store, ((RunResult *)study->runs->pdata[0])->identity),
                    *path = g_build_filename(record, "story.txt", NULL), *text = NULL;
    if (g_file_get_contents(path, &text, NULL, NULL)) printf("%s\n", text);
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
    g_printerr("sppemu: %s%u of %u runs are in %s, %u failed, %u were not run; tables, claims and "
               "pictures are drawn from these %u, and the same command computes %s\n",
               cli_interrupted ? "interrupted; " : "", ok, n, store_folder(store), failed,
               n - ok - failed, ok,
               failed ? "what is missing (the failed ones too with --retry-failed)"
                      : "what is missing");
}

int cli_show_study(Study *study, const Store *store, const Claims *claims, const ShowFlags *flags) {
    g_autoptr(GError) error = NULL;
    study->code = cli_study_code(study);
    int code = study->code;
    cli_print_failures(study);
    if (!study_claims(study, claims, &error)) {
        code = cli_complain(code ? code : EXIT_INPUT, error);
        g_clear_error(&error);
    }
    bool plots = !flags->no_plots && study_n_ok(study);
    progress_say(flags->progress, plots ? "writing tables, drawing pictures" : "writing tables");
    if (!results_write(study, store, plots, &error))
        code = cli_complain(code ? code : EXIT_RUN_FAILED, error);
    progress_clear(flags->progress);
    if (flags->json) {
        print_json(study);
    } else if (!flags->quiet) {
        print_story(study, store);
        headline_print(study, stdout);
        if (flags->stats) print_stats(study, store);
        print_files(study, store);
    }
    print_share(study, store);
    if (code == EXIT_OK && flags->strict && any_missed(study)) code = EXIT_INVARIANT;
    return code;
}

/* The command line ------------------------------------------------------------------------ */

char *cli_folder(const char *given) {
    char *path = g_strdup(given);
    for (size_t n = strlen(path); n > 1 && path[n - 1] == '/'; n--) path[n - 1] = 0;
    return path;
}

bool cli_share(const char *option, const char *text, double *share) {
    static const Param row = {.name = "", .type = PARAM_TYPE_FRACTION};
    ParamValue value;
    g_autoptr(GError) error = NULL;
    bool ok = param_read(&row, &value, text, NULL, &error) && value.real > 0 && value.real < 1;
    *share = ok ? value.real : NAN;
    if (!ok) cli_usage("--%s: found \"%s\", expected a share such as 10%%", option, text);
    return ok;
}
