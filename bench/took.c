/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * took FILE COMMAND [ARGUMENT...]: run it, throw away what it prints, and append a line to FILE:
 * seconds of wall time, seconds of CPU time, the largest of its processes in KB, and instructions
 * in user mode, or - where the machine does not count them. Ends as the command does. */
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Of this process and its children, from the next exec on; -1: there is no such counter. */
static int instruction_counter(void) {
    struct perf_event_attr attr = {.type = PERF_TYPE_HARDWARE,
                                   .size = sizeof attr,
                                   .config = PERF_COUNT_HW_INSTRUCTIONS,
                                   .disabled = 1,
                                   .inherit = 1,
                                   .enable_on_exec = 1,
                                   .exclude_kernel = 1,
                                   .exclude_hv = 1};
    return (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
}

static double seconds_since(const struct timespec *start) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) * 1e-9;
}

static double seconds_of(struct timeval t) {
    return (double)t.tv_sec + (double)t.tv_usec * 1e-6;
}

/* The counter is inherited from this process, which executes nothing more itself. */
static void child(char **command) {
    int nowhere = open("/dev/null", O_WRONLY);
    dup2(nowhere, STDOUT_FILENO);
    dup2(nowhere, STDERR_FILENO);
    execvp(command[0], command);
    _exit(127);
}

int main(int argc, char **argv) {
    if (argc < 3) {
        fprintf(stderr, "Usage: took FILE COMMAND [ARGUMENT...]\n");
        return 2;
    }
    struct timespec start;
    clock_gettime(CLOCK_MONOTONIC, &start);
    int counter = instruction_counter(), status;
    pid_t pid = fork();
    if (pid == 0) child(argv + 2);
    struct rusage used;
    if (pid < 0 || wait4(pid, &status, 0, &used) != pid) {
        fprintf(stderr, "took: %s: %s\n", argv[2], strerror(errno));
        return 1;
    }
    double wall = seconds_since(&start);
    FILE *to = fopen(argv[1], "a");
    if (!to) {
        fprintf(stderr, "took: %s: %s\n", argv[1], strerror(errno));
        return 1;
    }
    fprintf(to, "%.6f %.6f %ld ", wall, seconds_of(used.ru_utime) + seconds_of(used.ru_stime),
            used.ru_maxrss);
    uint64_t n;
    if (counter >= 0 && read(counter, &n, sizeof n) == sizeof n && n)
        fprintf(to, "%llu\n", (unsigned long long)n);
    else
        fprintf(to, "-\n");
    fclose(to);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
