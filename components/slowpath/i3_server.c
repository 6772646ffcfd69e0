/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The I3 server. Triggers with equal ids share a leaf; leaves stand in a tree in the order of their
 * ids, so those that share a prefix stand side by side. A second list has all triggers by their
 * last refresh, which is the order in which they expire. */
#include "components/slowpath/i3_server.h"

#include <glib.h>
#include <string.h>

#include "fastpath/headers.h"

enum { ID_BITS = 256, KEY_BYTES = 16, BUCKET_BYTES = 13, DATAGRAM_BYTES = 65535 - 28 };
enum { TO_IPV6 = 0x30, TO_NAT = 0x40, LONG_ADDRESS_BYTES = 18, TRIGGER_BUCKET = 0x2 };
enum { IPV4_ADDRESS_BYTES = 7, OPTIONS_LENGTH = 2 };

typedef struct Leaf Leaf;

typedef struct {
    I3Trigger seen; /* first: what the world sees */
    uint8_t *ids;   /* of the stack */
    Leaf *leaf;
    GList by_age;
} Trigger;

struct Leaf {
    uint8_t id[I3_ID_BYTES];
    GPtrArray *triggers; /* in the order of their first insertion */
};

struct I3Server {
    I3ServerParams params;
    GTree *leaves;
    GQueue by_age; /* oldest refresh first */
    SimTime now;
    uint64_t counts[I3_N_COUNTS];
    uint8_t out[DATAGRAM_BYTES];
};

static const char *const counts[] = {
#define X(symbol, name, text) name,
    I3_COUNTS(X)
#undef X
};

const char *i3_count_name(I3Count count) {
    return counts[count];
}
uint64_t i3_server_count(const I3Server *server, I3Count count) {
    return server->counts[count];
}

/* The table -------------------------------------------------------------------------------- */

static int compare_ids(const void *a, const void *b, void *user) {
    (void)user;
    return memcmp(a, b, I3_ID_BYTES);
}

static void free_trigger(void *p) {
    Trigger *t = p;
    g_free(t->ids);
    g_free(t);
}

static void free_leaf(void *p) {
    Leaf *leaf = p;
    g_ptr_array_free(leaf->triggers, TRUE);
    g_free(leaf);
}

I3Server *i3_server_new(const I3ServerParams *params) {
    I3Server *s = g_new0(I3Server, 1);
    I3ServerParams *p = &s->params;
    *p = *params;
    if (!p->min_prefix_bits) p->min_prefix_bits = 128;
    if (!p->lifetime) p->lifetime = 30 * SIM_S;
    if (!p->max_triggers) p->max_triggers = 65536;
    if (!p->max_depth) p->max_depth = 16;
    if (!p->max_copies) p->max_copies = 4096;
    g_assert(p->min_prefix_bits <= ID_BITS);
    s->leaves = g_tree_new_full(compare_ids, NULL, NULL, free_leaf);
    return s;
}

void i3_server_free(I3Server *server) {
    if (!server) return;
    g_tree_destroy(server->leaves);
    g_free(server);
}

unsigned i3_server_n_triggers(const I3Server *server) {
    return server->by_age.length;
}

static Leaf *leaf_of(GTreeNode *node) {
    return node ? g_tree_node_value(node) : NULL;
}

const I3Trigger *i3_server_single(const I3Server *server, const uint8_t id[I3_ID_BYTES]) {
    uint8_t lowest[I3_ID_BYTES] = {0};
    memcpy(lowest, id, FP_KEY_BYTES);
    GTreeNode *node = g_tree_lower_bound(server->leaves, lowest);
    Leaf *leaf = leaf_of(node);
    if (!leaf || memcmp(leaf->id, id, FP_KEY_BYTES) != 0 || leaf->triggers->len != 1) return NULL;
    Leaf *next = leaf_of(g_tree_node_next(node));
    if (next && memcmp(next->id, id, FP_KEY_BYTES) == 0) return NULL;
    const Trigger *t = g_ptr_array_index(leaf->triggers, 0);
    return t->seen.n_ids ? NULL : &t->seen;
}

