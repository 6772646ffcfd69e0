/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Messages of the control plane. What is written is read again; what has been cut, or has one
 * length changed, is refused, and nothing outside of it is read: every copy is exactly as long as
 * it says, so that a sanitizer sees a byte too far. */
#include "components/control/message.h"

#include <glib.h>

#include "fastpath/headers.h"
#include "tests/check.h"
#include "tests/dice.h"

static const uint32_t types[] = {
#define X(symbol, number, name, text) number,
    MESSAGE_TYPES(X)
#undef X
};
static const struct {
    uint32_t number;
    TagType type;
} tags[] = {
#define X(symbol, number, type, name) {number, TAG_TYPE_##type},
    MESSAGE_TAGS(X)
#undef X
};

/* The values of a tag in message `type`, which a reader can work out. */
static uint32_t value_of(uint32_t type, uint32_t tag) {
    return type * 0x01000193u ^ tag * 0x9e3779b9u;
}

static void put_all(MessageWriter *w, uint32_t type, bool in_group) {
    char text[8];
    for (unsigned i = 0; i < G_N_ELEMENTS(tags); i++) {
        uint32_t tag = tags[i].number, v = value_of(type, tag) + in_group;
        g_snprintf(text, sizeof text, "%u", v % 1000000);
        switch (tags[i].type) {
        case TAG_TYPE_U32: message_put_u32(w, tag, v); break;
        case TAG_TYPE_U64: message_put_u64(w, tag, (uint64_t)v << 20 | tag); break;
        case TAG_TYPE_TEXT: message_put_text(w, tag, text); break;
        case TAG_TYPE_BYTES: message_put_bytes(w, tag, &v, v % 5); break;
        case TAG_TYPE_GROUP:
            if (in_group) break;
            message_open(w, tag);
            put_all(w, type, true);
            message_close(w);
            break;
        }
    }
}

static void check_all(const Message *m, bool in_group) {
    char text[8];
    for (unsigned i = 0; i < G_N_ELEMENTS(tags); i++) {
        uint32_t tag = tags[i].number, v = value_of(m->type, tag) + in_group, n;
        Message group;
        g_snprintf(text, sizeof text, "%u", v % 1000000);
        CHECK(message_has(m, tag) == (tags[i].type != TAG_TYPE_GROUP || !in_group));
        switch (tags[i].type) {
        case TAG_TYPE_U32: CHECK_U64(message_u32(m, tag, 77), v); break;
        case TAG_TYPE_U64: CHECK_U64(message_u64(m, tag, 77), (uint64_t)v << 20 | tag); break;
        case TAG_TYPE_TEXT: CHECK_TEXT(message_text(m, tag), text); break;
        case TAG_TYPE_BYTES:
            CHECK(!memcmp(message_bytes(m, tag, &n), &v, v % 5));
            CHECK_U64(n, v % 5);
            break;
        case TAG_TYPE_GROUP:
            CHECK(message_group(m, tag, 0, &group) == !in_group);
            if (!in_group) check_all(&group, true);
            CHECK(!message_group(m, tag, 1, &group));
        }
    }
}

static void every_type_and_tag_round_trips(void) {
    for (unsigned i = 0; i < G_N_ELEMENTS(types); i++) {
        MessageWriter w;
        Message m;
        const char *why = NULL;
        message_begin(&w, types[i], 0xfeed0000 + i);
        put_all(&w, types[i], false);
        CHECK(message_end(&w, UINT64_C(0x0123456789abcdef) + i));
        CHECK(message_read(&m, w.bytes, w.length, &why));
        CHECK_U64(m.type, types[i]);
        CHECK_U64(m.id, UINT64_C(0x0123456789abcdef) + i);
        CHECK_U64(m.slice, 0xfeed0000 + i);
        check_all(&m, false);
    }
}

static void what_is_not_there_is_missing(void) {
    MessageWriter w;
    Message m, group;
    uint32_t n;
    message_begin(&w, MESSAGE_ALIVE, 0);
    CHECK(message_end(&w, 1));
    CHECK_U64(w.length, MESSAGE_HEADER_BYTES);
    CHECK(message_read(&m, w.bytes, w.length, NULL));
    CHECK_U64(message_u32(&m, TAG_PORT, 77), 77);
    CHECK_U64(message_u64(&m, TAG_RATE, 78), 78);
    CHECK(!message_text(&m, TAG_TEXT) && !message_bytes(&m, TAG_KEY, &n));
    CHECK(!message_has(&m, TAG_PORT) && !message_group(&m, TAG_ITEM, 0, &group));
}

