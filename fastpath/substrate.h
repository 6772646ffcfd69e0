/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * fastpath/substrate.h: the blocks of the NPE that look into packets, in order, and the tables they
 * look into. SPP paper, section 4. No block allocates, reads a clock or knows who runs it. */
#pragma once

#include "fastpath/fp.h"
#include "fastpath/tcam.h"

#define FP_MAX_INTERFACES 16u
#define FP_MAX_SLICES 1024u
#define FP_MAX_PORTS 16384u /* of all slices at all interfaces */
#define FP_NO_INTERFACE 255u

/* Why a packet left the fast path. EXC: to the slice's slow path; DROP: nowhere. The names follow
 * the classes of RFC 1812 sections 4.2.2, 5.2.2, 5.3.1, 5.3.7. Code options add their own
 * (options/options.def). X(symbol, name, verdict, text) */
#define FP_REASONS(X)                                                                              \
    X(FP_OK, "ok", FP_FORWARD, "forwarded")                                                        \
    X(FP_OUTER_SHORT, "outer_short", FP_DROP, "too short for the outer headers")                   \
    X(FP_OUTER_TYPE, "outer_type", FP_DROP, "outer frame is not UDP over IPv4 in the tunnel form") \
    X(FP_OUTER_BAD, "outer_bad", FP_DROP, "outer IPv4 header fails a header test")                 \
    X(FP_NO_SLICE, "no_slice", FP_DROP, "no slice owns this address and UDP port")                 \
    X(FP_OTHER_L2, "other_l2", FP_DROP, "not IPv4 at the link layer (native forwarder only)")      \
    X(FP_SHORT, "bad_short", FP_DROP, "fewer than 20 bytes of IP header")                          \
    X(FP_VERSION, "bad_version", FP_DROP, "IP version is not 4")                                   \
    X(FP_IHL, "bad_ihl", FP_DROP, "header length below 20 bytes")                                  \
    X(FP_TRUNCATED, "bad_truncated", FP_DROP, "ends inside the IP header")                         \
    X(FP_CHECKSUM, "bad_checksum", FP_DROP, "header checksum is wrong")                            \
    X(FP_TOTAL_SHORT, "bad_total_short", FP_DROP, "total length below header length")              \
    X(FP_TOTAL_LONG, "bad_total_long", FP_DROP, "total length above the frame's")                  \
    X(FP_MARTIAN_SRC, "martian_source", FP_DROP, "source address may not be forwarded")            \
    X(FP_MARTIAN_DST, "martian_destination", FP_DROP, "destination address may not be forwarded")  \
    X(FP_BROADCAST, "broadcast", FP_DROP, "limited broadcast is not forwarded")                    \
    X(FP_MULTICAST, "multicast", FP_EXCEPTION, "multicast destination")                            \
    X(FP_TTL, "ttl_expired", FP_EXCEPTION, "time to live would reach 0")                           \
    X(FP_OPTIONS, "options", FP_EXCEPTION, "IP header has options")                                \
    X(FP_LOCAL, "local", FP_EXCEPTION, "addressed to this router")                                 \
    X(FP_NO_ROUTE, "no_route", FP_EXCEPTION, "no filter matches")                                  \
    X(FP_DENIED, "denied", FP_DROP, "a filter says drop")                                          \
    X(FP_SRAM_BOUNDS, "sram_bounds", FP_DROP, "slice code reached outside its SRAM block")         \
    X(FP_FRAGMENT, "fragment", FP_EXCEPTION, "longer than its way out takes")                      \
    X(FP_TOO_LONG, "too_long_for_way", FP_DROP, "the same, of a code option that does not cut")    \
    X(FP_BAD_ROUTE, "bad_route", FP_DROP, "slice code chose a queue or counter that is not its")   \
    X(FP_DETACHED, "detached", FP_DROP, "its slice, or its queue, was detached meanwhile")

typedef enum {
#define X(symbol, name, verdict, text) symbol,
    FP_REASONS(X)
#undef X
#define REASON(symbol, ...) symbol,
#include "fastpath/options/options.def"
        FP_N_REASONS
} FpReason;

const char *fp_reason_name(FpReason reason);
FpVerdict fp_reason_verdict(FpReason reason);

/* One slice. Its filters carry its id in the TCAM, so it can match only its own packets. */
typedef struct {
    bool used;
    uint8_t option;           /* code option, its place in fp_code_options */
    uint16_t vlan;            /* of outgoing frames */
    uint16_t udp_port;        /* its port on every interface: source port of outgoing tunnels */
    uint32_t exception_queue; /* physical queue of its slow path */
    uint32_t exception_address;
    uint16_t exception_port, exception_interface;
    uint8_t exception_mac[6]; /* where frames with exceptions go; used if exception_station */
    bool exception_station;
    uint16_t stats_base, n_stats;  /* counter indices it may use */
    uint32_t queue_base, n_queues; /* its queue q is physical queue_base + q */
    /* Borrowed: the interface that each of its queues sends to, FP_NO_INTERFACE: none that it may
     * choose. NULL: any queue with any interface. */
    const uint8_t *queue_interface;
    uint32_t sram_base, sram_bytes; /* its block of slice memory in SRAM */
} FpSlice;

typedef struct FpTables FpTables;

#define FP_SRAM_BYTES (8u << 20) /* slice memory: one QDR bank of the IXP 2850, HRM 51 */

