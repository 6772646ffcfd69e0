/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the numbers of a run say, and that they do not say what was not measured. */
#include "tests/bench.h"

#define NPE "[scenario]\ninclude = @scenarios/npe-base.ini\n"

/* 28 byte payloads are 126 bytes of the wire: 4.96 Mp/s are offered, 4.86 Mp/s come out, and the
 * NPE's memory holds the rest of 22 ms. Once the source is silent all of it drains. */
static void what_drains_after_the_window_is_not_carried(void) {
    RunResult *r = bench_run(NPE "[source traffic]\npayload = 28\n");
    CHECK_NEAR(bench_value(r, "sink.delivered_ratio"), 1, 0);
    CHECK_NEAR(bench_value(r, "sink.lost"), 0, 0);
    CHECK_NEAR(bench_value(r, "sink.carried_ratio"),
               bench_value(r, "sink.delivered_pps") / bench_value(r, "traffic.offered_pps"), 1e-9);
    CHECK_NEAR(bench_value(r, "sink.carried_ratio"), 0.979, 0.005);
    run_result_free(r);
}

static void all_of_a_load_below_the_limit_is_carried(void) {
    RunResult *r = bench_run(NPE "[source traffic]\npayload = 400\nrate = 2Gbit/s wire\n");
    CHECK_NEAR(bench_value(r, "sink.carried_ratio"), 1, 2e-3);
    run_result_free(r);
}

/* The exceptions' sink of npe gets no packet; a window of nothing has no rate. */
static void a_statistic_of_nothing_is_not_a_zero(void) {
    static const char *const empty[] = {
        "exceptions.latency_mean_us", "exceptions.latency_sd_us",  "exceptions.latency_p50_us",
        "exceptions.latency_p99_us",  "exceptions.latency_max_us",
    };
    RunResult *r = bench_run(NPE "[source traffic]\nduration = 200us\nwarmup = 50us\n");
    for (unsigned i = 0; i < G_N_ELEMENTS(empty); i++) CHECK(isnan(bench_value(r, empty[i])));
    CHECK_NEAR(bench_value(r, "exceptions.delivered_ratio"), 0, 0); /* 0 of all: that was counted */
    CHECK_NEAR(bench_value(r, "exceptions.carried_ratio"), 0, 0);
    CHECK(bench_value(r, "sink.latency_mean_us") > 0);
    run_result_free(r);
    r = bench_run(NPE "[source traffic]\nduration = 100us\nwarmup = 100us\n");
    static const char *const unmeasured[] = {
        "traffic.offered_bps",  "traffic.offered_pps",  "traffic.payload_bytes",
        "sink.delivered_bps",   "sink.delivered_pps",   "sink.delivered_ratio",
        "sink.latency_mean_us", "sink.latency_p999_us", "sink.carried_ratio"};
    for (unsigned i = 0; i < G_N_ELEMENTS(unmeasured); i++)
        CHECK(isnan(bench_value(r, unmeasured[i])));
    CHECK_NEAR(bench_value(r, "sink.lost"), 0, 0);
    run_result_free(r);
}

static void one_value_has_no_deviation(void) {
    Histogram h;
    histogram_init(&h);
    CHECK(isnan(histogram_mean(&h)) && isnan(histogram_at(&h, 1)));
    CHECK(isnan(histogram_at(&h, 0.5)));
    histogram_add(&h, 7);
    CHECK_NEAR(histogram_mean(&h), 7, 0);
    CHECK_NEAR(histogram_at(&h, 0.5), 7, 0);
    CHECK(isnan(histogram_sd(&h)));
    histogram_add(&h, 9);
    CHECK_NEAR(histogram_sd(&h), sqrt(2), 1e-12);
    histogram_clear(&h);
}

int main(void) {
    static const Test tests[] = {TEST(what_drains_after_the_window_is_not_carried),
                                 TEST(all_of_a_load_below_the_limit_is_carried),
                                 TEST(a_statistic_of_nothing_is_not_a_zero),
                                 TEST(one_value_has_no_deviation),
                                 {0}};
    return run_tests("numbers", tests);
}
