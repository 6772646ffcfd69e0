/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What follows from a chassis' slots and from `attach`. Oracle: the same scenario with everything
 * written by hand, which has the same identity, or, where the chassis is told otherwise, the same
 * fingerprint. */
#include "components/classes.h"
#include "emu/scenario/scenario.h"
#include "tests/bench.h"

static Scenario *load(const char *text, const char *set) {
    g_autoptr(GError) error = NULL;
    char *folder = bench_folder();
    const char *const sets[] = {set, NULL};
    Scenario *s = bench_load(folder, text, set ? sets : NULL, &error);
    if (!s) printf("  %s\n", error->message);
    bench_remove(folder);
    return s;
}

static bool alike(const char *brief, const char *set, const char *plain) {
    Scenario *a = load(brief, set), *b = load(plain, NULL);
    g_autofree char *x = a ? scenario_identity(a, 0) : NULL,
                    *y = b ? scenario_identity(b, 0) : NULL;
    scenario_free(a);
    scenario_free(b);
    return x && y && !strcmp(x, y);
}

static void holds(const char *text, const char *set, const char *name, double expected) {
    Scenario *s = load(text, set);
    double value = -1;
    CHECK(s && scenario_value(s, 0, name, &value));
    CHECK_NEAR(value, expected, 0);
    scenario_free(s);
}

#define TRAFFIC                                                                                    \
    "[slice router]\nnpe = npe0\nroutes = 10.0.0.0/16 0 192.168.100.1:30000; 10.1.0.0/16 1 "       \
    "192.168.101.1:30000\n"                                                                        \
    "[source traffic]\nports = 2\nrate = 1Gbit/s wire\nduration = 2ms\nwarmup = 0\n"               \
    "[sink sink]\nports = 2\n"
#define LINKS                                                                                      \
    "[link wire_traffic]\nlink = traffic.0..1 -> lc0.0..1\n"                                       \
    "[link wire_sink]\nlink = lc0.0..1 -> sink.0..1\n"
#define BY_HAND                                                                                    \
    "[switch data]\nports = 8\n[switch control]\nports = 5\n[linecard lc0]\ncontrol_processor = "  \
    "cp0\n"                                                                                        \
    "[npe npe0]\nlinecard = lc0\nmac = 02:00:00:01:10:00\ninterfaces = 10\nschedulers = 12\n"      \
    "[npe npe1]\nlinecard = lc0\nmac = 02:00:00:01:10:01\ninterfaces = 10\nschedulers = 12\n"      \
    "[gpe gpe0]\nlinecard = lc0\nmac = 02:00:00:01:30:00\n[cp cp0]\nmac = 02:00:00:01:20:00\n"     \
    "[link lc0]\nlink = lc0.10 -> data.0\nrate = 10Gbit/s\nboth = yes\n"                           \
    "[link npe0]\nlink = npe0.0 -> data.1\nrate = 10Gbit/s\nboth = yes\n"                          \
    "[link npe1]\nlink = npe1.0 -> data.2\nrate = 10Gbit/s\nboth = yes\n"                          \
    "[link gpe0]\nlink = gpe0.0..3 -> data.3..6\nrate = 1Gbit/s\nboth = yes\n"                     \
    "[link cp0]\nlink = cp0.0 -> data.7\nrate = 1Gbit/s\nboth = yes\n"                             \
    "[link lc0_control]\nlink = lc0.11 -> control.0\nrate = 1Gbit/s\nboth = yes\n"                 \
    "[link npe0_control]\nlink = npe0.1 -> control.1\nrate = 1Gbit/s\nboth = yes\n"                \
    "[link npe1_control]\nlink = npe1.1 -> control.2\nrate = 1Gbit/s\nboth = yes\n"                \
    "[link gpe0_control]\nlink = gpe0.4 -> control.3\nrate = 1Gbit/s\nboth = yes\n"                \
    "[link cp0_control]\nlink = cp0.1 -> control.4\nrate = 1Gbit/s\nboth = yes\n"

