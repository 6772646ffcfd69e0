/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What I3 costs: the references that its Parse and Format log, as the microengines will play them.
 */
#include <stdlib.h>

#include "fastpath/headers.h"
#include "fastpath/options/i3.h"
#include "tests/check.h"

static uint16_t cost[FP_N_SITES];

/* References to a unit, and bytes of them. */
static unsigned count(const FpLog *log, FpUnit unit, unsigned *bytes) {
    unsigned n = 0;
    *bytes = 0;
    for (unsigned i = 0; i < log->n; i++)
        if (log->reference[i].unit == unit) {
            n++;
            *bytes += log->reference[i].bytes;
        }
    return n;
}

static unsigned instructions(const FpLog *log) {
    unsigned sum = 0;
    for (unsigned i = 0; i < log->n; i++) sum += log->reference[i].instructions;
    return sum;
}

/* This node is at 0, others at 2^k for every k. */
static FpTables *node_at_0(void) {
    static const uint8_t self[I3_CHORD_BYTES] = {0}, before[I3_CHORD_BYTES] = {0x80};
    FpTables *t = fp_tables_new(4);
    *fp_slice(t, 0) = (FpSlice){.used = true,
                                .option = (uint8_t)fp_code_option_find("i3"),
                                .n_queues = 1,
                                .n_stats = 1,
                                .sram_base = 1 << 20,
                                .sram_bytes = 8192};
    uint8_t *block = fp_slice_sram(t, 0, 0, i3_node_bytes());
    i3_write_node(block, self, before);
    for (unsigned i = 0; i < I3_FINGERS; i++) {
        I3Finger f = {.next_hop = i + 1, .port = 1};
        f.id[I3_CHORD_BYTES - 1 - i / 8] = (uint8_t)(1 << i % 8);
        i3_write_finger(block, i, &f);
    }
    return t;
}

static FpPacket packet_for(uint8_t inner[I3_HEADER_BYTES], unsigned bit, bool exactly) {
    memset(inner, 0, I3_HEADER_BYTES);
    inner[0] = I3_VERSION;
    inner[1] = I3_DATA;
    inner[2] = 1;
    inner[3 + I3_CHORD_BYTES - 1 - bit / 8] = (uint8_t)(1 << bit % 8);
    if (!exactly) inner[3 + I3_CHORD_BYTES - 1] |= 1;
    return (FpPacket){.bytes = inner,
                      .length = I3_HEADER_BYTES,
                      .original = I3_HEADER_BYTES,
                      .handle = 3,
                      .option = (uint8_t)fp_code_option_find("i3")};
}

static void a_look_up_reads_the_node_and_two_fingers_at_most(void) {
    /* An id right behind node 2^k is forwarded there at once: node and finger, 40 and 32 bytes. One
     * at 2^k itself is that node's, and the last node before it is 2^(k-1): one finger more. */
    FpTables *t = node_at_0();
    for (unsigned i = 0; i < FP_N_SITES; i++) cost[i] = 1;
    for (unsigned k = 1; k < I3_FINGERS; k++)
        for (unsigned exactly = k == 159; exactly < 2; exactly++) {
            uint8_t inner[I3_HEADER_BYTES];
            unsigned bytes;
            FpPacket p = packet_for(inner, k, exactly);
            FpLog log = {.cost = cost};
            CHECK_U64(fp_parse(t, &p, &log), FP_FORWARD);
            CHECK_U64(p.result.next_hop, exactly ? k : k + 1);
            CHECK_U64(count(&log, FP_SRAM1, &bytes), exactly ? 3 : 2);
            CHECK_U64(bytes, exactly ? 40 + 64 : 40 + 32);
            CHECK_U64(count(&log, FP_DRAM, &bytes), 1);
            CHECK_U64(log.reference[1].address, 3 * FP_BUFFER_BYTES);
            /* Slice, header, tests, node, owner, one or two fingers, route. */
            CHECK_U64(instructions(&log), exactly ? 8 : 7);
            log.n = 0;
            CHECK_U64(fp_lookup(t, &p, &log), FP_FORWARD);
            CHECK_U64(count(&log, FP_TCAM, &bytes), 0); /* Parse has routed it */
        }
    fp_tables_free(t);
}

static void a_trigger_is_compared_in_format(void) {
    FpTables *t = node_at_0();
    uint8_t inner[FP_HEADROOM + I3_HEADER_BYTES], key[FP_KEY_BYTES], mask[FP_KEY_BYTES];
    uint8_t *header = inner + FP_HEADROOM;
    unsigned bytes;
    FpPacket p = packet_for(header, 159, false); /* behind the predecessor */
    FpResult host = {.next_hop = 1, .data = 6000};
    memcpy(fp_slice_sram(t, 0, 6000, I3_ID_BYTES), header + 3, I3_ID_BYTES);
    i3_trigger_filter(header + 3, key, mask);
    CHECK_U64(fp_filter_insert(t, 0, 0, key, mask, &host), FP_INSERTED);
    FpLog log = {.cost = cost};
    CHECK_U64(fp_parse(t, &p, &log), FP_FORWARD);
    CHECK_U64(count(&log, FP_SRAM1, &bytes), 1);
    CHECK_U64(bytes, 40);
    log.n = 0;
    CHECK_U64(fp_lookup(t, &p, &log), FP_FORWARD);
    CHECK_U64(count(&log, FP_TCAM, &bytes), 1);
    log.n = 0;
    CHECK_U64(fp_format(t, &p, &log), FP_FORWARD);
    CHECK_U64(count(&log, FP_SRAM1, &bytes), 1);
    CHECK_U64(bytes, 32);
    CHECK_U64(log.reference[1].address, 6000);
    CHECK(!log.reference[1].posted && !log.reference[1].write);
    fp_tables_free(t);
}

int main(void) {
    static const Test tests[] = {TEST(a_look_up_reads_the_node_and_two_fingers_at_most),
                                 TEST(a_trigger_is_compared_in_format),
                                 {0}};
    return run_tests("i3_costs", tests);
}
