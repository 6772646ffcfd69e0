/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a student gets: numbers drawn from a hash, and two files with them. */
#include "emu/study/lab.h"

#include <math.h>
#include <string.h>

const char *const lab_verdicts[] = {"right", "wrong", "not answered"};

bool lab_student(const char *id, GError **error) {
    size_t n = strlen(id), good = 0;
    while (g_ascii_isalnum(id[good]) || (id[good] && strchr(".-_@+", id[good]))) good++;
    return (n > 0 && n <= 64 && good == n) ||
           input_error(error,
                       "found the student \"%s\", expected 1 to 64 letters, digits and "
                       ". _ - @ +",
                       id);
}

/* Drawing --------------------------------------------------------------------------------- */

/* A number of the student's own, the same on every machine. */
static uint64_t hash_of(const Lab *lab, const char *student, const char *name) {
    g_autofree char *lower = g_ascii_strdown(student, -1),
                    *text = g_strdup_printf("%s\n%s\n%s", lab->name, lower, name);
    uint8_t digest[32];
    size_t n = sizeof digest;
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    g_checksum_update(sum, (const guchar *)text, -1);
    g_checksum_get_digest(sum, digest, &n);
    uint64_t value = 0;
    for (unsigned i = 0; i < 8; i++) value = value << 8 | digest[i];
    return value;
}

static bool whole(const char *text, gint64 *value) {
    g_autofree char *trimmed = g_strstrip(g_strdup(text));
    return g_ascii_string_to_signed(trimmed, 10, -1000000000, 1000000000, value, NULL);
}

/* "20..50 step 5" */
static bool draw_range(const char *text, uint64_t hash, gint64 *value) {
    gint64 first, last, step = 1;
    g_auto(GStrv) ends = g_strsplit(text, "..", 2);
    if (!ends[0] || !ends[1] || !whole(ends[0], &first)) return false;
    g_auto(GStrv) rest = g_strsplit(ends[1], " step ", 2);
    if (!whole(rest[0], &last) || (rest[1] && !whole(rest[1], &step))) return false;
    if (last < first || step < 1) return false;
    *value = first + step * (gint64)(hash % (uint64_t)((last - first) / step + 1));
    return true;
}

static bool draw_one(const char *text, uint64_t hash, gint64 *value) {
    if (strstr(text, "..")) return draw_range(text, hash, value);
    g_auto(GStrv) items = g_strsplit(text, ",", -1);
    unsigned n = g_strv_length(items);
    for (unsigned i = 0; i < n; i++)
        if (!whole(items[i], value)) return false;
    return n && whole(items[hash % n], value);
}

static void put_number(GHashTable *names, const char *name, double value) {
    g_hash_table_insert(names, g_strdup(name), g_memdup2(&value, sizeof value));
}

GHashTable *lab_draw(const Lab *lab, const char *student, GError **error) {
    const DocumentSection *draw = document_section(lab->file, "draw", NULL);
    g_autoptr(GHashTable) names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    for (unsigned i = 0; draw && i < draw->entries->len; i++) {
        const DocumentEntry *e = draw->entries->pdata[i];
        gint64 value;
        if (!draw_one(e->value, hash_of(lab, student, e->key), &value)) {
            input_error(error,
                        "%s:%u: [draw] %s: found \"%s\", expected whole numbers such as "
                        "20..50 step 5 or 1, 2, 4",
                        lab->path, e->line, e->key, e->value);
            return NULL;
        }
        put_number(names, e->key, (double)value);
    }
    return g_steal_pointer(&names);
}

/* Texts ----------------------------------------------------------------------------------- */

static void put_value(GString *out, double value, bool expression) {
    if (!expression)
        g_string_append_printf(out, "%.6g", value);
    else if (isfinite(value))
        g_string_append_printf(out, "(%.17g)", value);
    else
        g_string_append(out, "(0 / 0)");
}

char *lab_words(const char *text, GHashTable *names, bool expression, GError **error) {
    g_autoptr(GString) out = g_string_new(NULL);
    while (*text) {
        const char *end = *text == '{' ? strchr(text, '}') : NULL;
        if (!end) {
            g_string_append_c(out, *text++);
            continue;
        }
        g_autofree char *name = g_strndup(text + 1, (size_t)(end - text - 1));
        const double *value = g_hash_table_lookup(names, name);
        if (!value) {
            g_autofree const char **all =
                (const char **)g_hash_table_get_keys_as_array(names, NULL);
            const char *near = param_nearest(name, all);
            input_error(error, "found {%s}, expected a name of [draw] or of a [value] above%s%s",
                        name, near ? "; the nearest is " : "", near ? near : "");
            return NULL;
        }
        put_value(out, *value, expression);
        text = end + 1;
    }
    return g_strdup(out->str);
}

