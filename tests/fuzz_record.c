/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Fuzz driver: whatever the bytes, a record's reader answers with a result or one error. The bytes
 * are read as they are, and again with the checksum that they should have, or nothing would ever
 * get past it. What is accepted says the same when it is written again. */
#include "emu/study/file.h"
#include "emu/study/record.h"
#include "tests/fuzz.h"

static RunResult *parse(const char *text, size_t size) {
    g_autoptr(GError) error = NULL;
    RunResult *r = record_parse(text, size, NULL, NULL, &error);
    if (!r == !error) g_error("a record and an error, or neither");
    return r;
}

static void check_again(const RunResult *r) {
    g_autofree char *text = record_text(r, "0a", "/nonexistent", NULL);
    RunResult *again = parse(text, strlen(text));
    if (!again || again->fingerprint != r->fingerprint || again->code != r->code ||
        again->scalars->len != r->scalars->len || again->warnings->len != r->warnings->len)
        g_error("another record than the one that was written");
    run_result_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    run_result_free(parse((const char *)data, size));
    g_autofree char *sum = g_compute_checksum_for_data(G_CHECKSUM_SHA256, data, size);
    g_autoptr(GString) whole = g_string_new_len((const char *)data, (gssize)size);
    g_string_append_printf(whole, "end\t%s\n", sum);
    RunResult *r = parse(whole->str, whole->len);
    if (r) check_again(r);
    run_result_free(r);
    return 0;
}
