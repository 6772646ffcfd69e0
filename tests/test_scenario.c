/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Values with units, metric expressions, and what the scenario reader says to bad files. */
#include <glib/gstdio.h>

#include "components/classes.h"
#include "emu/scenario/metric.h"
#include "emu/scenario/scenario.h"
#include "tests/check.h"

/* Values ---------------------------------------------------------------------------------- */

typedef union {
    uint64_t word;
    Rate rate;
    Latency latency;
    double real;
} Value;

static Value value;
static char message[400];

static bool read_as(ParamType type, const char *text) {
    const Param row = {.name = "x", .type = type, .choices = "any"};
    g_autoptr(GError) error = NULL;
    bool ok = param_set(&row, &value, text, NULL, &error);
    g_strlcpy(message, error ? error->message : "", sizeof message);
    return ok;
}

static void values_are_exact_in_their_units(void) {
    CHECK(read_as(PARAM_TYPE_TIME, "107ns") && value.word == 107000);
    CHECK(read_as(PARAM_TYPE_TIME, "1.5 us") && value.word == 1500000);
    CHECK(read_as(PARAM_TYPE_FREQUENCY, "1.4GHz") && value.word == 1400000000);
    CHECK(read_as(PARAM_TYPE_SIZE, "64KiB") && value.word == 65536);
    CHECK(read_as(PARAM_TYPE_COUNT, "1_000") && value.word == 1000);
    CHECK(read_as(PARAM_TYPE_LATENCY, "150cycles") && value.latency.cycles &&
          value.latency.value == 150);
    CHECK(read_as(PARAM_TYPE_LATENCY, "107ns") && !value.latency.cycles &&
          value.latency.value == 107000);
    CHECK(read_as(PARAM_TYPE_RATE, "0.1Gbit/s frame") && value.rate.per_second == 1e8 &&
          value.rate.layer == RATE_FRAME);
    CHECK(read_as(PARAM_TYPE_RATE, "4.8Mp/s") && value.rate.per_second == 4.8e6 &&
          value.rate.layer == RATE_PACKETS);
    CHECK(read_as(PARAM_TYPE_FRACTION, "30%") && value.real == 0.3);
    CHECK(read_as(PARAM_TYPE_TIME, "0") && value.word == 0);
}

static void a_wrong_value_says_what_was_expected(void) {
    static const struct {
        ParamType type;
        const char *text, *part;
    } bad[] = {{PARAM_TYPE_RATE, "5", "has no unit"},
               {PARAM_TYPE_TIME, "5", "has no unit"},
               {PARAM_TYPE_TIME, "5GB", "a time such as"},
               {PARAM_TYPE_RATE, "-5Gbit/s", "negative"},
               {PARAM_TYPE_COUNT, "-1", "negative"},
               {PARAM_TYPE_TIME, "0.5ps", "finer than the unit"},
               {PARAM_TYPE_COUNT, "99999999999999999999", "a whole number"},
               {PARAM_TYPE_COUNT, "5 # five", "a whole number"},
               {PARAM_TYPE_SIZE, "20000000000GB", "too large"},
               {PARAM_TYPE_BOOL, "true", "yes or no"},
               {PARAM_TYPE_REAL, "0x10", "a number"},
               {PARAM_TYPE_FRACTION, "130%", "0 to 100%"},
               {PARAM_TYPE_REAL, "nan", "a number"},
               {PARAM_TYPE_TIME, "", "a time such as"}};
    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        CHECK(!read_as(bad[i].type, bad[i].text));
        CHECK_CONTAINS(message, bad[i].part);
    }
}

static void every_default_is_in_its_own_range(void) {
    for (const ComponentClass *const *c = component_classes; *c; c++) {
        void *target = g_malloc0((*c)->size);
        for (const Param *row = (*c)->params; row->name; row++) {
            g_autoptr(GError) error = NULL;
            bool ok = !row->def || param_set(row, target, row->def, NULL, &error);
            if (!ok) printf("  %s.%s: %s\n", (*c)->name, row->name, error->message);
            CHECK(ok && row->text && row->source && *row->source);
            g_autofree char *text = row->def ? param_format(row, target) : NULL;
            if (text && *text) CHECK(param_set(row, target, text, NULL, NULL)); /* reads back */
        }
        param_clear((*c)->params, target);
        g_free(target);
    }
}

/* Metrics --------------------------------------------------------------------------------- */

static bool table(const void *data, unsigned run, const char *name, double *v) {
    const double(*rows)[2] = data;
    if (!strcmp(name, "a.x"))
        *v = rows[run][0];
    else if (!strcmp(name, "a.y"))
        *v = rows[run][1];
    else if (!strcmp(name, "series"))
        *v = NAN;
    else
        return false;
    return true;
}

