/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/study/headline.h: the study at a glance: which scalars are worth a column, the
 * most telling first. */
#pragma once

#include "emu/study/columns.h"

/* Indices of columns, in the order of their worth; caller unrefs. */
GArray *headline_columns(const Columns *columns);
/* The study at a glance, as wide as the terminal: COLUMNS, else what the terminal says, else 80. */
void headline_print(const Study *study, FILE *out);
