/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * fastpath/nat.h: network address and port translation for what GPEs open to the outside (SPP
 * paper, section 6): TCP, UDP and ICMP echo by its identifier. The management processor allocates
 * an outside port from a range set aside for it, the line card's fast path rewrites.
 *
 * One entry is one flow: (protocol, inside address and port, remote address and port). An outside
 * port belongs to one entry of its (outside address, protocol) at a time, whatever the remote end,
 * so that what is outside names the entry alone. Each flow has its own port, and only its own
 * remote end may use it: address and port dependent mapping and filtering in the words of RFC 4787.
 * Rarer in ports than sharing them between remote ends, but one look-up, and none can collide.
 *
 * Packets are rewritten in place: address, port (identifier), and by RFC 1624, equation 3, the
 * checksums over them; a word that does not change is left out of it (erratum 4782). A wrong
 * checksum stays wrong. UDP checksum 0 (none) stays 0, and one computed as 0 is sent as 0xffff
 * (RFC 768). Only headers are looked at: a packet may have been cut behind them, as by a capture.
 * TTL is not touched.
 *
 * ICMP errors (types 3, 11, 12) about a packet of a flow are translated in both directions, with
 * the quoted headers (RFC 5508, 4.2); they neither open nor prolong anything. On the way out the
 * source becomes the outside address, whichever inside host complains.
 *
 * Not modelled: fragments other than the first (they have no port: RFC 4787 would reassemble),
 * addresses within payloads, IP options that carry addresses, one inside host reaching another by
 * its outside address (hairpinning), TCP sequence numbers, ICMP queries other than echo, protocols
 * without ports, and echo requests or connections from outside, which are the line card's filters'.
 *
 * TCP entries are transitory until the remote end has answered, after a reset, and after a FIN from
 * each side; nat_expire gives these a time of their own (RFC 5382, REQ-5). Any later packet that is
 * no reset takes a reset back, so that a forged one does not end a connection (RFC 7857, 2.2); a
 * SYN from inside begins anew.
 *
 * Addresses and ports are in host order. Time is `now`, in picoseconds. All memory is taken in
 * nat_new. Look-ups are O(1): open addressing, at most half full. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define NAT_MAX_ENTRIES (1u << 20)

typedef enum {
    NAT_OK,
    NAT_MISS,             /* no such flow: out, allocate; in, the packet is not translation's */
    NAT_NOT_TRANSLATABLE, /* protocol, ICMP type, later fragment, or headers that are not whole */
    NAT_EXHAUSTED,        /* no port of the range is free, or no entry */
    NAT_BAD_REQUEST,      /* protocol is none of the three, or the range is not within 1 .. 65535 */
} NatResult;

typedef struct {
    uint8_t protocol; /* IP_PROTOCOL_TCP, _UDP, or 1 for ICMP echo */
    uint32_t inside_address, remote_address;
    uint16_t inside_port; /* ICMP: the identifier */
    uint16_t remote_port; /* ICMP: 0 */
    uint16_t blade;       /* where inbound packets go; not part of what names the flow */
    bool opens;           /* nat_flow: TCP, a SYN without ACK; others, true. Not kept. */
} NatFlow;

typedef struct {
    NatFlow flow;
    uint32_t outside_address;
    uint16_t outside_port;
    bool answered, fin_out, fin_in, reset; /* TCP */
    uint64_t created, last_used;
} NatEntry;

/* Every packet given to nat_outbound or nat_inbound is in one counter of its direction. */
typedef struct {
    uint64_t out, out_errors, out_misses, out_not_translatable; /* packets; errors: ICMP's */
    uint64_t in, in_errors, in_misses, in_not_translatable;
    uint64_t in_filtered; /* also NAT_MISS: the port is in use, but by another remote end */
    uint64_t allocated, expired, removed; /* entries; in use: allocated - expired - removed */
    uint64_t exhausted_ports, exhausted_entries; /* requests refused */
} NatCounts;

/* How long an entry may lie idle, in picoseconds. RFC 5382: TCP 2 h 4 min, transitory 4 min;
 * RFC 4787: UDP 2 min or more; RFC 5508: ICMP 60 s. */
typedef struct {
    uint64_t tcp, tcp_transitory, udp, icmp;
} NatIdle;

typedef struct NatTable NatTable;

/* NULL when memory is short or max_entries is not within 1 .. NAT_MAX_ENTRIES. */
NatTable *nat_new(unsigned max_entries);
void nat_free(NatTable *t);

/* The flow of an outbound packet that missed, for nat_allocate; blade 0. NAT_OK or
 * NAT_NOT_TRANSLATABLE (also for an ICMP error: it opens nothing). */
NatResult nat_flow(const uint8_t *ip, uint32_t length, NatFlow *flow);
/* Give the flow the first free port of first_port .. first_port + n_ports - 1 from where the last
 * search ended, so that a port rests as long as it can. A flow that has an entry keeps it, as it
 * is. O(n_ports) when the range is nearly full. `entry`, if not NULL, is set with NAT_OK and good
 * until the entry is removed. */
NatResult nat_allocate(NatTable *t, const NatFlow *flow, uint32_t outside_address,
                       uint16_t first_port, uint32_t n_ports, uint64_t now, const NatEntry **entry);

/* Rewrite the IPv4 packet of `length` bytes at `ip`; any other result than NAT_OK leaves it as it
 * was. Both directions set last_used. `entry` as above. */
NatResult nat_outbound(NatTable *t, uint8_t *ip, uint32_t length, uint64_t now,
                       const NatEntry **entry);
NatResult nat_inbound(NatTable *t, uint8_t *ip, uint32_t length, uint64_t now,
                      const NatEntry **entry);

/* Remove entries with now - last_used >= their idle time among the next `max_scan` places of the
 * table, going round; returns how many. An entry that is due translates until it is removed, and
 * its packets prolong it. */
unsigned nat_expire(NatTable *t, uint64_t now, const NatIdle *idle, unsigned max_scan);
bool nat_remove(NatTable *t, const NatFlow *flow);
/* All entries of the blade; returns how many. */
unsigned nat_remove_blade(NatTable *t, uint16_t blade);

const NatEntry *nat_find(const NatTable *t, const NatFlow *flow);
const NatEntry *nat_find_outside(const NatTable *t, uint32_t outside_address, uint8_t protocol,
                                 uint16_t outside_port);
unsigned nat_used(const NatTable *t);
const NatCounts *nat_counts(const NatTable *t);
