/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the names in results mean, from the tables of the classes. */
#include <string.h>

#include "emu/scenario/private.h"

/* The part of NAME.KEY before its first dot, `scenario` too; of a link, whose label may have dots,
 * and of an [at], none. */
static const Section *section_of(const Scenario *s, const char *name, const char **rest) {
    const char *dot = strchr(name, '.');
    if (!dot) return NULL;
    g_autofree char *component = g_strndup(name, (size_t)(dot - name));
    *rest = dot + 1;
    const Section *section = scenario_component(s, component);
    if (!section) section = scenario_section(s, "link", component);
    return section ? section : scenario_section(s, component, NULL);
}

/* `*` stands for letters, digits, _ and -. */
static bool matches(const char *pattern, const char *name) {
    if (*pattern != '*') return *pattern == *name && (!*name || matches(pattern + 1, name + 1));
    for (; g_ascii_isalnum(*name) || *name == '_' || *name == '-'; name++)
        if (matches(pattern + 1, name + 1)) return true;
    return false;
}

static const char *scalar_text(const Scalar *row, const char *name) {
    for (; row && row->name; row++)
        if (matches(row->name, name)) return row->text;
    return NULL;
}

static const char *drop_text(const DropReason *row, const char *name) {
    for (; row && row->name; row++)
        if (!strcmp(row->name, name)) return row->text;
    return NULL;
}

static const char *class_text(const ComponentClass *class, const char *name) {
    const char *text = NULL;
    Choice choice = {0};
    if (g_str_has_prefix(name, "drop.")) {
        text = drop_text(class->drops, name + strlen("drop."));
        return text ? text : drop_text(link_drops, name + strlen("drop."));
    }
    text = scalar_text(class->scalars, name);
    for (unsigned n = 0; !text && class->choice && class->choice(n, &choice); n++)
        text = scalar_text(choice.scalars, name);
    return text;
}

const char *scenario_meaning(const Scenario *s, const char *name) {
    const char *rest, *text = NULL;
    if (!strcmp(name, "series")) return "which [series] the point is of";
    if (g_str_has_prefix(name, "let.")) return "a value of [let]";
    const Section *section = section_of(s, name, &rest);
    const Param *row = section ? param_find(section_table(section), rest) : NULL;
    if (row) return row->text;
    if (section && section->class) text = class_text(section->class, rest);
    return text ? text : "";
}

const char *scenario_class_of(const Scenario *s, const char *name) {
    const char *rest;
    const Section *section = section_of(s, name, &rest);
    return section ? section->head : "";
}

/* Of a number of this row, written so. */
static const char *unit_of(const Param *row, const char *text) {
    static const char *const rates[] = {[RATE_WIRE] = "bit/s wire",
                                        [RATE_FRAME] = "bit/s frame",
                                        [RATE_PAYLOAD] = "bit/s payload",
                                        [RATE_PACKETS] = "packets/s"};
    ParamValue value;
    switch (row->type) {
    case PARAM_TYPE_TIME: return "s";
    case PARAM_TYPE_FREQUENCY: return "Hz";
    case PARAM_TYPE_SIZE: return "bytes";
    case PARAM_TYPE_FRACTION: return "ratio";
    case PARAM_TYPE_RATE:
        if (!param_read(row, &value, text, NULL, NULL)) return "";
        return !strcmp(row->choices, "bits") ? "bit/s" : rates[value.rate.layer];
    case PARAM_TYPE_LATENCY:
        if (!param_read(row, &value, text, NULL, NULL)) return "";
        return value.latency.cycles ? "cycles" : "s";
    default: return "";
    }
}

const char *scenario_parameter_unit(const Scenario *s, unsigned point, unsigned n) {
    ScenarioParameter p = scenario_parameter(s, point, n);
    const char *key;
    const Section *section = section_of(s, p.name, &key);
    const Param *row = section ? param_find(section_table(section), key) : NULL;
    return row ? unit_of(row, p.value) : "";
}
