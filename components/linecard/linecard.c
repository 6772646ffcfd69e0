/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The line card: two IXP 2850, one for each direction, between the physical interfaces and the data
 * switch.
 *
 *   in   Rx -> Key -> Lookup -> Rewrite -> Queue Manager -> Tx -> switch
 *   out  Rx <- switch; Lookup -> Translate -> Rewrite -> Queue Manager -> Tx
 *
 * Ports 0 .. interfaces - 1 are the physical interfaces, port `interfaces` is the data switch.
 * Each interface has a scheduler each way, each traffic class a queue at each of them. What a host
 * behind the node opens to the outside is translated; the first packet of a flow waits in its
 * buffer until the management processor has found a port for it. Sources: SPP paper 2.2, 2.3, 6;
 * WashU, "High Performance PlanetLab Node: Line Card". Assumed: the microengines' numbers and
 * instruction counts, and that order is kept per interface only. */
#include "components/linecard/linecard.h"

#include <stdio.h>
#include <string.h>

#include "components/ixp/resources.h"
#include "emu/core/intervals.h"
#include "emu/scenario/compose.h"
#include "fastpath/headers.h"
#include "fastpath/text.h"

enum { DROP_MP_RING = CHIP_N_DROPS, DROP_MP_BUSY, DROP_FAST_PATH };
enum { DROP_CONTROL = DROP_FAST_PATH + LC_N_REASONS };

/* A port that a traffic class has bound at an interface. */
typedef struct {
    unsigned interface;
    uint8_t protocol;
    uint16_t port;
} Binding;

typedef struct {
    LcTarget target;
    bool attached;
    Tenant *tenant;
    double share[2][LC_MAX_INTERFACES]; /* in, out */
    GArray *bindings;
} LcClass;

struct LineCard {
    Component base;
    /* settings */
    ProgramSettings settings;
    uint64_t n_interfaces, me_block, ring_block, queue_packets, quantum;
    Rate in_rate, out_rate;
    uint32_t address;
    uint8_t mac[6], next_mac[6], backplane_mac[6];
    char *control_processor;
    Prefix inside;
    uint64_t control_vlan, nat_entries, nat_first_port, nat_ports;
    NatIdle idle;
    SimTime nat_sweep;
    Mp mp;
    ControlPort control;
    /* state */
    LcTables *tables;
    Program in, out;
    LcClass classes[LC_MAX_CLASSES];
    MpClient *clients[LC_MAX_CLASSES]; /* of the management processor, by traffic class */
    Intervals *numbers;                /* of traffic classes */
    unsigned n_resting,
        n_resting_ports; /* in quarantine: traffic classes; ports of those that are not */
    uint8_t backplane[LC_MAX_INTERFACES][6];
    uint32_t leads_to; /* a bit for each interface that routes lead to */
    SimEvent sweep;
    /* counters */
    uint64_t forwarded_in, forwarded_out;
};

/* Blocks ---------------------------------------------------------------------------------- */

static inline bool next(Stage *stage, Context *c, ChipPacket *cp, FpVerdict verdict) {
    if (packet_detached(cp->pkt)) return stage_drop(stage, c, cp, DROP_FAST_PATH + LC_DETACHED);
    return verdict == FP_FORWARD || stage_drop(stage, c, cp, DROP_FAST_PATH + cp->fp.reason);
}

static bool in_key(Stage *stage, Context *c, ChipPacket *cp) {
    const LineCard *lc = stage->user;
    return next(stage, c, cp, lc_in_key(lc->tables, &cp->fp, &c->log));
}

static bool in_lookup(Stage *stage, Context *c, ChipPacket *cp) {
    LineCard *lc = stage->user;
    FpVerdict verdict = lc_in_lookup(lc->tables, &cp->fp, sim_now(lc->base.sim), &c->log);
    if (verdict == FP_FORWARD) packet_carry(cp->pkt, lc->classes[cp->fp.slice].tenant);
    return next(stage, c, cp, verdict);
}

static bool in_rewrite(Stage *stage, Context *c, ChipPacket *cp) {
    LineCard *lc = stage->user;
    if (packet_detached(cp->pkt)) return next(stage, c, cp, FP_DROP);
    lc_in_rewrite(lc->tables, &cp->fp, &c->log);
    lc->forwarded_in++;
    return true;
}

static bool out_lookup(Stage *stage, Context *c, ChipPacket *cp) {
    LineCard *lc = stage->user;
    FpVerdict verdict = lc_out_lookup(lc->tables, &cp->fp, &c->log);
    if (verdict == FP_FORWARD && !cp->pkt->lease)
        packet_carry(cp->pkt, lc->classes[cp->fp.slice].tenant);
    return next(stage, c, cp, verdict);
}

enum { OUT_REWRITE = 2 }; /* the stage behind the translation */

