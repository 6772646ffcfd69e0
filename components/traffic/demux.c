/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * In front of a server, a stand-in for line card and switch: the frames of each slice leave through
 * its outputs in turn, so every link of the server gets the same share of every slice. A frame
 * of the tunnel's form whose UDP port is one of `udp_ports` is given to one of `slices` slices, in
 * turn: its port becomes that port plus the slice's number. `train` frames go to one slice before
 * it is the next one's turn. */
#include <string.h>

#include "components/traffic/traffic.h"
#include "components/traffic/tunnel.h"
#include "emu/scenario/compose.h"

enum { MAX_BASES = 4, MAX_SLICES = 1024 };

typedef struct {
    uint32_t port;  /* UDP port of slice 0 */
    uint32_t slice; /* whose turn it is */
    uint32_t left;  /* of its train */
    uint16_t output[MAX_SLICES];
} Base;

typedef struct {
    Component base;
    /* settings */
    uint64_t n_inputs, n_outputs, n_slices, train;
    ParamList udp_ports;
    /* state */
    Base bases[MAX_BASES];
    unsigned n_bases;
    uint16_t output; /* of frames for nobody in particular */
} Demux;

/* Give the frame to a slice; where that slice's next frame leaves. */
static uint16_t *choose(Demux *s, Packet *pkt) {
    if (!tunnel_is(pkt->data, pkt->length)) return &s->output;
    uint8_t *port = pkt->data + TUNNEL_UDP + L4_DESTINATION_PORT;
    uint32_t to = get16(port);
    for (unsigned i = 0; i < s->n_bases; i++) {
        Base *b = &s->bases[i];
        if (to != b->port) continue;
        uint32_t slice = b->slice;
        put16(port, to + slice);
        if (!--b->left) {
            b->left = (uint32_t)s->train;
            if (++b->slice == s->n_slices) b->slice = 0;
        }
        return &b->output[slice];
    }
    return &s->output;
}

static void demux_receive(Component *c, unsigned port, Packet *pkt) {
    Demux *s = (Demux *)c;
    (void)port;
    uint16_t *next = choose(s, pkt);
    unsigned output = *next;
    if (++*next == s->n_outputs) *next = 0;
    port_send(c, output, pkt);
}

static bool demux_create(Component *c, GError **error) {
    Demux *s = (Demux *)c;
    c->n_ports = (unsigned)MAX(s->n_inputs, s->n_outputs);
    for (unsigned i = 0; i < s->udp_ports.n; i++) {
        Base *b = &s->bases[s->n_bases++];
        b->port = (uint32_t)s->udp_ports.at[i].word;
        if (b->port + s->n_slices > 65536)
            return input_error(error,
                               "udp_ports: found %u, expected one that is %" G_GUINT64_FORMAT
                               " or more below 65536, as there are so many slices",
                               b->port, s->n_slices);
        b->left = (uint32_t)s->train;
        for (unsigned k = 0; k < s->n_slices; k++) b->output[k] = (uint16_t)(k % s->n_outputs);
    }
    return true;
}

static bool demux_sends(const Component *c, unsigned port) {
    return port < ((const Demux *)c)->n_outputs && component_fed(c);
}

static const char *demux_unused(const Component *c, const char *key) {
    bool shares = !strcmp(key, "slices") || !strcmp(key, "train");
    return shares && !((const Demux *)c)->n_bases ? "udp_ports would use it, which is empty" : NULL;
}

static const Param port_item = {.type = PARAM_TYPE_COUNT, .min = "1", .max = "65535"};

static const Param demux_params[] = {
    PARAM_WHICH("inputs", Demux, n_inputs, "5", "1", "64", "links it receives from", "scenario"),
    PARAM_WHICH("outputs", Demux, n_outputs, "4", "1", "64", "links it sends to",
                "SPP paper 5: the GPE has four gigabit interfaces"),
    PARAM_LIST("udp_ports", Demux, udp_ports, "", &port_item, MAX_BASES,
               "UDP ports whose frames go to slices in turn; others are left alone", "scenario"),
    PARAM_WHICH("slices", Demux, n_slices, "1", "1", "1024", "slices that share them", "scenario"),
    PARAM_COUNT("train", Demux, train, "1", "1", "1000000",
                "frames to one slice before it is the next one's turn", "scenario"),
    {0}};

static const Composition demux_composition = {.way = ATTACH_SENDS, .ports = "outputs"};

const ComponentClass demux_class = {
    .name = "demux",
    .text = "spreads frames over a server's links, and over its slices",
    .ports = "0 .. inputs-1: in; 0 .. outputs-1: out",
    .size = sizeof(Demux),
    .params = demux_params,
    .composition = &demux_composition,
    .create = demux_create,
    .receive = demux_receive,
    .sends = demux_sends,
    .unused = demux_unused,
};
