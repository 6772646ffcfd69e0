/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The network-processing engine: an IXP 2850 with the program of Figure 4 of the SPP paper.
 *
 *   Rx -> Substrate Decap -> Parse -> Lookup -> Header Format -> Queue Manager -> Tx
 *                                                    \-> Statistics <-/
 *
 * A ring is next-neighbour registers between two single MEs that follow each other, and scratchpad
 * otherwise. The pipeline blocks work on one packet per context, get and put in order. Ports
 * 0 .. interfaces - 1 are the external interfaces; port `interfaces` carries exceptions to the slow
 * path. Sources: SPP paper 4; WashU "SPP V2 Router Plans and Design", "SPP Version 1 Router QM
 * Design", "SPP V1 Memory Map". Assumed: ME counts other than the queue manager's. */
#include "components/npe/npe.h"

#include <stdio.h>
#include <string.h>

#include "components/ixp/resources.h"
#include "components/npe/private.h"
#include "emu/core/account.h"
#include "fastpath/headers.h"
#include "fastpath/text.h"

/* The program ----------------------------------------------------------------------------- */

typedef FpVerdict StageFunction(const FpTables *t, FpPacket *p, FpLog *log);

static inline bool run(Stage *stage, Context *c, ChipPacket *cp, StageFunction *function) {
    Npe *npe = stage->user;
    if (npe->resetting) return stage_drop(stage, c, cp, NPE_DROP_RESET);
    if (packet_detached(cp->pkt)) return stage_drop(stage, c, cp, NPE_DROP_FAST_PATH + FP_DETACHED);
    if (function(npe->tables, &cp->fp, &c->log) != FP_DROP) return true;
    return stage_drop(stage, c, cp, NPE_DROP_FAST_PATH + cp->fp.reason);
}

enum { DECAP, PARSE, LOOKUP, FORMAT };

/* A block that runs slices' own code is behind, and this slice had more of it than its part. */
static bool too_much(const Npe *npe, unsigned stage, unsigned slice, unsigned block) {
    return program_behind(&npe->program, stage, (unsigned)npe->hold_back) &&
           budget_exceeded(&npe->budget, slice, block, sim_now(npe->base.sim));
}

static bool held_back(const Npe *npe, unsigned slice) {
    return npe->hold_back && (too_much(npe, PARSE, slice, BUDGET_PARSE) ||
                              too_much(npe, FORMAT, slice, BUDGET_FORMAT));
}

static bool decap(Stage *stage, Context *c, ChipPacket *cp) {
    Npe *npe = stage->user;
    if (!run(stage, c, cp, fp_decap)) return false;
    packet_carry(cp->pkt, npe_tenant(npe, cp->fp.slice));
    return !held_back(npe, cp->fp.slice) || stage_drop(stage, c, cp, NPE_DROP_HELD_BACK);
}

/* The slice's own code, on its account. */
static inline bool run_code(Stage *stage, Context *c, ChipPacket *cp, StageFunction *function,
                            unsigned block) {
    Npe *npe = stage->user;
    unsigned slice = cp->fp.slice, from = c->log.n;
    bool on = run(stage, c, cp, function);
    budget_charge(&npe->budget, slice, block, &c->log, from, sim_now(npe->base.sim));
    return on;
}

static bool parse(Stage *stage, Context *c, ChipPacket *cp) {
    return run_code(stage, c, cp, fp_parse, BUDGET_PARSE);
}

/* What the TCAM is going to find, in a recording. */
static void note_lookup(const Npe *npe, const Context *c, const ChipPacket *cp) {
    int position = tcam_lookup(fp_tcam(npe->tables), tcam_word(cp->fp.slice, cp->fp.key));
    SimTime now = sim_now(npe->base.sim);
    if (position < 0) {
        walk_note(c->pkt, context_track(c), npe->no_match, now,
                  (uint32_t[RECORDER_FIELDS]){cp->fp.slice});
        return;
    }
    const FpResult *result = fp_filter_result(npe->tables, (unsigned)position);
    walk_note(c->pkt, context_track(c), npe->match, now,
              (uint32_t[RECORDER_FIELDS]){cp->fp.slice, (uint32_t)position, result->interface,
                                          result->queue});
}

