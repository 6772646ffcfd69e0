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
 * costs the fast path nothing.
 *
 * With `messages` there is no delay but what the way takes: every interval each NPE's management
 * processor reads its backlog and reports it to that of the first NPE; when that has all reports of
 * a round it plans, and sets the rates of each. Each of these steps takes mp_service. A round of
 * which a report is missing when the next begins is lost, and rates stay; rates of an earlier round
 * than those in force are ignored. */
#include "components/control/distributed_scheduler.h"

#include <string.h>

#include "components/control/box.h"
#include "components/control/management.h"
#include "components/npe/npe.h"
#include "emu/core/error.h"
#include "emu/core/report.h"

enum { MAX_NPES = 24, STATIC = 0, BACKLOG };

typedef struct DistributedScheduler DistributedScheduler;

/* An NPE, and with messages its management processor. */
typedef struct {
    DistributedScheduler *owner;
    unsigned number;
    Npe *npe;
    uint64_t backlog[FP_MAX_INTERFACES], next_bps[FP_MAX_INTERFACES];
    MpClient *client;
    Station *station;
    StationPlace place;
    uint32_t reported, in_force; /* rounds */
    uint64_t report, order;      /* calls about it, of the last round that got so far */
} Member;

struct DistributedScheduler {
    Component base;
    /* settings */
    ParamList npe_names;
    int policy;
    Rate rate;
    SimTime interval, delay;
    double floor;
    bool messages;
    /* state */
    Member member[MAX_NPES];
    unsigned n, n_interfaces;
    uint32_t round;
    SimEvent ask, tell;
    /* counters */
    uint64_t updates;
};

static void tell(Sim *sim, SimEvent *event) {
    DistributedScheduler *d =
        (DistributedScheduler *)(void *)((char *)event - offsetof(DistributedScheduler, tell));
    (void)sim;
    for (unsigned k = 0; k < d->n; k++)
        for (unsigned i = 0; i < d->n_interfaces; i++)
            npe_set_rate(d->member[k].npe, i, d->member[k].next_bps[i]);
    d->updates++;
}

static void read_backlog(Member *m) {
    for (unsigned i = 0; i < m->owner->n_interfaces; i++) m->backlog[i] = npe_backlog(m->npe, i);
}

static void plan(DistributedScheduler *d) {
    for (unsigned i = 0; i < d->n_interfaces; i++) {
        uint64_t sum = 0;
        for (unsigned k = 0; k < d->n; k++) sum += d->member[k].backlog[i];
        for (unsigned k = 0; k < d->n; k++) {
            Member *m = &d->member[k];
            double even = 1.0 / d->n;
            double part = sum ? (double)m->backlog[i] / (double)sum : even;
            m->next_bps[i] =
                (uint64_t)(d->rate.per_second * (d->floor * even + (1 - d->floor) * part));
            if (m->next_bps[i] < 1000) m->next_bps[i] = 1000;
        }
    }
}

/* Messages --------------------------------------------------------------------------------- */

/* A message of the round, with one number for each interface, instead of that of the round before:
 * what has not got there by now is too old. */
static void call_about(Station *from, const Member *to, const Member *about, uint64_t *call,
                       MessageType type, uint32_t round, MessageTag tag, const uint64_t *values) {
    MessageWriter w;
    station_cancel(from, *call);
    message_begin(&w, type, 0);
    message_put_u32(&w, TAG_NUMBER, round);
    message_put_u32(&w, TAG_INDEX, about->number);
    for (unsigned i = 0; i < about->owner->n_interfaces; i++) {
        message_open(&w, TAG_ITEM);
        message_put_u32(&w, TAG_INTERFACE, i);
        message_put_u64(&w, tag, values[i]);
        message_close(&w);
    }
    *call = station_call(from, &to->place, SERVICE_RATES, &w, NULL, NULL);
}

static void read_values(const DistributedScheduler *d, const Message *m, MessageTag tag,
                        uint64_t *values) {
    Message item;
    for (unsigned n = 0; message_group(m, TAG_ITEM, n, &item); n++) {
        uint32_t i = message_u32(&item, TAG_INTERFACE, UINT32_MAX);
        if (i < d->n_interfaces) values[i] = message_u64(&item, tag, 0);
    }
}

/* 1: each management processor, of its own NPE. */
static void report_backlog(void *user, void *data, SimTime now) {
    Member *m = user;
    DistributedScheduler *d = m->owner;
    uint64_t backlog[FP_MAX_INTERFACES];
    (void)data, (void)now;
    for (unsigned i = 0; i < d->n_interfaces; i++) backlog[i] = npe_backlog(m->npe, i);
    call_about(m->station, &d->member[0], m, &m->report, MESSAGE_RATE_REPORT, d->round, TAG_BACKLOG,
               backlog);
}

/* 2: the first one, when all have reported. */
static void decide(void *user, void *data, SimTime now) {
    DistributedScheduler *d = user;
    (void)data, (void)now;
    plan(d);
    for (unsigned k = 0; k < d->n; k++)
        call_about(d->member[0].station, &d->member[k], &d->member[k], &d->member[k].order,
                   MESSAGE_RATE_SET, d->round, TAG_RATE, d->member[k].next_bps);
}

