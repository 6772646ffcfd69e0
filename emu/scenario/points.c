/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The points of a study: what a parameter is at each, and which there are. */
#include <math.h>
#include <string.h>

#include "emu/scenario/metric.h"
#include "emu/scenario/private.h"

/* Parameters by name ----------------------------------------------------------------------- */

/* A key of a section, and what is written for it, if anything is. */
typedef struct {
    const Section *section;
    const Param *row;
    const Entry *entry;
    const char *text; /* of a name of [let] that does not iterate; else NULL */
} Parameter;

/* The one that iterates, or that is set; none if there are several. */
static bool key_alone(const Scenario *s, const char *key, bool iterates, Parameter *found) {
    unsigned n = 0;
    for (unsigned i = 0; i < s->sections->len; i++) {
        const Section *section = s->sections->pdata[i];
        if (section->kind != SECTION_COMPONENT && section->kind != SECTION_LINK) continue;
        const Entry *entry = section_entry(section, key);
        if (!entry || entry->follows || (iterates && !entry->axes->len)) continue;
        *found = (Parameter){section, param_find(section_table(section), key), entry, NULL};
        n++;
    }
    return n == 1;
}

static bool find_let(const Scenario *s, const char *name, Parameter *found) {
    static const Param row = {.name = "value", .type = PARAM_TYPE_TEXT};
    const Section *section = scenario_section(s, "let", NULL);
    *found = (Parameter){section, &row, section ? section_entry(section, name) : NULL,
                         g_hash_table_lookup(s->let, name)};
    return found->text != NULL;
}

static bool find_parameter(const Scenario *s, const char *name, Parameter *found) {
    const char *dot = strchr(name, '.'), *key = dot ? dot + 1 : name;
    g_autofree char *component = dot ? g_strndup(name, (size_t)(dot - name)) : NULL;
    const Section *section = NULL;
    if (!g_strcmp0(component, "let")) return find_let(s, key, found);
    if (component) {
        section = scenario_component(s, component);
        /* A link may have a component's name; keys that both have are the component's. */
        if (!section || !param_find(section_table(section), key)) {
            const Section *link = scenario_section(s, "link", component);
            if (link) section = link;
        }
        if (!section) section = scenario_section(s, component, NULL); /* scenario.KEY */
    } else if (!strcmp(name, "series")) {
        section = scenario_section(s, "scenario", NULL);
        if (section && !section_entry(section, name)) return false;
    } else {
        return key_alone(s, name, true, found) || find_let(s, name, found) ||
               key_alone(s, name, false, found);
    }
    *found = (Parameter){section, section ? param_find(section_table(section), key) : NULL,
                         section ? section_entry(section, key) : NULL, NULL};
    return found->row != NULL;
}

static char *text_at(const Scenario *s, unsigned point, const Parameter *p) {
    if (p->entry) return entry_value(s, p->entry, point);
    return g_strdup(p->text ? p->text : p->row->def);
}

bool scenario_value(const Scenario *s, unsigned point, const char *name, double *number) {
    Parameter p;
    if (!find_parameter(s, name, &p)) return false;
    g_autofree char *text = text_at(s, point, &p);
    *number = param_number_of(p.row, text);
    return true;
}

bool scenario_tells(const Scenario *s, const char *name, unsigned *parameter, GError **error) {
    Parameter p = {0};
    bool known = find_parameter(s, name, &p);
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (*parameter = 0; *parameter < s->columns->len; ++*parameter) {
        const Column *column = &g_array_index(s->columns, Column, *parameter);
        if (!strcmp(column->name, name) || (p.entry && column->entry == p.entry)) return true;
        g_ptr_array_add(names, (char *)column->name);
    }
    if (known) return true;
    g_ptr_array_add(names, NULL);
    const char *near = param_nearest(name, (const char *const *)names->pdata);
    return input_error(error, "found %s, expected series or COMPONENT.KEY, of what iterates%s%s",
                       name, near ? "; the nearest is " : "", near ? near : "");
}

