/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One TCP connection. `una`, `next` and `max` are sequence numbers: the oldest that is not
 * acknowledged, the next to send, and the end of all that was ever sent; `next` is less than `max`
 * while what was sent is sent again. Both buffers are rings, which begin with the byte after what
 * was acknowledged, or with the byte that the program reads next. */
#include "components/host/tcp.h"

#include <errno.h>
#include <glib.h>
#include <string.h>

#include "fastpath/headers.h"

enum { HEADERS = IPV4_BYTES + TCP_BYTES, TTL = 64, DEFAULT_MSS = 536, MAX_WINDOW = 65535 };
enum { DUPLICATES = 3 }; /* ACKs that say that a segment is lost */

const TcpSettings tcp_defaults = {.mss = 1460,
                                  .receive_buffer = 65535,
                                  .send_buffer = 65536,
                                  .rto_first = SIM_S,
                                  .rto_min = 200 * SIM_MS,
                                  .rto_max = 120 * SIM_S,
                                  .delayed_ack = 40 * SIM_MS,
                                  .time_wait = 60 * SIM_S,
                                  .tries = 15};

typedef struct {
    uint8_t *bytes;
    uint32_t size, head, n;
} Ring;

typedef struct {
    uint32_t from, end; /* sequence numbers */
} Piece;

struct Tcp {
    TcpSettings set;
    const TcpOutlet *outlet;
    void *user;
    uint32_t address, peer;
    uint16_t port, peer_port;
    TcpState state;
    int error;
    uint32_t mss; /* of what it sends */
    uint8_t *segment;
    bool news; /* the program is not told yet of a change */
    /* sending */
    Ring out; /* from una, or from the first byte before the SYN is acknowledged */
    uint32_t una, next, max, window, window_sequence, window_ack, widest;
    bool opened;   /* its SYN is acknowledged */
    bool finished; /* nothing is added to `out` any more */
    bool fin_sent;
    uint32_t congestion, threshold, recover;
    unsigned duplicates;
    bool recovering;
    SimTime last_sent;
    /* round trips */
    bool timing;
    uint32_t timed;
    SimTime timed_at, round_trip, deviation, rto;
    unsigned tries;
    /* receiving */
    Ring in;                       /* its n: what may be read */
    uint32_t expected, told, edge; /* next byte; last acknowledged; right edge of the window */
    GArray *pieces;                /* behind `expected`, sorted, apart */
    bool fin_known, fin_taken;
    uint32_t fin;
    bool ack_now;
    /* timers */
    SimTime rto_at, ack_at, end_at;
    TcpCounts counts;
};

static bool before(uint32_t a, uint32_t b) {
    return (int32_t)(a - b) < 0;
}
static bool up_to(uint32_t a, uint32_t b) {
    return (int32_t)(a - b) <= 0;
}
static uint32_t later(uint32_t a, uint32_t b) {
    return before(a, b) ? b : a;
}

/* Rings ------------------------------------------------------------------------------------ */

static void ring_put(Ring *r, uint32_t at, const uint8_t *bytes, uint32_t n) {
    uint32_t from = (r->head + at) % r->size, first = MIN(n, r->size - from);
    memcpy(r->bytes + from, bytes, first);
    memcpy(r->bytes, bytes + first, n - first);
}
static void ring_get(const Ring *r, uint32_t at, uint8_t *bytes, uint32_t n) {
    uint32_t from = (r->head + at) % r->size, first = MIN(n, r->size - from);
    memcpy(bytes, r->bytes + from, first);
    memcpy(bytes + first, r->bytes, n - first);
}
static void ring_drop(Ring *r, uint32_t n) {
    r->head = (r->head + n) % r->size;
    r->n -= n;
}

/* Segments --------------------------------------------------------------------------------- */

static uint32_t sum_bytes(const uint8_t *p, uint32_t n) {
    return sum_words(p, n & ~1u) + (n & 1 ? (uint32_t)p[n - 1] << 8 : 0);
}
/* Of a segment of `n` bytes behind its IPv4 header, with the pseudo header of RFC 9293. */
static uint32_t tcp_sum(const uint8_t *ip, uint32_t n) {
    return sum_words(ip + IP4_SOURCE, 8) + IP_PROTOCOL_TCP + n + sum_bytes(ip + IPV4_BYTES, n);
}

