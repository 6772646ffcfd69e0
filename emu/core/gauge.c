/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Gauges: reading, thinning out, judging. */
#include "emu/core/gauge.h"

#include <stdlib.h>

enum { READINGS = 60, MOST = 2 * READINGS, FEWEST = 20, BATCHES = 10, TREND = 33 };
static const double least_packets = 16, least_share = 0.005;

typedef struct {
    const char *owner;
    char *name;
    const uint64_t *passed;
    GaugeRead *read;
    const void *from;
    uint64_t passed_before; /* the window */
    uint64_t passed_in;     /* it, so far */
    uint32_t values[MOST];
} Gauge;

struct Gauges {
    GArray *all; /* Gauge */
    SimTime from, until, next, interval;
    unsigned n; /* values of each */
};

Gauges *gauges_new(void) {
    Gauges *g = g_new0(Gauges, 1);
    g->all = g_array_new(FALSE, TRUE, sizeof(Gauge));
    g->until = g->next = SIM_NEVER;
    return g;
}

void gauges_free(Gauges *g) {
    for (unsigned i = 0; i < g->all->len; i++) g_free(g_array_index(g->all, Gauge, i).name);
    g_array_unref(g->all);
    g_free(g);
}

void gauges_add(Gauges *g, const char *owner, const char *name, const uint64_t *passed,
                GaugeRead *read, const void *from) {
    Gauge gauge = {
        .owner = owner, .name = g_strdup(name), .passed = passed, .read = read, .from = from};
    g_array_append_val(g->all, gauge);
}

void gauges_window(Gauges *g, SimTime from, SimTime until) {
    g->from = MAX(g->from, from);
    g->until = MIN(g->until, until);
    bool known = g->until != SIM_NEVER;
    g->next = g->from < g->until ? g->from : SIM_NEVER;
    g->interval = known && g->from < g->until ? MAX((g->until - g->from) / READINGS, 1) : SIM_US;
}

unsigned gauges_n(const Gauges *g) {
    return g->all->len;
}

uint64_t gauge_value(const Gauges *g, unsigned n, const char **owner, const char **name) {
    const Gauge *gauge = &g_array_index(g->all, Gauge, n);
    *owner = gauge->owner;
    *name = gauge->name;
    return gauge->read(gauge->from);
}

SimTime gauges_next(const Gauges *g) {
    return g->next;
}

void gauges_close(Gauges *g) {
    g->next = SIM_NEVER;
}

static void thin_out(Gauges *g) {
    for (unsigned i = 0; i < g->all->len; i++) {
        uint32_t *values = g_array_index(g->all, Gauge, i).values;
        for (unsigned k = 0; k < MOST / 2; k++) values[k] = values[2 * k];
    }
    g->n = MOST / 2;
    g->interval *= 2;
}

void gauges_read(Gauges *g) {
    if (g->n == MOST) thin_out(g);
    for (unsigned i = 0; i < g->all->len; i++) {
        Gauge *gauge = &g_array_index(g->all, Gauge, i);
        gauge->values[g->n] = (uint32_t)MIN(gauge->read(gauge->from), UINT32_MAX);
        if (!g->n) gauge->passed_before = *gauge->passed;
        gauge->passed_in = *gauge->passed - gauge->passed_before;
    }
    g->n++;
    g->next = g->interval < g->until - g->next ? g->next + g->interval : SIM_NEVER;
}

/* Judgement ------------------------------------------------------------------------------- */

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

double gauge_growth(const uint32_t *values, unsigned n) {
    if (n < FEWEST) return 0;
    double mean[BATCHES], slope[BATCHES * (BATCHES - 1) / 2];
    unsigned per_batch = n / BATCHES, first = n % BATCHES, pairs = 0; /* the oldest are left out */
    for (unsigned b = 0; b < BATCHES; b++) {
        double sum = 0;
        for (unsigned k = 0; k < per_batch; k++) sum += values[first + b * per_batch + k];
        mean[b] = sum / per_batch;
    }
    int trend = 0;
    for (unsigned i = 0; i < BATCHES; i++)
        for (unsigned k = i + 1; k < BATCHES; k++) {
            trend += (mean[k] > mean[i]) - (mean[k] < mean[i]);
            slope[pairs++] = (mean[k] - mean[i]) / (k - i);
        }
    if (trend < TREND) return 0;
    qsort(slope, pairs, sizeof *slope, ascending);
    return slope[pairs / 2] * BATCHES;
}

static bool grew(const Gauges *g, const Gauge *gauge) {
    double growth = gauge_growth(gauge->values, g->n);
    return growth >= least_packets && growth >= least_share * (double)gauge->passed_in;
}

void gauges_report(const Gauges *g, Report *report) {
    g_autoptr(GString) names = g_string_new(NULL);
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    const Gauge *all = (const Gauge *)(const void *)g->all->data;
    for (unsigned i = 0; i < g->all->len; i++) {
        if (!g_hash_table_add(seen, (char *)all[i].owner)) continue;
        report_component(report, all[i].owner);
        g_string_truncate(names, 0);
        for (unsigned k = i; k < g->all->len; k++) {
            if (all[k].owner != all[i].owner || !grew(g, &all[k])) continue;
            report_unsteady(report, all[k].name);
            g_string_append_printf(names, "%s%s", names->len ? ", " : "", all[k].name);
        }
        if (!names->len) continue;
        report_warning(report,
                       "not steady: %s grew through the window, so more is offered than it "
                       "carries; lower the rate of the sources, or read carried_ratio instead of "
                       "delivered_ratio",
                       names->str);
    }
    report_component(report, NULL);
}
