/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Chip programs that nobody ships: a wire with a counter, and a cross with a queue manager, whose
 * two outputs show what Tx keeps in order. */
#include "components/traffic/traffic.h"
#include "tests/check.h"
#include "tests/wire.c"

static void note_new(GArray *ids[3]) {
    for (unsigned i = 0; i < 3; i++) ids[i] = g_array_new(FALSE, FALSE, sizeof(uint64_t));
}
static void note(GArray *ids[3], unsigned port, const Packet *pkt) {
    g_array_append_val(ids[port], pkt->id);
    g_array_append_val(ids[2], pkt->id);
}
static void note_free(GArray *ids[3]) {
    for (unsigned i = 0; i < 3; i++) g_array_unref(ids[i]);
}

/* In at port p, out at port 1 - p, through queue and scheduler 1 - p. */
typedef struct {
    Component base;
    ProgramSettings settings;
    uint64_t me_turn;
    Program program;
    GArray *read[3]; /* packets in the order in which Tx read their descriptors: by port, all */
} Cross;

static bool turn(Stage *stage, Context *c, ChipPacket *cp) {
    (void)stage;
    fp_work(&c->log, SITE_COUNT_PACKETS);
    cp->fp.result.queue = cp->fp.result.interface = !cp->fp.rx_interface;
    return true;
}

static unsigned cross_port(void *user, const ChipPacket *cp) {
    note(((Cross *)user)->read, cp->fp.result.interface, cp->pkt);
    return cp->fp.result.interface;
}

static const ProgramBlock cross_blocks[] = {
    BLOCK_RX(Cross, settings),
    BLOCK_STAGE("turn", Cross, me_turn, "rx-turn", settings.rxtx.ring_rx, 0, turn),
    BLOCK_QM(Cross, settings),
    BLOCK_TX(Cross, settings, "qm-tx"),
    {0}};

static bool cross_create(Component *c, GError **error) {
    Cross *x = (Cross *)c;
    Program *p = &x->program;
    c->n_ports = 2;
    note_new(x->read);
    *p = (Program){.blocks = cross_blocks,
                   .settings = &x->settings,
                   .user = x,
                   .port = cross_port,
                   .n_schedulers = 2,
                   .n_queues = 2,
                   .rate_bps = 10000000000};
    if (!program_build(p, c, error)) return false;
    for (unsigned q = 0; q < 2; q++)
        CHECK(qm_set_queue(p->qm, q, qm_block_scheduler(&p->qm_block, q), 2048, 0, 0));
    return true;
}
static bool cross_start(Component *c, GError **error) {
    return program_start(&((Cross *)c)->program, error);
}
static void cross_receive(Component *c, unsigned port, Packet *pkt) {
    program_receive(&((Cross *)c)->program, port, pkt, FP_BUFFER_BYTES);
}
static bool cross_check(Component *c, GError **error) {
    return program_check(&((Cross *)c)->program, error);
}
static void cross_free(Component *c) {
    program_free(&((Cross *)c)->program);
    note_free(((Cross *)c)->read);
}
static const char *cross_unused(const Component *c, const char *key) {
    return program_unused(&((const Cross *)c)->program, key);
}
static const Param cross_params[] = {
    PROGRAM_PARAMS(Cross, settings, "", "chip"),
    PARAM_COUNT("me_turn", Cross, me_turn, "1", "1", "9", "microengines", "test"),
    {0}};
static const ComponentClass cross_class = {.name = "cross",
                                           .text = "crosses two wires",
                                           .ports = "0, 1: both ways",
                                           .size = sizeof(Cross),
                                           .params = cross_params,
                                           .drops = (const DropReason[]){CHIP_DROPS, {0}},
                                           .create = cross_create,
                                           .start = cross_start,
                                           .receive = cross_receive,
                                           .unused = cross_unused,
                                           .check = cross_check,
                                           .free = cross_free};

/* Ends packets and keeps their ids. */
typedef struct {
    Component base;
    GArray *left[3];
} Watch;

static bool watch_create(Component *c, GError **error) {
    (void)error;
    c->n_ports = 2;
    note_new(((Watch *)c)->left);
    return true;
}
static void watch_receive(Component *c, unsigned port, Packet *pkt) {
    note(((Watch *)c)->left, port, pkt);
    packet_deliver(pkt);
}
static void watch_free(Component *c) {
    note_free(((Watch *)c)->left);
}
static const Param no_params[] = {{0}};
static const ComponentClass watch_class = {.name = "watch",
                                           .text = "keeps what arrives",
                                           .ports = "0, 1: in",
                                           .size = sizeof(Watch),
                                           .params = no_params,
                                           .create = watch_create,
                                           .receive = watch_receive,
                                           .free = watch_free};

static const ComponentClass *const classes[] = {&wire_class,   &cross_class, &watch_class,
                                                &source_class, &sink_class,  NULL};
#define BENCH_CLASSES classes
#include "tests/bench.h"

#define TRAFFIC(ports, payload, rate)                                                              \
    "[source traffic]\nports = " ports "\npayload = " payload "\nrate = " rate                     \
    "\nwarmup = 0\nduration = 1ms\n"

