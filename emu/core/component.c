/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Components, ports, links and the network that holds them. A link keeps the packets that are on
 * it in order, with one event for the first to arrive: its time and its place among equal times are
 * those that the packet got when it was sent. */
#include "emu/core/component.h"

#include <string.h>

#include "emu/core/account.h"
#include "emu/core/report.h"

struct Port {
    Component *owner;
    /* outgoing half */
    Component *peer;
    unsigned peer_port;
    LinkSpeed speed;
    SimTime free_at;
    SimTime busy, waited; /* of all that was sent; that it waited before */
    uint64_t refused;     /* packets that it did not take */
    SimTime queue_time;   /* that the bytes of its queue take */
    uint32_t most;        /* bytes of a packet; 0: any */
    PacketQueue on_wire;  /* Packet.due is the time of arrival */
    SimEvent arrival;
    bool exports; /* to a remote component: what is on the wire waits for port_export */
    /* incoming half */
    bool fed;
};

struct Network {
    Sim *sim;
    PacketPool *packets;
    NetworkOptions options;
    GPtrArray *components;
    GHashTable *by_name;
    GHashTable *files; /* who writes which, by name */
    Gauges *gauges;
    Resources *resources; /* NULL: nobody asks for them, nor for where packets were */
    Hops *hops;
    GHashTable *ways;     /* Component -> Way */
    GArray *gauge_tracks; /* of the recorder, by the gauges' numbers */
    int busy;
    SimTime last_busy; /* when `busy` last fell to zero */
    SimTime zero;      /* of the scenario's own times */
};

enum { UNCONNECTED, LINK_TOO_LONG, LINK_QUEUE, N_LINK_DROPS }; /* behind those of the class */
const DropReason link_drops[] = {
    [UNCONNECTED] = {"unconnected", "sent through a port without a link"},
    [LINK_TOO_LONG] = {"too_long_for_link",
                       "longer than the MTU of the link that it was sent through"},
    [LINK_QUEUE] = {"link_queue", "the queue in front of the link was full"},
    [N_LINK_DROPS] = {0}};

static unsigned n_reasons(const ComponentClass *class) {
    unsigned n = 0;
    if (class->drops)
        while (class->drops[n].name) n++;
    return n;
}

Network *network_new(const NetworkOptions *options) {
    Network *net = g_new0(Network, 1);
    net->sim = sim_new();
    net->packets = packet_pool_new(net->sim, options->recorder);
    net->options = *options;
    net->options.output = g_strdup(options->output);
    net->components = g_ptr_array_new();
    net->by_name = g_hash_table_new(g_str_hash, g_str_equal);
    net->files = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    net->gauges = gauges_new();
    net->gauge_tracks = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    return net;
}

static void component_free(Component *c) {
    if (c->class->free) c->class->free(c);
    if (c->class->params) param_clear(c->class->params, c);
    g_ptr_array_unref(c->owners);
    g_free(c->ports);
    g_free(c->drops);
    g_free(c->name);
    g_free(c);
}

void network_free(Network *net) {
    if (!net) return;
    gauges_free(net->gauges);
    resources_free(net->resources);
    packet_pool_follow(net->packets, NULL);
    hops_free(net->hops);
    if (net->ways) g_hash_table_unref(net->ways);
    g_array_unref(net->gauge_tracks);
    sim_clear(net->sim);
    for (unsigned i = 0; i < net->components->len; i++) component_free(net->components->pdata[i]);
    g_ptr_array_unref(net->components);
    g_hash_table_unref(net->by_name);
    g_hash_table_unref(net->files);
    packet_pool_free(net->packets);
    sim_free(net->sim);
    g_free((char *)net->options.output);
    g_free(net);
}

Sim *network_sim(Network *net) {
    return net->sim;
}
PacketPool *network_packets(Network *net) {
    return net->packets;
}

