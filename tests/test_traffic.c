/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Sources, sinks, taps and captures. Oracles: the formula of departures in integers, the theory of
 * exponential gaps, counts by brute force over all that was heard, and captures taken apart or put
 * together byte by byte.
 *
 * Lengths, for a payload of p bytes: data 74 + p (Ethernet 14, VLAN 4, twice IPv4 20 and UDP 8),
 * frame 78 + p, wire 98 + p. */
#include <glib/gstdio.h>
#include <pcap/dlt.h>

#include "components/causes.h"
#include "components/chassis/switch.h"
#include "components/traffic/traffic.h"
#include "emu/core/capture.h"
#include "emu/core/report.h"
#include "fastpath/link.h"
#include "fastpath/tunnel.h"
#include "tests/check.h"

/* An ear hears ----------------------------------------------------------------------------- */

typedef struct {
    SimTime time, created;
    uint32_t port, length, flow, sequence;
    bool counted;
    uint8_t *data;
} Heard;
static GArray *heard;
static Network *net;

static void ear_receive(Component *c, unsigned port, Packet *pkt) {
    Heard h = {.time = sim_now(c->sim),
               .created = pkt->created,
               .port = port,
               .length = pkt->length,
               .flow = pkt->flow,
               .sequence = pkt->sequence,
               .counted = pkt->counted,
               .data = g_memdup2(pkt->data, pkt->length)};
    g_array_append_val(heard, h);
    packet_deliver(pkt);
}
static bool ear_create(Component *c, GError **error) {
    (void)error;
    c->n_ports = 64;
    return true;
}
static const ComponentClass ear_class = {
    .name = "ear", .size = sizeof(Component), .create = ear_create, .receive = ear_receive};

static void clear_heard(void *data) {
    g_free(((Heard *)data)->data);
}
static const Heard *nth(unsigned n) {
    return &g_array_index(heard, Heard, n);
}

static void open_world(const char *output) {
    NetworkOptions options = {.seed = 1, .output = output};
    net = network_new(&options);
    heard = g_array_new(FALSE, FALSE, sizeof(Heard));
    g_array_set_clear_func(heard, clear_heard);
}
/* Nothing is left: packets are conserved, captures closed without an error. */
static void close_world(void) {
    g_autoptr(GError) error = NULL;
    CHECK(network_stop(net, &error));
    if (error) printf("  %s\n", error->message);
    CHECK_U64(packet_pool_counts(network_packets(net)).held, 0);
    network_free(net);
    g_array_unref(heard);
}

/* A component with "key=value|key=value|..." */
static Component *add(const ComponentClass *class, const char *name, const char *settings) {
    Component *c = network_add(net, class, name);
    g_auto(GStrv) pairs = g_strsplit(settings, "|", -1);
    for (unsigned i = 0; pairs[i]; i++) {
        g_auto(GStrv) pair = g_strsplit(pairs[i], "=", 2);
        g_autoptr(GError) error = NULL;
        CHECK(param_set(param_find(class->params, pair[0]), c, pair[1], NULL, &error));
        if (error) printf("  %s: %s\n", pairs[i], error->message);
    }
    return c;
}
static void wire(Component *from, Component *to, unsigned n, LinkSpeed speed) {
    for (unsigned i = 0; i < n; i++) CHECK(network_link(from, i, to, i, speed, NULL));
}
static void begin(void) {
    const Component *failed = NULL;
    g_autoptr(GError) error = NULL;
    CHECK(network_start(net, &failed, &error));
    if (error) printf("  %s: %s\n", failed->name, error->message);
}
static void go_on(void) {
    network_run(net, SIM_NEVER, 300 * SIM_S, SIM_S, NULL, NULL);
}
static double scalar(const char *name) {
    Report *report = report_new();
    network_report(net, report);
    const ReportScalar *s = report_find(report, name);
    if (!s) printf("  no scalar %s\n", name);
    double value = s ? s->value : NAN;
    report_free(report);
    return value;
}

/* What a source with these settings sends, heard at the moment that it leaves. */
static Component *source_to_ear(const char *settings) {
    open_world(NULL);
    Component *s = add(&source_class, "traffic", settings), *ear = add(&ear_class, "ear", "");
    CHECK(network_create(net, NULL));
    wire(s, ear, s->n_ports, (LinkSpeed){0, 0});
    begin();
    return s;
}

/* Source ----------------------------------------------------------------------------------- */

static void constant_departures_lie_on_the_running_total(void) {
    /* Packet k leaves at start + floor(sum over i < k of bytes i * q / 2^16) ps, where q is the
     * time of a byte, 8 * 10^12 * 2^16 / rate, to the nearest; for packet rates the sum is k * q.
     */
    static const struct {
        const char *rate;
        uint64_t per_second; /* bits or packets */
        unsigned layer;      /* beyond the payload; 1: packets */
        const char *payload;
        unsigned sizes[3], n_sizes;
    } cases[] = {
        {"1Gbit/s", 1000000000, 98, "0", {0}, 1},
        {"3Gbit/s wire", 3000000000, 98, "0", {0}, 1},
        {"777Mbit/s wire", 777000000, 98, "0,400,1400", {0, 400, 1400}, 3},
        {"1Gbit/s frame", 1000000000, 78, "400", {400}, 1},
        {"700Mbit/s frame", 700000000, 78, "1400,0", {1400, 0}, 2},
        {"2.5Gbit/s payload", 2500000000, 0, "1472", {1472}, 1},
        {"90Mbit/s payload", 90000000, 0, "0,40,7", {0, 40, 7}, 3},
        {"4.8Mpacket/s", 4800000, 1, "0", {0}, 1},
        {"7packet/s", 7, 1, "9B, 8900", {9, 8900}, 2},
        {"333333packet/s", 333333, 1, "1,2,3", {1, 2, 3}, 3},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        bool packets = cases[i].layer == 1, slow = cases[i].per_second < 100;
        g_autofree char *settings =
            g_strdup_printf("rate=%s|payload=%s|start=1234567ps|duration=%s|warmup=0",
                            cases[i].rate, cases[i].payload, slow ? "100s" : "3ms");
        source_to_ear(settings);
        go_on();
        const SimTime start = 1234567, end = start + (slow ? 100 * SIM_S : 3 * SIM_MS);
        const uint64_t unit = (packets ? 1 : 8) * UINT64_C(1000000000000) * 65536;
        const uint64_t q = (unit + cases[i].per_second / 2) / cases[i].per_second;
        unsigned __int128 sum = 0;
        long double exact = 0, bytes = 0;
        unsigned k = 0;
        for (;; k++) {
            SimTime expected = start + (SimTime)(sum >> 16);
            if (expected >= end) break;
            if (k == heard->len) break;
            const Heard *h = nth(k);
            unsigned size = cases[i].sizes[k % cases[i].n_sizes],
                     counts = packets ? 1 : size + cases[i].layer;
            CHECK_U64(h->time, expected);
            CHECK_U64(h->created, expected);
            CHECK_U64(h->length, 74 + size);
            CHECK_U64(h->port, k % 5);
            /* And q's rounding, half of 2^-16 ps, is all that the rate is wrong by. */
            CHECK_NEAR((double)(h->time - start - exact), 0, 1 + (double)bytes / 131072);
            exact += (packets ? 1 : 8) * 1e12L * counts / cases[i].per_second;
            bytes += counts;
            sum += (unsigned __int128)counts * q;
        }
        CHECK(start + (SimTime)(sum >> 16) >= end); /* none is missing at the end */
        CHECK_U64(heard->len, k);
        CHECK(k > 300);
        close_world();
    }
}

static void the_window_counts_what_is_created_inside_it(void) {
    /* 1 packet per us from 5 us for 20 us, the first 4 us left out: 5..24, counted 9..24. */
    source_to_ear("rate=1Mpacket/s|start=5us|duration=20us|warmup=4us|payload=100");
    go_on();
    CHECK_U64(heard->len, 20);
    for (unsigned k = 0; k < heard->len; k++) CHECK(nth(k)->counted == (k >= 4));
    CHECK_NEAR(scalar("traffic.packets"), 16, 0);
    CHECK_NEAR(scalar("traffic.packets_all"), 20, 0);
    CHECK_NEAR(scalar("traffic.offered_pps"), 1e6, 1e-3);
    CHECK_NEAR(scalar("traffic.offered_bps"), 198 * 8 * 1e6, 1);
    CHECK_NEAR(scalar("traffic.offered_frame_bps"), 178 * 8 * 1e6, 1);
    CHECK_NEAR(scalar("traffic.payload_bytes"), 100, 0);
    close_world();
    source_to_ear("duration=0");
    go_on();
    CHECK_U64(heard->len, 0);
    CHECK(isnan(scalar("traffic.offered_pps"))); /* a window of nothing */
    close_world();
}