/* That there is a series of that name, if there is more than the one of a single point. */
static bool check_series(const Scenario *s, const Entry *entry, const char *name, GError **error) {
    if (!entry->axes->len) return true;
    const Axis *axis = s->axes->pdata[GPOINTER_TO_UINT(entry->axes->pdata[0]) - 1];
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (unsigned i = 0; i < axis->values->len; i++) {
        char *one = axis->values->pdata[i];
        if (!strcmp(one, name)) return true;
        if (!i || strcmp(one, axis->values->pdata[i - 1]) != 0) g_ptr_array_add(names, one);
    }
    g_ptr_array_add(names, NULL);
    const char *near = param_nearest(name, (const char *const *)names->pdata);
    g_autofree char *list = g_strjoinv("\", \"", (char **)names->pdata);
    return input_error(error, "found the unknown series \"%s\", expected \"%s\"%s%s%s", name, list,
                       near ? "; the nearest is \"" : "", near ? near : "", near ? "\"" : "");
}

static double sign_of(double difference) {
    return difference > 0 ? 1 : difference < 0 ? -1 : 0;
}

bool scenario_compare(const Scenario *s, unsigned point, const char *name, const char *text,
                      double *order, GError **error) {
    Parameter p;
    ParamValue here, there;
    g_autoptr(GError) cause = NULL;
    if (!find_parameter(s, name, &p)) return false;
    if (!strcmp(name, "series") && !check_series(s, p.entry, text, error)) return false;
    *order = NAN;
    const char *directory = p.entry ? p.entry->directory : NULL;
    g_autofree char *written = text_at(s, point, &p);
    if (!param_read(p.row, &here, written, directory, NULL)) return true;
    char *end;
    double number = param_number(p.row, &here), other = g_ascii_strtod(text, &end);
    /* Beside words 0 is none of the numbers, and the row says what it is written as. */
    bool plain = !*end && end != text && (other != 0 || !p.row->words), ok = true;
    if (plain && !isnan(number)) {
        *order = sign_of(number - other);
    } else if (param_read(p.row, &there, text, directory, &cause)) {
        g_autofree char *a = param_spell(p.row, &here), *b = param_spell(p.row, &there);
        other = param_number(p.row, &there);
        *order = !strcmp(a, b) ? 0 : isnan(number - other) ? NAN : sign_of(number - other);
        param_value_clear(p.row, &there);
    } else {
        ok = input_error(error, "%s: %s", name, cause->message);
    }
    param_value_clear(p.row, &here);
    return ok;
}

/* What tells them apart ------------------------------------------------------------------- */

/* What tells the runs of a study apart: what iterates, and what the command line has fixed, or, of
 * a study that was read back, what `names` says. */
void scenario_set_parameters(Scenario *s, const char *const *names) {
    g_array_set_size(s->columns, 0);
    for (unsigned i = 0; i < s->sections->len; i++) {
        const Section *section = s->sections->pdata[i];
        bool head = section->kind == SECTION_SCENARIO, let = section->kind == SECTION_LET;
        if (section->kind != SECTION_COMPONENT && section->kind != SECTION_LINK &&
            section->kind != SECTION_AT && !head && !let)
            continue;
        for (unsigned k = 0; k < section->entries->len; k++) {
            const Entry *entry = section->entries->pdata[k];
            const Param *row = head ? param_find(scenario_params, entry->key) : NULL;
            bool series = head && !strcmp(entry->key, "series");
            if (entry->follows || (head && !series && !row->scenario_wide)) continue;
            g_autofree char *name =
                series ? g_strdup(entry->key)
                       : g_strdup_printf("%s.%s", head || let ? section->head : section->name,
                                         entry->key);
            if (names ? !g_strv_contains(names, name) : !entry->axes->len && entry->line) continue;
            Column column = {section, entry, g_intern_string(name)};
            g_array_append_val(s->columns, column);
        }
    }
}

