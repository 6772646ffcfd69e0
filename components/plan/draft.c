/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * From demands to hosts, interfaces and blades, by bounds. A demand is served by one NPE or GPE,
 * which has one line card: all its interfaces are of that. NPEs and GPEs are put into slots as the
 * chassis counts them: np blade b belongs to line card b mod lines, and so does GPE b. */
#include <math.h>
#include <string.h>

#include "components/plan/private.h"
#include "emu/study/plan.h"

enum { NPES_PER_BLADE = 2, SWITCH_SLOTS = 2, CONTROL_SLOTS = 1, MAX_LINES = 6, MAX_HOSTS = 64 };

static void reason(GPtrArray *reasons, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void reason(GPtrArray *reasons, const char *format, ...) {
    va_list args;
    va_start(args, format);
    g_ptr_array_add(reasons, g_strdup_vprintf(format, args));
    va_end(args);
}

/* Interfaces -------------------------------------------------------------------------------- */

/* "3", "0..4"; "any" is none of them. */
static bool read_interfaces(const Demand *d, const char *key, const char *text, unsigned *first,
                            unsigned *n, GPtrArray *reasons) {
    *n = 0;
    if (!strcmp(text, "any")) return true;
    g_auto(GStrv) ends = g_strsplit(text, "..", 2);
    guint64 from = 0, to, most = MAX_LINES * bounds_interfaces() - 1;
    bool ok = ends[0] && g_ascii_string_to_unsigned(g_strstrip(ends[0]), 10, 0, most, &from, NULL);
    to = from;
    if (ok && ends[1])
        ok = g_ascii_string_to_unsigned(g_strstrip(ends[1]), 10, from, most, &to, NULL);
    if (!ok) {
        reason(reasons,
               "%s: %s: found \"%s\", expected any, an interface, or FIRST..LAST, below %u",
               d->base.name, key, text, MAX_LINES * bounds_interfaces());
        return false;
    }
    *first = (unsigned)from;
    *n = (unsigned)(to - from + 1);
    return true;
}

/* Its line card, if interfaces say which. */
static bool find_line(Item *item, GPtrArray *reasons) {
    unsigned per = bounds_interfaces(), ends[4], n = 0;
    if (item->n_in) ends[n++] = item->first_in, ends[n++] = item->first_in + item->n_in - 1;
    if (item->n_out) ends[n++] = item->first_out, ends[n++] = item->first_out + item->n_out - 1;
    item->placed = n > 0;
    if (n) item->line = ends[0] / per;
    for (unsigned i = 1; i < n; i++)
        if (ends[i] / per != item->line) {
            reason(reasons,
                   "%s: interfaces %u and %u are on line cards %u and %u, and what serves it has "
                   "one line card: ask for two demands",
                   item->demand->base.name, ends[0], ends[i], item->line, ends[i] / per);
            return false;
        }
    return true;
}

static bool choose_kind(Item *item, GPtrArray *reasons) {
    const Demand *d = item->demand;
    bool click = d->application == APP_CLICK;
    item->kind = click || d->on == ON_GPE ? KIND_GPE : KIND_NPE;
    if (!click || d->on != ON_NPE) return true;
    reason(reasons,
           "%s: click runs in a vServer, and an NPE has none: on = gpe, or application = "
           "ipv4",
           d->base.name);
    return false;
}

static void read_demand(const Demand *d, double grow, Node *node, GPtrArray *reasons) {
    Item item = {.demand = d};
    char *why = NULL;
    bool ok = bounds_traffic(d, grow, &item.traffic, &why);
    if (!ok) reason(reasons, "%s: %s", d->base.name, why);
    g_free(why);
    ok = ok && read_interfaces(d, "in", d->in, &item.first_in, &item.n_in, reasons) &&
         read_interfaces(d, "out", d->out, &item.first_out, &item.n_out, reasons) &&
         find_line(&item, reasons) && choose_kind(&item, reasons);
    if (ok) g_array_append_val(node->items, item);
}

static double bits(const Item *item) {
    return 8 * item->traffic.pps * item->traffic.wire;
}

/* As many line cards as interfaces are named, and their sum needs; who named none goes where there
 * is most room. */
static bool choose_lines(Node *node, GPtrArray *reasons) {
    double volume = 0, load[MAX_LINES] = {0}, per = bounds_interfaces() * INTERFACE_BPS;
    for (unsigned i = 0; i < node->items->len; i++) {
        const Item *item = node_item(node, i);
        volume += bits(item);
        if (!item->placed) continue;
        node->lines = MAX(node->lines, item->line + 1);
        load[item->line] += bits(item);
    }
    node->lines =
        MAX(node->lines, MAX(1, (unsigned)fmin(ceil(volume / per - 1e-9), MAX_LINES + 1)));
    if (node->lines > MIN(MAX_LINES, node->budget->line_cards)) {
        reason(reasons,
               "all demands together are %.4g Gbit/s on the wire, or name such interfaces, that "
               "%u line cards are needed; there may be %u",
               volume / 1e9, node->lines, (unsigned)MIN(MAX_LINES, node->budget->line_cards));
        return false;
    }
    for (unsigned i = 0; i < node->items->len; i++) {
        Item *item = node_item(node, i);
        if (!item->placed)
            for (unsigned l = 0; l < node->lines; l++)
                if (load[l] < load[item->line]) item->line = l;
        if (!item->placed) load[item->line] += bits(item);
        unsigned first = item->line * bounds_interfaces();
        if (!item->n_in) item->first_in = first, item->n_in = bounds_interfaces();
        if (!item->n_out) item->first_out = first, item->n_out = bounds_interfaces();
    }
    return true;
}

static double interface_load(const Node *node, unsigned n, bool in) {
    double sum = 0;
    for (unsigned i = 0; i < node->items->len; i++) {
        const Item *item = node_item(node, i);
        unsigned first = in ? item->first_in : item->first_out, of = in ? item->n_in : item->n_out;
        if (n >= first && n < first + of) sum += bits(item) / of;
    }
    return sum;
}

static bool check_interfaces(const Node *node, PlanDraft *draft, bool forced, GPtrArray *reasons) {
    unsigned before = reasons->len;
    for (unsigned n = 0; n < node->lines * bounds_interfaces(); n++)
        for (unsigned in = 0; in < 2; in++) {
            double load = interface_load(node, n, !in);
            if (load == 0) continue;
            plan_draft_resource(draft, g_strdup_printf("interface %u %s", n, in ? "out" : "in"),
                                load, INTERFACE_BPS, "bit/s wire");
            if (load > INTERFACE_BPS && !forced)
                reason(reasons,
                       "interface %u %s: demands are %.4g Gbit/s on the wire, and it has %.4g: "
                       "spread them over more interfaces",
                       n, in ? "out" : "in", load / 1e9, INTERFACE_BPS / 1e9);
        }
    return reasons->len == before;
}

/* Hosts ------------------------------------------------------------------------------------- */

/* What the item takes of an empty host. */
static PlaceItem size_of(const Node *node, const Item *item) {
    const Traffic *t = &item->traffic;
    int app = item->demand->application;
    if (item->kind == KIND_NPE)
        return (PlaceItem){.size = {t->pps / bounds_npe_section_pps(),
                                    t->pps / bounds_npe_parse_pps(app),
                                    t->pps / bounds_npe_format_pps(app),
                                    8 * t->pps * t->wire / bounds_switch_bps()}};
    return (PlaceItem){
        .size = {t->pps * bounds_gpe_core_s(app, t->inner) / (double)node->budget->gpe_cores,
                 t->pps * bounds_gpe_serial_s(), 8 * t->pps * t->wire / bounds_server_bps(),
                 1.0 / (double)node->budget->vservers}};
}

static const char *const size_names[PLAN_KINDS][PLACE_DIMENSIONS] = {
    {"the ordered section of Tx", "Parse", "Header Format", "the link to the switch"},
    {"its cores", "the kernel's locks", "its links to the switch", "vServers"}};
static const char *const host_names[PLAN_KINDS] = {"npe", "gpe"};

/* Hosts of one kind of one line card, numbered within it. */
typedef struct {
    GArray *items;  /* PlaceItem */
    GArray *which;  /* index in the node */
    unsigned hosts; /* that it needs */
    unsigned bound;
} Group;

static Group group_of(const Node *node, unsigned kind, unsigned line) {
    Group g = {g_array_new(FALSE, FALSE, sizeof(PlaceItem)),
               g_array_new(FALSE, FALSE, sizeof(unsigned)), 0, 0};
    for (unsigned i = 0; i < node->items->len; i++) {
        const Item *item = node_item(node, i);
        if (item->kind != kind || item->line != line) continue;
        PlaceItem size = size_of(node, item);
        g_array_append_val(g.items, size);
        g_array_append_val(g.which, i);
    }
    return g;
}

static void group_clear(Group *g) {
    g_array_unref(g->items);
    g_array_unref(g->which);
}

static bool too_large(const Node *node, const Group *g, unsigned kind, GPtrArray *reasons) {
    bool any = false;
    for (unsigned i = 0; i < g->items->len; i++) {
        const PlaceItem *p = &g_array_index(g->items, PlaceItem, i);
        const Item *item = node_item(node, g_array_index(g->which, unsigned, i));
        for (unsigned d = 0; d < PLACE_DIMENSIONS && !any; d++)
            if (p->size[d] > 1 + 1e-9) {
                reason(reasons,
                       "%s: it needs %.4g packets/s, and %s of one %s has room for %.4g at most: "
                       "split it",
                       item->demand->base.name, item->traffic.pps, size_names[kind][d],
                       host_names[kind], item->traffic.pps / p->size[d]);
                any = true;
            }
    }
    return any;
}

/* Place those of a kind and a line card; false and why not. */
static bool place_group(const Node *node, Group *g, unsigned kind, double reserve, int more,
                        bool forced, GPtrArray *reasons) {
    unsigned n = g->items->len;
    PlaceItem *items = (PlaceItem *)(void *)g->items->data;
    for (unsigned i = 0; i < n; i++)
        for (unsigned d = 0; d < PLACE_DIMENSIONS; d++) items[i].size[d] *= 1 + reserve;
    if (!n) return true;
    if (too_large(node, g, kind, reasons)) return false;
    g->bound = place_bound(items, n);
    g->hosts = place_least(items, n, g->bound, MAX_HOSTS);
    int wanted = (int)g->hosts + more;
    if (more >= 0 && wanted <= (int)MAX_HOSTS) {
        if (more) g->hosts = place_least(items, n, (unsigned)wanted, MAX_HOSTS);
        return g->hosts > 0;
    }
    if (wanted < 1) {
        reason(reasons, "without an %s nothing serves %s and %u more", host_names[kind],
               node_item(node, g_array_index(g->which, unsigned, 0))->demand->base.name, n - 1);
        return false;
    }
    g->hosts = (unsigned)wanted;
    return place_into(items, n, g->hosts, 1, forced);
}

/* The number in the node of a line card's n-th host. */
static unsigned host_number(const Node *node, unsigned kind, unsigned line, unsigned n) {
    if (kind == KIND_GPE) return n * node->lines + line;
    return (n / NPES_PER_BLADE * node->lines + line) * NPES_PER_BLADE + n % NPES_PER_BLADE;
}

static void settle(Node *node, const Group *g, unsigned kind, unsigned line) {
    for (unsigned i = 0; i < g->items->len; i++) {
        Item *item = node_item(node, g_array_index(g->which, unsigned, i));
        item->host = host_number(node, kind, line, g_array_index(g->items, PlaceItem, i).bin);
    }
    if (!g->hosts) return;
    unsigned last = host_number(node, kind, line, g->hosts - 1);
    if (kind == KIND_NPE) node->np_blades = MAX(node->np_blades, last / NPES_PER_BLADE + 1);
    if (kind == KIND_GPE) node->gpes = MAX(node->gpes, last + 1);
}

/* One host more, or fewer, goes to the line card that has the most of them. */
static bool place_kind(Node *node, unsigned kind, const PlanSize *size, PlanDraft *draft,
                       GPtrArray *reasons) {
    Group groups[MAX_LINES];
    unsigned most = 0;
    bool ok = true;
    for (unsigned l = 0; l < node->lines; l++) {
        groups[l] = group_of(node, kind, l);
        if (groups[l].items->len > groups[most].items->len) most = l;
    }
    for (unsigned l = 0; l < node->lines; l++) {
        ok = place_group(node, &groups[l], kind, node->budget->reserve,
                         l == most ? size->more[kind] : 0, size->forced, reasons) &&
             ok;
        settle(node, &groups[l], kind, l);
        draft->hosts[kind] += groups[l].hosts;
        draft->least[kind] += groups[l].bound;
        group_clear(&groups[l]);
    }
    return ok;
}

static bool check_slots(const Node *node, PlanDraft *draft, GPtrArray *reasons) {
    const Budget *b = node->budget;
    unsigned before = reasons->len;
    draft->slots = SWITCH_SLOTS + CONTROL_SLOTS + node->lines + node->np_blades + node->gpes;
    draft->of = (unsigned)b->slots;
    draft->price = node->lines * b->price_line_card + node->np_blades * b->price_np +
                   node->gpes * b->price_gpe;
    if (draft->slots > draft->of)
        reason(reasons,
               "it takes %u slots: %u line cards, %u np blades, %u gpes, the control processor and "
               "%u of the switches; there may be %u",
               draft->slots, node->lines, node->np_blades, node->gpes, SWITCH_SLOTS, draft->of);
    if (node->np_blades > b->np_blades)
        reason(reasons, "it takes %u np blades (%u NPEs); there may be %u", node->np_blades,
               draft->hosts[KIND_NPE], (unsigned)b->np_blades);
    if (node->gpes > b->gpes)
        reason(reasons, "it takes %u gpes; there may be %u", node->gpes, (unsigned)b->gpes);
    return reasons->len == before;
}

static void add_hosts(const Node *node, PlanDraft *draft) {
    static const char *const units[PLAN_KINDS] = {"of an NPE", "of a GPE"};
    for (unsigned kind = 0; kind < PLAN_KINDS; kind++)
        for (unsigned host = 0; host < MAX_HOSTS; host++) {
            double load[PLACE_DIMENSIONS] = {0}, pps = 0;
            unsigned n = 0, d = 0;
            for (unsigned i = 0; i < node->items->len; i++) {
                const Item *item = node_item(node, i);
                if (item->kind != kind || item->host != host) continue;
                PlaceItem size = size_of(node, item);
                for (unsigned k = 0; k < PLACE_DIMENSIONS; k++) load[k] += size.size[k];
                pps += item->traffic.pps;
                n++;
            }
            if (!n) continue;
            for (unsigned k = 1; k < PLACE_DIMENSIONS; k++)
                if (load[k] > load[d]) d = k;
            g_ptr_array_add(draft->notes, g_strdup_printf("%s%u: %u demands, %.4g packets/s",
                                                          host_names[kind], host, n, pps));
            for (unsigned k = 0; k < PLACE_DIMENSIONS; k++)
                plan_draft_resource(
                    draft, g_strdup_printf("%s%u: %s", host_names[kind], host, size_names[kind][k]),
                    load[k], 1, units[kind]);
        }
}

static void add_engines(const Node *node, PlanDraft *draft) {
    static const char *const blocks[] = {"rx",     "decap", "parse", "lookup",
                                         "format", "qm",    "tx",    "stats"};
    g_autoptr(GString) text = g_string_new("microengines of an NPE by block:");
    double sum = 0;
    if (!node->np_blades) return;
    for (unsigned i = 0; i < G_N_ELEMENTS(blocks); i++) {
        g_autofree char *key = g_strconcat("me_", blocks[i], NULL);
        double n = bounds_number("npe", key);
        sum += n;
        g_string_append_printf(text, " %s %.0f,", blocks[i], n);
    }
    g_string_append_printf(text, " %.0f in all", sum);
    g_ptr_array_add(draft->notes, g_strdup(text->str));
}

static void add_demands(const Node *node, const GPtrArray *sources, PlanDraft *draft) {
    for (unsigned i = 0; i < node->items->len; i++) {
        const Item *item = node_item(node, i);
        PlanDemand *d = g_new(PlanDemand, 1);
        *d = (PlanDemand){g_strdup(item->demand->base.name),
                          g_strdup(sources->pdata[i]),
                          g_strdup_printf("%s%u", host_names[item->kind], item->host),
                          item->kind,
                          item->demand->loss,
                          item->demand->latency ? (double)item->demand->latency / SIM_US : NAN};
        g_ptr_array_add(draft->demands, d);
    }
}

/* The plan ---------------------------------------------------------------------------------- */

static void read_asked(const Network *asked, double grow, Node *node, GPtrArray *reasons) {
    const Component *c;
    for (unsigned i = 0; (c = network_nth(asked, i)); i++) {
        if (c->class == &budget_class && node->budget)
            reason(reasons, "%s: found a second budget, expected one", c->name);
        else if (c->class == &budget_class)
            node->budget = (const Budget *)c;
        else if (c->class == &demand_class)
            read_demand((const Demand *)c, grow, node, reasons);
        else
            reason(reasons,
                   "%s: found a %s, expected demands and a budget: the plan is what makes "
                   "others",
                   c->name, c->class->name);
    }
}

static PlanDraft *draft(const Network *asked, const PlanSize *size, GPtrArray *reasons) {
    unsigned before = reasons->len;
    Budget without;
    memset(&without, 0, sizeof without);
    Node node = {.items = g_array_new(FALSE, FALSE, sizeof(Item))};
    PlanDraft *d = plan_draft_new();
    param_set_defaults(budget_class.params, &without);
    read_asked(asked, size->grow, &node, reasons);
    if (!node.budget) node.budget = &without;
    if (!node.items->len && reasons->len == before)
        reason(reasons, "found no demand, expected [demand NAME]");
    bool ok = reasons->len == before && choose_lines(&node, reasons) &&
              check_interfaces(&node, d, size->forced, reasons);
    for (unsigned kind = 0; ok && kind < PLAN_KINDS; kind++)
        ok = place_kind(&node, kind, size, d, reasons);
    ok = ok && check_slots(&node, d, reasons);
    if (ok) {
        g_autoptr(GPtrArray) sources = g_ptr_array_new_with_free_func(g_free);
        add_hosts(&node, d);
        add_engines(&node, d);
        d->boxes = node_slots(&node);
        d->scenario = node_scenario(&node, size->grow, sources);
        add_demands(&node, sources, d);
    } else {
        plan_draft_free(d);
        d = NULL;
    }
    param_clear(budget_class.params, &without);
    g_array_unref(node.items);
    return d;
}

const Planner chassis_planner = {.kinds = {"NPE", "GPE"}, .draft = draft};
