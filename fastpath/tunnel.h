/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * fastpath/tunnel.h: the outer headers of a slice's packets between nodes and inside the chassis,
 * as the paper counts them: Ethernet 14 + VLAN 4 + IPv4 20 + UDP 8 bytes before the inner packet.
 * With the inner IPv4 and UDP headers (28), preamble, FCS and gap (24) that is 98 bytes beyond the
 * payload (SPP paper 7.1).
 *
 * The outer header says don't fragment: its two ends know what fits, and pieces of it would have to
 * be put together by the node at its end, for which the NPE has no code. The UDP checksum is 0,
 * none, as IPv4 allows. */
#pragma once

#include <string.h>

#include "fastpath/headers.h"
#include "fastpath/fp.h"

enum { TUNNEL_TTL = 64 };

/* From one of the sender's interfaces to an address and port. */
typedef struct {
    FpInterface from;
    uint32_t to;
    uint16_t from_port, to_port, vlan;
} Tunnel;

/* Write the TUNNEL_BYTES before `inner` bytes. */
static inline void tunnel_build(uint8_t *frame, const Tunnel *t, uint32_t inner) {
    uint8_t *udp = frame + TUNNEL_UDP;
    memcpy(frame + ETHER_DESTINATION, t->from.next_mac, MAC_BYTES);
    memcpy(frame + ETHER_SOURCE, t->from.mac, MAC_BYTES);
    put16(frame + ETHER_TYPE, ETHER_TYPE_VLAN);
    put16(frame + VLAN_TAG, t->vlan);
    put16(frame + VLAN_TYPE, ETHER_TYPE_IPV4);
    ip4_put_header(frame + TUNNEL_IP, 0, IPV4_BYTES + UDP_BYTES + inner, TUNNEL_TTL,
                   IP_PROTOCOL_UDP, t->from.address, t->to);
    put16(udp + L4_SOURCE_PORT, t->from_port);
    put16(udp + L4_DESTINATION_PORT, t->to_port);
    put32(udp + UDP_LENGTH, (UDP_BYTES + inner) << 16); /* and checksum 0 */
}

/* Whether a frame has the form above, and so the tunnel's UDP header at TUNNEL_UDP. */
static inline bool tunnel_is(const uint8_t *frame, uint32_t length) {
    const uint8_t *ip = frame + TUNNEL_IP;
    return length >= TUNNEL_BYTES && get16(frame + ETHER_TYPE) == ETHER_TYPE_VLAN &&
           get16(frame + VLAN_TYPE) == ETHER_TYPE_IPV4 && ip[IP4_VERSION] == IP4_PLAIN_VERSION &&
           ip[IP4_PROTOCOL] == IP_PROTOCOL_UDP && !ip4_is_fragment(ip);
}
