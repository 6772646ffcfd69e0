/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Plans: placement against all placements that there are, bounds against arithmetic, drafts that
 * are refused with the reason, and drafts that run. The way from a draft to an answer is tried with
 * a planner whose hosts are lines of 100 Mbit/s, so that every answer is known. */
#include "components/plan/bounds.h"
#include "components/plan/place.h"
#include "emu/core/random.h"
#include "emu/study/file.h"
#include "emu/study/plan.h"
#include "tests/bench.h"

#define CHECK_SHARE(found, expected, share) CHECK_NEAR(found, expected, (share) * (expected))

/* Placement --------------------------------------------------------------------------------- */

/* The least number of bins of all placements, by trying them. */
static unsigned optimum(const PlaceItem *items, unsigned n, unsigned at, double (*load)[4],
                        unsigned used, unsigned best) {
    if (used >= best) return best;
    if (at == n) return used;
    for (unsigned b = 0; b <= used; b++) {
        bool fits = true;
        for (unsigned d = 0; d < PLACE_DIMENSIONS; d++)
            fits = fits && load[b][d] + items[at].size[d] <= 1 + 1e-9;
        if (!fits) continue;
        for (unsigned d = 0; d < PLACE_DIMENSIONS; d++) load[b][d] += items[at].size[d];
        best = optimum(items, n, at + 1, load, MAX(used, b + 1), best);
        for (unsigned d = 0; d < PLACE_DIMENSIONS; d++) load[b][d] -= items[at].size[d];
    }
    return best;
}

static double fullest(const PlaceItem *items, unsigned n, unsigned bins) {
    double most = 0;
    for (unsigned b = 0; b < bins; b++)
        for (unsigned d = 0; d < PLACE_DIMENSIONS; d++) {
            double sum = 0;
            for (unsigned i = 0; i < n; i++) sum += items[i].bin == b ? items[i].size[d] : 0;
            most = fmax(most, sum);
        }
    return most;
}

static void best_fit_lies_between_the_bound_and_one_more_than_the_optimum(void) {
    Random random;
    random_seed(&random, 7, 0, "items");
    unsigned exact = 0, tight = 0;
    for (unsigned k = 0; k < 200; k++) {
        PlaceItem items[8] = {{{0}, 0}};
        unsigned n = 3 + k % 6, dimensions = 1 + k % 2;
        for (unsigned i = 0; i < n; i++)
            for (unsigned d = 0; d < dimensions; d++)
                items[i].size[d] = (double)(1 + random_below(&random, 700)) / 1000;
        double load[9][4] = {{0}};
        unsigned least = optimum(items, n, 0, load, 0, n + 1), bound = place_bound(items, n),
                 bins = place_least(items, n, 1, n);
        CHECK(bound <= least && least <= bins && bins <= least + 1);
        CHECK(fullest(items, n, bins) <= 1 + 1e-6);
        exact += bins == least;
        tight += bound == least;
    }
    printf("  of 200 placements %u are the best there is, %u bounds are met\n", exact, tight);
    CHECK(exact > 180);
}

static void hosts_are_filled_evenly(void) {
    PlaceItem items[50] = {{{0}, 0}};
    for (unsigned i = 0; i < 50; i++) items[i].size[0] = i < 40 ? 0.01 : 0.11; /* 1.5 in all */
    CHECK_U64(place_least(items, 50, 1, 9), 2);
    CHECK_U64(place_bound(items, 50), 2);
    CHECK(fullest(items, 50, 2) < 0.77);
}

/* Bounds ------------------------------------------------------------------------------------ */

static void bounds_are_just_above_what_tests_of_the_boxes_find(void) {
    /* test_npe.c: 290 cycles a packet hold the section of Tx. test_gpe.c: S and U of a packet. */
    double npe = bounds_npe_section_pps();
    CHECK(npe >= 1.4e9 / 290 && npe < 1.06 * 1.4e9 / 290);
    double click = 1 / bounds_gpe_core_s(APP_CLICK, 28);
    CHECK_SHARE(click, 1e9 / (4500 + 700 + 500 + 700 + 300 + 5200 + 3400 + 56 * 1.59), 0.001);
    CHECK_U64(bounds_interfaces(), 10);
    CHECK_SHARE(bounds_switch_bps(), 1e10, 0);
}

