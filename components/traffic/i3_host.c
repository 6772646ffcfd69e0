/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A receiver of the Internet Indirection Infrastructure: a host that has its I3 node put in a
 * trigger to itself, keeps it there and hands on what comes by it. Its target is peer_address and
 * peer_port, so it moves as another host does: a second one with the same id.
 *
 * Handshake (components/slowpath/i3_server.h): an insert, without a nonce as long as none is
 * known; a challenge that brings the nonce; the insert again with it; an ack. Without an ack there
 * is another try after ack_timeout, `tries` of them in all. A try sends one insert, and one more if
 * a challenge brings another nonce; later challenges have to wait for the next try, so nobody
 * keeps it talking. `refresh` after the ack, or after giving up, comes the next handshake. A remove
 * has no ack; if it is lost the trigger lives on at the node until it is too old. Answers are
 * only believed if they name the trigger that was asked for, in all but the nonce.
 *
 * In repetitions after the first, the first refresh comes at a random phase (component_phase); an
 * insert comes when it is ordered.
 *
 * An insert that was ordered keeps the run going until it is acked or given up, a refresh does not.
 */
#include <string.h>

#include "components/slowpath/i3_server.h"
#include "components/traffic/traffic.h"
#include "components/traffic/tunnel.h"
#include "emu/core/report.h"
#include "emu/scenario/compose.h"

enum { LINK, DATA };               /* ports */
enum { DROP_FORM, DROP_STRANGER }; /* why */
enum { TRIGGER_NONCE = 35 };       /* flags 1, id 32, prefix length 2 */
enum { TRIGGER_TARGET = 51, HOST_BYTES = 7 };
enum { SENDER_BYTES = 1 + HOST_BYTES, TRIGGER_OPTION = 1 + I3_TRIGGER_BYTES };
enum { CONTROL_BYTES = I3_HEADER_BYTES + 2 + SENDER_BYTES + TRIGGER_OPTION }; /* 120 */

typedef struct {
    Component base;
    /* settings */
    TunnelSettings tunnel_settings;
    Hex id;
    uint64_t prefix, max_tries;
    bool insert;
    SimTime insert_at, refresh, ack_timeout;
    /* state */
    Tunnel tunnel;
    uint8_t trigger[I3_TRIGGER_BYTES]; /* with the nonce, 0 before it is known */
    bool has_nonce;
    bool waiting;    /* for an ack */
    bool ordered;    /* not a refresh: the run waits for it */
    bool challenged; /* since the last try */
    uint64_t tries;
    SimTime begun;
    SimTime phase;  /* by which the first refresh is earlier */
    SimEvent timer; /* next: begin, try again, or refresh */
    uint32_t sequence;
    /* counters */
    uint64_t inserts, removes, challenges, acks, failures, data, other;
    Histogram handshake; /* ps, ordered inserts */
} I3Host;

static void send_control(I3Host *h, uint8_t code) {
    Packet *pkt = packet_new(h->base.packets, &h->base.owner, TUNNEL_BYTES + CONTROL_BYTES);
    uint8_t *p = pkt->data + TUNNEL_BYTES;
    tunnel_build(pkt->data, &h->tunnel, CONTROL_BYTES);
    *p++ = I3_VERSION;
    *p++ = I3_OPTION_LIST;
    *p++ = 1;
    memcpy(p, h->trigger + 1, I3_ID_BYTES);
    p += I3_ID_BYTES;
    put16(p, 2 + SENDER_BYTES + TRIGGER_OPTION);
    p += 2;
    *p++ = I3_SENDER;
    memcpy(p, h->trigger + TRIGGER_TARGET, HOST_BYTES);
    p += HOST_BYTES;
    *p++ = code;
    memcpy(p, h->trigger, I3_TRIGGER_BYTES);
    pkt->sequence = h->sequence++;
    port_send(&h->base, LINK, pkt);
}

static void send_insert(I3Host *h) {
    h->inserts++;
    send_control(h, I3_INSERT);
}

/* The run waits for this host, or no longer does. */
static void order(I3Host *h, bool ordered) {
    if (h->ordered == ordered) return;
    h->ordered = ordered;
    network_busy(h->base.network, ordered ? 1 : -1);
}

static void try_insert(I3Host *h) {
    h->tries++;
    h->challenged = false;
    sim_schedule(h->base.sim, &h->timer, h->ack_timeout);
    send_insert(h);
}

static void begin(I3Host *h) {
    sim_cancel(h->base.sim, &h->timer);
    h->waiting = true;
    h->tries = 0;
    h->begun = sim_now(h->base.sim);
    try_insert(h);
}

/* The handshake is over. */
static void finish(I3Host *h) {
    sim_cancel(h->base.sim, &h->timer);
    h->waiting = false;
    order(h, false);
    if (h->refresh) sim_schedule(h->base.sim, &h->timer, h->refresh - h->phase);
    h->phase = 0;
}

