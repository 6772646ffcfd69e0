/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Scenarios of slices and vServers that come through the front door, `[chassis] control = plc`.
 * Oracle: the same scenario with those that are there from the start. */
#include "tests/bench.h"

static RunResult *run_through(const char *text, const char *const *set, bool plc) {
    g_autoptr(GError) error = NULL;
    const char *all[16] = {plc ? "spp.control=plc" : "spp.control=direct"};
    for (unsigned i = 0; set && set[i]; i++) all[i + 1] = set[i];
    char *folder = bench_folder();
    Scenario *s = bench_load(folder, text, all, &error);
    if (!s) printf("  %s\n", error->message);
    g_assert(s);
    RunResult *r = bench_run_loaded(s, folder);
    if (r->failure) printf("  %s\n", r->failure);
    bench_remove(folder);
    return r;
}

static void a_slice_through_the_front_door_forwards_what_one_that_was_there_does(void) {
    static const char *const fig11[] = {"i3.payload=40", "i3.rate=3Gbit/s wire", "ipv4.payload=47",
                                        "ipv4.rate=2Gbit/s wire", NULL};
    static const char *const npe[] = {"traffic.rate=4Gbit/s wire", "traffic.udp_port=30000", NULL};
    static const char *const click[] = {"traffic.rate=215Mbit/s wire", "traffic.udp_port=30100",
                                        "traffic.duration=300ms", "traffic.warmup=100ms", NULL};
    static const char *const four[] = {"traffic.rate=400Mbit/s wire",
                                       "traffic.udp_port=30100",
                                       "traffic.duration=300ms",
                                       "traffic.warmup=100ms",
                                       "gpe0.cores=4",
                                       "vservers.slices=4",
                                       NULL};
    static const char *const fig9 =
        "[scenario]\ninclude = @scenarios/chassis-gpe.ini\n[slice router]\nroutes = @routes\n"
        "queues = 0:30% 1 2 3 4\n[vserver click*4]\nudp_port = {30100 + i}\nroutes = @routes\n"
        "[source traffic]\nattach = vservers ports 0..4\npayload = 400\n[demux vservers]\n"
        "attach = spp interfaces 0..4\nudp_ports = 30100\n[sink sink]\n"
        "attach = spp interfaces 0..4\n";
    const struct {
        const char *text;
        const char *const *set;
    } points[] = {{"[scenario]\ninclude = @scenarios/fig11.ini\n", fig11},
                  {fig9, npe},
                  {fig9, click},
                  {fig9, four}};
    for (unsigned i = 0; i < G_N_ELEMENTS(points); i++) {
        RunResult *direct = run_through(points[i].text, points[i].set, false),
                  *plc = run_through(points[i].text, points[i].set, true);
        double expected = bench_value(direct, "sink.delivered_pps");
        CHECK(expected > 10000);
        CHECK_NEAR(bench_value(plc, "sink.delivered_pps"), expected, 0.005 * expected);
        run_result_free(direct);
        run_result_free(plc);
    }
}

static void a_manager_answers_through_the_fast_path_of_a_slice_that_was_granted(void) {
    /* Packets whose TTL is over go to the manager, whose answers come back in-band. */
    static const char *const text =
        "[scenario]\ninclude = @scenarios/chassis-gpe.ini\n[slice router]\n"
        "routes = @routes; 10.100.0.0/16 1 192.168.101.1:30000\n[vserver keeper]\n"
        "application = manager\nslice = router\nudp_port = 30001\n[source traffic]\n"
        "attach = spp interfaces 0..0\nrate = 500packet/s\nttl = 1\nduration = 60ms\n"
        "warmup = 0\nsources = 10.100.0.1\n[sink sink]\nattach = spp interfaces 0..4\n";
    static const char *const counts[] = {"keeper.exceptions", "keeper.icmp.time_exceeded",
                                         "keeper.sent", "router.exceptions", "sink.port1.packets"};
    RunResult *direct = run_through(text, NULL, false), *plc = run_through(text, NULL, true);
    for (unsigned i = 0; i < G_N_ELEMENTS(counts); i++) {
        double expected = bench_value(direct, counts[i]);
        if (i != 1) CHECK_NEAR(expected, 30, 0);
        CHECK_NEAR(bench_value(plc, counts[i]), bench_value(direct, counts[i]), 0);
    }
    run_result_free(direct);
    run_result_free(plc);
}