/* Allocates everything that the blocks will ever touch. `tcam_entries` up to 131,072. */
FpTables *fp_tables_new(unsigned tcam_entries);
void fp_tables_free(FpTables *t);
Tcam *fp_tcam(FpTables *t);
FpInterface *fp_interface(FpTables *t, unsigned interface);
FpSlice *fp_slice(FpTables *t, unsigned slice);
/* The interface's link takes IP packets of up to `bytes` bytes, the outer headers of a tunnel
 * included; 0: any. */
void fp_set_mtu(FpTables *t, unsigned interface, uint32_t bytes);

/* Make (address, UDP port) of `interface` the slice's. False if the table is full or another slice
 * has it; nothing is changed then. */
bool fp_bind_port(FpTables *t, unsigned slice, unsigned interface, uint32_t address, uint16_t port);
/* Nobody's, and not to be bound again yet: packets for it are dropped as detached. */
void fp_close_port(FpTables *t, uint32_t address, uint16_t port);
bool fp_unbind_port(FpTables *t, uint32_t address, uint16_t port);
unsigned fp_ports(const FpTables *t); /* bound or closed */

/* The management processor's way in: puts the filter at `position` (lower wins) with the slice's id
 * added, remaps result->queue from the slice's numbering and bounds it, likewise stats. */
typedef enum {
    FP_INSERTED,
    FP_BAD_POSITION,
    FP_POSITION_TAKEN,
    FP_BAD_QUEUE, /* not the slice's, or not at the interface */
    FP_BAD_STATS
} FpInsert;
FpInsert fp_filter_insert(FpTables *t, unsigned slice, unsigned position,
                          const uint8_t key[FP_KEY_BYTES], const uint8_t mask[FP_KEY_BYTES],
                          const FpResult *result);
bool fp_filter_remove(FpTables *t, unsigned slice, unsigned position);
/* What the filter there says, with physical queue and counter. */
const FpResult *fp_filter_result(const FpTables *t, unsigned position);

/* For code options. Memory and queues are the slice's own: offsets count from its block, queues and
 * counters from its first, and whatever lies outside is refused. */

/* The slice's header, the first `bytes` bytes of which are read from DRAM. How many are there is in
 * p->length, for the caller to look at first. */
static inline uint8_t *fp_header(const FpPacket *p, uint32_t bytes, FpLog *log) {
    fp_read(log, SITE_PARSE_HEADER, FP_DRAM,
            p->handle * FP_BUFFER_BYTES + (uint32_t)(p->offset > 0 ? p->offset : 0), bytes);
    return p->bytes + p->offset;
}
/* `bytes` bytes at `offset` of the slice's SRAM block, to be read (waits for the answer) or written
 * (does not wait). NULL if they are not all inside: the packet is dropped as sram_bounds. */
const uint8_t *fp_sram_read(const FpTables *t, FpPacket *p, FpSite site, uint32_t offset,
                            uint32_t bytes, FpLog *log);
uint8_t *fp_sram_write(const FpTables *t, FpPacket *p, FpSite site, uint32_t offset, uint32_t bytes,
                       FpLog *log);
/* Whether so many bytes of a slice's packet are too long for the way that Lookup has found. A code
 * option that can say more about it than that the packet is dropped asks in Format. */
bool fp_too_long(const FpTables *t, const FpPacket *p, uint32_t bytes);
/* Decide in Parse where the packet goes, without a filter. */
FpVerdict fp_route(const FpTables *t, FpPacket *p, const FpResult *own);

/* For the management processor: a slice's block from outside, NULL if not all inside. */
uint8_t *fp_slice_sram(FpTables *t, unsigned slice, uint32_t offset, uint32_t bytes);
/* All zero, as at first: bytes of slice memory; counters, which are another's from now on. */
void fp_sram_clear(FpTables *t, uint32_t first, uint32_t bytes);
void fp_counters_clear(FpTables *t, unsigned first, unsigned n);

/* The blocks. Each runs to its end on real bytes. A verdict other than FP_FORWARD is in p->verdict
 * and p->reason; FP_EXCEPTION packets go on through lookup (which skips them) to format. */
FpVerdict fp_decap(const FpTables *t, FpPacket *p, FpLog *log);  /* -> p->slice, option, offset */
FpVerdict fp_parse(const FpTables *t, FpPacket *p, FpLog *log);  /* -> p->key */
FpVerdict fp_lookup(const FpTables *t, FpPacket *p, FpLog *log); /* -> p->result */
/* Rewrite the inner header, build the outer one: afterwards bytes + offset is a whole frame.
 * Exceptions leave their inner packet as it came, behind an internal header (FP_INTERNAL_BYTES). */
FpVerdict fp_format(const FpTables *t, FpPacket *p, FpLog *log);

/* Statistics: per index, packets and bytes before and after the queue. The chip's counters have 32
 * bits and wrap; these do not. */
typedef struct {
    uint64_t packets_in, bytes_in, packets_out, bytes_out;
    uint16_t holder; /* how often it was given out: what is counted for an earlier one is not */
} FpCounter;
void fp_count(FpTables *t, uint32_t stats, bool out, uint32_t bytes, FpLog *log);
const FpCounter *fp_counter(const FpTables *t, unsigned index);

/* Between NPE and GPE, between the outer UDP header and the inner packet of an exception. */
#define FP_INTERNAL_BYTES 8u
enum {
    FP_INTERNAL_REASON = 0,
    FP_INTERNAL_INTERFACE = 1, /* by which it came */
    FP_INTERNAL_SLICE = 2,
    FP_INTERNAL_LENGTH = 4, /* of the inner packet */
    FP_INTERNAL_MTU = 6     /* of its way out, when the reason is FP_FRAGMENT; else 0 */
};
