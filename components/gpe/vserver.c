/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A vServer: one process under a scheduler, its sockets and its routes. It has no ports; it
 * attaches itself to a gpe by name. The router's forwarding is the fast path's: Parse, Lookup and
 * Header Format on the real bytes, in the server's tables, where the vServer is a slice. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "components/address.h"
#include "components/linecard/linecard.h"
#include "components/slice/manager.h"
#include "fastpath/headers.h"
#include "fastpath/options/i3.h"
#include "fastpath/options/ipv4.h"
#include "fastpath/text.h"

enum { SRAM_BYTES = 16384 }; /* an I3 server's block: node, fingers and some 300 triggers */

void vserver_phase(Vserver *v, Phase phase) {
    SimTime now = sim_now(v->base.sim);
    v->charged[v->phase] += now - v->phase_since;
    v->phase_since = now;
    if (phase == PHASE_RUNNING && v->phase != PHASE_RUNNING && v->application == APP_COMPUTE) {
        if (v->last_seen >= MAX(v->gpe->gap_from, 1) && now - v->last_seen >= v->gpe->gap_min)
            histogram_add(&v->gaps, now - v->last_seen);
    } else if (phase != PHASE_RUNNING && v->phase == PHASE_RUNNING) {
        v->last_seen = now;
    }
    v->phase = phase;
}

void vserver_receive(Vserver *v, unsigned socket, Packet *pkt) {
    Gpe *g = v->gpe;
    Socket *s = &v->socket[socket];
    s->truesize += (uint32_t)g->truesize;
    s->received++;
    packet_queue_put(&s->waiting, pkt);
    if (!v->started || v->task.state != SCHED_ASLEEP) return;
    if (g->sched.ops->wake(&g->sched, &v->task)) core_resched(&g->core[v->task.core]);
}

static bool read_route(const char *text, unsigned n_interfaces, uint32_t *prefix, unsigned *length,
                       FpResult *result) {
    char destination[40], number[12], next[40], rest;
    uint32_t interface;
    *result = (FpResult){.verdict = FP_FORWARD};
    if (sscanf(text, "%39s %11s %39s %c", destination, number, next, &rest) != 3 ||
        !text_prefix(destination, prefix, length) ||
        !text_number(number, n_interfaces - 1, &interface) ||
        !text_host(next, &result->next_hop, &result->next_port))
        return false;
    result->interface = (uint16_t)interface;
    return true;
}

static void leads_to(Gpe *g, unsigned interface) {
    g->leads_to |= 1u << interface;
    if (*g->linecard) linecard_leads_to(linecard_find(&g->base, g->linecard, NULL), interface);
}

/* Longest prefixes first, because position decides. */
static bool vserver_routes(Vserver *v, GError **error) {
    Gpe *g = v->gpe;
    g_auto(GStrv) lines = g_strsplit(v->routes, ";", -1);
    for (int length = 32; length >= 0; length--)
        for (unsigned i = 0; lines[i]; i++) {
            uint32_t prefix;
            unsigned bits;
            FpResult result;
            uint8_t key[FP_KEY_BYTES], mask[FP_KEY_BYTES];
            const char *line = g_strstrip(lines[i]);
            if (!*line) continue;
            if (!read_route(line, (unsigned)g->n_interfaces, &prefix, &bits, &result))
                return input_error(
                    error,
                    "routes: found \"%s\", expected PREFIX/LENGTH INTERFACE NEXT-HOP:PORT, "
                    "with interfaces 0 to %u",
                    line, (unsigned)g->n_interfaces - 1);
            if (bits != (unsigned)length) continue;
            leads_to(g, result.interface);
            ipv4_prefix_filter(prefix, bits, key, mask);
            if (fp_filter_insert(g->tables, v->number, g->next_position++, key, mask, &result) !=
                FP_INSERTED)
                return input_error(error, "routes: %s has no room for more", g->base.name);
        }
    tcam_optimise(fp_tcam(g->tables));
    return true;
}