static Traffic traffic_of(const char *payload, double per_second, RateLayer layer, int app) {
    Demand d = {.application = app,
                .payload = (char *)payload,
                .rate = {.per_second = per_second, .layer = layer}};
    Traffic t;
    char *why = NULL;
    CHECK(bounds_traffic(&d, 1, &t, &why));
    g_free(why);
    return t;
}

static void packets_are_counted_as_sources_count_them(void) {
    /* 98 bytes on the wire beyond the payload (SPP paper 7.1). */
    CHECK_SHARE(traffic_of("0", 784e6, RATE_WIRE, APP_IPV4).pps, 1e6, 1e-9);
    CHECK_SHARE(traffic_of("400", 1e6, RATE_PAYLOAD, APP_IPV4).pps, 1e6 / 3200, 1e-9);
    CHECK_SHARE(traffic_of("0", 5e5, RATE_PACKETS, APP_I3).pps, 5e5, 1e-9);
    CHECK_NEAR(traffic_of("0", 1, RATE_WIRE, APP_I3).wire, 105, 0);
    /* Seven of 12, four of 548, one of 1,500 less two pairs of headers. */
    CHECK_NEAR(traffic_of("imix", 1, RATE_WIRE, APP_IPV4).payload, (84 + 2192 + 1444) / 12.0, 1e-9);
}

/* Drafts ------------------------------------------------------------------------------------ */

typedef struct {
    char *folder;
    Scenario *s;
    Network *asked;
    GPtrArray *reasons;
    PlanDraft *draft;
} Drafted;

static void open_asked(Drafted *d, Scenario *s) {
    g_autoptr(GError) error = NULL;
    NetworkOptions options = {.seed = 1};
    d->s = s;
    d->asked = s ? scenario_build(s, 0, &options, &error) : NULL;
    if (error) printf("  %s\n", error->message);
    g_assert(d->asked);
    d->reasons = g_ptr_array_new_with_free_func(g_free);
}

static Drafted drafted(Scenario *s, char *folder, PlanSize size) {
    Drafted d = {.folder = folder};
    open_asked(&d, s);
    d.draft = chassis_planner.draft(d.asked, &size, d.reasons);
    return d;
}

static Drafted draft_of(const char *text) {
    char *folder = bench_folder();
    return drafted(bench_load(folder, text, NULL, NULL), folder, (PlanSize){.grow = 1});
}

static void drafted_clear(Drafted *d) {
    plan_draft_free(d->draft);
    g_ptr_array_unref(d->reasons);
    network_free(d->asked);
    scenario_free(d->s);
    if (d->folder) bench_remove(d->folder);
}

static void what_cannot_be_is_refused_with_the_reason(void) {
    static const struct {
        const char *text, *reason;
    } cases[] = {{"[budget b]\n", "found no demand"},
                 {"[demand a]\nrate = 600Mbit/s\nin = 3\n[demand b]\nrate = 500Mbit/s\nin = 3\n",
                  "interface 3 in: demands are 1.1 Gbit/s on the wire, and it has 1"},
                 {"[demand a]\nrate = 1Mbit/s\nin = 3\nout = 12\n", "on line cards 0 and 1"},
                 {"[demand a]\nrate = 6Mpacket/s\n", "split it"},
                 {"[demand a]\nrate = 1Mbit/s\napplication = click\non = npe\n", "an NPE has none"},
                 {"[demand a]\nrate = 1Mbit/s\nin = 3-4\n", "in: found \"3-4\", expected any"},
                 {"[demand a]\nrate = 1Mbit/s\npayload = big\n", "payload: found \"big\""},
                 {"[demand a]\nrate = 1Mbit/s\npayload = 1445\n", "expected bytes up to 1444"},
                 {"[demand a*4]\nrate = 4Mpacket/s\n[budget b]\nslots = 5\n", "slots"},
                 {"[demand a*3]\nrate = 50kpacket/s\non = gpe\n[budget b]\ngpes = 2\n",
                  "it takes 3 gpes; there may be 2"},
                 {"[demand a]\nrate = 1Mbit/s\n[sink s]\n", "found a sink, expected demands"},
                 {"[demand a*8]\nrate = 9Gbit/s\npayload = 1400\n",
                  "line cards are needed; there may be 6"}};
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        Drafted d = draft_of(cases[i].text);
        CHECK(!d.draft);
        CHECK(d.reasons->len > 0);
        CHECK_CONTAINS(d.reasons->len ? d.reasons->pdata[0] : "", cases[i].reason);
        drafted_clear(&d);
    }
}