bool tcp_read_segment(const uint8_t *ip, uint32_t length, TcpSegment *s) {
    if (length < IPV4_BYTES || ip4_version(ip) != 4) return false;
    uint32_t header = ip4_header_bytes(ip), total = get16(ip + IP4_TOTAL);
    if (header < IPV4_BYTES || total > length || total < header + TCP_BYTES ||
        fold_checksum(sum_words(ip, header)) != 0 || ip[IP4_PROTOCOL] != IP_PROTOCOL_TCP ||
        ip4_is_fragment(ip))
        return false;
    const uint8_t *tcp = ip + header;
    uint32_t bytes = total - header, offset = (uint32_t)(tcp[TCP_OFFSET] >> 4) * 4;
    uint32_t sum = sum_words(ip + IP4_SOURCE, 8) + IP_PROTOCOL_TCP + bytes + sum_bytes(tcp, bytes);
    if (offset < TCP_BYTES || offset > bytes || fold_checksum(sum) != 0) return false;
    *s = (TcpSegment){.from = get32(ip + IP4_SOURCE),
                      .to = get32(ip + IP4_DESTINATION),
                      .from_port = (uint16_t)get16(tcp + L4_SOURCE_PORT),
                      .to_port = (uint16_t)get16(tcp + L4_DESTINATION_PORT),
                      .sequence = get32(tcp + TCP_SEQUENCE),
                      .ack = get32(tcp + TCP_ACKNOWLEDGES),
                      .flags = tcp[TCP_FLAGS],
                      .window = (uint16_t)get16(tcp + TCP_WINDOW),
                      .data = tcp + offset,
                      .length = bytes - offset};
    for (uint32_t at = TCP_BYTES; at + 1 < offset && tcp[at] != TCP_OPTION_END;) {
        uint32_t n = tcp[at] == TCP_OPTION_NOP ? 1 : tcp[at + 1];
        if (n == 0 || at + n > offset || (n == 1 && tcp[at] != TCP_OPTION_NOP)) break;
        if (tcp[at] == TCP_OPTION_MSS && n == TCP_MSS_BYTES) s->mss = (uint16_t)get16(tcp + at + 2);
        at += n;
    }
    return true;
}

/* Headers of a segment whose options and data are there. */
static void put_headers(uint8_t *ip, uint32_t from, uint16_t from_port, uint32_t to,
                        uint16_t to_port, uint32_t sequence, uint32_t ack, uint8_t flags,
                        uint32_t window, uint32_t options, uint32_t data) {
    uint8_t *tcp = ip + IPV4_BYTES;
    uint32_t bytes = TCP_BYTES + options + data;
    ip4_put_header(ip, 0, IPV4_BYTES + bytes, TTL, IP_PROTOCOL_TCP, from, to);
    put16(tcp + L4_SOURCE_PORT, from_port);
    put16(tcp + L4_DESTINATION_PORT, to_port);
    put32(tcp + TCP_SEQUENCE, sequence);
    put32(tcp + TCP_ACKNOWLEDGES, ack);
    tcp[TCP_OFFSET] = (uint8_t)((TCP_BYTES + options) / 4 << 4);
    tcp[TCP_FLAGS] = flags;
    put16(tcp + TCP_WINDOW, window);
    put32(tcp + TCP_CHECKSUM, 0);
    put16(tcp + TCP_CHECKSUM, fold_checksum(tcp_sum(ip, bytes)));
}

bool tcp_answer_reset(const TcpSegment *s, uint8_t ip[40]) {
    if (s->flags & TCP_RST) return false;
    uint32_t end = s->sequence + s->length + !!(s->flags & TCP_SYN) + !!(s->flags & TCP_FIN);
    bool acks = s->flags & TCP_ACK;
    put_headers(ip, s->to, s->to_port, s->from, s->from_port, acks ? s->ack : 0, acks ? 0 : end,
                acks ? TCP_RST : TCP_RST | TCP_ACK, 0, 0, 0);
    return true;
}

/* The window that it offers: its right edge moves by a segment or half the buffer, or not at all
 * (RFC 9293, 3.8.6.2.2), and never back. */
