/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One processor core. Work of a layer is preempted by any layer before it and goes on where it was.
 * Every picosecond is charged to the layer that had it, and independently every piece of work is
 * counted when it begins; gpe_check compares the two. */
#include "components/gpe/gpe.h"

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

void core_charge(Core *k) {
    SimTime now = sim_now(k->gpe->base.sim), d = now - k->since;
    k->since = now;
    k->charged[k->layer] += d;
    if (k->layer == LAYER_IDLE) return;
    Work *w = work_of(k, k->layer);
    w->remaining -= d;
    if (k->layer == LAYER_TASK) k->current->task.ran += d;
}

SimTime core_lock(Core *k, SimTime cost, SimTime hold) {
    Gpe *g = k->gpe;
    if (g->n_cores == 1) return cost;
    SimTime now = sim_now(g->base.sim), start = MAX(now, g->lock_free);
    g->lock_free = start + hold;
    if (start > now) g->lock_waits++;
    g->lock_waited += start - now;
    return start - now + cost;
}

static void run_until(Core *k, Layer layer, SimTime limit) {
    Sim *sim = k->gpe->base.sim;
    SimTime now = sim_now(sim);
    if (layer != k->layer && k->layer == LAYER_TASK && k->current)
        vserver_phase(k->current, PHASE_READY);
    k->layer = layer;
    if (layer == LAYER_IDLE) {
        sim_cancel(sim, &k->done);
        return;
    }
    if (layer == LAYER_TASK) vserver_phase(k->current, PHASE_RUNNING);
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
    Gpe *g = k->gpe;
    SimTime now = sim_now(g->base.sim);
    k->need_resched = false;
    SchedTask *t = g->sched.ops->pick(&g->sched, k->number);
    Vserver *next = t ? (Vserver *)(void *)((char *)t - offsetof(Vserver, task)) : NULL;
    if (next == k->current) return;
    if (k->layer == LAYER_TASK) { /* charged; the layer is chosen anew */
        if (k->current->phase == PHASE_RUNNING) vserver_phase(k->current, PHASE_READY);
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
    bool cold = !next->ever_ran || now - next->off_since > g->cost.cold_after;
    next->ever_ran = true;
    k->switches++;
    core_begin(k, LAYER_SWITCH, g->cost.context_switch + (cold ? g->cost.cold : 0));
}

/* False: the process has blocked. */
static bool next_step(Core *k) {
    Vserver *v = k->current;
    SimTime cost = v->app->next(v);
    if (cost == SIM_NEVER) {
        k->gpe->sched.ops->sleep(&k->gpe->sched, &v->task);
        return false;
    }
    core_begin(k, LAYER_TASK, cost);
    return true;
}

void core_dispatch(Core *k) {
    SimTime now = sim_now(k->gpe->base.sim);
    for (;;) {
        if (k->work[LAYER_INTERRUPT].active) {
            run(k, LAYER_INTERRUPT);
            return;
        }
        if (k->pending) {
            k->serving = (unsigned)__builtin_ctz(k->pending);
            k->pending &= k->pending - 1;
            core_begin(k, LAYER_INTERRUPT,
                       k->serving == INTERRUPT_TIMER ? k->gpe->cost.tick : k->gpe->cost.interrupt);
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
        if (k->poll_n && !k->deferred) {
            gpe_softirq_start(k);
            continue;
        }
        if (k->work[LAYER_ROOT].active) {
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

static void done(Sim *sim, SimEvent *event) {
    Core *k = (Core *)(void *)((char *)event - offsetof(Core, done));
    (void)sim;
    core_charge(k);
    Work *w = work_of(k, k->layer);
    if (w->remaining == 0) {
        w->active = false;
        switch (k->layer) {
        case LAYER_INTERRUPT:
            k->deferred = false; /* pending softirqs run when an interrupt returns */
            gpe_interrupt_done(k, k->serving);
            break;
        case LAYER_SOFTIRQ: gpe_softirq_step(k); break;
        case LAYER_ROOT: k->need_resched = true; break;
        case LAYER_TASK: k->current->app->done(k->current); break;
        default: break;
        }
    }
    core_dispatch(k);
}

void core_interrupt(Core *k, unsigned bit) {
    k->pending |= 1u << bit;
    if (k->layer == LAYER_INTERRUPT) return;
    core_charge(k);
    core_dispatch(k);
}

void core_resched(Core *k) {
    k->need_resched = true;
    if (k->layer < LAYER_SWITCH) return; /* it will look when that is over */
    core_charge(k);
    core_dispatch(k);
}

static void tick(Sim *sim, SimEvent *event) {
    Core *k = (Core *)(void *)((char *)event - offsetof(Core, tick));
    sim_schedule(sim, event, k->gpe->tick_period);
    core_interrupt(k, INTERRUPT_TIMER);
}

void core_init(Core *k, Gpe *gpe, unsigned number) {
    k->gpe = gpe;
    k->number = number;
    k->layer = LAYER_IDLE;
    sim_event_init(&k->done, done, &gpe->base.owner);
    sim_event_init(&k->tick, tick, &gpe->base.owner);
}
