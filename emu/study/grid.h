/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/study/grid.h: tables on a terminal. A column has lines of head and a cell for each row; what
 * is left out when it does not fit is its owner's to choose. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdio.h>

enum { GRID_HEADS = 3, GRID_GAP = 2 };

typedef struct {
    char *heads[GRID_HEADS]; /* NULL: fewer lines */
    GPtrArray *cells;        /* char * */
    unsigned width;
    bool left; /* words, not numbers */
} GridColumn;

/* Takes the heads. */
GridColumn *grid_column(bool left, char *first, char *second, char *third);
void grid_column_free(void *column);
void grid_cell(GridColumn *column, char *text); /* takes it */

/* What fits into a line of `out`: COLUMNS, else what the terminal says, else 80. */
unsigned grid_width(FILE *out);
/* The heads, and of a row the first n cells, of columns (GridColumn) without a newline; what was
 * printed, in characters. */
void grid_put_heads(const GPtrArray *columns, FILE *out);
unsigned grid_put_row(const GPtrArray *columns, unsigned n, unsigned row, FILE *out);
