/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Packets and their slabs. A block is a Packet and its buffer side by side; freed blocks go to the
 * free list of their size, the most recent first, because its lines are still in the cache. */
#include "emu/core/packet.h"

#include <string.h>

#include "emu/core/account.h"
#include "emu/core/error.h"
#include "emu/core/hops.h"

enum { N_SIZES = 4, TAILROOM = 64 };
static const uint32_t buffer_bytes[N_SIZES] = {256, 704, 2304,
                                               65536 + PACKET_HEADROOM_BYTES + TAILROOM};
static const unsigned slab_blocks[N_SIZES] = {256, 128, 64, 2};

struct PacketPool {
    Sim *sim;
    Recorder *recorder;  /* NULL: none */
    PacketCounts counts; /* held stays 0: it is counted from the slabs */
    Packet *free[N_SIZES];
    GPtrArray *slabs[N_SIZES];
    Hops *hops; /* NULL: nobody follows its packets */
};

static size_t block_bytes(unsigned size) {
    return (sizeof(Packet) + buffer_bytes[size] + 15) & ~(size_t)15;
}

static Packet *block_at(const PacketPool *pool, unsigned size, unsigned slab, unsigned block) {
    uint8_t *base = g_ptr_array_index(pool->slabs[size], slab);
    return (Packet *)(void *)(base + block * block_bytes(size));
}

PacketPool *packet_pool_new(Sim *sim, Recorder *recorder) {
    PacketPool *pool = g_new0(PacketPool, 1);
    pool->sim = sim;
    pool->recorder = recorder;
    for (unsigned i = 0; i < N_SIZES; i++) pool->slabs[i] = g_ptr_array_new_with_free_func(g_free);
    return pool;
}

void packet_pool_free(PacketPool *pool) {
    if (!pool) return;
    for (unsigned i = 0; i < N_SIZES; i++) g_ptr_array_unref(pool->slabs[i]);
    g_free(pool);
}

static void add_slab(PacketPool *pool, unsigned size) {
    g_ptr_array_add(pool->slabs[size], g_malloc0(slab_blocks[size] * block_bytes(size)));
    for (unsigned b = slab_blocks[size]; b-- > 0;) {
        Packet *pkt = block_at(pool, size, pool->slabs[size]->len - 1, b);
        pkt->buffer = (uint8_t *)(pkt + 1);
        pkt->capacity = buffer_bytes[size];
        pkt->next = pool->free[size];
        pool->free[size] = pkt;
    }
}

static inline Packet *take(PacketPool *pool, unsigned size) {
    if (!pool->free[size]) add_slab(pool, size);
    Packet *pkt = pool->free[size];
    pool->free[size] = pkt->next;
    pkt->next = NULL;
    pkt->pool = pool;
    return pkt;
}

Packet *packet_new(PacketPool *pool, SimOwner *origin, uint32_t length) {
    g_assert(length >= 14 && length <= 65535);
    unsigned size = 0;
    while (buffer_bytes[size] < PACKET_HEADROOM_BYTES + length + TAILROOM) size++;
    Packet *pkt = take(pool, size);
    pkt->data = pkt->buffer + PACKET_HEADROOM_BYTES;
    pkt->length = length;
    pkt->id = origin->next_packet++;
    pkt->created = pkt->since = sim_now(pool->sim);
    pkt->origin = origin->id;
    pkt->flow = pkt->sequence = pkt->port = 0;
    pkt->counted = false;
    pkt->cause = CAUSE_SOURCE;
    pkt->due = 0;
    pkt->context = NULL;
    pkt->lease = NULL;
    pkt->account = NULL;
    memset(pkt->charged, 0, sizeof pkt->charged);
    pkt->walk = G_UNLIKELY(pool->recorder) ? walk_begin(pool->recorder, pkt) : NULL;
    pool->counts.created++;
    pool->counts.bytes_created += length;
    return pkt;
}

Packet *packet_import(PacketPool *pool, const Packet *from) {
    unsigned size = 0;
    while (buffer_bytes[size] != from->capacity) size++;
    Packet *pkt = take(pool, size);
    uint8_t *buffer = pkt->buffer;
    *pkt = *from;
    pkt->next = NULL;
    pkt->lease = NULL; /* a tenant is in one part */
    pkt->account = NULL;
    pkt->walk = NULL; /* a recorder is of the whole */
    pkt->pool = pool;
    pkt->buffer = buffer;
    pkt->data = buffer + (from->data - from->buffer);
    memcpy(pkt->data, from->data, from->length);
    pool->counts.imported++;
    pool->counts.bytes_imported += from->length;
    return pkt;
}

static void release(Packet *pkt) {
    PacketPool *pool = pkt->pool;
    packet_carry(pkt, NULL);
    unsigned size = 0;
    while (buffer_bytes[size] != pkt->capacity) size++;
    pkt->pool = NULL; /* marks a free block */
    pkt->next = pool->free[size];
    pool->free[size] = pkt;
}

