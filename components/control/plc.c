/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * PlanetLab Central: the database of all slices, somewhere in the Internet, which nodes poll. Its
 * port is on the node's control switch, behind a link with the Internet's delay: the way out
 * through the line card is left out. Rows come from `database`, from `slices`, and from the script;
 * a row that has expired is not said any more. */
#include <errno.h>
#include <string.h>

#include "components/control/manager.h"
#include "components/control/program.h"
#include "components/control/slivers.h"

enum { DROP_NOT_MINE };

typedef struct {
    Component base;
    /* settings */
    char *database_name, *slices, *secret;
    uint8_t mac[6];
    uint32_t address;
    SimTime service;
    StationSettings station;
    /* state */
    Site *site;
    Agent agent;
    Database *db;
    uint32_t last_id;
    uint64_t polls;
} Plc;

static SimTime now_of(const Plc *p) {
    return sim_now(p->base.sim);
}

bool plc_place(const Component *c, StationPlace *place) {
    const Plc *p = (const Plc *)c;
    if (c->class != &plc_class) return false;
    memcpy(place->mac, p->mac, sizeof place->mac);
    place->address = p->address;
    return true;
}

/* Rows ------------------------------------------------------------------------------------ */

/* "NAME=VALUE": where the value begins, or NULL. */
static const char *value_of(const char *word, const char *key) {
    size_t n = strlen(key);
    return !strncmp(word, key, n) && word[n] == '=' ? word + n + 1 : NULL;
}

static bool set_attributes(SliceRecord *r, const char *text, GError **error) {
    g_auto(GStrv) all = g_strsplit(text, ",", -1);
    for (unsigned i = 0; all[i]; i++) {
        char *colon = strchr(all[i], ':');
        if (!colon || colon == all[i])
            return input_error(error, "attributes: found \"%s\", expected NAME:VALUE", all[i]);
        *colon = 0;
        slice_record_set(r, all[i], colon + 1);
    }
    return true;
}

static bool set_instantiation(SliceRecord *r, const char *text, GError **error) {
    for (unsigned i = 0; i < N_INSTANTIATIONS; i++)
        if (!strcmp(text, instantiation_name((Instantiation)i))) {
            r->instantiation = (Instantiation)i;
            return true;
        }
    return input_error(error,
                       "instantiation: found \"%s\", expected plc-instantiated, delegated, "
                       "nm-controller or not-instantiated",
                       text);
}

static bool set_word(SliceRecord *r, const char *word, GError **error) {
    static const Param time = {.name = "expires", .type = PARAM_TYPE_TIME};
    const char *v;
    if ((v = value_of(word, "attributes"))) return set_attributes(r, v, error);
    if ((v = value_of(word, "instantiation"))) return set_instantiation(r, v, error);
    if ((v = value_of(word, "expires"))) return param_set(&time, &r->expires, v, NULL, error);
    if ((v = value_of(word, "keys"))) {
        g_free(r->keys);
        r->keys = g_strdup(v);
        return true;
    }
    if ((v = value_of(word, "nodes"))) {
        g_auto(GStrv) all = g_strsplit(v, ",", -1);
        g_ptr_array_set_size(r->nodes, 0);
        for (unsigned i = 0; all[i]; i++) g_ptr_array_add(r->nodes, g_strdup(all[i]));
        return true;
    }
    return input_error(error,
                       "found \"%s\", expected nodes=, attributes=, expires=, instantiation= "
                       "or keys=",
                       word);
}

/* "NAME KEY=VALUE ...", on top of what there is of it. */
static SliceRecord *parse_row(const Plc *p, const char *text, GError **error) {
    g_auto(GStrv) words = g_strsplit_set(text, " \t", -1);
    unsigned first = 0;
    while (words[first] && !*words[first]) first++;
    if (!words[first]) {
        input_error(error, "expected SITE_SLICE KEY=VALUE ...");
        return NULL;
    }
    const SliceRecord *old = database_find(p->db, words[first]);
    g_autofree char *json = g_strdup_printf("{\"name\": \"%s\"}", words[first]);
    g_autoptr(SliceRecord) r = old ? slice_record_copy(old) : slice_record_read(json, error);
    for (unsigned i = first + 1; r && words[i]; i++)
        if (*words[i] && !set_word(r, words[i], error)) return NULL;
    g_autofree char *record = r ? slice_record_write(r) : NULL;
    if (record && strlen(record) > MESSAGE_MAX_BYTES * 3 / 4) {
        input_error(error,
                    "%s: found a record of %zu bytes, expected at most %u, which go into a "
                    "message",
                    r->name, strlen(record), MESSAGE_MAX_BYTES * 3 / 4);
        return NULL;
    }
    return g_steal_pointer(&r);
}

