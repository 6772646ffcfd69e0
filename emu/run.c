/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Runs. Workers are forked processes that take every n-th run and hand their results back through
 * an unlinked file, as text with hexadecimal floating point, so that nothing is rounded on the way
 * and the number of jobs cannot be seen in the results. */
#include "emu/run.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "emu/probe.h"

/* Shared between the workers and whoever draws the progress. */
typedef struct {
    volatile uint64_t done, events, packets;
    volatile double sim_seconds;
} Progress;

typedef struct {
    const RunOptions *options;
    Progress *shared;
    uint64_t events, packets; /* of this worker's finished runs */
    gint64 drawn, began;
} Watch;

void run_result_free(void *data) {
    RunResult *r = data;
    if (!r) return;
    g_free(r->failure);
    g_free(r->folder);
    g_free(r->unsteady);
    g_array_unref(r->scalars);
    g_ptr_array_unref(r->warnings);
    g_free(r);
}

const RunScalar *run_scalar(const RunResult *r, const char *name) {
    const char *interned = g_intern_string(name);
    for (unsigned i = 0; i < r->scalars->len; i++) {
        const RunScalar *s = &g_array_index(r->scalars, RunScalar, i);
        if (s->name == interned) return s;
    }
    return NULL;
}

unsigned run_count(const RunOptions *o) {
    return scenario_n_points(o->scenario) * o->repeat;
}

/* Folder of a run's own files within the results. */
static char *run_folder(const RunOptions *o, unsigned index) {
    return run_count(o) == 1 ? g_strdup(".") : g_strdup_printf("runs/%04u", index);
}

static RunResult *result_new(const RunOptions *o, unsigned index) {
    RunResult *r = g_new0(RunResult, 1);
    r->point = index / o->repeat;
    r->repetition = index % o->repeat;
    r->status = RUN_OK;
    r->folder = run_folder(o, index);
    r->scalars = g_array_new(FALSE, FALSE, sizeof(RunScalar));
    r->warnings = g_ptr_array_new_with_free_func(g_free);
    return r;
}

/* One run --------------------------------------------------------------------------------- */

static void put_scalar(RunResult *r, const char *name, double value, const char *unit) {
    RunScalar s = {g_intern_string(name), g_intern_string(unit), value};
    g_array_append_val(r->scalars, s);
}

