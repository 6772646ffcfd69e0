/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "emu/cli/page.h"

#include <glib.h>
#include <string.h>

char *page_wrap(const char *text, unsigned at, unsigned indent, unsigned width) {
    GString *out = g_string_new(NULL);
    bool first = true; /* of its line */
    while (*text) {
        size_t length = strcspn(text, " \n");
        unsigned columns = (unsigned)g_utf8_strlen(text, (gssize)length);
        if (!first && at + 1 + columns > width) {
            g_string_append_printf(out, "\n%*s", (int)indent, "");
            at = indent;
            first = true;
        }
        if (!first) {
            g_string_append_c(out, ' ');
            at++;
        }
        g_string_append_len(out, text, (gssize)length);
        at += columns;
        first = false;
        text += length;
        if (*text == '\n') {
            g_string_append_printf(out, "\n%*s", (int)indent, "");
            at = indent;
            first = true;
            text++;
        }
        text += strspn(text, " ");
    }
    return g_string_free(out, FALSE);
}

/* What roff would take for its own: backslashes, hyphens that may become dashes, and a dot or a
 * quote at the beginning of a line. */
static void put_roff(FILE *out, const char *text) {
    bool start = true;
    for (; *text; text++) {
        if (start && (*text == '.' || *text == '\'')) fputs("\\&", out);
        start = *text == '\n';
        if (start && text[1] && text[1] != '\n')
            fputs("\n.br\n", out);
        else if (*text == '\\')
            fputs("\\e", out);
        else if (*text == '-')
            fputs("\\-", out);
        else
            fputc(*text, out);
    }
}

static void put_line(const Page *page, const char *before, const char *text, const char *after) {
    fputs(before, page->out);
    put_roff(page->out, text);
    fputs(after, page->out);
}

void page_title(Page *page, const char *name, unsigned section, const char *text) {
    g_autofree char *upper = g_ascii_strup(name, -1);
    if (page->style == PAGE_TEXT) return;
    put_line(page, ".TH ", upper, "");
    fprintf(page->out, " %u \"\" \"sppemu %s\" \"%s\"\n.SH NAME\n", section, SPPEMU_VERSION,
            section == 1 ? "User Commands" : "File Formats");
    put_line(page, "", name, " \\- ");
    put_line(page, "", text, "\n");
}

/* What stands below a head of a man page is set off from it by the head. */
static void man_head(Page *page, const char *macro, const char *text) {
    put_line(page, macro, text, "\n");
    page->begun = false;
}

void page_head(Page *page, const char *text) {
    g_autofree char *upper = g_ascii_strup(text, -1), *lines = page_wrap(text, 1, 0, PAGE_WIDTH);
    if (page->style == PAGE_MAN) {
        man_head(page, ".SH ", upper);
        return;
    }
    fprintf(page->out, "%s%s:\n", page->begun ? "\n" : "", lines);
    page->begun = true;
}

void page_subhead(Page *page, const char *text) {
    if (page->style == PAGE_MAN)
        man_head(page, ".SS ", text);
    else
        page_head(page, text);
}

void page_paragraph(Page *page, const char *text) {
    if (page->style == PAGE_MAN) {
        put_line(page, page->begun ? ".PP\n" : "", text, "\n");
    } else {
        g_autofree char *lines = page_wrap(text, 0, 0, PAGE_WIDTH);
        fprintf(page->out, "%s%s\n", page->begun ? "\n" : "", lines);
    }
    page->begun = true;
}

void page_item(Page *page, unsigned column, const char *term, const char *text) {
    if (page->style == PAGE_MAN) {
        put_line(page, ".TP\n\\fB", term, "\\fR\n");
        put_line(page, "", text, "\n");
        page->begun = true;
        return;
    }
    unsigned at = 2 + (unsigned)g_utf8_strlen(term, -1);
    bool beside = at + 2 <= column;
    g_autofree char *lines = page_wrap(text, column, column, PAGE_WIDTH);
    fprintf(page->out, "  %s%s%*s%s\n", term, beside ? "" : "\n",
            (int)(beside ? column - at : column), "", lines);
}

void page_example(Page *page, const char *command, const char *text) {
    if (page->style == PAGE_MAN) {
        page_item(page, 0, command, text);
        return;
    }
    g_autofree char *lines = page_wrap(text, 6, 6, PAGE_WIDTH);
    fprintf(page->out, "  %s\n      %s\n", command, lines);
}

void page_literal(Page *page, const char *lines) {
    g_auto(GStrv) each = g_strsplit(lines, "\n", -1);
    if (page->style == PAGE_MAN) fputs(page->begun ? ".PP\n.nf\n" : ".nf\n", page->out);
    for (unsigned i = 0; each[i]; i++) {
        if (page->style == PAGE_MAN)
            put_line(page, "", each[i], "\n");
        else
            fprintf(page->out, "%s%s\n", *each[i] ? "  " : "", each[i]);
    }
    if (page->style == PAGE_MAN) fputs(".fi\n", page->out);
}
