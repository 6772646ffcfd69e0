/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The cache of queue descriptors: 16 with each microengine's CAM, the least recently used makes
 * room. Used in turn, 16 queues stay and 17 never do, whichever of its schedulers they belong to.
 */
#include "components/slice/slice.h"
#include "components/npe/private.h"
#include "tests/bench.h"

/* Descriptors loaded by one packet into each of queues 0 to n-1, after a first round of that;
 * queue i is at scheduler of[i % n_of]. */
static unsigned loads(Qm *qm, unsigned n, const unsigned *of, unsigned n_of) {
    static uint16_t cost[FP_N_SITES];
    unsigned loaded = 0;
    for (unsigned q = 0; q < n; q++) CHECK(qm_set_queue(qm, q, of[q % n_of], 2048, 0, 0));
    for (unsigned round = 0; round < 2; round++)
        for (unsigned q = 0; q < n; q++) {
            FpLog log = {.cost = cost};
            CHECK(qm_enqueue(qm, round * n + q, q, 100, 0, &log));
            for (unsigned i = 0; i < log.n && round == 1; i++)
                loaded += log.reference[i].unit == FP_SRAM1 && !log.reference[i].write;
        }
    return loaded;
}

static void schedulers_of_a_microengine_share_its_cache(void) {
    static const unsigned first[] = {0, 1, 2, 3, 4, 5}, both[] = {0, 6};
    for (unsigned n = 16; n <= 17; n++) {
        Qm *qm = qm_new(12, 40, 128);
        qm_set_per_me(qm, 6);
        CHECK_U64(loads(qm, n, first, 6), n == 17 ? 17 : 0);
        qm_free(qm);
    }
    Qm *qm = qm_new(12, 40, 128);
    qm_set_per_me(qm, 6);
    CHECK_U64(loads(qm, 32, both, 2), 0); /* 16 of each of two */
    qm_free(qm);
}

static void the_npe_has_a_cache_for_each_microengine_of_its_queue_manager(void) {
    /* Schedulers 0 to 5 are the first ME's when there are 12 on two, 0 to 2 when there are 6. */
    static const unsigned six[] = {0, 1, 2, 3, 4, 5};
    static const struct {
        const char *schedulers;
        unsigned loaded;
    } cases[] = {{"12", 17}, {"6", 0}};
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = g_strconcat(
            "[npe npe0]\nme_qm = 2\nschedulers = ", cases[i].schedulers,
            "\n[slice a]\nnpe = npe0\n[source t]\nports = 1\nwarmup = 0\nduration = 1us\n[sink s]\n"
            "ports = 5\nsource = t\n[link in]\nlink = t.0 -> npe0.0\n[link out]\n"
            "link = npe0.0..4 -> s.0..4\n",
            NULL);
        Bench *b = bench_open(text);
        const Slice *s = (const Slice *)(void *)bench_find(b, "a");
        CHECK_U64(loads(s->npe->qm, 17, six, 6), cases[i].loaded);
        bench_close(b);
    }
}

int main(void) {
    static const Test tests[] = {
        TEST(schedulers_of_a_microengine_share_its_cache),
        TEST(the_npe_has_a_cache_for_each_microengine_of_its_queue_manager),
        {0}};
    return run_tests("qm_block", tests);
}
