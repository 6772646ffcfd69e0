/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "emu/study/lab_program.h"

#include <pcap/pcap.h>
#include <string.h>

void lab_difference_clear(LabDifference *d) {
    g_free(d->failure);
}

bool lab_program_untouched(const Lab *lab, const LabQuestion *q, const char *folder) {
    g_autofree char *at = g_path_get_dirname(lab->path),
                    *given_path = g_build_filename(at, lab->files, q->file, NULL),
                    *path = g_build_filename(folder, q->file, NULL), *given = NULL, *text = NULL;
    return g_file_get_contents(given_path, &given, NULL, NULL) &&
           g_file_get_contents(path, &text, NULL, NULL) && !strcmp(given, text);
}

/* Commands -------------------------------------------------------------------------------- */

static GStrv environment(const Lab *lab, const char *library, GHashTable *names, const char *in,
                         const char *out) {
    GStrv env = g_get_environ();
    g_autofree char *at = g_path_get_dirname(lab->path),
                    *lab_folder = g_canonicalize_filename(at, NULL),
                    *data = g_path_get_dirname(library),
                    *sppemu = g_canonicalize_filename(data, NULL);
    GHashTableIter iter;
    void *name, *value;
    env = g_environ_setenv(env, "IN", in, TRUE);
    env = g_environ_setenv(env, "OUT", out, TRUE);
    env = g_environ_setenv(env, "LAB", lab_folder, TRUE);
    env = g_environ_setenv(env, "SPPEMU", sppemu, TRUE);
    g_hash_table_iter_init(&iter, names);
    while (g_hash_table_iter_next(&iter, &name, &value)) {
        g_autofree char *number = g_strdup_printf("%.0f", *(const double *)value);
        env = g_environ_setenv(env, name, number, TRUE);
    }
    env = g_environ_setenv(env, "LC_ALL", "C", TRUE); /* a compiler's quotes */
    /* A make of the student's is none of the make that runs us. */
    env = g_environ_unsetenv(env, "MAKEFLAGS");
    return g_environ_unsetenv(env, "MAKELEVEL");
}

/* Of what a compiler and others wrote: the first line that is an error, else the first. */
static char *first_line(const char *said) {
    g_auto(GStrv) lines = g_strsplit(said, "\n", -1);
    for (unsigned i = 0; lines[i]; i++)
        if (strstr(lines[i], "error: ")) return g_strdup(lines[i]);
    return g_strdup(lines[0] ? lines[0] : "");
}

/* False, and why: what it wrote to standard error, or its exit code. */
static bool command(const char *text, const char *folder, char **env, char **why) {
    const char *argv[] = {"timeout", LAB_SECONDS, "sh", "-c", text, NULL};
    g_autofree char *said = NULL;
    g_autoptr(GError) error = NULL;
    int status;
    bool ok =
        g_spawn_sync(folder, (char **)argv, env, G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL,
                     NULL, NULL, NULL, &said, &status, &error) &&
        g_spawn_check_wait_status(status, &error);
    if (ok) return true;
    g_autofree char *line = first_line(said ? said : "");
    *why = g_strdup(*line ? line : error->message);
    return false;
}

/* Packets --------------------------------------------------------------------------------- */

static void packet_free(void *packet) {
    g_bytes_unref(packet);
}

/* GBytes, from byte `skip` of each on. */
static GPtrArray *read_packets(const char *path, uint64_t skip, char **why) {
    char text[PCAP_ERRBUF_SIZE] = "";
    pcap_t *capture = pcap_open_offline(path, text);
    struct pcap_pkthdr *head;
    const u_char *data;
    int got = 1;
    if (!capture) {
        *why = g_strdup(text);
        return NULL;
    }
    g_autoptr(GPtrArray) packets = g_ptr_array_new_with_free_func(packet_free);
    while ((got = pcap_next_ex(capture, &head, &data)) == 1) {
        size_t from = MIN(skip, head->caplen);
        g_ptr_array_add(packets, g_bytes_new(data + from, head->caplen - from));
    }
    if (got == PCAP_ERROR) *why = g_strdup(pcap_geterr(capture));
    pcap_close(capture);
    return *why ? NULL : g_steal_pointer(&packets);
}

/* The first byte that differs; beyond the end of one it is -1 there. False: none does. */
static bool differ(GBytes *found, GBytes *expected, LabDifference *d) {
    size_t n, m;
    const uint8_t *a = g_bytes_get_data(found, &n), *b = g_bytes_get_data(expected, &m);
    for (size_t i = 0; i < MAX(n, m); i++) {
        if (i < n && i < m && a[i] == b[i]) continue;
        d->byte = (double)i;
        d->found = i < n ? a[i] : -1;
        d->expected = i < m ? b[i] : -1;
        return true;
    }
    return false;
}

static void compare(const GPtrArray *found, const GPtrArray *expected, LabDifference *d) {
    d->count = found->len;
    d->right = expected->len;
    for (unsigned i = 0; i < MIN(found->len, expected->len); i++) {
        d->packet = i + 1;
        if (differ(found->pdata[i], expected->pdata[i], d)) return;
    }
    d->packet = MIN(found->len, expected->len) + 1;
    d->byte = -1;
    d->equal = found->len == expected->len;
}

/* The whole ------------------------------------------------------------------------------- */

bool lab_program_compare(const Lab *lab, const LabQuestion *q, const char *folder, const char *work,
                         const char *library, GHashTable *names, LabDifference *d, GError **error) {
    g_autofree char *in = g_build_filename(work, q->input, NULL),
                    *out = g_build_filename(work, "yours.pcap", NULL),
                    *right = g_build_filename(work, "expected.pcap", NULL), *why = NULL;
    g_auto(GStrv) mine = environment(lab, library, names, in, out);
    g_auto(GStrv) theirs = environment(lab, library, names, in, right);
    if (!command(q->reference, work, theirs, &why))
        return input_error(error, "the reference does not work: %s", why);
    g_autoptr(GPtrArray) expected = read_packets(right, 0, &why);
    if (!expected) return input_error(error, "the reference's packets: %s", why);
    if (!command(q->yours, folder, mine, &why)) {
        d->failure = g_strdup_printf("it does not work: %s", why);
        return true;
    }
    g_autoptr(GPtrArray) found = read_packets(out, q->skip, &why);
    if (found)
        compare(found, expected, d);
    else
        d->failure = g_strdup_printf("its packets: %s", why);
    return true;
}