/* The management processor has found a port, or none. */
static void translate(void *user, void *data, SimTime now) {
    LineCard *lc = user;
    ChipPacket *cp = data;
    NatFlow flow;
    FpLog log = {.cost = lc->out.cost};
    LcReason reason = packet_detached(cp->pkt) ? LC_DETACHED : LC_NAT_BAD;
    Packet *pkt = cp->pkt;
    /* SPP 6: by "outgoing TCP control packets"; data of a flow that is not there opens none. */
    if (reason != LC_DETACHED && lc_nat_flow(&cp->fp, &flow) && flow.opens) {
        uint32_t outside = lc_address(lc->tables, cp->fp.result.interface);
        reason = nat_allocate(lc_nat(lc->tables), &flow, outside, (uint16_t)lc->nat_first_port,
                              (uint32_t)lc->nat_ports, now, NULL) == NAT_OK
                     ? LC_OK
                     : LC_NAT_EXHAUSTED;
    }
    if (reason == LC_OK && lc_out_translate(lc->tables, &cp->fp, now, &log) == FP_FORWARD) {
        if (!sim_event_pending(&lc->sweep)) sim_schedule(lc->base.sim, &lc->sweep, lc->nat_sweep);
        if (program_inject(&lc->out, OUT_REWRITE, cp, now)) return;
    }
    rxtx_discard(&lc->out.rxtx, cp);
    component_drop(&lc->base, reason == LC_OK ? DROP_MP_RING : DROP_FAST_PATH + reason, pkt);
}

/* A class's translations wait in a queue of their own. */
static MpClient *client_of(LineCard *lc, unsigned class) {
    if (!lc->clients[class]) lc->clients[class] = mp_client(&lc->mp);
    return lc->clients[class];
}

static bool out_translate(Stage *stage, Context *c, ChipPacket *cp) {
    LineCard *lc = stage->user;
    SimTime now = sim_now(lc->base.sim);
    Packet *pkt = cp->pkt;
    FpVerdict verdict = lc_out_translate(lc->tables, &cp->fp, now, &c->log);
    if (verdict != FP_EXCEPTION) return next(stage, c, cp, verdict);
    context_leave(c, CAUSE_HOST, now);
    if (!mp_submit(&lc->mp, client_of(lc, cp->fp.slice), translate, lc, cp, NULL)) {
        rxtx_discard(&lc->out.rxtx, cp);
        component_drop(&lc->base, DROP_MP_BUSY, pkt);
    }
    return false;
}

static bool out_rewrite(Stage *stage, Context *c, ChipPacket *cp) {
    LineCard *lc = stage->user;
    if (packet_detached(cp->pkt)) return next(stage, c, cp, FP_DROP);
    lc_out_rewrite(lc->tables, &cp->fp, &c->log);
    lc->forwarded_out++;
    return true;
}

static unsigned to_switch(void *user, const ChipPacket *cp) {
    (void)cp;
    return (unsigned)((const LineCard *)user)->n_interfaces;
}

static unsigned to_interface(void *user, const ChipPacket *cp) {
    (void)user;
    packet_carry(cp->pkt, NULL); /* it leaves the node */
    return cp->fp.result.interface;
}

/* As Key and Lookup would find. */
static Tenant *in_whose(void *user, const Packet *pkt) {
    LineCard *lc = user;
    FpPacket fp = {.bytes = pkt->data,
                   .length = pkt->length,
                   .original = pkt->length,
                   .rx_interface = (uint16_t)pkt->port};
    FpLog log;
    unsigned class;
    log.cost = lc->in.cost;
    log.n = 0;
    bool bound = lc_in_key(lc->tables, &fp, &log) != FP_DROP && lc_bound(lc->tables, &fp, &class);
    return bound ? lc->classes[class].tenant : NULL;
}

/* Set-up ---------------------------------------------------------------------------------- */

static const ProgramBlock in_blocks[] = {
    BLOCK_RX(LineCard, settings),
    BLOCK_STAGE("key", LineCard, me_block, "rx", settings.rxtx.ring_rx, 0, in_key),
    BLOCK_STAGE("lookup", LineCard, me_block, "key-lookup", ring_block, 6, in_lookup),
    BLOCK_STAGE("rewrite", LineCard, me_block, "lookup-rewrite", ring_block, 6, in_rewrite),
    BLOCK_QM(LineCard, settings),
    BLOCK_TX(LineCard, settings, "qm-tx"),
    {0}};
static const ProgramBlock out_blocks[] = {
    BLOCK_RX(LineCard, settings),
    BLOCK_STAGE("lookup", LineCard, me_block, "rx", settings.rxtx.ring_rx, 0, out_lookup),
    BLOCK_STAGE("nat", LineCard, me_block, "lookup-nat", ring_block, 6, out_translate),
    BLOCK_STAGE("rewrite", LineCard, me_block, "nat-rewrite", ring_block, 6, out_rewrite),
    BLOCK_QM(LineCard, settings),
    BLOCK_TX(LineCard, settings, "qm-tx"),
    {0}};

static bool build(LineCard *lc, Program *p, const char *label, const ProgramBlock *blocks,
                  TxPort *port, const Rate *rate, GError **error) {
    unsigned n = (unsigned)lc->n_interfaces;
    *p = (Program){.blocks = blocks,
                   .settings = &lc->settings,
                   .label = label,
                   .user = lc,
                   .port = port,
                   .whose = port == to_switch ? in_whose : NULL,
                   .drop_detached = DROP_FAST_PATH + LC_DETACHED,
                   .n_schedulers = n,
                   .n_queues = LC_MAX_CLASSES * n,
                   .rate_bps = (uint64_t)rate->per_second};
    return program_build(p, &lc->base, error);
}

