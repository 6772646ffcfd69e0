/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The numbers of a scenario, moved. */
#include "emu/scenario/vary.h"

#include <math.h>
#include <string.h>

#include "emu/scenario/private.h"

const char *const choice_kinds[] = {[CHOICE_FITTED] = "fitted",
                                    [CHOICE_SOURCED] = "sourced",
                                    [CHOICE_ASSUMED] = "assumed",
                                    [CHOICE_SCENARIO] = "scenario",
                                    [CHOICE_KINDS] = NULL};

/* Variants -------------------------------------------------------------------------------- */

/* One key of one section in a variant. */
typedef struct {
    const char *key;
    const bool *at;
    char *text;
} Moved;

static void moved_free(void *data) {
    g_free(((Moved *)data)->text);
    g_free(data);
}

static void moves_free(void *moves) {
    g_ptr_array_unref(moves);
}

/* Section -> its Moved. */
static void variant_free(void *variant) {
    g_hash_table_unref(variant);
}

unsigned scenario_vary(Scenario *s, const ScenarioMove *moves, unsigned n) {
    if (!s->variants) s->variants = g_ptr_array_new_with_free_func(variant_free);
    GHashTable *of = g_hash_table_new_full(NULL, NULL, NULL, moves_free);
    for (unsigned i = 0; i < n; i++) {
        const ScenarioChoice *c = moves[i].choice;
        for (unsigned k = 0; k < c->sections->len; k++) {
            GPtrArray *list = g_hash_table_lookup(of, c->sections->pdata[k]);
            if (!list) {
                list = g_ptr_array_new_with_free_func(moved_free);
                g_hash_table_insert(of, c->sections->pdata[k], list);
            }
            Moved *m = g_new(Moved, 1);
            *m = (Moved){c->row->name, c->at, g_strdup(moves[i].text)};
            g_ptr_array_add(list, m);
        }
    }
    g_ptr_array_add(s->variants, of);
    return s->variants->len;
}

unsigned scenario_variant_point(const Scenario *s, unsigned variant, unsigned point) {
    return variant * s->n_points + point;
}

unsigned scenario_written_point(const Scenario *s, unsigned point) {
    return s->variants ? point % s->n_points : point;
}

GPtrArray *scenario_moves(const Scenario *s, const Section *section, unsigned point) {
    if (!s->variants || point < s->n_points) return NULL;
    return g_hash_table_lookup(s->variants->pdata[point / s->n_points - 1], section);
}

bool scenario_move_at(const Scenario *s, const GPtrArray *moves, unsigned n, unsigned point,
                      const char **key, const char **text) {
    const Moved *m = moves->pdata[n];
    *key = m->key;
    *text = m->text;
    return m->at[point % s->n_points];
}

const char *scenario_moved(const Scenario *s, const Section *section, const char *key,
                           unsigned point) {
    const GPtrArray *moves = scenario_moves(s, section, point);
    const char *own, *text;
    for (unsigned i = 0; moves && i < moves->len; i++)
        if (scenario_move_at(s, moves, i, point, &own, &text) && !strcmp(own, key)) return text;
    return NULL;
}

static SimTime time_at(const Scenario *s, const char *key, unsigned point, SimTime written) {
    const Section *head = scenario_section(s, "scenario", NULL);
    const char *text = head ? scenario_moved(s, head, key, point) : NULL;
    ParamValue value;
    return text && param_read(param_find(scenario_params, key), &value, text, NULL, NULL)
               ? value.word
               : written;
}

SimTime scenario_duration_at(const Scenario *s, unsigned point) {
    return time_at(s, "duration", point, scenario_duration(s));
}
SimTime scenario_drain_at(const Scenario *s, unsigned point) {
    return time_at(s, "drain", point, scenario_drain(s));
}

/* Choices --------------------------------------------------------------------------------- */

