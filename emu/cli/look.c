/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * check and show: what can be said of a scenario without running it. */
#include "emu/cli/private.h"
#include "emu/cli/show.h"
#include "emu/scenario/check.h"
#include "emu/study/grid.h"

typedef struct {
    char **set, *timing;
    gboolean dot, each;
} LookFlags;
#define SET_OPTIONS                                                                                \
    CLI_OPTION(LookFlags, set, "set", 's', STRING_ARRAY, "Override one value",                     \
               "SECTION.KEY=VALUE"),                                                               \
        CLI_TIMING(LookFlags)

char *cli_points_text(const Scenario *s) {
    unsigned dropped = scenario_n_dropped(s), equal = scenario_n_equal(s);
    g_autofree char *out = g_strdup_printf("%u left out by where", dropped),
                    *once = g_strdup_printf("%u equal to others run once", equal);
    return g_strdup_printf("%s%s%s", dropped ? out : "", dropped && equal ? ", " : "",
                           equal ? once : "");
}

static int check_run(char **operands, void *flags, const ComponentClass *const *classes) {
    LookFlags *f = flags;
    if (!cli_set_timing(&f->set, f->timing)) return EXIT_USAGE;
    g_autoptr(GError) error = NULL;
    Scenario *s = cli_load(operands[0], f->set, classes, &error);
    if (!s) return cli_complain(EXIT_INPUT, error);
    Claims *claims = cli_claims();
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    scenario_check(s, claims, NULL, NULL, warnings, &error);
    claims_free(claims);
    for (unsigned i = 0; i < warnings->len; i++)
        g_printerr("sppemu: warning: %s\n", (const char *)warnings->pdata[i]);
    g_autofree char *points = cli_points_text(s), *timing = scenario_timing_text(s);
    if (!error)
        printf("%s: %u points of %u repetitions%s%s, %u claims, %u plots%s%s\n", operands[0],
               scenario_n_points(s), scenario_repeat(s), *points ? ", " : "", points,
               scenario_n_expects(s), scenario_n_plots(s), timing ? ", " : "",
               timing ? timing : "");
    scenario_free(s);
    return error ? cli_complain(EXIT_INPUT, error) : EXIT_OK;
}

static const GOptionEntry check_options[] = {SET_OPTIONS, {0}};

const CliVerb check_verb = {
    .name = "check",
    .operands = "FILE",
    .text = "read a scenario and build it, without running it",
    .more = "Every point of a study is built, and every name looked up that claims, pictures and "
            "the script use. What would run but not do what it seems to is a warning.",
    .examples =
        (const CliExample[]){{"sppemu check my.ini", "before a study is sent to other machines"},
                             {0}},
    .options = check_options,
    CLI_FLAGS(LookFlags, {0}),
    .run = check_run};

static int show_run(char **operands, void *flags, const ComponentClass *const *classes) {
    LookFlags *f = flags;
    if (!cli_set_timing(&f->set, f->timing)) return EXIT_USAGE;
    g_autoptr(GError) error = NULL;
    Scenario *s = cli_load(operands[0], f->set, classes, &error);
    if (!s) return cli_complain(EXIT_INPUT, error);
    NetworkOptions options = {.seed = scenario_seed(s)};
    Network *net = scenario_build(s, 0, &options, &error);
    ShowOptions show = {.each = f->each, .width = grid_width(stdout)};
    if (net && f->dot) {
        show_dot(net, scenario_name(s), f->each, stdout);
    } else if (net) {
        show_point(s, show.width, stdout);
        show_tables(s, net, &show, stdout);
    }
    network_free(net);
    scenario_free(s);
    return error ? cli_complain(EXIT_INPUT, error) : EXIT_OK;
}

static const GOptionEntry show_options[] = {
    SET_OPTIONS,
    CLI_OPTION(LookFlags, dot, "dot", 0, NONE, "Print a graph for Graphviz", NULL),
    CLI_OPTION(LookFlags, each, "each", 0, NONE, "Show the elements of arrays one by one", NULL),
    {0}};

const CliVerb show_verb = {
    .name = "show",
    .operands = "FILE",
    .text = "what a scenario builds: its components and links, as tables",
    .more = "Of a study the first point is shown. Arrays are one row, click0..3.",
    .examples =
        (const CliExample[]){
            {"sppemu show fig9", "everything that is not at its default, and who is wired to whom"},
            {"sppemu show label --dot | dot -Tsvg >label.svg", "a picture, by Graphviz"},
            {0}},
    .options = show_options,
    CLI_FLAGS(LookFlags, {0}),
    .run = show_run};
