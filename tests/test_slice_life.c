/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Slices that come from rows in PlanetLab Central, and go. Oracles: the empty node; the
 * distribution that follows from how polls are timed. */
#include "components/control/program.h"
#include "tests/bench.h"

/* A life ------------------------------------------------------------------------------------ */

static void a_slice_lives_from_its_row_to_its_expiry_and_leaves_an_empty_node(void) {
    static const char *const told[] = {
        "wustl_router: its row is in PlanetLab Central", "gnm: wustl_router placed on gpe",
        "wustl_router: its vServer runs on gpe",         "bandwidth=500Mbit/s: slice 0 on npe0",
        "port udp 30000 interfaces=0-4 in=10% out=20%:", "wustl_router: filter 10.1.0.0/16",
        "wustl_router: its first packet has left",       "wustl_router: its vServer is gone",
        "wustl_router: nothing of it is inside any more"};
    Bench *b = bench_open("[scenario]\ninclude = @scenarios/slice-from-plc.ini\n");
    bench_finish(b);
    g_autofree char *story = report_story_text(b->report);
    const char *at = story;
    for (unsigned i = 0; at && i < G_N_ELEMENTS(told); i++) {
        at = strstr(at, told[i]);
        if (!at) printf("  no line, or too early: %s\n", told[i]);
        CHECK(at != NULL);
    }
    g_auto(GStrv) lines = g_strsplit(story, "\n", -1);
    for (unsigned i = 0; lines[i]; i++) CHECK(strlen(lines[i]) <= 80);
    NpeOccupancy npe = npe_occupancy((Npe *)bench_find(b, "npe0"));
    CHECK_U64(npe.slices + npe.queues + npe.filters + npe.ports + npe.sram_bytes + npe.held, 0);
    CHECK_U64(linecard_occupancy((LineCard *)bench_find(b, "lc0")).classes, 1);
    CHECK_U64(gpe_occupancy((Gpe *)bench_find(b, "gpe0")).guests, 0);
    CHECK_NEAR(bench_scalar(b, "router.errno"), 0, 0);
    CHECK(bench_scalar(b, "router.polls") > 30); /* each minute of its life */
    CHECK(bench_scalar(b, "wustl_router_np.packets_out") > 1000);
    bench_close(b);
}

/* Time to service --------------------------------------------------------------------------- */

enum { SEEDS = 200, ROW_S = 5000, PERIOD = 600, SPREAD = 301, GRID = 2000 };

static double first_packet_s(const Scenario *s, const char *folder, unsigned seed) {
    g_autoptr(GError) error = NULL;
    NetworkOptions options = {.seed = seed, .output = folder};
    const Component *failed;
    Network *net = scenario_build(s, 0, &options, &error);
    CHECK(net && network_start(net, &failed, &error));
    network_run(net, (ROW_S + GRID) * SIM_S, 0, 100 * SIM_S, NULL, NULL);
    CHECK(network_stop(net, &error));
    if (error) printf("  seed %u: %s\n", seed, error->message);
    Report *report = report_new();
    network_report(net, report);
    double time = report_find(report, "router.time_to_first_packet_s")->value;
    report_free(report);
    network_free(net);
    return time;
}

/* What is left of an interval of PERIOD and uniformly up to SPREAD more, at a time that knows
 * nothing of it: its density is the interval's survival function over its mean. */
static double residual_density(double s) {
    double mean = PERIOD + SPREAD / 2.0;
    return s < PERIOD ? 1 / mean : s < PERIOD + SPREAD ? (PERIOD + SPREAD - s) / SPREAD / mean : 0;
}

