/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Address translation against sums made anew over whole packets, and its table against a search
 * through a list. */
#include <stdlib.h>

#include "fastpath/headers.h"
#include "fastpath/nat.h"
#include "tests/check.h"
#include "tests/dice.h"

enum { ICMP = 1, TCP = IP_PROTOCOL_TCP, UDP = IP_PROTOCOL_UDP };
enum { FIN = 1, SYN = 2, RST = 4, ACK = 16 };
enum { ROOM = 2048 };
#define INSIDE 0x0a000005u
#define REMOTE 0xc6336407u
#define OUTSIDE 0x80fc9901u

/* Checksums, over all bytes -------------------------------------------------------------------- */

static uint32_t sum_bytes(const uint8_t *p, uint32_t n) { /* any n */
    uint32_t sum = 0;
    for (uint32_t i = 0; i < n; i++) sum += i & 1 ? p[i] : (uint32_t)p[i] << 8;
    return sum;
}
static uint32_t whole_checksum(uint32_t sum) {
    while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
    return ~sum & 0xffff;
}

static uint8_t *l4_of(uint8_t *ip) {
    return ip + (ip[0] & 15) * 4;
}
static uint8_t *l4_checksum(uint8_t *ip) {
    return l4_of(ip) + (ip[9] == TCP ? 16 : ip[9] == UDP ? 6 : 2);
}

/* Sign a packet anew. A UDP packet without a checksum stays so. */
static void sign(uint8_t *ip) {
    uint32_t header = (ip[0] & 15u) * 4, bytes = get16(ip + 2) - header, sum;
    uint8_t *at = l4_checksum(ip);
    put16(ip + 10, 0);
    put16(ip + 10, whole_checksum(sum_bytes(ip, header)));
    if (ip[9] == UDP && get16(at) == 0) return;
    put16(at, 0);
    sum = sum_bytes(l4_of(ip), bytes);
    if (ip[9] != ICMP) sum += sum_bytes(ip + 12, 8) + ip[9] + bytes;
    sum = whole_checksum(sum);
    put16(at, ip[9] == UDP && sum == 0 ? 0xffff : sum);
}

/* The packet is as signing it anew would leave it. */
static bool signed_right(const uint8_t *ip) {
    uint8_t copy[ROOM];
    uint32_t total = get16(ip + 2);
    memcpy(copy, ip, total);
    sign(copy);
    return memcmp(copy, ip, total) == 0;
}

/* Packets -------------------------------------------------------------------------------------- */

/* A packet out of the flow, or into it (`in`: the ends swapped), with `payload` bytes. */
static uint32_t make(uint8_t *ip, const NatFlow *f, bool in, uint32_t options, uint32_t payload) {
    uint32_t header = IPV4_BYTES + options, own = f->protocol == TCP   ? 20
                                                  : f->protocol == UDP ? UDP_BYTES
                                                                       : 8;
    uint32_t total = header + own + payload;
    for (uint32_t i = 0; i < total; i++) ip[i] = (uint8_t)dice(256);
    ip[0] = (uint8_t)(0x40 | header / 4);
    put16(ip + 2, total);
    put16(ip + 6, 0x4000);
    ip[9] = f->protocol;
    put32(ip + 12, in ? f->remote_address : f->inside_address);
    put32(ip + 16, in ? f->inside_address : f->remote_address);
    uint8_t *l4 = ip + header;
    if (f->protocol == ICMP) {
        put16(l4, in ? 0 : 0x0800);
        put16(l4 + 4, f->inside_port);
    } else {
        put16(l4, in ? f->remote_port : f->inside_port);
        put16(l4 + 2, in ? f->inside_port : f->remote_port);
        if (f->protocol == TCP) put16(l4 + 12, 0x5000 | ACK);
        if (f->protocol == UDP) put16(l4 + 4, own + payload), put16(l4 + 6, 1);
    }
    sign(ip);
    return total;
}

static NatFlow flow_like(uint8_t protocol, uint16_t inside_port) {
    return (NatFlow){.protocol = protocol,
                     .inside_address = INSIDE,
                     .inside_port = inside_port,
                     .remote_address = REMOTE,
                     .remote_port = protocol == ICMP ? 0 : 80,
                     .blade = 3};
}

/* A flow of odd numbers, all ones and zeros among them. */
static uint32_t some_word(uint32_t bits) {
    uint64_t n = UINT64_C(1) << bits;
    unsigned kind = (unsigned)dice(6);
    return kind == 0 ? 0 : kind == 1 ? (uint32_t)(n - 1) : (uint32_t)dice(n);
}
static NatFlow some_flow(void) {
    static const uint8_t protocols[3] = {ICMP, TCP, UDP};
    NatFlow f = {.protocol = protocols[dice(3)],
                 .inside_address = some_word(16) << 16 | some_word(16),
                 .inside_port = (uint16_t)some_word(16),
                 .remote_address = some_word(16) << 16 | some_word(16),
                 .blade = (uint16_t)dice(14)};
    if (f.protocol != ICMP) f.remote_port = (uint16_t)some_word(16);
    return f;
}
/* Ends seen from outside: what a packet of the flow looks like there. */
static NatFlow seen_outside(const NatEntry *e) {
    NatFlow f = e->flow;
    f.inside_address = e->outside_address;
    f.inside_port = e->outside_port;
    return f;
}

/* Rewriting ------------------------------------------------------------------------------------ */

