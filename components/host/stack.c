/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Connections by their four numbers in a hash table, each with its own event in the calendar. A
 * connection is freed when its program has left it and TCP has closed it; never while TCP calls. */
#include "components/host/stack.h"

#include <string.h>

#include "emu/core/report.h"
#include "fastpath/headers.h"

enum { FIRST_PORT = 32768, PAST_PORT = 61000 }; /* Linux: ip_local_port_range */
enum { ICMP_REPLY = 0, ICMP_UNREACHABLE = 3, ICMP_REQUEST = 8, ICMP_EXCEEDED = 11, ICMP_BAD = 12 };
enum { QUOTE = ICMP_BYTES }; /* where an ICMP error has the packet that it is about */

typedef struct {
    uint32_t local, remote;
    uint16_t local_port, remote_port;
} Ends;

typedef struct {
    ConnectionChanged *accepted;
    void *user;
} Listener;

struct Connection {
    Ends ends; /* first: the table's key */
    Stack *stack;
    Tcp *tcp;
    StackWay way;
    SimEvent timer;
    ConnectionChanged *changed;
    void *user;
    bool passive, was_open, counted, left;
    unsigned calls; /* of TCP that are under way */
};

struct Stack {
    Component *component;
    TcpSettings settings;
    StackSend *send;
    void *user;
    GHashTable *connections, *listeners;
    Random random;
    bool seeded;
    uint16_t next_port;
    StackRefusal refusal;
    StackCounts counts;
};

static guint ends_hash(gconstpointer key) {
    const Ends *e = key;
    uint64_t h = ((uint64_t)e->local << 32 | e->remote) * UINT64_C(0x9e3779b97f4a7c15);
    h ^= ((uint64_t)e->local_port << 16 | e->remote_port) * UINT64_C(0xbf58476d1ce4e5b9);
    return (guint)(h >> 32 ^ h);
}
static gboolean ends_equal(gconstpointer a, gconstpointer b) {
    const Ends *x = a, *y = b;
    return x->local == y->local && x->remote == y->remote && x->local_port == y->local_port &&
           x->remote_port == y->remote_port;
}

/* Ways ------------------------------------------------------------------------------------- */

void stack_way(StackWay *way, unsigned port, const uint8_t to[6], const uint8_t from[6],
               uint16_t vlan) {
    uint8_t *h = way->header;
    way->owner = NULL;
    way->port = port;
    way->bytes = vlan ? ETHER_BYTES + VLAN_BYTES : ETHER_BYTES;
    memcpy(h + ETHER_DESTINATION, to, MAC_BYTES);
    memcpy(h + ETHER_SOURCE, from, MAC_BYTES);
    put16(h + ETHER_TYPE, vlan ? ETHER_TYPE_VLAN : ETHER_TYPE_IPV4);
    if (!vlan) return;
    put16(h + VLAN_TAG, vlan);
    put16(h + VLAN_TYPE, ETHER_TYPE_IPV4);
}

static StackWay way_back(unsigned port, const Packet *pkt, uint32_t bytes) {
    StackWay way = {.port = port, .bytes = bytes};
    memcpy(way.header, pkt->data, bytes);
    memcpy(way.header + ETHER_DESTINATION, pkt->data + ETHER_SOURCE, MAC_BYTES);
    memcpy(way.header + ETHER_SOURCE, pkt->data + ETHER_DESTINATION, MAC_BYTES);
    return way;
}

static void send_ip(const Stack *s, const StackWay *way, const uint8_t *ip, uint32_t length) {
    Component *c = s->component;
    Packet *pkt = packet_new(c->packets, &c->owner, way->bytes + length);
    memcpy(pkt->data, way->header, way->bytes);
    memcpy(pkt->data + way->bytes, ip, length);
    s->send(s->user, way->port, pkt, way->owner);
}

/* Connections ------------------------------------------------------------------------------ */

static SimTime now(const Stack *s) {
    return sim_now(s->component->sim);
}

static void tcp_sends(void *user, const uint8_t *ip, uint32_t length) {
    Connection *c = user;
    send_ip(c->stack, &c->way, ip, length);
}

static void throw_away(Connection *c) {
    uint8_t bytes[1024];
    while (tcp_readable(c->tcp)) tcp_read(c->tcp, bytes, sizeof bytes, now(c->stack));
}

static void tcp_changed(void *user) {
    Connection *c = user;
    Stack *s = c->stack;
    TcpState state = tcp_state(c->tcp);
    if (!c->was_open && state >= TCP_ESTABLISHED) {
        c->was_open = true;
        ++*(c->passive ? &s->counts.accepted : &s->counts.opened);
        const Listener *l = g_hash_table_lookup(s->listeners, GUINT_TO_POINTER(c->ends.local_port));
        if (c->passive && l)
            l->accepted(l->user, c);
        else if (c->passive) /* it has gone meanwhile */
            connection_leave(c, true);
    }
    if (state == TCP_CLOSED && !c->counted) {
        c->counted = true;
        s->counts.failed += !c->was_open;
        if (!c->was_open && c->passive) c->left = true; /* nobody knows of it */
    }
    if (c->left)
        throw_away(c);
    else if (c->changed)
        c->changed(c->user, c);
}

