/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/control/box.h: boxes as the control network knows them: NPEs, line cards, servers and
 * control processors, by their names. */
#pragma once

#include "components/blade/control_port.h"
#include "components/control/station.h"

/* The box's port on the control switch; NULL and an error: there is no such box, or it has none. */
ControlPort *control_port_of(const Network *net, const char *box, GError **error);
/* Where a station at that port is. */
bool control_place(const Network *net, const char *box, StationPlace *place);
/* The one station of the box, a component's, which creates the packets and is to free it: what
 * comes in at the box's control port is the station's. NULL and an error: the box has one, or no
 * control port, or another box has its address. */
Station *control_station(Component *c, const char *box, const StationSettings *settings,
                         GError **error);
