/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The books of the global resource manager against a twin that looks at everything every time:
 * arrays of who has what, summed anew for each answer. */
#include <errno.h>
#include <glib.h>

#include "components/control/ledger.h"
#include "tests/check.h"
#include "tests/dice.h"

enum { INTERFACES = 3, NPES = 3, HOLDERS = 12, PORTS = 24, LEASES = 2000, UDP = 17, TCP = 6 };
enum { RATE = 1000, STEPS = 100000, LIFE = 1000 };

/* The twin: a list of leases that are held. */
typedef struct {
    LedgerPolicy policy;
    LedgerLease held[LEASES];
    unsigned n;
    uint64_t highest[HOLDERS + 1];
    LedgerRoom room[NPES];
} Twin;

static bool twin_port_free(const Twin *t, const LedgerLease *asked, uint16_t port) {
    for (unsigned i = 0; i < t->n; i++) {
        const LedgerLease *h = &t->held[i];
        if (h->kind == LEASE_PORT && h->protocol && h->protocol == asked->protocol &&
            h->port == port && (h->interfaces & asked->interfaces))
            return false;
    }
    return true;
}

static LedgerRefusal twin_port(Twin *t, LedgerLease *asked) {
    if (asked->interfaces == 0 || asked->interfaces >= 1u << INTERFACES) return LEDGER_NO_INTERFACE;
    uint16_t port = asked->port;
    if (port == 0 && asked->protocol)
        for (port = LEDGER_ANY; !twin_port_free(t, asked, port);) port++;
    else if (!twin_port_free(t, asked, port))
        return LEDGER_PORT_TAKEN;
    for (unsigned i = 0; i < INTERFACES; i++) {
        uint64_t in = asked->in, out = asked->out;
        if (!(asked->interfaces & 1u << i)) continue;
        for (unsigned k = 0; k < t->n; k++) {
            const LedgerLease *h = &t->held[k];
            if (h->kind != LEASE_PORT || !(h->interfaces & 1u << i)) continue;
            in += h->in;
            out += h->out;
        }
        if (in > RATE) return LEDGER_BANDWIDTH_IN;
        if (out > RATE) return LEDGER_BANDWIDTH_OUT;
    }
    asked->port = port;
    return LEDGER_OK;
}

/* With what is held already; and of what there would be least left, as a part. */
static LedgerRefusal twin_fits(const Twin *t, unsigned npe, const LedgerRoom *asked, double *left,
                               uint64_t *promised) {
    LedgerRoom sum = *asked;
    sum.slices = 1;
    *promised = 0;
    for (unsigned i = 0; i < t->n; i++) {
        const LedgerLease *h = &t->held[i];
        if (h->kind != LEASE_NPE || h->npe != npe) continue;
        sum.filters += h->room.filters, sum.queues += h->room.queues;
        sum.buffers += h->room.buffers, sum.sram_bytes += h->room.sram_bytes;
        sum.rate_bps += h->room.rate_bps, sum.slices++;
        *promised += h->room.rate_bps;
    }
    const LedgerRoom *r = &t->room[npe];
    const struct {
        uint64_t room, sum;
        LedgerRefusal why;
    } all[] = {
        {r->filters, sum.filters, LEDGER_FILTERS}, {r->queues, sum.queues, LEDGER_QUEUES},
        {r->buffers, sum.buffers, LEDGER_BUFFERS}, {r->sram_bytes, sum.sram_bytes, LEDGER_SRAM},
        {r->rate_bps, sum.rate_bps, LEDGER_RATE},  {r->slices, sum.slices, LEDGER_SLICES}};
    *left = 1;
    for (unsigned i = 0; i < G_N_ELEMENTS(all); i++) {
        if (all[i].sum > all[i].room) return all[i].why;
        double part = (double)(all[i].room - all[i].sum) / (double)all[i].room;
        if (part < *left) *left = part;
    }
    return LEDGER_OK;
}

