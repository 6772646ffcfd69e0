/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Replays a capture: as it is, or each IPv4 packet inside the slice's UDP tunnel.
 *
 * A packet cut by the capture's snap length gets its missing bytes back as zeros, unless the cut is
 * inside its IP header: then it goes as it is. Frames that are not IPv4 end here, counted as
 * other_l2, when they would have to be tunnelled; so do packets too long for a tunnel.
 *
 * The first record leaves at `start` and the others as long after it as in the capture, whatever
 * the date; one that is earlier than the one before leaves with that one. */
#include <math.h>
#include <pcap/dlt.h>
#include <string.h>

#include "components/traffic/traffic.h"
#include "components/traffic/tunnel.h"
#include "emu/core/capture.h"
#include "emu/core/report.h"
#include "emu/scenario/compose.h"
#include "fastpath/link.h"

enum { ORIGINAL, SCALED, RATE };
enum { DROP_OTHER_L2, DROP_TOO_LONG };
enum { MAX_INNER = 8972 };
/* What a run may be asked for: the rest of 64 bits of picoseconds, 13 days, is for what follows. */
#define LONGEST (200 * 86400 * SIM_S)

typedef struct {
    Emitter emitter;
    /* settings */
    char *file;
    uint64_t n_ports, loop, limit;
    int timing;
    double scale;
    Rate rate;
    bool encapsulate;
    SimTime start;
    TunnelSettings tunnel;
    /* state */
    CaptureFile *capture;
    Tunnel *tunnels;
    SimEvent departure;
    uint32_t next, port;
    uint64_t round;
    SimTime round_start, at;
    uint64_t at_q16;
    uint32_t sequence;
    /* counters */
    uint64_t packets, truncated;
} Replay;

/* What a record becomes: `head` bytes of tunnel, `have` of the record's from `offset` on, and zeros
 * up to `length`; it ends here if `length` is 0, for the reason `drop`. */
typedef struct {
    uint32_t head, offset, have, length, drop;
} Shape;

static Shape shape(const Replay *s, const CaptureRecord *r) {
    uint32_t offset;
    bool ipv4 = link_ipv4(s->capture->link_type, r->data, r->captured, &offset);
    bool ethernet = s->capture->link_type == DLT_EN10MB;
    Shape p = {.have = r->captured, .length = r->original, .drop = DROP_TOO_LONG};
    if (s->encapsulate && ipv4) {
        p.head = TUNNEL_BYTES;
        p.offset = offset;
        p.have -= offset;
        bool cut = p.have < IPV4_BYTES || p.have < ip4_header_bytes(r->data + offset);
        p.length = TUNNEL_BYTES + (cut ? p.have : r->original - offset);
    } else if (s->encapsulate || !ethernet || r->captured < ETHER_BYTES) {
        p.length = 0;
        p.drop = DROP_OTHER_L2;
    }
    if (p.length > TUNNEL_BYTES + MAX_INNER) p.length = 0;
    return p;
}

/* NULL if it ended here. */
static Packet *make(Replay *s, const CaptureRecord *r, Shape p) {
    Component *c = &s->emitter.base;
    Packet *pkt = packet_new(c->packets, &c->owner, p.length ? p.length : PACKET_MIN_FRAME_BYTES);
    pkt->counted = true;
    pkt->sequence = s->sequence++;
    s->emitter.counted++;
    s->packets++;
    if (!p.length) {
        memset(pkt->data, 0, pkt->length);
        component_drop(c, p.drop, pkt);
        return NULL;
    }
    if (p.length > p.head + p.have) s->truncated++;
    if (p.head) tunnel_build(pkt->data, &s->tunnels[s->port], p.length - p.head);
    if (p.have) memcpy(pkt->data + p.head, r->data + p.offset, p.have);
    memset(pkt->data + p.head + p.have, 0, p.length - p.head - p.have);
    return pkt;
}

/* What it takes on the wire; one that ends here takes what it would, if it could be sent. */
static uint32_t wire_bytes(const CaptureRecord *r, Shape p) {
    return packet_wire_bytes(p.length ? p.length : MIN(r->original, TUNNEL_BYTES + MAX_INNER));
}

static SimTime record_time(const Replay *s, const CaptureRecord *r) {
    return s->timing == SCALED ? (SimTime)((double)r->time_ns * 1e3 * s->scale)
                               : r->time_ns * SIM_NS;
}

