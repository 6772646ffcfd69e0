/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Reading scenario files: lines, sections, keys, includes, --set and iterations. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "emu/scenario/document.h"
#include "emu/scenario/private.h"

enum { MAX_DEPTH = 16 };

static bool fail(GError **error, const char *file, unsigned line, const char *format, ...)
    G_GNUC_PRINTF(4, 5);
static bool fail(GError **error, const char *file, unsigned line, const char *format, ...) {
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    if (line)
        input_error(error, "%s:%u: %s", file, line, text);
    else
        input_error(error, "%s: %s", file, text);
    return false;
}

bool entry_error(GError **error, const Section *section, const Entry *entry, const char *format,
                 ...) {
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_autofree char *place = entry_place(section, entry);
    return input_error(error, "%s: %s", place, text);
}

/* "FILE:LINE", or the --set that a made section or value follows from. */
static char *place_of(const char *file, unsigned line) {
    return line ? g_strdup_printf("%s:%u", file, line) : g_strdup(file);
}

char *section_place(const Section *section) {
    g_autofree char *place = place_of(section->file, section->line);
    return g_strdup_printf("%s: [%s%s%s]", place, section->head, section->name ? " " : "",
                           section->name ? section->name : "");
}

char *entry_place(const Section *section, const Entry *entry) {
    if (!entry->line && !entry->made)
        return g_strdup_printf("--set %s.%s=%s: %s", section->name ? section->name : section->head,
                               entry->key, entry->value, entry->key);
    g_autofree char *place = place_of(entry->file, entry->line);
    return g_strdup_printf("%s: [%s%s%s] %s", place, section->head, section->name ? " " : "",
                           section->name ? section->name : "", entry->key);
}

Section *scenario_section(const Scenario *s, const char *head, const char *name) {
    for (unsigned i = 0; i < s->sections->len; i++) {
        Section *section = s->sections->pdata[i];
        if (!strcmp(section->head, head) && !g_strcmp0(section->name, name)) return section;
    }
    return NULL;
}

Entry *section_entry(const Section *section, const char *key) {
    for (unsigned i = 0; i < section->entries->len; i++) {
        Entry *entry = section->entries->pdata[i];
        if (!strcmp(entry->key, key)) return entry;
    }
    return NULL;
}

void entry_free(void *data) {
    Entry *e = data;
    g_free(e->key);
    g_free(e->value);
    g_free(e->file);
    g_free(e->replaced);
    g_free(e->directory);
    g_ptr_array_unref(e->axes);
    g_free(e);
}

void section_free(void *data) {
    Section *section = data;
    g_free(section->head);
    g_free(section->name);
    g_free(section->file);
    g_ptr_array_unref(section->entries);
    g_hash_table_unref(section->seen_in);
    g_free(section->digest);
    if (section->text) g_string_free(section->text, TRUE);
    g_free(section);
}

static Section *section_new(Scenario *s, const char *head, const char *name, const char *file,
                            unsigned line) {
    Section *section = g_new0(Section, 1);
    section->head = g_strdup(head);
    section->name = g_strdup(name);
    section->file = g_strdup(file);
    section->line = line;
    section->entries = g_ptr_array_new_with_free_func(entry_free);
    section->seen_in = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    if (!s->sections->len) g_ptr_array_set_free_func(s->sections, section_free);
    g_ptr_array_add(s->sections, section);
    return section;
}

void section_place_value(Section *section, const char *key, const char *value, const char *file,
                         unsigned line) {
    Entry *old = section_entry(section, key);
    Entry *e = old ? old : g_new0(Entry, 1);
    if (old) {
        g_autofree char *was = old->replaced;
        bool again = !old->line && !line; /* --set is carried out twice */
        old->replaced = again       ? g_strdup(was)
                        : old->line ? g_strdup_printf("%s:%u%s%s", old->file, old->line,
                                                      was ? ", " : "", was ? was : "")
                                    : g_strdup(old->file);
        g_free(old->value);
        g_free(old->file);
        g_free(old->directory);
    } else {
        e->key = g_strdup(key);
        e->axes = g_ptr_array_new();
        g_ptr_array_add(section->entries, e);
    }
    e->value = g_strdup(value);
    e->file = g_strdup(file);
    e->line = line;
    e->directory = line ? g_path_get_dirname(file) : g_strdup(".");
}

