/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Fast timing against detailed timing, which is its oracle: over settings that move the bottleneck
 * from block to block and to the memories. docs/timing.md has the table of all that was compared.
 */
#include "components/ixp/fast/private.h"
#include "components/npe/npe.h"
#include "components/npe/private.h"
#include "tests/bench.h"

typedef struct {
    double pps, mean_us, p99_us, carried;
} Outcome;

#define NPE                                                                                        \
    "[scenario]\ninclude = @scenarios/npe-base.ini\ntiming = %s\n[npe npe0]\n%s\n[source "         \
    "traffic]\n"                                                                                   \
    "payload = %u\nrate = %s\nduration = 2ms\nwarmup = 500us\n"

static Outcome outcome(const char *timing, const char *settings, unsigned payload,
                       const char *rate) {
    g_autofree char *text = g_strdup_printf(NPE, timing, settings, payload, rate);
    RunResult *r = bench_run(text);
    Outcome o = {bench_value(r, "sink.delivered_pps"), bench_value(r, "sink.latency_mean_us"),
                 bench_value(r, "sink.latency_p99_us"), bench_value(r, "sink.carried_ratio")};
    run_result_free(r);
    return o;
}

static double percent_off(double fast, double detailed) {
    return 100 * fabs(fast / detailed - 1);
}

static void rates_and_latencies_are_those_of_detailed_timing(void) {
    static const struct {
        const char *settings;
        unsigned payload;
        const char *rate;
    } cases[] = {
        {"", 0, "3Gbit/s"},
        {"", 0, "5Gbit/s"},
        {"", 400, "3.7Gbit/s"},
        {"", 1400, "5Gbit/s"},
        {"sram_latency = 321ns", 0, "5Gbit/s"},
        {"scratch_latency = 200cycles", 0, "3Gbit/s"},
        {"msf_latency = 376cycles", 400, "5Gbit/s"},
        {"me_clock = 700MHz", 44, "3Gbit/s"},
        {"contexts = 2", 0, "5Gbit/s"},
        {"mpacket = 64B", 400, "3Gbit/s"},
        {"me_tx = 1", 0, "5Gbit/s"},
        {"instr_parse_ipv4 = 800", 0, "3Gbit/s"},
        {"sram_clock = 100MHz", 80, "3.7Gbit/s"},
        {"scheduler_rate = 300Mbit/s wire", 80, "3Gbit/s"},
        {"tx_order = scheduler", 0, "5Gbit/s"},
        {"dram_turnaround = 100ns", 0, "5Gbit/s"},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        const char *s = cases[i].settings, *rate = cases[i].rate;
        Outcome d = outcome("detailed", s, cases[i].payload, rate);
        Outcome f = outcome("fast", s, cases[i].payload, rate);
        bool saturated = d.carried < 0.99;
        double pps = percent_off(f.pps, d.pps), mean = percent_off(f.mean_us, d.mean_us);
        printf("  %-32s %4u B, %-9s pps %.2f %%, mean %.2f %%, p99 %.2f %%%s\n", s,
               cases[i].payload, rate, pps, mean, percent_off(f.p99_us, d.p99_us),
               saturated ? ", saturated" : "");
        CHECK(pps < (saturated ? 3 : 0.2));
        CHECK(saturated || (mean < 2 && percent_off(f.p99_us, d.p99_us) < 10));
    }
}

static void a_lone_packet_spends_its_time_on_the_same(void) {
    static const char *const spent[] = {"rx_buffer", "execute", "sram",     "dram",
                                        "tcam",      "scratch", "msf",      "section",
                                        "ring",      "queue",   "tx_buffer"};
    g_autofree char *detailed = g_strdup_printf(NPE, "detailed", "", 400u, "10Mbit/s");
    g_autofree char *fast = g_strdup_printf(NPE, "fast", "", 400u, "10Mbit/s");
    RunResult *d = bench_run(detailed), *f = bench_run(fast);
    for (unsigned i = 0; i < G_N_ELEMENTS(spent); i++) {
        g_autofree char *name = g_strdup_printf("sink.cause.%s_us", spent[i]);
        CHECK_NEAR(bench_value(f, name), bench_value(d, name), 0.012);
    }
    CHECK_NEAR(bench_value(f, "sink.latency_mean_us"), bench_value(d, "sink.latency_mean_us"),
               0.01);
    run_result_free(d);
    run_result_free(f);
}

