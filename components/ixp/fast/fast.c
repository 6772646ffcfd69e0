/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Fast timing: what moves a chip on, set-up and accounts. */
#include "components/ixp/fast/private.h"

/* So far ahead of the queue manager is Tx worked. */
#define TX_AHEAD 4096u

/* Look again when the next of them is due, if no frame comes before. That is soon enough: whatever
 * is sent then has Tx before it. */
static void set_wake(Fast *f) {
    const FastQm *fq = queues_due(f);
    Cycle due = MIN(in_due(f), out_due(f));
    if (fq) due = MIN(due, fq->next);
    if (due == CYCLE_NEVER) return;
    SimTime at = ps_of(f, MAX(due, f->now) + 1);
    if (sim_event_pending(&f->wake)) {
        if (f->wake.time <= at) return;
        sim_cancel(f->sim, &f->wake);
    }
    sim_schedule_at(f->sim, &f->wake, at);
}

static void forget(Fast *f) {
    Cycle elapsed = f->now - f->forgot;
    f->forgot = f->now;
    lane_forget(&f->spi_out, f->now);
    in_settle(f);
    settle_logs(f);
    bool exact = engines_busy(f, elapsed) || elapsed > 2 * STEP; /* idle: it costs little */
    f->step = step_after(f->step, exact);
    StepKind next = step_kind(f->step);
    memory_forget(&f->memory, f->now, next);
    engines_forget(f, next);
    in_forget(f);
}

void fast_move_on(Fast *f, SimTime now) {
    f->now = cycle_of(f, now);
    f->arrival = f->now * TICKS - tick_of(&f->memory, ps_of(f, f->now) - now);
    if (f->now - f->forgot >= STEP) forget(f);
    for (bool again = true; again;) {
        again = false;
        while (in_due(f) <= f->now) in_take_frame(f);
        Cycle until = f->now + (f->ahead == CYCLE_NEVER ? 0 : f->ahead);
        until = MAX(until, f->last_put);
        for (FastQm *fq; (fq = queues_due(f)) && fq->next <= until;) queues_step(f, fq);
        while (out_due(f) <= until + TX_AHEAD) again |= out_take(f);
    }
    set_wake(f);
}

static void wake(Sim *sim, SimEvent *event) {
    fast_move_on((Fast *)(void *)((char *)event - offsetof(Fast, wake)), sim_now(sim));
}

static void on_frame(void *user, SimTime now) {
    fast_move_on(user, now);
}

/* A scheduler's time has changed: a sleeper looks now. */
static void on_look(void *user, SimTime now) {
    Fast *f = user;
    for (unsigned k = 0; k < f->n_qm; k++) {
        f->qm[k].timer = MIN(f->qm[k].timer, cycle_of(f, now));
        queues_next(&f->qm[k]);
    }
    fast_move_on(f, now);
}

static void turns_init(Fast *f, Turns *b, Block *block) {
    b->block = block;
    b->turn = block->n_mes > 1 ? f->signal : 0;
    if (block->ring_in) b->in = ring_of(f, block->ring_in);
    if (block->ring_out) b->out = ring_of(f, block->ring_out);
}

Fast *fast_new(Program *p) {
    Fast *f = g_new0(Fast, 1);
    Chip *chip = &p->chip;
    f->p = p;
    f->chip = chip;
    f->sim = chip->sim;
    f->clock = &chip->group.clock;
    memory_init(&f->memory, chip);
    f->swap = (uint32_t)chip->settings->swap_cycles;
    f->signal = cycle_of(f, chip->group.signal_ps);
    f->nn = cycle_of(f, chip->nn_ps);
    for (unsigned i = 0; i < chip->n_mes_used; i++) lane_init(&f->me[i].server.lane);
    lane_init(&f->spi_out);
    for (unsigned i = 0; i < chip->n_rings; i++)
        f->rings[i] =
            (FastRing){.ring = &chip->rings[i], .got = g_new0(Cycle, chip->rings[i].size)};
    turns_init(f, &f->rx, &p->rxtx.rx);
    turns_init(f, &f->tx, &p->rxtx.tx);
    turns_init(f, &f->stats, &p->stats.block);
    for (unsigned i = 0; i < p->n_stages; i++) turns_init(f, &f->stages[i], &p->stages[i].block);
    f->stays = g_new0(Stay, chip->settings->n_buffers);
    in_init(f);
    queues_init(f);
    out_init(f);
    sim_event_init(&f->wake, wake, &chip->msf.owner);
    chip->msf.on_frame = on_frame;
    chip->msf.user = f;
    p->qm_block.on_look = on_look;
    p->qm_block.user = f;
    return f;
}

void fast_free(Fast *f) {
    if (!f) return;
    memory_clear(&f->memory);
    for (unsigned i = 0; i < N_LOGS; i++) shapes_clear(&f->logs[i]);
    for (unsigned i = 0; i < CHIP_N_MES; i++) lane_clear(&f->me[i].server.lane);
    lane_clear(&f->spi_out);
    for (unsigned i = 0; i < CHIP_MAX_RINGS; i++) g_free(f->rings[i].got);
    g_free(f->stays);
    g_free(f->rbuf_freed);
    g_free(f->tbuf_sent);
    g_free(f->departures);
    g_free(f);
}

void fast_settle(Fast *f, SimTime now) {
    Chip *chip = f->chip;
    in_settle(f);
    settle_logs(f);
    memory_settle(&f->memory, chip);
    for (unsigned i = 0; i < chip->n_mes_used; i++) {
        SimTime elapsed = now - chip->started,
                running = MIN(ps_of(f, f->me[i].server.lane.used), elapsed);
        chip->mes[i].spent[ME_RUNNING] = running;
        chip->mes[i].spent[ME_IDLE] = elapsed - running;
    }
    for (unsigned i = 0; i < chip->n_rings; i++)
        chip->rings[i].filled = ps_of(f, f->rings[i].filled);
}

/* Utilisations from which on it is known to be off: docs/timing.md. */
#define WEAK_BUS 0.75
#define WEAK_MES 0.9

static void doubt_block(const Fast *f, const Block *b, SimTime elapsed, Report *report) {
    Cycle used = 0;
    for (unsigned m = 0; m < b->n_mes; m++) used += f->me[b->mes[m]->number].server.lane.used;
    double busy = (double)ps_of(f, used) / (double)elapsed / b->n_mes;
    if (b->n_mes > 1 && busy > WEAK_MES)
        report_warning(report,
                       "fast timing: the %u microengines of %s executed %.0f percent of the time, "
                       "and the rate may be half too high; run it with --timing=detailed",
                       b->n_mes, b->name, MIN(100 * busy, 100));
}

void fast_doubts(const Fast *f, SimTime now, Report *report) {
    const Chip *chip = f->chip;
    SimTime elapsed = now - chip->started;
    if (!elapsed) return;
    for (unsigned i = 0; i < chip->n_blocks; i++) doubt_block(f, chip->blocks[i], elapsed, report);
    double busy = 0;
    for (unsigned i = 0; i < CHIP_N_DRAM; i++)
        busy = MAX(busy, (double)chip->dram[i].bus.busy / (double)elapsed);
    if (busy > WEAK_BUS)
        report_warning(report,
                       "fast timing: a channel of DRAM moved data %.0f percent of the time, and "
                       "latencies may be a sixth too long; run it with --timing=detailed",
                       MIN(100 * busy, 100));
}
