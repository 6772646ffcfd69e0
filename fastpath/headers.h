/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * fastpath/headers.h: fields of packet headers, in network byte order at any alignment, and the
 * Internet checksum (RFC 1071; incremental: RFC 1624 with erratum 4782). */
#pragma once

#include <stdint.h>

#define ETHER_BYTES 14u
#define VLAN_BYTES 4u
#define IPV4_BYTES 20u
#define UDP_BYTES 8u
#define TUNNEL_BYTES (ETHER_BYTES + VLAN_BYTES + IPV4_BYTES + UDP_BYTES) /* 46 */
#define ETHER_TYPE_IPV4 0x0800u
#define ETHER_TYPE_VLAN 0x8100u
#define IP_PROTOCOL_TCP 6u
#define IP_PROTOCOL_UDP 17u

static inline uint32_t get16(const uint8_t *p) {
    return (uint32_t)p[0] << 8 | p[1];
}
static inline uint32_t get32(const uint8_t *p) {
    return get16(p) << 16 | get16(p + 2);
}
static inline void put16(uint8_t *p, uint32_t v) {
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}
static inline void put32(uint8_t *p, uint32_t v) {
    put16(p, v >> 16);
    put16(p + 2, v);
}

/* The sum of `bytes` (even) bytes as 16-bit words, not folded. */
static inline uint32_t sum_words(const uint8_t *p, uint32_t bytes) {
    uint32_t sum = 0;
    for (uint32_t i = 0; i < bytes; i += 2) sum += get16(p + i);
    return sum;
}
/* The checksum of a sum. */
static inline uint32_t fold_checksum(uint32_t sum) {
    sum = (sum >> 16) + (sum & 0xffff);
    sum += sum >> 16;
    return ~sum & 0xffff;
}
/* RFC 1624, equation 3: HC' = ~(~HC + ~m + m'). Not for m = m' (erratum 4782): callers change
 * something. */
static inline uint32_t checksum_update(uint32_t checksum, uint32_t old, uint32_t new) {
    return fold_checksum((~checksum & 0xffff) + (~old & 0xffff) + new);
}
