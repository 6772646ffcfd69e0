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

/* A run that is to be explained, of a folder of results or of the document of `run --json`. */
typedef struct {
    const char *scenario; /* its name */
    json_t *parameters;
    uint64_t seed, fingerprint;
    unsigned number, repetition;
} Recorded;

typedef struct {
    const ExplainFlags *flags;
    const ComponentClass *const *classes;
    const CliResult *result; /* NULL: it is a document */
    json_t *document;
    const char *given; /* the operand */
    ExplainOptions options;
    const char *tmp;
} Job;

static json_t *document_run(const Job *job, unsigned n) {
    return json_array_get(json_object_get(job->document, "runs"), n);
}

static unsigned n_runs(const Job *job) {
    return job->result ? job->result->study.runs->len
                       : (unsigned)json_array_size(json_object_get(job->document, "runs"));
}

static bool recorded(const Job *job, unsigned n, Recorded *r, GError **error) {
    *r = (Recorded){.number = n};
    bool ok;
    if (job->result) {
        const Study *study = &job->result->study;
        const RunResult *run = study->runs->pdata[n];
        ok = run->status == RUN_OK;
        r->scenario = scenario_name(study->scenario);
        r->parameters = study_parameters_json(study, run);
        r->seed = study->seed;
        r->fingerprint = run->fingerprint;
        r->repetition = run->repetition;
    } else {
        json_t *run = document_run(job, n);
        const char *hex = json_string_value(json_object_get(run, "fingerprint"));
        ok = hex != NULL;
        r->scenario = json_string_value(json_object_get(job->document, "scenario"));
        r->parameters = json_incref(json_object_get(run, "parameters"));
        r->seed = (uint64_t)json_integer_value(json_object_get(job->document, "seed"));
        r->fingerprint = hex ? g_ascii_strtoull(hex, NULL, 16) : 0;
        r->repetition = (unsigned)json_integer_value(json_object_get(r->parameters, "repetition"));
    }
    return ok || input_error(error, "run %u: found no record of it that is ok, expected one", n);
}

/* The scenario of one run of a folder, as its values stand at that point. */
static Scenario *one_point(const Job *job, unsigned n, const char *folder, GError **error) {
    const Study *study = &job->result->study;
    g_autofree char *text = scenario_resolved(study->scenario,
                                              ((const RunResult *)study->runs->pdata[n])->point),
                    *path = g_build_filename(folder, "point.ini", NULL);
    if (!g_file_set_contents(path, text, -1, error)) return NULL;
    return scenario_load(path, NULL, job->classes, error);
}

/* That of a document: the scenario of its name, with its parameters. */
static Scenario *of_document(const Job *job, const Recorded *r, GError **error) {
    g_autoptr(GPtrArray) set = g_ptr_array_new_with_free_func(g_free);
    const char *key;
    json_t *value;
    json_object_foreach(r->parameters, key, value) if (strchr(key, '.'))
        g_ptr_array_add(set, g_strdup_printf("%s=%s", key, json_string_value(value)));
    g_ptr_array_add(set, NULL);
    Scenario *s = cli_load(r->scenario, (char **)set->pdata, job->classes, error);
    if (!s || scenario_n_points(s) == 1) return s;
    input_error(error, "%s: found %u points with the parameters of run %u, expected one",
                r->scenario, scenario_n_points(s), r->number);
    scenario_free(s);
    return NULL;
}

static Explanation *explain(const Job *job, const Recorded *r, Scenario **one, GError **error) {
    g_autofree char *number = g_strdup_printf("%u", r->number),
                    *folder = g_build_filename(job->tmp, number, NULL),
                    *study = g_build_filename(folder, "study", NULL);
    if (!folder_make(folder, error)) return NULL;
    *one = job->result ? one_point(job, r->number, folder, error) : of_document(job, r, error);
    if (!*one) return NULL;
    const char *timing = scenario_timing_at(*one, 0);
    if (timing && strcmp(timing, "detailed") != 0) {
        input_error(error,
                    "run %u: its timing is %s, which does not know what waits for what; explain a "
                    "run of the same with --timing detailed",
                    r->number, timing);
        return NULL;
    }
    return explain_new(*one, r->seed, r->repetition, r->fingerprint, study, &job->options, error);
}

