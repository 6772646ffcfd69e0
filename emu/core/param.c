/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Values with units. Numbers are read as exact decimals, so that 1.4GHz is 1,400,000,000 and 0.1
 * has no tail; a fraction finer than the unit of the field is refused, not rounded. */
#include "emu/core/param.h"

#include <arpa/inet.h>
#include <math.h>
#include <string.h>

#include "emu/core/sim.h"

typedef struct {
    const char *name;
    uint64_t scale; /* of the field's base unit */
} Unit;

static const Unit time_units[] = {{"ps", 1},      {"ns", SIM_NS}, {"us", SIM_US},
                                  {"ms", SIM_MS}, {"s", SIM_S},   {0}};
static const Unit frequency_units[] = {
    {"Hz", 1}, {"kHz", 1000}, {"MHz", 1000000}, {"GHz", 1000000000}, {0}};
static const Unit size_units[] = {{"B", 1},         {"KiB", 1 << 10},   {"MiB", 1 << 20},
                                  {"GiB", 1 << 30}, {"kB", 1000},       {"KB", 1000},
                                  {"MB", 1000000},  {"GB", 1000000000}, {0}};
static const Unit bit_units[] = {{"bit/s", 1},
                                 {"b/s", 1},
                                 {"kbit/s", 1000},
                                 {"kb/s", 1000},
                                 {"Mbit/s", 1000000},
                                 {"Mb/s", 1000000},
                                 {"Gbit/s", 1000000000},
                                 {"Gb/s", 1000000000},
                                 {"Tbit/s", UINT64_C(1000000000000)},
                                 {0}};
static const Unit packet_units[] = {{"packet/s", 1},        {"packets/s", 1},  {"p/s", 1},
                                    {"kpacket/s", 1000},    {"kp/s", 1000},    {"Kp/s", 1000},
                                    {"Mpacket/s", 1000000}, {"Mp/s", 1000000}, {0}};
static const Unit no_units[] = {{"", 1}, {0}};
static const Unit cycle_units[] = {{"cycles", 1}, {"cycle", 1}, {0}};

static const char *type_text(ParamType type) {
    switch (type) {
    case PARAM_TYPE_COUNT: return "a whole number such as 12";
    case PARAM_TYPE_TIME: return "a time such as 107ns or 20ms";
    case PARAM_TYPE_RATE: return "a rate such as 800Mbit/s";
    case PARAM_TYPE_FREQUENCY: return "a frequency such as 1.4GHz";
    case PARAM_TYPE_SIZE: return "a size such as 128B or 64KiB";
    case PARAM_TYPE_LATENCY: return "a time such as 107ns, or cycles such as 150cycles";
    case PARAM_TYPE_REAL: return "a number such as 2.5";
    case PARAM_TYPE_FRACTION: return "a share such as 30% or 0.3";
    case PARAM_TYPE_BOOL: return "yes or no";
    case PARAM_TYPE_ENUM: return "one of the choices";
    case PARAM_TYPE_IPV4: return "an IPv4 address such as 10.0.0.1";
    case PARAM_TYPE_MAC: return "a MAC address such as 02:00:00:00:00:01";
    case PARAM_TYPE_PREFIX: return "a prefix such as 192.168.0.0/16";
    case PARAM_TYPE_TEXT: return "text";
    case PARAM_TYPE_FILE: return "a file name";
    case PARAM_TYPE_NAME: return "the name of a component";
    default: return "a value";
    }
}

/* Words ----------------------------------------------------------------------------------- */

/* The n-th word of the row and the value that it stands for; false: there are no more. */
static bool nth_word(const Param *row, unsigned n, char **word, ParamValue *value) {
    g_auto(GStrv) words = g_strsplit(row->words ? row->words : "", "|", -1);
    if (n >= g_strv_length(words)) return false;
    char *equals = strchr(words[n], '=');
    Param open = *row;
    open.min = open.max = open.words = NULL;
    bool read = equals && param_read(&open, value, equals + 1, NULL, NULL);
    g_assert(read); /* words are of numbers, which own nothing */
    *word = g_strndup(words[n], (size_t)(equals - words[n]));
    return true;
}

