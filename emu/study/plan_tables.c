/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A plan on a terminal, and as JSON. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "emu/study/file.h"
#include "emu/study/grid.h"
#include "emu/study/plan.h"

#define PLAN_SCHEMA "sppemu-plan-1"
enum { MOST_RESOURCES = 10 };

static GridColumn *column(bool left, const char *head) {
    return grid_column(left, g_strdup(head), NULL, NULL);
}

static void print_grid(GridColumn *const *columns, unsigned n, FILE *out) {
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(grid_column_free);
    for (unsigned k = 0; k < n; k++) g_ptr_array_add(all, columns[k]);
    grid_put_heads(all, out);
    for (unsigned row = 0; row < columns[0]->cells->len; row++) {
        grid_put_row(all, n, row, out);
        fputc('\n', out);
    }
}

/* Lines of 80 columns; those behind the first are indented. */
static void say(FILE *out, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void say(FILE *out, const char *format, ...) {
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_autofree char *wrapped = progress_wrap(text, grid_width(out));
    fputs(wrapped, out);
}

static double fill(const PlanResource *r) {
    return r->load / r->capacity;
}

static int by_fill(const void *a, const void *b) {
    double x = fill(*(PlanResource *const *)a), y = fill(*(PlanResource *const *)b);
    return x > y ? -1 : x < y;
}

/* The fullest first. Caller unrefs. */
static GPtrArray *sorted(const PlanDraft *d) {
    GPtrArray *all = g_ptr_array_new();
    for (unsigned i = 0; i < d->resources->len; i++) g_ptr_array_add(all, d->resources->pdata[i]);
    g_ptr_array_sort(all, by_fill);
    return all;
}

static void print_resources(const PlanDraft *d, FILE *out) {
    g_autoptr(GPtrArray) all = sorted(d);
    GridColumn *c[] = {column(true, "resource, of its bound"), column(false, "taken"),
                       column(false, "room for")};
    for (unsigned i = 0; i < MIN(all->len, MOST_RESOURCES); i++) {
        const PlanResource *r = all->pdata[i];
        grid_cell(c[0], g_strdup(r->name));
        grid_cell(c[1], g_strdup_printf("%.1f%%", 100 * fill(r)));
        grid_cell(c[2], g_strdup_printf("%.2f times", 1 / fill(r)));
    }
    print_grid(c, G_N_ELEMENTS(c), out);
    if (all->len > MOST_RESOURCES)
        fprintf(out, "and %u more in plan.json\n", all->len - MOST_RESOURCES);
}

/* "all 50 demands met in 3 repetitions, ..." */
static void print_trial(const PlanDraft *d, const PlanTrial *t, FILE *out) {
    unsigned missed = 0;
    double late = 0, lost = 0;
    const PlanDemand *least = NULL;
    for (unsigned i = 0; i < d->demands->len; i++) {
        const PlanDemand *one = d->demands->pdata[i];
        bool ok = !(t->lost[i] > one->loss) &&
                  (isnan(one->latency_us) || !(t->p99_us[i] > one->latency_us));
        missed += !ok;
        late = fmax(late, t->p99_us[i]);
        if (!(t->lost[i] <= lost)) lost = t->lost[i], least = one;
    }
    if (t->met)
        say(out,
            "emulated: all %u demands are met in each of %u repetitions; the most that one "
            "loses is %.3g%%, the slowest p99 is %.4g us\n",
            d->demands->len, t->repeat, 100 * lost, late);
    else
        say(out, "emulated: %u of %u demands are not met; %s loses %.3g%%; %s\n", missed,
            d->demands->len, least ? least->name : "none", 100 * lost,
            t->why ? t->why : "less comes out than goes in");
}

static void print_fewer(const Plan *p, FILE *out) {
    for (unsigned kind = 0; kind < PLAN_KINDS; kind++) {
        if (!p->draft->hosts[kind]) continue;
        if (!p->fewer[kind]) {
            say(out, "\none %s fewer: %s\n", p->planner->kinds[kind], p->fewer_why[kind]);
            continue;
        }
        fprintf(out, "\none %s fewer, %s\n", p->planner->kinds[kind], p->fewer[kind]->boxes);
        print_trial(p->fewer[kind], &p->fewer_trial[kind], out);
    }
}

static void print_growth(const Plan *p, FILE *out) {
    if (isnan(p->factor)) return;
    say(out, "\ngrowth: all demands may grow to %.4g times (between %.4g and %.4g) on this node\n",
        p->factor, p->factor_low, p->factor_high);
    if (p->breaks) say(out, "what breaks: %s\n", p->breaks);
}

static void print_doubts(const Plan *p, const GPtrArray *names, const char *none, const char *some,
                         FILE *out) {
    if (!names) return;
    g_autoptr(GString) list = g_string_new(NULL);
    for (unsigned i = 0; i < names->len; i++)
        g_string_append_printf(list, "%s%s", i ? ", " : "", (char *)names->pdata[i]);
    if (names->len)
        say(out, "%s: %s\n", some, list->str);
    else
        say(out, "none of %u assumed numbers, %g%% %s\n", p->n_assumed, 100 * p->options.share,
            none);
}

void plan_print(const Plan *p, const char *name, FILE *out) {
    const PlanDraft *d = p->draft;
    if (!d) {
        fprintf(out, "%s: it cannot be done\n", name);
        for (unsigned i = 0; i < p->reasons->len; i++)
            say(out, "%s\n", (char *)p->reasons->pdata[i]);
        return;
    }
    fprintf(out, "%s: %s\n", name, d->boxes);
    fprintf(out, "slots: %u of %u, two of them for the switches; price %g\n", d->slots, d->of,
            d->price);
    for (unsigned kind = 0; kind < PLAN_KINDS; kind++)
        if (d->hosts[kind])
            fprintf(out, "%ss: %u by best fit; no placement needs fewer than %u, by its volume\n",
                    p->planner->kinds[kind], d->hosts[kind], d->least[kind]);
    for (unsigned i = 0; i < d->notes->len; i++) say(out, "%s\n", (char *)d->notes->pdata[i]);
    fputc('\n', out);
    print_resources(d, out);
    fputc('\n', out);
    for (unsigned i = 0; i < p->reasons->len; i++)
        say(out, "before it: %s\n", (char *)p->reasons->pdata[i]);
    print_trial(d, &p->trial, out);
    print_fewer(p, out);
    print_growth(p, out);
    if (p->worse) fputc('\n', out);
    print_doubts(p, p->worse, "worse, makes this node fail", "worse, these make this node fail",
                 out);
    print_doubts(p, p->better, "better, makes the smaller one do",
                 "better, these make the smaller one do", out);
}

/* JSON -------------------------------------------------------------------------------------- */

static json_t *number(double value) {
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *texts(const GPtrArray *all) {
    json_t *list = json_array();
    for (unsigned i = 0; all && i < all->len; i++)
        json_array_append_new(list, json_string(all->pdata[i]));
    return list;
}

static json_t *draft_json(const PlanDraft *d, const PlanTrial *t) {
    json_t *demands = json_array(), *resources = json_array();
    g_autoptr(GPtrArray) all = sorted(d);
    for (unsigned i = 0; i < d->demands->len; i++) {
        const PlanDemand *one = d->demands->pdata[i];
        json_array_append_new(demands, json_pack("{s:s, s:s, s:s, s:o, s:o}", "name", one->name,
                                                 "host", one->host, "source", one->source, "lost",
                                                 number(t->lost[i]), "latency_p99_us",
                                                 number(t->p99_us[i])));
    }
    for (unsigned i = 0; i < all->len; i++) {
        const PlanResource *r = all->pdata[i];
        json_array_append_new(resources,
                              json_pack("{s:s, s:f, s:f, s:s}", "name", r->name, "load", r->load,
                                        "capacity", r->capacity, "unit", r->unit));
    }
    return json_pack("{s:s, s:i, s:f, s:b, s:s?, s:i, s:o, s:o, s:o}", "boxes", d->boxes, "slots",
                     (int)d->slots, "price", d->price, "met", t->met, "why", t->why, "repetitions",
                     (int)t->repeat, "demands", demands, "resources", resources, "notes",
                     texts(d->notes));
}

json_t *plan_json(const Plan *p) {
    json_t *doc = json_pack("{s:s, s:f, s:o}", "schema", PLAN_SCHEMA, "grow", p->options.grow,
                            "reasons", texts(p->reasons));
    if (!p->draft) {
        json_object_set_new(doc, "draft", json_null());
        return doc;
    }
    json_t *hosts = json_object(), *fewer = json_object();
    for (unsigned kind = 0; kind < PLAN_KINDS; kind++) {
        const char *name = p->planner->kinds[kind];
        json_object_set_new(hosts, name,
                            json_pack("{s:i, s:i}", "number", (int)p->draft->hosts[kind],
                                      "relaxation", (int)p->draft->least[kind]));
        if (p->fewer[kind])
            json_object_set_new(fewer, name, draft_json(p->fewer[kind], &p->fewer_trial[kind]));
    }
    json_object_set_new(doc, "draft", draft_json(p->draft, &p->trial));
    json_object_set_new(doc, "hosts", hosts);
    json_object_set_new(doc, "fewer", fewer);
    json_object_set_new(doc, "growth",
                        json_pack("{s:o, s:o, s:o, s:s?}", "factor", number(p->factor), "low",
                                  number(p->factor_low), "high", number(p->factor_high), "breaks",
                                  p->breaks));
    json_object_set_new(doc, "assumed",
                        json_pack("{s:f, s:i, s:o, s:o}", "share", p->options.share, "numbers",
                                  (int)p->n_assumed, "worse", texts(p->worse), "better",
                                  texts(p->better)));
    return doc;
}

bool plan_write(const Plan *p, GError **error) {
    g_autofree char *path = g_build_filename(p->options.folder, "plan.json", NULL);
    json_t *json = plan_json(p);
    char *text = json_dumps(json, JSON_INDENT(1) | JSON_SORT_KEYS | JSON_REAL_PRECISION(12));
    bool ok = file_replace(path, text, strlen(text), error);
    free(text);
    json_decref(json);
    return ok;
}
