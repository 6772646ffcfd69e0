/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/html/webpage.h: results as one web page: a file that needs no other and no network, and has
 * all its numbers without the script. The same results give the same bytes.
 *
 *   webpage.c      the document, and what stands first: totals, what is missed, which results
 *   figure.c       of a result: pictures, claims, the scenario, how it is repeated
 *   chooser.c      its points: a table, and what a chart chosen by the reader is drawn from
 *   latency.c      where its packets' time went
 *   busy.c         what was busy
 *   explained.c    what limits some of its runs, if that was kept
 *   swings.c       how far its claims hang on its numbers, if that was computed
 *   html.h         text, numbers, pictures
 *   report.css, report.js   how it looks, and what it does; built into the program */
#pragma once

#include "emu/study/store.h"
#include "emu/study/study.h"

typedef struct {
    const Study *study; /* with its claims judged */
    const Store *store;
    const char *command;     /* computes it again */
    const char *sensitivity; /* folder; there need not be one */
    const char *explained;   /* file of sppemu explain --json; there need not be one */
} WebResult;

/* Caller frees. */
char *webpage_of(const WebResult *results, unsigned n);
