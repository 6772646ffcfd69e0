/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A node as a scenario of the language that people write: a chassis by its slots, an array for
 * demands that an array was asked for, and `{...}` where a formula says what its elements have. */
#include <math.h>
#include <string.h>

#include "components/plan/private.h"

enum { FIRST_PORT = 30000, MAX_TURN = 64 };
/* A window holds so many packets of the slowest demand, and lasts as long as this at least; what
 * runs on a server is told in its time slices. */
enum { PACKETS = 1000, LEAST_MS = 10, SERVER_MS = 400, MOST_MS = 2000 };

char *node_slots(const Node *node) {
    GString *s = g_string_new("linecard");
    if (node->lines > 1) g_string_append_printf(s, "*%u", node->lines);
    if (node->np_blades) g_string_append(s, "; np");
    if (node->np_blades > 1) g_string_append_printf(s, "*%u", node->np_blades);
    if (node->gpes) g_string_append(s, "; gpe");
    if (node->gpes > 1) g_string_append_printf(s, "*%u", node->gpes);
    g_string_append(s, "; cp");
    return g_string_free(s, FALSE);
}

/* Groups ------------------------------------------------------------------------------------ */

/* Demands one after the other that were an array and differ in no more than place. */
typedef struct {
    const Node *node;
    unsigned first, n;
    char *name; /* "small" of small0, small1, ... */
} Group;

static size_t stem_of(const char *name) {
    size_t n = strlen(name);
    while (n && g_ascii_isdigit(name[n - 1])) n--;
    return n;
}

static bool goes_on(const Node *node, unsigned first, unsigned n) {
    const Item *a = node_item(node, first), *b = node_item(node, n);
    size_t stem = stem_of(a->demand->base.name);
    g_autofree char *next = g_strdup_printf("%.*s%u", (int)stem, a->demand->base.name, n - first);
    const Demand *x = a->demand, *y = b->demand;
    return !strcmp(y->base.name, next) && a->kind == b->kind && x->application == y->application &&
           x->pattern == y->pattern && x->rate.per_second == y->rate.per_second &&
           x->rate.layer == y->rate.layer && !strcmp(x->payload, y->payload) &&
           a->n_in == b->n_in && a->n_out == b->n_out;
}

static Group group_from(const Node *node, unsigned first) {
    const char *name = node_item(node, first)->demand->base.name;
    size_t stem = stem_of(name);
    Group g = {node, first, 1, NULL};
    bool zero = stem && !strcmp(name + stem, "0");
    while (zero && first + g.n < node->items->len && goes_on(node, first, first + g.n)) g.n++;
    g.name = g.n > 1 ? g_strndup(name, stem) : g_strdup(name);
    return g;
}

static const Item *item_of(const Group *g, unsigned i) {
    return node_item(g->node, g->first + i);
}

/* The head of a section of the group's, "[slice small*40]". */
static void put_head(GString *s, const Group *g, const char *class, const char *suffix) {
    g_string_append_printf(s, "\n[%s %s%s", class, g->name, suffix);
    if (g->n > 1) g_string_append_printf(s, "*%u", g->n);
    g_string_append(s, "]\n");
}

/* Values that differ by element ------------------------------------------------------------- */

typedef unsigned Value(const Item *item);
static unsigned host_value(const Item *item) {
    return item->host;
}
static unsigned in_value(const Item *item) {
    return item->first_in;
}
static unsigned out_value(const Item *item) {
    return item->first_out % bounds_interfaces();
}

/* What they all are: "3", or "{(i / 2 + 1) % 10}"; NULL: there is no such formula. */
static char *formula(const Group *g, Value *value) {
    unsigned first = value(item_of(g, 0));
    bool same = true;
    for (unsigned i = 1; i < g->n; i++) same &= value(item_of(g, i)) == first;
    if (same) return g_strdup_printf("%u", first);
    for (unsigned turn = 2; turn <= MAX_TURN; turn++)
        for (unsigned each = 1; each <= g->n; each++) {
            bool fits = first < turn;
            for (unsigned i = 0; fits && i < g->n; i++)
                fits = value(item_of(g, i)) == (i / each + first) % turn;
            if (!fits) continue;
            g_autofree char *step = each > 1 ? g_strdup_printf("i / %u", each) : g_strdup("i");
            return first ? g_strdup_printf("{(%s + %u) %% %u}", step, first, turn)
                         : g_strdup_printf("{%s %% %u}", step, turn);
        }
    return NULL;
}

