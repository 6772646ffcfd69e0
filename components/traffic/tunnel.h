/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/traffic/tunnel.h: the parameters of those who send to a slice through tunnels
 * (fastpath/tunnel.h). */
#pragma once

#include "emu/core/component.h"
#include "fastpath/tunnel.h"

#define INNER_BYTES 28u /* IPv4 and UDP headers of the inner packet */

typedef struct {
    uint32_t node_address, peer_address;
    uint8_t node_mac[6], peer_mac[6];
    uint64_t udp_port, peer_port, vlan;
} TunnelSettings;

#define TUNNEL_PARAMS(S, field)                                                                    \
    PARAM_IPV4("node_address", S, field.node_address, "10.255.0.1",                                \
               "IPv4 address of the node's interface 0, counting up with the port", "assumed"),    \
        PARAM_IPV4("peer_address", S, field.peer_address, "10.253.0.1",                            \
                   "IPv4 address that sends to interface 0, counting up", "assumed"),              \
        PARAM_MAC("node_mac", S, field.node_mac, "02:00:00:00:01:00",                              \
                  "MAC address of the node's interface 0, counting up", "assumed"),                \
        PARAM_MAC("peer_mac", S, field.peer_mac, "02:00:00:00:03:00",                              \
                  "MAC address that sends to interface 0, counting up", "assumed"),                \
        PARAM_WHICH("udp_port", S, field.udp_port, "30000", "1", "65535", "the slice's UDP port",  \
                    "SPP paper 7.1: external UDP ports"),                                          \
        PARAM_WHICH("peer_port", S, field.peer_port, "30001", "1", "65535",                        \
                    "UDP port it comes from", "assumed"),                                          \
        PARAM_WHICH("vlan", S, field.vlan, "100", "1", "4094", "VLAN id",                          \
                    "SPP paper 7.1 counts a VLAN tag; the id is assumed")

/* Fill one tunnel per port. */
void tunnel_prepare(const TunnelSettings *settings, Tunnel *tunnels, unsigned n);
