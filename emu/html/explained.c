/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What sppemu explain --json has said of some runs (schema sppemu-explain-1), if that was kept:
 * what limits them, their busiest resources, and where their packets' time went, by component and
 * cause. Those times are whole picoseconds of all packets together, as they were charged, so they
 * sum. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "emu/html/private.h"

enum { MOST_CAUSES = 8, MOST_RESOURCES = 12 };

typedef struct {
    const WebPart *w;
    GPtrArray *runs;   /* json_t, borrowed: those that are of this result */
    GPtrArray *causes; /* names, borrowed, in the order of their first: have a colour */
} Explained;

static const char *text_at(const json_t *doc, const char *key) {
    const char *text = json_string_value(json_object_get(doc, key));
    return text ? text : "";
}

static double number_at(const json_t *doc, const char *key) {
    const json_t *value = json_object_get(doc, key);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

/* The run of the result that it is about; NULL: it is about another's. */
static const RunResult *run_of(const WebPart *w, const json_t *doc) {
    const Study *study = w->result->study;
    json_int_t n = json_integer_value(json_object_get(doc, "run"));
    if (strcmp(text_at(doc, "schema"), "sppemu-explain-1") != 0 ||
        strcmp(text_at(doc, "scenario"), scenario_name(study->scenario)) != 0 || n < 0 ||
        n >= (json_int_t)study->runs->len)
        return NULL;
    json_t *parameters = study_parameters_json(study, study->runs->pdata[n]);
    bool same = json_equal(parameters, json_object_get(doc, "parameters"));
    json_decref(parameters);
    return same ? study->runs->pdata[n] : NULL;
}

static unsigned point_of(const WebPart *w, const json_t *doc) {
    return run_of(w, doc)->point;
}

/* What limits them ------------------------------------------------------------------------ */

static void put_limits(WebPart *w, const Explained *x) {
    g_string_append(w->out, "<div class=\"scroll tall\" tabindex=0 role=region aria-label=limits>"
                            "<table class=sortable><caption>What limits some of the runs, by "
                            "sppemu explain</caption>\n<thead><tr>");
    web_point_heads(w);
    g_string_append(w->out, "<th scope=col class=n>carried <small>%</small><th scope=col>what "
                            "limits it<th scope=col>what is next</thead>\n<tbody>\n");
    for (unsigned i = 0; i < x->runs->len; i++) {
        const json_t *doc = x->runs->pdata[i];
        const char *limit = text_at(doc, "limit"), *next = text_at(doc, "next");
        bool limited = json_is_true(json_object_get(doc, "limited"));
        double percent = 100 * number_at(doc, "carried_ratio");
        web_point_cells(w, point_of(w, doc));
        html_put(w->out, "<td class=n>%s<td>%s%s<td>%s\n", html_number(percent, 5),
                 !limited ? "nothing: it carries what it is offered"
                 : *limit ? limit
                          : "it is not known what",
                 json_is_true(json_object_get(doc, "confirmed")) ? ": more of it carries more" : "",
                 *next ? next : "-");
    }
    g_string_append(w->out, "</tbody></table></div>\n");
}

static int by_use(const void *a, const void *b) {
    double x = number_at(*(json_t *const *)a, "used"), y = number_at(*(json_t *const *)b, "used");
    if (isnan(x) || isnan(y)) return (int)isnan(x) - (int)isnan(y);
    return x != y ? (x > y ? -1 : 1) : 0;
}

static void put_resources(WebPart *w, const json_t *doc) {
    const json_t *list = json_object_get(doc, "resources");
    g_autoptr(GPtrArray) all = g_ptr_array_new();
    for (size_t i = 0; i < json_array_size(list); i++)
        if (number_at(json_array_get(list, i), "used") > 0)
            g_ptr_array_add(all, json_array_get(list, i));
    g_ptr_array_sort(all, by_use);
    unsigned n = MIN(all->len, MOST_RESOURCES);
    html_put(w->out,
             "<details><summary>run %d: its resources</summary><div class=scroll>"
             "<table class=sortable><caption>Of run %d, the %u resources of %u that were "
             "used most</caption>\n<thead><tr><th scope=col>component<th scope=col>resource"
             "<th scope=col>what it is<th scope=col class=n>used <small>%%</small>"
             "<th scope=col class=n>waiting for it <small>mean, at a time</small>"
             "<th scope=col class=n>turned away<th scope=col>more by</thead>\n<tbody>\n",
             (int)json_integer_value(json_object_get(doc, "run")),
             (int)json_integer_value(json_object_get(doc, "run")), n,
             (unsigned)json_array_size(list));
    for (unsigned i = 0; i < n; i++) {
        const json_t *r = all->pdata[i], *levers = json_object_get(r, "more_by");
        html_put(w->out,
                 "<tr><th scope=row>%s<td>%s<td>%s<td class=n>%s<td class=n>%s<td class=n>%s<td>",
                 text_at(r, "component"), text_at(r, "name"), text_at(r, "kind"),
                 html_number(100 * number_at(r, "used"), 4),
                 html_number(number_at(r, "waiting"), 4),
                 html_number(number_at(r, "turned_away"), 6));
        for (size_t k = 0; k < json_array_size(levers); k++)
            html_put(w->out, "%s%s", k ? ", " : "", json_string_value(json_array_get(levers, k)));
        g_string_append_c(w->out, '\n');
    }
    g_string_append(w->out, "</tbody></table></div></details>\n");
}

/* Where time went ------------------------------------------------------------------------- */

static uint64_t ps_of(const json_t *hop) {
    return (uint64_t)json_integer_value(json_object_get(hop, "ps"));
}

static bool is_of(const json_t *hop, const char *end, const char *component) {
    return !strcmp(text_at(hop, "end"), end) &&
           (!component || !strcmp(text_at(hop, "component"), component));
}

/* By the causes that are shown, all others, and, last, their sum. */
static void sum_hops(const Explained *x, const json_t *hops, const char *end, const char *component,
                     uint64_t sums[MOST_CAUSES + 2]) {
    memset(sums, 0, (MOST_CAUSES + 2) * sizeof *sums);
    for (size_t i = 0; i < json_array_size(hops); i++) {
        const json_t *hop = json_array_get(hops, i);
        unsigned k = 0;
        if (!is_of(hop, end, component)) continue;
        while (k < x->causes->len && strcmp(x->causes->pdata[k], text_at(hop, "cause")) != 0) k++;
        sums[k < x->causes->len ? k : MOST_CAUSES] += ps_of(hop);
        sums[MOST_CAUSES + 1] += ps_of(hop);
    }
}

static void put_time(WebPart *w, const Explained *x, unsigned point, const char *component,
                     uint64_t packets, const uint64_t sums[MOST_CAUSES + 2], uint64_t whole) {
    uint64_t sum = sums[MOST_CAUSES + 1];
    web_point_cells(w, point);
    html_put(w->out, "<td>%s<td class=n>%" G_GUINT64_FORMAT "<td class=n>%s<td>", component, sum,
             html_number((double)sum / (double)MAX(packets, 1) / 1e6, 5));
    g_string_append_printf(w->out, "<div class=stack aria-hidden=true style=\"width:%.4grem\">",
                           16 * (double)sum / (double)MAX(whole, 1));
    for (unsigned k = 0; k <= MOST_CAUSES; k++) {
        if (!sums[k]) continue;
        g_autofree char *class = k < MOST_CAUSES ? g_strdup_printf("k%u", k) : g_strdup("k-other");
        g_string_append_printf(w->out, "<i class=%s style=\"flex:%" G_GUINT64_FORMAT "\"></i>",
                               class, sums[k]);
    }
    g_string_append(w->out, "</div>");
    for (unsigned k = 0; k < x->causes->len; k++)
        g_string_append_printf(w->out, "<td class=n>%" G_GUINT64_FORMAT, sums[k]);
    g_string_append_printf(w->out, "<td class=n>%" G_GUINT64_FORMAT "\n", sums[MOST_CAUSES]);
}

/* A row for each component that packets were in, in the order of the document, and one for all. */
static void put_run(WebPart *w, const Explained *x, const json_t *doc, const char *end) {
    const json_t *hops = json_object_get(doc, "latency");
    uint64_t all[MOST_CAUSES + 2], sums[MOST_CAUSES + 2], packets = 0;
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    sum_hops(x, hops, end, NULL, all);
    if (!all[MOST_CAUSES + 1]) return;
    for (size_t i = 0; i < json_array_size(hops); i++) {
        const json_t *hop = json_array_get(hops, i);
        const char *component = text_at(hop, "component");
        if (!is_of(hop, end, NULL) || !g_hash_table_add(seen, (char *)component)) continue;
        packets = (uint64_t)json_integer_value(json_object_get(hop, "packets"));
        sum_hops(x, hops, end, component, sums);
        put_time(w, x, point_of(w, doc), component, packets, sums, all[MOST_CAUSES + 1]);
    }
    put_time(w, x, point_of(w, doc), "all of them", packets, all, all[MOST_CAUSES + 1]);
}

static void put_end(WebPart *w, const Explained *x, const char *end) {
    html_put(w->out,
             "<div class=\"scroll tall\" tabindex=0 role=region aria-label=\"latency at %s by "
             "component\"><table class=\"hops sortable\"><caption>Latency of what came in at "
             "<b>%s</b>, by "
             "component and cause: picoseconds of all packets together, which sum</caption>\n"
             "<thead><tr>",
             end, end);
    web_point_heads(w);
    g_string_append(w->out, "<th scope=col>where<th scope=col class=n>time <small>ps, all "
                            "packets</small><th scope=col class=n>a packet <small>mean, us</small>"
                            "<th scope=col>parts of it");
    for (unsigned k = 0; k < x->causes->len; k++)
        html_put(w->out, "<th scope=col class=n><i class=\"key k%u\"></i>%s <small>ps</small>", k,
                 (const char *)x->causes->pdata[k]);
    g_string_append(w->out, "<th scope=col class=n><i class=\"key k-other\"></i>other "
                            "<small>ps</small></thead>\n<tbody>\n");
    for (unsigned i = 0; i < x->runs->len; i++) put_run(w, x, x->runs->pdata[i], end);
    g_string_append(w->out, "</tbody></table></div>\n");
}

typedef struct {
    const char *name;
    double ps;
} Weight;

static int by_weight(const void *a, const void *b) {
    const Weight *x = a, *y = b;
    return x->ps != y->ps ? (x->ps > y->ps ? -1 : 1) : strcmp(x->name, y->name);
}

/* Causes that take the largest shares of a latency get the colours; ends in the order of their
 * first. */
static GPtrArray *find_causes(Explained *x) {
    g_autoptr(GArray) weights = g_array_new(FALSE, FALSE, sizeof(Weight));
    GPtrArray *ends = g_ptr_array_new();
    for (unsigned i = 0; i < x->runs->len; i++) {
        const json_t *hops = json_object_get(x->runs->pdata[i], "latency");
        for (size_t k = 0; k < json_array_size(hops); k++) {
            const json_t *hop = json_array_get(hops, k);
            const char *end = text_at(hop, "end"), *cause = text_at(hop, "cause");
            unsigned n = 0;
            uint64_t whole[MOST_CAUSES + 2];
            sum_hops(x, hops, end, NULL, whole);
            if (!g_ptr_array_find_with_equal_func(ends, end, g_str_equal, NULL))
                g_ptr_array_add(ends, (char *)end);
            while (n < weights->len && strcmp(g_array_index(weights, Weight, n).name, cause) != 0)
                n++;
            Weight weight = {cause, 0};
            if (n == weights->len) g_array_append_val(weights, weight);
            g_array_index(weights, Weight, n).ps +=
                (double)ps_of(hop) / (double)MAX(whole[MOST_CAUSES + 1], 1);
        }
    }
    g_array_sort(weights, by_weight);
    for (unsigned n = 0; n < MIN(weights->len, MOST_CAUSES); n++)
        g_ptr_array_add(x->causes, (char *)g_array_index(weights, Weight, n).name);
    return ends;
}

static void put_explained(WebPart *w, Explained *x) {
    g_autoptr(GPtrArray) ends = find_causes(x);
    web_heading(w, "explained", "What limits it");
    put_limits(w, x);
    for (unsigned i = 0; i < ends->len; i++) put_end(w, x, ends->pdata[i]);
    for (unsigned i = 0; i < x->runs->len; i++) put_resources(w, x->runs->pdata[i]);
}

void web_explained(WebPart *w) {
    json_t *doc = w->result->explained ? json_load_file(w->result->explained, 0, NULL) : NULL;
    Explained x = {w, g_ptr_array_new(), g_ptr_array_new()};
    for (size_t i = 0; i < json_array_size(doc); i++)
        if (run_of(w, json_array_get(doc, i))) g_ptr_array_add(x.runs, json_array_get(doc, i));
    if (json_is_object(doc) && run_of(w, doc)) g_ptr_array_add(x.runs, doc);
    if (x.runs->len) put_explained(w, &x);
    g_ptr_array_unref(x.runs);
    g_ptr_array_unref(x.causes);
    json_decref(doc);
}
