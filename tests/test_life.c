/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Slices, vServers, queues and ports that come and go under traffic. Oracles: what the empty node
 * had before; for numbers, a twin that remembers who had each one last, and a count of that
 * tenant's packets that is taken from all packets that are alive; the accounts of the run. */
#include "components/gpe/vserver.h"
#include "components/linecard/linecard.h"
#include "components/npe/private.h"
#include "components/slice/slice.h"
#include "fastpath/headers.h"
#include "tests/bench.h"
#include "tests/dice.h"

/* Numbers --------------------------------------------------------------------------------- */

static void intervals_are_a_bitmap(void) {
    enum { N = 300 };
    bool taken[N] = {false};
    Intervals *v = intervals_new(N);
    struct {
        uint32_t first, n;
    } held[N];
    unsigned n_held = 0, n_free = N;
    for (unsigned step = 0; step < 20000; step++) {
        if (n_held && (n_free == 0 || dice(2))) {
            unsigned i = dice(n_held);
            intervals_give(v, held[i].first, held[i].n);
            for (uint32_t k = 0; k < held[i].n; k++) taken[held[i].first + k] = false;
            n_free += held[i].n;
            held[i] = held[--n_held];
        } else {
            uint32_t n = 1 + dice(12), from = dice(3) ? 0 : dice(N), first, expected = from,
                     run = 0;
            bool before = dice(6) == 0;
            if (before) { /* the last free number before `from` */
                n = 1;
                for (expected = from; expected > 0 && taken[expected - 1];) expected--;
                run = expected > 0;
                if (run) expected--;
            } else {
                for (uint32_t k = from; k < N && run < n; k++) {
                    run = taken[k] ? 0 : run + 1;
                    expected = k + 1 - run;
                }
                run = run == n;
            }
            bool found = before ? intervals_take_before(v, from, &first)
                                : intervals_take(v, n, from, &first);
            CHECK_U64(found, run);
            if (!found) continue;
            CHECK_U64(first, expected);
            for (uint32_t k = 0; k < n; k++) taken[first + k] = true;
            held[n_held].first = first;
            held[n_held++].n = n;
            n_free -= n;
        }
        CHECK_U64(intervals_n_free(v), n_free);
    }
    intervals_free(v);
}

static unsigned returned, returned_first;
static void note_return(void *user, uint32_t first, uint32_t n) {
    (void)user;
    returned += n;
    returned_first = first;
}

static void a_number_rests_until_its_last_packet_has_ended(void) {
    Sim *sim = sim_new();
    PacketPool *pool = packet_pool_new(sim, NULL);
    SimOwner origin = {.id = 1};
    Tenant *t = tenant_new(NULL);
    Packet *before[3], *after;
    returned = 0;
    for (unsigned i = 0; i < 3; i++) {
        before[i] = packet_new(pool, &origin, 100);
        packet_carry(before[i], t);
    }
    tenant_return(t, note_return, NULL, 7, 2);
    after = packet_new(pool, &origin, 100); /* comes later, and prolongs nothing */
    packet_carry(after, t);
    packet_deliver(before[1]);
    packet_end_dropped(before[0]);
    CHECK_U64(returned, 0);
    packet_carry(before[2], NULL); /* it leaves the node */
    CHECK_U64(returned, 2);
    CHECK_U64(returned_first, 7);
    CHECK(!packet_detached(after));
    tenant_leave(t);
    CHECK(packet_detached(after));
    tenant_return(t, note_return, NULL, 9, 1);
    tenant_hold(t, 1);
    packet_end_dropped(after);
    CHECK_U64(returned, 2); /* something else refers to it */
    CHECK(!tenant_gone(t));
    tenant_hold(t, -1);
    CHECK_U64(returned, 3);
    CHECK(tenant_gone(t));
    tenant_return(t, note_return, NULL, 1, 1); /* nobody is inside: at once */
    CHECK_U64(returned, 4);
    packet_deliver(before[2]);
    tenant_free(t);
    packet_pool_free(pool);
    sim_free(sim);
}

/* A node under traffic -------------------------------------------------------------------- */

