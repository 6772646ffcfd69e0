/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What is drawn from the records. */
#include "emu/study/results.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "emu/study/file.h"
#include "emu/study/plot.h"
#include "emu/study/table.h"

static const char *status_text(const Study *study) {
    return study->code == EXIT_INTERRUPTED        ? "interrupted"
           : study->code != EXIT_OK               ? "failed"
           : study_n_ok(study) < study->runs->len ? "incomplete"
                                                  : "ok";
}

static char *manifest_text(const Study *study, const Store *store) {
    const char *version = SPPEMU_VERSION;
    json_t *m = json_object(), *runs = json_array();
    for (unsigned i = 0; i < study->runs->len; i++) {
        const RunResult *r = study->runs->pdata[i];
        json_t *one = json_object();
        json_object_set_new(one, "identity", json_string(r->identity));
        json_object_set_new(one, "fingerprint",
                            r->status == RUN_OK ? study_hex(r->fingerprint) : json_null());
        json_object_set_new(one, "repetition", json_integer(r->repetition));
        json_object_set_new(one, "parameters", study_parameters_json(study, r));
        json_object_set_new(one, "timing",
                            study_timing_json(scenario_timing_at(study->scenario, r->point)));
        json_object_set_new(one, "status", json_string(r->status == RUN_OK ? "ok" : r->failure));
        json_array_append_new(runs, one);
    }
    json_object_set_new(m, "schema", json_string(STUDY_SCHEMA));
    json_object_set_new(m, "scenario", json_string(scenario_name(study->scenario)));
    json_object_set_new(m, "title", json_string(scenario_title(study->scenario)));
    json_object_set_new(m, "timing", study_timing_json(scenario_timing(study->scenario)));
    json_object_set_new(m, "status", json_string(status_text(study)));
    json_object_set_new(m, "version", json_string(version));
    json_object_set_new(m, "build", json_string(store_build(store)));
    json_object_set_new(m, "study", json_string(store_identity(store)));
    json_object_set_new(m, "seed", json_integer((json_int_t)study->seed));
    json_object_set_new(m, "constants", table_constants(study));
    json_object_set_new(m, "runs", runs);
    char *text = json_dumps(m, JSON_INDENT(1) | JSON_SORT_KEYS);
    json_decref(m);
    return text;
}

/* Links ----------------------------------------------------------------------------------- */

/* Remove the links of an earlier drawing, which may have had another number of runs. */
static void unlink_ours(const char *folder, const char *prefix) {
    g_autoptr(GPtrArray) names = folder_names(folder);
    for (unsigned i = 0; i < names->len; i++) {
        g_autofree char *path = g_build_filename(folder, names->pdata[i], NULL),
                        *target = g_file_read_link(path, NULL);
        if (target && g_str_has_prefix(target, prefix)) unlink(path);
    }
}

static void unlink_runs(const char *folder) {
    g_autofree char *runs = g_build_filename(folder, "runs", NULL);
    unlink_ours(folder, "records/");
    unlink_ours(runs, "../records/");
    rmdir(runs);
}

/* Pictures of an earlier drawing would stand beside tables that they do not show. */
static void remove_plots(const Study *study, const char *folder) {
    static const char *const ends[] = {"tsv", "gp", "svg", "png", "pdf"};
    for (unsigned i = 0; i < scenario_n_plots(study->scenario); i++)
        for (unsigned k = 0; k < G_N_ELEMENTS(ends); k++) {
            g_autofree char *path = g_strdup_printf(
                "%s/%s.%s", folder, scenario_plot(study->scenario, i)->name, ends[k]);
            unlink(path);
        }
}

static bool link_single(const Store *store, const RunResult *r, GError **error) {
    g_autofree char *record = store_record(store, r->identity);
    g_autoptr(GPtrArray) names = folder_names(record);
    for (unsigned i = 0; i < names->len; i++) {
        const char *name = names->pdata[i];
        if (!strcmp(name, "record") || !strcmp(name, "cost")) continue;
        g_autofree char *target = g_build_filename("records", r->identity, name, NULL),
                        *path = g_build_filename(store_folder(store), name, NULL);
        if (!file_link(target, path, error)) return false;
    }
    return true;
}

static bool link_runs(const Study *study, const Store *store, GError **error) {
    for (unsigned i = 0; i < study->runs->len; i++) {
        const RunResult *r = study->runs->pdata[i];
        if (r->status == RUN_MISSING) continue;
        if (study->runs->len == 1) return link_single(store, r, error);
        g_autofree char *path = g_build_filename(store_folder(store), r->folder, NULL),
                        *runs = g_path_get_dirname(path),
                        *target = g_build_filename("..", "records", r->identity, NULL);
        if (!folder_make(runs, error) || !file_link(target, path, error)) return false;
    }
    return true;
}

/* All of it ------------------------------------------------------------------------------- */

static bool write_text(const Store *store, const char *name, const char *text, GError **error) {
    g_autofree char *path = g_build_filename(store_folder(store), name, NULL);
    return file_replace(path, text, strlen(text), error);
}

bool results_write(const Study *study, const Store *store, bool plots, GError **error) {
    g_autofree char *runs = table_runs(study), *claims = table_claims(study),
                    *columns = table_columns(study), *summary = table_summary(study);
    g_autofree char *old = g_build_filename(store_folder(store), "manifest.json", NULL);
    if (unlink(old) != 0 && errno != ENOENT) return file_error(error, old, "cannot be removed");
    g_autofree char *without = g_build_filename(store_folder(store), "summary.tsv", NULL);
    if (!summary) unlink(without);
    unlink_runs(store_folder(store));
    remove_plots(study, store_folder(store));
    g_autoptr(GError) cause = NULL;
    if (!link_runs(study, store, &cause)) /* some file systems have none; records/ has it all */
        g_printerr("sppemu: %s; see records/ for the files of runs\n", cause->message);
    char *manifest = manifest_text(study, store); /* jansson's memory */
    bool ok = write_text(store, "runs.tsv", runs, error) &&
              write_text(store, "columns.tsv", columns, error) &&
              (!summary || write_text(store, "summary.tsv", summary, error)) &&
              write_text(store, "claims.tsv", claims, error) &&
              (!plots || plots_write(study, store_folder(store), error)) &&
              write_text(store, "manifest.json", manifest, error);
    free(manifest);
    return ok;
}
