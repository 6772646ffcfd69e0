/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The queue manager's MEs. */
#include "components/ixp/qm_block.h"

enum { QM_IDLE, QM_ENQUEUE, QM_DEQUEUE };

static unsigned per_me(const Queuer *queuer) {
    return (queuer->n_schedulers + queuer->n_mes - 1) / queuer->n_mes;
}

int queuer_ring(const Queuer *queuer, unsigned queue) {
    return queuer->me[qm_queue_scheduler(queuer->qm, queue) / per_me(queuer)].block.ring_in;
}

unsigned queuer_scheduler(const Queuer *queuer, unsigned n) {
    return n % queuer->n_mes * per_me(queuer) + n / queuer->n_mes;
}

/* Wake one sleeping context, at once or when a message has become visible. */
static Context *pop_sleeper(QueuerMe *q) {
    return q->n_sleeping ? q->sleeping[--q->n_sleeping] : NULL;
}

static void on_put(void *queuer_me, SimTime visible) {
    Context *c = pop_sleeper(queuer_me);
    if (c) context_wake_at(c, visible);
}

static void timer_over(Sim *sim, SimEvent *event) {
    QueuerMe *q = (QueuerMe *)(void *)((char *)event - offsetof(QueuerMe, timer));
    Context *c = pop_sleeper(q);
    if (!c) return;
    context_wake(c, sim_now(sim));
    chip_flush(q->queuer->chip, sim_now(sim));
}

/* The next scheduler that may send now, or -1; *later gets the earliest time of the others. */
static int eligible(QueuerMe *q, SimTime now, SimTime *later) {
    int found = -1;
    *later = QM_NEVER;
    unsigned s = q->next;
    for (unsigned i = 0; i < q->n; i++) {
        if (++s >= q->n) s = 0;
        if (q->serving >> s & 1) continue;
        SimTime time = qm_next_time(q->queuer->qm, q->first + s);
        if (found < 0 && time <= now)
            found = (int)s;
        else if (time < *later)
            *later = time;
    }
    return found;
}

/* Let a sleeping context look again at `time`. */
static void arm(QueuerMe *q, SimTime time, SimTime now) {
    if (time == QM_NEVER || (sim_event_pending(&q->timer) && q->timer.time <= time)) return;
    sim_cancel(q->queuer->chip->sim, &q->timer);
    sim_schedule_at(q->queuer->chip->sim, &q->timer, MAX(time, now));
}

void queuer_look(Queuer *queuer, unsigned scheduler, SimTime now) {
    QueuerMe *q = &queuer->me[scheduler / per_me(queuer)];
    if (q->n_sleeping) arm(q, qm_next_time(queuer->qm, scheduler), now);
}

static void dequeue(QueuerMe *q, Context *c, unsigned s, SimTime now) {
    uint32_t handle = qm_dequeue(q->queuer->qm, q->first + s, now, &c->log);
    g_assert(handle != QM_NONE);
    ChipPacket *cp = &q->queuer->chip->buffers[handle];
    q->next = s;
    q->serving |= UINT64_C(1) << s;
    c->note = s;
    cp->domain = q->first + s;
    cp->ticket = q->queuer->chip->domains[cp->domain].issued++;
    c->message = (uint64_t)(uintptr_t)cp;
    context_take(c, cp->pkt, now);
    op(c, OP_RING_PUT, false, (unsigned)q->block.ring_out);
    c->step = QM_DEQUEUE;
}

static bool begin(QueuerMe *q, Context *c, SimTime now) {
    const Ring *in = &q->queuer->chip->rings[q->block.ring_in];
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

static void enqueue(QueuerMe *q, Context *c, SimTime now) {
    Queuer *queuer = q->queuer;
    Component *owner = queuer->chip->owner;
    ChipPacket *cp = (ChipPacket *)(uintptr_t)c->message;
    Packet *pkt = c->pkt;
    /* Rates count the wire; the outer frame is what Format built. */
    if (qm_enqueue(queuer->qm, cp->fp.handle, cp->fp.result.queue, packet_wire_bytes(cp->fp.length),
                   now, &c->log)) {
        sim_observe(owner->sim, &owner->owner, SIM_ENQUEUE, pkt->id, cp->fp.result.queue);
        context_leave(c, CAUSE_QUEUE, now);
    } else {
        c->pkt = NULL;
        rxtx_release(queuer->rxtx, c, cp);
        component_drop(owner, queuer->drop_queue_full, pkt);
    }
}

static bool qm_resume(Context *c, SimTime now) {
    QueuerMe *q = &((Queuer *)c->block->program)->me[c->block->part];
    switch (c->step) {
    case QM_ENQUEUE:
        enqueue(q, c, now);
        c->step = QM_IDLE;
        return true;
    case QM_DEQUEUE: q->serving &= ~(UINT64_C(1) << c->note); /* fall through */
    default: c->step = QM_IDLE; return begin(q, c, now);
    }
}

bool queuer_add(Queuer *queuer, unsigned ring_size, int ring_out, GError **error) {
    static const char *const names[QUEUER_MAX_MES] = {"qm0", "qm1", "qm2", "qm3"};
    qm_set_per_me(queuer->qm, per_me(queuer));
    for (unsigned i = 0; i < queuer->n_mes; i++) {
        QueuerMe *q = &queuer->me[i];
        q->queuer = queuer;
        q->first = i * per_me(queuer);
        q->n = q->first >= queuer->n_schedulers
                   ? 0
                   : MIN(per_me(queuer), queuer->n_schedulers - q->first);
        sim_event_init(&q->timer, timer_over, &queuer->chip->owner->owner);
        if (!chip_add_block(queuer->chip, &q->block, "qm", 1, qm_resume, queuer, error))
            return false;
        q->block.part = i;
        q->block.ring_out = ring_out;
        q->block.ring_in = chip_add_ring(queuer->chip, names[i], true, true, ring_size, error);
        if (q->block.ring_in < 0) return false;
        queuer->chip->rings[q->block.ring_in].on_put = on_put;
        queuer->chip->rings[q->block.ring_in].user = q;
    }
    return true;
}

static uint64_t in_queues(const void *from) {
    return qm_held(((const Queuer *)from)->qm);
}

void queuer_watch(const Queuer *queuer) {
    chip_gauge(queuer->chip, "queues", in_queues, queuer);
}
