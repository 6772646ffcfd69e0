/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Finding what is said many times. */
#include "emu/scenario/convert.h"

#include <string.h>
#include <unistd.h>

#include "emu/scenario/compose.h"
#include "emu/scenario/format.h"
#include "emu/scenario/private.h"

enum { MAX_BASES = 64, MAX_SERIES = 8 };

typedef struct {
    Document *d;
    GPtrArray *bases;    /* Document: what it includes, all the way */
    const char *library; /* where includes are that are not beside their file */
    const ComponentClass *const *classes;
    bool composed; /* what is not written may be made, and is then not the default */
} Convert;

/* What is there --------------------------------------------------------------------------- */

/* The kind of a section, with its class. */
static Section kind_of(const Convert *c, const DocumentSection *section) {
    Section s = {.head = section->head, .name = section->name, .file = c->d->path};
    if (!section_kind(&s, c->classes, NULL)) s.kind = SECTION_TEXT;
    return s;
}

static bool is_wired(const Section *s) {
    return s->kind == SECTION_COMPONENT || s->kind == SECTION_LINK;
}

static const Param *row_of(const Convert *c, const DocumentSection *section, const char *key) {
    Section s = kind_of(c, section);
    const Param *table = section_table(&s);
    return table ? param_find(table, key) : NULL;
}

static bool load_bases(Convert *c, const Document *d, GError **error) {
    const DocumentSection *head = document_section(d, "scenario", NULL);
    const DocumentEntry *list = head ? document_entry(head, "include") : NULL;
    g_auto(GStrv) names = g_strsplit(list ? list->value : "", ",", -1);
    g_autofree char *folder = g_path_get_dirname(d->path);
    for (unsigned i = 0; names[i] && *names[i]; i++) {
        const char *name = g_strstrip(names[i]);
        g_autofree char *beside = scenario_find(folder, name),
                        *path = beside ? g_strdup(beside) : scenario_find(c->library, name);
        if (!path || c->bases->len == MAX_BASES)
            return input_error(error, "%s:%u: found include = %s, which is nowhere", d->path,
                               list->line, name);
        Document *base = document_load(path, error);
        if (!base) return false;
        g_ptr_array_add(c->bases, base);
        if (!load_bases(c, base, error)) return false;
    }
    return true;
}

/* NAME*N has NAME0. */
static bool covers(const char *array, const char *name) {
    const char *star = array ? strchr(array, '*') : NULL;
    size_t n = star ? (size_t)(star - array) : 0;
    return star && name && !strncmp(array, name, n) && name[n] &&
           strspn(name + n, "0123456789") == strlen(name + n);
}

/* The section, or the array that it is an element of, in one document; NULL: neither. */
static const DocumentSection *said_in(const Document *d, const char *head, const char *name,
                                      bool itself) {
    for (unsigned i = 0; i < d->sections->len; i++) {
        const DocumentSection *one = d->sections->pdata[i];
        if (strcmp(one->head, head) != 0) continue;
        if ((itself && !g_strcmp0(one->name, name)) || covers(one->name, name) ||
            covers(name, one->name))
            return one;
    }
    return NULL;
}

static bool in_bases(const Convert *c, const char *head, const char *name) {
    for (unsigned i = 0; i < c->bases->len; i++)
        if (said_in(c->bases->pdata[i], head, name, true)) return true;
    return false;
}

static void add_comments(GPtrArray *to, const GPtrArray *from) {
    for (unsigned i = 0; i < from->len; i++) g_ptr_array_add(to, g_strdup(from->pdata[i]));
}

static DocumentSection *insert_section(Document *d, const DocumentSection *before, const char *head,
                                       const char *name) {
    guint at = d->sections->len;
    DocumentSection *section = document_add(d, head, name);
    g_ptr_array_steal_index(d->sections, d->sections->len - 1);
    if (before) g_ptr_array_find(d->sections, before, &at);
    g_ptr_array_insert(d->sections, (int)at, section);
    return section;
}

static bool is_plain(const char *value) {
    return !strstr(value, "${") && !strchr(value, '{') && *value != '@';
}

/* Composition -------------------------------------------------------------------------------- */

