/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * In Figures 10 and 12 a demux stands for line card and switch in front of the server; their
 * variants of scenarios/variants have the real ones. What stands for them may change nothing that
 * the figures are about, and of the real ones the fast timing is as good as the detailed. Loads
 * below, near and above the limit; 400 byte payloads; a second of each point. */
#include "components/classes.h"
#include "tests/check.h"
#include "tests/runs.h"

typedef struct {
    const char *figure, *series;
    const char *more[4];
} Half;
static const Half clicks = {"fig10", "Click", {"gpe0.cores=1", "traffic.payload=400"}};
static const Half i3_servers = {"fig12", "GPE", {NULL}};

typedef struct {
    double ping_us, load_us, delivered_pps;
} Outcome;

static double value(const RunResult *r, const char *name) {
    const RunScalar *s = run_scalar(r, name);
    if (r->failure || !s) printf("  %s: %s\n", name, r->failure ? r->failure : "not there");
    return s ? s->value : NAN;
}

/* `timing` NULL: through the stand-in. */
static Outcome outcome(const Half *half, const char *rate, const char *timing) {
    static volatile int never;
    g_autoptr(GError) error = NULL;
    g_autofree char *file =
        timing ? g_strdup_printf("scenarios/variants/%s-line-card.ini", half->figure)
               : g_strdup_printf("scenarios/%s.ini", half->figure);
    g_autofree char *where = g_strdup_printf("scenario.where=series == %s", half->series);
    g_autofree char *load = g_strdup_printf("traffic.rate=%s", rate);
    g_autofree char *timed = g_strdup_printf("scenario.timing=%s", timing ? timing : "detailed");
    const char *set[20] = {where,
                           load,
                           timed,
                           "gpe0.tokens=default",
                           "scenario.drain=300ms",
                           "traffic.warmup=200ms",
                           "traffic.duration=1200ms",
                           "pings.warmup=200ms",
                           "pings.duration=1200ms",
                           "pings.rate=200packet/s"};
    for (unsigned i = 0; half->more[i]; i++) set[10 + i] = half->more[i];
    Scenario *s = scenario_load(file, set, component_classes, &error);
    CHECK(s != NULL);
    if (!s) {
        printf("  %s\n", error->message);
        return (Outcome){NAN, NAN, NAN};
    }
    RunResult *r = run_once(s, 1, (RunKey){0, 0, true}, NULL, &never);
    CHECK(!timing || value(r, "lc0.in.mpackets_in") > 1000);
    Outcome o = {value(r, "answers.latency_mean_us"), value(r, "sink.latency_mean_us"),
                 value(r, "sink.delivered_pps")};
    run_result_free(r);
    scenario_free(s);
    return o;
}

/* In us or as a share of the real one. Below the limit the way through line card and switch takes
 * 10 to 20 us, twice for a ping that passes Click both ways, and it changes which frames share an
 * interrupt of a NIC: five interfaces are four NICs, of which the first has two. Near and above the
 * limit pings and load wait for milliseconds, and another seed changes their means by up to 10 and
 * 6 percent (standard deviation), so the difference of two by up to 14 and 9. */
typedef struct {
    double ping_us, ping_share, load_us, load_share;
} Bounds;
static const Bounds below = {70, 0, 50, 0}, beyond = {0, 0.25, 0, 0.15}, alone = {1, 0, 1, 0};

static void near(Outcome found, Outcome real, const Bounds *b) {
    CHECK_NEAR(found.ping_us, real.ping_us, b->ping_us + b->ping_share * real.ping_us);
    CHECK_NEAR(found.load_us, real.load_us, b->load_us + b->load_share * real.load_us);
    CHECK_NEAR(found.delivered_pps, real.delivered_pps, 0.02 * real.delivered_pps);
}

static void show(const char *what, Outcome o) {
    printf("  %-24s pings %8.1f us, load %8.1f us, %.0f packets/s\n", what, o.ping_us, o.load_us,
           o.delivered_pps);
}

static void alike(const Half *half, const char *rate, const Bounds *b) {
    Outcome stand_in = outcome(half, rate, NULL), fast = outcome(half, rate, "fast"),
            real = outcome(half, rate, "detailed");
    printf("  %s, %s:\n", half->series, rate);
    show("stand-in", stand_in);
    show("line card, fast", fast);
    show("line card, detailed", real);
    near(stand_in, real, b);
    near(fast, real, b == &below ? &alone : b);
}

static void two_loaded_i3_servers_cannot_tell(void) {
    alike(&i3_servers, "200Mbit/s", &below);
    alike(&i3_servers, "300Mbit/s", &beyond);
    alike(&i3_servers, "500Mbit/s", &beyond);
}

static void eight_loaded_clicks_cannot_tell(void) {
    alike(&clicks, "100Mbit/s", &below);
    alike(&clicks, "210Mbit/s", &beyond);
    alike(&clicks, "300Mbit/s", &beyond);
}

int main(void) {
    static const Test tests[] = {
        TEST(two_loaded_i3_servers_cannot_tell), TEST(eight_loaded_clicks_cannot_tell), {0}};
    return run_tests("stand_in", tests);
}
