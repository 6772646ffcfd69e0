/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Sensitivity against closed forms, and against moving one number at a time. */
#include "components/classes.h"
#include "emu/study/file.h"
#include "emu/study/sensitivity.h"
#include "tests/bench.h"

/* Packets cross two wires that take no time but their delays: 6 + 4 = 10 us. A rate of 200
 * kpacket/s comes out as it goes in. */
static const char two_delays[] = "[scenario]\n"
                                 "[source traffic]\nports = 1\nrate = ${200, 100}kpacket/s\n"
                                 "payload = 400\nduration = 2ms\nwarmup = 0\n"
                                 "[tap tap]\n"
                                 "[sink sink]\nports = 1\nsource = traffic\n"
                                 "[link first]\nlink = traffic.0 -> tap.0\nrate = none\n"
                                 "delay = 6us\n"
                                 "[link second]\nlink = tap.0 -> sink.0\nrate = none\n"
                                 "delay = 4us\n"
                                 "[expect latency]\nmetric = max(sink.latency_mean_us)\n"
                                 "low = 9.7\nhigh = 10.3\n"
                                 "[expect out]\nmetric = max(sink.delivered_pps)\n"
                                 "low = 0\nhigh = 300000\n"
                                 "[expect nobody]\nmetric = max(sink.delivered_pps if "
                                 "sink.lost > 0)\n"
                                 "low = 0\nhigh = 1\n";

/* Figure 5 in 3 s: eight vServers that compute, their cycles in ticks. */
static const char cycles[] = "[scenario]\nduration = 3s\n"
                             "[gpe gpe0]\ntokens = ${default, 2, 8}\ngap_from = 500ms\n"
                             "[vserver v*8]\napplication = compute\nudp_port = {30000 + i}\n"
                             "[expect default-max]\n"
                             "metric = max(gpe0.cycle_max_ms if gpe0.tokens == default)\n"
                             "low = 450\nhigh = 600\n"
                             "[expect k2]\nmetric = max(gpe0.cycle_p50_ms if gpe0.tokens == 2)\n"
                             "low = 14.4\nhigh = 17.6\n"
                             "[expect all]\nmetric = mean(gpe0.cycle_p50_ms)\n"
                             "low = 0\nhigh = 1000\n";

typedef struct {
    char *folder;
    Scenario *s;
    Store *store;
    Sensitivity *x;
} Survey;

static Survey open_survey(const char *text, unsigned repeat) {
    g_autoptr(GError) error = NULL;
    Survey b = {.folder = bench_folder()};
    b.s = bench_load(b.folder, text, NULL, &error);
    g_autofree char *results = g_build_filename(b.folder, "results", NULL);
    if (b.s) b.store = store_open(b.s, 1, repeat, results, false, &error);
    SensitivityOptions options = {
        .step = 0.1, .threshold = 0.01, .run = {.jobs = 2, .interrupted = &bench_never}};
    if (b.store) b.x = sensitivity_new(b.s, b.store, NULL, &options, &error);
    if (error) printf("  %s\n", error->message);
    g_assert(b.x);
    return b;
}

static void close_survey(Survey *b) {
    sensitivity_free(b->x);
    store_close(b->store);
    scenario_free(b->s);
    folder_remove(b->folder);
    g_free(b->folder);
}

static const ChoiceResult *choice_of(const Survey *b, const char *name) {
    for (unsigned i = 0; i < b->x->results->len; i++) {
        const ChoiceResult *r = &g_array_index(b->x->results, ChoiceResult, i);
        if (!strcmp(r->choice->name, name)) return r;
    }
    printf("  no choice %s\n", name);
    g_assert_not_reached();
}

static double elasticity(const Survey *b, const char *name, unsigned measure) {
    return effect_elasticity(b->x, choice_of(b, name), measure, DIRECTIONS).mean;
}

enum { LATENCY, OUT, NOBODY_THERE };

/* d(a + b) / da * a / (a + b) = a / (a + b). */
static void elasticities_are_those_of_a_sum(void) {
    Survey b = open_survey(two_delays, 1);
    CHECK_NEAR(measure_base(b.x, LATENCY), 10, 1e-9);
    CHECK_NEAR(elasticity(&b, "link first.delay", LATENCY), 0.6, 1e-6);
    CHECK_NEAR(elasticity(&b, "link second.delay", LATENCY), 0.4, 1e-6);
    g_autoptr(GPtrArray) latency = sensitivity_of(b.x, LATENCY), out = sensitivity_of(b.x, OUT);
    CHECK_U64(latency->len, 2);
    CHECK_U64(out->len, 1);
    CHECK(latency->pdata[0] == choice_of(&b, "link first.delay")); /* the most first */
    close_survey(&b);
}

