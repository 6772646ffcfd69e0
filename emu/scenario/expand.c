/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a scenario says once for many: `{...}` in values, [let], [text], arrays of sections and
 * [every]. All of it is written out here, before anything else looks at the scenario, so that
 * every later step, message and table knows plain sections only. */
#include <stdio.h>
#include <string.h>

#include "emu/scenario/private.h"

enum { MAX_COPIES = 10000, MAX_TIMES = 100000 };

/* Names that {...} knows; i and n of an array's element. */
typedef struct {
    GHashTable *let;  /* name -> value; the scenario's */
    GHashTable *axes; /* name -> values, of those that iterate */
    GHashTable *unnamed;
    const char **used; /* the first of these that was looked up, and another */
    bool has_index;
    int64_t i, n;
} Scope;

static Scope scope_of(const Scenario *s) {
    return (Scope){.let = s->let, .axes = s->let_axes, .unnamed = s->unnamed};
}

/* {...} ------------------------------------------------------------------------------------ */

typedef struct {
    const Scope *scope;
    const char *at;
    char *why; /* set: it is wrong */
} Parser;

static int64_t wrong(Parser *p, const char *format, ...) G_GNUC_PRINTF(2, 3);
static int64_t wrong(Parser *p, const char *format, ...) {
    va_list args;
    va_start(args, format);
    if (!p->why) p->why = g_strdup_vprintf(format, args);
    va_end(args);
    return 0;
}

static void skip_blanks(Parser *p) {
    while (g_ascii_isspace(*p->at)) p->at++;
}

static bool takes(Parser *p, char c) {
    skip_blanks(p);
    if (*p->at != c) return false;
    p->at++;
    return true;
}

static const char *nearest_name(GHashTable *table, const char *found) {
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    g_autoptr(GList) keys = g_list_sort(g_hash_table_get_keys(table), (GCompareFunc)strcmp);
    for (const GList *l = keys; l; l = l->next) g_ptr_array_add(names, l->data);
    g_ptr_array_add(names, NULL);
    return param_nearest(found, (const char *const *)names->pdata);
}

static const char *let_value(const Scope *scope, const char *name) {
    gpointer own;
    if (scope->used && g_hash_table_lookup_extended(scope->axes, name, &own, NULL))
        scope->used[scope->used[0] && scope->used[0] != own] = own;
    g_hash_table_remove(scope->unnamed, name);
    return g_hash_table_lookup(scope->let, name);
}

/* The value of a name, NULL and `why` if there is none. */
static const char *look_up(Parser *p, const char *name, char digits[24]) {
    const Scope *scope = p->scope;
    bool index = !strcmp(name, "i"), count = !strcmp(name, "n");
    if (scope->has_index && (index || count)) {
        g_snprintf(digits, 24, "%" G_GINT64_FORMAT, index ? scope->i : scope->n);
        return digits;
    }
    const char *value = let_value(scope, name), *near;
    if (value) return value;
    near = nearest_name(scope->let, name);
    if (index || count)
        wrong(p, "%s, which only an array such as [source a*4] has", name);
    else
        wrong(p, "%s, which is no name of [let]%s%s", name, near ? "; the nearest is " : "",
              near ? near : "");
    return NULL;
}

static int64_t sum(Parser *p);

static int64_t factor(Parser *p) {
    if (takes(p, '-')) return -factor(p);
    if (takes(p, '(')) {
        int64_t value = sum(p);
        return takes(p, ')') ? value : wrong(p, "no ) for a (");
    }
    const char *start = p->at;
    while (g_ascii_isalnum(*p->at) || *p->at == '_') p->at++;
    g_autofree char *word = g_strndup(start, (size_t)(p->at - start));
    char digits[24];
    const char *value = g_ascii_isdigit(*word) || !*word ? word : look_up(p, word, digits);
    int64_t number;
    if (!value) return 0;
    if (!*word) return wrong(p, "\"%s\" where a number or a name is expected", start);
    if (!g_ascii_string_to_signed(value, 10, INT32_MIN, INT32_MAX, &number, NULL))
        return wrong(p, "%s%s%s, which is no whole number", word, value == word ? "" : " = ",
                     value == word ? "" : value);
    return number;
}

