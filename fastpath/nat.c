/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Entries live in an array with a free list; two hash tables of indices into it, one by what is
 * inside and one by what is outside, probe linearly and close their gaps on removal, so there are
 * no tombstones and a look-up's length depends on what is in the table now. The hash has no secret:
 * a run depends on its input alone. */
#include "fastpath/nat.h"

#include <stdlib.h>

#include "fastpath/headers.h"

#define QUOTED_BYTES 8u /* of the transport header in an ICMP error, at least: RFC 792 */
#define NONE UINT32_MAX

enum { ECHO_REPLY = 0, UNREACHABLE = 3, ECHO_REQUEST = 8, TIME_EXCEEDED = 11, BAD_PARAMETER = 12 };

typedef enum { INSIDE, OUTSIDE, N_SIDES } Side;

typedef struct {
    uint64_t word[2];
} Key;

typedef struct {
    NatEntry e; /* protocol 0: free */
    uint32_t next_free;
} Place;

struct NatTable {
    unsigned max_entries, used;
    Place *places;
    uint32_t free, scan; /* places */
    uint32_t mask;       /* of the hash tables */
    uint32_t *slots[N_SIDES];
    uint32_t turn; /* of the search for ports */
    NatCounts counts;
};

/* Table ------------------------------------------------------------------------------------ */

NatTable *nat_new(unsigned max_entries) {
    if (max_entries == 0 || max_entries > NAT_MAX_ENTRIES) return NULL;
    NatTable *t = calloc(1, sizeof *t);
    if (!t) return NULL;
    uint32_t size = 4;
    while (size < 2 * max_entries) size *= 2;
    t->max_entries = max_entries;
    t->mask = size - 1;
    t->places = calloc(max_entries, sizeof *t->places);
    for (unsigned s = 0; s < N_SIDES; s++) t->slots[s] = malloc(size * sizeof *t->slots[s]);
    if (!t->places || !t->slots[INSIDE] || !t->slots[OUTSIDE]) {
        nat_free(t);
        return NULL;
    }
    for (unsigned s = 0; s < N_SIDES; s++)
        for (uint32_t i = 0; i < size; i++) t->slots[s][i] = NONE;
    for (uint32_t i = 0; i < max_entries; i++)
        t->places[i].next_free = i + 1 < max_entries ? i + 1 : NONE;
    return t;
}

void nat_free(NatTable *t) {
    if (!t) return;
    for (unsigned s = 0; s < N_SIDES; s++) free(t->slots[s]);
    free(t->places);
    free(t);
}

static Key inside_key(const NatFlow *f) {
    return (Key){{(uint64_t)f->inside_address << 32 | f->remote_address,
                  (uint64_t)f->protocol << 32 | (uint32_t)f->inside_port << 16 | f->remote_port}};
}
static Key outside_key(uint32_t address, uint8_t protocol, uint16_t port) {
    return (Key){{address, (uint64_t)protocol << 32 | port}};
}
static Key key_of(const NatEntry *e, Side side) {
    return side == INSIDE ? inside_key(&e->flow)
                          : outside_key(e->outside_address, e->flow.protocol, e->outside_port);
}
static uint32_t mix(Key k) {
    uint64_t h = (k.word[0] ^ k.word[0] >> 29) * UINT64_C(0x9e3779b97f4a7c15);
    h = (h ^ h >> 32 ^ k.word[1]) * UINT64_C(0xbf58476d1ce4e5b9);
    h = (h ^ h >> 29) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)(h >> 32);
}

/* The key's slot, or the empty one where it would go. */
static uint32_t slot_of(const NatTable *t, Side side, Key k) {
    for (uint32_t s = mix(k) & t->mask;; s = (s + 1) & t->mask) {
        uint32_t i = t->slots[side][s];
        if (i == NONE) return s;
        Key other = key_of(&t->places[i].e, side);
        if (other.word[0] == k.word[0] && other.word[1] == k.word[1]) return s;
    }
}
static NatEntry *find(const NatTable *t, Side side, Key k) {
    uint32_t i = t->slots[side][slot_of(t, side, k)];
    return i == NONE ? NULL : &t->places[i].e;
}

/* Empty a slot; those behind it that it kept from their own place move up. */
static void empty_slot(NatTable *t, Side side, uint32_t gap) {
    uint32_t *slots = t->slots[side];
    for (uint32_t s = (gap + 1) & t->mask; slots[s] != NONE; s = (s + 1) & t->mask) {
        uint32_t home = mix(key_of(&t->places[slots[s]].e, side)) & t->mask;
        if (((s - home) & t->mask) < ((s - gap) & t->mask)) continue;
        slots[gap] = slots[s];
        gap = s;
    }
    slots[gap] = NONE;
}