/* The value of most elements. */
static unsigned usual(const Group *g, Value *value) {
    unsigned best = value(item_of(g, 0)), most = 0;
    for (unsigned i = 0; i < g->n; i++) {
        unsigned n = 0;
        for (unsigned k = 0; k < g->n; k++) n += value(item_of(g, k)) == value(item_of(g, i));
        if (n > most) most = n, best = value(item_of(g, i));
    }
    return best;
}

/* Sections of single elements, which stand behind all others: text by head, in their order. */
typedef struct {
    GPtrArray *heads;
    GHashTable *bodies; /* head -> GString */
} Rest;

static void string_free(void *s) {
    g_string_free(s, TRUE);
}

static Rest rest_new(void) {
    return (Rest){g_ptr_array_new(),
                  g_hash_table_new_full(g_str_hash, g_str_equal, g_free, string_free)};
}

/* Takes the head, "slice small3". */
static void rest_put(Rest *rest, char *head, const char *key, const char *format, ...)
    G_GNUC_PRINTF(4, 5);
static void rest_put(Rest *rest, char *head, const char *key, const char *format, ...) {
    GString *body = g_hash_table_lookup(rest->bodies, head);
    if (!body) {
        body = g_string_new(NULL);
        g_hash_table_insert(rest->bodies, head, body);
        g_ptr_array_add(rest->heads, head);
    } else {
        g_free(head);
    }
    va_list args;
    va_start(args, format);
    g_string_append_printf(body, "%s = ", key);
    g_string_append_vprintf(body, format, args);
    g_string_append_c(body, '\n');
    va_end(args);
}

static void rest_write(Rest *rest, GString *out) {
    for (unsigned i = 0; i < rest->heads->len; i++)
        g_string_append_printf(
            out, "\n[%s]\n%s", (char *)rest->heads->pdata[i],
            ((GString *)g_hash_table_lookup(rest->bodies, rest->heads->pdata[i]))->str);
    g_ptr_array_unref(rest->heads);
    g_hash_table_unref(rest->bodies);
}

/* A key of the section above, and later, in `rest`, of elements that a formula does not reach. */
static void put_varied(GString *s, Rest *rest, const Group *g, const char *class,
                       const char *suffix, const char *key, const char *before, Value *value,
                       const char *behind) {
    g_autofree char *text = formula(g, value);
    unsigned most = usual(g, value);
    if (text) {
        g_string_append_printf(s, "%s = %s%s%s\n", key, before, text, behind);
        return;
    }
    g_string_append_printf(s, "%s = %s%u%s\n", key, before, most, behind);
    for (unsigned i = 0; i < g->n; i++)
        if (value(item_of(g, i)) != most)
            rest_put(rest, g_strdup_printf("%s %s%s%u", class, g->name, suffix, i), key, "%s%u%s",
                     before, value(item_of(g, i)), behind);
}

/* Sections ---------------------------------------------------------------------------------- */

static void put_ports(GString *s, const Group *g) {
    if (g->n > 1)
        g_string_append_printf(s, "udp_port = {%u + i}\n", FIRST_PORT + g->first);
    else
        g_string_append_printf(s, "udp_port = %u\n", FIRST_PORT + g->first);
}

/* Where the k-th of its destinations goes: a line of a text, for all of them. */
static void put_way(GString *s, const Group *g, const char *key, const char *host) {
    const Item *item = item_of(g, 0);
    g_autofree char *first = formula(g, out_value);
    if (!first) first = g_strdup_printf("%u", usual(g, out_value));
    bool calculated = *first == '{';
    if (calculated) first[strlen(first) - 1] = 0;
    g_string_append_printf(s, "%s {%s%s%s + k} %s for k = 0..%u\n", key, calculated ? "(" : "",
                           calculated ? first + 1 : first, calculated ? ")" : "", host,
                           item->n_out - 1);
}

