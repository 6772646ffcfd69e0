/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The command line: its verbs, and check, show, list, help. */
#include "emu/cli/cli.h"

#include <errno.h>
#include <locale.h>
#include <malloc.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "emu/study/build.h"
#include "emu/scenario/check.h"
#include "emu/cli/private.h"
#include "emu/cli/show.h"

int cli_complain(int code, const GError *error) {
    g_printerr("sppemu: %s\n", error->message);
    return code;
}

int cli_usage(const char *format, ...) {
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_printerr("sppemu: %s\nTry 'sppemu --help'.\n", text);
    return EXIT_USAGE;
}

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
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static char *shipped_folder(void) {
    g_autofree char *data = cli_data_folder();
    return g_build_filename(data, "scenarios", NULL);
}

/* Names of the shipped scenarios, sorted, and NULL. */
static GPtrArray *shipped_scenarios(void) {
    g_autofree char *folder = shipped_folder();
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    for (const char *name; dir && (name = g_dir_read_name(dir));)
        if (g_str_has_suffix(name, ".ini"))
            g_ptr_array_add(names, g_strndup(name, strlen(name) - strlen(".ini")));
    g_ptr_array_sort(names, by_name);
    g_ptr_array_add(names, NULL);
    return names;
}

static char *shipped_path(const char *name) {
    g_autofree char *folder = shipped_folder(), *file = g_strconcat(name, ".ini", NULL);
    return g_build_filename(folder, file, NULL);
}

/* A scenario by path, or by the name of one that is shipped. */
Scenario *cli_load(const char *name, char **set, const ComponentClass *const *classes,
                   GError **error) {
    const char *const *overrides = (const char *const *)set;
    if (!g_utf8_validate(name, -1, NULL)) {
        input_error(error, "found a file name that is not UTF-8, expected the name of a scenario");
        return NULL;
    }
    if (g_file_test(name, G_FILE_TEST_EXISTS) || strchr(name, '/') ||
        g_str_has_suffix(name, ".ini"))
        return scenario_load(name, overrides, classes, error);
    g_autofree char *path = shipped_path(name);
    if (g_file_test(path, G_FILE_TEST_EXISTS))
        return scenario_load(path, overrides, classes, error);
    g_autoptr(GPtrArray) names = shipped_scenarios();
    const char *near = param_nearest(name, (const char *const *)names->pdata);
    input_error(error, "found \"%s\", expected a scenario file, or a name from sppemu list%s%s",
                name, near ? "; the nearest is " : "", near ? near : "");
    return NULL;
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

/* check, show, list, help ----------------------------------------------------------------- */

static int verb_check(int argc, char **argv, const ComponentClass *const *classes) {
    g_autoptr(GError) error = NULL;
    char **set = NULL;
    const GOptionEntry entries[] = {
        {"set", 's', 0, G_OPTION_ARG_STRING_ARRAY, &set, "Override one value", "SECTION.KEY=VALUE"},
        {NULL}};
    g_autoptr(GOptionContext) context =
        g_option_context_new("FILE - read a scenario and build it, without running it");
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error))
        return cli_usage("%s", error->message);
    if (argc != 2) return cli_usage("check: found %d file names, expected one scenario", argc - 1);
    Scenario *s = cli_load(argv[1], set, classes, &error);
    g_strfreev(set);
    if (!s) return cli_complain(EXIT_INPUT, error);
    Claims *claims = cli_claims();
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    scenario_check(s, claims, NULL, NULL, warnings, &error);
    claims_free(claims);
    for (unsigned i = 0; i < warnings->len; i++)
        g_printerr("sppemu: warning: %s\n", (const char *)warnings->pdata[i]);
    if (!error)
        printf("%s: %u points of %u repetitions, %u claims, %u plots\n", argv[1],
               scenario_n_points(s), scenario_repeat(s), scenario_n_expects(s),
               scenario_n_plots(s));
    scenario_free(s);
    return error ? cli_complain(EXIT_INPUT, error) : EXIT_OK;
}

