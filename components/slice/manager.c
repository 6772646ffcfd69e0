/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The slice manager: the process in a vServer that does for its slice on an NPE what the fast path
 * leaves (SPP paper 2.1, 6 and 7.2). Exceptions come through the switch to its socket, each behind
 * the internal header of fastpath/substrate.h. What it sends for IPv4 goes in-band: to the slice's
 * own port on the NPE, whose filters choose queue and interface; packets with options, which would
 * only come back, and what an I3 server sends leave by the manager's own sockets. Single I3
 * triggers become filters of the fast path through the management processor.
 *
 * Assumed: a tunnel's sender is not known behind the NPE, so an I3 packet is answered only at the
 * address that it names; expiry costs no processor time. */
#include <string.h>

#include "components/gpe/vserver.h"
#include "components/slice/slice.h"
#include "components/slowpath/fragment.h"
#include "components/slowpath/i3_server.h"
#include "components/slowpath/icmp.h"
#include "fastpath/options/i3.h"
#include "fastpath/options/ipv4.h"
#include "fastpath/tunnel.h"

enum { MAX_SLOTS = 256 };

typedef struct {
    Vserver *v;
    Slice *slice;
    bool i3;
    IcmpLimit limit;
    I3Server *server;
    SimEvent expiry;
    GHashTable *slot_of; /* id -> slot in the slice's SRAM + 1 */
    bool taken[MAX_SLOTS];
    uint8_t *out;
    uint64_t exceptions, outcomes[ICMP_N_OUTCOMES], sent, no_route, installed, no_slot;
} Manager;

/* Sending ---------------------------------------------------------------------------------- */

/* `whose` port and VLAN it carries. */
static void send_frame(Manager *m, Tenant *whose, unsigned interface, const Tunnel *tunnel,
                       const uint8_t *bytes, uint32_t length) {
    Gpe *g = m->v->gpe;
    Packet *pkt = packet_new(g->base.packets, &g->base.owner, TUNNEL_BYTES + length);
    packet_carry(pkt, whose);
    tunnel_build(pkt->data, tunnel, length);
    memcpy(pkt->data + TUNNEL_BYTES, bytes, length);
    m->sent++;
    gpe_transmit(g, interface, pkt);
}

/* To the slice's own port on the NPE. */
static void send_in_band(Manager *m, const uint8_t *bytes, uint32_t length) {
    const Npe *npe = m->slice->npe;
    const FpSlice *f = fp_slice(npe_tables(npe), m->slice->number);
    Tunnel tunnel = {.from = *fp_interface(m->v->gpe->tables, 0),
                     .to = fp_interface(npe_tables(npe), 0)->address,
                     .from_port = f->exception_port,
                     .to_port = f->udp_port,
                     .vlan = f->vlan};
    tunnel.from.address = f->exception_address;
    memcpy(tunnel.from.next_mac, npe_mac(npe), MAC_BYTES);
    send_frame(m, m->slice->tenant, 0, &tunnel, bytes, length);
}

static void send_out(Manager *m, unsigned interface, uint32_t to, uint16_t to_port,
                     const uint8_t *bytes, uint32_t length) {
    const Tunnel tunnel = {.from = *fp_interface(m->v->gpe->tables, interface),
                           .to = to,
                           .from_port =
                               fp_slice(npe_tables(m->slice->npe), m->slice->number)->udp_port,
                           .to_port = to_port,
                           .vlan = (uint16_t)m->v->vlan};
    send_frame(m, m->v->guest.tenant, interface, &tunnel, bytes, length);
}

/* The way to an address by a slice's filters; false: none. */
static bool route(FpTables *tables, unsigned slice, uint32_t to, FpResult *result) {
    FpLog log = {.cost = NULL};
    static const uint16_t free_of_charge[FP_N_SITES];
    FpPacket p = {.slice = (uint16_t)slice, .verdict = FP_FORWARD};
    log.cost = free_of_charge;
    put32(p.key + IPV4_KEY_DESTINATION, to);
    if (fp_lookup(tables, &p, &log) != FP_FORWARD) return false;
    *result = p.result;
    return true;
}

/* IPv4 ------------------------------------------------------------------------------------- */

/* A piece of what the fast path found too long goes back to it; one with options would only come
 * again, so it takes its way from here. */
