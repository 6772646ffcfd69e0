/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * tests/alone.h: the way of a packet through a chip when nobody else is there, added up by hand.
 *
 * A way is a list of parts, one line each: what, how many instructions, and what is waited for
 * behind them. A part begins when the wait of the one before it is over. Its context was asleep, so
 * it starts at the next edge of the clock with a swap, and then executes. All of it is in whole
 * picoseconds, from the parameters, and knows nothing of the emulator's events.
 *
 *   time of edge n = floor(n * 10^12 / Hz)
 *   answer of n units of a memory = latency + (n - 1) * time of a unit
 *
 * Among others (`loaded`) the same sum is the least that a packet can take: who gets it from a ring
 * may be awake, another context than the one that enqueued it may dequeue it, and of a frame of
 * several elements only the last one's way is followed. All that others do is keep it waiting. */
#pragma once

#include "components/npe/private.h"
#include "tests/check.h"

__extension__ typedef unsigned __int128 AloneWide;

enum { ALONE_MOST = 80 };
typedef struct {
    const ProgramSettings *s;
    SimTime at;
    bool loaded;
    bool awake; /* the context runs already: no swap */
    unsigned n;
    struct {
        const char *what;
        SimTime begins, ends;
    } parts[ALONE_MOST];
} Way;

/* The first edge at or after `at`, and `cycles` more. */
static inline SimTime alone_cycles(const ProgramSettings *s, SimTime at, uint64_t cycles) {
    uint64_t hz = s->chip.me_clock_hz;
    AloneWide edge = ((AloneWide)at * hz + SIM_S - 1) / SIM_S + cycles;
    return (SimTime)(edge * SIM_S / hz);
}
static inline SimTime alone_time(const ProgramSettings *s, Latency l) {
    return l.cycles ? alone_cycles(s, 0, l.value) : l.value;
}

static inline void way_note(Way *w, const char *what, SimTime begins) {
    g_assert(w->n < ALONE_MOST);
    w->parts[w->n].what = what;
    w->parts[w->n].begins = begins;
    w->parts[w->n++].ends = w->at;
}
/* A wire or a bus. */
static inline void hardware(Way *w, const char *what, SimTime time) {
    SimTime begins = w->at;
    w->at += time;
    w->awake = false;
    way_note(w, what, begins);
}
/* A context executes, and goes on. */
static inline void executes(Way *w, const char *what, uint64_t instructions) {
    SimTime begins = w->at;
    w->at = alone_cycles(w->s, w->at, instructions + (w->awake ? 0 : w->s->chip.swap_cycles));
    w->awake = true;
    way_note(w, what, begins);
}
/* It executes, and then it, or whoever it wakes, waits. */
static inline void part(Way *w, const char *what, uint64_t instructions, SimTime wait) {
    executes(w, what, instructions);
    w->at += wait;
    w->awake = false;
    w->parts[w->n - 1].ends = w->at;
}
/* Another context lets it go at `passed`, for which it waited asleep. */
static inline void follows(Way *w, const char *what, SimTime passed) {
    SimTime begins = w->at;
    w->at = passed + alone_time(w->s, w->s->chip.signal_latency);
    w->awake = false;
    way_note(w, what, begins);
}
/* The same, if it is there before; else it goes on. */
static inline void behind(Way *w, const char *what, SimTime passed) {
    if (passed > w->at) follows(w, what, passed);
}

static inline void way_print(const Way *w) {
    for (unsigned i = 0; i < w->n; i++)
        printf("  %12" PRIu64 " to %12" PRIu64 " ps  %s\n", w->parts[i].begins, w->parts[i].ends,
               w->parts[i].what);
}

/* What is waited for ----------------------------------------------------------------------- */

static inline SimTime scratch(const Way *w) {
    return alone_time(w->s, w->s->chip.scratch_latency);
}
static inline SimTime registers(const Way *w) { /* next-neighbour */
    return alone_time(w->s, w->s->chip.nn_latency);
}
static inline SimTime tcam(const Way *w) {
    return alone_time(w->s, w->s->chip.tcam_latency);
}
static inline SimTime msf(const Way *w) {
    return alone_time(w->s, w->s->chip.msf_latency);
}
static inline SimTime sram(const Way *w, unsigned bytes) {
    return alone_time(w->s, w->s->chip.sram_latency) +
           ((bytes + 3) / 4 - 1) * (SIM_S / w->s->chip.sram_clock_hz);
}
/* What crosses 128 bytes goes to two channels at once. */
static inline SimTime dram(const Way *w, unsigned bytes) {
    unsigned most = bytes < 128 ? bytes : 128;
    return alone_time(w->s, w->s->chip.dram_latency) +
           ((most + 15) / 16 - 1) * (SIM_S / w->s->chip.dram_clock_hz);
}
static inline SimTime spi(const Way *w, unsigned bytes) {
    return (SimTime)(bytes * (uint64_t)(8e12 / w->s->chip.msf.spi_rate.per_second * 65536 + 0.5) >>
                     16);
}

