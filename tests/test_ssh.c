/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * SSH from a user through the line card's claim, the control processor's sshd and relay and the
 * control switch to the slice's server. Oracles: bytes counted from the form of records; what runs
 * with another cost must take more or less than without, to the picosecond. */
#include "components/gpe/vserver.h"
#include "components/host/ssh.h"
#include "components/linecard/linecard.h"
#include "tests/bench.h"

/* gpe0 has the slice; neither server has tasks of its own. */
#define NODE(more)                                                                                 \
    "[scenario]\ninclude = @scenarios/chassis-dev.ini\nduration = 20s\n"                           \
    "[chassis spp]\nslots = linecard; gpe; cp\n[gpe gpe0]\nroot_rate = 0Hz\n[cp cp0]\n"            \
    "root_rate = 0Hz\n[sshd front]\nserver = cp0\nclaims = yes\n[sshd back]\nserver = gpe0\n"      \
    "[vserver alice]\napplication = shell\nkey = secret\n[vserver alice_relay]\ngpe = cp0\n"       \
    "application = relay\nlogin = alice\nkey = secret\nto = gpe0\n[user bob]\n"                    \
    "attach = spp interfaces 0..0\nslice = alice\nkey = secret\n" more
/* The same slice without a relay: its own server has the port. */
#define DIRECT(more)                                                                               \
    "[scenario]\ninclude = @scenarios/chassis-dev.ini\nduration = 20s\n"                           \
    "[chassis spp]\nslots = linecard; gpe\n[gpe gpe0]\nroot_rate = 0Hz\n[sshd front]\n"            \
    "claims = yes\n[vserver alice]\napplication = shell\n[user bob]\n"                             \
    "attach = spp interfaces 0..0\nslice = alice\n" more

static RunResult *result;
static double scalar(const char *name) {
    return bench_value(result, name);
}

/* With another value: "cp0.copy_byte=2ns"; NULL: as it is. */
static void run_with(const char *text, const char *value) {
    g_autoptr(GError) error = NULL;
    char *folder = bench_folder();
    Scenario *s = bench_load(folder, text, (const char *[]){value, NULL}, &error);
    if (!s) printf("  %s\n", error->message);
    g_assert(s);
    result = bench_run_loaded(s, folder);
    if (result->failure) printf("  %s\n", result->failure);
    CHECK_U64(result->code, EXIT_OK);
    bench_remove(folder);
}

static double of(const char *text, const char *value, const char *name) {
    run_with(text, value);
    double found = scalar(name);
    run_result_free(result);
    return found;
}

/* A session of k keystrokes and u bytes: 48 k + u + 47 (ceil(u / 4096) + 1) in, 48 k + 47 out. */
static void all_that_a_user_sends_arrives_and_comes_back(void) {
    run_with(NODE("sessions = 3\nkeystrokes = 10\nupload = 1MB\n"), NULL);
    CHECK_NEAR(scalar("bob.done"), 3, 0);
    CHECK_NEAR(scalar("bob.echoes"), 30, 0);
    CHECK_NEAR(scalar("alice.keystrokes"), 30, 0);
    CHECK_NEAR(scalar("alice.uploaded"), 3e6, 0);
    CHECK_NEAR(scalar("alice_relay.relayed"), 3, 0);
    CHECK_NEAR(scalar("alice_relay.relayed_in"), 3 * (480 + 1e6 + 246 * 47), 0);
    CHECK_NEAR(scalar("alice_relay.relayed_out"), 3 * (480 + 47), 0);
    CHECK_NEAR(scalar("front.let_in"), 3, 0);
    CHECK_NEAR(scalar("back.let_in"), 3, 0);
    CHECK_NEAR(scalar("lc0.bindings"), 10, 0); /* TCP port 22 of every interface, and no more */
    CHECK_NEAR(scalar("gpe0.tcp.open") + scalar("cp0.tcp.open") + scalar("bob.tcp.open"), 0, 0);
    run_result_free(result);
}

