/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A host that answers pings: what comes in at port 0 goes back to its sender, outer and inner
 * addresses exchanged, `delay` later and through port 0. Real bytes stay valid: exchanging
 * addresses and ports leaves checksums as they are; a time to live of 64 is written and the
 * checksum updated. An I3 packet has no sender's address inside; its id becomes that of the trigger
 * for answers. */
#include <string.h>

#include "components/causes.h"
#include "components/traffic/traffic.h"
#include "components/traffic/tunnel.h"
#include "emu/core/report.h"
#include "emu/scenario/compose.h"
#include "fastpath/options/i3.h"

typedef struct {
    Component base;
    /* settings */
    uint64_t port_shift;
    Hex answer_id;
    SimTime delay;
    /* state */
    PacketQueue waiting; /* Packet.due: when it may leave */
    SimEvent departure;
    uint64_t reflected;
} Responder;

enum { DROP_FORM };
enum { TTL = 64 };

static void exchange(uint8_t *a, uint8_t *b, size_t n) {
    uint8_t t[8];
    memcpy(t, a, n);
    memcpy(a, b, n);
    memcpy(b, t, n);
}

static void responder_receive(Component *c, unsigned port, Packet *pkt) {
    Responder *r = (Responder *)c;
    uint8_t *p = pkt->data, *ip = p + TUNNEL_IP, *udp = p + TUNNEL_UDP, *inner = p + TUNNEL_BYTES;
    (void)port;
    bool i3 = pkt->length >= TUNNEL_BYTES + I3_HEADER_BYTES && inner[I3_AT_VERSION] == I3_VERSION;
    if (!tunnel_is(p, pkt->length) || pkt->length < TUNNEL_BYTES + INNER_BYTES ||
        (!i3 && inner[IP4_VERSION] != IP4_PLAIN_VERSION)) {
        component_drop(c, DROP_FORM, pkt);
        return;
    }
    exchange(p + ETHER_DESTINATION, p + ETHER_SOURCE, MAC_BYTES);
    exchange(ip + IP4_SOURCE, ip + IP4_DESTINATION, 4);
    exchange(udp + L4_SOURCE_PORT, udp + L4_DESTINATION_PORT, 2);
    put16(udp + L4_DESTINATION_PORT, get16(udp + L4_DESTINATION_PORT) + (uint32_t)r->port_shift);
    ip4_set_ttl(ip, TTL);
    if (i3) {
        if (r->answer_id.given) memcpy(inner + I3_AT_IDS, r->answer_id.bytes, I3_ID_BYTES);
    } else {
        udp = inner + IPV4_BYTES;
        exchange(inner + IP4_SOURCE, inner + IP4_DESTINATION, 4);
        exchange(udp + L4_SOURCE_PORT, udp + L4_DESTINATION_PORT, 2);
        ip4_set_ttl(inner, TTL);
    }
    r->reflected++;
    packet_charge(pkt, CAUSE_HOST, sim_now(c->sim));
    pkt->due = sim_now(c->sim) + r->delay;
    if (!r->waiting.head) sim_schedule_at(c->sim, &r->departure, pkt->due);
    packet_queue_put(&r->waiting, pkt);
}

static void depart(Sim *sim, SimEvent *event) {
    Responder *r = (Responder *)(void *)((char *)event - offsetof(Responder, departure));
    Packet *pkt = packet_queue_get(&r->waiting);
    if (r->waiting.head) sim_schedule_at(sim, event, r->waiting.head->due);
    port_send(&r->base, 0, pkt);
}

static bool responder_create(Component *c, GError **error) {
    Responder *r = (Responder *)c;
    (void)error;
    sim_event_init(&r->departure, depart, &c->owner);
    return true;
}

/* What comes in. */
static bool responder_sends(const Component *c, unsigned port) {
    return port_fed(c, port);
}

static void responder_report(Component *c, Report *report) {
    report_scalar(report, "reflected", (double)((Responder *)c)->reflected, "packets");
}

static const Param responder_params[] = {
    PARAM_WHICH("port_shift", Responder, port_shift, "0", "0", "30000",
                "added to the UDP port that it answers to: where the sender listens for answers",
                "scenario"),
    PARAM_TIME("delay", Responder, delay, "31us", "0", "10s",
               "from the last bit of a ping to the answer: interrupt and kernel of both hosts",
               "calibrated on F12-npe"),
    PARAM_HEX("answer_id", Responder, answer_id, "", I3_ID_BYTES,
              "i3: id of the sender's trigger in hexadecimal, the rest 0; none: left alone",
              "scenario"),
    {0}};

static const DropReason responder_drops[] = {{"form", "not a packet in a tunnel"}, {0}};

static const Scalar responder_scalars[] = {{"reflected", "packets", "that were answered"}, {0}};

static const Composition responder_composition = {.way = ATTACH_BOTH};

const ComponentClass responder_class = {
    .name = "responder",
    .text = "a host that answers pings",
    .ports = "0: Ethernet, both ways",
    .size = sizeof(Responder),
    .params = responder_params,
    .composition = &responder_composition,
    .drops = responder_drops,
    .create = responder_create,
    .receive = responder_receive,
    .sends = responder_sends,
    .scalars = responder_scalars,
    .report = responder_report,
};
