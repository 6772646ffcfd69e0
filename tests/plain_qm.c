/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The queue manager against a twin that keeps no lists: it looks at all queues every time, and
 * counts in 128 bits. Queues, shares, bursts, rates and arrivals are random, and change while
 * packets wait; rates and shares go to the ends of what a scenario may say. */
#include "fastpath/qm.h"

#include <stdlib.h>

#include "tests/check.h"
#include "tests/dice.h"

enum { QUEUES = 12, SCHEDULERS = 2, HANDLES = 400, GROUPS = 3 };
#define MIN(a, b) ((a) < (b) ? (a) : (b))
__extension__ typedef unsigned __int128 Wide;

/* The twin -------------------------------------------------------------------------------- */

typedef struct {
    unsigned fifo[HANDLES], n; /* handles */
    unsigned scheduler, quantum, group, limit;
    uint64_t deficit, stretch_q8, burst;
    Wide clock;
    uint64_t first, round; /* its ticket among the first, its place in the round; 0: not there */
} TwinQueue;

typedef struct {
    uint64_t place, q16, burst; /* of the queue being visited; ps of a byte; bytes */
    bool visited;
    Wide time, rest_q16;
} TwinScheduler;

static TwinQueue queue[QUEUES];
static TwinScheduler scheduler[SCHEDULERS];
static unsigned bytes_of[HANDLES], limit_of[GROUPS];
static uint64_t ticket;

static uint64_t waiting(const TwinQueue *q) {
    uint64_t sum = 0;
    for (unsigned i = 0; i < q->n; i++) sum += bytes_of[q->fifo[i]];
    return sum;
}

static Wide time_of(const TwinQueue *q, uint64_t bytes) {
    Wide all = (Wide)bytes * scheduler[q->scheduler].q16 >> 16, most = (Wide)1 << 62;
    return MIN(all * q->stretch_q8 >> 8, most);
}

static bool guaranteed(TwinQueue *q, uint64_t now) {
    if (!q->stretch_q8 || !scheduler[q->scheduler].q16) return false;
    Wide burst = time_of(q, q->burst);
    if (!q->clock) q->clock = now + burst + 1;
    return q->clock <= now + burst && waiting(q) <= q->burst;
}

/* The queue of scheduler s with the lowest ticket, or place from `from` on; NULL: none. */
static TwinQueue *lowest(unsigned s, bool first, uint64_t from) {
    TwinQueue *best = NULL;
    for (TwinQueue *q = queue; q < queue + QUEUES; q++) {
        uint64_t at = first ? q->first : q->round;
        if (q->scheduler != s || !at || at < from) continue;
        if (!best || at < (first ? best->first : best->round)) best = q;
    }
    return best;
}

/* The one behind place `from` in the ring. */
static TwinQueue *next_in_round(unsigned s, uint64_t from) {
    TwinQueue *q = lowest(s, false, from);
    return q ? q : lowest(s, false, 0);
}

static void leave_round(TwinQueue *q) {
    TwinScheduler *s = &scheduler[q->scheduler];
    uint64_t place = q->round;
    q->round = 0;
    q->deficit = 0;
    if (s->place != place) return;
    TwinQueue *next = next_in_round(q->scheduler, place);
    s->place = next ? next->round : 0;
    s->visited = false;
}

/* Behind all others: what stood before the one being visited moves behind the rest, and it comes
 * last of all. Places are dealt anew. */
static void join_round(TwinQueue *q) {
    TwinScheduler *s = &scheduler[q->scheduler];
    unsigned order[QUEUES], n = 0;
    for (TwinQueue *o = s->place ? next_in_round(q->scheduler, s->place) : NULL; o;) {
        order[n++] = (unsigned)(o - queue);
        o = next_in_round(q->scheduler, o->round + 1);
        if (o - queue == order[0]) break;
    }
    if (n == 0) s->visited = false;
    order[n++] = (unsigned)(q - queue);
    for (unsigned i = 0; i < n; i++) queue[order[i]].round = i + 1;
    s->place = 1;
    q->deficit = 0;
}

static void settle(TwinQueue *q, uint64_t now) {
    if (q->first) return;
    bool first = guaranteed(q, now);
    if (q->round && !first) return;
    if (q->round) leave_round(q);
    if (first)
        q->first = ++ticket;
    else
        join_round(q);
}

