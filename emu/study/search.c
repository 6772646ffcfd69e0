/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A search as a whole: its dial and its sink, its goals, and who hunts them in which order. */
#include "emu/study/search_private.h"

#include <math.h>
#include <string.h>

#include "emu/study/hunt.h"

/* Both may be half of what is asked away, of which a trial may take a quarter (search.h). */
#define FINE_RESOLUTION(precision) ((precision) / 2)
#define COARSE_RESOLUTION(precision) (2 * (precision))
/* What a window has to hold: a quarter of the precision is then so many packets, and of a loss that
 * is allowed as many. */
#define TELLING_PACKETS 20
#define COARSE_WINDOW 0.25
#define COARSE_PACKETS 1000
#define LONGEST_WINDOW 1000.0
/* Of a queue that grows the share of packets that are in it does not fall with the window. */
#define GROWS 0.9
/* Trials over a range that is given, to see whether there is one change. */
#define LADDER 7
/* Coarse trials say nothing against the fine ones that are as near as that. */
#define NEAR 1.1
enum { MAX_TRIALS = 400 };
/* A hunt halves outwards so often, and no further where a range begins with zero. */
#define LEAST_FACTOR (1.0 / (1 << 30))

const double search_loads[SEARCH_LOADS] = {0.1, 0.5, 0.9};

/* The dial ---------------------------------------------------------------------------------- */

typedef struct {
    const char *section, *key; /* looked for; NULL: any */
    char *value;
    GPtrArray *sinks; /* names of what has a key `source` */
    GPtrArray *near;  /* every SECTION.KEY that is a number */
} Keys;

static void look(const char *section, const char *key, const Param *row, const char *value,
                 void *user) {
    Keys *k = user;
    if (!strcmp(key, "source") && row && row->type == PARAM_TYPE_LIST)
        g_ptr_array_add(k->sinks, g_strdup(section));
    if (row && param_sense(row)) g_ptr_array_add(k->near, g_strconcat(section, ".", key, NULL));
    if (!k->section || strcmp(section, k->section) != 0 || strcmp(key, k->key) != 0) return;
    g_free(k->value);
    k->value = g_strdup(value);
}

static Keys keys_of(const Scenario *s, const char *section, const char *key) {
    Keys k = {section, key, NULL, g_ptr_array_new_with_free_func(g_free),
              g_ptr_array_new_with_free_func(g_free)};
    scenario_each_key(s, look, &k);
    return k;
}

static void keys_clear(Keys *k) {
    g_free(k->value);
    g_ptr_array_unref(k->sinks);
    g_ptr_array_unref(k->near);
}

static bool find_sink(Search *x, GError **error) {
    Keys k = keys_of(x->scenario, NULL, NULL);
    const char *wanted = x->options.sink, *found = NULL;
    for (unsigned i = 0; i < k.sinks->len; i++)
        if (!strcmp(k.sinks->pdata[i], wanted ? wanted : "sink") || (!wanted && k.sinks->len == 1))
            found = k.sinks->pdata[i];
    x->sink = g_strdup(found);
    g_ptr_array_add(k.sinks, NULL);
    g_autofree char *list = g_strjoinv(", ", (char **)k.sinks->pdata);
    if (!found && wanted)
        input_error(error, "--sink: found \"%s\", expected one of %s", wanted, list);
    else if (!found)
        input_error(error,
                    "%s: found %s that could count losses, expected --sink to say which, or "
                    "--until with a condition",
                    scenario_name(x->scenario), *list ? list : "no sink");
    keys_clear(&k);
    return found != NULL;
}

/* The names of the sources that the sink measures; NULL ends them. */
static char **sources_of(const Search *x) {
    Keys k = keys_of(x->scenario, x->sink, "source");
    char **names = g_strsplit(k.value ? k.value : "", ",", -1);
    for (char **n = names; *n; n++) g_strstrip(*n);
    keys_clear(&k);
    return names;
}

static ScenarioChoice *choice_with(const GPtrArray *choices, const char *component,
                                   const char *key) {
    for (unsigned i = 0; i < choices->len; i++)
        if (scenario_choice_has(choices->pdata[i], component, key)) return choices->pdata[i];
    return NULL;
}

