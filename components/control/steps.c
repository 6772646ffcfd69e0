/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The steps of a program, read. A step is a word, words that it must have, and options KEY=VALUE,
 * whose table says their types, ranges and defaults, as parameters have them. */
#include <string.h>

#include "components/control/program.h"
#include "fastpath/headers.h"
#include "fastpath/text.h"

/* Options --------------------------------------------------------------------------------- */

typedef struct {
    uint64_t filters, queues, buffers, sram;
    Rate bandwidth;
    int option;
} NpSliceOptions;
static const Param np_slice_options[] = {
    PARAM_COUNT("filters", NpSliceOptions, filters, "64", "1", "131072", "TCAM entries",
                "scenario"),
    PARAM_COUNT("queues", NpSliceOptions, queues, "10", "1", "256", "queues", "scenario"),
    PARAM_WORDS("buffers", COUNT, NpSliceOptions, buffers, "2048", "1", "229376", "equal=0",
                "packet buffers; equal: an equal part", "scenario"),
    PARAM_SIZE("sram", NpSliceOptions, sram, "16KiB", "0B", "8MiB", "block of SRAM", "scenario"),
    PARAM_ROW("bandwidth", RATE, NpSliceOptions, bandwidth, "none",
              "reserved of the NPE, all interfaces together; none: only weights count", "scenario",
              .min = "1kbit/s", .max = "1Tbit/s", .choices = "bits", .words = "none=1bit/s"),
    PARAM_ENUM("option", NpSliceOptions, option, "ipv4", fp_option_choices + 1, "code option",
               "scenario"),
    {0}};

typedef struct {
    char *interfaces;
    double in, out;
    int to;
} PortOptions;
static const Param port_options[] = {
    PARAM_TEXT("interfaces", PortOptions, interfaces, "all", "of which interfaces, 0-4 or 0,2,3",
               "scenario"),
    PARAM_FRACTION("in", PortOptions, in, "0%", "0", "100%",
                   "share of each of them that is reserved, in", "scenario"),
    PARAM_FRACTION("out", PortOptions, out, "0%", "0", "100%", "the same, out", "scenario"),
    PARAM_ENUM("to", PortOptions, to, "default", "default|np_slice|vserver",
               "where it leads; default: to the NP slice, if one is asked for", "scenario"),
    {0}};

typedef struct {
    uint64_t scheduler, limit;
    double share;
} QueueOptions;
static const Param queue_options[] = {
    PARAM_COUNT("scheduler", QueueOptions, scheduler, NULL, "0", "15",
                "the interface whose scheduler serves it", "scenario"),
    PARAM_FRACTION("share", QueueOptions, share, "0%", "0", "100%", "its share of that",
                   "scenario"),
    PARAM_WORDS("limit", COUNT, QueueOptions, limit, "512", "1", "229376", "unlimited=0",
                "packets that it holds", "scenario"),
    {0}};

static const Param no_options[] = {{0}};
/* Those of a vServer: they go to its section, where they are read. */
static const char *const manager_options[] = {"router",      "icmp_rate",     "icmp_burst",
                                              "i3_lifetime", "i3_min_prefix", NULL};

/* Words ----------------------------------------------------------------------------------- */

typedef struct {
    char **words; /* NULL behind the last */
    unsigned n;   /* the next */
} Words;

static char **split(const char *text) {
    g_auto(GStrv) all = g_strsplit_set(text, " \t\n", -1);
    GPtrArray *words = g_ptr_array_new();
    for (unsigned i = 0; all[i]; i++)
        if (*all[i]) g_ptr_array_add(words, g_strdup(all[i]));
    g_ptr_array_add(words, NULL);
    return (char **)g_ptr_array_free(words, FALSE);
}

static const char *next_word(Words *w) {
    return w->words[w->n] ? w->words[w->n++] : "";
}

