/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Daemons of a server, and its port on the control switch. Work of the root layer takes its service
 * and a context switch, after one another on a core, before any process; a frame takes the receive
 * path first. */
#include "components/gpe/daemon.h"

#include "components/control/box.h"
#include "components/npe/npe.h"
#include "fastpath/headers.h"
#include "tests/bench.h"

#define QUIET "root_rate = 0Hz\n"
#define SERVER "[gpe gpe0]\n" QUIET

typedef struct {
    Bench *bench;
    unsigned n, released, stopped, started;
    SimTime at[16];
    int what[16];
} Seen;

static void ran(void *user, void *data) {
    Seen *s = user;
    s->what[s->n] = GPOINTER_TO_INT(data);
    s->at[s->n++] = sim_now(network_sim(s->bench->net));
}
static void let_go(void *data) {
    (*(unsigned *)data)++;
}
static void stopped(void *user) {
    ((Seen *)user)->stopped++;
}
static void started(void *user) {
    ((Seen *)user)->started++;
}
static const DaemonOps ops = {stopped, started};

static Gpe *server(const Bench *b, const char *name) {
    Gpe *g = gpe_of(bench_find(b, name));
    g_assert(g);
    return g;
}

static void say(const Bench *b, const char *box, const char *verb, const char *args) {
    Component *c = bench_find(b, box);
    g_autoptr(GError) error = NULL;
    CHECK(c->class->understands(c, verb, args, &error));
    CHECK(c->class->command(c, verb, args, &error));
    if (error) printf("  %s\n", error->message);
}

/* 10 and 20 us from 1 ms + 300 us on, between ticks: each and its context switch, in order; the
 * second core's daemon does not wait for the first's. */
static void work_is_done_after_one_another_on_a_core(void) {
    Seen s = {.bench = bench_open("[gpe gpe0]\ncores = 2\n" QUIET)};
    Gpe *g = server(s.bench, "gpe0");
    SimTime each = g->kernel.context_switch, t0 = SIM_MS + 300 * SIM_US;
    Daemon *a = daemon_new(g, "a", NULL, &s, NULL), *b = daemon_new(g, "b", NULL, &s, NULL),
           *c = daemon_new(g, "c", NULL, &s, NULL); /* on core 0 again */
    bench_until(s.bench, t0);
    daemon_submit(a, 10 * SIM_US, ran, GINT_TO_POINTER(1), NULL);
    daemon_submit(c, 20 * SIM_US, ran, GINT_TO_POINTER(2), NULL);
    daemon_submit(a, 30 * SIM_US, ran, GINT_TO_POINTER(3), NULL);
    daemon_submit(b, 15 * SIM_US, ran, GINT_TO_POINTER(4), NULL);
    bench_until(s.bench, t0 + 200 * SIM_US);
    CHECK_U64(s.n, 4);
    static const struct {
        int what;
        unsigned us, switches;
    } expected[] = {{1, 10, 1}, {4, 15, 1}, {2, 30, 2}, {3, 60, 3}};
    for (unsigned i = 0; i < 4; i++) {
        CHECK_U64(s.what[i], expected[i].what);
        CHECK_U64(s.at[i], t0 + expected[i].us * SIM_US + expected[i].switches * each);
    }
    bench_finish(s.bench);
    bench_close(s.bench);
}

/* A vServer that computes all the time has the processor but for daemon and ticks. */
static void a_daemon_goes_before_processes(void) {
    Seen s = {.bench = bench_open(SERVER "[vserver v]\ngpe = gpe0\napplication = compute\n")};
    Gpe *g = server(s.bench, "gpe0");
    SimTime t0 = 7 * SIM_MS + 100 * SIM_US;
    Daemon *d = daemon_new(g, "d", NULL, &s, NULL);
    bench_until(s.bench, t0);
    daemon_submit(d, 400 * SIM_US, ran, GINT_TO_POINTER(1), NULL);
    bench_until(s.bench, t0 + SIM_MS);
    CHECK_U64(s.at[0], t0 + 400 * SIM_US + g->kernel.context_switch);
    bench_finish(s.bench);
    CHECK(bench_scalar(s.bench, "gpe0.share.root") > 0);
    bench_close(s.bench);
}

