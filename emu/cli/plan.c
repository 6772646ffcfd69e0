/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * plan: the smallest node that carries what is asked for. */
#include <math.h>
#include <string.h>

#include "emu/cli/study.h"
#include "emu/study/plan.h"

#define PARENT RESULTS "/plan"

typedef struct {
    char **set, *output, *seed, *timing, *share;
    double grow;
    int jobs, repeat;
    gboolean quick, json, quiet;
} PlanFlags;

static const Planner *planner_of(const ComponentClass *const *classes) {
    for (; *classes; classes++)
        if ((*classes)->planner) return (*classes)->planner;
    return NULL;
}

static int show(const PlanFlags *f, const Plan *p, const char *name) {
    g_autoptr(GError) error = NULL;
    int code = plan_write(p, &error) ? EXIT_OK : cli_complain(EXIT_RUN_FAILED, error);
    if (f->json) {
        json_t *json = plan_json(p);
        json_dumpf(json, stdout, JSON_INDENT(1) | JSON_SORT_KEYS | JSON_REAL_PRECISION(12));
        putchar('\n');
        json_decref(json);
    } else if (!f->quiet) {
        plan_print(p, name, stdout);
        if (p->draft) printf("\nscenario: %s/plan.ini\n", p->options.folder);
    }
    return p->draft ? code : EXIT_RUN_FAILED;
}

static int plan_one(const PlanFlags *f, const char *file, const Scenario *s, PlanOptions *options,
                    const Planner *planner) {
    g_autoptr(GError) error = NULL;
    NetworkOptions of_net = {.seed = options->seed};
    Network *asked = scenario_build(s, 0, &of_net, &error);
    if (!asked) return cli_complain(EXIT_INPUT, error);
    Plan *p = plan_new(planner, asked, options, &error);
    progress_clear(options->run.progress);
    int code;
    if (p) {
        code = show(f, p, scenario_name(s));
    } else if (cli_interrupted) {
        g_printerr("sppemu: interrupted; finished runs are in %s, and the same command goes on\n",
                   options->folder);
        code = EXIT_INTERRUPTED;
    } else {
        code =
            cli_complain(error->domain == SPPEMU_INPUT_ERROR ? EXIT_INPUT : EXIT_RUN_FAILED, error);
    }
    plan_free(p);
    network_free(asked);
    (void)file;
    return code;
}

static int plan_run(char **operands, void *flags, const ComponentClass *const *classes) {
    PlanFlags *f = flags;
    g_autoptr(GError) error = NULL;
    guint64 seed = 1;
    const Planner *planner = planner_of(classes);
    PlanOptions options = {.classes = classes,
                           .repeat = (unsigned)f->repeat,
                           .grow = f->grow,
                           .fast = !g_strcmp0(f->timing, "fast"),
                           .quick = f->quick,
                           .run = {.jobs = (unsigned)f->jobs, .interrupted = &cli_interrupted}};
    if (!planner) return cli_usage("plan: found nobody who knows what there is to plan with");
    if (f->jobs < 1 || f->jobs > MAX_JOBS)
        return cli_usage("--jobs: found %d, expected 1 to %d", f->jobs, MAX_JOBS);
    if (f->repeat < 1 || f->repeat > (int)SCENARIO_MAX_REPEAT)
        return cli_usage("--repeat: found %d, expected 1 to %u", f->repeat, SCENARIO_MAX_REPEAT);
    if (!(f->grow > 0) || f->grow > 1e6)
        return cli_usage("--grow: found %g, expected a factor above 0, such as 1.5", f->grow);
    if (f->output && !*f->output)
        return cli_usage("--output: found nothing, expected the name of a folder");
    if (f->seed && !g_ascii_string_to_unsigned(f->seed, 10, 0, INT64_MAX, &seed, NULL))
        return cli_usage("--seed: found \"%s\", expected a whole number", f->seed);
    if (f->timing && strcmp(f->timing, "fast") != 0 && strcmp(f->timing, "detailed") != 0)
        return cli_usage("--timing: found \"%s\", expected one of detailed, fast", f->timing);
    if (!cli_share("assume", f->share ? f->share : "10%", &options.share)) return EXIT_USAGE;
    Scenario *s = cli_load(operands[0], f->set, classes, &error);
    if (!s) return cli_complain(EXIT_INPUT, error);
    int code;
    if (scenario_n_points(s) != 1) {
        code = cli_usage("%s: found a study of %u points, expected one plan: --set fixes what "
                         "iterates",
                         operands[0], scenario_n_points(s));
    } else {
        g_autofree char *folder =
            f->output ? cli_folder(f->output) : g_build_filename(PARENT, scenario_name(s), NULL);
        cli_catch_signals();
        options.seed = f->seed ? seed : scenario_seed(s);
        options.folder = folder;
        options.run.progress = f->quiet ? NULL : progress_new();
        code = plan_one(f, operands[0], s, &options, planner);
        progress_free(options.run.progress);
    }
    scenario_free(s);
    return code;
}

