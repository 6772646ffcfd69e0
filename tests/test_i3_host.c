/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The I3 receiver against the I3 server of the slow path. Between them a node that takes the outer
 * headers off and puts its own on, takes no time, notes what passes and loses what it is told to.
 * Oracles: the bytes of an insert written down here, times from 1 ms on the link each way. */
#include "components/classes.h"
#include "components/slowpath/i3_server.h"
#include "components/traffic/traffic.h"
#include "components/traffic/tunnel.h"
#include "emu/core/report.h"
#include "tests/check.h"

enum { HOSTS = 2, FROM_SOURCE = HOSTS, MOST = 4096, ANY = 0xff };
enum { INNER = 120, TRIGGER = 46, NONCE = TRIGGER + 35, TARGET = TRIGGER + 51 };
static const uint32_t base_address = 0x0afd0001; /* 10.253.0.1, of host 0 */

/* The node --------------------------------------------------------------------------------- */

typedef struct {
    Component base;
    I3Server *server;
    Packet *data;      /* on its way, not yet sent to anybody */
    unsigned lose_in;  /* packets of hosts, a bit each, the first one 1 */
    unsigned lose_out; /* answers */
    bool liar;         /* a nonce of its own in each challenge, and never an ack */
} Node;

/* A control packet that passed: 'i'nsert, 'c'hallenge, 'a'ck, 'r'emove; of answers, as sent. */
typedef struct {
    char what;
    SimTime time;
    uint32_t length;
    uint8_t bytes[256];
} Seen;

static struct {
    Seen all[MOST];
    unsigned n, in, out;
} seen;

static void note(SimTime now, const uint8_t *i3, uint32_t length) {
    Seen *s = &seen.all[seen.n++ % MOST];
    unsigned option = 3 + 32u * i3[2] + 2;
    if (i3[2]) option += 8; /* a host's begin with the sender */
    s->what = "?sicar???"[i3[option] < 8 ? i3[option] : 0];
    s->time = now;
    s->length = length;
    memcpy(s->bytes, i3, MIN(length, sizeof s->bytes));
}

static void wrap(uint8_t *frame, const uint8_t *inner, uint32_t length, uint32_t address,
                 uint16_t port) {
    uint8_t *p = frame;
    memset(p, 0, TUNNEL_BYTES);
    p[5] = 3;
    p[11] = 1;
    put16(p + 12, 0x8100);
    put16(p + 14, 100);
    put16(p + 16, 0x0800);
    p[18] = 0x45;
    put16(p + 20, 28 + length);
    p[26] = 63;
    p[27] = 17;
    put32(p + 30, 0x0aff0001);
    put32(p + 34, address);
    put16(p + 28, fold_checksum(sum_words(p + 18, 20)));
    put16(p + 38, 30000);
    put16(p + 40, port);
    put16(p + 42, 8 + length);
    memmove(p + TUNNEL_BYTES, inner, length);
}

static void answer(void *user, const uint8_t *bytes, uint32_t length, uint32_t address,
                   uint16_t port) {
    Node *n = user;
    bool control = !(bytes[1] & I3_DATA);
    Packet *pkt = control ? NULL : g_steal_pointer(&n->data);
    if (control) note(sim_now(n->base.sim), bytes, length);
    if (control && n->lose_out & 1u << seen.out++) return;
    if (!pkt) pkt = packet_new(n->base.packets, &n->base.owner, TUNNEL_BYTES + length);
    CHECK_U64(pkt->length, TUNNEL_BYTES + length);
    wrap(pkt->data, bytes, length, address, port);
    if (control && n->liar) {
        pkt->data[TUNNEL_BYTES + 3 + 2] = I3_CHALLENGE;
        pkt->data[TUNNEL_BYTES + 3 + 2 + 1 + 35] = (uint8_t)(3 * seen.out);
    }
    port_send(&n->base, address - base_address < HOSTS ? address - base_address : 0, pkt);
}