static void every_checksum_is_that_of_the_whole_packet(void) {
    for (unsigned round = 0; round < 60000; round++) {
        NatTable *t = nat_new(1);
        NatFlow f = some_flow(), seen;
        const NatEntry *e = NULL, *used = NULL;
        uint8_t ip[ROOM], expected[ROOM];
        uint32_t outside = dice(8) ? some_word(16) << 16 | some_word(16) : f.inside_address;
        uint16_t port = dice(8) && f.inside_port ? f.inside_port : (uint16_t)(some_word(15) + 1);
        CHECK_U64(nat_allocate(t, &f, outside, port, 1, 0, &e), NAT_OK);
        seen = seen_outside(e);
        uint32_t length = make(ip, &f, false, (uint32_t)dice(11) * 4, (uint32_t)dice(64));
        uint8_t *l4 = l4_of(ip);
        unsigned kind = (unsigned)dice(8);
        if (f.protocol == UDP && kind == 0) put16(l4 + 6, 0);
        if (f.protocol == UDP && kind == 1 && length - (l4 - ip) >= 10) {
            /* Make the sum of the packet to come 0, so that it must be sent as 0xffff. */
            uint8_t *free_word = l4 + 8;
            put16(free_word, 0);
            put32(ip + 12, seen.inside_address);
            put16(l4, seen.inside_port);
            sign(ip);
            put16(free_word, get16(l4 + 6));
            put32(ip + 12, f.inside_address);
            put16(l4, f.inside_port);
            sign(ip);
        }
        if (kind == 2 && f.protocol != UDP && length - (l4 - ip) >= 24) { /* checksum 0 before */
            put16(l4 + 20, 0);
            sign(ip);
            put16(l4 + 20, get16(l4_checksum(ip)));
            sign(ip);
        }
        CHECK(signed_right(ip));
        /* Out: what the packet says is the outside's, and nothing else differs. */
        memcpy(expected, ip, length);
        put32(expected + 12, seen.inside_address);
        put16(expected + (l4 - ip) + (f.protocol == ICMP ? 4 : 0), seen.inside_port);
        sign(expected);
        CHECK_U64(nat_outbound(t, ip, length, 5, &used), NAT_OK);
        CHECK(used == e && e->last_used == 5);
        bool right = memcmp(ip, expected, length) == 0;
        /* In: an answer. */
        length = make(ip, &seen, true, (uint32_t)dice(11) * 4, (uint32_t)dice(64));
        l4 = l4_of(ip);
        if (f.protocol == UDP && kind == 0) put16(l4 + 6, 0);
        if (f.protocol == ICMP && kind < 4) { /* little but zeros */
            memset(l4 + 6, 0, length - (uint32_t)(l4 - ip) - 6);
            sign(ip);
        }
        memcpy(expected, ip, length);
        put32(expected + 16, f.inside_address);
        put16(expected + (l4 - ip) + (f.protocol == ICMP ? 4 : 2), f.inside_port);
        sign(expected);
        CHECK_U64(nat_inbound(t, ip, length, 9, &used), NAT_OK);
        CHECK(used == e && e->last_used == 9 && used->flow.blade == f.blade);
        right = right && memcmp(ip, expected, length) == 0;
        nat_free(t);
        if (!right) {
            printf("  round %u, protocol %u, kind %u\n", round, f.protocol, kind);
            CHECK(right);
            break;
        }
    }
}

/* Send out, let the remote end send the same back with source and destination swapped, and swap
 * again: that is the packet that went out. */
static void swap_ends(uint8_t *ip) {
    uint8_t *l4 = l4_of(ip);
    uint32_t a = get32(ip + 12), port = get16(l4);
    put32(ip + 12, get32(ip + 16));
    put32(ip + 16, a);
    if (ip[9] == ICMP) {
        l4[0] ^= 8; /* request to reply: the checksum changes, the ports do not */
        sign(ip);
    } else {
        put16(l4, get16(l4 + 2));
        put16(l4 + 2, port);
    }
}
static void out_and_in_again_restores_every_byte(void) {
    enum { FLOWS = 64 };
    NatTable *t = nat_new(FLOWS);
    NatFlow flows[FLOWS];
    uint8_t ip[ROOM], before[ROOM];
    for (unsigned i = 0; i < FLOWS; i++) {
        flows[i] = some_flow();
        CHECK_U64(nat_allocate(t, &flows[i], OUTSIDE, 20000, 100, i, NULL), NAT_OK);
    }
    for (unsigned round = 0; round < 30000; round++) {
        NatFlow *f = &flows[dice(FLOWS)];
        uint32_t length =
            make(ip, f, false, (uint32_t)dice(11) * 4, round % 100 ? (uint32_t)dice(80) : 1400);
        memcpy(before, ip, length);
        CHECK_U64(nat_outbound(t, ip, length, round, NULL), NAT_OK);
        bool other = get32(ip + 12) == OUTSIDE;
        swap_ends(ip);
        CHECK_U64(nat_inbound(t, ip, length, round, NULL), NAT_OK);
        swap_ends(ip);
        if (!other || memcmp(ip, before, length) != 0) {
            printf("  round %u, protocol %u\n", round, f->protocol);
            CHECK(false);
            break;
        }
    }
    CHECK_U64(nat_counts(t)->out, 30000);
    CHECK_U64(nat_counts(t)->in, 30000);
    nat_free(t);
}

