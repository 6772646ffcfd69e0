/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What limits a run: looking, deciding, trying. */
#include "emu/study/explain.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "emu/study/file.h"
#include "emu/study/move.h"

enum { MOST_SUSPECTS = 3, MOST_LEVERS = 3, NEIGHBOURS = 2 };
static const double full = 0.95, all_the_time = 0.995, some_wait = 0.02, step = 0.1, counts = 0.01,
                    carries_all = 0.995;

/* Looking ----------------------------------------------------------------------------------- */

static void resource_clear(void *data) {
    ResourceResult *r = data;
    g_free(r->component);
    g_free(r->name);
    g_free(r->levers);
    g_free(r->note);
}

static void hop_clear(void *data) {
    ExplainHop *h = data;
    g_free(h->end);
    g_free(h->component);
    g_free(h->cause);
}

static void seen_free(ExplainSeen *seen) {
    if (!seen) return;
    run_result_free(seen->run);
    g_array_unref(seen->resources);
    g_array_unref(seen->hops);
    g_array_unref(seen->suspects);
    g_free(seen);
}

/* The lines of a table of a record, without the head. */
static GStrv lines_of(const Store *store, const char *identity, const char *name, GError **error) {
    g_autofree char *folder = store_record(store, identity),
                    *path = g_build_filename(folder, name, NULL), *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, error)) return NULL;
    const char *body = strchr(text, '\n');
    return g_strsplit(body ? body + 1 : "", "\n", -1);
}

static bool read_resources(ExplainSeen *seen, const Store *store, GError **error) {
    g_auto(GStrv) lines = lines_of(store, seen->run->identity, "resources.tsv", error);
    for (unsigned i = 0; lines && lines[i]; i++) {
        g_auto(GStrv) f = g_strsplit(lines[i], "\t", -1);
        if (g_strv_length(f) != 10) continue;
        ResourceResult r = {.component = g_strdup(f[0]),
                            .name = g_strdup(f[1]),
                            .kind = g_intern_string(f[2]),
                            .does = (ResourceDoes)atoi(f[3]),
                            .order = g_ascii_strtod(f[4], NULL),
                            .used = g_ascii_strtod(f[5], NULL),
                            .waited = g_ascii_strtod(f[6], NULL),
                            .refused = g_ascii_strtod(f[7], NULL),
                            .levers = g_strdup(f[8]),
                            .note = *f[9] ? g_strdup(f[9]) : NULL};
        g_array_append_val(seen->resources, r);
    }
    return lines != NULL;
}

/* Sinks report the parts of their latency by cause, all of them, in the order of their numbers. */
static GPtrArray *cause_names(const RunResult *run) {
    GPtrArray *names = g_ptr_array_new();
    const char *whose = NULL;
    size_t length = 0;
    for (unsigned i = 0; i < run->scalars->len; i++) {
        const char *name = g_array_index(run->scalars, RunScalar, i).name,
                   *cause = strstr(name, ".cause.");
        if (!cause) continue;
        if (!whose) {
            whose = name;
            length = (size_t)(cause - name) + 1;
        }
        if (strncmp(name, whose, length) != 0) break;
        g_autofree char *word = g_strndup(cause + 7, strlen(cause + 7) - strlen("_us"));
        g_ptr_array_add(names, (char *)g_intern_string(word));
    }
    return names;
}

static int by_time(const void *a, const void *b) {
    const ExplainHop *x = a, *y = b;
    int end = compare_names(x->end, y->end);
    return end ? end : (x->ps < y->ps) - (x->ps > y->ps);
}

