/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tables and graphs of a network that is built, and not necessarily started. */
#include "emu/cli/show.h"

#include <string.h>

#include "emu/cli/picture.h"

enum {
    MAX_VALUE = 40, /* longer values of parameters are cut in the table */
    MAX_NAME = 28,  /* and names and ends of links */
    LEAST_ROOM = 12
};

/* Texts ----------------------------------------------------------------------------------- */

/* "0", or "0..4" */
static char *ports_text(unsigned first, unsigned n) {
    return n == 1 ? g_strdup_printf("%u", first) : g_strdup_printf("%u..%u", first, first + n - 1);
}

static char *scaled(double value, const char *suffix) {
    static const char *const prefix[] = {"", "k", "M", "G", "T"};
    unsigned p = 0;
    for (; p + 1 < G_N_ELEMENTS(prefix) && value >= 1000; p++) value /= 1000;
    return g_strdup_printf("%.6g%s%s", value, prefix[p], suffix);
}

static char *rate_text(LinkSpeed speed) {
    if (!speed.ps_per_byte_q16) return g_strdup("no rate");
    return scaled(8e12 * 65536 / (double)speed.ps_per_byte_q16, "bit/s");
}

static char *delay_text(SimTime delay) {
    static const Param row = {.name = "delay", .type = PARAM_TYPE_TIME};
    return delay ? param_format(&row, &delay) : g_strdup("0");
}

/* The text, cut where it is longer than `most` characters. */
static char *cut(const char *text, unsigned most) {
    if (g_utf8_strlen(text, -1) <= (glong)most) return g_strdup(text);
    g_autofree char *head = g_utf8_substring(text, 0, most - 3);
    return g_strconcat(head, "...", NULL);
}

/* "lc0..4.10", "data.0..4": one end of all links of a row. */
static char *end_text(const Picture *p, const Row *row, bool from) {
    const Component *first = from ? row->first.from : row->first.to,
                    *last = from ? row->last.from : row->last.to;
    Ports range = row_ports(row, from);
    g_autofree char *ports = ports_text(range.first, range.n);
    const Group *g = picture_group(p, first);
    if (row->whole) return g_strdup_printf("%s.%s", g->name, ports);
    if (first == last) return g_strdup_printf("%s.%s", first->name, ports);
    return g_strdup_printf("%s..%s.%s", first->name, last->name + strlen(g->base), ports);
}

/* A component's value as the table shows it. */
static char *shown(const Param *row, const Component *c) {
    char *found = param_format(row, c);
    if (row->type == PARAM_TYPE_RATE) {
        static const char *const units[] = {"bit/s", "bit/s frame", "bit/s payload", "packet/s"};
        const Rate *r = (const Rate *)(const void *)((const char *)c + row->offset);
        g_free(found);
        found = scaled(r->per_second, units[r->layer]);
    }
    if (row->type == PARAM_TYPE_FILE) { /* folders differ from machine to machine */
        char *name = g_path_get_basename(found);
        g_free(found);
        found = name;
    }
    return found;
}

static bool is_default(const Param *row, const Component *c) {
    ParamValue def;
    if (!row->def || !param_read(row, &def, row->def, NULL, NULL)) return false;
    g_autofree char *usual = param_spell(row, &def), *found = param_format(row, c);
    param_value_clear(row, &def);
    return !strcmp(found, usual);
}

static bool number_at(const char *value, size_t prefix, size_t suffix, gint64 *number) {
    g_autofree char *digits = g_strndup(value + prefix, strlen(value) - prefix - suffix);
    return strlen(digits) < 16 &&
           g_ascii_string_to_unsigned(digits, 10, 0, G_MAXINT64, (guint64 *)number, NULL);
}

/* Whether values that begin and end alike count evenly in between: the lengths of what they share,
 * without digits of the number. */
