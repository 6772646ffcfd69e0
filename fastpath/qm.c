/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Weighted deficit round robin. The round of a scheduler is a ring of backlogged queues; `turn` is
 * the queue being visited, which has had its quantum for this visit. */
#include "fastpath/qm.h"

#include <stdlib.h>

#define CACHE_ENTRIES                                                                              \
    16u /* queue descriptors held on chip, with a microengine's CAM: HRM 54, 215 */
#define DESCRIPTOR_BYTES 16u
#define LINK_BYTES 4u

/* 53 days in ps: what a guarantee of next to nothing at next to no rate is taken for. */
#define LONG_TIME (UINT64_C(1) << 62)

__extension__ typedef unsigned __int128 Wide;
typedef enum { NOWHERE, ROUND, FIRST } Place;

typedef struct {
    uint32_t head, tail; /* handles; of no meaning while it holds no packets */
    uint32_t next, prev; /* in its scheduler's round, or list of those that are served first */
    Place place;
    uint64_t clock;                   /* of its guarantee, ps; 0: it has not sent yet */
    uint32_t stretch_q8, burst_bytes; /* 1 / its share; 0: no guarantee */
    uint32_t packets, scheduler, quantum, deficit;
    uint64_t bytes;
    uint32_t limit_packets, limit_bytes, group;
    bool known;
    uint64_t crowded; /* of what was dropped: its group was full */
    QmCounts counts;
} Queue;

typedef struct {
    uint32_t turn;        /* queue being visited, QM_NONE: no backlog */
    bool visited;         /* it has had its quantum */
    uint32_t first, last; /* queues that are served before the round */
    uint64_t bytes;       /* in its queues */
    uint64_t ps_per_byte_q16, burst_ps;
    uint32_t burst_bytes;
    uint64_t next_time, next_q16;
    uint64_t sent_ps; /* at its rate */
} Scheduler;

struct Qm {
    unsigned n_schedulers, n_queues, n_handles;
    Scheduler schedulers[QM_MAX_SCHEDULERS];
    Queue *queues;
    uint32_t *link, *bytes; /* by handle */
    uint64_t held;
    QmServed *served;    /* NULL: nobody asks */
    uint64_t backlogged; /* schedulers, a bit each */
    struct {
        uint32_t packets, limit;
        uint64_t dropped;
    } groups[QM_MAX_GROUPS];
    struct {
        uint32_t queue[CACHE_ENTRIES]; /* most recently used first */
    } cache[QM_MAX_SCHEDULERS];
    uint8_t cache_of[QM_MAX_SCHEDULERS]; /* of a scheduler; those of one microengine share one */
};

Qm *qm_new(unsigned n_schedulers, unsigned n_queues, unsigned n_handles) {
    if (n_schedulers > QM_MAX_SCHEDULERS) return NULL;
    Qm *qm = calloc(1, sizeof *qm);
    if (!qm) return NULL;
    qm->n_schedulers = n_schedulers;
    qm->n_queues = n_queues;
    qm->n_handles = n_handles;
    qm_set_per_me(qm, QM_PER_ME);
    qm->queues = calloc(n_queues, sizeof *qm->queues);
    qm->link = calloc(n_handles, sizeof *qm->link);
    qm->bytes = calloc(n_handles, sizeof *qm->bytes);
    if (!qm->queues || !qm->link || !qm->bytes) {
        qm_free(qm);
        return NULL;
    }
    for (unsigned i = 0; i < n_schedulers; i++)
        qm->schedulers[i].turn = qm->schedulers[i].first = qm->schedulers[i].last = QM_NONE;
    for (unsigned me = 0; me < QM_MAX_SCHEDULERS; me++)
        for (unsigned i = 0; i < CACHE_ENTRIES; i++) qm->cache[me].queue[i] = QM_NONE;
    return qm;
}

void qm_free(Qm *qm) {
    if (!qm) return;
    free(qm->queues);
    free(qm->link);
    free(qm->bytes);
    free(qm);
}

