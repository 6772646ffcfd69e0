/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Management processors on the control network: what is asked in frames is done, item by item, each
 * for mp_service and nothing for the way; what is refused says why; and who asks a lot delays a
 * neighbour by less than 1 ms. A test's station at a server's control port asks. */
#include "components/control/management.h"

#include <errno.h>

#include "components/control/manager.h"
#include "components/control/program.h"
#include "components/gpe/vserver.h"
#include "components/slice/slice.h"
#include "fastpath/headers.h"
#include "tests/bench.h"
#include "tests/dice.h"

#define NODE                                                                                       \
    "[chassis spp]\nslots = linecard; np; gpe; gpe; cp\n[management management]\n"                 \
    "[gpe gpe0]\nroot_rate = 0Hz\n[gpe gpe1]\nroot_rate = 0Hz\n"                                   \
    "[slice a]\nnpe = npe0\nattached = no\n[slice b]\nnpe = npe0\nattached = no\nudp_port = "      \
    "30001\n"

typedef struct {
    unsigned n;
    int error;
    SimTime at;
    uint8_t tlvs[MESSAGE_MAX_BYTES];
    Message message; /* in tlvs */
    Bench *bench;
} Answer;

typedef struct {
    Bench *bench;
    Station *at[2]; /* gpe0, gpe1 */
} World;

static const StationSettings settings = {.timeout = 200 * SIM_MS, .resends = 5};

static World world(const char *text) {
    World w = {.bench = bench_open(text)};
    static const char *const names[] = {"gpe0", "gpe1"};
    for (unsigned i = 0; i < 2; i++)
        w.at[i] = control_station(bench_find(w.bench, names[i]), names[i], &settings, NULL);
    g_assert(w.at[0] && w.at[1]);
    return w;
}

static void world_end(World *w) {
    bench_finish(w->bench);
    for (unsigned i = 0; i < 2; i++) station_free(w->at[i]);
    bench_close(w->bench);
}

static SimTime now_of(const Bench *b) {
    return sim_now(network_sim(b->net));
}

static void answered(void *user, int error, const Message *m) {
    Answer *a = user;
    a->n++;
    a->error = error;
    a->at = now_of(a->bench);
    if (!m) return;
    memcpy(a->tlvs, m->tlvs, m->length);
    a->message = *m;
    a->message.tlvs = a->tlvs;
}

static void ask(World *w, unsigned from, const char *box, Service service, MessageWriter *m,
                Answer *a) {
    StationPlace place;
    g_assert(control_place(w->bench->net, box, &place));
    a->bench = w->bench;
    station_call(w->at[from], &place, service, m, answered, a);
}

static void wait_for(World *w, const Answer *a) {
    SimTime until = now_of(w->bench) + 2 * SIM_S;
    while (!a->n && now_of(w->bench) < until) bench_until(w->bench, now_of(w->bench) + 50 * SIM_US);
    CHECK_U64(a->n, 1);
}

/* An item, its numbers as TAG, value pairs up to 0. */
static void begin(MessageWriter *m, const char *slice) {
    message_begin(m, MESSAGE_MP_CONFIGURE, 7);
    message_put_text(m, TAG_NAME, slice);
}
static void put_numbers(MessageWriter *m, va_list args) {
    for (int tag; (tag = va_arg(args, int));)
        message_put_u32(m, (MessageTag)tag, va_arg(args, uint32_t));
}
static void item(MessageWriter *m, MpVerb verb, ...) {
    va_list args;
    va_start(args, verb);
    message_open(m, TAG_ITEM);
    message_put_u32(m, TAG_VERB, verb);
    put_numbers(m, args);
    message_close(m);
    va_end(args);
}
static void item_bytes(MessageWriter *m, MpVerb verb, uint32_t offset, const void *bytes,
                       uint32_t n) {
    message_open(m, TAG_ITEM);
    message_put_u32(m, TAG_VERB, verb);
    message_put_u32(m, TAG_OFFSET, offset);
    message_put_bytes(m, TAG_BYTES, bytes, n);
    message_close(m);
}
/* Of the option's key the first and the last byte, to interface i, queue i. */
static const uint8_t filter_key[FP_KEY_BYTES] = {10, [FP_KEY_BYTES - 1] = 3},
                     filter_mask[FP_KEY_BYTES] = {255, [FP_KEY_BYTES - 1] = 7};
