/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * I3 and the label switch: rings of nodes against a search through all of them, headers byte for
 * byte, every malformed header, and the slice's limits. Packets pass all four blocks. */
#include <stdlib.h>

#include "fastpath/headers.h"
#include "fastpath/options/i3.h"
#include "fastpath/options/label.h"
#include "tests/check.h"
#include "tests/dice.h"

enum {
    SLICE_PORT = 30000,
    HOST_PORT = 31000,
    ADDRESS = 0x0aff0000,
    HOST = 0x0a640000,
    PAYLOAD = 9,
    MAX_INNER = 600
};

/* One node --------------------------------------------------------------------------------- */

static const FpSlice some_slice = {.used = true,
                                   .vlan = 7,
                                   .udp_port = SLICE_PORT,
                                   .exception_queue = 9,
                                   .exception_address = 0x0afe0001,
                                   .exception_port = 30100,
                                   .queue_base = 4,
                                   .n_queues = 5,
                                   .stats_base = 20,
                                   .n_stats = 4,
                                   .sram_base = 4096,
                                   .sram_bytes = 16384};

static FpTables *new_node(const char *option, uint32_t address) {
    FpTables *t = fp_tables_new(64);
    FpSlice *s = fp_slice(t, 2);
    *s = some_slice;
    s->option = (uint8_t)fp_code_option_find(option);
    fp_interface(t, 3)->address = 0x0aff0004;
    CHECK(fp_bind_port(t, 2, 1, address, SLICE_PORT));
    return t;
}

/* A packet with its own buffer, exactly as long as headroom and frame. */
typedef struct {
    FpPacket p;
    uint8_t *buffer;
} Sent;

/* Send an inner packet through all blocks of a node. */
static Sent send_to(FpTables *t, uint32_t address, const uint8_t *inner, uint32_t bytes) {
    Sent s = {.buffer = calloc(1, FP_HEADROOM + TUNNEL_BYTES + bytes)};
    uint8_t *f = s.buffer + FP_HEADROOM, *ip = f + 18;
    put16(f + 12, ETHER_TYPE_VLAN);
    put16(f + 16, ETHER_TYPE_IPV4);
    put32(ip, 0x45000000u | (28 + bytes));
    put32(ip + 8, 64u << 24 | 17u << 16);
    put32(ip + 16, address);
    put16(ip + 10, fold_checksum(sum_words(ip, 20)));
    put16(ip + 22, SLICE_PORT);
    put16(ip + 24, 8 + bytes);
    memcpy(f + TUNNEL_BYTES, inner, bytes);
    s.p = (FpPacket){.bytes = f, .length = TUNNEL_BYTES + bytes};
    s.p.original = s.p.length;
    if (fp_decap(t, &s.p, NULL) == FP_FORWARD && fp_parse(t, &s.p, NULL) != FP_DROP &&
        fp_lookup(t, &s.p, NULL) != FP_DROP)
        fp_format(t, &s.p, NULL);
    return s;
}

static const char *fate(FpTables *t, const uint8_t *inner, uint32_t bytes) {
    Sent s = send_to(t, ADDRESS, inner, bytes);
    free(s.buffer);
    CHECK_U64(s.p.verdict, fp_reason_verdict((FpReason)s.p.reason));
    return fp_reason_name((FpReason)s.p.reason);
}

/* Data for one id, with a little payload. */
static uint32_t data_packet(uint8_t *inner, const uint8_t id[I3_ID_BYTES]) {
    inner[0] = I3_VERSION;
    inner[1] = I3_DATA;
    inner[2] = 1;
    memcpy(inner + 3, id, I3_ID_BYTES);
    for (unsigned i = 0; i < PAYLOAD; i++) inner[I3_HEADER_BYTES + i] = (uint8_t)(i + 1);
    return I3_HEADER_BYTES + PAYLOAD;
}