/* ID INTERFACE HOST:PORT; the node owns every id. */
static bool vserver_triggers(Vserver *v, GError **error) {
    Gpe *g = v->gpe;
    static const uint8_t self[I3_CHORD_BYTES] = {0x80};
    uint8_t *block = fp_slice_sram(g->tables, v->number, 0, SRAM_BYTES);
    g_auto(GStrv) entries = g_strsplit(v->triggers, ";", -1);
    uint32_t at = i3_node_bytes();
    i3_write_node(block, self, self);
    for (unsigned i = 0; entries[i]; i++) {
        const char *entry = g_strstrip(entries[i]);
        char digits[80], number[12], host[40], rest;
        uint32_t interface;
        FpResult result = {.verdict = FP_FORWARD, .data = at};
        uint8_t id[I3_ID_BYTES], key[FP_KEY_BYTES], mask[FP_KEY_BYTES];
        if (!*entry) continue;
        if (sscanf(entry, "%79s %11s %39s %c", digits, number, host, &rest) != 3 ||
            !text_number(number, (uint32_t)g->n_interfaces - 1, &interface) ||
            !text_host(host, &result.next_hop, &result.next_port) ||
            at + I3_ID_BYTES > SRAM_BYTES || !id_parse(digits, id, I3_ID_BYTES, NULL))
            return input_error(
                error,
                "triggers: found \"%s\", expected up to %u of ID INTERFACE HOST:PORT, with "
                "interfaces 0 to %u",
                entry, (SRAM_BYTES - i3_node_bytes()) / I3_ID_BYTES, (unsigned)g->n_interfaces - 1);
        memcpy(block + at, id, I3_ID_BYTES);
        i3_trigger_filter(id, key, mask);
        result.interface = (uint16_t)interface;
        leads_to(g, interface);
        if (fp_filter_insert(g->tables, v->number, g->next_position++, key, mask, &result) !=
            FP_INSERTED)
            return input_error(error, "triggers: %s has no room for more", g->base.name);
        at += I3_ID_BYTES;
    }
    tcam_optimise(fp_tcam(g->tables));
    return true;
}

static bool vserver_ports(Vserver *v, GError **error) {
    Gpe *g = v->gpe;
    for (unsigned i = 0; i < g->n_interfaces; i++) {
        uint32_t address = fp_interface(g->tables, i)->address;
        uint64_t ports[] = {v->udp_port, v->own_port};
        for (unsigned p = 0; p < 2; p++) {
            if (!ports[p] || fp_bind_port(g->tables, v->number, i, address, (uint16_t)ports[p]))
                continue;
            return input_error(error, "%s: another vServer of %s has port %u already",
                               p ? "own_port" : "udp_port", g->base.name, (unsigned)ports[p]);
        }
    }
    return true;
}

/* A class on the line card, and its ports at every interface's address. */
static bool on_line_card(Vserver *v, GError **error) {
    Gpe *g = v->gpe;
    if (!*g->linecard) return true;
    LineCard *lc = linecard_find(&v->base, g->linecard, error);
    if (!lc) return false;
    const uint8_t *mac = fp_interface(g->tables, 0)->mac;
    int class = linecard_add_class(lc, mac, (uint16_t)v->vlan, v->lc_share, error);
    if (class < 0) return false;
    for (unsigned i = 0; i < g->n_interfaces; i++) {
        mac = fp_interface(g->tables, i)->mac;
        if (!linecard_claim(lc, class, mac, i, IP_PROTOCOL_UDP, (uint16_t)v->udp_port, error))
            return false;
        if (v->own_port &&
            !linecard_claim(lc, class, mac, i, IP_PROTOCOL_UDP, (uint16_t)v->own_port, error))
            return false;
    }
    return true;
}

static bool vserver_create(Component *c, GError **error) {
    Vserver *v = (Vserver *)c;
    (void)error;
    c->n_ports = 0;
    v->app = apps[v->application];
    if (!v->n_sockets) v->n_sockets = v->app->sockets;
    histogram_init(&v->gaps);
    return true;
}

static uint64_t in_sockets(const void *from) {
    const Vserver *v = from;
    uint64_t packets = 0;
    for (unsigned i = 0; i < GPE_MAX_SOCKETS; i++) packets += v->socket[i].waiting.packets;
    return packets;
}

