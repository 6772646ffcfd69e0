/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What is found out before a run: every point, every name, and what is not going to do what it
 * seems to. */
#include <glib/gstdio.h>

#include "components/classes.h"
#include "emu/scenario/check.h"
#include "emu/study/run.h"
#include "tests/check.h"
#include "tests/runs.h"

static char *folder, *path;
static Claims *claims;
static char message[4000]; /* the error */
static char said[8000];    /* the warnings, a line each */

static bool check_file(const char *file, const char *const *sets) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    Scenario *s = scenario_load(file, sets, component_classes, &error);
    bool ok = s && scenario_check(s, claims, NULL, NULL, warnings, &error);
    scenario_free(s);
    g_ptr_array_add(warnings, NULL);
    g_autofree char *all = g_strjoinv("\n", (char **)warnings->pdata);
    g_strlcpy(said, all, sizeof said);
    g_strlcpy(message, error ? error->message : "", sizeof message);
    CHECK(ok == !error);
    return ok;
}

static bool check_text(const char *text, const char *set) {
    const char *const sets[] = {set, NULL};
    CHECK(g_file_set_contents(path, text, -1, NULL));
    return check_file(path, set ? sets : NULL);
}

static void passes(const char *text) {
    CHECK(check_text(text, NULL));
    CHECK_TEXT(message, "");
    CHECK_TEXT(said, "");
}

static void refused(const char *text, const char *part) {
    CHECK(!check_text(text, NULL));
    CHECK_CONTAINS(message, part);
}

static void doubted(const char *text, const char *part) {
    CHECK(check_text(text, NULL));
    CHECK_TEXT(message, "");
    CHECK_CONTAINS(said, part);
}

#define SOURCE "[source s]\nports = 1\nrate = 1Gbit/s\n"
#define WIRED SOURCE "[sink k]\nports = 1\nsource = s\n[link l]\nlink = s.0 -> k.0\n"

static void every_shipped_scenario_passes_without_a_warning(void) {
    g_autoptr(GDir) dir = g_dir_open("scenarios", 0, NULL);
    unsigned n = 0;
    for (const char *file; dir && (file = g_dir_read_name(dir)); n++) {
        g_autofree char *full = g_build_filename("scenarios", file, NULL);
        if (!g_str_has_suffix(file, ".ini")) continue;
        check_file(full, NULL);
        if (*message || *said) printf("  %s: %s%s\n", file, message, said);
        CHECK_TEXT(message, "");
        CHECK_TEXT(said, "");
    }
    CHECK(n >= 30);
}

/* Points ---------------------------------------------------------------------------------- */

static void every_point_is_built(void) {
    passes("[npe n]\nmpacket = ${64, 128, 256}B\n");
    refused("[npe n]\nmpacket = ${64, 128, 100}B\n[source s]\nduration = 0\nttl = ${1, 2}\n",
            "s.ini:2: [npe n] mpacket: found 100 bytes, expected 64B, 128B or 256B (repeat with "
            "--set n.mpacket=100B --set s.ttl=1)");
    CHECK(!check_text(WIRED, "l.link=${s.0, s.1} -> k.0"));
    CHECK_CONTAINS(message,
                   "--set l.link=${s.0, s.1} -> k.0: link: found port s.1, but s has ports "
                   "0 to 0 (repeat with --set 'l.link=s.1 -> k.0')");
}

static bool until_the_second(unsigned done, unsigned of, NetworkLoad load, void *user) {
    CHECK_U64(load.until, 20 * SIM_MS);
    *(unsigned *)user = done * 100 + of;
    return done < 2;
}

static void a_check_tells_its_progress_and_can_be_stopped(void) {
    CHECK(g_file_set_contents(path, SOURCE "ttl = ${1..5}\n", -1, NULL));
    Scenario *s = scenario_load(path, NULL, component_classes, NULL);
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) error = NULL;
    unsigned last = 0;
    CHECK(!scenario_check(s, NULL, until_the_second, &last, warnings, &error));
    CHECK_U64(last, 205);
    CHECK(g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_INTR));
    scenario_free(s);
}

/* Names ----------------------------------------------------------------------------------- */