/* A wire of 10 Mbit/s takes the 9.9 that are offered; of 9 Mbit/s, 0.9 in 0.1 s, 11,250 bytes, do
 * not fit its queue. */
static void of_zero_a_move_is_a_share_of_the_bounds(void) {
    static const char text[] =
        "[scenario]\n"
        "[source traffic]\nports = 1\nrate = 2490packet/s\npayload = 400\n"
        "duration = 100ms\nwarmup = 0\n"
        "[sink sink]\nports = 1\nsource = traffic\n"
        "[link wire]\nlink = traffic.0 -> sink.0\nrate = 10Mbit/s\nqueue = 2000B\n"
        "[expect lost]\nmetric = max(sink.lost)\nlow = 0\nhigh = 2\n";
    Survey b = open_survey(text, 1);
    CHECK_NEAR(measure_base(b.x, 0), 0, 0);
    const ChoiceResult *rate = choice_of(&b, "link wire.rate");
    CHECK(rate->state == CHOICE_MOVES);
    g_autoptr(GPtrArray) list = sensitivity_of(b.x, 0);
    CHECK(list->len >= 1 && list->pdata[0] == rate);
    if (rate->state == CHOICE_MOVES) {
        double lost = sensitivity_mean(b.x, rate->effects[DOWN][0].values);
        CHECK(lost > 0);
        CHECK_NEAR(effect_change(b.x, rate, 0, DOWN), lost, 1e-9); /* half of its bound is 1 */
    }
    close_survey(&b);
}

/* "At least 80" has a bound above that means nothing; "at most a half" one below. */
static void a_scale_is_the_value_or_half_of_the_least_bound(void) {
    static const struct {
        double low, high, value, scale;
    } cases[] = {{80, 1e6, 274, 274}, {80, 1e6, 20, 40}, {0, 0.5, 0.001, 0.25}, {0.5, 10, 2, 2},
                 {-2, 0, -0.5, 1},    {0, 0, 3, 3},      {0, INFINITY, 3, 3}};
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        Measure m = {.low = cases[i].low, .high = cases[i].high};
        CHECK_NEAR(measure_scale(&m, cases[i].value), cases[i].scale, 0);
    }
}

/* A series that overrides a key leaves the row its kind where the row's default holds. */
static void what_others_override_keeps_its_source(void) {
    static const char text[] = "[scenario]\n"
                               "[source traffic]\nports = 1\nrate = 1Mbit/s\nduration = 1ms\n"
                               "[responder host]\n"
                               "[sink sink]\nports = 1\nsource = traffic\n"
                               "[link there]\nlink = traffic.0 -> host.0\n"
                               "[link back]\nlink = host.0 -> sink.0\n"
                               "[series default]\ntraffic.payload = 400\n"
                               "[series quick]\nhost.delay = ${0us, 15us}\n"
                               "[series slow]\nhost.delay = 70us\n";
    char *folder = bench_folder();
    Scenario *s = bench_load(folder, text, NULL, NULL);
    g_autoptr(GPtrArray) choices = scenario_choices(s);
    unsigned fitted = 0, own = 0;
    for (unsigned i = 0; i < choices->len; i++) {
        const ScenarioChoice *c = choices->pdata[i];
        if (strcmp(c->model, "responder.delay") != 0) continue;
        fitted += c->kind == CHOICE_FITTED && c->at[0];
        own += c->kind == CHOICE_SCENARIO && !c->at[0];
    }
    CHECK_U64(fitted, 1);
    CHECK_U64(own, 3);
    g_ptr_array_unref(g_steal_pointer(&choices));
    scenario_free(s);
    bench_remove(folder);
}

/* What more of it does: cycles and bytes that a packet takes cost; refreshes that are further apart
 * do not. */
static void senses_are_those_of_what_is_counted(void) {
    static const struct {
        const char *class, *key;
        int sense;
    } rows[] = {
        {"npe", "push_cycles", -1}, {"npe", "dram_refresh", 1}, {"npe", "sram_latency", -1},
        {"npe", "me_tx", 1},        {"gpe", "truesize", -1},    {"gpe", "interval", -1},
        {"gpe", "rate", 1},         {"gpe", "rx_packet", -1},   {"gpe", "socket_buffer", 1}};
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        const ComponentClass *const *c = component_classes;
        while (strcmp((*c)->name, rows[i].class) != 0) c++;
        int sense = param_sense(param_find((*c)->params, rows[i].key));
        if (sense != rows[i].sense) printf("  %s.%s\n", rows[i].class, rows[i].key);
        CHECK(sense == rows[i].sense);
    }
}

