/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Strict readers. */
#include "fastpath/text.h"

#include <arpa/inet.h>
#include <string.h>

bool text_number(const char *text, uint32_t max, uint32_t *value) {
    uint64_t v = 0;
    if (!text || !*text) return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9') return false;
        v = v * 10 + (uint64_t)(*text - '0');
        if (v > max) return false;
    }
    *value = (uint32_t)v;
    return true;
}

bool text_address(const char *text, uint32_t *address) {
    struct in_addr a;
    if (!text || inet_pton(AF_INET, text, &a) != 1) return false;
    *address = ntohl(a.s_addr);
    return true;
}

/* The address before the `separator`, and what stands behind it. */
static const char *split(const char *text, char separator, uint32_t *address) {
    char head[INET_ADDRSTRLEN];
    const char *at = text ? strchr(text, separator) : NULL;
    size_t n = at ? (size_t)(at - text) : 0;
    if (!at || n >= sizeof head) return NULL;
    memcpy(head, text, n);
    head[n] = 0;
    return text_address(head, address) ? at + 1 : NULL;
}

bool text_prefix(const char *text, uint32_t *prefix, unsigned *length) {
    uint32_t address, bits;
    if (!text_number(split(text, '/', &address), 32, &bits)) return false;
    *prefix = address;
    *length = bits;
    return true;
}

bool text_host(const char *text, uint32_t *address, uint16_t *port) {
    uint32_t host, number;
    if (!text_number(split(text, ':', &host), UINT16_MAX, &number) || number == 0) return false;
    *address = host;
    *port = (uint16_t)number;
    return true;
}

static int digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool text_bytes(const char *text, unsigned max, uint8_t *bytes, unsigned *n) {
    size_t digits = text ? strlen(text) : 0;
    if (digits == 0 || digits % 2 || digits / 2 > max) return false;
    for (size_t i = 0; i < digits; i++)
        if (digit(text[i]) < 0) return false;
    for (size_t i = 0; i < digits / 2; i++)
        bytes[i] = (uint8_t)(digit(text[2 * i]) << 4 | digit(text[2 * i + 1]));
    *n = (unsigned)(digits / 2);
    return true;
}

bool text_digits(const char *text, unsigned bytes, uint8_t *value) {
    size_t digits = text ? strlen(text) : 0;
    if (digits == 0 || digits > 2 * bytes) return false;
    for (size_t i = 0; i < digits; i++)
        if (digit(text[i]) < 0) return false;
    memset(value, 0, bytes);
    for (size_t i = 0; i < digits; i++)
        value[i / 2] |= (uint8_t)(digit(text[i]) << (i % 2 ? 0 : 4));
    return true;
}
