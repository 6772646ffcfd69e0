/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/scenario/private.h: what these share: sections and their keys (sections.c), reading (read.c),
 * writing out (expand.c, compose.c, series.c), loading, checking and building (build.c), points
 * (points.c, vary.c), what is said of results (outcome.c), resolving (resolve.c), what names mean
 * (describe.c), and what is looked up before a run (check.c). */
#pragma once

#include "emu/scenario/scenario.h"

typedef struct {
    char *key, *value;
    char *file; /* where the value was written; "--set" for the command line */
    unsigned line;
    char *replaced;  /* place of the value it replaced, or NULL */
    char *directory; /* of that file, for FILE values */
    GPtrArray *axes; /* indices + 1 of the axes in `value`, in order */
    bool follows;    /* the same iteration as another's, for which it stands */
    bool made;       /* not written: it follows from what is (compose.c) */
} Entry;

/* As in scenario_sections. */
typedef enum {
    SECTION_SCENARIO,
    SECTION_LINK,
    SECTION_AT,
    SECTION_EXPECT,
    SECTION_PLOT,
    /* these are gone once they are written out (expand.c) */
    SECTION_LET,
    SECTION_TEXT,
    SECTION_EVERY,
    SECTION_SERIES,
    SECTION_COMPONENT
} SectionKind;

typedef struct Section Section;
struct Section {
    SectionKind kind;
    char *head, *name; /* [head name] */
    char *file;        /* the first file that opened it */
    unsigned line;
    const ComponentClass *class;
    GPtrArray *entries;
    GHashTable *seen_in; /* files that opened it */
    SimTime at;
    char *digest;  /* of its canonical text, once asked for and if it is the same at every point */
    GString *text; /* of [text] */
    const Section *from; /* what was written for it and others; NULL: it stands for itself */
    int64_t index, of;   /* of an array: which of how many; of 0: of none */
    bool taken;          /* it has become part of an array's element */
    bool made;           /* not written: it follows from others (compose.c) */
};

/* A value that a run's results are told apart by. */
typedef struct {
    const Section *section;
    const Entry *entry;
    const char *name; /* "traffic.rate", interned */
} Column;

/* One ${...} of one value. */
typedef struct {
    Section *section;
    Entry *entry;
    GPtrArray *values; /* text */
    char *with;        /* "section.key" whose axis it follows value by value, NULL: its own */
    unsigned master;   /* index of that axis */
    unsigned stride;   /* points from one value to the next, if it follows none */
} Axis;

/* Points for which the expression does not hold are left out. */
typedef struct {
    char *series; /* whose points it is about; NULL: all */
    char *text, *place;
} Condition;

typedef struct {
    char *title, *include, *until, *series, *where, *columns, *listed;
    SimTime duration, drain;
    uint64_t seed, repeat;
    int timing;
} ScenarioSettings;

typedef struct {
    char *link;
    Rate rate;
    SimTime delay;
    bool both;
    uint64_t mtu, queue;
} LinkSettings;

/* Components by name: of the first n sections. */
typedef struct {
    GHashTable *of; /* name -> Section */
    unsigned n;
} SectionIndex;

struct Scenario {
    char *path, *name;
    char *library; /* the folder of what is shipped; NULL: none */
    const ComponentClass *const *classes;
    GPtrArray *sections, *axes;
    SectionIndex *index;
    GHashTable *unnamed; /* of [let] of this file and --set: what no value names -> its place */
    GArray *columns;     /* Column */
    unsigned n_points;
    GPtrArray *conditions; /* Condition */
    unsigned *kept;        /* of the product of all axes, those that are points; NULL: all */
    unsigned n_dropped;
    ScenarioSettings settings;
    int group; /* of `listed`, and how long a run takes; 0: it is not listed */
    SimTime takes;
    ScenarioUntil until;              /* `scalar` is owned */
    GArray *expects, *plots, *glance; /* glance: ScenarioColumn */
    GPtrArray *strings;               /* owned by expects and plots */
    GHashTable *spelling;             /* of FILE values in tables, by path; see scenario_spell */
    GHashTable *file_digests;         /* of the contents of FILE values, by path */
    GHashTable *let, *texts;          /* values of [let]; of [text], as a value has them */
    GHashTable *let_axes;             /* the values (GPtrArray) of names of [let] that iterate */
    GPtrArray *variants;              /* see vary.c; NULL: none */
};

/* Reading: sections and entries, syntax only (read.c). */
bool scenario_read_file(Scenario *s, const char *path, GPtrArray *stack, GError **error);
/* Kind and class of a section by its head. */
bool section_kind(Section *section, const ComponentClass *const *classes, GError **error);
/* "0" or "0..4": the first port and how many; and the same behind a name, "sink.0..4", which the
 * caller frees. False: it is neither, or more than 4,096. */
bool ports_range(const char *text, unsigned *first, unsigned *n);
bool ports_read(const char *text, char **name, unsigned *first, unsigned *n);
void section_free(void *section);
void entry_free(void *entry);
/* A section of a head that there is, at that place among the sections. */
Section *scenario_make_section(Scenario *s, unsigned at, const char *head, const char *name,
                               const char *file, unsigned line);