static void item_filter(MessageWriter *m, unsigned interface, uint32_t queue) {
    message_open(m, TAG_ITEM);
    message_put_u32(m, TAG_VERB, MP_FILTER_ADD);
    message_put_bytes(m, TAG_KEY, filter_key, sizeof filter_key);
    message_put_bytes(m, TAG_MASK, filter_mask, sizeof filter_mask);
    message_put_u32(m, TAG_VERDICT, FP_FORWARD);
    message_put_u32(m, TAG_INTERFACE, interface);
    message_put_u32(m, TAG_QUEUE, queue);
    message_put_u32(m, TAG_ADDRESS, 0xc0a86401);
    message_put_u32(m, TAG_PORT, 30000);
    message_close(m);
}
static Message nth_item(const Answer *a, unsigned n) {
    Message m = {0};
    CHECK(message_group(&a->message, TAG_ITEM, n, &m));
    return m;
}
static int error_of(const Answer *a, unsigned n) {
    Message m = nth_item(a, n);
    return m.tlvs ? (int)message_u32(&m, TAG_ERROR, 0) : -1;
}
static unsigned n_items(const Answer *a) {
    unsigned n = 0;
    for (Message m; message_group(&a->message, TAG_ITEM, n, &m);) n++;
    return n;
}

static void configure(World *w, MessageWriter *m, Answer *a) {
    *a = (Answer){0};
    ask(w, 0, "npe0", SERVICE_MP, m, a);
    wait_for(w, a);
    CHECK_U64(a->error, 0);
}

static void attach(World *w, const char *slice) {
    MessageWriter m;
    Answer a;
    begin(&m, slice);
    item(&m, MP_ATTACH, TAG_FILTERS, 2u, TAG_QUEUES, 6u, TAG_SRAM, 64u, 0);
    configure(w, &m, &a);
    CHECK_U64(error_of(&a, 0), 0);
}

static void a_slice_lives_by_messages(void) {
    World w = world(NODE);
    Slice *s = (Slice *)(void *)bench_find(w.bench, "a");
    Npe *npe = (Npe *)(void *)bench_find(w.bench, "npe0");
    NpeOccupancy empty = npe_occupancy(npe), end;
    MessageWriter m;
    Answer a;
    attach(&w, "a");
    CHECK(s->attached && s->npe == npe);
    begin(&m, "a");
    item(&m, MP_PORT_OPEN, TAG_INTERFACE, 3u, TAG_PORT, 5000u, 0);
    item(&m, MP_QUEUE_SCHEDULER, TAG_QUEUE, 0u, TAG_INTERFACE, 3u, TAG_SHARE, 250000u, TAG_LIMIT,
         99u, 0);
    item_filter(&m, 3, 0);
    item_bytes(&m, MP_SRAM_WRITE, 60, "wxyz", 4);
    item(&m, MP_SRAM_READ, TAG_OFFSET, 58u, TAG_COUNT, 6u, 0);
    item(&m, MP_FILTER_LIST, 0);
    item(&m, MP_COUNTERS, 0);
    configure(&w, &m, &a);
    CHECK_U64(n_items(&a), 7);
    for (unsigned i = 0; i < 7; i++) CHECK_U64(error_of(&a, i), 0);
    Message found = nth_item(&a, 4);
    uint32_t n = 0;
    const uint8_t *bytes = message_bytes(&found, TAG_BYTES, &n);
    CHECK(n == 6 && !memcmp(bytes, "\0\0wxyz", 6));
    CHECK(s->interface_of[0] == 3 && s->queue_share[0] == 0.25);
    Message added = nth_item(&a, 2), listed = nth_item(&a, 5);
    uint32_t position = message_u32(&added, TAG_POSITION, 0);
    CHECK_U64(message_u32(&listed, TAG_POSITION, 1), position);
    CHECK_U64(message_u32(&listed, TAG_COUNT, 0), 1);
    const uint8_t *key = message_bytes(&listed, TAG_KEY, &n), *mask;
    CHECK(n == FP_KEY_BYTES && !memcmp(key, filter_key, n));
    mask = message_bytes(&listed, TAG_MASK, &n);
    CHECK(n == FP_KEY_BYTES && !memcmp(mask, filter_mask, n));
    Message counters = nth_item(&a, 6);
    CHECK(message_u32(&counters, TAG_COUNT, 0) > 0);
    begin(&m, "a");
    item(&m, MP_FILTER_REMOVE, TAG_POSITION, position, 0);
    item(&m, MP_PORT_CLOSE, TAG_INTERFACE, 3u, TAG_PORT, 5000u, 0);
    item(&m, MP_PORT_CLOSE, TAG_INTERFACE, 3u, TAG_PORT, 5000u, 0); /* again */
    item(&m, MP_QUEUE_CLOSE, TAG_QUEUE, 0u, 0);
    item(&m, MP_DETACH, 0);
    item(&m, MP_DETACH, 0); /* again */
    configure(&w, &m, &a);
    CHECK_U64(n_items(&a), 6);
    for (unsigned i = 0; i < 6; i++) CHECK_U64(error_of(&a, i), 0);
    end = npe_occupancy(npe);
    CHECK(!s->attached && !memcmp(&empty, &end, sizeof end));
    world_end(&w);
}

