/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Who waits for whom inside a chip. A microengine against a twin that knows two rules and no
 * events: when it is free, the next ready context in turn has it, until that has to wait; and if
 * none is ready, the one that first becomes so. A channel against Lindley's recurrence, and against
 * Pollaczek and Khinchine. */
#include "components/ixp/channel.h"
#include "components/ixp/me.h"
#include "tests/check.h"
#include "tests/dice.h"

/* A microengine ------------------------------------------------------------------------------ */

enum { ENTRIES = 64, BURSTS = 400 };

/* Contexts go round their lists: so many instructions, and then so long a wait; 0: none. */
typedef struct {
    uint16_t instructions;
    SimTime wait;
} Entry;
typedef struct {
    unsigned context;
    SimTime at;
} Burst; /* that ended */

typedef struct {
    Component base;
    MeGroup group;
    Block block;
    Me me;
    unsigned n_contexts;
    uint64_t swap_cycles, hz;
    Entry list[ME_MAX_CONTEXTS][ENTRIES];
    unsigned played[ME_MAX_CONTEXTS], logged[ME_MAX_CONTEXTS];
    Burst ended[BURSTS];
    unsigned n_ended;
} World;

static bool perform(Context *c, const FpReference *r, SimTime now) {
    World *w = c->me->group->user;
    const Entry *e = &w->list[c->slot][w->played[c->slot]++ % ENTRIES];
    CHECK_U64(r->bytes, e->wait != 0);
    if (!e->wait) return true;
    if (w->n_ended < BURSTS) w->ended[w->n_ended++] = (Burst){c->slot, now};
    context_sleep_until(c, CAUSE_SRAM, now, now + e->wait);
    return false;
}

/* A few entries at a time, so that contexts wait with a next entry and without. */
static bool resume(Context *c, SimTime now) {
    World *w = c->block->user;
    (void)now;
    for (uint64_t n = 1 + c->note++ % 3; n; n--) {
        const Entry *e = &w->list[c->slot][w->logged[c->slot]++ % ENTRIES];
        log_touch(c, FP_SRAM0, false, false, e->instructions, 0, e->wait != 0);
    }
    return true;
}

static bool world_create(Component *c, GError **error) {
    World *w = (World *)c;
    (void)error;
    w->group = (MeGroup){.sim = c->sim,
                         .clock = clock_of(w->hz),
                         .swap_cycles = w->swap_cycles,
                         .perform = perform,
                         .user = w};
    w->block = (Block){.user = w, .resume = resume};
    me_init(&w->me, &w->group, 0, c);
    me_load(&w->me, &w->block, w->n_contexts);
    return true;
}
static bool world_start(Component *c, GError **error) {
    World *w = (World *)c;
    (void)error;
    me_start(&w->me, 0);
    me_flush(&w->group, 0);
    return true;
}
static const ComponentClass world_class = {
    .name = "world", .size = sizeof(World), .create = world_create, .start = world_start};

/* `edges`: all waits end at edges of the clock, where contexts become ready together. */
static void random_lists(World *w, unsigned seed, bool edges) {
    dice_seed(seed);
    w->n_contexts = 1 + (unsigned)dice(ME_MAX_CONTEXTS);
    w->swap_cycles = dice(10);
    w->hz = edges ? 1000000000 : 50000000 + dice(3000000000);
    uint64_t most = 1 + dice(edges ? 300 : 1000000), instructions = 1 + dice(300);
    for (unsigned i = 0; i < w->n_contexts; i++)
        for (unsigned k = 0; k < ENTRIES; k++)
            w->list[i][k] =
                (Entry){.instructions = (uint16_t)dice(instructions),
                        .wait = dice(4) || !k ? (1 + dice(most)) * (edges ? SIM_NS : 1) : 0};
}

__extension__ typedef unsigned __int128 Wide;

static SimTime cycles_after(const World *w, SimTime at, uint64_t cycles) {
    Wide edge = ((Wide)at * w->hz + SIM_S - 1) / SIM_S + cycles;
    return (SimTime)(edge * SIM_S / w->hz);
}

static void twin(const World *w, Burst *ended) {
    SimTime due[ME_MAX_CONTEXTS] = {0}, free_at = 0;
    unsigned at[ME_MAX_CONTEXTS] = {0}, last = w->n_contexts - 1;
    for (unsigned n = 0; n < BURSTS; n++) {
        SimTime first = SIM_NEVER;
        for (unsigned i = 0; i < w->n_contexts; i++) first = MIN(first, due[i]);
        SimTime now = MAX(free_at, first);
        do last = (last + 1) % w->n_contexts;
        while (due[last] > now);
        uint64_t cycles = w->swap_cycles;
        const Entry *e;
        do {
            e = &w->list[last][at[last]++ % ENTRIES];
            cycles += e->instructions;
        } while (!e->wait);
        free_at = cycles_after(w, now, cycles);
        due[last] = free_at + e->wait;
        ended[n] = (Burst){last, free_at};
    }
}

