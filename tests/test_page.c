/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Pages of help. Oracle: lines counted by hand; what roff(7) says of dots and hyphens. */
#include <glib.h>

#include "emu/cli/page.h"
#include "tests/check.h"

static void wraps(const char *text, unsigned at, unsigned indent, unsigned width,
                  const char *expected) {
    g_autofree char *found = page_wrap(text, at, indent, width);
    CHECK_TEXT(found, expected);
}

static void lines_end_at_the_last_space_that_fits(void) {
    wraps("", 0, 0, 10, "");
    wraps("one two six", 0, 0, 11, "one two six");
    wraps("one two six", 0, 0, 10, "one two\nsix");
    wraps("one two six", 0, 2, 7, "one two\n  six");
    wraps("one two six", 4, 4, 11, "one two\n    six"); /* 4 columns are there already */
    wraps("one two\nsix ten", 0, 2, 80, "one two\n  six ten");
}

static void a_word_that_does_not_fit_stands_alone(void) {
    wraps("a longer-than-that b", 0, 0, 8, "a\nlonger-than-that\nb");
    wraps("longer-than-that", 6, 6, 8, "longer-than-that");
}

/* Columns, not bytes: each of these has two. */
static void letters_outside_ascii_are_one_column(void) {
    wraps("\xc3\xa4\xc3\xb6 \xc3\xbc\xc3\x9f", 0, 0, 5, "\xc3\xa4\xc3\xb6 \xc3\xbc\xc3\x9f");
}

/* What a page writes in that style; caller frees. */
static char *written(PageStyle style, void (*write)(Page *page)) {
    char *text = NULL;
    size_t size;
    Page page = {.out = open_memstream(&text, &size), .style = style};
    write(&page);
    fclose(page.out);
    return text;
}

static void some_items(Page *page) {
    page_head(page, "Keys");
    page_item(page, 10, "rate", "so fast");
    page_item(page, 10, "much-longer", ".5 is\nhalf");
    page_paragraph(page, "-x \\ y");
}

static void items_have_a_column_of_their_own(void) {
    char *text = written(PAGE_TEXT, some_items);
    CHECK_TEXT(text, "Keys:\n"
                     "  rate    so fast\n"
                     "  much-longer\n"
                     "          .5 is\n"
                     "          half\n"
                     "\n"
                     "-x \\ y\n");
    free(text);
}

static void roff_takes_nothing_for_its_own(void) {
    char *text = written(PAGE_MAN, some_items);
    CHECK_TEXT(text, ".SH KEYS\n"
                     ".TP\n\\fBrate\\fR\nso fast\n"
                     ".TP\n\\fBmuch\\-longer\\fR\n\\&.5 is\n.br\nhalf\n"
                     ".PP\n\\-x \\e y\n");
    free(text);
}

int main(void) {
    static const Test tests[] = {
        TEST(lines_end_at_the_last_space_that_fits), TEST(a_word_that_does_not_fit_stands_alone),
        TEST(letters_outside_ascii_are_one_column),  TEST(items_have_a_column_of_their_own),
        TEST(roff_takes_nothing_for_its_own),        {0}};
    return run_tests("page", tests);
}