/* A frame of n bytes takes a wire, the switch and a wire: 8 ns a byte and 2 us. Then each item
 * takes mp_service of 20 us: and mp_latency, 100 us, none. */
static void an_item_takes_its_service_and_no_latency(void) {
    World w = world(NODE);
    Slice *s = (Slice *)(void *)bench_find(w.bench, "a");
    MessageWriter m;
    Answer a = {0};
    attach(&w, "a");
    SimTime t0 = now_of(w.bench);
    begin(&m, "a");
    item_bytes(&m, MP_SRAM_WRITE, 0, "1", 1);
    item_bytes(&m, MP_SRAM_WRITE, 1, "2", 1);
    item_bytes(&m, MP_SRAM_WRITE, 2, "3", 1);
    SimTime there =
        t0 + 2 * packet_wire_bytes(MESSAGE_FRAME_HEADERS + m.length) * 8 * SIM_NS + 2 * SIM_US;
    ask(&w, 0, "npe0", SERVICE_MP, &m, &a);
    const uint8_t *sram = fp_slice_sram(npe_tables(s->npe), s->number, 0, 3);
    for (unsigned i = 0; i < 3; i++) {
        SimTime done = there + (i + 1) * 20 * SIM_US;
        bench_until(w.bench, done - 1);
        CHECK_U64(sram[i], 0);
        bench_until(w.bench, done);
        CHECK_U64(sram[i], '1' + i);
    }
    wait_for(&w, &a);
    world_end(&w);
}

