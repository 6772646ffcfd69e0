/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The schedulers as functions over ticks. PlanetLab's token bucket against a straight-line
 * transcription of the same algorithm on plain arrays, event by event; the others against shares
 * that arithmetic gives. */
#include "components/gpe/sched/token.h"
#include "emu/core/param.h"
#include "emu/core/random.h"
#include "tests/check.h"

enum { MAX_TASKS = 12, MAX_CORES = 4 };

/* The transcription --------------------------------------------------------------------------
 * Queues are arrays of task numbers, oldest first. */
typedef struct {
    int item[MAX_TASKS], n;
} List;

static void append(List *l, int x) {
    l->item[l->n++] = x;
}
static void erase(List *l, int x) {
    int i = 0;
    while (i < l->n && l->item[i] != x) i++;
    if (i == l->n) return;
    for (; i + 1 < l->n; i++) l->item[i] = l->item[i + 1];
    l->n--;
}

typedef struct {
    int64_t interval, slice, rate[MAX_TASKS], min[MAX_TASKS], max[MAX_TASKS];
    bool skip, guaranteed[MAX_TASKS];
    int64_t vt[2], used[MAX_TASKS], left[MAX_TASKS];
    int core[MAX_TASKS], n;
    List active[MAX_CORES], expired[MAX_CORES], hold[MAX_CORES];
} Plain;

static int64_t plain_tokens(Plain *p, int t) {
    int64_t price = p->interval * 1000 / p->rate[t], d = p->vt[p->guaranteed[t]] - p->used[t];
    if (d >= price * p->max[t]) {
        p->used[t] = p->vt[p->guaranteed[t]] - price * p->max[t];
        return p->max[t];
    }
    return d / price;
}

static int64_t plain_eligible(Plain *p, int t) {
    int64_t have = plain_tokens(p, t);
    return have < p->min[t] ? (have - p->min[t]) * p->interval / p->rate[t] : have;
}

static bool plain_tick(Plain *p, int core, int current) {
    p->vt[0] += 1000;
    p->vt[1] += 1000;
    if (current < 0) return !p->skip && p->hold[core].n;
    p->left[current]--;
    int64_t t = plain_tokens(p, current);
    if (t > 0) p->used[current] += p->interval * 1000 / p->rate[current];
    if (t >= 2 && p->left[current] > 0) return false;
    erase(&p->active[core], current);
    append(&p->expired[core], current);
    p->left[current] = p->slice;
    return true;
}

static int plain_pick(Plain *p, int core) {
    for (;;) {
        int64_t missing[2] = {INT64_MAX, INT64_MAX};
        for (int i = 0; i < p->hold[core].n; i++) {
            int t = p->hold[core].item[i];
            int64_t e = plain_eligible(p, t);
            if (e > 0) {
                erase(&p->hold[core], t);
                append(&p->expired[core], t);
                break;
            }
            if (-e < missing[p->guaranteed[t]]) missing[p->guaranteed[t]] = -e;
        }
        for (;;) {
            if (!p->active[core].n) {
                List swap = p->active[core];
                p->active[core] = p->expired[core];
                p->expired[core] = swap;
            }
            if (!p->active[core].n) break;
            int t = p->active[core].item[0];
            int64_t e = plain_eligible(p, t);
            if (e > 0) return t;
            erase(&p->active[core], t);
            append(&p->hold[core], t);
            if (-e < missing[p->guaranteed[t]]) missing[p->guaranteed[t]] = -e;
        }
        if (!p->hold[core].n || !p->skip) return -1;
        if (missing[0] != INT64_MAX)
            p->vt[0] += 1000 * missing[0];
        else
            p->vt[1] += 1000 * missing[1];
    }
}

/* Both, side by side ------------------------------------------------------------------------- */

typedef struct {
    Sched sched;
    SchedTask task[MAX_TASKS];
    Plain plain;
    bool asleep[MAX_TASKS];
    int n, n_cores;
    int current[MAX_CORES]; /* as both agreed */
    uint64_t events, disagreements, held;
} Pair;

static uint64_t between(Random *r, uint64_t low, uint64_t high) {
    return low + random_below(r, high - low + 1);
}