/* Of five runs that differ in a.x alone, the one where it is this. */
static int next_with(const void *data, unsigned run, const char *parameter, const char *is) {
    double x = g_ascii_strtod(is, NULL);
    (void)data;
    (void)run;
    return !strcmp(parameter, "a.x") && x >= 1 && x <= 5 ? (int)x - 1 : -1;
}

/* a.x is a parameter, whose 2 is written "two"; the first two runs are of the series A. */
static bool compare(const void *data, unsigned run, const char *name, const char *text,
                    double *order, GError **error) {
    double x = !strcmp(text, "two") ? 2 : g_ascii_strtod(text, NULL);
    (void)data;
    *order = !strcmp(name, "series") ? (run < 2 && !strcmp(text, "A") ? 0 : NAN) : run + 1 - x;
    if (!strcmp(text, "C") || !strcmp(text, "b"))
        return input_error(error, "found the unknown %s", text);
    return !strcmp(name, "a.x") || !strcmp(name, "series");
}

static double metric(const char *text) {
    static const double rows[5][2] = {{1, 10}, {2, 40}, {3, 20}, {4, 30}, {5, 60}};
    static const char *const names[] = {"a.x", "a.y", NULL};
    MetricRuns runs = {5, table, rows, names, next_with, compare};
    double v = NAN;
    g_autoptr(GError) error = NULL;
    bool ok = metric_evaluate(text, &runs, &v, &error);
    g_strlcpy(message, error ? error->message : "", sizeof message);
    CHECK(ok == !error);
    return ok ? v : NAN;
}

static void metrics_compute_over_the_runs_that_hold(void) {
    CHECK_NEAR(metric("max(a.y)"), 60, 0);
    CHECK_NEAR(metric("max(a.y if a.x < 5 and not a.x == 2)"), 30, 0);
    CHECK_NEAR(metric("mean(a.y if a.x > 1 or a.x == 1)"), 32, 1e-12);
    CHECK_NEAR(metric("median(a.y)"), 30, 0);
    CHECK_NEAR(metric("sd(a.x)"), sqrt(2.5), 1e-12);
    CHECK_NEAR(metric("count(a.x if a.y >= 30)"), 3, 0);
    CHECK_NEAR(metric("last(a.x) - first(a.x) * 2"), 3, 0);
    CHECK_NEAR(metric("(max(a.y) - min(a.y)) / 2e0"), 25, 0);
    CHECK_NEAR(metric("sum(a.x * (a.y + -10))"), 1 * 0 + 2 * 30 + 3 * 10 + 4 * 20 + 5 * 50, 0);
    CHECK(isnan(metric("max(a.y if a.x > 9)")));
    CHECK_NEAR(metric("count(a.y if a.x > 9)"), 0, 0);
}

static void metrics_compare_parameters_as_they_are_written(void) {
    CHECK_NEAR(metric("sum(a.y if a.x == two)"), 40, 0);
    CHECK_NEAR(metric("sum(a.y if a.x != two and a.x < 4)"), 10 + 20, 0);
    CHECK_NEAR(metric("sum(a.y if (a.x >= two) and a.y != 30)"), 40 + 20 + 60, 0);
    CHECK_NEAR(metric("sum(a.y if a.x == 2 * 2)"), 30, 0); /* a calculation is no value */
    CHECK_NEAR(metric("sum((a.y at a.x = 2))"), 40 * 5, 0);
    CHECK_NEAR(metric("max(a.y if series == A)"), 40, 0);
    CHECK(isnan(metric("max(a.y if a.y == two)")));
    CHECK_CONTAINS(message, "found a.y beside \"two\", expected a number: it is no parameter");
    CHECK(isnan(metric("max(a.y if a.x == \"two)")));
    CHECK_CONTAINS(message, "without a closing \"");
}

static void metrics_look_at_one_series(void) {
    CHECK_NEAR(metric("max(a.y in \"A\")"), 40, 0);
    CHECK_NEAR(metric("max(a.y in \"A\" if a.x < two)"), 10, 0);
    CHECK_NEAR(metric("count(a.y in \"B\")"), 0, 0);
    CHECK_NEAR(metric("max(a.y) / max(a.y in \"A\")"), 1.5, 0);
    CHECK(isnan(metric("max(a.y in \"C\")")));
    CHECK_CONTAINS(message, "found the unknown C");
    CHECK(isnan(metric("max(a.y in A)")));
    CHECK_CONTAINS(message, "found \"A)\", expected \"SERIES\" after in");
}

