/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Scripts. What can be known to be wrong with a line is refused before the run; one that a
 * component refuses later stops the run, which then fails its check. */
#include "emu/scenario/script.h"

#include <string.h>

typedef struct {
    SimEvent event;
    Component *script, *target;
    SimTime time;
    char *tag, *lines, *where;
} Item;

typedef struct {
    Component base;
    GPtrArray *items;
    GError *refused;
} Script;

static void item_free(void *data) {
    Item *item = data;
    g_free(item->tag);
    g_free(item->lines);
    g_free(item->where);
    g_free(item);
}

static bool carry_out(Component *c, const char *verb, const char *args, GError **error) {
    return c->class->command(c, verb, args, error);
}

static bool rehearse(Component *c, const char *verb, const char *args, GError **error) {
    return component_has_verb(c, verb, error) && c->class->understands(c, verb, args, error);
}

/* Say each command of the item to its target. */
static bool say(const Item *item,
                bool (*how)(Component *c, const char *verb, const char *args, GError **error),
                GError **error) {
    g_auto(GStrv) lines = g_strsplit(item->lines, ";", -1);
    for (unsigned i = 0; lines[i]; i++) {
        g_auto(GStrv) words = g_strsplit(g_strstrip(lines[i]), " ", 2);
        if (!words[0] || how(item->target, words[0], words[1] ? g_strstrip(words[1]) : "", error))
            continue;
        g_prefix_error(error, "%s: ", item->where);
        return false;
    }
    return true;
}

static void tell(Sim *sim, SimEvent *event) {
    Item *item = (Item *)(void *)event;
    Script *script = (Script *)item->script;
    if (!script->refused && !say(item, carry_out, &script->refused)) sim_stop(sim);
}

void script_add(Component *c, SimTime time, const char *tag, Component *target, const char *lines,
                const char *where) {
    Script *script = (Script *)c;
    Item *item = g_new0(Item, 1);
    *item = (Item){.script = c,
                   .target = target,
                   .time = time,
                   .tag = g_strdup(tag),
                   .lines = g_strdup(lines),
                   .where = g_strdup(where)};
    sim_event_init(&item->event, tell, &c->owner);
    g_ptr_array_add(script->items, item);
}

static bool script_create(Component *c, GError **error) {
    (void)error;
    c->n_ports = 0;
    ((Script *)c)->items = g_ptr_array_new_with_free_func(item_free);
    return true;
}

static int by_order(const void *a, const void *b) {
    const Item *x = *(Item *const *)a, *y = *(Item *const *)b;
    if (x->time != y->time) return x->time < y->time ? -1 : 1;
    int order = compare_names(x->tag, y->tag);
    if (!order) order = compare_names(x->target->name, y->target->name);
    return order ? order : strcmp(x->lines, y->lines);
}

static bool script_start(Component *c, GError **error) {
    const Script *script = (Script *)c;
    g_ptr_array_sort(script->items, by_order);
    for (unsigned i = 0; i < script->items->len; i++) {
        Item *item = script->items->pdata[i];
        if (!say(item, rehearse, error)) return false;
        sim_schedule_at(c->sim, &item->event, network_zero(c->network) + item->time);
    }
    return true;
}

static bool script_check(Component *c, GError **error) {
    Script *script = (Script *)c;
    if (!script->refused) return true;
    g_propagate_error(error, g_steal_pointer(&script->refused));
    return false;
}

static void script_free(Component *c) {
    Script *script = (Script *)c;
    if (script->items) g_ptr_array_unref(script->items);
    g_clear_error(&script->refused);
}

const ComponentClass script_class = {
    .name = "script",
    .text = "tells components things at given times",
    .ports = "none",
    .size = sizeof(Script),
    .create = script_create,
    .start = script_start,
    .check = script_check,
    .free = script_free,
};