static void a_tag_may_be_unknown_only_if_it_says_so(void) {
    MessageWriter w;
    Message m;
    const char *why = NULL;
    message_begin(&w, MESSAGE_ALIVE, 0);
    message_put_u32(&w, (MessageTag)(TAG_OPTIONAL | 0x7000), 1);
    message_put_u32(&w, (MessageTag)(TAG_OPTIONAL | TAG_PORT), 80);
    CHECK(message_end(&w, 1));
    CHECK(message_read(&m, w.bytes, w.length, &why));
    CHECK_U64(message_u32(&m, TAG_PORT, 0), 80);
    w.bytes[MESSAGE_HEADER_BYTES] &= 0x7f;
    CHECK(!message_read(&m, w.bytes, w.length, &why));
    CHECK_TEXT(why, "a tag is unknown");
}

static void what_does_not_fit_is_said(void) {
    static const uint8_t bytes[MESSAGE_MAX_BYTES];
    const uint32_t most = MESSAGE_MAX_BYTES - MESSAGE_HEADER_BYTES - 4;
    MessageWriter w;
    for (uint32_t more = 0; more < 2; more++) {
        message_begin(&w, MESSAGE_LOG, 0);
        message_put_bytes(&w, TAG_BYTES, bytes, most + more);
        CHECK(message_end(&w, 1) == !more);
        CHECK(w.length <= MESSAGE_MAX_BYTES);
    }
    message_begin(&w, MESSAGE_LOG, 0);
    message_open(&w, TAG_ITEM);
    message_put_bytes(&w, TAG_BYTES, bytes, most - 4);
    message_put_u32(&w, TAG_PORT, 1);
    message_close(&w);
    CHECK(!message_end(&w, 1));
}

/* What is refused at each length, from a copy that ends where it says. */
static bool readable(const uint8_t *bytes, size_t n) {
    Message m;
    g_autofree uint8_t *copy = g_malloc(n ? n : 1);
    memcpy(copy, bytes, n);
    return message_read(&m, copy, n, NULL);
}

static void every_truncation_is_refused(void) {
    for (unsigned i = 0; i < G_N_ELEMENTS(types); i++) {
        MessageWriter w;
        message_begin(&w, types[i], 1);
        put_all(&w, types[i], false);
        message_end(&w, i);
        CHECK(readable(w.bytes, w.length));
        for (uint32_t n = 0; n < w.length; n++) CHECK(!readable(w.bytes, n));
        uint8_t longer[MESSAGE_MAX_BYTES + 1];
        memcpy(longer, w.bytes, w.length);
        longer[w.length] = 0;
        CHECK(!readable(longer, w.length + 1));
    }
}

/* A message of every tag in a frame. */
static uint32_t make_frame(uint8_t *frame, MessageEnd *from, MessageEnd *to) {
    MessageWriter w;
    *from = (MessageEnd){{2, 0, 0, 2, 0, 1}, 7000, 0x0a008001};
    *to = (MessageEnd){{2, 0, 0, 2, 0, 2}, 7007, 0x0a008002};
    message_begin(&w, MESSAGE_MP_CONFIGURE, 1);
    put_all(&w, MESSAGE_MP_CONFIGURE, false);
    CHECK(message_end(&w, 99));
    memcpy(frame + MESSAGE_FRAME_HEADERS, w.bytes, w.length);
    return message_frame(frame, w.length, from, to);
}

static bool frame_readable(const uint8_t *frame, uint32_t n) {
    MessageEnd from, to;
    Message m;
    g_autofree uint8_t *copy = g_malloc(n ? n : 1);
    memcpy(copy, frame, n);
    return message_frame_read(copy, n, &from, &to, &m, NULL);
}

static void a_frame_round_trips(void) {
    uint8_t frame[1514];
    MessageEnd from, to, f, t;
    uint32_t n = make_frame(frame, &from, &to);
    Message m;
    CHECK(message_frame_read(frame, n, &f, &t, &m, NULL));
    CHECK(!memcmp(f.mac, from.mac, 6) && f.port == from.port && f.address == from.address);
    CHECK(!memcmp(t.mac, to.mac, 6) && t.port == to.port && t.address == to.address);
    CHECK_U64(m.id, 99);
    check_all(&m, false);
    for (uint32_t i = 0; i < n; i++) CHECK(!frame_readable(frame, i));
}

/* Every length there is, in the message's header, of its TLVs and of those in its group, with every
 * other value: 65,535 each. Within the message alone some would pass (a text that swallows the next
 * TLV as bytes would not be seen); in a frame none does. */
