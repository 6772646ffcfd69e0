/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/core/recorder.h: what happened to packets, and where, for those who ask why. A run has a
 * recorder if it is told to record; without one, each place below costs a branch.
 *
 *   track     where something happens: a component, or a part of it that does one thing at a time
 *   walk      of a packet: spans of its time, its hops, what was noted on the way, its headers
 *   timeline  spans and counts of tracks, packet or no packet, for a part of the run
 *   path      the components, and groups of their tracks, that a packet came through; counted for
 *             all packets, recorded or not
 *
 * A walk is kept in memory until its packet ends, and written then if it is wanted; that of the
 * first packet that is dropped and of the one that was slowest to be delivered always are. A walk's
 * spans and sums add up to its packet's time. The file is docs/recordings.md's; its bytes depend on
 * the run and on what is wanted, and on nothing else. */
#pragma once

#include <glib.h>

#include "emu/core/packet.h"

#define RECORDER_SCHEMA "sppemu-recording-1"
#define RECORDER_FILE "recording.jsonl" /* beside a run's record, and no part of it */

/* What is wanted. */
typedef struct {
    bool all, dropped;     /* walks of all packets; of those that are dropped */
    uint64_t first, every; /* of the first so many of each origin; of one in so many; 0: none */
    SimTime from, until;   /* of the timeline, and of walks that begin in it; equal: none */
} RecorderWants;
#define RECORDER_WANTS "all|dropped|first=N|every=N|timeline=FROM..UNTIL"
/* From such words with commas between them. */
bool recorder_wants(const char *text, RecorderWants *wants, GError **error);

/* Writes to a new file; `wanted` is how what is wanted was said. */
Recorder *recorder_new(const char *path, const RecorderWants *wants, const char *wanted,
                       GError **error);
/* Write the walks of packets that are held and what was counted, and close: false and an error if
 * the file is not whole. */
bool recorder_finish(Recorder *r, const PacketPool *pool, SimTime now, GError **error);
void recorder_free(Recorder *r);

/* For components, from `start` on (c->recorder and c->track; without a recorder both are 0) ---- */

/* A component's own track, in the order of its owners, the first of which is `owner`. */
uint32_t recorder_component(Recorder *r, const char *name, uint32_t owner);
/* A track of the component's part `name`; paths have its `group`, "rx", unless that is NULL. */
uint32_t recorder_track(Recorder *r, uint32_t component, const char *name, const char *group);
/* The number of a text. Those below PACKET_MAX_CAUSES are the causes. */
uint32_t recorder_word(Recorder *r, const char *text);
/* Something that may be noted: "enqueue", and the names of its numbers, "queue packets"; a name
 * that ends in $ is a word's, in _ps a time's. */
#define RECORDER_FIELDS 5u
uint32_t recorder_kind(Recorder *r, const char *name, const char *fields);
/* One sentence: what the component does not tell. */
void recorder_notice(Recorder *r, uint32_t component, const char *text);
/* Timeline: the track was in `state`, a word, all the time; for the packet, or NULL. */
void recorder_span(Recorder *r, uint32_t track, uint32_t state, SimTime from, SimTime to,
                   const Packet *pkt);
/* Timeline: the track counts so many now. */
void recorder_count(Recorder *r, uint32_t track, SimTime now, uint64_t value);
/* Whether spans of that time are wanted. */
bool recorder_in_timeline(const Recorder *r, SimTime from, SimTime to);
/* When to read what is read from time to time, for the timeline; SIM_NEVER: not again. */
SimTime recorder_next(const Recorder *r);
void recorder_was_read(Recorder *r);

/* For packets that have a walk. Their contexts' time: those of `track`; and notes. */
void walk_span(Packet *pkt, uint32_t track, PacketCause cause, SimTime from, SimTime to);
void walk_note(Packet *pkt, uint32_t track, uint32_t kind, SimTime now,
               const uint32_t values[RECORDER_FIELDS]);

/* For links ------------------------------------------------------------------------------- */

void walk_arrive(Packet *pkt, uint32_t component, unsigned port, SimTime now);
void walk_depart(Packet *pkt, uint32_t component, unsigned port, SimTime now);
/* Before it is dropped; `text` is the reason's sentence. */
void walk_drop(Packet *pkt, uint32_t component, const char *reason, const char *text, SimTime now);
