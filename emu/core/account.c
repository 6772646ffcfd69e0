/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "emu/core/account.h"

#include <math.h>
#include <string.h>

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
    Account *a = pkt->account;
    if (a->out++ == 0) a->first = last_bit;
    histogram_add(&a->age, last_bit - pkt->created);
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

void account_report(const Account *a, const char *const *reasons, Report *report) {
    uint64_t other = a->lost;
    report_scalar(report, "packets_in", (double)a->in, "packets");
    report_scalar(report, "packets_out", (double)a->out, "packets");
    report_scalar(report, "lost", (double)a->lost, "packets");
    report_scalar(report, "delivered_ratio", a->in ? (double)a->out / (double)a->in : NAN, "ratio");
    report_scalar(report, "latency_mean_us", histogram_mean(&a->age) / 1e6, "us");
    report_scalar(report, "latency_p99_us", histogram_at(&a->age, 0.99) / 1e6, "us");
    for (; *reasons; reasons++) {
        g_autofree char *name = g_strconcat("lost.", *reasons, NULL);
        uint64_t n = account_lost(a, *reasons);
        report_scalar(report, name, (double)n, "packets");
        other -= n;
    }
    report_scalar(report, "lost.other", (double)other, "packets");
}
