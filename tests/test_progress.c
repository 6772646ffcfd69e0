/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The time left of a study, fed with made-up costs, and the line that shows it, at all widths. */
#include "emu/study/progress.h"

#include "tests/bench.h"

enum { N = 60 };

/* The time left ------------------------------------------------------------------------------ */

/* Works of 1 to 10,000 units, in no order, of two kinds that alternate in blocks of ten. */
static const char *const kinds[] = {"quick", "slow"};
static double work_of(unsigned i) {
    return pow(10, (i * 7 % N) * 4.0 / (N - 1));
}
static unsigned kind_of(unsigned i) {
    return i / 10 % 2;
}

static Estimate *all_runs(void) {
    Estimate *e = estimate_new(1);
    for (unsigned i = 0; i < N; i++) CHECK_U64(estimate_add(e, work_of(i), &kinds[kind_of(i)]), i);
    return e;
}

/* Costs in proportion to the work: known to the digit once the first has finished. */
static void work_alone_tells_when_costs_are_in_proportion(void) {
    Estimate *e = all_runs();
    double left = 0;
    for (unsigned i = 0; i < N; i++) left += 0.003 * work_of(i);
    CHECK(isnan(estimate_left(e, NULL, 0, 1)));
    for (unsigned i = 0; i < N; i++) {
        estimate_finished(e, i, 0.003 * work_of(i));
        left -= 0.003 * work_of(i);
        CHECK_NEAR(estimate_left(e, NULL, 0, 1), left, 1e-9);
        CHECK_NEAR(estimate_left(e, NULL, 0, 3), left / 3, 1e-9);
    }
    estimate_free(e);
}

/* A unit of the slow kind costs 20 times one of the quick kind, give or take 20 percent: within 25
 * percent once three of each kind have finished, and never nothing as long as one is left. */
static void alike_runs_tell_what_another_kind_costs(void) {
    Estimate *e = all_runs();
    double cost[N], left = 0;
    for (unsigned i = 0; i < N; i++) {
        cost[i] = work_of(i) * (kind_of(i) ? 0.02 : 0.001) * (0.8 + 0.2 * (i % 3));
        left += cost[i];
    }
    for (unsigned i = 0; i + 1 < N; i++) {
        estimate_finished(e, i, cost[i]);
        left -= cost[i];
        double said = estimate_left(e, NULL, 0, 1);
        CHECK(said > 0);
        if (i >= 12) CHECK_NEAR(said / left, 1, 0.25);
    }
    estimate_free(e);
}

static void one_at_hand_tells_by_the_part_that_is_done(void) {
    Estimate *e = estimate_new(0);
    EstimateAtHand at_hand = {.run = estimate_add(e, 5, NULL)};
    CHECK(isnan(estimate_left(e, &at_hand, 1, 1)));
    at_hand = (EstimateAtHand){.run = 0, .seconds = 10, .fraction = 0.25};
    CHECK_NEAR(estimate_left(e, &at_hand, 1, 1), 30, 1e-9);
    /* Another of twice the work: 80 s, and two processes share what is left. */
    estimate_add(e, 10, NULL);
    CHECK_NEAR(estimate_left(e, &at_hand, 1, 1), 110, 1e-9);
    CHECK_NEAR(estimate_left(e, &at_hand, 1, 2), 55, 1e-9);
    estimate_free(e);
}

/* The last run is nobody else's to share. */
static void what_is_at_hand_is_the_least_that_is_left(void) {
    Estimate *e = estimate_new(0);
    EstimateAtHand at_hand = {.run = estimate_add(e, 1, NULL), .seconds = 5, .fraction = 0.5};
    CHECK_NEAR(estimate_left(e, &at_hand, 1, 8), 5, 1e-9);
    estimate_free(e);
}

static void what_failed_says_nothing_about_the_others(void) {
    Estimate *e = estimate_new(0);
    for (unsigned i = 0; i < 3; i++) estimate_add(e, 1, NULL);
    estimate_finished(e, 0, NAN);
    CHECK(isnan(estimate_left(e, NULL, 0, 1)));
    estimate_finished(e, 1, 7);
    CHECK_NEAR(estimate_left(e, NULL, 0, 1), 7, 1e-9);
    estimate_free(e);
}

/* What is known beforehand ------------------------------------------------------------------- */

