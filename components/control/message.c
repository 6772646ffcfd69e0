/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Messages of the control plane: their bytes, and the frames that they travel in. */
#include "components/control/message.h"

#include <glib.h>
#include <string.h>

#include "fastpath/headers.h"

enum { MAGIC = 0x5350, VERSION = 1 }; /* "SP" */
enum { AT_VERSION = 2, AT_FLAGS = 3, AT_TYPE = 4, AT_ID = 6, AT_SLICE = 14, AT_LENGTH = 18 };
enum { TLV_BYTES = 4 };
enum { TTL = 64 };

static void put64(uint8_t *p, uint64_t v) {
    put32(p, (uint32_t)(v >> 32));
    put32(p + 4, (uint32_t)v);
}

static uint64_t get64(const uint8_t *p) {
    return (uint64_t)get32(p) << 32 | get32(p + 4);
}

/* Names ------------------------------------------------------------------------------------ */

const char *message_type_name(uint32_t type) {
    switch (type) {
#define X(symbol, number, name, text)                                                              \
    case number: return name;
        MESSAGE_TYPES(X)
#undef X
    default: return NULL;
    }
}

const char *message_tag_name(uint32_t tag) {
    switch (tag) {
#define X(symbol, number, type, name)                                                              \
    case number: return name;
        MESSAGE_TAGS(X)
#undef X
    default: return NULL;
    }
}

const char *mp_verb_name(uint32_t verb) {
    switch (verb) {
#define X(symbol, number, name)                                                                    \
    case number: return name;
        MP_VERBS(X)
#undef X
    default: return NULL;
    }
}

static bool tag_type(uint32_t tag, TagType *type) {
    switch (tag) {
#define X(symbol, number, of, name)                                                                \
    case number: *type = TAG_TYPE_##of; return true;
        MESSAGE_TAGS(X)
#undef X
    default: return false;
    }
}

/* Writing ---------------------------------------------------------------------------------- */

void message_begin(MessageWriter *w, MessageType type, uint32_t slice) {
    w->length = MESSAGE_HEADER_BYTES;
    w->full = false;
    w->group = 0;
    put16(w->bytes, MAGIC);
    w->bytes[AT_VERSION] = VERSION;
    w->bytes[AT_FLAGS] = 0;
    put16(w->bytes + AT_TYPE, type);
    put32(w->bytes + AT_SLICE, slice);
}

/* Room for a value of n bytes behind its tag; NULL: there is none. */
static uint8_t *put(MessageWriter *w, MessageTag tag, TagType type, uint32_t n) {
    TagType own = type;
    bool known = tag_type(tag & ~(uint32_t)TAG_OPTIONAL, &own);
    g_assert(known ? own == type : (tag & TAG_OPTIONAL) != 0);
    if (w->full || n > MESSAGE_MAX_BYTES || w->length + TLV_BYTES + n > MESSAGE_MAX_BYTES) {
        w->full = true;
        return NULL;
    }
    uint8_t *p = w->bytes + w->length;
    put16(p, tag);
    put16(p + 2, n);
    w->length += TLV_BYTES + n;
    return p + TLV_BYTES;
}

void message_put_u32(MessageWriter *w, MessageTag tag, uint32_t value) {
    uint8_t *p = put(w, tag, TAG_TYPE_U32, 4);
    if (p) put32(p, value);
}

void message_put_u64(MessageWriter *w, MessageTag tag, uint64_t value) {
    uint8_t *p = put(w, tag, TAG_TYPE_U64, 8);
    if (p) put64(p, value);
}

void message_put_text(MessageWriter *w, MessageTag tag, const char *text) {
    size_t n = MIN(strlen(text), MESSAGE_MAX_BYTES) + 1;
    uint8_t *p = put(w, tag, TAG_TYPE_TEXT, (uint32_t)n);
    if (p) memcpy(p, text, n);
}

void message_put_bytes(MessageWriter *w, MessageTag tag, const void *bytes, uint32_t n) {
    uint8_t *p = put(w, tag, TAG_TYPE_BYTES, n);
    if (p && n) memcpy(p, bytes, n);
}

void message_open(MessageWriter *w, MessageTag tag) {
    g_assert(!w->group);
    w->group = w->length;
    put(w, tag, TAG_TYPE_GROUP, 0);
}

void message_close(MessageWriter *w) {
    g_assert(w->group);
    if (!w->full) put16(w->bytes + w->group + 2, w->length - w->group - TLV_BYTES);
    w->group = 0;
}

