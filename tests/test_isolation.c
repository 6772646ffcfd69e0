/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Two slices on one NPE, and one of them misbehaves: its filters, queues, memory, backlog and rate
 * must not reach the other. Slice a is the attacker on port 30000, b its neighbour on 30001. */
#include "components/slice/slice.h"
#include "fastpath/headers.h"
#include "fastpath/options/i3.h"
#include "fastpath/options/ipv4.h"
#include "tests/bench.h"

/* An NPE without line card; sources a (interface 0) and b (interface 1) of 1 ms; what a test adds
 * comes after. */
#define NPE "[npe npe0]\nscheduler_rate = 1Gbit/s wire\n"
#define TRAFFIC_OF(of_a, of_b)                                                                     \
    "[source ta]\nports = 1\nudp_port = 30000\n" of_a                                              \
    "[source tb]\nports = 1\nudp_port = 30001\nnode_address = 10.255.0.2\n"                        \
    "node_mac = 02:00:00:00:01:01\nsources = 10.100.0.2\n" of_b                                    \
    "[sink sink]\nports = 5\nsource = ta, tb\n[sink slow]\nports = 1\nsource = ta, tb\n"           \
    "[link ina]\nlink = ta.0 -> npe0.0\nrate = 1Gbit/s\n"                                          \
    "[link inb]\nlink = tb.0 -> npe0.1\nrate = 1Gbit/s\n"                                          \
    "[link out]\nlink = npe0.0..4 -> sink.0..4\nrate = 1Gbit/s\n"                                  \
    "[link slow]\nlink = npe0.5 -> slow.0\nrate = 1Gbit/s\n"
#define SOME "rate = 100Mbit/s\nwarmup = 0\nduration = 1ms\n"
#define TRAFFIC TRAFFIC_OF(SOME, SOME)
#define A "[slice a]\nnpe = npe0\n"
#define B "[slice b]\nnpe = npe0\nudp_port = 30001\nvlan = 101\n"
#define ALL_TO(interface) "routes = 0.0.0.0/0 " interface " 192.168.100.1:30000\n"

static double value(RunResult *r, const char *name) {
    double v = bench_value(r, name);
    run_result_free(r);
    return v;
}

/* Filters --------------------------------------------------------------------------------- */

static void a_catch_all_filter_matches_its_own_slice_only(void) {
    /* a matches everything, with a prefix of length 0 and keys of no bits, and with one more put in
     * front of all others; b has no filter at all, so every packet of b misses. */
    static const char *const catch_all[] = {"0.0.0.0/0", "key 00/00", "key 00000000/00000000"};
    for (unsigned i = 0; i < G_N_ELEMENTS(catch_all); i++) {
        g_autofree char *text = g_strdup_printf(
            NPE A "routes = %s 0 192.168.100.1:30000\n" B TRAFFIC "[at 0 add]\na = filter_add %s "
                  "0 192.168.100.1:30000\n",
            catch_all[i], catch_all[i]);
        RunResult *r = bench_run(text);
        double a = bench_value(r, "ta.packets_all"), b = bench_value(r, "tb.packets_all");
        CHECK(a > 100 && b > 100);
        CHECK_NEAR(bench_value(r, "sink.ta.lost"), 0, 0);
        CHECK_NEAR(bench_value(r, "sink.tb.lost"), b, 0);
        CHECK_NEAR(bench_value(r, "npe0.exception.no_route"), b, 0);
        CHECK_NEAR(bench_value(r, "a.packets_after_queue"), a, 0);
        run_result_free(r);
    }
}

static void a_deny_filter_of_one_slice_denies_only_its_own(void) {
    RunResult *r = bench_run(NPE A "routes = 0.0.0.0/0 deny\n" B ALL_TO("1") TRAFFIC);
    CHECK_NEAR(bench_value(r, "npe0.drop.denied"), bench_value(r, "ta.packets_all"), 0);
    CHECK_NEAR(bench_value(r, "sink.tb.lost"), 0, 0);
    run_result_free(r);
}

static void every_slice_id_is_exact_in_the_tcam(void) {
    /* All slices that there can be, with the same catch-all key at one position each, the last
     * slice's first: every slice finds its own. */
    static const uint8_t none[FP_KEY_BYTES];
    FpTables *t = fp_tables_new(FP_MAX_SLICES);
    uint16_t cost[FP_N_SITES] = {0};
    for (unsigned s = 0; s < FP_MAX_SLICES; s++) {
        *fp_slice(t, s) = (FpSlice){.used = true, .queue_base = s, .n_queues = 1, .n_stats = 1};
        FpResult own = {.verdict = FP_FORWARD, .next_hop = s};
        CHECK_U64(fp_filter_insert(t, s, FP_MAX_SLICES - 1 - s, none, none, &own), FP_INSERTED);
    }
    tcam_optimise(fp_tcam(t));
    for (unsigned s = 0; s < FP_MAX_SLICES; s++) {
        FpPacket p = {.slice = (uint16_t)s};
        FpLog log = {.cost = cost};
        CHECK_U64(fp_lookup(t, &p, &log), FP_FORWARD);
        CHECK_U64(p.result.next_hop, s);
        CHECK_U64(p.result.queue, s);
        /* Nobody else may take it away. */
        for (unsigned other = 0; other < FP_MAX_SLICES; other++)
            if (other != s) CHECK(!fp_filter_remove(t, other, FP_MAX_SLICES - 1 - s));
    }
    fp_tables_free(t);
}

