/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The free runs in rising order; no two of them touch. */
#include "emu/core/intervals.h"

typedef struct {
    uint32_t first, end; /* [first, end) */
} Run;

struct Intervals {
    GArray *runs; /* Run */
    uint32_t n, n_free;
};

static Run *run_at(const Intervals *v, unsigned i) {
    return &g_array_index(v->runs, Run, i);
}

Intervals *intervals_new(uint32_t n) {
    Intervals *v = g_new(Intervals, 1);
    *v = (Intervals){.runs = g_array_new(FALSE, FALSE, sizeof(Run)), .n = n, .n_free = n};
    Run all = {0, n};
    if (n) g_array_append_val(v->runs, all);
    return v;
}

void intervals_free(Intervals *v) {
    if (!v) return;
    g_array_unref(v->runs);
    g_free(v);
}

/* Take [first, end) out of run i, which holds it. */
static void cut(Intervals *v, unsigned i, uint32_t first, uint32_t end) {
    Run *run = run_at(v, i), before = {run->first, first}, behind = {end, run->end};
    v->n_free -= end - first;
    if (before.first < before.end && behind.first < behind.end) {
        *run = before;
        g_array_insert_val(v->runs, i + 1, behind);
    } else if (before.first < before.end) {
        *run = before;
    } else if (behind.first < behind.end) {
        *run = behind;
    } else {
        g_array_remove_index(v->runs, i);
    }
}

bool intervals_take(Intervals *v, uint32_t n, uint32_t from, uint32_t *first) {
    *first = from;
    if (n == 0) return true;
    for (unsigned i = 0; i < v->runs->len; i++) {
        uint32_t begin = MAX(run_at(v, i)->first, from), end = run_at(v, i)->end;
        if (begin >= end || end - begin < n) continue;
        cut(v, i, begin, begin + n);
        *first = begin;
        return true;
    }
    return false;
}

bool intervals_take_before(Intervals *v, uint32_t before, uint32_t *number) {
    for (unsigned i = v->runs->len; i-- > 0;) {
        if (run_at(v, i)->first >= before) continue;
        *number = MIN(run_at(v, i)->end, before) - 1;
        cut(v, i, *number, *number + 1);
        return true;
    }
    return false;
}

/* The first run that ends behind `number`. */
static unsigned find(const Intervals *v, uint32_t number) {
    unsigned low = 0, high = v->runs->len;
    while (low < high) {
        unsigned middle = (low + high) / 2;
        if (run_at(v, middle)->end > number)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

void intervals_give(Intervals *v, uint32_t first, uint32_t n) {
    if (n == 0) return;
    uint32_t end = first + n;
    unsigned i = find(v, first);
    g_assert(end <= v->n && (i == v->runs->len || run_at(v, i)->first >= end));
    bool joins_before = i > 0 && run_at(v, i - 1)->end == first;
    bool joins_behind = i < v->runs->len && run_at(v, i)->first == end;
    v->n_free += n;
    if (joins_before && joins_behind) {
        run_at(v, i - 1)->end = run_at(v, i)->end;
        g_array_remove_index(v->runs, i);
    } else if (joins_before) {
        run_at(v, i - 1)->end = end;
    } else if (joins_behind) {
        run_at(v, i)->first = first;
    } else {
        Run run = {first, end};
        g_array_insert_val(v->runs, i, run);
    }
}

uint32_t intervals_n_free(const Intervals *v) {
    return v->n_free;
}

uint32_t intervals_n(const Intervals *v) {
    return v->n;
}

void intervals_taken(const Intervals *v, uint32_t *low, uint32_t *high) {
    *low = 0, *high = v->n;
    if (v->runs->len == 0) return;
    const Run *first = run_at(v, 0), *last = run_at(v, v->runs->len - 1);
    if (first->first == 0) *low = first->end;
    if (last->end == v->n) *high = last->first;
    if (v->n_free == v->n) *low = v->n, *high = 0;
}
