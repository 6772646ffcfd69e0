/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * explain: what limits a run, what is next, and where time went. */
#include <string.h>

#include "emu/cli/study.h"
#include "emu/cli/walk.h"
#include "emu/scenario/vary.h"
#include "emu/study/build.h"
#include "emu/study/explain.h"
#include "emu/study/file.h"
#include "emu/study/headline.h"

typedef struct {
    int jobs, runs;
    gboolean all, json, quiet;
    WalkFlags walk;
} ExplainFlags;

enum { MOST_POINTS = 12 };

typedef struct {
    const ExplainFlags *flags;
    const ComponentClass *const *classes;
    const CliResult *result;
    ExplainOptions options;
    const char *tmp;
} Job;

/* The scenario of one run of the result, as its values stand at that point. */
static Scenario *one_point(const Job *job, const RunResult *run, const char *folder,
                           GError **error) {
    g_autofree char *text = scenario_resolved(job->result->study.scenario, run->point),
                    *path = g_build_filename(folder, "point.ini", NULL);
    if (!g_file_set_contents(path, text, -1, error)) return NULL;
    return scenario_load(path, NULL, job->classes, error);
}

static Explanation *explain(const Job *job, unsigned n, Scenario **one, GError **error) {
    const RunResult *run = job->result->study.runs->pdata[n];
    g_autofree char *number = g_strdup_printf("%u", n),
                    *folder = g_build_filename(job->tmp, number, NULL),
                    *study = g_build_filename(folder, "study", NULL);
    if (run->status != RUN_OK) {
        input_error(error, "run %u: found no record of it that is ok, expected one", n);
        return NULL;
    }
    if (!folder_make(folder, error) || !(*one = one_point(job, run, folder, error))) return NULL;
    const char *timing = scenario_timing_at(*one, 0);
    if (timing && strcmp(timing, "detailed") != 0) {
        input_error(error,
                    "run %u: its timing is %s, which does not know what waits for what; explain a "
                    "run of the same with --timing detailed",
                    n, timing);
        return NULL;
    }
    return explain_new(*one, job->result->study.seed, run->repetition, run->fingerprint, study,
                       &job->options, error);
}

static int failed(const Job *job, GError *error) {
    progress_clear(job->options.run.progress);
    if (cli_interrupted) return EXIT_INTERRUPTED;
    return cli_complain(error->domain == SPPEMU_INPUT_ERROR ? EXIT_INPUT : EXIT_RUN_FAILED, error);
}

static void print_json(json_t *doc) {
    json_dumpf(doc, stdout, JSON_INDENT(1) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(9));
    putchar('\n');
    json_decref(doc);
}

static json_t *run_json(const Job *job, unsigned n, const Explanation *x) {
    const RunResult *run = job->result->study.runs->pdata[n];
    json_t *doc = json_object();
    json_object_set_new(doc, "schema", json_string("sppemu-explain-1"));
    json_object_set_new(doc, "scenario", json_string(scenario_name(job->result->study.scenario)));
    json_object_set_new(doc, "run", json_integer(n));
    json_object_set_new(doc, "parameters", study_parameters_json(&job->result->study, run));
    json_t *rest = explain_json(x);
    json_object_update(doc, rest);
    json_decref(rest);
    return doc;
}

/* "traffic.rate = 1Gbit/s, ...": what tells the point from others. Caller frees. */
static char *point_text(const Scenario *s, unsigned point) {
    GString *text = g_string_new(NULL);
    g_autofree bool *chosen = g_new0(bool, scenario_n_parameters(s) + 1);
    scenario_telling(s, chosen);
    for (unsigned n = 0; n < scenario_n_parameters(s); n++) {
        ScenarioParameter p = scenario_parameter(s, point, n);
        if (chosen[n])
            g_string_append_printf(text, "%s%s = %s", text->len ? ", " : "", p.name, p.value);
    }
    return g_string_free(text, FALSE);
}

static void print_head(const Job *job, unsigned n) {
    const RunResult *run = job->result->study.runs->pdata[n];
    if (job->result->study.runs->len == 1) return;
    g_autofree char *point = point_text(job->result->study.scenario, run->point);
    printf("run %u%s%s\n", n, *point ? ": " : "", point);
}