static void put_row(Plc *p, SliceRecord *r) {
    if (!r->slice_id) r->slice_id = ++p->last_id;
    p->last_id = MAX(p->last_id, r->slice_id);
    r->timestamp = database_find(p->db, r->name)
                       ? MAX(now_of(p), database_find(p->db, r->name)->timestamp + 1)
                       : now_of(p);
    database_deliver(p->db, r);
}

static bool read_slices(Plc *p, GError **error) {
    g_auto(GStrv) rows = g_strsplit(p->slices, ";", -1);
    for (unsigned i = 0; rows[i]; i++) {
        if (!*g_strstrip(rows[i])) continue;
        SliceRecord *r = parse_row(p, rows[i], error);
        if (!r) {
            g_prefix_error(error, "slices: ");
            return false;
        }
        put_row(p, r);
    }
    return true;
}

static bool read_database(Plc *p, GError **error) {
    g_autofree char *text = NULL;
    g_autoptr(GError) cause = NULL;
    if (!*p->database_name) return true;
    if (!g_file_get_contents(p->database_name, &text, NULL, &cause))
        return input_error(error, "database: %s", cause->message);
    if (!database_read(p->db, text, error)) {
        g_prefix_error(error, "database: %s: ", p->database_name);
        return false;
    }
    SliceRecord *r;
    for (unsigned n = 0; (r = database_nth(p->db, n)); n++)
        p->last_id = MAX(p->last_id, r->slice_id);
    for (unsigned n = 0; (r = database_nth(p->db, n)); n++)
        if (!r->slice_id) r->slice_id = ++p->last_id;
    return true;
}

/* What it is asked ------------------------------------------------------------------------ */

static bool is_for(const SliceRecord *r, const char *node) {
    return slice_record_at(r, node) && r->instantiation != NOT_INSTANTIATED;
}

static void serve(void *user, StationRequest *request) {
    Plc *p = user;
    Station *st = site_station(p->site);
    if (request->message.type != MESSAGE_GET_SLIVERS) {
        station_refuse(st, request, EINVAL, "PLC does not know what that is");
        return;
    }
    p->polls++;
    database_sync(p->db, now_of(p));
    slivers_answer(p->db, st, request, now_of(p), is_for);
}

static const Verb plc_verbs[] = {
    {"add_slice", "SITE_SLICE [KEY=VALUE ...]",
     "a row, which nodes find when they poll: nodes=A,B (all, if none is named), "
     "attributes=NAME:VALUE,..., expires=TIME, instantiation=HOW, keys=KEY"},
    {"update", "SITE_SLICE KEY=VALUE ...", "what is named changes in a row that is there"},
    {"delete_slice", "SITE_SLICE", "the row goes"},
    {"ticket", "SITE_SLICE LOCAL-MANAGER",
     "a ticket of a delegated slice, which its controller brings to that server"},
    {0}};

static Component *ticket_for(const Plc *p, const char *args, const SliceRecord **r,
                             GError **error) {
    g_auto(GStrv) words = g_strsplit(args, " ", -1);
    if (g_strv_length(words) != 2) {
        input_error(error, "ticket: found \"%s\", expected SITE_SLICE LOCAL-MANAGER", args);
        return NULL;
    }
    Component *to = network_find(p->base.network, words[1]);
    *r = database_find(p->db, words[0]);
    if (!to || to->class != &local_manager_class) {
        input_error(error, "ticket: found \"%s\", expected a local_manager", words[1]);
        return NULL;
    }
    return to;
}

static bool plc_understands(const Component *c, const char *verb, const char *args,
                            GError **error) {
    const Plc *p = (const Plc *)c;
    const SliceRecord *found;
    if (!component_has_verb(c, verb, error)) return false;
    if (!strcmp(verb, "ticket")) return ticket_for(p, args, &found, error) != NULL;
    if (!strcmp(verb, "delete_slice"))
        return (*args && !strchr(args, ' ')) ||
               input_error(error, "delete_slice: found \"%s\", expected SITE_SLICE", args);
    SliceRecord *r = parse_row(p, args, error);
    if (!r) g_prefix_error(error, "%s: ", verb);
    slice_record_free(r);
    return r != NULL;
}

static bool no_such(const char *verb, const char *name, GError **error) {
    return input_error(error, "%s: found \"%s\", which PLC does not have", verb, name);
}

static bool give_ticket(Plc *p, const char *args, GError **error) {
    const SliceRecord *r;
    Component *to = ticket_for(p, args, &r, error);
    if (!to) return false;
    if (!r) return no_such("ticket", args, error);
    g_autoptr(SliceRecord) copy = slice_record_copy(r);
    copy->timestamp = now_of(p);
    g_autofree char *ticket = ticket_write(copy, p->secret);
    return local_manager_ticket(to, ticket, error);
}

