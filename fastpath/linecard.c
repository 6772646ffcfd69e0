/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The line card's blocks and tables. */
#include "fastpath/linecard.h"

#include <stdlib.h>
#include <string.h>

#include "fastpath/headers.h"

enum { NO_CLASS = 0xffff, CLOSED = 0xfffe }; /* of a VLAN, or a binding's in quarantine */
enum { N_VLANS = 4096, RESULT_BYTES = 16, CLASS_BYTES = 8, NAT_BYTES = 32, DESCRIPTOR_BYTES = 32 };

typedef struct {
    uint32_t address;
    uint8_t mac[6], next_mac[6], backplane_mac[6];
    bool down;
} Interface;

struct LcTables {
    unsigned n_interfaces;
    Interface interfaces[LC_MAX_INTERFACES];
    LcTarget targets[LC_MAX_CLASSES]; /* by traffic class; where translated flows go */
    bool has_default;
    Tcam *tcam;
    LcTarget *results;                /* by TCAM position */
    uint32_t n_free, *free_positions; /* a stack: first_position */
    unsigned n_bindings;
    uint16_t class_of[N_VLANS];
    uint32_t inside_prefix, inside_mask;
    NatTable *nat;
};

/* The stack holds by how much a position differs from the one that is at its place in the
 * beginning, so that memory which nobody has touched is a stack of all of them, 0 on top. */
static uint32_t first_position(uint32_t place) {
    return TCAM_MAX_ENTRIES - 1 - place;
}

LcTables *lc_tables_new(unsigned n_interfaces, unsigned nat_entries) {
    LcTables *t = calloc(1, sizeof *t);
    if (!t) return NULL;
    t->n_interfaces = n_interfaces;
    t->tcam = tcam_new(TCAM_MAX_ENTRIES);
    t->results = calloc(TCAM_MAX_ENTRIES, sizeof *t->results);
    t->free_positions = calloc(TCAM_MAX_ENTRIES, sizeof *t->free_positions);
    t->nat = nat_new(nat_entries);
    if (!t->tcam || !t->results || !t->free_positions || !t->nat) {
        lc_tables_free(t);
        return NULL;
    }
    t->n_free = TCAM_MAX_ENTRIES;
    memset(t->class_of, 0xff, sizeof t->class_of);
    t->inside_mask = UINT32_MAX; /* and prefix 0: nobody */
    return t;
}

void lc_tables_free(LcTables *t) {
    if (!t) return;
    tcam_free(t->tcam);
    free(t->results);
    free(t->free_positions);
    nat_free(t->nat);
    free(t);
}

NatTable *lc_nat(LcTables *t) {
    return t->nat;
}

void lc_set_interface(LcTables *t, unsigned interface, uint32_t address, const uint8_t mac[6],
                      const uint8_t next_mac[6], const uint8_t backplane_mac[6]) {
    Interface *i = &t->interfaces[interface];
    i->address = address;
    memcpy(i->mac, mac, MAC_BYTES);
    memcpy(i->next_mac, next_mac, MAC_BYTES);
    memcpy(i->backplane_mac, backplane_mac, MAC_BYTES);
}

uint32_t lc_address(const LcTables *t, unsigned interface) {
    return t->interfaces[interface].address;
}

void lc_set_down(LcTables *t, unsigned interface, bool down) {
    t->interfaces[interface].down = down;
}

void lc_set_default(LcTables *t, const LcTarget *target) {
    t->has_default = true;
    t->targets[0] = *target;
    t->class_of[target->vlan] = 0;
}

bool lc_set_class(LcTables *t, const LcTarget *target) {
    uint16_t *class = &t->class_of[target->vlan];
    if (*class != NO_CLASS && *class != target->class) return false;
    *class = target->class;
    t->targets[target->class] = *target;
    return true;
}

void lc_close_class(LcTables *t, const LcTarget *target) {
    t->class_of[target->vlan] = CLOSED;
    nat_remove_blade(t->nat, target->class);
}

void lc_clear_class(LcTables *t, uint16_t vlan) {
    t->class_of[vlan] = NO_CLASS;
}

void lc_set_inside(LcTables *t, uint32_t prefix, unsigned length) {
    t->inside_mask = length ? UINT32_MAX << (32 - length) : 0;
    t->inside_prefix = prefix & t->inside_mask;
}

