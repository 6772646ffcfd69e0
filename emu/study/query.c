/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Rows, their values, and three ways to write them. */
#include "emu/study/query.h"

#include <math.h>
#include <string.h>

#include "emu/study/columns.h"
#include "emu/study/grid.h"
#include "emu/study/headline.h"
#include "emu/study/progress.h"

typedef struct {
    unsigned point;
    const char *component; /* interned; NULL: the row is the point */
    unsigned number;       /* its place before it was sorted */
    double *keys;          /* of sort */
} Row;

/* A column: a parameter of the study, the component, or an expression. */
typedef enum { WORD_PARAMETER, WORD_COMPONENT, WORD_EXPRESSION } Kind;
typedef struct {
    Kind kind;
    unsigned parameter;
    char *text, *label; /* the expression; label NULL: the text */
    char *expression;   /* with the values of its aggregates */
    const char *unit;
    StudyEstimate *values; /* by row */
} Item;

struct Query {
    const Study *study;
    Columns *columns;
    MetricRuns *runs;      /* of the study */
    GPtrArray *ok;         /* RunResult: run n of `runs` */
    const char *class;     /* NULL: rows are points */
    GPtrArray *components; /* interned names */
    GArray *rows;          /* Row */
    GPtrArray *items;      /* Item */
    unsigned n_points, n_fit;
    unsigned *first, *n_ok; /* by point: its runs among `ok`, and how many those are */
    GPtrArray *names;       /* for messages */
};

/* Names ----------------------------------------------------------------------------------- */

/* The runs as expressions see them from one row. */
typedef struct {
    MetricRuns base;
    const Query *query;
    const char *component;
    bool means; /* scalars are means over the point's repetitions */
} View;

/* The row's own NAME, if there is one; else the name as it stands. */
static const char *own_name(const View *v, unsigned run, const char *name) {
    double value;
    if (!v->component) return name;
    g_autofree char *full = g_strconcat(v->component, ".", name, NULL);
    const MetricRuns *runs = v->query->runs;
    return runs->lookup(runs->runs, run, full, &value) ? run_intern(full) : name;
}

static const RunResult *run_at(const Query *q, unsigned run) {
    return q->ok->pdata[run];
}

static bool lookup(const void *data, unsigned run, const char *name, double *value) {
    const View *v = data;
    const MetricRuns *runs = v->query->runs;
    const char *full = own_name(v, run, name);
    if (!runs->lookup(runs->runs, run, full, value)) return false;
    if (!v->means) return true;
    double sum = 0, one;
    unsigned n = 0, point = run_at(v->query, run)->point, first = v->query->first[point];
    for (unsigned r = first; r < first + v->query->n_ok[point]; r++) {
        if (!runs->lookup(runs->runs, r, full, &one) || isnan(one)) continue;
        sum += one;
        n++;
    }
    *value = n ? sum / n : NAN;
    return true;
}

static int sibling(const void *data, unsigned run, const char *parameter, const char *value) {
    const View *v = data;
    const MetricRuns *runs = v->query->runs;
    return runs->sibling(runs->runs, run, own_name(v, run, parameter), value);
}

static bool compare(const void *data, unsigned run, const char *name, const char *text,
                    double *order, GError **error) {
    const View *v = data;
    const MetricRuns *runs = v->query->runs;
    return runs->compare(runs->runs, run, own_name(v, run, name), text, order, error);
}

static View view_of(const Query *q, const Row *row, bool means) {
    return (View){.base = {.n_runs = q->runs->n_runs,
                           .lookup = lookup,
                           .names = (const char *const *)q->names->pdata,
                           .sibling = sibling,
                           .compare = compare},
                  .query = q,
                  .component = row->component,
                  .means = means};
}

static bool evaluate(const View *v, const char *text, unsigned run, double *value, GError **error) {
    MetricRuns runs = v->base;
    runs.runs = v;
    return metric_evaluate_run(text, &runs, run, value, error);
}

static bool complain(GError **error, const char *option, const char *text) {
    g_prefix_error(error, "%s: \"%s\": ", option, text);
    return false;
}

