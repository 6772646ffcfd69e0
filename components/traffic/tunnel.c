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
        Tunnel *t = &tunnels[i];
        *t = (Tunnel){.from.address = peer + i,
                      .to = node + i,
                      .from_port = (uint16_t)s->peer_port,
                      .to_port = (uint16_t)s->udp_port,
                      .vlan = (uint16_t)s->vlan};
        memcpy(t->from.mac, peer_mac, MAC_BYTES);
        memcpy(t->from.next_mac, node_mac, MAC_BYTES);
        t->from.mac[MAC_BYTES - 1] = (uint8_t)(peer_mac[MAC_BYTES - 1] + i);
        t->from.next_mac[MAC_BYTES - 1] = (uint8_t)(node_mac[MAC_BYTES - 1] + i);
    }
    return true;
}
