/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The tables that are files. */
#include "emu/study/table.h"

#include <math.h>
#include <string.h>

#include "emu/study/headline.h"

/* Columns that runs.tsv holds. */
static bool *kept(const Columns *c) {
    bool *keep = g_new0(bool, c->columns->len + 1);
    g_autoptr(GArray) headline = headline_columns(c);
    for (unsigned i = 0; i < headline->len; i++) keep[g_array_index(headline, unsigned, i)] = true;
    for (unsigned k = 0; k < c->columns->len; k++)
        keep[k] |= !columns_at(c, k)->constant || columns_at(c, k)->used;
    return keep;
}

static void put_number(GString *t, double value) {
    g_string_append_c(t, '\t');
    if (!isnan(value)) g_string_append_printf(t, "%.12g", value);
}

static void put_parameters(GString *t, const Columns *c, unsigned point) {
    const Scenario *s = c->study->scenario;
    for (unsigned i = 0; i < scenario_n_parameters(s); i++) {
        double value = columns_parameter(c, point, i);
        if (isnan(value))
            g_string_append_printf(t, "\t%s", scenario_parameter(s, point, i).value);
        else
            put_number(t, value);
    }
}

static void put_parameter_names(GString *t, const Scenario *s) {
    for (unsigned i = 0; i < scenario_n_parameters(s); i++)
        g_string_append_printf(t, "\t%s", scenario_parameter(s, 0, i).name);
}

char *table_runs(const Study *study) {
    static const char *const words[] = {
        [RUN_MISSING] = "not run", [RUN_OK] = "ok", [RUN_FAILED] = "failed"};
    g_autoptr(Columns) c = columns_new(study);
    g_autofree bool *keep = kept(c);
    GString *t = g_string_new("run\trepetition\tstatus");
    put_parameter_names(t, study->scenario);
    for (unsigned k = 0; k < c->columns->len; k++)
        if (keep[k]) g_string_append_printf(t, "\t%s", columns_at(c, k)->name);
    for (unsigned r = 0; r < study->runs->len; r++) {
        const RunResult *run = study->runs->pdata[r];
        g_string_append_printf(t, "\n%u\t%u\t%s", r, run->repetition, words[run->status]);
        put_parameters(t, c, run->point);
        for (unsigned k = 0; k < c->columns->len; k++)
            if (keep[k]) put_number(t, columns_value(c, r, k));
    }
    g_string_append_c(t, '\n');
    return g_string_free(t, FALSE);
}

json_t *table_constants(const Study *study) {
    g_autoptr(Columns) c = columns_new(study);
    g_autofree bool *keep = kept(c);
    json_t *all = json_object();
    for (unsigned r = 0; r < study->runs->len; r++) {
        if (((const RunResult *)study->runs->pdata[r])->status != RUN_OK) continue;
        for (unsigned k = 0; k < c->columns->len; k++) {
            double value = columns_value(c, r, k);
            if (keep[k]) continue;
            json_object_set_new(all, columns_at(c, k)->name,
                                isfinite(value) ? json_real(value) : json_null());
        }
        break;
    }
    return all;
}

static void put_column(GString *t, const Scenario *s, const char *name, const char *unit) {
    const char *dot = strchr(name, '.'), *class = scenario_class_of(s, name);
    g_string_append_printf(t, "%s\t%s\t%.*s\t%s\t%s\n", name, unit, *class ? (int)(dot - name) : 0,
                           name, class, scenario_meaning(s, name));
}

char *table_columns(const Study *study) {
    g_autoptr(Columns) c = columns_new(study);
    const Scenario *s = study->scenario;
    GString *t = g_string_new("name\tunit\tcomponent\tclass\ttext\n");
    for (unsigned i = 0; i < scenario_n_parameters(s); i++)
        put_column(t, s, scenario_parameter(s, 0, i).name, columns_parameter_unit(c, i));
    for (unsigned k = 0; k < c->columns->len; k++)
        put_column(t, s, columns_at(c, k)->name, columns_at(c, k)->unit);
    return g_string_free(t, FALSE);
}

static void put_estimate(GString *t, StudyEstimate e) {
    put_number(t, e.mean);
    put_number(t, e.sd);
    put_number(t, e.mean - e.half);
    put_number(t, e.mean + e.half);
}

char *table_summary(const Study *study) {
    if (!study->repeated) return NULL;
    g_autoptr(Columns) c = columns_new(study);
    g_autofree bool *keep = kept(c);
    GString *t = g_string_new("point");
    put_parameter_names(t, study->scenario);
    g_string_append(t, "\tmetric\tn\tmean\tsd\tinterval_low\tinterval_high\n");
    for (unsigned point = 0; point < scenario_n_points(study->scenario); point++)
        for (unsigned k = 0; k < c->columns->len; k++) {
            if (!keep[k]) continue;
            StudyEstimate e = columns_estimate(c, point, k);
            g_string_append_printf(t, "%u", point);
            put_parameters(t, c, point);
            g_string_append_printf(t, "\t%s\t%u", columns_at(c, k)->name, e.n);
            put_estimate(t, e);
            g_string_append_c(t, '\n');
        }
    return g_string_free(t, FALSE);
}

char *table_claims(const Study *study) {
    GString *t = g_string_new(
        "id\tstatement\tlow\thigh\tvalue\tunit\tuse\tverdict\tsource\truns\tof\ttiming\n");
    const char *timing = scenario_timing(study->scenario);
    for (unsigned i = 0; i < study->claims->len; i++) {
        const ClaimResult *c = &g_array_index(study->claims, ClaimResult, i);
        g_string_append_printf(t, "%s\t%s\t%.12g\t%.12g", c->id, c->statement, c->low, c->high);
        put_number(t, c->value);
        g_string_append_printf(t, "\t%s\t%s\t%s\t%s\t%u\t%u\t%s\n", c->unit, c->use, c->verdict,
                               c->source, study_n_ok(study), study->runs->len,
                               timing ? timing : "");
    }
    return g_string_free(t, FALSE);
}
