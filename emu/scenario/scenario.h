/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/scenario/scenario.h: scenario files, read strictly.
 *
 * INI: `[section]`, `key = value`, whole-line comments with `#` or `;`. Sections:
 *
 *   [scenario]        title, duration, drain, seed, repeat, until, include (a list of files),
 *                     columns (what is printed at a glance), listed, where (which points there are)
 *   [CLASS NAME]      a component; keys are the rows of its class's table
 *   [link NAME]       link = a.0 -> b.1, or a.0..4 -> b.0..4; rate, delay; both = yes for both ways
 *   [at TIME] or [at TIME TAG]   the script: COMPONENT = VERB ARGUMENTS; several with `;`. What is
 *                     said at one time is said in the order of tags, no tag first, and then of
 *                     components' names
 *   [expect ID]       metric = EXPRESSION (emu/scenario/metric.h); bounds, unit and use come from
 *                     the table of published numbers, or are given here: low, high, unit, use,
 *                     source, statement
 *   [plot NAME]       title, x, y, curve (what its curves are told apart by: series,
 *                     COMPONENT.KEY, ...), where, log (x, y, xy), x_label, y_label, mark (claims,
 *                     drawn as bands), points (of published numbers: "x:y:label, ..."), series
 *                     (COMPONENT.SERIES over time)
 *
 * Once for many, written out before anything else looks at the scenario (expand.c):
 *
 *   [CLASS NAME*N], [link NAME*N]   NAME0, NAME1, ...; `{30000 + i}` and n in values; a section of
 *                     an element's own overrides it key by key
 *   [let]             NAME = VALUE, which `{NAME}` stands for
 *   [text NAME]       lines; KEY = @NAME joins them with `; `, as @file PATH does a file's
 *   [every STEP from TIME until TIME] and a tag   [at] at each of the times
 *   [series NAME]     COMPONENT.KEY = VALUE: a part of a study; all parts are the axis
 *                     scenario.series and the column `series`; where: which of its points there are
 *
 * `attach = NAME interfaces A..B` of a component, and what classes make of their settings, become
 * plain sections (emu/scenario/compose.h); `NAME*` in a list of components is NAME0, NAME1, ...
 *
 * What a scenario computes does not depend on the order of its sections and keys; the order of
 * points, columns and tables follows them.
 *
 * Values may hold iterations: ${0.5..5 step 0.5}, ${0, 400, 1400}, ${1, 2, 5, 10..50 step 10},
 * ${"as, it, stands", b}. Each becomes an axis of the parameter study, in file order, the last one
 * fastest; ${with COMPONENT.KEY: ...} follows another. The grammar is in docs/scenarios.md.
 *
 * Errors name file, line, section and key, what was found and what was expected; nothing is
 * ignored silently: unknown sections and keys (with the nearest known name), duplicates within a
 * file, repeated sections, control and non-UTF-8 bytes, lines above 65,536 bytes, include loops,
 * more than SCENARIO_MAX_POINTS points.
 *
 * Included files are read first, whatever line `include` stands on, so an includer overrides what
 * it includes, a later file of the list an earlier one, and --set all of them. */
#pragma once

#include "emu/core/component.h"

#define SCENARIO_MAX_POINTS 100000u
#define SCENARIO_MAX_AXES 32u /* of one value */
#define SCENARIO_MAX_REPEAT 10000u

/* What a section is that is no component's: the reader's own table, and that of help. */
typedef struct {
    const char *head;    /* "link" */
    const char *syntax;  /* "[link NAME], [link NAME*N]" */
    const char *text;    /* one sentence, without a full stop */
    const Param *params; /* its keys, ends with {0}; NULL: others, which `entries` says */
    const char *entries;
    const char *example; /* lines of a file */
} ScenarioSection;
extern const ScenarioSection scenario_sections[]; /* ends with {0} */

typedef struct Scenario Scenario;

typedef struct {
    const char *name;  /* "traffic.rate" */
    const char *value; /* "0.5Gbit/s" */
} ScenarioParameter;

typedef struct {
    const char *id;     /* F9-click-pps */
    const char *metric; /* as written */
    const char *low, *high, *unit, *use, *source,
        *statement;    /* as written here; NULL: see the table */
    const char *where; /* file:line, for messages */
} ScenarioExpect;

