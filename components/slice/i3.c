/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * An I3 node by hand. Triggers of one id become one filter that sends to the slow path, as do all
 * but the first of those that share the TCAM's 112 bits (Format finds them out). */
#include "components/slice/slice.h"

#include <stdio.h>
#include <string.h>

#include "fastpath/options/i3.h"
#include "fastpath/text.h"

typedef struct {
    uint8_t id[I3_ID_BYTES]; /* of a node the first 20 bytes */
    uint32_t address;
    uint16_t port, interface;
} Place;

static bool parse_places(const Slice *s, const char *name, const char *text, unsigned id_bytes,
                         GArray *places, GError **error) {
    unsigned n_interfaces = npe_interfaces(s->npe);
    g_auto(GStrv) entries = g_strsplit(text, ";", -1);
    for (unsigned i = 0; entries[i]; i++) {
        const char *entry = g_strstrip(entries[i]);
        char id[80], number[12], host[40], rest;
        uint32_t interface;
        Place place = {0};
        if (!*entry) continue;
        if (sscanf(entry, "%79s %11s %39s %c", id, number, host, &rest) != 3 ||
            !text_number(number, n_interfaces - 1, &interface) ||
            !text_host(host, &place.address, &place.port) || !text_digits(id, id_bytes, place.id))
            return input_error(error,
                               "%s: found \"%s\", expected ID INTERFACE ADDRESS:PORT with 1 to %u "
                               "hexadecimal digits and an interface below %u",
                               name, entry, 2 * id_bytes, n_interfaces);
        if (slice_first_queue(s, interface) == s->room)
            return input_error(error, "%s: found interface %u, at which the slice has no queue",
                               name, interface);
        place.interface = (uint16_t)interface;
        g_array_append_val(places, place);
    }
    return true;
}

/* x + 2^bit on the circle. */
static void add_bit(uint8_t x[I3_CHORD_BYTES], unsigned bit) {
    unsigned carry = 1u << bit % 8;
    for (unsigned i = I3_CHORD_BYTES - bit / 8; i-- > 0 && carry; carry >>= 8) {
        carry += x[i];
        x[i] = (uint8_t)carry;
    }
}

static int by_id(const void *a, const void *b) {
    return memcmp(a, b, I3_CHORD_BYTES);
}

/* `ring` holds all nodes, in rising order; `self` is one of them. */
static void write_node(const Slice *s, uint8_t *block, const GArray *ring, unsigned self) {
    const Place *nodes = (const Place *)(const void *)ring->data;
    i3_write_node(block, nodes[self].id, nodes[(self + ring->len - 1) % ring->len].id);
    for (unsigned i = 0; i < I3_FINGERS; i++) {
        uint8_t x[I3_CHORD_BYTES];
        unsigned at = 0;
        memcpy(x, nodes[self].id, sizeof x);
        add_bit(x, i);
        while (at < ring->len && memcmp(nodes[at].id, x, sizeof x) < 0) at++;
        if (at == ring->len) at = 0;
        /* The node itself has no interface and is never forwarded to. */
        unsigned queue = at == self ? 0 : slice_first_queue(s, nodes[at].interface);
        I3Finger finger = {.next_hop = nodes[at].address,
                           .port = nodes[at].port,
                           .queue = (uint16_t)queue,
                           .stats = (uint16_t)queue,
                           .interface = (uint8_t)nodes[at].interface};
        memcpy(finger.id, nodes[at].id, sizeof finger.id);
        i3_write_finger(block, i, &finger);
    }
}

