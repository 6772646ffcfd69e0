/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Checking a scenario and building its networks. */
#include "emu/scenario/scenario.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "emu/scenario/metric.h"
#include "emu/scenario/private.h"
#include "emu/scenario/script.h"

#define SETTING "the scenario's own"

const Param scenario_params[] = {
    PARAM_TEXT("title", ScenarioSettings, title, "", "what stands above; none: the scenario's",
               SETTING),
    PARAM_TEXT("listed", ScenarioSettings, listed, "",
               "where sppemu list shows it: figures, studies, what-if or labs, and how long it "
               "takes on one core: what-if, 20s",
               SETTING),
    PARAM_TEXT("include", ScenarioSettings, include, "",
               "files to read first, from beside this one, or by the name of one that is shipped",
               SETTING),
    PARAM_WORDS("duration", TIME, ScenarioSettings, duration, "idle", "1ps", "1000000s", "idle=0",
                "end of the run; idle: when nothing is left to do", SETTING),
    PARAM_TIME("drain", ScenarioSettings, drain, "100ms", "0", "1000000s",
               "longest wait for packets after the last source", SETTING),
    PARAM_COUNT("seed", ScenarioSettings, seed, "1", "0", "18446744073709551609",
                "seed of all random streams", SETTING),
    PARAM_COUNT("repeat", ScenarioSettings, repeat, "1", "1", "10000", "repetitions of every point",
                SETTING),
    PARAM_TEXT("series", ScenarioSettings, series, "",
               "which series a point is of: made of [series NAME] sections", SETTING),
    PARAM_TEXT("where", ScenarioSettings, where, "",
               "points for which it does not hold are left out: tokens != default or rate == 100",
               SETTING),
    PARAM_TEXT("columns", ScenarioSettings, columns, "",
               "scalars to print at a glance: NAME as \"LABEL\", NAME, ...", SETTING),
    PARAM_SCENARIO_ENUM("timing", ScenarioSettings, timing, "detailed", "detailed|fast",
                        "of all components that have a timing of this kind, where they do not say "
                        "their own",
                        SETTING),
    PARAM_TEXT("until", ScenarioSettings, until, "",
               "repeat every point until: ci SHARE of SCALAR, at most N", SETTING),
    {0}};

static const Param link_params[] = {
    PARAM_TEXT("link", LinkSettings, link, NULL, "a.0 -> b.1", SETTING),
    PARAM_ROW("rate", RATE, LinkSettings, rate, "1Gbit/s", "rate; none: it takes no time", SETTING,
              .min = "1bit/s", .max = "10Tbit/s", .choices = "bits", .words = "none=0bit/s"),
    PARAM_TIME("delay", LinkSettings, delay, "0", "0", "1000s", "propagation", SETTING),
    PARAM_WORDS("mtu", SIZE, LinkSettings, mtu, "default", "1B", "64KiB", "default=0B",
                "longest IP packet, the outermost; default: 1500 bytes, 9000 at a switch",
                "assumed"),
    PARAM_WORDS("queue", SIZE, LinkSettings, queue, "384KiB", "1B", "1GiB", "unlimited=0B",
                "wire bytes that may wait for it; a ring of 256 full frames", "assumed"),
    PARAM_BOOL("both", LinkSettings, both, "no", "both directions", SETTING),
    {0}};

static const Param expect_params[] = {
    PARAM_TEXT("metric", ScenarioExpect, metric, NULL, "expression", SETTING),
    PARAM_TEXT("low", ScenarioExpect, low, "", "lower bound", SETTING),
    PARAM_TEXT("high", ScenarioExpect, high, "", "upper bound", SETTING),
    PARAM_TEXT("unit", ScenarioExpect, unit, "", "unit", SETTING),
    PARAM_TEXT("use", ScenarioExpect, use, "", "calibrate, predict, implied or beside", SETTING),
    PARAM_TEXT("source", ScenarioExpect, source, "", "source", SETTING),
    PARAM_TEXT("statement", ScenarioExpect, statement, "", "what was published", SETTING),
    {0}};

