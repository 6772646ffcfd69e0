/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The management processor, asked from the scenario's script. A request takes mp_latency to get
 * there and then mp_service of the processor, one after the other: here 100 and 20 us, so that the
 * n-th of those sent at t takes effect at t + 100 us + n * 20 us, neither earlier nor later. */
#include "components/slice/slice.h"
#include "components/npe/private.h"
#include "fastpath/headers.h"
#include "tests/bench.h"

#define NPE "[npe npe0]\n"
#define A "[slice a]\nnpe = npe0\n"
#define B "[slice b]\nnpe = npe0\nudp_port = 30001\nvlan = 101\n"
#define ROUTE "routes = 0.0.0.0/0 0 192.168.100.1:30000\n"
#define TRAFFIC_AT(rate)                                                                           \
    "[source t]\nports = 1\nwarmup = 0\nduration = 4ms\nrate = " rate "\n"                         \
    "[sink sink]\nports = 5\nsource = t\n[link in]\nlink = t.0 -> npe0.0\n"                        \
    "rate = 1Gbit/s\n[link out]\nlink = npe0.0..4 -> sink.0..4\nrate = 1Gbit/s\n"
#define TRAFFIC TRAFFIC_AT("100Mbit/s")

static Slice *slice(const Bench *b, const char *name) {
    return (Slice *)(void *)bench_find(b, name);
}

static bool taken(const Bench *b, uint32_t position) {
    TcamWord value, mask;
    return tcam_get(fp_tcam(slice(b, "a")->npe->tables), position, &value, &mask);
}

static void requests_take_effect_one_after_the_other(void) {
    /* Three sent at 1 ms; filters go in front of 32768, where the slice's route is. */
    Bench *b = bench_open(NPE A ROUTE B TRAFFIC
                          "[at 1ms]\na = filter_add 10.9.0.0/16 1 192.168.101.1:30000; "
                          "sram_write 8 c0ffee\nb = sram_write 0 42\n"
                          "[at 1ms later]\na = filter_remove 32767\n");
    const SimTime first = SIM_MS + 120 * SIM_US, step = 20 * SIM_US;
    Slice *a = slice(b, "a"), *other = slice(b, "b");
    const uint8_t *of_a = fp_slice_sram(a->npe->tables, a->number, 8, 3),
                  *of_b = fp_slice_sram(a->npe->tables, other->number, 0, 1);
    bench_until(b, first - 1);
    CHECK(taken(b, 32768) && !taken(b, 32767));
    bench_until(b, first);
    CHECK(taken(b, 32767));
    bench_until(b, first + step - 1);
    CHECK_U64(of_a[0], 0);
    bench_until(b, first + step);
    CHECK_U64(of_a[0] << 16 | of_a[1] << 8 | of_a[2], 0xc0ffee);
    bench_until(b, first + 2 * step - 1);
    CHECK_U64(*of_b, 0);
    bench_until(b, first + 2 * step);
    CHECK_U64(*of_b, 0x42);
    bench_until(b, first + 3 * step - 1);
    CHECK(taken(b, 32767));
    bench_until(b, first + 3 * step);
    CHECK(!taken(b, 32767));
    bench_finish(b);
    CHECK_NEAR(bench_scalar(b, "a.mp_requests"), 3, 0);
    CHECK_NEAR(bench_scalar(b, "b.mp_requests"), 1, 0);
    bench_close(b);
}

static void an_idle_processor_does_not_save_up_time(void) {
    /* 1 ms apart, each takes 120 us; 50 us apart, the second waits only for its own way: 1.17 ms.
     */
    Bench *b = bench_open(NPE A ROUTE TRAFFIC "[at 1ms]\na = counters; sram_read 0 1\n"
                                              "[at 1050us]\na = sram_read 1 1\n"
                                              "[at 2ms]\na = sram_read 2 1\n");
    bench_finish(b);
    g_autofree char *replies = bench_file(b, "mp-a.txt");
    CHECK_CONTAINS(replies, "0.001120 s  counter 0: ");
    CHECK_CONTAINS(replies, "0.001140 s  1 bytes at 0: 00\n0.001170 s  1 bytes at 1: 00\n"
                            "0.002120 s  1 bytes at 2: 00\n");
    bench_close(b);
}

