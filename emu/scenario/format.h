/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/scenario/format.h: scenario files in one form.
 *
 * - Sections: [scenario], [let], then components, links and [text], [series], [at] and [every],
 * then [expect] and [plot]; within these as they were written. Where the order of sections with
 *   ${...}, and with it that of points, would change, they stay as they were written.
 * - Keys: in the order of the class's table, `attach` first; those with ${...}, whose order is
 *   that of points, keep theirs. In [let], [series], [at] and [every]: as they were written.
 * - Spaces: `key = value`, `a.0 -> b.0`, one behind each comma of lists and of ${...}, none at the
 *   ends of lines, one blank line between sections and none within.
 * - Comments stay above what they stand above, and are wrapped at FORMAT_COLUMNS; values go on
 *   in the next line there, behind a backslash. The lines of [text] stay as they are.
 *
 * The same points, with the same identities and in the same order; formatted twice is formatted
 * once. Sections must be known; keys and values are not looked at. */
#pragma once

#include "emu/core/component.h"
#include "emu/scenario/document.h"

enum { FORMAT_COLUMNS = 100 };

/* Put a document in order; false and an error if it has a section that there is not. */
bool format_document(Document *d, const ComponentClass *const *classes, GError **error);
/* The text of a scenario file, in that form; NULL and an error as in reading. Caller frees. */
char *format_text(const char *path, const char *text, size_t length,
                  const ComponentClass *const *classes, GError **error);
