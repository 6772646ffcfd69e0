/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/study/lab.h: coursework: a scenario whose numbers are each student's own, questions about it,
 * and answers that are judged by running it.
 *
 * A lab is two files: NAME.ini, the scenario that students start from, and NAME.lab, which is data
 * too (docs/labs/instructor.md), in the lines of a scenario file:
 *
 *   [lab]             title, about, minutes; edit: keys of the scenario that a student may change;
 *                     files: a folder beside it with what students get too
 *   [draw]            NAME = what a student's number is drawn from: 20..50 step 5, or a list; it
 *                     takes the place of NAME in the scenario's [let]
 *   [runs NAME]       SECTION.KEY = VALUE: the scenario with these set, as --set does; may iterate
 *   [value NAME]      is = EXPRESSION [runs = NAME]: a number that others are made of
 *   [question NAME]   ask, kind, answer or accept, tolerance, runs, hint
 *   [task NAME]       ask, holds, runs, hint: what has to be so in the student's own scenario
 *   [program NAME]    ask, file, input, yours, reference, skip, hint: what a program of the
 * student's makes of a capture, byte by byte beside what another makes of it [mistake QUESTION
 * NAME]   gives or when, hint: a wrong answer that says what was misunderstood
 *
 * Expressions are those of [expect] (emu/scenario/metric.h); {NAME} in them is a number that was
 * drawn, or a value above, {given} the student's answer and {answer} the right one; of a
 * program {packet} and {byte} are the first that is wrong, {found} and {expected} what it is and
 * should be, {count} and {right} how many packets there are. What is drawn
 * depends on the lab's name, the student's and the number's, and on nothing else. */
#pragma once

#include "emu/scenario/document.h"
#include "emu/study/study.h"

#define LAB_SCHEMA "sppemu-lab-1"
#define LAB_SCENARIO "scenario.ini" /* in a student's folder */
#define LAB_ANSWERS "answers.ini"

/* One way to be wrong. */
typedef struct {
    char *name;
    char *gives, *when, *hint; /* one of the first two; the other is empty */
} LabMistake;

typedef struct {
    char *name;
    bool task;    /* about the student's scenario: `accept` has to hold, there is no answer */
    bool program; /* nor is there here */
    int kind;
    char *ask, *choices, *answer, *accept, *tolerance, *runs, *hint;
    char *file, *input, *yours, *reference; /* of a program */
    uint64_t skip;
    Param row;           /* how an answer is read */
    GPtrArray *mistakes; /* LabMistake */
} LabQuestion;

typedef struct {
    char *name, *is, *runs;
} LabValue;

typedef struct {
    char *name, *path; /* of the .lab */
    char *title, *about, *edit, *files;
    uint64_t minutes;
    Document *file;       /* all of it */
    GPtrArray *values;    /* LabValue */
    GPtrArray *questions; /* LabQuestion, tasks and programs too */
} Lab;

/* Read NAME.lab; NULL and an error naming file, line, section and key. */
Lab *lab_load(const char *path, GError **error);
void lab_free(Lab *lab);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Lab, lab_free)

/* Whether this may be a student's name: 1 to 64 letters, digits, and . _ - @ +. Upper and lower
 * case are the same student. */
bool lab_student(const char *id, GError **error);
/* The numbers of a student: name -> double, of all [draw]. */
GHashTable *lab_draw(const Lab *lab, const char *student, GError **error);
/* The scenario that the student starts from. */
Document *lab_scenario(const Lab *lab, const char *student, GError **error);
/* The file for the answers, each "?" as yet; it says that the lab is to be found by `name`. */
Document *lab_answers(const Lab *lab, const char *name, const char *student, GError **error);
/* The text with {NAME} replaced by its number, as it is read by people, or for an expression.
 * Caller frees; NULL and an error: there is no such name. */
char *lab_words(const char *text, GHashTable *names, bool expression, GError **error);

typedef enum { LAB_RIGHT, LAB_WRONG, LAB_UNANSWERED } LabVerdict;
extern const char *const lab_verdicts[];

typedef struct {
    const LabQuestion *question;
    char *given; /* as it is written; NULL of a task */
    LabVerdict verdict;
    char *hint; /* NULL if right */
} LabAnswer;

typedef struct {
    char *lab, *student;
    GPtrArray *answers; /* LabAnswer, in the lab's order */
    unsigned right;
} LabReport;

/* Which lab, and whose, a folder is: what its answers.ini says. */
bool lab_folder(const char *folder, char **lab, char **student, GError **error);
/* Judge a student's folder. An input error is about a file in it, or about the lab. */
LabReport *lab_check(const Lab *lab, const char *folder, const char *library,
                     const ComponentClass *const *classes, volatile int *interrupted,
                     GError **error);
void lab_report_free(LabReport *report);
/* For who writes a lab: the right answers of a student, and what each mistake gives, a line each.
 * *blurred counts the mistakes that would be taken for right, or for one before. Caller frees. */
char *lab_try(const Lab *lab, const char *student, const char *library,
              const ComponentClass *const *classes, volatile int *interrupted, unsigned *blurred,
              GError **error);
/* Schema sppemu-lab-1; caller decrefs. */
json_t *lab_report_json(const LabReport *report);
