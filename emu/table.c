/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The tables of a study: on the terminal, runs.tsv and claims.tsv. */
#include "emu/table.h"

#include <math.h>
#include <string.h>

/* Scalars worth a column, by the end of their name, and how people read them. */
static const struct {
    const char *suffix, *heading;
    double scale;
} shown[] = {{".offered_bps", "offered Gb/s", 1e-9},
             {".offered_pps", "offered Mp/s", 1e-6},
             {".delivered_bps", "delivered Gb/s", 1e-9},
             {".delivered_pps", "delivered Mp/s", 1e-6},
             {".delivered_ratio", "ratio", 1},
             {".latency_mean_us", "mean us", 1},
             {".latency_p99_us", "p99 us", 1}};
enum { MAX_ROWS = 45 };

static void print_runs(const Study *study, FILE *out) {
    const Scenario *s = study->scenario;
    const RunResult *first = study->runs->pdata[0];
    const char *column[G_N_ELEMENTS(shown)] = {0};
    for (unsigned k = 0; k < G_N_ELEMENTS(shown); k++) /* of the first component that has it */
        for (unsigned i = 0; i < first->scalars->len && !column[k]; i++) {
            const char *name = g_array_index(first->scalars, RunScalar, i).name;
            if (g_str_has_suffix(name, shown[k].suffix)) column[k] = name;
        }
    for (unsigned i = 0; i < scenario_n_parameters(s); i++)
        fprintf(out, "%-17s", scenario_parameter(s, 0, i).name);
    for (unsigned k = 0; k < G_N_ELEMENTS(shown); k++)
        if (column[k]) fprintf(out, " %14s", shown[k].heading);
    fputc('\n', out);
    for (unsigned r = 0; r < study->runs->len; r++) {
        if (r == MAX_ROWS) {
            fprintf(out, "... and %u more runs in runs.tsv\n", study->runs->len - r);
            break;
        }
        const RunResult *run = study->runs->pdata[r];
        for (unsigned i = 0; i < scenario_n_parameters(s); i++)
            fprintf(out, "%-17s", scenario_parameter(s, run->point, i).value);
        if (run->failure) fprintf(out, " %s", run->failure);
        for (unsigned k = 0; k < G_N_ELEMENTS(shown) && !run->failure; k++)
            if (column[k])
                fprintf(out, " %14.4f", run_scalar(run, column[k])->value * shown[k].scale);
        fputc('\n', out);
    }
}

static void print_claims(const Study *study, FILE *out) {
    static const char *const uses[] = {"calibrate", "predict", "implied"};
    static const char *const words[] = {"calibrated", "predicted", "implied"};
    fprintf(out, "\n%-20s %-22s %10s  %-6s %-10s %s\n", "claim", "published", "emulated", "unit",
            "use", "verdict");
    for (unsigned i = 0; i < study->claims->len; i++) {
        const ClaimResult *c = &g_array_index(study->claims, ClaimResult, i);
        char range[40];
        g_snprintf(range, sizeof range, "%.6g to %.6g", c->low, c->high);
        fprintf(out, "%-20s %-22s %10.5g  %-6s %-10s %s\n", c->id, range, c->value, c->unit, c->use,
                c->verdict);
    }
    for (unsigned u = 0; u < G_N_ELEMENTS(uses); u++) {
        unsigned all = 0, met = 0;
        for (unsigned i = 0; i < study->claims->len; i++) {
            const ClaimResult *c = &g_array_index(study->claims, ClaimResult, i);
            all += !strcmp(c->use, uses[u]);
            met += !strcmp(c->use, uses[u]) && !strcmp(c->verdict, "met");
        }
        if (all) fprintf(out, "%s%s: %u of %u met", u ? ", " : "", words[u], met, all);
    }
    fputc('\n', out);
}

void table_print(const Study *study, FILE *out) {
    fprintf(out, "%s\n\n", scenario_title(study->scenario));
    print_runs(study, out);
    if (study->claims->len) print_claims(study, out);
}

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
