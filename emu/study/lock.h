/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/study/lock.h: one holder at a time of a study's folder, or of one of its runs.
 *
 * A lock is a small file that names its holder: host, process, since when. On one host the kernel
 * keeps it (flock), so that it falls with its holder, however that dies: what such a holder wrote
 * is stale and is taken over. What a holder on another host wrote is never taken over, because
 * nobody here can know whether it lives; it is named in the message, and the user may remove the
 * file. */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct Lock Lock;

/* Take the lock at `path`. NULL and an error "PATH: WHAT by process 12 on host a since ..." if
 * somebody holds it (G_FILE_ERROR_AGAIN), or it cannot be written. `as`, unless NULL, is a name
 * under which another holder of the same name is taken over (a job that was started again on
 * another host). */
Lock *lock_take(const char *path, const char *what, const char *as, GError **error);
/* Whether the file was left by a holder that died. */
bool lock_was_stale(const Lock *lock);
/* Give it up and remove the file; NULL is harmless. */
void lock_release(Lock *lock);
/* In a forked child: let go of what the parent holds, without releasing it. */
void lock_forget(Lock *lock);