void qm_set_per_me(Qm *qm, unsigned schedulers) {
    for (unsigned s = 0; s < QM_MAX_SCHEDULERS; s++) qm->cache_of[s] = (uint8_t)(s / schedulers);
}

void qm_set_scheduler(Qm *qm, unsigned scheduler, uint64_t rate_bps, uint32_t burst_bytes) {
    Scheduler *s = &qm->schedulers[scheduler];
    s->burst_bytes = burst_bytes;
    s->ps_per_byte_q16 = rate_bps ? (uint64_t)(8e12 * 65536.0 / (double)rate_bps + 0.5) : 0;
    s->burst_ps = (uint64_t)((Wide)burst_bytes * s->ps_per_byte_q16 >> 16);
}

void qm_set_rate(Qm *qm, unsigned scheduler, uint64_t rate_bps, uint64_t now) {
    Scheduler *s = &qm->schedulers[scheduler];
    uint64_t before = s->ps_per_byte_q16;
    qm_set_scheduler(qm, scheduler, rate_bps, s->burst_bytes);
    if (!before || before == s->ps_per_byte_q16) return;
    double ratio = (double)s->ps_per_byte_q16 / (double)before;
    if (s->next_time > now) {
        s->next_time = now + (uint64_t)((double)(s->next_time - now) * ratio);
    } else {
        double saved = (double)(now - s->next_time) * ratio;
        s->next_time = saved < (double)now ? now - (uint64_t)saved : 0;
    }
    s->next_q16 = 0;
}

bool qm_set_queue(Qm *qm, unsigned queue, unsigned scheduler, uint32_t quantum_bytes,
                  uint32_t limit_packets, uint32_t limit_bytes) {
    if (queue >= qm->n_queues || scheduler >= qm->n_schedulers || !quantum_bytes) return false;
    Queue *q = &qm->queues[queue];
    if (q->packets && q->scheduler != scheduler) return false;
    q->known = true;
    q->scheduler = scheduler;
    q->quantum = quantum_bytes;
    q->limit_packets = limit_packets;
    q->limit_bytes = limit_bytes;
    return true;
}

void qm_set_share(Qm *qm, unsigned queue, uint32_t quantum_bytes) {
    qm->queues[queue].quantum = quantum_bytes ? quantum_bytes : 1;
}

void qm_set_guarantee(Qm *qm, unsigned queue, double share, uint32_t burst_bytes) {
    double stretch = share > 0 && burst_bytes ? 256 / share + 0.5 : 0;
    qm->queues[queue].stretch_q8 = stretch < UINT32_MAX ? (uint32_t)stretch : UINT32_MAX;
    qm->queues[queue].burst_bytes = burst_bytes;
}

void qm_set_limit(Qm *qm, unsigned queue, uint32_t limit_packets) {
    qm->queues[queue].limit_packets = limit_packets;
}

/* The descriptor has to be on chip; the least recently used makes room. What that costs is all that
 * it changes: where nobody counts, it is not done. */
#ifdef FP_LOGGED
static void cache_touch(Qm *qm, uint32_t queue, FpSite evict, FpSite load, FpLog *log) {
    uint32_t *entry = qm->cache[qm->cache_of[qm->queues[queue].scheduler]].queue;
    unsigned i = 0;
    while (i < CACHE_ENTRIES - 1 && entry[i] != queue) i++;
    if (entry[i] != queue) {
        if (entry[i] != QM_NONE)
            fp_write(log, evict, FP_SRAM1, entry[i] * DESCRIPTOR_BYTES, DESCRIPTOR_BYTES);
        fp_read(log, load, FP_SRAM1, queue * DESCRIPTOR_BYTES, DESCRIPTOR_BYTES);
    }
    for (; i > 0; i--) entry[i] = entry[i - 1];
    entry[0] = queue;
}
#else
#define cache_touch(qm, queue, evict, load, log) ((void)(evict), (void)(load))
#endif