/* A keystroke is 48 bytes there and back. The relay copies and ciphers them twice each way, the
 * shell once, and works once: a nanosecond more of each cost is so many nanoseconds more. Nobody
 * else runs, and 200 ms after the last keystroke nothing overlaps but, at most, a tick of 2 us. */
static void a_keystroke_takes_the_sum_of_its_parts(void) {
    double plain = of(NODE(""), NULL, "bob.rtt_ms");
    static const struct {
        const char *more;
        double ns;
    } costs[] = {
        {"cp0.copy_byte=101590ps", 4 * 48 * 100},  {"cp0.cipher_byte=115ns", 4 * 48 * 100},
        {"gpe0.copy_byte=101590ps", 2 * 48 * 100}, {"gpe0.cipher_byte=115ns", 2 * 48 * 100},
        {"gpe0.shell_cost=150us", 100000},         {"cp0.control_address=10.0.128.77", 0}};
    for (unsigned i = 0; i < G_N_ELEMENTS(costs); i++) {
        CHECK_NEAR(of(NODE(""), costs[i].more, "bob.rtt_ms") - plain, costs[i].ns / 1e6, 2.1e-3);
    }
    double direct = of(DIRECT(""), NULL, "bob.rtt_ms");
    CHECK(plain > direct + 0.01);
}

/* Root work has no competitors: n logins at once take n times 30 ms and a switch, and no shell
 * greets anybody before the last of them. */
static void logins_wait_for_one_another(void) {
    run_with(DIRECT("sessions = 5\ngap = 0\nkeystrokes = 0\n"), NULL);
    CHECK(scalar("bob.login_ms") > 5 * 30.003 && scalar("bob.login_max_ms") < 5 * 30.003 + 1);
    CHECK_NEAR(scalar("gpe0.share.root") * scalar("run.duration_s"), 5 * 30.003e-3, 1e-4);
    run_result_free(result);
}

static void who_has_another_key_or_slice_is_not_let_in(void) {
    static const struct {
        const char *more;
        double denied, front, back, failed;
    } cases[] = {{"bob.key=wrong", 1, 1, 0, 0},
                 {"bob.slice=eve", 1, 1, 0, 0},
                 {"alice.key=other", 1, 0, 1, 0}};
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        run_with(NODE(""), cases[i].more);
        CHECK_NEAR(scalar("bob.denied"), cases[i].denied, 0);
        CHECK_NEAR(scalar("bob.failed"), cases[i].failed, 0);
        CHECK_NEAR(scalar("front.denied"), cases[i].front, 0);
        CHECK_NEAR(scalar("back.denied"), cases[i].back, 0);
        CHECK_NEAR(scalar("bob.logins"), 0, 0);
        run_result_free(result);
    }
}

/* Beside four that compute, a relay with 20 tokens of 1 ms a second, and at most 50 to begin with,
 * has the core for no more than that. */
static void the_relay_is_on_the_slices_account(void) {
    static const char *const set[] = {"alice_relay.rate=20", "alice_relay.min=5",
                                      "alice_relay.max=50", "alice_relay.initial=50", NULL};
    g_autoptr(GError) error = NULL;
    char *folder = bench_folder();
    Scenario *s = bench_load(folder,
                             NODE("upload = 200MB\nkeystrokes = 0\n[vserver busy*4]\ngpe = cp0\n"
                                  "application = compute\nudp_port = {32000 + i}\nrate = 200\n"),
                             set, &error);
    g_assert(s);
    result = bench_run_loaded(s, folder);
    bench_remove(folder);
    double seconds = scalar("run.duration_s");
    CHECK(scalar("alice_relay.share.running") * seconds <= 0.020 * seconds + 0.050 + 0.002);
    CHECK(scalar("alice_relay.share.running") > 0.01);
    CHECK(scalar("alice_relay.share.held") > 0.5);
    run_result_free(result);
}

