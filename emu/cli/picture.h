/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/cli/picture.h: a network as it is shown: components in groups, links in rows.
 *
 * A bundle is a run of consecutive ports with equal speed, such as a.0..4 -> b.0..4; where each of
 * its links has one of the same speed the other way, it is both ways. A group is components of one
 * class whose names count on, as those of an array do, click0..3; bundles from or to its members
 * that are alike are one row. Order is that of the scenario, so the same scenario gives the same
 * picture. */
#pragma once

#include "emu/core/component.h"

/* Components of one class, NAME4 to NAME9: what an array becomes, or one by itself. */
typedef struct {
    char *name;         /* "click0..3" */
    GPtrArray *members; /* Component */
    char *base;         /* "click" */
    guint64 first;      /* 0 */
} Group;

/* Links from.first_from + i -> to.first_to + i, i below n. */
typedef struct {
    const Component *from, *to;
    unsigned first_from, first_to, n;
    LinkSpeed speed;
    bool both;
} Bundle;

/* How the ends of bundles that are alike follow each other: at the component's next ports, or at
 * the same ports of the group's next component. */
typedef enum { NEXT_NONE, NEXT_PORTS, NEXT_MEMBER } Step;

/* A run of ports. */
typedef struct {
    unsigned first, n;
} Ports;

/* `times` bundles, of which these are the first and the last; or, `whole`, all links between two
 * groups, which are all of their members' at these ports. */
typedef struct {
    Bundle first, last;
    unsigned times;
    Step from, to;
    bool whole;
    Ports from_ports, to_ports;
} Row;

typedef struct {
    const Network *net;
    GPtrArray *groups;   /* Group, in the order of their first components */
    GHashTable *groupof; /* Component -> Group */
    GArray *bundles, *rows;
} Picture;

/* `each`: every component is a group, and every bundle a row. */
Picture picture_of(const Network *net, bool each);
void picture_clear(Picture *p);
const Group *picture_group(const Picture *p, const Component *c);
/* The ports of a row at its one end or the other. */
Ports row_ports(const Row *row, bool from);
bool equal_speed(LinkSpeed a, LinkSpeed b);