/* The time that `bytes` take at the queue's guaranteed share. */
static uint64_t guaranteed_time(const Scheduler *s, const Queue *q, uint64_t bytes) {
    Wide alone = (Wide)bytes * s->ps_per_byte_q16 >> 16, time = alone * q->stretch_q8 >> 8;
    return time < LONG_TIME ? (uint64_t)time : LONG_TIME;
}

/* Whether the queue is within its guarantee, which it begins without credit: what it sent is, and
 * what waits is no more than a burst. (Where all together get less than their guarantees, as behind
 * a chip that is the limit, they would starve the round.) */
static bool is_guaranteed(const Scheduler *s, Queue *q, uint64_t now) {
    if (!q->stretch_q8 || !s->ps_per_byte_q16) return false;
    uint64_t burst = guaranteed_time(s, q, q->burst_bytes);
    if (!q->clock) q->clock = now + burst + 1;
    return q->clock <= now + burst && q->bytes <= q->burst_bytes;
}

/* What it sends in the round counts too, so that queues which are all backlogged share as the round
 * has it; but it does not fall behind by more than two bursts. */
static void count_guaranteed(const Scheduler *s, Queue *q, uint32_t bytes, uint64_t now) {
    uint64_t most = now + 2 * guaranteed_time(s, q, q->burst_bytes);
    q->clock = (q->clock > now ? q->clock : now) + guaranteed_time(s, q, bytes);
    if (q->clock > most) q->clock = most;
}

/* A newly backlogged queue joins behind all others: just before the one being visited. */
static void round_join(Qm *qm, Scheduler *s, uint32_t queue) {
    Queue *q = &qm->queues[queue];
    q->deficit = 0;
    q->place = ROUND;
    if (s->turn == QM_NONE) {
        q->next = q->prev = queue;
        s->turn = queue;
        s->visited = false;
        return;
    }
    q->next = s->turn;
    q->prev = qm->queues[s->turn].prev;
    qm->queues[q->prev].next = queue;
    qm->queues[s->turn].prev = queue;
}

static void round_leave(Qm *qm, Scheduler *s, uint32_t queue) {
    Queue *q = &qm->queues[queue];
    q->deficit = 0;
    qm->queues[q->prev].next = q->next;
    qm->queues[q->next].prev = q->prev;
    if (s->turn != queue) return; /* the round is elsewhere */
    s->visited = false;
    s->turn = q->next == queue ? QM_NONE : q->next;
}

static void first_join(Qm *qm, Scheduler *s, uint32_t queue) {
    Queue *q = &qm->queues[queue];
    q->place = FIRST;
    q->next = QM_NONE;
    q->prev = s->last;
    *(s->last == QM_NONE ? &s->first : &qm->queues[s->last].next) = queue;
    s->last = queue;
}

static void first_leave(Qm *qm, Scheduler *s, uint32_t queue) {
    Queue *q = &qm->queues[queue];
    *(q->prev == QM_NONE ? &s->first : &qm->queues[q->prev].next) = q->next;
    *(q->next == QM_NONE ? &s->last : &qm->queues[q->next].prev) = q->prev;
}

static void leave(Qm *qm, Scheduler *s, uint32_t queue) {
    Queue *q = &qm->queues[queue];
    (q->place == FIRST ? first_leave : round_leave)(qm, s, queue);
    q->place = NOWHERE;
    if (s->turn == QM_NONE && s->first == QM_NONE) qm->backlogged &= ~(UINT64_C(1) << q->scheduler);
}

/* A queue with a packet more, or with packets left, goes where it is to be served; one without a
 * guarantee stays in the round. */
static inline bool stays(const Queue *q) {
    return q->place == ROUND && !q->stretch_q8;
}

