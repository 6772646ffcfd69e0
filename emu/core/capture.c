/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Captures. libpcap does the formats; a pcapng file with several link types is refused by it. */
#include "emu/core/capture.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <string.h>

enum { SNAP = 262144 };

struct Capture {
    pcap_t *handle;
    pcap_dumper_t *dumper;
    char *path;
};

/* Captures end in .pcap, and nothing else in a folder of results does. */
static bool good_name(const char *name, GError **error) {
    bool plain = true;
    for (const char *p = name; *p; p++) plain = plain && (uint8_t)*p >= ' ' && *p != 127;
    if (plain && g_str_has_suffix(name, ".pcap") && *name != '.' && !strpbrk(name, "/\\") &&
        strlen(name) <= 200)
        return true;
    return input_error(
        error,
        "capture: found \"%s\", expected the name of a file in the folder of results that "
        "ends in .pcap, such as tap.pcap",
        name);
}

bool capture_create(Capture **capture, Component *c, const char *name, GError **error) {
    g_autofree char *path = NULL;
    *capture = NULL;
    if (!good_name(name, error)) return false;
    if (!component_output_path(c, name, &path, error)) {
        g_prefix_error(error, "capture: ");
        return false;
    }
    if (!path) return true;
    Capture *cap = g_new0(Capture, 1);
    cap->path = g_steal_pointer(&path);
    cap->handle =
        pcap_open_dead_with_tstamp_precision(DLT_EN10MB, SNAP, PCAP_TSTAMP_PRECISION_NANO);
    cap->dumper = pcap_dump_open(cap->handle, cap->path);
    *capture = cap;
    if (cap->dumper) return true;
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "capture: %s", pcap_geterr(cap->handle));
    capture_close(capture, NULL);
    return false;
}

void capture_write(Capture *cap, SimTime time, const uint8_t *data, uint32_t length) {
    struct pcap_pkthdr header = {.caplen = length, .len = length};
    header.ts.tv_sec = (time_t)(time / SIM_S);
    header.ts.tv_usec =
        (suseconds_t)(time % SIM_S / SIM_NS); /* nanoseconds, by the precision asked for */
    pcap_dump((u_char *)cap->dumper, &header, data);
}

bool capture_close(Capture **capture, GError **error) {
    Capture *cap = *capture;
    if (!cap) return true;
    *capture = NULL;
    bool ok = true;
    if (cap->dumper) {
        errno = 0;
        ok = pcap_dump_flush(cap->dumper) == 0 && !ferror(pcap_dump_file(cap->dumper));
        int cause = errno; /* 0: an earlier write failed */
        pcap_dump_close(cap->dumper);
        if (!ok)
            g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED,
                        "%s: the capture cannot be written: %s", cap->path,
                        cause ? g_strerror(cause) : "a write failed; is the disk full?");
    }
    pcap_close(cap->handle);
    g_free(cap->path);
    g_free(cap);
    return ok;
}

/* Reading --------------------------------------------------------------------------------- */

void capture_file_free(CaptureFile *file) {
    if (!file) return;
    for (uint32_t i = 0; i < file->n; i++) g_free(file->records[i].data);
    g_free(file->records);
    g_free(file);
}

/* libpcap takes the 32-bit seconds and fractions of pcap for signed, and makes nanoseconds of
 * microseconds in 32 bits. So such a file is read in its own unit, and signs are taken off. */
typedef struct {
    bool pcap; /* not pcapng */
    int ns;    /* of the unit of fractions */
} Stamps;

static Stamps stamps_of(FILE *f) {
    uint8_t b[4] = {0};
    int c, n = 0;
    while (n < 4 && (c = getc(f)) != EOF) b[n++] = (uint8_t)c;
    for (int i = n; i > 0; i--) ungetc(b[i - 1], f);
    uint32_t big = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
    uint32_t magic = b[0] == 0xa1 ? big : GUINT32_SWAP_LE_BE(big);
    return (Stamps){.pcap = magic == 0xa1b2c3d4 || magic == 0xa1b23c4d,
                    .ns = magic == 0xa1b2c3d4 ? 1000 : 1};
}

