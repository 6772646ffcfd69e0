/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Parameter values against independent ways of computing them: numbers spelled digit by digit from
 * the integer they stand for, and edit distances by exhaustive recursion. */
#include "emu/core/param.h"

#include <math.h>

#include "components/classes.h"
#include "emu/core/random.h"
#include "emu/core/sim.h"
#include "tests/check.h"

typedef struct {
    uint64_t word;
    Rate rate;
    Latency latency;
    double real;
    bool yes;
    int choice;
    char *text, *file;
} Target;

static const Param table[] = {
    PARAM_COUNT("count", Target, word, "12", "1", "18446744073709551609", "a", "test"),
    PARAM_RATE("rate", Target, rate, "1Gbit/s", "1bit/s", "1Tbit/s", "any", "b", "test"),
    PARAM_LATENCY("latency", Target, latency, "107ns", "1ns", "1ms", "c", "test"),
    PARAM_REAL("real", Target, real, "-2.5", "-10", "1e300", "d", "test"),
    PARAM_BOOL("yes", Target, yes, "yes", "e", "test"),
    PARAM_ENUM("choice", Target, choice, "green", "red|green|blue", "f", "test"),
    PARAM_TEXT("text", Target, text, "plain", "g", "test"),
    PARAM_FILE("file", Target, file, "a.pcap", "h", "test"),
    {0}};

static Target target;
static char message[400];

static bool set(const char *name, const char *text) {
    g_autoptr(GError) error = NULL;
    bool ok = param_set(param_find(table, name), &target, text, "folder", &error);
    CHECK(ok == !error && (ok || error->domain == SPPEMU_INPUT_ERROR));
    g_strlcpy(message, error ? error->message : "", sizeof message);
    return ok;
}

static bool read_as(ParamType type, const char *text, const char *kinds) {
    size_t offset = type == PARAM_TYPE_RATE ? offsetof(Target, rate) : offsetof(Target, word);
    const Param row = {.name = "x", .type = type, .offset = offset, .choices = kinds};
    g_autoptr(GError) error = NULL;
    bool ok = param_set(&row, &target, text, NULL, &error);
    g_strlcpy(message, error ? error->message : "", sizeof message);
    return ok;
}

/* `value` base units, spelled with the point `places` digits from the right. */
static char *spelled(uint64_t value, unsigned places, const char *unit) {
    char digits[40];
    int n = g_snprintf(digits, sizeof digits, "%0*" G_GUINT64_FORMAT, (int)places + 1, value);
    return g_strdup_printf("%.*s%s%s%s", n - (int)places, digits, places ? "." : "",
                           digits + n - places, unit);
}

static void every_unit_is_a_shift_of_the_decimal_point(void) {
    static const struct {
        ParamType type;
        unsigned places;
        const char *unit;
    } units[] = {{PARAM_TYPE_TIME, 0, "ps"},        {PARAM_TYPE_TIME, 3, "ns"},
                 {PARAM_TYPE_TIME, 6, "us"},        {PARAM_TYPE_TIME, 9, "ms"},
                 {PARAM_TYPE_TIME, 12, "s"},        {PARAM_TYPE_FREQUENCY, 0, "Hz"},
                 {PARAM_TYPE_FREQUENCY, 3, "kHz"},  {PARAM_TYPE_FREQUENCY, 6, "MHz"},
                 {PARAM_TYPE_FREQUENCY, 9, " GHz"}, {PARAM_TYPE_SIZE, 0, "B"},
                 {PARAM_TYPE_SIZE, 3, "kB"},        {PARAM_TYPE_SIZE, 6, "MB"},
                 {PARAM_TYPE_SIZE, 9, "GB"}};
    Random random;
    random_seed(&random, 1, 0, "units");
    for (unsigned i = 0; i < 20000; i++) {
        unsigned u = i % G_N_ELEMENTS(units);
        uint64_t value = random_next(&random) >> (5 + random_below(&random, 59));
        g_autofree char *text = spelled(value, units[u].places, units[u].unit);
        if (!read_as(units[u].type, text, NULL) || target.word != value)
            printf("  %s: %s\n", text, message);
        CHECK_U64(target.word, value);
    }
    CHECK(read_as(PARAM_TYPE_SIZE, "3GiB", NULL) && target.word == UINT64_C(3) << 30);
    CHECK(read_as(PARAM_TYPE_SIZE, "0.5KiB", NULL) && target.word == 512);
}

