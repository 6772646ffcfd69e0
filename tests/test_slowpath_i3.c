/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The slow path's I3 server. Oracle: a twin that keeps triggers in one list, matches bit by bit
 * through all of them and writes down every packet that must leave, byte for byte and in order; and
 * what it takes for single triggers is held against what the server announces. The packets of the
 * handshake are compared with bytes written here. */
#include <glib.h>
#include <stdlib.h>

#include "components/slowpath/i3_server.h"
#include "tests/check.h"
#include "tests/dice.h"

enum { SELF = 0x0a000001, SELF_PORT = 5610, HOST = 0x0a640000, SENDER = 0x0a650000 };
enum { NEXT_NODE = 0x0a0000ee, BUFFER = 4096, MAX_TARGET = 2 + 32 * 15 };

static void bytes2(uint8_t *p, unsigned v) {
    p[0] = (uint8_t)(v >> 8 & 255);
    p[1] = (uint8_t)(v & 255);
}
static void bytes4(uint8_t *p, uint32_t v) {
    bytes2(p, v >> 16);
    bytes2(p + 2, v & 0xffff);
}

/* Packets ---------------------------------------------------------------------------------- */

typedef struct {
    uint8_t id[32];
    unsigned prefix;
    uint8_t target[MAX_TARGET]; /* as on the wire */
    unsigned target_bytes;
    SimTime refreshed;
} Twin;

typedef struct {
    uint8_t bytes[BUFFER];
    uint32_t length, options_at;
} Pkt;

static void add(Pkt *p, const void *bytes, uint32_t n) {
    memcpy(p->bytes + p->length, bytes, n);
    p->length += n;
    if (p->options_at) bytes2(p->bytes + p->options_at, p->length - p->options_at);
}
static void add1(Pkt *p, unsigned byte) {
    uint8_t b = (uint8_t)byte;
    add(p, &b, 1);
}
static Pkt header(unsigned flags, unsigned n, const uint8_t *ids) {
    Pkt p = {.bytes = {0x10, (uint8_t)flags, (uint8_t)n}, .length = 3};
    if (n) add(&p, ids, 32 * n);
    if (flags & 0x20) {
        uint8_t two[2] = {0, 2};
        p.options_at = p.length;
        add(&p, two, 2);
    }
    return p;
}
static void add_payload(Pkt *p, const void *bytes, uint32_t n) {
    p->options_at = 0;
    if (n) add(p, bytes, n);
}
static unsigned host(uint8_t *target, uint32_t address, unsigned port) {
    target[0] = 0x20;
    bytes4(target + 1, address);
    bytes2(target + 5, port);
    return 7;
}
static void add_sender(Pkt *p, uint32_t address, unsigned port) {
    uint8_t a[7];
    add1(p, 0x01);
    add(p, a, host(a, address, port));
}
static void add_trigger(Pkt *p, unsigned code, const Twin *t, const uint8_t *nonce) {
    static const uint8_t zero[16], key[16] = "sixteen bytes !";
    uint8_t prefix[2];
    bytes2(prefix, t->prefix);
    add1(p, code);
    add1(p, 0);
    add(p, t->id, 32);
    add(p, prefix, 2);
    add(p, nonce ? nonce : zero, 16);
    add(p, t->target, t->target_bytes);
    if (t->target[0] != 0x10) add(p, key, 16);
}

/* What was sent ---------------------------------------------------------------------------- */

typedef struct {
    uint8_t bytes[BUFFER];
    uint32_t length, address;
    uint16_t port;
} Sent;
static GArray *sent, *expected;

static void on_emit(void *user, const uint8_t *bytes, uint32_t length, uint32_t address,
                    uint16_t port) {
    Sent s = {.length = length, .address = address, .port = port};
    CHECK(user == &sent);
    if (length <= BUFFER) memcpy(s.bytes, bytes, length);
    g_array_append_val(sent, s);
}
static void expect(const Pkt *p, uint32_t address, unsigned port) {
    Sent s = {.length = p->length, .address = address, .port = (uint16_t)port};
    memcpy(s.bytes, p->bytes, p->length);
    g_array_append_val(expected, s);
}
static void check_sent(void) {
    CHECK_U64(sent->len, expected->len);
    for (unsigned i = 0; i < sent->len && i < expected->len; i++) {
        const Sent *a = &g_array_index(sent, Sent, i), *b = &g_array_index(expected, Sent, i);
        CHECK_U64(a->length, b->length);
        CHECK_U64(a->address, b->address);
        CHECK_U64(a->port, b->port);
        CHECK(a->length != b->length || memcmp(a->bytes, b->bytes, a->length) == 0);
    }
    g_array_set_size(sent, 0);
    g_array_set_size(expected, 0);
}

/* A world: one server, and who listens to what it says of single triggers -------------------- */

static I3Server *server;
static GArray *installed; /* I3Trigger, in the order of installing */
static GString *spoken;   /* "+5 -5 ": last byte of the host's address */

static bool elsewhere(void *user, const uint8_t *id, uint32_t *address, uint16_t *port) {
    CHECK(user == &server);
    if (id[0] < 0xee) return false;
    *address = id[0] == 0xee ? NEXT_NODE : 0;
    *port = 5611;
    return true;
}

static void on_single(void *user, bool install, const I3Trigger *t) {
    unsigned at = 0;
    CHECK(user == &server);
    while (at < installed->len &&
           memcmp(g_array_index(installed, I3Trigger, at).id, t->id, FP_KEY_BYTES) != 0)
        at++;
    CHECK(install == (at == installed->len)); /* never twice, never what is not there */
    g_string_append_printf(spoken, "%c%u ", install ? '+' : '-', t->address & 255);
    if (install) {
        g_array_append_vals(installed, t, 1);
    } else if (at < installed->len) {
        CHECK(memcmp(g_array_index(installed, I3Trigger, at).id, t->id, 32) == 0);
        CHECK_U64(g_array_index(installed, I3Trigger, at).address, t->address);
        g_array_remove_index(installed, at);
    }
}

