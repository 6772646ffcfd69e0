/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The calendar. Not modelled here: anything. See sim.h for the order it promises.
 *
 * Slot s of the wheel holds, unsorted, the events of times [s * 1024, s * 1024 + 1024) ps, for the
 * 4,096 slots from the one being worked off. A two-level bitmap finds the next occupied slot in a
 * few instructions. When the clock reaches a slot its list is sorted and becomes `active`. */
#include "emu/core/sim.h"

#include <glib.h>
#include <signal.h>
#include <string.h>

#include "emu/core/observe.h"

enum { SLOT_SHIFT = 10, N_SLOTS = 4096, SLOT_MASK = N_SLOTS - 1, N_WORDS = N_SLOTS / 64 };
enum { PLACE_IDLE = 0, PLACE_SLOT = 1, PLACE_ACTIVE = 2, PLACE_HEAP = 3 };
enum { OWNER_SHIFT = 40 };

typedef struct {
    SimTime time;
    uint64_t order;
    SimEvent *event;
} HeapEntry;

struct Sim {
    SimTime now;
    uint64_t active_slot; /* absolute number of the slot being worked off */
    SimEvent *active;     /* its events, sorted */
    uint64_t summary;     /* which words of `occupied` are not zero */
    uint64_t occupied[N_WORDS];
    SimEvent *slots[N_SLOTS];
    HeapEntry *heap;
    uint32_t n_heap, heap_size;
    GPtrArray *owners;
    uint64_t n_pending, n_run;
    volatile sig_atomic_t stopped;
    SimObserver *observer; /* NULL: nobody looks */
    void *observer_user;
};

Sim *sim_new(void) {
    Sim *sim = g_new0(Sim, 1);
    sim->heap_size = 64;
    sim->heap = g_new(HeapEntry, sim->heap_size);
    sim->owners = g_ptr_array_new();
    return sim;
}

void sim_free(Sim *sim) {
    if (!sim) return;
    g_ptr_array_unref(sim->owners);
    g_free(sim->heap);
    g_free(sim);
}

void sim_owner_init(Sim *sim, SimOwner *owner) {
    *owner = (SimOwner){0};
    sim_owner_number(owner, sim->owners->len, sim->owners->len);
    g_ptr_array_add(sim->owners, owner);
}

void sim_owner_number(SimOwner *owner, uint32_t id, uint64_t identity) {
    const uint64_t counts = (UINT64_C(1) << OWNER_SHIFT) - 1;
    g_assert(id < SIM_OWNERS);
    owner->id = id;
    owner->identity = identity;
    owner->next_order = (uint64_t)id << OWNER_SHIFT | (owner->next_order & counts);
    owner->next_packet = (uint64_t)id << OWNER_SHIFT | (owner->next_packet & counts);
}

void sim_event_init(SimEvent *event, SimHandler *run, SimOwner *owner) {
    *event = (SimEvent){.run = run, .owner = owner};
}

SimTime sim_now(const Sim *sim) {
    return sim->now;
}
bool sim_event_pending(const SimEvent *event) {
    return event->place != PLACE_IDLE;
}
uint64_t sim_events_run(const Sim *sim) {
    return sim->n_run;
}
uint64_t sim_events_pending(const Sim *sim) {
    return sim->n_pending;
}
void sim_stop(Sim *sim) {
    sim->stopped = 1;
}
bool sim_stopped(const Sim *sim) {
    return sim->stopped != 0;
}

static inline bool before(const SimEvent *a, const SimEvent *b) {
    return a->time != b->time ? a->time < b->time : a->order < b->order;
}

/* The heap -------------------------------------------------------------------------------- */

static inline bool entry_before(const HeapEntry *a, const HeapEntry *b) {
    return a->time != b->time ? a->time < b->time : a->order < b->order;
}

static inline void heap_place(Sim *sim, uint32_t i, HeapEntry entry) {
    sim->heap[i] = entry;
    entry.event->place = i + PLACE_HEAP;
}

