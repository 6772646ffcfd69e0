/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Loading a scenario, checking it, and building its networks. */
#include "emu/scenario/scenario.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "emu/scenario/private.h"
#include "emu/scenario/script.h"

/* Checks ---------------------------------------------------------------------------------- */

static bool check_key(const Section *section, const Entry *entry, const Param *table,
                      GError **error) {
    if (param_find(table, entry->key)) return true;
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (const Param *row = table; row->name; row++) g_ptr_array_add(names, (char *)row->name);
    g_ptr_array_add(names, NULL);
    const char *near = param_nearest(entry->key, (const char *const *)names->pdata);
    return entry_error(error, section, entry, "found an unknown key%s%s%s",
                       near ? "; the nearest is " : "", near ? near : "",
                       near ? "" : "; see sppemu help");
}

/* Of a row of names: that each is there and of a class that will do. */
static bool check_names(const Scenario *s, const Section *section, const Entry *entry,
                        const Param *row, const ParamValue *value, GError **error) {
    if (row->type == PARAM_TYPE_LIST) {
        for (unsigned i = 0; i < value->list.n; i++)
            if (!check_names(s, section, entry, row->item, &value->list.at[i], error)) return false;
        return true;
    }
    if (row->type != PARAM_TYPE_NAME) return true;
    if (!*value->text && row->def && !*row->def) return true;
    const Section *named = scenario_component(s, value->text);
    g_auto(GStrv) classes = g_strsplit(row->choices, "|", -1);
    if (named && g_strv_contains((const char *const *)classes, named->class->name)) return true;
    const char *near =
        named ? NULL : scenario_nearest_component(s, value->text, (const char *const *)classes);
    g_autofree char *list = g_strjoinv(" or ", classes);
    return entry_error(error, section, entry,
                       "found \"%s\", expected the name of a component of class %s%s%s",
                       value->text, list, near ? "; the nearest is " : "", near ? near : "");
}

static bool check_value(const Scenario *s, const Section *section, const Entry *entry,
                        const Param *row, const char *text, GError **error) {
    ParamValue value;
    g_autoptr(GError) cause = NULL;
    if (!param_read(row, &value, text, entry->directory, &cause))
        return entry_error(error, section, entry, "%s", cause->message);
    bool ok = check_names(s, section, entry, row, &value, error);
    param_value_clear(row, &value);
    return ok;
}

static bool check_values(const Scenario *s, const Section *section, const Entry *entry,
                         const Param *row, GError **error) {
    if (!entry->axes->len) return check_value(s, section, entry, row, entry->value, error);
    for (unsigned n = 0; n < entry->axes->len; n++) {
        unsigned axis = GPOINTER_TO_UINT(entry->axes->pdata[n]) - 1;
        const Axis *a = s->axes->pdata[axis];
        for (unsigned v = 0; v < a->values->len; v++) {
            g_autofree char *value = entry_value_with(s, entry, axis, v);
            if (!check_value(s, section, entry, row, value, error)) return false;
        }
    }
    return true;
}

static bool check_at(const Scenario *s, const Section *section, GError **error) {
    for (unsigned k = 0; k < section->entries->len; k++) {
        const Entry *entry = section->entries->pdata[k];
        const Section *target = scenario_component(s, entry->key);
        if (!target) {
            const char *near = scenario_nearest_component(s, entry->key, NULL);
            return entry_error(error, section, entry, "found no component of that name%s%s",
                               near ? "; the nearest is " : "", near ? near : "");
        }
        if (!target->class->verbs)
            return entry_error(error, section, entry, "a %s takes no commands",
                               target->class->name);
    }
    return true;
}

/* A component that is named by default has to be there like any other. */
static bool check_default(const Scenario *s, const Section *section, const Param *row,
                          GError **error) {
    if (row->type != PARAM_TYPE_NAME || !*row->def || scenario_component(s, row->def)) return true;
    g_autofree char *place = section_place(section);
    return input_error(error, "%s %s: found no value and no %s, expected %s (%s)", place, row->name,
                       row->def, row->choices, row->text);
}

static bool check_section(const Scenario *s, const Section *section, GError **error) {
    const Param *table = section_table(section);
    if (section->kind == SECTION_LET) return true;
    if (!table) return check_at(s, section, error);
    for (unsigned k = 0; k < section->entries->len; k++) {
        const Entry *entry = section->entries->pdata[k];
        if (!check_key(section, entry, table, error) ||
            !check_values(s, section, entry, param_find(table, entry->key), error))
            return false;
    }
    for (const Param *row = table; row->name; row++)
        if (!row->def && !section_entry(section, row->name)) {
            g_autofree char *place = section_place(section), *type = param_type_text(row);
            return input_error(error, "%s %s: found no value, expected %s (%s)", place, row->name,
                               type, row->text);
        } else if (!section_entry(section, row->name) && !check_default(s, section, row, error)) {
            return false;
        }
    return true;
}

