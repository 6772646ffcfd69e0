/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Substrate Decap, Parse, Lookup, Header Format and Statistics, and their tables. */
#include "fastpath/substrate.h"

#include <stdlib.h>
#include <string.h>

#include "fastpath/headers.h"
#include "fastpath/options/options.h"
#include "fastpath/tunnel.h"

enum { PORT_SLOTS = 2 * FP_MAX_PORTS, N_COUNTERS = 65536 };
enum { CLOSED = 0xffff }; /* no slice: the port is in quarantine */
enum {
    PORT_BUCKET_BYTES = 16,
    RESULT_BYTES = 16,
    SLICE_BYTES = 32,
    COUNTER_BYTES = 16,
    DESCRIPTOR_BYTES = 32
};

typedef struct {
    uint32_t address;
    uint16_t port, slice, interface;
    bool used;
} PortEntry;

struct FpTables {
    PortEntry ports[PORT_SLOTS];
    unsigned n_ports;
    FpSlice slices[FP_MAX_SLICES];
    FpInterface interfaces[FP_MAX_INTERFACES];
    Tcam *tcam;
    FpResult *results; /* by TCAM position */
    uint16_t *owner;   /* slice of each position */
    FpCounter *counters;
    uint8_t *sram; /* slice memory */
};

static const struct {
    const char *name;
    FpVerdict verdict;
} reasons[] = {
#define X(symbol, name, verdict, text) {name, verdict},
    FP_REASONS(X)
#undef X
#define REASON(symbol, name, verdict, text) {name, verdict},
#include "fastpath/options/options.def"
};

const char *fp_reason_name(FpReason reason) {
    return reasons[reason].name;
}
FpVerdict fp_reason_verdict(FpReason reason) {
    return reasons[reason].verdict;
}

FpTables *fp_tables_new(unsigned tcam_entries) {
    FpTables *t = calloc(1, sizeof *t);
    if (!t) return NULL;
    t->tcam = tcam_new(tcam_entries);
    t->results = calloc(tcam_entries, sizeof *t->results);
    t->owner = calloc(tcam_entries, sizeof *t->owner);
    t->counters = calloc(N_COUNTERS, sizeof *t->counters);
    t->sram = calloc(1, FP_SRAM_BYTES);
    if (t->tcam && t->results && t->owner && t->counters && t->sram) return t;
    fp_tables_free(t);
    return NULL;
}

void fp_tables_free(FpTables *t) {
    if (!t) return;
    tcam_free(t->tcam);
    free(t->results);
    free(t->owner);
    free(t->counters);
    free(t->sram);
    free(t);
}

Tcam *fp_tcam(FpTables *t) {
    return t->tcam;
}
FpInterface *fp_interface(FpTables *t, unsigned interface) {
    return &t->interfaces[interface];
}
FpSlice *fp_slice(FpTables *t, unsigned slice) {
    return &t->slices[slice];
}

void fp_set_mtu(FpTables *t, unsigned interface, uint32_t bytes) {
    uint32_t outer = TUNNEL_BYTES - TUNNEL_IP;
    t->interfaces[interface].mtu =
        (uint16_t)(bytes > outer && bytes - outer <= UINT16_MAX ? bytes - outer : 0);
}

/* The port table -------------------------------------------------------------------------- */

static uint32_t port_hash(uint32_t address, uint32_t port) {
    uint32_t h = (address ^ port * 0x9e3779b1u) * 0x85ebca6bu;
    return (h ^ h >> 15) & (PORT_SLOTS - 1);
}

static uint32_t port_slot(const FpTables *t, uint32_t address, uint32_t port) {
    uint32_t i = port_hash(address, port);
    while (t->ports[i].used && (t->ports[i].address != address || t->ports[i].port != port))
        i = (i + 1) & (PORT_SLOTS - 1);
    return i;
}

bool fp_bind_port(FpTables *t, unsigned slice, unsigned interface, uint32_t address,
                  uint16_t port) {
    PortEntry *e = &t->ports[port_slot(t, address, port)];
    if (e->used || t->n_ports == FP_MAX_PORTS) return false;
    *e = (PortEntry){address, port, (uint16_t)slice, (uint16_t)interface, true};
    t->n_ports++;
    return true;
}

void fp_close_port(FpTables *t, uint32_t address, uint16_t port) {
    PortEntry *e = &t->ports[port_slot(t, address, port)];
    if (e->used) e->slice = CLOSED;
}

