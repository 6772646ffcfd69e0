/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The local resource manager. What reserves something is a transaction (transaction.h):
 *
 *   np_slice   GRM grants, MP attaches
 *   port       GRM grants, MP or the vServer's kernel opens, the line card claims at each interface
 *              and gives the share
 *   share      GRM grants, the line card gives the share
 *
 * and lasts as a holding until it goes back. The GRM asks for the list of holdings, from which it
 * renews its leases and, started again, learns them. Everything else is a call to the MP. A
 * client's requests are carried out one at a time, and at most one of each client waits for the
 * daemon, so that clients have it in turn. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "components/control/manager.h"
#include "components/control/mp_items.h"
#include "components/control/transaction.h"
#include "fastpath/headers.h"

enum { MILLION = 1000000, LEASES_PER_MESSAGE = 8 };

typedef struct {
    Vserver *v;
    uint32_t slice_id;
    Lrm *lrm;
    GQueue requests; /* Request, the first is being carried out */
    GPtrArray *held; /* Holding */
    bool gone;       /* only what is going back is left */
} Client;

typedef struct {
    Client *client; /* NULL: nobody waits for the answer */
    LrmRequest asked;
    uint8_t *bytes;
    LrmDone *done;
    void *user;
    bool begun;
    SimTime since;
    SimEvent refusal; /* of one that nobody is going to carry out */
    int error;
} Request;

typedef struct {
    Client *client;
    LrmVerb verb;
    LrmRequest asked;
    Transaction *t;
    Request *request; /* that waits for it */
    LedgerLease lease;
    bool granted;
    char *name, *npe;    /* the component that holds; where, of an NP slice */
    StationPlace mp, lc; /* of an NP slice: its NPE's */
    uint32_t values[LRM_VALUES];
} Holding;

struct Lrm {
    Agent agent;
    Gpe *gpe;
    const LrmSettings *settings;
    StationPlace grm, lc;
    GPtrArray *clients;
    uint64_t last_lease;
    uint64_t asked, refused;
    SimTime longest; /* from a request's arrival to its answer */
};

static const char *const verb_names[] = {
#define X(symbol, name) name,
    LRM_VERBS(X)
#undef X
};

const char *lrm_verb_name(LrmVerb verb) {
    return verb_names[verb];
}

static void begin_next(Client *c);
static bool forget_if_over(Client *c);

/* Answers --------------------------------------------------------------------------------- */

static void request_free(Request *r) {
    sim_cancel(agent_sim(&r->client->lrm->agent), &r->refusal);
    g_free(r->bytes);
    g_free(r);
}

static void answer(Request *r, const LrmAnswer *a) {
    Client *c = r->client;
    Lrm *lrm = c->lrm;
    SimTime took = agent_now(&lrm->agent) - r->since;
    lrm->longest = MAX(lrm->longest, took);
    lrm->refused += a->error != 0;
    g_queue_remove(&c->requests, r);
    if (a->error && !c->gone)
        agent_log(&lrm->agent, "%s %s refused: %s (%s)", c->v->base.name, verb_names[r->asked.verb],
                  g_strerror(a->error), a->text ? a->text : "");
    if (r->done) r->done(r->user, a);
    request_free(r);
    if (!forget_if_over(c)) begin_next(c);
}

static void answer_error(Request *r, int error, const char *text) {
    answer(r, &(LrmAnswer){.error = error, .text = text ? text : g_strerror(error)});
}

/* What is held ---------------------------------------------------------------------------- */

static void holding_free(Holding *h) {
    transaction_free(h->t);
    g_free(h->name);
    g_free(h->npe);
    g_free(h);
}

static Holding *np_of(const Client *c) {
    for (unsigned i = 0; i < c->held->len; i++) {
        Holding *h = c->held->pdata[i];
        if (h->verb == LRM_NP_SLICE && transaction_state(h->t) == HELD) return h;
    }
    return NULL;
}

