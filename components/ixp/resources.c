/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What there is on a chip, and who waits for it. */
#include "components/ixp/resources.h"

#include <stdlib.h>
#include <string.h>

enum { SPI_IN_PLACE = 10, BLOCK_PLACE = 100, MEMORY_PLACE = 3000, SPI_OUT_PLACE = 4000 };
/* Within a block. */
enum { RING, GET, CONTEXTS, ENGINES, PUT, SECOND, SCHEDULERS, QUEUES };

typedef struct {
    const Program *program;
    const Chip *chip;
    Resources *r;
    int port;
    SimTime now;
    unsigned place;
} Teller;

static void tell(const Teller *t, Resource resource, const char *format, ...) G_GNUC_PRINTF(3, 4);
static void tell(const Teller *t, Resource resource, const char *format, ...) {
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    const char *label = t->chip->label;
    resource.port = t->port;
    resources_tell(t->r, &resource, "%s%s%s", label ? label : "", label ? " " : "", text);
}

/* Keys ------------------------------------------------------------------------------------- */

/* The owner's key that is at this place of its struct; "" if none is. */
static const char *key_at(const Teller *t, size_t offset) {
    for (const Param *row = t->chip->owner->class->params; row->name; row++)
        if (row->offset == offset && offset) return row->name;
    return "";
}

static uint64_t number_of(const Component *owner, const Param *row) {
    return *(const uint64_t *)(const void *)((const char *)owner + row->offset);
}

/* What code costs, the most expensive first. */
static int by_cost(const void *a, const void *b, void *owner) {
    uint64_t x = number_of(owner, *(const Param *const *)a),
             y = number_of(owner, *(const Param *const *)b);
    return (x < y) - (x > y);
}

static void add_costs(GString *keys, Component *owner, const char *const *prefixes) {
    g_autoptr(GPtrArray) rows = g_ptr_array_new();
    for (const Param *row = owner->class->params; row->name; row++)
        for (unsigned i = 0; prefixes[i]; i++)
            if (g_str_has_prefix(row->name, prefixes[i])) g_ptr_array_add(rows, (void *)row);
    g_ptr_array_sort_with_data(rows, by_cost, owner);
    for (unsigned i = 0; i < MIN(rows->len, 3); i++)
        g_string_append_printf(keys, " %s", ((const Param *)rows->pdata[i])->name);
}

/* Microengines of a block, their clock, and what its code costs. */
static char *engine_keys(const Teller *t, const ProgramBlock *b) {
    GString *keys = g_string_new(key_at(t, b->mes));
    g_string_append(keys, " me_clock");
    g_autofree char *own = g_strconcat("instr_", b->name, NULL);
    bool queues = b->kind == PROGRAM_QM;
    add_costs(keys, t->chip->owner,
              (const char *const[]){queues ? "instr_enq" : own, queues ? "instr_deq" : NULL, NULL});
    return g_string_free(keys, FALSE);
}

/* Blocks ------------------------------------------------------------------------------------ */

/* Up to now, without a change of the account. */
static SimTime spent(const Context *c, uint32_t state, SimTime now) {
    return c->spent[state] + (c->state == state && now > c->since ? now - c->since : 0);
}

static SimTime spent_by_all(const Block *b, uint32_t state, SimTime now) {
    SimTime sum = 0;
    for (unsigned i = 0; i < b->n_contexts; i++) sum += spent(b->contexts[i], state, now);
    return sum;
}

/* The latencies that contexts wait for, the longest first. */
static char *context_keys(const Teller *t, const ProgramBlock *pb, const Block *b) {
    static const struct {
        uint32_t state;
        const char *key;
    } waits[] = {{CAUSE_SRAM, "sram_latency"}, {CAUSE_DRAM, "dram_latency"},
                 {CAUSE_TCAM, "tcam_latency"}, {CAUSE_SCRATCH, "scratch_latency"},
                 {CAUSE_MSF, "msf_latency"},   {CAUSE_EXECUTE, "me_clock"}};
    bool taken[G_N_ELEMENTS(waits)] = {false};
    GString *keys = g_string_new("contexts");
    g_string_append_printf(keys, " %s", key_at(t, pb->mes));
    for (unsigned n = 0; n < 3; n++) {
        unsigned most = 0;
        SimTime longest = 0;
        for (unsigned i = 0; i < G_N_ELEMENTS(waits); i++) {
            SimTime time = spent_by_all(b, waits[i].state, t->now);
            if (taken[i] || time <= longest) continue;
            most = i;
            longest = time;
        }
        if (!longest) break;
        taken[most] = true;
        g_string_append_printf(keys, " %s", waits[most].key);
    }
    return g_string_free(keys, FALSE);
}

