/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * fastpath/link.h: link headers of captures. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Find the IPv4 packet in a captured frame of a link type (libpcap's DLT_): Ethernet with up to
 * four VLAN tags, raw IP, Linux SLL and BSD null. False: something else, or the link header is cut
 * short. Raw IP has no header to cut: nothing at all is an IPv4 packet of which nothing is there.
 * *offset is at most `captured`. */
bool link_ipv4(int link_type, const uint8_t *data, uint32_t captured, uint32_t *offset);