static int64_t product(Parser *p) {
    int64_t value = factor(p);
    for (;;) {
        char c = (skip_blanks(p), *p->at);
        if (p->why || (c != '*' && c != '/' && c != '%')) return value;
        p->at++;
        int64_t other = factor(p);
        if (c != '*' && !other) return wrong(p, "a division by 0");
        if (c == '*' && (value > INT32_MAX || value < INT32_MIN || other > INT32_MAX))
            return wrong(p, "a number above 2^31");
        value = c == '*' ? value * other : c == '/' ? value / other : value % other;
    }
}

static int64_t sum(Parser *p) {
    int64_t value = product(p);
    while (!p->why) {
        if (takes(p, '+'))
            value += product(p);
        else if (takes(p, '-'))
            value -= product(p);
        else
            break;
    }
    return value;
}

/* "02x", "3", "02": as many digits, with zeroes in front, decimal or hexadecimal. */
static bool append_as(GString *out, int64_t value, const char *format) {
    bool zero = *format == '0', hex = g_str_has_suffix(format, "x");
    char *end;
    guint64 width = g_ascii_strtoull(format, &end, 10);
    if (width > 16 || end[hex] || (hex && *end != 'x')) return false;
    if (hex && zero)
        g_string_append_printf(out, "%0*" G_GINT64_MODIFIER "x", (int)width, (guint64)value);
    else if (hex)
        g_string_append_printf(out, "%*" G_GINT64_MODIFIER "x", (int)width, (guint64)value);
    else if (zero)
        g_string_append_printf(out, "%0*" G_GINT64_FORMAT, (int)width, value);
    else
        g_string_append_printf(out, "%*" G_GINT64_FORMAT, (int)width, value);
    return true;
}

/* What stands between { and }. */
static bool append_value(const Scope *scope, const char *text, GString *out, char **why) {
    g_auto(GStrv) parts = g_strsplit(text, ":", 2);
    Parser p = {.scope = scope, .at = parts[0] ? parts[0] : ""};
    g_autofree char *name = g_strstrip(g_strdup(p.at));
    const char *value = let_value(scope, name);
    int64_t number = 0;
    if (value && !parts[1]) { /* a name alone may be any text */
        g_string_append(out, value);
        return true;
    }
    number = sum(&p);
    skip_blanks(&p);
    if (!p.why && *p.at) wrong(&p, "\"%s\" where an operator is expected", p.at);
    if (!p.why && !append_as(out, number, parts[1] ? parts[1] : "0"))
        wrong(&p, "the format \"%s\", expected digits, 0 in front for zeroes, x behind for base 16",
              parts[1]);
    if (p.why) *why = g_strdup_printf("found {%s} with %s", text, p.why);
    g_free(p.why);
    return !*why;
}

/* The text with its {...} worked out; ${...} stays, but for {...} within. NULL and `why`. */
static char *worked_out(const Scope *scope, const char *text, char **why) {
    g_autoptr(GString) out = g_string_new(NULL);
    unsigned inside = 0; /* a ${ */
    for (const char *at = text; *at; at++) {
        if (at[0] == '$' && at[1] == '{') {
            g_string_append(out, "${");
            inside++;
            at++;
        } else if (*at == '{') {
            const char *end = strchr(at, '}');
            if (!end) {
                *why = g_strdup_printf("found \"%s\" without a closing }", at);
                return NULL;
            }
            g_autofree char *expression = g_strndup(at + 1, (size_t)(end - at - 1));
            if (!append_value(scope, expression, out, why)) return NULL;
            at = end;
        } else {
            if (*at == '}' && inside) inside--;
            g_string_append_c(out, *at);
        }
    }
    return g_strdup(out->str);
}

/* @NAME and @file PATH --------------------------------------------------------------------- */

/* The line with the name in its {...} as that number. */
static void append_for(GString *out, const char *line, const char *name, int64_t number) {
    size_t n = strlen(name);
    bool inside = false;
    for (const char *at = line; *at;) {
        bool begins = at == line || !(g_ascii_isalnum(at[-1]) || at[-1] == '_'),
             ends = !strncmp(at, name, n) && !(g_ascii_isalnum(at[n]) || at[n] == '_');
        if (inside && begins && ends) {
            g_string_append_printf(out, "%" G_GINT64_FORMAT, number);
            at += n;
            continue;
        }
        if (*at == '{' || *at == '}') inside = *at == '{';
        g_string_append_c(out, *at++);
    }
}