static bool counts(const GPtrArray *values, size_t *prefix, size_t *suffix) {
    const char *first = values->pdata[0];
    *prefix = *suffix = strlen(first);
    for (unsigned i = 1; i < values->len; i++) {
        const char *one = values->pdata[i];
        size_t n = strlen(one), k = 0, e = 0;
        while (k < *prefix && one[k] == first[k]) k++;
        while (e < *suffix && e < n && one[n - 1 - e] == first[strlen(first) - 1 - e]) e++;
        *prefix = k;
        *suffix = e;
    }
    while (*prefix && g_ascii_isdigit(first[*prefix - 1])) --*prefix;
    while (*suffix && g_ascii_isdigit(first[strlen(first) - *suffix])) --*suffix;
    gint64 last = 0, step_by = 0;
    for (unsigned i = 0; i < values->len; i++) {
        const char *one = values->pdata[i];
        gint64 number;
        if (*prefix + *suffix >= strlen(one) || !number_at(one, *prefix, *suffix, &number))
            return false;
        if (i == 1) step_by = number - last;
        if (i && number - last != step_by) return false;
        last = number;
    }
    return true;
}

/* What a group's members have: one value, "30100..30103", "a,b", or "a,...,z". */
static char *summary(const GPtrArray *values) {
    const char *first = values->pdata[0], *last = values->pdata[values->len - 1];
    size_t prefix, suffix;
    bool same = true;
    for (unsigned i = 0; i < values->len; i++) same &= !strcmp(values->pdata[i], first);
    if (same) return g_strdup(first);
    if (counts(values, &prefix, &suffix))
        return g_strdup_printf("%.*s..%s", (int)(strlen(first) - suffix), first, last + prefix);
    g_autofree char *head = cut(first, MAX_VALUE / 2 - 3), *tail = cut(last, MAX_VALUE / 2 - 3);
    return g_strdup_printf("%s,...,%s", head, tail);
}

/* "key=value" of what is not the default; NULL if all members have that. */
static char *changed(const Param *row, const Group *g) {
    g_autoptr(GPtrArray) values = g_ptr_array_new_with_free_func(g_free);
    bool any = false;
    for (unsigned i = 0; i < g->members->len; i++) {
        any |= !is_default(row, g->members->pdata[i]);
        g_ptr_array_add(values, shown(row, g->members->pdata[i]));
    }
    if (!any) return NULL;
    g_autofree char *all = summary(values), *text = cut(all, MAX_VALUE);
    const char *quote = strpbrk(all, " \t;") ? "\"" : "";
    return g_strdup_printf("%s=%s%s%s", row->name, quote, text, quote);
}

/* As many of the texts as fit, one more that is cut, and "+3" for three others, which makes
 * `*left_out` true. */
static char *as_fits(const GPtrArray *texts, unsigned room, bool *left_out) {
    enum { MARK = 4, LEAST = 14, LONG = 24 };
    g_autoptr(GString) out = g_string_new(NULL);
    const char *cuttable = NULL; /* the first long one that does not fit */
    unsigned rest = 0, used = 0;
    for (unsigned i = 0; i < texts->len; i++) {
        const char *text = texts->pdata[i];
        unsigned n = (unsigned)g_utf8_strlen(text, -1);
        bool last = i + 1 == texts->len && !rest;
        if (used + (used > 0) + n + (last ? 0 : MARK) > room) {
            if (n > LONG && !cuttable) cuttable = text;
            rest++;
            continue;
        }
        g_string_append_printf(out, "%s%s", used ? " " : "", text);
        used += (used > 0) + n;
    }
    if (cuttable && room >= used + LEAST + MARK) {
        g_autofree char *head = cut(cuttable, room - used - (used > 0) - (rest > 1 ? MARK : 0));
        g_string_append_printf(out, "%s%s", used ? " " : "", head);
        rest--;
    }
    if (rest) g_string_append_printf(out, "%s+%u", out->len ? " " : "", rest);
    *left_out |= rest > 0;
    return g_strdup(out->str);
}

static GPtrArray *parameters_of(const Group *g) {
    GPtrArray *texts = g_ptr_array_new_with_free_func(g_free);
    const Component *c = g->members->pdata[0];
    for (const Param *row = c->class->params; row && row->name; row++) {
        char *one = changed(row, g);
        if (one) g_ptr_array_add(texts, one);
    }
    return texts;
}

