/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * NICs, NAPI and net_rx_action. */
#include "components/gpe/nic.h"

#include "components/causes.h"

enum { STAGE_POLL, STAGE_PACKET };

/* Interrupts ------------------------------------------------------------------------------- */

static void arm(Nic *n) {
    Sim *sim = n->nics->component->sim;
    if (n->polling || sim_event_pending(&n->interrupt)) return;
    SimTime now = sim_now(sim);
    sim_schedule_at(sim, &n->interrupt, MAX(now, n->next_interrupt));
}

static void interrupt(Sim *sim, SimEvent *event) {
    Nic *n = (Nic *)(void *)((char *)event - offsetof(Nic, interrupt));
    n->next_interrupt = sim_now(sim) + n->nics->interrupt_gap;
    n->polling = true; /* masked from here on */
    n->interrupts++;
    core_interrupt(n->core, (unsigned)(n - n->nics->nic));
}

static void list_put(Core *k, unsigned nic) {
    Nics *nics = k->kernel->devices;
    Softirq *s = &nics->softirq[k->number];
    s->list[(s->head + s->n++) % NIC_MAX] = nic;
    k->raised = true;
}

void nic_receive(Nics *nics, unsigned port, Packet *pkt) {
    Nic *n = &nics->nic[port];
    if (n->ring.packets >= nics->rx_ring) {
        n->refused_in++;
        if (!pkt->lease) packet_carry(pkt, nics->whose(nics->component, pkt));
        component_drop(nics->component, nics->drop_rx, pkt);
        return;
    }
    packet_charge(pkt, CAUSE_HOST, sim_now(nics->component->sim));
    n->received++;
    packet_queue_put(&n->ring, pkt);
    arm(n);
}

/* Softirq ---------------------------------------------------------------------------------- */

static void begin_action(const Nics *nics, Core *k, Softirq *s) {
    s->budget = (unsigned)nics->budget;
    s->action_since = sim_now(k->kernel->sim);
}

static void begin_poll(const Nics *nics, Core *k, Softirq *s) {
    s->stage = STAGE_POLL;
    s->quota = (unsigned)MIN(nics->weight, s->budget);
    s->polled_some = false;
    core_begin(k, LAYER_SOFTIRQ, nics->poll);
}

static void softirq(Core *k) {
    Nics *nics = k->kernel->devices;
    Softirq *s = &nics->softirq[k->number];
    s->passes = 0;
    begin_action(nics, k, s);
    begin_poll(nics, k, s);
}

static void begin_packet(const Nics *nics, Core *k, Softirq *s, Nic *n) {
    Packet *pkt = packet_queue_get(&n->ring);
    SimTime cost = nics->rx_packet + nics->rx_byte * pkt->length;
    s->receiving = pkt;
    s->stage = STAGE_PACKET;
    core_begin(k, LAYER_SOFTIRQ, core_lock(k, cost, nics->rx_packet));
}

/* Take another NIC from the list, if there is one and this action may go on. */
static void next_poll(const Nics *nics, Core *k, Softirq *s) {
    if (!s->n) return;
    bool over = !s->budget || sim_now(k->kernel->sim) - s->action_since > nics->poll_limit;
    if (over) {
        if (++s->passes >= nics->n_passes) {
            k->deferred = true;
            k->deferrals++;
            return;
        }
        begin_action(nics, k, s);
    }
    begin_poll(nics, k, s);
}

static void softirq_step(Core *k) {
    Nics *nics = k->kernel->devices;
    Softirq *s = &nics->softirq[k->number];
    unsigned nic = s->list[s->head];
    Nic *n = &nics->nic[nic];
    if (s->stage == STAGE_PACKET) {
        Packet *pkt = s->receiving;
        s->receiving = NULL;
        nics->deliver(nics->component, pkt);
        s->polled_some = true;
        s->quota--;
        s->budget--;
    }
    if (s->quota && n->ring.head) {
        begin_packet(nics, k, s, n);
        return;
    }
    s->head = (s->head + 1) % NIC_MAX;
    k->raised = --s->n > 0;
    if (s->polled_some) {
        list_put(k, nic);
    } else {
        n->polling = false;
        if (n->ring.head) arm(n);
    }
    next_poll(nics, k, s);
}

const KernelHandlers nic_handlers = {list_put, softirq, softirq_step};

/* Transmit --------------------------------------------------------------------------------- */

void nic_transmit(Nics *nics, unsigned port, Packet *pkt) {
    Component *c = nics->component;
    Nic *n = &nics->nic[port];
    SimTime now = sim_now(c->sim);
    while (n->n && n->leaves[n->head] <= now) {
        if (++n->head == nics->tx_ring) n->head = 0;
        n->n--;
    }
    if (n->n == nics->tx_ring) {
        n->refused_out++;
        component_drop(c, nics->drop_tx, pkt);
        return;
    }
    n->sent++;
    port_send(c, port, pkt);
    n->leaves[(n->head + n->n++) % nics->tx_ring] = port_free_at(c, port);
}

/* Life ------------------------------------------------------------------------------------- */

void nics_init(Nics *nics, Component *c, Kernel *kernel) {
    nics->component = c;
    for (unsigned i = 0; i <= nics->n; i++) {
        Nic *n = &nics->nic[i];
        n->nics = nics;
        n->core = &kernel->core[i % kernel->n_cores];
        n->leaves = g_new0(SimTime, nics->tx_ring);
        sim_event_init(&n->interrupt, interrupt, &c->owner);
    }
}

void nics_free(Nics *nics) {
    for (unsigned i = 0; i <= nics->n; i++) {
        nics->nic[i].ring.head = nics->nic[i].ring.tail = NULL; /* the pool frees what is held */
        g_free(nics->nic[i].leaves);
    }
}