/* Of an interface, one way, in millionths: what all that the component holds adds up to. */
static uint32_t share_of(const Lrm *lrm, const char *name, unsigned interface, bool outgoing) {
    uint64_t sum = 0;
    for (unsigned n = 0; n < lrm->clients->len; n++) {
        const Client *c = lrm->clients->pdata[n];
        for (unsigned i = 0; i < c->held->len; i++) {
            const Holding *h = c->held->pdata[i];
            TransactionState state = transaction_state(h->t);
            if ((state == HELD || state == GOING_FORTH) && h->lease.kind == LEASE_PORT &&
                h->lease.interfaces >> interface & 1 && !strcmp(h->name, name))
                sum += outgoing ? h->lease.out : h->lease.in;
        }
    }
    return (uint32_t)sum;
}

static void put_room(MessageWriter *w, const LedgerRoom *room) {
    message_put_u32(w, TAG_FILTERS, (uint32_t)room->filters);
    message_put_u32(w, TAG_QUEUES, (uint32_t)room->queues);
    message_put_u32(w, TAG_BUFFERS, (uint32_t)room->buffers);
    message_put_u32(w, TAG_SRAM, (uint32_t)room->sram_bytes);
    message_put_u64(w, TAG_RATE, room->rate_bps);
}

static void put_lease(MessageWriter *w, const Holding *h) {
    const LedgerLease *l = &h->lease;
    message_put_u64(w, TAG_LEASE, l->id);
    message_put_text(w, TAG_NAME, h->name);
    if (l->kind == LEASE_NPE) {
        put_room(w, &l->room);
        return;
    }
    message_put_u32(w, TAG_PROTOCOL, l->protocol);
    message_put_u32(w, TAG_PORT, l->port);
    message_put_u32(w, TAG_INTERFACES, l->interfaces);
    message_put_u32(w, TAG_SHARE_IN, (uint32_t)l->in);
    message_put_u32(w, TAG_SHARE_OUT, (uint32_t)l->out);
}

/* Steps ----------------------------------------------------------------------------------- */

static bool write_grm(void *user, unsigned of, bool forth, MessageWriter *w, StationPlace *peer,
                      Service *service) {
    Holding *h = user;
    bool np = h->lease.kind == LEASE_NPE;
    (void)of;
    *peer = h->client->lrm->grm;
    *service = SERVICE_GRM;
    message_begin(w,
                  forth ? np ? MESSAGE_NP_SLICE_REQUEST : MESSAGE_PORT_RESERVE
                  : np  ? MESSAGE_NP_SLICE_FREE
                        : MESSAGE_PORT_RELEASE,
                  h->client->slice_id);
    if (forth)
        put_lease(w, h);
    else
        message_put_u64(w, TAG_LEASE, h->lease.id);
    return true;
}

static int granted(void *user, unsigned of, const Message *m) {
    Holding *h = user;
    (void)of;
    h->granted = true;
    if (h->lease.kind == LEASE_PORT) {
        h->lease.port = (uint16_t)message_u32(m, TAG_PORT, h->lease.port);
        h->values[0] = h->lease.port;
        return 0;
    }
    h->lease.npe = h->values[0] = message_u32(m, TAG_NUMBER, 0);
    h->npe = g_strdup(message_text(m, TAG_NPE));
    const Component *c = agent_component(&h->client->lrm->agent);
    Component *npe = h->npe ? network_find(c->network, h->npe) : NULL;
    const LineCard *lc = npe ? npe_linecard((Npe *)npe) : NULL;
    bool there = lc && control_place(c->network, h->npe, &h->mp) &&
                 control_place(c->network, ((const Component *)lc)->name, &h->lc);
    return there ? 0 : EHOSTUNREACH;
}

static bool write_attach(void *user, unsigned of, bool forth, MessageWriter *w, StationPlace *peer,
                         Service *service) {
    Holding *h = user;
    (void)of;
    *peer = h->mp;
    *service = SERVICE_MP;
    mp_begin(w, h->client->slice_id, h->name);
    if (forth)
        mp_put_attach(w, &h->asked.quota);
    else
        mp_put_detach(w);
    return true;
}

static int attached(void *user, unsigned of, const Message *m) {
    Holding *h = user;
    Message item;
    (void)of;
    int error = mp_answer(m, &item);
    if (!error) h->values[1] = message_u32(&item, TAG_NUMBER, 0);
    return error;
}

static bool write_open(void *user, unsigned of, bool forth, MessageWriter *w, StationPlace *peer,
                       Service *service) {
    Holding *h = user;
    (void)of;
    *peer = h->mp;
    *service = SERVICE_MP;
    mp_begin(w, h->client->slice_id, h->name);
    for (unsigned i = 0; i < LEDGER_MAX_INTERFACES; i++)
        if (h->lease.interfaces >> i & 1) mp_put_port(w, forth, i, h->lease.port);
    return true;
}

