/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/study/frame.h: the fields of a frame's headers by name, for people: Ethernet, VLAN tag, IPv4,
 * UDP, TCP and ICMP, and what is inside UDP if that is IPv4 again ("inner.ip.ttl"). Sources: IEEE
 * 802.3 and 802.1Q, RFC 791, 768, 9293, 792. */
#pragma once

#include <glib.h>

typedef struct {
    char *name, *value;
} FrameField;

/* FrameField of the first `n` bytes of a frame; a header that is cut ends them. Caller unrefs. */
GArray *frame_fields(const guint8 *frame, unsigned n);
/* What differs between two: "ip.ttl 64 -> 63", "inner.ip.id removed"; char *. Caller unrefs. */
GPtrArray *frame_changes(const guint8 *before, unsigned n_before, const guint8 *after,
                         unsigned n_after);