static int explain_one(Job *job, unsigned n) {
    g_autoptr(GError) error = NULL;
    Scenario *one = NULL;
    Explanation *x = explain(job, n, &one, &error);
    int code = x ? EXIT_OK : failed(job, error);
    progress_clear(job->options.run.progress);
    if (x && job->flags->json) {
        print_json(run_json(job, n, x));
    } else if (x) {
        print_head(job, n);
        explain_print(x, job->flags->all, stdout);
    }
    explain_free(x);
    scenario_free(one);
    return code;
}

/* Some runs in a line each, by the rule alone. */
static int explain_several(Job *job, const GArray *numbers) {
    unsigned n = numbers->len;
    job->options.runs = 0;
    json_t *list = json_array();
    if (!job->flags->json) printf("run  carried  limit\n");
    int code = EXIT_OK;
    for (unsigned i = 0; i < n && code == EXIT_OK; i++) {
        g_autoptr(GError) error = NULL;
        Scenario *one = NULL;
        unsigned number = g_array_index(numbers, unsigned, i);
        Explanation *x = explain(job, number, &one, &error);
        if (!x) {
            code = failed(job, error);
        } else if (job->flags->json) {
            json_array_append_new(list, run_json(job, number, x));
        } else {
            const RunResult *run = job->result->study.runs->pdata[number];
            g_autofree char *answer = explain_answer(x);
            g_autofree char *point = point_text(job->result->study.scenario, run->point);
            progress_clear(job->options.run.progress);
            printf("%3u  %6.2f%%  %s\n     %s\n", number, 100 * x->base->carried, answer, point);
        }
        explain_free(x);
        scenario_free(one);
    }
    if (job->flags->json && code == EXIT_OK)
        print_json(list);
    else
        json_decref(list);
    if (code == EXIT_OK && !job->flags->json)
        printf("%u of %u runs, by the rule alone; one of them taken apart: sppemu explain %s RUN\n",
               n, job->result->study.runs->len, store_folder(job->result->store));
    return code;
}

/* Which runs are meant: a number, those of points for which an expression holds, or, without
 * either, all of a few and else some from first to last. */
static bool choose(const Job *job, const char *word, GArray *numbers, GError **error) {
    const Study *study = &job->result->study;
    guint64 n;
    if (word && g_ascii_string_to_unsigned(word, 10, 0, G_MAXUINT, &n, NULL)) {
        unsigned number = (unsigned)n;
        if (n >= study->runs->len)
            return input_error(error, "found run %s, expected 0 to %u", word, study->runs->len - 1);
        g_array_append_val(numbers, number);
        return true;
    }
    g_autoptr(GArray) keys = g_array_copy(job->result->keys);
    if (word) {
        for (unsigned i = 0; i < keys->len; i++) g_array_index(keys, RunKey, i).wanted = true;
        if (!cli_filter(study->scenario, word, keys, error)) return false;
    }
    for (unsigned i = 0; i < keys->len; i++)
        if ((!word || g_array_index(keys, RunKey, i).wanted) &&
            g_array_index(keys, RunKey, i).repetition == 0)
            g_array_append_val(numbers, i);
    unsigned all = numbers->len;
    if (word || all <= MOST_POINTS) return true;
    for (unsigned i = 0; i < MOST_POINTS; i++)
        g_array_index(numbers, unsigned, i) =
            g_array_index(numbers, unsigned, i *(all - 1) / (MOST_POINTS - 1));
    g_array_set_size(numbers, MOST_POINTS);
    return true;
}

static int explain_in(Job *job, const char *word) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) numbers = g_array_new(FALSE, FALSE, sizeof(unsigned));
    const char *build = store_build(job->result->store);
    if (strcmp(build, build_id()) != 0)
        return cli_usage("%s: was made by build %.8s of sppemu, and this one is %.8s, which may "
                         "compute something else; run the scenario again",
                         store_folder(job->result->store), build, build_id());
    if (!choose(job, word, numbers, &error)) return cli_usage("%s", error->message);
    return numbers->len == 1 ? explain_one(job, g_array_index(numbers, unsigned, 0))
                             : explain_several(job, numbers);
}

