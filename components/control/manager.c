/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The two components that hold a node's daemons. A box that has both, a control processor that
 * hosts vServers, has one station for both. */
#include "components/control/manager.h"

#include <string.h>

/* First in both. */
typedef struct {
    Component base;
    /* settings */
    char *box;
    StationSettings station;
    /* state */
    Site *site;
    bool owner; /* of the site */
} Manager;

typedef struct {
    Manager m;
    /* settings */
    char *plc, *node;
    GnmSettings gnm_settings;
    GrmSettings grm_settings;
    SimTime log_service;
    bool logs;
    /* state */
    Gnm *gnm;
    Grm *grm;
    Log *log;
    char *log_path, *myplc_path;
} GlobalManager;

typedef struct {
    Manager m;
    /* settings */
    char *manager, *secret;
    LnmSettings lnm_settings;
    LrmSettings lrm_settings;
    /* state */
    Lnm *lnm;
    Lrm *lrm;
} LocalManager;

static bool no_ports(Component *c, GError **error) {
    (void)error;
    c->n_ports = 0;
    return true;
}

static bool is_manager(const Component *c) {
    return c->class == &global_manager_class || c->class == &local_manager_class;
}

static bool join(Manager *m, GError **error) {
    Component *other;
    for (unsigned n = 0; (other = network_nth(m->base.network, n)); n++) {
        const Manager *its = (const Manager *)(const void *)other;
        if (!is_manager(other) || !its->site || strcmp(its->box, m->box) != 0) continue;
        m->site = site_join(its->site);
        return true;
    }
    Station *station = control_station(&m->base, m->box, &m->station, error);
    if (!station) {
        g_prefix_error(error, "%s: ", m->base.class == &global_manager_class ? "cp" : "gpe");
        return false;
    }
    m->site = site_new(&m->base, m->box, station);
    m->owner = true;
    return true;
}

static void report_station(const Manager *m, Report *report) {
    if (!m->owner) return;
    StationCounts n = station_counts(site_station(m->site));
    report_scalar(report, "calls", (double)n.calls, "calls");
    report_scalar(report, "resent", (double)n.resent, "calls");
    report_scalar(report, "unanswered", (double)n.lost, "calls");
    report_scalar(report, "bytes", (double)n.bytes, "bytes");
}

/* The control processor's ----------------------------------------------------------------- */

static int by_name(const void *a, const void *b) {
    const Component *const *x = a, *const *y = b;
    return compare_names((*x)->name, (*y)->name);
}

GPtrArray *components_of(const Network *net, const ComponentClass *class) {
    GPtrArray *all = g_ptr_array_new();
    Component *c;
    for (unsigned n = 0; (c = network_nth(net, n)); n++)
        if (c->class == class) g_ptr_array_add(all, c);
    g_ptr_array_sort(all, by_name);
    return all;
}

/* Servers of slices before the control processor, then by name. */
static int gpes_first(const void *a, const void *b) {
    const LocalManager *const *x = a, *const *y = b;
    const Network *net = (*x)->m.base.network;
    const Component *p = network_find(net, (*x)->m.box), *q = network_find(net, (*y)->m.box);
    bool first = p && p->class == &gpe_class, second = q && q->class == &gpe_class;
    return first != second ? second - first : compare_names((*x)->m.box, (*y)->m.box);
}

static bool find_servers(GlobalManager *g, GError **error) {
    g_autoptr(GPtrArray) all = components_of(g->m.base.network, &local_manager_class);
    g_ptr_array_sort(all, gpes_first);
    if (all->len > PLACEMENT_MAX_SERVERS)
        return input_error(error, "found %u servers, expected %d at most", all->len,
                           PLACEMENT_MAX_SERVERS);
    for (unsigned n = 0; n < all->len; n++) {
        const Component *c = all->pdata[n];
        const LocalManager *local = (const LocalManager *)(const void *)c;
        Component *box = network_find(c->network, local->m.box);
        const Gpe *server = box ? gpe_of(box) : NULL;
        StationPlace place;
        if (!server || !control_place(c->network, local->m.box, &place))
            return input_error(error,
                               "%s: gpe: found \"%s\", expected a server with a port on the "
                               "control switch",
                               c->name, local->m.box);
        PlacementUse room = {.vservers =
                                 (uint32_t)MIN(g->gnm_settings.vservers, server->max_vservers),
                             .cpu_min = (uint32_t)g->gnm_settings.cpu_room,
                             .net_min = g->gnm_settings.net_room};
        gnm_add_server(g->gnm, local->m.box, &place, &room);
    }
    return true;
}

