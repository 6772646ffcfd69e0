/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The queue manager's MEs. */
#include "components/ixp/qm_block.h"

#include "emu/core/tenant.h"

enum { QM_IDLE, QM_ENQUEUE, QM_DEQUEUE };

unsigned qm_block_scheduler(const QmBlock *qm_block, unsigned n) {
    return n % qm_block->n_mes * qm_block->per_me + n / qm_block->n_mes;
}

/* The context that fell asleep last, no longer among the sleepers; NULL: none sleeps. */
static Context *pop_sleeper(QmMe *q) {
    return q->n_sleeping ? q->sleeping[--q->n_sleeping] : NULL;
}

static void on_put(void *qm_block_me, SimTime visible) {
    Context *c = pop_sleeper(qm_block_me);
    if (c) context_wake_at(c, visible);
}

static void timer_over(Sim *sim, SimEvent *event) {
    QmMe *q = (QmMe *)(void *)((char *)event - offsetof(QmMe, timer));
    Context *c = pop_sleeper(q);
    if (!c) return;
    context_wake(c, sim_now(sim));
    me_flush(&q->qm_block->rxtx->chip->group, sim_now(sim));
}

/* The next scheduler that may send now, or -1; *later gets the earliest time of the others. */
int qm_eligible(QmMe *q, SimTime now, SimTime *later) {
    int found = -1;
    *later = QM_NEVER;
    if (!q->n) return found;
    uint64_t all = UINT64_MAX >> (64 - q->n);
    uint64_t waiting = qm_backlogged(q->qm_block->qm) >> q->first & all & ~q->serving;
    uint64_t behind = UINT64_MAX << q->next << 1; /* those come first */
    for (uint64_t left = waiting, bit; left; left &= ~bit) {
        uint64_t from = left & behind ? left & behind : left;
        bit = from & -from;
        unsigned s = (unsigned)__builtin_ctzll(bit);
        SimTime time = qm_next_time(q->qm_block->qm, q->first + s);
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
    sim_cancel(q->qm_block->rxtx->chip->sim, &q->timer);
    sim_schedule_at(q->qm_block->rxtx->chip->sim, &q->timer, MAX(time, now));
}

void qm_block_look(QmBlock *qm_block, unsigned scheduler, SimTime now) {
    if (qm_block->on_look) {
        qm_block->on_look(qm_block->user, now);
        return;
    }
    QmMe *q = &qm_block->me[scheduler / qm_block->per_me];
    if (q->n_sleeping) arm(q, qm_next_time(qm_block->qm, scheduler), now);
}

/* Recording ------------------------------------------------------------------------------- */

/* Fast timing's contexts are no microengine's. */
static bool noted(const QmBlock *qm_block, const Context *c) {
    return G_UNLIKELY(qm_block->rxtx->chip->group.recorder != NULL) && context_recorded(c);
}

static void note_enqueue(const QmBlock *qm_block, const Context *c, bool taken, SimTime now) {
    const Chip *chip = qm_block->rxtx->chip;
    uint32_t queue = ((const ChipPacket *)(uintptr_t)c->message)->fp.result.queue,
             holds = qm_queue_packets(qm_block->qm, queue);
    walk_note(c->pkt, context_track(c), taken ? chip->notes.enqueued : chip->notes.refused, now,
              (uint32_t[RECORDER_FIELDS]){queue, taken ? holds - 1 : holds,
                                          qm_queue_deficit(qm_block->qm, queue)});
}

static void note_dequeue(const QmBlock *qm_block, const Context *c, SimTime now) {
    const QmServed *served = &qm_block->served;
    const ChipNotes *notes = &qm_block->rxtx->chip->notes;
    walk_note(c->pkt, context_track(c), notes->dequeued, now,
              (uint32_t[RECORDER_FIELDS]){
                  served->queue, qm_queue_packets(qm_block->qm, served->queue), served->before,
                  served->after, served->first ? notes->first : notes->in_turn});
}

/* The work -------------------------------------------------------------------------------- */

ChipPacket *qm_run_dequeue(QmMe *q, Context *c, unsigned s, SimTime now) {
    uint32_t handle = qm_dequeue(q->qm_block->qm, q->first + s, now, &c->log);
    g_assert(handle != QM_NONE);
    ChipPacket *cp = &q->qm_block->rxtx->chip->buffers[handle];
    q->next = s;
    q->serving |= UINT64_C(1) << s;
    c->note = s;
    sequence_join(&q->qm_block->sequences[q->first + s], cp);
    c->message = (uint64_t)(uintptr_t)cp;
    context_take(c, cp->pkt, now);
    if (noted(q->qm_block, c)) note_dequeue(q->qm_block, c, now);
    return cp;
}

static bool begin(QmMe *q, Context *c, SimTime now) {
    const Ring *in = q->block.ring_in;
    bool arrived = ring_ready(in, now), first = arrived && !q->prefer_dequeue;
    SimTime later = QM_NEVER;
    int s = first ? -1 : qm_eligible(q, now, &later);
    q->prefer_dequeue = first;
    if (s < 0 && arrived) {
        log_op(c, OP_RING_GET, q->block.ring_in, NULL);
        c->step = QM_ENQUEUE;
        return true;
    }
    if (s >= 0) {
        qm_run_dequeue(q, c, (unsigned)s, now);
        log_op(c, OP_RING_PUT, q->qm_block->ring_out, NULL);
        c->step = QM_DEQUEUE;
    } else {
        if (in->n) later = MIN(later, in->visible[in->head]); /* put, but not yet visible */
        q->sleeping[q->n_sleeping++] = c;
        context_sleep(c, CONTEXT_IDLE, now);
    }
    if (q->n_sleeping) arm(q, later, now);
    return s >= 0;
}

void qm_run_enqueue(QmMe *q, Context *c, SimTime now) {
    QmBlock *qm_block = q->qm_block;
    Component *owner = qm_block->rxtx->chip->owner;
    ChipPacket *cp = (ChipPacket *)(uintptr_t)c->message;
    Packet *pkt = c->pkt;
    /* Rates count the wire; the outer frame is what Format built. */
    bool detached = packet_detached(pkt) || !qm_known(qm_block->qm, cp->fp.result.queue);
    if (!detached && qm_enqueue(qm_block->qm, cp->fp.handle, cp->fp.result.queue,
                                packet_wire_bytes(cp->fp.length), now, &c->log)) {
        if (noted(qm_block, c)) note_enqueue(qm_block, c, true, now);
        sim_observe(owner->sim, &owner->owner, SIM_ENQUEUE, pkt->id, cp->fp.result.queue);
        context_leave(c, CAUSE_QUEUE, now);
    } else {
        if (!detached && noted(qm_block, c)) note_enqueue(qm_block, c, false, now);
        c->pkt = NULL;
        rxtx_release(qm_block->rxtx, c, cp);
        component_drop(owner, detached ? qm_block->drop_detached : CHIP_QUEUE_FULL, pkt);
    }
}

static bool qm_resume(Context *c, SimTime now) {
    QmMe *q = c->block->user;
    switch (c->step) {
    case QM_ENQUEUE:
        qm_run_enqueue(q, c, now);
        c->step = QM_IDLE;
        return true;
    case QM_DEQUEUE: q->serving &= ~(UINT64_C(1) << c->note); /* fall through */
    default: c->step = QM_IDLE; return begin(q, c, now);
    }
}

bool qm_block_add(QmBlock *qm_block, unsigned ring_size, GError **error) {
    static const char *const names[QM_BLOCK_MAX_MES] = {"qm0", "qm1", "qm2", "qm3"};
    Chip *chip = qm_block->rxtx->chip;
    unsigned n = qm_block->n_schedulers, per_me = (n + qm_block->n_mes - 1) / qm_block->n_mes;
    qm_block->per_me = per_me;
    qm_set_per_me(qm_block->qm, per_me);
    if (chip->owner->recorder) qm_watch(qm_block->qm, &qm_block->served);
    for (unsigned i = 0; i < qm_block->n_mes; i++) {
        QmMe *q = &qm_block->me[i];
        q->qm_block = qm_block;
        q->first = i * per_me;
        q->n = q->first >= n ? 0 : MIN(per_me, n - q->first);
        sim_event_init(&q->timer, timer_over, &chip->owner->owner);
        Ring *ring = chip_add_ring(chip, names[i], true, true, ring_size, error);
        if (!ring || !chip_add_block(chip, &q->block, "qm", 1, ring, qm_resume, q, error))
            return false;
        ring->on_put = on_put;
        ring->user = q;
        for (unsigned s = 0; s < q->n; s++) qm_block->rings[q->first + s] = ring;
    }
    return true;
}