/* "LINE for k = 0..4": the line five times, with {k} from 0 to 4. Others are left alone. */
static void append_line(GString *out, const char *line) {
    const char *tail = g_strrstr(line, " for ");
    char name[32];
    int first, last, used = 0;
    bool many = tail &&
                sscanf(tail, " for %31[A-Za-z0-9_] = %d..%d%n", name, &first, &last, &used) == 3 &&
                !tail[used] && first <= last && last - first < MAX_COPIES;
    g_autofree char *body = many ? g_strchomp(g_strndup(line, (size_t)(tail - line))) : NULL;
    for (int k = many ? first : 0; k <= (many ? last : 0); k++) {
        if (out->len) g_string_append(out, "; ");
        if (many)
            append_for(out, body, name, k);
        else
            g_string_append(out, line);
    }
}

/* Lines one behind the other, as a value has them. */
static char *joined(const char *text) {
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autoptr(GString) out = g_string_new(NULL);
    for (unsigned i = 0; lines[i]; i++) {
        const char *line = g_strstrip(lines[i]);
        if (!*line || *line == '#') continue;
        append_line(out, line);
    }
    return g_strdup(out->str);
}

static char *named_text(const Scenario *s, const Entry *entry, char **why) {
    const char *name = entry->value + 1;
    if (g_str_has_prefix(name, "file ")) {
        const char *file = name + strlen("file ");
        g_autofree char *path = g_path_is_absolute(file)
                                    ? g_strdup(file)
                                    : g_build_filename(entry->directory, file, NULL),
                        *text = NULL;
        g_autoptr(GError) cause = NULL;
        if (g_file_get_contents(path, &text, NULL, &cause) && g_utf8_validate(text, -1, NULL))
            return joined(text);
        *why = g_strdup_printf("found @%s: %s", name, cause ? cause->message : "it is no text");
        return NULL;
    }
    g_auto(GStrv) parts = g_strsplit(name, ";", 2); /* lines of the value's own behind it */
    name = g_strchomp(parts[0]);
    const char *text = g_hash_table_lookup(s->texts, name), *near = nearest_name(s->texts, name);
    if (text) return parts[1] ? g_strdup_printf("%s;%s", text, parts[1]) : g_strdup(text);
    *why = g_strdup_printf("found @%s, expected the name of a [text] section, or @file PATH%s%s",
                           name, near ? "; the nearest is @" : "", near ? near : "");
    return NULL;
}

/* A text that depends on a name that iterates: what it comes to for each of its values. NULL and
 * `why`. */
static char *along(const Scenario *s, const Scope *scope, const char *text, const char *name,
                   char **why) {
    const GPtrArray *values = g_hash_table_lookup(s->let_axes, name);
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(g_free);
    for (unsigned v = 0; v < values->len && !*why; v++) {
        g_hash_table_replace(s->let, g_strdup(name), g_strdup(values->pdata[v]));
        char *value = worked_out(scope, text, why);
        if (!value) break;
        g_ptr_array_add(all, value);
        if (scope->used[1])
            *why = g_strdup_printf("found {%s} and {%s}, which both iterate, expected one of them",
                                   name, scope->used[1]);
        else if (strstr(value, "${"))
            *why = g_strdup_printf("found ${...} beside {%s}, which iterates, expected one of them",
                                   name);
        else if (strpbrk(value, "\"}"))
            *why = g_strdup_printf("found \"%s\", expected a value without \" and }", value);
    }
    g_hash_table_replace(s->let, g_strdup(name), g_strdup(values->pdata[0]));
    if (*why) return NULL;
    g_autofree char *head = g_strdup_printf("${with let.%s: ", name);
    return iteration_text(head, all);
}

/* The value of an entry in a scope; NULL and an error that names the section and the key. */
static char *entry_text(const Scenario *s, const Scope *scope, const Section *section,
                        const Entry *entry, GError **error) {
    char *why = NULL;
    g_autofree char *text =
        *entry->value == '@' ? named_text(s, entry, &why) : g_strdup(entry->value);
    const char *used[2] = {NULL, NULL};
    Scope own = *scope;
    own.used = used;
    char *value = text ? worked_out(&own, text, &why) : NULL;
    if (value && used[0]) {
        g_free(value);
        value = along(s, &own, text, used[0], &why);
    }
    if (!value) entry_error(error, section, entry, "%s", why);
    if (value && !*value) {
        g_clear_pointer(&value, g_free);
        entry_error(error, section, entry, "found no value");
    }
    g_free(why);
    return value;
}

