/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The server against queueing theory, closed forms and arithmetic. tests/data/gpe.ini is a server
 * without costs but an application's 10 us a packet; each test sets what it is about. Every run
 * also passes gpe_check: the time of cores and vServers adds up to the picosecond. */
#include "components/classes.h"
#include "emu/study/run.h"
#include "tests/check.h"
#include "tests/runs.h"

static RunResult *run_file(const char *file, const char *const *set) {
    g_autoptr(GError) error = NULL;
    Scenario *s = scenario_load(file, set, component_classes, &error);
    if (!s) {
        RunResult *r = run_result_new();
        r->code = EXIT_INPUT;
        r->failure = g_strdup(error->message);
        return r;
    }
    GPtrArray *results = runs_of(s, 1);
    RunResult *r = g_steal_pointer(&results->pdata[0]);
    g_ptr_array_unref(results);
    scenario_free(s);
    return r;
}

#define FILE_RUN(file, ...) run_file(file, (const char *const[]){__VA_ARGS__, NULL})
#define RUN(...) FILE_RUN("tests/data/gpe.ini", "scenario.seed=1", __VA_ARGS__)

static double value(const RunResult *r, const char *name) {
    const RunScalar *s = run_scalar(r, name);
    if (r->failure) printf("  %s\n", r->failure);
    if (!s) printf("  no scalar %s\n", name);
    return s ? s->value : NAN;
}

static double take(RunResult *r, const char *name) {
    double v = value(r, name);
    CHECK_U64(r->code, EXIT_OK);
    run_result_free(r);
    return v;
}

static void one_core_and_one_application_are_an_md1_queue(void) {
    /* Service D = 10 us, Poisson arrivals: mean time in the system D + rho D / (2 (1 - rho)). */
    static const struct {
        const char *rate;
        double rho, tolerance;
    } cases[] = {{"traffic.rate=30kpacket/s", 0.3, 0.02},
                 {"traffic.rate=60kpacket/s", 0.6, 0.06},
                 {"traffic.rate=80kpacket/s", 0.8, 0.5},
                 {"traffic.rate=90kpacket/s", 0.9, 2.5}};
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        double rho = cases[i].rho, expected = 10 + rho * 10 / (2 * (1 - rho));
        CHECK_NEAR(take(RUN(cases[i].rate, "traffic.pattern=poisson", "traffic.duration=20s"),
                        "sink.latency_mean_us"),
                   expected, cases[i].tolerance);
    }
}

/* What a packet costs, in ns. */
typedef struct {
    const char *application, *own_cost;
    unsigned fds; /* that poll() looks at */
    uint64_t interrupt, poll, rx, poll_call, poll_fd, receive, own, send, clock, copy_ps, payload,
        tick;
} Costs;

static char *setting(const char *key, uint64_t value, const char *unit) {
    return g_strdup_printf("%s=%" PRIu64 "%s", key, value, unit);
}

/* Packets forwarded in a second at so many that come. */
static double forwarded(const Costs *c, double rate) {
    g_autoptr(GPtrArray) set = g_ptr_array_new_with_free_func(g_free);
    const struct {
        const char *key;
        uint64_t value;
    } ns[] = {{"gpe0.interrupt_cost", c->interrupt},
              {"gpe0.poll_cost", c->poll},
              {"gpe0.rx_packet", c->rx},
              {"gpe0.poll_call", c->poll_call},
              {"gpe0.poll_fd", c->poll_fd},
              {"gpe0.receive_call", c->receive},
              {"gpe0.send_call", c->send},
              {"gpe0.clock_call", c->clock},
              {"gpe0.tick_cost", c->tick},
              {c->own_cost, c->own}};
    for (unsigned i = 0; i < G_N_ELEMENTS(ns); i++)
        g_ptr_array_add(set, setting(ns[i].key, ns[i].value, "ns"));
    g_ptr_array_add(set, setting("gpe0.copy_byte", c->copy_ps, "ps"));
    g_ptr_array_add(set, setting("traffic.payload", c->payload, ""));
    g_ptr_array_add(set, setting("traffic.rate", (uint64_t)rate, "packet/s"));
    g_ptr_array_add(set, g_strconcat("v0.application=", c->application, NULL));
    g_ptr_array_add(set, g_strdup("gpe0.socket_buffer=110592B"));
    g_ptr_array_add(set, g_strdup("traffic.duration=400ms"));
    g_ptr_array_add(set, g_strdup("traffic.warmup=100ms"));
    g_ptr_array_add(set, NULL);
    return take(run_file("tests/data/gpe.ini", (const char *const *)set->pdata),
                "sink.delivered_pps");
}

