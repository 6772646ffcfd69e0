/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/cli/walk.h: of explain, one packet of a recording, and the paths that packets took. */
#pragma once

#include "emu/cli/private.h"

typedef struct {
    char *packet; /* "17", "traffic:17"; NULL */
    gboolean first_drop, slowest, paths, json;
} WalkFlags;

/* Whether one of them is asked for. */
bool cli_walk_asked(const WalkFlags *f);
/* The exit code. `run` NULL: of the only run, or the first that has a recording. */
int cli_walk(const WalkFlags *f, const char *given, const char *run,
             const ComponentClass *const *classes);