static void checksums_at_their_borders(void) {
    /* UDP: 10.0.0.5:1 -> port 20000 chosen, then a payload word that makes the sum 0xffff. */
    NatTable *t = nat_new(4);
    uint8_t ip[ROOM];
    NatFlow f = flow_like(UDP, 1);
    CHECK_U64(nat_allocate(t, &f, OUTSIDE, 20000, 1, 0, NULL), NAT_OK);
    uint32_t length = make(ip, &f, false, 0, 3);
    put16(ip + 26, 0); /* none: stays none, whatever else changes */
    CHECK_U64(nat_outbound(t, ip, length, 0, NULL), NAT_OK);
    CHECK_U64(get16(ip + 26), 0);
    CHECK_U64(get32(ip + 12), OUTSIDE);
    CHECK(signed_right(ip));
    /* A payload word equal to the checksum that the rewritten packet has without it. */
    length = make(ip, &f, false, 0, 2);
    put32(ip + 12, OUTSIDE);
    put16(ip + 20, 20000);
    put16(ip + 28, 0);
    sign(ip);
    put16(ip + 28, get16(ip + 26));
    put32(ip + 12, INSIDE);
    put16(ip + 20, 1);
    sign(ip);
    CHECK(get16(ip + 26) != 0xffff);
    CHECK_U64(nat_outbound(t, ip, length, 0, NULL), NAT_OK);
    CHECK_U64(get16(ip + 26), 0xffff);
    /* Erratum 4782: nothing changes, so neither does a checksum, be it 0x0000 or 0xffff. */
    f = flow_like(TCP, 4000);
    CHECK_U64(nat_allocate(t, &f, INSIDE, 4000, 1, 0, NULL), NAT_OK);
    for (unsigned i = 0; i < 2; i++) {
        length = make(ip, &f, false, 0, 5);
        put16(ip + 10, i ? 0xffff : 0);
        put16(ip + 36, i ? 0xffff : 0);
        CHECK_U64(nat_outbound(t, ip, length, 0, NULL), NAT_OK);
        CHECK_U64(get16(ip + 10), i ? 0xffff : 0);
        CHECK_U64(get16(ip + 36), i ? 0xffff : 0);
    }
    /* An echo reply whose every word becomes 0: its checksum is 0xffff, not 0. */
    f = flow_like(ICMP, 0);
    const NatEntry *e = NULL;
    CHECK_U64(nat_allocate(t, &f, OUTSIDE, 7, 1, 0, &e), NAT_OK);
    for (unsigned payload = 0; payload < 4; payload++) {
        NatFlow seen = seen_outside(e);
        length = make(ip, &seen, true, 0, payload);
        memset(ip + 26, 0, 2 + payload);
        sign(ip);
        CHECK_U64(get16(ip + 22), 0xfff8); /* ~7 */
        CHECK_U64(nat_inbound(t, ip, length, 0, NULL), NAT_OK);
        CHECK_U64(get16(ip + 22), 0xffff);
        CHECK(signed_right(ip));
        put16(ip + 22, 0xfff8); /* once more, the first of fragments, or cut by a capture */
        put16(ip + 24, 7);
        put32(ip + 16, OUTSIDE);
        put16(ip + 2, 1000);
        put16(ip + 6, 0x2000);
        CHECK_U64(nat_inbound(t, ip, length, 0, NULL), NAT_OK);
        CHECK_U64(get16(ip + 22), 0xffff); /* right for zeros, and for what sums to 0xffff */
    }
    nat_free(t);
}

static void a_wrong_checksum_stays_wrong(void) {
    NatTable *t = nat_new(3);
    uint8_t ip[ROOM];
    static const uint8_t protocols[3] = {ICMP, TCP, UDP};
    for (unsigned i = 0; i < 3; i++) {
        NatFlow f = flow_like(protocols[i], 1000);
        CHECK_U64(nat_allocate(t, &f, OUTSIDE, 20000, 10, 0, NULL), NAT_OK);
        uint32_t length = make(ip, &f, false, 0, 40);
        ip[length - 1] ^= 1;
        CHECK_U64(nat_outbound(t, ip, length, 0, NULL), NAT_OK);
        CHECK(!signed_right(ip));
        ip[length - 1] ^= 1;
        CHECK(signed_right(ip));
        ip[8] ^= 1;
        swap_ends(ip);
        CHECK_U64(nat_inbound(t, ip, length, 0, NULL), NAT_OK);
        CHECK(i == 0 || !signed_right(ip)); /* 0: swap_ends signs */
    }
    nat_free(t);
}

/* ICMP errors ---------------------------------------------------------------------------------- */

/* An error from `source` to `destination` about the packet `quoted`, of which it has `n` bytes. */
static uint32_t make_error(uint8_t *ip, uint8_t type, uint32_t source, uint32_t destination,
                           const uint8_t *quoted, uint32_t n) {
    NatFlow f = {.protocol = ICMP, .inside_address = source, .remote_address = destination};
    uint32_t length = make(ip, &f, false, (uint32_t)dice(3) * 4, n);
    uint8_t *l4 = l4_of(ip);
    memcpy(l4 + 8, quoted, n);
    put16(l4, (uint32_t)type << 8 | 1);
    put16(l4 + 2, 0);
    put32(l4 + 4, 0);
    sign(ip);
    return length;
}

static void an_error_about_a_flow_is_translated_with_what_it_quotes(void) {
    static const uint8_t types[3] = {3, 11, 12};
    uint8_t out[ROOM], quoted[ROOM], ip[ROOM], expected[ROOM];
    for (unsigned round = 0; round < 30000; round++) {
        NatTable *t = nat_new(1);
        NatFlow f = some_flow();
        const NatEntry *e = NULL;
        uint16_t port = (uint16_t)(1 + some_word(15));
        CHECK_U64(nat_allocate(t, &f, OUTSIDE, port, 1, 7, &e), NAT_OK);
        bool inbound = dice(2);
        NatFlow seen = seen_outside(e);
        /* `out` is the packet as the inside knows it, `quoted` as the outside does. */
        uint32_t length = make(out, &f, !inbound, (uint32_t)dice(11) * 4, (uint32_t)dice(64));
        if (f.protocol == UDP && dice(4) == 0) put16(l4_checksum(out), 0);
        uint32_t header = (out[0] & 15u) * 4, n = header + 8 + (uint32_t)dice(length - header - 7);
        if (f.protocol == TCP && n == header + 17) n++; /* half a checksum is left alone */
        memcpy(quoted, out, length);
        put32(quoted + (inbound ? 12 : 16), seen.inside_address);
        put16(quoted + header + (f.protocol == ICMP ? 4 : inbound ? 0 : 2), seen.inside_port);
        sign(quoted);
        uint8_t type = types[dice(3)];
        uint64_t keep = dice_state;
        uint32_t from = inbound ? 0xcb007109 : f.inside_address,
                 to = inbound ? OUTSIDE : f.remote_address;
        uint32_t bytes = make_error(ip, type, from, to, inbound ? quoted : out, n);
        dice_state = keep;
        make_error(expected, type, inbound ? from : OUTSIDE, inbound ? f.inside_address : to,
                   inbound ? out : quoted, n);
        const NatEntry *used = NULL;
        CHECK_U64(inbound ? nat_inbound(t, ip, bytes, 99, &used)
                          : nat_outbound(t, ip, bytes, 99, &used),
                  NAT_OK);
        CHECK(used == e && e->last_used == 7); /* errors prolong nothing */
        CHECK_U64(inbound ? nat_counts(t)->in_errors : nat_counts(t)->out_errors, 1);
        bool right = memcmp(ip, expected, bytes) == 0;
        nat_free(t);
        if (!right) {
            printf("  round %u, protocol %u, %s, quoted %u\n", round, f.protocol,
                   inbound ? "in" : "out", n - header);
            CHECK(right);
            break;
        }
    }
}

