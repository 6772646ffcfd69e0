/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A slice's life through PLC, GNM, LNM, LRM and GRM, on a whole node, with every message of its
 * set-up lost, late, or the last that somebody hears for a while. Oracles: what the GRM's books say
 * is what NPE and line card have, and what the LRMs hold; a node whose slices are gone is the empty
 * node. */
#include <errno.h>

#include "components/control/manager.h"
#include "components/gpe/vserver.h"
#include "components/npe/npe.h"
#include "tests/bench.h"

/* Times are short, so that much happens: a lease is 300 ms, a call is given up after 8 ms. */
#define NODE(program)                                                                              \
    "[scenario]\ninclude = @scenarios/chassis-dev.ini\n"                                           \
    "[chassis spp]\nslots = linecard; np; gpe*2; cp\n[switch control]\nports = 8\n"                \
    "[npe npe0]\nreset_time = 100ms\n[link internet]\nlink = plc0.0 -> control.7\nrate = "         \
    "100Mbit/s\ndelay = 1ms\nboth = yes\n"                                                         \
    "[management management]\n[plc plc0]\ncontrol_timeout = 4ms\ncontrol_resends = 3\n"            \
    "[global_manager manager]\ncp = gpe1\npoll = 20ms\npoll_spread = 3ms\nlease = 300ms\n"         \
    "retry = 10ms\ncontrol_timeout = 4ms\ncontrol_resends = 3\nlog = no\n"                         \
    "[local_manager gpe0_manager]\ngpe = gpe0\npoll = 20ms\npoll_spread = 3ms\nretry = 10ms\n"     \
    "create = 1ms\ncontrol_timeout = 4ms\ncontrol_resends = 3\n"                                   \
    "[program p]\nslice = wustl_a\nsteps = " program "\n"

#define WHOLE                                                                                      \
    "np_slice filters=64 queues=10 sram=16KiB bandwidth=2Gbit/s; "                                 \
    "port udp 30000 interfaces=0-2 in=10% out=20%; queue 0 scheduler=0 share=30%; "                \
    "filter 10.0.0.0/16 0 192.168.100.1:30000 queue 0; port udp 53 interfaces=1 to=vserver"

typedef struct {
    Bench *b;
    Sim *sim;
    Component *plc, *control;
    const ComponentClass *usual;
    /* The control switch, and what becomes of the n-th frame that comes in there. */
    uint64_t seen, n; /* n = 0: of none */
    bool lose;
    SimTime delay;
    const char *target, *down, *up; /* script commands; of nobody: NULL */
    SimTime downtime;
    SimEvent late, recovery;
    Packet *held;
    unsigned held_port;
    unsigned whole, part, none; /* set-ups: all three leases, the first of them, none */
    LcOccupancy lc;             /* of the empty node: the control processor has a class */
} World;

static World *world; /* for the switch, whose class has no room for it */

static void command(World *w, const char *target, const char *text) {
    g_autoptr(GError) error = NULL;
    Component *c = bench_find(w->b, target);
    g_auto(GStrv) parts = g_strsplit(text, " ", 2);
    bool done = c->class->command(c, parts[0], parts[1] ? parts[1] : "", &error);
    if (!done) printf("  %s = %s: %s\n", target, text, error->message);
    CHECK(done);
}

static void arrive_late(Sim *sim, SimEvent *event) {
    Packet *pkt = world->held;
    (void)sim, (void)event;
    world->held = NULL;
    world->usual->receive(world->control, world->held_port, pkt);
}

static void recover(Sim *sim, SimEvent *event) {
    (void)sim, (void)event;
    if (world->up) command(world, world->target, world->up);
}