static void a_metric_compares_a_run_with_the_one_beside_it(void) {
    CHECK_NEAR(metric("max(a.y / (a.y at a.x = 1) if a.x > 1)"), 6, 1e-12);
    CHECK_NEAR(metric("min(a.y at a.x = 3)"), 20, 0);
    CHECK_NEAR(metric("geomean(a.y / (a.y at a.x = 2) if a.x <= 3)"), cbrt(0.25 * 0.5), 1e-12);
    CHECK(isnan(metric("max(a.y at a.x = 9)")));
    metric("max(a.y at a.q = 1)");
    CHECK_CONTAINS(message, "unknown name a.q");
    metric("max(a.y at a.x 1)");
    CHECK_CONTAINS(message, "expected PARAMETER = VALUE");
    metric("max(a.y at a.x = b)");
    CHECK_CONTAINS(message, "found the unknown b");
    metric("max(a.y at a.x = (1))");
    CHECK_CONTAINS(message, "found \"(1))\", expected a value after =");
}

static void a_wrong_metric_is_explained(void) {
    metric("max(a.z)");
    CHECK_CONTAINS(message, "the nearest is a.");
    metric("a.x");
    CHECK_CONTAINS(message, "outside an aggregate");
    metric("max(a.x");
    CHECK_CONTAINS(message, "expected )");
    metric("max(a.x) 3");
    CHECK_CONTAINS(message, "behind the expression");
    metric("");
    CHECK_CONTAINS(message, "found the end");
    g_autofree char *deep = g_strnfill(1000, '(');
    metric(deep);
    CHECK_CONTAINS(message, "levels");
}

/* Scenario files -------------------------------------------------------------------------- */

static char *folder;

static Scenario *load(const char *text, const char *set) {
    g_autofree char *path = g_build_filename(folder, "s.ini", NULL);
    const char *const overrides[] = {set, NULL};
    g_autoptr(GError) error = NULL;
    CHECK(g_file_set_contents(path, text, -1, NULL));
    Scenario *s = scenario_load(path, set ? overrides : NULL, component_classes, &error);
    g_strlcpy(message, error ? error->message : "", sizeof message);
    return s;
}

static void refused(const char *text, const char *part) {
    Scenario *s = load(text, NULL);
    CHECK(!s);
    CHECK_CONTAINS(message, part);
    scenario_free(s);
}

static void bad_files_are_refused_with_file_and_line(void) {
    refused("", "found no component");
    refused("[sink s]\nportz = 3\n",
            "s.ini:2: [sink s] portz: found an unknown key; the nearest is ports");
    refused("[sink s]\nports = 3\nports = 4\n", "s.ini:3: [sink s] ports: found a second value");
    refused("[sink s]\n[sink s]\n", "s.ini:2: found a second section [sink s]");
    refused("[sink s]\n[source s]\n", "s.ini:2: found a second component s");
    refused("[snk s]\n", "s.ini:1: found section [snk s]");
    refused("[sink s]\nports = 99\n",
            "s.ini:2: [sink s] ports: found \"99\", expected 1 or more, up to 64");
    refused("[source s]\nrate = 5\n", "has no unit");
    refused("[source s]\nrate = -5Gbit/s\n", "which is negative");
    refused("ports = 3\n", "before the first section");
    refused("[sink s]\nports\n", "expected [SECTION] or KEY = VALUE");
    refused("[sink s]\nports =\n", "found no value");
    refused("[sink s]\nports = 1\x01\n", "control byte 0x01");
    refused("[sink s]\ncapture = \xff\xfe\n", "not UTF-8");
    refused("[slice r]\nnpe = nowhere\n", "expected the name of a component of class npe");
    refused("[slice r]\nvlan = 3\n", "[slice r] npe: found no value");
    refused("[source s]\nrate = ${0..1000000000}Gbit/s\n", "a range of 1000000001 values");
    refused("[source s]\nrate = ${1..1000}Gbit/s\nduration = ${1..1000}ms\n",
            "a study of 1000000 points");
    refused("[source s]\nrate = ${1..5 step 0}Gbit/s\n", "never ends");
    refused("[source s]\nrate = ${1..60000,1..60000}Gbit/s\n",
            "a range of 60000 values after 60000 others");
    refused("[source s]\nrate = ${-0.000000001..900000000000000000}Gbit/s\n", "too many digits");
    refused("[source s]\nrate = ${1, 2Gbit/s\n", "${ without }");
    refused("[source s]\nrate = ${1, 2}Gbit/z\n", "found \"1Gbit/z\"");
    refused("[scenario]\ninclude = s.ini\n[sink s]\n", "closes a loop of includes");
    refused("[scenario]\ninclude = none.ini\n[sink s]\n",
            "found \"none.ini\", which is not beside this file; the nearest is s.ini");
    refused("[sink s]\n[at 5]\ns = stop\n", "has no unit");
    refused("[sink s]\n[at 5ms]\ns = stop\n", "a sink takes no commands");
    refused("[sink s]\n[at 5ms]\nt = stop\n", "found no component of that name");
    refused("[sink s]\n[expect X]\nmetric = max(\n", "[expect X] metric:");
    refused("[sink s]\n[plot p]\nx = 1\n", "neither x and y nor series");
    g_autoptr(GError) error = NULL;
    CHECK(!scenario_load(folder, NULL, component_classes, &error));
    CHECK_CONTAINS(error->message, "found a folder");
}