static const I3ServerParams some_params = {.secret = "secret of tests",
                                           .address = SELF,
                                           .port = SELF_PORT,
                                           .elsewhere = elsewhere,
                                           .single = on_single,
                                           .user = &server};

static void open_world(const I3ServerParams *params) {
    server = i3_server_new(params);
    sent = g_array_new(FALSE, FALSE, sizeof(Sent));
    expected = g_array_new(FALSE, FALSE, sizeof(Sent));
    installed = g_array_new(FALSE, FALSE, sizeof(I3Trigger));
    spoken = g_string_new(NULL);
}
static void close_world(void) {
    i3_server_free(server);
    g_array_free(sent, TRUE);
    g_array_free(expected, TRUE);
    g_array_free(installed, TRUE);
    g_string_free(spoken, TRUE);
}

/* In a block of exactly its length, for the sanitizer to watch over. */
static void process(const uint8_t *bytes, uint32_t length, SimTime now) {
    uint8_t *copy = malloc(length ? length : 1);
    memcpy(copy, bytes, length);
    i3_server_process(server, copy, length, 0, 0, now, on_emit, &sent);
    CHECK(memcmp(copy, bytes, length) == 0);
    free(copy);
}

static Twin to_host(const uint8_t *id, unsigned prefix, unsigned n) {
    Twin t = {.prefix = prefix};
    memcpy(t.id, id, 32);
    t.target_bytes = host(t.target, HOST + n, 7000 + n);
    return t;
}
static Twin to_stack(const uint8_t *id, unsigned n, const uint8_t *ids) {
    Twin t = {.prefix = 128, .target = {0x10, (uint8_t)n}, .target_bytes = 2 + 32 * n};
    memcpy(t.id, id, 32);
    memcpy(t.target + 2, ids, 32 * n);
    return t;
}
static Pkt ask(unsigned code, const Twin *t, bool with_nonce) {
    uint8_t nonce[16];
    i3_server_nonce(server, t->target, t->target_bytes, nonce);
    Pkt p = header(0x20, 1, t->id);
    add_trigger(&p, code, t, with_nonce ? nonce : NULL);
    return p;
}
static void put(const Twin *t, SimTime now) {
    Pkt p = ask(I3_INSERT, t, true);
    process(p.bytes, p.length, now);
    g_array_set_size(sent, 0);
}
static void take_out(const Twin *t, SimTime now) {
    Pkt p = ask(I3_REMOVE, t, true);
    process(p.bytes, p.length, now);
}
/* Which hosts does a packet for the id reach? "1 2 ". */
static char *reached(const uint8_t *id, SimTime now) {
    static char text[400];
    Pkt p = header(0x10, 1, id);
    add_payload(&p, "payload", 7);
    g_array_set_size(sent, 0);
    process(p.bytes, p.length, now);
    *text = 0;
    for (unsigned i = 0; i < sent->len; i++)
        sprintf(text + strlen(text), "%u ", g_array_index(sent, Sent, i).address & 255);
    g_array_set_size(sent, 0);
    return text;
}

/* The handshake ---------------------------------------------------------------------------- */

static void the_nonce_is_hmac_md5(void) {
    /* RFC 2104's first vector. */
    I3ServerParams params = {0};
    static const uint8_t right[16] = {0x92, 0x94, 0x72, 0x7a, 0x36, 0x38, 0xbb, 0x1c,
                                      0x13, 0xf4, 0x8e, 0xf8, 0x15, 0x8b, 0xfc, 0x9d};
    uint8_t found[16];
    memset(params.secret, 0x0b, 16);
    I3Server *s = i3_server_new(&params);
    i3_server_nonce(s, (const uint8_t *)"Hi There", 8, found);
    CHECK(memcmp(found, right, 16) == 0);
    i3_server_free(s);
}

static void insert_challenge_insert_ack(void) {
    uint8_t id[32] = {0x42}, nonce[16];
    open_world(&some_params);
    Twin t = to_host(id, 256, 9);
    Pkt p = header(0x20 | 0x40, 1, id);
    add_sender(&p, SENDER, 1);
    add_trigger(&p, I3_INSERT, &t, NULL);
    CHECK_U64(p.length, 120);
    process(p.bytes, p.length, 0);
    i3_server_nonce(server, t.target, 7, nonce);
    Pkt challenge = header(0x20, 0, NULL);
    add_trigger(&challenge, I3_CHALLENGE, &t, nonce);
    expect(&challenge, HOST + 9, 7009);
    check_sent();
    CHECK_U64(i3_server_n_triggers(server), 0);
    /* The host sends the trigger back as it got it. */
    for (unsigned i = 0; i < 2; i++) { /* the second time is a refresh */
        p = header(0x20, 1, id);
        add_trigger(&p, I3_INSERT, &t, nonce);
        process(p.bytes, p.length, i);
        Pkt ack = header(0x20, 0, NULL);
        add_trigger(&ack, I3_ACK, &t, nonce);
        uint8_t owner[75] = {0x08};
        memcpy(owner + 2, id, 32);
        bytes2(owner + 34, 256);
        host(owner + 52, SELF, SELF_PORT);
        add(&ack, owner, sizeof owner);
        expect(&ack, HOST + 9, 7009);
        check_sent();
        CHECK_U64(i3_server_n_triggers(server), 1);
    }
    CHECK_U64(i3_server_count(server, I3_INSERTED), 1);
    CHECK_U64(i3_server_count(server, I3_REFRESHED), 1);
    CHECK_U64(i3_server_count(server, I3_ACKED), 2);
    CHECK_U64(i3_server_count(server, I3_CHALLENGED), 1);
    /* Another host's nonce, and each bit of the right one turned over. */
    Twin other = to_host(id, 256, 10);
    p = header(0x20, 1, id);
    add_trigger(&p, I3_INSERT, &other, nonce);
    process(p.bytes, p.length, 2);
    for (unsigned bit = 0; bit < 128; bit++) {
        uint8_t wrong[16];
        memcpy(wrong, nonce, 16);
        wrong[bit / 8] ^= (uint8_t)(1 << bit % 8);
        p = header(0x20, 1, id);
        add_trigger(&p, I3_REMOVE, &t, wrong);
        add_trigger(&p, I3_INSERT, &t, wrong);
        process(p.bytes, p.length, 2);
    }
    CHECK_U64(i3_server_n_triggers(server), 1);
    CHECK_U64(i3_server_count(server, I3_BAD_NONCE), 128);
    CHECK_U64(i3_server_count(server, I3_CHALLENGED), 130);
    g_array_set_size(sent, 0);
    host(other.target, HOST + 9, 7010); /* another port is another target */
    take_out(&other, 3);                /* right nonce, no such trigger */
    CHECK_U64(i3_server_n_triggers(server), 1);
    take_out(&t, 3);
    CHECK_U64(i3_server_n_triggers(server), 0);
    CHECK_U64(i3_server_count(server, I3_REMOVED), 1);
    check_sent();
    CHECK_TEXT(spoken->str, "+9 -9 ");
    close_world();
}