static void a_stopped_daemon_does_nothing_and_forgets(void) {
    Seen s = {.bench = bench_open(SERVER)};
    Daemon *d = daemon_new(server(s.bench, "gpe0"), "lrm", &ops, &s, NULL);
    bench_until(s.bench, SIM_MS);
    daemon_submit(d, 10 * SIM_US, ran, &s.released, let_go);
    daemon_submit(d, 10 * SIM_US, ran, &s.released, let_go);
    say(s.bench, "gpe0", "stop", "lrm");
    CHECK_U64(s.released, 2);
    daemon_submit(d, 10 * SIM_US, ran, &s.released, let_go);
    CHECK_U64(s.released, 3);
    say(s.bench, "gpe0", "stop", "lrm"); /* once is enough */
    bench_until(s.bench, 2 * SIM_MS);
    CHECK(!daemon_runs(d));
    say(s.bench, "gpe0", "start", "lrm");
    daemon_submit(d, 10 * SIM_US, ran, NULL, NULL);
    bench_until(s.bench, 3 * SIM_MS);
    CHECK_U64(s.n, 1);
    CHECK(s.stopped == 1 && s.started == 1);
    daemon_submit(d, SIM_S, ran, &s.released, let_go); /* the run ends before */
    bench_finish(s.bench);
    CHECK_U64(s.released, 4);
    bench_close(s.bench);
}

static void a_slow_daemon_takes_as_many_times_as_long(void) {
    Seen s = {.bench = bench_open(SERVER)};
    Gpe *g = server(s.bench, "gpe0");
    Daemon *d = daemon_new(g, "grm", NULL, &s, NULL);
    SimTime t0 = SIM_MS + 200 * SIM_US;
    bench_until(s.bench, t0);
    say(s.bench, "gpe0", "slow", "grm 2.5");
    daemon_submit(d, 100 * SIM_US, ran, NULL, NULL);
    bench_until(s.bench, t0 + SIM_MS);
    CHECK_U64(s.at[0], t0 + 250 * SIM_US + g->kernel.context_switch);
    bench_finish(s.bench);
    bench_close(s.bench);
}

static void orders_are_understood_or_refused(void) {
    Bench *b = bench_open(SERVER "[gpe gpe1]\naddress = 10.1.0.1\n");
    Component *c = bench_find(b, "gpe0"), *other = bench_find(b, "gpe1");
    g_autoptr(GError) error = NULL;
    daemon_new(server(b, "gpe0"), "lnm", NULL, NULL, NULL);
    daemon_new(server(b, "gpe0"), "lrm", NULL, NULL, NULL);
    CHECK(!daemon_new(server(b, "gpe0"), "lrm", NULL, NULL, &error));
    CHECK_TEXT(error->message, "found a second daemon lrm on gpe0, expected one");
    g_clear_error(&error);
    static const char *const bad[][2] = {{"stop", "lrn"},    {"stop", ""},      {"stop", "lrm lnm"},
                                         {"slow", "lrm"},    {"slow", "lrm x"}, {"slow", "lrm -1"},
                                         {"slow", "lrm 2 3"}};
    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        CHECK(!c->class->understands(c, bad[i][0], bad[i][1], &error));
        CHECK_CONTAINS(error->message, "gpe0 has lnm, lrm");
        g_clear_error(&error);
    }
    CHECK(!other->class->understands(other, "stop", "lrm", &error));
    CHECK_CONTAINS(error->message, "found \"stop lrm\", expected stop DAEMON; gpe1 has no daemons");
    bench_close(b);
}

/* The control port -------------------------------------------------------------------------- */

