/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/chassis/compose.h: what follows from a chassis' slots. */
#pragma once

#include "emu/scenario/compose.h"

extern const Composition chassis_composition;
