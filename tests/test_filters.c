/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Filters as scenarios write them: which comes first in the TCAM, and what is refused. A number
 * that does not fit must not become another one that does. */
#include "components/slice/slice.h"
#include "components/npe/private.h"
#include "tests/bench.h"

#define NPE "[npe npe0]\n"
#define A "[slice a]\nnpe = npe0\n"
#define NEXT " 192.168.100.1:30000"
#define TRAFFIC                                                                                    \
    "[source t]\nports = 1\nwarmup = 0\nduration = 1ms\nrate = 1Mbit/s\n[sink s]\nports = 5\n"     \
    "source = t\n[link in]\nlink = t.0 -> npe0.0\n[link out]\nlink = npe0.0..4 -> s.0..4\n"

/* The interface that the first filter for a key sends to. */
static unsigned interface_of(const char *routes, uint8_t first, uint8_t second) {
    g_autofree char *text = g_strconcat(NPE A "routes = ", routes, "\n" TRAFFIC, NULL);
    Bench *b = bench_open(text);
    const Slice *s = (const Slice *)(void *)bench_find(b, "a");
    FpPacket p = {.slice = (uint16_t)s->number, .key = {first, second}};
    FpVerdict verdict = fp_lookup(s->npe->tables, &p, &(FpLog){.cost = (uint16_t[FP_N_SITES]){0}});
    unsigned interface = verdict == FP_FORWARD ? p.result.interface : 99;
    bench_close(b);
    return interface;
}

static void a_filter_that_looks_at_more_bits_comes_first(void) {
    /* Each with its text the other way round: the order of the text decides only between equals. */
    static const struct {
        const char *one, *two;
        uint8_t first, second;
        unsigned interface, reversed;
    } cases[] = {
        {"key 30/ff 0" NEXT, "key 3000/ffff 1" NEXT, 0x30, 0, 1, 1},  /* 8 bits, 16 */
        {"key 30/ff 0" NEXT, "key 3000/ff00 1" NEXT, 0x30, 0, 0, 1},  /* 8 and 8 */
        {"key 30 0" NEXT, "key 300000/f00000 1" NEXT, 0x30, 0, 0, 0}, /* 8 and 4 */
        {"key 3000/f0f0 0" NEXT, "key 30/fe 1" NEXT, 0x30, 0, 0, 0},  /* 8 and 7, typed 4 and 2 */
        {"key 3000/ff80 0" NEXT, "10.0.0.0/8 1" NEXT, 0x0a, 0, 1, 1},
        {"0.0.0.0/0 0" NEXT, "10.0.0.0/8 1" NEXT, 0x0a, 0, 1, 1},
        {"10.0.0.0/9 0" NEXT, "10.0.0.0/8 1" NEXT " from 0.0.0.0/2", 0x0a, 0, 1, 1},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++)
        for (unsigned turn = 0; turn < 2; turn++) {
            g_autofree char *routes = g_strconcat(turn ? cases[i].two : cases[i].one, "; ",
                                                  turn ? cases[i].one : cases[i].two, NULL);
            unsigned expected = turn ? cases[i].reversed : cases[i].interface;
            unsigned found = interface_of(routes, cases[i].first, cases[i].second);
            if (found != expected) printf("  %s\n", routes);
            CHECK_U64(found, expected);
        }
}