static double distance(const double *sorted, const double *cdf) {
    double d = 0;
    for (unsigned i = 0; i < SEEDS; i++) {
        double f = cdf[(unsigned)MIN(sorted[i], GRID - 1)];
        d = MAX(d, MAX(fabs(f - (double)i / SEEDS), fabs(f - (i + 1.0) / SEEDS)));
    }
    return d;
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void the_time_to_the_first_packet_is_the_sum_of_two_residuals_of_polls(void) {
    /* One second to make the sliver, and 2.5 s on average until the source's next packet: 3 s on
     * this grid. Kolmogorov and Smirnov: D above 0.115 by chance once in a hundred times. */
    static double times[SEEDS], one[GRID], two[GRID];
    char *folder = bench_folder();
    Scenario *s =
        bench_load(folder,
                   "[scenario]\ninclude = @scenarios/chassis-dev.ini\n[chassis spp]\n"
                   "slots = linecard; gpe; cp\ncontrol = plc\n[gpe gpe0]\nroot_rate = 0Hz\n"
                   "[cp cp0]\nroot_rate = 0Hz\n[plc plc0]\nslices = none\n"
                   "[at 5000s]\nplc0 = add_slice wustl_router\n"
                   "[program router]\nslice = wustl_router\nsteps = port udp 30000\n"
                   "[vserver wustl_router]\nroutes = 0.0.0.0/0 0 192.168.0.1:30000\n"
                   "[source traffic]\nattach = spp interfaces 0..0\n"
                   "rate = 0.2packet/s\nduration = 10000s\nwarmup = 0\n"
                   "[sink sink]\nattach = spp interfaces 0..0\n",
                   NULL, NULL);
    g_assert(s);
    for (unsigned i = 0; i < SEEDS; i++) times[i] = first_packet_s(s, folder, i + 1);
    scenario_free(s);
    bench_remove(folder);
    qsort(times, SEEDS, sizeof *times, ascending);
    double sum = 0, sums = 0;
    for (unsigned i = 0; i < GRID; i++) {
        double density = 0;
        for (unsigned k = 0; i >= 3 && k <= i - 3; k++)
            density += residual_density(k + 0.5) * residual_density(i - 3 - k + 0.5);
        one[i] = sum += residual_density(i + 0.5);
        two[i] = sums += density;
    }
    printf("  %u seeds: median %.0f s, D %.3f from two residuals, %.3f from one\n", SEEDS,
           times[SEEDS / 2], distance(times, two), distance(times, one));
    CHECK(distance(times, two) < 0.115);
    CHECK(distance(times, one) > 0.3); /* the test can tell */
}

/* Many -------------------------------------------------------------------------------------- */

static void sixty_four_slices_come_up_on_two_servers_and_two_npes(void) {
    Bench *b = bench_open("[scenario]\ninclude = @scenarios/chassis-dev.ini\nduration = 2000s\n"
                          "[chassis spp]\nslots = linecard; np; gpe*2; cp\ncontrol = plc\n"
                          "[program p*64]\nslice = wustl_s{i}\n"
                          "steps = np_slice filters=16 queues=5 bandwidth=100Mbit/s buffers=512; "
                          "port udp {30000 + i} interfaces=0-4; "
                          "filter 10.{i}.0.0/16 {i % 5} 192.168.{100 + i}.1:30000; manager\n");
    bench_until(b, 2000 * SIM_S);
    for (unsigned i = 0; i < 2; i++) {
        g_autofree char *npe = g_strdup_printf("npe%u", i), *gpe = g_strdup_printf("gpe%u", i);
        NpeOccupancy o = npe_occupancy((Npe *)bench_find(b, npe));
        CHECK_U64(o.slices, 32);
        CHECK_U64(o.filters, 32);
        CHECK_U64(o.ports, 32 * 5);
        CHECK_U64(gpe_occupancy((Gpe *)bench_find(b, gpe)).guests, 32);
    }
    CHECK_U64(linecard_occupancy((LineCard *)bench_find(b, "lc0")).bindings, 64 * 5);
    g_autoptr(GError) error = NULL;
    CHECK(network_stop(b->net, &error));
    b->report = report_new();
    network_report(b->net, b->report);
    for (unsigned i = 0; i < 64; i++) {
        g_autofree char *done = g_strdup_printf("p%u.steps_done", i);
        CHECK_NEAR(bench_scalar(b, done), 4, 0);
    }
    bench_close(b);
}

int main(void) {
    static const Test tests[] = {
        TEST(a_slice_lives_from_its_row_to_its_expiry_and_leaves_an_empty_node),
        TEST(the_time_to_the_first_packet_is_the_sum_of_two_residuals_of_polls),
        TEST(sixty_four_slices_come_up_on_two_servers_and_two_npes),
        {0}};
    return run_tests("slice_life", tests);
}
