/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * I3 on the fast path.
 *
 * The next node for an id at distance d, 2^i <= d < 2^(i+1): finger i, unless it is not before the
 * id. No node is then at 2^i or behind and before the id, so the closest one before it is the next
 * lower finger that is another node; if there is none the id is the successor's, and all fingers up
 * to i are. Two fingers are read at most, whatever the ring, and either step halves the distance to
 * the last node before the id.
 *
 * Not here, because SPP left it to the slow path: ids in stacks, options (so no inserting of
 * triggers), several triggers for one id, the longest match below 256 bits (anycast), expiry. Not
 * here at all: Chord's own packet header, whose time to live ends loops. SPP sent I3 packets
 * between its nodes without it, as its packet lengths show. */
#include "fastpath/options/i3.h"

#include <string.h>

#include "fastpath/headers.h"
#include "fastpath/text.h"

enum { PREDECESSOR_AT = 20, NODE_BYTES = 40, FINGERS_AT = 64, FINGER_BYTES = 32 };
enum { NEXT_HOP = 20, PORT = 24, QUEUE = 26, STATS = 28, INTERFACE = 30, BELOW = 31 };
enum { WORDS = I3_CHORD_BYTES / 4 };

FpReason i3_classify(const uint8_t *header, uint32_t length) {
    if (length < I3_AT_IDS) return FP_I3_BAD;
    uint32_t flags = header[I3_AT_FLAGS], n = header[I3_AT_COUNT],
             end = I3_AT_IDS + I3_ID_BYTES * n;
    if (header[I3_AT_VERSION] != I3_VERSION || flags & ~(I3_DATA | I3_OPTION_LIST | I3_FIRST_HOP) ||
        n > 15 || end > length)
        return FP_I3_BAD;
    if (flags & I3_OPTION_LIST) {
        if (length - end < 2) return FP_I3_BAD;
        uint32_t options = get16(header + end);
        if (options < 2 || options > length - end) return FP_I3_BAD;
    }
    if (n == 0) return FP_I3_CONTROL;
    if (n > 1) return FP_I3_STACK;
    return flags & I3_OPTION_LIST ? FP_I3_OPTIONS : FP_OK;
}

/* Chord ----------------------------------------------------------------------------------- */

typedef struct {
    uint32_t word[WORDS]; /* most significant first */
} ChordId;

/* How far it is clockwise from one id to another. */
static ChordId distance(const uint8_t *from, const uint8_t *to) {
    ChordId d;
    uint64_t borrow = 0;
    for (int i = WORDS - 1; i >= 0; i--) {
        uint64_t difference = (uint64_t)get32(to + 4 * i) - get32(from + 4 * i) - borrow;
        d.word[i] = (uint32_t)difference;
        borrow = difference >> 63;
    }
    return d;
}

static bool less(const ChordId *a, const ChordId *b) {
    unsigned i = 0;
    while (i < WORDS - 1 && a->word[i] == b->word[i]) i++;
    return a->word[i] < b->word[i];
}

static bool zero(const ChordId *a) {
    return !(a->word[0] | a->word[1] | a->word[2] | a->word[3] | a->word[4]);
}

static unsigned highest_bit(const ChordId *d) {
    unsigned i = 0, bit = 31;
    while (i < WORDS - 1 && !d->word[i]) i++;
    while (bit > 0 && !(d->word[i] >> bit)) bit--;
    return (WORDS - 1 - i) * 32 + bit;
}

static bool owns(const uint8_t *node, const uint8_t *id) {
    ChordId own = distance(node + PREDECESSOR_AT, node), at = distance(node + PREDECESSOR_AT, id);
    return zero(&own) || (!zero(&at) && !less(&own, &at));
}

static FpVerdict to_node(const FpTables *t, FpPacket *p, const uint8_t *finger, FpLog *log) {
    fp_work(log, SITE_PARSE_I3_ROUTE);
    FpResult next = {.interface = finger[INTERFACE],
                     .queue = get16(finger + QUEUE),
                     .next_hop = get32(finger + NEXT_HOP),
                     .next_port = (uint16_t)get16(finger + PORT),
                     .stats = (uint16_t)get16(finger + STATS)};
    if (next.next_hop) return fp_route(t, p, &next);
    p->reason = FP_NO_ROUTE;
    return FP_EXCEPTION;
}

