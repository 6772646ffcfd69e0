/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/slice/i3.h: what an I3 slice needs beside routes: its place in the ring, the other
 * nodes, and triggers. SPP set these by hand too (SPP paper 7.2). */
#pragma once

#include "components/npe/npe.h"

typedef struct {
    char *id, *ring, *triggers;
} SliceI3;

#define SLICE_I3_PARAMS(S, field)                                                                  \
    PARAM_TEXT("i3_id", S, field.id, "80", "i3: the node's id, leading hexadecimal digits of 40",  \
               "assumed"),                                                                         \
        PARAM_TEXT("i3_ring", S, field.ring, "",                                                   \
                   "i3: the other nodes, ID INTERFACE NEXT-HOP:PORT; ..., of which fingers and "   \
                   "predecessor follow; none: it owns every id",                                   \
                   "scenario"),                                                                    \
        PARAM_TEXT("i3_triggers", S, field.triggers, "",                                           \
                   "i3: triggers that this node keeps, ID INTERFACE HOST:PORT; ..., leading "      \
                   "hexadecimal digits of 64",                                                     \
                   "scenario")
