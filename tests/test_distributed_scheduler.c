/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Several NPEs, one interface: rates that are divided for ever, or by backlog, and what happens to
 * a scheduler whose rate changes while it waits. */
#include "components/slice/slice.h"
#include "components/npe/private.h"
#include "tests/bench.h"

static double delivered(const RunResult *r, const char *source, const char *what) {
    g_autofree char *name = g_strdup_printf("sink.%s%s", source, what);
    return bench_value(r, name);
}

static void the_scenario_shows_that_backlog_wins(void) {
    /* 800 and 100 Mb/s offered, the other way round after half of 100 ms; the interface has 1000.
     * Static: the loaded NPE has 500, so 300 of 900 are lost, but for its queue of 64 packets of
     * 1498 bytes on the wire, twice; the idle NPE leaves 400 unused. Loss 2 x (300 Mb/s x 50 ms -
     * 64 x 11984 bit) / 90 Mb = 31.6 percent. Backlog: the loaded NPE gets up to 950, which is
     * above 800; between two reports it piles up at most 800 - 50 Mb/s for 550 us, 35 packets, and
     * nothing is lost. */
    g_autoptr(GError) error = NULL;
    Scenario *s = load_timed("scenarios/distributed.ini", NULL, component_classes, &error);
    if (!s) printf("  %s\n", error->message);
    g_assert(s);
    GPtrArray *results = runs_of(s, 1);
    g_assert(results->len == 2);
    RunResult *equal = results->pdata[0], *backlog = results->pdata[1];
    CHECK_U64(equal->code, EXIT_OK);
    CHECK_U64(backlog->code, EXIT_OK);
    CHECK_NEAR(1 - bench_value(equal, "sink.delivered_ratio"), 0.316, 0.003);
    CHECK_NEAR(1 - bench_value(backlog, "sink.delivered_ratio"), 0, 0);
    /* 1 + 500 + 100 = 600 and a little from the queues; all 900. */
    CHECK_NEAR(bench_value(equal, "sink.delivered_bps"), 607e6, 3e6);
    CHECK_NEAR(bench_value(backlog, "sink.delivered_bps"), 897e6, 5e6);
    CHECK(bench_value(equal, "sink.latency_mean_us") >
          3 * bench_value(backlog, "sink.latency_mean_us"));
    CHECK_NEAR(bench_value(equal, "shares.updates"), 1, 0);
    CHECK_NEAR(bench_value(backlog, "shares.updates"), 201, 3); /* every 500 us */
    g_ptr_array_unref(results);
    scenario_free(s);
}

/* With messages the way is real: each NPE's report, the plan, and the rates, 20 us of a management
 * processor each, and a frame between them; within 500 us all of it is over, and no round is lost.
 * Backlog wins as before. */
static void messages_do_as_well(void) {
    g_autoptr(GError) error = NULL;
    static const char *const set[] = {"shares.policy=backlog", "shares.messages=yes", NULL};
    Scenario *s = load_timed("tests/control/rates.ini", set, component_classes, &error);
    if (!s) printf("  %s\n", error->message);
    g_assert(s);
    GPtrArray *results = runs_of(s, 1);
    RunResult *r = results->pdata[0];
    CHECK_U64(r->code, EXIT_OK);
    CHECK_NEAR(1 - bench_value(r, "sink.delivered_ratio"), 0, 0);
    CHECK_NEAR(bench_value(r, "shares.updates"), 201, 3);
    /* A round is a report and an order between npe1 and npe0, and their answers: 4 frames. */
    CHECK_NEAR(bench_value(r, "control.port1.packets"), 2 * 201, 8);
    CHECK_NEAR(bench_value(r, "control.port2.packets"), 2 * 201, 8);
    g_ptr_array_unref(results);
    scenario_free(s);
}