static void livelock_follows_from_the_priority_of_interrupts(void) {
    /* A packet that comes alone costs S before anything else may run: an interrupt, the poll that
     * finds it, its way to the socket, and the poll that finds nothing. What is left of a second,
     * 1 - r S less 1,000 ticks, is for the process, which takes U for a packet: poll() or select(),
     * recvfrom(), its own work, sendto(), and copying it twice. So the output is
     *     min(r, (1 - r S - 1000 tick) / U),
     * which falls from r = (1 - 1000 tick) / (S + U) on and is 0 at 1 / S. Beyond a packet every
     * `rx` NICs are always polled: then ten actions of 300 packets, or of 2 ms, pass before the
     * process gets a step, and it takes two for a packet. (A tick holds packets up, which then
     * share an interrupt and polls: so sets have ticks or these.) */
#define CLICK "click", "gpe0.click_cost", 5
#define I3 "i3", "gpe0.i3_cost", 1
#define ECHO "echo", "gpe0.echo_cost", 1
    static const Costs sets[] = {
        /* interrupt, poll, rx, poll_call, poll_fd, receive, own, send, clock, copy, payload, tick
         */
        {I3, 0, 0, 5000, 0, 0, 4000, 2000, 4000, 0, 0, 0, 0},
        {CLICK, 0, 0, 5000, 0, 0, 4000, 2000, 4000, 0, 0, 0, 2000},
        {I3, 2500, 1000, 4500, 800, 100, 1000, 1200, 3000, 300, 1565, 0, 0},
        {CLICK, 2500, 1000, 4500, 800, 100, 1000, 5300, 3000, 300, 1565, 0, 0},
        {CLICK, 2500, 1000, 4500, 800, 100, 1000, 5300, 3000, 300, 1565, 1400, 0},
        {ECHO, 5000, 0, 2000, 500, 0, 500, 3000, 700, 0, 0, 40, 0},
        {I3, 0, 3000, 1000, 0, 2000, 100, 100, 100, 0, 0, 100, 0},
        {ECHO, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 0, 1000, 500, 0},
        {CLICK, 0, 0, 7000, 0, 400, 12000, 500, 25000, 6000, 100, 300, 50000},
        {I3, 0, 0, 11000, 3000, 500, 700, 400, 600, 0, 3000, 1000, 10000},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(sets); i++) {
        const Costs *c = &sets[i];
        bool click = c->fds == 5;
        double s = 1e-9 * (double)(c->interrupt + 2 * c->poll + c->rx),
               u = 1e-9 * (double)(c->poll_call + c->fds * c->poll_fd + c->receive + c->own +
                                   c->send + (click ? c->clock : 0)) +
                   2e-12 * (double)(c->copy_ps * (28 + c->payload)),
               left = 1 - 1e-6 * (double)c->tick, falls = left / (s + u), nothing = left / s;
        const double rates[] = {0.5 * falls,
                                0.97 * falls,
                                1.03 * falls,
                                0.7 * falls + 0.3 * nothing,
                                0.4 * falls + 0.6 * nothing,
                                0.1 * falls + 0.9 * nothing};
        for (unsigned k = 0; k < G_N_ELEMENTS(rates); k++) {
            double closed = MIN(rates[k], (left - rates[k] * s) / u);
            CHECK_NEAR(forwarded(c, rates[k]), closed, 0.005 * closed + 20);
        }
        double rx = 1e-9 * (double)c->rx, all = 1 / (rx + 1e-9 * (double)c->poll / 64),
               actions = 10 * MIN(300 / all, 2e-3);
        CHECK(forwarded(c, 1.02 * all) < 1 / actions / 2 + 10);
        CHECK(forwarded(c, 2 * all) < 1 / actions / 2 + 10);
    }
}

