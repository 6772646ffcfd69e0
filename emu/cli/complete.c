/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * complete: what may stand where the cursor is. `sppemu complete -- WORD...` takes the words behind
 * "sppemu", the last of them as far as it is written ("" for none), and prints a line for each way
 * to go on: the whole word, and behind a tab what it means. A word that ends with `.`, `=` or `/`
 * goes on itself. All of it comes from the tables of verbs, classes and sections and from the
 * scenario at hand; completion/ has what makes bash and zsh ask. Nothing here is an error: where
 * there is nothing to say it prints nothing. */
#include <string.h>

#include "emu/cli/private.h"
#include "emu/study/file.h"
#include "emu/study/store.h"

typedef struct {
    const ComponentClass *const *classes;
    const char *word;   /* as far as it is written */
    const char *before; /* what candidates begin with that are a part of the word: "--set=" */
    const char *file;   /* the scenario among the words, NULL: none */
} Cursor;

static void offer(const Cursor *c, const char *candidate, const char *text) {
    if (g_str_has_prefix(candidate, c->word))
        printf("%s%s\t%s\n", c->before, candidate, text ? text : "");
}

static void offer_words(const Cursor *c, const char *words) {
    g_auto(GStrv) each = g_strsplit(words, "|", -1);
    for (unsigned i = 0; each[i]; i++) offer(c, each[i], NULL);
}

/* Files ----------------------------------------------------------------------------------- */

/* What is in the folder that the word names so far: folders, with a / behind them, and files with
 * the suffix; NULL: none. `what` says it of a file, or of a folder that is a study. */
static void offer_files(const Cursor *c, const char *suffix, const char *what) {
    const char *slash = strrchr(c->word, '/');
    g_autofree char *in = g_strndup(c->word, slash ? (size_t)(slash + 1 - c->word) : 0);
    g_autoptr(GPtrArray) names = folder_names(*in ? in : ".");
    for (unsigned i = 0; i < names->len; i++) {
        const char *name = names->pdata[i];
        g_autofree char *path = g_strconcat(in, name, NULL), *folder = g_strconcat(path, "/", NULL);
        if (*name == '.') continue;
        if (g_file_test(path, G_FILE_TEST_IS_DIR))
            offer(c, !suffix && store_is_one(path) ? path : folder, suffix ? NULL : what);
        else if (suffix && g_str_has_suffix(name, suffix))
            offer(c, path, what);
    }
}

static void offer_scenarios(const Cursor *c) {
    g_autoptr(GPtrArray) names = cli_shipped();
    for (unsigned i = 0; i + 1 < names->len; i++) {
        Scenario *s = cli_load(names->pdata[i], NULL, c->classes, NULL);
        SimTime takes;
        unsigned group;
        if (s && scenario_listed(s, &group, &takes)) offer(c, scenario_name(s), scenario_title(s));
        scenario_free(s);
    }
    offer_files(c, ".ini", "a scenario file");
}

/* Studies are where runs leave them, unless the word says another folder. */
static void offer_studies(const Cursor *c) {
    Cursor in = *c;
    if (!*c->word && g_file_test("results", G_FILE_TEST_IS_DIR)) in.word = "results/";
    offer_files(&in, NULL, "a study");
}

/* Topics ---------------------------------------------------------------------------------- */

static void offer_classes(const Cursor *c) {
    for (const ComponentClass *const *class = c->classes; *class; class ++)
        offer(c, (*class)->name, (*class)->text);
}

static void offer_topics(const Cursor *c) {
    for (const CliVerb *const *v = cli_verbs; *v; v++)
        if ((*v)->text) offer(c, (*v)->name, (*v)->text);
    offer_classes(c);
    for (const ScenarioSection *s = scenario_sections; s->head; s++) offer(c, s->head, s->text);
}

/* SECTION.KEY=VALUE ----------------------------------------------------------------------- */

typedef struct {
    const Cursor *cursor;
    const Scenario *scenario;
    const char *last; /* section that was offered last: keys of one follow each other */
} SetCursor;

static void offer_components(const SetCursor *set, const char *before, const Param *row) {
    NetworkOptions options = {.seed = 1};
    Network *net = scenario_build(set->scenario, 0, &options, NULL);
    const Component *c;
    for (unsigned i = 0; net && (c = network_nth(net, i)); i++) {
        g_auto(GStrv) classes = g_strsplit(row->choices, "|", -1);
        g_autofree char *whole = g_strconcat(before, c->name, NULL);
        if (g_strv_contains((const char *const *)classes, c->class->name))
            offer(set->cursor, whole, c->class->text);
    }
    network_free(net);
}

static void offer_value(const SetCursor *set, const char *before, const char *value,
                        const char *text) {
    g_autofree char *whole = g_strconcat(before, value, NULL);
    offer(set->cursor, whole, text);
}

/* Named values, and that which it has, to be changed. */
static void offer_values(const SetCursor *set, const char *before, const Param *row,
                         const char *value) {
    static const Param name = {0}; /* of [let] */
    bool yes = row && row->type == PARAM_TYPE_BOOL, choice = row && row->type == PARAM_TYPE_ENUM;
    g_auto(GStrv) words = yes      ? g_strsplit("yes|no", "|", -1)
                          : choice ? g_strsplit(row->choices, "|", -1)
                                   : param_words(row ? row : &name);
    const char *text = row ? row->text : NULL;
    if (row && row->type == PARAM_TYPE_NAME) {
        offer_components(set, before, row);
        return;
    }
    for (unsigned i = 0; words[i]; i++) offer_value(set, before, words[i], text);
    if (*value && !g_strv_contains((const char *const *)words, value))
        offer_value(set, before, value, text);
}

