/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A slice on an NPE: its code option, UDP port, queues and filters, put in place before the run
 * through the same calls that the management processor uses later. Has no ports of its own.
 *
 * Its queues are one per interface, or what `queues` says, and one more for its exceptions. Filters
 * come as routes, inline (separated by `;`) or one per line of a file; the one that looks at most
 * bits is put first (of prefixes the longest), because position decides in a TCAM. On a line card
 * the slice gets a traffic class, with its VLAN and its share of each interface, and binds its UDP
 * port at every interface's address. */
#include "components/slice/slice.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "components/linecard/linecard.h"
#include "fastpath/headers.h"
#include "fastpath/options/i3.h"
#include "fastpath/options/ipv4.h"
#include "fastpath/text.h"

enum { TENTHS = 10 };

/* Filters --------------------------------------------------------------------------------- */

static const FpCodeOption *option_of(const Slice *s) {
    return fp_code_options[s->code_option];
}

unsigned slice_first_queue(const Slice *s, unsigned interface) {
    for (unsigned q = 0; q < s->room; q++)
        if (s->interface_of[q] == interface) return q;
    return s->room;
}

bool slice_check_filter(const Slice *s, const SliceFilter *f, bool script, GError **error) {
    unsigned queue = f->result.queue, interface = f->result.interface;
    bool later = script && s->room > s->n_queues; /* it may open and move others */
    if (f->result.verdict != FP_FORWARD) return true;
    if (slice_first_queue(s, interface) == s->room)
        return later ||
               input_error(error, "found interface %u, at which the slice has no queue", interface);
    if (queue >= s->room)
        return input_error(error, "found queue %u, but the slice has queues 0 to %u", queue,
                           s->room - 1);
    if (s->interface_of[queue] == interface || later) return true;
    if (s->interface_of[queue] == FP_NO_INTERFACE)
        return input_error(error, "found queue %u, which is not open from the start", queue);
    return input_error(error,
                       "found queue %u, which is at interface %u, expected one at interface %u",
                       queue, s->interface_of[queue], interface);
}

/* `word` is where it stops making sense; NULL: it ends there. */
static bool unlike(const char *text, const char *word, GError **error, const char *format, ...)
    G_GNUC_PRINTF(4, 5);
static bool unlike(const char *text, const char *word, GError **error, const char *format, ...) {
    va_list args;
    va_start(args, format);
    g_autofree char *expected = g_strdup_vprintf(format, args);
    va_end(args);
    return input_error(error, "found \"%s\", expected %s %s%s%s", text, expected,
                       word ? "in place of \"" : "at its end", word ? word : "", word ? "\"" : "");
}

/* What becomes of them. */
static bool parse_way(const Slice *s, const char *text, const char *const *w, unsigned *at,
                      SliceFilter *f, GError **error) {
    static const struct {
        const char *word;
        FpVerdict verdict;
        FpReason reason;
    } ends[] = {{"local", FP_EXCEPTION, FP_LOCAL},
                {"many", FP_EXCEPTION, FP_I3_MANY},
                {"deny", FP_DROP, FP_DENIED}};
    uint32_t interface, last = npe_interfaces(s->npe) - 1;
    for (unsigned i = 0; w[*at] && i < G_N_ELEMENTS(ends); i++) {
        if (strcmp(w[*at], ends[i].word) != 0) continue;
        f->result.verdict = (uint8_t)ends[i].verdict;
        f->result.reason = (uint8_t)ends[i].reason;
        ++*at;
        return true;
    }
    if (!text_number(w[*at], last, &interface))
        return unlike(text, w[*at], error, "an interface from 0 to %u, local, many or deny", last);
    if (!text_host(w[*at + 1], &f->result.next_hop, &f->result.next_port))
        return unlike(text, w[*at + 1], error,
                      "NEXT-HOP:PORT such as 192.168.100.1:30000, with a port from 1 to 65535,");
    f->result.verdict = FP_FORWARD;
    f->result.interface = (uint16_t)interface;
    f->result.queue = slice_first_queue(s, interface);
    *at += 2;
    if (!w[*at] || !g_ascii_isdigit(*w[*at])) return true;
    uint32_t most = option_of(s)->data_max ? option_of(s)->data_max : UINT32_MAX;
    if (!text_number(w[*at], most, &f->result.data))
        return unlike(text, w[*at], error, "data from 0 to %u", most);
    f->data = true;
    ++*at;
    return true;
}