unsigned scenario_n_parameters(const Scenario *s) {
    return s->columns->len;
}

ScenarioParameter scenario_parameter(const Scenario *s, unsigned point, unsigned n) {
    const Column *column = &g_array_index(s->columns, Column, n);
    g_autofree char *value = entry_value(s, column->entry, point);
    const char *written = g_hash_table_lookup(s->spelling, value);
    return (ScenarioParameter){column->name, g_intern_string(written ? written : value)};
}

char *scenario_parameter_path(const Scenario *s, unsigned point, unsigned n) {
    const Column *column = &g_array_index(s->columns, Column, n);
    const Param *row = param_find(section_table(column->section), column->entry->key);
    if (!row || row->type != PARAM_TYPE_FILE) return NULL;
    g_autofree char *value = entry_value(s, column->entry, point);
    g_autofree char *directory = g_canonicalize_filename(column->entry->directory, NULL);
    return g_path_is_absolute(value) ? g_strdup(value) : g_build_filename(directory, value, NULL);
}

void scenario_spell(Scenario *s, const char *path, const char *written) {
    g_hash_table_insert(s->spelling, g_strdup(path), g_strdup(written));
}

/* How many points the chosen parameters tell apart. */
static unsigned n_distinct(const Scenario *s, const bool *chosen) {
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (unsigned point = 0; point < scenario_n_points(s); point++) {
        GString *key = g_string_new(NULL);
        for (unsigned i = 0; i < scenario_n_parameters(s); i++)
            if (chosen[i])
                g_string_append_printf(key, "%s\n", scenario_parameter(s, point, i).value);
        g_hash_table_add(seen, g_string_free(key, FALSE));
    }
    return g_hash_table_size(seen);
}

void scenario_telling(const Scenario *s, bool *chosen) {
    unsigned n = scenario_n_parameters(s);
    g_autofree bool *given = g_memdup2(chosen, n * sizeof *chosen);
    for (unsigned i = 0; i < n; i++) chosen[i] = true;
    unsigned distinct = n_distinct(s, chosen);
    for (unsigned i = n; i-- > 0;) {
        if (given[i]) continue;
        chosen[i] = false;
        chosen[i] = n_distinct(s, chosen) < distinct;
    }
}

/* Which there are -------------------------------------------------------------------------- */

static void condition_free(void *data) {
    Condition *c = data;
    g_free(c->series);
    g_free(c->text);
    g_free(c->place);
    g_free(c);
}

void scenario_add_condition(Scenario *s, const char *series, const Section *section,
                            const Entry *entry) {
    Condition *c = g_new0(Condition, 1);
    *c = (Condition){g_strdup(series), g_strdup(entry->value), entry_place(section, entry)};
    g_ptr_array_set_free_func(s->conditions, condition_free);
    g_ptr_array_add(s->conditions, c);
}

typedef struct {
    MetricRuns base;
    const Scenario *scenario;
    bool tells; /* a name of what iterates, or is fixed by --set, has been looked up */
} PointRuns;

static bool lookup(const void *data, unsigned point, const char *name, double *value) {
    PointRuns *runs = (PointRuns *)data; /* what it notes cannot be seen from outside */
    Parameter p;
    if (!find_parameter(runs->scenario, name, &p)) return false;
    runs->tells |= p.entry && (p.entry->axes->len || !p.entry->line);
    return scenario_value(runs->scenario, point, name, value);
}

static bool compare(const void *data, unsigned point, const char *name, const char *text,
                    double *order, GError **error) {
    return scenario_compare(((const PointRuns *)data)->scenario, point, name, text, order, error);
}