static void compare(bool edges) {
    for (unsigned seed = 1; seed <= 300; seed++) {
        NetworkOptions options = {.seed = 1};
        const Component *failed;
        Network *net = network_new(&options);
        World *w = (World *)network_add(net, &world_class, "world");
        Burst expected[BURSTS];
        unsigned wrong = 0;
        random_lists(w, seed, edges);
        CHECK(network_create(net, NULL) && network_start(net, &failed, NULL));
        while (w->n_ended < BURSTS)
            sim_run_until(network_sim(net), sim_next_time(network_sim(net)));
        twin(w, expected);
        for (unsigned n = 0; n < BURSTS && !wrong; n++) {
            if (w->ended[n].context == expected[n].context && w->ended[n].at == expected[n].at)
                continue;
            wrong++;
            printf("  seed %u, burst %u\n", seed, n);
            CHECK_U64(w->ended[n].context, expected[n].context);
            CHECK_U64(w->ended[n].at, expected[n].at);
        }
        network_free(net);
    }
}

static void contexts_have_the_microengine_in_turn(void) {
    compare(false);
}

static void contexts_that_become_ready_together_have_it_in_turn(void) {
    compare(true);
}

/* A channel ----------------------------------------------------------------------------------- */

static void a_reference_waits_for_those_before_it_on_its_bus(void) {
    /* Lindley: W' = max(0, W + hold - gap), with a bus for reads and one for writes, or one for
     * both. */
    for (unsigned seed = 1; seed <= 50; seed++) {
        dice_seed(seed);
        Channel ch = {.latency = dice(1000000),
                      .fixed = dice(2) * dice(3000),
                      .per_unit = dice(10000),
                      .unit_shift = (uint32_t)dice(6),
                      .separate_write = dice(2)};
        SimTime now = 0, last[2] = {0}, wait[2] = {0}, hold[2] = {0}, waited = 0, busy = 0;
        uint64_t gap = 1 + dice(200000);
        for (unsigned n = 0; n < 1000; n++) {
            bool write = dice(2), bus = ch.separate_write && write;
            uint32_t bytes = 1 + (uint32_t)dice(256), unit = 1u << ch.unit_shift,
                     units = bytes / unit + (bytes % unit != 0);
            now += dice(gap);
            SimTime before = wait[bus] + hold[bus], since = now - last[bus];
            wait[bus] = before > since ? before - since : 0;
            hold[bus] = ch.fixed + units * ch.per_unit;
            last[bus] = now;
            waited += wait[bus];
            busy += hold[bus];
            CHECK_U64(channel_issue(&ch, write, bytes, now),
                      now + wait[bus] + ch.latency + (units - 1) * ch.per_unit);
        }
        CHECK_U64(ch.references, 1000);
        CHECK_U64(ch.waited, waited);
        CHECK_U64(ch.busy, busy);
    }
}

static void random_references_wait_as_in_an_md1_queue(void) {
    /* A word holds the bus for D = 20 ns, and words come at random times, so that it is busy for a
     * fraction rho: the mean wait is rho D / (2 (1 - rho)). Of 1,000,000 references; tolerances are
     * four standard deviations, estimated from 20 simulations of the queue. */
    static const struct {
        double rho, tolerance;
    } cases[] = {{0.25, 0.012}, {0.5, 0.018}, {0.8, 0.029}};
    const double d = 20000;
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        Channel ch = {.latency = 100000, .per_unit = (SimTime)d, .unit_shift = 2};
        double rho = cases[i].rho, at = 0, expected = rho * d / (2 * (1 - rho));
        dice_seed(i);
        for (unsigned n = 0; n < 1000000; n++) {
            double u = ((double)dice(UINT64_C(1) << 53) + 1) / (double)(UINT64_C(1) << 53);
            at -= log(u) * d / rho;
            channel_issue(&ch, false, 4, (SimTime)at);
        }
        CHECK_NEAR((double)ch.waited / 1e6 / expected, 1, cases[i].tolerance);
    }
}

int main(void) {
    static const Test tests[] = {TEST(contexts_have_the_microengine_in_turn),
                                 TEST(contexts_that_become_ready_together_have_it_in_turn),
                                 TEST(a_reference_waits_for_those_before_it_on_its_bus),
                                 TEST(random_references_wait_as_in_an_md1_queue),
                                 {0}};
    return run_tests("me", tests);
}
