/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A vServer: one process under a scheduler, its sockets and its routes. It has no ports; it
 * attaches itself to a gpe by name, in whose tables it is a slice. */
#include "components/gpe/vserver.h"

#include <math.h>
#include <string.h>

#include "components/gpe/app_list.h"
#include "components/linecard/linecard.h"
#include "fastpath/headers.h"

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

SimTime vserver_stream_cost(const Vserver *v, unsigned n, uint32_t read, uint32_t written) {
    const GpeCosts *c = &v->gpe->cost;
    uint64_t mss = v->gpe->tcp.mss;
    SimTime kernel = (read ? c->receive_call : 0) + (written + mss - 1) / mss * c->send_call;
    SimTime call = c->poll_call + c->poll_fd * n;
    return call + kernel + c->copy_byte * ((uint64_t)read + written);
}

static SimTime next(Process *p) {
    Vserver *v = vserver_of((Guest *)(void *)((char *)p - offsetof(Guest, process)));
    return v->app->next(v);
}

static void done(Process *p) {
    Vserver *v = vserver_of((Guest *)(void *)((char *)p - offsetof(Guest, process)));
    Packet *pkt = v->packet;
    v->packet = NULL;
    if (!pkt) {
        if (v->app->step && v->attached) v->app->step(v);
    } else if (packet_detached(pkt))
        component_drop(&v->gpe->base, GPE_DROP_DETACHED, pkt);
    else
        v->app->handle(v, pkt);
}

/* Routes and ports ------------------------------------------------------------------------- */

typedef struct {
    FpFilterKey match;
    unsigned bits; /* that its mask looks at */
    bool data;     /* given */
    FpResult result;
} Route;

static bool insert(Vserver *v, Route *r, const char *key, GError **error) {
    Gpe *g = v->gpe;
    if (r->match.n_memory && !r->data) { /* what Format looks for */
        r->result.data = fp_code_options[v->code_option]->memory_at + v->memory;
        uint8_t *at = fp_slice_sram(g->tables, v->guest.number, r->result.data, r->match.n_memory);
        if (!at)
            return input_error(error, "%s: found more than the %u that a vServer has memory for",
                               key, v->memory / r->match.n_memory);
        memcpy(at, r->match.memory, r->match.n_memory);
        v->memory += r->match.n_memory;
    }
    gpe_leads_to(g, r->result.interface);
    if (gpe_filter(g, &v->guest, r->match.key, r->match.mask, &r->result)) return true;
    return input_error(error, "%s: %s has no room for more", key, g->base.name);
}

bool vserver_routes(Vserver *v, const char *key, const char *text, const char *prefix,
                    GError **error) {
    const FpCodeOption *o = fp_code_options[v->code_option];
    unsigned n_interfaces = (unsigned)v->gpe->n_interfaces;
    g_autoptr(GArray) routes = g_array_new(FALSE, FALSE, sizeof(Route));
    g_auto(GStrv) lines = g_strsplit(text, ";", -1);
    for (unsigned i = 0; lines[i]; i++) {
        Route r = {.bits = 0};
        const char *line = g_strstrip(lines[i]);
        if (!*line) continue;
        g_autofree char *whole = g_strconcat(prefix, line, NULL);
        if (!fp_read_route(o, whole, n_interfaces, &r.match, &r.result, &r.data))
            return input_error(
                error,
                "%s: found \"%s\", expected %sKEY INTERFACE NEXT-HOP:PORT [DATA] with "
                "interfaces 0 to %u; KEY: %s",
                key, line, *prefix ? "without the first word of KEY " : "", n_interfaces - 1,
                o->key_text ? o->key_text : "key HEX[/MASK]");
        for (unsigned k = 0; k < FP_KEY_BYTES; k++)
            r.bits += (unsigned)__builtin_popcount(r.match.mask[k]);
        g_array_append_val(routes, r);
    }
    if (!v->guest.ports) return true; /* it is not there yet: they make sense */
    /* Most bits first, of prefixes the longest, because position decides. */
    for (unsigned bits = 8 * FP_KEY_BYTES + 1; bits-- > 0;)
        for (unsigned i = 0; i < routes->len; i++) {
            Route *r = &g_array_index(routes, Route, i);
            if (r->bits == bits && !insert(v, r, key, error)) return false;
        }
    return true;
}