static void the_first_item_that_is_refused_is_the_last(void) {
    World w = world(NODE);
    MessageWriter m;
    Answer a;
    attach(&w, "a");
    attach(&w, "b");
    const struct {
        MpVerb verb;
        uint32_t tags[6];
        int error;
    } bad[] = {{MP_ATTACH, {0}, EEXIST},
               {MP_PORT_OPEN, {TAG_INTERFACE, 10, TAG_PORT, 1}, EINVAL},
               {MP_PORT_OPEN, {TAG_INTERFACE, 1, TAG_PORT, 0}, EINVAL},
               {MP_PORT_OPEN, {TAG_INTERFACE, 1, TAG_PORT, 65536}, EINVAL},
               {MP_PORT_OPEN, {TAG_INTERFACE, 2, TAG_PORT, 777}, EADDRINUSE}, /* b has it */
               {MP_QUEUE_OPEN, {TAG_INTERFACE, 10}, EINVAL},
               {MP_QUEUE_CLOSE, {TAG_QUEUE, 77}, EINVAL},
               {MP_QUEUE_SCHEDULER, {TAG_QUEUE, 77, TAG_INTERFACE, 0}, EINVAL},
               {MP_QUEUE_SHARE, {TAG_QUEUE, 0, TAG_SHARE, 2000000}, ENOSPC},
               {MP_QUEUE_LIMIT, {TAG_QUEUE, 77}, EINVAL},
               {MP_FILTER_ADD, {TAG_VERDICT, 0}, EINVAL},
               {MP_FILTER_REMOVE, {TAG_POSITION, 3}, EINVAL},
               {MP_SRAM_WRITE, {TAG_OFFSET, 3}, EINVAL}, /* no bytes */
               {MP_SRAM_READ, {TAG_OFFSET, 60, TAG_COUNT, 5}, EINVAL},
               {MP_SRAM_READ, {TAG_OFFSET, 0, TAG_COUNT, 100000}, EINVAL},
               {MP_COUNTERS, {TAG_INDEX, 999}, EINVAL},
               {(MpVerb)99, {0}, EINVAL}};
    begin(&m, "b");
    item(&m, MP_PORT_OPEN, TAG_INTERFACE, 2u, TAG_PORT, 777u, 0);
    configure(&w, &m, &a);
    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        begin(&m, "a");
        item(&m, MP_FILTER_LIST, 0);
        message_open(&m, TAG_ITEM);
        message_put_u32(&m, TAG_VERB, bad[i].verb);
        for (unsigned k = 0; k < 6 && bad[i].tags[k]; k += 2)
            message_put_u32(&m, (MessageTag)bad[i].tags[k], bad[i].tags[k + 1]);
        message_close(&m);
        item(&m, MP_FILTER_LIST, 0);
        configure(&w, &m, &a);
        CHECK_U64(error_of(&a, 1), bad[i].error);
        CHECK_U64(n_items(&a), 2);
        Message refused = nth_item(&a, 1);
        CHECK(message_text(&refused, TAG_TEXT) != NULL);
    }
    /* Two filters are the quota; a queue that is not at the interface is a mistake. */
    begin(&m, "a");
    item_filter(&m, 1, 1);
    item_filter(&m, 2, 2);
    item_filter(&m, 3, 3);
    configure(&w, &m, &a);
    CHECK(error_of(&a, 1) == 0 && error_of(&a, 2) == ENOSPC);
    begin(&m, "b");
    item_filter(&m, 1, 2);
    configure(&w, &m, &a);
    CHECK_U64(error_of(&a, 0), EINVAL);
    begin(&m, "b");
    item(&m, MP_DETACH, 0);
    item(&m, MP_FILTER_LIST, 0);
    configure(&w, &m, &a);
    CHECK_U64(error_of(&a, 1), EBADF);
    world_end(&w);
}

static void what_is_not_served_is_refused(void) {
    World w = world(NODE);
    static const struct {
        const char *box, *name;
        MessageType type;
        int error;
    } cases[] = {{"npe0", "a", MESSAGE_ALIVE, 0},
                 {"lc0", NULL, MESSAGE_ALIVE, 0},
                 {"npe0", "a", MESSAGE_LC_CLAIM, EINVAL},
                 {"lc0", "a", MESSAGE_MP_CONFIGURE, EINVAL},
                 {"npe0", "nobody", MESSAGE_MP_CONFIGURE, ENOENT},
                 {"npe0", "lc0", MESSAGE_MP_CONFIGURE, ENOENT},
                 {"npe0", NULL, MESSAGE_MP_CONFIGURE, ENOENT},
                 {"npe0", "a", MESSAGE_MP_CONFIGURE, 0}, /* no item */
                 {"lc0", "a", MESSAGE_LC_CLAIM, EBADF},
                 {"lc0", "a", MESSAGE_LC_RELEASE, 0}};
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        MessageWriter m;
        Answer a = {0};
        message_begin(&m, cases[i].type, 0);
        if (cases[i].name) message_put_text(&m, TAG_NAME, cases[i].name);
        ask(&w, 0, cases[i].box, cases[i].box[0] == 'n' ? SERVICE_MP : SERVICE_LC, &m, &a);
        wait_for(&w, &a);
        CHECK_U64(a.error, cases[i].error);
    }
    world_end(&w);
}

