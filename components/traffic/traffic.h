/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/traffic/traffic.h: what makes packets, ends them and looks at them. */
#pragma once

#include "emu/core/component.h"

extern const ComponentClass source_class, replay_class, sink_class, tap_class, demux_class,
    responder_class, i3_host_class;

/* What a sink has to know of whoever creates packets: first in the structs of source and replay.
 * A packet created at a time in [from, until) is `counted`. */
typedef struct {
    Component base;
    SimTime from, until;
    uint64_t counted; /* packets created in the window */
    uint32_t n_flows; /* Packet.flow is below this */
    bool measured;    /* a sink names it; known once everything has started */
} Emitter;

/* The emitter of that name, or NULL and an error that says what was expected. */
Emitter *emitter_find(Component *c, const char *name, GError **error);
/* The load that an emitter offers, which these keys make more of. */
void emitter_resource(Resources *r, const char *levers);
/* Adds a sentence about one whose packets no sink measures. */
void emitter_doubts(const Emitter *e, GPtrArray *sentences);
