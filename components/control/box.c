/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Stations at the control ports of boxes. */
#include "components/control/box.h"

#include <string.h>

#include "components/gpe/server.h"
#include "components/linecard/linecard.h"
#include "components/npe/npe.h"
#include "emu/core/error.h"

static ControlPort *port_of(Component *box) {
    if (!box) return NULL;
    if (box->class == &npe_class) return npe_switched((Npe *)box) ? npe_control((Npe *)box) : NULL;
    if (box->class == &linecard_class) return linecard_control((LineCard *)box);
    Gpe *g = gpe_of(box);
    return g ? gpe_control(g) : NULL;
}

ControlPort *control_port_of(const Network *net, const char *box, GError **error) {
    ControlPort *port = port_of(network_find(net, box));
    if (!port)
        input_error(error,
                    "found \"%s\", expected an NPE, line card, GPE or control processor with a "
                    "port on the control switch",
                    box);
    return port;
}

static StationPlace place_of(const ControlPort *port) {
    StationPlace place = {.address = port->address};
    memcpy(place.mac, port->mac, sizeof place.mac);
    return place;
}

bool control_place(const Network *net, const char *box, StationPlace *place) {
    const ControlPort *port = port_of(network_find(net, box));
    if (port) *place = place_of(port);
    return port != NULL;
}

/* Stations know each other by address. */
static bool address_is_its_own(const Network *net, const ControlPort *port, GError **error) {
    Component *other;
    for (unsigned i = 0; (other = network_nth(net, i)); i++) {
        const ControlPort *its = port_of(other);
        if (its && its != port && its->address == port->address)
            return input_error(error,
                               "control_address: found that of %s at %s too, expected one for each",
                               other->name, port->blade->name);
    }
    return true;
}

static void send(void *user, Packet *pkt) {
    ControlPort *port = user;
    Gpe *g = gpe_of(port->blade);
    if (g)
        nic_transmit(&g->nics, port->number, pkt);
    else
        port_send(port->blade, port->number, pkt);
}

static void receive(void *user, Packet *pkt) {
    station_receive(user, pkt);
}

Station *control_station(Component *c, const char *box, const StationSettings *settings,
                         GError **error) {
    ControlPort *port = control_port_of(c->network, box, error);
    if (!port || !address_is_its_own(c->network, port, error)) return NULL;
    StationPlace place = place_of(port);
    Station *st = station_new(c, &place, settings, send, port);
    if (control_port_serve(port, receive, st, error)) return st;
    station_free(st);
    return NULL;
}