static bool lookup(Stage *stage, Context *c, ChipPacket *cp) {
    const Npe *npe = stage->user;
    bool asks = !cp->fp.routed && cp->fp.verdict == FP_FORWARD;
    if (G_UNLIKELY(npe->base.recorder) && asks && !npe->program.chip.fast && context_recorded(c))
        note_lookup(npe, c, cp);
    return run(stage, c, cp, fp_lookup);
}
static bool format(Stage *stage, Context *c, ChipPacket *cp) {
    Npe *npe = stage->user;
    if (!run_code(stage, c, cp, fp_format, BUDGET_FORMAT)) return false;
    if (cp->fp.verdict == FP_EXCEPTION)
        npe->exceptions[cp->fp.reason]++;
    else
        npe->forwarded++;
    return true;
}

static unsigned npe_port(void *user, const ChipPacket *cp) {
    const Npe *npe = user;
    if (npe_switched(npe)) return 0;
    packet_carry(cp->pkt, NULL); /* it leaves the node */
    if (cp->fp.verdict != FP_EXCEPTION) return cp->fp.result.interface;
    if (cp->pkt->account) account_pass(cp->pkt);
    return (unsigned)npe->n_interfaces;
}

/* As Decap would find. */
static Tenant *npe_whose(void *user, const Packet *pkt) {
    const Npe *npe = user;
    FpPacket fp = {.bytes = pkt->data, .length = pkt->length, .original = pkt->length};
    FpLog log;
    log.cost = npe->program.cost;
    log.n = 0;
    return fp_decap(npe->tables, &fp, &log) == FP_DROP ? NULL : npe_tenant(npe, fp.slice);
}

static const ProgramBlock npe_blocks[] = {
    BLOCK_RX(Npe, settings),
    BLOCK_STAGE("decap", Npe, me_decap, "rx-decap", settings.rxtx.ring_rx, 0, decap),
    BLOCK_STAGE("parse", Npe, me_parse, "decap-parse", ring_decap, 4, parse),
    BLOCK_STAGE("lookup", Npe, me_lookup, "parse-lookup", ring_parse, 8, lookup),
    BLOCK_STAGE("format", Npe, me_format, "lookup-format", ring_lookup, 6, format, .tells = true),
    BLOCK_QM(Npe, settings),
    BLOCK_TX(Npe, settings, "qm-tx"),
    BLOCK_STATS(Npe, me_stats, ring_stats),
    {0}};

/* Component ------------------------------------------------------------------------------- */

static void npe_receive(Component *c, unsigned port, Packet *pkt) {
    Npe *npe = (Npe *)c;
    SimTime now = sim_now(c->sim);
    if (port == npe->control.number && !npe->resetting)
        control_port_receive(&npe->control, NPE_DROP_CONTROL, pkt);
    else if (port == npe->control.number)
        component_drop(c, NPE_DROP_RESET, pkt);
    else if (packet_frame_bytes(pkt->length) > FP_BUFFER_BYTES)
        chip_refuse(&npe->program.chip, CHIP_TOO_LONG, pkt);
    else if (npe->resetting)
        chip_refuse(&npe->program.chip, NPE_DROP_RESET, pkt);
    else if (npe_switched(npe) && memcmp(pkt->data + ETHER_DESTINATION, npe->mac, MAC_BYTES) != 0)
        component_drop(c, NPE_DROP_NOT_MINE, pkt);
    else if (!msf_receive(&npe->program.chip.msf, port, pkt, now))
        chip_refuse(&npe->program.chip, CHIP_MAC_FULL, pkt);
}

static void set_interfaces(Npe *npe) {
    for (unsigned i = 0; i <= npe->n_interfaces; i++) {
        FpInterface *f = fp_interface(npe->tables, i);
        f->address = npe->address + i;
        memcpy(f->mac, npe->mac, MAC_BYTES);
        memcpy(f->next_mac, npe->next_mac, MAC_BYTES);
        if (npe_switched(npe)) continue;
        f->mac[5] = (uint8_t)(f->mac[5] + i);
        f->next_mac[5] = (uint8_t)(f->next_mac[5] + i);
    }
}

