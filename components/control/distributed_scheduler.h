/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/control/distributed_scheduler.h: what shares an interface among NPEs. */
#pragma once

#include "emu/core/component.h"

extern const ComponentClass distributed_scheduler_class;
