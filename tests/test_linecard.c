/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The line card among switch, control processor and hosts on both sides. A host is a test's own
 * component: it sends the frames it is told to and keeps what it hears.
 *
 *   outside.0..9 <-> lc.0..9    lc.10 <-> data.0    cp <-> data.1    h0, h1 <-> data.2, data.3
 *
 * The chip's clock of 1.4 GHz has an edge every 5 ns, 7 cycles, so a shift of whole 5 ns shifts a
 * lone packet's times by exactly as much. */
#include <glib/gstdio.h>

#include "components/classes.h"
#include "components/linecard/linecard.h"
#include "components/gpe/cp.h"
#include "components/chassis/switch.h"
#include "emu/core/report.h"
#include "emu/study/run.h"
#include "tests/bench.h"
#include "tests/check.h"
#include "tests/runs.h"
#include "tests/frames.h"

enum { N = 10, ADDRESS = 0x0aff0001, REMOTE = 0x0a630707, INSIDE = 0xc0a80105, HOSTS = 2 };
static const uint8_t backplane_mac[6] = {2, 0, 0, 1, 0, 0};

/* Hosts ------------------------------------------------------------------------------------ */

typedef struct Host Host;
typedef struct {
    SimEvent event;
    Host *host;
    unsigned port;
    SimTime gap;
    uint64_t left;
    uint32_t length;
    uint8_t frame[ROOM];
} Stream;
struct Host {
    Component base;
    uint8_t mac[6]; /* zeros: no station of a switch */
    GPtrArray *streams;
    GArray *heard;
};
typedef struct {
    SimTime time, at_mp;
    unsigned port;
    uint32_t length, cut; /* cut: what is kept in data */
    uint8_t data[128];
} Heard;

static void host_send(Sim *sim, SimEvent *event) {
    Stream *s = (Stream *)(void *)event;
    Packet *pkt = packet_new(s->host->base.packets, &s->host->base.owner, s->length);
    memcpy(pkt->data, s->frame, s->length);
    if (--s->left) sim_schedule(sim, &s->event, s->gap);
    port_send(&s->host->base, s->port, pkt);
}
static void host_receive(Component *c, unsigned port, Packet *pkt) {
    Heard h = {.time = sim_now(c->sim),
               .at_mp = pkt->charged[CAUSE_HOST],
               .port = port,
               .length = pkt->length,
               .cut = MIN(pkt->length, (uint32_t)sizeof h.data)};
    memcpy(h.data, pkt->data, h.cut);
    g_array_append_val(((Host *)c)->heard, h);
    packet_deliver(pkt);
}
static bool host_create(Component *c, GError **error) {
    Host *h = (Host *)c;
    (void)error;
    c->n_ports = 16;
    h->streams = g_ptr_array_new_with_free_func(g_free);
    h->heard = g_array_new(FALSE, FALSE, sizeof(Heard));
    return true;
}
static bool host_station(const Component *c, unsigned port, unsigned n, uint8_t mac[6]) {
    (void)port;
    memcpy(mac, ((const Host *)c)->mac, 6);
    return n == 0;
}
static void host_free(Component *c) {
    Host *h = (Host *)c;
    g_ptr_array_unref(h->streams);
    g_array_unref(h->heard);
}
static const ComponentClass host_class = {.name = "host",
                                          .size = sizeof(Host),
                                          .create = host_create,
                                          .receive = host_receive,
                                          .station = host_station,
                                          .free = host_free};

/* World ------------------------------------------------------------------------------------ */

static Network *net;
static Component *lc, *data, *cp;
static Host *outside, *hosts[HOSTS];
static int classes[HOSTS];

static void set(Component *c, const char *settings) {
    g_auto(GStrv) pairs = g_strsplit(settings, "|", -1);
    for (unsigned i = 0; pairs[i]; i++) {
        g_auto(GStrv) pair = g_strsplit(pairs[i], "=", 2);
        g_autoptr(GError) error = NULL;
        CHECK(param_set(param_find(c->class->params, pair[0]), c, pair[1], NULL, &error));
        if (error) printf("  %s: %s\n", pairs[i], error->message);
    }
}
static Host *add_host(const char *name) {
    return (Host *)network_add(net, &host_class, name);
}
static void wire(Component *a, unsigned a_port, Component *b, unsigned b_port,
                 uint64_t ps_per_byte) {
    LinkSpeed speed = {ps_per_byte << 16, 0};
    CHECK(network_link(a, a_port, b, b_port, speed, NULL));
    CHECK(network_link(b, b_port, a, a_port, speed, NULL));
}
static int add_class(Host *h, uint16_t vlan, double share) {
    g_autoptr(GError) error = NULL;
    int class = linecard_attach((LineCard *)lc, NULL, h->mac, vlan, share, &error);
    if (error) printf("  %s\n", error->message);
    CHECK(class > 0);
    return class;
}

