/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/core/packet.h: real bytes with one owner, and where their time went.
 *
 * A packet is an Ethernet frame from the first byte of the destination address to the last byte
 * before the frame check sequence. It is in the hands of exactly one component; sending hands it
 * on, and packet_deliver and component_drop are its ends. Memory comes from slabs in four sizes
 * and goes back to them, so a run settles into allocating nothing.
 *
 * Layers of length, in bytes:   frame = data + 4 (FCS), at least 64
 *                               wire  = frame + 8 (preamble) + 12 (gap)      IEEE 802.3 clause 4 */
#pragma once

#include <glib.h>

#include "emu/core/sim.h"

/* What a packet's time is charged to; at any time exactly one of these. Two are the engine's; what
 * more there is to spend time in, the components say (components/causes.h), by numbers from
 * PACKET_N_GENERIC_CAUSES up and below PACKET_MAX_CAUSES. Symbol, name, sentence. */
#define PACKET_GENERIC_CAUSES(X)                                                                   \
    X(CAUSE_SOURCE, "source", "held by its source")                                                \
    X(CAUSE_WIRE, "wire", "serialisation and propagation on links")

typedef enum {
#define X(symbol, name, text) symbol,
    PACKET_GENERIC_CAUSES(X)
#undef X
        PACKET_N_GENERIC_CAUSES
} PacketGenericCause;
typedef uint32_t PacketCause;
#define PACKET_MAX_CAUSES 20u
extern const char *const packet_cause_names[PACKET_MAX_CAUSES]; /* of the components, too */

#define PACKET_FCS_BYTES 4u
#define PACKET_MIN_FRAME_BYTES 64u
#define PACKET_PREAMBLE_BYTES 8u
#define PACKET_GAP_BYTES 12u
#define PACKET_HEADROOM_BYTES 96u

typedef struct PacketPool PacketPool;
struct Hops;

typedef struct Packet {
    struct Packet *next; /* for the queue of its owner */
    uint8_t *data;     /* first byte of the frame; PACKET_HEADROOM_BYTES may be pushed before it */
    uint32_t length;   /* bytes of data, without FCS */
    uint32_t capacity; /* bytes of buffer behind `buffer` */
    uint8_t *buffer;
    PacketPool *pool;
    uint64_t id; /* origin << 40 | how many the origin had created before */
    SimTime created;
    uint32_t origin; /* id of the owner that created it */
    uint32_t flow;   /* origin's flow number; with `sequence` shows reordering at a sink */
    uint32_t sequence;
    uint32_t port; /* the port it last came in through */
    bool counted;  /* created inside its source's measurement window */
    PacketCause cause;
    SimTime since;                      /* charged to `cause` from here on */
    SimTime charged[PACKET_MAX_CAUSES]; /* sums to now - created, up to `since` */
    SimTime due;                        /* its owner's note: when it arrives, or may leave */
    uint64_t order;                     /* on a link: its place among arrivals of the same time */
    void *context;                      /* its owner's note; NULL between owners */
    struct Lease *lease;                /* whose it is: emu/core/tenant.h; NULL: nobody's */
    struct Account *account;            /* that counts it, until it has left the node; NULL: none */
    struct Walk *walk;                  /* emu/core/recorder.h; NULL: the run is not recorded */
} Packet;

/* Bytes created + imported + added = delivered + dropped + exported + removed + held; packets
 * likewise. Checked at the end of every run. Bytes are bytes of data. */
typedef struct {
    uint64_t created, imported, delivered, dropped, exported, held;
    uint64_t bytes_created, bytes_imported, bytes_added, bytes_removed, bytes_delivered,
        bytes_dropped, bytes_exported, bytes_held;
} PacketCounts;

typedef struct Recorder Recorder;
typedef struct Walk Walk;

/* `recorder` takes down what becomes of its packets; NULL: nobody does. */
PacketPool *packet_pool_new(Sim *sim, Recorder *recorder);
void packet_pool_free(PacketPool *pool); /* also frees packets still held */
/* Tell `hops` (emu/core/hops.h) how packets end, from now on. */
void packet_pool_follow(PacketPool *pool, struct Hops *hops);
/* `held` is counted independently, by walking the slabs. */
PacketCounts packet_pool_counts(const PacketPool *pool);
/* Those made here so far, without a look at each that is held. */
uint64_t packet_pool_created(const PacketPool *pool);
/* Every packet that is held. */
void packet_pool_each(const PacketPool *pool, void (*each)(const Packet *pkt, void *user),
                      void *user);