bool npe_attach(Npe *npe, GError **error) {
    if (!npe_switched(npe) || npe->attached) return true;
    if (!linecard_addresses(&npe->base, npe->linecard, npe->tables, (unsigned)npe->n_interfaces,
                            error))
        return false;
    npe->attached = true;
    return true;
}

static bool npe_create(Component *c, GError **error) {
    Npe *npe = (Npe *)c;
    /* Every output has one of its own before the last, which is for exceptions. */
    if (npe->n_schedulers <= npe->n_interfaces)
        return input_error(error,
                           "schedulers: found %" G_GUINT64_FORMAT
                           ", expected one per interface and one for exceptions, %" G_GUINT64_FORMAT
                           " or more",
                           npe->n_schedulers, npe->n_interfaces + 1);
    npe->tables = fp_tables_new(TCAM_MAX_ENTRIES);
    if (!npe->tables) return input_error(error, "not enough memory for its tables");
    set_interfaces(npe);
    c->n_ports = npe_switched(npe) ? 1 : (unsigned)npe->n_interfaces + 1;
    npe_slices_init(npe);
    mp_init(&npe->mp, c);
    npe->program = (Program){.blocks = npe_blocks,
                             .settings = &npe->settings,
                             .user = npe,
                             .port = npe_port,
                             .whose = npe_whose,
                             .n_schedulers = (unsigned)npe->n_schedulers,
                             .n_queues = (unsigned)npe->n_queues,
                             .rate_bps = (uint64_t)npe->scheduler_rate.per_second,
                             .drop_detached = NPE_DROP_FAST_PATH + FP_DETACHED,
                             .tables = npe->tables};
    if (!program_build(&npe->program, c, error)) return false;
    npe->qm = npe->program.qm;
    npe->n_schedulers = npe->program.qm_block.n_schedulers;
    if (npe_switched(npe))
        control_port_init(&npe->control, c, npe->mac); /* none of the chip's */
    else
        npe->control.number = c->n_ports; /* there is none */
    return true;
}

static void reset_over(Sim *sim, SimEvent *event) {
    (void)sim;
    Npe *npe = (Npe *)(void *)((char *)event - offsetof(Npe, reset_over));
    npe->resetting = false;
}

static bool npe_start(Component *c, GError **error) {
    Npe *npe = (Npe *)c;
    sim_event_init(&npe->reset_over, reset_over, &c->owner);
    if (!npe_attach(npe, error)) return false;
    if (c->recorder) {
        npe->match = recorder_kind(c->recorder, "matches", "slice filter interface queue");
        npe->no_match = recorder_kind(c->recorder, "matches no filter", "slice");
    }
    for (unsigned i = 0; i < npe->n_interfaces && !npe_switched(npe); i++)
        fp_set_mtu(npe->tables, i, port_speed(c, i).mtu);
    return program_start(&npe->program, error);
}

static bool npe_station(const Component *c, unsigned port, unsigned n, uint8_t mac[6]) {
    const Npe *npe = (const Npe *)c;
    if (port == npe->control.number) return control_port_station(&npe->control, n, mac);
    if (!npe_switched(npe) || port || n) return false;
    memcpy(mac, npe->mac, MAC_BYTES);
    return true;
}

/* What is queued is lost, what is in the pipeline is lost where a block next looks at it, and what
 * arrives is not taken until the reset is over. Tables stay: the management processor writes them
 * again within that time. */
static void npe_reset(Npe *npe) {
    npe->resetting = true;
    uint32_t handle;
    while ((handle = qm_flush(npe->qm)) != QM_NONE) {
        ChipPacket *cp = &npe->program.chip.buffers[handle];
        Packet *pkt = cp->pkt;
        rxtx_discard(&npe->program.rxtx, cp);
        component_drop(&npe->base, NPE_DROP_RESET, pkt);
    }
    sim_cancel(npe->base.sim, &npe->reset_over);
    sim_schedule(npe->base.sim, &npe->reset_over, npe->reset_time);
}

