/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A record for each slice number: what the slice holds. What is given out is lowest first. */
#include "components/npe/npe.h"

#include <string.h>

#include "components/ixp/resources.h"
#include "components/npe/private.h"

enum { FIRST_POSITION = TCAM_MAX_ENTRIES / 4 }; /* the first filter's: there is room before it */

/* A port that is bound at an interface. */
typedef struct {
    unsigned interface;
    uint16_t port;
} NpePort;

/* What slice number n holds. */
typedef struct {
    const NpeSlice *asked; /* NULL: nobody is attached */
    uint32_t n_filters;
    GArray *ports; /* NpePort */
    bool has_queues, has_sram;
} Holding;

struct NpeSlices {
    Intervals *numbers, *queues, *sram, *positions;
    Holding held[FP_MAX_SLICES];
    struct {
        uint32_t numbers, queues, sram, ports;
    } resting; /* in quarantine */
};

/* Attaching ------------------------------------------------------------------------------- */

/* One past the highest number that is taken. */
static unsigned numbers_end(const NpeSlices *s) {
    uint32_t low, end;
    intervals_taken(s->numbers, &low, &end);
    return end;
}

static bool take_number(Npe *npe, uint32_t *number, GError **error) {
    return intervals_take(npe->slices->numbers, 1, 0, number) ||
           input_error(error, "%s has its %u slices already", npe->base.name, FP_MAX_SLICES);
}

/* Without a line card, which has classes with shares, the NPE's interfaces are what is shared. */
static bool share_fits(const Npe *npe, double share, GError **error) {
    double sum = share;
    if (npe_switched(npe)) return true;
    for (unsigned i = 0, end = numbers_end(npe->slices); i < end; i++)
        if (npe->slices->held[i].asked) sum += npe->slices->held[i].asked->share;
    if (sum <= 1 + 1e-9) return true;
    return input_error(
        error,
        "share: found %g%%, which with the others' makes %g%% of each interface of %s, "
        "expected at most 100%% in all",
        share * 100, sum * 100, npe->base.name);
}

/* Every slice has its buffers: what it asked for by number, else an equal part of the rest. */
static uint64_t asked_buffers(const Npe *npe, unsigned *n_equal) {
    uint64_t sum = 0;
    *n_equal = 0;
    for (unsigned i = 0, end = numbers_end(npe->slices); i < end; i++) {
        const NpeSlice *asked = npe->slices->held[i].asked;
        sum += asked ? asked->buffers : 0;
        *n_equal += asked && !asked->buffers;
    }
    return sum;
}

static bool buffers_fit(const Npe *npe, GError **error) {
    unsigned n_equal, all = chip_queue_buffers(&npe->program.chip);
    uint64_t asked = asked_buffers(npe, &n_equal);
    if (asked + n_equal <= all) return true;
    return input_error(error,
                       "buffers: found %" G_GUINT64_FORMAT " with the others', and %u slices that "
                       "share the rest, but %s has %u for queues",
                       asked, n_equal, npe->base.name, all);
}

/* Slices have come or gone: their equal parts of the blocks that run their code. */
static void share_code(Npe *npe) {
    unsigned n = 0;
    for (unsigned i = 0, end = numbers_end(npe->slices); i < end; i++)
        n += npe->slices->held[i].asked != NULL;
    if (n == 1) n = 0;
    uint64_t cycle = (SIM_S + npe->settings.chip.me_clock_hz / 2) / npe->settings.chip.me_clock_hz;
    npe->budget.burst_ps = npe->code_burst;
    npe->budget.part_ps[BUDGET_PARSE] = cycle * n / npe->me_parse;
    npe->budget.part_ps[BUDGET_FORMAT] = cycle * n / npe->me_format;
}

static void share_buffers(Npe *npe) {
    unsigned n_equal;
    uint64_t asked = asked_buffers(npe, &n_equal), all = chip_queue_buffers(&npe->program.chip);
    for (unsigned i = 0, end = numbers_end(npe->slices); i < end; i++) {
        const NpeSlice *a = npe->slices->held[i].asked;
        if (a)
            qm_limit_group(npe->program.qm, i + 1,
                           a->buffers ? a->buffers : (uint32_t)((all - asked) / n_equal));
    }
}

