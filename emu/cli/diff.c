/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * diff: two runs: which parameters, scalars and claims differ, and the first event that does. */
#include <math.h>
#include <string.h>

#include "emu/cli/study.h"
#include "emu/study/build.h"
#include "emu/study/diverge.h"

typedef struct {
    char *run;
    gboolean all, no_events;
} DiffFlags;

enum { DIFFERS = 1, SHOWN = 20 };

/* A or B: a run of a result, or of a scenario's file, which is computed. */
typedef struct {
    const char *given;
    CliResult *result; /* NULL: of a file */
    Scenario *own;     /* of a file */
    RunResult *computed;
    const RunResult *r;
    DivergeRun run;
} Side;

typedef struct {
    const DiffFlags *flags;
    const Claims *claims;
    const ComponentClass *const *classes;
    Side side[2];
} Job;

static void side_clear(Side *s) {
    if (s->result) cli_result_free(s->result);
    run_result_free(s->computed);
    if (s->own) scenario_free(s->own);
}

static int choose(const Job *job, const Side *s, unsigned n_runs, uint64_t *n) {
    *n = 0;
    if (!job->flags->run || g_ascii_string_to_unsigned(job->flags->run, 10, 0, n_runs - 1, n, NULL))
        return EXIT_OK;
    return cli_usage("--run: found \"%s\", expected one of 0 to %u, which %s has", job->flags->run,
                     n_runs - 1, s->given);
}

static int open_result(const Job *job, Side *s) {
    g_autoptr(GError) error = NULL;
    uint64_t n;
    s->result = cli_result_open(s->given, false, job->claims, job->classes, &error);
    if (!s->result) return cli_complain(EXIT_INPUT, error);
    const GPtrArray *runs = s->result->study.runs;
    int code = choose(job, s, runs->len, &n);
    if (code) return code;
    s->r = runs->pdata[n];
    s->run = (DivergeRun){store_scenario(s->result->store), store_seed(s->result->store),
                          s->r->point, s->r->repetition};
    if (s->r->status == RUN_OK) return EXIT_OK;
    g_printerr("sppemu: %s: run %u is not there, or failed; expected one that is ok\n", s->given,
               (unsigned)n);
    return EXIT_INPUT;
}

static int open_file(const Job *job, Side *s) {
    g_autoptr(GError) error = NULL;
    uint64_t n;
    s->own = cli_load(s->given, NULL, job->classes, &error);
    if (!s->own) return cli_complain(EXIT_INPUT, error);
    int code = choose(job, s, scenario_n_points(s->own), &n);
    if (code) return code;
    s->run = (DivergeRun){s->own, scenario_seed(s->own), (unsigned)n, 0};
    s->r = s->computed =
        run_once(s->own, s->run.seed, (RunKey){(unsigned)n, 0, true}, NULL, &cli_interrupted);
    if (cli_interrupted) return EXIT_INTERRUPTED;
    if (s->r->status == RUN_OK) return EXIT_OK;
    g_printerr("sppemu: %s: %s\n", s->given, s->r->failure);
    return EXIT_INPUT;
}

/* Parameters ------------------------------------------------------------------------------ */

static void take_key(const char *section, const char *key, const Param *row, const char *value,
                     void *table) {
    (void)row;
    g_hash_table_insert(table, g_strconcat(section, ".", key, NULL), g_strdup(value));
}

/* Every value at the run's point, by its name. */
static GHashTable *values_of(const Side *s) {
    GHashTable *values = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    scenario_each_key(s->run.scenario, take_key, values);
    for (unsigned n = 0; n < scenario_n_parameters(s->run.scenario); n++) {
        ScenarioParameter p = scenario_parameter(s->run.scenario, s->run.point, n);
        g_hash_table_insert(values, g_strdup(p.name), g_strdup(p.value));
    }
    return values;
}

static int by_name(const void *a, const void *b) {
    return compare_names(*(const char *const *)a, *(const char *const *)b);
}

/* Keys of either table, sorted. */
static GPtrArray *all_keys(GHashTable *a, GHashTable *b) {
    GPtrArray *keys = g_ptr_array_new();
    GHashTable *const tables[] = {a, b};
    for (unsigned t = 0; t < 2; t++) {
        GHashTableIter iter;
        void *key;
        g_hash_table_iter_init(&iter, tables[t]);
        while (g_hash_table_iter_next(&iter, &key, NULL))
            if (!t || !g_hash_table_contains(a, key)) g_ptr_array_add(keys, key);
    }
    g_ptr_array_sort(keys, by_name);
    return keys;
}

/* The values that differ, a line each; how many. */
static unsigned print_tables(const char *what, GHashTable *a, GHashTable *b, bool all) {
    g_autoptr(GPtrArray) keys = all_keys(a, b);
    unsigned n = 0;
    for (unsigned i = 0; i < keys->len; i++) {
        const char *x = g_hash_table_lookup(a, keys->pdata[i]),
                   *y = g_hash_table_lookup(b, keys->pdata[i]);
        if (g_strcmp0(x, y) == 0) continue;
        if (n++ >= SHOWN && !all) continue;
        printf("%s%s\n  A %s\n  B %s\n", n == 1 ? what : "", (char *)keys->pdata[i],
               x ? x : "(does not have it)", y ? y : "(does not have it)");
    }
    if (n > SHOWN && !all) printf("and %u more, which --all shows\n", n - SHOWN);
    return n;
}

