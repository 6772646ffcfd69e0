/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/classes.h: the one list of component classes that a scenario may use. */
#pragma once

#include "emu/core/component.h"

extern const ComponentClass *const component_classes[]; /* NULL-terminated */
