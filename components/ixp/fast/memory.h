/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/ixp/fast/memory.h: memories of a chip under fast timing: buses as servers, with the
 * latencies and times of channel.h and dram.h.
 *
 * Times of memories are in ticks, 1/256 of a cycle: none of them is a multiple of a cycle. What a
 * reference takes of a bus is rounded to cycles so that many take what they should. Whatever is
 * written over a bus of its own, posted, delays nobody. A read of DRAM takes a turnaround's part,
 * as often as writes go before reads of late. A channel of DRAM is quiet as a server is (server.h),
 * with a mean wait for reads and one for writes, of all that they wait for: bus, bank, refresh, an
 * edge of the clock, push. Buses and channels are busy from a third of the time on. */
#pragma once

#include "components/ixp/chip.h"
#include "components/ixp/fast/server.h"

typedef uint64_t Tick;
#define TICKS 256u

typedef struct {
    Tick latency, fixed, per_unit;
    uint32_t unit_shift, rest;
    bool separate_write;
    Server server;
    uint64_t references;
    Tick used;
    /* The same of those that others wait for, and until memory_forget. */
    uint64_t asks, asked;
    Tick taken, took;
    Cycle waited; /* in steps without lane */
} Bus;

/* What a reference of some length comes to. */
typedef struct {
    Bus *bus;         /* that it waits for; NULL: none */
    uint32_t hold;    /* ticks */
    uint32_t latency; /* cycles from its start to its answer */
} Reference;

/* Buses and banks of DRAM are taken in steps of so many cycles. */
#define DRAM_STEP 4u
#define DRAM_UNITS (1u << DRAM_INTERLEAVE_SHIFT >> 4) /* of a command, at most */

typedef struct {
    Bus bus;
    Lane *bank;
    bool quiet, known;
    Tick wait[2]; /* of a read and a write */
    uint64_t asks[2];
    Tick waited[2];  /* by those; since they are counted */
    uint64_t placed; /* in lanes, in all */
    Tick moved;      /* bus.used until this step */
    Cycle banked;    /* steps that banks are taken for in this one */
    Tick next_refresh;
    uint32_t refreshed, reads, writes; /* reads and writes of late */
    Tick turnaround;                   /* of a read, its part */
} FastDram;

typedef struct {
    uint64_t ticks_q40; /* ticks per ps */
    Bus unit[CHIP_N_UNITS];
    uint32_t counters;         /* the unit that FP_SRAM3 is */
    Bus none;                  /* nobody waits for it: of writes over a bus of their own */
    Reference put, get, valid; /* a word to the scratchpad, from it, and to a register of the MSF */
    FastDram dram[CHIP_N_DRAM];
    uint32_t n_banks;
    Lane push;
    uint32_t push_word; /* cycles */
    Cycle forgot;
    Tick row_cycle, turnaround, refresh;
    uint32_t bank_steps[DRAM_UNITS + 1]; /* that a command of so many units takes of its bank */
    Clock dram_clock;                    /* of ticks, not picoseconds; 0: too fast for that */
} Memory;

static inline Cycle cycle_after(Tick t) {
    return (t + TICKS - 1) / TICKS;
}
/* Of a duration. */
static inline Tick tick_of(const Memory *m, SimTime ps) {
    return (Tick)((ClockWide)ps * m->ticks_q40 >> 40);
}

void memory_init(Memory *m, const Chip *chip);
void memory_clear(Memory *m);
/* A step has ended. */
void memory_forget(Memory *m, Cycle now, StepKind next);
/* Fill the chip's accounts of its channels. */
void memory_settle(const Memory *m, Chip *chip);

static inline Bus *memory_bus(Memory *m, uint32_t unit) {
    return &m->unit[unit == FP_SRAM3 ? m->counters : unit];
}
Reference memory_reference(Memory *m, Bus *b, bool write, uint32_t bytes);

/* When it is answered. It is counted apart from that, by who knows how many there are. */
static inline Cycle reference_answer(const Reference *r, Cycle now) {
    Bus *b = r->bus;
    if (b->server.quiet) return now + server_wait(&b->server, 1) + r->latency;
    Tick hold = r->hold + b->rest; /* what is left of a cycle goes to the next */
    uint32_t cycles = (uint32_t)(hold / TICKS);
    b->rest = hold % TICKS;
    return (cycles ? server_take(&b->server, now, cycles) - cycles : now) + r->latency;
}
/* So many of a bus without another for writes; and one with its answer. */
static inline void reference_count(const Reference *r, uint64_t n) {
    Bus *b = r->bus;
    b->references += n;
    b->asks += n;
    b->used += n * r->hold;
    b->taken += n * r->hold;
}
static inline Cycle reference_alone(const Reference *r, Cycle now) {
    reference_count(r, 1);
    return reference_answer(r, now);
}
/* When a command of one channel is answered that comes now: as dram_issue has it. */
Tick dram_answer(Memory *m, FastDram *d, uint32_t row, bool write, uint32_t units, Tick push,
                 Cycle now);
static inline Tick dram_part(Memory *m, const FpReference *r, uint32_t address, uint32_t bytes,
                             Cycle now) {
    uint32_t row = address >> DRAM_INTERLEAVE_SHIFT, units = (bytes + 15) >> 4;
    uint32_t shift = r->unit == OP_DRAM_TO_TBUF ? 3 : 2,
             words = (bytes + (1u << shift) - 1) >> shift;
    FastDram *d = &m->dram[row % CHIP_N_DRAM];
    Tick push = r->write ? 0 : words * m->push_word * TICKS, rest = (units - 1) * d->bus.per_unit;
    Tick soonest = now * TICKS + d->bus.latency + MAX(rest, push);
    d->bus.references++;
    d->bus.used += rest + d->bus.per_unit;
    d->banked += m->bank_steps[units];
    if (d->quiet) return soonest + d->wait[r->write];
    Tick answer = dram_answer(m, d, row / CHIP_N_DRAM, r->write, units, push, now);
    d->asks[r->write]++;
    d->waited[r->write] += answer - soonest;
    return answer;
}
/* Its parts that are in one channel each (HRM 191), and the answer of the last of them. */
static inline Cycle dram_issue_all(Memory *m, const FpReference *r, Cycle now) {
    const uint32_t last = (1u << DRAM_INTERLEAVE_SHIFT) - 1;
    Tick done = now * TICKS;
    for (uint32_t at = r->address, end = at + r->bytes, next; at < end; at = next) {
        next = MIN((at | last) + 1, end);
        Tick part = dram_part(m, r, at, next - at, now);
        done = MAX(done, part);
    }
    return cycle_after(done);
}
