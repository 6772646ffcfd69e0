/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "emu/study/tornado.h"

#include <math.h>
#include <string.h>

#include "emu/study/file.h"
#include "emu/study/plot.h"

enum { MOST_BARS = 25, WIDTH = 900, HEAD = 150, BAR = 24 }; /* pixels */

/* A measure's id as a part of a file name. */
static char *plain(const char *id) {
    GString *out = g_string_new("tornado-");
    for (const char *p = id; *p && out->len < 60; p++)
        g_string_append_c(out, g_ascii_isalnum(*p) || strchr("._-", *p) ? *p : '_');
    return g_string_free(out, FALSE);
}

static void put_change(GString *out, double change) {
    g_string_append_c(out, '\t');
    if (!isnan(change)) g_string_append_printf(out, "%.6g", 100 * change);
}

static char *data_of(const Sensitivity *x, unsigned m, const GPtrArray *list, unsigned n) {
    GString *out = g_string_new("choice\tdown\tup\tpercent_down\tpercent_up\n");
    for (unsigned i = 0; i < n; i++) {
        const ChoiceResult *r = list->pdata[i];
        g_string_append_printf(out, "%s\t%s\t%s", r->choice->name,
                               r->text[DOWN] ? r->text[DOWN] : "", r->text[UP] ? r->text[UP] : "");
        put_change(out, effect_change(x, r, m, DOWN));
        put_change(out, effect_change(x, r, m, UP));
        g_string_append_c(out, '\n');
    }
    return g_string_free(out, FALSE);
}

static void put_bars(GString *gp, const Sensitivity *x, unsigned m, const GPtrArray *list,
                     unsigned n, Direction d) {
    g_string_append_printf(gp, "$%s << EOD\n", d == UP ? "up" : "down");
    for (unsigned i = 0; i < n; i++) {
        double change = effect_change(x, list->pdata[i], m, d);
        if (!isnan(change)) g_string_append_printf(gp, "%.6g %u\n", 100 * change, n - i);
    }
    g_string_append_printf(gp, "0 %u\nEOD\n", n); /* not empty, if none can move so */
}

/* What stands between single quotes. */
static char *inside(const char *text) {
    g_auto(GStrv) parts = g_strsplit(text, "'", -1);
    return g_strjoinv("''", parts);
}

static char *script_of(const Sensitivity *x, unsigned m, const GPtrArray *list, unsigned n,
                       const char *name) {
    const Measure *measure = &g_array_index(x->measures, Measure, m);
    GString *gp = g_string_new("set encoding utf8\nset grid xtics lw 0.6\nset border 1\n");
    g_autofree char *id = inside(measure->id);
    unsigned height = HEAD + BAR * n;
    put_bars(gp, x, m, list, n, DOWN);
    put_bars(gp, x, m, list, n, UP);
    g_autofree char *timing = scenario_timing_text(x->scenario);
    g_string_append_printf(
        gp,
        "set label '%s, as written %.5g%s%s%s%s; moved by %.4g %% or to what is given' "
        "at screen 0.02, screen %.4f noenhanced\nset tmargin 3\n"
        "set xlabel 'change of the claim, percent'\n"
        "set yrange [0.3:%u.7]\nset bmargin 5\n"
        "set key at screen 0.98, screen 0.02 right bottom horizontal\n"
        "set xzeroaxis\nset arrow from 0, graph 0 to 0, graph 1 nohead lw 1.2\n"
        "set style fill solid 0.8 noborder\nset ytics nomirror noenhanced (",
        id, measure_base(x, m), *measure->unit ? " " : "", measure->unit, timing ? ", " : "",
        timing ? timing : "", 100 * x->options.step, 1 - 18.0 / height, n);
    for (unsigned i = 0; i < n; i++) {
        const ChoiceResult *r = list->pdata[i];
        g_autofree char *choice = inside(r->choice->name);
        g_string_append_printf(gp, "%s'%s = %s", i ? ", " : "", choice, r->choice->value);
        for (Direction d = DOWN; d < DIRECTIONS; d++)
            if (r->text[d] && fabs(choice_move(r->choice, r->text[d])) > 1.5 * x->options.step)
                g_string_append_printf(gp, ", to %s", r->text[d]);
        g_string_append_printf(gp, "' %u", n - i);
    }
    g_string_append(gp, ")\n");
    g_string_append_printf(
        gp,
        "set terminal svg size %d,%u dynamic background '#ffffff' font 'sans,13'\n"
        "set output '%s.svg'\n"
        "plot $down using (0):2:(0):1:($2-0.36):($2+0.36) with boxxyerror lc rgb '#0072B2' "
        "title 'moved down', "
        "$up using (0):2:(0):1:($2-0.36):($2+0.36) with boxxyerror lc rgb '#D55E00' "
        "title 'moved up'\n"
        "set terminal pngcairo size %d,%u font 'sans,11'\nset output '%s.png'\nreplot\n"
        "set output\n",
        WIDTH, height, name, WIDTH, height, name);
    return g_string_free(gp, FALSE);
}

static bool write_file(const char *folder, const char *name, const char *end, const char *text,
                       GError **error) {
    g_autofree char *path = g_strdup_printf("%s/%s.%s", folder, name, end);
    return file_replace(path, text, strlen(text), error);
}

bool tornado_draw(const Sensitivity *x, unsigned m, const char *folder, GError **error) {
    g_autoptr(GPtrArray) list = sensitivity_of(x, m);
    unsigned n = MIN(list->len, MOST_BARS), drawn = 0;
    for (unsigned i = 0; i < n; i++)
        drawn += !isnan(effect_change(x, list->pdata[i], m, DOWN)) ||
                 !isnan(effect_change(x, list->pdata[i], m, UP));
    if (!drawn) return true;
    g_autofree char *name = plain(g_array_index(x->measures, Measure, m).id),
                    *data = data_of(x, m, list, n), *gp = script_of(x, m, list, n, name);
    g_autoptr(GError) cause = NULL;
    if (!write_file(folder, name, "tsv", data, error) || !write_file(folder, name, "gp", gp, error))
        return false;
    if (!plot_gnuplot(folder, name, &cause)) g_printerr("sppemu: %s\n", cause->message);
    return true;
}