static bool may_compose(const Convert *c) {
    for (int b = -1; b < (int)c->bases->len; b++) {
        const Document *d = b < 0 ? c->d : c->bases->pdata[b];
        for (unsigned i = 0; i < d->sections->len; i++) {
            Section s = kind_of(c, d->sections->pdata[i]);
            if (s.kind == SECTION_COMPONENT && s.class->composition &&
                s.class->composition->compose)
                return true;
            if (document_entry(d->sections->pdata[i], "attach")) return true;
        }
    }
    return false;
}

/* Whether something is made of what is written; of what cannot be read as it is, if it may be. */
static bool composes(const Convert *c) {
    if (!may_compose(c)) return false;
    Scenario *s = scenario_load_with(c->d->path, c->library, NULL, c->classes, NULL);
    bool made = !s;
    for (unsigned i = 0; s && i < s->sections->len; i++) {
        const Section *section = s->sections->pdata[i];
        made |= section->made;
        for (unsigned k = 0; k < section->entries->len; k++)
            made |= ((const Entry *)section->entries->pdata[k])->made;
    }
    scenario_free(s);
    return made;
}

/* Words ----------------------------------------------------------------------------------- */

static bool same_value(const Param *row, const char *a, const char *b) {
    Param open = *row;
    ParamValue x, y;
    open.min = open.max = open.words = NULL;
    if (!param_read(&open, &x, a, NULL, NULL)) return false;
    if (!param_read(&open, &y, b, NULL, NULL)) {
        param_value_clear(&open, &x);
        return false;
    }
    g_autofree char *p = param_spell(&open, &x), *q = param_spell(&open, &y);
    param_value_clear(&open, &x);
    param_value_clear(&open, &y);
    return !strcmp(p, q);
}

/* The word for a value that the row does not take as a number any more, else the value. */
static const char *word_for(const Param *row, const GStrv words, const GStrv codes,
                            const char *value) {
    ParamValue v;
    if (param_read(row, &v, value, NULL, NULL)) {
        param_value_clear(row, &v);
        return value;
    }
    for (unsigned n = 0; words[n]; n++)
        if (same_value(row, value, codes[n])) return words[n];
    return value;
}

static GStrv codes_of(const Param *row) {
    GStrv codes = g_strsplit(row->words, "|", -1);
    for (unsigned n = 0; codes[n]; n++) {
        char *code = g_strdup(strchr(codes[n], '=') + 1);
        g_free(codes[n]);
        codes[n] = code;
    }
    return codes;
}

static void use_words(DocumentEntry *entry, const Param *row) {
    g_auto(GStrv) words = param_words(row), codes = codes_of(row);
    size_t n = strlen(entry->value);
    bool list =
        g_str_has_prefix(entry->value, "${") && strchr(entry->value, '}') == entry->value + n - 1;
    if (!list) {
        g_autofree char *old = entry->value;
        entry->value = g_strdup(word_for(row, words, codes, old));
        return;
    }
    g_autofree char *inside = g_strndup(entry->value + 2, n - 3);
    char *items =
        g_str_has_prefix(inside, "with ") && strchr(inside, ':') ? strchr(inside, ':') + 1 : inside;
    g_auto(GStrv) parts = g_strsplit(items, ",", -1);
    GString *out = g_string_new("${");
    g_string_append_len(out, inside, items - inside);
    for (unsigned i = 0; parts[i]; i++)
        g_string_append_printf(out, "%s%s",
                               i                ? ", "
                               : items > inside ? " "
                                                : "",
                               word_for(row, words, codes, g_strstrip(parts[i])));
    g_string_append_c(out, '}');
    g_free(entry->value);
    entry->value = g_string_free(out, FALSE);
}