/* All nodes, this one too, in rising order; *self is its place. */
static bool read_ring(const Slice *s, GArray *ring, unsigned *self, GError **error) {
    Place own = {0};
    memcpy(own.id, s->i3.id.bytes, I3_CHORD_BYTES);
    if (!parse_places(s, "i3_ring", s->i3.ring, I3_CHORD_BYTES, ring, error)) return false;
    g_array_append_val(ring, own);
    qsort(ring->data, ring->len, sizeof(Place), by_id);
    for (unsigned i = 0; i < ring->len; i++) {
        const Place *node = &g_array_index(ring, Place, i);
        if (!memcmp(node->id, own.id, I3_CHORD_BYTES)) *self = i;
        if (i == 0 || memcmp(node->id, node[-1].id, I3_CHORD_BYTES) != 0) continue;
        return input_error(
            error,
            "i3_ring: found two nodes with the id %02x%02x%02x%02x..., expected each once, "
            "and this node's in i3_id only",
            node->id[0], node->id[1], node->id[2], node->id[3]);
    }
    return true;
}

bool slice_i3_check(const Slice *s, GError **error) {
    g_autoptr(GArray) ring = g_array_new(FALSE, FALSE, sizeof(Place));
    g_autoptr(GArray) triggers = g_array_new(FALSE, FALSE, sizeof(Place));
    unsigned self = 0;
    return parse_places(s, "i3_triggers", s->i3.triggers, I3_ID_BYTES, triggers, error) &&
           read_ring(s, ring, &self, error);
}

static bool insert_trigger(const Slice *s, const GArray *triggers, unsigned n, GError **error) {
    const Place *all = (const Place *)(const void *)triggers->data;
    uint8_t key[FP_KEY_BYTES], mask[FP_KEY_BYTES];
    unsigned queue = slice_first_queue(s, all[n].interface);
    FpResult host = {.verdict = FP_FORWARD,
                     .interface = all[n].interface,
                     .queue = queue,
                     .next_hop = all[n].address,
                     .next_port = all[n].port,
                     .stats = (uint16_t)queue,
                     .data = i3_node_bytes() + s->memory + n * I3_ID_BYTES};
    for (unsigned i = n + 1; i < triggers->len; i++)
        if (!memcmp(all[i].id, all[n].id, I3_ID_BYTES)) {
            host.verdict = FP_EXCEPTION;
            host.reason = FP_I3_MANY;
        }
    i3_trigger_filter(all[n].id, key, mask);
    uint32_t position;
    bool quota;
    npe_leads_to(s->npe, all[n].interface);
    if (npe_filter_positions(s->npe, s->number, 1, &position, &quota) &&
        fp_filter_insert(npe_tables(s->npe), s->number, position, key, mask, &host) == FP_INSERTED)
        return true;
    return input_error(error, "i3_triggers: the TCAM of %s has %u entries and they are all taken",
                       s->npe_name, TCAM_MAX_ENTRIES);
}

bool slice_i3_start(Slice *s, GError **error) {
    g_autoptr(GArray) triggers = g_array_new(FALSE, FALSE, sizeof(Place));
    if (!parse_places(s, "i3_triggers", s->i3.triggers, I3_ID_BYTES, triggers, error)) return false;
    uint32_t begin = i3_node_bytes() + s->memory, bytes = begin + triggers->len * I3_ID_BYTES;
    uint8_t *block = fp_slice_sram(npe_tables(s->npe), s->number, 0, bytes);
    if (!block)
        return input_error(
            error, "sram: found %u bytes, expected %u or more for a node and %u triggers",
            fp_slice(npe_tables(s->npe), s->number)->sram_bytes, bytes, triggers->len);
    g_autoptr(GArray) ring = g_array_new(FALSE, FALSE, sizeof(Place));
    unsigned self = 0;
    if (!read_ring(s, ring, &self, error)) return false;
    write_node(s, block, ring, self);
    for (unsigned n = 0; n < triggers->len; n++) {
        const Place *all = (const Place *)(const void *)triggers->data;
        bool first = true;
        memcpy(block + begin + n * I3_ID_BYTES, all[n].id, I3_ID_BYTES);
        for (unsigned i = 0; i < n; i++) first &= memcmp(all[i].id, all[n].id, FP_KEY_BYTES) != 0;
        if (!first) continue;
        if (!insert_trigger(s, triggers, n, error)) return false;
        s->n_filters++;
    }
    return true;
}
