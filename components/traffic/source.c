/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A traffic source: packets of a slice's application inside its UDP tunnel, spread evenly over the
 * node's interfaces and over destinations. Before the payload stands the application's header: IPv4
 * and UDP (28 bytes), I3 with one id (35) or one label (4). A destination is an address, an id or a
 * label.
 *
 * Packet k leaves through port k mod ports, to the destination whose turn is (port + k / ports), so
 * every output gets an equal share of every input (or a share by weight). Departures lie on the
 * running total of bytes / rate and never drift; a list of payload sizes is cycled through. With on
 * and off phases a packet that falls due in an off phase leaves at the start of the next on phase,
 * and the total goes on from there. A packet's first bit may wait for the wire behind the one
 * before it. In repetitions after the first all of it begins at a random phase (component_phase);
 * the window in which packets count stays where it is. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "components/traffic/traffic.h"
#include "components/traffic/tunnel.h"
#include "emu/core/report.h"
#include "emu/scenario/compose.h"
#include "fastpath/options/i3.h"
#include "fastpath/options/label.h"

enum { MAX_SIZES = 64, MAX_DESTINATIONS = 64, MAX_PAYLOAD = 8900, MAX_TURNS = 1024 };
enum { CONSTANT, POISSON, ON_OFF };
enum { IPV4, I3, LABEL };
static const uint32_t header_bytes[] = {INNER_BYTES, I3_HEADER_BYTES, LABEL_BYTES};

typedef unsigned __int128 Wide; /* 9,000 bytes at 1 bit/s exceed 64 bits, in 2^-16 ps */
/* Gaps are cut there, which nobody sees: no longer duration may have more than 10 s between two. */
#define LONGEST_GAP_Q16 ((uint64_t)250 * SIM_S << 16)
#define LONG_DURATION (250 * SIM_S)
#define LONG_MEAN_GAP_Q16 ((uint64_t)10 * SIM_S << 16)

typedef struct {
    Emitter emitter;
    /* settings */
    uint64_t n_ports, flows, ttl, inner_port;
    int application, pattern;
    bool dont_fragment;
    char *payload;
    ParamList destinations, ids, labels, weights;
    uint32_t sources;
    Rate rate;
    SimTime start, duration, warmup, on, off;
    TunnelSettings tunnel;
    /* state */
    Tunnel *tunnels;
    uint32_t sizes[MAX_SIZES], n_sizes, size;
    const ParamList *to;      /* of the application */
    uint8_t turns[MAX_TURNS]; /* the order in which destinations are served */
    uint32_t n_turns;
    uint32_t inner_sum, header;
    uint8_t inner[INNER_BYTES];
    uint32_t *sequence; /* by flow */
    uint32_t port, rotation, host;
    Wide gap_q16, gap_fixed_q16; /* per byte of the layer, per packet */
    SimTime next;
    uint64_t next_q16; /* the fraction of `next` */
    SimTime phase_end; /* of the on phase */
    SimEvent departure;
    bool running;
    Random random;
    /* counters */
    uint64_t packets, window_payload, window_wire, window_frame;
} Source;

/* Bytes of a packet that the rate counts. */
static uint32_t counted_bytes(const Source *s, uint32_t payload) {
    uint32_t length = TUNNEL_BYTES + s->header + payload;
    switch (s->rate.layer) {
    case RATE_WIRE: return packet_wire_bytes(length);
    case RATE_FRAME: return packet_frame_bytes(length);
    case RATE_PAYLOAD: return payload;
    default: return 0;
    }
}

static void set_rate(Source *s, Rate rate) {
    s->rate = rate;
    double q16 = MIN(65536e12 / rate.per_second, 1e30);
    s->gap_q16 = rate.layer == RATE_PACKETS ? 0 : (Wide)(q16 * 8 + 0.5);
    s->gap_fixed_q16 = rate.layer == RATE_PACKETS ? (Wide)(q16 + 0.5) : 0;
}