static bool add_rates(Search *x, SearchKind side, GError **error) {
    g_auto(GStrv) names = sources_of(x);
    for (char **n = names; *n; n++) {
        ScenarioChoice *c = choice_with(x->choices[side], *n, "rate");
        if (!c)
            return input_error(error,
                               "%s: found no rate of %s that could be searched, expected --vary "
                               "COMPONENT.KEY to say what",
                               scenario_name(x->scenario), *n);
        if (!g_ptr_array_find(x->dial[side], c, NULL)) g_ptr_array_add(x->dial[side], c);
    }
    return true;
}

static bool no_such_dial(const Search *x, GError **error) {
    Keys k = keys_of(x->scenario, NULL, NULL);
    g_ptr_array_add(k.near, NULL);
    const char *near = param_nearest(x->options.vary, (const char *const *)k.near->pdata);
    input_error(error, "--vary: found \"%s\", expected a number of a component, COMPONENT.KEY%s%s",
                x->options.vary, near ? "; the nearest is " : "", near ? near : "");
    keys_clear(&k);
    return false;
}

static bool add_varied(Search *x, SearchKind side, GError **error) {
    const char *vary = x->options.vary, *dot = strrchr(vary, '.');
    g_autofree char *component = dot ? g_strndup(vary, (size_t)(dot - vary)) : NULL;
    ScenarioChoice *c = dot ? choice_with(x->choices[side], component, dot + 1) : NULL;
    for (unsigned i = 0; !c && i < x->choices[side]->len; i++) {
        ScenarioChoice *named = x->choices[side]->pdata[i];
        if (!strcmp(named->name, vary)) c = named;
    }
    if (!c) return no_such_dial(x, error);
    g_ptr_array_add(x->dial[side], c);
    return true;
}

static const ScenarioChoice *dial_of(const Search *x, SearchKind side, unsigned n) {
    return x->dial[side]->pdata[n];
}

/* What a factor is of: the value as written, or, where that has none, the range's upper end. */
const char *search_base(const Search *x, unsigned n) {
    const ScenarioChoice *c = dial_of(x, FINE, n);
    double number = param_number_of(c->row, c->value);
    return isfinite(number) && number > 0 ? c->value : x->options.most;
}

/* The factor of an end of the range; `or`: there is none. */
static double factor_of(const Search *x, const char *text, double other) {
    const Param *row = dial_of(x, FINE, 0)->row;
    double base = param_number_of(row, search_base(x, 0)),
           end = text ? param_number_of(row, text) : NAN;
    return isfinite(end) ? end / base : other;
}

static bool check_dial(Search *x, GError **error) {
    const ScenarioChoice *c = dial_of(x, FINE, 0);
    const char *const ends[] = {x->options.least, x->options.most};
    for (unsigned i = 0; i < G_N_ELEMENTS(ends); i++) {
        g_autoptr(GError) cause = NULL;
        ParamValue value;
        if (!ends[i]) continue;
        if (!param_read(c->row, &value, ends[i], NULL, &cause))
            return input_error(error, "--range: %s", cause->message);
        param_value_clear(c->row, &value);
    }
    if (!search_base(x, 0))
        return input_error(error,
                           "--vary: found %s, which is %s, expected --range A..B to say where to "
                           "search",
                           c->name, *c->value ? c->value : "empty");
    if (factor_of(x, x->options.least, 0) >= factor_of(x, x->options.most, INFINITY))
        return input_error(error, "--range: found \"%s..%s\", expected the smaller end first",
                           x->options.least, x->options.most);
    return true;
}

static bool find_dial(Search *x, SearchSide sides[SIDES], GError **error) {
    for (SearchKind side = COARSE; side < SIDES; side++) {
        if (scenario_n_points(sides[side].scenario) != 1)
            return input_error(error,
                               "%s: found a study of %u points, expected one: --set fixes what "
                               "iterates",
                               scenario_name(x->scenario), scenario_n_points(sides[side].scenario));
        x->choices[side] = scenario_choices(sides[side].scenario);
        x->dial[side] = g_ptr_array_new();
        if (!(x->options.vary ? add_varied(x, side, error) : add_rates(x, side, error)))
            return false;
    }
    return check_dial(x, error);
}

/* Hunts ------------------------------------------------------------------------------------- */