static void another_slices_filter_cannot_be_removed(void) {
    /* Of 131,072 positions slices fill from 32,768 on: a has that one, b the next. */
    Bench *b = bench_open(NPE A ALL_TO("0") B ALL_TO("1") TRAFFIC
                          "[at 100us]\na = filter_remove 32769; filter_remove 32768; "
                          "filter_remove 32768; filter_remove 131072\n");
    bench_finish(b);
    g_autofree char *replies = bench_file(b, "mp-a.txt");
    CHECK_TEXT(replies, "0.000220 s  refused: no filter of the slice is there\n"
                        "0.000240 s  filter 32768 removed\n"
                        "0.000260 s  refused: no filter of the slice is there\n"
                        "0.000280 s  refused: no filter of the slice is there\n");
    CHECK_NEAR(bench_scalar(b, "sink.tb.lost"), 0, 0);
    CHECK_NEAR(bench_scalar(b, "a.filters"), 0, 0);
    CHECK_NEAR(bench_scalar(b, "a.mp_refused"), 3, 0);
    bench_close(b);
}

/* Queues ---------------------------------------------------------------------------------- */

static void a_foreign_queue_is_refused_at_set_up(void) {
    /* Five queues, one for each interface; the sixth takes the exceptions. */
    CHECK_REFUSED(NPE A "routes = 10.0.0.0/8 0 192.168.100.1:30000 queue 5\n" B TRAFFIC,
                  "test.ini:5: [slice a] routes: found queue 5, but the slice has queues 0 to 4");
    CHECK_REFUSED(NPE A "routes = 10.0.0.0/8 0 192.168.100.1:30000 queue 4294967295\n" B TRAFFIC,
                  "[slice a] routes: found");
    CHECK_REFUSED(NPE A "routes = 10.0.0.0/8 0 192.168.100.1:30000 queue -1\n" B TRAFFIC,
                  "[slice a] routes: found \"10.0.0.0/8 0 192.168.100.1:30000 queue -1\"");
    CHECK_REFUSED(NPE A "routes = 10.0.0.0/8 5 192.168.100.1:30000\n" B TRAFFIC,
                  "[slice a] routes: found \"10.0.0.0/8 5 192.168.100.1:30000\"");
}

static void a_queue_of_another_interface_is_refused(void) {
    /* It would send at that interface's rate, past this one's scheduler. */
    CHECK_REFUSED(NPE A "routes = 10.0.0.0/8 0 192.168.100.1:30000 queue 1\n" B TRAFFIC,
                  "test.ini:5: [slice a] routes: found queue 1, which is at interface 1, expected "
                  "one at interface 0");
    CHECK_REFUSED(NPE A ALL_TO("0") B TRAFFIC
                  "[at 1us]\na = filter_add 10.0.0.0/8 1 192.168.100.1:30000 queue 0\n",
                  "filter_add: found queue 0, which is at interface 0, expected one at "
                  "interface 1");
    CHECK_REFUSED(NPE A "queues = 0 1\nroutes = 10.0.0.0/8 2 192.168.100.1:30000\n" B TRAFFIC,
                  "[slice a] routes: found interface 2, at which the slice has no queue");
}

static void a_foreign_queue_is_refused_by_the_management_processor(void) {
    static const char *const bad[] = {
        "filter_add 10.0.0.0/8 0 192.168.100.1:30000 queue 5",
        "filter_add 10.0.0.0/8 0 192.168.100.1:30000 queue 4294967296",
        "queue 5 share 10%",
        "queue 5 limit 10",
        "queue 4294967296 limit 10",
        "queue -1 limit 10",
        "queue 0 limit -1",
        "queue 0 limit 4294967296",
        "queue 0 share 0%",
        "queue 0 share 101%",
        "queue 0 limit 10 10",
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *text =
            g_strdup_printf(NPE A ALL_TO("0") B ALL_TO("1") TRAFFIC "[at 1us]\na = %s\n", bad[i]);
        g_autofree char *verb = g_strndup(bad[i], strcspn(bad[i], " "));
        g_autofree char *part = g_strdup_printf("a: %s: found", verb);
        CHECK_REFUSED(text, part);
        CHECK_REFUSED(text, "test.ini:");
    }
}

