/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A tap in a link: every packet that comes in at port 0 is written to a capture and leaves at port
 * 0 at once. */
#include "components/traffic/traffic.h"
#include "emu/core/capture.h"
#include "emu/core/report.h"
#include "emu/scenario/compose.h"

typedef struct {
    Component base;
    char *capture_name; /* setting */
    Capture *capture;
    uint64_t packets;
} Tap;

static void tap_receive(Component *c, unsigned port, Packet *pkt) {
    Tap *t = (Tap *)c;
    t->packets++;
    if (t->capture) capture_write(t->capture, sim_now(c->sim), pkt->data, pkt->length);
    port_send(c, port, pkt);
}

static bool tap_start(Component *c, GError **error) {
    Tap *t = (Tap *)c;
    return capture_create(&t->capture, c, t->capture_name, error);
}

/* Whoever is behind it, so that a switch finds its stations through a tap. */
static bool tap_station(const Component *c, unsigned port, unsigned n, uint8_t mac[6]) {
    unsigned there;
    Component *peer = port_peer((Component *)c, port, &there);
    return peer && peer->class->station && peer->class->station(peer, there, n, mac);
}

static bool tap_check(Component *c, GError **error) {
    return capture_close(&((Tap *)c)->capture, error);
}

/* What comes in. */
static bool tap_sends(const Component *c, unsigned port) {
    return port_fed(c, port);
}

static void tap_report(Component *c, Report *report) {
    report_scalar(report, "packets", (double)((Tap *)c)->packets, "packets");
}

static void tap_free(Component *c) {
    capture_close(&((Tap *)c)->capture, NULL);
}

static const Param tap_params[] = {
    PARAM_TEXT("capture", Tap, capture_name, "tap.pcap",
               "name of the capture in the results folder, NAME.pcap", "scenario"),
    {0}};

static const Scalar tap_scalars[] = {{"packets", "packets", "that passed"}, {0}};

static const Composition tap_composition = {.way = ATTACH_BETWEEN};

const ComponentClass tap_class = {
    .name = "tap",
    .text = "writes what passes through it to a capture",
    .ports = "0: in and out",
    .size = sizeof(Tap),
    .params = tap_params,
    .composition = &tap_composition,
    .start = tap_start,
    .receive = tap_receive,
    .station = tap_station,
    .check = tap_check,
    .sends = tap_sends,
    .scalars = tap_scalars,
    .report = tap_report,
    .free = tap_free,
};
