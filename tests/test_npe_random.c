/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The whole NPE under 200 random sets of parameters: every row of its table that is a number is
 * drawn from the row's range, log-uniformly, and traffic, sizes and pattern too. Whatever comes
 * out, every invariant holds (network_stop checks them all), nothing stays inside, and
 *
 *   latency   no packet takes less than the sum of its parts: tests/alone.h, `loaded`
 *   rate      N packets take no less time, from the first one's creation to the last one's arrival,
 *             than N of them take of any single resource; a table below says what each takes
 *
 * Sets that the program refuses are drawn again and counted. */
#include "components/classes.h"
#include "components/npe/npe.h"
#include "tests/alone.h"

enum { SETS = 200, PACKETS = 120, PORTS = 5 };

/* Where links end ---------------------------------------------------------------------------- */

typedef struct {
    SimTime created, arrived;
    uint32_t length;
    unsigned port;
} Got;
typedef struct {
    Component base;
    GArray *got;
} End;

static void end_receive(Component *c, unsigned port, Packet *pkt) {
    Got g = {pkt->created, sim_now(c->sim), pkt->length, port};
    g_array_append_val(((End *)c)->got, g);
    packet_deliver(pkt);
}
static bool end_create(Component *c, GError **error) {
    (void)error;
    c->n_ports = PORTS + 1;
    ((End *)c)->got = g_array_new(FALSE, FALSE, sizeof(Got));
    return true;
}
static void end_free(Component *c) {
    g_array_unref(((End *)c)->got);
}
static const Param no_params[] = {{0}};
static const ComponentClass end_class = {.name = "end",
                                         .text = "keeps times",
                                         .ports = "0 to 5: in",
                                         .size = sizeof(End),
                                         .params = no_params,
                                         .create = end_create,
                                         .receive = end_receive,
                                         .free = end_free};

#define BENCH_CLASS end_class
#include "tests/bench.h"
#include "tests/dice.h"

/* Random sets -------------------------------------------------------------------------------- */

static double log_uniform(double low, double high) {
    double u = (double)dice(UINT64_C(1) << 53) / (double)(UINT64_C(1) << 53);
    return low * exp(u * log(high / low));
}

/* A number of the row, the ends too; NULL: it is none. */
static char *draw(const Param *row) {
    ParamValue low, high, v;
    if (!row->min || row->type == PARAM_TYPE_LIST) return NULL;
    g_assert(param_read(row, &low, row->min, NULL, NULL));
    g_assert(param_read(row, &high, row->max, NULL, NULL));
    v = low;
    bool real = row->type == PARAM_TYPE_RATE;
    double least = real ? low.rate.per_second : (double)low.word,
           most = real ? high.rate.per_second : (double)high.word,
           number = floor(log_uniform(MAX(least, 1), most + 0.99));
    if (!dice(20)) number = dice(2) ? least : most;
    if (real)
        v.rate.per_second = number;
    else if (row->type == PARAM_TYPE_LATENCY && dice(2))
        v.latency = (Latency){.value = (uint64_t)log_uniform(1, 2000), .cycles = true};
    else if (row->type == PARAM_TYPE_LATENCY)
        v.latency = (Latency){.value = (uint64_t)number};
    else
        v.word = (uint64_t)number;
    return param_spell(row, &v);
}

/* All rows but the number of interfaces. Few sums of so many numbers of microengines fit the chip:
 * they are drawn until they do. */
static char *draw_npe(void) {
    static const char *const elements[] = {"64B", "128B", "256B"};
    unsigned mes;
    GString *text = g_string_new(NULL);
    do {
        mes = 0;
        g_string_assign(text, "[npe npe0]\n");
        for (const Param *row = npe_class.params; row->name; row++) {
            bool me = g_str_has_prefix(row->name, "me_") && row->type == PARAM_TYPE_COUNT;
            if (!strcmp(row->name, "interfaces")) continue;
            g_autofree char *value =
                !strcmp(row->name, "mpacket") ? g_strdup(elements[dice(3)]) : draw(row);
            if (!strcmp(row->name, "tx_order")) value = g_strdup(dice(2) ? "chip" : "scheduler");
            if (!strcmp(row->name, "hold_back") && dice(2)) {
                g_free(value);
                value = g_strdup("never");
            }
            if (!value) continue;
            g_string_append_printf(text, "%s = %s\n", row->name, value);
            mes += me ? (unsigned)strtoul(value, NULL, 10) : 0;
        }
    } while (mes > CHIP_N_MES);
    return g_string_free(text, FALSE);
}

