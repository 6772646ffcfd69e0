/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Reading a lab: which sections and keys there are, and that they name each other. */
#include <string.h>

#include "emu/study/lab.h"

/* Tables ---------------------------------------------------------------------------------- */

#define KINDS                                                                                      \
    "wire rate|frame rate|payload rate|packet rate|time|size|frequency|count|number|share|choice"

static const Param head_params[] = {
    PARAM_TEXT("title", Lab, title, NULL, "what it is called", "lab"),
    PARAM_TEXT("about", Lab, about, NULL, "what is learned", "lab"),
    PARAM_COUNT("minutes", Lab, minutes, NULL, "1", "6000", "how long it takes a student", "lab"),
    PARAM_TEXT("edit", Lab, edit, "", "keys of the scenario that may be changed", "lab"),
    PARAM_TEXT("files", Lab, files, "", "a folder with files for students", "lab"),
    {0}};

static const Param question_params[] = {
    PARAM_TEXT("ask", LabQuestion, ask, NULL, "the question", "lab"),
    PARAM_ENUM("kind", LabQuestion, kind, NULL, KINDS, "what an answer is", "lab"),
    PARAM_TEXT("choices", LabQuestion, choices, "", "of a choice: its words", "lab"),
    PARAM_TEXT("answer", LabQuestion, answer, "", "the right one", "lab"),
    PARAM_TEXT("accept", LabQuestion, accept, "", "what holds of right ones", "lab"),
    PARAM_TEXT("tolerance", LabQuestion, tolerance, "", "2%, or as an answer is written", "lab"),
    PARAM_TEXT("runs", LabQuestion, runs, "", "of which [runs]", "lab"),
    PARAM_TEXT("hint", LabQuestion, hint, NULL, "for a mistake that is none of those below", "lab"),
    {0}};

static const Param task_params[] = {
    PARAM_TEXT("ask", LabQuestion, ask, NULL, "the task", "lab"),
    PARAM_TEXT("holds", LabQuestion, accept, NULL, "of the student's scenario", "lab"),
    PARAM_TEXT("runs", LabQuestion, runs, "", "of which [runs]", "lab"),
    PARAM_TEXT("hint", LabQuestion, hint, NULL, "for a mistake that is none of those below", "lab"),
    {0}};

static const Param program_params[] = {
    PARAM_TEXT("ask", LabQuestion, ask, NULL, "the task", "lab"),
    PARAM_TEXT("file", LabQuestion, file, NULL, "what the student writes", "lab"),
    PARAM_TEXT("input", LabQuestion, input, NULL, "a capture of the scenario's", "lab"),
    PARAM_TEXT("yours", LabQuestion, yours, NULL, "a command, in the student's folder", "lab"),
    PARAM_TEXT("reference", LabQuestion, reference, NULL, "a command for the same", "lab"),
    PARAM_COUNT("skip", LabQuestion, skip, "0", "0", "65535",
                "bytes of a packet of yours in front "
                "of the reference's",
                "lab"),
    PARAM_TEXT("hint", LabQuestion, hint, NULL, "for a mistake that is none of those below", "lab"),
    {0}};

static const Param value_params[] = {
    PARAM_TEXT("is", LabValue, is, NULL, "an expression", "lab"),
    PARAM_TEXT("runs", LabValue, runs, "", "of which [runs]", "lab"),
    {0}};

static const Param mistake_params[] = {
    PARAM_TEXT("gives", LabMistake, gives, "", "the wrong answer", "lab"),
    PARAM_TEXT("when", LabMistake, when, "", "what holds of wrong answers", "lab"),
    PARAM_TEXT("hint", LabMistake, hint, NULL, "what to think about", "lab"),
    {0}};

/* By the place of its kind. */
static const Param kind_rows[] = {
    {.type = PARAM_TYPE_RATE, .choices = "bits"},
    {.type = PARAM_TYPE_RATE, .choices = "bits"},
    {.type = PARAM_TYPE_RATE, .choices = "bits"},
    {.type = PARAM_TYPE_RATE, .choices = "packets"},
    {.type = PARAM_TYPE_TIME},
    {.type = PARAM_TYPE_SIZE},
    {.type = PARAM_TYPE_FREQUENCY},
    {.type = PARAM_TYPE_COUNT},
    {.type = PARAM_TYPE_REAL},
    {.type = PARAM_TYPE_FRACTION},
    {.type = PARAM_TYPE_ENUM},
};

/* Sections -------------------------------------------------------------------------------- */

static bool at_section(GError **error, const Lab *lab, const DocumentSection *section) {
    g_prefix_error(error, "%s:%u: [%s%s%s]: ", lab->path, section->line, section->head,
                   section->name ? " " : "", section->name ? section->name : "");
    return false;
}

