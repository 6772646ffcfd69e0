/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * help: from the tables of verbs, classes and sections. */
#include <string.h>

#include "emu/cli/page.h"
#include "emu/cli/private.h"

static char *range_text(const Param *row) {
    if (row->type == PARAM_TYPE_ENUM || row->type == PARAM_TYPE_NAME)
        return g_strdelimit(g_strdup(row->choices), "|", ' ');
    return row->min ? g_strdup_printf("%s to %s", row->min, row->max) : g_strdup("");
}

static void print_rows(const Param *rows, bool markdown) {
    if (markdown)
        puts("| key | value | default | range | what | source |\n|---|---|---|---|---|---|");
    for (const Param *row = rows; row && row->name; row++) {
        g_autofree char *range = range_text(row->item ? row->item : row);
        g_autofree char *type = param_type_text(row);
        const char *def = !row->def ? "must be given" : *row->def ? row->def : "none";
        if (markdown)
            printf("| %s | %s | %s | %s | %s | %s |\n", row->name, type, def, range, row->text,
                   row->source);
        else
            printf("  %-20s %s\n  %20s %s; default %s%s%s; source: %s\n", row->name, row->text, "",
                   type, def, *range ? "; " : "", range, row->source);
    }
}

static void print_scalars(const Scalar *s, bool markdown) {
    if (s && s->name)
        puts(markdown ? "\n| scalar | unit | what | reported |\n|---|---|---|---|" : "\nscalars:");
    for (; s && s->name; s++)
        if (markdown)
            printf("| `%s` | %s | %s | %s |\n", s->name, s->unit, s->text,
                   s->when ? s->when : "always");
        else
            printf("  %-25s %s (%s%s%s)\n", s->name, s->text, s->unit, s->when ? "; " : "",
                   s->when ? s->when : "");
}

static void print_drops(const DropReason *drops, const char *head, bool markdown) {
    for (const DropReason *d = drops; d && d->name; d++)
        if (markdown)
            printf("%s%s`drop.%s`: %s", d == drops ? head : "; ", d == drops ? ": " : "", d->name,
                   d->text);
        else
            printf("%s%s  drop.%-20s %s\n", d == drops ? head : "", d == drops ? ":\n" : "",
                   d->name, d->text);
    if (markdown && drops) puts(".");
}

static void print_class(const ComponentClass *c, bool markdown) {
    if (markdown)
        printf("\n## %s\n\n%s. Ports: %s.\n\n", c->name, c->text, c->ports);
    else
        printf("[%s NAME]: %s\nports: %s\n\n", c->name, c->text, c->ports);
    print_rows(c->params, markdown);
    Choice choice = {0};
    for (unsigned n = 0; c->choice && c->choice(n, &choice); n++) {
        printf(markdown ? "\n`%s = %s`: %s%s%s.\n" : "\n%s = %s: %s%s%s\n", choice.key, choice.name,
               choice.text, choice.syntax ? "; KEY: " : "", choice.syntax ? choice.syntax : "");
        if (choice.params && markdown) puts("");
        if (choice.params) print_rows(choice.params, markdown);
        print_scalars(choice.scalars, markdown);
    }
    if (markdown && c->verbs) puts("\n| verb | arguments | what |\n|---|---|---|");
    if (!markdown && c->verbs) puts("\nverbs of [at TIME]:");
    for (const Verb *v = c->verbs; v && v->name; v++) {
        g_auto(GStrv) words = g_strsplit(v->arguments, "|", -1);
        g_autofree char *cell = g_strjoinv(" or ", words);
        printf(markdown ? "| `%s` | %s | %s |\n" : "  %s %s: %s\n", v->name, cell, v->text);
    }
    print_scalars(c->scalars, markdown);
    print_drops(c->drops, "\nDrops", markdown);
    if (!markdown && c->sends) print_drops(link_drops, "\nDrops of its links", false);
}

/* Verbs ----------------------------------------------------------------------------------- */

enum { OPTION_COLUMN = 32, NAME_COLUMN = 18 };

static char *usage(const CliVerb *v) {
    return g_strdup_printf("sppemu %s%s%s%s", v->name, *v->operands ? " " : "", v->operands,
                           v->options ? " [OPTION...]" : "");
}

static void print_options(Page *page, const GOptionEntry *o) {
    if (o) page_head(page, "Options");
    for (; o && o->long_name; o++) {
        const char letter[] = {'-', o->short_name, ',', ' ', 0};
        g_autofree char *term = g_strdup_printf("%s--%s%s%s", o->short_name ? letter : "    ",
                                                o->long_name, o->arg_description ? " " : "",
                                                o->arg_description ? o->arg_description : "");
        page_item(page, OPTION_COLUMN, g_strchug(term), o->description);
    }
}

