/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/cli/page.h: a page of help, as text of PAGE_WIDTH columns or as a man page (roff, man(7)).
 *
 * Whoever writes one says what is a head, a paragraph, a term with its sentence, an example; how
 * that looks is decided here. Text may hold "\n", which ends a line in both styles. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

enum { PAGE_WIDTH = 80 };
typedef enum { PAGE_TEXT, PAGE_MAN } PageStyle;
typedef struct {
    FILE *out;
    PageStyle style;
    bool begun; /* something is above, in a man page since its head: what follows is set off from it
                 */
} Page;

/* Of a man page: its name and section of the manual, and its NAME. Text has none. */
void page_title(Page *page, const char *name, unsigned section, const char *text);
void page_head(Page *page, const char *text);
void page_subhead(Page *page, const char *text);
void page_paragraph(Page *page, const char *text);
/* A term and what it means; in text that begins at `column`. */
void page_item(Page *page, unsigned column, const char *term, const char *text);
/* A command that can be pasted, and what it is for. */
void page_example(Page *page, const char *command, const char *text);
/* Lines as they stand. */
void page_literal(Page *page, const char *lines);

/* The text in lines of at most `width` columns, broken at spaces; those behind the first begin with
 * `indent` of them, and the first stands at `at` already. Without a newline at the end. Caller
 * frees. */
char *page_wrap(const char *text, unsigned at, unsigned indent, unsigned width);
