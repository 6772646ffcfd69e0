/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/ixp/fast/shape.h: what a log comes to, worked out once. The logs of a block differ in
 * little: by code option, the way taken through it, the kind of look-up. What is the same in two
 * logs but for addresses, and for how many bytes of DRAM, is their shape: bursts, each before a
 * reference that the context waits for. References that it does not wait for, and that delay
 * nobody, end no burst; they are counted with the others of the shape, all at once. */
#pragma once

#include "components/ixp/fast/memory.h"

/* A burst, and the reference behind it. */
typedef struct {
    Reference to;  /* its bus is NULL: DRAM */
    uint32_t work; /* cycles, with those of the swap behind the step before */
    uint8_t cause, entry;
    bool posted;
} Step;

/* Cycles, by cause. */
typedef struct {
    uint32_t cause, cycles;
} Part;

/* What a log asks of a bus. */
typedef struct {
    Bus *bus;
    uint32_t references, asks;
    Tick used, taken;
} Load;

typedef struct Shape Shape;
struct Shape {
    Shape *next;
    unsigned n_entries, n_steps, n_loads;
    uint64_t played; /* since it was counted */
    uint32_t instructions, waits;
    uint32_t last;     /* cycles behind the last step */
    uint32_t unmarked; /* of them so many since an element was freed or became valid */
    uint64_t entry[FP_LOG_LENGTH], mask[FP_LOG_LENGTH];
    Step step[FP_LOG_LENGTH];
    Load load[CHIP_N_UNITS];
    /* by an engine that is quiet: what is left of the steps, with the work and the answers between
     * them, which are these parts; and how often it is asked for */
    unsigned n_quiet, n_parts;
    uint32_t last_quiet, asks;
    Step quiet[FP_LOG_LENGTH];
    Part part[N_CAUSES];
};

/* Of the logs of one place in a block, the one that was last first. */
#define SHAPES_MOST 16u
typedef struct {
    Shape *first;
} Shapes;

void shapes_clear(Shapes *shapes);
/* Add what was played until now to what its buses have done. */
void shapes_settle(const Shapes *shapes);
/* Of a log that the last one was not like: there are no more than SHAPES_MOST others. */
Shape *shapes_find(Shapes *shapes, Memory *m, const FpLog *log, uint32_t swap);
/* Buses are quiet, or are no more, and waits are others. */
void shapes_look(const Shapes *shapes);

/* What makes two entries the same. */
static inline uint64_t shape_entry(const FpReference *r) {
    uint64_t entry;
    memcpy(&entry, r, sizeof entry);
    return entry;
}
static inline bool shape_is(const Shape *s, const FpLog *log) {
    if (s->n_entries != log->n) return false;
    uint64_t differ = 0;
    for (unsigned i = 0; i < s->n_entries; i++)
        differ |= (shape_entry(&log->reference[i]) ^ s->entry[i]) & s->mask[i];
    return !differ;
}
static inline Shape *shape_of(Shapes *shapes, Memory *m, const FpLog *log, uint32_t swap) {
    Shape *s = shapes->first;
    return s && shape_is(s, log) ? s : shapes_find(shapes, m, log, swap);
}