typedef struct {
    const char *name, *title, *x, *y, *curve, *condition, *x_label, *y_label, *points, *series,
        *log, *names, *dashed, *mark;
    const char *where;
} ScenarioPlot;

/* columns = sink.delivered_pps as "out", answers.latency_mean_us: what is printed at a glance, in
 * this order. */
typedef struct {
    const char *scalar, *label; /* label NULL: of its name */
} ScenarioColumn;

/* until = ci 2% of sink.latency_mean_us, at most 40: a point is repeated, at least
 * SCENARIO_LEAST_REPEAT times, until the 95 percent interval of the scalar's mean is within the
 * share of it, each way. */
typedef struct {
    double share;
    const char *scalar;
    unsigned at_most;
} ScenarioUntil;
#define SCENARIO_LEAST_REPEAT 5u

/* Read and check everything that can be checked without running. `overrides`: "section.key=value"
 * strings of --set, NULL-terminated or NULL; section is a component's or link's name, "scenario",
 * "let", or "NAME*" for all elements of an array. They may hold iterations. `classes` is
 * NULL-terminated. NULL and an error if anything is wrong. */
Scenario *scenario_load(const char *path, const char *const *overrides,
                        const ComponentClass *const *classes, GError **error);
/* The file of that name in the folder, with ".ini" behind it if need be; NULL: there is none.
 * Caller frees. */
char *scenario_find(const char *folder, const char *name);
/* What is included and not there beside the file that names it is looked for in `library`, a
 * folder or NULL; ".ini" may be left out. */
Scenario *scenario_load_with(const char *path, const char *library, const char *const *overrides,
                             const ComponentClass *const *classes, GError **error);
void scenario_free(Scenario *s);

const char *scenario_name(const Scenario *s);  /* file name without folder and ".ini" */
const char *scenario_title(const Scenario *s); /* the name if none is given */
/* Its group and how long it takes on one core; false: it is not for a list, as what is made to be
 * included is not. */
#define SCENARIO_GROUPS "figures|studies|what-if|labs"
bool scenario_listed(const Scenario *s, unsigned *group, SimTime *takes);
uint64_t scenario_seed(const Scenario *s);      /* default 1 */
unsigned scenario_repeat(const Scenario *s);    /* default 1 */
unsigned scenario_n_columns(const Scenario *s); /* 0: what tells most is chosen */
const ScenarioColumn *scenario_column(const Scenario *s, unsigned n);
const ScenarioUntil *scenario_until(const Scenario *s); /* NULL: `repeat` decides */
SimTime scenario_duration(const Scenario *s);           /* SIM_NEVER if not given: until idle */
SimTime scenario_drain(const Scenario *s);              /* default 100ms */

/* Points of the study (without repetitions); at least 1. */
unsigned scenario_n_points(const Scenario *s);
/* Points of its product that a `where` leaves out; points that have the identity of one before. */
unsigned scenario_n_dropped(const Scenario *s);
unsigned scenario_n_equal(const Scenario *s);
/* What the points are told apart by, in file order: the keys of components and links that iterate,
 * and those that --set has fixed, which so keep their column. */
unsigned scenario_n_parameters(const Scenario *s);
ScenarioParameter scenario_parameter(const Scenario *s, unsigned point, unsigned n);
/* Add to the `chosen` parameters as few as can tell all points apart, the first that do. */
void scenario_telling(const Scenario *s, bool *chosen);
/* Let these be the parameters, in file order: of a study that was made from another file. NULL:
 * those that are after loading. */
void scenario_set_parameters(Scenario *s, const char *const *names);
/* The absolute path of a FILE parameter at a point; NULL of any other. Caller frees. */
char *scenario_parameter_path(const Scenario *s, unsigned point, unsigned n);
/* How a FILE value was written in the file that a study was made from: so it stands in tables. */
void scenario_spell(Scenario *s, const char *path, const char *written);
/* Any component's or link's parameter, "traffic.rate", at a point, in base units (bit/s, s, bytes,
 * Hz); NaN if it is not a number. A key alone, "rate", is that of the one component where it
 * iterates, else of the one that sets it; "series" is that of the point. False: there is none of
 * that name. */
