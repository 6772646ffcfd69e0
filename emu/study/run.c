/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Runs. Workers are forked processes that take the next run that has no record until none is left.
 * They record each run themselves, so that nothing depends on their parent: it hands out the runs,
 * sees who dies, and reads the records. */
#include "emu/study/run.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "emu/study/file.h"
#include "emu/core/recorder.h"
#include "emu/core/report.h"
#include "emu/scenario/vary.h"
#include "emu/study/record.h"
#include "emu/study/recording.h"

enum { MAX_WHY = 256, MAX_WORKERS = 256, NOBODY = UINT32_MAX };

/* A run on the board: who could not record it, and why; how long it took, 0: nobody computed it. */
typedef struct {
    volatile int code; /* 0: not tried, or recorded */
    volatile bool ended;
    volatile double seconds;
    char why[MAX_WHY];
} Slot;

/* What a worker is at. */
typedef struct {
    volatile uint32_t run;      /* or NOBODY */
    volatile gint64 began;      /* g_get_monotonic_time */
    volatile SimTime now;       /* of that run */
    volatile SimTime simulated; /* by it and all before it */
    volatile uint64_t packets;  /* the same */
} Post;

/* Shared between the workers and their parent. */
typedef struct {
    unsigned n;
    volatile uint32_t next, done;
    Post post[MAX_WORKERS];
    Slot slot[];
} Board;

/* How the runs come along, for the line of progress. */
typedef struct {
    gint64 began;
    Estimate *estimate; /* of the runs on the board, by their numbers there */
    double *until_s;    /* how much each simulates; 0: unknown */
    double all_s;       /* all of them; 0: unknown */
    bool *told;         /* which the estimate knows to have ended */
} Pace;

typedef struct {
    const Store *store;
    const RunOptions *options;
    const GArray *todo; /* RunKey */
    Board *board;
    unsigned worker;
    Pace *pace; /* NULL: nobody looks */
} Work;

/* One run --------------------------------------------------------------------------------- */

static void put_scalar(RunResult *r, const char *name, double value, const char *unit) {
    RunScalar s = {run_intern(name), run_intern(unit), value};
    g_array_append_val(r->scalars, s);
}

static void failed(RunResult *r, int code, const GError *error) {
    r->status = RUN_FAILED;
    r->code = code;
    r->failure = g_strdup(error->message);
}

static int code_of(const GError *error) {
    return error->domain == SPPEMU_INPUT_ERROR       ? EXIT_INPUT
           : error->domain == SPPEMU_INVARIANT_ERROR ? EXIT_INVARIANT
                                                     : EXIT_RUN_FAILED;
}

static void write_series(const Report *report, const char *folder, GError **error) {
    for (unsigned i = 0; i < report_n_series(report) && !*error; i++) {
        const ReportSeries *s = report_series_at(report, i);
        g_autoptr(GString) text = g_string_new("time_s");
        for (unsigned k = 0; k < s->n_columns; k++)
            g_string_append_printf(text, "\t%s", s->columns[k]);
        const double *v = (const double *)(const void *)s->values->data;
        for (unsigned n = 0; n < s->values->len; n++)
            g_string_append_printf(text, "%c%.12g", n % (s->n_columns + 1) ? '\t' : '\n', v[n]);
        g_string_append_c(text, '\n');
        g_autofree char *path = g_strdup_printf("%s/series-%s.tsv", folder, s->name);
        g_file_set_contents(path, text->str, (gssize)text->len, error);
    }
}

