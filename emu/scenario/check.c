/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Checking a scenario against the networks that it builds. A started network, never run, reports
 * the names of all that a run will, so names are looked up in its report. */
#include "emu/scenario/check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "emu/core/report.h"
#include "emu/scenario/private.h"

const Scalar run_scalars[] = {{"run.duration_s", "s", "simulated time, to the last event"},
                              {"run.events", "events", "that the run took"},
                              {"run.packets_created", "packets", "in all of the network"},
                              {"run.packets_delivered", "packets", "that sinks ended"},
                              {"run.packets_dropped", "packets", "of all components"},
                              {"run.packets_held", "packets", "still inside at the end"},
                              {0}};

static bool is_of_run(const char *name) {
    const Scalar *row = run_scalars;
    while (row->name && strcmp(row->name, name) != 0) row++;
    return row->name != NULL;
}

typedef struct {
    char *text;
    unsigned points, first; /* how many points it holds at, and the first of them */
} Warning;

typedef struct {
    const Scenario *s;
    const Claims *claims;
    unsigned point;
    NetworkLoad load;     /* of this point's network */
    const Report *report; /* the same */
    bool open;            /* a scalar was asked for before the run */
    char *scalars;        /* names of the last report that was looked at */
    GHashTable *warnings; /* text -> Warning */
    GPtrArray *order;     /* of the warnings */
    GHashTable *unused;   /* text -> Warning; they count only if they hold at every point */
    GPtrArray *unused_order;
} Check;

/* Warnings -------------------------------------------------------------------------------- */

static void warning_free(void *data) {
    Warning *w = data;
    g_free(w->text);
    g_free(w);
}

/* Takes `text`. */
static void warn(GHashTable *all, GPtrArray *order, unsigned point, char *text) {
    Warning *w = g_hash_table_lookup(all, text);
    if (w) {
        g_free(text);
    } else {
        w = g_new0(Warning, 1);
        *w = (Warning){.text = text, .first = point};
        g_hash_table_insert(all, text, w);
        g_ptr_array_add(order, w);
    }
    w->points++;
}

static void warn_here(Check *c, char *text) {
    warn(c->warnings, c->order, c->point, text);
}

/* Of all points. Takes `text`. */
static void warn_always(Check *c, char *text) {
    g_autofree char *key = g_strdup(text);
    warn_here(c, text);
    ((Warning *)g_hash_table_lookup(c->warnings, key))->points = scenario_n_points(c->s);
}

/* "with traffic.rate=1Gbit/s": what tells the point from the others. */
static char *point_text(const Scenario *s, unsigned point, const char *before) {
    GString *text = g_string_new(NULL);
    for (unsigned n = 0; n < scenario_n_parameters(s); n++) {
        ScenarioParameter p = scenario_parameter(s, point, n);
        if (*before && !strchr(p.name, '.')) continue; /* the series: what it sets stands for it */
        g_autofree char *set = g_strdup_printf("%s=%s", p.name, p.value),
                        *quoted =
                            strpbrk(set, " \t$'\"*?;&|<>()") ? g_shell_quote(set) : g_strdup(set);
        g_string_append_printf(text, "%s%s%s", text->len ? " " : "", before,
                               *before ? quoted : set);
    }
    return g_string_free(text, FALSE);
}

static void pass_on(const Check *c, const GPtrArray *order, bool always, GPtrArray *warnings) {
    unsigned of = scenario_n_points(c->s);
    for (unsigned i = 0; i < order->len; i++) {
        const Warning *w = order->pdata[i];
        if (w->points >= of) {
            g_ptr_array_add(warnings, g_strdup(w->text));
        } else if (!always) {
            g_autofree char *with = point_text(c->s, w->first, "");
            g_ptr_array_add(warnings, g_strdup_printf("%s (at %u of %u points, the first with %s)",
                                                      w->text, w->points, of, with));
        }
    }
}

/* Claims and plots, as far as they can be read alone --------------------------------------- */

static bool read_number(const char *text, double *value) {
    char *end;
    *value = g_ascii_strtod(text, &end);
    return end != text && !*end && isfinite(*value);
}

