/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/control/management.h: what the management processors of NPEs and line cards do for the
 * control network. */
#pragma once

#include "emu/core/component.h"

extern const ComponentClass management_class;
