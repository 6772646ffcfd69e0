/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The calendar's borders, and what a caller may do to it between two sim_run_until. The oracle is a
 * list that is searched from end to end; test_engine.c has the one for handlers. */
#include <glib.h>

#include "emu/core/random.h"
#include "emu/core/sim.h"
#include "tests/check.h"

enum { SLOT = 1024, WHEEL = 4096 * SLOT, N = 300, N_OWNERS = 3 };

typedef struct {
    SimEvent event; /* first: a handler gets back to the whole */
    unsigned number;
} Numbered;

static Numbered pool[N];
static struct {
    bool pending;
    SimTime time;
    unsigned owner;
    uint64_t count;
} twin[N];
static SimOwner owners[N_OWNERS];
static uint64_t twin_count[N_OWNERS];
static unsigned ran[N], n_ran;

static bool twin_before(unsigned a, unsigned b) {
    if (twin[a].time != twin[b].time) return twin[a].time < twin[b].time;
    if (twin[a].owner != twin[b].owner) return twin[a].owner < twin[b].owner;
    return twin[a].count < twin[b].count;
}

static unsigned twin_next(void) {
    unsigned best = N;
    for (unsigned i = 0; i < N; i++)
        if (twin[i].pending && (best == N || twin_before(i, best))) best = i;
    return best;
}

static void run_numbered(Sim *sim, SimEvent *event) {
    unsigned self = ((Numbered *)(void *)event)->number, expected = twin_next();
    CHECK_U64(self, expected);
    CHECK_U64(sim_now(sim), twin[self].time);
    twin[self].pending = false;
    if (n_ran < N) ran[n_ran] = self;
    n_ran++;
}

static Sim *world_new(void) {
    Sim *sim = sim_new();
    for (unsigned i = 0; i < N_OWNERS; i++) sim_owner_init(sim, &owners[i]);
    for (unsigned i = 0; i < N; i++) {
        pool[i].number = i;
        sim_event_init(&pool[i].event, run_numbered, &owners[i % N_OWNERS]);
    }
    memset(twin, 0, sizeof twin);
    memset(twin_count, 0, sizeof twin_count);
    n_ran = 0;
    return sim;
}

static void schedule(Sim *sim, unsigned i, SimTime time) {
    unsigned owner = i % N_OWNERS;
    sim_schedule_at(sim, &pool[i].event, time);
    twin[i].pending = true;
    twin[i].time = time;
    twin[i].owner = owner;
    twin[i].count = twin_count[owner]++;
}

static void cancel(Sim *sim, unsigned i) {
    sim_cancel(sim, &pool[i].event);
    twin[i].pending = false;
}

static void a_cancelled_look_ahead_does_not_turn_the_wheel_back(void) {
    /* sim_next_time works off slot 100 while the clock stands at 0; that slot is emptied, and an
     * event before it comes in from outside. Slot 100 + 4095 shares its place with slot 99. */
    Sim *sim = world_new();
    schedule(sim, 0, 100 * SLOT);
    CHECK_U64(sim_next_time(sim), 100 * SLOT);
    cancel(sim, 0);
    schedule(sim, 1, (100 + 4095) * SLOT);
    schedule(sim, 2, 2000 * SLOT);
    schedule(sim, 3, 60 * SLOT);
    sim_run_until(sim, SIM_MS);
    CHECK_U64(n_ran, 3);
    CHECK_U64(ran[0], 3);
    CHECK_U64(ran[1], 2);
    CHECK_U64(ran[2], 1);
    sim_free(sim);
}

static void events_from_outside_keep_the_order(void) {
    static const SimTime spans[] = {1,     40, SLOT, 3 * SLOT, 90 * SLOT, WHEEL, WHEEL + 9 * SLOT,
                                    SIM_MS};
    Sim *sim = world_new();
    Random dice;
    random_seed(&dice, 11, 0, "outside");
    for (unsigned step = 0; step < 20000; step++) {
        for (unsigned k = 0; k < 3; k++) {
            unsigned i = (unsigned)random_below(&dice, step % 2000 < 1000 ? 6 : N); /* few, many */
            if (sim_event_pending(&pool[i].event)) {
                CHECK(twin[i].pending);
                if (random_below(&dice, 2)) cancel(sim, i);
            } else {
                SimTime span = spans[random_below(&dice, G_N_ELEMENTS(spans))];
                schedule(sim, i, sim_now(sim) + random_below(&dice, span));
            }
        }
        unsigned next = twin_next();
        if (random_below(&dice, 3) == 0) {
            CHECK_U64(sim_next_time(sim), next == N ? SIM_NEVER : twin[next].time);
            if (next != N && random_below(&dice, 2)) cancel(sim, next);
        }
        sim_run_until(sim, sim_now(sim) + random_below(&dice, spans[random_below(&dice, 6)]));
        next = twin_next();
        CHECK(next == N || twin[next].time > sim_now(sim));
    }
    CHECK(n_ran > 10000);
    sim_free(sim);
}