static const char *const way_keys[] = {[APP_IPV4] = "10.{k}.0.0/16",
                                       [APP_I3] = "0a{k:02x}0001",
                                       [APP_LABEL] = "label {100 + k}",
                                       [APP_CLICK] = "10.{k}.0.0/16"};

/* Elements whose way out no formula says get a text each. */
static void put_slice(GString *s, Rest *rest, const Group *g) {
    const Item *item = item_of(g, 0);
    int app = item->demand->application;
    bool npe = item->kind == KIND_NPE;
    const char *class = npe ? "slice" : "vserver", *host = npe ? "npe" : "gpe";
    g_autofree char *ways = g_strconcat(g->name, "_ways", NULL), *at = g_strconcat("@", ways, NULL);
    const char *routes = app == APP_I3 ? npe ? "i3_triggers" : "triggers" : "routes";
    const char *to =
        app == APP_LABEL ? "192.168.{100 + k}.1:30000 {200 + k}" : "192.168.{100 + k}.1:30000";
    g_string_append_printf(s, "\n[text %s]\n", ways);
    put_way(s, g, way_keys[app], to);
    put_head(s, g, class, "");
    put_varied(s, rest, g, class, "", host, host, host_value, "");
    if (npe)
        g_string_append_printf(s, "code_option = %s\n",
                               app == APP_I3      ? "i3"
                               : app == APP_LABEL ? "label"
                                                  : "ipv4");
    else
        g_string_append_printf(s, "application = %s\n", app == APP_I3 ? "i3" : "click");
    if (!npe && app == APP_LABEL) g_string_append(s, "code_option = label\n");
    if (npe && app == APP_I3) g_string_append(s, "i3_id = 40\n");
    put_ports(s, g);
    g_string_append_printf(s, "%s = %s\n", routes, at);
    g_autofree char *same = formula(g, out_value);
    for (unsigned i = 0; !same && i < g->n; i++) {
        Group one = {g->node, g->first + i, 1, g_strdup_printf("%s%u", g->name, i)};
        if (out_value(item_of(g, i)) != usual(g, out_value)) {
            g_string_append_printf(s, "\n[text %s_ways]\n", one.name);
            put_way(s, &one, way_keys[app], to);
            rest_put(rest, g_strdup_printf("%s %s", class, one.name), routes, "@%s_ways", one.name);
        }
        g_free(one.name);
    }
}

static void put_rate(GString *s, const Demand *d, double grow) {
    static const char *const layers[] = {[RATE_WIRE] = "bit/s wire",
                                         [RATE_FRAME] = "bit/s frame",
                                         [RATE_PAYLOAD] = "bit/s payload",
                                         [RATE_PACKETS] = "packet/s"};
    g_autofree char *text =
        g_strdup_printf("%.0f%s", fmax(1, round(d->rate.per_second * grow)), layers[d->rate.layer]);
    const Param *row = param_find(demand_class.params, "rate");
    ParamValue value;
    g_autofree char *tidy =
        param_read(row, &value, text, NULL, NULL) ? param_tidy(row, &value) : g_strdup(text);
    g_string_append_printf(s, "rate = %s\n", tidy);
}

static void put_destinations(GString *s, const Item *item) {
    static const char *const keys[] = {[APP_IPV4] = "destinations",
                                       [APP_I3] = "ids",
                                       [APP_LABEL] = "labels",
                                       [APP_CLICK] = "destinations"};
    int app = item->demand->application;
    g_string_append_printf(s, "%s = ", keys[app]);
    for (unsigned k = 0; k < item->n_out; k++) {
        if (k) g_string_append(s, ", ");
        if (app == APP_I3)
            g_string_append_printf(s, "0a%02x0001", k);
        else if (app == APP_LABEL)
            g_string_append_printf(s, "%u", 100 + k);
        else
            g_string_append_printf(s, "10.%u.0.1", k);
    }
    g_string_append_c(s, '\n');
}

