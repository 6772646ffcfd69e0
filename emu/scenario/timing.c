/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What [scenario] says for all components, and what becomes of it: which timing there is. */
#include <string.h>

#include "emu/scenario/private.h"

bool section_has_wide(const Section *section, const char *key) {
    const Param *row =
        section->kind == SECTION_COMPONENT ? param_find(section_table(section), key) : NULL;
    return row && row->scenario_wide;
}

/* A value that is none is [scenario]'s mistake, and not that of everybody who has it from there. */
static bool is_wide(const Entry *entry) {
    const Param *row = param_find(scenario_params, entry->key);
    ParamValue value;
    if (!row || !row->scenario_wide || !param_read(row, &value, entry->value, NULL, NULL))
        return false;
    param_value_clear(row, &value);
    return true;
}

void scenario_hand_down(Scenario *s) {
    const Section *head = scenario_section(s, "scenario", NULL);
    for (unsigned k = 0; head && k < head->entries->len; k++) {
        const Entry *entry = head->entries->pdata[k];
        for (unsigned i = 0; is_wide(entry) && i < s->sections->len; i++) {
            Section *section = s->sections->pdata[i];
            if (!section_has_wide(section, entry->key) || section_entry(section, entry->key))
                continue;
            section_place_value(section, entry->key, entry->value, entry->file, entry->line);
            Entry *made = section_entry(section, entry->key);
            made->made = made->follows = true;
        }
    }
}

/* Timing ---------------------------------------------------------------------------------- */

#define TIMING "timing"

/* Components that have a timing, and those where it is fast at the point; the first of these. */
typedef struct {
    unsigned of, fast;
    const char *first;
} Count;

static Count count_at(const Scenario *s, unsigned point) {
    Count n = {0, 0, NULL};
    for (unsigned i = 0; i < s->sections->len; i++) {
        const Section *section = s->sections->pdata[i];
        if (!section_has_wide(section, TIMING)) continue;
        const Entry *entry = section_entry(section, TIMING);
        g_autofree char *value = entry ? entry_value(s, entry, point) : NULL;
        bool fast = value && !strcmp(value, "fast");
        n.of++;
        n.fast += fast;
        if (fast && !n.first) n.first = section->name;
    }
    return n;
}

static const char *word_of(unsigned fast, unsigned of) {
    return !of ? NULL : !fast ? "detailed" : fast == of ? "fast" : "mixed";
}

const char *scenario_timing_at(const Scenario *s, unsigned point) {
    Count n = count_at(s, point);
    return word_of(n.fast, n.of);
}

/* Whether it is not the same at all points. */
static bool timing_iterates(const Scenario *s) {
    for (unsigned i = 0; i < s->sections->len; i++) {
        const Section *section = s->sections->pdata[i];
        const Entry *entry =
            section_has_wide(section, TIMING) ? section_entry(section, TIMING) : NULL;
        if (entry && entry->axes->len) return true;
    }
    return false;
}

const char *scenario_timing(const Scenario *s) {
    const char *first = scenario_timing_at(s, 0);
    for (unsigned p = 1; timing_iterates(s) && p < scenario_n_points(s); p++)
        if (strcmp(scenario_timing_at(s, p), first) != 0) return "mixed";
    return first;
}

char *scenario_timing_text(const Scenario *s) {
    unsigned points = 0, of = scenario_n_points(s);
    Count n = count_at(s, 0);
    if (!timing_iterates(s)) {
        return !n.fast          ? NULL
               : n.fast == n.of ? g_strdup("fast timing")
               : n.fast == 1
                   ? g_strdup_printf("fast timing of %s", n.first)
                   : g_strdup_printf("fast timing of %s and %u more", n.first, n.fast - 1);
    }
    for (unsigned p = 0; p < of; p++) points += count_at(s, p).fast > 0;
    return !points        ? NULL
           : points == of ? g_strdup("fast timing, not the same at all points")
                          : g_strdup_printf("fast timing at %u of %u points", points, of);
}
