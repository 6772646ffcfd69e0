/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tx, the bus to the MAC, and departures. */
#include "components/ixp/fast/private.h"

static Departure *departure(Fast *f, unsigned i) {
    return &f->departures[(f->first_departure + i) & (f->room_departures - 1)];
}

static void more_departures(Fast *f) {
    Departure *more = g_new(Departure, 2 * f->room_departures);
    for (unsigned i = 0; i < f->n_departures; i++) more[i] = *departure(f, i);
    g_free(f->departures);
    f->departures = more;
    f->room_departures *= 2;
    f->first_departure = 0;
}

/* In its place among the others. */
static void leave_at(Fast *f, SimTime at, ChipPacket *cp) {
    if (f->n_departures == f->room_departures) more_departures(f);
    unsigned i = f->n_departures++;
    for (; i && departure(f, i - 1)->at > at; i--) *departure(f, i) = *departure(f, i - 1);
    *departure(f, i) = (Departure){at, cp};
    if (i) return;
    sim_cancel(f->sim, &f->leave);
    sim_schedule_at(f->sim, &f->leave, MAX(at, sim_now(f->sim)));
}

/* Its time in the chip, by cause; what no block has spent went into the way out. */
static void account(const Fast *f, ChipPacket *cp, SimTime now) {
    Packet *pkt = cp->pkt;
    const Stay *stay = stay_of(f, cp);
    SimTime left = now - stay->entered - stay->received - stay->queued;
    pkt->charged[CAUSE_RX_BUFFER] += stay->received;
    for (unsigned i = 0; i < G_N_ELEMENTS(stay->spent); i++) {
        if (!stay->spent[i]) continue;
        SimTime part = MIN(ps_of(f, stay->spent[i]), left);
        pkt->charged[CAUSE_EXECUTE + i] += part;
        left -= part;
    }
    pkt->charged[CAUSE_TX_BUFFER] += left;
    pkt->cause = CAUSE_TX_BUFFER;
    pkt->since = now;
}

static void leave(Sim *sim, SimEvent *event) {
    Fast *f = (Fast *)(void *)((char *)event - offsetof(Fast, leave));
    ChipPacket *cp = departure(f, 0)->cp;
    Packet *pkt = cp->pkt;
    unsigned port = cp->tx_port;
    f->first_departure = (f->first_departure + 1) & (f->room_departures - 1);
    if (--f->n_departures) sim_schedule_at(sim, event, MAX(departure(f, 0)->at, sim_now(sim)));
    account(f, cp, sim_now(sim));
    rxtx_discard(&f->p->rxtx, cp);
    port_send(f->chip->owner, port, pkt);
}

/* Contexts have packets of their own, whose elements are not valid in the order of packets. */
static SimTime between_others(Fast *f, Cycle valid, SimTime time) {
    uint32_t n = (uint32_t)cycle_of(f, time);
    return n ? ps_of(f, lane_take(&f->spi_out, valid, n) - n) : ps_of(f, valid);
}

/* The element is valid: over the bus, and with the last the frame is gone. */
static void send_element(Fast *f, const Mpacket *m, ChipPacket *cp, Cycle valid) {
    Msf *msf = &f->chip->msf;
    SimTime start = MAX(ps_of(f, valid), f->bus_out), time = msf_bus_time(msf, m->bytes);
    unsigned port = cp->tx_port;
    bool connected = port_connected(msf->component, port);
    if (f->p->rxtx.settings->tx_order == TX_ORDER_SCHEDULER) start = between_others(f, valid, time);
    if (connected) start = msf_room_from(msf, f->wire_free[port], port, start);
    f->bus_out = start + time;
    f->tbuf_sent[f->tbuf_next] = f->bus_out;
    if (++f->tbuf_next == msf->tbuf_size) f->tbuf_next = 0;
    msf->bus_out += time;
    msf->mpackets_out++;
    if (!m->last) return;
    if (connected) {
        uint64_t per_byte = port_speed(msf->component, port).ps_per_byte_q16;
        f->wire_free[port] = MAX(f->wire_free[port], f->bus_out) +
                             (packet_wire_bytes(m->pkt->length) * per_byte >> 16);
    }
    leave_at(f, f->bus_out, cp);
}

/* From its second turn on: the register, the element, its bytes. Returns when it passes the turn
 * on, at the grant after the register's answer. */
static Cycle tx_element(Fast *f, Run *run, Context *c, ChipPacket *cp, const Mpacket *m) {
    play_again(f, run, c, LOG_TX_SEQUENCE, tx_run_sequence);
    Cycle granted = run->at - f->swap;
    SimTime sent = f->tbuf_sent[f->tbuf_next];
    if (sent > ps_of(f, granted)) {
        sleep_until(run, CAUSE_MSF, MAX(cycle_of(f, sent), run->at));
        granted = server_free(run->me, run->at);
        execute(f, run, 0);
    }
    tx_run_element(&f->p->rxtx, c, cp, m, 0);
    play(f, run, c, LOG_TX_ELEMENT);
    run->spent = f->nobody; /* from here on its packet is in the TBUF */
    sleep_until(run, CAUSE_MSF, reference_alone(&f->memory.valid, run->at));
    execute(f, run, 0);
    send_element(f, m, cp, f->mark);
    return granted;
}