static void every_corrupted_length_is_refused(void) {
    uint8_t frame[1514];
    MessageEnd from, to;
    uint32_t n = make_frame(frame, &from, &to), at[256], places = 0, passed = 0;
    const uint32_t first = MESSAGE_FRAME_HEADERS + MESSAGE_HEADER_BYTES;
    at[places++] = 16;        /* IPv4's */
    at[places++] = 38;        /* UDP's */
    at[places++] = first - 2; /* the message's */
    for (uint32_t p = first; p < n;) {
        at[places++] = p + 2;
        p += 4 + (get16(frame + p) == TAG_ITEM ? 0 : get16(frame + p + 2));
    }
    g_assert(places < G_N_ELEMENTS(at));
    CHECK(places > 2 * G_N_ELEMENTS(tags));
    for (uint32_t i = 0; i < places; i++) {
        uint32_t right = get16(frame + at[i]);
        for (uint32_t v = 0; v < 65536; v++) {
            if (v == right) continue;
            MessageEnd f, t;
            Message m;
            put16(frame + at[i], v);
            passed += message_frame_read(frame, n, &f, &t, &m, NULL);
            message_read(&m, frame + MESSAGE_FRAME_HEADERS, n - MESSAGE_FRAME_HEADERS, NULL);
        }
        put16(frame + at[i], right);
    }
    CHECK_U64(passed, 0);
    CHECK(frame_readable(frame, n));
}

/* Bytes that nobody wrote: refused or read, and what is read can be looked at to its end. */
static void noise_is_never_read_outside(void) {
    unsigned good = 0;
    for (unsigned round = 0; round < 20000; round++) {
        uint8_t frame[1514];
        MessageEnd from, to;
        uint32_t n = make_frame(frame, &from, &to) - MESSAGE_FRAME_HEADERS;
        g_autofree uint8_t *copy = g_memdup2(frame + MESSAGE_FRAME_HEADERS, n);
        for (unsigned k = dice(3); k-- > 0;) copy[dice(n)] = (uint8_t)dice(256);
        Message m, group;
        if (!message_read(&m, copy, n, NULL)) continue;
        good++;
        for (unsigned i = 0; i < G_N_ELEMENTS(tags); i++) message_has(&m, tags[i].number);
        for (unsigned k = 0; message_group(&m, TAG_ITEM, k, &group); k++)
            for (unsigned i = 0; i < G_N_ELEMENTS(tags); i++) message_has(&group, tags[i].number);
    }
    CHECK(good > 1000 && good < 20000);
}

static void numbers_have_names(void) {
    CHECK_TEXT(message_type_name(MESSAGE_MP_CONFIGURE), "MpConfigure");
    CHECK_TEXT(message_tag_name(TAG_RATE_IN), "rate_in");
    CHECK_TEXT(mp_verb_name(MP_FILTER_ADD), "filter_add");
    CHECK(!message_type_name(0) && !message_tag_name(0) && !mp_verb_name(0));
}

/* A capture with a message of every type, each with every tag (libpcap's format, in this machine's
 * byte order): for tests/cli_control.sh. */
static int write_capture(const char *path) {
    static const uint32_t head[] = {0xa1b2c3d4, 2 | 4 << 16, 0, 0, 65535, 1};
    FILE *file = fopen(path, "wb");
    if (!file) return 1;
    bool good = fwrite(head, sizeof head, 1, file) == 1;
    for (uint32_t i = 0; i < G_N_ELEMENTS(types); i++) {
        uint8_t frame[1514];
        const MessageEnd from = {{18, 0, 0, 1, 0, 1}, 7000, 0x0a008001},
                         to = {{18, 0, 0, 1, 0, 2}, 7004, 0x0a008002};
        MessageWriter w;
        message_begin(&w, types[i], i);
        put_all(&w, types[i], false);
        good &= message_end(&w, i);
        memcpy(frame + MESSAGE_FRAME_HEADERS, w.bytes, w.length);
        uint32_t n = message_frame(frame, w.length, &from, &to), record[] = {i, 0, n, n};
        good &= fwrite(record, sizeof record, 1, file) == 1 && fwrite(frame, n, 1, file) == 1;
    }
    return fclose(file) == 0 && good ? 0 : 1;
}

int main(int argc, char **argv) {
    if (argc == 2) return write_capture(argv[1]);
    static const Test tests[] = {TEST(every_type_and_tag_round_trips),
                                 TEST(what_is_not_there_is_missing),
                                 TEST(a_tag_may_be_unknown_only_if_it_says_so),
                                 TEST(what_does_not_fit_is_said),
                                 TEST(every_truncation_is_refused),
                                 TEST(a_frame_round_trips),
                                 TEST(every_corrupted_length_is_refused),
                                 TEST(noise_is_never_read_outside),
                                 TEST(numbers_have_names),
                                 {0}};
    return run_tests("control_message", tests);
}
