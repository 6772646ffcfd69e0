/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Leases stand in two orders: by (holder, number), where they are found, and by the time at which
 * they end. Ports are a table of (interface, protocol, port). */
#include "components/control/ledger.h"

#include <errno.h>

#define N_ROOMS (sizeof(LedgerRoom) / sizeof(uint64_t))

typedef struct {
    LedgerRoom room, used;
    bool in_service;
} NpeBooks;

struct Ledger {
    LedgerPolicy policy;
    unsigned n_interfaces, n_npes;
    uint64_t whole[LEDGER_MAX_INTERFACES];
    uint64_t in[LEDGER_MAX_INTERFACES], out[LEDGER_MAX_INTERFACES];
    NpeBooks npe[LEDGER_MAX_NPES];
    unsigned withheld_first, withheld_n;
    GHashTable *ports;   /* port_key -> LedgerLease */
    GTree *by_holder;    /* LedgerLease -> itself, by (holder, id); owns them */
    GTree *by_end;       /* ditto, by (until, holder, id) */
    GHashTable *gone_by; /* holder -> the highest number that was seen */
};

static const struct {
    const char *name, *text;
    int error;
} refusals[] = {{"ok", "granted", 0},
#define X(symbol, refusal_name, error_number, sentence) {refusal_name, sentence, error_number},
                LEDGER_REFUSALS(X)
#undef X
};

const char *ledger_refusal_name(LedgerRefusal refusal) {
    return refusals[refusal].name;
}
const char *ledger_refusal_text(LedgerRefusal refusal) {
    return refusals[refusal].text;
}
int ledger_refusal_errno(LedgerRefusal refusal) {
    return refusals[refusal].error;
}

/* Orders ---------------------------------------------------------------------------------- */

static int compare(uint64_t a, uint64_t b) {
    return a < b ? -1 : a > b;
}

static int by_holder(const void *a, const void *b, void *user) {
    const LedgerLease *x = a, *y = b;
    (void)user;
    int order = compare(x->holder, y->holder);
    return order ? order : compare(x->id, y->id);
}

static int by_end(const void *a, const void *b, void *user) {
    int order = compare(((const LedgerLease *)a)->until, ((const LedgerLease *)b)->until);
    return order ? order : by_holder(a, b, user);
}

static gpointer port_key(unsigned interface, uint8_t protocol, uint16_t port) {
    return GUINT_TO_POINTER((interface + 1) << 24 | (unsigned)protocol << 16 | port);
}

Ledger *ledger_new(LedgerPolicy policy) {
    Ledger *l = g_new0(Ledger, 1);
    l->policy = policy;
    l->ports = g_hash_table_new(NULL, NULL);
    l->by_holder = g_tree_new_full(by_holder, NULL, g_free, NULL);
    l->by_end = g_tree_new_full(by_end, NULL, NULL, NULL);
    l->gone_by = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    return l;
}

void ledger_free(Ledger *l) {
    if (!l) return;
    g_tree_destroy(l->by_end);
    g_tree_destroy(l->by_holder);
    g_hash_table_destroy(l->ports);
    g_hash_table_destroy(l->gone_by);
    g_free(l);
}

void ledger_add_interface(Ledger *l, uint64_t whole) {
    g_assert(l->n_interfaces < LEDGER_MAX_INTERFACES);
    l->whole[l->n_interfaces++] = whole;
}

void ledger_add_npe(Ledger *l, const LedgerRoom *room) {
    g_assert(l->n_npes < LEDGER_MAX_NPES);
    l->npe[l->n_npes++] = (NpeBooks){.room = *room, .in_service = true};
}

void ledger_withhold(Ledger *l, uint16_t first, uint16_t n) {
    l->withheld_first = first;
    l->withheld_n = n;
}

void ledger_serve(Ledger *l, unsigned npe, bool in_service) {
    g_assert(npe < l->n_npes);
    l->npe[npe].in_service = in_service;
}