/* What the node sends: outer headers, then `inner`. */
static void check_frame(const Sent *s, uint32_t interface_address, uint32_t next_hop,
                        uint16_t next_port, const uint8_t *inner, uint32_t bytes) {
    uint8_t expected[TUNNEL_BYTES + MAX_INNER] = {0};
    put16(expected + 12, 0x8100);
    put16(expected + 14, some_slice.vlan);
    put16(expected + 16, 0x0800);
    uint8_t *ip = expected + 18;
    put32(ip, 0x45000000u | (28 + bytes));
    put32(ip + 4, 0x4000);
    put32(ip + 8, 64u << 24 | 17u << 16);
    put32(ip + 12, interface_address);
    put32(ip + 16, next_hop);
    put16(ip + 10, fold_checksum(sum_words(ip, 20)));
    put32(ip + 20, (uint32_t)SLICE_PORT << 16 | next_port);
    put32(ip + 24, (8 + bytes) << 16);
    memcpy(expected + TUNNEL_BYTES, inner, bytes);
    CHECK_U64(s->p.length, TUNNEL_BYTES + bytes);
    CHECK(s->p.length == TUNNEL_BYTES + bytes &&
          memcmp(s->p.bytes + s->p.offset, expected, s->p.length) == 0);
}

/* Alone in its ring, so it owns every id. */
static FpTables *lone_node(void) {
    static const uint8_t self[I3_CHORD_BYTES] = {0x77};
    FpTables *t = new_node("i3", ADDRESS);
    i3_write_node(fp_slice_sram(t, 2, 0, i3_node_bytes()), self, self);
    return t;
}

static void add_trigger(FpTables *t, unsigned n, const uint8_t id[I3_ID_BYTES]) {
    uint8_t key[FP_KEY_BYTES], mask[FP_KEY_BYTES];
    uint32_t at = i3_node_bytes() + n * I3_ID_BYTES;
    memcpy(fp_slice_sram(t, 2, at, I3_ID_BYTES), id, I3_ID_BYTES);
    i3_trigger_filter(id, key, mask);
    FpResult host = {.interface = 3,
                     .queue = 3,
                     .next_hop = HOST + n,
                     .next_port = HOST_PORT,
                     .stats = 2,
                     .data = at};
    CHECK_U64(fp_filter_insert(t, 2, n, key, mask, &host), FP_INSERTED);
}

/* Triggers --------------------------------------------------------------------------------- */

static void some_id(uint8_t *id, unsigned bytes) {
    for (unsigned i = 0; i < bytes; i++) id[i] = (uint8_t)dice(256);
}

static void a_trigger_s_packet_reaches_its_host_byte_for_byte(void) {
    FpTables *t = lone_node();
    uint8_t id[I3_ID_BYTES], inner[MAX_INNER];
    some_id(id, sizeof id);
    add_trigger(t, 5, id);
    uint32_t bytes = data_packet(inner, id);
    inner[1] = I3_DATA | I3_FIRST_HOP;
    Sent s = send_to(t, ADDRESS, inner, bytes);
    CHECK_TEXT(fp_reason_name((FpReason)s.p.reason), "ok");
    inner[1] = I3_DATA; /* the only byte that changes */
    check_frame(&s, 0x0aff0004, HOST + 5, HOST_PORT, inner, bytes);
    CHECK_U64(s.p.result.interface, 3);
    CHECK_U64(s.p.result.queue, 4 + 3);
    CHECK_U64(s.p.result.stats, 20 + 2);
    free(s.buffer);
    s = send_to(t, ADDRESS, inner, bytes); /* without the flag nothing does */
    check_frame(&s, 0x0aff0004, HOST + 5, HOST_PORT, inner, bytes);
    free(s.buffer);
    fp_tables_free(t);
}