static bool read_word(const Param *row, const char *text, ParamValue *value) {
    bool found = false;
    char *word;
    for (unsigned n = 0; !found && nth_word(row, n, &word, value); n++) {
        found = !strcmp(word, text);
        g_free(word);
    }
    if (!found) memset(value, 0, sizeof *value);
    return found;
}

static double number_of(const Param *row, const ParamValue *value);

/* The word for the value, NULL if it has none; caller frees. */
static char *word_of(const Param *row, const ParamValue *value) {
    char *word;
    ParamValue one;
    for (unsigned n = 0; nth_word(row, n, &word, &one); n++) {
        if (number_of(row, &one) == number_of(row, value)) return word;
        g_free(word);
    }
    return NULL;
}

GStrv param_words(const Param *row) {
    GStrv words = g_strsplit(row->words ? row->words : "", "|", -1);
    for (unsigned n = 0; words[n]; n++) *strchr(words[n], '=') = 0;
    return words;
}

char *param_words_text(const Param *row) {
    if (!row->words) return g_strdup("");
    g_auto(GStrv) words = param_words(row);
    g_autofree char *list = g_strjoinv(", ", words);
    return g_strconcat(*list ? ", or " : "", list, NULL);
}

char *param_type_text(const Param *row) {
    if (row->type == PARAM_TYPE_HEX)
        return g_strdup_printf("1 to %u hexadecimal digits", 2 * row->most);
    if (row->type != PARAM_TYPE_LIST) return g_strdup(type_text(row->type));
    g_autofree char *item = param_type_text(row->item);
    return g_strdup_printf("1 to %u values with commas between, each %s", row->most, item);
}

/* "1_000.25Gb/s" -> digits 100025, 2 places, rest "Gb/s". False: no number there, or too long. */
static bool read_decimal(const char *text, uint64_t *digits, unsigned *places, const char **rest) {
    const char *p = text;
    bool point = false, any = false;
    *digits = 0;
    *places = 0;
    for (;; p++) {
        if (*p == '_' && any) continue;
        if (*p == '.' && !point && any) {
            point = true;
            continue;
        }
        if (!g_ascii_isdigit(*p)) break;
        any = true;
        if (*digits > (UINT64_MAX - 9) / 10) return false;
        *digits = *digits * 10 + (uint64_t)(*p - '0');
        if (point) ++*places;
    }
    *rest = p;
    return any && p[-1] != '.' && p[-1] != '_';
}

static bool complain(GError **error, const char *text, const char *expected, const char *why) {
    return input_error(error, "found \"%s\"%s, expected %s", text, why, expected);
}

static const Unit *find_unit(const Unit *units, const char *name) {
    for (; units->name; units++)
        if (!strcmp(units->name, name)) return units;
    return NULL;
}

/* An exact whole number of base units. */
static bool read_whole(const char *text, const Unit *units, uint64_t *value, const char *expected,
                       GError **error) {
    uint64_t digits;
    unsigned places;
    const char *rest;
    if (text[0] == '-') return complain(error, text, expected, ", which is negative");
    if (!read_decimal(text, &digits, &places, &rest)) return complain(error, text, expected, "");
    while (*rest == ' ') rest++;
    if (!*rest && digits == 0 && !find_unit(units, "")) {
        *value = 0; /* nothing is nothing in any unit */
        return true;
    }
    const Unit *unit = find_unit(units, rest);
    if (!unit) return complain(error, text, expected, *rest ? "" : ", which has no unit");
    unsigned __int128 scaled = (unsigned __int128)digits * unit->scale;
    for (; places; places--) {
        if (scaled % 10)
            return complain(error, text, expected, ", which is finer than the unit allows");
        scaled /= 10;
    }
    if (scaled > UINT64_MAX) return complain(error, text, expected, ", which is too large");
    *value = (uint64_t)scaled;
    return true;
}

static bool read_real(const char *text, double *value, const char *expected, GError **error) {
    char *end;
    *value = g_ascii_strtod(text, &end);
    if (end == text || *end || !isfinite(*value) || strpbrk(text, "xXnN"))
        return complain(error, text, expected, "");
    return true;
}

