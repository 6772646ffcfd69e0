/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/study/plot.h: pictures of a study, drawn by gnuplot. */
#pragma once

#include "emu/study/study.h"

/* Write NAME.tsv and NAME.gp for every [plot] into the folder and have gnuplot draw them as SVG and
 * PNG; without gnuplot, or if it fails, says so on stderr and goes on. */
bool plots_write(const Study *study, const char *folder, GError **error);
