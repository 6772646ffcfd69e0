/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What is said of an explanation: a table, sentences, a document. */
#include <math.h>
#include <string.h>

#include "emu/study/explain.h"
#include "emu/study/grid.h"
#include "emu/study/progress.h"

enum { MOST_ROWS = 14, MOST_HOPS = 6, NAME_WIDTH = 36 };

static const ResourceResult *resource_at(const Explanation *x, unsigned n) {
    return &g_array_index(x->base->resources, ResourceResult, n);
}

char *explain_name(const ResourceResult *r) {
    return g_strdup_printf("%s %s", r->component, r->name);
}

char *explain_answer(const Explanation *x) {
    if (x->limit >= 0) return explain_name(resource_at(x, (unsigned)x->limit));
    return g_strdup(x->base->limited ? "unknown" : "nothing");
}

/* 4.84 M, 12.3 k. */
static char *rate_text(double pps) {
    return pps >= 1e6   ? g_strdup_printf("%.4g Mp/s", pps / 1e6)
           : pps >= 1e3 ? g_strdup_printf("%.4g kp/s", pps / 1e3)
                        : g_strdup_printf("%.4g p/s", pps);
}

/* 0.0122, 11.8, 1380. */
static char *count_text(double n) {
    return g_strdup_printf(n >= 100 ? "%.0f" : "%.3g", n);
}

static void say(FILE *out, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void say(FILE *out, const char *format, ...) {
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args),
                    *wrapped = progress_wrap(text, MIN(grid_width(out), 100));
    va_end(args);
    fprintf(out, "%s\n", wrapped);
}

/* Table ------------------------------------------------------------------------------------- */

static bool is_worth_a_line(const Explanation *x, unsigned n) {
    const ResourceResult *r = resource_at(x, n);
    if ((int)n == x->limit || (int)n == x->next || r->does == RESOURCE_MISSING) return true;
    if (r->does == RESOURCE_OFFERS) return false;
    return r->used >= 0.3 || r->refused > 0 || (r->does == RESOURCE_SERVES && r->waited >= 1);
}

/* What limits first, then by use. */
static int by_use(const void *a, const void *b, void *user) {
    const Explanation *x = user;
    unsigned m = *(const unsigned *)a, n = *(const unsigned *)b;
    const ResourceResult *r = resource_at(x, m), *q = resource_at(x, n);
    if (((int)m == x->limit) != ((int)n == x->limit)) return (int)m == x->limit ? -1 : 1;
    if ((r->does == RESOURCE_HOLDS) != (q->does == RESOURCE_HOLDS))
        return r->does == RESOURCE_HOLDS ? 1 : -1;
    return r->used != q->used ? (r->used < q->used) - (r->used > q->used)
                              : (r->order < q->order) - (r->order > q->order);
}

static char *first_lever(const ResourceResult *r) {
    const char *lever = r->levers ? r->levers : "";
    size_t n = strcspn(lever, " ");
    if (!n) return g_strdup("-");
    const char *dot = memchr(lever, '.', n);
    return *lever == '@'
               ? g_strdup_printf("its %.*s", (int)(n - (size_t)(dot - lever) - 1), dot + 1)
               : g_strndup(lever, n);
}

/* Of those that are alike the first, which is used most. */
static void leave_out_alike(const Explanation *x, GArray *rows) {
    for (unsigned i = 0; i < rows->len; i++)
        for (unsigned k = rows->len; k-- > i + 1;)
            if (explain_are_alike(resource_at(x, g_array_index(rows, unsigned, i)),
                                  resource_at(x, g_array_index(rows, unsigned, k))))
                g_array_remove_index(rows, k);
}

static unsigned n_alike(const Explanation *x, const ResourceResult *r) {
    unsigned n = 0;
    for (unsigned i = 0; i < x->base->resources->len; i++)
        n += explain_are_alike(r, resource_at(x, i));
    return n;
}

static char *row_name(const Explanation *x, const ResourceResult *r, bool all) {
    unsigned alike = all ? 1 : n_alike(x, r);
    g_autofree char *name = explain_name(r);
    return alike > 1 ? g_strdup_printf("%s +%u", name, alike - 1) : g_strdup(name);
}