bool fp_unbind_port(FpTables *t, uint32_t address, uint16_t port) {
    uint32_t hole = port_slot(t, address, port);
    if (!t->ports[hole].used) return false;
    t->ports[hole].used = false;
    t->n_ports--;
    /* Those behind the hole find their places anew. */
    for (uint32_t i = (hole + 1) & (PORT_SLOTS - 1); t->ports[i].used;
         i = (i + 1) & (PORT_SLOTS - 1)) {
        PortEntry e = t->ports[i];
        t->ports[i].used = false;
        t->ports[port_slot(t, e.address, e.port)] = e;
    }
    return true;
}

unsigned fp_ports(const FpTables *t) {
    return t->n_ports;
}

/* For code options ------------------------------------------------------------------------ */

static uint8_t *slice_sram(const FpTables *t, unsigned slice, uint32_t offset, uint32_t bytes) {
    const FpSlice *s = &t->slices[slice];
    if (bytes > s->sram_bytes || offset > s->sram_bytes - bytes) return NULL;
    return t->sram + s->sram_base + offset;
}

uint8_t *fp_slice_sram(FpTables *t, unsigned slice, uint32_t offset, uint32_t bytes) {
    return slice_sram(t, slice, offset, bytes);
}

void fp_sram_clear(FpTables *t, uint32_t first, uint32_t bytes) {
    memset(t->sram + first, 0, bytes);
}

void fp_counters_clear(FpTables *t, unsigned first, unsigned n) {
    for (unsigned i = first; i < first + n; i++)
        t->counters[i] = (FpCounter){.holder = (uint16_t)(t->counters[i].holder + 1)};
}

static uint8_t *sram_access(const FpTables *t, FpPacket *p, uint32_t offset, uint32_t bytes) {
    uint8_t *at = slice_sram(t, p->slice, offset, bytes);
    if (!at) p->refused = true;
    return at;
}

const uint8_t *fp_sram_read(const FpTables *t, FpPacket *p, FpSite site, uint32_t offset,
                            uint32_t bytes, FpLog *log) {
    const uint8_t *at = sram_access(t, p, offset, bytes);
    if (at) fp_read(log, site, FP_SRAM1, offset, bytes);
    return at;
}

uint8_t *fp_sram_write(const FpTables *t, FpPacket *p, FpSite site, uint32_t offset, uint32_t bytes,
                       FpLog *log) {
    uint8_t *at = sram_access(t, p, offset, bytes);
    if (at) fp_write(log, site, FP_SRAM1, offset, bytes);
    return at;
}

static FpVerdict decide(FpPacket *p, FpReason reason) {
    p->reason = (uint8_t)reason;
    return p->verdict = (uint8_t)fp_reason_verdict(reason);
}

/* A counter and whose it is. */
static uint32_t counter_of(const FpTables *t, unsigned index) {
    return (uint32_t)t->counters[index].holder << 16 | index;
}

/* The slice's numbering of queues and counters to the chip's; false: not its own. */
static bool remap(const FpTables *t, const FpSlice *s, const FpResult *own, FpResult *result) {
    if (own->queue >= s->n_queues || own->stats >= s->n_stats ||
        own->interface >= FP_MAX_INTERFACES)
        return false;
    /* A queue is at one interface's scheduler: sent elsewhere, its packets would use up a rate that
     * nobody has given to them. */
    if (own->verdict == FP_FORWARD && s->queue_interface &&
        s->queue_interface[own->queue] != own->interface)
        return false;
    *result = *own;
    result->queue = s->queue_base + own->queue;
    result->stats = counter_of(t, s->stats_base + own->stats);
    return true;
}

bool fp_too_long(const FpTables *t, const FpPacket *p, uint32_t bytes) {
    uint32_t mtu = t->interfaces[p->result.interface].mtu;
    return mtu && bytes > mtu;
}

FpVerdict fp_route(const FpTables *t, FpPacket *p, const FpResult *own) {
    FpResult forward = *own;
    forward.verdict = FP_FORWARD;
    if (!remap(t, &t->slices[p->slice], &forward, &p->result)) return decide(p, FP_BAD_ROUTE);
    p->routed = true;
    return decide(p, FP_OK);
}

/* Filters --------------------------------------------------------------------------------- */

