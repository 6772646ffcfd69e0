/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/chassis/switch.h: the chassis' switches, and what joins links. */
#pragma once

#include "emu/core/component.h"

extern const ComponentClass switch_class, mux_class;