bool packet_pool_empty(const PacketPool *pool); /* nothing held; from totals, cheap */
bool packet_pool_check(const PacketPool *pool, GError **error);

/* A new packet of `length` bytes, 14 to 65,535, contents undefined, charged to CAUSE_SOURCE. */
Packet *packet_new(PacketPool *pool, SimOwner *origin, uint32_t length);
/* A packet of another pool, as it is: its bytes, its room, its name and its accounts. */
Packet *packet_import(PacketPool *pool, const Packet *from);
/* Make `n` bytes of room before the data (n <= what is left of the headroom), or take `n` away. */
void packet_push(Packet *pkt, uint32_t n);
void packet_pull(Packet *pkt, uint32_t n);
/* Set the length, keeping the start: padding is cut, or room made at the end (within capacity). */
void packet_set_length(Packet *pkt, uint32_t length);
void packet_deliver(Packet *pkt);
/* Ends the packet; callers go through component_drop, which counts the reason. */
void packet_end_dropped(Packet *pkt);
/* Ends it here: another pool has imported it. */
void packet_end_exported(Packet *pkt);

/* Whose a packet is: emu/core/tenant.h. */
typedef struct Tenant Tenant;
typedef struct Lease Lease;
typedef struct Account Account;

struct Tenant {
    Account *account;       /* of its packets; NULL: none */
    Lease *oldest, *newest; /* packets join the newest */
    unsigned held;          /* by others than packets */
    bool left, returning;
};

/* The packets that a tenant was given between two returns of numbers. */
struct Lease {
    Tenant *tenant;
    uint64_t packets;
    bool detached; /* the tenant has left: its packets end where they are next looked at */
    Lease *newer;
    GArray *returns;
};

/* The lease has no packet any more. */
void lease_last_packet(Lease *lease);
/* The packet, which its source counts, is this account's from now on. */
void account_take(Account *account, Packet *pkt);

/* The packet is the tenant's from now on, and no longer another's; NULL: nobody's. */
static inline void packet_carry(Packet *pkt, Tenant *tenant) {
    Lease *before = pkt->lease, *now = tenant ? tenant->newest : NULL;
    if (before == now) return;
    pkt->lease = now;
    if (now) {
        now->packets++;
        if (pkt->counted && pkt->account != tenant->account) account_take(tenant->account, pkt);
    }
    if (before && --before->packets == 0) lease_last_packet(before);
}

/* Whether the packet's tenant has left meanwhile. */
static inline bool packet_detached(const Packet *pkt) {
    return pkt->lease && pkt->lease->detached;
}

/* Of a packet that is recorded: it begins, is charged for its last cause, is delivered. */
Walk *walk_begin(Recorder *recorder, const Packet *pkt);
void walk_charge(Packet *pkt, SimTime now);
void walk_deliver(Packet *pkt, SimTime now);

/* From now on the packet's time goes to `cause`; what went to the last one until now, somebody else
 * has told the recorder. */
static inline void packet_charge_told(Packet *pkt, PacketCause cause, SimTime now) {
    pkt->charged[pkt->cause] += now - pkt->since;
    pkt->cause = cause;
    pkt->since = now;
}
/* From now on the packet's time goes to `cause`. */
static inline void packet_charge(Packet *pkt, PacketCause cause, SimTime now) {
    if (G_UNLIKELY(pkt->walk)) walk_charge(pkt, now);
    packet_charge_told(pkt, cause, now);
}

static inline uint32_t packet_frame_bytes(uint32_t length) {
    uint32_t frame = length + PACKET_FCS_BYTES;
    return frame < PACKET_MIN_FRAME_BYTES ? PACKET_MIN_FRAME_BYTES : frame;
}
static inline uint32_t packet_wire_bytes(uint32_t length) {
    return packet_frame_bytes(length) + PACKET_PREAMBLE_BYTES + PACKET_GAP_BYTES;
}

/* A first-in first-out queue of packets through Packet.next. */
typedef struct {
    Packet *head, *tail;
    uint32_t packets;
    uint64_t bytes; /* of data */
} PacketQueue;
void packet_queue_put(PacketQueue *queue, Packet *pkt);
Packet *packet_queue_get(PacketQueue *queue); /* NULL when empty */