static unsigned ports_used(const GArray *bundles, const Component *c) {
    unsigned used = 0;
    for (unsigned port = 0; port < c->n_ports; port++) {
        bool any = port_connected(c, port);
        for (unsigned i = 0; !any && i < bundles->len; i++) {
            const Bundle *b = &g_array_index(bundles, Bundle, i);
            any = b->to == c && port >= b->first_to && port - b->first_to < b->n;
        }
        used += any;
    }
    return used;
}

/* "1 of 1", "10..11 of 11", "none" */
static char *use_of_ports(const Picture *p, const Group *g) {
    unsigned least = UINT_MAX, most = 0, n = ((Component *)g->members->pdata[0])->n_ports;
    for (unsigned i = 0; i < g->members->len; i++) {
        unsigned one = ports_used(p->bundles, g->members->pdata[i]);
        least = MIN(least, one);
        most = MAX(most, one);
    }
    return !n              ? g_strdup("none")
           : least == most ? g_strdup_printf("%u of %u", most, n)
                           : g_strdup_printf("%u..%u of %u", least, most, n);
}

/* Rows of `n` cells; takes `cells`. The last column is not padded, and a column without a text
 * below its head is left out. */
static void print_table(GPtrArray *cells, unsigned n, FILE *out) {
    g_autofree size_t *width = g_new0(size_t, n);
    for (unsigned i = n; i < cells->len; i++)
        width[i % n] = MAX(width[i % n], (size_t)g_utf8_strlen(cells->pdata[i], -1));
    for (unsigned i = 0; i < n; i++)
        if (width[i]) width[i] = MAX(width[i], strlen(cells->pdata[i]));
    for (unsigned row = 0; row < cells->len; row += n) {
        g_autoptr(GString) line = g_string_new(NULL);
        for (unsigned i = 0; i < n; i++) {
            const char *cell = cells->pdata[row + i];
            if (!width[i]) continue;
            g_string_append(line, cell);
            for (size_t k = (size_t)g_utf8_strlen(cell, -1); i + 1 < n && k < width[i] + 2; k++)
                g_string_append_c(line, ' ');
        }
        fprintf(out, "%s\n", g_strchomp(line->str));
    }
    g_ptr_array_unref(cells);
}

static void add_cells(GPtrArray *cells, const char *const *texts, unsigned n) {
    for (unsigned i = 0; i < n; i++) g_ptr_array_add(cells, g_strdup(texts[i]));
}

/* What is left of the width behind the first `n` of the cells' columns. */
static unsigned room_behind(const GPtrArray *cells, unsigned n, unsigned columns, unsigned width) {
    unsigned used = 0;
    for (unsigned k = 0; k < n; k++) {
        glong most = 0;
        bool any = false;
        for (unsigned i = k; i < cells->len; i += columns) {
            most = MAX(most, g_utf8_strlen(cells->pdata[i], -1));
            any |= i != k && *(const char *)cells->pdata[i];
        }
        if (any) used += (unsigned)most + 2;
    }
    return width > used + LEAST_ROOM ? width - used : LEAST_ROOM;
}

/* Whom the members were made by: one name, or none of some of them. */
static char *makers(const Scenario *s, const Group *g) {
    const char *name = NULL;
    unsigned n = 0;
    for (unsigned i = 0; i < g->members->len; i++) {
        const char *one = scenario_maker(s, ((Component *)g->members->pdata[i])->name);
        if (one) name = one;
        n += one != NULL;
    }
    return !n                     ? g_strdup("")
           : n == g->members->len ? g_strdup(name)
                                  : g_strdup_printf("%s, %u of %u", name, n, g->members->len);
}

static bool component_table(const Picture *p, const Scenario *s, unsigned width, FILE *out) {
    static const char *const heads[] = {"component", "class", "made by", "ports",
                                        "other than the default"};
    enum { N = G_N_ELEMENTS(heads) };
    GPtrArray *cells = g_ptr_array_new_with_free_func(g_free);
    bool left_out = false;
    add_cells(cells, heads, N);
    for (unsigned i = 0; i < p->groups->len; i++) {
        const Group *g = p->groups->pdata[i];
        const Component *c = g->members->pdata[0];
        g_autofree char *name = cut(g->name, MAX_NAME), *ports = use_of_ports(p, g),
                        *made_by = makers(s, g);
        const char *row[] = {name, c->class->name, made_by, ports, ""};
        add_cells(cells, row, N);
    }
    unsigned room = room_behind(cells, N - 1, N, width);
    for (unsigned i = 0; i < p->groups->len; i++) {
        g_autoptr(GPtrArray) texts = parameters_of(p->groups->pdata[i]);
        char **cell = (char **)&cells->pdata[(i + 1) * N + N - 1];
        g_free(*cell);
        *cell = as_fits(texts, room, &left_out);
    }
    print_table(cells, N, out);
    return left_out;
}

