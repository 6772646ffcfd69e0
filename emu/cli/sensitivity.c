/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * sensitivity: how far claims move with the numbers of a scenario. */
#include <math.h>
#include <string.h>

#include "emu/cli/study.h"
#include "emu/study/sensitivity.h"

#define PARENT RESULTS "/sensitivity"

typedef struct {
    char **set, **metrics, *timing, *output, *seed, *step, *threshold;
    int jobs, repeat;
    gboolean force, no_plots, quiet;
} SensitivityFlags;

static int measure(const SensitivityFlags *f, Scenario *s, const Store *store, const Claims *claims,
                   const SensitivityOptions *options) {
    g_autoptr(GError) error = NULL;
    Sensitivity *x = sensitivity_new(s, store, claims, options, &error);
    progress_clear(options->run.progress);
    if (!x && cli_interrupted) {
        g_printerr("sppemu: interrupted; finished runs are in %s, and the same command goes on\n",
                   store_folder(store));
        return EXIT_INTERRUPTED;
    }
    if (!x)
        return cli_complain(error->domain == SPPEMU_INPUT_ERROR ? EXIT_INPUT : EXIT_RUN_FAILED,
                            error);
    int code = sensitivity_write(x, store_folder(store), !f->no_plots, &error)
                   ? EXIT_OK
                   : cli_complain(EXIT_RUN_FAILED, error);
    if (!f->quiet) {
        sensitivity_print(x, stdout);
        printf("results: %s\n", store_folder(store));
    }
    sensitivity_free(x);
    return code;
}

/* `many`: one of several, which have a folder each below that of -o. */
static int one(const SensitivityFlags *f, const char *file, bool many, SensitivityOptions *options,
               const Claims *claims, const ComponentClass *const *classes) {
    g_autoptr(GError) error = NULL;
    guint64 seed = 0;
    Scenario *s = cli_load(file, f->set, classes, &error);
    if (!s) return cli_complain(EXIT_INPUT, error);
    if (f->seed && !g_ascii_string_to_unsigned(f->seed, 10, 0, INT64_MAX, &seed, NULL)) {
        scenario_free(s);
        return cli_usage("--seed: found \"%s\", expected a whole number", f->seed);
    }
    if (!f->seed) seed = scenario_seed(s);
    int code = cli_check(s, claims, options->run.progress);
    progress_clear(options->run.progress);
    g_autofree char *given = f->output ? cli_folder(f->output) : NULL;
    g_autofree char *folder = given && many ? g_build_filename(given, scenario_name(s), NULL)
                              : given
                                  ? g_strdup(given)
                                  : cli_default_folder(PARENT, s, f->set, f->seed, seed, f->force);
    Store *store = code ? NULL : store_open(s, seed, (unsigned)f->repeat, folder, f->force, &error);
    if (store)
        code = measure(f, s, store, claims, options);
    else if (!code)
        code = cli_complain(EXIT_RUN_FAILED, error);
    store_close(store);
    scenario_free(s);
    return code;
}

static int run_sensitivity(char **operands, void *flags, const ComponentClass *const *classes) {
    SensitivityFlags *f = flags;
    SensitivityOptions options = {
        .metrics = (const char *const *)f->metrics,
        .run = {.jobs = (unsigned)f->jobs, .interrupted = &cli_interrupted}};
    if (f->jobs < 1 || f->jobs > MAX_JOBS)
        return cli_usage("--jobs: found %d, expected 1 to %d", f->jobs, MAX_JOBS);
    if (f->repeat < 1 || f->repeat > (int)SCENARIO_MAX_REPEAT)
        return cli_usage("--repeat: found %d, expected 1 to %u", f->repeat, SCENARIO_MAX_REPEAT);
    if (f->output && !*f->output)
        return cli_usage("--output: found nothing, expected the name of a folder");
    if (!cli_share("step", f->step ? f->step : "10%", &options.step) ||
        !cli_share("threshold", f->threshold ? f->threshold : "1%", &options.threshold) ||
        !cli_set_timing(&f->set, f->timing))
        return EXIT_USAGE;
    cli_catch_signals();
    options.run.progress = f->quiet ? NULL : progress_new();
    Claims *claims = cli_claims();
    int code = EXIT_OK;
    for (unsigned i = 0; operands[i] && !cli_interrupted; i++) {
        int this = one(f, operands[i], operands[1] != NULL, &options, claims, classes);
        if (!code) code = this;
    }
    claims_free(claims);
    progress_free(options.run.progress);
    return code;
}

static const GOptionEntry sensitivity_options[] = {
    CLI_OPTION(SensitivityFlags, step, "step", 0, STRING,
               "How far each number is moved, of itself (default 10%)", "SHARE"),
    CLI_OPTION(SensitivityFlags, threshold, "threshold", 0, STRING,
               "The least change of a claim that counts (default 1%)", "SHARE"),
    CLI_OPTION(SensitivityFlags, metrics, "metric", 'm', STRING_ARRAY,
               "Measure this too, as in [expect] metric; may be repeated", "EXPR"),
    CLI_OPTION(SensitivityFlags, repeat, "repeat", 0, INT,
               "Repetitions of every point, for intervals", "N"),
    CLI_OPTION(SensitivityFlags, set, "set", 's', STRING_ARRAY,
               "Override one value; may be repeated, may iterate", "SECTION.KEY=VALUE"),
    CLI_TIMING(SensitivityFlags),
    CLI_OPTION(SensitivityFlags, jobs, "jobs", 'j', INT,
               "Runs at a time, each in a process of its own", "N"),
    CLI_OPTION(SensitivityFlags, output, "output", 'o', FILENAME,
               "Results folder (default results/sensitivity/SCENARIO, and what --set changes)",
               "DIR"),
    CLI_OPTION(SensitivityFlags, force, "force", 'f', NONE,
               "Discard the results of another study that the folder holds", NULL),
    CLI_OPTION(SensitivityFlags, seed, "seed", 0, STRING, "Seed of all random streams", "N"),
    CLI_OPTION(SensitivityFlags, no_plots, "no-plots", 0, NONE, "Draw nothing", NULL),
    CLI_OPTION(SensitivityFlags, quiet, "quiet", 'q', NONE, "Print no tables and no progress",
               NULL),
    {0}};

const CliVerb sensitivity_verb = {
    .name = "sensitivity",
    .operands = "FILE...",
    .text = "move every number of a scenario, and see how far its claims move",
    .more = "Numbers of components and of the scenario, all of them, each way; in groups first, "
            "then one by one where a group moves a claim. Writes sensitivity.tsv (claim by "
            "choice), choices.tsv (what was moved, and what could not be) and a tornado plot for "
            "each claim. The same command goes on where it ended.",
    .examples =
        (const CliExample[]){
            {"sppemu sensitivity s-130 -j2", "which numbers the claim of s-130 hangs on"},
            {"sppemu sensitivity my.ini --repeat 5 --step 5%", "with intervals, and smaller steps"},
            {"sppemu sensitivity label -m 'max(sink.delivered_pps)'",
             "of a scenario that claims nothing"},
            {0}},
    .options = sensitivity_options,
    CLI_FLAGS(SensitivityFlags, {.jobs = 1, .repeat = 1}),
    .run = run_sensitivity};