static void a_code_options_own_route_is_bounded(void) {
    /* a's queues are 0 to 2 and physical 10 to 12, queue 1 at interface 1; counters likewise. */
    static const uint8_t at[] = {0, 1, FP_NO_INTERFACE};
    FpTables *t = fp_tables_new(4);
    *fp_slice(t, 1) = (FpSlice){
        .queue_base = 10, .n_queues = 3, .stats_base = 20, .n_stats = 3, .queue_interface = at};
    static const struct {
        FpResult own;
        FpReason reason;
    } cases[] = {
        {{.queue = 0, .interface = 0}, FP_OK},
        {{.queue = 1, .interface = 1, .stats = 2}, FP_OK},
        {{.queue = 3}, FP_BAD_ROUTE},
        {{.queue = UINT32_MAX}, FP_BAD_ROUTE},
        {{.queue = UINT32_MAX - 9}, FP_BAD_ROUTE}, /* physical 0, if it wrapped */
        {{.stats = 3}, FP_BAD_ROUTE},
        {{.stats = UINT16_MAX}, FP_BAD_ROUTE},
        {{.queue = 0, .interface = 1}, FP_BAD_ROUTE},
        {{.queue = 0, .interface = 9}, FP_BAD_ROUTE},
        {{.queue = 2, .interface = 0}, FP_BAD_ROUTE}, /* the slow path's */
        {{.queue = 0, .interface = UINT16_MAX}, FP_BAD_ROUTE},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        FpPacket p = {.slice = 1};
        CHECK_U64(fp_route(t, &p, &cases[i].own), fp_reason_verdict(cases[i].reason));
        CHECK_U64(p.reason, cases[i].reason);
        CHECK_U64(p.routed, cases[i].reason == FP_OK);
        if (p.routed) {
            CHECK_U64(p.result.queue, 10 + cases[i].own.queue);
            CHECK_U64(p.result.stats, 20 + cases[i].own.stats);
        }
    }
    fp_tables_free(t);
}

/* An I3 node at 80 that sends ids ff to its only other node, by finger 158 (of 80 + 2^158). Its
 * queue, counter and interface stand at 26, 28 and 30 of its 32 bytes from 64 on. */
#define I3_A A "code_option = i3\ni3_id = 80\ni3_ring = 01 0 192.168.100.1:30000\n"
#define IDS_FF "application = i3\nids = ff\n"

static void a_code_option_that_asks_for_a_foreign_queue_is_dropped(void) {
    /* After 0.12 of 1 ms the finger names what is not the slice's. */
    static const char *const bad[] = {
        "0006",       /* queue 6: the slice has five, and one for its exceptions */
        "0005",       /* that one */
        "ffff",       /* a queue that nobody has */
        "00000006",   /* counter 6 of as many as queues */
        "0000000001", /* interface 1 with the queue of interface 0 */
        "000000000f", /* an interface that is not there */
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *text =
            g_strdup_printf(NPE I3_A B ALL_TO("1") TRAFFIC_OF(SOME IDS_FF, SOME) "[at 0]\n"
                                                                                 "a = sram_write "
                                                                                 "%u %s\n",
                            64 + 32 * 158 + 26, bad[i]);
        RunResult *r = bench_run(text);
        double a = bench_value(r, "ta.packets_all"), gone = bench_value(r, "npe0.drop.bad_route");
        CHECK_NEAR(gone / a, 0.88, 0.03);
        CHECK_NEAR(bench_value(r, "sink.ta.lost"), gone, 0);
        CHECK_NEAR(bench_value(r, "sink.tb.lost"), 0, 0);
        CHECK_NEAR(bench_value(r, "b.packets_after_queue"), bench_value(r, "tb.packets_all"), 0);
        run_result_free(r);
    }
}

/* Memory ---------------------------------------------------------------------------------- */

