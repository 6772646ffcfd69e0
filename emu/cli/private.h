/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/cli/private.h: what a verb is, and what all of them share: the command line (cli.c), the
 * scenarios that are shipped (shipped.c), help (help.c). Those about studies are in study.h. */
#pragma once

#include "emu/study/study.h"

/* Verbs ----------------------------------------------------------------------------------- */

typedef struct {
    const char *command, *text;
} CliExample;

/* One row says everything about a verb: from it come parsing, `sppemu help VERB`, the man page,
 * docs/verbs.md and the completion. */
typedef struct {
    const char *name;     /* "run" */
    const char *operands; /* "FILE", "[DIR]", "STUDY RUN..."; "": none. Words of cli_operands */
    const char *text;     /* one sentence, without a full stop; NULL: the verb is not shown */
    const char *more;     /* what else there is to know; NULL: nothing */
    const char *exits;    /* exit codes; NULL: cli_exit_codes */
    const CliExample *examples;  /* ends with {0} */
    const GOptionEntry *options; /* of CLI_OPTION, ends with {0}; NULL: none */
    const void *flags;           /* what the options are when nobody gives them; NULL: no options */
    size_t flags_size;
    /* `operands` are as many as there may be, and NULL; `flags` are the verb's own until it ends,
     * and what options hold is freed then. */
    int (*run)(char **operands, void *flags, const ComponentClass *const *classes);
} CliVerb;

/* An option of the struct S that is written to its field. `arg` is what goes with it: NULL, or a
 * word of cli_operands, or one of several words, "a|b". */
#define CLI_OPTION(S, field, name, letter, type, text, arg)                                        \
    { name, letter, 0, G_OPTION_ARG_##type, (void *)offsetof(S, field), text, arg }
#define CLI_FLAGS(S, ...) .flags = &(const S)__VA_ARGS__, .flags_size = sizeof(S)

/* What may be written for a word of `operands` or of an option's `arg`. */
typedef struct {
    const char *word, *text;
} CliOperand;
extern const CliOperand cli_operands[]; /* ends with {0} */

extern const CliVerb run_verb, check_verb, show_verb, list_verb, results_verb, query_verb,
    plot_verb, report_verb, sensitivity_verb, compare_verb, explain_verb, trace_verb, diff_verb,
    search_verb, plan_verb, verify_verb, merge_verb, point_verb, format_verb, convert_verb,
    lab_verb, help_verb, complete_verb;
extern const CliVerb *const cli_verbs[]; /* as help shows them, and NULL */
extern const char cli_exit_codes[];

/* Print the error and return the code. */
int cli_complain(int code, const GError *error);
/* Print a sentence about the command line and return EXIT_USAGE. */
int cli_usage(const char *format, ...) G_GNUC_PRINTF(1, 2);

/* What is shipped ------------------------------------------------------------------------- */

/* The folder that holds scenarios/ and analysis/. Caller frees. */
char *cli_data_folder(void);
/* Where the shipped scenarios are. Caller frees. */
char *cli_shipped_folder(void);
/* Names of the shipped scenarios, sorted, and NULL. */
GPtrArray *cli_shipped(void);
/* Names of the shipped labs, sorted, and NULL. */
GPtrArray *cli_labs(void);
/* The table of published numbers; NULL, and why on stderr, if it cannot be read. */
Claims *cli_claims(void);
/* The file of a scenario, given by path, or by the name of one in the working directory or of one
 * that is shipped, ".ini" left out or not. Caller frees. */
char *cli_find(const char *name, GError **error);
/* The same, read. */
Scenario *cli_load(const char *name, char **set, const ComponentClass *const *classes,
                   GError **error);
/* --timing is --set scenario.timing, behind all others: add it to `set`. False, and a sentence: it
 * is no timing. */
#define CLI_TIMING(S)                                                                              \
    CLI_OPTION(S, timing, "timing", 0, STRING,                                                     \
               "How times inside chips are found: [scenario] timing", "detailed|fast")
bool cli_set_timing(char ***set, const char *timing);
/* "6 left out by where, 4 equal to others run once" of its points; empty if neither is so. Caller
 * frees. */
char *cli_points_text(const Scenario *s);

/* Help ------------------------------------------------------------------------------------ */

/* `sppemu help VERB`, on standard output. */
void cli_help_verb(const CliVerb *verb);
/* What `sppemu` alone says, on standard error. */
void cli_help_short(void);
