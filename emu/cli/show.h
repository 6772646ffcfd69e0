/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/cli/show.h: a network as people draw it: what is in it, and what is wired to what.
 *
 * Three or more components of one class whose names count on, as those of an array do, are one row
 * and one node, click0..3, unless some of them are wired to each other; and so are their links that
 * are alike: click0..3.0 -> data.4..7 (picture.h). Where their values differ, they are shown as
 * 30100..30103 when they count evenly, else as the first and the last, lc0,...,lc4. */
#pragma once

#include <stdio.h>

#include "emu/scenario/scenario.h"

typedef struct {
    bool each;      /* every component and bundle by itself */
    unsigned width; /* characters of a line: what does not fit is cut, or left out and counted */
} ShowOptions;

/* Title and first point of a scenario. */
void show_point(const Scenario *s, unsigned width, FILE *out);

/* Two tables. Components: name, class, who made it, ports that are linked and all of them, and the
 * parameters that are not the default. Links: ends, rate of each, delay. Columns without a text are
 * left out. */
void show_tables(const Scenario *s, const Network *net, const ShowOptions *options, FILE *out);

/* A Graphviz digraph named `name`. A bundle, or all links of a speed between two nodes of which one
 * stands for several, is one edge: ports in taillabel and headlabel, how many and the rate in
 * label, dir=both if both ways. Components without ports have dashed edges to those that their
 * parameters name. */
void show_dot(const Network *net, const char *name, bool each, FILE *out);
