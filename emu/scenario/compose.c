/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Sections that follow from others: what classes write, and the links of `attach`. */
#include "emu/scenario/compose.h"

#include <string.h>

#include "emu/scenario/private.h"

struct Composer {
    Scenario *scenario;
    unsigned next; /* where the next section goes */
    /* whence what is made now follows */
    const char *file;
    unsigned line;
    GError *taken; /* the first name that a component of another class has */
};

/* One port of an attached component and the port that it is wired to. */
typedef struct {
    const Section *other, *to;
    unsigned other_port, port;
    bool bench;         /* a link without a rate */
    const Entry *entry; /* the `attach` that it is of */
} Wire;

/* One `attach`. */
typedef struct {
    Section *section;
    Entry *entry; /* no longer the section's */
    AttachWay way;
    GArray *wires;  /* Wire, of ports 0 and up */
    unsigned links; /* made so far */
} Attachment;

/* What classes see -------------------------------------------------------------------------- */

const char *composer_nth(const Composer *c, const char *class, unsigned n) {
    for (unsigned i = 0; i < c->scenario->sections->len; i++) {
        const Section *section = c->scenario->sections->pdata[i];
        if (section->kind == SECTION_COMPONENT && !strcmp(section->class->name, class) && !n--)
            return section->name;
    }
    return NULL;
}

const char *composer_class(const Composer *c, const char *name) {
    const Section *section = scenario_component(c->scenario, name);
    return section ? section->class->name : NULL;
}

const char *composer_value(const Composer *c, const char *name, const char *key) {
    /* What one of another class is asked for, whose name was taken, is nowhere. */
    const Section *section = name ? scenario_component(c->scenario, name) : NULL;
    const Entry *entry = section ? section_entry(section, key) : NULL;
    if (entry) return entry->value;
    const Param *row = section ? param_find(section_table(section), key) : NULL;
    return row ? row->def : NULL;
}

bool composer_is_written(const Composer *c, const char *name, const char *key) {
    const Section *section = scenario_component(c->scenario, name);
    return section && section_entry(section, key);
}

bool composer_refuse(const Composer *c, const char *name, const char *key, GError **error,
                     const char *format, ...) {
    const Section *section = scenario_component(c->scenario, name);
    const Entry *entry = section_entry(section, key);
    va_list args; /* of a component that is there */
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    if (entry) return entry_error(error, section, entry, "%s", text);
    g_autofree char *place = section_place(section);
    return input_error(error, "%s %s: %s", place, key, text);
}

bool composer_number(const Composer *c, const char *name, const char *key, unsigned *number,
                     GError **error) {
    const char *text = composer_value(c, name, key);
    guint64 n;
    if (!text) return input_error(error, "found no component %s", name ? name : "at all");
    if (g_ascii_string_to_unsigned(text, 10, 0, UINT32_MAX, &n, NULL)) {
        *number = (unsigned)n;
        return true;
    }
    return composer_refuse(c, name, key, error,
                           "found %s, expected one whole number: what is attached depends on it",
                           text);
}

static bool is_taken(Composer *c, const char *head, const char *name) {
    const Section *other = strcmp(head, "link") ? scenario_component(c->scenario, name) : NULL;
    if (!other || !strcmp(other->class->name, head)) return false;
    g_autofree char *place = section_place(other);
    if (!c->taken)
        input_error(&c->taken,
                    "%s: found a component with the name %s, expected another: %s:%u makes [%s %s]",
                    place, name, c->file, c->line, head, name);
    return true;
}

void composer_section(Composer *c, const char *head, const char *name) {
    GPtrArray *all = c->scenario->sections;
    Section *section = scenario_section(c->scenario, head, name);
    guint at;
    if (is_taken(c, head, name)) return;
    if (section && g_ptr_array_find(all, section, &at)) {
        if (at >= c->next)
            g_ptr_array_insert(all, (int)c->next++, g_ptr_array_steal_index(all, at));
        return;
    }
    section = scenario_make_section(c->scenario, c->next++, head, name, c->file, c->line);
    section->made = true;
}

