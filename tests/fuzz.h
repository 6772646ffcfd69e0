/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * tests/fuzz.h: what the fuzz drivers share. Each defines LLVMFuzzerTestOneInput, for libFuzzer
 * (`make fuzz`) or for tests/corpus.c, which calls it with the files of tests/corpus. */
#pragma once

#include <glib.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A path to a file in memory that holds the bytes, until the next call. */
static inline const char *fuzz_file(const uint8_t *data, size_t size) {
    static int fd = -1;
    static char path[64];
    if (fd < 0) {
        fd = memfd_create("fuzz", 0);
        g_snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    }
    if (fd < 0 || ftruncate(fd, 0) != 0 || pwrite(fd, data, size, 0) != (ssize_t)size)
        g_error("no file in memory");
    return path;
}