/* Of one goal in one repetition. */
typedef struct {
    Hunt hunt;
    SearchGoal *goal;
    unsigned repetition;
    SearchTrial *trial; /* at hand */
    double window;      /* of the next */
} Quest;

typedef enum { PASSED, FAILED, OPEN } Verdict;

/* A trial that was made as long as it may be and still is open has failed. */
static Verdict verdict_of(const SearchWork *w, SearchKind side, const SearchGoal *goal,
                          const SearchTrial *t) {
    const Search *x = w->search;
    if (isnan(goal->loss)) return t->lost > 0 ? FAILED : PASSED; /* of the condition */
    double tolerance = x->options.precision / (side == FINE ? 4 : 1);
    if (!(t->lost <= goal->loss)) return FAILED;
    return 1 - t->carried <= goal->loss + tolerance ? PASSED : OPEN;
}

/* Whether one that is open has to be made longer: not if it has been already, and what did not come
 * has grown with it. */
static bool is_worth_more(const SearchWork *w, SearchKind side, const SearchTrial *t) {
    const Search *x = w->search;
    if (!search_may_last(w, side) || t->window > 3 * x->windows[side]) return false;
    for (unsigned i = 0; i < x->trials->len; i++) {
        const SearchTrial *half = x->trials->pdata[i];
        if (half->side == side && half->repetition == t->repetition && half->at == t->at &&
            half->window == t->window / 2 && half->run)
            return 1 - t->carried < GROWS * (1 - half->carried);
    }
    return true;
}

/* Whether there is nothing that can be written between the ends. */
static bool is_spent(const Search *x, const Hunt *h, double at) {
    if (!hunt_found(h)) return false;
    for (unsigned n = 0; n < x->dial[FINE]->len; n++) {
        g_autofree char *text = search_text(x, n, at), *no = search_text(x, n, h->no),
                        *yes = search_text(x, n, h->yes);
        if (strcmp(text, no) != 0 && strcmp(text, yes) != 0) return false;
    }
    return true;
}

/* The trial that the quest needs next, if it was not made yet; NULL: it is over, or goes on with
 * what is there. */
static bool ask(SearchWork *w, SearchKind side, Quest *q, GPtrArray *wanted, bool *any,
                GError **error) {
    for (;;) {
        double at = hunt_next(&q->hunt);
        q->trial = NULL;
        if (isnan(at)) return true;
        if (is_spent(w->search, &q->hunt, at)) {
            q->hunt.over = true;
            return true;
        }
        q->trial = search_trial(w, side, at, q->window, q->repetition, wanted, error);
        if (!q->trial) return false;
        if (!q->trial->run) {
            *any = true;
            return true;
        }
        Verdict v = verdict_of(w, side, q->goal, q->trial);
        if (v == OPEN && is_worth_more(w, side, q->trial)) {
            q->window *= 2;
            continue;
        }
        q->window = w->search->windows[side];
        hunt_learn(&q->hunt, at, v != PASSED);
    }
}

static bool hunt_all(SearchWork *w, SearchKind side, GArray *quests, GError **error) {
    for (;;) {
        g_autoptr(GPtrArray) wanted = g_ptr_array_new();
        bool any = false;
        for (unsigned i = 0; i < quests->len; i++)
            if (!ask(w, side, &g_array_index(quests, Quest, i), wanted, &any, error)) return false;
        if (!any) return true;
        if (w->search->trials->len > MAX_TRIALS)
            return input_error(
                error, "%s: found no end after %u trials, expected --range to say where to search",
                scenario_name(w->search->scenario), w->search->trials->len);
        if (!search_run(w, side, wanted, error)) return false;
    }
}

/* Whether less of the dial is worse: of what is faster with more, but for what a sender offers. */
static bool is_falling(const Search *x) {
    const ScenarioChoice *c = dial_of(x, FINE, 0);
    bool offered = false;
    for (unsigned i = 0; i < x->choices[FINE]->len; i++) {
        const ScenarioChoice *other = x->choices[FINE]->pdata[i];
        offered |= !strcmp(other->class, c->class) && !strcmp(other->row->name, "duration");
    }
    return param_sense(c->row) > 0 && !offered;
}