/* The value of a row by the means of its point's repetitions. */
static bool row_value(const Query *q, const Row *row, const char *option, const char *text,
                      double *value, GError **error) {
    View v = view_of(q, row, true);
    return evaluate(&v, text, q->first[row->point], value, error) || complain(error, option, text);
}

/* Its mean over them, and the interval. */
static bool row_estimate(const Query *q, const Row *row, const char *text, StudyEstimate *e,
                         GError **error) {
    View v = view_of(q, row, false);
    unsigned n = 0, first = q->first[row->point], of = q->n_ok[row->point];
    g_autofree double *values = g_new(double, of);
    for (unsigned run = first; run < first + of; run++) {
        if (!evaluate(&v, text, run, &values[n], error)) return complain(error, "--show", text);
        if (!isnan(values[n])) n++;
    }
    *e = study_estimate_of(values, n, study_independent(q->study, row->point, 0));
    return true;
}

/* Aggregates ------------------------------------------------------------------------------ */

/* All rows that there could be, as the runs of an aggregate. */
typedef struct {
    const Query *query;
} AllRows;

static View view_at(const Query *q, unsigned at, unsigned *run) {
    unsigned n = MAX(q->components->len, 1), point = 0;
    Row row = {.component = q->components->len ? q->components->pdata[at % n] : NULL};
    for (unsigned i = at / n; !q->n_ok[point] || i > 0; point++) i -= q->n_ok[point] > 0;
    *run = q->first[point];
    return view_of(q, &row, true);
}

static bool lookup_row(const void *data, unsigned at, const char *name, double *value) {
    unsigned run;
    View v = view_at(((const AllRows *)data)->query, at, &run);
    return lookup(&v, run, name, value);
}

static bool compare_row(const void *data, unsigned at, const char *name, const char *text,
                        double *order, GError **error) {
    unsigned run;
    View v = view_at(((const AllRows *)data)->query, at, &run);
    return compare(&v, run, name, text, order, error);
}

static bool aggregate(const Query *q, const char *text, double *value, GError **error) {
    AllRows all = {q};
    unsigned measured = 0;
    for (unsigned i = 0; i < q->n_points; i++) measured += q->n_ok[i] > 0;
    MetricRuns rows = {.n_runs = measured * MAX(q->components->len, 1),
                       .lookup = lookup_row,
                       .runs = &all,
                       .names = (const char *const *)q->names->pdata,
                       .compare = compare_row};
    return metric_evaluate(text, &rows, value, error);
}

/* The length of `max(...)` that begins here; 0: none does. */
static size_t aggregate_length(const char *at) {
    for (const MetricWord *w = metric_words; w->name; w++) {
        size_t n = strlen(w->name);
        if (!w->aggregate || strncmp(at, w->name, n) != 0 || at[n] != '(') continue;
        int depth = 0;
        bool quoted = false;
        for (; at[n]; n++) {
            if (at[n] == '"') quoted = !quoted;
            if (!quoted) depth += (at[n] == '(') - (at[n] == ')');
            if (!quoted && at[n] == ')' && depth == 0) return n + 1;
        }
    }
    return 0;
}

/* The expression with every aggregate's value in its place, which is the same in all rows. Caller
 * frees; NULL and an error. */
static char *work_out(const Query *q, const char *option, const char *text, GError **error) {
    g_autoptr(GString) out = g_string_new(NULL);
    bool inside = false; /* of a name, or of quotes */
    for (const char *at = text; *at;) {
        size_t n = inside ? 0 : aggregate_length(at);
        inside = g_ascii_isalnum(*at) || *at == '_' || *at == '.';
        if (n) {
            double value;
            g_autofree char *part = g_strndup(at, n);
            if (!aggregate(q, part, &value, error)) {
                complain(error, option, text);
                return NULL;
            }
            if (isfinite(value))
                g_string_append_printf(out, "(%.17g)", value);
            else
                g_string_append(out, "(0 / 0)");
            at += n;
            continue;
        }
        g_string_append_c(out, *at++);
    }
    return g_strdup(out->str);
}

/* What was asked -------------------------------------------------------------------------- */

static void item_free(void *data) {
    Item *item = data;
    g_free(item->text);
    g_free(item->label);
    g_free(item->expression);
    g_free(item->values);
    g_free(item);
}