FpInsert fp_filter_insert(FpTables *t, unsigned slice, unsigned position,
                          const uint8_t key[FP_KEY_BYTES], const uint8_t mask[FP_KEY_BYTES],
                          const FpResult *result) {
    const FpSlice *s = &t->slices[slice];
    FpResult remapped;
    if (result->queue >= s->n_queues) return FP_BAD_QUEUE;
    if (result->stats >= s->n_stats) return FP_BAD_STATS;
    if (!remap(t, s, result, &remapped)) return FP_BAD_QUEUE;
    if (position >= tcam_entries(t->tcam)) return FP_BAD_POSITION;
    if (!tcam_insert(t->tcam, position, tcam_word((uint16_t)slice, key), tcam_word(0xffff, mask)))
        return FP_POSITION_TAKEN;
    t->results[position] = remapped;
    t->owner[position] = (uint16_t)slice;
    return FP_INSERTED;
}

bool fp_filter_remove(FpTables *t, unsigned slice, unsigned position) {
    if (position >= tcam_entries(t->tcam) || t->owner[position] != slice) return false;
    return tcam_remove(t->tcam, position);
}

const FpResult *fp_filter_result(const FpTables *t, unsigned position) {
    return &t->results[position];
}

/* The blocks ------------------------------------------------------------------------------ */

static uint32_t dram(const FpPacket *p) {
    return p->handle * FP_BUFFER_BYTES + (uint32_t)(p->offset > 0 ? p->offset : 0);
}

FpVerdict fp_decap(const FpTables *t, FpPacket *p, FpLog *log) {
    const uint8_t *frame = p->bytes + p->offset;
    fp_read(log, SITE_DECAP_HEADER, FP_DRAM, dram(p), 64);
    if (p->length < ETHER_BYTES + IPV4_BYTES + UDP_BYTES) return decide(p, FP_OUTER_SHORT);
    uint32_t type, at = ether_payload(frame, &type);
    if (type != ETHER_TYPE_IPV4) return decide(p, FP_OUTER_TYPE);
    const uint8_t *ip = frame + at;
    uint32_t left = p->length - at;
    if (left < IPV4_BYTES + UDP_BYTES) return decide(p, FP_OUTER_SHORT);
    uint32_t header = ip4_header_bytes(ip), total = get16(ip + IP4_TOTAL);
    if (total < left) left = total; /* behind it is link padding */
    if (ip4_version(ip) != 4 || header < IPV4_BYTES || left < header + UDP_BYTES ||
        fold_checksum(sum_words(ip, header)) != 0)
        return decide(p, FP_OUTER_BAD);
    if (ip[IP4_PROTOCOL] != IP_PROTOCOL_UDP || ip4_is_fragment(ip)) return decide(p, FP_OUTER_TYPE);
    const uint8_t *udp = ip + header;
    uint32_t datagram = get16(udp + UDP_LENGTH);
    if (datagram < UDP_BYTES || datagram > left - header) return decide(p, FP_OUTER_BAD);
    uint32_t slot = port_slot(t, get32(ip + IP4_DESTINATION), get16(udp + L4_DESTINATION_PORT));
    fp_read(log, SITE_DECAP_PORT, FP_SRAM0, slot * PORT_BUCKET_BYTES, PORT_BUCKET_BYTES);
    if (!t->ports[slot].used) return decide(p, FP_NO_SLICE);
    if (t->ports[slot].slice == CLOSED) return decide(p, FP_DETACHED);
    p->slice = t->ports[slot].slice;
    p->rx_interface = t->ports[slot].interface;
    p->option = t->slices[p->slice].option;
    p->vlan = t->slices[p->slice].vlan;
    p->offset += (int32_t)(at + header + UDP_BYTES);
    p->original = datagram - UDP_BYTES + (p->original - p->length);
    p->length = datagram - UDP_BYTES;
    fp_write(log, SITE_DECAP_DONE, FP_SRAM2, p->handle * DESCRIPTOR_BYTES, 8);
    return p->verdict = FP_FORWARD;
}

FpVerdict fp_parse(const FpTables *t, FpPacket *p, FpLog *log) {
    fp_read(log, SITE_PARSE_SLICE, FP_SRAM0, p->slice * SLICE_BYTES, 16);
    FpVerdict verdict = fp_code_options[p->option]->parse(t, p, log);
    if (p->refused) return decide(p, FP_SRAM_BOUNDS);
    return p->verdict = (uint8_t)verdict;
}

/* What a matching filter makes of the verdict that Parse has formed. */
static FpVerdict judge(FpPacket *p, const FpResult *result) {
    if (result->verdict == FP_DROP) return decide(p, FP_DENIED);
    if (result->verdict == FP_EXCEPTION) return decide(p, (FpReason)result->reason);
    return p->verdict;
}

