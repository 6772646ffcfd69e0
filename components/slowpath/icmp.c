/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * ICMP of the slow path. An error message (RFC 1812 4.3.2):
 *
 *     IPv4    20 bytes, precedence 6 and the other packet's type of service (4.3.2.5), don't
 *             fragment and therefore no identification (RFC 6864), time to live 64 (4.3.2.2)
 *     ICMP     8 bytes: type, code, checksum, pointer, MTU or 0
 *     quote   the packet from its header on, as it came, as far as 576 bytes go (4.3.2.3)
 *
 * Header tests come from the fast path, which has done them already: the slow path trusts nobody
 * who can put packets into its socket. */
#include "components/slowpath/icmp.h"

#include <glib.h>
#include <string.h>

#include "fastpath/headers.h"
#include "fastpath/options/ipv4.h"

enum { TTL = 64, PRECEDENCE = 6 << 5, TOS_BITS = 0x1e };
enum { ECHO_REPLY = 0, UNREACHABLE = 3, ECHO = 8, EXCEEDED = 11, PARAMETER = 12 };
enum { FRAGMENTATION_NEEDED = 4 }; /* of UNREACHABLE */
enum { RECORD_ROUTE = 7, TIMESTAMP = 68, LOOSE = 131, STRICT = 137 };

static const char *const outcomes[] = {
#define X(symbol, name, text) name,
    ICMP_OUTCOMES(X)
#undef X
};

const char *icmp_outcome_name(IcmpOutcome outcome) {
    return outcomes[outcome];
}

/* The limit -------------------------------------------------------------------------------- */

void icmp_limit_init(IcmpLimit *limit, uint32_t rate_pps, uint32_t burst) {
    burst = MIN(burst, ICMP_MAX_BURST);
    *limit = (IcmpLimit){.rate_pps = rate_pps, .burst = burst, .level = burst * SIM_S};
}

bool icmp_limit_take(IcmpLimit *limit, SimTime now) {
    uint64_t missing = limit->burst * SIM_S - limit->level, passed = now - limit->last;
    g_assert(now >= limit->last);
    /* Division first: the product of a long pause and a high rate does not fit. */
    if (limit->rate_pps && passed > missing / limit->rate_pps)
        limit->level += missing;
    else
        limit->level += passed * limit->rate_pps;
    limit->last = now;
    if (limit->level < SIM_S) return false;
    limit->level -= SIM_S;
    return true;
}

/* Options ---------------------------------------------------------------------------------- */

typedef struct {
    uint32_t bad;           /* offset of the byte that is wrong, 0: none */
    uint32_t record, stamp; /* offsets of these options, 0: not there */
    bool source_route;      /* there is one */
    bool unfinished;        /* and its end is not reached */
} Options;

/* A list of addresses with a pointer: both source routes and record route. */
static uint32_t bad_list(const uint8_t *option, uint32_t at) {
    uint32_t length = option[IP4_OPTION_LENGTH],
             pointer = length > 2 ? option[IP4_OPTION_POINTER] : 0;
    if (length < 3) return at + IP4_OPTION_LENGTH;
    if (pointer < 4 || (pointer <= length && pointer + 3 > length)) return at + IP4_OPTION_POINTER;
    return 0;
}

static uint32_t bad_stamp(const uint8_t *option, uint32_t at) {
    uint32_t length = option[IP4_OPTION_LENGTH];
    if (length < 4) return at + IP4_OPTION_LENGTH;
    uint32_t pointer = option[IP4_OPTION_POINTER], flag = option[IP4_OPTION_FLAG] & 15u,
             overflow = option[IP4_OPTION_FLAG] >> 4;
    if (flag != 0 && flag != 1 && flag != 3) return at + IP4_OPTION_FLAG;
    if (pointer < 5) return at + IP4_OPTION_POINTER;
    if (pointer <= length && pointer + (flag ? 7 : 3) > length) return at + IP4_OPTION_POINTER;
    return pointer > length && overflow == 15 && flag != 3 ? at + IP4_OPTION_FLAG : 0;
}

