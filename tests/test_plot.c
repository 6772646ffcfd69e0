/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Pictures: curves, their words and intervals, the rule of the axes, published bands, and that the
 * same numbers are the same bytes. Results are made up here, so that every mean is known. */
#include "emu/study/plot.h"
#include "tests/bench.h"

/* 2 series of 3 and 2 points: NPE at 1, 2, 3 Gbit/s, Click at 1, 2. Latency is `latency(point, r)`.
 */
static const char scenario[] =
    "[source traffic]\npayload = 400\n[sink sink]\n"
    "[series NPE]\ntraffic.rate = ${1, 2, 3}Gbit/s\n"
    "[series Click, it's]\ntraffic.rate = ${1, 2}Gbit/s\n"
    "traffic.payload = ${with traffic.rate: 400, 1400}\ntraffic.pattern = poisson\n";

static char *folder;
static Study study;
static Claims *claims;

static RunResult *result(unsigned point, unsigned repetition, double latency) {
    RunResult *r = run_result_new();
    r->point = point;
    r->repetition = repetition;
    r->status = RUN_OK;
    r->fingerprint = 100 * point + repetition;
    r->identity = g_strdup("0");
    RunScalar rows[] = {{run_intern("sink.latency_mean_us"), run_intern("us"), latency},
                        {run_intern("sink.drop_ratio"), run_intern("ratio"), NAN}};
    g_array_append_vals(r->scalars, rows, G_N_ELEMENTS(rows));
    return r;
}

static void open_study(const char *text, unsigned repetitions,
                       double (*latency)(unsigned point, unsigned repetition)) {
    g_autoptr(GError) error = NULL;
    folder = bench_folder();
    study = (Study){.scenario = bench_load(folder, text, NULL, &error),
                    .repeated = repetitions > 1,
                    .runs = g_ptr_array_new_with_free_func(run_result_free),
                    .claims = g_array_new(FALSE, FALSE, sizeof(ClaimResult))};
    if (!study.scenario) printf("  %s\n", error->message);
    g_assert(study.scenario);
    claims = claims_load("analysis/claims", NULL);
    g_assert(claims);
    for (unsigned p = 0; p < scenario_n_points(study.scenario); p++)
        for (unsigned r = 0; r < repetitions; r++)
            g_ptr_array_add(study.runs, result(p, r, latency(p, r)));
}

static void close_study(void) {
    g_ptr_array_unref(study.runs);
    g_array_unref(study.claims);
    scenario_free((Scenario *)study.scenario);
    claims_free(claims);
    bench_remove(folder);
}

static ScenarioPlot plot_of(const char *curve) {
    return (ScenarioPlot){.name = "p",
                          .where = "here",
                          .title = "a_b `date` it's \"so\"",
                          .x = "traffic.rate / 1e9",
                          .y = "sink.latency_mean_us",
                          .curve = curve,
                          .x_label = "rate, Gb/s",
                          .y_label = "round-trip time, us"};
}

static void draw(const ScenarioPlot *plot) {
    g_autoptr(GError) error = NULL;
    CurveSource source = {&study, folder, NULL};
    if (!plot_draw(plot, &source, 1, claims, folder, plot->name, true, &error))
        printf("  %s\n", error->message);
    CHECK(!error);
}

static char *content(const char *name, size_t *length) {
    g_autofree char *path = g_build_filename(folder, name, NULL);
    gsize n;
    char *text;
    if (!g_file_get_contents(path, &text, &n, NULL)) return g_strdup("");
    if (length) *length = n;
    return text;
}

/* The ends of an axis in the script. */
static void range(char axis, double *low, double *high) {
    g_autofree char *gp = content("p.gp", NULL), *key = g_strdup_printf("set %crange [", axis);
    const char *at = strstr(gp, key);
    CHECK(at && sscanf(at + strlen(key), "%lf:%lf", low, high) == 2);
}

static double by_point(unsigned point, unsigned repetition) {
    return 10 * (point + 1) + repetition;
}