static uint32_t offered(Tcp *t) {
    uint32_t room = MIN(t->in.size - t->in.n, MAX_WINDOW), edge = t->expected + room;
    if (before(t->edge, edge) && edge - t->edge >= MIN(t->set.mss, t->in.size / 2)) t->edge = edge;
    return before(t->expected, t->edge) ? t->edge - t->expected : 0;
}

static bool is_open(const Tcp *t) {
    return t->state != TCP_CLOSED;
}
static bool synchronized(const Tcp *t) {
    return t->state >= TCP_ESTABLISHED;
}

/* `n` bytes of `out` from the sequence number on; those that SYN and FIN take are flags. */
static void emit(Tcp *t, uint32_t sequence, uint32_t n, uint8_t flags, SimTime now) {
    uint8_t *options = t->segment + HEADERS;
    uint32_t bytes = 0;
    if (flags & TCP_SYN) {
        options[0] = TCP_OPTION_MSS;
        options[1] = bytes = TCP_MSS_BYTES;
        put16(options + 2, t->set.mss);
    } else if (n) {
        ring_get(&t->out, sequence - t->una, options, n);
        if (sequence - t->una + n == t->out.n) flags |= TCP_PSH;
    }
    bool acks = flags & TCP_ACK;
    put_headers(t->segment, t->address, t->port, t->peer, t->peer_port, sequence,
                acks ? t->expected : 0, flags, flags & TCP_RST ? 0 : offered(t), bytes, n);
    uint32_t end = sequence + n + !!(flags & TCP_SYN) + !!(flags & TCP_FIN);
    t->counts.segments_out++;
    if (end != sequence) {
        t->last_sent = now;
        bool again = before(sequence, t->max), alone = t->max == t->una;
        t->counts.retransmitted += again;
        if (again) {
            t->timing = false;
        } else if (!t->timing) {
            t->timing = true;
            t->timed = sequence;
            t->timed_at = now;
        }
        t->next = later(t->next, end);
        t->max = later(t->max, end);
        t->fin_sent |= !!(flags & TCP_FIN);
        if (alone || t->rto_at == SIM_NEVER) t->rto_at = now + t->rto;
    }
    if (acks) {
        t->told = t->expected;
        t->ack_now = false;
        t->ack_at = SIM_NEVER;
    }
    t->outlet->send(t->user, t->segment, HEADERS + bytes + n);
}

static void send_syn(Tcp *t, SimTime now) {
    emit(t, t->una, 0, t->state == TCP_SYN_RECEIVED ? TCP_SYN | TCP_ACK : TCP_SYN, now);
}

/* Bytes and FIN of which nothing may be sent any more: the end of the stream. */
static uint32_t data_end(const Tcp *t) {
    return t->una + t->out.n;
}

static bool may_send(const Tcp *t) {
    return synchronized(t) && t->state != TCP_FIN_WAIT_2 && t->state != TCP_TIME_WAIT;
}

/* One segment from the sequence number on, of `most` bytes, with the FIN if it comes next. */
static void send_from(Tcp *t, uint32_t sequence, uint32_t most, SimTime now) {
    uint32_t there = before(sequence, data_end(t)) ? data_end(t) - sequence : 0;
    uint32_t n = MIN(MIN(there, most), t->mss);
    bool fin = t->finished && n == there;
    emit(t, sequence, n, (uint8_t)(TCP_ACK | (fin ? TCP_FIN : 0)), now);
}

/* Where an ACK alone stands: behind all that was sent, also while some of it is sent again, but
 * within the window, also while a closed one is probed. Else two ends that do so at once would find
 * each other's ACKs unacceptable, and answer them for ever. */
static uint32_t ack_place(const Tcp *t) {
    return t->una + MIN(t->window, t->max - t->una);
}

