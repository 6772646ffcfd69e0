/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/host/tcp.h: one TCP connection as a state machine: segments, the program's calls and
 * the passing of time go in, segments come out. It knows no clock, no events and no network; time
 * is `now`, in picoseconds, and never goes back.
 *
 *   RFC 9293   states, sequence numbers, what is acceptable, MSS option, windows, silly windows
 *              (on both sides), Nagle's rule unless `nodelay`, probes of a closed window, TIME-WAIT
 *   RFC 6298   retransmission time-out from the round trip of one segment at a time, never of one
 *              that was sent twice (Karn); doubled with each retransmission
 *   RFC 5681   slow start from RFC 3390's window, congestion avoidance, fast retransmit; RFC 6582
 *              (NewReno) fast recovery. There is no other congestion control.
 *   RFC 1122   an ACK for two full segments at the latest, or after `delayed_ack`; 4.2.3.9: ICMP
 *              errors end a connection that is being opened, and no other
 *   RFC 5961   a reset or SYN that is not exactly next is answered by an ACK
 *
 * Not modelled: SACK, timestamps, window scaling (a window is 65,535 bytes at most), urgent data,
 * keep-alive, path MTU discovery (don't fragment is set, what is too long for the way is lost), a
 * limit of the time in FIN-WAIT-2. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "emu/core/sim.h"

typedef struct Tcp Tcp;

typedef struct {
    uint32_t mss;                         /* bytes of the longest segment, 64 to 8,960 */
    uint32_t receive_buffer, send_buffer; /* bytes, from 1 and from mss up */
    SimTime rto_first, rto_min, rto_max;  /* retransmission time-outs */
    SimTime delayed_ack, time_wait;
    unsigned tries; /* retransmissions without an answer before it gives up */
    bool nodelay;
} TcpSettings;
/* 1,460 bytes, 65,535 and 65,536, 1 s, 200 ms and 120 s, 40 ms, 60 s, 15. */
extern const TcpSettings tcp_defaults;

/* A segment, read: addresses and ports in host order. */
typedef struct {
    uint32_t from, to;
    uint16_t from_port, to_port;
    uint32_t sequence, ack;
    uint8_t flags; /* TCP_SYN, ... */
    uint16_t window;
    uint16_t mss; /* 0: it names none */
    const uint8_t *data;
    uint32_t length;
} TcpSegment;
/* False: the IPv4 packet of `length` bytes is no whole TCP segment, or a checksum is wrong. */
bool tcp_read_segment(const uint8_t *ip, uint32_t length, TcpSegment *s);
/* The reset that answers a segment for which there is no connection, into 40 bytes. False: it is a
 * reset itself. */
bool tcp_answer_reset(const TcpSegment *s, uint8_t ip[40]);

typedef enum {
    TCP_CLOSED,
    TCP_SYN_SENT,
    TCP_SYN_RECEIVED,
    TCP_ESTABLISHED,
    TCP_FIN_WAIT_1,
    TCP_FIN_WAIT_2,
    TCP_CLOSE_WAIT,
    TCP_CLOSING,
    TCP_LAST_ACK,
    TCP_TIME_WAIT
} TcpState;

typedef struct {
    /* Send the IPv4 packet, which is the caller's again when this returns. */
    void (*send)(void *user, const uint8_t *ip, uint32_t length);
    /* The state has changed, there is more to read, or more room to write. May call what follows,
     * but for tcp_free. */
    void (*changed)(void *user);
} TcpOutlet;

typedef struct {
    uint64_t segments_in, segments_out; /* of all kinds */
    uint64_t bytes_in, bytes_out;       /* given to the program; acknowledged */
    uint64_t retransmitted;             /* segments that were sent again */
    uint64_t timeouts, fast_retransmits, out_of_order, duplicates, probes;
} TcpCounts;

/* Open a connection: from the address and port `from` to `to`, its first sequence number `first`.
 * The segment, a SYN, opens it the other way round. */
Tcp *tcp_connect(const TcpSettings *settings, uint32_t from, uint16_t from_port, uint32_t to,
                 uint16_t to_port, uint32_t first, const TcpOutlet *outlet, void *user,
                 SimTime now);
Tcp *tcp_accept(const TcpSettings *settings, const TcpSegment *syn, uint32_t first,
                const TcpOutlet *outlet, void *user, SimTime now);
void tcp_free(Tcp *t);

/* A segment of this connection has come; an ICMP error about one of its has. */
void tcp_input(Tcp *t, const TcpSegment *s, SimTime now);
void tcp_icmp(Tcp *t, uint8_t type, uint8_t code, SimTime now);
/* When tcp_timer is to be called, if nothing else is before; SIM_NEVER. */
SimTime tcp_due(const Tcp *t);
void tcp_timer(Tcp *t, SimTime now);

/* The program's calls. How many of the bytes were taken, and given. */
uint32_t tcp_write(Tcp *t, const void *bytes, uint32_t n, SimTime now);
uint32_t tcp_read(Tcp *t, void *bytes, uint32_t room, SimTime now);
uint32_t tcp_readable(const Tcp *t);
uint32_t tcp_writable(const Tcp *t);
/* Nothing more will come: the other side has closed, and all is read. */
bool tcp_ended(const Tcp *t);
/* No more will be written; what was is still delivered. Bytes that come are still read. */
void tcp_close(Tcp *t, SimTime now);
/* Close it at once, by a reset. */
void tcp_abort(Tcp *t, SimTime now);

TcpState tcp_state(const Tcp *t);
/* Why it is closed: 0, ECONNREFUSED, ECONNRESET, ETIMEDOUT, EHOSTUNREACH. */
int tcp_error(const Tcp *t);
/* Smoothed round trip and its deviation, in picoseconds; 0: none was measured. */
SimTime tcp_round_trip(const Tcp *t, SimTime *deviation);
const TcpCounts *tcp_counts(const Tcp *t);
/* The connection's own ends. */
void tcp_ends(const Tcp *t, uint32_t *from, uint16_t *from_port, uint32_t *to, uint16_t *to_port);
