/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/scenario/script.h: the scripted part of a scenario: at given times, components are told
 * things. It is a component itself, the last of its network, so that it is run, checked and freed
 * like one, and so that it starts when its targets have and can ask them whether they understand.
 */
#pragma once

#include "emu/core/component.h"

extern const ComponentClass script_class;
#define SCRIPT_NAME "~at" /* no component can have it, and it starts behind them all */

/* At `time`, tell `target` each `VERB ARGUMENTS` of `lines`, which are separated by `;`. `where`
 * goes in front of what the component has to say against it. What is said at one time is said in
 * the order of tags, then of targets' names, then of the text of `lines`. */
void script_add(Component *script, SimTime time, const char *tag, Component *target,
                const char *lines, const char *where);
