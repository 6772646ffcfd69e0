/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * lab: coursework, from a student's own numbers to what is wrong with the answers. */
#include "emu/study/lab.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#include "emu/cli/page.h"
#include "emu/cli/study.h"
#include "emu/study/file.h"

typedef struct {
    char *student, *output;
    gboolean json;
} LabFlags;

/* Which labs there are --------------------------------------------------------------------- */

static char *labs_folder(void) {
    g_autofree char *shipped = cli_shipped_folder();
    return g_build_filename(shipped, "labs", NULL);
}

GPtrArray *cli_labs(void) {
    g_autofree char *folder = labs_folder();
    g_autoptr(GPtrArray) files = folder_names(folder);
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    for (unsigned i = 0; i < files->len; i++)
        if (g_str_has_suffix(files->pdata[i], ".lab"))
            g_ptr_array_add(names, g_strndup(files->pdata[i], strlen(files->pdata[i]) - 4));
    g_ptr_array_add(names, NULL);
    return names;
}

/* A lab that is shipped, or the path of one's own. */
static Lab *find_lab(const char *name, GError **error) {
    g_autofree char *folder = labs_folder(), *file = g_strconcat(name, ".lab", NULL),
                    *shipped = g_build_filename(folder, file, NULL);
    if (g_str_has_suffix(name, ".lab")) return lab_load(name, error);
    if (!strchr(name, '/') && g_file_test(shipped, G_FILE_TEST_IS_REGULAR))
        return lab_load(shipped, error);
    g_autoptr(GPtrArray) names = cli_labs();
    const char *near = param_nearest(name, (const char *const *)names->pdata);
    g_autofree char *list = g_strjoinv(", ", (char **)names->pdata);
    input_error(error, "found no lab \"%s\", expected one of %s%s%s", name, list,
                near ? "; the nearest is " : "", near ? near : "");
    return NULL;
}

static int list_labs(void) {
    g_autoptr(GPtrArray) names = cli_labs();
    int code = EXIT_OK;
    for (unsigned i = 0; i + 1 < names->len; i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Lab) lab = find_lab(names->pdata[i], &error);
        if (!lab) {
            code = cli_complain(EXIT_INPUT, error);
            continue;
        }
        g_autofree char *about = page_wrap(lab->about, 28, 28, PAGE_WIDTH);
        printf("%-16s %3u min  %s\n%28s%s\n", lab->name, (unsigned)lab->minutes, lab->title, "",
               about);
    }
    puts("\nBegin with: sppemu lab start NAME --student ID");
    return code;
}

/* start ----------------------------------------------------------------------------------- */

static bool write_document(const Document *d, const char *folder, const char *name,
                           GError **error) {
    g_autofree char *path = g_build_filename(folder, name, NULL),
                    *text = document_write(d, PAGE_WIDTH);
    return file_write(path, text, strlen(text), error);
}

/* The hand-out, which is documentation: in docs/ of a source tree, or where that is installed.
 * False: there is none. */
static bool copy_handout(const Lab *lab, const char *folder) {
    g_autofree char *data = cli_data_folder(), *file = g_strconcat(lab->name, ".md", NULL),
                    *beside = g_path_get_dirname(lab->path),
                    *to = g_build_filename(folder, file, NULL);
    char *places[] = {g_build_filename(beside, file, NULL),
                      g_build_filename(data, "docs", "labs", file, NULL),
                      g_build_filename(data, "..", "doc", "sppemu", "docs", "labs", file, NULL)};
    bool found = false;
    for (unsigned i = 0; i < G_N_ELEMENTS(places); i++) {
        g_autofree char *text = NULL;
        size_t length;
        if (!found && g_file_get_contents(places[i], &text, &length, NULL))
            found = file_write(to, text, length, NULL);
        g_free(places[i]);
    }
    return found;
}

/* What else students get, and say so: those files of the lab's folder whose names do not begin with
 * reference. In them @SPPEMU@ stands for the folder that has the sources of the fast path. */
static bool copy_files(const Lab *lab, const char *folder, GError **error) {
    g_autofree char *at = g_path_get_dirname(lab->path),
                    *from = g_build_filename(at, lab->files, NULL), *data = cli_data_folder(),
                    *top = g_canonicalize_filename(data, NULL);
    g_autoptr(GPtrArray) names = *lab->files ? folder_names(from) : g_ptr_array_new();
    for (unsigned i = 0; i < names->len; i++) {
        const char *name = names->pdata[i];
        g_autofree char *path = g_build_filename(from, name, NULL),
                        *to = g_build_filename(folder, name, NULL), *text = NULL;
        if (g_str_has_prefix(name, "reference")) continue;
        if (!g_file_get_contents(path, &text, NULL, error)) return false;
        g_autoptr(GString) with = g_string_new(text);
        g_string_replace(with, "@SPPEMU@", top, 0);
        if (!file_write(to, with->str, with->len, error)) return false;
        printf("  %s/%s\n", folder, name);
    }
    return true;
}