static uint32_t word(const uint8_t *p, unsigned n) {
    uint32_t value = 0;
    while (n--) value = value << 8 | *p++;
    return value;
}
static unsigned ones_sum(const uint8_t *p, unsigned bytes) {
    uint32_t sum = 0;
    for (unsigned i = 0; i < bytes; i += 2) sum += word(p + i, 2);
    while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
    return sum;
}

static void headers_are_what_they_say(void) {
    source_to_ear(
        "ports=3|payload=5,900|duration=1ms|warmup=0|ttl=9|inner_port=4000|udp_port=31000|"
        "peer_port=32000|vlan=77|sources=10.100.0.1|destinations=10.9.8.7");
    go_on();
    for (unsigned k = 0; k < heard->len; k++) {
        const Heard *h = nth(k);
        const uint8_t *p = h->data, *in = p + 46;
        unsigned payload = k % 2 ? 900 : 5;
        CHECK_U64(p[5], h->port); /* 02:00:00:00:01:00 and up */
        CHECK_U64(p[11], h->port);
        CHECK_U64(word(p + 12, 2), 0x8100);
        CHECK_U64(word(p + 14, 2), 77);
        CHECK_U64(word(p + 16, 2), 0x0800);
        CHECK_U64(ones_sum(p + 18, 20), 0xffff);
        CHECK_U64(word(p + 20, 2), 56 + payload); /* outer IP, UDP, inner IP, UDP */
        CHECK_U64(word(p + 30, 4), 0x0afd0001 + h->port);
        CHECK_U64(word(p + 34, 4), 0x0aff0001 + h->port);
        CHECK_U64(word(p + 38, 4), 32000u << 16 | 31000);
        CHECK_U64(word(p + 42, 2), 36 + payload);
        CHECK_U64(ones_sum(in, 20), 0xffff);
        CHECK_U64(word(in + 2, 2), 28 + payload);
        CHECK_U64(in[8], 9);
        CHECK_U64(in[9], 17);
        CHECK_U64(word(in + 12, 4), 0x0a640001 + h->port);
        CHECK_U64(word(in + 16, 4), 0x0a090807 + h->flow % 16);
        CHECK_U64(word(in + 20, 4), 4000u << 16 | 4000);
        CHECK_U64(word(in + 24, 2), 8 + payload);
    }
    CHECK(heard->len > 100);
    close_world();
}

static void every_port_destination_and_host_gets_its_share(void) {
    /* 3 ports, 4 destinations, 5 hosts each: 60 flows; after 7 * 60 packets each has had 7, whose
     * sequence numbers are 0 to 6 in order. */
    enum { PORTS = 3, DESTINATIONS = 4, HOSTS = 5, EACH = 7 };
    source_to_ear("ports=3|destinations=10.0.0.1, 10.1.0.1,10.2.0.1,10.3.0.1|flows=5|"
                  "rate=1Mpacket/s|duration=420us|warmup=0");
    go_on();
    enum { N = PORTS * DESTINATIONS * HOSTS };
    unsigned seen[N] = {0}, by_place[PORTS][DESTINATIONS][HOSTS] = {{{0}}};
    int flow_of[PORTS][DESTINATIONS][HOSTS];
    memset(flow_of, -1, sizeof flow_of);
    CHECK_U64(heard->len, N * EACH);
    for (unsigned k = 0; k < heard->len; k++) {
        const Heard *h = nth(k);
        uint32_t to = word(h->data + 46 + 16, 4), d = to >> 16 & 0xff, host = (to & 0xffff) - 1;
        CHECK_U64(h->port, k % PORTS);
        CHECK_U64(d, (k % PORTS + k / PORTS) % DESTINATIONS);
        CHECK(h->flow < N && d < DESTINATIONS && host < HOSTS);
        if (h->flow >= N || d >= DESTINATIONS || host >= HOSTS) break;
        CHECK_U64(h->sequence, seen[h->flow]++);
        by_place[h->port][d][host]++;
        int *flow = &flow_of[h->port][d][host]; /* one flow to a place, and one place to a flow */
        if (*flow < 0) *flow = (int)h->flow;
        CHECK_U64(h->flow, *flow);
    }
    for (unsigned i = 0; i < N; i++) {
        CHECK_U64(seen[i], EACH);
        CHECK_U64(by_place[i % PORTS][i / PORTS % DESTINATIONS][i / PORTS / DESTINATIONS], EACH);
    }
    close_world();
}

static void imix_is_seven_to_four_to_one(void) {
    /* Of 12 packets 7 have 40 bytes of IP, 4 have 576 and 1 has 1500: 361.8 bytes on average. */
    source_to_ear("payload=imix|rate=1Mpacket/s|duration=1200us|warmup=0");
    go_on();
    unsigned n[3] = {0};
    CHECK_U64(heard->len, 1200);
    for (unsigned k = 0; k < heard->len; k++) {
        uint32_t ip = word(nth(k)->data + 46 + 2, 2);
        CHECK(ip == 40 || ip == 576 || ip == 1500);
        CHECK_U64(nth(k)->length, 46 + ip);
        n[ip == 40 ? 0 : ip == 576 ? 1 : 2]++;
        if (k % 12 == 11) {
            CHECK_U64(n[0], 7 * (k + 1) / 12);
            CHECK_U64(n[1], 4 * (k + 1) / 12);
            CHECK_U64(n[2], (k + 1) / 12);
        }
    }
    CHECK_NEAR(scalar("traffic.payload_bytes"), (7 * 12 + 4 * 548 + 1472) / 12.0, 1e-9);
    close_world();
}

static void poisson_gaps_are_exponential(void) {
    /* Mean m = 784 ns at 1 Gbit/s. Over N gaps the mean deviates by m / sqrt N, the variance m^2 by
     * m^2 sqrt(8 / N) (the fourth moment is 9 m^4), the share q of gaps above 2 m, e^-2, by
     * sqrt(q (1 - q) / N) and the correlation of neighbours by 1 / sqrt N. Tolerance: 4 of them. */
    source_to_ear("ports=1|pattern=poisson|rate=1Gbit/s|duration=100ms|warmup=0");
    go_on();
    const double m = 784000;
    unsigned n = heard->len - 1, above = 0;
    double sum = 0, squares = 0, products = 0, before = 0;
    for (unsigned k = 0; k < n; k++) {
        double gap = (double)(nth(k + 1)->time - nth(k)->time);
        sum += gap;
        squares += (gap - m) * (gap - m);
        products += k ? (gap - m) * before : 0;
        before = gap - m;
        above += gap > 2 * m;
    }
    const double root = sqrt(n), q = exp(-2);
    CHECK_NEAR(n, 100e9 / m, 4 * sqrt(100e9 / m)); /* Poisson: the variance is the mean */
    CHECK_NEAR(sum / n, m, 4 * m / root);
    CHECK_NEAR(squares / n, m * m, 4 * m * m * sqrt(8.0 / n));
    CHECK_NEAR((double)above / n, q, 4 * sqrt(q * (1 - q)) / root);
    CHECK_NEAR(products / n / (m * m), 0, 4 / root);
    close_world();
}

static void a_poisson_stream_is_its_own(void) {
    /* Equal names and seeds give equal gaps, another name gives others. */
    SimTime first[3][50];
    for (unsigned i = 0; i < 3; i++) {
        open_world(NULL);
        if (i) add(&source_class, "other", "pattern=poisson|duration=0");
        Component *s = add(&source_class, i < 2 ? "traffic" : "trafficc", "pattern=poisson"),
                  *ear = add(&ear_class, "ear", "");
        CHECK(network_create(net, NULL));
        wire(s, ear, 5, (LinkSpeed){0, 0});
        begin();
        go_on();
        for (unsigned k = 0; k < 50; k++) first[i][k] = nth(k)->time;
        close_world();
    }
    CHECK(memcmp(first[0], first[1], sizeof first[0]) == 0);
    CHECK(memcmp(first[0], first[2], sizeof first[0]) != 0);
}

