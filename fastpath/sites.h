/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * fastpath/sites.h: every place in the packet code that touches memory or does a known piece of
 * work, with the microengine instructions executed up to and including it. WashU's per-block
 * budgets were never published, so these are assumed unless the source says otherwise; what was
 * calibrated on what stands in docs/calibration.md.
 *
 *   X(symbol, parameter name, instructions, sentence, source) */
#pragma once

#define FP_SITES(X)                                                                                \
    X(SITE_DECAP_HEADER, "instr_decap_header", 12, "issue the read of the outer headers", "assumed")

typedef enum {
#define X(symbol, name, instructions, text, source) symbol,
    FP_SITES(X)
#undef X
        FP_N_SITES
} FpSite;