static void iterations_multiply_and_stay_exact(void) {
    Scenario *s = load("[source s]\nrate = ${0.1..0.5 step 0.1}Gbit/s\npayload = ${0, 40}\n", NULL);
    CHECK(s && scenario_n_points(s) == 10);
    CHECK_TEXT(scenario_parameter(s, 0, 0).name, "s.rate");
    CHECK_TEXT(scenario_parameter(s, 5, 0).value, "0.3Gbit/s"); /* the last axis is the fastest */
    CHECK_TEXT(scenario_parameter(s, 5, 1).value, "40");
    double rate = 0, payload = 0, ports = 0;
    CHECK(scenario_value(s, 5, "s.rate", &rate) && scenario_value(s, 5, "s.payload", &payload) &&
          scenario_value(s, 5, "s.ports", &ports));
    CHECK_NEAR(rate, 3e8, 0);
    CHECK_NEAR(payload, 40, 0);
    CHECK_NEAR(ports, 5, 0); /* a default counts too */
    scenario_free(s);
}

static void set_overrides_and_is_checked(void) {
    Scenario *s = load("[source s]\nrate = 1Gbit/s\n", "s.rate=${1, 2}Gbit/s");
    CHECK(s && scenario_n_points(s) == 2);
    scenario_free(s);
    CHECK(!load("[source s]\n", "t.rate=1Gbit/s"));
    CHECK_CONTAINS(message, "found no section \"t\"; the nearest is s");
    CHECK(!load("[source s]\n", "s.rat=1Gbit/s"));
    CHECK_CONTAINS(message, "the nearest is rate");
    CHECK(!load("[source s]\n", "rate=1Gbit/s"));
    CHECK_CONTAINS(message, "expected SECTION.KEY=VALUE");
}

static bool same_identity(const char *text, const char *set, const char *identity) {
    Scenario *s = load(text, set);
    if (!s) printf("  %s\n", message);
    CHECK(s != NULL);
    g_autofree char *found = s ? scenario_identity(s, 0) : NULL;
    scenario_free(s);
    return !g_strcmp0(found, identity);
}

static void a_resolved_scenario_reads_back_to_the_same(void) {
    Scenario *s = load("[source s]\n# comment\nrate = 1000Mbit/s\nduration = 0.02s\n[sink "
                       "k]\nsource = s\n[link l]\nlink = s.0 -> k.0\n",
                       NULL);
    g_autofree char *identity = scenario_identity(s, 0), *resolved = scenario_resolved(s, 0);
    scenario_free(s);
    CHECK_CONTAINS(resolved, "s.ini:3");
    CHECK(same_identity(resolved, NULL, identity));
}

#define SOURCE "[source s]\nrate = 1Gbit/s\nduration = 20ms\n"
#define OTHER "[source t]\nrate = 1Gbit/s\n"
#define REST "[link l]\nlink = s.0 -> k.0\nrate = 2Gbit/s\n[at 1ms]\ns = stop\n"

static void an_identity_is_of_values_not_of_their_spelling(void) {
    Scenario *s = load(SOURCE "[sink k]\n" REST, NULL);
    g_autofree char *identity = scenario_identity(s, 0);
    scenario_free(s);
    CHECK_U64(strlen(identity), 64);
    CHECK_U64(strspn(identity, "0123456789abcdef"), 64);
    CHECK(same_identity("[scenario]\ntitle = other\ndrain = 100000us\nseed = 7\nrepeat = 3\n"
                        "[source s]\n# comment\nduration = 0.02s\nrate = 1000Mbit/s\npayload = 0\n"
                        "[at 1000us]\ns = stop\n"
                        "[link l]\nrate = 2000Mbit/s\nlink = s.0->k.0\ndelay = 0ns\n[sink k]\n"
                        "[plot p]\nx = 1\ny = 2\n",
                        NULL, identity));
    CHECK(same_identity("[source s]\nrate = ${1, 3}Gbit/s\nduration = 20ms\n[sink k]\n" REST, NULL,
                        identity)); /* the first point of a study */
    CHECK(same_identity("[source s]\nrate = 1Gbit/s\nduration = 20ms\n"
                        "ids = 0A000001, 0a01000100,0a020001 ,0a030001,0a040001\n"
                        "labels = 100, 1_01, 102, 103, 104\n[sink k]\n" REST,
                        NULL, identity));
    CHECK(same_identity("[source s]\nrate = 1Gbit/s\nduration = 20ms\n[sink k]\n" REST,
                        "s.ids=0A000001,0A010001,0A020001,0A030001,0A040001", identity));
}