static void an_error_about_something_else_is_left_alone(void) {
    NatTable *t = nat_new(2);
    uint8_t packet[ROOM], ip[ROOM], before[ROOM];
    NatFlow f = flow_like(UDP, 1000), other;
    const NatEntry *e = NULL;
    CHECK_U64(nat_allocate(t, &f, OUTSIDE, 20000, 10, 0, &e), NAT_OK);
    NatFlow seen = other = seen_outside(e);
    uint32_t length;
#define EXPECT(result, to)                                                                         \
    memcpy(before, ip, length);                                                                    \
    put32(before + 16, to), put32(ip + 16, to);                                                    \
    CHECK_U64(nat_inbound(t, ip, length, 0, NULL), result);                                        \
    CHECK(memcmp(ip, before, length) == 0)
    make(packet, &seen, false, 0, 20);
    length = make_error(ip, 3, REMOTE, OUTSIDE, packet, 28);
    EXPECT(NAT_MISS, OUTSIDE + 1); /* to another address than the flow's */
    CHECK_U64(nat_counts(t)->in_misses, 1);
    length = make_error(ip, 4, REMOTE, OUTSIDE, packet, 28);
    EXPECT(NAT_NOT_TRANSLATABLE, OUTSIDE); /* source quench */
    length = make_error(ip, 3, REMOTE, OUTSIDE, packet, 27);
    EXPECT(NAT_NOT_TRANSLATABLE, OUTSIDE);
    put16(packet + 6, 0x2001);
    length = make_error(ip, 3, REMOTE, OUTSIDE, packet, 28);
    EXPECT(NAT_NOT_TRANSLATABLE, OUTSIDE); /* about a later fragment */
    other.remote_port++;
    make(packet, &other, false, 0, 20);
    length = make_error(ip, 3, REMOTE, OUTSIDE, packet, 28);
    EXPECT(NAT_MISS, OUTSIDE);
    CHECK_U64(nat_counts(t)->in_filtered, 1);
    make(packet, &seen, true, 0, 20); /* one that came in: its error goes out, not in */
    length = make_error(ip, 3, REMOTE, OUTSIDE, packet, 28);
    EXPECT(NAT_MISS, OUTSIDE);
#undef EXPECT
    nat_free(t);
}

/* What is not translated ----------------------------------------------------------------------- */

/* In a block of its own, so that a sanitizer sees a byte read too many. */
static NatResult both_ways(NatTable *t, const uint8_t *bytes, uint32_t length, bool in) {
    uint8_t *p = malloc(length ? length : 1);
    NatFlow f;
    memcpy(p, bytes, length);
    nat_flow(p, length, &f);
    NatResult r = in ? nat_inbound(t, p, length, 0, NULL) : nat_outbound(t, p, length, 0, NULL);
    if (r != NAT_OK) CHECK(memcmp(p, bytes, length) == 0);
    free(p);
    return r;
}

static void a_packet_cut_anywhere_is_refused_or_translated(void) {
    static const uint8_t protocols[3] = {ICMP, TCP, UDP};
    static const uint32_t least[3] = {8, 20, 8};
    NatTable *t = nat_new(3);
    uint8_t ip[ROOM], quoted[ROOM];
    for (unsigned i = 0; i < 3; i++) {
        NatFlow f = flow_like(protocols[i], 1000), seen;
        const NatEntry *e = NULL;
        CHECK_U64(nat_allocate(t, &f, OUTSIDE, 20000, 10, 0, &e), NAT_OK);
        seen = seen_outside(e);
        for (uint32_t options = 0; options <= 40; options += 4)
            for (unsigned in = 0; in < 2; in++) {
                uint32_t length = make(ip, in ? &seen : &f, in, options, 9);
                for (uint32_t n = 0; n <= length; n++)
                    CHECK_U64(both_ways(t, ip, n, in),
                              n < 20 + options + least[i] ? NAT_NOT_TRANSLATABLE : NAT_OK);
                /* And cut by what its header says. */
                for (uint32_t n = 0; n <= length; n++) {
                    put16(ip + 2, n);
                    CHECK_U64(both_ways(t, ip, length, in),
                              n < 20 + options + least[i] ? NAT_NOT_TRANSLATABLE : NAT_OK);
                }
                /* Quoted by an error, 8 bytes of the transport header are enough. */
                make(quoted, in ? &seen : &f, !in, options, 9);
                uint32_t bytes =
                    make_error(ip, 11, in ? REMOTE : INSIDE, in ? OUTSIDE : REMOTE, quoted, length);
                uint32_t head = bytes - length;
                for (uint32_t n = 0; n <= bytes; n++)
                    CHECK_U64(both_ways(t, ip, n, in),
                              n < head + 20 + options + 8 ? NAT_NOT_TRANSLATABLE : NAT_OK);
            }
    }
    nat_free(t);
}

