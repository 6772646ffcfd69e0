/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/html/private.h: what the parts of a web page share. A part writes itself to `out`, or, if
 * the result has nothing for it, nothing. */
#pragma once

#include "emu/html/html.h"
#include "emu/html/webpage.h"
#include "emu/study/columns.h"

/* Tables and charts of more points would be no page. */
enum { MOST_POINTS = 1000 };

typedef struct {
    const WebResult *result;
    GString *out;
    char *id;         /* its fragment, and the beginning of all ids in it */
    const char *name; /* of the result's folder */
    Columns *columns;
    unsigned *points; /* of the scenario, that have a run; at most MOST_POINTS */
    unsigned n_points;
    unsigned n_run;  /* points that have a run */
    GArray *telling; /* parameters (unsigned) that tell these points apart */
} WebPart;

/* A heading of the part, with an id. */
void web_heading(WebPart *w, const char *id, const char *text);
/* Heads and cells of what tells points apart; `heads` is markup behind them. */
void web_point_heads(WebPart *w);
void web_point_cells(WebPart *w, unsigned point);
/* What a column is called above a table: component, quantity and unit, in two lines. `prefix`: of
 * the unit; "%": a share in percent. */
void web_column_head(WebPart *w, const char *name, const char *prefix, const char *unit,
                     const char *text);
/* A mean over the point's repetitions; NaN: there is none. */
double web_value(const WebPart *w, unsigned point, unsigned column);

/* Rows of claims: `misses`: those that are not met, with the result they are of. */
void web_claim_row(WebPart *w, unsigned claim, bool with_result);
void web_claim_heads(GString *out, bool with_result);

void web_figure(WebPart *w);
void web_scenario(WebPart *w);
void web_chooser(WebPart *w);
void web_latency(WebPart *w);
void web_busy(WebPart *w);
void web_explained(WebPart *w);
void web_swings(WebPart *w);