/* npe1 cannot be reached from 20 to 40 ms, 40 rounds: the rates stay as they are, and follow again
 * after. Stayed they have at best the 950 and 50 Mb/s that lose nothing, and at worst equal parts,
 * between two packets: then 300 Mb/s are lost for 20 of 100 ms, of 900, 6.7 percent. */
static void without_messages_rates_stay(void) {
    RunResult *r = bench_run("[scenario]\ninclude = @scenarios/../tests/control/rates.ini\n"
                             "[distributed_scheduler shares]\npolicy = backlog\nmessages = yes\n"
                             "[at 20ms]\ncontrol = port 2 down\n[at 40ms]\ncontrol = port 2 up\n");
    CHECK_NEAR(bench_value(r, "shares.updates"), 201 - 40, 3);
    CHECK_NEAR(1 - bench_value(r, "sink.delivered_ratio"), 0.0333, 0.0333);
    run_result_free(r);
}

/* Two NPEs without line card, each with a link of its own to the sink, so that only the schedulers
 * bind; 20 ms. */
static char *pair(const char *distributor, const char *first, const char *second) {
    return g_strdup_printf(
        "[npe npe0]\n[npe npe1]\nmac = 02:00:00:01:00:00\naddress = 10.254.1.1\n"
        "[slice a]\nnpe = npe0\nroutes = 0.0.0.0/0 0 192.168.100.1:30000\n"
        "[slice b]\nnpe = npe1\nroutes = 0.0.0.0/0 0 192.168.100.1:30000\n"
        "[distributed_scheduler d]\n%s\n[source first]\nports = 1\npayload = 400\nduration = "
        "20ms\n%s\n"
        "[source second]\nports = 1\npayload = 400\nduration = 20ms\nnode_address = 10.254.1.1\n"
        "node_mac = 02:00:00:01:00:00\n%s\n[sink sink]\nports = 2\nsource = first, second\n"
        "[link i0]\nlink = first.0 -> npe0.0\nrate = 1Gbit/s\n"
        "[link i1]\nlink = second.0 -> npe1.0\nrate = 1Gbit/s\n"
        "[link o0]\nlink = npe0.0 -> sink.0\nrate = 1Gbit/s\n"
        "[link o1]\nlink = npe1.0 -> sink.1\nrate = 1Gbit/s\n",
        distributor, first, second);
}

static RunResult *run_pair(const char *distributor, const char *first, const char *second) {
    g_autofree char *text = pair(distributor, first, second);
    return bench_run(text);
}

static void messages_need_a_control_network(void) {
    g_autofree char *apart = pair("messages = yes", "rate = 1Gbit/s", "rate = 1Gbit/s");
    CHECK_REFUSED(apart, "messages: found npe0 without a line card, expected NPEs of a chassis");
    CHECK_REFUSED(
        "[chassis spp]\nslots = linecard; np\n[distributed_scheduler d]\nmessages = yes\n",
        "messages: found no [management ...]");
}

static void equal_overload_gets_equal_parts_either_way(void) {
    static const char *const policies[] = {"policy = static", "policy = backlog"};
    for (unsigned i = 0; i < 2; i++) {
        RunResult *r = run_pair(policies[i], "rate = 900Mbit/s", "rate = 900Mbit/s");
        CHECK_NEAR(delivered(r, "first", ".delivered_bps"), 500e6, 10e6);
        CHECK_NEAR(delivered(r, "second", ".delivered_bps"), 500e6, 10e6);
        run_result_free(r);
    }
}

static void the_floor_is_kept_for_an_npe_without_backlog(void) {
    /* 40 percent of the rate are dealt out equally: 200 Mb/s for each whatever the other does. The
     * second sends 190 and never waits longer than a packet takes at 200: 25 us, its 4 us on two
     * links, and the chip. */
    RunResult *r = run_pair("floor = 40%", "rate = 1Gbit/s", "rate = 190Mbit/s");
    CHECK_NEAR(delivered(r, "second", ".lost"), 0, 0);
    CHECK(delivered(r, "second", ".latency_max_us") < 40);
    CHECK(delivered(r, "first", ".delivered_bps") > 780e6);
    run_result_free(r);
}

