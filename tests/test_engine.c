/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The calendar against a list that is searched from end to end, packets, links, random streams and
 * histograms. */
#include "components/causes.h"
#include "emu/core/component.h"
#include "emu/core/histogram.h"
#include "emu/core/random.h"
#include "tests/check.h"

/* Calendar -------------------------------------------------------------------------------- */

enum { N_EVENTS = 400, N_OWNERS = 5 };

typedef struct {
    SimEvent event;
    unsigned number;
} Numbered;

static unsigned n_ran;
static Random dice;
static Numbered pool[N_EVENTS];
static SimTime twin_time[N_EVENTS];
static uint64_t twin_order[N_EVENTS];
static bool twin_pending[N_EVENTS];
static uint64_t twin_count[N_OWNERS];

/* Delays at every scale: equal times, within a slot, across slots, past the wheel's horizon. */
static SimTime some_delay(void) {
    static const SimTime spans[] = {1, 700, 1024, 5000, 100000, 4194304, 5000000, 1000000000};
    return random_below(&dice, spans[random_below(&dice, G_N_ELEMENTS(spans))]);
}

static void twin_schedule(unsigned i, SimTime time) {
    twin_time[i] = time;
    twin_order[i] = (uint64_t)(i % N_OWNERS) << 44 | twin_count[i % N_OWNERS]++;
    twin_pending[i] = true;
}

static unsigned twin_next(void) {
    unsigned best = N_EVENTS;
    for (unsigned i = 0; i < N_EVENTS; i++) {
        if (!twin_pending[i]) continue;
        if (best == N_EVENTS || twin_time[i] < twin_time[best] ||
            (twin_time[i] == twin_time[best] && twin_order[i] < twin_order[best]))
            best = i;
    }
    return best;
}

static void run_numbered(Sim *sim, SimEvent *event) {
    Numbered *self = (Numbered *)(void *)event;
    unsigned expected = twin_next();
    CHECK_U64(self->number, expected);
    CHECK_U64(sim_now(sim), twin_time[expected]);
    twin_pending[self->number] = false;
    if (n_ran++ > 20000) return;
    /* Reschedule this one, and cancel or move another. */
    SimTime time = sim_now(sim) + some_delay();
    sim_schedule_at(sim, event, time);
    twin_schedule(self->number, time);
    unsigned other = (unsigned)random_below(&dice, N_EVENTS);
    if (random_below(&dice, 4) || other == self->number) return;
    sim_cancel(sim, &pool[other].event);
    twin_pending[other] = false;
    time = sim_now(sim) + some_delay();
    sim_schedule_at(sim, &pool[other].event, time);
    twin_schedule(other, time);
}

static void events_run_in_the_order_of_a_searched_list(void) {
    Sim *sim = sim_new();
    SimOwner owners[N_OWNERS];
    random_seed(&dice, 7, 0, "calendar");
    n_ran = 0;
    for (unsigned i = 0; i < N_OWNERS; i++) sim_owner_init(sim, &owners[i]);
    for (unsigned i = 0; i < N_EVENTS; i++) {
        pool[i].number = i;
        sim_event_init(&pool[i].event, run_numbered, &owners[i % N_OWNERS]);
        SimTime time = some_delay();
        sim_schedule_at(sim, &pool[i].event, time);
        twin_schedule(i, time);
    }
    SimTime limit = 0;
    while (sim_events_pending(sim)) sim_run_until(sim, limit += 777777);
    CHECK_U64(twin_next(), N_EVENTS);
    CHECK(n_ran > 20000);
    sim_free(sim);
}

static void run_until_stops_at_its_limit_and_goes_on(void) {
    Sim *sim = sim_new();
    SimOwner owner;
    sim_owner_init(sim, &owner);
    random_seed(&dice, 1, 0, "limit");
    n_ran = 30000; /* no rescheduling */
    for (unsigned i = 0; i < 3; i++) {
        pool[i].number = i;
        sim_event_init(&pool[i].event, run_numbered, &owner);
        sim_schedule_at(sim, &pool[i].event, 10 * SIM_US * (i + 1));
        twin_schedule(i, 10 * SIM_US * (i + 1));
    }
    sim_run_until(sim, 10 * SIM_US);
    CHECK_U64(sim_events_run(sim), 1);
    CHECK_U64(sim_now(sim), 10 * SIM_US);
    sim_run_until(sim, 15 * SIM_US);
    CHECK_U64(sim_now(sim), 15 * SIM_US);
    CHECK_U64(sim_next_time(sim), 20 * SIM_US);
    sim_run_until(sim, 50 * SIM_US);
    CHECK_U64(sim_events_run(sim), 3);
    CHECK_U64(sim_next_time(sim), SIM_NEVER);
    sim_free(sim);
}

