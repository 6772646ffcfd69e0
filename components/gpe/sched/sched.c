/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Queues that all disciplines share, and the list of disciplines. */
#include "components/gpe/sched/sched.h"

#include <string.h>

#define X(name) extern const SchedOps name##_sched;
SCHEDULERS(X)
#undef X
#define X(name) &name##_sched,
static const SchedOps *const disciplines[] = {SCHEDULERS(X) NULL};
#undef X

const SchedOps *sched_nth(unsigned n) {
    return n < G_N_ELEMENTS(disciplines) ? disciplines[n] : NULL;
}

static const SchedOps *find(const char *name, GError **error) {
    g_autoptr(GString) names = g_string_new(NULL);
    for (unsigned i = 0; disciplines[i]; i++) {
        if (!strcmp(disciplines[i]->name, name)) return disciplines[i];
        g_string_append_printf(names, "%s%s", i ? ", " : "", disciplines[i]->name);
    }
    input_error(error, "found \"%s\", expected one of %s", name, names->str);
    return NULL;
}

/* "KEY=VALUE", of the discipline's own table. */
static bool set(Sched *s, const char *word, GError **error) {
    static const Param none[] = {{0}};
    g_auto(GStrv) parts = g_strsplit(word, "=", 2);
    const Param *row = param_find(s->ops->params ? s->ops->params : none, parts[0]);
    if (row && parts[1]) return param_set(row, s->own, parts[1], NULL, error);
    if (!s->ops->params)
        return input_error(error, "found \"%s\", but %s has no settings", word, s->ops->name);
    g_autoptr(GString) keys = g_string_new(NULL);
    for (row = s->ops->params; row->name; row++)
        g_string_append_printf(keys, "%s%s", keys->len ? ", " : "", row->name);
    return input_error(error, "found \"%s\", expected KEY=VALUE with a setting of %s: %s", word,
                       s->ops->name, keys->str);
}

bool sched_init(Sched *s, const char *text, unsigned n_cores, const SchedSettings *settings,
                GError **error) {
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    const SchedOps *ops = find(words[0] ? words[0] : "", error);
    g_assert(n_cores >= 1 && n_cores <= SCHED_MAX_CORES);
    if (!ops) return false;
    *s = (Sched){.ops = ops, .n_cores = n_cores, .settings = *settings};
    s->own = g_malloc0(ops->size);
    if (ops->params) param_set_defaults(ops->params, s->own);
    for (unsigned i = 1; words[i]; i++)
        if (*words[i] && !set(s, words[i], error)) {
            sched_clear(s);
            return false;
        }
    return true;
}

void sched_clear(Sched *s) {
    if (s->ops && s->ops->params) param_clear(s->ops->params, s->own);
    g_clear_pointer(&s->own, g_free);
    s->ops = NULL;
}

void sched_add(Sched *s, SchedTask *t) {
    t->own = g_malloc0(s->ops->task_size);
    t->state = SCHED_ASLEEP;
    t->slice = (unsigned)s->settings.slice;
    if (s->ops->add) s->ops->add(s, t);
}

void sched_task_clear(SchedTask *t) {
    g_clear_pointer(&t->own, g_free);
}

bool sched_share_check(const SchedShare *share, const SchedSettings *settings, GError **error) {
    if (share->rate < 1 || share->rate > settings->interval)
        input_error(error,
                    "rate: found %" G_GUINT64_FORMAT " tokens, expected 1 to %" G_GUINT64_FORMAT
                    ", the whole core",
                    share->rate, settings->interval);
    else if (share->max < 1)
        input_error(error, "max: found 0 tokens, expected 1 or more");
    else if (share->min < 1 || share->min > share->max)
        input_error(error,
                    "min: found %" G_GUINT64_FORMAT " tokens, expected 1 to max, which is "
                    "%" G_GUINT64_FORMAT,
                    share->min, share->max);
    else if (share->initial > share->max)
        input_error(error,
                    "initial: found %" G_GUINT64_FORMAT " tokens, expected up to max, which is "
                    "%" G_GUINT64_FORMAT,
                    share->initial, share->max);
    else
        return true;
    return false;
}

void sched_put(SchedQueue *q, SchedTask *t) {
    t->queue = q;
    t->next = NULL;
    t->prev = q->tail;
    *(q->tail ? &q->tail->next : &q->head) = t;
    q->tail = t;
}

void sched_put_head(SchedQueue *q, SchedTask *t) {
    t->queue = q;
    t->prev = NULL;
    t->next = q->head;
    *(q->head ? &q->head->prev : &q->tail) = t;
    q->head = t;
}

void sched_take(SchedTask *t) {
    SchedQueue *q = t->queue;
    *(t->prev ? &t->prev->next : &q->head) = t->next;
    *(t->next ? &t->next->prev : &q->tail) = t->prev;
    t->next = t->prev = NULL;
    t->queue = NULL;
}

void sched_state(Sched *s, SchedTask *t, SchedState to) {
    if (s->changed) s->changed(t, to, s->user);
    t->state = to;
}

bool sched_enqueue(Sched *s, SchedTask *t) {
    SchedQueue *q = sched_active(s, t->core);
    bool first = !q->head && !sched_expired(s, t->core)->head;
    sched_state(s, t, SCHED_READY);
    (s->settings.wake_preempts ? sched_put_head : sched_put)(q, t);
    return first || s->settings.wake_preempts;
}

SchedTask *sched_first(Sched *s, unsigned core) {
    if (!sched_active(s, core)->head) s->core[core].active = 1 - s->core[core].active;
    return sched_active(s, core)->head;
}

void sched_sleep(Sched *s, SchedTask *t) {
    sched_take(t);
    sched_state(s, t, SCHED_ASLEEP);
}
