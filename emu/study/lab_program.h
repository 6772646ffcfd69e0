/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/study/lab_program.h: a program of a student's beside one of the lab's: both get the same
 * capture, and what they write is compared packet by packet.
 *
 * Commands are given to sh, the student's in his folder, the lab's in an empty one, with in the
 * environment IN and OUT, the captures to be read and written; LAB, the folder of the .lab file;
 * SPPEMU, the folder that has fastpath/; and each number that was drawn, by its name. They may take
 * LAB_SECONDS. */
#pragma once

#include "emu/study/lab.h"

#define LAB_SECONDS "60"

typedef struct {
    bool equal;
    char *failure; /* a sentence: the student's program could not be built, or does not end well */
    double packet, byte, found, expected; /* the first that is wrong; byte -1: there are too many,
                                           * or too few, packets */
    double count, right;                  /* packets */
} LabDifference;
void lab_difference_clear(LabDifference *d);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LabDifference, lab_difference_clear)

/* Whether the file that the student is to write is still as he got it. */
bool lab_program_untouched(const Lab *lab, const LabQuestion *q, const char *folder);
/* `work` holds the capture that is read, and gets those that are written. False and an error: it is
 * the lab that does not work. */
bool lab_program_compare(const Lab *lab, const LabQuestion *q, const char *folder, const char *work,
                         const char *library, GHashTable *names, LabDifference *d, GError **error);