static void link_table(const Picture *p, FILE *out) {
    static const char *const heads[] = {"from", "", "to", "rate", "delay"};
    enum { N = G_N_ELEMENTS(heads) };
    GPtrArray *cells = g_ptr_array_new_with_free_func(g_free);
    bool delays = false;
    for (unsigned i = 0; i < p->rows->len; i++)
        delays |= g_array_index(p->rows, Row, i).first.speed.delay != 0;
    add_cells(cells, heads, N);
    for (unsigned i = 0; i < p->rows->len; i++) {
        const Row *row = &g_array_index(p->rows, Row, i);
        const Bundle *b = &row->first;
        g_autofree char *from = end_text(p, row, true), *to = end_text(p, row, false),
                        *tail = cut(from, MAX_NAME), *head = cut(to, MAX_NAME),
                        *rate = rate_text(b->speed),
                        *delay = delays ? delay_text(b->speed.delay) : g_strdup("");
        const char *texts[] = {tail, b->both ? "<->" : "->", head, rate, delay};
        add_cells(cells, texts, N);
    }
    print_table(cells, N, out);
}

void show_tables(const Scenario *s, const Network *net, const ShowOptions *o, FILE *out) {
    Picture p = picture_of(net, o->each);
    bool left_out = component_table(&p, s, o->width, out);
    if (p.rows->len) {
        fputc('\n', out);
        link_table(&p, out);
    }
    if (left_out)
        fputs("\n+N: so many more parameters; on a wider terminal, or with COLUMNS=200\n", out);
    picture_clear(&p);
}

void show_point(const Scenario *s, unsigned width, FILE *out) {
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *title = cut(scenario_title(s), width);
    bool study = scenario_n_points(s) > 1, left_out = false;
    static const char first[] = "the first point of the study: ";
    g_autofree char *timing = scenario_timing_text(s);
    fprintf(out, "%s\n", title);
    if (timing) fprintf(out, "%s\n", timing);
    for (unsigned n = 0; n < scenario_n_parameters(s); n++) {
        ScenarioParameter p = scenario_parameter(s, 0, n);
        g_autofree char *value = cut(p.value, MAX_VALUE);
        g_ptr_array_add(texts, g_strdup_printf("%s=%s", p.name, value));
    }
    g_autofree char *line =
        as_fits(texts, width - (study ? (unsigned)strlen(first) : 0), &left_out);
    if (texts->len) fprintf(out, "%s%s\n", study ? first : "", line);
    fputc('\n', out);
}

/* Graphviz -------------------------------------------------------------------------------- */

/* Links between two nodes, of one speed. */
typedef struct {
    const Group *from, *to;
    LinkSpeed speed;
    bool both;
    unsigned n;
    char *tail, *head; /* ports; empty: several */
} Edge;

static void edge_clear(void *data) {
    Edge *e = data;
    g_free(e->tail);
    g_free(e->head);
}

/* In a quoted string only the quote itself needs a backslash, but in labels a backslash starts an
 * escape, and at the end it would take the quote along. */
static char *quoted(const char *text) {
    GString *s = g_string_new("\"");
    for (; *text; text++) {
        if (*text == '"' || *text == '\\') g_string_append_c(s, '\\');
        g_string_append_c(s, *text);
    }
    g_string_append_c(s, '"');
    return g_string_free(s, FALSE);
}

static void dot_node(const Group *g, FILE *out) {
    const Component *c = g->members->pdata[0];
    g_autofree char *name = quoted(g->name);
    fprintf(out, "  %s [label=%.*s\\n%s\"%s%s];\n", name, (int)strlen(name) - 1, name,
            c->class->name, g->members->len > 1 ? ", peripheries=2" : "",
            c->n_ports ? "" : ", style=\"rounded,dashed\"");
}