bool slice_parse_filter(const Slice *s, const char *text, SliceFilter *f, GError **error) {
    g_auto(GStrv) raw = g_strsplit_set(text, " \t", -1);
    enum { MAX_WORDS = 15 };
    const char *w[MAX_WORDS + 2] = {0}; /* two more than are used: NULL is behind the last */
    unsigned n = 0, at;
    for (unsigned i = 0; raw[i]; i++) {
        if (!*raw[i]) continue;
        if (n == MAX_WORDS) return unlike(text, raw[i], error, "at most %d words, not one", n);
        w[n++] = raw[i];
    }
    *f = (SliceFilter){0};
    if (!fp_read_key(option_of(s), w, &at, &f->match))
        return unlike(text, w[at], error, "%s%skey HEX[/MASK] of up to %u bytes",
                      option_of(s)->read_key ? option_of(s)->key_text : "",
                      option_of(s)->read_key ? ", or " : "", FP_KEY_BYTES);
    if (!parse_way(s, text, w, &at, f, error)) return false;
    for (; w[at]; at += 2) {
        uint32_t prefix;
        unsigned length;
        if (!strcmp(w[at], "queue")) {
            if (!text_number(w[at + 1], UINT32_MAX, &f->result.queue))
                return unlike(text, w[at + 1], error, "the number of a queue");
        } else if (!strcmp(w[at], "from")) {
            if (!text_prefix(w[at + 1], &prefix, &length))
                return unlike(text, w[at + 1], error, "PREFIX/LENGTH such as 10.0.0.0/8");
            put32(f->match.mask + IPV4_KEY_SOURCE, length ? UINT32_MAX << (32 - length) : 0);
            put32(f->match.key + IPV4_KEY_SOURCE, prefix & get32(f->match.mask + IPV4_KEY_SOURCE));
        } else {
            return unlike(text, w[at], error, "queue N, from PREFIX/LENGTH or nothing");
        }
    }
    for (unsigned i = 0; i < FP_KEY_BYTES; i++)
        f->bits += (unsigned)__builtin_popcount(f->match.mask[i]);
    f->result.stats = (uint16_t)f->result.queue;
    return true;
}

