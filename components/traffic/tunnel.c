/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Outer headers. */
#include "components/traffic/tunnel.h"

#include <string.h>

void tunnel_prepare(const TunnelSettings *s, Tunnel *tunnels, unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        Tunnel *t = &tunnels[i];
        *t = (Tunnel){.from.address = s->peer_address + i,
                      .to = s->node_address + i,
                      .from_port = (uint16_t)s->peer_port,
                      .to_port = (uint16_t)s->udp_port,
                      .vlan = (uint16_t)s->vlan};
        memcpy(t->from.mac, s->peer_mac, MAC_BYTES);
        memcpy(t->from.next_mac, s->node_mac, MAC_BYTES);
        t->from.mac[MAC_BYTES - 1] = (uint8_t)(s->peer_mac[MAC_BYTES - 1] + i);
        t->from.next_mac[MAC_BYTES - 1] = (uint8_t)(s->node_mac[MAC_BYTES - 1] + i);
    }
}
