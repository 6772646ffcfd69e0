/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Plots of runs, by gnuplot. One data file with a block per curve, one script, two pictures. */
#include "emu/study/plot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Okabe and Ito's palette, which people who see colours differently can tell apart. */
static const char *const colours[] = {"#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00",
                                      "#56B4E9", "#000000", "#999999", "#8B4513", "#4B0082"};

typedef struct {
    double curve, x, y;
} Point;

/* Beyond 1 of two that are of different curves. */
static int by_curve(const void *a, const void *b) {
    const Point *p = a, *q = b;
    if (isnan(p->curve) != isnan(q->curve)) return isnan(p->curve) ? -2 : 2;
    if (p->curve < q->curve || p->curve > q->curve) return p->curve < q->curve ? -2 : 2;
    return p->x < q->x ? -1 : p->x > q->x;
}

/* "tokens 8", or what is written for the parameter where it is a word: "tokens default". */
static char *curve_title(const Study *study, const ScenarioPlot *plot, double value) {
    const Scenario *s = study->scenario;
    const char *dot = strrchr(plot->curve, '.'), *name = dot ? dot + 1 : plot->curve;
    for (unsigned n = 0; isnan(value) && n < scenario_n_parameters(s); n++)
        for (unsigned point = 0; point < scenario_n_points(s); point++) {
            ScenarioParameter p = scenario_parameter(s, point, n);
            double number;
            if (strcmp(p.name, plot->curve) != 0) break;
            if (scenario_value(s, point, p.name, &number) && isnan(number))
                return g_strdup_printf("%s %s", name, p.value);
        }
    return g_strdup_printf("%s %.6g", name, value);
}

static bool gather(const ScenarioPlot *plot, const char *y, const MetricRuns *runs, GArray *points,
                   GError **error) {
    g_array_set_size(points, 0);
    for (unsigned r = 0; r < runs->n_runs; r++) {
        Point p = {0};
        double holds = 1;
        if ((plot->condition && !metric_evaluate_run(plot->condition, runs, r, &holds, error)) ||
            !metric_evaluate_run(plot->x, runs, r, &p.x, error) ||
            !metric_evaluate_run(y, runs, r, &p.y, error) ||
            (plot->curve && !metric_evaluate_run(plot->curve, runs, r, &p.curve, error))) {
            g_prefix_error(error, "%s: [plot %s]: ", plot->where, plot->name);
            return false;
        }
        if (holds != 0 && isfinite(p.x) && isfinite(p.y)) g_array_append_val(points, p);
    }
    g_array_sort(points, by_curve);
    return true;
}

/* The published points, "x:y:label, ...": a block of their own at the end. */
static unsigned published(const ScenarioPlot *plot, GString *data) {
    unsigned n = 0;
    if (!plot->points) return 0;
    g_auto(GStrv) items = g_strsplit(plot->points, ",", -1);
    for (unsigned i = 0; items[i]; i++) {
        g_auto(GStrv) f = g_strsplit(g_strstrip(items[i]), ":", 3);
        if (g_strv_length(f) < 2) continue;
        g_string_append_printf(data, "%s\t%s\t\"%s\"\n", f[0], f[1], f[2] ? f[2] : "");
        n++;
    }
    return n;
}

/* What is written beside an axis: the label, else the expression, else `otherwise`. */
static const char *label(const char *given, const char *expression, const char *otherwise) {
    return given ? given : expression ? expression : otherwise;
}

static void script_head(const Study *study, const ScenarioPlot *plot, GString *gp) {
    g_autofree char *share = study_share(study);
    g_string_append_printf(
        gp,
        "set encoding utf8\nset title \"%s%s%s%s\"\nset xlabel \"%s\"\nset ylabel "
        "\"%s\"\nset grid xtics ytics mxtics mytics lw 0.6, lw 0.3\n"
        "set autoscale xfixmin\nset autoscale yfixmin\nset key left top reverse "
        "Left\nset datafile separator \"\\t\"\nset border lw 1.2\n",
        plot->title ? plot->title : plot->name, share ? " (from " : "", share ? share : "",
        share ? ")" : "", label(plot->x_label, plot->x, "time, s"),
        label(plot->y_label, plot->y, plot->series));
    if (plot->y && strchr(plot->y, ';')) g_string_append(gp, "set key outside right top\n");
    if (plot->log && strchr(plot->log, 'x')) g_string_append(gp, "set logscale x\nset mxtics 10\n");
    if (plot->log && strchr(plot->log, 'y')) g_string_append(gp, "set logscale y\nset mytics 10\n");
}

