/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Records and locks. The oracle of a record is itself: what was put in comes out, and no other text
 * is one, whichever byte of it is changed, and wherever it stops. */
#include "emu/study/lock.h"
#include "emu/study/record.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/wait.h>

#include "emu/study/file.h"
#include "tests/check.h"

static char *scratch(void) {
    char *folder = g_dir_make_tmp("sppemu-record-XXXXXX", NULL);
    g_assert(folder);
    return folder;
}

static RunResult *sample(void) {
    RunResult *r = run_result_new();
    r->status = RUN_OK;
    r->fingerprint = UINT64_C(0x0123456789abcdef);
    r->unsteady = g_strdup("npe0.buffers");
    g_ptr_array_add(r->warnings, g_strdup("a tab\there and a line\nthere"));
    RunScalar scalars[] = {{run_intern("a.third"), run_intern("s"), 1.0 / 3.0},
                           {run_intern("a.nothing"), run_intern("s"), (double)NAN},
                           {run_intern("a.least"), run_intern("bit/s"), 5e-324}};
    g_array_append_vals(r->scalars, scalars, G_N_ELEMENTS(scalars));
    return r;
}

static void what_is_recorded_is_read_back_to_the_last_bit(void) {
    g_autofree char *folder = scratch(), *run = g_build_filename(folder, "run", NULL),
                    *file = g_build_filename(run, "out.pcap", NULL),
                    *to = g_build_filename(folder, "kept", NULL);
    RecordCost cost = {.wall_s = 1.5, .cpu_s = 1.25, .memory_kb = 4096}, back;
    g_mkdir(run, 0777);
    CHECK(g_file_set_contents(file, "packets", -1, NULL));
    RunResult *r = sample();
    CHECK(record_publish(r, "0a", &cost, run, to, NULL));
    CHECK(!g_file_test(run, G_FILE_TEST_EXISTS));
    RunResult *again = record_load(to, "0a", NULL);
    CHECK(again != NULL);
    CHECK_U64(again->status, RUN_OK);
    CHECK_U64(again->fingerprint, r->fingerprint);
    CHECK_TEXT(again->unsteady, "npe0.buffers");
    CHECK_TEXT(again->warnings->pdata[0], "a tab here and a line there");
    CHECK_U64(again->scalars->len, 3);
    CHECK(run_scalar(again, "a.third")->value == 1.0 / 3.0);
    CHECK(isnan(run_scalar(again, "a.nothing")->value));
    CHECK(run_scalar(again, "a.least")->value == 5e-324);
    CHECK(record_cost(to, &back));
    CHECK_NEAR(back.cpu_s, 1.25, 0);
    CHECK(back.disk_bytes > 7);
    run_result_free(again);
    CHECK(record_load(to, "0b", NULL) == NULL);
    g_autoptr(GError) error = NULL;
    CHECK(record_load(run, "0a", &error) == NULL && !error); /* none is no error */
    run_result_free(r);
    folder_remove(folder);
}

static void no_part_of_a_record_and_no_change_of_one_is_a_record(void) {
    g_autofree char *folder = scratch();
    RunResult *r = sample();
    g_autofree char *text = record_text(r, "0a", folder, NULL);
    size_t n = strlen(text);
    unsigned accepted = 0;
    for (size_t stop = 0; stop < n; stop++) {
        RunResult *part = record_parse(text, stop, "0a", NULL, NULL);
        accepted += part != NULL;
        run_result_free(part);
    }
    CHECK_U64(accepted, 0);
    for (size_t at = 0; at < n; at++)
        for (unsigned bit = 0; bit < 8; bit++) {
            text[at] = (char)(text[at] ^ 1 << bit);
            RunResult *other = record_parse(text, n, "0a", NULL, NULL);
            accepted += other != NULL;
            run_result_free(other);
            text[at] = (char)(text[at] ^ 1 << bit);
        }
    CHECK_U64(accepted, 0);
    RunResult *same = record_parse(text, n, "0a", NULL, NULL);
    CHECK(same != NULL);
    run_result_free(same);
    run_result_free(r);
    folder_remove(folder);
}

static void a_failure_is_recorded_with_its_sentence(void) {
    g_autofree char *folder = scratch();
    RunResult *r = run_result_new();
    r->status = RUN_FAILED;
    r->code = EXIT_INPUT;
    r->failure = g_strdup("x.ini:3: found nothing");
    g_autofree char *text = record_text(r, "0a", folder, NULL);
    RunResult *again = record_parse(text, strlen(text), NULL, NULL, NULL);
    CHECK(again && again->status == RUN_FAILED);
    CHECK_U64(again->code, EXIT_INPUT);
    CHECK_TEXT(again->failure, "x.ini:3: found nothing");
    run_result_free(again);
    run_result_free(r);
    folder_remove(folder);
}

