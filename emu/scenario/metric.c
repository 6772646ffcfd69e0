/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A recursive-descent evaluator. Levels: or, and, not, comparison, sum, product, primary; an
 * aggregate is a primary of the outer level, and holds an inner expression and a condition, which
 * are evaluated from the text again for every run. */
#include "emu/scenario/metric.h"

#include <math.h>
#include <string.h>

#include "emu/core/param.h"

enum { MAX_NESTING = 64, MAX_TEXT = 65536 };

typedef struct {
    const char *at;
    const MetricRuns *runs; /* NULL: syntax only */
    unsigned run;
    bool inside; /* of an aggregate */
    unsigned nesting;
    GError **error;
    bool failed;
    bool *needs;   /* of metric_needs; else NULL */
    double margin; /* the same */
    GArray *reads; /* runs of which a scalar was read, while somebody wants to know */
    bool blind;    /* scalars are no numbers */
} Parser;

static double parse_or(Parser *p);

static double fail(Parser *p, const char *format, ...) G_GNUC_PRINTF(2, 3);
static double fail(Parser *p, const char *format, ...) {
    if (p->failed) return NAN;
    p->failed = true;
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    input_error(p->error, "%s", text);
    return NAN;
}

static void skip(Parser *p) {
    while (g_ascii_isspace(*p->at)) p->at++;
}

static bool take(Parser *p, const char *symbol) {
    skip(p);
    size_t n = strlen(symbol);
    if (strncmp(p->at, symbol, n) != 0) return false;
    if (g_ascii_isalpha(*symbol) &&
        (g_ascii_isalnum(p->at[n]) || p->at[n] == '_' || p->at[n] == '.'))
        return false;
    p->at += n;
    return true;
}

/* A component's name may hold a -, what follows its dot may not: a.x-b.y is a difference. */
static char *read_name(Parser *p) {
    const char *start = p->at;
    bool dot = false;
    for (; g_ascii_isalnum(*p->at) || *p->at == '_' || *p->at == '.' || (*p->at == '-' && !dot);
         p->at++)
        dot = dot || *p->at == '.';
    return g_strndup(start, (size_t)(p->at - start));
}

static double unknown(Parser *p, const char *name) {
    const char *near = param_nearest(name, p->runs->names);
    return fail(p, "found the unknown name %s%s%s%s", name,
                strchr(name, '.') ? "" : ", expected COMPONENT.NAME, or what iterates",
                near ? "; the nearest is " : "", near ? near : "");
}

static bool is_open(const Parser *p, const char *name);

static double value_of(Parser *p, unsigned run, const char *name) {
    double value = 0;
    if (p->runs && !p->runs->lookup(p->runs->runs, run, name, &value)) return unknown(p, name);
    if (!p->runs || (!p->reads && !p->blind) || !is_open(p, name)) return value;
    if (p->reads) g_array_append_val(p->reads, run);
    return p->blind ? NAN : value;
}

/* Values as scenarios write them ----------------------------------------------------------- */

/* The end of a word, "default", or of a number with its unit, "100Mbit/s", "30%", "10.0.0.1". */
static const char *end_of_value(const char *at) {
    char *number;
    g_ascii_strtod(at, &number);
    const char *end = g_ascii_isdigit(*at) || *at == '-' ? number : at;
    bool word = end == at;
    if (word && !g_ascii_isalpha(*at) && *at != '_') return at;
    while (g_ascii_isalnum(*end) || *end == '_' || (word && *end == '-') ||
           (!word && (*end == '%' || *end == '.' || (*end == '/' && g_ascii_isalpha(end[-1])))))
        end++;
    return word && (*end == '.' || *end == '(') ? at : end; /* a name, an aggregate */
}

/* A value, if one stands here and is not the beginning of a calculation; else NULL, and nothing is
 * taken. */
