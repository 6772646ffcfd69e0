/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Plans: drafts, and their runs. */
#include "emu/study/plan.h"

#include <math.h>
#include <string.h>

#include "emu/study/file.h"

enum { MAX_DRAFTS = 6 };
/* Of everything together as much has to come within the window, but for what chance does to it. */
#define CARRIED 0.99
#define GROWTH_PRECISION 0.02
#define MOST_ASSUMED_RUNS 24u

/* Drafts ------------------------------------------------------------------------------------ */

static void demand_free(void *data) {
    PlanDemand *d = data;
    g_free(d->name);
    g_free(d->source);
    g_free(d->host);
    g_free(d);
}

static void resource_free(void *data) {
    g_free(((PlanResource *)data)->name);
    g_free(data);
}

PlanDraft *plan_draft_new(void) {
    PlanDraft *d = g_new0(PlanDraft, 1);
    d->demands = g_ptr_array_new_with_free_func(demand_free);
    d->resources = g_ptr_array_new_with_free_func(resource_free);
    d->notes = g_ptr_array_new_with_free_func(g_free);
    return d;
}

void plan_draft_free(void *draft) {
    PlanDraft *d = draft;
    if (!d) return;
    g_free(d->scenario);
    g_free(d->boxes);
    g_ptr_array_unref(d->demands);
    g_ptr_array_unref(d->resources);
    g_ptr_array_unref(d->notes);
    g_free(d);
}

void plan_draft_resource(PlanDraft *d, char *name, double load, double capacity, const char *unit) {
    PlanResource *r = g_new(PlanResource, 1);
    *r = (PlanResource){name, load, capacity, unit};
    g_ptr_array_add(d->resources, r);
}

static const PlanDemand *demand_at(const PlanDraft *d, unsigned n) {
    return d->demands->pdata[n];
}

/* A draft as a scenario that runs, with its store. */
typedef struct {
    Scenario *scenario;
    Store *store;
} Bench;

static void bench_close(Bench *b) {
    store_close(b->store);
    scenario_free(b->scenario);
    *b = (Bench){NULL, NULL};
}

/* Its file is NAME.ini, its runs are in NAME. What was there of another draft is discarded: the
 * folder is the plan's own. */
static bool bench_open(const Plan *p, const PlanDraft *d, const char *name, const char *runs,
                       bool fast, unsigned repeat, Bench *b, GError **error) {
    g_autofree char *file = g_strconcat(name, ".ini", NULL),
                    *path = g_build_filename(p->options.folder, file, NULL),
                    *folder = g_build_filename(p->options.folder, runs, NULL);
    const char *const set[] = {"scenario.timing=fast", NULL};
    *b = (Bench){NULL, NULL};
    if (!file_replace(path, d->scenario, strlen(d->scenario), error)) return false;
    b->scenario = scenario_load(path, fast ? set : NULL, p->options.classes, error);
    if (b->scenario)
        b->store = store_open(b->scenario, p->options.seed, repeat, folder, true, error);
    if (b->store) return true;
    bench_close(b);
    return false;
}

/* Runs of a draft --------------------------------------------------------------------------- */

static double scalar_of(const RunResult *r, const PlanDraft *d, unsigned n, const char *name) {
    g_autofree char *full = d->demands->len > 1
                                ? g_strconcat("sink.", demand_at(d, n)->source, ".", name, NULL)
                                : g_strconcat("sink.", name, NULL);
    const RunScalar *s = run_scalar(r, full);
    return s ? s->value : NAN;
}

/* How far it is from what was asked: above 0, it is not met. */
static double excess(const PlanDemand *d, double lost, double p99_us) {
    double late = isnan(d->latency_us) ? 0 : p99_us / d->latency_us - 1;
    return fmax(lost - d->loss, late > 0 ? late : 0);
}

/* The drop of most packets, as a sentence. */
static char *first_drop(const RunResult *r) {
    const RunScalar *most = NULL;
    for (unsigned i = 0; i < r->scalars->len; i++) {
        const RunScalar *s = &g_array_index(r->scalars, RunScalar, i);
        if (strstr(s->name, ".drop.") && s->value > 0 && (!most || s->value > most->value))
            most = s;
    }
    if (!most && r->unsteady) return g_strdup_printf("%s grows", r->unsteady);
    if (!most) return NULL;
    const char *dot = strstr(most->name, ".drop.");
    return g_strdup_printf("%.*s drops %.0f packets: %s", (int)(dot - most->name), most->name,
                           most->value, dot + strlen(".drop."));
}

