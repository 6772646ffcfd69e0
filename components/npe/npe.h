/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/npe/npe.h: the network-processing engine, and what slices hold on it: a number,
 * queues, SRAM, TCAM entries, packet buffers, a share, and UDP ports at every interface. They get
 * it and give it back at any simulated time. SPP paper 2.2, 4 and 6. What packets may carry
 * (number, queues, SRAM, ports) is in quarantine after that for as long as one of them is inside:
 * emu/core/tenant.h. */
#pragma once

#include "components/blade/control_port.h"
#include "components/ixp/mp.h"
#include "components/linecard/linecard.h"
#include "emu/core/intervals.h"
#include "emu/core/tenant.h"
#include "fastpath/substrate.h"

typedef struct Npe Npe;

extern const ComponentClass npe_class;

/* On a switch (its `linecard` is set): take addresses from the line card. Once; slices call it too,
 * because they may start before their NPE. */
bool npe_attach(Npe *npe, GError **error);
bool npe_switched(const Npe *npe);
LineCard *npe_linecard(const Npe *npe); /* NULL: none */
unsigned npe_interfaces(const Npe *npe);
const uint8_t *npe_mac(const Npe *npe);
FpTables *npe_tables(const Npe *npe);
Mp *npe_mp(Npe *npe);
ControlPort *npe_control(Npe *npe);
/* A filter of a slice leads to the interface. */
void npe_leads_to(Npe *npe, unsigned interface);
/* The output rate of an interface's scheduler, wire rate. */
void npe_set_rate(Npe *npe, unsigned interface, uint64_t rate_bps);
uint64_t npe_rate(const Npe *npe); /* as it is set for all */
/* Wire bytes that wait for it. */
uint64_t npe_backlog(const Npe *npe, unsigned interface);

/* What a slice asks for. Borrowed while it is attached. */
typedef struct {
    Tenant *tenant;
    uint8_t option;
    uint16_t udp_port, vlan; /* at every interface; 0: none yet, npe_port_bind brings the first */
    double share;      /* of each interface, if the NPE has no line card, which has shares too */
    unsigned n_queues; /* with that of its exceptions, which is the last */
    const uint8_t *queue_interface;        /* of each queue: FpSlice */
    uint32_t sram_bytes, buffers, filters; /* buffers, filters: at most; 0: no limit */
    uint32_t exception_address;            /* who takes its exceptions */
    uint16_t exception_port;
    bool exception_station; /* at this MAC address; else where the NPE's last interface leads */
    uint8_t exception_mac[6];
} NpeSlice;

/* Everything that is asked for, or nothing, false, and an error that names the key. */
bool npe_slice_attach(Npe *npe, const NpeSlice *asked, unsigned *slice, GError **error);
/* After tenant_leave: its filters are gone, what its queues hold ends as detached, and what it held
 * comes back when nobody inside carries it. */
void npe_slice_detach(Npe *npe, unsigned slice);

/* Another UDP port of the slice, at every interface; closed: in quarantine as the rest. False: it
 * is taken; the slice does not have it. */
bool npe_port_open(Npe *npe, unsigned slice, uint16_t port, GError **error);
bool npe_port_close(Npe *npe, unsigned slice, uint16_t port);
/* The same at one interface. The first of a slice that has none is the one that it sends from. */
bool npe_port_bind(Npe *npe, unsigned slice, unsigned interface, uint16_t port, GError **error);
bool npe_port_unbind(Npe *npe, unsigned slice, unsigned interface, uint16_t port);
/* Whose packets of the slice are. */
Tenant *npe_tenant(const Npe *npe, unsigned slice);

/* Filters. n positions in rising order, all in front of or behind what others have; false: fewer
 * are left of the TCAM, or of the slice's quota (*quota then). */
bool npe_filter_positions(Npe *npe, unsigned slice, uint32_t n, uint32_t *positions, bool *quota);
/* One before all other filters of the slice. */
bool npe_filter_in_front(Npe *npe, unsigned slice, uint32_t *position, bool *quota);
/* False: the position holds no filter of the slice. */
bool npe_filter_remove(Npe *npe, unsigned slice, uint32_t position);
/* The position was taken, and no filter put there. */
void npe_filter_give(Npe *npe, unsigned slice, uint32_t position);
/* The slice's next filter at `from` or behind; false: none. */
bool npe_filter_next(const Npe *npe, unsigned slice, uint32_t from, uint32_t *position,
                     TcamWord *value, TcamWord *mask);
uint32_t npe_filters_free(const Npe *npe);

/* A queue of the slice, in its own numbering, at an interface (FP_NO_INTERFACE: the slow path's).
 */
void npe_queue_set(Npe *npe, unsigned slice, unsigned queue, unsigned interface, uint32_t quantum,
                   uint32_t packets, uint32_t bytes);
/* What it adds to its deficit in each round, and its share of its scheduler's rate; 0: none. */
void npe_queue_set_share(Npe *npe, unsigned slice, unsigned queue, uint32_t quantum, double share);
void npe_queue_set_limit(Npe *npe, unsigned slice, unsigned queue, uint32_t packets);
uint32_t npe_queue_packets(const Npe *npe, unsigned slice, unsigned queue);
/* Tell of it as a resource of the component that asks, which has the limit. */
void npe_queue_resource(const Npe *npe, unsigned slice, unsigned queue, uint64_t limit_packets,
                        Resources *r);
void npe_buffers_resource(const Npe *npe, unsigned slice, Resources *r);
/* No more: what it holds, and what comes for it, ends as detached. */
void npe_queue_close(Npe *npe, unsigned slice, unsigned queue);

/* All that there is of it for slices, of which every one has a queue of exceptions too. */
typedef struct {
    uint64_t slices, queues, sram_bytes, filters, buffers, rate_bps;
} NpeRoom;
NpeRoom npe_room(const Npe *npe);
/* What is taken, by slices that are attached and in quarantine; and what is inside. */
typedef struct {
    uint64_t slices, queues, sram_bytes, filters, ports, in_queues, held;
} NpeOccupancy;
NpeOccupancy npe_occupancy(const Npe *npe);