#define BLADES "[chassis spp]\nslots = linecard; np; gpe; gpe; cp\n"

static Packet *frame_to(const Bench *b, const char *from, const char *to, const char *text) {
    Component *c = bench_find(b, from);
    StationPlace there, here;
    g_assert(control_place(b->net, to, &there) && control_place(b->net, from, &here));
    MessageEnd source = {.address = here.address, .port = SERVICE_CLIENT},
               target = {.address = there.address, .port = SERVICE_LRM};
    MessageWriter w;
    memcpy(source.mac, here.mac, sizeof here.mac);
    memcpy(target.mac, there.mac, sizeof there.mac);
    message_begin(&w, MESSAGE_LOG, 0);
    message_put_text(&w, TAG_TEXT, text);
    g_assert(message_end(&w, 1));
    Packet *pkt = packet_new(c->packets, &c->owner, MESSAGE_FRAME_HEADERS + w.length);
    memcpy(pkt->data + MESSAGE_FRAME_HEADERS, w.bytes, w.length);
    message_frame(pkt->data, w.length, &source, &target);
    return pkt;
}

static void keep(void *user, Packet *pkt) {
    Seen *s = user;
    s->what[s->n] = (int)pkt->length;
    s->at[s->n++] = sim_now(network_sim(s->bench->net));
    packet_deliver(pkt);
}

/* Wire, switch, wire, interrupt, poll, packet: what each of these costs, and no more. */
static void a_frame_takes_the_receive_path(void) {
    Seen s = {.bench = bench_open(BLADES "[gpe gpe0]\n" QUIET "[gpe gpe1]\n" QUIET)};
    Gpe *from = server(s.bench, "gpe0"), *to = server(s.bench, "gpe1");
    CHECK(control_port_serve(gpe_control(to), keep, &s, NULL));
    SimTime t0 = SIM_MS + 200 * SIM_US;
    bench_until(s.bench, t0);
    Packet *pkt = frame_to(s.bench, "gpe0", "gpe1", "hello");
    SimTime wire = packet_wire_bytes(pkt->length) * 8000, bytes = pkt->length;
    nic_transmit(&from->nics, from->control.number, pkt);
    bench_until(s.bench, t0 + SIM_MS);
    CHECK_U64(s.n, 1);
    CHECK_U64(s.at[0], t0 + 2 * wire + 2 * SIM_US + to->kernel.interrupt_cost + to->nics.poll +
                           to->nics.rx_packet + to->nics.rx_byte * bytes);
    bench_finish(s.bench);
    CHECK_NEAR(bench_scalar(s.bench, "gpe1.interrupts"), 1, 0);
    CHECK_NEAR(bench_scalar(s.bench, "control.port4.packets"), 1, 0);
    bench_close(s.bench);
}

static void nobody_serves_a_port_at_first_and_one_only_later(void) {
    static const char *const boxes[] = {"lc0", "npe0", "npe1", "gpe0", "cp0"};
    Seen s = {.bench = bench_open(BLADES "[gpe gpe0]\n" QUIET "[gpe gpe1]\n" QUIET)};
    Gpe *from = server(s.bench, "gpe1");
    for (unsigned i = 0; i < G_N_ELEMENTS(boxes); i++)
        nic_transmit(&from->nics, from->control.number,
                     frame_to(s.bench, "gpe1", boxes[i], "hello"));
    bench_until(s.bench, SIM_MS);
    g_autoptr(GError) error = NULL;
    StationSettings settings = {SIM_MS, 1};
    Component *c = bench_find(s.bench, "lc0");
    Station *st = control_station(c, "npe1", &settings, NULL);
    CHECK(st != NULL);
    CHECK(!control_station(c, "npe1", &settings, &error));
    CHECK_TEXT(error->message, "found a second station at the control port of npe1, expected one");
    g_clear_error(&error);
    CHECK(!control_station(c, "control", &settings, &error));
    CHECK_CONTAINS(error->message, "found \"control\", expected an NPE, line card, GPE or control");
    g_clear_error(&error);
    gpe_control(from)->address = npe_control((Npe *)(void *)bench_find(s.bench, "npe0"))->address;
    CHECK(!control_station(c, "npe0", &settings, &error));
    CHECK_TEXT(error->message,
               "control_address: found that of gpe1 at npe0 too, expected one for each");
    bench_finish(s.bench);
    for (unsigned i = 0; i < G_N_ELEMENTS(boxes); i++) {
        g_autofree char *name = g_strconcat(boxes[i], ".drop.control", NULL);
        CHECK_NEAR(bench_scalar(s.bench, name), 1, 0);
    }
    station_free(st);
    bench_close(s.bench);
}