static void heap_up(Sim *sim, uint32_t i, HeapEntry entry) {
    while (i > 0) {
        uint32_t parent = (i - 1) / 2;
        if (!entry_before(&entry, &sim->heap[parent])) break;
        heap_place(sim, i, sim->heap[parent]);
        i = parent;
    }
    heap_place(sim, i, entry);
}

static void heap_down(Sim *sim, uint32_t i, HeapEntry entry) {
    for (;;) {
        uint32_t child = 2 * i + 1;
        if (child >= sim->n_heap) break;
        if (child + 1 < sim->n_heap && entry_before(&sim->heap[child + 1], &sim->heap[child]))
            child++;
        if (!entry_before(&sim->heap[child], &entry)) break;
        heap_place(sim, i, sim->heap[child]);
        i = child;
    }
    heap_place(sim, i, entry);
}

static void heap_insert(Sim *sim, SimEvent *event) {
    if (sim->n_heap == sim->heap_size) {
        sim->heap_size *= 2;
        sim->heap = g_renew(HeapEntry, sim->heap, sim->heap_size);
    }
    heap_up(sim, sim->n_heap++, (HeapEntry){event->time, event->order, event});
}

static void heap_remove(Sim *sim, uint32_t i) {
    HeapEntry last = sim->heap[--sim->n_heap];
    if (i == sim->n_heap) return;
    if (i > 0 && entry_before(&last, &sim->heap[(i - 1) / 2]))
        heap_up(sim, i, last);
    else
        heap_down(sim, i, last);
}

/* The wheel ------------------------------------------------------------------------------- */

static void active_insert(Sim *sim, SimEvent *event) {
    SimEvent *prev = NULL, *next = sim->active;
    while (next && before(next, event)) {
        prev = next;
        next = next->next;
    }
    event->prev = prev;
    event->next = next;
    if (next) next->prev = event;
    *(prev ? &prev->next : &sim->active) = event;
    event->place = PLACE_ACTIVE;
}

static inline void slot_insert(Sim *sim, SimEvent *event, uint64_t slot) {
    uint32_t i = (uint32_t)slot & SLOT_MASK;
    SimEvent *head = sim->slots[i];
    event->prev = NULL;
    event->next = head;
    if (head) head->prev = event;
    sim->slots[i] = event;
    event->place = PLACE_SLOT;
    sim->occupied[i / 64] |= UINT64_C(1) << (i % 64);
    sim->summary |= UINT64_C(1) << (i / 64);
}

static inline void slot_vacate(Sim *sim, uint32_t i) {
    sim->slots[i] = NULL;
    if (!(sim->occupied[i / 64] &= ~(UINT64_C(1) << (i % 64))))
        sim->summary &= ~(UINT64_C(1) << (i / 64));
}

/* The first occupied slot behind the active one, as an absolute number; UINT64_MAX if none. */
static uint64_t next_slot(const Sim *sim) {
    if (!sim->summary) return UINT64_MAX;
    uint32_t from = (uint32_t)(sim->active_slot + 1) & SLOT_MASK, w = from / 64;
    uint64_t bits = sim->occupied[w] & (UINT64_MAX << (from % 64));
    if (!bits) {
        uint64_t later = w == N_WORDS - 1 ? 0 : sim->summary & (UINT64_MAX << (w + 1));
        /* Nothing behind it in this turn of the wheel: the lowest slots are a turn later. */
        w = (uint32_t)__builtin_ctzll(later ? later : sim->summary);
        bits = sim->occupied[w];
    }
    uint32_t i = w * 64 + (uint32_t)__builtin_ctzll(bits);
    return sim->active_slot + 1 + ((i - from) & SLOT_MASK);
}

static SimEvent *merge(SimEvent *a, SimEvent *b) {
    SimEvent *head = NULL, **tail = &head;
    while (a && b) {
        SimEvent **less = before(a, b) ? &a : &b;
        *tail = *less;
        tail = &(*less)->next;
        *less = (*less)->next;
    }
    *tail = a ? a : b;
    return head;
}

