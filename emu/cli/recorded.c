/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Recordings of runs. */
#include "emu/cli/recorded.h"

#include <string.h>

/* The record's file of run n; NULL: that run is not there. */
static char *file_of(const Store *store, const GPtrArray *runs, unsigned n) {
    const RunResult *r = runs->pdata[n];
    if (r->status == RUN_MISSING) return NULL;
    g_autofree char *record = store_record(store, r->identity);
    char *path = g_build_filename(record, RECORDER_FILE, NULL);
    if (g_file_test(path, G_FILE_TEST_EXISTS)) return path;
    g_free(path);
    return NULL;
}

static char *find(const Store *store, const GPtrArray *runs, const char *run, int *code) {
    uint64_t n = 0;
    if (run && !g_ascii_string_to_unsigned(run, 10, 0, runs->len - 1, &n, NULL)) {
        *code = cli_usage("found run \"%s\", expected one of 0 to %u", run, runs->len - 1);
        return NULL;
    }
    char *path = file_of(store, runs, (unsigned)n);
    for (unsigned i = 0; !run && !path && i < runs->len; i++) path = file_of(store, runs, i);
    if (path) return path;
    g_printerr("sppemu: %s%s%s: found no recording, expected one: run it with --record, such as "
               "--record first=1000; what is there stays\n",
               store_folder(store), run ? ", run " : "", run ? run : "");
    *code = EXIT_RUN_FAILED;
    return NULL;
}

Recording *cli_recording(const char *given, const char *run, const ComponentClass *const *classes,
                         int *code) {
    g_autoptr(GError) error = NULL;
    g_autofree char *path = NULL;
    if (g_file_test(given, G_FILE_TEST_IS_REGULAR)) {
        if (run) {
            *code = cli_usage("found \"%s\" behind a file, expected nothing", run);
            return NULL;
        }
        path = g_strdup(given);
    } else {
        Claims *claims = cli_claims();
        CliResult *result = cli_result_open(given, false, claims, classes, &error);
        if (result) {
            path = find(result->store, result->study.runs, run, code);
            cli_result_free(result);
        } else {
            *code = cli_complain(EXIT_RUN_FAILED, error);
        }
        claims_free(claims);
        if (!path) return NULL;
    }
    Recording *recording = recording_load(path, &error);
    if (!recording) *code = cli_complain(EXIT_INPUT, error);
    return recording;
}
