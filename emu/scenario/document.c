/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Lines of a scenario file, taken apart and put together. */
#include "emu/scenario/document.h"

#include <stdint.h>
#include <string.h>

enum { MAX_FILE = 16 << 20 };

static GPtrArray *strings(void) {
    return g_ptr_array_new_with_free_func(g_free);
}

static void entry_free(void *data) {
    DocumentEntry *e = data;
    g_ptr_array_unref(e->above);
    g_free(e->key);
    g_free(e->value);
    g_free(e);
}

static void section_free(void *data) {
    DocumentSection *section = data;
    g_ptr_array_unref(section->above);
    g_ptr_array_unref(section->below);
    g_ptr_array_unref(section->entries);
    if (section->text) g_ptr_array_unref(section->text);
    g_free(section->head);
    g_free(section->name);
    g_free(section);
}

void document_free(Document *d) {
    if (!d) return;
    g_ptr_array_unref(d->start);
    g_ptr_array_unref(d->sections);
    g_ptr_array_unref(d->end);
    g_free(d->path);
    g_free(d);
}

DocumentSection *document_section(const Document *d, const char *head, const char *name) {
    for (unsigned i = 0; i < d->sections->len; i++) {
        DocumentSection *section = d->sections->pdata[i];
        if (!strcmp(section->head, head) && !g_strcmp0(section->name, name)) return section;
    }
    return NULL;
}

DocumentEntry *document_entry(const DocumentSection *section, const char *key) {
    for (unsigned k = 0; k < section->entries->len; k++) {
        DocumentEntry *entry = section->entries->pdata[k];
        if (!strcmp(entry->key, key)) return entry;
    }
    return NULL;
}

DocumentSection *document_add(Document *d, const char *head, const char *name) {
    DocumentSection *section = g_new0(DocumentSection, 1);
    section->above = strings();
    section->below = strings();
    section->entries = g_ptr_array_new_with_free_func(entry_free);
    section->text = !strcmp(head, "text") ? strings() : NULL;
    section->head = g_strdup(head);
    section->name = g_strdup(name);
    g_ptr_array_add(d->sections, section);
    return section;
}

static DocumentEntry *add_entry(DocumentSection *section, const char *key, const char *value) {
    DocumentEntry *entry = g_new0(DocumentEntry, 1);
    entry->above = strings();
    entry->key = g_strdup(key);
    entry->value = g_strdup(value);
    g_ptr_array_add(section->entries, entry);
    return entry;
}

void document_set(DocumentSection *section, const char *key, const char *value) {
    DocumentEntry *old = document_entry(section, key);
    if (!old) {
        add_entry(section, key, value);
        return;
    }
    g_free(old->value);
    old->value = g_strdup(value);
}

/* Reading --------------------------------------------------------------------------------- */

typedef struct {
    Document *d;
    DocumentSection *section;              /* the last one, NULL: none yet */
    GPtrArray *pending;                    /* comments and blank lines behind the last item */
    GHashTable *sections_seen, *keys_seen; /* of the file, and of the section */
    unsigned line;
    GString *open;       /* a value that goes on in the next line; NULL: there is none */
    unsigned open_since; /* the line where it began */
    GError **error;
} Reader;

static bool fail(const Reader *r, const char *format, ...) G_GNUC_PRINTF(2, 3);
static bool fail(const Reader *r, const char *format, ...) {
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    return input_error(r->error, "%s:%u: %s", r->d->path, r->line, text);
}

/* The first `n` lines behind those of `to`; of a text as they are, of comments without blanks
 * around them and with one blank line at a time. */
static void move(GPtrArray *from, unsigned n, GPtrArray *to, bool text) {
    for (unsigned i = 0; i < n; i++) {
        g_autofree char *line = g_strdup(from->pdata[i]);
        if (!text) g_strstrip(line);
        bool begins = !to->len || !*(const char *)to->pdata[to->len - 1];
        if (*line || !begins || text) g_ptr_array_add(to, g_steal_pointer(&line));
    }
    if (n) g_ptr_array_remove_range(from, 0, n);
}

