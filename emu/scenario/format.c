/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A document in order: which section and key goes where, and how a value is spaced. */
#include "emu/scenario/format.h"

#include <string.h>

#include "emu/scenario/private.h"

/* What a section of the document is; its table NULL: its keys have no order but their own. */
typedef struct {
    DocumentSection *section;
    SectionKind kind;
    const Param *table;
} Place;

static bool place_of(const Document *d, DocumentSection *section,
                     const ComponentClass *const *classes, Place *place, GError **error) {
    Section s = {
        .head = section->head, .name = section->name, .file = d->path, .line = section->line};
    if (!section_kind(&s, classes, error)) return false;
    *place = (Place){section, s.kind, section_table(&s)};
    return true;
}

/* Values ---------------------------------------------------------------------------------- */

/* Behind an item of a list: at its comma or at the end of the text. Commas in "..." that begin an
 * item, in {...} and in ${...} are the item's own. */
static const char *item_end(const char *item) {
    unsigned depth = 0;
    item += strspn(item, " \t");
    if (*item == '"' && strchr(item + 1, '"')) item = strchr(item + 1, '"');
    for (; *item && (depth || *item != ','); item++) {
        if (*item == '{') depth++;
        if (*item == '}' && depth) depth--;
    }
    return item;
}

static void append_list(GString *out, const char *list) {
    for (;;) {
        const char *end = item_end(list);
        g_autofree char *item = g_strstrip(g_strndup(list, (size_t)(end - list)));
        g_string_append(out, item);
        if (!*end) return;
        g_string_append(out, ", ");
        list = end + 1;
    }
}

/* The } of a ${ whose inside is given; NULL: there is none. */
static const char *closing(const char *inside) {
    for (unsigned depth = 0; *inside; inside++) {
        if (*inside == '}' && !depth) return inside;
        if (*inside == '{') depth++;
        if (*inside == '}') depth--;
    }
    return NULL;
}

/* The value with its ${...} spaced. A blank before the first item stays where without it the item
 * could be taken for "with". */
static char *iterations_spaced(const char *value) {
    GString *out = g_string_new(NULL);
    const char *start, *end;
    while ((start = strstr(value, "${")) && (end = closing(start + 2))) {
        g_autofree char *inside = g_strndup(start + 2, (size_t)(end - start - 2));
        const char *colon = strchr(inside, ':'), *list = inside;
        bool follows = g_str_has_prefix(inside, "with ") && colon;
        g_string_append_len(out, value, start + 2 - value);
        if (g_ascii_isspace(*inside) && strchr("w{", inside[strspn(inside, " \t")]))
            g_string_append_c(out, ' ');
        if (follows) {
            g_autofree char *whom = g_strstrip(g_strndup(inside + 5, (size_t)(colon - inside - 5)));
            g_string_append_printf(out, "with %s: ", whom);
            list = colon + 1;
        }
        append_list(out, list);
        value = end;
    }
    g_string_append(out, value);
    return g_string_free(out, FALSE);
}

static char *arrow_spaced(const char *value) {
    const char *arrow = strstr(value, "->");
    if (!arrow) return g_strdup(value);
    g_autofree char *from = g_strchomp(g_strndup(value, (size_t)(arrow - value)));
    return g_strdup_printf("%s -> %s", from, arrow + 2 + strspn(arrow + 2, " \t"));
}

static char *spaced(const Place *place, const DocumentEntry *entry) {
    const Param *row = place->table ? param_find(place->table, entry->key) : NULL;
    bool is_list = row && (row->type == PARAM_TYPE_LIST ||
                           (place->kind == SECTION_SCENARIO && !strcmp(row->name, "include")));
    if (*entry->value == '@' || place->kind == SECTION_LET) return g_strdup(entry->value);
    if (place->kind == SECTION_LINK && row && !strcmp(row->name, "link"))
        return arrow_spaced(entry->value);
    char *value = iterations_spaced(entry->value);
    if (!is_list) return value;
    GString *out = g_string_new(NULL);
    append_list(out, value);
    g_free(value);
    return g_string_free(out, FALSE);
}

/* Keys ------------------------------------------------------------------------------------ */