static bool one_of(const char *word, const char *const *names, const char *what, GError **error) {
    const char *near = param_nearest(word, names);
    if (g_strv_contains(names, word)) return true;
    g_autofree char *list = g_strjoinv(", ", (char **)names);
    return input_error(error, "found \"%s\", expected %s of %s%s%s", word, what, list,
                       near ? "; the nearest is " : "", near ? near : "");
}

static bool number(Words *w, uint32_t low, uint32_t high, const char *what, uint32_t *n,
                   GError **error) {
    const char *word = next_word(w);
    return (text_number(word, high, n) && *n >= low) ||
           input_error(error, "found \"%s\", expected %s, a whole number from %u to %u", word, what,
                       low, high);
}

/* KEY=VALUE ..., to the end. */
static bool options(Words *w, const Param *table, void *target, GError **error) {
    const char *names[16] = {NULL};
    bool given[16] = {false};
    unsigned n = 0;
    for (; table[n].name; n++) names[n] = table[n].name;
    param_set_defaults(table, target);
    for (const char *word; *(word = next_word(w));) {
        g_auto(GStrv) parts = g_strsplit(word, "=", 2);
        if (n == 0 || !parts[1])
            return input_error(error, "found \"%s\", expected %s", word,
                               n ? "KEY=VALUE" : "nothing more");
        if (!one_of(parts[0], names, "one", error)) return false;
        unsigned i = 0;
        while (strcmp(names[i], parts[0]) != 0) i++;
        if (given[i]) return input_error(error, "found %s twice", names[i]);
        given[i] = true;
        if (!error_of_key(param_set(&table[i], target, parts[1], NULL, error), names[i], error))
            return false;
    }
    for (unsigned i = 0; i < n; i++)
        if (!table[i].def && !given[i])
            return input_error(error, "found no %s, expected %s=, %s", names[i], names[i],
                               table[i].text);
    return true;
}

/* Reading --------------------------------------------------------------------------------- */

/* What is known while the steps are read, in their order. */
typedef struct {
    Slice *slice;
    unsigned n_interfaces, np_interfaces; /* of the server, and of the NPE */
    bool np_slice;                        /* it has been asked for, and not freed */
    unsigned queues;
    uint8_t interface_of[SLICE_MAX_QUEUES]; /* FP_NO_INTERFACE: the queue is not open */
    unsigned repeat;                        /* the open one + 1 */
    GArray *steps;
} Reader;

static bool needs_np_slice(const Reader *r, GError **error) {
    return r->np_slice ||
           input_error(error, "found it without an np_slice before it, expected one");
}

static bool read_np_slice(Reader *r, Words *w, Step *s, GError **error) {
    NpSliceOptions o;
    if (r->np_slice) return input_error(error, "found a second one, expected np_free before it");
    if (!options(w, np_slice_options, &o, error)) return false;
    s->request.verb = LRM_NP_SLICE;
    s->request.quota = (LrmQuota){.code_option = o.option,
                                  .filters = (uint32_t)o.filters,
                                  .queues = (uint32_t)o.queues,
                                  .buffers = (uint32_t)o.buffers,
                                  .sram_bytes = (uint32_t)o.sram,
                                  .rate_bps = (uint64_t)o.bandwidth.per_second / 1000 * 1000};
    r->np_slice = true;
    r->queues = (unsigned)o.queues;
    for (unsigned q = 0; q < SLICE_MAX_QUEUES; q++)
        r->interface_of[q] = q < MIN(r->queues, r->np_interfaces) ? (uint8_t)q : FP_NO_INTERFACE;
    return true;
}

static bool read_np_free(Reader *r, Words *w, Step *s, GError **error) {
    s->request.verb = LRM_NP_FREE;
    if (!needs_np_slice(r, error)) return false;
    r->np_slice = false;
    return options(w, no_options, NULL, error);
}