static void node_receive(Component *c, unsigned port, Packet *pkt) {
    Node *n = (Node *)c;
    const uint8_t *p = pkt->data;
    uint32_t length = pkt->length - TUNNEL_BYTES;
    CHECK_U64(get16(p + 42), 8 + length);
    CHECK_U64(fold_checksum(sum_words(p + 18, 20)), 0);
    bool lost = false;
    if (port != FROM_SOURCE) {
        note(sim_now(c->sim), p + TUNNEL_BYTES, length);
        lost = n->lose_in & 1u << seen.in++;
    }
    g_autofree uint8_t *i3 = g_memdup2(p + TUNNEL_BYTES, length);
    n->data = port == FROM_SOURCE ? pkt : NULL;
    if (!lost)
        i3_server_process(n->server, i3, length, get32(p + 30), (uint16_t)get16(p + 38),
                          sim_now(c->sim), answer, n);
    if (port != FROM_SOURCE || n->data) packet_deliver(pkt);
    n->data = NULL;
}

static bool node_create(Component *c, GError **error) {
    (void)error;
    c->n_ports = HOSTS + 1;
    ((Node *)c)->server = i3_server_new(&(I3ServerParams){.secret = "the node's", .address = 0});
    return true;
}
static void node_free(Component *c) {
    i3_server_free(((Node *)c)->server);
}
static const ComponentClass node_class = {.name = "node",
                                          .size = sizeof(Node),
                                          .create = node_create,
                                          .receive = node_receive,
                                          .free = node_free};

/* Where data goes on to, and what says anything at all to a host. */
static struct {
    uint8_t bytes[MOST][160];
    uint32_t length[MOST];
    unsigned port[MOST];
    SimTime time[MOST];
    unsigned n;
} heard;

static void ear_receive(Component *c, unsigned port, Packet *pkt) {
    unsigned i = heard.n++ % MOST;
    heard.length[i] = pkt->length;
    heard.port[i] = port;
    heard.time[i] = sim_now(c->sim);
    memcpy(heard.bytes[i], pkt->data, MIN(pkt->length, sizeof heard.bytes[0]));
    packet_deliver(pkt);
}
static bool ear_create(Component *c, GError **error) {
    (void)error;
    c->n_ports = HOSTS + 1;
    return true;
}
static const ComponentClass ear_class = {
    .name = "ear", .size = sizeof(Component), .create = ear_create, .receive = ear_receive};

/* The world -------------------------------------------------------------------------------- */

static Network *net;
static Node *node;
static Component *host[HOSTS], *source, *ear;
static const LinkSpeed cable = {0, SIM_MS};

/* A component with "key=value|key=value|..." */
static Component *add(const ComponentClass *class, const char *name, const char *settings) {
    Component *c = network_add(net, class, name);
    g_auto(GStrv) pairs = g_strsplit(settings, "|", -1);
    for (unsigned i = 0; pairs[i]; i++) {
        g_auto(GStrv) pair = g_strsplit(pairs[i], "=", 2);
        CHECK(param_set(param_find(class->params, pair[0]), c, pair[1], NULL, NULL));
    }
    return c;
}

static void open_world(const char *first, const char *second, const char *traffic) {
    NetworkOptions options = {.seed = 1};
    const char *of[HOSTS] = {first, second};
    memset(&seen, 0, sizeof seen);
    memset(&heard, 0, sizeof heard);
    net = network_new(&options);
    node = (Node *)network_add(net, &node_class, "node");
    for (unsigned i = 0; i < HOSTS; i++) {
        g_autofree char *name = g_strdup_printf("host%u", i);
        g_autofree char *settings = g_strdup_printf("id=abcd|peer_address=10.253.0.%u%s%s", i + 1,
                                                    *of[i] ? "|" : "", of[i]);
        host[i] = add(&i3_host_class, name, settings);
    }
    source = add(&source_class, "traffic", traffic);
    ear = add(&ear_class, "ear", "");
    g_autoptr(GError) error = NULL;
    const Component *failed;
    CHECK(network_create(net, &error));
    for (unsigned i = 0; i < HOSTS; i++) {
        CHECK(network_link(host[i], 0, &node->base, i, cable, NULL));
        CHECK(network_link(&node->base, i, host[i], 0, cable, NULL));
        CHECK(network_link(host[i], 1, ear, i, (LinkSpeed){0}, NULL));
    }
    CHECK(network_link(source, 0, &node->base, FROM_SOURCE, cable, NULL));
    CHECK(network_start(net, &failed, &error));
    if (error) printf("  %s\n", error->message);
}
#define NO_TRAFFIC "ports=1|duration=0"

