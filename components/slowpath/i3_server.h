/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/slowpath/i3_server.h: an I3 server (Stoica et al., SIGCOMM 2002): the triggers of a
 * node and what becomes of packets that the fast path left to it. SPP paper, section 7.2: stacks,
 * options, several triggers for one id, and the longest match below 256 bits.
 *
 * Behind the 3 + 32 n bytes of fastpath/options/i3.h, if flag 0x20 says so, options: a length of 2
 * bytes that counts itself, then of each a code and a body. Numbers big-endian.
 *
 *     0x01 sender                          address
 *     0x02 insert, 0x03 challenge, 0x04 ack, 0x05 remove, 0x08 cache address   trigger
 *     0x06 trigger not present             id
 *     others                               skipped; an unknown code makes the packet malformed
 *     address   0x10, n, n ids (a stack) or 0x20, IPv4 address 4, UDP port 2
 *     trigger   flags 1, id 32, prefix length 2 (bits), nonce 16, target (an address),
 *               key 16 unless the target is a stack, token bucket 13 with flag 0x2
 *
 * Matching: among all live triggers those of the id that is closest to the packet's top id,
 * smallest as id XOR top id, which is the longest common prefix and, where several share that, the
 * one that a walk down a binary tree along the packet's bits comes to. Of its triggers those fire,
 * in the order of their first insertion, for which the common prefix is at least the server's
 * minimum and the trigger's own prefix length. To a host goes the packet with its stack and without
 * its options; a stack takes the place of the top id and the packet is looked at again.
 *
 * Handshake: the nonce is a keyed hash of the target. An insert with another nonce is answered by a
 * challenge that carries the right one, sent to the target (a stack's to the sender), so who
 * inserts a trigger to a host can read what comes there. With it: an ack, and the owner's address
 * if it is known. An insert of a trigger with equal id and target refreshes it.
 *
 * Not here: the constraints between ids of a chain, shortcuts, the token bucket of a trigger, the
 * cache of owners, push-back of chains that end nowhere, IPv6 and NAT addresses as targets.
 * Endless chains are cut by max_depth and max_copies. */
#pragma once

#include "emu/core/sim.h"
#include "fastpath/options/i3.h"

#define I3_MAX_IDS 15u
#define I3_NONCE_BYTES 16u
#define I3_TRIGGER_BYTES 74u /* to an IPv4 host, no token bucket */

/* Options. */
#define I3_SENDER 0x01u
#define I3_INSERT 0x02u
#define I3_CHALLENGE 0x03u
#define I3_ACK 0x04u
#define I3_REMOVE 0x05u
#define I3_NOT_PRESENT 0x06u
#define I3_REQUEST_CACHE 0x07u
#define I3_CACHE_ADDRESS 0x08u
#define I3_CACHE_ADDRESS_FORCED 0x09u
#define I3_LOG 0x0au
#define I3_TIME_STAMP 0x0bu
#define I3_CONSTRAINT_FAILED 0x10u
#define I3_ROUTE_BROKEN 0x11u
#define I3_SHORTCUT_REQUEST 0x12u
#define I3_SHORTCUT_ADDRESS 0x13u
#define I3_DESTINATION_ADDRESS 0x14u
#define I3_SHORTCUT_INDIRECT 0x15u
#define I3_DESTINATION 0x20u
#define I3_RATE_LIMIT_EXCEEDED 0x30u
/* What a trigger leads to. */
#define I3_TO_STACK 0x10u
#define I3_TO_IPV4 0x20u

/* X(symbol, name, text) */
#define I3_COUNTS(X)                                                                               \
    X(I3_PACKETS, "packets", "packets processed")                                                  \
    X(I3_DELIVERED, "delivered", "copies sent to hosts")                                           \
    X(I3_FORWARDED, "forwarded", "packets sent on to the node that owns their id")                 \
    X(I3_INSERTED, "inserted", "triggers that are new")                                            \
    X(I3_REFRESHED, "refreshed", "inserts of triggers that were there")                            \
    X(I3_REMOVED, "removed", "triggers taken out on request")                                      \
    X(I3_EXPIRED, "expired", "triggers not refreshed in time")                                     \
    X(I3_CHALLENGED, "challenged", "inserts answered by a challenge")                              \
    X(I3_ACKED, "acked", "acks sent")                                                              \
    X(I3_ABSENT, "absent", "packets for an id without a trigger")                                  \
    X(I3_ABSENT_SENT, "absent_sent", "of these, told to their sender")                             \
    X(I3_MALFORMED, "malformed", "dropped: header or an option fails a test")                      \
    X(I3_NO_DATA, "no_data", "packets without data: only their options count")                     \
    X(I3_TOO_HIGH, "too_high", "dropped: a stack would exceed 15 ids")                             \
    X(I3_TOO_DEEP, "too_deep", "dropped: a chain of triggers does not end")                        \
    X(I3_TOO_LONG, "too_long", "dropped: longer than a UDP datagram")                              \
    X(I3_NO_NODE, "no_node", "dropped: next node of the ring is not known")                        \
    X(I3_REFUSED, "refused", "inserts refused: target no host, not our id, or table full")         \
    X(I3_BAD_NONCE, "bad_nonce", "removals refused: wrong nonce")                                  \
    X(I3_UNANSWERED, "unanswered", "answers not sent: no address to send them to")

typedef enum {
#define X(symbol, name, text) symbol,
    I3_COUNTS(X)
#undef X
        I3_N_COUNTS
} I3Count;

const char *i3_count_name(I3Count count);

typedef struct I3Server I3Server;

/* A trigger, as others see it. */
typedef struct {
    uint8_t id[I3_ID_BYTES];
    uint16_t prefix_bits;
    uint8_t n_ids;    /* of a stack; 0: the target is a host */
    uint32_t address; /* host order */
    uint16_t port;
    SimTime refreshed;
} I3Trigger;

/* Every field 0 or NULL stands for the default that the comment gives. */
typedef struct {
    uint8_t secret[16];
    unsigned min_prefix_bits; /* 128; 1 to 256 */
    SimTime lifetime;         /* 30 s; a trigger still fires at that age */
    unsigned max_triggers;    /* 65,536 */
    unsigned max_depth;       /* 16 stacks that follow one another */
    unsigned max_copies;      /* 4,096 triggers fired by one packet */
    uint32_t address;         /* this server's, for the owner's address in acks; 0: leave it out */
    uint16_t port;
    /* Whose is an id? True: another node's, reached at that address (0: not known). NULL: all ids
     * are this server's. */
    bool (*elsewhere)(void *user, const uint8_t id[I3_ID_BYTES], uint32_t *address, uint16_t *port);
    /* A trigger has become the only one with its leading 112 bits and goes to a host (install), or
     * no longer is (remove). What is installed at any time is what i3_server_single finds. The
     * trigger is borrowed for the call, which must not call the server. NULL: nobody asks. */
    void (*single)(void *user, bool install, const I3Trigger *trigger);
    void *user; /* of both */
} I3ServerParams;

I3Server *i3_server_new(const I3ServerParams *params);
void i3_server_free(I3Server *server); /* says nothing to `single` */

/* A packet to be sent by UDP. The bytes are borrowed for the call. */
typedef void I3Emit(void *user, const uint8_t *bytes, uint32_t length, uint32_t address,
                    uint16_t port);

/* One I3 packet from its version byte on. `from`: where answers go that have no better address; 0:
 * not known. `now` does not fall from call to call. */
void i3_server_process(I3Server *server, const uint8_t *packet, uint32_t length,
                       uint32_t from_address, uint16_t from_port, SimTime now, I3Emit *emit,
                       void *user);

/* Take out what has expired. i3_server_process does it first; call it at i3_server_next_expiry for
 * filters to go in time. SIM_NEVER: there are no triggers. */
void i3_server_expire(I3Server *server, SimTime now);
SimTime i3_server_next_expiry(const I3Server *server);

/* The trigger that alone has the leading 112 bits of `id` and goes to a host, else NULL. Valid
 * until the server's next call. */
const I3Trigger *i3_server_single(const I3Server *server, const uint8_t id[I3_ID_BYTES]);

unsigned i3_server_n_triggers(const I3Server *server);
uint64_t i3_server_count(const I3Server *server, I3Count count);
/* The nonce of a target, an address as on the wire. */
void i3_server_nonce(const I3Server *server, const uint8_t *target, uint32_t bytes,
                     uint8_t nonce[I3_NONCE_BYTES]);
