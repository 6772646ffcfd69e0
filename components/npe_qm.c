/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The queue manager's MEs. Each serves five of ten schedulers (WashU, "SPP Version 1 Router QM
 * Design"). A context that has nothing at hand either takes the next packet from the ring and
 * enqueues it, or dequeues for the next scheduler that may send and passes the packet to Tx; the
 * two alternate when both wait. A scheduler is served by one context at a time, which keeps its
 * packets in order. With nothing to do a context sleeps until a packet or a scheduler's time comes.
 * Source: SPP paper 4. Assumed: the division of labour among contexts. */
#include "components/npe.h"

#include <string.h>

enum { QM_IDLE, QM_ENQUEUE, QM_DEQUEUE };

unsigned npe_qm_of(const Npe *npe, unsigned scheduler) {
    unsigned per_me = (unsigned)((npe->n_schedulers + npe->me_qm - 1) / npe->me_qm);
    return scheduler / per_me;
}

/* Wake one sleeping context, at once or when a message has become visible. */
static Context *pop_sleeper(QmMe *q) {
    return q->n_sleeping ? q->sleeping[--q->n_sleeping] : NULL;
}

void npe_qm_on_put(void *qm_me, SimTime visible) {
    Context *c = pop_sleeper(qm_me);
    if (c) context_wake_at(c, visible);
}

static void timer_over(Sim *sim, SimEvent *event) {
    QmMe *q = (QmMe *)(void *)((char *)event - offsetof(QmMe, timer));
    Context *c = pop_sleeper(q);
    if (!c) return;
    context_wake(c, sim_now(sim));
    chip_flush(&q->npe->chip, sim_now(sim));
}

/* The next scheduler that may send now, or -1; *later gets the earliest time of the others. */
static int eligible(QmMe *q, SimTime now, SimTime *later) {
    int found = -1;
    *later = QM_NEVER;
    unsigned s = q->next;
    for (unsigned i = 0; i < q->n; i++) {
        if (++s >= q->n) s = 0;
        if (q->serving >> s & 1) continue;
        SimTime time = qm_next_time(q->npe->qm, q->first + s);
        if (found < 0 && time <= now)
            found = (int)s;
        else if (time < *later)
            *later = time;
    }
    return found;
}

/* Let a sleeping context look again at `time`. */
static void arm(QmMe *q, SimTime time, SimTime now) {
    if (time == QM_NEVER || (sim_event_pending(&q->timer) && q->timer.time <= time)) return;
    sim_cancel(q->npe->base.sim, &q->timer);
    sim_schedule_at(q->npe->base.sim, &q->timer, MAX(time, now));
}

static void dequeue(QmMe *q, Context *c, unsigned s, SimTime now) {
    uint32_t handle = qm_dequeue(q->npe->qm, q->first + s, now, &c->log);
    g_assert(handle != QM_NONE);
    ChipPacket *cp = &q->npe->chip.buffers[handle];
    q->next = s;
    q->serving |= UINT64_C(1) << s;
    c->note = s;
    c->message = (uint64_t)(uintptr_t)cp;
    context_take(c, cp->pkt, now);
    op(c, OP_RING_PUT, false, (unsigned)q->block.ring_out);
    c->step = QM_DEQUEUE;
}

static bool begin(QmMe *q, Context *c, SimTime now) {
    const Ring *in = &q->npe->chip.rings[q->block.ring_in];
    bool arrived = ring_ready(in, now);
    if (arrived && !q->prefer_dequeue) {
        q->prefer_dequeue = true;
        op(c, OP_RING_GET, false, (unsigned)q->block.ring_in);
        c->step = QM_ENQUEUE;
        return true;
    }
    q->prefer_dequeue = false;
    SimTime later;
    int s = eligible(q, now, &later);
    if (s < 0 && arrived) {
        op(c, OP_RING_GET, false, (unsigned)q->block.ring_in);
        c->step = QM_ENQUEUE;
        return true;
    }
    if (s >= 0) {
        dequeue(q, c, (unsigned)s, now);
    } else {
        if (in->n) later = MIN(later, in->visible[in->head]); /* put, but not yet visible */
        q->sleeping[q->n_sleeping++] = c;
        context_sleep(c, CONTEXT_IDLE, now);
    }
    if (q->n_sleeping) arm(q, later, now);
    return s >= 0;
}

static void enqueue(QmMe *q, Context *c, SimTime now) {
    Npe *npe = q->npe;
    ChipPacket *cp = (ChipPacket *)(uintptr_t)c->message;
    Packet *pkt = c->pkt;
    /* Rates count the wire; the outer frame is what Format built. */
    if (qm_enqueue(npe->qm, cp->fp.handle, cp->fp.result.queue, packet_wire_bytes(cp->fp.length),
                   now, &c->log)) {
        sim_observe(npe->base.sim, SIM_ENQUEUE, npe->base.owner.id, pkt->id, cp->fp.result.queue);
        context_leave(c, CAUSE_QUEUE, now);
    } else {
        c->pkt = NULL;
        mover_release(&npe->mover, c, cp);
        component_drop(&npe->base, NPE_DROP_QUEUE_FULL, pkt);
    }
}

static bool qm_resume(Context *c, SimTime now) {
    QmMe *q = &((Npe *)c->block->program)->qm_me[c->block->part];
    switch (c->step) {
    case QM_ENQUEUE:
        enqueue(q, c, now);
        c->step = QM_IDLE;
        return true;
    case QM_DEQUEUE: q->serving &= ~(UINT64_C(1) << c->note); /* fall through */
    default: c->step = QM_IDLE; return begin(q, c, now);
    }
}

bool npe_qm_add(Npe *npe, GError **error) {
    unsigned per_me = (unsigned)((npe->n_schedulers + npe->me_qm - 1) / npe->me_qm);
    for (unsigned i = 0; i < npe->me_qm; i++) {
        QmMe *q = &npe->qm_me[i];
        q->npe = npe;
        q->first = i * per_me;
        q->n =
            q->first >= npe->n_schedulers ? 0 : (unsigned)MIN(per_me, npe->n_schedulers - q->first);
        sim_event_init(&q->timer, timer_over, &npe->base.owner);
        if (!chip_add_block(&npe->chip, &q->block, "qm", 1, qm_resume, npe, error)) return false;
        q->block.part = i;
        q->block.ring_in = chip_add_ring(&npe->chip, i ? "format-qm1" : "format-qm0", true, true,
                                         (unsigned)npe->ring_qm, error);
        if (q->block.ring_in < 0) return false;
        npe->chip.rings[q->block.ring_in].on_put = npe_qm_on_put;
        npe->chip.rings[q->block.ring_in].user = q;
    }
    return true;
}