/* Line card and hosts outside; all but the interfaces' links, in picoseconds per byte, to come. */
static void open_world(const char *settings, uint64_t interfaces_ps) {
    NetworkOptions options = {.seed = 1};
    net = network_new(&options);
    lc = network_add(net, &linecard_class, "lc");
    data = network_add(net, &switch_class, "data");
    cp = network_add(net, &cp_class, "cp");
    outside = add_host("outside");
    for (unsigned i = 0; i < HOSTS; i++) {
        hosts[i] = add_host(i ? "h1" : "h0");
        memcpy(hosts[i]->mac, (const uint8_t[]){2, 0, 0, 2, 0, (uint8_t)i}, 6);
    }
    set(lc, "control_processor=cp");
    if (*settings) set(lc, settings);
    CHECK(network_create(net, NULL));
    for (unsigned i = 0; i < N; i++) wire(&outside->base, i, lc, i, interfaces_ps);
}
static void begin(void) {
    const Component *failed = NULL;
    g_autoptr(GError) error = NULL;
    CHECK(network_start(net, &failed, &error));
    if (error) printf("  %s: %s\n", failed->name, error->message);
}
/* The picture above; host i has class `classes[i]` in VLAN 100 + i. */
static void open_chassis(const char *settings) {
    open_world(settings, 8000);
    wire(lc, N, data, 0, 800);
    wire(cp, 0, data, 1, 8000);
    for (unsigned i = 0; i < HOSTS; i++) {
        wire(&hosts[i]->base, 0, data, 2 + i, 800);
        classes[i] = add_class(hosts[i], (uint16_t)(100 + i), 0);
    }
    begin();
}
static void run_to(SimTime time) {
    sim_run_until(network_sim(net), time);
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
/* Nothing is left, and the accounts hold. */
static void close_world(void) {
    g_autoptr(GError) error = NULL;
    CHECK(network_stop(net, &error));
    if (error) printf("  %s\n", error->message);
    CHECK_U64(packet_pool_counts(network_packets(net)).held, 0);
    CHECK_NEAR(scalar("lc.held"), 0, 0); /* buffers */
    network_free(net);
}
static uint64_t all_drops(void) {
    return packet_pool_counts(network_packets(net)).dropped;
}
static bool command(Component *c, const char *verb, const char *args) {
    g_autoptr(GError) error = NULL;
    bool ok = c->class->command(c, verb, args, &error);
    if (!ok) CHECK_CONTAINS(error->message, "expected");
    return ok;
}

/* Sending and hearing ---------------------------------------------------------------------- */

static Stream *stream(Host *h, unsigned port, SimTime at, SimTime gap, uint64_t n) {
    Stream *s = g_new0(Stream, 1);
    g_ptr_array_add(h->streams, s);
    s->host = h;
    s->port = port;
    s->gap = gap;
    s->left = n;
    sim_event_init(&s->event, host_send, &h->base.owner);
    sim_schedule_at(network_sim(net), &s->event, at);
    return s;
}
/* From outside into interface `port`. */
static void send_in(unsigned port, SimTime at, SimTime gap, uint64_t n, const Form *f) {
    Stream *s = stream(outside, port, at, gap, n);
    s->length = make(s->frame, f);
}
/* From host i in its VLAN, or in f->tag, to leave by an interface. */
static void send_out(unsigned i, unsigned interface, SimTime at, SimTime gap, uint64_t n, Form f) {
    Stream *s = stream(hosts[i], 0, at, gap, n);
    f.tagged = true;
    if (!f.tag) f.tag = (uint16_t)(100 + i);
    s->length = make(s->frame, &f);
    memcpy(s->frame, backplane_mac, 6);
    s->frame[5] = (uint8_t)(s->frame[5] + interface);
    memcpy(s->frame + 6, hosts[i]->mac, 6);
}
static const Heard *nth(const Host *h, unsigned n) {
    static const Heard none;
    if (n < h->heard->len) return &g_array_index(h->heard, Heard, n);
    printf("  only %u heard\n", h->heard->len);
    CHECK(false);
    return &none;
}
static const uint8_t *ip_of(const Heard *h) {
    return h->data + (get16(h->data + 12) == ETHER_TYPE_VLAN ? 18 : 14);
}
static const uint8_t *l4_of(const Heard *h) {
    return ip_of(h) + (ip_of(h)[0] & 15) * 4;
}
static uint32_t vlan_of(const Heard *h) {
    return get16(h->data + 14) & 0xfff;
}
static void all_signed_right(const Host *h) {
    unsigned wrong = 0;
    for (unsigned i = 0; i < h->heard->len; i++) {
        const Heard *x = nth(h, i);
        CHECK(x->cut == x->length); /* or it cannot be told */
        wrong += !signed_right(ip_of(x));
    }
    CHECK_U64(wrong, 0);
}

/* Who gets what comes in ------------------------------------------------------------------- */

static void the_unbound_arrives_at_the_control_processor(void) {
    /* 5 SSH, 3 UDP, 2 ICMP for the node; 4 for somebody else; 6 UDP that a slice has bound. */
    open_chassis("");
    CHECK(linecard_bind((LineCard *)lc, classes[1], NULL, 2, UDP, 30000, NULL));
    Form f = {.protocol = TCP, .from = REMOTE, .to = ADDRESS + 9, .from_port = 9, .to_port = 22};
    send_in(0, 0, 1000, 5, &f);
    f = (Form){.protocol = UDP, .from = REMOTE, .to = ADDRESS + 3, .to_port = 30000};
    send_in(3, 0, 1000, 3, &f);
    f.tagged = true;
    f.to = ADDRESS + 2;
    send_in(5, 0, 1000, 6, &f);
    f.to = ADDRESS + N;
    send_in(4, 0, 1000, 4, &f);
    f = (Form){.protocol = ICMP, .from = REMOTE, .to = ADDRESS};
    send_in(9, 0, 1000, 2, &f);
    run_to(SIM_MS);
    CHECK_NEAR(scalar("cp.ssh"), 5, 0);
    CHECK_NEAR(scalar("cp.other"), 5, 0);
    CHECK_NEAR(scalar("lc.drop.not_ours"), 4, 0);
    CHECK_U64(all_drops(), 4);
    CHECK_U64(hosts[0]->heard->len, 0);
    CHECK_U64(hosts[1]->heard->len, 6);
    CHECK(memcmp(nth(hosts[1], 5)->data, hosts[1]->mac, 6) == 0);
    CHECK_U64(vlan_of(nth(hosts[1], 5)), 101);
    close_world();
}

static void a_fragment_is_not_ssh(void) {
    /* The words of a later fragment are payload, whatever they look like. */
    open_chassis("");
    Form f = {.protocol = TCP, .from = REMOTE, .to = ADDRESS, .to_port = 22, .fragment = 185};
    send_in(0, 0, 0, 1, &f);
    run_to(SIM_MS);
    CHECK_NEAR(scalar("cp.packets"), 1, 0);
    CHECK_NEAR(scalar("cp.ssh"), 0, 0);
    close_world();
}

static void without_a_control_processor_the_unbound_is_dropped(void) {
    open_world("control_processor=", 8000);
    begin();
    Form f = {.protocol = TCP, .from = REMOTE, .to = ADDRESS, .to_port = 22};
    send_in(0, 0, 1000, 3, &f);
    run_to(SIM_MS);
    CHECK_NEAR(scalar("lc.drop.unbound"), 3, 0);
    close_world();
}

static void every_interface_has_its_queues(void) {
    /* Whatever the number of interfaces and of the queue manager's microengines: a packet in and
     * one out at each. */
    for (unsigned n = 1; n <= 10; n++)
        for (unsigned qm = 1; qm <= 4; qm++) {
            g_autofree char *settings = g_strdup_printf("interfaces=%u|me_qm=%u", n, qm);
            NetworkOptions options = {.seed = 1};
            net = network_new(&options);
            lc = network_add(net, &linecard_class, "lc");
            outside = add_host("outside");
            hosts[0] = add_host("h0");
            set(lc, settings);
            CHECK(network_create(net, NULL));
            for (unsigned i = 0; i < n; i++) wire(&outside->base, i, lc, i, 8000);
            wire(&hosts[0]->base, 0, lc, n, 800);
            int class = add_class(hosts[0], 100, 0);
            begin();
            for (unsigned i = 0; class > 0 && i < n; i++) {
                CHECK(linecard_bind((LineCard *)lc, class, NULL, i, UDP, 30000, NULL));
                Form f = {.protocol = UDP, .from = REMOTE, .to = ADDRESS + i, .to_port = 30000};
                send_in(i, 0, 0, 1, &f);
                f = (Form){.protocol = UDP, .from = ADDRESS, .to = REMOTE};
                send_out(0, i, 0, 0, 1, f);
            }
            run_to(SIM_MS);
            CHECK_U64(hosts[0]->heard->len, n);
            CHECK_U64(outside->heard->len, n);
            close_world();
        }
}

/* Shares ----------------------------------------------------------------------------------- */

/* Three classes of h0 in VLANs 200 to 202, shares 30, 70 and none, offer 0.8 Gb/s each from 2 ms
 * on, in frames of different lengths, to an interface of 1 Gb/s (out) or one whose incoming
 * packets are let through at 0.5 Gb/s. Returns their wire bytes heard from 6 to 22 ms. */
static void congest(bool out, unsigned n, double bytes[3]) {
    static const uint32_t payloads[3] = {1000, 200, 46};
    static const double shares[3] = {0.3, 0.7, 0};
    open_world(out ? "" : "in_rate=500Mbit/s", out ? 8000 : 800);
    wire(lc, N, data, 0, 800);
    wire(cp, 0, data, 1, 8000);
    wire(&hosts[0]->base, 0, data, 2, 80);
    int class[3] = {0};
    for (unsigned i = 0; i < 3; i++) class[i] = add_class(hosts[0], (uint16_t)(200 + i), shares[i]);
    begin();
    for (unsigned i = 0; i < n; i++) {
        Form f = {.tagged = true, .protocol = UDP, .from = ADDRESS, .to = REMOTE};
        f.tag = (uint16_t)(200 + i);
        f.payload = payloads[i];
        SimTime gap = (f.payload + 46 + 24) * UINT64_C(10000);
        uint64_t packets = 20 * SIM_MS / gap;
        if (out) {
            send_out(0, 4, 2 * SIM_MS, gap, packets, f);
            continue;
        }
        f.from = REMOTE;
        f.to = ADDRESS + 4;
        f.to_port = (uint16_t)(30000 + i);
        CHECK(linecard_bind((LineCard *)lc, class[i], NULL, 4, UDP, f.to_port, NULL));
        send_in(4, 2 * SIM_MS, gap, packets, &f);
    }
    run_to(40 * SIM_MS);
    const Host *to = out ? outside : hosts[0];
    for (unsigned i = 0; i < 3; i++) bytes[i] = 0;
    for (unsigned k = 0; k < to->heard->len; k++) {
        const Heard *h = nth(to, k);
        if (h->time >= 6 * SIM_MS && h->time < 22 * SIM_MS)
            bytes[vlan_of(h) - 200] += packet_wire_bytes(h->length);
    }
    for (unsigned i = 0; i < n; i++) {
        QmCounts q = linecard_counts((LineCard *)lc, out, (unsigned)class[i], 4);
        CHECK(n == 1 || q.dropped > 0);
        CHECK_U64(q.enqueued, q.dequeued);
    }
    CHECK_NEAR(scalar("lc.drop.queue_full"), (double)all_drops(), 0);
    close_world();
}

static void shares_hold_at_a_congested_interface(void) {
    /* WDRR: a quantum of 2 KiB for each tenth, and for a class without a share. 30 and 70 alone
     * get just that; with the third, 30 and 70 and 10 parts of 110. The scheduler's rate is 1 Gb/s
     * going out, 0.5 coming in. 16 ms of it, to within two quanta and frames. */
    for (unsigned out = 0; out < 2; out++)
        for (unsigned n = 2; n <= 3; n++) {
            static const double parts[3] = {30, 70, 10};
            double bytes[3], whole = 16e-3 * (out ? 1e9 : 5e8) / 8;
            congest(out, n, bytes);
            CHECK_NEAR(bytes[0] + bytes[1] + bytes[2], whole, 4000);
            for (unsigned i = 0; i < n; i++)
                CHECK_NEAR(bytes[i], whole * parts[i] / (n == 3 ? 110 : 100), 20000);
        }
}

static void a_share_that_is_not_used_is_the_others(void) {
    double bytes[3];
    congest(true, 1, bytes);
    CHECK_NEAR(bytes[0], 16e-3 * 8e8 / 8, 20000); /* all that is offered */
}

/* Capacity --------------------------------------------------------------------------------- */

/* Does one direction alone pass 2 ms of packets of 0 byte payload, one every `gap` ps, dealt out
 * over all interfaces? MAC buffers of 4 KiB and queues of 64 packets hide nothing, and neither
 * links nor schedulers are in the way. */
static bool lossless(bool out, const char *order, SimTime gap) {
    g_autofree char *settings = g_strconcat(
        "mac_fifo=4KiB|queue_packets=64|in_rate=10Gbit/s|out_rate=10Gbit/s|tx_order=", order, NULL);
    open_world(settings, 0);
    wire(lc, N, &hosts[0]->base, 0, 0);
    int class = add_class(hosts[0], 100, 0);
    begin();
    uint64_t n = 2 * SIM_MS / gap / N;
    for (unsigned i = 0; i < N; i++) {
        Form f = {
            .tagged = true, .protocol = UDP, .from = REMOTE, .to = ADDRESS + i, .payload = 28};
        f.to_port = 30000;
        CHECK(linecard_bind((LineCard *)lc, class, NULL, i, UDP, 30000, NULL));
        if (out)
            send_out(0, i, i * gap, N * gap, n, f);
        else
            send_in(i, i * gap, N * gap, n, &f);
    }
    run_to(4 * SIM_MS);
    bool all = all_drops() == 0;
    if (all) CHECK_U64((out ? outside : hosts[0])->heard->len, n * N);
    close_world();
    return all;
}

static double capacity_mpps(bool out, const char *order) {
    double low = 4, high = 40; /* Mp/s */
    CHECK(lossless(out, order, (SimTime)(1e6 / low)));
    CHECK(!lossless(out, order, (SimTime)(1e6 / high)));
    while (high - low > 0.05) {
        double mid = (low + high) / 2;
        *(lossless(out, order, (SimTime)(1e6 / mid)) ? &low : &high) = mid;
    }
    return low;
}

static void the_line_card_is_not_what_limits_5_gbit(void) {
    /* 5 Gb/s of 98 bytes is 6.38 Mp/s; ten interfaces can bring 12.76. */
    double in = capacity_mpps(false, "scheduler"), out = capacity_mpps(true, "scheduler");
    printf("  line card, 0 byte payload, one direction alone: in %.2f, out %.2f Mp/s\n", in, out);
    CHECK(in > 1.2 * 6.38 && out > 1.2 * 6.38);
}

static void in_the_order_of_the_chip_its_tx_is_the_npes(void) {
    /* The same section, once per packet: 290 cycles (tests/test_npe.c), 4.83 Mp/s; for 2 ms also
     * what ten queues of 64 and the ring of 128 take up, 0.38 Mp/s at most. */
    double served = 1400.0 / 290, held = (10 * 64 + 128) / 2e3;
    double found = capacity_mpps(true, "chip");
    CHECK(found > served && found < served + held);
}

/* Translation ------------------------------------------------------------------------------ */

static Form open_tcp(unsigned n) {
    return (Form){.protocol = TCP,
                  .from = INSIDE,
                  .to = REMOTE,
                  .from_port = (uint16_t)(5000 + n),
                  .to_port = 80};
}
static Form ping(unsigned n) {
    return (Form){.protocol = ICMP, .from = INSIDE, .to = REMOTE, .from_port = (uint16_t)(7 + n)};
}
/* What comes back to the n-th packet heard outside. */
static void answer(const Heard *h, SimTime at) {
    const uint8_t *ip = ip_of(h), *l4 = l4_of(h);
    Form f = {.protocol = ip[9],
              .from = get32(ip + 16),
              .to = get32(ip + 12),
              .from_port = (uint16_t)get16(l4 + (ip[9] == ICMP ? 4 : 2)),
              .to_port = (uint16_t)get16(l4),
              .reply = true,
              .payload = 10};
    send_in(h->port, at, 0, 1, &f);
}
static uint32_t outside_port(const Heard *h) {
    return get16(l4_of(h) + (ip_of(h)[9] == ICMP ? 4 : 0));
}

static void the_first_packet_of_a_flow_waits_for_the_management_processor(void) {
    /* 100 us on the way there and 20 us of service. */
    open_chassis("");
    for (unsigned k = 0; k < 4; k++) {
        send_out(0, 2, (1 + k) * SIM_MS, 0, 1, open_tcp(0));
        send_out(1, 7, (11 + k) * SIM_MS, 0, 1, ping(0));
    }
    run_to(20 * SIM_MS);
    CHECK_U64(outside->heard->len, 8);
    SimTime usual = nth(outside, 3)->time - 4 * SIM_MS;
    for (unsigned k = 0; k < 8; k++) {
        const Heard *h = nth(outside, k);
        bool first = k % 4 == 0, tcp = k < 4;
        CHECK_U64(h->at_mp, first ? 120 * SIM_US : 0);
        CHECK_U64(h->port, tcp ? 2 : 7);
        CHECK_U64(get32(ip_of(h) + 12), ADDRESS + (tcp ? 2 : 7));
        CHECK_U64(get32(ip_of(h) + 16), REMOTE);
        CHECK_U64(outside_port(h), tcp ? 40000 : 40001); /* ports are given out in turn */
        SimTime sent = (tcp ? 1 + k : 7 + k) * SIM_MS;
        CHECK_NEAR((double)(h->time - sent) / 1e6, (double)usual / 1e6 + (first ? 120 : 0), 1);
    }
    all_signed_right(outside);
    CHECK_NEAR(scalar("lc.nat.allocated"), 2, 0);
    CHECK_U64(all_drops(), 0);
    close_world();
}

static void answers_come_back_to_who_asked(void) {
    /* Two hosts use the same ports and identifiers; neither has bound anything. */
    open_chassis("");
    for (unsigned i = 0; i < HOSTS; i++) {
        Form syn = open_tcp(0), echo = ping(0);
        syn.from = echo.from = INSIDE + i;
        send_out(i, i, SIM_MS, 0, 1, syn);
        send_out(i, i, 2 * SIM_MS, 0, 1, echo);
    }
    run_to(5 * SIM_MS);
    CHECK_U64(outside->heard->len, 4);
    for (unsigned k = 0; k < 4; k++) answer(nth(outside, k), (6 + k) * SIM_MS);
    run_to(20 * SIM_MS);
    for (unsigned i = 0; i < HOSTS; i++) {
        CHECK_U64(hosts[i]->heard->len, 2);
        for (unsigned k = 0; k < 2; k++) {
            const Heard *h = nth(hosts[i], k);
            CHECK(memcmp(h->data, hosts[i]->mac, 6) == 0);
            CHECK_U64(vlan_of(h), 100 + i);
            CHECK_U64(get32(ip_of(h) + 16), INSIDE + i);
            CHECK_U64(get16(l4_of(h) + (k ? 4 : 2)), k ? 7 : 5000);
        }
        all_signed_right(hosts[i]);
    }
    CHECK_NEAR(scalar("cp.packets"), 0, 0);
    CHECK_U64(all_drops(), 0);
    close_world();
}

static void slower_is_exactly_that_much_slower(void) {
    /* The processor 100 times as slow: 20 us become 2 ms, the way to it stays. */
    SimTime heard[2];
    for (unsigned slow = 0; slow < 2; slow++) {
        open_chassis("");
        if (slow) CHECK(command(lc, "mp_slower", "100"));
        send_out(0, 0, SIM_MS, 0, 1, open_tcp(0));
        run_to(10 * SIM_MS);
        heard[slow] = nth(outside, 0)->time;
        CHECK_U64(nth(outside, 0)->at_mp, slow ? 2100 * SIM_US : 120 * SIM_US);
        close_world();
    }
    CHECK_U64(heard[1] - heard[0], 1980 * SIM_US);
}

static void flows_wait_for_each_other_at_the_management_processor(void) {
    /* All at once: the n-th comes out n services later. */
    open_chassis("");
    for (unsigned n = 0; n < 10; n++) send_out(0, 0, SIM_MS, 0, 1, open_tcp(n));
    run_to(5 * SIM_MS);
    CHECK_U64(outside->heard->len, 10);
    for (unsigned n = 1; n < 10; n++) {
        CHECK_NEAR((double)(nth(outside, n)->time - nth(outside, n - 1)->time) / 1e6, 20, 0.2);
        CHECK_U64(outside_port(nth(outside, n)), 40000 + n);
    }
    close_world();
}

static void a_range_of_four_ports_is_exhausted_by_the_fifth_flow(void) {
    /* Per protocol. Idle for 10 ms, a flow that nobody has answered makes room; one that was
     * answered stays. So of four flows at 40 ms three get the three ports that are free again. */
    open_chassis("nat_first_port=50000|nat_ports=4|nat_idle_transitory=10ms|nat_sweep=1ms");
    for (unsigned n = 0; n < 5; n++) {
        send_out(0, 3, (1 + n) * SIM_MS, 0, 1, open_tcp(n));
        if (n < 4) send_out(0, 3, (1 + n) * SIM_MS, 0, 1, ping(n));
    }
    run_to(6 * SIM_MS);
    CHECK_U64(outside->heard->len, 8);
    unsigned seen[2][4] = {{0}};
    for (unsigned k = 0; k < 8; k++) {
        uint32_t port = outside_port(nth(outside, k));
        CHECK(port >= 50000 && port < 50004);
        seen[ip_of(nth(outside, k))[9] == ICMP][port & 3]++;
    }
    for (unsigned i = 0; i < 8; i++) CHECK_U64(seen[i / 4][i % 4], 1);
    CHECK_NEAR(scalar("lc.drop.nat_exhausted"), 1, 0);
    CHECK_NEAR(scalar("lc.nat.exhausted"), 1, 0);
    CHECK_U64(all_drops(), 1);
    const Heard *kept = NULL;
    for (unsigned k = 0; !kept; k++)
        if (ip_of(nth(outside, k))[9] == TCP) kept = nth(outside, k);
    uint32_t kept_port = outside_port(kept);
    answer(kept, 7 * SIM_MS);
    run_to(39 * SIM_MS);
    CHECK_NEAR(scalar("lc.nat.expired"), 3, 0); /* ICMP's idle time is 60 s */
    CHECK_U64(hosts[0]->heard->len, 1);
    for (unsigned n = 0; n < 4; n++) send_out(0, 3, (40 + n) * SIM_MS, 0, 1, open_tcp(10 + n));
    run_to(44 * SIM_MS);
    CHECK_U64(outside->heard->len, 11);
    unsigned ports = 1u << (kept_port & 3);
    for (unsigned k = 8; k < 11; k++) ports |= 1u << (outside_port(nth(outside, k)) & 3);
    CHECK_U64(ports, 15);
    CHECK_NEAR(scalar("lc.drop.nat_exhausted"), 2, 0);
    all_signed_right(outside);
    all_signed_right(hosts[0]);
    close_world();
}

static void a_table_of_two_flows_is_full_at_the_third(void) {
    open_chassis("nat_entries=2");
    for (unsigned n = 0; n < 3; n++) send_out(0, n, (1 + n) * SIM_MS, 0, 1, open_tcp(n));
    run_to(5 * SIM_MS);
    CHECK_U64(outside->heard->len, 2);
    CHECK_NEAR(scalar("lc.drop.nat_exhausted"), 1, 0);
    CHECK_NEAR(scalar("lc.nat.exhausted"), 1, 0);
    close_world();
}

static void what_cannot_be_translated_is_dropped(void) {
    open_chassis("");
    Form gre = open_tcp(0), error = ping(0);
    gre.protocol = 47;
    send_out(0, 0, SIM_MS, 0, 1, gre);
    error.reply = true; /* an echo reply: nobody has asked */
    send_out(0, 0, 2 * SIM_MS, 0, 1, error);
    run_to(5 * SIM_MS);
    CHECK_NEAR(scalar("lc.drop.nat_bad"), 2, 0);
    CHECK_U64(all_drops(), 2);
    close_world();
}

static void strangers_do_not_get_in(void) {
    /* From another address: the flow's port is not theirs, so it is the control processor's. */
    open_chassis("");
    send_out(0, 0, SIM_MS, 0, 1, open_tcp(0));
    run_to(2 * SIM_MS);
    Form f = {.protocol = TCP, .from = REMOTE + 1, .to = ADDRESS, .from_port = 80};
    f.to_port = (uint16_t)outside_port(nth(outside, 0));
    send_in(0, 3 * SIM_MS, 0, 1, &f);
    run_to(4 * SIM_MS);
    CHECK_U64(hosts[0]->heard->len, 0);
    CHECK_NEAR(scalar("cp.other"), 1, 0);
    CHECK_NEAR(scalar("lc.nat.filtered"), 1, 0);
    close_world();
}

static void a_burst_from_the_management_processor_is_lost_with_its_reason(void) {
    /* Slow for the first request, then infinitely fast: the 60 behind it are done at the same
     * moment, and the ring to Rewrite has 21 places. */
    open_chassis("");
    CHECK(command(lc, "mp_slower", "1000"));
    send_out(0, 0, SIM_MS, 0, 1, open_tcp(0));
    run_to(2 * SIM_MS);
    CHECK(command(lc, "mp_slower", "0"));
    for (unsigned n = 1; n <= 60; n++) send_out(0, n % N, 2 * SIM_MS, 0, 1, open_tcp(n));
    run_to(30 * SIM_MS);
    CHECK_U64(outside->heard->len + all_drops(), 61);
    CHECK(all_drops() > 0);
    CHECK_NEAR(scalar("lc.drop.mp_ring_full"), (double)all_drops(), 0);
    close_world();
}

/* Faults ----------------------------------------------------------------------------------- */

static void an_interface_that_is_down_drops_and_no_other(void) {
    /* 1,000 packets 10 us apart each way through interfaces 1 and 2, 1 down from 3 to 6 ms: 300 of
     * them each way, one more or less for those under way. */
    open_chassis("");
    Form in = {.protocol = TCP, .from = REMOTE, .to = ADDRESS, .to_port = 22},
         out = {.protocol = TCP, .from = ADDRESS, .to = REMOTE};
    for (unsigned i = 1; i <= 2; i++) {
        in.to = ADDRESS + i;
        send_in(i, 0, 10 * SIM_US, 1000, &in);
        send_out(0, i, 0, 10 * SIM_US, 1000, out);
    }
    run_to(3 * SIM_MS);
    CHECK(command(lc, "interface", "1 down"));
    run_to(6 * SIM_MS);
    CHECK(command(lc, "interface", "1 up"));
    run_to(12 * SIM_MS);
    unsigned heard[N] = {0};
    for (unsigned k = 0; k < outside->heard->len; k++) heard[nth(outside, k)->port]++;
    CHECK_NEAR(heard[1], 700, 1);
    CHECK_U64(heard[2], 1000);
    CHECK_NEAR(scalar("cp.ssh"), 1700, 1);
    CHECK_NEAR(scalar("lc.drop.interface_down"), 4000 - 1000 - heard[1] - scalar("cp.ssh"), 0);
    CHECK_NEAR(scalar("lc.drop.interface_down"), (double)all_drops(), 0);
    close_world();
}

static void commands_are_checked(void) {
    static const char *const good[][2] = {
        {"interface", "0 down"}, {"interface", "9 up"}, {"mp_slower", "0"}, {"mp_slower", "1.5"}};
    static const char *const bad[][2] = {{"interface", "10 down"},
                                         {"interface", "0 dow"},
                                         {"interface", "0 downs"},
                                         {"interface", "0 down now"},
                                         {"interface", "-1 down"},
                                         {"interface", "down"},
                                         {"mp_slower", "-1"},
                                         {"mp_slower", "nan"},
                                         {"mp_slower", "2x"},
                                         {"mp_slower", ""},
                                         {"reset", ""}};
    open_chassis("");
    for (unsigned i = 0; i < G_N_ELEMENTS(good); i++) CHECK(command(lc, good[i][0], good[i][1]));
    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) CHECK(!command(lc, bad[i][0], bad[i][1]));
    close_world();
}

