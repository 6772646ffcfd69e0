/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Fuzz driver: whatever the frame, the blocks stay inside it and decide. The first byte
 * chooses between a raw frame and a good tunnel around raw bytes, and the code option, of all that
 * there are. */
#include <stdlib.h>
#include <string.h>

#include "fastpath/headers.h"
#include "fastpath/options/i3.h"
#include "tests/fuzz.h"

static FpTables *make_tables(unsigned *n_options) {
    static const uint8_t any[FP_KEY_BYTES];
    FpTables *t = fp_tables_new(64);
    unsigned i = 0;
    for (; fp_code_options[i]; i++) {
        FpResult next = {.next_hop = 1, .next_port = 2, .data = fp_code_options[i]->memory_at};
        *fp_slice(t, i) = (FpSlice){.used = true,
                                    .option = (uint8_t)i,
                                    .n_queues = 2,
                                    .n_stats = 2,
                                    .exception_queue = 1,
                                    .sram_base = i << 14,
                                    .sram_bytes = i3_node_bytes() + I3_ID_BYTES};
        fp_bind_port(t, i, 0, 0x0aff0001, (uint16_t)(30000 + i));
        fp_filter_insert(t, i, i, any, any, &next);
    }
    *n_options = i;
    /* Half of the ids are the node's own, the others go by fingers of which some are far. */
    static const uint8_t self[I3_CHORD_BYTES] = {0}, before[I3_CHORD_BYTES] = {0x80};
    uint8_t *block = fp_slice_sram(t, (unsigned)fp_code_option_find("i3"), 0, i3_node_bytes());
    i3_write_node(block, self, before);
    for (unsigned k = 0; k < I3_FINGERS; k++) {
        I3Finger f = {.id = {(uint8_t)(k / 2)}, .next_hop = k, .port = 1};
        i3_write_finger(block, k, &f);
    }
    return t;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static FpTables *t;
    static unsigned n_options;
    if (!t) t = make_tables(&n_options);
    if (size < 1 || size > 1500) return 0;
    uint32_t tunnel = data[0] & 1 ? TUNNEL_BYTES : 0, length = (uint32_t)size - 1 + tunnel;
    if (length < ETHER_BYTES) return 0;
    uint8_t *buffer = calloc(1, FP_HEADROOM + length), *f = buffer + FP_HEADROOM;
    memcpy(f + tunnel, data + 1, size - 1);
    if (tunnel) {
        put32(f + 12, ETHER_TYPE_VLAN << 16);
        put16(f + 16, ETHER_TYPE_IPV4);
        put32(f + 18, 0x45000000u | (length - 18));
        put32(f + 26, 64u << 24 | IP_PROTOCOL_UDP << 16);
        put32(f + 34, 0x0aff0001);
        put16(f + 28, fold_checksum(sum_words(f + 18, 20)));
        put16(f + 40, 30000u + (data[0] >> 1) % n_options);
        put16(f + 42, length - 38);
    }
    FpPacket p = {.bytes = f, .length = length, .original = length};
    static uint16_t cost[FP_N_SITES];
    FpLog log = {.cost = cost};
    if (fp_decap(t, &p, &log) == FP_FORWARD && fp_parse(t, &p, &log) != FP_DROP &&
        fp_lookup(t, &p, &log) != FP_DROP) {
        fp_format(t, &p, &log);
        if (log.n > FP_LOG_LENGTH) abort(); /* all four blocks in one log still fit */
        if (p.offset < -(int32_t)FP_HEADROOM ||
            p.offset + (int64_t)p.length > (int64_t)length + FP_HEADROOM)
            abort();
    }
    free(buffer);
    return 0;
}
