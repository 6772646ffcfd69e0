/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The TCAM against a search through all entries, the queue manager against the bounds of deficit
 * round robin, IPv4 against the RFCs. */
#include <stdlib.h>

#include "fastpath/headers.h"
#include "fastpath/options/ipv4.h"
#include "fastpath/qm.h"
#include "tests/check.h"
#include "tests/dice.h"

/* TCAM ------------------------------------------------------------------------------------ */

enum { ENTRIES = 1500 };

static TcamWord some_word(void) {
    return (TcamWord){{dice(UINT64_MAX), dice(UINT64_MAX)}};
}

static TcamWord some_mask(void) {
    TcamWord m = {{UINT64_C(0xffff) << 48, 0}};
    unsigned kind = (unsigned)dice(4), length = (unsigned)dice(33);
    if (kind == 0) return m; /* anything of the slice */
    if (kind < 3) m.word[0] |= (length ? UINT64_MAX << (64 - length) : 0) >> 16;
    if (kind == 2) m.word[1] = UINT64_C(0xff) << 48;
    if (kind == 3)
        m = (TcamWord){{m.word[0] | (some_word().word[0] & 0xf0f0ff),
                        some_word().word[1] & UINT64_C(0x0f00000000000000)}};
    return m;
}

/* Few values, so that entries overlap and keys hit. */
static TcamWord near_word(void) {
    return (TcamWord){{dice(3) << 48 | dice(4) << 40 | dice(4) << 32 | dice(4) << 16,
                       dice(4) << 48 | dice(2) << 56}};
}

static int searched(const Tcam *t, TcamWord key) {
    TcamWord v, m;
    for (unsigned p = 0; p < tcam_entries(t); p++)
        if (tcam_get(t, p, &v, &m) &&
            !(((key.word[0] ^ v.word[0]) & m.word[0]) | ((key.word[1] ^ v.word[1]) & m.word[1])))
            return (int)p;
    return TCAM_MISS;
}

static void the_first_match_by_position_wins(void) {
    Tcam *t = tcam_new(ENTRIES);
    for (unsigned round = 0; round < 6000; round++) {
        unsigned p = (unsigned)dice(ENTRIES);
        TcamWord v, m;
        if (tcam_get(t, p, &v, &m)) {
            if (dice(2)) CHECK(tcam_remove(t, p));
        } else {
            CHECK(tcam_insert(t, p, near_word(), some_mask()));
        }
        if (round == 3000) tcam_optimise(t);
        TcamWord key = near_word();
        int found = tcam_lookup(t, key), expected = searched(t, key);
        if (found != expected) {
            CHECK_U64((unsigned)found, (unsigned)expected);
            break;
        }
    }
    CHECK(!tcam_insert(t, ENTRIES, near_word(), some_mask()));
    tcam_free(t);
}

static void entries_equal_in_value_and_mask_shadow_each_other(void) {
    Tcam *t = tcam_new(8);
    TcamWord v = {{5, 0}}, m = {{UINT64_MAX, 0}};
    CHECK(tcam_insert(t, 6, v, m));
    CHECK(tcam_insert(t, 2, v, m));
    CHECK(tcam_insert(t, 4, v, m));
    CHECK(!tcam_insert(t, 4, v, m));
    CHECK_U64(tcam_lookup(t, v), 2);
    CHECK(tcam_remove(t, 2));
    CHECK_U64(tcam_lookup(t, v), 4);
    CHECK(tcam_remove(t, 4) && tcam_remove(t, 6) && !tcam_remove(t, 6));
    CHECK(tcam_lookup(t, v) == TCAM_MISS);
    tcam_free(t);
}

/* Queue manager --------------------------------------------------------------------------- */