static void set_interfaces(LineCard *lc) {
    uint8_t mac[MAC_BYTES], next_mac[MAC_BYTES], backplane[MAC_BYTES];
    memcpy(mac, lc->mac, MAC_BYTES);
    memcpy(next_mac, lc->next_mac, MAC_BYTES);
    memcpy(backplane, lc->backplane_mac, MAC_BYTES);
    for (unsigned i = 0; i < lc->n_interfaces; i++) {
        lc_set_interface(lc->tables, i, lc->address + i, mac, next_mac, backplane);
        memcpy(lc->backplane[i], backplane, MAC_BYTES);
        mac[5]++;
        next_mac[5]++;
        backplane[5]++;
    }
    if (lc->inside.given) lc_set_inside(lc->tables, lc->inside.address, lc->inside.length);
}

static bool lc_create(Component *c, GError **error) {
    LineCard *lc = (LineCard *)c;
    c->n_ports = (unsigned)lc->n_interfaces + 1;
    if (lc->nat_first_port + lc->nat_ports > 65536)
        return input_error(error,
                           "nat_ports: found %" G_GUINT64_FORMAT " from %" G_GUINT64_FORMAT
                           ", expected a range that ends by 65535",
                           lc->nat_ports, lc->nat_first_port);
    lc->tables = lc_tables_new((unsigned)lc->n_interfaces, (unsigned)lc->nat_entries);
    if (!lc->tables) return input_error(error, "not enough memory for its tables");
    uint32_t control; /* traffic class 0 */
    lc->numbers = intervals_new(LC_MAX_CLASSES);
    intervals_take(lc->numbers, 1, 0, &control);
    mp_init(&lc->mp, c);
    set_interfaces(lc);
    if (!build(lc, &lc->in, "in", in_blocks, to_switch, &lc->in_rate, error) ||
        !build(lc, &lc->out, "out", out_blocks, to_interface, &lc->out_rate, error))
        return false;
    control_port_init(&lc->control, c, lc->backplane_mac); /* none of the chips' */
    return true;
}

static unsigned queue_of(const LineCard *lc, unsigned class, unsigned interface) {
    return class * (unsigned)lc->n_interfaces + interface;
}

static Program *side_of(LineCard *lc, bool out) {
    return out ? &lc->out : &lc->in;
}

/* A tenth of an interface is one quantum. */
static uint32_t quantum(const LineCard *lc, double share) {
    double bytes = share > 0 ? share * 10 * (double)lc->quantum : (double)lc->quantum;
    return MAX(1, (uint32_t)bytes);
}

/* One past the highest that is taken. */
static unsigned classes_end(const LineCard *lc) {
    uint32_t low, end;
    intervals_taken(lc->numbers, &low, &end);
    return end;
}

/* Every traffic class has an equal part of the buffers, each way. */
static void share_buffers(LineCard *lc) {
    unsigned n = 1, end = classes_end(lc);
    for (unsigned i = 1; i < end; i++) n += lc->classes[i].attached;
    for (unsigned out = 0; out < 2; out++) {
        Program *p = side_of(lc, out);
        uint32_t part = chip_queue_buffers(&p->chip) / n;
        for (unsigned i = 0; i < end; i++)
            if (i == 0 || lc->classes[i].attached) qm_limit_group(p->qm, i, MAX(1, part));
    }
}

static void open_queues(LineCard *lc, unsigned class, double share) {
    for (unsigned i = 0; i < lc->n_interfaces; i++)
        for (unsigned out = 0; out < 2; out++) {
            Program *p = side_of(lc, out);
            bool done =
                qm_set_queue(p->qm, queue_of(lc, class, i), qm_block_scheduler(&p->qm_block, i),
                             quantum(lc, share), (uint32_t)lc->queue_packets, 0);
            g_assert(done); /* there is one for every traffic class, and it is empty */
            qm_set_group(p->qm, queue_of(lc, class, i), class);
            qm_set_guarantee(p->qm, queue_of(lc, class, i), share,
                             (uint32_t)lc->settings.qm.guarantee);
        }
}

static void close_queues(LineCard *lc, unsigned class) {
    for (unsigned i = 0; i < lc->n_interfaces; i++)
        for (unsigned out = 0; out < 2; out++) {
            Program *p = side_of(lc, out);
            unsigned queue = queue_of(lc, class, i);
            for (uint32_t handle; (handle = qm_flush_queue(p->qm, queue)) != QM_NONE;) {
                ChipPacket *cp = &p->chip.buffers[handle];
                Packet *pkt = cp->pkt;
                rxtx_discard(&p->rxtx, cp);
                component_drop(&lc->base, DROP_FAST_PATH + LC_DETACHED, pkt);
            }
            qm_close_queue(p->qm, queue);
        }
}

static void sweep(Sim *sim, SimEvent *event) {
    LineCard *lc = (LineCard *)(void *)((char *)event - offsetof(LineCard, sweep));
    nat_expire(lc_nat(lc->tables), sim_now(sim), &lc->idle, UINT32_MAX);
    if (nat_used(lc_nat(lc->tables))) sim_schedule(sim, event, lc->nat_sweep);
}