static bool read_rate(const char *text, const char *kinds, Rate *rate, GError **error) {
    static const struct {
        const char *word;
        RateLayer layer;
    } layers[] = {{" wire", RATE_WIRE}, {" frame", RATE_FRAME}, {" payload", RATE_PAYLOAD}};
    bool bits = strcmp(kinds, "packets") != 0, packets = strcmp(kinds, "bits") != 0;
    const char *expected =
        !packets ? "a rate such as 800Mbit/s, with wire, frame or payload after it if need be"
        : bits   ? "a rate such as 800Mbit/s or 4.8Mpacket/s"
                 : "a packet rate such as 4.8Mpacket/s";
    g_autofree char *number = g_strdup(text);
    bool layered = false;
    rate->layer = RATE_WIRE;
    for (unsigned i = 0; i < G_N_ELEMENTS(layers); i++)
        if (g_str_has_suffix(number, layers[i].word)) {
            number[strlen(number) - strlen(layers[i].word)] = 0;
            rate->layer = layers[i].layer;
            layered = true;
            break;
        }
    uint64_t digits, scale = 0;
    unsigned places;
    const char *rest;
    if (text[0] == '-') return complain(error, text, expected, ", which is negative");
    if (!read_decimal(g_strstrip(number), &digits, &places, &rest))
        return complain(error, text, expected, "");
    while (*rest == ' ') rest++;
    const Unit *unit = bits ? find_unit(bit_units, rest) : NULL;
    if (unit) scale = unit->scale;
    if (!unit && packets && !layered && (unit = find_unit(packet_units, rest))) {
        scale = unit->scale;
        rate->layer = RATE_PACKETS;
    }
    if (!scale) return complain(error, text, expected, *rest ? "" : ", which has no unit");
    /* One rounding: what stands above and below the line is exact. */
    double below = 1;
    for (; places; places--) below *= 10;
    rate->per_second = (double)((unsigned __int128)digits * scale) / below;
    if (rate->per_second > 1e18) return complain(error, text, expected, ", which is too large");
    return true;
}

static bool read_enum(const Param *row, const char *text, int *value, GError **error) {
    g_auto(GStrv) choices = g_strsplit(row->choices, "|", -1);
    for (int i = 0; choices[i]; i++)
        if (!strcmp(choices[i], text)) {
            *value = i;
            return true;
        }
    g_autofree char *list = g_strjoinv(", ", choices);
    g_autofree char *expected = g_strdup_printf("one of %s", list);
    return complain(error, text, expected, "");
}

static const Unit *units_of(ParamType type) {
    switch (type) {
    case PARAM_TYPE_TIME: return time_units;
    case PARAM_TYPE_FREQUENCY: return frequency_units;
    case PARAM_TYPE_SIZE: return size_units;
    default: return no_units;
    }
}

static double number_of(const Param *row, const ParamValue *value) {
    switch (row->type) {
    case PARAM_TYPE_COUNT:
    case PARAM_TYPE_FREQUENCY:
    case PARAM_TYPE_SIZE: return (double)value->word;
    case PARAM_TYPE_TIME: return (double)value->word / (double)SIM_S;
    case PARAM_TYPE_RATE: return value->rate.per_second;
    case PARAM_TYPE_LATENCY:
        return (double)value->latency.value / (value->latency.cycles ? 1 : (double)SIM_S);
    case PARAM_TYPE_REAL:
    case PARAM_TYPE_FRACTION: return value->real;
    case PARAM_TYPE_BOOL: return value->yes;
    case PARAM_TYPE_ENUM: return value->choice;
    case PARAM_TYPE_LIST: return value->list.n == 1 ? number_of(row->item, value->list.at) : NAN;
    case PARAM_TYPE_TEXT: {
        char *end;
        double number = g_ascii_strtod(value->text, &end);
        return end == value->text || *end ? NAN : number;
    }
    default: return NAN;
    }
}

double param_number(const Param *row, const ParamValue *value) {
    g_autofree char *word = row->words ? word_of(row, value) : NULL;
    if (word) return !strcmp(word, "unlimited") ? INFINITY : NAN;
    return number_of(row, value);
}

