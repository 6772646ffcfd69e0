/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * help: from the tables of verbs, classes and sections. */
#include <string.h>

#include "emu/scenario/compose.h"
#include "emu/cli/help.h"
#include "emu/cli/reference.h"

/* Classes and sections -------------------------------------------------------------------- */

enum { KEY_COLUMN = 24 };

/* A sentence as one: "ends packets" is "Ends packets." */
char *help_sentence(const char *text) {
    return g_strdup_printf("%c%s.", g_ascii_toupper(*text), text + 1);
}

/* "one of no, yes", "a time such as 20ms, from 0 to 10s": what may be written for it. */
static char *value_text(const Param *row) {
    const Param *item = row->item ? row->item : row;
    g_autofree char *type = param_type_text(row);
    if (item->type == PARAM_TYPE_ENUM || item->type == PARAM_TYPE_NAME) {
        g_auto(GStrv) words = g_strsplit(item->choices, "|", -1);
        g_autofree char *list = g_strjoinv(item->type == PARAM_TYPE_ENUM ? ", " : " or ", words);
        return g_strdup_printf(item->type == PARAM_TYPE_ENUM ? "one of %s" : "the name of a %s",
                               list);
    }
    g_autofree char *words = param_words_text(row);
    return item->min ? g_strdup_printf("%s, %s to %s%s", type, item->min, item->max, words)
                     : g_steal_pointer(&type);
}

void help_params(Page *page, const Param *rows) {
    for (const Param *row = rows; row && row->name; row++) {
        g_autofree char *value = value_text(row);
        bool users = strstr(row->source, "scenario") != NULL; /* nobody else's choice */
        g_autofree char *text = g_strdup_printf(
            "%s\n%s; %s%s%s%s", row->text, value, row->def ? "default " : "must be given",
            !row->def   ? ""
            : *row->def ? row->def
                        : "none",
            users ? "" : "; source: ", users ? "" : row->source);
        page_item(page, KEY_COLUMN, row->name, text);
    }
}

static void print_scalars(Page *page, const Scalar *rows) {
    for (const Scalar *row = rows; row && row->name; row++) {
        g_autofree char *text = g_strdup_printf("%s (%s%s%s)", row->text, row->unit,
                                                row->when ? "; " : "", row->when ? row->when : "");
        page_item(page, KEY_COLUMN, row->name, text);
    }
}

static void print_drops(Page *page, const char *head, const DropReason *rows) {
    if (rows && rows->name) page_head(page, head);
    for (const DropReason *row = rows; row && row->name; row++) {
        g_autofree char *term = g_strconcat("drop.", row->name, NULL);
        page_item(page, KEY_COLUMN, term, row->text);
    }
}

static void print_choice(Page *page, const Choice *choice) {
    g_autofree char *head = g_strdup_printf("%s = %s: %s", choice->key, choice->name, choice->text);
    page_head(page, head);
    if (choice->syntax) page_item(page, KEY_COLUMN, "KEY", choice->syntax);
    help_params(page, choice->params);
    print_scalars(page, choice->scalars);
}

static void print_class(Page *page, const ComponentClass *c) {
    g_autofree char *syntax = g_strdup_printf("[%s NAME], [%s NAME*N]", c->name, c->name);
    g_autofree char *text =
        g_strdup_printf("%c%s. Ports: %s.", g_ascii_toupper(*c->text), c->text + 1, c->ports);
    page_paragraph(page, syntax);
    page_paragraph(page, text);
    if (c->params && c->params->name) page_head(page, "Parameters");
    help_params(page, attach_params(c));
    help_params(page, c->params);
    Choice choice = {0};
    for (unsigned n = 0; c->choice && c->choice(n, &choice); n++) print_choice(page, &choice);
    if (c->verbs) page_head(page, "Verbs of [at TIME]");
    for (const Verb *v = c->verbs; v && v->name; v++) {
        g_autofree char *term = g_strdup_printf("%s %s", v->name, v->arguments);
        page_item(page, KEY_COLUMN, g_strchomp(term), v->text);
    }
    if (c->scalars && c->scalars->name) page_head(page, "Scalars, NAME.SCALAR in expressions");
    print_scalars(page, c->scalars);
    print_drops(page, "Drops, scalars in packets", c->drops);
    if (c->sends) print_drops(page, "Drops of its links", link_drops);
}