static unsigned pop(TwinQueue *q) {
    unsigned handle = q->fifo[0];
    q->n--;
    for (unsigned i = 0; i < q->n; i++) q->fifo[i] = q->fifo[i + 1];
    return handle;
}

static void gone(TwinQueue *q) {
    if (q->round) leave_round(q);
    q->first = 0;
}

static bool twin_enqueue(unsigned n, unsigned handle, uint64_t now) {
    TwinQueue *q = &queue[n];
    unsigned held = 0;
    for (unsigned i = 0; i < QUEUES; i++) held += queue[i].group == q->group ? queue[i].n : 0;
    if ((q->limit && q->n >= q->limit) || (limit_of[q->group] && held >= limit_of[q->group]))
        return false;
    q->fifo[q->n++] = handle;
    settle(q, now);
    return true;
}

static uint64_t twin_next(unsigned s) {
    return lowest(s, true, 0) || scheduler[s].place ? (uint64_t)scheduler[s].time : QM_NEVER;
}

static unsigned twin_dequeue(unsigned n, uint64_t now) {
    TwinScheduler *s = &scheduler[n];
    TwinQueue *q = lowest(n, true, 0);
    bool first = q != NULL;
    while (!first) {
        q = next_in_round(n, s->place);
        if (!s->visited) q->deficit += q->quantum;
        s->visited = true;
        if (bytes_of[q->fifo[0]] <= q->deficit) break;
        s->place = next_in_round(n, s->place + 1)->round;
        s->visited = false;
    }
    unsigned handle = pop(q), bytes = bytes_of[handle];
    Wide saved = (Wide)s->burst * s->q16 >> 16;
    Wide earliest = now > saved ? now - saved : 0;
    if (s->time < earliest) s->time = earliest, s->rest_q16 = 0;
    s->rest_q16 += (Wide)bytes * s->q16;
    s->time += s->rest_q16 >> 16;
    s->rest_q16 &= 0xffff;
    if (q->stretch_q8) {
        Wide most = now + 2 * time_of(q, q->burst);
        q->clock = (q->clock > now ? q->clock : now) + time_of(q, bytes);
        if (q->clock > most) q->clock = most;
    }
    if (!first) q->deficit -= bytes;
    if (first) q->first = 0;
    if (!first && q->n == 0) leave_round(q);
    if (q->n) settle(q, now);
    return handle;
}

/* Both ------------------------------------------------------------------------------------ */

static const uint64_t rates[] = {0,        1000,       64000,       1000000,
                                 10000000, 1000000000, 10000000000, 100000000000};
static const double shares[] = {0, 1e-12, 1e-5, 0.001, 0.03, 0.1, 0.25, 1.0 / 3, 0.6, 1};
static const uint32_t bursts[] = {0, 64, 1500, 8192, 32768, 1 << 20};

static void some_guarantee(Qm *qm, unsigned q) {
    double share = shares[dice(sizeof shares / sizeof *shares)];
    uint32_t burst = bursts[dice(sizeof bursts / sizeof *bursts)];
    qm_set_guarantee(qm, q, share, burst);
    queue[q].stretch_q8 = share > 0 && burst ? (uint64_t)MIN(256 / share + 0.5, UINT32_MAX) : 0;
    queue[q].burst = burst;
}

static void some_queue(Qm *qm, unsigned q) {
    TwinQueue *t = &queue[q];
    t->scheduler = (unsigned)dice(SCHEDULERS);
    t->quantum = 1 + (unsigned)dice(4000);
    t->limit = dice(3) ? 0 : 1 + (unsigned)dice(20);
    t->group = (unsigned)dice(GROUPS);
    CHECK(qm_set_queue(qm, q, t->scheduler, t->quantum, t->limit, 0));
    qm_set_group(qm, q, t->group);
    some_guarantee(qm, q);
}

static void some_rate(Qm *qm, unsigned s, uint64_t *now) {
    uint64_t next = qm_next_time(qm, s), rate = rates[dice(sizeof rates / sizeof *rates)];
    if (next != QM_NEVER && next > *now) *now = next;
    uint32_t burst = bursts[dice(sizeof bursts / sizeof *bursts)];
    qm_set_scheduler(qm, s, rate, burst);
    scheduler[s].q16 = rate ? (uint64_t)(8e12 * 65536.0 / (double)rate + 0.5) : 0;
    scheduler[s].burst = burst;
}

