/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Changing what the hardware is changes the result, for the stated reason. Each test states metric,
 * direction and reason first. Most run scenarios/npe.ini; rates are packets per second delivered.
 */
#include "components/classes.h"
#include "components/ixp/chip.h"
#include "emu/study/run.h"
#include "tests/check.h"
#include "tests/runs.h"

/* The one run of a scenario with these values set; NULL-terminated. Caller frees. */
static RunResult *run_file(const char *file, const char *const *set) {
    g_autoptr(GError) error = NULL;
    Scenario *s = load_timed(file, set, component_classes, &error);
    if (!s) printf("  %s\n", error->message);
    g_assert(s);
    GPtrArray *results = runs_of(s, 1);
    RunResult *r = g_steal_pointer(&results->pdata[0]);
    if (r->failure) printf("  %s\n", r->failure);
    CHECK_U64(r->code, EXIT_OK);
    g_ptr_array_unref(results);
    scenario_free(s);
    return r;
}

#define SHORT "traffic.duration=4ms", "traffic.warmup=1ms"
#define RUN(...) run_file("scenarios/npe.ini", (const char *const[]){SHORT, __VA_ARGS__, NULL})

static double scalar(RunResult *r, const char *name) {
    const RunScalar *s = run_scalar(r, name);
    if (!s) printf("  no scalar %s\n", name);
    double value = s ? s->value : NAN;
    run_result_free(r);
    return value;
}
#define PPS(...) scalar(RUN(__VA_ARGS__), "sink.delivered_pps")
#define RATE(...) scalar(RUN(__VA_ARGS__), "sink.delivered_bps")
#define RATIO(...) scalar(RUN(__VA_ARGS__), "sink.delivered_ratio")

static void the_ordered_section_of_tx_sets_the_packet_rate(void) {
    /* One packet per scratch get (100 cycles), SRAM read (107 ns), 10 instructions, two swaps
     * within it, and the hand-over to the other ME (10 cycles, and a swap there): about 290 cycles.
     */
    double cycles = 1.4e9 / PPS("traffic.rate=5Gbit/s");
    CHECK_NEAR(cycles, 290, 6);
}

static void order_by_scheduler_takes_that_section_away(void) {
    /* Then nothing in Tx is serial but the packets of one scheduler. Its two MEs have 76
     * instructions and six swaps a packet, 88 cycles: 2 * 1.4e9 / 88 = 32 M/s; its 16 contexts
     * wait 0.8 us a packet for ring, SRAM, register, DRAM and what they write: 20 M/s. So all that
     * five links of 1 Gb/s can bring gets through, 5e9 / 784 bits = 6.38 M/s (4.83 in the order of
     * the chip), and a slower scratchpad, which stretches the section, costs nothing. */
    double all = 5e9 / 784;
    CHECK_NEAR(PPS("traffic.rate=5Gbit/s", "npe0.tx_order=scheduler"), all, 0.002 * all);
    CHECK_NEAR(
        PPS("traffic.rate=5Gbit/s", "npe0.tx_order=scheduler", "npe0.scratch_latency=200cycles"),
        all, 0.002 * all);
    CHECK(PPS("traffic.rate=5Gbit/s", "npe0.scratch_latency=200cycles") < 0.8 * 1.4e9 / 290);
    CHECK(scalar(RUN("traffic.rate=5Gbit/s", "npe0.tx_order=scheduler"), "sink.reordered") == 0);
}

/* One NPE or both behind their line card, 0 byte payloads at 5 Gb/s each: what gets through, in
 * packets per second, and what is lost in the queues of NPEs and of line card. */
typedef struct {
    double pps, lost[2];
} Limit;

static Limit limit(const char *npe, const char *linecard, const char *second) {
    g_autofree char *npe0 = g_strconcat("npe0.tx_order=", npe, NULL),
                    *npe1 = g_strconcat("npe1.tx_order=", npe, NULL),
                    *lc0 = g_strconcat("lc0.tx_order=", linecard, NULL),
                    *rate = g_strconcat("second.rate=", second, NULL);
    RunResult *r = run_file("scenarios/two-npe.ini",
                            (const char *const[]){npe0, npe1, lc0, rate, "first.duration=6ms",
                                                  "second.duration=6ms", NULL});
    Limit l = {run_scalar(r, "sink.delivered_pps")->value,
               {run_scalar(r, "npe0.drop.queue_full")->value +
                    run_scalar(r, "npe1.drop.queue_full")->value,
                run_scalar(r, "lc0.drop.queue_full")->value}};
    run_result_free(r);
    return l;
}

static void where_packets_are_lost_tells_the_npes_tx_from_the_line_cards(void) {
    /* Figure 9 cannot tell whose Tx keeps the order of its chip: the rate is the same section's.
     * But packets are lost in front of it, and two NPEs have two of them and one line card. */
    Limit ours = limit("chip", "scheduler", "1bit/s"),
          theirs = limit("scheduler", "chip", "1bit/s");
    CHECK_NEAR(theirs.pps / ours.pps, 1, 0.02);
    CHECK(ours.lost[0] > 1000 && ours.lost[1] == 0);
    CHECK(theirs.lost[0] == 0 && theirs.lost[1] > 1000);
    CHECK_NEAR(limit("chip", "scheduler", "5Gbit/s wire").pps / ours.pps, 2, 0.02);
    CHECK_NEAR(limit("scheduler", "chip", "5Gbit/s wire").pps / theirs.pps, 1, 0.02);
}

