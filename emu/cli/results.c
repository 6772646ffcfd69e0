/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * verify and results: what is there, and whether it comes out again. */
#include <string.h>
#include <sys/stat.h>

#include "emu/cli/study.h"
#include "emu/study/build.h"
#include "emu/study/file.h"

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
    g_autoptr(GArray) keys = cli_store_keys(store, false);
    g_autoptr(GPtrArray) recorded = cli_recorded(store, keys);
    g_autoptr(GArray) there = g_array_new(FALSE, FALSE, sizeof(unsigned));
    for (unsigned i = 0; i < recorded->len; i++)
        if (((RunResult *)recorded->pdata[i])->status != RUN_MISSING) g_array_append_val(there, i);
    unsigned n = MIN(sample, there->len), wrong = 0;
    for (unsigned k = 0; k < n && !cli_interrupted; k++) { /* evenly from first to last */
        unsigned at = n > 1 ? (unsigned)((uint64_t)k * (there->len - 1) / (n - 1)) : 0;
        unsigned i = g_array_index(there, unsigned, at);
        const RunResult *was = recorded->pdata[i];
        RunResult *is = run_once(store_scenario(store), store_seed(store),
                                 g_array_index(keys, RunKey, i), NULL, &cli_interrupted);
        const char *how = cli_interrupted ? "was interrupted" : difference(was, is);
        printf("run %u: fingerprint 0x%016" G_GINT64_MODIFIER "x%s%s\n", i, was->fingerprint,
               how ? "; computed again it " : ", and the same again", how ? how : "");
        wrong += how != NULL;
        run_result_free(is);
    }
    bool other = strcmp(store_build(store), build_id()) != 0;
    printf("%u of %u runs computed again%s, %u differ\n", n, there->len,
           other ? " by another build than theirs" : "", wrong);
    return cli_interrupted ? EXIT_INTERRUPTED
           : !n            ? EXIT_RUN_FAILED
           : wrong         ? EXIT_INVARIANT
                           : EXIT_OK;
}

typedef struct {
    int sample;
    gboolean all;
} VerifyFlags;

static int verify_run(char **operands, void *flags, const ComponentClass *const *classes) {
    const VerifyFlags *f = flags;
    g_autoptr(GError) error = NULL;
    if (f->sample < 1) return cli_usage("--sample: found %d, expected 1 or more", f->sample);
    g_autofree char *folder = cli_folder(operands[0]);
    Store *store = store_load(folder, classes, false, &error);
    if (!store) return cli_complain(EXIT_RUN_FAILED, error);
    cli_catch_signals();
    int code = verify(store, f->all ? UINT_MAX : (unsigned)f->sample);
    store_close(store);
    return code;
}

static const GOptionEntry verify_options[] = {
    CLI_OPTION(VerifyFlags, sample, "sample", 0, INT, "How many runs (default 3)", "N"),
    CLI_OPTION(VerifyFlags, all, "all", 0, NONE, "All of them", NULL),
    {0}};

const CliVerb verify_verb = {
    .name = "verify",
    .operands = "STUDY",
    .text = "compute some runs again and compare with their records",
    .exits = "Exit codes: 0 the same, 4 a run differs, 1 there is nothing to compare, 2 usage.",
    .examples =
        (const CliExample[]){
            {"sppemu verify results/fig9 --all", "whether this machine gets the same"}, {0}},
    .options = verify_options,
    CLI_FLAGS(VerifyFlags, {.sample = 3}),
    .run = verify_run};

/* results --------------------------------------------------------------------------------- */

typedef struct {
    unsigned done, runs;
    uint64_t bytes;
    bool other_build;
    char *status, *timing; /* timing: " (fast timing)"; of detailed "" */
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
    const char *timing = json_string_value(json_object_get(study, "timing"));
    const json_t *runs = json_object_get(manifest, "runs");
    *it = (Inventory){
        .runs = (unsigned)(manifest ? json_array_size(runs)
                                    : (size_t)json_integer_value(json_object_get(study, "runs"))),
        .other_build = g_strcmp0(build, build_id()) != 0,
        .timing = !timing || !strcmp(timing, "detailed") ? g_strdup("")
                                                         : g_strdup_printf(" (%s timing)", timing),
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
        printf("%10s %9.2f  %-11s %s%s%s%s\n", runs, (double)it.bytes / 1e6, it.status,
               (char *)names->pdata[i], it.timing, it.other_build ? " (another build)" : "",
               gone             ? " removed"
               : goes && !force ? " would go"
                                : "");
        if (gone || (goes && !force)) freed += it.bytes;
        if (error) code = cli_complain(EXIT_RUN_FAILED, error);
        g_free(it.status);
        g_free(it.timing);
    }
    if (!n) printf("no results in %s\n", parent);
    if (prune)
        printf("%.2f MB %s\n", (double)freed / 1e6,
               force ? "removed" : "would be freed; --force removes them");
    return code;
}

typedef struct {
    gboolean prune, force;
} ResultsFlags;

static int results_run(char **operands, void *flags, const ComponentClass *const *classes) {
    (void)classes;
    const ResultsFlags *f = flags;
    return list_results(operands[0] ? operands[0] : RESULTS, f->prune, f->force);
}

static const GOptionEntry results_options[] = {
    CLI_OPTION(ResultsFlags, prune, "prune", 0, NONE,
               "Show which results were made by another build of sppemu", NULL),
    CLI_OPTION(ResultsFlags, force, "force", 'f', NONE, "With --prune: remove them", NULL),
    {0}};

const CliVerb results_verb = {
    .name = "results",
    .operands = "[DIR]",
    .text = "the results that are there",
    .more = "Without DIR those in ./" RESULTS ".",
    .examples =
        (const CliExample[]){
            {"sppemu results --prune", "which of them another build of sppemu has left"}, {0}},
    .options = results_options,
    CLI_FLAGS(ResultsFlags, {0}),
    .run = results_run};