/* What a variant moves, in place of what is written. */
static bool fill_moves(const Scenario *s, const Section *section, void *target, unsigned point,
                       GError **error) {
    const GPtrArray *moves = scenario_moves(s, section, point);
    const char *key, *text;
    for (unsigned i = 0; moves && i < moves->len; i++)
        if (scenario_move_at(s, moves, i, point, &key, &text) &&
            !param_set(param_find(section_table(section), key), target, text, NULL, error)) {
            g_prefix_error(error, "%s = %s: ", key, text);
            return false;
        }
    return true;
}

bool section_fill(const Scenario *s, const Section *section, const Param *table, void *target,
                  unsigned point, GError **error) {
    param_set_defaults(table, target);
    for (unsigned k = 0; section && k < section->entries->len; k++) {
        const Entry *entry = section->entries->pdata[k];
        g_autofree char *value = entry_value(s, entry, point);
        g_autoptr(GError) cause = NULL;
        if (!param_set(param_find(table, entry->key), target, value, entry->directory, &cause))
            return entry_error(error, section, entry, "%s", cause->message);
    }
    return !section || fill_moves(s, section, target, point, error);
}

/* Loading --------------------------------------------------------------------------------- */

static void axis_free(void *data) {
    g_ptr_array_unref(((Axis *)data)->values);
    g_free(((Axis *)data)->with);
    g_free(data);
}

Scenario *scenario_load(const char *path, const char *const *overrides,
                        const ComponentClass *const *classes, GError **error) {
    return scenario_load_with(path, NULL, overrides, classes, error);
}

Scenario *scenario_load_with(const char *path, const char *library, const char *const *overrides,
                             const ComponentClass *const *classes, GError **error) {
    Scenario *s = g_new0(Scenario, 1);
    s->path = g_strdup(path);
    s->library = g_strdup(library);
    s->name = g_path_get_basename(path);
    if (g_str_has_suffix(s->name, ".ini")) s->name[strlen(s->name) - 4] = 0;
    s->classes = classes;
    s->sections = g_ptr_array_new();
    s->index = g_new0(SectionIndex, 1);
    s->index->of = g_hash_table_new(g_str_hash, g_str_equal);
    s->unnamed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    s->axes = g_ptr_array_new_with_free_func(axis_free);
    s->columns = g_array_new(FALSE, FALSE, sizeof(Column));
    s->conditions = g_ptr_array_new();
    s->expects = g_array_new(FALSE, FALSE, sizeof(ScenarioExpect));
    s->plots = g_array_new(FALSE, FALSE, sizeof(ScenarioPlot));
    s->glance = g_array_new(FALSE, FALSE, sizeof(ScenarioColumn));
    s->strings = g_ptr_array_new_with_free_func(g_free);
    s->spelling = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    s->file_digests = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    s->let = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    s->texts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    s->let_axes =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
    g_autoptr(GPtrArray) stack = g_ptr_array_new_with_free_func(g_free);
    bool ok = scenario_read_file(s, path, stack, error);
    for (unsigned i = 0; ok && overrides && overrides[i]; i++)
        ok = scenario_override(s, overrides[i], OVERRIDE_LET, error);
    ok = ok && scenario_expand(s, error);
    for (unsigned i = 0; ok && overrides && overrides[i]; i++)
        ok = scenario_override(s, overrides[i], OVERRIDE_WRITTEN, error);
    ok = ok && scenario_compose(s, error) && scenario_series(s, error);
    for (unsigned i = 0; ok && overrides && overrides[i]; i++)
        ok = scenario_override(s, overrides[i], OVERRIDE_ALL, error);
    if (ok) scenario_hand_down(s);
    ok = ok && scenario_find_axes(s, error);
    bool any = false;
    for (unsigned i = 0; ok && i < s->sections->len; i++) {
        const Section *section = s->sections->pdata[i];
        any |= section->kind == SECTION_COMPONENT;
        ok = check_section(s, section, error);
    }
    if (ok && !any) {
        input_error(error, "%s: found no component, expected sections such as [source traffic]",
                    path);
        ok = false;
    }
    if (ok)
        section_fill(s, scenario_section(s, "scenario", NULL), scenario_params, &s->settings, 0,
                     NULL);
    if (ok) scenario_set_parameters(s, NULL);
    ok = ok && scenario_keep_points(s, error) && scenario_read_outcome(s, error);
    if (ok) return s;
    scenario_free(s);
    return NULL;
}