static void send_piece(void *user, uint8_t *ip, uint32_t bytes) {
    Manager *m = user;
    FpResult way;
    if (ip4_header_bytes(ip) == IPV4_BYTES)
        send_in_band(m, ip, bytes);
    else if (route(npe_tables(m->slice->npe), m->slice->number, get32(ip + IP4_DESTINATION), &way))
        send_out(m, way.interface, way.next_hop, way.next_port, ip,
                 icmp_forward(ip, m->v->router, sim_now(m->v->base.sim)));
}

/* A packet that only the slow path may forward, as it came; false: it is too long for that. */
static bool forward_options(Manager *m, uint8_t *ip, const FpResult *way, SimTime now) {
    uint32_t mtu = fp_interface(npe_tables(m->slice->npe), way->interface)->mtu;
    if (mtu && get16(ip + IP4_TOTAL) > mtu) return false;
    send_out(m, way->interface, way->next_hop, way->next_port, ip,
             icmp_forward(ip, m->v->router, now));
    return true;
}

static void answer_ipv4(Manager *m, FpReason reason, uint32_t mtu, uint8_t *ip, uint32_t length,
                        SimTime now) {
    uint32_t bytes;
    IcmpLimit *limit = &m->limit;
    IcmpOutcome outcome =
        reason == FP_FRAGMENT
            ? icmp_too_long(limit, mtu, ip, length, m->v->router, now, m->out, &bytes)
            : icmp_answer(limit, reason, ip, length, m->v->router, now, m->out, &bytes);
    FpResult way;
    if (outcome == ICMP_FORWARD) {
        if (!route(npe_tables(m->slice->npe), m->slice->number, get32(ip + IP4_DESTINATION),
                   &way)) {
            outcome =
                icmp_answer(limit, FP_NO_ROUTE, ip, length, m->v->router, now, m->out, &bytes);
        } else if (!forward_options(m, ip, &way, now)) {
            mtu = fp_interface(npe_tables(m->slice->npe), way.interface)->mtu;
            outcome = icmp_too_long(limit, mtu, ip, length, m->v->router, now, m->out, &bytes);
        }
    }
    m->outcomes[outcome]++;
    if (outcome == ICMP_CUT)
        fragment_packet(ip, mtu, m->out, send_piece, m);
    else if (icmp_answered(outcome))
        send_in_band(m, m->out, bytes);
}

/* I3 --------------------------------------------------------------------------------------- */

static void emit(void *user, const uint8_t *bytes, uint32_t length, uint32_t address,
                 uint16_t port) {
    Manager *m = user;
    FpResult way;
    if (route(m->v->gpe->tables, m->v->guest.number, address, &way))
        send_out(m, way.interface, address, port, bytes, length);
    else
        m->no_route++;
}

/* A trigger is, or no longer is, one that the fast path can handle: its whole id goes to the
 * slice's SRAM, from the end of the block down, and its leading 112 bits into a filter. */
static void single(void *user, bool install, const I3Trigger *t) {
    Manager *m = user;
    g_autoptr(GBytes) id = g_bytes_new(t->id, I3_ID_BYTES);
    unsigned slot = GPOINTER_TO_UINT(g_hash_table_lookup(m->slot_of, id));
    SliceFilter filter = {.result = {.verdict = FP_FORWARD}};
    i3_trigger_filter(t->id, filter.match.key, filter.match.mask);
    if (!install) {
        if (!slot) return;
        slice_filter_remove(m->slice, &filter);
        m->taken[slot - 1] = false;
        g_hash_table_remove(m->slot_of, id);
        return;
    }
    FpResult way;
    while (slot < MAX_SLOTS && m->taken[slot]) slot++;
    uint64_t used = (uint64_t)(slot + 1) * I3_ID_BYTES;
    if (slot == MAX_SLOTS || used + i3_node_bytes() > m->slice->sram ||
        !route(m->v->gpe->tables, m->v->guest.number, t->address, &way) ||
        slice_first_queue(m->slice, way.interface) == m->slice->room) {
        m->no_slot++; /* stays with the slow path */
        return;
    }
    filter.result.interface = way.interface;
    filter.result.queue = filter.result.stats =
        (uint16_t)slice_first_queue(m->slice, way.interface);
    filter.result.next_hop = t->address;
    filter.result.next_port = t->port;
    filter.data = true;
    filter.result.data = (uint32_t)(m->slice->sram - used);
    slice_sram_write(m->slice, filter.result.data, t->id, I3_ID_BYTES);
    slice_filter_add(m->slice, &filter);
    m->taken[slot] = true;
    m->installed++;
    g_hash_table_insert(m->slot_of, g_bytes_ref(id), GUINT_TO_POINTER(slot + 1));
}

