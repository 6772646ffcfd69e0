/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tables and graphs of a network that is built, and not necessarily started. */
#include "emu/cli/show.h"

#include <string.h>

enum { MAX_VALUE = 40 }; /* longer values of parameters are cut in the table */

/* Links from.first_from + i -> to.first_to + i, i below n. */
typedef struct {
    const Component *from, *to;
    unsigned first_from, first_to, n;
    LinkSpeed speed;
    bool both;
} Bundle;

static bool equal_speed(LinkSpeed a, LinkSpeed b) {
    return a.ps_per_byte_q16 == b.ps_per_byte_q16 && a.delay == b.delay && a.mtu == b.mtu &&
           a.queue == b.queue;
}

/* Whether an equal link leads back. A port that is wired to itself has one link, not two. */
static bool both_ways(const Component *c, unsigned port) {
    unsigned there, here;
    const Component *peer = port_peer(c, port, &there);
    return port_peer(peer, there, &here) == c && here == port && (peer != c || there != port) &&
           equal_speed(port_speed(c, port), port_speed(peer, there));
}

static bool drawn_already(const GArray *bundles, const Component *c, unsigned port) {
    for (unsigned i = 0; i < bundles->len; i++) {
        const Bundle *b = &g_array_index(bundles, Bundle, i);
        if (b->both && b->to == c && port >= b->first_to && port - b->first_to < b->n) return true;
    }
    return false;
}

static GArray *bundles_of(const Network *net) {
    GArray *bundles = g_array_new(FALSE, FALSE, sizeof(Bundle));
    const Component *c;
    for (unsigned i = 0; (c = network_nth(net, i)); i++)
        for (unsigned port = 0; port < c->n_ports; port++) {
            unsigned there;
            const Component *peer = port_peer(c, port, &there);
            if (!peer || (both_ways(c, port) && drawn_already(bundles, c, port))) continue;
            Bundle bundle = {c, peer, port, there, 1, port_speed(c, port), both_ways(c, port)};
            Bundle *last = bundles->len ? &g_array_index(bundles, Bundle, bundles->len - 1) : NULL;
            if (last && last->from == c && last->to == peer && peer != c &&
                last->first_from + last->n == port && last->first_to + last->n == there &&
                last->both == bundle.both && equal_speed(last->speed, bundle.speed))
                last->n++;
            else
                g_array_append_val(bundles, bundle);
        }
    return bundles;
}

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

/* The parameter as the table shows it; NULL if it is the default. */
static char *changed(const Param *row, const Component *c) {
    ParamValue def;
    g_autofree char *found = param_format(row, c), *usual = NULL;
    if (row->def && param_read(row, &def, row->def, NULL, NULL)) {
        usual = param_spell(row, &def);
        param_value_clear(row, &def);
    }
    if (usual && !strcmp(found, usual)) return NULL;
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
    bool spaces = strpbrk(found, " \t;") != NULL, longer = g_utf8_strlen(found, -1) > MAX_VALUE;
    g_autofree char *head = longer ? g_utf8_substring(found, 0, MAX_VALUE - 3) : g_strdup(found);
    return g_strdup_printf("%s=%s%s%s%s", row->name, spaces ? "\"" : "", head, longer ? "..." : "",
                           spaces ? "\"" : "");
}