void scenario_free(Scenario *s) {
    if (!s) return;
    param_clear(scenario_params, &s->settings);
    g_free((char *)s->until.scalar);
    g_ptr_array_unref(s->axes);
    g_ptr_array_unref(s->sections);
    g_hash_table_unref(s->index->of);
    g_free(s->index);
    g_hash_table_unref(s->unnamed);
    g_array_unref(s->columns);
    g_ptr_array_unref(s->conditions);
    g_free(s->kept);
    g_array_unref(s->expects);
    g_array_unref(s->plots);
    g_array_unref(s->glance);
    g_ptr_array_unref(s->strings);
    g_hash_table_unref(s->spelling);
    g_hash_table_unref(s->file_digests);
    g_hash_table_unref(s->let);
    g_hash_table_unref(s->texts);
    g_hash_table_unref(s->let_axes);
    if (s->variants) g_ptr_array_unref(s->variants);
    g_free(s->path);
    g_free(s->library);
    g_free(s->name);
    g_free(s);
}

const char *scenario_name(const Scenario *s) {
    return s->name;
}
void scenario_rename(Scenario *s, const char *name) {
    g_free(s->name);
    s->name = g_strdup(name);
}
const char *scenario_title(const Scenario *s) {
    return *s->settings.title ? s->settings.title : s->name;
}
uint64_t scenario_seed(const Scenario *s) {
    return s->settings.seed;
}
unsigned scenario_repeat(const Scenario *s) {
    return (unsigned)s->settings.repeat;
}
SimTime scenario_drain(const Scenario *s) {
    return s->settings.drain;
}
SimTime scenario_duration(const Scenario *s) {
    return s->settings.duration ? s->settings.duration : SIM_NEVER;
}
unsigned scenario_n_points(const Scenario *s) {
    return s->n_points;
}
unsigned scenario_n_dropped(const Scenario *s) {
    return s->n_dropped;
}
void scenario_each_key(const Scenario *s,
                       void (*each)(const char *section, const char *key, const Param *row,
                                    const char *value, void *user),
                       void *user) {
    g_autoptr(GList) names = g_list_sort(g_hash_table_get_keys(s->let), (GCompareFunc)strcmp);
    for (unsigned i = 0; i < s->sections->len; i++) {
        const Section *section = s->sections->pdata[i];
        bool head = section->kind == SECTION_SCENARIO;
        if (!head && section->kind != SECTION_COMPONENT && section->kind != SECTION_LINK) continue;
        for (const Param *row = section_table(section); row->name; row++) {
            const Entry *entry = section_entry(section, row->name);
            g_autofree char *value = entry ? entry_value(s, entry, 0) : g_strdup(row->def);
            each(head ? section->head : section->name, row->name, row, value ? value : "", user);
        }
    }
    for (const GList *l = names; l; l = l->next)
        each("let", l->data, NULL, g_hash_table_lookup(s->let, l->data), user);
}

char *scenario_placed(const Scenario *s, const char *component, const char *message) {
    const Section *section = scenario_component(s, component);
    if (!section) return g_strdup(message); /* the script names its own lines */
    const char *colon = strchr(message, ':');
    g_autofree char *key = colon ? g_strndup(message, (size_t)(colon - message)) : NULL;
    const Entry *entry = key ? section_entry(section, key) : NULL;
    g_autofree char *place = entry ? entry_place(section, entry) : section_place(section);
    return entry ? g_strconcat(place, colon, NULL) : g_strconcat(place, " ", message, NULL);
}

void scenario_blame(const Scenario *s, const char *component, GError **error) {
    char *full = scenario_placed(s, component, (*error)->message);
    g_free((*error)->message);
    (*error)->message = full;
}

/* Building -------------------------------------------------------------------------------- */

static bool build_component(const Scenario *s, const Section *section, Network *net, unsigned point,
                            GError **error) {
    Component *c = network_add(net, section->class, section->name);
    for (unsigned k = 0; k < section->entries->len; k++) {
        const Entry *entry = section->entries->pdata[k];
        g_autofree char *value = entry_value(s, entry, point);
        g_autoptr(GError) cause = NULL;
        if (!param_set(param_find(section_table(section), entry->key), c, value, entry->directory,
                       &cause))
            return entry_error(error, section, entry, "%s", cause->message);
    }
    if (!fill_moves(s, section, c, point, error)) return false;
    if (network_create(net, error)) return true;
    scenario_blame(s, section->name, error);
    return false;
}