static void heard_at(const char *settings, const SimTime *us, unsigned n) {
    source_to_ear(settings);
    go_on();
    CHECK_U64(heard->len, n);
    for (unsigned k = 0; k < MIN(n, heard->len); k++) CHECK_U64(nth(k)->time, us[k] * SIM_US);
    close_world();
}

static void on_and_off_phases(void) {
    /* A packet that falls due in an off phase leaves at the start of the next on phase; the rate is
     * never exceeded. */
    static const SimTime fine[] = {0, 3, 6, 9, 40, 43, 46, 49, 80, 83, 86, 89};
    heard_at("pattern=onoff|on=10us|off=30us|rate=1Mpacket/s|payload=0|duration=82us|warmup=0",
             (const SimTime[]){0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  40,
                               41, 42, 43, 44, 45, 46, 47, 48, 49, 80, 81},
             22);
    heard_at("pattern=onoff|on=10us|off=30us|rate=224Mbit/s payload|payload=84|duration=90us|"
             "warmup=0",
             fine, G_N_ELEMENTS(fine)); /* 3 us each */
    /* 8 us each, phases of 10 and 1: due at 16 in the phase 11..21, then 24 (22..32), 32 is off. */
    heard_at("pattern=onoff|on=10us|off=1us|rate=125kpacket/s|duration=50us|warmup=0",
             (const SimTime[]){0, 8, 16, 24, 33, 41, 49}, 7);
    /* 100 us each, phases of 10 and 30: 100 is off until 120, 220 is off until 240. */
    heard_at("pattern=onoff|on=10us|off=30us|rate=10kpacket/s|duration=300us|warmup=0",
             (const SimTime[]){0, 120, 240}, 3);
    /* No off phase: constant. */
    heard_at("pattern=onoff|on=10us|off=0|rate=250kpacket/s|duration=30us|warmup=0",
             (const SimTime[]){0, 4, 8, 12, 16, 20, 24, 28}, 8);
}

static void tell(Component *c, const char *verb, const char *args) {
    g_autoptr(GError) error = NULL;
    CHECK(c->class->command(c, verb, args, &error));
    if (error) printf("  %s\n", error->message);
}
static void run_to(SimTime us) {
    sim_run_until(network_sim(net), us * SIM_US + SIM_US / 2);
}

static void commands_stop_start_and_change_the_rate(void) {
    Component *s = source_to_ear("rate=1Mpacket/s|duration=30us|warmup=0");
    run_to(2);
    tell(s, "start", ""); /* while it runs: nothing */
    run_to(4);
    tell(s, "stop", "");
    tell(s, "stop", "");
    CHECK(network_idle(net));
    run_to(9);
    tell(s, "start", ""); /* at 9.5: again one per us */
    run_to(12);
    tell(s, "rate", "500kpacket/s"); /* the packet at 12.5 has left; 13.5 was fixed by it */
    run_to(19);
    tell(s, "rate", "98bit/s wire"); /* 8 s a packet: the one at 21.5 was fixed */
    run_to(25);
    static const double us[] = {0, 1, 2, 3, 4, 9.5, 10.5, 11.5, 12.5, 13.5, 15.5, 17.5, 19.5, 21.5};
    CHECK_U64(heard->len, G_N_ELEMENTS(us));
    for (unsigned k = 0; k < MIN(heard->len, G_N_ELEMENTS(us)); k++)
        CHECK_U64(nth(k)->time, (SimTime)(us[k] * SIM_US));
    CHECK(network_idle(net));
    tell(s, "start", ""); /* at 25.5, before its end at 30 */
    run_to(40);
    unsigned before = heard->len;
    CHECK_U64(before, G_N_ELEMENTS(us) + 1);
    tell(s, "start", ""); /* past its end */
    CHECK(network_idle(net));
    go_on();
    CHECK_U64(heard->len, before);
    g_autoptr(GError) error = NULL;
    CHECK(!s->class->command(s, "jump", "", &error));
    CHECK_TEXT(error->message,
               "found \"jump\", expected start, stop, rate, weights; the nearest is stop");
    g_clear_error(&error);
    CHECK(!s->class->command(s, "rate", "5", &error));
    CHECK_CONTAINS(error->message, "has no unit");
    close_world();
}

static void a_rate_of_payload_needs_payload(void) {
    open_world(NULL);
    add(&source_class, "traffic", "rate=1Gbit/s payload|payload=0");
    g_autoptr(GError) error = NULL;
    CHECK(!network_create(net, &error));
    CHECK_TEXT(error->message, "rate: found one that counts payload, but every payload is 0 bytes");
    g_clear_error(&error);
    network_free(net);
    g_array_unref(heard);
    /* By command too, where it would stop the clock. */
    Component *s = source_to_ear("rate=1Mpacket/s|duration=10us|warmup=0|payload=0");
    run_to(3);
    CHECK(!s->class->command(s, "rate", "1Gbit/s payload", &error));
    CHECK(error != NULL);
    if (error)
        CHECK_TEXT(error->message,
                   "rate: found one that counts payload, but every payload is 0 bytes");
    if (!error) tell(s, "stop", "");
    go_on();
    CHECK_U64(heard->len, 10);
    close_world();
}

static void the_slowest_rates_do_not_wrap(void) {
    /* 98 bytes at 2 bit/s take 392 s, 8,998 at 1 bit/s 71,984 s: one packet each in 200 s. */
    static const char *const slow[] = {
        "rate=2bit/s|payload=0",  "rate=1bit/s|payload=8900",
        "rate=1bit/s|payload=44", "rate=0.001packet/s",
        "rate=0.000001packet/s",  "rate=1bit/s|payload=8900|pattern=onoff|on=1ns|off=1ns"};
    for (unsigned i = 0; i < G_N_ELEMENTS(slow); i++) {
        g_autofree char *settings = g_strconcat(slow[i], "|duration=200s", NULL);
        source_to_ear(settings);
        go_on();
        CHECK_U64(heard->len, 1);
        close_world();
    }
}

static void bad_settings_are_refused(void) {
    static const char *const bad[][2] = {
        {"payload=x", "payload: found \"x\", expected up to 64 sizes of 0 to 8900 bytes"},
        {"payload=8901", "payload: found"},
        {"payload=1,,2", "payload: found"},
        {"payload=-1", "payload: found"},
        {"destinations=10.0.0", "found \"10.0.0\", expected an IPv4 address"},
        {"sources=a", "found \"a\", expected an IPv4 address"},
        {"node_mac=02:00", "expected a MAC address"},
        {"peer_address=1.2.3.4.5", "expected an IPv4 address"}};
    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        open_world(NULL);
        Component *c = network_add(net, &source_class, "traffic");
        g_auto(GStrv) pair = g_strsplit(bad[i][0], "=", 2);
        g_autoptr(GError) error = NULL;
        CHECK(!param_set(param_find(c->class->params, pair[0]), c, pair[1], NULL, &error) ||
              !network_create(net, &error));
        CHECK_CONTAINS(error ? error->message : NULL, bad[i][1]);
        network_free(net);
        g_array_unref(heard);
    }
}

/* Sink ------------------------------------------------------------------------------------- */

/* Between source and sink: holds each packet for a time of its own, up to 30 us, so that they
 * overtake each other, and drops one in ten. */
enum { MAZE_MAX = 3000 };
typedef struct {
    SimEvent event;
    Packet *pkt;
    Component *maze;
} Straying;
typedef struct {
    Component base;
    Random dice;
    unsigned n;
    Straying straying[MAZE_MAX];
} Maze;
static const DropReason maze_drops[] = {{"lost", "lost its way"}, {0}};

static void leave_maze(Sim *sim, SimEvent *event) {
    Straying *s = (Straying *)(void *)event;
    Heard h = {.time = sim_now(sim),
               .created = s->pkt->created,
               .flow = s->pkt->flow,
               .length = s->pkt->length,
               .sequence = s->pkt->sequence,
               .counted = s->pkt->counted};
    g_array_append_val(heard, h);
    port_send(s->maze, 0, s->pkt);
}
static void maze_receive(Component *c, unsigned port, Packet *pkt) {
    Maze *m = (Maze *)c;
    (void)port;
    packet_charge(pkt, CAUSE_SWITCH, sim_now(c->sim));
    if (random_below(&m->dice, 10) == 0) {
        component_drop(c, 0, pkt);
        return;
    }
    g_assert(m->n < MAZE_MAX);
    Straying *s = &m->straying[m->n++];
    *s = (Straying){.pkt = pkt, .maze = c};
    sim_event_init(&s->event, leave_maze, &c->owner);
    sim_schedule(c->sim, &s->event, random_below(&m->dice, 30 * SIM_US));
}
static bool maze_start(Component *c, GError **error) {
    (void)error;
    component_random(c, "ways", &((Maze *)c)->dice);
    return true;
}
static const ComponentClass maze_class = {.name = "maze",
                                          .size = sizeof(Maze),
                                          .drops = maze_drops,
                                          .start = maze_start,
                                          .receive = maze_receive};

