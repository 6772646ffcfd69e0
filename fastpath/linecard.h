/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * fastpath/linecard.h: what the line card's two programs do to packets. SPP paper 2.2, 2.3, 6.
 *
 * In, per packet: key (destination address, protocol, port, source address, port, interface), TCAM,
 * and the frame is addressed to the blade that has bound its port, in its slice's VLAN. What nobody
 * has bound goes to the control processor if it is for one of the node's own addresses, after the
 * translation table has been asked (fastpath/nat.h); the rest is dropped. Out: the backplane
 * address that a blade sent to says which interface is meant, the VLAN says whose share it uses;
 * packets of hosts behind the node are translated; the frame is addressed to the next router.
 *
 * A traffic class is whoever has a share of the interfaces: a slice, a vServer, or the control
 * processor (0). Queue of a packet: class * interfaces + interface. No function allocates after
 * lc_tables_new. */
#pragma once

#include "fastpath/fp.h"
#include "fastpath/nat.h"
#include "fastpath/tcam.h"

#define LC_MAX_INTERFACES 16u
#define LC_MAX_CLASSES 1024u

/* X(symbol, name, text) */
#define LC_REASONS(X)                                                                              \
    X(LC_OK, "ok", "forwarded")                                                                    \
    X(LC_SHORT, "short", "ends inside a header")                                                   \
    X(LC_NOT_IP, "not_ip", "not IPv4")                                                             \
    X(LC_BAD_IP, "bad_ip", "IPv4 header fails a test")                                             \
    X(LC_NOT_OURS, "not_ours", "destination is not one of the node's addresses")                   \
    X(LC_UNBOUND, "unbound", "nobody has bound its port, and there is no control processor")       \
    X(LC_DOWN, "interface_down", "the interface is down")                                          \
    X(LC_NO_INTERFACE, "no_interface", "a blade sent to no interface's backplane address")         \
    X(LC_NO_CLASS, "no_class", "no slice has the VLAN")                                            \
    X(LC_NAT_MISS, "nat_miss", "needs a translation")                                              \
    X(LC_NAT_BAD, "nat_bad", "cannot be translated")                                               \
    X(LC_NAT_EXHAUSTED, "nat_exhausted", "no translation is free")                                 \
    X(LC_DETACHED, "detached", "whose port or VLAN it has was detached meanwhile")

typedef enum {
#define X(symbol, name, text) symbol,
    LC_REASONS(X)
#undef X
        LC_N_REASONS
} LcReason;

/* Where packets of a traffic class go inside the chassis. */
typedef struct {
    uint8_t mac[6];
    uint16_t vlan, class;
} LcTarget;

typedef struct LcTables LcTables;

LcTables *lc_tables_new(unsigned n_interfaces, unsigned nat_entries); /* NULL: memory is short */
void lc_tables_free(LcTables *t);
NatTable *lc_nat(LcTables *t);

/* The interface's address (host order), its MAC address outside, its neighbour's, and its MAC
 * address on the backplane. */
void lc_set_interface(LcTables *t, unsigned interface, uint32_t address, const uint8_t mac[6],
                      const uint8_t next_mac[6], const uint8_t backplane_mac[6]);
uint32_t lc_address(const LcTables *t, unsigned interface);
void lc_set_down(LcTables *t, unsigned interface, bool down);
/* The control processor; traffic class 0. */
void lc_set_default(LcTables *t, const LcTarget *target);
/* Packets in the target's VLAN are of its traffic class; answers to what that has opened go to
 * the target. False: another has the VLAN. */
bool lc_set_class(LcTables *t, const LcTarget *target);
/* The VLAN is not to be given to another traffic class yet: its packets are dropped as detached,
 * until it is nobody's (lc_clear_class). Its translations end. */
void lc_close_class(LcTables *t, const LcTarget *target);
void lc_clear_class(LcTables *t, uint16_t vlan);
/* Hosts behind the node: their packets are translated on the way out. */
void lc_set_inside(LcTables *t, uint32_t prefix, unsigned length);

/* Packets to (address, protocol, port) go to the target. */
typedef enum { LC_BOUND, LC_TAKEN, LC_FULL } LcBind;
LcBind lc_bind(LcTables *t, uint32_t address, uint8_t protocol, uint16_t port,
               const LcTarget *target);
/* Not to be bound again yet: packets to it are dropped as detached, until it is nobody's. */
void lc_close(LcTables *t, uint32_t address, uint8_t protocol, uint16_t port);
bool lc_unbind(LcTables *t, uint32_t address, uint8_t protocol, uint16_t port);
unsigned lc_bindings(const LcTables *t);

/* The blocks. Each returns the verdict; the reason (LcReason) is in p->reason. */
FpVerdict lc_in_key(LcTables *t, FpPacket *p, FpLog *log);
FpVerdict lc_in_lookup(LcTables *t, FpPacket *p, uint64_t now, FpLog *log);
/* Whom a packet is bound to, behind lc_in_key; translations are not looked at. False: nobody. */
bool lc_bound(LcTables *t, const FpPacket *p, unsigned *class);
FpVerdict lc_in_rewrite(LcTables *t, FpPacket *p, FpLog *log);
FpVerdict lc_out_lookup(LcTables *t, FpPacket *p, FpLog *log);
/* FP_EXCEPTION with LC_NAT_MISS: the management processor is to allocate, and to try again. */
FpVerdict lc_out_translate(LcTables *t, FpPacket *p, uint64_t now, FpLog *log);
FpVerdict lc_out_rewrite(LcTables *t, FpPacket *p, FpLog *log);
/* For the management processor: the flow of a packet that LC_NAT_MISS was said of. */
bool lc_nat_flow(const FpPacket *p, NatFlow *flow);