static void an_i3_slice_gets_its_triggers_by_messages(void) {
    /* The id that Format compares goes to the slice's SRAM, and where it is to the filter; of an id
     * that differs behind the filter's 112 bits nothing is forwarded. */
    static const char *const text =
        "[scenario]\ninclude = @scenarios/chassis-dev.ini\n[chassis spp]\n"
        "service_after = 25s\n[program node]\nslice = wustl_i3\n"
        "steps = np_slice option=i3 filters=4; port udp 30001; "
        "sram write 8192 0a000001000000000000000000000000000000000000000000000000000000%s; "
        "filter id 0a000001 2 192.168.102.1:7000 8192\n[source i3]\n"
        "attach = spp interfaces 0..0\napplication = i3\nids = 0a000001\nrate = 100Mbit/s\n"
        "duration = 3ms\nwarmup = 0\nudp_port = 30001\n[sink sink]\n"
        "attach = spp interfaces 0..4\nsource = i3\n";
    for (unsigned wrong = 0; wrong < 2; wrong++) {
        g_autofree char *whole = g_strdup_printf(text, wrong ? "01" : "00");
        RunResult *r = run_through(whole, NULL, true);
        double sent = bench_value(r, "i3.packets_all");
        CHECK(sent > 300);
        CHECK_NEAR(bench_value(r, "sink.port2.packets"), wrong ? 0 : sent, 0);
        CHECK_NEAR(bench_value(r, "node.steps_done"), 4, 0);
        run_result_free(r);
    }
}

static void a_manager_s_own_requests_go_through_its_lrm(void) {
    /* It installs the trigger of each host, and removes the first one's: at the same simulated
     * times but for what messages take, so that some of 500 packets go another way. */
    static const char *const text = "[scenario]\ninclude = @scenarios/mobility.ini\n";
    static const char *const set[] = {"host_b.insert_at=50ms", NULL};
    RunResult *direct = run_through(text, set, false), *plc = run_through(text, set, true);
    CHECK_NEAR(bench_value(plc, "manager.i3.installed"), 2, 0);
    CHECK_NEAR(bench_value(direct, "manager.i3.installed"), 2, 0);
    CHECK_NEAR(bench_value(plc, "at_b.carried_ratio"), bench_value(direct, "at_b.carried_ratio"),
               0.01);
    CHECK_NEAR(bench_value(plc, "indirection.filters"), 1, 0);
    CHECK(bench_value(plc, "gpe0_manager.lrm_requests") >= 2 + 5); /* steps; 2 x 2, 1 */
    run_result_free(direct);
    run_result_free(plc);
    g_autofree char *script = bench_refused(
        "[scenario]\ninclude = @scenarios/chassis-dev.ini\n[chassis spp]\ncontrol = plc\n"
        "[slice a]\n[at 1ms]\na = counters\n");
    CHECK_CONTAINS(script, "counters: found it for a slice that a program brings, expected a step");
}

static void what_the_front_door_cannot_take_is_refused(void) {
    g_autofree char *file = bench_refused(
        "[scenario]\ninclude = @scenarios/chassis-dev.ini\n[chassis spp]\ncontrol = plc\n"
        "[slice a]\nroutes_file = test.ini\n");
    CHECK_CONTAINS(file, "routes_file: found a file, expected routes with control = plc");
    g_autofree char *value = bench_refused(
        "[scenario]\ninclude = @scenarios/chassis-dev.ini\n[chassis spp]\ncontrol = plc\n"
        "[slice a]\nudp_port = ${30000, 30001}\n");
    CHECK_CONTAINS(value, "found a value that iterates, expected one for all runs");
    g_autofree char *slots =
        bench_refused("[scenario]\n[chassis spp]\ncontrol = plc\n[slice a]\nnpe = npe0\n");
    CHECK_CONTAINS(slots, "control: found plc, expected slots");
}

static void a_slice_that_is_not_in_service_in_time_fails_the_run(void) {
    RunResult *r = run_through("[scenario]\ninclude = @scenarios/chassis-dev.ini\n[chassis spp]\n"
                               "service_after = 100ms\n[slice a]\n[source traffic]\n"
                               "attach = spp interfaces 0..0\nduration = 3ms\n",
                               NULL, true);
    CHECK_U64(r->code, EXIT_INVARIANT);
    CHECK_CONTAINS(r->failure, "spp_a was not in service when the scenario began");
    run_result_free(r);
}

int main(void) {
    static const Test tests[] = {
        TEST(a_slice_through_the_front_door_forwards_what_one_that_was_there_does),
        TEST(a_manager_answers_through_the_fast_path_of_a_slice_that_was_granted),
        TEST(an_i3_slice_gets_its_triggers_by_messages),
        TEST(a_manager_s_own_requests_go_through_its_lrm),
        TEST(what_the_front_door_cannot_take_is_refused),
        TEST(a_slice_that_is_not_in_service_in_time_fails_the_run),
        {0}};
    return run_tests("front_door", tests);
}
