/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Programs of slices: how they are read, and what they do to a node through a manager that does at
 * once what it is asked, or refuses it. Oracles: the sentences; counts of packets that were sent;
 * the same program on a server without a manager; what the empty node had. */
#include <errno.h>

#include "components/control/program.h"
#include "fastpath/headers.h"
#include "tests/bench.h"

/* A manager that answers at once ----------------------------------------------------------- */

struct Lrm {
    Npe *npe;
    LineCard *lc;
    unsigned asked, refuse; /* refuses request number `refuse`, from 1 */
    LrmVerb last;
    SimTime at[16]; /* of the first requests */
};

static bool claim(const Lrm *lrm, Vserver *v, const LrmRequest *q, unsigned i) {
    if (q->fast_path)
        return slice_bind(q->slice, i, q->port, NULL) &&
               linecard_bind(lrm->lc, q->slice->class, NULL, i, q->protocol, q->port, NULL);
    return vserver_bind(v, i, q->port) &&
           linecard_bind(lrm->lc, v->class, fp_interface(v->gpe->tables, i)->mac, i, q->protocol,
                         q->port, NULL);
}

static int carry_out(Lrm *lrm, Vserver *v, const LrmRequest *q, LrmAnswer *answer) {
    Slice *s = q->slice;
    SliceGrant grant = {.npe = lrm->npe,
                        .code_option = q->quota.code_option,
                        .filters = q->quota.filters,
                        .queues = q->quota.queues,
                        .buffers = q->quota.buffers,
                        .sram_bytes = q->quota.sram_bytes};
    bool ok = true;
    switch (q->verb) {
    case LRM_NP_SLICE: ok = slice_attach(s, &grant, NULL); break;
    case LRM_NP_FREE: slice_detach(s); break;
    case LRM_PORT:
        for (unsigned i = 0; i < 32; i++)
            if (q->interfaces >> i & 1 && !claim(lrm, v, q, i)) return EADDRINUSE;
        break;
    case LRM_QUEUE:
        ok = slice_queue_set(s, q->queue, q->interface, q->share, q->limit, NULL);
        break;
    case LRM_FILTER: ok = slice_filter_insert(s, &q->filter, &answer->values[0], NULL); break;
    case LRM_FILTER_REMOVE: ok = slice_filter_take(s, q->position, NULL); break;
    case LRM_SRAM_WRITE: ok = slice_sram_put(s, q->offset, q->bytes, q->n, NULL); break;
    default: break;
    }
    return ok ? 0 : EINVAL;
}

static void manage(Lrm *lrm, Vserver *v, const LrmRequest *q, LrmDone *done, void *user) {
    LrmAnswer answer = {.error = 0};
    if (lrm->asked < G_N_ELEMENTS(lrm->at)) lrm->at[lrm->asked] = sim_now(v->base.sim);
    lrm->last = q->verb;
    answer.error = ++lrm->asked == lrm->refuse ? EADDRINUSE : carry_out(lrm, v, q, &answer);
    if (answer.error) answer.text = "refused";
    done(user, &answer);
}

#define NODE(steps, more)                                                                          \
    "[scenario]\ninclude = @scenarios/chassis-dev.ini\n"                                           \
    "[chassis spp]\nslots = linecard; np; gpe*2; cp\n"                                             \
    "[source t]\nports = 2\nrate = 200kpacket/s\nstart = 1ms\nwarmup = 0\nduration = 1ms\n"        \
    "destinations = 10.0.0.1\n[link t]\nlink = t.0..1 -> lc0.0..1\nrate = 1Gbit/s\n"               \
    "[sink sink]\nports = 5\nsource = t\n[link out]\nlink = lc0.0..4 -> sink.0..4\n"               \
    "rate = 1Gbit/s\n[program p]\nslice = wustl_router\nsteps = " steps "\n" more

static Lrm manager_of(const Bench *b) {
    return (Lrm){.npe = (Npe *)bench_find(b, "npe1"), .lc = (LineCard *)bench_find(b, "lc0")};
}

static SliceProgram *start(const Bench *b, Lrm *lrm) {
    SliceProgram *p = slice_program_find(b->net, "wustl_router");
    GError *error = NULL;
    CHECK(p != NULL && slice_program_find(b->net, "wustl_routes") == NULL);
    bool started = slice_program_start(p, (Gpe *)bench_find(b, "gpe1"), manage, lrm, &error);
    if (!started) printf("  %s\n", error->message);
    CHECK(started);
    return p;
}

/* Reading ---------------------------------------------------------------------------------- */

