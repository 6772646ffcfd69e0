/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * IPv4 on the fast path. What RFC 1812 asks beyond it (options, expiry, local delivery,
 * fragmentation, ICMP) is marked for the slow path. A packet for the router itself is not subject
 * to its time to live (5.3.1): a TTL or options verdict from Parse is overruled by a local filter
 * in Lookup. Fragments are forwarded like any other packet. */
#include "fastpath/options/ipv4.h"

#include <string.h>

#include "fastpath/headers.h"
#include "fastpath/text.h"

static const char *const class_names[IPV4_N_CLASSES] = {"bad:short<20",
                                                        "bad:version",
                                                        "bad:ihl<5",
                                                        "bad:truncated-header",
                                                        "bad:checksum",
                                                        "bad:totlen<ihl",
                                                        "bad:totlen>frame",
                                                        "martian:src",
                                                        "martian:dst",
                                                        "bcast",
                                                        "mcast",
                                                        "ttl-expire",
                                                        "options",
                                                        "fragment",
                                                        "plain"};

static const uint8_t class_reason[IPV4_N_CLASSES] = {
    FP_SHORT,       FP_VERSION,    FP_IHL,         FP_TRUNCATED,   FP_CHECKSUM,
    FP_TOTAL_SHORT, FP_TOTAL_LONG, FP_MARTIAN_SRC, FP_MARTIAN_DST, FP_BROADCAST,
    FP_MULTICAST,   FP_TTL,        FP_OPTIONS,     FP_OK,          FP_OK};

const char *ipv4_class_name(Ipv4Class c) {
    return class_names[c];
}

Ipv4Class ipv4_classify(const uint8_t *ip, uint32_t captured, uint32_t original) {
    if (captured < IPV4_BYTES) return IPV4_SHORT;
    if (ip4_version(ip) != 4) return IPV4_VERSION;
    uint32_t header = ip4_header_bytes(ip);
    if (header < IPV4_BYTES) return IPV4_IHL;
    if (captured < header) return IPV4_TRUNCATED;
    if (fold_checksum(sum_words(ip, header)) != 0) return IPV4_CHECKSUM;
    uint32_t total = get16(ip + IP4_TOTAL), src = get32(ip + IP4_SOURCE),
             dst = get32(ip + IP4_DESTINATION);
    if (total < header) return IPV4_TOTAL_SHORT;
    if (total > original) return IPV4_TOTAL_LONG;
    if (src >> 24 == 0 || src >> 24 == 127 || src >> 24 >= 224) return IPV4_MARTIAN_SRC;
    if (dst == UINT32_MAX) return IPV4_BROADCAST;
    if (dst >> 24 == 0 || dst >> 24 == 127 || dst >> 24 >= 240) return IPV4_MARTIAN_DST;
    if (dst >> 24 >= 224) return IPV4_MULTICAST;
    if (ip[IP4_TTL] <= 1) return IPV4_TTL;
    if (header > IPV4_BYTES) return IPV4_OPTIONS;
    if (ip4_is_fragment(ip)) return IPV4_FRAGMENT;
    return IPV4_PLAIN;
}

void ipv4_prefix_filter(uint32_t prefix, unsigned length, uint8_t key[FP_KEY_BYTES],
                        uint8_t mask[FP_KEY_BYTES]) {
    memset(key, 0, FP_KEY_BYTES);
    memset(mask, 0, FP_KEY_BYTES);
    put32(mask + IPV4_KEY_DESTINATION, length ? UINT32_MAX << (32 - length) : 0);
    put32(key + IPV4_KEY_DESTINATION, prefix & get32(mask + IPV4_KEY_DESTINATION));
}

static void make_key(FpPacket *p, const uint8_t *ip) {
    uint32_t total = get16(ip + IP4_TOTAL);
    if (total > p->length) total = p->length; /* cut by a capture; else padding may be behind it */
    memcpy(p->key + IPV4_KEY_DESTINATION, ip + IP4_DESTINATION, 4);
    memcpy(p->key + IPV4_KEY_SOURCE, ip + IP4_SOURCE, 4);
    p->key[IPV4_KEY_PROTOCOL] = ip[IP4_PROTOCOL];
    p->key[IPV4_KEY_TOS] = ip[IP4_TOS];
    if (ip4_has_ports(ip, total))
        memcpy(p->key + IPV4_KEY_PORTS, ip + ip4_header_bytes(ip), L4_PORTS_BYTES);
    else
        memset(p->key + IPV4_KEY_PORTS, 0, L4_PORTS_BYTES);
}

static FpVerdict parse(const FpTables *t, FpPacket *p, FpLog *log) {
    (void)t;
    const uint8_t *ip = fp_header(p, IPV4_BYTES + UDP_BYTES, log);
    fp_work(log, SITE_PARSE_IPV4);
    p->reason = class_reason[ipv4_classify(ip, p->length, p->original)];
    FpVerdict verdict = fp_reason_verdict((FpReason)p->reason);
    if (verdict != FP_DROP) make_key(p, ip);
    return verdict;
}

static FpVerdict format(const FpTables *t, FpPacket *p, FpLog *log) {
    uint8_t *ip = p->bytes + p->offset;
    uint32_t word = get16(ip + IP4_TTL),
             total = get16(ip + IP4_TOTAL); /* time to live and protocol */
    fp_work(log, SITE_FORMAT_IPV4);
    if (fp_too_long(t, p, total < p->length ? total : p->length)) {
        p->reason = FP_FRAGMENT;
        return FP_EXCEPTION;
    }
    put16(ip + IP4_TTL, word - 0x100);
    put16(ip + IP4_CHECKSUM, checksum_update(get16(ip + IP4_CHECKSUM), word, word - 0x100));
    if (total < p->length) p->length = total; /* link padding stays behind */
    return FP_FORWARD;
}

static bool read_key(const char *const *words, unsigned *at, FpFilterKey *k) {
    uint32_t prefix;
    unsigned length;
    if (!text_prefix(words[0], &prefix, &length)) return false;
    ipv4_prefix_filter(prefix, length, k->key, k->mask);
    *at = 1;
    return true;
}

const FpCodeOption ipv4_option = {.name = "ipv4",
                                  .text = "IPv4 router, RFC 1812 fast path",
                                  .parse = parse,
                                  .format = format,
                                  .key_text = "PREFIX/LENGTH such as 10.0.0.0/8",
                                  .read_key = read_key};