/* Files ----------------------------------------------------------------------------------- */

static DocumentSection *section_of(Document *d, const char *head) {
    DocumentSection *section = document_section(d, head, NULL);
    return section ? section : document_add(d, head, NULL);
}

/* A number that the scenario has no name for is for questions alone. */
static void set_drawn(Document *d, GHashTable *names) {
    DocumentSection *let = section_of(d, "let");
    for (unsigned i = 0; i < let->entries->len; i++) {
        const DocumentEntry *e = let->entries->pdata[i];
        const double *drawn = g_hash_table_lookup(names, e->key);
        if (!drawn) continue;
        g_autofree char *value = g_strdup_printf("%.0f", *drawn);
        document_set(let, e->key, value);
    }
}

Document *lab_scenario(const Lab *lab, const char *student, GError **error) {
    g_autofree char *stem = g_strndup(lab->path, strlen(lab->path) - strlen(".lab")),
                    *path = g_strconcat(stem, ".ini", NULL);
    g_autoptr(Document) d = document_load(path, error);
    g_autoptr(GHashTable) names = d ? lab_draw(lab, student, error) : NULL;
    if (!names) return NULL;
    set_drawn(d, names);
    g_autofree char *seed =
        g_strdup_printf("%u", (unsigned)(hash_of(lab, student, "[seed]") % 1000000) + 1);
    document_set(section_of(d, "scenario"), "seed", seed);
    return g_steal_pointer(&d);
}

/* "a rate on the wire, such as 800Mbit/s"; caller frees. */
static char *expected_text(const LabQuestion *q) {
    static const char *const forms[] = {
        "a rate on the wire such as 80Mbit/s wire",
        "a rate of frames such as 80Mbit/s frame",
        "a rate of payload such as 80Mbit/s payload",
        "a packet rate such as 80kpacket/s",
        "a time such as 80us",
        "a size such as 80B",
        "a frequency such as 80MHz",
        "a whole number",
        "a number such as 0.8",
        "a share such as 80%",
    };
    if (q->row.type != PARAM_TYPE_ENUM) return g_strdup(forms[q->kind]);
    g_auto(GStrv) words = g_strsplit(q->choices, "|", -1);
    g_autofree char *list = g_strjoinv(", ", words);
    return g_strconcat("one of ", list, NULL);
}

static void comment(GPtrArray *above, char *text) {
    g_ptr_array_add(above, text);
}

Document *lab_answers(const Lab *lab, const char *name, const char *student, GError **error) {
    g_autoptr(GHashTable) names = lab_draw(lab, student, error);
    if (!names) return NULL;
    g_autofree char *head = g_strdup_printf("# %s\n\n[lab]\nname = %s\nstudent = %s\n\n[answers]\n",
                                            lab->title, name, student);
    g_autoptr(Document) d = document_read(LAB_ANSWERS, head, strlen(head), error);
    if (!d) return NULL;
    DocumentSection *answers = document_section(d, "answers", NULL);
    unsigned number = 0;
    for (unsigned i = 0; i < lab->questions->len; i++) {
        const LabQuestion *q = lab->questions->pdata[i];
        g_autofree char *ask = lab_words(q->ask, names, false, error), *form = expected_text(q);
        if (!ask) {
            g_prefix_error(error, "%s: [question %s] ask: ", lab->path, q->name);
            return NULL;
        }
        if (q->task || q->program) continue;
        document_set(answers, q->name, "?");
        GPtrArray *above = document_entry(answers, q->name)->above;
        if (number) comment(above, g_strdup(""));
        comment(above, g_strdup_printf("# %u. %s", ++number, ask));
        comment(above, g_strdup_printf("# (%s)", form));
    }
    for (unsigned i = 0; i < lab->questions->len; i++) {
        const LabQuestion *q = lab->questions->pdata[i];
        if (!q->task && !q->program) continue;
        g_autofree char *ask = lab_words(q->ask, names, false, error);
        if (!ask) return NULL;
        comment(d->end, g_strdup_printf("# %u. In %s: %s", ++number,
                                        q->task ? LAB_SCENARIO : q->file, ask));
    }
    return g_steal_pointer(&d);
}