/* Before the switch sees it. */
static void meddle(Component *c, unsigned port, Packet *pkt) {
    World *w = world;
    if (++w->seen == w->n) {
        if (w->down) {
            command(w, w->target, w->down);
            sim_schedule(w->sim, &w->recovery, w->downtime);
        }
        if (w->delay) {
            w->held = pkt;
            w->held_port = port;
            sim_schedule(w->sim, &w->late, w->delay);
            return;
        }
        if (w->lose) {
            component_drop(c, 0, pkt);
            return;
        }
    }
    w->usual->receive(c, port, pkt);
}

static World *world_new(const char *text) {
    static ComponentClass class;
    World *w = g_new0(World, 1);
    w->b = bench_open(text);
    w->sim = network_sim(w->b->net);
    w->plc = bench_find(w->b, "plc0");
    w->control = bench_find(w->b, "control");
    w->usual = w->control->class;
    class = *w->usual;
    class.receive = meddle;
    w->control->class = &class;
    sim_event_init(&w->late, arrive_late, &w->control->owner);
    sim_event_init(&w->recovery, recover, &w->control->owner);
    w->lc = linecard_occupancy((LineCard *)bench_find(w->b, "lc0"));
    return world = w;
}

static void world_free(World *w) {
    g_autoptr(GError) error = NULL;
    w->control->class = w->usual;
    CHECK(network_stop(w->b->net, &error));
    if (error) printf("  %s\n", error->message);
    bench_close(w->b);
    g_free(w);
}

static void go(World *w, SimTime time) {
    sim_run_until(w->sim, sim_now(w->sim) + time);
}

static LedgerUse books(const World *w) {
    return grm_use(manager_grm(bench_find(w->b, "manager")));
}
static unsigned holdings(const World *w) {
    return lrm_holdings(manager_lrm(bench_find(w->b, "gpe0_manager")));
}

/* The books, the boxes and the LRM say the same. */
static bool consistent(const World *w) {
    LedgerUse use = books(w);
    uint64_t ports = 0;
    LcOccupancy lc = linecard_occupancy((LineCard *)bench_find(w->b, "lc0"));
    for (unsigned i = 0; i < 2; i++) {
        NpeOccupancy npe = npe_occupancy((Npe *)bench_find(w->b, i ? "npe1" : "npe0"));
        if (npe.slices != use.npe[i].slices || npe.queues != use.npe[i].queues ||
            npe.sram_bytes != use.npe[i].sram_bytes)
            return false;
        ports += npe.ports;
    }
    GpeOccupancy gpe = gpe_occupancy((Gpe *)bench_find(w->b, "gpe0"));
    return lc.bindings - w->lc.bindings == use.ports && ports + gpe.ports == use.ports &&
           use.leases == holdings(w);
}

static bool empty(const World *w) {
    LcOccupancy lc = linecard_occupancy((LineCard *)bench_find(w->b, "lc0"));
    GpeOccupancy gpe = gpe_occupancy((Gpe *)bench_find(w->b, "gpe0"));
    LedgerUse use = books(w);
    bool npes = true;
    for (unsigned i = 0; i < 2; i++) {
        NpeOccupancy n = npe_occupancy((Npe *)bench_find(w->b, i ? "npe1" : "npe0"));
        npes = npes && !(n.slices | n.queues | n.sram_bytes | n.filters | n.ports | n.held) &&
               !(use.npe[i].slices | use.npe[i].queues | use.npe[i].rate_bps);
    }
    return npes && lc.classes == w->lc.classes && lc.bindings == w->lc.bindings &&
           !(lc.translations | lc.held) && !(gpe.guests | gpe.ports | gpe.filters) &&
           !(use.leases | use.ports | use.in | use.out) && !holdings(w) &&
           !lnm_slivers(manager_lnm(bench_find(w->b, "gpe0_manager"))) &&
           !database_size(gnm_database(manager_gnm(bench_find(w->b, "manager"))));
}

