/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a scenario says once for many. Oracle: the same scenario written out by hand, which has the
 * same identity at every point; and messages that name the element. */
#include <math.h>

#include "components/classes.h"
#include "emu/scenario/check.h"
#include "tests/bench.h"

static char *folder;

static Scenario *load(const char *text, const char *set, char **message) {
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(folder, "s.ini", NULL);
    const char *const sets[] = {set, NULL};
    g_assert(g_file_set_contents(path, text, -1, NULL));
    Scenario *s = scenario_load(path, sets, component_classes, &error);
    if (message) *message = g_strdup(s ? "accepted" : strstr(error->message, "s.ini"));
    if (!s && !message) printf("  %s\n", error->message);
    return s;
}

static bool alike(const char *brief, const char *set, const char *plain) {
    Scenario *a = load(brief, set, NULL), *b = load(plain, NULL, NULL);
    bool same = a && b && scenario_n_points(a) == scenario_n_points(b);
    for (unsigned i = 0; same && i < scenario_n_points(a); i++) {
        g_autofree char *x = scenario_identity(a, i), *y = scenario_identity(b, i);
        same = !strcmp(x, y);
    }
    scenario_free(a);
    scenario_free(b);
    return same;
}

static void refused(const char *text, const char *part) {
    g_autofree char *message = NULL;
    scenario_free(load(text, NULL, &message));
    CHECK_CONTAINS(message, part);
}

#define NPE "[npe npe0]\n"

static void an_array_is_its_elements(void) {
    CHECK(alike(
        NPE "[slice s*3]\nnpe = npe0\nudp_port = {30000 + i}\nvlan = {100 + 10 * (n - i)}\n", NULL,
        NPE "[slice s0]\nnpe = npe0\nudp_port = 30000\nvlan = 130\n"
            "[slice s1]\nnpe = npe0\nudp_port = 30001\nvlan = 120\n"
            "[slice s2]\nnpe = npe0\nudp_port = 30002\nvlan = 110\n"));
    CHECK(alike(NPE "[source t*2]\nports = 1\nnode_mac = 02:00:00:00:01:{i + 10:02x}\n"
                    "[link in*2]\nlink = t{i}.0 -> npe0.{i}\n",
                NULL,
                NPE "[source t0]\nports = 1\nnode_mac = 02:00:00:00:01:0a\n[source t1]\nports = 1\n"
                    "node_mac = 02:00:00:00:01:0b\n[link in0]\nlink = t0.0 -> npe0.0\n"
                    "[link in1]\nlink = t1.0 -> npe0.1\n"));
}

static void an_elements_own_section_overrides_it_key_by_key(void) {
    static const char plain[] = NPE "[slice s0]\nnpe = npe0\nvlan = 100\n"
                                    "[slice s1]\nnpe = npe0\nvlan = 7\nudp_port = 5\n";
    CHECK(alike(NPE
                "[slice s*2]\nnpe = npe0\nvlan = {100 + i}\n[slice s1]\nvlan = 7\nudp_port = 5\n",
                NULL, plain));
    CHECK(alike(NPE
                "[slice s1]\nvlan = 7\nudp_port = 5\n[slice s*2]\nnpe = npe0\nvlan = {100 + i}\n",
                NULL, plain));
}

static void let_names_values_and_set_changes_them(void) {
    static const char brief[] = "[let]\ncopies = 2\nload = 50Mbit/s\n" NPE
                                "[source t*{copies}]\nrate = {load}\nstart = {2 * copies + i}ms\n";
    CHECK(alike(brief, NULL,
                NPE "[source t0]\nrate = 50Mbit/s\nstart = 4ms\n[source t1]\nrate = 50Mbit/s\n"
                    "start = 5ms\n"));
    CHECK(alike(brief, "let.copies=1", NPE "[source t0]\nrate = 50Mbit/s\nstart = 2ms\n"));
}

static void the_order_of_let_does_not_matter(void) {
    CHECK(alike("[let]\nc = {b + 1}\nb = {a * 2}\na = 2\nload = {rate}bit/s\nrate = 50M\n" NPE
                "[source t]\nstart = {c}ms\nrate = {load}\n",
                NULL, NPE "[source t]\nstart = 5ms\nrate = 50Mbit/s\n"));
    refused("[let]\na = 1\nb = {c}\nc = {d + 1}\nd = {b}\n" NPE,
            "s.ini:3: [let] b: found \"{c}\", which is made of itself");
    refused("[let]\nb = {c}\nc = {aa}\na = 1\n" NPE,
            "s.ini:3: [let] c: found {aa} with aa, which is no name of [let]; the nearest is a");
}

