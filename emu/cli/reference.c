/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "emu/scenario/compose.h"
#include "emu/cli/reference.h"

#include "emu/cli/private.h"
#include "emu/scenario/check.h"
#include "emu/scenario/metric.h"

/* A bar would end its cell. Caller frees. */
static char *cell(const char *text) {
    g_auto(GStrv) parts = g_strsplit(text, "|", -1);
    return g_strjoinv(" or ", parts);
}

/* parameters.md --------------------------------------------------------------------------- */

static char *range_text(const Param *row) {
    if (row->type == PARAM_TYPE_ENUM || row->type == PARAM_TYPE_NAME)
        return g_strdelimit(g_strdup(row->choices), "|", ' ');
    return row->min ? g_strdup_printf("%s to %s", row->min, row->max) : g_strdup("");
}

static void write_params(const Param *rows, FILE *out) {
    fputs("| key | value | default | range | what | source |\n|---|---|---|---|---|---|\n", out);
    for (const Param *row = rows; row && row->name; row++) {
        g_autofree char *range = range_text(row->item ? row->item : row);
        g_autofree char *kind = param_type_text(row), *words = param_words_text(row),
                        *type = g_strconcat(kind, words, NULL);
        const char *def = !row->def ? "must be given" : *row->def ? row->def : "none";
        fprintf(out, "| %s | %s | %s | %s | %s | %s |\n", row->name, type, def, range, row->text,
                row->source);
    }
}

static void write_class_params(const ComponentClass *c, FILE *out) {
    Choice choice = {0};
    const Param *attach = attach_params(c);
    fprintf(out, "\n## %s\n\n%s. Ports: %s.\n\n", c->name, c->text, c->ports);
    if (attach->name) fprintf(out, "`%s`: %s.\n\n", attach->name, attach->text);
    write_params(c->params, out);
    for (unsigned n = 0; c->choice && c->choice(n, &choice); n++) {
        fprintf(out, "\n`%s = %s`: %s%s%s.\n", choice.key, choice.name, choice.text,
                choice.syntax ? "; KEY: " : "", choice.syntax ? choice.syntax : "");
        if (!choice.params) continue;
        fputc('\n', out);
        write_params(choice.params, out);
    }
}

static void write_parameters(const ComponentClass *const *classes, FILE *out) {
    fputs("# Parameters\n\nMade by `make reference` from the tables in the code, as `sppemu help "
          "CLASS` prints them. What components report is in [metrics](metrics.md), what a script "
          "may say to them in [verbs](verbs.md).\n",
          out);
    for (; *classes; classes++) write_class_params(*classes, out);
    for (const ScenarioSection *s = scenario_sections; s->head; s++) {
        if (!s->params) continue;
        fprintf(out, "\n## %s\n\n`%s`: %s.\n\n", s->head, s->syntax, s->text);
        write_params(s->params, out);
    }
}

/* metrics.md ------------------------------------------------------------------------------ */

static void write_scalars(const Scalar *s, FILE *out) {
    if (s && s->name) fputs("\n| scalar | unit | what | reported |\n|---|---|---|---|\n", out);
    for (; s && s->name; s++)
        fprintf(out, "| `%s` | %s | %s | %s |\n", s->name, s->unit, s->text,
                s->when ? s->when : "always");
}

static void write_drops(const char *head, const DropReason *d, FILE *out) {
    if (!d || !d->name) return;
    fprintf(out, "\n%s, in packets:\n\n| scalar | what |\n|---|---|\n", head);
    for (; d->name; d++) fprintf(out, "| `drop.%s` | %s |\n", d->name, d->text);
}

static void write_class_metrics(const ComponentClass *c, FILE *out) {
    Choice choice = {0};
    fprintf(out, "\n## %s\n\n%s.\n", c->name, c->text);
    write_scalars(c->scalars, out);
    for (unsigned n = 0; c->choice && c->choice(n, &choice); n++) {
        if (!choice.scalars) continue;
        fprintf(out, "\nWith `%s = %s`:\n", choice.key, choice.name);
        write_scalars(choice.scalars, out);
    }
    write_drops("Drops", c->drops, out);
}