static void print_section(Page *page, const ScenarioSection *s) {
    g_autofree char *text = help_sentence(s->text);
    page_paragraph(page, s->syntax);
    page_paragraph(page, text);
    if (s->entries) page_paragraph(page, s->entries);
    if (s->params) page_head(page, "Keys");
    help_params(page, s->params);
    page_head(page, "Example");
    page_literal(page, s->example);
}

/* Verbs ----------------------------------------------------------------------------------- */

enum { OPTION_COLUMN = 32, NAME_COLUMN = 18 };

char *help_usage(const CliVerb *v) {
    return g_strdup_printf("sppemu %s%s%s%s", v->name, *v->operands ? " " : "", v->operands,
                           v->options ? " [OPTION...]" : "");
}

void help_options(Page *page, const GOptionEntry *o) {
    for (; o && o->long_name; o++) {
        const char letter[] = {'-', o->short_name, ',', ' ', 0};
        g_autofree char *term = g_strdup_printf("%s--%s%s%s", o->short_name ? letter : "    ",
                                                o->long_name, o->arg_description ? " " : "",
                                                o->arg_description ? o->arg_description : "");
        page_item(page, OPTION_COLUMN, g_strchug(term), o->description);
    }
}

void help_examples(Page *page, const CliExample *e) {
    for (; e && e->command; e++) page_example(page, e->command, e->text);
}

void cli_help_verb(const CliVerb *v) {
    Page page = {.out = stdout};
    g_autofree char *line = help_usage(v);
    g_autofree char *first = g_strdup_printf("Usage: %s", line);
    g_autofree char *what = help_sentence(v->text);
    page_paragraph(&page, first);
    page_paragraph(&page, what);
    if (v->more) page_paragraph(&page, v->more);
    if (v->options) page_head(&page, "Options");
    help_options(&page, v->options);
    if (v->examples) page_head(&page, "Examples");
    help_examples(&page, v->examples);
    page_paragraph(&page, v->exits ? v->exits : cli_exit_codes);
}

const CliExample help_first_examples[] = {
    {"sppemu run fig9 -j2", "the curves of Figure 9, beside what was published"},
    {"sppemu run label --stats --set traffic.rate=1Gbit/s", "one what-if"},
    {0}};

const char help_what_it_is[] =
    "sppemu emulates a Supercharging PlanetLab Platform: real packet code in modelled time. A "
    "scenario goes in; tables, pictures, captures and a verdict on published numbers come out.";

void cli_help_short(void) {
    Page page = {.out = stderr};
    page_paragraph(&page, help_what_it_is);
    page_head(&page, "Examples");
    help_examples(&page, help_first_examples);
    page_head(&page, "Go on with");
    page_item(&page, NAME_COLUMN, "sppemu list", "the scenarios that are shipped");
    page_item(&page, NAME_COLUMN, "sppemu help", "verbs, component classes, sections of a file");
}

