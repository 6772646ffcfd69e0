/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * tests/bench.h: scenarios as text, run in a test. Either a whole run as the command line does it,
 * with exit code and message, or a network that is opened, run up to some time and looked into. */
#pragma once

#include <glib/gstdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "components/classes.h"
#include "emu/core/report.h"
#include "emu/study/run.h"
#include "tests/check.h"
#include "tests/runs.h"

/* A test with classes of its own names them before it includes this: as BENCH_CLASSES, or one that
 * is there beside all others as BENCH_CLASS. */
#ifdef BENCH_CLASS
static inline const ComponentClass *const *bench_classes(void) {
    static const ComponentClass *all[64];
    unsigned n = 0;
    for (; component_classes[n]; n++) all[n] = component_classes[n];
    g_assert(n + 2 <= G_N_ELEMENTS(all));
    all[n] = &BENCH_CLASS;
    return all;
}
#define BENCH_CLASSES bench_classes()
#elif !defined(BENCH_CLASSES)
#define BENCH_CLASSES component_classes
#endif

/* A folder of its own for scenario and results; the caller removes it with bench_remove. */
static inline char *bench_folder(void) {
    char *folder = g_dir_make_tmp("sppemu-test-XXXXXX", NULL);
    g_assert(folder);
    return folder;
}

static inline void bench_remove(char *folder) {
    GDir *dir = g_dir_open(folder, 0, NULL);
    for (const char *name; dir && (name = g_dir_read_name(dir));) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_unlink(path);
    }
    if (dir) g_dir_close(dir);
    g_rmdir(folder);
    g_free(folder);
}

/* `text` as FOLDER/test.ini; "@scenarios" in it stands for the tree's folder of scenarios. NULL and
 * an error as scenario_load. */
static inline Scenario *bench_load(const char *folder, const char *text, const char *const *set,
                                   GError **error) {
    g_autofree char *path = g_build_filename(folder, "test.ini", NULL);
    g_autofree char *here = g_get_current_dir();
    g_auto(GStrv) parts = g_strsplit(text, "@scenarios", -1);
    g_autofree char *scenarios = g_build_filename(here, "scenarios", NULL);
    g_autofree char *whole = g_strjoinv(scenarios, parts);
    g_assert(g_file_set_contents(path, whole, -1, NULL));
    return load_timed(path, set, BENCH_CLASSES, error);
}

static volatile int bench_never;

/* A scenario's one run, as the command line does it. */
static inline RunResult *bench_run_loaded(Scenario *s, const char *folder) {
    RunResult *r = run_once(s, 1, (RunKey){0}, folder, &bench_never);
    scenario_free(s);
    return r;
}

/* All of it must be accepted and conserved. */
static inline RunResult *bench_run(const char *text) {
    g_autoptr(GError) error = NULL;
    char *folder = bench_folder();
    Scenario *s = bench_load(folder, text, NULL, &error);
    if (!s) printf("  %s\n", error->message);
    g_assert(s);
    RunResult *r = bench_run_loaded(s, folder);
    if (r->failure) printf("  %s\n", r->failure);
    CHECK_U64(r->code, EXIT_OK);
    bench_remove(folder);
    return r;
}

/* The message with which it is refused as bad input, without the folder; caller frees. */
static inline char *bench_refused(const char *text) {
    g_autoptr(GError) error = NULL;
    char *folder = bench_folder(), *message;
    Scenario *s = bench_load(folder, text, NULL, &error);
    if (s) {
        RunResult *r = bench_run_loaded(s, folder);
        CHECK_U64(r->code, EXIT_INPUT);
        message = g_strdup(r->failure ? r->failure : "accepted");
        run_result_free(r);
    } else {
        message = g_strdup(error->message);
    }
    g_autofree char *prefix = g_strconcat(folder, "/", NULL);
    g_auto(GStrv) parts = g_strsplit(message, prefix, -1);
    g_free(message);
    bench_remove(folder);
    return g_strjoinv("", parts);
}
#define CHECK_REFUSED(text, part)                                                                  \
    do {                                                                                           \
        g_autofree char *message_ = bench_refused(text);                                           \
        CHECK_CONTAINS(message_, part);                                                            \
        CHECK(!strchr(message_, '\n'));                                                            \
    } while (0)

static inline double bench_value(const RunResult *r, const char *name) {
    const RunScalar *s = run_scalar(r, name);
    if (!s) printf("  no scalar %s\n", name);
    return s ? s->value : NAN;
}

/* A network to look into -------------------------------------------------------------------- */

typedef struct {
    char *folder;
    Scenario *scenario;
    Network *net;
    NetworkOptions options;
    Report *report;
} Bench;

static inline Bench *bench_open(const char *text) {
    g_autoptr(GError) error = NULL;
    Bench *b = g_new0(Bench, 1);
    const Component *failed;
    b->folder = bench_folder();
    b->scenario = bench_load(b->folder, text, NULL, &error);
    b->options = (NetworkOptions){.seed = 1, .output = b->folder};
    if (b->scenario) b->net = scenario_build(b->scenario, 0, &b->options, &error);
    if (!b->net || !network_start(b->net, &failed, &error)) printf("  %s\n", error->message);
    g_assert(!error);
    return b;
}

static inline Component *bench_find(const Bench *b, const char *name) {
    Component *c = network_find(b->net, name);
    g_assert(c);
    return c;
}

/* Everything up to and including that time. */
static inline void bench_until(Bench *b, SimTime time) {
    network_run(b->net, time, 0, time, NULL, NULL);
}

/* Until idle, then the accounts must close. */
static inline void bench_finish(Bench *b) {
    g_autoptr(GError) error = NULL;
    network_run(b->net, SIM_NEVER, 100 * SIM_MS, SIM_MS, NULL, NULL);
    CHECK(network_stop(b->net, &error));
    if (error) printf("  %s\n", error->message);
    b->report = report_new();
    network_report(b->net, b->report);
}

static inline double bench_scalar(const Bench *b, const char *name) {
    const ReportScalar *s = report_find(b->report, name);
    if (!s) printf("  no scalar %s\n", name);
    return s ? s->value : NAN;
}

/* A file of the results; caller frees. */
static inline char *bench_file(const Bench *b, const char *name) {
    g_autofree char *path = g_build_filename(b->folder, name, NULL);
    char *text = NULL;
    return g_file_get_contents(path, &text, NULL, NULL) ? text : g_strdup("");
}

static inline void bench_close(Bench *b) {
    if (b->report) report_free(b->report);
    network_free(b->net);
    scenario_free(b->scenario);
    bench_remove(b->folder);
    g_free(b);
}
