/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The global node manager: polls PLC for the node's slices, puts each on a server, and keeps myPLC,
 * the node's copy, in which it says where they are (SPP paper 6). LNMs poll that. A slice stays
 * where it was put, since its files are on that blade; a server that does not answer gets no more.
 * When PLC does not answer, what was known stays, but for what has expired. myPLC is taken to be on
 * disk: a GNM that is started again has it. */
#include <errno.h>
#include <string.h>

#include "components/control/manager.h"
#include "components/control/slivers.h"

typedef struct {
    Gnm *gnm;
    char *name; /* of the box */
    StationPlace place;
    unsigned number;
} Server;

struct Gnm {
    Agent agent;
    const GnmSettings *settings;
    Database *db;
    Placement placement;
    GHashTable *placed; /* slice's name -> PlacementUse and server */
    GPtrArray *servers;
    SliversPoll plc;
    AgentTimer timer;
    Random random;
    unsigned unheard; /* servers that are being asked whether they are there */
    uint64_t polls, failures, refused[PLACEMENT_N_REFUSALS];
};

typedef struct {
    PlacementUse use;
    unsigned server;
} Placed;

/* myPLC ----------------------------------------------------------------------------------- */

static bool is_on(const SliceRecord *r, const char *box) {
    return !strcmp(r->gpe, box);
}

static void serve(void *user, StationRequest *request) {
    Gnm *gnm = user;
    Station *st = site_station(gnm->agent.site);
    if (request->message.type == MESSAGE_GET_SLIVERS)
        slivers_answer(gnm->db, st, request, agent_now(&gnm->agent), is_on);
    else
        station_refuse(st, request, EINVAL, "myPLC does not know what that is");
}

static void hear_state(void *user, StationRequest *request) {
    Gnm *gnm = user;
    const Message *m = &request->message;
    const char *name = message_text(m, TAG_NAME), *box = message_text(m, TAG_NODE);
    if (m->type == MESSAGE_SLIVER_STATE && name && box)
        agent_log(&gnm->agent, "%s is %s on %s", name,
                  message_u32(m, TAG_STATE, 0) ? "up" : "no longer", box);
    station_done(site_station(gnm->agent.site), request);
}

/* Placement ------------------------------------------------------------------------------- */

static PlacementUse use_of(const SliceRecord *r) {
    return (PlacementUse){.cpu_min = (uint32_t)MAX(r->rspec[RSPEC_CPU_MIN], 0),
                          .net_min = (uint64_t)MAX(r->rspec[RSPEC_NET_MIN_RATE], 0)};
}

static bool wanted(const SliceRecord *r) {
    return r->instantiation != NOT_INSTANTIATED && r->rspec[RSPEC_ENABLED];
}

static gboolean is_over(gpointer name, gpointer value, gpointer user) {
    Gnm *gnm = user;
    const Placed *p = value;
    const SliceRecord *r = database_find(gnm->db, name);
    if (r && wanted(r)) return FALSE;
    placement_give(&gnm->placement, p->server, &p->use);
    agent_log(&gnm->agent, "%s is over", (char *)name);
    return TRUE;
}

static void put(Gnm *gnm, SliceRecord *r, const char *box) {
    g_free(r->gpe);
    r->gpe = g_strdup(box);
    database_changed(gnm->db);
}

static void place(Gnm *gnm, SliceRecord *r) {
    PlacementUse use = use_of(r);
    Placed *p = g_hash_table_lookup(gnm->placed, r->name);
    unsigned server;
    if (p) { /* it may want more now, and keeps its place all the same */
        placement_give(&gnm->placement, p->server, &p->use);
        placement_put(&gnm->placement, p->server, &use);
        p->use = use;
        return;
    }
    PlacementRefusal why = placement_take(&gnm->placement, r->name, &use, &server);
    if (why != PLACEMENT_OK) {
        gnm->refused[why]++;
        agent_log(&gnm->agent, "%s refused: %s", r->name, placement_refusal_text(why));
        return;
    }
    p = g_new(Placed, 1);
    *p = (Placed){use, server};
    g_hash_table_insert(gnm->placed, g_strdup(r->name), p);
    put(gnm, r, ((Server *)gnm->servers->pdata[server])->name);
    agent_log(&gnm->agent, "%s placed on %s", r->name, r->gpe);
}

static void settle(Gnm *gnm) {
    database_sync(gnm->db, agent_now(&gnm->agent));
    g_hash_table_foreach_remove(gnm->placed, is_over, gnm);
    SliceRecord *r;
    for (unsigned n = 0; (r = database_nth(gnm->db, n)); n++) {
        if (wanted(r))
            place(gnm, r);
        else if (*r->gpe)
            put(gnm, r, "");
    }
}

/* Polls ----------------------------------------------------------------------------------- */