static void steps_are_refused_by_a_sentence_with_their_place(void) {
    static const char *const bad[][2] = {
        {"np_slise", "the nearest is np_slice"},
        {"np_slice filter=3", "found \"filter\", expected one of filters, queues"},
        {"np_slice filters=3 filters=4", "found filters twice"},
        {"np_slice queues=0", "queues: found \"0\", expected 1 or more"},
        {"np_slice; np_slice", "expected np_free before it"},
        {"np_free", "without an np_slice before it"},
        {"port upd 53", "the nearest is udp"},
        {"port udp 0", "found \"0\", expected a port, a whole number from 1 to 65535"},
        {"port udp 53 interfaces=0-9", "expected interfaces of 0 to 4"},
        {"port udp 53 to=np_slice", "without an np_slice before it"},
        {"port udp 5; port_free udp 6", "found port 6, which no step before it asks for"},
        {"np_slice queues=2; queue 2 scheduler=0", "found \"2\", expected a queue"},
        {"np_slice; queue 1", "found no scheduler"},
        {"np_slice; queue 1 scheduler=11", "scheduler: found 11"},
        {"np_slice queues=2; filter 10.0.0.0/8 4 1.2.3.4:5", "queue 0 scheduler=4 before it"},
        {"np_slice; filter 10.0.0.0/8 1 1.2.3.4:5 queue 0", "queue 0 scheduler=1 before it"},
        {"np_slice; filter 10.0.0.0/8 1", "NEXT-HOP:PORT"},
        {"np_slice; filter_remove 10.0.0.0/8", "the KEY of a filter that a step before it adds"},
        {"np_slice; sram write 0 123", "found \"123\", expected 1 to 1024 bytes"},
        {"np_slice; counters evry 1s", "found \"evry\""},
        {"np_slice; counters every 0", "found \"0\", expected 1us or more"},
        {"np_slice; share 1 in 300%", "found \"300%\", expected a share"},
        {"np_slice; manager routr=10.0.0.1", "the nearest is router"},
        {"manager", "expected an NP slice to manage"},
        {"sleep 5", "found \"5\", which has no unit"},
        {"repeat 2; sleep 1s", "a repeat without its `end`"},
        {"repeat 2; repeat 2", "found one inside another"},
        {"end", "without a repeat before it"},
        {"try", "expected a step of"}};
    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *text =
            g_strdup_printf("[scenario]\ninclude = @scenarios/chassis-gpe.ini\n[program p]\nslice "
                            "= wustl_router\nsteps = %s\n",
                            bad[i][0]);
        g_autofree char *error = bench_refused(text);
        CHECK_CONTAINS(error, "test.ini:5: [program p] steps: ");
        CHECK_CONTAINS(error, bad[i][1]);
    }
    g_autofree char *attached =
        bench_refused(NODE("sleep 1s", "[vserver wustl_router]\nattached = yes\n"));
    CHECK_CONTAINS(attached, "expected attached = no: its program brings it");
    g_autofree char *twice = bench_refused(NODE("none", "[program q]\nslice = wustl_router\n"));
    CHECK_CONTAINS(twice, "found wustl_router, whose program is p, expected another");
    g_autofree char *itself = bench_refused(NODE("none", "start = 1s\n"));
    CHECK_CONTAINS(itself, "has a line card, whose ports a local resource manager claims");
}

/* Running ---------------------------------------------------------------------------------- */

static void a_program_brings_its_slice_up_and_takes_it_down(void) {
    Bench *b = bench_open(
        NODE("np_slice filters=8 queues=5 buffers=64; port udp 30000 interfaces=1; "
             "queue 2 scheduler=4 share=30% limit=100; filter 10.0.0.0/8 4 192.168.0.1:30000; "
             "filter 10.9.0.0/16 0 192.168.0.1:30000; filter_remove 10.9.0.0/16; "
             "sram write 16 0102; manager router=10.250.0.7",
             ""));
    Lrm lrm = manager_of(b);
    Slice *s = (Slice *)bench_find(b, "wustl_router_np");
    const Vserver *v = (Vserver *)bench_find(b, "wustl_router");
    CHECK_TEXT(v->app->name, "manager");
    CHECK_U64(v->router, 0x0afa0007);
    SliceProgram *p = start(b, &lrm);
    CHECK(slice_program_slice(p) == s && slice_program_vserver(p) == v);
    bench_until(b, SIM_MS / 2);
    CHECK_U64(lrm.asked, 7);
    CHECK_U64(s->n_filters, 1);
    CHECK(s->npe == lrm.npe && v->gpe == (Gpe *)bench_find(b, "gpe1"));
    bench_until(b, 4 * SIM_MS);
    slice_detach(s);
    slice_program_stop(p);
    CHECK_U64(npe_occupancy(lrm.npe).slices, 0);
    CHECK_U64(gpe_occupancy(v->gpe).guests, 0);
    CHECK_U64(linecard_occupancy(lrm.lc).classes, 1);
    bench_finish(b);
    CHECK_NEAR(bench_scalar(b, "sink.port4.packets"), 100, 0); /* of 200, interface 1's */
    CHECK_NEAR(bench_scalar(b, "p.steps_done"), 8, 0);
    CHECK_NEAR(bench_scalar(b, "p.errno"), 0, 0);
    bench_close(b);
}