/* Otherwise all packets would leave at once, for ever. */
static bool rate_counts_something(const Source *s, Rate rate, GError **error) {
    for (unsigned i = 0; i < s->n_sizes; i++)
        if (rate.layer != RATE_PAYLOAD || s->sizes[i] > 0) return true;
    return input_error(error, "rate: found one that counts payload, but every payload is 0 bytes");
}

/* `number` tells the pieces of one packet from those of another, if it may be cut (RFC 6864). */
static void fill_ipv4(const Source *s, uint8_t *p, uint32_t payload, uint32_t to, uint32_t number) {
    uint32_t id = s->dont_fragment ? 0 : number & 0xffff;
    memcpy(p, s->inner, INNER_BYTES);
    put16(p + IP4_ID, id);
    uint32_t length = INNER_BYTES + payload, from = s->sources + s->port;
    put16(p + IP4_TOTAL, length);
    put32(p + IP4_SOURCE, from);
    put32(p + IP4_DESTINATION, to);
    put16(p + IP4_CHECKSUM, fold_checksum(s->inner_sum + id + length + (from >> 16) +
                                          (from & 0xffff) + (to >> 16) + (to & 0xffff)));
    put16(p + IPV4_BYTES + UDP_LENGTH, UDP_BYTES + payload);
}

static void fill_i3(uint8_t *p, const uint8_t id[I3_ID_BYTES]) {
    p[I3_AT_VERSION] = I3_VERSION;
    p[I3_AT_FLAGS] = I3_DATA;
    p[I3_AT_COUNT] = 1;
    memcpy(p + I3_AT_IDS, id, I3_ID_BYTES);
}

static void fill(Source *s, Packet *pkt, uint32_t payload, uint32_t d) {
    uint8_t *p = pkt->data + TUNNEL_BYTES;
    tunnel_build(pkt->data, &s->tunnels[s->port], s->header + payload);
    switch (s->application) {
    case IPV4: fill_ipv4(s, p, payload, s->to->at[d].ipv4 + s->host, pkt->sequence); break;
    case I3: fill_i3(p, s->to->at[d].hex.bytes); break;
    default: put32(p, label_entry((uint32_t)s->to->at[d].word, true, (uint32_t)s->ttl));
    }
    memset(p + s->header, 0, payload);
}

static void emit(Source *s, SimTime now) {
    uint32_t payload = s->sizes[s->size], d = s->port + s->rotation;
    d = s->turns[d < s->n_turns ? d : d % s->n_turns];
    Component *c = &s->emitter.base;
    Packet *pkt = packet_new(c->packets, &c->owner, TUNNEL_BYTES + s->header + payload);
    pkt->flow = (uint32_t)((s->port * s->to->n + d) * s->flows + s->host);
    pkt->sequence = s->sequence[pkt->flow]++;
    fill(s, pkt, payload, d);
    s->packets++;
    if (now >= s->emitter.from && now < s->emitter.until) {
        pkt->counted = true;
        s->emitter.counted++;
        s->window_payload += payload;
        s->window_wire += packet_wire_bytes(pkt->length);
        s->window_frame += packet_frame_bytes(pkt->length);
    }
    unsigned port = s->port;
    if (++s->size == s->n_sizes) s->size = 0;
    if (++s->port == s->n_ports) {
        s->port = 0;
        if (++s->rotation == s->n_turns) {
            s->rotation = 0;
            if (++s->host == s->flows) s->host = 0;
        }
    }
    port_send(c, port, pkt);
}

static void finish(Source *s) {
    if (!s->running) return;
    s->running = false;
    network_busy(s->emitter.base.network, -1);
}

/* Time from this packet, whose payload has `payload` bytes, to the next. */
static uint64_t gap_after(Source *s, uint32_t payload) {
    Wide gap = s->gap_q16 * counted_bytes(s, payload) + s->gap_fixed_q16;
    if (s->pattern == POISSON) gap = (Wide)((double)gap * random_exponential(&s->random));
    return gap < LONGEST_GAP_Q16 ? (uint64_t)gap : LONGEST_GAP_Q16;
}