/* Bottom-up merge sort by `next`: bins[k] holds a sorted list of 2^k events. */
static SimEvent *sort_list(SimEvent *list) {
    SimEvent *second = list->next;
    if (!second->next) {
        list->next = NULL;
        return merge(list, second);
    }
    SimEvent *bins[32] = {0};
    unsigned n = 0;
    while (list) {
        SimEvent *one = list;
        list = list->next;
        one->next = NULL;
        unsigned k = 0;
        for (; k < n && bins[k]; k++) {
            one = merge(bins[k], one);
            bins[k] = NULL;
        }
        if (k == n) n++;
        bins[k] = one;
    }
    SimEvent *sorted = NULL;
    for (unsigned k = 0; k < n; k++) sorted = merge(bins[k], sorted);
    return sorted;
}

/* A crowded slot is dealt out to 32 parts of 32 ps first, which leaves little to compare. */
static SimEvent *sort_slot(SimEvent *list) {
    enum { PARTS = 32, PART_SHIFT = 5 };
    SimEvent *part[PARTS] = {0}, *sorted = NULL;
    for (SimEvent *e = list, *next; e; e = next) {
        SimEvent **head = &part[e->time >> PART_SHIFT & (PARTS - 1)];
        next = e->next;
        e->next = *head;
        *head = e;
    }
    for (unsigned i = PARTS; i-- > 0;) {
        SimEvent *head = part[i];
        if (!head) continue;
        if (head->next) head = sort_list(head);
        SimEvent *last = head;
        while (last->next) last = last->next;
        last->next = sorted;
        sorted = head;
    }
    return sorted;
}

static void activate(Sim *sim, uint64_t slot) {
    uint32_t i = (uint32_t)slot & SLOT_MASK;
    SimEvent *list = sim->slots[i], *second = list->next;
    slot_vacate(sim, i);
    sim->active_slot = slot;
    if (second && !second->next) { /* two: the common small crowd */
        if (before(second, list)) {
            second->next = list;
            list->next = NULL;
            list = second;
        }
    } else if (second) {
        list = sort_slot(list);
    }
    SimEvent *prev = NULL;
    for (SimEvent *e = list; e; prev = e, e = e->next) {
        e->prev = prev;
        e->place = PLACE_ACTIVE;
    }
    sim->active = list;
}

/* Scheduling ------------------------------------------------------------------------------ */

void sim_schedule_ordered(Sim *sim, SimEvent *event, SimTime time, uint64_t order) {
    if (event->place != PLACE_IDLE || time < sim->now)
        g_error("%" G_GUINT64_FORMAT " ps: owner %u schedules an event %s, for %" G_GUINT64_FORMAT
                " ps",
                sim->now, event->owner->id, event->place ? "twice" : "in the past", time);
    event->time = time;
    event->order = order;
    sim->n_pending++;
    uint64_t ahead = (time >> SLOT_SHIFT) - sim->active_slot;
    if (ahead == 0)
        active_insert(sim, event);
    else if (ahead < N_SLOTS)
        slot_insert(sim, event, time >> SLOT_SHIFT);
    else
        heap_insert(sim, event);
}

void sim_schedule_at(Sim *sim, SimEvent *event, SimTime time) {
    sim_schedule_ordered(sim, event, time, sim_take_order(event->owner));
}

void sim_schedule(Sim *sim, SimEvent *event, SimTime delay) {
    sim_schedule_at(sim, event, sim->now + delay);
}

void sim_cancel(Sim *sim, SimEvent *event) {
    switch (event->place) {
    case PLACE_IDLE: return;
    case PLACE_SLOT: {
        uint32_t i = (uint32_t)(event->time >> SLOT_SHIFT) & SLOT_MASK;
        if (event->next) event->next->prev = event->prev;
        if (event->prev)
            event->prev->next = event->next;
        else if (event->next)
            sim->slots[i] = event->next;
        else
            slot_vacate(sim, i);
        break;
    }
    case PLACE_ACTIVE:
        if (event->next) event->next->prev = event->prev;
        *(event->prev ? &event->prev->next : &sim->active) = event->next;
        break;
    default: heap_remove(sim, event->place - PLACE_HEAP);
    }
    event->place = PLACE_IDLE;
    sim->n_pending--;
}