static void what_is_no_filter_is_refused_with_the_word_that_is_wrong(void) {
    static const struct {
        const char *filter, *part;
    } bad[] = {
        {"10.0.0.0/4294967304 1" NEXT, "PREFIX/LENGTH such as 10.0.0.0/8, or key HEX[/MASK] "
                                       "of up to 14 bytes in place of \"10.0.0.0/4294967304\""},
        {"10.0.0.0/33 1" NEXT, "in place of \"10.0.0.0/33\""},
        {"10.0.0.0/8 1 192.168.101.1:4294997296", "with a port from 1 to 65535, in place of"},
        {"10.0.0.0/8 1 192.168.101.1:0", "in place of \"192.168.101.1:0\""},
        {"10.0.0.0/8 4294967297" NEXT, "expected an interface from 0 to 4, local, many or deny in "
                                       "place of \"4294967297\""},
        {"10.0.0.0/8", "expected an interface from 0 to 4, local, many or deny at its end"},
        {"10.0.0.0/8 0", "expected NEXT-HOP:PORT such as 192.168.100.1:30000, with a port from 1 "
                         "to 65535, at its end"},
        {"10.0.0.0/8 0" NEXT " 4294967296", "data from 0 to 4294967295"},
        {"10.0.0.0/8 0" NEXT " queue 4294967296", "the number of a queue in place of"},
        {"10.0.0.0/8 0" NEXT " queue", "the number of a queue at its end"},
        {"10.0.0.0/8 0" NEXT " from 10.0.0.0/4294967304", "PREFIX/LENGTH such as 10.0.0.0/8 in"},
        {"10.0.0.0/8 0" NEXT " data 6", "expected queue N, from PREFIX/LENGTH or nothing in"},
        {"10.0.0.0/8 0" NEXT " 1 queue 0 queue 0 queue 0 queue 0 queue 0 queue 0",
         "expected at most 15 words"},
        {"key 0a/ 1" NEXT, "or key HEX[/MASK] of up to 14 bytes in place of \"0a/\""},
        {"key / 1" NEXT, "in place of \"/\""},
        {"key 0 1" NEXT, "in place of \"0\""},
        {"key 0a0b0c0d0e0f0a0b0c0d0e0f0a0b0c 1" NEXT, "in place of"},
        {"key", "or key HEX[/MASK] of up to 14 bytes at its end"},
        {"label 16 local", "in place of \"label\""}, /* of another code option */
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *text = g_strconcat(NPE A "routes = ", bad[i].filter, "\n" TRAFFIC, NULL);
        g_autofree char *begins =
            g_strdup_printf("test.ini:4: [slice a] routes: found \"%s\", expected ", bad[i].filter);
        CHECK_REFUSED(text, begins);
        CHECK_REFUSED(text, bad[i].part);
    }
    CHECK_REFUSED(NPE A "code_option = label\nroutes = label 1048576 local\n" TRAFFIC,
                  "expected label N with N from 0 to 1048575, or key HEX[/MASK] of up to 14 bytes "
                  "in place of \"1048576\"");
    CHECK_REFUSED(NPE A "code_option = label\nroutes = label 4294967297 local\n" TRAFFIC,
                  "in place of \"4294967297\"");
    CHECK_REFUSED(NPE A "code_option = label\nroutes = 10.0.0.0/8 local\n" TRAFFIC,
                  "in place of \"10.0.0.0/8\"");
    CHECK_REFUSED(
        NPE A "code_option = i3\nroutes = id 0g 0" NEXT "\n" TRAFFIC,
        "expected id HEX with 1 to 64 digits, or key HEX[/MASK] of up to 14 bytes in place "
        "of \"0g\"");
    CHECK_REFUSED(NPE A "code_option = i3\nsram = 5216B\nroutes = id 0a 0" NEXT "; id 0b 0" NEXT
                        "\n" TRAFFIC,
                  "sram: found 5216 bytes, no more than its filters' first 1 take");
    CHECK_REFUSED(NPE A "code_option = label\nroutes = label 16 0" NEXT " 1048576\n" TRAFFIC,
                  "expected data from 0 to 1048575 in place of \"1048576\"");
    CHECK_REFUSED(NPE A "queues = ;\n" TRAFFIC, "queues: found \";\", expected one queue or more");
}

static void and_so_are_numbers_of_other_lists_that_do_not_fit(void) {
    CHECK_REFUSED(NPE A "code_option = i3\ni3_triggers = 01 4294967296" NEXT "\n" TRAFFIC,
                  "i3_triggers: found \"01 4294967296");
    CHECK_REFUSED(NPE A "queues = 4294967296\n" TRAFFIC, "queues: found \"4294967296\"");
    CHECK_REFUSED(NPE A TRAFFIC "[at 1us]\nnpe0 = interface_rate 4294967296 1Gbit/s\n",
                  "npe0: found \"interface_rate 4294967296 1Gbit/s\"");
    CHECK_REFUSED("[scenario]\ninclude = @scenarios/chassis-dev.ini\n[slice a]\nnpe = npe0\n"
                  "[source t]\nports = 1\nwarmup = 0\nduration = 1ms\n[sink s]\nports = 1\n"
                  "source = t\n[link in]\nlink = t.0 -> lc0.0\n[link out]\nlink = lc0.0 -> s.0\n"
                  "[at 1us]\nlc0 = interface 4294967296 down\n",
                  "lc0: found \"interface 4294967296 down\"");
}

int main(void) {
    static const Test tests[] = {TEST(a_filter_that_looks_at_more_bits_comes_first),
                                 TEST(what_is_no_filter_is_refused_with_the_word_that_is_wrong),
                                 TEST(and_so_are_numbers_of_other_lists_that_do_not_fit),
                                 {0}};
    return run_tests("filters", tests);
}