static int narrowest_first(const void *a, const void *b) {
    const SliceFilter *x = a, *y = b;
    if (x->bits != y->bits) return x->bits > y->bits ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static bool no_room(const Slice *s, bool quota, unsigned n, GError **error) {
    const char *key = *s->routes_file ? "routes_file" : "routes";
    if (quota)
        return input_error(error, "%s: found %u filters, but filters = %" G_GUINT64_FORMAT, key, n,
                           s->filter_quota);
    return input_error(error,
                       "%s: found %u filters, but the TCAM of %s has %u of its %u entries left",
                       key, n, s->npe_name, npe_filters_free(s->npe), TCAM_MAX_ENTRIES);
}

static bool read_routes(Slice *s, GError **error) {
    g_autofree char *text = NULL;
    bool file = *s->routes_file != 0;
    if (file) {
        g_autoptr(GError) cause = NULL;
        if (!g_file_get_contents(s->routes_file, &text, NULL, &cause))
            return input_error(error, "routes_file: %s", cause->message);
    } else {
        text = g_strdup(s->routes);
    }
    g_auto(GStrv) lines = g_strsplit_set(text, file ? "\n" : ";", -1);
    for (unsigned i = 0; lines[i]; i++) {
        const char *line = g_strstrip(lines[i]);
        if (!*line || *line == '#') continue;
        SliceFilter f;
        g_autofree char *where = file ? g_strdup_printf("routes_file: %s:%u", s->routes_file, i + 1)
                                      : g_strdup("routes");
        if (!slice_parse_filter(s, line, &f, error) || !slice_check_filter(s, &f, false, error)) {
            g_prefix_error(error, "%s: ", where);
            return false;
        }
        f.order = i;
        g_array_append_val(s->filters, f);
    }
    if (s->filter_quota && s->filters->len > s->filter_quota)
        return no_room(s, true, s->filters->len, error);
    if (s->filters->len)
        qsort(s->filters->data, s->filters->len, sizeof(SliceFilter), narrowest_first);
    return true;
}

/* What Format looks for in the slice's SRAM, unless the filter says where that is. */
static bool store(Slice *s, SliceFilter *f, GError **error) {
    if (!f->match.n_memory || f->data) return true;
    uint32_t at = option_of(s)->memory_at + s->memory;
    uint8_t *memory = fp_slice_sram(npe_tables(s->npe), s->number, at, f->match.n_memory);
    if (!memory)
        return input_error(error,
                           "sram: found %" G_GUINT64_FORMAT " bytes, no more than its "
                           "filters' first %u take",
                           s->sram, s->memory / f->match.n_memory);
    memcpy(memory, f->match.memory, f->match.n_memory);
    f->result.data = at;
    s->memory += f->match.n_memory;
    return true;
}

static bool insert_routes(Slice *s, GError **error) {
    unsigned n = s->filters->len;
    g_autofree uint32_t *positions = g_new(uint32_t, n + 1);
    bool quota;
    if (!npe_filter_positions(s->npe, s->number, n, positions, &quota))
        return no_room(s, quota, n, error);
    for (unsigned i = 0; i < n; i++) {
        SliceFilter *f = &g_array_index(s->filters, SliceFilter, i);
        if (!store(s, f, error)) return false;
        FpInsert done = fp_filter_insert(npe_tables(s->npe), s->number, positions[i], f->match.key,
                                         f->match.mask, &f->result);
        g_assert(done == FP_INSERTED);
        if (f->result.verdict == FP_FORWARD) npe_leads_to(s->npe, f->result.interface);
        if (f->result.verdict == FP_EXCEPTION && !npe_switched(s->npe))
            npe_leads_to(s->npe, npe_interfaces(s->npe));
    }
    s->n_filters = n;
    return true;
}

/* Queues ---------------------------------------------------------------------------------- */

static bool parse_queue(Slice *s, const char *word, GError **error) {
    static const Param row = {.name = "share", .type = PARAM_TYPE_FRACTION};
    g_auto(GStrv) parts = g_strsplit(word, ":", 2);
    uint32_t interface, last = npe_interfaces(s->npe) - 1;
    double share = 0;
    if (s->n_queues == SLICE_MAX_QUEUES || !text_number(parts[0], last, &interface) ||
        (parts[1] && (!param_set(&row, &share, parts[1], NULL, NULL) || share <= 0)))
        return input_error(
            error,
            "queues: found \"%s\", expected up to %d of INTERFACE or INTERFACE:SHARE, "
            "interfaces 0 to %u, such as \"0:30%% 0:70%% 1\"",
            word, (int)SLICE_MAX_QUEUES, last);
    s->interface_of[s->n_queues] = (uint8_t)interface;
    s->queue_share[s->n_queues++] = share;
    return true;
}

static bool queue_shares_fit(const Slice *s, GError **error) {
    double sum[FP_MAX_INTERFACES] = {0};
    for (unsigned q = 0; q < s->n_queues; q++) {
        sum[s->interface_of[q]] += s->queue_share[q];
        if (sum[s->interface_of[q]] <= 1 + 1e-9) continue;
        return input_error(error,
                           "queues: found shares of %g%% at interface %u, expected at most 100%%",
                           sum[s->interface_of[q]] * 100, s->interface_of[q]);
    }
    return true;
}

/* "INTERFACE[:SHARE] ...": queue n is the n-th. */
static bool parse_queues(Slice *s, GError **error) {
    s->n_queues = 0;
    memset(s->interface_of, FP_NO_INTERFACE, sizeof s->interface_of);
    memset(s->queue_share, 0, sizeof s->queue_share);
    memset(s->queue_rests, 0, sizeof s->queue_rests);
    if (*s->queues && !s->granted) {
        g_auto(GStrv) words = g_strsplit_set(s->queues, " \t;", -1);
        for (unsigned i = 0; words[i]; i++)
            if (*words[i] && !parse_queue(s, words[i], error)) return false;
        if (s->n_queues == 0)
            return input_error(error, "queues: found \"%s\", expected one queue or more",
                               s->queues);
    } else {
        unsigned n = npe_interfaces(s->npe);
        if (s->granted && s->max_queues) n = MIN(n, (unsigned)s->max_queues);
        for (; s->n_queues < n; s->n_queues++) s->interface_of[s->n_queues] = (uint8_t)s->n_queues;
    }
    if (s->max_queues && s->max_queues < s->n_queues)
        return input_error(error,
                           "max_queues: found %" G_GUINT64_FORMAT
                           ", expected %u or more, those of `queues`",
                           s->max_queues, s->n_queues);
    s->room = MAX(s->n_queues, (unsigned)s->max_queues);
    return queue_shares_fit(s, error);
}

/* With what others have at the interface, or will when they have moved there. */
static bool share_fits(const Slice *s, unsigned queue, unsigned interface, double share,
                       GError **error) {
    double sum = share;
    for (unsigned q = 0; q < s->room; q++)
        if (q != queue &&
            interface == (s->queue_rests[q] ? s->interface_after[q] : s->interface_of[q]))
            sum += s->queue_share[q];
    return sum <= 1 + 1e-9 ||
           input_error(error, "queue: found shares of %g%% at interface %u, expected at most 100%%",
                       sum * 100, interface);
}

static bool is_open(const Slice *s, unsigned queue, GError **error) {
    return (queue < s->room && s->interface_of[queue] != FP_NO_INTERFACE) ||
           input_error(error, "the slice has no queue %u", queue);
}

static double own_share(const Slice *s, unsigned queue) {
    return s->queue_share[queue] > 0 ? s->queue_share[queue] : 1.0 / TENTHS;
}

void slice_set_quanta(const Slice *s) {
    double sum[FP_MAX_INTERFACES] = {0};
    for (unsigned q = 0; q < s->room; q++)
        if (s->interface_of[q] != FP_NO_INTERFACE) sum[s->interface_of[q]] += own_share(s, q);
    for (unsigned q = 0; q < s->room; q++) {
        if (s->interface_of[q] == FP_NO_INTERFACE) continue;
        double share = own_share(s, q), guaranteed = 0;
        if (s->share > 0) guaranteed = share *= s->share / sum[s->interface_of[q]];
        npe_queue_set_share(s->npe, s->number, q,
                            (uint32_t)(share * TENTHS * (double)s->quantum + 0.5), guaranteed);
    }
}

static void open_queue(const Slice *s, unsigned queue) {
    npe_queue_set(s->npe, s->number, queue, s->interface_of[queue], (uint32_t)s->quantum,
                  (uint32_t)s->queue_packets, (uint32_t)s->queue_bytes);
}

static bool leads_to(const Slice *s, unsigned queue) {
    uint32_t physical = fp_slice(npe_tables(s->npe), s->number)->queue_base + queue, position = 0;
    TcamWord value, mask;
    for (; npe_filter_next(s->npe, s->number, position, &position, &value, &mask); position++) {
        const FpResult *r = fp_filter_result(npe_tables(s->npe), position);
        if (r->verdict == FP_FORWARD && r->queue == physical) return true;
    }
    return false;
}

/* No packet can carry the queue's number any more: it is empty. */
static void queue_closed(void *user, uint32_t queue, uint32_t attachment) {
    Slice *s = user;
    if (!s->attached || s->attachments != attachment) return;
    s->queue_rests[queue] = false;
    if (s->interface_after[queue] == FP_NO_INTERFACE) {
        npe_queue_close(s->npe, s->number, queue);
        return;
    }
    s->interface_of[queue] = s->interface_after[queue];
    open_queue(s, queue);
    slice_set_quanta(s);
}

/* Nothing new comes to the queue; what has its number leaves as it would have. */
static bool rest(Slice *s, unsigned queue, unsigned after, GError **error) {
    if (!is_open(s, queue, error)) return false;
    if (leads_to(s, queue)) return input_error(error, "a filter leads to queue %u", queue);
    s->interface_of[queue] = FP_NO_INTERFACE;
    s->interface_after[queue] = (uint8_t)after;
    s->queue_rests[queue] = true;
    tenant_return(s->tenant, queue_closed, s, queue, s->attachments);
    return true;
}

/* One that is closed, and rests no more. */
static bool open_at(Slice *s, unsigned queue, unsigned interface, double share, GError **error) {
    if (!share_fits(s, queue, interface, share, error)) return false;
    s->interface_of[queue] = (uint8_t)interface;
    s->queue_share[queue] = share;
    open_queue(s, queue);
    slice_set_quanta(s);
    return true;
}

bool slice_queue_open(Slice *s, unsigned interface, double share, unsigned *queue, GError **error) {
    unsigned q = 0;
    while (q < s->room && (s->interface_of[q] != FP_NO_INTERFACE || s->queue_rests[q])) q++;
    *queue = q;
    return q < s->room ? open_at(s, q, interface, share, error)
                       : input_error(error, "the slice has its %u queues", s->room);
}

bool slice_queue_close(Slice *s, unsigned queue, GError **error) {
    return rest(s, queue, FP_NO_INTERFACE, error);
}

bool slice_queue_move(Slice *s, unsigned queue, unsigned interface, GError **error) {
    return is_open(s, queue, error) &&
           share_fits(s, queue, interface, s->queue_share[queue], error) &&
           rest(s, queue, interface, error);
}

bool slice_queue_share(Slice *s, unsigned queue, double share, GError **error) {
    if (!is_open(s, queue, error) || !share_fits(s, queue, s->interface_of[queue], share, error))
        return false;
    s->queue_share[queue] = share;
    slice_set_quanta(s);
    return true;
}

bool slice_queue_limit(Slice *s, unsigned queue, uint32_t packets, GError **error) {
    if (!is_open(s, queue, error)) return false;
    npe_queue_set_limit(s->npe, s->number, queue, packets);
    return true;
}

bool slice_queue_set(Slice *s, unsigned queue, unsigned interface, double share, uint32_t packets,
                     GError **error) {
    if (queue >= s->room) return input_error(error, "the slice has no queue %u", queue);
    if (s->queue_rests[queue]) return input_error(error, "queue %u closes", queue);
    if (s->interface_of[queue] == FP_NO_INTERFACE) {
        if (!open_at(s, queue, interface, share, error)) return false;
    } else {
        double before = s->queue_share[queue];
        s->queue_share[queue] = share;
        bool fits =
            s->interface_of[queue] == interface ? share_fits(s, queue, interface, share, error)
                                                : slice_queue_move(s, queue, interface, error);
        if (!fits) s->queue_share[queue] = before;
        if (!fits) return false;
        slice_set_quanta(s);
    }
    if (s->interface_of[queue] != FP_NO_INTERFACE)
        npe_queue_set_limit(s->npe, s->number, queue, packets);
    return true;
}

/* Filters, memory and counters, at once --------------------------------------------------- */

bool slice_filter_insert(Slice *s, const SliceFilter *filter, uint32_t *position, GError **error) {
    FpResult way = filter->result;
    if (way.verdict == FP_FORWARD &&
        way.queue == s->room) /* there was none when it was asked for */
        way.queue = way.stats = (uint16_t)slice_first_queue(s, way.interface);
    bool quota;
    if (!npe_filter_in_front(s->npe, s->number, position, &quota))
        return input_error(error, "%s",
                           quota ? "the slice has as many filters as it may"
                                 : "the TCAM has no free entry before the slice's others");
    if (fp_filter_insert(npe_tables(s->npe), s->number, *position, filter->match.key,
                         filter->match.mask, &way) == FP_INSERTED) {
        s->n_filters++;
        return true;
    }
    npe_filter_give(s->npe, s->number, *position);
    return input_error(error, "the queue is not the slice's, or not at the interface");
}

bool slice_filter_take(Slice *s, uint32_t position, GError **error) {
    if (!npe_filter_remove(s->npe, s->number, position))
        return input_error(error, "no filter of the slice is there");
    s->n_filters--;
    return true;
}

static uint8_t *memory(const Slice *s, uint32_t offset, uint32_t n, GError **error) {
    uint8_t *at = fp_slice_sram(npe_tables(s->npe), s->number, offset, n);
    if (!at) input_error(error, "the slice has no %u bytes at %u of its SRAM", n, offset);
    return at;
}

bool slice_sram_put(Slice *s, uint32_t offset, const uint8_t *bytes, uint32_t n, GError **error) {
    uint8_t *at = memory(s, offset, n, error);
    if (at) memcpy(at, bytes, n);
    return at != NULL;
}

bool slice_sram_get(const Slice *s, uint32_t offset, uint8_t *bytes, uint32_t n, GError **error) {
    const uint8_t *at = memory(s, offset, n, error);
    if (at) memcpy(bytes, at, n);
    return at != NULL;
}

bool slice_counter(const Slice *s, unsigned n, FpCounter *counter) {
    const FpSlice *f = fp_slice(npe_tables(s->npe), s->number);
    if (n >= f->n_stats) return false;
    *counter = *fp_counter(npe_tables(s->npe), f->stats_base + n);
    return true;
}

/* Ports ----------------------------------------------------------------------------------- */

bool slice_bind(Slice *s, unsigned interface, uint16_t port, GError **error) {
    return npe_port_bind(s->npe, s->number, interface, port, error);
}

bool slice_unbind(Slice *s, unsigned interface, uint16_t port, GError **error) {
    return npe_port_unbind(s->npe, s->number, interface, port) ||
           input_error(error, "the slice has no port %u at interface %u", port, interface);
}

static bool on_line_card(Slice *s, GError **error) {
    LineCard *lc = npe_linecard(s->npe);
    if (!lc) return true;
    s->class = linecard_attach(lc, s->tenant, npe_mac(s->npe), (uint16_t)s->vlan,
                               s->granted ? 0 : s->share, error);
    for (unsigned i = 0; !s->granted && s->class >= 0 && i < npe_interfaces(s->npe); i++)
        if (!linecard_bind(lc, s->class, NULL, i, IP_PROTOCOL_UDP, (uint16_t)s->udp_port, error))
            return false;
    return s->class >= 0;
}

/* Life ------------------------------------------------------------------------------------ */

/* What the settings ask for, from the start on. */
static void ask(Slice *s) {
    s->asked.tenant = s->tenant;
    s->asked.option = (uint8_t)s->code_option;
    s->asked.udp_port = s->granted ? 0 : (uint16_t)s->udp_port;
    s->asked.vlan = (uint16_t)s->vlan;
    s->asked.share = s->share;
    s->asked.n_queues = s->room + 1;
    s->asked.queue_interface = s->interface_of;
    s->asked.sram_bytes = (uint32_t)s->sram;
    s->asked.buffers = (uint32_t)s->buffers;
    s->asked.filters = (uint32_t)s->filter_quota;
    s->asked.exception_port = (uint16_t)s->exception_port;
}

static void count(Slice *s, FpCounter *sum) {
    const FpSlice *f = fp_slice(npe_tables(s->npe), s->number);
    *sum = s->counted;
    if (!s->attached) return;
    for (unsigned i = 0; i < f->n_stats; i++) {
        const FpCounter *n = fp_counter(npe_tables(s->npe), f->stats_base + i);
        sum->packets_in += n->packets_in;
        sum->packets_out += n->packets_out;
        sum->bytes_in += n->bytes_in;
        sum->bytes_out += n->bytes_out;
    }
}

/* Former tenants of which nothing is left. */
static void forget(Slice *s) {
    for (unsigned i = s->former->len; i-- > 0;)
        if (tenant_gone(s->former->pdata[i])) g_ptr_array_remove_index(s->former, i);
}

bool slice_gone(const Slice *s) {
    bool gone = !s->attached;
    for (unsigned i = 0; i < s->former->len; i++) gone = gone && tenant_gone(s->former->pdata[i]);
    return gone;
}

static void leave(Slice *s, bool on_npe) {
    s->attached = false; /* before its last packets end: no queue opens anew */
    tenant_leave(s->tenant);
    if (on_npe) npe_slice_detach(s->npe, s->number);
    if (s->class >= 0) linecard_detach(npe_linecard(s->npe), s->class);
    g_ptr_array_add(s->former, s->tenant);
    s->tenant = NULL;
    s->class = -1;
    s->n_filters = 0;
}

static bool install(Slice *s, GError **error) {
    for (unsigned q = 0; q <= s->room; q++)
        if (q < s->n_queues || q == s->room) open_queue(s, q);
    s->memory = 0;
    slice_set_quanta(s);
    if (!on_line_card(s, error) || (!s->granted && !insert_routes(s, error))) return false;
    if (option_of(s) == &i3_option && !slice_i3_start(s, error)) return false;
    tcam_optimise(fp_tcam(npe_tables(s->npe)));
    return true;
}

MpClient *slice_client(Slice *s, Npe *npe) {
    MpClient *client = g_hash_table_lookup(s->clients, npe);
    if (client) return client;
    client = mp_client(npe_mp(npe));
    g_hash_table_insert(s->clients, npe, client);
    return client;
}

/* On this NPE from its next attachment on. */
static void place(Slice *s, Npe *npe) {
    s->npe = npe;
    s->mp = slice_client(s, npe);
}

/* What it has been granted takes the place of what its settings say. */
static bool take_grant(Slice *s, const SliceGrant *grant, GError **error) {
    s->granted = true;
    place(s, grant->npe);
    s->code_option = grant->code_option;
    s->filter_quota = grant->filters;
    s->max_queues = grant->queues;
    s->buffers = grant->buffers;
    s->sram = grant->sram_bytes;
    s->share = grant->share;
    return npe_attach(s->npe, error) && parse_queues(s, error);
}

bool slice_attach(Slice *s, const SliceGrant *grant, GError **error) {
    if (s->attached) return input_error(error, "%s is attached", s->base.name);
    if (grant && !take_grant(s, grant, error)) return false;
    forget(s);
    s->tenant = tenant_new(&s->account);
    s->class = -1;
    ask(s);
    bool on_npe = npe_slice_attach(s->npe, &s->asked, &s->number, error);
    s->attached = on_npe && install(s, error);
    if (s->attached)
        s->attachments++;
    else
        leave(s, on_npe);
    return s->attached;
}

void slice_detach(Slice *s) {
    count(s, &s->counted);
    leave(s, true);
    parse_queues(s, NULL); /* as they were at first */
}

bool slice_port_open(Slice *s, uint16_t port, GError **error) {
    if (!npe_port_open(s->npe, s->number, port, error)) return false;
    LineCard *lc = npe_linecard(s->npe);
    for (unsigned i = 0; lc && i < npe_interfaces(s->npe); i++) {
        if (linecard_bind(lc, s->class, NULL, i, IP_PROTOCOL_UDP, port, error)) continue;
        while (i-- > 0) linecard_close(lc, s->class, i, IP_PROTOCOL_UDP, port);
        npe_port_close(s->npe, s->number, port);
        return false;
    }
    return true;
}

bool slice_port_close(Slice *s, uint16_t port, GError **error) {
    if (!npe_port_close(s->npe, s->number, port))
        return input_error(error, "the slice has no port %u", port);
    if (!npe_switched(s->npe)) return true;
    LineCard *lc = npe_linecard(s->npe);
    for (unsigned i = 0; i < npe_interfaces(s->npe); i++)
        linecard_close(lc, s->class, i, IP_PROTOCOL_UDP, port);
    return true;
}

bool slice_set_exception_host(Slice *s, const Component *host, const uint8_t mac[6],
                              GError **error) {
    if (*s->exception_host && strcmp(s->exception_host, host->name) != 0)
        return input_error(error, "slice: found %s, whose exception_host is %s, expected %s",
                           s->base.name, s->exception_host, host->name);
    s->asked.exception_station = true;
    memcpy(s->asked.exception_mac, mac, MAC_BYTES);
    if (!s->attached) return true;
    FpSlice *f = fp_slice(npe_tables(s->npe), s->number);
    f->exception_station = true;
    memcpy(f->exception_mac, mac, MAC_BYTES);
    return true;
}

static bool find_exception_host(Slice *s, GError **error) {
    uint8_t mac[6];
    if (!*s->exception_host || !npe_switched(s->npe)) return true;
    const Component *host = network_find(s->base.network, s->exception_host);
    if (host && host->class->station && host->class->station(host, 0, 0, mac))
        return slice_set_exception_host(s, host, mac, error);
    return input_error(
        error,
        "exception_host: found \"%s\", expected a component with a MAC address on the data "
        "switch",
        s->exception_host);
}

static bool slice_create(Component *c, GError **error) {
    (void)error;
    c->n_ports = 0;
    return true;
}

bool slice_settle(Slice *s, GError **error) {
    if (s->clients) return true;
    s->clients = g_hash_table_new(NULL, NULL);
    place(s, (Npe *)network_find(s->base.network, s->npe_name));
    return npe_attach(s->npe, error) && parse_queues(s, error);
}

static bool slice_start(Component *c, GError **error) {
    Slice *s = (Slice *)c;
    g_autofree char *replies = g_strdup_printf("mp-%s.txt", c->name);
    s->class = -1;
    s->filters = g_array_new(FALSE, FALSE, sizeof(SliceFilter));
    account_init(&s->account);
    s->former = g_ptr_array_new_with_free_func((GDestroyNotify)tenant_free);
    s->asked.exception_address = s->exception_address;
    return component_output_path(c, replies, &s->replies_path, error) && slice_settle(s, error) &&
           find_exception_host(s, error) && read_routes(s, error) &&
           (option_of(s) != &i3_option || slice_i3_check(s, error)) &&
           (!s->attached_at_start || slice_attach(s, NULL, error));
}

static const char *slice_unused(const Component *c, const char *key) {
    const Slice *s = (const Slice *)c;
    if (!strcmp(key, "routes") && *s->routes_file) return "routes_file is used instead";
    if (!strcmp(key, "exception_host") && !npe_switched(s->npe))
        return "a slice of an NPE with a linecard uses it";
    if (g_str_has_prefix(key, "i3_") && option_of(s) != &i3_option)
        return "code_option = i3 uses it";
    return NULL;
}

static bool slice_choice(unsigned n, Choice *choice) {
    const FpCodeOption *o = fp_code_options[n];
    if (o) *choice = (Choice){"code_option", o->name, o->text, NULL, o->key_text};
    return o != NULL;
}

static void slice_resources(const Component *c, Resources *r) {
    const Slice *s = (const Slice *)c;
    for (unsigned q = 0; s->attached && q < s->room; q++)
        if (s->interface_of[q] != FP_NO_INTERFACE)
            npe_queue_resource(s->npe, s->number, q, s->queue_packets, r);
    if (s->attached) npe_buffers_resource(s->npe, s->number, r);
}

static void slice_report(Component *c, Report *report) {
    Slice *s = (Slice *)c;
    FpCounter sum;
    static const char *const losses[] = {"mac_full", "no_buffer", "queue_full", "held_back", NULL};
    count(s, &sum);
    account_report(&s->account, losses, report);
    report_scalar(report, "exceptions", (double)s->account.passed, "packets");
    report_scalar(report, "packets_before_queue", (double)sum.packets_in, "packets");
    report_scalar(report, "packets_after_queue", (double)sum.packets_out, "packets");
    report_scalar(report, "filters", s->n_filters, "filters");
    report_scalar(report, "mp_requests", s->mp_done, "requests");
    report_scalar(report, "mp_refused", s->mp_refused, "requests");
}

static bool slice_check(Component *c, GError **error) {
    Slice *s = (Slice *)c;
    int cause = s->replies_error;
    if (s->replies) {
        errno = 0;
        bool whole = fflush(s->replies) == 0 && !ferror(s->replies);
        if (!whole) cause = errno ? errno : ENOSPC;
        if (fclose(s->replies) != 0 && !cause) cause = errno;
        s->replies = NULL;
    }
    if (!cause) return true;
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED,
                "%s: the management processor's replies cannot be written: %s", s->replies_path,
                g_strerror(cause));
    return false;
}