static void print_topics(const ComponentClass *const *classes) {
    Page page = {.out = stdout};
    page_paragraph(&page, "Usage: sppemu VERB [OPTION...] [OPERAND...]");
    page_paragraph(&page, help_what_it_is);
    page_head(&page, "Examples");
    help_examples(&page, help_first_examples);
    page_head(&page, "Verbs");
    for (const CliVerb *const *v = cli_verbs; *v; v++) {
        g_autofree char *term = g_strdup_printf("%s %s", (*v)->name, (*v)->operands);
        if ((*v)->text) page_item(&page, NAME_COLUMN, g_strchomp(term), (*v)->text);
    }
    page_head(&page, "Component classes");
    for (; *classes; classes++) page_item(&page, NAME_COLUMN, (*classes)->name, (*classes)->text);
    page_head(&page, "Other sections of a scenario file");
    for (const ScenarioSection *s = scenario_sections; s->head; s++)
        page_item(&page, NAME_COLUMN, s->head, s->text);
    page_paragraph(&page,
                   "sppemu VERB --help has a verb's options, sppemu help NAME what a class or "
                   "a section takes; sppemu --version says which build this is. man sppemu, "
                   "man sppemu-scenario; docs/guide.md begins at the beginning.");
    page_paragraph(&page, cli_exit_codes);
}

typedef struct {
    gboolean markdown, man;
} HelpFlags;

/* `name` NULL: the first of its kind. */
static int print_reference(const char *name, bool man, const ComponentClass *const *classes) {
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (const Reference *r = references; r->name; r++) {
        if (r->man != man) continue;
        if (!name || !strcmp(r->name, name)) {
            r->write(classes, stdout);
            return EXIT_OK;
        }
        g_ptr_array_add(names, (char *)r->name);
    }
    g_ptr_array_add(names, NULL);
    g_autofree char *list = g_strjoinv(", ", (char **)names->pdata);
    return cli_usage("help: found the page \"%s\", expected one of %s", name, list);
}

/* Print the page of a verb, class or section; false: it is none. The names of all go to `names`. */
static bool print_topic(const char *topic, const ComponentClass *const *classes, GPtrArray *names) {
    Page page = {.out = stdout};
    bool found = false;
    for (const CliVerb *const *v = cli_verbs; *v; v++) {
        if (!(*v)->text) continue;
        g_ptr_array_add(names, (char *)(*v)->name);
        if (!strcmp((*v)->name, topic)) found = true, cli_help_verb(*v);
    }
    for (const ComponentClass *const *c = classes; *c; c++) {
        g_ptr_array_add(names, (char *)(*c)->name);
        if (!strcmp((*c)->name, topic)) found = true, print_class(&page, *c);
    }
    for (const ScenarioSection *s = scenario_sections; s->head; s++) {
        g_ptr_array_add(names, (char *)s->head);
        if (!strcmp(s->head, topic)) found = true, print_section(&page, s);
    }
    g_ptr_array_add(names, NULL);
    return found;
}

static int help_run(char **operands, void *flags, const ComponentClass *const *classes) {
    const HelpFlags *f = flags;
    const char *topic = operands[0];
    if (f->markdown || f->man) return print_reference(topic, f->man, classes);
    if (!topic) {
        print_topics(classes);
        return EXIT_OK;
    }
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    if (print_topic(topic, classes, names)) return EXIT_OK;
    const char *near = param_nearest(topic, (const char *const *)names->pdata);
    return cli_usage("help: found \"%s\", expected a verb, a class or a section%s%s", topic,
                     near ? "; the nearest is " : "", near ? near : "");
}

static const GOptionEntry options[] = {
    CLI_OPTION(HelpFlags, markdown, "markdown", 0, NONE,
               "Print a page of docs/: parameters, metrics or verbs", NULL),
    CLI_OPTION(HelpFlags, man, "man", 0, NONE,
               "Print a man page, in roff: sppemu.1 or sppemu-scenario.5", NULL),
    {0}};

const CliVerb help_verb = {
    .name = "help",
    .operands = "[TOPIC]",
    .text = "about a verb, a class or a section; without TOPIC which there are",
    .examples = (const CliExample[]){{"sppemu help run", "the same as sppemu run --help"},
                                     {"sppemu help sink", "its parameters, scalars and drops"},
                                     {0}},
    .options = options,
    CLI_FLAGS(HelpFlags, {0}),
    .run = help_run};
