/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A channel of DRAM against a twin that has one bank, keeps every refresh, and divides: all that
 * components/ixp/dram.h says of a command's start and answer, over random settings, commands and
 * idle times. What several banks and the channels' push bus do, by what can be seen from outside.
 */
#include "components/ixp/dram.h"
#include "tests/check.h"
#include "tests/dice.h"

enum { SETTINGS = 200, COMMANDS = 400 };

static Dram channel_of(uint64_t hz, uint32_t n_banks, DramPush *push) {
    return (Dram){.bus = {.latency = 200000, .per_unit = SIM_S / hz, .unit_shift = 4},
                  .clock = clock_of(hz),
                  .n_banks = n_banks,
                  .push = push};
}

typedef struct {
    SimTime bus, bank, push;
    uint64_t refreshed;
    bool wrote;
} Twin;

static SimTime later(SimTime a, SimTime b) {
    return a > b ? a : b;
}

static SimTime twin_issue(Twin *t, const Dram *d, uint64_t hz, bool write, bool wide,
                          uint32_t bytes, SimTime now) {
    for (; d->refresh && (t->refreshed + 1) * d->refresh <= now; t->refreshed++)
        t->bank = later(t->bank, (t->refreshed + 1) * d->refresh) + d->row_cycle;
    SimTime data = (bytes + 15) / 16 * (SIM_S / hz), turn = t->wrote && !write ? d->turnaround : 0;
    SimTime place = later(t->bus + turn, now);
    t->bus = place + data;
    t->wrote = write;
    SimTime start = later(place, t->bank);
    ClockWide edge = ((ClockWide)start * hz + SIM_S - 1) / SIM_S;
    start = (SimTime)(edge * SIM_S / hz);
    t->bank = later(start + d->row_cycle, start + data + d->precharge);
    SimTime first = start + d->bus.latency, last = first + data - SIM_S / hz;
    if (write) return last;
    SimTime took = (bytes + (wide ? 7 : 3)) / (wide ? 8 : 4) * d->push->push_word;
    SimTime queued = later(t->push, now);
    t->push = queued + took;
    return later(last, later(first, queued + d->bus.latency) + took);
}

static void a_channel_does_as_its_twin(void) {
    unsigned waited = 0, idle = 0;
    for (unsigned s = 0; s < SETTINGS; s++) {
        uint64_t hz = 50000000 + dice(200000000);
        DramPush push = {.push_word = dice(4000)};
        Dram d = channel_of(hz, 1, &push);
        d.row_cycle = dice(100000);
        d.precharge = dice(60000);
        d.turnaround = dice(20000);
        d.refresh = d.next_refresh = dice(3) ? d.row_cycle + 1 + dice(2000000) : 0;
        Twin twin = {0};
        SimTime now = 0;
        for (unsigned i = 0; i < COMMANDS; i++) {
            bool quiet = !dice(40);
            now += quiet ? dice(500 * (d.refresh + 1000)) : dice(150000);
            idle += quiet;
            bool write = dice(2), wide = dice(2);
            uint32_t bytes = 1 + (uint32_t)dice(128);
            SimTime answer = dram_issue(&d, (uint32_t)dice(1000), write, wide, bytes, now);
            CHECK_U64(answer, twin_issue(&twin, &d, hz, write, wide, bytes, now));
            waited += answer - now > 2 * d.bus.latency;
        }
        CHECK_U64(d.bus.references, COMMANDS);
    }
    CHECK(waited > COMMANDS && idle > 64);
}

/* Whether the second of two commands at once has to wait for the first one's row cycle. */
static bool share_a_bank(uint32_t n_banks, uint32_t a, uint32_t b) {
    DramPush push = {0};
    Dram d = channel_of(125000000, n_banks, &push);
    d.row_cycle = SIM_US;
    dram_issue(&d, a, true, false, 16, 0);
    return dram_issue(&d, b, true, false, 16, 0) >= SIM_US;
}

/* Packet buffers of 2 KiB are 16 blocks apart, so 5 or 6 in a channel: no stride may have its way.
 */
static void blocks_are_spread_evenly_over_banks(void) {
    static const uint32_t strides[] = {1, 2, 5, 6, 16, 64};
    enum { ROWS = 4000 };
    for (uint32_t n = 1; n <= DRAM_MAX_BANKS; n *= 2)
        for (unsigned s = 0; s < sizeof strides / sizeof *strides; s++) {
            unsigned together = 0;
            for (uint32_t i = 1; i <= ROWS; i++) together += share_a_bank(n, 0, i * strides[s]);
            CHECK_NEAR(together, (double)ROWS / n, 0.25 * ROWS / n);
        }
}

/* When a row is answered that is asked for first at `now`: after a refresh of its bank, if one
 * runs.
 */
static SimTime asked_at(SimTime now, uint32_t row) {
    DramPush push = {0};
    Dram d = channel_of(125000000, 8, &push);
    d.row_cycle = 64000;
    d.refresh = d.next_refresh = 16000;
    return dram_issue(&d, row, true, false, 16, now) - now;
}

static void refreshes_that_were_missed_are_as_those_that_were_seen(void) {
    unsigned waited = 0;
    for (unsigned i = 0; i < 2000; i++) {
        SimTime round = 8 * 16000, now = round + dice(round);
        uint32_t row = (uint32_t)dice(100);
        SimTime soon = asked_at(now, row);
        CHECK_U64(asked_at(now + (8 + dice(1000000)) * round, row), soon);
        waited += soon > 250000;
    }
    CHECK(waited > 100 && waited < 1900);
}

/* Four reads of one bank on one channel take its time, not that of the bus that they leave by. */
static void a_channel_that_waits_leaves_the_push_bus_to_others(void) {
    DramPush push = {.push_word = 1428};
    Dram busy = channel_of(127300000, 1, &push), other = channel_of(127300000, 1, &push);
    busy.row_cycle = 70000;
    SimTime alone = dram_issue(&other, 0, false, false, 28, 0), behind = 0;
    push.free = 0;
    other = channel_of(127300000, 1, &push);
    for (unsigned i = 0; i < 4; i++) behind = dram_issue(&busy, i, false, false, 28, 0);
    CHECK(behind >= alone + 3 * busy.row_cycle);
    SimTime answer = dram_issue(&other, 0, false, false, 28, 0);
    CHECK_U64(answer, alone + 4 * 7 * push.push_word);
}

int main(void) {
    static const Test tests[] = {TEST(a_channel_does_as_its_twin),
                                 TEST(blocks_are_spread_evenly_over_banks),
                                 TEST(refreshes_that_were_missed_are_as_those_that_were_seen),
                                 TEST(a_channel_that_waits_leaves_the_push_bus_to_others),
                                 {0}};
    return run_tests("dram", tests);
}
