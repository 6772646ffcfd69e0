/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Ordered pipelines against max-plus recurrences: a few lines of arithmetic instead of events,
 * microengines and queues say when every packet of 200 random programs leaves, to the picosecond.
 *
 * A program is a chain of blocks with rings between them. A block is a list of steps that its
 * contexts go through with one packet each, in turn: packet k is context (k mod contexts)'s. With
 * t the time of a packet's context, P the time at which the packet before it left a section, and
 * all of stage s,
 *
 *   work     t = t + instructions; then, unless it is posted, + latency, asleep
 *   enter    t = max(t, P + signal), asleep: the signal only if it waited
 *   leave    P = t for the next packet
 *   get      t = max(t, visible(k, s)), + latency and asleep if the ring is in the scratchpad
 *   put      t = max(t, get(k - size, s + 1)), the time at which the ring has room
 *   visible(k, s + 1) = t + latency of the ring
 *
 * where whoever slept begins at the next edge of the clock with a swap.
 *
 * That is exact where contexts do not wait for their microengine, and packets not for a bus, which
 * depends on who was there first and is no maximum of sums. So programs are of two families: one
 * context on each of a block's microengines, with swaps, signals and instructions, at any clock; or
 * up to eight contexts, whose instructions, swaps and signals take no time, with all that happens
 * at edges of the clock. References go to the scratchpad and to registers of the media switch
 * fabric, whose bus takes no time. (Contention for microengines and buses: tests/test_me.c.) */
#include "components/ixp/program.h"
#include "tests/check.h"
#include "tests/dice.h"

enum { MOST_BLOCKS = 6, MOST_STEPS = 20, MOST_SECTIONS = 4, PACKETS = 80, PROGRAMS = 200 };

/* Random programs ---------------------------------------------------------------------------- */

static uint64_t between(uint64_t low, uint64_t high) {
    return low + dice(high - low + 1);
}

typedef enum { WORK, ENTER, LEAVE, GET, PUT, GET_IN, PUT_IN } StepKind; /* _IN: and its section */
typedef struct {
    StepKind kind;
    unsigned section;
    uint16_t instructions;
    uint8_t unit; /* of work; FP_NONE: instructions alone */
    bool posted;
} Step;

typedef struct {
    Component base;
    ProgramSettings settings;
    uint64_t n_mes[MOST_BLOCKS], ring_size[MOST_BLOCKS];
    unsigned words[MOST_BLOCKS];
    bool is_stage[MOST_BLOCKS]; /* of components/ixp/stage.h */
    Step steps[MOST_BLOCKS][MOST_STEPS];
    unsigned n_steps[MOST_BLOCKS], n_blocks;
    SimTime arrival[PACKETS];
    /* the engine's */
    ProgramBlock blocks[MOST_BLOCKS + 1];
    Program program;
    Section sections[MOST_BLOCKS][MOST_SECTIONS];
    ChipPacket packets[PACKETS];
    SimEvent arrives;
    unsigned n_arrived, n_left;
    SimTime left[PACKETS];
} Pipeline;

static Step *add(Pipeline *p, StepKind kind, unsigned section) {
    unsigned b = p->n_blocks;
    g_assert(p->n_steps[b] < MOST_STEPS);
    Step *s = &p->steps[b][p->n_steps[b]++];
    *s = (Step){.kind = kind, .section = section};
    return s;
}

static void add_work(Pipeline *p, bool instructions) {
    static const uint8_t units[] = {FP_NONE, FP_SCRATCH, OP_MSF};
    for (uint64_t n = dice(3); n; n--) {
        Step *s = add(p, WORK, 0);
        s->instructions = instructions ? (uint16_t)dice(150) : 0;
        s->unit = units[dice(3)];
        s->posted = s->unit == FP_NONE || !dice(4);
    }
}

/* What a block does: G and P get and put in sections 0 and 1, as stages do, g and p wherever they
 * are; (n and )n enter and leave section n, and w is up to two pieces of work. */
static const char *const shapes[] = {
    "GwP",     "(0gw)0wP",  "Gw(1wp)1",      "(0gw)0w(1wp)1",   "(0gw(1w)0wp)1",
    "(0gwp)0", "Gw(2w)2wP", "(0gw(2w)0w)2P", "Gw(2w(3w)2w)3wP", "Gw(2w)2w(3w)3(1wp)1"};

