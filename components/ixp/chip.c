/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The chip: what entries of logs do, buffers, set-up and accounts. */
#include "components/ixp/chip.h"

#include <string.h>

static SimTime chip_latency(const Chip *chip, Latency latency) {
    return latency.cycles ? clock_time(&chip->group.clock, latency.value) : latency.value;
}

/* A command that crosses a 128-byte boundary is split over the channels (HRM 191) and answered
 * with the last of them. */
static G_NO_INLINE SimTime dram_reference(Chip *chip, const FpReference *r, SimTime now) {
    SimTime done = now;
    uint32_t address = r->address, left = r->bytes;
    while (left) {
        uint32_t row = address >> DRAM_INTERLEAVE_SHIFT;
        uint32_t bytes = ((row + 1) << DRAM_INTERLEAVE_SHIFT) - address;
        if (bytes > left) bytes = left;
        SimTime part = dram_issue(&chip->dram[row % CHIP_N_DRAM], row / CHIP_N_DRAM, r->write,
                                  r->unit == OP_DRAM_TO_TBUF, bytes, now);
        if (part > done) done = part;
        address += bytes;
        left -= bytes;
    }
    return done;
}

const uint8_t chip_unit_cause[CHIP_N_UNITS] = {
    [FP_SRAM0] = CAUSE_SRAM,      [FP_SRAM1] = CAUSE_SRAM, [FP_SRAM2] = CAUSE_SRAM,
    [FP_SRAM3] = CAUSE_SRAM,      [FP_TCAM] = CAUSE_TCAM,  [FP_DRAM] = CAUSE_DRAM,
    [FP_SCRATCH] = CAUSE_SCRATCH, [OP_MSF] = CAUSE_MSF,    [OP_DRAM_TO_TBUF] = CAUSE_DRAM,
};

static inline bool again(Context *c) {
    c->next--; /* the same entry, when woken */
    return false;
}

static inline bool answered(Context *c, SimTime now) {
    if (c->answer <= now) return true;
    context_sleep_until(c, CAUSE_SCRATCH, now, c->answer);
    return false;
}

static bool get_in_section(Context *c, Ring *ring, Section *section, SimTime now) {
    if (!section_enter(section, c, CONTEXT_IDLE, now) || !ring_get(ring, c, now)) return again(c);
    section_pass(section, c, now);
    if (c->answer <= now) return true;
    if (c->block->eager && c->next == c->log.n) {
        context_clear_log(c);
        c->block->resume(c, now);
    }
    return answered(c, now);
}

static bool put_in_section(Context *c, Ring *ring, Section *section, SimTime now) {
    if (!section_enter(section, c, CAUSE_SECTION, now) || (ring && !ring_put(ring, c, now)))
        return again(c);
    section_pass(section, c, now);
    return true;
}

/* A context that waits for a signal gives up the ME, even if the signal is there (HRM 36, 170). */
static bool wait_for_section(Section *section, Context *c, uint32_t state, SimTime now) {
    if (!section_enter(section, c, state, now)) return false;
    context_sleep(c, CAUSE_SECTION, now);
    context_wake(c, now);
    return false;
}

static G_NO_INLINE bool operate(Context *c, unsigned op, Operands on, SimTime now) {
    switch (op) {
    case OP_RING_GET: return ring_get(on.ring, c, now) ? answered(c, now) : again(c);
    case OP_RING_PUT: return ring_put(on.ring, c, now) || again(c);
    case OP_SECTION_WAIT: return wait_for_section(on.section, c, CAUSE_SECTION, now);
    case OP_SECTION_IDLE: return wait_for_section(on.section, c, CONTEXT_IDLE, now);
    case OP_GET_IN_SECTION: return get_in_section(c, on.ring, on.section, now);
    case OP_PUT_IN_SECTION: return put_in_section(c, on.ring, on.section, now);
    default: return sequence_wait(c, now);
    }
}