static void show(const World *w) {
    LedgerUse use = books(w);
    LcOccupancy lc = linecard_occupancy((LineCard *)bench_find(w->b, "lc0"));
    GpeOccupancy gpe = gpe_occupancy((Gpe *)bench_find(w->b, "gpe0"));
    printf("  leases %" PRIu64 " ports %" PRIu64 " held %u; line card classes %" PRIu64
           " bindings %" PRIu64 "; server guests %" PRIu64 " ports %" PRIu64
           "; slivers %u, slices %u\n",
           use.leases, use.ports, holdings(w), lc.classes, lc.bindings, gpe.guests, gpe.ports,
           lnm_slivers(manager_lnm(bench_find(w->b, "gpe0_manager"))),
           database_size(gnm_database(manager_gnm(bench_find(w->b, "manager")))));
    for (unsigned i = 0; i < 2; i++) {
        NpeOccupancy n = npe_occupancy((Npe *)bench_find(w->b, i ? "npe1" : "npe0"));
        printf("  npe%u: slices %" PRIu64 " of %" PRIu64 " queues %" PRIu64 " of %" PRIu64
               " filters %" PRIu64 " ports %" PRIu64 "\n",
               i, n.slices, use.npe[i].slices, n.queues, use.npe[i].queues, n.filters, n.ports);
    }
}

/* A slice comes, and everything that can be done for it is done; then it goes. */
enum { UP_MS = 200, DOWN_MS = 200 };
static bool cycle(World *w, const char *what) {
    w->seen = 0;
    command(w, "plc0", "add_slice wustl_a");
    go(w, UP_MS * SIM_MS + w->downtime * 2 + 2 * w->delay);
    bool as_said = consistent(w);
    if (!as_said) {
        printf("  %s at frame %" PRIu64 ": half done\n", what, w->n);
        show(w);
    }
    CHECK(as_said);
    uint64_t leases = books(w).leases;
    *(leases == 3 ? &w->whole : leases ? &w->part : &w->none) += 1;
    command(w, "plc0", "delete_slice wustl_a");
    go(w, DOWN_MS * SIM_MS);
    bool nothing = empty(w);
    if (!nothing) {
        printf("  %s at frame %" PRIu64 ": something is left\n", what, w->n);
        show(w);
    }
    CHECK(nothing);
    return as_said && nothing;
}

static void a_slice_comes_up_whole_and_leaves_the_empty_node(void) {
    World *w = world_new(NODE(WHOLE));
    go(w, 50 * SIM_MS);
    CHECK(empty(w));
    command(w, "plc0", "add_slice wustl_a");
    go(w, 200 * SIM_MS);
    CHECK(consistent(w));
    LedgerUse use = books(w);
    CHECK_U64(use.leases, 3);
    CHECK_U64(use.ports, 4);       /* 30000 at three interfaces, 53 at one */
    CHECK_U64(use.in, 3 * 100000); /* 10 percent of three, in millionths */
    CHECK_U64(use.out, 3 * 200000);
    CHECK_U64(use.npe[0].slices, 1);
    CHECK_U64(use.npe[0].rate_bps, 2000000000);
    CHECK_U64(use.npe[0].queues, 11); /* and that of its exceptions */
    CHECK_U64(npe_occupancy((Npe *)bench_find(w->b, "npe0")).filters, 1);
    command(w, "plc0", "delete_slice wustl_a");
    go(w, 200 * SIM_MS);
    CHECK(empty(w));
    world_free(w);
}

static void a_thousand_slices_leave_the_empty_node(void) {
    World *w = world_new(NODE(WHOLE));
    go(w, 50 * SIM_MS);
    for (unsigned n = 0; n < 1000; n++)
        if (!cycle(w, "nothing")) break;
    CHECK_U64(lnm_slivers(manager_lnm(bench_find(w->b, "gpe0_manager"))), 0);
    world_free(w);
}

