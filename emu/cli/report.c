/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * report: results as one web page. */
#include <string.h>

#include "emu/cli/study.h"
#include "emu/html/webpage.h"
#include "emu/study/file.h"

typedef struct {
    char *output;
} ReportFlags;

/* Whether both build the same runs, whatever they are called. */
static bool same_points(const Scenario *a, const Scenario *b) {
    unsigned n = scenario_n_points(a);
    bool same = n == scenario_n_points(b);
    for (unsigned p = 0; same && p < n; p++) {
        g_autofree char *one = scenario_identity(a, p), *other = scenario_identity(b, p);
        same = !strcmp(one, other);
    }
    return same;
}

/* What computes the result again: the scenario by its name, if that still says the same, else the
 * text of it that is kept with the result. */
static char *command_of(const CliResult *r, const ComponentClass *const *classes) {
    const Scenario *s = r->study.scenario;
    g_autofree char *kept = g_build_filename(store_folder(r->store), "study.ini", NULL);
    Scenario *named = cli_load(scenario_name(s), NULL, classes, NULL);
    GString *out = g_string_new("sppemu run ");
    g_autofree char *file = g_strdup(named && same_points(s, named) ? scenario_name(s) : kept),
                    *quoted =
                        strpbrk(file, " \t$'\"*?;&|<>()") ? g_shell_quote(file) : g_strdup(file);
    g_string_append(out, quoted);
    if (store_seed(r->store) != scenario_seed(s))
        g_string_append_printf(out, " --seed %" G_GUINT64_FORMAT, store_seed(r->store));
    if (store_repeat(r->store) != scenario_repeat(s))
        g_string_append_printf(out, " --repeat %u", store_repeat(r->store));
    if (named) scenario_free(named);
    return g_string_free(out, FALSE);
}

/* report.html in the folder that holds the first result, unless another is given. */
static char *output_of(const ReportFlags *f, const char *folder) {
    g_autofree char *whole = g_canonicalize_filename(folder, NULL),
                    *parent = g_path_get_dirname(strpbrk(folder, "/") ? folder : whole);
    if (f->output) return g_strdup(f->output);
    return g_build_filename(parent, "report.html", NULL);
}

static int write_report(const GPtrArray *results, const char *path,
                        const ComponentClass *const *classes) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    g_autofree WebResult *web = g_new0(WebResult, results->len);
    for (unsigned i = 0; i < results->len; i++) {
        const CliResult *r = results->pdata[i];
        const char *folder = store_folder(r->store);
        g_autofree char *parent = g_path_get_dirname(folder), *name = g_path_get_basename(folder),
                        *json = g_strconcat(name, ".json", NULL);
        char *command = command_of(r, classes),
             *sensitivity = g_build_filename(parent, "sensitivity", name, NULL),
             *explained = g_build_filename(parent, "explain", json, NULL);
        g_ptr_array_add(texts, command);
        g_ptr_array_add(texts, sensitivity);
        g_ptr_array_add(texts, explained);
        web[i] = (WebResult){&r->study, r->store, command, sensitivity, explained};
    }
    g_autofree char *text = webpage_of(web, results->len);
    if (!file_replace(path, text, strlen(text), &error))
        return cli_complain(EXIT_RUN_FAILED, error);
    printf("report: %s\n", path);
    return EXIT_OK;
}

/* What results/latest and the like stand for: one that all results are given with is there once. */
static char *folder_itself(const char *folder) {
    g_autofree char *target = g_file_read_link(folder, NULL), *parent = g_path_get_dirname(folder);
    if (!target) return g_strdup(folder);
    return g_path_is_absolute(target) ? g_strdup(target) : g_build_filename(parent, target, NULL);
}

static int report_run(char **folders, void *flags, const ComponentClass *const *classes) {
    const ReportFlags *f = flags;
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) results = g_ptr_array_new_with_free_func(cli_result_free);
    g_autofree char *path = output_of(f, folders[0]), *beside = g_path_get_dirname(path);
    if (!*path || g_file_test(path, G_FILE_TEST_IS_DIR))
        return cli_usage("--output: found %s, expected the name of a file",
                         *path ? path : "nothing");
    if (!g_file_test(beside, G_FILE_TEST_IS_DIR))
        return cli_usage("--output: found no folder %s", beside);
    Claims *claims = cli_claims();
    int code = EXIT_OK;
    g_autoptr(GHashTable) had = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (; *folders && code == EXIT_OK; folders++) {
        g_autofree char *folder = folder_itself(*folders);
        if (!g_hash_table_add(had, g_canonicalize_filename(folder, NULL))) continue;
        CliResult *r = cli_result_open(folder, false, claims, classes, &error);
        if (r)
            g_ptr_array_add(results, r);
        else
            code = cli_complain(EXIT_RUN_FAILED, error);
    }
    if (code == EXIT_OK) code = write_report(results, path, classes);
    claims_free(claims);
    return code;
}

static const GOptionEntry report_options[] = {
    CLI_OPTION(ReportFlags, output, "output", 'o', FILENAME,
               "The file; without it report.html beside the first study", "FILE"),
    {0}};

const CliVerb report_verb = {
    .name = "report",
    .operands = "STUDY...",
    .text = "one web page of results, to be read and passed on",
    .more =
        "The page is one file that needs no network and no other file: what was published beside "
        "what was emulated, misses first; of each study its pictures, claims and points, where "
        "its packets' time went and what was busy, how far its claims hang on its numbers if "
        "sppemu sensitivity has computed that, and the command that repeats it. Its script "
        "sorts tables and draws charts of what the reader chooses; all numbers are there "
        "without it. The same results give the same bytes.",
    .exits = "Exit codes: 0 ok, 1 a study or a file failed, 2 usage.",
    .examples = (const CliExample[]){{"sppemu report results/fig9", "results/report.html"},
                                     {"sppemu report results/fig9 results/fig12 -o both.html",
                                      "two studies on one page"},
                                     {0}},
    .options = report_options,
    CLI_FLAGS(ReportFlags, {0}),
    .run = report_run};