enum { SLICES = 8, VSERVERS = 4, STEPS = 1000 };

/* Slices 30000 to 30007 on two NPEs, vServers 31000 to 31003, and a source for each at one of four
 * interfaces; what leaves goes to a sink. The exceptions of slice 0 go to a manager. */
static char *node(void) {
    GString *s = g_string_new("[scenario]\ninclude = @scenarios/chassis-gpe.ini\n"
                              "[gpe gpe0]\nmax_vservers = 8\n[sink sink]\nports = 4\nsource = "
                              "t0,t1,t2,t3,t4,t5,t6,t7,t8,t9,t10,t11\n");
    for (unsigned i = 0; i < 4; i++)
        g_string_append_printf(s,
                               "[mux m%u]\ninputs = 3\nlanes = 1\n"
                               "[link in%u]\nlink = m%u.0 -> lc0.%u\nrate = 1Gbit/s\n"
                               "[link out%u]\nlink = lc0.%u -> sink.%u\nrate = 1Gbit/s\n",
                               i, i, i, i, i, i, i);
    for (unsigned i = 0; i < SLICES + VSERVERS; i++) {
        bool slice = i < SLICES;
        unsigned port = slice ? 30000 + i : 31000 + i - SLICES;
        g_string_append_printf(s,
                               "[source t%u]\nports = 1\nrate = 150Mbit/s\npattern = poisson\n"
                               "payload = 200\nudp_port = %u\nnode_address = 10.255.0.%u\n"
                               "duration = 120ms\nttl = %u\n"
                               "destinations = 10.0.0.1,10.1.0.1,10.2.0.1,10.3.0.1\n"
                               "[link t%u]\nlink = t%u.0 -> m%u.%u\nrate = none\n",
                               i, port, i % 4 + 1, i % 3 ? 64 : 1, i, i, i % 4, i / 4);
    }
    static const char *const routes =
        "10.0.0.0/16 0 192.168.0.1:30000; 10.1.0.0/16 1 192.168.0.1:30000; "
        "10.2.0.0/16 2 192.168.0.1:30000; 10.3.0.0/16 3 192.168.0.1:30000";
    for (unsigned i = 0; i < SLICES; i++)
        g_string_append_printf(s,
                               "[slice s%u]\nattached = no\nnpe = npe%u\nudp_port = %u\n"
                               "vlan = %u\nshare = %u%%\nmax_queues = 10\nroutes = %s\n"
                               "exception_port = %u\nbuffers = 64\n",
                               i, i % 2, 30000 + i, 100 + i, i, routes, 30100 + i);
    for (unsigned i = 0; i < VSERVERS; i++)
        g_string_append_printf(s,
                               "[vserver v%u]\nattached = no\ngpe = gpe0\nudp_port = %u\n"
                               "vlan = %u\n%s%s\n",
                               i, 31000 + i, 200 + i,
                               i ? "application = click\nroutes = "
                                 : "application = manager\nslice = s0",
                               i ? routes : "");
    return g_string_free(s, FALSE);
}

typedef struct {
    Slice *slice[SLICES];
    Vserver *vserver[VSERVERS];
    Npe *npe[2];
    LineCard *lc;
    Gpe *gpe;
} Node;

static Node node_of(const Bench *b) {
    Node n = {.lc = (LineCard *)bench_find(b, "lc0"), .gpe = (Gpe *)bench_find(b, "gpe0")};
    for (unsigned i = 0; i < SLICES + VSERVERS; i++) {
        g_autofree char *name =
            g_strdup_printf("%c%u", i < SLICES ? 's' : 'v', i < SLICES ? i : i - SLICES);
        if (i < SLICES)
            n.slice[i] = (Slice *)bench_find(b, name);
        else
            n.vserver[i - SLICES] = (Vserver *)bench_find(b, name);
    }
    n.npe[0] = (Npe *)bench_find(b, "npe0");
    n.npe[1] = (Npe *)bench_find(b, "npe1");
    return n;
}

