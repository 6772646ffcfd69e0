/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a scenario computes does not depend on the order of its sections. Oracle: the first and the
 * last point of every shipped scenario, cut short, with its sections as they are, in reverse order
 * and in a random one: the same identity, the same fingerprint and the same scalars. */
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#include "components/classes.h"
#include "emu/core/report.h"
#include "emu/scenario/scenario.h"
#include "tests/bench.h"

/* What came of a run, scalars by name. */
typedef struct {
    char *identity;
    uint64_t fingerprint;
    Report *report;
} Outcome;

static Outcome run(Scenario *s, SimTime end) {
    g_autoptr(GError) error = NULL;
    NetworkOptions options = {.seed = 1, .repetition = 1};
    const Component *refused;
    Outcome o = {.identity = scenario_identity(s, 0), .report = report_new()};
    Network *net = scenario_build(s, 0, &options, &error);
    bool ok = net && network_start(net, &refused, &error);
    if (ok) network_run(net, end, scenario_drain(s), 100 * SIM_US, NULL, NULL);
    ok = ok && network_stop(net, &error);
    if (!ok) printf("  %s: %s\n", scenario_name(s), error->message);
    CHECK(ok);
    if (ok) network_report(net, o.report);
    if (ok) o.fingerprint = sim_fingerprint(network_sim(net));
    network_free(net);
    return o;
}

static void outcome_clear(Outcome *o) {
    g_free(o->identity);
    report_free(o->report);
}

static bool same(double a, double b) {
    return a == b || (isnan(a) && isnan(b));
}

static unsigned differences(const char *scenario, const Outcome *a, const Outcome *b) {
    unsigned n = report_n_scalars(a->report) != report_n_scalars(b->report);
    for (unsigned i = 0; i < report_n_scalars(a->report); i++) {
        const ReportScalar *x = report_scalar_at(a->report, i),
                           *y = report_find(b->report, x->name);
        if (y && same(x->value, y->value)) continue;
        if (n++ < 3)
            printf("  %s: %s: %.17g and %.17g\n", scenario, x->name, x->value,
                   y ? y->value : (double)NAN);
    }
    return n;
}

/* The sections of a scenario, as text. */
static GPtrArray *split(const char *text) {
    GPtrArray *sections = g_ptr_array_new_with_free_func(g_free);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autoptr(GString) section = g_string_new(NULL);
    for (unsigned i = 0; lines[i]; i++) {
        if (*lines[i] == '[' && section->len) {
            g_ptr_array_add(sections, g_strdup(section->str));
            g_string_truncate(section, 0);
        }
        g_string_append_printf(section, "%s\n", lines[i]);
    }
    g_ptr_array_add(sections, g_strdup(section->str));
    return sections;
}

static void exchange(GPtrArray *array, unsigned a, unsigned b) {
    void *t = array->pdata[a];
    array->pdata[a] = array->pdata[b];
    array->pdata[b] = t;
}

static void reverse(GPtrArray *array) {
    for (unsigned i = 0; i < array->len / 2; i++) exchange(array, i, array->len - 1 - i);
}

static void shuffle(GPtrArray *array) {
    Random dice;
    random_seed(&dice, 1, 0, "order");
    for (unsigned i = array->len; i > 1; i--)
        exchange(array, i - 1, (unsigned)random_below(&dice, i));
}

/* The scenario's text at a point, wherever it is read from. */
static char *text_of(const Scenario *s, unsigned point) {
    g_autofree char *text = scenario_resolved(s, point), *here = g_get_current_dir(),
                    *value = g_strdup_printf(" = %s/scenarios/", here);
    g_auto(GStrv) parts = g_strsplit(text, " = scenarios/", -1);
    return g_strjoinv(value, parts);
}

static Scenario *rearranged(const char *text, void (*how)(GPtrArray *sections)) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) sections = split(text);
    if (how) how(sections);
    g_ptr_array_add(sections, NULL);
    g_autofree char *whole = g_strjoinv("", (char **)sections->pdata);
    char *folder = bench_folder();
    Scenario *s = bench_load(folder, whole, NULL, &error);
    if (!s) printf("  %s\n", error->message);
    CHECK(s != NULL);
    bench_remove(folder);
    return s;
}