/* How many frames there are from the row to the last step. */
static uint64_t frames_of_a_set_up(World *w) {
    w->n = 0;
    w->seen = 0;
    command(w, "plc0", "add_slice wustl_a");
    while (books(w).leases < 3 || books(w).ports < 4) go(w, SIM_MS);
    go(w, 2 * SIM_MS);
    uint64_t frames = w->seen;
    command(w, "plc0", "delete_slice wustl_a");
    go(w, DOWN_MS * SIM_MS);
    CHECK(empty(w));
    return frames;
}

static void every_message(const char *what, bool lose, SimTime delay) {
    World *w = world_new(NODE(WHOLE));
    go(w, 50 * SIM_MS);
    uint64_t frames = frames_of_a_set_up(w);
    CHECK(frames > 40);
    w->lose = lose;
    w->delay = delay;
    for (w->n = 1; w->n <= frames + 20; w->n++)
        if (!cycle(w, what)) break;
    CHECK_U64(w->whole, frames + 20); /* it is sent again */
    world_free(w);
}

static void any_message_of_a_set_up_may_be_lost(void) {
    every_message("lost", true, 0);
}
static void any_message_of_a_set_up_may_be_late(void) {
    every_message("3 ms late", false, 3 * SIM_MS); /* before it is sent again */
    every_message("7 ms late", false, 7 * SIM_MS); /* after it */
}

/* Somebody hears nothing, or is dead, from the n-th message on for a while. */
static bool somebody_dies(const char *target, const char *down, const char *up, SimTime downtime) {
    World *w = world_new(NODE(WHOLE));
    g_autofree char *what =
        g_strdup_printf("%s = %s for %u ms", target, down, (unsigned)(downtime / SIM_MS));
    go(w, 50 * SIM_MS);
    uint64_t frames = frames_of_a_set_up(w);
    w->target = target;
    w->down = down;
    w->up = up;
    w->downtime = downtime;
    for (w->n = 1; w->n <= frames + 20; w->n++)
        if (!cycle(w, what)) break;
    bool all = w->whole && w->part && w->none; /* of each some */
    world_free(w);
    return all;
}

static const SimTime downtimes[] = {10 * SIM_MS, 100 * SIM_MS, 700 * SIM_MS};

static void any_daemon_may_die_at_any_message(void) {
    static const char *const daemons[][3] = {{"gpe0", "stop lrm", "start lrm"},
                                             {"gpe0", "stop lnm", "start lnm"},
                                             {"gpe1", "stop grm", "start grm"},
                                             {"gpe1", "stop gnm", "start gnm"}};
    unsigned all = 0;
    for (unsigned i = 0; i < G_N_ELEMENTS(daemons); i++)
        for (unsigned k = 0; k < G_N_ELEMENTS(downtimes); k++)
            all += somebody_dies(daemons[i][0], daemons[i][1], daemons[i][2], downtimes[k]);
    CHECK(all >= 3); /* programs ended before, amid and after their steps */
}

/* So slow that calls are given up, and carried out all the same; or reset, with all packets lost.
 */
static void anybody_may_be_slow_or_reset_at_any_message(void) {
    static const char *const trouble[][3] = {{"gpe0", "slow lrm 300", "slow lrm 1"},
                                             {"gpe1", "slow grm 300", "slow grm 1"},
                                             {"npe0", "mp_slower 1000", "mp_slower 1"},
                                             {"lc0", "mp_slower 1000", "mp_slower 1"},
                                             {"npe0", "reset", NULL}};
    for (unsigned i = 0; i < G_N_ELEMENTS(trouble); i++)
        somebody_dies(trouble[i][0], trouble[i][1], trouble[i][2], 100 * SIM_MS);
}

/* Of a blade that is down, or its cable. */
static void any_control_port_may_be_down_at_any_message(void) {
    static const unsigned ports[] = {0, 1, 3, 4, 7}; /* lc0, npe0, gpe0, gpe1, plc0 */
    unsigned all = 0;
    for (unsigned i = 0; i < G_N_ELEMENTS(ports); i++)
        for (unsigned k = 0; k < G_N_ELEMENTS(downtimes); k++) {
            g_autofree char *down = g_strdup_printf("port %u down", ports[i]),
                            *up = g_strdup_printf("port %u up", ports[i]);
            all += somebody_dies("control", down, up, downtimes[k]);
        }
    CHECK(all >= 3);
}

