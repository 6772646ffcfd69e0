/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The media switch fabric. One event per mpacket each way. */
#include "components/ixp/msf.h"

uint32_t msf_mpackets(const Msf *msf, uint32_t length) {
    return (packet_frame_bytes(length) + msf->element_bytes - 1) / msf->element_bytes;
}

/* Receive --------------------------------------------------------------------------------- */

Packet *msf_next_frame(Msf *msf) {
    while (!msf->fifo[msf->next_port].head)
        if (++msf->next_port == msf->n_ports) msf->next_port = 0;
    Packet *pkt = packet_queue_get(&msf->fifo[msf->next_port]);
    msf->fifo_packets--;
    if (++msf->next_port == msf->n_ports) msf->next_port = 0;
    return pkt;
}

/* Start the next element across the bus, if there is a frame and a free element. */
static void transfer_next(Msf *msf, SimTime now) {
    if (msf->arriving.pkt || !msf->rbuf_free) return;
    if (!msf->frame) {
        if (!msf->fifo_packets) return;
        msf->frame = msf_next_frame(msf);
        msf->frame_left = packet_frame_bytes(msf->frame->length);
        msf->frame_index = 0;
    }
    uint32_t bytes = MIN(msf->frame_left, msf->element_bytes);
    msf->frame_left -= bytes;
    msf->arriving = (Mpacket){.pkt = msf->frame,
                              .index = msf->frame_index++,
                              .bytes = bytes,
                              .last = msf->frame_left == 0};
    if (msf->arriving.last) msf->frame = NULL;
    msf->rbuf_free--;
    if (msf->rbuf_free < msf->rbuf_least) msf->rbuf_least = msf->rbuf_free;
    SimTime time = msf_bus_time(msf, bytes);
    msf->bus_in += time;
    sim_schedule_at(msf->group->sim, &msf->transfer, now + time);
}

static void transferred(Sim *sim, SimEvent *event) {
    Msf *msf = (Msf *)(void *)((char *)event - offsetof(Msf, transfer));
    SimTime now = sim_now(sim);
    Mpacket mpacket = msf->arriving;
    msf->arriving.pkt = NULL;
    msf->mpackets_in++;
    unsigned tail = msf->full_head + msf->n_full++;
    msf->full[tail < msf->rbuf_size ? tail : tail - msf->rbuf_size] = mpacket;
    if (msf->n_free) {
        Context *c = msf->free_list[msf->free_head];
        msf->free_head = (msf->free_head + 1) & 127;
        msf->n_free--;
        msf->n_promised++;
        context_wake(c, now);
    }
    transfer_next(msf, now);
    me_flush(msf->group, now);
}

bool msf_receive(Msf *msf, unsigned port, Packet *pkt, SimTime now) {
    if (msf->fifo[port].bytes + packet_frame_bytes(pkt->length) > msf->fifo_limit) {
        msf->refused++;
        return false;
    }
    packet_charge(pkt, CAUSE_RX_BUFFER, now);
    packet_queue_put(&msf->fifo[port], pkt);
    msf->fifo_packets++;
    if (msf->on_frame)
        msf->on_frame(msf->user, now);
    else
        transfer_next(msf, now);
    return true;
}

bool msf_take(Msf *msf, Mpacket *mpacket) {
    if (!msf->n_full) return false;
    *mpacket = msf->full[msf->full_head];
    if (++msf->full_head == msf->rbuf_size) msf->full_head = 0;
    msf->n_full--;
    msf->n_promised--;
    return true;
}

bool msf_join(Msf *msf, Context *c, SimTime now) {
    if (msf->n_full > msf->n_promised) {
        msf->n_promised++;
        return true;
    }
    msf->free_list[(msf->free_head + msf->n_free++) & 127] = c;
    context_sleep(c, CONTEXT_IDLE, now);
    return false;
}

bool msf_rbuf_free(Msf *msf, SimTime now) {
    msf->rbuf_free++;
    transfer_next(msf, now);
    return true;
}

