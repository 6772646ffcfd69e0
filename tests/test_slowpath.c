/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * ICMP of the slow path. Oracles: answers written byte by byte here, with a checksum that carries
 * around at every word; each rule of RFC 1812 4.3.2.7 alone against a packet that is answered
 * without it; the token bucket against rational arithmetic in 128 bits. With "--pcap FILE" it
 * writes questions and answers for tests/cli_icmp.sh to have decoded. */
#include <glib.h>
#include <pcap/pcap.h>
#include <stdlib.h>

#include "components/slowpath/icmp.h"
#include "tests/check.h"
#include "tests/dice.h"

enum { ROUTER = 0x0a010101, HOST = 0xc0a80105, FAR = 0x08080404, MAX_PACKET = 1600 };

/* Packets ---------------------------------------------------------------------------------- */

static void bytes2(uint8_t *p, unsigned v) {
    p[0] = (uint8_t)(v >> 8 & 255);
    p[1] = (uint8_t)(v & 255);
}
static void bytes4(uint8_t *p, uint32_t v) {
    bytes2(p, v >> 16);
    bytes2(p + 2, v & 0xffff);
}

/* RFC 1071 with the carry put back after each word; a last odd byte is a word with a zero. */
static unsigned ones(const uint8_t *p, uint32_t bytes, unsigned sum) {
    for (uint32_t i = 0; i < bytes; i += 2) {
        sum += p[i] * 256u + (i + 1 < bytes ? p[i + 1] : 0u);
        if (sum > 0xffff) sum -= 0xffff;
    }
    return sum;
}
static void seal(uint8_t *ip) {
    bytes2(ip + 10, 0);
    bytes2(ip + 10, 0xffff ^ ones(ip, (ip[0] & 15u) * 4, 0));
}
static void seal_icmp(uint8_t *ip) {
    uint32_t header = (ip[0] & 15u) * 4, total = ip[2] * 256u + ip[3];
    bytes2(ip + header + 2, 0);
    bytes2(ip + header + 2, 0xffff ^ ones(ip + header, total - header, 0));
}

static uint32_t packet(uint8_t *ip, unsigned header, unsigned protocol, uint32_t total) {
    memset(ip, 0, header);
    ip[0] = (uint8_t)(0x40 + header / 4);
    ip[1] = 0xab; /* precedence 5, type of service 5, and one bit that must be zero */
    bytes2(ip + 2, total);
    bytes2(ip + 4, 0x1234);
    ip[8] = 5;
    ip[9] = (uint8_t)protocol;
    bytes4(ip + 12, HOST);
    bytes4(ip + 16, FAR);
    for (unsigned i = 20; i < header; i++) ip[i] = 1; /* no operation */
    for (uint32_t i = header; i < total; i++) ip[i] = (uint8_t)dice(256);
    if (protocol == 17 && total >= header + 8) {
        bytes2(ip + header + 4, total - header);
        bytes2(ip + header + 6, 0);
    }
    if (protocol == 1 && total >= header + 8) {
        ip[header] = 8;
        ip[header + 1] = 0;
        seal_icmp(ip);
    }
    seal(ip);
    return total;
}

/* An answer, and the packet in a block of exactly its length, for the sanitizer to watch over. */
typedef struct {
    IcmpOutcome outcome;
    uint8_t out[MAX_PACKET];
    uint32_t bytes;
} Answer;

static Answer ask(IcmpLimit *limit, FpReason reason, const uint8_t *ip, uint32_t length,
                  SimTime now) {
    Answer a;
    uint8_t *copy = malloc(length ? length : 1), *out = malloc(icmp_room(length));
    memcpy(copy, ip, length);
    memset(out, 0xee, icmp_room(length));
    a.outcome = icmp_answer(limit, reason, copy, length, ROUTER, now, out, &a.bytes);
    CHECK(memcmp(copy, ip, length) == 0);
    CHECK(icmp_answered(a.outcome) == (a.bytes > 0));
    CHECK(a.bytes <= icmp_room(length));
    memcpy(a.out, out, a.bytes);
    for (uint32_t i = a.bytes; i < icmp_room(length); i++)
        if (out[i] != 0xee) CHECK(out[i] == 0xee);
    free(copy);
    free(out);
    return a;
}
static const char *name_of(FpReason reason, const uint8_t *ip, uint32_t length) {
    return icmp_outcome_name(ask(NULL, reason, ip, length, 0).outcome);
}

