/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Memories under fast timing. On the per-packet path: no allocation; no division. */
#include "components/ixp/fast/memory.h"

static void refresh(Memory *m, FastDram *d, Cycle now) {
    if (now * TICKS - d->next_refresh > 64 * m->refresh) { /* older ones have ended */
        uint64_t skip = (now * TICKS - d->next_refresh) / m->refresh - m->n_banks;
        d->next_refresh += skip * m->refresh;
        d->refreshed = (uint32_t)((d->refreshed + skip) % m->n_banks);
    }
    uint32_t taken = (uint32_t)(m->row_cycle / (TICKS * DRAM_STEP));
    for (; d->next_refresh <= now * TICKS; d->next_refresh += m->refresh) {
        Lane *bank = &d->bank[d->refreshed];
        Cycle at = d->next_refresh / (TICKS * DRAM_STEP);
        /* One from before is over: those of quiet steps would all be made up for at once. */
        if (taken && at >= bank->floor) lane_take(bank, at, taken);
        if (++d->refreshed == m->n_banks) d->refreshed = 0;
    }
}

/* How often a write goes before a read, looked at from time to time. */
static Tick turnaround(const Memory *m, FastDram *d, bool write) {
    ++*(write ? &d->writes : &d->reads);
    if (d->reads + d->writes == 256) {
        d->turnaround = m->turnaround * d->writes / 256;
        d->reads /= 2;
        d->writes = 128 - d->reads;
    }
    return write ? 0 : d->turnaround;
}

/* Of a lane in steps: when what is asked for at `at` begins. */
static Tick take_steps(Lane *lane, Tick at, uint32_t steps) {
    Cycle asked = at / (TICKS * DRAM_STEP),
          start = steps ? lane_take(lane, asked, steps) - steps : asked;
    return start == asked ? at : start * (TICKS * DRAM_STEP);
}

/* An edge of the controller's clock. */
static Tick edge_after(const Memory *m, Tick t) {
    return m->dram_clock.hz ? clock_time(&m->dram_clock, clock_edge(&m->dram_clock, t)) : t;
}

Tick dram_answer(Memory *m, FastDram *d, uint32_t row, bool write, uint32_t units, Tick push,
                 Cycle now) {
    if (m->refresh && d->next_refresh <= now * TICKS) refresh(m, d, now);
    Bus *b = &d->bus;
    Tick takes = units * b->per_unit + turnaround(m, d, write) + b->rest;
    b->rest = takes % (TICKS * DRAM_STEP);
    Tick at = take_steps(&b->server.lane, now * TICKS, (uint32_t)(takes / (TICKS * DRAM_STEP)));
    Lane *bank = &d->bank[dram_bank(row, m->n_banks)];
    Tick edge = edge_after(m, at), start = take_steps(bank, edge, m->bank_steps[units]);
    if (start != edge) start = edge_after(m, start);
    Tick first = start + b->latency, last = first + (units - 1) * b->per_unit;
    b->server.waited += start / TICKS - now;
    d->placed++;
    if (!push) return last;
    uint32_t words = (uint32_t)(push / TICKS);
    Cycle waited = lane_take(&m->push, now, words) - words - now;
    Tick left = MAX((now + waited) * TICKS + b->latency, first) + push;
    return MAX(left, last);
}

static void bus_init(const Memory *m, Bus *b, const Channel *ch) {
    *b = (Bus){.latency = tick_of(m, ch->latency),
               .fixed = tick_of(m, ch->fixed),
               .per_unit = tick_of(m, ch->per_unit),
               .unit_shift = ch->unit_shift,
               .separate_write = ch->separate_write};
    lane_init(&b->server.lane);
}

Reference memory_reference(Memory *m, Bus *b, bool write, uint32_t bytes) {
    uint32_t units = (bytes + (1u << b->unit_shift) - 1) >> b->unit_shift;
    return (Reference){.bus = write && b->separate_write ? &m->none : b,
                       .hold = (uint32_t)(b->fixed + units * b->per_unit),
                       .latency = (uint32_t)cycle_after(b->latency + (units - 1) * b->per_unit)};
}