static void judge_run(const PlanDraft *d, const RunResult *r, PlanTrial *t, double *worst) {
    const RunScalar *carried = run_scalar(r, "sink.carried_ratio");
    t->carried = fmin(t->carried, carried ? carried->value : NAN);
    double before = *worst;
    for (unsigned i = 0; i < d->demands->len; i++) {
        double lost = 1 - scalar_of(r, d, i, "delivered_ratio"),
               p99 = scalar_of(r, d, i, "latency_p99_us"), by = excess(demand_at(d, i), lost, p99);
        t->lost[i] = fmax(t->lost[i], lost);
        t->p99_us[i] = fmax(t->p99_us[i], p99);
        if (by > *worst) *worst = by, t->worst = (int)i;
    }
    bool grows = t->carried < CARRIED;
    if (*worst > before || (grows && !t->why)) {
        g_free(t->why);
        t->why = first_drop(r);
    }
    t->met = t->met && *worst <= 0 && !grows;
}

static void trial_clear(PlanTrial *t) {
    g_free(t->lost);
    g_free(t->p99_us);
    g_free(t->why);
    *t = (PlanTrial){0};
}

static PlanTrial judge(const PlanDraft *d, const GPtrArray *runs) {
    unsigned n = d->demands->len;
    PlanTrial t = {.repeat = runs->len,
                   .met = true,
                   .carried = INFINITY,
                   .worst = -1,
                   .lost = g_new(double, n),
                   .p99_us = g_new(double, n)};
    double worst = 0;
    for (unsigned i = 0; i < n; i++) t.lost[i] = t.p99_us[i] = NAN;
    for (unsigned r = 0; r < runs->len; r++) judge_run(d, runs->pdata[r], &t, &worst);
    return t;
}

/* All of them are ok, or why not. */
static bool are_ok(const GPtrArray *runs, GError **error) {
    for (unsigned i = 0; i < runs->len; i++) {
        const RunResult *r = runs->pdata[i];
        if (r->status != RUN_OK) return input_error(error, "%s", r->failure);
    }
    return true;
}

static bool try_draft(const Plan *p, const PlanDraft *d, const char *name, unsigned repeat,
                      PlanTrial *t, GError **error) {
    Bench b;
    if (!bench_open(p, d, name, name, p->options.fast, repeat, &b, error)) return false;
    g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(RunKey));
    for (unsigned r = 0; r < repeat; r++) {
        RunKey key = {0, r, true};
        g_array_append_val(keys, key);
    }
    GPtrArray *runs = run_complete(b.store, keys, &p->options.run, error);
    bool ok = runs && are_ok(runs, error);
    if (ok) *t = judge(d, runs);
    if (runs) g_ptr_array_unref(runs);
    bench_close(&b);
    return ok;
}

/* The smallest that is met ------------------------------------------------------------------ */

static unsigned kind_of_worst(const PlanDraft *d, const PlanTrial *t) {
    return demand_at(d, t->worst < 0 ? 0 : (unsigned)t->worst)->kind;
}

/* False: interrupted, or a file failed. Without a draft it cannot be done. */
static bool find_draft(Plan *p, const Network *asked, PlanSize *size, GError **error) {
    for (;;) {
        progress_say(p->options.run.progress, "trying a node");
        p->draft = p->planner->draft(asked, size, p->reasons);
        if (!p->draft) return true;
        g_autofree char *name = g_strdup_printf("draft-%u", p->refused);
        if (!try_draft(p, p->draft, name, p->options.repeat, &p->trial, error)) return false;
        if (p->trial.met) return true;
        unsigned kind = kind_of_worst(p->draft, &p->trial);
        g_ptr_array_add(p->reasons,
                        g_strdup_printf("%s, which bounds allow, loses: %s", p->draft->boxes,
                                        p->trial.why ? p->trial.why : "nothing in particular"));
        plan_draft_free(g_steal_pointer(&p->draft));
        trial_clear(&p->trial);
        if (++p->refused == MAX_DRAFTS) return true;
        size->more[kind]++;
    }
}

