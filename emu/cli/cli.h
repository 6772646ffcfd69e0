/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/cli/cli.h: the command line. Exit codes: 0 ok, 1 a run or a file failed, 2 usage, 3 scenario
 * or input invalid, 4 an invariant failed (with --strict also: a claim was missed), 130
 * interrupted.
 */
#pragma once

#include "emu/core/component.h"

int cli_main(int argc, char **argv, const ComponentClass *const *classes);