double param_number_of(const Param *row, const char *text) {
    ParamValue value;
    if (!param_read(row, &value, text, NULL, NULL)) return NAN;
    double number = param_number(row, &value);
    param_value_clear(row, &value);
    return number;
}

/* Compare with the bounds, which are written as values of the same row. */
static bool bounded(const Param *row, const ParamValue *value, const char *text, GError **error) {
    for (unsigned upper = 0; row->min && upper < 2; upper++) {
        Param open = *row;
        ParamValue limit;
        open.min = open.max = open.words = NULL;
        bool read = param_read(&open, &limit, upper ? row->max : row->min, NULL, NULL);
        g_assert(read);
        if (row->type == PARAM_TYPE_LATENCY && value->latency.cycles != limit.latency.cycles)
            continue;
        double found = number_of(row, value), edge = number_of(row, &limit);
        if (upper ? found <= edge : found >= edge) continue;
        g_autofree char *words = param_words_text(row);
        return input_error(error, "found \"%s\", expected %s or more, up to %s%s", text, row->min,
                           row->max, words);
    }
    return true;
}

static char *resolve(const char *text, const char *directory) {
    if (!*text || g_path_is_absolute(text) || !directory || !strcmp(directory, "."))
        return g_strdup(text);
    return g_build_filename(directory, text, NULL);
}

static bool read_fraction(const char *text, double *value, const char *expected, GError **error) {
    g_autofree char *number = g_strdup(text);
    bool percent = g_str_has_suffix(number, "%");
    if (percent) number[strlen(number) - 1] = 0;
    if (!read_real(number, value, expected, error)) return false;
    if (percent) *value /= 100;
    return (*value >= 0 && *value <= 1) || complain(error, text, "a share from 0 to 100%", "");
}

static bool read_ipv4(const char *text, uint32_t *address) {
    struct in_addr a;
    if (inet_pton(AF_INET, text, &a) != 1) return false;
    *address = ntohl(a.s_addr);
    return true;
}

