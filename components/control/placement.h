/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/control/placement.h: on which server a slice's vServer is to be, which the global node
 * manager decides (SPP paper 6: "assigned to one of the GPEs by the GNM"). The paper does not say
 * how: the policies are ours. A server is asked for what PlanetLab guarantees a sliver: cpu_min,
 * in thousandths of a core, and net_min_rate, which must be left of the node's bandwidth too. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { PLACEMENT_MAX_SERVERS = 64 };

/* X(symbol, name, text) */
#define PLACEMENT_POLICIES(X)                                                                      \
    X(PLACEMENT_FEWEST, "fewest", "that has fewest vServers")                                      \
    X(PLACEMENT_MOST_FREE, "most_free", "with most of its processor not guaranteed to anybody")    \
    X(PLACEMENT_FIRST, "first", "with the lowest number")                                          \
    X(PLACEMENT_HASH, "hash", "by lot, which the slice's name draws")

typedef enum {
#define X(symbol, ...) symbol,
    PLACEMENT_POLICIES(X)
#undef X
        PLACEMENT_N_POLICIES
} PlacementPolicy;

/* Why nowhere: what the first server in service has too little of. X(symbol, name, text) */
#define PLACEMENT_REFUSALS(X)                                                                      \
    X(PLACEMENT_NO_SERVER, "no_server", "no server is in service")                                 \
    X(PLACEMENT_NO_ROOM, "no_vserver", "no server takes one more vServer")                         \
    X(PLACEMENT_NO_CPU, "cpu_min", "no server has so much of its processor left to guarantee")     \
    X(PLACEMENT_NO_NET, "net_min", "so much bandwidth is not left to guarantee")

typedef enum {
    PLACEMENT_OK,
#define X(symbol, ...) symbol,
    PLACEMENT_REFUSALS(X)
#undef X
        PLACEMENT_N_REFUSALS
} PlacementRefusal;

const char *placement_refusal_name(PlacementRefusal refusal);
const char *placement_refusal_text(PlacementRefusal refusal);

typedef struct {
    uint32_t vservers, cpu_min; /* cpu_min: ms/s */
    uint64_t net_min;           /* kbit/s */
} PlacementUse;

typedef struct {
    PlacementUse room, used;
    bool in_service;
} PlacementServer;

typedef struct {
    PlacementPolicy policy;
    PlacementServer server[PLACEMENT_MAX_SERVERS];
    unsigned n_servers;
    uint64_t net_min, net_room; /* kbit/s, of the node: its slowest interface */
} Placement;

/* Take the place, or say why there is none; nothing is taken then. `vservers` of what is asked is
 * taken as 1. */
PlacementRefusal placement_take(Placement *p, const char *slice, const PlacementUse *asked,
                                unsigned *server);
/* The same on a server that is known already, whatever is left there. */
void placement_put(Placement *p, unsigned server, const PlacementUse *asked);
void placement_give(Placement *p, unsigned server, const PlacementUse *asked);
