/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One packet, alone: through the NPE, and through the line card both ways, it takes the sum of its
 * parts to the picosecond. tests/alone.h has the parts of all chips and of the NPE; those of the
 * line card stand here. (The server's are in tests/test_gpe.c.)
 *
 * A test's own component sends frames, 1 ms apart and a little more, so that they meet the clock at
 * all phases, and keeps how long they took. Links of 1 Gb/s: a byte on the wire takes 8,000 ps. */
#include "components/classes.h"
#include "components/linecard/linecard.h"
#include "tests/alone.h"
#include "tests/frames.h"

enum { FRAMES = 20, PS_PER_BYTE = 8000, GAP = SIM_MS + 777 };

/* The end of all links ----------------------------------------------------------------------- */

typedef struct {
    Component base;
    SimEvent event;
    uint8_t frame[ROOM];
    uint32_t length;
    unsigned port, left;
    unsigned n;
    struct {
        SimTime sent, took;
        uint32_t length;
    } got[FRAMES];
} End;

static void end_send(Sim *sim, SimEvent *event) {
    End *e = (End *)(void *)((char *)event - offsetof(End, event));
    Packet *pkt = packet_new(e->base.packets, &e->base.owner, e->length);
    memcpy(pkt->data, e->frame, e->length);
    if (--e->left) sim_schedule(sim, event, GAP);
    port_send(&e->base, e->port, pkt);
}
static void end_receive(Component *c, unsigned port, Packet *pkt) {
    End *e = (End *)c;
    (void)port;
    g_assert(e->n < FRAMES);
    e->got[e->n].sent = pkt->created;
    e->got[e->n].took = sim_now(c->sim) - pkt->created;
    e->got[e->n++].length = pkt->length;
    packet_deliver(pkt);
}
static bool end_create(Component *c, GError **error) {
    (void)error;
    c->n_ports = 2;
    sim_event_init(&((End *)c)->event, end_send, &c->owner);
    return true;
}
static const Param no_params[] = {{0}};
static const ComponentClass end_class = {.name = "end",
                                         .text = "sends and keeps times",
                                         .ports = "0, 1: both ways",
                                         .size = sizeof(End),
                                         .params = no_params,
                                         .create = end_create,
                                         .receive = end_receive};

#define BENCH_CLASS end_class
#include "tests/bench.h"

/* FRAMES of them from port `port`; what came back. */
static const End *send(Bench *b, unsigned port, const uint8_t *frame, uint32_t length) {
    End *e = (End *)(void *)bench_find(b, "end");
    memcpy(e->frame, frame, length);
    e->length = length;
    e->port = port;
    e->left = FRAMES;
    sim_schedule_at(e->base.sim, &e->event, 10 * SIM_MS);
    bench_until(b, 10 * SIM_MS + (FRAMES + 1) * (SimTime)GAP);
    CHECK_U64(e->n, FRAMES);
    return e;
}

static SimTime link_time(uint32_t length) {
    return (SimTime)packet_wire_bytes(length) * PS_PER_BYTE;
}

/* The n-th frame took what its way says. */
static void check(const Way *w, const End *e, unsigned n) {
    SimTime sum = w->at - e->got[n].sent;
    if (sum != e->got[n].took) way_print(w);
    CHECK_U64(e->got[n].took, sum);
}

/* NPE -------------------------------------------------------------------------------------- */

#define NPE_TEXT                                                                                   \
    "\n[slice router]\nnpe = npe0\nroutes = 10.0.0.0/16 0 192.168.100.1:30000\n"                   \
    "[end end]\n[link in]\nlink = end.0 -> npe0.0\nrate = 1Gbit/s\n"                               \
    "[link out]\nlink = npe0.0 -> end.0\nrate = 1Gbit/s\n"

/* An IPv4 packet of 28 bytes and `payload` in the slice's tunnel: 46 bytes more. */
static uint32_t tunnelled(uint8_t *frame, uint32_t payload) {
    Form inner = {.protocol = UDP, .from = 0x0a640001, .to = 0x0a000001, .payload = payload};
    uint8_t whole[ROOM];
    make(whole, &inner);
    ip4_set_ttl(whole + ETHER_BYTES, 64);
    sign(whole + ETHER_BYTES);
    Form outer = {.protocol = UDP,
                  .from = 0x0a630001,
                  .to = 0x0aff0001,
                  .to_port = 30000,
                  .tagged = true,
                  .payload = 28 + payload};
    uint32_t length = make(frame, &outer);
    memcpy(frame + length - 28 - payload, whole + ETHER_BYTES, 28 + payload);
    sign(frame + ETHER_BYTES + VLAN_BYTES);
    return length;
}

static void through_npe(const char *settings, uint32_t payload) {
    g_autofree char *text = g_strconcat("[npe npe0]\ndram_refresh = 0\n", settings, NPE_TEXT, NULL);
    Bench *b = bench_open(text);
    const Npe *npe = (const Npe *)(const void *)bench_find(b, "npe0");
    uint8_t frame[ROOM];
    uint32_t length = tunnelled(frame, payload);
    const End *e = send(b, 0, frame, length);
    for (unsigned n = 0; n < e->n; n++) {
        Way w = {.s = &npe->settings, .at = e->got[n].sent};
        hardware(&w, "link in", link_time(length));
        way_npe(&w, npe, packet_frame_bytes(length), n == 0);
        hardware(&w, "link out", link_time(length));
        CHECK_U64(e->got[n].length, length);
        check(&w, e, n);
    }
    bench_close(b);
}

static const char *const chips[] = {
    "",
    "sram_latency = 333ns\n",
    "me_clock = 1.333GHz\n",
    "me_clock = 700MHz\nswap_cycles = 7\nsignal_latency = 23cycles\n",
    "dram_latency = 1001ns\ndram_clock = 100MHz\nsram_clock = 97MHz\n",
    "nn_latency = 31cycles\nscratch_latency = 77ns\ntcam_latency = 300cycles\n",
    "msf_latency = 99ns\nspi_rate = 3.3Gbit/s\nmpacket = 256B\n",
    ("instr_rx_first = 99\ninstr_rx_next = 88\ninstr_rx_last = 77\ninstr_tx_get = 66\n"
     "instr_tx_first = 55\ninstr_tx_sequence = 44\ninstr_tx_next = 33\ninstr_tx_last = 22\n"),
};

static void through_the_npe_it_takes_the_sum_of_its_parts(void) {
    /* Frames of 78 and 128 bytes are one element of 128, of 129 and 250 two. */
    static const uint32_t payloads[] = {0, 50, 51, 172};
    for (unsigned i = 0; i < G_N_ELEMENTS(chips); i++)
        for (unsigned k = 0; k < G_N_ELEMENTS(payloads); k++) through_npe(chips[i], payloads[k]);
    through_npe("instr_decap_header = 1\ninstr_decap_port = 2\ninstr_decap_done = 3\n"
                "instr_parse_slice = 4\ninstr_parse_header = 5\ninstr_parse_ipv4 = 6\n"
                "instr_lookup_key = 7\ninstr_lookup_result = 8\ninstr_lookup_done = 9\n"
                "instr_format_slice = 10\ninstr_format_ipv4 = 11\ninstr_format_outer = 12\n"
                "instr_format_done = 13\ninstr_enq_lookup = 14\ninstr_enq_load = 15\n"
                "instr_enq_link = 16\ninstr_deq_schedule = 17\ninstr_deq_link = 18\n"
                "instr_deq_done = 19\n",
                0);
}

/* Line card --------------------------------------------------------------------------------- */

#define LINECARD_TEXT                                                                              \
    "\n[end end]\n[link a]\nlink = end.0 -> lc.0\nrate = 1Gbit/s\n"                                \
    "[link b]\nlink = lc.0 -> end.0\nrate = 1Gbit/s\n"                                             \
    "[link c]\nlink = end.1 -> lc.10\nrate = 1Gbit/s\n"                                            \
    "[link d]\nlink = lc.10 -> end.1\nrate = 1Gbit/s\n"

enum { VLAN = 100, OWN = 0x0aff0001, REMOTE = 0x0a630707, INSIDE = 0xc0a80105 };
static const uint8_t blade[6] = {2, 0, 0, 2, 0, 0}, backplane[6] = {2, 0, 0, 1, 0, 0};

static void rewrite(Way *w) {
    const uint64_t *i = w->s->instructions;
    ring(w, "Rewrite: Ethernet header, VLAN, descriptor, put", i[SITE_LC_REWRITE] + i[SITE_LC_DONE],
         false);
}

static void way_in(Way *w, unsigned frame, bool load, bool registers) {
    const uint64_t *i = w->s->instructions;
    way_rx(w, frame);
    refers(w, "Key: read the headers", i[SITE_LC_HEADER], 64, TO_ME);
    ring(w, "Key: check, form the key, put", i[SITE_LC_KEY], registers);
    part(w, "Lookup: key to TCAM", i[SITE_LC_TCAM], tcam(w));
    part(w, "Lookup: read the result", i[SITE_LC_RESULT], sram(w, 16));
    ring(w, "Lookup: put", 0, registers);
    rewrite(w);
    way_qm(w, load);
    way_tx(w, frame);
}

static void way_out(Way *w, unsigned frame, bool load, bool registers, bool translated) {
    const uint64_t *i = w->s->instructions;
    way_rx(w, frame);
    refers(w, "Lookup: read the headers", i[SITE_LC_HEADER], 64, TO_ME);
    part(w, "Lookup: interface and VLAN, read the class", i[SITE_LC_CLASS], sram(w, 8));
    ring(w, "Lookup: put", 0, registers);
    if (translated) {
        part(w, "Translation: read the bucket", i[SITE_LC_NAT], sram(w, 4));
        part(w, "Translation: read the entry", i[SITE_LC_NAT_ENTRY], sram(w, 32));
        executes(w, "Translation: write address, port, checksums", i[SITE_LC_NAT_REWRITE]);
    }
    ring(w, "Translation: put", 0, registers);
    rewrite(w);
    way_qm(w, load);
    way_tx(w, frame);
}

/* LineCard is its file's own; its settings are where its parameters say. */
static const ProgramSettings *settings_of(const Component *c) {
    size_t at = param_find(c->class->params, "me_clock")->offset;
    return (const ProgramSettings *)(const void *)((const char *)c + at -
                                                   offsetof(ProgramSettings, chip.me_clock_hz));
}

static Bench *linecard(const char *settings, const ProgramSettings **s) {
    g_autofree char *text =
        g_strconcat("[linecard lc]\ndram_refresh = 0\n", settings, LINECARD_TEXT, NULL);
    Bench *b = bench_open(text);
    Component *c = bench_find(b, "lc");
    LineCard *lc = (LineCard *)c;
    int class = linecard_attach(lc, NULL, blade, VLAN, 0, NULL);
    CHECK(class > 0 && linecard_bind(lc, class, NULL, 0, UDP, 30000, NULL));
    *s = settings_of(c);
    return b;
}

static void in_through_linecard(const char *settings, uint32_t payload) {
    const ProgramSettings *s;
    Bench *b = linecard(settings, &s);
    Form f = {.protocol = UDP,
              .from = REMOTE,
              .to = OWN,
              .to_port = 30000,
              .tagged = true,
              .payload = payload};
    uint8_t frame[ROOM];
    uint32_t length = make(frame, &f);
    const End *e = send(b, 0, frame, length);
    for (unsigned n = 0; n < e->n; n++) {
        Way w = {.s = s, .at = e->got[n].sent};
        hardware(&w, "link in", link_time(length));
        way_in(&w, packet_frame_bytes(length), n == 0, !strstr(settings, "me_block"));
        hardware(&w, "link out", link_time(length));
        check(&w, e, n);
    }
    bench_close(b);
}

static void out_through_linecard(const char *settings, uint32_t payload, bool translated) {
    const ProgramSettings *s;
    Bench *b = linecard(settings, &s);
    Form f = {.protocol = UDP,
              .from = translated ? INSIDE : OWN,
              .to = REMOTE,
              .from_port = 5000,
              .to_port = 53,
              .tagged = true,
              .tag = VLAN,
              .payload = payload};
    uint8_t frame[ROOM];
    uint32_t length = make(frame, &f);
    memcpy(frame, backplane, sizeof backplane);
    const End *e = send(b, 1, frame, length);
    /* The first of a flow waits for the management processor. */
    for (unsigned n = translated; n < e->n; n++) {
        Way w = {.s = s, .at = e->got[n].sent};
        hardware(&w, "link in", link_time(length));
        way_out(&w, packet_frame_bytes(length), n == 0, !strstr(settings, "me_block"), translated);
        hardware(&w, "link out", link_time(length));
        check(&w, e, n);
    }
    bench_close(b);
}

static const uint32_t payloads[] = {28, 78, 79, 200};

static void in_through_the_line_card_it_takes_the_sum_of_its_parts(void) {
    for (unsigned i = 0; i < G_N_ELEMENTS(chips); i++)
        for (unsigned k = 0; k < G_N_ELEMENTS(payloads); k++)
            in_through_linecard(chips[i], payloads[k]);
    in_through_linecard("instr_lc_header = 1\ninstr_lc_key = 2\ninstr_lc_tcam = 3\n"
                        "instr_lc_result = 4\ninstr_lc_rewrite = 5\ninstr_lc_done = 6\n",
                        28);
}

static void out_through_the_line_card_it_takes_the_sum_of_its_parts(void) {
    for (unsigned i = 0; i < G_N_ELEMENTS(chips); i++)
        for (unsigned k = 0; k < G_N_ELEMENTS(payloads); k++)
            out_through_linecard(chips[i], payloads[k], k & 1);
    out_through_linecard("instr_lc_header = 1\ninstr_lc_class = 2\ninstr_lc_nat = 3\n"
                         "instr_lc_nat_entry = 4\ninstr_lc_nat_rewrite = 5\n"
                         "instr_lc_rewrite = 6\ninstr_lc_done = 7\n",
                         28, true);
}

static void through_two_microengines_a_block_it_takes_the_scratchpads_rings(void) {
    through_npe("me_parse = 2\n", 0);
    through_npe("me_decap = 2\nme_lookup = 2\nme_format = 2\n", 51);
    in_through_linecard("me_block = 2\n", 28);
    out_through_linecard("me_block = 2\n", 79, true);
}

static void in_the_order_of_the_chip_it_takes_those_of_the_npes_tx(void) {
    for (unsigned k = 0; k < G_N_ELEMENTS(payloads); k++)
        in_through_linecard("tx_order = chip\n", payloads[k]);
}

int main(void) {
    static const Test tests[] = {
        TEST(through_the_npe_it_takes_the_sum_of_its_parts),
        TEST(in_through_the_line_card_it_takes_the_sum_of_its_parts),
        TEST(out_through_the_line_card_it_takes_the_sum_of_its_parts),
        TEST(through_two_microengines_a_block_it_takes_the_scratchpads_rings),
        TEST(in_the_order_of_the_chip_it_takes_those_of_the_npes_tx),
        {0}};
    return run_tests("alone", tests);
}