static bool make_files(GlobalManager *g, GError **error) {
    Component *c = &g->m.base;
    g_autofree char *log = g_strdup_printf("log-%s.txt", g->node),
                    *myplc = g_strdup_printf("myplc-%s.json", g->node);
    return component_output_path(c, log, &g->log_path, error) &&
           component_output_path(c, myplc, &g->myplc_path, error);
}

static bool global_start(Component *c, GError **error) {
    GlobalManager *g = (GlobalManager *)(void *)c;
    Component *plc = network_find(c->network, g->plc);
    StationPlace own, place;
    g->gnm_settings.node = g->node;
    if (!plc || !plc_place(plc, &place))
        return input_error(error, "plc: found \"%s\", expected a plc", g->plc);
    if (!join(&g->m, error)) return false;
    own = station_place(site_station(g->m.site));
    if (g->logs) site_log_to(g->m.site, &own);
    if (!(g->log = log_new(g->m.site, &g->log_service, error)) ||
        !(g->gnm = gnm_new(g->m.site, &g->gnm_settings, &place, error)) ||
        !(g->grm = grm_new(g->m.site, &g->grm_settings, error)) || !grm_start(g->grm, error) ||
        !find_servers(g, error) || !make_files(g, error))
        return false;
    gnm_start(g->gnm);
    return true;
}

static void global_stop(Component *c) {
    GlobalManager *g = (GlobalManager *)(void *)c;
    gnm_end(g->gnm);
    grm_end(g->grm);
    agent_end(log_agent(g->log));
    site_end(g->m.site);
}

static bool global_check(Component *c, GError **error) {
    GlobalManager *g = (GlobalManager *)(void *)c;
    log_sort(g->log);
    g_autofree char *json = database_write(gnm_database(g->gnm), sim_now(c->sim));
    g_autofree char *text = g_strconcat(json, "\n", NULL);
    return (!g->log_path || log_write(g->log, g->log_path, error)) &&
           (!g->myplc_path || g_file_set_contents(g->myplc_path, text, -1, error));
}

static void global_report(Component *c, Report *report) {
    const GlobalManager *g = (const GlobalManager *)(const void *)c;
    const char *line;
    SimTime time;
    gnm_report(g->gnm, report);
    grm_report(g->grm, report);
    report_station(&g->m, report);
    for (unsigned n = 0; (line = log_nth(g->log, n, &time)); n++)
        report_story(report, time, "%s", line);
}

static void global_free(Component *c) {
    GlobalManager *g = (GlobalManager *)(void *)c;
    log_free(g->log);
    gnm_free(g->gnm);
    grm_free(g->grm);
    site_free(g->m.site);
    g_free(g->log_path);
    g_free(g->myplc_path);
}