static Hunt new_hunt(const Search *x, double resolution) {
    const Param *row = dial_of(x, FINE, 0)->row;
    double least = factor_of(x, x->options.least ? x->options.least : row->min, 0),
           most = factor_of(x, x->options.most ? x->options.most : row->max, INFINITY);
    least = fmax(least, LEAST_FACTOR);
    return (Hunt){.no = NAN,
                  .yes = NAN,
                  .resolution = resolution,
                  .relative = true,
                  .start = CLAMP(1, least, most),
                  .step = 2,
                  .least = least,
                  .most = most,
                  .falling = is_falling(x),
                  .turned = !x->options.vary};
}

/* Continue from what was found: from what passed on, by what lay between; where all is one, from
 * the end of the range where the other was to be expected. */
static Hunt hunt_from(const Search *x, const Hunt *before, double resolution) {
    Hunt h = new_hunt(x, resolution);
    if (!hunt_found(before)) {
        bool down = isnan(before->no) ? !h.falling : h.falling;
        h.start = down ? h.least : h.most;
        return h;
    }
    h.start = before->no;
    h.step =
        fmax(fmax(before->no, before->yes) / fmin(before->no, before->yes), 1 + resolution / 2);
    h.falling = before->yes < before->no;
    return h;
}

static GArray *new_quests(const Search *x, SearchKind side, double resolution) {
    GArray *quests = g_array_new(FALSE, FALSE, sizeof(Quest));
    for (unsigned g = 0; g < x->goals->len; g++) {
        Quest q = {.hunt = new_hunt(x, resolution),
                   .goal = x->goals->pdata[g],
                   .window = x->windows[side]};
        g_array_append_val(quests, q);
    }
    return quests;
}

/* Goals ------------------------------------------------------------------------------------- */

static double packets_at_one(const SearchWork *w, SearchKind side, double at) {
    for (unsigned i = 0; i < w->search->trials->len; i++) {
        const SearchTrial *t = w->search->trials->pdata[i];
        if (t->side == side && t->at == at && t->run && t->window > 0)
            return t->offered / t->window;
    }
    return NAN;
}

/* Over a range that is given, whether it changes more than once. */
static bool climb(SearchWork *w, double window, GError **error) {
    const Search *x = w->search;
    if (!x->options.least) return true;
    g_autoptr(GPtrArray) wanted = g_ptr_array_new();
    Hunt h = new_hunt(x, 1);
    for (unsigned i = 0; i < LADDER; i++) {
        double at = h.least * pow(h.most / h.least, (double)i / (LADDER - 1));
        if (!search_trial(w, COARSE, at, window, 0, wanted, error)) return false;
    }
    return search_run(w, COARSE, wanted, error);
}

static bool coarse(SearchWork *w, GArray *quests, GError **error) {
    Search *x = w->search;
    x->windows[COARSE] = 1;
    if (search_may_last(w, COARSE)) {
        g_autoptr(GPtrArray) wanted = g_ptr_array_new();
        double start = g_array_index(quests, Quest, 0).hunt.start;
        SearchTrial *first = search_trial(w, COARSE, start, 1, 0, wanted, error);
        if (!first || (wanted->len && !search_run(w, COARSE, wanted, error))) return false;
        x->windows[COARSE] = CLAMP(COARSE_PACKETS / first->offered, COARSE_WINDOW, LONGEST_WINDOW);
    }
    for (unsigned i = 0; i < quests->len; i++)
        g_array_index(quests, Quest, i).window = x->windows[COARSE];
    return climb(w, x->windows[COARSE], error) && hunt_all(w, COARSE, quests, error);
}

/* Windows that hold enough packets where the coarse study found the answer. */
static void set_fine_window(SearchWork *w, const GArray *quests) {
    Search *x = w->search;
    x->windows[FINE] = 1;
    if (!search_may_last(w, FINE)) return;
    double most = 1;
    for (unsigned i = 0; i < quests->len; i++) {
        const Quest *q = &g_array_index(quests, Quest, i);
        double at = isnan(q->hunt.no) ? q->hunt.yes : q->hunt.no, n = packets_at_one(w, COARSE, at),
               need = 4 * TELLING_PACKETS / x->options.precision;
        if (q->goal->loss > 0) need = fmax(need, TELLING_PACKETS / q->goal->loss);
        if (n > 0) most = fmax(most, need / n);
    }
    x->windows[FINE] = fmin(most, LONGEST_WINDOW);
}

