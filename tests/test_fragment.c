/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Fragmentation. Oracle: a receiver that marks every byte of the payload when a piece brings it and
 * knows nothing of how pieces are cut; RFC 791's own bounds on their number; options by hand. */
#include <stdlib.h>

#include "components/slowpath/fragment.h"
#include "components/slowpath/icmp.h"
#include "fastpath/headers.h"
#include "tests/check.h"
#include "tests/dice.h"

enum { MOST = 9000 };

/* What has come of a packet. */
typedef struct {
    uint8_t payload[65536];
    bool here[65536];
    uint32_t end; /* of the payload, from the last piece; 0: it has not come */
    uint32_t mtu, pieces, bytes, next;
    bool more; /* of a packet that was itself a piece: the last one says that more follow */
    uint8_t first_header, later_header;
} Receiver;

static void take_piece(void *user, uint8_t *ip, uint32_t bytes) {
    Receiver *r = user;
    uint32_t header = ip4_header_bytes(ip), word = get16(ip + IP4_FRAGMENT);
    uint32_t at = (word & 0x1fff) * 8, n = bytes - header;
    CHECK(bytes <= r->mtu && header >= 20 && n > 0);
    CHECK_U64(get16(ip + IP4_TOTAL), bytes);
    CHECK_U64(fold_checksum(sum_words(ip, header)), 0);
    CHECK(!(word & 0xc000));
    CHECK_U64(at, r->next); /* in order, without a gap */
    CHECK(n % 8 == 0 || !(word & 0x2000));
    for (uint32_t i = 0; i < n; i++) {
        CHECK(!r->here[at + i]);
        r->here[at + i] = true;
        r->payload[at + i] = ip[header + i];
    }
    r->next = at + n;
    r->more = word & 0x2000;
    if (!r->more) r->end = at + n;
    if (r->pieces++)
        r->later_header = (uint8_t)header;
    else
        r->first_header = (uint8_t)header;
    r->bytes += n;
}

/* A packet of random bytes, with options that are all single bytes, all not copied, or all copied.
 */
static uint32_t random_packet(uint8_t *ip, uint32_t header, uint8_t option) {
    uint32_t total = header + 1 + dice(MOST - header);
    for (uint32_t i = 0; i < total; i++) ip[i] = (uint8_t)dice(256);
    ip4_set_header_bytes(ip, header);
    put16(ip + IP4_TOTAL, total);
    put16(ip + IP4_FRAGMENT, 0);
    for (uint32_t at = IPV4_BYTES; at < header; at += 4) {
        memset(ip + at, 1, 4);
        if (option == 1) continue;
        ip[at] = option;
        ip[at + 1] = 4;
    }
    ip4_put_checksum(ip);
    return total;
}

static void any_packet_is_put_together_again(void) {
    static const uint8_t options[] = {1, 68, 130}; /* no operation; timestamp; security, copied */
    static uint8_t ip[MOST], out[MOST];
    static Receiver r;
    for (unsigned round = 0; round < 3000; round++) {
        uint32_t header = 20 + 4 * dice(11), option = options[dice(3)];
        uint32_t total = random_packet(ip, header, (uint8_t)option);
        uint32_t mtu = 68 + dice(round % 2 ? 100 : 2000);
        memset(&r, 0, sizeof r);
        r.mtu = mtu;
        unsigned n = fragment_packet(ip, mtu, out, take_piece, &r);
        CHECK_U64(n, r.pieces);
        CHECK_U64(r.end, total - header);
        CHECK_U64(r.bytes, total - header);
        CHECK(!memcmp(r.payload, ip + header, total - header));
        uint32_t later = option == 130 ? header : 20, first_room = (mtu - header) / 8 * 8,
                 room = (mtu - later) / 8 * 8, rest = total - header;
        CHECK_U64(r.first_header, header);
        if (n > 1) CHECK_U64(r.later_header, later);
        /* As few as can be: all but the last are full. */
        uint32_t least = 1;
        if (rest > mtu - header) {
            rest -= first_room;
            least += rest <= mtu - later ? 1 : (rest - (mtu - later) + room - 1) / room + 1;
        }
        CHECK_U64(n, least);
    }
}

/* Cut for 1,500 bytes, then each piece for 576, then for 200: the same bytes. */
static Receiver *last;
enum { N_HOPS = 3 };
static const uint32_t hops[N_HOPS] = {1500, 576, 200};
static uint32_t hop;
static void cut_on(void *user, uint8_t *ip, uint32_t bytes) {
    static uint8_t out[3][MOST];
    (void)bytes;
    uint32_t mine = ++hop;
    if (mine == N_HOPS)
        take_piece(last, ip, get16(ip + IP4_TOTAL));
    else
        CHECK(fragment_packet(ip, hops[mine], out[mine], cut_on, user) > 0);
    hop = mine - 1;
}

