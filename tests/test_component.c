/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Links and the life of a network. Oracle of a link: a packet starts when it is sent or when the
 * one before it has left, and arrives whole, wire bytes * 8 / rate + delay after its start. */
#include "components/causes.h"
#include "emu/core/component.h"
#include "emu/core/report.h"
#include "tests/check.h"

enum { N_PACKETS = 500 };

static struct {
    SimTime time;
    uint64_t packet;
    unsigned port;
} arrivals[N_PACKETS + 8];
static unsigned n_arrivals;

static void note_arrival(Component *c, unsigned port, Packet *pkt) {
    arrivals[n_arrivals].time = sim_now(c->sim);
    arrivals[n_arrivals].packet = pkt->id;
    arrivals[n_arrivals++].port = port;
    CHECK_U64(pkt->port, port);
    packet_charge(pkt, CAUSE_HOST, sim_now(c->sim));
    CHECK_U64(pkt->charged[CAUSE_WIRE] + pkt->charged[CAUSE_SOURCE],
              sim_now(c->sim) - pkt->created);
    packet_deliver(pkt);
}

static bool four_ports(Component *c, GError **error) {
    (void)error;
    c->n_ports = 4;
    return true;
}

static const DropReason reasons[] = {{"tired", "had enough"}, {0}};
static const ComponentClass end_class = {.name = "end",
                                         .size = sizeof(Component),
                                         .drops = reasons,
                                         .create = four_ports,
                                         .receive = note_arrival};
static const ComponentClass mute_class = {.name = "mute", .size = sizeof(Component)};

static bool refuses(Component *c, GError **error) {
    return input_error(error, "%s will not", c->name);
}
static const ComponentClass stubborn_class = {
    .name = "stubborn", .size = sizeof(Component), .start = refuses};

static Network *pair(Component **a, Component **b) {
    NetworkOptions options = {.seed = 1};
    Network *net = network_new(&options);
    *a = network_add(net, &end_class, "a");
    *b = network_add(net, &end_class, "b");
    CHECK(network_create(net, NULL));
    n_arrivals = 0;
    return net;
}

static void packets_of_any_size_arrive_as_the_formula_says(void) {
    Component *a, *b;
    Network *net = pair(&a, &b);
    const SimTime ps_per_byte = 800, delay = 1234567;
    CHECK(network_link(a, 2, b, 3, (LinkSpeed){ps_per_byte << 16, delay}, NULL));
    Random dice;
    component_random(a, "test", &dice);
    static SimTime expected[N_PACKETS];
    SimTime free_at = 0, now = 0;
    for (unsigned i = 0; i < N_PACKETS; i++) {
        now += random_below(&dice, 1400000); /* now idle, now backlogged */
        sim_run_until(network_sim(net), now);
        uint32_t length = 14 + (uint32_t)random_below(&dice, 1487), frame = length + 4;
        port_send(a, 2, packet_new(network_packets(net), &a->owner, length));
        SimTime start = now > free_at ? now : free_at;
        free_at = start + ((frame < 64 ? 64 : frame) + 20) * ps_per_byte;
        expected[i] = free_at + delay;
        CHECK_U64(port_free_at(a, 2), free_at);
    }
    network_run(net, SIM_NEVER, SIM_S, SIM_US, NULL, NULL);
    CHECK_U64(n_arrivals, N_PACKETS);
    for (unsigned i = 0; i < N_PACKETS; i++) {
        CHECK_U64(arrivals[i].time, expected[i]);
        CHECK_U64(arrivals[i].packet, i);
        CHECK_U64(arrivals[i].port, 3);
    }
    CHECK(network_stop(net, NULL));
    network_free(net);
}

static void the_slowest_link_does_not_overflow(void) {
    /* 1 bit/s: 8 * 10^12 ps a byte; 84 bytes on the wire take 672 s, 65,559 take 524,472 s. */
    Component *a, *b;
    Network *net = pair(&a, &b);
    CHECK(network_link(a, 0, b, 0, (LinkSpeed){(UINT64_C(8) * SIM_S) << 16, 0}, NULL));
    CHECK_U64(port_lookahead(a, 0), 672 * SIM_S);
    port_send(a, 0, packet_new(network_packets(net), &a->owner, 60));
    CHECK_U64(port_free_at(a, 0), 672 * SIM_S);
    port_send(a, 0, packet_new(network_packets(net), &a->owner, 65535));
    CHECK_U64(port_free_at(a, 0), (672 + 524472) * SIM_S);
    network_free(net);
}

static uint64_t sent_in_vain(Component *a, const char *reason) {
    Report *report = report_new();
    network_report(a->network, report);
    g_autofree char *name = g_strconcat("a.drop.", reason, NULL);
    const ReportScalar *s = report_find(report, name);
    uint64_t n = s ? (uint64_t)s->value : 0;
    report_free(report);
    return n;
}

