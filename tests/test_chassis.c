/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a chassis takes and what it refuses. Blades are real NPEs where the class matters to the
 * chassis alone, and otherwise stand-ins that have the class's name and four ports. */
#include "components/chassis/chassis.h"
#include "components/classes.h"
#include "components/npe/npe.h"
#include "emu/core/report.h"
#include "emu/scenario/scenario.h"
#include "tests/check.h"
#include "tests/runs.h"

static bool four_ports(Component *c, GError **error) {
    (void)error;
    c->n_ports = 4;
    return true;
}
static void swallow(Component *c, unsigned port, Packet *pkt) {
    (void)c, (void)port;
    packet_deliver(pkt);
}
#define STAND_IN(symbol, class_name)                                                               \
    static const ComponentClass symbol = {                                                         \
        .name = class_name, .size = sizeof(Component), .create = four_ports, .receive = swallow}
STAND_IN(stand_in_npe, "npe");
STAND_IN(stand_in_linecard, "linecard");
STAND_IN(stand_in_gpe, "gpe");
STAND_IN(stand_in_cp, "cp");
STAND_IN(stand_in_switch, "switch");
STAND_IN(stand_in_sink, "sink");

/* A world that "NAME=CLASS ..." and the links "NAME NAME ..." describe, ports in order of use. */
typedef struct {
    Network *net;
    Component *chassis;
} World;

static void set(Component *c, const char *name, const char *value) {
    g_autoptr(GError) error = NULL;
    bool ok = param_set(param_find(c->class->params, name), c, value, NULL, &error);
    if (!ok) printf("  %s: %s\n", name, error->message);
    CHECK(ok);
}

static World world(const char *components, const char *blades) {
    static const ComponentClass *const classes[] = {&stand_in_npe,    &stand_in_linecard,
                                                    &stand_in_gpe,    &stand_in_cp,
                                                    &stand_in_switch, &stand_in_sink};
    NetworkOptions options = {.seed = 1};
    World w = {.net = network_new(&options)};
    w.chassis = network_add(w.net, &chassis_class, "box");
    g_auto(GStrv) words = g_strsplit(components, " ", -1);
    for (unsigned i = 0; words[i]; i++) {
        char *class = strchr(words[i], '=');
        if (!class) continue;
        *class ++ = 0;
        for (unsigned k = 0; k < G_N_ELEMENTS(classes); k++)
            if (!strcmp(class, classes[k]->name)) network_add(w.net, classes[k], words[i]);
        CHECK(network_find(w.net, words[i]) != NULL);
    }
    CHECK(network_create(w.net, NULL));
    set(w.chassis, "blades", blades);
    return w;
}

static void wire(World w, const char *from, unsigned from_port, const char *to, unsigned to_port) {
    CHECK(network_link(network_find(w.net, from), from_port, network_find(w.net, to), to_port,
                       (LinkSpeed){800u << 16, 0}, NULL));
}

/* NULL: accepted. The caller frees. The world is gone afterwards. */
static char *verdict(World w) {
    g_autoptr(GError) error = NULL;
    const Component *refused = NULL;
    bool ok = network_start(w.net, &refused, &error);
    if (!ok) {
        CHECK(refused == w.chassis);
        CHECK(error->domain == SPPEMU_INPUT_ERROR);
    }
    network_free(w.net);
    return ok ? NULL : g_strdup(error->message);
}

static void accepted(World w) {
    g_autofree char *message = verdict(w);
    if (message) printf("  %s\n", message);
    CHECK(!message);
}
static void refused(World w, const char *expected) {
    g_autofree char *message = verdict(w);
    CHECK_TEXT(message, expected);
}

static double reported(World w, const char *name) {
    Report *report = report_new();
    network_report(w.net, report);
    const ReportScalar *s = report_find(report, name);
    double value = s ? s->value : NAN;
    report_free(report);
    return value;
}

#define NODE "lc=linecard n0=npe n1=npe g=gpe c=cp data=switch control=switch s=sink"

static void the_papers_development_platform_fits(void) {
    /* Figure 2: a line card, a blade of two NPEs, a GPE and a CP: 4 of 12 slots. */
    World w = world(NODE, "lc; n0+n1; c; g");
    set(w.chassis, "data_switch", "data");
    set(w.chassis, "control_switch", "control");
    wire(w, "n0", 0, "data", 0);
    wire(w, "n0", 1, "control", 0);
    wire(w, "data", 1, "g", 0);
    wire(w, "control", 1, "g", 1);
    const Component *failed;
    CHECK(network_start(w.net, &failed, NULL));
    CHECK_NEAR(reported(w, "box.blades"), 4, 0);
    CHECK_NEAR(reported(w, "box.free_slots"), 8, 0);
    CHECK(network_stop(w.net, NULL));
    network_free(w.net);
}