static void say_what_next(const Lab *lab, const char *folder, bool handout) {
    g_autofree char *page = g_strconcat(lab->name, ".md", NULL);
    if (handout) printf("  %s/%-24s what to do\n", folder, page);
    printf("  %s/%-24s the scenario, with your numbers\n", folder, LAB_SCENARIO);
    printf("  %s/%-24s the questions; your answers go here\n\n", folder, LAB_ANSWERS);
    printf("Run it with    sppemu run %s/%s\nand then       sppemu lab check %s\n", folder,
           LAB_SCENARIO, folder);
}

static int start_lab(const char *name, const LabFlags *f) {
    g_autoptr(GError) error = NULL;
    if (!name) return cli_usage("lab start: found no NAME, expected one from sppemu lab list");
    if (!f->student)
        return cli_usage("lab start: found no --student, expected --student ID, by which the "
                         "numbers are drawn");
    if (!lab_student(f->student, &error)) return cli_usage("--student: %s", error->message);
    g_autoptr(Lab) lab = find_lab(name, &error);
    if (!lab) return cli_complain(EXIT_INPUT, error);
    g_autofree char *folder = f->output ? cli_folder(f->output) : g_strdup(lab->name),
                    *path = g_canonicalize_filename(lab->path, NULL);
    g_autoptr(Document) scenario = lab_scenario(lab, f->student, &error);
    g_autoptr(Document) answers =
        scenario ? lab_answers(lab, g_str_has_suffix(name, ".lab") ? path : lab->name, f->student,
                               &error)
                 : NULL;
    if (!answers) return cli_complain(EXIT_INPUT, error);
    g_autoptr(GPtrArray) there = folder_names(folder);
    if (there->len) {
        g_printerr("sppemu: %s: found a folder that is not empty, expected a new one; -o DIR "
                   "names another\n",
                   folder);
        return EXIT_RUN_FAILED;
    }
    printf("%s: %s\n\n", f->student, lab->title);
    if (!folder_make(folder, &error) || !write_document(scenario, folder, LAB_SCENARIO, &error) ||
        !write_document(answers, folder, LAB_ANSWERS, &error) || !copy_files(lab, folder, &error))
        return cli_complain(EXIT_RUN_FAILED, error);
    say_what_next(lab, folder, copy_handout(lab, folder));
    return EXIT_OK;
}

/* check ----------------------------------------------------------------------------------- */

static void print_report(const LabReport *report) {
    printf("%s, student %s: %u of %u right\n\n", report->lab, report->student, report->right,
           report->answers->len);
    for (unsigned i = 0; i < report->answers->len; i++) {
        const LabAnswer *a = report->answers->pdata[i];
        bool shown = a->given && a->verdict != LAB_UNANSWERED;
        printf("  %-13s %s%s%s\n", lab_verdicts[a->verdict], a->question->name, shown ? " = " : "",
               shown ? a->given : "");
        if (!a->hint) continue;
        g_autofree char *hint = page_wrap(a->hint, 16, 16, PAGE_WIDTH);
        printf("%16s%s\n", "", hint);
    }
}

