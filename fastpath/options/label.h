/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * fastpath/options/label.h: a label switch, the smallest code option that does something;
 * docs/code-option.md walks through it.
 *
 * Behind the tunnel's UDP stands a stack of 4-byte entries as in RFC 3032: label 20 bits, exp 3,
 * bottom of stack 1, time to live 8; behind the bottom one the payload. Only the top entry is
 * looked at: its label is swapped for the one in the filter's data word.
 *
 * Key, 14 bytes: label 20 bits, zero 12 bits, interface it came in by 2 bytes, zero. */
#pragma once

#include "fastpath/options/options.h"

#define LABEL_BYTES 4u
#define LABEL_BOTTOM 0x100u /* of an entry's 32 bits */
#define LABEL_TTL_MASK 0xffu
static inline uint32_t label_entry(uint32_t label, bool bottom, uint32_t ttl) {
    return label << 12 | (bottom ? LABEL_BOTTOM : 0) | ttl;
}
#define LABEL_MAX 0xfffffu
#define LABEL_FIRST 16u /* those below have meanings of their own, RFC 3032, section 2.1 */

extern const FpCodeOption label_option;

/* The filter for a label that came in by an interface. */
void label_filter(uint32_t label, uint16_t interface, uint8_t key[FP_KEY_BYTES],
                  uint8_t mask[FP_KEY_BYTES]);
