/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Outer headers. */
#include "components/traffic/tunnel.h"

#include <string.h>

#include "components/address.h"

bool tunnel_prepare(const TunnelSettings *s, Tunnel *tunnels, unsigned n, GError **error) {
    uint32_t node, peer;
    uint8_t node_mac[6], peer_mac[6];
    if (!error_of_key(ipv4_parse(s->node_address, &node, error), "node_address", error) ||
        !error_of_key(ipv4_parse(s->peer_address, &peer, error), "peer_address", error) ||
        !error_of_key(mac_parse(s->node_mac, node_mac, error), "node_mac", error) ||
        !error_of_key(mac_parse(s->peer_mac, peer_mac, error), "peer_mac", error))
        return false;
    for (unsigned i = 0; i < n; i++) {
        uint8_t *b = tunnels[i].bytes;
        memset(b, 0, TUNNEL_BYTES);
        memcpy(b, node_mac, 6);
        memcpy(b + 6, peer_mac, 6);
        b[5] = (uint8_t)(b[5] + i);
        b[11] = (uint8_t)(b[11] + i);
        put16(b + 12, 0x8100);
        put16(b + 14, (uint32_t)s->vlan);
        put16(b + 16, 0x0800);
        b[18] = 0x45;
        put16(b + 24, 0x4000); /* don't fragment */
        b[26] = 64;
        b[27] = 17;
        put32(b + 30, peer + i);
        put32(b + 34, node + i);
        put16(b + 38, (uint32_t)s->peer_port);
        put16(b + 40, (uint32_t)s->udp_port);
        tunnels[i].sum = sum_words(b + 18, IPV4_BYTES);
    }
    return true;
}

void tunnel_write(const Tunnel *t, uint8_t *frame, uint32_t inner) {
    memcpy(frame, t->bytes, TUNNEL_BYTES);
    uint32_t length = inner + 28;
    put16(frame + 20, length);
    put16(frame + 28, fold_checksum(t->sum + length));
    put16(frame + 42, inner + 8);
}