static LedgerRefusal twin_npe(Twin *t, LedgerLease *asked) {
    LedgerRefusal first = LEDGER_OK;
    double best = 0;
    int chosen = -1;
    for (unsigned i = 0; i < t->n; i++)
        if (t->held[i].kind == LEASE_NPE && t->held[i].holder == asked->holder)
            return LEDGER_EXISTS;
    for (unsigned npe = 0; npe < NPES; npe++) {
        double left;
        uint64_t promised;
        LedgerRefusal why = twin_fits(t, npe, &asked->room, &left, &promised);
        if (first == LEDGER_OK) first = why;
        if (why != LEDGER_OK) continue;
        double measure = t->policy == LEDGER_BEST_FIT          ? left
                         : t->policy == LEDGER_LEAST_BANDWIDTH ? (double)promised
                                                               : npe;
        if (chosen < 0 || measure < best) {
            best = measure;
            chosen = (int)npe;
        }
    }
    if (chosen < 0) return first;
    asked->npe = (unsigned)chosen;
    asked->room.slices = 1;
    return LEDGER_OK;
}

static LedgerRefusal twin_reserve(Twin *t, LedgerLease *asked) {
    for (unsigned i = 0; i < t->n; i++)
        if (t->held[i].holder == asked->holder && t->held[i].id == asked->id) {
            if (t->held[i].until < asked->until) t->held[i].until = asked->until;
            *asked = t->held[i];
            return LEDGER_OK;
        }
    if (asked->id <= t->highest[asked->holder]) return LEDGER_STALE;
    LedgerRefusal why = asked->kind == LEASE_PORT ? twin_port(t, asked) : twin_npe(t, asked);
    if (why != LEDGER_OK) return why;
    t->highest[asked->holder] = asked->id;
    t->held[t->n++] = *asked;
    return LEDGER_OK;
}

static bool twin_release(Twin *t, uint64_t holder, uint64_t id) {
    if (t->highest[holder] < id) t->highest[holder] = id;
    for (unsigned i = 0; i < t->n; i++)
        if (t->held[i].holder == holder && t->held[i].id == id) {
            t->held[i] = t->held[--t->n];
            return true;
        }
    return false;
}

/* Of the twin's books: nobody shares a port, and it says who has what. */
static void same_books(const Ledger *l, const Twin *t) {
    LedgerUse use = ledger_use(l);
    uint64_t ports = 0, in = 0, out = 0;
    LedgerRoom npe[NPES] = {{0}};
    static uint64_t owner[INTERFACES][2][UINT16_MAX + 1];
    memset(owner, 0, sizeof owner);
    for (unsigned i = 0; i < t->n; i++) {
        const LedgerLease *h = &t->held[i];
        if (h->kind == LEASE_NPE) {
            npe[h->npe].filters += h->room.filters, npe[h->npe].queues += h->room.queues;
            npe[h->npe].buffers += h->room.buffers, npe[h->npe].slices++;
            npe[h->npe].sram_bytes += h->room.sram_bytes, npe[h->npe].rate_bps += h->room.rate_bps;
            continue;
        }
        for (unsigned k = 0; k < INTERFACES; k++) {
            if (!(h->interfaces & 1u << k)) continue;
            in += h->in;
            out += h->out;
            if (!h->protocol) continue;
            uint64_t *o = &owner[k][h->protocol == TCP][h->port];
            CHECK_U64(*o, 0);
            *o = h->holder;
            ports++;
            CHECK_U64(ledger_owner(l, k, h->protocol, h->port), h->holder);
        }
    }
    for (unsigned k = 0; k < INTERFACES; k++)
        for (unsigned port = 1; port < PORTS; port++) {
            CHECK_U64(ledger_owner(l, k, UDP, (uint16_t)port), owner[k][0][port]);
            CHECK_U64(ledger_owner(l, k, TCP, (uint16_t)port), owner[k][1][port]);
        }
    CHECK_U64(use.leases, t->n);
    CHECK_U64(use.ports, ports);
    CHECK_U64(use.ports_free, 2 * INTERFACES * 65535 - ports);
    CHECK_U64(use.in, in);
    CHECK_U64(use.out, out);
    CHECK(memcmp(use.npe, npe, sizeof npe) == 0);
}

/* What is asked, as it goes through a network that loses, repeats and delays. */
typedef struct {
    enum { RESERVE, RELEASE } what;
    LedgerLease lease;
    SimTime arrives;
} Message;

typedef struct {
    Ledger *ledger;
    Twin twin;
    Message way[LEASES]; /* on its way */
    unsigned n_way;
    LedgerLease mine[LEASES]; /* what clients believe to hold, or are not sure of */
    unsigned n_mine;
    uint64_t next_id, now, answers, refused, lost, expired, stale;
    uint64_t of[LEDGER_N_REFUSALS];
    bool wrong; /* what follows tells no more */
} World;