static void to_slow_path(const FpTables *t, FpPacket *p) {
    const FpSlice *s = &t->slices[p->slice];
    p->result.queue = s->exception_queue;
    p->result.stats = counter_of(t, s->stats_base + s->n_stats - 1u);
    p->result.interface = s->exception_interface;
    p->result.next_hop = s->exception_address;
    p->result.next_port = s->exception_port;
}

FpVerdict fp_lookup(const FpTables *t, FpPacket *p, FpLog *log) {
    if (p->routed) {
        fp_work(log, SITE_LOOKUP_DONE);
        return p->verdict;
    }
    fp_read(log, SITE_LOOKUP_KEY, FP_TCAM, 0, 16);
    int position = tcam_lookup(t->tcam, tcam_word(p->slice, p->key));
    FpVerdict verdict;
    if (position == TCAM_MISS) {
        verdict = p->verdict == FP_FORWARD ? decide(p, FP_NO_ROUTE) : p->verdict;
    } else {
        fp_read(log, SITE_LOOKUP_RESULT, FP_SRAM0, (uint32_t)position * RESULT_BYTES, RESULT_BYTES);
        verdict = judge(p, &t->results[position]);
        p->result = t->results[position];
    }
    if (verdict == FP_EXCEPTION) to_slow_path(t, p);
    fp_work(log, SITE_LOOKUP_DONE);
    return verdict;
}

static void outer_headers(const FpTables *t, FpPacket *p) {
    const Tunnel tunnel = {.from = t->interfaces[p->result.interface],
                           .to = p->result.next_hop,
                           .from_port = t->slices[p->slice].udp_port,
                           .to_port = p->result.next_port,
                           .vlan = p->vlan};
    p->offset -= (int32_t)TUNNEL_BYTES;
    tunnel_build(p->bytes + p->offset, &tunnel, p->length);
    p->length += TUNNEL_BYTES;
    p->original = p->length;
}

FpVerdict fp_format(const FpTables *t, FpPacket *p, FpLog *log) {
    fp_read(log, SITE_FORMAT_SLICE, FP_SRAM0, p->result.interface * SLICE_BYTES, SLICE_BYTES);
    uint32_t mtu = t->interfaces[p->result.interface].mtu;
    if (p->verdict == FP_FORWARD) {
        p->verdict = (uint8_t)fp_code_options[p->option]->format(t, p, log);
        if (p->refused) decide(p, FP_SRAM_BOUNDS);
        if (p->verdict == FP_FORWARD && fp_too_long(t, p, p->length)) decide(p, FP_TOO_LONG);
        if (p->verdict == FP_DROP) return FP_DROP;
        if (p->verdict == FP_EXCEPTION) to_slow_path(t, p);
    }
    if (p->verdict == FP_EXCEPTION) {
        p->offset -= (int32_t)FP_INTERNAL_BYTES;
        uint8_t *b = p->bytes + p->offset;
        b[FP_INTERNAL_REASON] = p->reason;
        b[FP_INTERNAL_INTERFACE] = (uint8_t)p->rx_interface;
        put16(b + FP_INTERNAL_SLICE, p->slice);
        put16(b + FP_INTERNAL_LENGTH, p->length);
        put16(b + FP_INTERNAL_MTU, p->reason == FP_FRAGMENT ? mtu : 0);
        p->length += FP_INTERNAL_BYTES;
    }
    outer_headers(t, p);
    if (p->verdict == FP_EXCEPTION && t->slices[p->slice].exception_station)
        memcpy(p->bytes + p->offset + ETHER_DESTINATION, t->slices[p->slice].exception_mac,
               MAC_BYTES);
    fp_write(log, SITE_FORMAT_OUTER, FP_DRAM, dram(p), TUNNEL_BYTES + IPV4_BYTES);
    fp_write(log, SITE_FORMAT_DONE, FP_SRAM2, p->handle * DESCRIPTOR_BYTES, 12);
    return p->verdict;
}

void fp_count(FpTables *t, uint32_t stats, bool out, uint32_t bytes, FpLog *log) {
    uint32_t index = stats % N_COUNTERS;
    FpCounter *c = &t->counters[index];
    if (c->holder == stats >> 16) {
        *(out ? &c->packets_out : &c->packets_in) += 1;
        *(out ? &c->bytes_out : &c->bytes_in) += bytes;
    }
    fp_write(log, SITE_COUNT_PACKETS, FP_SRAM3, index * COUNTER_BYTES, 4);
    fp_write(log, SITE_COUNT_BYTES, FP_SRAM3, index * COUNTER_BYTES + 4, 4);
}

const FpCounter *fp_counter(const FpTables *t, unsigned index) {
    return &t->counters[index];
}
