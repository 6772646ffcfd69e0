/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/study/progress.h: how far a study is, on one line of the terminal that is standard error.
 *
 * The line is drawn ten times a second at most, fits the terminal's width of that moment (what does
 * not fit is left out) and is cleared in the end, and before any message of g_printerr.
 * A Progress that is NULL shows nothing: every function takes it.
 *
 * In front of it stands the text of SPPEMU_PROGRESS in the environment, by which a script that runs
 * several studies says which this is. */
#pragma once

#include "emu/core/component.h"
#include "emu/study/estimate.h"

typedef struct Progress Progress;

/* What the line says of runs. */
typedef struct {
    unsigned done, of;
    double simulated_s, until_s; /* so far, by all of them; in all (0: unknown) */
    double packets_per_s;        /* that were sent, by the clock on the wall */
    double left_s;               /* NaN: not known yet */
} ProgressState;

/* NULL if standard error is no terminal that can clear a line. One at a time. */
Progress *progress_new(void);
void progress_free(Progress *p);
/* What is being done that has no runs; it is drawn at once if it begins with another letter. */
void progress_say(Progress *p, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* Whether it is time to show how the runs are; the first time it is at once. */
bool progress_due(const Progress *p);
void progress_show(Progress *p, const ProgressState *state);
void progress_clear(Progress *p);
/* So many runs, which are over, count in whatever is shown from now on. */
void progress_add(Progress *p, unsigned runs, double simulated_s);

/* What is known of a point before its runs. */
void progress_set_load(Progress *p, unsigned point, NetworkLoad load);
NetworkLoad progress_load(const Progress *p, unsigned point);

/* The line, in at most `columns` characters; `label`, which may be NULL, is in front. */
char *progress_line(const ProgressState *state, const char *label, unsigned columns);

/* Messages of g_printerr are broken between words where they reach the edge of the terminal, from
 * now on; if standard error is none, they stay as they are. */
void progress_wrap_messages(void);
/* The text, broken so; what goes on is indented. Caller frees. */
char *progress_wrap(const char *text, unsigned width);