static const Param global_params[] = {
    PARAM_NAME("cp", GlobalManager, m.box, "cp0", "gpe|cp", "the box that it runs on",
               "SPP paper 6"),
    PARAM_NAME("plc", GlobalManager, plc, "plc0", "plc", "PlanetLab Central", "SPP paper 6"),
    PARAM_TEXT("node", GlobalManager, node, "spp", "the node's name in PLC, and in names of files",
               "scenario"),
    POLL_PARAMS(GlobalManager, gnm_settings.poll, "PLC"),
    PARAM_ENUM("placement", GlobalManager, gnm_settings.policy, "fewest",
               "fewest|most_free|first|hash",
               "server that a slice is put on, of those that have room", "assumed"),
    PARAM_COUNT("vservers", GlobalManager, gnm_settings.vservers, "64", "1", "128",
                "vServers of a server, at most", "assumed"),
    PARAM_COUNT("cpu_room", GlobalManager, gnm_settings.cpu_room, "1000", "0", "1000000",
                "ms/s of processor that a server may guarantee: sum of cpu_min",
                "one core, the paper's"),
    PARAM_COUNT("net_room", GlobalManager, gnm_settings.net_room, "1000000", "0", "100000000",
                "kbit/s that a server, and the node, may guarantee: sum of net_min_rate",
                "an interface of 1 Gbit/s"),
    PARAM_ENUM("npe_policy", GlobalManager, grm_settings.policy, "least_bandwidth",
               "least_bandwidth|best_fit|first", "NPE that a slice gets, of those that have room",
               "assumed"),
    PARAM_TIME("lease", GlobalManager, grm_settings.lease, "60s", "1ms", "100000s",
               "what no LRM says to hold for so long goes back", "assumed"),
    PARAM_TIME("retry", GlobalManager, grm_settings.retry, "1s", "1us", "1000s",
               "between attempts to take something back from who does not answer", "assumed"),
    PARAM_TIME("gnm_service", GlobalManager, gnm_settings.service, "1ms", "0", "100s",
               "GNM and myPLC, per message", "assumed"),
    PARAM_TIME("grm_service", GlobalManager, grm_settings.service, "50us", "0", "100s",
               "GRM, per message", "assumed"),
    PARAM_TIME("log_service", GlobalManager, log_service, "20us", "0", "100s", "log, per line",
               "assumed"),
    PARAM_BOOL("log", GlobalManager, logs, "yes", "daemons send lines to the node's log",
               "scenario"),
    STATION_PARAMS(GlobalManager, m.station),
    {0}};

#define STATION_SCALARS                                                                            \
    {"calls", "calls", "that its station made"},                                                   \
        {"resent", "calls",                                                                        \
         "sent once more, since "                                                                  \
         "nobody had answered"},                                                                   \
        {"unanswered", "calls", "given up"}, {                                                     \
        "bytes", "bytes", "of frames that its station sent"                                        \
    }

static const Scalar global_scalars[] = {
    {"slices", "slices", "that have a server, at the end"},
    {"polls", "polls", "of PLC"},
    {"polls_failed", "polls", "of them that were not answered"},
    {"refused.*", "requests",
     "slices that found no server, leases that were not granted, by reason"},
    {"granted", "leases", "that the GRM gave"},
    {"leases", "leases", "that are held at the end"},
    {"reclaimed", "leases", "that ran out, and were taken back"},
    {"ports_free", "ports", "UDP and TCP, of all interfaces, at the end"},
    STATION_SCALARS,
    {0}};

const ComponentClass global_manager_class = {
    .name = "global_manager",
    .text = "the daemons of a control processor: GNM with myPLC, GRM, log",
    .ports = "none",
    .size = sizeof(GlobalManager),
    .params = global_params,
    .scalars = global_scalars,
    .create = no_ports,
    .start = global_start,
    .stop = global_stop,
    .check = global_check,
    .report = global_report,
    .free = global_free,
};

/* A server's ------------------------------------------------------------------------------ */

static const Component *manager_of(const Network *net, const char *box) {
    const Component *found = NULL, *c;
    for (unsigned n = 0; (c = network_nth(net, n)); n++) {
        bool its = is_manager(c) && !strcmp(((const Manager *)(const void *)c)->box, box);
        if (its && (!found || c->class == &global_manager_class)) found = c;
    }
    return found;
}

bool manager_at(const Network *net, const char *box) {
    return manager_of(net, box) != NULL;
}

Database *manager_database(const Network *net, const char *box) {
    const Component *c = manager_of(net, box);
    if (!c) return NULL;
    const GlobalManager *g = (const GlobalManager *)(const void *)c;
    const LocalManager *l = (const LocalManager *)(const void *)c;
    if (c->class == &global_manager_class) return g->gnm ? gnm_database(g->gnm) : NULL;
    return l->lnm ? lnm_database(l->lnm) : NULL;
}

const SliceRecord *manager_record(const Network *net, const char *box, const char *slice) {
    const Database *db = manager_database(net, box);
    return db ? database_find(db, slice) : NULL;
}

bool local_manager_place(const Component *c, StationPlace *place) {
    return control_place(c->network, ((const Manager *)(const void *)c)->box, place);
}