static void slice_free(Component *c) {
    Slice *s = (Slice *)c;
    if (s->replies) fclose(s->replies);
    g_free(s->replies_path);
    if (s->filters) g_array_unref(s->filters);
    if (s->former) g_ptr_array_unref(s->former);
    if (s->clients) g_hash_table_unref(s->clients);
    tenant_free(s->tenant);
    account_clear(&s->account);
}

static const Param slice_params[] = {
    PARAM_NAME("npe", Slice, npe_name, "npe0", "npe", "where its fast path runs", "scenario"),
    PARAM_ENUM("code_option", Slice, code_option, "ipv4", fp_option_choices + 1,
               "what Parse and Header Format run for it", "SPP paper 4"),
    PARAM_WHICH("udp_port", Slice, udp_port, "30000", "1", "65535",
                "its UDP port on every interface",
                "SPP paper 7.1: five external UDP ports, one per interface"),
    PARAM_WHICH("vlan", Slice, vlan, "100", "1", "4094", "VLAN of its frames in the chassis",
                "SPP paper 7.1 counts a VLAN tag; the id is assumed"),
    PARAM_FRACTION(
        "share", Slice, share, "0%", "0", "100%",
        "its share of each interface, of the NPE and of the line card both ways; its queues divide "
        "it among themselves",
        "SPP paper 2.2"),
    PARAM_TEXT("queues", Slice, queues, "",
               "its queues, INTERFACE or INTERFACE:SHARE each; empty: one per interface",
               "SPP paper 2.2: several queues with a share each"),
    PARAM_WORDS("queue_packets", COUNT, Slice, queue_packets, "512", "1", "229376", "unlimited=0",
                "limit of each of its queues in packets",
                "assumed: SPP's limits are not published"),
    PARAM_WORDS("queue_bytes", SIZE, Slice, queue_bytes, "unlimited", "1B", "4GB", "unlimited=0B",
                "limit of each of its queues in wire bytes", "assumed"),
    PARAM_WORDS(
        "buffers", COUNT, Slice, buffers, "equal", "1", "229376", "equal=0",
        "packet buffers that its queues have, and no other slice's; equal: an equal part of what "
        "is left by those that ask by number",
        "WashU, SPP fast-path request: buffers are a resource of a slice; the equal part is "
        "assumed"),
    PARAM_WORDS("filters", COUNT, Slice, filter_quota, "unlimited", "1", "131072", "unlimited=0",
                "TCAM entries that it may have; unlimited: as many as there are",
                "SPP paper 4: 128K entries, shared by slices; the quota is assumed"),
    PARAM_WORDS("max_queues", COUNT, Slice, max_queues, "queues", "1", "256", "queues=0",
                "queues that it may have open at a time; queues: as many as `queues` says",
                "assumed; WashU, SPP command interface: queues are requested in number"),
    PARAM_SIZE("sram", Slice, sram, "16KiB", "0B", "8MiB", "its block of SRAM",
               "assumed; WashU, SPP command interface, has --sram 4096 as an example"),
    SLICE_I3_PARAMS(Slice, i3),
    PARAM_SIZE("quantum", Slice, quantum, "2048B", "64B", "1MB",
               "what a visit of a queue adds to its deficit; a queue with a share gets ten times "
               "its share of this",
               "ONL NSP default quantum"),
    PARAM_TEXT("routes", Slice, routes, "",
               "filters: KEY INTERFACE NEXT-HOP:PORT [DATA] [queue N] "
               "[from PREFIX/LENGTH]; ...; local, many or deny in place of the way",
               "scenario"),
    PARAM_FILE("routes_file", Slice, routes_file, "", "the same, one per line, instead of `routes`",
               "scenario"),
    PARAM_IPV4("exception_address", Slice, exception_address, "10.254.0.1",
               "where its exceptions go: the slice manager's address", "assumed"),
    PARAM_WHICH("exception_port", Slice, exception_port, "30100", "1", "65535",
                "UDP port of the slice manager", "assumed"),
    PARAM_TEXT("exception_host", Slice, exception_host, "",
               "who has that address: a component on the data switch; empty: the server of its "
               "manager, if it has one",
               "SPP paper 2.1: the slice's manager, on any GPE"),
    PARAM_BOOL("attached", Slice, attached_at_start, "yes",
               "whether it is there from the start; no: from the script's `attach` on", "scenario"),
    {0}};