static void half_the_clock_stretches_what_counts_in_cycles(void) {
    /* All of the section but the 150 cycles of SRAM doubles: 140 * 2 + 75 of the slower cycles. */
    double whole = PPS("traffic.rate=5Gbit/s"),
           half = PPS("traffic.rate=5Gbit/s", "npe0.me_clock=700MHz");
    CHECK(half < 0.75 * whole && half > 0.5 * whole);
}

static void twice_the_sram_latency_adds_it_to_the_section(void) {
    /* 107 ns more per packet: 1 / (1 / rate + 107 ns). */
    double before = PPS("traffic.rate=5Gbit/s"),
           after = PPS("traffic.rate=5Gbit/s", "npe0.sram_latency=214ns");
    CHECK_NEAR(after, 1 / (1 / before + 107e-9), 0.02 * before);
}

static void one_context_cannot_hide_memory_latency(void) {
    /* A block then takes its whole latency per packet. Decap's is a scratch get (71 ns), a DRAM
     * read (214 and four bursts), an SRAM read (107 and four words) and 60 instructions (43): above
     * 435 ns, so below 2.3 M/s. Two contexts do twice as much, four reach Tx's limit. */
    double one = PPS("traffic.rate=5Gbit/s", "npe0.contexts=1"),
           two = PPS("traffic.rate=5Gbit/s", "npe0.contexts=2");
    CHECK(one < 2.3e6 && one > 1.8e6);
    CHECK_NEAR(two / one, 2, 0.1);
    CHECK(PPS("traffic.rate=5Gbit/s", "npe0.contexts=4") > 4.7e6);
}

static void mpackets_of_64_bytes_cost_small_frames_twice(void) {
    /* A 0 byte payload is a frame of 78 bytes, two mpackets of 64: the sequence section, per
     * mpacket, then sets the rate, and 128 and 256 are equal because both take one. */
    double at64 = PPS("traffic.rate=5Gbit/s", "npe0.mpacket=64B"),
           at128 = PPS("traffic.rate=5Gbit/s"),
           at256 = PPS("traffic.rate=5Gbit/s", "npe0.mpacket=256B");
    CHECK(at64 < 0.7 * at128);
    CHECK_NEAR(at256, at128, 0.01 * at128);
}

static void a_frame_one_byte_above_an_mpacket_pays_for_two(void) {
    /* Payload 50 is a frame of 128 bytes, 51 one of 129; with elements of 256 bytes nothing
     * happens. */
    CHECK(RATIO("traffic.rate=5Gbit/s", "traffic.payload=50") > 0.999);
    /* 460 cycles of the sequence section a packet: 3.04 of 4.19 M/s. */
    CHECK_NEAR(RATE("traffic.rate=5Gbit/s", "traffic.payload=51") / 5e9, 0.725, 0.01);
    CHECK(RATIO("traffic.rate=5Gbit/s", "traffic.payload=51", "npe0.mpacket=256B") > 0.999);
}

static void the_80_byte_point_of_figure_11_is_calibrated_and_40_predicted(void) {
    /* IPv4 payloads are 7 bytes longer than I3's. Published: 90 and 100 percent of 5 Gb/s. */
    CHECK_NEAR(RATE("traffic.rate=5Gbit/s", "traffic.payload=87") / 5e9, 0.90, 0.005);
    CHECK(RATE("traffic.rate=5Gbit/s", "traffic.payload=47") / 5e9 > 0.99);
}

static void one_more_me_helps_a_block_that_computes_and_not_an_ordered_section(void) {
    /* 400 instructions more in Parse make it the limit: its one ME then has 500 cycles of work a
     * packet, below 2.8 M/s, and a second one doubles that. Tx's section gains nothing. */
    double one = PPS("traffic.rate=5Gbit/s", "npe0.instr_parse_ipv4=480");
    double two = PPS("traffic.rate=5Gbit/s", "npe0.instr_parse_ipv4=480", "npe0.me_parse=2");
    CHECK(one < 2.8e6 && two > 1.7 * one);
    double tx2 = PPS("traffic.rate=5Gbit/s"), tx3 = PPS("traffic.rate=5Gbit/s", "npe0.me_tx=3");
    CHECK(tx3 < 1.03 * tx2);
}

static void swaps_are_charged_by_the_cycle(void) {
    /* A lone packet, 1 us from the next: twice the cycles of a swap is twice the time, to within
     * the wait for a clock edge at each of about 30 grants. */
    double two = scalar(RUN("traffic.rate=1kp/s", "traffic.duration=20ms"), "sink.cause.swap_us");
    double eight = scalar(RUN("traffic.rate=1kp/s", "traffic.duration=20ms", "npe0.swap_cycles=8"),
                          "sink.cause.swap_us");
    CHECK(two > 0.02);
    CHECK_NEAR(eight / two, 4, 1);
}

