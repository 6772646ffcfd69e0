/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Things that break in the middle of scenarios/faults.ini, one by one and together: what is lost
 * has the fault's reason and no other, and afterwards everything is as before. The source sends
 * 1 Gb/s of 498 byte packets over five interfaces: one in 3.984 us, 251 a ms, until 60 ms. From
 * 50 ms on the sink's ratio and latency count. That a run ends with code 0 says that its packets
 * are conserved. */
#include "components/slice/slice.h"
#include "components/npe/private.h"
#include "tests/bench.h"

#define PER_MS (1e3 / 3.984)

/* faults.ini without its script, and this one instead. */
#define FAULTLESS                                                                                  \
    "[scenario]\ninclude = @scenarios/chassis-router.ini\n[switch data]\nbuffer = 64KiB\n"         \
    "[npe npe0]\nreset_time = 2ms\n[source traffic]\npayload = 400\nrate = 1Gbit/s wire\n"         \
    "duration = 60ms\nwarmup = 50ms\n"

static const struct {
    const char *reason, *script;
    double lost, within;
} faults[] = {
    {NULL, "", 0, 0},
    /* 4 ms without one of five inputs, and one of five outputs for the others: 1/5 + 4/5 * 1/5. */
    {"lc0.drop.interface_down",
     "[at 10ms]\nlc0 = interface 1 down\n[at 14ms]\nlc0 = interface 1 up\n", 4 * PER_MS * 0.36, 4},
    /* What comes in 2 ms, and the few inside. */
    {"npe0.drop.reset", "[at 18ms]\nnpe0 = reset\n", 2 * PER_MS, 4},
    /* Of 4 ms: a tenth goes on, less 4 bytes of VLAN tag each, and 64 KiB of 478 bytes stay. */
    {"data.drop.buffer_full",
     "[at 24ms]\ndata = port 1 rate 100Mbit/s\n[at 28ms]\ndata = port 1 free\n",
     4 * PER_MS - 4e-3 * 100e6 / 8 / 502 - 65536 / 478, 8},
    {"data.drop.port_down", "[at 32ms]\ndata = port 1 down\n[at 34ms]\ndata = port 1 up\n",
     2 * PER_MS, 4},
    {NULL,
     "[at 38ms]\nnpe0 = mp_slower 100\n[at 38ms asked]\nrouter = counters; sram_write 0 00; "
     "counters\n[at 46ms]\nnpe0 = mp_slower 1\n",
     0, 0},
};

static double all_drops(const RunResult *r) {
    double sum = 0;
    for (unsigned i = 0; i < r->scalars->len; i++) {
        const RunScalar *s = &g_array_index(r->scalars, RunScalar, i);
        if (strstr(s->name, ".drop.")) sum += s->value;
    }
    return sum;
}

static void check_accounts(const RunResult *r) {
    CHECK_NEAR(bench_value(r, "run.packets_created"),
               bench_value(r, "run.packets_delivered") + bench_value(r, "run.packets_dropped") +
                   bench_value(r, "run.packets_held"),
               0);
    CHECK_NEAR(all_drops(r), bench_value(r, "run.packets_dropped"), 0);
}

/* As if nothing had been: the last 10 ms are those of the run without faults. */
static void check_recovered(const RunResult *r, double latency_us) {
    CHECK_NEAR(bench_value(r, "sink.delivered_ratio"), 1, 0);
    CHECK_NEAR(bench_value(r, "sink.delivered_bps"), 1e9, 2e5);
    /* But for where references meet the clock and the refreshes of DRAM. */
    CHECK_NEAR(bench_value(r, "sink.latency_max_us"), latency_us, 0.1);
    CHECK_NEAR(bench_value(r, "run.packets_held"), 0, 0);
}

static double quiet_latency(void) {
    RunResult *r = bench_run(FAULTLESS);
    double latency = bench_value(r, "sink.latency_max_us");
    CHECK(latency > 10 && latency < 40);
    run_result_free(r);
    return latency;
}

static void each_fault_alone_loses_under_its_own_reason(void) {
    double latency = quiet_latency();
    for (unsigned i = 0; i < G_N_ELEMENTS(faults); i++) {
        g_autofree char *text = g_strconcat(FAULTLESS, faults[i].script, NULL);
        RunResult *r = bench_run(text);
        check_accounts(r);
        CHECK_NEAR(bench_value(r, "run.packets_dropped"), faults[i].lost, faults[i].within);
        CHECK_NEAR(faults[i].reason ? bench_value(r, faults[i].reason) : 0,
                   bench_value(r, "run.packets_dropped"), 0);
        check_recovered(r, latency);
        run_result_free(r);
    }
}