static bool read_mac(const char *text, uint8_t mac[6]) {
    if (strlen(text) != 17) return false;
    for (unsigned i = 0; i < 6; i++, text += 3) {
        int high = g_ascii_xdigit_value(text[0]), low = g_ascii_xdigit_value(text[1]);
        if (high < 0 || low < 0 || text[2] != (i < 5 ? ':' : 0)) return false;
        mac[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static bool read_prefix(const char *text, Prefix *prefix) {
    uint64_t length;
    const char *slash = strchr(text, '/');
    g_autofree char *address = g_strndup(text, slash ? (size_t)(slash - text) : 0);
    if (!slash || !read_ipv4(address, &prefix->address) ||
        !g_ascii_string_to_unsigned(slash + 1, 10, 0, 32, &length, NULL))
        return false;
    prefix->length = (uint8_t)length;
    prefix->address &= length ? ~(uint32_t)0 << (32 - length) : 0;
    return prefix->given = true;
}

static bool read_hex(const char *text, unsigned bytes, Hex *hex) {
    size_t digits = strlen(text);
    if (!digits || digits > 2 * (size_t)bytes) return false;
    for (size_t i = 0; i < digits; i++) {
        int digit = g_ascii_xdigit_value(text[i]);
        if (digit < 0) return false;
        hex->bytes[i / 2] |= (uint8_t)(i % 2 ? digit : digit << 4);
    }
    return hex->given = true;
}

static bool read_list(const Param *row, ParamList *list, const char *text, const char *directory,
                      GError **error) {
    g_auto(GStrv) words = g_strsplit(text, ",", -1);
    unsigned n = g_strv_length(words);
    if (n > row->most) return input_error(error, "found more than %u", row->most);
    list->at = g_new0(ParamValue, n);
    for (; list->n < n; list->n++)
        if (!param_read(row->item, &list->at[list->n], g_strstrip(words[list->n]), directory,
                        error))
            return false;
    return true;
}

/* Empty is a value where it is the default. */
static bool may_be_empty(const Param *row) {
    return row->def && !*row->def &&
           (row->type == PARAM_TYPE_PREFIX || row->type == PARAM_TYPE_HEX ||
            row->type == PARAM_TYPE_LIST);
}

/* What the bounds of a row, which are times and bits, say nothing of. */
#define MAX_CYCLES UINT64_C(1000000)
#define MAX_PACKETS 1e10 /* per second */

/* `expected` is what a refusal says. */
static bool try_value(const Param *row, ParamValue *value, const char *text, const char *directory,
                      const char *expected, GError **error) {
    switch (row->type) {
    case PARAM_TYPE_COUNT:
    case PARAM_TYPE_TIME:
    case PARAM_TYPE_FREQUENCY:
    case PARAM_TYPE_SIZE:
        return read_whole(text, units_of(row->type), &value->word, expected, error) &&
               bounded(row, value, text, error);
    case PARAM_TYPE_LATENCY:
        value->latency.cycles = strstr(text, "cycle") != NULL;
        if (!read_whole(text, value->latency.cycles ? cycle_units : time_units,
                        &value->latency.value, expected, error))
            return false;
        if (value->latency.cycles && value->latency.value > MAX_CYCLES)
            return complain(error, text, "up to 1000000cycles", "");
        return bounded(row, value, text, error);
    case PARAM_TYPE_RATE:
        if (!read_rate(text, row->choices ? row->choices : "bits", &value->rate, error))
            return false;
        if (value->rate.layer != RATE_PACKETS) return bounded(row, value, text, error);
        return (value->rate.per_second > 0 && value->rate.per_second <= MAX_PACKETS) ||
               complain(error, text, "a rate above 0, up to 10000Mpacket/s", "");
    case PARAM_TYPE_REAL:
        return read_real(text, &value->real, expected, error) && bounded(row, value, text, error);
    case PARAM_TYPE_FRACTION:
        return read_fraction(text, &value->real, expected, error) &&
               bounded(row, value, text, error);
    case PARAM_TYPE_BOOL:
        value->yes = !strcmp(text, "yes");
        return value->yes || !strcmp(text, "no") || complain(error, text, expected, "");
    case PARAM_TYPE_ENUM: return read_enum(row, text, &value->choice, error);
    case PARAM_TYPE_IPV4:
        return read_ipv4(text, &value->ipv4) || complain(error, text, expected, "");
    case PARAM_TYPE_MAC: return read_mac(text, value->mac) || complain(error, text, expected, "");
    case PARAM_TYPE_PREFIX:
        return read_prefix(text, &value->prefix) || complain(error, text, expected, "");
    case PARAM_TYPE_HEX:
        return read_hex(text, row->most, &value->hex) || complain(error, text, expected, "");
    case PARAM_TYPE_LIST:
        if (!*text) return input_error(error, "found none, expected %s", expected);
        return read_list(row, &value->list, text, directory, error);
    case PARAM_TYPE_FILE: value->text = resolve(text, directory); return true;
    case PARAM_TYPE_TEXT:
    case PARAM_TYPE_NAME: value->text = g_strdup(text); return true;
    default: g_assert_not_reached();
    }
}

static bool read_value(const Param *row, ParamValue *value, const char *text, const char *directory,
                       GError **error) {
    if (try_value(row, value, text, directory, "", NULL)) return true;
    if (!error) return false;
    param_value_clear(row, value); /* of a list, what was good */
    g_autofree char *type = param_type_text(row), *words = param_words_text(row),
                    *expected = g_strconcat(type, words, NULL);
    return try_value(row, value, text, directory, expected, error);
}

bool param_read(const Param *row, ParamValue *value, const char *text, const char *directory,
                GError **error) {
    memset(value, 0, sizeof *value);
    if (!strcmp(text, "none") && row->def && !*row->def) text = ""; /* as a scenario writes it */
    if (!*text && may_be_empty(row)) return true;
    if (row->words && read_word(row, text, value)) return true;
    if (read_value(row, value, text, directory, error)) return true;
    param_value_clear(row, value);
    return false;
}

void param_value_clear(const Param *row, ParamValue *value) {
    if (row->type == PARAM_TYPE_LIST) {
        for (unsigned i = 0; i < value->list.n; i++)
            param_value_clear(row->item, &value->list.at[i]);
        g_free(value->list.at);
    } else if (row->type >= PARAM_TYPE_TEXT)
        g_free(value->text);
    memset(value, 0, sizeof *value);
}

/* Of the field. */
static size_t size_of(ParamType type) {
    switch (type) {
    case PARAM_TYPE_RATE: return sizeof(Rate);
    case PARAM_TYPE_LATENCY: return sizeof(Latency);
    case PARAM_TYPE_REAL:
    case PARAM_TYPE_FRACTION: return sizeof(double);
    case PARAM_TYPE_BOOL: return sizeof(bool);
    case PARAM_TYPE_ENUM: return sizeof(int);
    case PARAM_TYPE_IPV4: return sizeof(uint32_t);
    case PARAM_TYPE_MAC: return 6;
    case PARAM_TYPE_PREFIX: return sizeof(Prefix);
    case PARAM_TYPE_HEX: return sizeof(Hex);
    case PARAM_TYPE_LIST: return sizeof(ParamList);
    case PARAM_TYPE_TEXT:
    case PARAM_TYPE_FILE:
    case PARAM_TYPE_NAME: return sizeof(char *);
    default: return sizeof(uint64_t);
    }
}

static ParamValue value_of(const Param *row, const void *target) {
    ParamValue value = {0};
    memcpy(&value, (const char *)target + row->offset, size_of(row->type));
    return value;
}

static void clear_field(const Param *row, void *target) {
    ParamValue value = value_of(row, target);
    param_value_clear(row, &value);
    memset((char *)target + row->offset, 0, size_of(row->type));
}

bool param_set(const Param *row, void *target, const char *text, const char *directory,
               GError **error) {
    ParamValue value;
    if (!param_read(row, &value, text, directory, error)) return false;
    if (row->type >= PARAM_TYPE_TEXT) clear_field(row, target);
    memcpy((char *)target + row->offset, &value, size_of(row->type));
    return true;
}

void param_set_defaults(const Param *table, void *target) {
    for (const Param *row = table; row->name; row++) {
        g_autoptr(GError) error = NULL;
        if (row->def && !param_set(row, target, row->def, NULL, &error))
            g_error("parameter %s: bad default: %s", row->name, error->message);
    }
}

void param_clear(const Param *table, void *target) {
    for (const Param *row = table; row->name; row++)
        if (row->type >= PARAM_TYPE_TEXT) clear_field(row, target);
}

const Param *param_find(const Param *table, const char *name) {
    for (const Param *row = table; row && row->name; row++)
        if (!strcmp(row->name, name)) return row;
    return NULL;
}

static unsigned edit_distance(const char *a, const char *b) {
    enum { MAX = 64 };
    size_t n = strlen(a), m = strlen(b);
    if (n >= MAX || m >= MAX) return UINT_MAX;
    unsigned row[MAX + 1];
    for (size_t j = 0; j <= m; j++) row[j] = (unsigned)j;
    for (size_t i = 1; i <= n; i++) {
        unsigned diagonal = row[0];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= m; j++) {
            unsigned change = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            row[j] = MIN(change, MIN(row[j], row[j - 1]) + 1);
        }
    }
    return row[m];
}

const char *param_nearest(const char *found, const char *const *names) {
    const char *best = NULL;
    unsigned least = (unsigned)strlen(found) / 2 + 2;
    for (; *names; names++) {
        unsigned d = edit_distance(found, *names);
        if (d < least) {
            least = d;
            best = *names;
        }
    }
    return best;
}

static char *with_unit(uint64_t value, const Unit *units) {
    const Unit *best = units;
    for (const Unit *u = units; u->name; u++)
        if (value && value % u->scale == 0 && u->scale > best->scale) best = u;
    return g_strdup_printf("%" G_GUINT64_FORMAT "%s", value / best->scale, best->name);
}

/* The shortest that reads back to the same. */
static void format_real(double value, char text[G_ASCII_DTOSTR_BUF_SIZE]) {
    for (unsigned digits = 15; digits <= 17; digits++) {
        char format[8];
        g_snprintf(format, sizeof format, "%%.%ug", digits);
        g_ascii_formatd(text, G_ASCII_DTOSTR_BUF_SIZE, format, value);
        if (g_ascii_strtod(text, NULL) == value) return;
    }
}

/* Whole bytes, without those at the end that are 0. */
static char *spell_hex(const Param *row, const Hex *hex) {
    unsigned n = row->most;
    while (n > 1 && !hex->bytes[n - 1]) n--;
    GString *text = g_string_new(NULL);
    for (unsigned i = 0; i < n && hex->given; i++)
        g_string_append_printf(text, "%02x", hex->bytes[i]);
    return g_string_free(text, FALSE);
}

static char *spell_ipv4(uint32_t a) {
    return g_strdup_printf("%u.%u.%u.%u", a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255);
}

static char *spell_rate(const Rate *r) {
    static const char *const layers[] = {" wire", " frame", " payload", ""};
    char number[G_ASCII_DTOSTR_BUF_SIZE];
    format_real(r->per_second, number);
    if (r->per_second < 1e-4)
        g_ascii_formatd(number, sizeof number, "%.18f", r->per_second); /* no exponents there */
    if (r->per_second <= 1e18 && r->per_second == (double)(uint64_t)r->per_second)
        g_snprintf(number, sizeof number, "%" G_GUINT64_FORMAT, (uint64_t)r->per_second);
    return g_strdup_printf("%s%s%s", number, r->layer == RATE_PACKETS ? "packet/s" : "bit/s",
                           layers[r->layer]);
}

static char *spell_list(const Param *row, const ParamList *list) {
    GString *text = g_string_new(NULL);
    for (unsigned i = 0; i < list->n; i++) {
        g_autofree char *item = param_spell(row->item, &list->at[i]);
        g_string_append_printf(text, "%s%s", i ? "," : "", item);
    }
    return g_string_free(text, FALSE);
}

char *param_spell(const Param *row, const ParamValue *value) {
    char number[G_ASCII_DTOSTR_BUF_SIZE], *word = row->words ? word_of(row, value) : NULL;
    const uint8_t *m = value->mac;
    if (word) return word;
    switch (row->type) {
    case PARAM_TYPE_COUNT:
    case PARAM_TYPE_TIME:
    case PARAM_TYPE_FREQUENCY:
    case PARAM_TYPE_SIZE: return with_unit(value->word, units_of(row->type));
    case PARAM_TYPE_LATENCY:
        return with_unit(value->latency.value, value->latency.cycles ? cycle_units : time_units);
    case PARAM_TYPE_RATE: return spell_rate(&value->rate);
    case PARAM_TYPE_REAL:
    case PARAM_TYPE_FRACTION: format_real(value->real, number); return g_strdup(number);
    case PARAM_TYPE_BOOL: return g_strdup(value->yes ? "yes" : "no");
    case PARAM_TYPE_ENUM: {
        g_auto(GStrv) choices = g_strsplit(row->choices, "|", -1);
        return g_strdup(choices[value->choice]);
    }
    case PARAM_TYPE_IPV4: return spell_ipv4(value->ipv4);
    case PARAM_TYPE_MAC:
        return g_strdup_printf("%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5]);
    case PARAM_TYPE_PREFIX: {
        g_autofree char *address = spell_ipv4(value->prefix.address);
        return value->prefix.given ? g_strdup_printf("%s/%u", address, value->prefix.length)
                                   : g_strdup("");
    }
    case PARAM_TYPE_HEX: return spell_hex(row, &value->hex);
    case PARAM_TYPE_LIST: return spell_list(row, &value->list);
    default: return g_strdup(value->text ? value->text : "");
    }
}

char *param_format(const Param *row, const void *target) {
    ParamValue value = value_of(row, target);
    return param_spell(row, &value);
}

/* Moves ----------------------------------------------------------------------------------- */

int param_sense(const Param *row) {
    if (row->sense == PARAM_SENSE_NONE) return 0;
    if (row->sense == PARAM_SENSE_SLOWER) return -1;
    if (row->sense == PARAM_SENSE_FASTER) return 1;
    switch (row->type) {
    case PARAM_TYPE_TIME:
    case PARAM_TYPE_LATENCY: return -1;
    case PARAM_TYPE_COUNT:
    case PARAM_TYPE_RATE:
    case PARAM_TYPE_FREQUENCY:
    case PARAM_TYPE_SIZE:
    case PARAM_TYPE_REAL:
    case PARAM_TYPE_FRACTION: return 1;
    default: return 0;
    }
}

/* To nine digits: what a product has behind them is noise. */
static double rounded(double value) {
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    return g_ascii_strtod(g_ascii_formatd(text, sizeof text, "%.9g", value), NULL);
}

static uint64_t whole_moved(uint64_t value, double factor) {
    double product = round((double)value * factor);
    uint64_t moved = product >= (double)(UINT64_MAX / 2) ? UINT64_MAX / 2 : (uint64_t)product;
    return moved != value ? moved : factor > 1 ? value + 1 : value - 1;
}

static void move_value(const Param *row, ParamValue *value, double factor) {
    switch (row->type) {
    case PARAM_TYPE_RATE: value->rate.per_second = rounded(value->rate.per_second * factor); break;
    case PARAM_TYPE_LATENCY:
        value->latency.value = whole_moved(value->latency.value, factor);
        break;
    case PARAM_TYPE_REAL:
    case PARAM_TYPE_FRACTION: value->real = rounded(value->real * factor); break;
    default: value->word = whole_moved(value->word, factor);
    }
}

static double magnitude(const Param *row, const ParamValue *value) {
    return row->type == PARAM_TYPE_RATE      ? value->rate.per_second
           : row->type == PARAM_TYPE_LATENCY ? (double)value->latency.value
                                             : (double)value->word;
}

static const Unit *tidy_units(const Param *row, const ParamValue *value) {
    switch (row->type) {
    case PARAM_TYPE_TIME: return time_units;
    case PARAM_TYPE_FREQUENCY: return frequency_units;
    case PARAM_TYPE_LATENCY: return value->latency.cycles ? NULL : time_units;
    case PARAM_TYPE_RATE: return value->rate.layer == RATE_PACKETS ? packet_units : bit_units;
    default: return NULL;
    }
}

char *param_tidy(const Param *row, const ParamValue *value) {
    static const char *const layers[] = {" wire", " frame", " payload", ""};
    char *spelled = param_spell(row, value), number[G_ASCII_DTOSTR_BUF_SIZE];
    g_autofree char *word = row->words ? word_of(row, value) : NULL;
    const Unit *units = word ? NULL : tidy_units(row, value), *best = units;
    double size = units ? magnitude(row, value) : 0;
    if (!units || size < 1) return spelled;
    for (const Unit *u = units; u->name; u++)
        if ((double)u->scale <= size && u->scale > best->scale) best = u;
    g_ascii_formatd(number, sizeof number, "%.10g", size / (double)best->scale);
    bool named = row->type == PARAM_TYPE_RATE && strcmp(row->choices, "bits") != 0;
    char *tidy = g_strconcat(number, best->name, named ? layers[value->rate.layer] : "", NULL);
    ParamValue again;
    if (param_read(row, &again, tidy, NULL, NULL) && magnitude(row, &again) == size) {
        g_free(spelled);
        return tidy;
    }
    g_free(tidy);
    return spelled;
}

char *param_moved(const Param *row, const char *text, double factor, GError **error) {
    static const Param whole = {.name = "", .type = PARAM_TYPE_COUNT};
    const Param *as = row->type == PARAM_TYPE_TEXT ? &whole : row;
    ParamValue value, again;
    if (!param_read(as, &value, text, NULL, error)) return NULL;
    g_autofree char *word = row->words ? word_of(row, &value) : NULL;
    double number = number_of(as, &value);
    if (word || number == 0) {
        input_error(error, word ? "%s is a word" : "zero", word);
        return NULL;
    }
    move_value(as, &value, factor);
    g_autofree char *moved = param_tidy(as, &value);
    /* A word's number may lie within the range. */
    g_autofree char *became = row->words ? word_of(row, &value) : NULL;
    if (became) {
        input_error(error, "%s times %.4g is the word %s", text, factor, became);
        return NULL;
    }
    if (!param_read(as, &again, moved, NULL, error)) return NULL;
    param_value_clear(as, &again);
    return g_steal_pointer(&moved);
}