/* 400 packets in 2 ms: whole packets make it exact to one of them. */
static void a_rate_goes_through_one_to_one(void) {
    Survey b = open_survey(two_delays, 1);
    CHECK_NEAR(elasticity(&b, "traffic.rate largest", OUT), 1, 0.03);
    CHECK(choice_of(&b, "traffic.rate smallest")->state == CHOICE_HARMLESS);
    CHECK(choice_of(&b, "traffic.payload")->state == CHOICE_HARMLESS);
    close_survey(&b);
}

/* 0.3 us of 6 us are 5 percent, of 4 us 7.5. */
static void the_least_move_that_flips_is_where_the_bound_lies(void) {
    Survey b = open_survey(two_delays, 1);
    const ChoiceResult *first = choice_of(&b, "link first.delay"),
                       *second = choice_of(&b, "link second.delay");
    CHECK_NEAR(first->effects[UP][LATENCY].flip, 0.055, 0.005);
    CHECK_NEAR(first->effects[DOWN][LATENCY].flip, -0.055, 0.005);
    CHECK_NEAR(second->effects[UP][LATENCY].flip, 0.08, 0.005);
    CHECK_NEAR(second->effects[DOWN][LATENCY].flip, -0.08, 0.005);
    CHECK(isnan(first->effects[UP][OUT].flip));
    close_survey(&b);
}

static void words_zeroes_and_ports_stay(void) {
    Survey b = open_survey(two_delays, 1);
    const ChoiceResult *rate = choice_of(&b, "link first.rate"),
                       *warmup = choice_of(&b, "traffic.warmup");
    CHECK(rate->state == CHOICE_FIXED);
    CHECK_TEXT(rate->why[UP], "none is a word");
    CHECK(warmup->state == CHOICE_FIXED);
    CHECK_TEXT(warmup->why[DOWN], "zero");
    for (unsigned i = 0; i < b.x->results->len; i++)
        CHECK(!strstr(g_array_index(b.x->results, ChoiceResult, i).choice->name, "port"));
    close_survey(&b);
}

static void what_was_not_measured_is_no_number(void) {
    Survey b = open_survey(two_delays, 1);
    g_autoptr(GPtrArray) list = sensitivity_of(b.x, NOBODY_THERE);
    CHECK(isnan(measure_base(b.x, NOBODY_THERE)));
    CHECK_U64(list->len, 0);
    CHECK(isnan(elasticity(&b, "link first.delay", NOBODY_THERE)));
    close_survey(&b);
}

/* A latency that does not depend on the phase has no interval, a rate that does has one. */
static void intervals_are_over_repetitions(void) {
    Survey once = open_survey(two_delays, 1), thrice = open_survey(two_delays, 3);
    const ChoiceResult *one = choice_of(&once, "traffic.rate largest"),
                       *three = choice_of(&thrice, "traffic.rate largest");
    CHECK(isnan(effect_elasticity(once.x, one, OUT, DIRECTIONS).half));
    StudyEstimate e = effect_elasticity(thrice.x, three, OUT, DIRECTIONS);
    CHECK_U64(e.n, 3);
    CHECK(e.half > 0 && fabs(e.mean - 1) <= e.half + 0.03);
    CHECK(isnan(
        effect_elasticity(thrice.x, choice_of(&thrice, "link first.delay"), LATENCY, DIRECTIONS)
            .half));
    close_survey(&once);
    close_survey(&thrice);
}

/* A share of throughput that is left, 0.001 where the claim is 0 to 0.5, moves by many times itself
 * and by nothing that the claim speaks of. */
static void far_inside_its_bounds_a_claim_moves_by_a_share_of_them(void) {
    const Measure wide = {.low = 0, .high = 0.5}, narrow = {.low = 3.6, .high = 3.85},
                  open = {.low = 0, .high = INFINITY};
    CHECK_NEAR(measure_scale(&wide, 0.001), 0.25, 1e-12);
    CHECK_NEAR(measure_scale(&wide, 0.4), 0.4, 1e-12);
    CHECK_NEAR(measure_scale(&wide, 0.6), 0.6, 1e-12); /* missed */
    CHECK_NEAR(measure_scale(&narrow, 3.8), 3.8, 1e-12);
    CHECK_NEAR(measure_scale(&open, 0.001), 0.001, 1e-12);
}

/* The measures with one choice moved, every point computed. */
static void measure_alone(Survey *b, const ChoiceResult *r, Direction d, double *values) {
    ScenarioMove move = {r->choice, r->text[d]};
    unsigned variant = scenario_vary(b->s, &move, 1), n = scenario_n_points(b->s);
    Study study = {.scenario = b->s, .runs = g_ptr_array_new_with_free_func(run_result_free)};
    for (unsigned p = 0; p < n; p++) {
        RunResult *run =
            run_once(b->s, 1, (RunKey){scenario_variant_point(b->s, variant, p), 0, true}, NULL,
                     &bench_never);
        run->point = p;
        g_ptr_array_add(study.runs, run);
    }
    MetricRuns *runs = study_metric_runs(&study);
    for (unsigned m = 0; m < b->x->measures->len; m++)
        CHECK(metric_evaluate(g_array_index(b->x->measures, Measure, m).expression, runs,
                              &values[m], NULL));
    study_metric_runs_free(runs);
    g_ptr_array_unref(study.runs);
}