Section *section_copy(const Section *section, const char *name) {
    Section *copy = g_new0(Section, 1);
    *copy = (Section){.kind = section->kind,
                      .head = g_strdup(section->head),
                      .name = g_strdup(name),
                      .file = g_strdup(section->file),
                      .line = section->line,
                      .class = section->class,
                      .entries = g_ptr_array_new_with_free_func(entry_free),
                      .seen_in = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
                      .at = section->at,
                      .from = section};
    for (unsigned k = 0; k < section->entries->len; k++) {
        const Entry *e = section->entries->pdata[k];
        Entry *one = g_new(Entry, 1);
        *one = (Entry){.key = g_strdup(e->key),
                       .value = g_strdup(e->value),
                       .file = g_strdup(e->file),
                       .line = e->line,
                       .replaced = g_strdup(e->replaced),
                       .directory = g_strdup(e->directory),
                       .axes = g_ptr_array_new()};
        g_ptr_array_add(copy->entries, one);
    }
    return copy;
}

/* [head name] ----------------------------------------------------------------------------- */

static const ComponentClass *find_class(const ComponentClass *const *classes, const char *name) {
    for (const ComponentClass *const *c = classes; *c; c++)
        if (!strcmp((*c)->name, name)) return *c;
    return NULL;
}

static const char *nearest_head(const ComponentClass *const *classes, const char *found) {
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (unsigned i = 0; scenario_sections[i].head; i++)
        g_ptr_array_add(names, (char *)scenario_sections[i].head);
    for (const ComponentClass *const *c = classes; *c; c++)
        g_ptr_array_add(names, (char *)(*c)->name);
    g_ptr_array_add(names, NULL);
    return param_nearest(found, (const char *const *)names->pdata);
}

static bool name_is_plain(const char *name) {
    for (const char *p = name; *p; p++)
        if (!g_ascii_isalnum(*p) && *p != '_' && *p != '-') return false;
    return *name != 0;
}

/* A plot's name is that of its files, beside the tables. */
static bool plot_name(const char *name) {
    static const char *const taken[] = {"runs", "summary", "claims", NULL};
    return name_is_plain(name) && !g_strv_contains(taken, name) &&
           !g_str_has_prefix(name, "series-") && !g_str_has_prefix(name, "histogram-");
}

bool section_kind(Section *section, const ComponentClass *const *classes, GError **error) {
    for (SectionKind kind = 0; kind < SECTION_COMPONENT; kind++)
        if (!strcmp(section->head, scenario_sections[kind].head)) {
            section->kind = kind;
            return true;
        }
    section->kind = SECTION_COMPONENT;
    section->class = find_class(classes, section->head);
    if (section->class) return true;
    const char *near = nearest_head(classes, section->head);
    return fail(error, section->file, section->line,
                "found section [%s%s%s], expected a component class, link, at, every, expect, "
                "plot, series, let or text%s%s%s",
                section->head, section->name ? " " : "", section->name ? section->name : "",
                near ? "; the nearest is [" : "", near ? near : "", near ? "]" : "");
}

static bool check_name(Section *section, GError **error) {
    const char *file = section->file, *head = section->head;
    if (section->kind == SECTION_SCENARIO || section->kind == SECTION_LET)
        return !section->name || fail(error, file, section->line, "found [%s %s], expected [%s]",
                                      head, section->name, head);
    if (section->kind == SECTION_TEXT) section->text = g_string_new(NULL);
    if (section->kind == SECTION_EXPECT && !section->name) return true; /* ID = METRIC, ... */
    if (!section->name)
        return fail(error, file, section->line, "found [%s], expected a name after it", head);
    if (section->kind == SECTION_SERIES && strpbrk(section->name, "\"{}"))
        return fail(error, file, section->line,
                    "found [series %s], expected a name without \", { and }", section->name);
    if (section->kind == SECTION_PLOT && !plot_name(section->name))
        return fail(error, file, section->line,
                    "found [plot %s], expected a name of letters, digits, - and _, other than "
                    "those of the tables (runs, summary, claims)",
                    section->name);
    if (section->kind != SECTION_AT) return true;
    g_auto(GStrv) words = g_strsplit(section->name, " ", 2);
    static const Param time = {.name = "time", .type = PARAM_TYPE_TIME};
    g_autoptr(GError) cause = NULL;
    return param_set(&time, &section->at, words[0], NULL, &cause) ||
           fail(error, file, section->line, "[at %s]: %s", section->name, cause->message);
}

