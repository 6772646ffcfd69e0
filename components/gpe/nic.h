/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/gpe/nic.h: a server's network interfaces and Linux 2.6.12's receive path.
 *
 * A frame goes into its NIC's receive ring, or is lost when that is full, which costs the processor
 * nothing. The NIC interrupts when it is not masked and `interrupt_gap` has passed since the last
 * time. The interrupt masks it and puts it on the core's poll list. net_rx_action takes NICs from
 * the list in turn, up to `weight` packets each, and a NIC leaves the list, and may interrupt
 * again, when a poll finds nothing. After `budget` packets or `poll_limit` the action starts anew;
 * after 10 of those the rest waits for ksoftirqd, the next interrupt or the next system call.
 *
 * Several cores: NIC n interrupts core n mod cores, which also receives its packets.
 *
 * Not modelled: transmit completion (inside send_call), packets held by the queueing discipline,
 * memory pressure, irqbalance, copybreak, a NIC's bus. */
#pragma once

#include "components/gpe/core.h"
#include "emu/core/component.h"

enum { NIC_MAX = 17 };

typedef struct Nics Nics;

typedef struct {
    Nics *nics;
    PacketQueue ring;
    bool polling; /* on its core's poll list, its interrupt masked */
    SimEvent interrupt;
    SimTime next_interrupt; /* moderation */
    Core *core;
    SimTime *leaves; /* when the packets of the transmit ring have left, a ring itself */
    unsigned head, n;
    uint64_t interrupts, received, sent;
    uint64_t refused_in, refused_out; /* frames that found a ring full */
} Nic;

/* net_rx_action on one core. */
typedef struct {
    unsigned list[NIC_MAX], head, n;
    unsigned stage, passes, quota, budget;
    bool polled_some;
    SimTime action_since;
    Packet *receiving;
} Softirq;

struct Nics {
    /* settings */
    uint64_t n; /* that guests send and receive through; one more, NIC n, is the control switch's */
    uint64_t rx_ring, tx_ring, weight, budget, n_passes;
    SimTime interrupt_gap, poll_limit;
    SimTime poll, rx_packet, rx_byte; /* costs */
    unsigned drop_rx, drop_tx;        /* the component's reasons for a full ring */
    /* A packet has been received; takes it. */
    void (*deliver)(Component *c, Packet *pkt);
    Tenant *(*whose)(Component *c, const Packet *pkt); /* of a packet that is dropped before */
    /* state */
    Component *component; /* whose ports they are */
    Nic nic[NIC_MAX];
    Softirq softirq[SCHED_MAX_CORES];
};

/* What a kernel, whose `devices` they are, has to do for its NICs. */
extern const KernelHandlers nic_handlers;

/* In create, once its settings are set. */
void nics_init(Nics *nics, Component *c, Kernel *kernel);
void nics_free(Nics *nics);
/* A frame from the wire; takes it. */
void nic_receive(Nics *nics, unsigned port, Packet *pkt);
/* Hand a frame to the driver; takes it. */
void nic_transmit(Nics *nics, unsigned port, Packet *pkt);