/* Queue of 10 frames, of 84 bytes on the wire: of 100 sent at once the first leaves and ten wait.
 * Sent at twice the rate, frame k finds k / 2 before it: 0 to 20 fit, and of the others every
 * second one, which finds 10 again: 60 of 100. Sent at the rate of the link, or 10 at a time: all.
 */
static void a_link_keeps_no_more_waiting_than_its_queue(void) {
    const SimTime wire = 84 * 8000;
    static const struct {
        SimTime gap;
        unsigned together, delivered;
    } cases[] = {{0, 1, 11},
                 {84 * 4000, 1, 60},
                 {84 * 8000, 1, 100},
                 {84 * 80000, 10, 100},
                 {84 * 88000, 11, 100},
                 {84 * 96000, 12, 92}};
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        Component *a, *b;
        Network *net = pair(&a, &b);
        CHECK(network_link(a, 0, b, 0, (LinkSpeed){8000u << 16, 0, .queue = 840}, NULL));
        for (unsigned k = 0; k < 100; k++) {
            sim_run_until(network_sim(net), k / cases[i].together * cases[i].gap);
            port_send(a, 0, packet_new(network_packets(net), &a->owner, 60));
            CHECK(port_free_at(a, 0) <= sim_now(network_sim(net)) + 11 * wire);
        }
        network_run(net, SIM_NEVER, SIM_S, SIM_US, NULL, NULL);
        CHECK_U64(n_arrivals, cases[i].delivered);
        CHECK_U64(sent_in_vain(a, "link_queue"), 100 - cases[i].delivered);
        CHECK(network_stop(net, NULL));
        network_free(net);
    }
}

static void a_link_takes_frames_up_to_its_mtu(void) {
    static const uint32_t mtus[] = {68, 1500, 9000, 0};
    for (unsigned i = 0; i < G_N_ELEMENTS(mtus); i++) {
        Component *a, *b;
        Network *net = pair(&a, &b);
        uint32_t most = mtus[i] ? mtus[i] + 14 + 4 : 20000;
        CHECK(network_link(a, 0, b, 0, (LinkSpeed){8000u << 16, 0, .mtu = mtus[i]}, NULL));
        for (uint32_t length = most - 1; length <= most + 1; length++)
            port_send(a, 0, packet_new(network_packets(net), &a->owner, length));
        network_run(net, SIM_NEVER, SIM_S, SIM_US, NULL, NULL);
        CHECK_U64(n_arrivals, mtus[i] ? 2 : 3);
        CHECK_U64(sent_in_vain(a, "too_long_for_link"), mtus[i] ? 1 : 0);
        CHECK(network_stop(net, NULL));
        network_free(net);
    }
}

static void the_lookahead_is_the_earliest_arrival(void) {
    Component *a, *b;
    Network *net = pair(&a, &b);
    CHECK(network_link(a, 0, b, 0, (LinkSpeed){8000u << 16, 5 * SIM_US}, NULL));
    port_send(a, 0, packet_new(network_packets(net), &a->owner, 14));
    network_run(net, SIM_NEVER, SIM_S, SIM_US, NULL, NULL);
    CHECK_U64(n_arrivals, 1);
    CHECK_U64(arrivals[0].time, port_lookahead(a, 0));
    CHECK_U64(arrivals[0].time, 84 * 8 * SIM_NS + 5 * SIM_US);
    network_free(net);
}

/* The second is behind the first on its link, the third alone on another: both arrive at 110. */
static void arrivals_of_one_time_come_in_the_order_of_sending(void) {
    Component *a, *b;
    Network *net = pair(&a, &b);
    CHECK(network_link(a, 0, b, 0, (LinkSpeed){0, 100}, NULL));
    CHECK(network_link(a, 1, b, 1, (LinkSpeed){0, 90}, NULL));
    for (unsigned i = 0; i < 3; i++) {
        sim_run_until(network_sim(net), 10 * i);
        port_send(a, i == 2, packet_new(network_packets(net), &a->owner, 60));
    }
    sim_run_until(network_sim(net), 200);
    CHECK_U64(n_arrivals, 3);
    for (unsigned i = 0; i < 3; i++) CHECK_U64(arrivals[i].packet, i);
    CHECK_U64(arrivals[1].time, 110);
    CHECK_U64(arrivals[2].time, 110);
    network_free(net);
}