static void the_last_value_that_fits_is_taken_and_the_next_refused(void) {
    CHECK(read_as(PARAM_TYPE_COUNT, "18446744073709551609", NULL));
    CHECK(!read_as(PARAM_TYPE_COUNT, "18446744073709551616", NULL));
    CHECK(read_as(PARAM_TYPE_SIZE, "17179869183GiB", NULL));
    CHECK_U64(target.word, UINT64_C(17179869183) << 30);
    CHECK(!read_as(PARAM_TYPE_SIZE, "17179869184GiB", NULL));
    CHECK_CONTAINS(message, "too large");
    CHECK(!read_as(PARAM_TYPE_TIME, "0.0001ns", NULL));
    CHECK_CONTAINS(message, "finer than the unit");
    CHECK(read_as(PARAM_TYPE_TIME, "0.0010ns", NULL) && target.word == 1);
}

static void rates_know_their_layer_and_packets_have_none(void) {
    CHECK(read_as(PARAM_TYPE_RATE, "800 Mbit/s", "bits") && target.rate.per_second == 8e8 &&
          target.rate.layer == RATE_WIRE);
    CHECK(read_as(PARAM_TYPE_RATE, "5Gb/s payload", "any") && target.rate.per_second == 5e9 &&
          target.rate.layer == RATE_PAYLOAD);
    CHECK(read_as(PARAM_TYPE_RATE, "59kpacket/s", "packets") && target.rate.per_second == 59e3 &&
          target.rate.layer == RATE_PACKETS);
    CHECK(!read_as(PARAM_TYPE_RATE, "59kpacket/s", "bits"));
    CHECK(!read_as(PARAM_TYPE_RATE, "1Gbit/s", "packets"));
    CHECK(!read_as(PARAM_TYPE_RATE, "1Mp/s wire", "any"));
    CHECK(!read_as(PARAM_TYPE_RATE, "1Gbit/s wire frame", "any"));
    CHECK(!read_as(PARAM_TYPE_RATE, "wire", "any"));
    CHECK(!read_as(PARAM_TYPE_RATE, "10000000Tbit/s", "any"));
}

static void limits_hold_on_both_sides_and_are_named(void) {
    CHECK(set("count", "1") && set("count", "18446744073709551609"));
    CHECK(!set("count", "0"));
    CHECK_CONTAINS(message, "expected 1 or more, up to 18446744073709551609");
    CHECK(set("rate", "1Tbit/s") && !set("rate", "1.000001Tbit/s"));
    CHECK_CONTAINS(message, "up to 1Tbit/s");
    CHECK(!set("rate", "0bit/s") && !set("rate", "0p/s"));
    CHECK(read_as(PARAM_TYPE_RATE, "10000Mp/s", "any"));
    CHECK(!read_as(PARAM_TYPE_RATE, "10001Mp/s", "any"));
    CHECK_CONTAINS(message, "up to 10000Mpacket/s");
    CHECK(set("latency", "1000000cycles") && !set("latency", "1000001cycles"));
    CHECK_CONTAINS(message, "up to 1000000cycles");
    CHECK(set("latency", "1ms") && !set("latency", "1001us") && !set("latency", "0"));
    CHECK(set("real", "-10") && !set("real", "-10.5") && !set("real", "inf"));
    CHECK(!set("choice", "pink"));
    CHECK_CONTAINS(message, "one of red, green, blue");
}

static void a_refused_value_changes_nothing(void) {
    param_set_defaults(table, &target);
    Target before = target;
    CHECK(!set("count", "0") && !set("rate", "5") && !set("latency", "1s") && !set("real", "x") &&
          !set("yes", "maybe") && !set("choice", "pink"));
    CHECK(!memcmp(&before, &target, sizeof target));
    param_clear(table, &target);
}

