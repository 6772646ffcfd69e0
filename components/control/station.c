/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Stations: calls that are repeated until they are answered, and services that are not. */
#include "components/control/station.h"

#include <errno.h>
#include <string.h>

typedef struct {
    SimEvent again; /* when it is sent again, or given up */
    Station *station;
    uint64_t id;
    StationPlace peer;
    Service service;
    uint64_t sent;
    StationDone *done;
    void *user;
    uint32_t length;
    uint8_t bytes[]; /* the message */
} Call;

typedef struct {
    StationHandler *handler;
    void *user;
} Served;

/* Somebody who has asked. */
typedef struct {
    uint64_t forgotten; /* ids up to this one are */
    GHashTable *asked;  /* id -> Asked, that are remembered */
} Client;

/* What a client has asked: is worked on, is answered, or never will be. */
typedef struct {
    StationRequest request; /* first */
    Client *client;
    uint64_t id;
    SimTime until; /* it is remembered */
    bool working;
    const void *server;     /* whose handler it was given to */
    uint32_t length;        /* of the answer; 0: there is none */
    uint8_t *answer, *told; /* told: the request's bytes */
} Asked;

struct Station {
    Component *component;
    StationPlace place;
    StationSettings settings;
    void (*send)(void *user, Packet *pkt);
    void *user;
    uint64_t last_id;
    GHashTable *calls;    /* id -> Call */
    GHashTable *services; /* port -> Served */
    GHashTable *clients;  /* address -> Client */
    GQueue remembered;    /* Asked, the oldest first */
    PacketQueue own;      /* frames for itself */
    SimEvent deliver_own;
    StationCounts counts;
};

const char *service_name(uint32_t port) {
    switch (port) {
#define X(symbol, number, name)                                                                    \
    case number: return name;
        SERVICES(X)
#undef X
    default: return NULL;
    }
}

static SimTime now_of(const Station *st) {
    return sim_now(st->component->sim);
}

/* Frames ----------------------------------------------------------------------------------- */

static void transmit(Station *st, const uint8_t *message, uint32_t length, uint32_t from_port,
                     const StationPlace *peer, uint32_t to_port) {
    MessageEnd from = {.port = (uint16_t)from_port, .address = st->place.address},
               to = {.port = (uint16_t)to_port, .address = peer->address};
    memcpy(from.mac, st->place.mac, sizeof from.mac);
    memcpy(to.mac, peer->mac, sizeof to.mac);
    Packet *pkt =
        packet_new(st->component->packets, &st->component->owner, MESSAGE_FRAME_HEADERS + length);
    memcpy(pkt->data + MESSAGE_FRAME_HEADERS, message, length);
    message_frame(pkt->data, length, &from, &to);
    if (peer->address == st->place.address) {
        packet_queue_put(&st->own, pkt);
        if (!sim_event_pending(&st->deliver_own))
            sim_schedule(st->component->sim, &st->deliver_own, 0);
        return;
    }
    st->counts.bytes += pkt->length;
    st->send(st->user, pkt);
}

static void deliver_own(Sim *sim, SimEvent *event) {
    Station *st = (Station *)(void *)((char *)event - offsetof(Station, deliver_own));
    Packet *pkt = packet_queue_get(&st->own);
    if (st->own.head) sim_schedule(sim, event, 0);
    station_receive(st, pkt);
}

/* Calling ---------------------------------------------------------------------------------- */

static void call_send(Call *call) {
    Station *st = call->station;
    call->sent++;
    transmit(st, call->bytes, call->length, SERVICE_CLIENT, &call->peer, call->service);
    sim_schedule(st->component->sim, &call->again, st->settings.timeout);
}

static void call_free(void *data) {
    Call *call = data;
    Component *c = call->station->component;
    sim_cancel(c->sim, &call->again);
    g_free(call);
}

static void call_remove(Call *call) {
    Station *st = call->station;
    network_busy(st->component->network, -1);
    g_hash_table_remove(st->calls, &call->id);
}

static void call_end(Call *call, int error, const Message *answer) {
    StationDone *done = call->done;
    void *user = call->user;
    call_remove(call);
    if (done) done(user, error, answer);
}

