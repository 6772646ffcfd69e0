/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How results name their timing, and how two of them compare, from the command line in this
 * process. A test's own component, a mill, has two timings: what it says of `grain` and `flour` is
 * known, by fast and by detailed, so every difference is a sum on paper. */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "emu/cli/cli.h"
#include "emu/core/random.h"
#include "emu/core/report.h"
#include "emu/study/result.h"
#include "tests/check.h"

/* The mill --------------------------------------------------------------------------------- */

enum { DETAILED, FAST };
typedef struct {
    Component base;
    SimEvent event;
    int timing; /* settings */
    double grain, off, noise;
    double luck; /* state */
    unsigned left;
} Mill;

/* Four events by detailed, one by fast. */
static void mill_turn(Sim *sim, SimEvent *event) {
    Mill *m = (Mill *)(void *)((char *)event - offsetof(Mill, event));
    if (--m->left) sim_schedule(sim, event, SIM_US);
}
static bool mill_create(Component *c, GError **error) {
    (void)error;
    sim_event_init(&((Mill *)c)->event, mill_turn, &c->owner);
    return true;
}
static bool mill_start(Component *c, GError **error) {
    Mill *m = (Mill *)c;
    Random random;
    component_random(c, "luck", &random);
    m->luck = random_unit(&random);
    m->left = m->timing == FAST ? 1 : 4;
    sim_schedule(c->sim, &m->event, SIM_US);
    return m->grain != 13 || input_error(error, "grain: found 13, expected another");
}
/* Noise is the same by both timings, and another in each repetition: the difference in percent is
 * `off` where the grain is 10, and half of it where it is 20. */
static void mill_report(Component *c, Report *report) {
    const Mill *m = (Mill *)c;
    double noise = m->noise * m->luck;
    double factor = m->timing == FAST ? 1 + m->off / 100 * 10 / m->grain : 1;
    report_scalar(report, "flour_us", (m->grain + noise) * factor, "us");
    report_scalar(report, "bran", m->timing == FAST && m->grain == 30 ? 1 : 0, "sacks");
    report_scalar(report, "rats", NAN, "rats");
}
static const Param mill_params[] = {
    PARAM_SCENARIO_ENUM("timing", Mill, timing, "detailed", "detailed|fast", "which", "test"),
    PARAM_REAL("grain", Mill, grain, "10", "0", "1000", "goes in", "test"),
    PARAM_REAL("off", Mill, off, "0", "-90", "1000", "by how many percent fast is off", "test"),
    PARAM_REAL("noise", Mill, noise, "0", "0", "1000", "more of grain, at random", "test"),
    {0}};
static const Scalar mill_scalars[] = {{"flour_us", "us", "of flour"},
                                      {"bran", "sacks", "what is left"},
                                      {"rats", "rats", "nobody counts them"},
                                      {0}};
/* One that has a key of the same name, which is its own. */
static const Param clock_params[] = {
    PARAM_ENUM("timing", Mill, timing, "early", "early|late", "another thing", "test"), {0}};
static const Scalar no_scalars[] = {{0}};
static const ComponentClass mill_class = {.name = "mill",
                                          .text = "two timings",
                                          .ports = "none",
                                          .size = sizeof(Mill),
                                          .params = mill_params,
                                          .scalars = mill_scalars,
                                          .create = mill_create,
                                          .start = mill_start,
                                          .report = mill_report},
                            clock_class = {.name = "clock",
                                           .text = "a timing of its own",
                                           .ports = "none",
                                           .size = sizeof(Mill),
                                           .params = clock_params,
                                           .scalars = no_scalars},
                            *const classes[] = {&mill_class, &clock_class, NULL};

/* sppemu ----------------------------------------------------------------------------------- */

static char *said; /* by the last call, both streams */

static void into(int file, int to, int *was) {
    *was = dup(to);
    dup2(file, to);
}
static void back(int was, int to) {
    dup2(was, to);
    close(was);
}

/* The exit code of `sppemu LINE`. */
static int sppemu(const char *line) {
    g_auto(GStrv) words = NULL;
    g_autofree char *whole = g_strconcat("sppemu ", line, NULL);
    int n, out, err, code;
    CHECK(g_shell_parse_argv(whole, &n, &words, NULL));
    fflush(stdout);
    int file = open("said", O_CREAT | O_TRUNC | O_RDWR | O_APPEND, 0666);
    into(file, 1, &out);
    into(file, 2, &err);
    code = cli_main(n, words, classes);
    fflush(stdout);
    back(out, 1);
    back(err, 2);
    close(file);
    g_free(said);
    said = NULL;
    CHECK(g_file_get_contents("said", &said, NULL, NULL));
    return code;
}

static void file(const char *name, const char *text) {
    CHECK(g_file_set_contents(name, text, -1, NULL));
}

static char *content(const char *name) {
    char *text = NULL;
    return g_file_get_contents(name, &text, NULL, NULL) ? text : g_strdup("");
}

static bool has(const char *text, const char *part) {
    return strstr(text, part) != NULL;
}

#define TWO "[scenario]\ntitle = Two mills\n[mill a]\n[mill b]\n[clock c]\n"

/* What results say ------------------------------------------------------------------------- */

