/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Headers by name. */
#include "emu/study/frame.h"

#include <stdbool.h>
#include <string.h>

enum { TYPE_IPV4 = 0x0800, TYPE_VLAN = 0x8100, IP_ICMP = 1, IP_TCP = 6, IP_UDP = 17 };

typedef struct {
    GArray *fields;
    const guint8 *bytes;
    unsigned n, at;
    const char *prefix; /* "", "inner." */
} Cursor;

static void clear_field(void *field) {
    g_free(((FrameField *)field)->name);
    g_free(((FrameField *)field)->value);
}

static void add(Cursor *c, const char *name, char *value) {
    FrameField field = {g_strconcat(c->prefix, name, NULL), value};
    g_array_append_val(c->fields, field);
}

static unsigned number(const Cursor *c, unsigned at, unsigned bytes) {
    unsigned value = 0;
    for (unsigned i = 0; i < bytes; i++) value = value << 8 | c->bytes[c->at + at + i];
    return value;
}

static void add_number(Cursor *c, const char *name, unsigned at, unsigned bytes) {
    add(c, name, g_strdup_printf("%u", number(c, at, bytes)));
}
static void add_hex(Cursor *c, const char *name, unsigned at, unsigned bytes) {
    add(c, name, g_strdup_printf("0x%0*x", (int)(2 * bytes), number(c, at, bytes)));
}
static void add_mac(Cursor *c, const char *name, unsigned at) {
    const guint8 *b = c->bytes + c->at + at;
    add(c, name,
        g_strdup_printf("%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4], b[5]));
}
static void add_address(Cursor *c, const char *name, unsigned at) {
    const guint8 *b = c->bytes + c->at + at;
    add(c, name, g_strdup_printf("%u.%u.%u.%u", b[0], b[1], b[2], b[3]));
}

static bool has(const Cursor *c, unsigned bytes) {
    return c->n - c->at >= bytes;
}

static void read_ip(Cursor *c);

static void read_udp(Cursor *c) {
    add_number(c, "udp.source", 0, 2);
    add_number(c, "udp.destination", 2, 2);
    add_number(c, "udp.length", 4, 2);
    add_hex(c, "udp.checksum", 6, 2);
    c->at += 8;
    if (*c->prefix || !has(c, 20) || c->bytes[c->at] >> 4 != 4 || (c->bytes[c->at] & 15) < 5)
        return;
    c->prefix = "inner.";
    read_ip(c);
}

static void read_ip(Cursor *c) {
    unsigned header = (c->bytes[c->at] & 15) * 4u, protocol = c->bytes[c->at + 9];
    add_number(c, "ip.tos", 1, 1);
    add_number(c, "ip.length", 2, 2);
    add_number(c, "ip.id", 4, 2);
    add_hex(c, "ip.fragment", 6, 2);
    add_number(c, "ip.ttl", 8, 1);
    add_number(c, "ip.protocol", 9, 1);
    add_hex(c, "ip.checksum", 10, 2);
    add_address(c, "ip.source", 12);
    add_address(c, "ip.destination", 16);
    if (header < 20 || !has(c, header)) return;
    c->at += header;
    if (protocol == IP_UDP && has(c, 8)) {
        read_udp(c);
    } else if (protocol == IP_TCP && has(c, 4)) {
        add_number(c, "tcp.source", 0, 2);
        add_number(c, "tcp.destination", 2, 2);
    } else if (protocol == IP_ICMP && has(c, 4)) {
        add_number(c, "icmp.type", 0, 1);
        add_number(c, "icmp.code", 1, 1);
        add_hex(c, "icmp.checksum", 2, 2);
    }
}

GArray *frame_fields(const guint8 *frame, unsigned n) {
    Cursor c = {.fields = g_array_new(FALSE, FALSE, sizeof(FrameField)),
                .bytes = frame,
                .n = n,
                .prefix = ""};
    g_array_set_clear_func(c.fields, clear_field);
    if (n < 14) return c.fields;
    add_mac(&c, "ethernet.destination", 0);
    add_mac(&c, "ethernet.source", 6);
    unsigned type = number(&c, 12, 2);
    c.at = 14;
    if (type == TYPE_VLAN && has(&c, 4)) {
        add(&c, "vlan.id", g_strdup_printf("%u", number(&c, 0, 2) & 0xfff));
        type = number(&c, 2, 2);
        c.at += 4;
    }
    add(&c, "ethernet.type", g_strdup_printf("0x%04x", type));
    if (type == TYPE_IPV4 && has(&c, 20)) read_ip(&c);
    return c.fields;
}

static const FrameField *find(const GArray *fields, const char *name) {
    for (unsigned i = 0; i < fields->len; i++) {
        const FrameField *f = &g_array_index(fields, FrameField, i);
        if (!strcmp(f->name, name)) return f;
    }
    return NULL;
}

GPtrArray *frame_changes(const guint8 *before, unsigned n_before, const guint8 *after,
                         unsigned n_after) {
    GPtrArray *changes = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GArray) old = frame_fields(before, n_before);
    g_autoptr(GArray) now = frame_fields(after, n_after);
    for (unsigned i = 0; i < now->len; i++) {
        const FrameField *f = &g_array_index(now, FrameField, i), *was = find(old, f->name);
        if (!was)
            g_ptr_array_add(changes, g_strdup_printf("%s %s added", f->name, f->value));
        else if (strcmp(was->value, f->value) != 0)
            g_ptr_array_add(changes, g_strdup_printf("%s %s -> %s", f->name, was->value, f->value));
    }
    for (unsigned i = 0; i < old->len; i++) {
        const FrameField *f = &g_array_index(old, FrameField, i);
        if (!find(now, f->name))
            g_ptr_array_add(changes, g_strdup_printf("%s %s removed", f->name, f->value));
    }
    return changes;
}
