/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/core/observe.h: each thing that the fingerprint is made of, as it happens. */
#pragma once

#include "emu/core/sim.h"

typedef void SimObserver(void *user, const SimOwner *owner, SimTime now, SimObservation what,
                         uint64_t packet, uint32_t bytes);

/* Tell `observer` of every observation from now on; NULL: nobody. */
void sim_watch(Sim *sim, SimObserver *observer, void *user);
