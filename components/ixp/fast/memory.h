/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/ixp/fast/memory.h: memories of a chip under fast timing: buses as lanes, with the
 * latencies and times of channel.h and dram.h.
 *
 * Times of memories are in ticks, 1/256 of a cycle: none of them is a multiple of a cycle. What a
 * reference takes of a bus is rounded to cycles so that many take what they should. A bus that is
 * hardly used has no lane: a reference waits as long as the mean of a queue with random arrivals
 * (M/D/1) of its utilisation of late, a sixth of its own time at most. Whatever is written over a
 * bus of its own, posted, delays nobody. A read of DRAM takes a turnaround's part, as often as
 * writes go before reads of late. */
#pragma once

#include "components/ixp/chip.h"
#include "components/ixp/fast/lane.h"

typedef uint64_t Tick;
#define TICKS 256u

/* Cycles between two looks at utilisations; a bus has a lane from one of a quarter on. */
#define MEMORY_STEP 4096u
#define CROWDED (MEMORY_STEP / 4)

typedef struct {
    Tick latency, fixed, per_unit;
    uint32_t unit_shift, rest;
    bool separate_write, crowded; /* crowded: it has a lane */
    Lane lane;
    uint32_t wait; /* of a reference while it is not */
    uint64_t references;
    Tick used;
    /* The same of those that others wait for, and until memory_forget. */
    uint64_t asks, asked;
    Tick taken, took;
    Cycle waited;
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
void memory_forget(Memory *m, Cycle now);
/* Fill the chip's accounts of its channels. */
void memory_settle(const Memory *m, Chip *chip);

static inline Bus *memory_bus(Memory *m, uint32_t unit) {
    return &m->unit[unit == FP_SRAM3 ? m->counters : unit];
}
Reference memory_reference(Memory *m, Bus *b, bool write, uint32_t bytes);

/* When it is answered. It is counted apart from that, by who knows how many there are. */
static inline Cycle reference_answer(const Reference *r, Cycle now) {
    Bus *b = r->bus;
    if (!b->crowded) return now + b->wait + r->latency;
    Tick hold = r->hold + b->rest; /* what is left of a cycle goes to the next */
    uint32_t cycles = (uint32_t)(hold / TICKS);
    b->rest = hold % TICKS;
    Cycle start = cycles ? lane_take(&b->lane, now, cycles) - cycles : now;
    b->waited += start - now;
    return start + r->latency;
}
/* One alone, of a bus without another for writes. */
static inline Cycle reference_alone(const Reference *r, Cycle now) {
    Bus *b = r->bus;
    b->references++;
    b->asks++;
    b->used += r->hold;
    b->taken += r->hold;
    return reference_answer(r, now);
}
Cycle dram_issue_all(Memory *m, const FpReference *r, Cycle now);