static void offer_key(const char *section, const char *key, const Param *row, const char *value,
                      void *user) {
    SetCursor *set = user;
    const char *word = set->cursor->word;
    g_autofree char *head = g_strconcat(section, ".", NULL),
                    *whole = g_strconcat(head, key, "=", NULL);
    if (!strchr(word, '.')) {
        if (g_strcmp0(section, set->last)) offer(set->cursor, head, NULL);
        set->last = section;
    } else if (!strchr(word, '=')) {
        offer(set->cursor, whole, row ? row->text : NULL);
    } else if (g_str_has_prefix(word, whole)) {
        offer_values(set, whole, row, value);
    }
}

static void offer_set(const Cursor *c) {
    Scenario *s = c->file ? cli_load(c->file, NULL, c->classes, NULL) : NULL;
    SetCursor set = {c, s, NULL};
    if (s) scenario_each_key(s, offer_key, &set);
    scenario_free(s);
}

/* Labs ------------------------------------------------------------------------------------ */

static void offer_actions(const Cursor *c) {
    offer(c, "list", "the labs that there are");
    offer(c, "start", "a folder for a student");
    offer(c, "check", "what is right in it");
    offer(c, "try", "what a lab's answers are");
}

static void offer_labs(const Cursor *c) {
    g_autoptr(GPtrArray) names = cli_labs();
    bool start = !g_strcmp0(c->file, "start");
    for (unsigned i = 0; start && i + 1 < names->len; i++) offer(c, names->pdata[i], "a lab");
    if (start || !g_strcmp0(c->file, "try"))
        offer_files(c, ".lab", "a lab");
    else if (!g_strcmp0(c->file, "check"))
        offer_files(c, NULL, NULL);
}

/* Words ----------------------------------------------------------------------------------- */

static void offer_operand(const Cursor *c, const char *word) {
    static const struct {
        const char *word;
        void (*offer)(const Cursor *c);
    } kinds[] = {{"FILE", offer_scenarios}, {"STUDY", offer_studies},
                 {"DIR", offer_studies},    {"TOPIC", offer_topics},
                 {"CLASS", offer_classes},  {"SECTION.KEY=VALUE", offer_set},
                 {"ACTION", offer_actions}, {"NAME|DIR", offer_labs}};
    if (strchr(word, '|') && *word != '[') offer_words(c, word);
    for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (g_str_has_prefix(word + (*word == '['), kinds[i].word)) kinds[i].offer(c);
}

static void offer_options(const Cursor *c, const GOptionEntry *o) {
    for (; o && o->long_name; o++) {
        g_autofree char *name = g_strconcat("--", o->long_name, NULL);
        offer(c, name, o->description);
    }
    offer(c, "--help", "what the verb does");
}

/* The option that the word is, if its argument is the next one. */
static const GOptionEntry *awaits(const CliVerb *v, const char *word) {
    for (const GOptionEntry *o = v->options; o && o->long_name; o++) {
        bool named = g_str_has_prefix(word, "--") && !strcmp(word + 2, o->long_name);
        bool lettered = word[0] == '-' && word[1] && word[1] == o->short_name && !word[2];
        if (o->arg != G_OPTION_ARG_NONE && (named || lettered)) return o;
    }
    return NULL;
}

/* What goes with an option; its files are ones to be written. */
static void offer_argument(const Cursor *c, const GOptionEntry *option) {
    if (strcmp(option->arg_description, "FILE") != 0) offer_operand(c, option->arg_description);
}

/* --NAME=VALUE, with the cursor in its value. */
static const GOptionEntry *joined(const CliVerb *v, const char *word, size_t *before) {
    const char *equals = strchr(word, '=');
    g_autofree char *name = g_strndup(word, equals ? (size_t)(equals - word) : 0);
    *before = equals ? (size_t)(equals + 1 - word) : 0;
    return equals && *word == '-' ? awaits(v, name) : NULL;
}

static void complete_words(const CliVerb *v, char **words, unsigned n,
                           const ComponentClass *const *classes) {
    g_auto(GStrv) operands = g_strsplit(v->operands, " ", -1);
    const GOptionEntry *option = NULL;
    unsigned n_operands = 0, most = g_strv_length(operands);
    Cursor c = {.classes = classes, .word = words[n - 1], .before = ""};
    size_t before;
    for (unsigned i = 0; i + 1 < n; i++) {
        if (option)
            option = NULL;
        else if (*words[i] == '-')
            option = awaits(v, words[i]);
        else if (!n_operands++)
            c.file = words[i];
    }
    const GOptionEntry *with_value = option ? NULL : joined(v, c.word, &before);
    if (with_value) {
        g_autofree char *name = g_strndup(c.word, before);
        Cursor in = {classes, c.word + before, name, c.file};
        offer_argument(&in, with_value);
    } else if (option) {
        offer_argument(&c, option);
    } else if (*c.word == '-') {
        offer_options(&c, v->options);
    } else if (most && (n_operands < most || g_str_has_suffix(operands[most - 1], "..."))) {
        offer_operand(&c, operands[MIN(n_operands, most - 1)]);
    }
}

static int complete_run(char **operands, void *flags, const ComponentClass *const *classes) {
    (void)flags;
    unsigned n = g_strv_length(operands);
    Cursor c = {.classes = classes, .word = n ? operands[n - 1] : "", .before = ""};
    for (const CliVerb *const *v = cli_verbs; *v; v++)
        if (n < 2 && (*v)->text)
            offer(&c, (*v)->name, (*v)->text);
        else if (n > 1 && !strcmp(operands[0], (*v)->name))
            complete_words(*v, operands + 1, n - 1, classes);
    if (n < 2) offer_words(&c, "--help|--version");
    return EXIT_OK;
}

const CliVerb complete_verb = {.name = "complete", .operands = "[WORD]...", .run = complete_run};
