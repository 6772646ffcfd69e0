/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A sink ends packets and measures. Rates are of what arrives inside the source's window; ratio,
 * loss, latency and reordering are of the packets created inside it, whenever they arrive, so the
 * ratio is never above 1. What is carried is the rate in over the source's, both inside the window:
 * what drains when the source is silent does not make up for a queue that grew. Latency runs from
 * creation to the last bit. A packet is reordered if one of its flow with a higher number came
 * before it (RFC 4737, type-P-reordered).
 * With several sources there are scalars for each, named after it. */
#include <math.h>
#include <string.h>

#include "components/causes.h"
#include "components/traffic/traffic.h"
#include "emu/core/capture.h"
#include "emu/core/report.h"
#include "emu/scenario/compose.h"

enum { MAX_PORTS = 64, MAX_SOURCES = 1024 };

/* What came of one source's packets. */
typedef struct {
    const Emitter *emitter;
    uint32_t *next_sequence; /* by flow */
    uint64_t counted, window_packets, window_wire;
    Histogram latency; /* ps */
} Origin;

typedef struct {
    Component base;
    /* settings */
    uint64_t n_ports;
    ParamList source;
    char *capture_name;
    SimTime sample;
    /* state */
    Origin origins[MAX_SOURCES];
    unsigned n_origins;
    Capture *capture;
    uint64_t sampled_bytes[MAX_PORTS];
    SimEvent sampling;
    GArray *series;
    /* counters */
    uint64_t counted, reordered, window_packets, window_wire, window_frame;
    uint64_t packets[MAX_PORTS], wire_bytes[MAX_PORTS], unbalanced;
    Histogram latency; /* ps */
    double charged[N_CAUSES];
} Sink;

static Origin *origin_of(Sink *s, const Packet *pkt) {
    for (unsigned i = 0; i < s->n_origins; i++)
        if (s->origins[i].emitter->base.owner.id == pkt->origin) return &s->origins[i];
    return NULL;
}

static void sink_receive(Component *c, unsigned port, Packet *pkt) {
    Sink *s = (Sink *)c;
    SimTime now = sim_now(c->sim);
    uint32_t wire = packet_wire_bytes(pkt->length);
    s->packets[port]++;
    s->wire_bytes[port] += wire;
    if (s->capture) capture_write(s->capture, now, pkt->data, pkt->length);
    Origin *o = origin_of(s, pkt);
    if (o && now >= o->emitter->from && now < o->emitter->until) {
        s->window_packets++;
        s->window_wire += wire;
        s->window_frame += packet_frame_bytes(pkt->length);
        o->window_packets++;
        o->window_wire += wire;
    }
    if (o && pkt->counted) {
        packet_charge(pkt, CAUSE_WIRE, now);
        s->counted++;
        o->counted++;
        histogram_add(&s->latency, now - pkt->created);
        if (s->n_origins > 1) histogram_add(&o->latency, now - pkt->created);
        SimTime sum = 0;
        for (unsigned i = 0; i < N_CAUSES; i++) {
            sum += pkt->charged[i];
            s->charged[i] += (double)pkt->charged[i];
        }
        if (sum != now - pkt->created) s->unbalanced++;
        uint32_t *next = &o->next_sequence[pkt->flow];
        if (pkt->sequence < *next)
            s->reordered++;
        else
            *next = pkt->sequence + 1;
    }
    packet_deliver(pkt);
}

static void take_sample(Sim *sim, SimEvent *event) {
    Sink *s = (Sink *)(void *)((char *)event - offsetof(Sink, sampling));
    double row[MAX_PORTS + 1] = {(double)sim_now(sim) / 1e12};
    for (unsigned i = 0; i < s->n_ports; i++) {
        row[i + 1] = (double)(s->wire_bytes[i] - s->sampled_bytes[i]) * 8e12 / (double)s->sample;
        s->sampled_bytes[i] = s->wire_bytes[i];
    }
    g_array_append_vals(s->series, row, (unsigned)s->n_ports + 1);
    sim_schedule(sim, event, s->sample);
}

static bool sink_create(Component *c, GError **error) {
    Sink *s = (Sink *)c;
    (void)error;
    c->n_ports = (unsigned)s->n_ports;
    histogram_init(&s->latency);
    s->series = g_array_new(FALSE, FALSE, sizeof(double));
    sim_event_init(&s->sampling, take_sample, &c->owner);
    return true;
}

static bool sink_start(Component *c, GError **error) {
    Sink *s = (Sink *)c;
    for (unsigned i = 0; i < s->source.n; i++) {
        const char *name = s->source.at[i].text;
        Origin *o = &s->origins[s->n_origins];
        Emitter *emitter = emitter_find(c, name, error);
        if (!emitter) return false;
        emitter->measured = true;
        o->emitter = emitter;
        for (unsigned k = 0; k < s->n_origins; k++)
            if (s->origins[k].emitter == o->emitter)
                return input_error(error, "source: found %s twice", name);
        o->next_sequence = g_new0(uint32_t, MAX(o->emitter->n_flows, 1));
        histogram_init(&o->latency);
        s->n_origins++;
    }
    if (s->sample) sim_schedule(c->sim, &s->sampling, s->sample);
    return !*s->capture_name || capture_create(&s->capture, c, s->capture_name, error);
}