static void blades_may_be_written_in_several_ways(void) {
    static const char *const ways[] = {
        "lc;n0+n1;g;c", "lc ; n0 n1 ; g ; c", "lc;n0 + n1;g;c;", "  lc;\tn0\tn1  ;g;c ; ",
        "n1;n0;g;c;lc", "c;g;n1+n0;lc",       "lc+;+n0+n1;g+ ;c"};
    for (unsigned i = 0; i < G_N_ELEMENTS(ways); i++) accepted(world(NODE, ways[i]));
}

static void an_empty_chassis_has_all_slots_free(void) {
    World w = world("s=sink", "");
    set(w.chassis, "size", "3");
    const Component *failed;
    CHECK(network_start(w.net, &failed, NULL));
    CHECK_NEAR(reported(w, "box.blades"), 0, 0);
    CHECK_NEAR(reported(w, "box.free_slots"), 1, 0);
    network_free(w.net);
}

static void two_slots_belong_to_the_switches(void) {
    /* 14 slots: 12 blades fit, and 13 do not; 24 NPEs fit two to a blade. */
    for (unsigned n = 11; n <= 13; n++) {
        g_autoptr(GString) names = g_string_new(NULL), blades = g_string_new(NULL);
        for (unsigned i = 0; i < n; i++) {
            g_string_append_printf(names, "g%u=gpe ", i);
            g_string_append_printf(blades, "%sg%u", i ? ";" : "", i);
        }
        World w = world(names->str, blades->str);
        if (n <= 12)
            accepted(w);
        else
            refused(w, "blades: found 13, expected up to 12: 14 slots less 2 of the switches");
        w = world(names->str, blades->str);
        set(w.chassis, "size", "15");
        accepted(w);
    }
    g_autoptr(GString) names = g_string_new(NULL), blades = g_string_new(NULL);
    for (unsigned i = 0; i < 24; i++) {
        g_string_append_printf(names, "n%u=npe ", i);
        g_string_append_printf(blades, "%sn%u", !i ? "" : i % 2 ? "+" : ";", i);
    }
    accepted(world(names->str, blades->str));
    World w = world("a=npe b=npe", "a;b");
    set(w.chassis, "size", "3");
    refused(w, "blades: found 2, expected up to 1: 3 slots less 2 of the switches");
}

static void slots_have_a_range(void) {
    World w = world("", "");
    g_autoptr(GError) error = NULL;
    const Param *slots = param_find(chassis_class.params, "size");
    CHECK(!param_set(slots, w.chassis, "2", NULL, &error));
    CHECK_CONTAINS(error->message, "expected 3 or more, up to 64");
    g_clear_error(&error);
    CHECK(!param_set(slots, w.chassis, "65", NULL, &error));
    CHECK_CONTAINS(error->message, "expected 3 or more, up to 64");
    network_free(w.net);
}

static void who_is_on_a_blade_must_exist(void) {
    refused(world(NODE, "lc;n0+n7;g;c"),
            "blades: found no component \"n7\" for blade 2, expected an npe, linecard, gpe or cp");
    refused(world(NODE, "lc;n0,n1;g;c"), "blades: found no component \"n0,n1\" for blade 2, "
                                         "expected an npe, linecard, gpe or cp");
    refused(world(NODE, "lc;;n0+n1;g;c"), "blades: found nothing on blade 2, expected a component");
    refused(world(NODE, ";"), "blades: found nothing on blade 1, expected a component");
    refused(world(NODE, "+"), "blades: found nothing on blade 1, expected a component");
}

static void not_everything_is_a_blade(void) {
    refused(world(NODE, "lc;s;n0+n1;g;c"),
            "blades: found s (sink) on blade 2, expected an npe, linecard, gpe or cp");
    refused(world(NODE, "data"),
            "blades: found data (switch) on blade 1, expected an npe, linecard, gpe or cp");
    refused(world(NODE, "box"),
            "blades: found box (chassis) on blade 1, expected an npe, linecard, gpe or cp");
}

static void a_component_is_on_one_blade(void) {
    refused(world(NODE, "lc;n0;n0+n1;g;c"),
            "blades: found n0 again on blade 3, expected each component once");
    refused(world(NODE, "n0+n0"),
            "blades: found n0 again on blade 1, expected each component once");
}

static void a_blade_holds_two_npes_or_one_of_another_class(void) {
    refused(world(NODE " n2=npe", "lc;n0+n1+n2;g;c"),
            "blades: found a third NPE, n2, on blade 2, expected up to 2");
    refused(world(NODE, "lc;n0+n1;g+c"), "blades: found c (cp) beside g (gpe) on blade 3, "
                                         "expected one component or two NPEs");
    refused(world(NODE, "lc+n0;n1;g;c"), "blades: found n0 (npe) beside lc (linecard) on blade "
                                         "1, expected one component or two NPEs");
    refused(world(NODE, "lc;n0+n1+g;c"), "blades: found g (gpe) beside n0 (npe) on blade 2, "
                                         "expected one component or two NPEs");
}

