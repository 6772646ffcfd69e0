/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/core/intervals.h: numbers 0 .. n-1 that are given out in runs and come back: queues, bytes of
 * a memory, positions of a table. What is lowest goes first, so that what a node gives out depends
 * on what is taken, and on no history. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct Intervals Intervals;

Intervals *intervals_new(uint32_t n); /* all free */
void intervals_free(Intervals *v);
/* The first run of `n` free numbers that begins at `from` or behind; n 0 is a run of none. False:
 * there is none, and nothing is taken. */
bool intervals_take(Intervals *v, uint32_t n, uint32_t from, uint32_t *first);
/* The last free number before `before`. */
bool intervals_take_before(Intervals *v, uint32_t before, uint32_t *number);
/* n numbers, which must be taken. */
void intervals_give(Intervals *v, uint32_t first, uint32_t n);
uint32_t intervals_n_free(const Intervals *v);
uint32_t intervals_n(const Intervals *v);
/* The ends of what is taken: the lowest, and one past the highest; n and 0 of nothing. */
void intervals_taken(const Intervals *v, uint32_t *low, uint32_t *high);
