/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Label switching on the fast path: swap only, no push or pop. */
#include "fastpath/options/label.h"

#include <string.h>

#include "fastpath/headers.h"
#include "fastpath/text.h"

static FpReason classify(const uint8_t *entry, uint32_t length) {
    if (length < LABEL_BYTES) return FP_LABEL_BAD;
    uint32_t top = get32(entry);
    if (!(top & LABEL_BOTTOM) && length < 2 * LABEL_BYTES) return FP_LABEL_BAD;
    if (top >> 12 < LABEL_FIRST) return FP_LABEL_BAD;
    return (top & LABEL_TTL_MASK) <= 1 ? FP_TTL : FP_OK;
}

static void make_key(uint8_t key[FP_KEY_BYTES], uint32_t label, uint32_t interface) {
    memset(key, 0, FP_KEY_BYTES);
    put32(key, label << 12);
    put16(key + 4, interface);
}

static FpVerdict parse(const FpTables *t, FpPacket *p, FpLog *log) {
    (void)t;
    const uint8_t *entry = fp_header(p, LABEL_BYTES, log);
    fp_work(log, SITE_PARSE_LABEL);
    p->reason = (uint8_t)classify(entry, p->length);
    FpVerdict verdict = fp_reason_verdict((FpReason)p->reason);
    if (verdict != FP_DROP) make_key(p->key, get32(entry) >> 12, p->rx_interface);
    return verdict;
}

static FpVerdict format(const FpTables *t, FpPacket *p, FpLog *log) {
    (void)t;
    uint8_t *entry = p->bytes + p->offset;
    fp_work(log, SITE_FORMAT_LABEL);
    uint32_t rest = get32(entry) & 0xfff; /* exp, bottom of stack, time to live of 2 or more */
    put32(entry, p->result.data << 12 | (rest - 1));
    return FP_FORWARD;
}

void label_filter(uint32_t label, uint16_t interface, uint8_t key[FP_KEY_BYTES],
                  uint8_t mask[FP_KEY_BYTES]) {
    make_key(key, label, interface);
    make_key(mask, 0xfffff, 0xffff);
}

static bool read_key(const char *const *words, unsigned *at, FpFilterKey *k) {
    uint32_t label;
    if (strcmp(words[0], "label") != 0) return false;
    *at = 1;
    if (!text_number(words[1], LABEL_MAX, &label)) return false;
    make_key(k->key, label, 0); /* from any interface */
    make_key(k->mask, LABEL_MAX, 0);
    *at = 2;
    return true;
}

const FpCodeOption label_option = {.name = "label",
                                   .text = "label switch, for teaching",
                                   .parse = parse,
                                   .format = format,
                                   .key_text = "label N with N from 0 to 1048575",
                                   .read_key = read_key,
                                   .data_max = LABEL_MAX};