/* The message, and what its descriptor says. */
static ChipPacket *tx_get(Fast *f, Run *run, Context *c) {
    const Ring *in = f->tx.in->ring;
    Cycle visible = in->visible[in->head];
    run->spent = f->nobody;
    wait_for(f, run, CAUSE_RING, visible);
    ChipPacket *cp = ring_take(f, f->tx.in, run->at);
    run->spent = stay_of(f, cp)->spent;
    sleep_until(run, CAUSE_SCRATCH, reference_alone(&f->memory.get, run->at));
    play_again(f, run, c, LOG_TX_GET, tx_run_get);
    tx_finish(&f->p->rxtx, cp);
    return cp;
}

static void tx_end(Fast *f, Run *run, Context *c, const ChipPacket *cp) {
    run->spent = f->nobody;
    uint64_t message = tx_run_last(&f->p->rxtx, c, cp);
    play(f, run, c, LOG_TX_LAST);
    if (f->p->rxtx.ring_stats) in_tell(f, run, message);
}

/* In the order of the chip: a context for each mpacket. Several contexts' time is the way out's. */
static void tx_in_order(Fast *f) {
    Turns *b = &f->tx;
    ChipPacket *cp = NULL;
    for (uint32_t i = 0, mpackets = 1; i < mpackets; i++) {
        Run run;
        Context *c = turns_begin(f, b, &run);
        run.spent = f->nobody;
        run.has = false; /* it gives up the ME for its turn, always */
        run.at = MAX(run.at, b->got + b->turn);
        if (b->turn) run.at = server_free(run.me, run.at);
        Cycle granted = run.at;
        if (b->turn) {
            execute(f, &run, 0);
        } else { /* alone on its ME, it is the next one in turn there, too */
            run.at = server_claim(run.me, MAX(run.at, b->passed), f->swap);
            run.has = true;
        }
        if (i == 0) {
            cp = tx_get(f, &run, c);
            granted = run.at - f->swap;
            mpackets = msf_mpackets(&f->chip->msf, cp->pkt->length);
            if (mpackets > 1) run.spent = f->nobody;
            execute(f, &run, (uint32_t)f->p->rxtx.settings->costs.tx_first);
        }
        b->got = granted;
        b->passed = run.at;
        Mpacket m = tx_mpacket(&f->p->rxtx, cp, i);
        sleep_until(&run, CAUSE_SECTION, MAX(run.at, f->tx_sequence + b->turn));
        f->tx_sequence = tx_element(f, &run, c, cp, &m);
        if (m.last) tx_end(f, &run, c, cp);
        turns_end(b, run.at);
    }
}

/* In the order of each scheduler: a context for each packet, whichever is free first. */
static void tx_by_scheduler(Fast *f) {
    Turns *b = &f->tx;
    for (unsigned i = 0; i < b->block->n_contexts; i++)
        if (b->at[i] < b->at[b->next]) b->next = i;
    Run run;
    Context *c = turns_begin(f, b, &run);
    ChipPacket *cp = tx_get(f, &run, c);
    Cycle *turn = &f->sequence[cp->sequence - f->p->qm_block.sequences];
    uint32_t mpackets = msf_mpackets(&f->chip->msf, cp->pkt->length);
    execute(f, &run, (uint32_t)f->p->rxtx.settings->costs.tx_first);
    wait_for(f, &run, CAUSE_SECTION, *turn);
    for (uint32_t i = 0; i < mpackets; i++) {
        Mpacket m = tx_mpacket(&f->p->rxtx, cp, i);
        Cycle granted = tx_element(f, &run, c, cp, &m);
        if (m.last) *turn = granted + f->signal;
    }
    tx_end(f, &run, c, cp);
    b->at[b->next] = run.at;
}

Cycle out_due(const Fast *f) {
    const Ring *ring = f->tx.in->ring;
    return ring->n ? MAX(ring->visible[ring->head], f->tx.got) : CYCLE_NEVER;
}

bool out_take(Fast *f) {
    unsigned slot = f->tx.in->ring->head;
    (f->p->rxtx.settings->tx_order == TX_ORDER_CHIP ? tx_in_order : tx_by_scheduler)(f);
    return queues_room(f, f->tx.in->got[slot]) || f->held;
}

void out_init(Fast *f) {
    f->tbuf_sent = g_new0(SimTime, f->chip->msf.tbuf_size);
    f->room_departures = 64;
    f->departures = g_new(Departure, f->room_departures);
    sim_event_init(&f->leave, leave, &f->chip->msf.owner);
}