static void a_chassis_is_its_blades_switch_links_and_addresses(void) {
    RunResult *made = bench_run("[chassis spp]\nslots = linecard; np; gpe; cp\n" TRAFFIC LINKS),
              *hand =
                  bench_run("[chassis spp]\nblades = lc0; npe0+npe1; gpe0; cp0\n"
                            "data_switch = data\ncontrol_switch = control\n" BY_HAND TRAFFIC LINKS);
    CHECK_U64(made->fingerprint, hand->fingerprint);
    CHECK_U64(made->scalars->len, hand->scalars->len);
    CHECK_NEAR(bench_value(made, "spp.blades"), 4, 0);
    CHECK(bench_value(made, "sink.delivered_pps") > 0);
    run_result_free(made);
    run_result_free(hand);
}

static void a_preset_is_its_slots(void) {
    RunResult *a = bench_run("[chassis spp]\npreset = development\n" TRAFFIC LINKS),
              *b = bench_run("[chassis spp]\nslots = linecard; np; gpe; cp\n" TRAFFIC LINKS);
    CHECK_U64(a->fingerprint, b->fingerprint);
    run_result_free(a);
    run_result_free(b);
    holds("[chassis spp]\npreset = full-14\n", NULL, "data.ports", 5 + 10 + 1);
    holds("[chassis spp]\npreset = development\n", "spp.preset=full-14", "npe9.interfaces", 10);
    holds("[chassis spp]\nslots = linecard; np*3\n", NULL, "npe5.schedulers", 12);
}

static void what_is_written_holds(void) {
    static const char own[] = "[chassis spp]\npreset = development\n[npe npe1]\ninterfaces = 4\n"
                              "[link npe0]\nrate = 5Gbit/s\n[switch data]\nports = 14\n" TRAFFIC;
    holds(own, NULL, "npe1.interfaces", 4);
    holds(own, NULL, "npe0.interfaces", 10);
    holds(own, NULL, "data.ports", 14);
    holds(own, "npe0.interfaces=6", "npe0.interfaces", 6);
    holds(own, "npe*.me_clock=1GHz", "npe1.me_clock", 1e9);
    holds("[chassis spp]\nslots = linecard; np\n[linecard lc0]\ninterfaces = 4\n", NULL,
          "npe0.interfaces", 4);
}

static void links_of_blades_are_as_the_chassis_says(void) {
    static const char own[] = "[chassis spp]\npreset = development\nswitch_rate = 40Gbit/s\n"
                              "server_rate = 2Gbit/s\nserver_links = 2\n[gpe gpe0]\nports = 2\n";
    holds(own, NULL, "lc0.rate", 40e9);
    holds(own, NULL, "npe1.rate", 40e9);
    holds(own, NULL, "cp0_control.rate", 2e9);
    holds(own, NULL, "data.ports", 1 + 2 + 2 + 1);
    holds(own, "npe0.rate=1Gbit/s", "npe0.rate", 1e9);
    CHECK_REFUSED("[chassis spp]\npreset = development\nswitch_rate = ${1, 2}Gbit/s\n",
                  "test.ini:3: [chassis spp] switch_rate: found a rate that iterates");
}

static void addresses_count_on_past_a_byte(void) {
    Scenario *s = load("[chassis spp]\nslots = linecard; np\n[linecard lc0]\n"
                       "address = 10.0.0.253\nmac = 02:00:00:00:01:fd\n[source t]\n"
                       "attach = spp interfaces 4\n",
                       NULL);
    g_autofree char *resolved = s ? scenario_resolved(s, 0) : g_strdup("");
    CHECK_CONTAINS(resolved, "node_address = 10.0.1.1\n");
    CHECK_CONTAINS(resolved, "peer_address = 10.2.1.1\n");
    CHECK_CONTAINS(resolved, "node_mac = 02:00:00:00:01:01\n");
    CHECK_CONTAINS(resolved, "peer_mac = 02:00:00:00:03:01\n");
    scenario_free(s);
}