static G_NO_INLINE bool tbuf_valid(Chip *chip, Context *c, uint32_t element, SimTime now) {
    SimTime written = channel_issue_watched(&chip->msf_csr, true, 4, now);
    if (c->pkt && chip->msf.tbuf[element].mpacket.last) context_leave(c, CAUSE_TX_BUFFER, now);
    msf_tbuf_valid(&chip->msf, element, now);
    context_sleep_until(c, CAUSE_MSF, now, written);
    return false;
}

static G_NO_INLINE void note_reference(const Chip *chip, const Context *c, const FpReference *r,
                                       SimTime now, SimTime done) {
    walk_note(c->pkt, context_track(c), r->write ? chip->notes.write : chip->notes.read, now,
              (uint32_t[RECORDER_FIELDS]){chip->notes.unit[r->unit], r->bytes, r->address,
                                          (uint32_t)MIN(done - now, UINT32_MAX)});
}

static inline bool perform_and(Context *c, const FpReference *r, SimTime now, bool recorded) {
    Chip *chip = c->me->group->user;
    if (r->unit > OP_TBUF_VALID) return operate(c, r->unit, c->operands[r->address], now);
    if (r->unit == OP_TBUF_VALID) return tbuf_valid(chip, c, r->address, now);
    if (r->unit == OP_RBUF_FREE) return msf_rbuf_free(&chip->msf, now);
    Channel *unit = chip->unit[r->unit];
    SimTime done = !unit      ? dram_reference(chip, r, now)
                   : recorded ? channel_issue_recorded(unit, r->write, r->bytes, now)
                              : channel_issue(unit, r->write, r->bytes, now);
    if (recorded && c->pkt && c->pkt->walk) note_reference(chip, c, r, now, done);
    if (r->posted) return true;
    context_sleep_until(c, chip_unit_cause[r->unit], now, done);
    return false;
}

static bool perform(Context *c, const FpReference *r, SimTime now) {
    return perform_and(c, r, now, false);
}
static bool perform_recorded(Context *c, const FpReference *r, SimTime now) {
    return perform_and(c, r, now, true);
}

void chip_refuse(Chip *chip, unsigned reason, Packet *pkt) {
    if (chip->whose && !pkt->lease) packet_carry(pkt, chip->whose(chip->user, pkt));
    component_drop(chip->owner, reason, pkt);
}

/* The stack holds by how much a handle differs from the one that is at its place in the beginning,
 * so that memory which nobody has touched is a stack of all handles, 0 on top. */
static uint32_t first_handle(const Chip *chip, unsigned place) {
    return (uint32_t)chip->settings->n_buffers - 1 - place;
}

ChipPacket *chip_buffer_get(Chip *chip) {
    if (!chip->n_free) {
        chip->without_buffer++;
        return NULL;
    }
    chip->n_free--;
    uint32_t handle = chip->free_buffers[chip->n_free] + first_handle(chip, chip->n_free);
    if (chip->n_free < chip->least_free) chip->least_free = chip->n_free;
    ChipPacket *cp = &chip->buffers[handle];
    memset(cp, 0, sizeof *cp);
    cp->fp.handle = handle;
    return cp;
}

void chip_buffer_put(Chip *chip, ChipPacket *cp) {
    chip->free_buffers[chip->n_free] = cp->fp.handle - first_handle(chip, chip->n_free);
    chip->n_free++;
}

/* Set-up ---------------------------------------------------------------------------------- */

static Channel channel(const Chip *chip, Latency latency, SimTime per_unit, unsigned unit_shift) {
    return (Channel){
        .latency = chip_latency(chip, latency), .per_unit = per_unit, .unit_shift = unit_shift};
}

