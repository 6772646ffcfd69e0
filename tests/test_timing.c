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

/* compare ----------------------------------------------------------------------------------- */

/* Of 10 grain fast is off by 4 percent, of 20 by 2, of 40 by 1. */
#define SWEEP                                                                                      \
    "[scenario]\ntitle = Three mills\nduration = 10us\n[mill a]\ngrain = ${10, 20, 40}\noff = 4\n" \
    "[expect flour]\nmetric = max(a.flour_us)\nlow = 39\nhigh = 40.1\nunit = us\n"                 \
    "[expect rats]\nmetric = max(a.rats)\nlow = 0\nhigh = 1\n"

/* Whether a line of what was said has these words, one behind the other. */
static bool line(const char *words) {
    g_auto(GStrv) lines = g_strsplit(said, "\n", -1);
    for (unsigned i = 0; lines[i]; i++) {
        g_autoptr(GString) one = g_string_new(lines[i]);
        while (g_string_replace(one, "  ", " ", 0)) {}
        if (strstr(one->str, words)) return true;
    }
    printf("  no line with \"%s\" in:\n%s\n", words, said);
    return false;
}

static unsigned widest(void) {
    g_auto(GStrv) lines = g_strsplit(said, "\n", -1);
    unsigned most = 0;
    for (unsigned i = 0; lines[i]; i++) most = MAX(most, (unsigned)strlen(lines[i]));
    return most;
}

static void differences_are_those_on_paper(void) {
    file("sweep.ini", SWEEP);
    CHECK_U64(sppemu("compare sweep -m a.flour_us"), EXIT_OK);
    CHECK_CONTAINS(said, "Three mills\nfast timing beside detailed, 3 of 3 points\n");
    CHECK(line("10 10 10.4 +4.00 %"));
    CHECK(line("20 20 20.4 +2.00 %"));
    CHECK(line("40 40 40.4 +1.00 %"));
    CHECK(line("flour 40 40.4 us +1.00 % met -> missed"));
    CHECK(line("rats - - - not measured"));
    CHECK_CONTAINS(said, "1 of 1 verdicts differ, 1 were not measured\n");
    CHECK(line("a.flour_us 3 2.00 % 4.00 % 4.00 % grain=10")); /* p90 of 3 is the third */
    CHECK(line("events 12 3 4 times"));
    CHECK_CONTAINS(said, "results: results/compare/sweep\n         "
                         "results/compare/sweep,timing=fast, with compare.tsv\n");
    CHECK(widest() <= 80);
    g_autofree char *table = content("results/compare/sweep,timing=fast/compare.tsv");
    CHECK_CONTAINS(table, "point\ta.grain\tmeasure\tunit\tn\tdetailed\tfast\tdifference\tlow\thigh"
                          "\tverdict_detailed\tverdict_fast\n");
    CHECK_CONTAINS(table, "\n1\t20\ta.flour_us\tus\t1\t20\t20.4\t0.02\t\t\t\t\n");
    CHECK_CONTAINS(table, "\n\t\tflour\tus\t1\t40\t40.4\t0.01\t\t\tmet\tmissed\n");
    CHECK_CONTAINS(table, "\n\t\trats\t\t0\t\t\t\t\t\tnot measured\tnot measured\n");
}

static void what_was_computed_is_not_again_and_a_sample_is_evenly_chosen(void) {
    CHECK_U64(sppemu("compare sweep --points 2 -m a.flour_us --summary"), EXIT_OK);
    CHECK_CONTAINS(said, "2 of 3 points");
    CHECK(line("a.flour_us 2 2.50 % 4.00 % 4.00 % grain=10"));
    CHECK_CONTAINS(said, "1 were not measured; they are of these points alone\n");
    CHECK(!has(said, "20.4"));
    CHECK_U64(sppemu("compare sweep --filter 'a.grain > 10' -m a.flour_us"), EXIT_OK);
    CHECK_CONTAINS(said, "2 of 3 points");
    CHECK(line("a.flour_us 2 1.50 % 2.00 % 2.00 % grain=20"));
    CHECK_U64(sppemu("compare sweep --filter 'a.grain > 100'"), EXIT_USAGE);
    CHECK_CONTAINS(said, "--filter: holds at none of the points");
    CHECK_U64(sppemu("run sweep --no-plots -q -o results/compare/sweep"), EXIT_OK);
    CHECK_CONTAINS(said, "");
    CHECK_U64(sppemu("results results/compare"), EXIT_OK);
    CHECK(line("3 of 3 0.00 ok sweep"));
    CHECK_U64(sppemu("compare sweep --points 0"), EXIT_USAGE);
    CHECK_CONTAINS(said, "--points: found 0, expected 1 or more");
}

