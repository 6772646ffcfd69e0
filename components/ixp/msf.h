/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/ixp/msf.h: the media switch fabric: MAC buffers, the SPI-4.2 bus and the receive and
 * transmit buffers (RBUF, TBUF) of mpacket elements.
 *
 * A frame of n bytes (with FCS) takes ceil(n / element) mpackets each way. In: a frame that the MAC
 * has received whole crosses the bus element by element, frames of the ports in turn; a full
 * element goes to the context at the head of the free list. Out: elements cross the bus strictly in
 * the order of their allocation, once valid; the frame leaves its port when its last element is in
 * the MAC. A MAC without room drops the frame (in) or holds the bus (out). Source: IXP2800 HRM
 * 59-66, 245-266. Not modelled: interleaving of frames within the bus, calendars and per-port
 * thresholds of SPI-4.2 flow control. */
#pragma once

#include "components/ixp/me.h"

#define MSF_MAX_PORTS 24u

typedef struct {
    uint64_t mpacket_bytes, rbuf_bytes, tbuf_bytes, mac_fifo_bytes;
    Rate spi_rate;
} MsfSettings;

typedef struct {
    Packet *pkt;
    uint32_t index, bytes; /* which mpacket of the frame, and its length */
    bool last;
} Mpacket;

typedef struct {
    Mpacket mpacket;
    unsigned port;
    bool valid;
} TransmitElement;

typedef struct {
    Component *component;    /* whose ports it sends through */
    MeGroup *group;          /* whose contexts it wakes */
    SimTime ps_per_byte_q16; /* of the bus */
    uint32_t element_bytes;
    SimOwner owner;

    /* receive */
    unsigned n_ports, next_port;
    PacketQueue fifo[MSF_MAX_PORTS]; /* whole frames in the MAC */
    uint64_t fifo_limit;
    uint64_t fifo_packets;
    void (*on_frame)(void *user, SimTime now); /* told of every frame instead of transferring it */
    void *user;
    Mpacket arriving; /* crossing the bus; pkt NULL: none */
    Packet *frame;    /* whose mpackets are being transferred */
    uint32_t frame_left, frame_index;
    SimEvent transfer;
    unsigned rbuf_size, rbuf_free, rbuf_least;
    Mpacket *full; /* ring of elements no context has taken yet */
    unsigned full_head, n_full;
    unsigned n_promised;     /* of these, meant for contexts that are about to take them */
    Context *free_list[128]; /* contexts waiting for an mpacket, in order */
    unsigned free_head, n_free;

    /* transmit */
    TransmitElement *tbuf;
    unsigned tbuf_size, tbuf_head, tbuf_used, tbuf_peak;
    bool transmitting;
    SimEvent transmit;
    ContextQueue tbuf_waiting; /* contexts that wait for an element */

    /* counters */
    uint64_t mpackets_in, mpackets_out, refused; /* refused: frames that a MAC had no room for */
    SimTime bus_in, bus_out;
} Msf;

void msf_init(Msf *msf, const MsfSettings *s, MeGroup *group, Component *component);
void msf_clear(Msf *msf);

uint32_t msf_mpackets(const Msf *msf, uint32_t length); /* of a packet of so many data bytes */

/* How long so many bytes are on the bus. */
static inline SimTime msf_bus_time(const Msf *msf, uint32_t bytes) {
    return bytes * msf->ps_per_byte_q16 >> 16;
}
/* The next frame out of the MAC, of the ports in turn. There is one. */
Packet *msf_next_frame(Msf *msf);
/* From when on the MAC has room for what follows. */
SimTime msf_room_from(const Msf *msf, SimTime free_at, unsigned port, SimTime now);

/* A frame has arrived at a port. False: the MAC has no room; the caller still owns the packet. */
bool msf_receive(Msf *msf, unsigned port, Packet *pkt, SimTime now);
/* Take the first full element. False: there is none. */
bool msf_take(Msf *msf, Mpacket *mpacket);
/* Join the free list. True: an mpacket is there for this context to take; false: it sleeps until
 * there is. */
bool msf_join(Msf *msf, Context *c, SimTime now);
bool msf_rbuf_free(Msf *msf, SimTime now); /* true: nobody waits for that */

/* The next element in order, or -1: none is free, and the context sleeps until one is (then call
 * again). */
int msf_tbuf_get(Msf *msf, Context *c, const Mpacket *mpacket, unsigned port, SimTime now);
void msf_tbuf_valid(Msf *msf, uint32_t element, SimTime now);