static bool read_hops(ExplainSeen *seen, const Store *store, GError **error) {
    g_auto(GStrv) lines = lines_of(store, seen->run->identity, "hops.tsv", error);
    g_autoptr(GPtrArray) causes = cause_names(seen->run);
    for (unsigned i = 0; lines && lines[i]; i++) {
        g_auto(GStrv) f = g_strsplit(lines[i], "\t", -1);
        if (g_strv_length(f) != 5) continue;
        unsigned cause = (unsigned)atoi(f[3]);
        ExplainHop h = {.end = g_strdup(f[0]),
                        .component = g_strdup(f[2]),
                        .cause = g_strdup(cause < causes->len ? causes->pdata[cause] : f[3]),
                        .packets = g_ascii_strtoull(f[1], NULL, 10),
                        .ps = g_ascii_strtoull(f[4], NULL, 10)};
        g_array_append_val(seen->hops, h);
    }
    g_array_sort(seen->hops, by_time);
    return lines != NULL;
}

/* NAME.what of a component, not NAME.PART.what. */
static bool is_own(const char *name, const char *what) {
    const char *dot = strchr(name, '.');
    return dot && !strcmp(dot + 1, what);
}

/* What sources say that they sent and sinks that they got. A sink that got nothing says nothing, if
 * another got some: it waits for what may not come. */
static void read_rates(ExplainSeen *seen) {
    bool heard = false;
    seen->carried = NAN;
    for (unsigned i = 0; i < seen->run->scalars->len; i++) {
        const RunScalar *s = &g_array_index(seen->run->scalars, RunScalar, i);
        heard |= is_own(s->name, "carried_ratio") && s->value > 0;
    }
    for (unsigned i = 0; i < seen->run->scalars->len; i++) {
        const RunScalar *s = &g_array_index(seen->run->scalars, RunScalar, i);
        if (!isfinite(s->value)) continue;
        if (is_own(s->name, "offered_pps")) seen->offered += s->value;
        if (is_own(s->name, "delivered_pps")) seen->delivered += s->value;
        if (is_own(s->name, "carried_ratio") && (s->value > 0 || !heard))
            seen->carried = fmin(seen->carried, s->value);
    }
    seen->limited = seen->carried < carries_all || seen->run->unsteady;
}

/* Of the slowest sink. */
static void read_latency(ExplainSeen *seen) {
    seen->latency_us = NAN;
    for (unsigned i = 0, k; i < seen->hops->len; i = k) {
        const ExplainHop *first = &g_array_index(seen->hops, ExplainHop, i);
        double sum = 0;
        for (k = i; k < seen->hops->len; k++) {
            const ExplainHop *h = &g_array_index(seen->hops, ExplainHop, k);
            if (strcmp(h->end, first->end) != 0) break;
            sum += (double)h->ps;
        }
        double us = sum / (double)first->packets / 1e6;
        if (seen->latency_end && us <= seen->latency_us) continue;
        seen->latency_us = us;
        seen->latency_end = first->end;
    }
}

double explain_latency(const ExplainSeen *seen, const char *end) {
    double sum = 0, packets = NAN;
    for (unsigned i = 0; i < seen->hops->len; i++) {
        const ExplainHop *h = &g_array_index(seen->hops, ExplainHop, i);
        if (strcmp(h->end, end) != 0) continue;
        sum += (double)h->ps;
        packets = (double)h->packets;
    }
    return sum / packets / 1e6;
}

/* Deciding ---------------------------------------------------------------------------------- */

static const ResourceResult *resource_at(const ExplainSeen *seen, unsigned n) {
    return &g_array_index(seen->resources, ResourceResult, n);
}

/* 0: it limits nothing; else larger is likelier. */
static double suspicion(const ExplainSeen *seen, const ResourceResult *r) {
    const RunScalar *created = run_scalar(seen->run, "run.packets_created");
    double matters = created ? created->value / 1000 : 0;
    switch (r->does) {
    case RESOURCE_MISSING: return r->refused > 10 * matters ? 3e6 + r->refused : 0;
    case RESOURCE_SERVES:
        return r->used >= all_the_time || (r->used >= full && r->waited >= some_wait)
                   ? 2e6 + 1e3 * r->order
                   : 0;
    case RESOURCE_HOLDS: return r->refused > matters ? 1e6 + 1e3 * r->order : 0;
    default: return 0;
    }
}