static void a_slow_switch_port_is_free_again_at_once(void) {
    /* At 1 kbit/s a frame of 98 wire bytes takes 784 ms; what waits behind it leaves when the port
     * is told to be free, in order. */
    open_chassis("");
    CHECK(command(data, "port", "2 rate 1kbit/s"));
    Form f = {.protocol = UDP, .from = REMOTE, .to = ADDRESS, .to_port = 30000, .payload = 32};
    CHECK(linecard_bind((LineCard *)lc, classes[0], NULL, 0, UDP, 30000, NULL));
    send_in(0, 0, SIM_US, 5, &f);
    run_to(100 * SIM_MS);
    CHECK_U64(hosts[0]->heard->len, 1);
    CHECK(command(data, "port", "2 free"));
    run_to(101 * SIM_MS);
    CHECK_U64(hosts[0]->heard->len, 5);
    close_world();
}

static void a_switch_port_slowed_to_the_least_keeps_time(void) {
    /* 98 wire bytes at 1 bit/s: 784 s. */
    open_chassis("");
    CHECK(command(data, "port", "2 rate 1bit/s"));
    Form f = {.protocol = UDP, .from = REMOTE, .to = ADDRESS, .to_port = 30000, .payload = 28};
    CHECK(linecard_bind((LineCard *)lc, classes[0], NULL, 0, UDP, 30000, NULL));
    send_in(0, 0, 100 * SIM_US, 2, &f);
    run_to(1000 * SIM_S);
    CHECK_U64(hosts[0]->heard->len, 2);
    CHECK_NEAR((double)(nth(hosts[0], 1)->time - nth(hosts[0], 0)->time) / 1e12, 784, 0.001);
    close_world();
}

