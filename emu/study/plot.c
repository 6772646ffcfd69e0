/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Pictures by gnuplot: one data file with a block for each curve, one script, three pictures. Text
 * stands in single quotes, in which gnuplot replaces nothing, and is drawn as it is. */
#include "emu/study/plot.h"

#include <math.h>
#include <string.h>

#include "emu/study/file.h"

enum { WIDTH = 1100, HEIGHT = 600, LINE = 20, FOOT = 62 }; /* pixels; of 100 to the inch in PDF */
#define FREE (1.0 / 18)                                    /* of what is shown, at each end */

typedef struct {
    double first, last; /* of all points; NaN: there are none */
    double low, high;   /* where the axis ends */
    bool log;
} Axis;

typedef struct {
    char *id;
    const char *statement, *unit;
    double low, high; /* in the axis's unit */
    bool on_x;
} Mark;

typedef struct {
    const ScenarioPlot *plot;
    const char *name, *title; /* of the files; what stands above */
    GPtrArray *curves;
    GArray *marks;
    GPtrArray *notes;   /* lines below the picture */
    GString *published; /* rows of the last block of data */
    Axis x, y;
} Picture;

/* Axes ------------------------------------------------------------------------------------ */

static double on_axis(const Axis *a, double value) {
    return a->log ? log10(value) : value;
}

static bool has_place(const Axis *a, double value) {
    return !a->log || value > 0;
}

static void show_value(Axis *a, double value) {
    if (isnan(value) || !has_place(a, value)) return;
    a->first = fmin(a->first, on_axis(a, value)); /* fmin and fmax take what is a number */
    a->last = fmax(a->last, on_axis(a, value));
}

/* An end of a published interval that is near, or of one that lies outside the nearer end. */
static void show_marks(Axis *a, const GArray *marks, bool on_x) {
    double near = (a->high - a->low) / 4, low = a->low, high = a->high;
    for (unsigned i = 0; i < marks->len; i++) {
        const Mark *m = &g_array_index(marks, Mark, i);
        double ends[2] = {on_axis(a, fmax(m->low, 0)), on_axis(a, m->high)};
        if (m->on_x != on_x) continue;
        for (unsigned k = 0; k < 2; k++) {
            bool nearer = k ? ends[1] < a->low : ends[0] > a->high;
            if (!nearer && (ends[k] < a->low - near || ends[k] > a->high + near)) continue;
            low = fmin(low, ends[k]);
            high = fmax(high, ends[k]);
        }
    }
    if (low < a->low) a->first = a->low = low; /* what is shown has room beyond it */
    if (high > a->high) a->last = a->high = high;
}

static void settle(Axis *a, const GArray *marks, bool on_x) {
    a->low = a->log ? fmin(a->first, (a->first + a->last - 1) / 2) : fmin(a->first, 0);
    a->high = a->log ? fmax(a->last, (a->first + a->last + 1) / 2) : fmax(a->last, 0);
    if (a->low == a->high) a->high = 1; /* nothing but zeroes */
    show_marks(a, marks, on_x);
    double room = (a->high - a->low) * FREE;
    a->low = fmin(a->low, a->first - room);
    a->high = fmax(a->high, a->last + room);
}

static double axis_end(const Axis *a, double end) {
    return a->log ? pow(10, end) : end;
}

/* What an end of an interval is drawn at. */
static double within(const Axis *a, double value) {
    if (!has_place(a, value)) return axis_end(a, a->low);
    return axis_end(a, CLAMP(on_axis(a, value), a->low, a->high));
}

/* Marks ----------------------------------------------------------------------------------- */

/* Beside an axis stands its label, else that of its expression, else `otherwise`. */
static const char *label(const char *given, const char *expression, const char *otherwise) {
    return given ? given : expression ? metric_label(expression) : otherwise;
}
static const char *x_label(const ScenarioPlot *plot) {
    return label(plot->x_label, plot->x, "time, s");
}
static const char *y_label(const ScenarioPlot *plot) {
    return label(plot->y_label, plot->y, plot->series);
}

