/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A chassis that composes itself: from its slots the blades, both switches, their links, addresses
 * and VLANs (SPP paper 2.3 and 6). Blades are counted by kind, in slot order: lc0, lc1, npe0, ...
 * An np blade has two NPEs. The data switch's ports are given out in slot order, to each blade as
 * many as it has links. */
#include "components/chassis/compose.h"

#include <string.h>

#include "components/chassis/front_door.h"

enum { NPES_PER_BLADE = 2, FIRST_VLAN = 100, LAST_VLAN = 4094 };

static const char *const presets[][2] = {
    {"development", "linecard; np; gpe; cp"}, {"full-14", "linecard*5; np*5; cp"}, {NULL, NULL}};

typedef struct {
    Composer *composer;
    unsigned lines, engines, servers, processors; /* of each kind, so far */
    unsigned ports, control_ports;                /* of the switches, so far */
    const char *switch_rate, *server_rate;        /* the chassis' */
    unsigned server_links;
    GString *blades;
} Plan;

/* The name of the next of its kind, and its part of `blades`. */
static char *next_name(Plan *p, const char *base, unsigned *count, bool beside) {
    char *name = g_strdup_printf("%s%u", base, (*count)++);
    g_string_append_printf(p->blades, "%s%s", beside ? "+" : p->blades->len ? "; " : "", name);
    return name;
}

/* Links of a blade to the next ports of the data switch. */
static void add_links(Plan *p, const char *name, unsigned first, unsigned n, const char *rate) {
    Composer *c = p->composer;
    composer_section(c, "link", name);
    if (n == 1)
        composer_set(c, "link", name, "link", "%s.%u -> data.%u", name, first, p->ports);
    else
        composer_set(c, "link", name, "link", "%s.%u..%u -> data.%u..%u", name, first,
                     first + n - 1, p->ports, p->ports + n - 1);
    composer_set(c, "link", name, "rate", "%s", rate);
    composer_set(c, "link", name, "both", "yes");
    p->ports += n;
}

/* The blade's port on the control switch, in slot order there too. */
static void add_control(Plan *p, const char *class, const char *name, unsigned port) {
    Composer *c = p->composer;
    g_autofree char *link = g_strdup_printf("%s_control", name);
    composer_set(c, class, name, "control_address", "10.0.128.%u", p->control_ports + 1);
    composer_section(c, "link", link);
    composer_set(c, "link", link, "link", "%s.%u -> control.%u", name, port, p->control_ports++);
    composer_set(c, "link", link, "rate", "%s", p->server_rate);
    composer_set(c, "link", link, "both", "yes");
}

static bool add_line_card(Plan *p, GError **error) {
    Composer *c = p->composer;
    unsigned n = p->lines, interfaces;
    g_autofree char *name = next_name(p, "lc", &p->lines, false);
    composer_section(c, "linecard", name);
    composer_set(c, "linecard", name, "address", "10.255.%u.1", n);
    composer_set(c, "linecard", name, "mac", "02:00:00:%02x:01:00", n);
    composer_set(c, "linecard", name, "next_mac", "02:00:00:%02x:02:00", n);
    composer_set(c, "linecard", name, "backplane_mac", "02:00:00:01:%02x:00", n);
    if (!composer_number(c, name, "interfaces", &interfaces, error)) return false;
    add_links(p, name, interfaces, 1, p->switch_rate);
    add_control(p, "linecard", name, interfaces + 1);
    return true;
}

static bool add_engines(Plan *p, GError **error) {
    (void)error;
    for (unsigned i = 0; i < NPES_PER_BLADE; i++) {
        unsigned n = p->engines;
        g_autofree char *name = next_name(p, "npe", &p->engines, i > 0);
        composer_section(p->composer, "npe", name);
        composer_set(p->composer, "npe", name, "mac", "02:00:00:01:10:%02x", n);
        add_links(p, name, 0, 1, p->switch_rate);
        add_control(p, "npe", name, 1);
    }
    return true;
}

static bool add_server(Plan *p, GError **error) {
    (void)error;
    unsigned n = p->servers;
    g_autofree char *name = next_name(p, "gpe", &p->servers, false);
    composer_section(p->composer, "gpe", name);
    composer_set(p->composer, "gpe", name, "mac", "02:00:00:01:%02x:00", 0x30 + n);
    composer_set(p->composer, "gpe", name, "inside", "192.168.%u.1", n + 1);
    add_links(p, name, 0, p->server_links, p->server_rate);
    add_control(p, "gpe", name, p->server_links);
    return true;
}