static void strings_are_owned_and_files_are_relative_to_their_file(void) {
    param_set_defaults(table, &target);
    CHECK_TEXT(target.text, "plain");
    CHECK_TEXT(target.file, "a.pcap");
    CHECK(set("file", "b.pcap") && set("text", "b.pcap"));
    CHECK_TEXT(target.file, "folder/b.pcap");
    CHECK_TEXT(target.text, "b.pcap");
    CHECK(set("file", "/b.pcap"));
    CHECK_TEXT(target.file, "/b.pcap");
    param_clear(table, &target);
    CHECK(!target.text && !target.file);
}

static void what_is_formatted_reads_back_to_the_same(void) {
    static const struct {
        ParamType type;
        const char *text;
    } values[] = {{PARAM_TYPE_RATE, "1000Tbit/s"},
                  {PARAM_TYPE_RATE, "0.00001p/s"},
                  {PARAM_TYPE_RATE, "333.333333333333333kbit/s payload"},
                  {PARAM_TYPE_RATE, "184467.4073709551Tbit/s"},
                  {PARAM_TYPE_RATE, "1.488095238095238Mp/s"},
                  {PARAM_TYPE_REAL, "0.12345678901234567"},
                  {PARAM_TYPE_REAL, "-1e-300"},
                  {PARAM_TYPE_FRACTION, "33.333333333333336%"},
                  {PARAM_TYPE_TIME, "1.000000000001s"},
                  {PARAM_TYPE_LATENCY, "3cycles"},
                  {PARAM_TYPE_LATENCY, "0"}};
    for (unsigned i = 0; i < G_N_ELEMENTS(values); i++) {
        const Param row = {.type = values[i].type, .choices = "any"};
        ParamValue a, b;
        CHECK(param_read(&row, &a, values[i].text, NULL, NULL));
        g_autofree char *text = param_spell(&row, &a);
        bool same = param_read(&row, &b, text, NULL, NULL) && !memcmp(&a, &b, sizeof a);
        if (!same) printf("  %s became %s\n", values[i].text, text);
        CHECK(same);
    }
    Random random;
    random_seed(&random, 1, 0, "formats");
    const Param real = {.type = PARAM_TYPE_REAL};
    for (unsigned i = 0; i < 2000; i++) {
        double a = random_unit(&random) - 0.5, b = 0;
        g_autofree char *text = param_format(&real, &a);
        CHECK(param_set(&real, &b, text, NULL, NULL));
        CHECK(a == b);
    }
}

/* How each text is spelled again; NULL: it is refused, with `says`. */
typedef struct {
    const char *text, *again, *says;
} Spelling;

static void check_spellings(const Param *row, const Spelling *s, unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        g_autoptr(GError) error = NULL;
        ParamValue value, same;
        bool ok = param_read(row, &value, s[i].text, NULL, &error);
        if (ok != !!s[i].again) printf("  %s: %s\n", s[i].text, error ? error->message : "taken");
        CHECK(ok == !!s[i].again);
        if (!ok) CHECK_CONTAINS(error->message, s[i].says);
        g_autofree char *text = ok ? param_spell(row, &value) : NULL;
        if (s[i].again) CHECK_TEXT(text, s[i].again);
        CHECK(!text || param_read(row, &same, text, NULL, NULL));
        g_autofree char *once_more = text ? param_spell(row, &same) : NULL;
        if (text) CHECK_TEXT(once_more, text);
        if (text) param_value_clear(row, &value), param_value_clear(row, &same);
    }
}
#define CHECK_SPELLINGS(row, spellings) check_spellings(row, spellings, G_N_ELEMENTS(spellings))