static const Verb npe_verbs[] = {
    {"reset", "", "lose what is queued and in the pipeline, and take nothing for reset_time"},
    {"mp_slower", "FACTOR", "the management processor takes so many times as long; 1: as before"},
    {"interface_rate", "N RATE", "the rate of interface N's scheduler, on the wire"},
    {0}};

typedef struct {
    unsigned scheduler;
    Rate rate;
    double factor;
} NpeOrder;

static bool npe_read(const Npe *npe, const char *verb, const char *args, NpeOrder *o,
                     GError **error) {
    int used = 0;
    char number[12], rest;
    if (!strcmp(verb, "reset") && !*args) return true;
    if (!strcmp(verb, "mp_slower") && sscanf(args, "%lf %c", &o->factor, &rest) == 1 &&
        o->factor >= 0 && o->factor <= 1e6)
        return true;
    if (!strcmp(verb, "interface_rate") && sscanf(args, "%11s %n", number, &used) == 1 && used &&
        text_number(number, (uint32_t)npe->n_interfaces - 1, &o->scheduler)) {
        Param row = *param_find(npe->base.class->params, "scheduler_rate");
        row.offset = 0;
        return param_set(&row, &o->rate, args + used, NULL, error);
    }
    return input_error(
        error, "found \"%s %s\", expected reset, mp_slower FACTOR or interface_rate 0 to %u RATE",
        verb, args, (unsigned)npe->n_interfaces - 1);
}

static bool npe_understands(const Component *c, const char *verb, const char *args,
                            GError **error) {
    NpeOrder o;
    return npe_read((const Npe *)c, verb, args, &o, error);
}

static bool npe_command(Component *c, const char *verb, const char *args, GError **error) {
    Npe *npe = (Npe *)c;
    NpeOrder o;
    if (!npe_read(npe, verb, args, &o, error)) return false;
    switch (verb[0]) {
    case 'r': npe_reset(npe); break;
    case 'm': npe->mp.slower = o.factor; break;
    default: npe_set_rate(npe, o.scheduler, (uint64_t)o.rate.per_second);
    }
    return true;
}

bool npe_switched(const Npe *npe) {
    return *npe->linecard != 0;
}
LineCard *npe_linecard(const Npe *npe) {
    return npe_switched(npe) ? linecard_find((Component *)&npe->base, npe->linecard, NULL) : NULL;
}
unsigned npe_interfaces(const Npe *npe) {
    return (unsigned)npe->n_interfaces;
}
const uint8_t *npe_mac(const Npe *npe) {
    return npe->mac;
}
FpTables *npe_tables(const Npe *npe) {
    return npe->tables;
}
Mp *npe_mp(Npe *npe) {
    return &npe->mp;
}
ControlPort *npe_control(Npe *npe) {
    return &npe->control;
}
uint64_t npe_rate(const Npe *npe) {
    return (uint64_t)npe->scheduler_rate.per_second;
}
uint64_t npe_backlog(const Npe *npe, unsigned interface) {
    return qm_scheduler_bytes(npe->program.qm,
                              qm_block_scheduler(&npe->program.qm_block, interface));
}

void npe_leads_to(Npe *npe, unsigned interface) {
    npe->leads_to |= 1u << interface;
    if (npe_switched(npe))
        linecard_leads_to(linecard_find(&npe->base, npe->linecard, NULL), interface);
}

static bool npe_sends(const Component *c, unsigned port) {
    const Npe *npe = (const Npe *)c;
    uint32_t here = npe_switched(npe) ? UINT32_MAX : 1u << port;
    bool fed = false;
    for (unsigned i = 0; i < npe->control.number; i++) fed |= port_fed(c, i);
    return port != npe->control.number && fed && (npe->leads_to & here);
}

static const char *npe_unused(const Component *c, const char *key) {
    const Npe *npe = (const Npe *)c;
    bool own = !strcmp(key, "address") || !strcmp(key, "next_mac");
    if (own && npe_switched(npe)) return "its line card's is used";
    return program_unused(&npe->program, key);
}