/* Nobody has passed Tx's turns on: so its ordered sections are as good as not there. */
typedef struct {
    SimEvent event;
    Fast *fast;
} Breaker;

static void forget_turns(Sim *sim, SimEvent *event) {
    Fast *f = ((Breaker *)(void *)event)->fast;
    f->tx.got = f->tx_sequence = 0;
    sim_schedule(sim, event, 100 * SIM_NS);
}

static void an_ordered_section_that_is_ignored_shows(void) {
    double rates[2];
    for (unsigned broken = 0; broken < 2; broken++) {
        g_autofree char *text = g_strdup_printf(NPE, "fast", "", 0u, "5Gbit/s");
        Bench *b = bench_open(text);
        Npe *npe = (Npe *)(void *)network_find(b->net, "npe0");
        Breaker breaker = {.fast = npe->program.fast};
        sim_event_init(&breaker.event, forget_turns, &npe->base.owner);
        if (broken) sim_schedule(network_sim(b->net), &breaker.event, SIM_US);
        network_run(b->net, 2 * SIM_MS, SIM_S, SIM_MS, NULL, NULL);
        rates[broken] = (double)network_find(b->net, "sink")->received / 2e-3;
        sim_cancel(network_sim(b->net), &breaker.event);
        bench_close(b);
    }
    printf("  with its sections %.2f Mp/s, without %.2f\n", rates[0] / 1e6, rates[1] / 1e6);
    CHECK_NEAR(rates[0], 1.4e9 / 290, 0.02 * 1.4e9 / 290);
    CHECK(rates[1] > 1.05 * rates[0]);
}

static bool warned(const char *settings, const char *of) {
    g_autofree char *text = g_strdup_printf(NPE, "fast", settings, 0u, "5Gbit/s");
    RunResult *r = bench_run(text);
    bool found = false;
    for (unsigned i = 0; i < r->warnings->len; i++)
        found |= strstr(r->warnings->pdata[i], of) && strstr(r->warnings->pdata[i], "detailed");
    run_result_free(r);
    return found;
}

static void where_it_is_weak_it_says_so(void) {
    CHECK(warned("instr_parse_ipv4 = 800\nme_parse = 2", "the 2 microengines of parse"));
    CHECK(warned("dram_clock = 42.4MHz", "a channel of DRAM"));
    CHECK(!warned("", "fast timing"));
}

/* Slices of all kinds on two NPEs, resets, failures and rates that change: each gets what it gets.
 */
static void everything_at_once_comes_out_as_under_detailed_timing(void) {
    static const char *const told[] = {"router.packets_out",
                                       "neighbour.packets_out",
                                       "late.packets_out",
                                       "switching.packets_out",
                                       "indirection.packets_out",
                                       "router.exceptions",
                                       "indirection.exceptions",
                                       "mover.acks",
                                       "mover.data",
                                       "session.drop.too_long_for_link"};
    static const char *const timings[] = {"scenario.timing=detailed", "scenario.timing=fast"};
    static volatile int never;
    double found[2][G_N_ELEMENTS(told)];
    for (unsigned t = 0; t < 2; t++) {
        g_autoptr(GError) error = NULL;
        Scenario *s = scenario_load("tests/data/everything.ini", (const char *[]){timings[t], NULL},
                                    component_classes, &error);
        g_assert_no_error(error);
        RunResult *r = run_once(s, 1, (RunKey){0, 0, true}, NULL, &never);
        CHECK(!r->failure);
        for (unsigned i = 0; i < G_N_ELEMENTS(told); i++) found[t][i] = bench_value(r, told[i]);
        run_result_free(r);
        scenario_free(s);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(told); i++) {
        printf("  %-32s %6.0f, fast %6.0f\n", told[i], found[0][i], found[1][i]);
        CHECK(found[0][i] > 0);
        CHECK_NEAR(found[1][i], found[0][i], 0.005 * found[0][i]);
    }
}

int main(void) {
    static const Test tests[] = {TEST(rates_and_latencies_are_those_of_detailed_timing),
                                 TEST(a_lone_packet_spends_its_time_on_the_same),
                                 TEST(where_it_is_weak_it_says_so),
                                 TEST(an_ordered_section_that_is_ignored_shows),
                                 TEST(everything_at_once_comes_out_as_under_detailed_timing),
                                 {0}};
    return run_tests("fast", tests);
}
