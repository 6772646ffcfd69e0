/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A result that is there, opened for verbs that only read. */
#include <string.h>

#include "emu/cli/study.h"
#include "emu/core/param.h"
#include "emu/study/file.h"

void cli_result_free(void *data) {
    CliResult *r = data;
    cli_study_clear(&r->study);
    g_array_unref(r->keys);
    store_close(r->store);
    g_free(r);
}

/* The result whose name is nearest, for what is none. */
static void suggest(const char *folder, GError *error) {
    g_autoptr(GPtrArray) names = folder_names(RESULTS);
    g_autofree char *name = g_path_get_basename(folder);
    g_ptr_array_add(names, NULL);
    const char *near = param_nearest(name, (const char *const *)names->pdata);
    if (!near || store_is_one(folder)) return;
    char *message = g_strdup_printf("%s; the nearest is %s/%s", error->message, RESULTS, near);
    g_free(error->message);
    error->message = message;
}

CliResult *cli_result_open(const char *given, bool lock, const Claims *claims,
                           const ComponentClass *const *classes, GError **error) {
    g_autofree char *folder = cli_folder(given);
    Store *store = store_load(folder, classes, lock, error);
    if (!store) {
        suggest(folder, *error);
        return NULL;
    }
    CliResult *r = g_new0(CliResult, 1);
    *r = (CliResult){.store = store, .keys = cli_store_keys(store, false)};
    r->study = cli_study(store, cli_recorded(store, r->keys));
    bool any = study_n_ok(&r->study) || input_error(error, "%s: found no run that is ok", folder);
    if (any && study_claims(&r->study, claims, error)) return r;
    cli_result_free(r);
    return NULL;
}