static void fifty_slices_take_two_npes_and_half_as_much_again_takes_two_blades(void) {
    /* 40 of 51,020 and 10 of 561,224 packets/s: 7.65 M/s, of 4.83 to 5.1 for an NPE. */
    static const struct {
        double grow;
        const char *chassis;
        unsigned npes;
    } cases[] = {{1, "linecard; np; cp", 2}, {1.5, "linecard; np*2; cp", 3}};
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        Scenario *s = scenario_load("scenarios/plan/slices-50.ini", NULL, component_classes, NULL);
        Drafted d = drafted(s, NULL, (PlanSize){.grow = cases[i].grow});
        g_assert(d.draft);
        CHECK_TEXT(d.draft->boxes, cases[i].chassis);
        CHECK_U64(d.draft->hosts[0], cases[i].npes);
        CHECK_U64(d.draft->least[0], cases[i].npes);
        CHECK_U64(d.draft->demands->len, 50);
        drafted_clear(&d);
    }
}

/* Every demand of a draft gets all its packets through, at little load. */
static void delivers(const char *text, unsigned n) {
    Drafted d = draft_of(text);
    for (unsigned i = 0; i < d.reasons->len; i++) printf("  %s\n", (char *)d.reasons->pdata[i]);
    g_assert(d.draft);
    CHECK_U64(d.draft->demands->len, n);
    RunResult *r = bench_run(d.draft->scenario);
    CHECK_NEAR(bench_value(r, "sink.lost"), 0, 0);
    CHECK(bench_value(r, "sink.delivered_pps") > 0);
    for (unsigned i = 0; i < n && n > 1; i++) {
        const PlanDemand *one = d.draft->demands->pdata[i];
        g_autofree char *name = g_strconcat("sink.", one->source, ".delivered_pps", NULL);
        CHECK(bench_value(r, name) > 0);
    }
    run_result_free(r);
    drafted_clear(&d);
}

static void drafts_run_whatever_the_application(void) {
    delivers("[demand v4]\nrate = 200kpacket/s\nin = 0..4\nout = 5..9\n"
             "[demand id]\nrate = 200kpacket/s\napplication = i3\nin = 2\nout = 0..3\n"
             "[demand tag]\nrate = 200kpacket/s\napplication = label\nout = 7\n",
             3);
    delivers("[demand r]\nrate = 8kpacket/s\napplication = click\nout = 1..2\n", 1);
    delivers("[demand s]\nrate = 8kpacket/s\napplication = i3\non = gpe\nin = 4\nout = 2\n", 1);
    delivers("[demand t]\nrate = 8kpacket/s\napplication = label\non = gpe\n", 1);
}

static void arrays_with_and_without_a_formula_run(void) {
    delivers("[demand a*6]\nrate = 100kpacket/s\nin = {i * i % 10}\nout = {9 - i * i % 7}\n"
             "[demand b*4]\nrate = 100kpacket/s\npayload = imix\nin = {(i / 2 + 1) % 3}\n",
             10);
}

static void two_line_cards_have_npes_of_their_own(void) {
    delivers("[demand a]\nrate = 100kpacket/s\nin = 3\nout = 4\n"
             "[demand b]\nrate = 100kpacket/s\nin = 13\nout = 14..19\n",
             2);
    Drafted d =
        draft_of("[demand a]\nrate = 1Mbit/s\nin = 3\n[demand b]\nrate = 1Mbit/s\nin = 13\n");
    g_assert(d.draft);
    CHECK_TEXT(d.draft->boxes, "linecard*2; np*2; cp");
    CHECK_TEXT(((PlanDemand *)d.draft->demands->pdata[1])->host, "npe2");
    drafted_clear(&d);
}

/* From a draft to an answer ----------------------------------------------------------------- */

/* Demands of 40 Mbit/s each, spread over lines of 100 Mbit/s in turn. A line carries two, and this
 * planner's bound says `believed`. */
static unsigned believed, lines_asked;

