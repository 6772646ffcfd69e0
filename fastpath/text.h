/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * fastpath/text.h: numbers, addresses and prefixes as people write them, strictly: the whole text
 * or nothing, no sign, no space, and nothing that wraps. Each returns false and leaves its results
 * alone when the text is something else. NULL is something else. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Decimal, 0 to `max`. */
bool text_number(const char *text, uint32_t max, uint32_t *value);
/* "10.0.0.1", host order. */
bool text_address(const char *text, uint32_t *address);
/* "10.0.0.0/8"; bits behind the prefix are not looked at. */
bool text_prefix(const char *text, uint32_t *prefix, unsigned *length);
/* "10.0.0.1:30000"; port 0 is nobody's. */
bool text_host(const char *text, uint32_t *address, uint16_t *port);
/* One to `max` bytes of two hexadecimal digits each; *n is their number. */
bool text_bytes(const char *text, unsigned max, uint8_t *bytes, unsigned *n);
/* The leading hexadecimal digits of `bytes` bytes; the others are 0. */
bool text_digits(const char *text, unsigned bytes, uint8_t *value);
