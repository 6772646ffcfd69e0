/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * From the MAC to the queue manager: a frame goes all the way at once. */
#include "components/ixp/fast/private.h"

/* So far ahead of time is a frame taken from the MAC; and so far ahead may the last one be. */
#define AHEAD 1024u
#define FURTHEST (LANE_MOST / 8 * 3)

/* In turn: the message that is visible at `visible`. */
static inline void get_in_turn(Fast *f, Turns *b, Run *run, const FastRing *in, Cycle visible) {
    Cycle turn = b->got + b->turn;
    if (MAX(visible, turn) > run->at) {
        run->at = visible;
        if (turn > visible) sleep_until(run, CAUSE_SECTION, turn);
        run->has = false;
        execute(f, run, 0);
    } else {
        spend(run, CAUSE_RING, run->at - visible);
    }
    b->got = run->at;
    if (in->ring->scratch)
        sleep_until(run, CAUSE_SCRATCH, reference_alone(&f->memory.get, run->at));
}

/* Statistics, off the packets' way. */
static void count(Fast *f, uint64_t message, Cycle put) {
    FastRing *in = f->stats.in;
    Run run;
    Context *c = turns_begin(f, &f->stats, &run);
    run.spent = f->nobody;
    get_in_turn(f, &f->stats, &run, in, visible_after(f, in->ring, put));
    ring_pass(in, put, f->stats.got);
    c->message = message;
    stats_run(&f->p->stats, c);
    play(f, &run, c, LOG_STATS);
    turns_end(&f->stats, run.at);
}

/* While it is not busy, and its ring far from full, nobody waits for it: it only counts. */
static void count_at_once(Fast *f, uint64_t message) {
    Context *c = f->stats.block->contexts[0];
    c->message = message;
    stats_run(&f->p->stats, c);
    context_clear_log(c);
    f->told++;
}

void in_settle(Fast *f) {
    if (!f->told) return;
    const Block *block = f->stats.block;
    Shape *log = f->logs[LOG_STATS].first;
    Cycle used = f->told * (2 * f->swap + log->instructions);
    log->played += f->told;
    reference_count(&f->memory.put, f->told);
    reference_count(&f->memory.get, f->told);
    for (unsigned m = 0; m < block->n_mes; m++)
        f->me[block->mes[m]->number].server.lane.used += used / block->n_mes;
    f->stats.in->ring->puts += f->told;
    f->stats.in->filled += f->told * f->memory.put.latency;
    f->told = 0;
}

void in_forget(Fast *f) {
    f->rests = f->stats.block && f->logs[LOG_STATS].first && !f->behind;
    for (unsigned m = 0; f->rests && m < f->stats.block->n_mes; m++)
        f->rests = f->me[f->stats.block->mes[m]->number].server.quiet;
    if (!f->rests) f->behind = false;
}

/* Half of the ring, and more, was not yet got at `at`. */
static bool half_full(const FastRing *r, Cycle at) {
    unsigned slot = r->slot + r->ring->size / 2;
    return r->got[slot < r->ring->size ? slot : slot - r->ring->size] > at;
}

void in_tell(Fast *f, Run *run, uint64_t message) {
    if (f->rests) {
        count_at_once(f, message);
        return;
    }
    f->behind |= half_full(f->stats.in, run->at);
    wait_for(f, run, CAUSE_RING, ring_room(f->stats.in));
    count(f, message, run->at);
}

/* `back` messages before the next one to be put. */
static unsigned slot_before(const FastRing *r, unsigned back) {
    return r->slot >= back ? r->slot - back : r->slot + r->ring->size - back;
}

bool fast_behind(const Fast *f, unsigned stage, unsigned messages) {
    const FastRing *r = f->stages[stage].in;
    unsigned size = r->ring->size, n = 0;
    if (messages > size || r->got[slot_before(r, messages)] <= f->looks) return false;
    for (unsigned back = 1; back <= size && r->got[slot_before(r, back)] > f->looks; back++)
        n += r->ring->visible[slot_before(r, back)] <= f->looks; /* else it is on its way there */
    return n >= messages;
}

/* The packet, put into the stage's ring at *put, through it; false: it has ended there. */
static bool through_stage(Fast *f, unsigned n, ChipPacket *cp, Cycle *put, FastRing **to) {
    Stage *stage = &f->p->stages[n];
    Turns *b = &f->stages[n];
    FastRing *in = b->in;
    bool last = n + 1 == f->p->n_stages;
    uint64_t message = 0;
    Run run;
    Context *c = turns_begin(f, b, &run);
    run.spent = stay_of(f, cp)->spent;
    Cycle visible = visible_after(f, in->ring, *put);
    spend(&run, CAUSE_RING, visible - *put);
    get_in_turn(f, b, &run, in, visible);
    ring_pass(in, *put, b->got);
    f->looks = b->got;
    c->pkt = cp->pkt;
    bool on = stage->work(stage, c, cp);
    if (on && stage->tells) message = stats_message(cp->fp.result.stats, false, cp->fp.length);
    c->pkt = NULL;
    if (!on) run.spent = f->nobody;
    play(f, &run, c, LOG_STAGE + n);
    if (!on) stay_of(f, cp)->at = run.at - f->now; /* somebody may have it, who injects it */
    wait_for(f, &run, CAUSE_SECTION, b->put + b->turn);
    if (on) {
        *to = stage->qm_block
                  ? f->to_qm[qm_queue_scheduler(stage->qm_block->qm, cp->fp.result.queue)]
                  : b->out;
        wait_for(f, &run, CAUSE_RING, last ? ring_append_room(*to) : ring_room(*to));
    }
    *put = b->put = run.at;
    run.spent = f->nobody;
    if (on && stage->tells) in_tell(f, &run, message);
    turns_end(b, run.at);
    return on;
}

