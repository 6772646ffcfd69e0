/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Judging: what a student's folder holds, what its numbers should be, and which mistake a wrong one
 * is. The right ones come from the scenario as the student was given it; tasks are about the
 * scenario as it is now. */
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#include "emu/study/file.h"
#include "emu/study/lab.h"
#include "emu/study/lab_program.h"
#include "emu/study/lab_runs.h"

typedef struct {
    const Lab *lab;
    const char *folder, *library;
    char *answers_path, *scenario_path, *reference_path, *work;
    Document *answers;
    GHashTable *names;
    LabRuns *given, *own; /* of the scenario as it was given, and as it is now */
    bool changed;         /* the student has changed what may be */
} Check;

/* What is in the folder ------------------------------------------------------------------- */

static const char *entry_of(const Document *d, const char *head, const char *key, GError **error) {
    const DocumentSection *section = document_section(d, head, NULL);
    const DocumentEntry *e = section ? document_entry(section, key) : NULL;
    if (!e)
        input_error(error, "%s: found no %s in [%s], expected it as lab start wrote it", d->path,
                    key, head);
    return e ? e->value : NULL;
}

bool lab_folder(const char *folder, char **lab, char **student, GError **error) {
    g_autofree char *path = g_build_filename(folder, LAB_ANSWERS, NULL);
    if (!g_file_test(path, G_FILE_TEST_IS_REGULAR))
        return input_error(error, "%s: found no " LAB_ANSWERS ", expected a folder of lab start",
                           folder);
    g_autoptr(Document) d = document_load(path, error);
    const char *name = d ? entry_of(d, "lab", "name", error) : NULL,
               *id = name ? entry_of(d, "lab", "student", error) : NULL;
    if (!id) return false;
    if (!lab_student(id, error)) {
        g_prefix_error(error, "%s: [lab] student: ", path);
        return false;
    }
    *lab = g_strdup(name);
    *student = g_strdup(id);
    return true;
}

/* router.queues of [slice router]; of a section without a name it is of its head. */
static bool may_change(const Lab *lab, const DocumentSection *section, const char *key) {
    g_autofree char *full =
        g_strconcat(section->name ? section->name : section->head, ".", key, NULL);
    g_auto(GStrv) keys = g_strsplit(lab->edit, ",", -1);
    for (unsigned i = 0; keys[i]; i++)
        if (!strcmp(g_strstrip(keys[i]), full)) return true;
    return false;
}

/* Pictures and expectations are the student's own. */
static bool is_free(const DocumentSection *section) {
    return !strcmp(section->head, "plot") || !strcmp(section->head, "expect");
}

static bool refuse(const Check *c, unsigned line, const DocumentSection *section, const char *key,
                   const char *found, const char *expected, GError **error) {
    bool some = *c->lab->edit != 0;
    return input_error(error,
                       "%s:%u: [%s%s%s]%s%s: found %s, expected %s, as lab start wrote it; "
                       "%s%s%s can be tried with --set",
                       c->scenario_path, line, section->head, section->name ? " " : "",
                       section->name ? section->name : "", key ? " " : "", key ? key : "", found,
                       expected, some ? "only " : "", some ? c->lab->edit : "nothing",
                       some ? " may change, the others" : " may change, other values");
}

/* Every key of `given`, unless it may change, is in `own` with that value. */
static bool same_section(Check *c, const DocumentSection *given, const DocumentSection *own,
                         GError **error) {
    for (unsigned i = 0; i < given->entries->len; i++) {
        const DocumentEntry *e = given->entries->pdata[i], *mine = document_entry(own, e->key);
        if (mine && !strcmp(mine->value, e->value)) continue;
        c->changed = true;
        if (may_change(c->lab, given, e->key)) continue;
        return refuse(c, mine ? mine->line : own->line, own, e->key, mine ? mine->value : "nothing",
                      e->value, error);
    }
    for (unsigned i = 0; i < own->entries->len; i++) {
        const DocumentEntry *mine = own->entries->pdata[i];
        if (document_entry(given, mine->key)) continue;
        c->changed = true;
        if (!may_change(c->lab, own, mine->key))
            return refuse(c, mine->line, own, mine->key, mine->value, "no such key", error);
    }
    for (unsigned i = 0; given->text && i < MAX(given->text->len, own->text->len); i++) {
        const char *expected = i < given->text->len ? given->text->pdata[i] : "no more",
                   *found = i < own->text->len ? own->text->pdata[i] : "no more";
        if (strcmp(expected, found) != 0)
            return refuse(c, own->line + i + 1, own, NULL, found, expected, error);
    }
    return true;
}