static void the_border_of_wheel_and_heap_is_not_visible(void) {
    /* From a clock at every offset within a slot: the last picosecond of the wheel, the first of
     * the heap, and their neighbours, scheduled in an order of no help. */
    static const SimTime around[] = {WHEEL + 1, WHEEL - SLOT,    WHEEL,    WHEEL - 1,
                                     0,         WHEEL + SLOT,    SLOT - 1, SLOT,
                                     1,         WHEEL - SLOT - 1};
    for (SimTime offset = 0; offset < 2 * SLOT; offset += 341) {
        Sim *sim = world_new();
        sim_run_until(sim, offset);
        for (unsigned i = 0; i < G_N_ELEMENTS(around); i++) {
            schedule(sim, 2 * i, offset + around[i]);
            schedule(sim, 2 * i + 1, offset + around[i]); /* same time, another owner */
        }
        sim_run_until(sim, SIM_S);
        CHECK_U64(n_ran, 2 * G_N_ELEMENTS(around));
        CHECK_U64(sim_events_pending(sim), 0);
        sim_free(sim);
    }
}

static void the_far_future_is_reached(void) {
    Sim *sim = world_new();
    schedule(sim, 0, SIM_NEVER - 1);
    schedule(sim, 1, SIM_NEVER - 2 * (SimTime)WHEEL);
    schedule(sim, 2, 5);
    sim_run_until(sim, SIM_NEVER - 1);
    CHECK_U64(n_ran, 3);
    CHECK_U64(sim_now(sim), SIM_NEVER - 1);
    sim_free(sim);
}

static void equal_times_run_by_owner_and_then_by_its_own_count(void) {
    Sim *sim = world_new();
    static const unsigned scheduled[] = {5, 2, 4, 0, 3, 1}, expected[] = {0, 3, 4, 1, 5, 2};
    for (unsigned i = 0; i < 6; i++) schedule(sim, scheduled[i], 7);
    sim_run_until(sim, 7);
    CHECK_U64(n_ran, 6);
    for (unsigned i = 0; i < 6; i++) CHECK_U64(ran[i], expected[i]);
    sim_free(sim);
}

static void stop_now(Sim *sim, SimEvent *event) {
    (void)event;
    sim_stop(sim);
}

static void stopping_leaves_the_clock_at_the_last_event(void) {
    Sim *sim = world_new();
    SimEvent stop;
    sim_event_init(&stop, stop_now, &owners[0]);
    sim_schedule_at(sim, &stop, 10);
    schedule(sim, 0, 11);
    sim_run_until(sim, 1000);
    CHECK(sim_stopped(sim));
    CHECK_U64(sim_now(sim), 10);
    CHECK_U64(sim_events_run(sim), 1);
    CHECK_U64(sim_events_pending(sim), 1);
    sim_free(sim);
}

enum { N_OBSERVED = 3 };

typedef struct {
    SimTime time;
    unsigned owner;
    SimObservation what;
    uint64_t packet;
    uint32_t bytes;
} Observed;

/* Of observations that are made one after the other, by owners with these identities. */
static uint64_t fingerprint(const Observed *all, unsigned n, const uint64_t *identities) {
    Sim *sim = sim_new();
    SimOwner owner[N_OBSERVED];
    for (uint32_t i = 0; i < N_OBSERVED; i++) {
        sim_owner_init(sim, &owner[i]);
        sim_owner_number(&owner[i], i, identities[i]);
    }
    for (unsigned i = 0; i < n; i++) {
        sim_run_until(sim, all[i].time);
        sim_observe(sim, &owner[all[i].owner], all[i].what, all[i].packet, all[i].bytes);
    }
    uint64_t f = sim_fingerprint(sim);
    sim_free(sim);
    return f;
}

static const uint64_t three[N_OBSERVED] = {100, 101, 102};