static void carry_out(World *w, const Message *m) {
    LedgerLease a = m->lease, b = m->lease;
    w->answers++;
    if (m->what == RELEASE) {
        bool found = ledger_release(w->ledger, a.holder, a.id);
        CHECK(found == twin_release(&w->twin, b.holder, b.id));
        return;
    }
    LedgerRefusal found = ledger_reserve(w->ledger, &a);
    LedgerRefusal expected = twin_reserve(&w->twin, &b);
    CHECK_U64(found, expected);
    w->wrong = found != expected || a.port != b.port;
    w->of[found]++;
    if (found == LEDGER_OK && a.kind == LEASE_PORT) CHECK_U64(a.port, b.port);
    if (found == LEDGER_OK && a.kind == LEASE_NPE) CHECK_U64(a.npe, b.npe);
}

/* One in five is lost, one in five comes later, and perhaps after what was sent after it; and one
 * in five comes twice. */
static void send(World *w, int what, const LedgerLease *lease) {
    Message m = {what, *lease, 0};
    switch (dice(5)) {
    case 0: w->lost++; return;
    case 1:
        m.arrives = w->now + dice(40);
        if (w->n_way < LEASES) w->way[w->n_way++] = m;
        return;
    case 2: carry_out(w, &m); break;
    }
    carry_out(w, &m);
}

static void arrive(World *w) {
    for (unsigned i = 0; i < w->n_way;)
        if (w->way[i].arrives <= w->now) {
            Message m = w->way[i];
            w->way[i] = w->way[--w->n_way];
            carry_out(w, &m);
        } else {
            i++;
        }
}

static void expire(World *w) {
    const LedgerLease *lease;
    while ((lease = ledger_overdue(w->ledger, w->now))) {
        uint64_t holder = lease->holder, id = lease->id, earliest = SIM_NEVER;
        for (unsigned i = 0; i < w->twin.n; i++) earliest = MIN(earliest, w->twin.held[i].until);
        CHECK_U64(lease->until, earliest);
        CHECK(earliest < w->now);
        CHECK(ledger_release(w->ledger, holder, id));
        CHECK(twin_release(&w->twin, holder, id));
        w->expired++;
    }
    for (unsigned i = 0; i < w->twin.n; i++) CHECK(w->twin.held[i].until >= w->now);
}

static LedgerLease ask(World *w) {
    LedgerLease l = {.id = ++w->next_id,
                     .holder = 1 + dice(HOLDERS),
                     .until = w->now + dice(LIFE),
                     .kind = dice(3) ? LEASE_PORT : LEASE_NPE};
    if (l.kind == LEASE_PORT) {
        l.protocol = dice(20) ? dice(2) ? UDP : TCP : 0; /* 0: bandwidth alone */
        l.port = (uint16_t)dice(PORTS);
        l.interfaces = (uint32_t)dice((1u << INTERFACES) + 1);
        l.in = dice(150);
        l.out = dice(100);
    } else {
        l.room = (LedgerRoom){.filters = dice(64),
                              .queues = dice(32),
                              .buffers = dice(500),
                              .sram_bytes = dice(1000),
                              .rate_bps = dice(300)};
    }
    return l;
}