static bool check_bounds(const Section *section, GError **error) {
    double bound[2];
    static const char *const keys[] = {"low", "high"};
    for (unsigned i = 0; i < 2; i++) {
        const Entry *entry = section_entry(section, keys[i]);
        if (!read_number(entry->value, &bound[i]))
            return entry_error(error, section, entry, "found \"%s\", expected a number",
                               entry->value);
    }
    return bound[0] <= bound[1] ||
           entry_error(error, section, section_entry(section, "low"),
                       "found %s, expected up to high, which is %s",
                       section_entry(section, "low")->value, section_entry(section, "high")->value);
}

static bool check_claim(Check *c, const Section *section, GError **error) {
    static const char *const own[] = {"low", "high", "unit", "use", "source", "statement"};
    /* beside: shown with the claims and not counted among them. */
    static const char *const uses[] = {"calibrate", "predict", "implied", "beside", NULL};
    bool published = c->claims && claims_find(c->claims, section->name);
    for (unsigned i = 0; published && i < G_N_ELEMENTS(own); i++) {
        const Entry *entry = section_entry(section, own[i]);
        if (!entry) continue;
        g_autofree char *place = entry_place(section, entry);
        warn_here(c, g_strdup_printf("%s: has no effect: the table of published numbers has %s; "
                                     "leave it out, or give the claim another id",
                                     place, section->name));
    }
    if (published) return true;
    if (!section_entry(section, "low") || !section_entry(section, "high")) {
        const char *near = c->claims ? claims_nearest(c->claims, section->name) : NULL;
        return entry_error(error, section, section_entry(section, "metric"),
                           "found no claim %s in the table of published numbers%s%s; expected one, "
                           "or low and high here",
                           section->name, near ? "; the nearest is " : "", near ? near : "");
    }
    const Entry *use = section_entry(section, "use");
    if (use && !g_strv_contains(uses, use->value))
        return entry_error(error, section, use,
                           "found \"%s\", expected calibrate, predict, implied or beside",
                           use->value);
    return check_bounds(section, error);
}

static bool check_plot_points(const Section *section, const Entry *entry, GError **error) {
    g_auto(GStrv) items = g_strsplit(entry->value, ",", -1);
    for (unsigned i = 0; items[i]; i++) {
        g_auto(GStrv) f = g_strsplit(g_strstrip(items[i]), ":", 3);
        double number;
        if (g_strv_length(f) < 2 || !read_number(f[0], &number) || !read_number(f[1], &number))
            return entry_error(error, section, entry, "found \"%s\", expected X:Y or X:Y:LABEL",
                               items[i]);
    }
    return true;
}

/* Beside an axis stands its label, else that of its expression. */
static const char *axis_label(const Section *section, const char *label, const char *expression) {
    const Entry *written = section_entry(section, label), *of = section_entry(section, expression);
    return written ? written->value : of ? metric_label(of->value) : "time, s"; /* of a series */
}

static bool check_mark(const Check *c, const Section *section, const Entry *entry, const char *id,
                       GError **error) {
    const Claim *row = c->claims ? claims_find(c->claims, id) : NULL;
    const Section *own = scenario_section(c->s, "expect", id);
    const Entry *own_unit = own ? section_entry(own, "unit") : NULL;
    const char *near = c->claims ? claims_nearest(c->claims, id) : NULL;
    if (!row && !own)
        return entry_error(error, section, entry, "found no claim %s%s%s", id,
                           near ? "; the nearest is " : "", near ? near : "");
    const char *unit = row ? row->unit : own_unit ? own_unit->value : "";
    const char *x = axis_label(section, "x_label", "x"), *y = axis_label(section, "y_label", "y");
    double factor;
    return claim_scale(unit, y, &factor) || claim_scale(unit, x, &factor) ||
           entry_error(error, section, entry,
                       "found %s in \"%s\", expected a claim in a unit such as one of the axes' "
                       "labels ends in, which are \"%s\" and \"%s\"",
                       id, unit, x, y);
}

static bool check_curve(const Check *c, const Section *section, const Entry *entry,
                        const char *name, GError **error) {
    g_autoptr(GError) cause = NULL;
    unsigned parameter;
    return scenario_tells(c->s, name, &parameter, &cause) ||
           entry_error(error, section, entry, "%s", cause->message);
}

/* Each item of the list in a key. */
static bool check_items(const Check *c, const Section *section, const char *key,
                        bool (*check)(const Check *c, const Section *section, const Entry *entry,
                                      const char *item, GError **error),
                        GError **error) {
    const Entry *entry = section_entry(section, key);
    g_auto(GStrv) items = g_strsplit(entry ? entry->value : "", ",", -1);
    for (unsigned i = 0; items[i]; i++)
        if (!check(c, section, entry, g_strstrip(items[i]), error)) return false;
    return true;
}