static void random_block(Pipeline *p, bool instructions) {
    unsigned b = p->n_blocks;
    const char *at = shapes[p->is_stage[b] ? 0 : dice(G_N_ELEMENTS(shapes))];
    for (; *at; at++) {
        switch (*at) {
        case 'w': add_work(p, instructions); break;
        case 'G': add(p, GET_IN, 0); break;
        case 'P': add(p, PUT_IN, 1); break;
        case 'g': add(p, GET, 0); break;
        case 'p': add(p, PUT, 0); break;
        default: add(p, *at == '(' ? ENTER : LEAVE, (unsigned)(at[1] - '0')), at++;
        }
    }
    p->n_blocks++;
}

static Latency some_latency(bool cycles, uint64_t most) {
    return (Latency){.value = between(1, cycles ? most : 700 * most), .cycles = cycles};
}

static void random_program(Pipeline *p, bool edges) {
    static const uint64_t whole[] = {1000000000, 500000000, 1250000000, 200000000};
    ChipSettings *c = &p->settings.chip;
    c->me_clock_hz = edges ? whole[dice(4)] : between(100000000, 3000000000);
    c->contexts = edges ? between(1, 8) : 1;
    c->swap_cycles = edges ? 0 : between(1, 9);
    c->signal_latency = edges ? (Latency){0} : some_latency(dice(2), 40);
    c->nn_latency = some_latency(edges || dice(2), 20);
    c->scratch_latency = some_latency(edges || dice(2), 300);
    c->msf_latency = some_latency(edges || dice(2), 400);
    c->scratch_cycles = c->scratch_word_cycles = 0;
    c->n_buffers = 16;
    uint64_t n = between(1, MOST_BLOCKS), mes = CHIP_N_MES;
    while (p->n_blocks < n) {
        unsigned b = p->n_blocks;
        p->n_mes[b] = between(1, MIN(4, mes - (n - b - 1)));
        mes -= p->n_mes[b];
        p->ring_size[b] = b ? between(2, dice(2) ? 4 : 40) : PACKETS;
        p->words[b] = b ? (unsigned)dice(2) * 32 : 0; /* a ring of 4 messages in registers */
        p->is_stage[b] = dice(2);
        random_block(p, !edges);
    }
    SimTime period = edges ? SIM_S / c->me_clock_hz : 1, at = 0;
    uint64_t gap = between(1, 400000);
    for (unsigned k = 0; k < PACKETS; k++)
        p->arrival[k] = at += dice(3) ? 1 + dice(gap) : 1 + dice(2000);
    for (unsigned k = 0; k < PACKETS; k++) p->arrival[k] = (p->arrival[k] / period + 1) * period;
}

/* The recurrence ----------------------------------------------------------------------------- */

typedef struct {
    SimTime at;
    bool awake;
} Clocked;

typedef struct {
    SimTime left[MOST_BLOCKS][MOST_SECTIONS]; /* by the packet before */
    Clocked context[MOST_BLOCKS][CHIP_N_MES * ME_MAX_CONTEXTS];
    SimTime got[MOST_BLOCKS + 1][PACKETS], put[MOST_BLOCKS + 1][PACKETS],
        visible[MOST_BLOCKS + 1][PACKETS];
} Times;

__extension__ typedef unsigned __int128 Wide;

/* The first edge at or after `at`, and so many cycles more. */
static SimTime cycles_after(const Pipeline *p, SimTime at, uint64_t cycles) {
    uint64_t hz = p->settings.chip.me_clock_hz;
    Wide edge = ((Wide)at * hz + SIM_S - 1) / SIM_S + cycles;
    return (SimTime)(edge * SIM_S / hz);
}
static SimTime time_of(const Pipeline *p, Latency l) {
    return l.cycles ? cycles_after(p, 0, l.value) : l.value;
}

static void execute(const Pipeline *p, Clocked *c, uint64_t instructions) {
    c->at = cycles_after(p, c->at, instructions + (c->awake ? 0 : p->settings.chip.swap_cycles));
    c->awake = true;
}
static void sleep_until(Clocked *c, SimTime at) {
    c->at = at;
    c->awake = false;
}