static bool find_mark(Mark *m, const CurveSource *sources, unsigned n_sources,
                      const Claims *published) {
    const Claim *row = published ? claims_find(published, m->id) : NULL;
    if (row) {
        *m = (Mark){m->id, row->statement, row->unit, row->low, row->high, false};
        return true;
    }
    for (unsigned i = 0; i < n_sources; i++)
        for (unsigned k = 0; k < sources[i].study->claims->len; k++) {
            const ClaimResult *c = &g_array_index(sources[i].study->claims, ClaimResult, k);
            if (strcmp(c->id, m->id) != 0) continue;
            *m = (Mark){m->id, c->statement, c->unit, c->low, c->high, false};
            return true;
        }
    return false;
}

static bool add_mark(Picture *p, const char *id, const CurveSource *sources, unsigned n_sources,
                     const Claims *published, GError **error) {
    Mark m = {.id = g_strdup(id)};
    double factor;
    if (!find_mark(&m, sources, n_sources, published)) {
        const char *near = published ? claims_nearest(published, id) : NULL;
        g_free(m.id);
        return input_error(error, "%s: [plot %s] mark: found no claim %s%s%s", p->plot->where,
                           p->plot->name, id, near ? "; the nearest is " : "", near ? near : "");
    }
    m.on_x = !claim_scale(m.unit, y_label(p->plot), &factor);
    if (m.on_x && !claim_scale(m.unit, x_label(p->plot), &factor)) {
        input_error(error,
                    "%s: [plot %s] mark: found %s in %s, expected a claim in the unit in which one "
                    "of the axes' labels ends",
                    p->plot->where, p->plot->name, id, m.unit);
        g_free(m.id);
        return false;
    }
    g_ptr_array_add(p->notes, g_strdup_printf("%s: %s (%.6g to %.6g %s)", id, m.statement, m.low,
                                              m.high, m.unit));
    m.low *= factor;
    m.high *= factor;
    g_array_append_val(p->marks, m);
    return true;
}

static bool add_marks(Picture *p, const CurveSource *sources, unsigned n_sources,
                      const Claims *published, GError **error) {
    g_auto(GStrv) ids = g_strsplit(p->plot->mark ? p->plot->mark : "", ",", -1);
    for (unsigned i = 0; ids[i]; i++)
        if (!add_mark(p, g_strstrip(ids[i]), sources, n_sources, published, error)) return false;
    return true;
}

/* Points ---------------------------------------------------------------------------------- */

/* What has no place on the axes goes, and is counted. */
static unsigned take_points(Picture *p) {
    unsigned left_out = 0;
    for (unsigned i = p->curves->len; i-- > 0;) {
        GArray *points = ((Curve *)p->curves->pdata[i])->points;
        for (unsigned k = points->len; k-- > 0;) {
            const CurvePoint *at = &g_array_index(points, CurvePoint, k);
            if (has_place(&p->x, at->x) && has_place(&p->y, at->y)) {
                show_value(&p->x, at->x);
                show_value(&p->y, at->y);
                show_value(&p->y, at->low);
                show_value(&p->y, at->high);
            } else {
                g_array_remove_index(points, k);
                left_out++;
            }
        }
        if (!points->len) g_ptr_array_remove_index(p->curves, i);
    }
    return left_out;
}

static bool any_interval(const Curve *c) {
    for (unsigned i = 0; i < c->points->len; i++)
        if (!isnan(g_array_index(c->points, CurvePoint, i).low)) return true;
    return false;
}

/* "x:y:label, ...": rows of the last block of data. */
static void take_published(Picture *p) {
    g_auto(GStrv) items = g_strsplit(p->plot->points ? p->plot->points : "", ",", -1);
    for (unsigned i = 0; items[i]; i++) {
        g_auto(GStrv) f = g_strsplit(g_strstrip(items[i]), ":", 3);
        if (g_strv_length(f) < 2) continue;
        show_value(&p->x, g_ascii_strtod(f[0], NULL));
        show_value(&p->y, g_ascii_strtod(f[1], NULL));
        g_string_append_printf(p->published, "%s\t%s\t%s\t\t\n", f[2] ? f[2] : "published", f[0],
                               f[1]);
    }
}

