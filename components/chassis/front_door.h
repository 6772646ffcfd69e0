/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/chassis/front_door.h: a chassis with `control = plc`. The slices and vServers that a
 * scenario writes are not there from the start: each becomes a row in PlanetLab Central and a
 * program whose steps ask for what its section says. So the same scenario runs with slices that
 * somebody has put in place, and with slices that have come through the front door. */
#pragma once

#include "emu/scenario/compose.h"

bool front_door_is(const Composer *c, const char *chassis);
/* The programs, before anything else is composed. */
bool front_door_bring(Composer *c, const char *chassis, GError **error);
/* PlanetLab Central, at a port of the control switch, and the managers of this node. */
void front_door_compose(Composer *c, const char *chassis, unsigned servers, unsigned control_port);
