/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What is shipped beside the program: scenarios and published numbers. */
#include <string.h>

#include "emu/cli/private.h"
#include "emu/study/file.h"

/* Folders beside the other scenarios: what labs begin with, and plans. */
static const char *const beside[] = {"labs", "plan"};

static bool holds_claims(const char *folder) {
    g_autofree char *claims = g_build_filename(folder, "analysis", "claims", NULL);
    return g_file_test(claims, G_FILE_TEST_IS_DIR);
}

/* The folder that holds scenarios/ and analysis/: above the program in a build tree, share/sppemu
 * beside its bin/ when it is installed, wherever that has been moved to, or the working directory.
 */
char *cli_data_folder(void) {
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *at = self ? g_path_get_dirname(self) : g_get_current_dir();
    while (strlen(at) > 1) {
        g_autofree char *installed = g_build_filename(at, "share", "sppemu", NULL);
        if (holds_claims(at)) return g_steal_pointer(&at);
        if (holds_claims(installed)) return g_steal_pointer(&installed);
        char *up = g_path_get_dirname(at);
        g_free(at);
        at = up;
    }
    return g_strdup(".");
}

static int by_name(const void *a, const void *b) {
    return compare_names(*(const char *const *)a, *(const char *const *)b);
}

char *cli_shipped_folder(void) {
    g_autofree char *data = cli_data_folder();
    return g_build_filename(data, "scenarios", NULL);
}

static void add_scenarios(GPtrArray *names, const char *folder) {
    g_autoptr(GPtrArray) files = folder_names(folder);
    for (unsigned i = 0; i < files->len; i++)
        if (g_str_has_suffix(files->pdata[i], ".ini"))
            g_ptr_array_add(names, g_strndup(files->pdata[i], strlen(files->pdata[i]) - 4));
}

/* Names of the shipped scenarios, sorted, and NULL. */
GPtrArray *cli_shipped(void) {
    g_autofree char *folder = cli_shipped_folder();
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    add_scenarios(names, folder);
    for (unsigned i = 0; i < G_N_ELEMENTS(beside); i++) {
        g_autofree char *other = g_build_filename(folder, beside[i], NULL);
        add_scenarios(names, other);
    }
    g_ptr_array_sort(names, by_name);
    g_ptr_array_add(names, NULL);
    return names;
}

static void add_files_here(GPtrArray *names) {
    g_autoptr(GPtrArray) here = folder_names(".");
    for (unsigned i = 0; i < here->len; i++)
        if (g_str_has_suffix(here->pdata[i], ".ini"))
            g_ptr_array_add(names, g_strdup(here->pdata[i]));
}

char *cli_find(const char *name, GError **error) {
    if (!g_utf8_validate(name, -1, NULL)) {
        input_error(error, "found a file name that is not UTF-8, expected the name of a scenario");
        return NULL;
    }
    g_autofree char *folder = cli_shipped_folder();
    char *path = scenario_find(".", name);
    if (!path) path = strchr(name, '/') ? g_strdup(name) : scenario_find(folder, name);
    for (unsigned i = 0; !path && i < G_N_ELEMENTS(beside); i++) {
        g_autofree char *other = g_build_filename(folder, beside[i], NULL);
        path = scenario_find(other, name);
    }
    if (path) return path;
    g_autoptr(GPtrArray) names = cli_shipped();
    g_ptr_array_remove_index(names, names->len - 1);
    add_files_here(names);
    g_ptr_array_add(names, NULL);
    const char *near = param_nearest(name, (const char *const *)names->pdata);
    input_error(error, "found \"%s\", expected a scenario file, or a name from sppemu list%s%s",
                name, near ? "; the nearest is " : "", near ? near : "");
    return NULL;
}

Scenario *cli_load(const char *name, char **set, const ComponentClass *const *classes,
                   GError **error) {
    g_autofree char *path = cli_find(name, error), *library = cli_shipped_folder();
    const char *const *overrides = (const char *const *)set;
    return path ? scenario_load_with(path, library, overrides, classes, error) : NULL;
}

bool cli_set_timing(char ***set, const char *timing) {
    const Param *row = param_find(scenario_sections->params, "timing");
    ParamValue value;
    g_autoptr(GError) error = NULL;
    if (!timing) return true;
    if (!param_read(row, &value, timing, NULL, &error)) {
        cli_usage("--timing: %s", error->message);
        return false;
    }
    unsigned n = *set ? g_strv_length(*set) : 0;
    *set = g_renew(char *, *set, n + 2);
    (*set)[n] = g_strconcat("scenario.timing=", timing, NULL);
    (*set)[n + 1] = NULL;
    return true;
}

/* The table of published numbers; NULL, and why on stderr, if it cannot be read. */
Claims *cli_claims(void) {
    g_autoptr(GError) error = NULL;
    g_autofree char *data = cli_data_folder(),
                    *path = g_build_filename(data, "analysis", "claims", NULL);
    Claims *claims = claims_load(path, &error);
    if (!claims) g_printerr("sppemu: no published numbers: %s\n", error->message);
    return claims;
}

/* list ------------------------------------------------------------------------------------ */

static void print_listed(const Scenario *s, unsigned *group, unsigned wanted) {
    static const char *const heads[] = {"Figures, beside what was published", "Studies",
                                        "What if: start from one, and change it with --set",
                                        "Labs"};
    SimTime takes;
    unsigned of;
    if (!scenario_listed(s, &of, &takes) || of != wanted) return;
    if (*group != wanted) printf("%s%s:\n", wanted ? "\n" : "", heads[wanted]);
    *group = wanted;
    bool minutes = takes >= 120 * SIM_S;
    g_autofree char *time = g_strdup_printf(
        "%" G_GUINT64_FORMAT " %s", takes / (minutes ? 60 * SIM_S : SIM_S), minutes ? "min" : "s");
    printf("  %-18s %6s %s\n", scenario_name(s), time, scenario_title(s));
}

static void free_scenario(void *s) {
    scenario_free(s);
}

static int list_run(char **operands, void *flags, const ComponentClass *const *classes) {
    (void)operands, (void)flags;
    g_autoptr(GPtrArray) names = cli_shipped(), all = g_ptr_array_new_with_free_func(free_scenario);
    g_auto(GStrv) groups = g_strsplit(SCENARIO_GROUPS, "|", -1);
    unsigned group = UINT_MAX;
    int code = EXIT_OK;
    for (unsigned i = 0; i + 1 < names->len; i++) {
        g_autoptr(GError) error = NULL;
        Scenario *s = cli_load(names->pdata[i], NULL, classes, &error);
        if (s)
            g_ptr_array_add(all, s);
        else
            code = cli_complain(EXIT_INPUT, error);
    }
    for (unsigned g = 0; groups[g]; g++)
        for (unsigned i = 0; i < all->len; i++) print_listed(all->pdata[i], &group, g);
    puts("\nTimes are of one core, and shorter with -j: sppemu run NAME -j2");
    return code;
}

const CliVerb list_verb = {
    .name = "list",
    .operands = "",
    .text = "the scenarios that are shipped",
    .more = "By group, with how long they take. What is made to be included by others is not "
            "shown.",
    .examples = (const CliExample[]){{"sppemu show fig9", "what is in one of them"},
                                     {"sppemu run fig9 -j2", "run it"},
                                     {0}},
    .run = list_run};