void composer_set(Composer *c, const char *head, const char *name, const char *key,
                  const char *format, ...) {
    Section *section = scenario_section(c->scenario, head, name);
    if (!section) return; /* its name was taken */
    if (!param_find(section_table(section), key) || section_entry(section, key)) return;
    va_list args;
    va_start(args, format);
    g_autofree char *value = g_strdup_vprintf(format, args);
    va_end(args);
    section_place_value(section, key, value, c->file, c->line);
    section_entry(section, key)->made = true;
}

const Param *attach_params(const ComponentClass *class) {
    static const Param none[] = {{0}},
                       ports[] = {{.name = "attach",
                                   .type = PARAM_TYPE_TEXT,
                                   .def = "",
                                   .text = "where its ports lead to, from 0 on: NAME interfaces "
                                           "A..B, links of 1 Gbit/s; NAME ports A..B, wires; `to` "
                                           "or `from` in front: one way only",
                                   .source = "scenario"},
                                  {0}},
                       between[] = {{.name = "attach",
                                     .type = PARAM_TYPE_TEXT,
                                     .def = "",
                                     .text = "the link that it is put into: A.0 -> B.1",
                                     .source = "scenario"},
                                    {0}};
    AttachWay way = class->composition ? class->composition->way : ATTACH_NOT;
    return way == ATTACH_NOT ? none : way == ATTACH_BETWEEN ? between : ports;
}

/* attach ------------------------------------------------------------------------------------ */

static const Composition *composition(const Section *section) {
    static const Composition none;
    const Composition *own = section->class->composition;
    return own ? own : &none;
}

/* How many ports it attaches, and its key for that made so if it is not written. */
static bool attached_ports(Composer *c, const Attachment *a, bool ranged, unsigned *n,
                           GError **error) {
    const Section *section = a->section;
    const char *key = composition(section)->ports;
    unsigned own = 1;
    if (ranged && key) composer_set(c, section->head, section->name, key, "%u", *n);
    if (key && !composer_number(c, section->name, key, &own, error)) return false;
    if (!ranged) *n = own;
    if (*n == own) return true;
    return entry_error(error, section, a->entry, "found %u ports for a %s of %u%s%s%s", *n,
                       section->class->name, own, key ? " (" : "", key ? key : "", key ? ")" : "");
}

static bool wire(Composer *c, Attachment *a, const Section *target, unsigned number, bool named,
                 GError **error) {
    const Composition *there = composition(target);
    Wire w = {.other = a->section,
              .to = target,
              .other_port = a->wires->len,
              .port = number,
              .bench = !named};
    const char *name;
    if (named && there->interface) {
        if (!there->interface(c, target->name, number, &name, &w.port))
            return entry_error(error, a->section, a->entry, "found no interface %u of %s", number,
                               target->name);
        w.to = scenario_component(c->scenario, name);
    }
    const Wire *first = a->wires->len ? &g_array_index(a->wires, Wire, 0) : &w;
    if (first->to != w.to && a->way != ATTACH_RECEIVES)
        return entry_error(error, a->section, a->entry,
                           "found interfaces of %s and of %s, expected those of one: addresses "
                           "count up from it",
                           first->to->name, w.to->name);
    g_array_append_val(a->wires, w);
    return true;
}

