/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The source's applications: bytes of their packets, how many of them a rate makes, and what the
 * scenarios of the code options do with them. */
#include "components/classes.h"
#include "components/traffic/traffic.h"
#include "emu/study/run.h"
#include "fastpath/headers.h"
#include "tests/check.h"
#include "tests/runs.h"

enum { MOST = 4096 };

static struct {
    uint32_t length[MOST];
    uint8_t bytes[MOST][160];
    unsigned n;
} got;

static void note(Component *c, unsigned port, Packet *pkt) {
    (void)c;
    (void)port;
    if (got.n < MOST) {
        got.length[got.n] = pkt->length;
        memcpy(got.bytes[got.n], pkt->data, MIN(pkt->length, sizeof got.bytes[0]));
    }
    got.n++;
    packet_deliver(pkt);
}

static bool two_ports(Component *c, GError **error) {
    (void)error;
    c->n_ports = 2;
    return true;
}

static const ComponentClass end_class = {
    .name = "end", .size = sizeof(Component), .create = two_ports, .receive = note};

/* Run a source of two ports with these settings, "name=value". The error's text, or NULL. */
static char *run_source(const char *const *settings) {
    NetworkOptions options = {.seed = 1};
    Network *net = network_new(&options);
    Component *s = network_add(net, &source_class, "traffic"),
              *end = network_add(net, &end_class, "end");
    GError *error = NULL;
    const Component *failed;
    got.n = 0;
    bool good = param_set(param_find(source_class.params, "ports"), s, "2", NULL, &error);
    for (; good && *settings; settings++) {
        g_auto(GStrv) word = g_strsplit(*settings, "=", 2);
        good = param_set(param_find(source_class.params, word[0]), s, word[1], NULL, &error);
    }
    good =
        good && network_create(net, &error) && network_link(s, 0, end, 0, (LinkSpeed){0}, &error) &&
        network_link(s, 1, end, 1, (LinkSpeed){0}, &error) && network_start(net, &failed, &error);
    if (good) {
        network_run(net, SIM_NEVER, SIM_S, SIM_US, NULL, NULL);
        CHECK(network_stop(net, NULL));
    }
    char *text = error ? g_strdup(error->message) : NULL;
    g_clear_error(&error);
    network_free(net);
    return text;
}
#define RUN(...) run_source((const char *const[]){__VA_ARGS__, NULL})

static void an_i3_packet_has_its_header_of_35_bytes(void) {
    CHECK(!RUN("application=i3", "payload=5", "rate=1kp/s", "duration=10ms", "flows=3",
               "ids=a, 0A000001ff,"
               "00112233445566778899aabbccddeeff0123456789abcdeffedcba9876543210"));
    CHECK_U64(got.n, 10);
    uint8_t id[3][32] = {{0xa0}, {0x0a, 0, 0, 1, 0xff}, {0}};
    for (unsigned i = 0; i < 16; i++) id[2][i] = (uint8_t)(i * 0x11);
    for (unsigned i = 0; i < 8; i++) {
        id[2][16 + i] = (uint8_t)(0x01 + i * 0x22);
        id[2][24 + i] = (uint8_t)(0xfe - i * 0x22);
    }
    for (unsigned k = 0; k < 10; k++) {
        /* Packet k leaves by port k mod 2, for id (k mod 2 + k / 2) mod 3. */
        uint8_t inner[40] = {0x10, 0x10, 1};
        memcpy(inner + 3, id[(k % 2 + k / 2) % 3], 32);
        CHECK_U64(got.length[k], 46 + 35 + 5);
        CHECK(memcmp(got.bytes[k] + 46, inner, 40) == 0);
        CHECK_U64(get16(got.bytes[k] + 42), 8 + 35 + 5); /* outer UDP length */
        CHECK_U64(get16(got.bytes[k] + 20), 28 + 35 + 5);
        CHECK_U64(fold_checksum(sum_words(got.bytes[k] + 18, 20)), 0);
    }
}