static int by_value(const void *a, const void *b) {
    SimTime x = *(const SimTime *)a, y = *(const SimTime *)b;
    return x < y ? -1 : x > y;
}

static void a_sink_measures_what_brute_force_counts(void) {
    /* 1000 packets per ms and flow of four, created 0..2 ms, counted from 0.5 ms on. */
    open_world(NULL);
    Component *s = add(&source_class, "traffic",
                       "ports=1|rate=1Mpacket/s|duration=2ms|warmup=500us|flows=4|"
                       "destinations=10.0.0.1|payload=0,400"),
              *maze = add(&maze_class, "maze", ""),
              *sink = add(&sink_class, "sink", "ports=1|sample=100us");
    CHECK(network_create(net, NULL));
    wire(s, maze, 1, (LinkSpeed){0, 2 * SIM_US});
    wire(maze, sink, 1, (LinkSpeed){0, 0});
    begin();
    go_on();

    g_autofree SimTime *latency = g_new0(SimTime, heard->len);
    unsigned counted = 0, reordered = 0, in_window = 0;
    double sum = 0, squares = 0, wire_bytes = 0, frame_bytes = 0;
    for (unsigned i = 0; i < heard->len; i++) {
        const Heard *h = nth(i);
        if (h->time >= 500 * SIM_US && h->time < 2000 * SIM_US) {
            in_window++;
            wire_bytes += h->length + 24;
            frame_bytes += h->length + 4;
        }
        if (!h->counted) continue;
        latency[counted++] = h->time - h->created;
        sum += (double)(h->time - h->created);
        bool overtaken = false;
        for (unsigned j = 0; j < i && !overtaken; j++)
            overtaken =
                nth(j)->counted && nth(j)->flow == h->flow && nth(j)->sequence > h->sequence;
        reordered += overtaken;
    }
    const double mean = sum / counted;
    for (unsigned i = 0; i < counted; i++)
        squares += ((double)latency[i] - mean) * ((double)latency[i] - mean);
    qsort(latency, counted, sizeof *latency, by_value);
    CHECK(reordered > 100 && counted > 1300 && counted < 1400);

    CHECK_NEAR(scalar("sink.lost"), 1500 - counted, 0);
    CHECK_NEAR(scalar("sink.delivered_ratio"), counted / 1500.0, 1e-12);
    CHECK_NEAR(scalar("sink.reordered"), reordered, 0);
    CHECK_NEAR(scalar("sink.delivered_pps"), in_window / 1.5e-3, 1e-3);
    CHECK_NEAR(scalar("sink.delivered_bps"), wire_bytes * 8 / 1.5e-3, 1);
    CHECK_NEAR(scalar("sink.delivered_frame_bps"), frame_bytes * 8 / 1.5e-3, 1);
    CHECK_NEAR(scalar("sink.port0.packets"), heard->len, 0);
    CHECK_NEAR(scalar("sink.latency_mean_us"), mean / 1e6, 1e-9);
    CHECK_NEAR(scalar("sink.latency_sd_us"), sqrt(squares / (counted - 1)) / 1e6, 1e-6);
    CHECK_NEAR(scalar("sink.latency_max_us"), (double)latency[counted - 1] / 1e6, 1e-9);
    static const struct {
        const char *name;
        double fraction;
    } quantiles[] = {{"sink.latency_p50_us", 0.5},
                     {"sink.latency_p90_us", 0.9},
                     {"sink.latency_p99_us", 0.99},
                     {"sink.latency_p999_us", 0.999}};
    for (unsigned i = 0; i < G_N_ELEMENTS(quantiles); i++) {
        double exact = (double)latency[(unsigned)ceil(quantiles[i].fraction * counted) - 1] / 1e6;
        CHECK_NEAR(scalar(quantiles[i].name), exact, 0.008 * exact);
    }
    /* Every packet spends 2 us on the first link, the rest in the maze. */
    CHECK_NEAR(scalar("sink.cause.wire_us"), 2, 1e-9);
    CHECK_NEAR(scalar("sink.cause.switch_us"), mean / 1e6 - 2, 1e-9);

    /* The series: bytes of each interval, and nothing in between is lost. */
    Report *report = report_new();
    network_report(net, report);
    CHECK_U64(report_n_series(report), 1);
    const ReportSeries *series = report_series_at(report, 0);
    const double *v = (const double *)(const void *)series->values->data;
    CHECK(series->values->len / 2 >= 20);
    for (unsigned row = 0; row < series->values->len / 2; row++) {
        SimTime until = (row + 1) * 100 * SIM_US;
        double bytes = 0;
        for (unsigned i = 0; i < heard->len; i++)
            if (nth(i)->time > until - 100 * SIM_US && nth(i)->time <= until)
                bytes += nth(i)->length + 24;
        CHECK_NEAR(v[2 * row], (double)until / 1e12, 1e-15);
        CHECK_NEAR(v[2 * row + 1], bytes * 8 / 100e-6, 1e-3);
    }
    report_free(report);
    close_world();
}

static void latency_is_that_of_the_link(void) {
    /* 498 bytes at 1 Gbit/s: 3,984 ns, and 5 us of delay. Sent every 10 us nothing waits; sent at
     * 2 us the k-th waits k * 1.984 us for the wire. */
    for (unsigned fast = 0; fast < 2; fast++) {
        open_world(NULL);
        Component *s = add(&source_class, "traffic",
                           fast ? "ports=1|payload=400|rate=500kp/s|duration=200us|warmup=0"
                                : "ports=1|payload=400|rate=100kp/s|duration=200us|warmup=0"),
                  *sink = add(&sink_class, "sink", "ports=1");
        CHECK(network_create(net, NULL));
        wire(s, sink, 1, (LinkSpeed){8000u << 16, 5 * SIM_US});
        begin();
        go_on();
        double n = fast ? 100 : 20, wait = fast ? 1.984 : 0;
        CHECK_NEAR(scalar("traffic.packets"), n, 0);
        CHECK_NEAR(scalar("sink.latency_mean_us"), 8.984 + wait * (n - 1) / 2, 1e-9);
        CHECK_NEAR(scalar("sink.latency_max_us"), 8.984 + wait * (n - 1), 1e-9);
        CHECK_NEAR(scalar("sink.latency_sd_us"), wait * sqrt(n * (n + 1) / 12), 1e-6);
        CHECK_NEAR(scalar("sink.lost"), 0, 0);
        CHECK_NEAR(scalar("sink.reordered"), 0, 0);
        close_world();
    }
}

static void a_sink_measures_its_own_source(void) {
    /* Another source on the next port has more flows, and its own numbers for them. */
    open_world(NULL);
    Component *mine = add(&source_class, "mine",
                          "ports=1|rate=1Mp/s|duration=50us|warmup=0|flows=1|"
                          "destinations=10.0.0.1"),
              *other = add(&source_class, "other",
                           "ports=1|rate=2Mp/s|duration=50us|warmup=0|"
                           "flows=60000"),
              *sink = add(&sink_class, "sink", "ports=2|source=mine");
    CHECK(network_create(net, NULL));
    CHECK(network_link(mine, 0, sink, 0, (LinkSpeed){0, SIM_US}, NULL));
    CHECK(network_link(other, 0, sink, 1, (LinkSpeed){0, 9 * SIM_US}, NULL));
    begin();
    go_on();
    CHECK_NEAR(scalar("sink.delivered_ratio"), 1, 0);
    CHECK_NEAR(scalar("sink.lost"), 0, 0);
    CHECK_NEAR(scalar("sink.reordered"), 0, 0);
    CHECK_NEAR(scalar("sink.latency_max_us"), 1, 1e-9);
    CHECK_NEAR(scalar("sink.port0.packets"), 50, 0);
    CHECK_NEAR(scalar("sink.port1.packets"), 100, 0);
    close_world();
}