static void a_text_stands_where_it_is_named(void) {
    g_autofree char *file = g_build_filename(folder, "routes.txt", NULL);
    static const char plain[] =
        NPE "[slice s0]\nnpe = npe0\nroutes = 10.0.0.0/16 0 192.168.0.1:1; 10.1.0.0/16 1 "
            "192.168.0.1:2\n";
    CHECK(alike(NPE "[text two]\n# a comment\n10.0.0.0/16 0 192.168.0.1:1\n"
                    "10.1.0.0/16 1 192.168.0.1:2\n[slice s0]\nnpe = npe0\nroutes = @two\n",
                NULL, plain));
    g_assert(g_file_set_contents(
        file, "10.0.0.0/16 0 192.168.0.1:1\n\n10.1.0.0/16 1 192.168.0.1:2\n", -1, NULL));
    CHECK(alike(NPE "[slice s0]\nnpe = npe0\nroutes = @file routes.txt\n", NULL, plain));
    g_unlink(file);
}

static void an_array_has_one_axis(void) {
    CHECK(alike(NPE "[slice s*2]\nnpe = npe0\nudp_port = {1 + i}\nvlan = {1 + i}\n"
                    "queue_packets = ${10, {20 + 10 * i}}\n",
                NULL,
                NPE "[slice s0]\nnpe = npe0\nudp_port = 1\nvlan = 1\nqueue_packets = ${10, 20}\n"
                    "[slice s1]\nnpe = npe0\nudp_port = 2\nvlan = 2\n"
                    "queue_packets = ${with s0.queue_packets: 10, 30}\n"));
    Scenario *s = load(NPE "[slice s*9]\nnpe = npe0\nudp_port = {1 + i}\nvlan = {1 + i}\n"
                           "queue_packets = ${10, 20}\n",
                       NULL, NULL);
    CHECK_U64(scenario_n_points(s), 2);
    CHECK_U64(scenario_n_parameters(s), 1);
    scenario_free(s);
}

static void set_reaches_all_elements(void) {
    static const char brief[] = NPE "[slice s*2]\nnpe = npe0\nudp_port = {1 + i}\nvlan = {1 + i}\n";
    CHECK(alike(brief, "s*.sram={4 * (i + 1)}KiB",
                NPE "[slice s0]\nnpe = npe0\nudp_port = 1\nvlan = 1\nsram = 4KiB\n"
                    "[slice s1]\nnpe = npe0\nudp_port = 2\nvlan = 2\nsram = 8KiB\n"));
    Scenario *s = load(brief, "s*.sram=${1KiB, 2KiB, 3KiB}", NULL);
    CHECK_U64(scenario_n_points(s), 3);
    scenario_free(s);
}