static Wide mean_gap_q16(const Source *s) {
    Wide bytes = 0;
    for (unsigned i = 0; i < s->n_sizes; i++) bytes += counted_bytes(s, s->sizes[i]);
    Wide gap = s->gap_q16 * bytes / s->n_sizes + s->gap_fixed_q16;
    return MIN(gap, LONGEST_GAP_Q16);
}

/* What the departures repeat after: one mean gap, or a period of on and off phases. */
static SimTime interval(const Source *s) {
    return s->pattern == ON_OFF ? s->on + s->off : (SimTime)(mean_gap_q16(s) >> 16);
}

/* Move the next departure out of the off phase, if it is in one. */
static void keep_to_phases(Source *s) {
    if (s->next < s->phase_end) return;
    SimTime period = s->on + s->off, begin = s->phase_end - s->on;
    begin += (s->next - begin) / period * period; /* of the phases that it falls into */
    if (s->next >= begin + s->on) {
        s->next = begin += period;
        s->next_q16 = 0;
    }
    s->phase_end = begin + s->on;
}

static void depart(Sim *sim, SimEvent *event) {
    Source *s = (Source *)(void *)((char *)event - offsetof(Source, departure));
    SimTime now = sim_now(sim);
    uint32_t payload = s->sizes[s->size];
    emit(s, now);
    s->next_q16 += gap_after(s, payload);
    s->next += s->next_q16 >> 16;
    s->next_q16 &= 0xffff;
    if (s->pattern == ON_OFF) keep_to_phases(s);
    if (s->next < s->emitter.until)
        sim_schedule_at(sim, event, s->next);
    else
        finish(s);
}

static bool parse_sizes(Source *s, GError **error) {
    /* Simple IMIX 7:4:1 as IP lengths 40, 576, 1500, less the 28 bytes of headers. */
    static const uint32_t imix[] = {12, 12, 548, 12, 12, 548, 12, 12, 548, 12, 548, 1472};
    if (!strcmp(s->payload, "imix")) {
        memcpy(s->sizes, imix, sizeof imix);
        s->n_sizes = G_N_ELEMENTS(imix);
        return true;
    }
    g_auto(GStrv) words = g_strsplit(s->payload, ",", -1);
    for (unsigned i = 0; words[i]; i++) {
        char *end, *word = g_strstrip(words[i]);
        unsigned long value = strtoul(word, &end, 10);
        if (*end == 'B') end++;
        if (!g_ascii_isdigit(*word) || *end || value > MAX_PAYLOAD || i == MAX_SIZES)
            return input_error(
                error,
                "payload: found \"%s\", expected up to %d sizes of 0 to %d bytes such as "
                "\"40,576,1472\", or imix",
                s->payload, MAX_SIZES, MAX_PAYLOAD);
        s->sizes[s->n_sizes++] = (uint32_t)value;
    }
    return true;
}

/* No weights: all 1. */
static uint64_t weight_of(const ParamList *weights, unsigned destination) {
    return weights->n ? weights->at[destination].word : 1;
}

static bool check_weights(const Source *s, const ParamList *weights, unsigned *sum,
                          GError **error) {
    uint64_t total = 0;
    for (unsigned i = 0; i < (weights->n ? weights->n : s->to->n); i++)
        total += weight_of(weights, i);
    *sum = (unsigned)total;
    if ((!weights->n || weights->n == s->to->n) && total && total <= MAX_TURNS) return true;
    return input_error(error,
                       "weights: found %u that sum to %u, expected %u whole numbers such as 2,0,1 "
                       "that sum to 1 to %d",
                       weights->n, *sum, s->to->n, MAX_TURNS);
}

/* Destinations in turn, each as often as its weight, spread evenly: of all, the one that is
 * furthest behind its share goes next. */
