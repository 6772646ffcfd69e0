/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The global resource manager: the ledger, and where it meets the network.
 *
 * Every third of `lease` it asks all LRMs what they hold. Leases that they name last on; those that
 * nobody names run out, and what they were for is taken back from line card and NPE before anybody
 * else may have it. Started again it knows nothing, and serves nobody until all LRMs have said what
 * they hold, or do not answer. An LRM that names what it no longer has is told to give it up. */
#include <errno.h>
#include <string.h>

#include "components/control/manager.h"
#include "components/control/mp_items.h"
#include "components/control/transaction.h"
#include "fastpath/headers.h"

enum { WHOLE = 1000000, POLLS_PER_LEASE = 3 };

typedef struct {
    uint64_t holder, id;
} Key;

/* What the ledger does not know of a lease. */
typedef struct {
    Key key;
    Grm *grm;
    LedgerLease lease;
    char *name;         /* of the component that holds it */
    StationPlace lrm;   /* who has asked for it */
    Transaction *taken; /* back from whoever does not name it any more; NULL: it is not */
} Known;

typedef struct {
    Grm *grm;
    StationPlace place;
    bool asked; /* and has not answered yet */
} Holder;

struct Grm {
    Agent agent;
    const GrmSettings *settings;
    Ledger *ledger;
    GHashTable *known; /* Key -> Known */
    GPtrArray *holders;
    GPtrArray *npes; /* names, in the order of their numbers */
    GArray *lcs;     /* StationPlace of line cards */
    AgentTimer poll;
    bool learning;
    uint64_t granted, refused[LEDGER_N_REFUSALS], reclaimed;
};

static void put_range(GString *text, unsigned first, unsigned last) {
    g_string_append_printf(text, text->len ? ",%u" : "%u", first);
    if (last > first) g_string_append_printf(text, "-%u", last);
}