static int explain_run(char **operands, void *flags, const ComponentClass *const *classes) {
    ExplainFlags *f = flags;
    g_autoptr(GError) error = NULL;
    f->walk.json = f->json;
    if (cli_walk_asked(&f->walk)) return cli_walk(&f->walk, operands[0], operands[1], classes);
    if (f->jobs < 1 || f->jobs > MAX_JOBS)
        return cli_usage("--jobs: found %d, expected 1 to %d", f->jobs, MAX_JOBS);
    if (f->runs < 0 || f->runs > 1000)
        return cli_usage("--runs: found %d, expected 0 to 1000", f->runs);
    Claims *claims = cli_claims();
    CliResult *result = cli_result_open(operands[0], false, claims, classes, &error);
    g_autofree char *tmp = result ? g_dir_make_tmp("sppemu-explain-XXXXXX", &error) : NULL;
    int code = tmp ? EXIT_OK : cli_complain(EXIT_RUN_FAILED, error);
    if (tmp) {
        cli_catch_signals();
        Job job = {.flags = f,
                   .classes = classes,
                   .result = result,
                   .tmp = tmp,
                   .options = {.runs = (unsigned)f->runs,
                               .run = {.jobs = (unsigned)f->jobs,
                                       .explain = true,
                                       .progress = f->quiet ? NULL : progress_new(),
                                       .interrupted = &cli_interrupted}}};
        code = explain_in(&job, operands[1]);
        progress_free(job.options.run.progress);
        folder_remove(tmp);
    }
    if (result) cli_result_free(result);
    claims_free(claims);
    return code;
}

static const GOptionEntry explain_options[] = {
    CLI_OPTION(ExplainFlags, runs, "runs", 0, INT,
               "At most so many runs with something moved (default 24; 0: by the rule alone)", "N"),
    CLI_OPTION(ExplainFlags, all, "all", 'a', NONE, "Also resources that hardly anybody used",
               NULL),
    CLI_OPTION(ExplainFlags, walk.packet, "packet", 0, STRING,
               "Of a recorded run, the walk of one packet: 17, or traffic:17", "N"),
    CLI_OPTION(ExplainFlags, walk.first_drop, "first-drop", 0, NONE,
               "The walk of the first packet that was dropped", NULL),
    CLI_OPTION(ExplainFlags, walk.slowest, "slowest", 0, NONE,
               "The walk of the packet that was slowest to be delivered", NULL),
    CLI_OPTION(ExplainFlags, walk.paths, "paths", 0, NONE,
               "How many packets took which path, and how they ended", NULL),
    CLI_OPTION(ExplainFlags, json, "json", 0, NONE, "One JSON document", NULL),
    CLI_OPTION(ExplainFlags, jobs, "jobs", 'j', INT, "Runs at a time, each in a process of its own",
               "N"),
    CLI_OPTION(ExplainFlags, quiet, "quiet", 'q', NONE, "Print no progress", NULL),
    {0}};

const CliVerb explain_verb = {
    .name = "explain",
    .operands = "RESULT [RUN]",
    .text = "say what limits a run, what is next, and where its packets' time went",
    .more =
        "The run is computed once more with its resources watched, which does not change it; then "
        "some with the parameters moved by a tenth that make more of what limits it, and of "
        "what nobody has published. RUN is a number as in runs/, or an expression over "
        "parameters as in --filter; several runs are a line each.",
    .examples =
        (const CliExample[]){
            {"sppemu explain results/label", "the only run of a result"},
            {"sppemu explain results/fig9 'traffic.payload == 0 and traffic.rate == 5Gbit/s'",
             "one point of a study, by its parameters"},
            {"sppemu explain results/fig9 12 --runs 0", "run 12, by the rule alone"},
            {"sppemu explain results/label --first-drop",
             "why a packet was lost, of a run with --record"},
            {0}},
    .options = explain_options,
    CLI_FLAGS(ExplainFlags, {.jobs = 1, .runs = 24}),
    .run = explain_run};
