/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * fastpath/fp.h: how packet code touches memory, and the packet as packet code sees it.
 *
 * The same sources are compiled twice. Plain (sppfwd, the library): an accessor is a load or a
 * store and nothing else. Logged (-DFP_LOGGED, inside the emulator): it also appends the reference
 * to the log of the context that runs the code, and the microengine model then plays the log in
 * modelled time. Real bytes and real tables are touched either way, at once.
 *
 * A site is a place in the code. Its cost, the instructions that run before the reference is
 * issued, is a parameter of the box (fastpath/sites.h has defaults and sources). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "fastpath/sites.h"

typedef enum {
    FP_NONE = 0, /* instructions only */
    FP_SRAM0,    /* tables: substrate decapsulation, slices, filter results */
    FP_SRAM1,    /* queue descriptors and slice memory */
    FP_SRAM2,    /* buffer descriptors */
    FP_SRAM3,    /* counters; the chip has three SRAM channels, which one this is is a parameter */
    FP_TCAM,
    FP_DRAM,
    FP_SCRATCH,
    FP_N_UNITS
} FpUnit;

typedef struct {
    uint8_t unit;
    bool posted; /* the context goes on without waiting for it */
    bool write;
    uint8_t none;          /* 0 */
    uint16_t instructions; /* executed before it is issued */
    uint16_t bytes;
    uint32_t address; /* DRAM: byte address, chooses the channel */
} FpReference;

#define FP_LOG_LENGTH 48u

typedef struct {
    const uint16_t *cost; /* instructions, by site */
    unsigned n;
    FpReference reference[FP_LOG_LENGTH];
} FpLog;

#ifdef FP_LOGGED
static inline void fp_log(FpLog *log, FpSite site, FpUnit unit, bool write, bool posted,
                          uint32_t address, uint32_t bytes) {
    FpReference *r = &log->reference[log->n++]; /* the player asserts n <= FP_LOG_LENGTH */
    *r = (FpReference){.unit = (uint8_t)unit,
                       .posted = posted,
                       .write = write,
                       .instructions = log->cost[site],
                       .bytes = (uint16_t)bytes,
                       .address = address};
}
#else
#define fp_log(log, site, unit, write, posted, address, bytes)                                     \
    ((void)(log), (void)(site), (void)(unit), (void)(address), (void)(bytes))
#endif

/* Read, and wait for the answer. */
#define fp_read(log, site, unit, address, bytes)                                                   \
    fp_log(log, site, unit, false, false, address, bytes)
/* Write, and go on. */
#define fp_write(log, site, unit, address, bytes)                                                  \
    fp_log(log, site, unit, true, true, address, bytes)
/* Execute the site's instructions and touch nothing. */
#define fp_work(log, site) fp_log(log, site, FP_NONE, false, true, 0, 0)

/* What becomes of a packet in a block. */
typedef enum { FP_FORWARD, FP_EXCEPTION, FP_DROP } FpVerdict;

/* A DRAM buffer: address = handle * FP_BUFFER_BYTES. */
#define FP_BUFFER_BYTES 2048u
#define FP_HEADROOM                                                                                \
    96u /* bytes in front of a received frame that an outer header may grow into                   \
         */

#define FP_KEY_BYTES 14u /* 112 bits: SPP paper, section 4 */

/* What a filter says: the data associated with a TCAM entry, in SRAM. */
typedef struct {
    uint8_t verdict;    /* FpVerdict: FP_EXCEPTION for local delivery, FP_DROP for a deny filter */
    uint8_t reason;     /* FpReason, when the verdict is not FP_FORWARD */
    uint16_t interface; /* physical interface that it leaves by */
    uint32_t queue;     /* physical queue: hidden from the slice, set when the filter is inserted */
    uint32_t next_hop;  /* IPv4 address of the next node, host order */
    uint16_t next_port; /* UDP port there */
    uint32_t stats;     /* counter index; above 16 bits, whose: FpCounter */
    uint32_t data;      /* the slice's own, such as an offset in its SRAM block */
} FpResult;

/* What the line card's blocks tell each other. */
typedef struct {
    uint8_t ip_at;     /* where the frame's IPv4 header is */
    uint8_t to_mac[6]; /* of the blade that gets it */
} FpLineCard;

/* One external interface of the node as the fast path sees it. */
typedef struct {
    uint8_t mac[6];      /* this node's */
    uint8_t next_mac[6]; /* where outgoing frames go: the line card or the next node */
    uint32_t address;    /* this node's IPv4 address there, host order */
    uint16_t mtu;        /* bytes of a slice's packet that the link takes in a tunnel; 0: any */
} FpInterface;

/* A packet on its way through the blocks: what WashU kept in the buffer descriptor and in ring
 * messages. `offset` moves as headers are stripped and built. */
typedef struct FpPacket {
    uint8_t *bytes;  /* first byte of the received frame; FP_HEADROOM bytes may be used before it */
    int32_t offset;  /* of the current header from `bytes` */
    uint32_t length; /* bytes from there, without FCS */
    uint32_t original; /* length before a capture cut it; = length inside the emulator */
    uint32_t handle;   /* buffer */
    uint16_t rx_interface;
    uint16_t slice;
    uint16_t vlan;
    uint8_t option;  /* code option of the slice */
    uint8_t verdict; /* FpVerdict so far */
    uint8_t reason;  /* FpReason, when not FP_FORWARD */
    bool routed;     /* Parse has chosen the way; Lookup has nothing to do */
    bool refused;    /* slice code reached outside its SRAM block */
    uint8_t key[FP_KEY_BYTES];
    FpResult result;
    FpLineCard lc;
} FpPacket;