/* Several slices on three servers, of which one is the control processor. -------------------- */

#define MANAGER(gpe)                                                                               \
    "[local_manager " gpe "_manager]\ngpe = " gpe                                                  \
    "\npoll = 20ms\npoll_spread = 3ms\nretry = 10ms\n"                                             \
    "create = 1ms\ncontrol_timeout = 4ms\ncontrol_resends = 3\n"
#define WIDE_NODE(programs)                                                                        \
    "[scenario]\ninclude = @scenarios/chassis-dev.ini\n"                                           \
    "[chassis spp]\nslots = linecard; np; gpe*2; cp\n[switch control]\nports = 8\n"                \
    "[link internet]\nlink = plc0.0 -> control.7\nrate = 100Mbit/s\ndelay = 1ms\nboth = yes\n"     \
    "[management management]\n[plc plc0]\ncontrol_timeout = 4ms\ncontrol_resends = 3\n"            \
    "[global_manager manager]\ncp = cp0\npoll = 20ms\npoll_spread = 3ms\nlease = 300ms\n"          \
    "retry = 10ms\ncontrol_timeout = 4ms\ncontrol_resends = 3\n" MANAGER("gpe0") MANAGER("gpe1")   \
        MANAGER("cp0") programs

static unsigned slivers(const World *w, const char *manager) {
    return lnm_slivers(manager_lnm(bench_find(w->b, manager)));
}

static void slices_are_spread_over_servers_and_a_dead_one_gets_none(void) {
    World *w = world_new(WIDE_NODE(""));
    for (unsigned n = 0; n < 6; n++) {
        g_autofree char *row = g_strdup_printf("add_slice site_s%u", n);
        command(w, "plc0", row);
    }
    go(w, 200 * SIM_MS);
    CHECK_U64(slivers(w, "gpe0_manager"), 2);
    CHECK_U64(slivers(w, "gpe1_manager"), 2);
    CHECK_U64(slivers(w, "cp0_manager"), 2);
    command(w, "gpe1", "stop lnm");
    go(w, 50 * SIM_MS);
    for (unsigned n = 6; n < 10; n++) {
        g_autofree char *row = g_strdup_printf("add_slice site_s%u", n);
        command(w, "plc0", row);
    }
    go(w, 200 * SIM_MS);
    CHECK_U64(slivers(w, "gpe0_manager"), 4);
    CHECK_U64(slivers(w, "cp0_manager"), 4);
    command(w, "plc0", "update site_s0 attributes=enabled:0");
    go(w, 200 * SIM_MS);
    CHECK_U64(slivers(w, "gpe0_manager") + slivers(w, "cp0_manager"), 7);
    command(w, "gpe1", "start lnm"); /* it still has what it had */
    go(w, 200 * SIM_MS);
    CHECK_U64(slivers(w, "gpe1_manager"), 2);
    world_free(w);
}

static void a_row_that_expires_ends_its_sliver_though_nobody_answers(void) {
    World *w = world_new(WIDE_NODE(""));
    command(w, "plc0", "add_slice site_a expires=500ms");
    command(w, "plc0", "add_slice site_b expires=500ms");
    go(w, 200 * SIM_MS);
    CHECK_U64(slivers(w, "gpe0_manager") + slivers(w, "gpe1_manager") + slivers(w, "cp0_manager"),
              2);
    command(w, "control", "port 7 down"); /* PLC */
    command(w, "control", "port 5 down"); /* cp0, and myPLC with it */
    go(w, 250 * SIM_MS);
    CHECK_U64(slivers(w, "gpe0_manager") + slivers(w, "gpe1_manager") + slivers(w, "cp0_manager"),
              2);
    go(w, 150 * SIM_MS);
    CHECK_U64(slivers(w, "gpe0_manager") + slivers(w, "gpe1_manager") + slivers(w, "cp0_manager"),
              0);
    CHECK_U64(database_size(gnm_database(manager_gnm(bench_find(w->b, "manager")))), 0);
    world_free(w);
}

