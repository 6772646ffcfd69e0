/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The table at a glance, for studies whose runs have ended in every way; and intervals. */
#include "emu/study/headline.h"
#include "emu/study/table.h"
#include "tests/bench.h"

static const char *const rows[][2] = {
    {"sink.carried_ratio", "ratio"},        {"sink.delivered_pps", "packets/s"},
    {"sink.latency_mean_us", "us"},         {"answers.carried_ratio", "ratio"},
    {"answers.delivered_pps", "packets/s"}, {"answers.latency_mean_us", "us"}};
enum { N = G_N_ELEMENTS(rows) };

static RunResult *result(unsigned point, unsigned repetition, const double *values) {
    RunResult *r = g_new0(RunResult, 1);
    r->point = point;
    r->repetition = repetition;
    r->fingerprint = point * 100 + repetition;
    r->scalars = g_array_new(FALSE, FALSE, sizeof(RunScalar));
    r->warnings = g_ptr_array_new_with_free_func(g_free);
    r->status = values ? RUN_OK : RUN_MISSING;
    for (unsigned i = 0; values && i < N; i++) {
        RunScalar s = {run_intern(rows[i][0]), run_intern(rows[i][1]), values[i]};
        g_array_append_val(r->scalars, s);
    }
    return r;
}

/* Four points: ok, ok with nothing at the answers, failed, not run. */
static char *folder;
static Study study;

static void open_study(bool repeated) {
    static const double values[][N] = {{1, 1e6, 12.5, 1, 2000, 130}, {0.9, 9e5, 700, 0, 0, NAN}};
    g_autoptr(GError) error = NULL;
    folder = bench_folder();
    study = (Study){.scenario = bench_load(folder,
                                           "[source traffic]\nrate = ${1..4}Gbit/s\n"
                                           "[sink sink]\n[sink answers]\n",
                                           NULL, &error),
                    .repeated = repeated,
                    .runs = g_ptr_array_new_with_free_func(run_result_free),
                    .claims = g_array_new(FALSE, FALSE, sizeof(ClaimResult))};
    g_assert(study.scenario);
    for (unsigned point = 0; point < 4; point++)
        g_ptr_array_add(study.runs, result(point, 0, point < 2 ? values[point] : NULL));
    RunResult *failed = study.runs->pdata[2], *unsteady = study.runs->pdata[1];
    failed->status = RUN_FAILED;
    failed->code = EXIT_RUN_FAILED;
    failed->failure = g_strdup("captures/out.pcap: cannot be written: No space left on device, "
                               "and that in more words than fit into a line of eighty columns");
    unsteady->unsteady = g_strdup("npe0.buffers");
}

static void close_study(void) {
    g_ptr_array_unref(study.runs);
    g_array_unref(study.claims);
    scenario_free((Scenario *)study.scenario);
    bench_remove(folder);
}

static char *printed(void) {
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    g_unsetenv("COLUMNS");
    headline_print(&study, out);
    fclose(out);
    return text; /* of malloc */
}

static void every_way_in_which_a_run_ends_is_said(void) {
    open_study(false);
    char *text = printed();
    CHECK_CONTAINS(text, "\n3Gbit/s  failed: captures/out.pcap: cannot be written");
    CHECK_CONTAINS(text, "\n4Gbit/s  not run\n");
    CHECK_CONTAINS(text, "* not steady: npe0.buffers\n");
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (unsigned i = 0; lines[i]; i++) CHECK(strlen(lines[i]) <= 80);
    free(text);
    close_study();
}

static void columns_name_their_component_and_what_is_not_measured_is_a_dash(void) {
    open_study(false);
    char *text = printed();
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    CHECK_TEXT(lines[2], "traffic     sink  answers     sink  answers      sink   answers");
    CHECK_TEXT(lines[3], "rate     carried  carried  mean us  mean us  out Mp/s  out kp/s");
    CHECK_TEXT(lines[4], "1Gbit/s        1        1     12.5      130         1         2");
    CHECK_TEXT(lines[5], "2Gbit/s      0.9        0      700        -       0.9         0 *");
    free(text);
    close_study();
}

static void a_run_that_did_not_end_well_has_empty_cells(void) {
    open_study(false);
    char *text = table_runs(&study);
    CHECK_CONTAINS(text, "\n2\t0\tfailed\t3000000000\t\t\t\t\t\t\n");
    CHECK_CONTAINS(text, "\n3\t0\tnot run\t4000000000\t\t\t\t\t\t\n");
    CHECK_CONTAINS(text, "\n1\t0\tok\t2000000000\t0.9\t900000\t700\t0\t0\t\n");
    g_free(text);
    close_study();
}

