/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where packets' time went. Each picosecond of a packet's latency is charged to one cause, so the
 * causes of a receiver sum to its latency. Their means are shown in whole nanoseconds, rounded so
 * that they still do: down, and what is missing goes to those that lost most by it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "emu/html/private.h"

enum { MOST_CAUSES = 8 }; /* with a colour of their own */
#define LEAST_SHARE 0.01  /* of the latency at some point */

typedef struct {
    unsigned column;
    double share;   /* the largest at any point */
    unsigned order; /* in which all receivers report them */
    unsigned colour;
} Cause;

typedef struct {
    char *component;
    GArray *causes; /* Cause; first those that are shown, in the order of the report */
    unsigned n_shown;
} Receiver;

static void receiver_free(void *data) {
    Receiver *r = data;
    g_free(r->component);
    g_array_unref(r->causes);
    g_free(r);
}

/* "sink.cause.wire_us": the component, of one receiver the same for all of its causes. */
static char *receiver_of(const char *name) {
    const char *at = strstr(name, ".cause.");
    return at && g_str_has_suffix(name, "_us") ? g_strndup(name, (size_t)(at - name)) : NULL;
}

static GPtrArray *receivers_of(const WebPart *w) {
    GPtrArray *all = g_ptr_array_new_with_free_func(receiver_free);
    for (unsigned k = 0; k < w->columns->columns->len; k++) {
        g_autofree char *component = receiver_of(columns_at(w->columns, k)->name);
        if (!component) continue;
        Receiver *r = all->len ? all->pdata[all->len - 1] : NULL;
        if (!r || strcmp(r->component, component) != 0) {
            r = g_new0(Receiver, 1);
            *r = (Receiver){g_steal_pointer(&component), g_array_new(FALSE, FALSE, sizeof(Cause)),
                            0};
            g_ptr_array_add(all, r);
        }
        Cause cause = {.column = k, .order = r->causes->len};
        g_array_append_val(r->causes, cause);
    }
    return all;
}

static double total_us(const WebPart *w, const Receiver *r, unsigned point) {
    double sum = 0;
    for (unsigned i = 0; i < r->causes->len; i++)
        sum += web_value(w, point, g_array_index(r->causes, Cause, i).column);
    return sum;
}

static int by_share(const void *a, const void *b) {
    const Cause *x = a, *y = b;
    return x->share != y->share ? (x->share > y->share ? -1 : 1) : (int)x->order - (int)y->order;
}
static int by_order(const void *a, const void *b) {
    return (int)((const Cause *)a)->order - (int)((const Cause *)b)->order;
}

/* False: nothing ever came in. */
static bool rank(const WebPart *w, Receiver *r) {
    for (unsigned p = 0; p < w->n_points; p++) {
        double total = total_us(w, r, w->points[p]);
        for (unsigned i = 0; total > 0 && i < r->causes->len; i++) {
            Cause *c = &g_array_index(r->causes, Cause, i);
            c->share = fmax(c->share, web_value(w, w->points[p], c->column) / total);
        }
    }
    g_array_sort(r->causes, by_share);
    while (r->n_shown < MIN(r->causes->len, MOST_CAUSES) &&
           g_array_index(r->causes, Cause, r->n_shown).share >= LEAST_SHARE)
        r->n_shown++;
    qsort(r->causes->data, r->n_shown, sizeof(Cause), by_order);
    return r->n_shown > 0;
}

/* Whole nanoseconds of the causes shown and of all others together, behind them; their sum. */
static uint64_t round_parts(const WebPart *w, const Receiver *r, unsigned point, uint64_t *parts) {
    double exact[MOST_CAUSES + 1] = {0};
    uint64_t sum = 0, total = (uint64_t)llround(total_us(w, r, point) * 1e3);
    for (unsigned i = 0; i < r->causes->len; i++)
        exact[MIN(i, r->n_shown)] +=
            web_value(w, point, g_array_index(r->causes, Cause, i).column) * 1e3;
    for (unsigned i = 0; i <= r->n_shown; i++) sum += parts[i] = (uint64_t)exact[i];
    for (; sum < total; sum++) {
        unsigned most = 0;
        for (unsigned i = 1; i <= r->n_shown; i++)
            if (exact[i] - (double)parts[i] > exact[most] - (double)parts[most]) most = i;
        parts[most]++;
    }
    return sum;
}

static const char *cause_name(const WebPart *w, const Receiver *r, unsigned i, char *text,
                              size_t size) {
    const char *name = columns_at(w->columns, g_array_index(r->causes, Cause, i).column)->name;
    g_strlcpy(text, name + strlen(r->component) + strlen(".cause."), size);
    text[strlen(text) - strlen("_us")] = 0;
    return text;
}

