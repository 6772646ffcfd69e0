/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/ixp/fast.h: fast timing of a program. The blocks' own code runs on the same bytes,
 * tables, queues and drops as under detailed timing; its log is not played in events, but tells
 * when the packet leaves the block, by recurrences:
 *
 *   a packet is got     when its message is visible, the packet before has been got (and the turn
 *                       has come over to this context), and the context is free
 *   it is put           when its log has ended, the packet before has been put, and there is room:
 *                       the message that is `size` before has been got
 *   instructions begin  with the first cycle that the microengine has free since they were ready
 *   a reference         waits for the bus, and for what else its memory has (dram.h)
 *
 * A frame goes from the MAC to the queue manager at once, when it has arrived. The queue manager
 * looks at its queues in the order of time, a little ahead of the clock: as far as no frame that
 * is yet to come could have changed what it finds. What it sends goes through Tx at once, too.
 * So a packet has an event for its arrival, one for its departure, and others only where something
 * waits for a time: for the rate of a scheduler, for the bus from the MAC, for a block that is the
 * bottleneck.
 *
 * What differs from detailed timing: microengines and buses are asked in the order of packets
 * (fast/lane.h); as long as none is near its limit most packets wait for the mean of what others
 * waited (fast/server.h), and Statistics counts at once; the
 * code of all blocks up to the queue manager runs when the frame leaves the MAC, so commands of the
 * script and slices that leave find packets up to a few microseconds further than they are; in a
 * chip that is overloaded the rings before the queue manager's and the MAC share what they hold
 * differently. Nothing is fitted: all times are those of the chip's parameters. docs/timing.md has
 * the differences, and where they are large. */
#pragma once

#include "components/ixp/ring.h"
#include "emu/core/report.h"

typedef struct Program Program; /* program.h */
typedef struct Fast Fast;

/* For a program that is built and has not started. */
Fast *fast_new(Program *p);
void fast_free(Fast *f);
/* A packet from outside the microengines into the ring of a stage; false: it is full. */
bool fast_inject(Fast *f, unsigned stage, ChipPacket *cp, SimTime now);
/* For the code of a stage, while it runs: so many messages wait in the ring of one. */
bool fast_behind(const Fast *f, unsigned stage, unsigned messages);
/* Do what is due. */
void fast_move_on(Fast *f, SimTime now);
/* Fill the chip's accounts of microengines, channels and rings up to `now`. */
void fast_settle(Fast *f, SimTime now);
/* After that: warn where what it says is known to be off. */
void fast_doubts(const Fast *f, SimTime now, Report *report);