static void write_histograms(const Report *report, const char *folder, GError **error) {
    for (unsigned i = 0; i < report_n_histograms(report) && !*error; i++) {
        const ReportHistogram *h = report_histogram_at(report, i);
        g_autoptr(GString) text = g_string_new(NULL);
        g_string_append_printf(text, "up_to_%s\tcount\tfraction\n", h->unit);
        HistogramPlace place = {0};
        uint64_t seen = 0, shown = 0;
        for (unsigned step = 1; step <= 1000 && h->histogram.count;
             step++) { /* 0.1 percent at a time */
            uint64_t value = histogram_next_quantile(&h->histogram, step / 1000.0, &place);
            if (step < 1000 && value == shown) continue;
            seen = (uint64_t)(step / 1000.0 * (double)h->histogram.count);
            g_string_append_printf(text, "%.12g\t%" G_GUINT64_FORMAT "\t%.12g\n",
                                   (double)value * h->scale, seen, step / 1000.0);
            shown = value;
        }
        g_autofree char *path = g_strdup_printf("%s/histogram-%s.tsv", folder, h->name);
        g_file_set_contents(path, text->str, (gssize)text->len, error);
    }
}

static void write_resources(Network *net, const char *folder, GError **error) {
    const GArray *all = network_resources(net);
    if (!all) return;
    g_autoptr(GString) text =
        g_string_new("component\tname\tkind\tdoes\torder\tused\twaited\trefused\tlevers\tnote\n");
    for (unsigned i = 0; i < all->len; i++) {
        const ResourceResult *r = &g_array_index(all, ResourceResult, i);
        g_string_append_printf(text, "%s\t%s\t%s\t%d\t%.12g\t%.12g\t%.12g\t%.12g\t%s\t%s\n",
                               r->component, r->name, r->kind, (int)r->does, r->order, r->used,
                               r->waited, r->refused, r->levers ? r->levers : "",
                               r->note ? r->note : "");
    }
    g_autofree char *path = g_build_filename(folder, "resources.tsv", NULL);
    g_file_set_contents(path, text->str, (gssize)text->len, error);
}

static void write_hops(Network *net, const char *folder, GError **error) {
    const Hops *hops = network_hops(net);
    if (!hops || *error) return;
    g_autoptr(GString) text = g_string_new("end\tpackets\tcomponent\tcause\tps\n");
    const GArray *all = hops_all(hops), *ends = hops_ends(hops);
    for (unsigned i = 0; i < all->len; i++) {
        const Hop *hop = &g_array_index(all, Hop, i);
        uint64_t packets = 0;
        for (unsigned k = 0; k < ends->len; k++) {
            const HopEnd *end = &g_array_index(ends, HopEnd, k);
            if (end->end == hop->end) packets = end->packets;
        }
        g_string_append_printf(text, "%s\t%" G_GUINT64_FORMAT "\t%s\t%u\t%" G_GUINT64_FORMAT "\n",
                               hop->end, packets, hop->component, hop->cause, hop->ps);
    }
    g_autofree char *path = g_build_filename(folder, "hops.tsv", NULL);
    g_file_set_contents(path, text->str, (gssize)text->len, error);
}

static bool write_files(const Report *report, Network *net, const char *folder, GError **error) {
    GError *cause = NULL;
    write_series(report, folder, &cause);
    if (!cause) write_histograms(report, folder, &cause);
    if (!cause) write_resources(net, folder, &cause);
    write_hops(net, folder, &cause);
    g_autofree char *stats = g_build_filename(folder, "stats.txt", NULL);
    if (!cause) g_file_set_contents(stats, report_stats_text(report), -1, &cause);
    g_autofree char *story = report_story_text(report),
                    *path = g_build_filename(folder, "story.txt", NULL);
    if (!cause && *story) g_file_set_contents(path, story, -1, &cause);
    if (cause) g_propagate_error(error, cause);
    return !cause;
}

typedef struct {
    volatile int *interrupted;
    Post *post; /* of whoever computes it; NULL: nobody looks */
    SimTime simulated;
    uint64_t packets; /* there before this run */
    bool explain;
} Watch;

static void watch(Network *net, void *user) {
    const Watch *w = user;
    if (*w->interrupted) sim_stop(network_sim(net));
    if (!w->post) return;
    w->post->now = sim_now(network_sim(net));
    w->post->simulated = w->simulated + w->post->now;
    w->post->packets = w->packets + packet_pool_created(network_packets(net));
}

