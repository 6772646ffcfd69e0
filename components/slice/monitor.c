/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A monitor polls a slice's counters through the management processors, as the paper's real-time
 * charts do (SPP paper 7.1): every `interval` it asks for what came in at each interface of the
 * line card, what left each queue of the slice on the NPE, and the queues' lengths. Each answer is
 * as of the time at which the processor serves the request. A direct monitor reads them at once, as
 * nobody could on the real machine: what it sees changes nothing.
 *
 *   rate of an interval = (bytes now - bytes before) * 8 / (time now - time before)
 *
 * Wire bytes: those that the counters count, and preamble, gap and FCS for each packet. */
#include "components/slice/monitor.h"

#include <math.h>
#include <string.h>

#include "components/linecard/linecard.h"
#include "components/slice/slice.h"
#include "emu/core/report.h"

enum { MAX_COLUMNS = 64 };

typedef struct {
    uint64_t bytes[MAX_COLUMNS];
    SimTime time;
    unsigned attachment; /* which one of the slice counted them; 0: it was detached */
} Reading;

typedef struct {
    Component base;
    /* settings */
    char *slice_name;
    SimTime interval, from, until;
    bool incremental, direct;
    /* state */
    Slice *slice;
    MpClient *at_lc, *at_npe; /* a poll that is refused is none */
    LineCard *lc;             /* NULL: NPE without one */
    unsigned n_in, n_out;
    SimEvent poll;
    Reading in, out;
    double in_bps[MAX_COLUMNS];
    GArray *rates, *lengths;
    /* counters */
    double sum_in[MAX_COLUMNS], sum_out[MAX_COLUMNS], sum_length[MAX_COLUMNS];
    double seconds, peak_out, peak_in, peak_length;
} Monitor;

/* Counters begin with an attachment. */
static double rate(const Reading *before, const Reading *now, unsigned column) {
    double ps = (double)(now->time - before->time);
    uint64_t from = now->attachment == before->attachment ? before->bytes[column] : 0;
    return ps > 0 ? (double)(now->bytes[column] - from) * 8e12 / ps : 0;
}

static unsigned attachment(const Monitor *m) {
    return m->slice->attached ? m->slice->attachments : 0;
}

/* Line card: what came in. */
static void read_inputs(void *user, void *data, SimTime now) {
    Monitor *m = user;
    Reading r = {.time = now, .attachment = attachment(m)};
    (void)data;
    for (unsigned i = 0; r.attachment && i < m->n_in; i++)
        r.bytes[i] = linecard_counts(m->lc, false, m->slice->class, i).bytes_enqueued;
    for (unsigned i = 0; i < m->n_in; i++) m->in_bps[i] = rate(&m->in, &r, i);
    m->in = r;
}

/* NPE: what left the queues, and what is in them. Comes after the line card's answer. */
static void read_outputs(void *user, void *data, SimTime now) {
    Monitor *m = user;
    const Npe *npe = m->slice->npe;
    const FpSlice *f = fp_slice(npe_tables(npe), m->slice->number);
    Reading r = {.time = now, .attachment = attachment(m)};
    double out_bps[MAX_COLUMNS], length[MAX_COLUMNS] = {0}, total = 0, total_in = 0,
                                 total_length = 0;
    (void)data;
    for (unsigned q = 0; r.attachment && q < m->n_out; q++) {
        const FpCounter *n = fp_counter(npe_tables(npe), f->stats_base + q);
        r.bytes[q] = n->bytes_out +
                     n->packets_out * (PACKET_FCS_BYTES + PACKET_PREAMBLE_BYTES + PACKET_GAP_BYTES);
        length[q] = npe_queue_packets(npe, m->slice->number, q);
    }
    double seconds = (double)(r.time - m->out.time) / 1e12;
    SimTime zero = network_zero(m->base.network);
    bool counts = m->out.time >= zero + m->from && now <= zero + m->until;
    for (unsigned q = 0; q < m->n_out; q++) {
        out_bps[q] = rate(&m->out, &r, q);
        total += out_bps[q];
        total_length += length[q];
        if (!counts) continue;
        m->sum_out[q] += out_bps[q] * seconds;
        m->sum_length[q] += length[q] * seconds;
    }
    for (unsigned i = 0; i < m->n_in; i++) {
        total_in += m->in_bps[i];
        if (counts) m->sum_in[i] += m->in_bps[i] * seconds;
    }
    if (counts) {
        m->seconds += seconds;
        m->peak_out = MAX(m->peak_out, total);
        m->peak_in = MAX(m->peak_in, total_in);
        m->peak_length = MAX(m->peak_length, total_length);
    }
    m->out = r;
    /* Inputs, then outputs, in one row; each group adds up by itself. */
    double row[2 * MAX_COLUMNS + 1] = {(double)(now - zero) / 1e12}, sum = 0;
    for (unsigned i = 0; i < m->n_in; i++)
        row[1 + i] = (sum = m->incremental ? sum + m->in_bps[i] : m->in_bps[i]) / 1e6;
    sum = 0;
    for (unsigned q = 0; q < m->n_out; q++)
        row[1 + m->n_in + q] = (sum = m->incremental ? sum + out_bps[q] : out_bps[q]) / 1e6;
    g_array_append_vals(m->rates, row, 1 + m->n_in + m->n_out);
    memcpy(row + 1, length, m->n_out * sizeof *row);
    g_array_append_vals(m->lengths, row, 1 + m->n_out);
}

