/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Lanes against a twin that has a byte for each cycle: who asks begins with the first free cycle,
 * and takes as many free ones from there on. Random requests, some far ahead, some long, while the
 * past is forgotten.
 */
#include "components/ixp/fast/server.h"

#include <glib.h>

#include "tests/check.h"
#include "tests/dice.h"

enum { CYCLES = 4000000, REQUESTS = 8000, ROUNDS = 16 };

static uint8_t *taken;

static Cycle twin_free(Cycle from) {
    while (taken[from]) from++;
    return from;
}

static Cycle twin_take(Cycle from, uint32_t n) {
    Cycle start = twin_free(from), at = start;
    for (uint32_t left = n; left; at++)
        if (!taken[at]) taken[at] = 1, left--;
    return start + n;
}

/* Cycles ahead of now: mostly near, sometimes near the end of what a lane knows. */
static Cycle ahead(void) {
    return dice(50) ? dice(3000) : dice(LANE_MOST / 2);
}

static void a_lane_gives_what_its_twin_gives(void) {
    taken = g_malloc(CYCLES);
    for (unsigned round = 0; round < ROUNDS; round++) {
        Lane lane;
        Cycle now = 0, used = 0;
        unsigned waited = 0;
        memset(taken, 0, CYCLES);
        lane_init(&lane);
        for (unsigned i = 0; i < REQUESTS; i++) {
            now += dice(2 * (round * 4 + 32));
            if (!dice(40)) lane_forget(&lane, now);
            Cycle from = now + ahead();
            uint32_t n = 1 + (uint32_t)(dice(30) ? dice(40) : dice(500));
            CHECK_U64(lane_free(&lane, from), twin_free(from));
            Cycle end = lane_take(&lane, from, n);
            CHECK_U64(end, twin_take(from, n));
            waited += end - n > from;
            used += n;
        }
        CHECK_U64(lane.used, used);
        CHECK(waited > REQUESTS / 50);
        lane_clear(&lane);
    }
    g_free(taken);
}

static void what_is_claimed_is_taken_from_who_comes_later(void) {
    Lane lane;
    lane_init(&lane);
    CHECK_U64(lane_take(&lane, 100, 50), 150);
    CHECK_U64(lane_claim(&lane, 120, 10), 130);
    CHECK_U64(lane_free(&lane, 100), 160); /* 150 to 159 in the place of 120 to 129 */
    lane_clear(&lane);
}

/* A server that is slower than a lane knows, 1,000 jobs at once: one after the other. */
static void beyond_what_a_lane_knows_it_is_first_come_first_served(void) {
    Lane lane;
    lane_init(&lane);
    for (uint32_t i = 1; i <= 1000; i++) {
        lane_forget(&lane, i);
        CHECK_U64(lane_take(&lane, i, 100000), (Cycle)i * 100000 + 1);
    }
    lane_forget(&lane, 100000000);
    CHECK_U64(lane_free(&lane, 100000000), 100000001);
    lane_clear(&lane);
}

/* A server and a twin of it that always has its lane, asked for 20 cycles every 30 to 89: two of
 * sixteen steps are a sample of what all wait. */
static void who_asks_a_quiet_server_waits_as_long_as_the_others_do(void) {
    Server server = {.known = false}, twin = {.known = false};
    lane_init(&server.lane);
    lane_init(&twin.lane);
    Cycle waited = 0, now = 0, step = 0, quiet = 0;
    unsigned kind = STEP_FILL;
    for (unsigned i = 0; i < 400000; i++) {
        now += 30 + dice(60);
        Cycle from = now + dice(300);
        waited += server_take(&server, from, 20) - 20 - from;
        quiet += server.quiet;
        server_take(&twin, from, 20);
        lane_forget(&twin.lane, now);
        if (now - step < STEP) continue;
        step = now;
        kind = step_after(kind, false);
        server_look(&server, false, now, step_kind(kind));
    }
    printf("  waited %.3f cycles, with its lane %.3f\n", (double)waited / 400000,
           (double)twin.waited / 400000);
    CHECK(quiet > 400000 * 13 / 16);
    CHECK(waited > twin.waited / 100 * 97 && waited < twin.waited / 100 * 103);
    CHECK_U64(server.lane.used, twin.lane.used);
    for (unsigned i = 0; i < 2 * QUIET_STEPS; i++) { /* at its limit it has its lane all the time */
        kind = step_after(kind, true);
        CHECK(step_kind(kind) != STEP_QUIET);
    }
    lane_clear(&server.lane);
    lane_clear(&twin.lane);
}

int main(void) {
    static const Test tests[] = {TEST(a_lane_gives_what_its_twin_gives),
                                 TEST(what_is_claimed_is_taken_from_who_comes_later),
                                 TEST(beyond_what_a_lane_knows_it_is_first_come_first_served),
                                 TEST(who_asks_a_quiet_server_waits_as_long_as_the_others_do),
                                 {0}};
    return run_tests("lane", tests);
}