/* "0-4", "0,2,3-4", "all". */
static bool read_interfaces(unsigned n_interfaces, const char *text, uint32_t *mask,
                            GError **error) {
    uint32_t first, last, top = n_interfaces - 1;
    *mask = 0;
    if (!strcmp(text, "all")) {
        *mask = (uint32_t)((UINT64_C(1) << n_interfaces) - 1);
        return true;
    }
    g_auto(GStrv) parts = g_strsplit(text, ",", -1);
    for (unsigned i = 0; parts[i]; i++) {
        g_auto(GStrv) ends = g_strsplit(parts[i], "-", 2);
        if (!ends[0] || !text_number(ends[0], top, &first) ||
            !text_number(ends[1] ? ends[1] : ends[0], top, &last) || last < first)
            return input_error(error,
                               "interfaces: found \"%s\", expected interfaces of 0 to %u, such as "
                               "0-%u or 0,%u, or all",
                               text, top, top, top);
        for (uint32_t n = first; n <= last; n++) *mask |= 1u << n;
    }
    return true;
}

static bool read_protocol(Words *w, Step *s, GError **error) {
    static const char *const names[] = {"udp", "tcp", NULL};
    const char *word = next_word(w);
    uint32_t port;
    if (!one_of(word, names, "a protocol", error) ||
        !number(w, 1, UINT16_MAX, "a port", &port, error))
        return false;
    s->request.protocol = *word == 'u' ? IP_PROTOCOL_UDP : IP_PROTOCOL_TCP;
    s->request.port = (uint16_t)port;
    return true;
}

static bool read_port(Reader *r, Words *w, Step *s, GError **error) {
    enum { TO_DEFAULT, TO_NP_SLICE };
    PortOptions o = {NULL};
    s->request.verb = LRM_PORT;
    bool ok = read_protocol(w, s, error) && options(w, port_options, &o, error);
    bool fast = o.to == TO_NP_SLICE || (o.to == TO_DEFAULT && r->np_slice);
    ok = ok && (!fast || needs_np_slice(r, error)) &&
         read_interfaces(fast ? r->np_interfaces : r->n_interfaces, o.interfaces,
                         &s->request.interfaces, error);
    s->request.in = o.in;
    s->request.out = o.out;
    s->request.fast_path = fast;
    param_clear(port_options, &o);
    return ok;
}

static bool read_port_free(Reader *r, Words *w, Step *s, GError **error) {
    s->request.verb = LRM_PORT_FREE;
    if (!read_protocol(w, s, error) || !options(w, no_options, NULL, error)) return false;
    for (unsigned i = r->steps->len; i-- > 0;) {
        const LrmRequest *q = &g_array_index(r->steps, Step, i).request;
        if (q->verb != LRM_PORT || q->port != s->request.port || q->protocol != s->request.protocol)
            continue;
        s->request.interfaces = q->interfaces;
        s->request.fast_path = q->fast_path;
        return true;
    }
    return input_error(error, "found port %u, which no step before it asks for", s->request.port);
}

static bool read_queue(Reader *r, Words *w, Step *s, GError **error) {
    QueueOptions o;
    if (!needs_np_slice(r, error) ||
        !number(w, 0, r->queues - 1, "a queue", &s->request.queue, error) ||
        !options(w, queue_options, &o, error))
        return false;
    if (o.scheduler >= r->np_interfaces)
        return input_error(error, "scheduler: found %u, expected an interface from 0 to %u",
                           (unsigned)o.scheduler, r->np_interfaces - 1);
    s->request.verb = LRM_QUEUE;
    s->request.interface = (unsigned)o.scheduler;
    s->request.share = o.share;
    s->request.limit = (uint32_t)o.limit;
    r->interface_of[s->request.queue] = (uint8_t)o.scheduler;
    return true;
}

static unsigned first_queue(const Reader *r, unsigned interface) {
    unsigned q = 0;
    while (q < r->queues && r->interface_of[q] != interface) q++;
    return q;
}

