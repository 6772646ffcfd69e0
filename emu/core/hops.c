/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where packets were, and for how long. Names are compared by their addresses. */
#include "emu/core/hops.h"

#include <string.h>

typedef struct {
    const char *component;
    PacketCause cause;
    SimTime ps;
} Part;

typedef struct {
    SimTime noted[PACKET_MAX_CAUSES]; /* what its accounts were at the last note */
    const char *in;
    GArray *parts;
} Track;

struct Hops {
    GHashTable *tracks; /* Packet -> Track */
    GArray *all, *ends;
};

static void track_free(void *data) {
    Track *t = data;
    g_array_unref(t->parts);
    g_free(t);
}

Hops *hops_new(void) {
    Hops *h = g_new(Hops, 1);
    *h = (Hops){g_hash_table_new_full(NULL, NULL, NULL, track_free),
                g_array_new(FALSE, FALSE, sizeof(Hop)), g_array_new(FALSE, FALSE, sizeof(HopEnd))};
    return h;
}

void hops_free(Hops *h) {
    if (!h) return;
    g_hash_table_unref(h->tracks);
    g_array_unref(h->all);
    g_array_unref(h->ends);
    g_free(h);
}

static Track *track_of(Hops *h, Packet *pkt) {
    Track *t = g_hash_table_lookup(h->tracks, pkt);
    if (t) return t;
    t = g_new0(Track, 1);
    t->parts = g_array_new(FALSE, FALSE, sizeof(Part));
    g_hash_table_insert(h->tracks, pkt, t);
    return t;
}

static void note(Track *t, Packet *pkt, const char *component, SimTime now) {
    packet_charge(pkt, pkt->cause, now);
    for (PacketCause cause = 0; cause < PACKET_MAX_CAUSES; cause++) {
        SimTime ps = pkt->charged[cause] - t->noted[cause];
        if (!ps) continue;
        Part part = {component, cause, ps};
        g_array_append_val(t->parts, part);
        t->noted[cause] = pkt->charged[cause];
    }
}

void hops_note(Hops *h, Packet *pkt, const char *component, const char *next, SimTime now) {
    if (!pkt->counted) return;
    Track *t = track_of(h, pkt);
    note(t, pkt, component, now);
    t->in = next;
}

static Hop *hop_of(Hops *h, const char *end, const Part *part) {
    for (unsigned i = 0; i < h->all->len; i++) {
        Hop *hop = &g_array_index(h->all, Hop, i);
        if (hop->end == end && hop->component == part->component && hop->cause == part->cause)
            return hop;
    }
    Hop hop = {end, part->component, part->cause, 0};
    g_array_append_val(h->all, hop);
    return &g_array_index(h->all, Hop, h->all->len - 1);
}

static HopEnd *end_of(Hops *h, const char *name) {
    for (unsigned i = 0; i < h->ends->len; i++)
        if (g_array_index(h->ends, HopEnd, i).end == name)
            return &g_array_index(h->ends, HopEnd, i);
    HopEnd end = {name, 0, 0};
    g_array_append_val(h->ends, end);
    return &g_array_index(h->ends, HopEnd, h->ends->len - 1);
}

void hops_end(Hops *h, Packet *pkt, bool delivered, SimTime now) {
    Track *t = g_hash_table_lookup(h->tracks, pkt);
    if (!t) return;
    if (delivered && t->in) {
        note(t, pkt, t->in, now);
        HopEnd *end = end_of(h, t->in);
        end->packets++;
        for (unsigned i = 0; i < t->parts->len; i++) {
            const Part *part = &g_array_index(t->parts, Part, i);
            hop_of(h, t->in, part)->ps += part->ps;
            end->ps += part->ps;
        }
    }
    g_hash_table_remove(h->tracks, pkt);
}

const GArray *hops_all(const Hops *h) {
    return h->all;
}
const GArray *hops_ends(const Hops *h) {
    return h->ends;
}
