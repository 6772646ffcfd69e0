/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The tables that are files. table_print is in headline.c. */
#include "emu/table.h"

char *table_runs(const Study *study) {
    const Scenario *s = study->scenario;
    GString *t = g_string_new("run\trepetition");
    for (unsigned i = 0; i < scenario_n_parameters(s); i++)
        g_string_append_printf(t, "\t%s", scenario_parameter(s, 0, i).name);
    const RunResult *first = NULL;
    for (unsigned r = 0; r < study->runs->len && !first; r++)
        if (((RunResult *)study->runs->pdata[r])->scalars->len) first = study->runs->pdata[r];
    for (unsigned i = 0; first && i < first->scalars->len; i++) {
        const RunScalar *x = &g_array_index(first->scalars, RunScalar, i);
        g_string_append_printf(t, "\t%s[%s]", x->name, x->unit);
    }
    for (unsigned r = 0; r < study->runs->len; r++) {
        const RunResult *run = study->runs->pdata[r];
        g_string_append_printf(t, "\n%u\t%u", r, run->repetition);
        for (unsigned i = 0; i < scenario_n_parameters(s); i++)
            g_string_append_printf(t, "\t%s", scenario_parameter(s, run->point, i).value);
        for (unsigned i = 0; first && i < first->scalars->len;
             i++) { /* by name: causes may be absent */
            const RunScalar *x = run_scalar(run, g_array_index(first->scalars, RunScalar, i).name);
            g_string_append_printf(t, "\t%.12g", x ? x->value : 0.0);
        }
    }
    g_string_append_c(t, '\n');
    return g_string_free(t, FALSE);
}

char *table_claims(const Study *study) {
    GString *t = g_string_new("id\tstatement\tlow\thigh\tvalue\tunit\tuse\tverdict\tsource\n");
    for (unsigned i = 0; i < study->claims->len; i++) {
        const ClaimResult *c = &g_array_index(study->claims, ClaimResult, i);
        g_string_append_printf(t, "%s\t%s\t%.12g\t%.12g\t%.12g\t%s\t%s\t%s\t%s\n", c->id,
                               c->statement, c->low, c->high, c->value, c->unit, c->use, c->verdict,
                               c->source);
    }
    return g_string_free(t, FALSE);
}