/* All that may be sent now; an ACK alone, if one is due and nothing else went. */
static void output(Tcp *t, SimTime now) {
    while (may_send(t)) {
        uint32_t flight = t->next - t->una, most = MIN(t->window, t->congestion);
        uint32_t unsent = before(t->next, data_end(t)) ? data_end(t) - t->next : 0;
        uint32_t usable = most > flight ? most - flight : 0;
        uint32_t n = MIN(MIN(unsent, usable), t->mss);
        bool fin = t->finished && n == unsent && up_to(t->next, data_end(t));
        bool all = n == unsent && (t->set.nodelay || !flight || t->finished);
        bool again = before(t->next, t->max);
        if (!(n && (n == t->mss || all || again || n >= t->widest / 2)) && !(fin && !unsent)) break;
        if (flight == 0 && now - t->last_sent > t->rto && !again) /* RFC 5681, 4.1 */
            t->congestion = MIN(t->congestion, MAX(2 * t->mss, MIN(4 * t->mss, 4380)));
        send_from(t, t->next, n, now);
    }
    if (t->ack_now && synchronized(t)) emit(t, ack_place(t), 0, TCP_ACK, now);
    /* A window that is closed, or too small for what waits, is asked about. */
    bool waits = may_send(t) && t->next == t->una && before(t->next, data_end(t));
    if (waits && t->rto_at == SIM_NEVER) t->rto_at = now + t->rto;
}

/* Life ------------------------------------------------------------------------------------- */

static void enter(Tcp *t, TcpState state) {
    t->state = state;
    t->news = true;
}

static void end(Tcp *t, int error) {
    if (!t->error) t->error = error;
    t->rto_at = t->ack_at = t->end_at = SIM_NEVER;
    t->ack_now = false;
    enter(t, TCP_CLOSED);
}

/* Last in every call from outside: tells the program, which may call again. */
static void tell(Tcp *t) {
    while (t->news) {
        t->news = false;
        t->outlet->changed(t->user);
    }
}

static void ring_init(Ring *r, uint32_t size) {
    r->size = size;
    r->bytes = g_malloc(size);
}

static void set_mss(Tcp *t, uint16_t offer) {
    t->mss = MIN(t->set.mss, offer ? offer : DEFAULT_MSS);
    t->mss = MAX(t->mss, 64); /* nobody's segments are shorter: RFC 9293 leaves it open */
    t->congestion = MAX(2 * t->mss, MIN(4 * t->mss, 4380)); /* RFC 3390 */
}

static Tcp *new (const TcpSettings *settings, uint32_t first, const TcpOutlet *outlet, void *user) {
    Tcp *t = g_new0(Tcp, 1);
    t->set = *settings;
    t->outlet = outlet;
    t->user = user;
    t->una = t->next = t->max = t->recover = first;
    t->rto = settings->rto_first;
    t->rto_at = t->ack_at = t->end_at = SIM_NEVER;
    t->threshold = UINT32_MAX;
    t->segment = g_malloc(HEADERS + MAX(settings->mss, TCP_MSS_BYTES));
    t->pieces = g_array_new(FALSE, FALSE, sizeof(Piece));
    ring_init(&t->out, settings->send_buffer);
    ring_init(&t->in, settings->receive_buffer);
    set_mss(t, 0);
    return t;
}

Tcp *tcp_connect(const TcpSettings *settings, uint32_t from, uint16_t from_port, uint32_t to,
                 uint16_t to_port, uint32_t first, const TcpOutlet *outlet, void *user,
                 SimTime now) {
    Tcp *t = new (settings, first, outlet, user);
    t->address = from;
    t->port = from_port;
    t->peer = to;
    t->peer_port = to_port;
    t->edge = MIN(t->in.size, MAX_WINDOW);
    t->state = TCP_SYN_SENT;
    send_syn(t, now);
    return t;
}

static void take_syn(Tcp *t, const TcpSegment *s) {
    t->expected = t->told = s->sequence + 1;
    t->edge = t->expected + MIN(t->in.size, MAX_WINDOW);
    t->window = t->widest = s->window;
    t->window_sequence = s->sequence;
    t->window_ack = s->ack;
    set_mss(t, s->mss);
}

Tcp *tcp_accept(const TcpSettings *settings, const TcpSegment *syn, uint32_t first,
                const TcpOutlet *outlet, void *user, SimTime now) {
    Tcp *t = new (settings, first, outlet, user);
    t->address = syn->to;
    t->port = syn->to_port;
    t->peer = syn->from;
    t->peer_port = syn->from_port;
    take_syn(t, syn);
    t->state = TCP_SYN_RECEIVED;
    send_syn(t, now);
    return t;
}

void tcp_free(Tcp *t) {
    if (!t) return;
    g_array_unref(t->pieces);
    g_free(t->out.bytes);
    g_free(t->in.bytes);
    g_free(t->segment);
    g_free(t);
}

