/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a slice's control software asks of the management processor: from the scenario's script,
 * whose words are read here, and from other components by the typed calls of slice.h. A request
 * takes effect when the processor has served it; what cannot be done then is refused in the reply.
 *
 * Replies go to mp-SLICE.txt in the results folder, a line each. SPP paper 2.2, 4 and 6. That a
 * slice is attached and detached by one request, which the line card follows at once, is assumed.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "components/linecard/linecard.h"
#include "components/slice/slice.h"
#include "fastpath/text.h"

typedef struct Request Request;

typedef struct {
    /* The words behind the verb; false, and nothing or a whole error in *error. */
    bool (*read)(const Slice *s, const char *args, Request *r, GError **error);
    void (*run)(Slice *s, const Request *r, SimTime now);
    bool detached; /* can be asked of a slice that is not attached */
} Action;

struct Request {
    const Action *action;
    SliceFilter filter;
    uint32_t a, b; /* position, queue, offset or port; limit, interface or bytes */
    double share;
    bool flag; /* filter_remove: by key; share: out */
    uint8_t *bytes;
};

static void request_free(void *data) {
    Request *r = data;
    g_free(r->bytes);
    g_free(r);
}

/* Replies --------------------------------------------------------------------------------- */

static void reply(Slice *s, SimTime now, const char *format, ...) G_GNUC_PRINTF(3, 4);
static void reply(Slice *s, SimTime now, const char *format, ...) {
    if (!s->replies_path || s->replies_error) return;
    if (!s->replies && !(s->replies = fopen(s->replies_path, "w"))) {
        s->replies_error = errno;
        return;
    }
    va_list args;
    va_start(args, format);
    fprintf(s->replies, "%.6f s  ", (double)now / 1e12);
    vfprintf(s->replies, format, args);
    fputc('\n', s->replies);
    va_end(args);
}

static void refuse(Slice *s, SimTime now, const char *why) {
    s->mp_refused++;
    reply(s, now, "refused: %s", why);
}

/* Whether it was done; if not, what `error` says, which is freed, is the reply. */
static bool answered(Slice *s, SimTime now, bool done, GError **error) {
    if (!done) refuse(s, now, (*error)->message);
    g_clear_error(error);
    return done;
}

/* Filters --------------------------------------------------------------------------------- */

static bool read_filter(const Slice *s, const char *args, Request *r, GError **error) {
    if (slice_parse_filter(s, args, &r->filter, error) &&
        slice_check_filter(s, &r->filter, true, error)) {
        if (!r->filter.match.n_memory || r->filter.data) return true;
        input_error(error,
                    "found \"%s\", expected DATA behind it: where in its SRAM the slice keeps what "
                    "Format compares (see sram_write)",
                    args);
    }
    g_prefix_error(error, "filter_add: ");
    return false;
}

static void add_filter(Slice *s, const Request *r, SimTime now) {
    GError *error = NULL;
    uint32_t position;
    if (answered(s, now, slice_filter_insert(s, &r->filter, &position, &error), &error))
        reply(s, now, "filter %u added", position);
}

static bool read_removal(const Slice *s, const char *args, Request *r, GError **error) {
    (void)error;
    if (text_number(args, UINT32_MAX, &r->a)) return true;
    g_autofree char *filter = g_strconcat(args, " deny", NULL);
    r->flag = g_str_has_prefix(args, "key ") && slice_parse_filter(s, filter, &r->filter, NULL);
    return r->flag;
}

static uint32_t position_of(const Slice *s, const SliceFilter *f) {
    TcamWord key = tcam_word((uint16_t)s->number, f->match.key),
             mask = tcam_word(0xffff, f->match.mask), v, m;
    uint32_t position = 0;
    for (; npe_filter_next(s->npe, s->number, position, &position, &v, &m); position++)
        if (!memcmp(&v, &key, sizeof v) && !memcmp(&m, &mask, sizeof m)) return position;
    return TCAM_MAX_ENTRIES;
}

static void remove_filter(Slice *s, const Request *r, SimTime now) {
    GError *error = NULL;
    uint32_t position = r->flag ? position_of(s, &r->filter) : r->a;
    if (answered(s, now, slice_filter_take(s, position, &error), &error))
        reply(s, now, "filter %u removed", position);
}

static bool read_nothing(const Slice *s, const char *args, Request *r, GError **error) {
    (void)s, (void)r, (void)error;
    return !*args;
}

