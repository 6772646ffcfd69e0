/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/gpe/sched/sched.h: who runs next on a server's cores. One interface, one discipline
 * per file: token.c (PlanetLab), vserver.c (stock Linux-VServer), sfq.c (OpenVZ), rr.c (round
 * robin). A new one is a file that defines NAME_sched, and a line in SCHEDULERS (CONTRIBUTING.md).
 *
 * A scheduler knows ticks and tasks and nothing else: no clock, no events, no costs. Its owner
 * calls tick every 1 ms on every core, wake and sleep when a task becomes runnable or blocks, and
 * pick whenever the core has to choose. The task that runs stays on its core's active queue, at the
 * place from which it was picked, as in Linux 2.6.12: so a task that is interrupted by a task of
 * the host is the next to be picked, unless the discipline refuses it. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "emu/core/param.h"
#include "emu/core/random.h"

#define SCHEDULERS(X)                                                                              \
    X(token)                                                                                       \
    X(vserver)                                                                                     \
    X(sfq)                                                                                         \
    X(rr)

enum { SCHED_MAX_CORES = 16 };

typedef enum { SCHED_ASLEEP, SCHED_READY, SCHED_HELD } SchedState;
enum { SCHED_BEST_EFFORT, SCHED_GUARANTEED, SCHED_N_CLASSES };

/* What a vServer is entitled to. token, vserver: tokens of 1 ms; sfq: `rate` is the weight. */
typedef struct {
    uint64_t rate; /* tokens per second */
    uint64_t min, max, initial;
    bool guaranteed; /* token: of the other virtual clock */
} SchedShare;

typedef struct SchedTask SchedTask;
typedef struct SchedQueue {
    SchedTask *head, *tail;
} SchedQueue;

struct SchedTask {
    SchedTask *next, *prev;
    SchedQueue *queue; /* the one it is on; NULL while asleep */
    SchedShare share;
    SchedState state;
    unsigned core;
    uint64_t ran;   /* owner: adds the picoseconds that it ran; sfq.c takes them */
    unsigned slice; /* ticks left, for disciplines with slices */
    void *own;      /* the discipline's: task_size bytes, zero before add */
};

typedef struct {
    uint64_t interval;  /* ticks per second of the token rate; vserver: ticks between lumps */
    uint64_t slice;     /* ticks; token, vserver and rr */
    bool idle_skip;     /* token: virtual time jumps when everybody is on hold */
    bool wake_preempts; /* a task that wakes goes before the one that runs */
} SchedSettings;

typedef struct Sched Sched;

typedef struct {
    const char *name, *text;
    size_t size, task_size; /* of what it keeps for itself, s->own, and for a task, t->own */
    const Param *params;    /* its settings in s->own, ends with {0}; NULL: none */
    /* Set the discipline's fields of a task whose share and core are set. May be NULL. */
    void (*add)(Sched *s, SchedTask *t);
    /* The task has something to do. True: its core should call pick. */
    bool (*wake)(Sched *s, SchedTask *t);
    /* The task, which was picked last, has nothing to do; call pick. */
    void (*sleep)(Sched *s, SchedTask *t);
    /* 1 ms has passed on `core`, where `current` runs (NULL: nobody, or a task of the host). True:
     * call pick. */
    bool (*tick)(Sched *s, unsigned core, SchedTask *current);
    /* n ticks have passed on `core`, which had nothing to do. May be NULL. */
    void (*idle)(Sched *s, unsigned core, uint64_t n);
    /* Who runs now; NULL: nobody may. The result is the same task until something changes. */
    SchedTask *(*pick)(Sched *s, unsigned core);
    /* The tokens that the task has, for who looks; NULL: there are none. Changes nothing. */
    uint64_t (*tokens)(const Sched *s, const SchedTask *t);
} SchedOps;

struct Sched {
    const SchedOps *ops;
    SchedSettings settings;
    unsigned n_cores;
    /* Told of every change of a task's state, before it; may be NULL. */
    void (*changed)(SchedTask *t, SchedState to, void *user);
    void *user;
    /* state */
    struct {
        SchedQueue queue[3]; /* two for active and expired, one for those on hold */
        unsigned active;     /* which of the two */
    } core[SCHED_MAX_CORES];
    void *own;     /* the discipline's: its settings, then zero */
    Random random; /* the discipline's; whoever owns the scheduler seeds it */
};

/* The n-th discipline, NULL past the last. */
const SchedOps *sched_nth(unsigned n);
/* What a scenario writes, "NAME" or "NAME KEY=VALUE ...", with keys of the discipline's own table.
 * False and an error, and then nothing is to be cleared. */
bool sched_init(Sched *s, const char *text, unsigned n_cores, const SchedSettings *settings,
                GError **error);
void sched_clear(Sched *s);
/* A task comes in, asleep; its share and core are set. Before the scheduler is cleared it goes. */
void sched_add(Sched *s, SchedTask *t);
void sched_task_clear(SchedTask *t);
/* False and an error if the share cannot be kept: min above max, no rate, ... */
bool sched_share_check(const SchedShare *share, const SchedSettings *settings, GError **error);

/* For disciplines -------------------------------------------------------------------------- */

void sched_put(SchedQueue *q, SchedTask *t);      /* at the tail */
void sched_put_head(SchedQueue *q, SchedTask *t); /* at the head */
void sched_take(SchedTask *t);                    /* off whatever queue it is on */
void sched_state(Sched *s, SchedTask *t, SchedState to);
static inline SchedQueue *sched_active(Sched *s, unsigned core) {
    return &s->core[core].queue[s->core[core].active];
}
static inline SchedQueue *sched_expired(Sched *s, unsigned core) {
    return &s->core[core].queue[1 - s->core[core].active];
}
static inline SchedQueue *sched_hold(Sched *s, unsigned core) {
    return &s->core[core].queue[2];
}
/* Put a task that wakes on the active queue. True: its core should pick. */
bool sched_enqueue(Sched *s, SchedTask *t);
/* The head of the active queue, exchanging active and expired when it is empty. */
SchedTask *sched_first(Sched *s, unsigned core);
/* For a discipline's sleep: off its queue, asleep. */
void sched_sleep(Sched *s, SchedTask *t);