static int items_done(void *user, unsigned of, const Message *m) {
    (void)user, (void)of;
    return mp_answer(m, NULL);
}

static int bind_socket(void *user, unsigned interface, bool forth) {
    Holding *h = user;
    Vserver *v = h->client->v;
    if (!v->attached) return forth ? ECANCELED : 0;
    bool done = forth ? vserver_bind(v, interface, h->lease.port)
                      : vserver_unbind(v, interface, h->lease.port);
    return done ? 0 : EADDRINUSE;
}

static bool write_claim(void *user, unsigned interface, bool forth, MessageWriter *w,
                        StationPlace *peer, Service *service) {
    Holding *h = user;
    *peer = h->lc;
    *service = SERVICE_LC;
    message_begin(w, forth ? MESSAGE_LC_CLAIM : MESSAGE_LC_RELEASE, h->client->slice_id);
    message_put_text(w, TAG_NAME, h->name);
    message_put_u32(w, TAG_INTERFACE, interface);
    message_put_u32(w, TAG_PROTOCOL, h->lease.protocol);
    message_put_u32(w, TAG_PORT, h->lease.port);
    if (forth && !h->asked.fast_path)
        message_put_bytes(w, TAG_MAC, fp_interface(h->client->lrm->gpe->tables, interface)->mac, 6);
    return true;
}

/* of: the interface, and above it the direction */
enum { OUTGOING = 256 };
static bool write_share(void *user, unsigned of, bool forth, MessageWriter *w, StationPlace *peer,
                        Service *service) {
    Holding *h = user;
    (void)forth; /* what it is the sum of has changed by now */
    *peer = h->lc;
    *service = SERVICE_LC;
    message_begin(w, MESSAGE_LC_SHARE, h->client->slice_id);
    message_put_text(w, TAG_NAME, h->name);
    message_put_u32(w, TAG_INTERFACE, of % OUTGOING);
    message_put_u32(w, TAG_DIRECTION, of >= OUTGOING);
    message_put_u32(w, TAG_SHARE, share_of(h->client->lrm, h->name, of % OUTGOING, of >= OUTGOING));
    return true;
}

/* Transactions ---------------------------------------------------------------------------- */

static void log_held(const Holding *h, const char *has) {
    Agent *agent = &h->client->lrm->agent;
    g_autofree char *text = h->lease.kind == LEASE_PORT ? lease_text(&h->lease) : NULL;
    if (text)
        agent_log(agent, "%s %s %s", h->name, has, text);
    else
        agent_log(agent, "%s %s slice %u on %s", h->name, has, h->values[1],
                  h->npe ? h->npe : "an NPE");
}

static void transaction_over(void *user, int error, const char *text) {
    Holding *h = user;
    Request *r = h->request;
    h->request = NULL;
    if (!error) log_held(h, "has");
    if (!r) return;
    if (error) {
        answer_error(r, error, text);
        return;
    }
    LrmAnswer a = {0};
    memcpy(a.values, h->values, sizeof a.values);
    answer(r, &a);
}

static void transaction_gone(void *user) {
    Holding *h = user;
    Client *c = h->client;
    log_held(h, "has given back");
    g_ptr_array_remove(c->held, h);
    holding_free(h);
    forget_if_over(c);
}

static Holding *hold(Request *r, LeaseKind kind, const char *name) {
    Client *c = r->client;
    Lrm *lrm = c->lrm;
    /* Numbers rise, whichever server the slice's vServer is on. */
    uint64_t now = agent_now(&lrm->agent) / SIM_NS << 4;
    Holding *h = g_new0(Holding, 1);
    *h = (Holding){
        .client = c, .verb = r->asked.verb, .asked = r->asked, .request = r, .lc = lrm->lc};
    h->asked.bytes = NULL;
    h->name = g_strdup(name);
    lrm->last_lease = MAX(lrm->last_lease + 1, now);
    h->lease = (LedgerLease){.id = lrm->last_lease, .holder = c->slice_id, .kind = kind};
    h->t =
        transaction_new(&lrm->agent, &lrm->settings->retry, transaction_over, transaction_gone, h);
    g_ptr_array_add(c->held, h);
    return h;
}