static void check_empty(const Node *n) {
    for (unsigned i = 0; i < 2; i++) {
        NpeOccupancy o = npe_occupancy(n->npe[i]);
        CHECK_U64(o.slices, 0);
        CHECK_U64(o.queues, 0);
        CHECK_U64(o.sram_bytes, 0);
        CHECK_U64(o.filters, 0);
        CHECK_U64(o.ports, 0);
        CHECK_U64(o.in_queues, 0);
        CHECK_U64(o.held, 0);
        CHECK_U64(npe_filters_free(n->npe[i]), TCAM_MAX_ENTRIES);
    }
    LcOccupancy lc = linecard_occupancy(n->lc);
    CHECK_U64(lc.classes, 1); /* the control processor's */
    CHECK_U64(lc.bindings, 0);
    CHECK_U64(lc.in_queues, 0);
    CHECK_U64(lc.held, 0);
    GpeOccupancy gpe = gpe_occupancy(n->gpe);
    CHECK_U64(gpe.guests, 0);
    CHECK_U64(gpe.ports, 0);
    CHECK_U64(gpe.filters, 0);
}

/* What a tenant had, by which its packets are known. */
typedef struct {
    const Component *npe; /* NULL: a vServer */
    unsigned number, queues, n_queues, ports;
    int class;
} Had;

static GHashTable *had; /* Tenant -> Had */

static void note(const Slice *s, const Vserver *v) {
    Had *h = g_new0(Had, 1);
    if (s) {
        const FpSlice *f = fp_slice(s->npe->tables, s->number);
        *h = (Had){&s->npe->base,         s->number, f->queue_base, f->n_queues,
                   (unsigned)s->udp_port, s->class};
    } else {
        *h = (Had){NULL, v->guest.number, 0, 0, (unsigned)v->udp_port, v->class};
    }
    g_hash_table_replace(had, s ? s->tenant : v->guest.tenant, h);
}

/* A packet of a tenant that has left: nothing that it carries may be the newcomer's. */
static void is_no_strangers(const Packet *pkt, void *user) {
    const Had *new = user;
    if (!pkt->lease || !pkt->lease->detached) return;
    const Had *old = g_hash_table_lookup(had, pkt->lease->tenant);
    CHECK(old != NULL);
    CHECK(old->class != new->class);
    CHECK(old->ports != new->ports);
    if (old->npe != new->npe) return;
    CHECK(old->number != new->number);
    CHECK(!new->npe || old->queues + old->n_queues <= new->queues ||
          new->queues + new->n_queues <= old->queues);
}

static void came(const Bench *b, const Slice *s, const Vserver *v) {
    note(s, v);
    packet_pool_each(network_packets(b->net), is_no_strangers,
                     g_hash_table_lookup(had, s ? s->tenant : v->guest.tenant));
}

static unsigned attached, refused, detached, moved;

static void queues_and_ports(Slice *s) {
    unsigned queue;
    switch (dice(5)) {
    case 0: moved += slice_queue_open(s, dice(4), 0, &queue, NULL); break;
    case 1: moved += slice_queue_close(s, dice(8), NULL); break;
    case 2: moved += slice_queue_move(s, dice(8), dice(4), NULL); break;
    case 3: moved += slice_port_open(s, (uint16_t)(32000 + dice(4)), NULL); break;
    default: moved += slice_port_close(s, (uint16_t)(32000 + dice(4)), NULL);
    }
}

static void slice_step(const Bench *b, Slice *s) {
    if (!s->attached) {
        bool done = slice_attach(s, NULL, NULL);
        attached += done;
        refused += !done;
        if (done) came(b, s, NULL);
    } else if (dice(3)) {
        slice_detach(s);
        detached++;
    } else {
        queues_and_ports(s);
    }
}

static void vserver_step(const Bench *b, Vserver *v) {
    if (v->attached) {
        vserver_detach(v);
        detached++;
        return;
    }
    bool done = vserver_attach(v, NULL, NULL);
    attached += done;
    refused += !done;
    if (done) came(b, NULL, v);
}

