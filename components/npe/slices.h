/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/npe/slices.h: what slices hold on an NPE, and how they get it and give it back, at any
 * simulated time: a number, queues, SRAM, TCAM entries, packet buffers, a share, and a UDP port at
 * every interface. SPP paper 2.2, 4 and 6. What packets may carry (number, queues, SRAM, port) is
 * in quarantine after that for as long as one of them is inside: emu/core/tenant.h. */
#pragma once

#include <string.h>

#include "components/npe/npe.h"
#include "emu/core/intervals.h"
#include "emu/core/tenant.h"

/* What a slice asks for. Borrowed while it is attached. */
typedef struct {
    Tenant *tenant;
    uint8_t option;
    uint16_t udp_port, vlan;
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
/* No more: what it holds, and what comes for it, ends as detached. */
void npe_queue_close(Npe *npe, unsigned slice, unsigned queue);

/* What is taken, by slices that are attached and in quarantine; and what is inside. */
typedef struct {
    uint64_t slices, queues, sram_bytes, filters, ports, in_queues, held;
} NpeOccupancy;
NpeOccupancy npe_occupancy(const Npe *npe);
/* What attached slices hold and what is in quarantine are all that is taken. */
bool npe_slices_check(const Npe *npe, GError **error);

/* Of an NPE that has its tables and queues. */
void npe_slices_init(Npe *npe);
void npe_slices_free(Npe *npe);