static void script_terminals(const char *name, GString *gp, const char *command) {
    g_string_append_printf(gp,
                           "set terminal svg size 900,600 font \"sans,14\" background "
                           "\"white\"\nset output \"%s.svg\"\n%s\n",
                           name, command);
    g_string_append_printf(
        gp, "set terminal pngcairo size 900,600 font \"sans,11\"\nset output \"%s.png\"\nreplot\n",
        name);
}

static bool draw(const char *folder, const char *name) {
    g_autofree char *script = g_strconcat(name, ".gp", NULL), *complaint = NULL;
    char *argv[] = {(char *)"gnuplot", script, NULL};
    g_autoptr(GError) error = NULL;
    int status = 0;
    if (g_spawn_sync(folder, argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL, NULL,
                     NULL, NULL, &complaint, &status, &error) &&
        g_spawn_check_wait_status(status, &error))
        return true;
    g_printerr("%s: not drawn: %s\n", name, complaint && *complaint ? complaint : error->message);
    return false;
}

static bool write_plot(const char *folder, const char *name, const GString *data, const GString *gp,
                       GError **error) {
    g_autofree char *data_path = g_strdup_printf("%s/%s.tsv", folder, name),
                    *gp_path = g_strdup_printf("%s/%s.gp", folder, name);
    return (!data->len || g_file_set_contents(data_path, data->str, (gssize)data->len, error)) &&
           g_file_set_contents(gp_path, gp->str, (gssize)gp->len, error);
}

static bool dashed(const ScenarioPlot *plot, const char *name) {
    return plot->dashed && name && g_str_has_prefix(name, plot->dashed);
}

/* The curves of one y: a block of data each. */
static void add_curves(const Study *study, const ScenarioPlot *plot, const char *name,
                       const GArray *points, unsigned *n_curves, GString *data, GString *command) {
    for (unsigned i = 0; i < points->len; i++) {
        const Point *p = &g_array_index(points, Point, i);
        if (i == 0 || by_curve(p, p - 1) > 1) {
            if (data->len) g_string_append(data, "\n\n");
            g_string_append_printf(
                command,
                "%s\"%s.tsv\" index %u using 1:2 with linespoints lw 2 dt %u pt %u ps 0.8 lc rgb "
                "\"%s\" ",
                *n_curves ? ", " : "", plot->name, *n_curves, dashed(plot, name) ? 2 : 1,
                4 + *n_curves % 8, colours[*n_curves % G_N_ELEMENTS(colours)]);
            if (name || plot->curve) {
                g_string_append_printf(command, "title \"%s", name ? name : "");
                g_autofree char *curve = plot->curve ? curve_title(study, plot, p->curve) : NULL;
                if (curve) g_string_append_printf(command, "%s%s", name ? ", " : "", curve);
                g_string_append_c(command, '"');
            } else {
                g_string_append(command, "notitle");
            }
            ++*n_curves;
        }
        g_string_append_printf(data, "%.12g\t%.12g\n", p->x, p->y);
    }
}