static void sram_outside_the_block_is_refused(void) {
    /* Three blocks of 64 bytes, each full of its own number. Slice 1 reads and writes at every
     * offset and length around its block: what is inside works, what is not is refused, and its
     * neighbours' bytes stay. */
    enum { BYTES = 64 };
    FpTables *t = fp_tables_new(4);
    uint16_t cost[FP_N_SITES] = {0};
    for (unsigned s = 0; s < 3; s++) {
        *fp_slice(t, s) = (FpSlice){.sram_base = s * BYTES, .sram_bytes = BYTES};
        memset(fp_slice_sram(t, s, 0, BYTES), (int)(0x10 + s), BYTES);
    }
    static const uint32_t offsets[] = {0,
                                       1,
                                       31,
                                       62,
                                       63,
                                       64,
                                       65,
                                       BYTES * 2,
                                       96,
                                       0x7fffffff,
                                       UINT32_MAX,
                                       UINT32_MAX - 63,
                                       FP_SRAM_BYTES};
    static const uint32_t lengths[] = {0, 1, 2, 32, 63, 64, 65, 128, UINT32_MAX};
    for (unsigned o = 0; o < G_N_ELEMENTS(offsets); o++)
        for (unsigned n = 0; n < G_N_ELEMENTS(lengths); n++) {
            bool inside = (uint64_t)offsets[o] + lengths[n] <= BYTES;
            FpPacket reader = {.slice = 1}, writer = {.slice = 1};
            FpLog log = {.cost = cost};
            const uint8_t *from =
                fp_sram_read(t, &reader, SITE_PARSE_I3, offsets[o], lengths[n], &log);
            uint8_t *to = fp_sram_write(t, &writer, SITE_PARSE_I3, offsets[o], lengths[n], &log);
            CHECK((from != NULL) == inside && (to != NULL) == inside);
            CHECK(reader.refused == !inside && writer.refused == !inside);
            CHECK_U64(log.n, inside ? 2 : 0);
            if (to) memset(to, 0xee, lengths[n]);
        }
    for (unsigned i = 0; i < BYTES; i++) {
        CHECK_U64(*fp_slice_sram(t, 0, i, 1), 0x10);
        CHECK_U64(*fp_slice_sram(t, 1, i, 1), 0xee);
        CHECK_U64(*fp_slice_sram(t, 2, i, 1), 0x12);
    }
    fp_tables_free(t);
}

static void a_read_outside_the_block_drops_the_packet_and_is_counted(void) {
    /* The id of a's trigger stands behind the end of its block, where b's begins; then one byte
     * before. */
    for (unsigned i = 0; i < 2; i++) {
        g_autofree char *text = g_strdup_printf(
            NPE A
            "code_option = i3\nsram = 8KiB\nroutes = key ff00/ffff 0 192.168.100.1:30000 %u\n" B
                ALL_TO("1") TRAFFIC_OF(SOME IDS_FF, SOME),
            i ? 8192 - 31 : 8192);
        RunResult *r = bench_run(text);
        CHECK_NEAR(bench_value(r, "npe0.drop.sram_bounds"), bench_value(r, "ta.packets_all"), 0);
        CHECK_NEAR(bench_value(r, "sink.tb.lost"), 0, 0);
        run_result_free(r);
    }
    /* The last 32 bytes are inside: a mismatch, because they are 0. */
    RunResult *r =
        bench_run(NPE A "code_option = i3\nsram = 8KiB\n"
                        "routes = key ff00/ffff 0 192.168.100.1:30000 8160\n" B ALL_TO("1")
                            TRAFFIC_OF(SOME IDS_FF, SOME));
    CHECK_NEAR(bench_value(r, "npe0.drop.sram_bounds"), 0, 0);
    CHECK_NEAR(value(r, "npe0.exception.i3_mismatch"), 125, 125);
}

static void the_management_processor_keeps_to_the_block(void) {
    static const char *const bad[] = {"sram_write 16 00",
                                      "sram_write 15 0011",
                                      "sram_write 4294967295 0011",
                                      "sram_write 4294967296 00",
                                      "sram_write -1 00",
                                      "sram_write 0 0",
                                      "sram_write 0 0g",
                                      "sram_write 0 000102030405060708090a0b0c0d0e0f10",
                                      "sram_read 0 17",
                                      "sram_read 16 1",
                                      "sram_read 4294967295 2",
                                      "sram_read 0 4294967297",
                                      "sram_read 0 -1",
                                      "sram_read 1"};
    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *text =
            g_strdup_printf(NPE A "sram = 16B\n" ALL_TO("0") B "sram = 16B\n" ALL_TO("1") TRAFFIC
                            "[at 1us]\na = %s\n",
                            bad[i]);
        g_autofree char *verb = g_strndup(bad[i], strcspn(bad[i], " "));
        g_autofree char *part = g_strdup_printf("[at 1us] a: %s: found", verb);
        CHECK_REFUSED(text, part);
    }
}

static void a_write_changes_the_slices_own_bytes_only(void) {
    Bench *b = bench_open(NPE A "sram = 4B\n" B "sram = 4B\n[slice c]\nnpe = npe0\n"
                                "udp_port = 30002\nvlan = 102\nsram = 4B\n" TRAFFIC
                                "[at 0]\na = sram_write 0 aaaaaaaa\nc = sram_write 0 cccccccc\n"
                                "[at 100us]\nb = sram_write 0 bbbbbbbb; sram_read 0 4\n"
                                "a = sram_read 0 4\nc = sram_read 0 4\n");
    bench_finish(b);
    g_autofree char *a = bench_file(b, "mp-a.txt"), *own = bench_file(b, "mp-b.txt"),
                    *c = bench_file(b, "mp-c.txt");
    CHECK_CONTAINS(a, "4 bytes at 0: aaaaaaaa\n");
    CHECK_CONTAINS(own, "4 bytes at 0: bbbbbbbb\n");
    CHECK_CONTAINS(c, "4 bytes at 0: cccccccc\n");
    bench_close(b);
}

/* Buffers and shares ---------------------------------------------------------------------- */

