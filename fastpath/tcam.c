/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tuple space search. A tuple is a distinct mask with a hash table of its entries; it holds, for
 * each masked value, the lowest position (entries equal in value and mask at higher positions are
 * shadowed, and looked for again only when the lowest is removed). Tuples are kept in the order of
 * their lowest position ever used, so the search stops as soon as no later tuple can win.
 *
 * The index: 16 bits of the key that most masks care about, mixed with the slice id, which every
 * mask cares about. For each of their 65,536 values a row of bits says which tuples have an entry
 * that agrees with it. Bits are set on insertion and never cleared on removal: a stale bit costs a
 * probe, not a wrong answer. */
#include "fastpath/tcam.h"

#include <stdlib.h>
#include <string.h>

enum { INDEX_BITS = 16, INDEX_SIZE = 1 << INDEX_BITS, FIRST_SLOTS = 64, MAX_OPEN = 8 };
#define SLICE_MASK (UINT64_C(0xffff) << 48)
#define EMPTY UINT32_MAX

typedef struct {
    TcamWord value;
    uint32_t position; /* the lowest */
    uint32_t n;        /* entries of this value and mask */
} Slot;

typedef struct {
    TcamWord mask;
    Slot *slots;
    uint32_t size, used; /* size is a power of two, at most half full */
    uint32_t n;          /* entries */
    uint32_t lowest;     /* none of them is below this position */
    uint32_t bit;        /* in the rows of the index */
} Tuple;

typedef struct {
    TcamWord value, mask;
    bool used;
} Entry;

struct Tcam {
    unsigned n_entries, n_used;
    Entry *entries;
    Tuple **order; /* by lowest position */
    unsigned n_tuples, row_words;
    bool stale;     /* rows and order are to be made anew before the next look-up */
    uint64_t *rows; /* INDEX_SIZE rows of row_words words; bit = rank in `order`; and one more row
                     * for tuples that leave more than MAX_OPEN index bits open: always probed */
    TcamWord index_mask;
    uint8_t index_bit[INDEX_BITS];
};

static uint64_t mix(TcamWord w) {
    uint64_t h = (w.word[0] ^ w.word[1] >> 29) * UINT64_C(0x9e3779b97f4a7c15);
    h = (h ^ h >> 32 ^ w.word[1]) * UINT64_C(0xbf58476d1ce4e5b9);
    return h ^ h >> 31;
}

static TcamWord masked(TcamWord a, TcamWord m) {
    return (TcamWord){{a.word[0] & m.word[0], a.word[1] & m.word[1]}};
}
static bool equal(TcamWord a, TcamWord b) {
    return a.word[0] == b.word[0] && a.word[1] == b.word[1];
}

TcamWord tcam_word(uint16_t slice, const uint8_t key[14]) {
    TcamWord w = {{(uint64_t)slice << 48, 0}};
    for (unsigned i = 0; i < 6; i++) w.word[0] |= (uint64_t)key[i] << (40 - 8 * i);
    for (unsigned i = 0; i < 8; i++) w.word[1] |= (uint64_t)key[6 + i] << (56 - 8 * i);
    return w;
}

static bool bit_of(TcamWord w, unsigned bit) {
    return w.word[bit >> 6] >> (63 - (bit & 63)) & 1;
}

/* The index row of a key: its index bits, mixed with the slice. The default bits are 16 in a row
 * (the first two bytes of the slice's key), which needs no gathering. */
static inline uint32_t row_of(const Tcam *t, TcamWord w) {
    uint32_t bits;
    if (t->index_mask.word[0] == UINT64_C(0xffff) << 32) {
        bits = (uint32_t)(w.word[0] >> 32) & 0xffff;
    } else {
        bits = 0;
        for (unsigned i = 0; i < INDEX_BITS; i++) bits = bits << 1 | bit_of(w, t->index_bit[i]);
    }
    return bits ^ (uint32_t)(w.word[0] >> 48) * 40503u % INDEX_SIZE;
}

Tcam *tcam_new(unsigned n_entries) {
    Tcam *t = calloc(1, sizeof *t);
    if (!t) return NULL;
    t->n_entries = n_entries;
    t->entries = calloc(n_entries, sizeof *t->entries);
    t->row_words = 1;
    t->rows = calloc(INDEX_SIZE + 1, sizeof *t->rows);
    t->order = calloc(64, sizeof *t->order);
    if (!t->entries || !t->rows || !t->order) {
        tcam_free(t);
        return NULL;
    }
    t->index_mask.word[0] = UINT64_C(0xffff) << 32;
    for (unsigned i = 0; i < INDEX_BITS; i++) t->index_bit[i] = (uint8_t)(16 + i);
    return t;
}

static void tuple_free(Tuple *tuple) {
    free(tuple->slots);
    free(tuple);
}

void tcam_free(Tcam *t) {
    if (!t) return;
    for (unsigned i = 0; t->order && i < t->n_tuples; i++) tuple_free(t->order[i]);
    free(t->order);
    free(t->rows);
    free(t->entries);
    free(t);
}

