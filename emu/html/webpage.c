/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The document, and its front. */
#include "emu/html/webpage.h"

#include <math.h>
#include <string.h>

#include "emu/html/private.h"

static const char css[] =
#include "emu/html/report.css.inc"
    ;
static const char script[] =
#include "emu/html/report.js.inc"
    ;

/* What all parts use ---------------------------------------------------------------------- */

void web_heading(WebPart *w, const char *id, const char *text) {
    html_put(w->out, "<h3 id=\"%s-%s\">%s</h3>\n", w->id, id, text);
}

double web_value(const WebPart *w, unsigned point, unsigned column) {
    return columns_estimate(w->columns, point, column).mean;
}

static void put_name(GString *out, const char *name) {
    const char *dot = strchr(name, '.');
    g_autofree char *component = dot ? g_strndup(name, (size_t)(dot - name)) : NULL;
    if (component) html_put(out, "<small>%s</small> ", component);
    html_put(out, "%s", dot ? dot + 1 : name);
}

void web_column_head(WebPart *w, const char *name, const char *prefix, const char *unit,
                     const char *text) {
    html_put(w->out, "<th scope=col class=n title=\"%s\">", text);
    put_name(w->out, name);
    if (*unit) html_put(w->out, " <small>%s%s</small>", prefix ? prefix : "", unit);
}

void web_point_heads(WebPart *w) {
    const Scenario *s = w->result->study->scenario;
    for (unsigned i = 0; i < w->telling->len; i++) {
        const char *name = scenario_parameter(s, 0, g_array_index(w->telling, unsigned, i)).name;
        html_put(w->out, "<th scope=col title=\"%s\">", scenario_meaning(s, name));
        put_name(w->out, name);
    }
    if (!w->telling->len) g_string_append(w->out, "<th scope=col>point");
}

void web_point_cells(WebPart *w, unsigned point) {
    const Scenario *s = w->result->study->scenario;
    for (unsigned i = 0; i < w->telling->len; i++) {
        unsigned n = g_array_index(w->telling, unsigned, i);
        double number = columns_parameter(w->columns, point, n);
        html_put(w->out, i ? "<td" : "<tr><th scope=row");
        if (!isnan(number)) html_put(w->out, " data-sort=\"%.12g\"", number);
        html_put(w->out, ">%s", scenario_parameter(s, point, n).value);
    }
    if (!w->telling->len) g_string_append(w->out, "<tr><th scope=row>the only one");
}

/* Parts ----------------------------------------------------------------------------------- */

static void take_points(WebPart *w) {
    const Study *study = w->result->study;
    unsigned n = scenario_n_points(study->scenario);
    g_autofree bool *there = g_new0(bool, n);
    for (unsigned i = 0; i < study->runs->len; i++) {
        const RunResult *r = study->runs->pdata[i];
        if (r->status != RUN_MISSING) there[r->point] = true;
    }
    w->points = g_new(unsigned, MOST_POINTS);
    for (unsigned p = 0; p < n; p++) {
        if (!there[p]) continue;
        if (w->n_run++ < MOST_POINTS) w->points[w->n_points++] = p;
    }
}

static void take_telling(WebPart *w) {
    const Scenario *s = w->result->study->scenario;
    unsigned n = scenario_n_parameters(s);
    g_autofree bool *chosen = g_new0(bool, n + 1);
    scenario_telling(s, chosen);
    for (unsigned i = 0; i < n; i++) /* that of [series] has no component */
        chosen[i] |= !strchr(scenario_parameter(s, 0, i).name, '.');
    w->telling = g_array_new(FALSE, FALSE, sizeof(unsigned));
    for (unsigned i = 0; i < n; i++)
        if (chosen[i]) g_array_append_val(w->telling, i);
}