static void every_interface_has_a_scheduler_whatever_the_queue_managers_mes(void) {
    /* Nine interfaces, all traffic to the last, which nobody is wired to: it gets as far as the
     * port. */
    static const char *const mes[] = {"npe0.me_qm=1", "npe0.me_qm=2", "npe0.me_qm=3",
                                      "npe0.me_qm=4"};
    for (unsigned i = 0; i < G_N_ELEMENTS(mes); i++) {
        RunResult *r = RUN("traffic.rate=500Mbit/s", "npe0.interfaces=9", mes[i],
                           "router.routes=0.0.0.0/0 8 192.168.100.1:30000",
                           "slow_path.link=npe0.9 -> exceptions.0");
        CHECK_U64(run_scalar(r, "npe0.drop.queue_full")->value, 0);
        CHECK(run_scalar(r, "npe0.drop.unconnected") &&
              run_scalar(r, "npe0.drop.unconnected")->value > 2000);
        run_result_free(r);
    }
}

static void packets_stay_in_order_and_all_are_accounted_for(void) {
    RunResult *r = RUN("traffic.rate=5Gbit/s", "traffic.payload=imix");
    CHECK_U64(run_scalar(r, "sink.reordered")->value, 0);
    double created = run_scalar(r, "run.packets_created")->value;
    CHECK_NEAR(created,
               run_scalar(r, "run.packets_delivered")->value +
                   run_scalar(r, "run.packets_dropped")->value +
                   run_scalar(r, "run.packets_held")->value,
               0);
    CHECK_U64(run_scalar(r, "run.packets_held")->value, 0);
    run_result_free(r);
}

static void a_scheduler_at_800_mbit_caps_its_interface(void) {
    double bps = scalar(RUN("traffic.rate=5Gbit/s", "traffic.payload=400",
                            "npe0.scheduler_rate=800Mbit/s", "traffic.duration=10ms"),
                        "sink.delivered_bps");
    CHECK_NEAR(bps, 4e9, 4e6);
}

static void exceptions_leave_by_their_own_port(void) {
    RunResult *r = RUN("traffic.rate=10Mbit/s", "traffic.ttl=1");
    double created = run_scalar(r, "run.packets_created")->value;
    CHECK(created > 10);
    CHECK_NEAR(run_scalar(r, "npe0.exception.ttl_expired")->value, created, 0);
    CHECK_NEAR(run_scalar(r, "exceptions.port0.packets")->value, created, 0);
    run_result_free(r);
    r = RUN("traffic.rate=10Mbit/s", "traffic.udp_port=31999");
    CHECK_NEAR(run_scalar(r, "npe0.drop.no_slice")->value,
               run_scalar(r, "run.packets_created")->value, 0);
    run_result_free(r);
}

static void too_few_buffers_drop_with_a_reason(void) {
    RunResult *r = RUN("traffic.rate=5Gbit/s", "npe0.buffers=64");
    CHECK(run_scalar(r, "npe0.drop.no_buffer")->value > 0);
    run_result_free(r);
}

static void a_clock_edge_never_drifts(void) {
    /* Edge n of 1.4 GHz is at floor(n * 5000 / 7) ps. */
    Clock c = clock_of(1400000000);
    for (uint64_t n = 0; n < UINT64_C(3000000000000); n = n * 3 + 1)
        CHECK_U64(clock_time(&c, n), n / 7 * 5000 + n % 7 * 5000 / 7);
    for (uint64_t t = 0; t < UINT64_C(2000000000000000); t = t * 3 + 1) {
        uint64_t n = clock_edge(&c, t);
        CHECK(clock_time(&c, n) >= t && (n == 0 || clock_time(&c, n - 1) < t));
    }
}

int main(void) {
    static const Test tests[] = {
        TEST(the_ordered_section_of_tx_sets_the_packet_rate),
        TEST(order_by_scheduler_takes_that_section_away),
        TEST(where_packets_are_lost_tells_the_npes_tx_from_the_line_cards),
        TEST(half_the_clock_stretches_what_counts_in_cycles),
        TEST(twice_the_sram_latency_adds_it_to_the_section),
        TEST(one_context_cannot_hide_memory_latency),
        TEST(mpackets_of_64_bytes_cost_small_frames_twice),
        TEST(a_frame_one_byte_above_an_mpacket_pays_for_two),
        TEST(the_80_byte_point_of_figure_11_is_calibrated_and_40_predicted),
        TEST(one_more_me_helps_a_block_that_computes_and_not_an_ordered_section),
        TEST(swaps_are_charged_by_the_cycle),
        TEST(every_interface_has_a_scheduler_whatever_the_queue_managers_mes),
        TEST(packets_stay_in_order_and_all_are_accounted_for),
        TEST(a_scheduler_at_800_mbit_caps_its_interface),
        TEST(exceptions_leave_by_their_own_port),
        TEST(too_few_buffers_drop_with_a_reason),
        TEST(a_clock_edge_never_drifts),
        {0}};
    return run_tests("npe", tests);
}