static void names_are_looked_up_in_what_is_built(void) {
    passes(WIRED "[plot p]\nx = s.rate / 1e9\ny = k.delivered_bps; k.lost\nnames = a; b\n"
                 "curve = s.payload\nwhere = run.events > 0 and l.delay >= 0\n");
    refused(WIRED "[plot p]\nx = s.rate\ny = k.delivered_meanbps\n",
            "s.ini:11: [plot p] y: found the unknown name k.delivered_meanbps; the nearest is "
            "k.delivered_");
    refused(WIRED "[plot p]\nx = s.rat\ny = 1\n",
            "s.ini:10: [plot p] x: found the unknown name s.rat; the nearest is s.rate");
    refused(WIRED "[plot p]\nx = 1\ny = 1; 2; k.losst\n",
            "s.ini:11: [plot p] y: found the unknown");
    refused(WIRED "[plot p]\nx = 1\ny = 1\ncurve = s.rat\n",
            "s.ini:12: [plot p] curve: found s.rat, expected series or COMPONENT.KEY");
    refused(WIRED "[plot p]\nx = 1\ny = 1\ncurve = k.lost\n",
            "s.ini:12: [plot p] curve: found k.lost, expected series or COMPONENT.KEY");
    refused(WIRED "[plot p]\nx = 1\ny = 1\nmark = F9-npe-ppps\n",
            "s.ini:12: [plot p] mark: found no claim F9-npe-ppps; the nearest is F9-npe-pps");
    refused(
        WIRED "[plot p]\nx = 1\ny = 1\ny_label = delay, ms\nmark = F9-npe-pps\n",
        "s.ini:13: [plot p] mark: found F9-npe-pps in \"Mp/s\", expected a claim in a unit such "
        "as one of the axes' labels ends in, which are \"1\" and \"delay, ms\"");
    passes(WIRED "[plot p]\nx = 1\ny = 1\ny_label = out, Kp/s of all\nmark = F9-npe-pps\n");
    refused(WIRED "[plot p]\nx = 1\ny = 1\nwhere = k.q\n", "s.ini:12: [plot p] where: found the");
    refused(WIRED "[expect X]\nlow = 1\nhigh = 2\nmetric = max(k.lost if k.lostt == 0)\n",
            "s.ini:12: [expect X] metric: found the unknown name k.lostt; the nearest is k.lost");
}

static void names_are_looked_up_at_every_point(void) {
    const char *plot =
        "[source s]\n[sink k]\nsource = s\nports = ${5, 1}\n[link l]\nlink = s.0 -> k.0\n"
        "[plot p]\nx = 1\ny = k.port3.packets\n";
    refused(plot, "s.ini:9: [plot p] y: found the unknown name k.port3.packets; the nearest is "
                  "k.port0.packets");
}

static void a_series_is_one_that_is_reported(void) {
    passes(WIRED "[sink t]\nports = 1\nsource = s\nsample = 1ms\n[plot p]\nseries = t.rate\n");
    refused(WIRED "[sink t]\nports = 1\nsource = s\nsample = 1ms\n[plot p]\nseries = t.rates\n",
            "s.ini:14: [plot p] series: found the unknown series t.rates, expected t.rate; the "
            "nearest is t.rate");
    refused(WIRED "[plot p]\nseries = k.rate\n", "nothing here reports any");
}

/* A name that some runs report and others do not could not be known before them. */
static void a_run_reports_no_scalar_that_was_not_known(void) {
    static const char *const files[] = {"npe", "gpe", "fig5", "traceroute", "mobility", "faults"};
    for (unsigned i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *file = g_strdup_printf("scenarios/%s.ini", files[i]);
        const char *const sets[] = {i == 2 ? "scenario.duration=11s" : NULL, NULL};
        Scenario *s = scenario_load(file, sets[0] ? sets : NULL, component_classes, NULL);
        g_autofree char *flat = scenario_flat(s);
        GPtrArray *runs = runs_of(s, 1);
        g_autoptr(GString) text = g_string_new(flat);
        const RunResult *r = runs->pdata[0];
        CHECK(r->code == EXIT_OK && r->scalars->len > 20);
        for (unsigned k = 0; k < r->scalars->len; k++)
            g_string_append_printf(text, "[plot p%u]\nx = 1\ny = %s\n", k,
                                   g_array_index(r->scalars, RunScalar, k).name);
        CHECK(check_text(text->str, NULL));
        CHECK_TEXT(message, "");
        g_ptr_array_unref(runs);
        scenario_free(s);
    }
}