Lnm *manager_lnm(Component *local) {
    return ((LocalManager *)(void *)local)->lnm;
}
Lrm *manager_lrm(Component *local) {
    return ((LocalManager *)(void *)local)->lrm;
}
Gnm *manager_gnm(Component *global) {
    return ((GlobalManager *)(void *)global)->gnm;
}
Grm *manager_grm(Component *global) {
    return ((GlobalManager *)(void *)global)->grm;
}

bool local_manager_ticket(Component *c, const char *ticket, GError **error) {
    return lnm_ticket(((LocalManager *)(void *)c)->lnm, ticket, error);
}

static bool local_start(Component *c, GError **error) {
    LocalManager *l = (LocalManager *)(void *)c;
    const Component *global = network_find(c->network, l->manager);
    Component *box = network_find(c->network, l->m.box);
    Gpe *gpe = box ? gpe_of(box) : NULL;
    StationPlace cp, lc;
    l->lnm_settings.secret = l->secret;
    if (!global || global->class != &global_manager_class)
        return input_error(error, "manager: found \"%s\", expected a global_manager", l->manager);
    const GlobalManager *g = (const GlobalManager *)(const void *)global;
    if (!gpe || !join(&l->m, error)) return gpe ? false : input_error(error, "gpe: no server");
    if (!control_place(c->network, g->m.box, &cp) || !control_place(c->network, gpe->linecard, &lc))
        return input_error(error,
                           "found no line card of %s, expected one with a port on the "
                           "control switch",
                           l->m.box);
    if (g->logs) site_log_to(l->m.site, &cp);
    l->lrm = lrm_new(l->m.site, gpe, &l->lrm_settings, &cp, &lc, error);
    l->lnm = l->lrm ? lnm_new(l->m.site, gpe, l->lrm, &l->lnm_settings, &cp, error) : NULL;
    if (!l->lnm) return false;
    lnm_start(l->lnm);
    return true;
}

static void local_stop(Component *c) {
    LocalManager *l = (LocalManager *)(void *)c;
    lnm_end(l->lnm);
    lrm_end(l->lrm);
    site_end(l->m.site);
}

static void local_report(Component *c, Report *report) {
    const LocalManager *l = (const LocalManager *)(const void *)c;
    lnm_report(l->lnm, report);
    lrm_report(l->lrm, report);
    report_station(&l->m, report);
}

static void local_free(Component *c) {
    LocalManager *l = (LocalManager *)(void *)c;
    lnm_free(l->lnm);
    lrm_free(l->lrm);
    site_free(l->m.site);
}

static const Verb local_verbs[] = {
    {"destroy", "SITE_SLICE", "a delegated sliver goes, as its controller asks"},
    {"loan", "SITE_SLICE [TO RESOURCE AMOUNT]; ...",
     "what the sliver lends to others of the server, in the place of all its loans before; what is "
     "beyond what it has is silently discarded"},
    {0}};

static bool read_loan(const char *text, SliceLoan *loan, char **to, GError **error) {
    g_auto(GStrv) w = g_strsplit(text, " ", -1);
    guint64 amount;
    if (g_strv_length(w) != 3 ||
        !g_ascii_string_to_unsigned(w[2], 10, 0, G_MAXINT32, &amount, NULL))
        return input_error(error, "loan: found \"%s\", expected TO RESOURCE AMOUNT", text);
    for (unsigned i = 0; i < N_RSPEC; i++)
        if (!strcmp(w[1], rspec_name((Rspec)i))) {
            *to = g_strdup(w[0]);
            *loan = (SliceLoan){*to, (Rspec)i, (int64_t)amount};
            return true;
        }
    return input_error(error,
                       "loan: found \"%s\", expected cpu_min, cpu_share, net_min_rate, "
                       "net_max_rate, net_share or disk_max",
                       w[1]);
}