static void plan_expiry(Manager *m) {
    SimTime at = i3_server_next_expiry(m->server);
    sim_cancel(m->v->base.sim, &m->expiry);
    if (at != SIM_NEVER) sim_schedule_at(m->v->base.sim, &m->expiry, at);
}

static void expire(Sim *sim, SimEvent *event) {
    Manager *m = (Manager *)(void *)((char *)event - offsetof(Manager, expiry));
    i3_server_expire(m->server, sim_now(sim));
    plan_expiry(m);
}

/* The process ------------------------------------------------------------------------------ */

static SimTime next(Vserver *v) {
    return vserver_poll(v, false, v->gpe->cost.manager, true);
}

static void handle(Vserver *v, Packet *pkt) {
    Manager *m = v->state;
    v->consumed++;
    SimTime now = sim_now(v->base.sim);
    uint8_t *header = pkt->data, *inner = header + FP_INTERNAL_BYTES;
    if (!m->slice->attached) { /* its number, port and filters may be another's now */
        component_drop(&v->gpe->base, GPE_DROP_DETACHED, pkt);
        return;
    }
    if (pkt->length <= FP_INTERNAL_BYTES || header[FP_INTERNAL_REASON] >= FP_N_REASONS) {
        component_drop(&v->gpe->base, GPE_DROP_REFUSED, pkt);
        return;
    }
    uint32_t length = pkt->length - FP_INTERNAL_BYTES;
    m->exceptions++;
    m->out = g_realloc(m->out, icmp_room(length));
    if (m->i3) {
        i3_server_process(m->server, inner, length, 0, 0, now, emit, m);
        plan_expiry(m);
    } else {
        answer_ipv4(m, (FpReason)header[FP_INTERNAL_REASON], get16(header + FP_INTERNAL_MTU), inner,
                    length, now);
    }
    packet_deliver(pkt);
}

/* The slice's exceptions have to get here: through the data switch, or by a link. */
static bool reachable(const Manager *m, const Npe *npe, uint8_t mac[6], GError **error) {
    const Component *gpe = &m->v->gpe->base, *to = NULL;
    bool switched = npe_switched(npe);
    unsigned port = switched ? 0 : npe_interfaces(npe);
    to = port_peer((const Component *)npe, port, NULL);
    if (!gpe->class->station(gpe, 0, 0, mac)) to = NULL;
    if (to && (switched ? to == port_peer(gpe, 0, NULL) : to == gpe)) return true;
    return input_error(error,
                       switched ? "slice: found %s, whose exceptions cannot get to %s, expected %s "
                                  "and it on one data switch"
                                : "slice: found %s, whose exceptions cannot get to %s, expected a "
                                  "link from the last port of %s to it",
                       m->v->slice_name, gpe->name, m->slice->npe_name);
}

/* Its slice, and itself as a router and a station. */
static bool find(Vserver *v, uint8_t mac[6], GError **error) {
    Manager *m = v->state;
    Component *slice = network_find(v->base.network, v->slice_name);
    if (!slice || slice->class != &slice_class)
        return input_error(error, "slice: found \"%s\", expected the name of a slice",
                           v->slice_name);
    m->v = v;
    m->slice = (Slice *)slice;
    m->i3 = fp_code_options[m->slice->code_option] == &i3_option;
    const Npe *npe = m->slice->npe; /* unless it starts only later */
    if (!npe) npe = (const Npe *)network_find(v->base.network, m->slice->npe_name);
    return reachable(m, npe, mac, error);
}

static bool check(Vserver *v, GError **error) {
    uint8_t mac[6];
    return find(v, mac, error);
}

