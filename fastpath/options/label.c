/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Label switching on the fast path: swap only, no push or pop. */
#include "fastpath/options/label.h"

#include <string.h>

#include "fastpath/headers.h"

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

FpVerdict label_parse_block(const FpTables *t, FpPacket *p, FpLog *log) {
    (void)t;
    const uint8_t *entry = fp_header(p, LABEL_BYTES, log);
    fp_work(log, SITE_PARSE_LABEL);
    p->reason = (uint8_t)classify(entry, p->length);
    FpVerdict verdict = fp_reason_verdict((FpReason)p->reason);
    if (verdict != FP_DROP) make_key(p->key, get32(entry) >> 12, p->rx_interface);
    return verdict;
}

FpVerdict label_format_block(const FpTables *t, FpPacket *p, FpLog *log) {
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