/* a floods interface 0, whose scheduler sends a tenth of it, without a limit on its queue; b sends
 * a little to interface 1. The chip has 256 buffers. */
static RunResult *flood(const char *limit) {
    g_autofree char *text =
        g_strdup_printf("[npe npe0]\nscheduler_rate = 100Mbit/s\nbuffers = 256\n" A
                        "queue_packets = unlimited\nbuffers = %s\n" ALL_TO("0") B ALL_TO("1")
                            TRAFFIC_OF("rate = 1Gbit/s\nwarmup = 0\nduration = 20ms\n",
                                       "rate = 90Mbit/s\nwarmup = 0\nduration = 20ms\n"),
                        limit);
    return bench_run(text);
}

static void a_backlog_cannot_take_the_neighbours_buffers(void) {
    /* At 128 ns x 98 = 784 ns a packet, a is 128 packets ahead of its scheduler after 0.11 ms. It
     * has half of what is for queues, by default as by number, which is half of 256: rings and
     * contexts can hold more than the other half. */
    static const char *const limits[] = {"equal", "64"};
    for (unsigned i = 0; i < G_N_ELEMENTS(limits); i++) {
        RunResult *r = flood(limits[i]);
        CHECK_NEAR(bench_value(r, "npe0.drop.no_buffer"), 0, 0);
        CHECK_NEAR(bench_value(r, "sink.tb.lost"), 0, 0);
        CHECK_NEAR(bench_value(r, "sink.ta.lost"), bench_value(r, "npe0.drop.queue_full"), 0);
        CHECK(bench_value(r, "sink.ta.lost") > 10000);
        run_result_free(r);
    }
    CHECK_REFUSED("[npe npe0]\nbuffers = 256\n" A "buffers = 129\n" B TRAFFIC,
                  "buffers: found 129 with the others', and 0 slices that share the rest, but npe0 "
                  "has 128 for queues");
}

/* Four attacks ---------------------------------------------------------------------------- */

/* The neighbour has 10 percent of five interfaces and offers Poisson traffic; the attacker, an I3
 * slice with 90 percent, is on all five too. 40 bytes of payload, so that the chip is not the
 * limit.
 */
#define ATTACKED                                                                                   \
    "[slice a]\nnpe = npe0\nshare = 90%%\ncode_option = i3\nroutes = id 0a000001 0 "               \
    "10.0.0.1:1; id 0a010001 1 10.0.0.1:1; id 0a020001 2 10.0.0.1:1; "                             \
    "id 0a030001 3 10.0.0.1:1; id 0a040001 4 10.0.0.1:1\n%s\n"                                     \
    "[slice b]\nnpe = npe0\nshare = 10%%\nudp_port = 30001\nvlan = 101\n"                          \
    "routes = 10.0.0.0/16 0 10.0.0.1:1; 10.1.0.0/16 1 10.0.0.1:1; 10.2.0.0/16 2 10.0.0.1:1; "      \
    "10.3.0.0/16 3 10.0.0.1:1; 10.4.0.0/16 4 10.0.0.1:1\n"                                         \
    "[mux m]\ninputs = 2\nlanes = 5\n[sink sink]\nports = 5\nsource = ta, tb\n"                    \
    "[sink slow]\nports = 1\nsource = ta, tb\n[link ia]\nlink = ta.0..4 -> m.0..4\nrate = none\n"  \
    "[link ib]\nlink = tb.0..4 -> m.5..9\nrate = none\n[link in]\nlink = m.0..4 -> npe0.0..4\n"    \
    "rate = 1Gbit/s\n[link out]\nlink = npe0.0..4 -> sink.0..4\nrate = 1Gbit/s\n"                  \
    "[link slow]\nlink = npe0.5 -> slow.0\nrate = 1Gbit/s\n"                                       \
    "[source tb]\nudp_port = 30001\npattern = poisson\nduration = 10ms\npayload = %s\nrate = %s\n" \
    "[source ta]\napplication = i3\nduration = 10ms\npayload = %s\nrate = %s\n"

static const char *const neighbour[] = {"100Mbit/s", "250Mbit/s", "450Mbit/s"};
enum { N_LOADS = G_N_ELEMENTS(neighbour) };

typedef struct {
    const char *name, *npe, *slice, *payload, *rate;
} Attack;

/* The p99 of the neighbour's latency at a load, us; it must lose nothing. All that is sent, per s.
 */
static double under(unsigned load, const Attack *x, double *tx_pps) {
    g_autofree char *text =
        g_strdup_printf("[npe npe0]\nscheduler_rate = 1Gbit/s wire\n%s\n" ATTACKED, x->npe,
                        x->slice, x->payload, neighbour[load], x->payload, x->rate);
    RunResult *r = bench_run(text);
    CHECK_NEAR(bench_value(r, "sink.tb.lost"), 0, 0);
    *tx_pps = bench_value(r, "sink.delivered_pps");
    return value(r, "sink.tb.latency_p99_us");
}

