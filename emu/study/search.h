/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/study/search.h: how far a number of a scenario can go: the rate without loss, or where a
 * condition begins to hold.
 *
 * What is searched, the dial, are the rates of all sources that a sink measures, in their
 * proportion, or any number that --vary names. Everywhere it stands for a factor of the value that
 * it has as written, so that several move as one.
 *
 * A trial (RFC 2544, 26.1) is a run with the dial at one place. It passes a goal if the share of
 * the packets of the window that never reached the sink is at most the goal's loss, and if the sink
 * got as many within the window as were offered in it, but for that loss and a quarter of the
 * precision: what has neither come nor been lost yet fills a queue, and would be lost if the trial
 * lasted. One that fails by this alone is made twice as long, and twice again, before it counts as
 * failed: a queue that goes up and down evens out, one that grows does not.
 *
 * Two studies share the work. The coarse one (short windows, fast timing if that is allowed)
 * brackets; the fine one decides, from that bracket on, in windows of enough packets for what is
 * asked, and for each repetition by itself. What is given back is the largest dial that passed,
 * the mean over repetitions, between the least of what passed and of what failed: of one
 * repetition, or where repetitions are the same run, the bracket; of several, that and the 95
 * percent interval.
 *
 * A scenario in which something is said at a time keeps its windows as they are written. Trials are
 * records of the two stores, so what is given again goes on. */
#pragma once

#include "emu/scenario/vary.h"
#include "emu/study/study.h"

typedef enum { COARSE, FINE, SIDES } SearchKind;

typedef struct {
    Scenario *scenario; /* not const: it gets variants; one point */
    const Store *store;
} SearchSide;

enum { SEARCH_MAX_LOSSES = 8, SEARCH_LOADS = 3 };
extern const double search_loads[SEARCH_LOADS]; /* shares of the rate: 10, 50, 90 percent */

typedef struct {
    const char *vary;         /* "COMPONENT.KEY"; NULL: rates, as above */
    const char *least, *most; /* of its range; NULL: its row's */
    const char *until; /* expression of one run that begins to hold; NULL: losses; without vary
                          the dial is as for losses */
    double losses[SEARCH_MAX_LOSSES];
    unsigned n_losses;
    const char *sink; /* NULL: the only one, or the one called sink */
    double precision;
    RunOptions run;
} SearchOptions;

typedef struct {
    SearchKind side;
    unsigned repetition, variant;
    double at, window; /* the dial; how long, of what is written */
    RunResult *run;
    double offered, lost, carried; /* packets of the window; shares of it; NaN: no sink */
} SearchTrial;

/* Ends of a goal's bracket, for one repetition or over all. */
typedef struct {
    double passed, failed; /* the dial; NaN: none did */
    double twist;          /* a trial that says the contrary of the bracket; NaN: none does */
} SearchBracket;

typedef struct {
    double loss;                  /* NaN: until */
    GArray *brackets;             /* SearchBracket, by repetition */
    StudyEstimate passed, failed; /* over them */
    double low, high;             /* of the answer, which is passed.mean */
    unsigned trials;              /* of the fine side that were looked at */
} SearchGoal;

typedef struct {
    SearchOptions options;
    const Scenario *scenario; /* of the fine side */
    GPtrArray *dial[SIDES];   /* ScenarioChoice of each side, borrowed from `choices` */
    GPtrArray *choices[SIDES];
    char *sink;                       /* NULL: nobody counts losses */
    unsigned repeat;                  /* repetitions that are not the same run */
    GPtrArray *trials;                /* SearchTrial, in the order of their runs */
    GPtrArray *goals;                 /* SearchGoal */
    SearchTrial *loads[SEARCH_LOADS]; /* of the first goal's answer, repetition 0; NULL: none */
    StudyEstimate latency_us[SEARCH_LOADS][2]; /* mean, p99 */
    double windows[SIDES];
} Search;

/* Compute it. NULL and an error; options.run.interrupted says whether it was that. */
Search *search_new(SearchSide coarse, SearchSide fine, const SearchOptions *options,
                   GError **error);
void search_free(Search *x);

/* The value of the dial's n-th number at a factor, as a scenario would spell it. Caller frees. */
char *search_text(const Search *x, unsigned n, double at);
/* Of the first, in base units. */
double search_value(const Search *x, double at);
/* "traffic.rate", "a*.rate, b.rate". Caller frees. */
char *search_name(const Search *x);
/* Sentences about what is odd: not monotone, never passed, never failed. Caller unrefs. */
GPtrArray *search_remarks(const Search *x);

/* trials.tsv and search.json in the folder; on a terminal. */
bool search_write(const Search *x, const char *folder, GError **error);
json_t *search_json(const Search *x);
void search_print(const Search *x, FILE *out);