static void a_slow_processor_delays_what_comes_after_it_became_slow(void) {
    /* 100 us and 10 times 20 us, twice; then as before. */
    Bench *b = bench_open(NPE A ROUTE TRAFFIC
                          "[at 1ms]\nnpe0 = mp_slower 10\n[at 1ms b]\na = sram_read 0 1; "
                          "sram_read 1 1\n[at 2ms]\nnpe0 = mp_slower 1\n[at 2ms b]\na = sram_read "
                          "2 1\n");
    bench_finish(b);
    g_autofree char *replies = bench_file(b, "mp-a.txt");
    CHECK_TEXT(replies, "0.001300 s  1 bytes at 0: 00\n0.001500 s  1 bytes at 1: 00\n"
                        "0.002120 s  1 bytes at 2: 00\n");
    bench_close(b);
}

static void settings_of_the_processor_count(void) {
    Bench *b = bench_open("[npe npe0]\nmp_latency = 1ms\nmp_service = 250us\n" A ROUTE TRAFFIC
                          "[at 500us]\na = sram_read 0 1; sram_read 1 1\n");
    bench_finish(b);
    g_autofree char *replies = bench_file(b, "mp-a.txt");
    CHECK_TEXT(replies, "0.001750 s  1 bytes at 0: 00\n0.002000 s  1 bytes at 1: 00\n");
    bench_close(b);
}

static void replies_say_what_was_done(void) {
    Bench *b =
        bench_open(NPE A ROUTE B ROUTE TRAFFIC
                   "[at 1ms]\na = filter_add 10.2.0.0/16 2 192.168.102.1:30000; filter_list; "
                   "filter_remove 32767; filter_list; queue 1 share 25%; queue 1 limit 7; "
                   "queue 1 limit unlimited; sram_write 4 0102; sram_read 3 4\n");
    bench_finish(b);
    g_autofree char *replies = bench_file(b, "mp-a.txt");
    CHECK_TEXT(replies, "0.001120 s  filter 32767 added\n"
                        "0.001140 s  filter 32767: key 0a02000000000000000000000000 mask "
                        "ffff000000000000000000000000\n"
                        "0.001140 s  filter 32768: key 0000000000000000000000000000 mask "
                        "0000000000000000000000000000\n"
                        "0.001160 s  filter 32767 removed\n"
                        "0.001180 s  filter 32768: key 0000000000000000000000000000 mask "
                        "0000000000000000000000000000\n"
                        "0.001200 s  queue 1 has a share of 25%\n"
                        "0.001220 s  queue 1 holds up to 7 packets\n"
                        "0.001240 s  queue 1 has no limit\n"
                        "0.001260 s  2 bytes written at 4\n"
                        "0.001280 s  4 bytes at 3: 00010200\n");
    bench_close(b);
}

static void a_new_filter_comes_before_those_there_are(void) {
    /* 10.0/16 goes to 0, from 2 ms to 1, and from 3 ms to 0 again. 4 ms of packets, all 7.84 us
     * apart at 100 Mb/s of 98 bytes: a quarter by interface 1. */
    RunResult *r = bench_run(NPE A "routes = 10.0.0.0/32 0 192.168.100.1:30000; 0.0.0.0/0 0 "
                                   "192.168.100.1:30000\n" TRAFFIC
                                   "[at 1880us]\na = filter_add 0.0.0.0/0 1 192.168.101.1:30000\n"
                                   "[at 2880us]\na = filter_remove 32767\n");
    double all = bench_value(r, "t.packets_all");
    CHECK_NEAR(bench_value(r, "sink.port1.packets"), 1e-3 / 7.84e-6, 2);
    CHECK_NEAR(bench_value(r, "sink.port0.packets") + bench_value(r, "sink.port1.packets"), all, 0);
    run_result_free(r);
}

static void a_queues_limit_holds_from_then_on(void) {
    /* 200 Mb/s into a scheduler of 100: 51 packets a ms too many. From 2 ms on it holds 20, and
     * no limit from 3 ms on. */
    Bench *b = bench_open(
        "[npe npe0]\nscheduler_rate = 100Mbit/s\n" A "queue_packets = unlimited\n" ROUTE TRAFFIC_AT(
            "200Mbit/s") "[at 1880us]\n"
                         "a = queue 0 limit 20\n[at 2880us]\na = queue 0 limit unlimited\n");
    Slice *a = slice(b, "a");
    const FpSlice *f = fp_slice(a->npe->tables, a->number);
    bench_until(b, 2 * SIM_MS - SIM_US);
    CHECK_NEAR(qm_queue_packets(a->npe->qm, f->queue_base), 2 * 127.5, 8);
    bench_until(b, 3 * SIM_MS - SIM_US);
    uint32_t still = qm_queue_packets(a->npe->qm, f->queue_base);
    CHECK_NEAR(still, 127.5, 8); /* nothing is taken out, and nothing comes in */
    bench_until(b, 4 * SIM_MS - SIM_US);
    CHECK_NEAR(qm_queue_packets(a->npe->qm, f->queue_base), still + 127.5, 8);
    bench_finish(b);
    CHECK_NEAR(bench_scalar(b, "npe0.drop.queue_full"), 255, 8);
    bench_close(b);
}

