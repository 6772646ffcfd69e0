/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Bounds from the tables. */
#include "components/plan/bounds.h"

#include <math.h>
#include <string.h>

#include "components/classes.h"
#include "emu/core/packet.h"
#include "fastpath/options/i3.h"
#include "fastpath/options/label.h"
#include "fastpath/tunnel.h"

enum { IPV4_HEADERS = 28, OUTER_HEADERS = 28, CLICK_SOCKETS = 5 };

static const unsigned headers[] = {IPV4_HEADERS, I3_HEADER_BYTES, LABEL_BYTES, IPV4_HEADERS};

double bounds_number(const char *class, const char *key) {
    for (const ComponentClass *const *c = component_classes; *c; c++) {
        const Param *row = strcmp((*c)->name, class) == 0 ? param_find((*c)->params, key) : NULL;
        if (row) return param_number_of(row, row->def);
    }
    g_assert_not_reached();
}

/* Seconds of a latency, which may be written in cycles of a clock. */
static double latency_s(const char *class, const char *key, double clock) {
    for (const ComponentClass *const *c = component_classes; *c; c++) {
        const Param *row = strcmp((*c)->name, class) == 0 ? param_find((*c)->params, key) : NULL;
        ParamValue value;
        if (!row || !param_read(row, &value, row->def, NULL, NULL)) continue;
        return (double)value.latency.value / (value.latency.cycles ? clock : 1e12);
    }
    g_assert_not_reached();
}

/* Traffic ----------------------------------------------------------------------------------- */

static void add_size(Traffic *t, double header, double payload) {
    uint32_t length = (uint32_t)(TUNNEL_BYTES + header + payload);
    t->payload += payload;
    t->inner += header + payload;
    t->wire += packet_wire_bytes(length);
    t->frame += packet_frame_bytes(length);
}

unsigned bounds_longest(int application) {
    return LINK_MTU_BYTES - OUTER_HEADERS - headers[application];
}

/* Simple IMIX 7:4:1 is of 40, 576 and 1,500 bytes of IP, of which the tunnel takes some. */
char *bounds_payload(const Demand *d) {
    return strcmp(d->payload, "imix") != 0
               ? g_strdup(d->payload)
               : g_strdup_printf("12,12,548,12,12,548,12,12,548,12,548,%u",
                                 bounds_longest(d->application));
}

bool bounds_traffic(const Demand *d, double grow, Traffic *t, char **why) {
    g_autofree char *list = bounds_payload(d);
    g_auto(GStrv) sizes = g_strsplit(list, ",", -1);
    unsigned n = g_strv_length(sizes), longest = bounds_longest(d->application);
    *t = (Traffic){0};
    for (unsigned i = 0; i < n; i++) {
        guint64 bytes;
        if (g_ascii_string_to_unsigned(g_strstrip(sizes[i]), 10, 0, longest, &bytes, NULL)) {
            add_size(t, headers[d->application], (double)bytes);
            continue;
        }
        *why = g_strdup_printf("payload: found \"%s\", expected bytes up to %u, which a link takes "
                               "in a tunnel, a list of them, or imix",
                               d->payload, longest);
        return false;
    }
    t->payload /= n, t->inner /= n, t->wire /= n, t->frame /= n;
    double bytes = d->rate.layer == RATE_WIRE      ? t->wire
                   : d->rate.layer == RATE_FRAME   ? t->frame
                   : d->rate.layer == RATE_PAYLOAD ? t->payload
                                                   : 0.125;
    t->pps = grow * d->rate.per_second / 8 / bytes;
    if (isfinite(t->pps)) return true;
    *why = g_strdup("rate: found one that counts payload, but every payload is 0 bytes");
    return false;
}

/* Boxes ------------------------------------------------------------------------------------- */

double bounds_npe_section_pps(void) {
    double clock = bounds_number("npe", "me_clock");
    return 1 /
           (latency_s("npe", "scratch_latency", clock) + latency_s("npe", "sram_latency", clock) +
            latency_s("npe", "signal_latency", clock) +
            (bounds_number("npe", "instr_tx_get") + 3 * bounds_number("npe", "swap_cycles")) /
                clock);
}

/* A block of `mes` microengines whose code has so many instructions a packet. */
static double block_pps(const char *mes, double instructions) {
    return bounds_number("npe", mes) * bounds_number("npe", "me_clock") / instructions;
}

double bounds_npe_parse_pps(int application) {
    double own = application == APP_I3     ? bounds_number("npe", "instr_parse_i3")
                 : application == APP_IPV4 ? bounds_number("npe", "instr_parse_ipv4")
                                           : 0;
    return block_pps("me_parse", bounds_number("npe", "instr_parse_slice") +
                                     bounds_number("npe", "instr_parse_header") + own);
}

double bounds_npe_format_pps(int application) {
    double own = application == APP_I3     ? bounds_number("npe", "instr_format_i3")
                 : application == APP_IPV4 ? bounds_number("npe", "instr_format_ipv4")
                                           : 0;
    return block_pps("me_format", bounds_number("npe", "instr_format_slice") +
                                      bounds_number("npe", "instr_format_outer") +
                                      bounds_number("npe", "instr_format_done") + own);
}

static double gpe_s(const char *key) {
    return bounds_number("gpe", key);
}

double bounds_gpe_core_s(int application, double inner) {
    double own = application == APP_I3
                     ? gpe_s("i3_cost") + gpe_s("poll_fd")
                     : gpe_s("click_cost") + gpe_s("clock_call") + CLICK_SOCKETS * gpe_s("poll_fd");
    return gpe_s("rx_packet") + gpe_s("poll_call") + gpe_s("receive_call") + own +
           gpe_s("send_call") + 2 * inner * gpe_s("copy_byte");
}

double bounds_gpe_serial_s(void) {
    return gpe_s("serial") * (gpe_s("rx_packet") + gpe_s("receive_call") + gpe_s("send_call"));
}

double bounds_switch_bps(void) {
    return bounds_number("chassis", "switch_rate");
}

double bounds_server_bps(void) {
    return bounds_number("chassis", "server_rate") * bounds_number("chassis", "server_links");
}

unsigned bounds_interfaces(void) {
    return (unsigned)bounds_number("linecard", "interfaces");
}