static void ask_np_slice(Request *r) {
    Client *c = r->client;
    const LrmQuota *q = &r->asked.quota;
    if (!r->asked.slice) {
        answer_error(r, EINVAL, "the program has no slice");
        return;
    }
    for (unsigned i = 0; i < c->held->len; i++)
        if (((Holding *)c->held->pdata[i])->verb == LRM_NP_SLICE) {
            answer_error(r, EEXIST, ledger_refusal_text(LEDGER_EXISTS));
            return;
        }
    Holding *h = hold(r, LEASE_NPE, r->asked.slice->base.name);
    h->lease.room = (LedgerRoom){.filters = q->filters,
                                 .queues = q->queues + 1, /* that of its exceptions */
                                 .buffers = q->buffers,
                                 .sram_bytes = q->sram_bytes,
                                 .rate_bps = q->rate_bps};
    transaction_add(h->t, &(TransactionStep){.write = write_grm, .answered = granted});
    transaction_add(h->t, &(TransactionStep){.write = write_attach, .answered = attached});
    transaction_run(h->t);
}

static uint64_t millionths(double share) {
    return (uint64_t)llround(share * MILLION);
}

static void add_shares(Holding *h) {
    for (unsigned i = 0; i < LEDGER_MAX_INTERFACES; i++) {
        if (!(h->lease.interfaces >> i & 1)) continue;
        if (h->lease.in) transaction_add(h->t, &(TransactionStep){.of = i, .write = write_share});
        if (h->lease.out)
            transaction_add(h->t, &(TransactionStep){.of = i + OUTGOING, .write = write_share});
    }
}

static void ask_port(Request *r) {
    Client *c = r->client;
    const LrmRequest *a = &r->asked;
    const Holding *np = np_of(c);
    if (a->fast_path && !np) {
        answer_error(r, EBADF, "the vServer has no NP slice");
        return;
    }
    Holding *h = hold(r, LEASE_PORT, a->fast_path ? np->name : c->v->base.name);
    h->lease.protocol = a->protocol;
    h->lease.port = a->port;
    h->lease.interfaces = a->interfaces;
    h->lease.in = millionths(a->in);
    h->lease.out = millionths(a->out);
    if (a->fast_path) {
        h->mp = np->mp;
        h->lc = np->lc;
    }
    transaction_add(h->t, &(TransactionStep){.write = write_grm, .answered = granted});
    if (a->fast_path)
        transaction_add(h->t, &(TransactionStep){.write = write_open, .answered = items_done});
    add_shares(h);
    for (unsigned i = 0; i < LEDGER_MAX_INTERFACES; i++)
        if (a->interfaces >> i & 1)
            transaction_add(h->t, &(TransactionStep){.of = i, .write = write_claim});
    /* Last, so that it is first when all goes back: the socket closes at once. */
    for (unsigned i = 0; !a->fast_path && i < LEDGER_MAX_INTERFACES; i++)
        if (a->interfaces >> i & 1 && a->protocol == IP_PROTOCOL_UDP)
            transaction_add(h->t, &(TransactionStep){.of = i, .act = bind_socket});
    transaction_run(h->t);
}

/* Added to what its ports have there. */
static void ask_share(Request *r) {
    const LrmRequest *a = &r->asked;
    const Holding *np = a->slice ? np_of(r->client) : NULL;
    if (a->slice && !np) {
        answer_error(r, EBADF, "the vServer has no NP slice");
        return;
    }
    Holding *h = hold(r, LEASE_PORT, np ? np->name : r->client->v->base.name);
    if (np) h->lc = np->lc;
    h->lease.interfaces = 1u << MIN(a->interface, 31);
    h->lease.in = a->outgoing ? 0 : millionths(a->share);
    h->lease.out = a->outgoing ? millionths(a->share) : 0;
    transaction_add(h->t, &(TransactionStep){.write = write_grm, .answered = granted});
    add_shares(h);
    transaction_run(h->t);
}

/* Whoever waits for it is not told any more. */
static void give_back(Holding *h) {
    Request *r = h->request;
    h->request = NULL;
    if (r) answer_error(r, ECANCELED, NULL);
    transaction_undo(h->t);
}

