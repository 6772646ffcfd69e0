/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a sensitivity study says, in tables. */
#include <math.h>
#include <string.h>

#include "emu/study/file.h"
#include "emu/study/grid.h"
#include "emu/study/sensitivity.h"
#include "emu/study/tornado.h"

/* Files ----------------------------------------------------------------------------------- */

static void cell(GString *out, const char *text) {
    g_string_append_printf(out, "\t%s", text ? text : "");
}

static void number(GString *out, double value) {
    if (isnan(value))
        cell(out, NULL);
    else
        g_string_append_printf(out, "\t%.6g", value);
}

static const char *const directions[] = {[DOWN] = "down", [UP] = "up"};

static void put_measure(GString *out, const Sensitivity *x, unsigned m) {
    const Measure *measure = &g_array_index(x->measures, Measure, m);
    double base = measure_base(x, m);
    g_string_append(out, scenario_name(x->scenario));
    cell(out, measure->id);
    cell(out, measure->use);
    number(out, measure->low);
    number(out, measure->high);
    cell(out, measure->unit);
    number(out, base);
    cell(out, measure_verdict(measure, base));
}

static void put_effect(GString *out, const Sensitivity *x, unsigned m, const ChoiceResult *r) {
    cell(out, r->choice->name);
    cell(out, r->choice->model);
    cell(out, choice_kinds[r->choice->kind]);
    cell(out, r->choice->value);
    for (Direction d = DOWN; d < DIRECTIONS; d++) {
        const Effect *e = r->effects[d] ? &r->effects[d][m] : NULL;
        double now = e ? sensitivity_mean(x, e->values) : NAN;
        cell(out, r->text[d]);
        number(out, now);
        cell(out, e ? measure_verdict(&g_array_index(x->measures, Measure, m), now) : NULL);
        number(out, e ? effect_elasticity(x, r, m, d).mean : NAN);
        number(out, e ? e->flip : NAN);
        cell(out, e ? e->flip_text : NULL);
    }
    StudyEstimate both = effect_elasticity(x, r, m, DIRECTIONS);
    number(out, both.mean);
    if (isnan(both.half))
        cell(out, "none");
    else
        number(out, both.half);
}

/* A row for each choice that moves a measure; one with empty cells if there is none. */
static char *effects_table(const Sensitivity *x) {
    enum { EFFECT_CELLS = 4 + DIRECTIONS * 6 + 2 };
    GString *out =
        g_string_new("scenario\tclaim\tuse\tlow\thigh\tunit\tvalue\tverdict\tchoice\tmodel\t"
                     "kind\twritten");
    for (Direction d = DOWN; d < DIRECTIONS; d++)
        g_string_append_printf(
            out, "\t%s\tvalue_%s\tverdict_%s\telasticity_%s\tflip_%s\tflip_%s_at", directions[d],
            directions[d], directions[d], directions[d], directions[d], directions[d]);
    g_string_append(out, "\telasticity\tinterval\n");
    for (unsigned m = 0; m < x->measures->len; m++) {
        g_autoptr(GPtrArray) list = sensitivity_of(x, m);
        for (unsigned i = 0; i < MAX(list->len, 1); i++) {
            put_measure(out, x, m);
            if (list->len) put_effect(out, x, m, list->pdata[i]);
            for (unsigned k = 0; !list->len && k < EFFECT_CELLS; k++) cell(out, NULL);
            g_string_append_c(out, '\n');
        }
    }
    return g_string_free(out, FALSE);
}

static const char *const states[] = {
    [CHOICE_HARMLESS] = "harmless", [CHOICE_MOVES] = "moves", [CHOICE_FIXED] = "cannot move"};

static char *choices_table(const Sensitivity *x) {
    GString *out = g_string_new("scenario\tchoice\tmodel\tkind\twritten\tdown\tup\tstate\twhy\t"
                                "source\n");
    for (unsigned i = 0; i < x->results->len; i++) {
        const ChoiceResult *r = &g_array_index(x->results, ChoiceResult, i);
        const char *why = r->text[DOWN] ? r->why[UP] : r->why[DOWN];
        g_string_append(out, scenario_name(x->scenario));
        cell(out, r->choice->name);
        cell(out, r->choice->model);
        cell(out, choice_kinds[r->choice->kind]);
        cell(out, r->choice->value);
        cell(out, r->text[DOWN]);
        cell(out, r->text[UP]);
        cell(out, states[r->state]);
        cell(out, r->text[DOWN] && r->text[UP] ? NULL : why);
        cell(out, r->choice->row->source);
        g_string_append_c(out, '\n');
    }
    return g_string_free(out, FALSE);
}