static int failed(const Job *job, GError *error) {
    progress_clear(job->options.run.progress);
    if (cli_interrupted) return EXIT_INTERRUPTED;
    g_prefix_error(&error, "%s: ", job->given);
    int code = error->domain == SPPEMU_INPUT_ERROR ? EXIT_INPUT : EXIT_RUN_FAILED;
    cli_complain(code, error);
    g_error_free(error);
    return code;
}

static void print_json(json_t *doc) {
    json_dumpf(doc, stdout, JSON_INDENT(1) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(9));
    putchar('\n');
    json_decref(doc);
}

static json_t *run_json(const Recorded *r, const Explanation *x) {
    json_t *doc = json_object(), *rest = explain_json(x);
    json_object_set_new(doc, "schema", json_string("sppemu-explain-1"));
    json_object_set_new(doc, "scenario", json_string(r->scenario));
    json_object_set_new(doc, "run", json_integer(r->number));
    json_object_set(doc, "parameters", r->parameters);
    json_object_update(doc, rest);
    json_decref(rest);
    return doc;
}

/* "traffic.rate = 1Gbit/s, ...": what tells the run from others. Caller frees. */
static char *point_text(const Job *job, const Recorded *r) {
    GString *text = g_string_new(NULL);
    if (!job->result) return g_string_free(text, FALSE);
    const Study *study = &job->result->study;
    const Scenario *s = study->scenario;
    unsigned point = ((const RunResult *)study->runs->pdata[r->number])->point;
    g_autofree bool *chosen = g_new0(bool, scenario_n_parameters(s) + 1);
    scenario_telling(s, chosen);
    for (unsigned n = 0; n < scenario_n_parameters(s); n++) {
        ScenarioParameter p = scenario_parameter(s, point, n);
        if (chosen[n])
            g_string_append_printf(text, "%s%s = %s", text->len ? ", " : "", p.name, p.value);
    }
    return g_string_free(text, FALSE);
}

static void print_one(const Job *job, const Recorded *r, const Explanation *x) {
    if (n_runs(job) > 1) {
        g_autofree char *point = point_text(job, r);
        printf("run %u%s%s\n", r->number, *point ? ": " : "", point);
    }
    explain_print(x, job->flags->all, stdout);
}

static void print_line(const Job *job, const Recorded *r, const Explanation *x) {
    g_autofree char *answer = explain_answer(x), *point = point_text(job, r);
    printf("%3u  %6.2f%%  %s\n     %s\n", r->number, 100 * x->base->carried, answer, point);
}

/* One run taken apart, or several in a line each, by the rule alone. */
static int explain_all(Job *job, const GArray *numbers) {
    bool several = numbers->len > 1;
    json_t *list = json_array();
    int code = EXIT_OK;
    if (several) job->options.runs = 0;
    if (several && !job->flags->json) printf("run  carried  limit\n");
    for (unsigned i = 0; i < numbers->len && code == EXIT_OK; i++) {
        GError *error = NULL;
        Scenario *one = NULL;
        Recorded r;
        bool ok = recorded(job, g_array_index(numbers, unsigned, i), &r, &error);
        Explanation *x = ok ? explain(job, &r, &one, &error) : NULL;
        progress_clear(job->options.run.progress);
        if (!x)
            code = failed(job, error);
        else if (job->flags->json)
            json_array_append_new(list, run_json(&r, x));
        else
            (several ? print_line : print_one)(job, &r, x);
        explain_free(x);
        scenario_free(one);
        json_decref(r.parameters);
    }
    if (job->flags->json && code == EXIT_OK)
        print_json(several ? json_incref(list) : json_incref(json_array_get(list, 0)));
    if (several && code == EXIT_OK && !job->flags->json)
        printf("%u of %u runs, by the rule alone; one of them taken apart: sppemu explain %s RUN\n",
               numbers->len, n_runs(job), job->given);
    json_decref(list);
    return code;
}