/* Of one study, which is named where there are several. */
static void add_note(Picture *p, const CurveSource *source, const char *before, const char *text) {
    const char *name = source->name ? source->name : "";
    if (text) g_ptr_array_add(p->notes, g_strconcat(name, *name ? ": " : "", before, text, NULL));
}

static void take_notes(Picture *p, const CurveSource *sources, unsigned n_sources,
                       unsigned left_out) {
    bool intervals = false;
    for (unsigned i = 0; i < p->curves->len; i++) intervals |= any_interval(p->curves->pdata[i]);
    if (intervals)
        g_ptr_array_add(p->notes, g_strdup("bars: 95 percent confidence interval of the mean over "
                                           "repetitions, by Student's t"));
    for (unsigned i = 0; i < n_sources; i++) {
        g_autofree char *share = study_share(sources[i].study),
                        *timing = scenario_timing_text(sources[i].study->scenario);
        add_note(p, &sources[i], "from ", share);
        add_note(p, &sources[i], "", timing);
    }
    if (left_out)
        g_ptr_array_add(p->notes, g_strdup_printf("left out: %u points that are not positive and "
                                                  "have no place on a logarithmic axis",
                                                  left_out));
}

/* Script ---------------------------------------------------------------------------------- */

/* 'text' as gnuplot reads it. */
static char *quoted(const char *text) {
    g_auto(GStrv) parts = g_strsplit(text, "'", -1);
    g_autofree char *inside = g_strjoinv("''", parts);
    return g_strdelimit(g_strdup_printf("'%s'", inside), "\n\r", ' ');
}

static void set_text(GString *gp, const char *what, const char *text) {
    g_autofree char *value = quoted(text);
    g_string_append_printf(gp, "set %s %s\n", what, value);
}

/* Two decades and less get labels at 1, 2 and 5. */
static void put_axis(GString *gp, const Axis *a, char which) {
    g_string_append_printf(gp, "set %crange [%.10g:%.10g]\n", which, axis_end(a, a->low),
                           axis_end(a, a->high));
    if (!a->log) return;
    g_string_append_printf(gp, "set logscale %c\nset m%ctics 10\nset format %c '%%g'\n", which,
                           which, which);
    if (a->high - a->low > 2) return;
    static const unsigned digits[] = {1, 2, 5};
    const char *comma = "";
    g_string_append_printf(gp, "set %ctics (", which);
    for (int decade = (int)floor(a->low); decade <= a->high; decade++)
        for (unsigned k = 0; k < G_N_ELEMENTS(digits); k++) {
            double value = digits[k] * pow(10, decade);
            if (log10(value) < a->low || log10(value) > a->high) continue;
            g_string_append_printf(gp, "%s'%g' %.10g", comma, value, value);
            comma = ", ";
        }
    g_string_append(gp, ")\n");
}

static void put_mark(GString *gp, const Picture *p, const Mark *m) {
    const Axis *a = m->on_x ? &p->x : &p->y;
    double ends[2] = {within(a, m->low), within(a, m->high)};
    double middle = axis_end(a, (on_axis(a, ends[0]) + on_axis(a, ends[1])) / 2);
    g_autofree char *id = quoted(m->id);
    g_string_append_printf(
        gp,
        m->on_x ? "set object rectangle from first %.10g, graph 0 to first %.10g, graph 1"
                : "set object rectangle from graph 0, first %.10g to graph 1, first %.10g",
        ends[0], ends[1]);
    g_string_append(gp, " fc rgb '#E69F00' fs transparent solid 0.25 noborder behind\n");
    for (unsigned k = 0; k < 2; k++) {
        g_string_append_printf(gp,
                               m->on_x
                                   ? "set arrow from first %.10g, graph 0 to first %.10g, graph 1"
                                   : "set arrow from graph 0, first %.10g to graph 1, first %.10g",
                               ends[k], ends[k]);
        g_string_append(gp, " nohead lw 0.8 lc rgb '#B37400' back\n");
    }
    g_string_append_printf(gp,
                           m->on_x ? "set label %s at first %.10g, graph 0.98 right rotate by 90"
                                   : "set label %s at graph 0.01, first %.10g left",
                           id, middle);
    g_string_append(gp, " tc rgb '#7A4F00' front\n");
}