static void take_report(DistributedScheduler *d, const Message *report) {
    uint32_t k = message_u32(report, TAG_INDEX, UINT32_MAX);
    unsigned all = 0;
    if (k >= d->n || message_u32(report, TAG_NUMBER, 0) != d->round) return; /* too late */
    d->member[k].reported = d->round;
    read_values(d, report, TAG_BACKLOG, d->member[k].backlog);
    for (unsigned i = 0; i < d->n; i++) all += d->member[i].reported == d->round;
    if (all == d->n)
        mp_submit_here(npe_mp(d->member[0].npe), d->member[0].client, decide, d, NULL, NULL);
}

/* 3: each again. */
typedef struct {
    uint64_t bps[FP_MAX_INTERFACES];
} Rates;

static void set_rates(void *user, void *data, SimTime now) {
    Member *m = user;
    DistributedScheduler *d = m->owner;
    Rates *rates = data;
    (void)now;
    for (unsigned i = 0; i < d->n_interfaces; i++)
        if (rates->bps[i]) npe_set_rate(m->npe, i, rates->bps[i]);
    d->updates += m->number == 0;
    g_free(rates);
}

static void take_rates(Member *m, const Message *message) {
    uint32_t round = message_u32(message, TAG_NUMBER, 0);
    if (round <= m->in_force) return;
    m->in_force = round;
    Rates *rates = g_new0(Rates, 1);
    read_values(m->owner, message, TAG_RATE, rates->bps);
    if (!mp_submit_here(npe_mp(m->npe), m->client, set_rates, m, rates, g_free)) g_free(rates);
}

static void asked(void *user, StationRequest *request) {
    Member *m = user;
    if (request->message.type == MESSAGE_RATE_REPORT)
        take_report(m->owner, &request->message);
    else if (request->message.type == MESSAGE_RATE_SET)
        take_rates(m, &request->message);
    station_done(m->station, request);
}

/* Once everything has started. */
static void join(Member *m) {
    const Component *npe = (const Component *)(void *)m->npe;
    m->station = management_station(npe->network, npe->name);
    m->place = station_place(m->station);
    m->client = mp_client(npe_mp(m->npe));
    station_serve(m->station, SERVICE_RATES, asked, m);
}

static void begin_round(DistributedScheduler *d) {
    for (unsigned k = 0; !d->round && k < d->n; k++) join(&d->member[k]);
    d->round++;
    for (unsigned k = 0; k < d->n; k++)
        mp_submit_here(npe_mp(d->member[k].npe), d->member[k].client, report_backlog, &d->member[k],
                       NULL, NULL);
}

/* Component -------------------------------------------------------------------------------- */

static void ask(Sim *sim, SimEvent *event) {
    DistributedScheduler *d =
        (DistributedScheduler *)(void *)((char *)event - offsetof(DistributedScheduler, ask));
    if (d->messages) {
        begin_round(d);
    } else {
        for (unsigned k = 0; k < d->n; k++) read_backlog(&d->member[k]);
        plan(d);
        sim_cancel(sim, &d->tell);
        sim_schedule(sim, &d->tell, d->delay);
    }
    sim_schedule(sim, event, d->interval);
}

static bool distributed_scheduler_create(Component *c, GError **error) {
    DistributedScheduler *d = (DistributedScheduler *)c;
    c->n_ports = 0;
    if (d->delay < d->interval) return true;
    return input_error(error, "delay: found one that is not below the interval");
}

static bool has_management(const Network *net) {
    const Component *c;
    for (unsigned i = 0; (c = network_nth(net, i)); i++)
        if (c->class == &management_class) return true;
    return false;
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
            if ((Component *)(void *)d->member[k].npe == npe)
                return input_error(error, "npes: found %s twice", name);
        d->member[d->n] = (Member){.owner = d, .number = d->n, .npe = (Npe *)npe};
        d->n++;
        if (d->messages && !npe_switched((Npe *)npe))
            return input_error(error,
                               "messages: found %s without a line card, expected NPEs of a "
                               "chassis, which are on its control network",
                               name);
        d->n_interfaces = MIN(d->n_interfaces, npe_interfaces((Npe *)npe));
    }
    if (d->messages && !has_management(c->network))
        return input_error(error, "messages: found no [management ...], which lets management "
                                  "processors talk, expected one");
    sim_event_init(&d->ask, ask, &c->owner);
    sim_event_init(&d->tell, tell, &c->owner);
    plan(d);
    tell(c->sim, &d->tell);
    if (d->policy == BACKLOG) sim_schedule(c->sim, &d->ask, d->interval);
    return true;
}

static const char *distributed_scheduler_unused(const Component *c, const char *key) {
    static const char *const reports[] = {"interval", "delay", "floor", "messages", NULL};
    if (((const DistributedScheduler *)c)->messages && !strcmp(key, "delay"))
        return "messages take the time that they take";
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
    PARAM_BOOL("messages", DistributedScheduler, messages, "no",
               "reports and rates are messages of the NPEs' management processors on the control "
               "network, instead of taking `delay`; needs a `management`",
               "SPP paper 4: \"distributed scheduling processes\""),
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
