/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/gpe/manager.h: what the slice manager does with an exception. */
#pragma once

#include "components/gpe/gpe.h"

typedef struct Manager Manager;

/* For the vServer's slice on an NPE, which has started. `router`: the address it answers from;
 * ICMP errors are limited to `rate` per second in bursts of `burst`. NULL and an error. */
Manager *manager_new(Vserver *v, const char *slice, const char *router, uint64_t rate,
                     uint64_t burst, GError **error);
/* An exception, from its internal header on; takes it. */
void manager_handle(Manager *m, Packet *pkt);
void manager_report(const Manager *m, Report *report);
void manager_free(Manager *m);
