/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/study/headline.h: which scalars are worth a column at a glance, the most telling first. */
#pragma once

#include "emu/study/columns.h"

/* Indices of columns, in the order of their worth; caller unrefs. */
GArray *headline_columns(const Columns *columns);