static void noise_is_survived(void) {
    NatTable *t = nat_new(3);
    uint8_t ip[ROOM], quoted[ROOM];
    static const uint8_t protocols[3] = {ICMP, TCP, UDP};
    const NatEntry *e[3];
    unsigned translated = 0, refused = 0, missed = 0;
    for (unsigned i = 0; i < 3; i++) {
        NatFlow f = flow_like(protocols[i], 1000);
        CHECK_U64(nat_allocate(t, &f, OUTSIDE, 20000, 10, 0, &e[i]), NAT_OK);
    }
    for (unsigned round = 0; round < 200000; round++) {
        bool in = dice(2);
        unsigned i = (unsigned)dice(3);
        NatFlow f = in ? seen_outside(e[i]) : e[i]->flow;
        uint32_t length = make(ip, &f, in, (uint32_t)dice(4) * 4, (uint32_t)dice(12));
        if (dice(2)) {
            make(quoted, &f, !in, (uint32_t)dice(4) * 4, 12);
            length = make_error(ip, 3, in ? REMOTE : INSIDE, in ? OUTSIDE : REMOTE, quoted,
                                (uint32_t)dice(40));
        }
        for (unsigned k = (unsigned)dice(4); k > 0; k--) {
            static const uint8_t places[8] = {0, 2, 3, 6, 7, 9, 20, 28};
            ip[dice(2) ? places[dice(8)] : dice(length)] = (uint8_t)dice(256);
        }
        if (dice(4) == 0) length = (uint32_t)dice(length + 1);
        NatResult r = both_ways(t, ip, length, in);
        *(r == NAT_OK ? &translated : r == NAT_MISS ? &missed : &refused) += 1;
    }
    CHECK(translated > 10000 && refused > 10000 && missed > 1000);
    const NatCounts *n = nat_counts(t);
    CHECK_U64(n->out + n->in + n->out_errors + n->in_errors, translated);
    CHECK_U64(n->out_misses + n->in_misses + n->in_filtered, missed);
    CHECK_U64(n->out_not_translatable + n->in_not_translatable, refused);
    nat_free(t);
}

static void only_what_has_a_port_is_translated(void) {
    NatTable *t = nat_new(2);
    uint8_t ip[ROOM];
    NatFlow f = flow_like(TCP, 1000), found;
    uint32_t length = make(ip, &f, false, 0, 20);
    CHECK_U64(nat_outbound(t, ip, length, 0, NULL), NAT_MISS);
    ip[33] = SYN;
    CHECK_U64(nat_flow(ip, length, &found), NAT_OK);
    CHECK(found.opens && found.protocol == TCP && found.inside_address == INSIDE &&
          found.inside_port == 1000 && found.remote_address == REMOTE && found.remote_port == 80);
    ip[33] = SYN | ACK;
    CHECK(nat_flow(ip, length, &found) == NAT_OK && !found.opens);
    CHECK_U64(nat_allocate(t, &found, OUTSIDE, 20000, 10, 0, NULL), NAT_OK);
    CHECK_U64(nat_outbound(t, ip, length, 0, NULL), NAT_OK);
    length = make(ip, &f, false, 0, 20);
    put16(ip + 6, 0x2000); /* the first fragment has its port */
    CHECK_U64(both_ways(t, ip, length, false), NAT_OK);
    put16(ip + 6, 0x2001);
    CHECK_U64(both_ways(t, ip, length, false), NAT_NOT_TRANSLATABLE);
    put16(ip + 6, 0x1000);
    CHECK_U64(both_ways(t, ip, length, false), NAT_NOT_TRANSLATABLE);
    put16(ip + 6, 0x0fff);
    CHECK_U64(both_ways(t, ip, length, false), NAT_NOT_TRANSLATABLE);
    put16(ip + 6, 0);
    ip[9] = 47;
    CHECK_U64(both_ways(t, ip, length, false), NAT_NOT_TRANSLATABLE);
    f = flow_like(ICMP, 1000);
    CHECK_U64(nat_allocate(t, &f, OUTSIDE, 20000, 10, 0, NULL), NAT_OK);
    length = make(ip, &f, false, 0, 20);
    CHECK_U64(both_ways(t, ip, length, true), NAT_NOT_TRANSLATABLE); /* a request from outside */
    CHECK_U64(nat_flow(ip, length, &found), NAT_OK);
    CHECK(found.opens && found.inside_port == 1000 && found.remote_port == 0);
    ip[20] = 0;
    CHECK_U64(both_ways(t, ip, length, false), NAT_NOT_TRANSLATABLE); /* a reply from inside */
    ip[20] = 13;
    CHECK_U64(both_ways(t, ip, length, false), NAT_NOT_TRANSLATABLE); /* timestamp */
    nat_free(t);
}