static int by_suspicion(const void *a, const void *b, void *user) {
    const ExplainSeen *seen = user;
    double x = suspicion(seen, resource_at(seen, *(const unsigned *)a)),
           y = suspicion(seen, resource_at(seen, *(const unsigned *)b));
    return x != y ? (x < y) - (x > y) : 0;
}

static void suspect(ExplainSeen *seen) {
    for (unsigned i = 0; seen->limited && i < seen->resources->len; i++)
        if (suspicion(seen, resource_at(seen, i)) > 0) g_array_append_val(seen->suspects, i);
    g_array_sort_with_data(seen->suspects, by_suspicion, seen);
}

static int suspect_at(const ExplainSeen *seen, unsigned n) {
    return n < seen->suspects->len ? (int)g_array_index(seen->suspects, unsigned, n) : -1;
}

/* Two of a kind that stand beside each other, "port 1" and "port 2", are one answer. */
bool explain_are_alike(const ResourceResult *a, const ResourceResult *b) {
    if (a->kind != b->kind || strcmp(a->component, b->component) != 0) return false;
    const char *p = a->name, *q = b->name;
    for (;; p++, q++) {
        p += strspn(p, "0123456789");
        q += strspn(q, "0123456789");
        if (*p != *q) return false;
        if (!*p) return true;
    }
}

/* Running ----------------------------------------------------------------------------------- */

typedef struct {
    Explanation *x;
    const ExplainOptions *options;
    Store *store;
    uint64_t seed;
    unsigned repetition;
    GPtrArray *choices;
    GHashTable *known; /* "resource key ..." of what was moved -> it */
} Trying;

static ExplainSeen *look(const Trying *s, RunResult *run, GError **error) {
    ExplainSeen *seen = g_new0(ExplainSeen, 1);
    *seen = (ExplainSeen){.run = run,
                          .resources = g_array_new(FALSE, FALSE, sizeof(ResourceResult)),
                          .hops = g_array_new(FALSE, FALSE, sizeof(ExplainHop)),
                          .suspects = g_array_new(FALSE, FALSE, sizeof(unsigned))};
    g_array_set_clear_func(seen->resources, resource_clear);
    g_array_set_clear_func(seen->hops, hop_clear);
    if (!read_resources(seen, s->store, error) || !read_hops(seen, s->store, error)) {
        seen_free(seen);
        return NULL;
    }
    read_rates(seen);
    read_latency(seen);
    suspect(seen);
    return seen;
}

/* Compute variants; a run that fails is left NULL. False: it could not be recorded, or interrupted.
 */
static bool run_variants(const Trying *s, const unsigned *variants, unsigned n, ExplainSeen **seen,
                         GError **error) {
    g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(RunKey));
    for (unsigned i = 0; i < n; i++) {
        RunKey key = {scenario_variant_point(s->x->scenario, variants[i], 0), s->repetition, true};
        g_array_append_val(keys, key);
    }
    g_autoptr(GPtrArray) results = run_all(s->store, keys, &s->options->run);
    bool ok = true;
    for (unsigned i = 0; i < n; i++) {
        RunResult *r = results->pdata[i];
        seen[i] = NULL;
        if (r->status == RUN_MISSING && ok) {
            ok = false;
            if (!*s->options->run.interrupted)
                g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "%s", r->failure);
        }
        if (r->status != RUN_OK || !ok) continue;
        results->pdata[i] = NULL;
        ok = (seen[i] = look(s, r, error)) != NULL;
    }
    return ok;
}

static bool run_base(const Trying *s, uint64_t fingerprint, GError **error) {
    unsigned written = 0;
    if (!run_variants(s, &written, 1, &s->x->base, error)) return false;
    if (!s->x->base) return input_error(error, "the run fails");
    if (s->x->base->run->fingerprint == fingerprint) return true;
    return input_error(error,
                       "the run does not come out again as it was recorded (fingerprint "
                       "%016" G_GINT64_MODIFIER "x, recorded %016" G_GINT64_MODIFIER
                       "x): it was made by another build or from another scenario",
                       s->x->base->run->fingerprint, fingerprint);
}