static void point_does_not_depend_on_the_order_of_sections(const Scenario *s, unsigned point,
                                                           SimTime end) {
    static void (*const hows[])(GPtrArray *) = {reverse, shuffle};
    g_autofree char *text = text_of(s, point);
    Scenario *straight = rearranged(text, NULL);
    Outcome expected = run(straight, end);
    for (unsigned i = 0; i < G_N_ELEMENTS(hows); i++) {
        Scenario *other = rearranged(text, hows[i]);
        Outcome found = run(other, end);
        CHECK_TEXT(found.identity, expected.identity);
        CHECK_U64(found.fingerprint, expected.fingerprint);
        CHECK_U64(differences(scenario_name(s), &expected, &found), 0);
        outcome_clear(&found);
        scenario_free(other);
    }
    outcome_clear(&expected);
    scenario_free(straight);
}

static unsigned sections_of(const char *text, const char *class) {
    g_autofree char *head = g_strdup_printf("\n[%s ", class);
    g_auto(GStrv) parts = g_strsplit(text, head, -1);
    return g_strv_length(parts) - 1;
}

/* Long enough for sources to have begun and queues to hold something, and for most scripts; not
 * longer, because many NPEs take their time. */
static SimTime long_enough(const Scenario *s, unsigned point) {
    g_autofree char *text = scenario_resolved(s, point);
    unsigned npes = sections_of(text, "npe");
    if (sections_of(text, "at")) return 40 * SIM_MS;
    return npes ? 1500 * SIM_US / npes : 60 * SIM_MS;
}

static void every_shipped_scenario_is_the_same_with_its_sections_in_any_order(void) {
    g_autoptr(GDir) dir = g_dir_open("scenarios", 0, NULL);
    unsigned tried = 0;
    CHECK(dir != NULL);
    for (const char *name; dir && (name = g_dir_read_name(dir));) {
        g_autofree char *path = g_build_filename("scenarios", name, NULL);
        if (!g_str_has_suffix(name, ".ini")) continue;
        Scenario *s = load_timed(path, NULL, component_classes, NULL);
        NetworkOptions options = {.seed = 1};
        Network *net = s ? scenario_build(s, 0, &options, NULL) : NULL;
        const Component *refused;
        bool whole = net && network_start(net, &refused, NULL); /* others include the rest */
        network_free(net);
        if (whole) {
            unsigned last = scenario_n_points(s) - 1;
            tried++;
            point_does_not_depend_on_the_order_of_sections(s, 0, long_enough(s, 0));
            if (last) point_does_not_depend_on_the_order_of_sections(s, last, long_enough(s, last));
        }
        scenario_free(s);
    }
    CHECK(tried >= 30);
}

/* Two sections say different things to one component at one time. */
static void what_a_script_says_at_one_time_is_the_same_in_any_order(void) {
    static const char text[] =
        "[source a]\nports = 1\nrate = 1Mbit/s\nduration = 20ms\nwarmup = 0\n"
        "[source b]\nports = 1\nrate = 1Mbit/s\nduration = 20ms\nwarmup = 0\n"
        "[sink k]\nports = 2\nsource = a, b\n"
        "[link a]\nlink = a.0 -> k.0\n[link b]\nlink = b.0 -> k.1\n"
        "[at 5ms]\na = rate 100Mbit/s\nb = rate 10Mbit/s\n"
        "[at 5ms again]\nb = rate 50Mbit/s\na = rate 20Mbit/s\n"
        "[at 5000us]\na = stop; start\n";
    Scenario *straight = rearranged(text, NULL), *other = rearranged(text, reverse);
    Outcome expected = run(straight, 30 * SIM_MS), found = run(other, 30 * SIM_MS);
    CHECK_TEXT(found.identity, expected.identity);
    CHECK_U64(found.fingerprint, expected.fingerprint);
    CHECK_U64(differences("script", &expected, &found), 0);
    outcome_clear(&found);
    outcome_clear(&expected);
    scenario_free(other);
    scenario_free(straight);
}

int main(void) {
    static const Test tests[] = {
        TEST(what_a_script_says_at_one_time_is_the_same_in_any_order),
        TEST(every_shipped_scenario_is_the_same_with_its_sections_in_any_order),
        {0}};
    return run_tests("order", tests);
}