static bool same_scenario(Check *c, const Document *given, GError **error) {
    g_autoptr(Document) own = document_load(c->scenario_path, error);
    if (!own) return false;
    for (unsigned i = 0; i < given->sections->len; i++) {
        const DocumentSection *s = given->sections->pdata[i],
                              *mine = document_section(own, s->head, s->name);
        if (is_free(s)) continue;
        if (!mine)
            return input_error(error, "%s: found no [%s%s%s], expected it as lab start wrote it",
                               c->scenario_path, s->head, s->name ? " " : "",
                               s->name ? s->name : "");
        if (!same_section(c, s, mine, error)) return false;
    }
    for (unsigned i = 0; i < own->sections->len; i++) {
        const DocumentSection *mine = own->sections->pdata[i];
        if (!is_free(mine) && !document_section(given, mine->head, mine->name))
            return refuse(c, mine->line, mine, NULL, "it", "no such section", error);
    }
    return true;
}

static const LabQuestion *question_of(const Lab *lab, const char *name) {
    for (unsigned i = 0; i < lab->questions->len; i++) {
        const LabQuestion *q = lab->questions->pdata[i];
        if (!q->task && !q->program && !strcmp(q->name, name)) return q;
    }
    return NULL;
}

/* A line of [answers] that is none. */
static bool known_answers(const Check *c, GError **error) {
    const DocumentSection *answers = document_section(c->answers, "answers", NULL);
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (unsigned i = 0; i < c->lab->questions->len; i++) {
        const LabQuestion *q = c->lab->questions->pdata[i];
        if (!q->task && !q->program) g_ptr_array_add(names, q->name);
    }
    g_ptr_array_add(names, NULL);
    if (!answers)
        return input_error(error, "%s: found no [answers], expected it as lab start wrote it",
                           c->answers_path);
    for (unsigned i = 0; i < answers->entries->len; i++) {
        const DocumentEntry *e = answers->entries->pdata[i];
        if (question_of(c->lab, e->key)) continue;
        const char *near = param_nearest(e->key, (const char *const *)names->pdata);
        g_autofree char *list = g_strjoinv(", ", (char **)names->pdata);
        return input_error(error,
                           "%s:%u: [answers] %s: found no question of that name, expected "
                           "one of %s%s%s",
                           c->answers_path, e->line, e->key, list, near ? "; the nearest is " : "",
                           near ? near : "");
    }
    return true;
}

/* Answers --------------------------------------------------------------------------------- */

/* "80Mbit/s payload" where frames were asked for is not the number that was asked for. */
static bool of_its_layer(const LabQuestion *q, const char *text, ParamValue *value,
                         GError **error) {
    static const char *const words[] = {"wire", "frame", "payload"};
    if (q->row.type != PARAM_TYPE_RATE || q->kind > RATE_PAYLOAD) return true;
    bool said = false;
    for (unsigned i = 0; i < G_N_ELEMENTS(words); i++) said |= g_str_has_suffix(text, words[i]);
    if (!said || value->rate.layer == (RateLayer)q->kind) return true;
    return input_error(error, "found \"%s\", expected a rate of the layer %s, such as 80Mbit/s %s",
                       text, words[q->kind], words[q->kind]);
}

static bool read_answer(const Check *c, const LabQuestion *q, const DocumentEntry *e, double *value,
                        GError **error) {
    ParamValue v;
    bool ok = param_read(&q->row, &v, e->value, NULL, error);
    if (ok) {
        *value = q->row.type == PARAM_TYPE_ENUM ? v.choice : param_number(&q->row, &v);
        ok = of_its_layer(q, e->value, &v, error);
        param_value_clear(&q->row, &v);
    }
    if (!ok) g_prefix_error(error, "%s:%u: [answers] %s: ", c->answers_path, e->line, q->name);
    return ok;
}

/* How far an answer may be from `right`. */
static double tolerance_of(const LabQuestion *q, double right) {
    if (!*q->tolerance) return 0;
    if (g_str_has_suffix(q->tolerance, "%"))
        return fabs(right) * g_ascii_strtod(q->tolerance, NULL) / 100;
    return param_number_of(&q->row, q->tolerance);
}

static bool near(const LabQuestion *q, double given, double right) {
    /* Decimal digits that people write are not binary ones. */
    return fabs(given - right) <= tolerance_of(q, right) + 1e-9 * fabs(right);
}

static void set_name(Check *c, const char *name, double value) {
    g_hash_table_insert(c->names, g_strdup(name), g_memdup2(&value, sizeof value));
}