static void print_network(const Scenario *s, const Network *net) {
    printf("%s\n", scenario_title(s));
    for (unsigned n = 0; n < scenario_n_parameters(s); n++) {
        ScenarioParameter p = scenario_parameter(s, 0, n);
        printf("%s%s=%s",
               n                           ? " "
               : scenario_n_points(s) == 1 ? ""
                                           : "the first point of the study: ",
               p.name, p.value);
    }
    puts(scenario_n_parameters(s) ? "\n" : "");
    show_tables(net, stdout);
}

static int verb_show(int argc, char **argv, const ComponentClass *const *classes) {
    g_autoptr(GError) error = NULL;
    char **set = NULL;
    gboolean dot = FALSE;
    const GOptionEntry entries[] = {
        {"set", 's', 0, G_OPTION_ARG_STRING_ARRAY, &set, "Override one value", "SECTION.KEY=VALUE"},
        {"dot", 0, 0, G_OPTION_ARG_NONE, &dot, "Print a graph for Graphviz", NULL},
        {NULL}};
    g_autoptr(GOptionContext) context =
        g_option_context_new("FILE - what a scenario builds: components and links");
    g_option_context_set_description(
        context,
        "Shows the first point of a study. Exit codes: 0 ok, 1 standard output cannot be "
        "written,\n2 usage, 3 scenario or input invalid. Try: sppemu show label --dot | dot "
        "-Tsvg >label.svg\n");
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error)) {
        g_strfreev(set);
        return cli_usage("%s", error->message);
    }
    if (argc != 2) {
        g_strfreev(set);
        return cli_usage("show: found %d file names, expected one scenario", argc - 1);
    }
    Scenario *s = cli_load(argv[1], set, classes, &error);
    g_strfreev(set);
    if (!s) return cli_complain(EXIT_INPUT, error);
    NetworkOptions options = {.seed = scenario_seed(s)};
    Network *net = scenario_build(s, 0, &options, &error);
    if (net && dot)
        show_dot(net, scenario_name(s), stdout);
    else if (net)
        print_network(s, net);
    network_free(net);
    scenario_free(s);
    return error ? cli_complain(EXIT_INPUT, error) : EXIT_OK;
}

static int verb_list(const ComponentClass *const *classes) {
    g_autoptr(GPtrArray) names = shipped_scenarios();
    for (unsigned i = 0; i + 1 < names->len; i++) {
        g_autofree char *path = shipped_path(names->pdata[i]);
        Scenario *s = scenario_load(path, NULL, classes, NULL);
        if (s) printf("%-18s %s\n", scenario_name(s), scenario_title(s));
        scenario_free(s);
    }
    return EXIT_OK;
}

static char *range_text(const Param *row) {
    if (row->type == PARAM_TYPE_ENUM || row->type == PARAM_TYPE_NAME)
        return g_strdelimit(g_strdup(row->choices), "|", ' ');
    return row->min ? g_strdup_printf("%s to %s", row->min, row->max) : g_strdup("");
}

static void print_rows(const Param *rows, bool markdown) {
    if (markdown)
        puts("| key | value | default | range | what | source |\n|---|---|---|---|---|---|");
    for (const Param *row = rows; row && row->name; row++) {
        g_autofree char *range = range_text(row->item ? row->item : row);
        g_autofree char *type = param_type_text(row);
        const char *def = !row->def ? "must be given" : *row->def ? row->def : "none";
        if (markdown)
            printf("| %s | %s | %s | %s | %s | %s |\n", row->name, type, def, range, row->text,
                   row->source);
        else
            printf("  %-20s %s\n  %20s %s; default %s%s%s; source: %s\n", row->name, row->text, "",
                   type, def, *range ? "; " : "", range, row->source);
    }
}

static void print_scalars(const Scalar *s, bool markdown) {
    if (s && s->name)
        puts(markdown ? "\n| scalar | unit | what | reported |\n|---|---|---|---|" : "\nscalars:");
    for (; s && s->name; s++)
        if (markdown)
            printf("| `%s` | %s | %s | %s |\n", s->name, s->unit, s->text,
                   s->when ? s->when : "always");
        else
            printf("  %-25s %s (%s%s%s)\n", s->name, s->text, s->unit, s->when ? "; " : "",
                   s->when ? s->when : "");
}