bool chip_init(Chip *chip, const ChipSettings *s, Component *owner, const char *label,
               GError **error) {
    *chip = (Chip){.owner = owner,
                   .label = label,
                   .sim = owner->sim,
                   .settings = s,
                   .group = {.sim = owner->sim,
                             .clock = clock_of(s->me_clock_hz),
                             .swap_cycles = s->swap_cycles,
                             .perform = perform,
                             .user = chip}};
    uint64_t mpacket = s->msf.mpacket_bytes;
    if (mpacket != 64 && mpacket != 128 && mpacket != 256)
        return input_error(error,
                           "mpacket: found %" G_GUINT64_FORMAT " bytes, expected 64B, 128B or 256B",
                           mpacket);
    if (s->dram_refresh && s->dram_refresh < 10 * SIM_NS)
        return input_error(error, "dram_refresh: found %.10g ns, expected 10 ns or more, or 0",
                           (double)s->dram_refresh / 1e3);
    if (s->dram_refresh && s->dram_row_cycle / s->dram_banks >= s->dram_refresh)
        return input_error(error,
                           "dram_refresh: found %.10g ns, expected more than dram_row_cycle / "
                           "dram_banks, %.10g ns, or 0: refreshes take all of the time",
                           (double)s->dram_refresh / 1e3,
                           (double)s->dram_row_cycle / 1e3 / (double)s->dram_banks);
    chip->group.signal_ps = chip_latency(chip, s->signal_latency);
    chip->nn_ps = chip_latency(chip, s->nn_latency);
    SimTime cycle = clock_time(&chip->group.clock, 1), per_word = s->scratch_word_cycles * cycle;
    for (unsigned i = 0; i < CHIP_N_SRAM; i++) {
        chip->sram[i] = channel(chip, s->sram_latency, SIM_S / s->sram_clock_hz, 2);
        chip->sram[i].separate_write = true;
        chip->unit[FP_SRAM0 + i] = &chip->sram[i];
    }
    chip->dram_push.push_word = s->push_cycles * cycle;
    for (unsigned i = 0; i < CHIP_N_DRAM; i++)
        chip->dram[i] = (Dram){.bus = channel(chip, s->dram_latency, SIM_S / s->dram_clock_hz, 4),
                               .clock = clock_of(s->dram_clock_hz),
                               .row_cycle = s->dram_row_cycle,
                               .precharge = s->dram_precharge,
                               .turnaround = s->dram_turnaround,
                               .refresh = s->dram_refresh,
                               .next_refresh = s->dram_refresh,
                               .n_banks = (uint32_t)s->dram_banks,
                               .push = &chip->dram_push};
    /* A unit is a look-up, however long its key. */
    chip->tcam = channel(chip, s->tcam_latency, SIM_S / s->tcam_rate_hz, 31);
    chip->scratch = channel(chip, s->scratch_latency, per_word, 2);
    chip->msf_csr = channel(chip, s->msf_latency, per_word, 2);
    chip->scratch.fixed = chip->msf_csr.fixed = s->scratch_cycles * cycle;
    chip->unit[FP_SRAM3] = &chip->sram[s->counter_channel];
    chip->unit[FP_TCAM] = &chip->tcam;
    chip->unit[FP_SCRATCH] = &chip->scratch;
    chip->unit[OP_MSF] = &chip->msf_csr;
    for (unsigned i = 0; i < CHIP_N_MES; i++) me_init(&chip->mes[i], &chip->group, i, owner);
    msf_init(&chip->msf, &s->msf, &chip->group, owner);
    chip->buffers = g_new0(ChipPacket, s->n_buffers);
    chip->free_buffers = g_new0(uint32_t, s->n_buffers);
    chip->n_free = chip->least_free = (unsigned)s->n_buffers;
    return true;
}

void chip_clear(Chip *chip) {
    for (unsigned i = 0; i < chip->n_rings; i++) {
        g_free(chip->rings[i].message);
        g_free(chip->rings[i].visible);
    }
    msf_clear(&chip->msf);
    g_free(chip->buffers);
    g_free(chip->free_buffers);
}

bool chip_add_block(Chip *chip, Block *block, const char *name, unsigned n_mes, Ring *in,
                    BlockResume *resume, void *user, GError **error) {
    if (chip->n_mes_used + n_mes > CHIP_N_MES)
        return input_error(error, "block %s: %u more microengines make %u, but the chip has %u",
                           name, n_mes, chip->n_mes_used + n_mes, CHIP_N_MES);
    unsigned per_me = (unsigned)chip->settings->contexts;
    *block = (Block){.name = name,
                     .user = user,
                     .resume = resume,
                     .n_mes = n_mes,
                     .n_contexts = n_mes * per_me,
                     .ring_in = in};
    for (unsigned m = 0; m < n_mes; m++) {
        Me *me = &chip->mes[chip->n_mes_used++];
        me_load(me, block, per_me);
        block->mes[m] = me;
        for (unsigned i = 0; i < per_me; i++) {
            unsigned number = i * n_mes + m;
            block->contexts[number] = &me->contexts[i];
            me->contexts[i].number = number;
        }
    }
    chip->blocks[chip->n_blocks++] = block;
    return true;
}