static void account(RunResult *r, Network *net) {
    PacketCounts c = packet_pool_counts(network_packets(net));
    Sim *sim = network_sim(net);
    r->fingerprint = sim_fingerprint(sim);
    put_scalar(r, "run.duration_s", (double)(sim_now(sim) - network_zero(net)) / 1e12, "s");
    put_scalar(r, "run.events", (double)sim_events_run(sim), "events");
    put_scalar(r, "run.packets_created", (double)c.created, "packets");
    put_scalar(r, "run.packets_delivered", (double)c.delivered, "packets");
    put_scalar(r, "run.packets_dropped", (double)c.dropped, "packets");
    put_scalar(r, "run.packets_held", (double)c.held, "packets");
}

static Recorder *recorder_of(const char *wanted, const char *folder, GError **error) {
    RecorderWants wants;
    g_autofree char *path = g_build_filename(folder, RECORDER_FILE, NULL);
    return recorder_wants(wanted, &wants, error) ? recorder_new(path, &wants, wanted, error) : NULL;
}

static RunResult *compute_with(const Scenario *s, const NetworkOptions *options, RunKey key,
                               Watch *w) {
    RunResult *r = run_result_new();
    r->point = key.point;
    r->repetition = key.repetition;
    r->status = RUN_OK;
    g_autoptr(GError) error = NULL;
    Network *net = scenario_build(s, key.point, options, &error);
    if (!net) {
        failed(r, code_of(error), error);
        return r;
    }
    const Component *refused = NULL;
    if (w->explain) network_explain(net);
    if (!network_start(net, &refused, &error)) {
        scenario_blame(s, refused->name, &error);
        failed(r, code_of(error), error);
        network_free(net);
        return r;
    }
    SimTime end = scenario_duration_at(s, key.point);
    if (end != SIM_NEVER) end += network_zero(net);
    network_run(net, end, scenario_drain_at(s, key.point), 100 * SIM_US, watch, w);
    bool cut = *w->interrupted != 0;
    if (!network_stop(net, &error)) failed(r, code_of(error), error);
    if (cut && r->status == RUN_OK) {
        r->status = RUN_MISSING;
        r->code = EXIT_INTERRUPTED;
        r->failure = g_strdup("interrupted");
    }
    Report *report = report_new();
    network_report(net, report);
    for (unsigned i = 0; i < report_n_scalars(report); i++) {
        const ReportScalar *x = report_scalar_at(report, i);
        put_scalar(r, x->name, x->value, x->unit);
    }
    r->unsteady = g_strdup(report_unsteady_text(report));
    for (unsigned i = 0; i < report_n_warnings(report); i++)
        g_ptr_array_add(r->warnings, g_strdup(report_warning_at(report, i)));
    account(r, net);
    g_clear_error(&error);
    bool written = (!options->output || write_files(report, net, options->output, &error)) &&
                   (!options->recorder || recorder_finish(options->recorder, network_packets(net),
                                                          sim_now(network_sim(net)), &error));
    if (!written && r->status == RUN_OK) failed(r, EXIT_RUN_FAILED, error);
    report_free(report);
    network_free(net);
    return r;
}

/* `record`, in `folder`: NULL, nothing. */
static RunResult *compute(const Scenario *s, uint64_t seed, RunKey key, const char *folder,
                          const char *record, Watch *w) {
    g_autoptr(GError) error = NULL;
    NetworkOptions options = {.seed = seed, .repetition = key.repetition, .output = folder};
    if (record) options.recorder = recorder_of(record, folder, &error);
    if (error) {
        RunResult *r = run_result_new();
        failed(r, EXIT_RUN_FAILED, error);
        return r;
    }
    RunResult *r = compute_with(s, &options, key, w);
    recorder_free(options.recorder);
    return r;
}

RunResult *run_once(const Scenario *s, uint64_t seed, RunKey key, const char *folder,
                    volatile int *interrupted) {
    Watch w = {.interrupted = interrupted};
    return compute(s, seed, key, folder, NULL, &w);
}