/* Bindings -------------------------------------------------------------------------------- */

enum {
    KEY_DESTINATION = 0,
    KEY_PROTOCOL = 4,
    KEY_DESTINATION_PORT = 5,
    KEY_SOURCE = 7,
    KEY_SOURCE_PORT = 11,
    KEY_INTERFACE = 13,
    KEY_BINDING_BYTES = 7 /* of which a binding looks at those up to the destination port */
};

static void binding_key(uint32_t address, uint8_t protocol, uint16_t port,
                        uint8_t key[FP_KEY_BYTES], uint8_t mask[FP_KEY_BYTES]) {
    memset(key, 0, FP_KEY_BYTES);
    memset(mask, 0, FP_KEY_BYTES);
    put32(key + KEY_DESTINATION, address);
    key[KEY_PROTOCOL] = protocol;
    put16(key + KEY_DESTINATION_PORT, port);
    memset(mask, 0xff, KEY_BINDING_BYTES);
}

LcBind lc_bind(LcTables *t, uint32_t address, uint8_t protocol, uint16_t port,
               const LcTarget *target) {
    uint8_t key[FP_KEY_BYTES], mask[FP_KEY_BYTES];
    binding_key(address, protocol, port, key, mask);
    if (tcam_lookup(t->tcam, tcam_word(0, key)) != TCAM_MISS) return LC_TAKEN;
    if (!t->n_free) return LC_FULL;
    uint32_t place = t->n_free - 1, position = t->free_positions[place] + first_position(place);
    if (!tcam_insert(t->tcam, position, tcam_word(0, key), tcam_word(0xffff, mask))) return LC_FULL;
    t->n_free = place;
    t->n_bindings++;
    t->results[position] = *target;
    return LC_BOUND;
}

void lc_close(LcTables *t, uint32_t address, uint8_t protocol, uint16_t port) {
    uint8_t key[FP_KEY_BYTES], mask[FP_KEY_BYTES];
    binding_key(address, protocol, port, key, mask);
    int position = tcam_lookup(t->tcam, tcam_word(0, key));
    if (position != TCAM_MISS) t->results[position].class = CLOSED;
}

bool lc_unbind(LcTables *t, uint32_t address, uint8_t protocol, uint16_t port) {
    uint8_t key[FP_KEY_BYTES], mask[FP_KEY_BYTES];
    binding_key(address, protocol, port, key, mask);
    int position = tcam_lookup(t->tcam, tcam_word(0, key));
    if (position == TCAM_MISS) return false;
    tcam_remove(t->tcam, (unsigned)position);
    t->free_positions[t->n_free] = (uint32_t)position - first_position(t->n_free);
    t->n_free++;
    t->n_bindings--;
    return true;
}

unsigned lc_bindings(const LcTables *t) {
    return t->n_bindings;
}

/* The blocks ------------------------------------------------------------------------------ */

static FpVerdict drop(FpPacket *p, LcReason reason) {
    p->reason = (uint8_t)reason;
    return p->verdict = FP_DROP;
}

static uint32_t dram(const FpPacket *p) {
    return p->handle * FP_BUFFER_BYTES + (uint32_t)(p->offset > 0 ? p->offset : 0);
}

/* Where the IPv4 header is, or 0 and the reason. */
static uint32_t find_ip(const FpPacket *p, LcReason *reason) {
    const uint8_t *frame = p->bytes + p->offset;
    *reason = LC_SHORT;
    if (p->length < ETHER_BYTES + VLAN_BYTES) return 0;
    uint32_t type, at = ether_payload(frame, &type);
    *reason = LC_NOT_IP;
    if (type != ETHER_TYPE_IPV4) return 0;
    *reason = LC_SHORT;
    if (p->length < at + IPV4_BYTES) return 0;
    const uint8_t *ip = frame + at;
    uint32_t header = ip4_header_bytes(ip), total = get16(ip + IP4_TOTAL);
    *reason = LC_BAD_IP;
    if (ip4_version(ip) != 4 || header < IPV4_BYTES || total < header || at + total > p->length ||
        fold_checksum(sum_words(ip, header)) != 0)
        return 0;
    return at;
}