void packet_push(Packet *pkt, uint32_t n) {
    g_assert(pkt->data - pkt->buffer >= (ptrdiff_t)n);
    pkt->data -= n;
    pkt->length += n;
    pkt->pool->counts.bytes_added += n;
}

void packet_pull(Packet *pkt, uint32_t n) {
    g_assert(n <= pkt->length);
    pkt->data += n;
    pkt->length -= n;
    pkt->pool->counts.bytes_removed += n;
}

void packet_set_length(Packet *pkt, uint32_t length) {
    g_assert((size_t)(pkt->data - pkt->buffer) + length <= pkt->capacity);
    if (length > pkt->length)
        pkt->pool->counts.bytes_added += length - pkt->length;
    else
        pkt->pool->counts.bytes_removed += pkt->length - length;
    pkt->length = length;
}

void packet_pool_follow(PacketPool *pool, Hops *hops) {
    pool->hops = hops;
}

static inline void follow_to_end(Packet *pkt, bool delivered) {
    Hops *hops = pkt->pool->hops;
    if (hops) hops_end(hops, pkt, delivered, sim_now(pkt->pool->sim));
}

void packet_deliver(Packet *pkt) {
    follow_to_end(pkt, true);
    pkt->pool->counts.delivered++;
    pkt->pool->counts.bytes_delivered += pkt->length;
    if (pkt->account) account_pass(pkt);
    if (G_UNLIKELY(pkt->walk)) walk_deliver(pkt, sim_now(pkt->pool->sim));
    release(pkt);
}

void packet_end_dropped(Packet *pkt) {
    follow_to_end(pkt, false);
    pkt->pool->counts.dropped++;
    pkt->pool->counts.bytes_dropped += pkt->length;
    release(pkt);
}

void packet_end_exported(Packet *pkt) {
    follow_to_end(pkt, false);
    pkt->pool->counts.exported++;
    pkt->pool->counts.bytes_exported += pkt->length;
    release(pkt);
}

void packet_pool_each(const PacketPool *pool, void (*each)(const Packet *pkt, void *user),
                      void *user) {
    for (unsigned size = 0; size < N_SIZES; size++)
        for (unsigned s = 0; s < pool->slabs[size]->len; s++)
            for (unsigned b = 0; b < slab_blocks[size]; b++) {
                const Packet *pkt = block_at(pool, size, s, b);
                if (pkt->pool) each(pkt, user);
            }
}

static void count(const Packet *pkt, void *user) {
    PacketCounts *c = user;
    c->held++;
    c->bytes_held += pkt->length;
}

PacketCounts packet_pool_counts(const PacketPool *pool) {
    PacketCounts c = pool->counts;
    packet_pool_each(pool, count, &c);
    return c;
}

uint64_t packet_pool_created(const PacketPool *pool) {
    return pool->counts.created;
}

bool packet_pool_empty(const PacketPool *pool) {
    const PacketCounts *c = &pool->counts;
    return c->created + c->imported == c->delivered + c->dropped + c->exported;
}

bool packet_pool_check(const PacketPool *pool, GError **error) {
    PacketCounts c = packet_pool_counts(pool);
    if (c.created + c.imported != c.delivered + c.dropped + c.exported + c.held)
        return invariant_error(error,
                               "packets are not conserved: %" G_GUINT64_FORMAT
                               " created, %" G_GUINT64_FORMAT " imported, %" G_GUINT64_FORMAT
                               " delivered, %" G_GUINT64_FORMAT " dropped, %" G_GUINT64_FORMAT
                               " exported, %" G_GUINT64_FORMAT " held",
                               c.created, c.imported, c.delivered, c.dropped, c.exported, c.held);
    uint64_t in = c.bytes_created + c.bytes_imported + c.bytes_added;
    uint64_t out =
        c.bytes_removed + c.bytes_delivered + c.bytes_dropped + c.bytes_exported + c.bytes_held;
    if (in != out)
        return invariant_error(error,
                               "bytes are not conserved: %" G_GUINT64_FORMAT
                               " created, imported and added, %" G_GUINT64_FORMAT
                               " removed, delivered, dropped, exported and held",
                               in, out);
    return true;
}

void packet_queue_put(PacketQueue *queue, Packet *pkt) {
    pkt->next = NULL;
    *(queue->tail ? &queue->tail->next : &queue->head) = pkt;
    queue->tail = pkt;
    queue->packets++;
    queue->bytes += pkt->length;
}

Packet *packet_queue_get(PacketQueue *queue) {
    Packet *pkt = queue->head;
    if (!pkt) return NULL;
    if (!(queue->head = pkt->next)) queue->tail = NULL;
    pkt->next = NULL;
    queue->packets--;
    queue->bytes -= pkt->length;
    return pkt;
}