static void fast_is_named_at_the_head_and_detailed_is_not(void) {
    file("two.ini", TWO);
    CHECK_U64(sppemu("run two --no-plots"), EXIT_OK);
    CHECK(!has(said, "timing"));
    CHECK_U64(sppemu("run two --no-plots --timing=fast"), EXIT_OK);
    CHECK_CONTAINS(said, "Two mills\nfast timing\n\n");
    CHECK_U64(sppemu("run two --no-plots --set b.timing=fast -o results/half"), EXIT_OK);
    CHECK_CONTAINS(said, "Two mills\nfast timing of b\n\n");
    CHECK_U64(sppemu("run two --no-plots --set 'a.timing=${detailed, fast, fast}'"), EXIT_OK);
    CHECK_CONTAINS(said, "Two mills\nfast timing at 2 of 3 points\n\n");
    CHECK_U64(sppemu("show two --timing=fast"), EXIT_OK);
    CHECK_CONTAINS(said, "Two mills\nfast timing\n");
    CHECK_U64(sppemu("check two --timing fast"), EXIT_OK);
    CHECK_CONTAINS(said, "0 plots, fast timing\n");
    CHECK_U64(sppemu("results"), EXIT_OK);
    CHECK_CONTAINS(said, " two\n");
    CHECK_CONTAINS(said, " two,timing=fast (fast timing)\n");
    CHECK_U64(sppemu("query results/two,timing=fast --show a.flour_us"), EXIT_OK);
    CHECK_CONTAINS(said, "1 of 1 point; fast timing\n");
    CHECK_U64(sppemu("check two --timing=quick"), EXIT_USAGE);
    CHECK_CONTAINS(said, "sppemu: --timing: found \"quick\", expected one of detailed, fast\n");
}

static void is(const char *folder, const char *timing) {
    g_autofree char *path = g_build_filename("results", folder, "manifest.json", NULL);
    json_t *m = json_load_file(path, 0, NULL), *run = json_array_get(json_object_get(m, "runs"), 0);
    CHECK_TEXT(json_string_value(json_object_get(m, "timing")), timing);
    CHECK_TEXT(json_string_value(json_object_get(run, "timing")), timing);
    json_decref(m);
}

static void manifests_and_documents_always_say_it(void) {
    is("two", "detailed");
    is("two,timing=fast", "fast");
    is("half", "mixed");
    CHECK_U64(sppemu("run two --no-plots -q --json --timing=fast"), EXIT_OK);
    json_t *doc = json_loads(strchr(said, '{'), 0, NULL);
    CHECK_TEXT(json_string_value(json_object_get(doc, "timing")), "fast");
    json_decref(doc);
    file("none.ini", "[clock c]\ntiming = late\n");
    CHECK_U64(sppemu("run none --no-plots -q --json"), EXIT_OK);
    doc = json_loads(strchr(said, '{'), 0, NULL);
    CHECK(json_is_null(json_object_get(doc, "timing")));
    json_decref(doc);
}

static void a_folder_is_of_one_timing(void) {
    CHECK_U64(sppemu("run two --no-plots -q --timing=fast -o results/two"), EXIT_RUN_FAILED);
    CHECK_CONTAINS(said, "holds results of another study of this scenario");
    is("two", "detailed");
    g_autofree char *runs = content("results/two,timing=fast/runs.tsv");
    CHECK_CONTAINS(runs, "run\trepetition\tstatus\tscenario.timing\t");
    CHECK_CONTAINS(runs, "0\t0\tok\tfast\t");
}

static void claims_say_by_which_timing(void) {
    file("claims.ini", TWO "[expect flour]\nmetric = max(a.flour_us)\nlow = 9\nhigh = 11\n");
    CHECK_U64(sppemu("run claims --no-plots"), EXIT_OK);
    CHECK_CONTAINS(said, "predicted: 1 of 1 met\n");
    CHECK_U64(sppemu("run claims --no-plots --timing=fast"), EXIT_OK);
    CHECK_CONTAINS(said, "predicted: 1 of 1 met; by fast timing\n");
    g_autofree char *detailed = content("results/claims/claims.tsv"),
                    *fast = content("results/claims,timing=fast/claims.tsv");
    CHECK_CONTAINS(detailed, "\tof\ttiming\n");
    CHECK_CONTAINS(detailed, "\tdetailed\n");
    CHECK_CONTAINS(fast, "\tfast\n");
}

int main(void) {
    static const Test tests[] = {TEST(fast_is_named_at_the_head_and_detailed_is_not),
                                 TEST(manifests_and_documents_always_say_it),
                                 TEST(a_folder_is_of_one_timing),
                                 TEST(claims_say_by_which_timing),
                                 {0}};
    char *folder = g_dir_make_tmp("sppemu-timing-XXXXXX", NULL), *here = g_get_current_dir();
    g_assert(folder && chdir(folder) == 0);
    int code = run_tests("timing", tests);
    g_assert(chdir(here) == 0);
    g_autofree char *remove = g_strdup_printf("rm -rf %s", folder);
    if (system(remove) != 0) printf("  %s is left\n", folder);
    g_free(folder);
    g_free(here);
    g_free(said);
    return code;
}
