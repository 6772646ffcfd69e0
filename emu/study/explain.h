/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/study/explain.h: what limits a run, what is next, and where its packets' time went.
 *
 * The run is computed once more, with its resources watched (emu/core/resource.h): it comes out the
 * same. Then, if less is carried than is offered, what limits it is looked for from the packets'
 * last place backwards:
 *
 *   1  what works (a link, a scheduler, an ordered section, a core) is used by 95 percent or more
 *      of the window, and somebody waits for it, or it is used all of the time
 *   2  else what holds packets for others (a queue, a buffer) and has turned some away
 *   before both, a link that is missing and was asked for
 *
 * The first so found is tried: the parameters that make more of it are moved by a tenth, each in a
 * run of its own. If none of these carries more by a hundredth, the one found next is tried, three
 * in all; the answer is the first that does. What is next is what limits the run that carries most.
 * Last, those of these parameters that nobody has published are moved against the answer: what
 * widens the limit up, what narrows its neighbours down, to see whether it changes. */
#pragma once

#include <jansson.h>

#include "emu/core/resource.h"
#include "emu/scenario/vary.h"
#include "emu/study/run.h"

typedef struct {
    char *end, *component, *cause; /* who delivers the packets; where they were, and why */
    uint64_t packets, ps;          /* of all of them */
} ExplainHop;

/* A run, and what was seen of it. */
typedef struct {
    RunResult *run;
    GArray *resources;         /* ResourceResult */
    GArray *hops;              /* ExplainHop, the longest first of each end */
    double offered, delivered; /* packets/s of all sources and all sinks */
    double carried;            /* ratio of the sink that got the least of its own; NaN: none says */
    double latency_us;         /* mean, of the slowest sink; NaN: none */
    const char *latency_end;   /* that sink */
    bool limited;              /* less is carried than is offered */
    GArray *suspects;          /* unsigned: resources that may limit it, the likeliest first */
} ExplainSeen;

/* One parameter moved, in all places where that makes more of the same. */
typedef struct {
    unsigned resource; /* of the base: what it makes more of */
    char *name, *from, *to;
    unsigned places;   /* components or links that it was moved of */
    double by;         /* share that it was moved by */
    ExplainSeen *seen; /* NULL: it was not run */
    double gain;       /* in what is delivered, a share */
    ChoiceKind kind;
    char *then; /* of what is moved against the answer: what limits then, if it changes */
} ExplainMove;

typedef struct {
    unsigned runs; /* besides the run itself, at most */
    RunOptions run;
} ExplainOptions;

typedef struct {
    Scenario *scenario; /* of one point */
    ExplainSeen *base;
    int limit;        /* of base->resources; -1: nothing is known to limit it */
    bool confirmed;   /* more of it did carry more */
    GArray *tried;    /* unsigned: those that more of did not carry more, before it */
    GPtrArray *moves; /* ExplainMove, in the order of trying; those of latency, and against the
                       * answer, in lists of their own */
    GPtrArray *latency_moves, *against;
    const ExplainMove *best; /* NULL: none gained a hundredth */
    int next;                /* of base->resources: the nearest to its limit besides `limit`; -1 */
    unsigned n_runs, n_skipped; /* moves that there was no run left for */
} Explanation;

/* Explain the run of a scenario of one point; its runs go to a folder of `tmp`. `fingerprint`: of
 * the run as it was recorded; another one is an error. NULL and an error, or interrupted. */
Explanation *explain_new(Scenario *one, uint64_t seed, unsigned repetition, uint64_t fingerprint,
                         const char *tmp, const ExplainOptions *options, GError **error);
void explain_free(Explanation *x);

/* Mean latency of what a sink delivered, us; NaN: nothing. */
double explain_latency(const ExplainSeen *seen, const char *end);
/* Two of a kind that stand beside each other, "port 1" and "port 2" of a component. */
bool explain_are_alike(const ResourceResult *a, const ResourceResult *b);
/* "switch0 port 3 buffer"; caller frees. */
char *explain_name(const ResourceResult *r);
/* What limits the base, in a few words; caller frees. */
char *explain_answer(const Explanation *x);
/* `all`: also resources that hardly anybody used. */
void explain_print(const Explanation *x, bool all, FILE *out);
json_t *explain_json(const Explanation *x);