static void addresses_are_four_numbers(void) {
    static const Param row = {.type = PARAM_TYPE_IPV4};
    static const char *const why = "expected an IPv4 address such as 10.0.0.1";
    const Spelling spellings[] = {
        {"0.0.0.0", "0.0.0.0", ""},      {"255.255.255.255", "255.255.255.255", ""},
        {"10.0.0.1", "10.0.0.1", ""},    {"", NULL, why},
        {"10.0.0", NULL, why},           {"10.0.0.256", NULL, why},
        {"10.0.0.1.2", NULL, why},       {" 10.0.0.1", NULL, why},
        {"10.0.0.1x", NULL, why},        {"10.0.0.-1", NULL, why},
        {"node", NULL, "found \"node\""}};
    CHECK_SPELLINGS(&row, spellings);
    ParamValue value;
    CHECK(param_read(&row, &value, "10.1.2.3", NULL, NULL) && value.ipv4 == 0x0a010203);
}

static void mac_addresses_are_six_pairs_of_digits(void) {
    static const Param row = {.type = PARAM_TYPE_MAC};
    static const char *const why = "expected a MAC address such as 02:00:00:00:00:01";
    const Spelling spellings[] = {{"02:00:00:00:01:ff", "02:00:00:00:01:ff", ""},
                                  {"02:00:00:00:01:FF", "02:00:00:00:01:ff", ""},
                                  {"", NULL, why},
                                  {"2:0:0:0:1:0", NULL, why},
                                  {"02:00:00:00:01", NULL, why},
                                  {"02:00:00:00:01:00:00", NULL, why},
                                  {"02-00-00-00-01-00", NULL, why},
                                  {"02:00:00:00:01:0g", NULL, why},
                                  {"02:00:00:00:01:+1", NULL, why},
                                  {"02:00:00:00:01: 1", NULL, why}};
    CHECK_SPELLINGS(&row, spellings);
}

static void prefixes_have_no_bits_behind_their_length(void) {
    static const Param row = {.type = PARAM_TYPE_PREFIX},
                       none = {.type = PARAM_TYPE_PREFIX, .def = ""};
    static const char *const why = "expected a prefix such as 192.168.0.0/16";
    const Spelling spellings[] = {{"192.168.0.0/16", "192.168.0.0/16", ""},
                                  {"10.1.2.3/8", "10.0.0.0/8", ""},
                                  {"255.255.255.255/32", "255.255.255.255/32", ""},
                                  {"1.2.3.4/0", "0.0.0.0/0", ""},
                                  {"", NULL, why},
                                  {"10.0.0.0", NULL, why},
                                  {"10.0.0.0/", NULL, why},
                                  {"10.0.0.0/33", NULL, why},
                                  {"10.0.0.0/-1", NULL, why},
                                  {"10.0.0.0/+8", NULL, why},
                                  {"10.0.0.0/ 8", NULL, why},
                                  {"10.0/8", NULL, why},
                                  {"10.0.0.0/8/8", NULL, why}};
    CHECK_SPELLINGS(&row, spellings);
    ParamValue value;
    CHECK(param_read(&none, &value, "", NULL, NULL) && !value.prefix.given);
    CHECK(param_read(&none, &value, "0.0.0.0/0", NULL, NULL) && value.prefix.given);
}

static void leading_digits_are_spelled_in_whole_bytes(void) {
    static const Param row = {.type = PARAM_TYPE_HEX, .most = 4},
                       none = {.type = PARAM_TYPE_HEX, .most = 4, .def = ""};
    static const char *const why = "expected 1 to 8 hexadecimal digits";
    const Spelling spellings[] = {
        {"0A", "0a", ""},     {"8", "80", ""},      {"0a000001", "0a000001", ""},
        {"0a0000", "0a", ""}, {"0", "00", ""},      {"00000000", "00", ""},
        {"123", "1230", ""},  {"", NULL, why},      {"123456789", NULL, why},
        {"0x12", NULL, why},  {"12 34", NULL, why}, {"-1", NULL, why}};
    CHECK_SPELLINGS(&row, spellings);
    ParamValue value;
    CHECK(param_read(&none, &value, "", NULL, NULL) && !value.hex.given);
    g_autofree char *empty = param_spell(&none, &value);
    CHECK_TEXT(empty, "");
}

