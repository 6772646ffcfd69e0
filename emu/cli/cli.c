/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The command line: its verbs, what is wrong with what was typed, and who does what. */
#include "emu/cli/cli.h"

#include <errno.h>
#include <locale.h>
#include <malloc.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "emu/cli/private.h"
#include "emu/study/build.h"

const CliVerb *const cli_verbs[] = {
    &run_verb,    &check_verb,   &show_verb,        &list_verb,    &results_verb,  &query_verb,
    &plot_verb,   &report_verb,  &sensitivity_verb, &compare_verb, &explain_verb,  &trace_verb,
    &diff_verb,   &search_verb,  &plan_verb,        &verify_verb,  &merge_verb,    &point_verb,
    &format_verb, &convert_verb, &lab_verb,         &help_verb,    &complete_verb, NULL};

const CliOperand cli_operands[] = {
    {"FILE", "a scenario file, or the name of a shipped scenario"},
    {"STUDY", "the folder of a study"},
    {"RESULT", "the folder of results, or a .json that run --json printed"},
    {"RUN", "the number of a run, or FIRST-LAST"},
    {"RECORDING", "the folder of a study that has recordings, or a recording's file"},
    {"DIR", "a folder"},
    {"ACTION", "list, start, check or try"},
    {"NAME|DIR",
     "start: a lab of the list, or a .lab file; check: a student's folder; try: a .lab file"},
    {"A", "the folder of results, or a scenario"},
    {"B", "the folder of results, or a scenario"},
    {"TOPIC", "a verb, a component class or a section of scenario files"},
    {0}};

const char cli_exit_codes[] =
    "Exit codes: 0 ok, 1 a run or a file failed, 2 usage, 3 scenario or input invalid, 4 an "
    "invariant failed (with --strict: a claim was not met), 130 interrupted.";

int cli_complain(int code, const GError *error) {
    g_printerr("sppemu: %s\n", error->message);
    return code;
}

int cli_usage(const char *format, ...) {
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_printerr("sppemu: %s\n", text);
    return EXIT_USAGE;
}

/* Options --------------------------------------------------------------------------------- */

static const char *operand_text(const char *word) {
    const CliOperand *o = cli_operands;
    while (o->word && !g_str_has_prefix(word + (*word == '['), o->word)) o++;
    return o->word ? o->text : word;
}

/* "--stats" of "Unknown option --stats=2"; NULL: the error is another. */
static char *unknown_option(const GError *error) {
    static const char before[] = "Unknown option ";
    if (!g_error_matches(error, G_OPTION_ERROR, G_OPTION_ERROR_UNKNOWN_OPTION) ||
        !g_str_has_prefix(error->message, before))
        return NULL;
    const char *option = error->message + strlen(before);
    return g_strndup(option, strcspn(option, "="));
}

/* "run, merge": who has the option; caller frees. */
static char *verbs_with(const char *option) {
    GString *list = g_string_new(NULL);
    for (const CliVerb *const *v = cli_verbs; *v; v++)
        for (const GOptionEntry *o = (*v)->options; o && o->long_name; o++)
            if (g_str_has_prefix(option, "--") && !strcmp(option + 2, o->long_name))
                g_string_append_printf(list, "%s%s", list->len ? ", " : "", (*v)->name);
    return g_string_free(list, FALSE);
}

static int bad_option(const CliVerb *verb, const GError *error) {
    g_autofree char *found = unknown_option(error);
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    if (!found) { /* its quotation marks are not ASCII */
        g_autoptr(GString) plain = g_string_new(error->message);
        g_string_replace(plain, "\xe2\x80\x9c", "\"", 0);
        g_string_replace(plain, "\xe2\x80\x9d", "\"", 0);
        return cli_usage("%s: %s", verb->name, plain->str);
    }
    for (const GOptionEntry *o = verb->options; o && o->long_name; o++)
        g_ptr_array_add(names, (char *)o->long_name);
    g_ptr_array_add(names, (char *)"help");
    g_ptr_array_add(names, NULL);
    g_autofree char *others = verbs_with(found);
    if (*others)
        return cli_usage("%s: found the option %s, which is one of sppemu %s", verb->name, found,
                         others);
    const char *near =
        found[1] == '-' ? param_nearest(found + 2, (const char *const *)names->pdata) : NULL;
    return cli_usage("%s: found the unknown option %s%s%s", verb->name, found,
                     near ? "; the nearest is --" : "", near ? near : "");
}

/* "STUDY RUN...": a word in brackets may be left out, one with dots may be repeated. */
static int bad_operands(const CliVerb *verb, char **operands) {
    g_auto(GStrv) words = g_strsplit(verb->operands, " ", -1);
    unsigned n = g_strv_length(words), found = g_strv_length(operands);
    bool any = n && g_str_has_suffix(words[n - 1], "...");
    for (unsigned i = found; i < n; i++)
        if (*words[i] != '[')
            return cli_usage("%s: found no %s, expected %s", verb->name, words[i],
                             operand_text(words[i]));
    if (found <= n || any) return EXIT_OK;
    return cli_usage("%s: found \"%s\", expected nothing%s%s%s", verb->name, operands[n],
                     n ? " behind \"" : "", n ? operands[n - 1] : "", n ? "\"" : "");
}

/* The verb's table with fields in place of offsets. Caller frees. */
static GOptionEntry *entries_of(const CliVerb *verb, void *flags) {
    unsigned n = 0;
    while (verb->options && verb->options[n].long_name) n++;
    GOptionEntry *entries = g_new0(GOptionEntry, n + 1);
    for (unsigned i = 0; i < n; i++) {
        entries[i] = verb->options[i];
        entries[i].arg_data = (char *)flags + (size_t)verb->options[i].arg_data;
    }
    return entries;
}