static void put_heads(WebPart *w, const Receiver *r) {
    char text[64];
    web_point_heads(w);
    g_string_append(
        w->out, "<th scope=col class=n>latency <small>mean, ns</small><th scope=col>parts of it");
    for (unsigned i = 0; i < r->n_shown; i++)
        html_put(w->out,
                 "<th scope=col class=n title=\"%s\"><i class=\"key k%u\"></i>%s <small>ns</small>",
                 scenario_meaning(
                     w->result->study->scenario,
                     columns_at(w->columns, g_array_index(r->causes, Cause, i).column)->name),
                 g_array_index(r->causes, Cause, i).colour, cause_name(w, r, i, text, sizeof text));
    g_autoptr(GString) others = g_string_new(NULL);
    for (unsigned i = r->n_shown; i < r->causes->len; i++)
        g_string_append_printf(others, "%s%s", others->len ? ", " : "",
                               cause_name(w, r, i, text, sizeof text));
    html_put(
        w->out,
        "<th scope=col class=n title=\"%s\"><i class=\"key k-other\"></i>other <small>ns</small>",
        others->str);
}

static void put_row(WebPart *w, const Receiver *r, unsigned point, double longest) {
    uint64_t parts[MOST_CAUSES + 1] = {0};
    double total = total_us(w, r, point);
    web_point_cells(w, point);
    if (!(total > 0)) {
        html_put(w->out, "<td class=n>-<td colspan=%u>nothing came in\n", r->n_shown + 2);
        return;
    }
    uint64_t sum = round_parts(w, r, point, parts);
    html_put(w->out,
             "<td class=n>%" G_GUINT64_FORMAT
             "<td><div class=stack aria-hidden=true style=\"--part:%.4g\">",
             sum, 100 * total / longest);
    for (unsigned i = 0; i <= r->n_shown; i++) {
        if (!parts[i]) continue;
        g_string_append(w->out, "<i class=");
        if (i < r->n_shown)
            g_string_append_printf(w->out, "k%u", g_array_index(r->causes, Cause, i).colour);
        else
            g_string_append(w->out, "k-other");
        g_string_append_printf(w->out, " style=\"flex:%" G_GUINT64_FORMAT "\"></i>", parts[i]);
    }
    g_string_append(w->out, "</div>");
    for (unsigned i = 0; i <= r->n_shown; i++)
        g_string_append_printf(w->out, "<td class=n>%" G_GUINT64_FORMAT, parts[i]);
    g_string_append_c(w->out, '\n');
}

static void put_receiver(WebPart *w, const Receiver *r) {
    double longest = 0;
    for (unsigned i = 0; i < w->n_points; i++)
        longest = fmax(longest, total_us(w, r, w->points[i]));
    html_put(w->out,
             "<div class=\"scroll tall\" tabindex=0 role=region aria-label=\"latency at "
             "%s\"><table class=\"latency sortable\"><caption>Latency of what came in at "
             "<b>%s</b>, by cause: means, in whole nanoseconds that sum to the latency; bars are "
             "shares of it</caption>\n<thead><tr>",
             r->component, r->component);
    put_heads(w, r);
    g_string_append(w->out, "</thead>\n<tbody>\n");
    for (unsigned i = 0; i < w->n_points; i++) put_row(w, r, w->points[i], longest);
    g_string_append(w->out, "</tbody></table></div>\n");
}

/* A cause has the same colour at all receivers. */
static void choose_colours(const GPtrArray *all) {
    g_autoptr(GHashTable) colours = g_hash_table_new(NULL, NULL); /* by order, from 1 */
    for (unsigned i = 0; i < all->len; i++) {
        const Receiver *r = all->pdata[i];
        for (unsigned k = 0; k < r->n_shown; k++) {
            Cause *c = &g_array_index(r->causes, Cause, k);
            void *order = GUINT_TO_POINTER(c->order), *known = g_hash_table_lookup(colours, order);
            if (!known) known = GUINT_TO_POINTER(g_hash_table_size(colours) + 1);
            g_hash_table_insert(colours, order, known);
            c->colour = GPOINTER_TO_UINT(known) - 1;
        }
    }
}

void web_latency(WebPart *w) {
    g_autoptr(GPtrArray) all = receivers_of(w);
    for (unsigned i = all->len; i-- > 0;)
        if (!rank(w, all->pdata[i])) g_ptr_array_remove_index(all, i);
    if (!all->len) return;
    choose_colours(all);
    web_heading(w, "latency", "Where packets' time went");
    for (unsigned i = 0; i < all->len; i++) put_receiver(w, all->pdata[i]);
}