static double spread(unsigned point, unsigned repetition) {
    return 10 * (point + 1) + 2 * repetition;
}

static double nearly_constant(unsigned point, unsigned repetition) {
    (void)repetition;
    return 48.2 + 0.4 * point;
}

static double zero_first(unsigned point, unsigned repetition) {
    (void)repetition;
    return 10 * point;
}

static void curves_have_the_words_of_the_scenario(void) {
    open_study(scenario, 1, by_point);
    ScenarioPlot plot = plot_of("series, traffic.payload, traffic.pattern");
    draw(&plot);
    g_autofree char *tsv = content("p.tsv", NULL), *svg = content("p.svg", NULL);
    /* The pattern is one throughout Click's series, so its name says it; of NPE's so is payload. */
    CHECK_TEXT(tsv, "curve\tx\ty\tlow\thigh\nNPE\t1\t10\t\t\nNPE\t2\t20\t\t\nNPE\t3\t30\t\t\n\n\n"
                    "Click, it's, payload = 400\t1\t40\t\t\n\n\n"
                    "Click, it's, payload = 1400\t2\t50\t\t\n\n\n");
    CHECK_CONTAINS(svg, "<text>Click, it's, payload = 1400</text>");
    CHECK_CONTAINS(svg, "<text>NPE</text>");
    close_study();
}

static void text_is_drawn_as_it_is(void) {
    open_study(scenario, 1, by_point);
    ScenarioPlot plot = plot_of(NULL);
    plot.x_label = "tokens_rate {x} ^2, Gb/s";
    draw(&plot);
    g_autofree char *svg = content("p.svg", NULL);
    CHECK_CONTAINS(svg, "<text>a_b `date` it's \"so\"</text>");
    CHECK_CONTAINS(svg, "<text>tokens_rate {x} ^2, Gb/s</text>");
    close_study();
}

/* 10, 12, 14: mean 12, deviation 2; t of two degrees of freedom is 4.30265: 2 * t / sqrt(3) is
 * 4.96828 to either side. */
static void repetitions_are_a_mean_with_students_interval(void) {
    open_study(scenario, 3, spread);
    ScenarioPlot plot = plot_of("series");
    draw(&plot);
    g_autofree char *tsv = content("p.tsv", NULL), *gp = content("p.gp", NULL);
    double x, y, low, high;
    CHECK(sscanf(strstr(tsv, "NPE\t"), "NPE\t%lf\t%lf\t%lf\t%lf", &x, &y, &low, &high) == 4);
    CHECK_NEAR(x, 1, 1e-9);
    CHECK_NEAR(y, 12, 1e-9);
    CHECK_NEAR(low, 12 - 4.96828, 1e-4);
    CHECK_NEAR(high, 12 + 4.96828, 1e-4);
    CHECK_CONTAINS(gp, "using 2:(inside($4)):(0):($5-inside($4)) with vectors heads");
    CHECK_CONTAINS(gp, "'bars: 95 percent confidence interval of the mean over repetitions");
    close_study();
}

static void what_is_constant_looks_constant(void) {
    open_study(scenario, 1, nearly_constant);
    ScenarioPlot plot = plot_of("series");
    double low, high;
    draw(&plot);
    range('y', &low, &high);
    CHECK_NEAR(low, 0, 1e-9);
    CHECK(high > 49.8 && high < 60);
    plot.log = "y";
    draw(&plot);
    range('y', &low, &high);
    CHECK_NEAR(high / low, 10, 0.01);
    close_study();
}

/* A point at zero is not on the frame either. */
static void no_point_lies_on_the_frame(void) {
    double low, high;
    open_study(scenario, 3, spread);
    ScenarioPlot plot = plot_of("series");
    draw(&plot);
    range('x', &low, &high);
    CHECK_NEAR(low, 0, 1e-9);
    CHECK_NEAR(high, 3 + 3. / 18, 1e-6);
    range('y', &low, &high); /* the highest bar's end is at 52 + 4.968 */
    CHECK_NEAR(high, 56.96828 * 19 / 18, 1e-3);
    plot.x = "traffic.rate / 1e9 - 1";
    plot.log = "y";
    draw(&plot);
    range('x', &low, &high);
    CHECK_NEAR(low, -2. / 18, 1e-6);
    range('y', &low, &high);
    CHECK(low < 7.03172 && high > 56.96828);
    close_study();
}