static void close_world(void) {
    g_autoptr(GError) error = NULL;
    CHECK(network_stop(net, &error)); /* packets are conserved */
    if (error) printf("  %s\n", error->message);
    CHECK_U64(packet_pool_counts(network_packets(net)).held, 0);
    network_free(net);
}
static SimTime now(void) {
    return sim_now(network_sim(net));
}
static void run(void) { /* until it ends by itself */
    network_run(net, SIM_NEVER, SIM_S, SIM_MS, NULL, NULL);
}
static void run_to(SimTime end) {
    network_run(net, end, SIM_S, SIM_MS, NULL, NULL);
    CHECK_U64(now(), end);
}
static void tell(Component *c, const char *verb) {
    CHECK(c->class->command(c, verb, "", NULL));
}
static double scalar(const char *name) {
    Report *report = report_new();
    network_report(net, report);
    const ReportScalar *s = report_find(report, name);
    if (!s) printf("  no scalar %s\n", name);
    double value = s ? s->value : NAN;
    report_free(report);
    return value;
}
/* What passed the node, a letter each. */
static const char *passed(void) {
    static char letters[MOST + 1];
    for (unsigned i = 0; i < seen.n; i++) letters[i] = seen.all[i].what;
    letters[seen.n] = 0;
    return letters;
}
static unsigned triggers(void) {
    return i3_server_n_triggers(node->server);
}
static void right_nonce(uint8_t nonce[16], unsigned of) {
    uint8_t target[7] = {0x20, 10, 253, 0, (uint8_t)(of + 1), 0x75, 0x31};
    i3_server_nonce(node->server, target, sizeof target, nonce);
}

/* Handshake -------------------------------------------------------------------------------- */

static void a_handshake_is_insert_challenge_insert_ack(void) {
    open_world("", "insert=no", NO_TRAFFIC);
    run();
    CHECK_TEXT(passed(), "icia");
    CHECK(now() < 10 * SIM_MS); /* the refresh does not keep the run going */
    uint8_t e[INNER] = {0x10, 0x20, 1, 0xab, 0xcd}, nonce[16];
    static const uint8_t self[7] = {0x20, 10, 253, 0, 1, 0x75, 0x31}; /* UDP port 30001 */
    e[36] = 2 + 8 + 75;
    e[37] = 1; /* sender */
    memcpy(e + 38, self, 7);
    e[45] = 2; /* insert: flags 0, id, 256 bits, nonce, target, key 0 */
    e[TRIGGER + 1] = 0xab;
    e[TRIGGER + 2] = 0xcd;
    e[TRIGGER + 33] = 1;
    memcpy(e + TARGET, self, 7);
    CHECK_U64(seen.all[0].length, INNER);
    CHECK(memcmp(seen.all[0].bytes, e, INNER) == 0);
    right_nonce(nonce, 0);
    memcpy(e + NONCE, nonce, 16);
    CHECK_U64(seen.all[2].length, INNER);
    CHECK(memcmp(seen.all[2].bytes, e, INNER) == 0);
    CHECK_U64(seen.all[0].time, SIM_MS);
    CHECK_U64(seen.all[2].time, 3 * SIM_MS);
    CHECK_U64(triggers(), 1);
    CHECK_NEAR(scalar("host0.inserts"), 2, 0);
    CHECK_NEAR(scalar("host0.challenges"), 1, 0);
    CHECK_NEAR(scalar("host0.acks"), 1, 0);
    CHECK_NEAR(scalar("host0.other"), 0, 0);
    CHECK_NEAR(scalar("host0.insert_ack_us"), 4000, 0);
    CHECK_NEAR(scalar("host1.inserts"), 0, 0);
    close_world();
}

static void outer_headers_are_those_of_the_slice(void) {
    NetworkOptions options = {.seed = 1};
    memset(&heard, 0, sizeof heard);
    net = network_new(&options);
    host[0] = add(&i3_host_class, "host0",
                  "node_address=10.255.0.7|peer_address=192.168.1.2|node_mac=02:00:00:00:01:06|"
                  "peer_mac=02:00:00:00:09:09|udp_port=31000|peer_port=31001|vlan=110|tries=1");
    ear = add(&ear_class, "ear", "");
    CHECK(network_create(net, NULL));
    CHECK(network_link(host[0], 0, ear, 0, cable, NULL));
    const Component *failed;
    CHECK(network_start(net, &failed, NULL));
    run();
    static const uint8_t ether[18] = {2, 0, 0, 0, 1, 6, 2, 0, 0, 0, 9, 9, 0x81, 0, 0, 110, 8, 0};
    static const uint8_t rest[16] = {192,  168,  1,    2,    10, 255, 0, 7,
                                     0x79, 0x19, 0x79, 0x18, 0,  128, 0, 0};
    CHECK_U64(heard.n, 1);
    CHECK_U64(heard.length[0], 46 + INNER);
    CHECK(memcmp(heard.bytes[0], ether, 18) == 0);
    CHECK(memcmp(heard.bytes[0] + 30, rest, 16) == 0);
    CHECK_U64(heard.bytes[0][27], 17);
    CHECK_U64(get16(heard.bytes[0] + 20), 28 + INNER);
    CHECK_U64(fold_checksum(sum_words(heard.bytes[0] + 18, 20)), 0);
    close_world();
}