static void announce(const I3Server *s, const I3Trigger *before, const I3Trigger *after) {
    if (before == after || !s->params.single) return;
    if (before) s->params.single(s->params.user, false, before);
    if (after) s->params.single(s->params.user, true, after);
}

static void add_trigger(I3Server *s, Trigger *t) {
    const I3Trigger *before = i3_server_single(s, t->seen.id);
    t->leaf = g_tree_lookup(s->leaves, t->seen.id);
    if (!t->leaf) {
        t->leaf = g_new0(Leaf, 1);
        memcpy(t->leaf->id, t->seen.id, I3_ID_BYTES);
        t->leaf->triggers = g_ptr_array_new_with_free_func(free_trigger);
        g_tree_insert(s->leaves, t->leaf->id, t->leaf);
    }
    g_ptr_array_add(t->leaf->triggers, t);
    t->by_age.data = t;
    g_queue_push_tail_link(&s->by_age, &t->by_age);
    announce(s, before, i3_server_single(s, t->seen.id));
}

static void remove_trigger(I3Server *s, Trigger *t) {
    const I3Trigger *before = i3_server_single(s, t->seen.id);
    Leaf *leaf = t->leaf;
    unsigned i = 0;
    while (g_ptr_array_index(leaf->triggers, i) != t) i++;
    g_ptr_array_steal_index(leaf->triggers, i);
    g_queue_unlink(&s->by_age, &t->by_age);
    if (leaf->triggers->len == 0) g_tree_remove(s->leaves, leaf->id);
    announce(s, before, i3_server_single(s, t->seen.id));
    free_trigger(t);
}

void i3_server_expire(I3Server *server, SimTime now) {
    g_assert(now >= server->now);
    server->now = now;
    while (server->by_age.head) {
        Trigger *t = server->by_age.head->data;
        if (now - t->seen.refreshed <= server->params.lifetime) break;
        remove_trigger(server, t);
        server->counts[I3_EXPIRED]++;
    }
}

SimTime i3_server_next_expiry(const I3Server *server) {
    if (!server->by_age.head) return SIM_NEVER;
    const Trigger *t = server->by_age.head->data;
    return t->seen.refreshed + server->params.lifetime + 1;
}

static unsigned common_bits(const uint8_t *a, const uint8_t *b) {
    unsigned i = 0, bit = 0;
    while (i < I3_ID_BYTES && a[i] == b[i]) i++;
    if (i == I3_ID_BYTES) return ID_BITS;
    while (!((a[i] ^ b[i]) & 0x80 >> bit)) bit++;
    return 8 * i + bit;
}

/* The leaf closest to `id`, and how many leading bits they share; NULL if fewer than the minimum.
 * The leaves with the longest prefix in common are neighbours of `id` in the tree. All of them then
 * differ from it in the next bit, so that among them who is closest stays the same if that bit of
 * `id` is turned over; and then more bits are in common, until all are. */
static const Leaf *closest_leaf(const I3Server *s, const uint8_t *id, unsigned *common) {
    uint8_t x[I3_ID_BYTES];
    memcpy(x, id, sizeof x);
    *common = 0;
    for (bool first = true;; first = false) {
        GTreeNode *above = g_tree_lower_bound(s->leaves, x);
        GTreeNode *below = above ? g_tree_node_previous(above) : g_tree_node_last(s->leaves);
        const Leaf *a = leaf_of(above), *b = leaf_of(below);
        unsigned to_a = a ? common_bits(a->id, x) : 0, to_b = b ? common_bits(b->id, x) : 0;
        unsigned bits = MAX(to_a, to_b);
        if (first) *common = bits;
        if (first && bits < s->params.min_prefix_bits) return NULL;
        if (bits == ID_BITS) return a; /* an equal id is a lower bound */
        x[bits / 8] ^= (uint8_t)(0x80 >> bits % 8);
    }
}

/* Options ---------------------------------------------------------------------------------- */

typedef struct {
    const uint8_t *at;
    uint32_t left;
} Cursor;

static const uint8_t *take(Cursor *c, uint32_t bytes) {
    const uint8_t *at = c->at;
    if (bytes > c->left) return NULL;
    c->at += bytes;
    c->left -= bytes;
    return at;
}