/* What only the second run has is a column too. */
static void columns_are_those_of_all_runs(void) {
    open_study(false);
    RunScalar late = {run_intern("sink.drop.late"), run_intern("packets"), 3};
    g_array_append_val(((RunResult *)study.runs->pdata[1])->scalars, late);
    char *text = table_runs(&study);
    CHECK_CONTAINS(text,
                   "\tsink.drop.late\n0\t0\tok\t1000000000\t1\t1000000\t12.5\t1\t2000\t130\t\n");
    CHECK_CONTAINS(text, "\t0\t0\t\t3\n");
    g_free(text);
    close_study();
}

/* 1, 2, 3: deviation 1, and Student's t for two degrees of freedom is 4.30265. */
static void an_interval_is_students(void) {
    const double values[] = {1, 2, 3};
    StudyEstimate e = study_estimate_of(values, 3, true);
    CHECK_NEAR(e.mean, 2, 1e-12);
    CHECK_NEAR(e.sd, 1, 1e-12);
    CHECK_NEAR(e.half, 4.30265272975 / sqrt(3), 1e-9);
    CHECK(isnan(study_estimate_of(values, 3, false).half));
    e = study_estimate_of(values, 1, true);
    CHECK(e.n == 1 && e.mean == 1 && isnan(e.sd) && isnan(e.half));
    CHECK(isnan(study_estimate_of(values, 0, true).mean));
}

/* The last digit of the mean is the second of the interval. */
static void a_mean_is_as_precise_as_its_interval(void) {
    static const struct {
        double mean, half, scale;
        const char *text;
    } cases[] = {{37549.4, 1003.2, 1, "37500 +-1000"},   {620.834, 21.7, 1, "621 +-22"},
                 {7257.24, 18.4, 1e-3, "7.257 +-0.018"}, {6.667, 29.4, 1, "7 +-29"},
                 {167349, 7822, 1, "167300 +-7800"},     {1, 0, 1, "1 +-0"},
                 {12.34567, NAN, 1, "12.346"},           {NAN, NAN, 1, "-"}};
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        StudyEstimate e = {.n = 3, .mean = cases[i].mean, .half = cases[i].half};
        g_autofree char *text = study_estimate_text(e, cases[i].scale);
        CHECK_TEXT(text, cases[i].text);
    }
}

static void runs_that_are_one_run_have_no_interval(void) {
    double mean, half;
    const double values[][N] = {
        {1, 1e6, 10, 1, 1, 1}, {1, 1e6, 12, 1, 1, 1}, {1, 1e6, 14, 1, 1, 1}};
    open_study(true);
    g_ptr_array_set_size(study.runs, 0);
    for (unsigned i = 0; i < 3; i++) g_ptr_array_add(study.runs, result(0, i, values[i]));
    CHECK(study_interval(&study, 0, "sink.latency_mean_us", 0, &mean, &half));
    CHECK_NEAR(mean, 12, 1e-12);
    CHECK_NEAR(half, 2 * 4.30265272975 / sqrt(3), 1e-9);
    CHECK(study_interval(&study, 0, "sink.latency_mean_us", 2, &mean, &half));
    CHECK_NEAR(mean, 11, 1e-12);
    CHECK(!study_interval(&study, 0, "sink.latency_mean_us", 1, &mean, &half));
    CHECK(!study_interval(&study, 0, "sink.no_such", 0, &mean, &half));
    CHECK(!study_interval(&study, 1, "sink.latency_mean_us", 0, &mean, &half));
    CHECK(!study_repeats_itself(&study, 0));
    RunResult *copy = result(0, 3, values[0]);
    copy->fingerprint = ((RunResult *)study.runs->pdata[0])->fingerprint;
    g_ptr_array_add(study.runs, copy);
    CHECK(!study_interval(&study, 0, "sink.latency_mean_us", 0, &mean, &half));
    CHECK(isnan(half));
    CHECK(study_repeats_itself(&study, 0));
    char *text = table_summary(&study);
    CHECK_CONTAINS(text, "sink.latency_mean_us\t4\t11.5\t\t\t\n");
    g_free(text);
    close_study();
}

int main(void) {
    static const Test tests[] = {
        TEST(every_way_in_which_a_run_ends_is_said),
        TEST(columns_name_their_component_and_what_is_not_measured_is_a_dash),
        TEST(a_run_that_did_not_end_well_has_empty_cells),
        TEST(columns_are_those_of_all_runs),
        TEST(an_interval_is_students),
        TEST(a_mean_is_as_precise_as_its_interval),
        TEST(runs_that_are_one_run_have_no_interval),
        {0}};
    return run_tests("table", tests);
}
