/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The line card's blocks, byte for byte: frames are compared with ones put together by hand,
 * bindings with a table by address, protocol and port, checksums with sums made anew over whole
 * packets. */
#include <stdlib.h>

#include "fastpath/headers.h"
#include "fastpath/linecard.h"
#include "tests/check.h"
#include "tests/frames.h"

enum { N = 10, ADDRESS = 0x0aff0001, REMOTE = 0x0a630707, INSIDE = 0xc0a80105 };
enum { CP_VLAN = 2 };
#define N_OF(array) (sizeof(array) / sizeof(array)[0])

/* Tables ------------------------------------------------------------------------------------ */

static const uint8_t outside_mac[6] = {2, 0, 0, 0, 1, 0}, next_mac[6] = {2, 0, 0, 0, 2, 0},
                     backplane_mac[6] = {2, 0, 0, 1, 0, 0};
static const LcTarget cp = {.mac = {2, 0, 0, 1, 0x20, 0}, .vlan = CP_VLAN, .class = 0};

/* The blade of a class, in the VLAN 100 + class. */
static LcTarget blade(uint16_t class) {
    return (LcTarget){.mac = {2, 0, 0, 2, (uint8_t)(class >> 8), (uint8_t) class},
                      .vlan = (uint16_t)(100 + class),
                      .class = class};
}
static void set_class(LcTables *t, uint16_t vlan, uint16_t class, bool free_or_own) {
    LcTarget target = blade(class);
    target.vlan = vlan;
    CHECK(lc_set_class(t, &target) == free_or_own);
}
static void set_mac(uint8_t mac[6], const uint8_t first[6], unsigned n) {
    memcpy(mac, first, 6);
    mac[5] = (uint8_t)(mac[5] + n);
}

/* Ten interfaces with addresses from ADDRESS on, and no control processor. */
static LcTables *bare(void) {
    LcTables *t = lc_tables_new(N, 4096);
    for (unsigned i = 0; i < N; i++) {
        uint8_t mac[6], next[6], back[6];
        set_mac(mac, outside_mac, i);
        set_mac(next, next_mac, i);
        set_mac(back, backplane_mac, i);
        lc_set_interface(t, i, ADDRESS + i, mac, next, back);
    }
    return t;
}
static LcTables *tables(void) {
    LcTables *t = bare();
    lc_set_default(t, &cp);
    lc_set_inside(t, 0xc0a80000, 16);
    return t;
}

/* Frames ------------------------------------------------------------------------------------ */

/* A packet in a buffer with headroom. */
typedef struct {
    uint8_t room[FP_HEADROOM + ROOM];
    FpPacket p;
} Buffer;

static void load(Buffer *b, const Form *f, unsigned rx) {
    memset(b, 0, sizeof *b);
    uint8_t *bytes = b->room + FP_HEADROOM;
    uint32_t length = make(bytes, f);
    b->p = (FpPacket){
        .bytes = bytes, .length = length, .original = length, .rx_interface = (uint16_t)rx};
}
static const uint8_t *frame_of(const Buffer *b) {
    return b->p.bytes + b->p.offset;
}
static FpVerdict in(LcTables *t, FpPacket *p) {
    FpVerdict v = lc_in_key(t, p, NULL);
    if (v == FP_FORWARD) v = lc_in_lookup(t, p, 0, NULL);
    return v == FP_FORWARD ? lc_in_rewrite(t, p, NULL) : v;
}
static LcReason in_reason(LcTables *t, const Form *f) {
    Buffer b;
    load(&b, f, 0);
    return in(t, &b.p) == FP_DROP ? (LcReason)b.p.reason : LC_OK;
}

/* Rewriting --------------------------------------------------------------------------------- */