static bool at_entry(GError **error, const Lab *lab, const DocumentSection *section,
                     const DocumentEntry *entry) {
    g_prefix_error(error, "%s:%u: [%s%s%s] %s: ", lab->path, entry->line, section->head,
                   section->name ? " " : "", section->name ? section->name : "", entry->key);
    return false;
}

static bool unknown_key(const Param *table, const char *key, GError **error) {
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (const Param *row = table; row->name; row++) g_ptr_array_add(names, (char *)row->name);
    g_ptr_array_add(names, NULL);
    g_autofree char *list = g_strjoinv(", ", (char **)names->pdata);
    const char *near = param_nearest(key, (const char *const *)names->pdata);
    return input_error(error, "found an unknown key, expected one of %s%s%s", list,
                       near ? "; the nearest is " : "", near ? near : "");
}

static bool fill(const Lab *lab, const DocumentSection *section, const Param *table, void *target,
                 GError **error) {
    param_set_defaults(table, target);
    for (unsigned i = 0; i < section->entries->len; i++) {
        const DocumentEntry *e = section->entries->pdata[i];
        const Param *row = param_find(table, e->key);
        if (row ? !param_set(row, target, e->value, NULL, error)
                : !unknown_key(table, e->key, error))
            return at_entry(error, lab, section, e);
    }
    for (const Param *row = table; row->name; row++)
        if (!row->def && !document_entry(section, row->name)) {
            input_error(error, "found no key %s, expected %s", row->name, row->text);
            return at_section(error, lab, section);
        }
    return true;
}

static bool read_draw(Lab *lab, const DocumentSection *section, GError **error) {
    (void)lab, (void)section, (void)error; /* lab_draw reads it */
    return true;
}

static bool read_head(Lab *lab, const DocumentSection *section, GError **error) {
    return fill(lab, section, head_params, lab, error);
}

static bool read_value(Lab *lab, const DocumentSection *section, GError **error) {
    LabValue *v = g_new0(LabValue, 1);
    g_ptr_array_add(lab->values, v);
    v->name = g_strdup(section->name);
    return fill(lab, section, value_params, v, error);
}

static LabQuestion *add_question(Lab *lab, const DocumentSection *section) {
    LabQuestion *q = g_new0(LabQuestion, 1);
    q->name = g_strdup(section->name);
    q->mistakes = g_ptr_array_new();
    param_set_defaults(question_params, q); /* others have some of its keys */
    g_ptr_array_add(lab->questions, q);
    return q;
}

static bool read_task(Lab *lab, const DocumentSection *section, GError **error) {
    LabQuestion *q = add_question(lab, section);
    q->task = true;
    return fill(lab, section, task_params, q, error);
}

static bool read_program(Lab *lab, const DocumentSection *section, GError **error) {
    LabQuestion *q = add_question(lab, section);
    q->program = true;
    return fill(lab, section, program_params, q, error);
}

static bool read_question(Lab *lab, const DocumentSection *section, GError **error) {
    LabQuestion *q = add_question(lab, section);
    if (!fill(lab, section, question_params, q, error)) return false;
    q->row = kind_rows[q->kind];
    if (q->row.type == PARAM_TYPE_ENUM) q->row.choices = q->choices;
    ParamValue value;
    if (!*q->answer == !*q->accept)
        input_error(error, "found %s, expected one of answer and accept",
                    *q->answer ? "both" : "neither");
    else if ((q->row.type == PARAM_TYPE_ENUM) != (*q->choices != 0))
        input_error(error, "found %s, expected choices where the kind is choice",
                    *q->choices ? "choices" : "no choices");
    else if (!*q->tolerance || g_str_has_suffix(q->tolerance, "%"))
        return true;
    else if (param_read(&q->row, &value, q->tolerance, NULL, error))
        return param_value_clear(&q->row, &value), true;
    else
        g_prefix_error(error, "tolerance: ");
    return at_section(error, lab, section);
}

static LabQuestion *find_question(const Lab *lab, const char *name) {
    for (unsigned i = 0; i < lab->questions->len; i++) {
        LabQuestion *q = lab->questions->pdata[i];
        if (!strcmp(q->name, name)) return q;
    }
    return NULL;
}