static Item *add_item(Query *q, Kind kind, const char *text) {
    Item *item = g_new0(Item, 1);
    item->kind = kind;
    item->text = g_strstrip(g_strdup(text));
    item->unit = "";
    g_ptr_array_add(q->items, item);
    return item;
}

/* The column of that name, or the only one of that key; n_parameters: none. */
static unsigned find_parameter(const Query *q, const char *text) {
    const Scenario *s = q->study->scenario;
    unsigned n = scenario_n_parameters(s), found = n;
    for (unsigned i = 0; i < n; i++) {
        const char *name = scenario_parameter(s, 0, i).name, *dot = strrchr(name, '.');
        if (!strcmp(name, text)) return i;
        if (!dot || strcmp(dot + 1, text) != 0) continue;
        if (found < n) return n; /* several */
        found = i;
    }
    return found;
}

static void add_parameter(Query *q, unsigned parameter) {
    Item *item =
        add_item(q, WORD_PARAMETER, scenario_parameter(q->study->scenario, 0, parameter).name);
    item->parameter = parameter;
    item->unit = columns_parameter_unit(q->columns, parameter);
}

static const char *unit_of(const Query *q, const char *text) {
    const char *unit = "";
    for (unsigned i = 0; i < MAX(q->components->len, 1); i++) {
        g_autofree char *own =
            q->components->len ? g_strconcat(q->components->pdata[i], ".", text, NULL) : NULL;
        for (unsigned k = 0; k < q->columns->columns->len; k++) {
            const Column *c = columns_at(q->columns, k);
            if (!strcmp(c->name, text) || !g_strcmp0(c->name, own)) return c->unit;
        }
    }
    return unit;
}

static void add_expression(Query *q, const char *text, char *label) {
    unsigned parameter = find_parameter(q, text);
    if (parameter < scenario_n_parameters(q->study->scenario) && !label) {
        add_parameter(q, parameter);
        return;
    }
    Item *item = add_item(q, WORD_EXPRESSION, text);
    item->label = label;
    item->unit = label ? "" : unit_of(q, item->text);
}

/* The pieces of a list: commas in parentheses and quotes do not part them. */
static GPtrArray *split(const char *list) {
    GPtrArray *all = g_ptr_array_new_with_free_func(g_free);
    int depth = 0;
    bool quoted = false;
    const char *start = list;
    for (const char *at = list;; at++) {
        if (*at == '"') quoted = !quoted;
        if (!quoted) depth += (*at == '(') - (*at == ')');
        if (*at && (*at != ',' || quoted || depth > 0)) continue;
        g_ptr_array_add(all, g_strstrip(g_strndup(start, (size_t)(at - start))));
        if (!*at) return all;
        start = at + 1;
    }
}

/* EXPRESSION [as "LABEL"]. */
static bool show_one(Query *q, const char *text, GError **error) {
    g_autofree char *expression = g_strdup(text);
    char *as = g_strrstr(expression, " as \""), *label = NULL;
    if (as && g_str_has_suffix(as, "\"") && strlen(as) > strlen(" as \"\"")) {
        label = g_strndup(as + strlen(" as \""), strlen(as) - strlen(" as \"\""));
        *as = 0;
    }
    g_strstrip(expression);
    if (!*expression) {
        g_free(label);
        return input_error(error, "found nothing between commas, expected an expression");
    }
    add_expression(q, expression, label);
    return true;
}

static bool show(Query *q, const char *list, GError **error) {
    g_autoptr(GPtrArray) all = split(list);
    for (unsigned i = 0; i < all->len; i++)
        if (!show_one(q, all->pdata[i], error)) return false;
    return true;
}

/* All scalars of the first component, or what a run shows at a glance. */
static void show_usual(Query *q) {
    if (!q->class) {
        g_autoptr(GArray) chosen = headline_columns(q->columns);
        for (unsigned i = 0; i < chosen->len; i++)
            add_expression(q, columns_at(q->columns, g_array_index(chosen, unsigned, i))->name,
                           NULL);
        return;
    }
    g_autofree char *prefix = g_strconcat(q->components->pdata[0], ".", NULL);
    for (unsigned k = 0; k < q->columns->columns->len; k++) {
        const char *name = columns_at(q->columns, k)->name;
        if (g_str_has_prefix(name, prefix)) add_expression(q, name + strlen(prefix), NULL);
    }
}