static LedgerLease *find(const Ledger *l, uint64_t holder, uint64_t id) {
    return g_tree_lookup(l->by_holder, &(LedgerLease){.holder = holder, .id = id});
}

static bool has_gone_by(const Ledger *l, uint64_t holder, uint64_t id) {
    const uint64_t *highest = g_hash_table_lookup(l->gone_by, &holder);
    return highest && id <= *highest;
}

static void goes_by(Ledger *l, uint64_t holder, uint64_t id) {
    if (!has_gone_by(l, holder, id))
        g_hash_table_insert(l->gone_by, g_memdup2(&holder, sizeof holder),
                            g_memdup2(&id, sizeof id));
}

/* Ports ----------------------------------------------------------------------------------- */

static bool withheld(const Ledger *l, unsigned port) {
    return port >= l->withheld_first && port < l->withheld_first + l->withheld_n;
}

static bool taken(const Ledger *l, uint32_t interfaces, uint8_t protocol, uint16_t port) {
    for (unsigned i = 0; i < l->n_interfaces; i++)
        if (interfaces >> i & 1 && g_hash_table_contains(l->ports, port_key(i, protocol, port)))
            return true;
    return false;
}

static LedgerRefusal choose_port(const Ledger *l, LedgerLease *lease) {
    if (!lease->interfaces || lease->interfaces >> l->n_interfaces) return LEDGER_NO_INTERFACE;
    if (!lease->protocol) return LEDGER_OK;
    if (lease->port) {
        if (withheld(l, lease->port)) return LEDGER_PORT_WITHHELD;
        return taken(l, lease->interfaces, lease->protocol, lease->port) ? LEDGER_PORT_TAKEN
                                                                         : LEDGER_OK;
    }
    for (unsigned port = LEDGER_ANY; port <= UINT16_MAX; port++) {
        if (withheld(l, port) || taken(l, lease->interfaces, lease->protocol, (uint16_t)port))
            continue;
        lease->port = (uint16_t)port;
        return LEDGER_OK;
    }
    return LEDGER_PORT_TAKEN;
}

static LedgerRefusal has_bandwidth(const Ledger *l, const LedgerLease *lease) {
    for (unsigned i = 0; i < l->n_interfaces; i++) {
        if (!(lease->interfaces >> i & 1)) continue;
        if (lease->in > l->whole[i] - l->in[i]) return LEDGER_BANDWIDTH_IN;
        if (lease->out > l->whole[i] - l->out[i]) return LEDGER_BANDWIDTH_OUT;
    }
    return LEDGER_OK;
}

static void book_port(Ledger *l, LedgerLease *lease, bool taken_now) {
    for (unsigned i = 0; i < l->n_interfaces; i++) {
        if (!(lease->interfaces >> i & 1)) continue;
        gpointer key = port_key(i, lease->protocol, lease->port);
        if (taken_now) {
            if (lease->protocol) g_hash_table_insert(l->ports, key, lease);
            l->in[i] += lease->in;
            l->out[i] += lease->out;
        } else {
            if (lease->protocol) g_hash_table_remove(l->ports, key);
            l->in[i] -= lease->in;
            l->out[i] -= lease->out;
        }
    }
}

/* NPEs ------------------------------------------------------------------------------------ */

/* LedgerRoom as a row of numbers, so that all of it is treated alike; and who is to blame. */
static const uint64_t *numbers(const LedgerRoom *room) {
    return (const uint64_t *)room;
}
static const LedgerRefusal scarce[] = {LEDGER_FILTERS, LEDGER_QUEUES, LEDGER_BUFFERS,
                                       LEDGER_SRAM,    LEDGER_RATE,   LEDGER_SLICES};
G_STATIC_ASSERT(G_N_ELEMENTS(scarce) == N_ROOMS);

static LedgerRefusal fits(const NpeBooks *npe, const LedgerRoom *asked) {
    for (unsigned i = 0; i < N_ROOMS; i++)
        if (numbers(asked)[i] > numbers(&npe->room)[i] - numbers(&npe->used)[i]) return scarce[i];
    return LEDGER_OK;
}