static void check_error(const Answer *a, unsigned type, unsigned code, unsigned pointer,
                        const uint8_t *ip, uint32_t total) {
    uint8_t e[576] = {0x45, (uint8_t)(0xc0 | (ip[1] & 0x1e)), 0, 0, 0, 0, 0x40, 0, 64, 1};
    uint32_t quote = total > 548 ? 548 : total;
    bytes2(e + 2, 28 + quote);
    bytes4(e + 12, ROUTER);
    memcpy(e + 16, ip + 12, 4);
    seal(e);
    e[20] = (uint8_t)type;
    e[21] = (uint8_t)code;
    e[24] = (uint8_t)pointer;
    memcpy(e + 28, ip, quote);
    seal_icmp(e);
    CHECK_U64(a->bytes, 28 + quote);
    CHECK(a->bytes == 28 + quote && memcmp(a->out, e, a->bytes) == 0);
}

/* Errors ----------------------------------------------------------------------------------- */

static void errors_are_byte_for_byte_what_rfc_1812_says(void) {
    uint8_t ip[MAX_PACKET];
    for (unsigned header = 20; header <= 60; header += 4)
        for (uint32_t total = header + 8; total <= 1500; total += 1 + (uint32_t)dice(9)) {
            uint32_t pad = (uint32_t)dice(3) * 7; /* of the link: not quoted */
            packet(ip, header, 17, total);
            memset(ip + total, 0x77, pad);
            Answer a = ask(NULL, FP_TTL, ip, total + pad, 0);
            CHECK_TEXT(icmp_outcome_name(a.outcome), "time_exceeded");
            check_error(&a, 11, 0, 0, ip, total);
            a = ask(NULL, FP_NO_ROUTE, ip, total + pad, 0);
            CHECK_TEXT(icmp_outcome_name(a.outcome), "net_unreachable");
            check_error(&a, 3, 0, 0, ip, total);
            a = ask(NULL, FP_LOCAL, ip, total + pad, 0);
            CHECK_TEXT(icmp_outcome_name(a.outcome), "port_unreachable");
            check_error(&a, 3, 3, 0, ip, total);
        }
    /* Every type of service, and packets shorter than 8 bytes behind the header. */
    for (unsigned tos = 0; tos < 256; tos++) {
        uint32_t total = packet(ip, 20, 6, 20 + tos % 9);
        ip[1] = (uint8_t)tos;
        seal(ip);
        Answer a = ask(NULL, FP_NO_ROUTE, ip, total, 0);
        check_error(&a, 3, 0, 0, ip, total);
    }
}

static void a_local_packet_of_another_protocol_is_told_so(void) {
    uint8_t ip[MAX_PACKET];
    for (unsigned protocol = 0; protocol < 256; protocol++) {
        uint32_t total = packet(ip, 20, protocol, 60);
        Answer a = ask(NULL, FP_LOCAL, ip, total, 0);
        CHECK_TEXT(icmp_outcome_name(a.outcome), protocol == 1    ? "echo_reply"
                                                 : protocol == 17 ? "port_unreachable"
                                                                  : "protocol_unreachable");
        if (protocol != 1) check_error(&a, 3, protocol == 17 ? 3 : 2, 0, ip, total);
    }
}

static void local_udp_must_be_whole_and_right(void) {
    uint8_t ip[MAX_PACKET], pseudo[12];
    for (uint32_t total = 20; total < 80; total++) {
        packet(ip, 20, 17, total);
        CHECK_TEXT(name_of(FP_LOCAL, ip, total), total < 28 ? "bad_message" : "port_unreachable");
    }
    uint32_t total = packet(ip, 20, 17, 75);
    for (unsigned length = 0; length < 100; length++) { /* in the UDP header; 55 bytes are there */
        bytes2(ip + 24, length);
        CHECK_TEXT(name_of(FP_LOCAL, ip, total),
                   length < 8 || length > 55 ? "bad_message" : "port_unreachable");
    }
    for (unsigned length = 54; length <= 55; length++) { /* an odd one too */
        bytes2(ip + 24, length);
        bytes2(ip + 26, 0);
        memcpy(pseudo, ip + 12, 8);
        bytes4(pseudo + 8, 17u << 16 | length);
        unsigned right = 0xffff ^ ones(ip + 20, length, ones(pseudo, 12, 0));
        for (unsigned sum = 0; sum < 65536; sum += 1 + sum % 5) {
            bytes2(ip + 26, sum);
            CHECK_TEXT(name_of(FP_LOCAL, ip, total),
                       sum == 0 || sum == right ? "port_unreachable" : "bad_message");
        }
        bytes2(ip + 26, right);
        CHECK_TEXT(name_of(FP_LOCAL, ip, total), "port_unreachable");
    }
}