Ring *chip_add_ring(Chip *chip, const char *name, bool scratch, bool packets, unsigned size,
                    GError **error) {
    if (scratch && chip->n_scratch_rings++ == CHIP_SCRATCH_RINGS) {
        input_error(error, "ring %s: the chip has %u scratch rings", name, CHIP_SCRATCH_RINGS);
        return NULL;
    }
    g_assert(chip->n_rings < CHIP_MAX_RINGS);
    Ring *ring = &chip->rings[chip->n_rings++];
    *ring = (Ring){.name = name,
                   .scratch = scratch ? &chip->scratch : NULL,
                   .nn_ps = chip->nn_ps,
                   .packets = packets,
                   .size = size,
                   .message = g_new0(uint64_t, size),
                   .visible = g_new0(SimTime, size)};
    return ring;
}

static uint64_t buffers_held(const void *from) {
    const Chip *chip = from;
    return chip->settings->n_buffers - chip->n_free;
}

static uint64_t in_mac(const void *from) {
    return ((const Chip *)from)->msf.fifo_packets;
}

static char *full_name(const Chip *chip, const char *name) {
    return chip->label ? g_strconcat(chip->label, ".", name, NULL) : g_strdup(name);
}

void chip_gauge(const Chip *chip, const char *name, GaugeRead *read, const void *from) {
    g_autofree char *full = full_name(chip, name);
    component_gauge(chip->owner, full, read, from);
}

/* Recording ------------------------------------------------------------------------------- */

static uint32_t add_track(const Chip *chip, const char *name, const char *group) {
    g_autofree char *full = full_name(chip, name), *of = group ? full_name(chip, group) : NULL;
    return recorder_track(chip->owner->recorder, chip->owner->track, full, of);
}

static void record_me(const Chip *chip, Me *me) {
    me->recorded = true;
    for (unsigned i = 0; i < me->n_contexts; i++) {
        g_autofree char *name =
            g_strdup_printf("ME %u %s, context %u", me->number, me->block->name, i);
        uint32_t track = add_track(chip, name, me->block->name);
        if (i == 0) me->track = track;
    }
}

SimTime channel_issue_recorded(Channel *ch, bool write, uint32_t bytes, SimTime now) {
    bool writes = write && ch->separate_write;
    SimTime before = ch->busy, answer = channel_issue(ch, write, bytes, now);
    SimTime until = writes ? ch->write_free : ch->read_free;
    recorder_span(ch->recorder, writes ? ch->write_track : ch->track, ch->taken,
                  until - (ch->busy - before), until, NULL);
    return answer;
}

static void record_channel(const Chip *chip, Channel *ch, const char *name) {
    Recorder *r = chip->owner->recorder;
    g_autofree char *read = g_strconcat(name, ch->separate_write ? " reads" : "", NULL),
                    *write = g_strconcat(name, " writes", NULL);
    ch->recorder = r;
    ch->taken = recorder_word(r, "taken");
    ch->track = add_track(chip, read, NULL);
    if (ch->separate_write) ch->write_track = add_track(chip, write, NULL);
}

static void record_memories(Chip *chip) {
    for (unsigned i = 0; i < CHIP_N_SRAM; i++) {
        char name[] = {'S', 'R', 'A', 'M', ' ', (char)('0' + i), 0};
        record_channel(chip, &chip->sram[i], name);
    }
    record_channel(chip, &chip->tcam, "TCAM");
    for (unsigned i = 0; i < CHIP_N_DRAM; i++) {
        char name[] = {'D', 'R', 'A', 'M', ' ', (char)('0' + i), 0};
        record_channel(chip, &chip->dram[i].bus, name);
    }
    record_channel(chip, &chip->scratch, "scratchpad");
    record_channel(chip, &chip->msf_csr, "MSF registers");
}