/* Once everything has started: its slice may come after it in the scenario. */
static void attach(Monitor *m) {
    const Npe *npe = m->slice->npe;
    if (m->n_out) return;
    m->n_out = MIN(m->slice->n_queues, MAX_COLUMNS);
    if (!m->direct) m->at_npe = mp_client(npe_mp(m->slice->npe));
    if (!npe_switched(npe)) return;
    m->lc = npe_linecard(npe);
    if (!m->direct) m->at_lc = mp_client(linecard_mp(m->lc));
    m->n_in = npe_interfaces(npe);
}

static void poll(Sim *sim, SimEvent *event) {
    Monitor *m = (Monitor *)(void *)((char *)event - offsetof(Monitor, poll));
    attach(m);
    if (m->direct) {
        if (m->lc) read_inputs(m, NULL, sim_now(sim));
        read_outputs(m, NULL, sim_now(sim));
    } else {
        if (m->lc) mp_submit(linecard_mp(m->lc), m->at_lc, read_inputs, m, NULL, NULL);
        mp_submit(npe_mp(m->slice->npe), m->at_npe, read_outputs, m, NULL, NULL);
    }
    sim_schedule(sim, event, m->interval);
}

static bool monitor_create(Component *c, GError **error) {
    Monitor *m = (Monitor *)c;
    c->n_ports = 0;
    m->rates = g_array_new(FALSE, FALSE, sizeof(double));
    m->lengths = g_array_new(FALSE, FALSE, sizeof(double));
    if (m->from < m->until) return true;
    return input_error(error, "until: found a time that is not after from");
}

static bool monitor_start(Component *c, GError **error) {
    Monitor *m = (Monitor *)c;
    (void)error;
    m->slice = (Slice *)network_find(c->network, m->slice_name);
    sim_event_init(&m->poll, poll, &c->owner);
    sim_schedule(c->sim, &m->poll, network_zero(c->network) + m->interval);
    return true;
}

static void monitor_doubts(const Component *c, SimTime end, GPtrArray *sentences) {
    const Monitor *m = (const Monitor *)c;
    SimTime until = MIN(m->until, end),
            first = m->from + (m->interval - m->from % m->interval) % m->interval;
    if (first >= until || until - first <= m->interval)
        g_ptr_array_add(
            sentences,
            g_strdup_printf("interval: found %g ms, of which none lies between %g ms and "
                            "%g ms: its scalars are of nothing; set a shorter one",
                            (double)m->interval / 1e9, (double)m->from / 1e9, (double)until / 1e9));
    if (m->slice->n_queues > MAX_COLUMNS)
        g_ptr_array_add(sentences, g_strdup_printf("slice: found one with %u queues, of which the "
                                                   "first %d are polled",
                                                   m->slice->n_queues, (int)MAX_COLUMNS));
}

static void report_each(Monitor *m, Report *report, const char *format, const double *sums,
                        unsigned n, const char *unit) {
    for (unsigned i = 0; i < n; i++) {
        g_autofree char *number = g_strdup_printf("%u", i);
        g_autofree char *name =
            g_strconcat(format[0] == 'i' ? "in" : "queue", number, strchr(format, '.'), NULL);
        report_scalar(report, name, m->seconds > 0 ? sums[i] / m->seconds : NAN, unit);
    }
}