/* Of what there would be least left of, as a part of all. */
static double left(const NpeBooks *npe, const LedgerRoom *asked) {
    double least = 1;
    for (unsigned i = 0; i < N_ROOMS; i++) {
        uint64_t room = numbers(&npe->room)[i], used = numbers(&npe->used)[i] + numbers(asked)[i];
        if (room) least = MIN(least, (double)(room - used) / (double)room);
    }
    return least;
}

static bool better(const Ledger *l, const NpeBooks *npe, const NpeBooks *best,
                   const LedgerRoom *asked) {
    if (!best) return true;
    if (l->policy == LEDGER_LEAST_BANDWIDTH) return npe->used.rate_bps < best->used.rate_bps;
    if (l->policy == LEDGER_BEST_FIT) return left(npe, asked) < left(best, asked);
    return false;
}

static LedgerRefusal choose_npe(const Ledger *l, LedgerLease *lease) {
    const NpeBooks *best = NULL;
    LedgerRefusal why = LEDGER_NO_NPE;
    for (const LedgerLease *held = ledger_next(l, lease->holder, 0); held;
         held = ledger_next(l, lease->holder, held->id))
        if (held->kind == LEASE_NPE) return LEDGER_EXISTS;
    for (unsigned i = 0; i < l->n_npes; i++) {
        const NpeBooks *npe = &l->npe[i];
        if (!npe->in_service) continue;
        LedgerRefusal refusal = fits(npe, &lease->room);
        if (refusal != LEDGER_OK) {
            if (why == LEDGER_NO_NPE) why = refusal;
        } else if (better(l, npe, best, &lease->room)) {
            best = npe;
        }
    }
    if (!best) return why;
    lease->npe = (unsigned)(best - l->npe);
    return LEDGER_OK;
}

static void book_npe(Ledger *l, const LedgerLease *lease, bool taken_now) {
    uint64_t *used = (uint64_t *)&l->npe[lease->npe].used;
    for (unsigned i = 0; i < N_ROOMS; i++)
        used[i] += taken_now ? numbers(&lease->room)[i] : -numbers(&lease->room)[i];
}

/* Leases ---------------------------------------------------------------------------------- */

static void book(Ledger *l, LedgerLease *lease, bool taken_now) {
    if (lease->kind == LEASE_PORT)
        book_port(l, lease, taken_now);
    else
        book_npe(l, lease, taken_now);
}

static void enter(Ledger *l, const LedgerLease *asked) {
    LedgerLease *lease = g_memdup2(asked, sizeof *asked);
    book(l, lease, true);
    g_tree_insert(l->by_holder, lease, lease);
    g_tree_insert(l->by_end, lease, lease);
    goes_by(l, lease->holder, lease->id);
}

static void strike(Ledger *l, LedgerLease *lease) {
    book(l, lease, false);
    g_tree_remove(l->by_end, lease);
    g_tree_remove(l->by_holder, lease);
}

static void set_end(Ledger *l, LedgerLease *lease, SimTime until) {
    g_tree_remove(l->by_end, lease);
    lease->until = until;
    g_tree_insert(l->by_end, lease, lease);
}

LedgerRefusal ledger_reserve(Ledger *l, LedgerLease *lease) {
    LedgerLease *held = find(l, lease->holder, lease->id);
    LedgerRefusal refusal;
    if (held) {
        set_end(l, held, MAX(held->until, lease->until));
        *lease = *held;
        return LEDGER_OK;
    }
    if (has_gone_by(l, lease->holder, lease->id)) return LEDGER_STALE;
    if (lease->kind == LEASE_PORT) {
        LedgerLease chosen = *lease;
        refusal = choose_port(l, &chosen);
        if (refusal == LEDGER_OK) refusal = has_bandwidth(l, &chosen);
        if (refusal == LEDGER_OK) *lease = chosen;
    } else {
        lease->room.slices = 1;
        refusal = choose_npe(l, lease);
    }
    if (refusal == LEDGER_OK) enter(l, lease);
    return refusal;
}