static bool lc_start(Component *c, GError **error) {
    LineCard *lc = (LineCard *)c;
    if (*lc->control_processor) {
        Component *cp = network_find(c->network, lc->control_processor);
        LcTarget target = {.vlan = (uint16_t)lc->control_vlan};
        if (!cp || !cp->class->station || !cp->class->station(cp, 0, 0, target.mac))
            return input_error(
                error,
                "control_processor: found \"%s\", expected a component with a MAC address "
                "on the data switch",
                lc->control_processor);
        lc_set_default(lc->tables, &target);
        open_queues(lc, 0, 0);
    }
    sim_event_init(&lc->sweep, sweep, &c->owner);
    return program_start(&lc->in, error) && program_start(&lc->out, error);
}

static bool lc_station(const Component *c, unsigned port, unsigned n, uint8_t mac[6]) {
    const LineCard *lc = (const LineCard *)c;
    if (port == lc->control.number) return control_port_station(&lc->control, n, mac);
    if (port != lc->n_interfaces || n >= lc->n_interfaces) return false;
    memcpy(mac, lc->backplane[n], MAC_BYTES);
    return true;
}

/* For slices ------------------------------------------------------------------------------ */

LineCard *linecard_find(Component *c, const char *name, GError **error) {
    Component *lc = network_find(c->network, name);
    if (lc && lc->class == &linecard_class) return (LineCard *)lc;
    input_error(error, "linecard: found \"%s\", expected the name of a linecard", name);
    return NULL;
}

bool linecard_addresses(Component *blade, const char *name, FpTables *tables, unsigned n_interfaces,
                        GError **error) {
    LineCard *lc = linecard_find(blade, name, error);
    if (!lc) return false;
    if (lc->n_interfaces < n_interfaces)
        return input_error(error, "interfaces: found %u, but %s has %" G_GUINT64_FORMAT,
                           n_interfaces, name, lc->n_interfaces);
    uint32_t inside = port_speed(blade, 0).mtu;
    for (unsigned i = 0; i < n_interfaces; i++) {
        FpInterface *f = fp_interface(tables, i);
        f->address = lc_address(lc->tables, i);
        memcpy(f->next_mac, lc->backplane[i], MAC_BYTES);
        uint32_t outside = port_speed(&lc->base, i).mtu;
        fp_set_mtu(tables, i, outside && (!inside || outside < inside) ? outside : inside);
    }
    return true;
}

unsigned linecard_translation_ports(const LineCard *lc, uint16_t *first) {
    *first = (uint16_t)lc->nat_first_port;
    return lc->inside.given ? (unsigned)lc->nat_ports : 0;
}

Mp *linecard_mp(LineCard *lc) {
    return &lc->mp;
}

ControlPort *linecard_control(LineCard *lc) {
    return &lc->control;
}

unsigned linecard_interfaces(const LineCard *lc) {
    return (unsigned)lc->n_interfaces;
}

void linecard_leads_to(LineCard *lc, unsigned interface) {
    lc->leads_to |= 1u << interface;
}

static bool lc_sends(const Component *c, unsigned port) {
    const LineCard *lc = (const LineCard *)c;
    if (port < lc->n_interfaces)
        return (lc->leads_to >> port & 1) && port_fed(c, (unsigned)lc->n_interfaces);
    bool fed = false;
    for (unsigned i = 0; i < lc->n_interfaces; i++) fed |= port_fed(c, i);
    return port != lc->control.number && fed &&
           (intervals_n_free(lc->numbers) < LC_MAX_CLASSES - 1 || *lc->control_processor);
}

static const char *lc_unused(const Component *c, const char *key) {
    const LineCard *lc = (const LineCard *)c;
    if (!strcmp(key, "control_vlan") && !*lc->control_processor)
        return "control_processor would use it, which is empty";
    if (g_str_has_prefix(key, "nat_") && !lc->inside.given)
        return "inside would use it, which is empty";
    return program_unused(&lc->in, key);
}

QmCounts linecard_counts(const LineCard *lc, bool out, unsigned class, unsigned interface) {
    return qm_queue_counts(out ? lc->out.qm : lc->in.qm,
                           class * (unsigned)lc->n_interfaces + interface);
}

/* Besides those of other traffic classes than `class`; 0: of all. */
static bool share_fits(const LineCard *lc, unsigned class, unsigned interface, bool out,
                       double share, GError **error) {
    double sum = share;
    for (unsigned i = 1, end = classes_end(lc); i < end; i++)
        if (lc->classes[i].attached && i != class) sum += lc->classes[i].share[out][interface];
    if (sum <= 1 + 1e-9) return true;
    g_autofree char *where =
        class ? g_strdup_printf("interface %u", interface) : g_strdup("each interface");
    return input_error(error,
                       "share: found %g%%, which with the others' makes %g%% of %s of %s, expected "
                       "at most 100%% in all",
                       share * 100, sum * 100, where, lc->base.name);
}