/* [from|to] NAME [interfaces|ports RANGE] */
static bool read_attach(Composer *c, Attachment *a, GError **error) {
    const Section *section = a->section;
    g_autofree char *text = g_strdup(a->entry->value);
    g_auto(GStrv) all = g_strsplit_set(g_strstrip(text), " \t", -1);
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    for (unsigned i = 0; all[i]; i++)
        if (*all[i]) g_ptr_array_add(words, all[i]);
    g_ptr_array_add(words, NULL);
    char **word = (char **)words->pdata;
    if (strstr(text, "${"))
        return entry_error(error, section, a->entry, "found ${...}, expected one place");
    a->way = composition(section)->way;
    if (a->way == ATTACH_NOT)
        return entry_error(error, section, a->entry, "a %s is not attached", section->class->name);
    if (a->way == ATTACH_BETWEEN) return true; /* once there are links */
    bool from = !g_strcmp0(*word, "from"), to = !g_strcmp0(*word, "to");
    if ((from && a->way == ATTACH_SENDS) || (to && a->way == ATTACH_RECEIVES))
        return entry_error(error, section, a->entry, "found %s, but a %s %s", *word,
                           section->class->name, from ? "sends" : "receives");
    if (from) a->way = ATTACH_RECEIVES;
    if (to) a->way = ATTACH_SENDS;
    word += from || to;
    bool named = *word && !g_strcmp0(word[1], "interfaces"), ranged = *word && word[1];
    unsigned first = 0, n = 0;
    if (!*word || (ranged && ((!named && strcmp(word[1], "ports") != 0) || !word[2] || word[3] ||
                              !ports_range(word[2], &first, &n))))
        return entry_error(error, section, a->entry,
                           "found \"%s\", expected NAME interfaces FIRST..LAST, or NAME ports "
                           "FIRST..LAST",
                           a->entry->value);
    const Section *target = scenario_component(c->scenario, *word);
    if (!target) {
        const char *near = scenario_nearest_component(c->scenario, *word, NULL);
        return entry_error(error, section, a->entry, "found no component \"%s\"%s%s", *word,
                           near ? "; the nearest is " : "", near ? near : "");
    }
    if (composition(target)->interface && !named)
        return entry_error(error, section, a->entry, "found %s, expected %s interfaces FIRST..LAST",
                           a->entry->value, *word);
    if (!attached_ports(c, a, ranged, &n, error)) return false;
    for (unsigned i = 0; i < n; i++)
        if (!wire(c, a, target, first + i, named, error)) return false;
    const Wire *w = &g_array_index(a->wires, Wire, 0);
    if (composition(w->to)->attached)
        composition(w->to)->attached(c, w->to->name, w->port, section->name);
    return true;
}

/* Links ------------------------------------------------------------------------------------- */

static char *ports_text(const char *name, unsigned first, unsigned n) {
    return n == 1 ? g_strdup_printf("%s.%u", name, first)
                  : g_strdup_printf("%s.%u..%u", name, first, first + n - 1);
}

static void add_link(Composer *c, const char *name, const char *from, const char *to, bool both,
                     bool bench) {
    composer_section(c, "link", name);
    composer_set(c, "link", name, "link", "%s -> %s", from, to);
    if (bench) composer_set(c, "link", name, "rate", "none");
    if (both) composer_set(c, "link", name, "both", "yes");
}

/* The link of n wires in a row; a name with a number if there are others. */
static void link_wires(Composer *c, Attachment *a, const Wire *w, unsigned n, AttachWay way) {
    bool one = n == a->wires->len && way == a->way;
    g_autofree char *own = ports_text(w->other->name, w->other_port, n),
                    *there = ports_text(w->to->name, w->port, n),
                    *name = one ? g_strdup_printf("wire_%s", a->section->name)
                                : g_strdup_printf("wire_%s%u", a->section->name, a->links);
    bool out = way == ATTACH_RECEIVES;
    a->links++;
    add_link(c, name, out ? there : own, out ? own : there, way == ATTACH_BOTH, w->bench);
}

/* Whether b, the next wire or lane, goes along with a: ports of one attachment count up as long as
 * they are one component's. */
static bool follows(const Wire *a, const Wire *b) {
    return a->other == b->other && a->to == b->to;
}

/* Several senders and the port they share; the wires of one are as many as of another. */
typedef struct {
    const Section *to;
    unsigned port;
    GPtrArray *senders; /* Wire */
} Shared;

