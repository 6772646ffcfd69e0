/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Slices and vServers that get their box, and their ports, at run time. Oracles: counts of packets
 * that were sent to each interface; what the empty node had; the invariants of every run. */
#include "components/gpe/vserver.h"
#include "components/slice/slice.h"
#include "fastpath/headers.h"
#include "tests/bench.h"

enum { PACKETS = 100, UDP = IP_PROTOCOL_UDP };

/* A node of two servers and two NPEs; from `at` on, 100 packets each go to port 30000 of its
 * interfaces 0 and 1 within 1 ms. */
#define NODE(at, more)                                                                             \
    "[scenario]\ninclude = @scenarios/chassis-dev.ini\n"                                           \
    "[chassis spp]\nslots = linecard; np; gpe*2; cp\n"                                             \
    "[source t]\nports = 2\npattern = constant\nrate = 200kpacket/s\nstart = " at "\nwarmup = 0\n" \
    "duration = 1ms\nudp_port = 30000\ndestinations = 10.0.0.1\n[link t]\n"                        \
    "link = t.0..1 -> lc0.0..1\nrate = 1Gbit/s\n[sink sink]\nports = 5\nsource = t\n"              \
    "[link out]\nlink = lc0.0..4 -> sink.0..4\nrate = 1Gbit/s\n" more

static SliceFilter filter(const Slice *s, const char *text) {
    SliceFilter f;
    g_autoptr(GError) error = NULL;
    bool read = slice_parse_filter(s, text, &f, &error);
    if (!read) printf("  %s\n", error->message);
    CHECK(read);
    return f;
}

static void a_slice_is_attached_where_it_is_granted_and_its_ports_are_those_of_one_interface(void) {
    Bench *b = bench_open(NODE("1ms", "[slice s]\nattached = no\nnpe = npe0\n"));
    Slice *s = (Slice *)bench_find(b, "s");
    LineCard *lc = (LineCard *)bench_find(b, "lc0");
    SliceGrant grant = {.npe = (Npe *)bench_find(b, "npe1"),
                        .code_option = s->code_option,
                        .filters = 2,
                        .queues = 3,
                        .buffers = 64,
                        .sram_bytes = 4096};
    uint32_t position, extra;
    CHECK(slice_attach(s, &grant, NULL));
    CHECK(!slice_attach(s, &grant, NULL)); /* it is there */
    CHECK_U64(npe_occupancy((Npe *)bench_find(b, "npe0")).slices, 0);
    CHECK_U64(npe_occupancy(grant.npe).slices, 1);
    CHECK_U64(npe_occupancy(grant.npe).ports, 0);
    CHECK_U64(npe_occupancy(grant.npe).queues, 4);
    CHECK_U64(linecard_occupancy(lc).bindings, 0);
    /* Interface 1 alone; 0 is nobody's. */
    CHECK(slice_bind(s, 1, 30000, NULL));
    CHECK(!slice_bind(s, 1, 30000, NULL));
    CHECK(linecard_bind(lc, s->class, NULL, 1, UDP, 30000, NULL));
    /* Queues 0 to 2 are at interfaces 0 to 2, the quota says three: 2 moves to interface 4. */
    CHECK(slice_queue_set(s, 2, 4, 0.5, 128, NULL));
    CHECK_U64(slice_first_queue(s, 4), 2);
    CHECK(!slice_queue_set(s, 3, 4, 0, 0, NULL));
    CHECK(!slice_queue_set(s, 0, 4, 0.6, 0, NULL)); /* 110% of interface 4 */
    CHECK_U64(s->interface_of[0], 0);
    SliceFilter f = filter(s, "10.0.0.0/8 4 192.168.0.1:30000 queue 2");
    CHECK(slice_filter_insert(s, &f, &position, NULL));
    CHECK(slice_filter_insert(s, &f, &extra, NULL));
    CHECK(!slice_filter_insert(s, &f, &extra, NULL)); /* its quota */
    CHECK(!slice_queue_set(s, 2, 1, 0, 0, NULL));     /* a filter leads to it */
    uint8_t bytes[4] = {1, 2, 3, 4}, back[4];
    CHECK(slice_sram_put(s, 4092, bytes, 4, NULL));
    CHECK(!slice_sram_put(s, 4093, bytes, 4, NULL));
    CHECK(slice_sram_get(s, 4092, back, 4, NULL) && !memcmp(bytes, back, 4));
    bench_until(b, 3 * SIM_MS);
    FpCounter counter;
    CHECK(slice_counter(s, 2, &counter));
    CHECK_U64(counter.packets_out, PACKETS); /* of 200, those of interface 1 */
    CHECK(!slice_counter(s, 4, &counter));
    slice_detach(s);
    CHECK_U64(npe_occupancy(grant.npe).ports, 0);
    CHECK_U64(linecard_occupancy(lc).bindings, 0);
    grant.npe = (Npe *)bench_find(b, "npe0");
    CHECK(slice_attach(s, &grant, NULL));
    CHECK_U64(npe_occupancy(grant.npe).slices, 1);
    bench_finish(b);
    CHECK_NEAR(bench_scalar(b, "sink.port4.packets"), PACKETS, 0);
    CHECK_NEAR(bench_scalar(b, "cp0.packets"), PACKETS, 0);
    bench_close(b);
}

static void a_vserver_moves_to_another_server_and_back(void) {
    Bench *b = bench_open(NODE("2ms", "[vserver v]\nattached = no\napplication = sink\n"));
    Vserver *v = (Vserver *)bench_find(b, "v");
    LineCard *lc = (LineCard *)bench_find(b, "lc0");
    Gpe *server[2] = {(Gpe *)bench_find(b, "gpe0"), (Gpe *)bench_find(b, "gpe1")};
    for (unsigned n = 0; n < 4; n++) { /* gpe1, gpe0, gpe1, gpe0 */
        Gpe *here = server[!(n & 1)], *there = server[n & 1];
        CHECK(vserver_attach(v, here, NULL));
        CHECK(!vserver_attach(v, there, NULL));
        CHECK_U64(gpe_occupancy(here).guests, 1);
        CHECK_U64(gpe_occupancy(there).guests, 0);
        CHECK_U64(gpe_occupancy(here).ports, 0); /* it has none before it asks */
        CHECK(vserver_bind(v, 1, 30000));
        CHECK(!vserver_bind(v, 1, 30000));
        const uint8_t *mac = fp_interface(here->tables, 1)->mac;
        CHECK(linecard_bind(lc, v->class, mac, 1, UDP, 30000, NULL));
        bench_until(b, (n + 1) * 2500 * SIM_US);
        CHECK(!vserver_unbind(v, 2, 30000));
        if (n == 0) CHECK(vserver_unbind(v, 1, 30000));
        vserver_detach(v);
        bench_until(b, (n + 1) * 2500 * SIM_US + 200 * SIM_US);
    }
    for (unsigned i = 0; i < 2; i++) {
        CHECK_U64(gpe_occupancy(server[i]).guests, 0);
        CHECK_U64(gpe_occupancy(server[i]).ports, 0);
    }
    bench_finish(b); /* each server's time adds up, and the vServer's to both */
    CHECK(bench_scalar(b, "v.received") > 10);
    CHECK(bench_scalar(b, "v.share.running") > 0);
    bench_close(b);
}

int main(void) {
    static const Test tests[] = {
        TEST(a_slice_is_attached_where_it_is_granted_and_its_ports_are_those_of_one_interface),
        TEST(a_vserver_moves_to_another_server_and_back),
        {0}};
    return run_tests("place", tests);
}