static void a_sink_names_a_source_that_is_not_there(void) {
    open_world(NULL);
    add(&source_class, "traffic", "duration=0");
    add(&ear_class, "ear", "");
    Component *sink = add(&sink_class, "sink", "source=ear");
    CHECK(network_create(net, NULL));
    const Component *failed = NULL;
    g_autoptr(GError) error = NULL;
    CHECK(!network_start(net, &failed, &error));
    CHECK(failed == sink);
    CHECK_TEXT(error->message, "source: found \"ear\", expected the name of a source or replay");
    close_world();
}

static void a_mux_tells_hosts_on_one_link_apart(void) {
    /* Of 10 packets to 31001 and 20 to 30000 on one lane, the former leave through the port behind
     * the lanes. */
    open_world(NULL);
    Component *ping = add(&source_class, "ping", "ports=1|rate=1kp/s|duration=10ms|udp_port=31001"),
              *load = add(&source_class, "load", "ports=1|rate=2kp/s|duration=10ms|udp_port=30000"),
              *both = add(&mux_class, "both", "lanes=1|udp_ports=31001"),
              *ear = add(&ear_class, "ear", "");
    CHECK(network_create(net, NULL));
    CHECK(network_link(ping, 0, both, 0, (LinkSpeed){0, 0}, NULL));
    CHECK(network_link(load, 0, both, 1, (LinkSpeed){0, 0}, NULL));
    wire(both, ear, 2, (LinkSpeed){0, 0});
    begin();
    go_on();
    unsigned heard_at[2] = {0};
    for (unsigned k = 0; k < heard->len; k++) {
        const Heard *h = nth(k);
        heard_at[h->port]++;
        CHECK_U64(word(h->data + 40, 2), h->port ? 31001 : 30000);
    }
    CHECK_U64(heard_at[0], 20);
    CHECK_U64(heard_at[1], 10);
    close_world();
}

/* Tap and capture -------------------------------------------------------------------------- */

static char *folder;

static char *in_folder(const char *name) {
    if (!folder) folder = g_dir_make_tmp("sppemu-traffic-XXXXXX", NULL);
    return g_build_filename(folder, name, NULL);
}
static void remove_folder(void) {
    if (!folder) return;
    GDir *dir = g_dir_open(folder, 0, NULL);
    for (const char *name; (name = g_dir_read_name(dir));) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_unlink(path);
    }
    g_dir_close(dir);
    g_rmdir(folder);
    g_clear_pointer(&folder, g_free);
}

static uint32_t host32(const char *p) {
    uint32_t value;
    memcpy(&value, p, 4);
    return value;
}

static void a_tap_writes_every_byte_at_its_nanosecond(void) {
    /* From 999,990 us on, so that the time stamps pass a second; gaps of 714.285714 ns. */
    g_autofree char *path = in_folder("tap.pcap");
    open_world(folder);
    Component *
        s = add(&source_class, "traffic",
                "ports=1|rate=1.4Mpacket/s|start=999990us|duration=99us|warmup=0|payload=0,3,1400"),
       *tap = add(&tap_class, "tap", ""), *ear = add(&ear_class, "ear", "");
    CHECK(network_create(net, NULL));
    wire(s, tap, 1, (LinkSpeed){800u << 16, 123});
    wire(tap, ear, 1, (LinkSpeed){0, 0});
    begin();
    go_on();
    CHECK_U64(heard->len, 139);
    CHECK_NEAR(scalar("tap.packets"), 139, 0);
    CHECK(network_stop(net, NULL)); /* closes the file */

    /* Taken apart by hand: magic of nanoseconds, Ethernet, then 16 bytes and the frame. */
    g_autofree char *bytes = NULL;
    size_t length = 0, at = 24;
    CHECK(g_file_get_contents(path, &bytes, &length, NULL));
    CHECK_U64(host32(bytes), 0xa1b23c4d);
    CHECK_U64(host32(bytes + 20), 1);
    for (unsigned k = 0; k < heard->len && at + 16 <= length; k++) {
        const Heard *h = nth(k);
        CHECK_U64(host32(bytes + at) * SIM_S + host32(bytes + at + 4) * SIM_NS,
                  h->time / SIM_NS * SIM_NS);
        CHECK_U64(host32(bytes + at + 8), h->length);
        CHECK_U64(host32(bytes + at + 12), h->length);
        CHECK(at + 16 + h->length <= length && !memcmp(bytes + at + 16, h->data, h->length));
        at += 16 + h->length;
    }
    CHECK_U64(at, length);

    /* And read back. */
    g_autoptr(GError) error = NULL;
    CaptureFile *file = capture_read(path, 0, &error);
    CHECK(file != NULL);
    CHECK_U64(file->n, heard->len);
    CHECK_U64(file->link_type, DLT_EN10MB);
    CHECK_U64(file->disorder, 0);
    for (unsigned k = 0; k < file->n; k++) {
        const CaptureRecord *r = &file->records[k];
        CHECK_U64(r->time_ns, nth(k)->time / SIM_NS - nth(0)->time / SIM_NS);
        CHECK_U64(r->captured, nth(k)->length);
        CHECK_U64(r->original, nth(k)->length);
        CHECK(!memcmp(r->data, nth(k)->data, nth(k)->length));
        uint32_t offset = 0;
        CHECK(link_ipv4(file->link_type, r->data, r->captured, &offset) && offset == 18);
    }
    capture_file_free(file);
    close_world();
}

static void without_a_folder_nothing_is_written(void) {
    open_world(NULL);
    Component *s = add(&source_class, "traffic", "ports=1|duration=10us|warmup=0"),
              *tap = add(&tap_class, "tap", "capture=never.pcap"),
              *ear = add(&ear_class, "ear", "");
    CHECK(network_create(net, NULL));
    wire(s, tap, 1, (LinkSpeed){0, 0});
    wire(tap, ear, 1, (LinkSpeed){0, 0});
    begin();
    go_on();
    CHECK(heard->len > 10);
    CHECK(!g_file_test("never.pcap", G_FILE_TEST_EXISTS));
    close_world();
}

/* Two taps in a row with these settings; the message with which they are refused, or NULL. */
static char *taps_refused(const char *output, const char *one, const char *two) {
    const Component *failed = NULL;
    g_autoptr(GError) error = NULL;
    open_world(output);
    add(&tap_class, "before", one);
    add(&tap_class, "after", two);
    CHECK(network_create(net, NULL));
    bool good = network_start(net, &failed, &error);
    CHECK(good || error->domain == SPPEMU_INPUT_ERROR);
    char *message = good ? NULL : g_strdup_printf("%s: %s", failed->name, error->message);
    network_free(net);
    g_array_unref(heard);
    return message;
}

static void a_capture_has_a_plain_name_of_its_own(void) {
    static const char *const bad[] = {"../../evil.pcap", "a/b.pcap",      "/tmp/x.pcap",
                                      ".hidden.pcap",    ".pcap",         "runs.tsv",
                                      "stats.txt",       "manifest.json", "tap"};
    const char *outputs[] = {NULL, folder ? folder : "/nonexistent"}; /* `check` writes nothing */
    for (unsigned k = 0; k < 2; k++) {
        for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
            g_autofree char *settings = g_strconcat("capture=", bad[i], NULL);
            g_autofree char *message = taps_refused(outputs[k], settings, "");
            CHECK_CONTAINS(message, "before: capture: found ");
            CHECK_CONTAINS(message, "that ends in .pcap");
        }
        g_autofree char *message = taps_refused(outputs[k], "", "");
        CHECK_TEXT(message,
                   "before: capture: found the file name \"tap.pcap\" for before, which after "
                   "writes already, expected one of its own");
        g_free(taps_refused(outputs[k], "capture=a.pcap", "capture=b.pcap"));
    }
    g_autofree char *message = taps_refused(NULL, "capture=a.pcap", "capture=b.pcap");
    CHECK(message == NULL);
}