static void shared_free(void *data) {
    g_ptr_array_unref(((Shared *)data)->senders);
    g_free(data);
}

static char *wire_key(const Wire *w) {
    return g_strdup_printf("%s.%u", w->to->name, w->port);
}

static int by_sender(const void *a, const void *b) {
    const Wire *x = *(const Wire *const *)a, *y = *(const Wire *const *)b;
    int order = strcmp(x->other->name, y->other->name);
    return order ? order : (x->other_port > y->other_port) - (x->other_port < y->other_port);
}

static bool next_lane(const Shared *a, const Shared *b) {
    if (a->to != b->to || a->senders->len != b->senders->len) return false;
    for (unsigned i = 0; i < a->senders->len; i++)
        if (!follows(a->senders->pdata[i], b->senders->pdata[i])) return false;
    return true;
}

/* What merges: the first class of which nobody asks more. */
static const ComponentClass *merging_class(const Scenario *s) {
    for (const ComponentClass *const *c = s->classes; *c; c++)
        if ((*c)->composition && (*c)->composition->lanes) return *c;
    return NULL;
}

/* What is made next follows from this value. */
static void stand_where(Composer *c, const Section *section, const Entry *entry) {
    g_autofree char *set =
        g_strdup_printf("--set %s.%s=%s", section->name, entry->key, entry->value);
    c->file = entry->line ? entry->file : g_intern_string(set);
    c->line = entry->line;
}

/* One component that merges for `n` shared ports in a row. */
static void merge(Composer *c, Shared *const *shared, unsigned n) {
    const ComponentClass *class = merging_class(c->scenario);
    const Shared *first = shared[0];
    const Entry *entry = ((const Wire *)first->senders->pdata[0])->entry;
    c->file = entry->file;
    c->line = entry->line;
    g_autofree char *name = g_strdup_printf("into_%s_%u", first->to->name, first->port),
                    *out = ports_text(name, 0, n),
                    *there = ports_text(first->to->name, first->port, n);
    composer_section(c, class->name, name);
    composer_set(c, class->name, name, class->composition->inputs, "%u", first->senders->len);
    composer_set(c, class->name, name, class->composition->lanes, "%u", n);
    for (unsigned i = 0; i < first->senders->len; i++) {
        const Wire *w = first->senders->pdata[i];
        g_autofree char *own = ports_text(w->other->name, w->other_port, n),
                        *in = ports_text(name, i * n, n), *link = g_strdup_printf("%s_%u", name, i);
        add_link(c, link, own, in, false, true);
    }
    add_link(c, name, out, there, false, ((const Wire *)first->senders->pdata[0])->bench);
}

static int by_port(const void *a, const void *b) {
    const Shared *x = *(const Shared *const *)a, *y = *(const Shared *const *)b;
    int order = strcmp(x->to->name, y->to->name);
    return order ? order : (x->port > y->port) - (x->port < y->port);
}

