/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/gpe/server.h: the general-purpose engine, a server blade that runs PlanetLab's Linux.
 * Each header here knows those above it and none below:
 *
 *   sched/     which process runs
 *   core.h     processor cores: what runs, for how long, and what that time is charged to
 *   nic.h      NICs and the receive path
 *   server.h   the server: its parameters, its addresses, and guests, whatever they may be
 *   daemon.h   processes of the host itself
 *   vserver.h  a guest with sockets, and what an application in it is
 *   apps.c     applications; another is components/slice/manager.c */
#pragma once

#include "components/blade/control_port.h"
#include "components/gpe/nic.h"
#include "components/host/stack.h"
#include "emu/core/intervals.h"
#include "emu/core/tenant.h"
#include "fastpath/substrate.h"

enum { GPE_MAX_VSERVERS = 128 };

typedef struct Gpe Gpe;

/* What a server hosts: a process, and what is to become of packets for it. */
typedef struct Guest Guest;
struct Guest {
    Process process;
    const char *name;
    unsigned number; /* the slice in the server's tables that its ports lead to */
    uint64_t place;  /* when the server boots: lower ones first, then lower numbers */
    Tenant *tenant;  /* whose its packets are; before gpe_host */
    Gpe *host;       /* where it is, or was last */
    SimTime before;  /* that its process had run when it came there */
    GArray *ports, *filters;
    const char *cost; /* the server's key of what its own work on a packet costs; "": none */
    /* A frame in which Decap has found the guest's port; takes it. */
    void (*receive)(Guest *guest, const FpPacket *found, Packet *pkt);
};

/* What system calls cost, and what applications themselves do with a packet, on this machine. */
typedef struct {
    SimTime poll_call, poll_fd, receive_call, send_call, clock_call, copy_byte;
    SimTime click, i3, echo, sink, manager, client, shell, cipher_byte;
} GpeCosts;

struct Gpe {
    Component base;
    /* settings */
    uint64_t n_interfaces, max_vservers, socket_buffer, truesize, root_rate, interval;
    SimTime root_time, slice;
    bool idle_skip, wake_preempts;
    SchedShare share; /* of vServers that have none of their own */
    uint64_t tokens, tokens_rate, active;
    char *scheduler, *linecard;
    uint32_t address, inside;
    uint8_t mac[6], next_mac[6];
    StackSettings tcp;
    GpeCosts cost;
    ControlPort control;
    /* state */
    Kernel kernel;
    Nics nics;
    Guest *guest[GPE_MAX_VSERVERS]; /* by number */
    unsigned n_guests;
    GPtrArray *daemons;   /* Daemon; NULL: none */
    GPtrArray *everybody; /* guests that are or were there, and at no other server since */
    SimTime moved;        /* that processes ran here which are at another server now */
    Intervals *numbers, *positions;
    unsigned n_resting, n_resting_ports; /* numbers and ports in quarantine */
    bool booted;
    uint32_t leads_to; /* a bit for each interface that routes lead to */
    bool attached;
    FpTables *tables;
    FpLog log;               /* of code whose cost is modelled otherwise */
    bool waits, ready, runs; /* waits: until it has something to do; runs: since `started` */
    SimTime started;
    SimEvent boot, root;
    Random random;
    void (*unbound)(Gpe *g,
                    Packet *pkt); /* takes what nobody here has bound; NULL: it is dropped */
    Stack *stack;                 /* NULL: nobody has asked for TCP */
};

extern const ComponentClass gpe_class;

/* A component of that class, or of another that is a server (components/gpe/cp.h); NULL: it is
 * none. */
Gpe *gpe_of(Component *c);

/* Its cores run from now on, if they do not yet: it has something to do. */
void gpe_begin(Gpe *g);

/* Give the guest a number. On a line card the server's addresses are known from here on. False and
 * an error: no room. Its process comes in by gpe_admit. */
bool gpe_host(Gpe *g, Guest *guest, GError **error);
/* A port of the guest's at an address of an interface; a filter of its own, behind those it has.
 * False: another has the port, of gpe_unbind the guest has not; there is no room. */
bool gpe_bind(Gpe *g, Guest *guest, unsigned interface, uint32_t address, uint16_t port);
bool gpe_unbind(Gpe *g, Guest *guest, uint32_t address, uint16_t port);
bool gpe_filter(Gpe *g, Guest *guest, const uint8_t *key, const uint8_t *mask,
                const FpResult *result);
/* Its process starts: when the server boots, or now. */
void gpe_admit(Gpe *g, Guest *guest);
/* After tenant_leave: its filters are gone, and its ports and number come back when no packet
 * inside carries them and its process has ended. */
void gpe_evict(Gpe *g, Guest *guest);
/* A route leads to the interface. */
void gpe_leads_to(Gpe *g, unsigned interface);
/* Its kernel's TCP, from the first call on. What Decap does not take is the stack's. */
Stack *gpe_stack(Gpe *g);
/* The same to another server's address on the control switch. */
StackWay gpe_control_way(Gpe *g, const Guest *guest, const Gpe *to);
/* For connections that the guest opens through the interface, from the server's address inside. */
StackWay gpe_way(Gpe *g, const Guest *guest, unsigned interface, uint16_t vlan);
/* Send a frame; takes it. */
void gpe_transmit(Gpe *g, unsigned interface, Packet *pkt);

/* Its port on the control switch. What comes in there goes through the receive path, and is never a
 * guest's; what guests send goes elsewhere. */
ControlPort *gpe_control(Gpe *g);

/* What is taken, by guests that are there and in quarantine. */
typedef struct {
    uint64_t guests, ports, filters;
} GpeOccupancy;
GpeOccupancy gpe_occupancy(const Gpe *g);

enum {
    GPE_DROP_RX_RING,
    GPE_DROP_OUTER,
    GPE_DROP_NO_SOCKET,
    GPE_DROP_SOCKET,
    GPE_DROP_TX_RING,
    GPE_DROP_EXCEPTION,
    GPE_DROP_REFUSED,
    GPE_DROP_DETACHED,
    GPE_DROP_CONTROL
};
#define GPE_DROPS                                                                                  \
    {"rx_ring", "no receive descriptor free"},                                                     \
        {"outer", "outer headers are not those of a tunnel"},                                      \
        {"no_socket", "no vServer owns this address and UDP port"},                                \
        {"socket_full", "the socket's receive buffer is full"},                                    \
        {"tx_ring", "no transmit descriptor free"},                                                \
        {"exception", "the router in the vServer has no way for it"},                              \
        {"refused", "the application refuses it"},                                                 \
        {"detached", "its vServer was detached meanwhile"}, CONTROL_PORT_DROP
