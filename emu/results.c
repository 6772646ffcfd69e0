/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The folder of results. */
#include "emu/results.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "emu/plot.h"
#include "emu/table.h"

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
    bool ours = schema && !strcmp(schema, STUDY_SCHEMA), same = ours && owner && !strcmp(owner, scenario);
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

static char *manifest_text(const Study *study) {
    static const char version[] = SPPEMU_VERSION;
    json_t *m = json_object(), *runs = json_array();
    const char *status = study->code == EXIT_OK            ? "ok"
                         : study->code == EXIT_INTERRUPTED ? "interrupted"
                                                           : "failed";
    for (unsigned i = 0; i < study->runs->len; i++) {
        const RunResult *r = study->runs->pdata[i];
        json_t *one = json_object();
        json_object_set_new(one, "identity", study_hex(r->identity));
        json_object_set_new(one, "fingerprint", study_hex(r->fingerprint));
        json_object_set_new(one, "repetition", json_integer(r->repetition));
        json_object_set_new(one, "parameters", study_parameters_json(study, r));
        json_object_set_new(one, "status", json_string(r->code == EXIT_OK ? "ok" : r->failure));
        json_array_append_new(runs, one);
    }
    json_object_set_new(m, "schema", json_string(STUDY_SCHEMA));
    json_object_set_new(m, "scenario", json_string(scenario_name(study->scenario)));
    json_object_set_new(m, "title", json_string(scenario_title(study->scenario)));
    json_object_set_new(m, "status", json_string(status));
    json_object_set_new(m, "version", json_string(version));
    json_object_set_new(m, "seed", json_integer((json_int_t)study->seed));
    json_object_set_new(m, "constants", table_constants(study));
    json_object_set_new(m, "runs", runs);
    char *text = json_dumps(m, JSON_INDENT(1) | JSON_SORT_KEYS);
    json_decref(m);
    return text;
}

bool results_finish(const Study *study, const char *temporary, const char *final, bool plots,
                    GError **error) {
    g_autofree char *runs = table_runs(study), *claims = table_claims(study),
                    *units = table_units(study), *summary = table_summary(study);
    g_autofree char *resolved = scenario_resolved(study->scenario, 0);
    char *manifest = manifest_text(study); /* jansson's memory */
    bool ok = write_text(temporary, "runs.tsv", runs, error) &&
              write_text(temporary, "runs.units.tsv", units, error) &&
              (!summary || write_text(temporary, "summary.tsv", summary, error)) &&
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
