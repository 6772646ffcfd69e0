/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Link headers. */
#include "fastpath/link.h"

#include <pcap/dlt.h>

#include "fastpath/headers.h"

bool link_ipv4(int link_type, const uint8_t *d, uint32_t captured, uint32_t *offset) {
    uint32_t at;
    switch (link_type) {
    case DLT_IPV4:
    case DLT_RAW:
#if DLT_RAW != 12
    case 12: /* what some systems wrote for it */
#endif
        *offset = 0;
        return captured == 0 || ip4_version(d) != 6; /* IPv6 under the name of IPv4 as well */
    case DLT_NULL:
    case DLT_LOOP: /* address family 2 in either byte order */
        if (captured < NULL_BYTES || (get32(d) != 2 && get32(d) != 2u << 24)) return false;
        *offset = NULL_BYTES;
        return true;
    case DLT_LINUX_SLL: at = SLL_TYPE; break;
    case DLT_EN10MB: at = ETHER_TYPE; break;
    default: return false;
    }
    for (unsigned tags = 0;; tags++, at += VLAN_BYTES) {
        if (captured < at + ETHER_TYPE_BYTES) return false;
        uint32_t type = get16(d + at);
        if (type == ETHER_TYPE_IPV4) break;
        bool vlan = type == ETHER_TYPE_VLAN || type == ETHER_TYPE_SERVICE_VLAN || type == 0x9100;
        if (!vlan || tags == 4 || link_type != DLT_EN10MB) return false;
    }
    *offset = at + ETHER_TYPE_BYTES;
    return true;
}