static void line_cards_are_shared_out_by_blade(void) {
    Scenario *s = load("[chassis spp]\nslots = linecard*2; np*3; gpe*2\n", NULL);
    g_autofree char *resolved = scenario_resolved(s, 0);
    static const char *const of[][2] = {{"npe npe1", "lc0"},
                                        {"npe npe2", "lc1"},
                                        {"npe npe3", "lc1"},
                                        {"npe npe5", "lc0"},
                                        {"gpe gpe1", "lc1"}};
    for (unsigned i = 0; i < G_N_ELEMENTS(of); i++) {
        g_autofree char *head = g_strdup_printf("[%s]", of[i][0]),
                        *line = g_strdup_printf("linecard = %s\n", of[i][1]);
        const char *at = strstr(resolved, head), *key = at ? strstr(at, "\nlinecard = ") : NULL;
        CHECK(key && g_str_has_prefix(key + 1, line));
    }
    scenario_free(s);
}

static void blades_stand_with_their_chassis_wherever_they_are_written(void) {
    Scenario *s = load("[chassis spp]\nslots = linecard; np\n[source t]\n"
                       "attach = spp interfaces 0\n[npe npe1]\nqueues = 4096\n",
                       NULL);
    g_autofree char *flat = scenario_flat(s);
    CHECK(strstr(flat, "[npe npe1]") < strstr(flat, "[source t]"));
    CHECK(strstr(flat, "[npe npe0]") < strstr(flat, "[npe npe1]"));
    scenario_free(s);
}

static void vlans_count_up_past_those_that_are_written(void) {
    static const char three[] = "[chassis spp]\npreset = development\n[slice a]\nnpe = npe0\n"
                                "[slice b]\nnpe = npe0\nudp_port = 2\nvlan = 100\n"
                                "[slice c]\nnpe = npe0\nudp_port = 3\n";
    holds(three, NULL, "a.vlan", 101);
    holds(three, NULL, "b.vlan", 100);
    holds(three, NULL, "c.vlan", 102);
}

static void attach_is_its_links(void) {
    CHECK(
        alike("[chassis spp]\npreset = development\n[slice router]\nnpe = npe0\n[source traffic]\n"
              "attach = spp interfaces 3..4\n[sink sink]\nattach = spp interfaces 1..2\n"
              "[responder host]\nattach = spp interfaces 7\n",
              NULL,
              "[chassis spp]\npreset = development\n[slice router]\nnpe = npe0\n[source traffic]\n"
              "ports = 2\nnode_address = 10.255.0.4\nnode_mac = 02:00:00:00:01:03\n"
              "peer_address = 10.253.0.4\npeer_mac = 02:00:00:00:03:03\n[sink sink]\nports = 2\n"
              "[responder host]\n"
              "[link wire_traffic]\nlink = traffic.0..1 -> lc0.3..4\n"
              "[link wire_sink]\nlink = lc0.1..2 -> sink.0..1\n"
              "[link wire_host]\nlink = host.0 -> lc0.7\nboth = yes\n"));
    CHECK(alike("[npe npe0]\n[source traffic]\nattach = npe0 interfaces 0..4\n[sink sink]\n"
                "attach = npe0 interfaces 0..3\n[demux d]\nattach = npe0 ports 0..3\n",
                "traffic.attach=d",
                "[npe npe0]\n[source traffic]\n[sink sink]\nports = 4\n[demux d]\noutputs = 4\n"
                "[link wire_traffic]\nlink = traffic.0..4 -> d.0..4\nrate = none\n"
                "[link wire_sink]\nlink = npe0.0..3 -> sink.0..3\n"
                "[link wire_d]\nlink = d.0..3 -> npe0.0..3\nrate = none\n"));
    CHECK(alike("[responder host]\nattach = to sink interfaces 0\n[sink sink]\nports = 1\n", NULL,
                "[responder host]\n[sink sink]\nports = 1\n[link wire_host]\nlink = host.0 -> "
                "sink.0\n"));
}

