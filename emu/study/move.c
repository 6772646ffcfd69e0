/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "emu/study/move.h"

#include "emu/study/run.h"

bool choice_is_possible(Scenario *s, uint64_t seed, const ScenarioChoice *c, const char *text,
                        char **why) {
    ScenarioMove move = {c, text};
    unsigned variant = scenario_vary(s, &move, 1), p = 0;
    while (!c->at[p]) p++;
    return run_is_possible(s, seed, scenario_variant_point(s, variant, p), why);
}

char *choice_moved(Scenario *s, uint64_t seed, const ScenarioChoice *c, bool up, double step,
                   char **why) {
    double factors[2] = {up ? 1 + step : 1 - step, up ? 2 : 0.5};
    *why = NULL;
    for (unsigned i = 0; i < 2; i++) {
        g_autoptr(GError) cause = NULL;
        g_autofree char *text = param_moved(c->row, c->value, factors[i], &cause), *refusal = NULL;
        bool whole = c->row->type == PARAM_TYPE_SIZE || c->row->type == PARAM_TYPE_COUNT;
        if (text && choice_is_possible(s, seed, c, text, &refusal)) {
            g_clear_pointer(why, g_free);
            return g_steal_pointer(&text);
        }
        if (!*why) *why = text ? g_steal_pointer(&refusal) : g_strdup(cause->message);
        if (!text || !whole) break;
    }
    return NULL;
}