LedgerRefusal ledger_relearn(Ledger *l, const LedgerLease *lease) {
    LedgerLease known = *lease;
    if (find(l, lease->holder, lease->id)) return ledger_reserve(l, &known);
    if (has_gone_by(l, lease->holder, lease->id)) return LEDGER_STALE;
    LedgerRefusal refusal = LEDGER_OK;
    if (lease->kind == LEASE_NPE) {
        known.room.slices = 1;
        refusal =
            lease->npe < l->n_npes ? fits(&l->npe[lease->npe], &known.room) : LEDGER_NO_INTERFACE;
    } else {
        refusal = lease->port || !lease->protocol ? choose_port(l, &known) : LEDGER_NO_INTERFACE;
        if (refusal == LEDGER_OK) refusal = has_bandwidth(l, &known);
    }
    if (refusal == LEDGER_OK) enter(l, &known);
    return refusal;
}

bool ledger_release(Ledger *l, uint64_t holder, uint64_t id) {
    LedgerLease *lease = find(l, holder, id);
    goes_by(l, holder, id);
    if (lease) strike(l, lease);
    return lease != NULL;
}

unsigned ledger_release_all(Ledger *l, uint64_t holder, uint64_t id) {
    unsigned n = 0;
    const LedgerLease *lease;
    for (; (lease = ledger_next(l, holder, 0)); n++) strike(l, find(l, holder, lease->id));
    goes_by(l, holder, id);
    return n;
}

bool ledger_renew(Ledger *l, uint64_t holder, SimTime until) {
    const LedgerLease *lease = NULL;
    bool any = false;
    while ((lease = ledger_next(l, holder, lease ? lease->id : 0))) {
        set_end(l, find(l, holder, lease->id), MAX(lease->until, until));
        any = true;
    }
    return any;
}

const LedgerLease *ledger_overdue(const Ledger *l, SimTime now) {
    GTreeNode *first = g_tree_node_first(l->by_end);
    const LedgerLease *lease = first ? g_tree_node_key(first) : NULL;
    return lease && lease->until < now ? lease : NULL;
}

const LedgerLease *ledger_next(const Ledger *l, uint64_t holder, uint64_t id) {
    GTreeNode *next = g_tree_upper_bound(l->by_holder, &(LedgerLease){.holder = holder, .id = id});
    const LedgerLease *lease = next ? g_tree_node_key(next) : NULL;
    return lease && lease->holder == holder ? lease : NULL;
}

static gboolean strike_all(gpointer key, gpointer lease, gpointer l) {
    (void)key;
    book(l, lease, false);
    return FALSE;
}

void ledger_forget(Ledger *l) {
    g_tree_foreach(l->by_holder, strike_all, l);
    g_tree_remove_all(l->by_end);
    g_tree_remove_all(l->by_holder);
    g_hash_table_remove_all(l->gone_by);
}

uint64_t ledger_owner(const Ledger *l, unsigned interface, uint8_t protocol, uint16_t port) {
    const LedgerLease *lease = g_hash_table_lookup(l->ports, port_key(interface, protocol, port));
    return lease ? lease->holder : 0;
}

LedgerUse ledger_use(const Ledger *l) {
    enum { PROTOCOLS = 2 };
    LedgerUse use = {.leases = (uint64_t)g_tree_nnodes(l->by_holder),
                     .ports = g_hash_table_size(l->ports)};
    use.ports_free =
        PROTOCOLS * l->n_interfaces * (uint64_t)(UINT16_MAX - l->withheld_n) - use.ports;
    for (unsigned i = 0; i < l->n_interfaces; i++) {
        use.in += l->in[i];
        use.out += l->out[i];
    }
    for (unsigned i = 0; i < l->n_npes; i++) use.npe[i] = l->npe[i].used;
    return use;
}