/* Executes, and then waits for DRAM: from the next edge of its clock on. What is read leaves by the
 * one push bus, `width` bytes a cycle of half the clock (0: it is written). Banks are free, and
 * settings without refreshes. */
enum { WRITTEN = 0, TO_ME = 4, TO_TBUF = 8 };
static inline void refers(Way *w, const char *what, uint64_t instructions, unsigned bytes,
                          unsigned width) {
    const ChipSettings *c = &w->s->chip;
    executes(w, what, instructions);
    AloneWide edge = ((AloneWide)w->at * c->dram_clock_hz + SIM_S - 1) / SIM_S;
    uint64_t cycle = alone_cycles(w->s, 0, 1), words = width ? (bytes + width - 1) / width : 0;
    SimTime push = words * c->push_cycles * cycle + alone_time(w->s, c->dram_latency);
    SimTime data = dram(w, bytes);
    w->at = (SimTime)(edge * SIM_S / c->dram_clock_hz) + (push > data ? push : data);
    w->awake = false;
    w->parts[w->n - 1].ends = w->at;
}

/* What all programs have -------------------------------------------------------------------- */

static inline bool single(uint64_t from_mes, uint64_t to_mes) {
    return from_mes == 1 && to_mes == 1;
}

/* A put, and the get of the next block. */
static inline void ring(Way *w, const char *what, uint64_t instructions, bool in_registers) {
    part(w, what, instructions, in_registers ? registers(w) : scratch(w));
    w->awake = w->loaded;
    if (in_registers) return;
    part(w, "  ring get", 0, scratch(w));
    if (!scratch(w)) w->awake = true; /* it need not be waited for */
}

static inline unsigned elements_of(const Way *w, unsigned frame) {
    unsigned element = (unsigned)w->s->chip.msf.mpacket_bytes;
    return (frame + element - 1) / element;
}
static inline SimTime spi_frame(const Way *w, unsigned frame) {
    unsigned element = (unsigned)w->s->chip.msf.mpacket_bytes, n = elements_of(w, frame);
    return (n - 1) * spi(w, element) + spi(w, frame - (n - 1) * element);
}

/* A frame from when the MAC has it until the next block has it. Elements go to contexts in turn,
 * alone two at most, on microengines of their own: the second waits in its place behind the first.
 */
static inline void way_rx(Way *w, unsigned frame) {
    const RxTxCosts *i = &w->s->rxtx.costs;
    unsigned n = elements_of(w, frame), first = (unsigned)w->s->chip.msf.mpacket_bytes,
             last = frame - (n - 1) * first;
    SimTime passed = 0;
    g_assert(w->loaded || n == 1 || (n == 2 && w->s->rxtx.me_rx > 1));
    if (n > 1 && !w->loaded) {
        Way other = *w;
        hardware(&other, "SPI-4 to RBUF", spi(w, first));
        part(&other, "Rx: status, a buffer from the free list", i->rx_first, scratch(w));
        refers(&other, "Rx: RBUF to DRAM", 0, first, WRITTEN);
        executes(&other, "Rx: free the element", i->rx_last);
        passed = other.at;
    }
    hardware(w, "SPI-4 to RBUF", spi_frame(w, frame));
    w->awake = w->loaded;
    if (n == 1) part(w, "Rx: status, a buffer from the free list", i->rx_first, scratch(w));
    refers(w, "Rx: RBUF to DRAM", n == 1 ? 0 : i->rx_next, last, WRITTEN);
    executes(w, "Rx: free the element, descriptor", i->rx_last);
    behind(w, "Rx: behind the first element's context", passed);
    ring(w, "Rx: put", 0, false);
}