/* What is never answered ------------------------------------------------------------------- */

/* Reasons that end in an error message for a UDP packet without options. */
static const FpReason errors[] = {FP_TTL, FP_NO_ROUTE, FP_LOCAL, FP_OPTIONS};
enum { N_ERRORS = 4 };

/* `name`: what all reasons say; NULL: that it is answered. No token may be gone for silence. */
static void expect_all(uint8_t *ip, uint32_t length, const char *name) {
    for (unsigned i = 0; i < N_ERRORS; i++) {
        IcmpLimit limit;
        icmp_limit_init(&limit, 0, 1);
        Answer a = ask(&limit, errors[i], ip, length, 0);
        if (name) CHECK_TEXT(icmp_outcome_name(a.outcome), name);
        CHECK(icmp_answered(a.outcome) == (name == NULL));
        CHECK(icmp_limit_take(&limit, 0) == (name != NULL));
    }
}

static uint32_t udp_packet(uint8_t *ip) {
    packet(ip, 20, 17, 60);
    ip[8] = 1; /* so that FP_OPTIONS is an error as well */
    seal(ip);
    return 60;
}

static void no_error_is_sent_to_or_about_many(void) {
    uint8_t ip[MAX_PACKET];
    uint32_t length = udp_packet(ip);
    expect_all(ip, length, NULL);
    for (uint32_t net = 0; net < 256; net++)
        for (uint32_t rest = 0; rest < 2; rest++) {
            uint32_t address = net << 24 | (rest ? 0xffffff : 0x010203);
            udp_packet(ip);
            bytes4(ip + 12, address);
            seal(ip);
            expect_all(ip, length, net == 0 || net == 127 || net >= 224 ? "bad_source" : NULL);
            udp_packet(ip);
            bytes4(ip + 16, address);
            seal(ip);
            expect_all(ip, length, net == 0 || net == 127 || net >= 224 ? "bad_destination" : NULL);
        }
    udp_packet(ip);
    bytes4(ip + 12, ROUTER); /* it would be our own answer to ourselves */
    seal(ip);
    expect_all(ip, length, "bad_source");
    udp_packet(ip);
    CHECK_TEXT(name_of(FP_MULTICAST, ip, length), "bad_destination");
}

static void no_error_is_sent_about_later_fragments(void) {
    uint8_t ip[MAX_PACKET];
    uint32_t length = udp_packet(ip);
    for (uint32_t word = 0; word < 65536; word++) { /* flags and offset */
        bytes2(ip + 6, word);
        seal(ip);
        if (word % 4096 < 5 || word % 61 == 0)
            expect_all(ip, length, word % 8192 ? "fragment" : NULL);
    }
}

static void no_error_is_sent_about_errors(void) {
    uint8_t ip[MAX_PACKET];
    static const uint8_t queries[] = {0, 8, 9, 10, 13, 14, 15, 16, 17, 18};
    static const FpReason reasons[] = {FP_TTL, FP_NO_ROUTE, FP_OPTIONS};
    for (unsigned type = 0; type < 256; type++) {
        bool query = memchr(queries, (int)type, sizeof queries) != NULL;
        packet(ip, 20, 1, 60);
        ip[8] = 1;
        ip[20] = (uint8_t)type;
        seal_icmp(ip);
        seal(ip);
        for (unsigned i = 0; i < 3; i++) {
            Answer a = ask(NULL, reasons[i], ip, 60, 0);
            CHECK(icmp_answered(a.outcome) == query);
            if (!query) CHECK_TEXT(icmp_outcome_name(a.outcome), "about_error");
        }
    }
    packet(ip, 20, 1, 20); /* no type to be seen */
    CHECK_TEXT(name_of(FP_TTL, ip, 20), "about_error");
    CHECK_TEXT(name_of(FP_NO_ROUTE, ip, 20), "about_error");
}