/* A value that has ${...}, or a text, which may have some. */
static bool iterates(const DocumentEntry *entry) {
    return strstr(entry->value, "${") || *entry->value == '@';
}

static unsigned rank_of_key(const Param *table, const char *key) {
    unsigned n = 0;
    if (!strcmp(key, "attach")) return 0;
    while (table[n].name && strcmp(table[n].name, key) != 0) n++;
    return n + 1;
}

/* Insertion keeps the order of equals, and sections are short. */
static void sort_keys(GPtrArray *entries, const Param *table) {
    g_autoptr(GPtrArray) iterating = g_ptr_array_new();
    DocumentEntry **e = (DocumentEntry **)entries->pdata;
    for (unsigned k = 0; k < entries->len; k++)
        if (iterates(e[k])) g_ptr_array_add(iterating, e[k]);
    for (unsigned k = 1; k < entries->len; k++)
        for (unsigned j = k; j && rank_of_key(table, e[j]->key) < rank_of_key(table, e[j - 1]->key);
             j--) {
            DocumentEntry *other = e[j];
            e[j] = e[j - 1];
            e[j - 1] = other;
        }
    for (unsigned k = 0, next = 0; k < entries->len; k++)
        if (iterates(e[k])) e[k] = iterating->pdata[next++];
}

static void format_section(const Place *place) {
    GPtrArray *entries = place->section->entries;
    for (unsigned k = 0; k < entries->len; k++) {
        DocumentEntry *entry = entries->pdata[k];
        char *value = spaced(place, entry);
        g_free(entry->value);
        entry->value = value;
    }
    if (place->table) sort_keys(entries, place->table);
}

/* Sections -------------------------------------------------------------------------------- */

enum { LAST_RANK = 5 };
static unsigned rank_of(SectionKind kind) {
    switch (kind) {
    case SECTION_SCENARIO: return 0;
    case SECTION_LET: return 1;
    case SECTION_TEXT:
    case SECTION_COMPONENT:
    case SECTION_LINK: return 2;
    case SECTION_SERIES: return 3;
    case SECTION_AT:
    case SECTION_EVERY: return 4;
    default: return LAST_RANK;
    }
}

/* Whether it matters to the order of points where the section stands: as [series] do, all of them
 * where [scenario] stands. */
static bool orders_points(const Place *place) {
    bool any = place->kind == SECTION_SCENARIO;
    for (unsigned k = 0; k < place->section->entries->len; k++)
        any |= iterates(place->section->entries->pdata[k]);
    return any && place->kind != SECTION_SERIES;
}

static void sort_sections(GPtrArray *sections, const GArray *places) {
    g_autoptr(GPtrArray) sorted = g_ptr_array_new();
    unsigned highest = 0; /* place, so far, of one that orders points */
    for (unsigned rank = 0; rank <= LAST_RANK; rank++)
        for (unsigned i = 0; i < places->len; i++) {
            const Place *place = &g_array_index(places, Place, i);
            if (rank_of(place->kind) != rank) continue;
            if (orders_points(place)) {
                if (i < highest) return;
                highest = i;
            }
            g_ptr_array_add(sorted, place->section);
        }
    for (unsigned i = 0; i < sections->len; i++) sections->pdata[i] = sorted->pdata[i];
}

bool format_document(Document *d, const ComponentClass *const *classes, GError **error) {
    g_autoptr(GArray) places = g_array_new(FALSE, FALSE, sizeof(Place));
    for (unsigned i = 0; i < d->sections->len; i++) {
        Place place;
        if (!place_of(d, d->sections->pdata[i], classes, &place, error)) return false;
        g_array_append_val(places, place);
    }
    for (unsigned i = 0; i < places->len; i++) format_section(&g_array_index(places, Place, i));
    sort_sections(d->sections, places);
    return true;
}

char *format_text(const char *path, const char *text, size_t length,
                  const ComponentClass *const *classes, GError **error) {
    g_autoptr(Document) d = document_read(path, text, length, error);
    if (!d || !format_document(d, classes, error)) return NULL;
    return document_write(d, FORMAT_COLUMNS);
}