static void twin_of(LedgerPolicy policy) {
    World *w = g_new0(World, 1);
    w->ledger = ledger_new(policy);
    w->twin.policy = policy;
    for (unsigned i = 0; i < INTERFACES; i++) ledger_add_interface(w->ledger, RATE);
    for (unsigned i = 0; i < NPES; i++) {
        w->twin.room[i] = (LedgerRoom){90 + 20 * i, 50, 700 + 50 * i, 1500, 450 - 25 * i, 3};
        ledger_add_npe(w->ledger, &w->twin.room[i]);
    }
    for (unsigned step = 0; step < STEPS && !w->wrong; step++) {
        w->now++;
        arrive(w);
        expire(w);
        if (w->n_mine < LEASES && dice(5) < 3) {
            LedgerLease l = ask(w);
            w->mine[w->n_mine++] = l;
            send(w, RESERVE, &l);
        } else if (w->n_mine) { /* again, which must change nothing, or give it back */
            unsigned i = (unsigned)dice(w->n_mine);
            bool again = dice(4) == 0;
            send(w, again ? RESERVE : RELEASE, &w->mine[i]);
            if (!again && dice(2)) w->mine[i] = w->mine[--w->n_mine];
        }
        if (dice(8) == 0) {
            uint64_t holder = 1 + dice(HOLDERS), until = w->now + dice(LIFE);
            ledger_renew(w->ledger, holder, until);
            for (unsigned i = 0; i < w->twin.n; i++)
                if (w->twin.held[i].holder == holder)
                    w->twin.held[i].until = MAX(w->twin.held[i].until, until);
        }
        if (step % 64 == 0) same_books(w->ledger, &w->twin);
    }
    for (unsigned i = LEDGER_OK; i < LEDGER_N_REFUSALS; i++) /* all was tried but these */
        CHECK(w->of[i] > 0 || i == LEDGER_PORT_WITHHELD || i == LEDGER_NO_NPE);
    CHECK(w->expired > 100 && w->lost > 1000);
    w->n_way = 0;
    w->now += 2 * LIFE; /* nobody asks any more */
    expire(w);
    Ledger *empty = ledger_new(policy);
    for (unsigned i = 0; i < INTERFACES; i++) ledger_add_interface(empty, RATE);
    LedgerUse use = ledger_use(w->ledger), none = ledger_use(empty);
    CHECK(memcmp(&use, &none, sizeof use) == 0);
    ledger_free(empty);
    ledger_free(w->ledger);
    g_free(w);
}

static void the_books_are_their_twins_whatever_is_lost_or_late(void) {
    twin_of(LEDGER_LEAST_BANDWIDTH);
    twin_of(LEDGER_BEST_FIT);
    twin_of(LEDGER_FIRST);
}

static Ledger *small_node(LedgerPolicy policy) {
    static const LedgerRoom room = {100, 100, 100, 100, 100, 4};
    Ledger *l = ledger_new(policy);
    ledger_add_interface(l, RATE);
    ledger_add_interface(l, RATE);
    ledger_add_npe(l, &room);
    ledger_add_npe(l, &room);
    ledger_withhold(l, 40000, 16384);
    return l;
}

static void translations_ports_are_nobodys(void) {
    Ledger *l = small_node(LEDGER_FIRST);
    LedgerLease at = {.id = 1, .holder = 1, .protocol = UDP, .port = 40000, .interfaces = 1};
    CHECK_U64(ledger_reserve(l, &at), LEDGER_PORT_WITHHELD);
    CHECK_U64(ledger_refusal_errno(LEDGER_PORT_WITHHELD), EADDRINUSE);
    at.port = 56383;
    CHECK_U64(ledger_reserve(l, &at), LEDGER_PORT_WITHHELD);
    at.port = 56384;
    CHECK_U64(ledger_reserve(l, &at), LEDGER_OK);
    CHECK_U64(ledger_use(l).ports_free, 2 * 2 * (65535 - 16384) - 1);
    /* Of those that it chooses 7,232 are free from 32768 on, and then those behind 56384. */
    for (unsigned n = 0; n < 7232 + 5; n++) {
        LedgerLease any = {.id = 2 + n, .holder = 1, .protocol = UDP, .interfaces = 1};
        CHECK_U64(ledger_reserve(l, &any), LEDGER_OK);
        CHECK_U64(any.port, n < 7232 ? LEDGER_ANY + n : 56385 + n - 7232);
    }
    ledger_free(l);
}

static void an_npe_out_of_service_is_not_chosen_and_keeps_what_it_gave(void) {
    Ledger *l = small_node(LEDGER_LEAST_BANDWIDTH);
    LedgerLease a = {.id = 1, .holder = 1, .kind = LEASE_NPE, .room = {.rate_bps = 10}}, b = a,
                c = a;
    b.holder = 2;
    c.holder = 3;
    CHECK_U64(ledger_reserve(l, &a), LEDGER_OK);
    CHECK_U64(a.npe, 0);
    ledger_serve(l, 1, false);
    CHECK_U64(ledger_reserve(l, &b), LEDGER_OK);
    CHECK_U64(b.npe, 0);
    ledger_serve(l, 0, false);
    CHECK_U64(ledger_reserve(l, &c), LEDGER_NO_NPE);
    CHECK_U64(ledger_use(l).npe[0].slices, 2);
    ledger_serve(l, 1, true);
    CHECK_U64(ledger_reserve(l, &c), LEDGER_OK);
    CHECK_U64(c.npe, 1);
    ledger_free(l);
}