/* A key of one section, or of several that have the same value at every point. */
typedef struct {
    GPtrArray *sections;
    const Param *row;
    const char **texts; /* of each point, interned */
    bool written;       /* the scenario says it, at some point at least */
    const void *whose;  /* the section, or what its array was written as; NULL: the class */
} Number;

typedef struct {
    const Scenario *s;
    GPtrArray *numbers;   /* Number */
    GHashTable *by_value; /* what makes two sections one Number -> it */
    const char **series;  /* of each point, interned; "" where there are none */
    GPtrArray *choices;
} Survey;

static void choice_free(void *data) {
    ScenarioChoice *c = data;
    g_free(c->name);
    g_free(c->model);
    g_free(c->value);
    g_ptr_array_unref(c->sections);
    g_free(c->at);
    g_free(c);
}

static void number_free(void *data) {
    Number *n = data;
    g_ptr_array_unref(n->sections);
    g_free(n->texts);
    g_free(n);
}

static ChoiceKind kind_of(const Param *row) {
    if (g_str_has_prefix(row->source, "calibrated")) return CHOICE_FITTED;
    if (strstr(row->source, "assumed")) return CHOICE_ASSUMED;
    if (strstr(row->source, "scenario")) return CHOICE_SCENARIO;
    return CHOICE_SOURCED;
}

/* In one spelling, interned. */
static const char *spelled(const Param *row, const char *text, const char *directory) {
    ParamValue value;
    if (!param_read(row, &value, text, directory, NULL)) return g_intern_string(text);
    g_autofree char *one = param_spell(row, &value);
    param_value_clear(row, &value);
    return g_intern_string(one);
}

static const char **texts_of(const Scenario *s, const Param *row, const Entry *entry) {
    const char **texts = g_new(const char *, s->n_points);
    for (unsigned p = 0; p < s->n_points; p++) {
        if (p && (!entry || !entry->axes->len)) {
            texts[p] = texts[0];
            continue;
        }
        g_autofree char *value = entry ? entry_value(s, entry, p) : g_strdup(row->def);
        texts[p] = spelled(row, value, entry ? entry->directory : NULL);
    }
    return texts;
}

static char *identity(const Number *n, const char *class, unsigned n_points) {
    GString *id = g_string_new(NULL);
    g_string_printf(id, "%p %s %s", n->whose, class, n->row->name);
    for (unsigned p = 0; p < n_points; p++)
        if (!p || n->texts[p] != n->texts[p - 1])
            g_string_append_printf(id, " %u %s", p, n->texts[p]);
    return g_string_free(id, FALSE);
}

static void take_key(Survey *v, const Section *section, const Param *row) {
    const Entry *entry = section_entry(section, row->name);
    if (!param_sense(row) || (!entry && !row->def)) return;
    Number *n = g_new0(Number, 1);
    bool own = entry && !entry->made, written = own && !entry_is_default(section, entry);
    *n = (Number){g_ptr_array_new(), row, texts_of(v->s, row, entry), written, NULL};
    if (written || (own && kind_of(row) == CHOICE_SCENARIO))
        n->whose = section->from ? section->from : section;
    char *id = identity(n, section->head, v->s->n_points);
    Number *same = g_hash_table_lookup(v->by_value, id);
    g_ptr_array_add(same ? same->sections : n->sections, (void *)section);
    if (same) {
        number_free(n);
        g_free(id);
        return;
    }
    g_hash_table_insert(v->by_value, id, n);
    g_ptr_array_add(v->numbers, n);
}

static void take_section(Survey *v, const Section *section) {
    static const char *const of_a_run[] = {"duration", "drain", NULL};
    for (const Param *row = section_table(section); row->name; row++)
        if (section->kind != SECTION_SCENARIO || g_strv_contains(of_a_run, row->name))
            take_key(v, section, row);
}

/* "client*" of client0 and client1 if these are all that begin so, else "client0+1", the first and
 * how many others. */