static void a_capture_on_a_full_disk_is_a_failure_of_files(void) {
    if (access("/dev/full", W_OK) != 0) return;
    for (unsigned packets = 1; packets < 1000; packets *= 100) { /* at the end, and on the way */
        g_autofree char *path = in_folder("full.pcap"),
                        *settings = g_strdup_printf(
                            "ports=1|rate=1Mpacket/s|warmup=0|duration=%uus", packets);
        g_autoptr(GError) error = NULL;
        g_unlink(path);
        CHECK(symlink("/dev/full", path) == 0);
        open_world(folder);
        Component *s = add(&source_class, "traffic", settings),
                  *tap = add(&tap_class, "tap", "capture=full.pcap"),
                  *ear = add(&ear_class, "ear", "");
        CHECK(network_create(net, NULL));
        wire(s, tap, 1, (LinkSpeed){0, 0});
        wire(tap, ear, 1, (LinkSpeed){0, 0});
        begin();
        go_on();
        CHECK(!network_stop(net, &error));
        CHECK(error && error->domain == G_FILE_ERROR);
        CHECK_CONTAINS(error ? error->message : NULL, "full.pcap: the capture cannot be written: ");
        network_free(net);
        g_array_unref(heard);
    }
}

/* A capture put together by hand. */
typedef struct {
    GByteArray *bytes;
    bool swapped;
} Pcap;
static void put(Pcap *p, uint32_t value, unsigned size) {
    for (unsigned i = 0; i < size; i++) {
        uint8_t b = (uint8_t)(value >> 8 * (p->swapped ? size - 1 - i : i));
        g_byte_array_append(p->bytes, &b, 1);
    }
}
static Pcap pcap_begin(uint32_t magic, uint32_t link_type, bool swapped) {
    Pcap p = {g_byte_array_new(), swapped};
    put(&p, magic, 4);
    put(&p, 2, 2);
    put(&p, 4, 2);
    put(&p, 0, 4);
    put(&p, 0, 4);
    put(&p, 65535, 4);
    put(&p, link_type, 4);
    return p;
}
static void pcap_add(Pcap *p, uint32_t s, uint32_t fraction, const uint8_t *data, uint32_t captured,
                     uint32_t original) {
    put(p, s, 4);
    put(p, fraction, 4);
    put(p, captured, 4);
    put(p, original, 4);
    g_byte_array_append(p->bytes, data, captured);
}
static char *pcap_end(Pcap *p, const char *name) {
    char *path = in_folder(name);
    CHECK(g_file_set_contents(path, (const char *)p->bytes->data, p->bytes->len, NULL));
    g_byte_array_unref(p->bytes);
    return path;
}

#define MICRO 0xa1b2c3d4u
#define NANO 0xa1b23c4du
#define IPV4                                                                                       \
    0x45, 0, 0, 28, 0, 1, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0, 7, 0, 7, 0, 8, 0, 0
#define IPV6_START 0x60, 0, 0, 0, 0, 0, 59, 64
static const uint8_t ipv4_bytes[] = {IPV4};
#define VLAN(type) type, 0, 0, 5

/* Five frames of the tunnel's form to UDP port 31001 and, in between, five that have the same bytes
 * there: TCP, a piece of a datagram, IPv4 with options, another type behind the tag, none of a tag.
 * How many leave through port 1 or have another UDP port then, if none of the others is among them.
 */
static unsigned chosen_by(const ComponentClass *class, const char *settings) {
    static const struct {
        unsigned at;
        uint8_t byte;
    } other[] = {{18 + 9, 6}, {18 + 6, 0x20}, {18, 0x46}, {16, 0x86}, {12, 0x08}};
    Pcap p = pcap_begin(MICRO, 1, false);
    for (unsigned k = 0; k < 2 * G_N_ELEMENTS(other); k++) {
        uint8_t frame[74] = {2};
        tunnel_build(frame, &(Tunnel){.to_port = 31001, .vlan = 5}, 28);
        if (k & 1) frame[other[k / 2].at] = other[k / 2].byte;
        pcap_add(&p, 1, k, frame, sizeof frame, sizeof frame);
    }
    g_autofree char *path = pcap_end(&p, "tunnels.pcap"),
                    *file = g_strdup_printf("encapsulate=no|file=%s", path);
    open_world(NULL);
    Component *r = add(&replay_class, "traffic", file), *c = add(class, "c", settings),
              *ear = add(&ear_class, "ear", "");
    CHECK(network_create(net, NULL));
    CHECK(network_link(r, 0, c, 0, (LinkSpeed){0, 0}, NULL));
    wire(c, ear, 2, (LinkSpeed){0, 0});
    begin();
    go_on();
    CHECK_U64(heard->len, 10);
    unsigned chosen = 0;
    for (unsigned k = 0; k < heard->len; k++)
        if (nth(k)->port == 1 || word(nth(k)->data + 40, 2) != 31001) {
            chosen++;
            CHECK_U64(k & 1, 0);
        }
    close_world();
    return chosen;
}

static void only_a_tunnels_port_is_one(void) {
    CHECK_U64(chosen_by(&mux_class, "inputs=1|lanes=1|udp_ports=31001"), 5);
    /* Slices 0 and 1 in turn, and slice 0 keeps the port. */
    CHECK_U64(chosen_by(&demux_class, "inputs=2|outputs=1|slices=2|udp_ports=31001"), 2);
}

/* Frames of each link type, and where their IPv4 packet starts; 0 where there is none. LINKTYPE_
 * numbers of files: 0 null, 1 Ethernet, 101 raw IP, 108 loop, 113 Linux SLL, 228 raw IPv4. */
static const struct {
    uint32_t link_type;
    int offset; /* -1: no IPv4 packet */
    uint32_t length;
    uint8_t data[80];
} frames[] = {
    {101, 0, 28, {IPV4}},
    {101, -1, 8, {IPV6_START}},
    {228, 0, 28, {IPV4}},
    {228, -1, 8, {IPV6_START}},
    {0, 4, 32, {2, 0, 0, 0, IPV4}},
    {0, 4, 32, {0, 0, 0, 2, IPV4}},
    {0, -1, 12, {30, 0, 0, 0, IPV6_START}},
    {0, -1, 3, {2, 0, 0}},
    {108, 4, 32, {0, 0, 0, 2, IPV4}},
    {108, -1, 12, {0, 0, 0, 24, IPV6_START}},
    {113, 16, 44, {0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 8, 0, IPV4}},
    {113, -1, 24, {0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 0x86, 0xdd, IPV6_START}},
    {113, -1, 15, {0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 8}},
    {1, 14, 42, {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, IPV4}},
    {1, 18, 46, {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, VLAN(0x81), 8, 0, IPV4}},
    {1, 30, 58, {2, 0,    0,    0, 0, 1,          2,          0,          0, 0, 0,
                 2, 0x88, 0xa8, 0, 5, VLAN(0x81), VLAN(0x91), VLAN(0x81), 8, 0, IPV4}},
    {1, -1, 62, {2, 0, 0,          0,          0,          1,          2,          0, 0, 0,
                 0, 2, VLAN(0x81), VLAN(0x81), VLAN(0x81), VLAN(0x81), VLAN(0x81), 8, 0, IPV4}},
    {1, -1, 16, {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, VLAN(0x81)}},
    {1, -1, 42, {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 6}},
    {1, -1, 13, {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8}},
};

static void captures_of_other_link_types_are_read(void) {
    for (unsigned i = 0; i < G_N_ELEMENTS(frames); i++)
        for (unsigned kind = 0; kind < 4; kind++) { /* micro- and nanoseconds, either byte order */
            bool nano = kind & 1;
            Pcap p = pcap_begin(nano ? NANO : MICRO, frames[i].link_type, kind & 2);
            uint32_t n = frames[i].length;
            pcap_add(&p, 1700000000, 999999, frames[i].data, n, n);
            pcap_add(&p, 1700000001, 1, frames[i].data, n, n + 100); /* cut by the snap length */
            pcap_add(&p, 1700000000, 0, frames[i].data, n, n);       /* back in time */
            g_autofree char *path = pcap_end(&p, "link.pcap");
            g_autoptr(GError) error = NULL;
            CaptureFile *file = capture_read(path, 0, &error);
            if (error) printf("  %s\n", error->message);
            CHECK(file != NULL);
            if (!file) continue;
            uint64_t second = nano ? 1000000000 - 999998 : 2000;
            CHECK_U64(file->n, 3);
            CHECK_U64(file->disorder, 1);
            CHECK_U64(file->records[0].time_ns, 0);
            CHECK_U64(file->records[1].time_ns, second);
            CHECK_U64(file->records[2].time_ns, second);
            for (unsigned k = 0; k < file->n; k++) {
                const CaptureRecord *r = &file->records[k];
                uint32_t offset = 999;
                bool found = link_ipv4(file->link_type, r->data, r->captured, &offset);
                CHECK(found == (frames[i].offset >= 0));
                if (found) CHECK_U64(offset, frames[i].offset);
                CHECK_U64(r->captured, n);
                CHECK_U64(r->original, k == 1 ? n + 100 : n);
                CHECK(!memcmp(r->data, frames[i].data, n));
            }
            capture_file_free(file);
            file = capture_read(path, 2, NULL);
            CHECK_U64(file->n, 2);
            capture_file_free(file);
        }
}

