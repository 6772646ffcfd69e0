/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/study/headline.h: the study at a glance: which scalars are worth a column, the
 * most telling first. */
#pragma once

#include "emu/study/columns.h"

/* Indices of columns, in the order of their worth; caller unrefs. */
GArray *headline_columns(const Columns *columns);
/* Rates (_bps, _pps) are shown in the largest unit that the largest of them has: what they are
 * multiplied by, and its "G", "M", "k" or ""; of others it is 1, and NULL. */
double headline_scale(const char *name, double most, const char **prefix);
/* Columns of the parameters that tell points apart, which nothing may push out; then, up to half of
 * the width, of what follows from these or is the same at all; a cell for each of `points`. The
 * width that they take. */
unsigned headline_parameters(const Scenario *s, const unsigned *points, unsigned n_points,
                             unsigned width, GPtrArray *page);
/* What runs warn of, each sentence once. */
void headline_warnings(const Study *study, FILE *out);
/* The study at a glance, as wide as the terminal: COLUMNS, else what the terminal says, else 80. */
void headline_print(const Study *study, FILE *out);