static void ids_that_share_112_bits_are_told_apart(void) {
    FpTables *t = lone_node();
    uint8_t a[I3_ID_BYTES], inner[MAX_INNER];
    some_id(a, sizeof a);
    add_trigger(t, 0, a);
    for (unsigned bit = 0; bit < 256; bit++) {
        uint8_t b[I3_ID_BYTES];
        memcpy(b, a, sizeof b);
        b[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
        CHECK_TEXT(fate(t, inner, data_packet(inner, b)), bit < 112 ? "no_route" : "i3_mismatch");
    }
    /* An exception carries the packet as it came, first-hop flag and all. */
    uint8_t expected[MAX_INNER] = {FP_I3_MISMATCH, 1, 0, 2, 0, I3_HEADER_BYTES + PAYLOAD, 0, 0};
    uint8_t b[I3_ID_BYTES];
    memcpy(b, a, sizeof b);
    b[14] ^= 1;
    uint32_t bytes = data_packet(inner, b);
    inner[1] |= I3_FIRST_HOP;
    memcpy(expected + FP_INTERNAL_BYTES, inner, bytes);
    Sent s = send_to(t, ADDRESS, inner, bytes);
    check_frame(&s, 0, 0x0afe0001, 30100, expected, FP_INTERNAL_BYTES + bytes);
    CHECK_U64(s.p.result.queue, 9);
    CHECK_U64(s.p.result.stats, 23);
    free(s.buffer);
    /* With a filter of its own behind the first, the slow path still has to sort it out. */
    add_trigger(t, 1, b);
    CHECK_TEXT(fate(t, inner, bytes), "i3_mismatch");
    CHECK_TEXT(fate(t, inner, data_packet(inner, a)), "ok");
    CHECK(fp_filter_remove(t, 2, 0));
    CHECK_TEXT(fate(t, inner, data_packet(inner, b)), "ok");
    CHECK_TEXT(fate(t, inner, data_packet(inner, a)), "i3_mismatch");
    fp_tables_free(t);
}

static void several_triggers_and_denied_ids_are_the_filter_s_word(void) {
    FpTables *t = lone_node();
    uint8_t id[I3_ID_BYTES] = {1}, inner[MAX_INNER], key[FP_KEY_BYTES], mask[FP_KEY_BYTES];
    FpResult many = {.verdict = FP_EXCEPTION, .reason = FP_I3_MANY};
    FpResult deny = {.verdict = FP_DROP};
    i3_trigger_filter(id, key, mask);
    CHECK_U64(fp_filter_insert(t, 2, 0, key, mask, &many), FP_INSERTED);
    CHECK_TEXT(fate(t, inner, data_packet(inner, id)), "i3_many");
    id[0] = 2;
    i3_trigger_filter(id, key, mask);
    CHECK_U64(fp_filter_insert(t, 2, 1, key, mask, &deny), FP_INSERTED);
    uint32_t bytes = data_packet(inner, id);
    CHECK_TEXT(fate(t, inner, bytes), "denied");
    inner[1] |= I3_OPTION_LIST; /* for the slow path, if it were not denied */
    put16(inner + I3_HEADER_BYTES, PAYLOAD);
    CHECK_TEXT(fate(t, inner, bytes), "denied");
    id[0] = 3;
    CHECK_TEXT(fate(t, inner, data_packet(inner, id)), "no_route");
    fp_tables_free(t);
}

/* Malformed packets ------------------------------------------------------------------------ */

static void every_header_byte_decides_as_it_should(void) {
    FpTables *t = lone_node();
    uint8_t id[I3_ID_BYTES], inner[MAX_INNER] = {0};
    some_id(id, sizeof id);
    add_trigger(t, 0, id);
    uint32_t bytes = data_packet(inner, id);
    for (unsigned v = 0; v < 256; v++) {
        data_packet(inner, id);
        inner[0] = (uint8_t)v;
        CHECK_TEXT(fate(t, inner, bytes), v == 0x10 ? "ok" : "i3_malformed");
    }
    for (unsigned v = 0; v < 256; v++) {
        data_packet(inner, id);
        inner[1] = (uint8_t)v;
        put16(inner + I3_HEADER_BYTES, 2); /* an empty option list, if the flag says so */
        CHECK_TEXT(fate(t, inner, bytes), v & 0x8f   ? "i3_malformed"
                                          : v & 0x20 ? "i3_options"
                                                     : "ok");
    }
    for (unsigned v = 0; v < 256; v++) {
        data_packet(inner, id);
        inner[2] = (uint8_t)v;
        CHECK_TEXT(fate(t, inner, bytes), v == 0 ? "i3_control" : v == 1 ? "ok" : "i3_malformed");
        CHECK_TEXT(fate(t, inner, 3 + 32 * 15), v == 0   ? "i3_control"
                                                : v == 1 ? "ok"
                                                : v < 16 ? "i3_stack"
                                                         : "i3_malformed");
    }
    fp_tables_free(t);
}

static void every_truncation_and_option_length_is_checked(void) {
    FpTables *t = lone_node();
    uint8_t id[I3_ID_BYTES], inner[MAX_INNER] = {0};
    some_id(id, sizeof id);
    add_trigger(t, 0, id);
    uint32_t whole = data_packet(inner, id);
    for (uint32_t bytes = 0; bytes <= whole; bytes++)
        CHECK_TEXT(fate(t, inner, bytes), bytes < I3_HEADER_BYTES ? "i3_malformed" : "ok");
    for (uint32_t n = 0; n <= 15; n++) {
        inner[2] = (uint8_t)n;
        for (uint32_t bytes = 0; bytes < MAX_INNER; bytes++)
            CHECK_TEXT(fate(t, inner, bytes), bytes < 3 + 32 * n ? "i3_malformed"
                                              : n == 0           ? "i3_control"
                                              : n == 1           ? "ok"
                                                                 : "i3_stack");
    }
    /* An insert of a trigger is 120 bytes: 3 + 32 + 2 + 8 + 75. Here behind zero to two ids. */
    for (uint32_t n = 0; n <= 2; n++) {
        uint32_t end = 3 + 32 * n;
        whole = end + 85;
        inner[1] = I3_OPTION_LIST;
        inner[2] = (uint8_t)n;
        for (uint32_t length = 0; length < 65536; length += length < 200 ? 1 : 97) {
            put16(inner + end, length);
            CHECK_TEXT(fate(t, inner, whole), length < 2 || length > 85 ? "i3_malformed"
                                              : n == 0                  ? "i3_control"
                                              : n == 1                  ? "i3_options"
                                                                        : "i3_stack");
        }
        put16(inner + end, 2);
        CHECK_TEXT(fate(t, inner, end + 1), "i3_malformed");
        CHECK_TEXT(fate(t, inner, end + 2), n == 0   ? "i3_control"
                                            : n == 1 ? "i3_options"
                                                     : "i3_stack");
    }
    fp_tables_free(t);
}

/* Rings ------------------------------------------------------------------------------------ */

typedef struct {
    unsigned n;
    uint8_t (*id)[I3_CHORD_BYTES]; /* in rising order */
} Ring;

static int by_id(const void *a, const void *b) {
    return memcmp(a, b, I3_CHORD_BYTES);
}

static Ring new_ring(unsigned n) {
    Ring r = {n, calloc(n, sizeof *r.id)};
    for (unsigned i = 0; i < n; i++) some_id(r.id[i], I3_CHORD_BYTES);
    qsort(r.id, n, sizeof *r.id, by_id);
    return r;
}

/* The oracle: of all nodes at x or behind the one with the lowest id, else the lowest of all. */
static unsigned owner(const Ring *r, const uint8_t *x) {
    unsigned lowest = 0, best = r->n;
    for (unsigned i = 0; i < r->n; i++) {
        if (memcmp(r->id[i], r->id[lowest], I3_CHORD_BYTES) < 0) lowest = i;
        if (memcmp(r->id[i], x, I3_CHORD_BYTES) >= 0 &&
            (best == r->n || memcmp(r->id[i], r->id[best], I3_CHORD_BYTES) < 0))
            best = i;
    }
    return best == r->n ? lowest : best;
}

/* The same by halving, for the many fingers of a large ring. */
static unsigned owner_by_halves(const Ring *r, const uint8_t *x) {
    unsigned low = 0, high = r->n;
    while (low < high) {
        unsigned middle = (low + high) / 2;
        if (memcmp(r->id[middle], x, I3_CHORD_BYTES) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low == r->n ? 0 : low;
}

/* x + 2^bit on the circle, byte by byte. */
static void add_bit(uint8_t *x, unsigned bit) {
    unsigned carry = 1u << bit % 8;
    for (int i = (int)(I3_CHORD_BYTES - 1 - bit / 8); i >= 0 && carry; i--) {
        carry += x[i];
        x[i] = (uint8_t)carry;
        carry >>= 8;
    }
}

static I3Finger finger_of(const Ring *r, unsigned node, unsigned i) {
    uint8_t x[I3_CHORD_BYTES];
    memcpy(x, r->id[node], sizeof x);
    add_bit(x, i);
    unsigned at = owner_by_halves(r, x);
    I3Finger f = {.next_hop = ADDRESS + at,
                  .port = SLICE_PORT,
                  .queue = (uint16_t)(at % 5),
                  .stats = (uint16_t)(at % 4),
                  .interface = 3};
    memcpy(f.id, r->id[at], sizeof f.id);
    return f;
}

static void write_state(uint8_t *block, const Ring *r, unsigned node) {
    i3_write_node(block, r->id[node], r->id[(node + r->n - 1) % r->n]);
    for (unsigned i = 0; i < I3_FINGERS; i++) {
        I3Finger f = finger_of(r, node, i);
        i3_write_finger(block, i, &f);
    }
}

/* One FpTables for all nodes, with the state of the node that the packet is at copied in; or one
 * for each. */
typedef struct {
    Ring ring;
    FpTables **table; /* by node, or NULL: */
    FpTables *shared;
    uint8_t *block; /* state by node */
} Network;

static Network new_network(Ring ring, bool own_tables) {
    Network w = {.ring = ring};
    if (own_tables) {
        w.table = calloc(ring.n, sizeof *w.table);
        for (unsigned i = 0; i < ring.n; i++) {
            w.table[i] = new_node("i3", ADDRESS + i);
            write_state(fp_slice_sram(w.table[i], 2, 0, i3_node_bytes()), &ring, i);
        }
    } else {
        w.shared = new_node("i3", ADDRESS);
        w.block = calloc(ring.n, i3_node_bytes());
        for (unsigned i = 0; i < ring.n; i++)
            write_state(w.block + (size_t)i * i3_node_bytes(), &ring, i);
    }
    return w;
}

static void free_network(Network *w) {
    for (unsigned i = 0; w->table && i < w->ring.n; i++) fp_tables_free(w->table[i]);
    fp_tables_free(w->shared);
    free(w->table);
    free(w->block);
    free(w->ring.id);
}

static Sent pass_node(Network *w, unsigned node, const uint8_t *inner, uint32_t bytes) {
    if (w->table) return send_to(w->table[node], ADDRESS + node, inner, bytes);
    memcpy(fp_slice_sram(w->shared, 2, 0, i3_node_bytes()),
           w->block + (size_t)node * i3_node_bytes(), i3_node_bytes());
    return send_to(w->shared, ADDRESS, inner, bytes);
}

enum { MAX_HOPS = 170 };

/* Follow a packet from a node to where it is not forwarded to another one: the node, the hops, and
 * what became of it. */
static unsigned follow(Network *w, unsigned node, const uint8_t *id, unsigned *hops, Sent *last) {
    uint8_t inner[MAX_INNER], first[MAX_INNER];
    uint32_t bytes = data_packet(inner, id);
    inner[1] |= I3_FIRST_HOP;
    data_packet(first, id);
    for (*hops = 0; *hops < MAX_HOPS; ++*hops) {
        *last = pass_node(w, node, inner, bytes);
        uint32_t to = last->p.result.next_hop - ADDRESS;
        if (last->p.verdict != FP_FORWARD || to >= w->ring.n) return node;
        /* What the next node gets is the inner packet that this one sent. */
        CHECK_U64(last->p.length, TUNNEL_BYTES + bytes);
        memcpy(inner, last->p.bytes + last->p.offset + TUNNEL_BYTES, bytes);
        CHECK(memcmp(inner, first, bytes) == 0);
        CHECK_U64(last->p.result.queue, 4 + to % 5);
        CHECK_U64(last->p.result.stats, 20 + to % 4);
        free(last->buffer);
        node = to;
    }
    last->buffer = NULL;
    return UINT32_MAX;
}

typedef struct {
    double hops;
    unsigned n, most, wrong;
} Walks;

static void walk(Network *w, unsigned from, const uint8_t *id, Walks *sum) {
    unsigned hops;
    Sent last;
    unsigned end = follow(w, from, id, &hops, &last);
    bool here = end == owner(&w->ring, id) && last.p.reason == FP_NO_ROUTE;
    if (!here && sum->wrong++ == 0) CHECK_U64(end, owner(&w->ring, id));
    free(last.buffer);
    sum->hops += hops;
    sum->n++;
    if (hops > sum->most) sum->most = hops;
}

/* A node's id is its own, the one before it as well, the one after it is the next node's. */
static void id_near(uint8_t id[I3_ID_BYTES], const Ring *r, unsigned node, unsigned kind) {
    some_id(id, I3_ID_BYTES);
    if (kind == 3) return;
    memcpy(id, r->id[node], I3_CHORD_BYTES);
    if (kind == 1) add_bit(id, 0);
    if (kind == 2)
        for (unsigned bit = 0; bit < I3_FINGERS; bit++) add_bit(id, bit); /* less one */
}

static void every_look_up_in_a_ring_of_100_ends_at_the_owner(void) {
    /* Each of the log2 100 = 6.6 bits of the distance that tell nodes apart is a hop or not, and
     * one more goes from the last node before the id to its owner: 4.3 on average. */
    Network w = new_network(new_ring(100), true);
    Walks sum = {0};
    for (unsigned from = 0; from < 100; from++)
        for (unsigned i = 0; i < 100; i++) {
            uint8_t id[I3_ID_BYTES];
            id_near(id, &w.ring, i, (from + i) % 4);
            walk(&w, from, id, &sum);
        }
    CHECK_U64(sum.wrong, 0);
    CHECK_NEAR(sum.hops / sum.n, 4.3, 0.4);
    CHECK(sum.most <= 10 && sum.most >= 5);
    free_network(&w);
}

static void every_look_up_in_a_ring_of_10000_ends_at_the_owner(void) {
    /* log2 10,000 = 13.3, half of it and one: 7.6. */
    Network w = new_network(new_ring(10000), false);
    Walks sum = {0};
    for (unsigned i = 0; i < 4000; i++) {
        uint8_t id[I3_ID_BYTES];
        id_near(id, &w.ring, (unsigned)dice(10000), i % 4);
        walk(&w, (unsigned)dice(10000), id, &sum);
    }
    CHECK_U64(sum.wrong, 0);
    CHECK_NEAR(sum.hops / sum.n, 7.6, 0.4);
    CHECK(sum.most <= 20 && sum.most >= 9);
    free_network(&w);
}

static void small_and_lopsided_rings_work_too(void) {
    /* Nodes at 0 and 2^k for every k: all fingers of node 0 differ, and those of the others jump
     * over most of the ring. Then rings of 1 to 5 nodes. */
    Ring r = {I3_FINGERS + 1, calloc(I3_FINGERS + 1, sizeof *r.id)};
    for (unsigned k = 0; k < I3_FINGERS; k++) add_bit(r.id[k + 1], k);
    Network w = new_network(r, false);
    Walks sum = {0};
    for (unsigned i = 0; i < 20000; i++) {
        uint8_t id[I3_ID_BYTES];
        id_near(id, &w.ring, (unsigned)dice(w.ring.n), i % 4);
        walk(&w, (unsigned)dice(w.ring.n), id, &sum);
    }
    CHECK_U64(sum.wrong, 0);
    free_network(&w);
    for (unsigned n = 1; n <= 5; n++) {
        w = new_network(new_ring(n), false);
        sum = (Walks){0};
        for (unsigned i = 0; i < 1000; i++) {
            uint8_t id[I3_ID_BYTES];
            id_near(id, &w.ring, i % n, i % 4);
            walk(&w, (unsigned)dice(n), id, &sum);
        }
        CHECK_U64(sum.wrong, 0);
        CHECK(sum.most <= (n == 1 ? 0 : n));
        free_network(&w);
    }
}

static void a_trigger_somewhere_in_the_ring_is_found_from_everywhere(void) {
    Network w = new_network(new_ring(100), true);
    uint8_t id[I3_ID_BYTES], inner[MAX_INNER];
    some_id(id, sizeof id);
    unsigned at = owner(&w.ring, id), hops;
    add_trigger(w.table[at], 7, id);
    uint32_t bytes = data_packet(inner, id);
    for (unsigned from = 0; from < 100; from++) {
        Sent last;
        CHECK_U64(follow(&w, from, id, &hops, &last), at);
        CHECK_TEXT(fp_reason_name((FpReason)last.p.reason), "ok");
        check_frame(&last, 0x0aff0004, HOST + 7, HOST_PORT, inner, bytes);
        free(last.buffer);
    }
    /* Stacks and options leave the ring at once, whoever owns the id. */
    unsigned from = (at + 50) % 100;
    inner[1] |= I3_OPTION_LIST;
    put16(inner + I3_HEADER_BYTES, PAYLOAD);
    Sent s = pass_node(&w, from, inner, bytes);
    CHECK_TEXT(fp_reason_name((FpReason)s.p.reason), "i3_options");
    free(s.buffer);
    free_network(&w);
}

static void fingers_may_be_written_in_any_order(void) {
    /* What a finger says of those below it changes with them: falling, shuffled and changed fingers
     * leave the bytes that rising ones leave. */
    Ring r = new_ring(50);
    uint8_t *rising = calloc(2, i3_node_bytes()), *other = rising + i3_node_bytes();
    write_state(rising, &r, 17);
    i3_write_node(other, r.id[17], r.id[16]);
    for (unsigned i = 0; i < 3000; i++) {
        unsigned k = (unsigned)dice(I3_FINGERS);
        I3Finger f = finger_of(&r, (unsigned)dice(50), k);
        i3_write_finger(other, k, &f);
    }
    CHECK(memcmp(rising, other, i3_node_bytes()) != 0);
    for (unsigned i = 0; i < I3_FINGERS; i++) {
        unsigned k = (i * 77 + 159) % I3_FINGERS; /* 77 and 160 have no common divisor */
        I3Finger f = finger_of(&r, 17, k);
        i3_write_finger(other, k, &f);
    }
    CHECK(memcmp(rising, other, i3_node_bytes()) == 0);
    free(rising);
    free(r.id);
}

/* The slice's limits ----------------------------------------------------------------------- */

static void a_block_too_small_refuses_the_packet(void) {
    Ring r = {3, calloc(3, sizeof *r.id)};
    r.id[1][0] = 0x40; /* nodes at 0, 2^158 and 2^159 */
    r.id[2][0] = 0x80;
    FpTables *t = new_node("i3", ADDRESS);
    FpSlice *s = fp_slice(t, 2);
    write_state(fp_slice_sram(t, 2, 0, i3_node_bytes()), &r, 0);
    uint8_t near[I3_ID_BYTES] = {0}, far[I3_ID_BYTES] = {0x60}, own[I3_ID_BYTES] = {0xf0};
    uint8_t inner[MAX_INNER];
    near[19] = 1; /* distance 1: finger 0 */
    uint32_t bytes = data_packet(inner, near);
    static const struct {
        uint32_t sram;
        const char *near, *far, *own;
    } cases[] = {{0, "sram_bounds", "sram_bounds", "sram_bounds"},
                 {39, "sram_bounds", "sram_bounds", "sram_bounds"},
                 {40, "sram_bounds", "sram_bounds", "no_route"},
                 {95, "sram_bounds", "sram_bounds", "no_route"},
                 {96, "ok", "sram_bounds", "no_route"},
                 {64 + 32 * 159 - 1, "ok", "sram_bounds", "no_route"},
                 {64 + 32 * 159, "ok", "ok", "no_route"},
                 {5184, "ok", "ok", "no_route"}};
    CHECK_U64(i3_node_bytes(), 5184);
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        s->sram_bytes = cases[i].sram;
        CHECK_TEXT(fate(t, inner, data_packet(inner, near)), cases[i].near);
        CHECK_TEXT(fate(t, inner, data_packet(inner, far)), cases[i].far);
        CHECK_TEXT(fate(t, inner, data_packet(inner, own)), cases[i].own);
    }
    /* A trigger whose id stands across the end. */
    s->sram_bytes = some_slice.sram_bytes;
    add_trigger(t, 0, own);
    bytes = data_packet(inner, own);
    CHECK_TEXT(fate(t, inner, bytes), "ok");
    s->sram_bytes = i3_node_bytes() + 31;
    CHECK_TEXT(fate(t, inner, bytes), "sram_bounds");
    s->sram_bytes++;
    CHECK_TEXT(fate(t, inner, bytes), "ok");
    free(r.id);
    fp_tables_free(t);
}

static void a_finger_outside_the_slice_s_queues_is_refused(void) {
    Ring r = {2, calloc(2, sizeof *r.id)};
    r.id[1][0] = 0x80;
    FpTables *t = new_node("i3", ADDRESS);
    uint8_t *block = fp_slice_sram(t, 2, 0, i3_node_bytes());
    write_state(block, &r, 0);
    uint8_t id[I3_ID_BYTES] = {0x20}, inner[MAX_INNER];
    uint32_t bytes = data_packet(inner, id);
    CHECK_TEXT(fate(t, inner, bytes), "ok");
    I3Finger good = finger_of(&r, 0, 157), f = good;
#define EXPECT(change, reason)                                                                     \
    f = good;                                                                                      \
    change;                                                                                        \
    i3_write_finger(block, 157, &f);                                                               \
    CHECK_TEXT(fate(t, inner, bytes), reason)
    EXPECT(f.queue = 4, "ok");
    EXPECT(f.queue = 5, "bad_route");
    EXPECT(f.stats = 3, "ok");
    EXPECT(f.stats = 4, "bad_route");
    EXPECT(f.interface = 15, "ok");
    EXPECT(f.interface = 16, "bad_route");
    EXPECT(f.next_hop = 0, "no_route"); /* not known: the slow path's */
#undef EXPECT
    free(r.id);
    fp_tables_free(t);
}

/* The label switch ------------------------------------------------------------------------- */

static uint32_t labelled(uint8_t *inner, uint32_t label, uint32_t rest) {
    put32(inner, label << 12 | rest);
    put32(inner + 4, 0x12345678);
    return 8;
}

static FpTables *label_switch(void) {
    FpTables *t = new_node("label", ADDRESS);
    uint8_t key[FP_KEY_BYTES], mask[FP_KEY_BYTES];
    FpResult next = {.interface = 3, .queue = 2, .next_hop = HOST, .next_port = HOST_PORT};
    CHECK(fp_bind_port(t, 2, 4, ADDRESS + 1, SLICE_PORT)); /* interface 4, beside 1 */
    label_filter(0x12345, 1, key, mask);
    next.data = 0xabcde;
    CHECK_U64(fp_filter_insert(t, 2, 0, key, mask, &next), FP_INSERTED);
    label_filter(0x12345, 4, key, mask);
    next.data = 0xfffff;
    CHECK_U64(fp_filter_insert(t, 2, 1, key, mask, &next), FP_INSERTED);
    return t;
}

static void a_label_is_swapped_and_nothing_else(void) {
    FpTables *t = label_switch();
    uint8_t inner[MAX_INNER];
    for (uint32_t rest = 0; rest < 0x1000; rest++) { /* exp, bottom of stack, time to live */
        uint32_t ttl = rest & 0xff, bytes = labelled(inner, 0x12345, rest);
        Sent s = send_to(t, ADDRESS, inner, bytes);
        CHECK_TEXT(fp_reason_name((FpReason)s.p.reason), ttl <= 1 ? "ttl_expired" : "ok");
        if (ttl > 1) {
            labelled(inner, 0xabcde, (rest & 0xf00) | (ttl - 1));
            check_frame(&s, 0x0aff0004, HOST, HOST_PORT, inner, bytes);
        }
        free(s.buffer);
    }
    uint32_t bytes = labelled(inner, 0x12345, 0x140);
    Sent s = send_to(t, ADDRESS + 1, inner, bytes); /* the same label by another interface */
    labelled(inner, 0xfffff, 0x13f);
    check_frame(&s, 0x0aff0004, HOST, HOST_PORT, inner, bytes);
    free(s.buffer);
    for (unsigned bit = 0; bit < 20; bit++)
        CHECK_TEXT(fate(t, inner, labelled(inner, 0x12345 ^ 1u << bit, 0x140)), "no_route");
    fp_tables_free(t);
}

static void malformed_labels_are_dropped(void) {
    FpTables *t = label_switch();
    uint8_t inner[MAX_INNER];
    for (uint32_t bytes = 0; bytes <= 8; bytes++) {
        labelled(inner, 0x12345, 0x140);
        CHECK_TEXT(fate(t, inner, bytes), bytes < 4 ? "label_malformed" : "ok");
        labelled(inner, 0x12345, 0x040); /* not the bottom: another entry must follow */
        CHECK_TEXT(fate(t, inner, bytes), bytes < 8 ? "label_malformed" : "ok");
    }
    for (uint32_t label = 0; label < 40; label++)
        CHECK_TEXT(fate(t, inner, labelled(inner, label, 0x140)),
                   label < 16 ? "label_malformed" : "no_route");
    fp_tables_free(t);
}

int main(void) {
    static const Test tests[] = {TEST(a_trigger_s_packet_reaches_its_host_byte_for_byte),
                                 TEST(ids_that_share_112_bits_are_told_apart),
                                 TEST(several_triggers_and_denied_ids_are_the_filter_s_word),
                                 TEST(every_header_byte_decides_as_it_should),
                                 TEST(every_truncation_and_option_length_is_checked),
                                 TEST(every_look_up_in_a_ring_of_100_ends_at_the_owner),
                                 TEST(every_look_up_in_a_ring_of_10000_ends_at_the_owner),
                                 TEST(small_and_lopsided_rings_work_too),
                                 TEST(a_trigger_somewhere_in_the_ring_is_found_from_everywhere),
                                 TEST(fingers_may_be_written_in_any_order),
                                 TEST(a_block_too_small_refuses_the_packet),
                                 TEST(a_finger_outside_the_slice_s_queues_is_refused),
                                 TEST(a_label_is_swapped_and_nothing_else),
                                 TEST(malformed_labels_are_dropped),
                                 {0}};
    return run_tests("i3", tests);
}
