/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * plot: pictures from what is stored, without a run. A picture is a [plot] of the first result's
 * scenario, or a new one, with what the options replace. */
#include <string.h>

#include "emu/cli/study.h"
#include "emu/core/param.h"
#include "emu/study/file.h"
#include "emu/study/plot.h"

typedef struct {
    char *plot, *output;
    ScenarioPlot keys; /* as the options give them; NULL: not given */
} PlotFlags;

/* What the options say ---------------------------------------------------------------------- */

/* Each expression of an option, tried on the first run of every result. */
static bool try_expression(const char *option, const char *text, const GPtrArray *results,
                           GError **error) {
    g_auto(GStrv) several = g_strsplit(text ? text : "", !strcmp(option, "--y") ? ";" : "\n", -1);
    bool ok = true;
    for (unsigned i = 0; i < results->len; i++) {
        MetricRuns *runs = study_metric_runs(&((CliResult *)results->pdata[i])->study);
        double value;
        for (unsigned k = 0; ok && several[k]; k++)
            ok = metric_evaluate_run(several[k], runs, 0, &value, error);
        study_metric_runs_free(runs);
        if (ok) continue;
        g_prefix_error(error, "%s: ", option);
        return false;
    }
    return true;
}

static bool try_curve(const char *text, const GPtrArray *results, GError **error) {
    g_auto(GStrv) names = g_strsplit(text ? text : "", ",", -1);
    unsigned parameter;
    for (unsigned i = 0; i < results->len; i++)
        for (unsigned k = 0; names[k]; k++) {
            const Scenario *s = ((CliResult *)results->pdata[i])->study.scenario;
            if (scenario_tells(s, g_strstrip(names[k]), &parameter, error)) continue;
            g_prefix_error(error, "--curve: ");
            return false;
        }
    return true;
}

/* A series is a file of a run's record. */
static bool try_series(const char *series, const CliResult *result, GError **error) {
    const GPtrArray *runs = result->study.runs;
    unsigned ok = 0; /* there is one that is */
    while (((const RunResult *)runs->pdata[ok])->status != RUN_OK) ok++;
    g_autofree char *record =
        store_record(result->store, ((const RunResult *)runs->pdata[ok])->identity);
    g_autoptr(GPtrArray) files = folder_names(record), names = g_ptr_array_new();
    for (unsigned i = 0; series && i < files->len; i++) {
        char *name = files->pdata[i];
        if (!g_str_has_prefix(name, "series-") || !g_str_has_suffix(name, ".tsv")) continue;
        name[strlen(name) - strlen(".tsv")] = 0;
        g_ptr_array_add(names, name + strlen("series-"));
    }
    g_ptr_array_add(names, NULL);
    if (!series || g_strv_contains((const char *const *)names->pdata, series)) return true;
    const char *near = param_nearest(series, (const char *const *)names->pdata);
    g_autofree char *list = g_strjoinv(", ", (char **)names->pdata);
    return input_error(error, "--series: found %s, expected %s%s%s", series,
                       *list ? list : "one, but the study has none",
                       near ? "; the nearest is " : "", near ? near : "");
}

static bool try_options(const PlotFlags *f, const GPtrArray *results, GError **error) {
    const ScenarioPlot *k = &f->keys;
    if (k->log && (!*k->log || strspn(k->log, "xy") != strlen(k->log)))
        return input_error(error, "--log: found \"%s\", expected x, y or xy", k->log);
    if (!k->x != !k->y && !f->plot)
        return input_error(error,
                           "--%s: found it alone, expected --x and --y, or --plot and what "
                           "is to be replaced",
                           k->x ? "x" : "y");
    return try_expression("--x", k->x, results, error) &&
           try_expression("--y", k->y, results, error) &&
           try_expression("--where", k->condition, results, error) &&
           try_curve(k->curve, results, error) && try_series(k->series, results->pdata[0], error);
}

