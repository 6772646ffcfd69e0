/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/ixp/channel.h: a memory channel, in one picture:
 *
 *   start = max(now, when the bus is free)      bus busy for   fixed + units * per unit
 *   answer = start + latency + (units - 1) * per unit
 *
 * The latency is unloaded, for the first unit; queueing behind other references is what the bus
 * adds. References are served in the order of issue. Separate read and write buses (QDR SRAM) never
 * wait for each other. What DRAM has on top of this is in dram.h. */
#pragma once

#include "emu/core/recorder.h"

typedef struct {
    /* settings */
    SimTime latency, fixed, per_unit;
    uint32_t unit_shift; /* a unit is 1 << unit_shift bytes */
    bool separate_write;
    /* state */
    SimTime read_free, write_free;
    /* counters */
    uint64_t references;
    SimTime busy, waited; /* bus time used; time between issue and start */
    SimTime written;      /* of busy: of a bus for writing */
    /* of a recording, whose word for it `taken` is; NULL: there is none */
    Recorder *recorder;
    uint32_t track, write_track, taken;
} Channel;

/* Issue a reference now; returns when its answer arrives. */
static inline SimTime channel_issue(Channel *ch, bool write, uint32_t bytes, SimTime now) {
    uint32_t units = (bytes + (1u << ch->unit_shift) - 1) >> ch->unit_shift;
    SimTime *free_at = write && ch->separate_write ? &ch->write_free : &ch->read_free;
    SimTime start = *free_at > now ? *free_at : now, hold = ch->fixed + units * ch->per_unit;
    *free_at = start + hold;
    ch->references++;
    ch->busy += hold;
    ch->written += free_at == &ch->write_free ? hold : 0;
    ch->waited += start - now;
    return start + ch->latency + (units > 1 ? (units - 1) * ch->per_unit : 0);
}
/* The same where it may be recorded when its bus is taken. */
SimTime channel_issue_recorded(Channel *ch, bool write, uint32_t bytes, SimTime now);
static inline SimTime channel_issue_watched(Channel *ch, bool write, uint32_t bytes, SimTime now) {
    return G_UNLIKELY(ch->recorder) ? channel_issue_recorded(ch, write, bytes, now)
                                    : channel_issue(ch, write, bytes, now);
}