static bool read_mistake(Lab *lab, const DocumentSection *section, GError **error) {
    g_auto(GStrv) names = g_strsplit(section->name, " ", 2);
    LabQuestion *q = find_question(lab, names[0]);
    if (!q || !names[1]) {
        input_error(error,
                    "found \"%s\", expected the name of a question, task or program above, and one "
                    "of its own behind it",
                    section->name);
        return at_section(error, lab, section);
    }
    LabMistake *m = g_new0(LabMistake, 1);
    g_ptr_array_add(q->mistakes, m);
    m->name = g_strdup(names[1]);
    if (!fill(lab, section, mistake_params, m, error)) return false;
    if (!*m->gives != !*m->when && ((!q->task && !q->program) || *m->when)) return true;
    input_error(error, "found %s, expected %s", *m->gives ? "gives" : "neither gives nor when",
                q->task || q->program ? "when" : "one of gives and when");
    return at_section(error, lab, section);
}

static const struct {
    const char *head;
    bool named;
    bool (*read)(Lab *lab, const DocumentSection *section, GError **error);
} kinds_of_section[] = {{"lab", false, read_head},         {"draw", false, read_draw},
                        {"runs", true, read_draw},         {"value", true, read_value},
                        {"question", true, read_question}, {"task", true, read_task},
                        {"program", true, read_program},   {"mistake", true, read_mistake}};

static bool read_section(Lab *lab, const DocumentSection *section, GError **error) {
    const char *heads[G_N_ELEMENTS(kinds_of_section) + 1] = {0};
    for (unsigned i = 0; i < G_N_ELEMENTS(kinds_of_section); i++) {
        heads[i] = kinds_of_section[i].head;
        if (strcmp(section->head, heads[i]) != 0) continue;
        if (kinds_of_section[i].named == (section->name != NULL))
            return kinds_of_section[i].read(lab, section, error);
        input_error(error, "found %s, expected [%s%s]", section->name ? "a name" : "no name",
                    heads[i], kinds_of_section[i].named ? " NAME" : "");
        return at_section(error, lab, section);
    }
    const char *near = param_nearest(section->head, heads);
    g_autofree char *list = g_strjoinv(", ", (char **)heads);
    input_error(error, "found an unknown section, expected one of %s%s%s", list,
                near ? "; the nearest is " : "", near ? near : "");
    return at_section(error, lab, section);
}

/* Every `runs` names a [runs NAME]. */
static bool runs_known(const Lab *lab, const char *name, const char *of, GError **error) {
    if (!*name || document_section(lab->file, "runs", name)) return true;
    return input_error(error, "%s: %s: found runs = %s, expected the name of a [runs NAME]",
                       lab->path, of, name);
}

static bool look_up(const Lab *lab, GError **error) {
    for (unsigned i = 0; i < lab->values->len; i++) {
        const LabValue *v = lab->values->pdata[i];
        if (!runs_known(lab, v->runs, v->name, error)) return false;
    }
    for (unsigned i = 0; i < lab->questions->len; i++) {
        const LabQuestion *q = lab->questions->pdata[i];
        if (!runs_known(lab, q->runs, q->name, error)) return false;
    }
    if (!lab->title) return input_error(error, "%s: found no [lab], expected one", lab->path);
    return lab->questions->len ||
           input_error(error, "%s: found no [question NAME], expected one", lab->path);
}

Lab *lab_load(const char *path, GError **error) {
    g_autoptr(Lab) lab = g_new0(Lab, 1);
    g_autofree char *base = g_path_get_basename(path);
    lab->path = g_strdup(path);
    lab->name = g_strndup(base, strcspn(base, "."));
    lab->values = g_ptr_array_new();
    lab->questions = g_ptr_array_new();
    if (!(lab->file = document_load(path, error))) return NULL;
    for (unsigned i = 0; i < lab->file->sections->len; i++)
        if (!read_section(lab, lab->file->sections->pdata[i], error)) return NULL;
    return look_up(lab, error) ? g_steal_pointer(&lab) : NULL;
}

static void free_rows(const Param *table, void *of) {
    param_clear(table, of);
    g_free(of);
}

void lab_free(Lab *lab) {
    if (!lab) return;
    for (unsigned i = 0; i < lab->values->len; i++) {
        LabValue *v = lab->values->pdata[i];
        g_free(v->name);
        free_rows(value_params, v);
    }
    for (unsigned i = 0; i < lab->questions->len; i++) {
        LabQuestion *q = lab->questions->pdata[i];
        for (unsigned k = 0; k < q->mistakes->len; k++) {
            LabMistake *m = q->mistakes->pdata[k];
            g_free(m->name);
            free_rows(mistake_params, m);
        }
        g_ptr_array_unref(q->mistakes);
        g_free(q->name);
        param_clear(program_params, q);
        free_rows(question_params, q);
    }
    g_ptr_array_unref(lab->values);
    g_ptr_array_unref(lab->questions);
    document_free(lab->file);
    g_free(lab->name);
    g_free(lab->path);
    free_rows(head_params, lab);
}