static void write_metrics(const ComponentClass *const *classes, FILE *out) {
    fputs("# Metrics\n\nMade by `make reference` from the tables in the code, as `sppemu help "
          "CLASS` prints them.\n\n"
          "`COMPONENT.SCALAR` is a column of `runs.tsv`, and a name in the expressions of "
          "`[expect]` and `[plot]`, in `columns` and `until` of `[scenario]`; so is every "
          "parameter, `COMPONENT.KEY`, in base units (bit/s, s, bytes, Hz). In the names below "
          "`*` stands for one or more letters, digits, `_` and `-`: of `port*.packets` of a sink "
          "with two ports there are `port0.packets` and `port1.packets`, and of `*.lost` one for "
          "each source, by its name. Rates are of a source's window, from its warm-up to its end. "
          "A scalar with a condition is there when that holds; statistics of nothing are not "
          "numbers.\n\n"
          "## Words of expressions\n\nThe grammar is in [scenarios](scenarios.md#grammar).\n\n"
          "| word | what |\n|---|---|\n",
          out);
    for (const MetricWord *w = metric_words; w->name; w++)
        fprintf(out, "| `%s%s` | %s |\n", w->name, w->aggregate ? "(...)" : "", w->text);
    fputs("\n## Every run\n", out);
    write_scalars(run_scalars, out);
    fputs("\n## Every component with links\n", out);
    write_drops("Drops of its links", link_drops, out);
    for (; *classes; classes++) write_class_metrics(*classes, out);
}

/* verbs.md -------------------------------------------------------------------------------- */

static void write_verb(const CliVerb *v, FILE *out) {
    fprintf(out, "\n### sppemu %s %s\n\n%c%s.%s%s\n", v->name, v->operands,
            g_ascii_toupper(*v->text), v->text + 1, v->more ? " " : "", v->more ? v->more : "");
    if (v->options) fputs("\n| option | what |\n|---|---|\n", out);
    for (const GOptionEntry *o = v->options; o && o->long_name; o++) {
        g_autofree char *argument = cell(o->arg_description ? o->arg_description : "");
        const char letter[] = {'-', o->short_name, ',', ' ', 0};
        fprintf(out, "| `%s--%s%s%s` | %s |\n", o->short_name ? letter : "", o->long_name,
                *argument ? " " : "", argument, o->description);
    }
    if (v->examples) fputs("\n```\n", out);
    for (const CliExample *e = v->examples; e && e->command; e++)
        fprintf(out, "%s    # %s\n", e->command, e->text);
    if (v->examples) fputs("```\n", out);
}

static void write_verbs(const ComponentClass *const *classes, FILE *out) {
    fputs(
        "# Verbs\n\nMade by `make reference` from the tables in the code.\n\n## Of the command\n\n"
        "As `sppemu help VERB` and `man sppemu` have them.\n",
        out);
    for (const CliVerb *const *v = cli_verbs; *v; v++)
        if ((*v)->text) write_verb(*v, out);
    fprintf(out,
            "\n%s\n\n## Of scripts\n\n"
            "What `[at TIME]` and `[every STEP from TIME until TIME]` may say to components, "
            "by class: `COMPONENT = VERB ARGUMENTS; ...`.\n",
            cli_exit_codes);
    for (; *classes; classes++) {
        if ((*classes)->verbs)
            fprintf(out, "\n### %s\n\n| verb | arguments | what |\n|---|---|---|\n",
                    (*classes)->name);
        for (const Verb *v = (*classes)->verbs; v && v->name; v++) {
            g_autofree char *arguments = cell(v->arguments);
            fprintf(out, "| `%s` | %s | %s |\n", v->name, arguments, v->text);
        }
    }
}

const Reference references[] = {{"parameters", false, write_parameters},
                                {"metrics", false, write_metrics},
                                {"verbs", false, write_verbs},
                                {"sppemu.1", true, man_sppemu},
                                {"sppemu-scenario.5", true, man_scenario},
                                {0}};