static bool set_weights(Source *s, const ParamList *weights, GError **error) {
    unsigned sum;
    int behind[MAX_DESTINATIONS] = {0};
    if (!check_weights(s, weights, &sum, error)) return false;
    for (s->n_turns = 0; s->n_turns < sum; s->n_turns++) {
        unsigned most = 0;
        for (unsigned d = 0; d < s->to->n; d++) {
            behind[d] += (int)weight_of(weights, d);
            if (behind[d] > behind[most]) most = d;
        }
        behind[most] -= (int)sum;
        s->turns[s->n_turns] = (uint8_t)most;
    }
    s->rotation = 0;
    return true;
}

static bool source_create(Component *c, GError **error) {
    Source *s = (Source *)c;
    c->n_ports = (unsigned)s->n_ports;
    s->header = header_bytes[s->application];
    s->to = s->application == IPV4 ? &s->destinations : s->application == I3 ? &s->ids : &s->labels;
    if (!parse_sizes(s, error) || !set_weights(s, &s->weights, error)) return false;
    if (!rate_counts_something(s, s->rate, error)) return false;
    s->tunnels = g_new0(Tunnel, s->n_ports);
    tunnel_prepare(&s->tunnel, s->tunnels, c->n_ports);
    s->inner[IP4_VERSION] = IP4_PLAIN_VERSION;
    s->inner[IP4_TTL] = (uint8_t)s->ttl;
    s->inner[IP4_PROTOCOL] = IP_PROTOCOL_UDP;
    put16(s->inner + IP4_FRAGMENT, s->dont_fragment ? IP4_DONT_FRAGMENT : 0);
    put16(s->inner + IPV4_BYTES + L4_SOURCE_PORT, (uint32_t)s->inner_port);
    put16(s->inner + IPV4_BYTES + L4_DESTINATION_PORT, (uint32_t)s->inner_port);
    s->inner_sum = sum_words(s->inner, IPV4_BYTES);
    s->emitter.n_flows = (uint32_t)(s->n_ports * s->to->n * s->flows);
    s->sequence = g_new0(uint32_t, s->emitter.n_flows);
    set_rate(s, s->rate);
    return true;
}

static void begin(Source *s, SimTime at) {
    s->running = true;
    network_busy(s->emitter.base.network, 1);
    s->next = at;
    s->next_q16 = 0;
    s->phase_end = at + s->on;
    sim_schedule_at(s->emitter.base.sim, &s->departure, at);
}

static bool source_start(Component *c, GError **error) {
    Source *s = (Source *)c;
    if (s->duration && s->duration <= s->warmup)
        return input_error(
            error,
            "duration: found %g ms, of which the warm-up of %g ms leaves no window to "
            "measure in, expected more; or a shorter %s.warmup",
            (double)s->duration / 1e9, (double)s->warmup / 1e9, c->name);
    if (s->duration > LONG_DURATION && mean_gap_q16(s) > LONG_MEAN_GAP_Q16)
        return input_error(error,
                           "rate: found a packet every %g s, in a duration of %g s, expected one "
                           "every 10 s or more often beyond 250 s",
                           (double)mean_gap_q16(s) / 65536e12, (double)s->duration / 1e12);
    SimTime zero = network_zero(c->network);
    s->emitter.from = zero + s->start + s->warmup;
    s->emitter.until = zero + s->start + s->duration;
    sim_event_init(&s->departure, depart, &c->owner);
    component_random(c, "gaps", &s->random);
    if (s->duration > 0) component_window(c, s->emitter.from, s->emitter.until);
    if (s->duration > 0)
        begin(s, zero + s->start + component_phase(c, MIN(interval(s), s->duration)));
    return true;
}

static bool read_rate(const Source *s, const char *text, Rate *rate, GError **error) {
    Param row = *param_find(s->emitter.base.class->params, "rate");
    row.offset = 0;
    return param_set(&row, rate, text, NULL, error) && rate_counts_something(s, *rate, error);
}