static void a_claim_is_published_or_has_bounds(void) {
    passes(WIRED "[expect F9-npe-pps]\nmetric = max(k.lost)\n");
    passes(WIRED "[expect mine]\nmetric = max(k.lost)\nlow = 0\nhigh = 1\n");
    refused(WIRED "[expect F9-npe-ppps]\nmetric = max(k.lost)\n",
            "s.ini:10: [expect F9-npe-ppps] metric: found no claim F9-npe-ppps in the table of "
            "published numbers; the nearest is F9-npe-pps; expected one, or low and high here");
    refused(WIRED "[expect mine]\nmetric = max(k.lost)\nlow = a\nhigh = 1\n",
            "s.ini:11: [expect mine] low: found \"a\", expected a number");
    refused(WIRED "[expect mine]\nmetric = max(k.lost)\nlow = 2\nhigh = 1\n",
            "s.ini:11: [expect mine] low: found 2, expected up to high, which is 1");
    refused(WIRED "[expect mine]\nmetric = max(k.lost)\nlow = 0\nhigh = 1\nuse = guess\n",
            "s.ini:13: [expect mine] use: found \"guess\"");
    doubted(WIRED "[expect F9-npe-pps]\nmetric = max(k.lost)\nlow = 1\n",
            "s.ini:11: [expect F9-npe-pps] low: has no effect: the table");
}

static void a_plot_can_be_drawn(void) {
    refused(WIRED "[plot p]\nx = 1\ny = 1\npoints = 1:2:a, 3\n",
            "s.ini:12: [plot p] points: found \"3\", expected X:Y or X:Y:LABEL");
    refused(WIRED "[plot p]\nx = 1\ny = 1\nlog = z\n", "[plot p] log: found \"z\"");
    refused(WIRED "[plot p]\nx = 1\ny = 1; 2\nnames = a\n",
            "[plot p] names: found 1 names, expected one for each y, 2");
    doubted(WIRED
            "[sink t]\nports = 1\nsource = s\nsample = 1ms\n[plot p]\nseries = t.rate\nx = 1\n",
            "s.ini:15: [plot p] x: has no effect in a plot of a series");
}

/* Doubts ---------------------------------------------------------------------------------- */

static void a_port_that_sends_and_leads_nowhere_is_named(void) {
    doubted(SOURCE,
            "s.ini:1: [source s] port 0 will send and has no link: what leaves there is lost, "
            "as s.drop.unconnected; add a link from s.0");
    passes("[source s]\nduration = 0\n");
    doubted(WIRED "[tap t]\n[source q]\nports = 1\n[link m]\nlink = q.0 -> t.0\n",
            "[tap t] port 0 will send and has no link");
    passes(WIRED "[tap t]\n");
}

/* Each link of the file that carries packets, taken out. */
static void check_links(const char *file, const char *const *names) {
    g_autofree char *full = g_strdup_printf("scenarios/%s.ini", file);
    Scenario *s = scenario_load(full, NULL, component_classes, NULL);
    g_autofree char *flat = scenario_flat(s);
    scenario_free(s);
    for (; *names; names++) {
        g_autofree char *head = g_strdup_printf("[link %s]", *names);
        g_autofree char *before = g_strndup(flat, (size_t)(strstr(flat, head) - flat));
        const char *next = strstr(strstr(flat, head) + 1, "\n[");
        g_autofree char *text = g_strconcat(before, next ? next : "", NULL);
        CHECK(check_text(text, NULL));
        if (!strstr(said, "will send")) printf("  %s without %s: \"%s\"\n", file, *names, said);
        CHECK_CONTAINS(said, "will send and ha");
    }
}

static void a_link_that_was_removed_is_missed(void) {
    check_links("npe", (const char *const[]){"slow_path", NULL});
    check_links("fig12", (const char *const[]){"out", "to_host", "from_host", NULL});
}

static void a_source_that_no_sink_measures_is_named(void) {
    doubted(WIRED "[source q]\nports = 1\n[tap t]\n[link m]\nlink = q.0 -> t.0\n",
            "[source q] rate: found no sink that names q in its `source`");
    passes(WIRED);
}

static void a_window_without_a_packet_is_refused_or_named(void) {
    refused(WIRED "[source q]\nduration = 1ms\n",
            "s.ini:10: [source q] duration: found 1 ms, of which the warm-up of 2 ms leaves no");
    CHECK(!check_text(WIRED, "s.duration=2ms"));
    CHECK_CONTAINS(message, "--set s.duration=2ms: duration: found 2 ms, of which the warm-up");
    CHECK(check_text(WIRED, "s.rate=10kbit/s"));
    CHECK_CONTAINS(said, "--set s.rate=10kbit/s: rate: found one of a packet every 78.4 ms, in a "
                         "window of 18 ms");
    CHECK(check_text(WIRED "[scenario]\nduration = 10ms\n", NULL));
    CHECK_CONTAINS(said,
                   "s.ini:1: [source s] duration: found an end after that of the run: rates are "
                   "of 18 ms, of which 8 ms are simulated");
    doubted(WIRED "[npe n]\n[slice r]\nnpe = n\n[monitor m]\nslice = r\nuntil = 100ms\n",
            "[monitor m] interval: found 200 ms, of which none lies between 0 ms and 100 ms");
}