/* Moving ------------------------------------------------------------------------------------ */

/* "key" of the resource's component, "OTHER.key" or "@2.key" of the link at a port. */
static const ScenarioChoice *choice_of(const Trying *s, const ResourceResult *r,
                                       const char *lever) {
    const char *dot = strchr(lever, '.');
    if (!dot) return scenario_choice_of(s->x->scenario, s->choices, r->component, -1, lever, 0);
    g_autofree char *who = g_strndup(lever, (size_t)(dot - lever));
    return *who == '@' ? scenario_choice_of(s->x->scenario, s->choices, r->component, atoi(who + 1),
                                            dot + 1, 0)
                       : scenario_choice_of(s->x->scenario, s->choices, who, -1, dot + 1, 0);
}

static void move_free(void *data) {
    ExplainMove *m = data;
    seen_free(m->seen);
    g_free(m->name);
    g_free(m->from);
    g_free(m->to);
    g_free(m->then);
    g_free(m);
}

/* The choices that make more of the resource by its n-th lever, and of those like it that may limit
 * too. */
static GPtrArray *choices_of(const Trying *s, unsigned resource, unsigned n) {
    GPtrArray *list = g_ptr_array_new();
    const ExplainSeen *base = s->x->base;
    const ResourceResult *own = resource_at(base, resource);
    for (unsigned i = 0; i < base->resources->len; i++) {
        const ResourceResult *r = resource_at(base, i);
        bool with_it = own->does == RESOURCE_OFFERS
                           ? r->does == RESOURCE_OFFERS
                           : explain_are_alike(own, r) && suspicion(base, r) > 0;
        if (i != resource && !with_it) continue;
        g_auto(GStrv) levers = g_strsplit(r->levers, " ", -1);
        if (n >= g_strv_length(levers)) continue;
        const ScenarioChoice *c = choice_of(s, r, levers[n]);
        if (c && !g_ptr_array_find(list, c, NULL)) g_ptr_array_add(list, (void *)c);
    }
    return list;
}

static bool is_more(const ScenarioChoice *c) {
    return param_sense(c->row) > 0;
}

/* A move of the resource's n-th lever, in the sense that makes more of it, or less. NULL: there is
 * no such parameter, it cannot be moved, or it was. *variant is to be run. */
static ExplainMove *move_new(const Trying *s, unsigned resource, unsigned n, bool more,
                             unsigned *variant) {
    g_autoptr(GPtrArray) list = choices_of(s, resource, n);
    g_autoptr(GArray) moves = g_array_new(FALSE, FALSE, sizeof(ScenarioMove));
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    const ScenarioChoice *first = NULL;
    g_autoptr(GString) id = g_string_new(more ? "+" : "-");
    for (unsigned i = 0; i < list->len; i++) {
        const ScenarioChoice *c = list->pdata[i];
        g_autofree char *why = NULL;
        char *text = choice_moved(s->x->scenario, s->seed, c, is_more(c) == more, step, &why);
        if (!text) continue;
        g_ptr_array_add(texts, text);
        ScenarioMove move = {c, text};
        g_array_append_val(moves, move);
        g_string_append_printf(id, " %s", c->name);
        if (!first) first = c;
    }
    if (!first || !g_hash_table_add(s->known, g_strdup(id->str))) return NULL;
    ExplainMove *m = g_new0(ExplainMove, 1);
    *m = (ExplainMove){.resource = resource,
                       .name = g_strdup(first->name),
                       .from = g_strdup(first->value),
                       .to = g_strdup(texts->pdata[0]),
                       .places = moves->len,
                       .by = param_number_of(first->row, texts->pdata[0]) /
                                 param_number_of(first->row, first->value) -
                             1,
                       .kind = first->kind,
                       .gain = NAN};
    *variant = scenario_vary(s->x->scenario, (ScenarioMove *)(void *)moves->data, moves->len);
    return m;
}

