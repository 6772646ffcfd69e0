/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/core/hops.h: where the time of packets went, by component and cause. Of packets that their
 * sources count and that are delivered; of each, its parts sum to its age, in picoseconds. A link's
 * time is its sender's. Kept only of a run that is to be explained: a table of packets beside them.
 */
#pragma once

#include "emu/core/packet.h"

typedef struct {
    const char *end, *component; /* who delivered them; where they were */
    PacketCause cause;
    uint64_t ps; /* of all of them together */
} Hop;
typedef struct {
    const char *end;
    uint64_t packets, ps;
} HopEnd;

typedef struct Hops Hops;
Hops *hops_new(void);
void hops_free(Hops *hops);
/* All of the packet's time since the last note was spent in `component` (its name; borrowed), and
 * from now on it is in `next`. */
void hops_note(Hops *hops, Packet *pkt, const char *component, const char *next, SimTime now);
/* It ends where it is. */
void hops_end(Hops *hops, Packet *pkt, bool delivered, SimTime now);
/* Hop, in the order of their first; HopEnd. */
const GArray *hops_all(const Hops *hops);
const GArray *hops_ends(const Hops *hops);