static bool add_processor(Plan *p, GError **error) {
    (void)error;
    unsigned n = p->processors;
    g_autofree char *name = next_name(p, "cp", &p->processors, false);
    composer_section(p->composer, "cp", name);
    composer_set(p->composer, "cp", name, "mac", "02:00:00:01:20:%02x", n * 16 & 0xff);
    composer_set(p->composer, "cp", name, "inside", "192.168.%u.1", 255 - n);
    add_links(p, name, 0, 1, p->server_rate);
    add_control(p, "cp", name, 1);
    return true;
}

static const struct {
    const char *name;
    bool (*add)(Plan *p, GError **error);
} kinds[] = {
    {"linecard", add_line_card}, {"np", add_engines}, {"gpe", add_server}, {"cp", add_processor}};

static bool bad_slots(const Plan *p, const char *name, const char *found, GError **error) {
    return composer_refuse(p->composer, name, "slots", error,
                           "found \"%s\", expected blades such as linecard; np*2; gpe; cp (how "
                           "many slots there are is `size`)",
                           found);
}

/* "np*5" */
static bool add_blades(Plan *p, const char *name, char *item, GError **error) {
    g_autofree char *as_found = g_strdup(item);
    char *star = strchr(item, '*');
    guint64 n = 1;
    if (star) {
        *star = 0;
        if (!g_ascii_string_to_unsigned(g_strstrip(star + 1), 10, 1, 64, &n, NULL))
            return bad_slots(p, name, as_found, error);
    }
    g_strstrip(item);
    for (unsigned k = 0; k < G_N_ELEMENTS(kinds); k++) {
        if (strcmp(item, kinds[k].name) != 0) continue;
        for (guint64 i = 0; i < n; i++)
            if (!kinds[k].add(p, error)) return false;
        return true;
    }
    return bad_slots(p, name, as_found, error);
}

/* The line cards are shared out evenly, in their order; the NPEs of a blade have the same one. An
 * NPE has a scheduler for each of its line card's interfaces and one for exceptions, ten at least
 * as by default, and an even number, for its two queue managers. */
static bool share_out(const Plan *p, GError **error) {
    Composer *c = p->composer;
    for (unsigned i = 0; i < p->servers && p->lines; i++) {
        g_autofree char *name = g_strdup_printf("gpe%u", i);
        composer_set(c, "gpe", name, "linecard", "lc%u", i % p->lines);
    }
    for (unsigned i = 0; i < p->processors && p->lines; i++) {
        g_autofree char *name = g_strdup_printf("cp%u", i);
        unsigned interfaces;
        composer_set(c, "cp", name, "linecard", "lc%u", i % p->lines);
        if (!composer_number(c, composer_value(c, name, "linecard"), "interfaces", &interfaces,
                             error))
            return false;
        composer_set(c, "cp", name, "interfaces", "%u", MIN(interfaces, 5));
    }
    for (unsigned i = 0; i < p->engines && p->lines; i++) {
        g_autofree char *name = g_strdup_printf("npe%u", i);
        unsigned interfaces;
        composer_set(c, "npe", name, "linecard", "lc%u", i / NPES_PER_BLADE % p->lines);
        if (!composer_number(c, composer_value(c, name, "linecard"), "interfaces", &interfaces,
                             error))
            return false;
        composer_set(c, "npe", name, "interfaces", "%u", interfaces);
        composer_set(c, "npe", name, "schedulers", "%u", MAX(10, (interfaces + 2) & ~1u));
    }
    return true;
}

/* A VLAN for every slice and vServer that has none, counting up past those that are taken. */
static bool give_vlans(const Plan *p, const char *chassis, GError **error) {
    static const char *const classes[] = {"slice", "vserver"};
    Composer *c = p->composer;
    bool taken[LAST_VLAN + 1] = {0};
    unsigned next = FIRST_VLAN;
    const char *name;
    for (unsigned k = 0; k < G_N_ELEMENTS(classes); k++)
        for (unsigned i = 0; (name = composer_nth(c, classes[k], i)); i++) {
            unsigned vlan;
            if (!composer_is_written(c, name, "vlan")) continue;
            if (!composer_number(c, name, "vlan", &vlan, error)) return false;
            if (vlan <= LAST_VLAN) taken[vlan] = true;
        }
    for (unsigned k = 0; k < G_N_ELEMENTS(classes); k++)
        for (unsigned i = 0; (name = composer_nth(c, classes[k], i)); i++) {
            if (composer_is_written(c, name, "vlan")) continue;
            while (next <= LAST_VLAN && taken[next]) next++;
            if (next > LAST_VLAN)
                return composer_refuse(c, chassis, "slots", error,
                                       "found more slices and vServers than VLANs, %d to %d",
                                       FIRST_VLAN, LAST_VLAN);
            composer_set(c, classes[k], name, "vlan", "%u", next++);
        }
    return true;
}

