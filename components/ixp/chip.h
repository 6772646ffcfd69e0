/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/ixp/chip.h: one IXP 2850: 16 microengines, three SRAM channels, a TCAM behind the
 * fourth, three DRAM channels interleaved every 128 bytes, the scratchpad, the media switch fabric
 * (MSF) and the rings. What runs on it, an NPE or a line card, is a program: blocks and rings.
 *
 * Sources: IXP2800 Hardware Reference Manual (HRM, by page), SPP paper. No measured unloaded
 * latencies of this chip are public; see docs/model.md for what was assumed and calibrated. */
#pragma once

#include "components/ixp/dram.h"
#include "components/ixp/fast.h"
#include "components/ixp/msf.h"
#include "components/ixp/section.h"
#include "emu/core/report.h"

#define CHIP_N_MES 16u
#define CHIP_N_SRAM 3u
#define CHIP_N_DRAM 3u
#define DRAM_INTERLEAVE_SHIFT 7u /* 128 bytes: HRM 187 */
#define CHIP_MAX_RINGS 24u
#define CHIP_MAX_BLOCKS 16u
#define CHIP_N_UNITS (OP_DRAM_TO_TBUF + 1u)
#define CHIP_SCRATCH_RINGS 16u /* HRM 57 */
#define CHIP_NN_WORDS 128u     /* HRM 38: next-neighbour registers as a ring */

typedef struct {
    uint64_t me_clock_hz, contexts, swap_cycles;
    Latency signal_latency, nn_latency, scratch_latency, sram_latency, dram_latency, tcam_latency,
        msf_latency;
    uint64_t scratch_cycles, scratch_word_cycles, push_cycles, dram_banks;
    SimTime dram_row_cycle, dram_precharge, dram_turnaround, dram_refresh;
    uint64_t sram_clock_hz, dram_clock_hz, tcam_rate_hz;
    uint64_t counter_channel;
    uint64_t n_buffers;
    MsfSettings msf;
} ChipSettings;

/* What waiting for a unit is charged to. */
extern const uint8_t chip_unit_cause[CHIP_N_UNITS];

/* The tenant of a packet that no stage has looked at; NULL: none. */
typedef Tenant *ChipWhose(void *user, const Packet *pkt);

/* What is noted of packets in a recording: kinds, and words. */
typedef struct {
    uint32_t read, write, enqueued, refused, dequeued, first, in_turn;
    uint32_t unit[CHIP_N_UNITS];
} ChipNotes;

typedef struct {
    Component *owner;  /* whose ports it sends through */
    const char *label; /* goes before the names of its scalars; NULL for the only chip */
    Sim *sim;
    const ChipSettings *settings;
    MeGroup group;
    SimTime nn_ps;
    Channel sram[CHIP_N_SRAM], tcam, scratch, msf_csr;
    Dram dram[CHIP_N_DRAM];
    DramPush dram_push;
    Channel *unit[CHIP_N_UNITS]; /* that a reference goes to, by unit; NULL: to one of DRAM's */
    Me mes[CHIP_N_MES];
    unsigned n_mes_used;
    Ring rings[CHIP_MAX_RINGS];
    unsigned n_rings, n_scratch_rings;
    Block *blocks[CHIP_MAX_BLOCKS];
    unsigned n_blocks;
    Msf msf;
    /* packet buffers: DRAM and their descriptors */
    ChipPacket *buffers;
    uint32_t *free_buffers; /* a stack */
    unsigned n_free, least_free;
    uint64_t without_buffer; /* packets that found none */
    SimTime started;
    ChipWhose *whose; /* NULL: nobody's */
    void *user;
    ChipNotes notes;
    Fast *fast; /* NULL: its timing is detailed */
} Chip;