bool scenario_value(const Scenario *s, unsigned point, const char *name, double *value);
/* How it compares with what `text` would be as its value, "100Mbit/s", "default" (a number without
 * a unit is in base units): `order` is below 0, 0 or above, NaN if the two are neither equal nor
 * have an order. False: there is none of that name, or, with an error, it has no such value. */
bool scenario_compare(const Scenario *s, unsigned point, const char *name, const char *text,
                      double *order, GError **error);
/* What the column of that name in the results is, a parameter or a scalar: a sentence without a
 * full stop, and the class of its component, or "link"; "" where no table has it. */
const char *scenario_meaning(const Scenario *s, const char *name);
const char *scenario_class_of(const Scenario *s, const char *name);
/* The base unit of a parameter's number at a point, such as "bit/s wire"; "" if it has none. */
const char *scenario_parameter_unit(const Scenario *s, unsigned point, unsigned n);
/* Every SECTION.KEY that --set takes, with its row (NULL: a name of [let]) and the value that it
 * has at the first point; those of a section one after the other. */
void scenario_each_key(const Scenario *s,
                       void (*each)(const char *section, const char *key, const Param *row,
                                    const char *value, void *user),
                       void *user);
/* Which of the parameters has this name (as scenario_value knows them): scenario_n_parameters() of
 * one that is the same at all points. False, and an error with the nearest: there is none. */
bool scenario_tells(const Scenario *s, const char *name, unsigned *parameter, GError **error);
/* Put in front of what a component said against itself, in create or start, where that was written:
 * the file and line, or the --set, of the key that its message begins with, else its section's. */
void scenario_blame(const Scenario *s, const char *component, GError **error);

/* How times are found in those components that may find them in two ways (key `timing`):
 * "detailed", "fast", or "mixed"; NULL: there is no such component. At a point, and at all of
 * them. */
const char *scenario_timing_at(const Scenario *s, unsigned point);
const char *scenario_timing(const Scenario *s);
/* "fast timing", "fast timing of chip0 and 3 more", "fast timing at 3 of 6 points", for the head of
 * a table; NULL: it is detailed throughout. Caller frees. */
char *scenario_timing_text(const Scenario *s);

/* The component from which this one follows, without being written; NULL: it is written. */
const char *scenario_maker(const Scenario *s, const char *component);

/* Components, parameters, links and script of one point, created and linked, not yet started.
 * NULL and an error naming file and line if a class refuses. */
Network *scenario_build(const Scenario *s, unsigned point, const NetworkOptions *options,
                        GError **error);

unsigned scenario_n_expects(const Scenario *s);
const ScenarioExpect *scenario_expect(const Scenario *s, unsigned n);
unsigned scenario_n_plots(const Scenario *s);
const ScenarioPlot *scenario_plot(const Scenario *s, unsigned n);

/* Every value that holds, defaults included, with where it came from (file:line, both places when
 * one overrides the other, "default", "--set"): itself a scenario that reads back to the same.
 * Iterations are resolved for `point`. Caller frees. */
char *scenario_resolved(const Scenario *s, unsigned point);
/* The whole scenario as one file: every section and value as written after includes and --set, in
 * the order of sections and keys that holds, iterations kept, FILE values absolute; a comment above
 * each value says where it came from. Loaded again, under any name, it builds the same networks at
 * the same points, with the same identities. Caller frees. */
char *scenario_flat(const Scenario *s);
/* Give a scenario another name than that of the file it was read from. */
void scenario_rename(Scenario *s, const char *name);
/* What a run of this point computes from: SHA-256, 64 lower-case hex digits, of the canonical
 * values of [scenario], components, links and script. It depends on the contents of FILE values and
 * on defaults; not on comments, the order of sections and keys, the spelling of units and of file
 * names, nor on title, claims and plots. A point
 * of a study has the identity of the same values written without ${...}. Seed and repetition are
 * the caller's to add: they are options of the run. Values and files that no axis touches are
 * digested once. Caller frees. */
char *scenario_identity(const Scenario *s, unsigned point);
/* A FILE whose contents are no longer those that an identity was made of; NULL: none. Caller frees.
 */
char *scenario_changed_input(const Scenario *s);
