/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/study/plot.h: pictures of studies, drawn by gnuplot from their curves (curve.h).
 *
 * Files: NAME.tsv (curve, x, y and the ends of its interval, a block for each curve; pandas and R
 * read it as one table), NAME.gp, which draws it again, and NAME.svg, NAME.png, NAME.pdf. The same
 * records give the same bytes.
 *
 * Curves. Where one lies on another both are seen: the first is the widest line with the largest
 * marker, later ones are narrower and lie on top; markers are open. What [plot] dashed names has
 * the colours of the others in the same order, darker. An interval is a bar.
 *
 * Axes. A linear axis has zero in it, a logarithmic one at least a decade, so that what is constant
 * looks constant; beyond that it shows all points, and the twentieth part of its length stays free
 * at each end, so that none lies on the frame. What is not positive has no place on a logarithmic
 * axis: how many points are left out is said below the picture.
 *
 * Published numbers. `points` are dots. `mark` names claims: each is a band over its interval, with
 * its statement below the picture; one that is far from all points is seen by its nearer end, as
 * the axis ends there. A claim's unit says which axis it is about: that whose label ends in a unit
 * of the same kind, "round-trip time, ms" (claim_scale in emu/scenario/metric.h). */
#pragma once

#include "emu/study/curve.h"

/* Draw one plot as FOLDER/NAME.*. `published` may be NULL. False: a name in an expression that a
 * study does not have, a file that cannot be written, or, with `must`, nothing to draw. Without
 * `must` that, and a gnuplot that is missing or fails, is said on stderr and no error. */
bool plot_draw(const ScenarioPlot *plot, const CurveSource *sources, unsigned n_sources,
               const Claims *published, const char *folder, const char *name, bool must,
               GError **error);
/* Every [plot] of the study, in its results' folder. */
bool plots_write(const Study *study, const char *folder, GError **error);
/* The colour of the n-th curve, 0xRRGGBB, and that of the n-th dashed one; they repeat. */
#define PLOT_COLOURS 10u
unsigned plot_colour(unsigned n, bool darker);
/* Let gnuplot run FOLDER/NAME.gp, in that folder. */
bool plot_gnuplot(const char *folder, const char *name, GError **error);