/* With one host of a kind less, if there is any: whether that fails. */
static bool try_fewer(Plan *p, const Network *asked, const PlanSize *size, unsigned kind,
                      GError **error) {
    if (!p->draft->hosts[kind]) return true;
    PlanSize less = *size;
    g_autoptr(GPtrArray) reasons = g_ptr_array_new_with_free_func(g_free);
    less.more[kind]--;
    less.forced = true;
    p->fewer[kind] = p->planner->draft(asked, &less, reasons);
    if (!p->fewer[kind]) {
        p->fewer_why[kind] = g_strdup(reasons->len ? reasons->pdata[0] : "");
        return true;
    }
    g_autofree char *name = g_strdup_printf("fewer-%s", p->planner->kinds[kind]);
    return try_draft(p, p->fewer[kind], name, 1, &p->fewer_trial[kind], error);
}

/* What is smaller and met takes the draft's place. */
static bool find_smallest(Plan *p, const Network *asked, GError **error) {
    PlanSize size = {.grow = p->options.grow};
    if (!find_draft(p, asked, &size, error)) return false;
    for (unsigned kind = 0; p->draft && kind < PLAN_KINDS; kind++) {
        if (!try_fewer(p, asked, &size, kind, error)) return false;
        while (p->fewer[kind] && p->fewer_trial[kind].met) {
            plan_draft_free(p->draft);
            trial_clear(&p->trial);
            trial_clear(&p->fewer_trial[kind]);
            p->draft = g_steal_pointer(&p->fewer[kind]);
            size.more[kind]--;
            g_autofree char *name = g_strdup_printf("draft-%u", ++p->refused);
            if (!try_draft(p, p->draft, name, p->options.repeat, &p->trial, error) ||
                !try_fewer(p, asked, &size, kind, error))
                return false;
        }
    }
    return true;
}

/* Growth ------------------------------------------------------------------------------------ */

/* That some demand is not met, of one run. */
static char *broken(const PlanDraft *d) {
    GString *e = g_string_new("sink.carried_ratio < 0.99");
    for (unsigned i = 0; i < d->demands->len; i++) {
        const PlanDemand *one = demand_at(d, i);
        g_autofree char *sink =
            d->demands->len > 1 ? g_strconcat("sink.", one->source, NULL) : g_strdup("sink");
        g_string_append_printf(e, " or %s.delivered_ratio < %.9g", sink, 1 - one->loss);
        if (!isnan(one->latency_us))
            g_string_append_printf(e, " or %s.latency_p99_us > %.9g", sink, one->latency_us);
    }
    return g_string_free(e, FALSE);
}

static void take_growth(Plan *p, const Search *x) {
    const SearchGoal *goal = x->goals->pdata[0];
    const SearchTrial *breaking = NULL;
    p->factor = goal->passed.mean;
    p->factor_low = goal->low;
    p->factor_high = goal->high;
    for (unsigned i = 0; i < x->trials->len; i++) {
        const SearchTrial *t = x->trials->pdata[i];
        bool breaks = t->side == FINE && t->run && !(t->at <= p->factor);
        if (breaks && (!breaking || t->at < breaking->at)) breaking = t;
    }
    if (!breaking) return;
    g_autoptr(GPtrArray) runs = g_ptr_array_new();
    g_ptr_array_add(runs, breaking->run);
    PlanTrial t = judge(p->draft, runs);
    GString *text = g_string_new(NULL);
    g_string_printf(text, "at %.4g times %s", breaking->at,
                    t.why ? t.why : "less comes out than goes in");
    if (t.worst >= 0) {
        const PlanDemand *d = demand_at(p->draft, (unsigned)t.worst);
        g_string_append_printf(text, "; %s loses %.3g%%, p99 %.4g us", d->name,
                               100 * t.lost[t.worst], t.p99_us[t.worst]);
    }
    p->breaks = g_string_free(text, FALSE);
    trial_clear(&t);
}

static bool measure_growth(Plan *p, GError **error) {
    Bench coarse, fine;
    g_autofree char *until = broken(p->draft);
    if (!bench_open(p, p->draft, "plan", "growth-short", p->options.fast, 1, &coarse, error))
        return false;
    if (!bench_open(p, p->draft, "plan", "growth", p->options.fast, 1, &fine, error)) {
        bench_close(&coarse);
        return false;
    }
    SearchOptions o = {
        .until = until, .sink = "sink", .precision = GROWTH_PRECISION, .run = p->options.run};
    Search *x = search_new((SearchSide){coarse.scenario, coarse.store},
                           (SearchSide){fine.scenario, fine.store}, &o, error);
    if (x) take_growth(p, x);
    bool ok = x != NULL;
    search_free(x);
    bench_close(&fine);
    bench_close(&coarse);
    return ok;
}

