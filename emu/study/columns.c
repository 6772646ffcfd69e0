/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The matrix of a study's scalars. */
#include "emu/study/columns.h"

#include <math.h>
#include <string.h>

static unsigned column_of(Columns *c, GHashTable *index, const RunScalar *s) {
    unsigned n = GPOINTER_TO_UINT(g_hash_table_lookup(index, s->name));
    if (n) return n - 1;
    Column column = {.name = s->name, .unit = s->unit};
    g_array_append_val(c->columns, column);
    g_hash_table_insert(index, (char *)s->name, GUINT_TO_POINTER(c->columns->len));
    return c->columns->len - 1;
}

static void fill_values(Columns *c) {
    const GPtrArray *runs = c->study->runs;
    g_autoptr(GHashTable) index = g_hash_table_new(NULL, NULL); /* names are interned */
    for (unsigned r = 0; r < runs->len; r++) {
        const RunResult *run = runs->pdata[r];
        for (unsigned i = 0; run->status == RUN_OK && i < run->scalars->len; i++)
            column_of(c, index, &g_array_index(run->scalars, RunScalar, i));
    }
    size_t n = (size_t)runs->len * c->columns->len;
    c->values = g_new(double, n);
    for (size_t i = 0; i < n; i++) c->values[i] = NAN;
    for (unsigned r = 0; r < runs->len; r++) {
        const RunResult *run = runs->pdata[r];
        for (unsigned i = 0; run->status == RUN_OK && i < run->scalars->len; i++) {
            const RunScalar *s = &g_array_index(run->scalars, RunScalar, i);
            c->values[r * c->columns->len + column_of(c, index, s)] = s->value;
        }
    }
}

static void find_constants(Columns *c) {
    const GPtrArray *runs = c->study->runs;
    for (unsigned k = 0; k < c->columns->len; k++) {
        unsigned n = 0;
        double first = NAN;
        bool same = true;
        for (unsigned r = 0; same && r < runs->len; r++) {
            if (((const RunResult *)runs->pdata[r])->status != RUN_OK) continue;
            double value = columns_value(c, r, k);
            if (!n++) first = value;
            same = value == first || (isnan(value) && isnan(first));
        }
        g_array_index(c->columns, Column, k).constant = same && n > 1;
    }
}

/* Every name in the expression. */
static void find_names(const char *text, GHashTable *names) {
    while (text && *text) {
        size_t n = 0;
        while (g_ascii_isalnum(text[n]) || (n && strchr("_.-", text[n]) && text[n])) n++;
        g_autofree char *name = g_strndup(text, n);
        if (n) g_hash_table_add(names, (char *)run_intern(name));
        text += n ? n : 1;
    }
}

static void find_used(Columns *c) {
    const Scenario *s = c->study->scenario;
    g_autoptr(GHashTable) names = g_hash_table_new(NULL, NULL);
    for (unsigned i = 0; i < scenario_n_expects(s); i++)
        find_names(scenario_expect(s, i)->metric, names);
    for (unsigned i = 0; i < scenario_n_plots(s); i++) {
        const ScenarioPlot *p = scenario_plot(s, i);
        const char *const texts[] = {p->y, p->x, p->curve, p->condition};
        for (unsigned k = 0; k < G_N_ELEMENTS(texts); k++) find_names(texts[k], names);
    }
    for (unsigned k = 0; k < c->columns->len; k++) {
        Column *column = &g_array_index(c->columns, Column, k);
        column->used = g_hash_table_contains(names, column->name);
    }
}

/* A number is what is written as one: the choices of an enum are words, although they have a place
 * in its list. */
static double parameter_value(const Scenario *s, unsigned point, unsigned parameter) {
    ScenarioParameter p = scenario_parameter(s, point, parameter);
    double value = NAN;
    bool number = g_ascii_isdigit(*p.value) || strchr("-+.", *p.value);
    return number && scenario_value(s, point, p.name, &value) ? value : NAN;
}

/* Numbers of several units, such as bits and packets a second, are no column of numbers: they stay
 * as they are written. */
static void leave_mixed(Columns *c, unsigned parameter) {
    const Scenario *s = c->study->scenario;
    unsigned n = scenario_n_parameters(s), points = scenario_n_points(s);
    const char *unit = columns_parameter_unit(c, parameter);
    bool mixed = false;
    for (unsigned p = 0; p < points && !mixed; p++)
        mixed = !isnan(c->parameters[p * n + parameter]) &&
                strcmp(scenario_parameter_unit(s, p, parameter), unit) != 0;
    for (unsigned p = 0; p < points && mixed; p++) c->parameters[p * n + parameter] = NAN;
}

Columns *columns_new(const Study *study) {
    const Scenario *s = study->scenario;
    unsigned n = scenario_n_parameters(s), points = scenario_n_points(s);
    Columns *c = g_new0(Columns, 1);
    c->study = study;
    c->columns = g_array_new(FALSE, FALSE, sizeof(Column));
    c->parameters = g_new(double, MAX(n * points, 1));
    for (unsigned i = 0; i < n * points; i++) c->parameters[i] = parameter_value(s, i / n, i % n);
    for (unsigned i = 0; i < n; i++) leave_mixed(c, i);
    fill_values(c);
    find_constants(c);
    find_used(c);
    return c;
}

void columns_free(Columns *c) {
    g_array_unref(c->columns);
    g_free(c->values);
    g_free(c->parameters);
    g_free(c);
}

double columns_parameter(const Columns *c, unsigned point, unsigned parameter) {
    return c->parameters[point * scenario_n_parameters(c->study->scenario) + parameter];
}

const char *columns_parameter_unit(const Columns *c, unsigned parameter) {
    const Scenario *s = c->study->scenario;
    for (unsigned point = 0; point < scenario_n_points(s); point++)
        if (!isnan(columns_parameter(c, point, parameter)))
            return scenario_parameter_unit(s, point, parameter);
    return "";
}

StudyEstimate columns_estimate(const Columns *c, unsigned point, unsigned column) {
    const GPtrArray *runs = c->study->runs;
    g_autofree double *values = g_new(double, runs->len);
    unsigned n = 0;
    for (unsigned r = 0; r < runs->len; r++) {
        const RunResult *run = runs->pdata[r];
        double value = columns_value(c, r, column);
        if (run->point == point && !isnan(value)) values[n++] = value;
    }
    return study_estimate_of(values, n, study_independent(c->study, point, 0));
}
