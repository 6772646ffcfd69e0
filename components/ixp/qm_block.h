/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/ixp/qm_block.h: the queue manager's MEs. Each serves its part of the schedulers, by
 * default five of ten (WashU, "SPP Version 1 Router QM Design"), and caches their queues'
 * descriptors with its CAM; more than five is more than WashU's had room for. A context that has
 * nothing at hand either takes the next packet from the ring and enqueues it, or dequeues for the
 * next scheduler that may send and passes the packet to Tx; the two alternate when both wait. A
 * scheduler is served by one context at a time, which keeps its packets in order. With nothing to
 * do a context sleeps until a packet or a scheduler's time comes. Source: SPP paper 4. Assumed: the
 * division of labour among contexts.
 *
 * A packet goes to queue cp->fp.result.queue and counts there with the wire bytes of
 * cp->fp.length. */
#pragma once

#include "components/ixp/rxtx.h"
#include "fastpath/qm.h"

#define QM_BLOCK_MAX_MES 4u

typedef struct {
    uint64_t me_qm, ring_qm, burst, guarantee;
} QmBlockSettings;

#define QM_BLOCK_PARAMS(S, field, each_way)                                                        \
    PARAM_COUNT("me_qm", S, field.me_qm, "2", "1", "4",                                            \
                "microengines for the queue manager" each_way,                                     \
                "WashU, SPP V1 QM design: 5 schedulers each, and SPP paper 4: ten"),               \
        PARAM_COUNT("ring_qm", S, field.ring_qm, "128", "2", "1024",                               \
                    "messages in the scratch ring of one queue-manager microengine", "assumed"),   \
        PARAM_SIZE("scheduler_burst", S, field.burst, "2KiB", "0B", "1MiB",                        \
                   "credit a scheduler may save up",                                               \
                   "assumed: one buffer; ONL's port rate is a token bucket"),                      \
        PARAM_SIZE("guarantee_burst", S, field.guarantee, "32KiB", "0B", "1MiB",                   \
                   "what a queue may send at once within its share, before the round; 0B: shares " \
                   "are kept by the round alone",                                                  \
                   "assumed: SPP paper 4 has WDRR alone; see docs/model.md, isolation")

typedef struct QmBlock QmBlock;

typedef struct {
    QmBlock *qm_block;
    Block block;
    unsigned first, n; /* schedulers */
    unsigned next;     /* where the search for the next scheduler begins */
    bool prefer_dequeue;
    uint64_t serving; /* schedulers that a context is dequeueing for, one bit each */
    Context *sleeping[ME_MAX_CONTEXTS];
    unsigned n_sleeping;
    SimEvent timer; /* the next scheduler's time */
} QmMe;

struct QmBlock {
    RxTx *rxtx;
    Qm *qm;
    unsigned n_mes, n_schedulers;
    unsigned drop_detached; /* the owner's reason for packets of a tenant that has left */
    /* state */
    unsigned per_me; /* schedulers */
    Ring *ring_out;
    Ring *rings[QM_MAX_SCHEDULERS]; /* to the ME of each scheduler */
    QmMe me[QM_BLOCK_MAX_MES];
    void (*on_look)(void *user, SimTime now); /* told of qm_block_look instead of sleepers */
    void *user;
    QmServed served;                       /* the last, when it is recorded */
    Sequence sequences[QM_MAX_SCHEDULERS]; /* of the packets of each scheduler on their way out */
};

/* Add the MEs to the chip; the members above `state` are set. They put into ring_out. */
bool qm_block_add(QmBlock *qm_block, unsigned ring_size, GError **error);
/* The ring to the ME that serves the queue's scheduler. */
static inline Ring *qm_block_ring(const QmBlock *qm_block, unsigned queue) {
    return qm_block->rings[qm_queue_scheduler(qm_block->qm, queue)];
}
/* The scheduler's time may have come nearer: let a sleeping context know. */
void qm_block_look(QmBlock *qm_block, unsigned scheduler, SimTime now);
/* For fast timing: the next scheduler that may send now, or -1, and *later the earliest time of the
 * others; let one send its first packet, which the context then has; enqueue the packet that the
 * context has. */
int qm_eligible(QmMe *q, SimTime now, SimTime *later);
ChipPacket *qm_run_dequeue(QmMe *q, Context *c, unsigned scheduler, SimTime now);
void qm_run_enqueue(QmMe *q, Context *c, SimTime now);
/* As many schedulers for each ME, `wanted` or more in all (as far as there are so many). */
static inline unsigned qm_block_schedulers(unsigned wanted, unsigned n_mes) {
    return MIN((wanted + n_mes - 1) / n_mes, QM_MAX_SCHEDULERS / n_mes) * n_mes;
}
/* The scheduler of output n: outputs are dealt out to the MEs in turn, which share the load. */
unsigned qm_block_scheduler(const QmBlock *qm_block, unsigned n);