static void a_wire_with_a_counter_forwards_and_adds_up(void) {
    /* Two ways of 0.5 Gb/s for 1 ms. A frame of 78 bytes takes 98 on the wire, 784 ns at 1 Gb/s:
     * 500e6 / 784 packets a second each way, all of them counted and delivered; chip, packets and
     * times are invariants of the run. */
    Bench *b = bench_open("[wire w]\n" TRAFFIC(
        "2", "0", "1Gbit/s wire") "[sink sink]\nports = 2\nsource = traffic\n"
                                  "[link in]\nlink = traffic.0..1 -> w.0..1\nrate = 1Gbit/s\n"
                                  "[link out]\nlink = w.0..1 -> sink.0..1\nrate = 1Gbit/s\n");
    bench_finish(b);
    double n = bench_scalar(b, "w.counted");
    CHECK_NEAR(n, 2 * 500e6 / 784 * 1e-3, 2);
    CHECK_NEAR(bench_scalar(b, "sink.port0.packets"), n / 2, 1);
    CHECK_NEAR(bench_scalar(b, "sink.port0.packets") + bench_scalar(b, "sink.port1.packets"), n, 0);
    CHECK_NEAR(bench_scalar(b, "sink.delivered_ratio"), 1, 0);
    CHECK_NEAR(bench_scalar(b, "sink.reordered"), 0, 0);
    const Wire *w = (const Wire *)(const void *)bench_find(b, "w");
    CHECK_U64(w->program.rxtx.held, 0);
    CHECK_U64(w->program.chip.n_free, w->settings.chip.n_buffers);
    bench_close(b);
}

static void a_wire_drops_with_the_chips_reasons(void) {
    Bench *b =
        bench_open("[wire w]\nbuffers = 16\nme_count = 1\ninstr_count_packets = 4000\n" TRAFFIC(
            "2", "0", "2Gbit/s wire") "[sink sink]\nports = 2\nsource = traffic\n"
                                      "[link in]\nlink = traffic.0..1 -> w.0..1\nrate = 1Gbit/s\n"
                                      "[link out]\nlink = w.0..1 -> sink.0..1\nrate = 1Gbit/s\n");
    bench_finish(b);
    CHECK(bench_scalar(b, "w.drop.no_buffer") > 0);
    CHECK_NEAR(bench_scalar(b, "w.counted") + bench_scalar(b, "w.drop.no_buffer") +
                   bench_scalar(b, "w.drop.mac_full"),
               bench_scalar(b, "traffic.packets_all"), 0);
    bench_close(b);
}

static void an_order_by_scheduler_needs_a_queue_manager(void) {
    CHECK_REFUSED("[wire w]\ntx_order = scheduler\n" TRAFFIC(
                      "1", "0", "1Gbit/s wire") "[link in]\nlink = traffic.0 -> w.0\n",
                  "tx_order: found scheduler, expected chip");
}

/* Two outputs, frames of 64 to 1500 bytes and more. Elements leave the transmit buffer in the order
 * in which contexts took them, and links of 1 Tb/s do not change that: what arrives is in the order
 * in which Tx has sent. Counts the packets that did not leave in the order in which Tx read them:
 * over the chip, and among those of the same port, which is the same scheduler. */
static void disorder(const char *order, unsigned *chip, unsigned *port) {
    g_autofree char *text = g_strconcat(
        "[cross x]\ntx_order = ", order, "\n" TRAFFIC("2", "imix", "1.8Gbit/s wire"),
        "[watch watch]\n[link in]\nlink = traffic.0..1 -> x.0..1\nrate = 1Gbit/s\nmtu = 9000B\n"
        "[link out]\nlink = x.0..1 -> watch.0..1\nrate = 1Tbit/s\nmtu = 9000B\n",
        NULL);
    Bench *b = bench_open(text);
    bench_finish(b);
    const Cross *x = (const Cross *)(const void *)bench_find(b, "x");
    const Watch *w = (const Watch *)(const void *)bench_find(b, "watch");
    *chip = *port = 0;
    for (unsigned p = 0; p < 3; p++) { /* 2: both */
        CHECK(x->read[p]->len > 200);
        CHECK_U64(x->read[p]->len, w->left[p]->len);
        for (unsigned i = 0; i < x->read[p]->len; i++)
            *(p < 2 ? port : chip) +=
                g_array_index(x->read[p], uint64_t, i) != g_array_index(w->left[p], uint64_t, i);
    }
    bench_close(b);
}

static void tx_in_the_order_of_the_chip_sends_as_it_reads(void) {
    unsigned chip, port;
    disorder("chip", &chip, &port);
    CHECK_U64(chip + port, 0);
}

static void tx_by_scheduler_lets_a_short_packet_pass_a_long_one_of_another_only(void) {
    unsigned chip, port;
    disorder("scheduler", &chip, &port);
    CHECK_U64(port, 0);
    printf("  %u packets in another order than that of the chip\n", chip);
    CHECK(chip > 50);
}

int main(void) {
    static const Test tests[] = {
        TEST(a_wire_with_a_counter_forwards_and_adds_up),
        TEST(a_wire_drops_with_the_chips_reasons),
        TEST(an_order_by_scheduler_needs_a_queue_manager),
        TEST(tx_in_the_order_of_the_chip_sends_as_it_reads),
        TEST(tx_by_scheduler_lets_a_short_packet_pass_a_long_one_of_another_only),
        {0}};
    return run_tests("program", tests);
}
