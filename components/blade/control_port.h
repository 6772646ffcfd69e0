/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/blade/control_port.h: what every blade has beside its data ports, a port on the
 * control switch (SPP paper 6: "independent of the switch that carries data"). It is the blade's
 * last. What comes in there goes to whoever serves it; the blade does not know who that is.
 *
 * Its MAC address is the blade's first one with CONTROL_MAC_BIT in the first byte: locally
 * administered as all here, and nobody's on the data switch. */
#pragma once

#include "emu/core/component.h"

#define CONTROL_MAC_BIT 0x10u

typedef struct {
    uint32_t address; /* setting */
    Component *blade;
    unsigned number;
    uint8_t mac[6];
    void (*receive)(void *user, Packet *pkt); /* takes it; NULL: nobody serves the port */
    void *user;
} ControlPort;

#define CONTROL_PORT_PARAMS(S, field)                                                              \
    PARAM_IPV4("control_address", S, field.address, "10.0.128.0",                                  \
               "IPv4 address of its port on the control switch", "assumed")

#define CONTROL_PORT_DROP                                                                          \
    { "control", "nobody serves its port on the control switch, or it is another's" }

/* In create: the port behind those that the blade has so far, of which `mac` is the first's. */
static inline void control_port_init(ControlPort *p, Component *blade, const uint8_t mac[6]) {
    p->blade = blade;
    p->number = blade->n_ports++;
    for (unsigned i = 0; i < sizeof p->mac; i++) p->mac[i] = mac[i];
    p->mac[0] |= CONTROL_MAC_BIT;
}

/* In class->station; no station where there is no link. */
static inline bool control_port_station(const ControlPort *p, unsigned n, uint8_t mac[6]) {
    for (unsigned i = 0; i < sizeof p->mac; i++) mac[i] = p->mac[i];
    bool linked = port_connected(p->blade, p->number) || port_fed(p->blade, p->number);
    return n == 0 && linked;
}

/* In class->receive: a frame that came in there; takes it. */
void control_port_receive(ControlPort *p, unsigned drop_reason, Packet *pkt);
/* Who gets them from now on. False and an error: somebody does already. */
bool control_port_serve(ControlPort *p, void (*receive)(void *user, Packet *pkt), void *user,
                        GError **error);
