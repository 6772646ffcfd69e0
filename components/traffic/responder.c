/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A host that answers pings: what comes in at port 0 goes back to its sender, outer and inner
 * addresses exchanged, `delay` later and through port 0. Real bytes stay valid: exchanging
 * addresses and ports leaves checksums as they are; a time to live of 64 is written and the
 * checksum updated. An I3 packet has no sender's address inside; its id becomes that of the trigger
 * for answers. */
#include <string.h>

#include "components/address.h"
#include "components/causes.h"
#include "components/traffic/traffic.h"
#include "components/traffic/tunnel.h"
#include "emu/core/report.h"
#include "fastpath/options/i3.h"

typedef struct {
    Component base;
    /* settings */
    uint64_t port_shift;
    char *answer_id;
    SimTime delay;
    /* state */
    PacketQueue waiting; /* Packet.due: when it may leave */
    SimEvent departure;
    uint8_t id[I3_ID_BYTES];
    uint64_t reflected;
} Responder;

enum { DROP_FORM };

static void exchange(uint8_t *a, uint8_t *b, size_t n) {
    uint8_t t[8];
    memcpy(t, a, n);
    memcpy(a, b, n);
    memcpy(b, t, n);
}

static void refresh(uint8_t *ip) {
    uint32_t old = get16(ip + 8);
    if (ip[8] == 64) return;
    ip[8] = 64;
    put16(ip + 10, checksum_update(get16(ip + 10), old, get16(ip + 8)));
}

static void responder_receive(Component *c, unsigned port, Packet *pkt) {
    Responder *r = (Responder *)c;
    uint8_t *p = pkt->data, *inner = p + TUNNEL_BYTES;
    (void)port;
    bool i3 = pkt->length >= TUNNEL_BYTES + I3_HEADER_BYTES && inner[0] == I3_VERSION;
    if (pkt->length < TUNNEL_BYTES + INNER_BYTES || get16(p + 12) != ETHER_TYPE_VLAN ||
        p[18] != 0x45 || (!i3 && inner[0] != 0x45)) {
        component_drop(c, DROP_FORM, pkt);
        return;
    }
    exchange(p, p + 6, 6);
    exchange(p + 30, p + 34, 4);
    exchange(p + 38, p + 40, 2);
    put16(p + 40, get16(p + 40) + (uint32_t)r->port_shift);
    refresh(p + 18);
    if (i3) {
        if (*r->answer_id) memcpy(inner + 3, r->id, I3_ID_BYTES);
    } else {
        exchange(inner + 12, inner + 16, 4);
        exchange(inner + 20, inner + 22, 2);
        refresh(inner);
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
    sim_event_init(&r->departure, depart, &c->owner);
    return !*r->answer_id ||
           error_of_key(id_parse(r->answer_id, r->id, I3_ID_BYTES, error), "answer_id", error);
}

/* What comes in. */
static bool responder_sends(const Component *c, unsigned port) {
    return port_fed(c, port);
}

static void responder_report(Component *c, Report *report) {
    report_scalar(report, "reflected", (double)((Responder *)c)->reflected, "packets");
}

static const Param responder_params[] = {
    PARAM_COUNT("port_shift", Responder, port_shift, "0", "0", "30000",
                "added to the UDP port that it answers to: where the sender listens for answers",
                "scenario"),
    PARAM_TIME("delay", Responder, delay, "31us", NULL, "10s",
               "from the last bit of a ping to the answer: interrupt and kernel of both hosts",
               "calibrated on F12-npe"),
    PARAM_TEXT("answer_id", Responder, answer_id, "",
               "i3: id of the sender's trigger in hexadecimal, the rest 0; none: left alone",
               "scenario"),
    {0}};

static const DropReason responder_drops[] = {{"form", "not a packet in a tunnel"}, {0}};

const ComponentClass responder_class = {
    .name = "responder",
    .text = "a host that answers pings",
    .ports = "0: Ethernet, both ways",
    .size = sizeof(Responder),
    .params = responder_params,
    .drops = responder_drops,
    .create = responder_create,
    .receive = responder_receive,
    .sends = responder_sends,
    .report = responder_report,
};
