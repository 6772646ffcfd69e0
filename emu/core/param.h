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
 *   TEXT      anything            FILE      a path, relative to the file that names it
 *   NAME      the name of another component of the class in `choices`
 * A number without its unit, a unit of another kind and anything left over are errors. */
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
    PARAM_TYPE_TEXT,      /* char *, owned by the component */
    PARAM_TYPE_FILE,      /* char *, absolute or relative to the working directory; owned */
    PARAM_TYPE_NAME,      /* char *, owned; class `choices` */
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
    const char *name;
    ParamType type;
    size_t offset;   /* of the field in the component's struct */
    const char *def; /* as it would be written in a scenario; NULL: must be given */
    const char *min; /* likewise; NULL: the type's own limit */
    const char *max;
    const char *choices; /* ENUM: "a|b|c"; NAME: the class; RATE: "bits", "packets" or "any" */
    const char *text;    /* one sentence, without a full stop */
    const char *source;  /* document and section, "calibrated on ID", or "assumed: why" */
} Param;

#define PARAM_COUNT(n, S, f, def, min, max, text, src)                                             \
    { n, PARAM_TYPE_COUNT, offsetof(S, f), def, min, max, NULL, text, src }
#define PARAM_TIME(n, S, f, def, min, max, text, src)                                              \
    { n, PARAM_TYPE_TIME, offsetof(S, f), def, min, max, NULL, text, src }
#define PARAM_RATE(n, S, f, def, min, max, kinds, text, src)                                       \
    { n, PARAM_TYPE_RATE, offsetof(S, f), def, min, max, kinds, text, src }
#define PARAM_FREQUENCY(n, S, f, def, min, max, text, src)                                         \
    { n, PARAM_TYPE_FREQUENCY, offsetof(S, f), def, min, max, NULL, text, src }
#define PARAM_SIZE(n, S, f, def, min, max, text, src)                                              \
    { n, PARAM_TYPE_SIZE, offsetof(S, f), def, min, max, NULL, text, src }
#define PARAM_LATENCY(n, S, f, def, min, max, text, src)                                           \
    { n, PARAM_TYPE_LATENCY, offsetof(S, f), def, min, max, NULL, text, src }
#define PARAM_REAL(n, S, f, def, min, max, text, src)                                              \
    { n, PARAM_TYPE_REAL, offsetof(S, f), def, min, max, NULL, text, src }
#define PARAM_FRACTION(n, S, f, def, min, max, text, src)                                          \
    { n, PARAM_TYPE_FRACTION, offsetof(S, f), def, min, max, NULL, text, src }
#define PARAM_BOOL(n, S, f, def, text, src)                                                        \
    { n, PARAM_TYPE_BOOL, offsetof(S, f), def, NULL, NULL, NULL, text, src }
#define PARAM_ENUM(n, S, f, def, choices, text, src)                                               \
    { n, PARAM_TYPE_ENUM, offsetof(S, f), def, NULL, NULL, choices, text, src }
#define PARAM_TEXT(n, S, f, def, text, src)                                                        \
    { n, PARAM_TYPE_TEXT, offsetof(S, f), def, NULL, NULL, NULL, text, src }
#define PARAM_FILE(n, S, f, def, text, src)                                                        \
    { n, PARAM_TYPE_FILE, offsetof(S, f), def, NULL, NULL, NULL, text, src }
#define PARAM_NAME(n, S, f, def, class_name, text, src)                                            \
    { n, PARAM_TYPE_NAME, offsetof(S, f), def, NULL, NULL, class_name, text, src }

/* Write `text`, one value as a scenario spells it, into the field of `row` in `target`. The error
 * says what was found and what was expected ("\"5\" has no unit: expected a rate such as
 * \"800Mbit/s\""), without file and line, which the caller knows. `directory` resolves FILE. */
bool param_set(const Param *row, void *target, const char *text, const char *directory,
               GError **error);
/* Set every row of the table to its default; rows without one are left zero. */
void param_set_defaults(const Param *table, void *target);
/* Free the strings that param_set and param_set_defaults allocated in `target`. */
void param_clear(const Param *table, void *target);
/* The row of that name, or NULL. */
const Param *param_find(const Param *table, const char *name);
/* "a time such as 107ns", "a rate such as 800Mbit/s", ... */
const char *param_type_text(ParamType type);
/* The nearest of `names` (NULL-terminated) to `found` by edit distance, or NULL if none is near. */
const char *param_nearest(const char *found, const char *const *names);
/* The value of the field as a scenario would spell it, for the resolved scenario; caller frees. */
char *param_format(const Param *row, const void *target);
