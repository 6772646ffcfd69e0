/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/gpe/gpe.h: the general-purpose engine, a server blade that runs PlanetLab's Linux, and
 * the vServers on it.
 *
 *   gpe.c      the server: parameters, NICs, the receive path, sockets
 *   core.c     a processor core: what runs on it, for how long, and what that time is charged to
 *   sched.h    which vServer runs
 *   vserver.c  a vServer; apps.c the application in it
 *
 * A core does one thing at a time, the first of these that there is (2.6.12 without kernel
 * preemption, as PlanetLab configured it):
 *
 *   interrupt   a NIC's or the timer's: a fixed cost
 *   softirq     net_rx_action: polls NICs, weight 64 a NIC, budget 300, 10 times in a row
 *   root        a short task of the host; it has no token bucket
 *   switch      context switch, and refilling the cache after a long absence
 *   task        one step of the vServer's application
 *   idle
 *
 * Nothing says that receiving wins over forwarding under overload; it follows from this order. */
#pragma once

#include "components/gpe/sched/sched.h"
#include "emu/core/component.h"
#include "emu/core/histogram.h"
#include "fastpath/substrate.h"

enum { GPE_MAX_PORTS = 16, GPE_MAX_SOCKETS = 17, GPE_MAX_VSERVERS = 128 };

typedef struct Gpe Gpe;
typedef struct Vserver Vserver;
typedef struct Core Core;

/* Core ------------------------------------------------------------------------------------- */

typedef enum {
    LAYER_INTERRUPT,
    LAYER_SOFTIRQ,
    LAYER_ROOT,
    LAYER_SWITCH,
    LAYER_TASK,
    LAYER_IDLE,
    N_LAYERS
} Layer;

/* A piece of work of known length. */
typedef struct {
    bool active;
    SimTime remaining;
    SimTime begun; /* all that was ever begun: begun - remaining = charged */
} Work;

struct Core {
    Gpe *gpe;
    unsigned number;
    SimEvent done, tick;
    /* what it does */
    Layer layer;
    SimTime since;
    Work work[LAYER_TASK]; /* of layers above the task's; the task has its own */
    Vserver *current;      /* chosen by the scheduler */
    bool need_resched;
    SimTime bh_until; /* the task holds or waits for a kernel lock: no softirq, no switch */
    /* interrupts */
    uint32_t pending, serving; /* bit n: NIC n; bit 31: the timer */
    /* softirq */
    unsigned poll_list[GPE_MAX_PORTS], poll_head, poll_n;
    unsigned stage, passes, quota, budget;
    bool polled_some;
    bool deferred;   /* to ksoftirqd, or to the next interrupt or system call */
    bool bh_enabled; /* the system call that the task is about to make has let them go on */
    SimTime action_since;
    Packet *receiving;
    Vserver *receiver;
    unsigned socket;
    /* accounts */
    SimTime charged[N_LAYERS];
    uint64_t switches, ksoftirqd, deferrals;
};

void core_init(Core *k, Gpe *gpe, unsigned number);
/* Bring the accounts up to now; call before anything changes what the core should do. */
void core_charge(Core *k);
/* Choose what to do now; call after something has changed. */
void core_dispatch(Core *k);
/* Something wants the core: an interrupt line (bit), or the scheduler. */
void core_interrupt(Core *k, unsigned bit);
void core_resched(Core *k);
void core_begin(Core *k, Layer layer, SimTime cost);
/* Start of `cost` of kernel work of which `hold` is under the kernel's locks: the time that it
 * takes on this core, waiting included. */
SimTime core_lock(Core *k, SimTime cost, SimTime hold);
enum { INTERRUPT_TIMER = 31 };

/* Receive path, called by the core --------------------------------------------------------- */

void gpe_interrupt_done(Core *k, unsigned bit);
void gpe_softirq_start(Core *k);
/* The step of the softirq that was begun is over; begins the next, or ends the softirq. */
void gpe_softirq_step(Core *k);

/* vServer ---------------------------------------------------------------------------------- */

typedef enum { PHASE_RUNNING, PHASE_READY, PHASE_HELD, PHASE_ASLEEP, N_PHASES } Phase;

typedef struct {
    PacketQueue waiting;
    uint32_t truesize; /* bytes charged to the buffer */
    uint64_t received, dropped;
} Socket;

