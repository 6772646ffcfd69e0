/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Placement against a twin that sums the list of slices anew for every answer. */
#include <glib.h>

#include "components/control/placement.h"
#include "tests/check.h"
#include "tests/dice.h"

enum { SERVERS = 4, SLICES = 300, STEPS = 20000 };

typedef struct {
    PlacementUse use;
    unsigned server;
    bool placed;
} Placed;

static PlacementUse sum_of(const Placed *slice, int server) { /* -1: of all */
    PlacementUse sum = {0};
    for (unsigned i = 0; i < SLICES; i++) {
        if (!slice[i].placed || (server >= 0 && slice[i].server != (unsigned)server)) continue;
        sum.vservers++;
        sum.cpu_min += slice[i].use.cpu_min;
        sum.net_min += slice[i].use.net_min;
    }
    return sum;
}

static bool fits(const Placement *p, const Placed *slice, unsigned server,
                 const PlacementUse *asked) {
    PlacementUse sum = sum_of(slice, (int)server), all = sum_of(slice, -1);
    const PlacementUse *room = &p->server[server].room;
    return p->server[server].in_service && sum.vservers < room->vservers &&
           sum.cpu_min + asked->cpu_min <= room->cpu_min &&
           sum.net_min + asked->net_min <= room->net_min &&
           all.net_min + asked->net_min <= p->net_room;
}

/* Nobody that fits is better than the one that was taken, nor as good with a lower number. */
static void judge(const Placement *p, const Placed *slice, unsigned taken,
                  const PlacementUse *asked) {
    for (unsigned i = 0; i < SERVERS; i++) {
        PlacementUse other = sum_of(slice, (int)i), own = sum_of(slice, (int)taken);
        if (i == taken || !fits(p, slice, i, asked)) continue;
        switch (p->policy) {
        case PLACEMENT_FEWEST:
            CHECK(own.vservers < other.vservers || (own.vservers == other.vservers && taken < i));
            break;
        case PLACEMENT_MOST_FREE: {
            uint32_t mine = p->server[taken].room.cpu_min - own.cpu_min,
                     its = p->server[i].room.cpu_min - other.cpu_min;
            CHECK(mine > its || (mine == its && taken < i));
            break;
        }
        case PLACEMENT_FIRST: CHECK(taken < i); break;
        default: break;
        }
    }
}

static void twin_of(PlacementPolicy policy) {
    Placement p = {.policy = policy, .n_servers = SERVERS, .net_room = 2000};
    static Placed slice[SLICES];
    unsigned why[PLACEMENT_N_REFUSALS] = {0};
    memset(slice, 0, sizeof slice);
    for (unsigned i = 0; i < SERVERS; i++) {
        p.server[i].room = (PlacementUse){.vservers = 10 + i, .cpu_min = 1000, .net_min = 700};
        p.server[i].in_service = true;
    }
    for (unsigned step = 0; step < STEPS; step++) {
        unsigned n = (unsigned)dice(SLICES), server;
        if (dice(50) == 0) {
            PlacementServer *s = &p.server[dice(SERVERS)];
            s->in_service = !s->in_service;
        }
        if (slice[n].placed) {
            placement_give(&p, slice[n].server, &slice[n].use);
            slice[n].placed = false;
            continue;
        }
        g_autofree char *name = g_strdup_printf("site_slice%u", n);
        PlacementUse asked = {.cpu_min = dice(2) ? (uint32_t)dice(250) : 0, .net_min = dice(150)};
        bool any = false;
        for (unsigned i = 0; i < SERVERS; i++) any |= fits(&p, slice, i, &asked);
        PlacementRefusal refusal = placement_take(&p, name, &asked, &server);
        why[refusal]++;
        CHECK((refusal == PLACEMENT_OK) == any);
        if (refusal != PLACEMENT_OK) continue;
        CHECK(fits(&p, slice, server, &asked));
        judge(&p, slice, server, &asked);
        slice[n] = (Placed){asked, server, true};
    }
    for (unsigned i = 0; i < PLACEMENT_N_REFUSALS; i++) CHECK(why[i] > 0);
    for (unsigned i = 0; i < SLICES; i++)
        if (slice[i].placed) placement_give(&p, slice[i].server, &slice[i].use);
    for (unsigned i = 0; i < SERVERS; i++)
        CHECK(memcmp(&p.server[i].used, &(PlacementUse){0}, sizeof(PlacementUse)) == 0);
    CHECK_U64(p.net_min, 0);
}

static void every_policy_does_as_its_twin(void) {
    for (unsigned i = 0; i < PLACEMENT_N_POLICIES; i++) twin_of((PlacementPolicy)i);
}

/* 4,000 slices on four servers: 1,000 each with a deviation of sqrt(4000/4*3/4) = 27; and if one
 * dies only its own move. */
static void a_server_that_dies_moves_only_its_own_slices_of_a_hash(void) {
    Placement p = {.policy = PLACEMENT_HASH, .n_servers = SERVERS, .net_room = 1}, q;
    for (unsigned i = 0; i < SERVERS; i++)
        p.server[i] = (PlacementServer){.room = {.vservers = 100000}, .in_service = true};
    q = p;
    q.server[2].in_service = false;
    for (unsigned n = 0; n < 4000; n++) {
        g_autofree char *name = g_strdup_printf("site_slice%u", n);
        unsigned before, after;
        CHECK_U64(placement_take(&p, name, &(PlacementUse){0}, &before), PLACEMENT_OK);
        CHECK_U64(placement_take(&q, name, &(PlacementUse){0}, &after), PLACEMENT_OK);
        CHECK(before == 2 || after == before);
        CHECK(after != 2);
    }
    for (unsigned i = 0; i < SERVERS; i++) CHECK_NEAR(p.server[i].used.vservers, 1000, 5 * 27);
}

int main(void) {
    static const Test tests[] = {TEST(every_policy_does_as_its_twin),
                                 TEST(a_server_that_dies_moves_only_its_own_slices_of_a_hash),
                                 {0}};
    return run_tests("placement", tests);
}