static void release(NatTable *t, uint32_t i) {
    Place *p = &t->places[i];
    for (Side s = INSIDE; s < N_SIDES; s++) empty_slot(t, s, slot_of(t, s, key_of(&p->e, s)));
    *p = (Place){.next_free = t->free};
    t->free = i;
    t->used--;
}

const NatEntry *nat_find(const NatTable *t, const NatFlow *flow) {
    return find(t, INSIDE, inside_key(flow));
}
const NatEntry *nat_find_outside(const NatTable *t, uint32_t outside_address, uint8_t protocol,
                                 uint16_t outside_port) {
    return find(t, OUTSIDE, outside_key(outside_address, protocol, outside_port));
}
unsigned nat_used(const NatTable *t) {
    return t->used;
}
const NatCounts *nat_counts(const NatTable *t) {
    return &t->counts;
}

static bool known(uint8_t protocol) {
    return protocol == IP_PROTOCOL_TCP || protocol == IP_PROTOCOL_UDP ||
           protocol == IP_PROTOCOL_ICMP;
}

NatResult nat_allocate(NatTable *t, const NatFlow *flow, uint32_t outside_address,
                       uint16_t first_port, uint32_t n_ports, uint64_t now,
                       const NatEntry **entry) {
    if (!known(flow->protocol) || first_port == 0 || n_ports == 0 ||
        n_ports > UINT16_MAX + 1u - first_port)
        return NAT_BAD_REQUEST;
    uint32_t inside = slot_of(t, INSIDE, inside_key(flow)), i = t->slots[INSIDE][inside];
    if (i != NONE) {
        if (entry) *entry = &t->places[i].e;
        return NAT_OK;
    }
    if (t->free == NONE) {
        t->counts.exhausted_entries++;
        return NAT_EXHAUSTED;
    }
    uint32_t start = t->turn % n_ports;
    for (uint32_t n = 0; n < n_ports; n++) {
        uint32_t offset = start + n < n_ports ? start + n : start + n - n_ports;
        uint16_t port = (uint16_t)(first_port + offset);
        uint32_t outside = slot_of(t, OUTSIDE, outside_key(outside_address, flow->protocol, port));
        if (t->slots[OUTSIDE][outside] != NONE) continue;
        i = t->free;
        Place *p = &t->places[i];
        t->free = p->next_free;
        p->e = (NatEntry){.flow = *flow,
                          .outside_address = outside_address,
                          .outside_port = port,
                          .created = now,
                          .last_used = now};
        p->e.flow.opens = false;
        t->slots[INSIDE][inside] = t->slots[OUTSIDE][outside] = i;
        t->turn = offset + 1;
        t->used++;
        t->counts.allocated++;
        if (entry) *entry = &p->e;
        return NAT_OK;
    }
    t->counts.exhausted_ports++;
    return NAT_EXHAUSTED;
}

bool nat_remove(NatTable *t, const NatFlow *flow) {
    uint32_t i = t->slots[INSIDE][slot_of(t, INSIDE, inside_key(flow))];
    if (i == NONE) return false;
    release(t, i);
    t->counts.removed++;
    return true;
}

unsigned nat_remove_blade(NatTable *t, uint16_t blade) {
    unsigned n = 0;
    for (uint32_t i = 0; i < t->max_entries && t->used; i++) {
        const NatEntry *e = &t->places[i].e;
        if (!e->flow.protocol || e->flow.blade != blade) continue;
        release(t, i);
        n++;
    }
    t->counts.removed += n;
    return n;
}

static uint64_t idle_time(const NatEntry *e, const NatIdle *idle) {
    if (e->flow.protocol == IP_PROTOCOL_UDP) return idle->udp;
    if (e->flow.protocol == IP_PROTOCOL_ICMP) return idle->icmp;
    bool transitory = !e->answered || e->reset || (e->fin_out && e->fin_in);
    return transitory ? idle->tcp_transitory : idle->tcp;
}

unsigned nat_expire(NatTable *t, uint64_t now, const NatIdle *idle, unsigned max_scan) {
    unsigned n = 0;
    if (max_scan > t->max_entries) max_scan = t->max_entries;
    for (; max_scan > 0; max_scan--) {
        uint32_t i = t->scan;
        const NatEntry *e = &t->places[i].e;
        t->scan = i + 1 < t->max_entries ? i + 1 : 0;
        if (!e->flow.protocol || now < e->last_used || now - e->last_used < idle_time(e, idle))
            continue;
        release(t, i);
        n++;
    }
    t->counts.expired += n;
    return n;
}

/* Headers ---------------------------------------------------------------------------------- */

/* An IPv4 header and what there is of its payload. */
typedef struct {
    uint8_t *ip, *l4;
    uint32_t bytes; /* at l4 */
    uint8_t protocol;
} Part;