void npe_set_rate(Npe *npe, unsigned interface, uint64_t rate_bps) {
    unsigned scheduler = qm_block_scheduler(&npe->program.qm_block, interface);
    SimTime now = sim_now(npe->base.sim);
    qm_set_rate(npe->qm, scheduler, rate_bps, now);
    qm_block_look(&npe->program.qm_block, scheduler, now);
}

static bool npe_check(Component *c, GError **error) {
    Npe *npe = (Npe *)c;
    return npe_slices_check(npe, error) && program_check(&npe->program, error);
}

static void npe_resources(const Component *c, Resources *r) {
    const Npe *npe = (const Npe *)c;
    program_resources(&npe->program, 0, "scheduler_rate", r);
    mp_resources(&npe->mp, 0, r);
}

static void npe_report(Component *c, Report *report) {
    Npe *npe = (Npe *)c;
    chip_report(&npe->program.chip, report);
    report_scalar(report, "forwarded", (double)npe->forwarded, "packets");
    uint64_t exceptions = 0;
    for (unsigned r = 0; r < FP_N_REASONS; r++) {
        exceptions += npe->exceptions[r];
        if (fp_reason_verdict((FpReason)r) != FP_EXCEPTION) continue;
        char *name = g_strconcat("exception.", fp_reason_name((FpReason)r), NULL);
        report_scalar(report, name, (double)npe->exceptions[r], "packets");
        g_free(name);
    }
    report_scalar(report, "exceptions", (double)exceptions, "packets");
    report_scalar(report, "held", (double)npe->program.rxtx.held, "packets");
}

static void npe_free(Component *c) {
    Npe *npe = (Npe *)c;
    mp_clear(&npe->mp);
    program_free(&npe->program);
    npe_slices_free(npe);
    fp_tables_free(npe->tables);
}

