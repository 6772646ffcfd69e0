/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/core/capture.h: packet captures, over libpcap. Written: pcap with nanosecond time stamps,
 * link type Ethernet, frames without FCS. Read: pcap and pcapng. */
#pragma once

#include "emu/core/component.h"

typedef struct Capture Capture;

/* A capture of that name in the run's output folder; *capture stays NULL, without an error, when
 * the run writes no files. The name ends in .pcap, has no folder, and nobody else has it. */
bool capture_create(Capture **capture, Component *c, const char *name, GError **error);
void capture_write(Capture *capture, SimTime time, const uint8_t *data, uint32_t length);
/* Flush and close; NULL is harmless. False: the file could not be written. */
bool capture_close(Capture **capture, GError **error);

/* Headers may lie about what was there before the snap length: no link carries more than this. */
#define CAPTURE_MAX_RECORD 262144u
#define CAPTURE_MAX_BYTES (256u << 20)

typedef struct {
    uint8_t *data;
    uint32_t captured, original; /* bytes; captured <= original */
    uint64_t time_ns;            /* since the first record; never less than the one before */
} CaptureRecord;

typedef struct {
    CaptureRecord *records;
    uint32_t n;
    int link_type;     /* DLT_ of libpcap */
    uint32_t disorder; /* records earlier than the one before; their time is the earlier one's */
} CaptureFile;

/* Read a whole file into memory, at most `limit` records (0: all). Errors name the file, and the
 * packet at which it is cut or damaged. */
CaptureFile *capture_read(const char *path, uint64_t limit, GError **error);
void capture_file_free(CaptureFile *file);
