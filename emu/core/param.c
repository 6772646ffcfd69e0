/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Values with units. Numbers are read as exact decimals, so that 1.4GHz is 1,400,000,000 and 0.1
 * has no tail; a fraction finer than the unit of the field is refused, not rounded. */
#include "emu/core/param.h"

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

const char *param_type_text(ParamType type) {
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
    case PARAM_TYPE_TEXT: return "text";
    case PARAM_TYPE_FILE: return "a file name";
    case PARAM_TYPE_NAME: return "the name of a component";
    default: return "a value";
    }
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

/* Compare with a bound that is written as a value of the same row. */
static bool bounded(const Param *row, const void *field, const char *text, GError **error) {
    for (unsigned upper = 0; upper < 2; upper++) {
        const char *bound = upper ? row->max : row->min;
        if (!bound) continue;
        Param open = *row;
        union {
            uint64_t u;
            Rate r;
            Latency l;
            double d;
        } limit = {0};
        open.min = open.max = NULL;
        open.offset = 0;
        if (!param_set(&open, &limit, bound, NULL, NULL)) continue;
        double found, edge;
        switch (row->type) {
        case PARAM_TYPE_RATE:
            found = ((const Rate *)field)->per_second;
            edge = limit.r.per_second;
            break;
        case PARAM_TYPE_LATENCY:
            if (((const Latency *)field)->cycles != limit.l.cycles) continue;
            found = (double)((const Latency *)field)->value;
            edge = (double)limit.l.value;
            break;
        case PARAM_TYPE_REAL:
        case PARAM_TYPE_FRACTION:
            found = *(const double *)field;
            edge = limit.d;
            break;
        default: found = (double)*(const uint64_t *)field; edge = (double)limit.u;
        }
        if (upper ? found <= edge : found >= edge) continue;
        return input_error(error, "found \"%s\", expected %s%s%s%s", text, row->min ? row->min : "",
                           row->min ? " or more" : "",
                           row->max ? (row->min ? ", up to " : "up to ") : "",
                           row->max ? row->max : "");
    }
    return true;
}

static char *resolve(const char *text, const char *directory) {
    if (!*text || g_path_is_absolute(text) || !directory || !strcmp(directory, "."))
        return g_strdup(text);
    return g_build_filename(directory, text, NULL);
}

bool param_set(const Param *row, void *target, const char *text, const char *directory,
               GError **error) {
    void *field = (char *)target + row->offset;
    const char *expected = param_type_text(row->type);
    union {
        uint64_t u;
        Rate r;
        Latency l;
        double d;
    } value = {0};
    switch (row->type) {
    case PARAM_TYPE_COUNT:
    case PARAM_TYPE_TIME:
    case PARAM_TYPE_FREQUENCY:
    case PARAM_TYPE_SIZE:
        if (!read_whole(text, units_of(row->type), &value.u, expected, error) ||
            !bounded(row, &value, text, error))
            return false;
        *(uint64_t *)field = value.u;
        return true;
    case PARAM_TYPE_LATENCY:
        value.l.cycles = strstr(text, "cycle") != NULL;
        if (!read_whole(text, value.l.cycles ? cycle_units : time_units, &value.l.value, expected,
                        error) ||
            !bounded(row, &value, text, error))
            return false;
        *(Latency *)field = value.l;
        return true;
    case PARAM_TYPE_RATE:
        if (!read_rate(text, row->choices ? row->choices : "bits", &value.r, error)) return false;
        /* Limits are in bits; a packet rate only has to be positive. */
        if (value.r.layer == RATE_PACKETS ? value.r.per_second <= 0
                                          : !bounded(row, &value, text, error)) {
            if (value.r.layer == RATE_PACKETS) return complain(error, text, "a rate above 0", "");
            return false;
        }
        *(Rate *)field = value.r;
        return true;
    case PARAM_TYPE_REAL:
    case PARAM_TYPE_FRACTION: {
        g_autofree char *number = g_strdup(text);
        bool percent = row->type == PARAM_TYPE_FRACTION && g_str_has_suffix(number, "%");
        if (percent) number[strlen(number) - 1] = 0;
        if (!read_real(number, &value.d, expected, error)) return false;
        if (percent) value.d /= 100;
        if (row->type == PARAM_TYPE_FRACTION && (value.d < 0 || value.d > 1))
            return complain(error, text, "a share from 0 to 100%", "");
        if (!bounded(row, &value, text, error)) return false;
        *(double *)field = value.d;
        return true;
    }
    case PARAM_TYPE_BOOL:
        if (strcmp(text, "yes") != 0 && strcmp(text, "no") != 0)
            return complain(error, text, expected, "");
        *(bool *)field = text[0] == 'y';
        return true;
    case PARAM_TYPE_ENUM: return read_enum(row, text, field, error);
    case PARAM_TYPE_TEXT:
    case PARAM_TYPE_FILE:
    case PARAM_TYPE_NAME:
        g_free(*(char **)field);
        *(char **)field = row->type == PARAM_TYPE_FILE ? resolve(text, directory) : g_strdup(text);
        return true;
    default: g_assert_not_reached();
    }
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
        if (row->type >= PARAM_TYPE_TEXT)
            g_clear_pointer((char **)(void *)((char *)target + row->offset), g_free);
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

char *param_format(const Param *row, const void *target) {
    static const char *const layers[] = {" wire", " frame", " payload", ""};
    const void *field = (const char *)target + row->offset;
    char number[G_ASCII_DTOSTR_BUF_SIZE];
    switch (row->type) {
    case PARAM_TYPE_COUNT:
    case PARAM_TYPE_TIME:
    case PARAM_TYPE_FREQUENCY:
    case PARAM_TYPE_SIZE: return with_unit(*(const uint64_t *)field, units_of(row->type));
    case PARAM_TYPE_LATENCY: {
        const Latency *l = field;
        return l->cycles ? g_strdup_printf("%" G_GUINT64_FORMAT "cycles", l->value)
                         : with_unit(l->value, time_units);
    }
    case PARAM_TYPE_RATE: {
        const Rate *r = field;
        format_real(r->per_second, number);
        if (r->per_second < 1e-4)
            g_ascii_formatd(number, sizeof number, "%.18f", r->per_second); /* no exponents there */
        if (r->per_second <= 1e18 && r->per_second == (double)(uint64_t)r->per_second)
            g_snprintf(number, sizeof number, "%" G_GUINT64_FORMAT, (uint64_t)r->per_second);
        return g_strdup_printf("%s%s%s", number, r->layer == RATE_PACKETS ? "packet/s" : "bit/s",
                               layers[r->layer]);
    }
    case PARAM_TYPE_REAL:
    case PARAM_TYPE_FRACTION: format_real(*(const double *)field, number); return g_strdup(number);
    case PARAM_TYPE_BOOL: return g_strdup(*(const bool *)field ? "yes" : "no");
    case PARAM_TYPE_ENUM: {
        g_auto(GStrv) choices = g_strsplit(row->choices, "|", -1);
        return g_strdup(choices[*(const int *)field]);
    }
    default: {
        const char *text = *(char *const *)field;
        return g_strdup(text ? text : "");
    }
    }
}
