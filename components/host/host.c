/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A host that answers: pings, echo at TCP port 7 (RFC 862), and discard at port 9 (RFC 863). */
#include "components/host/host.h"

#include "emu/core/report.h"
#include "emu/scenario/compose.h"
#include "fastpath/headers.h"

enum { ECHO_PORT = 7, DISCARD_PORT = 9 };

typedef struct {
    Host host;
    int refusal;                /* setting */
    uint64_t echoed, discarded; /* bytes */
} Server;

/* What both are ----------------------------------------------------------------------------- */

static void to_link(void *user, unsigned port, Packet *pkt, void *owner) {
    (void)owner;
    port_send(user, port, pkt);
}

void host_create(Host *h) {
    h->stack = stack_new(&h->base, &h->tcp, to_link, &h->base);
}

void host_receive(Component *c, unsigned port, Packet *pkt) {
    Host *h = (Host *)c;
    uint32_t type, at = ether_payload(pkt->data, &type);
    bool ours = type == ETHER_TYPE_IPV4 && pkt->length >= at + IPV4_BYTES &&
                get32(pkt->data + at + IP4_DESTINATION) == h->peer_address;
    if (!ours || !stack_receive(h->stack, port, pkt)) component_drop(c, HOST_DROP_STRANGER, pkt);
}

void host_free(Host *h) {
    stack_free(h->stack);
}

StackWay host_way(const Host *h) {
    StackWay way;
    stack_way(&way, 0, h->node_mac, h->peer_mac, 0);
    return way;
}

const DropReason host_drops[] = {
    {"stranger", "to another address, or of a protocol that it does not speak"}, {0}};

/* The server -------------------------------------------------------------------------------- */

static void echo(void *user, Connection *c) {
    Server *s = user;
    const Tcp *tcp = connection_tcp(c);
    uint8_t bytes[2048];
    for (uint32_t n; (n = MIN(MIN(tcp_readable(tcp), tcp_writable(tcp)), sizeof bytes));) {
        connection_read(c, bytes, n);
        s->echoed += connection_write(c, bytes, n);
    }
    if (tcp_ended(tcp)) connection_leave(c, false);
}

static void discard(void *user, Connection *c) {
    Server *s = user;
    uint8_t bytes[2048];
    for (uint32_t n; (n = connection_read(c, bytes, sizeof bytes));) s->discarded += n;
    if (tcp_ended(connection_tcp(c))) connection_leave(c, false);
}

static void begin_echo(void *user, Connection *c) {
    connection_attend(c, echo, user);
}
static void begin_discard(void *user, Connection *c) {
    connection_attend(c, discard, user);
}

static bool server_create(Component *c, GError **error) {
    Server *s = (Server *)c;
    (void)error;
    host_create(&s->host);
    stack_refuse(s->host.stack, (StackRefusal)s->refusal);
    stack_listen(s->host.stack, ECHO_PORT, begin_echo, s);
    stack_listen(s->host.stack, DISCARD_PORT, begin_discard, s);
    return true;
}

static bool server_sends(const Component *c, unsigned port) {
    return port_fed(c, port);
}

static void server_report(Component *c, Report *report) {
    const Server *s = (const Server *)c;
    report_scalar(report, "echoed", (double)s->echoed, "bytes");
    report_scalar(report, "discarded", (double)s->discarded, "bytes");
    stack_report(s->host.stack, report);
}

static void server_free(Component *c) {
    host_free(&((Server *)c)->host);
}

static const Param server_params[] = {
    HOST_PARAMS(Server, host),
    PARAM_ENUM(
        "refuses", Server, refusal, "reset", "reset|icmp|silent",
        "what gets who opens a connection to another port: a reset, an ICMP port unreachable, "
        "or no answer",
        "RFC 9293; Linux: REJECT, DROP"),
    {0}};

static const Scalar server_scalars[] = {
    {"echoed", "bytes", "that came to TCP port 7 and went back"},
    {"discarded", "bytes", "that came to TCP port 9"},
    STACK_SCALARS(NULL),
    {0}};

static const Composition server_composition = {.way = ATTACH_BOTH};

const ComponentClass host_class = {
    .name = "host",
    .text = "a host on the Internet: echoes at TCP port 7, discards at 9, answers pings",
    .ports = "0: Ethernet, both ways",
    .size = sizeof(Server),
    .params = server_params,
    .composition = &server_composition,
    .drops = host_drops,
    .create = server_create,
    .receive = host_receive,
    .sends = server_sends,
    .scalars = server_scalars,
    .report = server_report,
    .free = server_free,
};
