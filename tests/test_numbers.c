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
    /* One packet at 0 and the next a millisecond later: none between 50 and 100 us. */
    r = bench_run(NPE "[source traffic]\nduration = 100us\nwarmup = 50us\nrate = 1kpacket/s\n");
    static const char *const unmeasured[] = {"traffic.payload_bytes", "sink.delivered_ratio",
                                             "sink.latency_mean_us", "sink.latency_p999_us",
                                             "sink.carried_ratio"};
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

/* The queue takes in 0.1 Mp/s more than it sends: by the end it holds 1,800 packets more. */
static void a_queue_that_grows_through_the_window_is_named(void) {
    RunResult *r = bench_run(NPE "[source traffic]\npayload = 28\n");
    CHECK_TEXT(r->unsteady, "npe0.buffers, npe0.queues");
    CHECK_U64(r->warnings->len, 1);
    CHECK_CONTAINS(r->warnings->pdata[0], "npe0: not steady: buffers, queues grew");
    CHECK_CONTAINS(r->warnings->pdata[0], "read carried_ratio");
    run_result_free(r);
}

static void a_wire_that_cannot_follow_its_source_is_named(void) {
    RunResult *r = bench_run(NPE "[source traffic]\npayload = 400\nrate = 5.2Gbit/s wire\n");
    CHECK_CONTAINS(r->unsteady, "traffic.port0.link");
    run_result_free(r);
}

/* Nearly at the limit, with bursts, with loss from a queue that stays full: all of these are
 * steady. */
static void what_stays_as_full_as_it_is_does_not_count_as_growing(void) {
    static const char *const settings[] = {
        "rate = 3.6Gbit/s wire\n",
        "payload = imix\nrate = 4Gbit/s wire\npattern = poisson\n",
        "rate = 2Gbit/s wire\npattern = onoff\non = 200us\noff = 200us\n",
        "rate = 5Gbit/s wire\n",
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(settings); i++) {
        g_autofree char *text = g_strconcat(NPE "[source traffic]\n", settings[i], NULL);
        RunResult *r = bench_run(text);
        if (r->unsteady) printf("  %s", settings[i]);
        CHECK(!r->unsteady && r->warnings->len == 0);
        run_result_free(r);
    }
}

static void growth_is_a_trend_through_half_the_window(void) {
    enum { N = 60 };
    uint32_t line[N], full[N], half[N], wave[N], late[N];
    for (unsigned i = 0; i < N; i++) {
        line[i] = 100 + 5 * i;
        full[i] = i < N / 5 ? 30 * i : 30 * N / 5;
        half[i] = MIN(i, N / 2) * 10;
        wave[i] = 100 + i % 12 * 10;
        late[i] = i < N / 2 ? 50 : 50 + 10 * i;
    }
    CHECK_NEAR(gauge_growth(line, N), 300, 1e-9);
    CHECK_NEAR(gauge_growth(full, N), 0, 0);
    CHECK(gauge_growth(half, N) > 0);
    CHECK(gauge_growth(late, N) > 0);
    CHECK_NEAR(gauge_growth(wave, N), 0, 0);
    CHECK_NEAR(gauge_growth(line, 19), 0, 0); /* too few to say */
}

/* A replay's window has no end in advance: its gauges are thinned out, and see the same. */
static uint64_t steps(const void *from) {
    return (*(uint64_t *)from)++;
}

static void a_window_without_an_end_keeps_what_it_saw(void) {
    uint64_t level = 0, passed = 0;
    Gauges *g = gauges_new();
    gauges_add(g, "c", "queue", &passed, steps, &level);
    CHECK_U64(gauges_next(g), SIM_NEVER);
    gauges_window(g, 5 * SIM_US, SIM_NEVER);
    CHECK_U64(gauges_next(g), 5 * SIM_US);
    SimTime before = 0;
    for (unsigned i = 0; i < 1500; i++) {
        CHECK(gauges_next(g) > before);
        before = gauges_next(g);
        gauges_read(g);
    }
    Report *report = report_new();
    gauges_report(g, report);
    CHECK_TEXT(report_unsteady_text(report), "c.queue");
    report_free(report);
    gauges_free(g);
}

int main(void) {
    static const Test tests[] = {TEST(what_drains_after_the_window_is_not_carried),
                                 TEST(all_of_a_load_below_the_limit_is_carried),
                                 TEST(a_statistic_of_nothing_is_not_a_zero),
                                 TEST(one_value_has_no_deviation),
                                 TEST(a_queue_that_grows_through_the_window_is_named),
                                 TEST(a_wire_that_cannot_follow_its_source_is_named),
                                 TEST(what_stays_as_full_as_it_is_does_not_count_as_growing),
                                 TEST(growth_is_a_trend_through_half_the_window),
                                 TEST(a_window_without_an_end_keeps_what_it_saw),
                                 {0}};
    return run_tests("numbers", tests);
}