static void a_thousand_come_and_go_and_the_node_is_empty_again(void) {
    g_autofree char *text = node();
    Bench *b = bench_open(text);
    Node n = node_of(b);
    had = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    check_empty(&n);
    for (unsigned step = 0; attached + detached < STEPS; step++) {
        bench_until(b, (step + 1) * 50 * SIM_US);
        if (dice(4))
            slice_step(b, n.slice[dice(SLICES)]);
        else
            vserver_step(b, n.vserver[dice(VSERVERS)]);
    }
    for (unsigned i = 0; i < SLICES; i++)
        if (n.slice[i]->attached) slice_detach(n.slice[i]);
    for (unsigned i = 0; i < VSERVERS; i++)
        if (n.vserver[i]->attached) vserver_detach(n.vserver[i]);
    bench_finish(b);
    check_empty(&n);
    double ends = bench_scalar(b, "npe0.drop.detached") + bench_scalar(b, "npe1.drop.detached") +
                  bench_scalar(b, "lc0.drop.detached") + bench_scalar(b, "gpe0.drop.detached");
    double arrived = (double)packet_pool_counts(network_packets(b->net)).delivered;
    printf("  %u attached, %u refused, %u detached, %u queues and ports; %.0f packets ended as "
           "detached, %.0f arrived\n",
           attached, refused, detached, moved, ends, arrived);
    CHECK(ends > 100 && moved > 20);
    CHECK(arrived > 10000);
    bench_close(b);
    g_hash_table_unref(had);
}

/* A thousand slices of one NPE, behind one line card ---------------------------------------- */

enum { THOUSAND = 1000 };

static void a_thousand_slices_share_one_npe(void) {
    /* One packet for each, by a demux that takes them in turn. What they hold besides is little:
     * 4 KiB of the NPE's 8 MiB of SRAM, an equal part of its buffers. */
    Bench *b =
        bench_open("[scenario]\ninclude = @scenarios/chassis-dev.ini\n"
                   "[slice s*1000]\nattached = no\nudp_port = {30000 + i}\n"
                   "vlan = {100 + i}\nsram = 4KiB\n"
                   "routes = 0.0.0.0/0 {i % 5} 192.168.0.1:30000\n"
                   "[demux in]\ninputs = 1\noutputs = 1\nslices = 1000\n"
                   "udp_ports = 30000\n[source t]\nports = 1\nrate = 1Mpacket/s\n"
                   "warmup = 0\nduration = 1ms\n[link t]\nlink = t.0 -> in.0\n"
                   "rate = none\n[link in]\nlink = in.0 -> lc0.0\nrate = 1Gbit/s\n"
                   "[sink sink]\nports = 5\nsource = t\n[link out]\nlink = lc0.0..4 -> sink.0..4\n"
                   "rate = 1Gbit/s\n");
    const Npe *npe = (Npe *)bench_find(b, "npe0");
    const LineCard *lc = (LineCard *)bench_find(b, "lc0");
    static Slice *slices[THOUSAND];
    for (unsigned i = 0; i < THOUSAND; i++) {
        g_autofree char *name = g_strdup_printf("s%u", i);
        slices[i] = (Slice *)bench_find(b, name);
        CHECK(slice_attach(slices[i], NULL, NULL));
        CHECK_U64(slices[i]->number, i);
    }
    CHECK_U64(npe_occupancy(npe).slices, THOUSAND);
    CHECK_U64(npe_occupancy(npe).filters, THOUSAND);
    CHECK_U64(npe_occupancy(npe).sram_bytes, THOUSAND * 4096);
    CHECK_U64(linecard_occupancy(lc).classes, 1 + THOUSAND);
    bench_until(b, 2 * SIM_MS);
    CHECK_U64(packet_pool_counts(network_packets(b->net)).delivered, THOUSAND);
    for (unsigned i = 0; i < THOUSAND; i++) {
        CHECK_U64(slices[i]->account.out, 1);
        slice_detach(slices[i]);
    }
    bench_finish(b);
    NpeOccupancy o = npe_occupancy(npe);
    CHECK_U64(o.slices + o.queues + o.sram_bytes + o.filters + o.ports + o.in_queues + o.held, 0);
    CHECK_U64(npe_filters_free(npe), TCAM_MAX_ENTRIES);
    CHECK_U64(linecard_occupancy(lc).classes, 1);
    CHECK_U64(linecard_occupancy(lc).bindings, 0);
    bench_close(b);
}