static void a_step_that_fails_ends_the_program_unless_it_was_tried(void) {
    for (unsigned try = 0; try < 2; try++) {
        Bench *b = bench_open(try ? NODE("np_slice; try port udp 30000; sram write 0 00", "")
                                  : NODE("np_slice; port udp 30000; sram write 0 00", ""));
        Lrm lrm = manager_of(b);
        lrm.refuse = 2;
        start(b, &lrm);
        bench_finish(b);
        CHECK_U64(lrm.asked, try ? 3 : 2);
        CHECK_NEAR(bench_scalar(b, "p.steps_done"), try ? 2 : 1, 0);
        CHECK_NEAR(bench_scalar(b, "p.steps_refused"), 1, 0);
        CHECK_NEAR(bench_scalar(b, "p.errno"), EADDRINUSE, 0);
        bench_close(b);
    }
}

static void sleeps_repeats_and_counters_keep_their_times(void) {
    /* np_slice at 0, then 1, 2 and 3 ms; then counters at 4, 4.5, 5 ms, ..., 1 ms behind the end
     * of the steps: nothing else goes on, and the run ends with the sources at 2 ms or later. */
    Bench *b = bench_open(
        NODE("np_slice; repeat 3; sleep 1ms; sram write 0 00; end; counters every 500us; sleep 1ms",
             ""));
    Lrm lrm = manager_of(b);
    start(b, &lrm);
    bench_until(b, 4200 * SIM_US);
    static const unsigned us[] = {0, 1000, 2000, 3000, 3500, 4000};
    CHECK_U64(lrm.asked, G_N_ELEMENTS(us));
    for (unsigned i = 0; i < G_N_ELEMENTS(us); i++) CHECK_U64(lrm.at[i], us[i] * SIM_US);
    CHECK(lrm.last == LRM_COUNTERS);
    slice_program_stop(slice_program_find(b->net, "wustl_router"));
    bench_finish(b);
    CHECK_U64(lrm.asked, G_N_ELEMENTS(us));
    CHECK_NEAR(bench_scalar(b, "p.ready_s"), 0.004, 1e-12);
    bench_close(b);
}

/* Stock applications ----------------------------------------------------------------------- */

#define APPLICATION "application = echo\nudp_port = 53\n"
#define STOCK                                                                                      \
    "[scenario]\nduration = 10ms\n[gpe gpe0]\n"                                                    \
    "[program p]\nslice = wustl_router\nstart = 1ms\n[vserver wustl_router]\n" APPLICATION         \
    "[program q]\nslice = mit_dns\nstart = 2ms\n[vserver mit_dns]\n" APPLICATION

static void a_stock_application_finds_the_same_errno_with_a_manager_and_without(void) {
    RunResult *r = bench_run(STOCK);
    CHECK_NEAR(bench_value(r, "p.errno"), 0, 0);
    CHECK_NEAR(bench_value(r, "p.ready_s"), 0.001, 1e-12);
    CHECK_NEAR(bench_value(r, "q.errno"), EADDRINUSE, 0);
    double done[2] = {bench_value(r, "p.steps_done"), bench_value(r, "q.steps_done")};
    run_result_free(r);
    Bench *b =
        bench_open(NODE("none", "[vserver wustl_router]\n" APPLICATION
                                "[program q]\nslice = mit_dns\n[vserver mit_dns]\n" APPLICATION));
    Lrm lrm = manager_of(b);
    start(b, &lrm);
    bench_until(b, SIM_MS);
    SliceProgram *q = slice_program_find(b->net, "mit_dns");
    CHECK(slice_program_start(q, (Gpe *)bench_find(b, "gpe0"), manage, &lrm, NULL));
    bench_finish(b);
    CHECK_U64(lrm.asked, 2); /* each has bound its port, and knows no more of it */
    CHECK_NEAR(bench_scalar(b, "p.errno"), 0, 0);
    CHECK_NEAR(bench_scalar(b, "q.errno"), EADDRINUSE, 0); /* although on another server */
    CHECK_NEAR(bench_scalar(b, "p.steps_done"), done[0], 0);
    CHECK_NEAR(bench_scalar(b, "q.steps_done"), done[1], 0);
    bench_close(b);
}

int main(void) {
    static const Test tests[] = {
        TEST(steps_are_refused_by_a_sentence_with_their_place),
        TEST(a_program_brings_its_slice_up_and_takes_it_down),
        TEST(a_step_that_fails_ends_the_program_unless_it_was_tried),
        TEST(sleeps_repeats_and_counters_keep_their_times),
        TEST(a_stock_application_finds_the_same_errno_with_a_manager_and_without),
        {0}};
    return run_tests("slice_program", tests);
}
