/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "emu/core/error.h"

/* clang-format off: it reads the names as subtractions. */
G_DEFINE_QUARK(sppemu-input-error-quark, sppemu_input_error)
G_DEFINE_QUARK(sppemu-invariant-error-quark, sppemu_invariant_error)