void in_stages(Fast *f, unsigned n, ChipPacket *cp, Cycle put) {
    FastRing *to = f->rx.out;
    for (; n < f->p->n_stages; n++)
        if (!through_stage(f, n, cp, &put, &to)) return;
    ring_append(f, to, cp, put);
    f->last_put = MAX(f->last_put, put);
    for (unsigned k = 0; k < f->n_qm; k++)
        if (f->qm[k].in == to) queues_next(&f->qm[k]);
}

/* One mpacket, which is in the RBUF at `there`, by the next context of Rx; returns its put. */
static Cycle rx_mpacket(Fast *f, const Mpacket *m, Cycle there, ChipPacket **to) {
    Turns *b = &f->rx;
    Run run;
    Context *c = turns_begin(f, b, &run);
    run.spent = f->nobody;
    if (there > run.at) {
        run.at = server_free(run.me, there);
        run.has = false;
    }
    if (b->got + b->turn > run.at) { /* not its turn: swapped in, and out again */
        execute(f, &run, 0);
        if (b->got + b->turn > run.at) sleep_until(&run, CAUSE_SECTION, b->got + b->turn);
        run.at = server_free(run.me, run.at);
    }
    b->got = run.at;
    ChipPacket *cp = *to = rx_run(&f->p->rxtx, c, m);
    if (m->last && cp) {
        Stay *stay = stay_of(f, cp);
        SimTime entered = m->pkt->since, got = ps_of(f, run.at);
        *stay = (Stay){.entered = entered, .received = MAX(got, entered) - entered};
        run.spent = stay->spent;
    }
    play(f, &run, c, LOG_RX);
    f->rbuf_freed[f->rbuf_next] = f->mark;
    if (++f->rbuf_next == f->chip->msf.rbuf_size) f->rbuf_next = 0;
    wait_for(f, &run, CAUSE_SECTION, b->put + b->turn);
    if (m->last && cp && f->p->n_stages) wait_for(f, &run, CAUSE_RING, ring_room(b->out));
    b->put = run.at;
    turns_end(b, run.at);
    return b->put;
}

void in_take_frame(Fast *f) {
    Msf *msf = &f->chip->msf;
    Packet *pkt = msf_next_frame(msf);
    Mpacket m = {.pkt = pkt};
    Cycle put = 0, there = 0;
    ChipPacket *cp = NULL;
    for (uint32_t left = packet_frame_bytes(pkt->length); left; left -= m.bytes, m.index++) {
        m.bytes = MIN(left, msf->element_bytes);
        m.last = m.bytes == left;
        SimTime time = msf_bus_time(msf, m.bytes);
        Tick begin = MAX(f->bus_in, f->arrival), freed = f->rbuf_freed[f->rbuf_next] * TICKS;
        f->bus_in = MAX(begin, freed) + tick_of(&f->memory, time);
        msf->bus_in += time;
        msf->mpackets_in++;
        if (!there) there = cycle_after(f->bus_in);
        put = rx_mpacket(f, &m, cycle_after(f->bus_in), &cp);
    }
    if (!cp) {
        chip_refuse(f->chip, CHIP_NO_BUFFER, pkt);
        return;
    }
    Cycle before = f->last_put;
    in_stages(f, 0, cp, put);
    if (f->last_put > before) f->ahead = MIN(f->ahead, f->last_put - there);
}

static bool rings_have_room(const Fast *f) {
    for (unsigned k = 0; k < f->n_qm; k++)
        if (f->qm[k].in->ring->n == f->qm[k].in->ring->size) return false;
    return f->n_qm || f->tx.in->ring->n < f->tx.in->ring->size;
}

Cycle in_due(Fast *f) {
    bool waits = f->chip->msf.fifo_packets;
    f->held = waits && !rings_have_room(f);
    if (!waits || f->held) return CYCLE_NEVER;
    Cycle known = f->last_put - MIN(f->last_put, FURTHEST);
    Cycle due = MAX(MAX(f->bus_in / TICKS, known), f->rbuf_freed[f->rbuf_next]);
    return due - MIN(due, AHEAD);
}

bool fast_inject(Fast *f, unsigned stage, ChipPacket *cp, SimTime now) {
    Cycle late = stay_of(f, cp)->at; /* its code ran so much before its time */
    fast_move_on(f, now);
    Cycle put = f->now + late;
    if (!rings_have_room(f) || ring_room(f->stages[stage].in) > put) return false;
    *stay_of(f, cp) = (Stay){.entered = cp->pkt->since};
    in_stages(f, stage, cp, put);
    fast_move_on(f, now);
    return true;
}

void in_init(Fast *f) {
    f->rbuf_freed = g_new0(Cycle, f->chip->msf.rbuf_size);
    f->ahead = CYCLE_NEVER;
}