static void part_init(WebPart *w, const WebResult *result, GString *out, GHashTable *ids) {
    const char *folder = store_folder(result->store), *slash = strrchr(folder, '/');
    *w = (WebPart){.result = result, .out = out, .name = slash ? slash + 1 : folder};
    w->id = html_id(w->name);
    for (unsigned n = 2; g_hash_table_contains(ids, w->id); n++) {
        g_autofree char *plain = html_id(w->name);
        g_free(w->id);
        w->id = g_strdup_printf("%s-%u", plain, n);
    }
    g_hash_table_add(ids, w->id);
    w->columns = columns_new(result->study);
    take_points(w);
    take_telling(w);
}

static void part_clear(WebPart *w) {
    columns_free(w->columns);
    g_array_unref(w->telling);
    g_free(w->points);
}

static void put_part(WebPart *w) {
    const Study *study = w->result->study;
    g_autofree char *share = study_share(study), *timing = scenario_timing_text(study->scenario);
    html_put(w->out, "<section class=result id=\"%s\" aria-labelledby=\"%s-title\">\n", w->id,
             w->id);
    html_put(w->out, "<h2 id=\"%s-title\">%s</h2>\n<p class=about>%s", w->id,
             scenario_title(study->scenario), w->name);
    if (share)
        html_put(w->out, ": only %s are there", share);
    else
        html_put(w->out, ": %u run%s", study->runs->len, study->runs->len > 1 ? "s" : "");
    if (study->repeated) g_string_append(w->out, "; numbers are means over repetitions");
    if (timing) html_put(w->out, "; %s", timing);
    if (w->n_run > w->n_points)
        html_put(w->out, "; the first %u points of %u are shown, all are in runs.tsv", w->n_points,
                 w->n_run);
    g_string_append(w->out, "</p>\n");
    web_figure(w);
    web_chooser(w);
    web_latency(w);
    web_busy(w);
    web_explained(w);
    web_swings(w);
    web_scenario(w);
    g_string_append(w->out, "</section>\n");
}

/* The front ------------------------------------------------------------------------------- */

typedef struct {
    unsigned claims, met, missed, runs, ok;
} Totals;

/* What is shown beside others (use "beside") is in no sum. */
static const char *const uses[][2] = {{"predict", "predicted"},
                                      {"implied", "implied by other numbers"},
                                      {"calibrate", "calibrated on"}};

static void count_claims(Totals *t, const Study *study, const char *use) {
    for (unsigned i = 0; i < study->claims->len; i++) {
        const ClaimResult *c = &g_array_index(study->claims, ClaimResult, i);
        if (strcmp(c->use, use) != 0) continue;
        t->claims++;
        t->met += !strcmp(c->verdict, "met");
        t->missed += !strcmp(c->verdict, "missed");
    }
}

static void count(Totals *t, const Study *study) {
    t->runs += study->runs->len;
    t->ok += study_n_ok(study);
    for (unsigned u = 0; u < G_N_ELEMENTS(uses); u++) count_claims(t, study, uses[u][0]);
}

static void put_totals(GString *out, const WebPart *parts, unsigned n) {
    Totals all = {0};
    for (unsigned i = 0; i < n; i++) count(&all, parts[i].result->study);
    html_put(out, "<p class=totals>");
    if (all.claims)
        html_put(out,
                 "<b>%u of %u</b> published numbers are met, <b>%u</b> missed, <b>%u</b> not "
                 "measured; ",
                 all.met, all.claims, all.missed, all.claims - all.met - all.missed);
    html_put(out, "<b>%u of %u</b> runs are there and ok.</p>\n", all.ok, all.runs);
    if (!all.claims) return;
    g_string_append(out, "<ul class=uses>\n");
    for (unsigned u = 0; u < G_N_ELEMENTS(uses); u++) {
        Totals t = {0};
        for (unsigned i = 0; i < n; i++) count_claims(&t, parts[i].result->study, uses[u][0]);
        if (t.claims) html_put(out, "<li>%s: %u of %u met\n", uses[u][1], t.met, t.claims);
    }
    g_string_append(out, "</ul>\n");
}

static bool is_miss(const ClaimResult *c) {
    return strcmp(c->use, "beside") != 0 && strcmp(c->verdict, "met") != 0;
}