/* `target`: who is to follow them; NULL: they are only looked at. */
static bool say_weights(const Source *s, Source *target, const char *text, GError **error) {
    const Param *row = param_find(s->emitter.base.class->params, "weights");
    ParamValue value;
    unsigned sum;
    if (!param_read(row, &value, text, NULL, error)) return false;
    bool ok = target ? set_weights(target, &value.list, error)
                     : check_weights(s, &value.list, &sum, error);
    param_value_clear(row, &value);
    return ok;
}

static bool source_understands(const Component *c, const char *verb, const char *args,
                               GError **error) {
    const Source *s = (const Source *)c;
    Rate rate;
    if (!strcmp(verb, "rate")) return read_rate(s, args, &rate, error);
    if (!strcmp(verb, "weights")) return say_weights(s, NULL, args, error);
    if (!*args) return true;
    return input_error(error, "found \"%s %s\", expected %s alone", verb, args, verb);
}

static bool source_sends(const Component *c, unsigned port) {
    (void)port;
    return ((const Source *)c)->duration > 0;
}

static const char *source_unused(const Component *c, const char *key) {
    static const struct {
        const char *key, *why;
        int application;
    } own[] = {{"destinations", "application = ipv4 uses it", IPV4},
               {"sources", "application = ipv4 uses it", IPV4},
               {"inner_port", "application = ipv4 uses it", IPV4},
               {"dont_fragment", "application = ipv4 uses it", IPV4},
               {"ids", "application = i3 uses it", I3},
               {"labels", "application = label uses it", LABEL}};
    const Source *s = (const Source *)c;
    for (unsigned i = 0; i < G_N_ELEMENTS(own); i++)
        if (!strcmp(key, own[i].key))
            return s->application == own[i].application ? NULL : own[i].why;
    if (!strcmp(key, "ttl") && s->application == I3) return "application = ipv4 or label uses it";
    if ((!strcmp(key, "on") || !strcmp(key, "off")) && s->pattern != ON_OFF)
        return "pattern = onoff uses it";
    return NULL;
}

/* A payload whose packets the link of one of its ports does not take. */
static void doubt_lengths(const Source *s, GPtrArray *sentences) {
    const Component *c = &s->emitter.base;
    uint32_t before = IPV4_BYTES + UDP_BYTES + s->header, most = 0;
    for (unsigned i = 0; i < s->n_sizes; i++) most = MAX(most, s->sizes[i]);
    for (unsigned port = 0; port < c->n_ports; port++) {
        uint32_t mtu = port_speed(c, port).mtu;
        if (!mtu || before + most <= mtu) continue;
        g_ptr_array_add(sentences,
                        g_strdup_printf("payload: found %u bytes, whose packets of %u bytes in "
                                        "their tunnel are all dropped, as %s.drop.too_long_for_link"
                                        ": the link from %s.%u takes %u; set %u bytes or less, or "
                                        "another mtu of the link",
                                        most, before + most, c->name, c->name, port, mtu,
                                        mtu > before ? mtu - before : 0));
        return;
    }
}

static void source_doubts(const Component *c, SimTime end, GPtrArray *sentences) {
    const Source *s = (const Source *)c;
    const Emitter *e = &s->emitter;
    if (!s->duration) return;
    emitter_doubts(e, sentences);
    doubt_lengths(s, sentences);
    uint32_t least = s->sizes[0];
    for (unsigned i = 1; i < s->n_sizes; i++) least = MIN(least, s->sizes[i]);
    Wide gap = (s->gap_q16 * counted_bytes(s, least) + s->gap_fixed_q16) >> 16;
    if (e->until > end)
        g_ptr_array_add(
            sentences, g_strdup_printf("duration: found an end after that of the run: rates are of "
                                       "%g ms, of which %g ms are simulated; set "
                                       "scenario.duration to %g ms or more",
                                       (double)(e->until - e->from) / 1e9,
                                       end > e->from ? (double)(end - e->from) / 1e9 : 0,
                                       (double)e->until / 1e9));
    /* 1bit/s, the least there is, is for a source that is to be there and send nothing. */
    if (gap > e->until - e->from && s->rate.per_second > 1)
        g_ptr_array_add(
            sentences, g_strdup_printf("rate: found one of a packet every %g ms, in a window of "
                                       "%g ms: it may hold no packet at all; set a higher rate, or "
                                       "a longer duration",
                                       (double)gap / 1e9, (double)(e->until - e->from) / 1e9));
}