static char *draw_scenario(void) {
    static const char *const payloads[] = {"0", "50", "51", "400", "1400", "0,51,400,1400"};
    static const char *const patterns[] = {"constant", "poisson", "onoff"};
    g_autofree char *npe = draw_npe();
    double rate = floor(log_uniform(1e3, 2e7));
    return g_strdup_printf(
        "%s[slice router]\nnpe = npe0\nroutes = 10.0.0.0/16 0 192.168.100.1:30000; "
        "10.1.0.0/16 1 192.168.101.1:30000; 10.2.0.0/16 2 192.168.102.1:30000; "
        "10.3.0.0/16 3 192.168.103.1:30000; 10.4.0.0/16 4 192.168.104.1:30000\n"
        "[source traffic]\nports = %d\nrate = %.0fpacket/s\npayload = %s\npattern = %s\n"
        "on = 10us\noff = 20us\nwarmup = 0\nduration = %.0fns\n"
        "[end end]\n[link in]\nlink = traffic.0..4 -> npe0.0..4\nrate = 1Gbit/s\nmtu = 9000B\n"
        "[link out]\nlink = npe0.0..5 -> end.0..5\nrate = 1Gbit/s\nmtu = 9000B\n",
        npe, PORTS, rate, payloads[dice(6)], patterns[dice(3)], PACKETS * 1e9 / rate + 1);
}

/* Bounds ------------------------------------------------------------------------------------- */

enum { LINK_PS = 8000, MOST_RESOURCES = 64, ALL = PORTS + 1 };

/* What the delivered packets of a run take of one resource, in ps; of a port's, or of that of ALL.
 */
typedef struct {
    const char *name;
    unsigned port;
    double takes;
} Supply;
typedef struct {
    Supply all[MOST_RESOURCES];
    unsigned n;
} Supplies;
static const char SCHEDULER[] = "scheduler";

static void take(Supplies *r, const char *name, unsigned port, double ps) {
    unsigned i = 0;
    while (i < r->n && (r->all[i].name != name || r->all[i].port != port)) i++;
    g_assert(i < MOST_RESOURCES);
    if (i == r->n) r->all[r->n++] = (Supply){name, port, 0};
    r->all[i].takes += ps;
}

static void take_wires_and_memories(Supplies *r, const Npe *npe, const Way *w, const Got *g) {
    const ChipSettings *c = &w->s->chip;
    unsigned frame = packet_frame_bytes(g->length), wire = packet_wire_bytes(g->length);
    double cycle = 1e12 / (double)c->me_clock_hz, word = (double)(SIM_S / c->sram_clock_hz),
           command = cycle * (double)(c->scratch_cycles + c->scratch_word_cycles),
           unit = (double)(SIM_S / c->dram_clock_hz), units = (frame + 15) / 16;
    take(r, "SPI-4, each way", ALL, (double)spi_frame(w, frame));
    take(r, "link", g->port, wire * (double)LINK_PS);
    take(r, SCHEDULER, g->port, wire * 8e12 / npe->scheduler_rate.per_second);
    take(r, "SRAM 0: bucket, slice, result, interface", ALL, (4 + 4 + 4 + 8) * word);
    take(r, "SRAM 2: descriptor, by Rx, Decap, Format", ALL, (8 + 2 + 3) * word);
    take(r, "TCAM", ALL, (double)(SIM_S / c->tcam_rate_hz));
    take(r, "DRAM: in, out, and headers", ALL, (2 * units + 4 + 2 + 5) * unit / CHIP_N_DRAM);
    take(r, "scratchpad: free list, three rings", ALL, 7 * command);
    take(r, "MSF: sequence, validate", ALL, 2 * elements_of(w, frame) * command);
}

/* A block's microengines execute, and swap contexts, for a packet; in Decap to Format a packet has
 * a context to itself, which waits for its references. */