static void keep(SearchGoal *goal, unsigned repetition, const Hunt *h) {
    SearchBracket b = {h->no, h->yes, NAN};
    if (goal->brackets->len <= repetition) g_array_set_size(goal->brackets, repetition + 1);
    g_array_index(goal->brackets, SearchBracket, repetition) = b;
}

/* From the first goal's answer on, repetition by repetition; whether there are any that differ is
 * seen from the second. */
static bool repeat_fine(SearchWork *w, const GArray *first, GError **error) {
    Search *x = w->search;
    unsigned repeat = store_repeat(w->sides[FINE].store);
    const Quest *q = &g_array_index(first, Quest, 0);
    double at = isnan(q->hunt.no) ? q->hunt.yes : q->hunt.no;
    x->repeat = 1;
    if (repeat == 1) return true;
    g_autoptr(GPtrArray) wanted = g_ptr_array_new();
    SearchTrial *a = search_trial(w, FINE, at, x->windows[FINE], 0, wanted, error),
                *b = search_trial(w, FINE, at, x->windows[FINE], 1, wanted, error);
    if (!a || !b || !search_run(w, FINE, wanted, error)) return false;
    if (run_is_same(a->run, b->run)) return true;
    x->repeat = repeat;
    g_autoptr(GArray) quests = g_array_new(FALSE, FALSE, sizeof(Quest));
    for (unsigned r = 1; r < repeat; r++)
        for (unsigned g = 0; g < first->len; g++) {
            Quest more = g_array_index(first, Quest, g);
            more.hunt = hunt_from(x, &more.hunt, FINE_RESOLUTION(x->options.precision));
            more.repetition = r;
            more.window = x->windows[FINE];
            g_array_append_val(quests, more);
        }
    if (!hunt_all(w, FINE, quests, error)) return false;
    for (unsigned i = 0; i < quests->len; i++) {
        const Quest *done = &g_array_index(quests, Quest, i);
        keep(done->goal, done->repetition, &done->hunt);
    }
    return true;
}

static bool hunt_goals(SearchWork *w, GError **error) {
    Search *x = w->search;
    g_autoptr(GArray) quests = new_quests(x, COARSE, COARSE_RESOLUTION(x->options.precision));
    progress_say(x->options.run.progress, "looking where to search");
    if (!coarse(w, quests, error)) return false;
    set_fine_window(w, quests);
    for (unsigned i = 0; i < quests->len; i++) {
        Quest *q = &g_array_index(quests, Quest, i);
        q->hunt = hunt_from(x, &q->hunt, FINE_RESOLUTION(x->options.precision));
        q->window = x->windows[FINE];
    }
    if (!hunt_all(w, FINE, quests, error)) return false;
    for (unsigned i = 0; i < quests->len; i++) {
        const Quest *q = &g_array_index(quests, Quest, i);
        keep(q->goal, 0, &q->hunt);
    }
    return repeat_fine(w, quests, error);
}

/* Latencies below the first goal's rate ----------------------------------------------------- */

static bool measure_loads(SearchWork *w, double at, GError **error) {
    static const char *const names[] = {".latency_mean_us", ".latency_p99_us"};
    Search *x = w->search;
    g_autoptr(GPtrArray) wanted = g_ptr_array_new();
    g_autofree SearchTrial **trials = g_new(SearchTrial *, SEARCH_LOADS * x->repeat);
    for (unsigned i = 0; i < SEARCH_LOADS; i++)
        for (unsigned r = 0; r < x->repeat; r++) {
            SearchTrial *t =
                search_trial(w, FINE, at * search_loads[i], x->windows[FINE], r, wanted, error);
            if (!t) return false;
            trials[i * x->repeat + r] = t;
        }
    if (!search_run(w, FINE, wanted, error)) return false;
    for (unsigned i = 0; i < SEARCH_LOADS; i++) {
        x->loads[i] = trials[i * x->repeat];
        for (unsigned k = 0; k < G_N_ELEMENTS(names); k++) {
            g_autofree double *values = g_new(double, x->repeat);
            g_autofree char *name = g_strconcat(x->sink, names[k], NULL);
            for (unsigned r = 0; r < x->repeat; r++) {
                const RunScalar *scalar = run_scalar(trials[i * x->repeat + r]->run, name);
                values[r] = scalar ? scalar->value : NAN;
            }
            x->latency_us[i][k] = study_estimate_of(values, x->repeat, x->repeat > 1);
        }
    }
    return true;
}