static void whatever_is_lost_is_made_good_after_the_timeout(void) {
    /* Packets in order: first insert, challenge, second insert, ack. What the host knows by then it
     * need not ask for again. */
    static const struct {
        unsigned in, out;
        const char *passed;
        double us, challenges;
    } cases[] = {{1, 0, "iicia", 2004000, 1},
                 {0, 1, "icicia", 2004000, 1},
                 {2, 0, "iciia", 2002000, 1},
                 {0, 2, "iciaia", 2002000, 1},
                 {1 | 2 | 8, 0, "iiiciia", 6002000, 1}};
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        open_world("", "insert=no", NO_TRAFFIC);
        node->lose_in = cases[i].in;
        node->lose_out = cases[i].out;
        run();
        CHECK_TEXT(passed(), cases[i].passed);
        CHECK_U64(triggers(), 1);
        CHECK_NEAR(scalar("host0.insert_ack_us"), cases[i].us, 0);
        CHECK_NEAR(scalar("host0.challenges"), cases[i].challenges, 0);
        CHECK_NEAR(scalar("host0.acks"), 1, 0);
        CHECK_NEAR(scalar("host0.failures"), 0, 0);
        CHECK(now() < (SimTime)cases[i].us * SIM_US + 10 * SIM_MS);
        close_world();
    }
}

static void it_gives_up_after_its_tries_and_comes_back_to_refresh(void) {
    open_world("refresh=never", "insert=no", NO_TRAFFIC);
    node->lose_in = ~0u;
    run();
    CHECK_TEXT(passed(), "iiiiii");
    CHECK_U64(seen.all[5].time, 10 * SIM_S + SIM_MS);
    CHECK_U64(now() / SIM_S, 12);
    CHECK_NEAR(scalar("host0.failures"), 1, 0);
    CHECK_NEAR(scalar("host0.acks"), 0, 0);
    close_world();
    open_world("tries=2|ack_timeout=100ms|refresh=5s", "insert=no", NO_TRAFFIC);
    node->lose_in = 3;
    run_to(6 * SIM_S);
    CHECK_TEXT(passed(), "iiicia"); /* 0, 0.1, and at 0.2 + 5 seconds */
    CHECK_U64(seen.all[2].time, 5200 * SIM_MS + SIM_MS);
    CHECK_U64(triggers(), 1);
    CHECK_NEAR(scalar("host0.failures"), 1, 0);
    close_world();
}

static void slow_answers_are_no_trouble(void) {
    /* 2 ms there and back, but patience for 1.5: the first insert is sent twice and both are
     * challenged; only one challenge is answered. At 3 ms, by then with the nonce, the third. */
    open_world("ack_timeout=1500us", "insert=no", NO_TRAFFIC);
    run();
    CHECK_TEXT(passed(), "iciciaia");
    CHECK_U64(triggers(), 1);
    CHECK_NEAR(scalar("host0.inserts"), 4, 0);
    CHECK_NEAR(scalar("host0.challenges"), 2, 0);
    CHECK_NEAR(scalar("host0.acks"), 1, 0);
    CHECK_NEAR(scalar("host0.other"), 1, 0); /* the second ack: nobody waits for it */
    CHECK_NEAR(scalar("host0.insert_ack_us"), 4000, 0);
    close_world();
}

static void nobody_keeps_it_talking(void) {
    open_world("refresh=never", "insert=no", NO_TRAFFIC);
    node->liar = true;
    run();
    CHECK_NEAR(scalar("host0.inserts"), 2 * 6, 0);
    CHECK_NEAR(scalar("host0.failures"), 1, 0);
    CHECK_U64(triggers(), 0);
    CHECK_U64(now() / SIM_S, 12);
    close_world();
}