static bool plot_runs(const Study *study, const ScenarioPlot *plot, const char *folder,
                      GError **error) {
    g_autoptr(GArray) points = g_array_new(FALSE, FALSE, sizeof(Point));
    g_autoptr(GString) data = g_string_new(NULL), gp = g_string_new(NULL),
                       command = g_string_new("plot ");
    g_auto(GStrv) ys = g_strsplit(plot->y, ";", -1);
    g_auto(GStrv) names = g_strsplit(plot->names ? plot->names : "", ";", -1);
    unsigned n_curves = 0, n_names = g_strv_length(names);
    MetricRuns *runs = study_metric_runs(study);
    bool ok = true;
    for (unsigned i = 0; ys[i] && (ok = gather(plot, ys[i], runs, points, error)); i++)
        add_curves(study, plot, i < n_names ? g_strstrip(names[i]) : NULL, points, &n_curves, data,
                   command);
    study_metric_runs_free(runs);
    if (!ok || !n_curves) return ok;
    script_head(study, plot, gp);
    g_string_append(data, "\n\n");
    if (published(plot, data))
        g_string_append_printf(
            command,
            ", \"%s.tsv\" index %u using 1:2 with points pt 7 ps 1.4 lc rgb \"#000000\" title "
            "\"published\", "
            "\"%s.tsv\" index %u using 1:2:3 with labels right offset -1,0.6 notitle",
            plot->name, n_curves, plot->name, n_curves);
    script_terminals(plot->name, gp, command->str);
    if (!write_plot(folder, plot->name, data, gp, error)) return false;
    draw(folder, plot->name);
    return true;
}

/* The curves of one run's series: all of its columns, or, of several runs, its first one. */
static void add_series(const ScenarioPlot *plot, const char *file, const char *text,
                       const char *title, unsigned *n_solid, unsigned *n_dashed, GString *command) {
    g_auto(GStrv) lines = g_strsplit(text, "\n", 2);
    g_auto(GStrv) heads = g_strsplit(lines[0], "\t", -1);
    unsigned columns = title ? 1 : g_strv_length(heads) - 1;
    for (unsigned c = 0; c < columns; c++) {
        bool dash = dashed(plot, heads[c + 1]);
        unsigned n = dash ? (*n_dashed)++ : (*n_solid)++; /* the n-th of both has one colour */
        g_string_append_printf(command,
                               "%s\"%s\" using 1:%u with lines lw 2 dt %u lc rgb \"%s\" title ",
                               *n_solid + *n_dashed > 1 ? ", " : "", file, c + 2, dash ? 2 : 1,
                               colours[n % G_N_ELEMENTS(colours)]);
        if (title)
            g_string_append_printf(command, "\"%s\"", title);
        else
            g_string_append_printf(command, "columnhead(%u)", c + 2);
    }
}

/* A series: of the first run, or, with `curve`, of every run, which has a name by that. */
static bool plot_series(const Study *study, const ScenarioPlot *plot, const char *folder,
                        GError **error) {
    g_autoptr(GString) data = g_string_new(NULL), gp = g_string_new(NULL),
                       command = g_string_new("plot ");
    unsigned n_solid = 0, n_dashed = 0, n_runs = plot->curve ? study->runs->len : 1;
    MetricRuns *runs = study_metric_runs(study);
    bool ok = true;
    for (unsigned r = 0; ok && r < n_runs; r++) {
        const RunResult *run = study->runs->pdata[r];
        g_autofree char *file = g_strdup_printf("%s/series-%s.tsv", run->folder, plot->series);
        g_autofree char *path = g_build_filename(folder, file, NULL), *text = NULL, *title = NULL;
        double value = 0;
        if (!g_file_get_contents(path, &text, NULL, NULL)) continue;
        if (plot->curve) {
            if (runs->n_runs != study->runs->len) break; /* a run has failed: names are unsure */
            ok = metric_evaluate_run(plot->curve, runs, r, &value, error);
            title = curve_title(study, plot, value);
        }
        add_series(plot, file, text, title, &n_solid, &n_dashed, command);
    }
    study_metric_runs_free(runs);
    if (!ok || n_solid + n_dashed == 0) return ok;
    script_head(study, plot, gp);
    g_string_append(gp, "set key outside right top\n");
    script_terminals(plot->name, gp, command->str);
    if (!write_plot(folder, plot->name, data, gp, error)) return false;
    draw(folder, plot->name);
    return true;
}

bool plots_write(const Study *study, const char *folder, GError **error) {
    const Scenario *s = study->scenario;
    for (unsigned i = 0; i < scenario_n_plots(s); i++) {
        const ScenarioPlot *plot = scenario_plot(s, i);
        if (!(plot->series ? plot_series : plot_runs)(study, plot, folder, error)) return false;
    }
    return true;
}