static bool write_text(const char *folder, const char *name, char *text, GError **error) {
    g_autofree char *path = g_build_filename(folder, name, NULL);
    bool ok = file_replace(path, text, strlen(text), error);
    g_free(text);
    return ok;
}

/* Pictures of a measure that nothing moves any more. */
static void remove_tornados(const char *folder) {
    g_autoptr(GPtrArray) names = folder_names(folder);
    for (unsigned i = 0; i < names->len; i++) {
        if (!g_str_has_prefix(names->pdata[i], "tornado-")) continue;
        g_autofree char *path = g_build_filename(folder, names->pdata[i], NULL);
        folder_remove(path);
    }
}

bool sensitivity_write(const Sensitivity *x, const char *folder, bool plots, GError **error) {
    bool ok = write_text(folder, "choices.tsv", choices_table(x), error) &&
              write_text(folder, "sensitivity.tsv", effects_table(x), error);
    remove_tornados(folder);
    for (unsigned m = 0; ok && plots && m < x->measures->len; m++)
        ok = tornado_draw(x, m, folder, error);
    return ok;
}

/* On a terminal --------------------------------------------------------------------------- */

enum { WIDEST_NAME = 30, WIDEST_VALUE = 14, WIDEST_CLAIM = 20 };

static char *shortened(const char *text, unsigned most) {
    if (strlen(text) <= most) return g_strdup(text);
    return g_strdup_printf("%.*s..", (int)most - 2, text);
}

static char *percent(double share) {
    return isnan(share) ? g_strdup("-") : g_strdup_printf("%+.1f %%", 100 * share);
}

/* Of what is zero as it is written there is no share: what it comes to. */
static char *change_text(const Sensitivity *x, const ChoiceResult *r, unsigned m, Direction d) {
    if (!r->effects[d] || measure_base(x, m) != 0) return percent(effect_change(x, r, m, d));
    double now = sensitivity_mean(x, r->effects[d][m].values);
    return isnan(now) ? g_strdup("-") : g_strdup_printf("to %.4g", now);
}

static char *elasticity_text(StudyEstimate e) {
    if (isnan(e.mean)) return g_strdup("-");
    return isnan(e.half) ? g_strdup_printf("%.2f", e.mean)
                         : g_strdup_printf("%.2f +-%.2f", e.mean, e.half);
}

static void print_measure(const Sensitivity *x, unsigned m, FILE *out) {
    const Measure *measure = &g_array_index(x->measures, Measure, m);
    double base = measure_base(x, m);
    g_autoptr(GPtrArray) list = sensitivity_of(x, m),
                         columns = g_ptr_array_new_with_free_func(grid_column_free);
    fprintf(out, "\n%s = ", measure->id);
    if (isnan(base))
        fprintf(out, "-, not measured\n");
    else if (isnan(measure->low))
        fprintf(out, "%.5g%s%s\n", base, *measure->unit ? " " : "", measure->unit);
    else
        fprintf(out, "%.5g%s%s, %s: %g to %g (%s)\n", base, *measure->unit ? " " : "",
                measure->unit, measure_verdict(measure, base), measure->low, measure->high,
                measure->use);
    if (!list->len) {
        fputs("  nothing moves it\n", out);
        return;
    }
    static const char *const heads[] = {"  choice", "value", "kind", "down", "up", "elasticity"};
    for (unsigned i = 0; i < G_N_ELEMENTS(heads); i++)
        g_ptr_array_add(columns, grid_column(i < 3, g_strdup(heads[i]), NULL, NULL));
    for (unsigned i = 0; i < list->len; i++) {
        const ChoiceResult *r = list->pdata[i];
        g_autofree char *name = shortened(r->choice->name, WIDEST_NAME);
        char *cells[] = {g_strconcat("  ", name, NULL),
                         shortened(r->choice->value, WIDEST_VALUE),
                         g_strdup(choice_kinds[r->choice->kind]),
                         change_text(x, r, m, DOWN),
                         change_text(x, r, m, UP),
                         elasticity_text(effect_elasticity(x, r, m, DIRECTIONS))};
        for (unsigned k = 0; k < G_N_ELEMENTS(cells); k++) grid_cell(columns->pdata[k], cells[k]);
    }
    grid_put_heads(columns, out);
    for (unsigned i = 0; i < list->len; i++) {
        grid_put_row(columns, columns->len, i, out);
        fputc('\n', out);
    }
}

