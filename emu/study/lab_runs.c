/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "emu/study/lab_runs.h"

#include <string.h>

struct LabRuns {
    const Lab *lab;
    const char *path, *library;
    const ComponentClass *const *classes;
    GHashTable *names;
    volatile int *interrupted;
    GHashTable *studies; /* name -> Study */
};

static void study_clear(void *data) {
    Study *study = data;
    if (study->runs) g_ptr_array_unref(study->runs);
    scenario_free((Scenario *)study->scenario);
    g_free(study);
}

LabRuns *lab_runs_new(const Lab *lab, const char *path, const char *library,
                      const ComponentClass *const *classes, GHashTable *names,
                      volatile int *interrupted) {
    LabRuns *runs = g_new0(LabRuns, 1);
    *runs = (LabRuns){lab,
                      path,
                      library,
                      classes,
                      names,
                      interrupted,
                      g_hash_table_new_full(g_str_hash, g_str_equal, g_free, study_clear)};
    return runs;
}

void lab_runs_free(LabRuns *runs) {
    if (!runs) return;
    g_hash_table_unref(runs->studies);
    g_free(runs);
}

/* The value with what was drawn in it; other {...} is for the scenario to work out. */
static char *with_drawn(const Lab *lab, const char *value, GHashTable *names) {
    const DocumentSection *draw = document_section(lab->file, "draw", NULL);
    GString *text = g_string_new(value);
    for (unsigned i = 0; draw && i < draw->entries->len; i++) {
        const DocumentEntry *e = draw->entries->pdata[i];
        g_autofree char *name = g_strdup_printf("{%s}", e->key),
                        *number = g_strdup_printf(
                            "%.0f", *(const double *)g_hash_table_lookup(names, e->key));
        g_string_replace(text, name, number, 0);
    }
    return g_string_free(text, FALSE);
}

/* What the section sets, as --set has it. */
static GPtrArray *assignments(const Lab *lab, const char *name, GHashTable *names) {
    GPtrArray *set = g_ptr_array_new_with_free_func(g_free);
    const DocumentSection *section = *name ? document_section(lab->file, "runs", name) : NULL;
    for (unsigned i = 0; section && i < section->entries->len; i++) {
        const DocumentEntry *e = section->entries->pdata[i];
        g_autofree char *value = with_drawn(lab, e->value, names);
        g_ptr_array_add(set, g_strdup_printf("%s=%s", e->key, value));
    }
    g_ptr_array_add(set, NULL);
    return set;
}

static bool run_points(Study *study, volatile int *interrupted, GError **error) {
    study->seed = scenario_seed(study->scenario);
    study->runs = g_ptr_array_new_with_free_func(run_result_free);
    for (unsigned i = 0; i < scenario_n_points(study->scenario); i++) {
        RunKey key = {.point = i, .wanted = true};
        RunResult *r = run_once(study->scenario, study->seed, key, NULL, interrupted);
        g_ptr_array_add(study->runs, r);
        if (r->status != RUN_OK)
            return input_error(error, "a run failed: %s", r->failure ? r->failure : "interrupted");
    }
    return true;
}

static Study *study_of(LabRuns *runs, const char *name, GError **error) {
    Study *study = g_hash_table_lookup(runs->studies, name);
    if (study) return study;
    g_autoptr(GPtrArray) set = assignments(runs->lab, name, runs->names);
    Scenario *s = scenario_load_with(runs->path, runs->library, (const char *const *)set->pdata,
                                     runs->classes, error);
    if (!s) return NULL;
    study = g_new0(Study, 1);
    study->scenario = s;
    if (run_points(study, runs->interrupted, error)) {
        g_hash_table_insert(runs->studies, g_strdup(name), study);
        return study;
    }
    study_clear(study);
    return NULL;
}

bool lab_runs_evaluate(LabRuns *runs, const char *name, const char *expression, double *value,
                       GError **error) {
    g_autofree char *text = lab_words(expression, runs->names, true, error);
    Study *study = text ? study_of(runs, name, error) : NULL;
    if (!study) return false;
    MetricRuns *metric = study_metric_runs(study);
    bool ok = metric_evaluate(text, metric, value, error);
    study_metric_runs_free(metric);
    return ok;
}

bool lab_runs_write(LabRuns *runs, const char *folder, GError **error) {
    Study *study = study_of(runs, "", error);
    RunKey key = {.wanted = true};
    if (!study) return false;
    RunResult *r = run_once(study->scenario, study->seed, key, folder, runs->interrupted);
    bool ok = r->status == RUN_OK || input_error(error, "a run failed: %s", r->failure);
    run_result_free(r);
    return ok;
}
