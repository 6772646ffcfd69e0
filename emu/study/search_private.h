/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/study/search_private.h: what the files of a search share: search.c hunts, search_trials.c
 * makes trials, search_tables.c says what was found. */
#pragma once

#include "emu/study/search.h"

typedef struct {
    Search *search;
    SearchSide sides[SIDES];
    char **sources; /* that the sink measures; NULL: nobody counts losses */
} SearchWork;

/* The trial at this place, made before or, without a run, new: then it is in `wanted` too.
 * Borrowed. NULL and an error: the scenario refuses the dial there. */
SearchTrial *search_trial(SearchWork *w, SearchKind side, double at, double window,
                          unsigned repetition, GPtrArray *wanted, GError **error);
void search_trial_free(void *trial);
/* Compute the wanted ones, and what they measure. */
bool search_run(SearchWork *w, SearchKind side, const GPtrArray *wanted, GError **error);
/* Whether windows may be other than they are written. */
bool search_may_last(const SearchWork *w, SearchKind side);
/* The value that a factor of the n-th number is of. */
const char *search_base(const Search *x, unsigned n);
