/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The points of a study: a table of what they show at a glance, and, as JSON, all that can be
 * chosen from. Numbers of both are those of runs.tsv, or means over the repetitions.
 *
 *   {"points": N, "tells": [PARAMETER, ...],
 *    "x": NAME, "y": NAME, "curve": [PARAMETER, ...], "log": "xy", as the scenario's first plot,
 *    "columns": [{"name", "unit", "what", "values": [number or null, ...],
 *                 "texts": [as written, ...] of parameters,
 *                 "half": [of the 95 percent interval, ...] with repetitions,
 *                 "glance": true of those in the table}, ...]} */
#include <math.h>
#include <string.h>

#include "emu/html/private.h"
#include "emu/study/headline.h"

enum { MOST_COLUMNS = 8 }; /* of the table, behind what tells points apart */

/* The table ------------------------------------------------------------------------------- */

static double largest(const WebPart *w, unsigned column) {
    double most = NAN;
    for (unsigned i = 0; i < w->n_points; i++)
        most = fmax(most, fabs(web_value(w, w->points[i], column)));
    return most;
}

/* Why a point has no numbers, or not all; NULL: it has. */
static const char *trouble_of(const Study *study, unsigned point) {
    for (unsigned i = 0; i < study->runs->len; i++) {
        const RunResult *r = study->runs->pdata[i];
        if (r->point == point && r->status != RUN_OK) return r->failure ? r->failure : "not run";
    }
    return NULL;
}

static bool unsteady(const Study *study, unsigned point) {
    for (unsigned i = 0; i < study->runs->len; i++) {
        const RunResult *r = study->runs->pdata[i];
        if (r->point == point && r->unsteady) return true;
    }
    return false;
}

static void put_row(WebPart *w, unsigned point, const GArray *shown, const double *scales) {
    const char *trouble = trouble_of(w->result->study, point);
    web_point_cells(w, point);
    for (unsigned k = 0; k < shown->len; k++) {
        StudyEstimate e = columns_estimate(w->columns, point, g_array_index(shown, unsigned, k));
        html_put(w->out, "<td class=n data-sort=\"%.12g\">%s", e.mean,
                 html_number(e.mean * scales[k], 6));
        if (!isnan(e.half))
            html_put(w->out, " <small>\u00b1%s</small>", html_number(e.half * scales[k], 2));
    }
    html_put(w->out, "<td class=words>%s\n",
             trouble                             ? trouble
             : unsteady(w->result->study, point) ? "not steady"
                                                 : "");
}

static void put_table(WebPart *w, const GArray *shown) {
    g_autofree double *scales = g_new(double, shown->len + 1);
    bool any = false;
    g_string_append(w->out, "<div class=\"scroll tall\" tabindex=0 role=region "
                            "aria-label=points><table class=\"points sortable\">"
                            "<caption>The points");
    if (w->result->study->repeated)
        g_string_append(w->out, ": means over repetitions, \u00b1 half of the 95 % interval");
    g_string_append(w->out, "</caption>\n<thead><tr>");
    web_point_heads(w);
    for (unsigned k = 0; k < shown->len; k++) {
        unsigned n = g_array_index(shown, unsigned, k);
        const Column *c = columns_at(w->columns, n);
        const char *prefix;
        scales[k] = headline_scale(c->name, largest(w, n), &prefix);
        web_column_head(w, c->name, prefix, c->unit,
                        scenario_meaning(w->result->study->scenario, c->name));
    }
    g_string_append(w->out, "<th scope=col>remark</thead>\n<tbody>\n");
    for (unsigned i = 0; i < w->n_points; i++) {
        put_row(w, w->points[i], shown, scales);
        any |= unsteady(w->result->study, w->points[i]);
    }
    g_string_append(w->out, "</tbody></table></div>\n");
    if (any)
        g_string_append(w->out, "<p class=note>Not steady: a queue grew through the window, so "
                                "that the numbers would be others if it were longer.\n");
}

/* What can be chosen ---------------------------------------------------------------------- */

static json_t *number(double value) {
    if (!isfinite(value)) return json_null();
    return value == rint(value) && fabs(value) < 1e15 ? json_integer((json_int_t)value)
                                                      : json_real(value);
}

static json_t *column_json(const WebPart *w, const char *name, const char *unit) {
    json_t *c = json_object();
    json_object_set_new(c, "name", json_string(name));
    json_object_set_new(c, "unit", json_string(unit));
    json_object_set_new(c, "what", json_string(scenario_meaning(w->result->study->scenario, name)));
    return c;
}

/* A parameter that differs among the points; NULL: one that does not. */
static json_t *parameter_json(const WebPart *w, unsigned n) {
    const Scenario *s = w->result->study->scenario;
    json_t *values = json_array(), *texts = json_array();
    bool differs = false;
    for (unsigned i = 0; i < w->n_points; i++) {
        const char *text = scenario_parameter(s, w->points[i], n).value;
        differs |= strcmp(text, scenario_parameter(s, w->points[0], n).value) != 0;
        json_array_append_new(values, number(columns_parameter(w->columns, w->points[i], n)));
        json_array_append_new(texts, json_string(text));
    }
    json_t *c =
        column_json(w, scenario_parameter(s, 0, n).name, columns_parameter_unit(w->columns, n));
    json_object_set_new(c, "values", values);
    json_object_set_new(c, "texts", texts);
    if (differs) return c;
    json_decref(c);
    return NULL;
}