static bool open_part(uint8_t *ip, uint32_t length, Part *p) {
    if (length < IPV4_BYTES || ip4_version(ip) != 4) return false;
    uint32_t header = ip4_header_bytes(ip), total = get16(ip + IP4_TOTAL);
    if (header < IPV4_BYTES || header > length || header > total || ip4_is_later_fragment(ip))
        return false;
    *p = (Part){.ip = ip,
                .l4 = ip + header,
                .bytes = (total < length ? total : length) - header,
                .protocol = ip[IP4_PROTOCOL]};
    return true;
}

/* The flow of a packet on its way out or in; of one on its way in, the inside is what it is
 * addressed to, that is an outside address and port. `bytes`: how much of a TCP header there must
 * be. */
static bool flow_of(const Part *p, bool out, uint32_t tcp_bytes, NatFlow *f) {
    uint32_t source = get32(p->ip + IP4_SOURCE), destination = get32(p->ip + IP4_DESTINATION), near,
             far;
    *f = (NatFlow){.protocol = p->protocol,
                   .inside_address = out ? source : destination,
                   .remote_address = out ? destination : source,
                   .opens = true};
    switch (p->protocol) {
    case IP_PROTOCOL_TCP:
        if (p->bytes < tcp_bytes) return false;
        if (p->bytes >= TCP_BYTES) f->opens = (p->l4[TCP_FLAGS] & (TCP_SYN | TCP_ACK)) == TCP_SYN;
        break;
    case IP_PROTOCOL_UDP:
        if (p->bytes < UDP_BYTES) return false;
        break;
    case IP_PROTOCOL_ICMP:
        if (p->bytes < ICMP_BYTES || p->l4[ICMP_TYPE] != (out ? ECHO_REQUEST : ECHO_REPLY))
            return false;
        f->inside_port = (uint16_t)get16(p->l4 + ICMP_ECHO_ID);
        return true;
    default: return false;
    }
    near = get16(p->l4 + (out ? L4_SOURCE_PORT : L4_DESTINATION_PORT));
    far = get16(p->l4 + (out ? L4_DESTINATION_PORT : L4_SOURCE_PORT));
    f->inside_port = (uint16_t)near;
    f->remote_port = (uint16_t)far;
    return true;
}

/* The packet that an ICMP error quotes. */
static bool open_quote(const Part *p, Part *quote) {
    if (p->protocol != IP_PROTOCOL_ICMP || p->bytes < ICMP_BYTES) return false;
    uint8_t type = p->l4[ICMP_TYPE];
    return (type == UNREACHABLE || type == TIME_EXCEEDED || type == BAD_PARAMETER) &&
           open_part(p->l4 + ICMP_BYTES, p->bytes - ICMP_BYTES, quote);
}

NatResult nat_flow(const uint8_t *ip, uint32_t length, NatFlow *flow) {
    Part p;
    bool ok = open_part((uint8_t *)(uintptr_t)ip, length, &p) && flow_of(&p, true, TCP_BYTES, flow);
    return ok ? NAT_OK : NAT_NOT_TRANSLATABLE;
}

/* Rewriting -------------------------------------------------------------------------------- */

/* Set a 16-bit word and add ~m + m' to a sum; nothing if it is that already. */
static void set_word(uint8_t *p, uint32_t new, uint32_t *sum) {
    uint32_t old = get16(p);
    if (old == new) return;
    *sum += (~old & 0xffff) + new;
    put16(p, new);
}

/* Make the changes summed up in `sum` in a checksum. Its own change goes into `around`. */
static void set_checksum(uint8_t *checksum, uint32_t sum, bool udp, uint32_t *around) {
    uint32_t old = get16(checksum), new;
    if (udp && old == 0) return;
    new = fold_checksum((~old & 0xffff) + sum);
    if (udp && new == 0) new = 0xffff;
    set_word(checksum, new, around);
}

/* The sum of a message of nothing but zeros is 0, not its other self 0xffff, which the incremental
 * rule cannot know: its checksum is 0xffff, and 0 would be wrong. Of all that is rewritten only an
 * echo reply can come to that. If it has been cut, and there was more than zeros: the two selves
 * are as good as each other then. */
static void all_zero_echo(const Part *p) {
    for (uint32_t i = 0; i < p->bytes; i++)
        if (p->l4[i]) return;
    put16(p->l4 + ICMP_CHECKSUM, 0xffff);
}

/* Give the packet another source, or another destination, and mend its checksums as far as they are
 * there. All changes are added to `around`, the sum of a packet that quotes this one. */
