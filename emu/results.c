/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Claims, JSON, tables and the results folder. Nothing here reads a clock, a host name or a path
 * into what is compared. */
#include "emu/results.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#define SCHEMA "sppemu-run-1"

/* Metrics over runs ----------------------------------------------------------------------- */

typedef struct {
    MetricRuns base;
    GPtrArray *names;
    unsigned *index; /* runs that have results */
    const Study *study;
} StudyRuns;

static bool lookup(const void *data, unsigned run, const char *name, double *value) {
    const StudyRuns *s = data;
    const RunResult *r = s->study->runs->pdata[s->index[run]];
    const Scenario *scenario = s->study->options->scenario;
    if (scenario_value(scenario, r->point, name, value)) return true;
    const RunScalar *scalar = run_scalar(r, name);
    if (scalar) *value = scalar->value;
    return scalar != NULL;
}

MetricRuns *study_metric_runs(const Study *study) {
    StudyRuns *s = g_new0(StudyRuns, 1);
    s->study = study;
    s->names = g_ptr_array_new();
    s->index = g_new0(unsigned, study->runs->len);
    const Scenario *scenario = study->options->scenario;
    for (unsigned i = 0; i < scenario_n_parameters(scenario); i++)
        g_ptr_array_add(s->names, (char *)scenario_parameter(scenario, 0, i).name);
    for (unsigned i = 0; i < study->runs->len; i++) {
        const RunResult *r = study->runs->pdata[i];
        if (r->code != EXIT_OK) continue;
        if (!s->base.n_runs)
            for (unsigned k = 0; k < r->scalars->len; k++)
                g_ptr_array_add(s->names, (char *)g_array_index(r->scalars, RunScalar, k).name);
        s->index[s->base.n_runs++] = i;
    }
    g_ptr_array_add(s->names, NULL);
    s->base.lookup = lookup;
    s->base.runs = s;
    s->base.names = (const char *const *)s->names->pdata;
    return &s->base;
}

void study_metric_runs_free(MetricRuns *runs) {
    StudyRuns *s = (StudyRuns *)runs;
    g_ptr_array_unref(s->names);
    g_free(s->index);
    g_free(s);
}

static bool bound(const char *text, double fallback, double *value) {
    char *end;
    *value = text ? g_ascii_strtod(text, &end) : fallback;
    return !text || (end != text && !*end);
}

bool study_claims(Study *study, const Claims *table, GError **error) {
    const Scenario *scenario = study->options->scenario;
    MetricRuns *runs = study_metric_runs(study);
    bool ok = true;
    for (unsigned i = 0; ok && i < scenario_n_expects(scenario); i++) {
        const ScenarioExpect *e = scenario_expect(scenario, i);
        const Claim *row = table ? claims_find(table, e->id) : NULL;
        ClaimResult c = {.id = e->id,
                         .statement = row            ? row->statement
                                      : e->statement ? e->statement
                                                     : "",
                         .unit = row       ? row->unit
                                 : e->unit ? e->unit
                                           : "",
                         .use = row      ? row->use
                                : e->use ? e->use
                                         : "predict",
                         .source = row         ? row->where
                                   : e->source ? e->source
                                               : "",
                         .value = NAN};
        g_autoptr(GError) cause = NULL;
        if (!row && (!e->low || !e->high)) {
            g_set_error(error, SPPEMU_INPUT_ERROR, 0,
                        "%s: [expect %s]: found no such claim in the table of published numbers, "
                        "expected one, or low and high here",
                        e->where, e->id);
            ok = false;
        } else if (!bound(row ? NULL : e->low, row ? row->low : 0, &c.low) ||
                   !bound(row ? NULL : e->high, row ? row->high : 0, &c.high)) {
            g_set_error(error, SPPEMU_INPUT_ERROR, 0,
                        "%s: [expect %s]: found bounds \"%s\" and \"%s\", expected numbers",
                        e->where, e->id, e->low, e->high);
            ok = false;
        } else if (runs->n_runs && !metric_evaluate(e->metric, runs, &c.value, &cause)) {
            g_set_error(error, SPPEMU_INPUT_ERROR, 0, "%s: [expect %s] metric: %s", e->where, e->id,
                        cause->message);
            ok = false;
        }
        c.verdict = isnan(c.value)                          ? "not measured"
                    : c.value >= c.low && c.value <= c.high ? "met"
                                                            : "missed";
        g_array_append_val(study->claims, c);
    }
    study_metric_runs_free(runs);
    return ok;
}

/* JSON ------------------------------------------------------------------------------------ */

