/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Repetitions: the first is the run itself, later ones begin their traffic at other phases, and a
 * stream of random numbers depends on seed, repetition and name alone, so variants share it. */
#include "tests/bench.h"

enum { MOST = 64 };

static const char npe[] = "[scenario]\ninclude = @scenarios/npe-base.ini\n"
                          "[source traffic]\nduration = 300us\nwarmup = 50us\n";

/* Fingerprints of `repeat` repetitions. */
static void repeat(const char *text, unsigned repetitions, uint64_t *fingerprint) {
    char *folder = bench_folder();
    g_autoptr(GError) error = NULL;
    Scenario *s = bench_load(folder, text, NULL, &error);
    CHECK(s != NULL);
    if (!s) printf("  %s\n", error->message);
    GPtrArray *runs = runs_of(s, repetitions);
    for (unsigned i = 0; i < repetitions; i++) {
        const RunResult *r = runs->pdata[i];
        if (r->code) printf("  %s\n", r->failure);
        CHECK_U64(r->code, EXIT_OK);
        fingerprint[i] = r->fingerprint;
    }
    g_ptr_array_unref(runs);
    scenario_free(s);
    bench_remove(folder);
}

static void check_different(const char *text) {
    uint64_t three[3], one;
    repeat(text, 3, three);
    repeat(text, 1, &one);
    CHECK_U64(three[0], one);
    CHECK(three[0] != three[1]);
    CHECK(three[0] != three[2]);
    CHECK(three[1] != three[2]);
}

static void repetitions_of_periodic_traffic_differ(void) {
    check_different(npe);
}

static void repetitions_with_on_and_off_phases_differ(void) {
    check_different("[scenario]\ninclude = @scenarios/npe-base.ini\n"
                    "[source traffic]\nduration = 300us\nwarmup = 50us\npattern = onoff\n"
                    "on = 20us\noff = 30us\n");
}

static void repetitions_of_a_replay_differ(void) {
    check_different("[scenario]\ninclude = @scenarios/replay.ini\n");
}

/* When the first packets leave, in the run of one repetition. */
static unsigned departures(const char *text, unsigned repetition, SimTime *at) {
    char *folder = bench_folder();
    g_autoptr(GError) error = NULL;
    const Component *failed;
    Scenario *s = bench_load(folder, text, NULL, &error);
    CHECK(s != NULL);
    NetworkOptions options = {.seed = 1, .repetition = repetition};
    Network *net = scenario_build(s, 0, &options, &error);
    CHECK(net && network_start(net, &failed, &error));
    Sim *sim = network_sim(net);
    uint64_t created = 0;
    unsigned n = 0;
    while (n < MOST && sim_next_time(sim) < 300 * SIM_US) {
        sim_run_until(sim, sim_next_time(sim));
        uint64_t now = packet_pool_counts(network_packets(net)).created;
        for (; created < now && n < MOST; created++) at[n++] = sim_now(sim);
    }
    network_free(net);
    scenario_free(s);
    bench_remove(folder);
    return n;
}

static void check_same(const SimTime *a, const SimTime *b) {
    for (unsigned i = 0; i < MOST; i++)
        if (a[i] != b[i]) {
            CHECK_U64(a[i], b[i]);
            break;
        }
}

static void variants_share_their_arrivals(void) {
    g_autofree char *fast = g_strconcat(npe, "[npe npe0]\nme_clock = 700MHz\n", NULL);
    SimTime a[MOST], b[MOST], c[MOST];
    CHECK_U64(departures(npe, 2, a), MOST);
    CHECK_U64(departures(fast, 2, b), MOST);
    CHECK_U64(departures(npe, 3, c), MOST);
    check_same(a, b);
    CHECK(a[0] > 0);
    CHECK(a[0] != c[0]);
}

/* Packets of one size leave evenly: the gap is that of repetition 0, whose first leaves at 0. */
static void a_phase_lies_within_one_interval(void) {
    SimTime first[MOST], later[MOST];
    CHECK_U64(departures(npe, 0, first), MOST);
    CHECK_U64(first[0], 0);
    for (unsigned repetition = 1; repetition < 20; repetition++) {
        CHECK_U64(departures(npe, repetition, later), MOST);
        CHECK(later[0] < first[1]);
        CHECK_U64(later[1] - later[0], first[1]);
    }
}

int main(void) {
    static const Test tests[] = {TEST(repetitions_of_periodic_traffic_differ),
                                 TEST(repetitions_with_on_and_off_phases_differ),
                                 TEST(repetitions_of_a_replay_differ),
                                 TEST(variants_share_their_arrivals),
                                 TEST(a_phase_lies_within_one_interval),
                                 {0}};
    return run_tests("repeat", tests);
}
