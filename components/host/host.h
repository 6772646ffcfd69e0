/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/host/host.h: hosts on the Internet that speak TCP, without a processor of their own:
 * what they do takes no time. */
#pragma once

#include "components/host/stack.h"

extern const ComponentClass host_class, user_class;

/* What both are, first in their structs: one port, one address, a stack. */
typedef struct {
    Component base;
    /* settings */
    uint32_t node_address, peer_address;
    uint8_t node_mac[6], peer_mac[6];
    StackSettings tcp;
    /* state */
    Stack *stack;
} Host;

/* Rows of a struct whose field `f` is a Host. */
#define HOST_PARAMS(S, f)                                                                          \
    PARAM_IPV4("node_address", S, f.node_address, "10.255.0.1",                                    \
               "IPv4 address of the node's interface that it is attached to", "assumed"),          \
        PARAM_IPV4("peer_address", S, f.peer_address, "10.253.0.1", "its own IPv4 address",        \
                   "assumed"),                                                                     \
        PARAM_MAC("node_mac", S, f.node_mac, "02:00:00:00:01:00",                                  \
                  "MAC address that its frames go to", "assumed"),                                 \
        PARAM_MAC("peer_mac", S, f.peer_mac, "02:00:00:00:03:00", "its own MAC address",           \
                  "assumed"),                                                                      \
        STACK_PARAMS(S, f.tcp)

enum { HOST_DROP_STRANGER };
extern const DropReason host_drops[];

void host_create(Host *h);
void host_receive(Component *c, unsigned port, Packet *pkt);
void host_free(Host *h);
/* The way to everybody: through port 0, to node_mac. */
StackWay host_way(const Host *h);
