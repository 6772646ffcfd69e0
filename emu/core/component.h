/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/core/component.h: what a scenario is made of. A component is one struct whose first member is
 * a Component, one table of parameters and one ComponentClass. A Network holds the components of
 * one run, wires their ports and runs them.
 *
 * Life: new (zeroed, parameters set) -> create (sizes known: allocate, fix n_ports) -> links made
 *       -> start (everything exists; may fail) -> run -> stop (close the accounts) -> check
 *       (invariants) -> report (scalars, series, histograms) -> free.
 *
 * Order: components are numbered, and start, in the order of their names ("s2" before "s10"),
 * so whatever is given out while starting (queues, classes, positions in a table) and whatever is
 * decided between equal times depends on names, never on the order in which they were added. They
 * report in the order of adding. Nothing is scheduled before start. */
#pragma once

#include <glib.h>

#include "emu/core/gauge.h"
#include "emu/core/hops.h"
#include "emu/core/packet.h"
#include "emu/core/param.h"
#include "emu/core/random.h"
#include "emu/core/recorder.h"
#include "emu/core/resource.h"
#include "emu/core/sim.h"

typedef struct Component Component;
typedef struct ComponentClass ComponentClass;
typedef struct Network Network;

typedef struct {
    const char *name; /* as in the scalar NAME.drop.<name> */
    const char *text; /* one sentence */
} DropReason;

/* Of packets that links do not take, of any component, behind those of its class; ends with {0}. */
extern const DropReason link_drops[];

/* A scalar that components report. Drops have no row here: they are packets. */
typedef struct {
    const char *name; /* as in NAME.<name>; `*` stands for letters, digits and _, one or more */
    const char *unit;
    const char *text; /* one sentence, without a full stop */
    const char *when; /* reported only then: "with several sources"; NULL: always */
} Scalar;

/* What a scenario's script may say to a component. */
typedef struct {
    const char *name;      /* "rate" */
    const char *arguments; /* "RATE"; "" if there are none */
    const char *text;      /* one sentence, without a full stop */
} Verb;

/* What one of the settings may name, such as a server's scheduler; for help. */
typedef struct {
    const char *key, *name, *text; /* KEY = NAME: one sentence, without a full stop */
    const Param *params;           /* settings of its own, ends with {0}; NULL: none */
    const char *syntax;    /* how what goes with it is written; NULL: no way in particular */
    const Scalar *scalars; /* reported beside the class's, ends with {0}; NULL: none */
} Choice;

/* One direction of a wire. The packet leaves when its first bit does and arrives, whole, when its
 * last bit does: at start + wire bytes * ps per byte + delay. A packet sent while the wire is busy
 * waits its turn in the link's queue, what a NIC's ring of descriptors is, unless more than `queue`
 * wire bytes are ahead of it that have not left yet (link_queue); senders that must not build a
 * queue look at port_free_at. A packet that is longer than an Ethernet header, a VLAN tag and `mtu`
 * bytes is not sent (too_long_for_link); the tag has its room whether it is there or not, as in
 * IEEE 802.3's longest frame. Both are drops of the sender.
 * Arrivals of one time run in the order of their senders' owners, and of one sender's sendings. */
typedef struct {
    uint64_t ps_per_byte_q16; /* picoseconds per byte times 65,536; 0: no serialisation */
    SimTime delay;
    uint32_t mtu;   /* bytes of an IP packet with its header, the outermost; 0: any */
    uint32_t queue; /* 0: as many as come */
} LinkSpeed;
#define LINK_MTU_BYTES 1500u
#define LINK_HEADER_BYTES 18u /* Ethernet and a VLAN tag */

/* What is going to be sent, as far as settings tell: packets, and until when. */
typedef struct {
    double packets;
    SimTime until; /* 0: unknown */
} NetworkLoad;

typedef struct Port Port;