static void failed(RunResult *r, int code, const GError *error) {
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
        g_autoptr(GString) text = g_string_new("time[s]");
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
        g_string_append_printf(text, "up_to[%s]\tcount\tfraction\n", h->unit);
        uint64_t seen = 0, shown = 0;
        for (unsigned step = 1; step <= 1000 && h->histogram.count;
             step++) { /* 0.1 percent at a time */
            uint64_t value = histogram_quantile(&h->histogram, step / 1000.0);
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

static void write_files(const RunOptions *o, const Report *report, const char *folder,
                        RunResult *r) {
    GError *error = NULL;
    if (o->stats && report_stats_text(report)[0]) fputs(report_stats_text(report), stdout);
    if (!folder) return;
    write_series(report, folder, &error);
    if (!error) write_histograms(report, folder, &error);
    g_autofree char *stats = g_build_filename(folder, "stats.txt", NULL);
    if (!error) g_file_set_contents(stats, report_stats_text(report), -1, &error);
    if (!error) return;
    if (r->code == EXIT_OK) failed(r, EXIT_RUN_FAILED, error);
    g_error_free(error);
}

static void draw(Watch *w, bool last) {
    gint64 now = g_get_monotonic_time();
    if (!last && now - w->drawn < 100000) return;
    w->drawn = now;
    double seconds = (double)(now - w->began) / 1e6, runs = run_count(w->options);
    double share = (double)w->shared->done / runs;
    fprintf(stderr,
            "\r\033[K%.0f of %.0f runs, %.1f ms simulated, %.0f%%, %.2f M events/s, %.2f M "
            "packets/s, %.0f s left",
            (double)w->shared->done, runs, w->shared->sim_seconds * 1e3, share * 100,
            (double)w->shared->events / seconds / 1e6, (double)w->shared->packets / seconds / 1e6,
            share > 0 ? seconds / share - seconds : 0);
    if (last) fputs("\r\033[K", stderr);
}

static void watch(Network *net, void *user) {
    Watch *w = user;
    if (*w->options->interrupted) sim_stop(network_sim(net));
    w->shared->sim_seconds = (double)sim_now(network_sim(net)) / 1e12;
    if (!w->options->progress || w->options->jobs > 1) return;
    w->shared->events = w->events + sim_events_run(network_sim(net));
    draw(w, false);
}

static void account(RunResult *r, Network *net, Watch *w) {
    PacketCounts c = packet_pool_counts(network_packets(net));
    Sim *sim = network_sim(net);
    r->fingerprint = sim_fingerprint(sim);
    put_scalar(r, "run.duration_s", (double)sim_now(sim) / 1e12, "s");
    put_scalar(r, "run.events", (double)sim_events_run(sim), "events");
    put_scalar(r, "run.packets_created", (double)c.created, "packets");
    put_scalar(r, "run.packets_delivered", (double)c.delivered, "packets");
    put_scalar(r, "run.packets_dropped", (double)c.dropped, "packets");
    put_scalar(r, "run.packets_held", (double)c.held, "packets");
    w->events += sim_events_run(sim);
    w->packets += c.created;
    __atomic_add_fetch(&w->shared->done, 1, __ATOMIC_RELAXED);
    w->shared->events = w->events;
    w->shared->packets = w->packets;
}

static RunResult *run_one(const RunOptions *o, unsigned index, Watch *w) {
    RunResult *r = result_new(o, index);
    g_autofree char *identity = scenario_identity(o->scenario, r->point);
    identity[16] = 0;
    r->identity = g_ascii_strtoull(identity, NULL, 16);
    g_autofree char *folder = o->folder ? g_build_filename(o->folder, r->folder, NULL) : NULL;
    g_autoptr(GError) error = NULL;
    if (folder && g_mkdir_with_parents(folder, 0777) != 0) {
        r->code = EXIT_RUN_FAILED;
        r->failure = g_strdup_printf("%s: cannot be created: %s", folder, g_strerror(errno));
        return r;
    }
    NetworkOptions options = {.seed = o->seed, .repetition = r->repetition, .output = folder};
    Network *net = scenario_build(o->scenario, r->point, &options, &error);
    if (!net) {
        failed(r, EXIT_INPUT, error);
        return r;
    }
    const Component *refused = NULL;
    if (!network_start(net, &refused, &error)) {
        scenario_blame(o->scenario, refused->name, &error);
        failed(r, code_of(error), error);
        network_free(net);
        return r;
    }
    network_run(net, scenario_duration(o->scenario, r->point), scenario_drain(o->scenario),
                100 * SIM_US, watch, w);
    bool cut = *o->interrupted != 0;
    if (!network_stop(net, &error)) {
        failed(r, code_of(error), error);
    } else if (cut) {
        r->code = EXIT_INTERRUPTED;
        r->failure = g_strdup("interrupted");
    }
    Report *report = report_new();
    network_report(net, report);
    for (unsigned i = 0; i < report_n_scalars(report); i++) {
        const ReportScalar *s = report_scalar_at(report, i);
        put_scalar(r, s->name, s->value, s->unit);
    }
    r->unsteady = g_strdup(report_unsteady_text(report));
    for (unsigned i = 0; i < report_n_warnings(report); i++)
        g_ptr_array_add(r->warnings, g_strdup(report_warning_at(report, i)));
    account(r, net, w);
    write_files(o, report, folder, r);
    report_free(report);
    network_free(net);
    return r;
}

/* Workers --------------------------------------------------------------------------------- */

static void save(FILE *f, unsigned index, const RunResult *r) {
    g_autofree char *failure = r->failure ? g_strdelimit(g_strdup(r->failure), "\t\n", ' ') : NULL;
    fprintf(f, "run\t%u\t%d\t%" G_GINT64_MODIFIER "x\t%" G_GINT64_MODIFIER "x\t%s\n", index,
            r->code, r->fingerprint, r->identity, failure ? failure : "");
    for (unsigned i = 0; i < r->scalars->len; i++) {
        const RunScalar *s = &g_array_index(r->scalars, RunScalar, i);
        fprintf(f, "%s\t%s\t%a\n", s->name, s->unit, s->value);
    }
    fflush(f);
}

static void load(FILE *f, const RunOptions *o, GPtrArray *results) {
    size_t size = 0;
    ssize_t n;
    RunResult *r = NULL;
    rewind(f);
    char *buffer = NULL;
    while ((n = getline(&buffer, &size, f)) > 0) {
        if (buffer[n - 1] == '\n') buffer[n - 1] = 0;
        g_auto(GStrv) field = g_strsplit(buffer, "\t", -1);
        unsigned fields = g_strv_length(field);
        if (fields == 6 && !strcmp(field[0], "run")) {
            unsigned index = (unsigned)strtoul(field[1], NULL, 10);
            r = result_new(o, index);
            r->code = atoi(field[2]);
            r->fingerprint = strtoull(field[3], NULL, 16);
            r->identity = strtoull(field[4], NULL, 16);
            r->failure = *field[5] ? g_strdup(field[5]) : NULL;
            results->pdata[index] = r;
        } else if (fields == 3 && r) {
            put_scalar(r, field[0], g_ascii_strtod(field[2], NULL), field[1]);
        }
    }
    free(buffer);
}

static void work(const RunOptions *o, unsigned first, FILE *f, Watch *w) {
    for (unsigned i = first; i < run_count(o) && !*o->interrupted; i += o->jobs) {
        RunResult *r = run_one(o, i, w);
        save(f, i, r);
        run_result_free(r);
    }
    fflush(stdout);
    _exit(0);
}

static void run_forked(const RunOptions *o, GPtrArray *results, Watch *w) {
    unsigned n = MIN(o->jobs, run_count(o)), left = n;
    g_autofree FILE **files = g_new0(FILE *, n);
    g_autofree pid_t *pids = g_new0(pid_t, n);
    bool told = false;
    fflush(stdout);
    for (unsigned i = 0; i < n; i++) {
        files[i] = tmpfile();
        if (!files[i]) g_error("no temporary file: %s", g_strerror(errno));
        RunOptions mine = *o;
        mine.jobs = n;
        if ((pids[i] = fork()) == 0) {
            w->options = &mine;
            work(&mine, i, files[i], w);
        }
        if (pids[i] < 0) left--;
    }
    while (left) {
        if (waitpid(-1, NULL, WNOHANG) > 0) {
            left--;
            continue;
        }
        if (*o->interrupted && !told) {
            for (unsigned i = 0; i < n; i++) kill(pids[i], SIGINT);
            told = true;
        }
        if (o->progress) draw(w, false);
        g_usleep(5000);
    }
    for (unsigned i = 0; i < n; i++) {
        load(files[i], o, results);
        fclose(files[i]);
    }
}

GPtrArray *run_all(const RunOptions *o) {
    unsigned n = run_count(o);
    GPtrArray *results = g_ptr_array_new_with_free_func(run_result_free);
    g_ptr_array_set_size(results, (int)n);
    Watch w = {.options = o, .began = g_get_monotonic_time()};
    w.shared =
        mmap(NULL, sizeof(Progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    g_assert(w.shared != MAP_FAILED);
    if (o->jobs > 1 && n > 1)
        run_forked(o, results, &w);
    else
        for (unsigned i = 0; i < n && !*o->interrupted; i++) results->pdata[i] = run_one(o, i, &w);
    if (o->progress) draw(&w, true);
    munmap(w.shared, sizeof(Progress));
    for (unsigned i = 0; i < n; i++) {
        if (!results->pdata[i]) {
            RunResult *r = result_new(o, i);
            r->code = *o->interrupted ? EXIT_INTERRUPTED : EXIT_RUN_FAILED;
            r->failure = g_strdup(*o->interrupted ? "not run: interrupted" : "its process died");
            results->pdata[i] = r;
        }
        RunResult *r = results->pdata[i];
        if (r->code) r->status = r->code == EXIT_INTERRUPTED ? RUN_MISSING : RUN_FAILED;
    }
    return results;
}