static void a_stack_s_challenge_goes_to_the_sender(void) {
    uint8_t id[32] = {0x42}, nonce[16];
    open_world(&some_params);
    Twin t = to_stack(id, 1, id);
    for (unsigned named = 0; named < 3; named++) {
        Pkt p = header(0x20, 1, id), challenge = header(0x20, 0, NULL);
        add_trigger(&p, I3_INSERT, &t, NULL);
        if (named == 2) add_sender(&p, SENDER, 99); /* anywhere in the list */
        i3_server_process(server, p.bytes, p.length, named ? HOST : 0, 77, 0, on_emit, &sent);
        i3_server_nonce(server, t.target, t.target_bytes, nonce);
        add_trigger(&challenge, I3_CHALLENGE, &t, nonce);
        if (named) expect(&challenge, named == 2 ? SENDER : HOST, named == 2 ? 99 : 77);
        check_sent();
    }
    CHECK_U64(i3_server_count(server, I3_UNANSWERED), 1);
    close_world();
}

static void targets_that_are_no_hosts_are_refused(void) {
    uint8_t id[32] = {0x42}, nonce[16];
    I3ServerParams params = some_params;
    params.max_triggers = 230;
    open_world(&params);
    for (unsigned net = 0; net < 256; net++) {
        Twin t = to_host(id, 128, 0);
        host(t.target, net << 24 | 0x010203, 1);
        put(&t, 0);
    }
    CHECK_U64(i3_server_n_triggers(server), 222); /* 1 to 223 without 127 */
    Twin t = to_host(id, 128, 0);
    host(t.target, HOST, 0);
    put(&t, 0);
    host(t.target, SELF, SELF_PORT); /* packets would come back for ever */
    put(&t, 0);
    CHECK_U64(i3_server_n_triggers(server), 222);
    host(t.target, SELF, SELF_PORT + 1);
    put(&t, 0);
    for (unsigned i = 0; i < 20; i++) { /* seven more, and the table is full */
        t = to_host(id, 128, i);
        put(&t, 0);
    }
    CHECK_U64(i3_server_n_triggers(server), 230);
    put(&t, 31 * SIM_S); /* but not for ever */
    CHECK_U64(i3_server_n_triggers(server), 1);
    uint8_t foreign[32] = {0xee};
    t = to_host(foreign, 128, 1);
    Pkt p = header(0x20, 0, NULL); /* for us, though the id is another's */
    i3_server_nonce(server, t.target, 7, nonce);
    add_trigger(&p, I3_INSERT, &t, nonce);
    process(p.bytes, p.length, 31 * SIM_S);
    CHECK_U64(i3_server_n_triggers(server), 1);
    close_world();
}

/* Life, order, matching -------------------------------------------------------------------- */

static void a_trigger_fires_at_30_s_and_not_after(void) {
    uint8_t id[32] = {0x42};
    open_world(&some_params);
    Twin t = to_host(id, 128, 1);
    CHECK_U64(i3_server_next_expiry(server), SIM_NEVER);
    put(&t, 5 * SIM_S);
    CHECK_U64(i3_server_next_expiry(server), 35 * SIM_S + 1);
    CHECK_TEXT(reached(id, 35 * SIM_S), "1 ");
    put(&t, 35 * SIM_S);
    CHECK_TEXT(reached(id, 65 * SIM_S), "1 ");
    CHECK_TEXT(reached(id, 65 * SIM_S + 1), "");
    CHECK_U64(i3_server_n_triggers(server), 0);
    CHECK_U64(i3_server_count(server, I3_EXPIRED), 1);
    CHECK_TEXT(spoken->str, "+1 -1 ");
    put(&t, 70 * SIM_S);
    i3_server_expire(server, i3_server_next_expiry(server) - 1);
    CHECK_U64(i3_server_n_triggers(server), 1);
    i3_server_expire(server, i3_server_next_expiry(server));
    CHECK_U64(i3_server_n_triggers(server), 0);
    CHECK_TEXT(spoken->str, "+1 -1 +1 -1 ");
    close_world();
}

