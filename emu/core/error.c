/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "emu/core/error.h"

/* clang-format off */
G_DEFINE_QUARK(sppemu-input-error-quark, sppemu_input_error)
G_DEFINE_QUARK(sppemu-invariant-error-quark, sppemu_invariant_error)
/* clang-format on */

static void set(GError **error, GQuark domain, const char *format, va_list args)
    G_GNUC_PRINTF(3, 0);
static void set(GError **error, GQuark domain, const char *format, va_list args) {
    g_propagate_error(error, g_error_new_valist(domain, 0, format, args));
}

bool input_error(GError **error, const char *format, ...) {
    va_list args;
    va_start(args, format);
    set(error, SPPEMU_INPUT_ERROR, format, args);
    va_end(args);
    return false;
}

bool invariant_error(GError **error, const char *format, ...) {
    va_list args;
    va_start(args, format);
    set(error, SPPEMU_INVARIANT_ERROR, format, args);
    va_end(args);
    return false;
}
