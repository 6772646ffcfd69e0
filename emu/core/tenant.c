/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A tenant's leases are a list, the oldest first; packets join the newest. A number that is given
 * back closes the newest lease, and comes back when that and all older ones have no packet. */
#include "emu/core/tenant.h"

#include <string.h>

typedef struct {
    TenantReturn *back;
    void *user;
    uint32_t first, n;
} Return;

static void add_lease(Tenant *t) {
    Lease *lease = g_new(Lease, 1);
    *lease = (Lease){
        .tenant = t, .detached = t->left, .returns = g_array_new(FALSE, FALSE, sizeof(Return))};
    if (t->newest)
        t->newest->newer = lease;
    else
        t->oldest = lease;
    t->newest = lease;
}

static void free_oldest(Tenant *t) {
    Lease *lease = t->oldest;
    t->oldest = lease->newer;
    if (!t->oldest) t->newest = NULL;
    g_array_unref(lease->returns);
    g_free(lease);
}

Tenant *tenant_new(Account *account) {
    Tenant *t = g_new0(Tenant, 1);
    t->account = account;
    add_lease(t);
    return t;
}

void tenant_free(Tenant *t) {
    if (!t) return;
    while (t->oldest) free_oldest(t);
    g_free(t);
}

/* Give back what no packet can carry any more. What comes back may give back more. */
static void settle(Tenant *t) {
    if (t->returning || t->held) return;
    t->returning = true;
    while (t->oldest != t->newest && t->oldest->packets == 0) {
        for (unsigned i = 0; i < t->oldest->returns->len; i++) {
            Return *r = &g_array_index(t->oldest->returns, Return, i);
            r->back(r->user, r->first, r->n);
        }
        free_oldest(t);
    }
    t->returning = false;
}

void tenant_return(Tenant *t, TenantReturn *back, void *user, uint32_t first, uint32_t n) {
    Return r = {back, user, first, n};
    g_array_append_val(t->newest->returns, r);
    add_lease(t);
    settle(t);
}

void tenant_leave(Tenant *t) {
    t->left = true;
    for (Lease *lease = t->oldest; lease; lease = lease->newer) lease->detached = true;
}

void tenant_hold(Tenant *t, int change) {
    t->held = (unsigned)((int)t->held + change);
    if (t->held == 0) settle(t);
}

bool tenant_gone(const Tenant *t) {
    return t->oldest == t->newest && t->newest->packets == 0 && t->held == 0;
}

void lease_last_packet(Lease *lease) {
    settle(lease->tenant);
}

/* Accounts -------------------------------------------------------------------------------- */

void account_init(Account *a) {
    *a = (Account){.losses = g_array_new(FALSE, FALSE, sizeof(Loss))};
    histogram_init(&a->age);
}

void account_clear(Account *a) {
    if (!a->losses) return;
    histogram_clear(&a->age);
    g_array_unref(a->losses);
    a->losses = NULL;
}

void account_take(Account *a, Packet *pkt) {
    if (pkt->account) account_pass(pkt);
    pkt->account = a;
    if (a) a->in++;
}

void account_send(Packet *pkt, SimTime last_bit) {
    pkt->account->out++;
    histogram_add(&pkt->account->age, last_bit - pkt->created);
    pkt->account = NULL;
}

/* Few reasons, each of which is one text. */
void account_lose(Packet *pkt, const char *reason) {
    Account *a = pkt->account;
    unsigned i = 0;
    while (i < a->losses->len && g_array_index(a->losses, Loss, i).reason != reason) i++;
    if (i == a->losses->len) g_array_append_val(a->losses, ((Loss){reason, 0}));
    g_array_index(a->losses, Loss, i).packets++;
    a->lost++;
    pkt->account = NULL;
}

void account_pass(Packet *pkt) {
    pkt->account->passed++;
    pkt->account = NULL;
}

uint64_t account_lost(const Account *a, const char *reason) {
    uint64_t n = 0;
    for (unsigned i = 0; i < a->losses->len; i++) {
        const Loss *loss = &g_array_index(a->losses, Loss, i);
        if (!strcmp(loss->reason, reason)) n += loss->packets;
    }
    return n;
}