/* NAME.KEY == 0, != 0 and > 0 where 0 has a word. */
static void compare_with_words(const Convert *c, const char *name, const Param *row) {
    g_auto(GStrv) words = param_words(row), codes = codes_of(row);
    for (unsigned n = 0; words[n]; n++) {
        g_autofree char *digits = g_strndup(codes[n], strspn(codes[n], "0123456789")),
                        *key = g_strdup_printf("%s.%s", name, row->name),
                        *plain = g_regex_escape_string(key, -1),
                        *pattern =
                            g_strdup_printf("(?<![\\w.-])%s (==|!=|>) %s(?![\\w.])", plain, digits),
                        *by = g_strdup_printf("%s \\1 %s", key, words[n]),
                        *above = g_strdup_printf("%s > %s", key, words[n]),
                        *other = g_strdup_printf("%s != %s", key, words[n]);
        g_autoptr(GRegex) regex = g_regex_new(pattern, 0, 0, NULL);
        for (unsigned i = 0; i < c->d->sections->len; i++) {
            const DocumentSection *section = c->d->sections->pdata[i];
            if (strcmp(section->head, "expect") != 0 && strcmp(section->head, "plot") != 0)
                continue;
            for (unsigned k = 0; k < section->entries->len; k++) {
                DocumentEntry *entry = section->entries->pdata[k];
                g_autofree char *old = entry->value,
                                *new = g_regex_replace(regex, old, -1, 0, by, 0, NULL);
                g_auto(GStrv) parts = g_strsplit(new, above, -1);
                entry->value = g_strjoinv(other, parts);
            }
        }
    }
}

static void find_words(const Convert *c) {
    for (int b = -1; b < (int)c->bases->len; b++) {
        const Document *d = b < 0 ? c->d : c->bases->pdata[b];
        for (unsigned i = 0; i < d->sections->len; i++) {
            const DocumentSection *section = d->sections->pdata[i];
            Section s = kind_of(c, section);
            const Param *row = s.kind == SECTION_COMPONENT ? section_table(&s) : NULL;
            for (; row && row->name; row++) {
                if (!row->words) continue;
                DocumentEntry *entry = document_entry(section, row->name);
                if (entry && d == c->d) use_words(entry, row);
                compare_with_words(c, section->name, row);
            }
        }
    }
}

/* Arrays ---------------------------------------------------------------------------------- */

/* "30000 + 10 * i" of `n` numbers in step; false: they follow no rule. */
static bool rule_of(const gint64 *v, unsigned n, GString *out) {
    for (unsigned m = 1; m < MAX(n, 2); m++)
        for (unsigned mod = 0; mod < 2; mod++) {
            gint64 at = m == 1 ? 1 : mod ? 1 : m, a = v[0], b = (guint)at < n ? v[at] - a : 0;
            bool fits = m == 1 ? !mod : n > 3;
            for (unsigned i = 0; fits && i < n; i++)
                fits = v[i] == a + b * (gint64)(m == 1 ? i : mod ? i % m : i / m);
            if (!fits || (n == 2 && b != 1)) continue;
            g_autofree char *index =
                m == 1 ? g_strdup("i") : g_strdup_printf("i %c %u", mod ? '%' : '/', m);
            if (a) g_string_append_printf(out, "%" G_GINT64_FORMAT " %c ", a, b < 0 ? '-' : '+');
            if (!a && b < 0) g_string_append_c(out, '-');
            if (b != 1 && b != -1)
                g_string_append_printf(
                    out, m == 1 ? "%" G_GINT64_FORMAT " * %s" : "%" G_GINT64_FORMAT " * (%s)",
                    ABS(b), index);
            else
                g_string_append(out, index);
            return true;
        }
    return false;
}

/* One value for all elements: what is equal as it stands, numbers that differ by a rule. In a MAC
 * address they are pairs of hexadecimal digits. NULL: there is none. Caller frees. */
static char *one_for_all(const GPtrArray *values, bool mac) {
    unsigned n = values->len;
    g_autofree const char **at = g_new0(const char *, n);
    g_autofree gint64 *numbers = g_new0(gint64, n);
    g_autoptr(GString) out = g_string_new(NULL);
    const char *digits = mac ? "0123456789abcdefABCDEF" : "0123456789";
    for (unsigned i = 0; i < n; i++) {
        at[i] = values->pdata[i];
        if (i && !strcmp(at[i], at[0])) continue;
        if (!is_plain(at[i])) return NULL;
    }
    while (*at[0]) {
        size_t width = strspn(at[0], digits);
        bool same = true, even = true, padded = false;
        for (unsigned i = 0; i < n; i++) {
            size_t w = strspn(at[i], digits);
            if (width ? !w : *at[i] != *at[0]) return NULL;
            same &= w == width && !strncmp(at[i], at[0], width);
            even &= w == width;
            padded |= w > 1 && *at[i] == '0';
            numbers[i] = (gint64)g_ascii_strtoull(at[i], NULL, mac ? 16 : 10);
            if (w > 9 && !same) return NULL;
        }
        if (!width || same) {
            g_string_append_len(out, at[0], (gssize)MAX(width, 1));
        } else {
            if ((mac || padded) && !even) return NULL;
            g_string_append_c(out, '{');
            if (!rule_of(numbers, n, out)) return NULL;
            if (mac || padded) g_string_append_printf(out, ":0%zu%s", width, mac ? "x" : "");
            g_string_append_c(out, '}');
        }
        for (unsigned i = 0; i < n; i++) at[i] += width ? strspn(at[i], digits) : 1;
    }
    for (unsigned i = 0; i < n; i++)
        if (*at[i]) return NULL;
    return g_strdup(out->str);
}