static void add_flip(GPtrArray *columns, const Measure *measure, const char *verdict,
                     const ChoiceResult *r, const Effect *e) {
    g_autofree char *id = shortened(measure->id, WIDEST_CLAIM);
    char *cells[] = {g_strconcat("  ", id, NULL),
                     g_strdup(strcmp(verdict, "met") ? "met" : "missed"), percent(e->flip),
                     shortened(r->choice->name, WIDEST_NAME - 2), g_strdup(e->flip_text)};
    for (unsigned k = 0; k < G_N_ELEMENTS(cells); k++) grid_cell(columns->pdata[k], cells[k]);
}

static void print_flips(const Sensitivity *x, FILE *out) {
    static const char *const heads[] = {"  claim", "then", "from", "choice", "at"};
    g_autoptr(GPtrArray) columns = g_ptr_array_new_with_free_func(grid_column_free);
    for (unsigned i = 0; i < G_N_ELEMENTS(heads); i++)
        g_ptr_array_add(columns, grid_column(i != 2 && i != 4, g_strdup(heads[i]), NULL, NULL));
    for (unsigned m = 0; m < x->measures->len; m++) {
        const Measure *measure = &g_array_index(x->measures, Measure, m);
        const char *verdict = measure_verdict(measure, measure_base(x, m));
        g_autoptr(GPtrArray) list = sensitivity_of(x, m);
        for (unsigned i = 0; i < list->len; i++) {
            const ChoiceResult *r = list->pdata[i];
            for (Direction d = DOWN; d < DIRECTIONS; d++)
                if (r->effects[d] && !isnan(r->effects[d][m].flip))
                    add_flip(columns, measure, verdict, r, &r->effects[d][m]);
        }
    }
    unsigned n = ((const GridColumn *)columns->pdata[0])->cells->len;
    if (!n) {
        fputs("\nNo single move flips a verdict.\n", out);
        return;
    }
    fputs("\nVerdicts that flip, and the least move that does it:\n", out);
    grid_put_heads(columns, out);
    for (unsigned i = 0; i < n; i++) {
        grid_put_row(columns, columns->len, i, out);
        fputc('\n', out);
    }
}

void sensitivity_print(const Sensitivity *x, FILE *out) {
    unsigned n[3] = {0};
    for (unsigned i = 0; i < x->results->len; i++)
        n[g_array_index(x->results, ChoiceResult, i).state]++;
    g_autofree char *timing = scenario_timing_text(x->scenario);
    fprintf(out, "%s\n%s%sEach number moved by %g %% and the claims measured again.\n",
            scenario_title(x->scenario), timing ? timing : "", timing ? "\n" : "",
            100 * x->options.step);
    for (unsigned m = 0; m < x->measures->len; m++) print_measure(x, m, out);
    print_flips(x, out);
    fprintf(out,
            "\n%u numbers: %u move a claim by %g %% or more, %u do not, %u cannot be moved.\n"
            "%u are free: fitted, or assumed or of the scenario and moving a claim.\n"
            "%u runs, %u of them for least moves; %.4g s of a processor. One number at a\n"
            "time would be %u runs.\n",
            x->results->len, n[CHOICE_MOVES], 100 * x->options.threshold, n[CHOICE_HARMLESS],
            n[CHOICE_FIXED], sensitivity_free_choices(x), x->runs, x->runs - x->screened, x->cpu_s,
            x->alone);
}