typedef struct {
    const uint8_t *raw;
    uint32_t bytes;
    uint8_t type, n_ids;
    uint32_t address;
    uint16_t port;
} Address;

static bool take_address(Cursor *c, Address *a) {
    const uint8_t *type = take(c, 1), *body = NULL;
    if (!type) return false;
    *a = (Address){.raw = type, .type = *type};
    if (*type == I3_TO_STACK) {
        const uint8_t *n = take(c, 1);
        if (!n || *n == 0 || *n > I3_MAX_IDS) return false;
        a->n_ids = *n;
        body = take(c, *n * I3_ID_BYTES);
    } else if (*type == I3_TO_IPV4) {
        body = take(c, IPV4_ADDRESS_BYTES - 1);
        if (body) a->address = get32(body);
        if (body) a->port = (uint16_t)get16(body + 4);
    } else if (*type == TO_IPV6 || *type == TO_NAT) {
        body = take(c, LONG_ADDRESS_BYTES);
    }
    a->bytes = (uint32_t)(c->at - type);
    return body;
}

typedef struct {
    uint8_t code;
    const uint8_t *raw; /* the trigger as it came */
    uint32_t bytes;
    const uint8_t *id, *nonce;
    unsigned prefix_bits;
    Address address; /* of a sender or the trigger's target */
} Option;

enum { TRIGGER_ID = 1, TRIGGER_PREFIX = 33, TRIGGER_NONCE = 35, TRIGGER_TARGET = 51 };

static bool take_trigger(Cursor *c, Option *o) {
    o->raw = take(c, TRIGGER_TARGET);
    if (!o->raw || !take_address(c, &o->address)) return false;
    o->id = o->raw + TRIGGER_ID;
    o->prefix_bits = get16(o->raw + TRIGGER_PREFIX);
    o->nonce = o->raw + TRIGGER_NONCE;
    if (!o->address.n_ids && !take(c, KEY_BYTES)) return false;
    if (o->raw[0] & TRIGGER_BUCKET && !take(c, BUCKET_BYTES)) return false;
    o->bytes = (uint32_t)(c->at - o->raw);
    return o->prefix_bits <= ID_BITS;
}

static bool take_option(Cursor *c, Option *o) {
    *o = (Option){.code = *take(c, 1)};
    switch (o->code) {
    case I3_SENDER:
    case I3_DESTINATION: return take_address(c, &o->address);
    case I3_INSERT:
    case I3_CHALLENGE:
    case I3_ACK:
    case I3_REMOVE:
    case I3_CACHE_ADDRESS:
    case I3_CACHE_ADDRESS_FORCED:
    case I3_CONSTRAINT_FAILED:
    case I3_ROUTE_BROKEN:
    case I3_SHORTCUT_ADDRESS:
    case I3_DESTINATION_ADDRESS: return take_trigger(c, o);
    case I3_NOT_PRESENT:
    case I3_RATE_LIMIT_EXCEEDED: return take(c, I3_ID_BYTES);
    case I3_REQUEST_CACHE:
    case I3_LOG:
    case I3_TIME_STAMP:
    case I3_SHORTCUT_REQUEST:
    case I3_SHORTCUT_INDIRECT: return true;
    default: return false; /* how long it is nobody knows */
    }
}

/* Packets ---------------------------------------------------------------------------------- */

/* A packet on its way through the server. */
typedef struct {
    I3Server *server;
    uint8_t n;
    uint8_t ids[I3_MAX_IDS * I3_ID_BYTES];
    const uint8_t *payload;
    uint32_t payload_bytes;
    Address sender; /* type 0: not named */
    uint32_t from_address;
    uint16_t from_port;
    unsigned copies;
    bool cut;
    I3Emit *emit;
    void *user;
} Passage;