static void link_all(Composer *c, GPtrArray *attachments) {
    g_autoptr(GHashTable) ports =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, shared_free);
    g_autoptr(GPtrArray) crowded = g_ptr_array_new();
    for (unsigned i = 0; i < attachments->len; i++) {
        const Attachment *a = attachments->pdata[i];
        for (unsigned k = 0; a->way != ATTACH_RECEIVES && k < a->wires->len; k++) {
            Wire *w = &g_array_index(a->wires, Wire, k);
            char *key = wire_key(w);
            w->entry = a->entry;
            Shared *shared = g_hash_table_lookup(ports, key);
            if (!shared) {
                shared = g_new0(Shared, 1);
                *shared = (Shared){w->to, w->port, g_ptr_array_new()};
                g_hash_table_insert(ports, g_strdup(key), shared);
            }
            g_ptr_array_add(shared->senders, w);
            if (shared->senders->len == 2) g_ptr_array_add(crowded, shared);
            g_free(key);
        }
    }
    for (unsigned i = 0; i < attachments->len; i++) {
        Attachment *a = attachments->pdata[i];
        stand_where(c, a->section, a->entry);
        for (unsigned k = 0, n; k < a->wires->len; k += n) {
            const Wire *w = &g_array_index(a->wires, Wire, k);
            g_autofree char *key = wire_key(w);
            const Shared *shared = g_hash_table_lookup(ports, key);
            bool alone = a->way == ATTACH_RECEIVES || shared->senders->len == 1;
            for (n = 1; k + n < a->wires->len && follows(w + n - 1, w + n); n++) {
                g_autofree char *next = wire_key(w + n);
                const Shared *other = g_hash_table_lookup(ports, next);
                if (a->way != ATTACH_RECEIVES && (other->senders->len == 1) != alone) break;
            }
            if (alone)
                link_wires(c, a, w, n, a->way);
            else if (a->way == ATTACH_BOTH)
                link_wires(c, a, w, n, ATTACH_RECEIVES);
        }
    }
    for (unsigned i = 0; i < crowded->len; i++)
        g_ptr_array_sort(((Shared *)crowded->pdata[i])->senders, by_sender);
    g_ptr_array_sort(crowded, by_port);
    for (unsigned i = 0, n; i < crowded->len; i += n) {
        Shared *const *shared = (Shared *const *)&crowded->pdata[i];
        for (n = 1; i + n < crowded->len && next_lane(shared[n - 1], shared[n]); n++) continue;
        merge(c, shared, n);
    }
}

/* NAME* in lists ----------------------------------------------------------------------------- */

/* "click*" is click0, click1, ..., as many as there are. */
static bool spell_names(const Scenario *s, const Section *section, Entry *entry, GError **error) {
    g_auto(GStrv) names = g_strsplit(entry->value, ",", -1);
    g_autoptr(GString) out = g_string_new(NULL);
    for (unsigned i = 0; names[i]; i++) {
        const char *name = g_strstrip(names[i]);
        size_t base = strlen(name);
        unsigned n = 0;
        if (!base || name[base - 1] != '*') {
            g_string_append_printf(out, "%s%s", i ? ", " : "", name);
            continue;
        }
        for (;; n++) {
            g_autofree char *element = g_strdup_printf("%.*s%u", (int)base - 1, name, n);
            if (!scenario_component(s, element)) break;
            g_string_append_printf(out, "%s%s", i || n ? ", " : "", element);
        }
        if (!n)
            return entry_error(error, section, entry, "found no component %.*s0 for %s",
                               (int)base - 1, name, name);
    }
    g_free(entry->value);
    entry->value = g_strdup(out->str);
    return true;
}

static bool spell_all_names(const Scenario *s, GError **error) {
    for (unsigned i = 0; i < s->sections->len; i++) {
        const Section *section = s->sections->pdata[i];
        for (unsigned k = 0; section->kind == SECTION_COMPONENT && k < section->entries->len; k++) {
            Entry *entry = section->entries->pdata[k];
            const Param *row = param_find(section_table(section), entry->key);
            if (row && row->item && row->item->type == PARAM_TYPE_NAME &&
                strchr(entry->value, '*') && !spell_names(s, section, entry, error))
                return false;
        }
    }
    return true;
}

/* Between ----------------------------------------------------------------------------------- */

/* "a.0..4 -> b.0..4" */
typedef struct {
    char *from, *to;
    unsigned first_from, first_to, n;
} Ends;

static void ends_clear(Ends *e) {
    g_free(e->from);
    g_free(e->to);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Ends, ends_clear)

static bool read_ends(const char *text, Ends *e) {
    g_auto(GStrv) parts = g_strsplit(text, "->", -1);
    unsigned n;
    return g_strv_length(parts) == 2 && ports_read(parts[0], &e->from, &e->first_from, &n) &&
           ports_read(parts[1], &e->to, &e->first_to, &e->n) && n == e->n;
}

