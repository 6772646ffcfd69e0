/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Addresses and ids. */
#include "components/address.h"

#include <stdio.h>
#include <string.h>

#include "emu/core/error.h"
#include "fastpath/text.h"

bool ipv4_parse(const char *text, uint32_t *address, GError **error) {
    if (text_address(text, address)) return true;
    return input_error(error, "found \"%s\", expected an IPv4 address such as 10.0.0.1", text);
}

bool mac_parse(const char *text, uint8_t mac[6], GError **error) {
    unsigned b[6];
    char rest;
    if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%c", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5],
               &rest) == 6) {
        for (unsigned i = 0; i < 6; i++) mac[i] = (uint8_t)b[i];
        return true;
    }
    return input_error(error, "found \"%s\", expected a MAC address such as 02:00:00:00:00:01",
                       text);
}

bool id_parse(const char *text, uint8_t *id, unsigned bytes, GError **error) {
    if (text_digits(text, bytes, id)) return true;
    return input_error(error, "found \"%s\", expected an id of 1 to %u hexadecimal digits", text,
                       2 * bytes);
}
