/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * fastpath/options/ipv4.h: the IPv4 code option: header tests, classes and look-up key of RFC
 * 1812's forwarding algorithm.
 *
 * Key, 14 bytes: as below. Ports are 0 for anything but TCP and UDP, for fragments that are not the
 * first, and when they are not inside the packet's total length. */
#pragma once

#include "fastpath/options/options.h"

enum {
    IPV4_KEY_DESTINATION = 0,
    IPV4_KEY_SOURCE = 4,
    IPV4_KEY_PROTOCOL = 8,
    IPV4_KEY_TOS = 9,
    IPV4_KEY_PORTS = 10 /* source, destination */
};

/* One class per packet, the first that applies, in this order. RFC 1812 5.2.2 (header tests),
 * 5.3.7 (martians), 5.3.5.1 (broadcast), 5.3.1 (time to live). */
typedef enum {
    IPV4_SHORT,
    IPV4_VERSION,
    IPV4_IHL,
    IPV4_TRUNCATED,
    IPV4_CHECKSUM,
    IPV4_TOTAL_SHORT,
    IPV4_TOTAL_LONG,
    IPV4_MARTIAN_SRC,
    IPV4_MARTIAN_DST,
    IPV4_BROADCAST,
    IPV4_MULTICAST,
    IPV4_TTL,
    IPV4_OPTIONS,
    IPV4_FRAGMENT,
    IPV4_PLAIN,
    IPV4_N_CLASSES
} Ipv4Class;

/* `captured` bytes are at `ip`; `original` is their number before a capture cut the packet. */
Ipv4Class ipv4_classify(const uint8_t *ip, uint32_t captured, uint32_t original);
const char *ipv4_class_name(Ipv4Class c); /* as in the table of expected classes: "bad:checksum" */

/* The filter that matches destinations in prefix/length (host order, 0 to 32). */
void ipv4_prefix_filter(uint32_t prefix, unsigned length, uint8_t key[FP_KEY_BYTES],
                        uint8_t mask[FP_KEY_BYTES]);

extern const FpCodeOption ipv4_option;