static void on_timer(Sim *sim, SimEvent *event) {
    I3Host *h = (I3Host *)(void *)((char *)event - offsetof(I3Host, timer));
    (void)sim;
    if (!h->waiting) {
        begin(h);
    } else if (h->tries < h->max_tries) {
        try_insert(h);
    } else {
        h->failures++;
        finish(h);
    }
}

/* What arrives ----------------------------------------------------------------------------- */

static void challenge(I3Host *h, const uint8_t *nonce) {
    h->challenges++;
    bool known = h->has_nonce && !memcmp(h->trigger + TRIGGER_NONCE, nonce, I3_NONCE_BYTES);
    if (!h->waiting || h->challenged || known) return;
    memcpy(h->trigger + TRIGGER_NONCE, nonce, I3_NONCE_BYTES);
    h->has_nonce = h->challenged = true;
    send_insert(h);
}

static void ack(I3Host *h, const uint8_t *nonce) {
    if (!h->waiting || memcmp(h->trigger + TRIGGER_NONCE, nonce, I3_NONCE_BYTES) != 0) {
        h->other++;
        return;
    }
    h->acks++;
    if (h->ordered) histogram_add(&h->handshake, sim_now(h->base.sim) - h->begun);
    finish(h);
}

static bool is_ours(const I3Host *h, const uint8_t *trigger) {
    const uint32_t behind = TRIGGER_NONCE + I3_NONCE_BYTES;
    return !memcmp(trigger, h->trigger, TRIGGER_NONCE) &&
           !memcmp(trigger + behind, h->trigger + behind, I3_TRIGGER_BYTES - behind);
}

/* A node's answers have the trigger in their first option. What else they say is of no use here. */
static void obey(I3Host *h, const uint8_t *option, uint32_t bytes) {
    bool answer = bytes >= TRIGGER_OPTION && is_ours(h, option + 1);
    if (answer && *option == I3_CHALLENGE)
        challenge(h, option + 1 + TRIGGER_NONCE);
    else if (answer && *option == I3_ACK)
        ack(h, option + 1 + TRIGGER_NONCE);
    else
        h->other++;
}

/* Bytes behind the outer headers; 0: none or a form of no tunnel. */
static uint32_t inner_bytes(const Packet *pkt) {
    if (!tunnel_is(pkt->data, pkt->length)) return 0;
    uint32_t udp = get16(pkt->data + TUNNEL_UDP + UDP_LENGTH), room = pkt->length - TUNNEL_UDP;
    return udp >= UDP_BYTES && udp <= room ? udp - UDP_BYTES : 0;
}

static void i3_host_receive(Component *c, unsigned port, Packet *pkt) {
    I3Host *h = (I3Host *)c;
    const uint8_t *p = pkt->data + TUNNEL_BYTES;
    uint32_t bytes = inner_bytes(pkt);
    if (port != LINK || i3_classify(p, bytes) == FP_I3_BAD) {
        component_drop(c, DROP_FORM, pkt);
        return;
    }
    if (get32(pkt->data + TUNNEL_IP + IP4_DESTINATION) != h->tunnel.from.address ||
        get16(pkt->data + TUNNEL_UDP + L4_DESTINATION_PORT) != h->tunnel.from_port) {
        component_drop(c, DROP_STRANGER, pkt);
        return;
    }
    if (p[I3_AT_FLAGS] & I3_DATA) {
        h->data++;
        port_send(c, DATA, pkt);
        return;
    }
    const uint8_t *options = p + I3_AT_IDS + I3_ID_BYTES * p[I3_AT_COUNT];
    if (p[I3_AT_FLAGS] & I3_OPTION_LIST)
        obey(h, options + 2, get16(options) - 2);
    else
        h->other++;
    packet_deliver(pkt);
}

/* Its life --------------------------------------------------------------------------------- */

static bool i3_host_create(Component *c, GError **error) {
    I3Host *h = (I3Host *)c;
    uint8_t *t = h->trigger;
    c->n_ports = 2;
    histogram_init(&h->handshake);
    sim_event_init(&h->timer, on_timer, &c->owner);
    (void)error;
    tunnel_prepare(&h->tunnel_settings, &h->tunnel, 1);
    memcpy(t + 1, h->id.bytes, I3_ID_BYTES);
    put16(t + 1 + I3_ID_BYTES, (uint32_t)h->prefix);
    t[TRIGGER_TARGET] = I3_TO_IPV4;
    put32(t + TRIGGER_TARGET + 1, h->tunnel.from.address);
    put16(t + TRIGGER_TARGET + 5, h->tunnel.from_port);
    return true;
}

static bool i3_host_start(Component *c, GError **error) {
    I3Host *h = (I3Host *)c;
    (void)error;
    h->phase = component_phase(c, h->refresh);
    if (!h->insert) return true;
    order(h, true);
    sim_schedule_at(c->sim, &h->timer, network_zero(c->network) + h->insert_at);
    return true;
}

static const Verb i3_host_verbs[] = {{"insert", "", "insert its trigger now, and keep it there"},
                                     {"remove", "", "remove its trigger, and refresh it no more"},
                                     {0}};