static FpVerdict forward(const FpTables *t, FpPacket *p, const uint8_t *id, FpLog *log) {
    const uint8_t *node = fp_sram_read(t, p, SITE_PARSE_I3_NODE, 0, NODE_BYTES, log);
    if (!node) return FP_DROP;
    fp_work(log, SITE_PARSE_I3_OWNER);
    if (owns(node, id)) return FP_FORWARD; /* Lookup finds the trigger */
    ChordId d = distance(node, id);
    uint32_t at = FINGERS_AT + FINGER_BYTES * highest_bit(&d);
    const uint8_t *finger = fp_sram_read(t, p, SITE_PARSE_I3_FINGER, at, FINGER_BYTES, log);
    if (!finger) return FP_DROP;
    ChordId to_finger = distance(node, finger);
    if (!less(&to_finger, &d) && finger[BELOW]) {
        at = FINGERS_AT + FINGER_BYTES * (finger[BELOW] - 1u);
        finger = fp_sram_read(t, p, SITE_PARSE_I3_BELOW, at, FINGER_BYTES, log);
        if (!finger) return FP_DROP;
    }
    return to_node(t, p, finger, log);
}

/* Parse and Format ------------------------------------------------------------------------ */

static FpVerdict parse(const FpTables *t, FpPacket *p, FpLog *log) {
    const uint8_t *header = fp_header(p, I3_HEADER_BYTES + 2, log);
    fp_work(log, SITE_PARSE_I3);
    p->reason = (uint8_t)i3_classify(header, p->length);
    FpVerdict verdict = fp_reason_verdict((FpReason)p->reason);
    if (verdict == FP_DROP) return FP_DROP;
    /* Packets for the slow path get a key too: a filter may deny them. */
    if (p->reason == FP_I3_CONTROL)
        memset(p->key, 0, FP_KEY_BYTES);
    else
        memcpy(p->key, header + I3_AT_IDS, FP_KEY_BYTES);
    return verdict == FP_FORWARD ? forward(t, p, header + I3_AT_IDS, log) : verdict;
}

static FpVerdict format(const FpTables *t, FpPacket *p, FpLog *log) {
    uint8_t *header = p->bytes + p->offset;
    if (!p->routed) {
        const uint8_t *id = fp_sram_read(t, p, SITE_FORMAT_I3, p->result.data, I3_ID_BYTES, log);
        if (!id) return FP_DROP;
        if (memcmp(id, header + I3_AT_IDS, I3_ID_BYTES) != 0) {
            p->reason = FP_I3_MISMATCH;
            return FP_EXCEPTION;
        }
    }
    fp_work(log, SITE_FORMAT_I3_DONE);
    header[I3_AT_FLAGS] &= (uint8_t)~I3_FIRST_HOP;
    return FP_FORWARD;
}

/* The control side ------------------------------------------------------------------------ */

uint32_t i3_node_bytes(void) {
    return FINGERS_AT + I3_FINGERS * FINGER_BYTES;
}

void i3_write_node(uint8_t *block, const uint8_t self[I3_CHORD_BYTES],
                   const uint8_t predecessor[I3_CHORD_BYTES]) {
    memcpy(block, self, I3_CHORD_BYTES);
    memcpy(block + PREDECESSOR_AT, predecessor, I3_CHORD_BYTES);
}

void i3_write_finger(uint8_t *block, unsigned i, const I3Finger *finger) {
    uint8_t *f = block + FINGERS_AT + i * FINGER_BYTES;
    memcpy(f, finger->id, I3_CHORD_BYTES);
    put32(f + NEXT_HOP, finger->next_hop);
    put16(f + PORT, finger->port);
    put16(f + QUEUE, finger->queue);
    put16(f + STATS, finger->stats);
    f[INTERFACE] = finger->interface;
    /* `below`, here and upwards until nothing changes. */
    for (unsigned k = i; k < I3_FINGERS; k++, f += FINGER_BYTES) {
        const uint8_t *lower = f - FINGER_BYTES;
        uint8_t below = 0;
        if (k > 0) below = memcmp(f, lower, I3_CHORD_BYTES) ? (uint8_t)k : lower[BELOW];
        if (k > i && below == f[BELOW]) break;
        f[BELOW] = below;
    }
}

void i3_trigger_filter(const uint8_t id[I3_ID_BYTES], uint8_t key[FP_KEY_BYTES],
                       uint8_t mask[FP_KEY_BYTES]) {
    memcpy(key, id, FP_KEY_BYTES);
    memset(mask, 0xff, FP_KEY_BYTES);
}

/* "id HEX": leading digits of the id, the others are 0. */
static bool read_key(const char *const *words, unsigned *at, FpFilterKey *k) {
    if (strcmp(words[0], "id") != 0) return false;
    *at = 1;
    if (!text_digits(words[1], I3_ID_BYTES, k->memory)) return false;
    k->n_memory = I3_ID_BYTES;
    i3_trigger_filter(k->memory, k->key, k->mask);
    *at = 2;
    return true;
}

const FpCodeOption i3_option = {.name = "i3",
                                .text = "Internet Indirection Infrastructure",
                                .parse = parse,
                                .format = format,
                                .key_text = "id HEX with 1 to 64 digits",
                                .read_key = read_key,
                                .memory_at = FINGERS_AT + I3_FINGERS * FINGER_BYTES};