static bool shows_parameter(const Query *q, unsigned parameter) {
    for (unsigned i = 0; i < q->items->len; i++) {
        const Item *item = q->items->pdata[i];
        if (item->kind == WORD_PARAMETER && item->parameter == parameter) return true;
    }
    return false;
}

/* In front of what is shown: what tells the rows apart, as few as can. */
static void show_rows(Query *q) {
    const Scenario *s = q->study->scenario;
    unsigned n = scenario_n_parameters(s), at = 0;
    g_autofree bool *chosen = g_new0(bool, n + 1);
    for (unsigned i = 0; i < n; i++) chosen[i] = shows_parameter(q, i);
    scenario_telling(s, chosen);
    for (unsigned i = 0; i < n; i++) {
        if (!chosen[i] || shows_parameter(q, i)) continue;
        add_parameter(q, i);
        g_ptr_array_insert(q->items, (int)at++,
                           g_ptr_array_steal_index(q->items, q->items->len - 1));
    }
    if (!q->class) return;
    add_item(q, WORD_COMPONENT, q->class);
    g_ptr_array_insert(q->items, (int)at, g_ptr_array_steal_index(q->items, q->items->len - 1));
}

/* Rows ------------------------------------------------------------------------------------ */

static bool find_components(Query *q, const char *class, GError **error) {
    NetworkOptions options = {.seed = q->study->seed};
    Network *net = scenario_build(q->study->scenario, 0, &options, error);
    const Component *c;
    if (!net) return false;
    g_autoptr(GPtrArray) classes = g_ptr_array_new();
    for (unsigned i = 0; (c = network_nth(net, i)); i++) {
        if (!strcmp(c->class->name, class))
            g_ptr_array_add(q->components, (char *)run_intern(c->name));
        if (!g_ptr_array_find(classes, c->class->name, NULL))
            g_ptr_array_add(classes, (char *)c->class->name);
    }
    g_ptr_array_add(classes, NULL);
    network_free(net);
    q->class = run_intern(class);
    if (q->components->len) return true;
    g_autofree char *list = g_strjoinv(", ", (char **)classes->pdata);
    const char *near = param_nearest(class, (const char *const *)classes->pdata);
    return input_error(
        error, "--each: found \"%s\", expected a class of the study's components, one of %s%s%s",
        class, list, near ? "; the nearest is " : "", near ? near : "");
}

/* Those of the runs, and of the first component without its name. */
static void find_names(Query *q) {
    g_autofree char *prefix =
        q->class ? g_strconcat(q->components->pdata[0], ".", NULL) : g_strdup("");
    for (unsigned i = 0; q->class && q->runs->names[i]; i++)
        if (g_str_has_prefix(q->runs->names[i], prefix))
            g_ptr_array_add(q->names, (char *)q->runs->names[i] + strlen(prefix));
    for (unsigned i = 0; q->runs->names[i]; i++)
        g_ptr_array_add(q->names, (char *)q->runs->names[i]);
    g_ptr_array_add(q->names, NULL);
}

static bool takes(Query *q, const Row *row, const char *where, bool *fits, GError **error) {
    double value = 1;
    if (where && !row_value(q, row, "--where", where, &value, error)) return false;
    *fits = value != 0 && !isnan(value);
    return true;
}

static bool add_rows(Query *q, const char *text, GError **error) {
    unsigned n = MAX(q->components->len, 1);
    g_autofree char *where = text ? work_out(q, "--where", text, error) : NULL;
    if (text && !where) return false;
    for (unsigned i = 0; i < q->n_points * n; i++) {
        Row row = {.point = i / n, .number = i};
        bool fits;
        if (q->components->len) row.component = q->components->pdata[i % n];
        if (!q->n_ok[row.point]) continue;
        if (!takes(q, &row, where, &fits, error)) return false;
        if (fits) g_array_append_val(q->rows, row);
    }
    q->n_fit = q->rows->len;
    return true;
}