static void a_timer_that_stops_while_a_core_is_idle_changes_nothing_but_its_own_cost(void) {
    /* Ticks cost nothing in this file. At 20 packets a second, 40 ms of a second with work, a
     * vServer that earns 60 tokens of 1 ms a second is held after bursts. */
    static const char *const schedulers[] = {"gpe0.scheduler=token", "gpe0.scheduler=vserver",
                                             "gpe0.scheduler=sfq"};
    for (unsigned i = 0; i < G_N_ELEMENTS(schedulers); i++) {
        RunResult *r[2];
        for (unsigned stops = 0; stops < 2; stops++)
            r[stops] = RUN(schedulers[i], stops ? "gpe0.idle_ticks=no" : "gpe0.idle_ticks=yes",
                           "traffic.rate=20packet/s", "traffic.pattern=poisson",
                           "traffic.duration=60s", "gpe0.i3_cost=2ms", "gpe0.rate=60", "gpe0.min=3",
                           "gpe0.max=5", "gpe0.initial=5", "gpe0.idle_skip=no");
        CHECK_U64(r[0]->fingerprint, r[1]->fingerprint);
        CHECK_NEAR(value(r[0], "sink.latency_p99_us"), value(r[1], "sink.latency_p99_us"), 0);
        CHECK_NEAR(value(r[0], "v0.share.held"), value(r[1], "v0.share.held"), 0);
        if (i < 2) CHECK(value(r[0], "v0.share.held") > 0.01);
        CHECK(value(r[1], "run.events") < value(r[0], "run.events") * (i < 2 ? 1 : 0.2));
        run_result_free(r[0]);
        run_result_free(r[1]);
    }
}

static void softirqs_are_deferred_after_ten_actions(void) {
    /* Beyond livelock ten actions of 300 packets, 5 us each, pass before a task gets one step of
     * 10 us or less, and a packet takes two: select() and the rest. A tick, each ms, lets softirqs
     * go on too, also in the middle of a step. */
    RunResult *r = RUN("traffic.rate=400kpacket/s", "gpe0.rx_packet=5us", "traffic.duration=2s",
                       "gpe0.socket_buffer=110592B");
    CHECK_NEAR(value(r, "gpe0.softirq_deferred"), 2000 / 15.0, 2);
    CHECK(value(r, "sink.delivered_pps") < 1000 / 15.0 / 2 + 1);
    CHECK(value(r, "sink.delivered_pps") > 1000 / 15.0 / 2 - 4);
    run_result_free(r);
    r = RUN("traffic.rate=400kpacket/s", "gpe0.rx_packet=5us", "traffic.duration=2s",
            "gpe0.budget=100", "gpe0.softirq_passes=5", "gpe0.socket_buffer=110592B");
    CHECK_NEAR(value(r, "gpe0.softirq_deferred"), 2000 / 2.5, 8);
    run_result_free(r);
    /* 1,000 packets would take 5 ms, so an action ends after the first packet past 2 ms. */
    r = RUN("traffic.rate=400kpacket/s", "gpe0.rx_packet=5us", "traffic.duration=2s",
            "gpe0.budget=1000", "gpe0.weight=1", "gpe0.socket_buffer=110592B");
    CHECK_NEAR(value(r, "gpe0.softirq_deferred"), 2000 / 20.05, 2);
    run_result_free(r);
}