static void free_flags(const GOptionEntry *entries) {
    for (const GOptionEntry *e = entries; e->long_name; e++)
        if (e->arg == G_OPTION_ARG_STRING_ARRAY)
            g_strfreev(*(char ***)e->arg_data);
        else if (e->arg == G_OPTION_ARG_STRING || e->arg == G_OPTION_ARG_FILENAME)
            g_free(*(char **)e->arg_data);
}

/* GOption wants "-j 2"; people and make write "-j2". */
static GPtrArray *split_jobs(char **argv) {
    GPtrArray *out = g_ptr_array_new();
    bool words = false; /* behind -- */
    for (; *argv; argv++) {
        words |= !strcmp(*argv, "--");
        bool joined = !words && g_str_has_prefix(*argv, "-j") && g_ascii_isdigit((*argv)[2]);
        if (joined) g_ptr_array_add(out, (char *)"-j");
        g_ptr_array_add(out, *argv + (joined ? 2 : 0));
    }
    g_ptr_array_add(out, NULL);
    return out;
}

static bool asks_for_help(char **argv) {
    for (; *argv && strcmp(*argv, "--") != 0; argv++)
        if (!strcmp(*argv, "--help") || !strcmp(*argv, "-h")) return true;
    return false;
}

/* argv[0] is the verb. */
static int run_verb_of(const CliVerb *verb, char **given, const ComponentClass *const *classes) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) split = split_jobs(given);
    char **argv = (char **)split->pdata;
    int argc = (int)split->len - 1;
    if (asks_for_help(given)) {
        cli_help_verb(verb);
        return EXIT_OK;
    }
    g_autofree void *flags = g_memdup2(verb->flags, verb->flags_size);
    g_autofree GOptionEntry *entries = entries_of(verb, flags);
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_option_context_set_help_enabled(context, FALSE);
    g_option_context_add_main_entries(context, entries, NULL);
    int code =
        !g_option_context_parse(context, &argc, &argv, &error) ? bad_option(verb, error) : EXIT_OK;
    if (code == EXIT_OK && argc > 1 && !strcmp(argv[1], "--")) argv++;
    if (code == EXIT_OK) code = bad_operands(verb, argv + 1);
    if (code == EXIT_OK) code = verb->run(argv + 1, flags, classes);
    if (code == EXIT_USAGE) g_printerr("Try 'sppemu %s --help'.\n", verb->name);
    free_flags(entries);
    return code;
}

/* The program ----------------------------------------------------------------------------- */

/* GLib ends the process when memory is short; say so as of any other failure. */
static void on_fatal(const char *domain, GLogLevelFlags level, const char *message, void *user) {
    if ((level & G_LOG_LEVEL_ERROR) && strstr(message, "failed to allocate")) {
        fprintf(stderr, "sppemu: out of memory: %s\n", message);
        _exit(EXIT_RUN_FAILED);
    }
    g_log_default_handler(domain, level, message, user);
}

static int print_version(void) {
    printf("sppemu %s (build %.12s, GLib %u.%u, %s, jansson %s)\n", SPPEMU_VERSION, build_id(),
           glib_major_version, glib_minor_version, pcap_lib_version(), JANSSON_VERSION);
    return EXIT_OK;
}

static int dispatch(char **argv, const ComponentClass *const *classes) {
    const char *found = *argv;
    if (!found) {
        cli_help_short();
        return EXIT_USAGE;
    }
    if (!strcmp(found, "--version")) return print_version();
    if (!strcmp(found, "--help") || !strcmp(found, "-h")) {
        char *help[] = {(char *)"help", argv[1] && *argv[1] != '-' ? argv[1] : NULL, NULL};
        return run_verb_of(&help_verb, help, classes);
    }
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (const CliVerb *const *v = cli_verbs; *v; v++) {
        if (!strcmp(found, (*v)->name)) return run_verb_of(*v, argv, classes);
        if ((*v)->text) g_ptr_array_add(names, (char *)(*v)->name);
    }
    g_autofree char *scenario = cli_find(found, NULL);
    if (scenario && g_file_test(scenario, G_FILE_TEST_IS_REGULAR)) {
        cli_usage("found \"%s\", which is a scenario, expected a verb before it", found);
        g_printerr("Try 'sppemu run %s'.\n", found);
        return EXIT_USAGE;
    }
    g_ptr_array_add(names, (char *)"--help");
    g_ptr_array_add(names, (char *)"--version");
    g_ptr_array_add(names, NULL);
    g_autofree char *list = g_strjoinv(", ", (char **)names->pdata);
    const char *near = param_nearest(found, (const char *const *)names->pdata);
    cli_usage("found \"%s\", expected one of %s%s%s", found, list, near ? "; the nearest is " : "",
              near ? near : "");
    g_printerr("Try 'sppemu --help'.\n");
    return EXIT_USAGE;
}

int cli_main(int argc, char **argv, const ComponentClass *const *classes) {
    setlocale(LC_ALL, "C");
    /* glibc raises this with every large block that is freed, and then takes large blocks from a
     * heap that it has to clear: a study of many points grew to six times the memory of one. */
    mallopt(M_MMAP_THRESHOLD, 128 << 10);
    g_log_set_default_handler(on_fatal, NULL);
    progress_wrap_messages();
    int code = dispatch(argv + (argc > 0), classes);
    if (fflush(stdout) == 0 && !ferror(stdout)) return code;
    g_printerr("sppemu: standard output cannot be written: %s\n", g_strerror(errno));
    return code ? code : EXIT_RUN_FAILED;
}
