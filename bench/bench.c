/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Speed of the calendar and of the TCAM, each beside something measured in the same run.
 *
 * Calendar: the hold model. n events are pending; each, when it runs, schedules itself again after
 * an exponential delay of mean 1 us, so that 98 percent fall into the wheel's 4.2 us. Beside it the
 * same on a plain binary heap of (time, number, event) entries.
 * TCAM: 131,072 real prefixes (standard input, PREFIX/LENGTH a line), random addresses. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "emu/core/random.h"
#include "emu/core/sim.h"
#include "fastpath/options/ipv4.h"

enum { N_DELAYS = 1 << 16, HOLDS = 3000000 };

static SimTime delays[N_DELAYS];
static unsigned next_delay;
static uint64_t left;

static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static SimTime delay(void) {
    return delays[next_delay++ & (N_DELAYS - 1)];
}

static void hold(Sim *sim, SimEvent *event) {
    if (--left == 0) sim_stop(sim);
    sim_schedule(sim, event, delay());
}

static double calendar(unsigned n) {
    Sim *sim = sim_new();
    SimOwner owner;
    SimEvent *events = calloc(n, sizeof *events);
    sim_owner_init(sim, &owner);
    for (unsigned i = 0; i < n; i++) {
        sim_event_init(&events[i], hold, &owner);
        sim_schedule(sim, &events[i], delay());
    }
    left = HOLDS;
    double start = seconds();
    sim_run_until(sim, SIM_NEVER);
    double spent = seconds() - start;
    free(events);
    sim_free(sim);
    return HOLDS / spent / 1e6;
}

typedef struct {
    SimTime time;
    uint64_t order;
    void *event;
} Entry;

static bool before(const Entry *a, const Entry *b) {
    return a->time != b->time ? a->time < b->time : a->order < b->order;
}

static void sift_down(Entry *heap, unsigned n, Entry e) {
    unsigned i = 0;
    for (unsigned child; (child = 2 * i + 1) < n; i = child) {
        if (child + 1 < n && before(&heap[child + 1], &heap[child])) child++;
        if (!before(&heap[child], &e)) break;
        heap[i] = heap[child];
    }
    heap[i] = e;
}

static void sift_up(Entry *heap, unsigned i, Entry e) {
    for (; i && before(&e, &heap[(i - 1) / 2]); i = (i - 1) / 2) heap[i] = heap[(i - 1) / 2];
    heap[i] = e;
}

/* The same calendar on the heap: events of the same size, run through a pointer, that schedule
 * themselves again. */
typedef struct Heap Heap;
typedef struct HeapEvent {
    SimEvent same_size;
    void (*run)(Heap *heap, struct HeapEvent *event);
} HeapEvent;

struct Heap {
    Entry *entries;
    unsigned n;
    SimTime now;
    uint64_t order;
};

static void heap_schedule(Heap *heap, HeapEvent *event, SimTime after) {
    event->same_size.time = heap->now + after;
    event->same_size.order = heap->order++;
    sift_up(heap->entries, heap->n++,
            (Entry){event->same_size.time, event->same_size.order, event});
}

static void heap_hold(Heap *heap, HeapEvent *event) {
    left--;
    heap_schedule(heap, event, delay());
}

static double binary_heap(unsigned n) {
    Heap heap = {.entries = calloc(n + 1, sizeof(Entry))};
    HeapEvent *events = calloc(n, sizeof *events);
    for (unsigned i = 0; i < n; i++) {
        events[i].run = heap_hold;
        heap_schedule(&heap, &events[i], delay());
    }
    left = HOLDS;
    double start = seconds();
    while (left) {
        HeapEvent *event = heap.entries[0].event;
        heap.now = heap.entries[0].time;
        heap.n--;
        sift_down(heap.entries, heap.n, heap.entries[heap.n]);
        event->run(&heap, event);
    }
    double spent = seconds() - start;
    free(events);
    free(heap.entries);
    return HOLDS / spent / 1e6;
}

static void bench_tcam(void) {
    enum { LOOKUPS = 4000000 };
    Tcam *t = tcam_new(TCAM_MAX_ENTRIES);
    char line[128], prefix[32];
    unsigned length, n = 0;
    uint32_t *prefixes = calloc(200000, sizeof *prefixes);
    uint8_t *lengths = calloc(200000, 1);
    while (n < TCAM_MAX_ENTRIES && fgets(line, sizeof line, stdin)) {
        struct in_addr a;
        if (sscanf(line, "%31[0-9.]/%u", prefix, &length) != 2 ||
            inet_pton(AF_INET, prefix, &a) != 1)
            continue;
        prefixes[n] = ntohl(a.s_addr);
        lengths[n++] = (uint8_t)length;
    }
    unsigned position = 0;
    for (int l = 32; l >= 0; l--)
        for (unsigned i = 0; i < n; i++) {
            if (lengths[i] != l) continue;
            uint8_t key[FP_KEY_BYTES], mask[FP_KEY_BYTES];
            ipv4_prefix_filter(prefixes[i], lengths[i], key, mask);
            tcam_insert(t, position++, tcam_word(0, key), tcam_word(0xffff, mask));
        }
    tcam_optimise(t);
    Random r;
    random_seed(&r, 1, 0, "tcam");
    uint32_t *addresses = calloc(1 << 16, sizeof *addresses);
    for (unsigned i = 0; i < 1 << 16; i++) addresses[i] = (uint32_t)random_next(&r);
    unsigned hits = 0;
    double start = seconds();
    for (unsigned i = 0; i < LOOKUPS; i++)
        hits += tcam_lookup(t, (TcamWord){{(uint64_t)addresses[i & 0xffff] << 16, 0}}) != TCAM_MISS;
    double spent = seconds() - start;
    printf("tcam, %u prefixes, random addresses   %8.2f M look-ups/s   target 5 (%.0f %% hit)\n", n,
           LOOKUPS / spent / 1e6, 100.0 * hits / LOOKUPS);
    free(addresses);
    free(prefixes);
    free(lengths);
    tcam_free(t);
}

int main(void) {
    static const unsigned sizes[] = {100, 1000, 10000, 100000};
    Random r;
    random_seed(&r, 1, 0, "hold");
    for (unsigned i = 0; i < N_DELAYS; i++)
        delays[i] = (SimTime)(random_exponential(&r) * (double)SIM_US) + 1;
    for (unsigned i = 0; i < 4; i++) {
        double best = 0, heap = 0;
        for (unsigned k = 0; k < 3; k++) {
            double a = calendar(sizes[i]), b = binary_heap(sizes[i]);
            best = a > best ? a : best;
            heap = b > heap ? b : heap;
        }
        printf(
            "calendar, %6u pending               %8.2f M events/s     heap %6.2f, ratio %.2f%s\n",
            sizes[i], best, heap, best / heap,
            sizes[i] == 1000     ? ", target 1.8"
            : sizes[i] == 100000 ? ", target 2.5"
                                 : "");
    }
    bench_tcam();
    return 0;
}
