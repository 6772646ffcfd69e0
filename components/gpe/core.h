/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/gpe/core.h: the processor cores of a server, the kernel's clock, locks and scheduler
 * that they share, and the processes that run on them.
 *
 * A core does one thing at a time, the first of these that there is (2.6.12 without kernel
 * preemption, as PlanetLab configured it):
 *
 *   interrupt   a device's or the timer's: a fixed cost
 *   softirq     what interrupts leave to do later: receiving packets
 *   root        short tasks and daemons of the host, after one another; they have no token bucket,
 *               and ticks charge nobody
 *   switch      context switch, and refilling the cache after a long absence
 *   task        one step of a process
 *   idle
 *
 * Nothing says that receiving wins over forwarding under overload; it follows from this order. */
#pragma once

#include "components/gpe/sched/sched.h"
#include "emu/core/histogram.h"
#include "emu/core/recorder.h"
#include "emu/core/sim.h"

typedef struct Kernel Kernel;
typedef struct Core Core;

/* Process ---------------------------------------------------------------------------------- */

/* A piece of work of known length. */
typedef struct {
    bool active;
    SimTime remaining;
    SimTime begun; /* all that was ever begun: begun - remaining = charged */
} Work;

typedef enum { PHASE_RUNNING, PHASE_READY, PHASE_HELD, PHASE_ASLEEP, N_PHASES } Phase;

/* One process under the scheduler, which is its vServer's only one. */
typedef struct Process Process;
struct Process {
    SchedTask task;
    /* Begin the next step: its cost, or SIM_NEVER if the process blocks. A step of unbounded
     * length is PROCESS_FOREVER. */
    SimTime (*next)(Process *p);
    /* The step is over. */
    void (*done)(Process *p);
    Kernel *kernel;
    Work work;
    SimTime off_since; /* when it last left a core */
    bool there, started, ever_ran;
    void (*gone)(Process *p); /* set: it ends with the step that it is in */
    /* accounts */
    Phase phase;
    SimTime phase_since, last_seen, charged[N_PHASES];
    SimTime added, present;       /* since when it is there; that it was, before */
    uint32_t track, tokens, word; /* of a recording: its track, that of its tokens, its name */
    Histogram *gaps; /* NULL, or where it notes the times, in ps, that it had no processor */
};
#define PROCESS_FOREVER (SIM_NEVER - 1)

/* Put it under the scheduler, asleep. Its share, next and done are set. */
void process_add(Process *p, Kernel *kernel, unsigned core);
/* Take it from the scheduler, at once, or at the end of the system call that it is in; then `gone`
 * is called, and it may be added again. */
void process_end(Process *p, void (*gone)(Process *p));
void process_clear(Process *p);
/* It may run from now on, and has something to do; a core looks at it after core_resched. */
void process_start(Process *p);
/* It has something to do, if it waited for that. */
void process_wake(Process *p);
/* Bring its accounts up to now. */
void process_charge(Process *p);
/* Its time in a phase up to now, without a change of its accounts. */
static inline SimTime process_time(const Process *p, Phase phase, SimTime now) {
    return p->charged[phase] + (p->there && p->phase == phase ? now - p->phase_since : 0);
}
/* The time that it has been there, counted apart from its accounts. */
SimTime process_present(const Process *p);
Core *process_core(const Process *p);

/* Core ------------------------------------------------------------------------------------- */

/* Work of one of the host's daemons. */
typedef struct RootJob RootJob;
struct RootJob {
    SimTime cost;
    void (*done)(RootJob *job);
    RootJob *next;
};

typedef enum {
    LAYER_INTERRUPT,
    LAYER_SOFTIRQ,
    LAYER_ROOT,
    LAYER_SWITCH,
    LAYER_TASK,
    LAYER_IDLE,
    N_LAYERS
} Layer;

struct Core {
    Kernel *kernel;
    unsigned number;
    SimEvent done, tick;
    /* what it does */
    Layer layer;
    SimTime since;
    Work work[LAYER_TASK];           /* of layers above the task's; the task has its own */
    Process *current;                /* chosen by the scheduler */
    RootJob *job, *jobs, *jobs_last; /* that runs in the root layer; that wait */
    bool root; /* a task of the host has the core, and `current` had it before */
    bool need_resched;
    SimTime bh_until; /* the task holds or waits for a kernel lock: no softirq, no switch */
    /* interrupts */
    uint32_t pending, serving; /* bit n: line n; bit 31: the timer */
    /* softirq */
    bool raised;     /* there is something to do */
    bool deferred;   /* to ksoftirqd, or to the next interrupt or system call */
    bool dozing;     /* the timer has stopped: there is nothing to do */
    SimTime due;     /* then: the first tick that has been left out */
    bool bh_enabled; /* the system call that the task is about to make has let them go on */
    /* accounts */
    SimTime charged[N_LAYERS];
    uint64_t switches, ksoftirqd, deferrals;
    uint32_t track; /* of a recording */
};

/* Kernel ----------------------------------------------------------------------------------- */

/* What runs above processes, and which the cores know no more of. */
typedef struct {
    /* The interrupt of a line has been served. */
    void (*interrupt)(Core *k, unsigned line);
    /* Begin the first step of the softirq, with core_begin. */
    void (*softirq)(Core *k);
    /* The step is over: begin the next, or end the softirq. */
    void (*softirq_step)(Core *k);
} KernelHandlers;

struct Kernel {
    /* settings */
    uint64_t n_cores;
    bool idle_ticks;
    SimTime tick_period, gap_min, gap_from;
    SimTime tick_cost, interrupt_cost, context_switch, cold, cold_after;
    double serial;
    /* state */
    Sim *sim;
    const KernelHandlers *handlers;
    void *devices; /* the handlers' own */
    Sched sched;
    Core core[SCHED_MAX_CORES];
    SimTime lock_free; /* when the kernel's locks will be free */
    uint64_t serial_q16;
    SimTime lock_used, lock_waited;
    /* of a recording: NULL, there is none; its words */
    Recorder *recorder;
    uint32_t layer[N_LAYERS], phase[N_PHASES];
};

/* In create, once its settings and its scheduler are set. */
void kernel_init(Kernel *kernel, const KernelHandlers *handlers, void *devices, Sim *sim,
                 SimOwner *owner);
void kernel_start(Kernel *kernel);
/* Tell a recorder what cores and, by its name, a process do: tracks of the component's. Before the
 * kernel starts; before the process is added, once. */
void kernel_record(Kernel *kernel, Recorder *recorder, uint32_t component);
void process_record(Process *p, const Kernel *kernel, uint32_t component, const char *name);
/* Call pick on every core: processes were started. */
void kernel_resched(Kernel *kernel);

/* Bring the accounts up to now; call before anything changes what the core should do. */
void core_charge(Core *k);
/* Choose what to do now; call after something has changed. */
void core_dispatch(Core *k);
/* A daemon's work, behind what the root layer has to do already. */
void core_root(Core *k, RootJob *job);
/* A device wants the core. */
void core_interrupt(Core *k, unsigned line);
void core_begin(Core *k, Layer layer, SimTime cost);
/* Start of `cost` of work of which the part `kernel` is the kernel's own on a packet, and `serial`
 * of that under its locks: the time that it takes on this core, waiting included. */
SimTime core_lock(Core *k, SimTime cost, SimTime kernel);
/* The same in a system call, which softirqs do not interrupt while it holds or awaits the locks. */
SimTime core_system_call(Core *k, SimTime cost, SimTime kernel);