static void a_frame_coming_in_is_addressed_to_its_blade(void) {
    /* Destination 6, source 6, tag 4 with the priority that came, the rest as it came. */
    LcTables *t = tables();
    LcTarget to = blade(7);
    CHECK_U64(lc_bind(t, ADDRESS + 3, UDP, 30000, &to), LC_BOUND);
    for (unsigned round = 0; round < 200; round++) {
        Form f = {.tagged = round & 1,
                  .tag = (uint16_t)dice(65536),
                  .protocol = UDP,
                  .from = REMOTE,
                  .to = ADDRESS + 3,
                  .from_port = 1234,
                  .to_port = 30000,
                  .options = (uint32_t)dice(11) * 4,
                  .payload = (uint32_t)dice(1400)};
        Buffer b;
        uint8_t came[ROOM], expected[ROOM];
        unsigned rx = (unsigned)dice(N);
        load(&b, &f, rx);
        uint32_t length = b.p.length, rest = f.tagged ? 16 : 12;
        memcpy(came, b.p.bytes, length);
        memcpy(expected, to.mac, 6);
        set_mac(expected + 6, backplane_mac, rx);
        put16(expected + 12, 0x8100);
        put16(expected + 14, (f.tagged ? f.tag & 0xf000 : 0) | to.vlan);
        memcpy(expected + 16, came + rest, length - rest);
        CHECK_U64(in(t, &b.p), FP_FORWARD);
        CHECK_U64(b.p.length, length + 16 - rest);
        CHECK_U64(b.p.original, b.p.length);
        CHECK_U64(-b.p.offset, f.tagged ? 0 : 4);
        CHECK(memcmp(frame_of(&b), expected, b.p.length) == 0);
        CHECK_U64(b.p.slice, 7);
        CHECK_U64(b.p.result.queue, 7 * N + rx);
    }
    lc_tables_free(t);
}

static void a_frame_going_out_is_addressed_to_the_next_router(void) {
    LcTables *t = tables();
    for (uint16_t class = 1; class < 4; class ++) set_class(t, blade(class).vlan, class, true);
    for (unsigned round = 0; round < 200; round++) {
        unsigned interface = (unsigned)dice(N);
        uint16_t class = (uint16_t)dice(4);
        Form f = {.tagged = true,
                  .tag = (uint16_t)(dice(16) << 12 | (class ? blade(class).vlan : CP_VLAN)),
                  .protocol = round & 2 ? UDP : TCP,
                  .from = ADDRESS,
                  .to = REMOTE,
                  .options = (uint32_t)dice(11) * 4,
                  .payload = (uint32_t)dice(1400)};
        Buffer b;
        uint8_t expected[ROOM];
        load(&b, &f, N);
        set_mac(b.p.bytes, backplane_mac, interface);
        set_mac(expected, next_mac, interface);
        set_mac(expected + 6, outside_mac, interface);
        memcpy(expected + 12, b.p.bytes + 12, b.p.length - 12);
        uint32_t length = b.p.length;
        CHECK_U64(lc_out_lookup(t, &b.p, NULL), FP_FORWARD);
        CHECK_U64(b.p.result.interface, interface);
        CHECK_U64(b.p.slice, class);
        CHECK_U64(b.p.result.queue, class * N + interface);
        CHECK_U64(lc_out_translate(t, &b.p, 0, NULL), FP_FORWARD);
        CHECK_U64(lc_out_rewrite(t, &b.p, NULL), FP_FORWARD);
        CHECK(b.p.offset == 0 && b.p.length == length);
        CHECK(memcmp(frame_of(&b), expected, length) == 0);
    }
    lc_tables_free(t);
}

static void a_frame_without_a_tag_may_go_out_if_vlan_0_is_somebodys(void) {
    LcTables *t = tables();
    Form f = {.protocol = UDP, .from = ADDRESS, .to = REMOTE, .payload = 40};
    Buffer b;
    for (unsigned known = 0; known < 2; known++) {
        if (known) set_class(t, 0, 5, true);
        load(&b, &f, N);
        uint32_t length = b.p.length;
        set_mac(b.p.bytes, backplane_mac, 2);
        if (!known) {
            CHECK_U64(lc_out_lookup(t, &b.p, NULL), FP_DROP);
            CHECK_U64(b.p.reason, LC_NO_CLASS);
            continue;
        }
        CHECK_U64(lc_out_lookup(t, &b.p, NULL), FP_FORWARD);
        CHECK_U64(b.p.slice, 5);
        CHECK_U64(lc_out_rewrite(t, &b.p, NULL), FP_FORWARD);
        CHECK_U64(b.p.length, length);
        CHECK_U64(get16(frame_of(&b) + 12), ETHER_TYPE_IPV4);
    }
    lc_tables_free(t);
}