void memory_init(Memory *m, const Chip *chip) {
    const ChipSettings *s = chip->settings;
    ClockWide per_s = (ClockWide)s->me_clock_hz * TICKS;
    *m = (Memory){.ticks_q40 = (uint64_t)((per_s << 40) / SIM_S),
                  .counters = FP_SRAM0 + (uint32_t)s->counter_channel,
                  .n_banks = (uint32_t)s->dram_banks,
                  .push_word = (uint32_t)s->push_cycles};
    uint64_t dram_clock = (uint64_t)(s->dram_clock_hz * (ClockWide)SIM_S / per_s);
    if (dram_clock < SIM_S / 4) m->dram_clock = clock_of(dram_clock);
    m->row_cycle = tick_of(m, s->dram_row_cycle);
    Tick per_unit = tick_of(m, chip->dram[0].bus.per_unit), step = TICKS * DRAM_STEP;
    for (uint32_t i = 0; i <= DRAM_UNITS; i++) {
        Tick busy = MAX(m->row_cycle, i * per_unit + tick_of(m, s->dram_precharge));
        m->bank_steps[i] = (uint32_t)((busy + step / 2) / step);
    }
    m->turnaround = tick_of(m, s->dram_turnaround);
    m->refresh = tick_of(m, s->dram_refresh);
    lane_init(&m->push);
    for (unsigned i = 0; i < CHIP_N_UNITS; i++)
        if (chip->unit[i] && i != FP_SRAM3) bus_init(m, &m->unit[i], chip->unit[i]);
    m->none.server.quiet = true;
    m->put = memory_reference(m, &m->unit[FP_SCRATCH], true, 4);
    m->get = memory_reference(m, &m->unit[FP_SCRATCH], false, 4);
    m->valid = memory_reference(m, &m->unit[OP_MSF], true, 4);
    for (unsigned i = 0; i < CHIP_N_DRAM; i++) {
        FastDram *d = &m->dram[i];
        bus_init(m, &d->bus, &chip->dram[i].bus);
        d->next_refresh = m->refresh;
        d->bank = g_new0(Lane, m->n_banks);
        for (unsigned k = 0; k < m->n_banks; k++) lane_init(&d->bank[k]);
    }
}

static void look_at(Bus *b, Cycle elapsed, Cycle now, StepKind next) {
    if (b->server.quiet) b->waited += (b->asks - b->asked) * b->server.wait / 256;
    server_look(&b->server, 3 * (b->taken - b->took) > elapsed * TICKS, now, next);
    b->took = b->taken;
    b->asked = b->asks;
}

static void dram_look(FastDram *d, Cycle elapsed, uint32_t n_banks, StepKind next) {
    Tick moved = d->bus.used - d->moved;
    if (next == STEP_FILL) d->known = false;
    if (next == STEP_MEASURE || (d->asks[0] >= ENOUGH && d->asks[1] >= ENOUGH / 4)) {
        for (unsigned write = 0; write < 2; write++) {
            if (next != STEP_MEASURE) d->wait[write] = d->waited[write] / d->asks[write];
            d->asks[write] = d->waited[write] = 0;
        }
        d->known = next != STEP_MEASURE;
    }
    d->quiet = next == STEP_QUIET && d->known && 3 * moved < elapsed * TICKS &&
               3 * d->banked * DRAM_STEP < elapsed * n_banks;
    d->moved = d->bus.used;
    d->banked = 0;
}

void memory_forget(Memory *m, Cycle now, StepKind next) {
    Cycle elapsed = now - m->forgot;
    m->forgot = now;
    lane_forget(&m->push, now);
    for (unsigned i = 0; i < CHIP_N_UNITS; i++) {
        Bus *b = &m->unit[i];
        if (b->server.lane.byte) look_at(b, elapsed, now, next);
    }
    for (unsigned i = 0; i < CHIP_N_DRAM; i++) {
        FastDram *d = &m->dram[i];
        dram_look(d, elapsed, m->n_banks, next);
        if (d->quiet) continue;
        lane_forget(&d->bus.server.lane, now / DRAM_STEP);
        for (unsigned k = 0; k < m->n_banks; k++) lane_forget(&d->bank[k], now / DRAM_STEP);
    }
}

void memory_clear(Memory *m) {
    lane_clear(&m->push);
    for (unsigned i = 0; i < CHIP_N_UNITS; i++) lane_clear(&m->unit[i].server.lane);
    for (unsigned i = 0; i < CHIP_N_DRAM; i++) {
        lane_clear(&m->dram[i].bus.server.lane);
        for (unsigned k = 0; k < m->n_banks; k++) lane_clear(&m->dram[i].bank[k]);
        g_free(m->dram[i].bank);
    }
}

static void settle(const Bus *b, Cycle waited, Channel *ch, const Clock *clock) {
    ch->references = b->references;
    ch->waited = clock_time(clock, waited);
    ch->busy = clock_time(clock, b->used / TICKS);
}

void memory_settle(const Memory *m, Chip *chip) {
    const Clock *clock = &chip->group.clock;
    for (unsigned i = 0; i < CHIP_N_UNITS; i++) {
        const Bus *b = &m->unit[i];
        if (chip->unit[i] && i != FP_SRAM3)
            settle(b, b->waited + b->server.waited, chip->unit[i], clock);
    }
    for (unsigned i = 0; i < CHIP_N_DRAM; i++) {
        const FastDram *d = &m->dram[i];
        Cycle waited = d->bus.server.waited;
        if (d->placed) waited = (Cycle)((ClockWide)waited * d->bus.references / d->placed);
        settle(&d->bus, waited, &chip->dram[i].bus, clock);
    }
}