static void make_pair(Pair *b, Random *r) {
    for (int i = 0; i < b->n; i++) sched_task_clear(&b->task[i]);
    sched_clear(&b->sched);
    memset(b, 0, sizeof *b);
    b->n = (int)between(r, 1, MAX_TASKS);
    b->n_cores = random_below(r, 3) ? 1 : (int)between(r, 2, MAX_CORES);
    SchedSettings settings = {.interval = 1000,
                              .slice = between(r, 1, 4) == 1 ? between(r, 1, 20) : 100,
                              .idle_skip = random_below(r, 4) != 0};
    CHECK(sched_init(&b->sched, "token", (unsigned)b->n_cores, &settings, NULL));
    b->plain = (Plain){
        .interval = 1000, .slice = (int64_t)settings.slice, .skip = settings.idle_skip, .n = b->n};
    for (int i = 0; i < b->n; i++) {
        SchedShare s = {.rate = between(r, 1, 1000), .max = between(r, 1, 200)};
        s.min = between(r, 1, s.max);
        s.initial = between(r, 0, s.max);
        s.guaranteed = random_below(r, 5) == 0;
        CHECK(sched_share_check(&s, &settings, NULL));
        b->task[i] = (SchedTask){.share = s, .core = (unsigned)i % (unsigned)b->n_cores};
        sched_add(&b->sched, &b->task[i]);
        b->plain.rate[i] = (int64_t)s.rate;
        b->plain.min[i] = (int64_t)s.min;
        b->plain.max[i] = (int64_t)s.max;
        b->plain.guaranteed[i] = s.guaranteed;
        b->plain.core[i] = (int)b->task[i].core;
        b->plain.left[i] = (int64_t)settings.slice;
        b->plain.used[i] = -(int64_t)(1000000 / s.rate * s.initial);
        b->asleep[i] = true;
    }
    for (int c = 0; c < MAX_CORES; c++) b->current[c] = -1;
}

static void pick_both(Pair *b, int core) {
    SchedTask *t = b->sched.ops->pick(&b->sched, (unsigned)core);
    int mine = plain_pick(&b->plain, core);
    if ((t ? (int)(t - b->task) : -1) != mine) b->disagreements++;
    b->current[core] = mine;
}

static bool on(const List *l, int x) {
    for (int i = 0; i < l->n; i++)
        if (l->item[i] == x) return true;
    return false;
}

static void compare(Pair *b) {
    b->events++;
    const TokenClocks *clocks = b->sched.own;
    bool same = clocks->vt[0] == b->plain.vt[0] && clocks->vt[1] == b->plain.vt[1];
    for (int i = 0; i < b->n; i++) {
        const SchedTask *t = &b->task[i];
        const Plain *p = &b->plain;
        int c = p->core[i];
        SchedState state = b->asleep[i]            ? SCHED_ASLEEP
                           : on(&p->hold[c], i)    ? SCHED_HELD
                           : on(&p->active[c], i)  ? SCHED_READY
                           : on(&p->expired[c], i) ? SCHED_READY
                                                   : (SchedState)99;
        b->held += state == SCHED_HELD;
        same &= ((const TokenBucket *)t->own)->used == p->used[i] &&
                (int64_t)t->slice == p->left[i] && t->state == state;
    }
    if (!same) b->disagreements++;
}

static void step(Pair *b, Random *r) {
    int i = (int)random_below(r, (uint64_t)b->n), core = (int)random_below(r, (uint64_t)b->n_cores);
    switch (random_below(r, 8)) {
    case 0: /* somebody wakes */
        if (!b->asleep[i]) return;
        b->asleep[i] = false;
        append(&b->plain.active[b->plain.core[i]], i);
        if (b->sched.ops->wake(&b->sched, &b->task[i])) pick_both(b, b->plain.core[i]);
        break;
    case 1: /* whoever runs blocks */
        if (b->current[core] < 0) return;
        i = b->current[core];
        b->asleep[i] = true;
        erase(&b->plain.active[core], i);
        b->sched.ops->sleep(&b->sched, &b->task[i]);
        pick_both(b, core);
        break;
    case 2: /* a task of the host came between */ pick_both(b, core); break;
    default: {
        SchedTask *t = b->current[core] < 0 ? NULL : &b->task[b->current[core]];
        bool again = b->sched.ops->tick(&b->sched, (unsigned)core, t);
        if (again != plain_tick(&b->plain, core, b->current[core])) b->disagreements++;
        if (again) pick_both(b, core);
    }
    }
    compare(b);
}