static void interfaces_count_through_the_line_cards(void) {
    CHECK(
        alike("[chassis spp]\nslots = linecard*2; np\n[sink sink]\nattach = spp interfaces 8..11\n"
              "[source traffic]\nattach = spp interfaces 12\n",
              NULL,
              "[chassis spp]\nslots = linecard*2; np\n[sink sink]\nports = 4\n"
              "[source traffic]\nports = 1\nnode_address = 10.255.1.3\n"
              "node_mac = 02:00:00:01:01:02\npeer_address = 10.253.1.3\n"
              "peer_mac = 02:00:00:01:03:02\n"
              "[link wire_sink0]\nlink = lc0.8..9 -> sink.0..1\n"
              "[link wire_sink1]\nlink = lc1.0..1 -> sink.2..3\n"
              "[link wire_traffic]\nlink = traffic.0 -> lc1.2\n"));
}

static void what_is_between_cuts_one_way_of_one_wire(void) {
    static const char ends[] = "[npe npe0]\n[source t]\n[sink sink]\nsource = t\n[tap x]\n",
                      links[] = "[link in]\nlink = t.0..4 -> npe0.0..4\nrate = 2Gbit/s\nboth = %s\n"
                                "mtu = 1600B\n[link out]\nlink = npe0.%s -> sink.%s\n";
    g_autofree char *one = g_strdup_printf(links, "no", "0", "0"),
                    *two = g_strdup_printf(links, "yes", "0", "0"),
                    *a = g_strconcat(ends, one, NULL), *b = g_strconcat(ends, two, NULL);
    g_autofree char *cut =
        g_strconcat(ends,
                    "[link in]\nlink = t.0..1 -> npe0.0..1\nrate = 2Gbit/s\nmtu = 1600B\n"
                    "[link in_2]\nlink = t.3..4 -> npe0.3..4\nrate = 2Gbit/s\nmtu = 1600B\n"
                    "[link x_in]\nlink = t.2 -> x.0\nrate = 2Gbit/s\nmtu = 1600B\n"
                    "[link x_out]\nlink = x.0 -> npe0.2\nrate = none\nmtu = 1600B\n"
                    "[link out]\nlink = npe0.0 -> sink.0\n",
                    NULL);
    CHECK(alike(a, "x.attach=t.2 -> npe0.2", cut));
    g_autofree char *way = g_strconcat(
        ends,
        "[link in]\nlink = t.0..3 -> npe0.0..3\nrate = 2Gbit/s\nmtu = 1600B\nboth = yes\n"
        "[link in_2]\nlink = t.4 -> npe0.4\nrate = 2Gbit/s\nmtu = 1600B\n"
        "[link x_in]\nlink = npe0.4 -> x.0\nrate = 2Gbit/s\nmtu = 1600B\n"
        "[link x_out]\nlink = x.0 -> t.4\nrate = none\nmtu = 1600B\n"
        "[link out]\nlink = npe0.0 -> sink.0\n",
        NULL);
    CHECK(alike(b, "x.attach=npe0.4 -> t.4", way));
    /* Nothing is left of the link: its name stays, with what leads to the tap. */
    g_autofree char *all =
        g_strconcat(ends,
                    "[link in]\nlink = t.0..4 -> npe0.0..4\nrate = 2Gbit/s\nmtu = 1600B\n"
                    "[link out]\nlink = npe0.0 -> x.0\n"
                    "[link x_out]\nlink = x.0 -> sink.0\nrate = none\n",
                    NULL);
    CHECK(alike(a, "x.attach=npe0.0 -> sink.0", all));
    CHECK_REFUSED("[npe npe0]\n[tap x]\nattach = npe0.0 -> npe0.1\n",
                  "test.ini:3: [tap x] attach: found no link from npe0.0 to npe0.1");
    CHECK_REFUSED("[npe npe0]\n[tap x]\nattach = npe0\n",
                  "test.ini:3: [tap x] attach: found \"npe0\", expected A.0 -> B.1");
}

