/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Linked into a second sppemu of the tests, with --wrap for the system calls below, so that a test
 * can place a death or a failure at any of them, by count and not by the clock:
 *
 *   SPPEMU_AT="all before 12"   the whole study dies (SIGKILL) before the 12th call
 *   SPPEMU_AT="child after 3"   the worker that makes the workers' 3rd call dies after it
 *   SPPEMU_AT="full from 5"     from the 5th on, calls that write fail with ENOSPC
 *   SPPEMU_AT="fork from 2"     from the 2nd on, forks fail with EAGAIN
 *
 * The count is shared by all processes of the study. A signal to anybody but one's own children
 * (pid 0, 1 or below) ends the program with exit code 99. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

typedef struct {
    unsigned long calls, forks;
    pid_t first;
} Shared;

static Shared *shared;
static char action[8], when[8];
static unsigned long nth;

ssize_t __real_write(int fd, const void *data, size_t n);
ssize_t __real_pwrite(int fd, const void *data, size_t n, off_t at);
int __real_fsync(int fd);
int __real_rename(const char *from, const char *to);
int __real_unlink(const char *path);
int __real_symlink(const char *target, const char *path);
int __real_ftruncate(int fd, off_t length);
pid_t __real_fork(void);
int __real_kill(pid_t pid, int signal_number);

ssize_t __wrap_write(int fd, const void *data, size_t n);
ssize_t __wrap_pwrite(int fd, const void *data, size_t n, off_t at);
int __wrap_fsync(int fd);
int __wrap_rename(const char *from, const char *to);
int __wrap_unlink(const char *path);
int __wrap_symlink(const char *target, const char *path);
int __wrap_ftruncate(int fd, off_t length);
pid_t __wrap_fork(void);
int __wrap_kill(pid_t pid, int signal_number);

__attribute__((constructor)) static void begin(void) {
    const char *text = getenv("SPPEMU_AT");
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) abort();
    shared->first = getpid();
    if (text && sscanf(text, "%7s %7s %lu", action, when, &nth) != 3) abort();
}

static void die(void) {
    if (!strcmp(action, "all")) __real_kill(shared->first, SIGKILL);
    __real_kill(getpid(), SIGKILL);
}

static unsigned long count(void) {
    if (!strcmp(action, "child") && getpid() == shared->first) return 0;
    unsigned long n = __atomic_add_fetch(&shared->calls, 1, __ATOMIC_RELAXED);
    if (n == nth && !strcmp(when, "before")) die();
    return n;
}

static void after(unsigned long n) {
    if (n == nth && !strcmp(when, "after")) die();
}

static int full(unsigned long n) {
    if (strcmp(action, "full") != 0 || n < nth) return 0;
    errno = ENOSPC;
    return 1;
}

/* Count a call, fail it if the disk is full, make it, and count again behind it. */
#define CALL(type, call)                                                                           \
    unsigned long n_ = count();                                                                    \
    type result_ = full(n_) ? -1 : call;                                                           \
    int cause_ = errno;                                                                            \
    after(n_);                                                                                     \
    errno = cause_;                                                                                \
    return result_

ssize_t __wrap_write(int fd, const void *data, size_t n) {
    CALL(ssize_t, __real_write(fd, data, n));
}
ssize_t __wrap_pwrite(int fd, const void *data, size_t n, off_t at) {
    CALL(ssize_t, __real_pwrite(fd, data, n, at));
}
int __wrap_fsync(int fd) {
    CALL(int, __real_fsync(fd));
}
int __wrap_rename(const char *from, const char *to) {
    CALL(int, __real_rename(from, to));
}
int __wrap_symlink(const char *target, const char *path) {
    CALL(int, __real_symlink(target, path));
}
int __wrap_unlink(const char *path) {
    unsigned long n = count();
    int result = __real_unlink(path), cause = errno;
    after(n);
    errno = cause;
    return result;
}
int __wrap_ftruncate(int fd, off_t length) {
    unsigned long n = count();
    int result = __real_ftruncate(fd, length);
    after(n);
    return result;
}

pid_t __wrap_fork(void) {
    unsigned long n = __atomic_add_fetch(&shared->forks, 1, __ATOMIC_RELAXED);
    if (!strcmp(action, "fork") && n >= nth) {
        errno = EAGAIN;
        return -1;
    }
    return __real_fork();
}

int __wrap_kill(pid_t pid, int signal_number) {
    if (pid < 2) {
        fprintf(stderr, "signal %d to pid %d\n", signal_number, (int)pid);
        _exit(99);
    }
    return __real_kill(pid, signal_number);
}