static void counters_are_those_of_the_moment(void) {
    /* At 2.12 ms, 2.12 / 7.84e-3 packets of 74 bytes (frame without FCS) are in and out, less
     * those inside. */
    Bench *b = bench_open(NPE A ROUTE TRAFFIC "[at 2ms]\na = counters\n");
    bench_finish(b);
    g_autofree char *replies = bench_file(b, "mp-a.txt");
    uint64_t in = 0, in_bytes = 0, out = 0, out_bytes = 0;
    CHECK_U64(sscanf(replies,
                     "0.002120 s  counter 0: %" SCNu64 " packets %" SCNu64
                     " bytes before the queue, %" SCNu64 " %" SCNu64 " after",
                     &in, &in_bytes, &out, &out_bytes),
              4);
    CHECK_NEAR((double)out, 2120 / 7.84, 2);
    CHECK(in >= out && in <= out + 1);
    CHECK_U64(in_bytes, 74 * in);
    CHECK_U64(out_bytes, 74 * out);
    CHECK_CONTAINS(replies, "counter 5: 0 packets 0 bytes before the queue, 0 0 after\n");
    bench_close(b);
}

static void what_it_does_not_understand_stops_the_run_at_the_line(void) {
    static const struct {
        const char *line, *part;
    } bad[] = {
        {"filter_add", "a: filter_add: found \"\", expected PREFIX/LENGTH"},
        {"filter_add 10.0.0.0/33 0 1.2.3.4:5", "a: filter_add: found \"10.0.0.0/33 0 1.2.3.4:5\""},
        {"filter_add 10.0.0.0/8 5 1.2.3.4:5", "a: filter_add: found"},
        {"filter_add 10.0.0.0/8 0 1.2.3.4:65536", "a: filter_add: found"},
        {"filter_add 10.0.0.0/8 0 1.2.3.4", "a: filter_add: found"},
        {"filter_add 10.0.0.0/8 0 1.2.3.4:5 queue", "a: filter_add: found"},
        {"filter_add 10.0.0.0/8 0 1.2.3.4:5 colour red", "a: filter_add: found"},
        {"filter_remove", "a: filter_remove: found \"\", expected POSITION|key"},
        {"filter_remove one", "a: filter_remove: found \"one\", expected POSITION|key"},
        {"filter_remove 4294967296", "a: filter_remove: found \"4294967296\""},
        {"filter_list all", "a: filter_list: found \"all\", expected nothing after it"},
        {"counters 1", "a: counters: found \"1\", expected nothing after it"},
        {"queue 0", "a: queue: found \"0\", expected N share SHARE|"},
        {"queue 0 weight 3", "a: queue: found \"0 weight 3\""},
        {"sram_peek 0 1", "a: found \"sram_peek\", expected attach, detach, filter_add"},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *text =
            g_strdup_printf(NPE A ROUTE TRAFFIC "[at 1ms]\n\na = %s\n", bad[i].line);
        g_autofree char *part = g_strconcat("test.ini:21: [at 1ms] ", bad[i].part, NULL);
        CHECK_REFUSED(text, part);
    }
    CHECK_REFUSED(NPE A ROUTE TRAFFIC "[at 1ms]\nnpe0 = mp_slower -1\n",
                  "npe0: found \"mp_slower -1\", expected reset, mp_slower FACTOR");
    CHECK_REFUSED(NPE A ROUTE TRAFFIC "[at 1ms]\nnpe0 = mp_slower nan\n", "npe0: found");
    CHECK_REFUSED(NPE A ROUTE TRAFFIC "[at 1ms]\nnpe0 = interface_rate 5 1Gbit/s\n",
                  "npe0: found \"interface_rate 5 1Gbit/s\"");
    CHECK_REFUSED(NPE A ROUTE TRAFFIC "[at 1ms]\nnpe0 = interface_rate 0 fast\n", "[at 1ms] npe0:");
}