static void call_again(Sim *sim, SimEvent *event) {
    Call *call = (Call *)(void *)event;
    Station *st = call->station;
    (void)sim;
    if (call->sent > st->settings.resends) {
        st->counts.lost++;
        call_end(call, ETIMEDOUT, NULL);
        return;
    }
    st->counts.resent++;
    call_send(call);
}

uint64_t station_call(Station *st, const StationPlace *peer, Service service, MessageWriter *w,
                      StationDone *done, void *user) {
    bool fits = message_end(w, ++st->last_id);
    g_assert(fits); /* whoever writes as much as may not fit looks at w->full */
    Call *call = g_malloc0(sizeof *call + w->length);
    call->station = st;
    call->id = st->last_id;
    call->peer = *peer;
    call->service = service;
    call->done = done;
    call->user = user;
    call->length = w->length;
    memcpy(call->bytes, w->bytes, w->length);
    sim_event_init(&call->again, call_again, &st->component->owner);
    g_hash_table_insert(st->calls, &call->id, call);
    network_busy(st->component->network, 1);
    st->counts.calls++;
    call_send(call);
    return call->id;
}

void station_cancel(Station *st, uint64_t id) {
    Call *call = g_hash_table_lookup(st->calls, &id);
    if (call) call_remove(call);
}

static void take_answer(Station *st, const Message *m) {
    Call *call = g_hash_table_lookup(st->calls, &m->id);
    if (!call) { /* it comes again, or too late */
        st->counts.unknown++;
        return;
    }
    bool refused = m->type == MESSAGE_REFUSED || m->type == MESSAGE_NP_SLICE_REFUSE;
    int error = refused ? (int)message_u32(m, TAG_ERROR, EIO) : 0;
    call_end(call, refused && !error ? EIO : error, m);
}

/* Serving ---------------------------------------------------------------------------------- */

static void asked_free(void *data) {
    Asked *asked = data;
    g_free(asked->answer);
    g_free(asked->told);
    g_free(asked);
}

static void client_free(void *data) {
    Client *client = data;
    g_hash_table_unref(client->asked);
    g_free(client);
}

/* What is past its time, and not worked on any more. */
static void forget_old(Station *st) {
    for (Asked *asked; (asked = g_queue_peek_head(&st->remembered)) && asked->until <= now_of(st) &&
                       !asked->working;) {
        Client *client = asked->client;
        g_queue_pop_head(&st->remembered);
        client->forgotten = MAX(client->forgotten, asked->id);
        g_hash_table_remove(client->asked, &asked->id);
    }
}

static Client *client_of(Station *st, uint32_t address) {
    Client *client = g_hash_table_lookup(st->clients, GUINT_TO_POINTER(address));
    if (client) return client;
    client = g_new0(Client, 1);
    client->asked = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, asked_free);
    g_hash_table_insert(st->clients, GUINT_TO_POINTER(address), client);
    return client;
}

static Asked *remember(Station *st, Client *client, const Message *m, const MessageEnd *from) {
    Asked *asked = g_new0(Asked, 1);
    asked->client = client;
    asked->id = m->id;
    asked->until = now_of(st) + (st->settings.resends + 1) * st->settings.timeout;
    asked->told = g_memdup2(m->tlvs, m->length);
    asked->request.message = *m;
    asked->request.message.tlvs = asked->told;
    asked->request.from.address = from->address;
    memcpy(asked->request.from.mac, from->mac, sizeof from->mac);
    g_hash_table_insert(client->asked, &asked->id, asked);
    g_queue_push_tail(&st->remembered, asked);
    return asked;
}

static void take_request(Station *st, const Message *m, const MessageEnd *from, Service service) {
    const Served *served = g_hash_table_lookup(st->services, GUINT_TO_POINTER(service));
    if (!served) {
        st->counts.unknown++;
        return;
    }
    forget_old(st);
    st->counts.served++;
    Client *client = client_of(st, from->address);
    Asked *asked = g_hash_table_lookup(client->asked, &m->id);
    if (asked || m->id <= client->forgotten) {
        st->counts.repeated++;
        if (asked && asked->answer)
            transmit(st, asked->answer, asked->length, service, &asked->request.from,
                     SERVICE_CLIENT);
        return;
    }
    asked = remember(st, client, m, from);
    asked->request.service = service;
    asked->working = true;
    asked->server = served->user;
    served->handler(served->user, &asked->request);
}

