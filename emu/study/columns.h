/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/study/columns.h: the scalars of a study's runs as one matrix. Its columns are the union over
 * all runs, in the order in which they first appear; a run that has not ended well, and a scalar
 * that a run does not have, are NaN. */
#pragma once

#include "emu/study/study.h"

typedef struct {
    const char *name, *unit; /* interned */
    bool constant;           /* the same in all runs, of which there are several */
    bool used;               /* named by a plot or an expectation of the scenario */
} Column;

typedef struct {
    const Study *study;
    GArray *columns;    /* Column */
    double *values;     /* by run, then column */
    double *parameters; /* by point, then parameter: base units of one kind; NaN: text */
} Columns;

Columns *columns_new(const Study *study);
void columns_free(Columns *c);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Columns, columns_free)

static inline const Column *columns_at(const Columns *c, unsigned column) {
    return &g_array_index(c->columns, Column, column);
}
static inline double columns_value(const Columns *c, unsigned run, unsigned column) {
    return c->values[run * c->columns->len + column];
}
/* The unit that a parameter's numbers have, such as "bit/s wire"; "" for text. Static. */
const char *columns_parameter_unit(const Columns *c, unsigned parameter);
double columns_parameter(const Columns *c, unsigned point, unsigned parameter);

/* Mean and spread of a column over the repetitions of a point. */
StudyEstimate columns_estimate(const Columns *c, unsigned point, unsigned column);