static void what_cannot_be_done_is_refused_in_the_reply(void) {
    Bench *b = bench_open(NPE A "max_queues = 7\n" ROUTE B ROUTE TRAFFIC
                                "[at 1ms]\na = attach; port_open 30001; port_open 30002; port_open "
                                "30002; queue_close 0; queue_close 5; "
                                "queue 0 interface 1; queue_open 1; queue_open 1; queue_open 1; "
                                "share 0 in 5%\nb = detach\n[at 2ms]\nb = counters\n");
    bench_finish(b);
    g_autofree char *replies = bench_file(b, "mp-a.txt"), *other = bench_file(b, "mp-b.txt");
    static const char *const refusals[] = {"the slice is attached",
                                           "udp_port: another slice of npe0 has port 30001 already",
                                           "udp_port: this slice of npe0 has port 30002 already",
                                           "a filter leads to queue 0",
                                           "the slice has no queue 5",
                                           "the slice has its 7 queues",
                                           "the NPE has no line card"};
    for (unsigned i = 0; i < G_N_ELEMENTS(refusals); i++) {
        g_autofree char *line = g_strconcat("refused: ", refusals[i], "\n", NULL);
        CHECK_CONTAINS(replies, line);
    }
    CHECK_CONTAINS(other, "refused: the slice is detached\n");
    CHECK_U64(slice(b, "a")->mp_refused, 8);
    bench_close(b);
}

static void shares_fit_when_they_take_effect_and_only_open_queues_have_them(void) {
    /* Queue 0 is interface 0's with 60%: 41% more do not fit, however they come to it. */
    Bench *b = bench_open(NPE A "max_queues = 7\nqueues = 0:60% 1:41%\n"
                                "routes = 0.0.0.0/0 0 192.168.100.1:30000\n" TRAFFIC
                                "[at 1ms]\na = queue_open 0:41%; queue 1 interface 0; "
                                "queue 5 share 10%; queue 5 limit 9; queue_open 0:40%; "
                                "queue_open 0; queue 3 share 1%\n");
    bench_finish(b);
    g_autofree char *replies = bench_file(b, "mp-a.txt");
#define FULL(sum) "refused: queue: found shares of " sum "% at interface 0, expected at most 100%\n"
    CHECK_TEXT(replies, "0.001120 s  " FULL("101") "0.001140 s  " FULL(
                            "101") "0.001160 s  refused: the slice has no queue 5\n"
                                   "0.001180 s  refused: the slice has no queue 5\n"
                                   "0.001200 s  queue 2 opened at interface 0\n"
                                   "0.001220 s  queue 3 opened at interface 0\n"
                                   "0.001240 s  " FULL("101"));
    bench_close(b);
}

static void replies_that_cannot_be_written_are_a_failure_of_files(void) {
    g_autoptr(GError) error = NULL;
    Bench *b = bench_open(NPE A ROUTE TRAFFIC "[at 1ms]\na = counters\n");
    g_autofree char *path = g_build_filename(b->folder, "mp-a.txt", NULL);
    CHECK(g_mkdir(path, 0777) == 0); /* in its place */
    network_run(b->net, SIM_NEVER, SIM_S, SIM_MS, NULL, NULL);
    CHECK(!network_stop(b->net, &error));
    CHECK(error && error->domain == G_FILE_ERROR);
    CHECK_CONTAINS(error ? error->message : NULL, "mp-a.txt: the management processor's replies "
                                                  "cannot be written: Is a directory");
    g_rmdir(path);
    bench_close(b);
}

/* Filters in numbers ------------------------------------------------------------------------ */

/* `n` routes of 32 bits to interface 1, and one for everything else to interface 0, in a file. */
static char *many_routes(const char *folder, unsigned n) {
    g_autoptr(GString) text = g_string_new("0.0.0.0/0 0 192.168.100.1:30000\n");
    for (unsigned i = 0; i < n; i++)
        g_string_append_printf(text, "11.%u.%u.%u/32 1 192.168.101.1:30000\n", i >> 16 & 255,
                               i >> 8 & 255, i & 255);
    char *path = g_build_filename(folder, "routes.txt", NULL);
    g_assert(g_file_set_contents(path, text->str, -1, NULL));
    return path;
}