int linecard_attach(LineCard *lc, Tenant *tenant, const uint8_t mac[6], uint16_t vlan, double share,
                    GError **error) {
    uint32_t class;
    for (unsigned i = 0; i < lc->n_interfaces; i++)
        if (!share_fits(lc, 0, i, false, share, error) || !share_fits(lc, 0, i, true, share, error))
            return -1;
    if (*lc->control_processor && vlan == lc->control_vlan) {
        input_error(error, "vlan: found %u, which is %s's control_vlan, expected another", vlan,
                    lc->base.name);
        return -1;
    }
    if (!intervals_take(lc->numbers, 1, 0, &class)) {
        input_error(error, "%s has its %u traffic classes already", lc->base.name,
                    LC_MAX_CLASSES - 1);
        return -1;
    }
    LcClass *c = &lc->classes[class];
    *c = (LcClass){.target = {.vlan = vlan, .class = (uint16_t) class},
                   .attached = true,
                   .tenant = tenant,
                   .bindings = g_array_new(FALSE, FALSE, sizeof(Binding))};
    memcpy(c->target.mac, mac, MAC_BYTES);
    if (!lc_set_class(lc->tables, &c->target)) {
        input_error(error, "vlan: found %u, which another slice of %s has", vlan, lc->base.name);
        g_array_unref(c->bindings);
        *c = (LcClass){0};
        intervals_give(lc->numbers, class, 1);
        return -1;
    }
    for (unsigned i = 0; i < lc->n_interfaces; i++) c->share[0][i] = c->share[1][i] = share;
    open_queues(lc, class, share);
    share_buffers(lc);
    return (int)class;
}

static void unbind(LineCard *lc, const Binding *b) {
    lc_unbind(lc->tables, lc_address(lc->tables, b->interface), b->protocol, b->port);
}

static void class_back(void *user, uint32_t class, uint32_t n) {
    LineCard *lc = user;
    LcClass *c = &lc->classes[class];
    for (unsigned i = 0; i < c->bindings->len; i++)
        unbind(lc, &g_array_index(c->bindings, Binding, i));
    g_array_unref(c->bindings);
    lc_clear_class(lc->tables, c->target.vlan);
    lc->n_resting--;
    *c = (LcClass){0};
    intervals_give(lc->numbers, class, n);
}

void linecard_detach(LineCard *lc, int class) {
    LcClass *c = &lc->classes[class];
    for (unsigned i = 0; i < c->bindings->len; i++) {
        const Binding *b = &g_array_index(c->bindings, Binding, i);
        lc_close(lc->tables, lc_address(lc->tables, b->interface), b->protocol, b->port);
    }
    lc_close_class(lc->tables, &c->target);
    close_queues(lc, (unsigned)class);
    c->attached = false;
    share_buffers(lc);
    lc->n_resting++;
    tenant_return(c->tenant, class_back, lc, (uint32_t) class, 1);
}

bool linecard_set_share(LineCard *lc, int class, unsigned interface, bool out, double share,
                        GError **error) {
    if (!share_fits(lc, (unsigned)class, interface, out, share, error)) return false;
    lc->classes[class].share[out][interface] = share;
    Qm *qm = side_of(lc, out)->qm;
    unsigned queue = queue_of(lc, (unsigned)class, interface);
    qm_set_share(qm, queue, quantum(lc, share));
    qm_set_guarantee(qm, queue, share, (uint32_t)lc->settings.qm.guarantee);
    return true;
}

bool linecard_bind(LineCard *lc, int class, const uint8_t mac[6], unsigned interface,
                   uint8_t protocol, uint16_t port, GError **error) {
    uint64_t last = lc->nat_first_port + lc->nat_ports - 1;
    const char *key =
        protocol == IP_PROTOCOL_TCP ? "listen" : "udp_port"; /* as those who ask say */
    LcClass *c = &lc->classes[class];
    if (lc->inside.given && port >= lc->nat_first_port && port <= last)
        return input_error(error,
                           "%s: found %u, which %s keeps for translations (%" G_GUINT64_FORMAT
                           " to %" G_GUINT64_FORMAT ")",
                           key, port, lc->base.name, lc->nat_first_port, last);
    LcTarget target = c->target;
    Binding binding = {interface, protocol, port};
    if (mac) memcpy(target.mac, mac, MAC_BYTES);
    switch (lc_bind(lc->tables, lc_address(lc->tables, interface), protocol, port, &target)) {
    case LC_BOUND: g_array_append_val(c->bindings, binding); return true;
    case LC_TAKEN:
        return input_error(error, "%s: another slice has port %u of interface %u of %s already",
                           key, port, interface, lc->base.name);
    default:
        return input_error(error, "the TCAM of %s has %u entries, all taken", lc->base.name,
                           TCAM_MAX_ENTRIES);
    }
}

/* A port in quarantine: interface, protocol and port in one number. */
static void port_back(void *user, uint32_t name, uint32_t n) {
    (void)n;
    Binding b = {name >> 24, (uint8_t)(name >> 16), (uint16_t)name};
    unbind(user, &b);
    ((LineCard *)user)->n_resting_ports--;
}

void linecard_close(LineCard *lc, int class, unsigned interface, uint8_t protocol, uint16_t port) {
    LcClass *c = &lc->classes[class];
    for (unsigned i = 0; i < c->bindings->len; i++) {
        const Binding *b = &g_array_index(c->bindings, Binding, i);
        if (b->interface != interface || b->protocol != protocol || b->port != port) continue;
        g_array_remove_index(c->bindings, i);
        lc_close(lc->tables, lc_address(lc->tables, interface), protocol, port);
        lc->n_resting_ports++;
        tenant_return(c->tenant, port_back, lc,
                      (uint32_t)interface << 24 | (uint32_t)protocol << 16 | port, 1);
        return;
    }
}