static void add_row(const Explanation *x, unsigned n, bool all, GPtrArray *columns) {
    const ResourceResult *r = resource_at(x, n);
    bool works = r->does == RESOURCE_SERVES;
    char *name = row_name(x, r, all);
    if (strlen(name) > NAME_WIDTH) strcpy(name + NAME_WIDTH - 3, "...");
    grid_cell(columns->pdata[0], name);
    grid_cell(columns->pdata[1], works || r->does == RESOURCE_HOLDS
                                     ? g_strdup_printf("%.1f%%", 100 * r->used)
                                     : g_strdup("-"));
    grid_cell(columns->pdata[2],
              works && r->used >= 0.01 ? g_strdup_printf("x%.3g", 1 / r->used) : g_strdup("-"));
    grid_cell(columns->pdata[3],
              works && r->waited >= 0.005 ? count_text(r->waited) : g_strdup("-"));
    grid_cell(columns->pdata[4],
              r->refused > 0 ? g_strdup_printf("%.0f", r->refused) : g_strdup("-"));
}

static void print_table(const Explanation *x, bool all, FILE *out) {
    static const char *const heads[] = {"resource", "used", "room", "waiting", "refused"};
    g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(unsigned));
    g_autoptr(GPtrArray) columns = g_ptr_array_new_with_free_func(grid_column_free);
    for (unsigned i = 0; i < x->base->resources->len; i++)
        if (all || is_worth_a_line(x, i)) g_array_append_val(rows, i);
    g_array_sort_with_data(rows, by_use, (void *)x);
    if (!all) leave_out_alike(x, rows);
    unsigned shown = all ? rows->len : MIN(rows->len, MOST_ROWS);
    if (!shown) return;
    for (unsigned k = 0; k < G_N_ELEMENTS(heads); k++)
        g_ptr_array_add(columns, grid_column(k == 0, g_strdup(heads[k]), NULL, NULL));
    for (unsigned i = 0; i < shown; i++) add_row(x, g_array_index(rows, unsigned, i), all, columns);
    for (unsigned k = 0; k < columns->len;
         k++) /* one line of heads, and what makes more behind it */
        fprintf(out, k ? "%*s" : "%-*s",
                (int)((GridColumn *)columns->pdata[k])->width + (k > 0) * GRID_GAP, heads[k]);
    fprintf(out, "  more by\n");
    for (unsigned i = 0; i < shown; i++) {
        g_autofree char *lever = first_lever(resource_at(x, g_array_index(rows, unsigned, i)));
        grid_put_row(columns, columns->len, i, out);
        fprintf(out, "  %s\n", lever);
    }
    if (!all)
        fprintf(out, "%u of %u resources (+4: and four like it, used less); all: --all\n", shown,
                x->base->resources->len);
    fputc('\n', out);
}

/* Sentences --------------------------------------------------------------------------------- */

/* "out.rate 1Gbit/s -> 1.1Gbit/s" */
static char *move_text(const ExplainMove *m) {
    g_autofree char *more =
        m->places > 1 ? g_strdup_printf(" and %u like it", m->places - 1) : g_strdup("");
    return g_strdup_printf("%s%s %s -> %s", m->name, more, m->from, m->to);
}

static void say_move(const ExplainMove *m, FILE *out) {
    g_autofree char *text = move_text(m);
    if (!m->seen)
        say(out, "  %s: this run fails", text);
    else
        say(out, "  %s: %+.1f%% delivered", text, 100 * m->gain);
}

static char *use_text(const ResourceResult *r) {
    g_autofree char *waits = r->waited >= 0.05
                                 ? g_strdup_printf(", and %.3g wait for it at a time", r->waited)
                                 : g_strdup("");
    switch (r->does) {
    case RESOURCE_MISSING:
        return g_strdup_printf(
            "there is no link at %s of %s, and %.0f packets were sent through it", r->name,
            r->component, r->refused);
    case RESOURCE_HOLDS:
        return g_strdup_printf("it turned %.0f away, and was filled to %.3g%% on average",
                               r->refused, 100 * r->used);
    default: return g_strdup_printf("it is used %.4g%% of the window%s", 100 * r->used, waits);
    }
}

