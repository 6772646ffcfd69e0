/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A code option that limits how far packets get. It is for you to write: your limit and your DSCP
 * are in answers.ini. `make` builds sppfwd with it. */
#include <string.h>

#include "fastpath/headers.h"
#include "fastpath/options/options.h"

/* Look at the header, which begins at `ip` and is p->length bytes long, and decide. */
static FpVerdict parse(const FpTables *t, FpPacket *p, FpLog *log) {
    (void)t;
    const uint8_t *ip = fp_header(p, IPV4_BYTES, log);
    (void)ip;
    fp_work(log, SITE_PARSE_MINE);
    p->reason = p->length >= IPV4_BYTES ? FP_OK : FP_SHORT;
    memset(p->key, 0, FP_KEY_BYTES); /* one filter for all */
    return fp_reason_verdict((FpReason)p->reason);
}

/* Write the header of a packet that goes on. */
static FpVerdict format(const FpTables *t, FpPacket *p, FpLog *log) {
    (void)t;
    uint8_t *ip = p->bytes + p->offset;
    (void)ip;
    fp_work(log, SITE_FORMAT_MINE);
    return FP_FORWARD;
}

const FpCodeOption mine_option = {
    .name = "mine", .text = "a boundary for packets", .parse = parse, .format = format};