/* Component ------------------------------------------------------------------------------- */

static void lc_receive(Component *c, unsigned port, Packet *pkt) {
    LineCard *lc = (LineCard *)c;
    if (port == lc->control.number) {
        control_port_receive(&lc->control, DROP_CONTROL, pkt);
        return;
    }
    Program *p = port < lc->n_interfaces ? &lc->in : &lc->out;
    program_receive(p, port, pkt, FP_BUFFER_BYTES - VLAN_BYTES);
}

static const Verb lc_verbs[] = {
    {"interface", "N up|down", "whether interface N takes and sends packets"},
    {"mp_slower", "FACTOR", "the management processor takes so many times as long; 1: as before"},
    {0}};

typedef struct {
    unsigned interface;
    bool down;
    double factor;
} LcOrder;

static bool lc_read(const LineCard *lc, const char *verb, const char *args, LcOrder *o,
                    GError **error) {
    char number[12], word[8], rest;
    if (!strcmp(verb, "interface") && sscanf(args, "%11s %5s %c", number, word, &rest) == 2 &&
        text_number(number, (uint32_t)lc->n_interfaces - 1, &o->interface) &&
        (!strcmp(word, "up") || !strcmp(word, "down"))) {
        o->down = word[0] == 'd';
        return true;
    }
    if (!strcmp(verb, "mp_slower") && sscanf(args, "%lf %c", &o->factor, &rest) == 1 &&
        o->factor >= 0 && o->factor <= 1e6)
        return true;
    return input_error(error,
                       "found \"%s %s\", expected interface 0 to %u up|down, or mp_slower FACTOR",
                       verb, args, (unsigned)lc->n_interfaces - 1);
}

static bool lc_understands(const Component *c, const char *verb, const char *args, GError **error) {
    LcOrder o;
    return lc_read((const LineCard *)c, verb, args, &o, error);
}

static bool lc_command(Component *c, const char *verb, const char *args, GError **error) {
    LineCard *lc = (LineCard *)c;
    LcOrder o;
    if (!lc_read(lc, verb, args, &o, error)) return false;
    if (verb[0] == 'i')
        lc_set_down(lc->tables, o.interface, o.down);
    else
        lc->mp.slower = o.factor;
    return true;
}

LcOccupancy linecard_occupancy(const LineCard *lc) {
    return (LcOccupancy){.classes = LC_MAX_CLASSES - intervals_n_free(lc->numbers),
                         .bindings = lc_bindings(lc->tables),
                         .translations = nat_used(lc_nat(lc->tables)),
                         .in_queues = qm_held(lc->in.qm) + qm_held(lc->out.qm),
                         .held = lc->in.rxtx.held + lc->out.rxtx.held};
}

/* What traffic classes hold and what is in quarantine are all that is taken. */
static bool classes_check(const LineCard *lc, GError **error) {
    LcOccupancy taken = linecard_occupancy(lc);
    uint64_t classes = 1 + lc->n_resting, bindings = lc->n_resting_ports;
    for (unsigned i = 1, end = classes_end(lc); i < end; i++) {
        classes += lc->classes[i].attached;
        bindings += lc->classes[i].bindings ? lc->classes[i].bindings->len : 0;
    }
    return (taken.classes == classes && taken.bindings == bindings) ||
           invariant_error(error,
                           "%s: %" G_GUINT64_FORMAT " traffic classes and %" G_GUINT64_FORMAT
                           " ports are taken, but %" G_GUINT64_FORMAT " and %" G_GUINT64_FORMAT
                           " are held or in quarantine",
                           lc->base.name, taken.classes, taken.bindings, classes, bindings);
}

static bool lc_check(Component *c, GError **error) {
    LineCard *lc = (LineCard *)c;
    return classes_check(lc, error) && program_check(&lc->in, error) &&
           program_check(&lc->out, error);
}

static void tell_queues(const LineCard *lc, const Program *p, int port, const char *label,
                        Resources *r) {
    for (unsigned class = 0, end = classes_end(lc); class < end; class ++)
        for (unsigned i = 0; i < lc->n_interfaces; i++) {
            g_autofree char *name = g_strdup_printf("%s queue of class %u at %u", label, class, i);
            queue_resource(p->qm, queue_of(lc, class, i), lc->queue_packets, port, "queue_packets",
                           r, name);
        }
    for (unsigned class = 0, end = classes_end(lc); class < end; class ++) {
        g_autofree char *name = g_strdup_printf("%s buffers of class %u", label, class);
        group_resource(p->qm, class, port, "buffers", r, name);
    }
}