/* Packets --------------------------------------------------------------------------------- */

static void packets_and_bytes_are_conserved(void) {
    Sim *sim = sim_new();
    PacketPool *packets = packet_pool_new(sim, NULL);
    SimOwner owner;
    sim_owner_init(sim, &owner);
    Packet *a = packet_new(packets, &owner, 74), *b = packet_new(packets, &owner, 1500),
           *c = packet_new(packets, &owner, 9000);
    packet_push(a, 46);
    packet_pull(b, 20);
    packet_set_length(b, 1000);
    packet_deliver(a);
    packet_end_dropped(b);
    PacketCounts n = packet_pool_counts(packets);
    CHECK_U64(n.bytes_created, 74 + 1500 + 9000);
    CHECK_U64(n.bytes_added, 46);
    CHECK_U64(n.bytes_removed, 20 + 480);
    CHECK_U64(n.bytes_delivered, 120);
    CHECK_U64(n.bytes_dropped, 1000);
    CHECK_U64(n.held, 1);
    CHECK_U64(n.bytes_held, 9000);
    CHECK(packet_pool_check(packets, NULL));
    CHECK(!packet_pool_empty(packets));
    packet_deliver(c);
    CHECK(packet_pool_empty(packets));
    packet_pool_free(packets);
    sim_free(sim);
}

static void a_packet_is_known_by_its_origin_and_the_origins_count(void) {
    Sim *sim = sim_new();
    PacketPool *packets = packet_pool_new(sim, NULL);
    SimOwner owners[2];
    for (unsigned i = 0; i < 2; i++) sim_owner_init(sim, &owners[i]);
    sim_owner_number(&owners[0], 7, 0);
    for (unsigned i = 0; i < 6; i++) {
        Packet *pkt = packet_new(packets, &owners[i % 2], 60);
        CHECK_U64(pkt->id, (i % 2 ? UINT64_C(1) : UINT64_C(7)) << 40 | i / 2);
        CHECK_U64(pkt->origin, i % 2 ? 1 : 7);
        packet_deliver(pkt);
    }
    packet_pool_free(packets);
    sim_free(sim);
}

static void the_causes_of_a_packet_sum_to_its_age(void) {
    Sim *sim = sim_new();
    PacketPool *packets = packet_pool_new(sim, NULL);
    SimOwner owner;
    sim_owner_init(sim, &owner);
    Packet *p = packet_new(packets, &owner, 100);
    packet_charge(p, CAUSE_WIRE, 10);
    packet_charge(p, CAUSE_QUEUE, 25);
    packet_charge(p, CAUSE_WIRE, 100);
    packet_charge(p, CAUSE_WIRE, 130);
    CHECK_U64(p->charged[CAUSE_SOURCE], 10);
    CHECK_U64(p->charged[CAUSE_WIRE], 15 + 30);
    CHECK_U64(p->charged[CAUSE_QUEUE], 75);
    packet_deliver(p);
    packet_pool_free(packets);
    sim_free(sim);
}

static void wire_bytes_are_98_more_than_the_payload(void) {
    CHECK_U64(packet_wire_bytes(14 + 4 + 28 + 28), 98);
    CHECK_U64(packet_wire_bytes(14 + 4 + 28 + 28 + 400), 498);
    CHECK_U64(packet_wire_bytes(20), 84); /* the smallest frame */
}

/* Links ----------------------------------------------------------------------------------- */

static SimTime arrivals[8];
static unsigned n_arrivals;

static void note_arrival(Component *c, unsigned port, Packet *pkt) {
    (void)port;
    arrivals[n_arrivals++] = sim_now(c->sim);
    packet_deliver(pkt);
}

static const ComponentClass end_class = {
    .name = "end", .size = sizeof(Component), .receive = note_arrival};

