/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/linecard/linecard.h: the line card, and how slices get their part of it. */
#pragma once

#include "components/blade/control_port.h"
#include "components/ixp/mp.h"
#include "components/ixp/program.h"
#include "emu/core/tenant.h"
#include "fastpath/linecard.h"

typedef struct LineCard LineCard;

extern const ComponentClass linecard_class;

/* The line card of that name, or NULL and an error. */
LineCard *linecard_find(Component *c, const char *name, GError **error);

/* A traffic class for whoever lives behind this MAC address in this VLAN, with a share of every
 * interface both ways (0: none in particular). -1 and an error: somebody has the VLAN, or the
 * shares would exceed 100 percent. Its packets are the tenant's; NULL: nobody's, and it stays. */
int linecard_attach(LineCard *lc, Tenant *tenant, const uint8_t mac[6], uint16_t vlan, double share,
                    GError **error);
/* After tenant_leave: what its queues hold ends as detached, its translations end, and its number,
 * VLAN and ports come back when nobody inside carries them. */
void linecard_detach(LineCard *lc, int class);
/* Another share of one interface, in one direction. */
bool linecard_set_share(LineCard *lc, int class, unsigned interface, bool out, double share,
                        GError **error);
/* What comes in for (address of the interface, protocol, port) is the traffic class's, at this MAC
 * address (NULL: at its own). */
bool linecard_bind(LineCard *lc, int class, const uint8_t mac[6], unsigned interface,
                   uint8_t protocol, uint16_t port, GError **error);
void linecard_close(LineCard *lc, int class, unsigned interface, uint8_t protocol, uint16_t port);
/* Packets and wire bytes that went through the traffic class's queue of an interface. */
QmCounts linecard_counts(const LineCard *lc, bool out, unsigned class, unsigned interface);
/* For a blade: the addresses of its first interfaces, and where their frames go on the backplane,
 * into its tables. False and an error: no such line card, or it has fewer interfaces. */
bool linecard_addresses(Component *blade, const char *name, FpTables *tables, unsigned n_interfaces,
                        GError **error);
/* Ports of each address that translation uses, from *first on; 0: there is none. */
unsigned linecard_translation_ports(const LineCard *lc, uint16_t *first);
Mp *linecard_mp(LineCard *lc);
ControlPort *linecard_control(LineCard *lc);
unsigned linecard_interfaces(const LineCard *lc);
/* Somebody's routes lead to the interface. */
void linecard_leads_to(LineCard *lc, unsigned interface);
/* What is taken, by traffic classes that are attached and in quarantine; and what is inside. */
typedef struct {
    uint64_t classes, bindings, translations, in_queues, held;
} LcOccupancy;
LcOccupancy linecard_occupancy(const LineCard *lc);