static void ask_free(Request *r) {
    Client *c = r->client;
    const LrmRequest *a = &r->asked;
    bool any = false;
    for (unsigned i = c->held->len; i-- > 0;) {
        Holding *h = c->held->pdata[i];
        if (transaction_state(h->t) != HELD) continue;
        bool is = a->verb == LRM_NP_FREE
                      ? h->verb == LRM_NP_SLICE || (h->verb == LRM_PORT && h->asked.fast_path)
                      : h->verb == LRM_PORT && h->lease.protocol == a->protocol &&
                            h->lease.port == a->port &&
                            (!a->interfaces || a->interfaces == h->lease.interfaces);
        if (!is) continue;
        any = true;
        give_back(h);
    }
    if (any)
        answer(r, &(LrmAnswer){0});
    else
        answer_error(r, a->verb == LRM_NP_FREE ? EBADF : EINVAL, "it is not held");
}

/* The MP alone ---------------------------------------------------------------------------- */

static void mp_done(void *user, int error, const Message *m) {
    Request *r = user;
    Message item;
    if (!error && m) error = mp_answer(m, &item);
    if (error) {
        answer_error(r, error,
                     error == ETIMEDOUT ? "the management processor does not answer"
                                        : mp_answer_text(m));
        return;
    }
    LrmAnswer a = {0};
    if (r->asked.verb == LRM_FILTER) a.values[0] = message_u32(&item, TAG_POSITION, 0);
    if (r->asked.verb == LRM_SRAM_READ) a.bytes = message_bytes(&item, TAG_BYTES, &a.values[0]);
    if (r->asked.verb == LRM_COUNTERS) mp_sum_counters(&item, a.values);
    answer(r, &a);
}

static void ask_mp(Request *r) {
    const Holding *np = np_of(r->client);
    const LrmRequest *a = &r->asked;
    MessageWriter w;
    if (!np) {
        answer_error(r, EBADF, "the vServer has no NP slice");
        return;
    }
    mp_begin(&w, r->client->slice_id, np->name);
    switch (a->verb) {
    case LRM_QUEUE: mp_put_queue(&w, a->queue, a->interface, a->share, a->limit); break;
    case LRM_FILTER: mp_put_filter(&w, &a->filter); break;
    case LRM_FILTER_REMOVE: mp_put_filter_remove(&w, a->position); break;
    case LRM_SRAM_WRITE: mp_put_sram_write(&w, a->offset, r->bytes, a->n); break;
    case LRM_SRAM_READ: mp_put_sram_read(&w, a->offset, a->n); break;
    default: mp_put_counters(&w); break;
    }
    if (w.full)
        answer_error(r, EINVAL, "it does not fit into one message");
    else
        agent_call(&r->client->lrm->agent, &np->mp, SERVICE_MP, &w, mp_done, r);
}

/* Requests -------------------------------------------------------------------------------- */

static void carry_out(void *user, void *data) {
    Request *r = data;
    (void)user;
    if (r->client->gone) {
        answer_error(r, ECANCELED, NULL);
        return;
    }
    switch (r->asked.verb) {
    case LRM_NP_SLICE: ask_np_slice(r); break;
    case LRM_PORT: ask_port(r); break;
    case LRM_SHARE: ask_share(r); break;
    case LRM_NP_FREE:
    case LRM_PORT_FREE: ask_free(r); break;
    default: ask_mp(r); break;
    }
}

static void begin_next(Client *c) {
    Request *r = g_queue_peek_head(&c->requests);
    if (!r || r->begun || !c->lrm->agent.alive) return;
    r->begun = true;
    agent_work(&c->lrm->agent, carry_out, r, NULL);
}

static Client *client_of(const Lrm *lrm, const Vserver *v) {
    for (unsigned i = 0; i < lrm->clients->len; i++) {
        Client *c = lrm->clients->pdata[i];
        if (c->v == v && !c->gone) return c;
    }
    return NULL;
}

static void refuse(Sim *sim, SimEvent *event) {
    Request *r = (Request *)(void *)((char *)event - offsetof(Request, refusal));
    (void)sim;
    answer_error(r, r->error,
                 r->error == EAGAIN ? "too many of the vServer's requests wait"
                                    : "the LRM does not run");
}