static void drop_last_blank(GPtrArray *comments) {
    if (comments->len && !*(const char *)comments->pdata[comments->len - 1])
        g_ptr_array_set_size(comments, (int)comments->len - 1);
}

static unsigned first_blank(const GPtrArray *comments) {
    unsigned i = 0;
    while (i < comments->len && *(const char *)comments->pdata[i]) i++;
    return i;
}

/* A section ends: what belongs to it or to the file leaves `pending`. At the end of the file that
 * is the block right below it, whether or not a blank line follows. */
static void close_section(Reader *r, bool at_end) {
    unsigned n = first_blank(r->pending);
    DocumentSection *section = r->section;
    if (n == r->pending->len && !(at_end && section)) return;
    move(r->pending, n,
         !section        ? r->d->start
         : section->text ? section->text
                         : section->below,
         section && section->text);
}

static bool read_head(Reader *r, char *line) {
    char *end = strchr(line, ']');
    if (!end || end[1]) return fail(r, "found \"%s\", expected [SECTION] or [CLASS NAME]", line);
    *end = 0;
    char *head = g_strstrip(line + 1), *name = strchr(head, ' ');
    if (name) {
        *name++ = 0;
        name = g_strstrip(name);
    }
    g_autofree char *whole = g_strdup_printf("%s%s%s", head, name ? " " : "", name ? name : "");
    unsigned first = GPOINTER_TO_UINT(g_hash_table_lookup(r->sections_seen, whole));
    if (first)
        return fail(r, "found a second section [%s] in this file; the first is at line %u", whole,
                    first);
    close_section(r, false);
    g_hash_table_insert(r->sections_seen, g_steal_pointer(&whole), GUINT_TO_POINTER(r->line));
    g_hash_table_remove_all(r->keys_seen);
    r->section = document_add(r->d, head, name);
    r->section->line = r->line;
    move(r->pending, r->pending->len, r->section->above, false);
    return true;
}

static bool read_entry(Reader *r, char *line) {
    char *equals = strchr(line, '=');
    if (!equals || equals == line)
        return fail(r, "found \"%.60s\", expected [SECTION] or KEY = VALUE", line);
    *equals = 0;
    const char *key = g_strstrip(line), *value = g_strstrip(equals + 1);
    const DocumentSection *section = r->section;
    if (!section) return fail(r, "found key %s before the first section", key);
    if (!*value)
        return fail(r, "[%s%s%s] %s: found no value, expected one; an empty one is written none",
                    section->head, section->name ? " " : "", section->name ? section->name : "",
                    key);
    if (!g_hash_table_add(r->keys_seen, g_strdup(key)))
        return fail(r, "[%s%s%s] %s: found a second value for this key", section->head,
                    section->name ? " " : "", section->name ? section->name : "", key);
    DocumentEntry *entry = add_entry(r->section, key, value);
    entry->line = r->line;
    move(r->pending, r->pending->len, entry->above, false);
    drop_last_blank(entry->above);
    return true;
}

/* KEY = VALUE, or a part of it: a line that ends in a backslash goes on in the next. */
static bool read_part(Reader *r, char *line) {
    size_t n = strlen(line);
    bool goes_on = n && line[n - 1] == '\\', ok = true;
    if (goes_on) line[n - 1] = 0;
    g_strchomp(line);
    if (r->open) g_string_append_printf(r->open, " %s", line);
    if (goes_on && !r->open) {
        r->open = g_string_new(line);
        r->open_since = r->line;
    }
    if (goes_on) return true;
    if (!r->open) return read_entry(r, line);
    unsigned last = r->line;
    r->line = r->open_since;
    ok = r->open->len <= DOCUMENT_MAX_LINE
             ? read_entry(r, r->open->str)
             : fail(r, "found a value of %zu bytes, expected at most %d", r->open->len,
                    DOCUMENT_MAX_LINE);
    r->line = last;
    g_string_free(g_steal_pointer(&r->open), TRUE);
    return ok;
}

