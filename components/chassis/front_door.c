/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a section says as settings, said as steps: np_slice, its port at every interface, its queues
 * where they are not one per interface, its routes as filters. A step's filter goes in front of
 * those before it, so the narrowest comes last. What no step can ask for (VLAN, quantum, an I3
 * node's place in its ring) stays with the section. */
#include "components/chassis/front_door.h"

#include <string.h>

#include "fastpath/options/options.h"
#include "fastpath/text.h"

bool front_door_is(const Composer *c, const char *chassis) {
    return !strcmp(composer_value(c, chassis, "control"), "plc");
}

/* Filters --------------------------------------------------------------------------------- */

typedef struct {
    char *text;
    unsigned bits;
} Route;

static void route_clear(void *route) {
    g_free(((Route *)route)->text);
}

/* That its mask looks at; what makes no sense is refused where the step is read. */
static unsigned bits_of(const FpCodeOption *option, const char *text) {
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    FpFilterKey key = {.n_memory = 0};
    unsigned at = 0, bits = 0, length;
    uint32_t prefix;
    if (!fp_read_key(option, (const char *const *)words, &at, &key)) return 0;
    for (unsigned i = 0; i < FP_KEY_BYTES; i++) bits += (unsigned)__builtin_popcount(key.mask[i]);
    for (; words[at]; at++)
        if (!strcmp(words[at], "from") && text_prefix(words[at + 1], &prefix, &length))
            bits += length;
    return bits;
}

static int widest_first(const void *a, const void *b) {
    const Route *x = a, *y = b;
    return x->bits < y->bits ? -1 : x->bits > y->bits;
}

/* "KEY ...; KEY ..." as steps; the number of them. */
static unsigned add_filters(GString *steps, const char *option, const char *routes) {
    int n = fp_code_option_find(option);
    g_auto(GStrv) lines = g_strsplit(routes, ";", -1);
    g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(Route));
    g_array_set_clear_func(all, route_clear);
    for (unsigned i = 0; lines[i]; i++) {
        g_auto(GStrv) words = g_strsplit_set(g_strstrip(lines[i]), " \t", -1);
        Route r = {.text = g_strjoinv(" ", words)};
        r.bits = n < 0 ? 0 : bits_of(fp_code_options[n], r.text);
        if (*r.text) g_array_append_val(all, r);
        if (!*r.text) g_free(r.text);
    }
    g_array_sort(all, widest_first);
    for (unsigned i = 0; i < all->len; i++)
        g_string_append_printf(steps, "; filter %s", g_array_index(all, Route, i).text);
    return all->len;
}

/* Sections --------------------------------------------------------------------------------- */

/* A program of the scenario's own brings it, or its script does. */
static bool is_taken(const Composer *c, const char *key, const char *name) {
    const char *program;
    bool np = !strcmp(key, "np_slice");
    for (unsigned i = 0; (program = composer_nth(c, "program", i)); i++) {
        const char *written = composer_value(c, program, key);
        g_autofree char *by_slice =
            g_strconcat(composer_value(c, program, "slice"), np ? "_np" : "", NULL);
        if (!strcmp(*written ? written : by_slice, name)) return true;
    }
    return !strcmp(composer_value(c, name, "attached"), "no");
}

/* None of what becomes a step may be one thing in one run and another in the next. */
static bool stays(const Composer *c, const char *name, const char *const *keys, GError **error) {
    for (unsigned i = 0; keys[i]; i++)
        if (strstr(composer_value(c, name, keys[i]), "${"))
            return composer_refuse(c, name, keys[i], error,
                                   "found a value that iterates, expected one for all runs of a "
                                   "chassis with control = plc");
    return true;
}

static const char *manager_of(const Composer *c, const char *slice) {
    const char *v;
    for (unsigned i = 0; (v = composer_nth(c, "vserver", i)); i++)
        if (!strcmp(composer_value(c, v, "application"), "manager") &&
            !strcmp(composer_value(c, v, "slice"), slice))
            return v;
    return NULL;
}

/* Queues as `queues` has them; the number of them, 0: one per interface. */
static unsigned add_queues(const Composer *c, GString *steps, const char *name) {
    g_auto(GStrv) words = g_strsplit_set(composer_value(c, name, "queues"), " \t;", -1);
    const char *limit = composer_value(c, name, "queue_packets");
    unsigned n = 0;
    for (unsigned i = 0; words[i]; i++) {
        char *share = strchr(words[i], ':');
        if (!*words[i]) continue;
        if (share) *share++ = 0;
        g_string_append_printf(steps, "; queue %u scheduler=%s%s%s limit=%s", n++, words[i],
                               share ? " share=" : "", share ? share : "", limit);
    }
    return n;
}

static void begin_program(Composer *c, const char *program, const char *name) {
    composer_section(c, "program", program);
    composer_set(c, "program", program, "slice", "spp_%s", name);
}