/* One run, recorded ----------------------------------------------------------------------- */

static void tell(Slot *slot, int code, const char *why) {
    g_strlcpy(slot->why, why, sizeof slot->why);
    slot->code = code;
}

static RecordCost cost_since(gint64 began, const struct rusage *before) {
    struct rusage now;
    getrusage(RUSAGE_SELF, &now);
    return (RecordCost){.wall_s = (double)(g_get_monotonic_time() - began) / 1e6,
                        .cpu_s = (double)(now.ru_utime.tv_sec - before->ru_utime.tv_sec) +
                                 (double)(now.ru_utime.tv_usec - before->ru_utime.tv_usec) / 1e6,
                        .memory_kb = (uint64_t)now.ru_maxrss};
}

/* In the run's own folder, under its claim. */
static void compute_and_record(const Work *work, RunKey key, const char *identity,
                               const char *folder, const char *record, Slot *slot) {
    Post *post = &work->board->post[work->worker];
    Watch w = {.interrupted = work->options->interrupted,
               .post = post,
               .simulated = post->simulated,
               .packets = post->packets,
               .explain = work->options->explain};
    struct rusage before;
    getrusage(RUSAGE_SELF, &before);
    gint64 began = g_get_monotonic_time();
    RunResult *r = compute(store_scenario(work->store), store_seed(work->store), key, folder,
                           work->options->record, &w);
    g_autoptr(GError) error = NULL;
    RecordCost cost = cost_since(began, &before);
    slot->seconds = cost.wall_s;
    /* An identity is of contents; what was read may have been others, or not there. */
    g_autofree char *changed = scenario_changed_input(store_scenario(work->store));
    g_autofree char *why =
        changed ? g_strdup_printf("%s: has changed since the study began", changed) : NULL;
    if (changed)
        tell(slot, EXIT_RUN_FAILED, why);
    else if (r->status == RUN_MISSING || r->code == EXIT_RUN_FAILED)
        tell(slot, r->code, r->failure);
    else if (!record_publish(r, identity, &cost, folder, record, &error))
        tell(slot, EXIT_RUN_FAILED, error->message);
    run_result_free(r);
}

/* Whether something else than its record is wanted of a run that is there. */
static bool lacks(const Store *store, const RunResult *r, const RunOptions *o) {
    if (r->status == RUN_FAILED) return o->retry_failed;
    if (!o->record) return false;
    g_autofree char *record = store_record(store, r->identity), *there = recording_wanted(record);
    return g_strcmp0(there, o->record) != 0;
}

static void run_recorded(const Work *work, unsigned n) {
    RunKey key = g_array_index(work->todo, RunKey, n);
    Slot *slot = &work->board->slot[n];
    g_autoptr(GError) error = NULL;
    g_autofree char *identity = store_run(work->store, key.point, key.repetition),
                    *record = store_record(work->store, identity);
    Lock *claim = store_claim(work->store, identity, work->options->as, &error);
    if (!claim) {
        tell(slot, EXIT_RUN_FAILED, error->message);
        return;
    }
    RunResult *there = record_load(record, identity, NULL); /* by whoever had the claim before */
    if (there) there->identity = g_strdup(identity);
    if (!there || lacks(work->store, there, work->options)) {
        g_autofree char *folder = store_workspace(work->store, identity, &error);
        if (folder)
            compute_and_record(work, key, identity, folder, record, slot);
        else
            tell(slot, EXIT_RUN_FAILED, error->message);
        if (folder) folder_remove(folder); /* gone if it was recorded */
    }
    run_result_free(there);
    lock_release(claim);
}

static void work_off(Work *work) {
    Board *board = work->board;
    Post *post = &board->post[work->worker];
    for (;;) {
        if (*work->options->interrupted) break;
        uint32_t n = __atomic_fetch_add(&board->next, 1, __ATOMIC_RELAXED);
        if (n >= board->n) break;
        post->began = g_get_monotonic_time();
        post->now = 0;
        post->run = n;
        run_recorded(work, n);
        post->run = NOBODY;
        board->slot[n].ended = true;
        __atomic_add_fetch(&board->done, 1, __ATOMIC_RELAXED);
    }
}