static void a_straight_line_version_agrees_on_every_event(void) {
    Random r;
    uint64_t events = 0, disagreements = 0, held = 0;
    random_seed(&r, 1, 0, "configurations");
    static Pair b;
    for (unsigned i = 0; i < 1000; i++) {
        make_pair(&b, &r);
        for (unsigned k = 0; k < 2000; k++) step(&b, &r);
        events += b.events;
        disagreements += b.disagreements;
        held += b.held;
    }
    CHECK_U64(disagreements, 0);
    CHECK(events > 1000000 && held > 100000);
}

/* One core, compute-bound tasks, ticks only ---------------------------------------------------- */

typedef struct {
    Sched s;
    SchedTask task[MAX_TASKS];
    SchedTask *current;
    unsigned n;
    uint64_t ran[MAX_TASKS], last[MAX_TASKS], now, idle;
    uint64_t gap_min, gap_max; /* ticks without the processor, of all */
    uint64_t run, run_min, run_max;
    bool whole;
} Bench;

static void bench(Bench *b, const char *scheduler, unsigned n, const SchedShare *share) {
    static const SchedSettings settings = {.interval = 1000, .slice = 100, .idle_skip = true};
    memset(b, 0, sizeof *b);
    b->n = n;
    CHECK(sched_init(&b->s, scheduler, 1, &settings, NULL));
    random_seed(&b->s.random, 1, 0, scheduler);
    const SchedOps *ops = b->s.ops;
    for (unsigned i = 0; i < n; i++) {
        b->task[i].share = share[i];
        sched_add(&b->s, &b->task[i]);
        ops->wake(&b->s, &b->task[i]);
    }
    b->current = ops->pick(&b->s, 0);
}

static void bench_end(Bench *b) {
    for (unsigned i = 0; i < b->n; i++) sched_task_clear(&b->task[i]);
    sched_clear(&b->s);
}

static void bench_reset(Bench *b) {
    memset(b->ran, 0, sizeof b->ran);
    b->idle = b->gap_max = b->run_max = 0;
    b->gap_min = b->run_min = UINT64_MAX;
    for (unsigned i = 0; i < b->n; i++) b->last[i] = 0; /* gaps begin anew */
    b->whole = false;                                   /* the run that is going on began before */
    b->run = 0;
}

static void bench_run(Bench *b, uint64_t ticks) {
    const SchedOps *ops = b->s.ops;
    for (; ticks; ticks--) {
        b->now++;
        SchedTask *was = b->current;
        if (was) {
            b->ran[was - b->task]++;
            b->last[was - b->task] = b->now;
            b->run++;
            was->ran += UINT64_C(1000000000);
        } else {
            b->idle++;
        }
        if (!ops->tick(&b->s, 0, was)) continue;
        b->current = ops->pick(&b->s, 0);
        if (b->current == was) continue;
        if (b->whole) {
            b->run_min = MIN(b->run_min, b->run);
            b->run_max = MAX(b->run_max, b->run);
        }
        b->whole = true;
        b->run = 0;
        uint64_t last = b->current ? b->last[b->current - b->task] : 0;
        if (!last) continue;
        b->gap_min = MIN(b->gap_min, b->now - last);
        b->gap_max = MAX(b->gap_max, b->now - last);
    }
}

static void equal_shares(SchedShare *share, unsigned n, uint64_t rate, uint64_t min, uint64_t max) {
    for (unsigned i = 0; i < n; i++)
        share[i] = (SchedShare){.rate = rate, .min = min, .max = max, .initial = max};
}