struct ComponentClass {
    const char *name;  /* [name INSTANCE] in a scenario */
    const char *text;  /* one sentence */
    const char *ports; /* what each port is, for help */
    size_t size;
    const Param *params;                   /* ends with {0} */
    const struct Composition *composition; /* emu/scenario/compose.h; NULL: it takes no part */
    const struct Planner *planner;         /* emu/study/plan.h; NULL: it has none */
    const DropReason *drops;               /* ends with {0}; may be NULL */
    const Scalar *scalars;                 /* of report; ends with {0}; NULL: none */
    uint32_t link_mtu; /* of links at its ports, where none is given; 0: LINK_MTU_BYTES */
    bool (*choice)(unsigned n,
                   Choice *choice); /* the n-th, asked in turn until false; may be NULL */
    bool (*create)(Component *c, GError **error);
    bool (*start)(Component *c, GError **error);
    void (*receive)(Component *c, unsigned port, Packet *pkt); /* takes pkt */
    const Verb *verbs; /* of the script; ends with {0}; NULL: it takes none */
    /* Whether the command is understood, as far as that can be known before the run (everything has
     * started): its verb is one of the above. Changes nothing. */
    bool (*understands)(const Component *c, const char *verb, const char *args, GError **error);
    /* Carry out one command of the script; `verb` and `args` as written. */
    bool (*command)(Component *c, const char *verb, const char *args, GError **error);
    /* The n-th MAC address that is reached through the port, on the far side of a link to it; false
     * past the last. NULL: none. For switches, which know their stations from the start. */
    bool (*station)(const Component *c, unsigned port, unsigned n, uint8_t mac[6]);
    /* What can be said of the settings before a run, once everything has started; each may be NULL.
     * Whether the component, as it is set and wired, is going to send through the port. */
    bool (*sends)(const Component *c, unsigned port);
    /* Why a key that the scenario gives has no effect, "application = i3 uses it"; NULL: it has. */
    const char *(*unused)(const Component *c, const char *key);
    /* Add "KEY: found ..., ..." (allocated) for a setting that will not do what it seems to. `end`
     * is the scenario's own end of the run, SIM_NEVER if it has none. */
    void (*doubts)(const Component *c, SimTime end, GPtrArray *sentences);
    /* What it is going to send, as it is set; from this the time is estimated that runs take. */
    NetworkLoad (*load)(const Component *c);
    void (*stop)(Component *c);
    bool (*check)(Component *c, GError **error);
    /* Tell what it needs and has, with resources_tell, without changing anything. Asked in the
     * middle of a run that is to be explained; may be NULL. */
    void (*resources)(const Component *c, Resources *resources);
    void (*report)(Component *c, Report *report);
    void (*free)(Component *c);
};

struct Component {
    const ComponentClass *class;
    char *name;
    Network *network;
    Sim *sim;
    PacketPool *packets;
    SimOwner owner;
    GPtrArray *owners; /* it and those of its parts */
    Port *ports;
    unsigned n_ports;   /* set by create; default 1 */
    uint64_t received;  /* packets that arrived at its ports */
    uint64_t *drops;    /* packets, by reason of the class; then those of links */
    unsigned n_drops;   /* reasons of the class */
    Recorder *recorder; /* NULL: the run is not recorded */
    uint32_t track;     /* its own there, from start on */
};

typedef struct {
    uint64_t seed;
    unsigned repetition;
    const char *output; /* folder for captures and other files of this run; NULL: none wanted */
    Recorder *recorder; /* borrowed; NULL: none */
} NetworkOptions;

Network *network_new(const NetworkOptions *options);
void network_free(Network *net);
Sim *network_sim(Network *net);
PacketPool *network_packets(Network *net);

/* Where a scenario's own times count from, those of sources, monitors, scripts and its end: 0,
 * unless a component that has to prepare the network first has said so in create. */
void network_begins(Network *net, SimTime zero);
SimTime network_zero(const Network *net);

/* Make a component with default parameters; the caller sets others, then calls network_create. */
Component *network_add(Network *net, const ComponentClass *class, const char *name);
Component *network_find(const Network *net, const char *name); /* NULL if there is none */
Component *network_nth(const Network *net, unsigned n);        /* NULL past the last */
bool network_create(Network *net, GError **error);             /* class->create of all, in order */
/* Wire an output port to an input port, one direction. Each end is used at most once. */
bool network_link(Component *from, unsigned from_port, Component *to, unsigned to_port,
                  LinkSpeed speed, GError **error);
/* The order of names: byte by byte, but numbers in them by their value; "a1" and "a01" differ. */
int compare_names(const char *a, const char *b);
/* On failure *failed is the component that refused. */
bool network_start(Network *net, const Component **failed, GError **error);
/* After the run: stop all, check all and the conservation of packets and bytes. */
bool network_stop(Network *net, GError **error);
void network_report(Network *net, Report *report);
/* Before network_start: ask components for their resources while the sources' window is open, and
 * follow packets. Nothing that the run computes depends on it. What was found is there after the
 * run, for as long as the network; NULL: this was not called. */