/* "{3400 - 400 * i}ms" of times, in the largest unit that all of them are whole numbers of. */
static char *one_time_for_all(const Param *row, const GPtrArray *values) {
    static const struct {
        const char *name;
        SimTime size;
    } units[] = {{"s", SIM_S}, {"ms", SIM_MS}, {"us", SIM_US}, {"ns", SIM_NS}, {"ps", 1}};
    unsigned n = values->len, u = 0;
    g_autofree gint64 *times = g_new0(gint64, n);
    for (unsigned i = 0; i < n; i++) {
        ParamValue v;
        if (!param_read(row, &v, values->pdata[i], NULL, NULL)) return NULL;
        times[i] = (gint64)v.word;
        while (v.word % units[u].size) u++;
    }
    g_autoptr(GString) out = g_string_new("{");
    for (unsigned i = 0; i < n; i++) times[i] /= (gint64)units[u].size;
    for (unsigned i = 0; i < n; i++)
        if (times[i] > G_MAXINT32) return NULL;
    if (!rule_of(times, n, out)) return NULL;
    return g_strdup_printf("%s}%s", out->str, units[u].name);
}

/* NAME0, NAME1, ... */
static GPtrArray *elements_of(const Convert *c, const DocumentSection *first, const char *base) {
    GPtrArray *all = g_ptr_array_new();
    for (unsigned n = 0;; n++) {
        g_autofree char *name = g_strdup_printf("%s%u", base, n);
        DocumentSection *one = document_section(c->d, first->head, name);
        if (!one || in_bases(c, first->head, name)) return all;
        g_ptr_array_add(all, one);
    }
}

/* The elements' values of a key, defaults where it is not written; NULL: some have none. */
static GPtrArray *values_of(const Convert *c, const GPtrArray *all, const char *key,
                            const Param *row) {
    g_autoptr(GPtrArray) values = g_ptr_array_new();
    bool def = row && row->def && *row->def && !c->composed;
    for (unsigned i = 0; i < all->len; i++) {
        const DocumentEntry *own = document_entry(all->pdata[i], key);
        if (own ? !is_plain(own->value) : !def) return NULL;
        g_ptr_array_add(values, own ? own->value : (char *)row->def);
    }
    return g_steal_pointer(&values);
}

/* The array's value of a key; NULL: there is none. */
static char *array_value(const Convert *c, const GPtrArray *all, const char *key) {
    const Param *row = row_of(c, all->pdata[0], key);
    g_autoptr(GPtrArray) each = values_of(c, all, key, row);
    if (!each) return NULL;
    char *value = one_for_all(each, row && row->type == PARAM_TYPE_MAC);
    if (value || !row || row->type != PARAM_TYPE_TIME) return value;
    return one_time_for_all(row, each);
}

static void make_array(Convert *c, DocumentSection *first, const char *base) {
    g_autoptr(GPtrArray) all = elements_of(c, first, base);
    g_autoptr(GHashTable) values = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
    unsigned n = all->len;
    if (n < 2 || said_in(c->d, first->head, first->name, false)) return;
    for (unsigned i = 0; i < n; i++) {
        const DocumentSection *one = all->pdata[i];
        for (unsigned k = 0; k < one->entries->len; k++) {
            char *key = ((DocumentEntry *)one->entries->pdata[k])->key;
            if (g_hash_table_contains(values, key)) continue;
            char *value = array_value(c, all, key);
            if (!value) return;
            g_hash_table_insert(values, key, value);
        }
    }
    for (unsigned i = 0; i < n; i++) {
        DocumentSection *one = all->pdata[i];
        for (unsigned k = 0; k < one->entries->len; k++) {
            const DocumentEntry *entry = one->entries->pdata[k];
            document_set(first, entry->key, g_hash_table_lookup(values, entry->key));
            if (i) add_comments(document_entry(first, entry->key)->above, entry->above);
        }
        if (i) add_comments(first->above, one->above);
        if (i) add_comments(first->below, one->below);
    }
    for (unsigned i = 1; i < n; i++) g_ptr_array_remove(c->d->sections, all->pdata[i]);
    g_free(first->name);
    first->name = g_strdup_printf("%s*%u", base, n);
}