static bool sink_check(Component *c, GError **error) {
    Sink *s = (Sink *)c;
    if (s->unbalanced)
        return invariant_error(
            error, "%s: the causes of %" G_GUINT64_FORMAT " packets do not sum to their latency",
            c->name, s->unbalanced);
    return capture_close(&s->capture, error);
}

/* One over the seconds of the source's window. */
static double windows(const Origin *o) {
    const Emitter *e = o->emitter;
    return e->until > e->from ? 1e12 / (double)(e->until - e->from) : NAN;
}

static void origin_scalar(const Origin *o, Report *report, const char *name, double value,
                          const char *unit) {
    g_autofree char *full = g_strconcat(o->emitter->base.name, ".", name, NULL);
    report_scalar(report, full, value, unit);
}

static void report_origin(const Origin *o, Report *report) {
    double per_second = windows(o), n = (double)o->counted, offered = (double)o->emitter->counted;
    origin_scalar(o, report, "delivered_pps", (double)o->window_packets * per_second, "packets/s");
    origin_scalar(o, report, "delivered_bps", (double)o->window_wire * 8 * per_second,
                  "bit/s wire");
    origin_scalar(o, report, "carried_ratio",
                  offered > 0 ? (double)o->window_packets / offered : NAN, "ratio");
    origin_scalar(o, report, "delivered_ratio", offered > 0 ? n / offered : NAN, "ratio");
    origin_scalar(o, report, "lost", offered - n, "packets");
    origin_scalar(o, report, "latency_mean_us", histogram_mean(&o->latency) / 1e6, "us");
    origin_scalar(o, report, "latency_sd_us", histogram_sd(&o->latency) / 1e6, "us");
    origin_scalar(o, report, "latency_p99_us", histogram_at(&o->latency, 0.99) / 1e6, "us");
    origin_scalar(o, report, "latency_max_us", histogram_at(&o->latency, 1) / 1e6, "us");
}

static void sink_report(Component *c, Report *report) {
    Sink *s = (Sink *)c;
    double n = (double)s->counted;
    uint64_t offered = 0;
    for (unsigned i = 0; i < s->n_origins; i++) offered += s->origins[i].emitter->counted;
    /* Rates are over the first source's window; sources that are measured together share one. */
    double per_second = windows(&s->origins[0]);
    report_scalar(report, "delivered_pps", (double)s->window_packets * per_second, "packets/s");
    report_scalar(report, "delivered_bps", (double)s->window_wire * 8 * per_second, "bit/s wire");
    report_scalar(report, "delivered_frame_bps", (double)s->window_frame * 8 * per_second,
                  "bit/s frame");
    report_scalar(report, "carried_ratio",
                  offered ? (double)s->window_packets / (double)offered : NAN, "ratio");
    report_scalar(report, "delivered_ratio", offered ? n / (double)offered : NAN, "ratio");
    report_scalar(report, "lost", (double)offered - n, "packets");
    report_scalar(report, "reordered", (double)s->reordered, "packets");
    report_scalar(report, "latency_mean_us", histogram_mean(&s->latency) / 1e6, "us");
    report_scalar(report, "latency_sd_us", histogram_sd(&s->latency) / 1e6, "us");
    for (unsigned i = 0; i < s->n_origins && s->n_origins > 1; i++)
        report_origin(&s->origins[i], report);
    static const struct {
        const char *name;
        double fraction;
    } quantiles[] = {{"latency_p50_us", 0.5},
                     {"latency_p90_us", 0.9},
                     {"latency_p99_us", 0.99},
                     {"latency_p999_us", 0.999}};
    for (unsigned i = 0; i < G_N_ELEMENTS(quantiles); i++)
        report_scalar(report, quantiles[i].name,
                      histogram_at(&s->latency, quantiles[i].fraction) / 1e6, "us");
    report_scalar(report, "latency_max_us", histogram_at(&s->latency, 1) / 1e6, "us");
    for (unsigned i = 0; i < N_CAUSES; i++) {
        char *name = g_strdup_printf("cause.%s_us", causes[i].name);
        report_scalar(report, name, s->charged[i] / n / 1e6, "us");
        g_free(name);
    }
    for (unsigned i = 0; i < s->n_ports; i++) {
        char *name = g_strdup_printf("port%u.packets", i);
        report_scalar(report, name, (double)s->packets[i], "packets");
        g_free(name);
    }
    report_histogram(report, "latency", &s->latency, 1e-6, "us");
    if (!s->sample) return;
    g_auto(GStrv) names = g_new0(char *, s->n_ports + 1);
    for (unsigned i = 0; i < s->n_ports; i++) names[i] = g_strdup_printf("port%u", i);
    report_series(report, "rate", (const char *const *)names, (unsigned)s->n_ports,
                  g_array_ref(s->series));
}

