/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Daemons and the box that they share. */
#include "components/control/site.h"

#include <stdarg.h>
#include <string.h>

struct Site {
    unsigned users;
    Component *component;
    Sim *sim;
    char *box;
    Station *station;
    bool logs;
    StationPlace log;
    SimTime free_at; /* the processor */
};

Site *site_new(Component *c, const char *box, Station *station) {
    Site *s = g_new0(Site, 1);
    s->users = 1;
    s->component = c;
    s->sim = c->sim;
    s->box = g_strdup(box);
    s->station = station;
    return s;
}

Site *site_join(Site *s) {
    s->users++;
    return s;
}

void site_end(Site *s) {
    station_forget(s->station, s);
}

void site_free(Site *s) {
    if (!s || --s->users) return;
    station_free(s->station);
    g_free(s->box);
    g_free(s);
}

Station *site_station(const Site *s) {
    return s->station;
}

const char *site_box(const Site *s) {
    return s->box;
}

void site_log_to(Site *s, const StationPlace *log) {
    s->logs = log != NULL;
    if (log) s->log = *log;
}

Component *agent_component(const Agent *d) {
    return d->site->component;
}

Sim *agent_sim(const Agent *d) {
    return d->site->sim;
}

SimTime agent_now(const Agent *d) {
    return sim_now(d->site->sim);
}

void agent_log(Agent *d, const char *format, ...) {
    if (!d->site->logs) return;
    MessageWriter w;
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    if (strlen(text) > MESSAGE_MAX_BYTES / 2) text[MESSAGE_MAX_BYTES / 2] = 0;
    message_begin(&w, MESSAGE_LOG, 0);
    message_put_u64(&w, TAG_TIME, agent_now(d));
    message_put_text(&w, TAG_NODE, d->site->box);
    message_put_text(&w, TAG_DAEMON, d->name);
    message_put_text(&w, TAG_TEXT, text);
    station_call(d->site->station, &d->site->log, SERVICE_LOG, &w, NULL, d->site);
}

/* Job ------------------------------------------------------------------------------------ */

typedef struct {
    SimEvent event;
    Agent *agent;
    AgentRun *run;
    void *data;
    GDestroyNotify release;
} Job;

static void work_free(void *data) {
    Job *work = data;
    if (work->release) work->release(work->data);
    g_free(work);
}

static void work_run(void *user, void *data) {
    Job *work = data;
    Agent *d = user;
    d->served++;
    g_queue_remove(&d->work, work);
    work->run(d->user, work->data);
    work_free(work);
}

/* The server's daemon has been stopped. */
static void work_lost(void *data) {
    Job *work = data;
    work->agent->forgotten++;
    work_free(work);
}

static void work_done(Sim *sim, SimEvent *event) {
    Job *work = (Job *)(void *)event;
    (void)sim;
    work_run(work->agent, work);
}

/* First come, first served, whoever's it is. */
void agent_work(Agent *d, AgentRun *run, void *data, GDestroyNotify release) {
    Component *c = d->site->component;
    Job *work = g_new0(Job, 1);
    SimTime now = sim_now(c->sim), *free_at = &d->site->free_at;
    *work = (Job){.agent = d, .run = run, .data = data, .release = release};
    if (d->host) {
        daemon_submit(d->host, *d->service, work_run, work, work_lost);
        return;
    }
    *free_at = MAX(*free_at, now) + *d->service;
    sim_event_init(&work->event, work_done, &c->owner);
    g_queue_push_tail(&d->work, work);
    sim_schedule_at(c->sim, &work->event, *free_at);
}

/* Services -------------------------------------------------------------------------------- */

typedef struct {
    Agent *agent;
    Service service;
    void (*handler)(void *user, StationRequest *r);
} Served;

typedef struct {
    Served *served;
    StationRequest *request; /* NULL: it has been handled */
} Asked;

static void handle(void *user, void *data) {
    Asked *asked = data;
    StationRequest *request = asked->request;
    asked->request = NULL;
    asked->served->handler(user, request);
}

static void asked_free(void *data) {
    Asked *asked = data;
    if (asked->request) station_drop(asked->served->agent->site->station, asked->request);
    g_free(asked);
}

static void wake(void *user, StationRequest *request) {
    Agent *d = user;
    for (unsigned i = 0; i < d->services->len; i++) {
        Served *served = d->services->pdata[i];
        if (served->service != request->service) continue;
        Asked *asked = g_new(Asked, 1);
        *asked = (Asked){served, request};
        agent_work(d, handle, asked, asked_free);
        return;
    }
    g_assert_not_reached();
}