static void a_name_of_let_may_iterate(void) {
    static const char brief[] =
        "[let]\nk = ${1, 2}\n" NPE "[slice s*2]\nudp_port = {30000 + i * k}\nvlan = {1 + i}\n";
    CHECK(alike(brief, NULL,
                NPE "[slice s0]\nudp_port = 30000\nvlan = 1\n"
                    "[slice s1]\nudp_port = ${30001, 30002}\nvlan = 2\n"));
    CHECK(alike(brief, "let.k=${3..5}",
                NPE "[slice s0]\nudp_port = 30000\nvlan = 1\n"
                    "[slice s1]\nudp_port = ${30003..30005}\nvlan = 2\n"));
    CHECK(alike(brief, "let.k=3",
                NPE "[slice s0]\nudp_port = 30000\nvlan = 1\n"
                    "[slice s1]\nudp_port = 30003\nvlan = 2\n"));
    Scenario *s = load(brief, NULL, NULL), *set = load(brief, "let.k=7", NULL);
    double value = 0;
    CHECK_U64(scenario_n_parameters(s), 1);
    CHECK_TEXT(scenario_parameter(s, 1, 0).name, "let.k");
    CHECK_TEXT(scenario_parameter(s, 1, 0).value, "2");
    CHECK(scenario_value(s, 1, "let.k", &value) && value == 2);
    CHECK_U64(scenario_n_parameters(set), 1); /* its column stays */
    g_autofree char *flat = scenario_flat(s), *resolved = scenario_resolved(s, 1);
    CHECK(alike(flat, NULL, brief));
    CHECK_CONTAINS(resolved, "k = 2\n");
    CHECK(scenario_value(s, 1, "k", &value) && value == 2); /* nothing else is called k */
    scenario_free(s);
    scenario_free(set);
    s = load("[let]\nk = 5\n" NPE "[slice s]\nudp_port = {k}\n", NULL, NULL);
    CHECK(s && scenario_value(s, 0, "let.k", &value) && value == 5); /* it need not iterate */
    scenario_free(s);
    /* As many values as there are elements, and more than a value may have iterations. */
    s = load("[let]\nk = ${1..3}\n" NPE
             "[slice s*100]\nudp_port = {30000 + i * k}\nvlan = {1 + i}\n",
             NULL, NULL);
    CHECK(s && scenario_value(s, 2, "s99.udp_port", &value) && value == 30000 + 99 * 3);
    scenario_free(s);
    refused("[let]\na = ${1, 2}\nb = ${1, 2}\n" NPE "[slice s]\nudp_port = {a + b}\n",
            "s.ini:6: [slice s] udp_port: found {a} and {b}, which both iterate");
    refused("[let]\na = ${1, 2}\n" NPE "[slice s]\nudp_port = ${1, {a}}\n",
            "s.ini:5: [slice s] udp_port: found ${...} beside {a}, which iterates");
    refused("[let]\na = ${1, 2}\n" NPE "[slice s*{a}]\n",
            "s.ini:4: [slice s*{a}]: found {a}, which iterates, expected one number of copies");
    refused("[let]\na = ${1, 2}ms\n" NPE, "s.ini:2: [let] a: found \"${1, 2}ms\", expected one");
}

static void a_line_of_a_text_may_stand_for_several(void) {
    CHECK(alike(NPE "[text t]\n10.{k}.0.0/16 {k} 192.168.{100 + k + i}.1:{kk} for k = 0..2\n"
                    "10.9.0.0/16 0 192.168.9.1:1\n[let]\nkk = 7\n"
                    "[slice s*1]\nroutes = @t; 10.8.0.0/16 {i} 192.168.8.1:1\n",
                NULL,
                NPE "[slice s0]\nroutes = 10.0.0.0/16 0 192.168.100.1:7; "
                    "10.1.0.0/16 1 192.168.101.1:7; 10.2.0.0/16 2 192.168.102.1:7; "
                    "10.9.0.0/16 0 192.168.9.1:1; 10.8.0.0/16 0 192.168.8.1:1\n"));
    /* What is no range stays as it is, and is refused as such. */
    refused(NPE "[text t]\n10.{k}.0.0/16 0 192.168.1.1:1 for k = 2..1\n[slice s]\nroutes = @t\n",
            "s.ini:5: [slice s] routes: found {k} with k, which is no name of [let]");
    refused(NPE "[slice s]\nroutes = @t; 10.8.0.0/16 0 192.168.8.1:1\n",
            "s.ini:3: [slice s] routes: found @t, expected the name of a [text] section");
}

static void claims_stand_one_a_line(void) {
    Scenario *s = load(NPE "[expect]\na = max(x.y)\nb = min(x.y if x.z == 1)\n[expect c]\n"
                           "metric = max(x.w)\nlow = 1\n",
                       NULL, NULL);
    CHECK_U64(scenario_n_expects(s), 3);
    CHECK_TEXT(scenario_expect(s, 0)->id, "a");
    CHECK_TEXT(scenario_expect(s, 1)->metric, "min(x.y if x.z == 1)");
    CHECK_TEXT(scenario_expect(s, 2)->id, "c");
    g_autofree char *flat = scenario_flat(s);
    Scenario *again = load(flat, NULL, NULL);
    CHECK_U64(scenario_n_expects(again), 3);
    scenario_free(again);
    scenario_free(s);
    refused(NPE "[expect]\na = max(\n", "s.ini:3: [expect a] metric: found");
}