static void a_label_packet_has_one_entry(void) {
    CHECK(!RUN("application=label", "payload=5", "rate=1kp/s", "duration=4ms", "ttl=7",
               "labels=16, 1048575"));
    CHECK_U64(got.n, 4);
    static const uint32_t label[4] = {16, 1048575, 1048575, 16};
    for (unsigned k = 0; k < 4; k++) {
        CHECK_U64(got.length[k], 46 + 4 + 5);
        CHECK_U64(get32(got.bytes[k] + 46), label[k] << 12 | 0x107);
        CHECK_U64(get16(got.bytes[k] + 42), 8 + 4 + 5);
    }
}

static void an_ipv4_packet_is_as_it_was(void) {
    CHECK(!RUN("payload=6", "rate=1kp/s", "duration=1ms", "warmup=0", "ttl=9"));
    static const uint8_t inner[28] = {0x45, 0, 0,  34, 0, 0, 0,  0,  9,  17, 0, 0,  10, 100,
                                      0,    1, 10, 0,  0, 1, 27, 88, 27, 88, 0, 14, 0,  0};
    uint8_t *p = got.bytes[0] + 46;
    CHECK_U64(got.length[0], 46 + 28 + 6);
    CHECK_U64(fold_checksum(sum_words(p, 20)), 0);
    put16(p + 10, 0);
    CHECK(memcmp(p, inner, 28) == 0);
}

static void rates_count_the_application_s_header(void) {
    /* On the wire an empty packet is 98 bytes in IPv4 and 105 in I3 (SPP paper 7.1 and 7.2), and
     * 84 with a label, the shortest frame. Packet 0 leaves at 0, the last before 1 ms:
     * 10^6 bits / (8 * 98) = 1275.5, so 1276. */
    CHECK(!RUN("application=ipv4", "rate=1Gbit/s wire", "duration=1ms", "warmup=0"));
    CHECK_U64(got.n, 1276);
    CHECK(!RUN("application=i3", "rate=1Gbit/s wire", "duration=1ms", "warmup=0"));
    CHECK_U64(got.n, 1191); /* 1190.5 */
    CHECK(!RUN("application=label", "rate=1Gbit/s wire", "duration=1ms", "warmup=0"));
    CHECK_U64(got.n, 1489); /* 1488.1 */
    /* Frames: 46 + 35 + 40 + FCS 4 = 125 bytes; payload: 40. */
    CHECK(!RUN("application=i3", "payload=40", "rate=1Gbit/s frame", "duration=1ms", "warmup=0"));
    CHECK_U64(got.n, 1000);
    CHECK(!RUN("application=i3", "payload=40", "rate=1Gbit/s payload", "duration=1ms", "warmup=0"));
    CHECK_U64(got.n, 3125);
    /* Figure 11: IPv4 with 7 bytes more is as long as I3. */
    CHECK(!RUN("application=ipv4", "payload=7", "rate=1Gbit/s wire", "duration=1ms", "warmup=0"));
    CHECK_U64(got.n, 1191);
}

static void bad_destinations_are_named(void) {
    static const struct {
        const char *application, *setting, *says;
    } cases[] = {
        {"application=i3", "ids=", "found none"},
        {"application=i3", "ids=12,", "found \"\""},
        {"application=i3", "ids=xyz", "found \"xyz\", expected 1 to 64 hexadecimal digits"},
        {"application=i3", "ids=12 34", "found \"12 34\""},
        {"application=i3", "ids=00112233445566778899aabbccddeeff0123456789abcdeffedcba98765432100",
         "expected 1 to 64 hexadecimal digits"},
        {"application=label", "labels=1048576", "found \"1048576\""},
        {"application=label", "labels=-1", "found \"-1\""},
        {"application=label", "labels=", "found none"},
        {"application=ipv4", "destinations=", "found none"},
        {"application=ipv4", "destinations=0a000001",
         "found \"0a000001\", expected an IPv4 address"},
        {"application=mpls", "labels=16", "mpls"}};
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = RUN(cases[i].application, cases[i].setting);
        CHECK_CONTAINS(text, cases[i].says);
    }
}