static void only_the_remote_end_of_the_flow_gets_in(void) {
    NatTable *t = nat_new(4);
    NatFlow f = flow_like(UDP, 1000);
    const NatEntry *e = NULL;
    uint8_t ip[ROOM];
    CHECK_U64(nat_allocate(t, &f, OUTSIDE, 20000, 10, 0, &e), NAT_OK);
    NatFlow seen = seen_outside(e), other = seen;
    other.remote_address++;
    CHECK_U64(both_ways(t, ip, make(ip, &other, true, 0, 4), true), NAT_MISS);
    other = seen;
    other.remote_port++;
    CHECK_U64(both_ways(t, ip, make(ip, &other, true, 0, 4), true), NAT_MISS);
    CHECK_U64(nat_counts(t)->in_filtered, 2);
    CHECK_U64(nat_counts(t)->in_misses, 0);
    other = seen;
    other.inside_port++;
    CHECK_U64(both_ways(t, ip, make(ip, &other, true, 0, 4), true), NAT_MISS);
    other = seen;
    other.protocol = TCP;
    CHECK_U64(both_ways(t, ip, make(ip, &other, true, 0, 4), true), NAT_MISS);
    other = seen;
    other.inside_address++;
    CHECK_U64(both_ways(t, ip, make(ip, &other, true, 0, 4), true), NAT_MISS);
    CHECK_U64(nat_counts(t)->in_misses, 3);
    CHECK_U64(both_ways(t, ip, make(ip, &seen, true, 0, 4), true), NAT_OK);
    /* The flow with another end, from the same inside port, is another flow with its own port. */
    f.remote_port++;
    CHECK_U64(both_ways(t, ip, make(ip, &f, false, 0, 4), false), NAT_MISS);
    CHECK_U64(nat_allocate(t, &f, OUTSIDE, 20000, 10, 0, &e), NAT_OK);
    CHECK_U64(e->outside_port, 20001);
    f = flow_like(TCP, 1);
    f.opens = true;
    CHECK_U64(nat_allocate(t, &f, OUTSIDE, 20000, 10, 0, &e), NAT_OK);
    CHECK(!e->flow.opens);
    nat_free(t);
}

/* Table ---------------------------------------------------------------------------------------- */

static void ports_go_round_and_run_out(void) {
    NatTable *t = nat_new(20);
    const NatEntry *e = NULL, *again = NULL;
    for (uint16_t i = 0; i < 5; i++) {
        NatFlow f = flow_like(TCP, i);
        CHECK_U64(nat_allocate(t, &f, OUTSIDE, 65531, 5, i, &e), NAT_OK);
        CHECK_U64(e->outside_port, 65531 + i);
        CHECK(e->created == i && e->last_used == i && e->flow.blade == 3);
        CHECK_U64(nat_allocate(t, &f, OUTSIDE, 65531, 5, 99, &again), NAT_OK);
        CHECK(again == e && e->created == i && e->last_used == i);
    }
    NatFlow f = flow_like(TCP, 5);
    CHECK_U64(nat_allocate(t, &f, OUTSIDE, 65531, 5, 0, NULL), NAT_EXHAUSTED);
    CHECK_U64(nat_counts(t)->exhausted_ports, 1);
    /* Another protocol, or another address, has the same ports for itself. */
    f.protocol = UDP;
    CHECK_U64(nat_allocate(t, &f, OUTSIDE, 65531, 5, 0, NULL), NAT_OK);
    f.protocol = TCP;
    CHECK_U64(nat_allocate(t, &f, OUTSIDE + 1, 65531, 5, 0, NULL), NAT_OK);
    /* A port given back is found. */
    f = flow_like(TCP, 2);
    CHECK(nat_remove(t, &f) && !nat_remove(t, &f));
    CHECK(!nat_find_outside(t, OUTSIDE, TCP, 65533));
    f = flow_like(TCP, 77);
    CHECK_U64(nat_allocate(t, &f, OUTSIDE, 65531, 5, 0, &e), NAT_OK);
    CHECK_U64(e->outside_port, 65533);
    CHECK(nat_find_outside(t, OUTSIDE, TCP, 65533) == e && nat_find(t, &f) == e);
    CHECK_U64(nat_used(t), 7);
    /* Entries run out too. */
    for (uint16_t i = 0; i < 13; i++) {
        f = flow_like(UDP, (uint16_t)(100 + i));
        CHECK_U64(nat_allocate(t, &f, OUTSIDE, 1, 100, 0, NULL), NAT_OK);
    }
    f = flow_like(UDP, 999);
    CHECK_U64(nat_allocate(t, &f, OUTSIDE, 1, 100, 0, NULL), NAT_EXHAUSTED);
    CHECK_U64(nat_counts(t)->exhausted_entries, 1);
    CHECK_U64(nat_counts(t)->exhausted_ports, 1);
    CHECK_U64(nat_counts(t)->allocated, 21);
    CHECK_U64(nat_counts(t)->removed, 1);
    nat_free(t);
}

static void a_bad_request_changes_nothing(void) {
    NatTable *t = nat_new(4);
    NatFlow f = flow_like(TCP, 1), other = f;
    CHECK_U64(nat_allocate(t, &f, OUTSIDE, 0, 5, 0, NULL), NAT_BAD_REQUEST);
    CHECK_U64(nat_allocate(t, &f, OUTSIDE, 5, 0, 0, NULL), NAT_BAD_REQUEST);
    CHECK_U64(nat_allocate(t, &f, OUTSIDE, 65535, 2, 0, NULL), NAT_BAD_REQUEST);
    CHECK_U64(nat_allocate(t, &f, OUTSIDE, 1, UINT32_MAX, 0, NULL), NAT_BAD_REQUEST);
    other.protocol = 47;
    CHECK_U64(nat_allocate(t, &other, OUTSIDE, 1, 5, 0, NULL), NAT_BAD_REQUEST);
    CHECK_U64(nat_used(t), 0);
    CHECK_U64(nat_allocate(t, &f, OUTSIDE, 65535, 1, 0, NULL), NAT_OK);
    CHECK(!nat_new(0) && !nat_new(NAT_MAX_ENTRIES + 1) && !nat_new(UINT32_MAX));
    nat_free(t);
    nat_free(NULL);
}

static const NatIdle idle = {.tcp = 1000, .tcp_transitory = 100, .udp = 300, .icmp = 60};

/* How long an entry of this kind lives after its last use at 5000: one less does nothing. */
static void check_life(NatTable *t, const NatFlow *f, uint64_t life) {
    CHECK(nat_find(t, f) != NULL);
    CHECK_U64(nat_expire(t, 4000, &idle, 100), 0); /* a clock behind the entry's */
    CHECK_U64(nat_expire(t, 5000 + life - 1, &idle, 100), 0);
    CHECK(nat_find(t, f) != NULL);
    CHECK_U64(nat_expire(t, 5000 + life, &idle, 100), 1);
    CHECK(nat_find(t, f) == NULL);
    CHECK_U64(nat_used(t), 0);
}

