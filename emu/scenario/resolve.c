/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a scenario comes to, as text: every value resolved, the whole as one file, and the digest
 * of what a run of it computes from. */
#include <stdio.h>
#include <string.h>

#include "emu/scenario/private.h"

static char *format_as(const Param *row, const char *value, const char *directory) {
    ParamValue v;
    if (!param_read(row, &v, value, directory, NULL)) return g_strdup(value);
    char *text = param_spell(row, &v);
    param_value_clear(row, &v);
    return text;
}

/* The value of a row, written or default, in the one spelling that param_format has for it. */
static char *formatted(const Scenario *s, const Section *section, const Param *row,
                       unsigned point) {
    const Entry *entry = section ? section_entry(section, row->name) : NULL;
    const char *moved = section ? scenario_moved(s, section, row->name, point) : NULL;
    if (moved || !entry) return format_as(row, moved ? moved : row->def, NULL);
    g_autofree char *value = entry_value(s, entry, point);
    return format_as(row, value, entry->directory);
}

bool entry_is_default(const Section *section, const Entry *entry) {
    const Param *row = param_find(section_table(section), entry->key);
    if (!row || !row->def || entry->axes->len) return false;
    g_autofree char *own = format_as(row, entry->value, entry->directory),
                    *other = format_as(row, row->def, NULL);
    return !strcmp(own, other);
}

static void append_head(GString *out, const Section *section) {
    g_string_append_printf(out, "%s[%s%s%s]\n", out->len ? "\n" : "", section->head,
                           section->name ? " " : "", section->name ? section->name : "");
}

static void append_origin(GString *out, const Entry *entry) {
    g_string_append_printf(out, "# %s%s", entry->made ? "follows from " : "", entry->file);
    if (entry->line) g_string_append_printf(out, ":%u", entry->line);
    if (entry->replaced) g_string_append_printf(out, ", in place of %s", entry->replaced);
    g_string_append_c(out, '\n');
}

/* What has been done, and is not said again. */
static bool is_done(const Section *section, const char *key) {
    return section->kind == SECTION_SCENARIO && (!strcmp(key, "include") || !strcmp(key, "where"));
}

char *scenario_resolved(const Scenario *s, unsigned point) {
    GString *out = g_string_new(NULL);
    for (unsigned i = 0; i < s->sections->len; i++) {
        const Section *section = s->sections->pdata[i];
        const Param *table = section_table(section);
        append_head(out, section);
        for (unsigned k = 0; !table && k < section->entries->len; k++) {
            const Entry *entry = section->entries->pdata[k];
            g_autofree char *value = entry_value(s, entry, point);
            g_string_append_printf(out, "%s = %s\n", entry->key, value);
        }
        for (const Param *row = table; row && row->name; row++) {
            const Entry *entry = section_entry(section, row->name);
            if (is_done(section, row->name)) continue;
            g_autofree char *value = formatted(s, section, row, point);
            if (!*value) continue;
            if (entry)
                append_origin(out, entry);
            else
                g_string_append(out, "# default\n");
            g_string_append_printf(out, "%s = %s\n", row->name, value);
        }
    }
    return g_string_free(out, FALSE);
}

/* Flat ------------------------------------------------------------------------------------ */

/* A FILE value that means the same from any folder. Either the whole value is relative, and its
 * folder goes in front, or ${...} begins it and each of its items stands for itself. */
static char *absolute(const Scenario *s, const Entry *entry) {
    g_autofree char *directory = g_canonicalize_filename(entry->directory, NULL);
    const char *value = entry->value;
    if (!g_str_has_prefix(value, "${"))
        return g_path_is_absolute(value) ? g_strdup(value)
                                         : g_build_filename(directory, value, NULL);
    const Axis *axis = s->axes->pdata[GPOINTER_TO_UINT(entry->axes->pdata[0]) - 1];
    g_autoptr(GString) out = g_string_new("${");
    if (axis->with) g_string_append_printf(out, "with %s: ", axis->with);
    for (unsigned v = 0; v < axis->values->len; v++) {
        const char *item = axis->values->pdata[v];
        g_autofree char *path =
            g_path_is_absolute(item) ? g_strdup(item) : g_build_filename(directory, item, NULL);
        g_string_append_printf(out, "%s%s", v ? ", " : "", path);
    }
    g_string_append(out, strchr(value, '}'));
    return g_strdup(out->str);
}

char *scenario_flat(const Scenario *s) {
    GString *out = g_string_new(NULL);
    for (unsigned i = 0; i < s->sections->len; i++) {
        const Section *section = s->sections->pdata[i];
        const Param *table = section_table(section);
        append_head(out, section);
        for (unsigned k = 0; k < section->entries->len; k++) {
            const Entry *entry = section->entries->pdata[k];
            if (is_done(section, entry->key)) continue;
            const Param *row = param_find(table, entry->key);
            g_autofree char *value =
                row && row->type == PARAM_TYPE_FILE ? absolute(s, entry) : g_strdup(entry->value);
            append_origin(out, entry);
            g_string_append_printf(out, "%s = %s\n", entry->key, value);
        }
        g_autofree char *where = section->kind == SECTION_SCENARIO ? scenario_where(s) : NULL;
        if (where) g_string_append_printf(out, "where = %s\n", where);
    }
    return g_string_free(out, FALSE);
}