/* How long it takes to play everything, in seconds. */
static double playing_time(const Replay *s) {
    double round = 0;
    const CaptureFile *f = s->capture;
    if (s->timing != RATE && f->n)
        round = (double)f->records[f->n - 1].time_ns * 1e-9 * (s->timing == SCALED ? s->scale : 1);
    for (uint32_t i = 0; s->timing == RATE && i < f->n; i++) {
        const CaptureRecord *r = &f->records[i];
        round += (s->rate.layer == RATE_PACKETS ? 1 : 8.0 * wire_bytes(r, shape(s, r))) /
                 s->rate.per_second;
    }
    return round * (double)s->loop + (double)s->start * 1e-12;
}

static NetworkLoad replay_load(const Component *c) {
    const Replay *s = (const Replay *)c;
    return (NetworkLoad){.packets = (double)s->capture->n * (double)s->loop,
                         .until = (SimTime)(playing_time(s) * 1e12)};
}

static bool fits_the_clock(const Replay *s, GError **error) {
    double seconds = playing_time(s);
    if (seconds <= (double)LONGEST * 1e-12) return true;
    return input_error(
        error,
        "%s: found %.0f s to be played, expected at most %.0f s (200 days); timing, scale, "
        "rate, loop and start decide",
        s->file, ceil(seconds), (double)LONGEST * 1e-12);
}

/* When the next record leaves, given that one of `bytes` on the wire has just left. */
static SimTime next_time(Replay *s, uint32_t wire) {
    if (s->timing != RATE) return s->round_start + record_time(s, &s->capture->records[s->next]);
    double q16 = 65536e12 / s->rate.per_second;
    s->at_q16 += s->rate.layer == RATE_PACKETS ? (uint64_t)q16 : (uint64_t)(q16 * 8 * wire);
    s->at += s->at_q16 >> 16;
    s->at_q16 &= 0xffff;
    return s->at;
}

static void depart(Sim *sim, SimEvent *event) {
    Replay *s = (Replay *)(void *)((char *)event - offsetof(Replay, departure));
    const CaptureRecord *r = &s->capture->records[s->next];
    Shape p = shape(s, r);
    Packet *pkt = make(s, r, p);
    if (pkt) {
        port_send(&s->emitter.base, s->port, pkt);
        if (++s->port == s->n_ports) s->port = 0;
    }
    if (++s->next == s->capture->n) {
        s->next = 0;
        s->round_start = sim_now(sim);
        if (++s->round == s->loop) {
            s->emitter.until = sim_now(sim) + 1;
            network_busy(s->emitter.base.network, -1);
            return;
        }
    }
    SimTime next = next_time(s, wire_bytes(r, p)); /* apart: MAX would ask twice, and move twice */
    sim_schedule_at(sim, event, MAX(next, sim_now(sim)));
}

/* Slower, and the time of a long frame would not fit 64 bits. */
static bool rate_can_be_kept(Rate rate, GError **error) {
    if (rate.layer == RATE_WIRE || (rate.layer == RATE_PACKETS && rate.per_second >= 1))
        return true;
    return input_error(error,
                       "rate: found a rate of %s, expected bit/s on the wire or 1packet/s or more",
                       rate.layer == RATE_PACKETS ? "less than 1packet/s"
                       : rate.layer == RATE_FRAME ? "frames"
                                                  : "payload");
}

static bool replay_create(Component *c, GError **error) {
    Replay *s = (Replay *)c;
    if (!rate_can_be_kept(s->rate, error)) return false;
    c->n_ports = (unsigned)s->n_ports;
    s->emitter.n_flows = 1;
    s->tunnels = g_new0(Tunnel, s->n_ports);
    tunnel_prepare(&s->tunnel, s->tunnels, c->n_ports);
    if (!(s->capture = capture_read(s->file, s->limit, error))) return false;
    if (s->capture->link_type == DLT_EN10MB || s->encapsulate) return fits_the_clock(s, error);
    return input_error(
        error,
        "%s: found link type %d, expected Ethernet, or encapsulate = yes for raw IP, Linux "
        "SLL and BSD null",
        s->file, s->capture->link_type);
}

/* Of all records, at the pace of the replay: the mean from one to the next. */
static SimTime mean_gap(const Replay *s) {
    double sum = 0;
    const CaptureRecord *records = s->capture->records;
    if (s->timing != RATE) return record_time(s, &records[s->capture->n - 1]) / s->capture->n;
    if (s->rate.layer == RATE_PACKETS) return (SimTime)(1e12 / s->rate.per_second);
    for (unsigned i = 0; i < s->capture->n; i++) sum += packet_wire_bytes(records[i].original);
    return (SimTime)(sum / s->capture->n * 8e12 / s->rate.per_second);
}