static void a_check_names_measure_and_point(void) {
    CHECK_U64(sppemu("compare sweep -q -m a.flour_us --check 5%"), EXIT_OK);
    CHECK_TEXT(said, "");
    CHECK_U64(sppemu("compare sweep -q -m a.flour_us -m 'max(a.flour_us)' --check 1.5%"),
              EXIT_RUN_FAILED);
    CHECK_TEXT(said, "sppemu: --check: sweep: a.flour_us differs by 4.00 % at a.grain=10, expected "
                     "1.5 % or less, and more than that at 2 of 3 points\n");
    CHECK_U64(sppemu("compare sweep -q -m 'max(a.flour_us)' --check 0.5%"), EXIT_RUN_FAILED);
    CHECK_CONTAINS(said, "sweep: flour differs by 1.00 %, expected 0.5 % or less\n");
    CHECK_CONTAINS(said, "sweep: max(a.flour_us) differs by 1.00 %, expected 0.5 % or less\n");
    CHECK_U64(sppemu("compare two -q -m a.rats --check 5%"), EXIT_RUN_FAILED);
    CHECK_CONTAINS(said, "two: nothing was measured by both timings\n");
    CHECK_U64(sppemu("compare sweep --check 5"), EXIT_USAGE);
    CHECK_CONTAINS(said, "--check: found \"5\", expected a share such as 10%");
}

/* Of zero there is no share. */
static void what_is_zero_by_detailed_alone_differs_by_more_than_any_share(void) {
    file("bran.ini", "[mill a]\ngrain = ${10, 30}\n");
    CHECK_U64(sppemu("compare bran -m a.bran --check 99%"), EXIT_RUN_FAILED);
    CHECK(line("10 0 0 0.00 %"));
    CHECK(line("30 0 1 from 0"));
    CHECK(line("a.bran 1 from 0 from 0 from 0 grain=30"));
    CHECK_CONTAINS(said, "bran: a.bran differs from 0 at a.grain=30, expected 99 % or less\n");
}

/* Zero by both is measured, and no size of anything. */
static void what_is_zero_by_both_does_not_make_the_median_small(void) {
    CHECK_U64(sppemu("compare bran --filter 'a.grain < 30' -m a.bran --check 1%"), EXIT_OK);
    CHECK(line("10 0 0 0.00 %"));
    CHECK(line("a.bran 0 - - - -"));
}

/* The noise is the same by both: off / 100 * 10 / grain in every repetition. */
static void intervals_are_of_pairs(void) {
    file("noise.ini", "[mill a]\noff = 3\nnoise = 5\n[expect m]\nmetric = mean(a.flour_us)\n"
                      "low = 0\nhigh = 100\n");
    CHECK_U64(sppemu("compare noise -m a.flour_us --repeat 4"), EXIT_OK);
    CHECK_CONTAINS(said, "fast timing beside detailed, 4 repetitions each\n");
    CHECK(line(" +3.00 +-0.00 %"));
    CHECK(line(" +3.00 +-0.00 % met"));
    /* Without noise the repetitions are one run, and have no interval. */
    CHECK_U64(sppemu("compare noise -m a.flour_us --repeat 4 --set a.noise=0"), EXIT_OK);
    CHECK(line("a.flour_us 10 10.3 us +3.00 %"));
}

