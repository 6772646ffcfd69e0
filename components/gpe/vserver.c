/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A vServer: one process under a scheduler, its sockets and its routes. It has no ports; it
 * attaches itself to a gpe by name, in whose tables it is a slice. */
#include "components/gpe/vserver.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "components/address.h"
#include "components/gpe/app_list.h"
#include "components/linecard/linecard.h"
#include "fastpath/headers.h"
#include "fastpath/options/ipv4.h"
#include "fastpath/text.h"

#define X(name) extern const App name##_app;
APPS(X)
#undef X
#define X(name) &name##_app,
static const App *const apps[] = {APPS(X) NULL};
#undef X
#define X(name) "application = " #name " uses it",
static const char *const app_uses[] = {APPS(X)};
#undef X

/* Packets ---------------------------------------------------------------------------------- */

static Vserver *vserver_of(Guest *guest) {
    return (Vserver *)(void *)((char *)guest - offsetof(Vserver, guest));
}

/* Strip the outer headers; what is left is what recvfrom() gives. */
static void vserver_receive(Guest *guest, const FpPacket *found, Packet *pkt) {
    Vserver *v = vserver_of(guest);
    const Gpe *g = v->gpe;
    uint32_t port = get16(found->bytes + found->offset - UDP_BYTES + L4_DESTINATION_PORT);
    bool own = port != v->udp_port;
    Socket *s = &v->socket[own ? v->n_sockets : found->rx_interface % (unsigned)v->n_sockets];
    if (s->truesize + g->truesize >= g->socket_buffer) {
        s->dropped++;
        component_drop(&v->gpe->base, GPE_DROP_SOCKET, pkt);
        return;
    }
    packet_pull(pkt, (uint32_t)found->offset);
    packet_set_length(pkt, found->length);
    pkt->port = found->rx_interface;
    s->truesize += (uint32_t)g->truesize;
    s->received++;
    packet_queue_put(&s->waiting, pkt);
    process_wake(&guest->process);
}

/* The process ------------------------------------------------------------------------------ */

enum { STAGE_POLL, STAGE_PACKETS };

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
    Core *k = process_core(&v->guest.process);
    return core_system_call(k, kernel + copying + process, kernel);
}