/* What it says, or its preset; NULL: blades are written by hand. */
static bool slots_of(const Composer *c, const char *name, const char **slots, GError **error) {
    const char *preset = composer_value(c, name, "preset");
    *slots = composer_value(c, name, "slots");
    if (**slots) return true;
    *slots = NULL;
    if (!strcmp(preset, "none")) return true;
    for (unsigned i = 0; presets[i][0]; i++)
        if (!strcmp(presets[i][0], preset)) *slots = presets[i][1];
    return *slots ||
           composer_refuse(c, name, "preset", error,
                           "found \"%s\", expected one of none, development, full-14", preset);
}

/* One for many links, so it cannot iterate. */
static bool read_rates(Plan *p, const char *name, GError **error) {
    Composer *c = p->composer;
    p->switch_rate = composer_value(c, name, "switch_rate");
    p->server_rate = composer_value(c, name, "server_rate");
    for (unsigned i = 0; i < 2; i++)
        if (strstr(i ? p->server_rate : p->switch_rate, "${"))
            return composer_refuse(
                c, name, i ? "server_rate" : "switch_rate", error,
                "found a rate that iterates, expected one for all; a link's own may: "
                "--set npe0.rate=...");
    return composer_number(c, name, "server_links", &p->server_links, error);
}

/* Control software needs a control processor, and vServers a server. */
static char *with_servers(const Composer *c, const char *name, const char *slots) {
    bool plc = front_door_is(c, name);
    return g_strconcat(slots, plc && !strstr(slots, "gpe") ? "; gpe" : "",
                       plc && !strstr(slots, "cp") ? "; cp" : "", NULL);
}

static bool compose(Composer *c, const char *name, GError **error) {
    const char *written;
    if (!slots_of(c, name, &written, error)) return false;
    if (!written && front_door_is(c, name))
        return composer_refuse(c, name, "control", error,
                               "found plc, expected slots: the managers are on their blades");
    if (!written) return true;
    if (front_door_is(c, name) && !strstr(written, "gpe") && composer_class(c, "gpe0"))
        return composer_refuse(c, name, "control", error,
                               "found plc and a gpe0 that is none of the blades, expected slots "
                               "with gpe: its manager is on the control network");
    g_autofree char *slots = with_servers(c, name, written);
    Plan p = {.composer = c, .blades = g_string_new(NULL)};
    g_auto(GStrv) items = g_strsplit(slots, ";", -1);
    composer_section(c, "switch", "data");
    composer_section(c, "switch", "control");
    bool ok = read_rates(&p, name, error);
    ok = ok && (!strstr(slots, "${") ||
                composer_refuse(c, name, "slots", error,
                                "found blades that iterate; write as many as the most, and let "
                                "what runs on them iterate: npe = npe{i %% npes}"));
    for (unsigned i = 0; ok && items[i]; i++)
        ok = (!*g_strstrip(items[i]) && !items[i + 1]) || add_blades(&p, name, items[i], error);
    if (ok) {
        composer_set(c, "chassis", name, "blades", "%s", p.blades->str);
        composer_set(c, "chassis", name, "data_switch", "data");
        composer_set(c, "chassis", name, "control_switch", "control");
        composer_set(c, "switch", "data", "ports", "%u", p.ports);
        bool plc = front_door_is(c, name);
        if (plc) front_door_compose(c, name, p.servers, p.control_ports);
        composer_set(c, "switch", "control", "ports", "%u", MAX(p.control_ports + plc, 2));
        for (unsigned i = 0; p.processors && i < p.lines; i++) {
            g_autofree char *line = g_strdup_printf("lc%u", i);
            composer_set(c, "linecard", line, "control_processor", "cp0");
        }
        ok = share_out(&p, error) && give_vlans(&p, name, error);
    }
    g_string_free(p.blades, TRUE);
    return ok;
}

/* Interfaces are counted through the line cards, in slot order. */
static bool interface(Composer *c, const char *name, unsigned n, const char **component,
                      unsigned *port) {
    (void)name;
    for (unsigned i = 0; (*component = composer_nth(c, "linecard", i)); i++) {
        unsigned interfaces;
        if (!composer_number(c, *component, "interfaces", &interfaces, NULL)) return false;
        if (n < interfaces) {
            *port = n;
            return true;
        }
        n -= interfaces;
    }
    return false;
}

static bool bring(Composer *c, const char *name, GError **error) {
    return !front_door_is(c, name) || front_door_bring(c, name, error);
}

const Composition chassis_composition = {
    .bring = bring, .compose = compose, .interface = interface};
