/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * libFuzzer driver: whatever the bytes, the capture reader answers with records or one error. */
#include <unistd.h>

#include "emu/capture.h"
#include "fastpath/link.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static char path[64];
    if (!*path) g_snprintf(path, sizeof path, "/tmp/sppemu-fuzz-%d.pcap", (int)getpid());
    if (!g_file_set_contents(path, (const char *)data, (gssize)size, NULL)) return 0;
    g_autoptr(GError) error = NULL;
    CaptureFile *file = capture_read(path, 1000, &error);
    if (!file == !error) g_error("records and an error, or neither");
    uint32_t offset;
    for (uint32_t i = 0; file && i < file->n; i++)
        if (link_ipv4(file->link_type, file->records[i].data, file->records[i].captured, &offset) &&
            offset > file->records[i].captured)
            g_error("offset beyond the record");
    capture_file_free(file);
    return 0;
}
