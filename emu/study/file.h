/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/study/file.h: files that are whole or not there, whatever ends the process or the machine:
 * written under another name, synced, renamed, and the folder synced. Errors are G_FILE_ERROR and
 * name the path and the cause. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Create or overwrite a file and sync it; a kill in between leaves part of it. For files in a
 * folder that nobody reads yet. */
bool file_write(const char *path, const void *data, size_t length, GError **error);
/* The same under a temporary name beside it, then renamed: readers see the old or the new one. */
bool file_replace(const char *path, const void *data, size_t length, GError **error);
/* Sync a file or a folder that somebody else wrote. */
bool file_sync(const char *path, GError **error);
/* Rename, and sync the folder that holds `to`. */
bool file_move(const char *from, const char *to, GError **error);
/* A symbolic link at `path`, in place of whatever link is there. */
bool file_link(const char *target, const char *path, GError **error);
/* Create a folder and those above it; harmless if it is there. */
bool folder_make(const char *path, GError **error);
/* Remove a file or a folder with all that is in it, without following links; harmless if there is
 * none. */
void folder_remove(const char *path);
/* Sorted names in a folder, "." and ".." left out; empty if there is no such folder. */
GPtrArray *folder_names(const char *path);
/* SHA-256 in lower-case hex, and the size in bytes; NULL and an error. Caller frees. */
char *file_checksum(const char *path, uint64_t *size, GError **error);
/* "PATH: WHAT: strerror(errno)" as a G_FILE_ERROR; false, to be returned. */
bool file_error(GError **error, const char *path, const char *what);
/* Text that names this process among all that may share a folder: HOST.PID. */
const char *file_me(void);
/* Whether the process of such a text may still live: another host's always may. */
bool file_owner_lives(const char *me);