/* A given option takes the place of the plot's key. */
static ScenarioPlot with_options(const ScenarioPlot *plot, const ScenarioPlot *given) {
    ScenarioPlot p = *plot;
    if (given->series) p.x = p.y = p.names = NULL;
    if (given->x || given->y) p.series = NULL;
    if (given->y) p.names = NULL;
    const char **keys[] = {&p.x,   &p.y,    &p.series, &p.curve,   &p.condition,
                           &p.log, &p.mark, &p.title,  &p.x_label, &p.y_label};
    const char *const values[] = {given->x,         given->y,      given->series, given->curve,
                                  given->condition, given->log,    given->mark,   given->title,
                                  given->x_label,   given->y_label};
    for (unsigned i = 0; i < G_N_ELEMENTS(keys); i++)
        if (values[i]) *keys[i] = values[i];
    return p;
}

/* Drawing ----------------------------------------------------------------------------------- */

/* The plots that are meant: the named one, all, or, with x and y or a series alone, a new one. */
static GPtrArray *meant(const PlotFlags *f, const Scenario *s, ScenarioPlot *new_one,
                        GError **error) {
    g_autoptr(GPtrArray) names = g_ptr_array_new(), all = g_ptr_array_new();
    for (unsigned i = 0; i < scenario_n_plots(s); i++) {
        const ScenarioPlot *plot = scenario_plot(s, i);
        g_ptr_array_add(names, (char *)plot->name);
        if (!f->plot || !strcmp(plot->name, f->plot)) g_ptr_array_add(all, (void *)plot);
    }
    g_ptr_array_add(names, NULL);
    *new_one = (ScenarioPlot){.name = "plot", .where = "sppemu plot"};
    if (!f->plot && (f->keys.x || f->keys.series)) {
        g_ptr_array_set_size(all, 0);
        g_ptr_array_add(all, new_one);
    }
    if (all->len) return g_steal_pointer(&all);
    g_autofree char *list = g_strjoinv(", ", (char **)names->pdata);
    const char *near = f->plot ? param_nearest(f->plot, (const char *const *)names->pdata) : NULL;
    if (!*list)
        input_error(error, "%s has no [plot], expected --x and --y, or --series", scenario_name(s));
    else
        input_error(error, "--plot: found %s, expected one of %s%s%s", f->plot, list,
                    near ? "; the nearest is " : "", near ? near : "");
    return NULL;
}

/* FILE of --output, whose ending says nothing: all of them are written. */
static char *output_name(const char *given) {
    static const char *const ends[] = {".svg", ".png", ".pdf", ".tsv", ".gp"};
    char *name = g_strdup(given);
    for (unsigned i = 0; i < G_N_ELEMENTS(ends); i++)
        if (g_str_has_suffix(name, ends[i])) {
            name[strlen(name) - strlen(ends[i])] = 0;
            break;
        }
    return name;
}

static int draw_all(const PlotFlags *f, const GPtrArray *results, bool at_home,
                    const Claims *claims) {
    g_autoptr(GError) error = NULL;
    ScenarioPlot new_one;
    if (!try_options(f, results, &error)) return cli_complain(EXIT_USAGE, error);
    const CliResult *first = results->pdata[0];
    g_autoptr(GPtrArray) plots = meant(f, first->study.scenario, &new_one, &error);
    if (!plots) return cli_complain(EXIT_USAGE, error);
    if (f->output && plots->len > 1)
        return cli_usage("--output: found one name for %u pictures, expected --plot NAME too",
                         plots->len);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_autofree CurveSource *sources = g_new0(CurveSource, results->len);
    for (unsigned i = 0; i < results->len; i++) {
        const CliResult *r = results->pdata[i];
        g_ptr_array_add(names, g_path_get_basename(store_folder(r->store)));
        sources[i] = (CurveSource){&r->study, store_folder(r->store),
                                   results->len > 1 ? names->pdata[i] : NULL};
    }
    for (unsigned i = 0; i < plots->len; i++) {
        ScenarioPlot plot = with_options(plots->pdata[i], &f->keys);
        g_autofree char *output = f->output ? output_name(f->output) : g_strdup(plot.name),
                        *base = g_path_get_basename(output),
                        *beside = f->output ? g_path_get_dirname(output) : g_strdup(".");
        const char *folder = at_home ? store_folder(first->store) : beside;
        if (!g_file_test(folder, G_FILE_TEST_IS_DIR))
            return cli_usage("--output: found no folder %s", folder);
        if (!plot_draw(&plot, sources, results->len, claims, folder, base, true, &error))
            return cli_complain(EXIT_RUN_FAILED, error);
        g_autofree char *path =
            strcmp(folder, ".") ? g_build_filename(folder, base, NULL) : g_strdup(base);
        printf("picture: %s.png (.svg, .pdf)\n", path);
    }
    return EXIT_OK;
}