typedef struct {
    unsigned n;
} Keys;

/* What has no number comes last. */
static int by_keys(const void *a, const void *b, void *user) {
    const Row *x = a, *y = b;
    for (unsigned i = 0; i < ((const Keys *)user)->n; i++) {
        double p = x->keys[i], q = y->keys[i];
        if (isnan(p) != isnan(q)) return isnan(p) ? 1 : -1;
        if (p < q || p > q) return p < q ? -1 : 1;
    }
    return x->number < y->number ? -1 : x->number > y->number;
}

static bool sort_rows(Query *q, const char *list, GError **error) {
    if (!list) return true;
    g_autoptr(GPtrArray) all = split(list);
    for (unsigned i = 0; i < all->len; i++) {
        g_autofree char *text = all->pdata[i];
        if (!(all->pdata[i] = work_out(q, "--sort", text, error))) return false;
    }
    for (unsigned r = 0; r < q->rows->len; r++) {
        Row *row = &g_array_index(q->rows, Row, r);
        row->keys = g_new(double, all->len);
        for (unsigned i = 0; i < all->len; i++)
            if (!row_value(q, row, "--sort", all->pdata[i], &row->keys[i], error)) return false;
    }
    Keys keys = {all->len};
    g_array_sort_with_data(q->rows, by_keys, &keys);
    return true;
}

static bool fill(Query *q, GError **error) {
    for (unsigned i = 0; i < q->items->len; i++) {
        Item *item = q->items->pdata[i];
        if (item->kind != WORD_EXPRESSION) continue;
        if (!(item->expression = work_out(q, "--show", item->text, error))) return false;
        item->values = g_new0(StudyEstimate, q->rows->len + 1);
        for (unsigned r = 0; r < q->rows->len; r++)
            if (!row_estimate(q, &g_array_index(q->rows, Row, r), item->expression,
                              &item->values[r], error))
                return false;
    }
    return true;
}

static void row_clear(void *data) {
    g_free(((Row *)data)->keys);
}

static void look_at_runs(Query *q) {
    const GPtrArray *runs = q->study->runs;
    q->n_points = scenario_n_points(q->study->scenario);
    q->first = g_new0(unsigned, q->n_points);
    q->n_ok = g_new0(unsigned, q->n_points);
    for (unsigned i = 0; i < runs->len; i++) {
        RunResult *r = runs->pdata[i];
        if (r->status != RUN_OK) continue;
        if (!q->n_ok[r->point]++) q->first[r->point] = q->ok->len; /* they stand together */
        g_ptr_array_add(q->ok, r);
    }
}

Query *query_new(const Study *study, const QueryWords *w, GError **error) {
    Query *q = g_new0(Query, 1);
    q->study = study;
    q->columns = columns_new(study);
    q->runs = study_metric_runs(study);
    q->ok = g_ptr_array_new();
    q->components = g_ptr_array_new();
    q->names = g_ptr_array_new();
    q->rows = g_array_new(FALSE, FALSE, sizeof(Row));
    g_array_set_clear_func(q->rows, row_clear);
    q->items = g_ptr_array_new_with_free_func(item_free);
    look_at_runs(q);
    bool ok = !w->each || find_components(q, w->each, error);
    if (ok) find_names(q);
    if (ok && w->show && !(ok = show(q, w->show, error))) g_prefix_error(error, "--show: ");
    if (ok && !w->show) show_usual(q);
    if (ok) show_rows(q);
    ok = ok && add_rows(q, w->where, error) && sort_rows(q, w->sort, error);
    if (ok && w->limit && q->rows->len > w->limit) g_array_set_size(q->rows, w->limit);
    if (ok && fill(q, error)) return q;
    query_free(q);
    return NULL;
}

void query_free(Query *q) {
    if (!q) return;
    columns_free(q->columns);
    study_metric_runs_free(q->runs);
    g_ptr_array_unref(q->ok);
    g_ptr_array_unref(q->components);
    g_array_unref(q->rows);
    g_ptr_array_unref(q->items);
    g_ptr_array_unref(q->names);
    g_free(q->first);
    g_free(q->n_ok);
    g_free(q);
}

