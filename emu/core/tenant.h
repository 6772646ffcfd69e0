/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/core/tenant.h: who holds numbers that packets carry, and when they may be given out again.
 *
 * A tenant that is attached holds numbers of a node: its own, its queues', its VLAN,
 * its ports. Packets that were given to it carry them, and so does the Packet its lease
 * (Packet.lease). A number that the tenant gives back is in quarantine until no packet that may
 * carry it is left: until every packet that was the tenant's at that time has ended or left the
 * node. What arrives later does not prolong that. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "emu/core/packet.h"

/* Called when the numbers may be given out again. */
typedef void TenantReturn(void *user, uint32_t first, uint32_t n);

Tenant *tenant_new(Account *account); /* that counts its packets; NULL: none */
/* Ends with its last packet, or, if the run is over, at once. Numbers that are still in quarantine
 * are not returned then. */
void tenant_free(Tenant *tenant);
/* n numbers from `first` on are no longer used, and come back by back(user, first, n): now, if none
 * of its packets is inside. */
void tenant_return(Tenant *tenant, TenantReturn *back, void *user, uint32_t first, uint32_t n);
/* It has left: its packets are detached from now on. Returns of its numbers follow. */
void tenant_leave(Tenant *tenant);
/* Something else than a packet that refers to its numbers begins (+1), ends (-1). */
void tenant_hold(Tenant *tenant, int change);
/* Whether nothing of it is inside, and nothing in quarantine. */
bool tenant_gone(const Tenant *tenant);