#define LONG "the-mill-at-the-end-of-the-village"
static void tables_fit_80_columns(void) {
    file("long.ini",
         "[mill " LONG "]\ngrain = ${10, 20, 123.456}\noff = ${1, 100}\nnoise = ${2, 7}\n"
         "[mill b]\ngrain = ${10, 11}\n"
         "[expect flour-of-" LONG "]\nmetric = max(" LONG ".flour_us)\nlow = 0\n"
         "high = 200\nunit = us\n");
    CHECK_U64(
        sppemu("compare long --repeat 3 -m " LONG ".flour_us -m '" LONG ".flour_us / b.flour_us'"),
        EXIT_OK);
    if (widest() > 80) printf("%s\n", said);
    CHECK(widest() <= 80);
    CHECK_CONTAINS(said, "24 of 24 points, 3 repetitions each\n");
    CHECK_CONTAINS(said, "point: its number; compare.tsv has what it is\n");
    file("long1.ini", "[mill " LONG "]\noff = 3\nnoise = 2\n[mill b]\n[expect flour-of-" LONG
                      "]\nmetric = max(" LONG ".flour_us)\nlow = 0\nhigh = 10\nunit = us\n");
    CHECK_U64(sppemu("compare long1 --repeat 3 -m '" LONG ".flour_us / (b.flour_us + b.bran)'"),
              EXIT_OK);
    if (widest() > 80) printf("%s\n", said);
    CHECK(widest() <= 80);
}

static void what_cannot_be_compared_is_said(void) {
    CHECK_U64(sppemu("compare none"), EXIT_USAGE);
    CHECK_CONTAINS(said, "none: found nothing that has two timings and does not say its own");
    CHECK_U64(sppemu("compare two --set a.timing=fast --set b.timing=detailed"), EXIT_USAGE);
    CHECK_U64(sppemu("compare two --set a.timing=fast"), EXIT_OK);
    CHECK_CONTAINS(said, "fast timing beside detailed; by both: fast timing of a\n");
    CHECK_U64(sppemu("compare sweep -m a.flower_us"), EXIT_USAGE);
    CHECK_CONTAINS(said, "--metric: a.flower_us: ");
    CHECK_CONTAINS(said, "a.flour_us");
    CHECK_U64(sppemu("compare sweep --for 2"), EXIT_USAGE);
    CHECK_CONTAINS(said, "--for: found \"2\"");
    CHECK_U64(sppemu("compare swep"), EXIT_INPUT);
}

/* A run that fails is no 0, and says so. */
static void a_run_that_fails_is_not_measured(void) {
    file("bad.ini", "[mill a]\ngrain = 12\noff = 4\n[at 1us]\n");
    CHECK_U64(sppemu("compare bad -m a.flour_us --set a.grain=13"), EXIT_INPUT);
}

static void the_first_time_of_each_point(void) {
    CHECK_U64(sppemu("compare sweep -m run.events --points 1 --for 2us"), EXIT_OK);
    CHECK(line("events 2 1 2 times")); /* of 4 turns, 1 us each, and 1 */
    CHECK_CONTAINS(said, "results/compare/sweep,duration=2us\n");
}

static void a_fast_run_is_checked_on_a_sample_before(void) {
    CHECK_U64(sppemu("run sweep --timing=fast --check 5% --no-plots"), EXIT_OK);
    CHECK_CONTAINS(said, "Three mills\nfast timing beside detailed, 3 of 3 points\n");
    CHECK_CONTAINS(said, "Three mills\nfast timing\n\n");
    CHECK_U64(sppemu("run sweep --timing=fast --check 3% --no-plots -f"), EXIT_RUN_FAILED);
    CHECK_CONTAINS(said, "--check: sweep: a.flour_us differs by 4.00 % at a.grain=10");
    CHECK(!has(said, "fast timing\n\n"));
    CHECK_U64(sppemu("run sweep --check 3%"), EXIT_USAGE);
    CHECK_CONTAINS(said, "--check: found no fast timing to check, expected --timing=fast");
}

int main(void) {
    static const Test tests[] = {
        TEST(fast_is_named_at_the_head_and_detailed_is_not),
        TEST(manifests_and_documents_always_say_it),
        TEST(a_folder_is_of_one_timing),
        TEST(claims_say_by_which_timing),
        TEST(differences_are_those_on_paper),
        TEST(what_was_computed_is_not_again_and_a_sample_is_evenly_chosen),
        TEST(a_check_names_measure_and_point),
        TEST(what_is_zero_by_detailed_alone_differs_by_more_than_any_share),
        TEST(what_is_zero_by_both_does_not_make_the_median_small),
        TEST(intervals_are_of_pairs),
        TEST(tables_fit_80_columns),
        TEST(what_cannot_be_compared_is_said),
        TEST(a_run_that_fails_is_not_measured),
        TEST(the_first_time_of_each_point),
        TEST(a_fast_run_is_checked_on_a_sample_before),
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