/* Its queue is one that the steps before it have put there. */
static bool check_queue(const Reader *r, bool given, FpResult *way, GError **error) {
    if (way->verdict != FP_FORWARD) return true;
    if (!given) way->queue = first_queue(r, way->interface);
    if (!given && way->queue == r->queues)
        return input_error(error,
                           "found interface %u, at which the NP slice has no queue, expected a "
                           "step such as queue 0 scheduler=%u before it",
                           way->interface, way->interface);
    if (way->queue >= r->queues)
        return input_error(error, "found queue %u, but np_slice asks for queues 0 to %u",
                           (unsigned)way->queue, r->queues - 1);
    way->stats = (uint16_t)way->queue;
    if (r->interface_of[way->queue] == way->interface) return true;
    return input_error(error,
                       "found queue %u, which is not at interface %u, expected a step queue %u "
                       "scheduler=%u before it",
                       (unsigned)way->queue, way->interface, (unsigned)way->queue, way->interface);
}

static bool read_filter(Reader *r, Words *w, Step *s, GError **error) {
    SliceFilter *f = &s->request.filter;
    g_autofree char *text = g_strjoinv(" ", w->words + w->n);
    bool queue = g_strv_contains((const char *const *)w->words + w->n, "queue");
    s->request.verb = LRM_FILTER;
    return needs_np_slice(r, error) && slice_parse_filter(r->slice, text, f, error) &&
           check_queue(r, queue, &f->result, error);
}

static bool same_match(const FpFilterKey *a, const FpFilterKey *b) {
    return !memcmp(a->key, b->key, sizeof a->key) && !memcmp(a->mask, b->mask, sizeof a->mask);
}

static bool read_filter_remove(Reader *r, Words *w, Step *s, GError **error) {
    g_autofree char *key = g_strjoinv(" ", w->words + w->n),
                    *text = g_strconcat(key, " deny", NULL);
    SliceFilter f;
    s->request.verb = LRM_FILTER_REMOVE;
    if (!needs_np_slice(r, error) || !slice_parse_filter(r->slice, text, &f, error)) return false;
    for (unsigned i = r->steps->len; i-- > 0;) {
        const LrmRequest *q = &g_array_index(r->steps, Step, i).request;
        if (q->verb != LRM_FILTER || !same_match(&q->filter.match, &f.match)) continue;
        s->of = i;
        return true;
    }
    return input_error(error, "found %s, expected the KEY of a filter that a step before it adds",
                       key);
}

static bool read_sram(Reader *r, Words *w, Step *s, GError **error) {
    static const char *const names[] = {"write", "read", NULL};
    const char *word = next_word(w);
    LrmRequest *q = &s->request;
    if (!needs_np_slice(r, error) || !one_of(word, names, "one", error) ||
        !number(w, 0, 8u << 20, "an offset", &q->offset, error))
        return false;
    q->verb = *word == 'w' ? LRM_SRAM_WRITE : LRM_SRAM_READ;
    if (q->verb == LRM_SRAM_READ)
        return number(w, 1, LRM_SRAM_BYTES, "bytes", &q->n, error) &&
               options(w, no_options, NULL, error);
    const char *hex = next_word(w);
    q->bytes = s->bytes = g_malloc(LRM_SRAM_BYTES);
    if (!text_bytes(hex, LRM_SRAM_BYTES, s->bytes, &q->n))
        return input_error(error, "found \"%s\", expected 1 to %u bytes in hexadecimal", hex,
                           LRM_SRAM_BYTES);
    return options(w, no_options, NULL, error);
}

static bool read_share(Reader *r, Words *w, Step *s, GError **error) {
    static const char *const ways[] = {"in", "out", NULL};
    static const Param row = {
        .name = "share", .type = PARAM_TYPE_FRACTION, .min = "0", .max = "100%"};
    uint32_t interface;
    s->request.verb = LRM_SHARE;
    if (!number(w, 0, r->n_interfaces - 1, "an interface", &interface, error)) return false;
    const char *word = next_word(w);
    s->request.interface = interface;
    s->request.outgoing = !strcmp(word, "out");
    return one_of(word, ways, "one", error) &&
           param_set(&row, &s->request.share, next_word(w), NULL, error) &&
           options(w, no_options, NULL, error);
}

