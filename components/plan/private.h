/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/plan/private.h: a node while it is drafted (draft.c), for write.c to write. */
#pragma once

#include "components/plan/bounds.h"
#include "components/plan/place.h"

typedef struct {
    const Demand *demand;
    Traffic traffic;
    unsigned first_in, n_in, first_out, n_out; /* interfaces of the node */
    unsigned line;                             /* its line card */
    bool placed;                               /* its interfaces were asked for */
    unsigned kind;                             /* KIND_NPE, KIND_GPE */
    unsigned host;                             /* npe or gpe of that number */
} Item;

enum { KIND_NPE, KIND_GPE };

typedef struct {
    const Budget *budget;
    GArray *items; /* Item, in the order of names */
    unsigned lines, np_blades, gpes;
} Node;

static inline Item *node_item(const Node *node, unsigned n) {
    return &g_array_index(node->items, Item, n);
}

/* "linecard; np*2; cp". Caller frees. */
char *node_slots(const Node *node);
/* The scenario, and by item the name of its source in it. Callers free. */
char *node_scenario(const Node *node, double grow, GPtrArray *sources);