static void say_carried(const Explanation *x, FILE *out) {
    const ExplainSeen *seen = x->base;
    g_autofree char *offered = rate_text(seen->offered), *delivered = rate_text(seen->delivered);
    if (isnan(seen->carried))
        say(out, "No sink says what is carried of what is offered.");
    else
        say(out, "Offered are %s, delivered %s; the least of a sink's share is %.4g%%.%s", offered,
            delivered, 100 * seen->carried,
            seen->run->unsteady ? " Queues grew through the window." : "");
}

/* What packets were dropped for, most of them. */
static void say_drops(const Explanation *x, FILE *out) {
    const RunScalar *most = NULL;
    for (unsigned i = 0; i < x->base->run->scalars->len; i++) {
        const RunScalar *s = &g_array_index(x->base->run->scalars, RunScalar, i);
        if (!strstr(s->name, ".drop.") || !(s->value > 0)) continue;
        if (!most || s->value > most->value) most = s;
    }
    if (most) say(out, "Most that is lost is lost as %s, %.0f packets.", most->name, most->value);
}

static void say_limit(const Explanation *x, FILE *out) {
    if (x->limit < 0 && !x->base->limited) {
        say(out, "Nothing limits this run: what is offered is carried. More is carried if more is "
                 "offered:");
    } else if (x->limit < 0) {
        say(out, "Less is carried than is offered, but no resource that is known here is at its "
                 "limit.");
        say_drops(x, out);
    } else {
        const ResourceResult *r = resource_at(x, (unsigned)x->limit);
        g_autofree char *name = explain_name(r), *use = use_text(r);
        say(out, "Limit: %s (%s): %s%s%s%s.", name, r->kind, use, r->note ? " (" : "",
            r->note ? r->note : "", r->note ? ")" : "");
        if (r->does == RESOURCE_MISSING)
            say(out, "Add a [link] from %s.%s, or routes that do not lead there.", r->component,
                strrchr(r->name, ' ') + 1);
    }
    for (unsigned i = 0; i < x->tried->len && x->confirmed; i++) {
        g_autofree char *name =
            explain_name(resource_at(x, (unsigned)g_array_index(x->tried, int, i)));
        say(out,
            "(%s is as full, but more of it does not carry more: it is filled by what comes "
            "behind or before it.)",
            name);
    }
    bool any = false;
    for (unsigned i = 0; i < x->moves->len; i++) {
        const ExplainMove *m = x->moves->pdata[i];
        if (x->confirmed && (int)m->resource != x->limit) continue;
        if (!any && x->limit >= 0) say(out, "More of it, each in a run of its own:");
        any = true;
        say_move(m, out);
    }
    if (any && x->limit >= 0 && !x->confirmed)
        say(out, "None of these carries more by 1%%, so the limit is by the rule alone, not "
                 "confirmed.");
    if (!any && x->limit >= 0 && resource_at(x, (unsigned)x->limit)->does != RESOURCE_MISSING)
        say(out, "Nothing was moved (--runs): this is by the rule alone.");
}

static void say_next(const Explanation *x, FILE *out) {
    if (x->next < 0) return;
    const ResourceResult *r = resource_at(x, (unsigned)x->next);
    g_autofree char *name = explain_name(r);
    if (r->does == RESOURCE_SERVES)
        say(out, "Next: %s (%s), used %.4g%%, so it has room for x%.3g.", name, r->kind,
            100 * r->used, r->used > 0 ? 1 / r->used : INFINITY);
    else
        say(out, "Next: %s (%s).", name, r->kind);
}

/* Moves of what nobody has published; how many of them were run, and change the answer. */
static void say_hangs(const GPtrArray *moves, unsigned *run, unsigned *change, FILE *out) {
    for (unsigned i = 0; i < moves->len; i++) {
        const ExplainMove *m = moves->pdata[i];
        if (!m->seen || (m->kind != CHOICE_ASSUMED && m->kind != CHOICE_FITTED)) continue;
        ++*run;
        if (!m->then) continue;
        g_autofree char *text = move_text(m);
        ++*change;
        say(out, "The answer hangs on what is %s: with %s the limit is %s.", choice_kinds[m->kind],
            text, m->then);
    }
}