void agent_serve(Agent *d, Service service, void (*handler)(void *user, StationRequest *r)) {
    Served *served = NULL;
    for (unsigned i = 0; i < d->services->len; i++)
        if (((Served *)d->services->pdata[i])->service == service) served = d->services->pdata[i];
    if (!served) g_ptr_array_add(d->services, served = g_new0(Served, 1));
    *served = (Served){d, service, handler};
    station_serve(d->site->station, service, wake, d);
}

/* Calls ----------------------------------------------------------------------------------- */

typedef struct {
    Agent *agent;
    uint64_t id;
    StationDone *done;
    void *data;
    int error;
    bool answered;
    Message answer;
    uint8_t *bytes;
} Called;

static void called_free(void *data) {
    Called *called = data;
    g_queue_remove(&called->agent->calls, called);
    g_free(called->bytes);
    g_free(called);
}

static void look_at(void *user, void *data) {
    Called *called = data;
    (void)user;
    if (called->done)
        called->done(called->data, called->error, called->answered ? &called->answer : NULL);
}

static void answered(void *user, int error, const Message *answer) {
    Called *called = user;
    called->error = error;
    if ((called->answered = answer != NULL)) {
        called->answer = *answer;
        called->answer.tlvs = called->bytes = g_memdup2(answer->tlvs, answer->length);
    }
    called->id = 0;
    agent_work(called->agent, look_at, called, called_free);
}

void agent_call(Agent *d, const StationPlace *peer, Service service, MessageWriter *w,
                StationDone *done, void *data) {
    Called *called = g_new0(Called, 1);
    called->agent = d;
    called->done = done;
    called->data = data;
    g_queue_push_tail(&d->calls, called);
    called->id = station_call(d->site->station, peer, service, w, answered, called);
}

/* Life ------------------------------------------------------------------------------------ */

static void host_stopped(void *user) {
    agent_stop(user);
}
static void host_started(void *user) {
    agent_start(user);
}

bool agent_init(Agent *d, const char *name, Site *site, const SimTime *service, void *user,
                GError **error) {
    static const DaemonOps ops = {host_stopped, host_started};
    Component *box = network_find(site->component->network, site->box);
    Gpe *server = box ? gpe_of(box) : NULL;
    d->name = name;
    d->site = site;
    d->service = service;
    d->user = user;
    d->alive = true;
    g_queue_init(&d->calls);
    g_queue_init(&d->work);
    d->services = g_ptr_array_new_with_free_func(g_free);
    if (!server) return true;
    d->host = daemon_new(server, name, &ops, d, error);
    return d->host != NULL;
}

static void forget(Agent *d) {
    for (Job *work; (work = g_queue_pop_head(&d->work)); d->forgotten++) {
        sim_cancel(d->site->sim, &work->event);
        work_free(work);
    }
    for (Called *called; (called = g_queue_peek_head(&d->calls));) {
        station_cancel(d->site->station, called->id);
        called_free(called);
    }
}

void agent_end(Agent *d) {
    if (d->site) forget(d);
}

void agent_clear(Agent *d) {
    if (!d->site) return;
    forget(d);
    g_ptr_array_unref(d->services);
    d->site = NULL;
}

void agent_stop(Agent *d) {
    if (!d->alive) return;
    d->alive = false;
    forget(d);
    station_forget(d->site->station, d);
    if (d->stopped) d->stopped(d->user);
}

void agent_start(Agent *d) {
    if (d->alive) return;
    d->alive = true;
    for (unsigned i = 0; i < d->services->len; i++)
        station_serve(d->site->station, ((Served *)d->services->pdata[i])->service, wake, d);
    if (d->started) d->started(d->user);
}

/* Timers ---------------------------------------------------------------------------------- */

static void timer_run(Sim *sim, SimEvent *event) {
    AgentTimer *t = (AgentTimer *)(void *)event;
    (void)sim;
    if (t->agent->alive) t->run(t->agent->user);
}

void agent_timer_init(AgentTimer *t, Agent *d, void (*run)(void *user)) {
    t->agent = d;
    t->run = run;
    sim_event_init(&t->event, timer_run, &d->site->component->owner);
}

void agent_timer_set(AgentTimer *t, SimTime delay) {
    sim_cancel(t->agent->site->sim, &t->event);
    sim_schedule(t->agent->site->sim, &t->event, delay);
}

void agent_timer_stop(AgentTimer *t) {
    sim_cancel(t->agent->site->sim, &t->event);
}
