/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A network that is cut runs as the whole does. Three boxes, each linked with each of the others by
 * three links both ways, create, queue, change, drop and pass on packets at random, at whole
 * microseconds and mostly over links of whole microseconds, so that most things happen at the same
 * time as others. They run in one Sim, and in two and three that advance window by window. */
#include <string.h>

#include "components/causes.h"
#include "emu/core/component.h"
#include "emu/core/report.h"
#include "tests/check.h"

enum { N_BOXES = 3, N_LINKS = 3, N_PORTS = (N_BOXES - 1) * N_LINKS, MOST = 40 };
enum { DROP_FULL, DROP_TIRED };
#define END (4 * SIM_MS)

typedef struct {
    Component base;
    Random random;
    SimEvent birth, service;
    SimOwner server; /* of `service`: a part that keeps its own order */
    PacketQueue waiting;
    uint64_t delivered, in_order, served;
    Histogram latency;
} Box;

static void pass_on(Box *b, Packet *pkt) {
    port_send(&b->base, (unsigned)random_below(&b->random, N_PORTS), pkt);
}

static void bear(Sim *sim, SimEvent *event) {
    Box *b = (Box *)(void *)((char *)event - offsetof(Box, birth));
    for (uint64_t n = random_below(&b->random, 4); n > 0; n--) {
        uint32_t length = 64 + (uint32_t)random_below(&b->random, 1400);
        Packet *pkt = packet_new(b->base.packets, &b->base.owner, length);
        for (uint32_t i = 0; i < length; i++) pkt->data[i] = (uint8_t)(pkt->id + i);
        pkt->counted = true;
        pass_on(b, pkt);
    }
    sim_schedule(sim, event, (1 + random_below(&b->random, 3)) * SIM_US);
}

/* Serves one, and is over when nothing waits. */
static void serve(Sim *sim, SimEvent *event) {
    Box *b = (Box *)(void *)((char *)event - offsetof(Box, service));
    Packet *pkt = packet_queue_get(&b->waiting);
    packet_charge(pkt, CAUSE_WIRE, sim_now(sim));
    if (pkt->length > 200)
        packet_pull(pkt, (uint32_t)random_below(&b->random, 30));
    else
        packet_push(pkt, 4);
    memset(pkt->data, (int)b->served++, 8);
    if (b->waiting.head) sim_schedule(sim, event, SIM_US);
    pass_on(b, pkt);
}

static uint64_t stir(uint64_t h, uint64_t x) {
    h = (h ^ x) * UINT64_C(0x9e3779b97f4a7c15);
    return h ^ h >> 29;
}

static void box_receive(Component *c, unsigned port, Packet *pkt) {
    Box *b = (Box *)c;
    SimTime now = sim_now(c->sim);
    CHECK_U64(pkt->port, port);
    b->in_order = stir(stir(stir(b->in_order, pkt->id), port), now);
    for (uint32_t i = 0; i < pkt->length; i++) b->in_order = stir(b->in_order, pkt->data[i]);
    packet_charge(pkt, CAUSE_QUEUE, now);
    uint64_t what = random_below(&b->random, 16);
    if (what < 2) {
        component_drop(c, DROP_TIRED, pkt);
    } else if (what < 6) {
        SimTime sum = 0;
        for (unsigned i = 0; i < PACKET_MAX_CAUSES; i++) sum += pkt->charged[i];
        CHECK_U64(sum, now - pkt->created);
        histogram_add(&b->latency, now - pkt->created);
        b->delivered++;
        packet_deliver(pkt);
    } else if (b->waiting.packets == MOST) {
        component_drop(c, DROP_FULL, pkt);
    } else {
        sim_observe(c->sim, &b->server, SIM_ENQUEUE, pkt->id, b->waiting.packets);
        if (!b->waiting.head) sim_schedule(c->sim, &b->service, SIM_US);
        packet_queue_put(&b->waiting, pkt);
    }
}

static bool box_create(Component *c, GError **error) {
    Box *b = (Box *)c;
    (void)error;
    c->n_ports = N_PORTS;
    histogram_init(&b->latency);
    component_owner(c, &b->server);
    sim_event_init(&b->birth, bear, &c->owner);
    sim_event_init(&b->service, serve, &b->server);
    return true;
}

static bool box_start(Component *c, GError **error) {
    Box *b = (Box *)c;
    (void)error;
    component_random(c, "box", &b->random);
    sim_schedule(c->sim, &b->birth, SIM_US);
    return true;
}