static const Param plot_params[] = {
    PARAM_TEXT("title", ScenarioPlot, title, "", "title", SETTING),
    PARAM_TEXT("x", ScenarioPlot, x, "", "expression: what is to the right", SETTING),
    PARAM_TEXT("y", ScenarioPlot, y, "", "what is upwards; several separated by ;", SETTING),
    PARAM_TEXT("series", ScenarioPlot, series, "", "COMPONENT.SERIES over time, instead of x and y",
               SETTING),
    PARAM_TEXT("curve", ScenarioPlot, curve, "",
               "what curves are told apart by: series, COMPONENT.KEY, ...", SETTING),
    PARAM_TEXT("where", ScenarioPlot, condition, "", "expression: which runs count", SETTING),
    PARAM_TEXT("x_label", ScenarioPlot, x_label, "", "QUANTITY, UNIT", SETTING),
    PARAM_TEXT("y_label", ScenarioPlot, y_label, "", "QUANTITY, UNIT", SETTING),
    PARAM_TEXT("mark", ScenarioPlot, mark, "", "CLAIM, ...: published intervals, as bands",
               SETTING),
    PARAM_TEXT("points", ScenarioPlot, points, "", "x:y:label, ...: published, as dots", SETTING),
    PARAM_TEXT("log", ScenarioPlot, log, "", "logarithmic axes: x, y or xy", SETTING),
    PARAM_TEXT("names", ScenarioPlot, names, "", "one for each of several y, separated by ;",
               SETTING),
    PARAM_TEXT("dashed", ScenarioPlot, dashed, "", "curves whose names begin so are dashed",
               SETTING),
    {0}};

const ScenarioSection scenario_sections[] = {
    [SECTION_SCENARIO] = {.head = "scenario",
                          .syntax = "[scenario]",
                          .text = "what holds for the scenario as a whole",
                          .params = scenario_params,
                          .example =
                              "[scenario]\n"
                              "title = Twice the traffic of label\n"
                              "include = label.ini\n"
                              "columns = sink.delivered_bps as \"out\", sink.delivered_ratio"},
    [SECTION_LINK] = {.head = "link",
                      .syntax = "[link NAME], [link NAME*N]",
                      .text = "wires, from ports to as many others",
                      .params = link_params,
                      .example = "[link in]\n"
                                 "link = traffic.0..4 -> sink.0..4\n"
                                 "rate = 1Gbit/s\n"
                                 "delay = 5us"},
    [SECTION_AT] = {.head = "at",
                    .syntax = "[at TIME], [at TIME TAG]",
                    .text = "the script: what is said to components at that time",
                    .entries = "COMPONENT = VERB ARGUMENTS; ... The verbs are those of the "
                               "component's class. What is said at one time is said in the order "
                               "of tags, no tag first, and then of components' names.",
                    .example = "[at 10ms]\ntraffic = rate 2Gbit/s"},
    [SECTION_EXPECT] = {.head = "expect",
                        .syntax = "[expect], [expect ID]",
                        .text = "numbers that are judged; bounds, unit and use come from "
                                "analysis/claims, or are given in [expect ID]. In [expect] stand "
                                "ID = METRIC, one a line",
                        .params = expect_params,
                        .example = "[expect nothing-lost]\n"
                                   "metric = min(sink.delivered_ratio if traffic.rate < 1e9)\n"
                                   "low = 0.999\n"
                                   "high = 1"},
    [SECTION_PLOT] = {.head = "plot",
                      .syntax = "[plot NAME]",
                      .text = "a picture, NAME.svg, .png and .pdf of the results",
                      .params = plot_params,
                      .example = "[plot out]\n"
                                 "x = traffic.offered_bps / 1e6\n"
                                 "y = sink.delivered_bps / 1e6"},
    [SECTION_LET] = {.head = "let",
                     .syntax = "[let]",
                     .text = "names for values, in all files of the scenario",
                     .entries = "NAME = VALUE, which {NAME} stands for. One made of others uses "
                                "those above it; where it is calculated with it is a whole number.",
                     .example = "[let]\n"
                                "clients = 4\n"
                                "[source client*{clients}]\n"
                                "udp_port = {30000 + i}"},
    [SECTION_TEXT] = {.head = "text",
                      .syntax = "[text NAME]",
                      .text = "lines for values that are long",
                      .entries = "Lines as they are, until the next section. KEY = @NAME joins "
                                 "them with \"; \", as KEY = @file PATH does a file's.",
                      .example = "[text ways]\n"
                                 "10.0.0.0/16 0 192.168.100.1:30000\n"
                                 "10.1.0.0/16 1 192.168.101.1:30000\n"
                                 "[slice router]\n"
                                 "routes = @ways"},
    [SECTION_EVERY] = {.head = "every",
                       .syntax = "[every STEP from TIME until TIME], with or without a TAG",
                       .text = "[at], again and again: from the first time to before the last",
                       .entries = "COMPONENT = VERB ARGUMENTS; ... In {...} i counts the times "
                                  "from 0, n is how many there are.",
                       .example = "[every 200ms from 1s until 2s]\n"
                                  "traffic = rate {100 * (i + 1)}Mbit/s"},
    [SECTION_SERIES] = {.head = "series",
                        .syntax = "[series NAME]",
                        .text = "a part of a study that differs in more than one value",
                        .entries = "COMPONENT.KEY = VALUE, or ${...}, which multiply within the "
                                   "series. What it does not set is as its section says.",
                        .example = "[series slow]\n"
                                   "traffic.rate = ${100, 200, 400}Mbit/s\n"
                                   "traffic.duration = 500ms"},
    {0}};