static double scalar(const char *file, const char *const *set, const char *name) {
    g_autoptr(GError) error = NULL;
    Scenario *s = scenario_load(file, set, component_classes, &error);
    if (!s) printf("  %s\n", error->message);
    g_assert(s);
    GPtrArray *results = runs_of(s, 1);
    RunResult *r = results->pdata[0];
    const RunScalar *found = run_scalar(r, name);
    CHECK_U64(r->code, EXIT_OK);
    double value = found ? found->value : NAN;
    g_ptr_array_unref(results);
    scenario_free(s);
    return value;
}
#define SHORT "traffic.duration=2ms", "traffic.warmup=0"
#define SCALAR(name, ...)                                                                          \
    scalar("scenarios/label.ini",                                                                  \
           (const char *const[]){SHORT, "traffic.rate=1Gbit/s wire", __VA_ARGS__, NULL}, name)
#define I3_SCALAR(name, ...)                                                                       \
    scalar("scenarios/i3.ini",                                                                     \
           (const char *const[]){SHORT, "traffic.rate=1Gbit/s wire", __VA_ARGS__, NULL}, name)

static void the_label_scenario_switches_labels(void) {
    /* Every label has its interface; one that has no filter goes to the slow path, a reserved one
     * nowhere. Cycles of Parse are the label's own. */
    CHECK_NEAR(SCALAR("sink.delivered_ratio", "traffic.payload=0"), 1, 0);
    CHECK_NEAR(SCALAR("npe0.exceptions", "traffic.payload=0"), 0, 0);
    double created = SCALAR("traffic.packets", "traffic.labels=105");
    CHECK(created > 1000);
    CHECK_NEAR(SCALAR("npe0.exception.no_route", "traffic.labels=105"), created, 0);
    CHECK_NEAR(SCALAR("npe0.exception.ttl_expired", "traffic.ttl=1"), created, 0);
    CHECK_NEAR(SCALAR("npe0.drop.label_malformed", "traffic.labels=15"), created, 0);
    /* 286 instructions more at 1.4 GHz are 204 ns. */
    double before = SCALAR("sink.cause.execute_us", "npe0.instr_parse_label=14"),
           after = SCALAR("sink.cause.execute_us", "npe0.instr_parse_label=300");
    CHECK_NEAR(after - before, 286 / 1400.0, 0.002);
}

#define OTHER "router.i3_ring=0a02 1 10.253.0.2:30000"

static void the_i3_scenario_forwards_to_hosts_and_nodes(void) {
    /* 2,000,000 bits of 105 bytes: 2,381 packets, a fifth to each of five ids. */
    CHECK_NEAR(I3_SCALAR("traffic.packets", "traffic.payload=0"), 2381, 0);
    CHECK_NEAR(I3_SCALAR("sink.delivered_ratio", "traffic.payload=0"), 1, 0);
    CHECK_NEAR(I3_SCALAR("sink.port1.packets", "traffic.payload=0"), 476, 5);
    /* A node at 0a02 owns the first two ids: theirs leave by interface 1. */
    CHECK_NEAR(I3_SCALAR("sink.port0.packets", OTHER), 0, 0);
    CHECK_NEAR(I3_SCALAR("sink.port1.packets", OTHER), 952, 5);
    CHECK_NEAR(I3_SCALAR("sink.port2.packets", OTHER), 476, 5);
    CHECK_NEAR(I3_SCALAR("npe0.exceptions", OTHER), 0, 0);
    /* Queues in another order than interfaces: each packet goes through one at its own. */
    CHECK_NEAR(I3_SCALAR("sink.delivered_ratio", OTHER, "router.queues=1 0 4 3 2"), 1, 0);
    CHECK_NEAR(I3_SCALAR("sink.delivered_ratio", "traffic.payload=0", "router.queues=1 0 4 3 2"), 1,
               0);
}