static void damaged_captures_are_refused(void) {
    Pcap p = pcap_begin(NANO, 101, false);
    pcap_add(&p, 1, 0, ipv4_bytes, sizeof ipv4_bytes, sizeof ipv4_bytes);
    pcap_add(&p, 2, 0, ipv4_bytes, sizeof ipv4_bytes, sizeof ipv4_bytes);
    g_byte_array_set_size(p.bytes, p.bytes->len - 1);
    g_autofree char *cut = pcap_end(&p, "cut.pcap");
    g_autoptr(GError) error = NULL;
    CHECK(!capture_read(cut, 0, &error));
    CHECK(error->domain == SPPEMU_INPUT_ERROR);
    CHECK_CONTAINS(error->message, "cut.pcap: packet 2: ");
    g_clear_error(&error);
    CaptureFile *whole = capture_read(cut, 1, &error); /* as far as it is whole */
    CHECK(whole && whole->n == 1);
    capture_file_free(whole);
    CHECK(!capture_read(folder, 0, &error));
    CHECK_CONTAINS(error->message, "found a folder");
    g_clear_error(&error);
    g_autofree char *none = in_folder("none.pcap");
    CHECK(!capture_read(none, 0, &error));
    CHECK_CONTAINS(error->message, "found no capture");
}

static void a_replay_tunnels_the_ip_packets_of_any_link_type(void) {
    for (unsigned i = 0; i < G_N_ELEMENTS(frames); i++) {
        Pcap p = pcap_begin(NANO, frames[i].link_type, false);
        uint32_t n = frames[i].length;
        for (unsigned k = 0; k < 5; k++) pcap_add(&p, 50, 1001 * k, frames[i].data, n, n);
        g_autofree char *path = pcap_end(&p, "replay.pcap"),
                        *settings = g_strdup_printf("file=%s|ports=2|start=7us", path);
        open_world(NULL);
        Component *r = add(&replay_class, "traffic", settings), *ear = add(&ear_class, "ear", "");
        CHECK(network_create(net, NULL));
        wire(r, ear, 2, (LinkSpeed){0, 0});
        begin();
        go_on();
        bool ip = frames[i].offset >= 0;
        CHECK_U64(heard->len, ip ? 5 : 0);
        CHECK_NEAR(scalar("traffic.drop.other_l2"), ip ? 0 : 5, 0);
        for (unsigned k = 0; k < heard->len; k++) {
            const Heard *h = nth(k);
            CHECK_U64(h->time, 7 * SIM_US + 1001 * k * SIM_NS);
            CHECK_U64(h->port, k % 2);
            CHECK_U64(h->length, 46 + sizeof ipv4_bytes);
            CHECK(!memcmp(h->data + 46, ipv4_bytes, sizeof ipv4_bytes));
        }
        close_world();
    }
}

static void a_replay_keeps_a_rate_or_refuses_it(void) {
    /* Records of 28 bytes and 128 that are cut to 28, times ignored; tunnelled they have 98 and 198
     * bytes on the wire. */
    Pcap p = pcap_begin(MICRO, 101, false);
    for (unsigned k = 0; k < 6; k++) pcap_add(&p, k, 0, ipv4_bytes, 28, k % 2 ? 128 : 28);
    g_autofree char *path = pcap_end(&p, "rate.pcap");
    static const struct {
        const char *rate;
        SimTime even, odd; /* from a packet to the next */
        const char *refusal;
    } cases[] = {{"1Gbit/s", 98 * 8000, 198 * 8000, NULL},
                 {"1kbit/s", 98 * 8 * SIM_MS, 198 * 8 * SIM_MS, NULL},
                 {"1Mpacket/s", SIM_US, SIM_US, NULL},
                 {"1packet/s", SIM_S, SIM_S, NULL},
                 {"0.5packet/s", 0, 0, "found a rate of less than 1packet/s"},
                 {"1Gbit/s frame", 0, 0, "found a rate of frames, expected bit/s on the wire"},
                 {"1Gbit/s payload", 0, 0, "found a rate of payload, expected bit/s on the wire"}};
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *settings =
            g_strdup_printf("file=%s|timing=rate|loop=2|rate=%s", path, cases[i].rate);
        g_autoptr(GError) error = NULL;
        open_world(NULL);
        Component *r = add(&replay_class, "traffic", settings), *ear = add(&ear_class, "ear", "");
        CHECK(network_create(net, &error) == !cases[i].refusal);
        if (cases[i].refusal) {
            CHECK_CONTAINS(error ? error->message : NULL, cases[i].refusal);
            network_free(net);
            g_array_unref(heard);
            continue;
        }
        wire(r, ear, 1, (LinkSpeed){0, 0});
        begin();
        go_on();
        CHECK_U64(heard->len, 12);
        SimTime at = 0;
        for (unsigned k = 0; k < heard->len; k++) {
            CHECK_U64(nth(k)->time, at);
            CHECK_U64(nth(k)->length, 46 + (k % 2 ? 128 : 28));
            at += k % 2 ? cases[i].odd : cases[i].even;
        }
        CHECK_NEAR(scalar("traffic.completed_from_snap"), 6, 0);
        close_world();
    }
}

/* Records at these seconds and fractions, to an ear, with more settings. NULL: refused, and *error
 * says why; else the world is open and has run. */
typedef struct {
    uint32_t s, fraction;
} Stamp;
static bool replayed(uint32_t magic, const Stamp *stamps, unsigned n, const char *more,
                     char **refusal) {
    Pcap p = pcap_begin(magic, 101, false);
    for (unsigned k = 0; k < n; k++)
        pcap_add(&p, stamps[k].s, stamps[k].fraction, ipv4_bytes, 28, 28);
    g_autofree char *path = pcap_end(&p, "times.pcap"),
                    *settings = g_strdup_printf("file=%s%s", path, more);
    g_autoptr(GError) error = NULL;
    *refusal = NULL;
    open_world(NULL);
    Component *r = add(&replay_class, "traffic", settings), *ear = add(&ear_class, "ear", "");
    if (!network_create(net, &error)) {
        *refusal = g_strdup(error->message);
        CHECK(error->domain == SPPEMU_INPUT_ERROR);
        network_free(net);
        g_array_unref(heard);
        return false;
    }
    wire(r, ear, 1, (LinkSpeed){0, 0});
    begin();
    while (!network_idle(net)) sim_run_until(network_sim(net), sim_next_time(network_sim(net)));
    return true;
}

static void a_replay_counts_from_its_first_record_whatever_the_date(void) {
    static const struct {
        uint32_t magic;
        Stamp stamps[3];
        const char *more;
        SimTime second, third;
        unsigned disorder;
    } cases[] = {
        {MICRO, {{0, 0}, {1, 0}, {2, 500000}}, "", SIM_S, 2500 * SIM_MS, 0},
        /* Over a multiple of 2^64 ps, and over that of 2^31 s and 2^32 - 1 s in 2038 and 2106. */
        {MICRO,
         {{1697100454, 9}, {1697100456, 9}, {1697100457, 8}},
         "",
         2 * SIM_S,
         2 * SIM_S + 999999 * SIM_US,
         0},
        {NANO,
         {{2147483647, 0}, {2147483648, 0}, {2147483649, 1}},
         "",
         SIM_S,
         2 * SIM_S + SIM_NS,
         0},
        {MICRO, {{4294967290, 0}, {4294967294, 0}, {4294967295, 0}}, "", 4 * SIM_S, 5 * SIM_S, 0},
        {MICRO, {{10, 0}, {5, 0}, {11, 0}}, "", 0, SIM_S, 1},
        {MICRO, {{10, 0}, {12, 0}, {11, 0}}, "|start=7us", 2 * SIM_S, 2 * SIM_S, 1},
        {MICRO,
         {{10, 0}, {20000000, 0}, {20000001, 0}},
         "|timing=scaled|scale=0.000001",
         UINT64_C(19999990) * SIM_US,
         UINT64_C(19999991) * SIM_US,
         0},
        {MICRO,
         {{0, 0}, {1700000000, 0}, {3, 0}},
         "|timing=rate|rate=1packet/s",
         SIM_S,
         2 * SIM_S,
         1},
        {MICRO,
         {{0, 0}, {8640000, 0}, {17280000, 0}},
         "",
         UINT64_C(8640000) * SIM_S,
         UINT64_C(17280000) * SIM_S,
         0},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *refusal = NULL;
        bool good = replayed(cases[i].magic, cases[i].stamps, 3, cases[i].more, &refusal);
        if (refusal) printf("  %s\n", refusal);
        CHECK(good);
        if (!good) continue;
        SimTime start = nth(0)->time;
        CHECK_U64(start, strstr(cases[i].more, "start") ? 7 * SIM_US : 0);
        CHECK_U64(heard->len, 3);
        CHECK_U64(nth(1)->time - start, cases[i].second);
        CHECK_U64(nth(2)->time - start, cases[i].third);
        CHECK_NEAR(scalar("traffic.out_of_order_times"), cases[i].disorder, 0);
        close_world();
    }
}