/* What an NPE without a line card does with slices a and b, whose sources send to port 30000 and
 * 30001 of interface 0 for 2 ms, and with a script. */
#define NODE(a, b, more)                                                                           \
    "[npe npe0]\n[source ta]\nports = 1\nrate = 100Mbit/s\nwarmup = 0\nduration = 2ms\n"           \
    "[source tb]\nports = 1\nudp_port = 30001\nrate = 100Mbit/s\nwarmup = 0\nduration = 2ms\n"     \
    "[mux m]\ninputs = 2\nlanes = 1\n[link ta]\nlink = ta.0 -> m.0\nrate = none\n"                 \
    "[link tb]\nlink = tb.0 -> m.1\nrate = none\n[link in]\nlink = m.0 -> npe0.0\n"                \
    "rate = 1Gbit/s\n[sink sink]\nports = 5\nsource = ta, tb\n[link out]\n"                        \
    "link = npe0.0..4 -> sink.0..4\nrate = 1Gbit/s\n[slice a]\nnpe = npe0\n" a                     \
    "[slice b]\nnpe = npe0\nudp_port = 30001\nvlan = 101\n" b more
#define TO(interface) "routes = 0.0.0.0/0 " interface " 192.168.0.1:30000\n"

static void a_queue_that_opens_again_has_no_more_buffers_than_its_slice(void) {
    RunResult *r = bench_run(NODE("queues = 1\nmax_queues = 2\nbuffers = 8\n", TO("1"),
                                  "[monitor m9]\nslice = a\ninterval = 50us\nuntil = 2ms\n"
                                  "[at 0 1]\na = queue_close 0\nnpe0 = interface_rate 0 1Mbit/s\n"
                                  "[at 100us 2]\na = queue_open 0; filter_add 0.0.0.0/0 0 "
                                  "192.168.0.1:30000 queue 0\n"));
    CHECK_NEAR(bench_value(r, "m9.peak_packets"), 8, 0);
    CHECK(bench_value(r, "npe0.drop.queue_full") > 10);
    run_result_free(r);
}

static void a_monitor_follows_a_slice_that_comes_and_goes(void) {
    /* On a line card, whose class the slice has only while it is attached. Oracle: 100 Mb/s in for
     * 1 ms of 4. */
    RunResult *r = bench_run("[scenario]\ninclude = @scenarios/chassis-gpe.ini\n"
                             "[source t]\nports = 1\nrate = 100Mbit/s\nwarmup = 0\n"
                             "duration = 4ms\n[sink sink]\nports = 1\nsource = t\n"
                             "[link in]\nlink = t.0 -> lc0.0\nrate = 1Gbit/s\n"
                             "[link out]\nlink = lc0.1 -> sink.0\nrate = 1Gbit/s\n"
                             "[slice a]\nnpe = npe0\nattached = no\n" TO(
                                 "1") "[monitor m]\nslice = a\ninterval = 100us\nuntil = 4ms\n"
                                      "[at 1ms 1]\na = attach\n[at 1.5ms 2]\na = detach\n"
                                      "[at 2ms 3]\na = attach\n[at 2.5ms 4]\na = detach\n");
    CHECK_NEAR(bench_value(r, "m.in_bps"), 25e6, 4e6);
    CHECK_NEAR(bench_value(r, "m.out_bps"), 25e6, 4e6);
    CHECK(bench_value(r, "m.peak_in_bps") < 130e6);
    CHECK(bench_value(r, "m.peak_out_bps") < 130e6);
    run_result_free(r);
}