static void a_line_may_go_on_in_the_next(void) {
    CHECK(alike(NPE "[slice s]\nudp_port = \\\n  30001\nroutes = 10.0.0.0/8 0 \\\n"
                    "    192.168.100.1:1; 10.1.0.0/16 \\\n1 192.168.100.1:2\nvlan = 7\n",
                NULL,
                NPE "[slice s]\nudp_port = 30001\nroutes = 10.0.0.0/8 0 192.168.100.1:1; "
                    "10.1.0.0/16 1 192.168.100.1:2\nvlan = 7\n"));
    refused(NPE "[slice s]\nvlan = \\\n  4095x\nudp_port = 1\n", "s.ini:3: [slice s] vlan: found");
    refused(NPE "[slice s]\nvlan = 7 \\", "s.ini:3: found the end of the file behind a \\");
}

static void every_is_a_list_of_times(void) {
    CHECK(alike(NPE "[every 200ms from 1s until 1500ms tag]\nnpe0 = mp_slower {i + 1}\n", NULL,
                NPE "[at 1s tag]\nnpe0 = mp_slower 1\n[at 1200ms tag]\nnpe0 = mp_slower 2\n"
                    "[at 1400ms tag]\nnpe0 = mp_slower 3\n"));
    CHECK(alike(NPE "[every 1s from 1s until 3s]\nnpe0 = mp_slower ${1, {i + 2}}\n", NULL,
                NPE "[at 1s]\nnpe0 = mp_slower ${1, 2}\n"
                    "[at 2s]\nnpe0 = mp_slower ${with 1s.npe0: 1, 3}\n"));
    refused(NPE "[every 1s from 1s until 3s]\nnpe0 = mp_slower ${1, 2}${3, 4}\n",
            "found two ${...} in a value of an array or [every]");
    /* --set reaches it, as the message about a point says. */
    static const char two[] = NPE "[at 1.5ms]\nnpe0 = mp_slower ${1, 2}\n[at 1ms a.b]\n"
                                  "npe0 = mp_slower 3\n";
    static const char *const sets[] = {"1.5ms.npe0=mp_slower 7", "1ms a.b.npe0=mp_slower ${1, 7}"};
    CHECK(alike(two, sets[0],
                NPE "[at 1.5ms]\nnpe0 = mp_slower 7\n[at 1ms a.b]\nnpe0 = mp_slower 3\n"));
    CHECK(alike(two, sets[1],
                NPE "[at 1.5ms]\nnpe0 = mp_slower ${1, 2}\n[at 1ms a.b]\n"
                    "npe0 = mp_slower ${1, 7}\n"));
    Scenario *s = load(NPE "[at 1s]\nnpe0 = mp_slower ${1, 2, 5}\n", NULL, NULL);
    CHECK_U64(scenario_n_points(s), 3);
    g_autofree char *x = scenario_identity(s, 0), *y = scenario_identity(s, 2);
    CHECK(strcmp(x, y) != 0);
    scenario_free(s);
}