/* Transmit -------------------------------------------------------------------------------- */

/* The MAC holds what the wire has not sent: room for it ends so long before free_at. */
SimTime msf_room_from(const Msf *msf, SimTime free_at, unsigned port, SimTime now) {
    SimTime backlog = msf->fifo_limit * port_speed(msf->component, port).ps_per_byte_q16 >> 16;
    return free_at > now + backlog ? free_at - backlog : now;
}

/* Send the element at the head across the bus, if it is valid and its port's MAC has room. */
static void transmit_next(Msf *msf, SimTime now) {
    if (msf->transmitting || !msf->tbuf_used) return;
    const TransmitElement *head = &msf->tbuf[msf->tbuf_head];
    if (!head->valid) return;
    SimTime start = now;
    if (port_connected(msf->component, head->port))
        start = msf_room_from(msf, port_free_at(msf->component, head->port), head->port, now);
    SimTime time = msf_bus_time(msf, head->mpacket.bytes);
    msf->bus_out += time;
    msf->transmitting = true;
    sim_schedule_at(msf->group->sim, &msf->transmit, start + time);
}

static void transmitted(Sim *sim, SimEvent *event) {
    Msf *msf = (Msf *)(void *)((char *)event - offsetof(Msf, transmit));
    SimTime now = sim_now(sim);
    TransmitElement element = msf->tbuf[msf->tbuf_head];
    msf->tbuf[msf->tbuf_head].mpacket.pkt = NULL;
    if (++msf->tbuf_head == msf->tbuf_size) msf->tbuf_head = 0;
    msf->tbuf_used--;
    msf->transmitting = false;
    msf->mpackets_out++;
    if (element.mpacket.last) port_send(msf->component, element.port, element.mpacket.pkt);
    Context *waiter = context_queue_get(&msf->tbuf_waiting);
    if (waiter) context_wake(waiter, now);
    transmit_next(msf, now);
    me_flush(msf->group, now);
}

int msf_tbuf_get(Msf *msf, Context *c, const Mpacket *mpacket, unsigned port, SimTime now) {
    if (msf->tbuf_used == msf->tbuf_size) {
        context_queue_put(&msf->tbuf_waiting, c);
        context_sleep(c, CAUSE_MSF, now);
        return -1;
    }
    unsigned i = msf->tbuf_head + msf->tbuf_used++;
    if (i >= msf->tbuf_size) i -= msf->tbuf_size;
    if (msf->tbuf_used > msf->tbuf_peak) msf->tbuf_peak = msf->tbuf_used;
    msf->tbuf[i] = (TransmitElement){.mpacket = *mpacket, .port = port};
    return (int)i;
}

void msf_tbuf_valid(Msf *msf, uint32_t element, SimTime now) {
    msf->tbuf[element].valid = true;
    transmit_next(msf, now);
}

void msf_init(Msf *msf, const MsfSettings *s, MeGroup *group, Component *component) {
    *msf = (Msf){.component = component,
                 .group = group,
                 .n_ports = component->n_ports,
                 .element_bytes = (uint32_t)s->mpacket_bytes,
                 .fifo_limit = s->mac_fifo_bytes};
    msf->ps_per_byte_q16 = (SimTime)(8e12 / s->spi_rate.per_second * 65536.0 + 0.5);
    msf->rbuf_size = msf->rbuf_free = msf->rbuf_least =
        (unsigned)(s->rbuf_bytes / s->mpacket_bytes);
    msf->tbuf_size = (unsigned)(s->tbuf_bytes / s->mpacket_bytes);
    msf->full = g_new0(Mpacket, msf->rbuf_size);
    msf->tbuf = g_new0(TransmitElement, msf->tbuf_size);
    component_owner(component, &msf->owner);
    sim_event_init(&msf->transfer, transferred, &msf->owner);
    sim_event_init(&msf->transmit, transmitted, &msf->owner);
}

void msf_clear(Msf *msf) {
    g_free(msf->full);
    g_free(msf->tbuf);
}
