/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Durable files. Every change goes through the calls here, one system call at a time, so that the
 * tests can end the process before and after each. */
#include "emu/study/file.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool file_error(GError **error, const char *path, const char *what) {
    int cause = errno;
    g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(cause), "%s: %s: %s", path, what,
                g_strerror(cause));
    return false;
}

static bool write_all(int fd, const char *data, size_t length) {
    while (length) {
        ssize_t n = write(fd, data, length);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return false;
        data += n;
        length -= (size_t)n;
    }
    return true;
}

bool file_write(const char *path, const void *data, size_t length, GError **error) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0) return file_error(error, path, "cannot be written");
    bool ok = write_all(fd, data, length) && fsync(fd) == 0;
    if (!ok) file_error(error, path, "cannot be written");
    if (close(fd) != 0 && ok) return file_error(error, path, "cannot be written");
    return ok;
}

bool file_replace(const char *path, const void *data, size_t length, GError **error) {
    g_autofree char *folder = g_path_get_dirname(path), *name = g_path_get_basename(path);
    g_autofree char *temporary = g_strdup_printf("%s/.%s.%s.tmp", folder, name, file_me());
    if (file_write(temporary, data, length, error) && file_move(temporary, path, error))
        return true;
    unlink(temporary);
    return false;
}

bool file_sync(const char *path, GError **error) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return file_error(error, path, "cannot be opened");
    bool ok = fsync(fd) == 0 || errno == EINVAL; /* some file systems sync no folders */
    if (!ok) file_error(error, path, "cannot be synced");
    close(fd);
    return ok;
}

bool file_move(const char *from, const char *to, GError **error) {
    g_autofree char *folder = g_path_get_dirname(to);
    if (rename(from, to) != 0) return file_error(error, to, "cannot be put in its place");
    return file_sync(folder, error);
}

bool file_link(const char *target, const char *path, GError **error) {
    struct stat st;
    if (lstat(path, &st) == 0 && S_ISLNK(st.st_mode)) unlink(path);
    return symlink(target, path) == 0 || file_error(error, path, "cannot be linked");
}

bool folder_make(const char *path, GError **error) {
    return g_mkdir_with_parents(path, 0777) == 0 || file_error(error, path, "cannot be created");
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *walk) {
    (void)st, (void)flag, (void)walk;
    return remove(path);
}

void folder_remove(const char *path) {
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

GPtrArray *folder_names(const char *path) {
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    for (const char *name; dir && (name = g_dir_read_name(dir));)
        g_ptr_array_add(names, g_strdup(name));
    g_ptr_array_sort(names, by_name);
    return names;
}

char *file_checksum(const char *path, uint64_t *size, GError **error) {
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = -1;
    guchar buffer[65536];
    *size = 0;
    while (fd >= 0 && (n = read(fd, buffer, sizeof buffer)) > 0) {
        g_checksum_update(sum, buffer, n);
        *size += (uint64_t)n;
    }
    if (n < 0) file_error(error, path, "cannot be read");
    if (fd >= 0) close(fd);
    return n < 0 ? NULL : g_strdup(g_checksum_get_string(sum));
}

const char *file_me(void) {
    static char me[320];
    static pid_t of;
    if (of != getpid()) { /* a forked child is somebody else */
        of = getpid();
        g_snprintf(me, sizeof me, "%s.%d", g_get_host_name(), (int)of);
    }
    return me;
}

bool file_owner_lives(const char *me) {
    const char *dot = strrchr(me, '.');
    if (!dot || (size_t)(dot - me) != strlen(g_get_host_name()) ||
        strncmp(me, g_get_host_name(), (size_t)(dot - me)) != 0)
        return true;
    pid_t pid = atoi(dot + 1);
    return pid > 1 && (kill(pid, 0) == 0 || errno == EPERM);
}
