/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * fastpath/sites.h: every place in the packet code that touches memory or does a known piece of
 * work, with the microengine instructions executed up to and including it. WashU's per-block
 * budgets were never published, so these are assumed unless the source says otherwise; what was
 * calibrated on what stands in docs/calibration.md.
 *
 *   X(symbol, parameter name, instructions, sentence, source) */
#pragma once

/* The substrate's; those of code options stand with them (options/options.def). */
#define FP_SITES(X)                                                                                \
    X(SITE_DECAP_HEADER, "instr_decap_header", 14, "Decap: issue the read of the outer headers",   \
      "assumed")                                                                                   \
    X(SITE_DECAP_PORT, "instr_decap_port", 30,                                                     \
      "Decap: check them, hash address and port, read the bucket", "assumed")                      \
    X(SITE_DECAP_DONE, "instr_decap_done", 16, "Decap: strip, write the descriptor", "assumed")    \
    X(SITE_PARSE_SLICE, "instr_parse_slice", 16, "Parse: read the slice's descriptor", "assumed")  \
    X(SITE_PARSE_HEADER, "instr_parse_header", 14,                                                 \
      "Parse: branch to the code option, read the inner header", "assumed")                        \
    X(SITE_LOOKUP_KEY, "instr_lookup_key", 24, "Lookup: add the slice id, write the key",          \
      "assumed")                                                                                   \
    X(SITE_LOOKUP_RESULT, "instr_lookup_result", 14, "Lookup: read the filter's result",           \
      "assumed")                                                                                   \
    X(SITE_LOOKUP_DONE, "instr_lookup_done", 12, "Lookup: pass the result on", "assumed")          \
    X(SITE_FORMAT_SLICE, "instr_format_slice", 16, "Format: read interface and slice words",       \
      "assumed")                                                                                   \
    X(SITE_FORMAT_OUTER, "instr_format_outer", 56, "Format: build and write the outer headers",    \
      "assumed")                                                                                   \
    X(SITE_FORMAT_DONE, "instr_format_done", 14, "Format: write the descriptor", "assumed")        \
    X(SITE_COUNT_PACKETS, "instr_count_packets", 26,                                               \
      "Statistics: decode, add to the packet counter", "assumed")                                  \
    X(SITE_COUNT_BYTES, "instr_count_bytes", 10, "Statistics: add to the byte counter", "assumed")

/* The queue manager's. */
#define QM_SITES(X)                                                                                \
    X(SITE_ENQ_LOOKUP, "instr_enq_lookup", 30,                                                     \
      "Queue manager: enqueue, find the descriptor in the CAM", "assumed")                         \
    X(SITE_ENQ_EVICT, "instr_enq_evict", 4,                                                        \
      "Queue manager: enqueue, write an old descriptor back", "assumed")                           \
    X(SITE_ENQ_LOAD, "instr_enq_load", 6, "Queue manager: enqueue, read a descriptor", "assumed")  \
    X(SITE_ENQ_LINK, "instr_enq_link", 26, "Queue manager: enqueue, write the link", "assumed")    \
    X(SITE_DEQ_SCHEDULE, "instr_deq_schedule", 40, "Queue manager: dequeue, deficit round robin",  \
      "assumed")                                                                                   \
    X(SITE_DEQ_EVICT, "instr_deq_evict", 4,                                                        \
      "Queue manager: dequeue, write an old descriptor back", "assumed")                           \
    X(SITE_DEQ_LOAD, "instr_deq_load", 6, "Queue manager: dequeue, read a descriptor", "assumed")  \
    X(SITE_DEQ_LINK, "instr_deq_link", 20, "Queue manager: dequeue, read the link", "assumed")     \
    X(SITE_DEQ_DONE, "instr_deq_done", 20, "Queue manager: dequeue, rate and message", "assumed")

/* The line card's. */
#define LC_SITES(X)                                                                                \
    X(SITE_LC_HEADER, "instr_lc_header", 14, "Key, Lookup: issue the read of the headers",         \
      "assumed: as Substrate Decap")                                                               \
    X(SITE_LC_KEY, "instr_lc_key", 40, "Key: check the headers, form the key", "assumed")          \
    X(SITE_LC_TCAM, "instr_lc_tcam", 24, "Lookup: write the key", "assumed: as the NPE's")         \
    X(SITE_LC_RESULT, "instr_lc_result", 14, "Lookup: read the result", "assumed: as the NPE's")   \
    X(SITE_LC_CLASS, "instr_lc_class", 24, "Lookup, out: interface and VLAN, read the class",      \
      "assumed")                                                                                   \
    X(SITE_LC_NAT, "instr_lc_nat", 30, "Translation: hash, read the bucket", "assumed")            \
    X(SITE_LC_NAT_ENTRY, "instr_lc_nat_entry", 12, "Translation: read the entry", "assumed")       \
    X(SITE_LC_NAT_REWRITE, "instr_lc_nat_rewrite", 40,                                             \
      "Translation: address, port and checksums, write them", "assumed")                           \
    X(SITE_LC_REWRITE, "instr_lc_rewrite", 24, "Rewrite: Ethernet header and VLAN, write them",    \
      "assumed")                                                                                   \
    X(SITE_LC_DONE, "instr_lc_done", 14, "Rewrite: write the descriptor", "assumed")

typedef enum {
#define X(symbol, name, instructions, text, source) symbol,
    FP_SITES(X) QM_SITES(X) LC_SITES(X)
#undef X
#define SITE(symbol, ...) symbol,
#include "fastpath/options/options.def"
        FP_N_SITES
} FpSite;