static char *read_value(Parser *p) {
    skip(p);
    const char *start = p->at, *end;
    if (*start == '"') {
        end = strchr(start + 1, '"');
        if (!end) {
            fail(p, "found %.20s without a closing \"", start);
            return NULL;
        }
        p->at = end + 1;
        return g_strndup(start + 1, (size_t)(end - start - 1));
    }
    const char *next = end = end_of_value(start);
    while (g_ascii_isspace(*next)) next++;
    if (end == start || (*next && strchr("+-*/", *next))) return NULL;
    p->at = end;
    return g_strndup(start, (size_t)(end - start));
}

/* Below 0, 0 or above: the value of `name` in this run beside `text`; NaN: neither. */
static double order_of(Parser *p, const char *name, const char *text) {
    double order = NAN, here = NAN;
    char *end;
    g_autoptr(GError) cause = NULL;
    if (!p->runs || p->failed) return 0;
    if (p->runs->compare && p->runs->compare(p->runs->runs, p->run, name, text, &order, &cause))
        return order;
    if (cause) return fail(p, "%s", cause->message);
    double number = g_ascii_strtod(text, &end);
    if (*end)
        return fail(p, "found %s beside \"%s\", expected a number: it is no parameter", name, text);
    here = value_of(p, p->run, name);
    return here > number ? 1 : here < number ? -1 : here == number ? 0 : NAN;
}

/* in "SERIES", the parser standing behind `in`. */
static bool is_in_series(Parser *p) {
    skip(p);
    g_autofree char *series = *p->at == '"' ? read_value(p) : NULL;
    if (!series)
        fail(p, "found \"%.20s\", expected \"SERIES\" after in", p->at);
    else if (p->runs && !p->runs->lookup(p->runs->runs, p->run, "series", &(double){0}))
        fail(p, "found in \"%s\", but there is no [series]", series);
    return !p->failed && order_of(p, "series", series) == 0;
}

static bool is_anywhere(Parser *p, const char *parameter, const char *value) {
    Parser other = *p;
    for (other.run = 0; other.run < p->runs->n_runs; other.run++)
        if (order_of(&other, parameter, value) == 0) return true;
    return false;
}

/* NAME at PARAMETER = VALUE, the parser standing behind `at`. */
static double value_beside(Parser *p, const char *name) {
    skip(p);
    g_autofree char *parameter = read_name(p), *value = NULL;
    double here = value_of(p, p->run, name);
    if (!*parameter || !take(p, "="))
        return fail(p, "found \"%.20s\", expected PARAMETER = VALUE after at", p->at);
    if (!(value = read_value(p)))
        return fail(p, "found \"%.20s\", expected a value after =", p->at);
    if (!p->runs || p->failed) return here;
    if (!p->runs->lookup(p->runs->runs, p->run, parameter, &(double){0}))
        return unknown(p, parameter);
    order_of(p, parameter, value); /* a value that there cannot be is an error */
    if (p->runs->foresee && !p->failed && !is_anywhere(p, parameter, value))
        return fail(p, "found no point with %s = %s", parameter, value);
    int run = p->runs->sibling ? p->runs->sibling(p->runs->runs, p->run, parameter, value) : -1;
    return run < 0 ? NAN : value_of(p, (unsigned)run, name);
}

