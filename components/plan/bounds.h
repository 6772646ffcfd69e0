/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/plan/bounds.h: what a packet takes of a box, by its parameter table, at least. So what
 * a box has, divided by it, is more than it can carry; how much less it is is for a run to find.
 *
 *   NPE   Tx, in the order of the chip, holds its section across a ring's get and the read of a
 *         descriptor: scratch_latency + sram_latency + instr_tx_get and a swap for each
 *         (docs/model.md, "What limits the NPE")
 *         Parse and Header Format: their instructions, on me_parse and me_format microengines
 *   GPE   a core: receiving in softirq, poll(), recvfrom(), the application, sendto(), and copying
 *         twice; beyond one core the share `serial` of the kernel's work (docs/model.md, "The
 *         server")
 *   links bits on the wire */
#pragma once

#include "components/plan/plan.h"

/* Of the payloads of a demand. */
typedef struct {
    double inner, wire, frame; /* mean bytes of a packet: in the tunnel; on a wire; as a frame */
    double payload;
    double pps;
} Traffic;

/* The longest payload that a link takes in a tunnel; the payload as a source has it, of imix the
 * list, whose longest is as long as that. Caller frees. */
unsigned bounds_longest(int application);
char *bounds_payload(const Demand *d);
/* False: the payload is none; `why` says so. */
bool bounds_traffic(const Demand *d, double grow, Traffic *t, char **why);
/* Packets a second that pass one NPE's ordered section of Tx, Parse and Format at most. */
double bounds_npe_section_pps(void);
double bounds_npe_parse_pps(int application);
double bounds_npe_format_pps(int application);
/* Seconds of a core, and of what one core at a time can do, for a packet. */
double bounds_gpe_core_s(int application, double inner);
double bounds_gpe_serial_s(void);
/* Bits a second of an interface; of the links of a line card or NPE, and of a GPE, to the switch.
 */
#define INTERFACE_BPS 1e9
double bounds_switch_bps(void);
double bounds_server_bps(void);
unsigned bounds_interfaces(void);
/* A number of a class's table, as it is by default, in base units. */
double bounds_number(const char *class, const char *key);
