/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Locks. The file's text is "host pid since [as]"; empty means free. */
#include "emu/study/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "emu/study/file.h"

struct Lock {
    char *path;
    int fd;
    bool stale;
};

enum { MAX_TEXT = 1024, DYING_TRIES = 500, DYING_US = 10000 };

static char **read_holder(int fd) {
    char text[MAX_TEXT + 1];
    ssize_t n = pread(fd, text, MAX_TEXT, 0);
    text[n > 0 ? n : 0] = 0;
    return g_strsplit(g_strstrip(text), " ", 4);
}

static bool held(GError **error, const char *path, const char *what, char **holder, bool here) {
    bool known = g_strv_length(holder) >= 3;
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_AGAIN,
                "%s: %s by process %s on host %s since %s%s", path, what, known ? holder[1] : "?",
                known ? holder[0] : "?", known ? holder[2] : "?",
                here ? "" : "; if that process is dead, remove this file");
    return false;
}

/* Whoever signed it is dead, and what he forked a moment ago, with his lock, is about to be. */
static bool dying(char **holder) {
    if (g_strv_length(holder) < 3) return false;
    g_autofree char *owner = g_strconcat(holder[0], ".", holder[1], NULL);
    return !file_owner_lives(owner);
}

/* Whether the open file is still the one of that name: a holder removes it when done. */
static bool still_there(int fd, const char *path) {
    struct stat mine, theirs;
    return fstat(fd, &mine) == 0 && stat(path, &theirs) == 0 && mine.st_ino == theirs.st_ino &&
           mine.st_dev == theirs.st_dev;
}

static bool sign(int fd, const char *path, const char *as, GError **error) {
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *since = g_date_time_format_iso8601(now);
    g_autofree char *text = g_strdup_printf("%s %d %s%s%s\n", g_get_host_name(), (int)getpid(),
                                            since, as ? " " : "", as ? as : "");
    size_t n = strlen(text);
    if (ftruncate(fd, 0) != 0 || pwrite(fd, text, n, 0) != (ssize_t)n || fsync(fd) != 0)
        return file_error(error, path, "cannot be written");
    char back[MAX_TEXT];
    /* Without locks that reach over hosts the last to write wins, and the other sees it here. */
    return (pread(fd, back, sizeof back, 0) == (ssize_t)n && !memcmp(back, text, n)) ||
           file_error(error, path, "was taken at the same time by another host");
}

Lock *lock_take(const char *path, const char *what, const char *as, GError **error) {
    for (unsigned tries = 0;;) {
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
        if (fd < 0) {
            file_error(error, path, "cannot be written");
            return NULL;
        }
        bool mine = flock(fd, LOCK_EX | LOCK_NB) == 0, busy = !mine && errno == EWOULDBLOCK;
        if (mine && !still_there(fd, path)) {
            close(fd);
            continue;
        }
        g_auto(GStrv) holder = read_holder(fd);
        if (busy && dying(holder) && tries++ < DYING_TRIES) {
            close(fd);
            g_usleep(DYING_US);
            continue;
        }
        bool written = holder[0] && *holder[0],
             here = written && !strcmp(holder[0], g_get_host_name());
        bool same = written && as && g_strv_length(holder) == 4 && !strcmp(holder[3], as);
        if (busy || (written && !here && !same)) {
            held(error, path, what, holder, busy || here);
            close(fd);
            return NULL;
        }
        if (!sign(fd, path, as, error)) {
            close(fd);
            return NULL;
        }
        Lock *lock = g_new(Lock, 1);
        *lock = (Lock){.path = g_strdup(path), .fd = fd, .stale = written};
        return lock;
    }
}

bool lock_was_stale(const Lock *lock) {
    return lock->stale;
}

void lock_forget(Lock *lock) {
    if (!lock) return;
    close(lock->fd);
    g_free(lock->path);
    g_free(lock);
}

void lock_release(Lock *lock) {
    if (!lock) return;
    if (still_there(lock->fd, lock->path)) unlink(lock->path);
    lock_forget(lock);
}