static void find_arrays(Convert *c) {
    for (unsigned i = 0; i < c->d->sections->len; i++) {
        DocumentSection *section = c->d->sections->pdata[i];
        Section s = kind_of(c, section);
        size_t n = section->name ? strlen(section->name) : 0;
        if (!is_wired(&s) || n < 2 || section->name[n - 1] != '0' ||
            g_ascii_isdigit(section->name[n - 2]))
            continue;
        g_autofree char *base = g_strndup(section->name, n - 1);
        make_array(c, section, base);
    }
}

/* Texts ----------------------------------------------------------------------------------- */

static bool is_text_value(const Param *row, const char *value) {
    if (!row || row->type != PARAM_TYPE_TEXT || !strstr(value, "; ") || strstr(value, "${"))
        return false;
    g_auto(GStrv) parts = g_strsplit(value, "; ", -1);
    for (unsigned i = 0; parts[i]; i++)
        if (!*parts[i] || strchr("#;[ ", *parts[i]) || strchr(parts[i], ';') ||
            parts[i][strlen(parts[i]) - 1] == ' ')
            return false;
    return true;
}

/* "routes"; in a file that includes others "fig9_routes": a text takes the place of an included one
 * of its name, and those files may get theirs later. */
static char *free_text_name(const Convert *c, const char *key) {
    g_autofree char *file = g_path_get_basename(c->d->path),
                    *stem = g_strndup(file, strcspn(file, ".")),
                    *own = c->bases->len ? g_strdup_printf("%s_%s", stem, key) : g_strdup(key);
    for (unsigned n = 1;; n++) {
        char *name = n > 1 ? g_strdup_printf("%s%u", own, n) : g_strdup(own);
        if (!document_section(c->d, "text", name) && !in_bases(c, "text", name)) return name;
        g_free(name);
    }
}

static void find_texts(Convert *c) {
    g_autoptr(GHashTable) uses = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
                          names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    for (unsigned pass = 0; pass < 2; pass++)
        for (unsigned i = 0; i < c->d->sections->len; i++) {
            DocumentSection *section = c->d->sections->pdata[i];
            Section s = kind_of(c, section);
            for (unsigned k = 0; s.kind == SECTION_COMPONENT && k < section->entries->len; k++) {
                DocumentEntry *entry = section->entries->pdata[k];
                if (!is_text_value(row_of(c, section, entry->key), entry->value)) continue;
                unsigned n = GPOINTER_TO_UINT(g_hash_table_lookup(uses, entry->value));
                if (!pass) n += strchr(section->name, '*') ? 2 : 1;
                if (!pass) g_hash_table_insert(uses, g_strdup(entry->value), GUINT_TO_POINTER(n));
                if (!pass || n < 2) continue;
                char *name = g_hash_table_lookup(names, entry->value);
                if (!name) {
                    name = free_text_name(c, entry->key);
                    g_hash_table_insert(names, g_strdup(entry->value), name);
                    DocumentSection *text = insert_section(c->d, section, "text", name);
                    g_auto(GStrv) lines = g_strsplit(entry->value, "; ", -1);
                    for (unsigned l = 0; lines[l]; l++)
                        g_ptr_array_add(text->text, g_strdup(lines[l]));
                    i++; /* the text stands before this section now */
                }
                g_free(entry->value);
                entry->value = g_strconcat("@", name, NULL);
            }
        }
}

/* Defaults -------------------------------------------------------------------------------- */

static bool is_set_elsewhere(const Convert *c, const DocumentSection *section) {
    return in_bases(c, section->head, section->name) ||
           said_in(c->d, section->head, section->name, false);
}

