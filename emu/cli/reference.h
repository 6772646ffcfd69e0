/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/cli/reference.h: the pages of docs/ that are made from tables, in Markdown: parameters.md,
 * metrics.md and verbs.md. `make reference` makes them, tests/cli_help.sh checks that they are
 * those of the tables. */
#pragma once

#include <stdio.h>

#include "emu/core/component.h"

typedef struct {
    const char *name; /* docs/NAME.md */
    void (*write)(const ComponentClass *const *classes, FILE *out);
} Reference;
extern const Reference references[]; /* ends with {0} */