/* The rows of the chip in the table of a component whose struct S has a ChipSettings `field`. */
#define CHIP_PARAMS(S, field)                                                                      \
    PARAM_FREQUENCY("me_clock", S, field.me_clock_hz, "1.4GHz", "1MHz", "10GHz",                   \
                    "microengine clock", "HRM 189; SPP does not state its own"),                   \
        PARAM_COUNT("contexts", S, field.contexts, "8", "1", "8", "contexts per microengine",      \
                    "HRM 35"),                                                                     \
        PARAM_COST("swap_cycles", S, field.swap_cycles, "2", "0", "100",                           \
                   "cycles to switch contexts", "SPP paper 3"),                                    \
        PARAM_LATENCY("signal_latency", S, field.signal_latency, "10cycles", "0", "100us",         \
                      "passing an ordered section to a context of another microengine; within "    \
                      "one it is the swap",                                                        \
                      "assumed: a fast write through the chip's CSR bus"),                         \
        PARAM_LATENCY("nn_latency", S, field.nn_latency, "4cycles", "0", "100us",                  \
                      "next-neighbour put to visible", "assumed: a few cycles, no source found"),  \
        PARAM_LATENCY("scratch_latency", S, field.scratch_latency, "100cycles", "0", "100us",      \
                      "scratchpad read or ring get, unloaded",                                     \
                      "assumed: 60 to 120 in secondary sources"),                                  \
        PARAM_LATENCY("sram_latency", S, field.sram_latency, "107ns", "0", "100us",                \
                      "SRAM read, unloaded",                                                       \
                      "assumed: 150 cycles; SPP paper 3 gives 50 to 100 ns or more"),              \
        PARAM_LATENCY("dram_latency", S, field.dram_latency, "214ns", "0", "100us",                \
                      "DRAM reference, unloaded",                                                  \
                      "assumed: 300 cycles, 200 to 400 in secondary sources"),                     \
        PARAM_LATENCY("tcam_latency", S, field.tcam_latency, "143ns", "0", "100us",                \
                      "TCAM key write to result", "assumed: 200 cycles"),                          \
        PARAM_LATENCY("msf_latency", S, field.msf_latency, "188cycles", "0", "100us",              \
                      "media switch fabric register read",                                         \
                      "calibrated on F11-80; no source found"),                                    \
        PARAM_COST("scratch_cycles", S, field.scratch_cycles, "2", "0", "1000",                    \
                   "scratchpad bus, per command", "HRM 229: one command per internal cycle"),      \
        PARAM_COST("scratch_word_cycles", S, field.scratch_word_cycles, "2", "0", "1000",          \
                   "scratchpad bus, per 32-bit word", "HRM 230"),                                  \
        PARAM_FREQUENCY("sram_clock", S, field.sram_clock_hz, "200MHz", "1MHz", "10GHz",           \
                        "QDR SRAM clock: 4 bytes per clock and direction", "HRM 51, 207"),         \
        PARAM_FREQUENCY("dram_clock", S, field.dram_clock_hz, "127.3MHz", "1MHz", "10GHz",         \
                        "RDRAM controller clock: 16 bytes per clock and channel", "HRM 189"),      \
        PARAM_COUNT("dram_banks", S, field.dram_banks, "4", "1", "32", "banks of a DRAM channel",  \
                    "HRM 191: four bank FIFOs"),                                                   \
        PARAM_TIME("dram_row_cycle", S, field.dram_row_cycle, "70ns", "0", "10us",                 \
                   "from one command of a DRAM bank to its next",                                  \
                   "assumed: tRC of RDRAM at 400 MHz, 28 cycles"),                                 \
        PARAM_TIME("dram_precharge", S, field.dram_precharge, "40ns", "0", "10us",                 \
                   "from the end of a DRAM bank's data to its next command",                       \
                   "assumed: tRP and tRCD of RDRAM at 400 MHz, 8 cycles each"),                    \
        PARAM_TIME("dram_turnaround", S, field.dram_turnaround, "8ns", "0", "10us",                \
                   "gap on the DRAM bus between a write and a read",                               \
                   "assumed: a clock of 127 MHz; tCAC - tCWD, HYB25R144180C data book, page 14"),  \
        PARAM_GAP("dram_refresh", S, field.dram_refresh, "1953ns", "0", "1s",                      \
                  "from one refresh of a DRAM channel to the next, bank after bank; 0: none",      \
                  "assumed: 32 banks of 512 rows in 32 ms"),                                       \
        PARAM_COST("push_cycles", S, field.push_cycles, "2", "0", "1000",                          \
                   "DRAM push bus, per 8 bytes to the TBUF or 4 to a microengine",                 \
                   "HRM 199, 205: one word per internal cycle, one bus for all channels"),         \
        PARAM_FREQUENCY("tcam_rate", S, field.tcam_rate_hz, "100MHz", "1kHz", "10GHz",             \
                        "TCAM look-ups per second",                                                \
                        "IDT 75P42100 data sheet, a sibling of SPP's"),                            \
        PARAM_WHICH("counter_channel", S, field.counter_channel, "1", "0", "2",                    \
                    "SRAM channel of the statistics counters",                                     \
                    "assumed: with the queue descriptors"),                                        \
        PARAM_SIZE("mpacket", S, field.msf.mpacket_bytes, "128B", "64B", "256B",                   \
                   "RBUF and TBUF element: 64, 128 or 256 bytes",                                  \
                   "assumed: 128, inferred from the three points of Figure 11; HRM 62, 65"),       \
        PARAM_SIZE("rbuf", S, field.msf.rbuf_bytes, "8KiB", "256B", "1MiB", "receive buffer",      \
                   "HRM 62"),                                                                      \
        PARAM_SIZE("tbuf", S, field.msf.tbuf_bytes, "8KiB", "256B", "1MiB", "transmit buffer",     \
                   "HRM 65"),                                                                      \
        PARAM_SIZE("mac_fifo", S, field.msf.mac_fifo_bytes, "64KiB", "2KiB", "64MiB",              \
                   "MAC buffer of one port, each way", "assumed: a few tens of frames"),           \
        PARAM_RATE("spi_rate", S, field.msf.spi_rate, "12.8Gbit/s", "100Mbit/s", "1Tbit/s",        \
                   "bits", "SPI-4.2 bus between MAC and RBUF or TBUF, each way",                   \
                   "HRM 59: 16 pins, double data rate; 400 MHz assumed"),                          \
        PARAM_COUNT("buffers", S, field.n_buffers, "229376", "16", "1048576",                      \
                    "packet buffers of 2 KiB in DRAM",                                             \
                    "WashU V1 memory map: 0x38000 descriptors (of the line card)")