static void no_error_is_sent_about_broken_headers(void) {
    uint8_t ip[MAX_PACKET];
    uint32_t length = udp_packet(ip);
    for (uint32_t cut = 0; cut < length; cut++) expect_all(ip, cut, "bad_header");
    for (unsigned first = 0; first < 256; first++) {
        udp_packet(ip);
        ip[0] = (uint8_t)first;
        if (first != 0x45) expect_all(ip, length, "bad_header"); /* the checksum is wrong, too */
    }
    for (unsigned bit = 0; bit < 160; bit++) {
        udp_packet(ip);
        ip[bit / 8] ^= (uint8_t)(1 << bit % 8);
        expect_all(ip, length, "bad_header");
    }
    for (unsigned total = 0; total < 200; total++) {
        udp_packet(ip);
        bytes2(ip + 2, total);
        bytes2(ip + 24, 8); /* of UDP, to fit in any */
        seal(ip);
        Answer a = ask(NULL, FP_TTL, ip, length, 0);
        CHECK(icmp_answered(a.outcome) == (total >= 20 && total <= length));
    }
    packet(ip, 60, 17, 100);
    for (uint32_t cut = 0; cut < 100; cut++) CHECK_TEXT(name_of(FP_TTL, ip, cut), "bad_header");
    udp_packet(ip);
    for (unsigned reason = 0; reason < FP_N_REASONS; reason++)
        if (reason != FP_TTL && reason != FP_NO_ROUTE && reason != FP_LOCAL &&
            reason != FP_OPTIONS && reason != FP_MULTICAST)
            CHECK_TEXT(name_of((FpReason)reason, ip, length), "unknown");
}

/* Echo ------------------------------------------------------------------------------------- */

static void an_echo_request_comes_back_byte_for_byte(void) {
    uint8_t ip[MAX_PACKET], e[MAX_PACKET];
    IcmpLimit limit; /* of errors: an echo is none */
    icmp_limit_init(&limit, 0, 0);
    for (uint32_t total = 28; total <= 1500; total++) {
        uint32_t pad = total % 5;
        packet(ip, 20, 1, total);
        memset(ip + total, 0x77, pad);
        if (total % 7 == 0) ip[8] = (uint8_t)(total % 2); /* for us: time to live is no matter */
        seal(ip);
        memcpy(e, ip, total);
        bytes4(e + 4, 0x4000);
        e[8] = 64;
        bytes4(e + 12, FAR);
        bytes4(e + 16, HOST);
        seal(e);
        e[20] = 0;
        seal_icmp(e);
        Answer a = ask(&limit, FP_LOCAL, ip, total + pad, 0);
        CHECK_TEXT(icmp_outcome_name(a.outcome), "echo_reply");
        CHECK_U64(a.bytes, total);
        CHECK(a.bytes == total && memcmp(a.out, e, total) == 0);
    }
}