static void what_goes_out_needs_an_interface_a_class_and_a_wire(void) {
    LcTables *t = tables();
    Form f = {.tagged = true, .tag = CP_VLAN, .protocol = UDP, .from = ADDRESS, .to = REMOTE};
    static const struct {
        unsigned interface, tag, down;
        LcReason reason;
    } cases[] = {{0, CP_VLAN, 99, LC_OK},           {N - 1, CP_VLAN, 99, LC_OK},
                 {N, CP_VLAN, 99, LC_NO_INTERFACE}, {0, 77, 99, LC_NO_CLASS},
                 {4, CP_VLAN, 4, LC_DOWN},          {5, CP_VLAN, 4, LC_OK}};
    for (unsigned i = 0; i < N_OF(cases); i++) {
        Buffer b;
        f.tag = (uint16_t)cases[i].tag;
        load(&b, &f, N);
        set_mac(b.p.bytes, backplane_mac, cases[i].interface);
        if (cases[i].down < N) lc_set_down(t, cases[i].down, true);
        CHECK_U64(lc_out_lookup(t, &b.p, NULL), cases[i].reason == LC_OK ? FP_FORWARD : FP_DROP);
        CHECK_U64(b.p.reason, cases[i].reason);
        if (cases[i].down < N) lc_set_down(t, cases[i].down, false);
    }
    lc_tables_free(t);
}

/* Key and bindings ---------------------------------------------------------------------------- */

static void the_key_is_addresses_protocol_ports_and_interface(void) {
    LcTables *t = bare();
    for (unsigned round = 0; round < 400; round++) {
        static const uint8_t protocols[] = {ICMP, TCP, UDP, GRE};
        Form f = {.tagged = round & 1,
                  .protocol = protocols[round % 4],
                  .from = (uint32_t)dice(UINT32_MAX),
                  .to = (uint32_t)dice(UINT32_MAX),
                  .from_port = (uint16_t)dice(65536),
                  .to_port = (uint16_t)dice(65536),
                  .options = (uint32_t)dice(11) * 4,
                  .payload = (uint32_t)dice(50)};
        Buffer b;
        uint8_t key[FP_KEY_BYTES] = {0};
        load(&b, &f, round % N);
        put32(key, f.to);
        key[4] = f.protocol;
        put32(key + 7, f.from);
        if (f.protocol == TCP || f.protocol == UDP) {
            put16(key + 5, f.to_port);
            put16(key + 11, f.from_port);
        }
        key[13] = (uint8_t)(round % N);
        CHECK_U64(lc_in_key(t, &b.p, NULL), FP_FORWARD);
        CHECK(memcmp(b.p.key, key, FP_KEY_BYTES) == 0);
    }
    lc_tables_free(t);
}

static void a_binding_is_exact(void) {
    /* Address, protocol and port all have to fit; who sends, and where it arrives, has no say. */
    LcTables *t = tables();
    LcTarget to = blade(1);
    CHECK_U64(lc_bind(t, ADDRESS + 1, TCP, 80, &to), LC_BOUND);
    for (unsigned bits = 0; bits < 8; bits++) {
        Form f = {.protocol = bits & 1 ? UDP : TCP,
                  .from = (uint32_t)dice(UINT32_MAX),
                  .to = ADDRESS + 1 + (bits >> 1 & 1),
                  .from_port = (uint16_t)dice(65536),
                  .to_port = (uint16_t)(80 + (bits >> 2))};
        Buffer b;
        load(&b, &f, bits % N);
        CHECK_U64(in(t, &b.p), FP_FORWARD);
        CHECK_U64(b.p.slice, bits ? 0 : 1);
        CHECK(memcmp(frame_of(&b), bits ? cp.mac : to.mac, 6) == 0);
        CHECK_U64(get16(frame_of(&b) + 14), bits ? CP_VLAN : to.vlan);
    }
    lc_tables_free(t);
}

static void a_port_is_bound_once_until_it_is_unbound(void) {
    LcTables *t = tables();
    LcTarget a = blade(1), b = blade(2);
    CHECK_U64(lc_bind(t, ADDRESS, UDP, 30000, &a), LC_BOUND);
    CHECK_U64(lc_bind(t, ADDRESS, UDP, 30000, &b), LC_TAKEN);
    CHECK_U64(lc_bind(t, ADDRESS, UDP, 30000, &a), LC_TAKEN); /* by itself, too */
    CHECK_U64(lc_bind(t, ADDRESS, TCP, 30000, &b), LC_BOUND);
    CHECK_U64(lc_bindings(t), 2);
    CHECK(lc_unbind(t, ADDRESS, UDP, 30000));
    CHECK(!lc_unbind(t, ADDRESS, UDP, 30000));
    CHECK(!lc_unbind(t, ADDRESS + 1, TCP, 30000));
    CHECK_U64(lc_bindings(t), 1);
    Form f = {.protocol = UDP, .from = REMOTE, .to = ADDRESS, .to_port = 30000};
    Buffer p;
    load(&p, &f, 0);
    CHECK_U64(in(t, &p.p), FP_FORWARD);
    CHECK_U64(p.p.slice, 0);
    CHECK_U64(lc_bind(t, ADDRESS, UDP, 30000, &b), LC_BOUND);
    load(&p, &f, 0);
    CHECK_U64(in(t, &p.p), FP_FORWARD);
    CHECK_U64(p.p.slice, 2);
    lc_tables_free(t);
}