static void at_most_three_times(const Attack *x) {
    const Attack none = {"alone", "", "", x->payload, "1Mbit/s"};
    for (unsigned load = 0; load < N_LOADS; load++) {
        double pps, alone = under(load, &none, &pps), p99 = under(load, x, &pps);
        printf("  neighbour at %s, %s: p99 %.1f us, alone %.1f us\n", neighbour[load], x->name, p99,
               alone);
        CHECK(p99 <= 3 * alone);
    }
}

static void a_neighbour_survives_slow_code(void) {
    /* 800 instructions of Parse for each packet of 4 Gb/s. */
    at_most_three_times(&(Attack){"slow Parse", "instr_parse_i3 = 800", "", "40", "4Gbit/s wire"});
}

static void a_neighbour_survives_an_attack_on_the_buffers(void) {
    /* Everything to one interface, which sends a quarter of it, and no limit on the queue. */
    at_most_three_times(&(Attack){"pool", "buffers = 8192", "queue_packets = unlimited", "40",
                                  "4Gbit/s wire\nids = 0a000001"});
}

static void a_neighbour_survives_a_flood(void) {
    at_most_three_times(&(Attack){"flood", "", "", "40", "4Gbit/s wire"});
    at_most_three_times(
        &(Attack){"flood of one interface", "", "", "40", "4Gbit/s wire\nids = 0a000001"});
}

static void a_flood_of_the_shortest_packets_is_bounded_by_the_ring_to_tx(void) {
    /* Without payload 4 Gb/s and what the neighbour adds are more than Tx takes. In front of a
     * packet that the queue manager sends first are the ring to Tx, 128 messages, and what Tx has
     * in 16 contexts: 144 packets at the rate of Tx. */
    const Attack none = {"alone", "", "", "0", "1Mbit/s"},
                 flood_of = {"", "", "", "0", "4Gbit/s wire"};
    for (unsigned load = 0; load < N_LOADS; load++) {
        double tx_pps, alone = under(load, &none, &tx_pps), p99 = under(load, &flood_of, &tx_pps);
        double bound = alone + 160 / tx_pps * 1e6;
        printf(
            "  neighbour at %s, flood of the shortest: p99 %.1f us, at most %.1f, alone %.1f us\n",
            neighbour[load], p99, bound, alone);
        CHECK(p99 <= bound);
    }
}

static void a_neighbours_request_waits_for_one_of_the_attackers(void) {
    /* 1,880 requests of a at once, of which it may have 128 waiting and one served; then b's. They
     * would take 37 ms; b's comes behind the one and one in turn: 100 us + 3 x 20 us. */
    g_autoptr(GString) text = g_string_new(NPE A ALL_TO("0") B ALL_TO("1") TRAFFIC);
    for (unsigned i = 0; i < 1880; i++)
        g_string_append_printf(text, i % 94 ? "; counters" : "\n[at 0 a%02u]\na = counters",
                               i / 94);
    g_string_append(text, "\n[at 0 b]\nb = sram_read 0 1\n");
    Bench *b = bench_open(text->str);
    bench_finish(b);
    g_autofree char *own = bench_file(b, "mp-b.txt"), *other = bench_file(b, "mp-a.txt");
    CHECK_TEXT(own, "0.000160 s  1 bytes at 0: 00\n");
    CHECK_CONTAINS(other, "refused: too many requests of the slice wait already");
    CHECK_NEAR(bench_scalar(b, "a.mp_refused"), 1880 - 129, 0);
    bench_close(b);
}

/* Both send to interface 0 at 100 Mb/s: a 1 Gb/s, b as said. Rates from 5 ms on. */
static RunResult *contend(const char *a, const char *b, const char *rate_b) {
#define FOR_50_MS "warmup = 5ms\npayload = 400\nduration = 50ms\n"
    g_autofree char *text =
        g_strdup_printf("[npe npe0]\nscheduler_rate = 100Mbit/s\n" A "%s" B
                        "%s" TRAFFIC_OF(FOR_50_MS "rate = 1Gbit/s\n", FOR_50_MS "rate = %s\n"),
                        a, b, rate_b);
    return bench_run(text);
}

static void ten_times_the_rate_does_not_take_the_neighbours_share(void) {
    /* 30 and 70 percent of 100 Mb/s. b offers 60: it gets all and a the other 40. b offers 200: 30
     * and 70. */
    RunResult *r =
        contend("queues = 0:30%\n" ALL_TO("0"), "queues = 0:70%\n" ALL_TO("0"), "60Mbit/s");
    CHECK_NEAR(bench_value(r, "sink.tb.lost"), 0, 0);
    CHECK_NEAR(bench_value(r, "sink.tb.delivered_bps"), 60e6, 0.6e6);
    CHECK_NEAR(bench_value(r, "sink.ta.delivered_bps"), 40e6, 0.6e6);
    run_result_free(r);
    r = contend("queues = 0:30%\n" ALL_TO("0"), "queues = 0:70%\n" ALL_TO("0"), "200Mbit/s");
    CHECK_NEAR(bench_value(r, "sink.tb.delivered_bps"), 70e6, 0.6e6);
    CHECK_NEAR(bench_value(r, "sink.ta.delivered_bps"), 30e6, 0.6e6);
    run_result_free(r);
}