static void monitor_report(Component *c, Report *report) {
    Monitor *m = (Monitor *)c;
    double in = 0, out = 0;
    attach(m);
    for (unsigned i = 0; i < m->n_in; i++) in += m->sum_in[i];
    for (unsigned q = 0; q < m->n_out; q++) out += m->sum_out[q];
    report_each(m, report, "in.bps", m->sum_in, m->n_in, "bit/s wire");
    report_each(m, report, "queue.bps", m->sum_out, m->n_out, "bit/s wire");
    report_each(m, report, "queue.packets", m->sum_length, m->n_out, "packets");
    report_scalar(report, "in_bps", m->seconds > 0 ? in / m->seconds : NAN, "bit/s wire");
    report_scalar(report, "out_bps", m->seconds > 0 ? out / m->seconds : NAN, "bit/s wire");
    report_scalar(report, "peak_in_bps", m->peak_in, "bit/s wire");
    report_scalar(report, "peak_out_bps", m->peak_out, "bit/s wire");
    report_scalar(report, "peak_packets", m->peak_length, "packets");
    g_auto(GStrv) names = g_new0(char *, m->n_in + m->n_out + 1);
    for (unsigned i = 0; i < m->n_in; i++)
        names[i] = g_strdup_printf(m->incremental && i ? "in 0-%u" : "in %u", i);
    for (unsigned q = 0; q < m->n_out; q++)
        names[m->n_in + q] = g_strdup_printf(m->incremental && q ? "out 0-%u" : "out %u", q);
    report_series(report, "rates", (const char *const *)names, m->n_in + m->n_out,
                  g_array_ref(m->rates));
    g_auto(GStrv) queues = g_new0(char *, m->n_out + 1);
    for (unsigned q = 0; q < m->n_out; q++) queues[q] = g_strdup_printf("queue %u", q);
    report_series(report, "lengths", (const char *const *)queues, m->n_out,
                  g_array_ref(m->lengths));
}

static void monitor_free(Component *c) {
    Monitor *m = (Monitor *)c;
    if (m->rates) g_array_unref(m->rates);
    if (m->lengths) g_array_unref(m->lengths);
}

static const Param monitor_params[] = {
    PARAM_NAME("slice", Monitor, slice_name, NULL, "slice", "whose counters it polls", "scenario"),
    PARAM_TIME("interval", Monitor, interval, "200ms", "1us", "1000s", "between two polls",
               "SPP paper 7.1: every 200 ms"),
    PARAM_TIME("from", Monitor, from, "0", "0", "10000s",
               "scalars are over the intervals that lie between this time", "scenario"),
    PARAM_WORDS("until", TIME, Monitor, until, "end", "0", "999999s", "end=1000000s",
                "and this one; end: that of the run", "scenario"),
    PARAM_BOOL("incremental", Monitor, incremental, "no",
               "columns of the series add up: each includes those before it",
               "SPP paper 7.1, Figures 7 and 8"),
    PARAM_BOOL("direct", Monitor, direct, "no",
               "read the counters at once, which takes none of the management processors' time",
               "assumed: to see what polling does not show"),
    {0}};

static const Scalar monitor_scalars[] = {
    {"in*.bps", "bit/s wire", "that came in for the slice, by interface", "with a line card"},
    {"queue*.bps", "bit/s wire", "that left a queue"},
    {"queue*.packets", "packets", "in a queue, mean over time"},
    {"in_bps", "bit/s wire", "the sum over interfaces"},
    {"out_bps", "bit/s wire", "the sum over queues"},
    {"peak_in_bps", "bit/s wire", "the most between two polls"},
    {"peak_out_bps", "bit/s wire", "the most between two polls"},
    {"peak_packets", "packets", "in all queues at one poll, at most"},
    {0}};

const ComponentClass monitor_class = {
    .name = "monitor",
    .text = "polls a slice's counters through the management processors",
    .ports = "none",
    .size = sizeof(Monitor),
    .params = monitor_params,
    .create = monitor_create,
    .start = monitor_start,
    .doubts = monitor_doubts,
    .scalars = monitor_scalars,
    .report = monitor_report,
    .free = monitor_free,
};