static void a_lone_packet_takes_the_sum_of_its_parts(void) {
    /* To the picosecond. The call of poll() or select() is over before the packet comes. */
    static const struct {
        const char *application, *payload;
        uint64_t bytes, own; /* of the inner packet; ns */
    } cases[] = {{"v0.application=click", "traffic.payload=0", 28, 300 + 5300},
                 {"v0.application=click", "traffic.payload=1401", 1429, 300 + 5300},
                 {"v0.application=i3", "traffic.payload=0", 28, 1200},
                 {"v0.application=echo", "traffic.payload=333", 361, 1100}};
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        uint64_t wire = (46 + cases[i].bytes + 24) * 8000, /* 1 Gb/s; FCS, preamble and gap */
            ps = wire                                      /* link */
                 + 2500000                                 /* interrupt */
                 + 1000000                                 /* the poll that finds it */
                 + 4500000                                 /* to the socket */
                 + 1000000                                 /* the poll that finds nothing */
                 + 3000000                                 /* switch */
                 + 30000000                                /* cold caches */
                 + 1000000                                 /* recvfrom() */
                 + cases[i].bytes * 1565                   /* out of the kernel */
                 + cases[i].own * 1000                     /* the process, Click's gettimeofday() */
                 + 3000000                                 /* sendto() */
                 + cases[i].bytes * 1565                   /* into the kernel */
                 + wire;                                   /* link */
        double us =
            take(FILE_RUN("tests/data/gpe.ini", "traffic.rate=100packet/s", cases[i].application,
                          cases[i].payload, "gpe0.interrupt_cost=2500ns", "gpe0.poll_cost=1us",
                          "gpe0.rx_packet=4500ns", "gpe0.switch_cost=3us", "gpe0.cold_cost=30us",
                          "gpe0.poll_call=7us", "gpe0.poll_fd=1us", "gpe0.receive_call=1us",
                          "gpe0.send_call=3us", "gpe0.clock_call=300ns", "gpe0.click_cost=5300ns",
                          "gpe0.i3_cost=1200ns", "gpe0.echo_cost=1100ns", "gpe0.copy_byte=1565ps",
                          "gpe0.tick=1001us", "in.rate=1Gbit/s", "out.rate=1Gbit/s"),
                 "sink.latency_mean_us");
        CHECK_U64(llround(us * 1e6), ps);
    }
}

static void moderation_bounds_the_interrupts_of_a_nic(void) {
    /* At 20 kp/s, which a poll empties at once, every packet would interrupt; 125 us apart at
     * least makes 8000 a second. */
    double each = take(RUN("traffic.rate=20kpacket/s"), "gpe0.interrupts"),
           moderated =
               take(RUN("traffic.rate=20kpacket/s", "gpe0.interrupt_gap=125us"), "gpe0.interrupts");
    CHECK_NEAR(each, 20000, 1);
    CHECK_NEAR(moderated, 8000, 2);
}

static void a_busy_nic_is_polled_and_does_not_interrupt(void) {
    /* 190 kp/s of 5 us: a poll hardly ever finds nothing. */
    double interrupts =
        take(RUN("traffic.rate=199kpacket/s", "gpe0.rx_packet=5us", "gpe0.poll_cost=1us"),
             "gpe0.interrupts");
    CHECK(interrupts < 100);
}

static void a_socket_holds_49_packets(void) {
    /* 110,592 bytes; 2,256 a packet whatever its length, and the limit is not reached. v0 alone
     * runs; v1 receives and never reads. */
    RunResult *r = RUN("traffic.rate=10kpacket/s", "traffic.udp_port=30001", "gpe0.active=1",
                       "gpe0.socket_buffer=110592B", "traffic.payload=1400");
    CHECK_NEAR(value(r, "v1.received"), 49, 0);
    CHECK_NEAR(value(r, "gpe0.drop.socket_full"), 10000 - 49, 0);
    run_result_free(r);
    CHECK_NEAR(take(RUN("traffic.rate=10kpacket/s", "traffic.udp_port=30001", "gpe0.active=1",
                        "gpe0.socket_buffer=110592B", "v1.sockets=1", "v1.application=click"),
                    "v1.received"),
               49, 0);
}

static void active_takes_vservers_by_place_and_then_by_name(void) {
    static const char *const places[] = {"v0.place=0", "v0.place=1"};
    for (unsigned i = 0; i < 2; i++) {
        RunResult *r = RUN("gpe0.active=1", places[i], "traffic.rate=1kpacket/s");
        CHECK((value(r, "v0.polls") > 0) == (i == 0));
        CHECK((value(r, "v1.polls") > 0) == (i == 1));
        run_result_free(r);
    }
}

static void a_full_ring_costs_nothing(void) {
    /* The processor takes what it can, the ring's 256 wait, the rest is lost at the NIC. */
    RunResult *r = RUN("traffic.rate=400kpacket/s", "gpe0.rx_packet=5us", "gpe0.socket_buffer=1B");
    CHECK(value(r, "gpe0.drop.rx_ring") > 195e3);
    CHECK_NEAR(value(r, "gpe0.share.softirq"), 1, 0.003);
    run_result_free(r);
}

