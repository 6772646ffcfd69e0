/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/cli/recorded.h: recordings of runs, for the verbs that read them. */
#pragma once

#include "emu/cli/study.h"
#include "emu/study/recording.h"

/* The recording of a study's run (NULL: of the only one, or the first that has one), or of a file.
 * NULL, and *code says what of: after a sentence, which says how to record. */
Recording *cli_recording(const char *given, const char *run, const ComponentClass *const *classes,
                         int *code);
