/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Processor cores. Work of a layer is preempted by any layer before it and goes on where it was.
 * Every picosecond is charged to the layer that had it, and independently every piece of work is
 * counted when it begins; the server's check compares the two. */
#include "components/gpe/core.h"

enum { TIMER_LINE = 31 };

/* Processes -------------------------------------------------------------------------------- */

static Process *process_of(SchedTask *t) {
    return t ? (Process *)(void *)((char *)t - offsetof(Process, task)) : NULL;
}

static G_NO_INLINE void record_phase(const Process *p, SimTime now) {
    const Kernel *kernel = p->kernel;
    recorder_span(kernel->recorder, p->track, kernel->phase[p->phase], p->phase_since, now, NULL);
    if (kernel->sched.ops->tokens)
        recorder_count(kernel->recorder, p->tokens, now,
                       kernel->sched.ops->tokens(&kernel->sched, &p->task));
}

static void set_phase(Process *p, Phase phase) {
    const Kernel *kernel = p->kernel;
    SimTime now = sim_now(kernel->sim);
    if (G_UNLIKELY(kernel->recorder)) record_phase(p, now);
    p->charged[p->phase] += now - p->phase_since;
    p->phase_since = now;
    if (phase == PHASE_RUNNING && p->phase != PHASE_RUNNING && p->gaps) {
        if (p->last_seen >= MAX(kernel->gap_from, 1) && now - p->last_seen >= kernel->gap_min)
            histogram_add(p->gaps, now - p->last_seen);
    } else if (phase != PHASE_RUNNING && p->phase == PHASE_RUNNING) {
        p->last_seen = now;
    }
    p->phase = phase;
}

void process_charge(Process *p) {
    if (p->there) set_phase(p, p->phase);
}

static void task_changed(SchedTask *t, SchedState to, void *user) {
    static const Phase phase[] = {PHASE_ASLEEP, PHASE_READY, PHASE_HELD};
    (void)user;
    set_phase(process_of(t), phase[to]);
}

Core *process_core(const Process *p) {
    return &p->kernel->core[p->task.core];
}

void process_add(Process *p, Kernel *kernel, unsigned core) {
    p->kernel = kernel;
    p->there = true;
    p->ever_ran = false;
    p->gone = NULL;
    p->task.core = core;
    p->phase = PHASE_ASLEEP;
    p->phase_since = p->added = sim_now(kernel->sim);
    sched_add(&kernel->sched, &p->task);
}

SimTime process_present(const Process *p) {
    return p->present + (p->there ? sim_now(p->kernel->sim) - p->added : 0);
}

void process_clear(Process *p) {
    sched_task_clear(&p->task);
}

void process_start(Process *p) {
    Sched *s = &p->kernel->sched;
    p->started = true;
    s->ops->wake(s, &p->task);
}

static void core_resched(Core *k) {
    k->need_resched = true;
    if (k->layer < LAYER_SWITCH) return; /* it will look when that is over */
    core_charge(k);
    core_dispatch(k);
}

void process_wake(Process *p) {
    if (!p->started || p->task.state != SCHED_ASLEEP) return;
    Sched *s = &p->kernel->sched;
    if (s->ops->wake(s, &p->task)) core_resched(process_core(p));
}

/* It is asleep, or runs no longer. */
static void left(Process *p, void (*gone)(Process *p)) {
    set_phase(p, PHASE_ASLEEP);
    p->present = process_present(p);
    p->there = p->started = false;
    sched_task_clear(&p->task);
    gone(p);
}

/* Its process is gone, and is charged; what to do is chosen anew. */
static void forget(Core *k) {
    if (k->layer == LAYER_TASK) k->layer = LAYER_IDLE;
    k->current = NULL;
}

void process_end(Process *p, void (*gone)(Process *p)) {
    Kernel *kernel = p->kernel;
    Core *k = process_core(p);
    if (p->task.state == SCHED_ASLEEP) {
        left(p, gone);
        return;
    }
    if (k->current == p) core_charge(k);
    if (p->work.active && p->work.remaining < SIM_NEVER / 2) {
        p->gone = gone;
        return;
    }
    p->work.begun -= p->work.remaining; /* of a step without end */
    p->work.remaining = 0;
    p->work.active = false;
    kernel->sched.ops->sleep(&kernel->sched, &p->task);
    if (k->current == p) {
        forget(k);
        core_resched(k);
    }
    left(p, gone);
}