static void a_name_that_a_chassis_needs_is_refused(void) {
    /* Of a switch, of blades whose settings others follow, and of what merges senders. */
    static const char *const names[][2] = {{"control", "switch"}, {"data", "switch"},
                                           {"lc0", "linecard"},   {"npe1", "npe"},
                                           {"gpe0", "gpe"},       {"cp0", "cp"}};
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *text = g_strdup_printf("[chassis spp]\npreset = development\n"
                                                "[tap %s]\nattach = npe0.0 -> data.1\n",
                                                names[i][0]),
                        *refusal = g_strdup_printf(
                            "test.ini:3: [tap %s]: found a component with the name %s, expected "
                            "another: test.ini:1 makes [%s %s]",
                            names[i][0], names[i][0], names[i][1], names[i][0]);
        CHECK_REFUSED(text, refusal);
    }
}

static void a_link_that_is_cut_twice_reads_back(void) {
    Scenario *s = load("[chassis spp]\npreset = development\n[tap a]\nattach = npe0.0 -> data.1\n"
                       "[tap b]\nattach = data.1 -> npe0.0\n",
                       NULL);
    g_autofree char *flat = scenario_flat(s), *resolved = scenario_resolved(s, 0);
    CHECK(alike(flat, NULL, resolved));
    CHECK_CONTAINS(flat, "[tap a]");
    CHECK_CONTAINS(flat, "mtu = 9000B"); /* of a switch's link, as without the tap */
    Scenario *again = load(flat, NULL);
    g_autofree char *x = scenario_identity(s, 0), *y = again ? scenario_identity(again, 0) : NULL;
    CHECK_TEXT(y, x);
    scenario_free(again);
    scenario_free(s);
}

static void several_senders_share_an_interface(void) {
    CHECK(
        alike("[npe npe0]\n[source b*2]\nattach = npe0 interfaces 1..2\n[source a]\n"
              "attach = npe0 interfaces 2..3\n[sink sink]\nattach = npe0 interfaces 2\n"
              "source = b*, a\n",
              NULL,
              "[npe npe0]\n[source b0]\nports = 2\n[source b1]\nports = 2\n[source a]\nports = 2\n"
              "[sink sink]\nports = 1\nsource = b0, b1, a\n"
              "[mux into_npe0_1]\nlanes = 1\n[mux into_npe0_2]\ninputs = 3\nlanes = 1\n"
              "[link wire_a0]\nlink = a.1 -> npe0.3\n"
              "[link wire_sink]\nlink = npe0.2 -> sink.0\n"
              "[link into_npe0_1_0]\nlink = b0.0 -> into_npe0_1.0\nrate = none\n"
              "[link into_npe0_1_1]\nlink = b1.0 -> into_npe0_1.1\nrate = none\n"
              "[link into_npe0_1]\nlink = into_npe0_1.0 -> npe0.1\n"
              "[link into_npe0_2_0]\nlink = a.0 -> into_npe0_2.0\nrate = none\n"
              "[link into_npe0_2_1]\nlink = b0.1 -> into_npe0_2.1\nrate = none\n"
              "[link into_npe0_2_2]\nlink = b1.1 -> into_npe0_2.2\nrate = none\n"
              "[link into_npe0_2]\nlink = into_npe0_2.0 -> npe0.2\n"));
}

