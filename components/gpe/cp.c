/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The control processor: a server, and the end of what nobody has bound, counted by protocol. */
#include "components/gpe/cp.h"

#include <string.h>

#include "components/gpe/daemon.h"
#include "components/host/stack.h"
#include "emu/core/capture.h"
#include "emu/core/report.h"
#include "fastpath/headers.h"

typedef struct {
    Gpe gpe; /* first */
    /* settings */
    char *capture_name;
    /* state */
    Capture *capture;
    /* counters */
    uint64_t packets, ssh, other;
} Cp;

enum { DROP_NOT_MINE = GPE_DROP_CONTROL + 1 };
enum { SSH_PORT = 22 };

static bool is_ssh(const Packet *pkt) {
    uint32_t type, at = ether_payload(pkt->data, &type);
    if (pkt->length < at + IPV4_BYTES || type != ETHER_TYPE_IPV4) return false;
    const uint8_t *ip = pkt->data + at;
    return ip[IP4_PROTOCOL] == IP_PROTOCOL_TCP && ip4_has_ports(ip, pkt->length - at) &&
           get16(ip + ip4_header_bytes(ip) + L4_DESTINATION_PORT) == SSH_PORT;
}

static void unbound(Gpe *g, Packet *pkt) {
    Cp *cp = (Cp *)g;
    cp->packets++;
    bool ssh = is_ssh(pkt);
    cp->ssh += ssh;
    cp->other += !ssh;
    packet_deliver(pkt);
}

static bool is_mine(const Component *c, unsigned port, const Packet *pkt) {
    uint8_t mac[MAC_BYTES];
    for (unsigned n = 0; gpe_class.station(c, port, n, mac); n++)
        if (!memcmp(pkt->data + ETHER_DESTINATION, mac, MAC_BYTES)) return true;
    return false;
}

static void cp_receive(Component *c, unsigned port, Packet *pkt) {
    Cp *cp = (Cp *)c;
    Gpe *g = &cp->gpe;
    if (port == g->control.number) {
        if (g->control.receive) gpe_begin(g);
    } else if (!is_mine(c, port, pkt)) {
        component_drop(c, DROP_NOT_MINE, pkt);
        return;
    } else if (cp->capture) {
        capture_write(cp->capture, sim_now(c->sim), pkt->data, pkt->length);
    }
    if (g->runs)
        gpe_class.receive(c, port, pkt);
    else if (port == g->control.number)
        component_drop(c, GPE_DROP_CONTROL, pkt);
    else
        unbound(g, pkt);
}

static bool cp_create(Component *c, GError **error) {
    Gpe *g = (Gpe *)c;
    g->waits = true;
    g->unbound = unbound;
    return gpe_class.create(c, error);
}

static bool cp_start(Component *c, GError **error) {
    Cp *cp = (Cp *)c;
    return (!*cp->capture_name || capture_create(&cp->capture, c, cp->capture_name, error)) &&
           gpe_class.start(c, error);
}

static bool cp_station(const Component *c, unsigned port, unsigned n, uint8_t mac[6]) {
    return gpe_class.station(c, port, n, mac);
}

static bool cp_check(Component *c, GError **error) {
    return capture_close(&((Cp *)c)->capture, error) && gpe_class.check(c, error);
}

static void cp_resources(const Component *c, Resources *r) {
    if (((const Gpe *)c)->runs) gpe_class.resources(c, r);
}

static void cp_report(Component *c, Report *report) {
    const Cp *cp = (Cp *)c;
    report_scalar(report, "packets", (double)cp->packets, "packets");
    report_scalar(report, "ssh", (double)cp->ssh, "packets");
    report_scalar(report, "other", (double)cp->other, "packets");
    if (cp->gpe.runs) gpe_class.report(c, report);
}

static bool cp_choice(unsigned n, Choice *choice) {
    return gpe_class.choice(n, choice);
}

static bool cp_sends(const Component *c, unsigned port) {
    return gpe_class.sends(c, port);
}

static const char *cp_unused(const Component *c, const char *key) {
    return gpe_class.unused(c, key);
}

static void cp_doubts(const Component *c, SimTime end, GPtrArray *sentences) {
    gpe_class.doubts(c, end, sentences);
}

static void cp_stop(Component *c) {
    gpe_class.stop(c);
}

static void cp_free(Component *c) {
    capture_close(&((Cp *)c)->capture, NULL);
    gpe_class.free(c);
}

static const Param cp_params[] = {
#define GPE_PORTS "1"
#define GPE_MAC "02:00:00:01:20:00"
#include "components/gpe/params.def"
    PARAM_TEXT("capture", Cp, capture_name, "",
               "name of a capture of all that arrives from the data switch, in the results folder, "
               "NAME.pcap",
               "scenario"),
    {0}};

static const DropReason cp_drops[] = {
    GPE_DROPS, {"not_mine", "another station's MAC address"}, {0}};

static const Scalar cp_scalars[] = {
    {"packets", "packets", "that came in from the data switch and nobody has bound"},
    {"ssh", "packets", "of these, to the port of SSH"},
    {"other", "packets", "of these, the others"},
    STACK_SCALARS("with an application that speaks TCP"),
#define GPE_WHEN "with a daemon, a vServer, a connection or frames for its control port"
#include "components/gpe/scalars.def"
    {0}};

const ComponentClass cp_class = {
    .name = "cp",
    .text = "control processor: a server blade, which ends what nobody else has bound",
    .ports = "0: data switch; 1: control switch; with `ports` N 0 .. N-1, and N",
    .size = sizeof(Cp),
    .params = cp_params,
    .drops = cp_drops,
    .choice = cp_choice,
    .create = cp_create,
    .start = cp_start,
    .receive = cp_receive,
    .station = cp_station,
    .stop = cp_stop,
    .check = cp_check,
    .verbs = daemon_verbs,
    .understands = daemon_understands,
    .command = daemon_command,
    .sends = cp_sends,
    .unused = cp_unused,
    .doubts = cp_doubts,
    .scalars = cp_scalars,
    .resources = cp_resources,
    .report = cp_report,
    .free = cp_free,
};