static void nobody_is_left_out(void) {
    refused(world(NODE, "lc;n0;g;c"), "blades: found n1 (npe) on no blade");
    refused(world(NODE, "n0+n1;g;c"), "blades: found lc (linecard) on no blade");
    refused(world(NODE, "lc;n0+n1;c"), "blades: found g (gpe) on no blade");
    refused(world(NODE, "lc;n0+n1;g"), "blades: found c (cp) on no blade");
}

static void engines_on_the_data_switch_need_a_line_card(void) {
    static const char *const without = "n0=npe g=gpe c=cp data=switch control=switch";
    const char *blades = "n0;g;c";
    World w = world(without, blades);
    wire(w, "n0", 0, "data", 0); /* but no data switch is named */
    accepted(w);
    w = world(without, blades);
    set(w.chassis, "data_switch", "data"); /* named, but not wired */
    accepted(w);
    w = world(without, blades);
    set(w.chassis, "data_switch", "data");
    wire(w, "n0", 1, "control", 0); /* wired to the other */
    wire(w, "c", 1, "data", 0);     /* a control processor has its own ways */
    accepted(w);
    w = world(without, blades);
    set(w.chassis, "data_switch", "data");
    wire(w, "n0", 3, "data", 0);
    refused(w, "blades: found no line card, expected one: all input and output of n0, which is on "
               "data, goes through it");
    w = world(without, blades);
    set(w.chassis, "data_switch", "data");
    wire(w, "data", 3, "g", 2); /* the other direction, the other engine */
    refused(w, "blades: found no line card, expected one: all input and output of g, which is on "
               "data, goes through it");
}

static void a_blade_is_on_both_switches(void) {
    for (unsigned missing = 0; missing < 3; missing++) {
        World w = world(NODE, "lc;n0+n1;g;c");
        set(w.chassis, "data_switch", "data");
        set(w.chassis, "control_switch", "control");
        wire(w, "lc", 0, "data", 0);
        wire(w, "lc", 1, "control", 0);
        wire(w, "data", 1, "c", 0); /* either direction */
        if (missing != 1) wire(w, "control", 1, "c", 1);
        if (missing != 2) wire(w, "g", 0, "data", 2);
        wire(w, "g", 3, "control", 2);
        if (missing == 0)
            accepted(w);
        else if (missing == 1)
            refused(w, "control_switch: found no link of c with control, expected one beside that "
                       "with data: each blade is on both switches");
        else
            refused(w, "data_switch: found no link of g with data, expected one beside that with "
                       "control: each blade is on both switches");
    }
}

static void switches_are_switches_and_two(void) {
    World w = world(NODE, "lc;n0+n1;g;c");
    set(w.chassis, "data_switch", "dat");
    refused(w, "data_switch: found no component \"dat\", expected the name of a switch");
    w = world(NODE, "lc;n0+n1;g;c");
    set(w.chassis, "control_switch", "s");
    refused(w, "control_switch: found s (sink) expected a switch");
    w = world(NODE, "lc;n0+n1;g;c");
    set(w.chassis, "data_switch", "data");
    set(w.chassis, "control_switch", "data");
    refused(w, "control_switch: found data, which is the data switch, expected another");
}

/* A stand-in whose MAC address ends with the last letter of its name, the same at all ports. */
static bool named_station(const Component *c, unsigned port, unsigned n, uint8_t mac[6]) {
    (void)port;
    if (n) return false;
    memcpy(mac, (const uint8_t[]){2, 0, 0, 0, 0, (uint8_t)c->name[strlen(c->name) - 1]}, 6);
    return true;
}
static const ComponentClass addressed = {.name = "gpe",
                                         .size = sizeof(Component),
                                         .create = four_ports,
                                         .receive = swallow,
                                         .station = named_station};

static void mac_addresses_differ_between_blades(void) {
    for (unsigned same = 0; same < 2; same++) {
        World w = world("n=npe", same ? "xa;n;ya" : "xa;n;yb");
        network_add(w.net, &addressed, "xa");
        network_add(w.net, &addressed, same ? "ya" : "yb");
        CHECK(network_create(w.net, NULL));
        if (same)
            refused(w, "blades: found the MAC address 02:00:00:00:00:61 on xa and on ya");
        else
            accepted(w);
    }
}