static void fifty_sources_on_ten_interfaces_lose_nothing_at_low_load(void) {
    RunResult *r = bench_run(
        "[chassis spp]\nslots = linecard; np; cp\n[text routes]\n10.0.0.0/16 {i % 10} "
        "192.168.100.1:30000\n[slice s*50]\nnpe = npe{i % 2}\nudp_port = {30000 + i}\n"
        "routes = @routes\n[source t*50]\nattach = spp interfaces {i % 10}\n"
        "destinations = 10.0.0.1\nudp_port = {30000 + i}\nrate = 10Mbit/s\npayload = 400\n"
        "duration = 3ms\nwarmup = 0\n[sink sink]\nattach = spp interfaces 0..9\nsource = t*\n");
    CHECK_NEAR(bench_value(r, "sink.lost"), 0, 0);
    CHECK(bench_value(r, "sink.t49.delivered_pps") > 0);
    run_result_free(r);
}

static void it_reads_back_to_the_same(void) {
    Scenario *s = load("[chassis spp]\npreset = development\n[source t*2]\n"
                       "attach = spp interfaces 0..4\n[sink sink]\nattach = spp interfaces 0..4\n"
                       "source = t*\n[slice a]\nnpe = npe1\n",
                       NULL);
    g_autofree char *flat = scenario_flat(s), *resolved = scenario_resolved(s, 0);
    CHECK(alike(flat, NULL, resolved));
    CHECK_CONTAINS(resolved, "# follows from");
    scenario_free(s);
}

static void wide(const char *text, const char *set, const char *name, const char *is) {
    Scenario *s = load(text, set);
    double order = 1;
    CHECK(s && scenario_compare(s, 0, name, is, &order, NULL));
    CHECK(order == 0);
    scenario_free(s);
}

/* Written by hand for each of them it is the same scenario. */
static void what_the_scenario_says_for_all_holds_where_a_component_says_nothing(void) {
#define NPES "[npe a]\n[npe b]\ntiming = detailed\n[linecard lc0]\n"
#define REPLAY "[replay r]\nfile = none.pcap\ntiming = scaled\n"
    static const char text[] = "[scenario]\ntiming = fast\n" NPES REPLAY, plain[] = NPES REPLAY;
    wide(text, NULL, "a.timing", "fast");
    wide(text, NULL, "b.timing", "detailed");
    wide(text, NULL, "lc0.timing", "fast");
    wide(text, NULL, "r.timing", "scaled");
    wide("[scenario]\ntiming = fast\n[replay r]\nfile = none.pcap\n", NULL, "r.timing", "original");
    wide(plain, NULL, "a.timing", "detailed");
    wide(plain, "scenario.timing=fast", "a.timing", "fast");
    wide(plain, "scenario.timing=fast", "b.timing", "detailed");
    wide(plain, "scenario.timing=fast", "scenario.timing", "fast");
    wide(text, "a.timing=detailed", "a.timing", "detailed");
    CHECK(alike(text, NULL,
                "[npe a]\ntiming = fast\n[npe b]\n[linecard lc0]\ntiming = fast\n" REPLAY));
    CHECK(!alike(text, NULL, plain));
    Scenario *s = load(text, NULL);
    g_autofree char *flat = scenario_flat(s), *resolved = scenario_resolved(s, 0);
    CHECK(alike(flat, NULL, resolved) && alike(flat, NULL, text));
    CHECK_U64(scenario_n_parameters(s), 0);
    scenario_free(s);
    s = load(plain, "scenario.timing=fast"); /* one column, not one for each component */
    CHECK_U64(scenario_n_parameters(s), 1);
    CHECK_TEXT(scenario_parameter(s, 0, 0).name, "scenario.timing");
    CHECK_TEXT(scenario_parameter(s, 0, 0).value, "fast");
    CHECK_TEXT(scenario_class_of(s, "scenario.timing"), "scenario");
    scenario_free(s);
    CHECK_REFUSED("[npe a]\n[scenario]\ntiming = fats\n",
                  "test.ini:3: [scenario] timing: found \"fats\", expected one of detailed, fast");
    CHECK_REFUSED("[npe a]\n[scenario]\ntiming = ${fast, detailed}\n",
                  "test.ini:3: [scenario] timing: found ${...}");
}