char *lease_text(const LedgerLease *l) {
    g_autoptr(GString) interfaces = g_string_new(NULL);
    g_autoptr(GString) text = g_string_new(NULL);
    for (unsigned i = 0, first; i < LEDGER_MAX_INTERFACES; i++) {
        if (!(l->interfaces >> i & 1)) continue;
        for (first = i; l->interfaces >> (i + 1) & 1;) i++;
        put_range(interfaces, first, i);
    }
    if (l->protocol)
        g_string_append_printf(text, "%s %u at ", l->protocol == IP_PROTOCOL_TCP ? "tcp" : "udp",
                               l->port);
    g_string_append_printf(text, "interface%s %s", strpbrk(interfaces->str, ",-") ? "s" : "",
                           interfaces->str);
    if (l->in) g_string_append_printf(text, ", %g%% in", (double)l->in / WHOLE * 100);
    if (l->out) g_string_append_printf(text, ", %g%% out", (double)l->out / WHOLE * 100);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static unsigned key_hash(const void *key) {
    const Key *k = key;
    return (unsigned)(k->id ^ k->id >> 32) * 31u + (unsigned)k->holder;
}
static gboolean key_equal(const void *a, const void *b) {
    return memcmp(a, b, sizeof(Key)) == 0;
}
static void known_free(void *data) {
    Known *k = data;
    transaction_free(k->taken);
    g_free(k->name);
    g_free(k);
}

static Known *find(const Grm *grm, uint64_t holder, uint64_t id) {
    return g_hash_table_lookup(grm->known, &(Key){holder, id});
}

static void know(Grm *grm, const LedgerLease *lease, const char *name, const StationPlace *lrm) {
    if (find(grm, lease->holder, lease->id)) return;
    Known *k = g_new0(Known, 1);
    *k = (Known){{lease->holder, lease->id}, grm, *lease, g_strdup(name), *lrm, NULL};
    g_hash_table_insert(grm->known, &k->key, k);
}

static void forget(Grm *grm, uint64_t holder, uint64_t id) {
    ledger_release(grm->ledger, holder, id);
    g_hash_table_remove(grm->known, &(Key){holder, id});
}

/* Requests -------------------------------------------------------------------------------- */

static LedgerLease read_lease(const Grm *grm, const Message *m, uint32_t holder) {
    LedgerLease l = {.id = message_u64(m, TAG_LEASE, 0), .holder = holder};
    l.until = agent_now(&grm->agent) + grm->settings->lease;
    l.kind = message_has(m, TAG_INTERFACES) ? LEASE_PORT : LEASE_NPE;
    l.protocol = (uint8_t)message_u32(m, TAG_PROTOCOL, 0);
    l.port = (uint16_t)message_u32(m, TAG_PORT, 0);
    l.interfaces = message_u32(m, TAG_INTERFACES, 0);
    l.in = message_u32(m, TAG_SHARE_IN, 0);
    l.out = message_u32(m, TAG_SHARE_OUT, 0);
    l.npe = message_u32(m, TAG_NUMBER, 0);
    l.room = (LedgerRoom){.filters = message_u32(m, TAG_FILTERS, 0),
                          .queues = message_u32(m, TAG_QUEUES, 0),
                          .buffers = message_u32(m, TAG_BUFFERS, 0),
                          .sram_bytes = message_u32(m, TAG_SRAM, 0),
                          .rate_bps = message_u64(m, TAG_RATE, 0)};
    return l;
}

static void say_no(Grm *grm, StationRequest *request, const char *name, LedgerRefusal why) {
    grm->refused[why]++;
    agent_log(&grm->agent, "%s refused: %s", name, ledger_refusal_text(why));
    bool np = request->message.type == MESSAGE_NP_SLICE_REQUEST;
    MessageWriter w;
    message_begin(&w, np ? MESSAGE_NP_SLICE_REFUSE : MESSAGE_REFUSED, request->message.slice);
    message_put_u32(&w, TAG_ERROR, (uint32_t)ledger_refusal_errno(why));
    message_put_text(&w, TAG_TEXT, ledger_refusal_text(why));
    station_answer(site_station(grm->agent.site), request, &w);
}

static void reserve(Grm *grm, StationRequest *request) {
    const Message *m = &request->message;
    const char *name = message_text(m, TAG_NAME);
    LedgerLease lease = read_lease(grm, m, m->slice);
    if (!name || !lease.id) {
        station_refuse(site_station(grm->agent.site), request, EINVAL, "no name, or no lease");
        return;
    }
    LedgerRefusal why = ledger_reserve(grm->ledger, &lease);
    if (why != LEDGER_OK) {
        say_no(grm, request, name, why);
        return;
    }
    grm->granted++;
    know(grm, &lease, name, &request->from);
    MessageWriter w;
    message_begin(&w, lease.kind == LEASE_NPE ? MESSAGE_NP_SLICE_GRANT : MESSAGE_DONE, m->slice);
    if (lease.kind == LEASE_NPE) {
        message_put_u32(&w, TAG_NUMBER, lease.npe);
        message_put_text(&w, TAG_NPE, grm->npes->pdata[lease.npe]);
        agent_log(&grm->agent, "%s gets %s", name, (char *)grm->npes->pdata[lease.npe]);
    } else {
        message_put_u32(&w, TAG_PORT, lease.port);
        g_autofree char *text = lease_text(&lease);
        agent_log(&grm->agent, "%s gets %s", name, text);
    }
    station_answer(site_station(grm->agent.site), request, &w);
}

/* What is being taken back is on its way, whoever says so too. */
static void release(Grm *grm, uint64_t holder, uint64_t id) {
    const Known *k = find(grm, holder, id);
    if (!k || !k->taken) forget(grm, holder, id);
}

static void serve(void *user, StationRequest *request) {
    Grm *grm = user;
    const Message *m = &request->message;
    switch (m->type) {
    case MESSAGE_PORT_RESERVE:
    case MESSAGE_NP_SLICE_REQUEST: reserve(grm, request); break;
    case MESSAGE_PORT_RELEASE:
    case MESSAGE_NP_SLICE_FREE:
        release(grm, m->slice, message_u64(m, TAG_LEASE, 0));
        station_done(site_station(grm->agent.site), request);
        break;
    default:
        station_refuse(site_station(grm->agent.site), request, EINVAL,
                       "the GRM does not know what that is");
    }
}

/* Leases that run out --------------------------------------------------------------------- */

static bool take_from_npe(void *user, unsigned of, bool forth, MessageWriter *w, StationPlace *peer,
                          Service *service) {
    const Known *k = user;
    const Component *c = agent_component(&k->grm->agent);
    (void)of, (void)forth;
    mp_begin(w, (uint32_t)k->key.holder, k->name);
    mp_put_detach(w);
    *service = SERVICE_MP;
    return control_place(c->network, k->grm->npes->pdata[k->lease.npe], peer);
}

/* of: the interface, above it the direction, and above that the line card: which of them the lease
 * was about, its holder knew */
enum { OUTGOING = 256, LINE_CARD = 2 * OUTGOING };
static bool take_from_line_card(void *user, unsigned of, bool forth, MessageWriter *w,
                                StationPlace *peer, Service *service) {
    const Known *k = user;
    (void)forth;
    message_begin(w, MESSAGE_LC_RELEASE, (uint32_t)k->key.holder);
    message_put_text(w, TAG_NAME, k->name);
    message_put_u32(w, TAG_INTERFACE, of % OUTGOING);
    message_put_u32(w, TAG_PROTOCOL, k->lease.protocol);
    message_put_u32(w, TAG_PORT, k->lease.port);
    *peer = g_array_index(k->grm->lcs, StationPlace, of / LINE_CARD);
    *service = SERVICE_LC;
    return true;
}

static bool take_share(void *user, unsigned of, bool forth, MessageWriter *w, StationPlace *peer,
                       Service *service) {
    const Known *k = user;
    (void)forth;
    message_begin(w, MESSAGE_LC_SHARE, (uint32_t)k->key.holder);
    message_put_text(w, TAG_NAME, k->name);
    message_put_u32(w, TAG_INTERFACE, of % OUTGOING);
    message_put_u32(w, TAG_DIRECTION, of % LINE_CARD >= OUTGOING);
    message_put_u32(w, TAG_SHARE, 0);
    *peer = g_array_index(k->grm->lcs, StationPlace, of / LINE_CARD);
    *service = SERVICE_LC;
    return true;
}

static void taken(void *user) {
    Known *k = user;
    Grm *grm = k->grm;
    grm->reclaimed++;
    agent_log(&grm->agent, "%s: a lease has run out, and all of it is back", k->name);
    forget(grm, k->key.holder, k->key.id);
}

static void take_back_port(Known *k, const LedgerLease *lease, unsigned lc) {
    for (unsigned i = 0; i < LEDGER_MAX_INTERFACES; i++) {
        if (!(lease->interfaces >> i & 1)) continue;
        TransactionStep port = {.of = lc + i, .write = take_from_line_card},
                        in = {.of = lc + i, .write = take_share},
                        out = {.of = lc + i + OUTGOING, .write = take_share};
        if (lease->protocol) transaction_add(k->taken, &port);
        if (lease->in) transaction_add(k->taken, &in);
        if (lease->out) transaction_add(k->taken, &out);
    }
}

static void take_back(Known *k) {
    Grm *grm = k->grm;
    LedgerLease lease = k->lease;
    lease.until = SIM_NEVER; /* it does not run out again while that goes on */
    ledger_reserve(grm->ledger, &lease);
    k->taken = transaction_new(&grm->agent, &grm->settings->retry, NULL, taken, k);
    if (lease.kind == LEASE_NPE)
        transaction_add(k->taken, &(TransactionStep){.write = take_from_npe});
    for (unsigned lc = 0; lease.kind == LEASE_PORT && lc < grm->lcs->len; lc++)
        take_back_port(k, &lease, lc * LINE_CARD);
    transaction_hold(k->taken);
    transaction_undo(k->taken);
}

static void take_back_overdue(Grm *grm) {
    const LedgerLease *lease;
    while ((lease = ledger_overdue(grm->ledger, agent_now(&grm->agent))))
        take_back(find(grm, lease->holder, lease->id));
}

/* What LRMs say that they hold ------------------------------------------------------------ */

static void serve_again(Grm *grm) {
    for (unsigned i = 0; i < grm->holders->len; i++)
        if (((Holder *)grm->holders->pdata[i])->asked) return;
    if (grm->learning) {
        grm->learning = false;
        agent_serve(&grm->agent, SERVICE_GRM, serve);
        agent_log(&grm->agent, "serves again, leases learnt: %u", g_hash_table_size(grm->known));
    }
    take_back_overdue(grm);
    agent_timer_set(&grm->poll, grm->settings->lease / POLLS_PER_LEASE);
}

static void tell_lost(Grm *grm, const LedgerLease *l, const StationPlace *lrm) {
    MessageWriter w;
    message_begin(&w, l->kind == LEASE_NPE ? MESSAGE_NP_SLICE_FREE : MESSAGE_PORT_RELEASE,
                  (uint32_t)l->holder);
    message_put_u64(&w, TAG_LEASE, l->id);
    agent_call(&grm->agent, lrm, SERVICE_LRM, &w, NULL, NULL);
}

static void learn(Holder *h, const Message *item) {
    Grm *grm = h->grm;
    LedgerLease l = read_lease(grm, item, message_u32(item, TAG_STATE, 0));
    const char *name = message_text(item, TAG_NAME);
    const Known *k = find(grm, l.holder, l.id);
    if (!name) return;
    if (!(k && k->taken) && ledger_relearn(grm->ledger, &l) == LEDGER_OK)
        know(grm, &l, name, &h->place);
    else
        tell_lost(grm, &l, &h->place);
}

static void ask(Holder *h, uint64_t above);

static void listed(void *user, int error, const Message *m) {
    Holder *h = user;
    Message item;
    uint64_t last = 0;
    for (unsigned n = 0; !error && message_group(m, TAG_ITEM, n, &item); n++) {
        learn(h, &item);
        last = message_u64(&item, TAG_LEASE, 0);
    }
    if (!error && last && message_u32(m, TAG_MORE, 0)) {
        ask(h, last);
        return;
    }
    h->asked = false;
    serve_again(h->grm);
}

static void ask(Holder *h, uint64_t above) {
    MessageWriter w;
    h->asked = true;
    message_begin(&w, MESSAGE_GET_LEASES, 0);
    message_put_u64(&w, TAG_LEASE, above);
    agent_call(&h->grm->agent, &h->place, SERVICE_LRM, &w, listed, h);
}

static void poll(void *user) {
    Grm *grm = user;
    for (unsigned i = 0; i < grm->holders->len; i++) ask(grm->holders->pdata[i], 0);
    if (!grm->holders->len) serve_again(grm);
}

/* Life ------------------------------------------------------------------------------------ */

static void stopped(void *user) {
    Grm *grm = user;
    agent_timer_stop(&grm->poll);
    for (unsigned i = 0; i < grm->holders->len; i++)
        ((Holder *)grm->holders->pdata[i])->asked = false;
    g_hash_table_remove_all(grm->known); /* it has no disk */
    ledger_forget(grm->ledger);
}

static void started(void *user) {
    Grm *grm = user;
    grm->learning = true;
    station_serve(site_station(grm->agent.site), SERVICE_GRM, NULL, NULL);
    poll(grm);
}

Grm *grm_new(Site *site, const GrmSettings *settings, GError **error) {
    Grm *grm = g_new0(Grm, 1);
    if (!agent_init(&grm->agent, "grm", site, &settings->service, grm, error)) {
        agent_clear(&grm->agent);
        g_free(grm);
        return NULL;
    }
    grm->agent.stopped = stopped;
    grm->agent.started = started;
    grm->settings = settings;
    grm->ledger = ledger_new((LedgerPolicy)settings->policy);
    grm->known = g_hash_table_new_full(key_hash, key_equal, NULL, known_free);
    grm->holders = g_ptr_array_new_with_free_func(g_free);
    grm->npes = g_ptr_array_new();
    grm->lcs = g_array_new(FALSE, FALSE, sizeof(StationPlace));
    agent_timer_init(&grm->poll, &grm->agent, poll);
    return grm;
}

void grm_end(Grm *grm) {
    GHashTableIter all;
    gpointer k;
    agent_end(&grm->agent);
    agent_timer_stop(&grm->poll);
    g_hash_table_iter_init(&all, grm->known);
    while (g_hash_table_iter_next(&all, NULL, &k))
        if (((Known *)k)->taken) transaction_stop(((Known *)k)->taken);
}

void grm_free(Grm *grm) {
    if (!grm) return;
    g_hash_table_unref(grm->known);
    agent_clear(&grm->agent);
    ledger_free(grm->ledger);
    g_ptr_array_unref(grm->holders);
    g_ptr_array_unref(grm->npes);
    g_array_unref(grm->lcs);
    g_free(grm);
}

static bool add_npes(Grm *grm, const Network *net, GError **error) {
    g_autoptr(GPtrArray) all = components_of(net, &npe_class);
    if (all->len > LEDGER_MAX_NPES)
        return input_error(error, "found %u NPEs, expected %d at most", all->len, LEDGER_MAX_NPES);
    for (unsigned i = 0; i < all->len; i++) {
        NpeRoom r = npe_room(all->pdata[i]);
        g_ptr_array_add(grm->npes, ((Component *)all->pdata[i])->name);
        ledger_add_npe(grm->ledger, &(LedgerRoom){r.filters, r.queues, r.buffers, r.sram_bytes,
                                                  r.rate_bps, r.slices});
    }
    return true;
}

static void add_holders(Grm *grm, const Network *net) {
    g_autoptr(GPtrArray) all = components_of(net, &local_manager_class);
    for (unsigned i = 0; i < all->len; i++) {
        Holder *h = g_new0(Holder, 1);
        h->grm = grm;
        g_ptr_array_add(grm->holders, h);
        local_manager_place(all->pdata[i], &h->place);
    }
}

bool grm_start(Grm *grm, GError **error) {
    const Network *net = agent_component(&grm->agent)->network;
    g_autoptr(GPtrArray) cards = components_of(net, &linecard_class);
    StationPlace place;
    uint16_t first;
    for (unsigned i = 0; i < cards->len; i++)
        if (control_place(net, ((Component *)cards->pdata[i])->name, &place))
            g_array_append_val(grm->lcs, place);
    if (!cards->len || !grm->lcs->len)
        return input_error(error, "found no line card, of which the GRM gives ports");
    const LineCard *lc = cards->pdata[0];
    for (unsigned i = 0; i < linecard_interfaces(lc); i++) ledger_add_interface(grm->ledger, WHOLE);
    unsigned translation = linecard_translation_ports(lc, &first);
    if (translation) ledger_withhold(grm->ledger, first, (uint16_t)translation);
    if (!add_npes(grm, net, error)) return false;
    add_holders(grm, net);
    agent_serve(&grm->agent, SERVICE_GRM, serve);
    agent_timer_set(&grm->poll, grm->settings->lease / POLLS_PER_LEASE);
    return true;
}

Agent *grm_agent(Grm *grm) {
    return &grm->agent;
}

LedgerUse grm_use(const Grm *grm) {
    return ledger_use(grm->ledger);
}

void grm_report(const Grm *grm, Report *report) {
    LedgerUse use = ledger_use(grm->ledger);
    report_scalar(report, "granted", (double)grm->granted, "leases");
    report_scalar(report, "leases", (double)use.leases, "leases");
    report_scalar(report, "reclaimed", (double)grm->reclaimed, "leases");
    report_scalar(report, "ports_free", (double)use.ports_free, "ports");
    for (unsigned i = LEDGER_OK + 1; i < LEDGER_N_REFUSALS; i++) {
        g_autofree char *name =
            g_strdup_printf("refused.%s", ledger_refusal_name((LedgerRefusal)i));
        report_scalar(report, name, (double)grm->refused[i], "requests");
    }
}