/* `raw` is the line as it stands, `line` without blanks around it. */
static bool read_line(Reader *r, const char *raw, char *line) {
    if (r->open && !*line)
        return fail(r, "found an empty line behind a \\, expected the rest of the value");
    if (r->open) return read_part(r, line);
    if (!*line || *line == '#' || *line == ';') {
        bool inside = r->section && r->section->text;
        g_ptr_array_add(r->pending, g_strdup(inside && *line ? raw : line));
        return true;
    }
    if (*line == '[') return read_head(r, line);
    if (!r->section || !r->section->text) return read_part(r, line);
    move(r->pending, r->pending->len, r->section->text, true);
    g_ptr_array_add(r->section->text, g_strdup(raw));
    return true;
}

static bool is_text(const Reader *r, const char *line, size_t n) {
    for (size_t i = 0; i < n; i++)
        if ((uint8_t)line[i] < 32 && line[i] != '\t' && !(line[i] == '\r' && i == n - 1))
            return fail(r, "found the control byte 0x%02x, expected text", (uint8_t)line[i]);
    if (n > DOCUMENT_MAX_LINE)
        return fail(r, "found a line of %zu bytes, expected at most %d", n, DOCUMENT_MAX_LINE);
    return g_utf8_validate(line, (gssize)n, NULL) || fail(r, "found bytes that are not UTF-8");
}

static bool read_lines(Reader *r, const char *text, size_t length) {
    for (const char *at = text, *end = text + length, *stop; at < end; at = stop + 1) {
        r->line++;
        stop = memchr(at, '\n', (size_t)(end - at));
        if (!stop) stop = end;
        if (!is_text(r, at, (size_t)(stop - at))) return false;
        g_autofree char *raw = g_strndup(at, (size_t)(stop - at));
        if (g_str_has_suffix(raw, "\r")) raw[strlen(raw) - 1] = 0;
        g_autofree char *line = g_strstrip(g_strdup(raw));
        if (!read_line(r, raw, line)) return false;
    }
    if (r->open) return fail(r, "found the end of the file behind a \\");
    close_section(r, true);
    move(r->pending, r->pending->len, r->d->end, false);
    drop_last_blank(r->d->end);
    return true;
}

Document *document_read(const char *path, const char *text, size_t length, GError **error) {
    if (length > MAX_FILE) {
        input_error(error, "%s: found %zu bytes, expected a scenario file of at most 16 MiB", path,
                    length);
        return NULL;
    }
    Document *d = g_new0(Document, 1);
    d->path = g_strdup(path);
    d->start = strings();
    d->sections = g_ptr_array_new_with_free_func(section_free);
    d->end = strings();
    Reader r = {.d = d,
                .pending = strings(),
                .sections_seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
                .keys_seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
                .error = error};
    bool ok = read_lines(&r, text, length);
    if (r.open) g_string_free(r.open, TRUE);
    g_ptr_array_unref(r.pending);
    g_hash_table_unref(r.sections_seen);
    g_hash_table_unref(r.keys_seen);
    if (ok) return d;
    document_free(d);
    return NULL;
}

bool document_text(const char *path, char **text, size_t *length, GError **error) {
    g_autoptr(GError) cause = NULL;
    if (!g_file_test(path, G_FILE_TEST_EXISTS))
        return input_error(error, "%s: cannot be read: there is no such file", path);
    if (g_file_test(path, G_FILE_TEST_IS_DIR))
        return input_error(error, "%s: found a folder, expected a scenario file", path);
    return g_file_get_contents(path, text, length, &cause) ||
           input_error(error, "%s: cannot be read: %s", path, cause->message);
}

Document *document_load(const char *path, GError **error) {
    g_autofree char *text = NULL;
    size_t length;
    return document_text(path, &text, &length, error) ? document_read(path, text, length, error)
                                                      : NULL;
}

/* Writing --------------------------------------------------------------------------------- */

/* "# ", "#   ", "; ": what the rest of a comment that is broken begins with. */
static size_t prefix_length(const char *comment) {
    return *comment ? 1 + strspn(comment + 1, " \t") : 0;
}

/* Whether words of the line before may stand in front of this one's: it is of the same paragraph,
 * and no item of a list, "- one" or "1. one". */