Section *section_copy(const Section *section, const char *name);
void section_place_value(Section *section, const char *key, const char *value, const char *file,
                         unsigned line);
/* Write out arrays, [every], {...} and @NAME, so that plain sections are left (expand.c). */
bool scenario_expand(Scenario *s, GError **error);
/* Write out what follows from sections and `attach` (compose.c), after scenario_expand. */
bool scenario_compose(Scenario *s, GError **error);
/* "${with scenario.series: A, B, ...}" of its head and values, in quotes what would be taken for
 * something else; caller frees. */
char *iteration_text(const char *head, const GPtrArray *values);
/* Give what [scenario] says for all to components that do not say their own (Param.scenario_wide),
 * after the last override. */
void scenario_hand_down(Scenario *s);
/* Whether the section is a component's whose key of that name is one of those. */
bool section_has_wide(const Section *section, const char *key);
/* Make one iteration of all [series] (series.c), after scenario_compose. */
bool scenario_series(Scenario *s, GError **error);
/* [scenario], made if there is none. */
Section *scenario_head(Scenario *s);
/* Add a condition; leave out the points for which one does not hold; all of them in one, NULL: none
 * that tells points apart (points.c). */
void scenario_add_condition(Scenario *s, const char *series, const Section *section,
                            const Entry *entry);
bool scenario_keep_points(Scenario *s, GError **error);
char *scenario_where(const Scenario *s);
/* Claims, plots, columns, `until` and `listed`, of sections that are checked (outcome.c). */
bool scenario_read_outcome(Scenario *s, GError **error);
/* The values of one ${...}, from what stands between { and }, and whom it follows, or NULL. */
bool iteration_values(const char *inside, const Section *section, const Entry *entry, char **with,
                      GPtrArray *values, GError **error);
/* The same for one value that comes later. */
bool scenario_work_out(const Scenario *s, const Section *section, Entry *entry, GError **error);
/* SECTION.KEY=VALUE; NAME* is NAME0, NAME1, ... Three times: of [let] before scenario_expand; of
 * what is written before scenario_compose, so that what follows from it does; and of all. */
typedef enum { OVERRIDE_LET, OVERRIDE_WRITTEN, OVERRIDE_ALL } OverrideTime;
bool scenario_override(Scenario *s, const char *assignment, OverrideTime time, GError **error);
Section *scenario_section(const Scenario *s, const char *head, const char *name);
/* The section of that component, and NULL, after a look at one place. Who takes sections away says
 * so. */
Section *scenario_component(const Scenario *s, const char *name);
void scenario_sections_changed(Scenario *s);
const char *scenario_nearest_component(const Scenario *s, const char *found,
                                       const char *const *classes);
Entry *section_entry(const Section *section, const char *key);
/* Split every value's ${...} off into axes. */
bool scenario_find_axes(Scenario *s, GError **error);
/* The value at a point of the study, at one of a variant as it is written; caller frees. */
char *entry_value(const Scenario *s, const Entry *entry, unsigned point);
/* The same with the given value for the n-th ${...} and the first for all others. */
char *entry_value_with(const Scenario *s, const Entry *entry, unsigned axis, unsigned value);
/* What a variant moves in a section, NULL: nothing; and the n-th of it, if it holds at the point.
 */
GPtrArray *scenario_moves(const Scenario *s, const Section *section, unsigned point);
bool scenario_move_at(const Scenario *s, const GPtrArray *moves, unsigned n, unsigned point,
                      const char **key, const char **text);
/* The value of the key at a point of a variant that moves it, else NULL. */
const char *scenario_moved(const Scenario *s, const Section *section, const char *key,
                           unsigned point);
/* Whether the value is what the row's default comes to, as in a resolved scenario. */
bool entry_is_default(const Section *section, const Entry *entry);
extern const Param scenario_params[]; /* the rows of [scenario] */
/* The table that describes a section's keys; NULL for [at]. */
const Param *section_table(const Section *section);
/* Fill a struct of settings, of that table, from a section or, NULL, from defaults, at a point of
 * the study. Values are checked at load, one axis at a time, so that only a value of several can be
 * wrong here (build.c). */
bool section_fill(const Scenario *s, const Section *section, const Param *table, void *target,
                  unsigned point, GError **error);
/* Of [at TIME TAG]; empty if it has none. */
const char *section_tag(const Section *section);
/* "FILE:LINE: [class name]" of a section, "FILE:LINE: [class name] key" of a value, or
 * "--set name.key=value: key" if it was given so; caller frees. */
char *section_place(const Section *section);
char *entry_place(const Section *section, const Entry *entry);
/* What a component says, behind its place: that of the key which the message begins with, "mpacket:
 * found ...", if the scenario gives it, else that of its section. Caller frees. */
char *scenario_placed(const Scenario *s, const char *component, const char *message);
/* The expressions of a plot's x, y (several, separated by `;`), curve or where; none of NULL. */
GStrv plot_expressions(const Entry *entry);
/* What is wrong with a value, behind its place. */
bool entry_error(GError **error, const Section *section, const Entry *entry, const char *format,
                 ...) G_GNUC_PRINTF(4, 5);
