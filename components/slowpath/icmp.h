/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/slowpath/icmp.h: what a router's slow path answers to IPv4 packets that the fast path
 * left: RFC 792, and RFC 1812 section 4.3.2 on what an answer looks like and on what never gets
 * one. Bytes in, bytes out: no clock, no tables. Whoever calls owns routes and interfaces.
 *
 *     reason of the fast path    answer
 *     FP_TTL                     11/0 time exceeded
 *     FP_NO_ROUTE                 3/0 net unreachable
 *     FP_FRAGMENT                 3/4 fragmentation needed, with the MTU (RFC 1191), or cut it
 *     FP_OPTIONS                 forward (or 12/0 if the options are damaged, 11/0 if it expired)
 *     FP_MULTICAST               none
 *     FP_LOCAL, echo request      0/0 echo reply
 *     FP_LOCAL, UDP               3/3 port unreachable
 *     FP_LOCAL, not ICMP, UDP     3/2 protocol unreachable
 *     FP_LOCAL, source route      3/5 source route failed, if its end is not reached
 *
 * Not here: reassembly (fragments of an echo request are dropped), directed broadcasts (nobody here
 * knows a netmask), source routing, timestamp and address mask requests. */
#pragma once

#include "emu/core/sim.h"
#include "fastpath/substrate.h"

/* X(symbol, name, text): the first ones leave an answer in `out`. */
#define ICMP_OUTCOMES(X)                                                                           \
    X(ICMP_TIME_EXCEEDED, "time_exceeded", "answered: time exceeded, 11/0")                        \
    X(ICMP_NET_UNREACHABLE, "net_unreachable", "answered: no route, 3/0")                          \
    X(ICMP_PROTOCOL_UNREACHABLE, "protocol_unreachable", "answered: no such protocol here, 3/2")   \
    X(ICMP_PORT_UNREACHABLE, "port_unreachable", "answered: nobody has this UDP port, 3/3")        \
    X(ICMP_ROUTE_FAILED, "route_failed", "answered: source routes are not followed, 3/5")          \
    X(ICMP_PARAMETER, "parameter_problem", "answered: damaged IP options, 12/0")                   \
    X(ICMP_NEEDS_FRAGMENTS, "fragmentation_needed", "answered: too long and not to be cut, 3/4")   \
    X(ICMP_ECHO_REPLY, "echo_reply", "answered: echo reply, 0/0")                                  \
    X(ICMP_FORWARD, "options_forward", "with IP options, to be forwarded")                         \
    X(ICMP_CUT, "fragmented", "too long, to be forwarded in pieces")                               \
    X(ICMP_BAD_HEADER, "bad_header", "no answer: a header test fails")                             \
    X(ICMP_BAD_SOURCE, "bad_source", "no answer: source is nobody's, several hosts' or our own")   \
    X(ICMP_BAD_DESTINATION, "bad_destination", "no answer: destination multicast or broadcast")    \
    X(ICMP_FRAGMENT, "fragment", "no answer: not the first fragment, or a piece of an echo")       \
    X(ICMP_ABOUT_ERROR, "about_error", "no answer: about an ICMP error message")                   \
    X(ICMP_BAD_MESSAGE, "bad_message", "no answer: local ICMP or UDP cut short or damaged")        \
    X(ICMP_IGNORED, "ignored", "no answer: local ICMP that asks nothing")                          \
    X(ICMP_LIMITED, "limited", "no answer: above the limit of error messages")                     \
    X(ICMP_UNKNOWN, "unknown", "no answer: not an exception of the IPv4 code option")

typedef enum {
#define X(symbol, name, text) symbol,
    ICMP_OUTCOMES(X)
#undef X
        ICMP_N_OUTCOMES
} IcmpOutcome;

const char *icmp_outcome_name(IcmpOutcome outcome);
static inline bool icmp_answered(IcmpOutcome outcome) {
    return outcome <= ICMP_ECHO_REPLY;
}

/* RFC 1812 4.3.2.8: error messages per slice. A bucket that holds `burst` messages and is full at
 * time 0; exact. Echo replies are not errors and do not count. */
#define ICMP_MAX_BURST 1000000u
typedef struct {
    uint32_t rate_pps, burst;
    SimTime last;
    uint64_t level; /* of a message, in 10^-12: a picosecond adds rate_pps */
} IcmpLimit;
void icmp_limit_init(IcmpLimit *limit, uint32_t rate_pps, uint32_t burst); /* bounded */
bool icmp_limit_take(IcmpLimit *limit, SimTime now);

/* How many bytes an answer to a packet of `length` bytes may need. */
#define ICMP_ERROR_BYTES 576u
static inline uint32_t icmp_room(uint32_t length) {
    return length > ICMP_ERROR_BYTES ? length : ICMP_ERROR_BYTES;
}

/* Decide on the exception `ip`, and build the answer (an IPv4 packet of *out_bytes bytes) in `out`,
 * which holds icmp_room(length) bytes. `router`: this router's address on the interface by which
 * the packet came, source of errors; an echo reply comes from the address that was asked (RFC 1122
 * 3.2.2.6). `limit` may be NULL: none. `now` does not fall from call to call.
 *
 * On ICMP_FORWARD look up the route, then call icmp_forward; if there is none, call this again with
 * FP_NO_ROUTE. */
IcmpOutcome icmp_answer(IcmpLimit *limit, FpReason reason, const uint8_t *ip, uint32_t length,
                        uint32_t router, SimTime now, uint8_t *out, uint32_t *out_bytes);

/* The same for FP_FRAGMENT: the packet is longer than the `mtu` bytes that its way out takes. On
 * ICMP_CUT fragment_packet cuts it. RFC 1191 section 4. */
IcmpOutcome icmp_too_long(IcmpLimit *limit, uint32_t mtu, const uint8_t *ip, uint32_t length,
                          uint32_t router, SimTime now, uint8_t *out, uint32_t *out_bytes);

/* Make a packet that was ICMP_FORWARD ready for its next hop, in place: time to live, record route
 * and timestamp options (RFC 791 3.1) with `address`, the router's on the way out, and checksum.
 * Returns its length without link padding. */
uint32_t icmp_forward(uint8_t *ip, uint32_t address, SimTime now);