/* How many wires into the link the other's single one is; -1: it is none of these. */
static int wire_of(const Ends *link, const Ends *one, bool reverse) {
    const char *from = reverse ? link->to : link->from, *to = reverse ? link->from : link->to;
    unsigned a = reverse ? link->first_to : link->first_from,
             b = reverse ? link->first_from : link->first_to;
    bool in = !strcmp(from, one->from) && !strcmp(to, one->to) && one->first_from >= a &&
              one->first_from - a < link->n && one->first_from - a == one->first_to - b;
    return in ? (int)(one->first_from - a) : -1;
}

/* A link with the settings of another. */
static Section *link_like(Composer *c, const Section *link, const char *name) {
    composer_section(c, "link", name);
    Section *own = scenario_section(c->scenario, "link", name);
    for (unsigned k = 0; k < link->entries->len; k++) {
        const Entry *e = link->entries->pdata[k];
        if (strcmp(e->key, "link") != 0 && strcmp(e->key, "both") != 0)
            composer_set(c, "link", name, e->key, "%s", e->value);
    }
    return own;
}

/* What is left of a link without its wire number `at`: the wires in front of it and behind it, and,
 * of one that goes both ways, the way that is not cut. False: nothing. */
static bool leave_rest(Composer *c, Section *link, const Ends *e, unsigned at, bool both,
                       bool reverse) {
    const unsigned first[] = {0, at + 1, at}, n[] = {at, e->n - at - 1, both ? 1 : 0};
    Section *own = link; /* the first part is the link itself */
    unsigned made = 0;
    for (unsigned i = 0; i < G_N_ELEMENTS(n); i++) {
        if (!n[i]) continue;
        g_autofree char *name = g_strdup_printf("%s_%u", link->name, ++made),
                        *a = ports_text(e->from, e->first_from + first[i], n[i]),
                        *b = ports_text(e->to, e->first_to + first[i], n[i]);
        bool turned = i == 2 && !reverse;
        g_autofree char *ends = g_strdup_printf("%s -> %s", turned ? b : a, turned ? a : b);
        Section *part = own ? own : link_like(c, link, name);
        section_place_value(part, "link", ends, c->file, c->line);
        section_place_value(part, "both", both && i < 2 ? "yes" : "no", c->file, c->line);
        own = NULL;
    }
    return own == NULL;
}

/* The longest packet of a link is that of its ends' classes, and of neither of these parts'. */
static void keep_mtu(Composer *c, const char *link, const Ends *e) {
    const Section *a = scenario_component(c->scenario, e->from),
                  *b = scenario_component(c->scenario, e->to);
    uint32_t mtu = MAX(a ? a->class->link_mtu : 0, b ? b->class->link_mtu : 0);
    if (mtu) composer_set(c, "link", link, "mtu", "%uB", mtu);
}

static bool put_between(Composer *c, const Attachment *a, GError **error) {
    g_auto(Ends) one = {0};
    const char *own = a->section->name;
    if (!read_ends(a->entry->value, &one) || one.n != 1)
        return entry_error(error, a->section, a->entry, "found \"%s\", expected A.0 -> B.1",
                           a->entry->value);
    for (unsigned i = 0; i < c->scenario->sections->len; i++) {
        Section *link = c->scenario->sections->pdata[i];
        const Entry *entry = link->kind == SECTION_LINK ? section_entry(link, "link") : NULL,
                    *ways = entry ? section_entry(link, "both") : NULL;
        bool both = ways && !strcmp(ways->value, "yes");
        g_auto(Ends) ends = {0};
        if (!entry || !read_ends(entry->value, &ends)) continue;
        int at = wire_of(&ends, &one, false);
        bool reverse = at < 0;
        if (reverse && both) at = wire_of(&ends, &one, true);
        if (at < 0) continue;
        g_autofree char *in = g_strconcat(own, "_in", NULL), *out = g_strconcat(own, "_out", NULL),
                        *cut = g_strdup_printf("%s.%u -> %s.0", one.from, one.first_from, own);
        Section *before = leave_rest(c, link, &ends, (unsigned)at, both, reverse)
                              ? link_like(c, link, in)
                              : link; /* what is left is the part in front of it */
        section_place_value(before, "link", cut, c->file, c->line);
        keep_mtu(c, before->name, &ends);
        composer_section(c, "link", out);
        composer_set(c, "link", out, "link", "%s.0 -> %s.%u", own, one.to, one.first_to);
        composer_set(c, "link", out, "rate", "none");
        const Entry *mtu = section_entry(before, "mtu");
        if (mtu) composer_set(c, "link", out, "mtu", "%s", mtu->value);
        return true;
    }
    return entry_error(error, a->section, a->entry, "found no link from %s.%u to %s.%u", one.from,
                       one.first_from, one.to, one.first_to);
}