static json_t *number(double value) {
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *hex(uint64_t value) {
    char text[24];
    g_snprintf(text, sizeof text, "0x%016" G_GINT64_MODIFIER "x", value);
    return json_string(text);
}

static json_t *scalars_json(const RunResult *r) {
    json_t *all = json_object();
    for (unsigned i = 0; i < r->scalars->len; i++) {
        const RunScalar *s = &g_array_index(r->scalars, RunScalar, i);
        json_object_set_new(all, s->name, number(s->value));
    }
    return all;
}

static json_t *parameters_json(const Study *study, const RunResult *r) {
    json_t *all = json_object();
    const Scenario *s = study->options->scenario;
    for (unsigned i = 0; i < scenario_n_parameters(s); i++) {
        ScenarioParameter p = scenario_parameter(s, r->point, i);
        json_object_set_new(all, p.name, json_string(p.value));
    }
    if (study->options->repeat > 1)
        json_object_set_new(all, "repetition", json_integer(r->repetition));
    return all;
}

static json_t *totals_json(const Study *study) {
    static const char *const summed[] = {
        "run.events",          "run.packets_created", "run.packets_delivered",
        "run.packets_dropped", "run.packets_held",    "run.duration_s"};
    json_t *all = json_object();
    json_object_set_new(all, "runs", json_integer(study->runs->len));
    json_object_set_new(all, "points", json_integer(scenario_n_points(study->options->scenario)));
    for (unsigned k = 0; k < G_N_ELEMENTS(summed); k++) {
        double sum = 0;
        for (unsigned i = 0; i < study->runs->len; i++) {
            const RunScalar *s = run_scalar(study->runs->pdata[i], summed[k]);
            if (s) sum += s->value;
        }
        json_object_set_new(all, summed[k], number(sum));
    }
    return all;
}

json_t *study_json(const Study *study) {
    json_t *doc = json_object(), *claims = json_array(), *runs = json_array();
    for (unsigned i = 0; i < study->claims->len; i++) {
        const ClaimResult *c = &g_array_index(study->claims, ClaimResult, i);
        json_t *one = json_object();
        json_object_set_new(one, "id", json_string(c->id));
        json_object_set_new(one, "value", number(c->value));
        json_object_set_new(one, "low", number(c->low));
        json_object_set_new(one, "high", number(c->high));
        json_object_set_new(one, "unit", json_string(c->unit));
        json_object_set_new(one, "use", json_string(c->use));
        json_object_set_new(one, "verdict", json_string(c->verdict));
        json_array_append_new(claims, one);
    }
    for (unsigned i = 0; i < study->runs->len; i++) {
        const RunResult *r = study->runs->pdata[i];
        json_t *one = json_object();
        json_object_set_new(one, "parameters", parameters_json(study, r));
        json_object_set_new(one, "scalars", scalars_json(r));
        json_object_set_new(one, "fingerprint", hex(r->fingerprint));
        if (r->failure) json_object_set_new(one, "failure", json_string(r->failure));
        json_array_append_new(runs, one);
    }
    json_object_set_new(doc, "schema", json_string(SCHEMA));
    json_object_set_new(doc, "scenario", json_string(scenario_name(study->options->scenario)));
    json_object_set_new(doc, "seed", json_integer((json_int_t)study->options->seed));
    json_object_set_new(doc, "claims", claims);
    json_object_set_new(doc, "scalars",
                        study->runs->len == 1 ? scalars_json(study->runs->pdata[0])
                                              : totals_json(study));
    json_object_set_new(doc, "runs", runs);
    return doc;
}

/* Tables ---------------------------------------------------------------------------------- */

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
    const Scenario *s = study->options->scenario;
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

void study_print(const Study *study, FILE *out) {
    fprintf(out, "%s\n\n", scenario_title(study->options->scenario));
    print_runs(study, out);
    if (study->claims->len) print_claims(study, out);
}

/* The folder ------------------------------------------------------------------------------ */

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *walk) {
    (void)st, (void)flag, (void)walk;
    return remove(path);
}

void results_discard(const char *folder) {
    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Whether the folder may be replaced by results of this scenario. */
static bool replaceable(const char *final, const char *scenario, bool force, GError **error) {
    if (!g_file_test(final, G_FILE_TEST_EXISTS)) return true;
    g_autofree char *path = g_build_filename(final, "manifest.json", NULL);
    json_t *manifest = json_load_file(path, 0, NULL);
    const char *schema = json_string_value(json_object_get(manifest, "schema"));
    const char *owner = json_string_value(json_object_get(manifest, "scenario"));
    bool ours = schema && !strcmp(schema, SCHEMA), same = ours && owner && !strcmp(owner, scenario);
    if (!ours)
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_EXIST,
                    "%s: exists and holds no results of sppemu; it is left alone", final);
    else if (!same && !force)
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_EXIST,
                    "%s: holds results of scenario %s; use --force to replace them", final,
                    owner ? owner : "?");
    json_decref(manifest);
    return same || (ours && force);
}