static void series_are_one_study(void) {
    static const char base[] = NPE "[slice s]\nnpe = npe0\n[source t]\npayload = ${0, 400}\n";
    g_autofree char *brief = g_strconcat(
        base,
        "[series NPE]\nt.rate = ${100, 200..300 step 100}Mbit/s\n"
        "[series Click, 1 core]\nt.rate = ${20, 40}Mbit/s\nt.start = ${with t.rate: 1ms, 2ms}\n"
        "s.sram = 1KiB\n",
        NULL);
    CHECK(alike(brief, NULL,
                NPE "[slice s]\nnpe = npe0\n"
                    "sram = ${with t.rate: 16KiB, 16KiB, 16KiB, 1KiB, 1KiB}\n"
                    "[source t]\nrate = ${100, 200, 300, 20, 40}Mbit/s\n"
                    "payload = ${0, 400}\n"
                    "start = ${with t.rate: 0, 0, 0, 1ms, 2ms}\n"));
    Scenario *s = load(brief, NULL, NULL);
    CHECK_U64(scenario_n_points(s), 10);
    bool named = false;
    for (unsigned n = 0; n < scenario_n_parameters(s); n++) {
        if (strcmp(scenario_parameter(s, 0, n).name, "series") != 0) continue;
        named = true;
        CHECK_TEXT(scenario_parameter(s, 0, n).value, "NPE");
        CHECK_TEXT(scenario_parameter(s, 9, n).value, "Click, 1 core");
    }
    CHECK(named);
    g_autofree char *flat = scenario_flat(s);
    CHECK(alike(flat, NULL, brief));
    scenario_free(s);
    /* Each has its own product, of which the last is the fastest. */
    CHECK(alike(NPE "[source t]\nports = 1\n[series a]\nt.ports = ${1, 2}\nt.flows = ${3, 4}\n"
                    "[series b]\nt.flows = 5\n",
                NULL,
                NPE "[source t]\nports = ${1, 1, 2, 2, 1}\n"
                    "flows = ${with t.ports: 3, 4, 3, 4, 5}\n"));
    /* What --set fixes is fixed in all. */
    CHECK(alike(NPE "[source t]\nports = 1\n[series a]\nt.ports = 2\n[series b]\nt.flows = 5\n",
                "t.ports=4", NPE "[source t]\nports = 4\nflows = ${16, 5}\n"));
    refused(NPE "[source t]\nports = 1\n[series a]\nu.ports = 2\n",
            "s.ini:5: [series a] u.ports: found no component or link of that name");
    refused(NPE "[source t]\nports = 1\n[series a]\nt.prots = 2\n",
            "s.ini:5: [series a] t.prots: found an unknown key of [source t]");
    refused(NPE "[source t]\nports = ${1, 2}\n[series a]\nt.ports = 2\n",
            "[series a] t.ports: found a key that iterates by itself, at");
    refused(NPE "[source t]\n[series a]\nt.ports = ${1, 2}\nt.flows = ${with t.ports: 1}\n",
            "[series a] t.flows: found \"with t.ports\", expected a key of the series that has 1");
    refused(NPE "[source t]\n[series a]\nt.ports = 2\n[series b]\nt.ports = ${3, 99}\n",
            "s.ini:6: [series b] t.ports: found \"99\"");
}

static unsigned points_of(const char *text, const char *set) {
    Scenario *s = load(text, set, NULL);
    unsigned n = s ? scenario_n_points(s) : 0;
    scenario_free(s);
    return n;
}

#define AXES                                                                                       \
    NPE "[source t]\nports = 1\npayload = ${0, 400}\nrate = ${100, 200, 300}Mbit/s\n"              \
        "pattern = ${constant, poisson}\n"

static void where_leaves_points_out(void) {
    static const struct {
        const char *where;
        unsigned points; /* of 2 x 3 x 2 */
    } some[] = {{"rate > 100Mbit/s", 8},
                {"rate > 100000kbit/s and t.payload == 0", 4},
                {"pattern != poisson or rate == 0.1Gbit/s", 8},
                {"pattern == \"poisson\"", 6},
                {"rate <= 200e6", 8},
                {"payload == 2 * 200 and not pattern == constant", 3},
                {"t.ports == 1 and rate >= 300Mbit/s", 4},
                {"payload >= 0", 12}};
    for (unsigned i = 0; i < G_N_ELEMENTS(some); i++) {
        g_autofree char *text = g_strdup_printf("[scenario]\nwhere = %s\n" AXES, some[i].where);
        CHECK_U64(points_of(text, NULL), some[i].points);
        Scenario *s = load(text, NULL, NULL); /* and it is the same when it is read back */
        g_autofree char *flat = scenario_flat(s), *resolved = scenario_resolved(s, 0);
        CHECK_U64(scenario_n_dropped(s), 12 - some[i].points);
        CHECK(alike(text, NULL, flat));
        CHECK_U64(points_of(resolved, NULL), 1);
        scenario_free(s);
    }
    /* What is left, in its order. */
    CHECK(alike("[scenario]\nwhere = b.ports == 1 or a.ports == 2\n" NPE "[source a]\n"
                "ports = ${1, 2}\n[source b]\nports = ${1, 2}\n",
                NULL,
                NPE "[source a]\nports = ${1, 2, 2}\n[source b]\n"
                    "ports = ${with a.ports: 1, 1, 2}\n"));
    /* --set fixes an axis, and the study of it reads back. */
    static const char brief[] = "[scenario]\nwhere = payload == 400 or rate > 100Mbit/s\n" AXES;
    CHECK_U64(points_of(brief, "t.payload=0"), 4);
    CHECK_U64(points_of(brief, "t.payload=400"), 6);
    Scenario *s = load(brief, "t.payload=0", NULL);
    g_autofree char *flat = scenario_flat(s);
    CHECK(alike(brief, "t.payload=0", flat));
    scenario_free(s);
    refused("[scenario]\nwhere = payload == 1\n" AXES,
            "s.ini:2: [scenario] where: found \"payload == 1\", which holds at none of 12 points");
    refused("[scenario]\nwhere = rat > 1\n" AXES, "where: found the unknown name rat");
    refused("[scenario]\nwhere = t.rat > 1\n" AXES, "unknown name t.rat; the nearest is t.rate");
    refused("[scenario]\nwhere = rate > 1ms\n" AXES, "where: rate: found \"1ms\", expected a rate");
    refused("[scenario]\nwhere = pattern == poison\n" AXES,
            "where: pattern: found \"poison\", expected one of constant, poisson, onoff");
    refused(
        "[scenario]\nwhere = t.ports == 1\n" AXES,
        "found \"t.ports == 1\", expected a name of what iterates: t.payload, t.rate, t.pattern");
    refused("[scenario]\nwhere = rate >\n" AXES, "where: found the end, expected a number");
}