Component *network_add(Network *net, const ComponentClass *class, const char *name) {
    Component *c = g_malloc0(class->size);
    c->class = class;
    c->name = g_strdup(name);
    c->network = net;
    c->sim = net->sim;
    c->packets = net->packets;
    c->recorder = net->options.recorder;
    c->n_ports = 1;
    c->owners = g_ptr_array_new();
    component_owner(c, &c->owner);
    c->n_drops = n_reasons(class);
    c->drops = g_new0(uint64_t, c->n_drops + N_LINK_DROPS);
    if (class->params) param_set_defaults(class->params, c);
    g_ptr_array_add(net->components, c);
    g_hash_table_insert(net->by_name, c->name, c);
    return c;
}

Component *network_find(const Network *net, const char *name) {
    return g_hash_table_lookup(net->by_name, name);
}

Component *network_nth(const Network *net, unsigned n) {
    return n < net->components->len ? net->components->pdata[n] : NULL;
}

static void arrive(Sim *sim, SimEvent *event) {
    Port *port = (Port *)(void *)((char *)event - offsetof(Port, arrival));
    Packet *pkt = packet_queue_get(&port->on_wire);
    const Packet *next = port->on_wire.head;
    if (next) sim_schedule_ordered(sim, event, next->due, next->order);
    Component *peer = port->peer;
    pkt->port = port->peer_port;
    if (peer->network->hops) /* a link is its sender's */
        hops_note(peer->network->hops, pkt, port->owner->name, peer->name, sim_now(sim));
    peer->received++;
    sim_observe(sim, &peer->owner, SIM_ARRIVE, pkt->id, pkt->length);
    if (G_UNLIKELY(pkt->walk)) walk_arrive(pkt, peer->track, port->peer_port, sim_now(sim));
    peer->class->receive(peer, port->peer_port, pkt);
}

bool network_create(Network *net, GError **error) {
    for (unsigned i = 0; i < net->components->len; i++) {
        Component *c = net->components->pdata[i];
        if (c->ports) continue; /* made in an earlier call */
        if (c->class->create && !c->class->create(c, error)) return false;
        c->ports = g_new0(Port, MAX(c->n_ports, 1));
        for (unsigned p = 0; p < c->n_ports; p++) {
            c->ports[p].owner = c;
            sim_event_init(&c->ports[p].arrival, arrive, &c->owner);
        }
    }
    return true;
}

static bool port_exists(const Component *c, unsigned port, GError **error) {
    if (port < c->n_ports) return true;
    return input_error(error, "found port %s.%u, but %s has ports 0 to %u", c->name, port, c->name,
                       c->n_ports - 1);
}

/* In 128 bits: a long packet at a few bit/s exceeds 64 before the shift. */
static SimTime serialisation(uint32_t wire_bytes, const LinkSpeed *speed) {
    return (SimTime)((unsigned __int128)wire_bytes * speed->ps_per_byte_q16 >> 16);
}

bool network_link(Component *from, unsigned from_port, Component *to, unsigned to_port,
                  LinkSpeed speed, GError **error) {
    if (!port_exists(from, from_port, error) || !port_exists(to, to_port, error)) return false;
    Port *out = &from->ports[from_port], *in = &to->ports[to_port];
    if (out->peer || in->fed)
        return input_error(error, "%s.%u %s already: a port takes one link each way",
                           out->peer ? from->name : to->name, out->peer ? from_port : to_port,
                           out->peer ? "sends over a link" : "receives from a link");
    if (!to->class->receive)
        return input_error(error, "%s is a %s, which receives nothing", to->name, to->class->name);
    out->peer = to;
    out->peer_port = to_port;
    out->speed = speed;
    out->most = speed.mtu ? speed.mtu + LINK_HEADER_BYTES : 0;
    out->queue_time = speed.queue ? serialisation(speed.queue, &speed) : SIM_NEVER;
    out->exports = to->class == &remote_class;
    in->fed = true;
    return true;
}

