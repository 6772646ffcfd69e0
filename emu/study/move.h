/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/study/move.h: to what a choice (emu/scenario/vary.h) can be moved. */
#pragma once

#include "emu/scenario/vary.h"

/* Whether the scenario can be built with the choice being `text`, at the first point that it holds
 * at; else `why` not, unless that is NULL. The scenario gets a variant. */
bool choice_is_possible(Scenario *s, uint64_t seed, const ScenarioChoice *c, const char *text,
                        char **why);
/* The choice up or down by `step`, a share of itself; what does not take that little may take twice
 * or half as much, as a size that is a power of two. NULL, and why not: nothing is possible. Caller
 * frees both. */
char *choice_moved(Scenario *s, uint64_t seed, const ScenarioChoice *c, bool up, double step,
                   char **why);
