/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Two networks in step. */
#include "emu/study/diverge.h"

#include <inttypes.h>
#include <string.h>

#include "emu/core/component.h"
#include "emu/core/observe.h"

#define SLICE (100 * SIM_US)
#define COUNT_SHIFT 40 /* of packets' ids: emu/core/sim.h */

typedef struct {
    SimTime at;
    uint64_t packet, origin; /* the origin's count, and its identity */
    SimObservation what;
    uint32_t bytes;
} Seen;

/* Of one owner, in this slice. */
typedef struct {
    const SimOwner *owner;
    GArray *seen;
} OwnLog;

typedef struct {
    Network *net;
    GHashTable *accounts;   /* OwnLog, by the owner's identity */
    GHashTable *identities; /* of owners, by their ids */
    GHashTable *names;      /* of components, by the owner's identity */
} Side;

static void log_free(void *data) {
    OwnLog *log = data;
    g_array_unref(log->seen);
    g_free(log);
}

static void on_observed(void *user, const SimOwner *owner, SimTime now, SimObservation what,
                        uint64_t packet, uint32_t bytes) {
    Side *side = user;
    OwnLog *log = g_hash_table_lookup(side->accounts, &owner->identity);
    if (!log) {
        log = g_new0(OwnLog, 1);
        log->owner = owner;
        log->seen = g_array_new(FALSE, FALSE, sizeof(Seen));
        g_hash_table_insert(side->accounts, (void *)&owner->identity, log);
    }
    const uint64_t *origin =
        g_hash_table_lookup(side->identities, GUINT_TO_POINTER((unsigned)(packet >> COUNT_SHIFT)));
    Seen seen = {now, packet & ((UINT64_C(1) << COUNT_SHIFT) - 1), origin ? *origin : 0, what,
                 bytes};
    g_array_append_val(log->seen, seen);
}

/* Numbers are given when the network starts. */
static void name_owners(Side *side) {
    for (unsigned i = 0; network_nth(side->net, i); i++) {
        const Component *c = network_nth(side->net, i);
        for (unsigned k = 0; k < c->owners->len; k++) {
            SimOwner *owner = c->owners->pdata[k];
            g_hash_table_insert(side->identities, GUINT_TO_POINTER(owner->id), &owner->identity);
            g_hash_table_insert(side->names, &owner->identity, c->name);
        }
    }
}

static bool side_open(Side *side, const DivergeRun *run, GError **error) {
    NetworkOptions options = {.seed = run->seed, .repetition = run->repetition};
    const Component *refused = NULL;
    *side = (Side){.net = scenario_build(run->scenario, run->point, &options, error)};
    if (!side->net) return false;
    side->accounts = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, log_free);
    side->identities = g_hash_table_new(NULL, NULL);
    side->names = g_hash_table_new(g_int64_hash, g_int64_equal);
    sim_watch(network_sim(side->net), on_observed, side);
    bool ok = network_start(side->net, &refused, error);
    if (!ok) scenario_blame(run->scenario, refused->name, error);
    name_owners(side);
    return ok;
}

static void side_close(Side *side) {
    if (side->accounts) g_hash_table_unref(side->accounts);
    if (side->identities) g_hash_table_unref(side->identities);
    if (side->names) g_hash_table_unref(side->names);
    network_free(side->net);
}

static const Seen *nth(const OwnLog *log, unsigned n) {
    return log && n < log->seen->len ? &g_array_index(log->seen, Seen, n) : NULL;
}

static bool equal(const Seen *a, const Seen *b) {
    return a->at == b->at && a->packet == b->packet && a->origin == b->origin &&
           a->what == b->what && a->bytes == b->bytes;
}

/* "at 12.000 us: arrives, traffic:17, 74 bytes". Caller frees. */
static char *text_of(const Side *side, const Seen *seen) {
    static const char *const what[] = {[SIM_DEPART] = "departs",
                                       [SIM_ARRIVE] = "arrives",
                                       [SIM_ENQUEUE] = "is enqueued",
                                       [SIM_DROP] = "is dropped"};
    static const char *const unit[] = {[SIM_DEPART] = "bytes",
                                       [SIM_ARRIVE] = "bytes",
                                       [SIM_ENQUEUE] = "is the queue",
                                       [SIM_DROP] = "is the reason's number"};
    if (!seen) return NULL;
    const char *origin = g_hash_table_lookup(side->names, &seen->origin);
    return g_strdup_printf("%.6f us: packet %s:%" PRIu64 " %s, %u %s", (double)seen->at / 1e6,
                           origin ? origin : "?", seen->packet + 1, what[seen->what], seen->bytes,
                           unit[seen->what]);
}

typedef struct {
    const Side *a, *b;
    Divergence *best;
} Comparison;

static void compare_owner(const Comparison *c, uint64_t identity) {
    const OwnLog *x = g_hash_table_lookup(c->a->accounts, &identity),
                 *y = g_hash_table_lookup(c->b->accounts, &identity);
    unsigned i = 0;
    while (nth(x, i) && nth(y, i) && equal(nth(x, i), nth(y, i))) i++;
    const Seen *p = nth(x, i), *q = nth(y, i);
    if (!p && !q) return;
    SimTime at = MIN(p ? p->at : SIM_NEVER, q ? q->at : SIM_NEVER);
    const char *name = g_hash_table_lookup(c->a->names, &identity);
    if (!name) name = g_hash_table_lookup(c->b->names, &identity);
    Divergence *best = c->best;
    if (best->found &&
        (at > best->at || (at == best->at && compare_names(name, best->component) >= 0)))
        return;
    divergence_clear(best);
    *best = (Divergence){.found = true,
                         .at = at,
                         .component = g_strdup(name),
                         .a = text_of(c->a, p),
                         .b = text_of(c->b, q)};
}

static void compare_slice(const Side *a, const Side *b, Divergence *divergence) {
    Comparison c = {a, b, divergence};
    const Side *const sides[] = {a, b};
    for (unsigned s = 0; s < 2; s++) {
        GHashTableIter iter;
        void *identity, *log;
        g_hash_table_iter_init(&iter, sides[s]->accounts);
        while (g_hash_table_iter_next(&iter, &identity, &log))
            compare_owner(&c, *(const uint64_t *)identity);
    }
}

static void forget_slice(const Side *side) {
    GHashTableIter iter;
    void *identity, *log;
    g_hash_table_iter_init(&iter, side->accounts);
    while (g_hash_table_iter_next(&iter, &identity, &log))
        g_array_set_size(((OwnLog *)log)->seen, 0);
}

bool diverge(const DivergeRun *a, const DivergeRun *b, SimTime until, volatile int *interrupted,
             Divergence *divergence, GError **error) {
    Side x, y = {0};
    *divergence = (Divergence){0};
    bool ok = side_open(&x, a, error) && side_open(&y, b, error);
    SimTime now = 0;
    while (ok && now < until && !divergence->found) {
        now = MIN(now + SLICE, until);
        network_run(x.net, now, SIM_NEVER, SLICE, NULL, NULL);
        network_run(y.net, now, SIM_NEVER, SLICE, NULL, NULL);
        compare_slice(&x, &y, divergence);
        forget_slice(&x);
        forget_slice(&y);
        if (*interrupted) ok = false;
    }
    side_close(&x);
    side_close(&y);
    return ok;
}

void divergence_clear(Divergence *d) {
    g_free(d->component);
    g_free(d->a);
    g_free(d->b);
    *d = (Divergence){0};
}