static const Scalar slice_scalars[] = {
    ACCOUNT_SCALARS,
    {"exceptions", "packets", "of packets_in: that its slow path took, or that ended there"},
    {"lost.mac_full", "packets", "of lost: a chip did not keep up"},
    {"lost.no_buffer", "packets", "of lost: a chip had no packet buffer"},
    {"lost.queue_full", "packets", "of lost: its queues, or its traffic class's, were full"},
    {"lost.held_back", "packets", "of lost: its code had more than its part of Parse or Format"},
    {"packets_before_queue", "packets", "counted before its queues"},
    {"packets_after_queue", "packets", "counted as they left its queues"},
    {"filters", "filters", "at the end of the run"},
    {"mp_requests", "requests", "that the management processor carried out"},
    {"mp_refused", "requests", "that it refused"},
    {0}};

const ComponentClass slice_class = {
    .name = "slice",
    .text = "a slice's share of an NPE: code option, port, queues and filters",
    .ports = "none",
    .size = sizeof(Slice),
    .params = slice_params,
    .choice = slice_choice,
    .create = slice_create,
    .start = slice_start,
    .verbs = slice_verbs,
    .understands = slice_understands,
    .command = slice_command,
    .unused = slice_unused,
    .check = slice_check,
    .scalars = slice_scalars,
    .resources = slice_resources,
    .report = slice_report,
    .free = slice_free,
};