static void heard(void *user, int error, const Message *m) {
    Server *s = user;
    (void)m;
    s->gnm->placement.server[s->number].in_service = !error;
    if (--s->gnm->unheard == 0) settle(s->gnm);
}

/* Which servers are there, before anything is put on them. */
static void polled(void *user, bool whole) {
    Gnm *gnm = user;
    gnm->polls++;
    gnm->failures += !whole;
    unsigned n = database_size(gnm->db);
    agent_log(&gnm->agent, "%s%u slice%s%s", whole ? "poll of PLC: " : "PLC does not answer: ", n,
              n == 1 ? "" : "s",
              whole    ? ""
              : n == 1 ? " stays"
                       : " stay");
    if (gnm->unheard) return; /* of the poll before */
    for (unsigned i = 0; i < gnm->servers->len; i++) {
        Server *s = gnm->servers->pdata[i];
        MessageWriter w;
        message_begin(&w, MESSAGE_ALIVE, 0);
        gnm->unheard++;
        agent_call(&gnm->agent, &s->place, SERVICE_LNM, &w, heard, s);
    }
    if (!gnm->unheard) settle(gnm);
}

static void poll(void *user) {
    Gnm *gnm = user;
    slivers_poll(&gnm->plc, gnm->settings->poll.period / 2);
    agent_timer_set(&gnm->timer, gnm->settings->poll.period +
                                     random_below(&gnm->random, gnm->settings->poll.spread + 1));
}

/* Life ------------------------------------------------------------------------------------ */

static void stopped(void *user) {
    Gnm *gnm = user;
    gnm->unheard = 0;
    slivers_poll_stop(&gnm->plc);
    agent_timer_stop(&gnm->timer);
}

static void server_free(void *data) {
    Server *s = data;
    g_free(s->name);
    g_free(s);
}

Gnm *gnm_new(Site *site, const GnmSettings *settings, const StationPlace *plc, GError **error) {
    Gnm *gnm = g_new0(Gnm, 1);
    if (!agent_init(&gnm->agent, "gnm", site, &settings->service, gnm, error)) {
        agent_clear(&gnm->agent);
        g_free(gnm);
        return NULL;
    }
    gnm->agent.stopped = stopped;
    gnm->agent.started = poll;
    gnm->settings = settings;
    gnm->db = database_new();
    gnm->placement.policy = (PlacementPolicy)settings->policy;
    gnm->placed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    gnm->servers = g_ptr_array_new_with_free_func(server_free);
    slivers_poll_init(&gnm->plc, &gnm->agent, plc, SERVICE_PLC, settings->node, gnm->db, polled,
                      gnm);
    agent_timer_init(&gnm->timer, &gnm->agent, poll);
    return gnm;
}

void gnm_end(Gnm *gnm) {
    agent_end(&gnm->agent);
    agent_timer_stop(&gnm->timer);
}

void gnm_free(Gnm *gnm) {
    if (!gnm) return;
    agent_clear(&gnm->agent);
    slivers_poll_clear(&gnm->plc);
    g_ptr_array_unref(gnm->servers);
    g_hash_table_unref(gnm->placed);
    database_free(gnm->db);
    g_free(gnm);
}

void gnm_add_server(Gnm *gnm, const char *box, const StationPlace *at, const PlacementUse *room) {
    Server *s = g_new0(Server, 1);
    Placement *p = &gnm->placement;
    g_assert(p->n_servers < PLACEMENT_MAX_SERVERS);
    *s = (Server){gnm, g_strdup(box), *at, p->n_servers};
    g_ptr_array_add(gnm->servers, s);
    p->server[p->n_servers++] = (PlacementServer){.room = *room};
    p->net_room = MAX(p->net_room, room->net_min);
}

/* The first poll is somewhere within a period: the node has been there for long. */
void gnm_start(Gnm *gnm) {
    component_random(agent_component(&gnm->agent), "gnm", &gnm->random);
    agent_serve(&gnm->agent, SERVICE_MYPLC, serve);
    agent_serve(&gnm->agent, SERVICE_GNM, hear_state);
    agent_timer_set(&gnm->timer, random_below(&gnm->random, gnm->settings->poll.period));
}

Agent *gnm_agent(Gnm *gnm) {
    return &gnm->agent;
}

Database *gnm_database(Gnm *gnm) {
    return gnm->db;
}

void gnm_report(const Gnm *gnm, Report *report) {
    unsigned placed = g_hash_table_size(gnm->placed);
    report_scalar(report, "slices", placed, "slices");
    report_scalar(report, "polls", (double)gnm->polls, "polls");
    report_scalar(report, "polls_failed", (double)gnm->failures, "polls");
    for (unsigned i = PLACEMENT_OK + 1; i < PLACEMENT_N_REFUSALS; i++) {
        g_autofree char *name =
            g_strdup_printf("refused.%s", placement_refusal_name((PlacementRefusal)i));
        report_scalar(report, name, (double)gnm->refused[i], "requests");
    }
}
