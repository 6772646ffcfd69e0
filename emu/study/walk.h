/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/study/walk.h: what a recording says of one packet, and of the paths that all of them took,
 * for people (80 columns) and as JSON. */
#pragma once

#include <jansson.h>
#include <stdio.h>

#include "emu/study/recording.h"

/* The packet's walk, line by line. */
void walk_print(const Recording *recording, const RecordingWalk *walk, FILE *out);
json_t *walk_json(const Recording *recording, const RecordingWalk *walk);
/* The paths, most packets first, with the sum. */
void walk_print_paths(const Recording *recording, FILE *out);
json_t *walk_paths_json(const Recording *recording);