/* Cores ------------------------------------------------------------------------------------ */

static Work *work_of(Core *k, Layer layer) {
    return layer == LAYER_TASK ? &k->current->work : &k->work[layer];
}

void core_begin(Core *k, Layer layer, SimTime cost) {
    Work *w = work_of(k, layer);
    g_assert(!w->active);
    w->active = true;
    w->remaining = cost;
    w->begun += cost;
}

static G_NO_INLINE void record_layer(const Core *k, SimTime now) {
    const Kernel *kernel = k->kernel;
    uint32_t word = k->layer == LAYER_TASK ? k->current->word : kernel->layer[k->layer];
    recorder_span(kernel->recorder, k->track, word, k->since, now, NULL);
}

void core_charge(Core *k) {
    SimTime now = sim_now(k->kernel->sim), d = now - k->since;
    if (G_UNLIKELY(k->kernel->recorder)) record_layer(k, now);
    k->since = now;
    k->charged[k->layer] += d;
    if (k->layer == LAYER_IDLE) return;
    Work *w = work_of(k, k->layer);
    w->remaining -= d;
    if (k->layer == LAYER_TASK) k->current->task.ran += d;
}

SimTime core_lock(Core *k, SimTime cost, SimTime kernel) {
    Kernel *shared = k->kernel;
    if (shared->n_cores == 1) return cost;
    SimTime now = sim_now(shared->sim), start = MAX(now, shared->lock_free);
    shared->lock_free = start + (kernel * shared->serial_q16 >> 16);
    shared->lock_used += shared->lock_free - start;
    shared->lock_waited += start - now;
    return start - now + cost;
}

SimTime core_system_call(Core *k, SimTime cost, SimTime kernel) {
    SimTime time = core_lock(k, cost, kernel);
    if (k->kernel->n_cores > 1) k->bh_until = k->kernel->lock_free;
    return time;
}

static void run_until(Core *k, Layer layer, SimTime limit) {
    Sim *sim = k->kernel->sim;
    SimTime now = sim_now(sim);
    if (layer != k->layer && k->layer == LAYER_TASK && k->current)
        set_phase(k->current, PHASE_READY);
    k->layer = layer;
    if (layer == LAYER_IDLE) {
        sim_cancel(sim, &k->done);
        return;
    }
    if (layer == LAYER_TASK) set_phase(k->current, PHASE_RUNNING);
    const Work *w = work_of(k, layer);
    SimTime at = w->remaining > SIM_NEVER / 2 ? SIM_NEVER : now + w->remaining;
    at = MIN(at, limit);
    if (sim_event_pending(&k->done) && k->done.time == at) return;
    sim_cancel(sim, &k->done);
    if (at != SIM_NEVER) sim_schedule_at(sim, &k->done, at);
}

static void run(Core *k, Layer layer) {
    run_until(k, layer, SIM_NEVER);
}

/* schedule(): the switch is paid for also when the core was idle. */
static void reschedule(Core *k) {
    Kernel *shared = k->kernel;
    SimTime now = sim_now(shared->sim);
    k->need_resched = false;
    Process *next = process_of(shared->sched.ops->pick(&shared->sched, k->number));
    if (next == k->current) return;
    if (k->layer == LAYER_TASK) { /* charged; the layer is chosen anew */
        if (k->current->phase == PHASE_RUNNING) set_phase(k->current, PHASE_READY);
        k->layer = LAYER_IDLE;
    }
    if (k->current) k->current->off_since = now;
    k->current = next;
    Work *w = &k->work[LAYER_SWITCH];
    if (w->active) { /* the one before was not even over */
        w->begun -= w->remaining;
        w->active = false;
        w->remaining = 0;
    }
    if (!next) return;
    bool cold = !next->ever_ran || now - next->off_since > shared->cold_after;
    next->ever_ran = true;
    k->switches++;
    core_begin(k, LAYER_SWITCH, shared->context_switch + (cold ? shared->cold : 0));
}

