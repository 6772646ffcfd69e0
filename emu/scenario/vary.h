/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/scenario/vary.h: the numbers of a scenario, and the scenario with some of them moved.
 *
 * A choice is a number that moves as one. What the scenario itself says of a component, or of an
 * array, is a choice of that component or array: traffic.rate and pings.rate are two. What it does
 * not say, so that a default or what follows from others holds, is one choice for all components of
 * the class that have the same value at every point: link*.queue is one. Where a value is not
 * the same at all points, points of a series are told apart by the series: what a series holds fast
 * is one choice, and of what it sweeps the ends are two, the largest value and the smallest.
 *
 * No quantities, and so no choices: names, words, addresses, UDP ports (param_sense), and what
 * stands in text: routes, [at], ${...} between the ends of a sweep.
 *
 * A variant is the scenario with some choices moved. Its points are numbers beyond those of the
 * scenario, scenario_variant_point, and are built, identified and run like these. What expressions
 * see of parameters stays what is written: `traffic.rate == 5e9` still means that point. */
#pragma once

#include "emu/scenario/scenario.h"

typedef enum {
    CHOICE_FITTED,   /* the row's source: calibrated on a published number */
    CHOICE_SOURCED,  /* a document */
    CHOICE_ASSUMED,  /* "assumed" */
    CHOICE_SCENARIO, /* the scenario's own */
    CHOICE_KINDS
} ChoiceKind;
extern const char *const choice_kinds[]; /* "fitted", ... */

typedef struct {
    char *name;  /* "client*.rate", "traffic.rate largest in SERIES" */
    char *model; /* class and key, the same in all scenarios: "source.rate" */
    char *value; /* as a scenario would spell it; the same at all its points */
    const Param *row;
    const char *class; /* "source", "link", "scenario" */
    ChoiceKind kind;
    GPtrArray *sections; /* whose key it is; opaque */
    bool *at;            /* the scenario's points at which it holds */
} ScenarioChoice;

/* All of them, in the order of sections and rows. Free with g_ptr_array_unref. */
GPtrArray *scenario_choices(const Scenario *s);

/* Whether the choice is, or is also, the key of this component or link. */
bool scenario_choice_has(const ScenarioChoice *c, const char *component, const char *key);
/* Whether anything is said at a time, so that a run has to last as long as it does. */
bool scenario_has_script(const Scenario *s);
/* The one of them that is this key of the component, or of the link that the component sends into
 * at `port` (-1: of the component itself), at a point; NULL: there is none. */
const ScenarioChoice *scenario_choice_of(const Scenario *s, const GPtrArray *choices,
                                         const char *component, int port, const char *key,
                                         unsigned point);

typedef struct {
    const ScenarioChoice *choice; /* lives as long as the scenario has the variant */
    const char *text;             /* its value there; copied */
} ScenarioMove;

/* Add a variant: the scenario with these choices moved. Returns its number, from 1 on; 0 is the
 * scenario as it is written. */
unsigned scenario_vary(Scenario *s, const ScenarioMove *moves, unsigned n);
unsigned scenario_variant_point(const Scenario *s, unsigned variant, unsigned point);
/* The point as it is written, of a variant's. */
unsigned scenario_written_point(const Scenario *s, unsigned point);
/* End of the run and longest wait at a point of any variant; as scenario_duration and _drain. */
SimTime scenario_duration_at(const Scenario *s, unsigned point);
SimTime scenario_drain_at(const Scenario *s, unsigned point);
