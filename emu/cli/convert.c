/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * sppemu convert: what a scenario says many times, said once. */
#include "emu/scenario/convert.h"

#include "emu/cli/private.h"

static int convert_run(char **operands, void *flags, const ComponentClass *const *classes) {
    (void)flags;
    g_autoptr(GError) error = NULL;
    g_autofree char *path = cli_find(operands[0], &error), *library = cli_shipped_folder(),
                    *text = path ? convert_file(path, library, classes, &error) : NULL;
    if (!text) return cli_complain(EXIT_INPUT, error);
    fputs(text, stdout);
    return EXIT_OK;
}

const CliVerb convert_verb = {
    .name = "convert",
    .operands = "FILE",
    .text = "a scenario of the language's first edition, in the second",
    .more =
        "Prints it with arrays in place of sections that count, [series] in place of lists that "
        "run in parallel, [text] in place of values that stand twice, words in place of the "
        "numbers that stood for them, and without keys that repeat defaults. Comments stay, and "
        "so do the points and their identities.",
    .exits = "Exit codes: 0 ok, 2 usage, 3 the file, or one that it includes, is no scenario.",
    .examples =
        (const CliExample[]){{"sppemu convert old.ini >new.ini", "then: sppemu check new.ini"},
                             {0}},
    .run = convert_run};
