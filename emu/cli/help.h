/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/cli/help.h: what `sppemu help` and the man pages (man.c) have in common: a verb's parts, and
 * the rows of a table of parameters, on a page of either style. */
#pragma once

#include "emu/cli/page.h"
#include "emu/cli/private.h"

extern const char help_what_it_is[];
extern const CliExample help_first_examples[];

/* A sentence as one: "ends packets" is "Ends packets.". Caller frees. */
char *help_sentence(const char *text);
/* "sppemu run FILE [OPTION...]"; caller frees. */
char *help_usage(const CliVerb *v);
/* Each may be NULL. */
void help_options(Page *page, const GOptionEntry *options);
void help_examples(Page *page, const CliExample *examples);
void help_params(Page *page, const Param *rows);
