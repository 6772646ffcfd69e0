/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/core/sim.h: one clock, one calendar, one order.
 *
 * Time is an integer count of picoseconds. Events run in the order (time, owner, owner's own
 * count of schedulings). A network numbers its owners by the names of components, so a run depends
 * on its scenario and seed and on nothing else: no order of sections, no addresses, no hash order,
 * no wall clock, and no other component's habits. A network that is cut into parts, each with a
 * Sim of its own, runs in the same order (see emu/core/component.h).
 *
 * The calendar has two levels. A wheel of 4,096 slots of 1,024 ps takes what is due within about
 * 4 us, which is nearly every delay inside a chip; a slot is sorted only when the clock reaches it.
 * A binary heap takes the rest. The earlier of the two heads is next, so nothing ever migrates. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef uint64_t SimTime; /* picoseconds: a byte at 10 Gbit/s is exactly 800 */

#define SIM_NS UINT64_C(1000)
#define SIM_US UINT64_C(1000000)
#define SIM_MS UINT64_C(1000000000)
#define SIM_S UINT64_C(1000000000000)
#define SIM_NEVER UINT64_MAX

typedef struct Sim Sim;
typedef struct SimEvent SimEvent;
typedef void SimHandler(Sim *sim, SimEvent *event);

/* Whoever schedules events, creates packets and is observed: a component, or one part of it that
 * keeps its own order. */
typedef struct {
    uint32_t id;          /* below SIM_OWNERS; breaks ties between owners */
    uint64_t next_order;  /* id << 40 | schedulings so far, below 2^40 of them */
    uint64_t next_packet; /* id << 40 | packets created so far */
    uint64_t identity;    /* what the fingerprint knows it by */
    uint64_t observed;    /* running hash of what was observed of it; 0: nothing */
} SimOwner;
#define SIM_OWNERS (UINT32_C(1) << 24)

/* An event lives inside its owner and is scheduled at most once at a time. The fields are the
 * calendar's; only `time` may be read, and only while the event is pending or running. */
struct SimEvent {
    SimTime time;
    uint64_t order;
    SimEvent *next, *prev;
    SimHandler *run;
    SimOwner *owner;
    uint32_t place; /* 0 idle, 1 wheel slot, 2 the slot being worked off, else heap index + 3 */
};

Sim *sim_new(void);
void sim_free(Sim *sim);

/* Add an owner, which outlives the Sim's last use of it. Ids count up from 0 in the order of calls
 * and are the identities, until sim_owner_number gives others, before anything is scheduled. */
void sim_owner_init(Sim *sim, SimOwner *owner);
void sim_owner_number(SimOwner *owner, uint32_t id, uint64_t identity);
void sim_event_init(SimEvent *event, SimHandler *run, SimOwner *owner);

SimTime sim_now(const Sim *sim);
bool sim_event_pending(const SimEvent *event);

/* Run event->run(event) at `time`, which is not in the past, or `delay` from now. */
void sim_schedule_at(Sim *sim, SimEvent *event, SimTime time);
void sim_schedule(Sim *sim, SimEvent *event, SimTime delay);
/* The same in a place among equal times that was taken before: what a sender did first arrives
 * first, whenever the receiver's side comes to schedule it. */
void sim_schedule_ordered(Sim *sim, SimEvent *event, SimTime time, uint64_t order);
static inline uint64_t sim_take_order(SimOwner *owner) {
    return owner->next_order++;
}
/* Take a pending event out; harmless if it is not pending. */
void sim_cancel(Sim *sim, SimEvent *event);
/* Take all of them out: the run is over, and owners may be freed in any order, each cancelling what
 * was its own. */
void sim_clear(Sim *sim);

/* Run every event up to and including `limit`, then set the clock to `limit`. Returns early, with
 * the clock at the last event, when sim_stop was called. May be called again with a later limit:
 * this is how a caller interleaves the run with the outside (progress, partitions, live traffic).
 */
void sim_run_until(Sim *sim, SimTime limit);
/* Make sim_run_until return after the event that is running. Safe in a signal handler. */
void sim_stop(Sim *sim);
bool sim_stopped(const Sim *sim);

/* The time of the next pending event, SIM_NEVER if there is none. */
SimTime sim_next_time(Sim *sim);
uint64_t sim_events_run(const Sim *sim);
uint64_t sim_events_pending(const Sim *sim);

/* The fingerprint: a 64-bit hash of what can be observed from outside (arrivals and departures at
 * ports, queueing, drops), each with its time. Two runs with equal fingerprints did the same things
 * at the same times; work merged inside a component does not change it. It is the sum, over the
 * owners of which anything was observed, of a running hash mixed with the owner's identity: so the
 * fingerprints of a network's parts sum to that of the whole. */
typedef enum { SIM_DEPART = 1, SIM_ARRIVE, SIM_ENQUEUE, SIM_DROP } SimObservation;
void sim_observe(Sim *sim, SimOwner *owner, SimObservation what, uint64_t packet, uint32_t bytes);
uint64_t sim_fingerprint(const Sim *sim);