G_STATIC_ASSERT(G_N_ELEMENTS(scenario_sections) == SECTION_COMPONENT + 1);

const Param *section_table(const Section *section) {
    if (section->kind == SECTION_EXPECT && !section->name) return NULL; /* keys are claims */
    static const Param none[] = {{0}};
    if (section->kind != SECTION_COMPONENT) return scenario_sections[section->kind].params;
    return section->class->params ? section->class->params : none;
}

const char *section_tag(const Section *section) {
    const char *space = strchr(section->name, ' ');
    return space ? space + 1 : "";
}

Section *scenario_component(const Scenario *s, const char *name) {
    SectionIndex *index = s->index;
    for (; index->n < s->sections->len; index->n++) { /* what has come since */
        Section *section = s->sections->pdata[index->n];
        if (section->kind == SECTION_COMPONENT && !g_hash_table_contains(index->of, section->name))
            g_hash_table_insert(index->of, section->name, section);
    }
    return g_hash_table_lookup(index->of, name);
}

void scenario_sections_changed(Scenario *s) {
    g_hash_table_remove_all(s->index->of);
    s->index->n = 0;
}

const char *scenario_nearest_component(const Scenario *s, const char *found,
                                       const char *const *classes) {
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (unsigned i = 0; i < s->sections->len; i++) {
        Section *section = s->sections->pdata[i];
        if (section->kind == SECTION_COMPONENT &&
            (!classes || g_strv_contains(classes, section->head)))
            g_ptr_array_add(names, section->name);
    }
    g_ptr_array_add(names, NULL);
    return param_nearest(found, (const char *const *)names->pdata);
}

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

/* Fill a struct of settings from a section at a point of the study. Values are checked at load, one
 * axis at a time, so that only a value of several can be wrong here. */
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

static bool fill(const Scenario *s, const Section *section, const Param *table, void *target,
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
    fill(s, section, expect_params, &e, 0, NULL);
    keep_texts(s, expect_params, &e);
    g_array_append_val(s->expects, e);
    return metric_check(e.metric, true, &cause) ||
           entry_error(error, section, section_entry(section, "metric"), "%s", cause->message);
}

static bool add_plot(Scenario *s, const Section *section, GError **error) {
    static const char *const expressions[] = {"x", "y", "where"};
    ScenarioPlot p = {.name = section->name, .where = keep_place(s, section, "y")};
    fill(s, section, plot_params, &p, 0, NULL);
    keep_texts(s, plot_params, &p);
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

/* What tells the runs of a study apart: what iterates, and what the command line has fixed, or, of
 * a study that was read back, what `names` says. */
static void find_columns(Scenario *s, const char *const *names) {
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

void scenario_set_parameters(Scenario *s, const char *const *names) {
    find_columns(s, names);
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

static void axis_free(void *data) {
    g_ptr_array_unref(((Axis *)data)->values);
    g_free(((Axis *)data)->with);
    g_free(data);
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
    if (ok) fill(s, scenario_section(s, "scenario", NULL), scenario_params, &s->settings, 0, NULL);
    if (ok) find_columns(s, NULL);
    ok = ok && scenario_keep_points(s, error);
    ok = ok && read_until(s, error) && read_listed(s, error) && read_glance(s, error);
    ok = ok && expects_and_plots(s, error);
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

unsigned scenario_n_columns(const Scenario *s) {
    return s->glance->len;
}
const ScenarioColumn *scenario_column(const Scenario *s, unsigned n) {
    return &g_array_index(s->glance, ScenarioColumn, n);
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
bool scenario_listed(const Scenario *s, unsigned *group, SimTime *takes) {
    *group = (unsigned)s->group;
    *takes = s->takes;
    return s->takes != 0;
}
uint64_t scenario_seed(const Scenario *s) {
    return s->settings.seed;
}
unsigned scenario_repeat(const Scenario *s) {
    return (unsigned)s->settings.repeat;
}
const ScenarioUntil *scenario_until(const Scenario *s) {
    return s->until.scalar ? &s->until : NULL;
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
unsigned scenario_n_parameters(const Scenario *s) {
    return s->columns->len;
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
    if (!fill(s, section, link_params, &l, point, error)) {
        param_clear(link_params, &l);
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
    param_clear(link_params, &l);
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