/* Round trips: RFC 6298 --------------------------------------------------------------------- */

static void measured(Tcp *t, SimTime r) {
    const SimTime granularity = SIM_MS;
    if (!t->round_trip) {
        t->round_trip = MAX(r, 1);
        t->deviation = r / 2;
    } else {
        SimTime off = r > t->round_trip ? r - t->round_trip : t->round_trip - r;
        t->deviation = t->deviation - t->deviation / 4 + off / 4;
        t->round_trip = MAX(t->round_trip - t->round_trip / 8 + r / 8, 1);
    }
    SimTime rto = t->round_trip + MAX(granularity, 4 * t->deviation);
    t->rto = CLAMP(rto, t->set.rto_min, t->set.rto_max);
}

/* ACKs ------------------------------------------------------------------------------------- */

static void grow(Tcp *t, uint32_t acked) {
    if (t->congestion < t->threshold)
        t->congestion += MIN(acked, t->mss);
    else
        t->congestion += MAX(1, t->mss * t->mss / t->congestion);
    t->congestion = MIN(t->congestion, 1u << 30);
}

/* New bytes were acknowledged while lost ones are sent again: RFC 6582, 3.2, step 3. */
static void recover(Tcp *t, uint32_t ack, uint32_t acked, SimTime now) {
    if (up_to(t->recover, ack)) {
        t->recovering = false;
        t->congestion = MIN(t->threshold, MAX(t->max - ack, t->mss) + t->mss);
        return;
    }
    send_from(t, ack, MAX(t->window, 1), now);
    t->congestion -= MIN(acked, t->congestion - t->mss);
    if (acked >= t->mss) t->congestion += t->mss;
}

static void acknowledged(Tcp *t, uint32_t ack, SimTime now) {
    uint32_t acked = ack - t->una, bytes = MIN(acked - !t->opened, t->out.n);
    if (t->timing && before(t->timed, ack)) {
        t->timing = false;
        measured(t, now - t->timed_at);
    }
    if (bytes) t->news = true; /* there is room */
    ring_drop(&t->out, bytes);
    t->counts.bytes_out += bytes;
    t->opened = true;
    t->una = ack;
    t->next = later(t->next, ack);
    t->tries = 0;
    t->duplicates = 0;
    t->rto_at = t->una == t->max ? SIM_NEVER : now + t->rto;
    if (t->recovering)
        recover(t, ack, acked, now);
    else
        grow(t, acked);
}

static void duplicate(Tcp *t, SimTime now) {
    t->duplicates++;
    if (t->recovering) {
        t->congestion += t->mss;
    } else if (t->duplicates == DUPLICATES && before(t->recover, t->una)) {
        t->threshold = MAX((t->max - t->una) / 2, 2 * t->mss);
        t->recover = t->max;
        t->recovering = true;
        t->counts.fast_retransmits++;
        send_from(t, t->una, MAX(t->window, 1), now);
        t->congestion = t->threshold + DUPLICATES * t->mss;
        t->rto_at = now + t->rto;
    }
}

/* False: the segment is no further looked at. */
static bool take_ack(Tcp *t, const TcpSegment *s, SimTime now) {
    if (before(t->max, s->ack)) { /* of what was not sent */
        t->ack_now = true;
        return false;
    }
    bool same = s->window == t->window && !s->length && !(s->flags & TCP_FIN);
    if (before(t->una, s->ack))
        acknowledged(t, s->ack, now);
    else if (s->ack == t->una && t->max != t->una && same)
        duplicate(t, now);
    bool newer = before(t->window_sequence, s->sequence) ||
                 (t->window_sequence == s->sequence && up_to(t->window_ack, s->ack));
    if (newer && up_to(t->una, s->ack)) {
        if (!t->window && s->window && t->next == t->una) t->rto_at = SIM_NEVER; /* no probe */
        if (!s->window) t->tries = 0; /* it is there, and has no room */
        t->window = s->window;
        t->widest = MAX(t->widest, t->window);
        t->window_sequence = s->sequence;
        t->window_ack = s->ack;
    }
    return true;
}