static const GOptionEntry plan_options[] = {
    CLI_OPTION(PlanFlags, grow, "grow", 0, DOUBLE, "All demands times this (default 1)", "FACTOR"),
    CLI_OPTION(PlanFlags, repeat, "repeat", 0, INT,
               "Repetitions in each of which the node has to carry it (default 3)", "N"),
    CLI_OPTION(PlanFlags, share, "assume", 0, STRING,
               "How wrong assumed numbers may be (default 10%)", "SHARE"),
    CLI_OPTION(PlanFlags, quick, "quick", 0, NONE,
               "Neither how far it may grow nor what is assumed", NULL),
    CLI_OPTION(PlanFlags, set, "set", 's', STRING_ARRAY, "Override one value; may be repeated",
               "SECTION.KEY=VALUE"),
    CLI_OPTION(PlanFlags, timing, "timing", 0, STRING, "How times inside chips are found",
               "detailed|fast"),
    CLI_OPTION(PlanFlags, jobs, "jobs", 'j', INT, "Runs at a time, each in a process of its own",
               "N"),
    CLI_OPTION(PlanFlags, output, "output", 'o', FILENAME,
               "Results folder (default results/plan/FILE)", "DIR"),
    CLI_OPTION(PlanFlags, seed, "seed", 0, STRING, "Seed of all random streams", "N"),
    CLI_OPTION(PlanFlags, json, "json", 0, NONE, "Print JSON on standard output", NULL),
    CLI_OPTION(PlanFlags, quiet, "quiet", 'q', NONE, "Print no tables and no progress", NULL),
    {0}};

const CliVerb plan_verb = {
    .name = "plan",
    .operands = "FILE",
    .text = "find the smallest node that carries what is asked for",
    .more = "FILE has [demand NAME] sections, and [budget NAME] if there are limits (sppemu help "
            "demand). A node is drafted by bounds from the parameter tables, and confirmed by "
            "runs; one host fewer has to fail. Then: how far all demands may grow, what breaks, "
            "and which assumed numbers would change the answer. plan.ini in the folder is the "
            "node as a scenario. The same command goes on where it ended.",
    .exits = "Exit codes: 0 there is one, 1 it cannot be done, or a file failed, 2 usage, 3 the "
             "plan is invalid, 130 interrupted.",
    .examples = (const CliExample[]){{"sppemu plan slices-50 -j2", "an example that is shipped"},
                                     {"sppemu plan slices-50 --grow 1.5 -j2",
                                      "what it takes if demand grows by half"},
                                     {"sppemu plan my.ini --quick --timing=fast", "a first look"},
                                     {0}},
    .options = plan_options,
    CLI_FLAGS(PlanFlags, {.jobs = 1, .repeat = 3, .grow = 1}),
    .run = plan_run};
