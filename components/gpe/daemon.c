/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Daemons: a first-in first-out list of work each, of which one piece at a time is on a core. */
#include "components/gpe/daemon.h"

#include <stdio.h>
#include <string.h>

#include "emu/core/error.h"

typedef struct Task Task;
struct Task {
    RootJob job; /* first */
    Daemon *daemon;
    void (*run)(void *user, void *data);
    void *data;
    void (*release)(void *data);
    Task *next;
};

struct Daemon {
    const char *name;
    Gpe *gpe;
    Core *core;
    const DaemonOps *ops;
    void *user;
    Task *tasks, *last; /* on the core, in its order */
    double slower;
    bool runs;
};

static void task_done(RootJob *job) {
    Task *t = (Task *)(void *)job;
    Daemon *d = t->daemon;
    d->tasks = t->next;
    if (!d->tasks) d->last = NULL;
    if (t->run) t->run(d->user, t->data);
    g_free(t);
}

void daemon_submit(Daemon *d, SimTime cost, void (*run)(void *user, void *data), void *data,
                   void (*release)(void *data)) {
    if (!d->runs) {
        if (release) release(data);
        return;
    }
    Task *t = g_new0(Task, 1);
    t->job.cost = (SimTime)((double)cost * d->slower) + d->gpe->kernel.context_switch;
    t->job.done = task_done;
    t->daemon = d;
    t->run = run;
    t->data = data;
    t->release = release;
    if (d->last)
        d->last->next = t;
    else
        d->tasks = t;
    d->last = t;
    core_root(d->core, &t->job);
}

bool daemon_runs(const Daemon *d) {
    return d->runs;
}

/* What the core has of its work already stays there, and has no effect any more. */
static void forget_tasks(Daemon *d) {
    for (Task *t = d->tasks; t; t = t->next) {
        if (t->run && t->release) t->release(t->data);
        t->run = NULL;
    }
}

void daemon_stop(Daemon *d) {
    if (!d->runs) return;
    d->runs = false;
    forget_tasks(d);
    if (d->ops && d->ops->stopped) d->ops->stopped(d->user);
}

void daemon_start(Daemon *d) {
    if (d->runs) return;
    d->runs = true;
    if (d->ops && d->ops->started) d->ops->started(d->user);
}

void daemon_slow(Daemon *d, double factor) {
    d->slower = factor;
}

Daemon *daemon_find(const Gpe *g, const char *name) {
    for (unsigned i = 0; g->daemons && i < g->daemons->len; i++) {
        Daemon *d = g->daemons->pdata[i];
        if (!strcmp(d->name, name)) return d;
    }
    return NULL;
}

Daemon *daemon_new(Gpe *g, const char *name, const DaemonOps *ops, void *user, GError **error) {
    if (daemon_find(g, name)) {
        input_error(error, "found a second daemon %s on %s, expected one", name, g->base.name);
        return NULL;
    }
    Daemon *d = g_new0(Daemon, 1);
    if (!g->daemons) g->daemons = g_ptr_array_new();
    *d = (Daemon){.name = name,
                  .gpe = g,
                  .core = &g->kernel.core[g->daemons->len % g->kernel.n_cores],
                  .ops = ops,
                  .user = user,
                  .slower = 1,
                  .runs = true};
    g_ptr_array_add(g->daemons, d);
    gpe_begin(g);
    return d;
}

void daemons_end(GPtrArray *daemons) {
    for (unsigned i = 0; daemons && i < daemons->len; i++) forget_tasks(daemons->pdata[i]);
}

void daemons_free(GPtrArray *daemons) {
    for (unsigned i = 0; daemons && i < daemons->len; i++) {
        Daemon *d = daemons->pdata[i];
        for (Task *t; (t = d->tasks);) {
            d->tasks = t->next;
            g_free(t);
        }
        g_free(d);
    }
    if (daemons) g_ptr_array_unref(daemons);
}

/* The script ------------------------------------------------------------------------------- */

const Verb daemon_verbs[] = {
    {"stop", "DAEMON", "the daemon dies, and forgets what it knew"},
    {"start", "DAEMON", "it is there again, and begins anew"},
    {"slow", "DAEMON FACTOR", "its work takes so many times as long; 1: as before"},
    {0}};

static Daemon *read_order(const Gpe *g, const char *verb, const char *args, double *factor,
                          GError **error) {
    char name[32], rest;
    bool slow = !strcmp(verb, "slow");
    Daemon *d = NULL;
    int n = slow ? sscanf(args, "%31s %lf %c", name, factor, &rest)
                 : sscanf(args, "%31s %c", name, &rest);
    if (n == 1 + slow && (!slow || (*factor >= 0 && *factor <= 1e6))) d = daemon_find(g, name);
    if (d) return d;
    g_autoptr(GString) all = g_string_new(NULL);
    for (unsigned i = 0; g->daemons && i < g->daemons->len; i++)
        g_string_append_printf(all, "%s%s", i ? ", " : "", ((Daemon *)g->daemons->pdata[i])->name);
    input_error(error, "found \"%s %s\", expected %s DAEMON%s; %s has %s", verb, args, verb,
                slow ? " FACTOR" : "", g->base.name, all->len ? all->str : "no daemons");
    return NULL;
}

bool daemon_understands(const Component *c, const char *verb, const char *args, GError **error) {
    double factor;
    return component_has_verb(c, verb, error) &&
           read_order((const Gpe *)c, verb, args, &factor, error);
}

bool daemon_command(Component *c, const char *verb, const char *args, GError **error) {
    double factor;
    Daemon *d = read_order((Gpe *)c, verb, args, &factor, error);
    if (!d) return false;
    if (!strcmp(verb, "stop"))
        daemon_stop(d);
    else if (!strcmp(verb, "start"))
        daemon_start(d);
    else
        daemon_slow(d, factor);
    return true;
}