static void sink_free(Component *c) {
    Sink *s = (Sink *)c;
    capture_close(&s->capture, NULL);
    histogram_clear(&s->latency);
    if (s->series) g_array_unref(s->series);
    for (unsigned i = 0; i < s->n_origins; i++) {
        g_free(s->origins[i].next_sequence);
        histogram_clear(&s->origins[i].latency);
    }
}

static const Param source_item = {.type = PARAM_TYPE_NAME, .choices = "source|replay"};

static const Param sink_params[] = {
    PARAM_WHICH("ports", Sink, n_ports, "5", "1", "64", "links it ends", "scenario"),
    PARAM_LIST("source", Sink, source, "traffic", &source_item, MAX_SOURCES,
               "the source or replay whose packets it measures, or several, separated by commas",
               "scenario"),
    PARAM_WORDS("sample", TIME, Sink, sample, "none", "1ns", "1000s", "none=0",
                "interval of the series of delivered wire rate by port",
                "SPP paper 7.1 samples every 200 ms"),
    PARAM_TEXT("capture", Sink, capture_name, "",
               "name of a capture of all that arrives, in the results folder, NAME.pcap",
               "scenario"),
    {0}};

#define SEVERAL "with several sources"
static const Scalar sink_scalars[] = {
    {"delivered_pps", "packets/s", "packets that came in within the source's window"},
    {"delivered_bps", "bit/s wire", "the same, on the wire"},
    {"delivered_frame_bps", "bit/s frame", "the same, frames alone"},
    {"carried_ratio", "ratio", "packets that came in within the window, over those sent in it"},
    {"delivered_ratio", "ratio", "of the packets sent in the window, those that came in at all"},
    {"lost", "packets", "sent in the window, that did not come in"},
    {"reordered", "packets", "that came in behind a later one of their flow"},
    {"latency_mean_us", "us", "from creation to the last bit here: mean"},
    {"latency_sd_us", "us", "standard deviation of the latency"},
    {"latency_p50_us", "us", "half of the packets are as fast"},
    {"latency_p90_us", "us", "90 percent are as fast"},
    {"latency_p99_us", "us", "99 percent are as fast"},
    {"latency_p999_us", "us", "99.9 percent are as fast"},
    {"latency_max_us", "us", "the slowest"},
#define X(symbol, name, text) {"cause." name "_us", "us", "mean part of the latency: " text},
    PACKET_GENERIC_CAUSES(X) COMPONENT_CAUSES(X)
#undef X
        {"port*.packets", "packets", "that came in at the port, at any time"},
    {"*.delivered_pps", "packets/s", "of one source", SEVERAL},
    {"*.delivered_bps", "bit/s wire", "of one source", SEVERAL},
    {"*.carried_ratio", "ratio", "of one source", SEVERAL},
    {"*.delivered_ratio", "ratio", "of one source", SEVERAL},
    {"*.lost", "packets", "of one source", SEVERAL},
    {"*.latency_mean_us", "us", "of one source", SEVERAL},
    {"*.latency_sd_us", "us", "of one source", SEVERAL},
    {"*.latency_p99_us", "us", "of one source", SEVERAL},
    {"*.latency_max_us", "us", "of one source", SEVERAL},
    {0}};

static const Composition sink_composition = {.way = ATTACH_RECEIVES, .ports = "ports"};

const ComponentClass sink_class = {
    .name = "sink",
    .text = "ends packets and measures rate, loss, latency and order",
    .ports = "0 .. ports-1: in",
    .size = sizeof(Sink),
    .params = sink_params,
    .composition = &sink_composition,
    .create = sink_create,
    .start = sink_start,
    .receive = sink_receive,
    .check = sink_check,
    .scalars = sink_scalars,
    .report = sink_report,
    .free = sink_free,
};

Emitter *emitter_find(Component *c, const char *name, GError **error) {
    Component *from = network_find(c->network, name);
    if (from && (from->class == &source_class || from->class == &replay_class))
        return (Emitter *)from;
    input_error(error, "source: found \"%s\", expected the name of a source or replay", name);
    return NULL;
}

void emitter_resource(Resources *r, const char *levers) {
    resources_tell(
        r,
        &(Resource){.kind = "offered load", .does = RESOURCE_OFFERS, .port = 0, .levers = levers},
        "offered load");
}

void emitter_doubts(const Emitter *e, GPtrArray *sentences) {
    if (e->measured) return;
    g_ptr_array_add(sentences, g_strdup_printf("rate: found no sink that names %s in its `source`: "
                                               "no sink's rates, losses and latencies are of its "
                                               "packets",
                                               e->base.name));
}