static char *parameters_text(const Component *c) {
    GString *text = g_string_new(NULL);
    for (const Param *row = c->class->params; row && row->name; row++) {
        g_autofree char *one = changed(row, c);
        if (one) g_string_append_printf(text, "%s%s", text->len ? " " : "", one);
    }
    return g_string_free(text, FALSE);
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

/* Rows of `n` cells, NULL-terminated; takes `cells`. The last column is not padded. */
static void print_table(GPtrArray *cells, unsigned n, FILE *out) {
    g_autofree size_t *width = g_new0(size_t, n);
    for (unsigned i = 0; i < cells->len; i++)
        width[i % n] = MAX(width[i % n], (size_t)g_utf8_strlen(cells->pdata[i], -1));
    for (unsigned row = 0; row < cells->len; row += n) {
        g_autoptr(GString) line = g_string_new(NULL);
        for (unsigned i = 0; i < n; i++) {
            const char *cell = cells->pdata[row + i];
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

void show_tables(const Network *net, FILE *out) {
    static const char *const heads[] = {"component", "class", "ports", "what",
                                        "parameters other than the default"};
    static const char *const link_heads[] = {"from", "", "to", "rate", "delay"};
    g_autoptr(GArray) bundles = bundles_of(net);
    GPtrArray *cells = g_ptr_array_new_with_free_func(g_free);
    const Component *c;
    add_cells(cells, heads, G_N_ELEMENTS(heads));
    for (unsigned i = 0; (c = network_nth(net, i)); i++) {
        g_autofree char *parameters = parameters_text(c),
                        *ports = c->n_ports ? g_strdup_printf("%u of %u", ports_used(bundles, c),
                                                              c->n_ports)
                                            : g_strdup("none");
        const char *row[] = {c->name, c->class->name, ports, c->class->text ? c->class->text : "",
                             parameters};
        add_cells(cells, row, G_N_ELEMENTS(row));
    }
    print_table(cells, G_N_ELEMENTS(heads), out);
    if (!bundles->len) return;
    fputc('\n', out);
    cells = g_ptr_array_new_with_free_func(g_free);
    add_cells(cells, link_heads, G_N_ELEMENTS(link_heads));
    for (unsigned i = 0; i < bundles->len; i++) {
        const Bundle *b = &g_array_index(bundles, Bundle, i);
        g_autofree char *tail = ports_text(b->first_from, b->n),
                        *head = ports_text(b->first_to, b->n),
                        *from = g_strdup_printf("%s.%s", b->from->name, tail),
                        *to = g_strdup_printf("%s.%s", b->to->name, head),
                        *rate = rate_text(b->speed), *delay = delay_text(b->speed.delay);
        const char *row[] = {from, b->both ? "<->" : "->", to, rate, delay};
        add_cells(cells, row, G_N_ELEMENTS(row));
    }
    print_table(cells, G_N_ELEMENTS(link_heads), out);
}

/* Graphviz -------------------------------------------------------------------------------- */

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

static void dot_node(const Component *c, FILE *out) {
    g_autofree char *name = quoted(c->name);
    fprintf(out, "  %s [label=%.*s\\n%s\"%s];\n", name, (int)strlen(name) - 1, name, c->class->name,
            c->n_ports ? "" : ", style=\"rounded,dashed\"");
}

static void dot_bundle(const Bundle *b, FILE *out) {
    g_autofree char *from = quoted(b->from->name), *to = quoted(b->to->name),
                    *tail = ports_text(b->first_from, b->n), *head = ports_text(b->first_to, b->n),
                    *rate = rate_text(b->speed), *delay = delay_text(b->speed.delay),
                    *times = b->n > 1 ? g_strdup_printf("%u x ", b->n) : g_strdup("");
    fprintf(out, "  %s -> %s [taillabel=\"%s\", headlabel=\"%s\", label=\"%s%s%s%s\"%s];\n", from,
            to, tail, head, times, rate, b->speed.delay ? "\\n" : "", b->speed.delay ? delay : "",
            b->both ? ", dir=both" : "");
}

static void dot_names(const Network *net, const Component *c, FILE *out) {
    for (const Param *row = c->class->params; row && row->name; row++) {
        if (row->type != PARAM_TYPE_NAME) continue;
        const char *value = *(char *const *)(const void *)((const char *)c + row->offset);
        if (!value || !network_find(net, value)) continue;
        g_autofree char *from = quoted(c->name), *to = quoted(value);
        fprintf(out, "  %s -> %s [label=\"%s\", style=dashed];\n", from, to, row->name);
    }
}

void show_dot(const Network *net, const char *name, FILE *out) {
    g_autoptr(GArray) bundles = bundles_of(net);
    g_autofree char *title = quoted(name);
    const Component *c;
    fprintf(out, "digraph %s {\n  rankdir=LR;\n  node [shape=box];\n", title);
    for (unsigned i = 0; (c = network_nth(net, i)); i++) dot_node(c, out);
    for (unsigned i = 0; i < bundles->len; i++) dot_bundle(&g_array_index(bundles, Bundle, i), out);
    for (unsigned i = 0; (c = network_nth(net, i)); i++)
        if (!c->n_ports) dot_names(net, c, out);
    fputs("}\n", out);
}