static void a_switch_port_that_is_down_keeps_what_it_has(void) {
    open_chassis("");
    Form f = {.protocol = UDP, .from = REMOTE, .to = ADDRESS, .to_port = 30000};
    CHECK(linecard_bind((LineCard *)lc, classes[0], NULL, 0, UDP, 30000, NULL));
    CHECK(command(data, "port", "2 rate 1Mbit/s"));
    send_in(0, 0, 10 * SIM_US, 10, &f); /* a millisecond each at that rate, nearly */
    send_in(0, 3 * SIM_MS, 10 * SIM_US, 10, &f);
    run_to(2 * SIM_MS);
    CHECK(command(data, "port", "2 down"));
    unsigned before = hosts[0]->heard->len;
    CHECK(before > 0 && before < 10);
    run_to(20 * SIM_MS);
    CHECK_U64(hosts[0]->heard->len, before);
    CHECK_NEAR(scalar("data.drop.port_down"), 10, 0);
    CHECK(command(data, "port", "2 up"));
    run_to(40 * SIM_MS);
    CHECK_U64(hosts[0]->heard->len, 10);
    close_world();
}

/* From scenarios --------------------------------------------------------------------------- */

/* The scenario of this text behind `base`; NULL-terminated `set`. */
static Scenario *scenario_of(const char *base, const char *text, const char *const *settings) {
    char *folder = bench_folder();
    g_autofree char *whole = g_strdup_printf("[scenario]\ninclude = @scenarios/%s\n%s", base, text);
    g_autoptr(GError) error = NULL;
    Scenario *s = bench_load(folder, whole, settings, &error);
    if (!s) printf("  %s\n", error->message);
    g_assert(s);
    bench_remove(folder);
    return s;
}

