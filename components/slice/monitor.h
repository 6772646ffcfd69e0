/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/slice/monitor.h: what polls counters, and what shares an interface among NPEs. */
#pragma once

#include "emu/core/component.h"

extern const ComponentClass monitor_class, distributed_scheduler_class;
