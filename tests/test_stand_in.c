/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * In Figures 10 and 12 a demux stands for line card and switch in front of the server. The same
 * traffic through both, with the server in a slot of the chassis: what stands for them may change
 * nothing that the figures are about. Loads below, near and above the limit; 400 byte payloads. */
#include "components/classes.h"
#include "tests/check.h"
#include "tests/runs.h"

typedef struct {
    double ping_us, load_us, delivered_pps;
} Outcome;

static double value(const RunResult *r, const char *name) {
    const RunScalar *s = run_scalar(r, name);
    if (r->failure || !s) printf("  %s: %s\n", name, r->failure ? r->failure : "not there");
    return s ? s->value : NAN;
}

static Outcome outcome(const char *file, const char *const *set) {
    g_autoptr(GError) error = NULL;
    Scenario *s = load_timed(file, set, component_classes, &error);
    CHECK(s != NULL);
    if (!s) {
        printf("  %s\n", error->message);
        return (Outcome){NAN, NAN, NAN};
    }
    GPtrArray *results = runs_of(s, 1);
    const RunResult *r = results->pdata[0];
    Outcome o = {value(r, "answers.latency_mean_us"), value(r, "sink.latency_mean_us"),
                 value(r, "sink.delivered_pps")};
    g_ptr_array_unref(results);
    scenario_free(s);
    return o;
}

/* In us or as a share of the real one. Below the limit the way through line card and switch takes
 * 10 to 20 us, and it changes which frames share an interrupt of a NIC, which the load meets more
 * often than a ping. Near and above the limit pings wait for milliseconds: another seed changes the
 * mean of 200 by 5 percent (standard deviation), so the difference of two by 7. */
typedef struct {
    double ping_us, ping_share, load_us, load_share;
} Bounds;
static const Bounds below = {20, 0, 40, 0}, beyond = {0, 0.2, 0, 0.04};

static void alike(const char *name, const char *rate, const Bounds *b, const char *const *more) {
    g_autoptr(GPtrArray) set = g_ptr_array_new();
    g_ptr_array_add(set, (char *)rate);
    for (; *more; more++) g_ptr_array_add(set, (char *)*more);
    g_ptr_array_add(set, NULL);
    Outcome stand_in = outcome("tests/data/stand-in.ini", (const char *const *)set->pdata),
            real = outcome("tests/data/stand-in-for.ini", (const char *const *)set->pdata);
    printf("  %s, %s: pings %.0f us, %.0f through line card and switch; load %.0f, %.0f us; %.0f, "
           "%.0f packets/s\n",
           name, rate, stand_in.ping_us, real.ping_us, stand_in.load_us, real.load_us,
           stand_in.delivered_pps, real.delivered_pps);
    CHECK_NEAR(stand_in.ping_us, real.ping_us, b->ping_us + b->ping_share * real.ping_us);
    CHECK_NEAR(stand_in.load_us, real.load_us, b->load_us + b->load_share * real.load_us);
    CHECK_NEAR(stand_in.delivered_pps, real.delivered_pps, 0.02 * real.delivered_pps);
}

static void two_loaded_i3_servers_cannot_tell(void) {
    static const char *const more[] = {NULL};
    alike("I3", "traffic.rate=200Mbit/s", &below, more);
    alike("I3", "traffic.rate=300Mbit/s", &beyond, more);
    alike("I3", "traffic.rate=500Mbit/s", &beyond, more);
}

static void eight_loaded_clicks_cannot_tell(void) {
    static const char *const more[] = {"traffic.application=ipv4", "traffic.udp_port=32000",
                                       "pings.application=ipv4",   "pings.udp_port=33000",
                                       "instances.slices=8",       NULL};
    alike("Click", "traffic.rate=100Mbit/s", &below, more);
    alike("Click", "traffic.rate=210Mbit/s", &beyond, more);
    alike("Click", "traffic.rate=300Mbit/s", &beyond, more);
}

int main(void) {
    static const Test tests[] = {
        TEST(two_loaded_i3_servers_cannot_tell), TEST(eight_loaded_clicks_cannot_tell), {0}};
    return run_tests("stand_in", tests);
}