static void backlogged_queues_share_as_their_quanta(void) {
    /* 30/25/20/15/10 percent, the smallest quantum one largest frame of 1,518 bytes. In any
     * interval |sent_i / f_i - sent_j / f_j| <= Q + 2 Max with f = quantum / Q (Shreedhar and
     * Varghese). */
    static const uint32_t quantum[5] = {4554, 3795, 3036, 2277, 1518};
    enum { HANDLES = 1024, MAX = 1518 };
    Qm *qm = qm_new(1, 5, HANDLES);
    static uint32_t bytes[HANDLES];
    double sent[5] = {0};
    uint32_t next = 0;
    for (unsigned q = 0; q < 5; q++) CHECK(qm_set_queue(qm, q, 0, quantum[q], 0, 0));
    for (unsigned q = 0; q < 5; q++)
        for (unsigned i = 0; i < 20; i++, next++) {
            bytes[next] = 64 + (uint32_t)dice(MAX - 63);
            CHECK(qm_enqueue(qm, next, q, bytes[next], 0, NULL));
        }
    for (unsigned i = 0; i < 100000; i++) {
        uint32_t h = qm_dequeue(qm, 0, 0, NULL);
        unsigned q = 0;
        while (q < 5 && qm_queue_packets(qm, q) == 20) q++;
        CHECK(h != QM_NONE && q < 5);
        sent[q] += bytes[h];
        bytes[h] = 64 + (uint32_t)dice(MAX - 63);
        CHECK(qm_queue_deficit(qm, q) < MAX + quantum[q]);
        CHECK(qm_enqueue(qm, h, q, bytes[h], 0, NULL));
        double least = 1e30, most = 0;
        for (unsigned k = 0; k < 5; k++) {
            double share = sent[k] / quantum[k] * 1518;
            least = share < least ? share : least;
            most = share > most ? share : most;
        }
        if (most - least > 1518 + 2 * MAX) {
            CHECK_NEAR(most - least, 0, 1518 + 2 * MAX);
            break;
        }
    }
    CHECK_U64(qm_held(qm), 100);
    qm_free(qm);
}

static void a_scheduler_keeps_its_rate_exactly(void) {
    /* 800 Mbit/s is 10,000 ps a byte: n packets of 98 bytes take n * 980,000 ps. */
    Qm *qm = qm_new(1, 1, 2);
    qm_set_scheduler(qm, 0, 800000000, 0);
    CHECK(qm_set_queue(qm, 0, 0, 1518, 0, 0));
    uint64_t now = 1000;
    CHECK(qm_enqueue(qm, 0, 0, 98, 0, NULL));
    for (unsigned i = 0; i < 100000; i++) {
        CHECK(qm_enqueue(qm, (i + 1) & 1, 0, 98, 0, NULL));
        uint64_t next = qm_next_time(qm, 0);
        if (next > now) {
            CHECK_U64(qm_dequeue(qm, 0, next - 1, NULL), QM_NONE);
            now = next;
        }
        CHECK_U64(qm_dequeue(qm, 0, now, NULL), i & 1);
    }
    CHECK_U64(qm_next_time(qm, 0), 1000 + UINT64_C(100000) * 980000);
    qm_free(qm);
}

static void a_full_queue_refuses_and_counts(void) {
    Qm *qm = qm_new(2, 3, 8);
    CHECK(qm_set_queue(qm, 0, 0, 1500, 2, 0));
    CHECK(qm_set_queue(qm, 1, 1, 1500, 0, 250));
    CHECK(!qm_set_queue(qm, 3, 0, 1500, 0, 0));
    CHECK(!qm_set_queue(qm, 2, 2, 1500, 0, 0));
    CHECK(qm_enqueue(qm, 0, 0, 100, 0, NULL) && qm_enqueue(qm, 1, 0, 100, 0, NULL));
    CHECK(!qm_enqueue(qm, 2, 0, 100, 0, NULL));
    CHECK(qm_enqueue(qm, 2, 1, 200, 0, NULL) && !qm_enqueue(qm, 3, 1, 51, 0, NULL) &&
          qm_enqueue(qm, 3, 1, 50, 0, NULL));
    CHECK(!qm_enqueue(qm, 4, 2, 50, 0, NULL));  /* never set up */
    CHECK(!qm_set_queue(qm, 0, 1, 1500, 0, 0)); /* backlogged: stays with its scheduler */
    QmCounts n = qm_queue_counts(qm, 0);
    CHECK_U64(n.dropped, 1);
    CHECK_U64(n.enqueued - n.dequeued, qm_queue_packets(qm, 0));
    qm_free(qm);
}

