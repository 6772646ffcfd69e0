/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * sppemu format: scenario files in one form, to standard output, into the files, or only looked
 * at. */
#include <stdio.h>
#include <string.h>

#include "emu/cli/private.h"
#include "emu/scenario/format.h"

static bool read_input(char **text, size_t *length, GError **error) {
    GString *all = g_string_new(NULL);
    char block[1 << 14];
    for (size_t n; (n = fread(block, 1, sizeof block, stdin)) > 0;)
        g_string_append_len(all, block, (gssize)n);
    *length = all->len;
    *text = g_string_free(all, FALSE);
    return !ferror(stdin) || input_error(error, "standard input cannot be read");
}

/* What has no blank to be broken at stays, as lines of texts do, and is said. */
static void warn_of_long_lines(const char *path, const char *text) {
    unsigned n = 0, line = 1, first = 0;
    for (const char *at = text; *at; line++) {
        const char *end = strchr(at, '\n');
        if (g_utf8_strlen(at, end - at) > FORMAT_COLUMNS && *at != '#' && *at != ';' && !n++)
            first = line;
        at = end + 1;
    }
    if (n)
        g_printerr("sppemu: warning: %s: %u line%s of more than %d columns, %sline %u\n", path, n,
                   n > 1 ? "s" : "", FORMAT_COLUMNS, n > 1 ? "the first is " : "", first);
}

/* What of a line is near its character `at`, in quotes. */
static char *around(const char *line, glong at) {
    if (!line) return g_strdup("the end of the file");
    glong length = g_utf8_strlen(line, -1), from = at > 24 ? at - 20 : 0;
    glong end = MIN(length, from + 48);
    g_autofree char *part = g_utf8_substring(line, from, end);
    return g_strdup_printf("\"%s%s%s\"", from ? "..." : "", part, end < length ? "..." : "");
}

static bool same_lines(const char *path, const char *found, const char *expected) {
    g_auto(GStrv) a = g_strsplit(found, "\n", -1), b = g_strsplit(expected, "\n", -1);
    unsigned i = 0;
    while (a[i] && b[i] && !strcmp(a[i], b[i])) i++;
    if (!a[i] && !b[i]) return true;
    const char *x = a[i] ? a[i] : "", *y = b[i] ? b[i] : "";
    while (*x && g_utf8_get_char(x) == g_utf8_get_char(y)) {
        x = g_utf8_next_char(x);
        y = g_utf8_next_char(y);
    }
    glong at = a[i] ? g_utf8_pointer_to_offset(a[i], x) : 0;
    g_autofree char *is = around(a[i], at), *should = around(b[i], at);
    g_printerr("sppemu: %s:%u: found\n  %s\nexpected\n  %s\n", path, i + 1, is, should);
    return false;
}

typedef struct {
    gboolean check, in_place;
} FormatFlags;

/* `differs`: the file is in another form, and that was asked for. */
static int format_one(const char *name, const FormatFlags *f, bool *differs,
                      const ComponentClass *const *classes) {
    g_autoptr(GError) error = NULL;
    g_autofree char *path = NULL, *text = NULL;
    size_t length = 0;
    bool input = !strcmp(name, "-");
    path = input ? g_strdup("standard input") : cli_find(name, &error);
    if (!path ||
        !(input ? read_input(&text, &length, &error) : document_text(path, &text, &length, &error)))
        return cli_complain(EXIT_INPUT, error);
    g_autofree char *formatted = format_text(path, text, length, classes, &error);
    if (!formatted) return cli_complain(EXIT_INPUT, error);
    if (f->check) {
        *differs = !same_lines(path, text, formatted);
        return EXIT_OK;
    }
    warn_of_long_lines(path, formatted);
    if (!f->in_place)
        fputs(formatted, stdout);
    else if (strcmp(text, formatted) != 0 && !g_file_set_contents(path, formatted, -1, &error))
        return cli_complain(EXIT_RUN_FAILED, error);
    return EXIT_OK;
}

static int format_run(char **operands, void *flags, const ComponentClass *const *classes) {
    const FormatFlags *f = flags;
    unsigned n = g_strv_length(operands), n_differ = 0;
    int worst = EXIT_OK;
    if (f->check && f->in_place)
        return cli_usage("format: found --check and --in-place, expected one of them");
    if (n > 1 && !f->check && !f->in_place)
        return cli_usage("format: found %u files, expected one, --in-place or --check", n);
    if (f->in_place && g_strv_contains((const char *const *)operands, "-"))
        return cli_usage("format: found - with --in-place, expected files");
    for (unsigned i = 0; i < n; i++) {
        bool differs = false;
        int code = format_one(operands[i], f, &differs, classes);
        worst = MAX(worst, code);
        n_differ += differs;
    }
    if (n_differ)
        g_printerr("sppemu: %u of %u files are in another form; sppemu format --in-place FILE...\n",
                   n_differ, n);
    return worst ? worst : n_differ ? EXIT_RUN_FAILED : EXIT_OK;
}

static const GOptionEntry format_options[] = {
    CLI_OPTION(FormatFlags, in_place, "in-place", 'i', NONE, "Write the files", NULL),
    CLI_OPTION(FormatFlags, check, "check", 0, NONE,
               "Say which files are in another form, and where", NULL),
    {0}};

const CliVerb format_verb = {
    .name = "format",
    .operands = "FILE...",
    .text = "scenario files in one form: spaces, order, comments",
    .more =
        "Prints the file; - is standard input. What it says does not change: the same points "
        "with the same identities. Lines of more than 100 columns that cannot be broken are named.",
    .exits = "Exit codes: 0 ok, 1 a file is in another form (--check) or cannot be written, 2 "
             "usage, 3 a file is no scenario.",
    .examples = (const CliExample[]){{"sppemu format -i my.ini", "the file, in its form"},
                                     {"sppemu format --check *.ini", "before a commit"},
                                     {0}},
    .options = format_options,
    CLI_FLAGS(FormatFlags, {0}),
    .run = format_run};