static bool in_registers(const Pipeline *p, unsigned b) {
    return p->words[b] && p->n_mes[b] == 1 && p->n_mes[b - 1] == 1;
}
static unsigned ring_size(const Pipeline *p, unsigned b) {
    return in_registers(p, b) ? CHIP_NN_WORDS / p->words[b] : (unsigned)p->ring_size[b];
}

static uint64_t waited; /* for a section, over all programs */

/* When packet k - 1 left the section: who is there at that very time is let in, if its microengine
 * comes later. Its signal counts if somebody waits. */
static bool must_wait(const Pipeline *p, const Times *x, unsigned b, unsigned section, unsigned k,
                      const Clocked *c) {
    uint64_t n = p->n_mes[b];
    SimTime left = x->left[b][section];
    bool wait = k && (left > c->at || (left == c->at && (k - 1) % n > k % n));
    waited += wait;
    return wait;
}
static SimTime signalled(const Pipeline *p, const Times *x, unsigned b, unsigned section) {
    bool same = p->n_mes[b] == 1;
    return x->left[b][section] + (same ? 0 : time_of(p, p->settings.chip.signal_latency));
}

static void enter(const Pipeline *p, const Times *x, unsigned b, unsigned section, unsigned k,
                  Clocked *c) {
    execute(p, c, 0);
    if (must_wait(p, x, b, section, k, c)) sleep_until(c, signalled(p, x, b, section));
}

/* The section and the message are waited for together, and whoever is in the section when the
 * message comes is not told twice. */
static void enter_to_get(const Pipeline *p, const Times *x, unsigned b, unsigned section,
                         unsigned k, Clocked *c) {
    execute(p, c, 0);
    if (!must_wait(p, x, b, section, k, c)) return;
    bool there = x->put[b][k] <= x->left[b][section];
    sleep_until(c, there ? MAX(signalled(p, x, b, section), x->visible[b][k]) : x->visible[b][k]);
}

static void get(const Pipeline *p, Times *x, unsigned b, unsigned k, Clocked *c) {
    execute(p, c, 0);
    if (x->visible[b][k] > c->at) {
        sleep_until(c, x->visible[b][k]);
        execute(p, c, 0);
    }
    x->got[b][k] = c->at;
    if (!in_registers(p, b)) sleep_until(c, c->at + time_of(p, p->settings.chip.scratch_latency));
}

static void put(const Pipeline *p, Times *x, unsigned b, unsigned k, Clocked *c) {
    unsigned to = b + 1, size = to < p->n_blocks ? ring_size(p, to) : PACKETS;
    execute(p, c, 0);
    if (k >= size && x->got[to][k - size] >= c->at) {
        sleep_until(c, x->got[to][k - size]);
        execute(p, c, 0);
    }
    bool registers = to < p->n_blocks && in_registers(p, to);
    x->put[to][k] = c->at;
    x->visible[to][k] = c->at + time_of(p, registers ? p->settings.chip.nn_latency
                                                     : p->settings.chip.scratch_latency);
}

static void step(const Pipeline *p, Times *x, unsigned b, unsigned k, Clocked *c, const Step *s) {
    SimTime *left = &x->left[b][s->section];
    switch (s->kind) {
    case WORK:
        execute(p, c, s->instructions);
        if (!s->posted)
            sleep_until(c,
                        c->at + time_of(p, s->unit == OP_MSF ? p->settings.chip.msf_latency
                                                             : p->settings.chip.scratch_latency));
        break;
    case ENTER:
        enter(p, x, b, s->section, k, c);
        sleep_until(c, c->at);
        break;
    case LEAVE: *left = c->at; break;
    case GET_IN:
        enter_to_get(p, x, b, s->section, k, c);
        get(p, x, b, k, c);
        *left = x->got[b][k];
        break;
    case GET: get(p, x, b, k, c); break;
    case PUT_IN:
        enter(p, x, b, s->section, k, c);
        put(p, x, b, k, c);
        *left = x->put[b + 1][k];
        break;
    default: put(p, x, b, k, c);
    }
}