/* One more row of links between two nodes. */
static void add_row(const Picture *p, GArray *edges, const Row *row) {
    const Bundle *b = &row->first;
    Edge one = {.from = picture_group(p, b->from),
                .to = picture_group(p, b->to),
                .speed = b->speed,
                .both = b->both,
                .n = b->n * row->times};
    Ports tail = row_ports(row, true), head = row_ports(row, false);
    if (row->whole) one.n = tail.n * one.from->members->len;
    one.tail = ports_text(tail.first, tail.n);
    one.head = ports_text(head.first, head.n);
    bool alone = one.from->members->len == 1 && one.to->members->len == 1;
    for (unsigned i = 0; !alone && i < edges->len; i++) {
        Edge *e = &g_array_index(edges, Edge, i);
        if (e->from != one.from || e->to != one.to || e->both != one.both ||
            !equal_speed(e->speed, one.speed))
            continue;
        e->n += one.n;
        if (strcmp(e->tail, one.tail) != 0) *e->tail = 0;
        if (strcmp(e->head, one.head) != 0) *e->head = 0;
        edge_clear(&one);
        return;
    }
    g_array_append_val(edges, one);
}

static void dot_edge(const Edge *e, FILE *out) {
    g_autofree char *from = quoted(e->from->name), *to = quoted(e->to->name),
                    *rate = rate_text(e->speed), *delay = delay_text(e->speed.delay),
                    *times = e->n > 1 ? g_strdup_printf("%u x ", e->n) : g_strdup("");
    fprintf(out, "  %s -> %s [taillabel=\"%s\", headlabel=\"%s\", label=\"%s%s%s%s\"%s];\n", from,
            to, e->tail, e->head, times, rate, e->speed.delay ? "\\n" : "",
            e->speed.delay ? delay : "", e->both ? ", dir=both" : "");
}

/* Dashed edges to those that the parameters of members name, one for each node and parameter. */
static void dot_names(const Picture *p, const Group *g, FILE *out) {
    const Component *first = g->members->pdata[0];
    for (const Param *row = first->class->params; row && row->name; row++) {
        g_autoptr(GHashTable) drawn = g_hash_table_new(NULL, NULL);
        if (row->type != PARAM_TYPE_NAME) continue;
        for (unsigned i = 0; i < g->members->len; i++) {
            const char *c = g->members->pdata[i];
            const char *value = *(char *const *)(const void *)(c + row->offset);
            const Component *target = value ? network_find(p->net, value) : NULL;
            const Group *there = target ? picture_group(p, target) : NULL;
            if (!there || !g_hash_table_add(drawn, (void *)there)) continue;
            g_autofree char *from = quoted(g->name), *to = quoted(there->name);
            fprintf(out, "  %s -> %s [label=\"%s\", style=dashed];\n", from, to, row->name);
        }
    }
}

void show_dot(const Network *net, const char *name, bool each, FILE *out) {
    Picture p = picture_of(net, each);
    g_autoptr(GArray) edges = g_array_new(FALSE, FALSE, sizeof(Edge));
    g_array_set_clear_func(edges, edge_clear);
    g_autofree char *title = quoted(name);
    fprintf(out,
            "digraph %s {\n  rankdir=LR;\n  nodesep=0.6;\n  ranksep=1.2;\n  node [shape=box];\n"
            "  edge [fontsize=11, labelfontsize=10, labeldistance=2, labelangle=20];\n",
            title);
    for (unsigned i = 0; i < p.groups->len; i++) dot_node(p.groups->pdata[i], out);
    for (unsigned i = 0; i < p.rows->len; i++) add_row(&p, edges, &g_array_index(p.rows, Row, i));
    for (unsigned i = 0; i < edges->len; i++) dot_edge(&g_array_index(edges, Edge, i), out);
    for (unsigned i = 0; i < p.groups->len; i++) {
        const Group *g = p.groups->pdata[i];
        if (!((Component *)g->members->pdata[0])->n_ports) dot_names(&p, g, out);
    }
    fputs("}\n", out);
    picture_clear(&p);
}