static void ten_thousand_bindings_against_a_table(void) {
    /* Claims and releases at random until 10,000 stand, then looked up, then all released. The twin
     * holds the class of each (address, protocol, port), 0: free. Few ports, so that they collide.
     */
    enum { BINDINGS = 10000, PORTS = 1024 };
    static uint16_t twin[N][2][PORTS];
    static const uint8_t protocols[2] = {TCP, UDP};
    LcTables *t = tables();
    unsigned held = 0, collisions = 0;
    memset(twin, 0, sizeof twin);
    while (held < BINDINGS) {
        unsigned i = (unsigned)dice(N), k = (unsigned)dice(2), port = (unsigned)dice(PORTS);
        if (dice(4) == 0) {
            CHECK(lc_unbind(t, ADDRESS + i, protocols[k], (uint16_t)port) ==
                  (twin[i][k][port] != 0));
            held -= twin[i][k][port] != 0;
            twin[i][k][port] = 0;
        } else {
            LcTarget to = blade((uint16_t)(1 + dice(LC_MAX_CLASSES - 1)));
            LcBind expected = twin[i][k][port] ? LC_TAKEN : LC_BOUND;
            CHECK_U64(lc_bind(t, ADDRESS + i, protocols[k], (uint16_t)port, &to), expected);
            collisions += expected == LC_TAKEN;
            held += expected == LC_BOUND;
            if (expected == LC_BOUND) twin[i][k][port] = to.class;
        }
    }
    CHECK_U64(lc_bindings(t), BINDINGS);
    CHECK(collisions > 1000);
    unsigned wrong = 0;
    for (unsigned i = 0; i < N; i++)
        for (unsigned k = 0; k < 2; k++)
            for (unsigned port = 0; port < PORTS; port++) {
                Form f = {.protocol = protocols[k],
                          .from = REMOTE,
                          .to = ADDRESS + i,
                          .to_port = (uint16_t)port};
                Buffer b;
                load(&b, &f, port % N);
                uint16_t class = twin[i][k][port];
                LcTarget to = class ? blade(class) : cp;
                wrong += in(t, &b.p) != FP_FORWARD || b.p.slice != class || b.p.vlan != to.vlan ||
                         memcmp(frame_of(&b), to.mac, 6) != 0;
            }
    CHECK_U64(wrong, 0);
    for (unsigned i = 0; i < N; i++)
        for (unsigned k = 0; k < 2; k++)
            for (unsigned port = 0; port < PORTS; port++)
                held -= lc_unbind(t, ADDRESS + i, protocols[k], (uint16_t)port);
    CHECK_U64(held, 0);
    CHECK_U64(lc_bindings(t), 0);
    lc_tables_free(t);
}

static void the_tcam_fills_and_empties(void) {
    LcTables *t = bare();
    LcTarget to = blade(1);
    for (unsigned n = 0; n < TCAM_MAX_ENTRIES; n++)
        if (lc_bind(t, ADDRESS + (n >> 16), UDP, (uint16_t)n, &to) != LC_BOUND) {
            CHECK_U64(n, TCAM_MAX_ENTRIES);
            break;
        }
    CHECK_U64(lc_bindings(t), TCAM_MAX_ENTRIES);
    CHECK_U64(lc_bind(t, ADDRESS, TCP, 1, &to), LC_FULL);
    CHECK_U64(lc_bind(t, ADDRESS, UDP, 1, &to), LC_TAKEN);
    CHECK(lc_unbind(t, ADDRESS + 1, UDP, 4711));
    CHECK_U64(lc_bind(t, ADDRESS, TCP, 1, &to), LC_BOUND);
    lc_tables_free(t);
}

static void vlans_belong_to_one_class(void) {
    LcTables *t = tables();
    set_class(t, 100, 1, true);
    set_class(t, 100, 1, true);
    set_class(t, 100, 2, false);
    set_class(t, 4095, 2, true);
    set_class(t, CP_VLAN, 2, false);
    lc_tables_free(t);
}