/* On a terminal --------------------------------------------------------------------------- */

static const char *word_of(const Query *q, const Item *item, const Row *row) {
    if (item->kind == WORD_COMPONENT) return row->component;
    return scenario_parameter(q->study->scenario, row->point, item->parameter).value;
}

/* Rates are shown in the largest unit that the largest of them has. */
static double scale_of(const Query *q, const Item *item, const char **prefix) {
    static const struct {
        double unit;
        const char *prefix;
    } units[] = {{1e9, "G"}, {1e6, "M"}, {1e3, "k"}, {1, ""}};
    unsigned i = 0;
    double most = 0;
    *prefix = "";
    if (!g_str_has_prefix(item->unit, "bit/s") && strcmp(item->unit, "packets/s") != 0) return 1;
    for (unsigned r = 0; r < q->rows->len; r++) most = fmax(most, fabs(item->values[r].mean));
    while (units[i].unit > 1 && !(most >= units[i].unit)) i++;
    *prefix = units[i].prefix;
    return 1 / units[i].unit;
}

/* Of a component, and not of the row's own. */
static bool is_name(const Query *q, const char *text) {
    for (unsigned i = 0; q->runs->names[i]; i++)
        if (!strcmp(q->runs->names[i], text)) return true;
    return scenario_value(q->study->scenario, 0, text, &(double){0});
}

static GridColumn *grid_of(const Query *q, const Item *item) {
    const char *name = item->label ? item->label : item->text, *prefix = "";
    const char *dot = !item->label && is_name(q, name) ? strchr(name, '.') : NULL;
    bool words = item->kind != WORD_EXPRESSION;
    double scale = words ? 1 : scale_of(q, item, &prefix);
    GridColumn *c = grid_column(words, g_strndup(name, dot ? (size_t)(dot - name) : 0),
                                g_strdup(dot ? dot + 1 : name),
                                words ? g_strdup("") : g_strconcat(prefix, item->unit, NULL));
    for (unsigned r = 0; r < q->rows->len; r++)
        grid_cell(c, words ? g_strdup(word_of(q, item, &g_array_index(q->rows, Row, r)))
                           : study_estimate_text(item->values[r], scale));
    return c;
}

static void put_wrapped(const char *text, unsigned width, FILE *out) {
    g_autofree char *lines = progress_wrap(text, width);
    fprintf(out, "%s\n", lines);
}

static void put_notes(const Query *q, const GString *dropped, unsigned width, FILE *out) {
    unsigned measured = 0;
    for (unsigned i = 0; i < q->n_points; i++) measured += q->n_ok[i] > 0;
    g_autoptr(GString) text = g_string_new(NULL);
    if (q->class)
        g_string_printf(text, "%u of %u rows: %u of class %s at %u point%s", q->n_fit,
                        measured * q->components->len, q->components->len, q->class, measured,
                        measured == 1 ? "" : "s");
    else
        g_string_printf(text, "%u of %u point%s", q->n_fit, measured, measured == 1 ? "" : "s");
    if (q->rows->len < q->n_fit) g_string_append_printf(text, ", the first %u", q->rows->len);
    if (measured < q->n_points)
        g_string_append_printf(text, "; %u more points have no run that is ok",
                               q->n_points - measured);
    if (q->study->repeated) g_string_append(text, "; means, +- half of the 95 % interval");
    g_autofree char *timing = scenario_timing_text(q->study->scenario);
    if (timing) g_string_append_printf(text, "; %s", timing);
    put_wrapped(text->str, width, out);
    if (!dropped->len || !q->rows->len) return;
    g_autofree char *sentence =
        g_strdup_printf("no room for %s: see --show, --tsv, or set COLUMNS", dropped->str);
    put_wrapped(sentence, width, out);
}

