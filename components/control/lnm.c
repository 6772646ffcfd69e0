/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The local node manager: polls myPLC for the slices that are to be on this server, and makes it
 * so. Its rules are those of PlanetLab's Node Manager (sm.py): a sliver is made when it is first
 * seen, those of the first poll one every `stagger`; it is destroyed when a full update does not
 * have it any more, and at the first poll after it has expired; delegated ones are made by a ticket
 * alone. A sliver is entitled to the processor that its row says when it is made. To make it takes
 * `create` of the disk's time. What is destroyed gives all back: its
 * requests end, ports close, and the LRM returns what it had reserved. */
#include <errno.h>
#include <string.h>

#include "components/control/manager.h"
#include "components/control/program.h"
#include "components/control/slivers.h"

typedef struct {
    Lnm *lnm;
    char *name;
    uint32_t slice_id;
    SliceProgram *program; /* NULL: it has none, and its vServer does nothing */
    bool up;
    SchedShare own; /* what its vServer's settings say, while PLC's are in their place */
    SimEvent made;  /* when the disk is done */
} Sliver;

struct Lnm {
    Agent agent;
    Gpe *gpe;
    Lrm *lrm;
    const LnmSettings *settings;
    Database *db;
    GPtrArray *slivers;    /* in the order in which they were made */
    GHashTable *delegated; /* names of those that have been asked for */
    StationPlace myplc;
    SliversPoll poll;
    AgentTimer timer;
    Random random;
    bool booted;
    uint64_t polls, failures, made, destroyed, refused;
};

static Sliver *find(const Lnm *lnm, const char *name) {
    for (unsigned i = 0; i < lnm->slivers->len; i++) {
        Sliver *s = lnm->slivers->pdata[i];
        if (!strcmp(s->name, name)) return s;
    }
    return NULL;
}

static void tell(Lnm *lnm, const char *name, bool up) {
    MessageWriter w;
    message_begin(&w, MESSAGE_SLIVER_STATE, 0);
    message_put_text(&w, TAG_NAME, name);
    message_put_text(&w, TAG_NODE, site_box(lnm->agent.site));
    message_put_u32(&w, TAG_STATE, up);
    agent_call(&lnm->agent, &lnm->myplc, SERVICE_GNM, &w, NULL, NULL);
}

/* Slivers --------------------------------------------------------------------------------- */

static void sliver_free(void *data) {
    Sliver *s = data;
    sim_cancel(agent_sim(&s->lnm->agent), &s->made);
    g_free(s->name);
    g_free(s);
}

/* Node Manager's set_resources: a guarantee in ms/s, which are tokens of 1 ms, or a share, if PLC
 * or a loan says one. */
static void entitle(const Sliver *s, SchedShare *share) {
    const SliceRecord *r = database_find(s->lnm->db, s->name);
    int64_t min = r ? r->effective[RSPEC_CPU_MIN] : 0, rate = r ? r->effective[RSPEC_CPU_SHARE] : 0;
    bool said = r && (slice_record_attribute(r, "cpu_share") || rate != r->rspec[RSPEC_CPU_SHARE]);
    if (min > 0)
        share->rate = (uint64_t)min;
    else if (said && rate > 0)
        share->rate = (uint64_t)rate;
    if (min > 0) share->guaranteed = true;
}

static bool start(Sliver *s) {
    Lnm *lnm = s->lnm;
    g_autoptr(GError) error = NULL;
    if (!s->program) {
        agent_log(&lnm->agent, "%s is there, with no program", s->name);
        return true;
    }
    Vserver *v = slice_program_vserver(s->program);
    s->own = v->share;
    entitle(s, &v->share);
    lrm_admit(lnm->lrm, v, s->slice_id);
    if (slice_program_start(s->program, lnm->gpe, lrm_call, lnm->lrm, &error)) {
        agent_log(&lnm->agent, "%s is up", s->name);
        return true;
    }
    lrm_release(lnm->lrm, v);
    v->share = s->own;
    lnm->refused++;
    agent_log(&lnm->agent, "%s cannot start: %s", s->name, error->message);
    return false;
}

