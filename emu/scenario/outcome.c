/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a scenario says of its results: claims, plots, the columns at a glance; how often a point is
 * repeated, and where the scenario is listed. */
#include <stdio.h>
#include <string.h>

#include "emu/scenario/metric.h"
#include "emu/scenario/private.h"

/* The struct's texts are the scenario's own from now on; an empty one is none. */
static void keep_texts(Scenario *s, const Param *table, void *target) {
    for (const Param *row = table; row->name; row++) {
        char **text = (char **)(void *)((char *)target + row->offset);
        g_ptr_array_add(s->strings, *text);
        if (!**text) *text = NULL;
    }
}

static const char *keep_place(Scenario *s, const Section *section, const char *key) {
    const Entry *e = section_entry(section, key);
    char *place = e && e->line ? g_strdup_printf("%s:%u", e->file, e->line)
                               : g_strdup_printf("%s:%u", section->file, section->line);
    g_ptr_array_add(s->strings, place);
    return place;
}

static bool add_expect(Scenario *s, const Section *section, GError **error) {
    ScenarioExpect e = {.id = section->name, .where = keep_place(s, section, "metric")};
    g_autoptr(GError) cause = NULL;
    section_fill(s, section, section_table(section), &e, 0, NULL);
    keep_texts(s, section_table(section), &e);
    g_array_append_val(s->expects, e);
    return metric_check(e.metric, true, &cause) ||
           entry_error(error, section, section_entry(section, "metric"), "%s", cause->message);
}

static bool add_plot(Scenario *s, const Section *section, GError **error) {
    static const char *const expressions[] = {"x", "y", "where"};
    ScenarioPlot p = {.name = section->name, .where = keep_place(s, section, "y")};
    section_fill(s, section, section_table(section), &p, 0, NULL);
    keep_texts(s, section_table(section), &p);
    g_array_append_val(s->plots, p);
    for (unsigned i = 0; i < G_N_ELEMENTS(expressions); i++) {
        const Entry *entry = section_entry(section, expressions[i]);
        g_auto(GStrv) several = plot_expressions(entry);
        g_autoptr(GError) cause = NULL;
        for (unsigned k = 0; several[k]; k++)
            if (!metric_check(several[k], false, &cause))
                return entry_error(error, section, entry, "%s", cause->message);
    }
    if (p.series || (p.x && p.y)) return true;
    g_autofree char *place = section_place(section);
    return input_error(error, "%s: found neither x and y nor series", place);
}

static bool expects_and_plots(Scenario *s, GError **error) {
    for (unsigned i = 0; i < s->sections->len; i++) {
        const Section *section = s->sections->pdata[i];
        if ((section->kind == SECTION_EXPECT && !add_expect(s, section, error)) ||
            (section->kind == SECTION_PLOT && !add_plot(s, section, error)))
            return false;
    }
    return true;
}

GStrv plot_expressions(const Entry *entry) {
    return g_strsplit(entry ? entry->value : "", entry && !strcmp(entry->key, "y") ? ";" : "\n",
                      -1);
}

/* "ci 2% of sink.latency_mean_us, at most 40" */
static bool read_until(Scenario *s, GError **error) {
    const Section *section = scenario_section(s, "scenario", NULL);
    const Entry *entry = section ? section_entry(section, "until") : NULL;
    if (!entry) return true;
    char share[32], scalar[256], most[16], rest;
    bool percent = false;
    guint64 at_most = 0;
    char *end = NULL;
    if (sscanf(entry->value, "ci %31s of %255[^, ] , at most %15s %c", share, scalar, most,
               &rest) == 3) {
        s->until.share = g_ascii_strtod(share, &end);
        percent = end != share && *end == '%';
        if (percent) s->until.share /= 100;
    }
    if (!end || end == share || end[percent] || !(s->until.share > 0 && s->until.share < 1) ||
        !g_ascii_string_to_unsigned(most, 10, SCENARIO_LEAST_REPEAT, SCENARIO_MAX_REPEAT, &at_most,
                                    NULL))
        return entry_error(
            error, section, entry,
            "found \"%s\", expected ci SHARE of SCALAR, at most N, such as ci 2%% of "
            "sink.latency_mean_us, at most 40, with N from %u to %u",
            entry->value, SCENARIO_LEAST_REPEAT, SCENARIO_MAX_REPEAT);
    const Entry *repeat = section_entry(section, "repeat");
    if (repeat)
        return entry_error(error, section, repeat,
                           "found it beside until, which decides the repetitions; expected one of "
                           "the two");
    s->until.scalar = g_strdup(scalar);
    s->until.at_most = (unsigned)at_most;
    return true;
}