static bool i3_host_understands(const Component *c, const char *verb, const char *args,
                                GError **error) {
    if (!component_has_verb(c, verb, error)) return false;
    if (!*args) return true;
    return input_error(error, "found \"%s %s\", expected %s alone", verb, args, verb);
}

static bool i3_host_command(Component *c, const char *verb, const char *args, GError **error) {
    I3Host *h = (I3Host *)c;
    if (!i3_host_understands(c, verb, args, error)) return false;
    if (!strcmp(verb, "insert")) {
        order(h, true);
        begin(h);
        return true;
    }
    sim_cancel(c->sim, &h->timer);
    h->waiting = false;
    order(h, false);
    if (!h->has_nonce) return true; /* nothing is there before one was known */
    h->removes++;
    send_control(h, I3_REMOVE);
    return true;
}

static bool i3_host_sends(const Component *c, unsigned port) {
    return port == LINK && ((const I3Host *)c)->insert;
}

static const char *i3_host_unused(const Component *c, const char *key) {
    return !strcmp(key, "insert_at") && !((const I3Host *)c)->insert ? "insert = yes uses it"
                                                                     : NULL;
}

static void i3_host_report(Component *c, Report *report) {
    const I3Host *h = (const I3Host *)c;
    report_scalar(report, "inserts", (double)h->inserts, "packets");
    report_scalar(report, "removes", (double)h->removes, "packets");
    report_scalar(report, "challenges", (double)h->challenges, "packets");
    report_scalar(report, "acks", (double)h->acks, "packets");
    report_scalar(report, "failures", (double)h->failures, "handshakes");
    report_scalar(report, "other", (double)h->other, "packets");
    report_scalar(report, "data", (double)h->data, "packets");
    report_scalar(report, "insert_ack_us", histogram_mean(&h->handshake) / 1e6, "us");
    report_scalar(report, "insert_ack_max_us", histogram_at(&h->handshake, 1) / 1e6, "us");
}

static void i3_host_free(Component *c) {
    histogram_clear(&((I3Host *)c)->handshake);
}

static const Param i3_host_params[] = {
    PARAM_HEX("id", I3Host, id, "0a000001", I3_ID_BYTES,
              "id of its trigger in hexadecimal, up to 64 digits, the rest 0", "scenario"),
    PARAM_COUNT("prefix", I3Host, prefix, "256", "0", "256",
                "leading bits of the id that a packet's id must share; the node has a minimum too",
                "assumed: all of them"),
    PARAM_BOOL("insert", I3Host, insert, "yes",
               "insert the trigger at insert_at; no: only when the script says so", "scenario"),
    PARAM_TIME("insert_at", I3Host, insert_at, "0", "0", "10000s", "first insert", "scenario"),
    PARAM_WORDS("refresh", TIME, I3Host, refresh, "20s", "1ns", "86400s", "never=0",
                "from an ack to the next insert", "I3 client library: 20 s"),
    PARAM_TIME("ack_timeout", I3Host, ack_timeout, "2s", "1us", "1000s",
               "from an insert without ack to the next", "I3 client library: 2 s"),
    PARAM_COUNT("tries", I3Host, max_tries, "6", "1", "1000000",
                "inserts without ack before it gives up", "I3 client library: 6"),
    TUNNEL_PARAMS(I3Host, tunnel_settings),
    {0}};

static const DropReason i3_host_drops[] = {
    {"form", "not an I3 packet in a tunnel"}, {"stranger", "to another address or UDP port"}, {0}};

static const Scalar i3_host_scalars[] = {
    {"inserts", "packets", "asking for its trigger to be kept"},
    {"removes", "packets", "asking for its trigger to be taken out"},
    {"challenges", "packets", "that asked for a nonce back"},
    {"acks", "packets", "that said its trigger is there"},
    {"failures", "handshakes", "given up without an ack"},
    {"other", "packets", "that were something else"},
    {"data", "packets", "that its trigger sent here"},
    {"insert_ack_us", "us", "from an insert to its ack, mean"},
    {"insert_ack_max_us", "us", "from an insert to its ack, the longest"},
    {0}};

static const Composition i3_host_composition = {.way = ATTACH_BOTH};

const ComponentClass i3_host_class = {
    .name = "i3_host",
    .text = "a receiver of I3: keeps a trigger to itself at its node",
    .ports = "0: Ethernet, both ways; 1: data that arrived, out",
    .size = sizeof(I3Host),
    .params = i3_host_params,
    .composition = &i3_host_composition,
    .drops = i3_host_drops,
    .create = i3_host_create,
    .start = i3_host_start,
    .receive = i3_host_receive,
    .verbs = i3_host_verbs,
    .understands = i3_host_understands,
    .command = i3_host_command,
    .sends = i3_host_sends,
    .unused = i3_host_unused,
    .scalars = i3_host_scalars,
    .report = i3_host_report,
    .free = i3_host_free,
};
