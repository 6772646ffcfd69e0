/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/ixp/section.h: the two ways in which blocks keep order.
 *
 * An ordered section is held by the contexts of a block one after the other, in the order of their
 * numbers: whoever leaves it passes it on. A sequence lets the packets of one scheduler go in the
 * order in which it sent them, whichever contexts have them, and whatever others' packets do. */
#pragma once

#include "components/ixp/ring.h"

struct Section {
    Block *block;
    unsigned holder;
};

static inline bool section_held(const Section *section, const Context *c) {
    return section->holder == c->number;
}
/* False: others come first, and the context sleeps in `state` until it is in. */
static inline bool section_enter(Section *section, Context *c, uint32_t state, SimTime now) {
    if (section_held(section, c)) return true;
    c->waiting_section = section;
    context_sleep(c, state, now);
    return false;
}
/* The context, which holds it, passes it on. */
void section_pass(Section *section, Context *c, SimTime now);

struct Sequence {
    unsigned issued, serving; /* places given out; whose turn it is */
    Context *waiting;
};

/* The packet's place among those of the scheduler. */
static inline void sequence_join(Sequence *sequence, ChipPacket *cp) {
    cp->sequence = sequence;
    cp->place = sequence->issued++;
}
/* Wait until it is the turn of the packet that is the context's message; false: it sleeps. */
bool sequence_wait(Context *c, SimTime now);
/* Let the next packet of the sequence go. */
void sequence_pass(Sequence *sequence, Context *c, SimTime now);