static void put_misses(GString *out, WebPart *parts, unsigned n) {
    Totals all = {0};
    for (unsigned i = 0; i < n; i++) count(&all, parts[i].result->study);
    if (all.claims == all.met) return;
    g_string_append(
        out, "<h3 id=misses>Not met</h3>\n<div class=scroll><table class=\"claims sortable\">"
             "<caption>Published numbers that are missed, or could not be measured"
             "</caption>\n");
    web_claim_heads(out, true);
    g_string_append(out, "<tbody>\n");
    for (unsigned i = 0; i < n; i++)
        for (unsigned k = 0; k < parts[i].result->study->claims->len; k++)
            if (is_miss(&g_array_index(parts[i].result->study->claims, ClaimResult, k)))
                web_claim_row(&parts[i], k, true);
    g_string_append(out, "</tbody></table></div>\n");
}

static void put_list(GString *out, const WebPart *parts, unsigned n) {
    g_string_append(out,
                    "<h3 id=results>Results</h3>\n<div class=scroll><table "
                    "class=sortable><caption>What is on this page"
                    "</caption>\n<thead><tr><th scope=col>result<th scope=col>what<th scope=col "
                    "class=n>runs ok<th scope=col class=n>claims met<th scope=col class=n>missed"
                    "<th scope=col>timing<th scope=col>build</thead>\n<tbody>\n");
    for (unsigned i = 0; i < n; i++) {
        const Study *study = parts[i].result->study;
        const char *timing = scenario_timing(study->scenario);
        Totals t = {0};
        count(&t, study);
        html_put(out,
                 "<tr><th scope=row><a href=\"#%s\">%s</a><td class=words>%s<td class=n "
                 "data-sort=%u>%u of %u",
                 parts[i].id, parts[i].name, scenario_title(study->scenario), t.ok, t.ok, t.runs);
        if (t.claims)
            html_put(out, "<td class=n data-sort=%u>%u of %u<td class=n>%u", t.met, t.met, t.claims,
                     t.missed);
        else
            g_string_append(out, "<td class=n>-<td class=n>-");
        html_put(out, "<td>%s<td><code>%.8s</code>\n", timing ? timing : "-",
                 store_build(parts[i].result->store));
    }
    g_string_append(out, "</tbody></table></div>\n");
}

char *webpage_of(const WebResult *results, unsigned n) {
    GString *out =
        g_string_new("<!DOCTYPE html>\n<html lang=en>\n<head>\n<meta charset=utf-8>\n"
                     "<meta name=viewport content=\"width=device-width, initial-scale=1\">\n");
    g_autofree WebPart *parts = g_new0(WebPart, n);
    g_autoptr(GHashTable) ids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (unsigned i = 0; i < n; i++) part_init(&parts[i], &results[i], out, ids);
    html_put(out, "<title>%s%s: sppemu report</title>\n<style>\n", parts[0].name,
             n > 1 ? " and others" : "");
    g_string_append(out, css);
    g_string_append(out,
                    "</style>\n</head>\n<body>\n<a class=skip href=\"#front\">to the results</a>\n"
                    "<header><h1>sppemu report</h1><nav aria-label=results>\n");
    for (unsigned i = 0; i < n; i++)
        html_put(out, "<a href=\"#%s\">%s</a>\n", parts[i].id, parts[i].name);
    g_string_append(out, "</nav><div id=tools></div></header>\n<main>\n<section id=front "
                         "aria-labelledby=front-title>\n"
                         "<h2 id=front-title>At a glance</h2>\n");
    put_totals(out, parts, n);
    put_misses(out, parts, n);
    put_list(out, parts, n);
    g_string_append(out, "</section>\n");
    for (unsigned i = 0; i < n; i++) put_part(&parts[i]);
    html_put(out, "</main>\n<footer>Made by sppemu %s.</footer>\n<script>\n", SPPEMU_VERSION);
    g_string_append(out, script);
    g_string_append(out, "</script>\n</body>\n</html>\n");
    for (unsigned i = 0; i < n; i++) part_clear(&parts[i]);
    return g_string_free(out, FALSE);
}
