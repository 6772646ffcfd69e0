/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * [series NAME]: the parts of a study, each with its own product of axes, made one axis. */
#include <string.h>

#include "emu/scenario/private.h"

char *iteration_text(const char *head, const GPtrArray *values) {
    GString *out = g_string_new(head);
    for (unsigned i = 0; i < values->len; i++) {
        const char *value = values->pdata[i];
        bool plain = !strpbrk(value, ",\"") && !strstr(value, "..") && *value;
        g_string_append_printf(out, "%s%s%s%s", i ? ", " : "", plain ? "" : "\"", value,
                               plain ? "" : "\"");
    }
    g_string_append_c(out, '}');
    return g_string_free(out, FALSE);
}

/* One ${...} of one value of a series. */
typedef struct {
    const Entry *entry;
    char *with;
    GPtrArray *values;
    unsigned digit; /* at the point that is being written */
} SeriesAxis;

static void series_axis_free(void *data) {
    SeriesAxis *axis = data;
    g_free(axis->with);
    g_ptr_array_unref(axis->values);
    g_free(axis);
}

/* A key that series set, and its value at every point of all series. */
typedef struct {
    const char *name; /* "traffic.rate" */
    Section *section;
    const char *key;    /* within name */
    const Entry *first; /* where it is set first */
    const Section *in;
    GPtrArray *values;
} SeriesKey;

static void series_key_free(void *data) {
    g_ptr_array_unref(((SeriesKey *)data)->values);
    g_free(data);
}

static bool series_axes(const Section *series, GPtrArray *axes, unsigned *n_points,
                        GError **error) {
    uint64_t points = 1;
    for (unsigned k = 0; k < series->entries->len; k++) {
        const Entry *entry = series->entries->pdata[k];
        for (const char *at = entry->value; (at = strstr(at, "${"));) {
            const char *end = strchr(at, '}');
            if (!end) return entry_error(error, series, entry, "found ${ without }");
            g_autofree char *inside = g_strndup(at + 2, (size_t)(end - at - 2));
            SeriesAxis *axis = g_new0(SeriesAxis, 1);
            axis->entry = entry;
            axis->values = g_ptr_array_new_with_free_func(g_free);
            g_ptr_array_add(axes, axis);
            if (!iteration_values(inside, series, entry, &axis->with, axis->values, error))
                return false;
            if (!axis->with) points *= axis->values->len;
            if (points > SCENARIO_MAX_POINTS)
                return entry_error(error, series, entry, "found a series of more than %u points",
                                   SCENARIO_MAX_POINTS);
            at = end;
        }
    }
    *n_points = (unsigned)points;
    return true;
}

/* Every axis at its value of point n, the last one fastest. */
static bool set_digits(const Section *series, const GPtrArray *axes, unsigned n, GError **error) {
    for (unsigned i = axes->len; i-- > 0;) {
        SeriesAxis *axis = axes->pdata[i];
        if (axis->with) continue;
        axis->digit = n % axis->values->len;
        n /= axis->values->len;
    }
    for (unsigned i = 0; i < axes->len; i++) {
        SeriesAxis *axis = axes->pdata[i], *master = NULL;
        if (!axis->with) continue;
        for (unsigned k = 0; k < axes->len && !master; k++) {
            SeriesAxis *one = axes->pdata[k];
            if (!one->with && !strcmp(one->entry->key, axis->with)) master = one;
        }
        if (!master || master->values->len != axis->values->len)
            return entry_error(error, series, axis->entry,
                               "found \"with %s\", expected a key of the series that has %u values",
                               axis->with, axis->values->len);
        axis->digit = master->digit;
    }
    return true;
}

static char *series_value(const Entry *entry, const GPtrArray *axes) {
    GString *out = g_string_new(NULL);
    const char *at = entry->value, *start;
    for (unsigned i = 0; i < axes->len; i++) {
        const SeriesAxis *axis = axes->pdata[i];
        if (axis->entry != entry) continue;
        start = strstr(at, "${");
        g_string_append_len(out, at, start - at);
        g_string_append(out, axis->values->pdata[axis->digit]);
        at = strchr(start, '}') + 1;
    }
    g_string_append(out, at);
    return g_string_free(out, FALSE);
}

static Section *section_of_key(const Scenario *s, const char *name, const char **key) {
    const char *dot = strchr(name, '.');
    if (!dot) return NULL;
    *key = dot + 1;
    g_autofree char *section = g_strndup(name, (size_t)(dot - name));
    for (unsigned i = 0; i < s->sections->len; i++) {
        Section *one = s->sections->pdata[i];
        if ((one->kind == SECTION_COMPONENT || one->kind == SECTION_LINK) &&
            !strcmp(one->name, section))
            return one;
    }
    return NULL;
}