static void settle(Qm *qm, Scheduler *s, uint32_t queue, uint64_t now) {
    Queue *q = &qm->queues[queue];
    if (q->place == FIRST) return;
    bool first = is_guaranteed(s, q, now);
    if (q->place == ROUND && !first) return;
    if (q->place == ROUND) round_leave(qm, s, queue);
    (first ? first_join : round_join)(qm, s, queue);
    qm->backlogged |= UINT64_C(1) << q->scheduler;
}

bool qm_enqueue(Qm *qm, uint32_t handle, unsigned queue, uint32_t bytes, uint64_t now, FpLog *log) {
    fp_work(log, SITE_ENQ_LOOKUP);
    if (queue >= qm->n_queues || !qm->queues[queue].known) return false;
    Queue *q = &qm->queues[queue];
    cache_touch(qm, queue, SITE_ENQ_EVICT, SITE_ENQ_LOAD, log);
    bool full = (q->limit_packets && q->packets >= q->limit_packets) ||
                (q->limit_bytes && q->bytes + bytes > q->limit_bytes),
         crowded = qm->groups[q->group].limit &&
                   qm->groups[q->group].packets >= qm->groups[q->group].limit;
    if (full || crowded) {
        q->crowded += !full;
        qm->groups[q->group].dropped += !full;
        q->counts.dropped++;
        q->counts.bytes_dropped += bytes;
        return false;
    }
    fp_write(log, SITE_ENQ_LINK, FP_SRAM1, handle * LINK_BYTES, LINK_BYTES);
    qm->bytes[handle] = bytes;
    if (q->packets)
        qm->link[q->tail] = handle;
    else
        q->head = handle;
    q->tail = handle;
    q->bytes += bytes;
    q->counts.enqueued++;
    q->counts.bytes_enqueued += bytes;
    qm->held++;
    qm->groups[q->group].packets++;
    q->packets++;
    Scheduler *s = &qm->schedulers[q->scheduler];
    s->bytes += bytes;
    if (!stays(q)) settle(qm, s, queue, now);
    return true;
}

uint64_t qm_backlogged(const Qm *qm) {
    return qm->backlogged;
}

uint64_t qm_next_time(const Qm *qm, unsigned scheduler) {
    const Scheduler *s = &qm->schedulers[scheduler];
    return s->turn == QM_NONE && s->first == QM_NONE ? QM_NEVER : s->next_time;
}

static void pace(Scheduler *s, uint32_t bytes, uint64_t now) {
    uint64_t earliest = now > s->burst_ps ? now - s->burst_ps : 0;
    if (s->next_time < earliest) {
        s->next_time = earliest;
        s->next_q16 = 0;
    }
    s->next_q16 += bytes * s->ps_per_byte_q16;
    s->next_time += s->next_q16 >> 16;
    s->sent_ps += s->next_q16 >> 16;
    s->next_q16 &= 0xffff;
}

/* The queue that the round visits, once its deficit lets its first packet go. */
static uint32_t round_next(const Qm *qm, Scheduler *s) {
    for (;;) { /* ends: deficits grow on every visit */
        Queue *q = &qm->queues[s->turn];
        if (!s->visited) q->deficit += q->quantum;
        s->visited = true;
        if (qm->bytes[q->head] <= q->deficit) return s->turn;
        s->turn = q->next;
        s->visited = false;
    }
}

/* Its first packet, off the queue. */
static uint32_t take(Qm *qm, Scheduler *s, Queue *q) {
    uint32_t handle = q->head, bytes = qm->bytes[handle];
    q->head = qm->link[handle]; /* of the last packet: anything */
    q->bytes -= bytes;
    q->packets--;
    s->bytes -= bytes;
    qm->held--;
    qm->groups[q->group].packets--;
    return handle;
}