static json_t *scalar_json(const WebPart *w, unsigned k, bool glance) {
    const Column *column = columns_at(w->columns, k);
    json_t *c = column_json(w, column->name, column->unit), *values = json_array(),
           *half = json_array();
    for (unsigned i = 0; i < w->n_points; i++) {
        StudyEstimate e = columns_estimate(w->columns, w->points[i], k);
        json_array_append_new(values, number(e.mean));
        json_array_append_new(half, number(e.half));
    }
    json_object_set_new(c, "values", values);
    if (w->result->study->repeated) json_object_set(c, "half", half);
    if (glance) json_object_set_new(c, "glance", json_true());
    json_decref(half);
    return c;
}

static json_t *columns_json(const WebPart *w, const GArray *shown) {
    json_t *all = json_array();
    g_autofree bool *glance = g_new0(bool, w->columns->columns->len + 1);
    for (unsigned n = 0; n < scenario_n_parameters(w->result->study->scenario); n++) {
        json_t *c = parameter_json(w, n);
        if (c) json_array_append_new(all, c);
    }
    for (unsigned i = 0; i < shown->len; i++) {
        unsigned k = g_array_index(shown, unsigned, i);
        glance[k] = true;
        json_array_append_new(all, scalar_json(w, k, true));
    }
    for (unsigned k = 0; k < w->columns->columns->len; k++)
        if (!glance[k] && !columns_at(w->columns, k)->constant)
            json_array_append_new(all, scalar_json(w, k, false));
    return all;
}

/* The first name in an expression; the rest, such as "/ 1e9", is about units. */
static json_t *name_in(const char *expression) {
    if (!expression) return json_null();
    g_autofree char *name = g_strndup(expression, strcspn(expression, " /*+-()<>=!;,"));
    return json_string(name);
}

/* Which parameters curves may be told apart by: those that the plot names (NULL: there is none),
 * and those that tell points apart. The former are added to `curve` too. */
static json_t *tells_json(const WebPart *w, const ScenarioPlot *plot, json_t *curve) {
    const Scenario *s = w->result->study->scenario;
    unsigned n = scenario_n_parameters(s), parameter;
    g_autofree bool *chosen = g_new0(bool, n + 1);
    g_auto(GStrv) names = g_strsplit(plot && plot->curve ? plot->curve : "", ",", -1);
    json_t *tells = json_array();
    for (unsigned i = 0; names[i]; i++)
        if (scenario_tells(s, g_strstrip(names[i]), &parameter, NULL)) chosen[parameter] = true;
    for (unsigned i = 0; i < n; i++)
        if (chosen[i]) json_array_append_new(curve, json_string(scenario_parameter(s, 0, i).name));
    for (unsigned i = 0; i < w->telling->len; i++)
        chosen[g_array_index(w->telling, unsigned, i)] = true;
    for (unsigned i = 0; i < n; i++)
        if (chosen[i]) json_array_append_new(tells, json_string(scenario_parameter(s, 0, i).name));
    return tells;
}

static json_t *points_json(const WebPart *w, const GArray *shown) {
    const Scenario *s = w->result->study->scenario;
    const ScenarioPlot *plot = scenario_n_plots(s) ? scenario_plot(s, 0) : NULL;
    json_t *doc = json_object(), *curve = json_array();
    json_object_set_new(doc, "points", json_integer(w->n_points));
    json_object_set_new(doc, "tells", tells_json(w, plot, curve));
    json_object_set_new(doc, "curve", curve);
    json_object_set_new(doc, "x", name_in(plot ? plot->x : NULL));
    json_object_set_new(doc, "y", name_in(plot ? plot->y : NULL));
    json_object_set_new(doc, "log", json_string(plot && plot->log ? plot->log : ""));
    json_object_set_new(doc, "columns", columns_json(w, shown));
    return doc;
}

void web_chooser(WebPart *w) {
    g_autoptr(GArray) shown = headline_columns(w->columns);
    g_autofree char *id = g_strdup_printf("%s-data", w->id);
    if (shown->len > MOST_COLUMNS) g_array_set_size(shown, MOST_COLUMNS);
    web_heading(w, "points", "The points, and a chart of your own");
    if (w->n_points > 1)
        html_put(w->out,
                 "<div class=chooser id=\"%s-chooser\" data-from=\"%s\"><p class=note>Where "
                 "scripts run, "
                 "a chart of any two columns stands here; the pictures above and the tables do "
                 "without.</p></div>\n",
                 w->id, id);
    put_table(w, shown);
    if (w->n_points > 1) html_json(w->out, id, points_json(w, shown));
}