static unsigned runs_left(const Trying *s) {
    return s->options->runs - MIN(s->options->runs, s->x->n_runs);
}

/* Run moves that `collect` adds; their gains in `what` is delivered. */
typedef struct {
    GPtrArray *moves; /* ExplainMove */
    GArray *variants; /* unsigned */
} Batch;

static void batch_add(const Trying *s, Batch *b, unsigned resource, unsigned lever, bool more) {
    unsigned variant;
    ExplainMove *m = move_new(s, resource, lever, more, &variant);
    if (!m) return;
    if (b->moves->len >= runs_left(s)) {
        s->x->n_skipped++;
        move_free(m);
        return;
    }
    g_ptr_array_add(b->moves, m);
    g_array_append_val(b->variants, variant);
}

static bool batch_run(Trying *s, Batch *b, GPtrArray *to, GError **error) {
    unsigned n = b->moves->len;
    g_autofree ExplainSeen **seen = g_new0(ExplainSeen *, n + 1);
    bool ok = !n || run_variants(s, (unsigned *)(void *)b->variants->data, n, seen, error);
    for (unsigned i = 0; i < n; i++) {
        ExplainMove *m = b->moves->pdata[i];
        m->seen = seen[i];
        if (m->seen) {
            const ExplainSeen *base = s->x->base;
            m->gain = base->delivered > 0      ? m->seen->delivered / base->delivered - 1
                      : m->seen->delivered > 0 ? INFINITY
                                               : 0;
        }
        g_ptr_array_add(to, m);
    }
    s->x->n_runs += n;
    g_ptr_array_unref(b->moves);
    g_array_unref(b->variants);
    return ok;
}

static Batch batch_new(void) {
    return (Batch){g_ptr_array_new(), g_array_new(FALSE, FALSE, sizeof(unsigned))};
}

/* What limits ------------------------------------------------------------------------------- */

/* More of a suspect by each of its first levers. */
static bool try_suspect(Trying *s, unsigned resource, bool *gained, GError **error) {
    Explanation *x = s->x;
    Batch b = batch_new();
    unsigned first = x->moves->len;
    for (unsigned lever = 0; lever < 8 && b.moves->len < MOST_LEVERS; lever++)
        batch_add(s, &b, resource, lever, true);
    if (!batch_run(s, &b, x->moves, error)) return false;
    *gained = false;
    for (unsigned i = first; i < x->moves->len; i++) {
        const ExplainMove *m = x->moves->pdata[i];
        if (!(m->gain >= counts)) continue;
        *gained = true;
        if (!x->best || m->gain > x->best->gain) x->best = m;
    }
    return true;
}

static bool find_limit(Trying *s, GError **error) {
    Explanation *x = s->x;
    x->limit = suspect_at(x->base, 0);
    for (unsigned n = 0; n < MOST_SUSPECTS && n < x->base->suspects->len && runs_left(s); n++) {
        int resource = suspect_at(x->base, n);
        bool gained, alike = false;
        for (unsigned k = 0; k < n; k++)
            alike |= explain_are_alike(resource_at(x->base, (unsigned)suspect_at(x->base, k)),
                                       resource_at(x->base, (unsigned)resource));
        if (alike) continue;
        if (!try_suspect(s, (unsigned)resource, &gained, error)) return false;
        if (gained) {
            x->limit = resource;
            x->confirmed = true;
            return true;
        }
        g_array_append_val(x->tried, resource);
    }
    return true;
}

/* Nothing limits it: does more of what is offered carry more? */
static bool try_load(Trying *s, GError **error) {
    Explanation *x = s->x;
    Batch b = batch_new();
    for (unsigned i = 0; !x->base->limited && i < x->base->resources->len; i++)
        if (resource_at(x->base, i)->does == RESOURCE_OFFERS && b.moves->len < MOST_LEVERS)
            batch_add(s, &b, i, 0, true);
    unsigned first = x->moves->len;
    if (!batch_run(s, &b, x->moves, error)) return false;
    for (unsigned i = first; i < x->moves->len; i++) {
        const ExplainMove *m = x->moves->pdata[i];
        if (m->gain >= counts && (!x->best || m->gain > x->best->gain)) x->best = m;
    }
    return true;
}