/* With --json there is a line for every folder, whatever is in it. */
static int refuse_folder(const char *folder, const LabFlags *f, const GError *error) {
    bool input = error->domain == SPPEMU_INPUT_ERROR;
    if (f->json) {
        json_t *doc = json_pack("{s:s, s:s, s:s}", "schema", LAB_SCHEMA, "folder", folder, "error",
                                error->message);
        json_dumpf(doc, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
        putchar('\n');
        json_decref(doc);
    }
    return cli_complain(input ? EXIT_INPUT : EXIT_RUN_FAILED, error);
}

static int check_lab(const char *given, const LabFlags *f, const ComponentClass *const *classes) {
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = cli_folder(given ? given : "."), *name = NULL, *student = NULL,
                    *library = cli_shipped_folder();
    if (!lab_folder(folder, &name, &student, &error)) return refuse_folder(folder, f, error);
    if (f->student && g_ascii_strcasecmp(student, f->student) != 0)
        input_error(&error, "%s/%s: [lab] student: found %s, expected %s", folder, LAB_ANSWERS,
                    student, f->student);
    g_autoptr(Lab) lab = error ? NULL : find_lab(name, &error);
    if (!lab) return refuse_folder(folder, f, error);
    cli_catch_signals();
    LabReport *report = lab_check(lab, folder, library, classes, &cli_interrupted, &error);
    if (!report) return refuse_folder(folder, f, error);
    int code = report->right == report->answers->len ? EXIT_OK : EXIT_INVARIANT;
    if (f->json) {
        json_t *doc = lab_report_json(report);
        json_object_set_new(doc, "folder", json_string(folder));
        json_dumpf(doc, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
        putchar('\n');
        json_decref(doc);
    } else {
        print_report(report);
    }
    lab_report_free(report);
    return code;
}

/* try ------------------------------------------------------------------------------------- */

/* Not of a shipped name: who is to find the answers has no need of it. */
static int try_lab(const char *file, const LabFlags *f, const ComponentClass *const *classes) {
    g_autoptr(GError) error = NULL;
    g_autofree char *library = cli_shipped_folder();
    unsigned blurred;
    if (!file || !g_str_has_suffix(file, ".lab") || !f->student)
        return cli_usage("lab try: found no %s, expected lab try FILE.lab --student ID",
                         file && f->student ? "FILE.lab"
                         : file             ? "--student"
                                            : "FILE");
    if (!lab_student(f->student, &error)) return cli_usage("--student: %s", error->message);
    g_autoptr(Lab) lab = find_lab(file, &error);
    if (!lab) return cli_complain(EXIT_INPUT, error);
    cli_catch_signals();
    g_autofree char *text =
        lab_try(lab, f->student, library, classes, &cli_interrupted, &blurred, &error);
    if (!text) return cli_complain(EXIT_INPUT, error);
    fputs(text, stdout);
    return blurred ? EXIT_INVARIANT : EXIT_OK;
}

/* The verb -------------------------------------------------------------------------------- */

static int lab_run(char **operands, void *flags, const ComponentClass *const *classes) {
    static const char *const actions[] = {"list", "start", "check", "try", NULL};
    const LabFlags *f = flags;
    const char *action = operands[0];
    if (!strcmp(action, "list") && operands[1])
        return cli_usage("lab list: found \"%s\", expected nothing behind list", operands[1]);
    if (f->json && strcmp(action, "check") != 0)
        return cli_usage("--json: found it with lab %s, expected lab check", action);
    if (f->output && strcmp(action, "start") != 0)
        return cli_usage("--output: found it with lab %s, expected lab start", action);
    if (!strcmp(action, "list")) return list_labs();
    if (!strcmp(action, "start")) return start_lab(operands[1], f);
    if (!strcmp(action, "check")) return check_lab(operands[1], f, classes);
    if (!strcmp(action, "try")) return try_lab(operands[1], f, classes);
    const char *near = param_nearest(action, actions);
    return cli_usage("lab: found \"%s\", expected list, start, check or try%s%s", action,
                     near ? "; the nearest is " : "", near ? near : "");
}

static const GOptionEntry lab_options[] = {
    CLI_OPTION(LabFlags, student, "student", 0, STRING,
               "start, try: by which numbers are drawn; check: whose folder it should be", "ID"),
    CLI_OPTION(LabFlags, output, "output", 'o', FILENAME, "start: the folder (default NAME)",
               "DIR"),
    CLI_OPTION(LabFlags, json, "json", 0, NONE,
               "check: one line of JSON (schema " LAB_SCHEMA "), also of a folder that is refused",
               NULL),
    {0}};

const CliVerb lab_verb = {
    .name = "lab",
    .operands = "ACTION [NAME|DIR]",
    .text = "coursework: list the labs, start one, check the answers",
    .more = "lab start NAME --student ID makes a folder with the hand-out, a scenario with numbers "
            "of the student's own, and a file for the answers. lab check DIR runs the scenario, "
            "works out what they should be, and has a hint for each that is wrong. lab try "
            "FILE.lab is for who writes one. How to do that, and to grade a class: "
            "docs/labs/instructor.md.",
    .exits = "Exit codes: 0 all is right, 1 a file cannot be written, 2 usage, 3 a file in DIR is "
             "malformed, or changed where it must not be, 4 an answer is wrong or missing.",
    .examples = (const CliExample[]){{"sppemu lab list", "what there is"},
                                     {"sppemu lab start fair-queueing --student ada",
                                      "into the folder fair-queueing"},
                                     {"sppemu lab check fair-queueing", "what is right so far"},
                                     {0}},
    .options = lab_options,
    CLI_FLAGS(LabFlags, {0}),
    .run = lab_run};