/* What comes in and is nobody's ------------------------------------------------------------- */

static void the_unbound_goes_to_the_control_processor(void) {
    static const Form forms[] = {
        {.protocol = TCP, .from = REMOTE, .to = ADDRESS + 9, .to_port = 22},
        {.protocol = UDP, .from = REMOTE, .to = ADDRESS, .to_port = 9},
        {.protocol = ICMP, .from = REMOTE, .to = ADDRESS + 4},
        {.protocol = GRE, .from = REMOTE, .to = ADDRESS, .tagged = true}};
    LcTables *with = tables(), *without = bare();
    for (unsigned i = 0; i < N_OF(forms); i++) {
        Buffer b;
        load(&b, &forms[i], 3);
        CHECK_U64(in(with, &b.p), FP_FORWARD);
        CHECK(memcmp(frame_of(&b), cp.mac, 6) == 0);
        CHECK_U64(get16(frame_of(&b) + 14) & 0xfff, CP_VLAN);
        CHECK_U64(b.p.result.queue, 3);
        CHECK_U64(in_reason(without, &forms[i]), LC_UNBOUND);
        Form foreign = forms[i];
        foreign.to = ADDRESS + N;
        CHECK_U64(in_reason(with, &foreign), LC_NOT_OURS);
        foreign.to = ADDRESS - 1;
        CHECK_U64(in_reason(without, &foreign), LC_NOT_OURS);
    }
    lc_tables_free(with);
    lc_tables_free(without);
}

static void fragments_without_ports_go_to_the_control_processor(void) {
    /* Only a fragment at offset 0 has ports; of others, the same bytes are payload. */
    LcTables *t = tables();
    LcTarget to = blade(1);
    CHECK_U64(lc_bind(t, ADDRESS, UDP, 30000, &to), LC_BOUND);
    static const struct {
        uint16_t fragment, class;
    } cases[] = {{0, 1}, {0x4000, 1}, {0x2000, 1}, {1, 0}, {0x2001, 0}, {0x1fff, 0}, {0x1000, 0}};
    for (unsigned i = 0; i < N_OF(cases); i++) {
        Form f = {.protocol = UDP,
                  .from = REMOTE,
                  .to = ADDRESS,
                  .to_port = 30000,
                  .fragment = cases[i].fragment};
        Buffer b;
        load(&b, &f, 0);
        CHECK_U64(in(t, &b.p), FP_FORWARD);
        CHECK_U64(b.p.slice, cases[i].class);
    }
    lc_tables_free(t);
}

static void an_interface_that_is_down_takes_nothing(void) {
    LcTables *t = tables();
    Form f = {.protocol = TCP, .from = REMOTE, .to = ADDRESS, .to_port = 22};
    lc_set_down(t, 0, true);
    CHECK_U64(in_reason(t, &f), LC_DOWN);
    f.to = ADDRESS + 1; /* where it arrives counts, not whose address it is */
    CHECK_U64(in_reason(t, &f), LC_DOWN);
    lc_set_down(t, 0, false);
    lc_set_down(t, 1, true);
    CHECK_U64(in_reason(t, &f), LC_OK);
    lc_tables_free(t);
}

static void headers_are_tested(void) {
    LcTables *t = tables();
    Form good = {.protocol = UDP, .from = REMOTE, .to = ADDRESS, .options = 4, .payload = 10};
    enum { LENGTH = 14 + 24 + 8 + 10 };
    static const struct {
        unsigned at, value; /* a 16-bit word of the frame */
        bool resign;
        LcReason reason;
    } cases[] = {{12, 0x0800, false, LC_OK},
                 {12, 0x86dd, false, LC_NOT_IP},
                 {12, 0x0806, false, LC_NOT_IP},
                 {12, 0x8100, false, LC_NOT_IP}, /* tag 46xx, then type = total length */
                 {14, 0x5600, true, LC_BAD_IP},  /* version */
                 {14, 0x4400, true, LC_BAD_IP},  /* header of 16 bytes */
                 {14, 0x4500, true, LC_OK},      /* an option less, four bytes of payload more */
                 {14, 0x4f00, true, LC_BAD_IP},  /* header of 60 bytes */
                 {16, 24 + 18, true, LC_OK},     /* total length */
                 {16, 24, true, LC_OK},          /* all that follows is padding */
                 {16, 23, true, LC_BAD_IP},
                 {16, 24 + 19, true, LC_BAD_IP}, /* beyond the frame */
                 {16, 65535, true, LC_BAD_IP},
                 {16, 0, true, LC_BAD_IP},
                 {18, 0x1234, false, LC_BAD_IP}}; /* checksum */
    for (unsigned i = 0; i < N_OF(cases); i++) {
        Buffer b;
        load(&b, &good, 0);
        CHECK_U64(b.p.length, LENGTH);
        put16(b.p.bytes + cases[i].at, cases[i].value);
        if (cases[i].resign) {
            uint8_t *ip = b.p.bytes + 14;
            put16(ip + 10, 0);
            put16(ip + 10, whole_checksum(sum_bytes(ip, (ip[0] & 15u) * 4)));
        }
        FpVerdict v = lc_in_key(t, &b.p, NULL);
        LcReason reason = v == FP_DROP ? (LcReason)b.p.reason : LC_OK;
        if (reason != cases[i].reason) printf("  case %u\n", i);
        CHECK_U64(reason, cases[i].reason);
    }
    lc_tables_free(t);
}