static bool about(const Check *c, const LabQuestion *q, const char *what, GError **error) {
    g_prefix_error(error, "%s: [%s %s] %s: ", c->lab->path,
                   q->task      ? "task"
                   : q->program ? "program"
                                : "question",
                   q->name, what);
    return false;
}

/* Whether it is this mistake. */
static bool is_mistake(const Check *c, LabRuns *runs, const LabQuestion *q, const LabMistake *m,
                       double given, bool *is, GError **error) {
    double value;
    if (!lab_runs_evaluate(runs, q->runs, *m->gives ? m->gives : m->when, &value, error))
        return about(c, q, "a mistake", error);
    *is = *m->gives ? near(q, given, value) : value != 0 && !isnan(value);
    return true;
}

static bool find_hint(const Check *c, LabRuns *runs, LabAnswer *a, double given, GError **error) {
    const LabQuestion *q = a->question;
    const char *hint = q->hint;
    for (unsigned i = 0; i < q->mistakes->len; i++) {
        const LabMistake *m = q->mistakes->pdata[i];
        bool is;
        if (!is_mistake(c, runs, q, m, given, &is, error)) return false;
        if (!is) continue;
        hint = m->hint;
        break;
    }
    a->hint = lab_words(hint, c->names, false, error);
    return a->hint || about(c, q, "hint", error);
}

static bool judge_question(Check *c, LabAnswer *a, GError **error) {
    const LabQuestion *q = a->question;
    const DocumentSection *answers = document_section(c->answers, "answers", NULL);
    const DocumentEntry *e = document_entry(answers, q->name);
    double given, right = NAN, accepted = 0;
    a->given = g_strdup(e ? e->value : "?");
    a->verdict = LAB_UNANSWERED;
    if (!strcmp(a->given, "?")) return true;
    if (!read_answer(c, q, e, &given, error)) return false;
    set_name(c, "given", given);
    if (*q->answer && !lab_runs_evaluate(c->given, q->runs, q->answer, &right, error))
        return about(c, q, "answer", error);
    set_name(c, "answer", right);
    if (*q->accept && !lab_runs_evaluate(c->given, q->runs, q->accept, &accepted, error))
        return about(c, q, "accept", error);
    bool ok = *q->answer ? near(q, given, right) : accepted != 0 && !isnan(accepted);
    a->verdict = ok ? LAB_RIGHT : LAB_WRONG;
    return ok || find_hint(c, c->given, a, given, error);
}

static bool judge_task(Check *c, LabAnswer *a, GError **error) {
    const LabQuestion *q = a->question;
    double holds;
    a->verdict = LAB_UNANSWERED;
    if (!c->changed) return true;
    if (!lab_runs_evaluate(c->own, q->runs, q->accept, &holds, error))
        return about(c, q, "holds", error);
    a->verdict = holds != 0 && !isnan(holds) ? LAB_RIGHT : LAB_WRONG;
    return a->verdict == LAB_RIGHT || find_hint(c, c->own, a, NAN, error);
}

/* "packet 3, byte 8: found 0x40, expected 0x3f", or what else is wrong first. */
static char *difference_text(const LabDifference *d) {
    if (d->byte < 0)
        return g_strdup_printf("found %.0f packets, expected %.0f. ", d->count, d->right);
    if (d->found < 0 || d->expected < 0)
        return g_strdup_printf("packet %.0f %s at byte %.0f. ", d->packet,
                               d->found < 0 ? "ends too early," : "should have ended", d->byte);
    return g_strdup_printf("packet %.0f, byte %.0f: found 0x%02x, expected 0x%02x. ", d->packet,
                           d->byte, (unsigned)d->found, (unsigned)d->expected);
}

static bool program_hint(Check *c, LabAnswer *a, const LabDifference *d, GError **error) {
    set_name(c, "packet", d->packet);
    set_name(c, "byte", d->byte);
    set_name(c, "found", d->found);
    set_name(c, "expected", d->expected);
    set_name(c, "count", d->count);
    set_name(c, "right", d->right);
    if (d->failure) {
        a->hint = g_strdup(d->failure);
        return true;
    }
    if (!find_hint(c, c->given, a, NAN, error)) return false;
    g_autofree char *hint = a->hint, *where = difference_text(d);
    a->hint = g_strconcat(where, hint, NULL);
    return true;
}