void lrm_call(Lrm *lrm, Vserver *v, const LrmRequest *asked, LrmDone *done, void *user) {
    Client *c = client_of(lrm, v);
    Component *own = agent_component(&lrm->agent);
    g_assert(c); /* whoever starts it admits it */
    Request *r = g_new0(Request, 1);
    *r = (Request){
        .client = c, .asked = *asked, .done = done, .user = user, .since = agent_now(&lrm->agent)};
    sim_event_init(&r->refusal, refuse, &own->owner);
    if (asked->verb == LRM_SRAM_WRITE) r->bytes = g_memdup2(asked->bytes, asked->n);
    lrm->asked++;
    g_queue_push_tail(&c->requests, r);
    if (!lrm->agent.alive)
        r->error = EHOSTUNREACH;
    else if (g_queue_get_length(&c->requests) > lrm->settings->backlog)
        r->error = EAGAIN;
    r->begun = r->error != 0;
    if (r->error)
        sim_schedule(own->sim, &r->refusal, MAX(lrm->settings->service, SIM_NS));
    else
        begin_next(c);
}

/* Slivers --------------------------------------------------------------------------------- */

static bool forget_if_over(Client *c) {
    if (!c->gone || c->held->len || !g_queue_is_empty(&c->requests)) return false;
    g_ptr_array_remove(c->lrm->clients, c);
    return true;
}

static void client_free(void *data) {
    Client *c = data;
    for (unsigned i = 0; i < c->held->len; i++) holding_free(c->held->pdata[i]);
    for (Request *r; (r = g_queue_pop_head(&c->requests));) request_free(r);
    g_ptr_array_unref(c->held);
    g_free(c);
}

void lrm_admit(Lrm *lrm, Vserver *v, uint32_t slice_id) {
    Client *c = g_new0(Client, 1);
    *c = (Client){.v = v, .slice_id = slice_id, .lrm = lrm, .held = g_ptr_array_new()};
    g_queue_init(&c->requests);
    g_ptr_array_add(lrm->clients, c);
}

/* Ports before the NP slice that they lead to. */
void lrm_release(Lrm *lrm, Vserver *v) {
    Client *c = client_of(lrm, v);
    if (!c) return;
    c->gone = true;
    for (GList *l = c->requests.head, *next; l; l = next) {
        Request *r = l->data;
        next = l->next;
        r->done = NULL;
        if (r->begun) continue; /* it ends by itself */
        g_queue_delete_link(&c->requests, l);
        request_free(r);
    }
    for (unsigned i = c->held->len; i-- > 0;) give_back(c->held->pdata[i]);
    forget_if_over(c);
}

/* The GRM asks ---------------------------------------------------------------------------- */

static Holding *holding_of(const Lrm *lrm, uint32_t slice, uint64_t lease) {
    for (unsigned i = 0; i < lrm->clients->len; i++) {
        const Client *c = lrm->clients->pdata[i];
        for (unsigned k = 0; c->slice_id == slice && k < c->held->len; k++) {
            Holding *h = c->held->pdata[k];
            if (h->lease.id == lease) return h;
        }
    }
    return NULL;
}

static int by_lease(const void *a, const void *b) {
    const Holding *const *x = a, *const *y = b;
    return (*x)->lease.id < (*y)->lease.id ? -1 : (*x)->lease.id > (*y)->lease.id;
}

/* Those above the lease that is named, as many as fit. */
static void list_leases(const Lrm *lrm, StationRequest *request) {
    uint64_t above = message_u64(&request->message, TAG_LEASE, 0);
    g_autoptr(GPtrArray) all = g_ptr_array_new();
    for (unsigned i = 0; i < lrm->clients->len; i++) {
        const Client *c = lrm->clients->pdata[i];
        for (unsigned k = 0; k < c->held->len; k++) {
            Holding *h = c->held->pdata[k];
            if (h->granted && h->lease.id > above) g_ptr_array_add(all, h);
        }
    }
    g_ptr_array_sort(all, by_lease);
    MessageWriter w;
    message_begin(&w, MESSAGE_LEASES, 0);
    for (unsigned i = 0; i < MIN(all->len, LEASES_PER_MESSAGE); i++) {
        const Holding *h = all->pdata[i];
        message_open(&w, TAG_ITEM);
        message_put_u32(&w, TAG_STATE, h->client->slice_id);
        message_put_u32(&w, TAG_NUMBER, h->lease.npe);
        put_lease(&w, h);
        message_close(&w);
    }
    message_put_u32(&w, TAG_MORE, all->len > LEASES_PER_MESSAGE);
    station_answer(site_station(lrm->agent.site), request, &w);
}