/* Sections --------------------------------------------------------------------------------- */

static bool work_out_entry(const Scenario *s, const Scope *scope, const Section *section,
                           Entry *entry, GError **error) {
    char *value = entry_text(s, scope, section, entry, error);
    if (!value) return false;
    g_free(entry->value);
    entry->value = value;
    entry->follows |= g_str_has_prefix(value, "${with let.");
    return true;
}

static bool work_out(const Scenario *s, const Scope *scope, Section *section, GError **error) {
    for (unsigned k = 0; k < section->entries->len; k++)
        if (!work_out_entry(s, scope, section, section->entries->pdata[k], error)) return false;
    return true;
}

bool scenario_work_out(const Scenario *s, const Section *section, Entry *entry, GError **error) {
    Scope scope = scope_of(s);
    scope.has_index = section->of > 0;
    scope.i = section->index;
    scope.n = section->of;
    return work_out_entry(s, &scope, section, entry, error);
}

/* An element's ${...} follows that of the first: one axis for all of an array or an [every]. */
static bool follow(const Section *first, const Section *section, Entry *entry, GError **error) {
    const char *start = strstr(entry->value, "${");
    if (!start || !strncmp(start, "${with ", 7)) return true;
    if (strstr(start + 2, "${"))
        return entry_error(error, section, entry,
                           "found two ${...} in a value of an array or [every], expected one");
    char *value = g_strdup_printf("%.*s${with %s.%s: %s", (int)(start - entry->value), entry->value,
                                  first->name, entry->key, start + 2);
    g_free(entry->value);
    entry->value = value;
    entry->follows = true;
    return true;
}

/* How many, "4" or "{n_clients}", and the name in front of it. */
static bool array_size(const Scope *scope, const Section *section, char **base, int64_t *n,
                       GError **error) {
    const char *star = strchr(section->name, '*');
    g_autofree char *place = section_place(section), *why = NULL, *text = NULL;
    const char *used[2] = {NULL, NULL};
    Scope own = *scope;
    own.used = used;
    text = worked_out(&own, star + 1, &why);
    if (text && used[0])
        return input_error(error, "%s: found {%s}, which iterates, expected one number of copies",
                           place, used[0]);
    if (text && g_ascii_string_to_signed(text, 10, 1, MAX_COPIES, n, NULL)) {
        *base = g_strndup(section->name, (size_t)(star - section->name));
        return true;
    }
    return why ? input_error(error, "%s: %s", place, why)
               : input_error(error, "%s: found %s copies, expected 1 to %d", place, text,
                             (int)MAX_COPIES);
}

/* [class name*n] becomes [class name0] to [class name{n-1}]. A section of an element's own, in
 * whatever file, overrides it key by key. */
static bool expand_array(Scenario *s, GPtrArray *out, const Scope *scope, Section *array,
                         GError **error) {
    g_autofree char *base = NULL;
    Scope inner = *scope;
    const Section *first = NULL;
    if (!array_size(scope, array, &base, &inner.n, error)) return false;
    inner.has_index = true;
    for (inner.i = 0; inner.i < inner.n; inner.i++) {
        g_autofree char *name = g_strdup_printf("%s%" G_GINT64_FORMAT, base, inner.i);
        Section *own = scenario_section(s, array->head, name);
        Section *element = section_copy(array, name);
        element->index = inner.i;
        element->of = inner.n;
        g_ptr_array_add(out, element);
        if (!work_out(s, &inner, element, error)) return false;
        for (unsigned k = 0; first && k < element->entries->len; k++)
            if (!follow(first, element, element->entries->pdata[k], error)) return false;
        if (!first) first = element;
        for (unsigned k = 0; own && k < own->entries->len; k++) {
            const Entry *entry = own->entries->pdata[k];
            g_autofree char *value = entry_text(s, &inner, own, entry, error);
            if (!value) return false;
            section_place_value(element, entry->key, value, entry->file, entry->line);
            section_entry(element, entry->key)->follows = g_str_has_prefix(value, "${with let.");
        }
        if (own) own->taken = true;
    }
    return true;
}

