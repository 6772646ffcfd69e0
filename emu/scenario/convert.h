/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/scenario/convert.h: a scenario that says everything many times, in a language that says it
 * once.
 *
 * - What has a word now is that word: `tokens = default`, also where claims and plots compare with
 *   the number that stood for it.
 * - Sections NAME0 to NAME{n-1} of one class with the same keys, whose values differ by numbers
 * that count with the element (a + b * i, of three or more also by i / m or i % m), are an array.
 * - A value of several parts, `a; b`, that stands twice or more, or in an array, is a [text].
 * - An iteration that others follow with values that change a few times only, lists that run in
 *   parallel, is [series]: one for each run of equal values, named by those that tell them apart.
 * - Keys that repeat defaults go, unless something else would give them another value: an included
 *   file, or a class that composes others.
 *
 * Comments stay; those of elements are the array's. The points are the same, with the same
 * identities; those of series stand in another order. What an included file says of a section is
 * left alone, so files are best converted from those that include nothing on; two of these that are
 * included together must not have texts of one name. */
#pragma once

#include "emu/core/component.h"
#include "emu/scenario/document.h"

/* `library` as in scenario_load_with. NULL and an error if the file or one that it includes cannot
 * be read, or if what comes out is no scenario: it says something that the second edition has
 * another way for. The caller frees. */
char *convert_file(const char *path, const char *library, const ComponentClass *const *classes,
                   GError **error);