void station_serve(Station *st, Service service, StationHandler *handler, void *user) {
    if (!handler) {
        g_hash_table_remove(st->services, GUINT_TO_POINTER(service));
        return;
    }
    Served *served = g_new(Served, 1);
    *served = (Served){handler, user};
    g_hash_table_replace(st->services, GUINT_TO_POINTER(service), served);
}

static Asked *asked_of(StationRequest *request) {
    Asked *asked = (Asked *)(void *)request;
    g_assert(asked->working);
    return asked;
}

void station_drop(Station *st, StationRequest *request) {
    (void)st;
    asked_of(request)->working = false;
}

void station_answer(Station *st, StationRequest *request, MessageWriter *w) {
    Asked *asked = asked_of(request);
    bool fits = message_end(w, asked->id);
    g_assert(fits);
    asked->working = false;
    asked->length = w->length;
    asked->answer = g_memdup2(w->bytes, w->length);
    transmit(st, asked->answer, asked->length, request->service, &request->from, SERVICE_CLIENT);
}

void station_done(Station *st, StationRequest *request) {
    MessageWriter w;
    message_begin(&w, MESSAGE_DONE, request->message.slice);
    station_answer(st, request, &w);
}

void station_refuse(Station *st, StationRequest *request, int error, const char *text) {
    MessageWriter w;
    message_begin(&w, MESSAGE_REFUSED, request->message.slice);
    message_put_u32(&w, TAG_ERROR, (uint32_t)error);
    if (text) message_put_text(&w, TAG_TEXT, text);
    station_answer(st, request, &w);
}

static gboolean of_user(gpointer key, gpointer value, gpointer user) {
    (void)key;
    return ((const Served *)value)->user == user;
}

void station_forget(Station *st, const void *user) {
    g_autoptr(GList) calls = g_hash_table_get_values(st->calls);
    for (GList *l = calls; l; l = l->next)
        if (((Call *)l->data)->user == user) call_remove(l->data);
    for (GList *l = st->remembered.head; l; l = l->next) {
        Asked *asked = l->data;
        if (asked->server == user) asked->working = false;
    }
    g_hash_table_foreach_remove(st->services, of_user, (gpointer)user);
}

/* Life ------------------------------------------------------------------------------------- */

void station_receive(Station *st, Packet *pkt) {
    MessageEnd from, to;
    Message m;
    /* The packet ends here: what it says is copied by whoever keeps it. */
    bool good = message_frame_read(pkt->data, pkt->length, &from, &to, &m, NULL) &&
                to.address == st->place.address;
    if (!good)
        st->counts.bad++;
    else if (to.port == SERVICE_CLIENT)
        take_answer(st, &m);
    else
        take_request(st, &m, &from, to.port);
    packet_deliver(pkt);
}

Station *station_new(Component *c, const StationPlace *place, const StationSettings *settings,
                     void (*send)(void *user, Packet *pkt), void *user) {
    Station *st = g_new0(Station, 1);
    st->component = c;
    st->place = *place;
    st->settings = *settings;
    st->send = send;
    st->user = user;
    st->calls = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, call_free);
    st->services = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    st->clients = g_hash_table_new_full(NULL, NULL, NULL, client_free);
    g_queue_init(&st->remembered);
    sim_event_init(&st->deliver_own, deliver_own, &c->owner);
    return st;
}

void station_free(Station *st) {
    if (!st) return;
    g_hash_table_unref(st->calls);
    g_hash_table_unref(st->services);
    g_hash_table_unref(st->clients);
    g_queue_clear(&st->remembered);
    g_free(st);
}

StationPlace station_place(const Station *st) {
    return st->place;
}

StationCounts station_counts(const Station *st) {
    return st->counts;
}