static void say_against(const Explanation *x, FILE *out) {
    unsigned run = 0, change = 0;
    say_hangs(x->moves, &run, &change, out);
    say_hangs(x->against, &run, &change, out);
    if (run && !change)
        say(out,
            "The answer stands with each of %u assumed or fitted numbers moved against it by a "
            "tenth.",
            run);
    if (x->n_skipped) say(out, "%u more moves were left out: --runs is used up.", x->n_skipped);
}

/* By how much a move changes the mean latency of a sink; NaN: it was not run. */
static double latency_gain(const Explanation *x, const ExplainMove *m, const char *end) {
    return m->seen ? explain_latency(m->seen, end) / explain_latency(x->base, end) - 1 : NAN;
}

/* The move that makes the sink's latency least, of all that were made and are not said yet. */
static const ExplainMove *fastest(const Explanation *x, const char *end, const ExplainMove *but) {
    const GPtrArray *const lists[] = {x->moves, x->latency_moves, x->against};
    const ExplainMove *best = NULL;
    for (unsigned k = 0; k < G_N_ELEMENTS(lists); k++)
        for (unsigned i = 0; i < lists[k]->len; i++) {
            const ExplainMove *m = lists[k]->pdata[i];
            if (m == but || !(latency_gain(x, m, end) <= -0.02)) continue;
            if (!best || latency_gain(x, m, end) < latency_gain(x, best, end)) best = m;
        }
    return best;
}

static void say_latency(const Explanation *x, const char *end, FILE *out) {
    const ExplainMove *m = fastest(x, end, NULL), *second = m ? fastest(x, end, m) : NULL;
    if (!m) return;
    g_autofree char *text = move_text(m), *other = second ? move_text(second) : NULL;
    say(out, "  Of what was moved, %s makes it less by most, %+.1f%%%s%s.", text,
        100 * latency_gain(x, m, end), second ? ", then " : "", second ? other : "");
}

static void print_hops(const Explanation *x, FILE *out) {
    const char *end = NULL;
    unsigned row = 0;
    double rest = 0;
    for (unsigned i = 0; i < x->base->hops->len; i++) {
        const ExplainHop *h = &g_array_index(x->base->hops, ExplainHop, i);
        double sum = 0;
        if (!end || strcmp(end, h->end) != 0) {
            for (unsigned k = i; k < x->base->hops->len; k++) {
                const ExplainHop *o = &g_array_index(x->base->hops, ExplainHop, k);
                if (!strcmp(o->end, h->end)) sum += (double)o->ps;
            }
            fprintf(out, "\nlatency of %s: mean %.5g us of %" G_GUINT64_FORMAT " packets\n", h->end,
                    sum / (double)h->packets / 1e6, h->packets);
            end = h->end;
            row = 0;
            rest = 0;
        }
        double us = (double)h->ps / (double)h->packets / 1e6;
        bool last = i + 1 == x->base->hops->len ||
                    strcmp(g_array_index(x->base->hops, ExplainHop, i + 1).end, end) != 0;
        if (row++ < MOST_HOPS)
            fprintf(out, "  %-12s %-10s %12.5g us\n", h->component, h->cause, us);
        else
            rest += us;
        if (last && row > MOST_HOPS)
            fprintf(out, "  %-12s %-10s %12.5g us\n", "all others", "", rest);
        if (last) say_latency(x, end, out);
    }
}

void explain_print(const Explanation *x, bool all, FILE *out) {
    print_table(x, all, out);
    say_carried(x, out);
    say_limit(x, out);
    say_next(x, out);
    say_against(x, out);
    print_hops(x, out);
}

/* Document ----------------------------------------------------------------------------------- */