static bool check_plot(Check *c, const Section *section, GError **error) {
    static const char *const of_runs[] = {"x", "y", "names", "points"};
    const Entry *points = section_entry(section, "points"), *log = section_entry(section, "log");
    const Entry *y = section_entry(section, "y"), *names = section_entry(section, "names");
    if (points && !check_plot_points(section, points, error)) return false;
    if (!check_items(c, section, "curve", check_curve, error) ||
        !check_items(c, section, "mark", check_mark, error))
        return false;
    if (log && strspn(log->value, "xy") != strlen(log->value))
        return entry_error(error, section, log, "found \"%s\", expected x, y or xy", log->value);
    if (y && names) {
        g_auto(GStrv) curves = g_strsplit(y->value, ";", -1),
                      texts = g_strsplit(names->value, ";", -1);
        if (g_strv_length(curves) != g_strv_length(texts))
            return entry_error(error, section, names, "found %u names, expected one for each y, %u",
                               g_strv_length(texts), g_strv_length(curves));
    }
    for (unsigned i = 0; section_entry(section, "series") && i < G_N_ELEMENTS(of_runs); i++) {
        const Entry *entry = section_entry(section, of_runs[i]);
        if (!entry) continue;
        g_autofree char *place = entry_place(section, entry);
        warn_here(c,
                  g_strdup_printf("%s: has no effect in a plot of a series; leave it out", place));
    }
    return true;
}

static void check_times(Check *c, const Section *section) {
    if (section->at < scenario_duration(c->s)) return;
    g_autofree char *place = section_place(section);
    warn_here(c, g_strdup_printf("%s never comes: the run ends at %g ms; lengthen "
                                 "scenario.duration, or take it out",
                                 place, (double)scenario_duration(c->s) / 1e9));
}

/* What [scenario] says for all, and nobody has. A file that others include is made for more than
 * one of them. */
static void check_wide(Check *c, const Section *head) {
    for (const Param *row = scenario_params; row->name; row++) {
        const Entry *entry = row->scenario_wide ? section_entry(head, row->name) : NULL;
        bool any = !entry || entry_is_default(head, entry) ||
                   (entry->line && strcmp(entry->file, c->s->path) != 0);
        for (unsigned i = 0; !any && i < c->s->sections->len; i++)
            any = section_has_wide(c->s->sections->pdata[i], row->name);
        if (any) continue;
        g_autofree char *place = entry_place(head, entry);
        warn_here(c, g_strdup_printf("%s: has no effect: no component here has one; leave it out",
                                     place));
    }
}

static bool check_sections(Check *c, GError **error) {
    for (unsigned i = 0; i < c->s->sections->len; i++) {
        const Section *section = c->s->sections->pdata[i];
        bool ok = true;
        switch (section->kind) {
        case SECTION_EXPECT: ok = check_claim(c, section, error); break;
        case SECTION_PLOT: ok = check_plot(c, section, error); break;
        case SECTION_AT: check_times(c, section); break;
        case SECTION_SCENARIO: check_wide(c, section); break;
        default: break;
        }
        if (!ok) return false;
    }
    return true;
}

/* Names ----------------------------------------------------------------------------------- */

static bool lookup(const void *data, unsigned run, const char *name, double *value) {
    const Check *c = data;
    (void)run;
    *value = NAN;
    return scenario_value(c->s, c->point, name, value) || report_find(c->report, name) ||
           is_of_run(name);
}

static bool compare(const void *data, unsigned run, const char *name, const char *text,
                    double *order, GError **error) {
    const Check *c = data;
    (void)run;
    return scenario_compare(c->s, c->point, name, text, order, error);
}

/* Every name there is at this point, for the nearest one. */
static GPtrArray *all_names(const Check *c) {
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    for (unsigned i = 0; i < c->s->sections->len; i++) {
        const Section *section = c->s->sections->pdata[i];
        if (section->kind != SECTION_COMPONENT) continue;
        for (const Param *row = section_table(section); row->name; row++)
            g_ptr_array_add(names, g_strconcat(section->name, ".", row->name, NULL));
    }
    for (unsigned i = 0; i < report_n_scalars(c->report); i++)
        g_ptr_array_add(names, g_strdup(report_scalar_at(c->report, i)->name));
    for (const Scalar *row = run_scalars; row->name; row++)
        g_ptr_array_add(names, g_strdup(row->name));
    g_ptr_array_add(names, NULL);
    return names;
}

