/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A wire with a counter: what comes in at one port leaves at the other. The example of
 * CONTRIBUTING.md, "Add a chip program". */
#include "components/ixp/program.h"

typedef struct {
    Component base;
    ProgramSettings settings;
    Program program;
    uint64_t me_count, counted;
} Wire;

static bool count(Stage *stage, Context *c, ChipPacket *cp) {
    fp_write(&c->log, SITE_COUNT_PACKETS, FP_SRAM3, 0, 4);
    ((Wire *)stage->user)->counted++;
    cp->fp.result.interface = !cp->fp.rx_interface;
    return true;
}

static const ProgramBlock wire_blocks[] = {
    BLOCK_RX(Wire, settings),
    BLOCK_STAGE("count", Wire, me_count, "rx-count", settings.rxtx.ring_rx, 0, count),
    BLOCK_TX(Wire, settings, "count-tx"),
    {0}};

static bool wire_create(Component *c, GError **error) {
    Wire *w = (Wire *)c;
    c->n_ports = 2;
    w->program = (Program){.blocks = wire_blocks, .settings = &w->settings, .user = w};
    return program_build(&w->program, c, error);
}
static bool wire_start(Component *c, GError **error) {
    return program_start(&((Wire *)c)->program, error);
}
static void wire_receive(Component *c, unsigned port, Packet *pkt) {
    program_receive(&((Wire *)c)->program, port, pkt, FP_BUFFER_BYTES);
}
static bool wire_check(Component *c, GError **error) {
    return program_check(&((Wire *)c)->program, error);
}
static void wire_report(Component *c, Report *report) {
    chip_report(&((Wire *)c)->program.chip, report);
    report_scalar(report, "counted", (double)((Wire *)c)->counted, "packets");
}
static void wire_free(Component *c) {
    program_free(&((Wire *)c)->program);
}

static const Param wire_params[] = {
    CHIP_PARAMS(Wire, settings.chip),
    RXTX_PARAMS(Wire, settings.rxtx, "", "chip"),
    PARAM_COUNT("me_count", Wire, me_count, "1", "1", "9", "microengines to count", "assumed"),
    PARAM_COUNT("instr_count_packets", Wire, settings.instructions[SITE_COUNT_PACKETS], "26", "0",
                "4096", "add to the counter", "assumed: as the NPE's Statistics"),
    {0}};

const ComponentClass wire_class = {.name = "wire",
                                   .text = "a wire with a counter, in a chip",
                                   .ports = "0, 1: both ways",
                                   .size = sizeof(Wire),
                                   .params = wire_params,
                                   .drops = (const DropReason[]){CHIP_DROPS, {0}},
                                   .create = wire_create,
                                   .start = wire_start,
                                   .receive = wire_receive,
                                   .check = wire_check,
                                   .report = wire_report,
                                   .free = wire_free};
