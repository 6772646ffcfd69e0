/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What stands in which section: its keys and what they mean; and components by their names. */
#include <string.h>

#include "emu/scenario/private.h"

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

/* Components by name ----------------------------------------------------------------------- */

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
