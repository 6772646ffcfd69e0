/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/chassis/chassis.h: what holds the blades of a node. */
#pragma once

#include "emu/core/component.h"

extern const ComponentClass chassis_class;