static void a_series_has_its_own_where(void) {
    static const char brief[] =
        NPE "[source t]\nports = 1\n[series a]\nt.payload = ${0, 400}\n"
            "t.rate = ${100, 200}Mbit/s\nwhere = rate == 100Mbit/s or payload > 0\n"
            "[series b]\nt.payload = ${1, 2}\n";
    CHECK(alike(brief, NULL,
                NPE "[source t]\nports = 1\npayload = ${0, 400, 400, 1, 2}\n"
                    "rate = ${with t.payload: 100Mbit/s, 100Mbit/s, 200Mbit/s, 1Gbit/s, "
                    "1Gbit/s}\n"));
    Scenario *s = load(brief, NULL, NULL);
    g_autofree char *flat = scenario_flat(s);
    CHECK_U64(scenario_n_dropped(s), 1);
    CHECK(alike(brief, NULL, flat));
    scenario_free(s);
    CHECK_U64(points_of("[scenario]\nwhere = series == a or payload == 2\n" NPE
                        "[source t]\nports = 1\n[series a]\nt.payload = ${0, 400}\n"
                        "[series b]\nt.payload = ${1, 2}\n",
                        NULL),
              3);
    refused(NPE "[source t]\n[series a]\nt.payload = ${0, 400}\nwhere = payload == 7\n",
            "s.ini:5: [series a] where: found \"payload == 7\", which holds at none of 2 points");
    refused("[scenario]\nwhere = series == c\n" NPE
            "[source t]\n[series a]\nt.ports = 1\n[series b]\nt.ports = 2\n",
            "found the unknown series \"c\", expected \"a\", \"b\"");
}

static void equal_points_are_counted(void) {
    Scenario *s = load(NPE "[source t]\nports = 1\n[series a]\nt.payload = ${0, 400}\n"
                           "[series b]\nt.payload = ${400, 0, 1}\nt.rate = 1000Mbit/s\n",
                       NULL, NULL);
    CHECK_U64(scenario_n_points(s), 5);
    CHECK_U64(scenario_n_equal(s), 2);
    scenario_free(s);
}

static void a_parameter_compares_with_values_as_they_are_written(void) {
    Scenario *s = load(AXES "[series a]\nt.flows = 1\n[series b]\nt.flows = 2\n", NULL, NULL);
    static const struct {
        const char *name, *text;
        double order; /* at the first point; NAN: neither */
    } some[] = {{"t.rate", "100Mbit/s", 0},
                {"rate", "100Mbit/s frame", 0},
                {"rate", "0.2Gbit/s", -1},
                {"rate", "1e8", 0},
                {"t.pattern", "constant", 0},
                {"series", "a", 0},
                {"series", "b", NAN},
                {"t.start", "0", 0},
                {"t.duration", "1ms", 1},
                {"t.node_address", "10.255.0.1", 0},
                {"t.node_address", "10.0.0.1", NAN}};
    for (unsigned i = 0; i < G_N_ELEMENTS(some); i++) {
        double order = 7;
        CHECK(scenario_compare(s, 0, some[i].name, some[i].text, &order, NULL));
        CHECK(isnan(some[i].order) ? isnan(order) : order == some[i].order);
    }
    double order;
    g_autoptr(GError) error = NULL;
    CHECK(!scenario_compare(s, 0, "t.nothing", "1", &order, &error) && !error);
    CHECK(!scenario_compare(s, 0, "t.rate", "1kg", &order, &error) && error);
    scenario_free(s);
}