/* What an ACK of all that was sent, with the FIN, brings about. */
static void fin_acknowledged(Tcp *t, SimTime now) {
    if (!t->fin_sent || t->una != t->max) return;
    switch (t->state) {
    case TCP_FIN_WAIT_1: enter(t, TCP_FIN_WAIT_2); break;
    case TCP_CLOSING:
        enter(t, TCP_TIME_WAIT);
        t->end_at = now + t->set.time_wait;
        break;
    case TCP_LAST_ACK: end(t, 0); break;
    default: break;
    }
}

/* What comes in ---------------------------------------------------------------------------- */

/* Bytes from `from` to before `end` are there. */
static void add_piece(GArray *pieces, uint32_t from, uint32_t end) {
    unsigned i = 0;
    while (i < pieces->len && before(g_array_index(pieces, Piece, i).end, from)) i++;
    while (i < pieces->len && up_to(g_array_index(pieces, Piece, i).from, end)) {
        const Piece *p = &g_array_index(pieces, Piece, i);
        from = before(p->from, from) ? p->from : from;
        end = later(p->end, end);
        g_array_remove_index(pieces, i);
    }
    Piece joined = {from, end};
    g_array_insert_val(pieces, i, joined);
}

static void take_data(Tcp *t, uint32_t from, const uint8_t *data, uint32_t n) {
    uint32_t end = from + n;
    if (up_to(end, t->expected)) { /* all of it came before */
        t->counts.duplicates++;
        t->ack_now = true;
        return;
    }
    uint32_t skip = before(from, t->expected) ? t->expected - from : 0;
    from += skip;
    end = before(t->edge, end) ? t->edge : end;
    if (!before(from, end)) return;
    bool in_order = from == t->expected, hole = t->pieces->len > 0;
    ring_put(&t->in, t->in.n + (from - t->expected), data + skip, end - from);
    add_piece(t->pieces, from, end);
    t->ack_now |= !in_order || hole;
    t->counts.out_of_order += !in_order;
    const Piece *first = &g_array_index(t->pieces, Piece, 0);
    if (first->from != t->expected) return;
    t->in.n += first->end - t->expected;
    t->expected = first->end;
    g_array_remove_index(t->pieces, 0);
    t->news = true;
}

static void take_fin(Tcp *t, SimTime now) {
    if (!t->fin_known || t->fin_taken || t->expected != t->fin) return;
    t->fin_taken = true;
    t->expected++;
    t->ack_now = true;
    t->news = true;
    switch (t->state) {
    case TCP_SYN_RECEIVED:
    case TCP_ESTABLISHED: enter(t, TCP_CLOSE_WAIT); break;
    case TCP_FIN_WAIT_1: enter(t, TCP_CLOSING); break;
    case TCP_FIN_WAIT_2:
        enter(t, TCP_TIME_WAIT);
        t->rto_at = SIM_NEVER;
        t->end_at = now + t->set.time_wait;
        break;
    default: break;
    }
}

static void take_text(Tcp *t, const TcpSegment *s, SimTime now) {
    bool takes =
        t->state == TCP_ESTABLISHED || t->state == TCP_FIN_WAIT_1 || t->state == TCP_FIN_WAIT_2;
    if (takes && s->length) take_data(t, s->sequence, s->data, s->length);
    if (takes && s->flags & TCP_FIN && up_to(s->sequence + s->length, t->edge)) {
        t->fin_known = true;
        t->fin = s->sequence + s->length;
    }
    take_fin(t, now);
    if (t->expected == t->told) return;
    if (t->expected - t->told >= 2 * t->mss)
        t->ack_now = true;
    else if (t->ack_at == SIM_NEVER)
        t->ack_at = now + t->set.delayed_ack;
}

static void refuse(Tcp *t, const TcpSegment *s) {
    uint8_t ip[HEADERS];
    t->counts.segments_out++;
    if (tcp_answer_reset(s, ip)) t->outlet->send(t->user, ip, sizeof ip);
}

/* Both ends have the other's SYN: RFC 5681, 3.1, of one that was lost. */
static void establish(Tcp *t) {
    if (t->counts.retransmitted) t->congestion = t->mss;
    enter(t, t->finished ? TCP_FIN_WAIT_1 : TCP_ESTABLISHED);
}