static int line_card(World *w, MessageType type, const char *name, ...) {
    MessageWriter m;
    Answer a = {0};
    va_list args;
    va_start(args, name);
    message_begin(&m, type, 0);
    message_put_text(&m, TAG_NAME, name);
    put_numbers(&m, args);
    va_end(args);
    ask(w, 0, "lc0", SERVICE_LC, &m, &a);
    wait_for(w, &a);
    return a.error;
}

static void ports_and_shares_of_the_line_card_are_claimed_by_messages(void) {
    World w = world(NODE);
    LineCard *lc = (LineCard *)(void *)bench_find(w.bench, "lc0");
    attach(&w, "a");
    attach(&w, "b");
    uint64_t before = linecard_occupancy(lc).bindings;
#define PORT_OF(i, p) TAG_INTERFACE, (uint32_t)(i), TAG_PROTOCOL, 17u, TAG_PORT, (uint32_t)(p), 0
    CHECK_U64(line_card(&w, MESSAGE_LC_CLAIM, "a", PORT_OF(4, 53)), 0);
    CHECK_U64(linecard_occupancy(lc).bindings, before + 1);
    CHECK_U64(line_card(&w, MESSAGE_LC_CLAIM, "b", PORT_OF(4, 53)), EADDRINUSE);
    CHECK_U64(line_card(&w, MESSAGE_LC_CLAIM, "b", PORT_OF(5, 53)), 0);
    CHECK_U64(line_card(&w, MESSAGE_LC_RELEASE, "b", PORT_OF(4, 53)), 0); /* not b's */
    CHECK_U64(linecard_occupancy(lc).bindings, before + 2);
    CHECK_U64(line_card(&w, MESSAGE_LC_RELEASE, "a", PORT_OF(4, 53)), 0);
    CHECK_U64(line_card(&w, MESSAGE_LC_RELEASE, "a", PORT_OF(4, 53)), 0); /* again */
    CHECK_U64(line_card(&w, MESSAGE_LC_CLAIM, "b", PORT_OF(4, 53)), 0);
    CHECK_U64(line_card(&w, MESSAGE_LC_CLAIM, "b", PORT_OF(10, 53)), EINVAL);
    CHECK_U64(line_card(&w, MESSAGE_LC_CLAIM, "b", PORT_OF(0, 65536)), EINVAL);
#define SHARE_OF(i, d, s)                                                                          \
    TAG_INTERFACE, (uint32_t)(i), TAG_DIRECTION, (uint32_t)(d), TAG_SHARE, (uint32_t)(s), 0
    CHECK_U64(line_card(&w, MESSAGE_LC_SHARE, "a", SHARE_OF(0, 0, 700000)), 0);
    CHECK_U64(line_card(&w, MESSAGE_LC_SHARE, "b", SHARE_OF(0, 0, 400000)), ENOSPC);
    CHECK_U64(line_card(&w, MESSAGE_LC_SHARE, "b", SHARE_OF(0, 1, 400000)), 0);
    CHECK_U64(line_card(&w, MESSAGE_LC_SHARE, "a", SHARE_OF(0, 0, 0)), 0);
    CHECK_U64(line_card(&w, MESSAGE_LC_SHARE, "b", SHARE_OF(0, 0, 400000)), 0);
    world_end(&w);
}