static void print_drops(const DropReason *drops, const char *head, bool markdown) {
    for (const DropReason *d = drops; d && d->name; d++)
        if (markdown)
            printf("%s%s`drop.%s`: %s", d == drops ? head : "; ", d == drops ? ": " : "", d->name,
                   d->text);
        else
            printf("%s%s  drop.%-20s %s\n", d == drops ? head : "", d == drops ? ":\n" : "",
                   d->name, d->text);
    if (markdown && drops) puts(".");
}

static void print_class(const ComponentClass *c, bool markdown) {
    if (markdown)
        printf("\n## %s\n\n%s. Ports: %s.\n\n", c->name, c->text, c->ports);
    else
        printf("[%s NAME]: %s\nports: %s\n\n", c->name, c->text, c->ports);
    print_rows(c->params, markdown);
    Choice choice = {0};
    for (unsigned n = 0; c->choice && c->choice(n, &choice); n++) {
        printf(markdown ? "\n`%s = %s`: %s%s%s.\n" : "\n%s = %s: %s%s%s\n", choice.key, choice.name,
               choice.text, choice.syntax ? "; KEY: " : "", choice.syntax ? choice.syntax : "");
        if (choice.params && markdown) puts("");
        if (choice.params) print_rows(choice.params, markdown);
        print_scalars(choice.scalars, markdown);
    }
    if (markdown && c->verbs) puts("\n| verb | arguments | what |\n|---|---|---|");
    if (!markdown && c->verbs) puts("\nverbs of [at TIME]:");
    for (const Verb *v = c->verbs; v && v->name; v++) {
        g_auto(GStrv) words = g_strsplit(v->arguments, "|", -1);
        g_autofree char *cell = g_strjoinv(" or ", words);
        printf(markdown ? "| `%s` | %s | %s |\n" : "  %s %s: %s\n", v->name, cell, v->text);
    }
    print_scalars(c->scalars, markdown);
    print_drops(c->drops, "\nDrops", markdown);
    if (!markdown && c->sends) print_drops(link_drops, "\nDrops of its links", false);
}

static void print_help(void) {
    puts("Usage: sppemu VERB [OPTION...] [FILE]\n\n"
         "Emulates a Supercharging PlanetLab Platform: real packet code in modelled time.\n\n"
         "  sppemu run fig9 -j2                                    the curves of Figure 9\n"
         "  sppemu run label --stats --set traffic.rate=1Gbit/s      one what-if\n\n"
         "Verbs:\n"
         "  run FILE         run a scenario, or go on with its study (run --help: options)\n"
         "  check FILE       read and build a scenario without running it\n"
         "  show FILE        its components and links as tables; --dot: as a graph for Graphviz\n"
         "  results [DIR]    the results that are there; --prune: those of other builds\n"
         "  verify RESULT    compute some runs again and compare with their records\n"
         "  merge STUDY      tables, claims and pictures from the records of a study\n"
         "  point STUDY N    compute run N of a study (for jobs on many machines)\n"
         "  list             the scenarios that are shipped\n"
         "  help [CLASS]     component classes and their parameters; --markdown for all of them\n\n"
         "Exit codes: 0 ok, 1 a run or a file failed, 2 usage, 3 scenario or input invalid,\n"
         "4 an invariant failed (with --strict: a claim was not met), 130 interrupted.\n"
         "Documentation: docs/tour.md");
}

