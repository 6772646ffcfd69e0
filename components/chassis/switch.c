/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A switch of the chassis: store and forward, output queues with finite buffers, a fixed latency.
 *
 *   leaves output at max(arrival + latency, when the output's wire is free)
 *
 * Who is reached through which port is known from the start: a shelf manager configures it. A frame
 * leaves by the port of its destination's MAC address, with its VLAN tag as it came; one for nobody
 * is dropped, not flooded. Sources: SPP paper 2.3 and 6. Not modelled: the fabric between input and
 * output, flow control by PAUSE frames, spanning tree, multicast. */
#include "components/chassis/switch.h"

#include <stdio.h>
#include <string.h>

#include "components/causes.h"
#include "emu/core/capture.h"
#include "emu/core/report.h"
#include "fastpath/headers.h"
#include "fastpath/text.h"

enum { MAX_PORTS = 64, DROP_UNKNOWN = 0, DROP_BUFFER, DROP_DOWN };

enum { BACKPLANE_MTU_BYTES = 9000 }; /* assumed: jumbo frames */

typedef struct Switch Switch;

typedef struct {
    SimEvent departure;
    Switch *owner;
    unsigned port;
    PacketQueue waiting; /* Packet.due: when it may leave */
    bool down;
    uint64_t slowed_q16; /* a fault: ps per wire byte, 0: none */
    SimTime slow_until;
    uint64_t forwarded, bytes, refused, peak_bytes;
} Output;

struct Switch {
    Component base;
    /* settings */
    uint64_t n_ports, buffer;
    SimTime latency;
    char *capture_name;
    /* state */
    Capture *capture;
    GHashTable *stations; /* MAC address -> Output */
    Output outputs[MAX_PORTS];
};

static gpointer station_key(const uint8_t mac[6]) {
    uint64_t key = 0;
    for (unsigned i = 0; i < 6; i++) key = key << 8 | mac[i];
    return GSIZE_TO_POINTER(key);
}

/* Schedule the departure of the first packet. */
static void plan(Output *out, SimTime now) {
    const Packet *head = out->waiting.head;
    if (!head || out->down || sim_event_pending(&out->departure)) return;
    Component *c = &out->owner->base;
    SimTime at = MAX(head->due, MAX(port_free_at(c, out->port), out->slow_until));
    sim_schedule_at(c->sim, &out->departure, MAX(at, now));
}

static void depart(Sim *sim, SimEvent *event) {
    Output *out = (Output *)(void *)event;
    SimTime now = sim_now(sim);
    Packet *pkt = packet_queue_get(&out->waiting);
    if (out->slowed_q16)
        out->slow_until =
            now +
            (SimTime)((unsigned __int128)packet_wire_bytes(pkt->length) * out->slowed_q16 >> 16);
    out->forwarded++;
    out->bytes += pkt->length;
    port_send(&out->owner->base, out->port, pkt);
    plan(out, now);
}

static void switch_receive(Component *c, unsigned port, Packet *pkt) {
    Switch *s = (Switch *)c;
    SimTime now = sim_now(c->sim);
    Output *out = g_hash_table_lookup(s->stations, station_key(pkt->data + ETHER_DESTINATION));
    if (!out) {
        component_drop(c, DROP_UNKNOWN, pkt);
    } else if (s->outputs[port].down || out->down) {
        component_drop(c, DROP_DOWN, pkt);
    } else if (out->waiting.bytes + pkt->length > s->buffer) {
        out->refused++;
        component_drop(c, DROP_BUFFER, pkt);
    } else {
        if (s->capture) capture_write(s->capture, now, pkt->data, pkt->length);
        packet_charge(pkt, CAUSE_SWITCH, now);
        pkt->due = now + s->latency;
        packet_queue_put(&out->waiting, pkt);
        if (out->waiting.bytes > out->peak_bytes) out->peak_bytes = out->waiting.bytes;
        plan(out, now);
    }
}

static bool switch_create(Component *c, GError **error) {
    Switch *s = (Switch *)c;
    (void)error;
    c->n_ports = (unsigned)s->n_ports;
    s->stations = g_hash_table_new(NULL, NULL);
    for (unsigned i = 0; i < c->n_ports; i++) {
        s->outputs[i].owner = s;
        s->outputs[i].port = i;
        sim_event_init(&s->outputs[i].departure, depart, &c->owner);
    }
    return true;
}

static bool switch_start(Component *c, GError **error) {
    Switch *s = (Switch *)c;
    if (*s->capture_name && !capture_create(&s->capture, c, s->capture_name, error)) return false;
    for (unsigned i = 0; i < c->n_ports; i++) {
        g_autofree char *gauge = g_strdup_printf("port%u", i);
        if (port_connected(c, i)) component_gauge(c, gauge, gauge_queue, &s->outputs[i].waiting);
    }
    for (unsigned i = 0; i < c->n_ports; i++) {
        unsigned there;
        uint8_t mac[6];
        Component *peer = port_peer(c, i, &there);
        if (!peer || !peer->class->station) continue;
        for (unsigned n = 0; peer->class->station(peer, there, n, mac); n++) {
            if (g_hash_table_insert(s->stations, station_key(mac), &s->outputs[i])) continue;
            return input_error(
                error,
                "found the MAC address %02x:%02x:%02x:%02x:%02x:%02x of %s at another port "
                "too, expected each at one port",
                mac[0], mac[1], mac[2], mac[3], mac[4], mac[5], peer->name);
        }
    }
    return true;
}

static const Verb switch_verbs[] = {
    {"port", "N down|up|rate RATE|free", "port N is off, on, slowed to RATE, or as fast as before"},
    {0}};

enum { PORT_DOWN, PORT_UP, PORT_FREE, PORT_RATE };

typedef struct {
    unsigned port;
    int what;
    Rate rate;
} SwitchOrder;

static bool switch_read(const Component *c, const char *verb, const char *args, SwitchOrder *o,
                        GError **error) {
    static const char *const words[] = {"down", "up", "free"};
    static const Param row = {.name = "rate",
                              .type = PARAM_TYPE_RATE,
                              .min = "1bit/s",
                              .max = "10Tbit/s",
                              .choices = "bits"};
    char number[12];
    int used = 0;
    if (!strcmp(verb, "port") && sscanf(args, "%11s %n", number, &used) == 1 && used &&
        text_number(number, c->n_ports - 1, &o->port)) {
        for (o->what = PORT_DOWN; o->what < PORT_RATE; o->what++)
            if (!strcmp(args + used, words[o->what])) return true;
        if (!strncmp(args + used, "rate ", 5))
            return param_set(&row, &o->rate, args + used + 5, NULL, error);
    }
    return input_error(
        error, "found \"%s %s\", expected port 0 to %u and then down, up, rate RATE or free", verb,
        args, c->n_ports - 1);
}

static bool switch_understands(const Component *c, const char *verb, const char *args,
                               GError **error) {
    SwitchOrder o;
    return switch_read(c, verb, args, &o, error);
}

static bool switch_command(Component *c, const char *verb, const char *args, GError **error) {
    SwitchOrder o;
    if (!switch_read(c, verb, args, &o, error)) return false;
    Output *out = &((Switch *)c)->outputs[o.port];
    if (o.what == PORT_RATE) {
        out->slowed_q16 = (uint64_t)(8e12 * 65536 / o.rate.per_second);
        return true;
    }
    if (o.what == PORT_FREE)
        out->slowed_q16 = out->slow_until = 0;
    else
        out->down = o.what == PORT_DOWN;
    if (o.what != PORT_UP) sim_cancel(c->sim, &out->departure); /* it may be a long way off */
    plan(out, sim_now(c->sim));
    return true;
}

static void switch_resources(const Component *c, Resources *r) {
    const Switch *s = (const Switch *)c;
    for (unsigned i = 0; i < c->n_ports; i++) {
        const Output *out = &s->outputs[i];
        if (!port_connected(c, i) || !out->forwarded) continue;
        g_autofree char *levers = g_strdup_printf("buffer @%u.rate", i);
        resources_tell(r,
                       &(Resource){.kind = "buffer of a port",
                                   .does = RESOURCE_HOLDS,
                                   .port = (int)i,
                                   .used = (double)out->waiting.bytes,
                                   .of = (double)s->buffer,
                                   .refused = (double)out->refused,
                                   .levers = levers},
                       "port %u buffer", i);
    }
}

static bool switch_check(Component *c, GError **error) {
    return capture_close(&((Switch *)c)->capture, error);
}

static void switch_report(Component *c, Report *report) {
    Switch *s = (Switch *)c;
    uint64_t bytes = 0;
    for (unsigned i = 0; i < c->n_ports; i++) bytes += s->outputs[i].bytes;
    report_scalar(report, "bytes", (double)bytes, "bytes");
    for (unsigned i = 0; i < c->n_ports; i++) {
        if (!port_connected(c, i)) continue;
        g_autofree char *packets = g_strdup_printf("port%u.packets", i),
                        *peak = g_strdup_printf("port%u.peak_bytes", i);
        report_scalar(report, packets, (double)s->outputs[i].forwarded, "packets");
        report_scalar(report, peak, (double)s->outputs[i].peak_bytes, "bytes");
    }
}

static void switch_free(Component *c) {
    Switch *s = (Switch *)c;
    capture_close(&s->capture, NULL);
    if (s->stations) g_hash_table_unref(s->stations);
}

static const Param switch_params[] = {
    PARAM_WHICH("ports", Switch, n_ports, "14", "2", "64", "ports",
                "SPP paper 2.3: a 14 slot chassis"),
    PARAM_SIZE("buffer", Switch, buffer, "512KiB", "2KiB", "1GiB", "output buffer of one port",
               "assumed"),
    PARAM_TIME("latency", Switch, latency, "2us", "0", "1s", "input to output, unloaded",
               "assumed: store and forward 10 GbE of 2007, a few microseconds"),
    PARAM_TEXT("capture", Switch, capture_name, "",
               "name of a capture of all that it takes, in the results folder, NAME.pcap",
               "scenario"),
    {0}};

static const DropReason switch_drops[] = {
    {"unknown_station", "no port leads to the destination's MAC address"},
    {"buffer_full", "the output's buffer was full"},
    {"port_down", "the port is down"},
    {0}};

static const Scalar switch_scalars[] = {
    {"bytes", "bytes", "of frames, without FCS, that it has sent on"},
    {"port*.packets", "packets", "sent to a port", "ports with a link"},
    {"port*.peak_bytes", "bytes", "in the buffer of a port at one time, at most",
     "ports with a link"},
    {0}};

const ComponentClass switch_class = {
    .name = "switch",
    .text = "Ethernet switch of the chassis, for data or control",
    .ports = "0 .. ports-1: both ways",
    .size = sizeof(Switch),
    .params = switch_params,
    .drops = switch_drops,
    .link_mtu = BACKPLANE_MTU_BYTES,
    .create = switch_create,
    .start = switch_start,
    .receive = switch_receive,
    .verbs = switch_verbs,
    .understands = switch_understands,
    .command = switch_command,
    .check = switch_check,
    .scalars = switch_scalars,
    .resources = switch_resources,
    .report = switch_report,
    .free = switch_free,
};