/* What waits for the wire, and is on it. */
static void watch_links(Network *net, Component *c) {
    for (unsigned p = 0; p < c->n_ports; p++) {
        const Port *port = &c->ports[p];
        if (!port->peer) continue;
        g_autofree char *name = g_strdup_printf("port%u.link", p);
        gauges_add(net->gauges, c->name, name, &port->peer->received, gauge_queue, &port->on_wire);
    }
}

int compare_names(const char *a, const char *b) {
    const char *p = a, *q = b;
    while (*p && *q) {
        if (!g_ascii_isdigit(*p) || !g_ascii_isdigit(*q)) {
            if (*p != *q) break;
            p++, q++;
            continue;
        }
        p += strspn(p, "0"), q += strspn(q, "0");
        size_t n = strspn(p, "0123456789"), m = strspn(q, "0123456789");
        int difference = n == m ? memcmp(p, q, n) : n < m ? -1 : 1;
        if (difference) return difference;
        p += n, q += m;
    }
    return *p == *q ? strcmp(a, b) : (unsigned char)*p < (unsigned char)*q ? -1 : 1;
}

static int by_name(const void *a, const void *b) {
    return compare_names((*(Component *const *)a)->name, (*(Component *const *)b)->name);
}

/* FNV-1a of the name, and which of the component's owners. */
static uint64_t identity(const char *name, unsigned part) {
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (; *name; name++) h = (h ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
    return h + part;
}

static void number_owners(Component *c, unsigned rank) {
    for (unsigned i = 0; i < c->owners->len; i++)
        sim_owner_number(c->owners->pdata[i], rank * COMPONENT_OWNERS + i, identity(c->name, i));
}

/* What is to be explained -------------------------------------------------------------------- */

/* How far a component is on the packets' way, in links: from where they come from, and from where
 * they end; and through which of its ports they go on the way back, or nowhere. */
typedef struct {
    int from, to;
    bool *back;
} Way;

static void way_free(void *data) {
    g_free(((Way *)data)->back);
    g_free(data);
}

static Way *way_of(const Network *net, const Component *c) {
    return g_hash_table_lookup(net->ways, c);
}

static bool sends_on(const Component *c) {
    for (unsigned p = 0; p < c->n_ports; p++)
        if (c->ports[p].peer) return true;
    return false;
}

/* One round: whoever is a link away from those that are `at` far is one further. */
static bool spread(const Network *net, int at, bool from) {
    bool any = false;
    for (unsigned i = 0; i < net->components->len; i++) {
        const Component *c = net->components->pdata[i];
        for (unsigned p = 0; p < c->n_ports; p++) {
            if (!c->ports[p].peer) continue;
            Way *here = way_of(net, c), *there = way_of(net, c->ports[p].peer);
            int *known = from ? &here->from : &there->to, *next = from ? &there->from : &here->to;
            if (*known != at || *next >= 0) continue;
            *next = at + 1;
            any = true;
        }
    }
    return any;
}

static void find_ways(Network *net) {
    int longest = 0;
    net->ways = g_hash_table_new_full(NULL, NULL, NULL, way_free);
    for (unsigned i = 0; i < net->components->len; i++) {
        Component *c = net->components->pdata[i];
        Way *way = g_new(Way, 1);
        bool source = c->class->load && c->class->load(c).packets > 0;
        *way = (Way){source ? 0 : -1, component_fed(c) && !sends_on(c) ? 0 : -1,
                     g_new0(bool, c->n_ports + 1)};
        g_hash_table_insert(net->ways, c, way);
    }
    for (int at = 0; spread(net, at, true); at++) longest = at + 1;
    for (int at = 0; spread(net, at, false);) at++;
    for (unsigned i = 0; i < net->components->len; i++) {
        Component *c = net->components->pdata[i];
        Way *way = way_of(net, c);
        for (unsigned p = 0; p < c->n_ports; p++) {
            if (!c->ports[p].peer) continue;
            const Way *there = way_of(net, c->ports[p].peer);
            way->back[p] = there->to == 0 || there->from < way->from;
        }
    }
    for (unsigned i = 0; i < net->components->len; i++) { /* from here on: how far they have come */
        Way *way = way_of(net, net->components->pdata[i]);
        way->to = 2 * longest + 1 - MAX(way->to, 0);
    }
}

enum { LINK_PLACE = 9000 };

static void tell_links(const Component *c, Resources *r) {
    for (unsigned p = 0; p < c->n_ports; p++) {
        const Port *port = &c->ports[p];
        SimTime now = sim_now(c->sim), ahead = port->free_at > now ? port->free_at - now : 0;
        if (!port->peer && port->refused) {
            resources_tell(r,
                           &(Resource){.kind = "missing link",
                                       .does = RESOURCE_MISSING,
                                       .port = (int)p,
                                       .place = LINK_PLACE,
                                       .refused = (double)port->refused},
                           "port %u", p);
        } else if (port->peer && port->speed.ps_per_byte_q16) {
            g_autofree char *rate = g_strdup_printf("@%u.rate", p),
                            *queue = g_strdup_printf("@%u.queue", p);
            resources_tell(r,
                           &(Resource){.kind = "link",
                                       .does = RESOURCE_SERVES,
                                       .port = (int)p,
                                       .place = LINK_PLACE + 1,
                                       .used = (double)(port->busy - MIN(port->busy, ahead)),
                                       .of = (double)now,
                                       .waited = (double)port->waited,
                                       .levers = rate},
                           "port %u to %s", p, port->peer->name);
            if (port->queue_time == SIM_NEVER || !port->queue_time) continue;
            resources_tell(r,
                           &(Resource){.kind = "queue of a link",
                                       .does = RESOURCE_HOLDS,
                                       .port = (int)p,
                                       .place = LINK_PLACE,
                                       .used = (double)ahead,
                                       .of = (double)port->queue_time,
                                       .refused = (double)port->refused,
                                       .levers = queue},
                           "port %u queue", p);
        }
    }
}

static void ask_for_resources(Network *net) {
    resources_begin(net->resources, sim_now(net->sim));
    for (unsigned i = 0; i < net->components->len; i++) {
        const Component *c = net->components->pdata[i];
        const Way *way = way_of(net, c);
        resources_component(net->resources, c->name, MAX(way->from, 0), way->to, way->back,
                            c->n_ports);
        if (c->class->resources) c->class->resources(c, net->resources);
        tell_links(c, net->resources);
    }
}

void network_explain(Network *net) {
    net->resources = resources_new();
    net->hops = hops_new();
    packet_pool_follow(net->packets, net->hops);
}

/* A window that was not seen at its beginning and at its end is the whole run. */
const GArray *network_resources(Network *net) {
    if (!net->resources) return NULL;
    if (resources_looks(net->resources) < 2) {
        resources_restart(net->resources);
        resources_begin(net->resources, 0);
        ask_for_resources(net);
    }
    return resources_results(net->resources);
}

const Hops *network_hops(const Network *net) {
    return net->hops;
}

bool network_start(Network *net, const Component **failed, GError **error) {
    g_autoptr(GPtrArray) order = g_ptr_array_copy(net->components, NULL, NULL);
    g_ptr_array_sort(order, by_name);
    g_assert(order->len <= SIM_OWNERS / COMPONENT_OWNERS && !sim_events_pending(net->sim));
    for (unsigned i = 0; i < order->len; i++) {
        Component *c = order->pdata[i];
        number_owners(c, i);
        if (c->recorder) c->track = recorder_component(c->recorder, c->name, c->owner.id);
    }
    for (unsigned i = 0; i < order->len; i++) {
        Component *c = order->pdata[i];
        *failed = c;
        if (c->class->start && !c->class->start(c, error)) return false;
    }
    for (unsigned i = 0; i < net->components->len; i++) watch_links(net, net->components->pdata[i]);
    if (net->resources) find_ways(net);
    return true;
}

void network_busy(Network *net, int change) {
    net->busy += change;
    g_assert(net->busy >= 0);
    if (net->busy == 0) net->last_busy = sim_now(net->sim);
}

/* Counted from totals, not by walking: this is asked often. */
bool network_idle(const Network *net) {
    return net->busy == 0 && packet_pool_empty(net->packets);
}

/* The end of the step in which something happens next. Steps without an event change nothing, so a
 * run ends at the same time as if each had been made. */
static SimTime step_end(Network *net, SimTime step, SimTime limit) {
    SimTime now = sim_now(net->sim), next = sim_next_time(net->sim);
    if (next >= limit) return limit;
    SimTime steps = next > now ? (next - now - 1) / step + 1 : 1;
    return steps <= (limit - now) / step ? now + steps * step : limit;
}

/* What gauges hold, for the timeline. */
static void record_gauges(Network *net) {
    Recorder *r = net->options.recorder;
    for (unsigned i = 0; i < gauges_n(net->gauges); i++) {
        const char *owner, *name;
        uint64_t value = gauge_value(net->gauges, i, &owner, &name);
        if (i == net->gauge_tracks->len) {
            uint32_t track = recorder_track(r, network_find(net, owner)->track, name, NULL);
            g_array_append_val(net->gauge_tracks, track);
        }
        recorder_count(r, g_array_index(net->gauge_tracks, uint32_t, i), sim_now(net->sim), value);
    }
    recorder_was_read(r);
}

/* Gauges are read between events, so nothing in the run knows of them. */
static void run_until(Network *net, SimTime to) {
    for (;;) {
        Recorder *r = net->options.recorder;
        SimTime gauges = gauges_next(net->gauges), record = r ? recorder_next(r) : SIM_NEVER;
        SimTime at = MIN(gauges, record);
        if (at > to || at == SIM_NEVER) break;
        sim_run_until(net->sim, at);
        if (sim_stopped(net->sim)) return;
        if (at == record) record_gauges(net);
        if (at != gauges) continue;
        if (net->busy) {
            gauges_read(net->gauges);
            if (net->resources) ask_for_resources(net);
        } else
            gauges_close(net->gauges);
    }
    sim_run_until(net->sim, to);
}

void network_begins(Network *net, SimTime zero) {
    net->zero = zero;
}

SimTime network_zero(const Network *net) {
    return net->zero;
}

void network_run(Network *net, SimTime end, SimTime drain, SimTime step,
                 void (*progress)(Network *net, void *user), void *user) {
    const SimTime drain_step = 10 * SIM_US;
    while (!sim_stopped(net->sim)) {
        SimTime limit = end;
        if (end == SIM_NEVER && net->busy == 0) {
            if (network_idle(net)) return;
            limit = net->last_busy > SIM_NEVER - drain ? SIM_NEVER : net->last_busy + drain;
        }
        if (sim_now(net->sim) >= limit) return;
        SimTime to = step_end(net, net->busy ? step : MIN(step, drain_step), limit);
        if (to == SIM_NEVER) return; /* nothing will ever happen */
        run_until(net, to);
        if (progress) progress(net, user);
    }
}

bool network_stop(Network *net, GError **error) {
    for (unsigned i = 0; i < net->components->len; i++) {
        Component *c = net->components->pdata[i];
        if (c->class->stop) c->class->stop(c);
    }
    for (unsigned i = 0; i < net->components->len; i++) {
        Component *c = net->components->pdata[i];
        if (c->class->check && !c->class->check(c, error)) return false;
    }
    if (!packet_pool_check(net->packets, error)) return false;
    uint64_t dropped = 0;
    for (unsigned i = 0; i < net->components->len; i++) {
        const Component *c = net->components->pdata[i];
        for (unsigned r = 0; r < c->n_drops + N_LINK_DROPS; r++) dropped += c->drops[r];
    }
    PacketCounts counts = packet_pool_counts(net->packets);
    if (dropped == counts.dropped) return true;
    return invariant_error(error,
                           "drops are not conserved: %" G_GUINT64_FORMAT
                           " with a reason, %" G_GUINT64_FORMAT " in all",
                           dropped, counts.dropped);
}

void network_report(Network *net, Report *report) {
    for (unsigned i = 0; i < net->components->len; i++) {
        Component *c = net->components->pdata[i];
        report_component(report, c->name);
        if (c->class->report) c->class->report(c, report);
        unsigned n = c->n_drops;
        for (unsigned r = 0; r < n + N_LINK_DROPS; r++) {
            const DropReason *reason = r < n ? &c->class->drops[r] : &link_drops[r - n];
            if (r >= n && !c->drops[r] && !c->class->sends) continue;
            char *name = g_strconcat("drop.", reason->name, NULL);
            report_scalar(report, name, (double)c->drops[r], "packets");
            g_free(name);
        }
    }
    gauges_report(net->gauges, report);
}

NetworkLoad network_load(const Network *net) {
    NetworkLoad sum = {0};
    for (unsigned i = 0; i < net->components->len; i++) {
        const Component *c = net->components->pdata[i];
        NetworkLoad own = c->class->load ? c->class->load(c) : (NetworkLoad){0};
        sum.packets += own.packets;
        sum.until = MAX(sum.until, own.until);
    }
    return sum;
}

/* For components -------------------------------------------------------------------------- */

void port_send(Component *c, unsigned port, Packet *pkt) {
    g_assert(port < c->n_ports);
    Port *p = &c->ports[port];
    SimTime now = sim_now(c->sim), start = MAX(now, p->free_at);
    unsigned refused = !p->peer                           ? UNCONNECTED
                       : p->most && pkt->length > p->most ? LINK_TOO_LONG
                       : start - now > p->queue_time      ? LINK_QUEUE
                                                          : N_LINK_DROPS;
    if (refused != N_LINK_DROPS) {
        p->refused++;
        component_drop(c, c->n_drops + refused, pkt);
        return;
    }
    if (c->network->hops) hops_note(c->network->hops, pkt, c->name, c->name, now);
    packet_charge(pkt, CAUSE_WIRE, now);
    sim_observe(c->sim, &c->owner, SIM_DEPART, pkt->id, pkt->length);
    if (G_UNLIKELY(pkt->walk)) walk_depart(pkt, c->track, port, now);
    p->free_at = start + serialisation(packet_wire_bytes(pkt->length), &p->speed);
    p->busy += p->free_at - start;
    p->waited += start - now;
    pkt->due = p->free_at + p->speed.delay;
    if (pkt->account && !pkt->lease) account_send(pkt, p->free_at);
    pkt->order = sim_take_order(&c->owner);
    if (!p->on_wire.head && !p->exports)
        sim_schedule_ordered(c->sim, &p->arrival, pkt->due, pkt->order);
    packet_queue_put(&p->on_wire, pkt);
}

bool port_connected(const Component *c, unsigned port) {
    return port < c->n_ports && c->ports[port].peer;
}

bool port_fed(const Component *c, unsigned port) {
    return port < c->n_ports && c->ports[port].fed;
}

bool component_fed(const Component *c) {
    for (unsigned p = 0; p < c->n_ports; p++)
        if (c->ports[p].fed) return true;
    return false;
}

Component *port_peer(const Component *c, unsigned port, unsigned *peer_port) {
    if (!port_connected(c, port)) return NULL;
    if (peer_port) *peer_port = c->ports[port].peer_port;
    return c->ports[port].peer;
}

SimTime port_free_at(const Component *c, unsigned port) {
    return c->ports[port].free_at;
}

LinkSpeed port_speed(const Component *c, unsigned port) {
    return c->ports[port].speed;
}

SimTime port_lookahead(const Component *c, unsigned port) {
    const LinkSpeed *s = &c->ports[port].speed;
    return s->delay + serialisation(packet_wire_bytes(0), s);
}

void component_owner(Component *c, SimOwner *owner) {
    g_assert(c->owners->len < COMPONENT_OWNERS);
    sim_owner_init(c->sim, owner);
    g_ptr_array_add(c->owners, owner);
}

static const DropReason *drop_reason(const Component *c, unsigned reason) {
    return reason < c->n_drops ? &c->class->drops[reason] : &link_drops[reason - c->n_drops];
}

void component_drop(Component *c, unsigned reason, Packet *pkt) {
    g_assert(reason < c->n_drops + N_LINK_DROPS);
    c->drops[reason]++;
    sim_observe(c->sim, &c->owner, SIM_DROP, pkt->id, reason);
    const DropReason *why = drop_reason(c, reason);
    if (pkt->account) account_lose(pkt, why->name);
    if (G_UNLIKELY(pkt->walk)) walk_drop(pkt, c->track, why->name, why->text, sim_now(c->sim));
    packet_end_dropped(pkt);
}

void component_gauge(Component *c, const char *name, GaugeRead *read, const void *from) {
    gauges_add(c->network->gauges, c->name, name, &c->received, read, from);
}

uint64_t gauge_queue(const void *packet_queue) {
    return ((const PacketQueue *)packet_queue)->packets;
}

void component_window(Component *c, SimTime from, SimTime until) {
    gauges_window(c->network->gauges, from, until);
}

void component_random(Component *c, const char *use, Random *random) {
    char *stream = g_strdup_printf("%s.%s", c->name, use);
    random_seed(random, c->network->options.seed, c->network->options.repetition, stream);
    g_free(stream);
}

bool component_has_verb(const Component *c, const char *verb, GError **error) {
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    g_autoptr(GString) list = g_string_new(NULL);
    for (const Verb *v = c->class->verbs; v && v->name; v++) {
        if (!strcmp(v->name, verb)) return true;
        g_ptr_array_add(names, (char *)v->name);
        g_string_append_printf(list, "%s%s", list->len ? ", " : "", v->name);
    }
    g_ptr_array_add(names, NULL);
    const char *near = param_nearest(verb, (const char *const *)names->pdata);
    return input_error(error, "found \"%s\", expected %s%s%s", verb, list->str,
                       near ? "; the nearest is " : "", near ? near : "");
}

SimTime component_phase(Component *c, SimTime interval) {
    Random random;
    if (!interval || !c->network->options.repetition) return 0;
    component_random(c, "phase", &random);
    return random_below(&random, interval);
}

bool component_output_path(Component *c, const char *file_name, char **path, GError **error) {
    const Component *other = g_hash_table_lookup(c->network->files, file_name);
    const char *folder = c->network->options.output;
    *path = NULL;
    if (other)
        return input_error(
            error,
            "found the file name \"%s\" for %s, which %s writes already, expected one of "
            "its own",
            file_name, c->name, other->name);
    g_hash_table_insert(c->network->files, g_strdup(file_name), c);
    if (folder) *path = g_build_filename(folder, file_name, NULL);
    return true;
}

/* Parts ------------------------------------------------------------------------------------ */

static void remote_receive(Component *c, unsigned port, Packet *pkt) {
    g_error("%s.%u: packet %" G_GUINT64_FORMAT " has come to another part's component", c->name,
            port, pkt->id);
}

const ComponentClass remote_class = {
    .name = "remote",
    .text = "stands for a component that another part of the network runs",
    .ports = "as that component",
    .size = sizeof(Component),
    .receive = remote_receive,
};

Packet *port_export(Component *c, unsigned port) {
    g_assert(port < c->n_ports && c->ports[port].exports);
    return packet_queue_get(&c->ports[port].on_wire);
}

void port_import(Component *remote, unsigned port, const Packet *from) {
    g_assert(port < remote->n_ports && remote->ports[port].peer);
    Port *p = &remote->ports[port];
    Packet *pkt = packet_import(remote->packets, from);
    if (!p->on_wire.head) sim_schedule_ordered(remote->sim, &p->arrival, pkt->due, pkt->order);
    packet_queue_put(&p->on_wire, pkt);
}