FpVerdict lc_in_key(LcTables *t, FpPacket *p, FpLog *log) {
    fp_read(log, SITE_LC_HEADER, FP_DRAM, dram(p), 64);
    fp_work(log, SITE_LC_KEY);
    if (t->interfaces[p->rx_interface].down) return drop(p, LC_DOWN);
    LcReason reason;
    uint32_t at = find_ip(p, &reason);
    if (!at) return drop(p, reason);
    const uint8_t *ip = p->bytes + p->offset + at, *l4 = ip + ip4_header_bytes(ip);
    memset(p->key, 0, FP_KEY_BYTES);
    memcpy(p->key + KEY_DESTINATION, ip + IP4_DESTINATION, 4);
    p->key[KEY_PROTOCOL] = ip[IP4_PROTOCOL];
    memcpy(p->key + KEY_SOURCE, ip + IP4_SOURCE, 4);
    p->key[KEY_INTERFACE] = (uint8_t)p->rx_interface;
    if (ip4_has_ports(ip, get16(ip + IP4_TOTAL))) {
        memcpy(p->key + KEY_DESTINATION_PORT, l4 + L4_DESTINATION_PORT, 2);
        memcpy(p->key + KEY_SOURCE_PORT, l4 + L4_SOURCE_PORT, 2);
    }
    p->lc.ip_at = (uint8_t)at;
    return p->verdict = FP_FORWARD;
}

static void take_target(const LcTables *t, FpPacket *p, const LcTarget *target) {
    p->slice = target->class;
    p->vlan = target->vlan;
    memcpy(p->lc.to_mac, target->mac, MAC_BYTES);
    p->result.queue = target->class * t->n_interfaces + p->rx_interface;
}

bool lc_bound(LcTables *t, const FpPacket *p, unsigned *class) {
    int position = tcam_lookup(t->tcam, tcam_word(0, p->key));
    if (position == TCAM_MISS || t->results[position].class == CLOSED) return false;
    *class = t->results[position].class;
    return true;
}

FpVerdict lc_in_lookup(LcTables *t, FpPacket *p, uint64_t now, FpLog *log) {
    fp_read(log, SITE_LC_TCAM, FP_TCAM, 0, 16);
    int position = tcam_lookup(t->tcam, tcam_word(0, p->key));
    if (position != TCAM_MISS) {
        fp_read(log, SITE_LC_RESULT, FP_SRAM0, (uint32_t)position * RESULT_BYTES, RESULT_BYTES);
        if (t->results[position].class == CLOSED) return drop(p, LC_DETACHED);
        take_target(t, p, &t->results[position]);
        return FP_FORWARD;
    }
    uint32_t to = get32(p->key + KEY_DESTINATION), at = p->lc.ip_at;
    bool ours = false;
    for (unsigned i = 0; i < t->n_interfaces; i++) ours |= t->interfaces[i].address == to;
    if (!ours) return drop(p, LC_NOT_OURS);
    const NatEntry *entry;
    fp_read(log, SITE_LC_NAT, FP_SRAM0, 0, 4);
    if (nat_inbound(t->nat, p->bytes + p->offset + at, p->length - at, now, &entry) == NAT_OK) {
        fp_read(log, SITE_LC_NAT_ENTRY, FP_SRAM0, 0, NAT_BYTES);
        fp_write(log, SITE_LC_NAT_REWRITE, FP_DRAM, dram(p), 40);
        take_target(t, p, &t->targets[entry->flow.blade]);
        return FP_FORWARD;
    }
    if (!t->has_default) return drop(p, LC_UNBOUND);
    take_target(t, p, &t->targets[0]);
    return FP_FORWARD;
}

/* Give the frame the VLAN, with a tag of four bytes if it has none. */
static uint8_t *tag(FpPacket *p, uint16_t vlan) {
    uint8_t *frame = p->bytes + p->offset;
    if (get16(frame + ETHER_TYPE) == ETHER_TYPE_VLAN) {
        put16(frame + VLAN_TAG, (get16(frame + VLAN_TAG) & ~VLAN_ID_MASK & 0xffff) | vlan);
        return frame;
    }
    p->offset -= (int32_t)VLAN_BYTES;
    p->length += VLAN_BYTES;
    frame = p->bytes + p->offset;
    put16(frame + ETHER_TYPE, ETHER_TYPE_VLAN);
    put16(frame + VLAN_TAG, vlan);
    return frame;
}