static void drop_defaults(Convert *c) {
    for (unsigned i = 0; i < c->d->sections->len; i++) {
        DocumentSection *section = c->d->sections->pdata[i];
        Section s = kind_of(c, section);
        if (!is_wired(&s) || (c->composed && s.kind == SECTION_COMPONENT) ||
            is_set_elsewhere(c, section))
            continue;
        for (unsigned k = section->entries->len; k-- > 0;) {
            DocumentEntry *entry = section->entries->pdata[k];
            const Param *row = param_find(section_table(&s), entry->key);
            if (!row || !row->def || row->type == PARAM_TYPE_FILE || !is_plain(entry->value))
                continue;
            bool same =
                s.kind == SECTION_LINK && row->type == PARAM_TYPE_TEXT
                    ? !strcmp(entry->value, row->def)
                    : !strcmp(entry->value, row->def) || same_value(row, entry->value, row->def);
            if (!same) continue;
            add_comments(section->above, entry->above);
            g_ptr_array_remove_index(section->entries, k);
        }
    }
}

/* Series ---------------------------------------------------------------------------------- */

/* "${...}" of a value that has one: what stands before, the items, what stands behind. */
typedef struct {
    DocumentSection *section;
    DocumentEntry *entry;
    char *name; /* "traffic.rate" */
    char *before, *behind, *with;
    GPtrArray *items;
} List;

static void list_free(void *data) {
    List *l = data;
    g_free(l->name);
    g_free(l->before);
    g_free(l->behind);
    g_free(l->with);
    g_ptr_array_unref(l->items);
    g_free(l);
}

static List *list_of(DocumentSection *section, DocumentEntry *entry) {
    const char *start = strstr(entry->value, "${"), *end = start ? strchr(start, '}') : NULL;
    Section s = {.head = section->head, .name = section->name, .file = (char *)""};
    Entry e = {.key = entry->key, .value = entry->value, .file = (char *)""};
    g_autofree char *plain = end ? g_strndup(entry->value, (size_t)(start - entry->value)) : NULL,
                    *inside = end ? g_strndup(start + 2, (size_t)(end - start - 2)) : NULL;
    if (!end || strstr(end, "${") || strchr(plain, '{') || strpbrk(inside, "{\"")) return NULL;
    List *l = g_new0(List, 1);
    l->section = section;
    l->entry = entry;
    l->name = g_strdup_printf("%s.%s", section->name, entry->key);
    l->before = g_steal_pointer(&plain);
    l->behind = g_strdup(end + 1);
    l->items = g_ptr_array_new_with_free_func(g_free);
    if (iteration_values(inside, &s, &e, &l->with, l->items, NULL)) return l;
    list_free(l);
    return NULL;
}

static GPtrArray *lists_of(const Convert *c) {
    GPtrArray *lists = g_ptr_array_new_with_free_func(list_free);
    for (unsigned i = 0; i < c->d->sections->len; i++) {
        DocumentSection *section = c->d->sections->pdata[i];
        Section s = kind_of(c, section);
        if (!is_wired(&s) || strchr(section->name, '*')) continue;
        for (unsigned k = 0; k < section->entries->len; k++) {
            List *l = list_of(section, section->entries->pdata[k]);
            if (l) g_ptr_array_add(lists, l);
        }
    }
    return lists;
}

static bool differ_at(const GPtrArray *followers, unsigned a, unsigned b) {
    for (unsigned i = 0; i < followers->len; i++) {
        const List *l = followers->pdata[i];
        if (strcmp(l->items->pdata[a], l->items->pdata[b]) != 0) return true;
    }
    return false;
}

static char *list_value(const List *l, unsigned first, unsigned n) {
    GString *out = g_string_new(l->before);
    if (n > 1) g_string_append(out, "${");
    for (unsigned i = 0; i < n; i++)
        g_string_append_printf(out, "%s%s", i ? ", " : "", (char *)l->items->pdata[first + i]);
    g_string_append_printf(out, "%s%s", n > 1 ? "}" : "", l->behind);
    return g_string_free(out, FALSE);
}