static void what_a_logarithmic_axis_leaves_out_is_counted(void) {
    open_study(scenario, 1, zero_first);
    ScenarioPlot plot = plot_of("series");
    plot.log = "y";
    draw(&plot);
    g_autofree char *gp = content("p.gp", NULL), *tsv = content("p.tsv", NULL);
    CHECK_CONTAINS(gp, "'left out: 1 points that are not positive");
    CHECK(!strstr(tsv, "NPE\t1\t"));
    close_study();
}

/* F12-npe is 35 to 50 us, F12-k8-min 6 to 8 ms, F9-npe-0-lossless 3.6 to 3.85 Gb/s. */
static void published_intervals_are_those_of_the_table(void) {
    open_study(scenario, 1, nearly_constant);
    ScenarioPlot plot = plot_of("series");
    plot.x = "traffic.rate / 7.5e8"; /* to 4 Gb/s */
    plot.mark = "F12-npe, F9-npe-0-lossless";
    draw(&plot);
    const Claim *npe = claims_find(claims, "F12-npe"),
                *x = claims_find(claims, "F9-npe-0-lossless");
    g_autofree char *gp = content("p.gp", NULL), *svg = content("p.svg", NULL),
                    *y_band =
                        g_strdup_printf("rectangle from graph 0, first %g to graph 1, first %g ",
                                        npe->low, npe->high),
                    *x_band = g_strdup_printf(
                        "rectangle from first %g, graph 0 to first %g, graph 1 ", x->low, x->high);
    CHECK_CONTAINS(gp, y_band);
    CHECK_CONTAINS(gp, x_band);
    CHECK_CONTAINS(svg, "F12-npe: NPE average delay constant at just under 50 us (35 to 50 us)");
    plot.y_label = "time, ms";
    plot.y = "sink.latency_mean_us / 1e3";
    plot.mark = "F12-npe, F12-k8-min";
    plot.log = "y";
    draw(&plot);
    g_autofree char *ms = content("p.gp", NULL);
    double low, high;
    CHECK_CONTAINS(ms, "rectangle from graph 0, first 0.035 to graph 1, first 0.05 ");
    range('y', &low, &high); /* the far one is seen by its nearer end, and what is free there */
    CHECK(high > 6 && high < 10);
    plot.mark = "F12-npe, F10-click-over"; /* 10 to 10,000 ms */
    draw(&plot);
    range('y', &low, &high);
    CHECK(high > 10 && high < 15);
    close_study();
}

static void a_mark_that_fits_no_axis_is_refused(void) {
    g_autoptr(GError) error = NULL;
    open_study(scenario, 1, by_point);
    ScenarioPlot plot = plot_of("series");
    CurveSource source = {&study, folder, NULL};
    plot.mark = "F9-npe-pps";
    CHECK(!plot_draw(&plot, &source, 1, claims, folder, "p", true, &error));
    CHECK_CONTAINS(error->message, "found F9-npe-pps in Mp/s, expected a claim in the unit");
    close_study();
}

/* Twice, a second apart in the PDF's date if it had one. */
static void the_same_numbers_are_the_same_bytes(void) {
    static const char *const names[] = {"p.tsv", "p.gp", "p.svg", "p.png", "p.pdf"};
    open_study(scenario, 3, spread);
    ScenarioPlot plot = plot_of("series");
    plot.mark = "F12-npe";
    char *before[G_N_ELEMENTS(names)];
    size_t length[G_N_ELEMENTS(names)] = {0};
    draw(&plot);
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) before[i] = content(names[i], &length[i]);
    CHECK_CONTAINS(before[1], "set terminal pdfcairo");
    CHECK(memmem(before[4], length[4], "/CreationDate (D:19700101000000", 31) != NULL);
    draw(&plot);
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        size_t n = 0;
        g_autofree char *again = content(names[i], &n);
        CHECK(n > 100 && n == length[i] && !memcmp(again, before[i], n));
        g_free(before[i]);
    }
    close_study();
}