static bool check_series(const Check *c, const Section *section, const Entry *entry,
                         GError **error) {
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (unsigned i = 0; i < report_n_series(c->report); i++) {
        const char *name = report_series_at(c->report, i)->name;
        if (!strcmp(name, entry->value)) return true;
        g_ptr_array_add(names, (char *)name);
    }
    bool any = names->len > 0;
    g_ptr_array_add(names, NULL);
    const char *near = param_nearest(entry->value, (const char *const *)names->pdata);
    g_autofree char *list = g_strjoinv(", ", (char **)names->pdata);
    return entry_error(error, section, entry, "found the unknown series %s, expected %s%s%s",
                       entry->value, any ? list : "one, but nothing here reports any",
                       near ? "; the nearest is " : "", near ? near : "");
}

/* What decides the repetitions is a scalar: a parameter is the same in all of them. */
static bool check_until(const Check *c, const GPtrArray *names, GError **error) {
    const ScenarioUntil *until = scenario_until(c->s);
    if (!until || report_find(c->report, until->scalar) || is_of_run(until->scalar)) return true;
    const Section *section = scenario_section(c->s, "scenario", NULL);
    const char *near = param_nearest(until->scalar, (const char *const *)names->pdata);
    return entry_error(error, section, section_entry(section, "until"),
                       "found the unknown scalar %s%s%s", until->scalar,
                       near ? "; the nearest is " : "", near ? near : "");
}

static bool check_columns(const Check *c, const GPtrArray *names, GError **error) {
    for (unsigned i = 0; i < scenario_n_columns(c->s); i++) {
        const char *name = scenario_column(c->s, i)->scalar;
        if (report_find(c->report, name) || is_of_run(name)) continue;
        const Section *section = scenario_section(c->s, "scenario", NULL);
        const char *near = param_nearest(name, (const char *const *)names->pdata);
        return entry_error(error, section, section_entry(section, "columns"),
                           "found the unknown scalar %s%s%s", name, near ? "; the nearest is " : "",
                           near ? near : "");
    }
    return true;
}

static bool check_expressions(const Check *c, const Section *section, const MetricRuns *runs,
                              GError **error) {
    static const char *const keys[] = {"metric", "x", "y", "where", "series"};
    for (unsigned i = 0; i < G_N_ELEMENTS(keys); i++) {
        const Entry *entry = section_entry(section, keys[i]);
        if (!entry) continue;
        if (!strcmp(keys[i], "series")) return check_series(c, section, entry, error);
        g_auto(GStrv) several = i ? plot_expressions(entry) : g_strsplit(entry->value, "\n", -1);
        for (unsigned k = 0; several[k]; k++) {
            g_autoptr(GError) cause = NULL;
            double value;
            if (i ? metric_evaluate_run(several[k], runs, 0, &value, &cause)
                  : metric_evaluate(several[k], runs, &value, &cause))
                continue;
            return entry_error(error, section, entry, "%s", cause->message);
        }
    }
    return true;
}

/* Whether this network reports other names than the last one did. */
static bool names_differ(Check *c) {
    GString *scalars = g_string_new(NULL);
    for (unsigned i = 0; i < report_n_scalars(c->report); i++)
        g_string_append_printf(scalars, "%s\n", report_scalar_at(c->report, i)->name);
    for (unsigned i = 0; i < report_n_series(c->report); i++)
        g_string_append_printf(scalars, "%s\n", report_series_at(c->report, i)->name);
    bool differ = g_strcmp0(c->scalars, scalars->str) != 0;
    g_free(c->scalars);
    c->scalars = g_string_free(scalars, FALSE);
    return differ;
}

static bool check_names(Check *c, Network *net, GError **error) {
    Report *report = report_new();
    network_report(net, report);
    c->report = report;
    bool ok = true;
    if (names_differ(c)) {
        g_autoptr(GPtrArray) names = all_names(c);
        MetricRuns runs = {.n_runs = 1,
                           .lookup = lookup,
                           .compare = compare,
                           .runs = c,
                           .names = (const char *const *)names->pdata};
        ok = check_until(c, names, error) && check_columns(c, names, error);
        for (unsigned i = 0; ok && i < c->s->sections->len; i++) {
            const Section *section = c->s->sections->pdata[i];
            if (section->kind == SECTION_EXPECT || section->kind == SECTION_PLOT)
                ok = check_expressions(c, section, &runs, error);
        }
    }
    report_free(report);
    return ok;
}