static bool goes_on(const char *line, const char *comment) {
    size_t n = prefix_length(comment), digits = strspn(line + MIN(n, strlen(line)), "0123456789");
    return n == prefix_length(line) && !strncmp(line, comment, n) && g_ascii_isalnum(line[n]) &&
           !(digits && strchr(".)", line[n + digits]));
}

/* The last blank at which the comment's head fits; 0: there is none. */
static size_t break_at(const char *comment, unsigned columns) {
    size_t best = 0, n = prefix_length(comment);
    unsigned column = 0;
    for (const char *p = comment; *p; p = g_utf8_next_char(p), column++) {
        size_t at = (size_t)(p - comment);
        if (*p == ' ' && at > n && (column <= columns || !best)) best = at;
        if (column >= columns && best) break;
    }
    return best;
}

static void write_comments(GString *out, const GPtrArray *comments, unsigned columns) {
    g_autofree char *rest = NULL; /* what the line before had too much */
    for (unsigned i = 0; i < comments->len || rest; i++) {
        const char *next = i < comments->len ? comments->pdata[i] : NULL;
        g_autofree char *line = NULL;
        if (rest && next && goes_on(next, rest)) {
            line = g_strdup_printf("%s %s", rest, next + prefix_length(next));
        } else if (rest) { /* a line of its own, before `next` */
            line = g_strdup(rest);
            i--;
        } else {
            line = g_strdup(next);
        }
        g_clear_pointer(&rest, g_free);
        size_t end = g_utf8_strlen(line, -1) > (glong)columns ? break_at(line, columns) : 0;
        if (end) {
            rest = g_strdup_printf("%.*s%s", (int)prefix_length(line), line,
                                   line + end + strspn(line + end, " "));
            line[end] = 0;
        }
        g_string_append_printf(out, "%s\n", g_strchomp(line));
    }
}

/* Where a line is broken: at the last single blank that leaves room for the backslash; 0: nowhere.
 */
static size_t value_break(const char *line, unsigned columns) {
    size_t best = 0;
    unsigned column = 0;
    for (const char *p = line + strspn(line, " "); *p; p = g_utf8_next_char(p)) {
        if (*p == ' ' && p > line && p[-1] != ' ' && p[-1] != '=' && p[1] != ' ' && p[1] != '=' &&
            p[1] && (column <= columns || !best))
            best = (size_t)(p - line);
        column = (unsigned)g_utf8_strlen(line, p - line) + 3;
        if (column > columns && best) break;
    }
    return best;
}

static void write_entry(GString *out, const DocumentEntry *entry, unsigned columns) {
    g_autofree char *line = g_strdup_printf("%s = %s", entry->key, entry->value);
    for (size_t end;
         g_utf8_strlen(line, -1) > (glong)columns && (end = value_break(line, columns));) {
        g_string_append_printf(out, "%.*s \\\n", (int)end, line);
        char *rest = g_strdup_printf("    %s", line + end + 1);
        g_free(line);
        line = rest;
    }
    g_string_append_printf(out, "%s\n", line);
}

static void write_section(GString *out, const DocumentSection *section, unsigned columns) {
    if (out->len) g_string_append_c(out, '\n');
    write_comments(out, section->above, columns);
    g_string_append_printf(out, "[%s%s%s]\n", section->head, section->name ? " " : "",
                           section->name ? section->name : "");
    for (unsigned i = 0; section->text && i < section->text->len; i++)
        g_string_append_printf(out, "%s\n", (const char *)section->text->pdata[i]);
    for (unsigned k = 0; k < section->entries->len; k++) {
        const DocumentEntry *entry = section->entries->pdata[k];
        write_comments(out, entry->above, columns);
        write_entry(out, entry, columns);
    }
    write_comments(out, section->below, columns);
}

char *document_write(const Document *d, unsigned columns) {
    GString *out = g_string_new(NULL);
    write_comments(out, d->start, columns);
    for (unsigned i = 0; i < d->sections->len; i++)
        write_section(out, d->sections->pdata[i], columns);
    if (out->len && d->end->len) g_string_append_c(out, '\n');
    write_comments(out, d->end, columns);
    return g_string_free(out, FALSE);
}