/* Why chips drop: the owner's table of reasons begins with these. */
enum { CHIP_MAC_FULL, CHIP_TOO_LONG, CHIP_NO_BUFFER, CHIP_QUEUE_FULL, CHIP_N_DROPS };
#define CHIP_DROPS                                                                                 \
    {"mac_full", "the MAC's receive buffer was full: the chip did not keep up"},                   \
        {"too_long", "frame longer than a packet buffer"}, {"no_buffer", "no free packet buffer"}, \
    {                                                                                              \
        "queue_full", "the queue's limit was reached"                                              \
    }

/* Set up an unprogrammed chip. `settings` must outlive it. False: the settings contradict. */
bool chip_init(Chip *chip, const ChipSettings *settings, Component *owner, const char *label,
               GError **error);
void chip_clear(Chip *chip);

/* Programming: before chip_start. A block takes the next free MEs. Its contexts take sections in
 * the order ME 0 context 0, ME 1 context 0, ..., so that neighbours in order sit on different MEs.
 */
bool chip_add_block(Chip *chip, Block *block, const char *name, unsigned n_mes, Ring *in,
                    BlockResume *resume, void *user, GError **error);
/* NULL and an error when the chip has no more scratch rings. */
Ring *chip_add_ring(Chip *chip, const char *name, bool scratch, bool packets, unsigned size,
                    GError **error);
void chip_start(Chip *chip);
/* A gauge of the owner, under the chip's label. */
void chip_gauge(const Chip *chip, const char *name, GaugeRead *read, const void *from);

/* Drop a packet that no stage has looked at, on the account of the tenant that it was for. */
void chip_refuse(Chip *chip, unsigned reason, Packet *pkt);

/* Free buffers: a stack of handles. NULL when none is left. */
ChipPacket *chip_buffer_get(Chip *chip);
void chip_buffer_put(Chip *chip, ChipPacket *cp);

/* Packet buffers for queues: all but as many as rings and contexts can hold, but no less than half.
 */
unsigned chip_queue_buffers(const Chip *chip);
/* Invariants: every context's and every ME's times sum to the time elapsed; buffers are all
 * accounted for, given the number the program still holds. */
bool chip_check(Chip *chip, uint64_t buffers_held, GError **error);
#define CHIP_SCALARS(label)                                                                        \
    {label "me*_busy", "fraction", "of the time that a microengine, by number and block, ran"},    \
        {label "sram*_busy", "fraction", "of the time that an SRAM channel moved data"},           \
        {label "tcam_busy", "fraction", "of the time that the TCAM's bus was taken"},              \
        {label "dram*_busy", "fraction", "of the time that a DRAM channel moved data"},            \
        {label "scratch_busy", "fraction", "of the time that the scratchpad moved data"},          \
        {label "msf_csr_busy", "fraction",                                                         \
         "of the time that the registers of the media switch fabric were used"},                   \
        {label "mpackets_in", "mpackets", "pieces of frames that came in over SPI-4"},             \
        {label "mpackets_out", "mpackets", "pieces of frames that left over SPI-4"}, {             \
        label "buffers_peak", "buffers", "packet buffers in use at one time, at most"              \
    }
/* Utilisation of MEs, channels and rings: scalars (CHIP_SCALARS of the chip's label and a point),
 * and the tables of --stats. */
void chip_report(Chip *chip, Report *report);