/* Progress -------------------------------------------------------------------------------- */

/* A simulated second without packets costs about as much as so many packets. */
#define PACKETS_PER_SECOND 250.0

static Pace *pace_new(const Store *store, const GArray *todo, const RunOptions *o) {
    const Scenario *s = store_scenario(store);
    unsigned n_values = scenario_n_parameters(s);
    Pace *pace = g_new0(Pace, 1);
    pace->began = g_get_monotonic_time();
    pace->estimate = estimate_new(n_values);
    pace->until_s = g_new0(double, todo->len);
    pace->told = g_new0(bool, todo->len);
    g_autofree const char **values = g_new0(const char *, n_values + 1);
    for (unsigned i = 0; i < todo->len; i++) {
        unsigned point = g_array_index(todo, RunKey, i).point;
        NetworkLoad load = progress_load(o->progress, scenario_written_point(s, point));
        SimTime until = scenario_duration_at(s, point);
        SimTime end = until == SIM_NEVER ? load.until : until;
        pace->until_s[i] = (double)end / 1e12;
        pace->all_s += pace->until_s[i];
        for (unsigned v = 0; v < n_values; v++) values[v] = scenario_parameter(s, point, v).value;
        estimate_add(pace->estimate, load.packets + PACKETS_PER_SECOND * pace->until_s[i] + 1,
                     values);
    }
    return pace;
}

static void pace_free(Pace *pace) {
    if (!pace) return;
    estimate_free(pace->estimate);
    g_free(pace->until_s);
    g_free(pace->told);
    g_free(pace);
}

static void draw(const Work *work) {
    const Board *board = work->board;
    Pace *pace = work->pace;
    if (!pace || !progress_due(work->options->progress)) return;
    gint64 now = g_get_monotonic_time();
    ProgressState state = {.done = board->done, .of = board->n, .until_s = pace->all_s};
    EstimateAtHand at_hand[MAX_WORKERS];
    unsigned n = 0;
    uint64_t packets = 0;
    for (unsigned i = 0; i < board->n; i++) {
        const Slot *slot = &board->slot[i];
        if (!slot->ended || pace->told[i]) continue;
        estimate_finished(pace->estimate, i, slot->seconds > 0 ? slot->seconds : NAN);
        pace->told[i] = true;
    }
    for (unsigned i = 0; i < MAX_WORKERS; i++) {
        const Post *post = &board->post[i];
        double at = (double)post->now / 1e12;
        uint32_t run = post->run;
        state.simulated_s += (double)post->simulated / 1e12;
        packets += post->packets;
        if (run == NOBODY) continue;
        at_hand[n++] =
            (EstimateAtHand){run, (double)(now - post->began) / 1e6,
                             pace->until_s[run] > 0 ? MIN(at / pace->until_s[run], 1) : 0};
    }
    state.packets_per_s = (double)packets / ((double)(now - pace->began) / 1e6);
    state.left_s = estimate_left(pace->estimate, at_hand, n, MIN(work->options->jobs, board->n));
    progress_show(work->options->progress, &state);
}

/* Workers --------------------------------------------------------------------------------- */

typedef struct {
    pid_t pid; /* 0: none */
} Worker;

/* Never what waitpid or fork may return by mistake: 0, 1 and -1 are other people. */
static void end_worker(const Worker *w) {
    if (w->pid > 1) kill(w->pid, SIGTERM);
}

static volatile int *worker_interrupted;

/* A terminal signals the workers too, and the parent once more: for them it is one request. */
static void on_worker_signal(int signal_number) {
    (void)signal_number;
    *worker_interrupted = 1;
}

