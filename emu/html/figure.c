/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Pictures, claims, scenario, and how it is repeated. */
#include <math.h>
#include <string.h>

#include "emu/html/private.h"
#include "emu/study/file.h"
#include "emu/study/plot.h"

/* Claims ---------------------------------------------------------------------------------- */

/* Of the claim, over repetitions of the whole study; no half: there are none, or they are alike. */
static StudyEstimate interval_of(const Study *study, unsigned claim) {
    g_autoptr(GArray) values = g_array_new(FALSE, FALSE, sizeof(double));
    unsigned repetitions = 0;
    bool independent = true;
    for (unsigned i = 0; i < study->runs->len; i++)
        repetitions = MAX(repetitions, ((RunResult *)study->runs->pdata[i])->repetition + 1);
    for (unsigned r = 0; repetitions > 1 && r < repetitions; r++) {
        Study one = *study;
        one.runs = g_ptr_array_new();
        one.claims = g_array_new(FALSE, FALSE, sizeof(ClaimResult));
        for (unsigned i = 0; i < study->runs->len; i++)
            if (((RunResult *)study->runs->pdata[i])->repetition == r)
                g_ptr_array_add(one.runs, study->runs->pdata[i]);
        if (study_claims(&one, study->published, NULL)) {
            double value = g_array_index(one.claims, ClaimResult, claim).value;
            for (unsigned k = 0; k < values->len; k++)
                independent &= g_array_index(values, double, k) != value;
            g_array_append_val(values, value);
        }
        g_ptr_array_unref(one.runs);
        g_array_unref(one.claims);
    }
    return study_estimate_of((double *)values->data, values->len, independent && values->len > 1);
}

/* Where the value lies beside what was published: a band, and a mark. */
static void put_range(GString *out, const ClaimResult *c) {
    enum { WIDTH = 120, HEIGHT = 16, EDGE = 6 };
    if (!isfinite(c->value) || !isfinite(c->low) || !isfinite(c->high)) return;
    double from = fmin(c->low, c->value), to = fmax(c->high, c->value);
    double scale = to > from ? (WIDTH - 2 * EDGE) / (to - from) : 0;
    g_string_append_printf(
        out,
        "<svg class=range viewBox=\"0 0 %d %d\" width=%d height=%d aria-hidden=true>"
        "<rect class=band x=%.1f y=2 width=%.1f height=%d /><circle cx=%.1f cy=%d r=4 /></svg>",
        WIDTH, HEIGHT, WIDTH, HEIGHT, EDGE + (c->low - from) * scale,
        fmax((c->high - c->low) * scale, 2), HEIGHT - 4, EDGE + (c->value - from) * scale,
        HEIGHT / 2);
}

void web_claim_heads(GString *out, bool with_result) {
    g_string_append_printf(
        out,
        "<thead><tr>%s<th scope=col>claim<th scope=col>what was published<th scope=col "
        "class=n>published<th scope=col class=n>emulated<th scope=col>unit<th scope=col class=n>95 "
        "%% "
        "interval<th scope=col>use<th scope=col>verdict<th scope=col>where it lies</thead>\n",
        with_result ? "<th scope=col>result" : "");
}

void web_claim_row(WebPart *w, unsigned claim, bool with_result) {
    static const char *const uses[][2] = {
        {"calibrate", "calibrated"}, {"predict", "predicted"}, {"implied", "implied"}};
    const ClaimResult *c = &g_array_index(w->result->study->claims, ClaimResult, claim);
    bool met = !strcmp(c->verdict, "met"), missed = !strcmp(c->verdict, "missed");
    const char *use = c->use;
    for (unsigned i = 0; i < G_N_ELEMENTS(uses); i++)
        if (!strcmp(use, uses[i][0])) use = uses[i][1];
    StudyEstimate e = interval_of(w->result->study, claim);
    html_put(w->out, "<tr class=%s>", met ? "is-met" : "is-not-met");
    if (with_result) html_put(w->out, "<td><a href=\"#%s\">%s</a>", w->id, w->name);
    html_put(w->out, "<th scope=row>%s<td class=words>%s <small>%s</small>", c->id, c->statement,
             c->source);
    html_put(w->out, "<td class=n>%s to %s<td class=n data-sort=\"%.12g\">%s<td>%s",
             html_number(c->low, 5), html_number(c->high, 5), c->value, html_number(c->value, 5),
             c->unit);
    if (isnan(e.half))
        html_put(w->out, "<td class=n>none");
    else
        html_put(w->out, "<td class=n>%s to %s", html_number(e.mean - e.half, 5),
                 html_number(e.mean + e.half, 5));
    html_put(w->out, "<td>%s<td class=%s>%s %s<td>", use,
             met      ? "met"
             : missed ? "missed"
                      : "open",
             met      ? "\u2713"
             : missed ? "\u2717"
                      : "?",
             c->verdict);
    put_range(w->out, c);
    g_string_append(w->out, "\n");
}