static void pieces_are_cut_like_packets(void) {
    static uint8_t ip[MOST], out[MOST];
    static Receiver r;
    last = &r;
    for (unsigned round = 0; round < 200; round++) {
        uint32_t total = random_packet(ip, 20, 1);
        memset(&r, 0, sizeof r);
        r.mtu = 200;
        hop = 0;
        CHECK(fragment_packet(ip, hops[0], out, cut_on, NULL) > 0);
        CHECK_U64(r.end, total - 20);
        CHECK_U64(r.bytes, total - 20);
        CHECK(!memcmp(r.payload, ip + 20, total - 20));
    }
}

static void what_may_not_or_cannot_be_cut_is_left(void) {
    static uint8_t ip[MOST], out[MOST];
    static Receiver r = {.mtu = MOST};
    random_packet(ip, 60, 1);
    CHECK_U64(fragment_packet(ip, 67, out, take_piece, &r), 0); /* not 8 bytes behind 60 */
    put16(ip + IP4_FRAGMENT, IP4_DONT_FRAGMENT);
    CHECK_U64(fragment_packet(ip, 1500, out, take_piece, &r), 0);
    CHECK_U64(r.pieces, 0);
}

/* Record route (7) goes with the first piece alone, loose source route (131) with each: NOP, record
 * route of 7, source route of 7, end: 16 bytes; of later pieces the source route, padded to 8. */
static void options_go_with_the_pieces_that_they_are_for(void) {
    static const uint8_t options[16] = {1,   7, 7, 4, 9, 9, 9, 9, /* from 1 on */
                                        131, 7, 4, 8, 8, 8, 8, 0};
    static uint8_t ip[36 + 100], out[200];
    static Receiver r = {.mtu = 76};
    ip4_put_header(ip, 0, sizeof ip, 9, 17, 1, 2);
    put16(ip + IP4_FRAGMENT, 0);
    memcpy(ip + 20, options, sizeof options);
    ip4_set_header_bytes(ip, 36);
    ip4_put_checksum(ip);
    /* 76 - 36 = 40; 76 - 28 = 48, then the last 12. */
    CHECK_U64(fragment_packet(ip, 76, out, take_piece, &r), 3);
    CHECK_U64(r.first_header, 36);
    CHECK_U64(r.later_header, 28);
    CHECK(!memcmp(out + 20, options + 8, 7) && out[27] == 0);
    CHECK_U64(get16(out + IP4_FRAGMENT), 88 / 8);
    CHECK_U64(get16(out + IP4_TOTAL), 28 + 12);
}

/* RFC 792 3/4 with the MTU of RFC 1191 in the lower half of the second word. */
static void what_may_not_be_cut_is_answered_with_the_mtu(void) {
    static uint8_t ip[1600], out[1600];
    uint32_t bytes;
    ip4_put_header(ip, 0, sizeof ip, 9, 17, 0x0a640001, 0x20000001);
    CHECK_U64(icmp_too_long(NULL, 1472, ip, sizeof ip, 0x0a010101, 0, out, &bytes),
              ICMP_NEEDS_FRAGMENTS);
    CHECK_U64(bytes, 576);
    CHECK_U64(get32(out + IP4_SOURCE), 0x0a010101);
    CHECK_U64(get32(out + IP4_DESTINATION), 0x0a640001);
    CHECK_U64(out[20] << 8 | out[21], 3 << 8 | 4);
    CHECK_U64(get32(out + 24), 1472);
    CHECK(!memcmp(out + 28, ip, 548));
    CHECK_U64(fold_checksum(sum_words(out + 20, 556)), 0);
    put16(ip + IP4_FRAGMENT, 0);
    ip4_put_checksum(ip);
    CHECK_U64(icmp_too_long(NULL, 1472, ip, sizeof ip, 0x0a010101, 0, out, &bytes), ICMP_CUT);
    CHECK_U64(bytes, 0);
}

int main(void) {
    static const Test tests[] = {TEST(any_packet_is_put_together_again),
                                 TEST(pieces_are_cut_like_packets),
                                 TEST(what_may_not_or_cannot_be_cut_is_left),
                                 TEST(options_go_with_the_pieces_that_they_are_for),
                                 TEST(what_may_not_be_cut_is_answered_with_the_mtu),
                                 {0}};
    return run_tests("fragment", tests);
}