static void check_load(const char *source, double packets_within) {
    g_autofree char *text =
        g_strdup_printf("[scenario]\n[source s]\nports = 1\nwarmup = 1ms\n%s\n[sink k]\nports = 1\n"
                        "source = s\n[link l]\nlink = s.0 -> k.0\nrate = 10Gbit/s\n",
                        source);
    Bench *b = bench_open(text);
    NetworkLoad load = network_load(b->net);
    CHECK_U64(load.until, 12 * SIM_MS);
    bench_finish(b);
    CHECK_NEAR(load.packets, bench_scalar(b, "s.packets_all"), packets_within);
    bench_close(b);
}

static void the_load_is_what_sources_then_send(void) {
    check_load("start = 2ms\nduration = 10ms\nrate = 1Gbit/s wire", 1);
    check_load("start = 2ms\nduration = 10ms\nrate = 200kpacket/s\npayload = 1400", 1);
    check_load("duration = 12ms\nrate = 1Gbit/s\npayload = imix", 5);
    check_load("duration = 12ms\nrate = 1Gbit/s\npattern = onoff\non = 1ms\noff = 3ms", 5);
}

/* The line ----------------------------------------------------------------------------------- */

static const ProgressState in_the_middle = {
    .done = 12, .of = 156, .simulated_s = 3.42, .packets_per_s = 210400, .left_s = 34.2};

static void check_line(ProgressState state, const char *label, unsigned columns,
                       const char *expected) {
    g_autofree char *line = progress_line(&state, label, columns);
    CHECK_TEXT(line, expected);
}

static void a_line_says_less_where_there_is_less_room(void) {
    ProgressState s = in_the_middle;
    const char *label = "fig9 (4 of 15)";
    check_line(s, label, 99,
               "fig9 (4 of 15): 12 of 156 runs, 3.4 s simulated, 210 k packets/s, 35 s left");
    check_line(s, label, 70, "fig9 (4 of 15): 12 of 156 runs, 3.4 s simulated, 35 s left");
    check_line(s, label, 41, "fig9 (4 of 15): 12 of 156 runs, 35 s left");
    check_line(s, label, 40, "12 of 156 runs, 35 s left");
    check_line(s, NULL, 20, "12 of 156 runs");
    check_line(s, NULL, 13, "");
    for (unsigned columns = 0; columns < 120; columns++) {
        g_autofree char *line = progress_line(&s, label, columns);
        CHECK(strlen(line) <= columns);
    }
}

static void a_line_never_says_that_nothing_is_left(void) {
    ProgressState s = {.of = 1, .simulated_s = 0.0125, .until_s = 2.5, .left_s = 0};
    check_line(s, NULL, 99, "12 ms of 2.5 s simulated, 1 s left");
    s.left_s = NAN;
    check_line(s, NULL, 99, "12 ms of 2.5 s simulated");
    s.left_s = 119.2;
    check_line(s, NULL, 99, "12 ms of 2.5 s simulated, 2 min left");
    s.left_s = 6001;
    check_line(s, NULL, 99, "12 ms of 2.5 s simulated, 2 h left");
}

/* Messages ----------------------------------------------------------------------------------- */

static void check_wrap(const char *text, unsigned width, const char *expected) {
    g_autofree char *wrapped = progress_wrap(text, width);
    CHECK_TEXT(wrapped, expected);
}

static void messages_break_between_words(void) {
    check_wrap("12345 789\n", 9, "12345 789\n");
    check_wrap("12345 789\n", 8, "12345\n  789\n");
    check_wrap("a bb ccc dddd\nee f", 6, "a bb\n  ccc\n  dddd\nee f");
    check_wrap("a-word-that-is-too-long b", 6, "a-word-that-is-too-long\n  b");
    check_wrap("", 6, "");
}

int main(void) {
    static const Test tests[] = {TEST(work_alone_tells_when_costs_are_in_proportion),
                                 TEST(alike_runs_tell_what_another_kind_costs),
                                 TEST(one_at_hand_tells_by_the_part_that_is_done),
                                 TEST(what_is_at_hand_is_the_least_that_is_left),
                                 TEST(what_failed_says_nothing_about_the_others),
                                 TEST(the_load_is_what_sources_then_send),
                                 TEST(a_line_says_less_where_there_is_less_room),
                                 TEST(a_line_never_says_that_nothing_is_left),
                                 TEST(messages_break_between_words),
                                 {0}};
    return run_tests("progress", tests);
}