static unsigned height(const Picture *p) {
    return HEIGHT + LINE * p->notes->len;
}

static void put_head(GString *gp, const Picture *p) {
    const ScenarioPlot *plot = p->plot;
    g_string_append(gp, "set encoding utf8\nset datafile separator '\\t' commentschars ''\n"
                        "set grid xtics ytics mxtics mytics lw 0.6, lw 0.3\nset border lw 1.2\n"
                        "set key outside right top vertical reverse Left\n");
    g_autofree char *title = quoted(p->title);
    g_string_append_printf(gp, "set label %s at screen 0.5, screen %.6f center\nset tmargin 3\n",
                           title, 1 - 24.0 / height(p));
    set_text(gp, "xlabel", x_label(plot));
    set_text(gp, "ylabel", y_label(plot));
    put_axis(gp, &p->x, 'x');
    put_axis(gp, &p->y, 'y');
    g_string_append_printf(gp, "inside(y) = y > %.10g ? y : %.10g\n", axis_end(&p->y, p->y.low),
                           axis_end(&p->y, p->y.low));
    for (unsigned i = 0; i < p->marks->len; i++) put_mark(gp, p, &g_array_index(p->marks, Mark, i));
    g_string_append_printf(gp, "set bmargin at screen %.6f\n",
                           (double)(FOOT + LINE * p->notes->len) / height(p));
    for (unsigned i = 0; i < p->notes->len; i++) {
        g_autofree char *note = quoted(p->notes->pdata[i]);
        g_string_append_printf(gp, "set label %s at screen 0.01, screen %.6f left\n", note,
                               (LINE * (p->notes->len - i) - LINE / 2.0) / height(p));
    }
}

/* Okabe and Ito's palette, which people who see colours differently can tell apart; darker. */
unsigned plot_colour(unsigned n, bool darker) {
    static const unsigned palette[PLOT_COLOURS] = {0x0072B2, 0xD55E00, 0x009E73, 0xCC79A7,
                                                   0xE69F00, 0x56B4E9, 0x000000, 0x999999,
                                                   0x8B4513, 0x4B0082};
    unsigned rgb = palette[n % G_N_ELEMENTS(palette)], out = 0;
    for (unsigned shift = 0; shift < 24; shift += 8)
        out |= (((rgb >> shift) & 255) * (darker ? 6 : 10) / 10) << shift;
    return out;
}

/* What is drawn of curve n, the nth of its kind (dashed or not), of which there are `of`: its line
 * and markers, its intervals. */
static void put_curve(GString *command, const Picture *p, unsigned n, unsigned nth, unsigned of) {
    static const unsigned open[] = {6, 4, 8, 12, 10, 14, 1, 2, 3}; /* circle, square, ... */
    const Curve *c = p->curves->pdata[n];
    double on_top = (double)(of - 1 - nth) / MAX(of - 1, 4);
    g_autofree char *name = quoted(c->name);
    unsigned rgb = plot_colour(nth, c->dashed);
    g_string_append_printf(command, "%sdata index %u using 2:3 with %s lw %.2f dt %u ",
                           n ? ", \\\n    " : "", n, c->over_time ? "lines" : "linespoints",
                           1.5 + (c->over_time && !c->dashed ? 4 : 1.6) * on_top,
                           c->dashed ? 2 : 1);
    if (!c->over_time)
        g_string_append_printf(command, "pt %u ps %.2f ", open[n % G_N_ELEMENTS(open)],
                               0.8 + 1.1 * on_top);
    g_string_append_printf(command, "lc rgb '#%06X' ", rgb);
    if (*c->name)
        g_string_append_printf(command, "title %s", name);
    else
        g_string_append(command, "notitle");
    if (any_interval(c)) /* of errorbars gnuplot would wipe out the middle */
        g_string_append_printf(
            command,
            ", \\\n    data index %u using 2:(inside($4)):(0):($5-inside($4)) with vectors heads "
            "size screen 0.004,90 lw 1.5 lc rgb '#%06X' notitle",
            n, rgb);
}