/* Sends ids and payload, without options. */
static bool send_data(Passage *p, uint32_t address, uint16_t port) {
    uint8_t *out = p->server->out;
    uint32_t header = I3_AT_IDS + I3_ID_BYTES * p->n;
    if (p->payload_bytes > DATAGRAM_BYTES - header) {
        p->server->counts[I3_TOO_LONG]++;
        return false;
    }
    out[I3_AT_VERSION] = I3_VERSION;
    out[I3_AT_FLAGS] = I3_DATA;
    out[I3_AT_COUNT] = p->n;
    memcpy(out + I3_AT_IDS, p->ids, I3_ID_BYTES * p->n);
    if (p->payload_bytes) memcpy(out + header, p->payload, p->payload_bytes);
    p->emit(p->user, out, header + p->payload_bytes, address, port);
    return true;
}

/* Starts a packet for a node, without ids and with options; returns where the first one goes. */
static uint8_t *begin_options(I3Server *s) {
    s->out[I3_AT_VERSION] = I3_VERSION;
    s->out[I3_AT_FLAGS] = I3_OPTION_LIST;
    s->out[I3_AT_COUNT] = 0;
    return s->out + I3_AT_IDS + OPTIONS_LENGTH;
}

static void send_options(Passage *p, const uint8_t *end, uint32_t address, uint16_t port) {
    uint8_t *out = p->server->out;
    uint32_t length = (uint32_t)(end - out);
    put16(out + I3_AT_IDS, length - I3_AT_IDS); /* there are none */
    p->emit(p->user, out, length, address, port);
}

/* A host that packets may be sent to, and not this server itself. */
static bool is_host(const I3Server *s, const Address *a) {
    uint32_t net = a->address >> 24;
    if (a->type != I3_TO_IPV4 || net == 0 || net == 127 || net >= 224 || !a->port) return false;
    return a->address != s->params.address || a->port != s->params.port;
}

static void absent(Passage *p, bool chain) {
    I3Server *s = p->server;
    s->counts[I3_ABSENT]++;
    if (chain || !is_host(s, &p->sender)) return;
    uint8_t *o = begin_options(s);
    *o = I3_NOT_PRESENT;
    memcpy(o + 1, p->ids, I3_ID_BYTES);
    send_options(p, o + 1 + I3_ID_BYTES, p->sender.address, p->sender.port);
    s->counts[I3_ABSENT_SENT]++;
}

static bool elsewhere(const I3Server *s, const uint8_t *id, uint32_t *address, uint16_t *port) {
    *address = 0;
    *port = 0;
    return s->params.elsewhere && s->params.elsewhere(s->params.user, id, address, port);
}

static void look_up(Passage *p, unsigned depth);

static void fire(Passage *p, const Trigger *t, unsigned depth) {
    I3Server *s = p->server;
    if (!t->seen.n_ids) {
        if (send_data(p, t->seen.address, t->seen.port)) s->counts[I3_DELIVERED]++;
        return;
    }
    if (p->n - 1u + t->seen.n_ids > I3_MAX_IDS) {
        s->counts[I3_TOO_HIGH]++;
        return;
    }
    uint8_t ids[sizeof p->ids], n = p->n;
    memcpy(ids, p->ids, sizeof ids);
    p->n = (uint8_t)(n - 1 + t->seen.n_ids);
    memcpy(p->ids, t->ids, t->seen.n_ids * I3_ID_BYTES);
    memcpy(p->ids + t->seen.n_ids * I3_ID_BYTES, ids + I3_ID_BYTES, (n - 1u) * I3_ID_BYTES);
    uint32_t address;
    uint16_t port;
    if (!elsewhere(s, p->ids, &address, &port)) {
        look_up(p, depth + 1);
    } else if (!address) {
        s->counts[I3_NO_NODE]++;
    } else if (send_data(p, address, port)) {
        s->counts[I3_FORWARDED]++;
    }
    memcpy(p->ids, ids, sizeof ids);
    p->n = n;
}

/* The top id is ours: send to whoever has a trigger for it. */
static void look_up(Passage *p, unsigned depth) {
    I3Server *s = p->server;
    unsigned common, fired = 0;
    if (depth > s->params.max_depth) {
        s->counts[I3_TOO_DEEP]++;
        return;
    }
    const Leaf *leaf = closest_leaf(s, p->ids, &common);
    for (unsigned i = 0; leaf && i < leaf->triggers->len && !p->cut; i++) {
        const Trigger *t = g_ptr_array_index(leaf->triggers, i);
        if (common < t->seen.prefix_bits) continue;
        fired++;
        if (p->copies == s->params.max_copies) {
            p->cut = true;
            s->counts[I3_TOO_DEEP]++;
            return;
        }
        p->copies++;
        fire(p, t, depth);
    }
    if (!fired) absent(p, depth > 0);
}