uint32_t qm_dequeue(Qm *qm, unsigned scheduler, uint64_t now, FpLog *log) {
    Scheduler *s = &qm->schedulers[scheduler];
    if (qm_next_time(qm, scheduler) > now) return QM_NONE;
    fp_work(log, SITE_DEQ_SCHEDULE);
    bool guaranteed = s->first != QM_NONE;
    uint32_t queue = guaranteed ? s->first : round_next(qm, s);
    Queue *q = &qm->queues[queue];
    uint32_t handle = q->head, bytes = qm->bytes[handle];
    cache_touch(qm, queue, SITE_DEQ_EVICT, SITE_DEQ_LOAD, log);
    fp_read(log, SITE_DEQ_LINK, FP_SRAM1, handle * LINK_BYTES, LINK_BYTES);
    fp_work(log, SITE_DEQ_DONE);
    take(qm, s, q);
    q->counts.dequeued++;
    q->counts.bytes_dequeued += bytes;
    pace(s, bytes, now);
    if (q->stretch_q8) count_guaranteed(s, q, bytes, now);
    uint32_t deficit = q->deficit;
    if (!guaranteed) q->deficit -= bytes;
    if (qm->served) *qm->served = (QmServed){queue, deficit, q->deficit, guaranteed};
    if (guaranteed || q->packets == 0) leave(qm, s, queue);
    if (q->packets && !stays(q)) settle(qm, s, queue, now);
    return handle;
}

void qm_set_group(Qm *qm, unsigned queue, unsigned group) {
    Queue *q = &qm->queues[queue];
    qm->groups[q->group].packets -= q->packets;
    q->group = group;
    qm->groups[group].packets += q->packets;
}

void qm_limit_group(Qm *qm, unsigned group, uint32_t limit_packets) {
    qm->groups[group].limit = limit_packets;
}

uint32_t qm_flush_queue(Qm *qm, unsigned queue) {
    Queue *q = &qm->queues[queue];
    Scheduler *s = &qm->schedulers[q->scheduler];
    if (q->packets == 0) return QM_NONE;
    uint32_t handle = take(qm, s, q);
    q->counts.dropped++;
    q->counts.bytes_dropped += qm->bytes[handle];
    if (q->packets == 0) leave(qm, s, queue);
    return handle;
}

void qm_close_queue(Qm *qm, unsigned queue) {
    qm->queues[queue] = (Queue){0};
}

uint32_t qm_flush(Qm *qm) {
    for (unsigned i = 0; i < qm->n_schedulers; i++) {
        const Scheduler *s = &qm->schedulers[i];
        uint32_t queue = s->first != QM_NONE ? s->first : s->turn;
        if (queue != QM_NONE) return qm_flush_queue(qm, queue);
    }
    return QM_NONE;
}

void qm_watch(Qm *qm, QmServed *served) {
    qm->served = served;
}

bool qm_known(const Qm *qm, unsigned queue) {
    return queue < qm->n_queues && qm->queues[queue].known;
}
unsigned qm_queue_scheduler(const Qm *qm, unsigned queue) {
    return qm->queues[queue].scheduler;
}
uint32_t qm_queue_packets(const Qm *qm, unsigned queue) {
    return qm->queues[queue].packets;
}
uint32_t qm_queue_deficit(const Qm *qm, unsigned queue) {
    return qm->queues[queue].deficit;
}
QmCounts qm_queue_counts(const Qm *qm, unsigned queue) {
    return qm->queues[queue].counts;
}
uint64_t qm_scheduler_bytes(const Qm *qm, unsigned scheduler) {
    return qm->schedulers[scheduler].bytes;
}
uint64_t qm_queue_crowded(const Qm *qm, unsigned queue) {
    return qm->queues[queue].crowded;
}
QmGroup qm_group(const Qm *qm, unsigned group) {
    return (QmGroup){qm->groups[group].packets, qm->groups[group].limit, qm->groups[group].dropped};
}
uint64_t qm_scheduler_sent(const Qm *qm, unsigned scheduler) {
    return qm->schedulers[scheduler].sent_ps;
}
uint64_t qm_held(const Qm *qm) {
    return qm->held;
}