static bool vserver_start(Component *c, GError **error) {
    Vserver *v = (Vserver *)c;
    Gpe *g = (Gpe *)network_find(c->network, v->gpe_name);
    v->gpe = g;
    if (!gpe_attach(g, error)) return false;
    if (g->n_vservers == g->max_vservers)
        return input_error(error, "%s has its %" G_GUINT64_FORMAT " vServers already", g->base.name,
                           g->max_vservers);
    if (v->own_port == v->udp_port) return input_error(error, "own_port: found udp_port again");
    v->number = g->n_vservers++;
    g->vserver[v->number] = v;
    g_autofree char *gauge = g_strconcat(c->name, ".sockets", NULL);
    component_gauge(&g->base, gauge, in_sockets, v); /* the server's: it has the packets' count */
    bool i3 = v->application == APP_I3 && *v->triggers;
    *fp_slice(g->tables, v->number) =
        (FpSlice){.used = true,
                  .option = (uint8_t)fp_code_option_find(i3 ? "i3" : "ipv4"),
                  .vlan = (uint16_t)v->vlan,
                  .udp_port = (uint16_t)v->udp_port,
                  .n_queues = 1,
                  .n_stats = 1,
                  .sram_base = v->number * SRAM_BYTES,
                  .sram_bytes = SRAM_BYTES};
    v->task.share = (SchedShare){.rate = v->share.rate ? v->share.rate : g->share.rate,
                                 .min = v->share.min ? v->share.min : g->share.min,
                                 .max = v->share.max ? v->share.max : g->share.max,
                                 .guaranteed = v->share.guaranteed};
    v->task.share.initial =
        v->share.initial ? v->share.initial : MIN(g->share.initial, v->task.share.max);
    if (!sched_share_check(&v->task.share, &g->sched.settings, error) || !vserver_ports(v, error) ||
        !(i3 ? vserver_triggers : vserver_routes)(v, error) || !on_line_card(v, error))
        return false;
    if (v->application == APP_MANAGER && !(v->manager = manager_new(v, error))) return false;
    v->task.core = v->number % (unsigned)g->n_cores;
    v->task.state = SCHED_ASLEEP;
    v->phase = PHASE_ASLEEP;
    v->phase_since = sim_now(c->sim);
    g->sched.ops->add(&g->sched, &v->task);
    return true;
}

static const char *vserver_unused(const Component *c, const char *key) {
    static const char *const managers[] = {
        "slice", "router", "icmp_rate", "icmp_burst", "i3_lifetime", "i3_min_prefix", NULL};
    const Vserver *v = (const Vserver *)c;
    bool routes = !strcmp(key, "routes"), triggers = !strcmp(key, "triggers");
    if (v->application != APP_MANAGER && g_strv_contains(managers, key))
        return "application = manager uses it";
    if (triggers && v->application != APP_I3) return "application = i3 uses it";
    if (routes && v->application == APP_I3 && *v->triggers) return "triggers are used instead";
    if (!strcmp(key, "share") && !*v->gpe->linecard) return "a server with a linecard uses it";
    return NULL;
}

static void vserver_report(Component *c, Report *report) {
    const Vserver *v = (const Vserver *)c;
    static const char *const names[] = {"share.running", "share.ready", "share.held",
                                        "share.asleep"};
    double elapsed = 0, dropped = 0, received = 0;
    for (unsigned p = 0; p < N_PHASES; p++) elapsed += (double)v->charged[p];
    for (unsigned p = 0; p < N_PHASES; p++)
        report_scalar(report, names[p], elapsed > 0 ? (double)v->charged[p] / elapsed : NAN,
                      "ratio");
    for (unsigned i = 0; i <= v->n_sockets; i++) {
        received += (double)v->socket[i].received;
        dropped += (double)v->socket[i].dropped;
    }
    report_scalar(report, "received", received, "packets");
    report_scalar(report, "socket_full", dropped, "packets");
    report_scalar(report, "forwarded", (double)v->forwarded, "packets");
    report_scalar(report, "consumed", (double)v->consumed, "packets");
    report_scalar(report, "polls", (double)v->polls, "calls");
    if (v->manager) manager_report(v->manager, report);
}

static void vserver_free(Component *c) {
    histogram_clear(&((Vserver *)c)->gaps);
    manager_free(((Vserver *)c)->manager);
}