/* All ------------------------------------------------------------------------------------- */

static void attachment_free(void *data) {
    Attachment *a = data;
    g_array_unref(a->wires);
    entry_free(a->entry);
    g_free(a);
}

static bool attach_all(Composer *c, GError **error) {
    g_autoptr(GPtrArray) attachments = g_ptr_array_new_with_free_func(attachment_free);
    GPtrArray *sections = c->scenario->sections;
    for (unsigned i = 0; i < sections->len; i++) {
        Section *section = sections->pdata[i];
        Entry *entry = section->kind == SECTION_COMPONENT ? section_entry(section, "attach") : NULL;
        if (!entry) continue;
        guint at = 0;
        g_ptr_array_find(section->entries, entry, &at);
        g_ptr_array_steal_index(section->entries, at);
        Attachment *a = g_new0(Attachment, 1);
        *a = (Attachment){section, entry, ATTACH_NOT, g_array_new(FALSE, FALSE, sizeof(Wire)), 0};
        g_ptr_array_add(attachments, a);
        stand_where(c, section, entry);
        if (!read_attach(c, a, error)) return false;
    }
    c->next = sections->len;
    link_all(c, attachments);
    for (unsigned i = 0; i < attachments->len; i++) {
        const Attachment *a = attachments->pdata[i];
        c->file = a->entry->file;
        c->line = a->entry->line;
        if (a->way == ATTACH_BETWEEN && !put_between(c, a, error)) return false;
    }
    return true;
}

static bool compose_all(Composer *c, bool bring, GError **error) {
    const GPtrArray *sections = c->scenario->sections;
    for (unsigned i = 0; i < sections->len; i++) {
        const Section *section = sections->pdata[i];
        if (section->kind != SECTION_COMPONENT) continue;
        const Composition *own = composition(section);
        bool (*function)(Composer *, const char *, GError **) = bring ? own->bring : own->compose;
        c->next = i + 1;
        c->file = section->file;
        c->line = section->line;
        if (function && !function(c, section->name, error)) return false;
    }
    return true;
}

bool scenario_compose(Scenario *s, GError **error) {
    Composer c = {.scenario = s};
    bool ok = compose_all(&c, true, error) && compose_all(&c, false, error) &&
              attach_all(&c, error) && spell_all_names(s, error);
    if (!c.taken) return ok;
    if (!ok) g_clear_error(error); /* of what follows from that */
    g_propagate_error(error, c.taken);
    return false;
}

const char *scenario_maker(const Scenario *s, const char *component) {
    const Section *made = scenario_component(s, component), *maker = NULL;
    for (unsigned i = 0; made && made->made && i < s->sections->len; i++) {
        const Section *one = s->sections->pdata[i];
        if (one->kind == SECTION_COMPONENT && !one->made && !strcmp(one->file, made->file) &&
            one->line <= made->line && (!maker || one->line > maker->line))
            maker = one;
    }
    return maker ? maker->name : NULL;
}
