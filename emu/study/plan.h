/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/study/plan.h: what node carries what is asked for, drafted by arithmetic and confirmed by
 * runs.
 *
 * Whoever knows the boxes is a Planner, which a component class brings along: from what is asked it
 * drafts the smallest node that its bounds allow, as a scenario. Here drafts are run: one that
 * loses what may not be lost gets one more host of the kind that lost it, and is drafted again;
 * then with one host fewer, which has to fail; then with all demands growing until something
 * breaks; then with its assumed numbers worse by a share, and those of the smaller one better.
 *
 * Bounds are those of single resources: what a resource takes for a packet, by the tables, is less
 * than what it has. Nothing carries more; queues, shared rings and chance make it less, which is
 * why there are runs. */
#pragma once

#include "emu/study/search.h"

enum { PLAN_KINDS = 2 };

/* How large it is to be: factor of all demands, and hosts beyond what bounds say, by kind.
 * `forced`: where they do not fit, they are put in even so. */
typedef struct {
    double grow;
    int more[PLAN_KINDS];
    bool forced;
} PlanSize;

typedef struct {
    char *name;   /* of what was asked */
    char *source; /* of its packets, in the scenario */
    char *host;   /* that serves it */
    unsigned kind;
    double loss, latency_us; /* that may be; latency NaN: none was asked */
} PlanDemand;

typedef struct {
    char *name;
    double load, capacity; /* capacity: a bound */
    const char *unit;
} PlanResource;

typedef struct {
    char *scenario;     /* text */
    char *boxes;        /* what it is made of, as a scenario says it */
    unsigned slots, of; /* that are taken */
    double price;
    unsigned hosts[PLAN_KINDS]; /* in use */
    unsigned least[PLAN_KINDS]; /* that any placement needs: a relaxation */
    GPtrArray *demands;         /* PlanDemand */
    GPtrArray *resources;       /* PlanResource */
    GPtrArray *notes;           /* sentences */
} PlanDraft;

typedef struct Planner {
    const char *kinds[PLAN_KINDS]; /* what a host of the kind is called */
    /* `asked` are components of the planner's own classes. NULL: it cannot be done, and the reasons
     * (sentences) why. */
    PlanDraft *(*draft)(const Network *asked, const PlanSize *size, GPtrArray *reasons);
} Planner;

/* Of planners. */
PlanDraft *plan_draft_new(void);
void plan_draft_free(void *draft);
void plan_draft_resource(PlanDraft *d, char *name, double load, double capacity, const char *unit);

/* Runs of a draft. */
typedef struct {
    unsigned repeat;
    bool met;              /* by every demand in every repetition */
    double *lost, *p99_us; /* by demand: the worst repetition; NaN: not measured */
    double carried;        /* of all together, the worst */
    char *why; /* not met: the drop of most packets, or what grew, a sentence; NULL: neither */
    int worst; /* demand that lost most beyond what it may, -1: none */
} PlanTrial;

typedef struct {
    const ComponentClass *const *classes;
    unsigned repeat;
    uint64_t seed;
    double grow, share; /* of assumed numbers */
    bool fast;          /* all by fast timing */
    bool quick;         /* no growth, no assumed numbers */
    const char *folder;
    RunOptions run;
} PlanOptions;

typedef struct {
    const Planner *planner;
    PlanOptions options;
    PlanDraft *draft;
    PlanTrial trial;
    unsigned refused;             /* drafts before it that lost */
    PlanDraft *fewer[PLAN_KINDS]; /* one host less of a kind; NULL: none was possible */
    PlanTrial fewer_trial[PLAN_KINDS];
    char *fewer_why[PLAN_KINDS]; /* not possible: why; NULL */
    double factor, factor_low,
        factor_high; /* of growth, all of it still met; NaN: not looked for */
    char *breaks;    /* a sentence */
    GPtrArray *worse,
        *better; /* names of assumed numbers that change the answer; NULL: not tried */
    unsigned n_assumed;
    GPtrArray *reasons;
} Plan;

/* NULL and an error if it was interrupted or a file failed; a plan without a draft is one that
 * cannot be done, for its `reasons`. */
Plan *plan_new(const Planner *planner, const Network *asked, const PlanOptions *options,
               GError **error);
void plan_free(Plan *p);
bool plan_write(const Plan *p, GError **error); /* plan.json; the scenario is there: plan.ini */
json_t *plan_json(const Plan *p);
void plan_print(const Plan *p, const char *name, FILE *out);