static bool replay_start(Component *c, GError **error) {
    Replay *s = (Replay *)c;
    (void)error;
    sim_event_init(&s->departure, depart, &c->owner);
    s->emitter.from = s->emitter.until = s->round_start = s->at = s->start;
    if (!s->capture->n) return true;
    s->round_start = s->at = s->start + component_phase(c, mean_gap(s));
    s->emitter.until = SIM_NEVER;
    component_window(c, s->emitter.from, s->emitter.until);
    network_busy(c->network, 1);
    sim_schedule_at(c->sim, &s->departure, s->at);
    return true;
}

static bool replay_sends(const Component *c, unsigned port) {
    return port < ((const Replay *)c)->capture->n;
}

static const char *replay_unused(const Component *c, const char *key) {
    const Replay *s = (const Replay *)c;
    static const char *const outer[] = {"node_address", "peer_address", "node_mac", "peer_mac",
                                        "udp_port",     "peer_port",    "vlan",     NULL};
    if (!strcmp(key, "scale") && s->timing != SCALED) return "timing = scaled uses it";
    if (!strcmp(key, "rate") && s->timing != RATE) return "timing = rate uses it";
    if (!s->encapsulate && g_strv_contains(outer, key)) return "encapsulate = yes uses it";
    return NULL;
}

static void replay_resources(const Component *c, Resources *r) {
    (void)c;
    emitter_resource(r, "rate scale");
}

static void replay_report(Component *c, Report *report) {
    const Replay *s = (const Replay *)c;
    report_scalar(report, "packets", (double)s->packets, "packets");
    report_scalar(report, "records", s->capture->n, "packets");
    report_scalar(report, "completed_from_snap", (double)s->truncated, "packets");
    report_scalar(report, "out_of_order_times", s->capture->disorder, "packets");
}

static void replay_free(Component *c) {
    Replay *s = (Replay *)c;
    capture_file_free(s->capture);
    g_free(s->tunnels);
}

static const Param replay_params[] = {
    PARAM_FILE("file", Replay, file, NULL, "capture to replay, pcap or pcapng", "scenario"),
    PARAM_WHICH("ports", Replay, n_ports, "1", "1", "64", "interfaces it sends to, in turn",
                "scenario"),
    PARAM_ENUM("timing", Replay, timing, "original", "original|scaled|rate",
               "times between packets", "scenario"),
    PARAM_REAL("scale", Replay, scale, "1", "0", "1000000", "scaled: stretch times by this",
               "scenario"),
    PARAM_RATE("rate", Replay, rate, "1Gbit/s", "1kbit/s", "1Tbit/s", "any",
               "rate: packets as they come, at this wire or packet rate", "scenario"),
    PARAM_BOOL("encapsulate", Replay, encapsulate, "yes",
               "put each IPv4 packet into the slice's UDP tunnel", "SPP paper 2.2"),
    PARAM_COUNT("loop", Replay, loop, "1", "1", "1000000", "times to play it", "scenario"),
    PARAM_WORDS("limit", COUNT, Replay, limit, "all", "1", "1000000000000", "all=0",
                "read at most so many packets", "scenario"),
    PARAM_TIME("start", Replay, start, "0", "0", "18446744s", "first packet", "scenario"),
    TUNNEL_PARAMS(Replay, tunnel),
    {0}};

static const DropReason replay_drops[] = {
    {"other_l2", "not an IPv4 packet, or not an Ethernet frame where one is needed"},
    {"too_long", "too long for a tunnel or a frame"},
    {0}};

static const Scalar replay_scalars[] = {
    {"packets", "packets", "sent"},
    {"records", "packets", "in the capture"},
    {"completed_from_snap", "packets", "cut short in the capture, filled up with zeros"},
    {"out_of_order_times", "packets", "whose time in the capture is before that of the one before"},
    {0}};

static const Composition replay_composition = {.way = ATTACH_SENDS, .ports = "ports"};

const ComponentClass replay_class = {
    .name = "replay",
    .text = "replays a packet capture, in the slice's tunnel if asked to",
    .ports = "0 .. ports-1: out",
    .size = sizeof(Replay),
    .params = replay_params,
    .composition = &replay_composition,
    .drops = replay_drops,
    .create = replay_create,
    .start = replay_start,
    .sends = replay_sends,
    .unused = replay_unused,
    .load = replay_load,
    .scalars = replay_scalars,
    .resources = replay_resources,
    .report = replay_report,
    .free = replay_free,
};