static void list_filters(Slice *s, const Request *r, SimTime now) {
    uint32_t position = 0;
    TcamWord value, mask;
    (void)r;
    for (; npe_filter_next(s->npe, s->number, position, &position, &value, &mask); position++)
        reply(s, now,
              "filter %u: key %012" G_GINT64_MODIFIER "x%016" G_GINT64_MODIFIER
              "x mask %012" G_GINT64_MODIFIER "x%016" G_GINT64_MODIFIER "x",
              position, value.word[0] & 0xffffffffffff, value.word[1],
              mask.word[0] & 0xffffffffffff, mask.word[1]);
}

/* Queues and shares ----------------------------------------------------------------------- */

static bool read_share(const char *text, double *share) {
    static const Param row = {.name = "share", .type = PARAM_TYPE_FRACTION};
    return param_set(&row, share, text, NULL, NULL) && *share > 0;
}

static void set_queue_share(Slice *s, const Request *r, SimTime now) {
    GError *error = NULL;
    if (answered(s, now, slice_queue_share(s, r->a, r->share, &error), &error))
        reply(s, now, "queue %u has a share of %g%%", r->a, r->share * 100);
}

static void set_queue_limit(Slice *s, const Request *r, SimTime now) {
    GError *error = NULL;
    if (!answered(s, now, slice_queue_limit(s, r->a, r->b, &error), &error)) return;
    if (r->b)
        reply(s, now, "queue %u holds up to %u packets", r->a, r->b);
    else
        reply(s, now, "queue %u has no limit", r->a);
}

static void move_queue(Slice *s, const Request *r, SimTime now) {
    GError *error = NULL;
    if (answered(s, now, slice_queue_move(s, r->a, r->b, &error), &error))
        reply(s, now, "queue %u goes to interface %u", r->a, r->b);
}

static bool read_queue(const Slice *s, const char *args, Request *r, GError **error) {
    (void)error;
    static const Action share = {NULL, set_queue_share, false},
                        limit = {NULL, set_queue_limit, false}, move = {NULL, move_queue, false};
    char number[16], word[16], text[64], rest;
    if (sscanf(args, "%15s %15s %63s %c", number, word, text, &rest) != 3 ||
        !text_number(number, s->room - 1, &r->a))
        return false;
    if (!strcmp(word, "share")) {
        r->action = &share;
        return read_share(text, &r->share);
    }
    if (!strcmp(word, "limit")) {
        r->action = &limit;
        r->b = 0;
        return !strcmp(text, "unlimited") || (text_number(text, UINT32_MAX, &r->b) && r->b > 0);
    }
    r->action = &move;
    return !strcmp(word, "interface") && text_number(text, npe_interfaces(s->npe) - 1, &r->b);
}

static bool read_open(const Slice *s, const char *args, Request *r, GError **error) {
    g_auto(GStrv) parts = g_strsplit(args, ":", 2);
    (void)error;
    return parts[0] && text_number(parts[0], npe_interfaces(s->npe) - 1, &r->b) &&
           (!parts[1] || read_share(parts[1], &r->share));
}

static void open_queue(Slice *s, const Request *r, SimTime now) {
    GError *error = NULL;
    unsigned queue;
    if (answered(s, now, slice_queue_open(s, r->b, r->share, &queue, &error), &error))
        reply(s, now, "queue %u opened at interface %u", queue, r->b);
}

static bool read_close(const Slice *s, const char *args, Request *r, GError **error) {
    (void)error;
    return text_number(args, s->room - 1, &r->a);
}

static void close_queue(Slice *s, const Request *r, SimTime now) {
    GError *error = NULL;
    if (answered(s, now, slice_queue_close(s, r->a, &error), &error))
        reply(s, now, "queue %u closes", r->a);
}

static bool read_line_share(const Slice *s, const char *args, Request *r, GError **error) {
    char number[16], word[16], text[64], rest;
    (void)error;
    if (sscanf(args, "%15s %15s %63s %c", number, word, text, &rest) != 3 ||
        !text_number(number, npe_interfaces(s->npe) - 1, &r->b))
        return false;
    r->flag = !strcmp(word, "out");
    return (r->flag || !strcmp(word, "in")) && read_share(text, &r->share);
}

static void set_line_share(Slice *s, const Request *r, SimTime now) {
    GError *error = NULL;
    if (!npe_switched(s->npe)) {
        refuse(s, now, "the NPE has no line card");
        return;
    }
    LineCard *lc = npe_linecard(s->npe);
    if (answered(s, now, linecard_set_share(lc, s->class, r->b, r->flag, r->share, &error), &error))
        reply(s, now, "interface %u %s has a share of %g%%", r->b, r->flag ? "out" : "in",
              r->share * 100);
}

/* Ports ----------------------------------------------------------------------------------- */