static const TcpOutlet outlet = {tcp_sends, tcp_changed};

static void add_counts(StackCounts *to, const Tcp *tcp) {
    const TcpCounts *counts = tcp_counts(tcp);
    to->segments_in += counts->segments_in;
    to->segments_out += counts->segments_out;
    to->retransmitted += counts->retransmitted;
}

/* Also when the network is freed, and with it events of others: its own is cancelled before. */
static void connection_free(void *data) {
    Connection *c = data;
    tcp_free(c->tcp);
    g_free(c);
}

/* After every call of TCP: its timer, or its end. */
static void settle(Connection *c) {
    Stack *s = c->stack;
    if (c->calls) return;
    if (c->left && tcp_state(c->tcp) == TCP_CLOSED) {
        add_counts(&s->counts, c->tcp);
        sim_cancel(s->component->sim, &c->timer);
        g_hash_table_remove(s->connections, &c->ends);
        return;
    }
    SimTime due = tcp_due(c->tcp);
    if (sim_event_pending(&c->timer) && c->timer.time == due) return;
    sim_cancel(s->component->sim, &c->timer);
    if (due != SIM_NEVER) sim_schedule_at(s->component->sim, &c->timer, MAX(due, now(s)));
}

static void on_timer(Sim *sim, SimEvent *event) {
    Connection *c = (Connection *)(void *)((char *)event - offsetof(Connection, timer));
    c->calls++;
    tcp_timer(c->tcp, sim_now(sim));
    c->calls--;
    settle(c);
}

static Connection *connection_new(Stack *s, const StackWay *way, const Ends *ends) {
    Connection *c = g_new0(Connection, 1);
    if (!s->seeded) component_random(s->component, "tcp", &s->random);
    s->seeded = true;
    c->stack = s;
    c->way = *way;
    c->ends = *ends;
    sim_event_init(&c->timer, on_timer, &s->component->owner);
    g_hash_table_insert(s->connections, &c->ends, c);
    return c;
}

static bool port_is_free(const Stack *s, Ends *ends, uint16_t port) {
    ends->local_port = port;
    return !g_hash_table_contains(s->listeners, GUINT_TO_POINTER(port)) &&
           !g_hash_table_contains(s->connections, ends);
}

static bool choose_port(Stack *s, Ends *ends) {
    for (unsigned i = FIRST_PORT; i < PAST_PORT; i++) {
        uint16_t port = s->next_port;
        s->next_port = (uint16_t)(port + 1u == PAST_PORT ? FIRST_PORT : port + 1u);
        if (port_is_free(s, ends, port)) return true;
    }
    return false;
}

Connection *stack_connect(Stack *s, const StackWay *way, uint32_t from, uint16_t from_port,
                          uint32_t to, uint16_t to_port, ConnectionChanged *changed, void *user) {
    Ends ends = {from, to, from_port, to_port};
    if (!(from_port ? port_is_free(s, &ends, from_port) : choose_port(s, &ends))) return NULL;
    Connection *c = connection_new(s, way, &ends);
    c->changed = changed;
    c->user = user;
    c->calls++;
    c->tcp = tcp_connect(&s->settings, from, ends.local_port, to, to_port,
                         (uint32_t)random_next(&s->random), &outlet, c, now(s));
    c->calls--;
    settle(c);
    return c;
}

void connection_attend(Connection *c, ConnectionChanged *changed, void *user) {
    c->changed = changed;
    c->user = user;
}

void connection_own(Connection *c, void *owner) {
    c->way.owner = owner;
}

uint32_t connection_write(Connection *c, const void *bytes, uint32_t n) {
    c->calls++;
    n = tcp_write(c->tcp, bytes, n, now(c->stack));
    c->calls--;
    settle(c);
    return n;
}

uint32_t connection_read(Connection *c, void *bytes, uint32_t room) {
    c->calls++;
    uint32_t n = tcp_read(c->tcp, bytes, room, now(c->stack));
    c->calls--;
    settle(c);
    return n;
}

void connection_close(Connection *c) {
    c->calls++;
    tcp_close(c->tcp, now(c->stack));
    c->calls--;
    settle(c);
}

void connection_leave(Connection *c, bool abort) {
    c->left = true;
    c->calls++;
    if (abort)
        tcp_abort(c->tcp, now(c->stack));
    else
        tcp_close(c->tcp, now(c->stack));
    throw_away(c);
    c->calls--;
    settle(c);
}

