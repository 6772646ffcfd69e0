/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/study/query.h: a question to runs that are there. Rows are points, or with `each` every
 * component of a class at every point, and have one value for each column: of an expression
 * (emu/scenario/metric.h) the mean over the point's repetitions with its 95 percent interval. In
 * `where`, `sort` and aggregates, which are over all rows that there could be, a scalar is its mean
 * over the repetitions. With `each` a
 * name without a component is the row's own, if it has one of that name. */
#pragma once

#include "emu/study/study.h"

typedef struct {
    const char *where; /* which rows; NULL: all */
    const char *sort;  /* EXPRESSION, ..., rising; NULL: as points come */
    const char *show;  /* EXPRESSION [as "LABEL"], ...; NULL: what a run shows at a glance, or all
                        * of the row's component */
    const char *each;  /* class; NULL: rows are points */
    unsigned limit;    /* rows; 0: all */
} QueryWords;

typedef struct Query Query;

/* NULL and an error that begins with the word that it is about, "--where: ...". The study must
 * outlive it. */
Query *query_new(const Study *study, const QueryWords *words, GError **error);
void query_free(Query *query);
/* As wide as the terminal; columns that do not fit are named below. */
void query_print(const Query *query, FILE *out);
/* The same in the form of runs.tsv; with repetitions NAME, NAME_low, NAME_high. Caller frees. */
char *query_tsv(const Query *query);
/* Schema sppemu-query-1: `rows` are objects of these names. Caller decrefs. */
json_t *query_json(const Query *query);