/* GROUP, TIME */
static bool read_listed(Scenario *s, GError **error) {
    static const Param group = {.type = PARAM_TYPE_ENUM, .choices = SCENARIO_GROUPS},
                       time = {.type = PARAM_TYPE_TIME, .min = "1s", .max = "86400s"};
    const Section *section = scenario_section(s, "scenario", NULL);
    const Entry *entry = section ? section_entry(section, "listed") : NULL;
    if (!entry) return true;
    g_auto(GStrv) words = g_strsplit(entry->value, ",", 2);
    g_autoptr(GError) cause = NULL;
    if (!words[1])
        return entry_error(error, section, entry, "found \"%s\", expected GROUP, TIME",
                           entry->value);
    if (!param_set(&group, &s->group, g_strstrip(words[0]), NULL, &cause) ||
        !param_set(&time, &s->takes, g_strstrip(words[1]), NULL, &cause))
        return entry_error(error, section, entry, "%s", cause->message);
    return *s->settings.title || entry_error(error, section, entry, "found no title beside it");
}

/* NAME as "LABEL", NAME, ... */
static bool read_glance(Scenario *s, GError **error) {
    const Section *section = scenario_section(s, "scenario", NULL);
    const Entry *entry = section ? section_entry(section, "columns") : NULL;
    g_auto(GStrv) items = g_strsplit(entry ? entry->value : "", ",", -1);
    for (unsigned i = 0; items[i]; i++) {
        char *name = g_strstrip(items[i]), *as = strstr(name, " as "), *label = NULL;
        if (as) {
            *as = 0;
            label = g_strstrip(as + 4);
            size_t n = strlen(label);
            if (n < 3 || *label != '"' || label[n - 1] != '"')
                return entry_error(error, section, entry,
                                   "found \"as %s\", expected NAME as \"LABEL\"", label);
            label[n - 1] = 0;
            label++;
        }
        if (!*g_strchomp(name) || strchr(name, ' ') || !strchr(name, '.'))
            return entry_error(error, section, entry,
                               "found \"%s\", expected COMPONENT.SCALAR or COMPONENT.SCALAR as "
                               "\"LABEL\"",
                               name);
        ScenarioColumn column = {g_intern_string(name), label ? g_intern_string(label) : NULL};
        g_array_append_val(s->glance, column);
    }
    return true;
}

bool scenario_read_outcome(Scenario *s, GError **error) {
    return read_until(s, error) && read_listed(s, error) && read_glance(s, error) &&
           expects_and_plots(s, error);
}

unsigned scenario_n_columns(const Scenario *s) {
    return s->glance->len;
}
const ScenarioColumn *scenario_column(const Scenario *s, unsigned n) {
    return &g_array_index(s->glance, ScenarioColumn, n);
}
bool scenario_listed(const Scenario *s, unsigned *group, SimTime *takes) {
    *group = (unsigned)s->group;
    *takes = s->takes;
    return s->takes != 0;
}
const ScenarioUntil *scenario_until(const Scenario *s) {
    return s->until.scalar ? &s->until : NULL;
}
unsigned scenario_n_expects(const Scenario *s) {
    return s->expects->len;
}
const ScenarioExpect *scenario_expect(const Scenario *s, unsigned n) {
    return &g_array_index(s->expects, ScenarioExpect, n);
}
unsigned scenario_n_plots(const Scenario *s) {
    return s->plots->len;
}
const ScenarioPlot *scenario_plot(const Scenario *s, unsigned n) {
    return &g_array_index(s->plots, ScenarioPlot, n);
}