static void rewritten(FpPacket *p, FpLog *log) {
    p->original = p->length;
    fp_write(log, SITE_LC_REWRITE, FP_DRAM, dram(p), 16);
    fp_write(log, SITE_LC_DONE, FP_SRAM2, p->handle * DESCRIPTOR_BYTES, 12);
}

FpVerdict lc_in_rewrite(LcTables *t, FpPacket *p, FpLog *log) {
    uint8_t *frame = tag(p, p->vlan);
    memcpy(frame + ETHER_DESTINATION, p->lc.to_mac, MAC_BYTES);
    memcpy(frame + ETHER_SOURCE, t->interfaces[p->rx_interface].backplane_mac, MAC_BYTES);
    rewritten(p, log);
    return p->verdict = FP_FORWARD;
}

FpVerdict lc_out_lookup(LcTables *t, FpPacket *p, FpLog *log) {
    const uint8_t *frame = p->bytes + p->offset;
    fp_read(log, SITE_LC_HEADER, FP_DRAM, dram(p), 64);
    LcReason reason;
    uint32_t at = find_ip(p, &reason);
    if (!at) return drop(p, reason);
    unsigned interface = 0;
    while (interface < t->n_interfaces &&
           memcmp(frame + ETHER_DESTINATION, t->interfaces[interface].backplane_mac, MAC_BYTES) !=
               0)
        interface++;
    if (interface == t->n_interfaces) return drop(p, LC_NO_INTERFACE);
    uint32_t vlan = at > ETHER_BYTES ? get16(frame + VLAN_TAG) & VLAN_ID_MASK : 0;
    fp_read(log, SITE_LC_CLASS, FP_SRAM0, vlan * CLASS_BYTES, CLASS_BYTES);
    if (t->class_of[vlan] == NO_CLASS) return drop(p, LC_NO_CLASS);
    if (t->class_of[vlan] == CLOSED) return drop(p, LC_DETACHED);
    if (t->interfaces[interface].down) return drop(p, LC_DOWN);
    p->slice = t->class_of[vlan];
    p->result.interface = (uint16_t)interface;
    p->result.queue = p->slice * t->n_interfaces + interface;
    p->lc.ip_at = (uint8_t)at;
    return p->verdict = FP_FORWARD;
}

FpVerdict lc_out_translate(LcTables *t, FpPacket *p, uint64_t now, FpLog *log) {
    uint32_t at = p->lc.ip_at;
    uint8_t *ip = p->bytes + p->offset + at;
    if ((get32(ip + IP4_SOURCE) & t->inside_mask) != t->inside_prefix) return FP_FORWARD;
    const NatEntry *entry;
    fp_read(log, SITE_LC_NAT, FP_SRAM0, 0, 4);
    switch (nat_outbound(t->nat, ip, p->length - at, now, &entry)) {
    case NAT_OK:
        fp_read(log, SITE_LC_NAT_ENTRY, FP_SRAM0, 0, NAT_BYTES);
        fp_write(log, SITE_LC_NAT_REWRITE, FP_DRAM, dram(p), 40);
        return FP_FORWARD;
    case NAT_MISS: p->reason = LC_NAT_MISS; return p->verdict = FP_EXCEPTION;
    default: return drop(p, LC_NAT_BAD);
    }
}

bool lc_nat_flow(const FpPacket *p, NatFlow *flow) {
    uint32_t at = p->lc.ip_at;
    if (nat_flow(p->bytes + p->offset + at, p->length - at, flow) != NAT_OK) return false;
    flow->blade = p->slice;
    return true;
}

FpVerdict lc_out_rewrite(LcTables *t, FpPacket *p, FpLog *log) {
    const Interface *i = &t->interfaces[p->result.interface];
    uint8_t *frame = p->bytes + p->offset;
    memcpy(frame + ETHER_DESTINATION, i->next_mac, MAC_BYTES);
    memcpy(frame + ETHER_SOURCE, i->mac, MAC_BYTES);
    rewritten(p, log);
    return p->verdict = FP_FORWARD;
}