/* Identity -------------------------------------------------------------------------------- */

/* SHA-256 of a file's contents; of nothing, if it cannot be read: then no run of it can start. */
static char *digest_now(const char *path) {
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    FILE *f = fopen(path, "rb");
    uint8_t block[1 << 14];
    for (size_t n; f && (n = fread(block, 1, sizeof block, f)) > 0;)
        g_checksum_update(sum, block, (gssize)n);
    if (f) fclose(f);
    return g_strdup(g_checksum_get_string(sum));
}

static const char *file_digest(const Scenario *s, const char *path) {
    const char *known = g_hash_table_lookup(s->file_digests, path);
    if (known) return known;
    char *digest = digest_now(path);
    g_hash_table_insert(s->file_digests, g_strdup(path), digest);
    return digest;
}

char *scenario_changed_input(const Scenario *s) {
    GHashTableIter iter;
    void *path, *digest;
    g_hash_table_iter_init(&iter, s->file_digests);
    while (g_hash_table_iter_next(&iter, &path, &digest)) {
        g_autofree char *now = digest_now(path);
        if (strcmp(now, digest) != 0) return g_strdup(path);
    }
    return NULL;
}

/* One value in one spelling. */
static char *canonical(const Scenario *s, const Section *section, const Param *row,
                       unsigned point) {
    char *value = formatted(s, section, row, point);
    char *text = value;
    if (section->kind == SECTION_LINK && !strcmp(row->name, "link")) {
        g_auto(GStrv) words = g_strsplit(value, " ", -1);
        text = g_strjoinv("", words);
    } else if (row->type == PARAM_TYPE_FILE && *value)
        text = g_strdup(file_digest(s, value));
    if (text != value) g_free(value);
    return text;
}

static int by_text(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static char *digest_of(const GPtrArray *lines) {
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    for (unsigned i = 0; i < lines->len; i++) {
        const char *line = lines->pdata[i];
        g_checksum_update(sum, (const guchar *)line, (gssize)strlen(line));
        g_checksum_update(sum, (const guchar *)"\n", 1);
    }
    return g_strdup(g_checksum_get_string(sum));
}

/* SHA-256 of a section: the keys in the order of the table; those of the script, as they stand, in
 * that of their text. */
static char *section_digest(const Scenario *s, const Section *section, unsigned point) {
    const Param *table = section_table(section);
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    for (unsigned k = 0; !table && k < section->entries->len; k++) {
        const Entry *entry = section->entries->pdata[k];
        g_autofree char *value = entry_value(s, entry, point);
        g_ptr_array_add(lines, g_strdup_printf("%s=%s", entry->key, value));
    }
    g_ptr_array_sort(lines, by_text);
    for (const Param *row = table; row && row->name; row++) {
        g_autofree char *value = canonical(s, section, row, point);
        g_ptr_array_add(lines, g_strdup_printf("%s=%s", row->name, value));
    }
    g_ptr_array_insert(
        lines, 0,
        table ? g_strdup_printf("%s %s", section->head, section->name)
              : g_strdup_printf("at %" G_GUINT64_FORMAT " %s", section->at, section_tag(section)));
    return digest_of(lines);
}

static bool iterates(const Section *section) {
    for (unsigned k = 0; k < section->entries->len; k++)
        if (((const Entry *)section->entries->pdata[k])->axes->len) return true;
    return false;
}

/* A digest of digests: of a large study's sections most are the same at every point. They are in
 * the order of their text, so that of the sections does not show. What
 * [scenario] says for all components stands in theirs. */
char *scenario_identity(const Scenario *s, unsigned point) {
    static const char *const not_of_a_run[] = {"title", "include", "seed",  "repeat", "series",
                                               "where", "columns", "until", "listed", NULL};
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    const Section *head = scenario_section(s, "scenario", NULL);
    for (unsigned i = 0; i < s->sections->len; i++) {
        Section *section = s->sections->pdata[i];
        bool counts = section->kind == SECTION_COMPONENT || section->kind == SECTION_LINK ||
                      section->kind == SECTION_AT;
        if (!counts) continue;
        bool varies = iterates(section) || scenario_moves(s, section, point);
        if (!varies && !section->digest) section->digest = section_digest(s, section, point);
        g_ptr_array_add(lines,
                        varies ? section_digest(s, section, point) : g_strdup(section->digest));
    }
    g_ptr_array_sort(lines, by_text);
    for (const Param *row = scenario_params; row->name; row++) {
        if (g_strv_contains(not_of_a_run, row->name) || row->scenario_wide) continue;
        const char *moved = head ? scenario_moved(s, head, row->name, point) : NULL;
        g_autofree char *value =
            moved ? format_as(row, moved, NULL) : param_format(row, &s->settings);
        g_ptr_array_add(lines, g_strdup_printf("%s=%s", row->name, value));
    }
    return digest_of(lines);
}
