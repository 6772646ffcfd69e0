/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What runs in a vServer. A step is what a process does between two points at which it could block,
 * with the system calls in it; a packet's step takes it from its socket at the beginning and sends
 * it at the end.
 *
 *   compute  reads the clock for ever
 *   click    poll() over all sockets, then one packet of each that is ready: recvfrom,
 *            gettimeofday, the router, sendto. kohler/click 4d86cfbd3: Socket::selected reads one
 *            packet a call; output is pushed, so no queue builds inside.
 *   i3       select() on one socket, then one packet: recvfrom, the trigger, sendto (i3_server.c)
 *   echo     select(), recvfrom, sendto back to the sender
 *   sink     select(), recvfrom
 *   manager  select(), one exception: recvfrom, components/slice/manager.c, sendto */
#include <string.h>

#include "components/slice/manager.h"
#include "fastpath/headers.h"

enum { STAGE_POLL, STAGE_PACKETS };

static SimTime compute_next(Vserver *v) {
    (void)v;
    return APP_FOREVER;
}

static void nothing(Vserver *v) {
    (void)v;
}

static Core *core_of(const Vserver *v) {
    return &v->gpe->core[v->task.core];
}

static uint32_t sockets_with_packets(const Vserver *v) {
    uint32_t ready = 0;
    for (unsigned i = 0; i <= v->n_sockets; i++)
        if (v->socket[i].waiting.head) ready |= 1u << i;
    return ready;
}

/* Take the next packet that the last poll found and begin the step that `process` costs. */
static SimTime begin_packet(Vserver *v, SimTime process, bool sends) {
    const GpeCosts *c = &v->gpe->cost;
    Socket *s = &v->socket[__builtin_ctz(v->ready)];
    v->ready &= v->ready - 1;
    v->packet = packet_queue_get(&s->waiting);
    s->truesize -= (uint32_t)v->gpe->truesize;
    SimTime kernel = c->receive_call + (sends ? c->send_call : 0);
    SimTime copying = c->copy_byte * v->packet->length * (sends ? 2 : 1);
    SimTime hold = kernel * v->gpe->serial_q16 >> 16;
    Core *k = core_of(v);
    SimTime cost = core_lock(k, kernel + copying + process, hold);
    if (v->gpe->n_cores > 1) k->bh_until = v->gpe->lock_free;
    return cost;
}

/* The loop of poll and packets. `all`: one packet of each ready socket, else of one. */
static SimTime poll_loop(Vserver *v, bool all, SimTime process, bool sends) {
    const GpeCosts *c = &v->gpe->cost;
    if (v->stage == STAGE_PACKETS) {
        if (v->ready) return begin_packet(v, process, sends);
        v->stage = STAGE_POLL;
    }
    if (v->stage == STAGE_POLL) { /* the call; its result when it is over */
        v->stage = STAGE_PACKETS + 1;
        v->polls++;
        return c->poll_call + c->poll_fd * v->n_sockets;
    }
    v->ready = sockets_with_packets(v);
    if (!v->ready) return SIM_NEVER; /* asleep in the call, which goes on when a packet comes */
    if (!all) v->ready &= -v->ready;
    v->stage = STAGE_PACKETS;
    return begin_packet(v, process, sends);
}

static SimTime click_next(Vserver *v) {
    return poll_loop(v, true, v->gpe->cost.click + v->gpe->cost.clock_call, true);
}

static SimTime i3_next(Vserver *v) {
    return poll_loop(v, false, v->gpe->cost.i3, true);
}

static SimTime echo_next(Vserver *v) {
    return poll_loop(v, false, v->gpe->cost.echo, true);
}

static SimTime sink_next(Vserver *v) {
    return poll_loop(v, false, v->gpe->cost.sink, false);
}

static SimTime manager_next(Vserver *v) {
    return poll_loop(v, false, v->gpe->cost.manager, true);
}

static void manage(Vserver *v) {
    Packet *pkt = v->packet;
    if (!pkt) return; /* it was the poll */
    v->packet = NULL;
    v->consumed++;
    manager_handle(v->manager, pkt);
}

/* Parse, Lookup, Header Format. */
static void forward(Vserver *v) {
    Gpe *g = v->gpe;
    Packet *pkt = v->packet;
    if (!pkt) return; /* it was the poll */
    v->packet = NULL;
    FpPacket fp = {.bytes = pkt->data,
                   .length = pkt->length,
                   .original = pkt->length,
                   .rx_interface = (uint16_t)pkt->port,
                   .slice = (uint16_t)v->number,
                   .option = fp_slice(g->tables, v->number)->option,
                   .vlan = (uint16_t)v->vlan};
    g->log.n = 0;
    FpVerdict verdict = fp_parse(g->tables, &fp, &g->log);
    if (verdict != FP_DROP) verdict = fp_lookup(g->tables, &fp, &g->log);
    if (verdict == FP_FORWARD) verdict = fp_format(g->tables, &fp, &g->log);
    if (verdict != FP_FORWARD) {
        component_drop(&g->base, verdict == FP_EXCEPTION ? GPE_DROP_EXCEPTION : GPE_DROP_REFUSED,
                       pkt);
        return;
    }
    packet_set_length(pkt, fp.length - TUNNEL_BYTES);
    packet_push(pkt, TUNNEL_BYTES);
    v->forwarded++;
    gpe_transmit(g, fp.result.interface, pkt);
}

/* The inner packet goes back to its sender, by the vServer's own routes. */
static void answer(Vserver *v) {
    Packet *pkt = v->packet;
    if (!pkt) return;
    if (pkt->length < IPV4_BYTES + UDP_BYTES || (pkt->data[0] & 15) != 5) {
        v->packet = NULL;
        component_drop(&v->gpe->base, GPE_DROP_REFUSED, pkt);
        return;
    }
    uint8_t *ip = pkt->data;
    uint32_t from = get32(ip + 12), ports = get32(ip + 20), time_to_live = get16(ip + 8);
    put32(ip + 12, get32(ip + 16));
    put32(ip + 16, from);
    put32(ip + 20, ports >> 16 | ports << 16);
    if (ip[8] != 64) {
        put16(ip + 8, 64u << 8 | ip[9]);
        put16(ip + 10, checksum_update(get16(ip + 10), time_to_live, get16(ip + 8)));
    }
    v->replies++;
    forward(v);
}

static void consume(Vserver *v) {
    Packet *pkt = v->packet;
    if (!pkt) return;
    v->packet = NULL;
    v->consumed++;
    packet_deliver(pkt);
}

static const App compute = {"compute", "a compute-bound task", 1, compute_next, nothing},
                 click = {"click", "Click's IPv4 router", 5, click_next, forward},
                 i3 = {"i3", "I3 server", 1, i3_next, forward},
                 echo = {"echo", "echo responder", 1, echo_next, answer},
                 sink = {"sink", "receiver", 1, sink_next, consume},
                 manager = {"manager", "slice manager", 1, manager_next, manage};
const App *const apps[] = {&compute, &click, &i3, &echo, &sink, &manager};