/* The nearest to its limit of those that work, besides what limits and those before it that only
 * wait for it. */
static void find_next(Explanation *x) {
    const ExplainSeen *seen = x->base;
    x->next = -1;
    /* What limits the run that carries most is next, if it is another. */
    int then = x->best && x->limit >= 0 && x->best->seen ? suspect_at(x->best->seen, 0) : -1;
    if (then >= 0) {
        const ResourceResult *r = resource_at(x->best->seen, (unsigned)then);
        for (unsigned i = 0; i < seen->resources->len; i++)
            if (explain_are_alike(r, resource_at(seen, i)) &&
                !explain_are_alike(r, resource_at(seen, (unsigned)x->limit)) && x->next < 0)
                x->next = (int)i;
    }
    if (x->next >= 0) return;
    double most = 0;
    for (unsigned i = 0; i < seen->resources->len; i++) {
        const ResourceResult *r = resource_at(seen, i);
        bool own = x->limit >= 0 && explain_are_alike(r, resource_at(seen, (unsigned)x->limit));
        if (r->does != RESOURCE_SERVES || own || r->used <= most || r->used >= all_the_time)
            continue;
        most = r->used;
        x->next = (int)i;
    }
}

/* Against the answer ------------------------------------------------------------------------- */

static bool is_unpublished(const Trying *s, unsigned resource, unsigned lever) {
    g_autoptr(GPtrArray) list = choices_of(s, resource, lever);
    const ScenarioChoice *c = list->len ? list->pdata[0] : NULL;
    return c && (c->kind == CHOICE_ASSUMED || c->kind == CHOICE_FITTED);
}

static bool is_other_answer(const Explanation *x, const ExplainSeen *seen) {
    int now = suspect_at(seen, 0);
    if (x->limit < 0 || now < 0) return (x->limit < 0) != (now < 0) && seen->limited;
    return !explain_are_alike(resource_at(x->base, (unsigned)x->limit),
                              resource_at(seen, (unsigned)now));
}

static void add_against(Trying *s, Batch *b, unsigned resource, bool more) {
    for (unsigned lever = 0; lever < 8; lever++) {
        if (is_unpublished(s, resource, lever)) batch_add(s, b, resource, lever, more);
    }
}

/* Of those that work and are used most, besides the limit. */
static GArray *neighbours(const Explanation *x) {
    GArray *list = g_array_new(FALSE, FALSE, sizeof(unsigned));
    for (unsigned n = 0; n < NEIGHBOURS; n++) {
        int best = -1;
        for (unsigned i = 0; i < x->base->resources->len; i++) {
            const ResourceResult *r = resource_at(x->base, i);
            bool taken =
                x->limit >= 0 && explain_are_alike(r, resource_at(x->base, (unsigned)x->limit));
            for (unsigned k = 0; k < list->len; k++)
                taken |=
                    explain_are_alike(r, resource_at(x->base, g_array_index(list, unsigned, k)));
            if (taken || r->does != RESOURCE_SERVES || r->used < 0.5) continue;
            if (best < 0 || r->used > resource_at(x->base, (unsigned)best)->used) best = (int)i;
        }
        if (best < 0) break;
        g_array_append_val(list, best);
    }
    return list;
}

/* What was moved to make more of the limit is against the answer too. */
static void note_other_answers(const Explanation *x, GPtrArray *moves) {
    for (unsigned i = 0; i < moves->len; i++) {
        ExplainMove *m = moves->pdata[i];
        if (!m->seen || !is_other_answer(x, m->seen)) continue;
        int now = suspect_at(m->seen, 0);
        m->then = now < 0 ? g_strdup("nothing") : explain_name(resource_at(m->seen, (unsigned)now));
    }
}

