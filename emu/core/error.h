/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/core/error.h: the kinds of failure that a user tells apart by exit code. Everything else
 * (files, processes) is the run's own failure, exit code 1. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#define SPPEMU_INPUT_ERROR sppemu_input_error_quark() /* scenario or input invalid: exit code 3 */
#define SPPEMU_INVARIANT_ERROR sppemu_invariant_error_quark() /* a law was broken: exit code 4 */
GQuark sppemu_input_error_quark(void);
GQuark sppemu_invariant_error_quark(void);

/* Set *error, a sentence that says what was found and what was expected. They return false, for
 * `return input_error(...)`. */
bool input_error(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);
bool invariant_error(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* `ok`; if it is false, with "KEY: " in front of the error: the key that the value was written for,
 * by which the place is found where it was. */
static inline bool error_of_key(bool ok, const char *key, GError **error) {
    if (!ok) g_prefix_error(error, "%s: ", key);
    return ok;
}
