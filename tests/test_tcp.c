/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * TCP between two ends and a way that loses, doubles and reorders. The oracle of a connection is
 * the stream itself; that of single segments is arithmetic by the RFCs; that of their form, tshark.
 */
#include "components/host/tcp.h"

#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <pcap/pcap.h>

#include "emu/core/random.h"
#include "fastpath/headers.h"
#include "tests/check.h"

enum { A, B };
#define ADDRESS(side) (0x0a000001u + (side))

typedef struct World World;

/* A segment on its way. */
typedef struct {
    SimTime at;
    uint64_t order;
    unsigned to;
    uint32_t length;
    uint8_t *ip;
} Flight;

typedef struct {
    World *world;
    unsigned side;
    Tcp *tcp;
    uint64_t written, total, read; /* bytes of its streams, out and in */
    bool reads, closes, wrong;
    unsigned sent; /* segments */
} End;

struct World {
    SimTime now, delay;
    TcpSettings settings;
    Random random;
    double loss, twice, jitter; /* jitter: of packets that take up to 20 ms longer */
    GArray *flights;
    uint64_t order;
    End end[2];
    uint32_t first[2];
    /* sees each segment that is sent; false: it is lost */
    bool (*passes)(World *w, unsigned from, const TcpSegment *s);
    void *own;
    pcap_dumper_t *capture;
};

static uint8_t byte_at(unsigned side, uint64_t i) {
    uint64_t h = (i + 1) * UINT64_C(0x9e3779b97f4a7c15) + side;
    return (uint8_t)(h >> 56 ^ h >> 20);
}

static void capture(World *w, const uint8_t *ip, uint32_t length) {
    uint8_t frame[9100] = {0};
    struct pcap_pkthdr header = {.caplen = length + 14, .len = length + 14};
    header.ts.tv_sec = (long)(w->now / SIM_S);
    header.ts.tv_usec = (long)(w->now % SIM_S / SIM_US);
    put16(frame + ETHER_TYPE, ETHER_TYPE_IPV4);
    memcpy(frame + ETHER_BYTES, ip, length);
    pcap_dump((u_char *)w->capture, &header, frame);
}

static void fly(World *w, unsigned to, const uint8_t *ip, uint32_t length, SimTime more) {
    Flight f = {w->now + w->delay + more, w->order++, to, length, g_memdup2(ip, length)};
    g_array_append_val(w->flights, f);
}

static bool chance(World *w, double p) {
    return p > 0 && random_unit(&w->random) < p;
}

static void put_on_way(void *user, const uint8_t *ip, uint32_t length) {
    End *e = user;
    World *w = e->world;
    TcpSegment s;
    CHECK(tcp_read_segment(ip, length, &s));
    CHECK(s.length <= w->settings.mss);
    e->sent++;
    if (w->capture) capture(w, ip, length);
    if (w->passes && !w->passes(w, e->side, &s)) return;
    if (chance(w, w->loss)) return;
    for (unsigned n = 1 + chance(w, w->twice); n > 0; n--)
        fly(w, !e->side, ip, length,
            chance(w, w->jitter) ? random_below(&w->random, 20 * SIM_MS) : 0);
}

/* The program: writes its stream, checks the other's, closes when both are through. */
static void work(void *user) {
    End *e = user;
    World *w = e->world;
    uint8_t bytes[700];
    if (!e->tcp) return;
    while (e->written < e->total && tcp_writable(e->tcp)) {
        uint32_t n = 1 + (uint32_t)random_below(&w->random, sizeof bytes);
        n = (uint32_t)MIN(n, e->total - e->written);
        for (uint32_t i = 0; i < n; i++) bytes[i] = byte_at(e->side, e->written + i);
        e->written += tcp_write(e->tcp, bytes, n, w->now);
    }
    while (e->reads && tcp_readable(e->tcp)) {
        uint32_t room = 1 + (uint32_t)random_below(&w->random, sizeof bytes);
        uint32_t n = tcp_read(e->tcp, bytes, room, w->now);
        for (uint32_t i = 0; i < n; i++) e->wrong |= bytes[i] != byte_at(!e->side, e->read + i);
        e->read += n;
    }
    if (e->closes && e->written == e->total) tcp_close(e->tcp, w->now);
}

static const TcpOutlet outlet = {put_on_way, work};