static void print_examples(Page *page, const CliExample *e) {
    if (e) page_head(page, "Examples");
    for (; e && e->command; e++) page_example(page, e->command, e->text);
}

void cli_help_verb(const CliVerb *v) {
    Page page = {.out = stdout};
    g_autofree char *line = usage(v);
    g_autofree char *first = g_strdup_printf("Usage: %s", line);
    g_autofree char *what = g_strdup_printf("%c%s.", g_ascii_toupper(*v->text), v->text + 1);
    page_paragraph(&page, first);
    page_paragraph(&page, what);
    if (v->more) page_paragraph(&page, v->more);
    print_options(&page, v->options);
    print_examples(&page, v->examples);
    page_paragraph(&page, v->exits ? v->exits : cli_exit_codes);
}

static const CliExample first_examples[] = {
    {"sppemu run fig9 -j2", "the curves of Figure 9, beside what was published"},
    {"sppemu run label --stats --set traffic.rate=1Gbit/s", "one what-if"},
    {0}};

static const char what_it_is[] =
    "sppemu emulates a Supercharging PlanetLab Platform: real packet code in modelled time. A "
    "scenario goes in; tables, pictures, captures and a verdict on published numbers come out.";

void cli_help_short(void) {
    Page page = {.out = stderr};
    page_paragraph(&page, what_it_is);
    print_examples(&page, first_examples);
    page_head(&page, "Go on with");
    page_item(&page, NAME_COLUMN, "sppemu list", "the scenarios that are shipped");
    page_item(&page, NAME_COLUMN, "sppemu help", "verbs, component classes, sections of a file");
}

static void print_help(const ComponentClass *const *classes) {
    Page page = {.out = stdout};
    page_paragraph(&page, "Usage: sppemu VERB [OPTION...] [OPERAND...]");
    page_paragraph(&page, what_it_is);
    print_examples(&page, first_examples);
    page_head(&page, "Verbs");
    for (const CliVerb *const *v = cli_verbs; *v; v++) {
        g_autofree char *term = g_strdup_printf("%s %s", (*v)->name, (*v)->operands);
        if ((*v)->text) page_item(&page, NAME_COLUMN, g_strchomp(term), (*v)->text);
    }
    page_head(&page, "Classes");
    for (; *classes; classes++) page_item(&page, NAME_COLUMN, (*classes)->name, (*classes)->text);
    page_paragraph(&page, cli_exit_codes);
}

typedef struct {
    gboolean markdown;
} HelpFlags;

static int help_run(char **operands, const void *flags, const ComponentClass *const *classes) {
    const HelpFlags *f = flags;
    const char *topic = operands[0];
    if (f->markdown) {
        puts(
            "# Parameters\n\nMade by `sppemu help --markdown` from the parameter tables in the "
            "code. In the names of scalars `*` stands for a word; rates are of a source's window.");
        print_drops(link_drops, "\nDrops of every component that has links", true);
        for (; *classes; classes++) print_class(*classes, true);
        return EXIT_OK;
    }
    if (!topic) {
        print_help(classes);
        return EXIT_OK;
    }
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (const CliVerb *const *v = cli_verbs; *v; v++) {
        if (!strcmp((*v)->name, topic)) {
            cli_help_verb(*v);
            return EXIT_OK;
        }
        if ((*v)->text) g_ptr_array_add(names, (char *)(*v)->name);
    }
    for (const ComponentClass *const *c = classes; *c; c++) {
        if (!strcmp((*c)->name, topic)) {
            print_class(*c, false);
            return EXIT_OK;
        }
        g_ptr_array_add(names, (char *)(*c)->name);
    }
    g_ptr_array_add(names, NULL);
    const char *near = param_nearest(topic, (const char *const *)names->pdata);
    return cli_usage("help: found \"%s\", expected a verb or a class%s%s", topic,
                     near ? "; the nearest is " : "", near ? near : "");
}

static const GOptionEntry help_options[] = {
    CLI_OPTION(HelpFlags, markdown, "markdown", 0, NONE, "Print docs/parameters.md", NULL), {0}};

const CliVerb help_verb = {
    .name = "help",
    .operands = "[TOPIC]",
    .text = "about a verb, a class or a section; without TOPIC which there are",
    .examples = (const CliExample[]){{"sppemu help run", "the same as sppemu run --help"},
                                     {"sppemu help sink", "its parameters, scalars and drops"},
                                     {0}},
    .options = help_options,
    CLI_FLAGS(HelpFlags, {0}),
    .run = help_run};