static void box_report(Component *c, Report *report) {
    const Box *b = (const Box *)c;
    report_scalar(report, "received", (double)c->received, "packets");
    report_scalar(report, "delivered", (double)b->delivered, "packets");
    report_scalar(report, "served", (double)b->served, "packets");
    report_scalar(report, "waiting", b->waiting.packets, "packets");
    report_scalar(report, "in_order", (double)(b->in_order >> 12), "hash");
    report_scalar(report, "latency_mean_us", histogram_mean(&b->latency) / 1e6, "us");
    report_scalar(report, "latency_sd_us", histogram_sd(&b->latency) / 1e6, "us");
    report_scalar(report, "latency_p99_us", histogram_at(&b->latency, 0.99) / 1e6, "us");
}

static void box_free(Component *c) {
    histogram_clear(&((Box *)c)->latency);
}

static const DropReason box_drops[] = {{"full", "no room"}, {"tired", "had enough"}, {0}};
static const ComponentClass box_class = {.name = "box",
                                         .size = sizeof(Box),
                                         .drops = box_drops,
                                         .create = box_create,
                                         .start = box_start,
                                         .receive = box_receive,
                                         .report = box_report,
                                         .free = box_free};

/* Wiring ---------------------------------------------------------------------------------- */

static const char *const names[N_BOXES] = {"b10", "a", "b9"};

/* Port of `from` that leads to `to` by its n-th link. */
static unsigned port_to(unsigned from, unsigned to, unsigned n) {
    return ((to + N_BOXES - from) % N_BOXES - 1) * N_LINKS + n;
}

/* Two links of a pair only delay; the third has a rate too, packets wait in it, and some in vain.
 */
static LinkSpeed speed_of(unsigned n) {
    static const LinkSpeed speeds[N_LINKS] = {
        {.delay = 5 * SIM_US}, {.delay = 7 * SIM_US}, {8000 << 16, 6 * SIM_US, .queue = 1000}};
    return speeds[n];
}

typedef struct {
    Network *net;
    Component *box[N_BOXES]; /* own or remote */
    bool own[N_BOXES];
} Part;

/* The part that has these boxes, a bit for each. */
static Part part(unsigned boxes) {
    NetworkOptions options = {.seed = 7, .repetition = 1};
    Part p = {.net = network_new(&options)};
    const Component *failed;
    for (unsigned k = 0; k < N_BOXES; k++) {
        unsigned i = (k + boxes) % N_BOXES; /* in any order */
        p.own[i] = boxes >> i & 1;
        p.box[i] = network_add(p.net, p.own[i] ? &box_class : &remote_class, names[i]);
        p.box[i]->n_ports = N_PORTS;
    }
    CHECK(network_create(p.net, NULL));
    for (unsigned i = 0; i < N_BOXES; i++)
        for (unsigned k = 0; k < N_BOXES; k++)
            for (unsigned n = 0; n < N_LINKS && k != i; n++)
                if (p.own[i] || p.own[k])
                    CHECK(network_link(p.box[i], port_to(i, k, n), p.box[k], port_to(k, i, n),
                                       speed_of(n), NULL));
    CHECK(network_start(p.net, &failed, NULL));
    return p;
}

static const Part *part_of(const Part *parts, unsigned box) {
    while (!parts->own[box]) parts++;
    return parts;
}

/* What was sent from part to part. */
static void hand_over(const Part *parts) {
    for (unsigned i = 0; i < N_BOXES; i++)
        for (unsigned k = 0; k < N_BOXES; k++) {
            const Part *from = part_of(parts, i), *to = part_of(parts, k);
            for (unsigned n = 0; n < N_LINKS && from != to; n++)
                for (Packet *pkt; (pkt = port_export(from->box[i], port_to(i, k, n)));) {
                    port_import(to->box[i], port_to(i, k, n), pkt);
                    packet_end_exported(pkt);
                }
        }
}

/* The least lookahead of the links that are cut, SIM_NEVER if none is. */
static SimTime window(const Part *parts) {
    SimTime least = SIM_NEVER;
    for (unsigned i = 0; i < N_BOXES; i++)
        for (unsigned k = 0; k < N_BOXES; k++)
            for (unsigned n = 0; n < N_LINKS && !part_of(parts, i)->own[k]; n++)
                least = MIN(least, port_lookahead(part_of(parts, i)->box[i], port_to(i, k, n)));
    return least;
}