/* In a child, because one process never holds a lock twice. */
static bool child_gets(const char *path, const char *as) {
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        Lock *lock = lock_take(path, "held", as, NULL);
        _exit(lock ? 0 : 1);
    }
    int status;
    waitpid(child, &status, 0);
    return status == 0;
}

static void a_lock_has_one_holder_and_falls_with_it(void) {
    g_autofree char *folder = scratch(), *path = g_build_filename(folder, "lock", NULL);
    g_autoptr(GError) error = NULL;
    Lock *lock = lock_take(path, "held", NULL, NULL);
    CHECK(lock != NULL && !lock_was_stale(lock));
    CHECK(!child_gets(path, NULL));
    CHECK(lock_take(path, "held", NULL, &error) == NULL);
    g_autofree char *me = g_strdup_printf("held by process %d on host", (int)getpid());
    CHECK_CONTAINS(error->message, me);
    CHECK(g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_AGAIN));
    lock_release(lock);
    CHECK(!g_file_test(path, G_FILE_TEST_EXISTS));
    CHECK(child_gets(path, NULL)); /* which dies with it */
    lock = lock_take(path, "held", NULL, NULL);
    CHECK(lock != NULL && lock_was_stale(lock));
    lock_release(lock);
    folder_remove(folder);
}

/* A fork that lives until the lock's file has been opened twice, with whatever its parent had. */
static void outlive(const char *path, int told) {
    int watch = inotify_init();
    char events[2 * sizeof(struct inotify_event)];
    bool ok = inotify_add_watch(watch, path, IN_OPEN) >= 0 && write(told, "", 1) == 1;
    for (ssize_t n, seen = 0; ok && seen < 2; seen += n / (ssize_t)sizeof(struct inotify_event)) {
        n = read(watch, events, sizeof events);
        ok = n > 0;
    }
    _exit(0);
}

static void a_lock_that_outlives_its_holder_by_a_fork_is_waited_for(void) {
    /* As when a study is killed between its forking a worker and that worker's first step. */
    g_autofree char *folder = scratch(), *path = g_build_filename(folder, "lock", NULL);
    int told[2];
    CHECK(pipe(told) == 0);
    fflush(stdout);
    pid_t holder = fork();
    if (holder == 0) {
        Lock *lock = lock_take(path, "held", NULL, NULL);
        if (fork() == 0) outlive(path, told[1]);
        close(told[1]);
        char ready;
        _exit(lock && read(told[0], &ready, 1) == 1 ? 0 : 1);
    }
    int status;
    waitpid(holder, &status, 0);
    CHECK(status == 0);
    Lock *lock = lock_take(path, "held", NULL, NULL);
    CHECK(lock != NULL && lock_was_stale(lock));
    lock_release(lock);
    close(told[0]);
    close(told[1]);
    folder_remove(folder);
}

static void a_lock_of_another_host_is_taken_over_under_its_name_only(void) {
    g_autofree char *folder = scratch(), *path = g_build_filename(folder, "lock", NULL);
    CHECK(g_file_set_contents(path, "elsewhere 7 2026-01-01T00:00:00Z job-3\n", -1, NULL));
    CHECK(!child_gets(path, NULL));
    CHECK(!child_gets(path, "job-4"));
    CHECK(child_gets(path, "job-3"));
    folder_remove(folder);
}

static void the_dead_are_told_from_the_living_of_this_host(void) {
    pid_t child = fork();
    if (child == 0) _exit(0);
    waitpid(child, NULL, 0);
    g_autofree char *dead = g_strdup_printf("%s.%d", g_get_host_name(), (int)child),
                    *there = g_strdup_printf("x%s.%d", g_get_host_name(), (int)child);
    CHECK(file_owner_lives(file_me()));
    CHECK(!file_owner_lives(dead));
    CHECK(file_owner_lives(there));
}

int main(void) {
    static const Test tests[] = {TEST(what_is_recorded_is_read_back_to_the_last_bit),
                                 TEST(no_part_of_a_record_and_no_change_of_one_is_a_record),
                                 TEST(a_failure_is_recorded_with_its_sentence),
                                 TEST(a_lock_has_one_holder_and_falls_with_it),
                                 TEST(a_lock_that_outlives_its_holder_by_a_fork_is_waited_for),
                                 TEST(a_lock_of_another_host_is_taken_over_under_its_name_only),
                                 TEST(the_dead_are_told_from_the_living_of_this_host),
                                 {0}};
    return run_tests("record", tests);
}
