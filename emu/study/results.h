/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/study/results.h: what is drawn from a study's records: tables, claims, pictures, the
 * manifest.
 *
 * manifest.json is removed first and written last, so a folder with one holds tables that agree
 * with each other. Its `status` is ok, interrupted, failed, or incomplete; only ok counts as done.
 * A single run's files are linked into the folder itself, the runs of a study into runs/0000 and up
 * (all of it can be removed and is drawn again by `sppemu merge`). */
#pragma once

#include "emu/study/study.h"

/* Write everything, holding the lock of the store. */
bool results_write(const Study *study, const Store *store, bool plots, GError **error);