static bool bring_slice(Composer *c, const char *name, GError **error) {
    static const char *const keys[] = {"udp_port", "share",   "queues",      "queue_packets",
                                       "routes",   "filters", "code_option", "max_queues",
                                       "buffers",  "sram",    NULL};
    if (!stays(c, name, keys, error)) return false;
    if (*composer_value(c, name, "routes_file"))
        return composer_refuse(c, name, "routes_file", error,
                               "found a file, expected routes with control = plc");
    g_autofree char *program = g_strconcat(name, "_program", NULL);
    g_autoptr(GString) queues = g_string_new(NULL), filters = g_string_new(NULL);
    const char *option = composer_value(c, name, "code_option"),
               *share = composer_value(c, name, "share"), *manager = manager_of(c, name),
               *most = composer_value(c, name, "max_queues"),
               *quota = composer_value(c, name, "filters");
    unsigned n_queues = add_queues(c, queues, name),
             n_filters = add_filters(filters, option, composer_value(c, name, "routes"));
    g_autofree char *n = g_strdup_printf("%u", n_queues ? n_queues : 10),
                    *room = g_strdup_printf("%u", MAX(n_filters, 64));
    begin_program(c, program, name);
    if (manager) composer_set(c, "program", program, "vserver", "%s", manager);
    composer_set(c, "program", program, "np_slice", "%s", name);
    composer_set(c, "program", program, "steps",
                 "np_slice option=%s filters=%s queues=%s buffers=%s sram=%s%s; "
                 "port udp %s in=%s out=%s%s%s",
                 option, strcmp(quota, "unlimited") ? quota : room,
                 strcmp(most, "queues") ? most : n, composer_value(c, name, "buffers"),
                 composer_value(c, name, "sram"), manager ? "; manager" : "",
                 composer_value(c, name, "udp_port"), share, share, queues->str, filters->str);
    composer_set(c, "slice", name, "attached", "no");
    return true;
}

static bool bring_vserver(Composer *c, const char *name, GError **error) {
    static const char *const keys[] = {"udp_port", "own_port", "share", NULL};
    if (!stays(c, name, keys, error)) return false;
    g_autofree char *program = g_strconcat(name, "_program", NULL), *own = NULL;
    const char *share = composer_value(c, name, "share"),
               *port = composer_value(c, name, "own_port");
    if (strcmp(port, "none") != 0) own = g_strdup_printf("; port udp %s", port);
    begin_program(c, program, name);
    composer_set(c, "program", program, "vserver", "%s", name);
    composer_set(c, "program", program, "steps", "port udp %s in=%s out=%s%s",
                 composer_value(c, name, "udp_port"), share, share, own ? own : "");
    composer_set(c, "vserver", name, "attached", "no");
    return true;
}

bool front_door_bring(Composer *c, const char *chassis, GError **error) {
    const char *name;
    unsigned brought = 0;
    for (unsigned i = 0; (name = composer_nth(c, "slice", i)); i++) {
        if (is_taken(c, "np_slice", name)) continue;
        if (!bring_slice(c, name, error)) return false;
        brought++;
    }
    for (unsigned i = 0; (name = composer_nth(c, "vserver", i)); i++) {
        bool relay = !strcmp(composer_value(c, name, "application"), "relay"); /* the node's own */
        if (relay || is_taken(c, "vserver", name)) continue;
        if (!bring_vserver(c, name, error)) return false;
        brought++;
    }
    if (brought) composer_set(c, "chassis", chassis, "service_after", "25s");
    return true;
}

/* Boxes ------------------------------------------------------------------------------------ */

static char *rows(const Composer *c) {
    GString *all = g_string_new(NULL);
    const char *program;
    for (unsigned i = 0; (program = composer_nth(c, "program", i)); i++)
        g_string_append_printf(all, "%s%s", i ? "; " : "", composer_value(c, program, "slice"));
    return g_string_free(all, FALSE);
}

/* On that box. Where the scenario waits for its slices, nobody wants to wait for polls of ten
 * minutes; otherwise nobody wants to compute ten minutes of a timer's ticks. */
static void set_manager(Composer *c, const char *chassis, const char *class, const char *name,
                        const char *key, const char *box) {
    composer_section(c, class, name);
    composer_set(c, class, name, key, "%s", box);
    if (!composer_is_written(c, chassis, "service_after")) {
        composer_set(c, key, box, "idle_ticks", "no");
        return;
    }
    composer_set(c, class, name, "poll", "10s");
    composer_set(c, class, name, "poll_spread", "0");
    composer_set(c, class, name, "stagger", "0");
}

void front_door_compose(Composer *c, const char *chassis, unsigned servers, unsigned control_port) {
    g_autofree char *slices = rows(c);
    composer_section(c, "plc", "plc0");
    composer_set(c, "plc", "plc0", "slices", "%s", slices);
    composer_section(c, "link", "plc0");
    composer_set(c, "link", "plc0", "link", "plc0.0 -> control.%u", control_port);
    composer_set(c, "link", "plc0", "rate", "none");
    composer_set(c, "link", "plc0", "delay", "20ms");
    composer_set(c, "link", "plc0", "both", "yes");
    composer_section(c, "management", "management");
    const char *taken = composer_class(c, "manager"),
               *global = taken && strcmp(taken, "global_manager") ? "cp0_manager" : "manager";
    set_manager(c, chassis, "global_manager", global, "cp", "cp0");
    for (unsigned i = 0; i < servers; i++) {
        g_autofree char *gpe = g_strdup_printf("gpe%u", i),
                        *name = g_strdup_printf("gpe%u_manager", i);
        set_manager(c, chassis, "local_manager", name, "gpe", gpe);
        composer_set(c, "local_manager", name, "manager", "%s", global);
    }
}
