/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a slice's control software asks of the management processor, from the scenario's script:
 *
 *   filter_add FILTER            in front of the slice's others; its position is in the reply
 *   filter_remove POSITION or key HEX[/MASK]
 *   filter_list
 *   queue N share SHARE          queue N limit PACKETS
 *   sram_write OFFSET HEX        sram_read OFFSET BYTES
 *   counters
 *
 * Replies go to mp-SLICE.txt in the results folder, a line each. SPP paper 2.2, 4 and 6. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "components/slice/slice.h"
#include "fastpath/text.h"

typedef enum {
    FILTER_ADD,
    FILTER_REMOVE,
    FILTER_LIST,
    QUEUE_SHARE,
    QUEUE_LIMIT,
    SRAM_WRITE,
    SRAM_READ,
    COUNTERS
} RequestKind;

typedef struct {
    RequestKind verb;
    SliceFilter filter;
    uint32_t a, b; /* position, queue or offset; limit or bytes */
    double share;
    bool by_key; /* FILTER_REMOVE: filter's key and mask, else position a */
    uint8_t *bytes;
} Request;

static void request_free(void *data) {
    Request *r = data;
    g_free(r->bytes);
    g_free(r);
}

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

static void list_filters(Slice *s, SimTime now) {
    for (uint32_t p = s->npe->front; p < s->npe->back; p++) {
        TcamWord value, mask;
        if (!tcam_get(fp_tcam(s->npe->tables), p, &value, &mask) ||
            (value.word[0] >> 48) != s->number)
            continue;
        reply(s, now,
              "filter %u: key %012" G_GINT64_MODIFIER "x%016" G_GINT64_MODIFIER
              "x mask %012" G_GINT64_MODIFIER "x%016" G_GINT64_MODIFIER "x",
              p, value.word[0] & 0xffffffffffff, value.word[1], mask.word[0] & 0xffffffffffff,
              mask.word[1]);
    }
}

static bool own_filter(const Slice *s, uint32_t position, bool *taken) {
    TcamWord value, mask;
    *taken = tcam_get(fp_tcam(s->npe->tables), position, &value, &mask);
    return *taken && (value.word[0] >> 48) == s->number;
}

/* A free position before the slice's others, TCAM_MAX_ENTRIES if there is none. */
static uint32_t position_in_front(const Slice *s) {
    uint32_t position = s->npe->front;
    bool taken;
    if (position > 0) return position - 1;
    while (position < s->npe->back && !own_filter(s, position, &taken)) position++;
    while (position-- > 0) {
        own_filter(s, position, &taken);
        if (!taken) return position;
    }
    return TCAM_MAX_ENTRIES;
}

static uint32_t position_of(const Slice *s, const SliceFilter *f) {
    TcamWord key = tcam_word((uint16_t)s->number, f->key), mask = tcam_word(0xffff, f->mask);
    for (uint32_t p = s->npe->front; p < s->npe->back; p++) {
        TcamWord v, m;
        if (tcam_get(fp_tcam(s->npe->tables), p, &v, &m) && !memcmp(&v, &key, sizeof v) &&
            !memcmp(&m, &mask, sizeof m))
            return p;
    }
    return TCAM_MAX_ENTRIES;
}

static void add_filter(Slice *s, const Request *r, SimTime now) {
    uint32_t position = position_in_front(s);
    if (position == TCAM_MAX_ENTRIES) {
        refuse(s, now, "the TCAM has no free entry before the slice's others");
        return;
    }
    switch (fp_filter_insert(s->npe->tables, s->number, position, r->filter.key, r->filter.mask,
                             &r->filter.result)) {
    case FP_INSERTED:
        s->npe->front = MIN(s->npe->front, position);
        s->n_filters++;
        reply(s, now, "filter %u added", position);
        break;
    case FP_BAD_QUEUE:
    case FP_BAD_STATS: refuse(s, now, "the queue is not the slice's"); break;
    default: refuse(s, now, "the TCAM entry is taken");
    }
}

static void carry_out(void *user, void *data, SimTime now) {
    Slice *s = user;
    Request *r = data;
    const FpSlice *f = fp_slice(s->npe->tables, s->number);
    Qm *qm = s->npe->qm;
    uint8_t *sram;
    s->mp_done++;
    switch (r->verb) {
    case FILTER_ADD: add_filter(s, r, now); break;
    case FILTER_REMOVE:
        if (r->by_key) r->a = position_of(s, &r->filter);
        if (fp_filter_remove(s->npe->tables, s->number, r->a)) {
            s->n_filters--;
            npe_release_position(s->npe, r->a);
            reply(s, now, "filter %u removed", r->a);
        } else {
            refuse(s, now, "no filter of the slice is there");
        }
        break;
    case FILTER_LIST: list_filters(s, now); break;
    case QUEUE_SHARE:
        s->queue_share[r->a] = r->share;
        slice_set_quanta(s);
        reply(s, now, "queue %u has a share of %g%%", r->a, r->share * 100);
        break;
    case QUEUE_LIMIT:
        qm_set_limit(qm, f->queue_base + r->a, r->b);
        if (r->b)
            reply(s, now, "queue %u holds up to %u packets", r->a, r->b);
        else
            reply(s, now, "queue %u has no limit", r->a);
        break;
    case SRAM_WRITE:
        sram = fp_slice_sram(s->npe->tables, s->number, r->a, r->b);
        memcpy(sram, r->bytes, r->b);
        reply(s, now, "%u bytes written at %u", r->b, r->a);
        break;
    case SRAM_READ: {
        sram = fp_slice_sram(s->npe->tables, s->number, r->a, r->b);
        g_autoptr(GString) hex = g_string_new(NULL);
        for (uint32_t i = 0; i < r->b; i++) g_string_append_printf(hex, "%02x", sram[i]);
        reply(s, now, "%u bytes at %u: %s", r->b, r->a, hex->str);
        break;
    }
    case COUNTERS:
        for (unsigned i = 0; i < f->n_stats; i++) {
            const FpCounter *n = fp_counter(s->npe->tables, f->stats_base + i);
            reply(s, now,
                  "counter %u: %" G_GUINT64_FORMAT " packets %" G_GUINT64_FORMAT
                  " bytes before the queue, %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " after",
                  i, n->packets_in, n->bytes_in, n->packets_out, n->bytes_out);
        }
    }
    request_free(r);
}

