/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A blade's port on the control switch. */
#include "components/blade/control_port.h"

#include <string.h>

#include "emu/core/error.h"

void control_port_receive(ControlPort *p, unsigned drop_reason, Packet *pkt) {
    if (!p->receive || memcmp(pkt->data, p->mac, sizeof p->mac) != 0)
        component_drop(p->blade, drop_reason, pkt);
    else
        p->receive(p->user, pkt);
}

bool control_port_serve(ControlPort *p, void (*receive)(void *user, Packet *pkt), void *user,
                        GError **error) {
    if (p->receive)
        return input_error(error, "found a second station at the control port of %s, expected one",
                           p->blade->name);
    p->receive = receive;
    p->user = user;
    return true;
}