static void recurrence(const Pipeline *p, Times *x) {
    memset(x, 0, sizeof *x);
    for (unsigned k = 0; k < PACKETS; k++) {
        x->put[0][k] = p->arrival[k];
        x->visible[0][k] = p->arrival[k] + time_of(p, p->settings.chip.scratch_latency);
        for (unsigned b = 0; b < p->n_blocks; b++) {
            Clocked *c = &x->context[b][k % (p->n_mes[b] * p->settings.chip.contexts)];
            for (unsigned i = 0; i < p->n_steps[b]; i++) step(p, x, b, k, c, &p->steps[b][i]);
        }
    }
}

/* The engine ----------------------------------------------------------------------------------- */

static void log_step(Context *c, const Step *s) {
    if (s->unit == FP_NONE)
        log_work(c, s->instructions);
    else
        log_touch(c, s->unit, s->posted, s->posted, s->instructions, 0, 4);
}

static bool work_of_stage(Stage *stage, Context *c, ChipPacket *cp) {
    Pipeline *p = stage->user;
    (void)cp;
    unsigned b = (unsigned)(stage - p->program.stages);
    for (unsigned i = 0; i < p->n_steps[b]; i++)
        if (p->steps[b][i].kind == WORK) log_step(c, &p->steps[b][i]);
    return true;
}

/* A block that is no stage: the steps up to the next that leaves a section, which takes effect
 * when those before it are done. */
static bool resume_steps(Context *c, SimTime now) {
    Stage *stage = c->block->user;
    Pipeline *p = stage->user;
    unsigned b = (unsigned)(stage - p->program.stages);
    for (;;) {
        const Step *s = &p->steps[b][c->step];
        Section *section = &p->sections[b][s->section];
        if (s->kind == LEAVE && c->log.n) return true;
        switch (s->kind) {
        case WORK: log_step(c, s); break;
        case ENTER: log_op(c, OP_SECTION_WAIT, NULL, section); break;
        case LEAVE: section_pass(section, c, now); break;
        case GET: log_op(c, OP_RING_GET, c->block->ring_in, NULL); break;
        case PUT: log_op(c, OP_RING_PUT, c->block->ring_out, NULL); break;
        case GET_IN: log_op(c, OP_GET_IN_SECTION, c->block->ring_in, section); break;
        case PUT_IN: log_op(c, OP_PUT_IN_SECTION, c->block->ring_out, section); break;
        }
        if ((unsigned)++c->step == p->n_steps[b]) c->step = 0;
        if (c->log.n && (c->step == 0 || c->n_operands == ME_MAX_OPERANDS)) return true;
    }
}

static void note_left(void *user, SimTime visible) {
    Pipeline *p = user;
    g_assert(p->n_left < PACKETS);
    p->left[p->n_left++] = visible;
}

static bool pipeline_create(Component *c, GError **error) {
    Pipeline *p = (Pipeline *)c;
    for (unsigned b = 0; b < p->n_blocks; b++)
        p->blocks[b] =
            (ProgramBlock){.kind = PROGRAM_STAGE,
                           .name = "block",
                           .mes = offsetof(Pipeline, n_mes) + b * sizeof(uint64_t),
                           .ring = "ring",
                           .ring_size = offsetof(Pipeline, ring_size) + b * sizeof(uint64_t),
                           .words = p->words[b],
                           .work = work_of_stage};
    p->program = (Program){.blocks = p->blocks, .settings = &p->settings, .user = p};
    if (!program_build(&p->program, c, error)) return false;
    for (unsigned b = 0; b < p->n_blocks; b++) {
        Block *block = &p->program.stages[b].block;
        for (unsigned i = 0; i < MOST_SECTIONS; i++) p->sections[b][i].block = block;
        if (p->is_stage[b]) continue;
        block->resume = resume_steps;
        block->eager = false;
    }
    Ring *out = chip_add_ring(&p->program.chip, "out", true, true, PACKETS, error);
    p->program.stages[p->n_blocks - 1].block.ring_out = out;
    out->on_put = note_left;
    out->user = p;
    return true;
}

static void arrive(Sim *sim, SimEvent *event) {
    Pipeline *p = (Pipeline *)(void *)((char *)event - offsetof(Pipeline, arrives));
    ChipPacket *cp = &p->packets[p->n_arrived++];
    CHECK(ring_inject(p->program.stages[0].block.ring_in, (uint64_t)(uintptr_t)cp, sim_now(sim)));
    if (p->n_arrived < PACKETS) sim_schedule_at(sim, event, p->arrival[p->n_arrived]);
    me_flush(&p->program.chip.group, sim_now(sim));
}