static void send(NatTable *t, const NatEntry *e, bool in, uint8_t flags) {
    NatFlow f = in ? seen_outside(e) : e->flow;
    uint8_t ip[ROOM];
    uint32_t length = make(ip, &f, in, 0, 1);
    if (f.protocol == TCP) ip[33] = flags, sign(ip);
    CHECK_U64(in ? nat_inbound(t, ip, length, 5000, NULL) : nat_outbound(t, ip, length, 5000, NULL),
              NAT_OK);
}

static void an_idle_entry_goes_at_its_time_and_not_before(void) {
    static const struct {
        const char *talk; /* out: s syn, a ack, f fin, r rst; in: the capitals */
        uint8_t protocol;
        uint64_t life;
    } cases[] = {
        {"a", UDP, 300},     {"aA", UDP, 300},     {"A", UDP, 300},       {"a", ICMP, 60},
        {"A", ICMP, 60},     {"s", TCP, 100},      {"sss", TCP, 100},     {"sS", TCP, 1000},
        {"sSaA", TCP, 1000}, {"sSf", TCP, 1000},   {"sSF", TCP, 1000},    {"sSfF", TCP, 100},
        {"sSFf", TCP, 100},  {"sSfFa", TCP, 100},  {"sSff", TCP, 1000},   {"sSr", TCP, 100},
        {"sSR", TCP, 100},   {"sSRa", TCP, 1000},  {"sSrA", TCP, 1000},   {"sSrAr", TCP, 100},
        {"sR", TCP, 100},    {"sSfFs", TCP, 100},  {"sSfFsS", TCP, 1000}, {"sSRs", TCP, 100},
        {"sSfFA", TCP, 100}, {"sSRsSa", TCP, 1000}};
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        NatTable *t = nat_new(3);
        NatFlow f = flow_like(cases[i].protocol, 1);
        const NatEntry *e = NULL;
        CHECK_U64(nat_allocate(t, &f, OUTSIDE, 1, 9, 4500, &e), NAT_OK);
        for (const char *c = cases[i].talk; *c; c++) {
            bool in = *c < 'a';
            uint8_t flags = 0;
            switch (*c | 32) {
            case 's': flags = in ? SYN | ACK : SYN; break;
            case 'a': flags = ACK; break;
            case 'f': flags = FIN | ACK; break;
            case 'r': flags = RST; break;
            }
            send(t, e, in, flags);
        }
        CHECK_U64(e->created, 4500);
        CHECK_U64(e->last_used, 5000);
        unsigned failures = CU_get_number_of_failures();
        check_life(t, &f, cases[i].life);
        if (CU_get_number_of_failures() != failures) printf("  talk %s\n", cases[i].talk);
        CHECK_U64(nat_counts(t)->expired, 1);
        nat_free(t);
    }
}

static void a_scan_is_bounded_and_comes_round(void) {
    NatTable *t = nat_new(10);
    for (uint16_t i = 0; i < 10; i++) {
        NatFlow f = flow_like(UDP, i);
        CHECK_U64(nat_allocate(t, &f, OUTSIDE, 1, 20, 0, NULL), NAT_OK);
    }
    CHECK_U64(nat_expire(t, 1000, &idle, 0), 0);
    CHECK_U64(nat_expire(t, 1000, &idle, 4), 4);
    CHECK_U64(nat_expire(t, 1000, &idle, 4), 4);
    for (uint16_t i = 0; i < 4; i++) { /* places 0 to 7 are free, the last freed goes first */
        NatFlow f = flow_like(UDP, (uint16_t)(50 + i));
        CHECK_U64(nat_allocate(t, &f, OUTSIDE, 1, 20, 0, NULL), NAT_OK);
    }
    CHECK_U64(nat_used(t), 6);
    CHECK_U64(nat_expire(t, 1000, &idle, 2), 2);
    CHECK_U64(nat_expire(t, 1000, &idle, UINT32_MAX), 4);
    CHECK_U64(nat_used(t), 0);
    nat_free(t);
}

/* The same in a list, searched from its start. */
enum { PLACES = 60, PORTS = 14 };
static NatEntry list[PLACES];
static unsigned n_list;
static uint32_t turn;

static bool same_flow(const NatFlow *a, const NatFlow *b) {
    return a->protocol == b->protocol && a->inside_address == b->inside_address &&
           a->inside_port == b->inside_port && a->remote_address == b->remote_address &&
           a->remote_port == b->remote_port;
}
static NatEntry *listed(const NatFlow *f) {
    for (unsigned i = 0; i < n_list; i++)
        if (same_flow(&list[i].flow, f)) return &list[i];
    return NULL;
}
static NatEntry *listed_outside(uint32_t address, uint8_t protocol, uint32_t port) {
    for (unsigned i = 0; i < n_list; i++)
        if (list[i].outside_address == address && list[i].flow.protocol == protocol &&
            list[i].outside_port == port)
            return &list[i];
    return NULL;
}
static NatResult list_allocate(const NatFlow *f, uint32_t outside, uint64_t now) {
    if (listed(f)) return NAT_OK;
    if (n_list == PLACES) return NAT_EXHAUSTED;
    for (uint32_t k = 0; k < PORTS; k++) {
        uint32_t offset = (turn + k) % PORTS;
        if (listed_outside(outside, f->protocol, 1000 + offset)) continue;
        turn = offset + 1;
        list[n_list++] = (NatEntry){.flow = *f,
                                    .outside_address = outside,
                                    .outside_port = (uint16_t)(1000 + offset),
                                    .created = now,
                                    .last_used = now};
        return NAT_OK;
    }
    return NAT_EXHAUSTED;
}
static unsigned list_expire(uint64_t now) {
    unsigned n = 0;
    for (unsigned i = 0; i < n_list;) {
        const NatEntry *e = &list[i];
        uint64_t time = e->flow.protocol == TCP   ? e->answered ? idle.tcp : idle.tcp_transitory
                        : e->flow.protocol == UDP ? idle.udp
                                                  : idle.icmp;
        if (now >= e->last_used + time)
            list[i] = list[--n_list], n++;
        else
            i++;
    }
    return n;
}