/* Four queues for a at interface 0, its packets dealt out among them by inner source port. */
#define FOUR                                                                                       \
    "routes = 10.0.0.0/16 0 192.168.100.1:30000 queue 0; 10.1.0.0/16 0 192.168.100.1:30000 "       \
    "queue 1; 10.2.0.0/16 0 192.168.100.1:30000 queue 2; 0.0.0.0/0 0 192.168.100.1:30000 queue "   \
    "3\n"

static void more_queues_are_no_more_share(void) {
    /* a, with 30 percent of each interface, spreads over four queues; together they have what
     * `share` says, even where one of them claims all of it and the others have no share. */
    static const char *const queues[] = {"queues = 0 0 0 0\n", "queues = 0:40% 0:30% 0:20% 0:10%\n",
                                         "queues = 0:70% 0 0 0\n"};
    for (unsigned i = 0; i < G_N_ELEMENTS(queues); i++) {
        g_autofree char *a = g_strconcat("share = 30%\n", queues[i], FOUR, NULL);
        RunResult *r = contend(a, "share = 70%\n" ALL_TO("0"), "200Mbit/s");
        CHECK_NEAR(bench_value(r, "sink.tb.delivered_bps"), 70e6, 0.8e6);
        CHECK_NEAR(bench_value(r, "sink.ta.delivered_bps"), 30e6, 0.8e6);
        run_result_free(r);
    }
}

static void a_share_set_through_the_management_processor_stays_within_the_slices(void) {
    RunResult *r = contend("share = 30%\nqueues = 0:10% 0:10% 0:10% 0:10%\n" FOUR
                           "[at 1ms]\na = queue 0 share 60%\n",
                           "share = 70%\n" ALL_TO("0"), "200Mbit/s");
    CHECK_NEAR(bench_value(r, "sink.tb.delivered_bps"), 70e6, 0.8e6);
    CHECK_NEAR(bench_value(r, "sink.ta.delivered_bps"), 30e6, 0.8e6);
    run_result_free(r);
}

static void a_share_set_through_the_management_processor_counts(void) {
    /* 30 and 30 percent are half and half; 90 and 30, from 1.12 ms on, three to one. */
    RunResult *r = contend("queues = 0:30%\n" ALL_TO("0") "[at 1ms]\na = queue 0 share 90%\n",
                           "queues = 0:30%\n" ALL_TO("0"), "200Mbit/s");
    CHECK_NEAR(bench_value(r, "sink.ta.delivered_bps"), 75e6, 0.8e6);
    CHECK_NEAR(bench_value(r, "sink.tb.delivered_bps"), 25e6, 0.8e6);
    run_result_free(r);
}

static void the_smallest_share_still_moves_packets(void) {
    /* 0.001 percent is less than a byte a round. */
    RunResult *r = contend("queues = 0:0.001%\n" ALL_TO("0"), ALL_TO("1"), "1Mbit/s");
    CHECK_NEAR(bench_value(r, "sink.ta.delivered_bps"), 100e6, 1e6);
    run_result_free(r);
}

static void shares_above_100_percent_are_refused(void) {
    CHECK_REFUSED(NPE A "queues = 0:60% 1:60% 0:60%\n" ALL_TO("0") B TRAFFIC,
                  "test.ini:5: [slice a] queues: found shares of 120% at interface 0, expected at "
                  "most 100%");
    CHECK_REFUSED(NPE A "share = 60%\n" ALL_TO("0") B "share = 50%\n" TRAFFIC,
                  "[slice b] share: found 50%, which with the others' makes 110% of each interface "
                  "of npe0, expected at most 100% in all");
    Bench *b = bench_open(NPE A "queues = 0:60% 0:20% 1:50%\nmax_queues = 5\n" ALL_TO("0") B TRAFFIC
                          "[at 1us]\na = queue 1 share 50%; queue 2 interface 0; "
                          "queue_open 1:60%; queue_open 1:50%; queue 2 interface 0; "
                          "queue 1 share 40%; queue 2 share 60%\n");
    bench_finish(b);
    g_autofree char *replies = bench_file(b, "mp-a.txt");
    CHECK_CONTAINS(replies, "s  refused: queue: found shares of 110% at interface 0, expected at "
                            "most 100%\n");
    CHECK_CONTAINS(replies, "refused: queue: found shares of 130% at interface 0");
    CHECK_CONTAINS(replies, "refused: queue: found shares of 110% at interface 1");
    CHECK_CONTAINS(replies, "queue 3 opened at interface 1\n");
    CHECK_CONTAINS(replies, "queue 1 has a share of 40%\n");
    CHECK_CONTAINS(replies, "refused: queue: found shares of 110% at interface 1");
    CHECK_NEAR(bench_scalar(b, "a.mp_refused"), 5, 0);
    bench_close(b);
}