static void tell_section(const Teller *t, const Section *s, unsigned place, const char *name,
                         const char *what, const char *levers) {
    tell(t,
         (Resource){.kind = "ordered section",
                    .does = RESOURCE_SERVES,
                    .place = t->place + place,
                    .used = (double)s->used,
                    .of = (double)t->now,
                    .waited = (double)s->waited + (double)s->behind / s->block->n_contexts,
                    .levers = levers},
         "%s %s", name, what);
}

static void tell_ring(const Teller *t, const ProgramBlock *pb, const Ring *ring) {
    g_autofree char *note =
        ring->full ? g_strdup_printf("%" G_GUINT64_FORMAT " puts waited for room", ring->full)
                   : NULL;
    tell(t,
         (Resource){.kind = "ring",
                    .does = RESOURCE_HOLDS,
                    .place = t->place + RING,
                    .used = ring->n,
                    .of = ring->size,
                    .levers = key_at(t, pb->ring_size),
                    .note = note},
         "%s ring", ring->name);
}

/* Contexts that do something, or wait for memory: not for their turn, for room or for their
 * microengine. */
static void tell_contexts(const Teller *t, const ProgramBlock *pb, const Block *b) {
    static const uint32_t not_theirs[] = {CONTEXT_IDLE, CAUSE_SECTION, CAUSE_RING, CAUSE_READY};
    SimTime all = t->now * b->n_contexts, other = 0;
    for (unsigned i = 0; i < G_N_ELEMENTS(not_theirs); i++)
        other += spent_by_all(b, not_theirs[i], t->now);
    g_autofree char *keys = context_keys(t, pb, b);
    tell(t,
         (Resource){.kind = "contexts",
                    .does = RESOURCE_SERVES,
                    .place = t->place + CONTEXTS,
                    .used = (double)all - (double)MIN(other, all),
                    .of = (double)all,
                    .waited = b->ring_in ? (double)b->ring_in->filled : 0,
                    .levers = keys},
         "%s contexts", b->name);
}

static void tell_engines(const Teller *t, const ProgramBlock *pb, const Block *b) {
    SimTime running = 0;
    for (unsigned m = 0; m < b->n_mes; m++) {
        const Me *me = b->mes[m];
        running += me->spent[ME_RUNNING] +
                   (me->state == ME_RUNNING && t->now > me->since ? t->now - me->since : 0);
    }
    g_autofree char *keys = engine_keys(t, pb);
    tell(t,
         (Resource){.kind = "microengine cycles",
                    .does = RESOURCE_SERVES,
                    .place = t->place + ENGINES,
                    .used = (double)running,
                    .of = (double)(t->now * b->n_mes),
                    .waited = (double)spent_by_all(b, CAUSE_READY, t->now),
                    .levers = keys},
         "%s microengine%s", b->name, b->n_mes > 1 ? "s" : "");
}

static void tell_block(const Teller *t, const ProgramBlock *pb, const Block *b) {
    if (b->ring_in && !t->chip->fast) tell_ring(t, pb, b->ring_in);
    if (!t->chip->fast) tell_contexts(t, pb, b);
    tell_engines(t, pb, b);
}

static void tell_schedulers(const Teller *t, const char *rate) {
    const QmBlock *q = &t->program->qm_block;
    for (unsigned s = 0; rate && s < q->n_schedulers; s++)
        tell(t,
             (Resource){.kind = "scheduler's rate",
                        .does = RESOURCE_SERVES,
                        .place = t->place + SCHEDULERS,
                        .used = (double)qm_scheduler_sent(t->program->qm, s),
                        .of = (double)t->now,
                        .levers = rate},
             "scheduler %u", s);
}

