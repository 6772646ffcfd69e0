/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/gpe/cp.h: the control processor, a server blade like others: one link to the data
 * switch, daemons, and vServers as well (SPP paper 2.3). What comes in from the data switch and
 * nobody has bound, here or elsewhere, ends here and is counted.
 *
 * A control processor with nothing to do (no daemon, vServer, connection, nobody at its control
 * port) counts at once, and its cores do not run: that it is there changes nothing else. From the
 * first of these on packets take the receive path. */
#pragma once

#include "components/gpe/server.h"

extern const ComponentClass cp_class;