/* Points --------------------------------------------------------------------------------- */

/* A parameter at a point; of scalars nothing is known yet. */
static bool foresee(const void *data, unsigned point, const char *name, double *value) {
    Check *c = (Check *)data;
    *value = NAN;
    if (!scenario_value(c->s, point, name, value)) c->open = true;
    return true;
}

static bool compare_at(const void *data, unsigned point, const char *name, const char *text,
                       double *order, GError **error) {
    return scenario_compare(((const Check *)data)->s, point, name, text, order, error);
}

/* Whether a plot can show any of the points; what cannot be known is no reason against it. */
static bool shows_any(const MetricRuns *runs, const char *where) {
    double holds = 1;
    for (unsigned point = 0; point < runs->n_runs; point++)
        if (!metric_evaluate_run(where, runs, point, &holds, NULL) || holds != 0) return true;
    return false;
}

/* Whether an expression over parameters alone is a number at any point. */
static bool is_number_anywhere(Check *c, const MetricRuns *runs, const char *expression) {
    double value;
    for (unsigned point = 0; point < runs->n_runs; point++) {
        c->open = false;
        if (!metric_evaluate_run(expression, runs, point, &value, NULL) || c->open ||
            isfinite(value))
            return true;
    }
    return false;
}

static void check_axes(Check *c, const Section *section, const MetricRuns *runs) {
    static const char *const keys[] = {"x", "y"};
    for (unsigned i = 0; i < G_N_ELEMENTS(keys); i++) {
        const Entry *entry = section_entry(section, keys[i]);
        g_auto(GStrv) several = plot_expressions(entry);
        for (unsigned k = 0; entry && several[k]; k++) {
            if (is_number_anywhere(c, runs, several[k])) continue;
            g_autofree char *place = entry_place(section, entry);
            warn_always(c, g_strdup_printf("%s: %s is a number at none of the points, so that "
                                           "nothing will be drawn",
                                           place, g_strstrip(several[k])));
        }
    }
}

static void check_unnamed(Check *c) {
    g_autoptr(GList) names =
        g_list_sort(g_hash_table_get_keys(c->s->unnamed), (GCompareFunc)strcmp);
    for (const GList *l = names; l; l = l->next)
        warn_always(c, g_strdup_printf("%s: no value names it; leave it out",
                                       (char *)g_hash_table_lookup(c->s->unnamed, l->data)));
}

/* Claims and plots of this file that are about none of its points. What --set fixes may well make
 * some of them so. */
static void check_coverage(Check *c) {
    MetricRuns runs = {.n_runs = scenario_n_points(c->s),
                       .lookup = foresee,
                       .compare = compare_at,
                       .runs = c,
                       .names = (const char *const[]){NULL},
                       .foresee = true};
    for (unsigned i = 0; i < c->s->columns->len; i++)
        if (!g_array_index(c->s->columns, Column, i).entry->line) return;
    for (unsigned i = 0; i < c->s->sections->len; i++) {
        const Section *section = c->s->sections->pdata[i];
        bool claim = section->kind == SECTION_EXPECT, plot = section->kind == SECTION_PLOT;
        const Entry *entry =
            claim || plot ? section_entry(section, plot ? "where" : "metric") : NULL;
        double value;
        g_autoptr(GError) cause = NULL;
        if (plot && !strcmp(section->file, c->s->path)) check_axes(c, section, &runs);
        if (!entry || strcmp(entry->file, c->s->path) != 0) continue;
        g_autofree char *place = entry_place(section, entry);
        if (claim && !metric_evaluate(entry->value, &runs, &value, &cause))
            warn_always(c, g_strdup_printf("%s: %s, so that it will not be measured", place,
                                           cause->message));
        else if (plot && !shows_any(&runs, entry->value))
            warn_always(c, g_strdup_printf("%s: holds at none of the points, so that nothing will "
                                           "be drawn",
                                           place));
    }
}

/* Networks -------------------------------------------------------------------------------- */

