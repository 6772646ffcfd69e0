/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/gpe/ready.h: what of a process has something to do, in the order in which it got it:
 * what select() finds. A Ready is the first member of whatever it is. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

typedef struct Ready Ready;
struct Ready {
    Ready *next;
    bool waits; /* it is in the queue */
};

typedef struct {
    Ready *first, *last;
} ReadyQueue;

/* Once, however often it is called before it is taken. */
static inline void ready_put(ReadyQueue *q, Ready *r) {
    if (r->waits) return;
    r->waits = true;
    r->next = NULL;
    if (q->first)
        q->last->next = r;
    else
        q->first = r;
    q->last = r;
}

/* What happens to it from here on puts it in again. NULL: there is none. */
static inline Ready *ready_take(ReadyQueue *q) {
    Ready *r = q->first;
    if (!r) return NULL;
    q->first = r->next;
    r->waits = false;
    return r;
}

/* It is about to be freed. */
static inline void ready_remove(ReadyQueue *q, Ready *r) {
    Ready *before = NULL;
    if (!r->waits) return;
    for (Ready *at = q->first; at != r; at = at->next) before = at;
    if (before)
        before->next = r->next;
    else
        q->first = r->next;
    if (q->last == r) q->last = before;
    r->waits = false;
}
