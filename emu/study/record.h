/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/study/record.h: the record of one finished run.
 *
 * A record is a folder named by the run's identity. It holds the run's own files (captures,
 * series, histograms, stats.txt) and the file `record`: lines of tab-separated words with the
 * status, the fingerprint, every scalar, size and checksum of every other file, and last a checksum
 * of itself. It is made under another name and renamed when complete. A record that stops early,
 * lacks a file or fails a checksum is none. `cost` beside them says what the run took (wall and CPU
 * seconds, kB of memory, bytes on disk, host); it is not part of the record and never reaches a
 * table.
 *
 * Only what depends on the run's identity alone is recorded: success, an input that is refused, a
 * broken invariant. A full disk, a killed process or an interruption leaves nothing. */
#pragma once

#include "emu/study/result.h"

typedef struct {
    double wall_s, cpu_s;
    uint64_t memory_kb, disk_bytes;
} RecordCost;

/* The text of `record` for a run whose other files are in `folder`; NULL and an error if one cannot
 * be read. Caller frees. */
char *record_text(const RunResult *result, const char *identity, const char *folder,
                  GError **error);
/* A run's result from the text of `record`; point, repetition and folder are left to the caller.
 * `folder`, unless NULL, is checked to hold the files that the text lists. NULL and an error, which
 * says what is wrong with it, if it is no whole record of that identity (any, if NULL). */
RunResult *record_parse(const char *text, size_t length, const char *identity, const char *folder,
                        GError **error);
/* Write `record` and `cost`, sync everything in `folder`, and rename it to `to`, in the place of an
 * earlier record. */
bool record_publish(const RunResult *result, const char *identity, const RecordCost *cost,
                    const char *folder, const char *to, GError **error);
/* The record in the folder; NULL, without an error, if there is no such folder. */
RunResult *record_load(const char *folder, const char *identity, GError **error);
bool record_cost(const char *folder, RecordCost *cost);
