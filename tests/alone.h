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
 *   answer of n units of a memory = latency + (n - 1) * time of a unit */
#pragma once

#include "components/ixp/program.h"
#include "tests/check.h"

__extension__ typedef unsigned __int128 AloneWide;

enum { ALONE_MOST = 80 };
typedef struct {
    const ProgramSettings *s;
    SimTime at;
    bool awake; /* the context runs already: neither edge nor swap */
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

/* What all programs have -------------------------------------------------------------------- */

/* A frame of one or two elements, from when the MAC has it until it is put into the ring. Two go to
 * two contexts, on microengines of their own: the second waits in its place behind the first. */
static inline void way_rx(Way *w, unsigned frame) {
    const RxTxCosts *i = &w->s->rxtx.costs;
    unsigned element = (unsigned)w->s->chip.msf.mpacket_bytes;
    bool two = frame > element;
    unsigned first = two ? element : frame;
    g_assert(frame <= 2 * element && (!two || w->s->rxtx.me_rx > 1));
    hardware(w, "SPI-4 to RBUF", spi(w, first));
    Way second = *w;
    part(w, "Rx: status, a buffer from the free list", i->rx_first, scratch(w));
    part(w, "Rx: RBUF to DRAM", 0, dram(w, first));
    executes(w, "Rx: free the element, descriptor", i->rx_last);
    if (two) {
        SimTime passed = w->at;
        *w = second;
        hardware(w, "SPI-4 to RBUF, second element", spi(w, frame - element));
        part(w, "Rx: status, RBUF to DRAM, second element", i->rx_next, dram(w, frame - element));
        executes(w, "Rx: free the second element, descriptor", i->rx_last);
        behind(w, "Rx: behind the first element's context", passed);
    }
    part(w, "Rx: ring put", 0, scratch(w));
}

/* `load`: its descriptor is not in the CAM yet, which has room. */
static inline void way_qm(Way *w, bool load) {
    const uint64_t *i = w->s->instructions;
    uint64_t first = i[SITE_ENQ_LOOKUP],
             then = i[SITE_ENQ_LINK] + i[SITE_DEQ_SCHEDULE] + i[SITE_DEQ_LINK];
    part(w, "QM: ring get", 0, scratch(w));
    if (load) {
        part(w, "QM: look for the descriptor, read it", first + i[SITE_ENQ_LOAD], sram(w, 16));
        first = 0;
    }
    part(w, "QM: link, scheduler, read the link", first + then, sram(w, 4));
    part(w, "QM: rate, ring put", i[SITE_DEQ_DONE], scratch(w));
}

static inline void tx_element(Way *w, unsigned bytes) {
    part(w, "Tx: element, DRAM to TBUF", 0, dram(w, bytes));
    executes(w, "Tx: control word, validate", w->s->rxtx.costs.tx_next);
}

/* Two elements one after the other, by two contexts in the order of the chip, or by one. */
static inline void way_tx(Way *w, unsigned frame) {
    const RxTxCosts *i = &w->s->rxtx.costs;
    unsigned element = (unsigned)w->s->chip.msf.mpacket_bytes;
    bool two = frame > element, chip = w->s->rxtx.tx_order == TX_ORDER_CHIP;
    unsigned first = two ? element : frame;
    g_assert(frame <= 2 * element && (!two || !chip || w->s->rxtx.me_tx > 1));
    part(w, "Tx: ring get", 0, scratch(w));
    part(w, "Tx: read the descriptor", i->tx_get, sram(w, 12));
    part(w, "Tx: packet state, transmit sequence", i->tx_first + i->tx_sequence, msf(w));
    Way second = *w;
    tx_element(w, first);
    if (!chip) second = *w;
    hardware(w, "TBUF to SPI-4", spi(w, first));
    if (!two) return;
    SimTime bus_free = w->at;
    *w = second;
    if (chip) follows(w, "Tx: behind the first element's context", w->at);
    part(w, "Tx: transmit sequence, second element", i->tx_sequence, msf(w));
    tx_element(w, frame - element);
    if (bus_free > w->at) hardware(w, "the first element is on the bus", bus_free - w->at);
    hardware(w, "TBUF to SPI-4, second element", spi(w, frame - element));
}

/* The NPE's, for a plain IPv4 packet in a tunnel, between frames of the same length. */
static inline void way_npe(Way *w, unsigned frame, bool load) {
    const uint64_t *i = w->s->instructions;
    way_rx(w, frame);
    part(w, "Decap: ring get", 0, scratch(w));
    part(w, "Decap: read the headers", i[SITE_DECAP_HEADER], dram(w, 64));
    part(w, "Decap: read the port's bucket", i[SITE_DECAP_PORT], sram(w, 16));
    part(w, "Decap: strip, put", i[SITE_DECAP_DONE], registers(w));
    part(w, "Parse: get, read the slice", i[SITE_PARSE_SLICE], sram(w, 16));
    part(w, "Parse: read the inner header", i[SITE_PARSE_HEADER], dram(w, 28));
    part(w, "Parse: IPv4, put", i[SITE_PARSE_IPV4], registers(w));
    part(w, "Lookup: get, key to TCAM", i[SITE_LOOKUP_KEY], tcam(w));
    part(w, "Lookup: read the result", i[SITE_LOOKUP_RESULT], sram(w, 16));
    part(w, "Lookup: put", i[SITE_LOOKUP_DONE], registers(w));
    part(w, "Format: get, read interface and slice", i[SITE_FORMAT_SLICE], sram(w, 32));
    part(w, "Format: IPv4, outer headers, descriptor, put",
         i[SITE_FORMAT_IPV4] + i[SITE_FORMAT_OUTER] + i[SITE_FORMAT_DONE], scratch(w));
    way_qm(w, load);
    way_tx(w, frame);
}