static void record_notes(Chip *chip) {
    static const char *const units[CHIP_N_UNITS] = {[FP_SRAM0] = "SRAM 0",
                                                    [FP_SRAM1] = "SRAM 1",
                                                    [FP_SRAM2] = "SRAM 2",
                                                    [FP_SRAM3] = "SRAM, counters",
                                                    [FP_TCAM] = "TCAM",
                                                    [FP_DRAM] = "DRAM",
                                                    [FP_SCRATCH] = "scratchpad",
                                                    [OP_MSF] = "MSF register",
                                                    [OP_DRAM_TO_TBUF] = "DRAM to TBUF"};
    Recorder *r = chip->owner->recorder;
    for (unsigned i = 0; i < CHIP_N_UNITS; i++)
        if (units[i]) chip->notes.unit[i] = recorder_word(r, units[i]);
    chip->notes.read = recorder_kind(r, "read", "from$ bytes address answer_ps");
    chip->notes.write = recorder_kind(r, "write", "to$ bytes address answer_ps");
    chip->group.put = recorder_kind(r, "put", "ring$ behind");
    chip->notes.first = recorder_word(r, "before the round");
    chip->notes.in_turn = recorder_word(r, "in its turn");
    chip->notes.enqueued = recorder_kind(r, "enqueued", "queue behind deficit");
    chip->notes.refused = recorder_kind(r, "refused", "queue holds");
    chip->notes.dequeued =
        recorder_kind(r, "dequeued", "queue left deficit_before deficit_after served$");
}

static void record_chip(Chip *chip) {
    Recorder *r = chip->owner->recorder;
    if (chip->fast) {
        recorder_notice(r, chip->owner->track,
                        "fast timing: it has no contexts, references, rings and queues to tell of; "
                        "a packet's time in it is a sum for each cause");
        return;
    }
    chip->group.recorder = r;
    chip->group.perform = perform_recorded;
    chip->group.idle = recorder_word(r, "idle");
    for (unsigned i = 0; i < chip->n_mes_used; i++) record_me(chip, &chip->mes[i]);
    record_memories(chip);
    record_notes(chip);
    for (unsigned i = 0; i < chip->n_rings; i++)
        chip->rings[i].word = recorder_word(r, chip->rings[i].name);
}

void chip_start(Chip *chip) {
    SimTime now = sim_now(chip->sim);
    chip->started = now;
    if (chip->owner->recorder) record_chip(chip);
    chip_gauge(chip, "mac", in_mac, chip);
    chip_gauge(chip, "buffers", buffers_held, chip);
    if (chip->fast) return;
    for (unsigned i = 0; i < chip->n_blocks; i++)
        for (unsigned m = 0; m < chip->blocks[i]->n_mes; m++)
            me_start(chip->blocks[i]->mes[m], now);
    me_flush(&chip->group, now);
}

/* Accounts -------------------------------------------------------------------------------- */

unsigned chip_queue_buffers(const Chip *chip) {
    unsigned all = (unsigned)chip->settings->n_buffers, moving = chip->n_mes_used * ME_MAX_CONTEXTS;
    for (unsigned i = 0; i < chip->n_rings; i++)
        moving += chip->rings[i].packets ? chip->rings[i].size : 0;
    return all - MIN(moving, all / 2);
}