static void put_plot(GString *gp, const Picture *p) {
    unsigned drawn[2] = {0}, of[2] = {0}; /* solid and dashed: the nth of both has one colour */
    for (unsigned n = 0; n < p->curves->len; n++) of[((Curve *)p->curves->pdata[n])->dashed]++;
    g_string_append(gp, "plot ");
    for (unsigned n = 0; n < p->curves->len; n++) {
        bool dashed = ((Curve *)p->curves->pdata[n])->dashed;
        put_curve(gp, p, n, drawn[dashed]++, of[dashed]);
    }
    if (p->published->len)
        g_string_append_printf(
            gp,
            ", \\\n    data index %u using 2:3 with points pt 7 ps 1.2 lc rgb '#000000' title "
            "'published', \\\n    data index %u using 2:3:1 with labels right offset -1,0.6 "
            "notitle",
            p->curves->len, p->curves->len);
    g_string_append_c(gp, '\n');
}

static char *script(const Picture *p) {
    g_autofree char *base = g_path_get_basename(p->name);
    GString *gp = g_string_new(NULL);
    const char *const terminals[][2] = {{"svg", "font 'sans,14' background 'white'"},
                                        {"png", "font 'sans,11'"},
                                        {"pdf", "font 'sans,11'"}};
    g_autofree char *data = g_strconcat(base, ".tsv", NULL), *data_text = quoted(data);
    g_string_append_printf(gp, "data = %s\n", data_text);
    put_head(gp, p);
    for (unsigned i = 0; i < G_N_ELEMENTS(terminals); i++) {
        bool inches = !strcmp(terminals[i][0], "pdf");
        g_autofree char *file = g_strdup_printf("%s.%s", base, terminals[i][0]);
        g_string_append_printf(gp, "set terminal %s%s size %g%s,%g%s %s noenhanced\n",
                               terminals[i][0], i ? "cairo" : "", inches ? WIDTH / 100. : WIDTH,
                               inches ? "in" : "", inches ? height(p) / 100. : height(p),
                               inches ? "in" : "", terminals[i][1]);
        set_text(gp, "output", file);
        if (i)
            g_string_append(gp, "replot\n");
        else
            put_plot(gp, p);
    }
    g_string_append(gp, "set output\n");
    return g_string_free(gp, FALSE);
}

/* Files ----------------------------------------------------------------------------------- */

static char *data_text(const Picture *p) {
    GString *t = g_string_new("curve\tx\ty\tlow\thigh\n");
    for (unsigned i = 0; i < p->curves->len; i++) {
        const Curve *c = p->curves->pdata[i];
        for (unsigned k = 0; k < c->points->len; k++) {
            const CurvePoint *at = &g_array_index(c->points, CurvePoint, k);
            g_string_append_printf(t, "%s\t%.12g\t%.12g\t", c->name, at->x, at->y);
            if (isnan(at->low))
                g_string_append(t, "\t\n");
            else
                g_string_append_printf(t, "%.12g\t%.12g\n", at->low, at->high);
        }
        g_string_append(t, "\n\n");
    }
    g_string_append(t, p->published->str);
    return g_strdelimit(g_string_free(t, FALSE), "\"", '\'');
}

/* cairo writes the time at which it drew into a PDF; one that is always the same takes its place,
 * digit by digit, as the file says elsewhere at which byte what follows begins. */
static void take_date_out(const char *path) {
    static const char key[] = "/CreationDate (D:", epoch[] = "19700101000000";
    g_autofree char *text = NULL;
    size_t length;
    if (!g_file_get_contents(path, &text, &length, NULL)) return;
    char *at = memmem(text, length, key, sizeof key - 1);
    if (!at || (size_t)(text + length - at) < sizeof key + sizeof epoch) return;
    memcpy(at + sizeof key - 1, epoch, sizeof epoch - 1);
    file_write(path, text, length, NULL);
}

