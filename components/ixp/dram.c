/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * DRAM. On the per-event path: no allocation, no division but after an idle time. */
#include "components/ixp/dram.h"

#define MISSED 64 /* refreshes that are caught up with one by one; above DRAM_MAX_BANKS */

/* Whether every bank's next refresh begins when it is due; then so do all after it. */
static bool refreshes_keep_up(const Dram *dram) {
    SimTime due = dram->next_refresh;
    for (uint32_t i = 0, bank = dram->refreshed; i < dram->n_banks; i++, due += dram->refresh) {
        if (dram->bank_free[bank] > due) return false;
        if (++bank == dram->n_banks) bank = 0;
    }
    return true;
}

/* Go on to the last round of refreshes up to `now`. */
static void skip(Dram *dram, SimTime now) {
    uint64_t n = (now - dram->next_refresh) / dram->refresh - dram->n_banks;
    dram->next_refresh += n * dram->refresh;
    dram->refreshed = (uint32_t)((dram->refreshed + n) % dram->n_banks);
}

static void refresh(Dram *dram, SimTime now) {
    while (dram->next_refresh <= now) {
        if (now - dram->next_refresh > MISSED * dram->refresh && refreshes_keep_up(dram))
            skip(dram, now);
        SimTime *bank = &dram->bank_free[dram->refreshed];
        if (++dram->refreshed == dram->n_banks) dram->refreshed = 0;
        *bank = (*bank > dram->next_refresh ? *bank : dram->next_refresh) + dram->row_cycle;
        dram->next_refresh += dram->refresh;
    }
}

/* When a read has left whose data come from `first` on, and would from `soonest` on unloaded. */
static SimTime pushed(DramPush *push, bool wide, uint32_t bytes, SimTime now, SimTime soonest,
                      SimTime first) {
    uint32_t shift = wide ? 3 : 2, words = (bytes + (1u << shift) - 1) >> shift;
    SimTime begin = push->free > now ? push->free : now, waited = begin - now;
    push->free = begin + words * push->push_word;
    return (soonest + waited > first ? soonest + waited : first) + words * push->push_word;
}

SimTime dram_issue(Dram *dram, uint32_t row, bool write, bool wide, uint32_t bytes, SimTime now) {
    Channel *bus = &dram->bus;
    if (dram->refresh && dram->next_refresh <= now) refresh(dram, now);
    SimTime *bank = &dram->bank_free[dram_bank(row, dram->n_banks)], *free_at = &bus->read_free;
    if (dram->wrote && !write) {
        if (*free_at > now) dram->turned += dram->turnaround;
        *free_at += dram->turnaround;
    }
    dram->wrote = write;
    uint32_t units = (bytes + (1u << bus->unit_shift) - 1) >> bus->unit_shift;
    SimTime hold = units * bus->per_unit, start = *free_at > now ? *free_at : now;
    *free_at = start + hold; /* who waits for a bank leaves the bus to others */
    if (G_UNLIKELY(bus->recorder))
        recorder_span(bus->recorder, bus->track, bus->taken, start, start + hold, NULL);
    if (*bank > start) start = *bank;
    start = clock_time(&dram->clock, clock_edge(&dram->clock, start));
    SimTime end = start + hold + dram->precharge, again = start + dram->row_cycle;
    *bank = end > again ? end : again;
    bus->references++;
    bus->busy += hold;
    bus->waited += start - now;
    SimTime first = start + bus->latency, last = first + (units - 1) * bus->per_unit;
    if (write) return last;
    SimTime left = pushed(dram->push, wide, bytes, now, now + bus->latency, first);
    return left > last ? left : last;
}