/* What the development platform with these sections says against itself; NULL: nothing. */
static char *verdict(const char *text) {
    Scenario *s = scenario_of("chassis-dev.ini", text, NULL);
    NetworkOptions options = {.seed = 1};
    g_autoptr(GError) error = NULL;
    const Component *failed = NULL;
    Network *n = scenario_build(s, 0, &options, &error);
    bool ok = n && network_start(n, &failed, &error);
    char *message = ok ? NULL : g_strdup(error->message);
    if (n) network_free(n);
    scenario_free(s);
    return message;
}
static void accepted(const char *text) {
    g_autofree char *message = verdict(text);
    if (message) printf("  %s\n", message);
    CHECK(!message);
}
static void refused(const char *text, const char *expected) {
    g_autofree char *message = verdict(text);
    CHECK_TEXT(message, expected);
}
#define SLICE(name, npe, port, vlan, share)                                                        \
    "[slice " name "]\nnpe = " npe "\nudp_port = " port "\nvlan = " vlan "\nshare = " share "\n"

static void shares_are_of_a_whole(void) {
    accepted(SLICE("a", "npe0", "30000", "100", "60%") SLICE("b", "npe1", "30001", "101", "40%"));
    refused(
        SLICE("a", "npe0", "30000", "100", "60%") SLICE("b", "npe1", "30001", "101", "41%"),
        "share: found 41%, which with the others' makes 101% of each interface of lc0, expected "
        "at most 100% in all");
    refused(SLICE("a", "npe0", "30000", "100", "50%") SLICE("b", "npe0", "30001", "101", "50%")
                SLICE("c", "npe1", "30002", "102", "1%"),
            "share: found 1%, which with the others' makes 101% of each interface of lc0, expected "
            "at most 100% in all");
}