static void take_mes(Supplies *r, const Npe *npe, const Way *w, const Got *g) {
    const ProgramSettings *s = w->s;
    const RxTxCosts *x = &s->rxtx.costs;
    const uint64_t *i = s->instructions, n = elements_of(w, packet_frame_bytes(g->length));
    const struct {
        const char *name, *contexts;
        uint64_t n_mes, instructions, swaps;
        SimTime waits;
    } blocks[] = {
        {"Rx", NULL, s->rxtx.me_rx, x->rx_first + (n - 1) * x->rx_next + n * x->rx_last, n + 1, 0},
        {"Decap", "Decap's contexts", npe->me_decap,
         i[SITE_DECAP_HEADER] + i[SITE_DECAP_PORT] + i[SITE_DECAP_DONE], 2,
         scratch(w) + dram(w, 64) + sram(w, 16)},
        {"Parse", "Parse's contexts", npe->me_parse,
         i[SITE_PARSE_SLICE] + i[SITE_PARSE_HEADER] + i[SITE_PARSE_IPV4], 2,
         sram(w, 16) + dram(w, 28)},
        {"Lookup", "Lookup's contexts", npe->me_lookup,
         i[SITE_LOOKUP_KEY] + i[SITE_LOOKUP_RESULT] + i[SITE_LOOKUP_DONE], 2,
         tcam(w) + sram(w, 16)},
        {"Format", "Format's contexts", npe->me_format,
         i[SITE_FORMAT_SLICE] + i[SITE_FORMAT_IPV4] + i[SITE_FORMAT_OUTER] + i[SITE_FORMAT_DONE], 1,
         sram(w, 32)},
        {"QM", NULL, s->qm.me_qm,
         i[SITE_ENQ_LOOKUP] + i[SITE_ENQ_LINK] + i[SITE_DEQ_SCHEDULE] + i[SITE_DEQ_LINK] +
             i[SITE_DEQ_DONE],
         1, 0},
        {"Tx", NULL, s->rxtx.me_tx,
         x->tx_get + x->tx_first + n * (x->tx_sequence + x->tx_next) + x->tx_last, 1 + 2 * n, 0},
    };
    double cycle = 1e12 / (double)s->chip.me_clock_hz;
    for (unsigned k = 0; k < G_N_ELEMENTS(blocks); k++) {
        double n_mes = (double)blocks[k].n_mes, executes = (double)blocks[k].instructions * cycle,
               swaps = (double)(blocks[k].swaps * s->chip.swap_cycles) * cycle;
        take(r, blocks[k].name, ALL, (executes + swaps) / n_mes);
        if (blocks[k].contexts)
            take(r, blocks[k].contexts, ALL,
                 (executes + (double)blocks[k].waits) / n_mes / (double)s->chip.contexts);
    }
}

/* What one context at a time may do: Tx's two sections, or its sequence at each scheduler, and the
 * queue manager's dequeueing for a scheduler. */
static void take_order(Supplies *r, const Way *w, const Got *g) {
    const RxTxCosts *x = &w->s->rxtx.costs;
    const uint64_t *i = w->s->instructions;
    bool chip = w->s->rxtx.tx_order == TX_ORDER_CHIP;
    double cycle = 1e12 / (double)w->s->chip.me_clock_hz,
           n = elements_of(w, packet_frame_bytes(g->length));
    take(r, "Tx, sequence", chip ? ALL : g->port,
         n * ((double)x->tx_sequence * cycle + (double)msf(w)));
    if (chip)
        take(r, "Tx, packet", ALL, (double)(scratch(w) + sram(w, 12)) + (double)x->tx_get * cycle);
    take(r, "QM, serving", g->port,
         (double)(i[SITE_DEQ_SCHEDULE] + i[SITE_DEQ_LINK] + i[SITE_DEQ_DONE]) * cycle +
             (double)sram(w, 4));
}

/* The resource that the packets took most of, and its part of the time that they took. */
static const Supply *check_rate(const Npe *npe, const GArray *got, double *nearest) {
    static Supplies r;
    const Supply *most = NULL;
    SimTime first = SIM_NEVER, last = 0;
    r.n = 0;
    for (unsigned k = 0; k < got->len; k++) {
        const Got *g = &g_array_index(got, Got, k);
        const Way w = {.s = &npe->settings};
        first = MIN(first, g->created);
        last = MAX(last, g->arrived);
        if (k == 0) continue; /* what is done behind the last one's back is left out */
        take_wires_and_memories(&r, npe, &w, g);
        take_mes(&r, npe, &w, g);
        take_order(&r, &w, g);
    }
    /* A scheduler may save up a burst, and the packet that it sends leaves before it is paid for.
     */
    double burst = (double)npe->settings.qm.burst + 1538, time = (double)(last - first);
    for (unsigned i = 0; i < r.n; i++) {
        Supply *one = &r.all[i];
        if (one->name == SCHEDULER) one->takes -= burst * 8e12 / npe->scheduler_rate.per_second;
        if (one->takes > time)
            printf("  %s: %u packets in %.0f ps, but they take %.0f\n", one->name, got->len, time,
                   one->takes);
        CHECK(one->takes <= time);
        if (!most || one->takes > most->takes) most = one;
    }
    *nearest = most ? most->takes / time : 0;
    return most;
}

