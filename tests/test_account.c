/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a slice or vServer counts of its own packets. Oracle: with a source for each slice, the
 * sink's own counts of that source, which know nothing of slices. */
#include "tests/bench.h"

/* What came in is what went out, was lost or was passed on: nothing stays inside. */
static void check_sums(RunResult *r, const char *slice) {
    static const char *const losses[] = {"mac_full", "no_buffer", "queue_full", "held_back",
                                         "other"};
    double lost = 0;
    for (unsigned i = 0; i < G_N_ELEMENTS(losses); i++) {
        g_autofree char *name = g_strdup_printf("%s.lost.%s", slice, losses[i]);
        lost += bench_value(r, name);
    }
    g_autofree char *in = g_strconcat(slice, ".packets_in", NULL),
                    *out = g_strconcat(slice, ".packets_out", NULL),
                    *passed = g_strconcat(slice, ".exceptions", NULL),
                    *all = g_strconcat(slice, ".lost", NULL);
    CHECK_NEAR(bench_value(r, all), lost, 0);
    CHECK_NEAR(bench_value(r, in), bench_value(r, out) + bench_value(r, passed) + lost, 0);
}

/* As the sink counts the source's packets. */
static void check_same(RunResult *r, const char *slice, const char *source) {
    static const char *const names[] = {"lost", "delivered_ratio", "latency_mean_us",
                                        "latency_p99_us"};
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *own = g_strdup_printf("%s.%s", slice, names[i]),
                        *sinks = g_strdup_printf("sink.%s.%s", source, names[i]);
        CHECK_NEAR(bench_value(r, own), bench_value(r, sinks), 1e-9);
    }
    g_autofree char *in = g_strconcat(slice, ".packets_in", NULL),
                    *sent = g_strconcat(source, ".packets", NULL);
    CHECK_NEAR(bench_value(r, in), bench_value(r, sent), 0);
}

/* 15 Gb/s of the smallest packets are more than the NPE takes, 2.5 Gb/s to an interface more than
 * that takes, and slice s0 keeps within its part of Parse: all kinds of losses, also of packets
 * that nobody has looked at. The links to the NPE lose nothing and have no delay. */
#define OVERLOAD                                                                                   \
    "[npe npe0]\ninterfaces = 3\n"                                                                 \
    "[slice s*3]\nnpe = npe0\nudp_port = {30000 + i}\nvlan = {100 + i}\n"                          \
    "routes = 0.0.0.0/0 {i} 192.168.100.1:30000\n"                                                 \
    "[source t*3]\nports = 1\nudp_port = {30000 + i}\nnode_address = 10.255.0.{i + 1}\n"           \
    "node_mac = 02:00:00:00:01:{i:02x}\nsources = 10.100.0.{i + 1}\n"                              \
    "rate = {2500 * (i + 1)}Mbit/s wire\nwarmup = 500us\nduration = 2ms\n"                         \
    "[sink sink]\nports = 3\nsource = t0, t1, t2\n"                                                \
    "[link in*3]\nlink = t{i}.0 -> npe0.{i}\nrate = 10Gbit/s\n"                                    \
    "[link out]\nlink = npe0.0..2 -> sink.0..2\n"

static void a_slice_of_an_npe_loses_what_the_sink_misses(void) {
    RunResult *r = bench_run("[scenario]\ntitle = t\n" OVERLOAD);
    CHECK(bench_value(r, "npe0.drop.mac_full") > 1000);
    CHECK(bench_value(r, "npe0.drop.queue_full") > 1000);
    CHECK(bench_value(r, "s2.lost.mac_full") > bench_value(r, "s1.lost.mac_full"));
    for (unsigned i = 0; i < 3; i++) {
        g_autofree char *slice = g_strdup_printf("s%u", i), *source = g_strdup_printf("t%u", i);
        check_sums(r, slice);
        check_same(r, slice, source);
    }
    run_result_free(r);
}

