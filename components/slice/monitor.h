/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/slice/monitor.h: what polls counters. */
#pragma once

#include "emu/core/component.h"

extern const ComponentClass monitor_class;
