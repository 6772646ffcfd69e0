/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The management processor's queue. */
#include "components/ixp/mp.h"

struct MpRequest {
    MpRequest *next;
    SimTime done;
    MpRun *run;
    void *user, *data;
    void (*release)(void *data);
};

static void served(Sim *sim, SimEvent *event) {
    Mp *mp = (Mp *)(void *)((char *)event - offsetof(Mp, event));
    MpRequest *r = mp->first;
    mp->first = r->next;
    if (mp->first) sim_schedule_at(sim, &mp->event, mp->first->done);
    r->run(r->user, r->data, sim_now(sim));
    g_free(r);
}

void mp_init(Mp *mp, Component *owner) {
    mp->owner = owner;
    mp->slower = 1;
    sim_event_init(&mp->event, served, &owner->owner);
}

void mp_submit(Mp *mp, MpRun *run, void *user, void *data, void (*release)(void *data)) {
    SimTime there = sim_now(mp->owner->sim) + mp->latency;
    SimTime start = MAX(there, mp->free_at);
    MpRequest *r = g_new(MpRequest, 1);
    *r = (MpRequest){.done = start + (SimTime)((double)mp->service * mp->slower),
                     .run = run,
                     .user = user,
                     .data = data,
                     .release = release};
    mp->free_at = r->done;
    if (mp->first)
        mp->last->next = r;
    else
        mp->first = r;
    mp->last = r;
    if (mp->first == r) sim_schedule_at(mp->owner->sim, &mp->event, r->done);
}

void mp_clear(Mp *mp) {
    for (MpRequest *r; (r = mp->first);) {
        mp->first = r->next;
        if (r->release) r->release(r->data);
        g_free(r);
    }
}