static void every_truncation_has_its_reason(void) {
    /* Cut inside Ethernet or IPv4's fixed header: short. Cut behind it: the total length is more
     * than there is. The buffer ends where the frame does, so that a byte too far is found. */
    LcTables *t = tables();
    set_class(t, 100, 1, true);
    for (unsigned tagged = 0; tagged < 2; tagged++)
        for (unsigned options = 0; options <= 40; options += 20) {
            Form f = {.tagged = tagged,
                      .tag = 100,
                      .protocol = TCP,
                      .from = REMOTE,
                      .to = ADDRESS,
                      .options = options,
                      .payload = 3};
            uint8_t whole[ROOM];
            uint32_t length = make(whole, &f), ip = 14 + 4 * tagged;
            set_mac(whole, backplane_mac, 0);
            for (uint32_t n = 0; n <= length; n++)
                for (unsigned out = 0; out < 2; out++) {
                    if (out && !tagged && n == length) continue;
                    uint8_t *room = malloc(FP_HEADROOM + n);
                    memcpy(room + FP_HEADROOM, whole, n);
                    FpPacket p = {.bytes = room + FP_HEADROOM, .length = n, .original = n};
                    FpVerdict v = out ? lc_out_lookup(t, &p, NULL) : lc_in_key(t, &p, NULL);
                    LcReason expected = n < ip + 20 ? LC_SHORT : n < length ? LC_BAD_IP : LC_OK;
                    CHECK_U64(p.reason, expected);
                    CHECK_U64(v, expected == LC_OK ? FP_FORWARD : FP_DROP);
                    if (v == FP_FORWARD && !out) {
                        CHECK_U64(lc_in_lookup(t, &p, 0, NULL), FP_FORWARD);
                        CHECK_U64(lc_in_rewrite(t, &p, NULL), FP_FORWARD);
                    }
                    free(room);
                }
        }
    lc_tables_free(t);
}

static void a_transport_header_may_be_short(void) {
    /* Total length ends inside the ports: there are none, whatever follows as padding. */
    LcTables *t = tables();
    LcTarget to = blade(1);
    CHECK_U64(lc_bind(t, ADDRESS, UDP, 30000, &to), LC_BOUND);
    for (uint32_t bytes = 0; bytes <= 8; bytes++) {
        Form f = {.protocol = UDP, .from = REMOTE, .to = ADDRESS, .to_port = 30000};
        Buffer b;
        load(&b, &f, 0);
        uint8_t *ip = b.p.bytes + 14;
        put16(ip + 2, 20 + bytes);
        put16(ip + 10, 0);
        put16(ip + 10, whole_checksum(sum_bytes(ip, 20)));
        CHECK_U64(in(t, &b.p), FP_FORWARD);
        CHECK_U64(b.p.slice, bytes >= 4);
    }
    lc_tables_free(t);
}

/* Translation ------------------------------------------------------------------------------- */

static Form some_flow(void) {
    static const uint8_t protocols[3] = {ICMP, TCP, UDP};
    return (Form){.tagged = true,
                  .tag = 103,
                  .protocol = protocols[dice(3)],
                  .from = 0xc0a80000 | (uint32_t)dice(65536),
                  .to = REMOTE + (uint32_t)dice(4),
                  .from_port = (uint16_t)dice(65536),
                  .to_port = (uint16_t)dice(65536),
                  .options = (uint32_t)dice(11) * 4,
                  .payload = (uint32_t)dice(200)};
}

