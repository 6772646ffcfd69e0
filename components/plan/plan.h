/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/plan/plan.h: what a plan is asked (`sppemu plan`): demands and a budget, which are
 * component classes so that a plan is written, checked and explained as scenarios are. They move no
 * packets.
 *
 *   demand.c   the classes
 *   bounds.c   what a packet takes of each box, by the parameter tables
 *   place.c    best fit, and what no placement can do better than
 *   draft.c    from demands to hosts, interfaces and blades
 *   write.c    the draft as a scenario */
#pragma once

#include "emu/core/component.h"

struct Planner;
extern const ComponentClass demand_class, budget_class;
extern const struct Planner chassis_planner;

enum { IN_ANY_PLACE, ON_NPE, ON_GPE };
enum { APP_IPV4, APP_I3, APP_LABEL, APP_CLICK };

/* What a slice is to carry. */
typedef struct {
    Component base;
    int application, pattern, on;
    Rate rate;
    char *payload, *in, *out;
    double loss;
    SimTime latency; /* 0: none is asked */
} Demand;

typedef struct {
    Component base;
    uint64_t slots, line_cards, np_blades, gpes, gpe_cores, vservers;
    double price_line_card, price_np, price_gpe, reserve;
} Budget;
