/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The command line: run, check, show, list, help. */
#include "emu/cli.h"

#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "emu/check.h"
#include "emu/results.h"
#include "emu/show.h"
#include "emu/table.h"

enum { MAX_JOBS = 256 };

static volatile int interrupted;

static void on_interrupt(int signal_number) {
    (void)signal_number;
    if (interrupted) _exit(EXIT_INTERRUPTED);
    interrupted = 1;
}

static int complain(int code, const GError *error) {
    g_printerr("sppemu: %s\n", error->message);
    return code;
}

static int usage(const char *format, ...) G_GNUC_PRINTF(1, 2);
static int usage(const char *format, ...) {
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

/* The folder that holds scenarios/ and analysis/: above the program in a build tree, the working
 * directory, or where they are installed. */
static char *data_folder(void) {
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *at = self ? g_path_get_dirname(self) : g_get_current_dir();
    while (strlen(at) > 1) {
        if (holds_claims(at)) return g_steal_pointer(&at);
        char *up = g_path_get_dirname(at);
        g_free(at);
        at = up;
    }
    return g_strdup(holds_claims(".") ? "." : SPPEMU_DATADIR);
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static char *shipped_folder(void) {
    g_autofree char *data = data_folder();
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
static Scenario *load_scenario(const char *name, char **set, const ComponentClass *const *classes,
                               GError **error) {
    const char *const *overrides = (const char *const *)set;
    if (g_file_test(name, G_FILE_TEST_EXISTS) || strchr(name, '/') ||
        g_str_has_suffix(name, ".ini"))
        return scenario_load(name, overrides, classes, error);
    g_autofree char *path = shipped_path(name);
    if (g_file_test(path, G_FILE_TEST_EXISTS))
        return scenario_load(path, overrides, classes, error);
    g_autoptr(GPtrArray) names = shipped_scenarios();
    const char *near = param_nearest(name, (const char *const *)names->pdata);
    g_set_error(error, SPPEMU_INPUT_ERROR, 0,
                "found \"%s\", expected a scenario file, or a name from sppemu list%s%s", name,
                near ? "; the nearest is " : "", near ? near : "");
    return NULL;
}

/* The table of published numbers; NULL, and why on stderr, if it cannot be read. */
static Claims *shipped_claims(void) {
    g_autoptr(GError) error = NULL;
    g_autofree char *data = data_folder(),
                    *path = g_build_filename(data, "analysis", "claims", NULL);
    Claims *claims = claims_load(path, &error);
    if (!claims) g_printerr("sppemu: no published numbers: %s\n", error->message);
    return claims;
}

/* run ------------------------------------------------------------------------------------- */

typedef struct {
    char **set, *output;
    int jobs, repeat;
    char *seed;
    gboolean json, quiet, stats, strict, force, no_plots;
} RunFlags;

static int study_code(const Study *study) {
    static const int gravest_first[] = {EXIT_INTERRUPTED, EXIT_INVARIANT, EXIT_INPUT,
                                        EXIT_RUN_FAILED};
    for (unsigned k = 0; k < G_N_ELEMENTS(gravest_first); k++)
        for (unsigned i = 0; i < study->runs->len; i++)
            if (((RunResult *)study->runs->pdata[i])->code == gravest_first[k])
                return gravest_first[k];
    return EXIT_OK;
}

/* Name each failure once, with the parameters of the first run that had it. */
static void print_failures(const Study *study) {
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    const Scenario *s = study->scenario;
    for (unsigned i = 0; i < study->runs->len; i++) {
        const RunResult *r = study->runs->pdata[i];
        if (!r->failure || r->code == EXIT_INTERRUPTED || !g_hash_table_add(seen, r->failure))
            continue;
        g_autoptr(GString) with = g_string_new(NULL);
        for (unsigned n = 0; n < scenario_n_parameters(s); n++) {
            ScenarioParameter p = scenario_parameter(s, r->point, n);
            g_string_append_printf(with, "%s--set %s=%s", n ? " " : " (repeat with ", p.name,
                                   p.value);
        }
        g_printerr("sppemu: %s%s%s\n", r->failure, with->str, with->len ? ")" : "");
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

static void print_files(const Study *study, const char *final) {
    const Scenario *s = study->scenario;
    printf("results: %s\n", final);
    for (unsigned i = 0; i < scenario_n_plots(s); i++) {
        g_autofree char *file = g_strconcat(scenario_plot(s, i)->name, ".png", NULL),
                        *path = g_build_filename(final, file, NULL);
        if (g_file_test(path, G_FILE_TEST_EXISTS)) printf("picture: %s\n", path);
    }
    g_autoptr(GDir) dir = g_dir_open(final, 0, NULL);
    g_autoptr(GPtrArray) captures = g_ptr_array_new_with_free_func(g_free);
    for (const char *name; dir && (name = g_dir_read_name(dir));)
        if (g_str_has_suffix(name, ".pcap")) g_ptr_array_add(captures, g_strdup(name));
    g_ptr_array_sort(captures, by_name);
    for (unsigned i = 0; i < captures->len; i++)
        printf("capture: %s/%s\n", final, (const char *)captures->pdata[i]);
}

static int run_study(const RunFlags *flags, RunOptions *options, const char *final, char *temporary,
                     const Claims *claims) {
    g_autoptr(GError) error = NULL;
    Study study = {.scenario = options->scenario,
                   .seed = options->seed,
                   .repeated = options->repeat > 1,
                   .claims = g_array_new(FALSE, FALSE, sizeof(ClaimResult))};
    study.runs = run_all(options);
    study.code = study_code(&study);
    print_failures(&study);
    int code = study.code;
    bool keep = code == EXIT_OK || code == EXIT_INTERRUPTED || code == EXIT_INVARIANT;
    if (keep && !study_claims(&study, claims, &error)) {
        code = complain(EXIT_INPUT, error);
        keep = false;
    }
    if (keep && !results_finish(&study, temporary, final, !flags->no_plots, &error)) {
        code = complain(EXIT_RUN_FAILED, error);
        keep = false;
    }
    if (!keep) {
        results_discard(temporary);
    } else if (flags->json) {
        print_json(&study);
    } else if (!flags->quiet) {
        table_print(&study, stdout);
        print_files(&study, final);
    }
    if (keep && code == EXIT_INTERRUPTED)
        g_printerr("sppemu: interrupted; partial results are in %s, marked so\n", final);
    if (code == EXIT_OK && flags->strict && any_missed(&study)) code = EXIT_INVARIANT;
    g_ptr_array_unref(study.runs);
    g_array_unref(study.claims);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        g_printerr("sppemu: standard output cannot be written: %s\n", g_strerror(errno));
        return code ? code : EXIT_RUN_FAILED;
    }
    return code;
}

static int run_flags(const RunFlags *f, const char *file, const ComponentClass *const *classes) {
    g_autoptr(GError) error = NULL;
    guint64 seed = 0;
    if (f->jobs < 1 || f->jobs > MAX_JOBS)
        return usage("--jobs: found %d, expected 1 to %d", f->jobs, MAX_JOBS);
    if (f->repeat < 0 || f->repeat > (int)SCENARIO_MAX_REPEAT)
        return usage("--repeat: found %d, expected 1 to %u", f->repeat, SCENARIO_MAX_REPEAT);
    if (f->seed && !g_ascii_string_to_unsigned(f->seed, 10, 0, INT64_MAX, &seed, NULL))
        return usage("--seed: found \"%s\", expected a whole number", f->seed);

    Scenario *scenario = load_scenario(file, f->set, classes, &error);
    if (!scenario) return complain(EXIT_INPUT, error);
    Claims *claims = shipped_claims();
    g_autofree char *final = f->output ? g_strdup(f->output)
                                       : g_build_filename("results", scenario_name(scenario), NULL);
    /* Before there is anything to lose: a shell starts background jobs with SIGINT ignored. */
    struct sigaction action = {.sa_handler = on_interrupt};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    g_autofree char *temporary = results_open(final, scenario_name(scenario), f->force, &error);
    int code;
    if (!temporary) {
        code = complain(EXIT_RUN_FAILED, error);
    } else {
        RunOptions options = {.scenario = scenario,
                              .seed = f->seed ? seed : scenario_seed(scenario),
                              .repeat = f->repeat ? (unsigned)f->repeat : scenario_repeat(scenario),
                              .jobs = (unsigned)f->jobs,
                              .folder = temporary,
                              .stats = f->stats && !f->json,
                              .progress = !f->quiet && isatty(STDERR_FILENO),
                              .interrupted = &interrupted};
        code = run_study(f, &options, final, temporary, claims);
    }
    claims_free(claims);
    scenario_free(scenario);
    return code;
}

/* GOption wants "-j 2"; people and make write "-j2". */
static char **split_jobs(int *argc, char **argv) {
    char **out = g_new0(char *, 2 * (size_t)*argc + 1);
    int n = 0;
    for (int i = 0; i < *argc; i++) {
        bool joined = g_str_has_prefix(argv[i], "-j") && g_ascii_isdigit(argv[i][2]);
        if (joined) out[n++] = (char *)"-j";
        out[n++] = joined ? argv[i] + 2 : argv[i];
    }
    *argc = n;
    return out;
}

static int verb_run(int argc, char **given, const ComponentClass *const *classes) {
    g_autofree char **argv = split_jobs(&argc, given);
    char **arguments = argv;
    RunFlags f = {.jobs = 1};
    g_autoptr(GError) error = NULL;
    const GOptionEntry entries[] = {
        {"set", 's', 0, G_OPTION_ARG_STRING_ARRAY, &f.set,
         "Override one value; may be repeated, may iterate", "SECTION.KEY=VALUE"},
        {"jobs", 'j', 0, G_OPTION_ARG_INT, &f.jobs, "Runs at a time, each in a process of its own",
         "N"},
        {"output", 'o', 0, G_OPTION_ARG_FILENAME, &f.output,
         "Results folder (default results/SCENARIO)", "DIR"},
        {"force", 'f', 0, G_OPTION_ARG_NONE, &f.force, "Replace results of another scenario", NULL},
        {"seed", 0, 0, G_OPTION_ARG_STRING, &f.seed, "Seed of all random streams", "N"},
        {"repeat", 0, 0, G_OPTION_ARG_INT, &f.repeat, "Repetitions of every point", "N"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &f.json,
         "One JSON document on standard output (schema sppemu-run-1)", NULL},
        {"stats", 0, 0, G_OPTION_ARG_NONE, &f.stats,
         "Utilisation of microengines, memories and rings", NULL},
        {"strict", 0, 0, G_OPTION_ARG_NONE, &f.strict, "Exit with 4 if a claim is not met", NULL},
        {"no-plots", 0, 0, G_OPTION_ARG_NONE, &f.no_plots, "Draw nothing", NULL},
        {"quiet", 'q', 0, G_OPTION_ARG_NONE, &f.quiet, "Print no tables and no progress", NULL},
        {NULL}};
    g_autoptr(GOptionContext) context = g_option_context_new("FILE - run a scenario");
    g_option_context_add_main_entries(context, entries, NULL);
    int code;
    if (!g_option_context_parse(context, &argc, &arguments, &error))
        code = usage("%s", error->message);
    else if (argc != 2)
        code = usage("run: found %d file names, expected one scenario", argc - 1);
    else
        code = run_flags(&f, arguments[1], classes);
    g_strfreev(f.set);
    g_free(f.output);
    g_free(f.seed);
    return code;
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
    if (!g_option_context_parse(context, &argc, &argv, &error)) return usage("%s", error->message);
    if (argc != 2) return usage("check: found %d file names, expected one scenario", argc - 1);
    Scenario *s = load_scenario(argv[1], set, classes, &error);
    g_strfreev(set);
    if (!s) return complain(EXIT_INPUT, error);
    Claims *claims = shipped_claims();
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
    return error ? complain(EXIT_INPUT, error) : EXIT_OK;
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
        context, "Shows the first point of a study. Exit codes: 0 ok, 1 standard output cannot be "
                 "written,\n2 usage, 3 scenario or input invalid. Try: sppemu show npe --dot | dot "
                 "-Tsvg >npe.svg\n");
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error)) {
        g_strfreev(set);
        return usage("%s", error->message);
    }
    if (argc != 2) {
        g_strfreev(set);
        return usage("show: found %d file names, expected one scenario", argc - 1);
    }
    Scenario *s = load_scenario(argv[1], set, classes, &error);
    g_strfreev(set);
    if (!s) return complain(EXIT_INPUT, error);
    NetworkOptions options = {.seed = scenario_seed(s)};
    Network *net = scenario_build(s, 0, &options, &error);
    if (net && dot)
        show_dot(net, scenario_name(s), stdout);
    else if (net)
        print_network(s, net);
    network_free(net);
    scenario_free(s);
    if (error) return complain(EXIT_INPUT, error);
    if (fflush(stdout) == 0 && !ferror(stdout)) return EXIT_OK;
    g_printerr("sppemu: standard output cannot be written: %s\n", g_strerror(errno));
    return EXIT_RUN_FAILED;
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

static void print_class(const ComponentClass *c, bool markdown) {
    if (markdown)
        printf("\n## %s\n\n%s. Ports: %s.\n\n| key | value | default | range | what | source "
               "|\n|---|---|---|---|---|---|\n",
               c->name, c->text, c->ports);
    else
        printf("[%s NAME]: %s\nports: %s\n\n", c->name, c->text, c->ports);
    for (const Param *row = c->params; row && row->name; row++) {
        g_autofree char *range =
            row->type == PARAM_TYPE_ENUM || row->type == PARAM_TYPE_NAME
                ? g_strdelimit(g_strdup(row->choices), "|", ' ')
                : g_strdup_printf("%s%s%s", row->min ? row->min : "",
                                  row->min || row->max ? " to " : "", row->max ? row->max : "");
        const char *def = !row->def ? "must be given" : *row->def ? row->def : "none";
        if (markdown)
            printf("| %s | %s | %s | %s | %s | %s |\n", row->name, param_type_text(row->type), def,
                   range, row->text, row->source);
        else
            printf("  %-20s %s\n  %20s %s; default %s%s%s; source: %s\n", row->name, row->text, "",
                   param_type_text(row->type), def, *range ? "; " : "", range, row->source);
    }
    if (markdown && c->verbs) puts("\n| verb | arguments | what |\n|---|---|---|");
    if (!markdown && c->verbs) puts("\nverbs of [at TIME]:");
    for (const Verb *v = c->verbs; v && v->name; v++) {
        g_auto(GStrv) words = g_strsplit(v->arguments, "|", -1);
        g_autofree char *cell = g_strjoinv(" or ", words);
        printf(markdown ? "| `%s` | %s | %s |\n" : "  %s %s: %s\n", v->name, cell, v->text);
    }
    for (const DropReason *d = c->drops; d && d->name; d++) {
        if (markdown)
            printf("%s`drop.%s`: %s", d == c->drops ? "\nDrops: " : "; ", d->name, d->text);
        else
            printf("%s  drop.%-20s %s\n", d == c->drops ? "\ndrops:\n" : "", d->name, d->text);
    }
    if (markdown && c->drops) puts(".");
}

static void print_help(void) {
    puts("Usage: sppemu VERB [OPTION...] [FILE]\n\n"
         "Emulates a Supercharging PlanetLab Platform: real packet code in modelled time.\n\n"
         "  sppemu run fig9-npe -j2                    the NPE curves of Figure 9\n"
         "  sppemu run npe --stats --set npe0.me_clock=1GHz   one what-if\n\n"
         "Verbs:\n"
         "  run FILE         run a scenario (sppemu run --help lists the options)\n"
         "  check FILE       read and build a scenario without running it\n"
         "  show FILE        its components and links as tables; --dot: as a graph for Graphviz\n"
         "  list             the scenarios that are shipped\n"
         "  help [CLASS]     component classes and their parameters; --markdown for all of them\n\n"
         "Exit codes: 0 ok, 1 a run or a file failed, 2 usage, 3 scenario or input invalid,\n"
         "4 an invariant failed (with --strict: a claim was not met), 130 interrupted.\n"
         "Documentation: docs/tour.md");
}

static int verb_help(int argc, char **argv, const ComponentClass *const *classes) {
    if (argc > 1 && !strcmp(argv[1], "--markdown")) {
        puts("# Parameters\n\nMade by `sppemu help --markdown` from the parameter tables in the "
             "code.");
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
    return usage("help: found no class %s%s%s", argv[1], near ? "; the nearest is " : "",
                 near ? near : "");
}

int cli_main(int argc, char **argv, const ComponentClass *const *classes) {
    setlocale(LC_ALL, "C");
    if (argc < 2) {
        print_help();
        return EXIT_USAGE;
    }
    const char *verb = argv[1];
    argv[1] = (char *)"sppemu";
    if (!strcmp(verb, "run")) return verb_run(argc - 1, argv + 1, classes);
    if (!strcmp(verb, "check")) return verb_check(argc - 1, argv + 1, classes);
    if (!strcmp(verb, "show")) return verb_show(argc - 1, argv + 1, classes);
    if (!strcmp(verb, "list")) return verb_list(classes);
    if (!strcmp(verb, "help")) return verb_help(argc - 1, argv + 1, classes);
    if (!strcmp(verb, "--help") || !strcmp(verb, "-h")) {
        print_help();
        return EXIT_OK;
    }
    if (!strcmp(verb, "--version")) {
        printf("sppemu %s (GLib %u.%u, %s, jansson %s)\n", SPPEMU_VERSION, glib_major_version,
               glib_minor_version, "libpcap", JANSSON_VERSION);
        return EXIT_OK;
    }
    static const char *const verbs[] = {"run", "check", "show", "list", "help", NULL};
    const char *near = param_nearest(verb, verbs);
    return usage("found \"%s\", expected run, check, show, list or help%s%s", verb,
                 near ? "; the nearest is " : "", near ? near : "");
}