/* `load`: its descriptor is not in the CAM yet, which has room. */
static inline void way_qm(Way *w, bool load) {
    const uint64_t *i = w->s->instructions;
    uint64_t enqueue = i[SITE_ENQ_LOOKUP] + i[SITE_ENQ_LINK];
    if (load && !w->loaded) {
        part(w, "QM: look for the descriptor, read it", i[SITE_ENQ_LOOKUP] + i[SITE_ENQ_LOAD],
             sram(w, 16));
        enqueue = i[SITE_ENQ_LINK];
    }
    if (w->loaded) w->awake = true, enqueue = 0;
    part(w, "QM: enqueue; schedule, read the link",
         enqueue + i[SITE_DEQ_SCHEDULE] + i[SITE_DEQ_LINK], sram(w, 4));
    ring(w, "QM: rate, put", i[SITE_DEQ_DONE], false);
}

static inline void tx_element(Way *w, unsigned bytes) {
    refers(w, "Tx: element, DRAM to TBUF", 0, bytes, TO_TBUF);
    executes(w, "Tx: control word, validate", w->s->rxtx.costs.tx_next);
}

/* From the get on. Elements go out one after the other, alone two at most, by two contexts in the
 * order of the chip, or by one. */
static inline void way_tx(Way *w, unsigned frame) {
    const RxTxCosts *i = &w->s->rxtx.costs;
    bool chip = w->s->rxtx.tx_order == TX_ORDER_CHIP;
    unsigned n = elements_of(w, frame), first = (unsigned)w->s->chip.msf.mpacket_bytes,
             last = frame - (n - 1) * first;
    SimTime bus_free = 0;
    g_assert(w->loaded || n == 1 || (n == 2 && (!chip || w->s->rxtx.me_tx > 1)));
    part(w, "Tx: read the descriptor", i->tx_get, sram(w, 12));
    executes(w, "Tx: packet state", i->tx_first);
    w->awake = w->loaded || !chip; /* its turn is there, but it waits for it */
    part(w, "Tx: transmit sequence", i->tx_sequence, msf(w));
    if (n > 1 && !w->loaded) {
        Way other = *w;
        tx_element(&other, first);
        if (!chip) {
            *w = other;
            hardware(w, "Tx: the register is written", msf(w));
        }
        hardware(&other, "TBUF to SPI-4", spi(w, first));
        bus_free = other.at;
        if (chip) follows(w, "Tx: behind the first element's context", w->at);
    }
    for (unsigned k = 1; k < n; k++) {
        if (w->loaded) w->awake = true;
        part(w, "Tx: transmit sequence", i->tx_sequence, msf(w));
    }
    tx_element(w, last);
    if (bus_free > w->at) hardware(w, "the first element is on the bus", bus_free - w->at);
    hardware(w, "TBUF to SPI-4", spi(w, last));
}

/* The NPE's, for a plain IPv4 packet in a tunnel, between frames of the same length. */
static inline void way_npe(Way *w, const Npe *npe, unsigned frame, bool load) {
    const uint64_t *i = w->s->instructions;
    way_rx(w, frame);
    refers(w, "Decap: read the headers", i[SITE_DECAP_HEADER], 64, TO_ME);
    part(w, "Decap: read the port's bucket", i[SITE_DECAP_PORT], sram(w, 16));
    ring(w, "Decap: strip, put", i[SITE_DECAP_DONE], single(npe->me_decap, npe->me_parse));
    part(w, "Parse: read the slice", i[SITE_PARSE_SLICE], sram(w, 16));
    refers(w, "Parse: read the inner header", i[SITE_PARSE_HEADER], 28, TO_ME);
    ring(w, "Parse: IPv4, put", i[SITE_PARSE_IPV4], single(npe->me_parse, npe->me_lookup));
    part(w, "Lookup: key to TCAM", i[SITE_LOOKUP_KEY], tcam(w));
    part(w, "Lookup: read the result", i[SITE_LOOKUP_RESULT], sram(w, 16));
    ring(w, "Lookup: put", i[SITE_LOOKUP_DONE], single(npe->me_lookup, npe->me_format));
    part(w, "Format: read interface and slice", i[SITE_FORMAT_SLICE], sram(w, 32));
    ring(w, "Format: IPv4, outer headers, descriptor, put",
         i[SITE_FORMAT_IPV4] + i[SITE_FORMAT_OUTER] + i[SITE_FORMAT_DONE], false);
    way_qm(w, load);
    way_tx(w, frame);
}