static World *world_new(const TcpSettings *settings) {
    World *w = g_new0(World, 1);
    w->settings = *settings;
    w->delay = 5 * SIM_MS;
    w->flights = g_array_new(FALSE, FALSE, sizeof(Flight));
    random_seed(&w->random, 1, 0, "tcp");
    for (unsigned i = 0; i < 2; i++) w->end[i] = (End){.world = w, .side = i, .reads = true};
    w->first[A] = 1000;
    w->first[B] = 9000;
    return w;
}

static void world_free(World *w) {
    for (unsigned i = 0; i < w->flights->len; i++) g_free(g_array_index(w->flights, Flight, i).ip);
    for (unsigned i = 0; i < 2; i++) {
        CHECK(!w->end[i].wrong);
        tcp_free(w->end[i].tcp);
    }
    g_array_unref(w->flights);
    g_free(w);
}

static void opened_by(World *w, unsigned side) {
    w->end[side].tcp =
        tcp_connect(&w->settings, ADDRESS(side), (uint16_t)(5000 + side), ADDRESS(!side),
                    (uint16_t)(5000 + !side), w->first[side], &outlet, &w->end[side], w->now);
    work(&w->end[side]);
}

static void arrive(World *w, const Flight *f) {
    End *e = &w->end[f->to];
    TcpSegment s;
    CHECK(tcp_read_segment(f->ip, f->length, &s));
    if (e->tcp)
        tcp_input(e->tcp, &s, w->now);
    else if ((s.flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN) {
        e->tcp = tcp_accept(&w->settings, &s, w->first[f->to], &outlet, e, w->now);
        work(e);
    }
}

static SimTime next_flight(const World *w, unsigned *which) {
    SimTime first = SIM_NEVER;
    uint64_t order = 0;
    for (unsigned i = 0; i < w->flights->len; i++) {
        const Flight *f = &g_array_index(w->flights, Flight, i);
        if (f->at > first || (f->at == first && f->order > order)) continue;
        first = f->at;
        order = f->order;
        *which = i;
    }
    return first;
}

/* Until `limit`, or as long as something is going to happen. */
static void run(World *w, SimTime limit) {
    for (;;) {
        unsigned which = 0;
        SimTime flight = next_flight(w, &which), due = SIM_NEVER;
        for (unsigned i = 0; i < 2; i++)
            if (w->end[i].tcp) due = MIN(due, tcp_due(w->end[i].tcp));
        if (MIN(flight, due) == SIM_NEVER || MIN(flight, due) > limit) break;
        w->now = MIN(flight, due);
        if (flight <= due) {
            Flight f = g_array_index(w->flights, Flight, which);
            g_array_remove_index_fast(w->flights, which);
            arrive(w, &f);
            g_free(f.ip);
            continue;
        }
        for (unsigned i = 0; i < 2; i++)
            if (w->end[i].tcp && tcp_due(w->end[i].tcp) <= w->now) tcp_timer(w->end[i].tcp, w->now);
    }
    if (limit != SIM_NEVER) w->now = limit;
}

static TcpState state(const World *w, unsigned side) {
    return tcp_state(w->end[side].tcp);
}
static const TcpCounts *counts(const World *w, unsigned side) {
    return tcp_counts(w->end[side].tcp);
}

static World *connected(const TcpSettings *settings) {
    World *w = world_new(settings);
    opened_by(w, A);
    run(w, 100 * SIM_MS);
    CHECK_U64(state(w, A), TCP_ESTABLISHED);
    CHECK_U64(state(w, B), TCP_ESTABLISHED);
    return w;
}

static void writes(World *w, unsigned side, uint64_t n) {
    w->end[side].total += n;
    work(&w->end[side]);
}

/* Streams ---------------------------------------------------------------------------------- */

static void streams_arrive_once_and_in_order_whatever_the_way_does(void) {
    uint64_t lost = 0, reordered = 0;
    for (unsigned trial = 0; trial < 300; trial++) {
        Random random;
        random_seed(&random, trial, 0, "settings");
        TcpSettings s = tcp_defaults;
        s.mss = 64 + (uint32_t)random_below(&random, 1400);
        s.send_buffer = s.mss + (uint32_t)random_below(&random, 20000);
        s.receive_buffer = 1 + (uint32_t)random_below(&random, trial % 2 ? 65535 : 3000);
        s.nodelay = trial % 3 == 0;
        World *w = world_new(&s);
        random_seed(&w->random, trial, 0, "way");
        w->first[A] = UINT32_MAX - (uint32_t)random_below(&random, 30000); /* they wrap */
        w->first[B] = (uint32_t)random_next(&random);
        w->loss = trial % 4 * 0.05;
        w->twice = trial % 5 * 0.05;
        w->jitter = trial % 3 * 0.2;
        for (unsigned i = 0; i < 2; i++) {
            w->end[i].total = random_below(&random, 40000);
            w->end[i].closes = true;
        }
        opened_by(w, A);
        run(w, 100000 * SIM_S);
        for (unsigned i = 0; i < 2; i++) {
            const End *e = &w->end[i];
            bool ok = !e->wrong && e->read == w->end[!i].total && state(w, i) == TCP_CLOSED &&
                      tcp_error(e->tcp) == 0 && counts(w, i)->bytes_in == e->read &&
                      counts(w, i)->bytes_out == e->total;
            if (!ok)
                printf("  trial %u end %u: read %" PRIu64 " of %" PRIu64 ", state %d, error %d\n",
                       trial, i, e->read, w->end[!i].total, state(w, i), tcp_error(e->tcp));
            CHECK(ok);
            lost += counts(w, i)->retransmitted;
            reordered += counts(w, i)->out_of_order;
        }
        world_free(w);
    }
    CHECK(lost > 1000 && reordered > 1000);
}

static void nothing_is_sent_again_on_a_way_that_loses_nothing(void) {
    World *w = connected(&tcp_defaults);
    writes(w, A, 1000000);
    writes(w, B, 300000);
    run(w, 60 * SIM_S);
    CHECK_U64(w->end[B].read, 1000000);
    CHECK_U64(w->end[A].read, 300000);
    for (unsigned i = 0; i < 2; i++) {
        CHECK_U64(counts(w, i)->retransmitted, 0);
        CHECK_U64(counts(w, i)->out_of_order, 0);
        CHECK_U64(counts(w, i)->duplicates, 0);
    }
    world_free(w);
}

/* A window is 65,535 bytes less what the program has not read when an ACK goes, a segment or two; a
 * round trip of 10 ms carries that, in whole segments. */
static void a_window_limits_what_a_round_trip_carries(void) {
    World *w = connected(&tcp_defaults);
    writes(w, A, 5000000);
    run(w, 300 * SIM_MS);
    uint64_t before = w->end[B].read;
    run(w, 800 * SIM_MS);
    CHECK_NEAR((double)(w->end[B].read - before), 50.0 * (65535 - 1460), 50.0 * 1460);
    world_free(w);
}

/* Opening and closing ------------------------------------------------------------------------ */

static unsigned seen[2];

static bool first_three(World *w, unsigned from, const TcpSegment *s) {
    static const uint8_t flags[] = {TCP_SYN, TCP_SYN | TCP_ACK, TCP_ACK};
    unsigned n = seen[0]++;
    CHECK_U64(from, n == 1 ? B : A);
    CHECK_U64(s->flags, flags[n]);
    CHECK_U64(s->sequence, n == 1 ? w->first[B] : w->first[A] + n / 2);
    CHECK_U64(s->ack, n == 0 ? 0 : n == 1 ? w->first[A] + 1 : w->first[B] + 1);
    CHECK_U64(s->mss, n < 2 ? 1460 : 0);
    CHECK_U64(s->window, 65535);
    CHECK_U64(w->now, n * 5 * SIM_MS);
    return true;
}

static void three_segments_open_a_connection(void) {
    World *w = world_new(&tcp_defaults);
    seen[0] = 0;
    w->passes = first_three;
    opened_by(w, A);
    run(w, SIM_S);
    CHECK_U64(seen[0], 3);
    world_free(w);
}

static void both_ends_may_open_and_close_at_once(void) {
    World *w = world_new(&tcp_defaults);
    opened_by(w, A);
    opened_by(w, B);
    run(w, SIM_S);
    CHECK_U64(state(w, A), TCP_ESTABLISHED);
    CHECK_U64(state(w, B), TCP_ESTABLISHED);
    for (unsigned i = 0; i < 2; i++) tcp_close(w->end[i].tcp, w->now);
    CHECK_U64(state(w, A), TCP_FIN_WAIT_1);
    run(w, 2 * SIM_S);
    CHECK_U64(state(w, A), TCP_TIME_WAIT);
    CHECK_U64(state(w, B), TCP_TIME_WAIT);
    run(w, 62 * SIM_S);
    CHECK_U64(state(w, A), TCP_CLOSED);
    CHECK_U64(tcp_error(w->end[A].tcp), 0);
    world_free(w);
}

static void one_side_may_close_and_the_other_go_on(void) {
    World *w = connected(&tcp_defaults);
    tcp_close(w->end[A].tcp, w->now);
    run(w, SIM_S);
    CHECK_U64(state(w, A), TCP_FIN_WAIT_2);
    CHECK_U64(state(w, B), TCP_CLOSE_WAIT);
    CHECK(tcp_ended(w->end[B].tcp));
    writes(w, B, 50000);
    run(w, 5 * SIM_S);
    CHECK_U64(w->end[A].read, 50000);
    tcp_close(w->end[B].tcp, w->now);
    run(w, 6 * SIM_S);
    CHECK_U64(state(w, B), TCP_CLOSED);
    CHECK_U64(state(w, A), TCP_TIME_WAIT);
    world_free(w);
}

static void a_reset_ends_it_and_one_out_of_place_does_not(void) {
    World *w = connected(&tcp_defaults);
    TcpSegment reset = {.from = ADDRESS(A),
                        .to = ADDRESS(B),
                        .from_port = 5000,
                        .to_port = 5001,
                        .sequence = w->first[A] + 100,
                        .flags = TCP_RST};
    unsigned before = w->end[B].sent;
    tcp_input(w->end[B].tcp, &reset, w->now);
    CHECK_U64(state(w, B), TCP_ESTABLISHED);
    CHECK_U64(w->end[B].sent, before + 1); /* an ACK: RFC 5961 */
    tcp_abort(w->end[A].tcp, w->now);
    run(w, SIM_S);
    CHECK_U64(state(w, B), TCP_CLOSED);
    CHECK_U64(tcp_error(w->end[B].tcp), ECONNRESET);
    world_free(w);
}

static void who_is_refused_is_told_so(void) {
    World *w = world_new(&tcp_defaults);
    uint8_t ip[40];
    TcpSegment s, syn = {.from = ADDRESS(A),
                         .to = ADDRESS(B),
                         .from_port = 5000,
                         .to_port = 5001,
                         .sequence = w->first[A],
                         .flags = TCP_SYN};
    opened_by(w, A);
    CHECK(tcp_answer_reset(&syn, ip));
    CHECK(tcp_read_segment(ip, sizeof ip, &s));
    CHECK_U64(s.ack, w->first[A] + 1);
    CHECK(!tcp_answer_reset(&s, ip)); /* never a reset for a reset */
    tcp_input(w->end[A].tcp, &s, w->now);
    CHECK_U64(state(w, A), TCP_CLOSED);
    CHECK_U64(tcp_error(w->end[A].tcp), ECONNREFUSED);
    world_free(w);
}

static void icmp_errors_end_what_is_being_opened_and_nothing_else(void) {
    World *w = world_new(&tcp_defaults);
    opened_by(w, A);
    tcp_icmp(w->end[A].tcp, 3, 1, w->now);
    CHECK_U64(tcp_error(w->end[A].tcp), EHOSTUNREACH);
    world_free(w);
    w = connected(&tcp_defaults);
    tcp_icmp(w->end[A].tcp, 3, 3, w->now);
    CHECK_U64(state(w, A), TCP_ESTABLISHED);
    world_free(w);
}

/* Times -------------------------------------------------------------------------------------- */

static GArray *times;

static bool note_and_lose(World *w, unsigned from, const TcpSegment *s) {
    (void)from;
    (void)s;
    g_array_append_val(times, w->now);
    return false;
}

/* 0, 1, 3, 7, 15, 31, 63, 127, then every 120 s: 2^n - 1 with a limit. */
static void an_unanswered_segment_is_sent_at_doubled_intervals(void) {
    World *w = world_new(&tcp_defaults);
    times = g_array_new(FALSE, FALSE, sizeof(SimTime));
    w->passes = note_and_lose;
    opened_by(w, A);
    run(w, SIM_NEVER);
    CHECK_U64(times->len, 16);
    for (unsigned i = 0; i < times->len; i++)
        CHECK_U64(g_array_index(times, SimTime, i),
                  (i < 8 ? (1u << i) - 1 : 127 + (i - 7) * 120) * SIM_S);
    CHECK_U64(tcp_error(w->end[A].tcp), ETIMEDOUT);
    g_array_unref(times);
    world_free(w);
}

/* RFC 6298: first R = 200 ms, so SRTT = R, RTTVAR = R / 2 and RTO = 3 R. */
static void the_time_out_follows_the_round_trip(void) {
    World *w = world_new(&tcp_defaults);
    SimTime deviation;
    w->delay = 100 * SIM_MS;
    opened_by(w, A);
    run(w, SIM_S);
    CHECK_U64(tcp_round_trip(w->end[A].tcp, &deviation), 200 * SIM_MS);
    CHECK_U64(deviation, 100 * SIM_MS);
    times = g_array_new(FALSE, FALSE, sizeof(SimTime));
    w->passes = note_and_lose;
    writes(w, A, 10);
    run(w, 3 * SIM_S);
    CHECK_U64(times->len, 3); /* at once, after 600 ms and 1,200 ms more */
    CHECK_U64(g_array_index(times, SimTime, 1), SIM_S + 600 * SIM_MS);
    CHECK_U64(g_array_index(times, SimTime, 2), SIM_S + 1800 * SIM_MS);
    w->passes = NULL;
    run(w, 30 * SIM_S);
    CHECK_U64(w->end[B].read, 10);
    CHECK_U64(tcp_round_trip(w->end[A].tcp, NULL), 200 * SIM_MS); /* Karn: not of one sent twice */
    g_array_unref(times);
    world_free(w);
}

static void an_ack_waits_for_a_second_segment_or_40_ms(void) {
    TcpSettings s = tcp_defaults;
    s.nodelay = true;
    World *w = connected(&s);
    unsigned before = w->end[B].sent;
    writes(w, A, 10);
    run(w, w->now + 44 * SIM_MS); /* 5 to get there */
    CHECK_U64(w->end[B].sent, before);
    run(w, w->now + 2 * SIM_MS);
    CHECK_U64(w->end[B].sent, before + 1);
    writes(w, A, 2 * 1460);
    run(w, w->now + 6 * SIM_MS);
    CHECK(w->end[B].sent > before + 1);
    world_free(w);
}

static void nagle_holds_a_small_segment_while_another_is_out(void) {
    for (unsigned nodelay = 0; nodelay < 2; nodelay++) {
        TcpSettings s = tcp_defaults;
        s.nodelay = nodelay;
        World *w = connected(&s);
        unsigned before = w->end[A].sent;
        for (unsigned i = 0; i < 5; i++) writes(w, A, 1);
        CHECK_U64(w->end[A].sent - before, nodelay ? 5 : 1);
        run(w, 2 * SIM_S);
        CHECK_U64(w->end[B].read, 5);
        CHECK_U64(w->end[A].sent - before, nodelay ? 5 : 2); /* the other four in one */
        world_free(w);
    }
}

/* Losses ------------------------------------------------------------------------------------- */

static unsigned lose_data; /* the n-th data segment that A sends for the first time */

static bool loses_one(World *w, unsigned from, const TcpSegment *s) {
    (void)w;
    if (from != A || !s->length) return true;
    return ++seen[0] != lose_data;
}

static void one_lost_segment_is_sent_again_once_by_three_duplicates(void) {
    World *w = connected(&tcp_defaults);
    seen[0] = 0;
    lose_data = 8;
    w->passes = loses_one;
    writes(w, A, 100 * 1460);
    run(w, 10 * SIM_S);
    CHECK_U64(w->end[B].read, 100 * 1460);
    CHECK_U64(counts(w, A)->fast_retransmits, 1);
    CHECK_U64(counts(w, A)->retransmitted, 1);
    CHECK_U64(counts(w, A)->timeouts, 0);
    world_free(w);
}

/* Of three that are out the first is lost: two duplicates are no proof, the time-out is. */
static void two_duplicates_are_not_enough(void) {
    World *w = connected(&tcp_defaults);
    seen[0] = 0;
    lose_data = 1;
    w->passes = loses_one;
    writes(w, A, 3 * 1460);
    run(w, 190 * SIM_MS + 100 * SIM_MS);
    CHECK_U64(counts(w, A)->retransmitted, 0);
    run(w, 10 * SIM_S);
    CHECK_U64(w->end[B].read, 3 * 1460);
    CHECK_U64(counts(w, A)->fast_retransmits, 0);
    CHECK_U64(counts(w, A)->timeouts, 1);
    world_free(w);
}

static void a_closed_window_is_asked_about_and_opens_by_no_crumbs(void) {
    TcpSettings s = tcp_defaults;
    s.receive_buffer = 5000;
    World *w = connected(&s);
    w->end[B].reads = false;
    writes(w, A, 20000);
    run(w, 20 * SIM_S);
    CHECK(counts(w, A)->probes > 0);
    CHECK_U64(tcp_readable(w->end[B].tcp), 5000);
    unsigned before = w->end[B].sent;
    uint8_t crumb[100];
    CHECK_U64(tcp_read(w->end[B].tcp, crumb, 100, w->now), 100);
    w->end[B].read = 100;
    CHECK_U64(w->end[B].sent, before); /* not worth telling */
    w->end[B].reads = true;
    work(&w->end[B]);
    CHECK_U64(w->end[B].sent, before + 1);
    run(w, 300 * SIM_S);
    CHECK_U64(w->end[B].read, 20000);
    world_free(w);
}

static void a_dead_peer_is_given_up_and_one_without_room_is_not(void) {
    TcpSettings s = tcp_defaults;
    s.receive_buffer = 1000;
    s.tries = 3;
    World *w = connected(&s);
    w->end[B].reads = false;
    writes(w, A, 5000);
    run(w, 10000 * SIM_S);
    CHECK_U64(state(w, A), TCP_ESTABLISHED);
    times = g_array_new(FALSE, FALSE, sizeof(SimTime));
    w->passes = note_and_lose;
    run(w, 20000 * SIM_S);
    CHECK_U64(state(w, A), TCP_CLOSED);
    CHECK_U64(tcp_error(w->end[A].tcp), ETIMEDOUT);
    g_array_unref(times);
    world_free(w);
}

/* Form --------------------------------------------------------------------------------------- */

/* What is not whole or has a wrong checksum is refused, and nothing that is read harms. */
static void damaged_segments_are_refused(void) {
    World *w = connected(&tcp_defaults);
    uint8_t ip[40], bad[60];
    TcpSegment s = {.from = ADDRESS(A), .to = ADDRESS(B), .from_port = 5000, .to_port = 5001}, out;
    CHECK(tcp_answer_reset(&s, ip));
    for (unsigned bit = 0; bit < sizeof ip * 8; bit++) {
        memcpy(bad, ip, sizeof ip);
        bad[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CHECK(!tcp_read_segment(bad, sizeof ip, &out));
    }
    for (unsigned n = 0; n < sizeof ip; n++) CHECK(!tcp_read_segment(ip, n, &out));
    for (unsigned i = 0; i < 20000; i++) {
        uint8_t data[200];
        for (unsigned k = 0; k < sizeof data; k++) data[k] = (uint8_t)random_next(&w->random);
        s = (TcpSegment){.sequence = w->first[A] + 1 + (uint32_t)random_below(&w->random, 4000),
                         .ack = w->first[B] + 1 + (uint32_t)random_below(&w->random, 3) - 1,
                         .flags = (uint8_t)(random_next(&w->random) & ~(uint64_t)TCP_RST),
                         .window = (uint16_t)random_next(&w->random),
                         .data = data,
                         .length = (uint32_t)random_below(&w->random, sizeof data)};
        tcp_input(w->end[B].tcp, &s, w->now);
    }
    w->end[B].wrong = false; /* these were not A's bytes */
    world_free(w);
}

static bool loses_some(World *w, unsigned from, const TcpSegment *s) {
    GArray *lost = w->own;
    if (from != A || !s->length) return true;
    unsigned n = ++seen[0];
    bool loses = n == 20 || n == 60 || n == 61 || n == 130;
    if (loses) g_array_append_val(lost, s->sequence);
    return !loses;
}

static char *tshark(const char *file, const char *filter) {
    g_autofree char *line = g_strdup_printf(
        "tshark -r %s -d tcp.port==5000,data -d tcp.port==5001,data -o ip.check_checksum:TRUE -o "
        "tcp.check_checksum:TRUE -o "
        "tcp.relative_sequence_numbers:FALSE -Y '%s' -T fields -e tcp.seq 2>/dev/null",
        file, filter);
    char *out = NULL;
    const char *argv[] = {"sh", "-c", line, NULL};
    CHECK(g_spawn_sync(NULL, (char **)(uintptr_t)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &out,
                       NULL, NULL, NULL));
    return out;
}

/* A transfer with four losses. What A sends again is what was lost, and tshark finds that and
 * nothing else to say of the capture, but for what the receiver answers. (What comes less than 3 ms
 * after its successor tshark calls out of order.) */
static void tshark_finds_the_losses_that_were_provoked_and_nothing_else(void) {
    g_autofree char *found = g_find_program_in_path("tshark");
    if (!found) {
        printf("  no tshark: left out\n");
        return;
    }
    g_autofree char *folder = g_dir_make_tmp("tcp-XXXXXX", NULL),
                    *file = g_build_filename(folder, "tcp.pcap", NULL);
    World *w = world_new(&tcp_defaults);
    pcap_t *dead = pcap_open_dead(DLT_EN10MB, 65535);
    w->capture = pcap_dump_open(dead, file);
    w->own = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    w->passes = loses_some;
    seen[0] = 0;
    w->end[A].total = 200 * 1460 + 77;
    w->end[B].total = 3001;
    w->end[A].closes = w->end[B].closes = true;
    opened_by(w, A);
    run(w, 1000 * SIM_S);
    CHECK_U64(w->end[B].read, w->end[A].total);
    pcap_dump_close(w->capture);
    w->capture = NULL;
    pcap_close(dead);
    g_autofree char *bad = tshark(file, "_ws.malformed or ip.checksum.status == Bad or "
                                        "tcp.checksum.status != Good");
    CHECK_TEXT(bad, "");
    GArray *lost = w->own;
    g_autoptr(GString) expected = g_string_new(NULL);
    for (unsigned i = 0; i < lost->len; i++)
        g_string_append_printf(expected, "%u\n", g_array_index(lost, uint32_t, i));
    g_autofree char *again = tshark(file, "tcp.analysis.retransmission or "
                                          "tcp.analysis.out_of_order");
    CHECK_TEXT(again, expected->str);
    g_autofree char *other =
        tshark(file, "tcp.analysis.flags and not tcp.analysis.retransmission and not "
                     "tcp.analysis.out_of_order and not "
                     "tcp.analysis.duplicate_ack and not tcp.analysis.window_update and not "
                     "tcp.analysis.window_full");
    CHECK_TEXT(other, "");
    g_array_unref(lost);
    world_free(w);
    g_unlink(file);
    g_rmdir(folder);
}

int main(void) {
    static const Test tests[] = {TEST(streams_arrive_once_and_in_order_whatever_the_way_does),
                                 TEST(nothing_is_sent_again_on_a_way_that_loses_nothing),
                                 TEST(a_window_limits_what_a_round_trip_carries),
                                 TEST(three_segments_open_a_connection),
                                 TEST(both_ends_may_open_and_close_at_once),
                                 TEST(one_side_may_close_and_the_other_go_on),
                                 TEST(a_reset_ends_it_and_one_out_of_place_does_not),
                                 TEST(who_is_refused_is_told_so),
                                 TEST(icmp_errors_end_what_is_being_opened_and_nothing_else),
                                 TEST(an_unanswered_segment_is_sent_at_doubled_intervals),
                                 TEST(the_time_out_follows_the_round_trip),
                                 TEST(an_ack_waits_for_a_second_segment_or_40_ms),
                                 TEST(nagle_holds_a_small_segment_while_another_is_out),
                                 TEST(one_lost_segment_is_sent_again_once_by_three_duplicates),
                                 TEST(two_duplicates_are_not_enough),
                                 TEST(a_closed_window_is_asked_about_and_opens_by_no_crumbs),
                                 TEST(a_dead_peer_is_given_up_and_one_without_room_is_not),
                                 TEST(damaged_segments_are_refused),
                                 TEST(tshark_finds_the_losses_that_were_provoked_and_nothing_else),
                                 {0}};
    return run_tests("tcp", tests);
}