bool plot_gnuplot(const char *folder, const char *name, GError **error) {
    g_autofree char *base = g_path_get_basename(name), *file = g_strconcat("./", base, ".gp", NULL),
                    *complaint = NULL, *pdf = g_strdup_printf("%s/%s.pdf", folder, name);
    char *argv[] = {(char *)"gnuplot", file, NULL};
    g_auto(GStrv) environment = g_environ_setenv(g_get_environ(), "TZ", "UTC0", TRUE);
    g_autoptr(GError) cause = NULL;
    int status = 0;
    if (g_spawn_sync(folder, argv, environment, G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL,
                     NULL, NULL, NULL, &complaint, &status, &cause) &&
        g_spawn_check_wait_status(status, &cause)) {
        take_date_out(pdf);
        return true;
    }
    return input_error(error, "%s: not drawn: %s", name,
                       complaint && *complaint ? g_strchomp(complaint) : cause->message);
}

static bool write_file(const char *folder, const char *name, const char *end, const char *text,
                       GError **error) {
    g_autofree char *path = g_strdup_printf("%s/%s.%s", folder, name, end);
    return file_replace(path, text, strlen(text), error);
}

/* With `must` as an error, else said and done with. */
static bool undrawn(bool must, GError *cause, GError **error) {
    if (must) {
        g_propagate_error(error, cause);
        return false;
    }
    g_printerr("sppemu: %s\n", cause->message);
    g_error_free(cause);
    return true;
}

static bool draw_picture(Picture *p, const char *folder, bool must, GError **error) {
    GError *cause = NULL;
    if (!p->curves->len) {
        input_error(&cause, "%s: not drawn: no run has a point in it", p->name);
        return undrawn(must, cause, error);
    }
    settle(&p->x, p->marks, true);
    settle(&p->y, p->marks, false);
    g_autofree char *data = data_text(p), *gp = script(p);
    if (!write_file(folder, p->name, "tsv", data, error) ||
        !write_file(folder, p->name, "gp", gp, error))
        return false;
    return plot_gnuplot(folder, p->name, &cause) || undrawn(must, cause, error);
}

static void clear_mark(void *mark) {
    g_free(((Mark *)mark)->id);
}

bool plot_draw(const ScenarioPlot *plot, const CurveSource *sources, unsigned n_sources,
               const Claims *published, const char *folder, const char *name, bool must,
               GError **error) {
    const char *log = plot->log ? plot->log : "";
    Picture p = {.plot = plot,
                 .name = name,
                 .title = plot->title ? plot->title : scenario_title(sources->study->scenario),
                 .curves = curves_of(plot, sources, n_sources, error),
                 .x = {.first = NAN, .last = NAN, .log = strchr(log, 'x')},
                 .y = {.first = NAN, .last = NAN, .log = strchr(log, 'y')}};
    if (!p.curves) return false;
    p.marks = g_array_new(FALSE, FALSE, sizeof(Mark));
    g_array_set_clear_func(p.marks, clear_mark);
    p.notes = g_ptr_array_new_with_free_func(g_free);
    p.published = g_string_new(NULL);
    unsigned left_out = take_points(&p);
    take_published(&p);
    bool ok = add_marks(&p, sources, n_sources, published, error);
    take_notes(&p, sources, n_sources, left_out);
    ok = ok && draw_picture(&p, folder, must, error);
    g_ptr_array_unref(p.curves);
    g_array_unref(p.marks);
    g_ptr_array_unref(p.notes);
    g_string_free(p.published, TRUE);
    return ok;
}

bool plots_write(const Study *study, const char *folder, GError **error) {
    CurveSource source = {study, folder, NULL};
    for (unsigned i = 0; i < scenario_n_plots(study->scenario); i++) {
        const ScenarioPlot *plot = scenario_plot(study->scenario, i);
        if (!plot_draw(plot, &source, 1, study->published, folder, plot->name, false, error))
            return false;
    }
    return true;
}
