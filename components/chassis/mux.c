/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A multiplexer: the links of several sources onto those of one, lane by lane, at once. Not
 * modelled: a buffer of its own; each lane's link queues. */
#include "components/chassis/switch.h"

#include "emu/scenario/compose.h"

typedef struct {
    Component base;
    uint64_t inputs, lanes; /* settings */
} Mux;

static void mux_receive(Component *c, unsigned port, Packet *pkt) {
    const Mux *m = (Mux *)c;
    port_send(c, port % (unsigned)m->lanes, pkt);
}

static bool mux_create(Component *c, GError **error) {
    const Mux *m = (Mux *)c;
    (void)error;
    c->n_ports = (unsigned)(m->inputs * m->lanes);
    return true;
}

static bool mux_sends(const Component *c, unsigned port) {
    const Mux *m = (const Mux *)c;
    bool fed = false;
    for (unsigned p = port; p < c->n_ports; p += (unsigned)m->lanes) fed |= port_fed(c, p);
    return port < m->lanes && fed;
}

static const Param mux_params[] = {
    PARAM_WHICH("inputs", Mux, inputs, "2", "1", "1024", "sources that are merged", "scenario"),
    PARAM_WHICH("lanes", Mux, lanes, "5", "1", "16", "links each of them has", "scenario"),
    {0}};

static const Composition mux_composition = {
    .way = ATTACH_SENDS, .ports = "lanes", .inputs = "inputs", .lanes = "lanes"};

const ComponentClass mux_class = {
    .name = "mux",
    .text = "lets several sources share links; a link's wire makes packets wait",
    .ports = "in: source * lanes + lane; out: lane",
    .size = sizeof(Mux),
    .params = mux_params,
    .composition = &mux_composition,
    .create = mux_create,
    .receive = mux_receive,
    .sends = mux_sends,
};