/* The worst that a vServer could do: frames with the MAC and IP addresses of every control port,
 * and to them, out of every NIC that guests have. The data switch knows none of these stations, and
 * on the control switch there is not one frame. */
static void what_vservers_send_never_gets_there(void) {
    static const char *const boxes[] = {"lc0", "npe0", "npe1", "gpe0", "gpe1", "cp0"};
    Bench *b = bench_open(BLADES "[gpe gpe0]\n" QUIET "[gpe gpe1]\n" QUIET);
    Gpe *from = server(b, "gpe1");
    unsigned sent = 0;
    for (unsigned i = 0; i < G_N_ELEMENTS(boxes); i++)
        for (unsigned interface = 0; interface < 32; interface++, sent++) {
            Packet *pkt = frame_to(b, "gpe1", boxes[i], "let me in");
            if (interface & 1) memset(pkt->data + ETHER_DESTINATION, 0xff, MAC_BYTES);
            gpe_transmit(from, interface, pkt);
        }
    bench_finish(b);
    CHECK_NEAR(bench_scalar(b, "data.drop.unknown_station"), sent, 0);
    for (unsigned i = 0; i < G_N_ELEMENTS(boxes); i++) {
        g_autofree char *out = g_strdup_printf("control.port%u.packets", i),
                        *in = g_strconcat(boxes[i], ".drop.control", NULL);
        CHECK_NEAR(bench_scalar(b, out), 0, 0);
        CHECK_NEAR(bench_scalar(b, in), 0, 0);
    }
    bench_close(b);
}

/* And from outside: tunnels whose packet goes on to an address of the control network end at the
 * slice that has no way for it, or leave by its interface: the control switch stays silent. */
static void what_comes_from_outside_never_gets_there(void) {
    RunResult *r =
        bench_run(BLADES "[vserver v]\ngpe = gpe0\napplication = click\n"
                         "routes = 10.0.128.0/24 1 10.0.128.2:7007\n"
                         "[source t]\nattach = spp interfaces 0\nwarmup = 0\n"
                         "duration = 10ms\nrate = 1kpacket/s\ndestinations = 10.0.128.2\n"
                         "[sink s]\nattach = spp interfaces 1\nsource = t\n");
    CHECK(bench_value(r, "v.forwarded") >= 9);
    CHECK_NEAR(bench_value(r, "s.port0.packets"), bench_value(r, "v.forwarded"), 0);
    for (unsigned i = 0; i < 6; i++) {
        g_autofree char *out = g_strdup_printf("control.port%u.packets", i);
        CHECK_NEAR(bench_value(r, out), 0, 0);
    }
    run_result_free(r);
}

/* The control processor ------------------------------------------------------------------- */

#define SINK "[sink s]\nattach = spp interfaces 1\nsource = t\n"
#define UNBOUND                                                                                    \
    "[source t]\nattach = spp interfaces 0\nwarmup = 0\nduration = 10ms\nrate = 1kpacket/s\n"      \
    "udp_port = 4000\n" SINK