static void an_identity_is_not_of_the_order_of_sections_and_keys(void) {
    Scenario *s = load(SOURCE OTHER "[sink k]\n" REST "[at 2ms]\ns = start\nt = stop\n", NULL);
    g_autofree char *identity = scenario_identity(s, 0);
    scenario_free(s);
    CHECK(same_identity("[at 2ms]\nt = stop\ns = start\n" REST OTHER "[sink k]\n" SOURCE, NULL,
                        identity));
    CHECK(!same_identity(SOURCE OTHER "[sink k]\n" REST "[at 2ms]\ns = stop\nt = start\n", NULL,
                         identity));
    CHECK(!same_identity(SOURCE OTHER "[sink k]\n" REST "[at 2ms b]\ns = start\nt = stop\n", NULL,
                         identity)); /* tags order what is said at one time */
}

static void an_identity_depends_on_all_that_a_run_does(void) {
    Scenario *s = load(SOURCE "[sink k]\n" REST, NULL);
    g_autofree char *identity = scenario_identity(s, 0);
    scenario_free(s);
    static const char *const sets[] = {"s.rate=2Gbit/s",       "l.rate=none",
                                       "l.delay=1ns",          "s.payload=1",
                                       "scenario.duration=1s", "l.link=s.1 -> k.0"};
    for (unsigned i = 0; i < G_N_ELEMENTS(sets); i++)
        CHECK(!same_identity(SOURCE "[sink k]\n" REST, sets[i], identity));
    CHECK(!same_identity(SOURCE "[sink k]\n" REST "[at 2ms]\ns = stop\n", NULL, identity));
    CHECK(!same_identity(SOURCE "[sink q]\n" REST, "l.link=s.0 -> q.0", identity));
}

static void an_identity_depends_on_the_contents_of_files_not_on_their_names(void) {
    static const char *const names[] = {"a.pcap", "b.pcap"};
    g_autofree char *identity = NULL;
    for (unsigned round = 0; round < 3; round++) {
        const char *name = names[round % 2];
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_autofree char *text = g_strdup_printf("[replay r]\nfile = %s\n", name);
        CHECK(g_file_set_contents(path, round < 2 ? "same" : "else", -1, NULL));
        if (round) CHECK(same_identity(text, NULL, identity) == (round == 1));
        Scenario *s = load(text, NULL);
        if (!round) identity = scenario_identity(s, 0);
        scenario_free(s);
    }
    for (unsigned i = 0; i < 2; i++) {
        g_autofree char *path = g_build_filename(folder, names[i], NULL);
        g_remove(path);
    }
}

static void a_study_of_ten_thousand_points_is_identified_section_by_section(void) {
    Scenario *s =
        load("[source s]\nrate = ${1..10000}Mbit/s\n[replay r]\nfile = big\n[sink k]\n", NULL);
    g_autofree char *path = g_build_filename(folder, "big", NULL);
    g_autofree char *big = g_strnfill(1 << 20, 'x');
    CHECK(g_file_set_contents(path, big, 1 << 20, NULL));
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (unsigned point = 0; point < 10000; point++) {
        g_hash_table_add(seen, scenario_identity(s, point));
        if (!point) CHECK(g_file_set_contents(path, "y", 1, NULL)); /* it is not read again */
    }
    CHECK_U64(g_hash_table_size(seen), 10000);
    scenario_free(s);
    g_remove(path);
}

