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

int main(void) {
    static const Test tests[] = {TEST(what_drains_after_the_window_is_not_carried),
                                 TEST(all_of_a_load_below_the_limit_is_carried),
                                 {0}};
    return run_tests("numbers", tests);
}