static bool pipeline_start(Component *c, GError **error) {
    Pipeline *p = (Pipeline *)c;
    sim_event_init(&p->arrives, arrive, &c->owner);
    sim_schedule_at(c->sim, &p->arrives, p->arrival[0]);
    return program_start(&p->program, error);
}
static bool pipeline_check(Component *c, GError **error) {
    return program_check(&((Pipeline *)c)->program, error);
}
static void pipeline_free(Component *c) {
    program_free(&((Pipeline *)c)->program);
}
static const Param pipeline_params[] = {PROGRAM_PARAMS(Pipeline, settings, "", "chip"), {0}};
static const ComponentClass pipeline_class = {.name = "pipeline",
                                              .size = sizeof(Pipeline),
                                              .params = pipeline_params,
                                              .drops = (const DropReason[]){CHIP_DROPS, {0}},
                                              .create = pipeline_create,
                                              .start = pipeline_start,
                                              .check = pipeline_check,
                                              .free = pipeline_free};

/* Both ------------------------------------------------------------------------------------------
 */

static void show(const Pipeline *p) {
    static const char *const kinds[] = {"work", "enter", "leave", "get", "put", "get in", "put in"};
    const ChipSettings *c = &p->settings.chip;
    printf("  %" PRIu64 " Hz, %" PRIu64 " contexts, swap %" PRIu64 "\n", c->me_clock_hz,
           c->contexts, c->swap_cycles);
    for (unsigned b = 0; b < p->n_blocks; b++) {
        printf("  %s of %" PRIu64 " MEs, ring %u%s:", p->is_stage[b] ? "stage" : "block",
               p->n_mes[b], ring_size(p, b), in_registers(p, b) ? " nn" : "");
        for (unsigned i = 0; i < p->n_steps[b]; i++)
            printf(" %s %u;", kinds[p->steps[b][i].kind],
                   p->steps[b][i].kind == WORK ? p->steps[b][i].instructions
                                               : p->steps[b][i].section);
        printf("\n");
    }
}

static uint64_t full; /* puts that found a ring full, over all programs */

/* How many packets left at another time than the recurrence says. */
static unsigned differences(unsigned seed, bool edges) {
    static Times x;
    g_autoptr(GError) error = NULL;
    const Component *failed;
    NetworkOptions options = {.seed = 1};
    Network *net = network_new(&options);
    Pipeline *p = (Pipeline *)network_add(net, &pipeline_class, "pipeline");
    dice_seed(seed);
    random_program(p, edges);
    CHECK(network_create(net, &error) && network_start(net, &failed, &error));
    sim_run_until(network_sim(net), SIM_S);
    recurrence(p, &x);
    unsigned wrong = 0;
    CHECK_U64(p->n_left, PACKETS);
    for (unsigned k = 0; k < PACKETS; k++) {
        if (p->left[k] == x.visible[p->n_blocks][k]) continue;
        if (!wrong++) {
            printf("  program %u\n", seed);
            show(p);
            CHECK_U64(p->left[k], x.visible[p->n_blocks][k]);
        }
    }
    for (unsigned i = 0; i < p->program.chip.n_rings; i++) full += p->program.chip.rings[i].full;
    CHECK(network_stop(net, &error));
    if (error) printf("  %s\n", error->message);
    network_free(net);
    return wrong;
}

static void programs(unsigned first, bool edges) {
    full = waited = 0;
    for (unsigned i = 0; i < PROGRAMS / 2; i++) CHECK_U64(differences(first + i, edges), 0);
    printf("  %u programs of %u packets, which found a ring full %" PRIu64
           " times and a section taken %" PRIu64 " times\n",
           PROGRAMS / 2, PACKETS, full, waited);
    CHECK(full > 1000 && waited > 1000);
}

static void one_context_on_each_microengine_is_max_plus(void) {
    programs(1, false);
}

static void contexts_that_only_wait_are_max_plus(void) {
    programs(1001, true);
}

int main(void) {
    static const Test tests[] = {TEST(one_context_on_each_microengine_is_max_plus),
                                 TEST(contexts_that_only_wait_are_max_plus),
                                 {0}};
    return run_tests("pipeline", tests);
}