static double error_of(const World *w, const char *program) {
    Report *report = report_new();
    g_autofree char *name = g_strconcat(program, ".errno", NULL);
    network_report(w->b->net, report);
    const ReportScalar *s = report_find(report, name);
    double value = s ? s->value : NAN;
    report_free(report);
    return value;
}

#define TWO_PROGRAMS(first, second)                                                                \
    "[program p]\nslice = wustl_a\nsteps = " first "\n[program q]\nslice = mit_b\nsteps = " second \
    "\n"

static void a_resource_manager_that_starts_again_learns_who_has_what(void) {
    World *w = world_new(
        WIDE_NODE(TWO_PROGRAMS("np_slice bandwidth=1Gbit/s; port udp 53 interfaces=0-2 in=50%",
                               "port udp 53 interfaces=2")));
    command(w, "plc0", "add_slice wustl_a");
    go(w, 100 * SIM_MS);
    LedgerUse before = books(w);
    CHECK_U64(before.leases, 2);
    CHECK_U64(before.ports, 3);
    command(w, "cp0", "stop grm");
    go(w, 20 * SIM_MS);
    CHECK_U64(books(w).leases, 0);
    command(w, "cp0", "start grm");
    command(w, "plc0", "add_slice mit_b");
    go(w, 100 * SIM_MS);
    LedgerUse after = books(w);
    CHECK(memcmp(&before, &after, sizeof before) == 0);
    CHECK_NEAR(error_of(w, "q"), EADDRINUSE, 0);
    world_free(w);
}

#define TWO_LINE_CARDS                                                                             \
    "[scenario]\ninclude = @scenarios/chassis-dev.ini\n"                                           \
    "[chassis spp]\nslots = linecard*2; np; gpe*2; cp\n[switch control]\nports = 9\n"              \
    "[link internet]\nlink = plc0.0 -> control.8\nrate = 100Mbit/s\ndelay = 1ms\nboth = yes\n"     \
    "[management management]\n[plc plc0]\n[global_manager manager]\ncp = cp0\npoll = 20ms\n"       \
    "poll_spread = 3ms\nlease = 300ms\ncontrol_timeout = 4ms\ncontrol_resends = 3\n" MANAGER(      \
        "gpe1") "[program p]\nslice = wustl_a\nsteps = np_slice; "                                 \
                "port udp 53 interfaces=0-2 in=10%; port udp 53 interfaces=4 to=vserver\n"

/* The vServer's line card is lc1, that of the NPE with the lowest number lc0. */
static void a_port_is_claimed_where_what_it_leads_to_is(void) {
    World *w = world_new(TWO_LINE_CARDS);
    LineCard *lc[2] = {(LineCard *)bench_find(w->b, "lc0"), (LineCard *)bench_find(w->b, "lc1")};
    LcOccupancy before[2] = {linecard_occupancy(lc[0]), linecard_occupancy(lc[1])};
    for (unsigned lost = 0; lost < 2; lost++) { /* the second time the GRM takes it back */
        command(w, "plc0", "add_slice wustl_a");
        go(w, 200 * SIM_MS);
        CHECK_U64(linecard_occupancy(lc[0]).bindings, before[0].bindings + 3);
        CHECK_U64(linecard_occupancy(lc[1]).bindings, before[1].bindings + 1);
        if (lost) {
            command(w, "gpe1", "stop lrm");
            go(w, 600 * SIM_MS);
            CHECK_U64(linecard_occupancy(lc[0]).bindings, before[0].bindings);
            CHECK_U64(linecard_occupancy(lc[1]).bindings, before[1].bindings);
            CHECK_U64(books(w).leases, 0);
            command(w, "gpe1", "start lrm");
        }
        command(w, "plc0", "delete_slice wustl_a");
        go(w, 200 * SIM_MS);
        for (unsigned i = 0; i < 2; i++) {
            CHECK_U64(linecard_occupancy(lc[i]).bindings, before[i].bindings);
            CHECK_U64(linecard_occupancy(lc[i]).classes, before[i].classes);
        }
        CHECK_U64(lrm_holdings(manager_lrm(bench_find(w->b, "gpe1_manager"))), 0);
    }
    world_free(w);
}