static void the_table_is_as_a_list_searched_from_its_start(void) {
    static const uint8_t protocols[3] = {ICMP, TCP, UDP};
    NatTable *t = nat_new(PLACES);
    uint64_t now = 0, seen[8] = {0};
    uint8_t ip[ROOM];
    n_list = 0, turn = 0;
    for (unsigned round = 0; round < 200000; round++) {
        NatFlow f = {.protocol = protocols[dice(3)],
                     .inside_address = INSIDE + (uint32_t)dice(3),
                     .inside_port = (uint16_t)dice(6),
                     .remote_address = REMOTE + (uint32_t)dice(2),
                     .blade = (uint16_t)dice(4)};
        if (f.protocol != ICMP) f.remote_port = (uint16_t)dice(3);
        uint32_t outside = OUTSIDE + (uint32_t)dice(2);
        NatEntry *l;
        const NatEntry *e = NULL;
        NatResult found = NAT_OK, expected = NAT_OK;
        unsigned what = (unsigned)dice(12);
        now += dice(3);
        if (what < 4) {
            found = nat_allocate(t, &f, outside, 1000, PORTS, now, &e);
            expected = list_allocate(&f, outside, now);
            l = listed(&f);
            if (found == NAT_EXHAUSTED) seen[nat_used(t) == PLACES ? 0 : 1]++;
        } else if (what < 7) {
            found = nat_outbound(t, ip, make(ip, &f, false, 0, 0), now, &e);
            l = listed(&f);
            expected = l ? NAT_OK : NAT_MISS;
            if (l) l->last_used = now, seen[2]++;
        } else if (what < 10) {
            NatFlow g = f;
            g.inside_address = outside;
            g.inside_port = (uint16_t)(1000 + dice(PORTS));
            found = nat_inbound(t, ip, make(ip, &g, true, 0, 0), now, &e);
            l = listed_outside(outside, f.protocol, g.inside_port);
            if (l && (l->flow.remote_address != f.remote_address ||
                      l->flow.remote_port != f.remote_port))
                l = NULL, seen[3]++;
            expected = l ? NAT_OK : NAT_MISS;
            if (l) {
                l->last_used = now, l->answered = true, seen[4]++;
                CHECK(get32(ip + 16) == l->flow.inside_address && e &&
                      e->flow.blade == l->flow.blade);
            }
        } else if (what == 10) {
            l = listed(&f);
            CHECK(nat_remove(t, &f) == (l != NULL));
            if (l) *l = list[--n_list], seen[5]++;
            l = NULL;
        } else {
            unsigned n = nat_expire(t, now, &idle, PLACES);
            CHECK_U64(n, list_expire(now));
            seen[6] += n;
            l = NULL;
        }
        bool same = found == expected && nat_used(t) == n_list && (e != NULL) == (l != NULL) &&
                    (!e || (same_flow(&e->flow, &l->flow) && e->flow.blade == l->flow.blade &&
                            e->outside_address == l->outside_address &&
                            e->outside_port == l->outside_port && e->created == l->created &&
                            e->last_used == l->last_used));
        for (unsigned i = 0; i < n_list && round % 64 == 0; i++) {
            const NatEntry *in = nat_find(t, &list[i].flow);
            same = same && in &&
                   in == nat_find_outside(t, list[i].outside_address, list[i].flow.protocol,
                                          list[i].outside_port);
        }
        if (!same) {
            printf("  round %u, operation %u: %u, expected %u\n", round, what, found, expected);
            CHECK(same);
            break;
        }
    }
    for (unsigned i = 0; i < 7; i++) CHECK(seen[i] > 20); /* all that can happen did */
    const NatCounts *n = nat_counts(t);
    CHECK_U64(n->exhausted_entries, seen[0]);
    CHECK_U64(n->exhausted_ports, seen[1]);
    CHECK_U64(n->out, seen[2]);
    CHECK_U64(n->in_filtered, seen[3]);
    CHECK_U64(n->in, seen[4]);
    CHECK_U64(n->removed, seen[5]);
    CHECK_U64(n->expired, seen[6]);
    CHECK_U64(n->allocated - n->expired - n->removed, n_list);
    nat_free(t);
}

int main(void) {
    static const Test tests[] = {TEST(every_checksum_is_that_of_the_whole_packet),
                                 TEST(out_and_in_again_restores_every_byte),
                                 TEST(checksums_at_their_borders),
                                 TEST(a_wrong_checksum_stays_wrong),
                                 TEST(an_error_about_a_flow_is_translated_with_what_it_quotes),
                                 TEST(an_error_about_something_else_is_left_alone),
                                 TEST(a_packet_cut_anywhere_is_refused_or_translated),
                                 TEST(noise_is_survived),
                                 TEST(only_what_has_a_port_is_translated),
                                 TEST(only_the_remote_end_of_the_flow_gets_in),
                                 TEST(ports_go_round_and_run_out),
                                 TEST(a_bad_request_changes_nothing),
                                 TEST(an_idle_entry_goes_at_its_time_and_not_before),
                                 TEST(a_scan_is_bounded_and_comes_round),
                                 TEST(the_table_is_as_a_list_searched_from_its_start),
                                 {0}};
    return run_tests("nat", tests);
}