SimTime vserver_poll(Vserver *v, bool all, SimTime process, bool sends) {
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

static SimTime next(Process *p) {
    Vserver *v = vserver_of((Guest *)(void *)((char *)p - offsetof(Guest, process)));
    return v->app->next(v);
}

static void done(Process *p) {
    Vserver *v = vserver_of((Guest *)(void *)((char *)p - offsetof(Guest, process)));
    Packet *pkt = v->packet;
    v->packet = NULL;
    if (pkt) v->app->handle(v, pkt); /* else it was the poll */
}

/* Routes and ports ------------------------------------------------------------------------- */

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

/* Longest prefixes first, because position decides. */
bool vserver_routes(Vserver *v, GError **error) {
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
            gpe_leads_to(g, result.interface);
            ipv4_prefix_filter(prefix, bits, key, mask);
            if (fp_filter_insert(g->tables, v->guest.number, g->next_position++, key, mask,
                                 &result) != FP_INSERTED)
                return input_error(error, "routes: %s has no room for more", g->base.name);
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
            if (!ports[p] ||
                fp_bind_port(g->tables, v->guest.number, i, address, (uint16_t)ports[p]))
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
    int class = linecard_attach(lc, NULL, mac, (uint16_t)v->vlan, v->lc_share, error);
    if (class < 0) return false;
    for (unsigned i = 0; i < g->n_interfaces; i++) {
        mac = fp_interface(g->tables, i)->mac;
        if (!linecard_bind(lc, class, mac, i, IP_PROTOCOL_UDP, (uint16_t)v->udp_port, error))
            return false;
        if (v->own_port &&
            !linecard_bind(lc, class, mac, i, IP_PROTOCOL_UDP, (uint16_t)v->own_port, error))
            return false;
    }
    return true;
}

/* Life ------------------------------------------------------------------------------------- */

static bool vserver_create(Component *c, GError **error) {
    Vserver *v = (Vserver *)c;
    (void)error;
    c->n_ports = 0;
    v->app = apps[v->application];
    v->state = g_malloc0(v->app->size);
    if (!v->n_sockets) v->n_sockets = v->app->sockets;
    return true;
}

static uint64_t in_sockets(const void *from) {
    const Vserver *v = from;
    uint64_t packets = 0;
    for (unsigned i = 0; i < VSERVER_MAX_SOCKETS; i++) packets += v->socket[i].waiting.packets;
    return packets;
}

static bool vserver_start(Component *c, GError **error) {
    Vserver *v = (Vserver *)c;
    Gpe *g = (Gpe *)network_find(c->network, v->gpe_name);
    v->gpe = g;
    v->guest.receive = vserver_receive;
    if (!gpe_host(g, &v->guest, error)) return false;
    if (v->own_port == v->udp_port) return input_error(error, "own_port: found udp_port again");
    g_autofree char *gauge = g_strconcat(c->name, ".sockets", NULL);
    component_gauge(&g->base, gauge, in_sockets, v); /* the server's: it has the packets' count */
    *fp_slice(g->tables, v->guest.number) =
        (FpSlice){.used = true,
                  .option = (uint8_t)fp_code_option_find("ipv4"),
                  .vlan = (uint16_t)v->vlan,
                  .udp_port = (uint16_t)v->udp_port,
                  .n_queues = 1,
                  .n_stats = 1,
                  .sram_base = v->guest.number * VSERVER_SRAM_BYTES,
                  .sram_bytes = VSERVER_SRAM_BYTES};
    Process *p = &v->guest.process;
    SchedShare *share = &p->task.share;
    *share = (SchedShare){.rate = v->share.rate ? v->share.rate : g->share.rate,
                          .min = v->share.min ? v->share.min : g->share.min,
                          .max = v->share.max ? v->share.max : g->share.max,
                          .guaranteed = v->share.guaranteed};
    share->initial = v->share.initial ? v->share.initial : MIN(g->share.initial, share->max);
    if (!sched_share_check(share, &g->kernel.sched.settings, error) || !vserver_ports(v, error) ||
        !(v->app->filters ? v->app->filters : vserver_routes)(v, error) || !on_line_card(v, error))
        return false;
    tcam_optimise(fp_tcam(g->tables));
    p->next = next;
    p->done = done;
    if (v->app->start && !v->app->start(v, error)) return false;
    process_add(p, &g->kernel, v->guest.number % (unsigned)g->kernel.n_cores);
    return true;
}

static bool uses(const App *app, const char *key) {
    return app->keys && g_strv_contains(app->keys, key);
}

static const char *vserver_unused(const Component *c, const char *key) {
    const Vserver *v = (const Vserver *)c;
    for (unsigned i = 0; apps[i]; i++)
        if (apps[i] != v->app && uses(apps[i], key)) return app_uses[i];
    if (!strcmp(key, "routes") && *v->triggers && uses(v->app, "triggers"))
        return "triggers are used instead";
    if (!strcmp(key, "share") && !*v->gpe->linecard) return "a server with a linecard uses it";
    return NULL;
}

static bool vserver_choice(unsigned n, Choice *choice) {
    const App *app = n < G_N_ELEMENTS(apps) ? apps[n] : NULL;
    if (app) *choice = (Choice){"application", app->name, app->text, NULL};
    return app != NULL;
}

static void vserver_report(Component *c, Report *report) {
    const Vserver *v = (const Vserver *)c;
    static const char *const names[] = {"share.running", "share.ready", "share.held",
                                        "share.asleep"};
    double elapsed = 0, dropped = 0, received = 0;
    for (unsigned p = 0; p < N_PHASES; p++) elapsed += (double)v->guest.process.charged[p];
    for (unsigned p = 0; p < N_PHASES; p++)
        report_scalar(report, names[p],
                      elapsed > 0 ? (double)v->guest.process.charged[p] / elapsed : NAN, "ratio");
    for (unsigned i = 0; i <= v->n_sockets; i++) {
        received += (double)v->socket[i].received;
        dropped += (double)v->socket[i].dropped;
    }
    report_scalar(report, "received", received, "packets");
    report_scalar(report, "socket_full", dropped, "packets");
    report_scalar(report, "forwarded", (double)v->forwarded, "packets");
    report_scalar(report, "consumed", (double)v->consumed, "packets");
    report_scalar(report, "polls", (double)v->polls, "calls");
    if (v->app->report) v->app->report(v, report);
}

static void vserver_free(Component *c) {
    Vserver *v = (Vserver *)c;
    if (v->app && v->app->free) v->app->free(v);
    g_free(v->state);
    process_clear(&v->guest.process);
}

#define CHOICE(name) "|" #name

static const Param vserver_params[] = {
    PARAM_NAME("gpe", Vserver, gpe_name, NULL, "gpe", "the server that hosts it", "scenario"),
    PARAM_ENUM("application", Vserver, application, "click", &(APPS(CHOICE))[1], "what runs in it",
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
    PARAM_COUNT("place", Vserver, guest.place, "0", "0", "1000",
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
    .choice = vserver_choice,
    .create = vserver_create,
    .start = vserver_start,
    .unused = vserver_unused,
    .report = vserver_report,
    .free = vserver_free,
};
