/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A server blade seen from the switch: the control processor, or whoever ends what is sent to it.
 * Counts by protocol and ends every packet. */
#include "components/chassis/cp.h"

#include <string.h>

#include "components/blade/control_port.h"
#include "emu/core/capture.h"
#include "emu/core/report.h"
#include "fastpath/headers.h"

typedef struct {
    Component base;
    /* settings */
    char *capture_name;
    uint8_t mac[6];
    ControlPort control;
    /* state */
    Capture *capture;
    /* counters */
    uint64_t packets, ssh, other;
} Server;

enum { DROP_NOT_MINE, DROP_CONTROL };
enum { SSH_PORT = 22 };

static bool is_ssh(const Packet *pkt) {
    uint32_t type, at = ether_payload(pkt->data, &type);
    if (pkt->length < at + IPV4_BYTES || type != ETHER_TYPE_IPV4) return false;
    const uint8_t *ip = pkt->data + at;
    return ip[IP4_PROTOCOL] == IP_PROTOCOL_TCP && ip4_has_ports(ip, pkt->length - at) &&
           get16(ip + ip4_header_bytes(ip) + L4_DESTINATION_PORT) == SSH_PORT;
}

static void server_receive(Component *c, unsigned port, Packet *pkt) {
    Server *s = (Server *)c;
    if (port == s->control.number) {
        control_port_receive(&s->control, DROP_CONTROL, pkt);
        return;
    }
    if (memcmp(pkt->data + ETHER_DESTINATION, s->mac, MAC_BYTES) != 0) {
        component_drop(c, DROP_NOT_MINE, pkt);
        return;
    }
    if (s->capture) capture_write(s->capture, sim_now(c->sim), pkt->data, pkt->length);
    s->packets++;
    bool ssh = is_ssh(pkt);
    s->ssh += ssh;
    s->other += !ssh;
    packet_deliver(pkt);
}

static bool server_create(Component *c, GError **error) {
    Server *s = (Server *)c;
    (void)error;
    c->n_ports = 1;
    control_port_init(&s->control, c, s->mac);
    return true;
}

static bool server_start(Component *c, GError **error) {
    Server *s = (Server *)c;
    return !*s->capture_name || capture_create(&s->capture, c, s->capture_name, error);
}

static bool server_station(const Component *c, unsigned port, unsigned n, uint8_t mac[6]) {
    const Server *s = (const Server *)c;
    if (port == s->control.number) return control_port_station(&s->control, n, mac);
    if (n) return false;
    memcpy(mac, s->mac, MAC_BYTES);
    return true;
}

static bool server_check(Component *c, GError **error) {
    return capture_close(&((Server *)c)->capture, error);
}

static void server_report(Component *c, Report *report) {
    const Server *s = (Server *)c;
    report_scalar(report, "packets", (double)s->packets, "packets");
    report_scalar(report, "ssh", (double)s->ssh, "packets");
    report_scalar(report, "other", (double)s->other, "packets");
}

static void server_free(Component *c) {
    capture_close(&((Server *)c)->capture, NULL);
}

static const Param server_params[] = {
    PARAM_MAC("mac", Server, mac, "02:00:00:01:20:00", "its MAC address on the switches",
              "assumed"),
    CONTROL_PORT_PARAMS(Server, control),
    PARAM_TEXT("capture", Server, capture_name, "",
               "name of a capture of all that arrives, in the results folder, NAME.pcap",
               "scenario"),
    {0}};

static const DropReason server_drops[] = {
    {"not_mine", "another station's MAC address"}, CONTROL_PORT_DROP, {0}};

static const Scalar cp_scalars[] = {{"packets", "packets", "that came in"},
                                    {"ssh", "packets", "of these, to the port of SSH"},
                                    {"other", "packets", "of these, the others"},
                                    {0}};

const ComponentClass cp_class = {
    .name = "cp",
    .text = "control processor: a server blade that ends what nobody else has bound",
    .ports = "0: data switch; 1: control switch",
    .size = sizeof(Server),
    .params = server_params,
    .drops = server_drops,
    .create = server_create,
    .start = server_start,
    .receive = server_receive,
    .station = server_station,
    .check = server_check,
    .scalars = cp_scalars,
    .report = server_report,
    .free = server_free,
};