/* Anything that is a message: refused or done, and the node's accounts close. */
static void nothing_that_is_a_message_does_harm(void) {
    World w = world(NODE);
    unsigned n_answers = 0;
    dice_seed(5);
    attach(&w, "a");
    for (unsigned round = 0; round < 600; round++) {
        static const uint32_t tags[] = {TAG_INTERFACE, TAG_PORT,     TAG_QUEUE,   TAG_SHARE,
                                        TAG_LIMIT,     TAG_POSITION, TAG_OFFSET,  TAG_COUNT,
                                        TAG_FILTERS,   TAG_QUEUES,   TAG_BUFFERS, TAG_SRAM,
                                        TAG_INDEX,     TAG_CURSOR,   TAG_VERDICT, TAG_REASON};
        MessageWriter m;
        Answer a = {0};
        begin(&m, dice(4) ? "a" : "b");
        for (unsigned i = dice(4); i-- > 0;) {
            message_open(&m, TAG_ITEM);
            if (dice(20)) message_put_u32(&m, TAG_VERB, (uint32_t)dice(17));
            for (unsigned k = 0; k < G_N_ELEMENTS(tags); k++)
                if (dice(2))
                    message_put_u32(&m, (MessageTag)tags[k],
                                    dice(3) ? (uint32_t)dice(12) : (uint32_t)dice(UINT32_MAX));
            uint8_t bytes[40] = {0};
            bytes[0] = (uint8_t)dice(256);
            if (dice(2)) message_put_bytes(&m, TAG_KEY, bytes, dice(8) ? FP_KEY_BYTES : 3);
            if (dice(2)) message_put_bytes(&m, TAG_MASK, bytes, dice(8) ? FP_KEY_BYTES : 40);
            if (dice(2)) message_put_bytes(&m, TAG_BYTES, bytes, (uint32_t)dice(40));
            if (dice(4) == 0) message_put_text(&m, TAG_CODE_OPTION, dice(2) ? "i3" : "none");
            message_close(&m);
        }
        ask(&w, 0, "npe0", SERVICE_MP, &m, &a);
        wait_for(&w, &a);
        n_answers += a.n;
    }
    CHECK_U64(n_answers, 600);
    world_end(&w);
}

/* Isolation -------------------------------------------------------------------------------- */

typedef struct {
    World *w;
    SimEvent event;
    Answer answers;
    unsigned sent;
} Flood;

/* As fast as the wire takes them. */
static void flood(Sim *sim, SimEvent *event) {
    Flood *f = (Flood *)(void *)((char *)event - offsetof(Flood, event));
    MessageWriter m;
    begin(&m, "a");
    item(&m, MP_COUNTERS, 0);
    SimTime wire = packet_wire_bytes(MESSAGE_FRAME_HEADERS + m.length) * 8 * SIM_NS;
    ask(f->w, 1, "npe0", SERVICE_MP, &m, &f->answers);
    f->sent++;
    sim_schedule(sim, event, wire);
}

static SimTime neighbour_takes(bool flooded) {
    World w = world(NODE);
    Flood f = {.w = &w};
    MessageWriter m;
    Answer a = {0};
    attach(&w, "a");
    attach(&w, "b");
    SimTime t0 = now_of(w.bench) + 3 * SIM_MS;
    sim_event_init(&f.event, flood, &bench_find(w.bench, "gpe1")->owner);
    if (flooded) sim_schedule(network_sim(w.bench->net), &f.event, 1);
    bench_until(w.bench, t0);
    begin(&m, "b");
    item(&m, MP_COUNTERS, 0);
    ask(&w, 0, "npe0", SERVICE_MP, &m, &a);
    bench_until(w.bench, t0 + 3 * SIM_MS);
    CHECK_U64(a.n, 1);
    CHECK_U64(error_of(&a, 0), 0);
    if (flooded) {
        sim_cancel(network_sim(w.bench->net), &f.event);
        CHECK(f.sent > 5000);
        CHECK(f.answers.n > 100);
        CHECK_U64(f.answers.error, EAGAIN);
    }
    world_end(&w);
    return a.at - t0;
}

static void a_flood_delays_a_neighbour_by_less_than_1_ms(void) {
    SimTime alone = neighbour_takes(false), beside = neighbour_takes(true);
    printf("  a request takes %.1f us alone, %.1f us beside a flood\n", (double)alone / SIM_US,
           (double)beside / SIM_US);
    CHECK(beside >= alone && beside - alone < SIM_MS);
}

