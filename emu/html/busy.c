/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What was busy, the busiest first. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "emu/html/private.h"

enum { MOST_SHOWN = 12 };

typedef struct {
    unsigned column;
    double most;
} Busy;

/* Parts of the time in which something worked; not those in which it waited. */
static bool is_work(const char *name) {
    static const char *const waits[] = {".idle", ".ready", ".held", ".asleep"};
    if (g_str_has_suffix(name, "_busy")) return true;
    for (unsigned i = 0; i < G_N_ELEMENTS(waits); i++)
        if (g_str_has_suffix(name, waits[i])) return false;
    return strstr(name, ".share.") != NULL;
}

static int by_most(const void *a, const void *b) {
    const Busy *x = a, *y = b;
    return x->most != y->most ? (x->most > y->most ? -1 : 1) : (int)x->column - (int)y->column;
}

static GArray *busy_of(const WebPart *w) {
    GArray *all = g_array_new(FALSE, FALSE, sizeof(Busy));
    for (unsigned k = 0; k < w->columns->columns->len; k++) {
        Busy b = {k, 0};
        if (!is_work(columns_at(w->columns, k)->name)) continue;
        for (unsigned i = 0; i < w->n_points; i++)
            b.most = fmax(b.most, web_value(w, w->points[i], k));
        if (b.most > 0) g_array_append_val(all, b);
    }
    g_array_sort(all, by_most);
    return all;
}

static void put_row(WebPart *w, unsigned point, const GArray *all, unsigned n) {
    web_point_cells(w, point);
    for (unsigned i = 0; i < n; i++) {
        double percent = 100 * web_value(w, point, g_array_index(all, Busy, i).column);
        if (isnan(percent))
            g_string_append(w->out, "<td class=n>-");
        else
            g_string_append_printf(w->out, "<td class=\"n part\" style=\"--part:%.3g%%\">%.1f",
                                   percent, percent);
    }
    g_string_append_c(w->out, '\n');
}

void web_busy(WebPart *w) {
    g_autoptr(GArray) all = busy_of(w);
    unsigned n = MIN(all->len, MOST_SHOWN);
    if (!n) return;
    web_heading(w, "busy", "What was busy");
    g_string_append(w->out, "<div class=\"scroll tall\" tabindex=0 role=region aria-label=\"what "
                            "was busy\"><table class=\"busy sortable\"><caption>Parts of the time "
                            "in which something worked, in percent; the busiest first");
    if (n < all->len)
        html_put(w->out, "; %u more were never above %.1f %%, all are in runs.tsv", all->len - n,
                 100 * g_array_index(all, Busy, n).most);
    g_string_append(w->out, "</caption>\n<thead><tr>");
    web_point_heads(w);
    for (unsigned i = 0; i < n; i++) {
        const char *name = columns_at(w->columns, g_array_index(all, Busy, i).column)->name;
        web_column_head(w, name, NULL, "%", scenario_meaning(w->result->study->scenario, name));
    }
    g_string_append(w->out, "</thead>\n<tbody>\n");
    for (unsigned i = 0; i < w->n_points; i++) put_row(w, w->points[i], all, n);
    g_string_append(w->out, "</tbody></table></div>\n");
}
