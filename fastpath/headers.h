/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * fastpath/headers.h: where the fields of packet headers are, in network byte order at any
 * alignment, and the Internet checksum (RFC 1071; incremental: RFC 1624 with erratum 4782).
 *
 * An offset counts from the first byte of its own header: get16(udp + UDP_LENGTH), ip[IP4_TTL].
 * A code option's own header has its offsets in the option's header file. */
#pragma once

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Ethernet. A frame with a VLAN tag has the tag's type where the other has that of its payload. */
#define MAC_BYTES 6u
#define ETHER_BYTES 14u
#define VLAN_BYTES 4u
enum { ETHER_DESTINATION = 0, ETHER_SOURCE = 6, ETHER_TYPE = 12, VLAN_TAG = 14, VLAN_TYPE = 16 };
#define ETHER_TYPE_BYTES 2u
#define ETHER_TYPE_IPV4 0x0800u
#define ETHER_TYPE_VLAN 0x8100u
#define ETHER_TYPE_SERVICE_VLAN 0x88a8u /* IEEE 802.1ad */
#define VLAN_ID_MASK 0x0fffu            /* of the tag; above it priority and drop eligibility */
/* What captures have in front of a packet besides: Linux cooked, BSD's address family. */
enum { SLL_TYPE = 14, NULL_BYTES = 4 };

/* IPv4: RFC 791. */
#define IPV4_BYTES 20u
#define IPV4_MAX_BYTES 60u
enum {
    IP4_VERSION = 0, /* 4 bits, and the header's length in words, 4 bits */
    IP4_TOS = 1,
    IP4_TOTAL = 2,
    IP4_ID = 4,
    IP4_FRAGMENT = 6, /* the flags below, and the offset in units of 8 bytes */
    IP4_TTL = 8,
    IP4_PROTOCOL = 9,
    IP4_CHECKSUM = 10,
    IP4_SOURCE = 12,
    IP4_DESTINATION = 16
};
/* Its options: one byte each, or type, length of the whole, and what the type makes of the rest:
 * those with a pointer count from 1, the option's first byte. */
enum { IP4_OPTION_TYPE = 0, IP4_OPTION_LENGTH = 1, IP4_OPTION_POINTER = 2, IP4_OPTION_FLAG = 3 };
enum { IP4_OPTION_END = 0, IP4_OPTION_NOP = 1 };
#define IP4_OPTION_COPIED 0x80u /* of the type: it goes with every fragment */
#define IP4_DONT_FRAGMENT 0x4000u
#define IP4_MORE_FRAGMENTS 0x2000u
#define IP4_OFFSET_MASK 0x1fffu
#define IP4_PLAIN_VERSION 0x45u /* version 4, no options */
#define IP_PROTOCOL_ICMP 1u
#define IP_PROTOCOL_TCP 6u
#define IP_PROTOCOL_UDP 17u

/* Ports are in the same place in UDP and TCP. */
enum { L4_SOURCE_PORT = 0, L4_DESTINATION_PORT = 2, L4_PORTS_BYTES = 4 };
#define UDP_BYTES 8u
enum { UDP_LENGTH = 4, UDP_CHECKSUM = 6 };
#define TCP_BYTES 20u
enum {
    TCP_SEQUENCE = 4,
    TCP_ACKNOWLEDGES = 8,
    TCP_OFFSET = 12, /* header's length in words, in the upper 4 bits */
    TCP_FLAGS = 13,
    TCP_WINDOW = 14,
    TCP_CHECKSUM = 16,
    TCP_URGENT = 18
};
enum { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_PSH = 8, TCP_ACK = 16 };
enum { TCP_OPTION_END = 0, TCP_OPTION_NOP = 1, TCP_OPTION_MSS = 2, TCP_MSS_BYTES = 4 };

/* ICMP: RFC 792; the third word is what the type makes of it. */
#define ICMP_BYTES 8u
enum { ICMP_TYPE = 0, ICMP_CODE = 1, ICMP_CHECKSUM = 2, ICMP_WORD = 4 };
enum { ICMP_ECHO_ID = 4 };