static void mistakes_name_the_section_and_the_key(void) {
    static const char c[] = "[chassis spp]\npreset = development\n";
    g_autofree char *slots = g_strconcat("[chassis spp]\nslots = linecard; npx\n", NULL);
    CHECK_REFUSED(slots, "test.ini:2: [chassis spp] slots: found \"npx\", expected blades such as");
    CHECK_REFUSED("[chassis spp]\npreset = developmnt\n[sink s]\nattach = spp interfaces 0\n",
                  "test.ini:2: [chassis spp] preset: found \"developmnt\", expected one of none");
    CHECK_REFUSED("[chassis spp]\nslots = 14\n", "(how many slots there are is `size`)");
    CHECK_REFUSED("[chassis spp]\nslots = np*${1, 2}\n",
                  "test.ini:2: [chassis spp] slots: found blades that iterate; write as many as");
#define ATTACH(class, where, message)                                                              \
    do {                                                                                           \
        g_autofree char *text = g_strconcat(c, "[" class " x]\nattach = " where "\n", NULL);       \
        CHECK_REFUSED(text, "test.ini:4: [" class " x] attach: " message);                         \
    } while (0)
    ATTACH("source", "spq interfaces 0", "found no component \"spq\"; the nearest is spp");
    ATTACH("source", "spp", "found spp, expected spp interfaces FIRST..LAST");
    ATTACH("source", "spp interface 0", "found \"spp interface 0\", expected NAME interfaces");
    ATTACH("source", "spp interfaces 4..2", "found \"spp interfaces 4..2\", expected");
    ATTACH("source", "spp interfaces 8..11", "found no interface 10 of spp");
    ATTACH("source", "${spp, spp} interfaces 0", "found ${...}, expected one place");
    ATTACH("source", "from spp interfaces 0", "found from, but a source sends");
    ATTACH("slice", "spp interfaces 0", "a slice is not attached");
    ATTACH("responder", "spp interfaces 0..1", "found 2 ports for a responder of 1");
    ATTACH("source", "spp interfaces 0..1\nports = 3", "found 2 ports for a source of 3 (ports)");
    CHECK_REFUSED(
        "[chassis spp]\nslots = linecard*2; np\n[source x]\nattach = spp interfaces 8..11\n",
        "found interfaces of lc0 and of lc1, expected those of one");
    CHECK_REFUSED("[sink sink]\nsource = t*\n", "[sink sink] source: found no component t0 for t*");
}

int main(void) {
    static const Test tests[] = {
        TEST(a_chassis_is_its_blades_switch_links_and_addresses),
        TEST(a_preset_is_its_slots),
        TEST(what_is_written_holds),
        TEST(line_cards_are_shared_out_by_blade),
        TEST(blades_stand_with_their_chassis_wherever_they_are_written),
        TEST(links_of_blades_are_as_the_chassis_says),
        TEST(addresses_count_on_past_a_byte),
        TEST(vlans_count_up_past_those_that_are_written),
        TEST(attach_is_its_links),
        TEST(interfaces_count_through_the_line_cards),
        TEST(what_is_between_cuts_one_way_of_one_wire),
        TEST(a_name_that_a_chassis_needs_is_refused),
        TEST(a_link_that_is_cut_twice_reads_back),
        TEST(several_senders_share_an_interface),
        TEST(fifty_sources_on_ten_interfaces_lose_nothing_at_low_load),
        TEST(it_reads_back_to_the_same),
        TEST(what_the_scenario_says_for_all_holds_where_a_component_says_nothing),
        TEST(mistakes_name_the_section_and_the_key),
        {0}};
    return run_tests("compose", tests);
}