static bool read_port(const Slice *s, const char *args, Request *r, GError **error) {
    if (!text_number(args, UINT16_MAX, &r->a) || r->a == 0) return false;
    return r->a != s->udp_port ||
           input_error(error, "found port %u, which is its udp_port, expected another", r->a);
}

static void open_port(Slice *s, const Request *r, SimTime now) {
    GError *error = NULL;
    if (answered(s, now, slice_port_open(s, (uint16_t)r->a, &error), &error))
        reply(s, now, "port %u opened", r->a);
}

static void close_port(Slice *s, const Request *r, SimTime now) {
    GError *error = NULL;
    if (answered(s, now, slice_port_close(s, (uint16_t)r->a, &error), &error))
        reply(s, now, "port %u closed", r->a);
}

/* Memory and counters --------------------------------------------------------------------- */

static bool inside(const Slice *s, const Request *r) {
    return r->b <= s->sram && r->a <= s->sram - r->b;
}

static bool read_write(const Slice *s, const char *args, Request *r, GError **error) {
    char number[16], text[2048], rest;
    (void)error;
    if (sscanf(args, "%15s %2047s %c", number, text, &rest) != 2 ||
        !text_number(number, UINT32_MAX, &r->a))
        return false;
    r->bytes = g_malloc(sizeof text / 2);
    return text_bytes(text, sizeof text / 2, r->bytes, &r->b) && inside(s, r);
}

static void write_sram(Slice *s, const Request *r, SimTime now) {
    memcpy(fp_slice_sram(npe_tables(s->npe), s->number, r->a, r->b), r->bytes, r->b);
    reply(s, now, "%u bytes written at %u", r->b, r->a);
}

static bool read_read(const Slice *s, const char *args, Request *r, GError **error) {
    char number[16], text[16], rest;
    (void)error;
    return sscanf(args, "%15s %15s %c", number, text, &rest) == 2 &&
           text_number(number, UINT32_MAX, &r->a) && text_number(text, UINT32_MAX, &r->b) &&
           inside(s, r);
}

static void read_sram(Slice *s, const Request *r, SimTime now) {
    const uint8_t *sram = fp_slice_sram(npe_tables(s->npe), s->number, r->a, r->b);
    g_autoptr(GString) hex = g_string_new(NULL);
    for (uint32_t i = 0; i < r->b; i++) g_string_append_printf(hex, "%02x", sram[i]);
    reply(s, now, "%u bytes at %u: %s", r->b, r->a, hex->str);
}

static void list_counters(Slice *s, const Request *r, SimTime now) {
    FpCounter n;
    (void)r;
    for (unsigned i = 0; slice_counter(s, i, &n); i++)
        reply(s, now,
              "counter %u: %" G_GUINT64_FORMAT " packets %" G_GUINT64_FORMAT
              " bytes before the queue, %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " after",
              i, n.packets_in, n.bytes_in, n.packets_out, n.bytes_out);
}

/* Life ------------------------------------------------------------------------------------ */

static void attach(Slice *s, const Request *r, SimTime now) {
    GError *error = NULL;
    (void)r;
    if (s->attached)
        refuse(s, now, "the slice is attached");
    else if (answered(s, now, slice_attach(s, NULL, &error), &error))
        reply(s, now, "attached as slice %u", s->number);
}

static void detach(Slice *s, const Request *r, SimTime now) {
    (void)r;
    slice_detach(s);
    reply(s, now, "detached");
}

/* The verbs ------------------------------------------------------------------------------- */

const Verb slice_verbs[] = {
    {"attach", "", "take all that the settings ask for, or nothing"},
    {"detach", "", "give it back; packets of the slice that are inside end as detached"},
    {"filter_add", "FILTER", "one more filter, as in `routes`, in front of the slice's others"},
    {"filter_remove", "POSITION|key HEX[/MASK]", "a filter goes"},
    {"filter_list", "", "all filters, in the reply"},
    {"queue", "N share SHARE|limit PACKETS|limit unlimited|interface I",
     "what queue N, from 0, gets, how much it holds, or whose scheduler serves it"},
    {"queue_open", "INTERFACE[:SHARE]",
     "one more queue, up to max_queues; the reply has its number"},
    {"queue_close", "N", "no more packets for queue N; it is free when those inside have left"},
    {"share", "INTERFACE in|out SHARE",
     "its share of one interface of the line card, one way, above 0% and up to 100%"},
    {"port_open", "PORT", "one more UDP port at every interface, from 1"},
    {"port_close", "PORT", "a port that port_open opened goes; udp_port stays"},
    {"sram_write", "OFFSET HEX", "bytes into its block of SRAM, which ends at `sram`"},
    {"sram_read", "OFFSET BYTES", "bytes of its block of SRAM, which ends at `sram`, in the reply"},
    {"counters", "", "all counters, in the reply"},
    {0}};