static void copies_leave_in_the_order_of_first_insertion(void) {
    uint8_t id[32] = {0x42};
    open_world(&some_params);
    Twin t[5];
    for (unsigned i = 0; i < 5; i++) {
        t[i] = to_host(id, 128, 5 - i);
        put(&t[i], i * SIM_S);
    }
    CHECK_TEXT(reached(id, 5 * SIM_S), "5 4 3 2 1 ");
    put(&t[1], 6 * SIM_S); /* a refresh moves nobody */
    CHECK_TEXT(reached(id, 6 * SIM_S), "5 4 3 2 1 ");
    take_out(&t[2], 7 * SIM_S);
    put(&t[2], 7 * SIM_S); /* a new insertion does */
    CHECK_TEXT(reached(id, 7 * SIM_S), "5 4 2 1 3 ");
    CHECK_TEXT(reached(id, 33 * SIM_S), "4 2 1 3 "); /* 5 is of 0 s, 2 of 3 s, 1 of 4 s */
    CHECK_TEXT(reached(id, 35 * SIM_S), "4 3 ");
    CHECK_TEXT(reached(id, 37 * SIM_S), "3 ");
    CHECK_TEXT(spoken->str, "+5 -5 +3 ");
    close_world();
}

static void the_longest_prefix_beyond_128_bits_is_chosen(void) {
    uint8_t x[32];
    open_world(&some_params);
    memset(x, 0x55, 32);
    for (unsigned byte = 15; byte < 32;
         byte++) { /* each trigger leaves x at its byte's first bit */
        uint8_t id[32];
        memcpy(id, x, 32);
        id[byte] ^= 0x80;
        Twin t = to_host(id, 128, byte);
        put(&t, 0);
    }
    for (unsigned bit = 0; bit <= 248; bit++) {
        uint8_t y[32];
        char wanted[8] = "";
        memcpy(y, x, 32);
        for (unsigned i = bit; i < 256; i++) y[i / 8] ^= (uint8_t)(0x80 >> i % 8);
        /* y leaves x at `bit` and is its opposite from there on. A trigger of that very bit goes
         * along for one bit more; else those of later bits share `bit` bits, and the first of them
         * is closest, for y is turned over where it is. */
        if (bit >= 128) sprintf(wanted, "%u ", (bit + 7) / 8);
        CHECK_TEXT(reached(y, 0), wanted);
    }
    close_world();
}