static bool read_time(Words *w, const char *low, SimTime *time, GError **error) {
    const Param row = {.name = "time", .type = PARAM_TYPE_TIME, .min = low, .max = "1000000s"};
    return param_set(&row, time, next_word(w), NULL, error) && options(w, no_options, NULL, error);
}

static bool read_counters(Reader *r, Words *w, Step *s, GError **error) {
    static const char *const every[] = {"every", NULL};
    s->request.verb = LRM_COUNTERS;
    s->kind = STEP_COUNTERS;
    return needs_np_slice(r, error) && one_of(next_word(w), every, "the word", error) &&
           read_time(w, "1us", &s->time, error);
}

static bool read_sleep(Reader *r, Words *w, Step *s, GError **error) {
    (void)r;
    s->kind = STEP_SLEEP;
    return read_time(w, "0", &s->time, error);
}

static bool read_manager(Reader *r, Words *w, Step *s, GError **error) {
    (void)r;
    s->kind = STEP_MANAGER;
    for (const char *word; *(word = next_word(w));) {
        g_auto(GStrv) parts = g_strsplit(word, "=", 2);
        if (!parts[1]) return input_error(error, "found \"%s\", expected KEY=VALUE", word);
        if (!one_of(parts[0], manager_options, "one", error)) return false;
    }
    return true;
}

static bool read_repeat(Reader *r, Words *w, Step *s, GError **error) {
    s->kind = STEP_REPEAT;
    if (r->repeat) return input_error(error, "found one inside another, expected `end` before it");
    r->repeat = r->steps->len + 1;
    return number(w, 1, 1000000, "how often", &s->times, error) &&
           options(w, no_options, NULL, error);
}

static bool read_end(Reader *r, Words *w, Step *s, GError **error) {
    s->kind = STEP_END;
    if (!r->repeat) return input_error(error, "found it without a repeat before it");
    s->of = r->repeat - 1;
    r->repeat = 0;
    return options(w, no_options, NULL, error);
}

static const struct {
    const char *name, *form, *text; /* `form` begins with the name */
    const Param *options;
    bool (*read)(Reader *r, Words *w, Step *s, GError **error);
} verbs[] = {
    {"np_slice", "np_slice KEY=VALUE ...", "a part of an NPE that the node chooses",
     np_slice_options, read_np_slice},
    {"np_free", "np_free", "and back", NULL, read_np_free},
    {"port", "port udp|tcp PORT KEY=VALUE ...", "an external port", port_options, read_port},
    {"port_free", "port_free udp|tcp PORT", "and back", NULL, read_port_free},
    {"queue", "queue QUEUE scheduler=INTERFACE KEY=VALUE ...",
     "whose scheduler serves a queue, and how", queue_options, read_queue},
    {"filter", "filter FILTER", "as in a slice's routes, in front of the slice's others", NULL,
     read_filter},
    {"filter_remove", "filter_remove KEY", "the filter of that KEY goes", NULL, read_filter_remove},
    {"sram", "sram write OFFSET HEX, read OFFSET BYTES", "the slice's block of SRAM", NULL,
     read_sram},
    {"share", "share INTERFACE in|out SHARE", "another share of the line card's interface", NULL,
     read_share},
    {"counters", "counters every TIME",
     "reads all counters, again and again, while other steps go on", NULL, read_counters},
    {"manager", "manager KEY=VALUE ...",
     "the vServer runs the slice's manager, from its start on; router, icmp_rate, icmp_burst, "
     "i3_lifetime and i3_min_prefix are those of a vserver",
     NULL, read_manager},
    {"sleep", "sleep TIME", "the next step comes so much later", NULL, read_sleep},
    {"repeat", "repeat TIMES", "the steps up to `end`, so often", NULL, read_repeat},
    {"end", "end", "of a repeat", NULL, read_end}};

