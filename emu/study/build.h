/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/study/build.h: which program this is. */
#pragma once

/* The build-id that the linker wrote into the program, a hash of all of its code, in lower-case
 * hex; "unknown" if there is none. Runs of two builds are never taken for each other's. */
const char *build_id(void);
