/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The server: its parameters, its addresses and ports, boot, tasks of the host, accounts.
 *
 * The outer headers are removed here, by the fast path's own Decap, and choose guest and socket;
 * so a socket buffer that is full drops a packet on which all of that was spent.
 *
 * Several cores: guest n stays on core n mod cores; `serial` of the kernel's work on a packet, in
 * softirq and in system calls, is under locks that one core holds at a time, and cores that wait
 * for them spin. */
#include "components/gpe/server.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "components/causes.h"
#include "components/gpe/cp.h"
#include "components/gpe/daemon.h"
#include "components/linecard/linecard.h"
#include "fastpath/headers.h"

/* Packets ---------------------------------------------------------------------------------- */

static void gpe_receive(Component *c, unsigned port, Packet *pkt) {
    nic_receive(&((Gpe *)c)->nics, port, pkt);
}

static void deliver(Component *c, Packet *pkt) {
    Gpe *g = (Gpe *)c;
    if (pkt->port == g->control.number) {
        if (g->stack && stack_receive(g->stack, pkt->port, pkt)) return;
        control_port_receive(&g->control, GPE_DROP_CONTROL, pkt);
        return;
    }
    FpPacket fp = {.bytes = pkt->data, .length = pkt->length, .original = pkt->length};
    g->log.n = 0;
    if (fp_decap(g->tables, &fp, &g->log) != FP_DROP && !packet_detached(pkt)) {
        Guest *guest = g->guest[fp.slice];
        packet_carry(pkt, guest->tenant);
        guest->receive(guest, &fp, pkt);
        return;
    }
    if (g->stack && !packet_detached(pkt) && stack_receive(g->stack, pkt->port, pkt)) return;
    if (g->unbound && !packet_detached(pkt) && fp.reason != FP_DETACHED) {
        g->unbound(g, pkt);
        return;
    }
    component_drop(c,
                   packet_detached(pkt) || fp.reason == FP_DETACHED ? GPE_DROP_DETACHED
                   : fp.reason == FP_NO_SLICE                       ? GPE_DROP_NO_SOCKET
                                                                    : GPE_DROP_OUTER,
                   pkt);
}

/* As softirq would find. */
static Tenant *whose(Component *c, const Packet *pkt) {
    const Gpe *g = (const Gpe *)c;
    FpPacket fp = {.bytes = pkt->data, .length = pkt->length, .original = pkt->length};
    FpLog log;
    if (pkt->port == g->control.number) return NULL;
    log.cost = g->log.cost;
    log.n = 0;
    return fp_decap(g->tables, &fp, &log) == FP_DROP ? NULL : g->guest[fp.slice]->tenant;
}

void gpe_transmit(Gpe *g, unsigned interface, Packet *pkt) {
    if (!*g->linecard) packet_carry(pkt, NULL); /* it leaves the node */
    nic_transmit(&g->nics, interface % (unsigned)g->nics.n, pkt);
}

/* TCP -------------------------------------------------------------------------------------- */

static void stack_sends(void *user, unsigned port, Packet *pkt, void *owner) {
    Gpe *g = user;
    packet_carry(pkt, *g->linecard ? owner : NULL);
    packet_charge(pkt, CAUSE_HOST, sim_now(g->base.sim));
    nic_transmit(&g->nics, port, pkt);
}

Stack *gpe_stack(Gpe *g) {
    gpe_begin(g);
    if (!g->stack) g->stack = stack_new(&g->base, &g->tcp, stack_sends, g);
    return g->stack;
}

StackWay gpe_way(Gpe *g, const Guest *guest, unsigned interface, uint16_t vlan) {
    const FpInterface *f = fp_interface(g->tables, interface);
    StackWay way;
    stack_way(&way, interface % (unsigned)g->nics.n, f->next_mac, f->mac, vlan);
    way.owner = guest->tenant;
    return way;
}

StackWay gpe_control_way(Gpe *g, const Guest *guest, const Gpe *to) {
    StackWay way;
    stack_way(&way, g->control.number, to->control.mac, g->control.mac, 0);
    way.owner = guest->tenant;
    return way;
}

/* Life ------------------------------------------------------------------------------------- */