static void a_link_without_rate_only_delays(void) {
    Component *a, *b;
    Network *net = pair(&a, &b);
    CHECK(network_link(a, 0, b, 1, (LinkSpeed){0, 77}, NULL));
    for (unsigned i = 0; i < 3; i++)
        port_send(a, 0, packet_new(network_packets(net), &a->owner, 1000));
    network_run(net, SIM_NEVER, SIM_S, SIM_US, NULL, NULL);
    CHECK_U64(n_arrivals, 3);
    for (unsigned i = 0; i < 3; i++) CHECK_U64(arrivals[i].time, 77);
    CHECK(port_connected(a, 0) && !port_connected(a, 1) && !port_connected(a, 9));
    unsigned port = 77;
    CHECK(port_peer(a, 0, NULL) == b && port_peer(a, 0, &port) == b);
    CHECK_U64(port, 1);
    CHECK(!port_peer(a, 1, &port) && !port_peer(a, 9, &port) && !port_peer(b, 1, &port));
    CHECK_U64(port, 1);
    network_free(net);
}

static void a_link_needs_ports_that_exist_and_are_free(void) {
    Component *a, *b;
    Network *net = pair(&a, &b);
    Component *mute = network_add(net, &mute_class, "m");
    CHECK(network_create(net, NULL)); /* again: makes only the new one */
    static const LinkSpeed speed = {0, 0};
    g_autoptr(GError) error = NULL;
    CHECK(!network_link(a, 4, b, 0, speed, &error));
    CHECK_CONTAINS(error->message, "found port a.4, but a has ports 0 to 3");
    g_clear_error(&error);
    CHECK(network_link(a, 0, b, 0, speed, NULL));
    CHECK(network_link(b, 0, a, 0, speed, NULL)); /* the other direction */
    CHECK(!network_link(a, 1, b, 0, speed, &error));
    CHECK_CONTAINS(error->message, "b.0 receives from a link already");
    g_clear_error(&error);
    CHECK(!network_link(a, 1, mute, 0, speed, &error));
    CHECK_CONTAINS(error->message, "m is a mute, which receives nothing");
    network_free(net);
}

static GString *started;

static bool note_start(Component *c, GError **error) {
    (void)error;
    g_string_append_printf(started, "%s ", c->name);
    return true;
}

static void components_start_and_are_numbered_in_the_order_of_names(void) {
    static const ComponentClass starter = {
        .name = "starter", .size = sizeof(Component), .start = note_start};
    static const char *const added[] = {"npe10", "a",     "npe2",  "npe",
                                        "Z",     "npe02", "npe2x", "npe-1"},
                             *const sorted = "Z a npe npe-1 npe02 npe2 npe2x npe10 ";
    NetworkOptions options = {.seed = 1};
    for (unsigned turn = 0; turn < 2; turn++) {
        Network *net = network_new(&options);
        const Component *failed;
        const unsigned n = G_N_ELEMENTS(added);
        for (unsigned i = 0; i < n; i++) network_add(net, &starter, added[turn ? n - 1 - i : i]);
        started = g_string_new(NULL);
        CHECK(network_create(net, NULL) && network_start(net, &failed, NULL));
        CHECK_TEXT(started->str, sorted);
        g_auto(GStrv) names = g_strsplit(sorted, " ", -1);
        for (unsigned i = 0; i < n; i++)
            CHECK_U64(network_find(net, names[i])->owner.id, i * COMPONENT_OWNERS);
        g_string_free(started, TRUE);
        network_free(net);
    }
}

static void the_component_that_refuses_to_start_is_named(void) {
    NetworkOptions options = {.seed = 1};
    Network *net = network_new(&options);
    network_add(net, &mute_class, "first");
    Component *second = network_add(net, &stubborn_class, "second");
    network_add(net, &mute_class, "third");
    CHECK(network_create(net, NULL));
    const Component *failed = NULL;
    g_autoptr(GError) error = NULL;
    CHECK(!network_start(net, &failed, &error));
    CHECK(failed == second && network_find(net, "second") == second);
    CHECK_TEXT(error->message, "second will not");
    CHECK(network_nth(net, 2) == network_find(net, "third") && !network_nth(net, 3));
    network_free(net);
}

static void drops_are_reported_by_reason_and_reconciled(void) {
    Component *a, *b;
    Network *net = pair(&a, &b);
    component_drop(a, 0, packet_new(network_packets(net), &a->owner, 60));
    component_drop(a, 0, packet_new(network_packets(net), &a->owner, 60));
    port_send(b, 0, packet_new(network_packets(net), &b->owner, 60)); /* no link */
    CHECK(network_stop(net, NULL));
    Report *report = report_new();
    network_report(net, report);
    CHECK_NEAR(report_find(report, "a.drop.tired")->value, 2, 0);
    CHECK_NEAR(report_find(report, "b.drop.tired")->value, 0, 0);
    CHECK_NEAR(report_find(report, "b.drop.unconnected")->value, 1, 0);
    CHECK(!report_find(report, "a.drop.unconnected"));
    report_free(report);
    /* around the account of reasons */
    packet_end_dropped(packet_new(network_packets(net), &a->owner, 60));
    g_autoptr(GError) error = NULL;
    CHECK(!network_stop(net, &error));
    CHECK_CONTAINS(error->message, "3 with a reason, 4 in all");
    network_free(net);
}