/* Triggers --------------------------------------------------------------------------------- */

void i3_server_nonce(const I3Server *server, const uint8_t *target, uint32_t bytes,
                     uint8_t nonce[I3_NONCE_BYTES]) {
    gsize length = I3_NONCE_BYTES;
    GHmac *hmac = g_hmac_new(G_CHECKSUM_MD5, server->params.secret, sizeof server->params.secret);
    g_hmac_update(hmac, target, bytes);
    g_hmac_get_digest(hmac, nonce, &length);
    g_hmac_unref(hmac);
}

static bool right_nonce(const I3Server *s, const Option *o, uint8_t right[I3_NONCE_BYTES]) {
    i3_server_nonce(s, o->address.raw, o->address.bytes, right);
    return memcmp(right, o->nonce, I3_NONCE_BYTES) == 0;
}

static Trigger *find_trigger(const I3Server *s, const Option *o) {
    const Leaf *leaf = g_tree_lookup(s->leaves, o->id);
    const Address *to = &o->address;
    for (unsigned i = 0; leaf && i < leaf->triggers->len; i++) {
        Trigger *t = g_ptr_array_index(leaf->triggers, i);
        if (t->seen.n_ids != to->n_ids || t->seen.address != to->address ||
            t->seen.port != to->port)
            continue;
        if (!to->n_ids || !memcmp(t->ids, to->raw + 2, to->n_ids * I3_ID_BYTES)) return t;
    }
    return NULL;
}

/* The handshake's answer goes to the target; for a stack to who asked. */
static void answer(Passage *p, const Option *o, uint8_t code, const uint8_t *nonce) {
    I3Server *s = p->server;
    const Address *to = o->address.n_ids ? &p->sender : &o->address;
    uint32_t address = is_host(s, to) ? to->address : p->from_address;
    uint16_t port = is_host(s, to) ? to->port : p->from_port;
    if (!address) {
        s->counts[I3_UNANSWERED]++;
        return;
    }
    uint8_t *out = begin_options(s);
    *out++ = code;
    memcpy(out, o->raw, o->bytes);
    memcpy(out + TRIGGER_NONCE, nonce, I3_NONCE_BYTES);
    out += o->bytes;
    if (code == I3_ACK && s->params.address) { /* who owns the id */
        memset(out, 0, 1 + I3_TRIGGER_BYTES);
        *out++ = I3_CACHE_ADDRESS;
        memcpy(out + TRIGGER_ID, o->id, I3_ID_BYTES);
        put16(out + TRIGGER_PREFIX, ID_BITS);
        out[TRIGGER_TARGET] = I3_TO_IPV4;
        put32(out + TRIGGER_TARGET + 1, s->params.address);
        put16(out + TRIGGER_TARGET + 5, s->params.port);
        out += I3_TRIGGER_BYTES;
    }
    send_options(p, out, address, port);
    s->counts[code == I3_ACK ? I3_ACKED : I3_CHALLENGED]++;
}

static void refresh(I3Server *s, Trigger *t, const Option *o) {
    t->seen.prefix_bits = (uint16_t)o->prefix_bits;
    t->seen.refreshed = s->now;
    g_queue_unlink(&s->by_age, &t->by_age);
    g_queue_push_tail_link(&s->by_age, &t->by_age);
    s->counts[I3_REFRESHED]++;
}