static void made(Sim *sim, SimEvent *event) {
    Sliver *s = (Sliver *)(void *)((char *)event - offsetof(Sliver, made));
    Lnm *lnm = s->lnm;
    (void)sim;
    if (!start(s)) { /* tried again at the next poll */
        g_ptr_array_remove(lnm->slivers, s);
        return;
    }
    s->up = true;
    lnm->made++;
    if (lnm->agent.alive) tell(lnm, s->name, true);
}

static void create(Lnm *lnm, const SliceRecord *r, SimTime delay) {
    Component *own = agent_component(&lnm->agent);
    Sliver *s = g_new0(Sliver, 1);
    s->lnm = lnm;
    s->name = g_strdup(r->name);
    s->slice_id = r->slice_id;
    s->program = slice_program_find(own->network, r->name);
    sim_event_init(&s->made, made, &own->owner);
    sim_schedule(own->sim, &s->made, delay + lnm->settings->create);
    g_ptr_array_add(lnm->slivers, s);
    agent_log(&lnm->agent, "%s is made", s->name);
}

static void destroy(Lnm *lnm, Sliver *s) {
    if (s->up && s->program) {
        lrm_release(lnm->lrm, slice_program_vserver(s->program));
        slice_program_stop(s->program);
        slice_program_vserver(s->program)->share = s->own;
    }
    agent_log(&lnm->agent, "%s is destroyed", s->name);
    if (s->up) {
        lnm->destroyed++;
        tell(lnm, s->name, false);
    }
    g_ptr_array_remove(lnm->slivers, s);
}

static bool is_wanted(const Lnm *lnm, const SliceRecord *r) {
    if (!r || !r->effective[RSPEC_ENABLED]) return false;
    switch (r->instantiation) {
    case PLC_INSTANTIATED:
    case NM_CONTROLLER: return true;
    case DELEGATED: return g_hash_table_contains(lnm->delegated, r->name);
    default: return false;
    }
}

static void settle(Lnm *lnm, bool staggered) {
    database_sync(lnm->db, agent_now(&lnm->agent));
    for (unsigned i = lnm->slivers->len; i-- > 0;) {
        Sliver *s = lnm->slivers->pdata[i];
        const SliceRecord *r = database_find(lnm->db, s->name);
        if (!is_wanted(lnm, r) || r->slice_id != s->slice_id) destroy(lnm, s);
    }
    const SliceRecord *r;
    SimTime delay = 0;
    for (unsigned n = 0; (r = database_nth(lnm->db, n)); n++) {
        if (!is_wanted(lnm, r) || find(lnm, r->name)) continue;
        create(lnm, r, delay);
        if (staggered) delay += lnm->settings->stagger;
    }
}

/* Polls ----------------------------------------------------------------------------------- */

static void polled(void *user, bool whole) {
    Lnm *lnm = user;
    lnm->polls++;
    lnm->failures += !whole;
    if (!whole)
        agent_log(&lnm->agent, "myPLC does not answer, slivers that stay: %u", lnm->slivers->len);
    settle(lnm, whole && !lnm->booted);
    lnm->booted |= whole;
}

static void poll(void *user) {
    Lnm *lnm = user;
    slivers_poll(&lnm->poll, lnm->settings->poll.period / 2);
    agent_timer_set(&lnm->timer, lnm->settings->poll.period +
                                     random_below(&lnm->random, lnm->settings->poll.spread + 1));
}

static void serve(void *user, StationRequest *request) {
    Lnm *lnm = user;
    Station *st = site_station(lnm->agent.site);
    if (request->message.type == MESSAGE_ALIVE)
        station_done(st, request);
    else
        station_refuse(st, request, EINVAL, "the LNM does not know what that is");
}

/* What controllers ask -------------------------------------------------------------------- */

static bool is_up(const Lnm *lnm, GError **error) {
    return lnm->agent.alive || input_error(error, "the LNM does not run");
}