static void what_nobody_owns_is_dropped_by_name(void) {
    CHECK_NEAR(
        take(RUN("traffic.rate=1kpacket/s", "traffic.udp_port=31999"), "gpe0.drop.no_socket"), 1000,
        0);
    CHECK_NEAR(take(RUN("traffic.rate=1kpacket/s", "traffic.ttl=1"), "gpe0.drop.exception"), 1000,
               0);
    CHECK_NEAR(take(RUN("traffic.rate=1kpacket/s", "v0.application=sink"), "v0.consumed"), 1000, 0);
    /* The echo goes back through the vServer's own routes. */
    RunResult *r = RUN("traffic.rate=1kpacket/s", "v0.application=echo");
    CHECK_NEAR(value(r, "sink.delivered_pps"), 1000, 1);
    CHECK_NEAR(value(r, "gpe0.drop.refused"), 0, 0);
    run_result_free(r);
}

static void a_switch_finds_every_interface(void) {
    /* Three interfaces on two ports: of 301 frames, interfaces 0 and 2 get 201 through port 0. */
    RunResult *r = FILE_RUN("tests/data/gpe-switch.ini", "scenario.seed=1");
    CHECK_NEAR(value(r, "data.port3.packets"), 201, 0);
    CHECK_NEAR(value(r, "data.port4.packets"), 100, 0);
    CHECK_NEAR(value(r, "host.packets"), 301, 0);
    run_result_free(r);
}

static void the_shares_of_a_core_sum_to_one(void) {
    static const char *const names[] = {"gpe0.share.interrupt", "gpe0.share.softirq",
                                        "gpe0.share.root",      "gpe0.share.switch",
                                        "gpe0.share.task",      "gpe0.share.idle"};
    static const char *const settings[] = {"gpe0.cores=1", "gpe0.cores=3", "gpe0.cores=16"};
    static const char *const schedulers[] = {"gpe0.scheduler=token", "gpe0.scheduler=vserver",
                                             "gpe0.scheduler=sfq", "gpe0.scheduler=rr"};
    for (unsigned i = 0; i < G_N_ELEMENTS(settings); i++)
        for (unsigned k = 0; k < G_N_ELEMENTS(schedulers); k++) {
            RunResult *r =
                FILE_RUN("scenarios/gpe.ini", settings[i], schedulers[k], "traffic.duration=200ms",
                         "traffic.warmup=10ms", "traffic.rate=90Mbit/s", "gpe0.root_rate=500Hz",
                         "traffic.pattern=poisson");
            double sum = 0;
            for (unsigned n = 0; n < G_N_ELEMENTS(names); n++) sum += value(r, names[n]);
            CHECK_NEAR(sum, 1, 1e-12);
            CHECK_U64(r->code, EXIT_OK);
            run_result_free(r);
        }
}

static void without_root_tasks_the_default_cycle_is_constant(void) {
    /* tests/test_gpe_sched.c has the arithmetic: 408 to 424 ms, plus seven switches of 33 us. */
    for (unsigned i = 0; i < 2; i++) {
        RunResult *r = FILE_RUN("scenarios/fig5.ini", "gpe0.tokens=default", "gpe0.root_rate=0Hz",
                                i ? "scenario.seed=77" : "scenario.seed=1");
        CHECK(value(r, "gpe0.cycle_min_ms") > 407.5);
        CHECK(value(r, "gpe0.cycle_max_ms") < 424.5);
        run_result_free(r);
    }
}

static void a_tick_during_a_task_of_the_host_is_charged_to_nobody(void) {
    /* Round robin of two that compute, 10 ticks each: a slice lasts for 10 ticks of its own, so in
     * 60 s there are 6,000 switches less the share of the host's tasks, of 5 ms here. */
    RunResult *r =
        FILE_RUN("scenarios/fig5.ini", "gpe0.tokens=default", "gpe0.scheduler=rr", "gpe0.active=2",
                 "gpe0.slice=10ms", "gpe0.root_rate=200Hz", "gpe0.root_time=5ms");
    double root = value(r, "gpe0.share.root");
    CHECK(root > 0.3);
    CHECK_NEAR(value(r, "gpe0.switches"), 6000 * (1 - root), 60);
    run_result_free(r);
}