static void insert(Passage *p, const Option *o) {
    I3Server *s = p->server;
    const Address *to = &o->address;
    uint8_t nonce[I3_NONCE_BYTES];
    uint32_t address;
    uint16_t port;
    Trigger *t = find_trigger(s, o);
    if ((!to->n_ids && !is_host(s, to)) || elsewhere(s, o->id, &address, &port) ||
        (!t && s->by_age.length == s->params.max_triggers)) {
        s->counts[I3_REFUSED]++;
        return;
    }
    if (!right_nonce(s, o, nonce)) {
        answer(p, o, I3_CHALLENGE, nonce);
        return;
    }
    if (t) {
        refresh(s, t, o);
    } else {
        t = g_new0(Trigger, 1);
        memcpy(t->seen.id, o->id, I3_ID_BYTES);
        t->seen.prefix_bits = (uint16_t)o->prefix_bits;
        t->seen.n_ids = to->n_ids;
        t->seen.address = to->address;
        t->seen.port = to->port;
        t->seen.refreshed = s->now;
        if (to->n_ids) t->ids = g_memdup2(to->raw + 2, to->n_ids * I3_ID_BYTES);
        add_trigger(s, t);
        s->counts[I3_INSERTED]++;
    }
    answer(p, o, I3_ACK, nonce);
}

static void remove_on_request(Passage *p, const Option *o) {
    I3Server *s = p->server;
    uint8_t nonce[I3_NONCE_BYTES];
    if (!right_nonce(s, o, nonce)) {
        s->counts[I3_BAD_NONCE]++;
        return;
    }
    Trigger *t = find_trigger(s, o);
    if (!t) return;
    remove_trigger(s, t);
    s->counts[I3_REMOVED]++;
}

/* All of them are looked at before any is obeyed. */
static bool read_options(Passage *p, Cursor c) {
    Option o;
    while (c.left) {
        if (!take_option(&c, &o)) return false;
        if (o.code == I3_SENDER && !p->sender.type) p->sender = o.address;
    }
    return true;
}

static void obey_options(Passage *p, Cursor c) {
    Option o;
    while (c.left && take_option(&c, &o)) {
        if (o.code == I3_INSERT) insert(p, &o);
        if (o.code == I3_REMOVE) remove_on_request(p, &o);
    }
}

/* As it came, but that this is no longer its first hop. */
static void pass_on(I3Server *s, const uint8_t *packet, uint32_t length, uint32_t address,
                    uint16_t port, I3Emit *emit, void *user) {
    if (!address || length > DATAGRAM_BYTES) {
        s->counts[address ? I3_TOO_LONG : I3_NO_NODE]++;
        return;
    }
    memcpy(s->out, packet, length);
    s->out[I3_AT_FLAGS] &= (uint8_t)~I3_FIRST_HOP;
    s->counts[I3_FORWARDED]++;
    emit(user, s->out, length, address, port);
}

void i3_server_process(I3Server *server, const uint8_t *packet, uint32_t length,
                       uint32_t from_address, uint16_t from_port, SimTime now, I3Emit *emit,
                       void *user) {
    I3Server *s = server;
    i3_server_expire(s, now);
    s->counts[I3_PACKETS]++;
    if (i3_classify(packet, length) == FP_I3_BAD) {
        s->counts[I3_MALFORMED]++;
        return;
    }
    Passage p = {.server = s,
                 .n = packet[I3_AT_COUNT],
                 .from_address = from_address,
                 .from_port = from_port,
                 .emit = emit,
                 .user = user};
    uint32_t at = I3_AT_IDS + I3_ID_BYTES * p.n, address;
    uint16_t port;
    if (p.n && elsewhere(s, packet + I3_AT_IDS, &address, &port)) {
        pass_on(s, packet, length, address, port, emit, user);
        return;
    }
    memcpy(p.ids, packet + I3_AT_IDS, I3_ID_BYTES * p.n);
    Cursor options = {packet + at, 0};
    if (packet[I3_AT_FLAGS] & I3_OPTION_LIST) {
        uint32_t bytes = get16(packet + at);
        options = (Cursor){packet + at + OPTIONS_LENGTH, bytes - OPTIONS_LENGTH};
        at += bytes;
        if (!read_options(&p, options)) {
            s->counts[I3_MALFORMED]++;
            return;
        }
    }
    p.payload = packet + at;
    p.payload_bytes = length - at;
    obey_options(&p, options);
    if (!(packet[I3_AT_FLAGS] & I3_DATA))
        s->counts[I3_NO_DATA]++;
    else if (p.n)
        look_up(&p, 0);
}
