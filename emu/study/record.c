/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Records. Floating point is hexadecimal, so that nothing is rounded on the way and the number of
 * jobs cannot be seen in the results. */
#include "emu/study/record.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "emu/core/recorder.h"
#include "emu/study/file.h"

#define HEAD "sppemu-record-1"
#define HEX "0123456789abcdef"

static const char *const statuses[] = {"missing", "ok", "failed"};

/* Sentences are one line. */
static void add_text(GString *out, const char *word, const char *text) {
    if (!text) return;
    g_autofree char *line = g_strdelimit(g_strdup(text), "\t\n\r", ' ');
    g_string_append_printf(out, "%s\t%s\n", word, line);
}

static bool of_the_record(const char *name) {
    return strcmp(name, "record") != 0 && strcmp(name, "cost") != 0 &&
           strcmp(name, RECORDER_FILE) != 0;
}

char *record_text(const RunResult *r, const char *identity, const char *folder, GError **error) {
    g_autoptr(GString) out = g_string_new(NULL);
    g_string_append_printf(out, "%s\nidentity\t%s\nstatus\t%s\t%d\nfingerprint\t%016" PRIx64 "\n",
                           HEAD, identity, statuses[r->status], r->code, r->fingerprint);
    add_text(out, "failure", r->failure);
    add_text(out, "unsteady", r->unsteady);
    for (unsigned i = 0; i < r->warnings->len; i++) add_text(out, "warning", r->warnings->pdata[i]);
    for (unsigned i = 0; i < r->scalars->len; i++) {
        const RunScalar *s = &g_array_index(r->scalars, RunScalar, i);
        g_string_append_printf(out, "scalar\t%s\t%s\t%a\n", s->name, s->unit, s->value);
    }
    g_autoptr(GPtrArray) names = folder_names(folder);
    for (unsigned i = 0; i < names->len; i++) {
        uint64_t size;
        if (!of_the_record(names->pdata[i])) continue;
        g_autofree char *path = g_build_filename(folder, names->pdata[i], NULL);
        g_autofree char *sum = file_checksum(path, &size, error);
        if (!sum) return NULL;
        g_string_append_printf(out, "file\t%s\t%" PRIu64 "\t%s\n", (char *)names->pdata[i], size,
                               sum);
    }
    g_autofree char *sum =
        g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)out->str, out->len);
    g_string_append_printf(out, "end\t%s\n", sum);
    return g_string_free(g_steal_pointer(&out), FALSE);
}

static bool refuse(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);
static bool refuse(GError **error, const char *format, ...) {
    va_list args;
    va_start(args, format);
    g_propagate_error(error, g_error_new_valist(G_FILE_ERROR, G_FILE_ERROR_INVAL, format, args));
    va_end(args);
    return false;
}

static bool read_hex(const char *text, uint64_t *value) {
    if (strlen(text) != 16 || strspn(text, HEX) != 16) return false;
    *value = strtoull(text, NULL, 16);
    return true;
}

static bool read_scalar(RunResult *r, char **f, GError **error) {
    char *end;
    double value = g_ascii_strtod(f[3], &end); /* reads inf and nan too */
    if (!*f[1] || end == f[3] || *end) return refuse(error, "found the scalar %s %s", f[1], f[3]);
    RunScalar s = {run_intern(f[1]), run_intern(f[2]), value};
    g_array_append_val(r->scalars, s);
    return true;
}

static bool check_file(const char *folder, char **f, GError **error) {
    uint64_t size, expected;
    if (!*f[1] || *f[1] == '.' || strchr(f[1], '/') ||
        !g_ascii_string_to_unsigned(f[2], 10, 0, INT64_MAX, &expected, NULL))
        return refuse(error, "found the file %s of %s bytes", f[1], f[2]);
    if (!folder) return true;
    g_autofree char *path = g_build_filename(folder, f[1], NULL);
    g_autofree char *sum = file_checksum(path, &size, error);
    if (!sum) return false;
    return (size == expected && !strcmp(sum, f[3])) ||
           refuse(error, "%s is not the file that was recorded", f[1]);
}

