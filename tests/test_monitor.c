/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a monitor reads, and that one that reads at once changes nothing. */
#include "tests/bench.h"
#include "tests/runs.h"

static const char node[] = "[scenario]\ninclude = @scenarios/chassis-dev.ini\ndrain = 5ms\n"
                           "[slice router]\nroutes = @routes\n"
                           "[source traffic]\nattach = spp interfaces 0..4\npayload = 400\n"
                           "rate = 500Mbit/s wire\nduration = 8ms\n"
                           "[sink out]\nattach = spp interfaces 0..4\n"
                           "[monitor chart]\nslice = router\ninterval = 1ms\n";

static GPtrArray *run(const char *more) {
    char *folder = bench_folder();
    g_autofree char *text = g_strconcat(node, more, NULL);
    g_autoptr(GError) error = NULL;
    Scenario *s = bench_load(folder, text, NULL, &error);
    if (!s) printf("  %s\n", error->message);
    g_assert(s);
    GPtrArray *runs = runs_of(s, 1);
    const RunResult *r = runs->pdata[0];
    if (r->code) printf("  %s\n", r->failure);
    CHECK_U64(r->code, EXIT_OK);
    scenario_free(s);
    bench_remove(folder);
    return runs;
}

static const char direct[] = "[monitor ahead]\nslice = router\ninterval = 10us\ndirect = yes\n";

/* A hundred looks for each of the other's, more than the processors could serve; only the count of
 * events tells that there were any. */
static void a_direct_monitor_changes_nothing(void) {
    g_autoptr(GPtrArray) without = run(""), with = run(direct);
    const RunResult *a = without->pdata[0], *b = with->pdata[0];
    unsigned n = 0;
    for (unsigned i = 0; i < a->scalars->len; i++) {
        const RunScalar *s = &g_array_index(a->scalars, RunScalar, i), *t = run_scalar(b, s->name);
        CHECK(t != NULL);
        if (!strcmp(s->name, "run.events")) continue;
        if (t && t->value != s->value && !(isnan(t->value) && isnan(s->value)))
            printf("  %s: %.17g, %.17g\n", s->name, s->value, t->value);
        CHECK(t && (t->value == s->value || (isnan(t->value) && isnan(s->value))));
        n++;
    }
    CHECK(n > 100);
}

/* 500 Mb/s of packets that all leave: both see them, but for what is on its way. */
static void both_see_the_same_rate(void) {
    g_autoptr(GPtrArray) runs = run(
        "[monitor fine]\nslice = router\ninterval = 50us\nfrom = 3ms\nuntil = 7ms\ndirect = yes\n"
        "[monitor polled]\nslice = router\ninterval = 1ms\nfrom = 3ms\nuntil = 7500us\n");
    const RunResult *r = runs->pdata[0];
    CHECK_NEAR(run_scalar(r, "fine.in_bps")->value / 5e8, 1, 0.01);
    CHECK_NEAR(run_scalar(r, "fine.out_bps")->value / 5e8, 1, 0.01);
    CHECK_NEAR(run_scalar(r, "polled.out_bps")->value / 5e8, 1, 0.01);
}

int main(void) {
    static const Test tests[] = {
        TEST(a_direct_monitor_changes_nothing), TEST(both_see_the_same_rate), {0}};
    return run_tests("monitor", tests);
}