bool message_end(MessageWriter *w, uint64_t id) {
    g_assert(!w->group);
    put64(w->bytes + AT_ID, id);
    put16(w->bytes + AT_LENGTH, w->length - MESSAGE_HEADER_BYTES);
    return !w->full;
}

/* Reading ---------------------------------------------------------------------------------- */

static bool refuse(const char **why, const char *text) {
    if (why) *why = text;
    return false;
}

static bool text_is_whole(const uint8_t *p, uint32_t n) {
    return n && memchr(p, 0, n) == p + n - 1;
}

static bool tlvs_are_whole(const uint8_t *p, uint32_t n, bool in_group, const char **why) {
    TagType type = TAG_TYPE_BYTES;
    for (uint32_t used; n; p += used, n -= used) {
        if (n < TLV_BYTES) return refuse(why, "a tag is cut off");
        uint32_t tag = get16(p), length = get16(p + 2);
        const uint8_t *value = p + TLV_BYTES;
        used = TLV_BYTES + length;
        if (used > n) return refuse(why, "a value is longer than what it is in");
        if (!tag_type(tag & ~(uint32_t)TAG_OPTIONAL, &type)) {
            if (!(tag & TAG_OPTIONAL)) return refuse(why, "a tag is unknown");
            continue;
        }
        if ((type == TAG_TYPE_U32 && length != 4) || (type == TAG_TYPE_U64 && length != 8))
            return refuse(why, "a number has another length than its type");
        if (type == TAG_TYPE_TEXT && !text_is_whole(value, length))
            return refuse(why, "a text does not end with its only NUL");
        if (type == TAG_TYPE_GROUP && in_group) return refuse(why, "a group is in a group");
        if (type == TAG_TYPE_GROUP && !tlvs_are_whole(value, length, true, why)) return false;
    }
    return true;
}

bool message_read(Message *m, const uint8_t *bytes, size_t n, const char **why) {
    if (n < MESSAGE_HEADER_BYTES) return refuse(why, "it is shorter than a header");
    if (get16(bytes) != MAGIC) return refuse(why, "it does not begin with the magic number");
    if (bytes[AT_VERSION] != VERSION) return refuse(why, "its version is another");
    if (bytes[AT_FLAGS]) return refuse(why, "it has flags, and there are none");
    if (!message_type_name(get16(bytes + AT_TYPE))) return refuse(why, "its type is unknown");
    if (get16(bytes + AT_LENGTH) != n - MESSAGE_HEADER_BYTES)
        return refuse(why, "its length is another than that of what is there");
    *m = (Message){.type = get16(bytes + AT_TYPE),
                   .id = get64(bytes + AT_ID),
                   .slice = get32(bytes + AT_SLICE),
                   .tlvs = bytes + MESSAGE_HEADER_BYTES,
                   .length = get16(bytes + AT_LENGTH)};
    return tlvs_are_whole(m->tlvs, m->length, false, why);
}

/* The value of the tag's n-th TLV; NULL: there are fewer. */
static const uint8_t *find(const Message *m, MessageTag tag, TagType type, unsigned n,
                           uint32_t *length) {
    TagType own = type;
    g_assert(tag_type(tag, &own) && own == type);
    const uint8_t *end = m->tlvs + m->length;
    for (const uint8_t *p = m->tlvs; p != end; p += TLV_BYTES + get16(p + 2)) {
        if ((get16(p) & ~(uint32_t)TAG_OPTIONAL) != tag || n--) continue;
        *length = get16(p + 2);
        return p + TLV_BYTES;
    }
    return NULL;
}

uint32_t message_u32(const Message *m, MessageTag tag, uint32_t missing) {
    uint32_t n;
    const uint8_t *p = find(m, tag, TAG_TYPE_U32, 0, &n);
    return p ? get32(p) : missing;
}

uint64_t message_u64(const Message *m, MessageTag tag, uint64_t missing) {
    uint32_t n;
    const uint8_t *p = find(m, tag, TAG_TYPE_U64, 0, &n);
    return p ? get64(p) : missing;
}

const char *message_text(const Message *m, MessageTag tag) {
    uint32_t n;
    return (const char *)find(m, tag, TAG_TYPE_TEXT, 0, &n);
}

const uint8_t *message_bytes(const Message *m, MessageTag tag, uint32_t *n) {
    return find(m, tag, TAG_TYPE_BYTES, 0, n);
}

