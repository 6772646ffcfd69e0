/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/control/site.h: what the daemons of one box share: its station on the control
 * network, and what a daemon is. A message that has come in wakes the daemon it is for, whose work
 * on it takes `service` of the box's processor; only then is it looked at. A daemon that is stopped
 * forgets what it waits for, serves nobody, and loses what it was about to do; started again it
 * knows what it had written to disk. On a server it is one of the server's daemons
 * (components/gpe/daemon.h), which the script stops, starts and slows by name. */
#pragma once

#include "components/control/station.h"
#include "components/gpe/daemon.h"

typedef struct Site Site;
typedef struct Agent Agent;

/* Of a box; c is the manager there, whose the station's packets are. Takes the station. */
Site *site_new(Component *c, const char *box, Station *station);
/* One more user of it; site_free is called by each. */
Site *site_join(Site *site);
/* The run is over, and everybody is still there: what is under way is forgotten. */
void site_end(Site *site);
void site_free(Site *site);
Station *site_station(const Site *site);
const char *site_box(const Site *site);
/* Where lines for the node's log go; NULL: nowhere. */
void site_log_to(Site *site, const StationPlace *log);

struct Agent {
    const char *name; /* "lrm" */
    Site *site;
    Daemon
        *host; /* the process, on a server; NULL: the box is none, and has a processor of its own */
    const SimTime *service; /* its setting */
    void *user;
    void (*started)(void *user); /* again, after a stop */
    void (*stopped)(void *user);
    /* state */
    bool alive;
    GQueue calls, work; /* that it waits for; that it is about to do */
    GPtrArray *services;
    uint64_t served, forgotten; /* pieces of work; of which it lost */
};

/* False and an error: the server has a daemon of that name. */
bool agent_init(Agent *d, const char *name, Site *site, const SimTime *service, void *user,
                GError **error);
/* Ditto, of one daemon. */
void agent_end(Agent *d);
void agent_clear(Agent *d);
void agent_stop(Agent *d);
void agent_start(Agent *d);

typedef void AgentRun(void *user, void *data);
/* Work of its own: run(user, data) once it had the processor for its `service`. `release` frees
 * data if that never happens, or afterwards; or NULL. */
void agent_work(Agent *d, AgentRun *run, void *data, GDestroyNotify release);
/* As station_serve: the handler runs when it has had the processor. */
void agent_serve(Agent *d, Service service, void (*handler)(void *user, StationRequest *r));
/* As station_call; done(data, ...) likewise. */
void agent_call(Agent *d, const StationPlace *peer, Service service, MessageWriter *w,
                StationDone *done, void *data);
Component *agent_component(const Agent *d);
Sim *agent_sim(const Agent *d);
SimTime agent_now(const Agent *d);
/* A line of the node's log. */
void agent_log(Agent *d, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* A time of its own: run(user) after `delay`, unless it is stopped or asked again. */
typedef struct {
    SimEvent event;
    Agent *agent;
    void (*run)(void *user);
} AgentTimer;
void agent_timer_init(AgentTimer *t, Agent *d, void (*run)(void *user));
void agent_timer_set(AgentTimer *t, SimTime delay);
void agent_timer_stop(AgentTimer *t);