static void bandwidth_is_given_once(void) {
    World *w = world_new(WIDE_NODE(
        TWO_PROGRAMS("port udp 53 interfaces=0-2 in=60%", "port udp 54 interfaces=2-4 in=41%")));
    command(w, "plc0", "add_slice wustl_a");
    go(w, 100 * SIM_MS);
    command(w, "plc0", "add_slice mit_b");
    go(w, 100 * SIM_MS);
    CHECK_NEAR(error_of(w, "p"), 0, 0);
    CHECK_NEAR(error_of(w, "q"), ENOSPC, 0);
    CHECK_U64(books(w).in, 3 * 600000);
    world_free(w);
}

static void a_delegated_slice_is_made_by_a_ticket_alone(void) {
    World *w = world_new(WIDE_NODE(""));
    g_autoptr(GError) error = NULL;
    Component *local = bench_find(w->b, "gpe0_manager");
    command(w, "plc0", "add_slice site_a instantiation=delegated");
    go(w, 200 * SIM_MS);
    CHECK_U64(slivers(w, "gpe0_manager"), 0);
    command(w, "plc0", "ticket site_a gpe0_manager");
    go(w, 200 * SIM_MS);
    CHECK_U64(slivers(w, "gpe0_manager"), 1); /* and the polls in between leave it */
    CHECK(!local_manager_ticket(local, "00 {}", &error));
    CHECK_CONTAINS(error->message, "the ticket's seal is not that of its text");
    command(w, "gpe0_manager", "destroy site_a");
    go(w, 200 * SIM_MS);
    CHECK_U64(slivers(w, "gpe0_manager"), 0);
    world_free(w);
}

/* Tokens of 1 ms a second are PlanetLab's cpu_share, and cpu_min in ms/s guaranteed ones. */
static void a_sliver_has_the_processor_that_its_row_says(void) {
    World *w = world_new(
        WIDE_NODE(TWO_PROGRAMS("sleep 1s", "sleep 1s") "[vserver mit_b]\nrate = 77\n[program r]\n"
                                                       "slice = uva_c\nsteps = sleep 1s\n"));
    const SchedShare *a = &((Vserver *)bench_find(w->b, "wustl_a"))->guest.process.task.share,
                     *b = &((Vserver *)bench_find(w->b, "mit_b"))->guest.process.task.share,
                     *c = &((Vserver *)bench_find(w->b, "uva_c"))->guest.process.task.share;
    command(w, "plc0", "add_slice wustl_a attributes=cpu_share:64");
    command(w, "plc0", "add_slice mit_b");
    command(w, "plc0", "add_slice uva_c attributes=cpu_min:250");
    go(w, 200 * SIM_MS);
    CHECK_U64(a->rate, 64);
    CHECK(!a->guaranteed);
    CHECK_U64(b->rate, 77); /* its section's: the row says nothing */
    CHECK_U64(c->rate, 250);
    CHECK(c->guaranteed);
    command(w, "plc0", "delete_slice wustl_a");
    command(w, "plc0", "delete_slice uva_c");
    go(w, 200 * SIM_MS);
    command(w, "plc0", "add_slice wustl_a");
    command(w, "plc0", "add_slice uva_c");
    go(w, 200 * SIM_MS);
    CHECK_U64(a->rate, 32); /* Node Manager's default, and the server's */
    CHECK(c->rate == 32 && !c->guaranteed);
    world_free(w);
}

