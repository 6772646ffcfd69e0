/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A multiplexer: the links of several sources onto those of one, lane by lane, at once. Not
 * modelled: a buffer of its own; each lane's link queues.
 * At the far end of links it also tells hosts apart that share one: frames in a tunnel to the n-th
 * of `udp_ports` leave through the n-th port behind the lanes, whichever lane brought them. */
#include "components/chassis/switch.h"

#include "emu/scenario/compose.h"
#include "fastpath/tunnel.h"

enum { MAX_HOSTS = 4 };

typedef struct {
    Component base;
    uint64_t inputs, lanes; /* settings */
    ParamList udp_ports;
} Mux;

static unsigned way_out(const Mux *m, unsigned port, const Packet *pkt) {
    unsigned lanes = (unsigned)m->lanes;
    if (m->udp_ports.n && tunnel_is(pkt->data, pkt->length)) {
        uint32_t to = get16(pkt->data + TUNNEL_UDP + L4_DESTINATION_PORT);
        for (unsigned i = 0; i < m->udp_ports.n; i++)
            if (m->udp_ports.at[i].word == to) return lanes + i;
    }
    return port % lanes;
}

static void mux_receive(Component *c, unsigned port, Packet *pkt) {
    port_send(c, way_out((Mux *)c, port, pkt), pkt);
}

static bool mux_create(Component *c, GError **error) {
    const Mux *m = (Mux *)c;
    (void)error;
    c->n_ports = (unsigned)MAX(m->inputs * m->lanes, m->lanes + m->udp_ports.n);
    return true;
}

static bool mux_sends(const Component *c, unsigned port) {
    const Mux *m = (const Mux *)c;
    if (port >= m->lanes) return port < m->lanes + m->udp_ports.n && component_fed(c);
    bool fed = false;
    for (unsigned p = port; p < c->n_ports; p += (unsigned)m->lanes) fed |= port_fed(c, p);
    return fed;
}

static const Param port_item = {.type = PARAM_TYPE_COUNT, .min = "1", .max = "65535"};

static const Param mux_params[] = {
    PARAM_WHICH("inputs", Mux, inputs, "2", "1", "1024", "sources that are merged", "scenario"),
    PARAM_WHICH("lanes", Mux, lanes, "5", "1", "16", "links each of them has", "scenario"),
    PARAM_LIST("udp_ports", Mux, udp_ports, "", &port_item, MAX_HOSTS,
               "UDP ports whose frames leave through ports of their own behind the lanes",
               "scenario"),
    {0}};

static const Composition mux_composition = {
    .way = ATTACH_SENDS, .ports = "lanes", .inputs = "inputs", .lanes = "lanes"};

const ComponentClass mux_class = {
    .name = "mux",
    .text = "lets several sources share links; a link's wire makes packets wait",
    .ports = "in: source * lanes + lane; out: lane, then one for each of udp_ports",
    .size = sizeof(Mux),
    .params = mux_params,
    .composition = &mux_composition,
    .create = mux_create,
    .receive = mux_receive,
    .sends = mux_sends,
};