static json_t *number(double value) {
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *moves_json(const GPtrArray *moves, const Explanation *x) {
    json_t *list = json_array();
    for (unsigned i = 0; i < moves->len; i++) {
        const ExplainMove *m = moves->pdata[i];
        g_autofree char *name = explain_name(resource_at(x, m->resource));
        json_t *one = json_object();
        json_object_set_new(one, "resource", json_string(name));
        json_object_set_new(one, "parameter", json_string(m->name));
        json_object_set_new(one, "from", json_string(m->from));
        json_object_set_new(one, "to", json_string(m->to));
        json_object_set_new(one, "places", json_integer(m->places));
        json_object_set_new(one, "by", number(m->by));
        json_object_set_new(one, "kind", json_string(choice_kinds[m->kind]));
        json_object_set_new(one, "gain", number(m->gain));
        json_t *latency = json_object();
        for (unsigned k = 0; k < x->base->hops->len; k++) {
            const char *end = g_array_index(x->base->hops, ExplainHop, k).end;
            if (!json_object_get(latency, end))
                json_object_set_new(latency, end, number(latency_gain(x, m, end)));
        }
        json_object_set_new(one, "latency_gain", latency);
        if (m->then) json_object_set_new(one, "then", json_string(m->then));
        json_array_append_new(list, one);
    }
    return list;
}

static json_t *resources_json(const Explanation *x) {
    static const char *const does[RESOURCE_KINDS] = {"serves", "holds", "offers", "missing"};
    json_t *list = json_array();
    for (unsigned i = 0; i < x->base->resources->len; i++) {
        const ResourceResult *r = resource_at(x, i);
        json_t *one = json_object(), *levers = json_array();
        g_auto(GStrv) words = g_strsplit(r->levers, " ", -1);
        for (unsigned k = 0; words[k]; k++)
            if (*words[k]) json_array_append_new(levers, json_string(words[k]));
        json_object_set_new(one, "component", json_string(r->component));
        json_object_set_new(one, "name", json_string(r->name));
        json_object_set_new(one, "kind", json_string(r->kind));
        json_object_set_new(one, "does", json_string(does[r->does]));
        json_object_set_new(one, "used", number(r->used));
        json_object_set_new(one, "waiting", number(r->waited));
        json_object_set_new(one, "turned_away", number(r->refused));
        json_object_set_new(one, "more_by", levers);
        if (r->note) json_object_set_new(one, "note", json_string(r->note));
        json_array_append_new(list, one);
    }
    return list;
}

static json_t *hops_json(const Explanation *x) {
    json_t *list = json_array();
    for (unsigned i = 0; i < x->base->hops->len; i++) {
        const ExplainHop *h = &g_array_index(x->base->hops, ExplainHop, i);
        json_t *one = json_object();
        json_object_set_new(one, "end", json_string(h->end));
        json_object_set_new(one, "component", json_string(h->component));
        json_object_set_new(one, "cause", json_string(h->cause));
        json_object_set_new(one, "packets", json_integer((json_int_t)h->packets));
        json_object_set_new(one, "ps", json_integer((json_int_t)h->ps));
        json_array_append_new(list, one);
    }
    return list;
}

static json_t *name_json(const Explanation *x, int resource) {
    if (resource < 0) return json_null();
    g_autofree char *name = explain_name(resource_at(x, (unsigned)resource));
    return json_string(name);
}

json_t *explain_json(const Explanation *x) {
    json_t *doc = json_object();
    json_object_set_new(doc, "offered_pps", number(x->base->offered));
    json_object_set_new(doc, "delivered_pps", number(x->base->delivered));
    json_object_set_new(doc, "carried_ratio", number(x->base->carried));
    json_object_set_new(doc, "limited", json_boolean(x->base->limited));
    json_object_set_new(doc, "limit", name_json(x, x->limit));
    json_object_set_new(doc, "confirmed", json_boolean(x->confirmed));
    json_object_set_new(doc, "next", name_json(x, x->next));
    json_object_set_new(doc, "runs", json_integer(x->n_runs));
    json_object_set_new(doc, "moves", moves_json(x->moves, x));
    json_object_set_new(doc, "latency_moves", moves_json(x->latency_moves, x));
    json_object_set_new(doc, "against", moves_json(x->against, x));
    json_object_set_new(doc, "resources", resources_json(x));
    json_object_set_new(doc, "latency", hops_json(x));
    return doc;
}