static void a_link_delivers_the_last_bit(void) {
    /* 1,500 bytes of data are 1,524 on the wire: 12,192 ns at 1 Gbit/s, and 5 us further. The
     * second packet waits for the first. */
    NetworkOptions options = {.seed = 1};
    Network *net = network_new(&options);
    Component *a = network_add(net, &end_class, "a"), *b = network_add(net, &end_class, "b");
    CHECK(network_create(net, NULL));
    LinkSpeed speed = {.ps_per_byte_q16 = 8000u << 16, .delay = 5 * SIM_US};
    CHECK(network_link(a, 0, b, 0, speed, NULL));
    g_autoptr(GError) error = NULL;
    CHECK(!network_link(a, 0, b, 0, speed, &error));
    CHECK_CONTAINS(error->message, "a.0 sends over a link already");
    g_clear_error(&error);
    CHECK(!network_link(b, 1, a, 0, speed, &error));
    CHECK_CONTAINS(error->message, "b has ports 0 to 0");
    n_arrivals = 0;
    port_send(a, 0, packet_new(network_packets(net), &a->owner, 1500));
    port_send(a, 0, packet_new(network_packets(net), &a->owner, 1500));
    port_send(b, 0, packet_new(network_packets(net), &b->owner, 60)); /* unconnected */
    CHECK_U64(port_free_at(a, 0), 2 * 12192 * SIM_NS);
    network_run(net, SIM_NEVER, SIM_S, SIM_US, NULL, NULL);
    CHECK_U64(n_arrivals, 2);
    CHECK_U64(arrivals[0], 17192 * SIM_NS);
    CHECK_U64(arrivals[1], 29384 * SIM_NS);
    CHECK_U64(b->drops[0], 1);
    CHECK(network_stop(net, NULL));
    network_free(net);
}

/* Random streams -------------------------------------------------------------------------- */

static void xoshiro_gives_the_published_sequence(void) {
    /* State 1, 2, 3, 4: the first outputs of xoshiro256** by its definition, rotl(s1 * 5, 7) * 9.
     */
    Random r = {{1, 2, 3, 4}};
    CHECK_U64(random_next(&r), 11520);
    CHECK_U64(random_next(&r), 0);
    CHECK_U64(random_next(&r), 1509978240);
    CHECK_U64(random_next(&r), UINT64_C(1215971899390074240));
}

static void the_logarithm_agrees_with_the_library(void) {
    Random r;
    random_seed(&r, 3, 0, "log");
    for (unsigned i = 0; i < 100000; i++) {
        double x = random_unit(&r) * (i % 2 ? 1 : 1e6) + 1e-12;
        CHECK_NEAR(random_log(x), log(x), 2e-15 * (1 + fabs(log(x))));
        if (fabs(random_log(x) - log(x)) > 1e-13) return;
    }
}

static void streams_do_not_depend_on_each_other(void) {
    Random a, b, c;
    random_seed(&a, 1, 0, "source.gaps");
    random_seed(&b, 1, 0, "source.gaps");
    random_seed(&c, 1, 1, "source.gaps");
    CHECK_U64(random_next(&a), random_next(&b));
    CHECK(random_next(&a) != random_next(&c));
    double sum = 0;
    for (unsigned i = 0; i < 1000000; i++) sum += random_exponential(&a);
    CHECK_NEAR(sum / 1e6, 1.0, 4e-3); /* four standard errors */
}

/* Histograms ------------------------------------------------------------------------------ */

static int ascending(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static void quantiles_are_within_a_cell_of_the_sorted_samples(void) {
    enum { N = 20000 };
    static uint64_t values[N];
    Histogram h;
    Random r;
    histogram_init(&h);
    random_seed(&r, 5, 0, "histogram");
    for (unsigned i = 0; i < N; i++) {
        values[i] = random_next(&r) >> random_below(&r, 60);
        histogram_add(&h, values[i]);
    }
    qsort(values, N, sizeof *values, ascending);
    HistogramPlace place = {0};
    for (unsigned k = 1; k <= 1000; k++) {
        uint64_t exact = values[(size_t)ceil(k / 1000.0 * N) - 1],
                 found = histogram_quantile(&h, k / 1000.0);
        CHECK(found >= exact && (double)found <= (double)exact * (1 + 1.0 / 128) + 1);
        CHECK_U64(histogram_next_quantile(&h, k / 1000.0, &place), found);
    }
    CHECK_U64(h.count, N);
    CHECK_U64(h.min, values[0]);
    CHECK_U64(histogram_quantile(&h, 1), values[N - 1]);
    histogram_clear(&h);
}

int main(void) {
    static const Test tests[] = {TEST(events_run_in_the_order_of_a_searched_list),
                                 TEST(run_until_stops_at_its_limit_and_goes_on),
                                 TEST(packets_and_bytes_are_conserved),
                                 TEST(a_packet_is_known_by_its_origin_and_the_origins_count),
                                 TEST(the_causes_of_a_packet_sum_to_its_age),
                                 TEST(wire_bytes_are_98_more_than_the_payload),
                                 TEST(a_link_delivers_the_last_bit),
                                 TEST(xoshiro_gives_the_published_sequence),
                                 TEST(the_logarithm_agrees_with_the_library),
                                 TEST(streams_do_not_depend_on_each_other),
                                 TEST(quantiles_are_within_a_cell_of_the_sorted_samples),
                                 {0}};
    return run_tests("engine", tests);
}