bool vserver_bind(Vserver *v, unsigned interface, uint16_t port) {
    Gpe *g = v->gpe;
    uint32_t address = fp_interface(g->tables, interface)->address;
    FpSlice *f = fp_slice(g->tables, v->guest.number);
    if (!gpe_bind(g, &v->guest, interface, address, port)) return false;
    if (!f->udp_port) f->udp_port = port;
    return true;
}

bool vserver_unbind(Vserver *v, unsigned interface, uint16_t port) {
    return gpe_unbind(v->gpe, &v->guest, fp_interface(v->gpe->tables, interface)->address, port);
}

/* Whether it has UDP ports as its settings say. */
static bool binds(const Vserver *v) {
    return !v->placed && v->app->sockets;
}

static bool vserver_ports(Vserver *v, GError **error) {
    Gpe *g = v->gpe;
    for (unsigned i = 0; i < g->n_interfaces; i++) {
        uint32_t address = fp_interface(g->tables, i)->address;
        uint64_t ports[] = {v->udp_port, v->own_port};
        for (unsigned p = 0; p < 2; p++) {
            if (!ports[p] || gpe_bind(g, &v->guest, i, address, (uint16_t)ports[p])) continue;
            return input_error(error, "%s: another vServer of %s has port %u already",
                               p ? "own_port" : "udp_port", g->base.name, (unsigned)ports[p]);
        }
    }
    return true;
}

static bool claim(const Vserver *v, LineCard *lc, unsigned interface, uint8_t protocol,
                  uint64_t port, GError **error) {
    const uint8_t *mac = fp_interface(v->gpe->tables, interface)->mac;
    return !port || linecard_bind(lc, v->class, mac, interface, protocol, (uint16_t)port, error);
}

