/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * fastpath/tcam.h: the ternary CAM. Entries are (value, mask) of 128 bits: 112 of the slice's key
 * and 16 of slice id, at positions 0 .. n-1; the first match by position wins, whatever the masks.
 *
 * In software: one hash table per distinct mask (tuple space search), and an index over 16 well
 * chosen key bits that says which masks can match at all, so that most are never probed. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define TCAM_MAX_ENTRIES 131072u /* SPP paper, section 4: 128K */
#define TCAM_MISS (-1)

/* word[0]: slice id in the top 16 bits, then key bytes 0 to 5; word[1]: bytes 6 to 13. */
typedef struct {
    uint64_t word[2];
} TcamWord;

typedef struct Tcam Tcam;

Tcam *tcam_new(unsigned n_entries); /* NULL when memory is short */
void tcam_free(Tcam *tcam);
TcamWord tcam_word(uint16_t slice, const uint8_t key[14]);
/* False if the position is out of range or taken. Bits of value outside mask are ignored. */
bool tcam_insert(Tcam *tcam, unsigned position, TcamWord value, TcamWord mask);
bool tcam_remove(Tcam *tcam, unsigned position);
bool tcam_get(const Tcam *tcam, unsigned position, TcamWord *value, TcamWord *mask);
/* Position of the first match, or TCAM_MISS. After changes of the order of masks the first look-up
 * makes the index anew, without allocation. */
int tcam_lookup(Tcam *tcam, TcamWord key);
unsigned tcam_used(const Tcam *tcam);
unsigned tcam_entries(const Tcam *tcam);
/* Optional: after bulk insertion, choose the index bits anew from the entries present. */
void tcam_optimise(Tcam *tcam);