/* Refresh and remove ----------------------------------------------------------------------- */

static void refreshed_it_is_alive_after_60_s(void) {
    open_world("", "insert=no", NO_TRAFFIC);
    run_to(60 * SIM_S);
    CHECK_TEXT(passed(), "iciaiaia"); /* one round trip each, 20 s after the ack before */
    CHECK_U64(seen.all[4].time, 20 * SIM_S + 5 * SIM_MS);
    CHECK_U64(seen.all[6].time, 40 * SIM_S + 7 * SIM_MS);
    i3_server_expire(node->server, now());
    CHECK_U64(triggers(), 1);
    CHECK_U64(i3_server_count(node->server, I3_EXPIRED), 0);
    CHECK_U64(i3_server_count(node->server, I3_REFRESHED), 2);
    CHECK_NEAR(scalar("host0.acks"), 3, 0);
    CHECK_NEAR(scalar("host0.insert_ack_us"), 4000, 0); /* refreshes do not count */
    close_world();
}

static void not_refreshed_it_is_gone_after_30_s(void) {
    open_world("refresh=never", "insert=no", NO_TRAFFIC);
    run_to(60 * SIM_S);
    CHECK_TEXT(passed(), "icia");
    i3_server_expire(node->server, 30 * SIM_S + 3 * SIM_MS); /* it came at 3 ms */
    CHECK_U64(triggers(), 1);
    i3_server_expire(node->server, 30 * SIM_S + 3 * SIM_MS + 1);
    CHECK_U64(triggers(), 0);
    close_world();
}

static void a_remove_carries_the_nonce_and_ends_the_refreshes(void) {
    open_world("insert_at=1s", "insert=no", NO_TRAFFIC);
    tell(host[1], "remove"); /* there is nothing */
    run_to(SIM_S + 100 * SIM_MS);
    CHECK_U64(triggers(), 1);
    CHECK_U64(seen.all[0].time, SIM_S + SIM_MS);
    tell(host[0], "remove");
    run_to(60 * SIM_S);
    CHECK_TEXT(passed(), "iciar");
    CHECK_U64(triggers(), 0);
    CHECK_U64(i3_server_count(node->server, I3_REMOVED), 1);
    CHECK_U64(i3_server_count(node->server, I3_EXPIRED), 0);
    uint8_t e[INNER];
    memcpy(e, seen.all[2].bytes, INNER);
    e[45] = 5;
    CHECK(memcmp(seen.all[4].bytes, e, INNER) == 0);
    /* The nonce is the target's: it is still good. */
    tell(host[0], "insert");
    run();
    CHECK_TEXT(passed(), "iciaria");
    CHECK_U64(triggers(), 1);
    CHECK_NEAR(scalar("host0.removes"), 1, 0);
    CHECK_NEAR(scalar("host1.removes"), 0, 0);
    CHECK_NEAR(scalar("host0.insert_ack_us"), 3000, 0); /* 4 ms and 2 ms */
    CHECK_NEAR(scalar("host0.insert_ack_max_us"), 4000, 0);
    close_world();
}

static void a_remove_at_any_time_of_the_handshake_is_the_last_word(void) {
    for (unsigned us = 500; us < 6000; us += 1000) {
        open_world("", "insert_at=5s", NO_TRAFFIC);
        run_to(us * SIM_US);
        tell(host[0], "remove");
        tell(host[1], "remove"); /* the insert that it was to make is off */
        run();
        CHECK(now() < 100 * SIM_MS);
        run_to(40 * SIM_S);
        CHECK_U64(triggers(), 0);
        CHECK_TEXT(passed(), us < 2000 ? "ic" : "iciar");
        CHECK_NEAR(scalar("host0.acks"), us > 4000, 0);
        close_world();
    }
}

static void the_script_can_insert(void) {
    open_world("insert=no", "insert=no", NO_TRAFFIC);
    run_to(3 * SIM_S);
    CHECK_TEXT(passed(), "");
    tell(host[1], "insert");
    run();
    CHECK_TEXT(passed(), "icia");
    CHECK_NEAR(scalar("host1.acks"), 1, 0);
    g_autoptr(GError) error = NULL;
    CHECK(!host[1]->class->command(host[1], "insert", "now", &error));
    CHECK_TEXT(error->message, "found \"insert now\", expected insert alone");
    g_clear_error(&error);
    CHECK(!host[1]->class->command(host[1], "move", "", &error));
    CHECK_CONTAINS(error->message, "found \"move\"");
    close_world();
}

