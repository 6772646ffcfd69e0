/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/cli/show.h: a network as people draw it: what is in it, and what is wired to what.
 *
 * Links are gathered into bundles. A bundle is a run of consecutive ports with equal speed, such as
 * a.0..4 -> b.0..4; where each of its links has one of the same speed the other way, it is
 * both ways. Order is that of the scenario, so the same scenario gives the same bytes. */
#pragma once

#include <stdio.h>

#include "emu/core/component.h"

/* Two tables. Components: name, class, ports that are linked and all of them, the class's sentence,
 * and the parameters that are not the default. Bundles: ends, rate of each link, delay. */
void show_tables(const Network *net, FILE *out);

/* A Graphviz digraph named `name`. A bundle is one edge: ports in taillabel and headlabel, rate in
 * label, dir=both if both ways. Components without ports have dashed edges to those that their
 * parameters name. */
void show_dot(const Network *net, const char *name, FILE *out);