/* Into the lookup of what goes out, at an interface. */
static void send_out(LcTables *t, Buffer *b, const Form *f, unsigned interface) {
    load(b, f, N);
    set_mac(b->p.bytes, backplane_mac, interface);
    CHECK_U64(lc_out_lookup(t, &b->p, NULL), FP_FORWARD);
}

static void a_flow_is_translated_both_ways_after_a_miss(void) {
    /* Miss, and nothing has changed; allocate; then source address and port are the outside's, and
     * nothing differs otherwise but the checksums, which are those of the whole packet. The answer
     * comes back to the inside address and port, at the class's blade. */
    LcTables *t = tables();
    LcTarget host = blade(3);
    CHECK(lc_set_class(t, &host)); /* and no bindings */
    uint64_t misses = 0;
    for (unsigned round = 0; round < 2000; round++) {
        Form f = some_flow();
        unsigned interface = (unsigned)dice(N);
        Buffer b;
        uint8_t expected[ROOM];
        NatFlow flow;
        const NatEntry *e = NULL;
        send_out(t, &b, &f, interface);
        memcpy(expected, b.p.bytes, b.p.length);
        FpVerdict v = lc_out_translate(t, &b.p, round, NULL);
        CHECK_U64(v, FP_EXCEPTION);
        CHECK_U64(b.p.reason, LC_NAT_MISS);
        CHECK(memcmp(b.p.bytes, expected, b.p.length) == 0);
        misses++;
        CHECK(lc_nat_flow(&b.p, &flow));
        CHECK(flow.blade == 3 && flow.protocol == f.protocol && flow.inside_address == f.from &&
              flow.inside_port == f.from_port && flow.remote_address == f.to &&
              flow.remote_port == (f.protocol == ICMP ? 0 : f.to_port));
        CHECK_U64(nat_allocate(lc_nat(t), &flow, ADDRESS + interface, 40000, 16384, round, &e),
                  NAT_OK);
        CHECK_U64(lc_out_translate(t, &b.p, round, NULL), FP_FORWARD);
        uint32_t l4 = 18 + IPV4_BYTES + f.options;
        put32(expected + 18 + 12, ADDRESS + interface);
        put16(expected + l4 + (f.protocol == ICMP ? 4 : 0), e->outside_port);
        sign(expected + 18);
        CHECK(memcmp(b.p.bytes, expected, b.p.length) == 0);
        CHECK(signed_right(b.p.bytes + 18));
        /* The answer. */
        Form answer = {.tagged = round & 1,
                       .protocol = f.protocol,
                       .from = f.to,
                       .to = ADDRESS + interface,
                       .from_port = f.protocol == ICMP ? e->outside_port : f.to_port,
                       .to_port = e->outside_port,
                       .reply = true,
                       .payload = (uint32_t)dice(200)};
        load(&b, &answer, interface);
        uint32_t at = answer.tagged ? 18 : 14;
        memcpy(expected, b.p.bytes, b.p.length);
        put32(expected + at + 16, f.from);
        put16(expected + at + IPV4_BYTES + (f.protocol == ICMP ? 4 : 2), f.from_port);
        sign(expected + at);
        CHECK_U64(in(t, &b.p), FP_FORWARD);
        const uint8_t *came = frame_of(&b);
        CHECK(memcmp(came + 18, expected + at, b.p.length - 18) == 0);
        CHECK(memcmp(came, host.mac, 6) == 0);
        CHECK_U64(get16(came + 14) & 0xfff, host.vlan);
        CHECK_U64(b.p.slice, 3);
        nat_remove(lc_nat(t), &flow);
    }
    CHECK_U64(nat_counts(lc_nat(t))->out, misses);
    CHECK_U64(nat_counts(lc_nat(t))->out_misses, misses);
    CHECK_U64(nat_counts(lc_nat(t))->in, misses);
    lc_tables_free(t);
}