static const Param vserver_params[] = {
    PARAM_NAME("gpe", Vserver, gpe_name, NULL, "gpe", "the server that hosts it", "scenario"),
    PARAM_ENUM("application", Vserver, application, "click", APP_CHOICES,
               "what runs in it: a compute-bound task, a Click router, an I3 server, an echo "
               "responder, a receiver, the manager of a slice on an NPE",
               "SPP paper 5 and 7"),
    PARAM_COUNT("udp_port", Vserver, udp_port, "30000", "1", "65535",
                "its UDP port on every interface", "SPP paper 7.1"),
    PARAM_COUNT("own_port", Vserver, own_port, "0", "0", "65535",
                "one more UDP port, with a socket of its own for all interfaces; 0: none",
                "SPP paper 7.1: separate logical interfaces for pings"),
    PARAM_COUNT("sockets", Vserver, n_sockets, "0", "0", "16",
                "sockets of udp_port, interface i has socket i mod sockets; 0: five for Click, one "
                "for others",
                "SPP paper 7.1: five interfaces; i3_server.c opens one"),
    PARAM_COUNT("vlan", Vserver, vlan, "100", "1", "4094", "VLAN of its outgoing frames",
                "SPP paper 7.1 counts a VLAN tag; the id is assumed"),
    PARAM_FRACTION(
        "share", Vserver, lc_share, "0%", NULL, NULL,
        "its share of each interface of the line card, both ways; 0%: none in particular",
        "SPP paper 2.2"),
    PARAM_TEXT("routes", Vserver, routes, "", "PREFIX/LENGTH INTERFACE NEXT-HOP:PORT; ...",
               "scenario"),
    PARAM_TEXT(
        "triggers", Vserver, triggers, "",
        "i3: ID INTERFACE HOST:PORT; ..., leading hexadecimal digits of the id; it owns every "
        "id. None: it forwards IPv4",
        "SPP paper 7.2"),
    PARAM_TEXT("slice", Vserver, slice_name, "",
               "manager: the slice whose exceptions it handles, sent to this server by its NPE",
               "SPP paper 2.1"),
    PARAM_TEXT("router", Vserver, router, "10.250.0.1",
               "manager: the address that its ICMP messages come from", "assumed"),
    PARAM_COUNT("icmp_rate", Vserver, icmp_rate, "1000", "0", "1000000",
                "manager: ICMP error messages a second", "RFC 1812 4.3.2.8; the rate is assumed"),
    PARAM_COUNT("icmp_burst", Vserver, icmp_burst, "100", "1", "1000000",
                "manager: and how many at once", "assumed"),
    PARAM_TIME("i3_lifetime", Vserver, i3_lifetime, "30s", "1us", NULL,
               "manager: a trigger that is not refreshed for longer is gone",
               "i3_matching.h: 30 s"),
    PARAM_COUNT("i3_min_prefix", Vserver, i3_min_prefix, "128", "1", "256",
                "manager: leading bits that a packet's id must share with a trigger's",
                "I3, section on inexact matching: k = 128 in the first servers, 192 in later ones"),
    PARAM_COUNT("place", Vserver, place, "0", "0", "1000",
                "its place when the server boots: lower ones first, equal ones by name; the "
                "server's `active` counts in this order",
                "scenario"),
    PARAM_COUNT("rate", Vserver, share.rate, "0", NULL, NULL,
                "tokens of 1 ms it earns in a second, as the server's `rate`; 0: the server's",
                "scenario"),
    PARAM_COUNT("min", Vserver, share.min, "0", NULL, "1000000",
                "tokens it needs to be picked; 0: the server's", "scenario"),
    PARAM_COUNT("max", Vserver, share.max, "0", NULL, "1000000",
                "tokens it can hold; 0: the server's", "scenario"),
    PARAM_COUNT("initial", Vserver, share.initial, "0", NULL, "1000000",
                "tokens it begins with; 0: the server's, at most max", "scenario"),
    PARAM_BOOL("guaranteed", Vserver, share.guaranteed, "no",
               "token: of the class with guaranteed processor time", "NodeManager sm.py: cpu_min"),
    {0}};

const ComponentClass vserver_class = {
    .name = "vserver",
    .text = "a vServer on a GPE, and the application in it",
    .ports = "none",
    .size = sizeof(Vserver),
    .params = vserver_params,
    .create = vserver_create,
    .start = vserver_start,
    .unused = vserver_unused,
    .report = vserver_report,
    .free = vserver_free,
};