static void an_npe_that_had_next_to_nothing_recovers_at_once(void) {
    /* Without a floor the second has 1 kb/s while it is idle, at which a packet of 498 bytes takes
     * 4 s. It begins at 5 ms; 550 us later its backlog is known and its rate a share again. */
    RunResult *r =
        run_pair("floor = 0%", "rate = 700Mbit/s", "rate = 200Mbit/s\nstart = 5ms\nwarmup = 5ms");
    CHECK_NEAR(delivered(r, "second", ".lost"), 0, 0);
    CHECK_NEAR(delivered(r, "second", ".delivered_ratio"), 1, 0);
    CHECK(delivered(r, "second", ".latency_max_us") < 2000);
    CHECK_NEAR(delivered(r, "first", ".lost"), 0, 0);
    run_result_free(r);
}

static void a_scheduler_whose_rate_rises_does_not_wait_for_the_old_time(void) {
    /* 1 kb/s from the start; 1 Gb/s from 4 ms on, when 64 packets wait. They are out after 0.3 ms,
     * and no packet comes to wake anybody: the source has stopped. */
    g_autofree char *text =
        g_strconcat("[npe npe0]\nscheduler_rate = 1kbit/s\n[slice a]\nnpe = npe0\n"
                    "queue_packets = 64\nroutes = 0.0.0.0/0 0 192.168.100.1:30000\n"
                    "[source t]\nports = 1\nrate = 1Gbit/s\nwarmup = 0\nduration = 3ms\n"
                    "payload = 400\n[sink sink]\nports = 1\nsource = t\n[link i]\n"
                    "link = t.0 -> npe0.0\nrate = 1Gbit/s\n[link o]\nlink = npe0.0 -> sink.0\n"
                    "rate = 1Gbit/s\n[at 4ms]\nnpe0 = interface_rate 0 1Gbit/s\n",
                    NULL);
    Bench *b = bench_open(text);
    Npe *npe = (Npe *)(void *)bench_find(b, "npe0");
    bench_until(b, 4 * SIM_MS - 1);
    CHECK_U64(qm_held(npe->qm), 64);
    bench_until(b, 4 * SIM_MS + 300 * SIM_US);
    CHECK_U64(qm_held(npe->qm), 0);
    bench_finish(b);
    bench_close(b);
}

static void what_makes_no_sense_is_refused(void) {
    static const struct {
        const char *distributor, *part;
    } bad[] = {
        {"npes = npe0, npe2", "npes: found \"npe2\", expected the name of a component of class "
                              "npe; the nearest is npe0"},
        {"npes = npe0, a", "npes: found \"a\", expected"},
        {"npes = npe0, npe0", "npes: found npe0 twice"},
        {"npes = npe0,", "npes: found \"\", expected"},
        {"delay = 500us", "delay: found one that is not below the interval"},
        {"policy = fair", "policy: found \"fair\""},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *text = pair(bad[i].distributor, "rate = 1Mbit/s", "rate = 1Mbit/s");
        CHECK_REFUSED(text, bad[i].part);
        CHECK_REFUSED(text, "test.ini:");
    }
}

int main(void) {
    static const Test tests[] = {TEST(messages_do_as_well),
                                 TEST(without_messages_rates_stay),
                                 TEST(messages_need_a_control_network),
                                 TEST(the_scenario_shows_that_backlog_wins),
                                 TEST(equal_overload_gets_equal_parts_either_way),
                                 TEST(the_floor_is_kept_for_an_npe_without_backlog),
                                 TEST(an_npe_that_had_next_to_nothing_recovers_at_once),
                                 TEST(a_scheduler_whose_rate_rises_does_not_wait_for_the_old_time),
                                 TEST(what_makes_no_sense_is_refused),
                                 {0}};
    return run_tests("distributor", tests);
}
