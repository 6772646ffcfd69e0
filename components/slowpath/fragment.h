/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/slowpath/fragment.h: an IPv4 packet in pieces, as RFC 791 3.2 cuts it and RFC 1812
 * 4.2.2.7 asks: as few as fit, in order, every one but the last of a multiple of 8 bytes. A piece
 * is cut on like a whole packet. All options go with the first piece; the others have those with
 * the copied flag (RFC 791 3.1), padded to words. Time to live stays: whoever sends the pieces, or
 * forwards them, takes one off. Bytes in, bytes out. */
#pragma once

#include <stdint.h>

/* One piece; its bytes are the callee's until it returns. */
typedef void FragmentEmit(void *user, uint8_t *ip, uint32_t bytes);

/* Cut the packet, whose header is good and whose total length is there, into pieces of up to `mtu`
 * bytes, one after the other built in `out`, which holds that many. Returns how many there were: 0
 * if not even 8 bytes of payload fit, or if the packet may not be cut. */
unsigned fragment_packet(const uint8_t *ip, uint32_t mtu, uint8_t *out, FragmentEmit *emit,
                         void *user);