/* Data ------------------------------------------------------------------------------------- */

#define TRAFFIC                                                                                    \
    "ports=1|application=i3|ids=abcd|payload=40|rate=1kp/s|start=10ms|duration=1s|warmup=0"

static void data_goes_on_byte_for_byte(void) {
    open_world("", "insert=no", TRAFFIC);
    run();
    CHECK_U64(heard.n, 1000);
    uint8_t e[46 + 35 + 40], i3[35 + 40] = {0x10, 0x10, 1, 0xab, 0xcd};
    wrap(e, i3, sizeof i3, base_address, 30001);
    for (unsigned i = 0; i < heard.n && i < MOST; i++) {
        CHECK_U64(heard.length[i], sizeof e);
        CHECK(memcmp(heard.bytes[i], e, sizeof e) == 0);
        CHECK_U64(heard.port[i], 0);
        CHECK_U64(heard.time[i], (12 + i) * SIM_MS); /* at once */
    }
    CHECK_NEAR(scalar("host0.data"), 1000, 0);
    CHECK_NEAR(scalar("host1.data"), 0, 0);
    close_world();
}

static void a_receiver_moves_and_nothing_is_lost(void) {
    /* The new address is in at 503 ms, the old one out 10 ms later. A packet reaches the node at
     * each whole millisecond from 11 on; what comes between gets to both. */
    open_world("", "insert_at=500500us", TRAFFIC);
    run_to(512500 * SIM_US);
    tell(host[0], "remove");
    run();
    CHECK_NEAR(scalar("host0.data"), 513 - 11 + 1, 0);
    CHECK_NEAR(scalar("host1.data"), 1010 - 504 + 1, 0);
    for (unsigned i = 0; i < heard.n && i < MOST; i++)
        CHECK(heard.time[i] >= 505 * SIM_MS || heard.port[i] == 0);
    CHECK_U64(triggers(), 1);
    close_world();
}

/* Say it to host 0, as `length` bytes of frame. */
static void say(const uint8_t *frame, uint32_t length) {
    Packet *pkt = packet_new(network_packets(net), &host[0]->owner, length);
    memcpy(pkt->data, frame, length);
    host[0]->class->receive(host[0], 0, pkt);
}

static void what_is_not_for_it_is_dropped(void) {
    open_world("insert=no", "insert=no", NO_TRAFFIC);
    uint8_t good[46 + 75], i3[75] = {0x10, 0x10, 1, 0xab, 0xcd}, f[sizeof good];
    wrap(good, i3, sizeof i3, base_address, 30001);
    static const uint8_t form[] = {12, 13, 16, 17, 18, 27, 42, 46, 47, 48};
    static const uint8_t stranger[] = {34, 35, 36, 37, 40, 41};
    double drops = 0, strangers = 0;
    for (unsigned i = 0; i < sizeof form; i++) {
        memcpy(f, good, sizeof f);
        f[form[i]] ^= 0x0e;
        say(f, sizeof f);
        CHECK_NEAR(scalar("host0.drop.form"), ++drops, 0);
    }
    for (unsigned i = 0; i < sizeof stranger; i++) {
        memcpy(f, good, sizeof f);
        f[stranger[i]] ^= 1;
        say(f, sizeof f);
        CHECK_NEAR(scalar("host0.drop.stranger"), ++strangers, 0);
    }
    for (uint32_t cut = 14; cut < sizeof good; cut++, drops++) say(good, cut);
    CHECK_NEAR(scalar("host0.drop.form"), drops, 0);
    for (unsigned udp = 0; udp < 8 + 35; udp++, drops++) {
        memcpy(f, good, sizeof f);
        put16(f + 42, udp);
        say(f, sizeof f);
    }
    CHECK_NEAR(scalar("host0.drop.form"), drops, 0);
    CHECK_NEAR(scalar("host0.data"), 0, 0);
    say(good, sizeof good);
    CHECK_NEAR(scalar("host0.data"), 1, 0);
    run();
    CHECK_U64(heard.n, 1);
    CHECK(memcmp(heard.bytes[0], good, sizeof good) == 0);
    close_world();
}