void query_print(const Query *q, FILE *out) {
    g_autoptr(GPtrArray) page = g_ptr_array_new_with_free_func(grid_column_free);
    g_autoptr(GString) dropped = g_string_new(NULL);
    unsigned width = grid_width(out), used = 0;
    for (unsigned i = 0; i < q->items->len; i++) {
        const Item *item = q->items->pdata[i];
        GridColumn *c = grid_of(q, item);
        if (used + c->width + (i ? GRID_GAP : 0) > width || dropped->len) {
            g_string_append_printf(dropped, "%s%s", dropped->len ? ", " : "",
                                   item->label ? item->label : item->text);
            grid_column_free(c);
            continue;
        }
        used += c->width + (i ? GRID_GAP : 0);
        g_ptr_array_add(page, c);
    }
    if (q->rows->len) grid_put_heads(page, out);
    for (unsigned r = 0; r < q->rows->len; r++) {
        grid_put_row(page, page->len, r, out);
        fputc('\n', out);
    }
    put_notes(q, dropped, width, out);
}

/* For programs ---------------------------------------------------------------------------- */

static void put_number(GString *t, double value) {
    g_string_append_c(t, '\t');
    if (!isnan(value)) g_string_append_printf(t, "%.12g", value);
}

static void put_word(const Query *q, const Item *item, const Row *row, GString *t) {
    double value = item->kind == WORD_PARAMETER
                       ? columns_parameter(q->columns, row->point, item->parameter)
                       : NAN;
    if (isnan(value))
        g_string_append_printf(t, "\t%s", word_of(q, item, row));
    else
        put_number(t, value);
}

char *query_tsv(const Query *q) {
    g_autoptr(GString) t = g_string_new(NULL);
    for (unsigned i = 0; i < q->items->len; i++) {
        const Item *item = q->items->pdata[i];
        const char *name = item->label ? item->label : item->text;
        g_string_append_printf(t, "\t%s", name);
        if (item->kind == WORD_EXPRESSION && q->study->repeated)
            g_string_append_printf(t, "\t%s_low\t%s_high", name, name);
    }
    for (unsigned r = 0; r < q->rows->len; r++) {
        g_string_append_c(t, '\n');
        for (unsigned i = 0; i < q->items->len; i++) {
            const Item *item = q->items->pdata[i];
            if (item->kind != WORD_EXPRESSION) {
                put_word(q, item, &g_array_index(q->rows, Row, r), t);
                continue;
            }
            StudyEstimate e = item->values[r];
            put_number(t, e.mean);
            if (!q->study->repeated) continue;
            put_number(t, e.mean - e.half);
            put_number(t, e.mean + e.half);
        }
    }
    g_string_append_c(t, '\n');
    g_auto(GStrv) lines = g_strsplit(t->str, "\n\t", -1); /* each line begins with a tab */
    g_autofree char *joined = g_strjoinv("\n", lines);
    return g_strdup(*joined == '\t' ? joined + 1 : joined);
}

static json_t *number(double value) {
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *value_json(const Query *q, const Item *item, unsigned r) {
    const Row *row = &g_array_index(q->rows, Row, r);
    if (item->kind == WORD_EXPRESSION) {
        StudyEstimate e = item->values[r];
        if (!q->study->repeated) return number(e.mean);
        return json_pack("{s:o, s:o, s:o, s:i}", "mean", number(e.mean), "low",
                         number(e.mean - e.half), "high", number(e.mean + e.half), "n", (int)e.n);
    }
    double value = item->kind == WORD_PARAMETER
                       ? columns_parameter(q->columns, row->point, item->parameter)
                       : NAN;
    return isnan(value) ? json_string(word_of(q, item, row)) : json_real(value);
}

json_t *query_json(const Query *q) {
    json_t *doc = json_object(), *rows = json_array();
    for (unsigned r = 0; r < q->rows->len; r++) {
        json_t *one = json_object();
        for (unsigned i = 0; i < q->items->len; i++) {
            const Item *item = q->items->pdata[i];
            json_object_set_new(one, item->label ? item->label : item->text,
                                value_json(q, item, r));
        }
        json_array_append_new(rows, one);
    }
    json_object_set_new(doc, "schema", json_string("sppemu-query-1"));
    json_object_set_new(doc, "scenario", json_string(scenario_name(q->study->scenario)));
    json_object_set_new(doc, "timing", study_timing_json(scenario_timing(q->study->scenario)));
    json_object_set_new(doc, "rows", rows);
    return doc;
}