static bool plc_command(Component *c, const char *verb, const char *args, GError **error) {
    Plc *p = (Plc *)c;
    if (!plc_understands(c, verb, args, error)) return false;
    if (!strcmp(verb, "ticket")) return give_ticket(p, args, error);
    if (!strcmp(verb, "delete_slice"))
        return database_remove(p->db, args) || no_such(verb, args, error);
    SliceRecord *r = parse_row(p, args, error);
    bool there = database_find(p->db, r->name);
    if (!strcmp(verb, "update") && !there) {
        no_such(verb, r->name, error);
        slice_record_free(r);
        return false;
    }
    if (!strcmp(verb, "add_slice") && there) {
        input_error(error, "add_slice: found \"%s\", which PLC has (update changes it)", r->name);
        slice_record_free(r);
        return false;
    }
    SliceProgram *program = slice_program_find(c->network, r->name);
    put_row(p, r);
    if (program && !there) slice_program_row(program, now_of(p));
    return true;
}

/* Life ------------------------------------------------------------------------------------ */

static void plc_receive(Component *c, unsigned port, Packet *pkt) {
    Plc *p = (Plc *)c;
    (void)port;
    if (memcmp(pkt->data, p->mac, sizeof p->mac) != 0)
        component_drop(c, DROP_NOT_MINE, pkt);
    else
        station_receive(site_station(p->site), pkt);
}

static void plc_send(void *user, Packet *pkt) {
    port_send(user, 0, pkt);
}

static bool plc_create(Component *c, GError **error) {
    Plc *p = (Plc *)c;
    StationPlace place;
    p->db = database_new();
    plc_place(c, &place);
    p->site = site_new(c, c->name, station_new(c, &place, &p->station, plc_send, c));
    return read_database(p, error) && read_slices(p, error) &&
           agent_init(&p->agent, "plc", p->site, &p->service, p, error);
}

static bool plc_start(Component *c, GError **error) {
    (void)error;
    agent_serve(&((Plc *)c)->agent, SERVICE_PLC, serve);
    return true;
}

static void plc_stop(Component *c) {
    agent_end(&((Plc *)c)->agent);
}

static bool plc_station(const Component *c, unsigned port, unsigned n, uint8_t mac[6]) {
    (void)port;
    if (n) return false;
    memcpy(mac, ((const Plc *)c)->mac, 6);
    return true;
}

static void plc_report(Component *c, Report *report) {
    const Plc *p = (const Plc *)c;
    report_scalar(report, "slices", database_size(p->db), "slices");
    report_scalar(report, "polls", (double)p->polls, "messages");
}

static void plc_free(Component *c) {
    Plc *p = (Plc *)c;
    agent_clear(&p->agent);
    site_free(p->site);
    database_free(p->db);
}

static const Param plc_params[] = {
    PARAM_FILE("database", Plc, database_name, "",
               "JSON of slices, as PLC's GetSlivers has it: {\"slivers\": [...]}", "scenario"),
    PARAM_TEXT(
        "slices", Plc, slices, "",
        "more of them: SITE_SLICE [nodes=A,B] [attributes=NAME:VALUE,...] [expires=TIME]; ...",
        "scenario"),
    PARAM_TEXT("secret", Plc, secret, "planetlab", "what tickets are sealed with", "assumed"),
    PARAM_MAC("mac", Plc, mac, "02:00:00:00:fe:01", "its own", "assumed"),
    PARAM_IPV4("address", Plc, address, "198.51.100.1", "its own", "assumed"),
    PARAM_TIME("service", Plc, service, "10ms", "0", "100s",
               "to look up and write a page of slices", "assumed"),
    STATION_PARAMS(Plc, station),
    {0}};

static const Scalar plc_scalars[] = {{"slices", "slices", "rows at the end"},
                                     {"polls", "messages", "GetSlivers that were answered"},
                                     {0}};

static const DropReason plc_drops[] = {{"not_mine", "another station's MAC address"}, {0}};

const ComponentClass plc_class = {
    .name = "plc",
    .text = "PlanetLab Central: the database of slices that nodes poll",
    .ports = "0: the node's control switch, over the Internet",
    .size = sizeof(Plc),
    .params = plc_params,
    .scalars = plc_scalars,
    .drops = plc_drops,
    .create = plc_create,
    .start = plc_start,
    .stop = plc_stop,
    .receive = plc_receive,
    .station = plc_station,
    .verbs = plc_verbs,
    .understands = plc_understands,
    .command = plc_command,
    .report = plc_report,
    .free = plc_free,
};