static void a_control_processor_counts_what_nobody_has_bound(void) {
    RunResult *idle = bench_run(BLADES UNBOUND),
              *busy = bench_run(BLADES UNBOUND "[vserver v]\ngpe = cp0\napplication = compute\n");
    CHECK(bench_value(idle, "cp0.packets") >= 9);
    CHECK_NEAR(bench_value(busy, "cp0.packets"), bench_value(idle, "cp0.packets"), 0);
    CHECK_NEAR(bench_value(busy, "cp0.interrupts"), bench_value(idle, "cp0.packets"), 0);
    CHECK(!run_scalar(idle, "cp0.interrupts"));
    run_result_free(idle);
    run_result_free(busy);
}

/* The same vServer, on a GPE and on the control processor: the same packets come back. */
static void a_control_processor_hosts_vservers(void) {
    RunResult *r[2];
    for (unsigned i = 0; i < 2; i++) {
        g_autofree char *text =
            g_strdup_printf("[chassis spp]\nslots = linecard; gpe; cp\nserver_links = 1\n"
                            "[gpe gpe0]\nports = 1\n" QUIET "[cp cp0]\n" QUIET
                            "[vserver v]\ngpe = %s\napplication = click\n"
                            "routes = 10.0.0.0/8 1 10.253.0.2:30000\n"
                            "[source t]\nattach = spp interfaces 0\nwarmup = 0\nduration = 20ms\n"
                            "rate = 1kpacket/s\n[sink s]\nattach = spp interfaces 1\nsource = t\n",
                            i ? "cp0" : "gpe0");
        r[i] = bench_run(text);
    }
    CHECK(bench_value(r[1], "s.port0.packets") >= 19);
    CHECK_NEAR(bench_value(r[1], "s.port0.packets"), bench_value(r[0], "s.port0.packets"), 0);
    CHECK_NEAR(bench_value(r[1], "v.forwarded"), bench_value(r[0], "v.forwarded"), 0);
    CHECK_NEAR(bench_value(r[1], "cp0.share.task"), bench_value(r[0], "gpe0.share.task"), 1e-9);
    run_result_free(r[0]);
    run_result_free(r[1]);
}

/* With a daemon it is a server like others, also when that comes while the run goes on. */
static void a_control_processor_has_daemons(void) {
    Seen s = {.bench = bench_open(BLADES "[cp cp0]\n" QUIET)};
    Gpe *cp = server(s.bench, "cp0");
    SimTime t0 = 10 * SIM_MS;
    bench_until(s.bench, t0);
    Daemon *d = daemon_new(cp, "grm", &ops, &s, NULL);
    daemon_submit(d, 50 * SIM_US, ran, NULL, NULL);
    bench_until(s.bench, t0 + SIM_MS / 2);
    CHECK_U64(s.n, 1);
    CHECK_U64(s.at[0], t0 + 50 * SIM_US + cp->kernel.context_switch);
    say(s.bench, "cp0", "stop", "grm");
    CHECK_U64(s.stopped, 1);
    bench_finish(s.bench);
    CHECK_NEAR(bench_scalar(s.bench, "cp0.packets"), 0, 0);
    bench_close(s.bench);
}

int main(void) {
    static const Test tests[] = {TEST(work_is_done_after_one_another_on_a_core),
                                 TEST(a_daemon_goes_before_processes),
                                 TEST(a_stopped_daemon_does_nothing_and_forgets),
                                 TEST(a_slow_daemon_takes_as_many_times_as_long),
                                 TEST(orders_are_understood_or_refused),
                                 TEST(a_frame_takes_the_receive_path),
                                 TEST(nobody_serves_a_port_at_first_and_one_only_later),
                                 TEST(what_vservers_send_never_gets_there),
                                 TEST(what_comes_from_outside_never_gets_there),
                                 TEST(a_control_processor_counts_what_nobody_has_bound),
                                 TEST(a_control_processor_hosts_vservers),
                                 TEST(a_control_processor_has_daemons),
                                 {0}};
    return run_tests("daemon", tests);
}