static void lists_are_values_of_one_row_with_commas_between(void) {
    static const Param port = {.type = PARAM_TYPE_COUNT, .min = "1", .max = "9"},
                       row = {.type = PARAM_TYPE_LIST, .item = &port, .most = 3, .def = "1"},
                       none = {.type = PARAM_TYPE_LIST, .item = &port, .most = 3, .def = ""},
                       name = {.type = PARAM_TYPE_NAME},
                       names = {.type = PARAM_TYPE_LIST, .item = &name, .most = 2};
    const Spelling spellings[] = {
        {"1", "1", ""},
        {" 1 ,2,  3", "1,2,3", ""},
        {"1,2,3,4", NULL, "found more than 3"},
        {"", NULL, "found none, expected 1 to 3 values with commas between, each a whole number"},
        {"1,", NULL, "found \"\", expected a whole number"},
        {"1,,2", NULL, "found \"\""},
        {"1,x", NULL, "found \"x\", expected a whole number"},
        {"1,10", NULL, "found \"10\", expected 1 or more, up to 9"},
        {"1;2", NULL, "found \"1;2\""}};
    CHECK_SPELLINGS(&row, spellings);
    const Spelling components[] = {{"a, b", "a,b", ""}};
    CHECK_SPELLINGS(&names, components);
    ParamValue value;
    CHECK(param_read(&none, &value, "", NULL, NULL) && !value.list.n);
    CHECK(param_number_of(&row, "7") == 7);
    CHECK(isnan(param_number_of(&row, "7,8")));
    CHECK(isnan(param_number_of(&row, "seven")));
}

static void check_rows(const char *class, const Param *row) {
    for (; row && row->name; row++) {
        const Param *number = row->item ? row->item : row;
        bool bounded = number->type > PARAM_TYPE_FRACTION || (number->min && number->max);
        bool explained = row->text && *row->text && row->source && *row->source;
        if (!bounded || !explained) printf("  %s.%s\n", class, row->name);
        CHECK(bounded && explained);
        Param open = *number;
        ParamValue low, high;
        open.min = open.max = NULL;
        if (number->type > PARAM_TYPE_FRACTION || !bounded) continue;
        CHECK(param_read(&open, &low, number->min, NULL, NULL) &&
              param_read(&open, &high, number->max, NULL, NULL) &&
              param_number(&open, &low) < param_number(&open, &high));
    }
}

/* Of every class, and of what its settings may choose. Units stand in the bounds. */
static void every_number_has_a_range_and_every_row_a_source(void) {
    for (const ComponentClass *const *c = component_classes; *c; c++) {
        Choice choice = {0};
        check_rows((*c)->name, (*c)->params);
        for (unsigned n = 0; (*c)->choice && (*c)->choice(n, &choice); n++)
            check_rows(choice.name, choice.params);
    }
}

static unsigned distance(const char *a, const char *b) {
    if (!*a || !*b) return (unsigned)(strlen(a) + strlen(b));
    unsigned keep = distance(a + 1, b + 1) + (*a != *b);
    unsigned drop = distance(a + 1, b) + 1, add = distance(a, b + 1) + 1;
    return MIN(keep, MIN(drop, add));
}

static void the_nearest_name_is_the_nearest_by_exhaustion(void) {
    static const char *const names[] = {"rate", "ports", "start", "flows", "ttl", "warmup", NULL};
    Random random;
    random_seed(&random, 1, 0, "names");
    for (unsigned i = 0; i < 300; i++) {
        char found[8] = "";
        const char *from = names[random_below(&random, 6)];
        size_t n = strlen(from);
        for (size_t k = 0; k < n; k++)
            found[k] = random_below(&random, 3) ? from[k] : (char)('a' + random_below(&random, 26));
        unsigned least = UINT_MAX;
        for (unsigned k = 0; names[k]; k++) least = MIN(least, distance(found, names[k]));
        const char *near = param_nearest(found, names);
        if (near) CHECK_U64(distance(found, near), least);
        CHECK(near || least > strlen(found) / 2);
    }
    CHECK(!param_nearest("completely_different", names));
    g_autofree char *endless = g_strnfill(300, 'r');
    CHECK(!param_nearest(endless, names));
}