/* Of all packets, how near one came to the sum of its parts. (Far from 0 an edge of a clock of up
 * to 10 GHz may lie a picosecond off: clock.h.) */
static double check_latency(const Npe *npe, const GArray *got) {
    double nearest = 0;
    for (unsigned k = 0; k < got->len; k++) {
        const Got *g = &g_array_index(got, Got, k);
        Way w = {.s = &npe->settings, .at = g->created, .loaded = true};
        hardware(&w, "link in", (SimTime)packet_wire_bytes(g->length) * LINK_PS);
        way_npe(&w, npe, packet_frame_bytes(g->length), false);
        hardware(&w, "link out", (SimTime)packet_wire_bytes(g->length) * LINK_PS);
        SimTime least = w.at - g->created, took = g->arrived - g->created;
        if (took + w.n < least) {
            way_print(&w);
            CHECK_U64(took, least);
        }
        nearest = MAX(nearest, (double)least / (double)took);
    }
    return nearest;
}

/* Runs ---------------------------------------------------------------------------------------- */

/* As bench_open; NULL: the set was refused. */
static Network *open_set(const char *folder, const char *text, Scenario **scenario,
                         NetworkOptions *options) {
    g_autoptr(GError) error = NULL;
    const Component *failed;
    Network *net = NULL;
    *scenario = bench_load(folder, text, NULL, &error);
    if (*scenario) net = scenario_build(*scenario, 0, options, &error);
    if (net && !network_start(net, &failed, &error)) {
        network_free(net);
        net = NULL;
    }
    if (error && error->domain != SPPEMU_INPUT_ERROR) printf("  %s\n", error->message);
    CHECK(!error || error->domain == SPPEMU_INPUT_ERROR);
    return net;
}

static void every_set_keeps_invariants_and_bounds(void) {
    g_autoptr(GHashTable) limits = g_hash_table_new(g_direct_hash, g_direct_equal);
    unsigned ran = 0, refused = 0, delivered = 0, sent = 0, tight = 0, alone = 0;
    char *folder = bench_folder();
    NetworkOptions options = {.seed = 1, .output = folder};
    while (ran < SETS) {
        g_autofree char *text = draw_scenario();
        g_autoptr(GError) error = NULL;
        Scenario *scenario;
        Network *net = open_set(folder, text, &scenario, &options);
        if (!net) {
            refused++;
            scenario_free(scenario);
            continue;
        }
        ran++;
        network_run(net, SIM_NEVER, 100000 * SIM_S, 1000 * SIM_S, NULL, NULL);
        const Npe *npe = (const Npe *)(const void *)network_find(net, "npe0");
        const GArray *got = ((const End *)(const void *)network_find(net, "end"))->got;
        double rate, latency = check_latency(npe, got);
        const Supply *most = check_rate(npe, got, &rate);
        if (most && rate > 0.5) tight++, g_hash_table_add(limits, (void *)most->name);
        alone += latency > 0.9;
        delivered += got->len;
        sent += (unsigned)packet_pool_counts(network_packets(net)).created;
        bool ok = network_stop(net, &error);
        if (!ok) printf("  %s\n%s", error->message, text);
        CHECK(ok);
        CHECK_U64(packet_pool_counts(network_packets(net)).held, 0);
        network_free(net);
        scenario_free(scenario);
    }
    bench_remove(folder);
    printf(
        "  %u sets ran, %u were refused; %u of %u packets were delivered\n"
        "  in %u sets one of %u resources was taken for half of the time or more, in %u a packet "
        "took 1.1 times its parts or less\n",
        ran, refused, delivered, sent, tight, g_hash_table_size(limits), alone);
    CHECK(tight > SETS / 4 && g_hash_table_size(limits) > 10 && alone > SETS / 8);
}

int main(void) {
    static const Test tests[] = {TEST(every_set_keeps_invariants_and_bounds), {0}};
    return run_tests("npe_random", tests);
}
