/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/gpe/daemon.h: processes of the host's root context on a server. A piece of a daemon's
 * work waits for its core until what the root layer has before it is done, costs what it costs and
 * a context switch, and then has its effect. Daemon n of a server is on core n mod cores.
 *
 * The script stops, starts and slows daemons by their names. One that is stopped has forgotten
 * everything, and nothing that it had to do happens. */
#pragma once

#include "components/gpe/server.h"

typedef struct Daemon Daemon;

/* What becomes of a daemon; `stopped`: it forgets what it knows; `started`: it begins anew. */
typedef struct {
    void (*stopped)(void *user);
    void (*started)(void *user);
} DaemonOps;

/* A daemon of the server's, which runs; freed with the server. False and an error (NULL): the
 * server has one of that name. `name` and `ops` are borrowed. */
Daemon *daemon_new(Gpe *g, const char *name, const DaemonOps *ops, void *user, GError **error);
/* run(user, data) once the work is done. `release`, if any, frees data when that never happens. Of
 * a daemon that is stopped: at once. */
void daemon_submit(Daemon *d, SimTime cost, void (*run)(void *user, void *data), void *data,
                   void (*release)(void *data));
bool daemon_runs(const Daemon *d);
/* NULL: the server has none of that name. */
Daemon *daemon_find(const Gpe *g, const char *name);
/* As the script's stop, start and slow; again has no effect. */
void daemon_stop(Daemon *d);
void daemon_start(Daemon *d);
void daemon_slow(Daemon *d, double factor);

/* For the server. */
extern const Verb daemon_verbs[];
bool daemon_understands(const Component *c, const char *verb, const char *args, GError **error);
bool daemon_command(Component *c, const char *verb, const char *args, GError **error);
/* At the end of the run, when everybody is still there: what waits is released. */
void daemons_end(GPtrArray *daemons);
void daemons_free(GPtrArray *daemons);