/* IPv4 ------------------------------------------------------------------------------------ */

static void the_incremental_checksum_is_that_of_rfc_1624(void) {
    CHECK_U64(checksum_update(0xdd2f, 0x5555, 0x3285), 0x0000); /* RFC 1624, section 4 */
    uint8_t ip[20];
    for (unsigned i = 0; i < 200000; i++) {
        for (unsigned k = 0; k < 20; k++) ip[k] = (uint8_t)dice(256);
        if (ip[8] == 0) ip[8] = 1;
        put16(ip + 10, 0);
        put16(ip + 10, fold_checksum(sum_words(ip, 20)));
        uint32_t word = get16(ip + 8),
                 updated = checksum_update(get16(ip + 10), word, word - 0x100);
        put16(ip + 8, word - 0x100);
        put16(ip + 10, 0);
        uint32_t whole = fold_checksum(sum_words(ip, 20));
        if (updated != whole) {
            CHECK_U64(updated, whole);
            break;
        }
    }
}

static void good_header(uint8_t *ip) {
    static const uint8_t h[20] = {0x45, 0, 0,  28, 0, 1, 0,  0, 64, 17,
                                  0,    0, 10, 0,  0, 1, 10, 0, 0,  2};
    memset(ip, 0, 64);
    memcpy(ip, h, 20);
}
static void sign(uint8_t *ip) {
    put16(ip + 10, 0);
    put16(ip + 10, fold_checksum(sum_words(ip, (ip[0] & 15u) * 4)));
}

static void header_tests_come_in_the_order_of_rfc_1812(void) {
    uint8_t ip[64];
#define EXPECT(class, captured, original)                                                          \
    CHECK_TEXT(ipv4_class_name(ipv4_classify(ip, captured, original)), class)
    good_header(ip);
    sign(ip);
    EXPECT("plain", 28, 28);
    EXPECT("bad:short<20", 19, 28);
    EXPECT("bad:totlen>frame", 27, 27);
    EXPECT("plain", 20, 28); /* cut by the capture, not by the link */
    ip[0] = 0x65;
    EXPECT("bad:version", 28, 28);
    ip[0] = 0x44;
    EXPECT("bad:ihl<5", 28, 28);
    ip[0] = 0x4f;
    EXPECT("bad:truncated-header", 28, 60);
    good_header(ip);
    EXPECT("bad:checksum", 28, 28);
    put16(ip + 2, 19);
    sign(ip);
    EXPECT("bad:totlen<ihl", 28, 28);
    good_header(ip);
    ip[12] = 127;
    sign(ip);
    EXPECT("martian:src", 28, 28);
    good_header(ip);
    ip[16] = 240;
    sign(ip);
    EXPECT("martian:dst", 28, 28);
    put32(ip + 16, UINT32_MAX);
    sign(ip);
    EXPECT("bcast", 28, 28);
    put32(ip + 16, 0xe0000001);
    sign(ip);
    EXPECT("mcast", 28, 28);
    good_header(ip);
    ip[8] = 1;
    sign(ip);
    EXPECT("ttl-expire", 28, 28);
    ip[8] = 2;
    ip[0] = 0x46;
    sign(ip);
    EXPECT("options", 28, 28);
    good_header(ip);
    put16(ip + 6, 0x2000);
    sign(ip);
    EXPECT("fragment", 28, 28);
#undef EXPECT
}