static NetworkLoad source_load(const Component *c) {
    const Source *s = (const Source *)c;
    double share = s->pattern == ON_OFF ? (double)s->on / (double)(s->on + s->off) : 1;
    double gap = (double)mean_gap_q16(s) / 65536;
    return (NetworkLoad){.packets = share * (double)s->duration / MAX(gap, 1),
                         .until = s->duration ? s->emitter.until : 0};
}

static bool source_command(Component *c, const char *verb, const char *args, GError **error) {
    Source *s = (Source *)c;
    SimTime now = sim_now(c->sim);
    if (!strcmp(verb, "stop")) {
        sim_cancel(c->sim, &s->departure);
        finish(s);
        return true;
    }
    if (!strcmp(verb, "start")) {
        if (!s->running && now < s->emitter.until) begin(s, now);
        return true;
    }
    if (!strcmp(verb, "rate")) {
        Rate rate;
        bool ok = read_rate(s, args, &rate, error);
        if (ok) set_rate(s, rate);
        return ok;
    }
    if (!strcmp(verb, "weights")) return say_weights(s, s, args, error);
    return component_has_verb(c, verb, error);
}

static const Verb source_verbs[] = {
    {"start", "", "go on, until the end of its duration"},
    {"stop", "", "send nothing more"},
    {"rate", "RATE", "the offered rate of all ports together, from the next gap on"},
    {"weights", "W,W,...", "how often each destination is served from now on"},
    {0}};

static void source_resources(const Component *c, Resources *r) {
    (void)c;
    emitter_resource(r, "rate payload");
}

static void source_report(Component *c, Report *report) {
    const Source *s = (const Source *)c;
    const Emitter *e = &s->emitter;
    double per_second = e->until > e->from ? 1e12 / (double)(e->until - e->from) : NAN;
    double n = (double)e->counted;
    report_scalar(report, "offered_pps", n * per_second, "packets/s");
    report_scalar(report, "offered_bps", (double)s->window_wire * 8 * per_second, "bit/s wire");
    report_scalar(report, "offered_frame_bps", (double)s->window_frame * 8 * per_second,
                  "bit/s frame");
    report_scalar(report, "payload_bytes", n > 0 ? (double)s->window_payload / n : NAN, "bytes");
    report_scalar(report, "packets", n, "packets");
    report_scalar(report, "packets_all", (double)s->packets, "packets");
}

static void source_free(Component *c) {
    Source *s = (Source *)c;
    g_free(s->tunnels);
    g_free(s->sequence);
}

static const Param address_item = {.type = PARAM_TYPE_IPV4},
                   id_item = {.type = PARAM_TYPE_HEX, .most = I3_ID_BYTES},
                   label_item = {.type = PARAM_TYPE_COUNT, .min = "0", .max = "1048575"},
                   weight_item = {.type = PARAM_TYPE_COUNT, .min = "0", .max = "1024"};

