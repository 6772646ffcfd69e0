/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/control/management.h: what the management processors of NPEs and line cards do for the
 * control network. */
#pragma once

#include "components/control/station.h"

extern const ComponentClass management_class;

/* The station of an NPE's management processor, or a line card's, once everything has started;
 * NULL: the network has no such component, or no `management`. */
Station *management_station(const Network *net, const char *box);
