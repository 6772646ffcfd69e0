/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * fastpath/qm.h: the queue manager. Schedulers, each with an output rate and any number of queues,
 * serve their backlogged queues by weighted deficit round robin.
 *
 * Source: Shreedhar and Varghese, "Efficient Fair Queueing using Deficit Round Robin", 1995; SPP
 * paper, section 4. A visit adds the queue's quantum to its deficit and sends while the head fits;
 * an emptied queue leaves the round with deficit 0, another goes to the tail and keeps it.
 * quantum = weight * quantum_bytes, and lengths are those the rate counts (wire bytes).
 *
 * A queue may have a guaranteed share of its scheduler's rate. As long as it keeps within that it
 * is served before the round, first come first served among such queues. It does as long as its
 * clock, which every packet of n bytes moves on by n * ps per byte / share from no earlier than
 * now, is at most a burst ahead (the generic cell rate algorithm, ITU-T I.371), and no more than a
 * burst waits. So queues that are always backlogged share by their quanta alone.
 *
 * The rate is a token bucket of `burst_bytes`: a packet of n bytes moves the scheduler's next time
 * on by n * ps per byte, from no earlier than now - burst.
 * Time comes in as `now`, in picoseconds; nothing here reads a clock or allocates after qm_new. */
#pragma once

#include "fastpath/fp.h"

#define QM_MAX_SCHEDULERS 64u
#define QM_PER_ME 5u /* schedulers of a microengine: WashU QM design */
#define QM_NONE UINT32_MAX
#define QM_NEVER UINT64_MAX

typedef struct Qm Qm;

typedef struct {
    uint64_t enqueued, dequeued, dropped; /* packets */
    uint64_t bytes_enqueued, bytes_dequeued, bytes_dropped;
} QmCounts;

/* Who was served: its deficit with its quantum for the visit and after the packet, unless it was
 * served before the round. */
typedef struct {
    uint32_t queue, before, after;
    bool first; /* before the round */
} QmServed;

/* `n_handles` packet handles 0 .. n-1, each in at most one queue. NULL when memory is short. */
Qm *qm_new(unsigned n_schedulers, unsigned n_queues, unsigned n_handles);
void qm_free(Qm *qm);
/* Schedulers 0 to n-1 are one microengine's, the next n another's, and so on; before the first
 * packet. Those of one share its cache of queue descriptors. */
void qm_set_per_me(Qm *qm, unsigned schedulers);

/* rate_bps 0: no limit. */
void qm_set_scheduler(Qm *qm, unsigned scheduler, uint64_t rate_bps, uint32_t burst_bytes);
/* Another rate from `now` on. The bytes that the scheduler has sent in advance, or may, stay: what
 * it has yet to wait shrinks or grows with the time of a byte. */
void qm_set_rate(Qm *qm, unsigned scheduler, uint64_t rate_bps, uint64_t now);
/* Give a queue its scheduler, its quantum in bytes per round (the share) and its limits; 0 packets
 * or bytes: no limit of that kind. Takes effect at the queue's next visit. A queue that holds
 * packets keeps its scheduler: false then if another is asked for. */
bool qm_set_queue(Qm *qm, unsigned queue, unsigned scheduler, uint32_t quantum_bytes,
                  uint32_t limit_packets, uint32_t limit_bytes);

/* The guaranteed share of its scheduler's rate, 0: none; and how many bytes it may have in advance.
 */
void qm_set_guarantee(Qm *qm, unsigned queue, double share, uint32_t burst_bytes);
/* Another quantum, or limit in packets, for a queue that is set; from its next visit on. */
void qm_set_share(Qm *qm, unsigned queue, uint32_t quantum_bytes);
void qm_set_limit(Qm *qm, unsigned queue, uint32_t limit_packets);

/* False: the queue is unknown or full; the caller keeps the handle and counts the drop. */
bool qm_enqueue(Qm *qm, uint32_t handle, unsigned queue, uint32_t bytes, uint64_t now, FpLog *log);
/* The schedulers that have a backlog, a bit each. */
uint64_t qm_backlogged(const Qm *qm);
/* When the scheduler may next send, QM_NEVER if it has no backlog. May be <= now. */
uint64_t qm_next_time(const Qm *qm, unsigned scheduler);
/* The next handle of a scheduler, or QM_NONE if it has no backlog or its time has not come. */
uint32_t qm_dequeue(Qm *qm, unsigned scheduler, uint64_t now, FpLog *log);

/* Buffers: queues of one group together hold at most `limit_packets` (0: no limit), so that one
 * slice's backlog cannot take another's. Queues begin in group 0. */
#define QM_MAX_GROUPS 2048u
void qm_set_group(Qm *qm, unsigned queue, unsigned group);
void qm_limit_group(Qm *qm, unsigned group, uint32_t limit_packets);
typedef struct {
    uint32_t packets, limit;
    uint64_t dropped; /* that queues of it with room had to drop */
} QmGroup;
QmGroup qm_group(const Qm *qm, unsigned group);
/* Of what the queue dropped: it had room, but its group had none. */
uint64_t qm_queue_crowded(const Qm *qm, unsigned queue);
/* Take the first packet out of the queue, uncounted as dequeued; QM_NONE when it is empty. */
uint32_t qm_flush_queue(Qm *qm, unsigned queue);
/* An empty queue is unknown again, as before qm_set_queue; its counts are 0, its group 0. */
void qm_close_queue(Qm *qm, unsigned queue);
/* Take any packet out of any queue, uncounted as dequeued; QM_NONE when all are empty. */
uint32_t qm_flush(Qm *qm);

bool qm_known(const Qm *qm, unsigned queue); /* it has been set */
unsigned qm_queue_scheduler(const Qm *qm, unsigned queue);
uint32_t qm_queue_packets(const Qm *qm, unsigned queue);
uint32_t qm_queue_deficit(const Qm *qm, unsigned queue);
QmCounts qm_queue_counts(const Qm *qm, unsigned queue);
uint64_t qm_scheduler_bytes(const Qm *qm, unsigned scheduler); /* wire bytes in its queues */
/* The time, ps, that what it has sent takes at its rate. */
uint64_t qm_scheduler_sent(const Qm *qm, unsigned scheduler);
/* Write there whom qm_dequeue serves; NULL, as at first: nowhere. */
void qm_watch(Qm *qm, QmServed *served);
uint64_t qm_held(const Qm *qm); /* packets in all queues */
