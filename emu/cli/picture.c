/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Who is alike, and what leads the same way. */
#include "emu/cli/picture.h"

#include <string.h>

enum {
    LEAST_GROUP = 3,
    MANY_ROWS = 4 /* between two groups */
};

/* Links ----------------------------------------------------------------------------------- */

bool equal_speed(LinkSpeed a, LinkSpeed b) {
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

/* Groups and rows
 * ---------------------------------------------------------------------------------- */

static void group_free(void *data) {
    Group *g = data;
    g_free(g->name);
    g_free(g->base);
    g_ptr_array_unref(g->members);
    g_free(g);
}

static Group *group_new(Picture *p, const Component *c) {
    size_t n = strlen(c->name);
    while (n && g_ascii_isdigit(c->name[n - 1])) n--;
    Group *g = g_new0(Group, 1);
    g->name = g_strdup(c->name);
    g->members = g_ptr_array_new();
    g_ptr_array_add(g->members, (void *)c);
    bool number = c->name[n] && (c->name[n] != '0' || !c->name[n + 1]) && strlen(c->name + n) < 10;
    g->base = number ? g_strndup(c->name, n) : NULL;
    g->first = number ? g_ascii_strtoull(c->name + n, NULL, 10) : 0;
    g_ptr_array_add(p->groups, g);
    g_hash_table_insert(p->groupof, (void *)c, g);
    return g;
}

const Group *picture_group(const Picture *p, const Component *c) {
    return g_hash_table_lookup(p->groupof, c);
}

static bool goes_on(const Group *g, const Component *c) {
    const Component *one = g->members->pdata[0];
    g_autofree char *next =
        g_strdup_printf("%s%" G_GUINT64_FORMAT, g->base, g->first + g->members->len);
    return one->class == c->class && one->n_ports == c->n_ports && !strcmp(next, c->name);
}

/* A few are shown one by one, and so are those that are wired to each other. */
static bool holds(const Picture *p, const Group *g) {
    if (g->members->len < LEAST_GROUP) return false;
    for (unsigned i = 0; i < p->bundles->len; i++) {
        const Bundle *b = &g_array_index(p->bundles, Bundle, i);
        if (picture_group(p, b->from) == g && picture_group(p, b->to) == g) return false;
    }
    return true;
}

static void find_groups(Picture *p, bool each) {
    const Component *c;
    for (unsigned i = 0; (c = network_nth(p->net, i)); i++) {
        Group *found = NULL;
        for (unsigned k = p->groups->len; !each && k-- > 0 && !found;) {
            Group *g = p->groups->pdata[k];
            if (g->base && goes_on(g, c)) found = g;
        }
        if (!found) {
            group_new(p, c);
            continue;
        }
        g_ptr_array_add(found->members, (void *)c);
        g_hash_table_insert(p->groupof, (void *)c, found);
    }
}

/* One group for each member of those that do not hold. */
static void dissolve(Picture *p) {
    g_autoptr(GPtrArray) found = p->groups;
    p->groups = g_ptr_array_new();
    for (unsigned i = 0; i < found->len; i++) {
        Group *g = found->pdata[i];
        if (g->members->len == 1 || holds(p, g)) {
            if (g->members->len > 1) {
                g_free(g->name);
                g->name = g_strdup_printf("%s%" G_GUINT64_FORMAT "..%" G_GUINT64_FORMAT, g->base,
                                          g->first, g->first + g->members->len - 1);
            }
            g_ptr_array_add(p->groups, g);
            continue;
        }
        for (unsigned k = 0; k < g->members->len; k++) group_new(p, g->members->pdata[k]);
        group_free(g);
    }
    g_ptr_array_set_free_func(p->groups, group_free);
}

/* How one end goes on from the last bundle to the next; NEXT_NONE: it does not. */
static Step step(const Picture *p, const Component *last, unsigned last_port, unsigned n,
                 const Component *next, unsigned port) {
    const Group *g = picture_group(p, last);
    guint k = 0;
    if (last == next) return port == last_port + n ? NEXT_PORTS : NEXT_NONE;
    bool follows = g == picture_group(p, next) && g_ptr_array_find(g->members, last, &k) &&
                   k + 1 < g->members->len && g->members->pdata[k + 1] == next;
    return follows && port == last_port ? NEXT_MEMBER : NEXT_NONE;
}

static bool join(const Picture *p, Row *row, const Bundle *b) {
    const Bundle *last = &row->last;
    if (b->n != last->n || b->both != last->both || !equal_speed(b->speed, last->speed))
        return false;
    Step from = step(p, last->from, last->first_from, last->n, b->from, b->first_from),
         to = step(p, last->to, last->first_to, last->n, b->to, b->first_to);
    if (!from || !to || (row->times > 1 && (from != row->from || to != row->to))) return false;
    row->from = from;
    row->to = to;
    row->last = *b;
    row->times++;
    return true;
}

static bool alike(const Picture *p, const Row *a, const Row *b) {
    return picture_group(p, a->first.from) == picture_group(p, b->first.from) &&
           picture_group(p, a->first.to) == picture_group(p, b->first.to) &&
           a->first.both == b->first.both && equal_speed(a->first.speed, b->first.speed);
}

static void reach(Ports *ports, unsigned first, unsigned n) {
    unsigned end = MAX(ports->first + ports->n, first + n);
    ports->first = MIN(ports->first, first);
    ports->n = end - ports->first;
}

/* Rows like this one, from `at` on, in one; they stay if they are few, or not all links of all
 * members at the same ports. */
static void join_all(Picture *p, unsigned at) {
    Row *row = &g_array_index(p->rows, Row, at), whole = *row;
    unsigned n_rows = 0, links = 0;
    whole.from_ports = (Ports){row->first.first_from, row->first.n};
    whole.to_ports = (Ports){row->first.first_to, row->first.n};
    for (unsigned i = at; i < p->rows->len; i++) {
        const Row *one = &g_array_index(p->rows, Row, i);
        unsigned n = one->first.n * one->times;
        if (!alike(p, row, one)) continue;
        n_rows++;
        links += n;
        reach(&whole.from_ports, one->first.first_from, one->from == NEXT_PORTS ? n : one->first.n);
        reach(&whole.to_ports, one->first.first_to, one->to == NEXT_PORTS ? n : one->first.n);
    }
    bool arrays = picture_group(p, row->first.from)->members->len > 1 ||
                  picture_group(p, row->first.to)->members->len > 1;
    if (n_rows < MANY_ROWS || !arrays ||
        links != whole.from_ports.n * picture_group(p, row->first.from)->members->len ||
        links != whole.to_ports.n * picture_group(p, row->first.to)->members->len)
        return;
    for (unsigned i = p->rows->len; i-- > at + 1;)
        if (alike(p, row, &g_array_index(p->rows, Row, i))) g_array_remove_index(p->rows, i);
    whole.whole = true;
    *row = whole;
}

Picture picture_of(const Network *net, bool each) {
    Picture p = {.net = net,
                 .groups = g_ptr_array_new(),
                 .groupof = g_hash_table_new(NULL, NULL),
                 .bundles = bundles_of(net),
                 .rows = g_array_new(FALSE, FALSE, sizeof(Row))};
    find_groups(&p, each);
    dissolve(&p);
    for (unsigned i = 0; i < p.bundles->len; i++) {
        const Bundle *b = &g_array_index(p.bundles, Bundle, i);
        Row *last = p.rows->len ? &g_array_index(p.rows, Row, p.rows->len - 1) : NULL;
        Row row = {*b, *b, 1, NEXT_NONE, NEXT_NONE};
        if (each || !last || !join(&p, last, b)) g_array_append_val(p.rows, row);
    }
    for (unsigned i = 0; i < p.rows->len; i++) join_all(&p, i);
    return p;
}

void picture_clear(Picture *p) {
    g_ptr_array_unref(p->groups);
    g_hash_table_unref(p->groupof);
    g_array_unref(p->bundles);
    g_array_unref(p->rows);
}

Ports row_ports(const Row *row, bool from) {
    bool on = (from ? row->from : row->to) == NEXT_PORTS;
    if (row->whole) return from ? row->from_ports : row->to_ports;
    return (Ports){from ? row->first.first_from : row->first.first_to,
                   on ? row->first.n * row->times : row->first.n};
}