static void tell_translations(const LineCard *lc, Resources *r) {
    const NatTable *nat = lc_nat(lc->tables);
    const NatCounts *counts = nat_counts(nat);
    uint64_t used = nat_used(nat), ranges = (used + lc->nat_ports - 1) / lc->nat_ports;
    if (!lc->inside.given) return;
    Resource ports = {.kind = "ports for translations",
                      .does = RESOURCE_HOLDS,
                      .place = 400,
                      .used = (double)used,
                      .of = (double)(lc->nat_ports * MAX(ranges, 1)),
                      .refused = (double)counts->exhausted_ports,
                      .levers = "nat_ports nat_idle_udp nat_idle_tcp nat_sweep"},
             entries = ports;
    entries.kind = "entries for translations";
    entries.of = (double)lc->nat_entries;
    entries.refused = (double)counts->exhausted_entries;
    entries.levers = "nat_entries nat_idle_udp nat_idle_tcp nat_sweep";
    resources_tell(r, &ports, "NAT ports");
    resources_tell(r, &entries, "NAT entries");
}

static void lc_resources(const Component *c, Resources *r) {
    const LineCard *lc = (const LineCard *)c;
    int inwards = (int)lc->n_interfaces;
    program_resources(&lc->in, inwards, "in_rate", r);
    tell_queues(lc, &lc->in, inwards, "in", r);
    program_resources(&lc->out, 0, "out_rate", r);
    tell_queues(lc, &lc->out, 0, "out", r);
    tell_translations(lc, r);
    mp_resources(&lc->mp, 0, r);
}

static void lc_report(Component *c, Report *report) {
    LineCard *lc = (LineCard *)c;
    const NatCounts *nat = nat_counts(lc_nat(lc->tables));
    chip_report(&lc->in.chip, report);
    chip_report(&lc->out.chip, report);
    report_scalar(report, "forwarded_in", (double)lc->forwarded_in, "packets");
    report_scalar(report, "forwarded_out", (double)lc->forwarded_out, "packets");
    report_scalar(report, "held", (double)(lc->in.rxtx.held + lc->out.rxtx.held), "packets");
    report_scalar(report, "bindings", lc_bindings(lc->tables), "filters");
    report_scalar(report, "nat.allocated", (double)nat->allocated, "flows");
    report_scalar(report, "nat.expired", (double)nat->expired, "flows");
    report_scalar(report, "nat.exhausted", (double)(nat->exhausted_ports + nat->exhausted_entries),
                  "requests");
    report_scalar(report, "nat.filtered", (double)nat->in_filtered, "packets");
}

static void lc_free(Component *c) {
    LineCard *lc = (LineCard *)c;
    mp_clear(&lc->mp);
    program_free(&lc->in);
    program_free(&lc->out);
    for (unsigned i = 0, end = lc->numbers ? classes_end(lc) : 0; i < end; i++)
        if (lc->classes[i].bindings) g_array_unref(lc->classes[i].bindings);
    intervals_free(lc->numbers);
    lc_tables_free(lc->tables);
}