static Options read_options(const uint8_t *ip, uint32_t header) {
    Options o = {0};
    for (uint32_t at = IPV4_BYTES; at < header && !o.bad;) {
        const uint8_t *option = ip + at;
        if (option[IP4_OPTION_TYPE] == IP4_OPTION_END) break;
        if (option[IP4_OPTION_TYPE] == IP4_OPTION_NOP) {
            at++;
            continue;
        }
        uint32_t left = header - at;
        if (left < 2) {
            o.bad = at;
        } else if (option[IP4_OPTION_LENGTH] < 2 || option[IP4_OPTION_LENGTH] > left) {
            o.bad = at + IP4_OPTION_LENGTH;
        } else if (option[IP4_OPTION_TYPE] == RECORD_ROUTE) {
            o.bad = o.record ? at : bad_list(option, at);
            o.record = at;
        } else if (option[IP4_OPTION_TYPE] == TIMESTAMP) {
            o.bad = o.stamp ? at : bad_stamp(option, at);
            o.stamp = at;
        } else if (option[IP4_OPTION_TYPE] == LOOSE || option[IP4_OPTION_TYPE] == STRICT) {
            o.bad = o.source_route ? at : bad_list(option, at);
            o.source_route = true;
            o.unfinished = !o.bad && option[IP4_OPTION_POINTER] <= option[IP4_OPTION_LENGTH];
        }
        if (!o.bad) at += option[IP4_OPTION_LENGTH];
    }
    return o;
}

static void fill_stamp(uint8_t *option, uint32_t address, SimTime now) {
    uint32_t pointer = option[IP4_OPTION_POINTER], flag = option[IP4_OPTION_FLAG] & 15u;
    /* The top bit says that this is not time since midnight UT: a run knows no date. */
    uint32_t time = (uint32_t)(now / SIM_MS % 86400000u) | 0x80000000u;
    if (pointer > option[IP4_OPTION_LENGTH]) {
        if (flag != 3) option[IP4_OPTION_FLAG] += 0x10; /* one more that had no room */
        return;
    }
    uint8_t *slot = option + pointer - 1;
    if (flag == 3 && get32(slot) != address) return; /* asks another router */
    if (flag) put32(slot, address);
    put32(slot + (flag ? 4 : 0), time);
    option[IP4_OPTION_POINTER] = (uint8_t)(pointer + (flag ? 8 : 4));
}

static void fill_options(uint8_t *ip, const Options *o, uint32_t address, SimTime now) {
    uint8_t *record = ip + o->record;
    if (o->record && record[IP4_OPTION_POINTER] <= record[IP4_OPTION_LENGTH]) {
        put32(record + record[IP4_OPTION_POINTER] - 1, address);
        record[IP4_OPTION_POINTER] = (uint8_t)(record[IP4_OPTION_POINTER] + 4);
    }
    if (o->stamp) fill_stamp(ip + o->stamp, address, now);
}

uint32_t icmp_forward(uint8_t *ip, uint32_t address, SimTime now) {
    Options o = read_options(ip, ip4_header_bytes(ip));
    g_assert(!o.bad && ip[IP4_TTL] > 1);
    ip[IP4_TTL]--;
    fill_options(ip, &o, address, now);
    ip4_put_checksum(ip);
    return get16(ip + IP4_TOTAL);
}

/* Answers ---------------------------------------------------------------------------------- */

/* The checksum of `bytes` bytes and, for UDP, of what else goes into it. */
static uint32_t checksum(const uint8_t *p, uint32_t bytes, uint32_t sum) {
    sum += sum_words(p, bytes & ~1u);
    if (bytes & 1) sum += (uint32_t)p[bytes - 1] << 8;
    return fold_checksum(sum);
}

static void put_header(uint8_t *ip, uint32_t tos, uint32_t total, uint32_t from, uint32_t to) {
    ip4_put_header(ip, tos, total, TTL, IP_PROTOCOL_ICMP, from, to);
}