static void a_vlan_is_one_slices(void) {
    refused(SLICE("a", "npe0", "30000", "100", "0%") SLICE("b", "npe1", "30001", "100", "0%"),
            "vlan: found 100, which another slice of lc0 has");
    refused(SLICE("a", "npe0", "30000", "100", "0%") SLICE("b", "npe0", "30001", "100", "0%"),
            "vlan: found 100, which another slice of lc0 has");
}

static void the_control_processors_vlan_is_no_slices(void) {
    refused(SLICE("a", "npe0", "30000", "2", "0%"),
            "vlan: found 2, which is lc0's control_vlan, expected another");
    /* Whoever starts first. */
    Scenario *s = scenario_of("chassis-dev.ini", SLICE("a", "npe0", "30000", "2", "0%"), NULL);
    NetworkOptions options = {.seed = 1};
    g_autoptr(GError) error = NULL;
    Network *n = scenario_build(s, 0, &options, &error);
    CHECK(n != NULL);
    Component *slice = network_find(n, "a");
    CHECK(!slice->class->start(slice, &error));
    if (error) CHECK_CONTAINS(error->message, "lc0's control_vlan");
    network_free(n);
    scenario_free(s);
}

static void a_udp_port_is_one_slices(void) {
    refused(SLICE("a", "npe0", "30000", "100", "0%") SLICE("b", "npe1", "30000", "101", "0%"),
            "udp_port: another slice has port 30000 of interface 0 of lc0 already");
    refused(SLICE("a", "npe0", "30000", "100", "0%") SLICE("b", "npe0", "30000", "101", "0%"),
            "udp_port: another slice of npe0 has port 30000 already");
}