/* By what the followers have there, as many of them as tell all runs apart. */
static char *series_name(const GPtrArray *followers, const GArray *starts, unsigned at) {
    GString *out = g_string_new(NULL);
    for (unsigned i = 0; i < followers->len; i++) {
        const List *l = followers->pdata[i];
        unsigned same = 0;
        g_autofree char *value = list_value(l, at, 1);
        g_string_append_printf(out, "%s%s %s", i ? ", " : "", l->entry->key, value);
        for (unsigned k = 0; k < starts->len; k++) {
            unsigned other = g_array_index(starts, unsigned, k);
            bool alike = true;
            for (unsigned f = 0; f <= i; f++) {
                const List *one = followers->pdata[f];
                alike &= !strcmp(one->items->pdata[at], one->items->pdata[other]);
            }
            same += alike;
        }
        if (same == 1) break;
    }
    return g_string_free(out, FALSE);
}

/* What holds where nobody says anything else. */
static bool is_default(const Convert *c, const List *l, const char *value) {
    const Param *row = row_of(c, l->section, l->entry->key);
    for (unsigned b = 0; b < c->bases->len; b++) {
        const DocumentSection *other =
            said_in(c->bases->pdata[b], l->section->head, l->section->name, true);
        if (other && document_entry(other, l->entry->key)) return false;
    }
    return !c->composed && row && row->def && row->type != PARAM_TYPE_FILE &&
           same_value(row, value, row->def);
}

static void write_series(Convert *c, const List *master, const GPtrArray *followers,
                         const GArray *starts) {
    unsigned n = master->items->len;
    for (unsigned r = 0; r < starts->len; r++) {
        unsigned first = g_array_index(starts, unsigned, r),
                 end = r + 1 < starts->len ? g_array_index(starts, unsigned, r + 1) : n;
        g_autofree char *name = series_name(followers, starts, first),
                        *value = list_value(master, first, end - first);
        DocumentSection *series = document_add(c->d, "series", name);
        document_set(series, master->name, value);
        for (unsigned i = 0; i < followers->len; i++) {
            const List *l = followers->pdata[i];
            g_autofree char *own = list_value(l, first, 1);
            if (!is_default(c, l, own)) document_set(series, l->name, own);
        }
    }
    for (int i = -1; i < (int)followers->len; i++) {
        const List *l = i < 0 ? master : followers->pdata[i];
        add_comments(l->section->above, l->entry->above);
        g_ptr_array_remove(l->section->entries, l->entry);
        bool empty =
            !l->section->entries->len && !l->section->above->len && !l->section->below->len;
        if (empty && in_bases(c, l->section->head, l->section->name))
            g_ptr_array_remove(c->d->sections, l->section);
    }
}

/* Whether others than these follow the iteration, or an included file has its own for one of the
 * keys: then it cannot go. */
static bool is_bound(const Convert *c, const List *master, const GPtrArray *followers) {
    g_autofree char *with = g_strdup_printf("${with %s:", master->name);
    unsigned n = 0;
    for (int b = -1; b < (int)c->bases->len; b++) {
        const Document *d = b < 0 ? c->d : c->bases->pdata[b];
        for (unsigned i = 0; i < d->sections->len; i++) {
            const DocumentSection *section = d->sections->pdata[i];
            for (unsigned k = 0; k < section->entries->len; k++)
                n += strstr(((DocumentEntry *)section->entries->pdata[k])->value, with) != NULL;
        }
        for (int i = -1; b >= 0 && i < (int)followers->len; i++) {
            const List *l = i < 0 ? master : followers->pdata[i];
            const DocumentSection *other = said_in(d, l->section->head, l->section->name, true);
            const DocumentEntry *own = other ? document_entry(other, l->entry->key) : NULL;
            if (own && !is_plain(own->value)) return true;
        }
    }
    return n != followers->len;
}