/* What a call works on. */
typedef struct {
    IcmpLimit *limit;
    const uint8_t *ip;
    uint32_t length, header, total, router, mtu;
    SimTime now;
    uint8_t *out;
    uint32_t *out_bytes;
    Options options;
} Call;

/* RFC 792 and 1256, 950. Types that nobody knows may be errors. */
static bool is_query(unsigned type) {
    return type == ECHO_REPLY || (type >= ECHO && type <= 10) || (type >= 13 && type <= 18);
}

static IcmpOutcome error(const Call *c, IcmpOutcome outcome, unsigned type, unsigned code) {
    const uint8_t *ip = c->ip;
    if (ip4_is_later_fragment(ip)) return ICMP_FRAGMENT;
    if (ip[IP4_PROTOCOL] == IP_PROTOCOL_ICMP && (c->total == c->header || !is_query(ip[c->header])))
        return ICMP_ABOUT_ERROR;
    if (c->limit && !icmp_limit_take(c->limit, c->now)) return ICMP_LIMITED;
    uint32_t before = IPV4_BYTES + ICMP_BYTES;
    uint32_t quote = MIN(c->total, ICMP_ERROR_BYTES - before);
    uint8_t *icmp = c->out + IPV4_BYTES;
    put_header(c->out, PRECEDENCE | (ip[IP4_TOS] & TOS_BITS), before + quote, c->router,
               get32(ip + IP4_SOURCE));
    put32(icmp + ICMP_TYPE, type << 24 | code << 16); /* and no checksum yet */
    put32(icmp + ICMP_WORD, type == PARAMETER ? c->options.bad << 24 : c->mtu);
    memcpy(icmp + ICMP_BYTES, ip, quote);
    put16(icmp + ICMP_CHECKSUM, checksum(icmp, ICMP_BYTES + quote, 0));
    *c->out_bytes = before + quote;
    return outcome;
}

static IcmpOutcome local_icmp(const Call *c) {
    const uint8_t *ip = c->ip, *icmp = ip + c->header;
    uint32_t bytes = c->total - c->header;
    if (ip4_is_fragment(ip)) return ICMP_FRAGMENT;
    if (bytes < ICMP_BYTES || checksum(icmp, bytes, 0) != 0) return ICMP_BAD_MESSAGE;
    if (icmp[ICMP_TYPE] != ECHO || icmp[ICMP_CODE] != 0) return ICMP_IGNORED;
    uint8_t *out = c->out;
    /* 4.3.3.6: record route and timestamp go back with it, this router included. A source route
     * would have to be reversed; it is left out. */
    uint32_t header = c->options.source_route ? IPV4_BYTES : c->header;
    memcpy(out, ip, header);
    put_header(out, ip[IP4_TOS], header + bytes, get32(ip + IP4_DESTINATION),
               get32(ip + IP4_SOURCE));
    ip4_set_header_bytes(out, header);
    if (header > IPV4_BYTES) fill_options(out, &c->options, get32(ip + IP4_DESTINATION), c->now);
    ip4_put_checksum(out);
    memcpy(out + header, icmp, bytes);
    put32(out + header + ICMP_TYPE, ECHO_REPLY);
    put16(out + header + ICMP_CHECKSUM, checksum(out + header, bytes, 0));
    *c->out_bytes = header + bytes;
    return ICMP_ECHO_REPLY;
}