static char *name_of(const Survey *v, const GPtrArray *sections) {
    const Section *first = sections->pdata[0];
    const char *name = first->kind == SECTION_SCENARIO ? first->head : first->name;
    if (sections->len == 1) return g_strdup(name);
    size_t stem = strlen(name);
    while (stem && g_ascii_isdigit(name[stem - 1])) stem--;
    unsigned of_class = 0, alike = 0, own = 0;
    for (unsigned i = 0; i < v->s->sections->len; i++) {
        const Section *one = v->s->sections->pdata[i];
        if (one->kind != first->kind || strcmp(one->head, first->head) != 0) continue;
        of_class++;
        alike += !strncmp(one->name, name, stem);
    }
    for (unsigned i = 0; i < sections->len; i++)
        own += !strncmp(((Section *)sections->pdata[i])->name, name, stem);
    if (own == sections->len && alike == own) return g_strdup_printf("%.*s*", (int)stem, name);
    if (of_class == sections->len)
        return g_strdup_printf("%s*", first->kind == SECTION_LINK ? "" : first->head);
    return g_strdup_printf("%s+%u", name, sections->len - 1);
}

static char *tidy(const Param *row, const char *text) {
    ParamValue value;
    if (!param_read(row, &value, text, NULL, NULL)) return g_strdup(text);
    char *one = param_tidy(row, &value);
    param_value_clear(row, &value);
    return one;
}

static ScenarioChoice *add_choice(Survey *v, const Number *n, const char *value, const char *which,
                                  ChoiceKind kind) {
    const Section *first = n->sections->pdata[0];
    ScenarioChoice *c = g_new0(ScenarioChoice, 1);
    g_autofree char *name = name_of(v, n->sections);
    *c = (ScenarioChoice){.name = g_strconcat(first->kind == SECTION_LINK ? "link " : "", name, ".",
                                              n->row->name, which, NULL),
                          .model = g_strconcat(first->head, ".", n->row->name, NULL),
                          .value = tidy(n->row, value),
                          .row = n->row,
                          .class = first->head,
                          .kind = kind,
                          .sections = g_ptr_array_ref(n->sections),
                          .at = g_new0(bool, v->s->n_points)};
    g_ptr_array_add(v->choices, c);
    return c;
}

/* The value that a series holds fast, or NULL: it sweeps. */
static const char *held(const Survey *v, const Number *n, const char *series) {
    const char *text = NULL;
    for (unsigned p = 0; p < v->s->n_points; p++) {
        if (v->series[p] != series) continue;
        if (text && text != n->texts[p]) return NULL;
        text = n->texts[p];
    }
    return text;
}

/* Where a series holds the row's default fast, it is another one that overrides it. */
static ChoiceKind kind_at(const Number *n, const char *text, bool is_held) {
    bool is_default = is_held && n->row->def && text == spelled(n->row, n->row->def, NULL);
    return n->written && !is_default ? CHOICE_SCENARIO : kind_of(n->row);
}

static void add_end(Survey *v, const Number *n, const char *series, bool largest) {
    const char *end = NULL;
    double best = NAN;
    for (unsigned p = 0; p < v->s->n_points; p++) {
        double x = v->series[p] == series ? param_number_of(n->row, n->texts[p]) : NAN;
        if (!isfinite(x) || (end && (largest ? x <= best : x >= best))) continue;
        best = x;
        end = n->texts[p];
    }
    if (!end) return;
    g_autofree char *which =
        g_strconcat(largest ? " largest" : " smallest", *series ? " in " : "", series, NULL);
    ScenarioChoice *c = add_choice(v, n, end, which, kind_at(n, end, false));
    for (unsigned p = 0; p < v->s->n_points; p++)
        c->at[p] = v->series[p] == series && n->texts[p] == end;
}

