/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/host/stack.h: what a box has above its links to speak TCP: connections, listeners,
 * their timers, answers to pings (RFC 792) and what ICMP errors say. The box takes frames off its
 * links and gives them in, and charges itself what that costs; the stack knows no processor.
 *
 * A connection goes back the way that its first segment came: port, Ethernet addresses, VLAN tag.
 * So a stack needs no routes. Frames with a wrong checksum, fragments and other protocols are not
 * for it.
 *
 * Not modelled: UDP, ARP, a listener's backlog, SYN cookies, several addresses of one interface. */
#pragma once

#include "components/host/tcp.h"
#include "emu/core/component.h"

typedef struct Stack Stack;
typedef struct Connection Connection;

/* How TCP is set; the rows are those of the box. */
typedef struct {
    uint64_t mss, window, send_buffer;
    SimTime rto_min, delayed_ack, time_wait;
} StackSettings;
#define STACK_PARAMS(S, field)                                                                     \
    PARAM_SIZE("tcp_mss", S, field.mss, "1460B", "64B", "8960B",                                   \
               "bytes of its longest TCP segment",                                                 \
               "arithmetic: an MTU of 1,500 less two headers"),                                    \
        PARAM_SIZE("tcp_window", S, field.window, "65535B", "1B", "65535B",                        \
                   "receive buffer of a connection, which is its largest window",                  \
                   "RFC 9293: without scaling"),                                                   \
        PARAM_SIZE("tcp_send_buffer", S, field.send_buffer, "64KiB", "9000B", "16MiB",             \
                   "send buffer of a connection", "assumed"),                                      \
        PARAM_TIME("tcp_rto_min", S, field.rto_min, "200ms", "1ms", "10s",                         \
                   "least retransmission time-out of TCP", "Linux: 200 ms; RFC 6298: 1 s"),        \
        PARAM_TIME("tcp_delayed_ack", S, field.delayed_ack, "40ms", "0", "500ms",                  \
                   "longest wait of an ACK for a second segment",                                  \
                   "Linux: 40 ms; RFC 1122: 500 ms"),                                              \
        PARAM_TIME("tcp_time_wait", S, field.time_wait, "60s", "0", "240s",                        \
                   "how long a connection rests in TIME-WAIT", "Linux: 60 s")

/* The way to the other end: a port of the box, and what stands before the IPv4 header. */
typedef struct {
    unsigned port;
    uint32_t bytes; /* 14, or 18 with a tag */
    uint8_t header[18];
    void *owner; /* whose the frames are, for StackSend; or NULL */
} StackWay;
void stack_way(StackWay *way, unsigned port, const uint8_t to[6], const uint8_t from[6],
               uint16_t vlan); /* 0: no tag */

/* Of a component, which creates its packets; in create. `send` takes a frame to where it leaves. */
typedef void StackSend(void *user, unsigned port, Packet *pkt, void *owner);
Stack *stack_new(Component *c, const StackSettings *settings, StackSend *send, void *user);
void stack_free(Stack *s);
/* A frame has come in through the port. True: it is taken. False: nothing that the stack knows; it
 * is as it was, and still the caller's. */
bool stack_receive(Stack *s, unsigned port, Packet *pkt);

/* What becomes of a segment that is nobody's, unless it is a reset: a reset; an ICMP port
 * unreachable and nothing, as by Linux's targets REJECT and DROP for those that open a connection.
 */
typedef enum { STACK_RESETS, STACK_ICMP, STACK_SILENT } StackRefusal;
void stack_refuse(Stack *s, StackRefusal how);

/* What a program is told of its connection: it is open, has more to read or more room to write, has
 * ended. It may call anything of the connection. */
typedef void ConnectionChanged(void *user, Connection *c);

/* Connections to the port are taken, and are `accepted`'s when they are open. False: somebody
 * listens there. */
bool stack_listen(Stack *s, uint16_t port, ConnectionChanged *accepted, void *user);
void stack_unlisten(Stack *s, uint16_t port);
/* From an address, and a port or (0) the next that is free of 32,768 to 60,999. NULL: there is
 * none, or such a connection is there. */
Connection *stack_connect(Stack *s, const StackWay *way, uint32_t from, uint16_t from_port,
                          uint32_t to, uint16_t to_port, ConnectionChanged *changed, void *user);

/* From now on this is who is told. */
void connection_attend(Connection *c, ConnectionChanged *changed, void *user);
/* Whose the frames are from now on. */
void connection_own(Connection *c, void *owner);
uint32_t connection_write(Connection *c, const void *bytes, uint32_t n);
uint32_t connection_read(Connection *c, void *bytes, uint32_t room);
void connection_close(Connection *c); /* as tcp_close */
/* To look at: state, what there is to read, ... */
const Tcp *connection_tcp(const Connection *c);
/* The program is through with it, and knows it no more: what was written is still delivered, what
 * comes is thrown away. `abort`: at once, by a reset. */
void connection_leave(Connection *c, bool abort);

typedef struct {
    uint64_t opened, accepted, failed; /* connections: that got open; that did not */
    uint64_t open;                     /* now, TIME-WAIT not counted */
    uint64_t segments_in, segments_out, retransmitted, refused, pings, bad;
} StackCounts;
StackCounts stack_counts(const Stack *s);
#define STACK_SCALARS(when)                                                                        \
    {"tcp.opened", "connections", "that it opened", when},                                         \
        {"tcp.accepted", "connections", "that others opened to it", when},                         \
        {"tcp.failed", "connections", "that did not get open", when},                              \
        {"tcp.open", "connections", "at the end, those in TIME-WAIT not counted", when},           \
        {"tcp.segments_in", "segments", "of TCP that came in", when},                              \
        {"tcp.segments_out", "segments", "of TCP that it sent", when},                             \
        {"tcp.retransmitted", "segments", "of these, sent again", when},                           \
        {"tcp.refused", "segments", "that were nobody's", when},                                   \
        {"tcp.bad", "packets", "of TCP or ICMP with a wrong checksum, or not whole", when}, {      \
        "pings", "packets", "that were answered", when                                             \
    }
void stack_report(const Stack *s, Report *report);
