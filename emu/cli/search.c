/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * search: how far a number of a scenario can go. */
#include <math.h>
#include <string.h>

#include "emu/cli/study.h"
#include "emu/study/search.h"

#define PARENT RESULTS "/search"
#define TIMING "scenario.timing="
enum { REPETITIONS = 5 };

typedef struct {
    char **set, *loss, *precision, *vary, *range, *until, *sink, *timing, *output, *seed;
    int jobs, repeat;
    gboolean force, json, quiet;
} SearchFlags;

/* A side of the search, with the scenario that is its own. */
typedef struct {
    GPtrArray *set;
    Scenario *scenario;
    Store *store;
} Side;

static void side_clear(Side *side) {
    store_close(side->store);
    scenario_free(side->scenario);
    if (side->set) g_ptr_array_unref(side->set);
}

/* What --set says, and the dial as it is written, so that it is one of its own where a default
 * holds for others too. */
static GPtrArray *sets_of(const SearchFlags *f, const char *pinned, const char *timing) {
    GPtrArray *all = g_ptr_array_new_with_free_func(g_free);
    for (char **set = f->set; set && *set; set++)
        if (!timing || !g_str_has_prefix(*set, TIMING)) g_ptr_array_add(all, g_strdup(*set));
    if (pinned) g_ptr_array_add(all, g_strdup(pinned));
    if (timing) g_ptr_array_add(all, g_strconcat(TIMING, timing, NULL));
    g_ptr_array_add(all, NULL);
    return all;
}

typedef struct {
    const char *name;
    char *set;
} Pin;

static void find_pin(const char *section, const char *key, const Param *row, const char *value,
                     void *user) {
    Pin *pin = user;
    g_autofree char *name = g_strconcat(section, ".", key, NULL);
    if (row && *value && !strcmp(name, pin->name) && !pin->set)
        pin->set = g_strconcat(name, "=", value, NULL);
}

/* "--set NAME=VALUE" of what is varied; NULL: there is no such key. Caller frees. */
static char *pin_of(const Scenario *s, const char *vary) {
    Pin pin = {vary, NULL};
    if (vary) scenario_each_key(s, find_pin, &pin);
    return pin.set;
}

/* Whether fast timing is another one: no --timing, and nothing but components of their own. */
static bool has_fast(const SearchFlags *f, const Scenario *s) {
    for (char **set = f->set; set && *set; set++)
        if (g_str_has_prefix(*set, TIMING)) return false;
    return !f->timing && !g_strcmp0(scenario_timing(s), "detailed");
}

static int open_side(const SearchFlags *f, const char *file, const char *folder,
                     const ComponentClass *const *classes, Side *side) {
    g_autoptr(GError) error = NULL;
    guint64 seed = 0;
    if (!side->scenario)
        side->scenario = cli_load(file, (char **)side->set->pdata, classes, &error);
    if (!side->scenario) return cli_complain(EXIT_INPUT, error);
    if (f->seed)
        g_ascii_string_to_unsigned(f->seed, 10, 0, INT64_MAX, &seed, NULL);
    else
        seed = scenario_seed(side->scenario);
    int repeat =
        f->repeat != NOT_GIVEN ? f->repeat : (int)MAX(scenario_repeat(side->scenario), REPETITIONS);
    side->store = store_open(side->scenario, seed, (unsigned)repeat, folder, f->force, &error);
    return side->store ? EXIT_OK : cli_complain(EXIT_RUN_FAILED, error);
}

/* Both sides in one folder: what decides, and coarse/ within it. */
static int open_sides(const SearchFlags *f, const char *file, const ComponentClass *const *classes,
                      Side sides[SIDES]) {
    g_autoptr(GError) error = NULL;
    Scenario *written = cli_load(file, f->set, classes, &error);
    if (!written) return cli_complain(EXIT_INPUT, error);
    g_autofree char *pinned = pin_of(written, f->vary);
    guint64 seed = scenario_seed(written);
    if (f->seed) g_ascii_string_to_unsigned(f->seed, 10, 0, INT64_MAX, &seed, NULL);
    g_autofree char *folder =
        f->output ? cli_folder(f->output)
                  : cli_default_folder(PARENT, written, f->set, f->seed, seed, f->force);
    g_autofree char *coarse = g_build_filename(folder, "coarse", NULL);
    bool fast = has_fast(f, written);
    int code = cli_check(written, NULL, NULL);
    scenario_free(written);
    if (code) return code;
    sides[FINE].set = sets_of(f, pinned, NULL);
    sides[COARSE].set = sets_of(f, pinned, fast ? "fast" : NULL);
    code = open_side(f, file, folder, classes, &sides[FINE]);
    return code ? code : open_side(f, file, coarse, classes, &sides[COARSE]);
}