/* Since the first record, in ns; INT64_MAX, 292 years, is also what lies beyond. */
static int64_t since(const struct timeval *first, const struct timeval *at, int unit) {
    __int128 ns = ((__int128)at->tv_sec - first->tv_sec) * 1000000000 +
                  ((__int128)at->tv_usec - first->tv_usec) * unit;
    return ns < 0 ? -1 : (int64_t)MIN(ns, (__int128)INT64_MAX);
}

static bool read_records(pcap_t *p, Stamps stamps, uint64_t limit, const char *name,
                         CaptureFile *file, GArray *records, GError **error) {
    struct pcap_pkthdr *h;
    const u_char *data;
    uint64_t bytes = 0;
    int64_t last = 0;
    struct timeval first = {0};
    int got = 0;
    while ((!limit || records->len < limit) && (got = pcap_next_ex(p, &h, &data)) == 1) {
        struct timeval ts = h->ts;
        if (stamps.pcap)
            ts = (struct timeval){.tv_sec = (uint32_t)ts.tv_sec, .tv_usec = (uint32_t)ts.tv_usec};
        if (ts.tv_usec >= 1000000000 / stamps.ns)
            return input_error(
                error,
                "%s: packet %u: found a time stamp of %ld s and %ld %s, expected a fraction "
                "below a second",
                name, records->len + 1, (long)ts.tv_sec, (long)ts.tv_usec,
                stamps.ns == 1 ? "ns" : "us");
        if ((bytes += h->caplen) > CAPTURE_MAX_BYTES)
            return input_error(error, "%s: found more than %u MiB of packets; set a limit", name,
                               CAPTURE_MAX_BYTES >> 20);
        if (!records->len) first = ts;
        int64_t time = since(&first, &ts, stamps.ns);
        if (time < last) file->disorder++;
        last = MAX(time, last);
        CaptureRecord r = {.data = g_memdup2(data, h->caplen),
                           .captured = h->caplen,
                           .original = MAX(MIN(h->len, CAPTURE_MAX_RECORD), h->caplen),
                           .time_ns = (uint64_t)last};
        g_array_append_val(records, r);
    }
    return got != PCAP_ERROR ||
           input_error(error, "%s: packet %u: %s", name, records->len + 1, pcap_geterr(p));
}

/* Takes the stream. */
static CaptureFile *read_stream(FILE *stream, const char *name, uint64_t limit, GError **error) {
    char message[PCAP_ERRBUF_SIZE] = "";
    Stamps stamps = stamps_of(stream);
    pcap_t *p = pcap_fopen_offline_with_tstamp_precision(
        stream, stamps.ns == 1000 ? PCAP_TSTAMP_PRECISION_MICRO : PCAP_TSTAMP_PRECISION_NANO,
        message);
    if (!p) {
        input_error(error, "%s: found no capture (pcap or pcapng): %s", name, message);
        fclose(stream);
        return NULL;
    }
    CaptureFile *file = g_new0(CaptureFile, 1);
    GArray *records = g_array_new(FALSE, FALSE, sizeof(CaptureRecord));
    file->link_type = pcap_datalink(p);
    bool ok = read_records(p, stamps, limit, name, file, records, error);
    file->n = records->len;
    file->records = (CaptureRecord *)(void *)g_array_free(records, FALSE);
    pcap_close(p); /* and the stream */
    if (ok) return file;
    capture_file_free(file);
    return NULL;
}

CaptureFile *capture_read(const char *path, uint64_t limit, GError **error) {
    if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
        input_error(error, "%s: found a folder, expected a capture (pcap or pcapng)", path);
        return NULL;
    }
    FILE *stream = fopen(path, "rb");
    if (stream) return read_stream(stream, path, limit, error);
    input_error(error, "%s: found no capture (pcap or pcapng): %s", path, g_strerror(errno));
    return NULL;
}