/* Which runs are meant: a number, those of points for which an expression holds, or, without
 * either, all of a few and else some from first to last. */
static bool choose(const Job *job, const char *word, GArray *numbers, GError **error) {
    guint64 n;
    if (word && g_ascii_string_to_unsigned(word, 10, 0, G_MAXUINT, &n, NULL)) {
        unsigned number = (unsigned)n;
        if (n >= n_runs(job))
            return input_error(error, "found run %s, expected 0 to %u", word, n_runs(job) - 1);
        g_array_append_val(numbers, number);
        return true;
    }
    if (word && !job->result)
        return input_error(error,
                           "found \"%s\", expected the number of a run: a document has no "
                           "scenario to look parameters up in",
                           word);
    g_autoptr(GArray) keys = job->result ? g_array_copy(job->result->keys) : NULL;
    for (unsigned i = 0; word && i < keys->len; i++) g_array_index(keys, RunKey, i).wanted = true;
    if (word && !cli_filter(job->result->study.scenario, word, keys, error)) return false;
    for (unsigned i = 0; i < n_runs(job); i++) {
        const RunKey *key = keys ? &g_array_index(keys, RunKey, i) : NULL;
        if (!key || (!key->repetition && (!word || key->wanted))) g_array_append_val(numbers, i);
    }
    unsigned all = numbers->len;
    if (word || all <= MOST_POINTS) return true;
    for (unsigned i = 0; i < MOST_POINTS; i++)
        g_array_index(numbers, unsigned, i) =
            g_array_index(numbers, unsigned, i *(all - 1) / (MOST_POINTS - 1));
    g_array_set_size(numbers, MOST_POINTS);
    return true;
}

/* Runs of another build may come out otherwise. Of a document the fingerprint has to tell. */
static bool is_of_this_build(const Job *job, GError **error) {
    const char *build = job->result ? store_build(job->result->store) : build_id();
    return !strcmp(build, build_id()) ||
           input_error(error,
                       "was made by build %.8s of sppemu, and this one is %.8s, which may compute "
                       "something else; run the scenario again",
                       build, build_id());
}

static json_t *read_document(const char *path, GError **error) {
    json_error_t why;
    json_t *doc = json_load_file(path, 0, &why);
    const char *schema = json_string_value(json_object_get(doc, "schema"));
    if (doc && schema && !strcmp(schema, STUDY_SCHEMA) &&
        json_array_size(json_object_get(doc, "runs")) &&
        json_is_object(json_object_get(json_array_get(json_object_get(doc, "runs"), 0), "scalars")))
        return doc;
    input_error(error, "%s: found %s, expected the document of sppemu run --json", path,
                doc ? "another document" : why.text);
    json_decref(doc);
    return NULL;
}

static int explain_in(Job *job, const char *word) {
    GError *error = NULL;
    g_autoptr(GArray) numbers = g_array_new(FALSE, FALSE, sizeof(unsigned));
    if (!is_of_this_build(job, &error)) return failed(job, error);
    if (choose(job, word, numbers, &error)) return explain_all(job, numbers);
    int code = cli_usage("%s", error->message);
    g_error_free(error);
    return code;
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
    bool document = g_str_has_suffix(operands[0], ".json");
    Claims *claims = cli_claims();
    json_t *doc = document ? read_document(operands[0], &error) : NULL;
    CliResult *result =
        document ? NULL : cli_result_open(operands[0], false, claims, classes, &error);
    g_autofree char *tmp = doc || result ? g_dir_make_tmp("sppemu-explain-XXXXXX", &error) : NULL;
    int code = tmp ? EXIT_OK : cli_complain(EXIT_RUN_FAILED, error);
    if (tmp) {
        cli_catch_signals();
        Job job = {.flags = f,
                   .classes = classes,
                   .result = result,
                   .document = doc,
                   .given = operands[0],
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
    json_decref(doc);
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