/* Hash slots ------------------------------------------------------------------------------ */

static Slot *slot_find(const Tuple *tuple, TcamWord value) {
    uint32_t i = (uint32_t)mix(value) & (tuple->size - 1);
    while (tuple->slots[i].position != EMPTY && !equal(tuple->slots[i].value, value))
        i = (i + 1) & (tuple->size - 1);
    return &tuple->slots[i];
}

static bool slots_resize(Tuple *tuple, uint32_t size) {
    Slot *old = tuple->slots, *fresh = malloc(size * sizeof *fresh);
    uint32_t old_size = tuple->size;
    if (!fresh) return false;
    for (uint32_t i = 0; i < size; i++) fresh[i].position = EMPTY;
    tuple->slots = fresh;
    tuple->size = size;
    for (uint32_t i = 0; i < old_size; i++)
        if (old[i].position != EMPTY) *slot_find(tuple, old[i].value) = old[i];
    free(old);
    return true;
}

static void slot_remove(Tuple *tuple, Slot *slot) {
    uint32_t mask = tuple->size - 1, hole = (uint32_t)(slot - tuple->slots);
    for (uint32_t i = (hole + 1) & mask; tuple->slots[i].position != EMPTY; i = (i + 1) & mask) {
        uint32_t home = (uint32_t)mix(tuple->slots[i].value) & mask;
        if (((i - home) & mask) < ((i - hole) & mask)) continue; /* may stay behind its home */
        tuple->slots[hole] = tuple->slots[i];
        hole = i;
    }
    tuple->slots[hole].position = EMPTY;
    tuple->used--;
}

/* Tuples and rows ------------------------------------------------------------------------- */

static void rows_add(Tcam *t, unsigned rank, TcamWord value, TcamWord mask) {
    /* Every combination of the index bits that the mask leaves open. */
    unsigned open[INDEX_BITS], n_open = 0;
    for (unsigned i = 0; i < INDEX_BITS; i++)
        if (!bit_of(mask, t->index_bit[i])) open[n_open++] = t->index_bit[i];
    if (n_open > MAX_OPEN) {
        t->rows[(size_t)INDEX_SIZE * t->row_words + rank / 64] |= UINT64_C(1) << (rank % 64);
        return;
    }
    for (uint32_t k = 0; k < 1u << n_open; k++) {
        TcamWord w = value;
        for (unsigned i = 0; i < n_open; i++)
            if (k >> i & 1) w.word[open[i] >> 6] |= UINT64_C(1) << (63 - (open[i] & 63));
        t->rows[(size_t)row_of(t, w) * t->row_words + rank / 64] |= UINT64_C(1) << (rank % 64);
    }
}

static int by_lowest(const void *a, const void *b) {
    const Tuple *x = *(Tuple *const *)a, *y = *(Tuple *const *)b;
    return x->lowest < y->lowest ? -1 : x->lowest > y->lowest;
}

/* Room for the rows of n_tuples; what is in them is stale then. */
static bool rows_reserve(Tcam *t) {
    unsigned words = (t->n_tuples + 63) / 64;
    if (words <= t->row_words) return true;
    uint64_t *rows = malloc((size_t)(INDEX_SIZE + 1) * words * sizeof *rows);
    if (!rows) return false;
    free(t->rows);
    t->rows = rows;
    t->row_words = words;
    t->stale = true;
    return true;
}

/* Without allocation. Tuples whose last entry was removed go. */
static void rows_rebuild(Tcam *t) {
    unsigned kept = 0;
    for (unsigned r = 0; r < t->n_tuples; r++)
        if (t->order[r]->used)
            t->order[kept++] = t->order[r];
        else
            tuple_free(t->order[r]);
    t->n_tuples = kept;
    qsort(t->order, t->n_tuples, sizeof *t->order, by_lowest);
    memset(t->rows, 0, (size_t)(INDEX_SIZE + 1) * t->row_words * sizeof *t->rows);
    for (unsigned r = 0; r < t->n_tuples; r++) {
        const Tuple *tuple = t->order[r];
        for (uint32_t i = 0; i < tuple->size; i++)
            if (tuple->slots[i].position != EMPTY)
                rows_add(t, r, tuple->slots[i].value, tuple->mask);
    }
    t->stale = false;
}

static Tuple *tuple_of(const Tcam *t, TcamWord mask, unsigned *rank) {
    for (unsigned r = 0; r < t->n_tuples; r++)
        if (equal(t->order[r]->mask, mask)) {
            *rank = r;
            return t->order[r];
        }
    return NULL;
}

static Tuple *tuple_new(Tcam *t, TcamWord mask, unsigned position) {
    if (t->n_tuples % 64 == 0 && t->n_tuples) {
        Tuple **order = realloc(t->order, (t->n_tuples + 64) * sizeof *order);
        if (!order) return NULL;
        t->order = order;
    }
    Tuple *tuple = calloc(1, sizeof *tuple);
    if (!tuple) return NULL;
    tuple->mask = mask;
    tuple->lowest = position;
    if (!slots_resize(tuple, FIRST_SLOTS)) {
        free(tuple);
        return NULL;
    }
    t->order[t->n_tuples++] = tuple;
    return tuple;
}