/* Floods ---------------------------------------------------------------------------------- */

typedef struct {
    World *w;
    Lrm *lrm;
    Vserver *v;
    Slice *slice;
    unsigned outstanding, answered;
    SimTime asked, longest;
    bool again;
} Asker;

static void ask(Asker *a);

static void answered(void *user, const LrmAnswer *answer) {
    Asker *a = user;
    CHECK(answer->error == 0 || answer->error == EAGAIN);
    a->answered++;
    a->longest = MAX(a->longest, sim_now(a->w->sim) - a->asked);
    a->outstanding--;
    if (a->again) ask(a);
}

static void ask(Asker *a) {
    LrmRequest r = {.verb = LRM_COUNTERS, .slice = a->slice};
    a->asked = sim_now(a->w->sim);
    a->outstanding++;
    lrm_call(a->lrm, a->v, &r, answered, a);
}

static void a_slice_that_floods_its_lrm_does_not_delay_anothers_requests(void) {
    World *w = world_new(NODE("np_slice") "[program q]\nslice = mit_b\nsteps = np_slice\n");
    Lrm *lrm = manager_lrm(bench_find(w->b, "gpe0_manager"));
    command(w, "plc0", "add_slice wustl_a");
    command(w, "plc0", "add_slice mit_b");
    go(w, 200 * SIM_MS);
    CHECK_U64(books(w).leases, 2);
    Asker flood = {w, lrm, (Vserver *)bench_find(w->b, "wustl_a"),
                   (Slice *)bench_find(w->b, "wustl_a_np"), .again = true};
    Asker alone = {w, lrm, (Vserver *)bench_find(w->b, "mit_b"),
                   (Slice *)bench_find(w->b, "mit_b_np")},
          beside = alone;
    for (unsigned n = 0; n < 100; n++) {
        ask(&alone);
        go(w, SIM_MS);
    }
    for (unsigned n = 0; n < 120; n++) ask(&flood);
    for (unsigned n = 0; n < 100; n++) {
        ask(&beside);
        go(w, 5 * SIM_MS);
    }
    CHECK_U64(alone.answered, 100);
    CHECK_U64(beside.answered, 100);
    CHECK(flood.answered > 1000 && flood.outstanding == 120);
    CHECK(beside.longest < alone.longest + SIM_MS);
    if (beside.longest >= alone.longest + SIM_MS)
        printf("  alone %" PRIu64 " us, beside %" PRIu64 " us\n", alone.longest / SIM_US,
               beside.longest / SIM_US);
    flood.again = false;
    go(w, 100 * SIM_MS);
    world_free(w);
}

int main(void) {
    static const Test tests[] = {TEST(a_slice_comes_up_whole_and_leaves_the_empty_node),
                                 TEST(a_thousand_slices_leave_the_empty_node),
                                 TEST(any_message_of_a_set_up_may_be_lost),
                                 TEST(any_message_of_a_set_up_may_be_late),
                                 TEST(any_daemon_may_die_at_any_message),
                                 TEST(anybody_may_be_slow_or_reset_at_any_message),
                                 TEST(any_control_port_may_be_down_at_any_message),
                                 TEST(slices_are_spread_over_servers_and_a_dead_one_gets_none),
                                 TEST(a_row_that_expires_ends_its_sliver_though_nobody_answers),
                                 TEST(a_resource_manager_that_starts_again_learns_who_has_what),
                                 TEST(a_port_is_claimed_where_what_it_leads_to_is),
                                 TEST(bandwidth_is_given_once),
                                 TEST(a_delegated_slice_is_made_by_a_ticket_alone),
                                 TEST(a_sliver_has_the_processor_that_its_row_says),
                                 TEST(a_slice_that_floods_its_lrm_does_not_delay_anothers_requests),
                                 {0}};
    return run_tests("managers", tests);
}