static void a_lone_vserver_gets_its_rate_where_virtual_time_does_not_jump(void) {
    /* 100 tokens of 1 ms a second, whoever else there is. */
    RunResult *r = FILE_RUN("scenarios/fig5.ini", "gpe0.tokens=default", "gpe0.active=1",
                            "gpe0.rate=100", "gpe0.idle_skip=no", "gpe0.root_rate=0Hz");
    CHECK_NEAR(value(r, "v0.share.running"), 0.1, 0.002);
    run_result_free(r);
}

static void four_cores_without_shared_locks_do_four_times_as_much(void) {
    /* serial = 0: 4 times the rate of one core for four routers; at 100 percent the locks of
     * receiving, recvfrom and sendto, 4.5 + 0.7 + 3.4 us a packet, allow 116.3 kp/s. */
    double one = take(FILE_RUN("scenarios/fig9-click.ini", "gpe0.cores=1", "chassis.slices=1",
                               "traffic.payload=0", "traffic.rate=46Mbit/s",
                               "traffic.duration=500ms", "traffic.warmup=100ms"),
                      "sink.delivered_pps"),
           free_of_locks =
               take(FILE_RUN("scenarios/fig9-click.ini", "gpe0.cores=4", "chassis.slices=4",
                             "gpe0.serial=0", "traffic.payload=0", "traffic.rate=184Mbit/s",
                             "traffic.duration=500ms", "traffic.warmup=100ms"),
                    "sink.delivered_pps"),
           locked = take(FILE_RUN("scenarios/fig9-click.ini", "gpe0.cores=4", "chassis.slices=4",
                                  "gpe0.serial=100%", "traffic.payload=0", "traffic.rate=91Mbit/s",
                                  "traffic.duration=500ms", "traffic.warmup=100ms"),
                         "sink.delivered_pps");
    CHECK_NEAR(free_of_locks / one, 4, 0.1);
    CHECK_NEAR(locked, 1e6 / 8.6, 500);
}

static void a_waking_vserver_that_preempts_does_not_wait_for_the_slice(void) {
    /* With equal priorities a ping waits for what is left of a slice of about 50 ms. */
    double waits = take(FILE_RUN("scenarios/fig12.ini", "scenario.where=series == GPE",
                                 "gpe0.tokens=default", "traffic.rate=500Mbit/s",
                                 "traffic.duration=2s", "pings.duration=2s"),
                        "answers.latency_mean_us"),
           preempts =
               take(FILE_RUN("scenarios/fig12.ini", "scenario.where=series == GPE",
                             "gpe0.tokens=default", "traffic.rate=500Mbit/s",
                             "gpe0.wake_preempts=yes", "traffic.duration=2s", "pings.duration=2s"),
                    "answers.latency_mean_us");
    CHECK(waits > 10000);
    CHECK(preempts < 2000);
}

static void a_vserver_runs_any_code_option(void) {
    /* The source has five destinations in turn: of those a filter for one takes a fifth. */
#define WAY " 0 192.168.100.1:7000"
    static const struct {
        const char *traffic, *option, *routes;
        double ratio;
    } cases[] = {
        {"ipv4", "ipv4", "10.0.0.0/16" WAY, 0.2},
        {"ipv4", "ipv4", "key 0a00/ffff" WAY, 0.2},
        {"ipv4", "ipv4", "11.0.0.0/8" WAY, 0},
        {"label", "label", "label 100" WAY " 200", 0.2},
        {"label", "label", "label 100" WAY " 200; label 104" WAY " 204", 0.4},
        {"label", "label", "label 105" WAY " 200", 0},
        {"i3", "i3", "id 0a000001" WAY, 0.2},
        {"i3", "i3", "id ff" WAY "; id 0a000001" WAY, 0.2},
        {"i3", "i3", "id 0a0000010000000000000000000000000001" WAY, 0}, /* its bits from 112 on */
        {"ipv4", "i3", "id 0a000001" WAY, 0},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *traffic = g_strconcat("traffic.application=", cases[i].traffic, NULL),
                        *option = g_strconcat("v0.code_option=", cases[i].option, NULL),
                        *routes = g_strconcat("v0.routes=", cases[i].routes, NULL);
        RunResult *r = RUN(traffic, option, routes, "traffic.duration=200ms");
        CHECK_NEAR(value(r, "sink.delivered_ratio"), cases[i].ratio, 0);
        run_result_free(r);
    }
    /* The triggers of an I3 server are such routes. */
    RunResult *a = RUN("traffic.application=i3", "v0.triggers=0a000001" WAY),
              *b = RUN("traffic.application=i3", "v0.code_option=i3", "v0.routes=id 0a000001" WAY);
    CHECK_NEAR(value(a, "sink.delivered_ratio"), 0.2, 0);
    CHECK_U64(a->fingerprint, b->fingerprint);
    run_result_free(a);
    run_result_free(b);
}

