/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/chassis/cp.h: server blades as the switch sees them. */
#pragma once

#include "emu/core/component.h"

extern const ComponentClass cp_class;