static int verb_help(int argc, char **argv, const ComponentClass *const *classes) {
    if (argc > 1 && !strcmp(argv[1], "--markdown")) {
        puts(
            "# Parameters\n\nMade by `sppemu help --markdown` from the parameter tables in the "
            "code. In the names of scalars `*` stands for a word; rates are of a source's window.");
        print_drops(link_drops, "\nDrops of every component that has links", true);
        for (; *classes; classes++) print_class(*classes, true);
        return EXIT_OK;
    }
    if (argc < 2) {
        print_help();
        puts("\nClasses:");
        for (; *classes; classes++) printf("  %-14s %s\n", (*classes)->name, (*classes)->text);
        return EXIT_OK;
    }
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (const ComponentClass *const *c = classes; *c; c++) {
        if (!strcmp((*c)->name, argv[1])) {
            print_class(*c, false);
            return EXIT_OK;
        }
        g_ptr_array_add(names, (char *)(*c)->name);
    }
    g_ptr_array_add(names, NULL);
    const char *near = param_nearest(argv[1], (const char *const *)names->pdata);
    return cli_usage("help: found no class %s%s%s", argv[1], near ? "; the nearest is " : "",
                     near ? near : "");
}

/* GLib ends the process when memory is short; say so as of any other failure. */
static void on_fatal(const char *domain, GLogLevelFlags level, const char *message, void *user) {
    if ((level & G_LOG_LEVEL_ERROR) && strstr(message, "failed to allocate")) {
        fprintf(stderr, "sppemu: out of memory: %s\n", message);
        _exit(EXIT_RUN_FAILED);
    }
    g_log_default_handler(domain, level, message, user);
}

static int verb_list_of(int argc, char **argv, const ComponentClass *const *classes) {
    (void)argc, (void)argv;
    return verb_list(classes);
}

static int print_version(int argc, char **argv, const ComponentClass *const *classes) {
    (void)argc, (void)argv, (void)classes;
    printf("sppemu %s (build %.12s, GLib %u.%u, %s, jansson %s)\n", SPPEMU_VERSION, build_id(),
           glib_major_version, glib_minor_version, pcap_lib_version(), JANSSON_VERSION);
    return EXIT_OK;
}

static int print_usage(int argc, char **argv, const ComponentClass *const *classes) {
    (void)argv, (void)classes;
    print_help();
    return argc < 1 ? EXIT_USAGE : EXIT_OK;
}

static const struct {
    const char *name;
    CliVerb *run;
} verbs[] = {{"run", cli_run},         {"check", verb_check},  {"show", verb_show},
             {"merge", cli_merge},     {"point", cli_point},   {"verify", cli_verify},
             {"results", cli_results}, {"list", verb_list_of}, {"help", verb_help},
             {"--help", print_usage},  {"-h", print_usage},    {"--version", print_version}};

static int run_verb(int argc, char **argv, const ComponentClass *const *classes) {
    if (argc < 2) return print_usage(0, argv, classes);
    const char *verb = argv[1];
    argv[1] = (char *)"sppemu";
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (unsigned i = 0; i < G_N_ELEMENTS(verbs); i++) {
        if (!strcmp(verb, verbs[i].name)) return verbs[i].run(argc - 1, argv + 1, classes);
        if (*verbs[i].name != '-') g_ptr_array_add(names, (char *)verbs[i].name);
    }
    g_ptr_array_add(names, NULL);
    g_autofree char *list = g_strjoinv(", ", (char **)names->pdata);
    const char *near = param_nearest(verb, (const char *const *)names->pdata);
    return cli_usage("found \"%s\", expected one of %s%s%s", verb, list,
                     near ? "; the nearest is " : "", near ? near : "");
}

int cli_main(int argc, char **argv, const ComponentClass *const *classes) {
    setlocale(LC_ALL, "C");
    /* glibc raises this with every large block that is freed, and then takes large blocks from a
     * heap that it has to clear: a study of many points grew to six times the memory of one. */
    mallopt(M_MMAP_THRESHOLD, 128 << 10);
    g_log_set_default_handler(on_fatal, NULL);
    int code = run_verb(argc, argv, classes);
    if (fflush(stdout) == 0 && !ferror(stdout)) return code;
    g_printerr("sppemu: standard output cannot be written: %s\n", g_strerror(errno));
    return code ? code : EXIT_RUN_FAILED;
}