static void answer_to_syn(Tcp *t, const TcpSegment *s, SimTime now) {
    bool acks = s->flags & TCP_ACK;
    if (acks && s->ack != t->max) {
        refuse(t, s);
    } else if (s->flags & TCP_RST) {
        if (acks) end(t, ECONNREFUSED);
    } else if (s->flags & TCP_SYN) {
        take_syn(t, s);
        if (!acks) { /* both open at once */
            t->state = TCP_SYN_RECEIVED;
            send_syn(t, now);
            return;
        }
        acknowledged(t, s->ack, now);
        establish(t);
        t->ack_now = true;
        output(t, now);
    }
}

/* RFC 9293, 3.10.7.4: some of it is within the window; an ACK may be at its edge, where it is when
 * a full window is on its way. */
static bool acceptable(const Tcp *t, const TcpSegment *s) {
    uint32_t n = s->length + !!(s->flags & TCP_SYN) + !!(s->flags & TCP_FIN);
    uint32_t last = s->sequence + n - 1, window = t->edge - t->expected;
    bool starts = s->sequence - t->expected < window;
    if (!n) return s->sequence - t->expected <= window;
    return window && (starts || last - t->expected < window);
}

/* False: that was all. */
static bool take_header(Tcp *t, const TcpSegment *s, SimTime now) {
    bool both_open = t->state == TCP_SYN_RECEIVED && s->sequence + 1 == t->expected &&
                     (s->flags & (TCP_SYN | TCP_ACK | TCP_RST)) == (TCP_SYN | TCP_ACK);
    if (both_open) return true; /* its SYN came before, by itself */
    if (!acceptable(t, s)) {
        if (t->state == TCP_SYN_RECEIVED && s->flags & TCP_SYN)
            send_syn(t, now);
        else if (!(s->flags & TCP_RST))
            t->ack_now = true;
        if (t->state == TCP_TIME_WAIT && s->flags & TCP_FIN) t->end_at = now + t->set.time_wait;
        bool probe = s->sequence == t->expected && t->edge == t->expected; /* its ACK counts */
        return probe && s->flags & TCP_ACK && !(s->flags & (TCP_RST | TCP_SYN));
    }
    if (s->flags & TCP_RST && s->sequence == t->expected) {
        bool over =
            t->state == TCP_TIME_WAIT || t->state == TCP_LAST_ACK || t->state == TCP_CLOSING;
        end(t, over ? 0 : t->state == TCP_SYN_RECEIVED ? ECONNREFUSED : ECONNRESET);
        return false;
    }
    if (s->flags & (TCP_RST | TCP_SYN)) {
        t->ack_now = true;
        return false;
    }
    return s->flags & TCP_ACK;
}

static void input(Tcp *t, const TcpSegment *s, SimTime now) {
    if (t->state == TCP_SYN_SENT) {
        answer_to_syn(t, s, now);
        return;
    }
    if (take_header(t, s, now)) {
        if (t->state == TCP_SYN_RECEIVED) {
            if (s->ack != t->max) {
                refuse(t, s);
                return;
            }
            establish(t);
        }
        if (take_ack(t, s, now)) {
            fin_acknowledged(t, now);
            if (is_open(t)) take_text(t, s, now);
        }
    }
    if (is_open(t)) output(t, now);
}

void tcp_input(Tcp *t, const TcpSegment *s, SimTime now) {
    if (!is_open(t)) return;
    t->counts.segments_in++;
    input(t, s, now);
    tell(t);
}

void tcp_icmp(Tcp *t, uint8_t type, uint8_t code, SimTime now) {
    enum { UNREACHABLE = 3, PORT = 3, PROTOCOL = 2 };
    (void)now;
    if (t->state != TCP_SYN_SENT && t->state != TCP_SYN_RECEIVED) return;
    bool refused = type == UNREACHABLE && (code == PORT || code == PROTOCOL);
    end(t, refused ? ECONNREFUSED : EHOSTUNREACH);
    tell(t);
}

/* Timers ----------------------------------------------------------------------------------- */

SimTime tcp_due(const Tcp *t) {
    return MIN(t->rto_at, MIN(t->ack_at, t->end_at));
}