void network_explain(Network *net);
const GArray *network_resources(Network *net); /* ResourceResult */
const Hops *network_hops(const Network *net);
/* What all components are going to send. */
NetworkLoad network_load(const Network *net);
/* Sources say +1 while they may still create packets and -1 when done; the run is over when nobody
 * is busy and no packet is left (network_idle), or at the scenario's own end. */
void network_busy(Network *net, int change);
bool network_idle(const Network *net);
/* Run to `end` (SIM_NEVER: until idle), but at most `drain` after the last source was done. The
 * callback, if any, is called after every `step` of simulated time in which something happened, and
 * may call sim_stop. */
void network_run(Network *net, SimTime end, SimTime drain, SimTime step,
                 void (*progress)(Network *net, void *user), void *user);

/* For components ------------------------------------------------------------------------- */

/* Send through an output port; takes pkt. A port without a link drops it as "unconnected", and the
 * link what it cannot take. */
void port_send(Component *c, unsigned port, Packet *pkt);
bool port_connected(const Component *c, unsigned port);
/* Whether a link leads to the input port; any input port of the component. */
bool port_fed(const Component *c, unsigned port);
bool component_fed(const Component *c);
/* Where an output port leads; NULL when it has no link. *peer_port, unless NULL, is the port there.
 */
Component *port_peer(const Component *c, unsigned port, unsigned *peer_port);
/* When the wire will have sent everything handed to it so far; <= now when it is free. */
SimTime port_free_at(const Component *c, unsigned port);
LinkSpeed port_speed(const Component *c, unsigned port);
/* The time from now until the earliest effect on the peer: what a partition may run ahead by. */
SimTime port_lookahead(const Component *c, unsigned port);

/* Make `owner` one of the component's, for a part that keeps its own order. In create; up to
 * COMPONENT_OWNERS with its own, which break ties in the order of these calls. */
#define COMPONENT_OWNERS 64u
void component_owner(Component *c, SimOwner *owner);

/* End a packet for a reason of c->class->drops; counts, observes and frees it. */
void component_drop(Component *c, unsigned reason, Packet *pkt);
/* A stream of random numbers of its own: seeded by (seed, repetition, component name, use). */
void component_random(Component *c, const char *use, Random *random);
/* Where within `interval` something periodic that comes from outside begins: 0 in repetition 0, in
 * later ones uniform in [0, interval), from the component's stream "phase". Without it repetitions
 * of periodic traffic would be one and the same run. */
SimTime component_phase(Component *c, SimTime interval);
/* Watch a queue or buffer of the component: `read(from)` is the packets that it holds. From start.
 */
void component_gauge(Component *c, const char *name, GaugeRead *read, const void *from);
uint64_t gauge_queue(const void *packet_queue); /* of a PacketQueue */
/* The component counts the packets that it creates in [from, until); SIM_NEVER: not known yet. */
void component_window(Component *c, SimTime from, SimTime until);
/* Whether the class has the verb; the error has those it has, and the nearest. */
bool component_has_verb(const Component *c, const char *verb, GError **error);
/* Take a file name of the run's output folder for this component; false and an error that names
 * both if another has it. *path, which the caller frees, is NULL when no files are wanted: the name
 * is taken even so, so that a check refuses what a run would. */
bool component_output_path(Component *c, const char *file_name, char **path, GError **error);

/* Parts ------------------------------------------------------------------------------------ */

/* A network can be cut along its links, and the parts run apart, each a Network with a Sim of its
 * own. Every part has all components by name: its own as they are, and one of remote_class for each
 * of the others, so that all parts number owners alike. A link that is cut is made in both parts.
 *
 * What is sent at t arrives at t + port_lookahead at the earliest. So parts that all run to just
 * before t + W, W the least lookahead of the links that are cut, hand over what was sent through
 * them, and go on, do together what the whole does: every component sees the same packets at the
 * same times in the same order, and the fingerprints of the parts sum to that of the whole. Calls
 * between components are not cut: components that call each other are in one part. */

/* Stands for a component that another part runs. Whoever adds one sets n_ports before create. */
extern const ComponentClass remote_class;
/* The next packet that was sent through the port to a remote component; NULL: none is left. The
 * caller imports it in that component's part, and ends it here with packet_end_exported. */
Packet *port_export(Component *c, unsigned port);
/* Let a copy of the packet arrive as the remote component has sent it through this port of its own,
 * in the order of export, before it is due. */
void port_import(Component *remote, unsigned port, const Packet *pkt);