const Tcp *connection_tcp(const Connection *c) {
    return c->tcp;
}

/* Listeners -------------------------------------------------------------------------------- */

bool stack_listen(Stack *s, uint16_t port, ConnectionChanged *accepted, void *user) {
    Listener *l = g_new(Listener, 1);
    *l = (Listener){accepted, user};
    if (!g_hash_table_contains(s->listeners, GUINT_TO_POINTER(port)))
        return g_hash_table_insert(s->listeners, GUINT_TO_POINTER(port), l);
    g_free(l);
    return false;
}

void stack_unlisten(Stack *s, uint16_t port) {
    g_hash_table_remove(s->listeners, GUINT_TO_POINTER(port));
}

void stack_refuse(Stack *s, StackRefusal how) {
    s->refusal = how;
}

/* Frames ----------------------------------------------------------------------------------- */

static uint32_t sum_of(const uint8_t *p, uint32_t n) {
    return sum_words(p, n & ~1u) + (n & 1 ? (uint32_t)p[n - 1] << 8 : 0);
}

/* Port unreachable, with the header and 8 bytes that it is about (RFC 792). */
static void send_unreachable(Stack *s, const StackWay *back, const uint8_t *about) {
    enum { PORT = 3 };
    uint8_t ip[IPV4_BYTES + ICMP_BYTES + IPV4_MAX_BYTES + 8] = {0}, *icmp = ip + IPV4_BYTES;
    uint32_t quote = ip4_header_bytes(about) + 8, bytes = ICMP_BYTES + quote;
    icmp[ICMP_TYPE] = ICMP_UNREACHABLE;
    icmp[ICMP_CODE] = PORT;
    memcpy(icmp + QUOTE, about, quote);
    put16(icmp + ICMP_CHECKSUM, fold_checksum(sum_of(icmp, bytes)));
    ip4_put_header(ip, 0, IPV4_BYTES + bytes, 64, IP_PROTOCOL_ICMP, get32(about + IP4_DESTINATION),
                   get32(about + IP4_SOURCE));
    send_ip(s, back, ip, IPV4_BYTES + bytes);
}

