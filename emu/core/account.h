/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/core/account.h: what became of a tenant's packets in its node (emu/core/tenant.h), of those
 * that their sources count: from when somebody finds whose they are, or drops them and would have
 * found it, to their last bit out of the node. It outlives the tenants that count on it.
 *
 *   in = out + lost + passed + what is inside */
#pragma once

#include "emu/core/histogram.h"
#include "emu/core/packet.h"
#include "emu/core/report.h"

struct Account {
    uint64_t in;     /* found to be its */
    uint64_t out;    /* on the wire, out of the node */
    uint64_t lost;   /* dropped by any component of the node */
    uint64_t passed; /* to another tenant of the node, or ended there: the slow path's */
    uint64_t first;  /* ps: the last bit of the first of `out` */
    Histogram age;   /* ps from creation to the last bit on the wire, of `out` */
    GArray *losses;  /* Loss, in the order of their first */
};
typedef struct {
    const char *reason; /* of a DropReason */
    uint64_t packets;
} Loss;

void account_init(Account *account);
void account_clear(Account *account);
/* Its packets that were dropped for the reason of that name. */
uint64_t account_lost(const Account *account, const char *reason);
/* The ends of a packet that has an account: its last bit leaves the node; it is dropped; it is no
 * more the tenant's. */
void account_send(Packet *pkt, SimTime last_bit);
void account_lose(Packet *pkt, const char *reason);
void account_pass(Packet *pkt);

/* `lost` has a part for each of these reasons (names of DropReasons, and NULL) and one for others.
 */
void account_report(const Account *account, const char *const *reasons, Report *report);
#define ACCOUNT_SCALARS                                                                            \
    {"packets_in", "packets",                                                                      \
     "of those sent in their sources' windows: that its node found to be its own"},                \
        {"packets_out", "packets", "of packets_in: that left the node by an interface"},           \
        {"lost", "packets", "of packets_in: dropped in the node, for any reason"},                 \
        {"delivered_ratio", "ratio",                                                               \
         "packets_out over packets_in; what is still inside is in neither"},                       \
        {"latency_mean_us", "us",                                                                  \
         "of packets_out: from creation to the last bit out of the node"},                         \
        {"latency_p99_us", "us", "of packets_out: 99 percent are as fast"}, {                      \
        "lost.other", "packets", "of lost: for another reason"                                     \
    }
