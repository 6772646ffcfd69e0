/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/slice/manager.h: what the slice manager does with an exception. */
#pragma once

#include "components/gpe/gpe.h"

typedef struct Manager Manager;

/* For the slice that the vServer's settings name, which has started on its NPE. NULL and an error.
 */
Manager *manager_new(Vserver *v, GError **error);
/* An exception, from its internal header on; takes it. */
void manager_handle(Manager *m, Packet *pkt);
void manager_report(const Manager *m, Report *report);
void manager_free(Manager *m);
