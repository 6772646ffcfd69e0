/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "emu/study/grid.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

enum { NARROWEST = 40 };

GridColumn *grid_column(bool left, char *first, char *second, char *third) {
    GridColumn *c = g_new0(GridColumn, 1);
    *c = (GridColumn){{first, second, third}, g_ptr_array_new_with_free_func(g_free), 0, left};
    for (unsigned i = 0; i < GRID_HEADS; i++)
        if (c->heads[i]) c->width = MAX(c->width, (unsigned)strlen(c->heads[i]));
    return c;
}

void grid_column_free(void *data) {
    GridColumn *c = data;
    for (unsigned i = 0; i < GRID_HEADS; i++) g_free(c->heads[i]);
    g_ptr_array_unref(c->cells);
    g_free(c);
}

void grid_cell(GridColumn *c, char *text) {
    c->width = MAX(c->width, (unsigned)strlen(text));
    g_ptr_array_add(c->cells, text);
}

unsigned grid_width(FILE *out) {
    const char *columns = g_getenv("COLUMNS");
    struct winsize size;
    unsigned width = columns ? (unsigned)strtoul(columns, NULL, 10) : 0;
    if (!width && ioctl(fileno(out), TIOCGWINSZ, &size) == 0) width = size.ws_col;
    return width ? MAX(width, NARROWEST) : 80;
}

static unsigned put(const GridColumn *c, const char *text, bool first, FILE *out) {
    fprintf(out, c->left ? "%*s%-*s" : "%*s%*s", first ? 0 : GRID_GAP, "", (int)c->width, text);
    return c->width + (first ? 0 : GRID_GAP);
}

void grid_put_heads(const GPtrArray *columns, FILE *out) {
    for (unsigned line = 0; columns->len && line < GRID_HEADS; line++) {
        bool any = false;
        for (unsigned k = 0; k < columns->len; k++) {
            const GridColumn *c = columns->pdata[k];
            any = any || (c->heads[line] && *c->heads[line]);
        }
        for (unsigned k = 0; any && k < columns->len; k++) {
            const GridColumn *c = columns->pdata[k];
            put(c, c->heads[line] ? c->heads[line] : "", !k, out);
        }
        if (any) fputc('\n', out);
    }
}

unsigned grid_put_row(const GPtrArray *columns, unsigned n, unsigned row, FILE *out) {
    unsigned used = 0;
    for (unsigned k = 0; k < n; k++) {
        const GridColumn *c = columns->pdata[k];
        used += put(c, c->cells->pdata[row], !k, out);
    }
    return used;
}