static bool take_queues(Npe *npe, Holding *h, FpSlice *f, GError **error) {
    uint32_t n = h->asked->n_queues, first;
    if (!intervals_take(npe->slices->queues, n, 0, &first))
        return input_error(error, "%u more queues, but %s has %u, of which %u are free", n,
                           npe->base.name, intervals_n(npe->slices->queues),
                           intervals_n_free(npe->slices->queues));
    h->has_queues = true;
    f->queue_base = first;
    f->n_queues = n;
    f->stats_base = (uint16_t)first; /* a queue's counter has its number */
    f->n_stats = (uint16_t)n;
    f->exception_queue = first + n - 1;
    f->queue_interface = h->asked->queue_interface;
    fp_counters_clear(npe->tables, first, n);
    return true;
}

static bool take_sram(Npe *npe, Holding *h, FpSlice *f, GError **error) {
    uint32_t first;
    if (!intervals_take(npe->slices->sram, h->asked->sram_bytes, 0, &first))
        return input_error(error, "sram: found %u bytes, but %s has %u left", h->asked->sram_bytes,
                           npe->base.name, intervals_n_free(npe->slices->sram));
    h->has_sram = true;
    f->sram_base = first;
    f->sram_bytes = h->asked->sram_bytes;
    return true;
}

/* Where it is in the slice's holding, or past its end. */
static unsigned find_port(const Holding *h, unsigned interface, uint16_t port) {
    unsigned k = 0;
    for (; k < h->ports->len; k++) {
        const NpePort *p = &g_array_index(h->ports, NpePort, k);
        if (p->interface == interface && p->port == port) break;
    }
    return k;
}

bool npe_port_bind(Npe *npe, unsigned slice, unsigned interface, uint16_t port, GError **error) {
    Holding *h = &npe->slices->held[slice];
    FpSlice *f = fp_slice(npe->tables, slice);
    NpePort bound = {interface, port};
    uint32_t address = fp_interface(npe->tables, interface)->address;
    if (fp_bind_port(npe->tables, slice, interface, address, port)) {
        g_array_append_val(h->ports, bound);
        if (!f->udp_port) f->udp_port = port;
        return true;
    }
    if (fp_ports(npe->tables) == FP_MAX_PORTS)
        return input_error(error, "udp_port: found %u, but all %u ports of %s are taken", port,
                           FP_MAX_PORTS, npe->base.name);
    bool own = find_port(h, interface, port) < h->ports->len;
    return input_error(error, "udp_port: %s slice of %s has port %u already",
                       own ? "this" : "another", npe->base.name, port);
}

bool npe_port_open(Npe *npe, unsigned slice, uint16_t port, GError **error) {
    GArray *ports = npe->slices->held[slice].ports;
    for (unsigned i = 0; i < npe->n_interfaces; i++) {
        if (npe_port_bind(npe, slice, i, port, error)) continue;
        while (i-- > 0) { /* nobody can have used them */
            fp_unbind_port(npe->tables, fp_interface(npe->tables, i)->address, port);
            g_array_set_size(ports, ports->len - 1);
        }
        return false;
    }
    return true;
}

bool npe_slice_attach(Npe *npe, const NpeSlice *asked, unsigned *slice, GError **error) {
    uint32_t number;
    if (!take_number(npe, &number, error)) return false;
    *slice = number;
    Holding *h = &npe->slices->held[number];
    FpSlice *f = fp_slice(npe->tables, number);
    bool fits = share_fits(npe, asked->share, error);
    *h = (Holding){.asked = asked, .ports = g_array_new(FALSE, FALSE, sizeof(NpePort))};
    *f = (FpSlice){.used = true,
                   .option = asked->option,
                   .vlan = asked->vlan,
                   .udp_port = asked->udp_port,
                   .exception_address = asked->exception_address,
                   .exception_port = asked->exception_port,
                   .exception_interface = npe_switched(npe) ? (uint16_t)npe->n_interfaces : 0};
    f->exception_station = asked->exception_station;
    memcpy(f->exception_mac, asked->exception_mac, sizeof f->exception_mac);
    if (fits && buffers_fit(npe, error) && take_queues(npe, h, f, error) &&
        take_sram(npe, h, f, error) &&
        (!asked->udp_port || npe_port_open(npe, number, asked->udp_port, error))) {
        share_buffers(npe);
        share_code(npe);
        for (unsigned b = 0; b < BUDGET_BLOCKS; b++) npe->budget.clock[b][number] = 0;
        return true;
    }
    npe_slice_detach(npe, number);
    return false;
}