static void other_local_icmp_gets_no_answer(void) {
    uint8_t ip[MAX_PACKET];
    for (unsigned type = 0; type < 256; type++) {
        packet(ip, 20, 1, 60);
        ip[20] = (uint8_t)type;
        seal_icmp(ip);
        CHECK_TEXT(name_of(FP_LOCAL, ip, 60), type == 8 ? "echo_reply" : "ignored");
        ip[20] = 8;
        ip[21] = (uint8_t)type; /* the code */
        seal_icmp(ip);
        CHECK_TEXT(name_of(FP_LOCAL, ip, 60), type == 0 ? "echo_reply" : "ignored");
    }
    packet(ip, 20, 1, 61);
    for (unsigned bit = 0; bit < 8 * 41; bit++) {
        ip[20 + bit / 8] ^= (uint8_t)(1 << bit % 8);
        CHECK_TEXT(name_of(FP_LOCAL, ip, 61), "bad_message");
        ip[20 + bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (uint32_t total = 20; total < 28; total++) {
        packet(ip, 20, 1, total);
        CHECK_TEXT(name_of(FP_LOCAL, ip, total), "bad_message");
    }
    packet(ip, 20, 1, 60);
    for (unsigned word = 0; word < 65536; word += 1 + word % 3) {
        bytes2(ip + 6, word);
        seal(ip);
        CHECK_TEXT(name_of(FP_LOCAL, ip, 60), word % 16384 ? "fragment" : "echo_reply");
    }
}

/* The limit -------------------------------------------------------------------------------- */

static void the_limit_is_exact_to_the_picosecond(void) {
    /* 10 a second, 3 at once: a message each 10^11 ps. */
    IcmpLimit l;
    const SimTime each = 100 * SIM_MS;
    icmp_limit_init(&l, 10, 3);
    for (unsigned i = 0; i < 5; i++) CHECK(icmp_limit_take(&l, 0) == (i < 3));
    CHECK(!icmp_limit_take(&l, each - 1));
    CHECK(icmp_limit_take(&l, each));
    CHECK(!icmp_limit_take(&l, 2 * each - 1));
    CHECK(!icmp_limit_take(&l, 2 * each - 1));
    CHECK(icmp_limit_take(&l, 3 * each)); /* two had come in */
    CHECK(icmp_limit_take(&l, 3 * each));
    CHECK(!icmp_limit_take(&l, 3 * each));
    for (unsigned i = 0; i < 5; i++) CHECK(icmp_limit_take(&l, 1000 * each) == (i < 3));
    /* 3 a second: a message takes 333,333,333,333 and a third ps, and nothing is lost by it. */
    icmp_limit_init(&l, 3, 2);
    CHECK(icmp_limit_take(&l, 0) && icmp_limit_take(&l, 0));
    CHECK(!icmp_limit_take(&l, 333333333333));
    CHECK(icmp_limit_take(&l, 333333333334));
    CHECK(!icmp_limit_take(&l, 666666666666));
    CHECK(icmp_limit_take(&l, 666666666667));
    CHECK(icmp_limit_take(&l, SIM_S));
    /* Once full, what comes in above the brim is lost: two thirds of a picosecond's worth. */
    icmp_limit_init(&l, 3, 1);
    CHECK(icmp_limit_take(&l, 0) && icmp_limit_take(&l, 333333333334));
    CHECK(!icmp_limit_take(&l, 666666666667));
    CHECK(icmp_limit_take(&l, 666666666668));
    icmp_limit_init(&l, 0, UINT32_MAX); /* bounded */
    unsigned n = 0;
    while (icmp_limit_take(&l, 0)) n++;
    CHECK_U64(n, 1000000);
    icmp_limit_init(&l, 0, 2); /* never filled again */
    CHECK(icmp_limit_take(&l, 0) && icmp_limit_take(&l, SIM_S) && !icmp_limit_take(&l, UINT64_MAX));
    icmp_limit_init(&l, UINT32_MAX, 0);
    CHECK(!icmp_limit_take(&l, UINT64_MAX));
}

static void the_limit_equals_rational_arithmetic(void) {
    for (unsigned run = 0; run < 2000; run++) {
        uint32_t rate = (uint32_t)(dice(2) ? dice(20) : dice(UINT64_C(1) << (1 + dice(32))));
        uint32_t burst = (uint32_t)(dice(2) ? dice(5) : dice(3000000));
        IcmpLimit l;
        icmp_limit_init(&l, rate, burst);
        if (burst > ICMP_MAX_BURST) burst = ICMP_MAX_BURST;
        unsigned __int128 full = (unsigned __int128)burst * 1000000000000u, level = full;
        SimTime now = 0, last = 0;
        for (unsigned i = 0; i < 200; i++) {
            SimTime gap = rate ? 1000000000000u / rate : 5;
            if (dice(3)) now += dice(dice(50) ? 2 * gap + 2 : UINT64_C(1) << 50);
            level += (unsigned __int128)(now - last) * rate;
            last = now;
            if (level > full) level = full;
            bool expected = level >= 1000000000000u;
            if (expected) level -= 1000000000000u;
            CHECK(icmp_limit_take(&l, now) == expected);
        }
    }
}

static void errors_and_nothing_else_are_limited(void) {
    uint8_t ip[MAX_PACKET];
    IcmpLimit l;
    icmp_limit_init(&l, 1, 1);
    uint32_t length = udp_packet(ip);
    CHECK_TEXT(icmp_outcome_name(ask(&l, FP_TTL, ip, length, 7).outcome), "time_exceeded");
    CHECK_TEXT(icmp_outcome_name(ask(&l, FP_TTL, ip, length, SIM_S + 6).outcome), "limited");
    CHECK_TEXT(icmp_outcome_name(ask(&l, FP_LOCAL, ip, length, SIM_S + 6).outcome), "limited");
    packet(ip, 20, 1, 60);
    CHECK_TEXT(icmp_outcome_name(ask(&l, FP_LOCAL, ip, 60, SIM_S + 6).outcome), "echo_reply");
    packet(ip, 24, 17, 60);
    CHECK_TEXT(icmp_outcome_name(ask(&l, FP_OPTIONS, ip, 60, SIM_S + 6).outcome),
               "options_forward");
    CHECK_TEXT(icmp_outcome_name(ask(&l, FP_NO_ROUTE, ip, 60, SIM_S + 7).outcome),
               "net_unreachable");
}

/* Options ---------------------------------------------------------------------------------- */

enum { OUT = 0x0a020202 };
/* Emulated 1 h 2 min 3.004 s: 3,723,004 ms = 0x0038cefc, marked as no time of day. */
static const SimTime some_time = UINT64_C(3723004) * SIM_MS + 999;
#define STAMP 0x80, 0x38, 0xce, 0xfc

typedef struct {
    const char *what;
    unsigned n, pointer; /* of bytes; of the parameter problem, 0: forwarded */
    uint8_t before[20], after[20];
} OptionCase;

static const OptionCase option_cases[] = {
    {"no operation, end, rubbish", 4, 0, {1, 0, 9, 9}, {1, 0, 9, 9}},
    {"unknown option", 4, 0, {0x94, 4, 0, 0}, {0x94, 4, 0, 0}},
    {"record route with room",
     12,
     0,
     {7, 11, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0},
     {7, 11, 8, 10, 2, 2, 2, 0, 0, 0, 0, 0}},
    {"record route, last place",
     12,
     0,
     {1, 7, 11, 8, 1, 2, 3, 4, 0, 0, 0, 0},
     {1, 7, 11, 12, 1, 2, 3, 4, 10, 2, 2, 2}},
    {"record route, full", 8, 0, {7, 7, 8, 1, 2, 3, 4, 0}, {7, 7, 8, 1, 2, 3, 4, 0}},
    {"record route, no room for one", 8, 22, {7, 6, 4, 0, 0, 0, 0, 0}, {0}},
    {"record route without a pointer", 4, 21, {7, 2, 0, 0}, {0}},
    {"record route, pointer into itself", 8, 22, {7, 7, 3, 0, 0, 0, 0, 0}, {0}},
    {"two record routes", 16, 27, {7, 7, 4, 0, 0, 0, 0, 7, 7, 4, 0, 0, 0, 0, 0, 0}, {0}},
    {"time stamps alone",
     12,
     0,
     {68, 12, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0},
     {68, 12, 9, 0, STAMP, 0, 0, 0, 0}},
    {"time stamps, full: counted",
     8,
     0,
     {68, 8, 9, 0x20, 1, 2, 3, 4},
     {68, 8, 9, 0x30, 1, 2, 3, 4}},
    {"time stamps, counted out", 8, 23, {68, 8, 9, 0xf0, 1, 2, 3, 4}, {0}},
    {"time stamps with addresses",
     12,
     0,
     {68, 12, 5, 1, 0, 0, 0, 0, 0, 0, 0, 0},
     {68, 12, 13, 1, 10, 2, 2, 2, STAMP}},
    {"time stamps with addresses, room for half", 8, 22, {68, 8, 5, 1, 0, 0, 0, 0}, {0}},
    {"time stamp of us",
     12,
     0,
     {68, 12, 5, 3, 10, 2, 2, 2, 0, 0, 0, 0},
     {68, 12, 13, 3, 10, 2, 2, 2, STAMP}},
    {"time stamp of another",
     12,
     0,
     {68, 12, 5, 3, 10, 2, 2, 3, 0, 0, 0, 0},
     {68, 12, 5, 3, 10, 2, 2, 3, 0, 0, 0, 0}},
    {"time stamps of others, full",
     12,
     0,
     {68, 12, 13, 3, 10, 2, 2, 3, 0, 0, 0, 1},
     {68, 12, 13, 3, 10, 2, 2, 3, 0, 0, 0, 1}},
    {"time stamps, unknown flag", 8, 23, {68, 8, 5, 2, 0, 0, 0, 0}, {0}},
    {"time stamps, pointer into itself", 8, 22, {68, 8, 4, 0, 0, 0, 0, 0}, {0}},
    {"source route passing by", 8, 0, {131, 7, 4, 9, 9, 9, 9, 0}, {131, 7, 4, 9, 9, 9, 9, 0}},
    {"two source routes", 16, 27, {131, 7, 8, 0, 0, 0, 0, 137, 7, 8, 0, 0, 0, 0, 0, 0}, {0}},
    {"length 0", 4, 21, {50, 0, 0, 0}, {0}},
    {"length 1", 4, 21, {50, 1, 0, 0}, {0}},
    {"longer than the header", 4, 21, {50, 5, 0, 0}, {0}},
    {"no length at the end", 4, 23, {1, 1, 1, 50}, {0}},
    {"record route and time stamp",
     16,
     0,
     {7, 7, 4, 0, 0, 0, 0, 68, 8, 5, 0, 0, 0, 0, 0, 0},
     {7, 7, 8, 10, 2, 2, 2, 68, 8, 9, 0, STAMP, 0}},
};

static void each_option_is_forwarded_or_complained_about(void) {
    uint8_t ip[MAX_PACKET], e[MAX_PACKET];
    for (unsigned i = 0; i < G_N_ELEMENTS(option_cases); i++) {
        const OptionCase *c = &option_cases[i];
        uint32_t total = packet(ip, 20 + c->n, 17, 20 + c->n + 30);
        memcpy(ip + 20, c->before, c->n);
        seal(ip);
        memset(ip + total, 0x77, 6);
        Answer a = ask(NULL, FP_OPTIONS, ip, total + 6, some_time);
        if (c->pointer) {
            if (a.outcome != ICMP_PARAMETER) printf("  %s\n", c->what);
            CHECK_TEXT(icmp_outcome_name(a.outcome), "parameter_problem");
            check_error(&a, 12, 0, c->pointer, ip, total);
            CHECK_TEXT(name_of(FP_LOCAL, ip, total), "parameter_problem");
            continue;
        }
        CHECK_TEXT(icmp_outcome_name(a.outcome), "options_forward");
        memcpy(e, ip, total);
        memcpy(e + 20, c->after, c->n);
        e[8]--;
        seal(e);
        CHECK_U64(icmp_forward(ip, OUT, some_time), total);
        if (memcmp(ip, e, total)) printf("  %s\n", c->what);
        CHECK(memcmp(ip, e, total) == 0);
    }
}

static void any_bytes_as_options_do_no_harm(void) {
    for (unsigned i = 0; i < 300000; i++) {
        static const uint8_t likely[] = {0, 1, 7, 68, 131, 137, 3, 4, 5, 8, 11, 12, 39, 40};
        uint8_t ip[MAX_PACKET], before[80];
        unsigned header = 24 + 4 * (unsigned)dice(10);
        uint32_t total = packet(ip, header, dice(2) ? 17 : 1, header + 8);
        for (unsigned k = 20; k < header; k++)
            ip[k] = (uint8_t)(dice(4) ? likely[dice(sizeof likely)] : dice(256));
        seal(ip);
        bool whole = dice(3) == 0; /* what is asked of it locally matters little here */
        Answer a = ask(NULL, whole ? FP_LOCAL : FP_OPTIONS, ip, total, some_time);
        if (icmp_answered(a.outcome)) {
            uint32_t answer_header = (a.out[0] & 15u) * 4;
            CHECK_U64(ones(a.out, answer_header, 0), 0xffff);
            CHECK_U64(ones(a.out + answer_header, a.bytes - answer_header, 0), 0xffff);
        } else if (a.outcome == ICMP_FORWARD) {
            uint8_t *copy = g_memdup2(ip, total);
            memcpy(before, ip, total);
            CHECK_U64(icmp_forward(copy, OUT, some_time), total);
            CHECK_U64(ones(copy, header, 0), 0xffff);
            CHECK_U64(copy[8], before[8] - 1);
            CHECK(memcmp(copy + header, before + header, total - header) == 0);
            g_free(copy);
        }
    }
}

static void an_echo_carries_back_the_route_it_recorded(void) {
    uint8_t ip[MAX_PACKET], e[MAX_PACKET];
    uint32_t total = packet(ip, 32, 1, 70);
    static const uint8_t asked[] = {7, 11, 8, 1, 2, 3, 4, 0, 0, 0, 0, 0};
    static const uint8_t answered[] = {7, 11, 12, 1, 2, 3, 4, 8, 8, 4, 4, 0};
    memcpy(ip + 20, asked, 12);
    seal(ip);
    memcpy(e, ip, total);
    memcpy(e + 20, answered, 12);
    bytes4(e + 4, 0x4000);
    e[8] = 64;
    bytes4(e + 12, FAR);
    bytes4(e + 16, HOST);
    e[32] = 0;
    seal(e);
    seal_icmp(e);
    Answer a = ask(NULL, FP_LOCAL, ip, total, 0);
    CHECK(a.bytes == total && memcmp(a.out, e, total) == 0);
    /* A source route that has come to its end is left out, one that has not is refused. */
    static const uint8_t ended[] = {131, 11, 12, 1, 2, 3, 4, 5, 6, 7, 8, 0};
    memcpy(ip + 20, ended, 12);
    seal(ip);
    a = ask(NULL, FP_LOCAL, ip, total, 0);
    CHECK_TEXT(icmp_outcome_name(a.outcome), "echo_reply");
    CHECK_U64(a.bytes, total - 12);
    CHECK_U64(a.out[0], 0x45);
    ip[22] = 8;
    seal(ip);
    a = ask(NULL, FP_LOCAL, ip, total, 0);
    CHECK_TEXT(icmp_outcome_name(a.outcome), "route_failed");
    check_error(&a, 3, 5, 0, ip, total);
}

/* For tests/cli_icmp.sh -------------------------------------------------------------------- */

static void dump(pcap_dumper_t *d, unsigned second, const uint8_t *bytes, uint32_t length) {
    struct pcap_pkthdr h = {.ts = {second, 0}, .caplen = length, .len = length};
    pcap_dump((u_char *)d, &h, bytes);
}

static int write_pcap(const char *path) {
    static const struct {
        FpReason reason;
        unsigned header, protocol, total;
        uint8_t options[8];
    } cases[] = {{FP_TTL, 20, 17, 60, {0}},
                 {FP_TTL, 20, 6, 1500, {0}},
                 {FP_NO_ROUTE, 20, 17, 61, {0}},
                 {FP_LOCAL, 20, 17, 77, {0}},
                 {FP_LOCAL, 20, 132, 60, {0}},
                 {FP_LOCAL, 20, 1, 84, {0}},
                 {FP_LOCAL, 20, 1, 1500, {0}},
                 {FP_LOCAL, 28, 1, 93, {7, 7, 4, 0, 0, 0, 0, 0}},
                 {FP_LOCAL, 28, 17, 60, {131, 7, 4, 1, 2, 3, 4, 0}},
                 {FP_OPTIONS, 28, 17, 60, {7, 7, 3, 0, 0, 0, 0, 0}},
                 {FP_OPTIONS, 28, 17, 60, {7, 7, 4, 0, 0, 0, 0, 0}}};
    pcap_t *p = pcap_open_dead(DLT_RAW, 65535);
    pcap_dumper_t *d = pcap_dump_open(p, path);
    if (!d) return 1;
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        uint8_t ip[MAX_PACKET];
        uint32_t total = packet(ip, cases[i].header, cases[i].protocol, cases[i].total);
        memcpy(ip + 20, cases[i].options, cases[i].header - 20);
        seal(ip);
        Answer a;
        a.outcome = icmp_answer(NULL, cases[i].reason, ip, total, ROUTER, 0, a.out, &a.bytes);
        if (a.outcome == ICMP_FORWARD) {
            memcpy(a.out, ip, total);
            a.bytes = icmp_forward(a.out, OUT, 0);
        }
        dump(d, 2 * i, ip, total);
        dump(d, 2 * i + 1, a.out, a.bytes);
    }
    pcap_dump_close(d);
    pcap_close(p);
    return 0;
}

int main(int argc, char **argv) {
    static const Test tests[] = {TEST(errors_are_byte_for_byte_what_rfc_1812_says),
                                 TEST(a_local_packet_of_another_protocol_is_told_so),
                                 TEST(local_udp_must_be_whole_and_right),
                                 TEST(no_error_is_sent_to_or_about_many),
                                 TEST(no_error_is_sent_about_later_fragments),
                                 TEST(no_error_is_sent_about_errors),
                                 TEST(no_error_is_sent_about_broken_headers),
                                 TEST(an_echo_request_comes_back_byte_for_byte),
                                 TEST(other_local_icmp_gets_no_answer),
                                 TEST(the_limit_is_exact_to_the_picosecond),
                                 TEST(the_limit_equals_rational_arithmetic),
                                 TEST(errors_and_nothing_else_are_limited),
                                 TEST(each_option_is_forwarded_or_complained_about),
                                 TEST(any_bytes_as_options_do_no_harm),
                                 TEST(an_echo_carries_back_the_route_it_recorded),
                                 {0}};
    if (argc == 3 && !strcmp(argv[1], "--pcap")) return write_pcap(argv[2]);
    return run_tests("slowpath", tests);
}