static void runs_are_as_long_as_the_bucket(void) {
    /* From a bucket of k, a run ends at the tick that finds fewer than 2 tokens: tick n finds
     * floor(k - (n - 1) + n * 0.12 + f). With f = 0: k ticks for 2, 4 and 8; for 16 the 1.9 tokens
     * that accrue meanwhile make it 17. The cycle is eight of them. */
    static const unsigned expected[][2] = {{2, 2}, {4, 4}, {8, 8}, {16, 17}};
    for (unsigned i = 0; i < 4; i++) {
        SchedShare share[8];
        Bench b;
        equal_shares(share, 8, 120, expected[i][0], expected[i][0]);
        bench(&b, "token", 8, share);
        bench_run(&b, 5000);
        bench_reset(&b);
        bench_run(&b, 50000);
        CHECK_U64(b.run_min, expected[i][1]);
        CHECK(b.run_max <= expected[i][1] + 1);
        CHECK_U64(b.idle, 0);
        bench_end(&b);
    }
}

static void the_default_cycle_is_constant_without_interruptions(void) {
    /* A task is released with 50 tokens, and another one's run of up to 53 ticks passes before it
     * is picked: it begins with 50 + f, f below 1 + 53 * 0.032. Tick n finds 50 + f - (n - 1) +
     * 0.032 n, below 2 for the first time at n = floor((49 + f) / 0.968) + 1: 51 to 53. Seven
     * others run between two of its runs: 357 to 371 ticks, a cycle of 408 to 424 ms. */
    Random r;
    uint64_t least = UINT64_MAX, most = 0, shortest = UINT64_MAX, longest = 0;
    random_seed(&r, 5, 0, "initial");
    for (unsigned seed = 0; seed < 1000; seed++) {
        SchedShare share[8];
        Bench b;
        equal_shares(share, 8, 32, 50, 100);
        for (unsigned i = 0; i < 8; i++) share[i].initial = random_below(&r, 101);
        bench(&b, "token", 8, share);
        bench_run(&b, 3000);
        bench_reset(&b);
        bench_run(&b, 5000);
        least = MIN(least, b.gap_min);
        most = MAX(most, b.gap_max);
        shortest = MIN(shortest, b.run_min);
        longest = MAX(longest, b.run_max);
        if (b.idle) CHECK_U64(b.idle, 0);
        bench_end(&b);
    }
    CHECK(least >= 357 && most <= 371);
    CHECK(shortest >= 51 && longest <= 53);
}

static void interruptions_send_a_task_with_few_tokens_on_hold(void) {
    SchedShare share[2];
    Bench b;
    equal_shares(share, 2, 32, 50, 100);
    bench(&b, "token", 2, share);
    SchedTask *first = b.current;
    bench_run(&b, 60); /* about 42 tokens are left */
    CHECK(b.current == first);
    CHECK(b.s.ops->pick(&b.s, 0) != first);
    CHECK(first->state == SCHED_HELD);
    bench_end(&b);
}

static void shares_follow_rates_under_token_and_fair(void) {
    static const char *const names[] = {"token", "sfq"};
    for (unsigned i = 0; i < 2; i++) {
        SchedShare share[3];
        Bench b;
        equal_shares(share, 3, 32, 20, 40);
        share[1].rate = 64;
        share[2].rate = 96;
        bench(&b, names[i], 3, share);
        bench_run(&b, 2000);
        bench_reset(&b);
        bench_run(&b, 120000);
        CHECK_U64(b.idle, 0);
        for (unsigned t = 0; t < 3; t++) CHECK_NEAR((double)b.ran[t] / 120000, (t + 1) / 6.0, 0.01);
        bench_end(&b);
    }
}

static void lumps_leave_the_processor_idle_for_want_of_tokens(void) {
    /* Two tasks at 100 tokens a second: a fifth of the processor, in one go after each lump. */
    SchedShare share[2];
    Bench b;
    equal_shares(share, 2, 100, 50, 100);
    bench(&b, "vserver", 2, share);
    bench_run(&b, 2000);
    bench_reset(&b);
    bench_run(&b, 100000);
    CHECK_NEAR((double)b.ran[0], 10000, 101);
    CHECK_NEAR((double)b.ran[1], 10000, 101);
    CHECK_NEAR((double)b.idle, 80000, 202);
    bench_end(&b);
}