/* Detaching ------------------------------------------------------------------------------- */

static void port_back(void *user, uint32_t interface, uint32_t port) {
    Npe *npe = user;
    fp_unbind_port(npe->tables, fp_interface(npe->tables, interface)->address, (uint16_t)port);
    npe->slices->resting.ports--;
}

static void queues_back(void *user, uint32_t first, uint32_t n) {
    NpeSlices *s = ((Npe *)user)->slices;
    s->resting.queues -= n;
    intervals_give(s->queues, first, n);
}

static void sram_back(void *user, uint32_t first, uint32_t n) {
    Npe *npe = user;
    fp_sram_clear(npe->tables, first, n);
    npe->slices->resting.sram -= n;
    intervals_give(npe->slices->sram, first, n);
}

static void number_back(void *user, uint32_t number, uint32_t n) {
    Npe *npe = user;
    *fp_slice(npe->tables, number) = (FpSlice){0};
    npe->slices->resting.numbers -= n;
    intervals_give(npe->slices->numbers, number, n);
}

static void rest_port(Npe *npe, Holding *h, unsigned k) {
    NpePort p = g_array_index(h->ports, NpePort, k);
    g_array_remove_index(h->ports, k);
    fp_close_port(npe->tables, fp_interface(npe->tables, p.interface)->address, p.port);
    npe->slices->resting.ports++;
    tenant_return(h->asked->tenant, port_back, npe, p.interface, p.port);
}

bool npe_port_unbind(Npe *npe, unsigned slice, unsigned interface, uint16_t port) {
    Holding *h = &npe->slices->held[slice];
    unsigned k = find_port(h, interface, port);
    if (k == h->ports->len) return false;
    rest_port(npe, h, k);
    return true;
}

bool npe_port_close(Npe *npe, unsigned slice, uint16_t port) {
    bool had = false;
    for (unsigned i = 0; i < npe->n_interfaces; i++) had |= npe_port_unbind(npe, slice, i, port);
    return had;
}

static void end_filters(Npe *npe, unsigned slice) {
    uint32_t position = 0;
    TcamWord value, mask;
    while (npe_filter_next(npe, slice, position, &position, &value, &mask))
        npe_filter_remove(npe, slice, position);
}

void npe_slice_detach(Npe *npe, unsigned slice) {
    Holding *h = &npe->slices->held[slice];
    const FpSlice *f = fp_slice(npe->tables, slice);
    Tenant *tenant = h->asked->tenant;
    NpeSlices *s = npe->slices;
    end_filters(npe, slice);
    while (h->ports->len) rest_port(npe, h, 0);
    g_array_unref(h->ports);
    for (unsigned q = 0; h->has_queues && q < f->n_queues; q++) npe_queue_close(npe, slice, q);
    h->asked = NULL;
    share_buffers(npe);
    share_code(npe);
    s->resting.sram += h->has_sram ? f->sram_bytes : 0;
    s->resting.queues += h->has_queues ? f->n_queues : 0;
    s->resting.numbers++;
    if (h->has_sram) tenant_return(tenant, sram_back, npe, f->sram_base, f->sram_bytes);
    if (h->has_queues) tenant_return(tenant, queues_back, npe, f->queue_base, f->n_queues);
    tenant_return(tenant, number_back, npe, slice, 1);
}

Tenant *npe_tenant(const Npe *npe, unsigned slice) {
    return npe->slices->held[slice].asked->tenant;
}

/* Filters --------------------------------------------------------------------------------- */

static bool within_quota(const Npe *npe, unsigned slice, uint32_t n, bool *quota) {
    const Holding *h = &npe->slices->held[slice];
    *quota = h->asked->filters && h->n_filters + n > h->asked->filters;
    return !*quota;
}

bool npe_filter_positions(Npe *npe, unsigned slice, uint32_t n, uint32_t *positions, bool *quota) {
    Intervals *v = npe->slices->positions;
    if (!within_quota(npe, slice, n, quota) || n > intervals_n_free(v)) return false;
    /* Behind the first one as far as there is room, the others before it. */
    uint32_t behind = 0;
    while (behind < n && intervals_take(v, 1, FIRST_POSITION, &positions[behind])) behind++;
    uint32_t before = n - behind;
    memmove(positions + before, positions, behind * sizeof *positions);
    for (uint32_t i = before; i-- > 0;) {
        bool taken = intervals_take_before(v, FIRST_POSITION, &positions[i]);
        g_assert(taken);
    }
    npe->slices->held[slice].n_filters += n;
    return true;
}