static void what_the_way_out_refuses_is_lost(void) {
    /* The schedulers send 1 Gb/s into links of 100 Mb/s, whose queues hold 10 kB. */
    RunResult *r = bench_run("[scenario]\ntitle = t\n" OVERLOAD "rate = 100Mbit/s\nqueue = 10kB\n");
    CHECK(bench_value(r, "npe0.drop.link_queue") > 100);
    for (unsigned i = 0; i < 3; i++) {
        g_autofree char *slice = g_strdup_printf("s%u", i), *source = g_strdup_printf("t%u", i);
        check_sums(r, slice);
        check_same(r, slice, source);
    }
    run_result_free(r);
}

/* Through line card, switch and two NPEs. */
static void a_slice_of_a_chassis_loses_what_the_sink_misses(void) {
    RunResult *r = bench_run("[scenario]\ninclude = @scenarios/distributed.ini\n");
    check_sums(r, "a");
    check_sums(r, "b");
    check_same(r, "a", "first");
    check_same(r, "b", "second");
    CHECK(bench_value(r, "b.lost") > 0);
    run_result_free(r);
}

/* Two routers on one core: what the NICs' rings, the sockets and the scheduler leave of it. */
static void a_vserver_loses_what_the_sink_misses(void) {
    RunResult *r =
        bench_run("[scenario]\ntitle = t\ndrain = 1s\n[gpe gpe0]\n"
                  "[vserver v*2]\ngpe = gpe0\nudp_port = {30000 + i}\n"
                  "routes = 0.0.0.0/0 {2 + i} 192.168.100.1:30000\n"
                  "[source t*2]\nattach = to gpe0 interfaces {i}\nudp_port = {30000 + i}\n"
                  "rate = {40 + 360 * i}Mbit/s wire\nwarmup = 50ms\nduration = 300ms\n"
                  "[sink sink]\nattach = gpe0 interfaces 2..3\nsource = t0, t1\n");
    static const char *const losses[] = {"rx_ring", "socket_full", "tx_ring", "other"};
    for (unsigned i = 0; i < 2; i++) {
        double sum = 0;
        g_autofree char *v = g_strdup_printf("v%u", i), *t = g_strdup_printf("t%u", i),
                        *lost = g_strdup_printf("v%u.lost", i);
        check_same(r, v, t);
        for (unsigned k = 0; k < G_N_ELEMENTS(losses); k++) {
            g_autofree char *name = g_strdup_printf("%s.%s", lost, losses[k]);
            sum += bench_value(r, name);
        }
        CHECK_NEAR(bench_value(r, lost), sum, 0);
    }
    CHECK(bench_value(r, "v0.lost.socket_full") > 100);
    CHECK(bench_value(r, "v1.lost.rx_ring") > 1000);
    run_result_free(r);
}

/* Probes with a time to live of 1 end at the first router: its manager has them. */
static void exceptions_are_passed_on(void) {
    RunResult *r = bench_run("[scenario]\ninclude = @scenarios/traceroute.ini\n");
    CHECK_NEAR(bench_value(r, "router0.exceptions"), bench_value(r, "probe0.packets"), 0);
    CHECK_NEAR(bench_value(r, "router1.exceptions"), bench_value(r, "probe1.packets"), 0);
    CHECK_NEAR(bench_value(r, "router0.lost"), 0, 0);
    check_sums(r, "router0");
    check_sums(r, "router1");
    check_sums(r, "destination");
    run_result_free(r);
}

static void a_slice_without_packets_has_measured_no_ratio(void) {
    RunResult *r = bench_run("[scenario]\ntitle = t\nduration = 1ms\n[npe npe0]\n[slice s]\n"
                             "npe = npe0\n");
    CHECK_NEAR(bench_value(r, "s.packets_in"), 0, 0);
    CHECK(isnan(bench_value(r, "s.delivered_ratio")));
    CHECK(isnan(bench_value(r, "s.latency_mean_us")));
    run_result_free(r);
}

int main(void) {
    static const Test tests[] = {TEST(a_slice_of_an_npe_loses_what_the_sink_misses),
                                 TEST(what_the_way_out_refuses_is_lost),
                                 TEST(a_slice_of_a_chassis_loses_what_the_sink_misses),
                                 TEST(a_vserver_loses_what_the_sink_misses),
                                 TEST(exceptions_are_passed_on),
                                 TEST(a_slice_without_packets_has_measured_no_ratio),
                                 {0}};
    return run_tests("account", tests);
}
