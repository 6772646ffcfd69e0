/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Numbers, addresses and prefixes: what is nearly one is none, and nothing wraps. */
#include "fastpath/text.h"

#include "tests/check.h"

static void a_number_is_digits_up_to_its_limit(void) {
    static const struct {
        const char *text;
        uint32_t max;
        bool good;
        uint32_t value;
    } cases[] = {{"0", 0, true, 0},
                 {"7", 7, true, 7},
                 {"8", 7, false, 0},
                 {"007", 7, true, 7},
                 {"4294967295", UINT32_MAX, true, UINT32_MAX},
                 {"4294967296", UINT32_MAX, false, 0},
                 {"4294967297", 9, false, 0},
                 {"18446744073709551617", UINT32_MAX, false, 0},
                 {"99999999999999999999999999", UINT32_MAX, false, 0},
                 {"", 9, false, 0},
                 {" 1", 9, false, 0},
                 {"1 ", 9, false, 0},
                 {"+1", 9, false, 0},
                 {"-1", UINT32_MAX, false, 0},
                 {"0x1", 9, false, 0},
                 {"1e1", 99, false, 0},
                 {NULL, 9, false, 0}};
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint32_t value = 77;
        CHECK(text_number(cases[i].text, cases[i].max, &value) == cases[i].good);
        CHECK_U64(value, cases[i].good ? cases[i].value : 77);
    }
}

static void a_prefix_is_an_address_and_0_to_32(void) {
    static const char *const bad[] = {"10.0.0.0/33",
                                      "10.0.0.0/4294967304",
                                      "10.0.0.0/",
                                      "10.0.0.0",
                                      "10.0.0/8",
                                      "10.0.0.256/8",
                                      "10.0.0.0/8 ",
                                      " 10.0.0.0/8",
                                      "10.0.0.0/-1",
                                      "10.0.0.0/8/8",
                                      "/8",
                                      "1111111111111111111/8",
                                      "",
                                      NULL};
    uint32_t prefix = 77;
    unsigned length = 77;
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(!text_prefix(bad[i], &prefix, &length));
    CHECK_U64(prefix, 77);
    CHECK_U64(length, 77);
    CHECK(text_prefix("10.1.2.3/8", &prefix, &length));
    CHECK_U64(prefix, 0x0a010203);
    CHECK_U64(length, 8);
    CHECK(text_prefix("255.255.255.255/32", &prefix, &length) && length == 32);
    CHECK(text_prefix("0.0.0.0/0", &prefix, &length) && length == 0 && prefix == 0);
}

static void a_host_has_a_port_from_1_to_65535(void) {
    static const char *const bad[] = {"10.0.0.1:0", "10.0.0.1:65536", "10.0.0.1:4294997296",
                                      "10.0.0.1:",  "10.0.0.1",       ":80",
                                      "host:80",    "10.0.0.1:80x",   "10.0.0.1: 80"};
    uint32_t address = 77;
    uint16_t port = 77;
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(!text_host(bad[i], &address, &port));
    CHECK_U64(address, 77);
    CHECK_U64(port, 77);
    CHECK(text_host("10.0.0.1:65535", &address, &port));
    CHECK_U64(address, 0x0a000001);
    CHECK_U64(port, 65535);
}

static void bytes_are_pairs_of_digits_and_some(void) {
    static const char *const bad[] = {"", "0", "0a0", "0g", "0a0b0c", "0x0a", " 0a", NULL};
    uint8_t bytes[3] = {1, 2, 3};
    unsigned n = 77;
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(!text_bytes(bad[i], 2, bytes, &n));
    CHECK_U64(n, 77);
    CHECK_U64(bytes[0], 1);
    CHECK(text_bytes("0aFf", 2, bytes, &n));
    CHECK_U64(n, 2);
    CHECK_U64(bytes[0] << 16 | bytes[1] << 8 | bytes[2], 0x0aff03);
}

int main(void) {
    static const Test tests[] = {TEST(a_number_is_digits_up_to_its_limit),
                                 TEST(a_prefix_is_an_address_and_0_to_32),
                                 TEST(a_host_has_a_port_from_1_to_65535),
                                 TEST(bytes_are_pairs_of_digits_and_some),
                                 {0}};
    return run_tests("text", tests);
}