static bool read_line(RunResult *r, char **f, const char *identity, const char *folder,
                      unsigned number, GError **error) {
    unsigned n = g_strv_length(f);
    if (number == 1)
        return (n == 1 && !strcmp(f[0], HEAD)) || refuse(error, "found no record of this version");
    if (n == 2 && !strcmp(f[0], "identity"))
        return !identity || !strcmp(f[1], identity) ||
               refuse(error, "found the record of run %s", f[1]);
    if (n == 3 && !strcmp(f[0], "status")) {
        uint64_t code;
        r->status = !strcmp(f[1], statuses[RUN_OK])       ? RUN_OK
                    : !strcmp(f[1], statuses[RUN_FAILED]) ? RUN_FAILED
                                                          : RUN_MISSING;
        if (r->status == RUN_MISSING ||
            !g_ascii_string_to_unsigned(f[2], 10, 0, 255, &code, NULL) ||
            (code == EXIT_OK) != (r->status == RUN_OK))
            return refuse(error, "found the status %s %s", f[1], f[2]);
        r->code = (int)code;
        return true;
    }
    if (n == 2 && !strcmp(f[0], "fingerprint"))
        return read_hex(f[1], &r->fingerprint) || refuse(error, "found the fingerprint %s", f[1]);
    if (n == 2 && !strcmp(f[0], "failure") && !r->failure) {
        r->failure = g_strdup(f[1]);
        return true;
    }
    if (n == 2 && !strcmp(f[0], "unsteady") && !r->unsteady) {
        r->unsteady = g_strdup(f[1]);
        return true;
    }
    if (n == 2 && !strcmp(f[0], "warning")) {
        g_ptr_array_add(r->warnings, g_strdup(f[1]));
        return true;
    }
    if (n == 4 && !strcmp(f[0], "scalar")) return read_scalar(r, f, error);
    if (n == 4 && !strcmp(f[0], "file")) return check_file(folder, f, error);
    return refuse(error, "found a line of %u words that begins with \"%.20s\"", n, n ? f[0] : "");
}

/* The last line holds a checksum of all before it. */
static const char *whole(const char *text, size_t length, GError **error) {
    enum { LAST = 4 + 64 + 1 };
    const char *end = length > LAST ? text + length - LAST : NULL;
    if (!end || memchr(text, 0, length) || end[-1] != '\n' || memcmp(end, "end\t", 4) != 0 ||
        text[length - 1] != '\n') {
        refuse(error, "it stops early");
        return NULL;
    }
    g_autofree char *sum =
        g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)text, (gsize)(end - text));
    if (!memcmp(sum, end + 4, 64)) return end;
    refuse(error, "its checksum is wrong");
    return NULL;
}

RunResult *record_parse(const char *text, size_t length, const char *identity, const char *folder,
                        GError **error) {
    const char *end = whole(text, length, error);
    if (!end) return NULL;
    RunResult *r = run_result_new();
    unsigned number = 0;
    bool ok = true;
    for (const char *at = text; ok && at < end;) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        g_autofree char *line = g_strndup(at, (size_t)(stop - at));
        g_auto(GStrv) f = g_strsplit(line, "\t", -1);
        ok = read_line(r, f, identity, folder, ++number, error);
        at = stop + 1;
    }
    if (ok && r->status == RUN_MISSING) ok = refuse(error, "found no status");
    if (ok && (r->failure == NULL) != (r->status == RUN_OK))
        ok = refuse(error, "its status and its failure contradict each other");
    if (ok) return r;
    run_result_free(r);
    return NULL;
}

bool record_publish(const RunResult *result, const char *identity, const RecordCost *cost,
                    const char *folder, const char *to, GError **error) {
    g_autofree char *text = record_text(result, identity, folder, error);
    if (!text) return false;
    uint64_t bytes = strlen(text);
    g_autoptr(GPtrArray) names = folder_names(folder);
    for (unsigned i = 0; i < names->len; i++) {
        struct stat st;
        g_autofree char *path = g_build_filename(folder, names->pdata[i], NULL);
        if (!file_sync(path, error)) return false;
        if (stat(path, &st) == 0) bytes += (uint64_t)st.st_size;
    }
    g_autofree char *record = g_build_filename(folder, "record", NULL),
                    *beside = g_build_filename(folder, "cost", NULL),
                    *took = g_strdup_printf("wall_s\t%.3f\ncpu_s\t%.3f\nmemory_kb\t%" PRIu64
                                            "\ndisk_bytes\t%" PRIu64 "\nhost\t%s\n",
                                            cost->wall_s, cost->cpu_s, cost->memory_kb, bytes,
                                            g_get_host_name());
    if (!file_write(record, text, strlen(text), error) ||
        !file_write(beside, took, strlen(took), error) || !file_sync(folder, error))
        return false;
    folder_remove(to);
    return file_move(folder, to, error);
}

RunResult *record_load(const char *folder, const char *identity, GError **error) {
    if (!g_file_test(folder, G_FILE_TEST_IS_DIR)) return NULL;
    g_autofree char *path = g_build_filename(folder, "record", NULL), *text = NULL;
    size_t length;
    if (!g_file_get_contents(path, &text, &length, error)) return NULL;
    RunResult *r = record_parse(text, length, identity, folder, error);
    if (!r) g_prefix_error(error, "%s: no whole record: ", folder);
    return r;
}

bool record_cost(const char *folder, RecordCost *cost) {
    g_autofree char *path = g_build_filename(folder, "cost", NULL), *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, NULL)) return false;
    return sscanf(text,
                  "wall_s\t%lf\ncpu_s\t%lf\nmemory_kb\t%" SCNu64 "\ndisk_bytes\t%" SCNu64 "\n",
                  &cost->wall_s, &cost->cpu_s, &cost->memory_kb, &cost->disk_bytes) == 4;
}