static const Action actions[] = {{read_nothing, attach, true},
                                 {read_nothing, detach, false},
                                 {read_filter, add_filter, false},
                                 {read_removal, remove_filter, false},
                                 {read_nothing, list_filters, false},
                                 {read_queue, NULL, false},
                                 {read_open, open_queue, false},
                                 {read_close, close_queue, false},
                                 {read_line_share, set_line_share, false},
                                 {read_port, open_port, false},
                                 {read_port, close_port, false},
                                 {read_write, write_sram, false},
                                 {read_read, read_sram, false},
                                 {read_nothing, list_counters, false}};
G_STATIC_ASSERT(G_N_ELEMENTS(actions) + 1 == G_N_ELEMENTS(slice_verbs));

enum { FILTER_ADD = 2, FILTER_REMOVE = 3, SRAM_WRITE = 11 };

static bool parse(const Slice *s, const char *verb, const char *args, Request *r, GError **error) {
    g_autoptr(GError) own = NULL;
    if (!component_has_verb(&s->base, verb, error)) return false;
    unsigned n = 0;
    while (strcmp(slice_verbs[n].name, verb) != 0) n++;
    r->action = &actions[n];
    if (actions[n].read(s, args, r, &own)) return true;
    if (own) {
        g_propagate_error(error, g_steal_pointer(&own));
        return false;
    }
    if (!*slice_verbs[n].arguments)
        return input_error(error, "%s: found \"%s\", expected nothing after it", verb, args);
    return input_error(error, "%s: found \"%s\", expected %s: %s", verb, args,
                       slice_verbs[n].arguments, slice_verbs[n].text);
}

static void carry_out(void *user, void *data, SimTime now) {
    Slice *s = user;
    Request *r = data;
    s->mp_done++;
    if (s->attached || r->action->detached)
        r->action->run(s, r, now);
    else
        refuse(s, now, "the slice is detached");
    request_free(r);
}

bool slice_understands(const Component *c, const char *verb, const char *args, GError **error) {
    if (((const Slice *)c)->voice)
        return input_error(error,
                           "%s: found it for a slice that a program brings, expected a step: all "
                           "that it asks for goes through its local resource manager",
                           verb);
    Request *r = g_new0(Request, 1);
    bool ok = parse((const Slice *)c, verb, args, r, error);
    request_free(r);
    return ok;
}

static void submit(Slice *s, Request *r) {
    if (mp_submit(npe_mp(s->npe), s->mp, carry_out, s, r, request_free)) return;
    refuse(s, sim_now(s->base.sim), "too many requests of the slice wait already (mp_backlog)");
    request_free(r);
}

bool slice_command(Component *c, const char *verb, const char *args, GError **error) {
    Request *r = g_new0(Request, 1);
    bool ok = parse((const Slice *)c, verb, args, r, error);
    if (ok)
        submit((Slice *)c, r);
    else
        request_free(r);
    return ok;
}

/* Of a slice that was granted: through whoever asks for it. */
static bool by_voice(const Slice *s, const SliceWish *wish) {
    bool has = s->granted && s->voice;
    if (has) s->voice(s->voice_user, wish);
    return has;
}

void slice_filter_add(Slice *s, const SliceFilter *filter) {
    if (by_voice(s, &(SliceWish){.what = WISH_FILTER_ADD, .filter = *filter})) return;
    Request *r = g_new0(Request, 1);
    *r = (Request){.action = &actions[FILTER_ADD], .filter = *filter};
    submit(s, r);
}

void slice_filter_remove(Slice *s, const SliceFilter *filter) {
    if (by_voice(s, &(SliceWish){.what = WISH_FILTER_REMOVE, .filter = *filter})) return;
    Request *r = g_new0(Request, 1);
    *r = (Request){.action = &actions[FILTER_REMOVE], .filter = *filter, .flag = true};
    submit(s, r);
}

void slice_sram_write(Slice *s, uint32_t offset, const uint8_t *bytes, uint32_t n) {
    const SliceWish wish = {.what = WISH_SRAM_WRITE, .offset = offset, .n = n, .bytes = bytes};
    if (by_voice(s, &wish)) return;
    Request *r = g_new0(Request, 1);
    *r = (Request){
        .action = &actions[SRAM_WRITE], .a = offset, .b = n, .bytes = g_memdup2(bytes, n)};
    submit(s, r);
}
