/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The distributed scheduler: several NPEs send to the same physical interfaces, and each needs to
 * know how much of their rate it may use (SPP paper 4, end of the NPE's description, and its
 * reference [PA03]). Every `interval` each NPE reports its backlog for each interface; `delay`
 * later new rates are in force:
 *
 *   rate of NPE k = floor * rate + (1 - floor) * rate * weight k / sum of weights
 *
 * with the backlog in bytes at its schedulers as weight, and equal weights where nobody has any.
 * Policy `static` gives each the same part for ever. Assumed: interval and delay, and that a report
 * costs the fast path nothing. */
#include "components/npe/distributed_scheduler.h"

#include <string.h>

#include "components/npe/npe.h"
#include "emu/core/report.h"

enum { MAX_NPES = 24, STATIC = 0, BACKLOG };

typedef struct {
    Component base;
    /* settings */
    ParamList npe_names;
    int policy;
    Rate rate;
    SimTime interval, delay;
    double floor;
    /* state */
    Npe *npes[MAX_NPES];
    unsigned n, n_interfaces;
    uint64_t next_bps[MAX_NPES][FP_MAX_INTERFACES];
    SimEvent ask, tell;
    /* counters */
    uint64_t updates;
} DistributedScheduler;

static void tell(Sim *sim, SimEvent *event) {
    DistributedScheduler *d =
        (DistributedScheduler *)(void *)((char *)event - offsetof(DistributedScheduler, tell));
    (void)sim;
    for (unsigned k = 0; k < d->n; k++)
        for (unsigned i = 0; i < d->n_interfaces; i++)
            npe_set_rate(d->npes[k], i, d->next_bps[k][i]);
    d->updates++;
}

static void plan(DistributedScheduler *d, bool equally) {
    for (unsigned i = 0; i < d->n_interfaces; i++) {
        uint64_t backlog[MAX_NPES], sum = 0;
        for (unsigned k = 0; k < d->n; k++) {
            backlog[k] = equally ? 0 : npe_backlog(d->npes[k], i);
            sum += backlog[k];
        }
        for (unsigned k = 0; k < d->n; k++) {
            double even = 1.0 / d->n;
            double part = sum ? (double)backlog[k] / (double)sum : even;
            d->next_bps[k][i] =
                (uint64_t)(d->rate.per_second * (d->floor * even + (1 - d->floor) * part));
            if (d->next_bps[k][i] < 1000) d->next_bps[k][i] = 1000;
        }
    }
}

static void ask(Sim *sim, SimEvent *event) {
    DistributedScheduler *d =
        (DistributedScheduler *)(void *)((char *)event - offsetof(DistributedScheduler, ask));
    plan(d, false);
    sim_cancel(sim, &d->tell);
    sim_schedule(sim, &d->tell, d->delay);
    sim_schedule(sim, event, d->interval);
}

static bool distributed_scheduler_create(Component *c, GError **error) {
    DistributedScheduler *d = (DistributedScheduler *)c;
    c->n_ports = 0;
    if (d->delay < d->interval) return true;
    return input_error(error, "delay: found one that is not below the interval");
}

static bool distributed_scheduler_start(Component *c, GError **error) {
    DistributedScheduler *d = (DistributedScheduler *)c;
    d->n_interfaces = FP_MAX_INTERFACES;
    for (unsigned i = 0; i < d->npe_names.n; i++) {
        const char *name = d->npe_names.at[i].text;
        Component *npe = network_find(c->network, name);
        if (!npe || npe->class != &npe_class)
            return input_error(error, "npes: found \"%s\", expected the name of an NPE", name);
        for (unsigned k = 0; k < d->n; k++)
            if ((Component *)d->npes[k] == npe)
                return input_error(error, "npes: found %s twice", name);
        d->npes[d->n++] = (Npe *)npe;
        d->n_interfaces = MIN(d->n_interfaces, npe_interfaces((Npe *)npe));
    }
    sim_event_init(&d->ask, ask, &c->owner);
    sim_event_init(&d->tell, tell, &c->owner);
    plan(d, true);
    tell(c->sim, &d->tell);
    if (d->policy == BACKLOG) sim_schedule(c->sim, &d->ask, d->interval);
    return true;
}

static const char *distributed_scheduler_unused(const Component *c, const char *key) {
    static const char *const reports[] = {"interval", "delay", "floor", NULL};
    bool equal = ((const DistributedScheduler *)c)->policy == STATIC;
    return equal && g_strv_contains(reports, key) ? "policy = backlog uses it" : NULL;
}

static void distributed_scheduler_report(Component *c, Report *report) {
    report_scalar(report, "updates", (double)((DistributedScheduler *)c)->updates, "updates");
}

static const Param npe_item = {.type = PARAM_TYPE_NAME, .choices = "npe"};

static const Param distributed_scheduler_params[] = {
    PARAM_LIST("npes", DistributedScheduler, npe_names, "npe0,npe1", &npe_item, MAX_NPES,
               "NPEs that share the interfaces", "scenario"),
    PARAM_ENUM("policy", DistributedScheduler, policy, "backlog", "static|backlog",
               "equal parts for ever, or by backlog", "SPP paper 4: either"),
    PARAM_RATE("rate", DistributedScheduler, rate, "1Gbit/s", "1Mbit/s", "100Gbit/s", "bits",
               "of each interface, on the wire", "SPP paper 2.3: 1 GbE"),
    PARAM_TIME("interval", DistributedScheduler, interval, "500us", "10us", "10s",
               "between two reports of backlog", "assumed; PA03 uses a few hundred microseconds"),
    PARAM_TIME("delay", DistributedScheduler, delay, "50us", "0", "10s",
               "from a report to the new rates: control switch and management processors",
               "assumed"),
    PARAM_FRACTION("floor", DistributedScheduler, floor, "10%", "0", "100%",
                   "part of the rate that is dealt out equally, backlog or not, so that a packet "
                   "never waits a whole interval",
                   "assumed"),
    {0}};

static const Scalar distributed_scheduler_scalars[] = {
    {"updates", "updates", "times that new rates came into force"}, {0}};

const ComponentClass distributed_scheduler_class = {
    .name = "distributed_scheduler",
    .text = "shares physical interfaces among NPEs: the distributed scheduler",
    .ports = "none",
    .size = sizeof(DistributedScheduler),
    .params = distributed_scheduler_params,
    .create = distributed_scheduler_create,
    .start = distributed_scheduler_start,
    .unused = distributed_scheduler_unused,
    .scalars = distributed_scheduler_scalars,
    .report = distributed_scheduler_report,
};