static void a_trigger_s_own_prefix_length_counts(void) {
    uint8_t id[32] = {0x42}, x[32];
    open_world(&some_params);
    Twin a = to_host(id, 200, 1), b = to_host(id, 150, 2), c = to_host(id, 0, 3);
    put(&a, 0);
    put(&b, 0);
    put(&c, 0);
    for (unsigned bit = 0; bit < 256; bit++) {
        memcpy(x, id, 32);
        x[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
        CHECK_TEXT(reached(x, 0), bit < 128   ? ""
                                  : bit < 150 ? "3 "
                                  : bit < 200 ? "2 3 "
                                              : "1 2 3 ");
    }
    CHECK_TEXT(reached(id, 0), "1 2 3 ");
    a.prefix = 257;
    put(&a, 0);
    CHECK_U64(i3_server_count(server, I3_MALFORMED), 1);
    close_world();
}

static void stacks_take_the_place_of_the_matched_id(void) {
    uint8_t a[32] = {1}, bc[64] = {2}, many[32 * 15], ids[32 * 15];
    bc[32] = 3;
    open_world(&some_params);
    Twin t = to_stack(a, 2, bc), h = to_host(bc, 128, 7);
    put(&t, 0);
    put(&h, 0);
    memset(ids, 9, sizeof ids);
    memcpy(ids, a, 32);
    for (unsigned n = 1; n <= 15; n++) {
        Pkt p = header(0x10 | 0x40, n, ids), e;
        add_payload(&p, "xyz", 3);
        process(p.bytes, p.length, 0);
        if (n + 1 <= 15) {
            memcpy(many, bc, 64);
            memcpy(many + 64, ids + 32, 32 * (n - 1));
            e = header(0x10, n + 1, many);
            add_payload(&e, "xyz", 3);
            expect(&e, HOST + 7, 7007);
        }
        check_sent();
    }
    CHECK_U64(i3_server_count(server, I3_TOO_HIGH), 1);
    /* Towards another node. */
    uint8_t foreign[32] = {0xee}, unknown[32] = {0xef}, d[32] = {4}, f[32] = {5};
    t = to_stack(d, 1, foreign);
    put(&t, 0);
    t = to_stack(f, 1, unknown);
    put(&t, 0);
    Pkt p = header(0x10, 1, d), e = header(0x10, 1, foreign);
    add_payload(&p, "q", 1);
    add_payload(&e, "q", 1);
    process(p.bytes, p.length, 0);
    expect(&e, NEXT_NODE, 5611);
    check_sent();
    CHECK_TEXT(reached(f, 0), "");
    CHECK_U64(i3_server_count(server, I3_NO_NODE), 1);
    close_world();
}

static void chains_without_an_end_are_cut(void) {
    uint8_t a[32] = {1}, b[32] = {2}, c[32] = {3}, two[64];
    I3ServerParams params = some_params;
    params.max_depth = 5;
    params.max_copies = 40;
    open_world(&params);
    Twin t = to_stack(a, 1, b), u = to_stack(b, 1, a), h = to_host(b, 128, 6);
    put(&t, 0);
    put(&u, 0);
    put(&h, 0);
    CHECK_TEXT(reached(a, 0), "6 6 6 "); /* b at depths 1, 3 and 5 */
    CHECK_U64(i3_server_count(server, I3_TOO_DEEP), 1);
    memcpy(two, c, 32);
    memcpy(two + 32, c, 32);
    t = to_stack(c, 1, two);
    put(&t, 0);
    t = to_host(c, 128, 7);
    put(&t, 0);
    CHECK_TEXT(reached(c, 0), "7 7 7 7 7 7 "); /* one host at each depth */
    t = to_stack(c, 2, two);                   /* now it doubles at each depth */
    put(&t, 0);
    size_t text = strlen(reached(c, 0));
    CHECK(text > 0 && text <= 2 * 40);
    CHECK_U64(i3_server_count(server, I3_DELIVERED), 3 + 6 + text / 2);
    close_world();
}

/* Options ---------------------------------------------------------------------------------- */

static void who_sends_to_nobody_is_told(void) {
    uint8_t ids[64] = {0x42, 1, 2, 3};
    ids[32] = 0x77;
    open_world(&some_params);
    for (unsigned named = 0; named < 2; named++)
        for (unsigned data = 0; data < 2; data++) {
            Pkt p = header(0x20 | (data ? 0x10 : 0), 2, ids), e = header(0x20, 0, NULL);
            if (named) add_sender(&p, SENDER, 1234);
            add_payload(&p, "abc", 3);
            process(p.bytes, p.length, 0);
            add1(&e, 0x06);
            add(&e, ids, 32);
            if (named && data) expect(&e, SENDER, 1234);
            check_sent();
        }
    Pkt p = header(0x30, 1, ids); /* a sender that is nobody */
    add_sender(&p, 0xe0000001, 1);
    process(p.bytes, p.length, 0);
    check_sent();
    CHECK_U64(i3_server_count(server, I3_ABSENT), 3);
    CHECK_U64(i3_server_count(server, I3_ABSENT_SENT), 1);
    CHECK_U64(i3_server_count(server, I3_NO_DATA), 2);
    close_world();
}

/* All options that there are, with an insert and a remove among them. */
static Pkt everything(const uint8_t *id, uint32_t *options_end) {
    uint8_t nonce[16], ten[10] = "012345678";
    Twin t = to_host(id, 128, 1), s = to_stack(id, 1, id), long_one = t;
    static const uint8_t plain[] = {0x07, 0x0a, 0x0b, 0x12, 0x15};
    static const uint8_t with_trigger[] = {3, 4, 8, 9, 0x10, 0x11, 0x13, 0x14};
    Pkt p = header(0x30, 1, id);
    add_sender(&p, SENDER, 1);
    i3_server_nonce(server, t.target, 7, nonce);
    add_trigger(&p, I3_INSERT, &t, nonce);
    i3_server_nonce(server, s.target, s.target_bytes, nonce);
    add_trigger(&p, I3_REMOVE, &s, nonce);
    for (unsigned i = 0; i < sizeof plain; i++) add1(&p, plain[i]);
    for (unsigned i = 0; i < sizeof with_trigger; i++)
        add_trigger(&p, with_trigger[i], i % 2 ? &t : &s, NULL);
    add1(&p, 0x06);
    add(&p, id, 32);
    add1(&p, 0x30);
    add(&p, id, 32);
    add1(&p, 0x20);
    add(&p, t.target, 7);
    long_one.target[0] = 0x30; /* IPv6, and behind a NAT: known, but not served */
    long_one.target_bytes = 19;
    add_trigger(&p, I3_ACK, &long_one, NULL);
    long_one.target[0] = 0x40;
    add_trigger(&p, I3_INSERT, &long_one, NULL);
    uint32_t flags_at = p.length + 1;
    static const uint8_t bucket[13];
    add_trigger(&p, I3_CHALLENGE, &t, NULL);
    add(&p, bucket, sizeof bucket);
    p.bytes[flags_at] = 0x3;
    *options_end = p.length;
    add_payload(&p, ten, 10);
    return p;
}

static void each_truncation_of_the_options_is_refused_whole(void) {
    uint8_t id[32] = {0x42};
    uint32_t end;
    open_world(&some_params);
    Pkt p = everything(id, &end);
    process(p.bytes, p.length, 0); /* an ack to the host, and the payload by the new trigger */
    CHECK_U64(sent->len, 2);
    CHECK_U64(i3_server_count(server, I3_MALFORMED), 0);
    CHECK_U64(i3_server_n_triggers(server), 1);
    CHECK_U64(i3_server_count(server, I3_REFUSED), 1);
    close_world();
    /* Cut with the datagram: only the payload may be missing. */
    open_world(&some_params);
    p = everything(id, &end);
    for (uint32_t cut = 0; cut < end; cut++) process(p.bytes, cut, 0);
    CHECK_U64(i3_server_count(server, I3_MALFORMED), end);
    CHECK_U64(i3_server_n_triggers(server) + sent->len, 0);
    for (uint32_t cut = end; cut <= p.length; cut++) process(p.bytes, cut, 0);
    CHECK_U64(i3_server_count(server, I3_MALFORMED), end);
    close_world();
    /* Cut in the list: whole options may go, and nothing else. */
    unsigned whole = 0;
    for (uint32_t cut = 35 + 2; cut <= end; cut++) {
        open_world(&some_params);
        p = everything(id, &end);
        bytes2(p.bytes + 35, cut - 35);
        process(p.bytes, cut, 0);
        bool refused = i3_server_count(server, I3_MALFORMED);
        whole += !refused;
        if (refused) CHECK_U64(i3_server_n_triggers(server) + sent->len, 0);
        close_world();
    }
    CHECK_U64(whole, 1 + 3 + 5 + 8 + 3 + 2 + 1); /* an empty list, and behind each option */
}

static void unknown_codes_and_bad_addresses_are_refused(void) {
    uint8_t id[32] = {0x42}, body[18] = {0};
    static const uint8_t bare[] = {0x07, 0x0a, 0x0b, 0x12, 0x15};
    for (unsigned code = 0; code < 256; code++) {
        bool is_bare = memchr(bare, (int)code, sizeof bare) != NULL;
        open_world(&some_params);
        Pkt p = header(0x20, 1, id);
        add1(&p, code);
        process(p.bytes, p.length, 0);
        CHECK_U64(i3_server_count(server, I3_MALFORMED), !is_bare);
        p = header(0x20, 1, id);
        add1(&p, 0x01);
        add1(&p, code); /* an address's type; then, of a stack, the number of ids */
        unsigned bytes = code == 0x20 ? 6 : code == 0x30 || code == 0x40 ? 18 : 1;
        add(&p, body, bytes);
        process(p.bytes, p.length, 0);
        CHECK_U64(i3_server_count(server, I3_MALFORMED), !is_bare + (bytes == 1));
        p = header(0x20, 1, id);
        add1(&p, 0x01);
        add1(&p, 0x10);
        add1(&p, code); /* this many ids */
        for (unsigned i = 0; i < code && i < 16; i++) add(&p, id, 32);
        uint64_t before = i3_server_count(server, I3_MALFORMED);
        process(p.bytes, p.length, 0);
        CHECK_U64(i3_server_count(server, I3_MALFORMED) - before, code == 0 || code > 15);
        close_world();
    }
}

static void damaged_packets_do_no_harm(void) {
    uint8_t id[32] = {0x42};
    uint32_t end;
    open_world(&some_params);
    for (unsigned i = 0; i < 100000; i++) {
        Pkt p = everything(id, &end);
        for (unsigned k = (unsigned)dice(4); k < 4; k++)
            p.bytes[dice(2) ? dice(200) : dice(p.length)] ^= (uint8_t)(1 << dice(8));
        process(p.bytes, dice(3) ? p.length : (uint32_t)dice(p.length), i * SIM_MS);
        g_array_set_size(sent, 0);
    }
    CHECK(i3_server_count(server, I3_MALFORMED) > 1000);
    close_world();
}

static void the_longest_datagram_and_one_more(void) {
    uint8_t id[32] = {0x42}, two[64] = {0x43};
    enum { MOST = 65507 };
    open_world(&some_params);
    Twin t = to_host(two, 128, 1), s = to_stack(id, 2, two);
    put(&t, 0);
    put(&s, 0);
    uint8_t *bytes = calloc(1, MOST + 32);
    for (unsigned i = 0; i < 3; i++) {
        Pkt p = header(0x10, 1, i == 2 ? two : id);
        memcpy(bytes, p.bytes, 35);
        process(bytes, i == 2 ? MOST : MOST - 32 + i, 0); /* 32 more behind the stack */
        CHECK_U64(sent->len, i == 1 ? 0 : 1);
        if (sent->len) CHECK_U64(g_array_index(sent, Sent, 0).length, MOST);
        g_array_set_size(sent, 0);
    }
    CHECK_U64(i3_server_count(server, I3_TOO_LONG), 1);
    free(bytes);
    close_world();
}

static void packets_for_other_nodes_pass_as_they_came(void) {
    uint8_t ids[64] = {0xee}, unknown[32] = {0xef};
    ids[32] = 1;
    open_world(&some_params);
    Pkt p = header(0x30 | 0x40, 2, ids), e = header(0x30, 2, ids);
    add1(&p, 0xcc); /* their options are none of our business */
    add1(&e, 0xcc);
    add_payload(&p, "abc", 3);
    add_payload(&e, "abc", 3);
    process(p.bytes, p.length, 0);
    expect(&e, NEXT_NODE, 5611);
    check_sent();
    p = header(0x10, 1, unknown);
    process(p.bytes, p.length, 0);
    check_sent();
    CHECK_U64(i3_server_count(server, I3_NO_NODE), 1);
    close_world();
}

/* Single triggers -------------------------------------------------------------------------- */

static void who_is_single_is_said_in_order(void) {
    uint8_t a[32] = {0x42}, near[32] = {0x42}, far[32] = {0x42};
    near[14] = 0x80; /* differs in bit 112: the same filter */
    far[13] = 0x01;  /* in bit 111: another one */
    open_world(&some_params);
    Twin one = to_host(a, 128, 1), two = to_host(a, 128, 2), three = to_host(near, 128, 3),
         four = to_host(far, 128, 4), five = to_stack(a, 1, far);
#define SAYS(action, text)                                                                         \
    g_string_truncate(spoken, 0);                                                                  \
    action;                                                                                        \
    CHECK_TEXT(spoken->str, text)
    SAYS(put(&one, 0), "+1 ");
    SAYS(put(&one, 1), "");
    SAYS(put(&four, 2), "+4 ");
    SAYS(put(&two, 3), "-1 ");
    SAYS(take_out(&one, 4), "+2 ");
    SAYS(put(&three, 5), "-2 ");
    CHECK(!i3_server_single(server, a) && !i3_server_single(server, near));
    SAYS(take_out(&two, 6), "+3 ");
    CHECK_U64(i3_server_single(server, a)->address, HOST + 3); /* by its leading bits */
    CHECK_U64(i3_server_single(server, far)->port, 7004);
    SAYS(put(&five, 7), "-3 ");
    SAYS(take_out(&three, 8), ""); /* single, but a stack */
    SAYS(put(&one, 9), "");
    SAYS(take_out(&five, 10), "+1 ");
    SAYS(put(&two, 11), "-1 ");
    SAYS(i3_server_expire(server, 30 * SIM_S + 10), "-4 +2 "); /* 4 is of 2, 1 of 9 */
    SAYS(i3_server_expire(server, 60 * SIM_S), "-2 ");
#undef SAYS
    close_world();
}

/* The twin --------------------------------------------------------------------------------- */

static GArray *twins; /* in the order of insertion */
static I3ServerParams twin_params;
static unsigned twin_copies;

static Twin *twin(unsigned i) {
    return &g_array_index(twins, Twin, i);
}
static unsigned bit_of(const uint8_t *id, unsigned bit) {
    return id[bit / 8] >> (7 - bit % 8) & 1;
}

/* Walk down the bits with whoever still agrees; where nobody does all go on together. */
static bool twin_match(const uint8_t *id, uint8_t *winner, unsigned *common) {
    if (!twins->len) return false;
    g_autofree bool *in = g_new(bool, twins->len);
    for (unsigned i = 0; i < twins->len; i++) in[i] = true;
    *common = 256;
    for (unsigned bit = 0; bit < 256; bit++) {
        unsigned agree = 0;
        for (unsigned i = 0; i < twins->len; i++)
            agree += in[i] && bit_of(twin(i)->id, bit) == bit_of(id, bit);
        if (!agree && *common == 256) *common = bit;
        if (agree)
            for (unsigned i = 0; i < twins->len; i++)
                if (bit_of(twin(i)->id, bit) != bit_of(id, bit)) in[i] = false;
    }
    for (unsigned i = 0; i < twins->len; i++)
        if (in[i]) memcpy(winner, twin(i)->id, 32);
    return *common >= twin_params.min_prefix_bits;
}

static void twin_send(const uint8_t *ids, unsigned n, const uint8_t *payload, unsigned bytes,
                      uint32_t address, unsigned port) {
    Pkt p = header(0x10, n, ids);
    add_payload(&p, payload, bytes);
    expect(&p, address, port);
}

static bool twin_look_up(const uint8_t *ids, unsigned n, const uint8_t *payload, unsigned bytes,
                         unsigned depth) {
    uint8_t winner[32], next[32 * 32];
    unsigned common, fired = 0;
    if (depth > twin_params.max_depth) return true;
    if (!twin_match(ids, winner, &common)) return false;
    for (unsigned i = 0; i < twins->len; i++) {
        const Twin *t = twin(i);
        if (memcmp(t->id, winner, 32) || t->prefix > common) continue;
        fired++;
        if (twin_copies++ >= twin_params.max_copies) return true;
        if (t->target[0] == 0x20) {
            twin_send(ids, n, payload, bytes, HOST + t->target[4], 7000 + t->target[4]);
            continue;
        }
        unsigned m = t->target[1];
        memcpy(next, t->target + 2, 32 * m);
        memcpy(next + 32 * m, ids + 32, 32 * (n - 1));
        if (m + n - 1 > 15) continue;
        if (next[0] < 0xee)
            twin_look_up(next, m + n - 1, payload, bytes, depth + 1);
        else if (next[0] == 0xee)
            twin_send(next, m + n - 1, payload, bytes, NEXT_NODE, 5611);
    }
    return fired > 0;
}

static void twin_expire(SimTime now) {
    for (unsigned i = twins->len; i-- > 0;)
        if (now - twin(i)->refreshed > twin_params.lifetime) g_array_remove_index(twins, i);
}

static int twin_find(const Twin *t) {
    for (unsigned i = 0; i < twins->len; i++)
        if (!memcmp(twin(i)->id, t->id, 32) && twin(i)->target_bytes == t->target_bytes &&
            !memcmp(twin(i)->target, t->target, t->target_bytes))
            return (int)i;
    return -1;
}

/* Who is single, and is it what has been announced and what the query says? */
static void check_singles(void) {
    unsigned singles = 0;
    for (unsigned i = 0; i < twins->len; i++) {
        unsigned alike = 0, found = 0;
        for (unsigned k = 0; k < twins->len; k++) alike += !memcmp(twin(i)->id, twin(k)->id, 14);
        bool single = alike == 1 && twin(i)->target[0] == 0x20;
        singles += single;
        const I3Trigger *q = i3_server_single(server, twin(i)->id);
        CHECK((q != NULL) == single);
        if (!single || !q) continue;
        CHECK(!memcmp(q->id, twin(i)->id, 32));
        for (unsigned k = 0; k < installed->len; k++) {
            const I3Trigger *t = &g_array_index(installed, I3Trigger, k);
            found += !memcmp(t->id, q->id, 32) && t->address == q->address && t->port == q->port;
        }
        CHECK_U64(found, 1);
    }
    CHECK_U64(installed->len, singles);
}

static void some_id(uint8_t *id) {
    static const uint8_t bits[] = {100, 111, 112, 127, 128, 129, 130, 131, 191, 192, 200, 255};
    memset(id, (int)(1 + dice(3)), 32);
    for (unsigned k = (unsigned)dice(4); k > 0; k--) {
        unsigned bit = bits[dice(sizeof bits)];
        id[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
    }
    if (dice(8) == 0)
        for (unsigned i = 16; i < 32; i++) id[i] = (uint8_t)dice(256);
    if (dice(25) == 0) id[0] = (uint8_t)(0xee + dice(2));
}

static Twin some_trigger(void) {
    static const uint16_t prefixes[] = {0, 128, 128, 128, 129, 192, 200, 256};
    uint8_t id[32], ids[32 * 15];
    some_id(id);
    id[0] &= 0x7f; /* ours */
    if (dice(3)) return to_host(id, prefixes[dice(8)], (unsigned)dice(4));
    unsigned n = dice(20) ? 1 + (unsigned)dice(2) : 15;
    for (unsigned i = 0; i < n; i++) some_id(ids + 32 * i);
    Twin t = to_stack(id, n, ids);
    t.prefix = prefixes[dice(8)];
    return t;
}

static void twin_insert(SimTime now) {
    Twin t = some_trigger();
    if (twins->len && dice(3) == 0) { /* a refresh, perhaps with another prefix length */
        unsigned prefix = t.prefix;
        t = *twin((unsigned)dice(twins->len));
        t.prefix = prefix;
    }
    bool with_nonce = dice(5) != 0;
    Pkt p = ask(I3_INSERT, &t, with_nonce);
    process(p.bytes, p.length, now);
    uint8_t nonce[16];
    i3_server_nonce(server, t.target, t.target_bytes, nonce);
    Pkt e = header(0x20, 0, NULL);
    add_trigger(&e, with_nonce ? I3_ACK : I3_CHALLENGE, &t, nonce);
    if (t.target[0] == 0x20) /* stacks: no sender, no answer */
        expect(&e, HOST + t.target[4], 7000 + t.target[4]);
    if (!with_nonce) return;
    int at = twin_find(&t);
    t.refreshed = now;
    if (at >= 0)
        *twin((unsigned)at) = t;
    else
        g_array_append_val(twins, t);
}

static void twin_remove(SimTime now) {
    Twin t = twins->len && dice(4) ? *twin((unsigned)dice(twins->len)) : some_trigger();
    bool with_nonce = dice(5) != 0;
    Pkt p = ask(I3_REMOVE, &t, with_nonce);
    process(p.bytes, p.length, now);
    int at = twin_find(&t);
    if (with_nonce && at >= 0) g_array_remove_index(twins, (unsigned)at);
}

static void twin_data(SimTime now) {
    uint8_t ids[32 * 15], payload[8] = "payload";
    unsigned n = dice(4) ? 1 : 1 + (unsigned)dice(15), bytes = (unsigned)dice(9);
    for (unsigned i = 0; i < n; i++) some_id(ids + 32 * i);
    bool named = dice(2), listed = named || dice(2);
    Pkt p = header(0x10 | (listed ? 0x20 : 0) | (dice(2) ? 0x40 : 0), n, ids);
    if (named) add_sender(&p, SENDER, 4321);
    if (listed && dice(2)) add1(&p, I3_REQUEST_CACHE);
    add_payload(&p, payload, bytes);
    process(p.bytes, p.length, now);
    if (ids[0] >= 0xee) {
        p.bytes[1] &= 0xbf;
        if (ids[0] == 0xee) expect(&p, NEXT_NODE, 5611);
        return;
    }
    twin_copies = 0;
    if (!twin_look_up(ids, n, payload, bytes, 0) && named) {
        Pkt e = header(0x20, 0, NULL);
        add1(&e, 0x06);
        add(&e, ids, 32);
        expect(&e, SENDER, 4321);
    }
}

static void a_twin_agrees_on_every_packet(void) {
    static const unsigned minimum[] = {128, 128, 192, 112, 1, 256};
    uint64_t delivered = 0, expired = 0, absent = 0, forwarded = 0;
    for (unsigned run = 0; run < 60; run++) {
        I3ServerParams params = some_params;
        params.address = 0; /* no owner's address in acks */
        params.max_copies = run % 3 ? 200 : 7;
        params.max_depth = run % 5 ? 6 : 2;
        params.min_prefix_bits = minimum[run % 6];
        params.lifetime = run % 4 ? 30 * SIM_S : 3 * SIM_S;
        twin_params = params;
        open_world(&params);
        twins = g_array_new(FALSE, FALSE, sizeof(Twin));
        SimTime now = 0;
        for (unsigned step = 0; step < 1500; step++) {
            unsigned what = (unsigned)dice(20);
            if (what < 6) now += dice(dice(10) ? SIM_S : 8 * SIM_S);
            SimTime due = i3_server_next_expiry(server);
            if (what == 6 && due != SIM_NEVER && due > now) now = due - dice(2); /* the edge */
            twin_expire(now);
            if (what < 8)
                twin_insert(now);
            else if (what < 10)
                twin_remove(now);
            else
                twin_data(now);
            check_sent();
            CHECK_U64(i3_server_n_triggers(server), twins->len);
            if (step % 4 == 0) check_singles();
        }
        delivered += i3_server_count(server, I3_DELIVERED);
        expired += i3_server_count(server, I3_EXPIRED);
        absent += i3_server_count(server, I3_ABSENT_SENT);
        forwarded += i3_server_count(server, I3_FORWARDED);
        g_array_free(twins, TRUE);
        close_world();
    }
    CHECK(delivered > 10000 && expired > 5000 && absent > 5000 && forwarded > 800);
}

int main(void) {
    static const Test tests[] = {TEST(the_nonce_is_hmac_md5),
                                 TEST(insert_challenge_insert_ack),
                                 TEST(a_stack_s_challenge_goes_to_the_sender),
                                 TEST(targets_that_are_no_hosts_are_refused),
                                 TEST(a_trigger_fires_at_30_s_and_not_after),
                                 TEST(copies_leave_in_the_order_of_first_insertion),
                                 TEST(the_longest_prefix_beyond_128_bits_is_chosen),
                                 TEST(a_trigger_s_own_prefix_length_counts),
                                 TEST(stacks_take_the_place_of_the_matched_id),
                                 TEST(chains_without_an_end_are_cut),
                                 TEST(who_sends_to_nobody_is_told),
                                 TEST(each_truncation_of_the_options_is_refused_whole),
                                 TEST(unknown_codes_and_bad_addresses_are_refused),
                                 TEST(damaged_packets_do_no_harm),
                                 TEST(the_longest_datagram_and_one_more),
                                 TEST(packets_for_other_nodes_pass_as_they_came),
                                 TEST(who_is_single_is_said_in_order),
                                 TEST(a_twin_agrees_on_every_packet),
                                 {0}};
    return run_tests("slowpath_i3", tests);
}