static void a_word_is_a_value_and_its_code_is_none(void) {
    static const Param count = {.name = "n",
                                .type = PARAM_TYPE_COUNT,
                                .def = "unlimited",
                                .min = "1",
                                .max = "9",
                                .words = "unlimited=0|most=1000"};
    static const Param rate = {.name = "r",
                               .type = PARAM_TYPE_RATE,
                               .min = "1bit/s",
                               .max = "1Gbit/s",
                               .choices = "bits",
                               .words = "none=0bit/s"};
    static const Param both = {.name = "t",
                               .type = PARAM_TYPE_TIME,
                               .def = "0",
                               .min = "0",
                               .max = "1s",
                               .words = "none=0"};
    static const struct {
        const Param *row;
        const char *text, *spelled; /* NULL: refused */
        double number;              /* NAN: none */
    } some[] = {{&count, "unlimited", "unlimited", INFINITY},
                {&count, "most", "most", NAN},
                {&count, "7", "7", 7},
                {&count, "0", NULL, 0},
                {&count, "1000", NULL, 0},
                {&count, "none", NULL, 0},
                {&count, "", NULL, 0},
                {&count, "unlimited=0", NULL, 0},
                {&rate, "none", "none", NAN},
                {&rate, "0bit/s", NULL, 0},
                {&rate, "1kbit/s", "1000bit/s wire", 1000},
                {&both, "none", "none", NAN},
                {&both, "0", "none", NAN},
                {&both, "1ms", "1ms", 1e-3}};
    for (unsigned i = 0; i < G_N_ELEMENTS(some); i++) {
        ParamValue value;
        bool read = param_read(some[i].row, &value, some[i].text, NULL, NULL);
        CHECK(read == (some[i].spelled != NULL));
        if (!read) continue;
        g_autofree char *text = param_spell(some[i].row, &value);
        double number = param_number(some[i].row, &value);
        CHECK_TEXT(text, some[i].spelled);
        CHECK(isnan(some[i].number) ? isnan(number) : number == some[i].number);
    }
    g_autoptr(GError) error = NULL;
    uint64_t n = 5;
    param_set_defaults((const Param[]){count, {0}}, &n);
    CHECK_U64(n, 0);
    CHECK(!param_set(&count, &n, "0", NULL, &error));
    CHECK_TEXT(error->message, "found \"0\", expected 1 or more, up to 9, or unlimited, most");
    g_clear_error(&error);
    CHECK(!param_set(&count, &n, "unlimted", NULL, &error));
    CHECK_TEXT(error->message,
               "found \"unlimted\", expected a whole number such as 12, or unlimited, most");
}

int main(void) {
    static const Test tests[] = {TEST(every_unit_is_a_shift_of_the_decimal_point),
                                 TEST(the_last_value_that_fits_is_taken_and_the_next_refused),
                                 TEST(rates_know_their_layer_and_packets_have_none),
                                 TEST(limits_hold_on_both_sides_and_are_named),
                                 TEST(a_refused_value_changes_nothing),
                                 TEST(strings_are_owned_and_files_are_relative_to_their_file),
                                 TEST(what_is_formatted_reads_back_to_the_same),
                                 TEST(addresses_are_four_numbers),
                                 TEST(mac_addresses_are_six_pairs_of_digits),
                                 TEST(prefixes_have_no_bits_behind_their_length),
                                 TEST(leading_digits_are_spelled_in_whole_bytes),
                                 TEST(lists_are_values_of_one_row_with_commas_between),
                                 TEST(a_word_is_a_value_and_its_code_is_none),
                                 TEST(every_number_has_a_range_and_every_row_a_source),
                                 TEST(the_nearest_name_is_the_nearest_by_exhaustion),
                                 {0}};
    return run_tests("param", tests);
}