static RunResult *run_many(unsigned n) {
    char *folder = bench_folder();
    g_autofree char *path = many_routes(folder, n);
    g_autofree char *text =
        g_strdup_printf(NPE A "routes_file = %s\n"
                              "[source t]\nports = 1\nwarmup = 0\nduration = 1ms\n"
                              "rate = 50Mbit/s\ndestinations = 11.0.0.0, 12.0.0.0\nflows = 1\n"
                              "[sink sink]\nports = 2\nsource = t\n[link in]\nlink = t.0 -> "
                              "npe0.0\n[link out]\nlink = npe0.0..1 -> sink.0..1\n",
                        path);
    RunResult *r = bench_run(text);
    bench_remove(folder);
    return r;
}

static void the_longest_prefix_wins_in_a_full_tcam(void) {
    /* 131,072 entries: more than fit behind where slices begin, so that the first go before. The
     * route for everything must stay the last. Half of the packets have a route of their own. */
    RunResult *r = run_many(TCAM_MAX_ENTRIES - 1);
    double all = bench_value(r, "t.packets_all");
    CHECK_NEAR(bench_value(r, "a.filters"), TCAM_MAX_ENTRIES, 0);
    CHECK_NEAR(bench_value(r, "sink.port1.packets"), all / 2, 1);
    CHECK_NEAR(bench_value(r, "sink.port0.packets"), all / 2, 1);
    run_result_free(r);
}

static void filters_may_come_and_go_for_ever(void) {
    /* There are 32,768 positions in front. a fills them all but one, b takes that one at the very
     * front and is refused the next; a removes one, and b has it if it is before b's own. */
    Bench *b = bench_open("[npe npe0]\nmp_latency = 0\nmp_service = 1ns\n" A B TRAFFIC);
    Component *a = bench_find(b, "a"), *other = bench_find(b, "b");
    SimTime now = 0;
#define ASK(who, verb, text)                                                                       \
    do {                                                                                           \
        CHECK(slice_command(who, verb, text, NULL));                                               \
        bench_until(b, now += 1000);                                                               \
    } while (0)
    for (unsigned i = 0; i < 40000; i++) {
        ASK(a, "filter_add", "10.9.0.0/16 1 192.168.101.1:30000");
        CHECK(taken(b, 32767));
        ASK(a, "filter_remove", "32767");
        CHECK(!taken(b, 32767));
    }
    for (unsigned i = 0; i < 32767; i++) ASK(a, "filter_add", "0.0.0.0/0 1 192.168.101.1:30000");
    CHECK(taken(b, 1) && !taken(b, 0));
    CHECK_U64(slice(b, "a")->mp_refused, 0);
    ASK(other, "filter_add", "0.0.0.0/0 deny");
    CHECK(taken(b, 0));
    ASK(other, "filter_add", "0.0.0.0/0 deny");
    CHECK_U64(slice(b, "b")->mp_refused, 1);
    ASK(other, "filter_remove", "0");
    ASK(a, "filter_remove", "7");
    ASK(other, "filter_add", "0.0.0.0/0 deny");
    ASK(other, "filter_add", "0.0.0.0/0 deny");
    CHECK_U64(slice(b, "b")->mp_refused, 2);
    CHECK(taken(b, 0) && !taken(b, 7));
    ASK(other, "filter_remove", "0");
    ASK(a, "filter_add", "0.0.0.0/0 1 192.168.101.1:30000");
    CHECK(taken(b, 0)); /* before a's others, not in the hole behind them */
    ASK(other, "filter_add", "0.0.0.0/0 deny");
    CHECK(taken(b, 7));
    CHECK_U64(slice(b, "b")->mp_refused, 2);
    bench_finish(b);
    bench_close(b);
}

int main(void) {
    static const Test tests[] = {
        TEST(requests_take_effect_one_after_the_other),
        TEST(an_idle_processor_does_not_save_up_time),
        TEST(a_slow_processor_delays_what_comes_after_it_became_slow),
        TEST(settings_of_the_processor_count),
        TEST(replies_say_what_was_done),
        TEST(a_new_filter_comes_before_those_there_are),
        TEST(a_queues_limit_holds_from_then_on),
        TEST(counters_are_those_of_the_moment),
        TEST(what_it_does_not_understand_stops_the_run_at_the_line),
        TEST(what_cannot_be_done_is_refused_in_the_reply),
        TEST(shares_fit_when_they_take_effect_and_only_open_queues_have_them),
        TEST(replies_that_cannot_be_written_are_a_failure_of_files),
        TEST(the_longest_prefix_wins_in_a_full_tcam),
        TEST(filters_may_come_and_go_for_ever),
        {0}};
    return run_tests("mp", tests);
}