static void none_is_an_empty_value(void) {
    CHECK(alike(NPE "[slice s]\nnpe = npe0\nroutes = none\nqueues = none\n", NULL,
                NPE "[slice s]\nnpe = npe0\n"));
    refused(NPE "[slice s]\nnpe = none\n", "[slice s] npe: found \"none\"");
    refused(NPE "[source t]\nrate = none\n", "[source t] rate: found \"none\"");
}

static void columns_are_named_in_their_order(void) {
    Scenario *s = load("[scenario]\ncolumns = sink.lost, sink.delivered_pps as \"Mp/s\"\n" NPE
                       "[source t]\n[sink sink]\nsource = t\n",
                       NULL, NULL);
    CHECK_U64(scenario_n_columns(s), 2);
    CHECK_TEXT(scenario_column(s, 0)->scalar, "sink.lost");
    CHECK(!scenario_column(s, 0)->label);
    CHECK_TEXT(scenario_column(s, 1)->label, "Mp/s");
    scenario_free(s);
    refused("[scenario]\ncolumns = sink.lost as lost\n" NPE,
            "s.ini:2: [scenario] columns: found \"as lost\", expected NAME as \"LABEL\"");
    refused("[scenario]\ncolumns = lost\n" NPE,
            "columns: found \"lost\", expected COMPONENT.SCALAR");
}

static void mistakes_name_the_element_and_the_key(void) {
    refused(NPE "[slice s*4]\nnpe = npe0\nvlan = {4094 + i}\n",
            "s.ini:4: [slice s1] vlan: found \"4095\"");
    refused(NPE "[slice s*4]\nnpe = npe0\nvlan = {100 + j}\n",
            "s.ini:4: [slice s0] vlan: found {100 + j} with j, which is no name of [let]");
    refused("[let]\nload = 1Mbit/s\n" NPE "[source t]\nrate = {laod}\n",
            "s.ini:5: [source t] rate: found {laod} with laod, which is no name of [let]; the "
            "nearest is load");
    refused(NPE "[source t]\nstart = {i}ms\n",
            "[source t] start: found {i} with i, which only an array such as [source a*4] has");
    refused(NPE "[source t]\nstart = {1 / 0}ms\n", "with a division by 0");
    refused(NPE "[source t]\nstart = {(1 + 2}ms\n", "with no ) for a (");
    refused(NPE "[source t]\nstart = {1 2}ms\n", "with \"2\" where an operator is expected");
    refused(NPE "[source t]\nstart = {1\n", "found \"{1\" without a closing }");
    refused(NPE "[slice s*0]\nnpe = npe0\n", "s.ini:2: [slice s*0]: found 0 copies, expected 1 to");
    refused(NPE "[slice s*x]\nnpe = npe0\n", "s.ini:2: [slice s*x]: found x copies");
    refused(NPE "[text routes]\na\n[slice s]\nnpe = npe0\nroutes = @routs\n",
            "s.ini:6: [slice s] routes: found @routs, expected the name of a [text] section, or "
            "@file PATH; the nearest is @routes");
    refused(NPE "[slice s]\nnpe = npe0\nroutes = @file nowhere.txt\n", "nowhere.txt");
    refused(NPE "[every 1ms from 2ms]\nnpe0 = reset\n", "s.ini:2: [every 1ms from 2ms]: expected");
    refused(NPE "[slice s*2]\nnpe = npe0\nvlan = {1 + i}\n[source s1]\nports = 1\n",
            "found a second component s1");
    refused(NPE "[let]\nn = 4\n", "s.ini:3: [let] n: found a name that arrays have");
}

/* Every strcmp of this program comes here (tests/rules.mk). */
int __real_strcmp(const char *a, const char *b);
int __wrap_strcmp(const char *a, const char *b);
static uint64_t comparisons;
int __wrap_strcmp(const char *a, const char *b) {
    comparisons++;
    return __real_strcmp(a, b);
}

/* So many slices with routes on ten NPEs, with a source, a sink and a link each, loaded, built and
 * checked; what is named stands behind who names it. */