bool npe_filter_in_front(Npe *npe, unsigned slice, uint32_t *position, bool *quota) {
    Intervals *v = npe->slices->positions;
    TcamWord value, mask;
    uint32_t first, low, high;
    if (!within_quota(npe, slice, 1, quota)) return false;
    /* In front of everybody's, while there is room. */
    intervals_taken(v, &low, &high);
    if (!intervals_take_before(v, MIN(low, FIRST_POSITION), position) &&
        !(npe_filter_next(npe, slice, 0, &first, &value, &mask)
              ? intervals_take_before(v, first, position)
              : intervals_take(v, 1, 0, position)))
        return false;
    npe->slices->held[slice].n_filters++;
    return true;
}

void npe_filter_give(Npe *npe, unsigned slice, uint32_t position) {
    intervals_give(npe->slices->positions, position, 1);
    npe->slices->held[slice].n_filters--;
}

bool npe_filter_remove(Npe *npe, unsigned slice, uint32_t position) {
    if (!fp_filter_remove(npe->tables, slice, position)) return false;
    npe_filter_give(npe, slice, position);
    return true;
}

bool npe_filter_next(const Npe *npe, unsigned slice, uint32_t from, uint32_t *position,
                     TcamWord *value, TcamWord *mask) {
    uint32_t low, high;
    intervals_taken(npe->slices->positions, &low, &high);
    for (uint32_t p = MAX(from, low); p < high; p++) {
        if (!tcam_get(fp_tcam(npe->tables), p, value, mask) || value->word[0] >> 48 != slice)
            continue;
        *position = p;
        return true;
    }
    return false;
}

uint32_t npe_filters_free(const Npe *npe) {
    return intervals_n_free(npe->slices->positions);
}

/* Queues ---------------------------------------------------------------------------------- */

static unsigned physical(const Npe *npe, unsigned slice, unsigned queue) {
    return fp_slice(npe->tables, slice)->queue_base + queue;
}

void npe_queue_set(Npe *npe, unsigned slice, unsigned queue, unsigned interface, uint32_t quantum,
                   uint32_t packets, uint32_t bytes) {
    unsigned scheduler = interface == FP_NO_INTERFACE
                             ? (unsigned)npe->n_schedulers - 1
                             : qm_block_scheduler(&npe->program.qm_block, interface);
    bool done = qm_set_queue(npe->program.qm, physical(npe, slice, queue), scheduler, quantum,
                             packets, bytes);
    g_assert(done); /* a queue that is opened is empty */
    qm_set_group(npe->program.qm, physical(npe, slice, queue), slice + 1);
}

void npe_queue_set_share(Npe *npe, unsigned slice, unsigned queue, uint32_t quantum, double share) {
    qm_set_share(npe->program.qm, physical(npe, slice, queue), quantum);
    qm_set_guarantee(npe->program.qm, physical(npe, slice, queue), share,
                     (uint32_t)npe->settings.qm.guarantee);
}

void npe_queue_set_limit(Npe *npe, unsigned slice, unsigned queue, uint32_t packets) {
    qm_set_limit(npe->program.qm, physical(npe, slice, queue), packets);
}

uint32_t npe_queue_packets(const Npe *npe, unsigned slice, unsigned queue) {
    return qm_queue_packets(npe->program.qm, physical(npe, slice, queue));
}

void npe_queue_resource(const Npe *npe, unsigned slice, unsigned queue, uint64_t limit_packets,
                        Resources *r) {
    g_autofree char *name = g_strdup_printf("queue %u", queue);
    queue_resource(npe->program.qm, physical(npe, slice, queue), limit_packets, -1,
                   "queue_packets queue_bytes", r, name);
}

void npe_buffers_resource(const Npe *npe, unsigned slice, Resources *r) {
    g_autofree char *levers = g_strdup_printf("buffers %s.buffers", npe->base.name);
    group_resource(npe->program.qm, slice + 1, -1, levers, r, "buffers");
}