static void ports_of_translations_are_no_slices(void) {
    /* 40000 to 56383 by default: an answer to a translated UDP flow would be taken for the slice's.
     */
    accepted(SLICE("a", "npe0", "39999", "100", "0%"));
    accepted(SLICE("a", "npe0", "56384", "100", "0%"));
    for (unsigned last = 0; last < 2; last++)
        refused(last ? SLICE("a", "npe0", "56383", "100", "0%")
                     : SLICE("a", "npe0", "40000", "100", "0%"),
                last ? "udp_port: found 56383, which lc0 keeps for translations (40000 to 56383)"
                     : "udp_port: found 40000, which lc0 keeps for translations (40000 to 56383)");
}

static void a_prefix_is_a_prefix(void) {
    static const char *const bad[] = {"192.168.0.0",    "192.168.0.0/", "192.168.0.0/x",
                                      "192.168.0.0/33", "/16",          "192.168.0.0/16/8",
                                      "192.168.0.0/1x", "192.168/16",   "192.168.0.0/-1"};
    static const char *const good[] = {"192.168.0.0/16", "10.0.0.0/8", "0.0.0.0/0", "10.1.2.3/32"};
    for (unsigned i = 0; i < G_N_ELEMENTS(bad) + G_N_ELEMENTS(good); i++) {
        bool wrong = i < G_N_ELEMENTS(bad);
        const char *prefix = wrong ? bad[i] : good[i - G_N_ELEMENTS(bad)];
        NetworkOptions options = {.seed = 1};
        net = network_new(&options);
        lc = network_add(net, &linecard_class, "lc");
        g_autoptr(GError) error = NULL;
        bool taken = param_set(param_find(lc->class->params, "inside"), lc, prefix, NULL, &error);
        if (taken == wrong) printf("  %s\n", prefix);
        CHECK(taken != wrong && (error != NULL) == wrong);
        CHECK(!taken || network_create(net, NULL));
        if (error) CHECK_CONTAINS(error->message, "expected a prefix such as 192.168.0.0/16");
        network_free(net);
    }
}