static const Param source_params[] = {
    PARAM_WHICH("ports", Source, n_ports, "5", "1", "64", "interfaces it sends to, one port each",
                "SPP paper 7.1: five"),
    PARAM_ENUM("application", Source, application, "ipv4", "ipv4|i3|label",
               "what is inside the tunnel",
               "SPP paper 7; 7.2: the I3 header is 7 bytes longer than IPv4 and UDP"),
    PARAM_ROW("payload", TEXT, Source, payload, "0",
              "bytes behind the application's header: one size, a list that is cycled, or imix "
              "(40, 576, 1500 bytes of IP as aab aab aab abc)",
              "SPP paper 7.1: 0, 400, 1400; RFC 6985 for mixes", .sense = PARAM_SENSE_SLOWER),
    PARAM_RATE("rate", Source, rate, "1Gbit/s", "1bit/s", "1Tbit/s", "any",
               "offered rate of all ports together; wire unless it names another layer",
               "scenario"),
    PARAM_ENUM("pattern", Source, pattern, "constant", "constant|poisson|onoff",
               "gaps between packets", "scenario"),
    PARAM_TIME("on", Source, on, "1ms", "1ns", "1000s", "length of an on phase", "scenario"),
    PARAM_TIME("off", Source, off, "1ms", "0", "1000s", "length of an off phase", "scenario"),
    PARAM_TIME("start", Source, start, "0", "0", "1000s", "first packet", "scenario"),
    PARAM_TIME("duration", Source, duration, "20ms", "0", "100000s",
               "from the first packet to the last", "scenario"),
    PARAM_TIME("warmup", Source, warmup, "2ms", "0", "1000s",
               "packets and time left out of rates, ratios and latencies",
               "assumed: queues fill within it"),
    PARAM_COUNT("flows", Source, flows, "16", "1", "65536",
                "hosts behind each destination address; of an id or a label, numbered flows",
                "assumed"),
    PARAM_LIST("destinations", Source, destinations, "10.0.0.1,10.1.0.1,10.2.0.1,10.3.0.1,10.4.0.1",
               &address_item, MAX_DESTINATIONS,
               "first inner destination address of each group of hosts",
               "assumed: one group per output"),
    PARAM_LIST("ids", Source, ids, "0a000001,0a010001,0a020001,0a030001,0a040001", &id_item,
               MAX_DESTINATIONS, "i3: ids in hexadecimal, up to 64 digits, the rest 0",
               "assumed: one per output"),
    PARAM_LIST("labels", Source, labels, "100,101,102,103,104", &label_item, MAX_DESTINATIONS,
               "label: labels", "assumed: one per output"),
    PARAM_LIST("weights", Source, weights, "", &weight_item, MAX_DESTINATIONS,
               "how often each destination is served, such as 2,0,1,1,1; empty: equally",
               "scenario"),
    PARAM_IPV4("sources", Source, sources, "10.100.0.1",
               "inner source address of port 0, counting up", "assumed"),
    PARAM_WHICH("inner_port", Source, inner_port, "7000", "0", "65535", "inner UDP ports",
                "assumed"),
    PARAM_BOOL("dont_fragment", Source, dont_fragment, "no",
               "inner packets must not be cut (else each has an identification)", "scenario"),
    PARAM_COUNT("ttl", Source, ttl, "64", "0", "255", "inner time to live, ipv4 and label",
                "assumed"),
    TUNNEL_PARAMS(Source, tunnel),
    {0}};

static const Scalar source_scalars[] = {
    {"offered_pps", "packets/s", "sent in the window"},
    {"offered_bps", "bit/s wire", "sent in the window, on the wire"},
    {"offered_frame_bps", "bit/s frame", "sent in the window, frames alone"},
    {"payload_bytes", "bytes", "behind the headers of the application, mean in the window"},
    {"packets", "packets", "sent in the window"},
    {"packets_all", "packets", "sent, with those outside the window"},
    {0}};

static const Composition source_composition = {.way = ATTACH_SENDS, .ports = "ports"};

const ComponentClass source_class = {
    .name = "source",
    .text = "creates a slice's packets at a given rate",
    .ports = "0 .. ports-1: out",
    .size = sizeof(Source),
    .params = source_params,
    .composition = &source_composition,
    .create = source_create,
    .start = source_start,
    .verbs = source_verbs,
    .understands = source_understands,
    .command = source_command,
    .sends = source_sends,
    .unused = source_unused,
    .doubts = source_doubts,
    .load = source_load,
    .scalars = source_scalars,
    .resources = source_resources,
    .report = source_report,
    .free = source_free,
};