/* Answers ----------------------------------------------------------------------------------- */

static void find_twists(SearchWork *w, SearchGoal *goal) {
    const Search *x = w->search;
    for (unsigned i = 0; i < x->trials->len; i++) {
        const SearchTrial *t = x->trials->pdata[i];
        if (t->repetition >= goal->brackets->len) continue;
        goal->trials += t->side == FINE;
        SearchBracket *b = &g_array_index(goal->brackets, SearchBracket, t->repetition);
        Verdict v = verdict_of(w, t->side, goal, t);
        double end = v == PASSED ? b->failed : b->passed, near = t->side == FINE ? 1 : NEAR;
        bool above = (b->failed < b->passed) == (v == FAILED);
        if (v != OPEN && (above ? t->at > end * near : t->at < end / near)) b->twist = t->at;
    }
}

static void conclude(SearchWork *w, SearchGoal *goal) {
    unsigned n = goal->brackets->len;
    g_autofree double *passed = g_new(double, n), *failed = g_new(double, n);
    find_twists(w, goal);
    for (unsigned r = 0; r < n; r++) {
        const SearchBracket *b = &g_array_index(goal->brackets, SearchBracket, r);
        passed[r] = b->passed;
        failed[r] = b->failed;
    }
    goal->passed = study_estimate_of(passed, n, n > 1);
    goal->failed = study_estimate_of(failed, n, n > 1);
    double a = goal->passed.mean, b = goal->failed.mean;
    goal->low = fmin(a, b) - (n > 1 ? (a < b ? goal->passed.half : goal->failed.half) : 0);
    goal->high = fmax(a, b) + (n > 1 ? (a < b ? goal->failed.half : goal->passed.half) : 0);
}

static bool search_all(SearchWork *w, GError **error) {
    Search *x = w->search;
    if (!hunt_goals(w, error)) return false;
    SearchGoal *first = x->goals->pdata[0];
    double at = g_array_index(first->brackets, SearchBracket, 0).passed;
    if (!x->options.until && !x->options.vary && !isnan(at) && !measure_loads(w, at, error))
        return false;
    for (unsigned g = 0; g < x->goals->len; g++) conclude(w, x->goals->pdata[g]);
    return true;
}

static void goal_free(void *data) {
    g_array_unref(((SearchGoal *)data)->brackets);
    g_free(data);
}

static void add_goal(Search *x, double loss) {
    SearchGoal *goal = g_new0(SearchGoal, 1);
    *goal = (SearchGoal){.loss = loss, .brackets = g_array_new(FALSE, TRUE, sizeof(SearchBracket))};
    g_ptr_array_add(x->goals, goal);
}

Search *search_new(SearchSide coarse_side, SearchSide fine, const SearchOptions *options,
                   GError **error) {
    Search *x = g_new0(Search, 1);
    *x = (Search){.options = *options,
                  .scenario = fine.scenario,
                  .repeat = 1,
                  .trials = g_ptr_array_new_with_free_func(search_trial_free),
                  .goals = g_ptr_array_new_with_free_func(goal_free)};
    SearchWork w = {.search = x, .sides = {coarse_side, fine}};
    if (options->until) add_goal(x, NAN);
    for (unsigned i = 0; !options->until && i < options->n_losses; i++)
        add_goal(x, options->losses[i]);
    bool counts = !options->until || !options->vary;
    bool ok = (!options->until || metric_check(options->until, false, error)) &&
              (!counts || find_sink(x, error)) && find_dial(x, w.sides, error);
    if (ok && counts) w.sources = sources_of(x);
    ok = ok && search_all(&w, error);
    g_strfreev(w.sources);
    if (ok) return x;
    search_free(x);
    return NULL;
}

void search_free(Search *x) {
    if (!x) return;
    g_ptr_array_unref(x->trials);
    g_ptr_array_unref(x->goals);
    for (SearchKind side = COARSE; side < SIDES; side++) {
        if (x->dial[side]) g_ptr_array_unref(x->dial[side]);
        if (x->choices[side]) g_ptr_array_unref(x->choices[side]);
    }
    g_free(x->sink);
    g_free(x);
}