/* 1500 - 20 - 8 of the tunnel - 28 inside = 1444. */
static void a_payload_that_the_link_does_not_take_is_named(void) {
    CHECK(check_text(WIRED, "s.payload=40,1444"));
    CHECK(!strstr(said, "payload"));
    CHECK(check_text(WIRED, "s.payload=40,1445"));
    CHECK_CONTAINS(said, "--set s.payload=40,1445: payload: found 1445 bytes, whose packets of "
                         "1501 bytes in their tunnel are all dropped, as "
                         "s.drop.too_long_for_link: the link from s.0 takes 1500; set 1444 bytes");
}

static void more_active_vservers_than_there_are_are_named(void) {
    const char *two = "[gpe g]\n[vserver a]\ngpe = g\n[vserver b]\ngpe = g\nudp_port = 30001\n";
    CHECK(check_text(two, "g.active=20"));
    CHECK_CONTAINS(said,
                   "--set g.active=20: active: found 20, but g has 2 vServers: all of them run");
    CHECK(check_text(two, "g.active=${1, 2, 3, 4}"));
    CHECK_CONTAINS(said, "found 3, but g has 2 vServers: all of them run; set 2 or less, or add "
                         "vServers (at 1 of 4 points, the first with g.active=3)");
    CHECK_CONTAINS(said, "found 4");
    CHECK(check_text(two, "g.active=${all, 1, 2}"));
    CHECK_TEXT(said, "");
    CHECK(check_text(two, "g.tick=100ms"));
    CHECK_TEXT(said, "");
    CHECK(check_text("[gpe g]\ntick = 10ms\n", "g.slice=5ms"));
    CHECK_CONTAINS(said,
                   "--set g.slice=5ms: slice: found 5 ms, but a task runs for a tick of 10 ms");
}

static void a_key_without_effect_is_named(void) {
    static const struct {
        const char *text, *part;
    } cases[] = {
        {WIRED "[source q]\nduration = 0\nids = 01\n",
         "ids: has no effect: application = i3 uses it"},
        {WIRED "[source q]\nduration = 0\non = 2ms\n",
         "on: has no effect: pattern = onoff uses it"},
        {"[gpe g]\ntokens = 8\nmin = 60\n", "min: has no effect: tokens and tokens_rate are used"},
        {"[gpe g]\n[vserver v]\ngpe = g\nicmp_rate = 5\n", "application = manager uses it"},
        {"[npe n]\n[slice r]\nnpe = n\ni3_id = 40\n", "i3_id: has no effect: code_option = i3"},
        {"[npe n]\nring_decap = 32\n", "next-neighbour registers"},
        {"[npe n]\n[slice s]\nnpe = n\nexception_host = n\n",
         "a slice of an NPE with a linecard uses it"},
        {"[linecard l]\ncontrol_vlan = 7\n", "control_vlan: has no effect"},
        {"[scenario]\ntiming = fast\n" WIRED, "timing: has no effect: no component here has one"}};
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) doubted(cases[i].text, cases[i].part);
    /* Used at one point is used. */
    passes("[gpe g]\ntokens = ${default, 8}\ntokens_rate = 120\nmin = 50\n");
    /* A file for several includers may hold what one of them does not need. */
    g_autofree char *base = g_build_filename(folder, "base.ini", NULL);
    CHECK(g_file_set_contents(base, "[gpe g]\ntokens_rate = 120\n", -1, NULL));
    passes("[scenario]\ninclude = base.ini\n");
}