static bool judge_program(Check *c, LabAnswer *a, GError **error) {
    g_auto(LabDifference) d = {0};
    a->verdict = LAB_UNANSWERED;
    if (lab_program_untouched(c->lab, a->question, c->folder)) return true;
    if (!lab_runs_write(c->given, c->work, error) ||
        !lab_program_compare(c->lab, a->question, c->folder, c->work, c->library, c->names, &d,
                             error))
        return about(c, a->question, "packets", error);
    a->verdict = d.equal ? LAB_RIGHT : LAB_WRONG;
    return d.equal || program_hint(c, a, &d, error);
}

static bool work_out_values(Check *c, GError **error) {
    for (unsigned i = 0; i < c->lab->values->len; i++) {
        const LabValue *v = c->lab->values->pdata[i];
        double value;
        if (!lab_runs_evaluate(c->given, v->runs, v->is, &value, error)) {
            g_prefix_error(error, "%s: [value %s] is: ", c->lab->path, v->name);
            return false;
        }
        set_name(c, v->name, value);
    }
    return true;
}

static bool judge(Check *c, LabReport *report, GError **error) {
    for (unsigned i = 0; i < c->lab->questions->len; i++) {
        LabAnswer *a = g_new0(LabAnswer, 1);
        a->question = c->lab->questions->pdata[i];
        g_ptr_array_add(report->answers, a);
        if (!(a->question->task      ? judge_task
              : a->question->program ? judge_program
                                     : judge_question)(c, a, error))
            return false;
        report->right += a->verdict == LAB_RIGHT;
    }
    return true;
}

/* The whole ------------------------------------------------------------------------------- */

/* The scenario as it was given, in a file. */
static bool write_given(Check *c, const Document *given, const char *student, GError **error) {
    if (!(c->names = lab_draw(c->lab, student, error))) return false;
    if (!(c->work = g_dir_make_tmp("sppemu-lab-XXXXXX", error))) return false;
    c->reference_path = g_build_filename(c->work, LAB_SCENARIO, NULL);
    g_autofree char *text = document_write(given, 100);
    return file_write(c->reference_path, text, strlen(text), error);
}

static bool prepare(Check *c, const char *student, GError **error) {
    g_autoptr(Document) given = lab_scenario(c->lab, student, error);
    return given && same_scenario(c, given, error) &&
           (c->answers = document_load(c->answers_path, error)) && known_answers(c, error) &&
           write_given(c, given, student, error);
}

static void check_clear(Check *c) {
    lab_runs_free(c->given);
    lab_runs_free(c->own);
    if (c->work) folder_remove(c->work);
    if (c->names) g_hash_table_unref(c->names);
    document_free(c->answers);
    g_free(c->work);
    g_free(c->answers_path);
    g_free(c->scenario_path);
    g_free(c->reference_path);
}

LabReport *lab_check(const Lab *lab, const char *folder, const char *library,
                     const ComponentClass *const *classes, volatile int *interrupted,
                     GError **error) {
    LabReport *report = g_new0(LabReport, 1);
    Check c = {.lab = lab, .folder = folder, .library = library};
    report->lab = g_strdup(lab->name);
    report->answers = g_ptr_array_new();
    c.answers_path = g_build_filename(folder, LAB_ANSWERS, NULL);
    c.scenario_path = g_build_filename(folder, LAB_SCENARIO, NULL);
    g_autofree char *name = NULL; /* by which `lab` was found */
    bool ok =
        lab_folder(folder, &name, &report->student, error) && prepare(&c, report->student, error);
    if (ok) {
        c.given = lab_runs_new(lab, c.reference_path, library, classes, c.names, interrupted);
        c.own = lab_runs_new(lab, c.scenario_path, library, classes, c.names, interrupted);
        ok = work_out_values(&c, error) && judge(&c, report, error);
    }
    check_clear(&c);
    if (ok) return report;
    lab_report_free(report);
    return NULL;
}

/* For authors ----------------------------------------------------------------------------- */