/* What the books say after a restart is what the holders say, in any order of holders; of two that
 * say the same one is refused. */
static void after_a_restart_the_books_are_learnt_from_the_holders(void) {
    Ledger *l = small_node(LEDGER_BEST_FIT);
    LedgerLease held[40];
    unsigned n = 0;
    for (unsigned i = 0; i < 60 && n < G_N_ELEMENTS(held); i++) {
        LedgerLease a = {.id = i + 1, .holder = 1 + dice(6), .until = 100};
        a.kind = i % 5 ? LEASE_PORT : LEASE_NPE;
        a.protocol = UDP, a.interfaces = 1 + (uint32_t)dice(3), a.in = dice(30);
        if (a.kind == LEASE_NPE) a.room = (LedgerRoom){.filters = dice(20), .rate_bps = dice(50)};
        if (ledger_reserve(l, &a) == LEDGER_OK) held[n++] = a;
    }
    LedgerUse before = ledger_use(l);
    ledger_forget(l);
    CHECK_U64(ledger_use(l).leases, 0);
    CHECK_U64(ledger_use(l).npe[0].rate_bps + ledger_use(l).npe[1].rate_bps, 0);
    for (unsigned holder = 6; holder > 0; holder--)
        for (unsigned i = 0; i < n; i++)
            if (held[i].holder == holder) {
                CHECK_U64(ledger_relearn(l, &held[i]), LEDGER_OK);
                CHECK_U64(ledger_relearn(l, &held[i]), LEDGER_OK); /* as often as they like */
            }
    LedgerUse after = ledger_use(l);
    CHECK(memcmp(&before, &after, sizeof before) == 0);
    LedgerLease thief = {.holder = 9, .id = 1, .protocol = UDP};
    for (unsigned i = 0; i < n; i++)
        if (held[i].kind == LEASE_PORT)
            thief.port = held[i].port, thief.interfaces = held[i].interfaces;
    CHECK_U64(ledger_relearn(l, &thief), LEDGER_PORT_TAKEN);
    thief = (LedgerLease){.holder = 9, .id = 2, .kind = LEASE_NPE, .npe = 7};
    CHECK_U64(ledger_relearn(l, &thief), LEDGER_NO_INTERFACE);
    CHECK_U64(ledger_use(l).leases, n);
    ledger_free(l);
}

static void all_of_a_holder_goes_back_at_once(void) {
    Ledger *l = small_node(LEDGER_FIRST);
    LedgerUse empty = ledger_use(l);
    for (unsigned i = 1; i <= 10; i++) {
        LedgerLease a = {
            .id = i, .holder = 1, .protocol = UDP, .port = (uint16_t)i, .interfaces = 3};
        CHECK_U64(ledger_reserve(l, &a), LEDGER_OK);
    }
    LedgerLease np = {.id = 11, .holder = 1, .kind = LEASE_NPE, .room = {.queues = 5}};
    CHECK_U64(ledger_reserve(l, &np), LEDGER_OK);
    CHECK_U64(ledger_release_all(l, 1, 12), 11);
    LedgerUse after = ledger_use(l);
    CHECK(memcmp(&empty, &after, sizeof empty) == 0);
    LedgerLease late = {.id = 12, .holder = 1, .protocol = UDP, .port = 1, .interfaces = 1};
    CHECK_U64(ledger_reserve(l, &late), LEDGER_STALE); /* it was on its way */
    late.id = 13;
    CHECK_U64(ledger_reserve(l, &late), LEDGER_OK);
    ledger_free(l);
}

int main(void) {
    static const Test tests[] = {TEST(the_books_are_their_twins_whatever_is_lost_or_late),
                                 TEST(translations_ports_are_nobodys),
                                 TEST(an_npe_out_of_service_is_not_chosen_and_keeps_what_it_gave),
                                 TEST(after_a_restart_the_books_are_learnt_from_the_holders),
                                 TEST(all_of_a_holder_goes_back_at_once),
                                 {0}};
    return run_tests("grm", tests);
}