#define SOURCE "_in"

static void put_source(GString *s, Rest *rest, const Group *g, double grow) {
    static const char *const applications[] = {"ipv4", "i3", "label", "ipv4"};
    const Item *item = item_of(g, 0);
    const Demand *d = item->demand;
    g_autofree char *payload = bounds_payload(d);
    put_head(s, g, "source", SOURCE);
    g_autofree char *last = g_strdup_printf("..%u", item->first_in + item->n_in - 1);
    put_varied(s, rest, g, "source", SOURCE, "attach", "to node interfaces ", in_value,
               item->n_in > 1 ? last : "");
    g_string_append_printf(s, "application = %s\npayload = %s\n", applications[d->application],
                           payload);
    put_rate(s, d, grow);
    g_string_append_printf(s, "pattern = %s\nduration = {window + warmup}ms\nwarmup = {warmup}ms\n",
                           d->pattern ? "poisson" : "constant");
    put_destinations(s, item);
    put_ports(s, g);
}

static void put_node(GString *s, const Node *node) {
    g_autofree char *slots = node_slots(node);
    g_string_append_printf(s, "\n[chassis node]\nslots = %s\n", slots);
    if (node->budget->slots != 14)
        g_string_append_printf(s, "size = %u\n", (unsigned)node->budget->slots);
    /* The line card deals an interface out; below 1 Gbit/s the NPE would cut it before. */
    if (node->np_blades)
        g_string_append_printf(s, "\n[npe npe*%u]\nscheduler_rate = 1Gbit/s wire\n",
                               2 * node->np_blades);
    if (node->gpes) {
        g_string_append_printf(s,
                               "\n[gpe gpe*%u]\ncores = %u\ninterfaces = %u\nmax_vservers = %u\n",
                               node->gpes, (unsigned)node->budget->gpe_cores, bounds_interfaces(),
                               (unsigned)node->budget->vservers);
    }
}

static unsigned window_ms(const Node *node, double grow) {
    double least = INFINITY;
    for (unsigned i = 0; i < node->items->len; i++)
        least = fmin(least, node_item(node, i)->traffic.pps / grow);
    double ms = ceil(1e3 * PACKETS / least);
    return (unsigned)CLAMP(ms, node->gpes ? SERVER_MS : LEAST_MS, MOST_MS);
}

char *node_scenario(const Node *node, double grow, GPtrArray *sources) {
    GString *s = g_string_new(NULL), *list = g_string_new(NULL);
    Rest rest = rest_new();
    g_string_append_printf(s,
                           "[scenario]\ntitle = The node of a plan: %u demands\n"
                           "columns = sink.carried_ratio, sink.delivered_ratio, "
                           "sink.delivered_bps as \"out\", sink.latency_p99_us\n"
                           "\n[let]\nwindow = %u\nwarmup = %u\n",
                           node->items->len, window_ms(node, grow), node->gpes ? 100 : 2);
    put_node(s, node);
    for (unsigned i = 0; i < node->items->len;) {
        Group g = group_from(node, i);
        put_slice(s, &rest, &g);
        put_source(s, &rest, &g, grow);
        g_string_append_printf(list, "%s%s" SOURCE "%s", list->len ? ", " : "", g.name,
                               g.n > 1 ? "*" : "");
        for (unsigned k = 0; k < g.n; k++)
            g_ptr_array_add(sources, g.n > 1 ? g_strdup_printf("%s" SOURCE "%u", g.name, k)
                                             : g_strconcat(g.name, SOURCE, NULL));
        i += g.n;
        g_free(g.name);
    }
    g_string_append_printf(s, "\n[sink sink]\nattach = from node interfaces 0..%u\nsource = %s\n",
                           node->lines * bounds_interfaces() - 1, list->str);
    rest_write(&rest, s);
    g_string_free(list, TRUE);
    return g_string_free(s, FALSE);
}