static IcmpOutcome local_udp(const Call *c) {
    const uint8_t *ip = c->ip, *udp = ip + c->header;
    uint32_t bytes = c->total - c->header;
    if (ip4_is_later_fragment(ip)) return ICMP_FRAGMENT;
    if (bytes < UDP_BYTES) return ICMP_BAD_MESSAGE;
    uint32_t length = get16(udp + UDP_LENGTH);
    if (length < UDP_BYTES) return ICMP_BAD_MESSAGE;
    if (!ip4_is_fragment(ip)) {
        uint32_t pseudo = sum_words(ip + IP4_SOURCE, 8) + IP_PROTOCOL_UDP + length;
        if (length > bytes) return ICMP_BAD_MESSAGE;
        if (get16(udp + UDP_CHECKSUM) && checksum(udp, length, pseudo) != 0)
            return ICMP_BAD_MESSAGE;
    }
    return error(c, ICMP_PORT_UNREACHABLE, UNREACHABLE, 3);
}

static IcmpOutcome local(const Call *c) {
    if (c->options.bad) return error(c, ICMP_PARAMETER, PARAMETER, 0);
    if (c->options.unfinished) return error(c, ICMP_ROUTE_FAILED, UNREACHABLE, 5);
    if (c->ip[IP4_PROTOCOL] == IP_PROTOCOL_ICMP) return local_icmp(c);
    if (c->ip[IP4_PROTOCOL] == IP_PROTOCOL_UDP) return local_udp(c);
    return error(c, ICMP_PROTOCOL_UNREACHABLE, UNREACHABLE, 2);
}

/* Header and source are such that the packet may be answered: ICMP_UNKNOWN, and the call. */
static IcmpOutcome open_call(Call *c) {
    Ipv4Class class = ipv4_classify(c->ip, c->length, c->length);
    *c->out_bytes = 0;
    if (class < IPV4_MARTIAN_SRC) return ICMP_BAD_HEADER;
    if (class == IPV4_MARTIAN_SRC || get32(c->ip + IP4_SOURCE) == c->router) return ICMP_BAD_SOURCE;
    if (class <= IPV4_MULTICAST) return ICMP_BAD_DESTINATION;
    c->header = ip4_header_bytes(c->ip);
    c->total = get16(c->ip + IP4_TOTAL);
    c->options = read_options(c->ip, c->header);
    return ICMP_UNKNOWN;
}

IcmpOutcome icmp_answer(IcmpLimit *limit, FpReason reason, const uint8_t *ip, uint32_t length,
                        uint32_t router, SimTime now, uint8_t *out, uint32_t *out_bytes) {
    Call c = {.limit = limit,
              .ip = ip,
              .length = length,
              .router = router,
              .now = now,
              .out = out,
              .out_bytes = out_bytes};
    IcmpOutcome bad = open_call(&c);
    if (bad != ICMP_UNKNOWN) return bad;
    switch (reason) {
    case FP_TTL: return error(&c, ICMP_TIME_EXCEEDED, EXCEEDED, 0);
    case FP_NO_ROUTE: return error(&c, ICMP_NET_UNREACHABLE, UNREACHABLE, 0);
    case FP_LOCAL: return local(&c);
    case FP_MULTICAST: return ICMP_BAD_DESTINATION;
    case FP_OPTIONS:
        if (ip[IP4_TTL] <= 1) return error(&c, ICMP_TIME_EXCEEDED, EXCEEDED, 0);
        return c.options.bad ? error(&c, ICMP_PARAMETER, PARAMETER, 0) : ICMP_FORWARD;
    default: return ICMP_UNKNOWN;
    }
}

IcmpOutcome icmp_too_long(IcmpLimit *limit, uint32_t mtu, const uint8_t *ip, uint32_t length,
                          uint32_t router, SimTime now, uint8_t *out, uint32_t *out_bytes) {
    Call c = {.limit = limit,
              .ip = ip,
              .length = length,
              .router = router,
              .now = now,
              .out = out,
              .out_bytes = out_bytes,
              .mtu = mtu};
    IcmpOutcome bad = open_call(&c);
    if (bad != ICMP_UNKNOWN) return bad;
    if (!(get16(ip + IP4_FRAGMENT) & IP4_DONT_FRAGMENT)) return ICMP_CUT;
    return error(&c, ICMP_NEEDS_FRAGMENTS, UNREACHABLE, FRAGMENTATION_NEEDED);
}