static bool parse(const Slice *s, const char *verb, const char *args, Request *r, GError **error) {
    char first[16] = "", word[16] = "", text[2048] = "", rest;
    const FpSlice *f = fp_slice(s->npe->tables, s->number);
    const char *expected;
    if (!strcmp(verb, "filter_add")) {
        r->verb = FILTER_ADD;
        if (slice_parse_filter(s, args, &r->filter, error) &&
            slice_check_filter(s, &r->filter, error))
            return true;
        g_prefix_error(error, "filter_add: ");
        return false;
    } else if (!strcmp(verb, "filter_remove")) {
        r->verb = FILTER_REMOVE;
        expected = "a position or key HEX[/MASK]";
        g_autofree char *filter = g_strconcat(args, " deny", NULL);
        if (g_str_has_prefix(args, "key ") && slice_parse_filter(s, filter, &r->filter, NULL))
            return r->by_key = true;
        if (text_number(args, UINT32_MAX, &r->a)) return true;
    } else if (!strcmp(verb, "filter_list") || !strcmp(verb, "counters")) {
        r->verb = verb[0] == 'f' ? FILTER_LIST : COUNTERS;
        expected = "nothing after it";
        if (!*args) return true;
    } else if (!strcmp(verb, "queue")) {
        static const Param row = {"share", PARAM_TYPE_FRACTION, 0, NULL, NULL, NULL, NULL, "", ""};
        expected = "a queue of the slice, and then share SHARE or limit PACKETS";
        if (sscanf(args, "%15s %15s %63s %c", first, word, text, &rest) == 3 &&
            text_number(first, s->n_queues - 1, &r->a)) {
            if (!strcmp(word, "share") && param_set(&row, &r->share, text, NULL, NULL) &&
                r->share > 0) {
                r->verb = QUEUE_SHARE;
                return true;
            }
            if (!strcmp(word, "limit") && text_number(text, UINT32_MAX, &r->b)) {
                r->verb = QUEUE_LIMIT;
                return true;
            }
        }
    } else if (!strcmp(verb, "sram_write") || !strcmp(verb, "sram_read")) {
        r->verb = verb[5] == 'w' ? SRAM_WRITE : SRAM_READ;
        expected = "an offset and bytes in hexadecimal (write) or their number (read), inside the "
                   "slice's block";
        bool ok = sscanf(args, "%15s %2047s %c", first, text, &rest) == 2 &&
                  text_number(first, UINT32_MAX, &r->a);
        if (ok && r->verb == SRAM_READ) {
            ok = text_number(text, UINT32_MAX, &r->b);
        } else if (ok) {
            r->bytes = g_malloc(sizeof text / 2);
            ok = text_bytes(text, sizeof text / 2, r->bytes, &r->b);
        }
        if (ok && r->b <= f->sram_bytes && r->a <= f->sram_bytes - r->b) return true;
    } else {
        return component_has_verb(&s->base, verb, error);
    }
    return input_error(error, "%s: found \"%s\", expected %s", verb, args, expected);
}

/* With what the queue's interface has at the time. */
static bool share_fits(const Slice *s, const Request *r, GError **error) {
    double sum = r->share;
    if (r->verb != QUEUE_SHARE) return true;
    for (unsigned q = 0; q < s->n_queues; q++)
        if (q != r->a && s->interface_of[q] == s->interface_of[r->a]) sum += s->queue_share[q];
    if (sum <= 1 + 1e-9) return true;
    return input_error(error, "queue: found shares of %g%% at interface %u, expected at most 100%%",
                       sum * 100, s->interface_of[r->a]);
}

const Verb slice_verbs[] = {
    {"filter_add", "FILTER", "one more filter, as in `routes`, in front of the slice's others"},
    {"filter_remove", "POSITION|key HEX[/MASK]", "a filter goes"},
    {"filter_list", "", "all filters, in the reply"},
    {"queue", "N share SHARE|limit PACKETS",
     "what queue N gets, and how much it holds, 0: no limit"},
    {"sram_write", "OFFSET HEX", "bytes of its block of SRAM"},
    {"sram_read", "OFFSET BYTES", "the same, in the reply"},
    {"counters", "", "all counters, in the reply"},
    {0}};

bool slice_understands(const Component *c, const char *verb, const char *args, GError **error) {
    Request *r = g_new0(Request, 1);
    bool ok = parse((const Slice *)c, verb, args, r, error);
    request_free(r);
    return ok;
}

bool slice_command(Component *c, const char *verb, const char *args, GError **error) {
    Slice *s = (Slice *)c;
    Request *r = g_new0(Request, 1);
    if (!parse(s, verb, args, r, error) || !share_fits(s, r, error)) {
        request_free(r);
        return false;
    }
    mp_submit(&s->npe->mp, carry_out, s, r, request_free);
    return true;
}