/* What `flat` of a scenario reads back to: as many points, and the same ones. */
static void check_flat(const Scenario *s, const char *name) {
    g_autofree char *flat = scenario_flat(s);
    Scenario *back = load(flat, NULL);
    if (!back) printf("  %s: %s\n", name, message);
    CHECK(back != NULL);
    if (!back) return;
    scenario_rename(back, name);
    CHECK_TEXT(scenario_name(back), scenario_name(s));
    CHECK_TEXT(scenario_title(back), scenario_title(s));
    unsigned n = scenario_n_points(s), points[] = {0, n / 2, n - 1};
    CHECK_U64(scenario_n_points(back), n);
    CHECK_U64(scenario_n_expects(back), scenario_n_expects(s));
    CHECK_U64(scenario_n_plots(back), scenario_n_plots(s));
    for (unsigned i = 0; i < G_N_ELEMENTS(points); i++) {
        g_autofree char *a = scenario_identity(s, points[i]),
                        *b = scenario_identity(back, points[i]);
        CHECK_TEXT(b, a);
    }
    g_autofree char *again = scenario_flat(back);
    CHECK(strstr(again, "include =") == NULL);
    scenario_free(back);
}

static void every_shipped_scenario_is_the_same_when_flat(void) {
    g_autoptr(GDir) dir = g_dir_open("scenarios", 0, NULL);
    CHECK(dir != NULL);
    unsigned n = 0;
    for (const char *file; dir && (file = g_dir_read_name(dir));) {
        if (!g_str_has_suffix(file, ".ini")) continue;
        g_autofree char *path = g_build_filename("scenarios", file, NULL);
        Scenario *s = scenario_load(path, NULL, component_classes, NULL);
        if (!s) continue; /* parts that others include */
        check_flat(s, scenario_name(s));
        scenario_free(s);
        n++;
    }
    CHECK(n >= 30);
}

static void a_flat_scenario_finds_its_files_and_says_where_values_came_from(void) {
    static const char *const files[] = {"data/x.pcap", "${x, /tmp/y}.pcap", "data/${x, y}.pcap"};
    static const char *const flat_files[][2] = {
        {"", "/data/x.pcap"}, {"${", "/x, /tmp/y}.pcap"}, {"", "/data/${x, y}.pcap"}};
    for (unsigned i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *text = g_strdup_printf("[replay r]\nfile = %s\n[sink k]\n", files[i]);
        Scenario *s = load(text, "k.ports=3");
        g_autofree char *flat = scenario_flat(s);
        g_autofree char *expected = g_strconcat(flat_files[i][0], folder, flat_files[i][1], NULL);
        CHECK_CONTAINS(flat, expected);
        CHECK_CONTAINS(flat, "s.ini:2\nfile = ");
        CHECK_CONTAINS(flat, "# --set\nports = 3\n");
        check_flat(s, "s");
        scenario_free(s);
    }
}

static void set_refuses_what_no_file_could_hold(void) {
    CHECK(!load("[sink k]\n", "k.capture=a\nports = 3"));
    CHECK_CONTAINS(message, "--set: k.capture: found the control byte 0x0a");
    CHECK(!load("[sink k]\n", "k.capture= "));
    CHECK_CONTAINS(message, "--set: k.capture: found no value");
    CHECK(!load("[sink k]\n", "k.capture=\xff"));
    CHECK_CONTAINS(message, "not UTF-8");
    g_autofree char *name = g_strnfill(65536, 'x');
    g_autofree char *longer = g_strconcat("k.capture=", name, NULL);
    CHECK(!load("[sink k]\n", longer));
    CHECK_CONTAINS(message, "found 65546 bytes, expected at most 65536");
}

static void an_includer_may_override_and_both_places_are_shown(void) {
    g_autofree char *path = g_build_filename(folder, "base.ini", NULL);
    CHECK(g_file_set_contents(path, "[source s]\nrate = 1Gbit/s\nttl = 9\n", -1, NULL));
    Scenario *s = load("[scenario]\ninclude = base.ini\n[source s]\nrate = 2Gbit/s\n", NULL);
    CHECK(s != NULL);
    g_autofree char *resolved = s ? scenario_resolved(s, 0) : NULL;
    CHECK_CONTAINS(resolved, "s.ini:4, in place of ");
    CHECK_CONTAINS(resolved, "base.ini:2");
    CHECK_CONTAINS(resolved, "ttl = 9");
    scenario_free(s);
}

static void an_includer_wins_wherever_its_include_stands(void) {
    g_autofree char *path = g_build_filename(folder, "base.ini", NULL);
    CHECK(g_file_set_contents(path,
                              "[scenario]\ntitle = base\nseed = 1\ndrain = 1s\n[source s]\n"
                              "rate = 1Gbit/s\n",
                              -1, NULL));
    static const char *const texts[] = {
        "[scenario]\ntitle = own\nseed = 2\ninclude = base.ini\n[source s]\nrate = 2Gbit/s\n",
        "[scenario]\ninclude = base.ini\ntitle = own\nseed = 2\n[source s]\nrate = 2Gbit/s\n",
        "[source s]\nrate = 2Gbit/s\n[scenario]\ntitle = own\nseed = 2\ninclude = base.ini\n"};
    for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++) {
        Scenario *s = load(texts[i], NULL);
        double rate = 0;
        CHECK(s != NULL);
        CHECK_TEXT(scenario_title(s), "own");
        CHECK_U64(scenario_seed(s), 2);
        CHECK_U64(scenario_drain(s), SIM_S);
        CHECK(scenario_value(s, 0, "s.rate", &rate));
        CHECK_NEAR(rate, 2e9, 0);
        scenario_free(s);
    }
}