static void catch_worker_signals(const RunOptions *options) {
    static const int ends[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    struct sigaction action = {.sa_handler = on_worker_signal};
    worker_interrupted = options->interrupted;
    for (unsigned i = 0; i < G_N_ELEMENTS(ends); i++) sigaction(ends[i], &action, NULL);
}

static bool start_worker(Work *work, Worker *w, unsigned n) {
    pid_t parent = getpid();
    fflush(stdout);
    w->pid = fork();
    if (w->pid > 0) return true;
    if (w->pid < 0) {
        w->pid = 0;
        return false;
    }
    /* Whatever ends the parent ends this process; it may be gone already. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(EXIT_RUN_FAILED);
    catch_worker_signals(work->options);
    work->worker = n;
    store_forget_lock((Store *)work->store);
    work_off(work);
    fflush(stdout);
    _exit(EXIT_OK);
}

/* A worker that died in the middle of a run. */
static void bury(Work *work, unsigned n, int status) {
    Board *board = work->board;
    Post *post = &board->post[n];
    uint32_t run = post->run;
    if (run == NOBODY) return;
    g_autofree char *why =
        WIFSIGNALED(status)
            ? g_strdup_printf("its process was ended by signal %d (%s)", WTERMSIG(status),
                              strsignal(WTERMSIG(status)))
            : g_strdup_printf("its process ended with exit code %d", WEXITSTATUS(status));
    if (*work->options->interrupted)
        tell(&board->slot[run], EXIT_INTERRUPTED, "interrupted");
    else
        tell(&board->slot[run], EXIT_RUN_FAILED, why);
    board->slot[run].ended = true;
    post->run = NOBODY;
    __atomic_add_fetch(&board->done, 1, __ATOMIC_RELAXED);
}

static void run_forked(Work *work) {
    Board *board = work->board;
    Worker worker[MAX_WORKERS] = {{0}};
    unsigned n = MIN(work->options->jobs, board->n), alive = 0, fallen = 0;
    bool told = false;
    for (unsigned i = 0; i < n; i++) {
        if (start_worker(work, &worker[i], i)) {
            alive++;
            continue;
        }
        g_printerr("sppemu: %u of %u processes: no more can be forked: %s\n", alive, n,
                   g_strerror(errno));
        break;
    }
    while (alive) {
        for (unsigned i = 0; i < n; i++) {
            int status;
            if (!worker[i].pid || waitpid(worker[i].pid, &status, WNOHANG) != worker[i].pid)
                continue;
            bool died = status != 0 && !*work->options->interrupted;
            bury(work, i, status);
            worker[i].pid = 0;
            alive--;
            /* The run it had is lost; the others are not. */
            if (died && board->next < board->n && ++fallen <= board->n &&
                start_worker(work, &worker[i], i))
                alive++;
        }
        if (*work->options->interrupted && !told) {
            for (unsigned i = 0; i < n; i++) end_worker(&worker[i]);
            g_printerr("sppemu: interrupted; giving up the runs at hand (once more: at once)\n");
            told = true;
        }
        draw(work);
        if (alive) g_usleep(2000);
    }
    if (!*work->options->interrupted) work_off(work); /* what no worker could be had for */
}

static Board *board_new(unsigned n) {
    size_t size = sizeof(Board) + n * sizeof(Slot);
    Board *board = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (board == MAP_FAILED) return NULL;
    board->n = n;
    for (unsigned i = 0; i < MAX_WORKERS; i++) board->post[i].run = NOBODY;
    return board;
}

/* A study ------------------------------------------------------------------------------- */

/* From its record, or missing: `why` there is none. */
static RunResult *result_of(const Store *store, RunKey key, unsigned index, unsigned n,
                            const Slot *slot) {
    g_autoptr(GError) error = NULL;
    g_autofree char *identity = store_run(store, key.point, key.repetition),
                    *record = store_record(store, identity);
    RunResult *r = record_load(record, identity, &error);
    if (!r) {
        r = run_result_new();
        r->code = slot && slot->code ? slot->code : error ? EXIT_RUN_FAILED : EXIT_OK;
        r->failure = g_strdup(slot && slot->code ? slot->why : error ? error->message : "not run");
    }
    r->point = key.point;
    r->repetition = key.repetition;
    r->identity = g_steal_pointer(&identity);
    r->folder = n == 1 ? g_strdup(".") : g_strdup_printf("runs/%04u", index);
    return r;
}

static bool to_do(const Store *store, const RunResult *r, RunKey key, const RunOptions *o) {
    return key.wanted && (r->status == RUN_MISSING || lacks(store, r, o));
}

/* What has no record, each identity once: equal points are one run. */
static GArray *collect(const Store *store, const GPtrArray *results, const GArray *keys,
                       const RunOptions *o) {
    GArray *todo = g_array_new(FALSE, FALSE, sizeof(RunKey));
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (unsigned i = 0; i < keys->len; i++) {
        const RunResult *r = results->pdata[i];
        RunKey key = g_array_index(keys, RunKey, i);
        if (to_do(store, r, key, o) && g_hash_table_add(seen, r->identity))
            g_array_append_val(todo, key);
    }
    return todo;
}

static void compute_all(const Store *store, const GArray *todo, const RunOptions *o, Board *board) {
    Work work = {.store = store, .options = o, .todo = todo, .board = board};
    if (o->progress) work.pace = pace_new(store, todo, o);
    if (todo->len == 1 && !o->progress)
        work_off(&work);
    else
        run_forked(&work);
    double simulated_s = 0;
    for (unsigned i = 0; i < MAX_WORKERS; i++)
        simulated_s += (double)board->post[i].simulated / 1e12;
    progress_add(o->progress, board->n, simulated_s);
    pace_free(work.pace);
}

GPtrArray *run_all(const Store *store, const GArray *keys, const RunOptions *o) {
    unsigned n = keys->len;
    GPtrArray *results = g_ptr_array_new_with_free_func(run_result_free);
    for (unsigned i = 0; i < n; i++)
        g_ptr_array_add(results, result_of(store, g_array_index(keys, RunKey, i), i, n, NULL));
    g_autoptr(GArray) todo = collect(store, results, keys, o);
    Board *board = todo->len ? board_new(todo->len) : NULL;
    if (todo->len && !board) {
        g_printerr("sppemu: no memory for a board of %u runs: %s\n", todo->len, g_strerror(errno));
        return results;
    }
    if (board) compute_all(store, todo, o, board);
    if (o->computed) *o->computed += todo->len;
    g_autoptr(GHashTable) slots = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (unsigned i = 0; i < todo->len; i++) {
        RunKey key = g_array_index(todo, RunKey, i);
        g_hash_table_insert(slots, store_run(store, key.point, key.repetition), &board->slot[i]);
    }
    for (unsigned i = 0; i < n; i++) {
        RunResult *r = results->pdata[i];
        RunKey key = g_array_index(keys, RunKey, i);
        if (!to_do(store, r, key, o)) continue;
        results->pdata[i] = result_of(store, key, i, n, g_hash_table_lookup(slots, r->identity));
        run_result_free(r);
    }
    if (board) munmap(board, sizeof(Board) + todo->len * sizeof(Slot));
    return results;
}

GPtrArray *run_complete(const Store *store, const GArray *keys, const RunOptions *options,
                        GError **error) {
    g_autoptr(GPtrArray) results = run_all(store, keys, options);
    for (unsigned i = 0; i < results->len; i++) {
        const RunResult *r = results->pdata[i];
        if (r->status != RUN_MISSING) continue;
        if (!*options->interrupted)
            g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "%s", r->failure);
        return NULL;
    }
    return g_steal_pointer(&results);
}

bool run_is_possible(const Scenario *s, uint64_t seed, unsigned point, char **why) {
    g_autoptr(GError) cause = NULL;
    NetworkOptions options = {.seed = seed};
    Network *net = scenario_build(s, point, &options, &cause);
    const Component *refused;
    bool ok = net && network_start(net, &refused, &cause);
    network_free(net);
    if (!ok && why) *why = g_strdup(cause->message);
    return ok;
}