static bool kind_of(Scenario *s, Section *section, GError **error) {
    const char *file = section->file, *head = section->head;
    if (!section_kind(section, s->classes, error)) return false;
    if (section->kind != SECTION_COMPONENT) return check_name(section, error);
    /* Names that stand for something else in --set and among the scalars. */
    static const char *const reserved[] = {"scenario", "run", NULL};
    if (section->name && g_strv_contains(reserved, section->name))
        return fail(error, file, section->line,
                    "found a component with the name %s, expected another: %s.KEY is %s",
                    section->name, section->name,
                    *section->name == 'r' ? "a scalar of every run" : "a key of [scenario]");
    g_autofree char *base = g_strdup(section->name);
    if (base && strchr(base, '*')) *strchr(base, '*') = 0; /* an array: [source a*4] */
    if (!base || !name_is_plain(base))
        return fail(error, file, section->line,
                    "found [%s%s%s], expected a name of letters, digits, - and _", head,
                    section->name ? " " : "", section->name ? section->name : "");
    for (unsigned i = 0; i < s->sections->len; i++) {
        const Section *other = s->sections->pdata[i];
        if (other != section && other->kind == SECTION_COMPONENT &&
            !strcmp(other->name, section->name))
            return fail(error, file, section->line,
                        "found a second component %s; the first is at %s:%u", section->name,
                        other->file, other->line);
    }
    return true;
}

Section *scenario_make_section(Scenario *s, unsigned at, const char *head, const char *name,
                               const char *file, unsigned line) {
    Section *section = section_new(s, head, name, file, line);
    bool known = kind_of(s, section, NULL);
    g_assert(known);
    scenario_component(s, name); /* so that it is found, wherever it stands */
    g_ptr_array_steal_index(s->sections, s->sections->len - 1);
    g_ptr_array_insert(s->sections, (int)at, section);
    return section;
}

static Section *open_section(Scenario *s, const DocumentSection *d, const char *file,
                             GError **error) {
    Section *section = scenario_section(s, d->head, d->name);
    if (section && g_hash_table_contains(section->seen_in, file)) {
        fail(error, file, d->line,
             "found a second section [%s%s%s] in this file; the first is at line %u", d->head,
             d->name ? " " : "", d->name ? d->name : "", section->line);
        return NULL;
    }
    if (!section) {
        section = section_new(s, d->head, d->name, file, d->line);
        if (!kind_of(s, section, error)) return NULL;
    }
    g_hash_table_add(section->seen_in, g_strdup(file));
    return section;
}

/* Files ----------------------------------------------------------------------------------- */

char *scenario_find(const char *folder, const char *name) {
    for (unsigned bare = 0; folder && bare < 2; bare++) {
        g_autofree char *file = g_strconcat(name, bare ? ".ini" : "", NULL);
        g_autofree char *path = g_path_is_absolute(name) || !strcmp(folder, ".")
                                    ? g_strdup(file)
                                    : g_build_filename(folder, file, NULL);
        if (g_file_test(path, G_FILE_TEST_EXISTS) && !g_file_test(path, G_FILE_TEST_IS_DIR))
            return g_steal_pointer(&path);
    }
    return NULL;
}