/* One end of a link, and what is wrong with it. */
static bool parse_end(const Scenario *s, Network *net, const char *text, Component **c,
                      unsigned *first, unsigned *n, char **why) {
    g_autofree char *name = NULL;
    if (!ports_read(text, &name, first, n)) {
        *why =
            g_strdup_printf("found \"%s\", expected COMPONENT.PORT or COMPONENT.FIRST..LAST", text);
        return false;
    }
    if ((*c = network_find(net, name))) return true;
    const char *near = scenario_nearest_component(s, name, NULL);
    *why = g_strdup_printf("found no component \"%s\"%s%s", name, near ? "; the nearest is " : "",
                           near ? near : "");
    return false;
}

/* What the classes of its ends say of their links; the longer. */
static uint32_t usual_mtu(const Component *a, const Component *b) {
    uint32_t most = MAX(a->class->link_mtu, b->class->link_mtu);
    return most ? most : LINK_MTU_BYTES;
}

static LinkSpeed link_speed(const LinkSettings *l, uint32_t mtu) {
    LinkSpeed speed = {
        .delay = l->delay, .mtu = l->mtu ? (uint32_t)l->mtu : mtu, .queue = (uint32_t)l->queue};
    if (l->rate.per_second > 0)
        speed.ps_per_byte_q16 = (uint64_t)(8e12 / l->rate.per_second * 65536.0 + 0.5);
    return speed;
}

static bool build_link(const Scenario *s, const Section *section, Network *net, unsigned point,
                       GError **error) {
    LinkSettings l = {0};
    const Param *table = section_table(section);
    if (!section_fill(s, section, table, &l, point, error)) {
        param_clear(table, &l);
        return false;
    }
    g_auto(GStrv) ends = g_strsplit(l.link, "->", -1);
    Component *from, *to;
    unsigned first_from, first_to, n, m;
    g_autofree char *why = NULL;
    g_autoptr(GError) cause = NULL;
    const Entry *entry = section_entry(section, "link");
    bool ok = false;
    if (g_strv_length(ends) != 2)
        entry_error(error, section, entry, "found \"%s\", expected A.0 -> B.0", l.link);
    else if (!parse_end(s, net, g_strstrip(ends[0]), &from, &first_from, &n, &why) ||
             !parse_end(s, net, g_strstrip(ends[1]), &to, &first_to, &m, &why))
        entry_error(error, section, entry, "%s", why);
    else if (n != m)
        entry_error(error, section, entry, "found %u ports on the left and %u on the right", n, m);
    else {
        LinkSpeed speed = link_speed(&l, usual_mtu(from, to));
        ok = true;
        for (unsigned i = 0; ok && i < n; i++)
            ok = network_link(from, first_from + i, to, first_to + i, speed, &cause) &&
                 (!l.both || network_link(to, first_to + i, from, first_from + i, speed, &cause));
        if (!ok) entry_error(error, section, entry, "%s", cause->message);
    }
    param_clear(table, &l);
    return ok;
}

Network *scenario_build(const Scenario *s, unsigned point, const NetworkOptions *options,
                        GError **error) {
    Network *net = network_new(options);
    bool ok = true;
    for (unsigned i = 0; ok && i < s->sections->len; i++) {
        const Section *section = s->sections->pdata[i];
        if (section->kind == SECTION_COMPONENT) ok = build_component(s, section, net, point, error);
    }
    for (unsigned i = 0; ok && i < s->sections->len; i++) {
        const Section *section = s->sections->pdata[i];
        if (section->kind == SECTION_LINK) ok = build_link(s, section, net, point, error);
    }
    Component *script = NULL;
    for (unsigned i = 0; ok && i < s->sections->len; i++) {
        const Section *section = s->sections->pdata[i];
        if (section->kind != SECTION_AT) continue;
        if (!script) {
            script = network_add(net, &script_class, SCRIPT_NAME);
            network_create(net, NULL);
        }
        for (unsigned k = 0; k < section->entries->len; k++) {
            const Entry *entry = section->entries->pdata[k];
            g_autofree char *where = g_strdup_printf("%s:%u: [at %s] %s", entry->file, entry->line,
                                                     section->name, entry->key);
            g_autofree char *said = entry_value(s, entry, point);
            script_add(script, section->at, section_tag(section), network_find(net, entry->key),
                       said, where);
        }
    }
    if (ok) return net;
    network_free(net);
    return NULL;
}