/* From a file: the refusal names the place, and a real NPE counts. */
static void a_scenario_with_a_chassis(void) {
    g_autofree char *path = g_build_filename(g_get_tmp_dir(), "sppemu-chassis-XXXXXX", NULL);
    int fd = g_mkstemp(path);
    CHECK(fd >= 0);
    close(fd);
    static const char text[] = "[npe n0]\n[npe n1]\n[npe n2]\n[chassis box]\nblades = n0+n1; n2\n";
    CHECK(g_file_set_contents(path, text, -1, NULL));
    for (unsigned bad = 0; bad < 2; bad++) {
        const char *const set_bad[] = {"box.blades=n0+n1", NULL};
        g_autoptr(GError) error = NULL;
        Scenario *s = load_timed(path, bad ? set_bad : NULL, component_classes, &error);
        CHECK(s != NULL);
        NetworkOptions options = {.seed = 1};
        Network *net = scenario_build(s, 0, &options, &error);
        CHECK(net != NULL);
        CHECK(network_find(net, "n0")->class == &npe_class);
        const Component *failed = NULL;
        CHECK(network_start(net, &failed, &error) == !bad);
        if (bad) {
            CHECK_TEXT(failed->name, "box");
            CHECK_TEXT(error->message, "blades: found n2 (npe) on no blade");
        } else {
            World w = {net, network_find(net, "box")};
            CHECK_NEAR(reported(w, "box.blades"), 2, 0);
            CHECK_NEAR(reported(w, "box.free_slots"), 10, 0);
        }
        network_free(net);
        scenario_free(s);
    }
    unlink(path);
}

/* Real classes throughout: scenarios/chassis-dev.ini with a chassis before and after it. */
static void the_shipped_platform_fits_a_chassis(void) {
    static const struct {
        const char *blades, *set, *refusal;
    } cases[] = {
        {"lc0; npe0+npe1; cp0", NULL, NULL},
        {"lc0; npe0+npe1", NULL, "blades: found cp0 (cp) on no blade"},
        {"lc0+npe0; npe1; cp0", NULL, "blades: found npe0 (npe) beside lc0 (linecard) on blade 1"},
        {"lc0; npe0+npe1; cp0; data", NULL, "blades: found data (switch) on blade 4"},
        {"lc0; npe0+npe1; cp0", "npe1.mac=02:00:00:01:10:00",
         "blades: found the MAC address 02:00:00:01:10:00 on npe0 and on npe1"},
    };
    g_autofree char *here = g_get_current_dir(),
                    *path = g_build_filename(g_get_tmp_dir(), "sppemu-chassis-XXXXXX", NULL);
    int fd = g_mkstemp(path);
    CHECK(fd >= 0);
    close(fd);
    for (unsigned i = 0; i < 2 * G_N_ELEMENTS(cases); i++) {
        bool first = i % 2;
        g_autofree char *chassis =
                            g_strdup_printf("[chassis box]\nblades = %s\ndata_switch = data\n",
                                            cases[i / 2].blades),
                        *text = g_strdup_printf("%s[scenario]\ninclude = "
                                                "%s/scenarios/chassis-dev.ini\n%s",
                                                first ? chassis : "", here, first ? "" : chassis);
        CHECK(g_file_set_contents(path, text, -1, NULL));
        const char *const set_one[] = {cases[i / 2].set, NULL};
        g_autoptr(GError) error = NULL;
        Scenario *s = load_timed(path, set_one, component_classes, &error);
        if (error) printf("  %s\n", error->message);
        CHECK(s != NULL);
        if (!s) break;
        NetworkOptions options = {.seed = 1};
        Network *net = scenario_build(s, 0, &options, &error);
        CHECK(net != NULL);
        const Component *c = network_find(net, "box");
        bool ok = c->class->start((Component *)c, &error); /* whoever else might refuse */
        CHECK(ok == !cases[i / 2].refusal);
        if (!ok) CHECK_CONTAINS(error->message, cases[i / 2].refusal);
        network_free(net);
        scenario_free(s);
    }
    unlink(path);
}

int main(void) {
    static const Test tests[] = {TEST(the_papers_development_platform_fits),
                                 TEST(blades_may_be_written_in_several_ways),
                                 TEST(an_empty_chassis_has_all_slots_free),
                                 TEST(two_slots_belong_to_the_switches),
                                 TEST(slots_have_a_range),
                                 TEST(who_is_on_a_blade_must_exist),
                                 TEST(not_everything_is_a_blade),
                                 TEST(a_component_is_on_one_blade),
                                 TEST(a_blade_holds_two_npes_or_one_of_another_class),
                                 TEST(nobody_is_left_out),
                                 TEST(engines_on_the_data_switch_need_a_line_card),
                                 TEST(a_blade_is_on_both_switches),
                                 TEST(switches_are_switches_and_two),
                                 TEST(mac_addresses_differ_between_blades),
                                 TEST(the_shipped_platform_fits_a_chassis),
                                 TEST(a_scenario_with_a_chassis),
                                 {0}};
    return run_tests("chassis", tests);
}