/* Series take the place of one iteration, and all series are one: so the first that is found. */
static void find_series(Convert *c) {
    g_autoptr(GPtrArray) lists = lists_of(c);
    for (unsigned i = 0; i < c->d->sections->len; i++)
        if (!strcmp(((DocumentSection *)c->d->sections->pdata[i])->head, "series")) return;
    for (unsigned m = 0; m < lists->len; m++) {
        const List *master = lists->pdata[m];
        g_autoptr(GPtrArray) followers = g_ptr_array_new();
        g_autoptr(GArray) starts = g_array_new(FALSE, FALSE, sizeof(unsigned));
        for (unsigned i = 0; i < lists->len; i++) {
            List *l = lists->pdata[i];
            if (!g_strcmp0(l->with, master->name) && l->items->len == master->items->len)
                g_ptr_array_add(followers, l);
        }
        for (unsigned i = 0; i < master->items->len; i++)
            if (!i || differ_at(followers, i - 1, i)) g_array_append_val(starts, i);
        if (master->with || !followers->len || starts->len < 2 || starts->len > MAX_SERIES ||
            2 * starts->len > master->items->len || is_bound(c, master, followers))
            continue;
        bool apart = true;
        for (unsigned a = 0; a < starts->len; a++)
            for (unsigned b = 0; b < a; b++)
                apart &= differ_at(followers, g_array_index(starts, unsigned, a),
                                   g_array_index(starts, unsigned, b));
        if (!apart) continue;
        write_series(c, master, followers, starts);
        return;
    }
}

/* All -------------------------------------------------------------------------------------- */

/* What is relative to the file's folder, absolute. */
static void set_absolute(Document *d) {
    g_autofree char *folder = g_path_get_dirname(d->path),
                    *from = g_canonicalize_filename(folder, NULL);
    static const char file[] = "@file ";
    for (unsigned i = 0; i < d->sections->len; i++) {
        DocumentSection *section = d->sections->pdata[i];
        for (unsigned k = 0; k < section->entries->len; k++) {
            DocumentEntry *entry = section->entries->pdata[k];
            bool include = !strcmp(section->head, "scenario") && !strcmp(entry->key, "include"),
                 text = g_str_has_prefix(entry->value, file);
            if (!include && !text) continue;
            g_auto(GStrv) names = g_strsplit(entry->value + (text ? strlen(file) : 0), ",", -1);
            for (unsigned n = 0; names[n]; n++) {
                g_autofree char *name = names[n], *path = scenario_find(from, g_strstrip(name));
                names[n] = path ? g_canonicalize_filename(path, NULL) : g_strdup(name);
            }
            g_autofree char *list = g_strjoinv(", ", names);
            g_free(entry->value);
            entry->value = g_strconcat(text ? file : "", list, NULL);
        }
    }
}

/* Whether what came out is a scenario; tried as a file of its own, so that nothing stands beside
 * the one that is converted. Its place in the message would be in a file that nobody has. */
static bool is_scenario(const Convert *c, const char *text, GError **error) {
    g_autoptr(Document) d = document_read(c->d->path, text, strlen(text), error);
    g_autofree char *path = NULL;
    g_autoptr(GError) cause = NULL;
    if (!d) return false;
    set_absolute(d);
    g_autofree char *whole = document_write(d, FORMAT_COLUMNS);
    int fd = g_file_open_tmp("sppemu-convert-XXXXXX", &path, error);
    if (fd < 0) return false;
    close(fd);
    Scenario *s = g_file_set_contents(path, whole, -1, &cause)
                      ? scenario_load_with(path, c->library, NULL, c->classes, &cause)
                      : NULL;
    unlink(path);
    bool ok = s != NULL;
    scenario_free(s);
    if (ok) return true;
    g_autofree char *escaped = g_regex_escape_string(path, -1),
                    *pattern = g_strdup_printf("%s(:[0-9]+)?: ", escaped);
    g_autoptr(GRegex) place = g_regex_new(pattern, 0, 0, NULL);
    g_autofree char *plain = g_regex_replace_literal(place, cause->message, -1, 0, "", 0, NULL);
    return input_error(error, "%s: cannot be converted: %s", c->d->path, plain);
}

char *convert_file(const char *path, const char *library, const ComponentClass *const *classes,
                   GError **error) {
    g_autoptr(Document) d = document_load(path, error);
    g_autoptr(GPtrArray) bases = g_ptr_array_new_with_free_func((GDestroyNotify)document_free);
    Convert c = {d, bases, library, classes, false};
    if (!d || !load_bases(&c, d, error)) return NULL;
    c.composed = composes(&c);
    find_words(&c);
    find_arrays(&c);
    find_texts(&c);
    find_series(&c);
    drop_defaults(&c);
    if (!format_document(d, classes, error)) return NULL;
    g_autofree char *text = document_write(d, FORMAT_COLUMNS);
    return is_scenario(&c, text, error) ? g_steal_pointer(&text) : NULL;
}
