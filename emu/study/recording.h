/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/study/recording.h: a recording that is there (emu/core/recorder.h; the file is described in
 * docs/recordings.md), read in two passes: what it holds, and then, one by one, walks and timeline.
 */
#pragma once

#include <glib.h>

#include "emu/core/recorder.h"

typedef struct {
    uint32_t component; /* its track; of a component itself */
    const char *name, *group;
} RecordingTrack;

typedef struct {
    const char *name;
    GStrv fields;
} RecordingKind;

typedef struct {
    GPtrArray *places; /* "source", "a", ".first", ...: with a dot what is inside */
    const char *end, *reason;
    uint64_t packets;
} RecordingPath;

typedef struct {
    uint32_t component;
    const char *text;
} RecordingNotice;

typedef struct {
    char *path;
    char *wanted; /* RECORDER_WANTS */
    SimTime from, until, end;
    GPtrArray *words;
    GArray *tracks, *kinds, *paths, *notices;
    uint64_t packets, walks, delivered, dropped, held;
    char *first_drop, *slowest; /* packets; NULL: none */
} Recording;

enum {
    RECORDING_SPAN,   /* cause, ps */
    RECORDING_SUM,    /* the same: when is not known */
    RECORDING_ARRIVE, /* port, bytes */
    RECORDING_DEPART, /* port, bytes */
    RECORDING_FRAME,  /* offset in its buffer, bytes, place in frames, bytes that are there */
    RECORDING_N_KINDS /* what others note begins here */
};

typedef struct {
    unsigned kind, n;
    uint32_t track;
    SimTime at; /* of the run */
    uint64_t value[RECORDER_FIELDS];
} RecordingEvent;

typedef struct {
    char *packet; /* "traffic:17" */
    SimTime created, ended;
    unsigned path;
    GArray *events;     /* in the order of time */
    GByteArray *frames; /* the first bytes of headers, one after the other */
} RecordingWalk;

typedef struct {
    uint32_t track;
    bool counts;    /* a value, else a span */
    uint32_t state; /* word */
    SimTime at, took;
    uint64_t value;
    const char *packet; /* NULL: of none */
} RecordingMoment;

/* How the recording in a run's folder was asked for; NULL: there is none. Caller frees. */
char *recording_wanted(const char *folder);
/* NULL and an error, which names the line, if it is none, or not whole. */
Recording *recording_load(const char *path, GError **error);
void recording_free(Recording *recording);
const char *recording_word(const Recording *recording, uint64_t word); /* "?" of none */
const RecordingTrack *recording_track(const Recording *recording, uint32_t track);

typedef void RecordingWalkSeen(const RecordingWalk *walk, void *user);
typedef void RecordingMomentSeen(const RecordingMoment *moment, void *user);
/* Each walk, or that of one packet, and each moment of the timeline, in the order of the file;
 * either may be NULL. */
bool recording_each(const Recording *recording, const char *packet, RecordingWalkSeen *walk,
                    RecordingMomentSeen *moment, void *user, GError **error);