bool chip_check(Chip *chip, uint64_t buffers_held, GError **error) {
    SimTime now = sim_now(chip->sim), elapsed = now - chip->started;
    for (unsigned i = 0; i < chip->n_mes_used && !chip->fast; i++) {
        Me *me = &chip->mes[i];
        me_settle(me, now);
        SimTime total = 0, running = 0;
        for (unsigned s = 0; s < N_ME_STATES; s++) total += me->spent[s];
        for (unsigned k = 0; k < me->n_contexts; k++) {
            SimTime sum = 0;
            section_settle(&me->contexts[k]);
            for (unsigned s = 0; s < N_CONTEXT_STATES; s++) sum += me->contexts[k].spent[s];
            running += me->contexts[k].spent[CAUSE_EXECUTE] + me->contexts[k].spent[CAUSE_SWAP];
            if (sum != elapsed)
                return invariant_error(error,
                                       "%s ME %u context %u: its states sum to %" G_GUINT64_FORMAT
                                       " ps of %" G_GUINT64_FORMAT,
                                       chip->owner->name, i, k, sum, elapsed);
        }
        if (total != elapsed || running != me->spent[ME_RUNNING])
            return invariant_error(
                error,
                "%s ME %u: states sum to %" G_GUINT64_FORMAT " ps of %" G_GUINT64_FORMAT
                ", contexts ran %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " ps",
                chip->owner->name, i, total, elapsed, running, me->spent[ME_RUNNING]);
    }
    if (chip->n_free + buffers_held == chip->settings->n_buffers) return true;
    return invariant_error(
        error,
        "%s: buffers are not conserved: %u free, %" G_GUINT64_FORMAT " held, of %" G_GUINT64_FORMAT,
        chip->owner->name, chip->n_free, buffers_held, chip->settings->n_buffers);
}

static double percent(SimTime part, SimTime whole) {
    return whole ? 100.0 * (double)part / (double)whole : 0;
}

/* Context states that the table gives a column of their own; the rest is zero inside a chip. */
static const struct {
    uint32_t state;
    const char *heading;
} columns[] = {
    {CAUSE_EXECUTE, "exec"}, {CAUSE_SWAP, "swap"}, {CAUSE_READY, "rdy"},   {CAUSE_SRAM, "sram"},
    {CAUSE_DRAM, "dram"},    {CAUSE_TCAM, "tcam"}, {CAUSE_SCRATCH, "scr"}, {CAUSE_MSF, "msf"},
    {CAUSE_SECTION, "sect"}, {CAUSE_RING, "ring"}, {CONTEXT_IDLE, "idle"},
};

static void chip_scalar(const Chip *chip, Report *report, const char *name, double value,
                        const char *unit) {
    g_autofree char *full = full_name(chip, name);
    report_scalar(report, full, value, unit);
}

static void report_contexts(const Me *me, Report *report, SimTime elapsed) {
    report_text(report, " %5.0f %4.0f", percent(me->spent[ME_STALLED], elapsed),
                percent(me->spent[ME_IDLE], elapsed));
    for (unsigned k = 0; k < G_N_ELEMENTS(columns); k++) {
        SimTime sum = 0;
        for (unsigned n = 0; n < me->n_contexts; n++)
            sum += me->contexts[n].spent[columns[k].state];
        double mean = percent(sum, elapsed * me->n_contexts);
        report_text(report, "%c%4.*f", k ? ' ' : '|', mean < 99.95 ? 1 : 0, mean);
    }
}

/* Fast timing knows what an ME executed, not what its contexts waited for meanwhile. */
static void report_mes(const Chip *chip, Report *report, SimTime elapsed) {
    report_text(report, "%s%s%s: microengines, percent of %.3f ms%s\n", chip->owner->name,
                chip->label ? " " : "", chip->label ? chip->label : "", (double)elapsed / 1e9,
                chip->fast ? " (fast timing)" : ": each ME | mean of its contexts");
    report_text(report, "ME %-7s run%s", "block", chip->fast ? "" : " stall idle");
    for (unsigned k = 0; k < G_N_ELEMENTS(columns) && !chip->fast; k++)
        report_text(report, "%c%4s", k ? ' ' : '|', columns[k].heading);
    report_text(report, "\n");
    for (unsigned i = 0; i < chip->n_mes_used; i++) {
        const Me *me = &chip->mes[i];
        report_text(report, "%2u %-7s %3.0f", i, me->block->name,
                    percent(me->spent[ME_RUNNING], elapsed));
        if (!chip->fast) report_contexts(me, report, elapsed);
        report_text(report, "\n");
        g_autofree char *name = g_strdup_printf("me%u_%s_busy", i, me->block->name);
        chip_scalar(chip, report, name, percent(me->spent[ME_RUNNING], elapsed) / 100, "fraction");
    }
}