char *results_open(const char *final, const char *scenario, bool force, GError **error) {
    if (!replaceable(final, scenario, force, error)) return NULL;
    g_autofree char *parent = g_path_get_dirname(final), *base = g_path_get_basename(final);
    g_autofree char *temporary = g_strdup_printf("%s/.%s.tmp", parent, base);
    if (g_mkdir_with_parents(parent, 0777) == 0) {
        results_discard(temporary); /* of a run that was killed */
        if (g_mkdir(temporary, 0777) == 0) return g_steal_pointer(&temporary);
    }
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "%s: cannot be written: %s", final,
                g_strerror(errno));
    return NULL;
}

static bool write_text(const char *folder, const char *name, const char *text, GError **error) {
    g_autofree char *path = g_build_filename(folder, name, NULL);
    return g_file_set_contents_full(
        path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0666, error);
}

static char *runs_table(const Study *study) {
    const Scenario *s = study->options->scenario;
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

static char *claims_table(const Study *study) {
    GString *t = g_string_new("id\tstatement\tlow\thigh\tvalue\tunit\tuse\tverdict\tsource\n");
    for (unsigned i = 0; i < study->claims->len; i++) {
        const ClaimResult *c = &g_array_index(study->claims, ClaimResult, i);
        g_string_append_printf(t, "%s\t%s\t%.12g\t%.12g\t%.12g\t%s\t%s\t%s\t%s\n", c->id,
                               c->statement, c->low, c->high, c->value, c->unit, c->use, c->verdict,
                               c->source);
    }
    return g_string_free(t, FALSE);
}

static char *manifest_text(const Study *study) {
    static const char version[] = SPPEMU_VERSION;
    json_t *m = json_object(), *runs = json_array();
    const char *status = study->code == EXIT_OK            ? "ok"
                         : study->code == EXIT_INTERRUPTED ? "interrupted"
                                                           : "failed";
    for (unsigned i = 0; i < study->runs->len; i++) {
        const RunResult *r = study->runs->pdata[i];
        json_t *one = json_object();
        json_object_set_new(one, "identity", hex(r->identity));
        json_object_set_new(one, "fingerprint", hex(r->fingerprint));
        json_object_set_new(one, "repetition", json_integer(r->repetition));
        json_object_set_new(one, "parameters", parameters_json(study, r));
        json_object_set_new(one, "status", json_string(r->code == EXIT_OK ? "ok" : r->failure));
        json_array_append_new(runs, one);
    }
    json_object_set_new(m, "schema", json_string(SCHEMA));
    json_object_set_new(m, "scenario", json_string(scenario_name(study->options->scenario)));
    json_object_set_new(m, "title", json_string(scenario_title(study->options->scenario)));
    json_object_set_new(m, "status", json_string(status));
    json_object_set_new(m, "version", json_string(version));
    json_object_set_new(m, "seed", json_integer((json_int_t)study->options->seed));
    json_object_set_new(m, "runs", runs);
    char *text = json_dumps(m, JSON_INDENT(1) | JSON_SORT_KEYS);
    json_decref(m);
    return text;
}

bool results_finish(const Study *study, const char *temporary, const char *final, bool plots,
                    GError **error) {
    g_autofree char *runs = runs_table(study), *claims = claims_table(study);
    g_autofree char *resolved = scenario_resolved(study->options->scenario, 0);
    char *manifest = manifest_text(study); /* jansson's memory */
    bool ok = write_text(temporary, "runs.tsv", runs, error) &&
              write_text(temporary, "claims.tsv", claims, error) &&
              write_text(temporary, "resolved.ini", resolved, error) &&
              (!plots || plots_write(study, temporary, error)) &&
              write_text(temporary, "manifest.json", manifest, error);
    free(manifest);
    if (!ok) return false;
    g_autofree char *old = g_strdup_printf("%s.old", temporary);
    results_discard(old);
    bool had = g_file_test(final, G_FILE_TEST_EXISTS);
    if ((had && g_rename(final, old) != 0) || g_rename(temporary, final) != 0) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "%s: cannot be put in its place: %s",
                    final, g_strerror(errno));
        if (had) g_rename(old, final);
        return false;
    }
    if (had) results_discard(old);
    return true;
}