bool steps_choice(unsigned n, Choice *choice) {
    if (n >= G_N_ELEMENTS(verbs)) return false;
    *choice = (Choice){"steps", verbs[n].form, verbs[n].text, verbs[n].options, NULL, NULL};
    return true;
}

static bool read_step(Reader *r, char *text, GError **error) {
    const char *names[G_N_ELEMENTS(verbs) + 1] = {NULL};
    g_auto(GStrv) words = split(text);
    Words w = {words, 0};
    Step s = {.text = g_strdup(text), .request = {.slice = r->slice, .protocol = IP_PROTOCOL_UDP}};
    unsigned n = 0;
    for (unsigned i = 0; i < G_N_ELEMENTS(verbs); i++) names[i] = verbs[i].name;
    s.try = !strcmp(words[0], "try");
    w.n = s.try;
    const char *word = next_word(&w);
    bool ok = one_of(word, names, "a step", error);
    while (ok && strcmp(verbs[n].name, word) != 0) n++;
    ok = ok && verbs[n].read(r, &w, &s, error);
    if (ok)
        g_array_append_val(r->steps, s);
    else
        step_clear(&s);
    if (!ok) g_prefix_error(error, "steps: \"%s\": ", text);
    return ok;
}

void step_clear(void *step) {
    Step *s = step;
    g_clear_pointer(&s->text, g_free);
    g_clear_pointer(&s->bytes, g_free);
}

bool steps_read(const char *text, Slice *slice, unsigned n_interfaces, GArray *steps,
                GError **error) {
    Reader r = {.slice = slice,
                .n_interfaces = n_interfaces,
                .np_interfaces = slice ? npe_interfaces(slice->npe) : n_interfaces,
                .steps = steps};
    g_auto(GStrv) all = g_strsplit(text, ";", -1);
    for (unsigned i = 0; all[i]; i++)
        if (*g_strstrip(all[i]) && !read_step(&r, all[i], error)) return false;
    return !r.repeat || input_error(error, "steps: found a repeat without its `end`");
}

/* Before there are components -------------------------------------------------------------- */

/* Of a value that iterates, "a ${with let.n: b, c} d", what it is at the first point: "a b d". */
static char *at_first_point(const char *text) {
    const char *from = strstr(text, "${"), *end = from ? strchr(from, '}') : NULL;
    if (!end) return g_strdup(text);
    const char *item = from + strlen("${"), *colon = strstr(item, ": "), *comma;
    if (g_str_has_prefix(item, "with ") && colon && colon < end) item = colon + strlen(": ");
    comma = strstr(item, ", ");
    g_autofree char *rest = at_first_point(end + 1);
    return g_strdup_printf("%.*s%.*s%s", (int)(from - text), text,
                           (int)((comma && comma < end ? comma : end) - item), item, rest);
}

bool steps_have(const char *text, const char *verb, char **rest) {
    g_autofree char *first = at_first_point(text);
    g_auto(GStrv) all = g_strsplit(first, ";", -1);
    for (unsigned i = 0; all[i]; i++) {
        g_auto(GStrv) words = split(all[i]);
        unsigned n = g_strcmp0(words[0], "try") == 0;
        if (g_strcmp0(words[n], verb) != 0) continue;
        if (rest) *rest = g_strjoinv(" ", words + n + 1);
        return true;
    }
    return false;
}

unsigned steps_udp_port(const char *text) {
    g_autofree char *rest = NULL;
    uint32_t port = 0;
    if (!steps_have(text, "port", &rest)) return 0;
    g_auto(GStrv) words = split(rest);
    bool udp = !g_strcmp0(words[0], "udp") && words[1];
    return udp && text_number(words[1], UINT16_MAX, &port) ? port : 0;
}
