/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/cli/private.h: what the verbs share (cli.c), and those about studies (study.h). */
#pragma once

#include "emu/study/study.h"

/* Print the error and return the code. */
int cli_complain(int code, const GError *error);
/* Print a sentence about the command line and return EXIT_USAGE. */
int cli_usage(const char *format, ...) G_GNUC_PRINTF(1, 2);
/* The folder that holds scenarios/ and analysis/. Caller frees. */
char *cli_data_folder(void);
/* The table of published numbers; NULL, and why on stderr, if it cannot be read. */
Claims *cli_claims(void);
/* A scenario by path, or by the name of one that is shipped. */
Scenario *cli_load(const char *name, char **set, const ComponentClass *const *classes,
                   GError **error);

typedef int CliVerb(int argc, char **argv, const ComponentClass *const *classes);
CliVerb cli_run, cli_point, cli_merge, cli_verify, cli_results;