static void only_answers_about_its_own_trigger_are_believed(void) {
    /* A challenge that differs anywhere but in the nonce, is cut short or without options. */
    open_world("", "insert=no", NO_TRAFFIC);
    run_to(500 * SIM_US);
    uint8_t i3[5 + 75] = {0x10, 0x20, 0, 0, 2 + 75, I3_CHALLENGE}, f[46 + sizeof i3];
    uint8_t *t = i3 + 6;
    t[1] = 0xab;
    t[2] = 0xcd;
    t[33] = 1;
    memcpy(t + 51, (const uint8_t[]){0x20, 10, 253, 0, 1, 0x75, 0x31}, 7);
    for (unsigned i = 0; i < 74; i++) {
        if (i >= 35 && i < 51) continue;
        t[i] ^= 1;
        wrap(f, i3, sizeof i3, base_address, 30001);
        say(f, sizeof f);
        t[i] ^= 1;
    }
    for (unsigned cut = 2; cut < 2 + 75; cut++) {
        put16(i3 + 3, cut);
        wrap(f, i3, 3 + cut, base_address, 30001);
        say(f, 46 + 3 + cut);
    }
    put16(i3 + 3, 2 + 75);
    i3[1] = 0;
    wrap(f, i3, sizeof i3, base_address, 30001);
    say(f, sizeof f);
    CHECK_NEAR(scalar("host0.challenges"), 0, 0);
    CHECK_NEAR(scalar("host0.other"), 74 - 16 + 75 + 1, 0);
    CHECK_NEAR(scalar("host0.inserts"), 1, 0);
    i3[1] = 0x20;
    i3[5] = I3_ACK;
    memset(t + 35, 7, 16); /* an ack with a nonce that nobody sent */
    wrap(f, i3, sizeof i3, base_address, 30001);
    say(f, sizeof f);
    CHECK_NEAR(scalar("host0.acks"), 0, 0);
    i3[5] = I3_CHALLENGE; /* now the challenge itself, with the right nonce */
    right_nonce(t + 35, 0);
    wrap(f, i3, sizeof i3, base_address, 30001);
    say(f, sizeof f);
    CHECK_NEAR(scalar("host0.challenges"), 1, 0);
    CHECK_NEAR(scalar("host0.inserts"), 2, 0);
    run();
    CHECK_NEAR(scalar("host0.acks"), 1, 0);
    close_world();
}

static void a_bad_id_or_address_is_an_error(void) {
    static const char *const cases[][2] = {
        {"id=xyz", "found \"xyz\", expected 1 to 64 hexadecimal digits"},
        {"id=", "found \"\", expected 1 to 64 hexadecimal digits"},
        {"peer_address=10.0.0", "found \"10.0.0\", expected an IPv4 address"}};
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        NetworkOptions options = {.seed = 1};
        g_autoptr(GError) error = NULL;
        net = network_new(&options);
        Component *c = network_add(net, &i3_host_class, "host");
        g_auto(GStrv) pair = g_strsplit(cases[i][0], "=", 2);
        CHECK(!param_set(param_find(c->class->params, pair[0]), c, pair[1], NULL, &error));
        CHECK_CONTAINS(error ? error->message : NULL, cases[i][1]);
        network_free(net);
    }
}

int main(void) {
    static const Test tests[] = {TEST(a_handshake_is_insert_challenge_insert_ack),
                                 TEST(outer_headers_are_those_of_the_slice),
                                 TEST(whatever_is_lost_is_made_good_after_the_timeout),
                                 TEST(it_gives_up_after_its_tries_and_comes_back_to_refresh),
                                 TEST(slow_answers_are_no_trouble),
                                 TEST(nobody_keeps_it_talking),
                                 TEST(refreshed_it_is_alive_after_60_s),
                                 TEST(not_refreshed_it_is_gone_after_30_s),
                                 TEST(a_remove_carries_the_nonce_and_ends_the_refreshes),
                                 TEST(a_remove_at_any_time_of_the_handshake_is_the_last_word),
                                 TEST(the_script_can_insert),
                                 TEST(data_goes_on_byte_for_byte),
                                 TEST(a_receiver_moves_and_nothing_is_lost),
                                 TEST(what_is_not_for_it_is_dropped),
                                 TEST(only_answers_about_its_own_trigger_are_believed),
                                 TEST(a_bad_id_or_address_is_an_error),
                                 {0}};
    return run_tests("i3_host", tests);
}