/* Runs ------------------------------------------------------------------------------------ */

typedef struct {
    uint64_t fingerprint, events, created, delivered, dropped, held, exported, imported;
    GHashTable *scalars; /* name -> double */
} Outcome;

static void add_up(Outcome *o, const Part *p) {
    g_autoptr(GError) error = NULL;
    bool ok = network_stop(p->net, &error);
    if (!ok) printf("  %s\n", error->message);
    CHECK(ok);
    PacketCounts c = packet_pool_counts(network_packets(p->net));
    o->fingerprint += sim_fingerprint(network_sim(p->net));
    o->events += sim_events_run(network_sim(p->net));
    o->created += c.created;
    o->delivered += c.delivered;
    o->dropped += c.dropped;
    o->held += c.held;
    o->exported += c.exported;
    o->imported += c.imported;
    Report *report = report_new();
    network_report(p->net, report);
    for (unsigned i = 0; i < report_n_scalars(report); i++) {
        const ReportScalar *s = report_scalar_at(report, i);
        for (unsigned k = 0; k < N_BOXES; k++) {
            g_autofree char *prefix = g_strconcat(names[k], ".", NULL);
            if (!p->own[k] || !g_str_has_prefix(s->name, prefix)) continue;
            double *value = g_new(double, 1);
            *value = s->value;
            g_hash_table_insert(o->scalars, g_strdup(s->name), value);
        }
    }
    report_free(report);
}

/* Run the parts that these sets of boxes make. */
static Outcome run(const unsigned *boxes, unsigned n) {
    Part parts[N_BOXES];
    Outcome o = {.scalars = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free)};
    for (unsigned i = 0; i < n; i++) parts[i] = part(boxes[i]);
    SimTime step = MIN(window(parts), END);
    for (SimTime now = 0; now < END; now += step) {
        for (unsigned i = 0; i < n; i++)
            sim_run_until(network_sim(parts[i].net), MIN(now + step - 1, END));
        hand_over(parts);
    }
    for (unsigned i = 0; i < n; i++) sim_run_until(network_sim(parts[i].net), END);
    for (unsigned i = 0; i < n; i++) add_up(&o, &parts[i]);
    for (unsigned i = 0; i < n; i++) network_free(parts[i].net);
    return o;
}

static void check_same(const Outcome *a, const Outcome *b) {
    CHECK_U64(b->fingerprint, a->fingerprint);
    CHECK_U64(b->events, a->events);
    CHECK_U64(b->created, a->created);
    CHECK_U64(b->delivered, a->delivered);
    CHECK_U64(b->dropped, a->dropped);
    CHECK_U64(b->held, a->held);
    CHECK_U64(b->exported, b->imported);
    CHECK_U64(g_hash_table_size(b->scalars), g_hash_table_size(a->scalars));
    GHashTableIter iter;
    gpointer name, value;
    g_hash_table_iter_init(&iter, a->scalars);
    while (g_hash_table_iter_next(&iter, &name, &value)) {
        const double *other = g_hash_table_lookup(b->scalars, name);
        bool same = other && !memcmp(other, value, sizeof *other);
        if (!same) printf("  %s differs\n", (char *)name);
        CHECK(same);
    }
}

static void the_parts_of_a_network_do_what_the_whole_does(void) {
    static const unsigned whole[] = {7}, two[][2] = {{3, 4}, {5, 2}, {6, 1}}, three[] = {1, 2, 4};
    Outcome expected = run(whole, 1);
    CHECK(expected.delivered > 1000 && expected.dropped > 500 && expected.held > 10);
    CHECK_U64(expected.exported, 0);
    CHECK(g_hash_table_size(expected.scalars) > 20);
    CHECK(g_hash_table_contains(expected.scalars, "a.drop.link_queue"));
    for (unsigned i = 0; i <= G_N_ELEMENTS(two); i++) {
        Outcome found = i < G_N_ELEMENTS(two) ? run(two[i], 2) : run(three, N_BOXES);
        CHECK(found.exported > 1000);
        check_same(&expected, &found);
        g_hash_table_unref(found.scalars);
    }
    g_hash_table_unref(expected.scalars);
}

int main(void) {
    static const Test tests[] = {TEST(the_parts_of_a_network_do_what_the_whole_does), {0}};
    return run_tests("cut", tests);
}
