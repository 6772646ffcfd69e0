/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "emu/study/result.h"

#include <string.h>

const char *run_intern(const char *text) {
    static GStringChunk *texts;
    if (!texts) texts = g_string_chunk_new(1 << 16);
    return g_string_chunk_insert_const(texts, text);
}

RunResult *run_result_new(void) {
    RunResult *r = g_new0(RunResult, 1);
    r->scalars = g_array_new(FALSE, FALSE, sizeof(RunScalar));
    r->warnings = g_ptr_array_new_with_free_func(g_free);
    return r;
}

void run_result_free(void *data) {
    RunResult *r = data;
    if (!r) return;
    g_free(r->failure);
    g_free(r->identity);
    g_free(r->folder);
    g_free(r->unsteady);
    g_array_unref(r->scalars);
    g_ptr_array_unref(r->warnings);
    g_free(r);
}

const RunScalar *run_scalar(const RunResult *r, const char *name) {
    const char *interned = run_intern(name);
    for (unsigned i = 0; i < r->scalars->len; i++) {
        const RunScalar *s = &g_array_index(r->scalars, RunScalar, i);
        if (s->name == interned) return s;
    }
    return NULL;
}

bool run_is_same(const RunResult *a, const RunResult *b) {
    if (a->status != RUN_OK || b->status != RUN_OK || a->fingerprint != b->fingerprint ||
        a->scalars->len != b->scalars->len)
        return false;
    for (unsigned i = 0; i < a->scalars->len; i++) {
        const RunScalar *x = &g_array_index(a->scalars, RunScalar, i),
                        *y = &g_array_index(b->scalars, RunScalar, i);
        if (x->name != y->name || memcmp(&x->value, &y->value, sizeof x->value) != 0) return false;
    }
    return true;
}
