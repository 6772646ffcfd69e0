/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * tests/frames.h: Ethernet frames with IPv4 packets for tests, checksums made over whole packets,
 * and a die that falls the same way in every run. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "fastpath/headers.h"
#include "tests/dice.h"

enum { ICMP = 1, TCP = IP_PROTOCOL_TCP, UDP = IP_PROTOCOL_UDP, GRE = 47 };
enum { ROOM = 2048 }; /* for any frame */

typedef struct {
    bool tagged;
    uint16_t tag; /* priority and VLAN */
    uint8_t protocol;
    uint32_t from, to;
    uint16_t from_port, to_port; /* ICMP: from_port is the identifier */
    bool reply;                  /* ICMP */
    uint16_t fragment;           /* flags and offset */
    uint32_t options, payload;
} Form;

static inline uint32_t sum_bytes(const uint8_t *p, uint32_t n) { /* any n */
    uint32_t sum = 0;
    for (uint32_t i = 0; i < n; i++) sum += i & 1 ? p[i] : (uint32_t)p[i] << 8;
    return sum;
}
static inline uint32_t whole_checksum(uint32_t sum) {
    while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
    return ~sum & 0xffff;
}

/* Both checksums of a packet, from nothing. */
static inline void sign(uint8_t *ip) {
    uint32_t header = (ip[0] & 15u) * 4, bytes = get16(ip + 2) - header, sum;
    put16(ip + 10, 0);
    put16(ip + 10, whole_checksum(sum_bytes(ip, header)));
    if ((ip[9] != TCP && ip[9] != UDP && ip[9] != ICMP) || get16(ip + 6) & 0x1fff) return;
    uint8_t *at = ip + header + (ip[9] == TCP ? 16 : ip[9] == UDP ? 6 : 2);
    put16(at, 0);
    sum = sum_bytes(ip + header, bytes);
    if (ip[9] != ICMP) sum += sum_bytes(ip + 12, 8) + ip[9] + bytes;
    sum = whole_checksum(sum);
    put16(at, ip[9] == UDP && sum == 0 ? 0xffff : sum);
}
static inline bool signed_right(const uint8_t *ip) {
    uint8_t copy[ROOM];
    memcpy(copy, ip, get16(ip + 2));
    sign(copy);
    return memcmp(copy, ip, get16(ip + 2)) == 0;
}

/* Returns its length; addresses of the Ethernet header are random. */
static inline uint32_t make(uint8_t *frame, const Form *f) {
    uint32_t at = 12, own = f->protocol == TCP ? 20 : 8, header = IPV4_BYTES + f->options;
    for (unsigned i = 0; i < 12; i++) frame[i] = (uint8_t)dice(256);
    if (f->tagged) {
        put16(frame + 12, ETHER_TYPE_VLAN);
        put16(frame + 14, f->tag);
        at += VLAN_BYTES;
    }
    put16(frame + at, ETHER_TYPE_IPV4);
    uint8_t *ip = frame + at + 2, *l4 = ip + header;
    uint32_t total = header + own + f->payload;
    for (uint32_t i = 0; i < total; i++) ip[i] = (uint8_t)dice(256);
    ip[0] = (uint8_t)(0x40 | header / 4);
    put16(ip + 2, total);
    put16(ip + 6, f->fragment);
    ip[9] = f->protocol;
    put32(ip + 12, f->from);
    put32(ip + 16, f->to);
    if (f->protocol == ICMP) {
        put16(l4, f->reply ? 0 : 0x0800);
        put16(l4 + 4, f->from_port);
    } else {
        put16(l4, f->from_port);
        put16(l4 + 2, f->to_port);
        if (f->protocol == TCP) put16(l4 + 12, 0x5002);
        if (f->protocol == UDP) put16(l4 + 4, own + f->payload);
    }
    sign(ip);
    return at + 2 + total;
}
