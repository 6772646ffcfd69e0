/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The sections of a plan, [demand NAME*N] and [budget NAME]. */
#include "components/plan/plan.h"

static const Param demand_params[] = {
    PARAM_ENUM("application", Demand, application, "ipv4", "ipv4|i3|label|click",
               "what the slice runs; click: an IPv4 router in a vServer", "scenario"),
    PARAM_RATE("rate", Demand, rate, NULL, "1bit/s", "1Tbit/s", "any",
               "what is offered to it, on all its interfaces together; wire unless it names "
               "another layer",
               "scenario"),
    PARAM_TEXT(
        "payload", Demand, payload, "0",
        "bytes behind the application's header: one size, a list that is cycled, or imix (40, "
        "576 and 1500 bytes of IP, the last as long as the tunnel lets it be)",
        "scenario"),
    PARAM_ENUM("pattern", Demand, pattern, "poisson", "constant|poisson", "gaps between packets",
               "assumed: independent users"),
    PARAM_TEXT(
        "in", Demand, in, "any",
        "interfaces of the node where it comes in, one or FIRST..LAST, evenly; any: all of a "
        "line card",
        "scenario"),
    PARAM_TEXT("out", Demand, out, "any", "interfaces where it leaves, evenly; as `in`",
               "scenario"),
    PARAM_ENUM("on", Demand, on, "any", "any|npe|gpe",
               "where its fast path runs; any: an NPE, but for click", "scenario"),
    PARAM_FRACTION("loss", Demand, loss, "0.1%", "0", "1", "share of its packets that may be lost",
                   "scenario"),
    PARAM_WORDS("latency", TIME, Demand, latency, "none", "1us", "1000s", "none=0",
                "that 99 percent of its packets must keep", "scenario"),
    {0}};

static const Param budget_params[] = {
    PARAM_COUNT("slots", Budget, slots, "14", "3", "64", "of the chassis, two for the switches",
                "SPP paper 2.3"),
    PARAM_COUNT("line_cards", Budget, line_cards, "12", "1", "12", "that there may be", "scenario"),
    PARAM_COUNT("np_blades", Budget, np_blades, "12", "0", "12",
                "that there may be, of two NPEs each", "scenario"),
    PARAM_COUNT("gpes", Budget, gpes, "12", "0", "12", "that there may be", "scenario"),
    PARAM_COUNT("gpe_cores", Budget, gpe_cores, "1", "1", "16", "of each GPE",
                "SPP paper 7.1: most results are for one core"),
    PARAM_COUNT("vservers", Budget, vservers, "64", "1", "128", "that a GPE takes",
                "assumed: PlanetLab nodes host tens of active slivers"),
    PARAM_REAL("price_line_card", Budget, price_line_card, "1", "0", "1e9", "of one", "scenario"),
    PARAM_REAL("price_np", Budget, price_np, "1", "0", "1e9", "of an np blade", "scenario"),
    PARAM_REAL("price_gpe", Budget, price_gpe, "1", "0", "1e9", "of one", "scenario"),
    PARAM_FRACTION("reserve", Budget, reserve, "0%", "0", "1",
                   "by which every demand may grow on what is planned", "scenario"),
    {0}};

const ComponentClass demand_class = {
    .name = "demand",
    .text = "what a slice is to carry, in a file for sppemu plan",
    .ports = "none",
    .size = sizeof(Demand),
    .params = demand_params,
};

const ComponentClass budget_class = {
    .name = "budget",
    .text = "what there may be, in a file for sppemu plan",
    .ports = "none",
    .size = sizeof(Budget),
    .params = budget_params,
    .planner = &chassis_planner,
};