/* Series that hold the same value fast are one choice. */
static void add_choices(Survey *v, const Number *n) {
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL),
                          by_text = g_hash_table_new(NULL, NULL);
    for (unsigned p = 0; p < v->s->n_points; p++) {
        if (!g_hash_table_add(seen, (void *)v->series[p])) continue;
        const char *text = held(v, n, v->series[p]);
        if (!text) {
            add_end(v, n, v->series[p], true);
            add_end(v, n, v->series[p], false);
            continue;
        }
        ScenarioChoice *c = g_hash_table_lookup(by_text, text);
        if (!c) {
            c = add_choice(v, n, text, "", kind_at(n, text, true));
            g_hash_table_insert(by_text, (void *)text, c);
        }
        for (unsigned q = p; q < v->s->n_points; q++) c->at[q] |= v->series[q] == v->series[p];
    }
}

GPtrArray *scenario_choices(const Scenario *s) {
    const Section *head = scenario_section(s, "scenario", NULL);
    const Entry *series = head ? section_entry(head, "series") : NULL;
    g_autoptr(GPtrArray) numbers = g_ptr_array_new_with_free_func(number_free);
    g_autoptr(GHashTable) by_value = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autofree const char **of = g_new(const char *, s->n_points);
    Survey v = {s, numbers, by_value, of, g_ptr_array_new_with_free_func(choice_free)};
    for (unsigned p = 0; p < s->n_points; p++) {
        g_autofree char *name = series ? entry_value(s, series, p) : g_strdup("");
        of[p] = g_intern_string(name);
    }
    for (unsigned i = 0; i < s->sections->len; i++) {
        const Section *section = s->sections->pdata[i];
        if (section->kind == SECTION_COMPONENT || section->kind == SECTION_LINK ||
            section->kind == SECTION_SCENARIO)
            take_section(&v, section);
    }
    for (unsigned i = 0; i < numbers->len; i++) add_choices(&v, numbers->pdata[i]);
    return v.choices;
}

bool scenario_choice_has(const ScenarioChoice *c, const char *component, const char *key) {
    if (strcmp(c->row->name, key) != 0) return false;
    for (unsigned i = 0; i < c->sections->len; i++) {
        const Section *section = c->sections->pdata[i];
        bool head = section->kind == SECTION_SCENARIO;
        if (!strcmp(head ? section->head : section->name, component)) return true;
    }
    return false;
}

bool scenario_has_script(const Scenario *s) {
    for (unsigned i = 0; i < s->sections->len; i++)
        if (((const Section *)s->sections->pdata[i])->kind == SECTION_AT) return true;
    return false;
}

/* Whether the end of a link, "a.0..4", has this port of the component. */
static bool is_end(const char *text, const char *component, unsigned port) {
    unsigned first, n;
    g_autofree char *name = NULL, *end = g_strstrip(g_strdup(text));
    return ports_read(end, &name, &first, &n) && !strcmp(name, component) && port >= first &&
           port < first + n;
}

static bool is_link_from(const Scenario *s, const Section *section, const char *component,
                         unsigned port, unsigned point) {
    const Entry *link = section_entry(section, "link"), *both = section_entry(section, "both");
    if (section->kind != SECTION_LINK || !link) return false;
    g_autofree char *text = entry_value(s, link, point),
                    *two_way = both ? entry_value(s, both, point) : g_strdup("no");
    g_auto(GStrv) ends = g_strsplit(text, "->", 2);
    return g_strv_length(ends) == 2 &&
           (is_end(ends[0], component, port) ||
            (!strcmp(two_way, "yes") && is_end(ends[1], component, port)));
}

const ScenarioChoice *scenario_choice_of(const Scenario *s, const GPtrArray *choices,
                                         const char *component, int port, const char *key,
                                         unsigned point) {
    for (unsigned i = 0; i < choices->len; i++) {
        const ScenarioChoice *c = choices->pdata[i];
        if (!c->at[point] || strcmp(c->row->name, key) != 0) continue;
        if (port < 0 && scenario_choice_has(c, component, key)) return c;
        for (unsigned k = 0; port >= 0 && k < c->sections->len; k++)
            if (is_link_from(s, c->sections->pdata[k], component, (unsigned)port, point)) return c;
    }
    return NULL;
}
