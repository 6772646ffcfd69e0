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
 *   (manager, components/slice/manager.c: select(), one exception: recvfrom, sendto) */
#include <string.h>

#include "components/gpe/vserver.h"
#include "fastpath/headers.h"

/* A compute-bound task ---------------------------------------------------------------------- */

static bool compute_start(Vserver *v, GError **error) {
    (void)error;
    histogram_init(v->state);
    v->guest.process.gaps = v->state;
    return true;
}

static SimTime compute_next(Vserver *v) {
    (void)v;
    return PROCESS_FOREVER;
}

static void compute_free(Vserver *v) {
    histogram_clear(v->state);
}

const App compute_app = {.name = "compute",
                         .text = "a compute-bound task",
                         .sockets = 1,
                         .size = sizeof(Histogram),
                         .start = compute_start,
                         .next = compute_next,
                         .free = compute_free};

/* Routers ----------------------------------------------------------------------------------- */

/* The fast path's own Parse, Lookup and Header Format on the real bytes, in the server's tables. */
static void forward(Vserver *v, Packet *pkt) {
    Gpe *g = v->gpe;
    FpPacket fp = {.bytes = pkt->data,
                   .length = pkt->length,
                   .original = pkt->length,
                   .rx_interface = (uint16_t)pkt->port,
                   .slice = (uint16_t)v->guest.number,
                   .option = fp_slice(g->tables, v->guest.number)->option,
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

static SimTime click_next(Vserver *v) {
    return vserver_poll(v, true, v->gpe->cost.click + v->gpe->cost.clock_call, true);
}

const App click_app = {.name = "click",
                       .text = "Click's IPv4 router",
                       .sockets = 5,
                       .next = click_next,
                       .handle = forward};

/* With triggers it is an I3 node that owns every id: its block is zero, it and its predecessor are
 * one. */
static bool i3_filters(Vserver *v, GError **error) {
    if (!*v->triggers) return vserver_routes(v, "routes", v->routes, "", error);
    v->code_option = fp_code_option_find("i3");
    return vserver_routes(v, "triggers", v->triggers, "id ", error);
}

static SimTime i3_next(Vserver *v) {
    return vserver_poll(v, false, v->gpe->cost.i3, true);
}

static const char *const i3_keys[] = {"triggers", NULL};
const App i3_app = {.name = "i3",
                    .text = "I3 server",
                    .sockets = 1,
                    .keys = i3_keys,
                    .filters = i3_filters,
                    .next = i3_next,
                    .handle = forward};

/* Ends -------------------------------------------------------------------------------------- */

static SimTime echo_next(Vserver *v) {
    return vserver_poll(v, false, v->gpe->cost.echo, true);
}

/* The inner packet goes back to its sender, by the vServer's own routes. */
static void answer(Vserver *v, Packet *pkt) {
    if (pkt->length < IPV4_BYTES + UDP_BYTES || ip4_header_bytes(pkt->data) != IPV4_BYTES) {
        component_drop(&v->gpe->base, GPE_DROP_REFUSED, pkt);
        return;
    }
    uint8_t *ip = pkt->data;
    uint8_t *udp = ip + IPV4_BYTES;
    uint32_t from = get32(ip + IP4_SOURCE), ports = get32(udp + L4_SOURCE_PORT);
    put32(ip + IP4_SOURCE, get32(ip + IP4_DESTINATION));
    put32(ip + IP4_DESTINATION, from);
    put32(udp + L4_SOURCE_PORT, ports >> 16 | ports << 16);
    ip4_set_ttl(ip, 64);
    forward(v, pkt);
}

const App echo_app = {
    .name = "echo", .text = "echo responder", .sockets = 1, .next = echo_next, .handle = answer};

static SimTime sink_next(Vserver *v) {
    return vserver_poll(v, false, v->gpe->cost.sink, false);
}

static void consume(Vserver *v, Packet *pkt) {
    v->consumed++;
    packet_deliver(pkt);
}

const App sink_app = {
    .name = "sink", .text = "receiver", .sockets = 1, .next = sink_next, .handle = consume};