/* [every STEP from TIME until TIME TAG]: at TIME, TIME + STEP, ... before the last. */
static bool expand_every(Scenario *s, GPtrArray *out, const Scope *scope, Section *every,
                         GError **error) {
    static const Param time = {"time", PARAM_TYPE_TIME, 0, NULL, NULL, NULL, NULL, NULL, NULL};
    g_auto(GStrv) words = g_strsplit(every->name, " ", 6);
    g_autofree char *place = section_place(every);
    SimTime step, from, until;
    if (g_strv_length(words) < 5 || strcmp(words[1], "from") != 0 ||
        strcmp(words[3], "until") != 0 || !param_set(&time, &step, words[0], NULL, NULL) ||
        !param_set(&time, &from, words[2], NULL, NULL) ||
        !param_set(&time, &until, words[4], NULL, NULL) || !step || from >= until)
        return input_error(error,
                           "%s: expected [every STEP from TIME until TIME], with or without a tag "
                           "behind it, such as [every 200ms from 1s until 5s]",
                           place);
    Scope inner = *scope;
    inner.has_index = true;
    inner.n = (int64_t)((until - from + step - 1) / step);
    const Section *first = NULL;
    if (inner.n > MAX_TIMES)
        return input_error(error, "%s: found %" G_GINT64_FORMAT " times, expected at most %d",
                           place, inner.n, (int)MAX_TIMES);
    for (inner.i = 0; inner.i < inner.n; inner.i++) {
        SimTime at = from + (SimTime)inner.i * step;
        g_autofree char *when = param_format(&time, &at),
                        *name = g_strdup_printf("%s%s%s", when, words[5] ? " " : "",
                                                words[5] ? words[5] : "");
        Section *section = section_copy(every, name);
        g_free(section->head);
        section->head = g_strdup("at");
        section->kind = SECTION_AT;
        section->at = at;
        g_ptr_array_add(out, section);
        if (!work_out(s, &inner, section, error)) return false;
        for (unsigned k = 0; first && k < section->entries->len; k++)
            if (!follow(first, section, section->entries->pdata[k], error)) return false;
        if (!first) first = section;
    }
    return true;
}

static void read_texts(Scenario *s) {
    for (unsigned i = 0; i < s->sections->len; i++) {
        const Section *section = s->sections->pdata[i];
        if (section->kind == SECTION_TEXT)
            g_hash_table_replace(s->texts, g_strdup(section->name), joined(section->text->str));
    }
}

/* A name that iterates stays in [let], as the axis let.NAME; so does one that --set has fixed, for
 * its column. */
static bool let_axis(const Scenario *s, const Section *section, const Entry *entry, char **value,
                     GError **error) {
    if (!strstr(*value, "${")) return true;
    g_autoptr(GPtrArray) values = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *with = NULL, *inside = g_strdup(*value + 2);
    size_t n = strlen(inside);
    if (!g_str_has_prefix(*value, "${") || !n || inside[n - 1] != '}' || strstr(inside, "${"))
        return entry_error(error, section, entry,
                           "found \"%s\", expected one ${...}, and what belongs to its items "
                           "where {%s} is used",
                           *value, entry->key);
    inside[n - 1] = 0;
    if (!iteration_values(inside, section, entry, &with, values, error)) return false;
    if (with || !values->len)
        return entry_error(error, section, entry, "found \"%s\", expected ${A, B, ...}", *value);
    g_free(*value);
    *value = g_strdup(values->pdata[0]);
    g_hash_table_replace(s->let_axes, g_strdup(entry->key), g_ptr_array_ref(values));
    return true;
}

static bool check_let(const Section *let, GError **error) {
    for (unsigned k = 0; k < let->entries->len; k++) {
        const Entry *entry = let->entries->pdata[k];
        if (!strcmp(entry->key, "i") || !strcmp(entry->key, "n"))
            return entry_error(error, let, entry,
                               "found a name that arrays have, expected another");
    }
    return true;
}

/* Why nothing more of `left` can be worked out: a mistake, or names that are made of one another.
 */
static bool let_is_wrong(const Scenario *s, const Scope *scope, const Section *let,
                         const GPtrArray *left, GError **error) {
    for (unsigned k = 0; k < left->len; k++)
        g_hash_table_replace(scope->let, g_strdup(((Entry *)left->pdata[k])->key), g_strdup("1"));
    for (unsigned k = 0; k < left->len; k++) {
        g_autofree char *value = entry_text(s, scope, let, left->pdata[k], error);
        if (!value) return false;
    }
    return entry_error(error, let, left->pdata[0], "found \"%s\", which is made of itself",
                       ((Entry *)left->pdata[0])->value);
}

