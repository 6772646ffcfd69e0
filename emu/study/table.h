/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/study/table.h: the tables of a study.
 *
 * Files are tab-separated under one line of heads, and are read as they are by pandas
 * (read_csv(sep="\t")), R (read.delim) and gnuplot (columnheader): numbers are in base units
 * (bit/s, s, bytes, packets), words are words, what is missing or was not measured is an empty
 * cell. Heads are the names that expressions have; what the names mean is in columns.tsv. */
#pragma once

#include "emu/study/study.h"

/* runs.tsv: run, repetition, status (ok, failed, not run), parameters, scalars of all runs. Scalars
 * that are the same in all of several runs are left out, unless a plot, an expectation or the
 * headline asks for them. Callers free. */
char *table_runs(const Study *study);
/* What was left out: name and value, for the manifest. */
json_t *table_constants(const Study *study);
/* columns.tsv: name, unit, component, class and sentence of every parameter and scalar, those left
 * out too. */
char *table_columns(const Study *study);
/* summary.tsv: for each point and scalar of runs.tsv mean, deviation and the 95 percent interval
 * by Student's t over the repetitions; empty cells for an interval of one run, or of runs of which
 * two are one and the same. NULL for a study without repetitions. */
char *table_summary(const Study *study);
char *table_claims(const Study *study);