static bool try_against(Trying *s, GError **error) {
    Explanation *x = s->x;
    Batch b = batch_new();
    g_autoptr(GArray) near = neighbours(x);
    if (x->limit >= 0) add_against(s, &b, (unsigned)x->limit, true);
    for (unsigned i = 0; i < near->len; i++)
        add_against(s, &b, g_array_index(near, unsigned, i), false);
    if (!batch_run(s, &b, x->against, error)) return false;
    note_other_answers(x, x->moves);
    note_other_answers(x, x->against);
    return true;
}

/* Latency ------------------------------------------------------------------------------------ */

/* Where and why packets of the sink spent most. */
static const ExplainHop *longest(const Explanation *x) {
    for (unsigned i = 0; i < x->base->hops->len; i++) {
        const ExplainHop *h = &g_array_index(x->base->hops, ExplainHop, i);
        if (!strcmp(h->end, x->base->latency_end)) return h;
    }
    return NULL;
}

static bool is_of(const ResourceResult *r, const char *component) {
    size_t n = strlen(component);
    return !strcmp(r->component, component) ||
           (r->levers && !strncmp(r->levers, component, n) && r->levers[n] == '.');
}

/* What is waited for most where packets spend most, of other kinds than `but`; -1: nothing is. */
static int most_waited(const Explanation *x, const char *component, const char *but) {
    int best = -1;
    for (unsigned i = 0; i < x->base->resources->len; i++) {
        const ResourceResult *r = resource_at(x->base, i);
        if (r->does != RESOURCE_SERVES || !is_of(r, component) || r->waited < some_wait) continue;
        if (r->kind == but) continue;
        if (best < 0 || r->waited > resource_at(x->base, (unsigned)best)->waited) best = (int)i;
    }
    return best;
}

/* Two kinds of what is waited for, both ways. */
static bool try_latency(Trying *s, GError **error) {
    Explanation *x = s->x;
    const ExplainHop *h = x->base->latency_end ? longest(x) : NULL;
    const char *but = NULL;
    Batch b = batch_new();
    for (unsigned n = 0; h && n < 2; n++) {
        int resource = most_waited(x, h->component, but);
        if (resource < 0) break;
        batch_add(s, &b, (unsigned)resource, 0, true);
        batch_add(s, &b, (unsigned)resource, 0, false);
        but = resource_at(x->base, (unsigned)resource)->kind;
    }
    return batch_run(s, &b, x->latency_moves, error);
}

/* All of it ---------------------------------------------------------------------------------- */

Explanation *explain_new(Scenario *one, uint64_t seed, unsigned repetition, uint64_t fingerprint,
                         const char *tmp, const ExplainOptions *options, GError **error) {
    Explanation *x = g_new0(Explanation, 1);
    *x = (Explanation){.scenario = one,
                       .limit = -1,
                       .next = -1,
                       .tried = g_array_new(FALSE, FALSE, sizeof(int)),
                       .moves = g_ptr_array_new_with_free_func(move_free),
                       .latency_moves = g_ptr_array_new_with_free_func(move_free),
                       .against = g_ptr_array_new_with_free_func(move_free)};
    Trying s = {.x = x,
                .options = options,
                .seed = seed,
                .repetition = repetition,
                .store = store_open(one, seed, repetition + 1, tmp, false, error),
                .choices = scenario_choices(one),
                .known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL)};
    bool ok = s.store && run_base(&s, fingerprint, error) && find_limit(&s, error) &&
              try_load(&s, error) && try_latency(&s, error);
    if (ok) find_next(x);
    ok = ok && try_against(&s, error);
    store_close(s.store);
    g_ptr_array_unref(s.choices);
    g_hash_table_unref(s.known);
    if (ok) return x;
    explain_free(x);
    return NULL;
}

void explain_free(Explanation *x) {
    if (!x) return;
    seen_free(x->base);
    g_array_unref(x->tried);
    g_ptr_array_unref(x->moves);
    g_ptr_array_unref(x->latency_moves);
    g_ptr_array_unref(x->against);
    g_free(x);
}