static void sent_for_nothing(Tcp *t, SimTime now) {
    bool probing = synchronized(t) && t->max == t->una;
    if (probing && !t->out.n) {
        t->rto_at = SIM_NEVER;
        return;
    }
    if (t->tries++ == t->set.tries) {
        end(t, ETIMEDOUT);
        return;
    }
    t->rto = MIN(2 * t->rto, t->set.rto_max);
    t->rto_at = now + t->rto;
    t->counts.timeouts += !probing;
    t->counts.probes += probing;
    if (!synchronized(t)) {
        send_syn(t, now);
        return;
    }
    if (probing) { /* whatever fits, or a byte */
        send_from(t, t->una, MAX(t->window, 1), now);
        return;
    }
    if (t->window) { /* else it is a probe's byte that the other end has no room for */
        if (t->tries == 1) t->threshold = MAX((t->max - t->una) / 2, 2 * t->mss);
        t->congestion = t->mss;
    }
    t->recover = t->max;
    t->recovering = false;
    t->duplicates = 0;
    t->next = t->una;
    send_from(t, t->una, MAX(t->window, 1), now);
}

void tcp_timer(Tcp *t, SimTime now) {
    if (t->end_at <= now) end(t, 0);
    if (t->rto_at <= now) sent_for_nothing(t, now);
    if (t->ack_at <= now && is_open(t)) {
        t->ack_now = true;
        output(t, now);
    }
    tell(t);
}

/* The program ------------------------------------------------------------------------------ */

uint32_t tcp_writable(const Tcp *t) {
    bool may = t->state >= TCP_SYN_SENT && t->state <= TCP_ESTABLISHED;
    return (may || t->state == TCP_CLOSE_WAIT) && !t->finished ? t->out.size - t->out.n : 0;
}

uint32_t tcp_write(Tcp *t, const void *bytes, uint32_t n, SimTime now) {
    n = MIN(n, tcp_writable(t));
    ring_put(&t->out, t->out.n, bytes, n);
    t->out.n += n;
    output(t, now);
    return n;
}

uint32_t tcp_readable(const Tcp *t) {
    return t->in.n;
}

uint32_t tcp_read(Tcp *t, void *bytes, uint32_t room, SimTime now) {
    uint32_t n = MIN(room, t->in.n), before_edge = t->edge;
    ring_get(&t->in, 0, bytes, n);
    ring_drop(&t->in, n);
    t->counts.bytes_in += n;
    bool may_come = !t->fin_taken && synchronized(t);
    if (n && may_come) { /* an update, when the window has opened by two segments or half */
        uint32_t edge = t->expected + MIN(t->in.size - t->in.n, MAX_WINDOW);
        if (edge - before_edge >= MIN(2 * t->mss, t->in.size / 2) && before(before_edge, edge)) {
            t->ack_now = true;
            output(t, now);
        }
    }
    return n;
}

bool tcp_ended(const Tcp *t) {
    return !t->in.n && (t->fin_taken || !is_open(t));
}

void tcp_close(Tcp *t, SimTime now) {
    if (t->finished || !is_open(t)) return;
    t->finished = true;
    switch (t->state) {
    case TCP_SYN_SENT:
        if (!t->out.n) end(t, 0);
        return;
    case TCP_ESTABLISHED: t->state = TCP_FIN_WAIT_1; break;
    case TCP_CLOSE_WAIT: t->state = TCP_LAST_ACK; break;
    default: break;
    }
    output(t, now);
}

void tcp_abort(Tcp *t, SimTime now) {
    if (!is_open(t)) return;
    if (t->state != TCP_SYN_SENT && t->state != TCP_TIME_WAIT)
        emit(t, ack_place(t), 0, TCP_RST | TCP_ACK, now);
    end(t, 0);
}

TcpState tcp_state(const Tcp *t) {
    return t->state;
}
int tcp_error(const Tcp *t) {
    return t->error;
}
SimTime tcp_round_trip(const Tcp *t, SimTime *deviation) {
    if (deviation) *deviation = t->deviation;
    return t->round_trip;
}
const TcpCounts *tcp_counts(const Tcp *t) {
    return &t->counts;
}
void tcp_ends(const Tcp *t, uint32_t *from, uint16_t *from_port, uint32_t *to, uint16_t *to_port) {
    *from = t->address;
    *from_port = t->port;
    *to = t->peer;
    *to_port = t->peer_port;
}