typedef struct {
    const char *name, *text;
    unsigned sockets; /* that it opens */
    /* Begin the next step: its cost, or SIM_NEVER if the process blocks. A step of unbounded
     * length is APP_FOREVER. */
    SimTime (*next)(Vserver *v);
    /* The step is over. */
    void (*done)(Vserver *v);
} App;
#define APP_FOREVER (SIM_NEVER - 1)
#define APP_CHOICES "compute|click|i3|echo|sink|manager"
extern const App *const apps[];
enum { APP_COMPUTE, APP_CLICK, APP_I3, APP_ECHO, APP_SINK, APP_MANAGER };

struct Vserver {
    Component base;
    /* settings */
    char *gpe_name, *routes, *triggers, *slice_name, *router;
    int application;
    uint64_t udp_port, own_port, vlan, n_sockets, icmp_rate, icmp_burst, i3_min_prefix;
    uint64_t place;
    SimTime i3_lifetime;
    double lc_share;
    SchedShare share;
    /* state */
    Gpe *gpe;
    unsigned number;
    const App *app;
    SchedTask task;
    Work work;
    SimTime off_since; /* when it last left a core */
    bool started, ever_ran;
    Socket socket[GPE_MAX_SOCKETS]; /* one per interface, and one for own_port */
    uint32_t ready;                 /* sockets that the last poll found */
    unsigned stage;
    Packet *packet;
    FpPacket fp;
    struct Manager *manager; /* of a slice manager */
    /* accounts */
    Phase phase;
    SimTime phase_since, charged[N_PHASES];
    uint64_t forwarded, replies, consumed, polls;
    Histogram gaps; /* compute: ps without the processor, those above gap_min */
    SimTime last_seen;
};

void vserver_phase(Vserver *v, Phase phase);
/* A packet for one of its sockets; takes it. */
void vserver_receive(Vserver *v, unsigned socket, Packet *pkt);

/* Server ----------------------------------------------------------------------------------- */

typedef struct {
    PacketQueue ring;
    bool polling; /* on its core's poll list, its interrupt masked */
    SimEvent interrupt;
    SimTime next_interrupt; /* moderation */
    Core *core;
    SimTime *leaves; /* when the packets of the transmit ring have left, a ring itself */
    unsigned head, n;
    uint64_t interrupts, received, sent;
} Nic;

typedef struct {
    SimTime interrupt, tick, poll, rx_packet, rx_byte;
    SimTime poll_call, poll_fd, receive_call, send_call, clock_call, copy_byte;
    SimTime click, i3, echo, sink, manager, context_switch, cold, cold_after;
} GpeCosts;

struct Gpe {
    Component base;
    /* settings */
    uint64_t n_cores, n_interfaces, rx_ring, tx_ring, weight, budget, n_passes, max_vservers;
    uint64_t socket_buffer, truesize, root_rate, interval;
    SimTime tick_period, interrupt_gap, poll_limit, root_time, slice, gap_min, gap_from;
    double serial;
    bool idle_skip, wake_preempts;
    int discipline;
    SchedShare share; /* of vServers that have none of their own */
    uint64_t tokens, tokens_rate, active;
    char *address, *mac, *next_mac, *linecard;
    uint64_t n_nics;
    GpeCosts cost;
    /* state */
    Sched sched;
    Core core[SCHED_MAX_CORES];
    Nic nic[GPE_MAX_PORTS];
    Vserver *vserver[GPE_MAX_VSERVERS];
    unsigned n_vservers;
    uint32_t leads_to; /* a bit for each interface that routes lead to */
    uint32_t next_position;
    bool attached;
    FpTables *tables;
    FpLog log;         /* of code whose cost is modelled otherwise */
    SimTime lock_free; /* when the kernel's locks will be free */
    uint64_t serial_q16;
    SimTime started;
    SimEvent boot, root;
    Random random;
    /* counters */
    uint64_t lock_waits;
    SimTime lock_waited;
    bool closed;
};

extern const ComponentClass gpe_class, vserver_class;

/* On a line card (g->linecard is set): take addresses from it. Once; vServers call it too, because
 * they may start before their server. */
bool gpe_attach(Gpe *g, GError **error);
/* Hand a frame to the driver; takes it. */
void gpe_transmit(Gpe *g, unsigned interface, Packet *pkt);

enum {
    GPE_DROP_RX_RING,
    GPE_DROP_OUTER,
    GPE_DROP_NO_SOCKET,
    GPE_DROP_SOCKET,
    GPE_DROP_TX_RING,
    GPE_DROP_EXCEPTION,
    GPE_DROP_REFUSED
};