static void several_studies_are_told_apart_by_their_names(void) {
    g_autoptr(GError) error = NULL;
    open_study(scenario, 1, by_point);
    ScenarioPlot plot = plot_of("series");
    CurveSource sources[] = {{&study, folder, "one"}, {&study, folder, "two"}};
    CHECK(plot_draw(&plot, sources, 2, claims, folder, "p", true, &error));
    g_autofree char *tsv = content("p.tsv", NULL);
    CHECK_CONTAINS(tsv, "one, NPE\t1\t10\t");
    CHECK_CONTAINS(tsv, "two, NPE\t3\t30\t");
    close_study();
}

static void a_series_over_time_is_a_curve_for_each_column(void) {
    open_study("[source traffic]\nrate = ${1, 2}Gbit/s\n[sink sink]\n", 1, by_point);
    ScenarioPlot plot = plot_of(NULL);
    plot.x = plot.y = NULL;
    plot.series = "m.rates";
    plot.dashed = "out";
    for (unsigned p = 0; p < 2; p++) {
        RunResult *r = study.runs->pdata[p];
        g_free(r->identity);
        r->identity = g_strdup_printf("id%u", p);
        g_autofree char *records = g_build_filename(folder, "records", r->identity, NULL),
                        *file = g_build_filename(records, "series-m.rates.tsv", NULL);
        g_mkdir_with_parents(records, 0700);
        g_file_set_contents(
            file, p ? "time\tin 0\tout 0\n0\t5\t6\n" : "time\tin 0\tout 0\n1\t2\t3\n", -1, NULL);
    }
    draw(&plot);
    g_autofree char *tsv = content("p.tsv", NULL), *gp = content("p.gp", NULL);
    CHECK_CONTAINS(tsv, "in 0, rate = 1Gbit/s\t1\t2\t");
    CHECK_CONTAINS(tsv, "out 0, rate = 2Gbit/s\t0\t6\t");
    CHECK_CONTAINS(gp, "dt 2 lc rgb");
    close_study();
}

/* The nth solid and the nth dashed one have one colour, of which the second is darker; every solid
 * line is wider than those on top of it. */
static void no_curve_is_hidden(void) {
    open_study(scenario, 1, by_point);
    ScenarioPlot plot = plot_of("series, traffic.payload");
    draw(&plot);
    g_autofree char *gp = content("p.gp", NULL);
    double before = 100;
    unsigned n = 0;
    for (const char *at = strstr(gp, " lw "); at && (at = strstr(at, "linespoints lw ")); n++) {
        double width = g_ascii_strtod(at += strlen("linespoints lw "), NULL);
        CHECK(width < before);
        before = width;
    }
    CHECK_U64(n, 3);
    close_study();
}

int main(void) {
    static const Test tests[] = {TEST(curves_have_the_words_of_the_scenario),
                                 TEST(text_is_drawn_as_it_is),
                                 TEST(repetitions_are_a_mean_with_students_interval),
                                 TEST(what_is_constant_looks_constant),
                                 TEST(no_point_lies_on_the_frame),
                                 TEST(what_a_logarithmic_axis_leaves_out_is_counted),
                                 TEST(published_intervals_are_those_of_the_table),
                                 TEST(a_mark_that_fits_no_axis_is_refused),
                                 TEST(the_same_numbers_are_the_same_bytes),
                                 TEST(several_studies_are_told_apart_by_their_names),
                                 TEST(a_series_over_time_is_a_curve_for_each_column),
                                 TEST(no_curve_is_hidden),
                                 {0}};
    return run_tests("plot", tests);
}
