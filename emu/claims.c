/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tables of published numbers: tab-separated, one row per claim, with a heading row. */
#include <string.h>

#include "emu/metric.h"
#include "emu/param.h"

enum { N_COLUMNS = 9 }; /* id where statement metric low high unit kind use */

struct Claims {
    GPtrArray *rows;
};

static void claim_free(void *data) {
    Claim *c = data;
    g_free(c->id);
    g_free(c->where);
    g_free(c->statement);
    g_free(c->metric);
    g_free(c->unit);
    g_free(c->kind);
    g_free(c->use);
    g_free(c);
}

static bool read_table(Claims *claims, const char *path, GError **error) {
    g_autofree char *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, error)) return false;
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (unsigned i = 1; lines[0] && lines[i]; i++) {
        if (!*lines[i]) continue;
        g_auto(GStrv) f = g_strsplit(lines[i], "\t", -1);
        if (g_strv_length(f) != N_COLUMNS) {
            g_set_error(error, SPPEMU_INPUT_ERROR, 0, "%s:%u: found %u columns, expected %d", path,
                        i + 1, g_strv_length(f), N_COLUMNS);
            return false;
        }
        Claim *c = g_new0(Claim, 1);
        *c = (Claim){g_strdup(f[0]),
                     g_strdup(f[1]),
                     g_strdup(f[2]),
                     g_strdup(f[3]),
                     g_strdup(f[6]),
                     g_strdup(f[7]),
                     g_strdup(f[8]),
                     g_ascii_strtod(f[4], NULL),
                     g_ascii_strtod(f[5], NULL)};
        g_ptr_array_add(claims->rows, c);
    }
    return true;
}

Claims *claims_load(const char *folder, GError **error) {
    g_autoptr(GDir) dir = g_dir_open(folder, 0, error);
    if (!dir) return NULL;
    Claims *claims = g_new0(Claims, 1);
    claims->rows = g_ptr_array_new_with_free_func(claim_free);
    for (const char *name; (name = g_dir_read_name(dir));) {
        if (!g_str_has_suffix(name, ".tsv")) continue;
        g_autofree char *path = g_build_filename(folder, name, NULL);
        if (read_table(claims, path, error)) continue;
        claims_free(claims);
        return NULL;
    }
    return claims;
}

void claims_free(Claims *claims) {
    if (!claims) return;
    g_ptr_array_unref(claims->rows);
    g_free(claims);
}

const Claim *claims_find(const Claims *claims, const char *id) {
    for (unsigned i = 0; i < claims->rows->len; i++) {
        const Claim *c = claims->rows->pdata[i];
        if (!strcmp(c->id, id)) return c;
    }
    return NULL;
}
