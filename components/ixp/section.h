/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/ixp/section.h: the two ways in which blocks keep order.
 *
 * An ordered section is held by the contexts of a block one after the other, in the order of their
 * numbers: whoever leaves it passes it on. Waiting for it before there is a packet is idle, unless
 * a message lies in the block's ring: then it is the turn that is missing, and the section is
 * charged, for as many of the block's contexts as there are messages. A sequence lets the packets
 * of one scheduler go in the order in which it sent them, whichever contexts have them, and
 * whatever others' packets do. */
#pragma once

#include "components/ixp/ring.h"

struct Section {
    Block *block;
    unsigned holder;
    /* accounts, by which somebody is in it: from when its holder was there, or had the turn and
     * waited for it, to when it passed it on, but for the time that it was idle for want of work,
     * ready for want of its microengine, or waited for room in a ring */
    SimTime since;    /* SIM_NEVER: the holder has not come yet */
    SimTime not_used; /* not_in_it of the holder then */
    SimTime used, waited;
    uint64_t behind; /* as Context.behind: waited too, in parts of the block's contexts */
};
/* How long a context was idle, ready, or waited for room. */
static inline SimTime not_in_it(const Context *c) {
    return c->spent[CONTEXT_IDLE] + c->spent[CAUSE_READY] + c->spent[CAUSE_RING];
}

static inline bool section_held(const Section *section, const Context *c) {
    return section->holder == c->number;
}
/* False: others come first, and the context sleeps in `state` until it is in. */
static inline bool section_enter(Section *section, Context *c, uint32_t state, SimTime now) {
    if (section_held(section, c)) {
        if (section->since == SIM_NEVER) {
            section->since = now;
            section->not_used = not_in_it(c);
        }
        return true;
    }
    c->waiting_section = section;
    if (state == CONTEXT_IDLE) {
        ring_account(c->block->ring_in, now);
        c->filled = c->block->ring_in->filled;
    }
    context_sleep(c, state, now);
    return false;
}
/* Charge the section with its part of what a context was idle; for reading, after me_settle. */
void section_settle(Context *c);
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