static void the_i3_scenario_has_its_exceptions(void) {
    CHECK_NEAR(I3_SCALAR("npe0.exception.no_route", "traffic.ids=0b"), 2381, 0);
    /* The first 112 bits of a trigger and then something else. */
    CHECK_NEAR(
        I3_SCALAR("npe0.exception.i3_mismatch", "traffic.ids=0a000001000000000000000000000001"),
        2381, 0);
    CHECK_NEAR(I3_SCALAR("npe0.exception.i3_many", "traffic.ids=0a",
                         "router.i3_triggers=0a 0 10.9.0.1:1; 0a00 1 10.9.0.2:1"),
               2381, 0);
    /* Triggers that share 112 bits: the first is the fast path's. */
    CHECK_NEAR(I3_SCALAR("npe0.exception.i3_mismatch",
                         "traffic.ids=0a,0a000000000000000000000000000001",
                         "router.i3_triggers=0a 0 10.9.0.1:1; 0a000000000000000000000000000001 1 "
                         "10.9.0.2:1"),
               1190, 1);
    CHECK_NEAR(I3_SCALAR("router.filters", "traffic.ids=0a",
                         "router.i3_triggers=0a 0 10.9.0.1:1; 0a000000000000000000000000000001 1 "
                         "10.9.0.2:1"),
               1, 0);
}

static void an_i3_node_that_cannot_be_is_refused(void) {
    g_autoptr(GError) wrong = NULL;
    CHECK(!scenario_load("scenarios/i3.ini", (const char *const[]){"router.i3_id=4g", NULL},
                         component_classes, &wrong));
    CHECK_CONTAINS(wrong ? wrong->message : NULL,
                   "i3_id: found \"4g\", expected 1 to 40 hexadecimal digits");
    static const struct {
        const char *setting, *says;
    } cases[] = {
        {"router.i3_ring=40 1 10.253.0.2:30000", "two nodes with the id 40000000"},
        {"router.i3_ring=41 5 10.253.0.2:30000", "interface below 5"},
        {"router.i3_ring=41 1 10.253.0.2:30000 7", "i3_ring: found \"41 1 10.253.0.2:30000 7\""},
        {"router.i3_triggers=0a 0 10.0.0.1", "i3_triggers: found \"0a 0 10.0.0.1\""},
        {"router.sram=5183B", "sram: found 5183 bytes, expected 5344 or more"}};
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        const char *set[] = {SHORT, cases[i].setting, NULL};
        Scenario *s = scenario_load("scenarios/i3.ini", set, component_classes, &error);
        g_assert(s);
        GPtrArray *results = runs_of(s, 1);
        RunResult *r = results->pdata[0];
        CHECK_U64(r->code, EXIT_INPUT);
        CHECK_CONTAINS(r->failure, cases[i].says);
        g_ptr_array_unref(results);
        scenario_free(s);
    }
}

static void figure_11_starts_at_81_percent(void) {
    /* 5 Gb/s of 105 bytes are 5.95 Mp/s, of which the paper's NPE kept up with 81 percent (it says
     * so of the end that is all IPv4, with packets as long). Tx's ordered section is the limit
     * here, and I3 does not change it. */
    CHECK_NEAR(scalar("scenarios/i3.ini",
                      (const char *const[]){"traffic.duration=10ms", "traffic.warmup=2ms", NULL},
                      "sink.delivered_bps") /
                   5e9,
               0.81, 0.01);
}

int main(void) {
    static const Test tests[] = {TEST(an_i3_packet_has_its_header_of_35_bytes),
                                 TEST(a_label_packet_has_one_entry),
                                 TEST(an_ipv4_packet_is_as_it_was),
                                 TEST(rates_count_the_application_s_header),
                                 TEST(bad_destinations_are_named),
                                 TEST(the_label_scenario_switches_labels),
                                 TEST(the_i3_scenario_forwards_to_hosts_and_nodes),
                                 TEST(the_i3_scenario_has_its_exceptions),
                                 TEST(an_i3_node_that_cannot_be_is_refused),
                                 TEST(figure_11_starts_at_81_percent),
                                 {0}};
    return run_tests("source", tests);
}