static const Param lc_params[] = {
    PARAM_WHICH("interfaces", LineCard, n_interfaces, "10", "1", "15",
                "physical interfaces, ports 0 and up; the data switch is the port after them",
                "SPP paper 2.3: ten 1 GbE"),
    PROGRAM_PARAMS(LineCard, settings, ", each way", "scheduler"),
    PARAM_COUNT("me_block", LineCard, me_block, "1", "1", "3",
                "microengines for each of the three blocks after Rx, each way", "assumed"),
    PARAM_COUNT("ring_block", LineCard, ring_block, "64", "2", "1024",
                "messages between the blocks, if in scratch", "assumed"),
#define X(symbol, name, count, text, source)                                                       \
    PARAM_COST(name, LineCard, settings.instructions[symbol], #count, "0", "4096", text, source),
    QM_SITES(X) LC_SITES(X)
#undef X
        PARAM_RATE("in_rate", LineCard, in_rate, "1.1Gbit/s", "1kbit/s", "100Gbit/s", "bits",
                   "scheduler of an interface's incoming packets, wire rate",
                   "assumed: room for a VLAN tag that a frame comes without"),
    PARAM_RATE("out_rate", LineCard, out_rate, "1Gbit/s", "1kbit/s", "100Gbit/s", "bits",
               "scheduler of an interface's outgoing packets, wire rate", "SPP paper 2.3: 1 GbE"),
    PARAM_WORDS("queue_packets", COUNT, LineCard, queue_packets, "512", "1", "229376",
                "unlimited=0", "limit of each queue in packets", "assumed"),
    PARAM_SIZE("quantum", LineCard, quantum, "2048B", "64B", "1MB",
               "quantum of a traffic class with a tenth of the interface, or without a share",
               "ONL NSP default quantum"),
    PARAM_IPV4("address", LineCard, address, "10.255.0.1",
               "IPv4 address of interface 0; interface i has the i-th after it", "assumed"),
    PARAM_MAC("mac", LineCard, mac, "02:00:00:00:01:00", "MAC address of interface 0, counting up",
              "assumed"),
    PARAM_MAC("next_mac", LineCard, next_mac, "02:00:00:00:02:00",
              "MAC address of interface 0's neighbour, counting up", "assumed"),
    PARAM_MAC("backplane_mac", LineCard, backplane_mac, "02:00:00:01:00:00",
              "MAC address on the data switch that stands for interface 0, counting up",
              "assumed: SPP paper 6 has MAC addresses and VLANs"),
    PARAM_TEXT("control_processor", LineCard, control_processor, "",
               "who gets what nobody has bound; empty: it is dropped", "SPP paper 6"),
    PARAM_WHICH("control_vlan", LineCard, control_vlan, "2", "1", "4094",
                "VLAN of the control processor", "assumed"),
    PARAM_PREFIX("inside", LineCard, inside, "192.168.0.0/16",
                 "addresses of hosts behind the node, which are translated; empty: none",
                 "assumed: SPP paper 6 translates, its addresses are not published"),
    PARAM_COUNT("nat_entries", LineCard, nat_entries, "65536", "1", "1048576",
                "translations at a time", "assumed"),
    PARAM_WHICH("nat_first_port", LineCard, nat_first_port, "40000", "1", "65535",
                "first port of each address that translations may use", "assumed"),
    PARAM_COUNT("nat_ports", LineCard, nat_ports, "16384", "1", "65535", "number of such ports",
                "assumed"),
    PARAM_TIME("nat_idle_tcp", LineCard, idle.tcp, "7440s", "1us", "86400s",
               "idle time of an established TCP translation", "RFC 5382, REQ-5: 2 h 4 min"),
    PARAM_TIME("nat_idle_transitory", LineCard, idle.tcp_transitory, "240s", "1us", "86400s",
               "idle time of one that is opening or closing", "RFC 5382, REQ-5: 4 min"),
    PARAM_TIME("nat_idle_udp", LineCard, idle.udp, "120s", "1us", "86400s",
               "idle time of a UDP translation", "RFC 4787, REQ-5: 2 min"),
    PARAM_TIME("nat_idle_icmp", LineCard, idle.icmp, "60s", "1us", "86400s",
               "idle time of an ICMP translation", "RFC 5508, REQ-2: 60 s"),
    PARAM_TIME("nat_sweep", LineCard, nat_sweep, "1s", "1us", "1000s",
               "interval at which idle translations are removed", "assumed"),
    MP_PARAMS(LineCard, mp),
    CONTROL_PORT_PARAMS(LineCard, control),
    {0}};

static const DropReason lc_drops[] = {
    CHIP_DROPS,
    {"mp_ring_full", "the ring from the management processor to Rewrite was full"},
    {"mp_busy",
     "its traffic class has mp_backlog translations waiting for the management processor"},
#define X(symbol, name, text) {name, text},
    LC_REASONS(X)
#undef X
        CONTROL_PORT_DROP,
    {0}};
G_STATIC_ASSERT(G_N_ELEMENTS(lc_drops) == DROP_CONTROL + 2);

static const Scalar linecard_scalars[] = {
    CHIP_SCALARS("in."),
    CHIP_SCALARS("out."),
    {"forwarded_in", "packets", "rewritten on the way in"},
    {"forwarded_out", "packets", "rewritten on the way out"},
    {"held", "packets", "in its two chips at the end of the run"},
    {"bindings", "filters", "ports of slices and servers, at the end"},
    {"nat.allocated", "flows", "that were given a translation"},
    {"nat.expired", "flows", "whose translation was idle for too long"},
    {"nat.exhausted", "requests", "for which no port or no entry was free"},
    {"nat.filtered", "packets", "that came in from hosts to whom nobody had sent"},
    {0}};

/* Frames to interface `port` have its addresses; they come from a host beyond, whose own differ
 * from them in one byte, as those of sources do by default. */
static void lc_attached(Composer *c, const char *name, unsigned port, const char *other) {
    const char *class = composer_class(c, other), *mac = composer_value(c, name, "mac");
    uint32_t address;
    unsigned m[MAC_BYTES];
    if (text_address(composer_value(c, name, "address"), &address)) {
        for (unsigned i = 0; i < 2; i++) {
            uint32_t own = (address + port) ^ (i ? 2u << 16 : 0); /* 10.255 and 10.253 */
            composer_set(c, class, other, i ? "peer_address" : "node_address", "%u.%u.%u.%u",
                         own >> 24, own >> 16 & 255, own >> 8 & 255, own & 255);
        }
    }
    if (sscanf(mac, "%x:%x:%x:%x:%x:%x", m, m + 1, m + 2, m + 3, m + 4, m + 5) != 6) return;
    m[5] = (m[5] + port) & 255;                 /* as the line card counts */
    for (unsigned i = 0; i < 2; i++, m[4] ^= 2) /* 01 and 03 */
        composer_set(c, class, other, i ? "peer_mac" : "node_mac", "%02x:%02x:%02x:%02x:%02x:%02x",
                     m[0], m[1], m[2], m[3], m[4], m[5]);
}

static const Composition linecard_composition = {.attached = lc_attached};

const ComponentClass linecard_class = {
    .name = "linecard",
    .text = "line card: two IXP 2850 between the physical interfaces and the data switch",
    .ports = "0 .. interfaces-1: physical interfaces, both ways; interfaces: the data switch; "
             "interfaces+1: the control switch",
    .size = sizeof(LineCard),
    .params = lc_params,
    .composition = &linecard_composition,
    .drops = lc_drops,
    .create = lc_create,
    .start = lc_start,
    .receive = lc_receive,
    .verbs = lc_verbs,
    .understands = lc_understands,
    .command = lc_command,
    .sends = lc_sends,
    .unused = lc_unused,
    .check = lc_check,
    .scalars = linecard_scalars,
    .resources = lc_resources,
    .report = lc_report,
    .free = lc_free,
    .station = lc_station,
};