static int plot_run(char **folders, void *flags, const ComponentClass *const *classes) {
    const PlotFlags *f = flags;
    const ScenarioPlot *k = &f->keys;
    bool replaced = k->x || k->y || k->series || k->curve || k->condition || k->log || k->mark ||
                    k->title || k->x_label || k->y_label;
    bool at_home = !folders[1] && !replaced && !f->output; /* where `run` drew it */
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) results = g_ptr_array_new_with_free_func(cli_result_free);
    Claims *claims = cli_claims();
    int code = EXIT_OK;
    for (; *folders && code == EXIT_OK; folders++) {
        CliResult *r = cli_result_open(*folders, at_home, claims, classes, &error);
        if (r)
            g_ptr_array_add(results, r);
        else
            code = cli_complain(EXIT_RUN_FAILED, error);
    }
    if (code == EXIT_OK) code = draw_all(f, results, at_home, claims);
    claims_free(claims);
    return code;
}

#define PLOT_KEY(field, name, text, arg)                                                           \
    CLI_OPTION(PlotFlags, keys.field, name, 0, STRING, text, arg)

static const GOptionEntry plot_options[] = {
    CLI_OPTION(PlotFlags, plot, "plot", 0, STRING, "Only this [plot] of the scenario", "NAME"),
    PLOT_KEY(x, "x", "What is to the right", "EXPR"),
    PLOT_KEY(y, "y", "What is upwards, one or several", "EXPR[;EXPR...]"),
    PLOT_KEY(series, "series", "A series over time", "COMPONENT.SERIES"),
    PLOT_KEY(curve, "curve", "What curves are told apart by: series, COMPONENT.KEY",
             "NAME[,NAME...]"),
    PLOT_KEY(condition, "where", "Only runs for which this holds", "EXPR"),
    PLOT_KEY(log, "log", "Logarithmic axes", "x|y|xy"),
    PLOT_KEY(mark, "mark", "Published numbers, as bands", "CLAIM[,CLAIM...]"),
    PLOT_KEY(title, "title", "What stands above", "TEXT"),
    PLOT_KEY(x_label, "x-label", "Axis: QUANTITY, UNIT", "TEXT"),
    PLOT_KEY(y_label, "y-label", "Axis: QUANTITY, UNIT", "TEXT"),
    CLI_OPTION(PlotFlags, output, "output", 'o', FILENAME,
               "FILE.svg, .png, .pdf, and .tsv and .gp, which draw them", "FILE"),
    {0}};

const CliVerb plot_verb = {
    .name = "plot",
    .operands = "STUDY...",
    .text = "pictures from what is stored, without a run",
    .more = "Without options: a study's own pictures, drawn again. --plot chooses one of them; the "
            "other options replace keys of it, or, with --x and --y or --series alone, make a new "
            "one. Several studies are curves of one picture. What is not a study's own goes to the "
            "working directory, under the plot's name or as plot.png.",
    .exits = "Exit codes: 0 ok, 1 a study or a file failed, 2 usage.",
    .examples =
        (const CliExample[]){
            {"sppemu plot results/fig9", "its own pictures again"},
            {"sppemu plot results/fig9 --plot fig9 --where 'payload == 0' -o small",
             "small.png: Figure 9 for 0 byte payloads only"},
            {"sppemu plot results/replay --x rate/1e9 --y sink.latency_p99_us --log y",
             "plot.png: a new one"},
            {"sppemu plot results/s-latency --plot s-latency --mark F10-click-low",
             "with another published number"},
            {0}},
    .options = plot_options,
    CLI_FLAGS(PlotFlags, {0}),
    .run = plot_run};