static void tell_blocks(Teller *t, const char *rate) {
    const Program *p = t->program;
    const RxTx *rxtx = &p->rxtx;
    unsigned stage = 0;
    bool detailed = !t->chip->fast;
    for (const ProgramBlock *b = p->blocks; b->kind; b++, t->place += 20) {
        switch (b->kind) {
        case PROGRAM_RX:
            tell_block(t, b, &rxtx->rx);
            if (!detailed) break;
            tell_section(t, &rxtx->rx_assign, GET, "rx", "order of mpackets",
                         "me_clock signal_latency scratch_latency instr_rx_first");
            tell_section(t, &rxtx->rx_put, PUT, "rx", "order of putting",
                         "me_clock signal_latency instr_rx_last");
            break;
        case PROGRAM_STAGE: {
            const Stage *s = &p->stages[stage++];
            tell_block(t, b, &s->block);
            if (!detailed) break;
            tell_section(t, &s->get, GET, b->name, "order of getting",
                         "me_clock signal_latency scratch_latency");
            tell_section(t, &s->put, PUT, b->name, "order of putting", "me_clock signal_latency");
            break;
        }
        case PROGRAM_QM:
            for (unsigned m = 0; m < p->qm_block.n_mes; m++) {
                Block named = p->qm_block.me[m].block;
                g_autofree char *name = g_strdup_printf("qm%u", m);
                named.name = name;
                tell_block(t, b, &named);
            }
            tell_schedulers(t, rate);
            break;
        case PROGRAM_TX:
            tell_block(t, b, &rxtx->tx);
            if (!detailed || rxtx->settings->tx_order != TX_ORDER_CHIP) break;
            tell_section(t, &rxtx->tx_packet, PUT, "tx", "order of packets",
                         "sram_latency scratch_latency instr_tx_get me_clock signal_latency");
            tell_section(t, &rxtx->tx_sequence, SECOND, "tx", "order of mpackets",
                         "mpacket msf_latency instr_tx_sequence me_clock signal_latency");
            break;
        default: break; /* Statistics holds nobody up */
        }
    }
}

/* Memory and media -------------------------------------------------------------------------- */

static void tell_channel(const Teller *t, const Channel *ch, SimTime more, const char *name,
                         const char *levers) {
    /* The busier of separate buses. */
    SimTime used = ch->separate_write ? MAX(ch->written, ch->busy - ch->written) : ch->busy;
    if (!ch->references) return;
    tell(t,
         (Resource){.kind = "memory channel",
                    .does = RESOURCE_SERVES,
                    .place = MEMORY_PLACE,
                    .used = (double)(used + more),
                    .of = (double)t->now,
                    .waited = (double)ch->waited,
                    .levers = levers},
         "%s", name);
}

static void tell_memory(const Teller *t) {
    static const char scratch_keys[] = "me_clock scratch_cycles scratch_word_cycles";
    const Chip *chip = t->chip;
    for (unsigned i = 0; i < CHIP_N_SRAM; i++) {
        char name[] = {'s', 'r', 'a', 'm', (char)('0' + i), 0};
        tell_channel(t, &chip->sram[i], 0, name, "sram_clock");
    }
    for (unsigned i = 0; i < CHIP_N_DRAM; i++) {
        char name[] = {'d', 'r', 'a', 'm', (char)('0' + i), 0};
        tell_channel(t, &chip->dram[i].bus, chip->dram[i].turned, name,
                     "dram_clock dram_banks dram_row_cycle dram_precharge dram_turnaround");
    }
    tell_channel(t, &chip->tcam, 0, "tcam", "tcam_rate");
    tell_channel(t, &chip->scratch, 0, "scratchpad", scratch_keys);
    tell_channel(t, &chip->msf_csr, 0, "media registers", scratch_keys);
}

static void tell_bus(const Teller *t, SimTime busy, unsigned place, const char *name) {
    tell(t,
         (Resource){.kind = "SPI-4 bus",
                    .does = RESOURCE_SERVES,
                    .place = place,
                    .used = (double)busy,
                    .of = (double)t->now,
                    .levers = "spi_rate"},
         "%s", name);
}