/* What scenario_build or network_start says against the text, with one --set. */
static void build(const char *text, const char *set) {
    Scenario *s = load(text, set);
    NetworkOptions options = {.seed = 1};
    g_autoptr(GError) error = NULL;
    const Component *failed = NULL;
    if (!s) return;
    Network *net = scenario_build(s, 0, &options, &error);
    if (net && !network_start(net, &failed, &error)) scenario_blame(s, failed->name, &error);
    g_strlcpy(message, error ? error->message : "", sizeof message);
    network_free(net);
    scenario_free(s);
}

#define ON_BASE "[scenario]\ninclude = base.ini\n[npe n]\n"

static void an_error_names_the_place_of_the_value(void) {
    g_autofree char *path = g_build_filename(folder, "base.ini", NULL);
    CHECK(g_file_set_contents(path, "[npe n]\nme_rx = 2\nmpacket = 128B\n[slice r]\nnpe = n\n", -1,
                              NULL));
    build(ON_BASE "mpacket = 100B\n", NULL); /* of create */
    CHECK_CONTAINS(message, "s.ini:4: [npe n] mpacket: found 100 bytes");
    build(ON_BASE, "n.mpacket=100B");
    CHECK(g_str_has_prefix(message, "--set n.mpacket=100B: mpacket: found 100 bytes"));
    build(ON_BASE, "n.mpacket=100"); /* of its form */
    CHECK(g_str_has_prefix(message, "--set n.mpacket=100: mpacket: found \"100\""));
    build(ON_BASE, "n.mac=zz");
    CHECK(g_str_has_prefix(message, "--set n.mac=zz: mac: found \"zz\""));
    build(ON_BASE "[slice r]\nqueues = 0:200%\n", NULL); /* of start */
    CHECK_CONTAINS(message, "s.ini:5: [slice r] queues: found");
    build(ON_BASE "interfaces = 15\n", NULL); /* a default is to blame: its section's place */
    CHECK_CONTAINS(message, "base.ini:1: [npe n] schedulers: found 10");
    build(ON_BASE "mpacket = 64B\n", NULL);
    CHECK_TEXT(message, "");
}

static void what_set_has_fixed_keeps_its_column(void) {
    const char *text = "[source s]\nrate = ${1, 2}Gbit/s\npayload = ${0, 40}\n[sink k]\n";
    Scenario *s = load(text, "s.rate=1Gbit/s");
    CHECK_U64(scenario_n_points(s), 2);
    CHECK_U64(scenario_n_parameters(s), 2);
    CHECK_TEXT(scenario_parameter(s, 1, 0).name, "s.rate");
    CHECK_TEXT(scenario_parameter(s, 1, 0).value, "1Gbit/s");
    CHECK_TEXT(scenario_parameter(s, 1, 1).value, "40");
    scenario_free(s);
    s = load(text, "k.ports=3"); /* a key that no file has given, in file order */
    CHECK_U64(scenario_n_parameters(s), 3);
    CHECK_TEXT(scenario_parameter(s, 0, 2).name, "k.ports");
    scenario_free(s);
    s = load("[source s]\npayload = ${1, 2}${3, 4}\n", NULL); /* once, however often it iterates */
    CHECK_U64(scenario_n_points(s), 4);
    CHECK_U64(scenario_n_parameters(s), 1);
    CHECK_TEXT(scenario_parameter(s, 3, 0).value, "24");
    scenario_free(s);
}

static void a_component_may_be_called_script(void) {
    Scenario *s = load("[source script]\nduration = 20ms\n[at 1ms]\nscript = stop\n", NULL);
    NetworkOptions options = {.seed = 1};
    Network *net = scenario_build(s, 0, &options, NULL);
    CHECK(net && network_find(net, "script") == network_nth(net, 0));
    network_free(net);
    scenario_free(s);
    refused("[source scenario]\n", "s.ini:1: found a component with the name scenario");
    refused("[source run]\n", "s.ini:1: found a component with the name run");
}