static void a_run_ends_when_idle_or_when_drained(void) {
    Component *a, *b;
    Network *net = pair(&a, &b);
    CHECK(network_link(a, 0, b, 0, (LinkSpeed){0, 30 * SIM_US}, NULL));
    port_send(a, 0, packet_new(network_packets(net), &a->owner, 60));
    network_run(net, SIM_NEVER, 20 * SIM_US, SIM_MS, NULL, NULL); /* drained too early */
    CHECK_U64(sim_now(network_sim(net)), 20 * SIM_US);
    CHECK(!network_idle(net) && n_arrivals == 0);
    network_run(net, SIM_NEVER, SIM_S, SIM_MS, NULL, NULL);
    CHECK(network_idle(net) && n_arrivals == 1);
    CHECK(sim_now(network_sim(net)) <= 40 * SIM_US);
    network_run(net, 3 * SIM_MS, SIM_S, SIM_MS, NULL, NULL); /* an end of its own is kept */
    CHECK_U64(sim_now(network_sim(net)), 3 * SIM_MS);
    network_free(net);
}

/* A day passes before the packet arrives; the run ends on its grid of 10 us all the same. */
static void count_steps(Network *net, void *user) {
    unsigned *steps = user;
    if (++*steps > 1000) sim_stop(network_sim(net));
}

static void idle_time_takes_no_steps(void) {
    const SimTime day = 86400 * SIM_S;
    Component *a, *b;
    unsigned steps = 0;
    Network *net = pair(&a, &b);
    CHECK(network_link(a, 0, b, 0, (LinkSpeed){0, day + 3 * SIM_US}, NULL));
    port_send(a, 0, packet_new(network_packets(net), &a->owner, 60));
    network_run(net, SIM_NEVER, 2 * day, 100 * SIM_US, count_steps, &steps);
    CHECK_U64(steps, 1);
    CHECK_U64(n_arrivals, 1);
    CHECK_U64(sim_now(network_sim(net)), day + 10 * SIM_US);
    network_run(net, 3 * day, 0, 100 * SIM_US, count_steps, &steps); /* nothing is left: one more */
    CHECK_U64(steps, 2);
    CHECK_U64(sim_now(network_sim(net)), 3 * day);
    network_free(net);
}

static void a_busy_source_without_a_plan_ends_the_run(void) {
    Component *a, *b;
    unsigned steps = 0;
    Network *net = pair(&a, &b);
    network_busy(net, 1);
    network_run(net, SIM_NEVER, SIM_S, 100 * SIM_US, count_steps, &steps);
    CHECK_U64(steps, 0);
    network_busy(net, -1);
    network_free(net);
}

static void a_stream_depends_on_name_use_and_repetition_alone(void) {
    Random alone, crowded, other, again;
    for (unsigned extra = 0; extra < 2; extra++) {
        NetworkOptions options = {.seed = 9};
        Network *net = network_new(&options);
        if (extra) network_add(net, &end_class, "before");
        Component *c = network_add(net, &end_class, "c");
        component_random(c, "gaps", extra ? &crowded : &alone);
        component_random(c, "sizes", &other);
        network_free(net);
    }
    NetworkOptions options = {.seed = 9, .repetition = 1};
    Network *net = network_new(&options);
    component_random(network_add(net, &end_class, "c"), "gaps", &again);
    network_free(net);
    CHECK(memcmp(&alone, &crowded, sizeof alone) == 0);
    CHECK(memcmp(&alone, &other, sizeof alone) != 0);
    CHECK(memcmp(&alone, &again, sizeof alone) != 0);
}

int main(void) {
    static const Test tests[] = {TEST(packets_of_any_size_arrive_as_the_formula_says),
                                 TEST(the_slowest_link_does_not_overflow),
                                 TEST(a_link_keeps_no_more_waiting_than_its_queue),
                                 TEST(a_link_takes_frames_up_to_its_mtu),
                                 TEST(the_lookahead_is_the_earliest_arrival),
                                 TEST(arrivals_of_one_time_come_in_the_order_of_sending),
                                 TEST(a_link_without_rate_only_delays),
                                 TEST(a_link_needs_ports_that_exist_and_are_free),
                                 TEST(components_start_and_are_numbered_in_the_order_of_names),
                                 TEST(the_component_that_refuses_to_start_is_named),
                                 TEST(drops_are_reported_by_reason_and_reconciled),
                                 TEST(a_run_ends_when_idle_or_when_drained),
                                 TEST(idle_time_takes_no_steps),
                                 TEST(a_busy_source_without_a_plan_ends_the_run),
                                 TEST(a_stream_depends_on_name_use_and_repetition_alone),
                                 {0}};
    return run_tests("component", tests);
}