bool tcam_insert(Tcam *t, unsigned position, TcamWord value, TcamWord mask) {
    if (position >= t->n_entries || t->entries[position].used) return false;
    value = masked(value, mask);
    unsigned rank = 0;
    Tuple *tuple = tuple_of(t, mask, &rank);
    if (!tuple) {
        if (!(tuple = tuple_new(t, mask, position))) return false;
        rank = t->n_tuples - 1;
        t->stale |= rank > 0 && t->order[rank - 1]->lowest > position;
        if (!rows_reserve(t)) return false;
    }
    if (position < tuple->lowest) {
        tuple->lowest = position;
        t->stale |= rank > 0 && t->order[rank - 1]->lowest > position;
    }
    if (2 * (tuple->used + 1) > tuple->size && !slots_resize(tuple, 2 * tuple->size)) return false;
    Slot *slot = slot_find(tuple, value);
    if (slot->position == EMPTY) {
        *slot = (Slot){value, position, 0};
        tuple->used++;
    } else if (position < slot->position) {
        slot->position = position;
    }
    slot->n++;
    tuple->n++;
    t->entries[position] = (Entry){value, mask, true};
    t->n_used++;
    if (!t->stale) rows_add(t, rank, value, mask);
    return true;
}

bool tcam_remove(Tcam *t, unsigned position) {
    if (position >= t->n_entries || !t->entries[position].used) return false;
    Entry gone = t->entries[position];
    t->entries[position].used = false;
    t->n_used--;
    unsigned rank;
    Tuple *tuple = tuple_of(t, gone.mask, &rank);
    Slot *slot = slot_find(tuple, gone.value);
    tuple->n--;
    if (--slot->n == 0) {
        slot_remove(tuple, slot);
        t->stale |= !tuple->used;
    } else if (slot->position == position) {
        unsigned p = position + 1; /* the next that was in its shadow */
        while (!t->entries[p].used || !equal(t->entries[p].value, gone.value) ||
               !equal(t->entries[p].mask, gone.mask))
            p++;
        slot->position = p;
    }
    return true;
}

bool tcam_get(const Tcam *t, unsigned position, TcamWord *value, TcamWord *mask) {
    if (position >= t->n_entries || !t->entries[position].used) return false;
    *value = t->entries[position].value;
    *mask = t->entries[position].mask;
    return true;
}

int tcam_lookup(Tcam *t, TcamWord key) {
    if (t->stale) rows_rebuild(t);
    const uint64_t *row = &t->rows[(size_t)row_of(t, key) * t->row_words];
    const uint64_t *always = &t->rows[(size_t)INDEX_SIZE * t->row_words];
    uint32_t best = EMPTY;
    for (unsigned w = 0; w < t->row_words; w++)
        for (uint64_t bits = row[w] | always[w]; bits; bits &= bits - 1) {
            const Tuple *tuple = t->order[w * 64 + (unsigned)__builtin_ctzll(bits)];
            if (tuple->lowest > best) return (int)best;
            const Slot *slot = slot_find(tuple, masked(key, tuple->mask));
            if (slot->position < best) best = slot->position;
        }
    return best == EMPTY ? TCAM_MISS : (int)best;
}

unsigned tcam_used(const Tcam *t) {
    return t->n_used;
}
unsigned tcam_entries(const Tcam *t) {
    return t->n_entries;
}

void tcam_optimise(Tcam *t) {
    /* Prefer the first 16 key bits while at least half of the entries care about all of them: that
     * row is cheapest to compute. Else take the 16 bits that most entries care about. */
    uint32_t care[128] = {0}, whole = 0;
    for (unsigned r = 0; r < t->n_tuples; r++) {
        const Tuple *tuple = t->order[r];
        if ((tuple->mask.word[0] >> 32 & 0xffff) == 0xffff) whole += tuple->n;
        for (unsigned b = 16; b < 128; b++)
            if (bit_of(tuple->mask, b)) care[b] += tuple->n;
    }
    uint8_t bits[INDEX_BITS];
    for (unsigned i = 0; i < INDEX_BITS; i++) {
        bits[i] = (uint8_t)(16 + i);
        if (2 * whole >= t->n_used) continue;
        unsigned best = 16;
        for (unsigned b = 16; b < 128; b++)
            if (care[b] > care[best]) best = b;
        bits[i] = (uint8_t)best;
        care[best] = 0;
    }
    if (!memcmp(t->index_bit, bits, sizeof bits)) return; /* the rows are as they would be */
    memcpy(t->index_bit, bits, sizeof bits);
    t->index_mask = (TcamWord){{0, 0}};
    for (unsigned i = 0; i < INDEX_BITS; i++)
        t->index_mask.word[bits[i] >> 6] |= UINT64_C(1) << (63 - (bits[i] & 63));
    t->stale = true;
}