static void a_replay_that_the_clock_cannot_hold_is_refused(void) {
    static const struct {
        uint32_t magic;
        Stamp stamps[2];
        const char *more, *part;
    } cases[] = {
        {MICRO,
         {{0, 0}, {25920000, 0}},
         "",
         "found 25920000 s to be played, expected at most "
         "17280000 s (200 days)"},
        {MICRO, {{0, 0}, {4294967295, 999999}}, "", "found 4294967296 s to be played"},
        {MICRO, {{0, 0}, {17280000, 1}}, "", "found 17280001 s"},
        {MICRO, {{0, 0}, {17280000, 0}}, "|start=1s", "found 17280001 s"},
        {MICRO, {{0, 0}, {20, 0}}, "|loop=1000000", "found 20000000 s"},
        {MICRO, {{0, 0}, {20, 0}}, "|timing=scaled|scale=1000000", "found 20000000 s"},
        {MICRO,
         {{0, 0}, {20, 0}},
         "|timing=rate|rate=1packet/s|loop=1000000|start=15768000s",
         "found 17768000 s"},
        {MICRO,
         {{0, 0}, {20, 0}},
         "|timing=rate|rate=1kbit/s|loop=1000000|start=15768000s",
         "found 17336000 s"},
        {MICRO,
         {{5, 0}, {5, 4294967295}},
         "",
         "packet 2: found a time stamp of 5 s and 4294967295 "
         "us, expected a fraction below a second"},
        {MICRO, {{5, 1000000}, {5, 0}}, "", "packet 1: found a time stamp of 5 s and 1000000 us"},
        {NANO,
         {{5, 0}, {5, 1000000000}},
         "",
         "packet 2: found a time stamp of 5 s and 1000000000 "
         "ns"},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *refusal = NULL;
        bool good = replayed(cases[i].magic, cases[i].stamps, 2, cases[i].more, &refusal);
        CHECK(!good);
        CHECK_CONTAINS(refusal, cases[i].part);
        if (good) close_world();
    }
}

static void a_length_that_no_link_carries_is_too_long(void) {
    /* Original lengths near 2^32: 46 bytes of tunnel more, and a 32-bit sum would be small. */
    static const uint32_t lengths[] = {9000,       65535,      262144,     0x7fffffff, 0xffffffc0,
                                       0xffffffd2, 0xffffffe2, 0xfffffff0, 0xfffffffe, 0xffffffff};
    static const char *const more[] = {"", "|encapsulate=no", "|timing=rate|rate=1kbit/s"};
    uint8_t frame[42] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, IPV4};
    for (unsigned i = 0; i < G_N_ELEMENTS(more); i++) {
        Pcap p = pcap_begin(MICRO, 1, false);
        for (unsigned k = 0; k < G_N_ELEMENTS(lengths); k++)
            pcap_add(&p, 1, k, frame, sizeof frame, lengths[k]);
        pcap_add(&p, 1, 50, frame, sizeof frame, 8972 + 14);
        pcap_add(&p, 1, 51, frame, sizeof frame, 7); /* less than was captured */
        g_autofree char *path = pcap_end(&p, "length.pcap"),
                        *settings = g_strdup_printf("file=%s%s", path, more[i]);
        open_world(NULL);
        Component *r = add(&replay_class, "traffic", settings), *ear = add(&ear_class, "ear", "");
        CHECK(network_create(net, NULL));
        wire(r, ear, 1, (LinkSpeed){0, 0});
        begin();
        go_on();
        bool tunnel = i != 1;
        unsigned fit = tunnel ? 0 : 1; /* a frame of 9,000 bytes is longer inside a tunnel */
        CHECK_U64(heard->len, 2 + fit);
        CHECK_NEAR(scalar("traffic.drop.too_long"), G_N_ELEMENTS(lengths) - fit, 0);
        CHECK_NEAR(scalar("traffic.completed_from_snap"), 1 + fit, 0);
        CHECK_U64(nth(fit)->length, tunnel ? 46 + 8972 : 8986);
        CHECK_U64(nth(fit + 1)->length, tunnel ? 46 + 28 : 42);
        close_world();
    }
}

static void an_empty_record_of_raw_ip_is_a_short_packet(void) {
    static const uint32_t links[] = {101, 228};
    for (unsigned i = 0; i < G_N_ELEMENTS(links); i++) {
        Pcap p = pcap_begin(MICRO, links[i], false);
        pcap_add(&p, 1, 0, ipv4_bytes, 0, 0);
        g_autofree char *path = pcap_end(&p, "empty.pcap"),
                        *settings = g_strdup_printf("file=%s", path);
        open_world(NULL);
        Component *r = add(&replay_class, "traffic", settings), *ear = add(&ear_class, "ear", "");
        CHECK(network_create(net, NULL));
        wire(r, ear, 1, (LinkSpeed){0, 0});
        begin();
        go_on();
        CHECK_U64(heard->len, 1); /* a tunnel with nothing in it, for Parse to judge */
        if (heard->len) CHECK_U64(nth(0)->length, 46);
        CHECK_NEAR(scalar("traffic.drop.other_l2"), 0, 0);
        close_world();
    }
}

int main(void) {
    static const Test tests[] = {TEST(constant_departures_lie_on_the_running_total),
                                 TEST(the_window_counts_what_is_created_inside_it),
                                 TEST(headers_are_what_they_say),
                                 TEST(every_port_destination_and_host_gets_its_share),
                                 TEST(imix_is_seven_to_four_to_one),
                                 TEST(poisson_gaps_are_exponential),
                                 TEST(a_poisson_stream_is_its_own),
                                 TEST(on_and_off_phases),
                                 TEST(commands_stop_start_and_change_the_rate),
                                 TEST(a_rate_of_payload_needs_payload),
                                 TEST(the_slowest_rates_do_not_wrap),
                                 TEST(bad_settings_are_refused),
                                 TEST(a_sink_measures_what_brute_force_counts),
                                 TEST(latency_is_that_of_the_link),
                                 TEST(a_sink_measures_its_own_source),
                                 TEST(a_sink_names_a_source_that_is_not_there),
                                 TEST(a_mux_tells_hosts_on_one_link_apart),
                                 TEST(a_tap_writes_every_byte_at_its_nanosecond),
                                 TEST(without_a_folder_nothing_is_written),
                                 TEST(a_capture_has_a_plain_name_of_its_own),
                                 TEST(a_capture_on_a_full_disk_is_a_failure_of_files),
                                 TEST(captures_of_other_link_types_are_read),
                                 TEST(damaged_captures_are_refused),
                                 TEST(only_a_tunnels_port_is_one),
                                 TEST(a_replay_tunnels_the_ip_packets_of_any_link_type),
                                 TEST(a_replay_keeps_a_rate_or_refuses_it),
                                 TEST(a_replay_counts_from_its_first_record_whatever_the_date),
                                 TEST(a_replay_that_the_clock_cannot_hold_is_refused),
                                 TEST(a_length_that_no_link_carries_is_too_long),
                                 TEST(an_empty_record_of_raw_ip_is_a_short_packet),
                                 {0}};
    int code = run_tests("traffic", tests);
    remove_folder();
    return code;
}