/* What iterates, for messages: with its component, and, if `alone`, behind that without. */
static GPtrArray *axis_names(const Scenario *s, bool alone) {
    GPtrArray *names = g_ptr_array_new();
    for (unsigned i = 0; i < (alone ? 2 : 1) * s->columns->len; i++) {
        const Column *column = &g_array_index(s->columns, Column, i % s->columns->len);
        const char *dot = strchr(column->name, '.');
        if (column->section->kind == SECTION_AT || (i >= s->columns->len && !dot)) continue;
        g_ptr_array_add(names, (char *)(i < s->columns->len ? column->name : dot + 1));
    }
    g_ptr_array_add(names, NULL);
    return names;
}

static bool is_of(const Scenario *s, const Condition *c, unsigned point) {
    double order = 0;
    return !c->series || (scenario_compare(s, point, "series", c->series, &order, NULL) && !order);
}

/* Clear `keep` of what a condition drops. */
static bool apply(const Scenario *s, const Condition *c, PointRuns *runs, bool *keep,
                  GError **error) {
    unsigned of = 0, left = 0;
    g_autoptr(GError) cause = NULL;
    runs->tells = false;
    for (unsigned point = 0; point < s->n_points; point++) {
        double value;
        if (!is_of(s, c, point)) continue;
        if (!metric_evaluate_run(c->text, &runs->base, point, &value, &cause))
            return input_error(error, "%s: %s", c->place, cause->message);
        bool stays = value != 0 && !isnan(value);
        of++;
        left += stays;
        keep[point] &= stays;
    }
    if (of && !runs->tells) {
        g_autoptr(GPtrArray) names = axis_names(s, false);
        g_autofree char *list = g_strjoinv(", ", (char **)names->pdata);
        return input_error(error, "%s: found \"%s\", expected a name of what iterates: %s",
                           c->place, c->text, *list ? list : "nothing does here");
    }
    return left || !of ||
           input_error(error, "%s: found \"%s\", which holds at none of %u points", c->place,
                       c->text, of);
}

bool scenario_keep_points(Scenario *s, GError **error) {
    const Section *head = scenario_section(s, "scenario", NULL);
    const Entry *where = head ? section_entry(head, "where") : NULL;
    if (where) scenario_add_condition(s, NULL, head, where);
    if (!s->conditions->len) return true;
    g_autoptr(GPtrArray) names = axis_names(s, true);
    g_autofree bool *keep = g_new(bool, s->n_points);
    unsigned n = 0;
    PointRuns runs = {.base = {.n_runs = s->n_points,
                               .lookup = lookup,
                               .compare = compare,
                               .names = (const char *const *)names->pdata},
                      .scenario = s};
    runs.base.runs = &runs;
    memset(keep, true, s->n_points);
    for (unsigned i = 0; i < s->conditions->len; i++)
        if (!apply(s, s->conditions->pdata[i], &runs, keep, error)) return false;
    s->kept = g_new(unsigned, s->n_points);
    for (unsigned point = 0; point < s->n_points; point++)
        if (keep[point]) s->kept[n++] = point;
    s->n_dropped = s->n_points - n;
    s->n_points = n;
    const Condition *first = s->conditions->pdata[0];
    return n || input_error(error, "%s: found no point at which all where hold", first->place);
}

char *scenario_where(const Scenario *s) {
    if (!s->n_dropped) return NULL;
    GString *all = g_string_new(NULL);
    for (unsigned i = 0; i < s->conditions->len; i++) {
        const Condition *c = s->conditions->pdata[i];
        g_string_append(all, i ? " and " : "");
        if (c->series) g_string_append_printf(all, "(series != \"%s\" or ", c->series);
        g_string_append_printf(all, "(%s)%s", c->text, c->series ? ")" : "");
    }
    return g_string_free(all, FALSE);
}

unsigned scenario_n_equal(const Scenario *s) {
    if (s->n_points == 1) return 0;
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (unsigned point = 0; point < s->n_points; point++)
        g_hash_table_add(seen, scenario_identity(s, point));
    return s->n_points - g_hash_table_size(seen);
}