static PlanDraft *draft_lines(const Network *asked, const PlanSize *size, GPtrArray *reasons) {
    (void)asked;
    unsigned n = 6;
    int lines = (int)((n + believed - 1) / believed) + size->more[0];
    if (lines < 1) {
        g_ptr_array_add(reasons, g_strdup("without a line nothing arrives"));
        return NULL;
    }
    lines_asked = (unsigned)lines;
    PlanDraft *d = plan_draft_new();
    d->boxes = g_strdup_printf("line*%d", lines);
    d->hosts[0] = (unsigned)lines;
    d->slots = d->hosts[0];
    d->scenario = g_strdup_printf("[let]\nlines = %d\n[source u*6]\nports = 1\npayload = 400\n"
                                  "rate = %.0fMbit/s wire\nduration = 10ms\nwarmup = 1ms\n"
                                  "[mux m*%d]\ninputs = 6\nlanes = 1\n"
                                  "[sink sink]\nports = %d\nsource = u*\n"
                                  "[link in*6]\nlink = u{i}.0 -> m{i %% lines}.{i / lines}\nrate = "
                                  "none\n"
                                  "[link out*%d]\nlink = m{i}.0 -> sink.{i}\nrate = 100Mbit/s\n"
                                  "queue = 8KiB\n",
                                  lines, 40 * size->grow, lines, lines, lines);
    for (unsigned i = 0; i < n; i++) {
        PlanDemand *one = g_new(PlanDemand, 1);
        *one = (PlanDemand){g_strdup_printf("d%u", i),
                            g_strdup_printf("u%u", i),
                            g_strdup_printf("m%u", i % lines_asked),
                            0,
                            0.001,
                            NAN};
        g_ptr_array_add(d->demands, one);
    }
    return d;
}

static const Planner lines_planner = {.kinds = {"line", "none"}, .draft = draft_lines};

static Plan *plan_lines(unsigned bound, const char *folder) {
    g_autoptr(GError) error = NULL;
    believed = bound;
    PlanOptions options = {.classes = component_classes,
                           .repeat = 2,
                           .seed = 1,
                           .grow = 1,
                           .share = 0.1,
                           .folder = folder,
                           .run = {.jobs = 2, .interrupted = &bench_never}};
    Plan *p = plan_new(&lines_planner, NULL, &options, &error);
    if (error) printf("  %s\n", error->message);
    g_assert(p);
    return p;
}

static void check_lines(unsigned bound, unsigned refused) {
    char *folder = bench_folder();
    Plan *p = plan_lines(bound, folder);
    g_assert(p->draft);
    CHECK_U64(p->draft->hosts[0], 3);
    CHECK(p->trial.met);
    CHECK_U64(p->refused, refused);
    /* Two lines have three demands each: 120 of 100 Mbit/s. */
    CHECK(p->fewer[0] && !p->fewer_trial[0].met);
    CHECK_NEAR(p->fewer_trial[0].carried, 100 / 120.0, 0.01);
    CHECK_CONTAINS(p->fewer_trial[0].why, "link_queue");
    /* Two demands of 40 on a line of 100: 1.25 times, and one percent that may be on its way. */
    CHECK_NEAR(p->factor, 1.25, 0.02 * 1.25);
    CHECK_CONTAINS(p->breaks, "comes out");
    /* Nothing that is assumed here, queues of lines, decides: 80 of 100 need none. */
    CHECK(p->worse && p->worse->len == 0);
    plan_free(p);
    folder_remove(folder);
    g_free(folder);
}

static void a_draft_that_bounds_get_right_is_confirmed(void) {
    check_lines(2, 0);
}

static void a_draft_that_loses_gets_a_host_more(void) {
    check_lines(3, 1); /* two lines, then three */
}

static void a_draft_that_is_too_large_gets_a_host_less(void) {
    check_lines(1, 3); /* six, five and four are met too, three is, two is not */
}

int main(void) {
    static const Test tests[] = {
        TEST(best_fit_lies_between_the_bound_and_one_more_than_the_optimum),
        TEST(hosts_are_filled_evenly),
        TEST(bounds_are_just_above_what_tests_of_the_boxes_find),
        TEST(packets_are_counted_as_sources_count_them),
        TEST(what_cannot_be_is_refused_with_the_reason),
        TEST(fifty_slices_take_two_npes_and_half_as_much_again_takes_two_blades),
        TEST(drafts_run_whatever_the_application),
        TEST(arrays_with_and_without_a_formula_run),
        TEST(two_line_cards_have_npes_of_their_own),
        TEST(a_draft_that_bounds_get_right_is_confirmed),
        TEST(a_draft_that_loses_gets_a_host_more),
        TEST(a_draft_that_is_too_large_gets_a_host_less),
        {0}};
    return run_tests("plan", tests);
}
