/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Fragmentation. */
#include "components/slowpath/fragment.h"

#include <string.h>

#include "fastpath/headers.h"

enum { UNIT = 8 }; /* bytes of an offset's step */

/* The header of later pieces: without the options that are not copied. Returns its bytes. */
static uint32_t later_header(const uint8_t *ip, uint8_t *out) {
    uint32_t header = ip4_header_bytes(ip), end = IPV4_BYTES;
    memcpy(out, ip, IPV4_BYTES);
    for (uint32_t at = IPV4_BYTES; at < header && ip[at] != IP4_OPTION_END;) {
        bool single = ip[at] == IP4_OPTION_NOP;
        uint32_t left = header - at;
        uint32_t bytes = single ? 1 : left < 2 ? left : ip[at + IP4_OPTION_LENGTH];
        if (bytes == 0 || bytes > left) break; /* damaged: nobody can tell what follows */
        if (!single && ip[at] & IP4_OPTION_COPIED) {
            memcpy(out + end, ip + at, bytes);
            end += bytes;
        }
        at += bytes;
    }
    while (end % 4) out[end++] = IP4_OPTION_END;
    ip4_set_header_bytes(out, end);
    return end;
}

unsigned fragment_packet(const uint8_t *ip, uint32_t mtu, uint8_t *out, FragmentEmit *emit,
                         void *user) {
    uint8_t later[IPV4_MAX_BYTES];
    uint32_t header = ip4_header_bytes(ip), word = get16(ip + IP4_FRAGMENT), at = header;
    uint32_t total = get16(ip + IP4_TOTAL), offset = word & IP4_OFFSET_MASK;
    uint32_t header_later = later_header(ip, later);
    unsigned n = 0;
    if (word & IP4_DONT_FRAGMENT || mtu < header + UNIT) return 0;
    for (uint32_t piece; at < total; at += piece, n++) {
        uint32_t before = n ? header_later : header;
        bool last = before + (total - at) <= mtu;
        piece = last ? total - at : (mtu - before) / UNIT * UNIT;
        memcpy(out, n ? later : ip, before);
        memcpy(out + before, ip + at, piece);
        put16(out + IP4_TOTAL, before + piece);
        put16(out + IP4_FRAGMENT, (offset + (at - header) / UNIT) |
                                      (last ? word & IP4_MORE_FRAGMENTS : IP4_MORE_FRAGMENTS));
        ip4_put_checksum(out);
        emit(user, out, before + piece);
    }
    return n;
}
