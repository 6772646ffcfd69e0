/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The chassis: which component is on which blade, and whether such a node can be built (SPP paper
 * 2.3). Moves no packets and has no ports.
 *
 * The switch block, data and control, takes two slots; each other slot takes one blade. A blade is
 * a line card, a general-purpose engine, a control processor, or up to two NPEs. Components are
 * told apart by the names of their classes, so that a chassis needs to know none of them.
 *
 * Not modelled: power and cooling, several chassis in one node, the wiring of the backplane (links
 * are the scenario's), and NPE and line card on one blade. */
#include "components/chassis/chassis.h"

#include <string.h>

#include "components/chassis/compose.h"
#include "emu/core/report.h"

enum { SWITCH_SLOTS = 2, NPES_PER_BLADE = 2 };

typedef struct {
    Component base;
    /* settings */
    uint64_t size, server_links;
    Rate switch_rate, server_rate;
    int preset, control;
    SimTime service_after;
    char *slots, *blades, *data_switch, *control_switch;
    /* state */
    unsigned n_blades;
} Chassis;

static bool refuse(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);
static bool refuse(GError **error, const char *format, ...) {
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    return input_error(error, "%s", text);
}

static bool is_a(const Component *c, const char *class) {
    return !strcmp(c->class->name, class);
}

static bool may_be_blade(const Component *c) {
    return is_a(c, "npe") || is_a(c, "linecard") || is_a(c, "gpe") || is_a(c, "cp");
}

/* Put a component of that name on blade `number`, which has those from placed[first] on. */
static bool place(const Chassis *s, const char *name, unsigned number, GPtrArray *placed,
                  unsigned first, GError **error) {
    Component *c = network_find(s->base.network, name);
    if (!c)
        return refuse(error,
                      "blades: found no component \"%s\" for blade %u, expected an npe, linecard, "
                      "gpe or cp",
                      name, number);
    if (!may_be_blade(c))
        return refuse(error,
                      "blades: found %s (%s) on blade %u, expected an npe, linecard, gpe or cp",
                      name, c->class->name, number);
    if (g_ptr_array_find(placed, c, NULL))
        return refuse(error, "blades: found %s again on blade %u, expected each component once",
                      name, number);
    bool alone = placed->len == first;
    const Component *other = alone ? NULL : placed->pdata[first];
    if (!alone && (!is_a(c, "npe") || !is_a(other, "npe")))
        return refuse(error,
                      "blades: found %s (%s) beside %s (%s) on blade %u, expected one component "
                      "or two NPEs",
                      name, c->class->name, other->name, other->class->name, number);
    if (placed->len - first == NPES_PER_BLADE)
        return refuse(error, "blades: found a third NPE, %s, on blade %u, expected up to %d", name,
                      number, NPES_PER_BLADE);
    g_ptr_array_add(placed, c);
    return true;
}

static bool place_all(Chassis *s, GPtrArray *placed, GError **error) {
    g_auto(GStrv) blades = g_strsplit(s->blades, ";", -1);
    unsigned n = g_strv_length(blades);
    if (n && !*g_strstrip(blades[n - 1])) n--; /* a `;` at the end, or no blade at all */
    if (n > s->size - SWITCH_SLOTS)
        return refuse(error,
                      "blades: found %u, expected up to %" G_GUINT64_FORMAT ": %" G_GUINT64_FORMAT
                      " slots less %d of the switches",
                      n, s->size - SWITCH_SLOTS, s->size, SWITCH_SLOTS);
    for (unsigned i = 0; i < n; i++) {
        g_auto(GStrv) names = g_strsplit_set(blades[i], "+ \t", -1);
        unsigned first = placed->len;
        for (unsigned k = 0; names[k]; k++)
            if (*names[k] && !place(s, names[k], i + 1, placed, first, error)) return false;
        if (placed->len == first)
            return refuse(error, "blades: found nothing on blade %u, expected a component", i + 1);
    }
    s->n_blades = n;
    return true;
}

/* The switch of that name; *found stays NULL when there is none to look for. */
static bool find_switch(const Chassis *s, const char *key, const char *name,
                        const Component **found, GError **error) {
    *found = NULL;
    if (!*name) return true;
    const Component *c = network_find(s->base.network, name);
    if (!c)
        return refuse(error, "%s: found no component \"%s\", expected the name of a switch", key,
                      name);
    if (!is_a(c, "switch"))
        return refuse(error, "%s: found %s (%s) expected a switch", key, name, c->class->name);
    *found = c;
    return true;
}

static bool sends_to(const Component *from, const Component *to) {
    for (unsigned port = 0; port < from->n_ports; port++)
        if (port_peer(from, port, NULL) == to) return true;
    return false;
}

static bool linked(const Component *a, const Component *b) {
    return sends_to(a, b) || sends_to(b, a);
}

/* Data and control go apart (SPP paper 6): whoever is on one switch is on the other too, if only
 * through something that stands in the way to the data switch. */
static bool on_both(const GPtrArray *placed, const Component *data, const Component *control,
                    GError **error) {
    for (unsigned i = 0; data && control && i < placed->len; i++) {
        const Component *c = placed->pdata[i];
        bool there = linked(c, data), through = false;
        for (unsigned port = 0; port < c->n_ports; port++) {
            const Component *peer = port_peer(c, port, NULL);
            through |= peer && peer != control;
        }
        if (there ? linked(c, control) : through || !linked(c, control)) continue;
        return refuse(error,
                      "%s: found no link of %s with %s, expected one beside that with %s: each "
                      "blade is on both switches",
                      there ? "control_switch" : "data_switch", c->name,
                      there ? control->name : data->name, there ? data->name : control->name);
    }
    return true;
}

/* A switch could not tell two blades of one address apart. */
static bool addresses_differ(const GPtrArray *placed, GError **error) {
    g_autoptr(GHashTable) owners = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    uint8_t m[6];
    for (unsigned i = 0; i < placed->len; i++) {
        const Component *c = placed->pdata[i];
        for (unsigned port = 0; c->class->station && port < c->n_ports; port++)
            for (unsigned n = 0; c->class->station(c, port, n, m); n++) {
                char *mac = g_strdup_printf("%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3],
                                            m[4], m[5]);
                const Component *other = g_hash_table_lookup(owners, mac);
                bool same = other && other != c;
                if (same)
                    refuse(error, "blades: found the MAC address %s on %s and on %s", mac,
                           other->name, c->name);
                g_hash_table_replace(owners, mac, (void *)c); /* takes mac */
                if (same) return false;
            }
    }
    return true;
}

static bool chassis_create(Component *c, GError **error) {
    (void)error;
    const Chassis *s = (const Chassis *)c;
    c->n_ports = 0;
    if (s->control) network_begins(c->network, s->service_after);
    return true;
}

static bool chassis_start(Component *c, GError **error) {
    Chassis *s = (Chassis *)c;
    g_autoptr(GPtrArray) placed = g_ptr_array_new();
    const Component *data, *control;
    if (!place_all(s, placed, error) || !addresses_differ(placed, error) ||
        !find_switch(s, "data_switch", s->data_switch, &data, error) ||
        !find_switch(s, "control_switch", s->control_switch, &control, error))
        return false;
    if (data && data == control)
        return refuse(error, "control_switch: found %s, which is the data switch, expected another",
                      control->name);
    if (!on_both(placed, data, control, error)) return false;
    const Component *other, *needs_line_card = NULL;
    bool line_card = false;
    for (unsigned i = 0; (other = network_nth(c->network, i)); i++) {
        if (!may_be_blade(other)) continue;
        if (!g_ptr_array_find(placed, other, NULL))
            return refuse(error, "blades: found %s (%s) on no blade", other->name,
                          other->class->name);
        line_card |= is_a(other, "linecard");
        bool engine = is_a(other, "npe") || is_a(other, "gpe");
        if (!needs_line_card && data && engine && linked(other, data)) needs_line_card = other;
    }
    if (needs_line_card && !line_card)
        return refuse(error,
                      "blades: found no line card, expected one: all input and output of %s, which "
                      "is on %s, goes through it",
                      needs_line_card->name, data->name);
    return true;
}

static void chassis_report(Component *c, Report *report) {
    const Chassis *s = (const Chassis *)c;
    report_scalar(report, "blades", s->n_blades, "blades");
    report_scalar(report, "free_slots", (double)(s->size - SWITCH_SLOTS - s->n_blades), "slots");
}

static const Param chassis_params[] = {
    PARAM_TEXT(
        "slots", Chassis, slots, "",
        "blades in slot order, such as linecard; np*2; gpe; cp: they are made, as lc0, npe0 to "
        "npe3 "
        "(an np blade is two NPEs), gpe0 and cp0, with links, addresses and both switches; empty: "
        "see preset",
        "scenario; SPP paper 2.3: two NPEs on an np blade"),
    PARAM_ENUM("preset", Chassis, preset, "none", "none|development|full-14",
               "slots of a known chassis: development is linecard; np; gpe; cp, full-14 is "
               "linecard*5; np*5; cp; none: components and links are written one by one",
               "SPP paper 2.3"),
    PARAM_WHICH("size", Chassis, size, "14", "3", "64", "slots there are, two for the switches",
                "SPP paper 2.3: a 14 slot chassis, up to 12 servers or NP subsystems"),
    PARAM_RATE("switch_rate", Chassis, switch_rate, "10Gbit/s", "1kbit/s", "10Tbit/s", "bits",
               "made links of line cards and NPEs to the data switch",
               "assumed: SPP paper 2.3 has ten interfaces of 1 Gb/s on one line card"),
    PARAM_RATE("server_rate", Chassis, server_rate, "1Gbit/s", "1kbit/s", "10Tbit/s", "bits",
               "made links of GPEs and control processors to the switches",
               "SPP paper 5: gigabit Ethernet interfaces; of the control processor assumed"),
    PARAM_WHICH("server_links", Chassis, server_links, "4", "1", "16",
                "links of a GPE to the data switch", "SPP paper 5: four gigabit interfaces"),
    PARAM_TEXT("blades", Chassis, blades, "",
               "which component is on each blade, in slot order: lc0; npe0+npe1; gpe0; cp0",
               "made of slots, or scenario"),
    PARAM_NAME("data_switch", Chassis, data_switch, "", "switch",
               "name of the data switch, if there is one", "scenario"),
    PARAM_ENUM("control", Chassis, control, "direct", "direct|plc",
               "how slices and vServers come: direct, they are there; plc: from rows in PlanetLab "
               "Central, by programs that ask for what their sections say; a server is added if "
               "slots have none",
               "SPP paper 6"),
    PARAM_TIME(
        "service_after", Chassis, service_after, "0", "0", "100000s",
        "control = plc: the scenario's own times begin so long after the node has booted, and "
        "managers poll every 10 s; 25s where sections become programs",
        "assumed"),
    PARAM_NAME("control_switch", Chassis, control_switch, "", "switch",
               "name of the control switch, if there is one", "scenario"),
    {0}};

static const Scalar chassis_scalars[] = {
    {"blades", "blades", "in slots"}, {"free_slots", "slots", "without a blade or a switch"}, {0}};

const ComponentClass chassis_class = {
    .name = "chassis",
    .text = "the blades of a node and what may be on them, checked before the run",
    .ports = "none",
    .size = sizeof(Chassis),
    .params = chassis_params,
    .composition = &chassis_composition,
    .create = chassis_create,
    .start = chassis_start,
    .scalars = chassis_scalars,
    .report = chassis_report,
};