static void all_faults_together_lose_the_sum(void) {
    /* They do not overlap, so the scenario loses what each loses alone, under the same reasons. */
    g_autoptr(GError) error = NULL;
    Scenario *s = load_timed("scenarios/faults.ini", NULL, component_classes, &error);
    if (!s) printf("  %s\n", error->message);
    g_assert(s);
    char *folder = bench_folder();
    RunResult *r = bench_run_loaded(s, folder);
    CHECK_U64(r->code, EXIT_OK);
    double sum = 0;
    for (unsigned i = 0; i < G_N_ELEMENTS(faults); i++) {
        if (!faults[i].reason) continue;
        CHECK_NEAR(bench_value(r, faults[i].reason), faults[i].lost, faults[i].within);
        sum += bench_value(r, faults[i].reason);
    }
    CHECK_NEAR(bench_value(r, "run.packets_dropped"), sum, 0);
    check_accounts(r);
    check_recovered(r, quiet_latency());
    CHECK_NEAR(bench_value(r, "router.mp_requests"), 3, 0);
    run_result_free(r);
    bench_remove(folder);
}

static void faults_at_once_are_conserved_too(void) {
    /* The same, all from 10 ms on and over each other, twice. What counts under which reason is
     * then a matter of order; nothing is lost without one. */
    RunResult *r = bench_run(
        FAULTLESS
        "[at 10ms]\nlc0 = interface 1 down; interface 2 down\nnpe0 = reset; mp_slower 50\n"
        "data = port 1 rate 1Mbit/s\n[at 11ms]\ndata = port 1 down\nnpe0 = reset\n"
        "[at 12ms]\ndata = port 1 up; port 1 free; port 0 down\nlc0 = interface 1 up\n"
        "[at 13ms]\ndata = port 0 up\nlc0 = interface 2 up\nnpe0 = reset; mp_slower 1\n"
        "[at 13ms asked]\nrouter = counters\n[at 14ms]\nnpe0 = reset\n");
    check_accounts(r);
    check_recovered(r, quiet_latency());
    CHECK(bench_value(r, "run.packets_dropped") > 5 * PER_MS);
    run_result_free(r);
}

static void what_never_comes_back_holds_or_drops(void) {
    static const struct {
        const char *script, *reason;
        bool holds;
    } cases[] = {
        {"[at 10ms]\nlc0 = interface 0 down; interface 1 down; interface 2 down; interface 3 "
         "down; interface 4 down\n",
         "lc0.drop.interface_down", false},
        {"[at 10ms]\ndata = port 1 down\n", "data.drop.port_down", false},
        {"[at 10ms]\ndata = port 1 rate 1kbit/s\n", "data.drop.buffer_full", true},
        {"[at 10ms]\nnpe0 = interface_rate 0 1kbit/s\n", "npe0.drop.queue_full", true},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = g_strconcat(FAULTLESS, cases[i].script, NULL);
        RunResult *r = bench_run(text);
        check_accounts(r);
        CHECK(bench_value(r, cases[i].reason) > 5 * PER_MS);
        CHECK_NEAR(bench_value(r, cases[i].reason), bench_value(r, "run.packets_dropped"), 0);
        CHECK((bench_value(r, "run.packets_held") > 0) == cases[i].holds);
        run_result_free(r);
    }
}

static void a_reset_empties_an_npe_at_full_load(void) {
    /* 5 Gb/s of empty payloads: all contexts are busy and every ring is in use, with a backlog
     * behind one slow scheduler. From the reset until its end nothing is formatted, and after a
     * moment for what the queue managers had in hand nothing is inside. */
    Bench *b =
        bench_open("[scenario]\ninclude = @scenarios/chassis-router.ini\n"
                   "[npe npe0]\nreset_time = 1ms\n[source traffic]\nduration = 4ms\n"
                   "[at 100us]\nnpe0 = interface_rate 3 100Mbit/s\n[at 2ms]\nnpe0 = reset\n");
    Npe *npe = (Npe *)(void *)bench_find(b, "npe0");
    bench_until(b, 2 * SIM_MS - 1);
    CHECK(qm_held(npe->qm) > 400);
    bench_until(b, 2 * SIM_MS);
    uint64_t formatted = npe->forwarded;
    bench_until(b, 2 * SIM_MS + 50 * SIM_US);
    CHECK_U64(npe->program.rxtx.held, 0);
    bench_until(b, 3 * SIM_MS - 1);
    CHECK_U64(npe->forwarded, formatted);
    bench_until(b, 3 * SIM_MS + 50 * SIM_US);
    CHECK(npe->forwarded > formatted + 100);
    bench_finish(b);
    bench_close(b);
}

int main(void) {
    static const Test tests[] = {TEST(each_fault_alone_loses_under_its_own_reason),
                                 TEST(all_faults_together_lose_the_sum),
                                 TEST(faults_at_once_are_conserved_too),
                                 TEST(what_never_comes_back_holds_or_drops),
                                 TEST(a_reset_empties_an_npe_at_full_load),
                                 {0}};
    return run_tests("faults", tests);
}