/* db NULL: it is only read. */
static bool lend(Database *db, const char *args, GError **error) {
    g_auto(GStrv) parts = g_strsplit(args, ";", -1);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GArray) loans = g_array_new(FALSE, TRUE, sizeof(SliceLoan));
    g_autofree char *name = g_strdup(parts[0] ? g_strstrip(parts[0]) : "");
    char *rest = strchr(name, ' ');
    if (rest) *rest++ = 0;
    for (unsigned i = 0; parts[0] && parts[i]; i++) {
        const char *text = i ? g_strstrip(parts[i]) : rest;
        SliceLoan loan;
        char *to = NULL;
        if (!text || !*text) continue;
        if (!read_loan(text, &loan, &to, error)) return false;
        g_ptr_array_add(names, to);
        g_array_append_val(loans, loan);
    }
    return !db || database_set_loans(db, name, (SliceLoan *)(void *)loans->data, loans->len, error);
}

static bool local_understands(const Component *c, const char *verb, const char *args,
                              GError **error) {
    if (!component_has_verb(c, verb, error)) return false;
    if (!strcmp(verb, "loan")) return lend(NULL, args, error);
    return (*args && !strchr(args, ' ')) ||
           input_error(error, "destroy: found \"%s\", expected SITE_SLICE", args);
}

static bool local_command(Component *c, const char *verb, const char *args, GError **error) {
    LocalManager *l = (LocalManager *)(void *)c;
    if (!local_understands(c, verb, args, error)) return false;
    if (!strcmp(verb, "loan")) return lend(lnm_database(l->lnm), args, error);
    return lnm_destroy(l->lnm, args, error);
}

static const Param local_params[] = {
    PARAM_NAME("gpe", LocalManager, m.box, "", "gpe|cp", "the server that it runs on",
               "SPP paper 6"),
    PARAM_NAME("manager", LocalManager, manager, "manager", "global_manager",
               "the control processor's", "SPP paper 6"),
    POLL_PARAMS(LocalManager, lnm_settings.poll, "myPLC"),
    PARAM_TIME("stagger", LocalManager, lnm_settings.stagger, "3s", "0", "1000s",
               "between slivers that the first poll finds", "Node Manager: 3 s"),
    PARAM_TIME("create", LocalManager, lnm_settings.create, "1s", "0", "1000s",
               "to make a vServer's files", "assumed"),
    PARAM_TIME("lnm_service", LocalManager, lnm_settings.service, "1ms", "0", "100s",
               "LNM, per message", "assumed"),
    PARAM_TIME("lrm_service", LocalManager, lrm_settings.service, "50us", "0", "100s",
               "LRM, per request and per message", "assumed"),
    PARAM_COUNT("lrm_backlog", LocalManager, lrm_settings.backlog, "128", "1", "100000",
                "requests of one vServer that may wait for the LRM; more are refused", "assumed"),
    PARAM_TIME("retry", LocalManager, lrm_settings.retry, "1s", "1us", "1000s",
               "between attempts to give back what nobody confirms to have taken back", "assumed"),
    PARAM_TEXT("secret", LocalManager, secret, "planetlab", "what tickets are sealed with",
               "assumed"),
    STATION_PARAMS(LocalManager, m.station),
    {0}};

static const Scalar local_scalars[] = {
    {"slivers", "slivers", "that are there at the end"},
    {"slivers_made", "slivers", "that came up"},
    {"slivers_destroyed", "slivers", "that were up, and went"},
    {"slivers_refused", "slivers", "that the server had no room for, each time"},
    {"polls", "polls", "of myPLC"},
    {"polls_failed", "polls", "of them that were not answered"},
    {"lrm_requests", "requests", "of programs in vServers"},
    {"lrm_refused", "requests", "of them that were refused"},
    {"lrm_longest", "us", "from a request's arrival at the LRM to its answer, at most"},
    {"lrm_held", "leases", "that are held, or go back, at the end"},
    STATION_SCALARS,
    {0}};

const ComponentClass local_manager_class = {
    .name = "local_manager",
    .text = "the daemons of a server: LNM, LRM",
    .ports = "none",
    .size = sizeof(LocalManager),
    .params = local_params,
    .scalars = local_scalars,
    .create = no_ports,
    .start = local_start,
    .stop = local_stop,
    .verbs = local_verbs,
    .understands = local_understands,
    .command = local_command,
    .report = local_report,
    .free = local_free,
};