/* As an answer may be written, to six digits. */
static char *number_text(const LabQuestion *q, double exact) {
    g_autofree char *digits = g_strdup_printf("%.6g", exact);
    double value = g_ascii_strtod(digits, NULL);
    static const char *const layers[] = {" wire", " frame", " payload", ""};
    g_autofree char *raw = NULL;
    ParamValue v;
    switch (q->row.type) {
    case PARAM_TYPE_ENUM: {
        g_auto(GStrv) words = g_strsplit(q->choices, "|", -1);
        bool one = value >= 0 && value < g_strv_length(words);
        return g_strdup(one ? words[(unsigned)value] : "none of the choices");
    }
    case PARAM_TYPE_RATE:
        raw = g_strdup_printf("%.0f%s/s%s", value, q->kind == RATE_PACKETS ? "packet" : "bit",
                              layers[q->kind]);
        break;
    case PARAM_TYPE_TIME: raw = g_strdup_printf("%.0fps", value * 1e12); break;
    case PARAM_TYPE_SIZE: raw = g_strdup_printf("%.0fB", value); break;
    case PARAM_TYPE_FREQUENCY: raw = g_strdup_printf("%.0fHz", value); break;
    case PARAM_TYPE_FRACTION: return g_strdup_printf("%.4g%%", value * 100);
    default: return g_strdup_printf("%.6g", value);
    }
    if (!param_read(&q->row, &v, raw, NULL, NULL)) return g_strdup_printf("%g", value);
    return param_tidy(&q->row, &v);
}

/* A line for each mistake with a number. */
static bool try_mistakes(Check *c, const LabQuestion *q, double right, GString *out,
                         unsigned *blurred, GError **error) {
    g_autoptr(GArray) seen = g_array_new(FALSE, FALSE, sizeof(double));
    for (unsigned i = 0; i < q->mistakes->len; i++) {
        const LabMistake *m = q->mistakes->pdata[i];
        double value;
        const char *as = NULL;
        if (!*m->gives) continue;
        if (!lab_runs_evaluate(c->given, q->runs, m->gives, &value, error))
            return about(c, q, m->name, error);
        if (near(q, value, right)) as = "the right answer";
        for (unsigned k = 0; k < seen->len && !as; k++)
            if (near(q, value, g_array_index(seen, double, k))) as = "a mistake before";
        g_array_append_val(seen, value);
        g_autofree char *text = number_text(q, value);
        g_string_append_printf(out, "    %-16s %s%s%s\n", m->name, text,
                               as ? ": within the tolerance of " : "", as ? as : "");
        *blurred += as != NULL;
    }
    return true;
}

static bool try_all(Check *c, GString *out, unsigned *blurred, GError **error) {
    for (unsigned i = 0; i < c->lab->questions->len; i++) {
        const LabQuestion *q = c->lab->questions->pdata[i];
        double right = NAN;
        if (*q->answer && !lab_runs_evaluate(c->given, q->runs, q->answer, &right, error))
            return about(c, q, "answer", error);
        g_autofree char *text =
            *q->answer ? number_text(q, right) : g_strdup(q->program ? q->reference : q->accept);
        g_string_append_printf(out, "%s = %s\n", q->name, text);
        set_name(c, "answer", right);
        set_name(c, "given", NAN);
        if (!q->task && !q->program && !try_mistakes(c, q, right, out, blurred, error))
            return false;
    }
    return true;
}

char *lab_try(const Lab *lab, const char *student, const char *library,
              const ComponentClass *const *classes, volatile int *interrupted, unsigned *blurred,
              GError **error) {
    Check c = {.lab = lab};
    g_autoptr(GString) out = g_string_new(NULL);
    g_autoptr(Document) given = lab_scenario(lab, student, error);
    bool ok = given && write_given(&c, given, student, error);
    *blurred = 0;
    if (ok) {
        c.given = lab_runs_new(lab, c.reference_path, library, classes, c.names, interrupted);
        ok = work_out_values(&c, error) && try_all(&c, out, blurred, error);
    }
    check_clear(&c);
    return ok ? g_strdup(out->str) : NULL;
}

void lab_report_free(LabReport *report) {
    if (!report) return;
    for (unsigned i = 0; i < report->answers->len; i++) {
        LabAnswer *a = report->answers->pdata[i];
        g_free(a->given);
        g_free(a->hint);
        g_free(a);
    }
    g_ptr_array_unref(report->answers);
    g_free(report->lab);
    g_free(report->student);
    g_free(report);
}

json_t *lab_report_json(const LabReport *report) {
    json_t *answers = json_array();
    for (unsigned i = 0; i < report->answers->len; i++) {
        const LabAnswer *a = report->answers->pdata[i];
        json_t *one =
            json_pack("{s:s, s:s}", "name", a->question->name, "verdict", lab_verdicts[a->verdict]);
        if (a->given) json_object_set_new(one, "given", json_string(a->given));
        if (a->hint) json_object_set_new(one, "hint", json_string(a->hint));
        json_array_append_new(answers, one);
    }
    return json_pack("{s:s, s:s, s:s, s:i, s:i, s:o}", "schema", LAB_SCHEMA, "lab", report->lab,
                     "student", report->student, "right", (int)report->right, "of",
                     (int)report->answers->len, "answers", answers);
}