/* sshd is stopped and started; the relay's vServer goes in the middle of a session. */
static void what_ends_in_the_middle_ends_both_ways(void) {
    Bench *b = bench_open(NODE("sessions = 2\ngap = 2s\nkeystrokes = 100000\n"
                               "[user eve]\nattach = spp interfaces 1..1\nslice = alice\n"
                               "key = secret\nbegin = 3s\n"));
    Vserver *relay = (Vserver *)bench_find(b, "alice_relay");
    Component *cp = bench_find(b, "cp0");
    bench_until(b, 2800 * SIM_MS);
    CHECK(cp->class->command(cp, "stop", "sshd", NULL));
    bench_until(b, 3500 * SIM_MS); /* eve is refused; bob's sessions go on */
    CHECK(cp->class->command(cp, "start", "sshd", NULL));
    bench_until(b, 4 * SIM_S);
    CHECK_U64(linecard_occupancy((LineCard *)bench_find(b, "lc0")).bindings, 10);
    vserver_detach(relay);
    bench_until(b, 5 * SIM_S);
    bench_finish(b);
    CHECK_NEAR(bench_scalar(b, "eve.failed"), 1, 0);
    CHECK_NEAR(bench_scalar(b, "bob.logins"), 2, 0);
    CHECK_NEAR(bench_scalar(b, "bob.failed"), 2, 0);
    CHECK_NEAR(bench_scalar(b, "gpe0.tcp.open"), 0, 0);
    CHECK_NEAR(bench_scalar(b, "cp0.tcp.open"), 0, 0);
    bench_close(b);
}

/* The key of its row lets in while there is one; where the slice was placed the relay finds in
 * myPLC. */
static void a_slice_of_plc_is_found_where_the_node_has_put_it(void) {
    g_autofree char *file = NULL;
    CHECK(g_file_get_contents("tests/tcp/plc.ini", &file, NULL, NULL));
    g_auto(GStrv) parts = g_strsplit(file, "../../scenarios", -1);
    g_autofree char *text = g_strjoinv("@scenarios", parts);
    run_with(text, NULL);
    CHECK_NEAR(scalar("bob.done"), 1, 0);
    CHECK_NEAR(scalar("wustl_a.keystrokes"), 10, 0);
    CHECK_NEAR(scalar("wustl_a.uploaded"), 1e5, 0);
    CHECK_NEAR(scalar("back0.let_in") + scalar("back1.let_in"), 1, 0);
    CHECK_NEAR(scalar("eve.denied"), 1, 0);
    CHECK_NEAR(scalar("late.denied"), 1, 0);
    CHECK_NEAR(scalar("front.denied"), 2, 0);
    run_result_free(result);
}

static void what_makes_no_sense_is_refused(void) {
    static const struct {
        const char *value, *says;
    } cases[] = {{"alice_relay.gpe=gpe0", "gpe: found gpe0, expected a control processor"},
                 {"alice_relay.to=cp0", "to: found cp0, on which the relay is"},
                 {"front.server=gpe0", "sshd"},
                 {"front.vlan=100", "vlan: found 100"}};
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        char *folder = bench_folder();
        const char *const set[] = {cases[i].value, NULL};
        Scenario *s = bench_load(folder, NODE(""), set, &error);
        g_assert(s);
        result = bench_run_loaded(s, folder);
        CHECK_U64(result->code, EXIT_INPUT);
        CHECK_CONTAINS(result->failure, cases[i].says);
        run_result_free(result);
        bench_remove(folder);
    }
    g_auto(GStrv) parts = g_strsplit(NODE(""), "to = gpe0\n", -1);
    g_autofree char *nowhere = g_strjoinv("", parts);
    CHECK_REFUSED(nowhere, "to: found nothing, expected the server that alice is on");
}

int main(void) {
    static const Test tests[] = {TEST(all_that_a_user_sends_arrives_and_comes_back),
                                 TEST(a_keystroke_takes_the_sum_of_its_parts),
                                 TEST(logins_wait_for_one_another),
                                 TEST(who_has_another_key_or_slice_is_not_let_in),
                                 TEST(the_relay_is_on_the_slices_account),
                                 TEST(what_ends_in_the_middle_ends_both_ways),
                                 TEST(a_slice_of_plc_is_found_where_the_node_has_put_it),
                                 TEST(what_makes_no_sense_is_refused),
                                 {0}};
    return run_tests("ssh", tests);
}