/* A slice with a default route, one local address and one denied prefix. */
static FpTables *router(void) {
    FpTables *t = fp_tables_new(64);
    *fp_slice(t, 0) = (FpSlice){.used = true,
                                .vlan = 7,
                                .udp_port = 30000,
                                .exception_queue = 5,
                                .exception_address = 0x0afe0001,
                                .exception_port = 30100,
                                .n_queues = 6,
                                .n_stats = 6};
    *fp_slice(t, 1) = *fp_slice(t, 0);
    fp_slice(t, 1)->queue_base = 6;
    fp_interface(t, 3)->address = 0x0aff0004;
    CHECK(fp_bind_port(t, 0, 2, 0x0aff0003, 30000));
    CHECK(!fp_bind_port(t, 1, 2, 0x0aff0003, 30000));
    uint8_t key[FP_KEY_BYTES], mask[FP_KEY_BYTES];
    FpResult local = {.verdict = FP_EXCEPTION, .reason = FP_LOCAL},
             deny = {.verdict = FP_DROP, .reason = FP_DENIED};
    FpResult next = {
        .interface = 3, .queue = 3, .next_hop = 0xc0a80101, .next_port = 31000, .stats = 3};
    ipv4_prefix_filter(0x0a0000fe, 32, key, mask);
    CHECK_U64(fp_filter_insert(t, 0, 0, key, mask, &local), FP_INSERTED);
    ipv4_prefix_filter(0x0a010000, 16, key, mask);
    CHECK_U64(fp_filter_insert(t, 0, 1, key, mask, &deny), FP_INSERTED);
    ipv4_prefix_filter(0, 0, key, mask);
    CHECK_U64(fp_filter_insert(t, 0, 2, key, mask, &next), FP_INSERTED);
    CHECK_U64(fp_filter_insert(t, 0, 2, key, mask, &next), FP_POSITION_TAKEN);
    next.queue = 6;
    CHECK_U64(fp_filter_insert(t, 0, 3, key, mask, &next), FP_BAD_QUEUE);
    CHECK(!fp_filter_remove(t, 1, 2)); /* another slice's */
    return t;
}

/* Send an inner packet through all blocks; its frame is left in `buffer`. */
static FpPacket send_through(FpTables *t, uint8_t *buffer, const uint8_t *inner, uint32_t bytes) {
    uint8_t *f = buffer + FP_HEADROOM, *ip = f + 18;
    memset(f, 0, 46);
    put16(f + 12, 0x8100);
    put16(f + 16, 0x0800);
    put32(ip, 0x45000000u | (28 + bytes));
    put32(ip + 8, 64u << 24 | 17u << 16);
    put32(ip + 16, 0x0aff0003);
    put16(ip + 10, fold_checksum(sum_words(ip, 20)));
    put16(ip + 22, 30000);
    put16(ip + 24, 8 + bytes);
    memcpy(f + 46, inner, bytes);
    FpPacket p = {.bytes = f, .length = 46 + bytes, .original = 46 + bytes};
    if (fp_decap(t, &p, NULL) == FP_FORWARD && fp_parse(t, &p, NULL) != FP_DROP &&
        fp_lookup(t, &p, NULL) != FP_DROP)
        fp_format(t, &p, NULL);
    return p;
}

static void a_packet_is_forwarded_byte_for_byte(void) {
    FpTables *t = router();
    uint8_t buffer[512], ip[64];
    good_header(ip);
    sign(ip);
    FpPacket p = send_through(t, buffer, ip, 40); /* 12 bytes of padding behind total length 28 */
    CHECK_U64(p.verdict, FP_FORWARD);
    CHECK_U64(p.rx_interface, 2);
    CHECK_U64(p.length, 46 + 28);
    const uint8_t *f = p.bytes + p.offset;
    CHECK_U64(get16(f + 14), 7);
    CHECK_U64(get32(f + 30), 0x0aff0004);
    CHECK_U64(get32(f + 34), 0xc0a80101);
    CHECK_U64(get32(f + 38), 30000u << 16 | 31000);
    CHECK_U64(get16(f + 42), 36);
    CHECK_U64(fold_checksum(sum_words(f + 18, 20)), 0);
    CHECK_U64(f[46 + 8], 63);
    CHECK_U64(fold_checksum(sum_words(f + 46, 20)), 0);
    fp_tables_free(t);
}