bool lnm_ticket(Lnm *lnm, const char *ticket, GError **error) {
    if (!is_up(lnm, error)) return false;
    SliceRecord *r = ticket_read(ticket, lnm->settings->secret, error);
    if (!r) return false;
    if (r->instantiation != DELEGATED) {
        input_error(error, "found a ticket of %s, which is %s, expected one that is delegated",
                    r->name, instantiation_name(r->instantiation));
        slice_record_free(r);
        return false;
    }
    agent_log(&lnm->agent, "ticket of %s", r->name);
    g_hash_table_add(lnm->delegated, g_strdup(r->name));
    database_deliver(lnm->db, r);
    settle(lnm, false);
    return true;
}

bool lnm_destroy(Lnm *lnm, const char *name, GError **error) {
    if (!is_up(lnm, error)) return false;
    if (!g_hash_table_remove(lnm->delegated, name))
        return input_error(error, "found \"%s\", expected a delegated sliver of this server", name);
    settle(lnm, false);
    return true;
}

Database *lnm_database(Lnm *lnm) {
    return lnm->db;
}

/* Life ------------------------------------------------------------------------------------ */

static void stopped(void *user) {
    Lnm *lnm = user;
    slivers_poll_stop(&lnm->poll);
    agent_timer_stop(&lnm->timer);
}

Lnm *lnm_new(Site *site, Gpe *gpe, Lrm *lrm, const LnmSettings *settings, const StationPlace *myplc,
             GError **error) {
    Lnm *lnm = g_new0(Lnm, 1);
    if (!agent_init(&lnm->agent, "lnm", site, &settings->service, lnm, error)) {
        agent_clear(&lnm->agent);
        g_free(lnm);
        return NULL;
    }
    lnm->agent.stopped = stopped;
    lnm->agent.started = poll; /* it knows from its disk what is there */
    lnm->gpe = gpe;
    lnm->lrm = lrm;
    lnm->settings = settings;
    lnm->myplc = *myplc;
    lnm->db = database_new();
    lnm->slivers = g_ptr_array_new_with_free_func(sliver_free);
    lnm->delegated = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    slivers_poll_init(&lnm->poll, &lnm->agent, myplc, SERVICE_MYPLC, site_box(site), lnm->db,
                      polled, lnm);
    agent_timer_init(&lnm->timer, &lnm->agent, poll);
    return lnm;
}

void lnm_end(Lnm *lnm) {
    agent_end(&lnm->agent);
    agent_timer_stop(&lnm->timer);
    for (unsigned i = 0; i < lnm->slivers->len; i++)
        sim_cancel(agent_sim(&lnm->agent), &((Sliver *)lnm->slivers->pdata[i])->made);
}

void lnm_free(Lnm *lnm) {
    if (!lnm) return;
    g_ptr_array_unref(lnm->slivers);
    g_hash_table_unref(lnm->delegated);
    slivers_poll_clear(&lnm->poll);
    agent_clear(&lnm->agent);
    database_free(lnm->db);
    g_free(lnm);
}

void lnm_start(Lnm *lnm) {
    component_random(agent_component(&lnm->agent), "lnm", &lnm->random);
    agent_serve(&lnm->agent, SERVICE_LNM, serve);
    agent_timer_set(&lnm->timer, random_below(&lnm->random, lnm->settings->poll.period));
}

Agent *lnm_agent(Lnm *lnm) {
    return &lnm->agent;
}

unsigned lnm_slivers(const Lnm *lnm) {
    return lnm->slivers->len;
}

void lnm_report(const Lnm *lnm, Report *report) {
    report_scalar(report, "slivers", lnm->slivers->len, "slivers");
    report_scalar(report, "slivers_made", (double)lnm->made, "slivers");
    report_scalar(report, "slivers_destroyed", (double)lnm->destroyed, "slivers");
    report_scalar(report, "slivers_refused", (double)lnm->refused, "slivers");
    report_scalar(report, "polls", (double)lnm->polls, "polls");
    report_scalar(report, "polls_failed", (double)lnm->failures, "polls");
}