static void a_manager_sends_nothing_for_a_slice_that_has_left(void) {
    /* Exceptions of a wait at its manager, which is slow; b has a's number by then, and no source:
     * what comes to it can only be the manager's. */
    Bench *b = bench_open(
        "[scenario]\ninclude = @scenarios/chassis-gpe.ini\n"
        "[gpe gpe0]\nmanager_cost = 200us\n"
        "[source t]\nports = 1\nrate = 100Mbit/s\nwarmup = 0\n"
        "duration = 1ms\n[sink sink]\nports = 1\nsource = t\n"
        "[link in]\nlink = t.0 -> lc0.0\nrate = 1Gbit/s\n"
        "[link out]\nlink = lc0.1 -> sink.0\nrate = 1Gbit/s\n"
        "[slice a]\nnpe = npe0\nroutes = 0.0.0.0/0 local\n"
        "[slice b]\nnpe = npe0\nudp_port = 30001\nvlan = 101\n"
        "attached = no\n" TO("1") "[vserver v]\ngpe = gpe0\napplication = manager\nslice = a\n"
                                  "udp_port = 31000\nvlan = 200\n"
                                  "[at 2ms 1]\na = detach\n[at 4ms 2]\nb = attach\n");
    bench_until(b, 5 * SIM_MS);
    const Slice *other = (Slice *)bench_find(b, "b");
    CHECK(other->attached);
    CHECK_U64(other->number, 0);
    bench_finish(b);
    CHECK(bench_scalar(b, "v.exceptions") > 3);
    CHECK(bench_scalar(b, "gpe0.drop.detached") > 3);
    CHECK_NEAR(bench_scalar(b, "b.packets_before_queue"), 0, 0);
    bench_close(b);
}

typedef struct {
    const Tenant *tenant;
    unsigned in_vlan;
} InVlan;

static void is_the_tenants(const Packet *pkt, void *user) {
    InVlan *v = user;
    if (!pkt->lease || /* it is outside */ pkt->length < ETHER_BYTES ||
        get16(pkt->data + ETHER_TYPE) != ETHER_TYPE_VLAN ||
        (get16(pkt->data + VLAN_TAG) & VLAN_ID_MASK) != 100)
        return;
    v->in_vlan++;
    CHECK(pkt->lease->tenant == v->tenant);
}

static void what_a_manager_sends_in_band_is_its_slices(void) {
    /* Frames of VLAN 100, which is a's: exceptions on their way to the manager, and its answers to
     * a's port on the NPE. Neither may be given out while one is inside. */
    Bench *b = bench_open("[scenario]\ninclude = @scenarios/chassis-gpe.ini\n"
                          "[source t]\nports = 1\nrate = 10Mbit/s\nwarmup = 0\n"
                          "duration = 5ms\n[sink sink]\nports = 1\nsource = t\n"
                          "[link in]\nlink = t.0 -> lc0.0\nrate = 1Gbit/s\n"
                          "[link out]\nlink = lc0.1 -> sink.0\nrate = 1Gbit/s\n"
                          "[slice a]\nnpe = npe0\nroutes = 0.0.0.0/0 local\n"
                          "[vserver v]\ngpe = gpe0\napplication = manager\nslice = a\n"
                          "udp_port = 31000\nvlan = 200\n");
    InVlan v = {((Slice *)bench_find(b, "a"))->tenant, 0};
    for (SimTime t = SIM_MS; t < 5 * SIM_MS; t += SIM_US) {
        bench_until(b, t);
        packet_pool_each(network_packets(b->net), is_the_tenants, &v);
    }
    CHECK(v.in_vlan > 100);
    bench_finish(b);
    CHECK(bench_scalar(b, "v.sent") > 10);
    bench_close(b);
}

int main(void) {
    static const Test tests[] = {TEST(intervals_are_a_bitmap),
                                 TEST(a_number_rests_until_its_last_packet_has_ended),
                                 TEST(a_thousand_come_and_go_and_the_node_is_empty_again),
                                 TEST(a_thousand_slices_share_one_npe),
                                 TEST(a_queue_that_opens_again_has_no_more_buffers_than_its_slice),
                                 TEST(a_monitor_follows_a_slice_that_comes_and_goes),
                                 TEST(a_manager_sends_nothing_for_a_slice_that_has_left),
                                 TEST(what_a_manager_sends_in_band_is_its_slices),
                                 {0}};
    return run_tests("life", tests);
}