/* Scalars and claims ---------------------------------------------------------------------- */

static GHashTable *scalars_of(const Side *s) {
    GHashTable *values = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
    for (unsigned i = 0; i < s->r->scalars->len; i++) {
        const RunScalar *x = &g_array_index(s->r->scalars, RunScalar, i);
        g_hash_table_insert(values, (char *)x->name,
                            g_strdup_printf("%.12g %s", x->value, x->unit));
    }
    return values;
}

static GHashTable *claims_of(const Side *s) {
    GHashTable *values = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
    const GArray *claims = s->result->study.claims;
    for (unsigned i = 0; i < claims->len; i++) {
        const ClaimResult *c = &g_array_index(claims, ClaimResult, i);
        g_hash_table_insert(values, (char *)c->id,
                            isnan(c->value)
                                ? g_strdup(c->verdict)
                                : g_strdup_printf("%.12g %s, %s", c->value, c->unit, c->verdict));
    }
    return values;
}

static unsigned print_values(const Job *job) {
    const Side *a = &job->side[0], *b = &job->side[1];
    g_autoptr(GHashTable) pa = values_of(a), pb = values_of(b), sa = scalars_of(a),
                          sb = scalars_of(b);
    unsigned n = print_tables("parameters that differ\n", pa, pb, job->flags->all);
    if (a->run.seed != b->run.seed) {
        printf("seed\n  A %" G_GUINT64_FORMAT "\n  B %" G_GUINT64_FORMAT "\n", a->run.seed,
               b->run.seed);
        n++;
    }
    n += print_tables("scalars that differ\n", sa, sb, job->flags->all);
    if (!a->result || !b->result) return n;
    g_autoptr(GHashTable) ca = claims_of(a), cb = claims_of(b);
    return n + print_tables("claims of the studies that differ\n", ca, cb, true);
}

/* Events ---------------------------------------------------------------------------------- */

static SimTime ends_at(const Side *s) {
    const RunScalar *duration = run_scalar(s->r, "run.duration_s");
    return duration ? (SimTime)(duration->value * 1e12 + 0.5) : 0;
}

static int print_event(const Job *job) {
    g_autoptr(GError) error = NULL;
    const Side *a = &job->side[0], *b = &job->side[1];
    Divergence d;
    SimTime until = MAX(ends_at(a), ends_at(b));
    if (!diverge(&a->run, &b->run, until, &cli_interrupted, &d, &error))
        return error ? cli_complain(EXIT_INPUT, error) : EXIT_INTERRUPTED;
    if (d.found)
        printf("first event that differs: %s, at %.6f us\n  A %s\n  B %s\n", d.component,
               (double)d.at / 1e6, d.a ? d.a : "nothing by then", d.b ? d.b : "nothing by then");
    else
        printf("events: computed again by this build (%.8s), both do the same\n", build_id());
    divergence_clear(&d);
    return DIFFERS;
}

static int show(const Job *job) {
    const Side *a = &job->side[0], *b = &job->side[1];
    unsigned n = print_values(job);
    bool same = a->r->fingerprint == b->r->fingerprint;
    if (same)
        printf("events: the same, fingerprint 0x%016" G_GINT64_MODIFIER "x\n", a->r->fingerprint);
    else if (!job->flags->no_events)
        return print_event(job);
    return n || !same ? DIFFERS : EXIT_OK;
}

static int diff_run(char **operands, void *flags, const ComponentClass *const *classes) {
    Claims *claims = cli_claims();
    Job job = {.flags = flags, .claims = claims, .classes = classes};
    int code = EXIT_OK;
    cli_catch_signals();
    for (unsigned i = 0; i < 2 && code == EXIT_OK; i++) {
        Side *s = &job.side[i];
        s->given = operands[i];
        bool folder = g_file_test(s->given, G_FILE_TEST_IS_DIR);
        code = folder ? open_result(&job, s) : open_file(&job, s);
    }
    if (code == EXIT_OK) code = show(&job);
    side_clear(&job.side[0]);
    side_clear(&job.side[1]);
    claims_free(claims);
    return code;
}

static const GOptionEntry diff_options[] = {
    CLI_OPTION(DiffFlags, run, "run", 0, STRING,
               "Which run of a study, or point of a scenario (default 0)", "N"),
    CLI_OPTION(DiffFlags, all, "all", 'a', NONE, "All that differs, not the first 20 of a kind",
               NULL),
    CLI_OPTION(DiffFlags, no_events, "no-events", 0, NONE, "Do not look for the first event", NULL),
    {0}};

const CliVerb diff_verb = {
    .name = "diff",
    .operands = "A B",
    .text = "what differs between two runs: parameters, scalars, claims, and the first event",
    .more = "A and B are folders of results, or scenarios, which are computed. If what happened "
            "differs, both are computed side by side up to the first departure, arrival, enqueue "
            "or drop that is not the same, of the same packet at the same time, in both.",
    .exits = "Exit codes: 0 the same, 1 they differ, 2 usage, 3 scenario or input invalid, 130 "
             "interrupted.",
    .examples =
        (const CliExample[]){
            {"sppemu diff results/label results/label,seed=2", "where two results part"},
            {"sppemu diff label my.ini", "a scenario of one's own beside the one it comes from"},
            {0}},
    .options = diff_options,
    CLI_FLAGS(DiffFlags, {0}),
    .run = diff_run};
