/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/ixp/dram.h: a channel of Rambus DRAM and its share of the bus that data leave by.
 *
 * A command starts at an edge of the controller's clock, when the data bus, its bank and a refresh
 * of that bank let it:
 *
 *   bus    taken for 16 bytes a clock, in the order of issue; a read that follows a write at once
 *          leaves a gap, the turnaround
 *   bank   its next command no earlier than a row cycle after this one's start, and a precharge and
 *          activation after the end of its data. A command for another bank does not wait for it
 *          (bank FIFOs, served in turn: HRM 191, 201); it has left its place on the bus to others
 *          by then, and may be on it together with one of them
 *   refresh  of one bank after the other, a row cycle each
 *   push   what is read leaves by one bus for all three channels: 8 bytes a cycle of half the
 *          microengines' clock to a transmit element, 4 to a microengine (HRM 199, 200, 205); in
 *          the order of issue, too, the unloaded latency later
 *
 * and is answered the unloaded latency and its further units later, or with the end of its push.
 * Not modelled: the pull bus of writes, the controller's reordering to save turnarounds, and
 * current calibration. Which bank a block of 128 bytes is in is assumed: evenly spread (of HRM
 * 5.5.4, the rearrangement of addresses, only the principle is known). */
#pragma once

#include "components/ixp/channel.h"
#include "components/ixp/clock.h"

#define DRAM_MAX_BANKS 32u /* of an RDRAM device */

typedef struct {
    SimTime free;      /* what is issued then waits for nobody */
    SimTime push_word; /* 8 bytes to a transmit element, 4 to a microengine */
} DramPush;

typedef struct {
    Channel bus; /* its latency, its time for 16 bytes and its counters */
    Clock clock;
    SimTime row_cycle, precharge, turnaround;
    SimTime refresh; /* from the refresh of one bank to that of the next, so that all of them take
                      * less than all of the time: row_cycle < n_banks * refresh; 0: never */
    uint32_t n_banks;
    DramPush *push;
    /* state */
    SimTime bank_free[DRAM_MAX_BANKS], next_refresh;
    uint32_t refreshed; /* the bank that is next */
    bool wrote;
    SimTime turned; /* of the time that the bus was taken: gaps */
} Dram;

/* The bank of a row: a multiplicative hash, 2^32 over the golden ratio. */
static inline uint32_t dram_bank(uint32_t row, uint32_t n_banks) {
    uint32_t spread = row * 2654435769u;
    return (uint32_t)((uint64_t)spread * n_banks >> 32);
}
/* Issue a command for block `row` of 128 bytes of this channel; when it is answered. `wide`: a read
 * into a transmit element. */
SimTime dram_issue(Dram *dram, uint32_t row, bool write, bool wide, uint32_t bytes, SimTime now);