static bool start(Vserver *v, GError **error) {
    Manager *m = v->state;
    uint8_t mac[6];
    if (!find(v, mac, error)) return false;
    icmp_limit_init(&m->limit, (uint32_t)v->icmp_rate, (uint32_t)v->icmp_burst);
    I3ServerParams params = {.min_prefix_bits = (unsigned)v->i3_min_prefix,
                             .lifetime = v->i3_lifetime,
                             .single = single,
                             .user = m};
    g_clear_pointer(&m->server, i3_server_free); /* of an earlier start */
    g_clear_pointer(&m->slot_of, g_hash_table_unref);
    m->server = i3_server_new(&params);
    m->slot_of =
        g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);
    memset(m->taken, 0, sizeof m->taken);
    sim_event_init(&m->expiry, expire, &v->base.owner);
    if (!slice_set_exception_host(m->slice, &v->gpe->base, mac, error)) return false;
    if (gpe_bind(v->gpe, &v->guest, 0, m->slice->exception_address,
                 (uint16_t)m->slice->exception_port))
        return true;
    return input_error(error,
                       "slice: another vServer of %s has the exception_address and exception_port "
                       "of %s already",
                       v->gpe->base.name, v->slice_name);
}

static void stop(Vserver *v) {
    Manager *m = v->state;
    if (m->server) sim_cancel(v->base.sim, &m->expiry);
}

static void report_counts(const Vserver *v, Report *report) {
    const Manager *m = v->state;
    report_scalar(report, "exceptions", (double)m->exceptions, "packets");
    report_scalar(report, "sent", (double)m->sent, "packets");
    for (unsigned i = 0; i < ICMP_N_OUTCOMES && !m->i3; i++) {
        g_autofree char *name = g_strconcat("icmp.", icmp_outcome_name((IcmpOutcome)i), NULL);
        report_scalar(report, name, (double)m->outcomes[i], "packets");
    }
    if (!m->i3) return;
    for (unsigned i = 0; i < I3_N_COUNTS; i++) {
        g_autofree char *name = g_strconcat("i3.", i3_count_name((I3Count)i), NULL);
        uint64_t n = m->server ? i3_server_count(m->server, (I3Count)i) : 0;
        report_scalar(report, name, (double)n, "packets");
    }
    unsigned triggers = m->server ? i3_server_n_triggers(m->server) : 0; /* it may never come */
    report_scalar(report, "i3.triggers", triggers, "triggers");
    report_scalar(report, "i3.installed", (double)m->installed, "filters");
    report_scalar(report, "i3.not_installed", (double)m->no_slot, "filters");
    report_scalar(report, "i3.no_route", (double)m->no_route, "packets");
}

static void clear(Vserver *v) {
    Manager *m = v->state;
    g_clear_pointer(&m->server, i3_server_free);
    g_clear_pointer(&m->slot_of, g_hash_table_unref);
    g_free(m->out);
}

static const char *const keys[] = {"slice",       "router",        "icmp_rate", "icmp_burst",
                                   "i3_lifetime", "i3_min_prefix", NULL};
#define FOR_IPV4 "its slice is not of I3"
#define FOR_I3 "its slice is of I3"
static const Scalar scalars[] = {
    {"exceptions", "packets", "that its slice sent it"},
    {"sent", "packets", "answers, and what goes on"},
#define X(symbol, name, text) {"icmp." name, "packets", text, FOR_IPV4},
    ICMP_OUTCOMES(X)
#undef X
#define X(symbol, name, text) {"i3." name, "packets", text, FOR_I3},
        I3_COUNTS(X)
#undef X
            {"i3.triggers", "triggers", "kept at the end of the run", FOR_I3},
    {"i3.installed", "filters", "put into the fast path for a trigger", FOR_I3},
    {"i3.not_installed", "filters", "kept by the slow path: no room in the SRAM block, or no way",
     FOR_I3},
    {"i3.no_route", "packets", "to a host or node to which no route leads", FOR_I3},
    {0}};

const App manager_app = {.name = "manager",
                         .text = "slice manager",
                         .sockets = 1,
                         .size = sizeof(Manager),
                         .keys = keys,
                         .check = check,
                         .start = start,
                         .stop = stop,
                         .next = next,
                         .handle = handle,
                         .report = report_counts,
                         .scalars = scalars,
                         .free = clear};