/* "port 3", "ports 0, 1, 4" of those that will send and have no link; NULL if there are none. */
static char *loose_ports(const Component *c, unsigned *n) {
    GString *list = g_string_new(NULL);
    *n = 0;
    for (unsigned p = 0; c->class->sends && p < c->n_ports; p++)
        if (!port_connected(c, p) && c->class->sends(c, p))
            g_string_append_printf(list, "%s%u", (*n)++ ? ", " : "", p);
    return g_string_free(list, FALSE);
}

static void check_component(Check *c, const Component *component) {
    const Section *section = scenario_component(c->s, component->name);
    if (!section) return; /* the script */
    unsigned n;
    g_autofree char *place = section_place(section), *ports = loose_ports(component, &n);
    if (n)
        warn_here(c, g_strdup_printf("%s port%s %s will send and %s no link: what leaves there is "
                                     "lost, as %s.drop.unconnected; add a link from %s.%u",
                                     place, n > 1 ? "s" : "", ports, n > 1 ? "have" : "has",
                                     component->name, component->name, atoi(ports)));
    if (component->class->doubts) {
        g_autoptr(GPtrArray) sentences = g_ptr_array_new_with_free_func(g_free);
        component->class->doubts(component, scenario_duration(c->s), sentences);
        for (unsigned i = 0; i < sentences->len; i++)
            warn_here(c, scenario_placed(c->s, component->name, sentences->pdata[i]));
    }
    for (unsigned k = 0; component->class->unused && k < section->entries->len; k++) {
        const Entry *entry = section->entries->pdata[k];
        /* A file that others include is made for more than one of them. */
        if (entry->line && strcmp(entry->file, c->s->path) != 0) continue;
        if (entry_is_default(section, entry)) continue; /* as a resolved scenario has them all */
        const char *why = component->class->unused(component, entry->key);
        if (!why) continue;
        g_autofree char *key = entry_place(section, entry);
        warn(c->unused, c->unused_order, c->point,
             g_strdup_printf("%s: has no effect: %s; leave it out", key, why));
    }
}

static bool check_point(Check *c, GError **error) {
    NetworkOptions options = {.seed = scenario_seed(c->s)};
    const Component *refused = NULL, *component;
    Network *net = scenario_build(c->s, c->point, &options, error);
    bool ok = net != NULL;
    if (ok && !network_start(net, &refused, error)) {
        scenario_blame(c->s, refused->name, error);
        ok = false;
    }
    if (!ok && scenario_n_points(c->s) > 1) {
        g_autofree char *sets = point_text(c->s, c->point, "--set ");
        char *message = g_strdup_printf("%s (repeat with %s)", (*error)->message, sets);
        g_free((*error)->message);
        (*error)->message = message;
    }
    for (unsigned i = 0; ok && (component = network_nth(net, i)); i++)
        check_component(c, component);
    ok = ok && check_names(c, net, error);
    if (ok) c->load = network_load(net);
    network_free(net);
    return ok;
}

bool scenario_check(const Scenario *s, const Claims *claims,
                    bool (*progress)(unsigned done, unsigned of, NetworkLoad load, void *user),
                    void *user, GPtrArray *warnings, GError **error) {
    unsigned of = scenario_n_points(s);
    g_autoptr(GError) cause = NULL;
    g_autoptr(GPtrArray) order = g_ptr_array_new_with_free_func(warning_free),
                         unused_order = g_ptr_array_new_with_free_func(warning_free);
    g_autoptr(GHashTable) all = g_hash_table_new(g_str_hash, g_str_equal),
                          unused = g_hash_table_new(g_str_hash, g_str_equal);
    Check c = {.s = s,
               .claims = claims,
               .warnings = all,
               .order = order,
               .unused = unused,
               .unused_order = unused_order};
    bool ok = check_sections(&c, &cause);
    for (unsigned i = 0; i < order->len; i++) ((Warning *)order->pdata[i])->points = of;
    for (; ok && c.point < of; c.point++) {
        ok = check_point(&c, &cause);
        if (!ok || !progress || progress(c.point + 1, of, c.load, user)) continue;
        g_set_error(&cause, G_FILE_ERROR, G_FILE_ERROR_INTR, "interrupted");
        ok = false;
    }
    c.point = 0;
    if (ok) check_coverage(&c);
    if (ok) check_unnamed(&c);
    pass_on(&c, order, false, warnings);
    pass_on(&c, unused_order, true, warnings);
    g_free(c.scalars);
    if (cause) g_propagate_error(error, g_steal_pointer(&cause));
    return ok;
}
