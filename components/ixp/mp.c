/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The management processor's queues: one for each client, and a ring of the clients that have
 * requests waiting. */
#include "components/ixp/mp.h"

struct MpRequest {
    MpRequest *next;
    SimTime there; /* when it reaches the processor */
    MpRun *run;
    void *user, *data;
    void (*release)(void *data);
};

struct MpClient {
    MpRequest *first, *last; /* that wait */
    unsigned waiting;
    MpClient *next; /* in turn */
};

static void begin(Mp *mp, MpRequest *r) {
    Sim *sim = mp->owner->sim;
    SimTime start = MAX(sim_now(sim), r->there);
    SimTime service = (SimTime)((double)mp->service * mp->slower);
    mp->current = r;
    mp->served++;
    mp->busy += service;
    mp->waited += start - r->there;
    mp->free_at = start + service;
    sim_schedule_at(sim, &mp->event, mp->free_at);
}

/* The first request of the client behind `before`, which leaves the ring with its last. */
static MpRequest *take(Mp *mp, MpClient *before) {
    MpClient *client = before->next;
    MpRequest *r = client->first;
    client->waiting--;
    mp->clients_last = client; /* it is the last in turn now */
    if (!(client->first = r->next)) {
        before->next = client->next;
        mp->clients_last = before == client ? NULL : before;
    }
    return r;
}

/* The first client in turn whose request is there; if none is, the one whose will be first. */
static MpRequest *next_request(Mp *mp) {
    SimTime now = sim_now(mp->owner->sim);
    MpClient *last = mp->clients_last, *best = last;
    if (!last) return NULL;
    for (MpClient *before = last;; before = before->next) {
        if (before->next->first->there <= now) return take(mp, before);
        if (before->next->first->there < best->next->first->there) best = before;
        if (before->next == last) return take(mp, best);
    }
}

static void served(Sim *sim, SimEvent *event) {
    Mp *mp = (Mp *)(void *)((char *)event - offsetof(Mp, event));
    MpRequest *r = mp->current, *next = next_request(mp);
    mp->current = NULL;
    if (next) begin(mp, next);
    r->run(r->user, r->data, sim_now(sim));
    g_free(r);
}

void mp_init(Mp *mp, Component *owner) {
    mp->owner = owner;
    mp->slower = 1;
    mp->clients = g_ptr_array_new_with_free_func(g_free);
    sim_event_init(&mp->event, served, &owner->owner);
}

MpClient *mp_client(Mp *mp) {
    MpClient *client = g_new0(MpClient, 1);
    g_ptr_array_add(mp->clients, client);
    return client;
}

static bool submit(Mp *mp, MpClient *client, SimTime way, MpRun *run, void *user, void *data,
                   void (*release)(void *data)) {
    if (client->waiting >= mp->backlog) {
        mp->refused++;
        return false;
    }
    MpRequest *r = g_new(MpRequest, 1);
    *r = (MpRequest){.there = sim_now(mp->owner->sim) + way,
                     .run = run,
                     .user = user,
                     .data = data,
                     .release = release};
    if (!mp->current) {
        begin(mp, r);
        return true;
    }
    if (client->first) {
        client->last->next = r;
    } else {
        client->first = r;
        client->next = mp->clients_last ? mp->clients_last->next : client;
        if (mp->clients_last) mp->clients_last->next = client;
        mp->clients_last = client;
    }
    client->last = r;
    client->waiting++;
    return true;
}

bool mp_submit(Mp *mp, MpClient *client, MpRun *run, void *user, void *data,
               void (*release)(void *data)) {
    return submit(mp, client, mp->latency, run, user, data, release);
}

bool mp_submit_here(Mp *mp, MpClient *client, MpRun *run, void *user, void *data,
                    void (*release)(void *data)) {
    return submit(mp, client, 0, run, user, data, release);
}

unsigned mp_most_waiting(const Mp *mp) {
    unsigned most = 0;
    for (unsigned i = 0; i < mp->clients->len; i++)
        most = MAX(most, ((const MpClient *)mp->clients->pdata[i])->waiting);
    return most;
}

static void end(MpRequest *r) {
    if (r->release) r->release(r->data);
    g_free(r);
}

void mp_clear(Mp *mp) {
    if (mp->current) end(mp->current);
    mp->current = NULL;
    while (mp->clients_last) end(take(mp, mp->clients_last));
    if (mp->clients) g_ptr_array_unref(mp->clients);
}
