/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The queue manager: each of its engines does what its contexts do next, in the order of time, as
 * qm_block.c. */
#include "components/ixp/fast/private.h"

/* Who is next, and when. A sleeper wakes for a message or for the time of a scheduler. */
void queues_next(FastQm *fq) {
    fq->next = CYCLE_NEVER;
    for (uint32_t bits = fq->looks | fq->enqueues; bits; bits &= bits - 1) {
        int i = __builtin_ctz(bits);
        if (fq->at[i] >= fq->next) continue;
        fq->next = fq->at[i];
        fq->who = i;
    }
    if (!fq->asleep) return;
    const Ring *in = fq->in->ring;
    Cycle wakes = MIN(fq->timer, in->n ? in->visible[in->head] : CYCLE_NEVER);
    if (wakes >= fq->next) return;
    fq->next = wakes;
    fq->who = 31 - __builtin_clz(fq->asleep);
}

FastQm *queues_due(Fast *f) {
    FastQm *first = NULL;
    for (unsigned k = 0; k < f->n_qm; k++)
        if (f->qm[k].next != CYCLE_NEVER && (!first || f->qm[k].next < first->next))
            first = &f->qm[k];
    return first;
}

static void put_to_tx(Fast *f, FastQm *fq, unsigned i, Cycle at) {
    Context *c = fq->q->block.contexts[i];
    ring_append(f, f->tx.in, (ChipPacket *)(uintptr_t)c->message, at);
    fq->at[i] = at;
    fq->looks |= 1u << i;
    fq->served |= 1u << i;
}

static void dequeue(Fast *f, FastQm *fq, unsigned i, unsigned scheduler, Run *run) {
    Context *c = fq->q->block.contexts[i];
    c->state = CAUSE_EXECUTE;
    SimTime now = ps_of(f, run->at);
    ChipPacket *cp = qm_run_dequeue(fq->q, c, scheduler, now);
    Stay *stay = stay_of(f, cp);
    stay->queued = now - stay->enqueued;
    run->spent = stay->spent;
    c->pkt = NULL;
    play(f, run, c, LOG_DEQUEUE);
    stay->at = run->at;
    if (f->tx.in->ring->n == f->tx.in->ring->size) {
        fq->blocked |= 1u << i;
        return;
    }
    wait_for(f, run, CAUSE_RING, ring_append_room(f->tx.in));
    put_to_tx(f, fq, i, run->at);
}

bool queues_room(Fast *f, Cycle at) {
    for (unsigned k = 0; k < f->n_qm; k++) {
        FastQm *fq = &f->qm[k];
        if (!fq->blocked) continue;
        unsigned i = (unsigned)__builtin_ctz(fq->blocked);
        ChipPacket *cp = (ChipPacket *)(uintptr_t)fq->q->block.contexts[i]->message;
        Stay *stay = stay_of(f, cp);
        Run run = {
            .me = &f->me[fq->q->block.mes[0]->number].server, .at = stay->at, .spent = stay->spent};
        fq->blocked &= ~(1u << i);
        sleep_until(&run, CAUSE_RING, MAX(at, run.at));
        execute(f, &run, 0);
        put_to_tx(f, fq, i, run.at);
        queues_next(fq);
        return true;
    }
    return false;
}

/* What a context does that has nothing at hand; its code runs at run->at. */
static void look(Fast *f, FastQm *fq, unsigned i, Run *run) {
    QmMe *q = fq->q;
    Context *c = q->block.contexts[i];
    const Ring *in = fq->in->ring;
    bool arrived = in->n && in->visible[in->head] <= run->at, first = arrived && !q->prefer_dequeue;
    SimTime later = QM_NEVER;
    int s = first ? -1 : qm_eligible(q, ps_of(f, run->at), &later);
    Cycle again = later == QM_NEVER ? CYCLE_NEVER : cycle_of(f, later);
    q->prefer_dequeue = first;
    if (s < 0 && arrived) {
        run->spent = f->nobody;
        if (!run->has) execute(f, run, 0);
        ChipPacket *cp = ring_take(f, fq->in, run->at);
        run->spent = stay_of(f, cp)->spent;
        sleep_until(run, CAUSE_SCRATCH, reference_alone(&f->memory.get, run->at));
        c->message = (uint64_t)(uintptr_t)cp;
        fq->at[i] = run->at;
        fq->enqueues |= 1u << i;
        return;
    }
    if (s >= 0) {
        dequeue(f, fq, i, (unsigned)s, run);
    } else {
        if (in->n) again = MIN(again, in->visible[in->head]);
        fq->asleep |= 1u << i;
    }
    if (fq->asleep && again < fq->timer) fq->timer = again;
}

static void enqueue(Fast *f, FastQm *fq, unsigned i, Run *run) {
    Context *c = fq->q->block.contexts[i];
    ChipPacket *cp = (ChipPacket *)(uintptr_t)c->message;
    run->spent = f->nobody;
    Stay *stay = stay_of(f, cp);
    stay->enqueued = ps_of(f, run->at);
    stay->spent[CAUSE_READY - CAUSE_EXECUTE] += (uint32_t)(run->at - fq->at[i]);
    c->pkt = cp->pkt;
    c->pkt->since = stay->enqueued; /* what was before is told in its stay */
    qm_run_enqueue(fq->q, c, stay->enqueued);
    c->pkt = NULL;
    play(f, run, c, LOG_ENQUEUE);
    fq->at[i] = run->at;
    fq->looks |= 1u << i;
}

void queues_step(Fast *f, FastQm *fq) {
    unsigned i = (unsigned)fq->who;
    uint32_t bit = 1u << i;
    Run run = {
        .me = &f->me[fq->q->block.mes[0]->number].server, .at = fq->next, .spent = f->nobody};
    run.has = fq->looks & bit;
    if (!run.has) run.at = server_free(run.me, run.at);
    if (run.at < fq->clock) run.at = fq->clock;
    fq->clock = run.at;
    if (fq->asleep & bit && fq->timer <= fq->next) fq->timer = CYCLE_NEVER;
    if (fq->served & bit) fq->q->serving &= ~(UINT64_C(1) << fq->q->block.contexts[i]->note);
    bool enqueues = fq->enqueues & bit;
    fq->looks &= ~bit;
    fq->enqueues &= ~bit;
    fq->asleep &= ~bit;
    fq->served &= ~bit;
    (enqueues ? enqueue : look)(f, fq, i, &run);
    queues_next(fq);
}

void queues_init(Fast *f) {
    f->n_qm = f->p->qm ? f->p->qm_block.n_mes : 0;
    for (unsigned s = 0; s < QM_MAX_SCHEDULERS; s++)
        if (f->p->qm_block.rings[s]) f->to_qm[s] = ring_of(f, f->p->qm_block.rings[s]);
    for (unsigned k = 0; k < f->n_qm; k++) {
        FastQm *fq = &f->qm[k];
        fq->q = &f->p->qm_block.me[k];
        fq->in = ring_of(f, fq->q->block.ring_in);
        fq->asleep = (1u << fq->q->block.n_contexts) - 1;
        fq->timer = fq->next = CYCLE_NEVER;
    }
}
