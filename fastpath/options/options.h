/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * fastpath/options/options.h: code options, what Parse runs for a slice and how Header Format
 * rewrites the slice's own header. Adding one is its own files and a line of options.def
 * (docs/code-option.md). */
#pragma once

#include "fastpath/substrate.h"

#define FP_FILTER_MEMORY 32u

/* Which packets, as a filter of the option says it. */
typedef struct {
    uint8_t key[FP_KEY_BYTES], mask[FP_KEY_BYTES];
    /* What Format will look for in the slice's SRAM, at the result's `data`; often nothing. */
    uint8_t memory[FP_FILTER_MEMORY];
    uint32_t n_memory;
} FpFilterKey;

typedef struct {
    const char *name;
    const char *text;
    /* Check the slice's header at p->bytes + p->offset and form p->key; sets p->reason. */
    FpVerdict (*parse)(const FpTables *t, FpPacket *p, FpLog *log);
    /* Rewrite the slice's header according to p->result. Any other verdict than FP_FORWARD leaves
     * the header alone and sets p->reason. */
    FpVerdict (*format)(const FpTables *t, FpPacket *p, FpLog *log);
    /* How a filter's key is written, "label N with N from 0 to 1048575". */
    const char *key_text;
    /* Read one (all 0) from words that end with NULL, *at is then the word behind it. False: *at is
     * the word where it stops making sense. NULL: `key HEX[/MASK]`, which all have, is all there
     * is. */
    bool (*read_key)(const char *const *words, unsigned *at, FpFilterKey *key);
    uint32_t data_max;  /* of the data word; 0: any */
    uint32_t memory_at; /* where in the slice's SRAM its filters' memory may begin */
} FpCodeOption;

extern const FpCodeOption *const fp_code_options[]; /* ends with NULL */
extern const char fp_option_choices[];              /* "|ipv4|...", in that order */
int fp_code_option_find(const char *name);          /* -1 if there is none */

/* A filter's key in the option's own words or as `key HEX[/MASK]`, bytes of two digits each and
 * without a mask all of them. Zeroes `key` first. */
bool fp_read_key(const FpCodeOption *o, const char *const *words, unsigned *at, FpFilterKey *key);
/* "KEY INTERFACE NEXT-HOP:PORT [DATA]", the whole text; *data says whether there is DATA. */
bool fp_read_route(const FpCodeOption *o, const char *text, unsigned n_interfaces, FpFilterKey *key,
                   FpResult *result, bool *data);