static int show(const SearchFlags *f, const Search *x, const char *folder) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) remarks = search_remarks(x);
    int code = search_write(x, folder, &error) ? EXIT_OK : cli_complain(EXIT_RUN_FAILED, error);
    if (f->json) {
        json_t *json = search_json(x);
        json_dumpf(json, stdout, JSON_INDENT(1) | JSON_SORT_KEYS | JSON_REAL_PRECISION(12));
        putchar('\n');
        json_decref(json);
    } else if (!f->quiet) {
        search_print(x, stdout);
        printf("results: %s\n", folder);
    }
    for (unsigned i = 0; i < remarks->len; i++)
        g_printerr("sppemu: %s\n", (char *)remarks->pdata[i]);
    return code;
}

static int search_one(const SearchFlags *f, const char *file, SearchOptions *options,
                      const ComponentClass *const *classes) {
    g_autoptr(GError) error = NULL;
    Side sides[SIDES] = {{0}};
    int code = open_sides(f, file, classes, sides);
    Search *x = NULL;
    if (!code) {
        x = search_new((SearchSide){sides[COARSE].scenario, sides[COARSE].store},
                       (SearchSide){sides[FINE].scenario, sides[FINE].store}, options, &error);
        progress_clear(options->run.progress);
        if (x) {
            code = show(f, x, store_folder(sides[FINE].store));
        } else if (cli_interrupted) {
            g_printerr("sppemu: interrupted; finished trials are in %s, and the same command goes "
                       "on\n",
                       store_folder(sides[FINE].store));
            code = EXIT_INTERRUPTED;
        } else {
            code = cli_complain(error->domain == SPPEMU_INPUT_ERROR ? EXIT_INPUT : EXIT_RUN_FAILED,
                                error);
        }
    }
    search_free(x);
    for (SearchKind side = COARSE; side < SIDES; side++) side_clear(&sides[side]);
    return code;
}

/* The command line -------------------------------------------------------------------------- */

/* "0,0.1%". */
static bool read_losses(const char *text, SearchOptions *o) {
    static const Param row = {.name = "", .type = PARAM_TYPE_FRACTION};
    g_auto(GStrv) parts = g_strsplit(text, ",", -1);
    for (char **p = parts; *p; p++) {
        ParamValue value;
        bool ok = param_read(&row, &value, g_strstrip(*p), NULL, NULL) && value.real >= 0 &&
                  value.real < 1 && o->n_losses < SEARCH_MAX_LOSSES;
        if (!ok) {
            cli_usage("--loss: found \"%s\", expected up to %u shares with commas between, such as "
                      "0,0.1%%",
                      text, SEARCH_MAX_LOSSES);
            return false;
        }
        o->losses[o->n_losses++] = value.real;
    }
    return o->n_losses > 0;
}

/* "10ns..1us". The halves are `range`'s. */
static bool read_range(char *range, SearchOptions *o) {
    char *dots = range ? strstr(range, "..") : NULL;
    if (!range) return true;
    if (!dots || dots == range || !dots[2]) {
        cli_usage("--range: found \"%s\", expected two values, as 10ns..1us", range);
        return false;
    }
    *dots = 0;
    o->least = g_strstrip(range);
    o->most = g_strstrip(dots + 2);
    return true;
}