static bool same(const Qm *qm, unsigned step) {
    for (unsigned s = 0; s < SCHEDULERS; s++)
        if (qm_next_time(qm, s) != twin_next(s)) {
            printf("  step %u\n", step);
            CHECK_U64(qm_next_time(qm, s), twin_next(s));
            return false;
        }
    return true;
}

static void run_twin(unsigned seed, bool extremes) {
    dice_seed(seed);
    Qm *qm = qm_new(SCHEDULERS, QUEUES, HANDLES);
    unsigned free_handle[HANDLES], n_free = HANDLES;
    uint64_t now = 1, ahead = 0, sent = 0;
    memset(queue, 0, sizeof queue);
    memset(scheduler, 0, sizeof scheduler);
    for (unsigned i = 0; i < HANDLES; i++) free_handle[i] = i;
    for (unsigned g = 0; g < GROUPS; g++)
        qm_limit_group(qm, g, limit_of[g] = dice(2) ? 0 : 1 + (unsigned)dice(100));
    for (unsigned q = 0; q < QUEUES; q++) some_queue(qm, q);
    for (unsigned s = 0; s < SCHEDULERS; s++) {
        qm_set_scheduler(qm, s, 1000000000, 2048);
        scheduler[s].q16 = 8000 * 65536u;
        scheduler[s].burst = 2048;
    }
    for (unsigned step = 0; step < 20000 && same(qm, step); step++) {
        unsigned q = (unsigned)dice(QUEUES), s = (unsigned)dice(SCHEDULERS),
                 what = (unsigned)dice(100);
        if (what < 45 && n_free) {
            unsigned handle = free_handle[n_free - 1];
            bytes_of[handle] = 84 + (unsigned)dice(dice(2) ? 1 : 1500);
            bool in = twin_enqueue(q, handle, now);
            CHECK(qm_enqueue(qm, handle, q, bytes_of[handle], now, NULL) == in);
            n_free -= in;
        } else if (what < 90) {
            uint64_t next = twin_next(s);
            if (next == QM_NEVER) continue;
            if (next > now && dice(2)) now = next;
            uint32_t expected = next > now ? QM_NONE : twin_dequeue(s, now);
            uint32_t found = qm_dequeue(qm, s, now, NULL);
            if (found != expected) {
                printf("  seed %u, step %u\n", seed, step);
                CHECK_U64(found, expected);
                break;
            }
            if (found == QM_NONE) continue;
            free_handle[n_free++] = found;
            sent++;
            ahead += queue[q].first != 0;
        } else if (what < 95) {
            now += dice(dice(2) ? 1000000 : 100000000);
        } else if (what == 95) {
            some_guarantee(qm, q);
        } else if (what == 96 && extremes) {
            some_rate(qm, s, &now);
        } else if (what == 97) {
            queue[q].quantum = 1 + (unsigned)dice(4000);
            qm_set_share(qm, q, queue[q].quantum);
        } else if (what == 98) { /* closed, and opened elsewhere */
            while (queue[q].n) {
                unsigned handle = pop(&queue[q]);
                if (queue[q].n == 0) gone(&queue[q]);
                CHECK_U64(qm_flush_queue(qm, q), handle);
                free_handle[n_free++] = handle;
            }
            CHECK_U64(qm_flush_queue(qm, q), QM_NONE);
            qm_close_queue(qm, q);
            queue[q] = (TwinQueue){.n = 0};
            some_queue(qm, q);
        }
    }
    CHECK_U64(qm_held(qm), HANDLES - n_free);
    CHECK(sent > (extremes ? 500 : 5000));
    CHECK(ahead > 0);
    qm_free(qm);
}

static void a_gigabit_is_shared_as_by_a_search_through_all_queues(void) {
    for (unsigned seed = 1; seed <= 20; seed++) run_twin(seed, false);
}

static void so_are_all_rates_shares_and_bursts_that_can_be_said(void) {
    for (unsigned seed = 101; seed <= 140; seed++) run_twin(seed, true);
}

int main(void) {
    static const Test tests[] = {TEST(a_gigabit_is_shared_as_by_a_search_through_all_queues),
                                 TEST(so_are_all_rates_shares_and_bursts_that_can_be_said),
                                 {0}};
    return run_tests("plain_qm", tests);
}
