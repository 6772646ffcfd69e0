/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/scenario/metric.h: one number out of many runs, and what was published about it.
 *
 * Expressions:  max(sink.delivered_pps / 1e6 if traffic.payload == 0)
 *               mean(a.b if traffic.rate > 3e9) / mean(a.b if traffic.rate <= 3e9)
 *               min(a.b / (a.b at s0.tokens = 2) if s0.tokens == 0)
 * Aggregates: max min mean geomean median sum sd count first last, over the runs for which the
 * condition holds. Inside an aggregate: numbers, names (parameters of components, and scalars of
 * the run, in base units: bit/s, s, bytes, packets), + - * /, ( ), == != < <= > >=, `and`, `or`,
 * `not`. Behind the comparison of a parameter its values are written as in a scenario: `s0.tokens
 * == default`, `traffic.rate > 100Mbit/s`, `series == "Click, 1 core"` (quotes around what is not
 * one word); a number without a unit is in base units. `NAME at PARAMETER = VALUE` is the value of
 * NAME in another run: the one that has this value of the parameter and is otherwise the same point
 * and repetition; no number if there is none. `max(NAME in "SERIES" if ...)` looks at the runs of
 * one series. Outside: numbers, aggregates, + - * /, ( ). An unknown name is an error with the
 * nearest known one. A run whose condition is not a number does not count; a value that is not one
 * makes the aggregate not one. Before its dot a name may hold a -, behind it a - subtracts. */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* The words of expressions, for help. */
typedef struct {
    const char *name, *text; /* one sentence, without a full stop */
    bool aggregate;          /* NAME(...) over runs */
} MetricWord;
extern const MetricWord metric_words[]; /* ends with {0} */

/* The runs, behind callbacks. `lookup` gives the value of a name in one run. */
typedef struct {
    unsigned n_runs;
    bool (*lookup)(const void *runs, unsigned run, const char *name, double *value);
    const void *runs;
    const char *const *names; /* NULL-terminated: every name there is, for messages */
    /* The run that `at` means, -1 for none. NULL: no run has another beside it. */
    int (*sibling)(const void *runs, unsigned run, const char *parameter, const char *value);
    /* How a parameter's value in the run compares with `text`, as scenario_compare does. NULL:
     * there are no parameters. */
    bool (*compare)(const void *runs, unsigned run, const char *name, const char *text,
                    double *order, GError **error);
    /* Before the runs: scalars are NaN as yet, what they decide is open, and an aggregate over none
     * of the points, whatever comes of them, is an error. */
    bool foresee;
} MetricRuns;

/* False and an error for bad syntax and unknown names. An aggregate over no run at all gives NaN
 * (count gives 0), and true: the claim's verdict is then "not measured". */
bool metric_evaluate(const char *expression, const MetricRuns *runs, double *value, GError **error);
/* Value per run of an expression without aggregates (plots: x, y, where). */
bool metric_evaluate_run(const char *expression, const MetricRuns *runs, unsigned run,
                         double *value, GError **error);
/* Mark the runs of which scalars decide the value. A run that a condition leaves out by parameters
 * alone is none, whatever its scalars; of a largest or smallest value those are none that lie more
 * than the share `margin` of it behind (INFINITY: all may). What is not a number may be any. */
bool metric_needs(const char *expression, const MetricRuns *runs, double margin, bool *needs,
                  GError **error);
/* Syntax only, for `sppemu check`. */
bool metric_check(const char *expression, bool aggregate, GError **error);

/* A row of analysis/claims/NAME.tsv: published numbers as stated in the text. */
typedef struct {
    char *id, *where, *statement, *metric, *unit, *kind,
        *use; /* use: calibrate, predict, implied, beside */
    double low, high;
} Claim;
typedef struct Claims Claims;
/* Reads every .tsv of the folder, in the order of their names. False bounds, an unknown kind or
 * use, and an id that was there before are errors with file and line. */
Claims *claims_load(const char *folder, GError **error);
void claims_free(Claims *claims);
const Claim *claims_find(const Claims *claims, const char *id);
/* The id that is nearest to a wrong one, or NULL. */
const char *claims_nearest(const Claims *claims, const char *id);
/* What a number in `unit` is multiplied by to stand on an axis with this label, whose unit is the
 * word behind its last comma, "round-trip time, ms", or, without one, ratio. False: the two are not
 * of one kind (times, bit rates, packet rates, shares). */
bool claim_scale(const char *unit, const char *label, double *factor);
/* What stands beside an axis of that expression unless the scenario says something better: of
 * "sink.delivered_bps / 1e6" it is "sink delivered, Mb/s on the wire". The endings of scalars'
 * names
 * (_bps, _pps, _us, _ms, ratio) say their units; an expression without one stands as it is. Static.
 */
const char *metric_label(const char *expression);