static void bad_parameters_are_named(void) {
    static const struct {
        const char *set, *text;
    } cases[] = {
        {"gpe0.min=101", "min: found 101 tokens, expected 1 to max, which is 100"},
        {"gpe0.rate=0", "rate: found 0 tokens, expected 1 to 1000"},
        {"v0.rate=2000", "rate: found 2000 tokens"},
        {"gpe0.tokens=-2", "-2"},
        {"v0.min=200", "min: found 200 tokens, expected 1 to max, which is 100"},
        {"gpe0.max_vservers=1", "gpe0 has its 1 vServers already"},
        {"v1.udp_port=30000", "another vServer of gpe0 has port 30000 already"},
        {"v0.own_port=30000", "own_port: found udp_port again"},
        {"v0.routes=10.0.0.0/33 0 1.2.3.4:5", "routes: found \"10.0.0.0/33 0 1.2.3.4:5\""},
        {"v0.routes=10.0.0.0/8 1 1.2.3.4:5", "with interfaces 0 to 0"},
        {"v0.code_option=label",
         "routes: found \"0.0.0.0/0 0 192.168.100.1:30000\", expected KEY "
         "INTERFACE NEXT-HOP:PORT [DATA] with interfaces 0 to 0; KEY: label N"},
        {"v0.triggers=0g 0 1.2.3.4:5", "triggers: found \"0g 0 1.2.3.4:5\""},
        {"gpe0.scheduler=sfq long=1", "scheduler: found \"long=1\""},
        {"gpe0.cores=17", "17"},
        {"gpe0.scheduler=magic", "magic"},
        {"gpe0.address=here", "here"},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        RunResult *r = RUN(cases[i].set);
        CHECK_U64(r->code, EXIT_INPUT);
        CHECK_CONTAINS(r->failure ? r->failure : "", cases[i].text);
        run_result_free(r);
    }
}

int main(void) {
    static const Test tests[] = {
        TEST(one_core_and_one_application_are_an_md1_queue),
        TEST(livelock_follows_from_the_priority_of_interrupts),
        TEST(softirqs_are_deferred_after_ten_actions),
        TEST(a_lone_packet_takes_the_sum_of_its_parts),
        TEST(moderation_bounds_the_interrupts_of_a_nic),
        TEST(a_busy_nic_is_polled_and_does_not_interrupt),
        TEST(a_socket_holds_49_packets),
        TEST(active_takes_vservers_by_place_and_then_by_name),
        TEST(a_full_ring_costs_nothing),
        TEST(what_nobody_owns_is_dropped_by_name),
        TEST(a_switch_finds_every_interface),
        TEST(the_shares_of_a_core_sum_to_one),
        TEST(without_root_tasks_the_default_cycle_is_constant),
        TEST(a_tick_during_a_task_of_the_host_is_charged_to_nobody),
        TEST(a_lone_vserver_gets_its_rate_where_virtual_time_does_not_jump),
        TEST(four_cores_without_shared_locks_do_four_times_as_much),
        TEST(a_timer_that_stops_while_a_core_is_idle_changes_nothing_but_its_own_cost),
        TEST(a_waking_vserver_that_preempts_does_not_wait_for_the_slice),
        TEST(a_vserver_runs_any_code_option),
        TEST(bad_parameters_are_named),
        {0}};
    return run_tests("gpe", tests);
}