/* The keys that series set, in the order in which they are first set. */
static bool series_keys(const Scenario *s, const GPtrArray *all, GPtrArray *keys, GError **error) {
    for (unsigned i = 0; i < all->len; i++) {
        const Section *series = all->pdata[i];
        for (unsigned k = 0; k < series->entries->len; k++) {
            const Entry *entry = series->entries->pdata[k], *own;
            bool known = !strcmp(entry->key, "where");
            for (unsigned n = 0; n < keys->len; n++)
                known |= !strcmp(((SeriesKey *)keys->pdata[n])->name, entry->key);
            if (known) continue;
            const char *key = NULL;
            Section *section = section_of_key(s, entry->key, &key);
            if (!section)
                return entry_error(error, series, entry,
                                   "found no component or link of that name, expected "
                                   "COMPONENT.KEY");
            own = section_entry(section, key);
            if (own && strstr(own->value, "${"))
                return entry_error(error, series, entry,
                                   "found a key that iterates by itself, at %s:%u", own->file,
                                   own->line);
            const Param *row = param_find(section_table(section), key);
            if (!own && (!row || !row->def))
                return entry_error(error, series, entry, "found an unknown key of [%s %s]",
                                   section->head, section->name);
            SeriesKey *one = g_new0(SeriesKey, 1);
            *one = (SeriesKey){entry->key, section, key,
                               entry,      series,  g_ptr_array_new_with_free_func(g_free)};
            g_ptr_array_add(keys, one);
        }
    }
    return true;
}

/* What the section says of a key that a series leaves alone, or its default. */
static const char *outside(const SeriesKey *k) {
    const Entry *own = section_entry(k->section, k->key);
    return own ? own->value : param_find(section_table(k->section), k->key)->def;
}

/* What will be read again when it is the component's: here its place is known. */
static bool check_series_value(const Section *series, const Entry *entry, const SeriesKey *k,
                               const char *text, GError **error) {
    const Param *row = param_find(section_table(k->section), k->key);
    ParamValue value;
    g_autoptr(GError) cause = NULL;
    if (!param_read(row, &value, text, entry->directory, &cause))
        return entry_error(error, series, entry, "%s", cause->message);
    param_value_clear(row, &value);
    return true;
}

static bool write_series(const Section *series, GPtrArray *keys, GPtrArray *names, GError **error) {
    g_autoptr(GPtrArray) axes = g_ptr_array_new_with_free_func(series_axis_free);
    unsigned n_points = 0;
    if (!series_axes(series, axes, &n_points, error)) return false;
    for (unsigned p = 0; p < n_points; p++) {
        if (!set_digits(series, axes, p, error)) return false;
        g_ptr_array_add(names, series->name);
        for (unsigned i = 0; i < keys->len; i++) {
            SeriesKey *k = keys->pdata[i];
            const Entry *entry = section_entry(series, k->name);
            char *value = entry ? series_value(entry, axes) : g_strdup(outside(k));
            g_ptr_array_add(k->values, value);
            if (entry && !check_series_value(series, entry, k, value, error)) return false;
        }
    }
    return true;
}

/* A study of several series is one axis, scenario.series, and what each of them sets follows it. */
bool scenario_series(Scenario *s, GError **error) {
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(section_free),
                         keys = g_ptr_array_new_with_free_func(series_key_free),
                         names = g_ptr_array_new();
    for (unsigned i = 0; i < s->sections->len;) {
        Section *section = s->sections->pdata[i];
        if (section->kind == SECTION_SERIES)
            g_ptr_array_add(all, g_ptr_array_steal_index(s->sections, i));
        else
            i++;
    }
    if (!all->len) return true;
    scenario_sections_changed(s);
    if (!series_keys(s, all, keys, error)) return false;
    for (unsigned i = 0; i < all->len; i++) {
        const Section *series = all->pdata[i];
        const Entry *where = section_entry(series, "where");
        if (where) scenario_add_condition(s, series->name, series, where);
        if (!write_series(series, keys, names, error)) return false;
    }
    for (unsigned i = 0; i < keys->len; i++) {
        const SeriesKey *k = keys->pdata[i];
        for (unsigned v = 0; v < k->values->len; v++)
            if (strpbrk(k->values->pdata[v], "\"}"))
                return entry_error(error, k->in, k->first,
                                   "found \"%s\", expected a value without "
                                   "\" and }",
                                   (char *)k->values->pdata[v]);
        g_autofree char *list = iteration_text("${with scenario.series: ", k->values);
        section_place_value(k->section, k->key, list, k->first->file, k->first->line);
    }
    const Section *first = all->pdata[0];
    g_autofree char *list = iteration_text("${", names);
    Section *head = scenario_head(s);
    section_place_value(head, "series", list, first->file, first->line);
    guint at; /* the axis of all series is the first */
    if (g_ptr_array_find(s->sections, head, &at))
        g_ptr_array_insert(s->sections, 0, g_ptr_array_steal_index(s->sections, at));
    return true;
}