void sim_clear(Sim *sim) {
    while (sim->n_heap) sim_cancel(sim, sim->heap[sim->n_heap - 1].event);
    while (sim->active) sim_cancel(sim, sim->active);
    for (uint32_t i = 0; i <= SLOT_MASK; i++)
        while (sim->slots[i]) sim_cancel(sim, sim->slots[i]);
}

/* Running --------------------------------------------------------------------------------- */

/* The next event in order, still in its place; NULL if there is none. */
static inline SimEvent *peek(Sim *sim) {
    if (!sim->active) {
        uint64_t slot = next_slot(sim);
        if (sim->n_heap && sim->heap[0].time >> SLOT_SHIFT < slot) return sim->heap[0].event;
        if (slot == UINT64_MAX) return NULL;
        activate(sim, slot);
    }
    if (sim->n_heap) {
        const HeapEntry *top = &sim->heap[0];
        if (top->time != sim->active->time ? top->time < sim->active->time
                                           : top->order < sim->active->order)
            return top->event;
    }
    return sim->active;
}

SimTime sim_next_time(Sim *sim) {
    const SimEvent *event = peek(sim);
    return event ? event->time : SIM_NEVER;
}

/* The common case: the next slot holds one event, which comes before the heap's. Takes it out. */
static inline SimEvent *take_lone(Sim *sim, SimTime limit) {
    if (sim->active) return NULL;
    uint64_t slot = next_slot(sim);
    if (slot == UINT64_MAX) return NULL;
    uint32_t i = (uint32_t)slot & SLOT_MASK;
    SimEvent *event = sim->slots[i];
    if (event->next || event->time > limit || (sim->n_heap && sim->heap[0].time <= event->time))
        return NULL;
    slot_vacate(sim, i);
    sim->active_slot = slot;
    return event;
}

void sim_run_until(Sim *sim, SimTime limit) {
    while (!sim->stopped) {
        SimEvent *event = take_lone(sim, limit);
        if (event) {
            sim->now = event->time;
            event->place = PLACE_IDLE;
            sim->n_pending--;
            sim->n_run++;
            event->run(sim, event);
            continue;
        }
        event = peek(sim);
        if (!event || event->time > limit) {
            sim->now = limit;
            return;
        }
        sim->now = event->time;
        if (event->place == PLACE_ACTIVE) {
            if ((sim->active = event->next)) sim->active->prev = NULL;
        } else {
            heap_remove(sim, 0);
            /* Nothing is left in the slots that the clock has passed. Never back: peek may have
             * looked ahead, and what was scheduled since has its place counted from there. */
            if (!sim->active && sim->now >> SLOT_SHIFT > sim->active_slot)
                sim->active_slot = sim->now >> SLOT_SHIFT;
        }
        event->place = PLACE_IDLE;
        sim->n_pending--;
        sim->n_run++;
        event->run(sim, event);
    }
}

/* The fingerprint ------------------------------------------------------------------------- */

void sim_watch(Sim *sim, SimObserver *observer, void *user) {
    sim->observer = observer;
    sim->observer_user = user;
}

void sim_observe(Sim *sim, SimOwner *owner, SimObservation what, uint64_t packet, uint32_t bytes) {
    if (G_UNLIKELY(sim->observer))
        sim->observer(sim->observer_user, owner, sim->now, what, packet, bytes);
    uint64_t h = owner->observed;
    h = (h ^ sim->now) * UINT64_C(0xbf58476d1ce4e5b9);
    h ^= h >> 29;
    h = (h ^ packet) * UINT64_C(0x94d049bb133111eb);
    h ^= h >> 32;
    h = (h ^ bytes ^ (uint64_t)what << 32) * UINT64_C(0xbf58476d1ce4e5b9);
    owner->observed = h ^ h >> 29;
}

/* The finaliser of SplitMix64. */
static uint64_t mix(uint64_t x) {
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

uint64_t sim_fingerprint(const Sim *sim) {
    uint64_t sum = 0;
    for (unsigned i = 0; i < sim->owners->len; i++) {
        const SimOwner *owner = sim->owners->pdata[i];
        if (owner->observed)
            sum += mix(owner->observed + mix(owner->identity + UINT64_C(0x9e3779b97f4a7c15)));
    }
    return sum;
}
