/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/slice/slice.h: a slice's part of an NPE, and what can be asked of the management
 * processor on its behalf. Every request takes effect when the processor has served it
 * (components/ixp/mp.h). Queues, counters and SRAM offsets are in the slice's own numbering, and
 * bounded. */
#pragma once

#include <stdio.h>

#include "components/slice/i3.h"

#define SLICE_MAX_QUEUES 256u

typedef struct {
    Component base;
    /* settings */
    char *npe_name, *code_option, *routes, *routes_file, *queues, *exception_address;
    uint64_t udp_port, vlan, queue_packets, queue_bytes, quantum, exception_port, buffers, sram;
    double share;
    SliceI3 i3;
    /* state */
    Npe *npe;
    unsigned number, class;                     /* slice id on the NPE; class on the line card */
    unsigned n_queues;                          /* without that of the exceptions */
    uint8_t interface_of[SLICE_MAX_QUEUES + 1]; /* FP_NO_INTERFACE: that of the exceptions */
    double queue_share[SLICE_MAX_QUEUES];
    char *replies_path; /* NULL: not wanted */
    FILE *replies;      /* opened by the first */
    int replies_error;  /* errno of its opening */
    /* counters */
    unsigned n_filters, mp_done, mp_refused;
} Slice;

extern const ComponentClass slice_class;

/* One filter as a scenario writes it. */
typedef struct {
    uint8_t key[FP_KEY_BYTES], mask[FP_KEY_BYTES];
    unsigned bits, order; /* that the mask looks at; in the text */
    FpResult result;
} SliceFilter;

/* "PREFIX/LENGTH INTERFACE NEXT-HOP:PORT [DATA] [queue N] [from PREFIX/LENGTH]", "PREFIX/LENGTH
 * local", "PREFIX/LENGTH many", "PREFIX/LENGTH deny"; with code options that look up other keys
 * than addresses, "key HEX[/HEX]" or "label N" in place of the prefix. DATA is for Format. */
bool slice_parse_filter(const Slice *s, const char *text, SliceFilter *filter, GError **error);

/* The first of its queues at an interface, n_queues if it has none there. */
unsigned slice_first_queue(const Slice *s, unsigned interface);
/* Whether the filter's queue is the slice's and at the filter's interface. */
bool slice_check_filter(const Slice *s, const SliceFilter *filter, GError **error);
/* Put its queues' shares in force, as quanta. `share` is divided among its queues of an interface
 * by their own shares (one without counts as 10%), so that more queues are no more share. Without
 * `share`, a queue's own is of the whole interface. */
void slice_set_quanta(const Slice *s);

/* slice_i3.c: fill its SRAM block with a node's state and triggers, and insert their filters. */
bool slice_i3_start(Slice *s, GError **error);

/* slice_mp.c: one request of the scenario's script. */
extern const Verb slice_verbs[];
bool slice_understands(const Component *c, const char *verb, const char *args, GError **error);
bool slice_command(Component *c, const char *verb, const char *args, GError **error);