static void round_robin_takes_turns(void) {
    SchedShare share[5];
    Bench b;
    equal_shares(share, 5, 32, 50, 100);
    bench(&b, "rr", 5, share);
    bench_run(&b, 500);
    bench_reset(&b);
    bench_run(&b, 10000);
    CHECK_U64(b.run_min, 100);
    CHECK_U64(b.run_max, 100);
    CHECK_U64(b.gap_max, 400);
    for (unsigned i = 0; i < 5; i++) CHECK_U64(b.ran[i], 2000);
    bench_end(&b);
}

static void fair_slices_shrink_with_the_number_of_guests(void) {
    /* 16 ms >> (n - 1), at least 4. */
    static const unsigned slice[] = {0, 16, 8, 4, 4, 4};
    for (unsigned n = 2; n <= 5; n++) {
        SchedShare share[5];
        Bench b;
        equal_shares(share, n, 32, 50, 100);
        bench(&b, "sfq", n, share);
        bench_run(&b, 100);
        bench_reset(&b);
        bench_run(&b, 10000);
        CHECK_U64(b.run_max, slice[n]);
        bench_end(&b);
    }
}

static void a_scheduler_has_settings_of_its_own(void) {
    /* With 12 and 6: alone 12 ticks, of two 12 >> 1 = 6, of three 6. */
    static const unsigned slice[] = {0, 0, 6, 6};
    for (unsigned n = 2; n <= 3; n++) {
        SchedShare share[3];
        Bench b;
        equal_shares(share, n, 32, 50, 100);
        bench(&b, "sfq longest=12 shortest=6", n, share);
        bench_run(&b, 100);
        bench_reset(&b);
        bench_run(&b, 10000);
        CHECK_U64(b.run_max, slice[n]);
        bench_end(&b);
    }
    static const char *const bad[][2] = {
        {"magic", "found \"magic\", expected one of token, vserver, sfq, rr"},
        {"sfq long=1", "found \"long=1\", expected KEY=VALUE with a setting of sfq: longest, "
                       "shortest"},
        {"sfq longest", "found \"longest\""},
        {"sfq longest=0", "\"0\""},
        {"rr longest=1", "found \"longest=1\", but rr has no settings"}};
    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        Sched s;
        CHECK(!sched_init(&s, bad[i][0], 1, &(SchedSettings){.interval = 1000}, &error));
        CHECK_CONTAINS(error ? error->message : "", bad[i][1]);
    }
}

static void shares_that_cannot_be_kept_are_refused(void) {
    static const SchedSettings settings = {.interval = 1000};
    static const struct {
        SchedShare share;
        const char *text;
    } cases[] = {
        {{.rate = 0, .min = 1, .max = 1}, "rate: found 0 tokens, expected 1 to 1000"},
        {{.rate = 1001, .min = 1, .max = 1}, "rate: found 1001 tokens"},
        {{.rate = 1, .min = 1, .max = 0}, "max: found 0 tokens"},
        {{.rate = 1, .min = 0, .max = 1}, "min: found 0 tokens, expected 1 to max, which is 1"},
        {{.rate = 1, .min = 51, .max = 50}, "min: found 51 tokens, expected 1 to max, which is 50"},
        {{.rate = 1, .min = 1, .max = 2, .initial = 3}, "initial: found 3 tokens"},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        CHECK(!sched_share_check(&cases[i].share, &settings, &error));
        CHECK_CONTAINS(error ? error->message : "", cases[i].text);
    }
    SchedShare edge = {.rate = 1000, .min = 1, .max = 1, .initial = 0};
    CHECK(sched_share_check(&edge, &settings, NULL));
}

int main(void) {
    static const Test tests[] = {TEST(a_straight_line_version_agrees_on_every_event),
                                 TEST(runs_are_as_long_as_the_bucket),
                                 TEST(the_default_cycle_is_constant_without_interruptions),
                                 TEST(interruptions_send_a_task_with_few_tokens_on_hold),
                                 TEST(shares_follow_rates_under_token_and_fair),
                                 TEST(lumps_leave_the_processor_idle_for_want_of_tokens),
                                 TEST(round_robin_takes_turns),
                                 TEST(fair_slices_shrink_with_the_number_of_guests),
                                 TEST(a_scheduler_has_settings_of_its_own),
                                 TEST(shares_that_cannot_be_kept_are_refused),
                                 {0}};
    return run_tests("gpe_sched", tests);
}