static void tell_holder(const Teller *t, double level, double size, double refused, unsigned place,
                        const char *levers, const char *name) {
    tell(t,
         (Resource){.kind = "buffer",
                    .does = RESOURCE_HOLDS,
                    .place = place,
                    .used = level,
                    .of = size,
                    .refused = refused,
                    .levers = levers},
         "%s", name);
}

static void tell_media(const Teller *t) {
    const Msf *msf = &t->chip->msf;
    uint64_t held = 0;
    for (unsigned i = 0; i < msf->n_ports; i++) held = MAX(held, msf->fifo[i].bytes);
    tell_bus(t, msf->bus_in, SPI_IN_PLACE + 1, "SPI-4 in");
    tell_bus(t, msf->bus_out, SPI_OUT_PLACE, "SPI-4 out");
    tell_holder(t, (double)held, (double)msf->fifo_limit, (double)msf->refused, SPI_IN_PLACE,
                "mac_fifo", "MAC buffer in");
    if (t->chip->fast) return;
    tell_holder(t, msf->rbuf_size - msf->rbuf_free, msf->rbuf_size, 0, SPI_IN_PLACE + 2, "rbuf",
                "RBUF");
    tell_holder(t, msf->tbuf_used, msf->tbuf_size, 0, SPI_OUT_PLACE - 1, "tbuf", "TBUF");
}

void program_resources(const Program *p, int port, const char *rate, Resources *r) {
    const Chip *chip = &p->chip;
    Teller t = {p, chip, r, port, sim_now(chip->sim), BLOCK_PLACE};
    uint64_t size = chip->settings->n_buffers;
    tell_media(&t);
    tell_holder(&t, (double)(size - chip->n_free), (double)size, (double)chip->without_buffer,
                BLOCK_PLACE - 1, "buffers", "packet buffers");
    tell_blocks(&t, rate);
    tell_memory(&t);
}

/* Beside the chip --------------------------------------------------------------------------- */

void mp_resources(const Mp *mp, int port, Resources *r) {
    SimTime now = sim_now(mp->owner->sim), ahead = mp->free_at > now ? mp->free_at - now : 0;
    if (!mp->served) return;
    resources_tell(r,
                   &(Resource){.kind = "management processor",
                               .does = RESOURCE_SERVES,
                               .port = port,
                               .place = SPI_OUT_PLACE + 1,
                               .used = (double)(mp->busy - MIN(mp->busy, ahead)),
                               .of = (double)now,
                               .waited = (double)mp->waited,
                               .levers = "mp_service"},
                   "management processor");
    resources_tell(r,
                   &(Resource){.kind = "queue of requests",
                               .does = RESOURCE_HOLDS,
                               .port = port,
                               .place = SPI_OUT_PLACE,
                               .used = (double)mp_most_waiting(mp),
                               .of = (double)mp->backlog,
                               .refused = (double)mp->refused,
                               .levers = "mp_backlog"},
                   "requests of one client");
}

void queue_resource(const Qm *qm, unsigned queue, uint64_t limit, int port, const char *levers,
                    Resources *r, const char *name) {
    QmCounts counts = qm_queue_counts(qm, queue);
    uint32_t packets = qm_queue_packets(qm, queue);
    uint64_t refused = counts.dropped - qm_queue_crowded(qm, queue);
    if (!limit || (!packets && !refused)) return;
    resources_tell(r,
                   &(Resource){.kind = "queue",
                               .does = RESOURCE_HOLDS,
                               .port = port,
                               .place = BLOCK_PLACE + QUEUES,
                               .used = packets,
                               .of = (double)limit,
                               .refused = (double)refused,
                               .levers = levers},
                   "%s", name);
}

void group_resource(const Qm *qm, unsigned group, int port, const char *levers, Resources *r,
                    const char *name) {
    QmGroup g = qm_group(qm, group);
    if (!g.limit || (!g.packets && !g.dropped)) return;
    resources_tell(r,
                   &(Resource){.kind = "part of the packet buffers",
                               .does = RESOURCE_HOLDS,
                               .port = port,
                               .place = BLOCK_PLACE + QUEUES + 1,
                               .used = g.packets,
                               .of = g.limit,
                               .refused = (double)g.dropped,
                               .levers = levers},
                   "%s", name);
}