bool message_has(const Message *m, MessageTag tag) {
    TagType type;
    uint32_t n;
    return tag_type(tag, &type) && find(m, tag, type, 0, &n);
}

bool message_group(const Message *m, MessageTag tag, unsigned n, Message *group) {
    uint32_t length;
    const uint8_t *p = find(m, tag, TAG_TYPE_GROUP, n, &length);
    if (!p) return false;
    *group = *m;
    group->tlvs = p;
    group->length = length;
    return true;
}

/* Frames ----------------------------------------------------------------------------------- */

enum { AT_IP = ETHER_BYTES, AT_UDP = AT_IP + IPV4_BYTES };
G_STATIC_ASSERT(AT_UDP + UDP_BYTES == MESSAGE_FRAME_HEADERS);
G_STATIC_ASSERT(MESSAGE_MAX_BYTES + IPV4_BYTES + UDP_BYTES == 1500);

/* Of UDP and its pseudo-header; folds to 0 when the checksum is in and right. */
static uint32_t udp_checksum(const uint8_t *ip, uint32_t udp_bytes) {
    const uint8_t *udp = ip + IPV4_BYTES;
    uint32_t sum = sum_words(udp, udp_bytes & ~1u) + sum_words(ip + IP4_SOURCE, 8) +
                   IP_PROTOCOL_UDP + udp_bytes;
    if (udp_bytes & 1) sum += (uint32_t)udp[udp_bytes - 1] << 8;
    return fold_checksum(sum);
}

uint32_t message_frame(uint8_t *frame, uint32_t message_bytes, const MessageEnd *from,
                       const MessageEnd *to) {
    uint8_t *ip = frame + AT_IP, *udp = frame + AT_UDP;
    uint32_t udp_bytes = UDP_BYTES + message_bytes;
    memcpy(frame + ETHER_DESTINATION, to->mac, MAC_BYTES);
    memcpy(frame + ETHER_SOURCE, from->mac, MAC_BYTES);
    put16(frame + ETHER_TYPE, ETHER_TYPE_IPV4);
    ip4_put_header(ip, 0, IPV4_BYTES + udp_bytes, TTL, IP_PROTOCOL_UDP, from->address, to->address);
    put16(udp + L4_SOURCE_PORT, from->port);
    put16(udp + L4_DESTINATION_PORT, to->port);
    put16(udp + UDP_LENGTH, udp_bytes);
    put16(udp + UDP_CHECKSUM, 0);
    uint32_t checksum = udp_checksum(ip, udp_bytes);
    put16(udp + UDP_CHECKSUM,
          checksum ? checksum : 0xffff); /* 0 says that there is none: RFC 768 */
    return MESSAGE_FRAME_HEADERS + message_bytes;
}

bool message_frame_read(const uint8_t *frame, uint32_t n, MessageEnd *from, MessageEnd *to,
                        Message *m, const char **why) {
    const uint8_t *ip = frame + AT_IP, *udp = frame + AT_UDP;
    if (n < MESSAGE_FRAME_HEADERS) return refuse(why, "it is shorter than its headers");
    if (get16(frame + ETHER_TYPE) != ETHER_TYPE_IPV4 || ip[IP4_VERSION] != IP4_PLAIN_VERSION ||
        ip[IP4_PROTOCOL] != IP_PROTOCOL_UDP || ip4_is_fragment(ip))
        return refuse(why, "it is not UDP in a whole packet of IPv4");
    if (fold_checksum(sum_words(ip, IPV4_BYTES))) return refuse(why, "IPv4's checksum is wrong");
    uint32_t total = get16(ip + IP4_TOTAL);
    if (total != n - AT_IP || get16(udp + UDP_LENGTH) != total - IPV4_BYTES)
        return refuse(why, "IPv4's or UDP's length is another than the frame's");
    if (!get16(udp + UDP_CHECKSUM) || udp_checksum(ip, total - IPV4_BYTES))
        return refuse(why, "UDP's checksum is wrong");
    memcpy(to->mac, frame + ETHER_DESTINATION, MAC_BYTES);
    memcpy(from->mac, frame + ETHER_SOURCE, MAC_BYTES);
    from->address = get32(ip + IP4_SOURCE);
    to->address = get32(ip + IP4_DESTINATION);
    from->port = (uint16_t)get16(udp + L4_SOURCE_PORT);
    to->port = (uint16_t)get16(udp + L4_DESTINATION_PORT);
    return message_read(m, frame + MESSAGE_FRAME_HEADERS, n - MESSAGE_FRAME_HEADERS, why);
}
