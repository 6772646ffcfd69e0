/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The man pages. */
#include "emu/cli/help.h"
#include "emu/cli/reference.h"
#include "emu/scenario/metric.h"

static void man_verb(Page *page, const CliVerb *v) {
    g_autofree char *line = help_usage(v), *what = help_sentence(v->text);
    page_subhead(page, line);
    page_paragraph(page, what);
    if (v->more) page_paragraph(page, v->more);
    help_options(page, v->options);
    if (v->examples) page_paragraph(page, "Examples:");
    help_examples(page, v->examples);
    if (v->exits) page_paragraph(page, v->exits);
}

void man_sppemu(const ComponentClass *const *classes, FILE *out) {
    (void)classes;
    Page page = {.out = out, .style = PAGE_MAN};
    page_title(&page, "sppemu", 1, "emulates a Supercharging PlanetLab Platform");
    page_head(&page, "Synopsis");
    page_literal(&page,
                 "sppemu VERB [OPTION...] [OPERAND...]\nsppemu VERB --help\nsppemu --version");
    page_head(&page, "Description");
    page_paragraph(&page, help_what_it_is);
    page_head(&page, "Examples");
    help_examples(&page, help_first_examples);
    page_head(&page, "Verbs");
    for (const CliVerb *const *v = cli_verbs; *v; v++)
        if ((*v)->text) man_verb(&page, *v);
    page_head(&page, "Operands");
    for (const CliOperand *o = cli_operands; o->word; o++) page_item(&page, 0, o->word, o->text);
    page_head(&page, "Exit status");
    page_paragraph(&page, cli_exit_codes);
    page_head(&page, "Files");
    page_item(&page, 0, "share/sppemu/scenarios/",
              "what `sppemu list` shows, beside the bin/ that sppemu is in; scenarios are found "
              "there by their name, as files that others include are");
    page_item(&page, 0, "results/", "in the working directory: a folder for each study");
    page_head(&page, "See also");
    page_paragraph(&page, "sppemu-scenario(5), sppfwd(1), share/doc/sppemu/");
}

static void man_section(Page *page, const ScenarioSection *s) {
    g_autofree char *text = help_sentence(s->text);
    page_subhead(page, s->syntax);
    page_paragraph(page, text);
    if (s->entries) page_paragraph(page, s->entries);
    help_params(page, s->params);
    page_paragraph(page, "Example:");
    page_literal(page, s->example);
}

/* What values look like, type by type. */
static void man_values(Page *page) {
    static const ParamType types[] = {PARAM_TYPE_COUNT,    PARAM_TYPE_TIME,      PARAM_TYPE_RATE,
                                      PARAM_TYPE_SIZE,     PARAM_TYPE_FREQUENCY, PARAM_TYPE_LATENCY,
                                      PARAM_TYPE_FRACTION, PARAM_TYPE_BOOL,      PARAM_TYPE_IPV4,
                                      PARAM_TYPE_PREFIX,   PARAM_TYPE_MAC};
    g_autoptr(GString) text = g_string_new("Values carry their unit:");
    for (unsigned i = 0; i < G_N_ELEMENTS(types); i++) {
        const Param row = {.name = "value", .type = types[i], .choices = "any"};
        g_autofree char *one = param_type_text(&row);
        g_string_append_printf(text, "%s %s", i ? ";" : "", one);
    }
    g_string_append_c(text, '.');
    page_paragraph(page, text->str);
    page_paragraph(page, "${0, 400, 1400} and ${0.5..5 step 0.5} are iterations: they make a study "
                         "of as many points; several multiply. {...} is worked out, from names of "
                         "[let], and in arrays and [every] from i and n.");
}

void man_scenario(const ComponentClass *const *classes, FILE *out) {
    Page page = {.out = out, .style = PAGE_MAN};
    page_title(&page, "sppemu-scenario", 5, "what sppemu runs");
    page_head(&page, "Description");
    page_paragraph(&page,
                   "A scenario is a text file of sections, [CLASS NAME], and in them lines KEY = "
                   "VALUE. Lines that begin with # or ; are comments. It is read strictly: every "
                   "error names file, line, section and key, what was found and what was expected. "
                   "`sppemu check FILE` says what is wrong without running it.");
    page_head(&page, "Components");
    page_paragraph(&page, "[CLASS NAME] is a component, [CLASS NAME*N] an array of them, NAME0 to "
                          "NAME{N-1}. `sppemu help CLASS` has a class's keys, its scalars, and the "
                          "verbs that a script may say to it.");
    for (; *classes; classes++) page_item(&page, 0, (*classes)->name, (*classes)->text);
    page_head(&page, "Other sections");
    for (const ScenarioSection *s = scenario_sections; s->head; s++) man_section(&page, s);
    page_head(&page, "Values");
    man_values(&page);
    page_head(&page, "Expressions");
    page_paragraph(&page, "Of numbers, COMPONENT.SCALAR and COMPONENT.KEY, with + - * / and "
                          "comparisons. Words in them:");
    for (const MetricWord *w = metric_words; w->name; w++) {
        g_autofree char *term = g_strconcat(w->name, w->aggregate ? "(...)" : "", NULL);
        page_item(&page, 0, term, w->text);
    }
    page_head(&page, "See also");
    page_paragraph(&page, "sppemu(1); share/doc/sppemu/docs/scenarios.md has the grammar, "
                          "parameters.md, metrics.md and verbs.md have all classes.");
}
