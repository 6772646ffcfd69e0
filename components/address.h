/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/address.h: addresses and ids as scenarios write them; what is wrong is an error. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* "10.0.0.1" -> host order. */
bool ipv4_parse(const char *text, uint32_t *address, GError **error);
bool mac_parse(const char *text, uint8_t mac[6], GError **error);
/* The leading hexadecimal digits of an id of `bytes` bytes; the others are 0. */
bool id_parse(const char *text, uint8_t *id, unsigned bytes, GError **error);