/* Assumed numbers --------------------------------------------------------------------------- */

typedef struct {
    const Plan *plan;
    const PlanDraft *draft;
    Bench bench;
    GPtrArray *assumed; /* ScenarioChoice */
    bool better, met;   /* which way; whether the draft is met as it is written */
    unsigned runs;
    GPtrArray *found;
} Doubt;

/* Some of them, one after the other, that are moved together. */
typedef struct {
    unsigned first, n, variant; /* 0: nothing moves, or it is refused */
    bool possible;
} Some;

static void move_some(Doubt *w, Some *some) {
    Scenario *s = w->bench.scenario;
    g_autoptr(GArray) moves = g_array_new(FALSE, FALSE, sizeof(ScenarioMove));
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    double share = w->plan->options.share;
    for (unsigned i = some->first; i < some->first + some->n; i++) {
        const ScenarioChoice *c = w->assumed->pdata[i];
        bool up = (param_sense(c->row) > 0) == w->better;
        ScenarioMove move = {c, param_moved(c->row, c->value, up ? 1 + share : 1 - share, NULL)};
        if (!move.text) continue;
        g_ptr_array_add(texts, (char *)move.text);
        g_array_append_val(moves, move);
    }
    some->possible = true;
    if (!moves->len) return;
    some->variant = scenario_vary(s, (const ScenarioMove *)(void *)moves->data, moves->len);
    some->possible = run_is_possible(s, w->plan->options.seed,
                                     scenario_variant_point(s, some->variant, 0), NULL);
}

/* Those that can be moved alone, as sizes that are powers of two cannot: a group with one that
 * cannot says nothing. */
static void keep_possible(Doubt *w) {
    for (unsigned i = 0; i < w->assumed->len;) {
        Some one = {i, 1, 0, false};
        move_some(w, &one);
        if (one.variant && one.possible)
            i++;
        else
            g_ptr_array_remove_index(w->assumed, i);
    }
}

/* What changes the answer is halved, and so is what is refused as a group. */
static void split(Doubt *w, const Some *some, bool yes, GArray *next) {
    if (!yes) return;
    if (some->n == 1) {
        ScenarioChoice *c = w->assumed->pdata[some->first];
        if (some->possible) g_ptr_array_add(w->found, g_strdup(c->name));
        return;
    }
    Some low = {some->first, some->n / 2, 0, false},
         high = {some->first + some->n / 2, some->n - some->n / 2, 0, false};
    g_array_append_val(next, low);
    g_array_append_val(next, high);
}

/* One step of all groups; those of the next are in `next`. */
static bool halve(Doubt *w, GArray *level, GArray *next, GError **error) {
    g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(RunKey));
    for (unsigned i = 0; i < level->len; i++) {
        Some *some = &g_array_index(level, Some, i);
        move_some(w, some);
        RunKey key = {scenario_variant_point(w->bench.scenario, some->variant, 0), 0, true};
        if (some->variant && some->possible) g_array_append_val(keys, key);
    }
    w->runs += keys->len;
    g_autoptr(GPtrArray) runs = run_complete(w->bench.store, keys, &w->plan->options.run, error);
    if (!runs || !are_ok(runs, error)) return false;
    for (unsigned i = 0, k = 0; i < level->len; i++) {
        const Some *some = &g_array_index(level, Some, i);
        bool yes = !some->possible;
        if (some->variant && some->possible) {
            g_autoptr(GPtrArray) one = g_ptr_array_new();
            g_ptr_array_add(one, runs->pdata[k++]);
            PlanTrial t = judge(w->draft, one);
            yes = t.met != w->met;
            trial_clear(&t);
        }
        split(w, some, yes, next);
    }
    return true;
}

/* Groups that do not change the answer hold no number that does; others are halved, as far as runs
 * go: what is left then is named with how many it is one of. */
