/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/results.h: the folder of results.
 *
 * The folder is written beside its final place and renamed when complete, so it either holds a
 * whole result or does not exist. manifest.json carries `status`: ok, interrupted or failed; only
 * ok counts as done. An existing folder is replaced only if its manifest says that it is this
 * scenario's. */
#pragma once

#include "emu/study.h"

/* Open a temporary folder for the results that will be `final`; NULL and an error if it cannot be
 * made, or if `final` holds something that must not be replaced. Caller frees. */
char *results_open(const char *final, const char *scenario, bool force, GError **error);
/* Write everything but the runs' own files, draw the plots and put the folder in its place. */
bool results_finish(const Study *study, const char *temporary, const char *final, bool plots,
                    GError **error);
void results_discard(const char *temporary);