static void put_claims(WebPart *w) {
    const Study *study = w->result->study;
    if (!study->claims->len) return;
    web_heading(w, "claims", "Published numbers");
    g_string_append(w->out, "<div class=scroll><table class=\"claims sortable\"><caption>"
                            "What was published, and what was emulated");
    g_autofree char *share = study_share(study), *timing = scenario_timing_text(study->scenario);
    if (share) html_put(w->out, "; judged over %s", share);
    if (timing) html_put(w->out, "; by %s", timing);
    g_string_append(w->out, "</caption>\n");
    web_claim_heads(w->out, false);
    g_string_append(w->out, "<tbody>\n");
    for (unsigned i = 0; i < study->claims->len; i++) web_claim_row(w, i, false);
    g_string_append(w->out, "</tbody></table></div>\n");
    if (!study->repeated)
        g_string_append(w->out, "<p class=note>There is no interval: each point was run "
                                "once.\n");
}

/* Pictures -------------------------------------------------------------------------------- */

/* One that is not in the result's folder is drawn aside. */
static bool put_drawn(WebPart *w, const ScenarioPlot *plot, const char *id, const char *text) {
    g_autofree char *aside = g_dir_make_tmp("sppemu-XXXXXX", NULL);
    CurveSource source = {w->result->study, store_folder(w->result->store), NULL};
    bool ok = false;
    if (aside &&
        plot_draw(plot, &source, 1, w->result->study->published, aside, "plot", true, NULL)) {
        g_autofree char *path = g_build_filename(aside, "plot.svg", NULL);
        ok = html_picture(w->out, path, id, text);
    }
    if (aside) folder_remove(aside);
    return ok;
}

static void put_picture(WebPart *w, unsigned n) {
    const ScenarioPlot *plot = scenario_plot(w->result->study->scenario, n);
    const char *title = plot->title ? plot->title : scenario_title(w->result->study->scenario);
    g_autofree char *id = g_strdup_printf("%s-plot%u", w->id, n),
                    *file = g_strconcat(plot->name, ".svg", NULL),
                    *path = g_build_filename(store_folder(w->result->store), file, NULL);
    g_string_append(w->out, "<figure>\n");
    if (!html_picture(w->out, path, id, title) && !put_drawn(w, plot, id, title))
        html_put(w->out,
                 "<p class=note>%s is not drawn: there is nothing to draw, or no gnuplot.\n",
                 plot->name);
    html_put(w->out, "<figcaption>%s</figcaption></figure>\n", plot->name);
}

/* Warnings, failures ---------------------------------------------------------------------- */

static void count_text(GHashTable *count, const char *before, const char *text) {
    char *key = g_strconcat(before, text, NULL);
    unsigned n = GPOINTER_TO_UINT(g_hash_table_lookup(count, key));
    g_hash_table_replace(count, key, GUINT_TO_POINTER(n + 1));
}

/* Each sentence once, with the number of runs that say it. */
static void put_trouble(WebPart *w) {
    const GPtrArray *runs = w->result->study->runs;
    g_autoptr(GHashTable) count = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (unsigned i = 0; i < runs->len; i++) {
        const RunResult *r = runs->pdata[i];
        if (r->status == RUN_FAILED) count_text(count, "failed: ", r->failure);
        if (r->unsteady) count_text(count, "not steady: ", r->unsteady);
        for (unsigned k = 0; k < r->warnings->len; k++)
            count_text(count, "warning: ", r->warnings->pdata[k]);
    }
    g_autoptr(GList) texts = g_list_sort(g_hash_table_get_keys(count), (GCompareFunc)strcmp);
    if (!texts) return;
    g_string_append(w->out, "<ul class=trouble>\n");
    for (const GList *l = texts; l; l = l->next) {
        unsigned n = GPOINTER_TO_UINT(g_hash_table_lookup(count, l->data));
        html_put(w->out, "<li>%s (%u run%s)\n", (const char *)l->data, n, n > 1 ? "s" : "");
    }
    g_string_append(w->out, "</ul>\n");
}

void web_figure(WebPart *w) {
    const Scenario *s = w->result->study->scenario;
    put_trouble(w);
    for (unsigned i = 0; i < scenario_n_plots(s); i++) put_picture(w, i);
    put_claims(w);
}

/* Scenario -------------------------------------------------------------------------------- */

void web_scenario(WebPart *w) {
    const Store *store = w->result->store;
    const char *timing = scenario_timing(w->result->study->scenario);
    g_autofree char *path = g_build_filename(store_folder(store), "study.ini", NULL), *text = NULL;
    web_heading(w, "repeat", "How to repeat it");
    html_put(w->out, "<pre class=command><code>%s</code></pre>\n<dl class=facts>\n",
             w->result->command);
    html_put(
        w->out,
        "<dt>build of sppemu<dd><code>%s</code>\n<dt>timing<dd>%s\n<dt>seed<dd>%" G_GUINT64_FORMAT
        "\n",
        store_build(store), timing ? timing : "there is no chip", store_seed(store));
    html_put(w->out, "<dt>identity of the study<dd><code>%s</code>\n</dl>\n",
             store_identity(store));
    if (g_file_get_contents(path, &text, NULL, NULL))
        html_put(w->out,
                 "<details><summary>The scenario, with all that it includes</summary>\n"
                 "<pre class=scenario tabindex=0>%s</pre></details>\n",
                 text);
}