static void rewrite(const Part *p, bool source, uint32_t address, uint16_t port, uint32_t *around) {
    uint8_t *at = p->ip + (source ? IP4_SOURCE : IP4_DESTINATION);
    uint32_t ip_sum = 0, l4_sum = 0, sums = 0;
    set_word(at, address >> 16, &ip_sum);
    set_word(at + 2, address & 0xffff, &ip_sum);
    set_checksum(p->ip + IP4_CHECKSUM, ip_sum, false, &sums);
    if (p->protocol == IP_PROTOCOL_ICMP) {
        set_word(p->l4 + ICMP_ECHO_ID, port, &l4_sum);
        set_checksum(p->l4 + ICMP_CHECKSUM, l4_sum, false, &sums);
        if (port == 0 && p->l4[ICMP_TYPE] == ECHO_REPLY) all_zero_echo(p);
    } else {
        bool udp = p->protocol == IP_PROTOCOL_UDP;
        set_word(p->l4 + (source ? L4_SOURCE_PORT : L4_DESTINATION_PORT), port, &l4_sum);
        if (udp ||
            p->bytes >= TCP_CHECKSUM + 2) /* a quoted TCP header may end before its checksum */
            set_checksum(p->l4 + (udp ? UDP_CHECKSUM : TCP_CHECKSUM), l4_sum + ip_sum, udp, &sums);
    }
    *around += ip_sum + l4_sum + sums;
}

/* An ICMP error on its way out quotes a packet that came in, and the other way round. */
static void rewrite_error(const Part *p, const Part *quote, bool out, uint32_t address,
                          uint16_t port) {
    uint32_t icmp = 0, outer = 0, none = 0;
    rewrite(quote, !out, address, port, &icmp);
    set_checksum(p->l4 + ICMP_CHECKSUM, icmp, false, &none);
    uint8_t *at = p->ip + (out ? IP4_SOURCE : IP4_DESTINATION);
    set_word(at, address >> 16, &outer);
    set_word(at + 2, address & 0xffff, &outer);
    set_checksum(p->ip + IP4_CHECKSUM, outer, false, &none);
}

static void use(NatEntry *e, const Part *p, bool out, uint64_t now) {
    e->last_used = now;
    if (p->protocol != IP_PROTOCOL_TCP) return;
    uint8_t flags = p->l4[TCP_FLAGS];
    if (out && (flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
        e->answered = e->fin_out = e->fin_in = false;
    if (!out) e->answered = true;
    e->reset = flags & TCP_RST;
    if (flags & TCP_FIN) *(out ? &e->fin_out : &e->fin_in) = true;
}

NatResult nat_outbound(NatTable *t, uint8_t *ip, uint32_t length, uint64_t now,
                       const NatEntry **entry) {
    Part p, quote;
    NatFlow f;
    bool error = false;
    uint32_t none = 0;
    if (!open_part(ip, length, &p) ||
        !(flow_of(&p, true, TCP_BYTES, &f) ||
          (error = open_quote(&p, &quote) && flow_of(&quote, false, QUOTED_BYTES, &f)))) {
        t->counts.out_not_translatable++;
        return NAT_NOT_TRANSLATABLE;
    }
    NatEntry *e = find(t, INSIDE, inside_key(&f));
    if (!e) {
        t->counts.out_misses++;
        return NAT_MISS;
    }
    if (error) {
        rewrite_error(&p, &quote, true, e->outside_address, e->outside_port);
        t->counts.out_errors++;
    } else {
        use(e, &p, true, now);
        rewrite(&p, true, e->outside_address, e->outside_port, &none);
        t->counts.out++;
    }
    if (entry) *entry = e;
    return NAT_OK;
}

NatResult nat_inbound(NatTable *t, uint8_t *ip, uint32_t length, uint64_t now,
                      const NatEntry **entry) {
    Part p, quote;
    NatFlow f;
    bool error = false;
    uint32_t none = 0;
    if (!open_part(ip, length, &p) ||
        !(flow_of(&p, false, TCP_BYTES, &f) ||
          (error = open_quote(&p, &quote) && flow_of(&quote, true, QUOTED_BYTES, &f)))) {
        t->counts.in_not_translatable++;
        return NAT_NOT_TRANSLATABLE;
    }
    NatEntry *e = find(t, OUTSIDE, outside_key(f.inside_address, f.protocol, f.inside_port));
    /* A router on the way may send an error, but only about this flow, and only to its address. */
    if (!e || (error && get32(ip + IP4_DESTINATION) != e->outside_address)) {
        t->counts.in_misses++;
        return NAT_MISS;
    }
    if (f.remote_address != e->flow.remote_address || f.remote_port != e->flow.remote_port) {
        t->counts.in_filtered++;
        return NAT_MISS;
    }
    if (error) {
        rewrite_error(&p, &quote, false, e->flow.inside_address, e->flow.inside_port);
        t->counts.in_errors++;
    } else {
        use(e, &p, false, now);
        rewrite(&p, false, e->flow.inside_address, e->flow.inside_port, &none);
        t->counts.in++;
    }
    if (entry) *entry = e;
    return NAT_OK;
}
