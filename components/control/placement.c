/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `hash` gives every (slice, server) a number and takes the server with the highest (rendezvous
 * hashing: Thaler and Ravishankar, 1998), so that a server that dies moves only its own slices. */
#include "components/control/placement.h"

#include <stddef.h>

static const struct {
    const char *name, *text;
} refusals[] = {{"ok", "placed"},
#define X(symbol, refusal_name, sentence) {refusal_name, sentence},
                PLACEMENT_REFUSALS(X)
#undef X
};

const char *placement_refusal_name(PlacementRefusal refusal) {
    return refusals[refusal].name;
}
const char *placement_refusal_text(PlacementRefusal refusal) {
    return refusals[refusal].text;
}

/* FNV-1a, and its bits mixed: what differs in the last byte alone differs in the highest bits. */
static uint64_t lot(const char *slice, unsigned server) {
    uint64_t hash = UINT64_C(14695981039346656037);
    for (const char *c = slice; *c; c++) hash = (hash ^ (uint8_t)*c) * UINT64_C(1099511628211);
    hash = (hash ^ server) * UINT64_C(1099511628211);
    hash = (hash ^ hash >> 33) * UINT64_C(0xff51afd7ed558ccd);
    return hash ^ hash >> 33;
}

static PlacementRefusal fits(const Placement *p, const PlacementServer *s,
                             const PlacementUse *asked) {
    if (s->used.vservers >= s->room.vservers) return PLACEMENT_NO_ROOM;
    if (asked->cpu_min && s->used.cpu_min + (uint64_t)asked->cpu_min > s->room.cpu_min)
        return PLACEMENT_NO_CPU;
    if (asked->net_min && (s->used.net_min + asked->net_min > s->room.net_min ||
                           p->net_min + asked->net_min > p->net_room))
        return PLACEMENT_NO_NET;
    return PLACEMENT_OK;
}

/* Higher is better. */
static uint64_t worth(const Placement *p, const PlacementServer *s, const char *slice) {
    uint64_t guaranteed = s->used.cpu_min;
    switch (p->policy) {
    case PLACEMENT_FEWEST: return UINT32_MAX - s->used.vservers;
    case PLACEMENT_MOST_FREE:
        return guaranteed < s->room.cpu_min ? s->room.cpu_min - guaranteed : 0;
    case PLACEMENT_HASH: return lot(slice, (unsigned)(s - p->server));
    default: return 0;
    }
}

PlacementRefusal placement_take(Placement *p, const char *slice, const PlacementUse *asked,
                                unsigned *server) {
    const PlacementServer *best = NULL;
    PlacementRefusal why = PLACEMENT_NO_SERVER;
    for (unsigned i = 0; i < p->n_servers; i++) {
        const PlacementServer *s = &p->server[i];
        if (!s->in_service) continue;
        PlacementRefusal refusal = fits(p, s, asked);
        if (refusal != PLACEMENT_OK) {
            if (why == PLACEMENT_NO_SERVER) why = refusal;
        } else if (!best || worth(p, s, slice) > worth(p, best, slice)) {
            best = s;
        }
    }
    if (!best) return why;
    *server = (unsigned)(best - p->server);
    placement_put(p, *server, asked);
    return PLACEMENT_OK;
}

void placement_put(Placement *p, unsigned server, const PlacementUse *asked) {
    PlacementUse *used = &p->server[server].used;
    used->vservers++;
    used->cpu_min += asked->cpu_min;
    used->net_min += asked->net_min;
    p->net_min += asked->net_min;
}

void placement_give(Placement *p, unsigned server, const PlacementUse *asked) {
    PlacementUse *used = &p->server[server].used;
    used->vservers--;
    used->cpu_min -= asked->cpu_min;
    used->net_min -= asked->net_min;
    p->net_min -= asked->net_min;
}