static void the_fingerprint_sees_every_part_of_an_observation(void) {
    const Observed one = {5, 1, SIM_ARRIVE, 2, 3}, others[] = {{6, 1, SIM_ARRIVE, 2, 3},
                                                               {5, 1, SIM_DEPART, 2, 3},
                                                               {5, 2, SIM_ARRIVE, 2, 3},
                                                               {5, 1, SIM_ARRIVE, 3, 3},
                                                               {5, 1, SIM_ARRIVE, 2, 4}};
    uint64_t f = fingerprint(&one, 1, three);
    CHECK_U64(fingerprint(&one, 1, three), f);
    for (unsigned i = 0; i < G_N_ELEMENTS(others); i++)
        CHECK(fingerprint(&others[i], 1, three) != f);
}

static void the_fingerprint_sees_each_owners_order_but_not_that_of_owners(void) {
    const Observed ab[] = {{5, 0, SIM_ARRIVE, 2, 3}, {5, 1, SIM_ARRIVE, 2, 3}},
                   ba[] = {{5, 1, SIM_ARRIVE, 2, 3}, {5, 0, SIM_ARRIVE, 2, 3}},
                   xy[] = {{5, 0, SIM_ARRIVE, 2, 3}, {5, 0, SIM_DROP, 2, 3}},
                   yx[] = {{5, 0, SIM_DROP, 2, 3}, {5, 0, SIM_ARRIVE, 2, 3}};
    CHECK_U64(fingerprint(ab, 2, three), fingerprint(ba, 2, three));
    CHECK(fingerprint(xy, 2, three) != fingerprint(yx, 2, three));
}

static void the_fingerprints_of_parts_sum_to_that_of_the_whole(void) {
    const Observed all[] = {{5, 0, SIM_ARRIVE, 2, 3}, {6, 1, SIM_ARRIVE, 2, 3}};
    CHECK_U64(fingerprint(&all[0], 1, three) + fingerprint(&all[1], 1, three),
              fingerprint(all, 2, three));
}

static void the_fingerprint_knows_owners_by_identity_and_not_by_number(void) {
    static const uint64_t turned[N_OBSERVED] = {102, 101, 100};
    const Observed first = {5, 0, SIM_ARRIVE, 2, 3}, last = {5, 2, SIM_ARRIVE, 2, 3};
    CHECK_U64(fingerprint(&first, 1, three), fingerprint(&last, 1, turned));
    CHECK(fingerprint(&first, 1, three) != fingerprint(&first, 1, turned));
}

static void never(Sim *sim, SimEvent *event) {
    (void)sim, (void)event;
    CHECK(false);
}

/* In the heap, in slots, two of one time, and in the slot being worked off. */
static void after_a_clear_nothing_is_pending(void) {
    static const SimTime times[] = {9 * WHEEL, 3 * WHEEL, 5 * SLOT, 5 * SLOT, 7 * SLOT, 2, 1};
    Sim *sim = sim_new();
    SimOwner owner;
    SimEvent event[G_N_ELEMENTS(times)];
    sim_owner_init(sim, &owner);
    for (unsigned i = 0; i < G_N_ELEMENTS(times); i++) {
        sim_event_init(&event[i], never, &owner);
        sim_schedule(sim, &event[i], times[i]);
    }
    CHECK_U64(sim_next_time(sim), 1); /* its slot is being worked off from now on */
    sim_clear(sim);
    for (unsigned i = 0; i < G_N_ELEMENTS(times); i++) CHECK(!sim_event_pending(&event[i]));
    CHECK_U64(sim_events_pending(sim), 0);
    sim_run_until(sim, 10 * (SimTime)WHEEL);
    sim_free(sim);
}

int main(void) {
    static const Test tests[] = {
        TEST(a_cancelled_look_ahead_does_not_turn_the_wheel_back),
        TEST(events_from_outside_keep_the_order),
        TEST(the_border_of_wheel_and_heap_is_not_visible),
        TEST(the_far_future_is_reached),
        TEST(equal_times_run_by_owner_and_then_by_its_own_count),
        TEST(stopping_leaves_the_clock_at_the_last_event),
        TEST(after_a_clear_nothing_is_pending),
        TEST(the_fingerprint_sees_every_part_of_an_observation),
        TEST(the_fingerprint_sees_each_owners_order_but_not_that_of_owners),
        TEST(the_fingerprints_of_parts_sum_to_that_of_the_whole),
        TEST(the_fingerprint_knows_owners_by_identity_and_not_by_number),
        {0}};
    return run_tests("sim", tests);
}