static int search_verb_run(char **operands, void *flags, const ComponentClass *const *classes) {
    SearchFlags *f = flags;
    guint64 seed;
    SearchOptions options = {.vary = f->vary,
                             .until = f->until,
                             .sink = f->sink,
                             .run = {.jobs = (unsigned)f->jobs, .interrupted = &cli_interrupted}};
    if (f->jobs < 1 || f->jobs > MAX_JOBS)
        return cli_usage("--jobs: found %d, expected 1 to %d", f->jobs, MAX_JOBS);
    if (f->repeat != NOT_GIVEN && (f->repeat < 1 || f->repeat > (int)SCENARIO_MAX_REPEAT))
        return cli_usage("--repeat: found %d, expected 1 to %u", f->repeat, SCENARIO_MAX_REPEAT);
    if (f->output && !*f->output)
        return cli_usage("--output: found nothing, expected the name of a folder");
    if (f->seed && !g_ascii_string_to_unsigned(f->seed, 10, 0, INT64_MAX, &seed, NULL))
        return cli_usage("--seed: found \"%s\", expected a whole number", f->seed);
    if (f->until && (f->loss || f->sink))
        return cli_usage("--until: found --%s too, expected a condition or losses",
                         f->loss ? "loss" : "sink");
    if (f->until && !f->vary)
        return cli_usage("--until: found no --vary, expected the number that is to be searched");
    if (f->range && !f->vary)
        return cli_usage("--range: found no --vary, expected the number whose range it is");
    if (!read_losses(f->loss ? f->loss : "0", &options) || !read_range(f->range, &options) ||
        !cli_share("precision", f->precision ? f->precision : "0.5%", &options.precision) ||
        !cli_set_timing(&f->set, f->timing))
        return EXIT_USAGE;
    cli_catch_signals();
    options.run.progress = f->quiet ? NULL : progress_new();
    int code = search_one(f, operands[0], &options, classes);
    progress_free(options.run.progress);
    return code;
}

static const GOptionEntry search_options[] = {
    CLI_OPTION(SearchFlags, loss, "loss", 0, STRING,
               "Shares of packets that may be lost, one search each (default 0)", "SHARES"),
    CLI_OPTION(SearchFlags, precision, "precision", 0, STRING,
               "How near the answer has to be, of itself (default 0.5%)", "SHARE"),
    CLI_OPTION(SearchFlags, vary, "vary", 0, STRING,
               "Search this number (default: the rates of all sources that the sink measures)",
               "SECTION.KEY"),
    CLI_OPTION(SearchFlags, range, "range", 0, STRING,
               "Search it only there, as 10ns..1us (default: its whole range)", "RANGE"),
    CLI_OPTION(SearchFlags, until, "until", 0, STRING,
               "Find where this begins to hold, in place of a loss, as in [plot] where", "EXPR"),
    CLI_OPTION(SearchFlags, sink, "sink", 0, STRING,
               "Count losses there (default: the one called sink, or the only one)", "NAME"),
    CLI_OPTION(SearchFlags, repeat, "repeat", 0, INT,
               "Repetitions, if they differ (default the scenario's, 5 at least)", "N"),
    CLI_OPTION(SearchFlags, set, "set", 's', STRING_ARRAY, "Override one value; may be repeated",
               "SECTION.KEY=VALUE"),
    CLI_OPTION(SearchFlags, timing, "timing", 0, STRING,
               "Of all trials (default: fast to bracket, then the scenario's)", "detailed|fast"),
    CLI_OPTION(SearchFlags, jobs, "jobs", 'j', INT,
               "Trials at a time, each in a process of its own", "N"),
    CLI_OPTION(SearchFlags, output, "output", 'o', FILENAME,
               "Results folder (default results/search/SCENARIO, and what --set changes)", "DIR"),
    CLI_OPTION(SearchFlags, force, "force", 'f', NONE,
               "Discard the results of another study that the folder holds", NULL),
    CLI_OPTION(SearchFlags, seed, "seed", 0, STRING, "Seed of all random streams", "N"),
    CLI_OPTION(SearchFlags, json, "json", 0, NONE, "Print JSON on standard output", NULL),
    CLI_OPTION(SearchFlags, quiet, "quiet", 'q', NONE, "Print no tables and no progress", NULL),
    {0}};

const CliVerb search_verb = {
    .name = "search",
    .operands = "FILE",
    .text = "find the rate without loss, or how far any number can go",
    .more = "A trial is a run (RFC 2544): it passes if no more is lost than may be, and the sink "
            "gets as much as is offered. Short trials bracket, by fast timing where there is one; "
            "trials of enough packets decide, in each repetition by itself. Then latencies at "
            "10, 50 and 90 percent of the first rate. What stands in the folder: search.json, and "
            "every trial in trials.tsv. The same command goes on where it ended.",
    .examples =
        (const CliExample[]){
            {"sppemu search label --loss 0,0.1% -j2",
             "what goes through without loss, and nearly so"},
            {"sppemu search my.ini --vary wire.delay --until 'sink.latency_p99_us > 100'",
             "how long a wire may be"},
            {"sppemu search my.ini --precision 2% --repeat 1", "a first look"},
            {0}},
    .options = search_options,
    CLI_FLAGS(SearchFlags, {.jobs = 1, .repeat = NOT_GIVEN}),
    .run = search_verb_run};