static void root_wakes(Sim *sim, SimEvent *event) {
    Gpe *g = (Gpe *)(void *)((char *)event - offsetof(Gpe, root));
    uint64_t n = g->kernel.n_cores;
    Core *k = &g->kernel.core[n > 1 ? random_below(&g->random, n) : 0];
    if (!k->work[LAYER_ROOT].active) {
        core_charge(k);
        core_begin(k, LAYER_ROOT, g->root_time);
        core_dispatch(k);
    }
    double gap = random_exponential(&g->random) * (double)(SIM_S / g->root_rate);
    sim_schedule(sim, event, (SimTime)gap + 1);
}

static int by_place(const void *a, const void *b) {
    const Guest *x = *(Guest *const *)a, *y = *(Guest *const *)b;
    if (x->place != y->place) return x->place < y->place ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

static void boot(Sim *sim, SimEvent *event) {
    Gpe *g = (Gpe *)(void *)((char *)event - offsetof(Gpe, boot));
    (void)sim;
    Guest *order[GPE_MAX_VSERVERS];
    unsigned n = 0, active;
    for (unsigned i = 0; i < GPE_MAX_VSERVERS; i++)
        if (g->guest[i]) order[n++] = g->guest[i];
    qsort(order, n, sizeof *order, by_place);
    active = g->active && g->active < n ? (unsigned)g->active : n;
    for (unsigned i = 0; i < active; i++) process_start(&order[i]->process);
    g->booted = true;
    kernel_resched(&g->kernel);
}

static void prepare_interfaces(Gpe *g) {
    for (unsigned i = 0; i < g->n_interfaces; i++) {
        FpInterface *f = fp_interface(g->tables, i);
        f->address = g->address + i;
        memcpy(f->mac, g->mac, MAC_BYTES);
        memcpy(f->next_mac, g->next_mac, MAC_BYTES);
        f->mac[5] = (uint8_t)(f->mac[5] + i);
        f->next_mac[5] = (uint8_t)(f->next_mac[5] + i);
    }
}

/* On a line card: take addresses from it. Guests may start before their server, so they bring it
 * about as well. */
static bool attach(Gpe *g, GError **error) {
    if (!*g->linecard || g->attached) return true;
    if (!linecard_addresses(&g->base, g->linecard, g->tables, (unsigned)g->n_interfaces, error))
        return false;
    return g->attached = true;
}

typedef struct {
    uint32_t address;
    uint16_t port;
} GuestPort;

/* Its process has run on one server and goes on at another: each has its part of the time. */
static void move(Guest *guest, Gpe *to) {
    Gpe *from = guest->host;
    SimTime ran = guest->process.charged[PHASE_RUNNING];
    if (from == to) return;
    if (from) {
        from->moved += ran - guest->before;
        g_ptr_array_remove(from->everybody, guest);
    }
    guest->host = to;
    guest->before = ran;
    g_ptr_array_add(to->everybody, guest);
}

bool gpe_host(Gpe *g, Guest *guest, GError **error) {
    if (!attach(g, error)) return false;
    gpe_begin(g);
    if (!intervals_take(g->numbers, 1, 0, &guest->number))
        return input_error(error, "%s has its %" G_GUINT64_FORMAT " vServers already", g->base.name,
                           g->max_vservers);
    g->n_guests++;
    g->guest[guest->number] = guest;
    guest->ports = g_array_new(FALSE, FALSE, sizeof(GuestPort));
    guest->filters = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    move(guest, g);
    return true;
}

bool gpe_bind(Gpe *g, Guest *guest, unsigned interface, uint32_t address, uint16_t port) {
    GuestPort bound = {address, port};
    if (!fp_bind_port(g->tables, guest->number, interface, address, port)) return false;
    g_array_append_val(guest->ports, bound);
    return true;
}

bool gpe_filter(Gpe *g, Guest *guest, const uint8_t *key, const uint8_t *mask,
                const FpResult *result) {
    uint32_t position;
    if (!intervals_take(g->positions, 1, 0, &position)) return false;
    if (fp_filter_insert(g->tables, guest->number, position, key, mask, result) != FP_INSERTED) {
        intervals_give(g->positions, position, 1);
        return false;
    }
    g_array_append_val(guest->filters, position);
    return true;
}

void gpe_admit(Gpe *g, Guest *guest) {
    if (g->base.recorder && !guest->process.track)
        process_record(&guest->process, &g->kernel, g->base.track, guest->name);
    process_add(&guest->process, &g->kernel, guest->number % (unsigned)g->kernel.n_cores);
    if (!g->booted) return;
    process_start(&guest->process);
    kernel_resched(&g->kernel);
}

static void port_back(void *user, uint32_t address, uint32_t port) {
    Gpe *g = user;
    fp_unbind_port(g->tables, address, (uint16_t)port);
    g->n_resting_ports--;
}

static void number_back(void *user, uint32_t number, uint32_t n) {
    Gpe *g = user;
    *fp_slice(g->tables, number) = (FpSlice){0};
    g->n_resting--;
    intervals_give(g->numbers, number, n);
}

static void gone(Process *p) {
    Guest *guest = (Guest *)(void *)((char *)p - offsetof(Guest, process));
    tenant_hold(guest->tenant, -1);
}

static void rest_port(Gpe *g, Guest *guest, unsigned n) {
    GuestPort b = g_array_index(guest->ports, GuestPort, n);
    g_array_remove_index(guest->ports, n);
    fp_close_port(g->tables, b.address, b.port);
    g->n_resting_ports++;
    tenant_return(guest->tenant, port_back, g, b.address, b.port);
}

bool gpe_unbind(Gpe *g, Guest *guest, uint32_t address, uint16_t port) {
    for (unsigned i = 0; i < guest->ports->len; i++) {
        const GuestPort *b = &g_array_index(guest->ports, GuestPort, i);
        if (b->address != address || b->port != port) continue;
        rest_port(g, guest, i);
        return true;
    }
    return false;
}

void gpe_evict(Gpe *g, Guest *guest) {
    Process *p = &guest->process;
    for (unsigned i = 0; i < guest->filters->len; i++) {
        uint32_t position = g_array_index(guest->filters, uint32_t, i);
        fp_filter_remove(g->tables, guest->number, position);
        intervals_give(g->positions, position, 1);
    }
    g->guest[guest->number] = NULL;
    g->n_guests--;
    tenant_hold(guest->tenant, 1);
    while (guest->ports->len) rest_port(g, guest, 0);
    g->n_resting++;
    tenant_return(guest->tenant, number_back, g, guest->number, 1);
    g_array_unref(g_steal_pointer(&guest->ports));
    g_array_unref(g_steal_pointer(&guest->filters));
    if (p->there)
        process_end(p, gone);
    else
        tenant_hold(guest->tenant, -1);
}

Gpe *gpe_of(Component *c) {
    return c->class == &gpe_class || c->class == &cp_class ? (Gpe *)c : NULL;
}

ControlPort *gpe_control(Gpe *g) {
    return &g->control;
}

void gpe_leads_to(Gpe *g, unsigned interface) {
    g->leads_to |= 1u << interface;
    if (*g->linecard) linecard_leads_to(linecard_find(&g->base, g->linecard, NULL), interface);
}

static bool gpe_create(Component *c, GError **error) {
    static const uint16_t free_of_charge[FP_N_SITES];
    Gpe *g = (Gpe *)c;
    c->n_ports = (unsigned)g->nics.n;
    control_port_init(&g->control, c, g->mac);
    g->tables = fp_tables_new(TCAM_MAX_ENTRIES);
    g->everybody = g_ptr_array_new();
    g->numbers = intervals_new((uint32_t)g->max_vservers);
    g->positions = intervals_new(TCAM_MAX_ENTRIES);
    g->log.cost = free_of_charge;
    prepare_interfaces(g);
    if (g->tokens) {
        g->share.min = g->share.max = g->share.initial = g->tokens;
        g->share.rate = g->tokens_rate;
    }
    SchedSettings settings = {.interval = g->interval,
                              .slice = MAX(g->slice / g->kernel.tick_period, 1),
                              .idle_skip = g->idle_skip,
                              .wake_preempts = g->wake_preempts};
    if (!sched_share_check(&g->share, &settings, error)) return false;
    Sched *sched = &g->kernel.sched;
    if (!error_of_key(
            sched_init(sched, g->scheduler, (unsigned)g->kernel.n_cores, &settings, error),
            "scheduler", error))
        return false;
    component_random(c, "scheduler", &sched->random);
    g->nics.drop_rx = GPE_DROP_RX_RING;
    g->nics.drop_tx = GPE_DROP_TX_RING;
    g->nics.deliver = deliver;
    g->nics.whose = whose;
    kernel_init(&g->kernel, &nic_handlers, &g->nics, c->sim, &c->owner);
    nics_init(&g->nics, c, &g->kernel);
    return true;
}

/* Interface i is reached through port i mod ports. */
static bool gpe_station(const Component *c, unsigned port, unsigned n, uint8_t mac[6]) {
    const Gpe *g = (const Gpe *)c;
    uint64_t interface = port + n * g->nics.n;
    if (port == g->control.number) return control_port_station(&g->control, n, mac);
    if (interface >= g->n_interfaces) return false;
    memcpy(mac, fp_interface(g->tables, (unsigned)interface)->mac, MAC_BYTES);
    return true;
}

void gpe_begin(Gpe *g) {
    Component *c = &g->base;
    if (g->runs || !g->ready) return;
    g->runs = true;
    g->started = sim_now(c->sim);
    sim_schedule(c->sim, &g->boot, 0);
    if (g->root_rate) {
        double gap = random_exponential(&g->random) * (double)(SIM_S / g->root_rate);
        sim_schedule(c->sim, &g->root, (SimTime)gap + 1);
    }
    kernel_start(&g->kernel);
}

static bool gpe_start(Component *c, GError **error) {
    Gpe *g = (Gpe *)c;
    if (!attach(g, error)) return false;
    if (c->recorder) kernel_record(&g->kernel, c->recorder, c->track);
    component_random(c, "root", &g->random);
    sim_event_init(&g->boot, boot, &c->owner);
    sim_event_init(&g->root, root_wakes, &c->owner);
    for (unsigned i = 0; !g->waits && i < g->nics.n; i++) {
        g_autofree char *gauge = g_strdup_printf("nic%u", i);
        component_gauge(c, gauge, gauge_queue, &g->nics.nic[i].ring);
    }
    g->ready = true;
    if (!g->waits || g->n_guests || g->daemons || g->stack) gpe_begin(g);
    return true;
}

/* Whose routes lead to an interface, when packets come in. */
static bool gpe_sends(const Component *c, unsigned port) {
    const Gpe *g = (const Gpe *)c;
    bool leads = false, fed = false;
    if (port == g->control.number) return false;
    for (unsigned i = 0; i < g->nics.n; i++) fed |= port_fed(c, i);
    for (unsigned i = port; i < g->n_interfaces; i += (unsigned)g->nics.n)
        leads |= g->leads_to >> i & 1;
    return leads && fed;
}

static const char *gpe_unused(const Component *c, const char *key) {
    static const char *const shares[] = {"rate", "min", "max", "initial", NULL};
    const Gpe *g = (const Gpe *)c;
    if (g->tokens && g_strv_contains(shares, key)) return "tokens and tokens_rate are used instead";
    if (!g->tokens && !strcmp(key, "tokens_rate")) return "it goes with tokens, which is default";
    bool own = !strcmp(key, "address") || !strcmp(key, "next_mac");
    return own && *g->linecard ? "its line card's is used" : NULL;
}

static void gpe_doubts(const Component *c, SimTime end, GPtrArray *sentences) {
    const Gpe *g = (const Gpe *)c;
    (void)end;
    if (g->active > g->n_guests)
        g_ptr_array_add(
            sentences, g_strdup_printf("active: found %" G_GUINT64_FORMAT
                                       ", but %s has %u vServers: all of them run; set %u or less, "
                                       "or add vServers",
                                       g->active, c->name, g->n_guests, g->n_guests));
    if (g->slice < g->kernel.tick_period)
        g_ptr_array_add(
            sentences,
            g_strdup_printf("slice: found %g ms, but a task runs for a tick of %g ms at "
                            "least; set a shorter tick",
                            (double)g->slice / 1e9, (double)g->kernel.tick_period / 1e9));
}

static bool gpe_choice(unsigned n, Choice *choice) {
    const SchedOps *ops = sched_nth(n);
    if (ops) *choice = (Choice){"scheduler", ops->name, ops->text, ops->params, NULL};
    return ops != NULL;
}

static Guest *guest_at(const Gpe *g, unsigned n) {
    return g->everybody->pdata[n];
}

static void gpe_stop(Component *c) {
    Gpe *g = (Gpe *)c;
    daemons_end(g->daemons);
    for (unsigned i = 0; i < g->kernel.n_cores; i++) core_charge(&g->kernel.core[i]);
    for (unsigned i = 0; i < g->everybody->len; i++) process_charge(&guest_at(g, i)->process);
}

static bool unequal(GError **error, const Gpe *g, const char *what, unsigned n, SimTime found,
                    SimTime expected) {
    if (found == expected) return false;
    invariant_error(error, "%s: %s %u: %" G_GUINT64_FORMAT " ps, expected %" G_GUINT64_FORMAT " ps",
                    g->base.name, what, n, found, expected);
    return true;
}

GpeOccupancy gpe_occupancy(const Gpe *g) {
    return (GpeOccupancy){.guests = intervals_n(g->numbers) - intervals_n_free(g->numbers),
                          .ports = fp_ports(g->tables),
                          .filters = tcam_used(fp_tcam(g->tables))};
}

/* What guests hold and what is in quarantine are all that is taken. */
static bool guests_check(const Gpe *g, GError **error) {
    GpeOccupancy taken = gpe_occupancy(g),
                 held = {.guests = g->n_resting + g->n_guests, .ports = g->n_resting_ports};
    for (unsigned i = 0; i < GPE_MAX_VSERVERS; i++) {
        held.ports += g->guest[i] ? g->guest[i]->ports->len : 0;
        held.filters += g->guest[i] ? g->guest[i]->filters->len : 0;
    }
    return (taken.guests == held.guests && taken.ports == held.ports &&
            taken.filters == held.filters &&
            TCAM_MAX_ENTRIES - intervals_n_free(g->positions) == held.filters) ||
           invariant_error(error,
                           "%s: %" G_GUINT64_FORMAT " guests, %" G_GUINT64_FORMAT
                           " ports and %" G_GUINT64_FORMAT " filters are taken, but "
                           "%" G_GUINT64_FORMAT ", %" G_GUINT64_FORMAT " and %" G_GUINT64_FORMAT
                           " are held or in quarantine",
                           g->base.name, taken.guests, taken.ports, taken.filters, held.guests,
                           held.ports, held.filters);
}

/* Every core's time adds up to what has passed, every layer's to the work that was begun less what
 * is left of it, and the vServers' to both. */
static bool gpe_check(Component *c, GError **error) {
    Gpe *g = (Gpe *)c;
    SimTime elapsed = sim_now(c->sim) - g->started, tasks = 0, running = g->moved;
    if (!guests_check(g, error)) return false;
    for (unsigned i = 0; i < g->kernel.n_cores; i++) {
        const Core *k = &g->kernel.core[i];
        SimTime sum = 0;
        for (unsigned l = 0; l < N_LAYERS; l++) sum += k->charged[l];
        if (unequal(error, g, "time of core", i, sum, elapsed)) return false;
        for (unsigned l = 0; l < LAYER_TASK; l++)
            if (unequal(error, g, "work of a layer of core", i, k->charged[l],
                        k->work[l].begun - (k->work[l].active ? k->work[l].remaining : 0)))
                return false;
        tasks += k->charged[LAYER_TASK];
    }
    for (unsigned i = 0; i < g->everybody->len; i++) {
        const Process *p = &guest_at(g, i)->process;
        SimTime sum = 0;
        for (unsigned phase = 0; phase < N_PHASES; phase++) sum += p->charged[phase];
        running += p->charged[PHASE_RUNNING] - guest_at(g, i)->before;
        if (unequal(error, g, "time of vServer", i, sum, process_present(p)) ||
            unequal(error, g, "work of vServer", i, p->charged[PHASE_RUNNING],
                    p->work.begun - (p->work.active ? p->work.remaining : 0)))
            return false;
    }
    return !unequal(error, g, "all vServers,", g->everybody->len, running, tasks);
}

static const struct {
    const char *name;
    double fraction;
} quantiles[] = {{"cycle_p10_ms", 0.1}, {"cycle_p50_ms", 0.5}, {"cycle_p90_ms", 0.9}};

/* Figure 5: the cycle time is n / (n - 1) of the time without the processor. */
static void report_cycles(const Gpe *g, Report *report) {
    Histogram gaps;
    unsigned n = 0;
    histogram_init(&gaps);
    for (unsigned i = 0; i < g->everybody->len; i++) {
        const Process *p = &guest_at(g, i)->process;
        if (!p->gaps) continue;
        histogram_merge(&gaps, p->gaps);
        n++;
    }
    if (n > 1) { /* without a gap there is no statistic of them, which is not zero */
        double scale = gaps.count ? 1e-9 * n / (n - 1) : NAN;
        report_scalar(report, "cycles", (double)gaps.count, "gaps");
        report_scalar(report, "cycle_min_ms", (double)gaps.min * scale, "ms");
        for (unsigned i = 0; i < G_N_ELEMENTS(quantiles); i++)
            report_scalar(report, quantiles[i].name,
                          histogram_at(&gaps, quantiles[i].fraction) * scale, "ms");
        report_scalar(report, "cycle_max_ms", histogram_at(&gaps, 1) * scale, "ms");
        report_histogram(report, "cycle", &gaps, scale, "ms");
        static const char *const column[] = {"fraction"};
        GArray *cdf = g_array_new(FALSE, FALSE, sizeof(double));
        for (unsigned i = 0; i <= 200 && gaps.count; i++) {
            double row[2] = {histogram_at(&gaps, i / 200.0) * scale * 1e-3, i / 200.0};
            g_array_append_vals(cdf, row, 2);
        }
        report_series(report, "cycle_cdf", column, 1, cdf);
    }
    histogram_clear(&gaps);
}

static const char *const layers[] = {"interrupt", "softirq", "root", "switch", "task", "idle"};

/* A layer's time up to now, without a change of the account. */
static SimTime layer_time(const Core *k, Layer layer, SimTime now) {
    return k->charged[layer] + (k->layer == layer ? now - k->since : 0);
}

/* What makes room on a core, by what it is busy with: receiving, or applications. */
static void tell_core(const Gpe *g, unsigned n, SimTime now, Resources *r) {
    const Core *k = &g->kernel.core[n];
    const char *cost = ""; /* of the application that has most of it */
    SimTime ready = 0, most = 0, idle = layer_time(k, LAYER_IDLE, now);
    g_autoptr(GString) note = g_string_new("since the start:");
    for (Layer l = 0; l < LAYER_IDLE; l++)
        g_string_append_printf(note, "%s %s %.0f%%", l ? "," : "", layers[l],
                               now ? 100 * (double)layer_time(k, l, now) / (double)now : 0);
    for (unsigned i = 0; i < g->everybody->len; i++) {
        const Process *p = &guest_at(g, i)->process;
        if (p->task.core != n) continue;
        ready += process_time(p, PHASE_READY, now);
        if (process_time(p, PHASE_RUNNING, now) <= most) continue;
        most = process_time(p, PHASE_RUNNING, now);
        cost = guest_at(g, i)->cost;
    }
    g_autofree char *applications =
        g_strdup_printf("%s send_call receive_call copy_byte poll_call cores", cost);
    bool receives = layer_time(k, LAYER_SOFTIRQ, now) > layer_time(k, LAYER_TASK, now);
    if (2 * layer_time(k, LAYER_SOFTIRQ, now) > now)
        g_string_append(note, "; receiving comes first and has most of it: livelock");
    resources_tell(r,
                   &(Resource){.kind = "core",
                               .does = RESOURCE_SERVES,
                               .port = 0,
                               .place = 100,
                               .used = (double)(now - MIN(idle, now)),
                               .of = (double)now,
                               .waited = (double)ready,
                               .levers = receives
                                             ? "rx_packet rx_byte poll_cost interrupt_cost cores"
                                             : applications,
                               .note = note->str},
                   "core %u", n);
}

static void tell_nic(const Gpe *g, unsigned n, Resources *r) {
    const Nic *nic = &g->nics.nic[n];
    Resource in = {.kind = "ring of a NIC",
                   .does = RESOURCE_HOLDS,
                   .port = (int)n,
                   .place = 1,
                   .used = nic->ring.packets,
                   .of = (double)g->nics.rx_ring,
                   .refused = (double)nic->refused_in,
                   .levers = "rx_ring"},
             out = in;
    out.place = 200;
    out.used = nic->n;
    out.of = (double)g->nics.tx_ring;
    out.refused = (double)nic->refused_out;
    out.levers = "tx_ring";
    resources_tell(r, &in, "NIC %u receive ring", n);
    resources_tell(r, &out, "NIC %u transmit ring", n);
}

static void gpe_resources(const Component *c, Resources *r) {
    const Gpe *g = (const Gpe *)c;
    SimTime now = sim_now(c->sim);
    const Kernel *kernel = &g->kernel;
    for (unsigned i = 0; i < g->nics.n; i++) tell_nic(g, i, r);
    for (unsigned i = 0; i < kernel->n_cores; i++) tell_core(g, i, now, r);
    if (kernel->n_cores == 1) return;
    SimTime ahead = kernel->lock_free > now ? kernel->lock_free - now : 0;
    resources_tell(r,
                   &(Resource){.kind = "kernel's locks",
                               .does = RESOURCE_SERVES,
                               .port = 0,
                               .place = 150,
                               .used = (double)(kernel->lock_used - MIN(ahead, kernel->lock_used)),
                               .of = (double)now,
                               .waited = (double)kernel->lock_waited,
                               .levers = "serial rx_packet send_call receive_call"},
                   "kernel's locks");
}

static void gpe_report(Component *c, Report *report) {
    Gpe *g = (Gpe *)c;
    double elapsed = (double)(sim_now(c->sim) - g->started);
    for (unsigned l = 0; l < N_LAYERS; l++) {
        double sum = 0;
        for (unsigned i = 0; i < g->kernel.n_cores; i++)
            sum += (double)g->kernel.core[i].charged[l];
        g_autofree char *name = g_strconcat("share.", layers[l], NULL);
        report_scalar(report, name, elapsed > 0 ? sum / elapsed / (double)g->kernel.n_cores : NAN,
                      "ratio");
    }
    double switches = 0, ksoftirqd = 0, deferrals = 0, interrupts = 0;
    for (unsigned i = 0; i < g->kernel.n_cores; i++) {
        switches += (double)g->kernel.core[i].switches;
        ksoftirqd += (double)g->kernel.core[i].ksoftirqd;
        deferrals += (double)g->kernel.core[i].deferrals;
    }
    for (unsigned i = 0; i <= g->nics.n; i++) interrupts += (double)g->nics.nic[i].interrupts;
    report_scalar(report, "switches", switches, "switches");
    report_scalar(report, "interrupts", interrupts, "interrupts");
    report_scalar(report, "softirq_deferred", deferrals, "times");
    report_scalar(report, "ksoftirqd", ksoftirqd, "runs");
    report_scalar(report, "lock_waited_us", (double)g->kernel.lock_waited / 1e6, "us");
    report_cycles(g, report);
    if (g->stack) stack_report(g->stack, report);
}

static void gpe_free(Component *c) {
    Gpe *g = (Gpe *)c;
    stack_free(g->stack);
    nics_free(&g->nics);
    daemons_free(g->daemons);
    sched_clear(&g->kernel.sched);
    fp_tables_free(g->tables);
    if (g->everybody) g_ptr_array_unref(g->everybody);
    intervals_free(g->numbers);
    intervals_free(g->positions);
}

static const Param gpe_params[] = {
#define GPE_PORTS "4"
#define GPE_MAC "02:00:00:00:01:00"
#include "components/gpe/params.def"
    {0}};

static const DropReason gpe_drops[] = {GPE_DROPS, {0}};

static const Scalar gpe_scalars[] = {STACK_SCALARS("with an application that speaks TCP"),
#define GPE_WHEN NULL
#include "components/gpe/scalars.def"
                                     {0}};

const ComponentClass gpe_class = {
    .name = "gpe",
    .text = "general-purpose engine: a server blade with PlanetLab's Linux and vServers",
    .ports = "0 .. ports-1: Ethernet, both ways; ports: the control switch",
    .size = sizeof(Gpe),
    .params = gpe_params,
    .drops = gpe_drops,
    .choice = gpe_choice,
    .create = gpe_create,
    .start = gpe_start,
    .receive = gpe_receive,
    .station = gpe_station,
    .stop = gpe_stop,
    .check = gpe_check,
    .verbs = daemon_verbs,
    .understands = daemon_understands,
    .command = daemon_command,
    .sends = gpe_sends,
    .unused = gpe_unused,
    .doubts = gpe_doubts,
    .scalars = gpe_scalars,
    .resources = gpe_resources,
    .report = gpe_report,
    .free = gpe_free,
};