/* Code options ---------------------------------------------------------------------------- */

static void two_code_options_forward_their_own(void) {
    /* IPv4 and I3 at once: each sees its own packets only, counts them and drops none. Swapped,
     * every packet is malformed for the other's code: an I3 header begins with 0x10, version 1 of
     * IP, and an IPv4 header with 0x45, no version of I3. */
#define PAIR(of_a, of_b)                                                                           \
    NPE A ALL_TO("0") B                                                                            \
        "code_option = i3\ni3_id = 40\ni3_triggers = 0b 1 192.168.101.1:7000\n" TRAFFIC_OF(        \
            SOME of_a, SOME of_b)
#define AS_I3 "application = i3\nids = 0b\n"
    RunResult *r = bench_run(PAIR("", AS_I3));
    double a = bench_value(r, "ta.packets_all"), b = bench_value(r, "tb.packets_all");
    CHECK(a > 100 && b > 80);
    CHECK_NEAR(bench_value(r, "sink.port0.packets"), a, 0);
    CHECK_NEAR(bench_value(r, "sink.port1.packets"), b, 0);
    CHECK_NEAR(bench_value(r, "a.packets_after_queue"), a, 0);
    CHECK_NEAR(bench_value(r, "b.packets_after_queue"), b, 0);
    CHECK_NEAR(bench_value(r, "run.packets_dropped"), 0, 0);
    run_result_free(r);
    r = bench_run(PAIR(AS_I3, ""));
    CHECK_NEAR(bench_value(r, "npe0.drop.bad_version"), bench_value(r, "ta.packets_all"), 0);
    CHECK_NEAR(bench_value(r, "npe0.drop.i3_malformed"), bench_value(r, "tb.packets_all"), 0);
    CHECK_NEAR(bench_value(r, "npe0.forwarded"), 0, 0);
    run_result_free(r);
}

static void two_slices_cannot_have_one_port(void) {
    CHECK_REFUSED(NPE A "[slice b]\nnpe = npe0\n" TRAFFIC,
                  "test.ini:5: [slice b] udp_port: another slice of npe0 has port 30000 already");
}

static void two_slices_of_an_npe_cannot_have_one_vlan(void) {
    /* They would be one class on the line card, with one queue and one share. */
    CHECK_REFUSED("[scenario]\ninclude = @scenarios/chassis-dev.ini\n" A
                  "vlan = 100\n[slice b]\nnpe = npe0\nudp_port = 30001\nvlan = 100\n",
                  "test.ini:9: [slice b] vlan: found 100, which another slice of lc0 has");
}

int main(void) {
    static const Test tests[] = {
        TEST(a_catch_all_filter_matches_its_own_slice_only),
        TEST(a_deny_filter_of_one_slice_denies_only_its_own),
        TEST(every_slice_id_is_exact_in_the_tcam),
        TEST(another_slices_filter_cannot_be_removed),
        TEST(a_foreign_queue_is_refused_at_set_up),
        TEST(a_queue_of_another_interface_is_refused),
        TEST(a_foreign_queue_is_refused_by_the_management_processor),
        TEST(a_code_options_own_route_is_bounded),
        TEST(a_code_option_that_asks_for_a_foreign_queue_is_dropped),
        TEST(sram_outside_the_block_is_refused),
        TEST(a_read_outside_the_block_drops_the_packet_and_is_counted),
        TEST(the_management_processor_keeps_to_the_block),
        TEST(a_write_changes_the_slices_own_bytes_only),
        TEST(a_backlog_cannot_take_the_neighbours_buffers),
        TEST(a_neighbour_survives_slow_code),
        TEST(a_neighbour_survives_an_attack_on_the_buffers),
        TEST(a_neighbour_survives_a_flood),
        TEST(a_flood_of_the_shortest_packets_is_bounded_by_the_ring_to_tx),
        TEST(a_neighbours_request_waits_for_one_of_the_attackers),
        TEST(ten_times_the_rate_does_not_take_the_neighbours_share),
        TEST(more_queues_are_no_more_share),
        TEST(a_share_set_through_the_management_processor_stays_within_the_slices),
        TEST(a_share_set_through_the_management_processor_counts),
        TEST(the_smallest_share_still_moves_packets),
        TEST(shares_above_100_percent_are_refused),
        TEST(two_code_options_forward_their_own),
        TEST(two_slices_cannot_have_one_port),
        TEST(two_slices_of_an_npe_cannot_have_one_vlan),
        {0}};
    return run_tests("isolation", tests);
}
