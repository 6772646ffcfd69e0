/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What management processors do for the control network: at every NPE and every line card a
 * station, and the services MP and LC behind it.
 *
 * MpConfigure is a list of items about one slice (TAG_NAME, its component's). Each takes the
 * processor's `mp_service` in the slice's turn (components/ixp/mp.h), and is asked for when the one
 * before it is done; the first that is refused is the last. The answer, DONE, has an ITEM for each
 * that was tried, with what it brought, or ERROR and TEXT; of a slice with mp_backlog requests
 * waiting the whole is refused, with EAGAIN. LcClaim, LcRelease and LcShare are one
 * item each. Giving back what is not there is done: whoever rolls back may not know how far it got.
 *
 * Assumed: that items of one message are independent requests, and that they are served like those
 * of the script. */
#include <errno.h>
#include <string.h>

#include "components/control/box.h"
#include "components/control/management.h"
#include "components/gpe/vserver.h"
#include "components/slice/slice.h"
#include "emu/core/error.h"
#include "emu/core/report.h"
#include "fastpath/headers.h"

enum { MILLION = 1000000 };

typedef struct {
    Component base;
    /* settings */
    StationSettings settings;
    /* state */
    GPtrArray *posts;
} Management;

/* One NPE or line card. */
typedef struct {
    const char *name; /* the component's */
    Station *station;
    Npe *npe;
    LineCard *lc;
    GHashTable *clients; /* of the line card: slice or vServer -> MpClient */
} Post;

/* A request that is being worked on. */
typedef struct {
    Post *post;
    StationRequest *request;
    Component *whose;
    unsigned item; /* the next */
    MessageWriter answer;
} Order;

static void order_free(void *data) {
    g_free(data);
}

/* errno of an item; *error has the sentence. */
typedef int ItemRun(Order *o, Slice *s, const Message *item, GError **error);

/* Slices on NPEs --------------------------------------------------------------------------- */

static int as_errno(bool done, int error) {
    return done ? 0 : error;
}

static bool is_here(const Order *o, const Slice *s) {
    return s->attached && s->npe == o->post->npe;
}

static int code_option(const Message *item, GError **error) {
    const char *name = message_text(item, TAG_CODE_OPTION);
    for (int i = 0; fp_code_options[i]; i++)
        if (!strcmp(fp_code_options[i]->name, name ? name : "ipv4")) return i;
    input_error(error, "there is no code option %s", name);
    return -1;
}

static int run_attach(Order *o, Slice *s, const Message *item, GError **error) {
    Npe *npe = o->post->npe;
    double all = (double)npe_rate(npe) * npe_interfaces(npe);
    SliceGrant grant = {.npe = npe,
                        .code_option = code_option(item, error),
                        .filters = message_u32(item, TAG_FILTERS, 0),
                        .queues = message_u32(item, TAG_QUEUES, 0),
                        .buffers = message_u32(item, TAG_BUFFERS, 0),
                        .sram_bytes = message_u32(item, TAG_SRAM, 0),
                        .share = (double)message_u64(item, TAG_RATE, 0) / all};
    if (grant.code_option < 0) return EINVAL;
    if (s->attached) {
        input_error(error, "the slice is attached");
        return EEXIST;
    }
    if (!slice_attach(s, &grant, error)) return ENOSPC;
    message_put_u32(&o->answer, TAG_NUMBER, s->number);
    return 0;
}

static int run_detach(Order *o, Slice *s, const Message *item, GError **error) {
    (void)item, (void)error;
    if (is_here(o, s)) slice_detach(s);
    return 0;
}

static bool read_port(const Slice *s, const Message *item, unsigned *interface, uint16_t *port,
                      GError **error) {
    uint32_t p = message_u32(item, TAG_PORT, 0);
    *interface = message_u32(item, TAG_INTERFACE, UINT32_MAX);
    *port = (uint16_t)p;
    return (*interface < npe_interfaces(s->npe) && p && p <= UINT16_MAX) ||
           input_error(error, "there is no port %u of interface %u", p, *interface);
}

static int run_port_open(Order *o, Slice *s, const Message *item, GError **error) {
    unsigned interface;
    uint16_t port;
    (void)o;
    if (!read_port(s, item, &interface, &port, error)) return EINVAL;
    return as_errno(slice_bind(s, interface, port, error), EADDRINUSE);
}

static int run_port_close(Order *o, Slice *s, const Message *item, GError **error) {
    unsigned interface;
    uint16_t port;
    if (!is_here(o, s)) return 0;
    if (!read_port(s, item, &interface, &port, error)) return EINVAL;
    slice_unbind(s, interface, port, NULL);
    return 0;
}

static double share_in(const Message *item, double missing) {
    return message_has(item, TAG_SHARE) ? message_u32(item, TAG_SHARE, 0) / (double)MILLION
                                        : missing;
}

static int run_queue_open(Order *o, Slice *s, const Message *item, GError **error) {
    unsigned queue, interface = message_u32(item, TAG_INTERFACE, UINT32_MAX);
    if (interface >= npe_interfaces(s->npe)) {
        input_error(error, "there is no interface %u", interface);
        return EINVAL;
    }
    if (!slice_queue_open(s, interface, share_in(item, 0), &queue, error)) return ENOSPC;
    message_put_u32(&o->answer, TAG_QUEUE, queue);
    return 0;
}

static int run_queue_close(Order *o, Slice *s, const Message *item, GError **error) {
    (void)o;
    return as_errno(slice_queue_close(s, message_u32(item, TAG_QUEUE, UINT32_MAX), error), EINVAL);
}

static int run_queue_scheduler(Order *o, Slice *s, const Message *item, GError **error) {
    unsigned queue = message_u32(item, TAG_QUEUE, UINT32_MAX),
             interface = message_u32(item, TAG_INTERFACE, UINT32_MAX);
    (void)o;
    if (queue >= s->room || interface >= npe_interfaces(s->npe)) {
        input_error(error, "there is no queue %u, or no interface %u", queue, interface);
        return EINVAL;
    }
    return as_errno(slice_queue_set(s, queue, interface, share_in(item, s->queue_share[queue]),
                                    message_u32(item, TAG_LIMIT, (uint32_t)s->queue_packets),
                                    error),
                    ENOSPC);
}

static int run_queue_share(Order *o, Slice *s, const Message *item, GError **error) {
    (void)o;
    return as_errno(
        slice_queue_share(s, message_u32(item, TAG_QUEUE, UINT32_MAX), share_in(item, 0), error),
        ENOSPC);
}

static int run_queue_limit(Order *o, Slice *s, const Message *item, GError **error) {
    (void)o;
    return as_errno(slice_queue_limit(s, message_u32(item, TAG_QUEUE, UINT32_MAX),
                                      message_u32(item, TAG_LIMIT, 0), error),
                    EINVAL);
}

static bool read_filter(const Message *item, SliceFilter *f, GError **error) {
    uint32_t key_bytes = 0, mask_bytes = 0, n_memory = 0;
    const uint8_t *key = message_bytes(item, TAG_KEY, &key_bytes),
                  *mask = message_bytes(item, TAG_MASK, &mask_bytes),
                  *memory = message_bytes(item, TAG_MEMORY, &n_memory);
    uint32_t verdict = message_u32(item, TAG_VERDICT, UINT32_MAX),
             reason = message_u32(item, TAG_REASON, 0),
             interface = message_u32(item, TAG_INTERFACE, 0), port = message_u32(item, TAG_PORT, 0),
             queue = message_u32(item, TAG_QUEUE, 0);
    if (!key || !mask || key_bytes != FP_KEY_BYTES || mask_bytes != FP_KEY_BYTES ||
        verdict > FP_DROP || reason >= FP_N_REASONS || interface > UINT16_MAX ||
        port > UINT16_MAX || queue > UINT16_MAX || n_memory > sizeof f->match.memory)
        return input_error(error, "it is no filter");
    *f = (SliceFilter){.data = message_has(item, TAG_DATA),
                       .result = {.verdict = (uint8_t)verdict,
                                  .reason = (uint8_t)reason,
                                  .interface = (uint16_t)interface,
                                  .queue = queue,
                                  .stats = queue,
                                  .next_hop = message_u32(item, TAG_ADDRESS, 0),
                                  .next_port = (uint16_t)port,
                                  .data = message_u32(item, TAG_DATA, 0)}};
    memcpy(f->match.key, key, FP_KEY_BYTES);
    memcpy(f->match.mask, mask, FP_KEY_BYTES);
    f->match.n_memory = n_memory;
    if (n_memory) memcpy(f->match.memory, memory, n_memory);
    return true;
}

static bool filters_full(const Slice *s) {
    return (s->filter_quota && s->n_filters >= s->filter_quota) || !npe_filters_free(s->npe);
}

static int run_filter_add(Order *o, Slice *s, const Message *item, GError **error) {
    SliceFilter filter;
    uint32_t position;
    if (!read_filter(item, &filter, error)) return EINVAL;
    int why = filters_full(s) ? ENOSPC : EINVAL;
    if (!slice_filter_insert(s, &filter, &position, error)) return why;
    message_put_u32(&o->answer, TAG_POSITION, position);
    return 0;
}

static int run_filter_remove(Order *o, Slice *s, const Message *item, GError **error) {
    (void)o;
    return as_errno(slice_filter_take(s, message_u32(item, TAG_POSITION, UINT32_MAX), error),
                    EINVAL);
}

static int run_filter_list(Order *o, Slice *s, const Message *item, GError **error) {
    TcamWord value, mask;
    uint32_t position, from = message_u32(item, TAG_CURSOR, 0);
    uint8_t key[sizeof value.word];
    (void)error;
    message_put_u32(&o->answer, TAG_COUNT, s->n_filters);
    if (!npe_filter_next(s->npe, s->number, from, &position, &value, &mask)) return 0;
    message_put_u32(&o->answer, TAG_POSITION, position);
    for (unsigned which = 0; which < 2; which++) { /* behind the slice's number, 16 bits */
        const TcamWord *word = which ? &mask : &value;
        for (unsigned i = 0; i < sizeof key; i++)
            key[i] = (uint8_t)(word->word[i / 8] >> (56 - 8 * (i % 8)));
        message_put_bytes(&o->answer, which ? TAG_MASK : TAG_KEY, key + 2, FP_KEY_BYTES);
    }
    return 0;
}

static int run_sram_write(Order *o, Slice *s, const Message *item, GError **error) {
    uint32_t n = 0;
    const uint8_t *bytes = message_bytes(item, TAG_BYTES, &n);
    (void)o;
    if (!bytes) {
        input_error(error, "there are no bytes to write");
        return EINVAL;
    }
    return as_errno(slice_sram_put(s, message_u32(item, TAG_OFFSET, UINT32_MAX), bytes, n, error),
                    EINVAL);
}

static int run_sram_read(Order *o, Slice *s, const Message *item, GError **error) {
    uint8_t bytes[MESSAGE_MAX_BYTES];
    uint32_t n = message_u32(item, TAG_COUNT, UINT32_MAX);
    if (n > sizeof bytes) {
        input_error(error, "%u bytes do not fit into one message", n);
        return EINVAL;
    }
    if (!slice_sram_get(s, message_u32(item, TAG_OFFSET, UINT32_MAX), bytes, n, error))
        return EINVAL;
    message_put_bytes(&o->answer, TAG_BYTES, bytes, n);
    return 0;
}

static int run_counters(Order *o, Slice *s, const Message *item, GError **error) {
    FpCounter one, sum = {0};
    bool single = message_has(item, TAG_INDEX);
    uint32_t index = message_u32(item, TAG_INDEX, 0), n = 0;
    for (; slice_counter(s, n, &one); n++) {
        if (single && n != index) continue;
        sum.packets_in += one.packets_in, sum.bytes_in += one.bytes_in;
        sum.packets_out += one.packets_out, sum.bytes_out += one.bytes_out;
    }
    if (single && index >= n) {
        input_error(error, "the slice has no counter %u", index);
        return EINVAL;
    }
    message_put_u32(&o->answer, TAG_COUNT, n);
    message_put_u64(&o->answer, TAG_PACKETS_IN, sum.packets_in);
    message_put_u64(&o->answer, TAG_BYTES_IN, sum.bytes_in);
    message_put_u64(&o->answer, TAG_PACKETS_OUT, sum.packets_out);
    message_put_u64(&o->answer, TAG_BYTES_OUT, sum.bytes_out);
    return 0;
}

static const struct {
    ItemRun *run;
    bool detached; /* of a slice that is not here, too */
} items[] = {[MP_ATTACH] = {run_attach, true},
             [MP_DETACH] = {run_detach, true},
             [MP_PORT_OPEN] = {run_port_open, false},
             [MP_PORT_CLOSE] = {run_port_close, true},
             [MP_QUEUE_OPEN] = {run_queue_open, false},
             [MP_QUEUE_CLOSE] = {run_queue_close, false},
             [MP_QUEUE_SCHEDULER] = {run_queue_scheduler, false},
             [MP_QUEUE_SHARE] = {run_queue_share, false},
             [MP_QUEUE_LIMIT] = {run_queue_limit, false},
             [MP_FILTER_ADD] = {run_filter_add, false},
             [MP_FILTER_REMOVE] = {run_filter_remove, false},
             [MP_FILTER_LIST] = {run_filter_list, false},
             [MP_SRAM_WRITE] = {run_sram_write, false},
             [MP_SRAM_READ] = {run_sram_read, false},
             [MP_COUNTERS] = {run_counters, false}};

static int run_item(Order *o, const Message *item, GError **error) {
    Slice *s = (Slice *)o->whose;
    uint32_t verb = message_u32(item, TAG_VERB, 0);
    if (!mp_verb_name(verb)) {
        input_error(error, "there is no item %u", verb);
        return EINVAL;
    }
    if (items[verb].detached || is_here(o, s)) return items[verb].run(o, s, item, error);
    input_error(error, "the slice is detached");
    return EBADF;
}

/* Items ------------------------------------------------------------------------------------ */

static void answer_order(Order *o) {
    uint32_t slice = o->request->message.slice;
    if (o->answer.full) {
        message_begin(&o->answer, MESSAGE_REFUSED, slice);
        message_put_u32(&o->answer, TAG_ERROR, EMSGSIZE);
        message_put_text(&o->answer, TAG_TEXT, "what the items brought is too much for one answer");
    }
    station_answer(o->post->station, o->request, &o->answer);
    order_free(o);
}

/* The item that is open in the answer ends there. */
static void close_item(Order *o, int error, const char *text) {
    Slice *s = (Slice *)o->whose;
    if (error) {
        s->mp_refused++;
        message_put_u32(&o->answer, TAG_ERROR, (uint32_t)error);
        message_put_text(&o->answer, TAG_TEXT, text);
    }
    message_close(&o->answer);
}

/* Its client has mp_backlog requests waiting. The answer is no longer than what was asked: a flood
 * of them would fill the way back, which is others' too. */
static void refuse_flood(Order *o) {
    station_refuse(o->post->station, o->request, EAGAIN, NULL);
    order_free(o);
}

static void next_item(Order *o);

static void item_served(void *user, void *data, SimTime now) {
    Order *o = data;
    Message item;
    g_autoptr(GError) error = NULL;
    (void)user, (void)now;
    message_group(&o->request->message, TAG_ITEM, o->item++, &item);
    ((Slice *)o->whose)->mp_done++;
    message_open(&o->answer, TAG_ITEM);
    int code = run_item(o, &item, &error);
    close_item(o, code, code ? error->message : NULL);
    if (code)
        answer_order(o);
    else
        next_item(o);
}

static void next_item(Order *o) {
    Slice *s = (Slice *)o->whose;
    Npe *npe = o->post->npe;
    Message item;
    if (!message_group(&o->request->message, TAG_ITEM, o->item, &item)) {
        answer_order(o);
        return;
    }
    if (mp_submit_here(npe_mp(npe), slice_client(s, npe), item_served, NULL, o, order_free)) return;
    s->mp_refused++;
    refuse_flood(o);
}

/* Line cards ------------------------------------------------------------------------------- */

/* -1: none on this line card, since it is not attached there (any more). */
static int class_of(const Component *c, const LineCard *lc) {
    const Slice *s = (const Slice *)c;
    const Vserver *v = (const Vserver *)c;
    if (c->class == &slice_class) return s->attached && npe_linecard(s->npe) == lc ? s->class : -1;
    bool here = v->attached && !strcmp(v->gpe->linecard, ((const Component *)lc)->name);
    return here ? v->class : -1;
}

static int run_line_card(Order *o, GError **error) {
    LineCard *lc = o->post->lc;
    const Message *m = &o->request->message;
    int class = class_of(o->whose, lc);
    uint32_t interface = message_u32(m, TAG_INTERFACE, UINT32_MAX), n_mac = 0,
             protocol = message_u32(m, TAG_PROTOCOL, 0), port = message_u32(m, TAG_PORT, 0);
    const uint8_t *mac = message_bytes(m, TAG_MAC, &n_mac);
    if (class < 0) {
        if (m->type == MESSAGE_LC_RELEASE || !message_u32(m, TAG_SHARE, 1)) return 0;
        input_error(error, "%s has no traffic class on the line card", o->whose->name);
        return EBADF;
    }
    if (interface >= linecard_interfaces(lc) || protocol > UINT8_MAX || port > UINT16_MAX ||
        (mac && n_mac != MAC_BYTES)) {
        input_error(error, "there is no port %u of protocol %u at interface %u", port, protocol,
                    interface);
        return EINVAL;
    }
    switch (m->type) {
    case MESSAGE_LC_CLAIM:
        return as_errno(
            linecard_bind(lc, class, mac, interface, (uint8_t)protocol, (uint16_t)port, error),
            EADDRINUSE);
    case MESSAGE_LC_RELEASE:
        linecard_close(lc, class, interface, (uint8_t)protocol, (uint16_t)port);
        return 0;
    default:
        return as_errno(linecard_set_share(lc, class, interface, message_u32(m, TAG_DIRECTION, 0),
                                           share_in(m, 0), error),
                        ENOSPC);
    }
}

static void line_card_served(void *user, void *data, SimTime now) {
    Order *o = data;
    g_autoptr(GError) error = NULL;
    (void)user, (void)now;
    int code = run_line_card(o, &error);
    if (code)
        station_refuse(o->post->station, o->request, code, error->message);
    else
        station_done(o->post->station, o->request);
    order_free(o);
}

static MpClient *line_card_client(Post *post, Component *whose) {
    MpClient *client = g_hash_table_lookup(post->clients, whose);
    if (client) return client;
    client = mp_client(linecard_mp(post->lc));
    g_hash_table_insert(post->clients, whose, client);
    return client;
}

/* Requests --------------------------------------------------------------------------------- */

/* The component that the message is about; NULL: it is answered. */
static Component *whose_is(Post *post, StationRequest *request) {
    const char *name = message_text(&request->message, TAG_NAME);
    Component *box = post->npe ? (Component *)(void *)post->npe : (Component *)(void *)post->lc,
              *c = name ? network_find(box->network, name) : NULL;
    if (c && (c->class == &slice_class || (post->lc && c->class == &vserver_class))) return c;
    station_refuse(post->station, request, ENOENT, "there is no slice of that name");
    return NULL;
}

static void asked(void *user, StationRequest *request) {
    Post *post = user;
    MessageType type = request->message.type;
    if (type == MESSAGE_ALIVE) {
        station_done(post->station, request);
        return;
    }
    bool known = post->npe ? type == MESSAGE_MP_CONFIGURE
                           : type == MESSAGE_LC_CLAIM || type == MESSAGE_LC_RELEASE ||
                                 type == MESSAGE_LC_SHARE;
    if (!known) {
        station_refuse(post->station, request, EINVAL, "nobody here does that");
        return;
    }
    Component *whose = whose_is(post, request);
    if (!whose) return;
    Order *o = g_new0(Order, 1);
    o->post = post;
    o->request = request;
    o->whose = whose;
    message_begin(&o->answer, MESSAGE_DONE, request->message.slice);
    if (post->npe) {
        next_item(o);
    } else if (!mp_submit_here(linecard_mp(post->lc), line_card_client(post, whose),
                               line_card_served, NULL, o, order_free)) {
        refuse_flood(o);
    }
}

/* Component -------------------------------------------------------------------------------- */

static void post_free(void *data) {
    Post *post = data;
    station_free(post->station);
    g_hash_table_unref(post->clients);
    g_free(post);
}

static bool management_create(Component *c, GError **error) {
    (void)error;
    c->n_ports = 0;
    ((Management *)c)->posts = g_ptr_array_new_with_free_func(post_free);
    return true;
}

static bool management_start(Component *c, GError **error) {
    Management *m = (Management *)c;
    Component *box;
    for (unsigned i = 0; (box = network_nth(c->network, i)); i++) {
        bool npe = box->class == &npe_class && npe_switched((Npe *)(void *)box),
             lc = box->class == &linecard_class;
        if (!npe && !lc) continue;
        Post *post = g_new0(Post, 1);
        g_ptr_array_add(m->posts, post);
        post->name = box->name;
        post->clients = g_hash_table_new(NULL, NULL);
        if (npe)
            post->npe = (Npe *)(void *)box;
        else
            post->lc = (LineCard *)(void *)box;
        post->station = control_station(c, box->name, &m->settings, error);
        if (!post->station) return false;
        station_serve(post->station, npe ? SERVICE_MP : SERVICE_LC, asked, post);
    }
    return m->posts->len ||
           input_error(error, "found no NPE on a line card and no line card, expected one");
}

Station *management_station(const Network *net, const char *box) {
    Component *c;
    for (unsigned i = 0; (c = network_nth(net, i)); i++) {
        const Management *m = (const Management *)c;
        for (unsigned k = 0; c->class == &management_class && k < m->posts->len; k++) {
            const Post *post = m->posts->pdata[k];
            if (!strcmp(post->name, box)) return post->station;
        }
    }
    return NULL;
}

static void management_report(Component *c, Report *report) {
    const Management *m = (Management *)c;
    StationCounts sum = {0};
    for (unsigned i = 0; i < m->posts->len; i++) {
        StationCounts n = station_counts(((const Post *)m->posts->pdata[i])->station);
        sum.served += n.served, sum.repeated += n.repeated;
        sum.bytes += n.bytes, sum.bad += n.bad;
    }
    report_scalar(report, "requests", (double)(sum.served - sum.repeated), "requests");
    report_scalar(report, "repeated", (double)sum.repeated, "requests");
    report_scalar(report, "bytes", (double)sum.bytes, "bytes");
    report_scalar(report, "bad", (double)sum.bad, "frames");
}

static void management_free(Component *c) {
    Management *m = (Management *)c;
    if (m->posts) g_ptr_array_unref(m->posts);
}

static const Param management_params[] = {STATION_PARAMS(Management, settings), {0}};

static const Scalar management_scalars[] = {
    {"requests", "requests", "that came to management processors over the control network"},
    {"repeated", "requests", "that came again, and were not carried out again"},
    {"bytes", "bytes", "of frames that they have answered with"},
    {"bad", "frames", "to them in which there was no message"},
    {0}};

const ComponentClass management_class = {
    .name = "management",
    .text = "management processors' services on the control network: one for all NPEs and line "
            "cards",
    .ports = "none",
    .size = sizeof(Management),
    .params = management_params,
    .create = management_create,
    .start = management_start,
    .scalars = management_scalars,
    .report = management_report,
    .free = management_free,
};