/* Groups find those that one at a time finds, with the same numbers to the last digit, though runs
 * that cannot matter were not computed. */
static void groups_find_what_one_at_a_time_finds(void) {
    Survey b = open_survey(cycles, 1);
    unsigned moving = 0;
    for (unsigned i = 0; i < b.x->results->len; i++) {
        const ChoiceResult *r = &g_array_index(b.x->results, ChoiceResult, i);
        bool moves = false;
        for (Direction d = DOWN; d < DIRECTIONS; d++) {
            double values[3];
            if (!r->text[d]) continue;
            measure_alone(&b, r, d, values);
            for (unsigned m = 0; m < 3; m++) {
                const Measure *measure = &g_array_index(b.x->measures, Measure, m);
                double base = measure_base(b.x, m), scale = measure_scale(measure, base);
                moves |= (values[m] != base && fabs(values[m] - base) >= 0.01 * scale) ||
                         strcmp(measure_verdict(measure, values[m]),
                                measure_verdict(measure, measure_base(b.x, m))) != 0;
                if (r->state == CHOICE_MOVES)
                    CHECK_NEAR(sensitivity_mean(b.x, r->effects[d][m].values), values[m], 0);
            }
        }
        if (moves != (r->state == CHOICE_MOVES)) printf("  %s %d\n", r->choice->name, moves);
        CHECK(moves == (r->state == CHOICE_MOVES));
        moving += moves;
    }
    CHECK(moving >= 5);
    CHECK(b.x->screened < b.x->alone);
    close_survey(&b);
}

/* What decides: of a largest value those near it, and those that a scalar may yet let in. */
static void a_measure_needs_the_runs_that_decide_it(void) {
    static const char rates[] = "[scenario]\n"
                                "[source traffic]\nports = 1\nrate = ${100, 10..90 step 10}Mbit/s\n"
                                "duration = 500us\nwarmup = 0\n"
                                "[sink sink]\nports = 1\nsource = traffic\n"
                                "[link wire]\nlink = traffic.0 -> sink.0\n";
    static const struct {
        const char *expression;
        double margin;
        unsigned n;
    } cases[] = {
        {"max(sink.delivered_bps)", INFINITY, 10},
        {"max(sink.delivered_bps)", 0.25, 3}, /* 100, 90, 80 */
        {"max(sink.delivered_bps if traffic.rate < 45e6)", 0, 1},
        {"mean(sink.delivered_bps if traffic.rate < 45e6)", 0, 4},
        {"max(sink.delivered_bps if sink.lost > 0)", 0, 10},
        {"max(sink.delivered_bps if sink.lost > 0 and traffic.rate < 45e6)", 0, 4},
        {"max(traffic.rate)", 0, 0},
        {"max((sink.delivered_bps at traffic.rate = 10Mbit/s) if traffic.rate == 20e6)", 0, 2}};
    char *folder = bench_folder();
    Scenario *s = bench_load(folder, rates, NULL, NULL);
    Study study = {.scenario = s, .runs = runs_of(s, 1)};
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        bool needs[10] = {false};
        unsigned n = 0;
        CHECK(study_needs(&study, cases[i].expression, cases[i].margin, needs, NULL));
        for (unsigned k = 0; k < 10; k++) n += needs[k];
        if (n != cases[i].n) printf("  %s\n", cases[i].expression);
        CHECK_U64(n, cases[i].n);
    }
    g_ptr_array_unref(study.runs);
    scenario_free(s);
    bench_remove(folder);
}

int main(void) {
    static const Test tests[] = {TEST(elasticities_are_those_of_a_sum),
                                 TEST(of_zero_a_move_is_a_share_of_the_bounds),
                                 TEST(a_scale_is_the_value_or_half_of_the_least_bound),
                                 TEST(far_inside_its_bounds_a_claim_moves_by_a_share_of_them),
                                 TEST(what_others_override_keeps_its_source),
                                 TEST(senses_are_those_of_what_is_counted),
                                 TEST(a_rate_goes_through_one_to_one),
                                 TEST(the_least_move_that_flips_is_where_the_bound_lies),
                                 TEST(words_zeroes_and_ports_stay),
                                 TEST(what_was_not_measured_is_no_number),
                                 TEST(intervals_are_over_repetitions),
                                 TEST(groups_find_what_one_at_a_time_finds),
                                 TEST(a_measure_needs_the_runs_that_decide_it),
                                 {0}};
    return run_tests("sensitivity", tests);
}