static bool doubt(Doubt *w, GError **error) {
    g_autoptr(GArray) level = g_array_new(FALSE, FALSE, sizeof(Some));
    Some all = {0, w->assumed->len, 0, false};
    if (all.n) g_array_append_val(level, all);
    while (level->len && w->runs < MOST_ASSUMED_RUNS) {
        GArray *next = g_array_new(FALSE, FALSE, sizeof(Some));
        bool ok = halve(w, level, next, error);
        g_array_unref(level);
        level = next;
        if (!ok) return false;
    }
    for (unsigned i = 0; i < level->len; i++) {
        const Some *some = &g_array_index(level, Some, i);
        ScenarioChoice *c = w->assumed->pdata[some->first];
        g_ptr_array_add(w->found, some->n == 1
                                      ? g_strdup_printf("perhaps %s", c->name)
                                      : g_strdup_printf("perhaps one of %s and %u that follow",
                                                        c->name, some->n - 1));
    }
    return true;
}

/* Those of the boxes: not what the traffic is. */
static GPtrArray *assumed_of(const Scenario *s, const PlanDraft *d, const GPtrArray *choices) {
    GPtrArray *all = g_ptr_array_new();
    g_autofree char *rate = g_strconcat(demand_at(d, 0)->source, ".rate", NULL);
    const char *traffic = scenario_class_of(s, rate);
    for (unsigned i = 0; i < choices->len; i++) {
        ScenarioChoice *c = choices->pdata[i];
        if (c->kind == CHOICE_ASSUMED && strcmp(c->class, traffic) != 0 &&
            strcmp(c->class, "scenario") != 0)
            g_ptr_array_add(all, c);
    }
    return all;
}

static GPtrArray *doubts_of(Plan *p, const PlanDraft *d, const char *name, bool better, bool met,
                            GError **error) {
    Doubt w = {.plan = p,
               .draft = d,
               .better = better,
               .met = met,
               .found = g_ptr_array_new_with_free_func(g_free)};
    bool ok = bench_open(p, d, name, name, p->options.fast, 1, &w.bench, error);
    if (ok) {
        g_autoptr(GPtrArray) choices = scenario_choices(w.bench.scenario);
        w.assumed = assumed_of(w.bench.scenario, d, choices);
        keep_possible(&w);
        p->n_assumed = w.assumed->len;
        ok = doubt(&w, error);
        g_ptr_array_unref(w.assumed);
    }
    bench_close(&w.bench);
    if (ok) return w.found;
    g_ptr_array_unref(w.found);
    return NULL;
}

static bool measure_doubts(Plan *p, GError **error) {
    g_autofree char *name = g_strdup_printf("draft-%u", p->refused);
    progress_say(p->options.run.progress, "moving assumed numbers");
    p->worse = doubts_of(p, p->draft, name, false, true, error);
    if (!p->worse) return false;
    for (unsigned kind = 0; kind < PLAN_KINDS; kind++) {
        if (!p->fewer[kind] || p->better) continue;
        g_autofree char *fewer = g_strdup_printf("fewer-%s", p->planner->kinds[kind]);
        p->better = doubts_of(p, p->fewer[kind], fewer, true, false, error);
        if (!p->better) return false;
    }
    return true;
}

/* The whole --------------------------------------------------------------------------------- */

Plan *plan_new(const Planner *planner, const Network *asked, const PlanOptions *options,
               GError **error) {
    Plan *p = g_new0(Plan, 1);
    *p = (Plan){.planner = planner,
                .options = *options,
                .factor = NAN,
                .reasons = g_ptr_array_new_with_free_func(g_free)};
    bool ok = folder_make(options->folder, error) && find_smallest(p, asked, error);
    if (ok && p->draft) {
        g_autofree char *path = g_build_filename(options->folder, "plan.ini", NULL);
        ok = file_replace(path, p->draft->scenario, strlen(p->draft->scenario), error) &&
             (options->quick || (measure_growth(p, error) && measure_doubts(p, error)));
    }
    if (ok) return p;
    plan_free(p);
    return NULL;
}

void plan_free(Plan *p) {
    if (!p) return;
    plan_draft_free(p->draft);
    trial_clear(&p->trial);
    for (unsigned kind = 0; kind < PLAN_KINDS; kind++) {
        plan_draft_free(p->fewer[kind]);
        trial_clear(&p->fewer_trial[kind]);
        g_free(p->fewer_why[kind]);
    }
    if (p->worse) g_ptr_array_unref(p->worse);
    if (p->better) g_ptr_array_unref(p->better);
    g_ptr_array_unref(p->reasons);
    g_free(p->breaks);
    g_free(p);
}