/* The same through the LRM, on a server where both slices live: what PLC has placed there. */
#define MANAGED                                                                                    \
    "[chassis spp]\nslots = linecard; np; gpe; cp\n[switch control]\nports = 6\n[link internet]\n" \
    "link = plc0.0 -> control.5\nrate = 100Mbit/s\nboth = yes\n[management management]\n[plc "     \
    "plc0]\n"                                                                                      \
    "slices = wustl_a; wustl_b\n[global_manager manager]\npoll = 10ms\npoll_spread = 0\nlog = "    \
    "no\n"                                                                                         \
    "[local_manager lm]\ngpe = gpe0\npoll = 10ms\npoll_spread = 0\ncreate = 1ms\nstagger = 0\n"    \
    "[gpe gpe0]\nroot_rate = 0Hz\n[program a]\nslice = wustl_a\nsteps = np_slice filters=8 "       \
    "queues=6\n"                                                                                   \
    "[program b]\nslice = wustl_b\nsteps = np_slice filters=8 queues=6\n"

typedef struct {
    SimEvent event;
    Bench *bench;
    Lrm *lrm;
    Vserver *v;
    unsigned asked, answered, refused;
    SimTime at;
} Asker;

static void lrm_answered(void *user, const LrmAnswer *answer) {
    Asker *a = user;
    a->answered++;
    a->refused += answer->error != 0;
    a->at = now_of(a->bench);
}

static void ask_lrm(Asker *a) {
    const LrmRequest request = {.verb = LRM_COUNTERS};
    a->asked++;
    lrm_call(a->lrm, a->v, &request, lrm_answered, a);
}

static void keep_asking(Sim *sim, SimEvent *event) {
    ask_lrm((Asker *)(void *)((char *)event - offsetof(Asker, event)));
    sim_schedule(sim, event, 2 * SIM_US);
}

static SimTime neighbour_of_a_server_takes(bool flooded) {
    Bench *b = bench_open(MANAGED);
    Component *server = bench_find(b, "gpe0");
    Asker flooder = {.bench = b, .lrm = manager_lrm(bench_find(b, "lm"))}, neighbour = flooder;
    SliceProgram *p[2] = {slice_program_find(b->net, "wustl_a"),
                          slice_program_find(b->net, "wustl_b")};
    flooder.v = slice_program_vserver(p[0]);
    neighbour.v = slice_program_vserver(p[1]);
    sim_event_init(&flooder.event, keep_asking, &server->owner);
    SimTime t0 = 200 * SIM_MS;
    bench_until(b, t0);
    CHECK(slice_program_slice(p[0])->attached && slice_program_slice(p[1])->attached);
    if (flooded) sim_schedule(network_sim(b->net), &flooder.event, 1);
    t0 += 10 * SIM_MS;
    bench_until(b, t0);
    ask_lrm(&neighbour);
    bench_until(b, t0 + 3 * SIM_MS);
    sim_cancel(network_sim(b->net), &flooder.event);
    CHECK(neighbour.answered == 1 && !neighbour.refused);
    if (flooded) CHECK(flooder.asked > 5000 && flooder.refused > 100);
    bench_until(b, t0 + 100 * SIM_MS);
    CHECK_U64(flooder.answered, flooder.asked);
    bench_close(b);
    return neighbour.at - t0;
}

static void nor_does_one_at_the_lrm(void) {
    SimTime alone = neighbour_of_a_server_takes(false), beside = neighbour_of_a_server_takes(true);
    printf("  a request takes %.1f us alone, %.1f us beside a flood at the LRM\n",
           (double)alone / SIM_US, (double)beside / SIM_US);
    CHECK(beside >= alone && beside - alone < SIM_MS);
}

int main(void) {
    static const Test tests[] = {TEST(a_slice_lives_by_messages),
                                 TEST(an_item_takes_its_service_and_no_latency),
                                 TEST(the_first_item_that_is_refused_is_the_last),
                                 TEST(what_is_not_served_is_refused),
                                 TEST(ports_and_shares_of_the_line_card_are_claimed_by_messages),
                                 TEST(nothing_that_is_a_message_does_harm),
                                 TEST(a_flood_delays_a_neighbour_by_less_than_1_ms),
                                 TEST(nor_does_one_at_the_lrm),
                                 {0}};
    return run_tests("management", tests);
}
