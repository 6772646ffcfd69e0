/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/core/param.h: parameter tables. One row says everything about a modelled constant: name,
 * field, unit, default, range, a sentence and where the number comes from. From the table come
 * parsing, checking, `sppemu help CLASS` and docs/parameters.md.
 *
 * Values are written with units. Accepted spellings, by type:
 *   COUNT     12, 1_000           TIME      107ns 1.5us 20ms 2s 714ps (and a bare 0)
 *   RATE      800Mbit/s 1.5Gbit/s, a space and one of `wire`, `frame`, `payload` may follow;
 *             where the class allows it also packets: 4.8Mpacket/s, 59kpacket/s
 *   FREQUENCY 1.4GHz 700MHz 10Hz  SIZE      128B 64KiB 1MB
 *   LATENCY   a TIME, or 150cycles (of the component's own clock)
 *   REAL      2.5                 FRACTION  30% or 0.3
 *   BOOL      yes no              ENUM      one of the row's choices
 *   IPV4      10.0.0.1            MAC       02:00:00:00:01:00
 *   PREFIX    192.168.0.0/16      HEX       0a000001, the leading digits of so many bytes
 *   TEXT      anything            FILE      a path, relative to the file that names it
 *   NAME      the name of another component, of one of the classes in `choices`
 *   LIST      values of one row, with commas between
 * Beyond the bounds of a row, which are times and bits, cycles go up to 1,000,000 and packets to
 * 10,000 million a second.
 * Values of a row may have words: `unlimited`, `default`, `none`. The number that a word stands for
 * in the field is its code and nobody else's business: where it is not in the row's range it is
 * refused, and where it is the word is how it is spelled.
 * A number without its unit, a unit of another kind and anything left over are errors. A PREFIX, a
 * HEX, a NAME or a LIST may be left empty where that is its default. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "emu/core/error.h"

typedef enum {
    PARAM_END = 0,
    PARAM_TYPE_COUNT,     /* uint64_t */
    PARAM_TYPE_TIME,      /* SimTime, ps */
    PARAM_TYPE_RATE,      /* Rate */
    PARAM_TYPE_FREQUENCY, /* uint64_t, Hz */
    PARAM_TYPE_SIZE,      /* uint64_t, bytes */
    PARAM_TYPE_LATENCY,   /* Latency */
    PARAM_TYPE_REAL,      /* double */
    PARAM_TYPE_FRACTION,  /* double, 0..1 */
    PARAM_TYPE_BOOL,      /* bool */
    PARAM_TYPE_ENUM,      /* int, index into choices */
    PARAM_TYPE_IPV4,      /* uint32_t, host order */
    PARAM_TYPE_MAC,       /* uint8_t[6] */
    PARAM_TYPE_PREFIX,    /* Prefix */
    PARAM_TYPE_HEX,       /* Hex */
    PARAM_TYPE_TEXT,      /* char *, owned by the component */
    PARAM_TYPE_FILE,      /* char *, absolute or relative to the working directory; owned */
    PARAM_TYPE_NAME,      /* char *, owned */
    PARAM_TYPE_LIST,      /* ParamList, owned */
} ParamType;

typedef enum { RATE_WIRE = 0, RATE_FRAME, RATE_PAYLOAD, RATE_PACKETS } RateLayer;
typedef struct {
    double per_second; /* bits, or packets for RATE_PACKETS */
    RateLayer layer;
} Rate;

typedef struct {
    uint64_t value;
    bool cycles; /* value counts cycles of the owner's clock, else picoseconds */
} Latency;

typedef struct {
    uint32_t address; /* host order; bits behind the prefix are 0 */
    uint8_t length;
    bool given; /* false: the value is empty */
} Prefix;

#define PARAM_HEX_BYTES 32u
typedef struct {
    uint8_t bytes[PARAM_HEX_BYTES]; /* those behind the digits are 0 */
    bool given;
} Hex;

typedef union ParamValue ParamValue;
typedef struct {
    ParamValue *at;
    unsigned n;
} ParamList;

/* A value of any type: what its field holds. */
union ParamValue {
    uint64_t word; /* COUNT, TIME, FREQUENCY, SIZE */
    Rate rate;
    Latency latency;
    double real; /* REAL, FRACTION */
    bool yes;
    int choice;
    uint32_t ipv4;
    uint8_t mac[6];
    Prefix prefix;
    Hex hex;
    char *text; /* TEXT, FILE, NAME */
    ParamList list;
};

/* What more of a number does, as far as a row can say it. */
typedef enum {
    PARAM_SENSE_OF_TYPE = 0, /* of a time it is slower, of any other quantity faster */
    PARAM_SENSE_SLOWER,      /* of instructions, cycles, bytes to be moved */
    PARAM_SENSE_FASTER,      /* of the time from one piece of work to the next */
    PARAM_SENSE_NONE,        /* it is no quantity: it says which, or how things are wired */
} ParamSense;

typedef struct Param Param;
struct Param {
    const char *name;
    ParamType type;
    size_t offset;   /* of the field in the component's struct */
    const char *def; /* as it would be written in a scenario; NULL: must be given */
    const char *min; /* likewise; both or neither, and numbers of a class have them */
    const char *max;
    const char *words;   /* "default=0|all=1000": words, and the values that they stand for; NULL */
    const char *choices; /* ENUM: "a|b|c"; NAME: classes; RATE: "bits", "packets" or "any" */
    const char *text;    /* one sentence, without a full stop */
    const char *source;  /* document and section, "calibrated on ID", or "assumed: why" */
    const Param *item;   /* LIST: of what */
    unsigned most;       /* LIST: items; HEX: bytes */
    ParamSense sense;    /* of a number; a TEXT that may be one has to say it */
    bool scenario_wide;  /* [scenario] has a key of that name: its value is that of all rows that
                          * are marked so, where a component does not say its own */
};

#define PARAM_ROW(n, t, S, f, d, s, src, ...)                                                      \
    {                                                                                              \
        .name = n, .type = PARAM_TYPE_##t, .offset = offsetof(S, f), .def = d, .text = s,          \
        .source = src, __VA_ARGS__                                                                 \
    }
#define PARAM_RANGE(n, t, S, f, def, low, high, text, src)                                         \
    PARAM_ROW(n, t, S, f, def, text, src, .min = low, .max = high)
/* A number of any type that has words too: PARAM_WORDS("active", COUNT, ..., "all=0", ...). */
#define PARAM_WORDS(n, t, S, f, def, low, high, w, text, src)                                      \
    PARAM_ROW(n, t, S, f, def, text, src, .min = low, .max = high, .words = w)
#define PARAM_COUNT(n, S, f, def, min, max, text, src)                                             \
    PARAM_RANGE(n, COUNT, S, f, def, min, max, text, src)
/* A number that more of is slower: instructions, cycles. */
#define PARAM_COST(n, S, f, def, low, high, text, src)                                             \
    PARAM_ROW(n, COUNT, S, f, def, text, src, .min = low, .max = high, .sense = PARAM_SENSE_SLOWER)
/* One that is no quantity: a UDP port, a VLAN, a place, or how many ports are wired. */
#define PARAM_WHICH(n, S, f, def, low, high, text, src)                                            \
    PARAM_ROW(n, COUNT, S, f, def, text, src, .min = low, .max = high, .sense = PARAM_SENSE_NONE)
/* A time that more of is faster: from one piece of work that costs to the next. */
#define PARAM_GAP(n, S, f, def, low, high, text, src)                                              \
    PARAM_ROW(n, TIME, S, f, def, text, src, .min = low, .max = high, .sense = PARAM_SENSE_FASTER)
#define PARAM_TIME(n, S, f, def, min, max, text, src)                                              \
    PARAM_RANGE(n, TIME, S, f, def, min, max, text, src)
#define PARAM_FREQUENCY(n, S, f, def, min, max, text, src)                                         \
    PARAM_RANGE(n, FREQUENCY, S, f, def, min, max, text, src)
#define PARAM_SIZE(n, S, f, def, min, max, text, src)                                              \
    PARAM_RANGE(n, SIZE, S, f, def, min, max, text, src)
#define PARAM_LATENCY(n, S, f, def, min, max, text, src)                                           \
    PARAM_RANGE(n, LATENCY, S, f, def, min, max, text, src)
#define PARAM_REAL(n, S, f, def, min, max, text, src)                                              \
    PARAM_RANGE(n, REAL, S, f, def, min, max, text, src)
#define PARAM_FRACTION(n, S, f, def, min, max, text, src)                                          \
    PARAM_RANGE(n, FRACTION, S, f, def, min, max, text, src)
#define PARAM_RATE(n, S, f, def, low, high, kinds, text, src)                                      \
    PARAM_ROW(n, RATE, S, f, def, text, src, .min = low, .max = high, .choices = kinds)
#define PARAM_BOOL(n, S, f, def, text, src)                                                        \
    PARAM_ROW(n, BOOL, S, f, def, text, src, .choices = NULL)
#define PARAM_IPV4(n, S, f, def, text, src)                                                        \
    PARAM_ROW(n, IPV4, S, f, def, text, src, .choices = NULL)
#define PARAM_MAC(n, S, f, def, text, src) PARAM_ROW(n, MAC, S, f, def, text, src, .choices = NULL)
#define PARAM_PREFIX(n, S, f, def, text, src)                                                      \
    PARAM_ROW(n, PREFIX, S, f, def, text, src, .choices = NULL)
#define PARAM_TEXT(n, S, f, def, text, src)                                                        \
    PARAM_ROW(n, TEXT, S, f, def, text, src, .choices = NULL)
#define PARAM_FILE(n, S, f, def, text, src)                                                        \
    PARAM_ROW(n, FILE, S, f, def, text, src, .choices = NULL)
#define PARAM_ENUM(n, S, f, def, names, text, src)                                                 \
    PARAM_ROW(n, ENUM, S, f, def, text, src, .choices = names)
#define PARAM_NAME(n, S, f, def, classes, text, src)                                               \
    PARAM_ROW(n, NAME, S, f, def, text, src, .choices = classes)
/* A choice that a scenario makes for all components at once, and each may make for itself. */
#define PARAM_SCENARIO_ENUM(n, S, f, def, names, text, src)                                        \
    PARAM_ROW(n, ENUM, S, f, def, text, src, .choices = names, .scenario_wide = true)
/* The leading hexadecimal digits of `bytes` bytes. */
#define PARAM_HEX(n, S, f, def, bytes, text, src)                                                  \
    PARAM_ROW(n, HEX, S, f, def, text, src, .most = bytes)
/* Up to `n_most` values of the row `of`, whose name, field and default do not matter. */
#define PARAM_LIST(n, S, f, def, of, n_most, text, src)                                            \
    PARAM_ROW(n, LIST, S, f, def, text, src, .item = of, .most = n_most)

/* Read `text`, one value of the row as a scenario spells it. The error says what was found and what
 * was expected ("found \"5\", which has no unit, expected a rate such as 800Mbit/s"), without file
 * and line, which the caller knows. `directory` resolves FILE. On success the caller clears. */
bool param_read(const Param *row, ParamValue *value, const char *text, const char *directory,
                GError **error);
void param_value_clear(const Param *row, ParamValue *value);
/* The value as a scenario would spell it, in one way for each value; caller frees. */
char *param_spell(const Param *row, const ParamValue *value);
/* In base units, of a list of one that of its item; NaN: it is no number. Of a word there is none
 * either, but for `unlimited`, which is more than any. */
double param_number(const Param *row, const ParamValue *value);
/* The same of `text`, as a scenario spells a value of the row; NaN also if it is none. */
double param_number_of(const Param *row, const char *text);
/* Read `text` into the field of `row` in `target`, in place of what was there. */
bool param_set(const Param *row, void *target, const char *text, const char *directory,
               GError **error);
/* Set every row of the table to its default; rows without one are left zero. */
void param_set_defaults(const Param *table, void *target);
/* Free what param_set and param_set_defaults allocated in `target`. */
void param_clear(const Param *table, void *target);
/* Whether more of the number is faster (1) or slower (-1); 0: the row has no quantities. */
int param_sense(const Param *row);
/* As param_spell, but as a person would write it: 993.75Mbit/s, 1.0625ms. Caller frees. */
char *param_tidy(const Param *row, const ParamValue *value);
/* `text`, a value of the row, times `factor`, as param_tidy has it; whole numbers move by one at
 * least. NULL and why not, without file and line: it is a word or zero, or the row's range
 * ends before it. Caller frees. */
char *param_moved(const Param *row, const char *text, double factor, GError **error);
/* The row of that name, or NULL. */
const Param *param_find(const Param *table, const char *name);
/* "a time such as 107ns", "1 to 64 hexadecimal digits", ...; caller frees. */
char *param_type_text(const Param *row);
/* The row's words; ", or none, all" of them, empty without. Caller frees. */
GStrv param_words(const Param *row);
char *param_words_text(const Param *row);
/* The nearest of `names` (NULL-terminated) to `found` by edit distance, or NULL if none is near. */
const char *param_nearest(const char *found, const char *const *names);
/* As param_spell, of the field of `row` in `target`. */
char *param_format(const Param *row, const void *target);