static void a_script_takes_an_interface_down_and_up(void) {
    /* 1 Gb/s over five interfaces of a node with a router, interface 2 down from 4 to 8 ms. Its
     * packets of that time are lost, in or out, for that reason alone, and no others. */
    Scenario *s = scenario_of(
        "chassis-router.ini", "[at 4ms]\nlc0 = interface 2 down\n[at 8ms]\nlc0 = interface 2 up\n",
        (const char *const[]){"traffic.rate=1Gbit/s", "traffic.duration=12ms", NULL});
    GPtrArray *results = runs_of(s, 1);
    const RunResult *r = results->pdata[0];
    if (r->failure) printf("  %s\n", r->failure);
    CHECK_U64(r->code, EXIT_OK);
    double created = run_scalar(r, "run.packets_created")->value,
           down = run_scalar(r, "lc0.drop.interface_down")->value;
    CHECK_NEAR(run_scalar(r, "run.packets_dropped")->value, down, 0);
    CHECK_NEAR(created, run_scalar(r, "run.packets_delivered")->value + down, 0);
    CHECK_U64(run_scalar(r, "run.packets_held")->value, 0);
    /* A fifth comes in there and a fifth of the others would go out there. */
    CHECK_NEAR(down / created, 4. / 12 * (1 - 0.8 * 0.8), 0.01);
    g_ptr_array_unref(results);
    scenario_free(s);
}

int main(void) {
    static const Test tests[] = {
        TEST(the_unbound_arrives_at_the_control_processor),
        TEST(a_fragment_is_not_ssh),
        TEST(without_a_control_processor_the_unbound_is_dropped),
        TEST(every_interface_has_its_queues),
        TEST(shares_hold_at_a_congested_interface),
        TEST(a_share_that_is_not_used_is_the_others),
        TEST(the_line_card_is_not_what_limits_5_gbit),
        TEST(in_the_order_of_the_chip_its_tx_is_the_npes),
        TEST(the_first_packet_of_a_flow_waits_for_the_management_processor),
        TEST(answers_come_back_to_who_asked),
        TEST(slower_is_exactly_that_much_slower),
        TEST(flows_wait_for_each_other_at_the_management_processor),
        TEST(a_range_of_four_ports_is_exhausted_by_the_fifth_flow),
        TEST(a_table_of_two_flows_is_full_at_the_third),
        TEST(what_cannot_be_translated_is_dropped),
        TEST(strangers_do_not_get_in),
        TEST(a_burst_from_the_management_processor_is_lost_with_its_reason),
        TEST(an_interface_that_is_down_drops_and_no_other),
        TEST(commands_are_checked),
        TEST(a_slow_switch_port_is_free_again_at_once),
        TEST(a_switch_port_slowed_to_the_least_keeps_time),
        TEST(a_switch_port_that_is_down_keeps_what_it_has),
        TEST(shares_are_of_a_whole),
        TEST(a_vlan_is_one_slices),
        TEST(the_control_processors_vlan_is_no_slices),
        TEST(a_udp_port_is_one_slices),
        TEST(ports_of_translations_are_no_slices),
        TEST(a_prefix_is_a_prefix),
        TEST(a_script_takes_an_interface_down_and_up),
        {0}};
    return run_tests("linecard_component", tests);
}
