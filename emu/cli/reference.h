/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/cli/reference.h: the pages that are made from tables. In Markdown, docs/parameters.md,
 * metrics.md and verbs.md: `make reference` makes them, tests/cli_help.sh checks that they are
 * those of the tables. In roff sppemu(1) and sppemu-scenario(5) (man.c), which the build leaves in
 * man/. */
#pragma once

#include <stdio.h>

#include "emu/core/component.h"

typedef struct {
    const char *name; /* of docs/NAME.md, or man/NAME */
    bool man;
    void (*write)(const ComponentClass *const *classes, FILE *out);
} Reference;
extern const Reference references[]; /* ends with {0} */

void man_sppemu(const ComponentClass *const *classes, FILE *out);
void man_scenario(const ComponentClass *const *classes, FILE *out);
