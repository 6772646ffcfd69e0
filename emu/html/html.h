/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/html/html.h: HTML text, in a GString. Whatever comes from a user's files goes through %s and
 * is escaped; what is written in a format string is markup. */
#pragma once

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

/* printf, with every %s and %c escaped for text and for attributes in double quotes; without "*" in
 * the format. */
void html_put(GString *out, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* A number as people read it, to so many digits; "-" if it is none. Static, four of them in turn.
 */
const char *html_number(double value, unsigned digits);
/* A word that may be part of an id and of a link's fragment. Caller frees. */
char *html_id(const char *text);
/* A document as <script type="application/json" id=...>; takes it. */
void html_json(GString *out, const char *id, json_t *doc);
/* A picture that gnuplot has drawn, as part of the page: `id` goes in front of its ids, so that
 * several can stand in one document; `text` says what it shows. Groups in which nothing is drawn
 * are left out, which are most. False: there is no such file. */
bool html_picture(GString *out, const char *path, const char *id, const char *text);