static void add_files(GPtrArray *names, const char *folder) {
    g_autoptr(GDir) dir = folder ? g_dir_open(folder, 0, NULL) : NULL;
    for (const char *name; dir && (name = g_dir_read_name(dir));)
        if (g_str_has_suffix(name, ".ini")) g_ptr_array_add(names, g_strdup(name));
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool not_there(const Scenario *s, const char *name, const char *directory, const char *file,
                      unsigned line, GError **error) {
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    add_files(names, directory);
    add_files(names, s->library);
    g_ptr_array_sort(names, by_name);
    g_ptr_array_add(names, NULL);
    g_autofree char *full =
        g_str_has_suffix(name, ".ini") ? g_strdup(name) : g_strconcat(name, ".ini", NULL);
    const char *near = param_nearest(full, (const char *const *)names->pdata);
    return fail(error, file, line,
                "[scenario] include: found \"%s\", which is not beside this file%s%s%s%s", name,
                s->library ? ", nor in " : "", s->library ? s->library : "",
                near ? "; the nearest is " : "", near ? near : "");
}

/* Each is looked for beside the file that names it, then among those that are shipped. */
static bool include(Scenario *s, const char *list, const char *file, unsigned line,
                    GPtrArray *stack, GError **error) {
    g_auto(GStrv) names = g_strsplit(list, ",", -1);
    g_autofree char *directory = g_path_get_dirname(file);
    for (unsigned i = 0; names[i]; i++) {
        char *name = g_strstrip(names[i]);
        g_autofree char *beside = scenario_find(directory, name),
                        *path = beside ? g_strdup(beside) : scenario_find(s->library, name);
        if (!path) return not_there(s, name, directory, file, line, error);
        for (unsigned k = 0; k < stack->len; k++)
            if (!strcmp(stack->pdata[k], path))
                return fail(error, file, line, "include of %s closes a loop of includes", path);
        if (stack->len >= MAX_DEPTH)
            return fail(error, file, line, "includes are nested more than %d deep", MAX_DEPTH);
        if (!scenario_read_file(s, path, stack, error)) {
            g_prefix_error(error, "%s:%u: in the included file: ", file, line);
            return false;
        }
    }
    return true;
}

/* The lines of a [text], in place of those that an included file has for it. */
static void read_text(Section *section, const GPtrArray *lines) {
    g_string_truncate(section->text, 0);
    for (unsigned i = 0; i < lines->len; i++) {
        g_autofree char *line = g_strstrip(g_strdup(lines->pdata[i]));
        if (*line && *line != '#' && *line != ';')
            g_string_append_printf(section->text, "%s\n", line);
    }
}

/* ID = METRIC in [expect] is [expect ID] with that metric. */
static void place_expect(Scenario *s, const DocumentEntry *entry, const char *file) {
    Section *section = scenario_section(s, "expect", entry->key);
    if (!section) section = section_new(s, "expect", entry->key, file, entry->line);
    section->kind = SECTION_EXPECT;
    section_place_value(section, "metric", entry->value, file, entry->line);
}

static bool read_section(Scenario *s, const DocumentSection *d, const char *file, GError **error) {
    Section *section = open_section(s, d, file, error);
    if (!section) return false;
    if (section->text) read_text(section, d->text);
    for (unsigned k = 0; k < d->entries->len; k++) {
        const DocumentEntry *entry = d->entries->pdata[k];
        if (section->kind == SECTION_EXPECT && !section->name)
            place_expect(s, entry, file);
        else
            section_place_value(section, entry->key, entry->value, file, entry->line);
    }
    return true;
}

/* What a file includes is read before its own first line, so that the includer wins whatever line
 * its `include` stands on. */
bool scenario_read_file(Scenario *s, const char *path, GPtrArray *stack, GError **error) {
    g_autoptr(Document) d = document_load(path, error);
    if (!d) return false;
    const DocumentSection *head = document_section(d, "scenario", NULL);
    const DocumentEntry *files = head ? document_entry(head, "include") : NULL;
    g_ptr_array_add(stack, g_strdup(path));
    bool ok = !files || include(s, files->value, path, files->line, stack, error);
    for (unsigned i = 0; ok && i < d->sections->len; i++)
        ok = read_section(s, d->sections->pdata[i], path, error);
    g_free(g_ptr_array_steal_index(stack, stack->len - 1));
    return ok;
}

Section *scenario_head(Scenario *s) {
    Section *section = scenario_section(s, "scenario", NULL);
    return section ? section : section_new(s, "scenario", NULL, "--set", 0);
}

static bool place_override(Scenario *s, Section *section, const char *key, const char *value,
                           GError **error) {
    section_place_value(section, key, value, "--set", 0);
    return section->kind == SECTION_LET ||
           scenario_work_out(s, section, section_entry(section, key), error);
}

static const char *override_name(const Section *section) {
    return section->kind == SECTION_SCENARIO ? "scenario"
           : section->kind == SECTION_LET    ? "let"
                                             : section->name;
}

/* "click*" is click0, click1 and so on, as an array [CLASS click*4] makes them. */
static bool is_element(const char *name, const char *of) {
    size_t base = strlen(of) - 1;
    const char *digits = name + base;
    return strlen(name) > base && !strncmp(name, of, base) &&
           strspn(digits, "0123456789") == strlen(digits);
}

/* Components come before links of the same names. */
static SectionKind kind_of_elements(const Scenario *s, const char *of) {
    for (unsigned i = 0; i < s->sections->len; i++) {
        const Section *section = s->sections->pdata[i];
        if (section->kind == SECTION_COMPONENT && is_element(section->name, of))
            return SECTION_COMPONENT;
    }
    return SECTION_LINK;
}

/* Give the value to all sections of that name; ${...} is one iteration for all. */
static bool override_all(Scenario *s, const char *name, const char *key, const char *value,
                         OverrideTime time, GError **error) {
    const Section *first = NULL;
    SectionKind kind = kind_of_elements(s, name);
    const char *start = strstr(value, "${");
    for (unsigned i = 0; i < s->sections->len; i++) {
        Section *section = s->sections->pdata[i];
        if (section->kind != kind || !is_element(section->name, name)) continue;
        g_autofree char *tied = NULL;
        if (first && start && strncmp(start, "${with ", 7) != 0)
            tied = g_strdup_printf("%.*s${with %s.%s: %s", (int)(start - value), value, first->name,
                                   key, start + 2);
        if (!place_override(s, section, key, tied ? tied : value, error)) return false;
        if (tied) section_entry(section, key)->follows = true;
        if (!first) first = section;
    }
    return first || time == OVERRIDE_WRITTEN ||
           input_error(error, "--set %s.%s: found no sections %.*s0, %.*s1, ...", name, key,
                       (int)strlen(name) - 1, name, (int)strlen(name) - 1, name);
}

/* A component and a link may have one name: whose key is it, and the component's if both have it?
 */
static bool is_for(const Section *one, const Section *rather, const char *key) {
    bool own = param_find(section_table(one), key);
    return own && (one->kind == SECTION_COMPONENT || !param_find(section_table(rather), key));
}

/* The dot behind the section: the first, or that behind the longest name of a section, which may
 * hold some: 1.5ms.traffic. */
static char *end_of_section(const Scenario *s, char *assignment) {
    char *dot = strchr(assignment, '.');
    for (unsigned i = 0; i < s->sections->len; i++) {
        const char *name = override_name(s->sections->pdata[i]);
        size_t n = name ? strlen(name) : 0;
        if (n && dot && assignment + n > dot && g_str_has_prefix(assignment, name) &&
            assignment[n] == '.')
            dot = assignment + n;
    }
    return dot;
}

bool scenario_override(Scenario *s, const char *assignment, OverrideTime time, GError **error) {
    g_autofree char *text = g_strdup(assignment);
    char *dot = end_of_section(s, text), *equals = strchr(dot ? dot : text, '=');
    if (!equals || !dot || dot > equals || dot == text || !equals[1] || equals == dot + 1)
        return input_error(error, "--set: found \"%s\", expected SECTION.KEY=VALUE", assignment);
    *equals = *dot = 0;
    if ((time == OVERRIDE_LET) != !strcmp(text, "let")) return true;
    const char *key = g_strstrip(dot + 1), *value = g_strstrip(equals + 1);
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    Section *section = NULL;
    for (unsigned i = 0; i < s->sections->len; i++) {
        Section *one = s->sections->pdata[i];
        if (!override_name(one)) continue;
        g_ptr_array_add(names, (char *)override_name(one));
        if (!strcmp(override_name(one), text) && (!section || is_for(one, section, key)))
            section = one;
    }
    if (!section && !strcmp(text, "scenario")) section = scenario_head(s);
    g_ptr_array_add(names, NULL);
    bool many = strchr(text, '*') && strchr(text, '*')[1] == 0;
    if (time == OVERRIDE_WRITTEN && section && section->kind == SECTION_LINK) return true;
    if (time == OVERRIDE_WRITTEN && !section && !many) return true;  /* it may be made yet */
    if (time == OVERRIDE_ALL && !strcmp(key, "attach")) return true; /* it is gone by now */
    if (!section && !many) {
        const char *near = param_nearest(text, (const char *const *)names->pdata);
        return input_error(error, "--set %s: found no section \"%s\"%s%s", assignment, text,
                           near ? "; the nearest is " : "", near ? near : "");
    }
    /* What a file cannot hold, no scenario can: it would not read back. */
    if (!*value) return fail(error, "--set", 0, "%s.%s: found no value", text, key);
    if (strlen(assignment) > DOCUMENT_MAX_LINE)
        return fail(error, "--set", 0, "%s.%s: found %zu bytes, expected at most %d", text, key,
                    strlen(assignment), DOCUMENT_MAX_LINE);
    for (const char *p = value; *p; p++)
        if ((uint8_t)*p < 32 && *p != '\t')
            return fail(error, "--set", 0, "%s.%s: found the control byte 0x%02x, expected text",
                        text, key, (uint8_t)*p);
    if (!g_utf8_validate(value, -1, NULL))
        return fail(error, "--set", 0, "%s.%s: found bytes that are not UTF-8", text, key);
    return many ? override_all(s, text, key, value, time, error)
                : place_override(s, section, key, value, error);
}

/* Ports ----------------------------------------------------------------------------------- */

enum { MAX_PORTS = 4096 };

bool ports_range(const char *text, unsigned *first, unsigned *n) {
    unsigned last;
    int used = 0;
    if (sscanf(text, "%u..%u%n", first, &last, &used) != 2 || text[used]) {
        used = 0;
        if (sscanf(text, "%u%n", first, &used) != 1 || text[used]) return false;
        last = *first;
    }
    *n = last - *first + 1;
    return last >= *first && *n <= MAX_PORTS;
}

bool ports_read(const char *text, char **name, unsigned *first, unsigned *n) {
    g_autofree char *copy = g_strstrip(g_strdup(text));
    char *dot = strchr(copy, '.');
    if (!dot || !ports_range(dot + 1, first, n)) return false;
    *dot = 0;
    *name = g_steal_pointer(&copy);
    return true;
}

/* Iterations ------------------------------------------------------------------------------ */

/* Decimal text as digits and places, so that 0.1 + 0.1 + 0.1 is 0.3. */
static bool decimal(const char *text, int64_t *value, int *places) {
    bool negative = *text == '-', any = false, point = false;
    *value = 0;
    *places = 0;
    for (const char *p = text + negative; *p; p++) {
        if (*p == '.' && !point) {
            point = true;
            continue;
        }
        if (!g_ascii_isdigit(*p) || *value > INT64_MAX / 100) return false;
        *value = *value * 10 + (*p - '0');
        *places += point;
        any = true;
    }
    if (negative) *value = -*value;
    return any && *places <= 9;
}

static char *decimal_text(int64_t value, int places) {
    int64_t scale = 1;
    for (int i = 0; i < places; i++) scale *= 10;
    uint64_t size = (uint64_t)(value < 0 ? -value : value);
    const char *sign = value < 0 ? "-" : "";
    while (places && size % 10 == 0) {
        size /= 10;
        scale /= 10;
        places--;
    }
    if (!places) return g_strdup_printf("%s%" G_GUINT64_FORMAT, sign, size);
    return g_strdup_printf("%s%" G_GUINT64_FORMAT ".%0*" G_GUINT64_FORMAT, sign,
                           size / (uint64_t)scale, places, size % (uint64_t)scale);
}

static bool add_range(GPtrArray *values, char *item, const Section *section, const Entry *entry,
                      GError **error) {
    char *dots = strstr(item, ".."), *step = strstr(item, " step ");
    if (!dots) {
        g_ptr_array_add(values, g_strdup(item));
        return *item || entry_error(error, section, entry, "found an empty item in ${...}");
    }
    *dots = 0;
    if (step) *step = 0;
    int64_t v[3] = {0, 0, 1};
    int places[3] = {0}, most = 0;
    char *texts[3] = {g_strstrip(item), g_strstrip(dots + 2),
                      step ? g_strstrip(step + 6) : (char *)"1"};
    for (unsigned i = 0; i < 3; i++) {
        if (!decimal(texts[i], &v[i], &places[i]))
            return entry_error(error, section, entry,
                               "found \"%s\" in a range, expected A..B or A..B step C", texts[i]);
        most = MAX(most, places[i]);
    }
    for (unsigned i = 0; i < 3; i++)
        for (; places[i] < most; places[i]++) {
            if (v[i] > INT64_MAX / 10 || v[i] < INT64_MIN / 10)
                return entry_error(error, section, entry, "found \"%s\", which has too many digits",
                                   texts[i]);
            v[i] *= 10;
        }
    if (v[2] == 0 || (v[1] != v[0] && (v[1] > v[0]) != (v[2] > 0))) {
        return entry_error(error, section, entry, "found a range that never ends: %s..%s step %s",
                           texts[0], texts[1], texts[2]);
    }
    uint64_t length =
        v[1] > v[0] ? (uint64_t)v[1] - (uint64_t)v[0] : (uint64_t)v[0] - (uint64_t)v[1];
    uint64_t steps = length / (v[2] > 0 ? (uint64_t)v[2] : -(uint64_t)v[2]), n = steps + 1;
    if (steps >= SCENARIO_MAX_POINTS - MIN(values->len, SCENARIO_MAX_POINTS))
        return entry_error(error, section, entry,
                           "found a range of %" G_GUINT64_FORMAT
                           " values after %u others, expected at "
                           "most %u together",
                           n, values->len, SCENARIO_MAX_POINTS);
    for (uint64_t i = 0; i < n; i++)
        g_ptr_array_add(values, decimal_text(v[0] + (int64_t)i * v[2], most));
    return true;
}

/* Items between commas; one in "..." stands as it is. */
static bool add_items(GPtrArray *values, const char *list, const Section *section,
                      const Entry *entry, GError **error) {
    for (const char *at = list;; at++) {
        at += strspn(at, " \t");
        if (*at == '"') {
            const char *end = strchr(at + 1, '"');
            if (!end || end[1 + strspn(end + 1, " \t")] == '"')
                return entry_error(error, section, entry, "found %s without a closing \"", at);
            g_ptr_array_add(values, g_strndup(at + 1, (size_t)(end - at - 1)));
            at = end + 1 + strspn(end + 1, " \t");
            if (*at && *at != ',')
                return entry_error(error, section, entry, "found \"%s\" behind an item in quotes",
                                   at);
        } else {
            size_t n = strcspn(at, ",");
            g_autofree char *item = g_strndup(at, n);
            if (!add_range(values, g_strstrip(item), section, entry, error)) return false;
            at += n;
        }
        if (!*at) return true;
    }
}

bool iteration_values(const char *inside, const Section *section, const Entry *entry, char **with,
                      GPtrArray *values, GError **error) {
    const char *colon = strchr(inside, ':');
    bool follows = g_str_has_prefix(inside, "with ") && colon;
    *with = follows ? g_strstrip(g_strndup(inside + 5, (size_t)(colon - inside - 5))) : NULL;
    return add_items(values, follows ? colon + 1 : inside, section, entry, error);
}

static bool find_axes(Scenario *s, Section *section, Entry *entry, GError **error) {
    for (const char *at = entry->value; (at = strstr(at, "${"));) {
        const char *end = strchr(at, '}');
        if (!end) return entry_error(error, section, entry, "found ${ without }");
        if (entry->axes->len == SCENARIO_MAX_AXES)
            return entry_error(error, section, entry, "found more than %u iterations",
                               SCENARIO_MAX_AXES);
        Axis *axis = g_new0(Axis, 1);
        *axis = (Axis){section, entry, g_ptr_array_new_with_free_func(g_free)};
        g_ptr_array_add(s->axes, axis);
        g_ptr_array_add(entry->axes, GUINT_TO_POINTER(s->axes->len));
        g_autofree char *inside = g_strndup(at + 2, (size_t)(end - at - 2));
        if (!iteration_values(inside, section, entry, &axis->with, axis->values, error))
            return false;
        if (!axis->values->len) return entry_error(error, section, entry, "found an empty ${}");
        at = end;
    }
    return true;
}

/* ${with SECTION.KEY: ...} follows that value's own iteration. */
static bool tie(Scenario *s, Axis *axis, GError **error) {
    for (unsigned i = 0; i < s->axes->len; i++) {
        const Axis *a = s->axes->pdata[i];
        if (a->with) continue;
        g_autofree char *name = g_strdup_printf(
            "%s.%s", a->section->name ? a->section->name : a->section->head, a->entry->key);
        if (strcmp(name, axis->with) != 0) continue;
        axis->master = i;
        if (a->values->len == axis->values->len) return true;
        return entry_error(error, axis->section, axis->entry,
                           "found %u values with %s, which has %u", axis->values->len, axis->with,
                           a->values->len);
    }
    return entry_error(
        error, axis->section, axis->entry,
        "found \"with %s\", expected SECTION.KEY of a value that has ${...} of its own",
        axis->with);
}

bool scenario_find_axes(Scenario *s, GError **error) {
    uint64_t points = 1;
    unsigned stride = 1;
    for (unsigned i = 0; i < s->sections->len; i++) {
        Section *section = s->sections->pdata[i];
        for (unsigned k = 0; k < section->entries->len; k++) {
            Entry *entry = section->entries->pdata[k];
            if (strstr(entry->value, "${") && section->kind != SECTION_COMPONENT &&
                section->kind != SECTION_LINK && section->kind != SECTION_AT &&
                section->kind != SECTION_LET &&
                !(section->kind == SECTION_SCENARIO && !strcmp(entry->key, "series")))
                return entry_error(
                    error, section, entry,
                    "found ${...}, which only components, links, [at] and [let] may have");
            if (!find_axes(s, section, entry, error)) return false;
        }
    }
    for (unsigned i = 0; i < s->axes->len; i++) {
        Axis *tied = s->axes->pdata[i];
        if (tied->with) {
            if (!tie(s, tied, error)) return false;
            continue;
        }
        points *= tied->values->len;
        if (points > SCENARIO_MAX_POINTS) {
            const Axis *axis = s->axes->pdata[i];
            return entry_error(error, axis->section, axis->entry,
                               "found a study of %" G_GUINT64_FORMAT
                               " points or more, expected at most %u",
                               points, SCENARIO_MAX_POINTS);
        }
    }
    s->n_points = (unsigned)points;
    for (unsigned i = s->axes->len; i-- > 0;) { /* the last axis is the fastest */
        Axis *axis = s->axes->pdata[i];
        if (axis->with) continue;
        axis->stride = stride;
        stride *= axis->values->len;
    }
    return true;
}

/* Replace the n-th ${...} of the value by chosen[n]. */
static char *substitute(const Entry *entry, const char *const *chosen) {
    GString *out = g_string_new(NULL);
    const char *at = entry->value;
    for (unsigned n = 0; n < entry->axes->len; n++) {
        const char *start = strstr(at, "${");
        g_string_append_len(out, at, start - at);
        g_string_append(out, chosen[n]);
        at = strchr(start, '}') + 1;
    }
    g_string_append(out, at);
    return g_string_free(out, FALSE);
}

char *entry_value(const Scenario *s, const Entry *entry, unsigned point) {
    const char *chosen[SCENARIO_MAX_AXES];
    unsigned written = s->variants ? point % s->n_points : point;
    unsigned place = s->kept ? s->kept[written] : written;
    for (unsigned n = 0; n < entry->axes->len; n++) {
        const Axis *axis = s->axes->pdata[GPOINTER_TO_UINT(entry->axes->pdata[n]) - 1];
        const Axis *master = axis->with ? s->axes->pdata[axis->master] : axis;
        chosen[n] = axis->values->pdata[place / master->stride % master->values->len];
    }
    return substitute(entry, chosen);
}

char *entry_value_with(const Scenario *s, const Entry *entry, unsigned axis, unsigned value) {
    const char *chosen[SCENARIO_MAX_AXES];
    for (unsigned n = 0; n < entry->axes->len; n++) {
        unsigned i = GPOINTER_TO_UINT(entry->axes->pdata[n]) - 1;
        chosen[n] = ((Axis *)s->axes->pdata[i])->values->pdata[i == axis ? value : 0];
    }
    return substitute(entry, chosen);
}