static void a_packet_for_the_router_ignores_its_time_to_live(void) {
    FpTables *t = router();
    uint8_t buffer[512], ip[64];
    good_header(ip);
    ip[8] = 1;
    sign(ip);
    FpPacket p = send_through(t, buffer, ip, 28);
    CHECK_U64(p.verdict, FP_EXCEPTION);
    CHECK_TEXT(fp_reason_name((FpReason)p.reason), "ttl_expired");
    ip[19] = 0xfe;
    sign(ip);
    p = send_through(t, buffer, ip, 28);
    CHECK_TEXT(fp_reason_name((FpReason)p.reason), "local");
    const uint8_t *f = p.bytes + p.offset;
    CHECK_U64(p.length, 46 + 8 + 28);
    CHECK_U64(f[46], FP_LOCAL);
    CHECK(memcmp(f + 54, ip, 28) == 0); /* the inner packet as it came */
    fp_tables_free(t);
}

static void a_denied_packet_is_dropped(void) {
    FpTables *t = router();
    uint8_t buffer[512], ip[64];
    good_header(ip);
    ip[17] = 1;
    sign(ip);
    FpPacket p = send_through(t, buffer, ip, 28);
    CHECK_U64(p.verdict, FP_DROP);
    CHECK_U64(p.reason, FP_DENIED);
    fp_tables_free(t);
}

static void ports_are_not_read_from_padding(void) {
    /* 4 bytes behind the header look like ports; how many are inside the total length, and of the
     * captured bytes, decides. */
    static const struct {
        uint8_t total, captured;
        uint32_t ports;
    } cases[] = {{20, 46, 0},          {22, 46, 0},          {23, 46, 0}, {24, 46, 0x00351b58},
                 {28, 28, 0x00351b58}, {28, 24, 0x00351b58}, {28, 23, 0}};
    FpTables *t = fp_tables_new(1);
    for (unsigned protocol = 6; protocol <= 17; protocol += 11)
        for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
            uint8_t ip[64];
            good_header(ip);
            ip[3] = cases[i].total;
            ip[9] = (uint8_t)protocol;
            put32(ip + 20, 0x00351b58);
            sign(ip);
            FpPacket p = {.bytes = ip, .length = cases[i].captured, .original = 46};
            memset(p.key, 0xee, sizeof p.key);
            CHECK_U64(ipv4_option.parse(t, &p, NULL), FP_FORWARD);
            CHECK_U64(get32(p.key + 10), cases[i].ports);
        }
    fp_tables_free(t);
}

static void a_tunnel_ends_with_its_outer_packet(void) {
    /* Behind the outer packet's total length is padding, whatever its UDP header says. */
    FpTables *t = router();
    for (unsigned less = 0; less < 3; less++) {
        uint8_t buffer[512] = {0}, *f = buffer + FP_HEADROOM, *outer = f + 18;
        FpPacket p = {.bytes = f, .length = 46 + 40, .original = 46 + 40};
        put16(f + 12, 0x8100);
        put16(f + 16, 0x0800);
        put32(outer, 0x45000000u | (28 + 40 - less));
        put32(outer + 8, 64u << 24 | 17u << 16);
        put32(outer + 16, 0x0aff0003);
        put16(outer + 10, fold_checksum(sum_words(outer, 20)));
        put16(outer + 22, 30000);
        put16(outer + 24, 8 + 40);
        CHECK_U64(fp_decap(t, &p, NULL), less ? FP_DROP : FP_FORWARD);
        if (less) CHECK_U64(p.reason, FP_OUTER_BAD);
    }
    fp_tables_free(t);
}

int main(void) {
    static const Test tests[] = {TEST(the_first_match_by_position_wins),
                                 TEST(entries_equal_in_value_and_mask_shadow_each_other),
                                 TEST(backlogged_queues_share_as_their_quanta),
                                 TEST(a_scheduler_keeps_its_rate_exactly),
                                 TEST(a_full_queue_refuses_and_counts),
                                 TEST(the_incremental_checksum_is_that_of_rfc_1624),
                                 TEST(header_tests_come_in_the_order_of_rfc_1812),
                                 TEST(a_packet_is_forwarded_byte_for_byte),
                                 TEST(a_packet_for_the_router_ignores_its_time_to_live),
                                 TEST(a_denied_packet_is_dropped),
                                 TEST(ports_are_not_read_from_padding),
                                 TEST(a_tunnel_ends_with_its_outer_packet),
                                 {0}};
    return run_tests("fastpath", tests);
}