/* The sections in the opposite order, but for the first, which the others may override. */
static char *reversed(const char *text) {
    g_auto(GStrv) parts = g_strsplit(text, "\n[", -1);
    GString *out = g_string_new(NULL);
    for (unsigned i = g_strv_length(parts); i-- > 0;)
        g_string_append_printf(out, "%s%s\n", i ? "[" : "", parts[i]);
    return g_string_free(out, FALSE);
}

static void names_are_found_whatever_the_order_of_sections(void) {
    g_autoptr(GDir) dir = g_dir_open("scenarios", 0, NULL);
    unsigned n = 0;
    for (const char *file; dir && (file = g_dir_read_name(dir));) {
        if (!g_str_has_suffix(file, ".ini")) continue;
        g_autofree char *path = g_build_filename("scenarios", file, NULL);
        Scenario *s = scenario_load(path, NULL, component_classes, NULL);
        if (!s) continue; /* parts that others include */
        g_autofree char *flat = scenario_flat(s), *back = reversed(flat);
        scenario_free(s);
        build(back, NULL);
        if (*message) printf("  %s: %s\n", file, message);
        CHECK_TEXT(message, "");
        n++;
    }
    CHECK(n >= 30);
}

static void a_script_is_rehearsed_before_the_run(void) {
#define NODE "[npe n]\n[slice r]\nnpe = n\n[source s]\n[at 1ms]\n"
    build(NODE "s = sto\n", NULL);
    CHECK_CONTAINS(message, "s.ini:6: [at 1ms] s: found \"sto\", expected start, stop, rate, "
                            "weights; the nearest is stop");
    build(NODE "s = rate 5\n", NULL);
    CHECK_CONTAINS(message, "s.ini:6: [at 1ms] s: found \"5\", which has no unit");
    build(NODE "s = stop now\n", NULL);
    CHECK_CONTAINS(message, "found \"stop now\", expected stop alone");
    build(NODE "s = weights 1,2\n", NULL);
    CHECK_CONTAINS(message, "expected 5 whole numbers");
    build(NODE "s = stop; start\nn = interface_rate 9 1Gbit/s\n", NULL);
    CHECK_CONTAINS(message, "s.ini:7: [at 1ms] n: found \"interface_rate 9 1Gbit/s\"");
    build(NODE "r = queue 99 limit 5\n", NULL);
    CHECK_CONTAINS(message, "[at 1ms] r: queue: found \"99 limit 5\"");
    /* What others have by then only time tells. */
    build(NODE "r = queue 0 share 60%; queue 0 share 30%; counters\nn = reset\ns = rate 2Gbit/s\n",
          NULL);
    CHECK_TEXT(message, "");
}

int main(void) {
    static const Test tests[] = {
        TEST(values_are_exact_in_their_units),
        TEST(a_wrong_value_says_what_was_expected),
        TEST(every_default_is_in_its_own_range),
        TEST(metrics_compute_over_the_runs_that_hold),
        TEST(metrics_compare_parameters_as_they_are_written),
        TEST(metrics_look_at_one_series),
        TEST(a_metric_compares_a_run_with_the_one_beside_it),
        TEST(a_wrong_metric_is_explained),
        TEST(bad_files_are_refused_with_file_and_line),
        TEST(iterations_multiply_and_stay_exact),
        TEST(set_overrides_and_is_checked),
        TEST(a_resolved_scenario_reads_back_to_the_same),
        TEST(an_identity_is_of_values_not_of_their_spelling),
        TEST(an_identity_is_not_of_the_order_of_sections_and_keys),
        TEST(an_identity_depends_on_all_that_a_run_does),
        TEST(an_identity_depends_on_the_contents_of_files_not_on_their_names),
        TEST(a_study_of_ten_thousand_points_is_identified_section_by_section),
        TEST(every_shipped_scenario_is_the_same_when_flat),
        TEST(a_flat_scenario_finds_its_files_and_says_where_values_came_from),
        TEST(set_refuses_what_no_file_could_hold),
        TEST(an_includer_may_override_and_both_places_are_shown),
        TEST(an_includer_wins_wherever_its_include_stands),
        TEST(an_error_names_the_place_of_the_value),
        TEST(what_set_has_fixed_keeps_its_column),
        TEST(a_component_may_be_called_script),
        TEST(names_are_found_whatever_the_order_of_sections),
        TEST(a_script_is_rehearsed_before_the_run),
        {0}};
    folder = g_dir_make_tmp("sppemu-XXXXXX", NULL);
    int code = run_tests("scenario", tests);
    static const char *const files[] = {"s.ini", "base.ini"};
    for (unsigned i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_build_filename(folder, files[i], NULL);
        g_remove(path);
    }
    g_rmdir(folder);
    g_free(folder);
    return code;
}