/* The headers in which a slice's packet travels (fastpath/tunnel.h): Ethernet, VLAN, IPv4, UDP. */
#define TUNNEL_IP (ETHER_BYTES + VLAN_BYTES)
#define TUNNEL_UDP (TUNNEL_IP + IPV4_BYTES)
#define TUNNEL_BYTES (TUNNEL_UDP + UDP_BYTES) /* 46 */

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
/* In one store: written byte by byte, compilers join the bytes of neighbours in longer ways. */
static inline void put32(uint8_t *p, uint32_t v) {
    v = htobe32(v);
    memcpy(p, &v, sizeof v);
}

/* Where the payload of a frame begins, behind a tag if it has one; *type is what it is. */
static inline uint32_t ether_payload(const uint8_t *frame, uint32_t *type) {
    uint32_t at = get16(frame + ETHER_TYPE) == ETHER_TYPE_VLAN ? VLAN_TYPE : ETHER_TYPE;
    *type = get16(frame + at);
    return at + (ETHER_BYTES - ETHER_TYPE);
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

static inline uint32_t ip4_version(const uint8_t *ip) {
    return ip[IP4_VERSION] >> 4;
}
static inline uint32_t ip4_header_bytes(const uint8_t *ip) {
    return (ip[IP4_VERSION] & 15u) * 4;
}
static inline void ip4_set_header_bytes(uint8_t *ip, uint32_t bytes) {
    ip[IP4_VERSION] = (uint8_t)(0x40 | bytes / 4);
}
/* A piece of a packet; a piece that is not the first, and so has no ports. */
static inline bool ip4_is_fragment(const uint8_t *ip) {
    return get16(ip + IP4_FRAGMENT) & (IP4_MORE_FRAGMENTS | IP4_OFFSET_MASK);
}
static inline bool ip4_is_later_fragment(const uint8_t *ip) {
    return get16(ip + IP4_FRAGMENT) & IP4_OFFSET_MASK;
}
/* Whether the packet has ports behind its header, `there` bytes of it and its header being. */
static inline bool ip4_has_ports(const uint8_t *ip, uint32_t there) {
    return (ip[IP4_PROTOCOL] == IP_PROTOCOL_TCP || ip[IP4_PROTOCOL] == IP_PROTOCOL_UDP) &&
           !ip4_is_later_fragment(ip) && there >= ip4_header_bytes(ip) + L4_PORTS_BYTES;
}
static inline void ip4_put_checksum(uint8_t *ip) {
    put16(ip + IP4_CHECKSUM, 0);
    put16(ip + IP4_CHECKSUM, fold_checksum(sum_words(ip, ip4_header_bytes(ip))));
}
/* A header without options, of a packet that is not to be fragmented and needs no identification
 * therefore (RFC 6864). The checksum is summed from what goes in, not from the bytes. */
static inline void ip4_put_header(uint8_t *ip, uint32_t tos, uint32_t total, uint32_t ttl,
                                  uint32_t protocol, uint32_t from, uint32_t to) {
    uint32_t first = IP4_PLAIN_VERSION << 8 | tos, time = ttl << 8 | protocol;
    put32(ip, first << 16 | total);
    put32(ip + IP4_ID, IP4_DONT_FRAGMENT);
    put32(ip + IP4_TTL,
          time << 16 | fold_checksum(first + total + IP4_DONT_FRAGMENT + time + (from >> 16) +
                                     (from & 0xffff) + (to >> 16) + (to & 0xffff)));
    put32(ip + IP4_SOURCE, from);
    put32(ip + IP4_DESTINATION, to);
}
/* Give the packet another time to live, and mend the checksum. */
static inline void ip4_set_ttl(uint8_t *ip, uint32_t ttl) {
    uint32_t old = get16(ip + IP4_TTL), new = ttl << 8 | ip[IP4_PROTOCOL];
    if (old == new) return;
    put16(ip + IP4_TTL, new);
    put16(ip + IP4_CHECKSUM, checksum_update(get16(ip + IP4_CHECKSUM), old, new));
}