static void a_claim_about_none_of_the_points_is_named(void) {
    static const char *const never[] = {"max(k.lost if s.payload == 7)",
                                        ("min(k.lost if s.payload > 0 and k.lost > 1 and "
                                         "s.payload < 0)"),
                                        "max(k.lost) / max(k.lost if not (s.payload >= 0))",
                                        "max(k.lost at s.payload = 7)"};
    static const char *const open[] = {
        "max(k.lost if s.payload == 400)", "max(k.lost if s.payload == 7 or k.lost > 1)",
        "max(k.lost if not (k.lost == 0))", "max(k.lost at s.payload = 400)", "max(k.lost)"};
    for (unsigned i = 0; i < G_N_ELEMENTS(never) + G_N_ELEMENTS(open); i++) {
        bool is_open = i >= G_N_ELEMENTS(never);
        const char *metric = is_open ? open[i - G_N_ELEMENTS(never)] : never[i];
        g_autofree char *text = g_strdup_printf(
            SOURCE "payload = ${0, 400}\n[sink k]\nports = 1\nsource = s\n[link l]\n"
                   "link = s.0 -> k.0\n[expect e]\nlow = 0\nhigh = 1\nmetric = %s\n",
            metric);
        CHECK(check_text(text, "s.payload=0") && !*said); /* --set may make it so */
        CHECK(check_text(text, NULL));
        if (is_open)
            CHECK_TEXT(said, "");
        else
            CHECK_CONTAINS(said, "so that it will not be measured");
    }
}

static void what_nothing_names_is_named(void) {
    static const char text[] = WIRED "[let]\na = 1\nb = {a}\nc = 3\n"
                                     "[source q]\nports = {b}\n[sink m]\nports = 1\n"
                                     "source = q\n[link m]\nlink = q.0 -> m.0\n";
    CHECK(check_text(text, NULL));
    CHECK_CONTAINS(said, "s.ini:12: [let] c: no value names it; leave it out");
    CHECK(!strstr(said, "[let] a") && !strstr(said, "[let] b"));
    CHECK(check_text(text, "let.cc=4"));
    CHECK_CONTAINS(said, "--set let.cc=4: cc: no value names it");
    CHECK(check_text(text, "q.ttl={c}") && !strstr(said, "[let] c"));
}

static void a_picture_of_text_is_doubted(void) {
    doubted(WIRED "[plot p]\nx = s.node_mac\ny = k.lost\n",
            "[plot p] x: s.node_mac is a number at none of the points");
    doubted(WIRED "[plot p]\nx = k.lost\ny = s.rate; k.sample * 2\n",
            "[plot p] y: k.sample * 2 is a number at none of the points");
    passes(WIRED "[plot p]\nx = s.rate / 1e6\ny = k.lost * s.rate\n");
}

static void a_command_after_the_end_is_named(void) {
    doubted("[scenario]\nduration = 20ms\n" WIRED "[at 20ms]\ns = stop\n",
            "s.ini:11: [at 20ms] never comes: the run ends at 20 ms");
    passes("[scenario]\nduration = 21ms\n" WIRED "[at 20ms]\ns = stop\n");
}

int main(void) {
    static const Test tests[] = {TEST(every_shipped_scenario_passes_without_a_warning),
                                 TEST(every_point_is_built),
                                 TEST(a_check_tells_its_progress_and_can_be_stopped),
                                 TEST(names_are_looked_up_in_what_is_built),
                                 TEST(names_are_looked_up_at_every_point),
                                 TEST(a_series_is_one_that_is_reported),
                                 TEST(a_run_reports_no_scalar_that_was_not_known),
                                 TEST(a_claim_is_published_or_has_bounds),
                                 TEST(a_plot_can_be_drawn),
                                 TEST(a_port_that_sends_and_leads_nowhere_is_named),
                                 TEST(a_link_that_was_removed_is_missed),
                                 TEST(a_source_that_no_sink_measures_is_named),
                                 TEST(a_window_without_a_packet_is_refused_or_named),
                                 TEST(a_payload_that_the_link_does_not_take_is_named),
                                 TEST(more_active_vservers_than_there_are_are_named),
                                 TEST(a_key_without_effect_is_named),
                                 TEST(a_claim_about_none_of_the_points_is_named),
                                 TEST(what_nothing_names_is_named),
                                 TEST(a_picture_of_text_is_doubted),
                                 TEST(a_command_after_the_end_is_named),
                                 {0}};
    folder = g_dir_make_tmp("sppemu-XXXXXX", NULL);
    path = g_build_filename(folder, "s.ini", NULL);
    claims = claims_load("analysis/claims", NULL);
    int code = run_tests("check", tests);
    claims_free(claims);
    static const char *const files[] = {"s.ini", "base.ini"};
    for (unsigned i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *file = g_build_filename(folder, files[i], NULL);
        g_remove(file);
    }
    g_rmdir(folder);
    g_free(folder);
    g_free(path);
    return code;
}