static uint64_t comparisons_of(unsigned slices) {
    g_autofree char *text = g_strdup_printf(
        "[let]\nn_slices = %u\n[slice s*{n_slices}]\nnpe = npe{i %% 10}\nudp_port = {10000 + i}\n"
        "vlan = {1 + i}\nsram = 1KiB\nroutes = @ways\n[sink k*{n_slices}]\nports = 1\n"
        "source = t{i}\n[source t*{n_slices}]\nports = 1\nudp_port = {10000 + i}\n"
        "[link l*{n_slices}]\nlink = t{i}.0 -> k{i}.0\n[npe npe*10]\n[text ways]\n"
        "10.0.0.0/16 0 192.168.100.1:30000\n10.1.0.0/16 1 192.168.101.1:30000\n",
        slices);
    uint64_t before = comparisons;
    Scenario *s = load(text, NULL, NULL);
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) error = NULL;
    g_assert(s);
    CHECK(scenario_check(s, NULL, NULL, NULL, warnings, &error));
    uint64_t n = comparisons - before;
    g_autofree char *last = g_strdup_printf("s%u.udp_port", slices - 1),
                    *none = g_strdup_printf("s%u.udp_port", slices);
    double value;
    CHECK(scenario_value(s, 0, last, &value) && value == 10000 + slices - 1);
    CHECK(!scenario_value(s, 0, none, &value));
    scenario_free(s);
    return n;
}

static void twice_as_many_slices_are_twice_the_work(void) {
    uint64_t some = comparisons_of(500), twice = comparisons_of(1000);
    printf("  %" G_GUINT64_FORMAT " comparisons of names for 500 slices, %" G_GUINT64_FORMAT
           " for 1000\n",
           some, twice);
    CHECK(twice < 2.2 * (double)some);
}

static void a_study_of_it_reads_back_to_the_same(void) {
    Scenario *s = load("[let]\na = 3\n" NPE "[slice s*{a}]\nnpe = npe0\nudp_port = {1 + i}\n"
                       "vlan = {1 + i}\nqueue_packets = ${10, 20}\n"
                       "[every 1ms from 1ms until 3ms]\ns1 = queue 0 limit {i + 5}\n",
                       NULL, NULL);
    g_autofree char *flat = scenario_flat(s), *resolved = scenario_resolved(s, 1);
    CHECK(alike(flat, NULL, flat));
    Scenario *again = load(flat, NULL, NULL), *one = load(resolved, NULL, NULL);
    for (unsigned i = 0; i < 2; i++) {
        g_autofree char *x = scenario_identity(s, i), *y = scenario_identity(again, i);
        CHECK_TEXT(y, x);
    }
    g_autofree char *x = scenario_identity(s, 1), *y = scenario_identity(one, 0);
    CHECK_TEXT(y, x);
    scenario_free(again);
    scenario_free(one);
    scenario_free(s);
}

int main(void) {
    static const Test tests[] = {TEST(an_array_is_its_elements),
                                 TEST(an_elements_own_section_overrides_it_key_by_key),
                                 TEST(let_names_values_and_set_changes_them),
                                 TEST(the_order_of_let_does_not_matter),
                                 TEST(a_text_stands_where_it_is_named),
                                 TEST(an_array_has_one_axis),
                                 TEST(set_reaches_all_elements),
                                 TEST(a_name_of_let_may_iterate),
                                 TEST(a_line_of_a_text_may_stand_for_several),
                                 TEST(claims_stand_one_a_line),
                                 TEST(a_line_may_go_on_in_the_next),
                                 TEST(every_is_a_list_of_times),
                                 TEST(series_are_one_study),
                                 TEST(where_leaves_points_out),
                                 TEST(a_series_has_its_own_where),
                                 TEST(equal_points_are_counted),
                                 TEST(a_parameter_compares_with_values_as_they_are_written),
                                 TEST(none_is_an_empty_value),
                                 TEST(columns_are_named_in_their_order),
                                 TEST(mistakes_name_the_element_and_the_key),
                                 TEST(twice_as_many_slices_are_twice_the_work),
                                 TEST(a_study_of_it_reads_back_to_the_same),
                                 {0}};
    folder = bench_folder();
    int status = run_tests("language", tests);
    bench_remove(folder);
    return status;
}