static void report_channel(const Chip *chip, Report *report, const char *name, const Channel *ch,
                           SimTime elapsed) {
    /* Separate read and write buses have twice the time to be busy in. */
    double busy = percent(ch->busy, ch->separate_write ? 2 * elapsed : elapsed);
    if (ch->references)
        report_text(report,
                    "    %-9s %12" G_GUINT64_FORMAT
                    " references  bus %6.2f %%  mean wait %8.2f ns\n",
                    name, ch->references, busy, (double)ch->waited / (double)ch->references / 1e3);
    g_autofree char *scalar = g_strdup_printf("%s_busy", name);
    chip_scalar(chip, report, scalar, busy / 100, "fraction");
}

/* Fast timing does not see how full rings were at most, and who waited for room. */
static void report_rings(Chip *chip, Report *report, SimTime elapsed) {
    report_text(report, "    %-12s %-7s %4s %7s %4s %10s %16s\n", "ring", "in", "size", "mean",
                "peak", "puts", "waited for room");
    for (unsigned i = 0; i < chip->n_rings; i++) {
        Ring *ring = &chip->rings[i];
        if (!chip->fast) ring_account(ring, sim_now(chip->sim));
        report_text(report, "    %-12s %-7s %4u", ring->name, ring->scratch ? "scratch" : "nn",
                    ring->size);
        if (chip->fast && !ring->packets) /* Statistics hears of packets out of the order of time */
            report_text(report, " %7s", "-");
        else
            report_text(report, " %7.2f", elapsed ? (double)ring->filled / (double)elapsed : 0);
        if (chip->fast)
            report_text(report, " %4s %10" G_GUINT64_FORMAT " %16s\n", "-", ring->puts, "-");
        else
            report_text(report, " %4u %10" G_GUINT64_FORMAT " %16" G_GUINT64_FORMAT "\n",
                        ring->peak, ring->puts, ring->full);
    }
}

void chip_report(Chip *chip, Report *report) {
    SimTime now = sim_now(chip->sim), elapsed = now - chip->started;
    if (chip->fast) {
        fast_settle(chip->fast, now);
        fast_doubts(chip->fast, now, report);
    }
    report_mes(chip, report, elapsed);
    report_text(report, "  memories\n");
    for (unsigned i = 0; i < CHIP_N_SRAM; i++) {
        char name[8] = {'s', 'r', 'a', 'm', (char)('0' + i), 0};
        report_channel(chip, report, name, &chip->sram[i], elapsed);
    }
    report_channel(chip, report, "tcam", &chip->tcam, elapsed);
    for (unsigned i = 0; i < CHIP_N_DRAM; i++) {
        char name[8] = {'d', 'r', 'a', 'm', (char)('0' + i), 0};
        report_channel(chip, report, name, &chip->dram[i].bus, elapsed);
    }
    report_channel(chip, report, "scratch", &chip->scratch, elapsed);
    report_channel(chip, report, "msf_csr", &chip->msf_csr, elapsed);
    const Msf *msf = &chip->msf;
    report_text(report, "    SPI-4 in %6.2f %%, out %6.2f %%", percent(msf->bus_in, elapsed),
                percent(msf->bus_out, elapsed));
    if (!chip->fast)
        report_text(report, "; RBUF at most %u of %u, TBUF %u of %u elements",
                    msf->rbuf_size - msf->rbuf_least, msf->rbuf_size, msf->tbuf_peak,
                    msf->tbuf_size);
    report_text(report, "\n");
    report_text(report, "    buffers: at most %u of %" G_GUINT64_FORMAT " in use\n",
                (unsigned)chip->settings->n_buffers - chip->least_free, chip->settings->n_buffers);
    chip_scalar(chip, report, "mpackets_in", (double)msf->mpackets_in, "mpackets");
    chip_scalar(chip, report, "mpackets_out", (double)msf->mpackets_out, "mpackets");
    chip_scalar(chip, report, "buffers_peak",
                (double)(chip->settings->n_buffers - chip->least_free), "buffers");
    report_rings(chip, report, elapsed);
}