static void refuse(Stack *s, const StackWay *back, const uint8_t *ip, const TcpSegment *t) {
    uint8_t reset[IPV4_BYTES + TCP_BYTES];
    bool opens = (t->flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN;
    s->counts.refused++;
    if (opens && s->refusal == STACK_SILENT) return;
    if (opens && s->refusal == STACK_ICMP)
        send_unreachable(s, back, ip);
    else if (tcp_answer_reset(t, reset))
        send_ip(s, back, reset, sizeof reset);
}

static void take_segment(Stack *s, const StackWay *back, const uint8_t *ip, const TcpSegment *t) {
    Ends ends = {t->to, t->from, t->to_port, t->from_port};
    Connection *c = g_hash_table_lookup(s->connections, &ends);
    bool opens = (t->flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN;
    if (c) {
        c->calls++;
        tcp_input(c->tcp, t, now(s));
        c->calls--;
        settle(c);
    } else if (opens && g_hash_table_contains(s->listeners, GUINT_TO_POINTER(t->to_port))) {
        c = connection_new(s, back, &ends);
        c->passive = true;
        c->calls++;
        c->tcp = tcp_accept(&s->settings, t, (uint32_t)random_next(&s->random), &outlet, c, now(s));
        c->calls--;
        settle(c);
    } else {
        refuse(s, back, ip, t);
    }
}

/* An ICMP error about a segment that a connection of ours has sent. */
static void take_error(Stack *s, const uint8_t *icmp, uint32_t bytes) {
    const uint8_t *quoted = icmp + QUOTE;
    if (bytes < QUOTE + IPV4_BYTES + L4_PORTS_BYTES || ip4_version(quoted) != 4 ||
        quoted[IP4_PROTOCOL] != IP_PROTOCOL_TCP || !ip4_has_ports(quoted, bytes - QUOTE))
        return;
    const uint8_t *tcp = quoted + ip4_header_bytes(quoted);
    Ends ends = {get32(quoted + IP4_SOURCE), get32(quoted + IP4_DESTINATION),
                 (uint16_t)get16(tcp + L4_SOURCE_PORT), (uint16_t)get16(tcp + L4_DESTINATION_PORT)};
    Connection *c = g_hash_table_lookup(s->connections, &ends);
    if (!c) return;
    c->calls++;
    tcp_icmp(c->tcp, icmp[ICMP_TYPE], icmp[ICMP_CODE], now(s));
    c->calls--;
    settle(c);
}

/* The reply is the request with its addresses and type exchanged. */
static void answer_ping(Stack *s, const StackWay *back, uint8_t *ip, uint32_t total) {
    uint8_t *icmp = ip + ip4_header_bytes(ip);
    uint32_t from = get32(ip + IP4_SOURCE);
    put32(ip + IP4_SOURCE, get32(ip + IP4_DESTINATION));
    put32(ip + IP4_DESTINATION, from);
    ip4_set_ttl(ip, 64);
    icmp[ICMP_TYPE] = ICMP_REPLY;
    put16(icmp + ICMP_CHECKSUM,
          checksum_update(get16(icmp + ICMP_CHECKSUM), ICMP_REQUEST << 8, ICMP_REPLY << 8));
    s->counts.pings++;
    send_ip(s, back, ip, total);
}

static void take_icmp(Stack *s, const StackWay *back, uint8_t *ip, uint32_t total) {
    uint32_t header = ip4_header_bytes(ip), bytes = total - header;
    uint8_t *icmp = ip + header;
    switch (icmp[ICMP_TYPE]) {
    case ICMP_REQUEST: answer_ping(s, back, ip, total); break;
    case ICMP_UNREACHABLE:
    case ICMP_EXCEEDED:
    case ICMP_BAD: take_error(s, icmp, bytes); break;
    default: break;
    }
}

bool stack_receive(Stack *s, unsigned port, Packet *pkt) {
    if (pkt->length < ETHER_BYTES + VLAN_BYTES + IPV4_BYTES) return false;
    uint32_t type, at = ether_payload(pkt->data, &type), length = pkt->length - at;
    uint8_t *ip = pkt->data + at;
    if (type != ETHER_TYPE_IPV4 || ip4_version(ip) != 4) return false;
    uint32_t header = ip4_header_bytes(ip), total = get16(ip + IP4_TOTAL);
    bool whole = header >= IPV4_BYTES && total <= length && total >= header + ICMP_BYTES &&
                 !ip4_is_fragment(ip) && fold_checksum(sum_words(ip, header)) == 0;
    bool is_tcp = ip[IP4_PROTOCOL] == IP_PROTOCOL_TCP;
    if (!is_tcp && ip[IP4_PROTOCOL] != IP_PROTOCOL_ICMP) return false;
    StackWay back = way_back(port, pkt, at);
    TcpSegment segment;
    if (is_tcp && tcp_read_segment(ip, length, &segment))
        take_segment(s, &back, ip, &segment);
    else if (!is_tcp && whole && fold_checksum(sum_of(ip + header, total - header)) == 0)
        take_icmp(s, &back, ip, total);
    else
        s->counts.bad++;
    packet_deliver(pkt);
    return true;
}

/* Life ------------------------------------------------------------------------------------- */

Stack *stack_new(Component *c, const StackSettings *settings, StackSend *send, void *user) {
    Stack *s = g_new0(Stack, 1);
    s->component = c;
    s->settings = tcp_defaults;
    s->settings.mss = (uint32_t)settings->mss;
    s->settings.receive_buffer = (uint32_t)settings->window;
    s->settings.send_buffer = (uint32_t)settings->send_buffer;
    s->settings.rto_min = settings->rto_min;
    s->settings.delayed_ack = settings->delayed_ack;
    s->settings.time_wait = settings->time_wait;
    s->settings.nodelay = true; /* as SSH asks for */
    s->send = send;
    s->user = user;
    s->next_port = FIRST_PORT;
    s->connections = g_hash_table_new_full(ends_hash, ends_equal, NULL, connection_free);
    s->listeners = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    return s;
}

void stack_free(Stack *s) {
    if (!s) return;
    g_hash_table_unref(s->connections);
    g_hash_table_unref(s->listeners);
    g_free(s);
}

StackCounts stack_counts(const Stack *s) {
    StackCounts counts = s->counts;
    GHashTableIter iter;
    void *value;
    g_hash_table_iter_init(&iter, s->connections);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const Connection *c = value;
        TcpState state = tcp_state(c->tcp);
        add_counts(&counts, c->tcp);
        counts.open += state >= TCP_ESTABLISHED && state != TCP_TIME_WAIT;
    }
    return counts;
}

void stack_report(const Stack *s, Report *report) {
    StackCounts n = stack_counts(s);
    report_scalar(report, "tcp.opened", (double)n.opened, "connections");
    report_scalar(report, "tcp.accepted", (double)n.accepted, "connections");
    report_scalar(report, "tcp.failed", (double)n.failed, "connections");
    report_scalar(report, "tcp.open", (double)n.open, "connections");
    report_scalar(report, "tcp.segments_in", (double)n.segments_in, "segments");
    report_scalar(report, "tcp.segments_out", (double)n.segments_out, "segments");
    report_scalar(report, "tcp.retransmitted", (double)n.retransmitted, "segments");
    report_scalar(report, "tcp.refused", (double)n.refused, "segments");
    report_scalar(report, "tcp.bad", (double)n.bad, "packets");
    report_scalar(report, "pings", (double)n.pings, "packets");
}