/* False: the process has blocked. */
static bool next_step(Core *k) {
    Process *p = k->current;
    SimTime cost = p->gone ? SIM_NEVER : p->next(p);
    if (cost == SIM_NEVER) {
        k->kernel->sched.ops->sleep(&k->kernel->sched, &p->task);
        if (p->gone) {
            forget(k);
            left(p, p->gone);
        }
        return false;
    }
    core_begin(k, LAYER_TASK, cost);
    return true;
}

/* The timer goes on; the scheduler's clock has the ticks that were left out. */
static void wake_timer(Core *k) {
    Kernel *kernel = k->kernel;
    Sched *s = &kernel->sched;
    SimTime now = sim_now(kernel->sim);
    uint64_t n = now < k->due ? 0 : (now - k->due) / kernel->tick_period + 1;
    k->dozing = false;
    if (s->ops->idle) s->ops->idle(s, k->number, n);
    sim_schedule_at(kernel->sim, &k->tick, k->due + n * kernel->tick_period);
}

void core_dispatch(Core *k) {
    SimTime now = sim_now(k->kernel->sim);
    if (k->dozing) wake_timer(k);
    for (;;) {
        if (k->work[LAYER_INTERRUPT].active) {
            run(k, LAYER_INTERRUPT);
            return;
        }
        if (k->pending) {
            k->serving = (unsigned)__builtin_ctz(k->pending);
            k->pending &= k->pending - 1;
            core_begin(k, LAYER_INTERRUPT,
                       k->serving == TIMER_LINE ? k->kernel->tick_cost : k->kernel->interrupt_cost);
            continue;
        }
        if (now < k->bh_until && k->current && k->current->work.active) {
            run_until(k, LAYER_TASK, k->bh_until);
            return;
        }
        if (k->work[LAYER_SOFTIRQ].active) {
            run(k, LAYER_SOFTIRQ);
            return;
        }
        if (k->raised && !k->deferred) {
            k->kernel->handlers->softirq(k);
            continue;
        }
        if (k->work[LAYER_ROOT].active) {
            k->root = true;
            run(k, LAYER_ROOT);
            return;
        }
        if (k->need_resched) {
            reschedule(k);
            continue;
        }
        if (k->work[LAYER_SWITCH].active) {
            run(k, LAYER_SWITCH);
            return;
        }
        if (k->current && k->current->work.active) {
            run(k, LAYER_TASK);
            return;
        }
        if (k->current) {
            if (k->deferred && !k->bh_enabled) { /* a system call lets softirqs go on, once */
                k->deferred = false;
                k->bh_enabled = true;
                continue;
            }
            k->bh_enabled = false;
            if (!next_step(k)) k->need_resched = true;
            continue;
        }
        if (k->deferred) {
            k->deferred = false;
            k->ksoftirqd++;
            continue;
        }
        run(k, LAYER_IDLE);
        return;
    }
}

static void begin_job(Core *k) {
    RootJob *job = k->jobs;
    if (!job) return;
    if (!(k->jobs = job->next)) k->jobs_last = NULL;
    k->job = job;
    core_begin(k, LAYER_ROOT, job->cost);
}

void core_root(Core *k, RootJob *job) {
    job->next = NULL;
    if (k->jobs_last)
        k->jobs_last->next = job;
    else
        k->jobs = job;
    k->jobs_last = job;
    if (k->work[LAYER_ROOT].active) return;
    begin_job(k);
    if (k->layer < LAYER_SWITCH) return; /* it will look when that is over */
    core_charge(k);
    core_dispatch(k);
}

/* The next one is begun before this one says what it has done, which may be that there is more. */
static void root_done(Core *k) {
    RootJob *job = k->job;
    k->root = false;
    k->need_resched = true;
    k->job = NULL;
    begin_job(k);
    if (job) job->done(job);
}

static void interrupt_done(Core *k) {
    Sched *s = &k->kernel->sched;
    k->deferred = false; /* pending softirqs run when an interrupt returns */
    if (k->serving != TIMER_LINE)
        k->kernel->handlers->interrupt(k, k->serving);
    else if (s->ops->tick(s, k->number, k->current && !k->root ? &k->current->task : NULL))
        k->need_resched = true;
}