/* One may be made of others, above it or below. */
static bool read_let(const Scenario *s, const Scope *scope, GError **error) {
    Section *let = scenario_section(s, "let", NULL);
    g_autoptr(GPtrArray) left = g_ptr_array_new();
    if (let && !check_let(let, error)) return false;
    for (unsigned k = 0; let && k < let->entries->len; k++) {
        const Entry *entry = let->entries->pdata[k];
        g_ptr_array_add(left, let->entries->pdata[k]);
        if (!entry->line || !strcmp(entry->file, s->path))
            g_hash_table_replace(s->unnamed, g_strdup(entry->key), entry_place(let, entry));
    }
    for (unsigned before = left->len + 1; left->len && left->len < before;) {
        before = left->len;
        for (unsigned k = 0; k < left->len;) {
            Entry *entry = left->pdata[k];
            char *value = entry_text(s, scope, let, entry, NULL);
            if (!value) {
                k++;
                continue;
            }
            g_free(entry->value);
            entry->value = g_strdup(value);
            bool ok = let_axis(s, let, entry, &value, error);
            g_hash_table_replace(scope->let, g_strdup(entry->key), value);
            if (!ok) return false;
            g_ptr_array_remove_index(left, k);
        }
    }
    if (left->len) return let_is_wrong(s, scope, let, left, error);
    for (unsigned k = 0; let && k < let->entries->len;) {
        const Entry *entry = let->entries->pdata[k];
        if (strstr(entry->value, "${") || !entry->line)
            k++;
        else
            g_ptr_array_remove_index(let->entries, k);
    }
    return true;
}

static bool no_two_alike(const GPtrArray *sections, GError **error) {
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (unsigned i = 0; i < sections->len; i++) {
        const Section *section = sections->pdata[i], *other;
        if (section->kind != SECTION_COMPONENT) continue;
        if ((other = g_hash_table_lookup(seen, section->name))) {
            g_autofree char *place = section_place(section);
            return input_error(error, "%s: found a second component %s; the first is at %s:%u",
                               place, section->name, other->file, other->line);
        }
        g_hash_table_insert(seen, section->name, (void *)section);
    }
    return true;
}

bool scenario_expand(Scenario *s, GError **error) {
    Scope scope = scope_of(s);
    GPtrArray *out = g_ptr_array_new();
    read_texts(s);
    bool ok = read_let(s, &scope, error);
    for (unsigned i = 0; ok && i < s->sections->len; i++) {
        Section *section = s->sections->pdata[i];
        bool array = section->name && strchr(section->name, '*') &&
                     (section->kind == SECTION_COMPONENT || section->kind == SECTION_LINK);
        if (array)
            ok = expand_array(s, out, &scope, section, error);
        else if (section->kind == SECTION_EVERY)
            ok = expand_every(s, out, &scope, section, error);
    }
    /* In the order of the file: what an array or [every] became stands in its place. */
    GPtrArray *all = g_ptr_array_new_with_free_func(section_free);
    for (unsigned i = 0, next = 0; i < s->sections->len; i++) {
        Section *section = s->sections->pdata[i];
        bool many = section->kind == SECTION_EVERY ||
                    (section->name && strchr(section->name, '*') &&
                     (section->kind == SECTION_COMPONENT || section->kind == SECTION_LINK));
        for (; many && next < out->len && ((Section *)out->pdata[next])->from == section; next++)
            g_ptr_array_add(all, out->pdata[next]);
        bool empty = (section->kind == SECTION_LET && !section->entries->len) ||
                     (section->kind == SECTION_EXPECT && !section->name);
        if (many || section->taken || empty || section->kind == SECTION_TEXT || !ok)
            section_free(section);
        else
            g_ptr_array_add(all, section);
    }
    g_ptr_array_unref(out);
    g_ptr_array_set_free_func(s->sections, NULL);
    g_ptr_array_unref(s->sections);
    s->sections = all;
    scenario_sections_changed(s);
    for (unsigned i = 0; ok && i < all->len; i++) {
        Section *section = all->pdata[i];
        if (!section->from && section->kind != SECTION_LET)
            ok = work_out(s, &scope, section, error);
    }
    return ok && no_two_alike(all, error);
}