static const Param npe_params[] = {
    PARAM_WHICH(
        "interfaces", Npe, n_interfaces, "5", "1", "15",
        "external interfaces, ports 0 and up; exceptions leave by the port after them",
        "WashU, High Performance PlanetLab Node: Line Card: 5 x 1 GbE per network processor"),
    PROGRAM_PARAMS(Npe, settings, "", "chip"),
    PARAM_COUNT("me_decap", Npe, me_decap, "1", "1", "9", "microengines for Substrate Decap",
                "assumed"),
    PARAM_COUNT("me_parse", Npe, me_parse, "1", "1", "9", "microengines for Parse", "assumed"),
    PARAM_COUNT("me_lookup", Npe, me_lookup, "1", "1", "9", "microengines for Lookup", "assumed"),
    PARAM_COUNT("me_format", Npe, me_format, "1", "1", "9", "microengines for Header Format",
                "assumed"),
    PARAM_COUNT("me_stats", Npe, me_stats, "1", "1", "9", "microengines for Statistics", "assumed"),
    PARAM_COUNT("ring_decap", Npe, ring_decap, "64", "2", "1024",
                "messages from Decap to Parse, if in scratch", "assumed"),
    PARAM_COUNT("ring_parse", Npe, ring_parse, "64", "2", "1024",
                "messages from Parse to Lookup, if in scratch", "assumed"),
    PARAM_COUNT("ring_lookup", Npe, ring_lookup, "64", "2", "1024",
                "messages from Lookup to Format, if in scratch", "assumed"),
    PARAM_WORDS("hold_back", COUNT, Npe, hold_back, "4", "1", "1024", "never=0",
                "messages that wait for Parse or Format from which on Decap drops the packets of a "
                "slice that had more than its part of them",
                "assumed: half as many as a microengine has contexts, which keeps them busy"),
    PARAM_TIME("code_burst", Npe, code_burst, "10us", "1us", "1s",
               "time of Parse and Format that a slice may have in advance of its part", "assumed"),
    PARAM_COUNT("ring_stats", Npe, ring_stats, "256", "2", "1024",
                "messages in the scratch ring to Statistics", "assumed"),
#define X(symbol, name, count, text, source)                                                       \
    PARAM_COST(name, Npe, settings.instructions[symbol], #count, "0", "4096", text, source),
    FP_SITES(X) QM_SITES(X)
#define SITE(...) X(__VA_ARGS__)
#include "fastpath/options/options.def"
#undef X
        PARAM_COUNT("schedulers", Npe, n_schedulers, "10", "2", "64",
                    "packet schedulers: one for each interface, dealt out to the queue manager's "
                    "MEs in turn, and the last for exceptions",
                    "SPP paper 4: ten"),
    PARAM_COUNT("queues", Npe, n_queues, "16384", "2", "65536", "physical queues",
                "WashU V1 memory map: 16,384 descriptors (of the line card)"),
    PARAM_RATE("scheduler_rate", Npe, scheduler_rate, "1Gbit/s", "1kbit/s", "100Gbit/s", "bits",
               "output rate of each scheduler, on the wire",
               "SPP paper 7.1 uses 800 Mb/s in Figure 7; 1 Gb/s is one interface"),
    PARAM_IPV4("address", Npe, address, "10.255.0.1",
               "IPv4 address of interface 0; interface i has the i-th after it", "assumed"),
    PARAM_MAC("mac", Npe, mac, "02:00:00:00:01:00", "MAC address of interface 0, counting up",
              "assumed"),
    PARAM_MAC("next_mac", Npe, next_mac, "02:00:00:00:02:00",
              "MAC address that interface 0 sends to, counting up", "assumed"),
    PARAM_NAME(
        "linecard", Npe, linecard, "", "linecard",
        "the line card of its chassis: then port 0 is the data switch, and addresses are the "
        "line card's; empty: its interfaces are ports of its own",
        "scenario"),
    PARAM_TIME("reset_time", Npe, reset_time, "1s", "1us", "1000s",
               "from a reset until packets are taken again", "assumed"),
    MP_PARAMS(Npe, mp),
    CONTROL_PORT_PARAMS(Npe, control),
    {0}};

static const DropReason npe_drops[] = {
    CHIP_DROPS,
    {"reset", "the NPE was being reset"},
    {"not_mine", "another station's MAC address"},
    {"held_back", "its slice had more than its part of Parse and Format, which are behind"},
#define X(symbol, name, verdict, text) {name, text},
    FP_REASONS(X)
#define REASON(...) X(__VA_ARGS__)
#include "fastpath/options/options.def"
#undef X
        CONTROL_PORT_DROP,
    {0}};
G_STATIC_ASSERT(G_N_ELEMENTS(npe_drops) == NPE_DROP_CONTROL + 2);

static const Scalar npe_scalars[] = {
    CHIP_SCALARS(""),
    {"forwarded", "packets", "sent by the fast path, exceptions left out"},
    {"exceptions", "packets", "sent to the slow paths of slices"},

#define OF_FP_FORWARD(name, text)
#define OF_FP_DROP(name, text)
#define OF_FP_EXCEPTION(name, text) {"exception." name, "packets", "sent to the slow path: " text},
#define X(symbol, name, verdict, text) OF_##verdict(name, text)
    FP_REASONS(X)
#define REASON(...) X(__VA_ARGS__)
#include "fastpath/options/options.def"
#undef X
        {"held", "packets", "in the chip at the end of the run"},
    {0}};

const ComponentClass npe_class = {
    .name = "npe",
    .text = "network-processing engine: an IXP 2850 running slices' fast paths",
    .ports =
        "0 .. interfaces-1: external interfaces, both ways; interfaces: exceptions, out; with a "
        "line card only 0: the data switch, and 1: the control switch",
    .size = sizeof(Npe),
    .params = npe_params,
    .drops = npe_drops,
    .create = npe_create,
    .start = npe_start,
    .receive = npe_receive,
    .station = npe_station,
    .verbs = npe_verbs,
    .understands = npe_understands,
    .command = npe_command,
    .sends = npe_sends,
    .unused = npe_unused,
    .check = npe_check,
    .scalars = npe_scalars,
    .resources = npe_resources,
    .report = npe_report,
    .free = npe_free,
};