/* Aggregates ------------------------------------------------------------------------------ */

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double reduce(const char *kind, GArray *values) {
    unsigned n = values->len;
    const double *v = (const double *)(const void *)values->data;
    if (!strcmp(kind, "count")) return n;
    if (!n) return NAN;
    if (!strcmp(kind, "first")) return v[0];
    if (!strcmp(kind, "last")) return v[n - 1];
    double sum = 0, squares = 0;
    for (unsigned i = 0; i < n; i++) sum += v[i];
    if (!strcmp(kind, "sum")) return sum;
    if (!strcmp(kind, "mean")) return sum / n;
    if (!strcmp(kind, "geomean")) {
        double logs = 0;
        for (unsigned i = 0; i < n; i++) logs += log(v[i]);
        return exp(logs / n);
    }
    if (!strcmp(kind, "sd")) {
        for (unsigned i = 0; i < n; i++) squares += (v[i] - sum / n) * (v[i] - sum / n);
        return n > 1 ? sqrt(squares / (n - 1)) : 0;
    }
    for (unsigned i = 0; i < n; i++)
        if (isnan(v[i])) return NAN; /* has no place in an order */
    qsort(values->data, n, sizeof(double), ascending);
    if (!strcmp(kind, "min")) return v[0];
    if (!strcmp(kind, "max")) return v[n - 1];
    return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

const MetricWord metric_words[] = {
    {"max", "the largest", true},
    {"min", "the smallest", true},
    {"mean", "the arithmetic mean", true},
    {"geomean", "the geometric mean", true},
    {"median", "the middle one, of an even number the mean of the two in the middle", true},
    {"sum", "the sum", true},
    {"sd", "the standard deviation, with n - 1", true},
    {"count", "how many there are", true},
    {"first", "that of the first run", true},
    {"last", "that of the last run", true},
    {"if", "AGGREGATE(VALUE if CONDITION): only runs for which the condition holds", false},
    {"in", "AGGREGATE(VALUE in \"NAME\"): only runs of the series of that name", false},
    {"at", "NAME at PARAMETER = VALUE: NAME in the run that is the same but for PARAMETER", false},
    {"and", "both hold", false},
    {"or", "one or both hold", false},
    {"not", "it does not hold", false},
    {0}};

static bool is_aggregate(const char *name) {
    const MetricWord *w = metric_words;
    while (w->name && (!w->aggregate || strcmp(w->name, name) != 0)) w++;
    return w->name != NULL;
}

/* What one run comes to in an aggregate that metric_needs looks at. */
typedef struct {
    double value;
    bool holds, possible; /* the condition; and whatever the scalars are */
    GArray *reads;
} Candidate;

static void candidate_clear(void *data) {
    g_array_unref(((Candidate *)data)->reads);
}

static bool decides(const Candidate *c, const char *kind, double value, double margin) {
    bool largest = !strcmp(kind, "max"), smallest = !strcmp(kind, "min");
    if (!c->possible) return false;
    if ((!largest && !smallest) || !c->holds || isnan(c->value) || isnan(value)) return true;
    double behind = largest ? value - c->value : c->value - value;
    return isinf(margin) || behind <= margin * fabs(value);
}

static void mark_needs(Parser *p, const GArray *candidates, const char *kind, double value) {
    for (unsigned i = 0; i < candidates->len; i++) {
        const Candidate *c = &g_array_index(candidates, Candidate, i);
        if (!decides(c, kind, value, p->margin)) continue;
        for (unsigned k = 0; k < c->reads->len; k++)
            p->needs[g_array_index(c->reads, unsigned, k)] = true;
    }
}

/* The condition at `at` again, as if no scalar were known. */
static bool may_hold(Parser *p, const char *at) {
    GArray *reads = p->reads;
    p->at = at;
    p->blind = true;
    p->reads = NULL;
    bool holds = !take(p, "if") || parse_or(p) != 0;
    p->blind = false;
    p->reads = reads;
    return holds;
}

/* `kind`( expression [in series] [if condition] ), the parser standing behind the parenthesis. */
static double aggregate(Parser *p, const char *kind) {
    g_autoptr(GArray) values = g_array_new(FALSE, FALSE, sizeof(double));
    const char *start = p->at;
    g_autoptr(GArray) candidates = g_array_new(FALSE, FALSE, sizeof(Candidate));
    g_array_set_clear_func(candidates, candidate_clear);
    unsigned n = p->runs ? p->runs->n_runs : 1, possible = 0;
    p->inside = true;
    for (unsigned run = 0; !p->failed && (run < n || run == 0); run++) {
        p->at = start;
        p->run = run;
        const MetricRuns *runs = p->runs;
        if (!n) p->runs = NULL; /* no run at all: still find the end */
        if (p->needs) p->reads = g_array_new(FALSE, FALSE, sizeof(unsigned));
        double value = parse_or(p);
        bool there = !take(p, "in") || is_in_series(p);
        const char *condition = p->at;
        double holds = take(p, "if") ? parse_or(p) : 1;
        if (p->needs) {
            Candidate c = {value, holds != 0 && !isnan(holds), there && may_hold(p, condition),
                           p->reads};
            g_array_append_val(candidates, c);
            p->reads = NULL;
        }
        p->runs = runs;
        if (there && holds != 0 && !isnan(holds) && n) g_array_append_val(values, value);
        possible += there && holds != 0;
        if (!take(p, ")")) fail(p, "found \"%.20s\", expected ) after %s(", p->at, kind);
    }
    p->inside = false;
    if (p->runs && p->runs->foresee && !possible)
        fail(p, "found %s(%.*s, which is over none of the points", kind, (int)(p->at - start),
             start);
    double value = p->failed ? NAN : reduce(kind, values);
    if (p->needs && !p->failed && n) mark_needs(p, candidates, kind, value);
    return value;
}

/* Levels ---------------------------------------------------------------------------------- */

static double primary(Parser *p) {
    skip(p);
    if (p->failed) return NAN;
    if (++p->nesting > MAX_NESTING)
        return fail(p, "found more than %d levels of parentheses and signs", MAX_NESTING);
    double value;
    if (take(p, "(")) {
        value = parse_or(p);
        if (!take(p, ")")) fail(p, "found \"%.20s\", expected )", p->at);
    } else if (take(p, "-")) {
        value = -primary(p);
    } else if (g_ascii_isdigit(*p->at) || (*p->at == '.' && g_ascii_isdigit(p->at[1]))) {
        char *end;
        value = g_ascii_strtod(p->at, &end);
        p->at = end;
    } else if (g_ascii_isalpha(*p->at) || *p->at == '_') {
        g_autofree char *name = read_name(p);
        if (is_aggregate(name) && !p->inside && take(p, "("))
            value = aggregate(p, name);
        else if (p->inside)
            value = take(p, "at") ? value_beside(p, name) : value_of(p, p->run, name);
        else
            value =
                fail(p, "found %s outside an aggregate, expected one such as max(%s)", name, name);
    } else {
        value = fail(p,
                     *p->at ? "found \"%.20s\", expected a number, a name or ("
                            : "found the end%s, expected a number, a name or (",
                     p->at);
    }
    p->nesting--;
    return value;
}

static double product(Parser *p) {
    double value = primary(p);
    for (;;) {
        if (take(p, "*"))
            value *= primary(p);
        else if (take(p, "/"))
            value /= primary(p);
        else
            return value;
    }
}

static double sum(Parser *p) {
    double value = product(p);
    for (;;) {
        if (take(p, "+"))
            value += product(p);
        else if (take(p, "-"))
            value -= product(p);
        else
            return value;
    }
}

typedef enum { NONE, EQUAL, UNEQUAL, AT_MOST, AT_LEAST, BELOW, ABOVE } Comparison;

static Comparison take_comparison(Parser *p) {
    static const char *const symbols[] = {[EQUAL] = "==",    [UNEQUAL] = "!=", [AT_MOST] = "<=",
                                          [AT_LEAST] = ">=", [BELOW] = "<",    [ABOVE] = ">"};
    for (Comparison c = EQUAL; c <= ABOVE; c++)
        if (take(p, symbols[c])) return c;
    return NONE;
}

static bool holds(Comparison c, double a, double b) {
    switch (c) {
    case EQUAL: return a == b;
    case UNEQUAL: return a != b;
    case AT_MOST: return a <= b;
    case AT_LEAST: return a >= b;
    case BELOW: return a < b;
    default: return a > b;
    }
}

/* The name that stands from `start` to here, if nothing else does. */
static char *name_alone(const Parser *p, const char *start) {
    Parser name = {.at = start};
    skip(&name);
    if (!g_ascii_isalpha(*name.at) && *name.at != '_') return NULL;
    g_autofree char *text = read_name(&name);
    skip(&name);
    return name.at >= p->at ? g_steal_pointer(&text) : NULL;
}

/* Not a parameter, which has a value before the run. */
static bool is_open(const Parser *p, const char *name) {
    double order;
    g_autoptr(GError) cause = NULL;
    const MetricRuns *r = p->runs;
    return !r->compare || (!r->compare(r->runs, p->run, name, "0", &order, &cause) && !cause);
}

static double comparison(Parser *p) {
    const char *start = p->at;
    double a = sum(p);
    g_autofree char *name = p->inside && !p->failed ? name_alone(p, start) : NULL;
    Comparison c = take_comparison(p);
    g_autofree char *value = c && name ? read_value(p) : NULL;
    bool open = p->blind || (p->runs && p->runs->foresee);
    if (value && open && isnan(a) && is_open(p, name)) return NAN;
    if (value) return holds(c, order_of(p, name, value), 0);
    if (!c) return a;
    double b = sum(p);
    return open && (isnan(a) || isnan(b)) ? NAN : holds(c, a, b);
}

static double negation(Parser *p) {
    if (!take(p, "not")) return comparison(p);
    if (++p->nesting > MAX_NESTING) return fail(p, "found more than %d levels", MAX_NESTING);
    double value = negation(p);
    p->nesting--;
    return isnan(value) ? NAN : value == 0;
}

/* What is not a number is neither true nor false, but may be overruled. */
static double parse_and(Parser *p) {
    double value = negation(p);
    while (take(p, "and")) {
        double right = negation(p);
        value = value == 0 || right == 0 ? 0 : isnan(value) || isnan(right) ? NAN : 1;
    }
    return value;
}

static double parse_or(Parser *p) {
    double value = parse_and(p);
    while (take(p, "or")) {
        double right = parse_and(p);
        bool holds_already = (value != 0 && !isnan(value)) || (right != 0 && !isnan(right));
        value = holds_already ? 1 : isnan(value) || isnan(right) ? NAN : 0;
    }
    return value;
}

static bool evaluate_with(Parser *p, double *value, GError **error) {
    if (strlen(p->at) > MAX_TEXT)
        return input_error(error, "found an expression of more than %d bytes", MAX_TEXT);
    p->error = error;
    *value = parse_or(p);
    skip(p);
    if (*p->at) fail(p, "found \"%.20s\" behind the expression", p->at);
    return !p->failed;
}

static bool evaluate(const char *text, const MetricRuns *runs, unsigned run, bool inside,
                     double *value, GError **error) {
    Parser p = {.at = text, .runs = runs, .run = run, .inside = inside};
    return evaluate_with(&p, value, error);
}

bool metric_needs(const char *expression, const MetricRuns *runs, double margin, bool *needs,
                  GError **error) {
    double value;
    Parser p = {.at = expression, .runs = runs, .needs = needs, .margin = margin};
    return evaluate_with(&p, &value, error);
}

bool metric_evaluate(const char *expression, const MetricRuns *runs, double *value,
                     GError **error) {
    return evaluate(expression, runs, 0, false, value, error);
}

bool metric_evaluate_run(const char *expression, const MetricRuns *runs, unsigned run,
                         double *value, GError **error) {
    return evaluate(expression, runs, run, true, value, error);
}

bool metric_check(const char *expression, bool aggregate_level, GError **error) {
    double value;
    return evaluate(expression, NULL, 0, !aggregate_level, &value, error);
}