static void done(Sim *sim, SimEvent *event) {
    Core *k = (Core *)(void *)((char *)event - offsetof(Core, done));
    (void)sim;
    core_charge(k);
    Work *w = work_of(k, k->layer);
    if (w->remaining == 0) {
        w->active = false;
        switch (k->layer) {
        case LAYER_INTERRUPT: interrupt_done(k); break;
        case LAYER_SOFTIRQ: k->kernel->handlers->softirq_step(k); break;
        case LAYER_ROOT: root_done(k); break;
        case LAYER_TASK: k->current->done(k->current); break;
        default: break;
        }
    }
    core_dispatch(k);
}

void core_interrupt(Core *k, unsigned line) {
    k->pending |= 1u << line;
    if (k->layer == LAYER_INTERRUPT) return;
    core_charge(k);
    core_dispatch(k);
}

/* Not even for tokens. */
static bool nobody_waits(const Core *k) {
    const SchedQueue *q = k->kernel->sched.core[k->number].queue;
    return !q[0].head && !q[1].head && !q[2].head;
}

static void tick(Sim *sim, SimEvent *event) {
    Core *k = (Core *)(void *)((char *)event - offsetof(Core, tick));
    if (!k->kernel->idle_ticks && k->layer == LAYER_IDLE && nobody_waits(k)) {
        k->dozing = true;
        k->due = sim_now(sim);
        return;
    }
    sim_schedule(sim, event, k->kernel->tick_period);
    core_interrupt(k, TIMER_LINE);
}

/* Kernel ----------------------------------------------------------------------------------- */

void kernel_init(Kernel *kernel, const KernelHandlers *handlers, void *devices, Sim *sim,
                 SimOwner *owner) {
    kernel->handlers = handlers;
    kernel->devices = devices;
    kernel->sim = sim;
    kernel->serial_q16 = (uint64_t)(kernel->serial * 65536 + 0.5);
    kernel->sched.changed = task_changed;
    for (unsigned i = 0; i < kernel->n_cores; i++) {
        Core *k = &kernel->core[i];
        k->kernel = kernel;
        k->number = i;
        k->layer = LAYER_IDLE;
        sim_event_init(&k->done, done, owner);
        sim_event_init(&k->tick, tick, owner);
    }
}

void kernel_record(Kernel *kernel, Recorder *recorder, uint32_t component) {
    static const char *const layers[N_LAYERS] = {"interrupt", "softirq", "root",
                                                 "switch",    "task",    "idle"};
    static const char *const phases[N_PHASES] = {"running", "ready", "on hold", "asleep"};
    kernel->recorder = recorder;
    for (unsigned i = 0; i < N_LAYERS; i++) kernel->layer[i] = recorder_word(recorder, layers[i]);
    for (unsigned i = 0; i < N_PHASES; i++) kernel->phase[i] = recorder_word(recorder, phases[i]);
    for (unsigned i = 0; i < kernel->n_cores; i++) {
        g_autofree char *name = g_strdup_printf("core %u", i);
        kernel->core[i].track = recorder_track(recorder, component, name, NULL);
    }
}

void process_record(Process *p, const Kernel *kernel, uint32_t component, const char *name) {
    g_autofree char *tokens = g_strconcat(name, " tokens", NULL);
    p->word = recorder_word(kernel->recorder, name);
    p->track = recorder_track(kernel->recorder, component, name, NULL);
    if (kernel->sched.ops->tokens)
        p->tokens = recorder_track(kernel->recorder, component, tokens, NULL);
}

void kernel_start(Kernel *kernel) {
    for (unsigned i = 0; i < kernel->n_cores; i++) {
        kernel->core[i].since = sim_now(kernel->sim);
        sim_schedule(kernel->sim, &kernel->core[i].tick, kernel->tick_period);
    }
}

void kernel_resched(Kernel *kernel) {
    for (unsigned i = 0; i < kernel->n_cores; i++) core_resched(&kernel->core[i]);
}