/* A traffic class on the line card, and its ports at every interface's address. */
static bool on_line_card(Vserver *v, GError **error) {
    Gpe *g = v->gpe;
    if (!*g->linecard) return true;
    LineCard *lc = linecard_find(&v->base, g->linecard, error);
    if (!lc) return false;
    const uint8_t *mac = fp_interface(g->tables, 0)->mac;
    v->class = linecard_attach(lc, v->guest.tenant, mac, (uint16_t)v->vlan,
                               v->placed ? 0 : v->lc_share, error);
    if (v->class < 0) return false;
    for (unsigned i = 0; !v->placed && i < g->n_interfaces; i++) {
        bool udp = v->app->sockets;
        if (!claim(v, lc, i, IP_PROTOCOL_UDP, udp ? v->udp_port : 0, error) ||
            !claim(v, lc, i, IP_PROTOCOL_UDP, udp ? v->own_port : 0, error) ||
            !claim(v, lc, i, IP_PROTOCOL_TCP, v->app->listens ? v->listen : 0, error))
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
    g_autofree char *cost = g_strconcat(v->app->name, "_cost", NULL);
    const Param *row = param_find(gpe_class.params, cost);
    v->guest.cost = row ? row->name : "";
    if (!v->n_sockets) v->n_sockets = MAX(v->app->sockets, 1);
    return true;
}

static uint64_t in_sockets(const void *from) {
    const Vserver *v = from;
    uint64_t packets = 0;
    for (unsigned i = 0; i < VSERVER_MAX_SOCKETS; i++) packets += v->socket[i].waiting.packets;
    return packets;
}

static bool shares(Vserver *v, GError **error) {
    const Gpe *g = v->gpe;
    SchedShare *share = &v->guest.process.task.share;
    *share = (SchedShare){.rate = v->share.rate ? v->share.rate : g->share.rate,
                          .min = v->share.min ? v->share.min : g->share.min,
                          .max = v->share.max ? v->share.max : g->share.max,
                          .guaranteed = v->share.guaranteed};
    share->initial = v->share.initial ? v->share.initial : MIN(g->share.initial, share->max);
    return sched_share_check(share, &g->kernel.sched.settings, error);
}

static bool filters(Vserver *v, GError **error) {
    return v->app->filters ? v->app->filters(v, error)
                           : vserver_routes(v, "routes", v->routes, "", error);
}

/* Of one that comes later: whether its settings make sense by themselves. */
static bool settings(Vserver *v, GError **error) {
    return shares(v, error) && filters(v, error) && (!v->app->check || v->app->check(v, error));
}

/* On the server as a guest with a number: ports, routes, line card, application. */
static bool install(Vserver *v, GError **error) {
    Gpe *g = v->gpe;
    *fp_slice(g->tables, v->guest.number) =
        (FpSlice){.used = true,
                  .vlan = (uint16_t)v->vlan,
                  .udp_port = v->placed ? 0 : (uint16_t)v->udp_port,
                  .n_queues = 1,
                  .n_stats = 1,
                  .sram_base = v->guest.number * VSERVER_SRAM_BYTES,
                  .sram_bytes = VSERVER_SRAM_BYTES};
    v->memory = 0;
    memset(fp_slice_sram(g->tables, v->guest.number, 0, VSERVER_SRAM_BYTES), 0, VSERVER_SRAM_BYTES);
    if ((binds(v) && !vserver_ports(v, error)) || !filters(v, error) || !on_line_card(v, error))
        return false;
    fp_slice(g->tables, v->guest.number)->option = (uint8_t)v->code_option;
    tcam_optimise(fp_tcam(g->tables));
    v->stage = STAGE_POLL;
    v->ready = 0;
    return !v->app->start || v->app->start(v, error);
}

static void leave(Vserver *v) {
    tenant_leave(v->guest.tenant);
    for (unsigned i = 0; i < VSERVER_MAX_SOCKETS; i++) {
        Socket *s = &v->socket[i];
        for (Packet *pkt; (pkt = packet_queue_get(&s->waiting));)
            component_drop(&v->gpe->base, GPE_DROP_DETACHED, pkt);
        s->truesize = 0;
    }
    if (v->app->stop) v->app->stop(v);
    gpe_evict(v->gpe, &v->guest);
    if (v->class >= 0) linecard_detach(linecard_find(&v->base, v->gpe->linecard, NULL), v->class);
    g_ptr_array_add(v->former, v->guest.tenant); /* the process may not have ended yet */
    v->attached = false;
}

bool vserver_attach(Vserver *v, Gpe *gpe, GError **error) {
    if (v->attached) return input_error(error, "%s is attached", v->base.name);
    if (v->guest.process.there)
        return input_error(error, "%s: its process has not ended yet", v->base.name);
    for (unsigned i = v->former->len; i-- > 0;)
        if (tenant_gone(v->former->pdata[i])) g_ptr_array_remove_index(v->former, i);
    v->class = -1;
    v->placed = gpe != NULL;
    if (gpe) v->gpe = gpe;
    v->guest.tenant = tenant_new(&v->account);
    if (!shares(v, error) || !gpe_host(v->gpe, &v->guest, error)) {
        g_clear_pointer(&v->guest.tenant, tenant_free);
        return false;
    }
    if (!install(v, error)) {
        leave(v);
        return false;
    }
    gpe_admit(v->gpe, &v->guest);
    return v->attached = true;
}

void vserver_detach(Vserver *v) {
    leave(v);
}

bool vserver_gone(const Vserver *v) {
    bool gone = !v->attached && !v->guest.process.there;
    for (unsigned i = 0; i < v->former->len; i++) gone = gone && tenant_gone(v->former->pdata[i]);
    return gone;
}

static bool vserver_start(Component *c, GError **error) {
    Vserver *v = (Vserver *)c;
    v->gpe = gpe_of(network_find(c->network, v->gpe_name));
    v->former = g_ptr_array_new_with_free_func((GDestroyNotify)tenant_free);
    account_init(&v->account);
    v->guest.receive = vserver_receive;
    v->guest.name = c->name;
    v->guest.process.next = next;
    v->guest.process.done = done;
    if (v->own_port == v->udp_port) return input_error(error, "own_port: found udp_port again");
    g_autofree char *gauge = g_strconcat(c->name, ".sockets", NULL);
    component_gauge(&v->gpe->base, gauge, in_sockets, v); /* the server has the packets' count */
    return v->attached_at_start ? vserver_attach(v, NULL, error) : settings(v, error);
}

Vserver *vserver_of_login(const Gpe *g, const char *login) {
    for (unsigned i = 0; i < GPE_MAX_VSERVERS; i++) {
        const Guest *guest = g->guest[i];
        if (!guest || guest->receive != vserver_receive) continue;
        Vserver *v = vserver_of((Guest *)guest);
        const char *name = *v->login ? v->login : v->base.name;
        if (v->attached && v->app->session && !strcmp(name, login)) return v;
    }
    return NULL;
}

static const Verb vserver_verbs[] = {
    {"attach", "", "it comes to its server, and its process starts"},
    {"detach", "", "it goes; packets for it that are inside end as detached"},
    {0}};

static bool vserver_understands(const Component *c, const char *verb, const char *args,
                                GError **error) {
    if (!component_has_verb(c, verb, error)) return false;
    return !*args || input_error(error, "%s: found \"%s\", expected nothing after it", verb, args);
}

static bool vserver_command(Component *c, const char *verb, const char *args, GError **error) {
    Vserver *v = (Vserver *)c;
    (void)args;
    bool attach = verb[0] == 'a';
    if (attach == v->attached)
        return input_error(error, "%s: found that it is %s already", verb,
                           attach ? "attached" : "detached");
    if (attach) return vserver_attach(v, NULL, error);
    vserver_detach(v);
    return true;
}

static bool uses(const App *app, const char *key) {
    return app->keys && g_strv_contains(app->keys, key);
}

static const char *vserver_unused(const Component *c, const char *key) {
    const Vserver *v = (const Vserver *)c;
    for (unsigned i = 0; apps[i]; i++)
        if (!uses(v->app, key) && uses(apps[i], key)) return app_uses[i];
    static const char *const udp[] = {"udp_port", "own_port", "sockets", NULL};
    if (!v->app->sockets && g_strv_contains(udp, key)) return "its application has no UDP sockets";
    bool instead = !strcmp(key, "routes") || !strcmp(key, "code_option");
    if (instead && *v->triggers && uses(v->app, "triggers")) return "triggers are used instead";
    if (!strcmp(key, "share") && !*v->gpe->linecard) return "a server with a linecard uses it";
    return NULL;
}

static bool vserver_choice(unsigned n, Choice *choice) {
    const App *app = apps[n];
    if (app) *choice = (Choice){"application", app->name, app->text, NULL, NULL, app->scalars};
    return app != NULL;
}

static void tell_sockets(const Vserver *v, Resources *r) {
    const Gpe *g = v->gpe;
    uint64_t fullest = 0, refused = 0;
    g_autofree char *levers =
        g_strdup_printf("%s.socket_buffer %s.truesize", v->gpe_name, v->gpe_name);
    for (unsigned i = 0; i <= v->n_sockets; i++) {
        fullest = MAX(fullest, v->socket[i].truesize);
        refused += v->socket[i].dropped;
    }
    resources_tell(r,
                   &(Resource){.kind = "socket buffer",
                               .does = RESOURCE_HOLDS,
                               .port = -1,
                               .used = (double)fullest,
                               .of = (double)g->socket_buffer,
                               .refused = (double)refused,
                               .levers = levers},
                   "fullest socket");
}

/* Its turn of the processor, for which it waits if it wants to run and does not; and its tokens,
 * without which it may not. */
static void vserver_resources(const Component *c, Resources *r) {
    const Vserver *v = (const Vserver *)c;
    const Process *p = &v->guest.process;
    SimTime now = sim_now(c->sim);
    if (!v->attached) return;
    const char *host = v->gpe_name;
    g_autofree char *given = v->gpe->tokens
                                 ? g_strdup_printf("%s.tokens %s.tokens_rate", host, host)
                                 : g_strdup_printf("%s.min %s.rate min rate", host, host),
                    *rate = g_strdup_printf("%s.%s rate", host,
                                            v->gpe->tokens ? "tokens_rate" : "rate");
    SimTime running = process_time(p, PHASE_RUNNING, now), held = process_time(p, PHASE_HELD, now),
            ready = process_time(p, PHASE_READY, now);
    double tokens = (double)p->task.share.rate * (double)v->gpe->kernel.tick_period /
                    (double)SIM_S * (double)now * 1000 / (double)v->gpe->interval;
    tell_sockets(v, r);
    resources_tell(r,
                   &(Resource){.kind = "processor turn",
                               .does = RESOURCE_SERVES,
                               .port = -1,
                               .place = 1,
                               .used = (double)(running + held + ready),
                               .of = (double)now,
                               .waited = (double)(held + ready),
                               .levers = given},
                   "processor turn");
    if (held && !v->gpe->idle_skip) /* else virtual time jumps, and they limit only turns */
        resources_tell(r,
                       &(Resource){.kind = "tokens",
                                   .does = RESOURCE_SERVES,
                                   .port = -1,
                                   .place = 2,
                                   .used = MIN((double)running, tokens),
                                   .of = tokens,
                                   .waited = (double)held,
                                   .levers = rate},
                       "tokens");
}

static void vserver_report(Component *c, Report *report) {
    const Vserver *v = (const Vserver *)c;
    static const char *const names[] = {"share.running", "share.ready", "share.held",
                                        "share.asleep"};
    static const char *const losses[] = {"rx_ring", "socket_full", "tx_ring", NULL};
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
    account_report(&v->account, losses, report);
    if (v->app->report) v->app->report(v, report);
}

static void vserver_free(Component *c) {
    Vserver *v = (Vserver *)c;
    if (v->app && v->app->free) v->app->free(v);
    g_free(v->state);
    if (v->former) g_ptr_array_unref(v->former);
    if (v->attached) tenant_free(v->guest.tenant);
    if (v->guest.ports) g_array_unref(v->guest.ports);
    if (v->guest.filters) g_array_unref(v->guest.filters);
    process_clear(&v->guest.process);
    account_clear(&v->account);
}

#define CHOICE(name) "|" #name

static const Param vserver_params[] = {
    PARAM_NAME("gpe", Vserver, gpe_name, "gpe0", "gpe|cp", "the server that hosts it", "scenario"),
    PARAM_ENUM("application", Vserver, application, "click", &(APPS(CHOICE))[1], "what runs in it",
               "SPP paper 5 and 7"),
    PARAM_WHICH("udp_port", Vserver, udp_port, "30000", "1", "65535",
                "its UDP port on every interface", "SPP paper 7.1"),
    PARAM_ROW("own_port", COUNT, Vserver, own_port, "none",
              "one more UDP port, with a socket of its own for all interfaces",
              "SPP paper 7.1: separate logical interfaces for pings", .min = "1", .max = "65535",
              .words = "none=0", .sense = PARAM_SENSE_NONE),
    PARAM_WORDS("sockets", COUNT, Vserver, n_sockets, "default", "1", "16", "default=0",
                "sockets of udp_port, interface i has socket i mod sockets; default: five for "
                "Click, one for others",
                "SPP paper 7.1: five interfaces; i3_server.c opens one"),
    PARAM_WHICH("vlan", Vserver, vlan, "100", "1", "4094", "VLAN of its outgoing frames",
                "SPP paper 7.1 counts a VLAN tag; the id is assumed"),
    PARAM_FRACTION("share", Vserver, lc_share, "0%", "0", "100%",
                   "its share of each interface of the line card, both ways", "SPP paper 2.2"),
    PARAM_ENUM("code_option", Vserver, code_option, "ipv4", fp_option_choices + 1,
               "how it forwards; with triggers: i3", "SPP paper 2.1: slices run what they want"),
    PARAM_TEXT("routes", Vserver, routes, "",
               "KEY INTERFACE NEXT-HOP:PORT [DATA]; ...; a KEY is written as its code option says",
               "scenario"),
    PARAM_TEXT(
        "triggers", Vserver, triggers, "",
        "i3: ID INTERFACE HOST:PORT; ..., leading hexadecimal digits of the id; it owns every "
        "id. None: it forwards IPv4",
        "SPP paper 7.2"),
    PARAM_NAME("slice", Vserver, slice_name, "", "slice",
               "manager: the slice whose exceptions it handles, sent to this server by its NPE",
               "SPP paper 2.1"),
    PARAM_IPV4("router", Vserver, router, "10.250.0.1",
               "manager: the address that its ICMP messages come from", "assumed"),
    PARAM_COUNT("icmp_rate", Vserver, icmp_rate, "1000", "0", "1000000",
                "manager: ICMP error messages a second", "RFC 1812 4.3.2.8; the rate is assumed"),
    PARAM_COUNT("icmp_burst", Vserver, icmp_burst, "100", "1", "1000000",
                "manager: and how many at once", "assumed"),
    PARAM_TIME("i3_lifetime", Vserver, i3_lifetime, "30s", "1us", "86400s",
               "manager: a trigger that is not refreshed for longer is gone",
               "i3_matching.h: 30 s"),
    PARAM_COUNT("i3_min_prefix", Vserver, i3_min_prefix, "128", "1", "256",
                "manager: leading bits that a packet's id must share with a trigger's",
                "I3, section on inexact matching: k = 128 in the first servers, 192 in later ones"),
    PARAM_WHICH("listen", Vserver, listen, "7", "1", "65535", "listener: its TCP port", "RFC 862"),
    PARAM_IPV4("server", Vserver, server, "10.253.0.1",
               "client: whom it opens TCP connections to, a host that echoes", "scenario"),
    PARAM_WHICH("server_port", Vserver, server_port, "7", "1", "65535", "client: at this TCP port",
                "RFC 862"),
    PARAM_ROW("from_port", COUNT, Vserver, from_port, "any",
              "client: the TCP port that its first connection comes from, counting up", "scenario",
              .min = "1", .max = "65535", .words = "any=0", .sense = PARAM_SENSE_NONE),
    PARAM_WHICH("interface", Vserver, interface, "0", "0", "15",
                "client: the node's interface that its connections leave by", "scenario"),
    PARAM_COUNT("connections", Vserver, connections, "1", "1", "100000",
                "client: connections, all at once", "scenario"),
    PARAM_COUNT("requests", Vserver, requests, "1", "1", "1000000",
                "client: requests of each connection, one after the other", "scenario"),
    PARAM_SIZE("request", Vserver, request, "100B", "1B", "1GB",
               "client: bytes of a request, which it waits to get back", "scenario"),
    PARAM_TIME("pause", Vserver, pause, "0", "0", "100000s",
               "client: from an answer to the next request", "scenario"),
    PARAM_TEXT("login", Vserver, login, "",
               "shell, relay: the name by which users log in to it; empty: its own", "scenario"),
    PARAM_TEXT("key", Vserver, key, "", "shell, relay: the key that lets them in, as text",
               "scenario"),
    PARAM_NAME("to", Vserver, to, "", "gpe|cp",
               "relay: the server on which the slice is, reached over the control switch; empty: "
               "as myPLC has it",
               "SPP paper 6"),
    PARAM_WHICH("place", Vserver, guest.place, "0", "0", "1000",
                "its place when the server boots: lower ones first, equal ones by name; the "
                "server's `active` counts in this order",
                "scenario"),
    PARAM_WORDS("rate", COUNT, Vserver, share.rate, "server", "1", "1000000", "server=0",
                "tokens of 1 ms it earns in a second; server: as the server's `rate` says",
                "scenario"),
    PARAM_WORDS("min", COUNT, Vserver, share.min, "server", "1", "1000000", "server=0",
                "tokens it needs to be picked; server: the server's", "scenario"),
    PARAM_WORDS("max", COUNT, Vserver, share.max, "server", "1", "1000000", "server=0",
                "tokens it can hold; server: the server's", "scenario"),
    PARAM_WORDS("initial", COUNT, Vserver, share.initial, "server", "1", "1000000", "server=0",
                "tokens it begins with; server: the server's, at most max", "scenario"),
    PARAM_BOOL("guaranteed", Vserver, share.guaranteed, "no",
               "token: of those with guaranteed processor time", "NodeManager sm.py: cpu_min"),
    PARAM_BOOL("attached", Vserver, attached_at_start, "yes",
               "whether it is there from the start; no: from the script's `attach` on", "scenario"),
    {0}};

static const Scalar vserver_scalars[] = {
    {"share.running", "ratio", "of its time that its process ran"},
    {"share.ready", "ratio", "of its time that its process could have run"},
    {"share.held", "ratio", "of its time that the scheduler held its process back"},
    {"share.asleep", "ratio", "of its time that its process waited for packets"},
    {"received", "packets", "that came to its sockets"},
    {"socket_full", "packets", "dropped, as a socket had no room"},
    {"forwarded", "packets", "sent on"},
    {"consumed", "packets", "handled and not sent on"},
    {"polls", "calls", "of poll()"},
    ACCOUNT_SCALARS,
    {"lost.rx_ring", "packets", "of lost: a NIC had no receive descriptor free"},
    {"lost.socket_full", "packets", "of lost: a socket had no room"},
    {"lost.tx_ring", "packets", "of lost: a NIC had no transmit descriptor free"},
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
    .verbs = vserver_verbs,
    .understands = vserver_understands,
    .command = vserver_command,
    .unused = vserver_unused,
    .scalars = vserver_scalars,
    .resources = vserver_resources,
    .report = vserver_report,
    .free = vserver_free,
};
