/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/study/tornado.h: a tornado plot, one bar for each choice from the change of a measure with
 * the choice moved down to that with it moved up, the widest above. tornado-MEASURE.tsv (choice,
 * its two values, the two changes in percent), .gp, .svg and .png. */
#pragma once

#include "emu/study/sensitivity.h"

/* Draw that of the measure, if any choice moves it. A gnuplot that is missing or fails is said on
 * stderr and no error. */
bool tornado_draw(const Sensitivity *x, unsigned measure, const char *folder, GError **error);
