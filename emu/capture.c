/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Captures. libpcap does the formats; a pcapng file with several link types is refused by it. */
#include "emu/capture.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <string.h>

enum { SNAP = 262144 };

struct Capture {
    pcap_t *handle;
    pcap_dumper_t *dumper;
    char *path;
};

bool capture_create(Capture **capture, Component *c, const char *name, GError **error) {
    g_autofree char *path = component_output_path(c, name);
    *capture = NULL;
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
        ok = pcap_dump_flush(cap->dumper) == 0 && !ferror(pcap_dump_file(cap->dumper));
        int cause = errno;
        pcap_dump_close(cap->dumper);
        if (!ok)
            g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED,
                        "%s: the capture could not be written: %s", cap->path, g_strerror(cause));
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

static SimTime stamp(const struct pcap_pkthdr *h) {
    return (SimTime)h->ts.tv_sec * SIM_S + (SimTime)h->ts.tv_usec * SIM_NS;
}

CaptureFile *capture_read(const char *path, uint64_t limit, GError **error) {
    char message[PCAP_ERRBUF_SIZE] = "";
    if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
        g_set_error(error, SPPEMU_INPUT_ERROR, 0,
                    "%s: found a folder, expected a capture (pcap or pcapng)", path);
        return NULL;
    }
    pcap_t *p = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, message);
    if (!p) {
        g_set_error(error, SPPEMU_INPUT_ERROR, 0, "%s: found no capture (pcap or pcapng): %s", path,
                    message);
        return NULL;
    }
    CaptureFile *file = g_new0(CaptureFile, 1);
    GArray *records = g_array_new(FALSE, FALSE, sizeof(CaptureRecord));
    file->link_type = pcap_datalink(p);
    struct pcap_pkthdr *h;
    const u_char *data;
    uint64_t bytes = 0;
    SimTime first = 0, last = 0;
    int got = 0;
    while ((!limit || records->len < limit) && (got = pcap_next_ex(p, &h, &data)) == 1) {
        if ((bytes += h->caplen) > CAPTURE_MAX_BYTES) break;
        SimTime time = stamp(h);
        if (!records->len) first = last = time;
        if (time < last) file->disorder++;
        last = MAX(time, last);
        CaptureRecord r = {.data = g_memdup2(data, h->caplen),
                           .captured = h->caplen,
                           .original = MAX(h->len, h->caplen),
                           .time = last - first};
        g_array_append_val(records, r);
    }
    file->n = records->len;
    file->records = (CaptureRecord *)(void *)g_array_free(records, FALSE);
    if (got == PCAP_ERROR)
        g_set_error(error, SPPEMU_INPUT_ERROR, 0, "%s: packet %u: %s", path, file->n + 1,
                    pcap_geterr(p));
    else if (bytes > CAPTURE_MAX_BYTES)
        g_set_error(error, SPPEMU_INPUT_ERROR, 0,
                    "%s: found more than %u MiB of packets; set a limit", path,
                    CAPTURE_MAX_BYTES >> 20);
    bool ok = got != PCAP_ERROR && bytes <= CAPTURE_MAX_BYTES;
    pcap_close(p);
    if (ok) return file;
    capture_file_free(file);
    return NULL;
}

bool capture_ipv4(int link_type, const CaptureRecord *r, uint32_t *offset) {
    const uint8_t *d = r->data;
    uint32_t at;
    switch (link_type) {
    case DLT_RAW:
#if DLT_RAW != 12
    case 12:
#endif
    case DLT_IPV4: *offset = 0; return r->captured > 0 && (link_type == DLT_IPV4 || d[0] >> 4 != 6);
    case DLT_NULL:
    case DLT_LOOP: /* address family 2 in either byte order */
        *offset = 4;
        return r->captured >= 4 &&
               ((d[0] == 2 && !d[1] && !d[2] && !d[3]) || (d[3] == 2 && !d[0] && !d[1] && !d[2]));
    case DLT_LINUX_SLL: at = 14; break;
    case DLT_EN10MB: at = 12; break;
    default: return false;
    }
    for (unsigned tags = 0;; tags++, at += 4) {
        if (r->captured < at + 2) return false;
        unsigned type = (unsigned)d[at] << 8 | d[at + 1];
        if (type == 0x0800) break;
        bool vlan = type == 0x8100 || type == 0x88a8 || type == 0x9100;
        if (!vlan || tags == 4 || link_type != DLT_EN10MB) return false;
    }
    *offset = at + 2;
    return true;
}
