/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A tenant's leases are a list, the oldest first; packets join the newest. A number that is given
 * back closes the newest lease, and comes back when that and all older ones have no packet. */
#include "emu/core/tenant.h"

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