/* A lease has run out meanwhile: what it was for goes back. */
static void lose(const Lrm *lrm, StationRequest *request) {
    Holding *h =
        holding_of(lrm, request->message.slice, message_u64(&request->message, TAG_LEASE, 0));
    if (h) give_back(h);
    station_done(site_station(lrm->agent.site), request);
}

static void serve(void *user, StationRequest *request) {
    Lrm *lrm = user;
    switch (request->message.type) {
    case MESSAGE_GET_LEASES: list_leases(lrm, request); break;
    case MESSAGE_NP_SLICE_FREE:
    case MESSAGE_PORT_RELEASE: lose(lrm, request); break;
    default:
        station_refuse(site_station(lrm->agent.site), request, EINVAL,
                       "the LRM does not know what that is");
    }
}

/* Life ------------------------------------------------------------------------------------ */

static void stopped(void *user) {
    Lrm *lrm = user;
    for (unsigned i = 0; i < lrm->clients->len; i++) {
        Client *c = lrm->clients->pdata[i];
        for (unsigned k = 0; k < c->held->len; k++) {
            Holding *h = c->held->pdata[k];
            h->request = NULL;
            transaction_stop(h->t);
        }
        for (GList *l = c->requests.head; l; l = l->next) {
            Request *r = l->data;
            if (r->error) continue;
            r->begun = true;
            r->error = EHOSTUNREACH;
            sim_schedule(agent_sim(&lrm->agent), &r->refusal, SIM_NS);
        }
    }
}

static void started(void *user) {
    Lrm *lrm = user;
    for (unsigned i = lrm->clients->len; i-- > 0;) {
        Client *c = lrm->clients->pdata[i];
        for (unsigned k = c->held->len; k-- > 0;)
            transaction_resume(((Holding *)c->held->pdata[k])->t);
    }
}

Lrm *lrm_new(Site *site, Gpe *gpe, const LrmSettings *settings, const StationPlace *grm,
             const StationPlace *lc, GError **error) {
    Lrm *lrm = g_new0(Lrm, 1);
    if (!agent_init(&lrm->agent, "lrm", site, &settings->service, lrm, error)) {
        agent_clear(&lrm->agent);
        g_free(lrm);
        return NULL;
    }
    lrm->agent.stopped = stopped;
    lrm->agent.started = started;
    lrm->gpe = gpe;
    lrm->settings = settings;
    lrm->grm = *grm;
    lrm->lc = *lc;
    lrm->clients = g_ptr_array_new_with_free_func(client_free);
    agent_serve(&lrm->agent, SERVICE_LRM, serve);
    return lrm;
}

void lrm_end(Lrm *lrm) {
    agent_end(&lrm->agent);
    for (unsigned i = 0; i < lrm->clients->len; i++) {
        Client *c = lrm->clients->pdata[i];
        for (unsigned k = 0; k < c->held->len; k++)
            transaction_stop(((Holding *)c->held->pdata[k])->t);
        for (GList *l = c->requests.head; l; l = l->next)
            sim_cancel(agent_sim(&lrm->agent), &((Request *)l->data)->refusal);
    }
}

void lrm_free(Lrm *lrm) {
    if (!lrm) return;
    g_ptr_array_unref(lrm->clients);
    agent_clear(&lrm->agent);
    g_free(lrm);
}

Agent *lrm_agent(Lrm *lrm) {
    return &lrm->agent;
}

unsigned lrm_holdings(const Lrm *lrm) {
    unsigned n = 0;
    for (unsigned i = 0; i < lrm->clients->len; i++)
        n += ((Client *)lrm->clients->pdata[i])->held->len;
    return n;
}

void lrm_report(const Lrm *lrm, Report *report) {
    report_scalar(report, "lrm_requests", (double)lrm->asked, "requests");
    report_scalar(report, "lrm_refused", (double)lrm->refused, "requests");
    report_scalar(report, "lrm_longest", (double)lrm->longest / (double)SIM_US, "us");
    report_scalar(report, "lrm_held", lrm_holdings(lrm), "leases");
}