void npe_queue_close(Npe *npe, unsigned slice, unsigned queue) {
    unsigned number = fp_slice(npe->tables, slice)->queue_base + queue;
    for (uint32_t handle; (handle = qm_flush_queue(npe->program.qm, number)) != QM_NONE;) {
        ChipPacket *cp = &npe->program.chip.buffers[handle];
        Packet *pkt = cp->pkt;
        rxtx_discard(&npe->program.rxtx, cp);
        component_drop(&npe->base, NPE_DROP_FAST_PATH + FP_DETACHED, pkt);
    }
    qm_close_queue(npe->program.qm, number);
}

/* Accounts -------------------------------------------------------------------------------- */

NpeRoom npe_room(const Npe *npe) {
    double rate = npe->scheduler_rate.per_second;
    return (NpeRoom){.slices = FP_MAX_SLICES,
                     .queues = npe->n_queues,
                     .sram_bytes = FP_SRAM_BYTES,
                     .filters = TCAM_MAX_ENTRIES,
                     .buffers = chip_queue_buffers(&npe->program.chip),
                     .rate_bps = npe->n_interfaces * (uint64_t)(rate + 0.5)};
}

NpeOccupancy npe_occupancy(const Npe *npe) {
    const NpeSlices *s = npe->slices;
    return (NpeOccupancy){.slices = FP_MAX_SLICES - intervals_n_free(s->numbers),
                          .queues = intervals_n(s->queues) - intervals_n_free(s->queues),
                          .sram_bytes = intervals_n(s->sram) - intervals_n_free(s->sram),
                          .filters = tcam_used(fp_tcam(npe->tables)),
                          .ports = fp_ports(npe->tables),
                          .in_queues = qm_held(npe->program.qm),
                          .held = npe->program.rxtx.held};
}

static bool unequal(const Npe *npe, const char *what, uint64_t taken, uint64_t held,
                    GError **error) {
    if (taken == held) return false;
    return !invariant_error(error,
                            "%s: %s: %" G_GUINT64_FORMAT " are taken, but slices and quarantine "
                            "have %" G_GUINT64_FORMAT,
                            npe->base.name, what, taken, held);
}

bool npe_slices_check(const Npe *npe, GError **error) {
    const NpeSlices *s = npe->slices;
    NpeOccupancy taken = npe_occupancy(npe), held = {.slices = s->resting.numbers,
                                                     .queues = s->resting.queues,
                                                     .sram_bytes = s->resting.sram,
                                                     .ports = s->resting.ports};
    for (unsigned i = 0, end = numbers_end(s); i < end; i++) {
        const Holding *h = &s->held[i];
        if (!h->asked) continue;
        held.slices++;
        held.queues += h->asked->n_queues;
        held.sram_bytes += h->asked->sram_bytes;
        held.filters += h->n_filters;
        held.ports += h->ports->len;
    }
    uint64_t positions = TCAM_MAX_ENTRIES - intervals_n_free(s->positions);
    return !unequal(npe, "slices", taken.slices, held.slices, error) &&
           !unequal(npe, "queues", taken.queues, held.queues, error) &&
           !unequal(npe, "bytes of SRAM", taken.sram_bytes, held.sram_bytes, error) &&
           !unequal(npe, "TCAM entries", taken.filters, held.filters, error) &&
           !unequal(npe, "TCAM positions", positions, held.filters, error) &&
           !unequal(npe, "ports", taken.ports, held.ports, error);
}

/* All of it ------------------------------------------------------------------------------- */

void npe_slices_init(Npe *npe) {
    NpeSlices *s = npe->slices = g_new0(NpeSlices, 1);
    s->numbers = intervals_new(FP_MAX_SLICES);
    s->queues = intervals_new((uint32_t)npe->n_queues);
    s->sram = intervals_new(FP_SRAM_BYTES);
    s->positions = intervals_new(TCAM_MAX_ENTRIES);
}

void npe_slices_free(Npe *npe) {
    NpeSlices *s = npe->slices;
    if (!s) return;
    for (unsigned i = 0, end = numbers_end(s); i < end; i++)
        if (s->held[i].asked) g_array_unref(s->held[i].ports);
    intervals_free(s->numbers);
    intervals_free(s->queues);
    intervals_free(s->sram);
    intervals_free(s->positions);
    g_free(s);
}