static void only_hosts_inside_are_translated(void) {
    static const struct {
        uint32_t prefix;
        unsigned length;
        uint32_t from;
        bool inside;
    } cases[] = {{0xc0a80000, 16, 0xc0a80000, true},  {0xc0a80000, 16, 0xc0a8ffff, true},
                 {0xc0a80000, 16, 0xc0a90000, false}, {0xc0a80000, 16, 0xc0a7ffff, false},
                 {0xc0a80105, 32, 0xc0a80105, true},  {0xc0a80105, 32, 0xc0a80104, false},
                 {0xc0a8ffff, 16, 0xc0a80001, true},  {0, 0, 0xffffffff, true}};
    for (unsigned i = 0; i < N_OF(cases); i++) {
        LcTables *t = tables();
        Form f = {
            .tagged = true, .tag = CP_VLAN, .protocol = TCP, .from = cases[i].from, .to = REMOTE};
        Buffer b;
        lc_set_inside(t, cases[i].prefix, cases[i].length);
        send_out(t, &b, &f, 0);
        CHECK_U64(lc_out_translate(t, &b.p, 0, NULL), cases[i].inside ? FP_EXCEPTION : FP_FORWARD);
        lc_tables_free(t);
    }
    LcTables *t = bare(); /* nobody is inside, not even 0.0.0.1 */
    lc_set_default(t, &cp);
    Form f = {.tagged = true, .tag = CP_VLAN, .protocol = TCP, .from = 1, .to = REMOTE};
    Buffer b;
    send_out(t, &b, &f, 0);
    CHECK_U64(lc_out_translate(t, &b.p, 0, NULL), FP_FORWARD);
    lc_tables_free(t);
}

static void what_has_no_ports_cannot_be_translated(void) {
    LcTables *t = tables();
    static const Form forms[] = {
        {.tagged = true, .tag = CP_VLAN, .protocol = GRE, .from = INSIDE, .to = REMOTE},
        {.tagged = true, .tag = CP_VLAN, .protocol = UDP, .from = INSIDE, .fragment = 0x2001},
        {.tagged = true, .tag = CP_VLAN, .protocol = ICMP, .from = INSIDE, .reply = true}};
    for (unsigned i = 0; i < N_OF(forms); i++) {
        Buffer b;
        NatFlow flow;
        send_out(t, &b, &forms[i], 0);
        CHECK_U64(lc_out_translate(t, &b.p, 0, NULL), FP_DROP);
        CHECK_U64(b.p.reason, LC_NAT_BAD);
        CHECK(!lc_nat_flow(&b.p, &flow));
    }
    lc_tables_free(t);
}

static void an_answer_from_somebody_else_goes_to_the_control_processor(void) {
    LcTables *t = tables();
    NatFlow flow = {.protocol = TCP,
                    .inside_address = INSIDE,
                    .inside_port = 5000,
                    .remote_address = REMOTE,
                    .remote_port = 80,
                    .blade = 3};
    const NatEntry *e;
    CHECK_U64(nat_allocate(lc_nat(t), &flow, ADDRESS, 40000, 1, 0, &e), NAT_OK);
    Form f = {
        .protocol = TCP, .from = REMOTE + 1, .to = ADDRESS, .from_port = 80, .to_port = 40000};
    Buffer b;
    uint8_t came[ROOM];
    load(&b, &f, 0);
    memcpy(came, b.p.bytes, b.p.length);
    CHECK_U64(in(t, &b.p), FP_FORWARD);
    CHECK_U64(b.p.slice, 0);
    CHECK(memcmp(frame_of(&b) + 18, came + 14, b.p.length - 18) == 0);
    CHECK_U64(nat_counts(lc_nat(t))->in_filtered, 1);
    lc_tables_free(t);
}

int main(void) {
    static const Test tests[] = {TEST(a_frame_coming_in_is_addressed_to_its_blade),
                                 TEST(a_frame_going_out_is_addressed_to_the_next_router),
                                 TEST(a_frame_without_a_tag_may_go_out_if_vlan_0_is_somebodys),
                                 TEST(what_goes_out_needs_an_interface_a_class_and_a_wire),
                                 TEST(the_key_is_addresses_protocol_ports_and_interface),
                                 TEST(a_binding_is_exact),
                                 TEST(a_port_is_bound_once_until_it_is_unbound),
                                 TEST(ten_thousand_bindings_against_a_table),
                                 TEST(the_tcam_fills_and_empties),
                                 TEST(vlans_belong_to_one_class),
                                 TEST(the_unbound_goes_to_the_control_processor),
                                 TEST(fragments_without_ports_go_to_the_control_processor),
                                 TEST(an_interface_that_is_down_takes_nothing),
                                 TEST(headers_are_tested),
                                 TEST(every_truncation_has_its_reason),
                                 TEST(a_transport_header_may_be_short),
                                 TEST(a_flow_is_translated_both_ways_after_a_miss),
                                 TEST(only_hosts_inside_are_translated),
                                 TEST(what_has_no_ports_cannot_be_translated),
                                 TEST(an_answer_from_somebody_else_goes_to_the_control_processor),
                                 {0}};
    return run_tests("linecard", tests);
}
