/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * emu/scenario/document.h: one scenario file as its author wrote it: sections, keys, values and
 * comments, in their order. Reading (read.c), formatting (format.c) and conversion (convert.c) all
 * begin with it, so that they agree on what a line is.
 *
 * Refused, with file and line: control bytes, what is not UTF-8, lines above DOCUMENT_MAX_LINE
 * bytes, files above 16 MiB, lines that are neither [SECTION] nor KEY = VALUE, keys before the
 * first section, without a value or twice in a section, and a section twice. What sections and keys
 * mean is for others to judge.
 *
 * A line of a value that ends in a backslash goes on in the next, behind one blank; the value's
 * line is its first.
 *
 * A comment belongs to what it stands above; the block right below a section's last line, with a
 * blank line after it, to that section; the first block of a file, with a blank line after it, to
 * the file. In lists of comments "" is a blank line: there is none at either end, but for the one
 * that keeps a block apart from the section that it stands above. */
#pragma once

#include "emu/core/error.h"

enum { DOCUMENT_MAX_LINE = 65536 };

typedef struct {
    GPtrArray *above;
    char *key, *value;
    unsigned line;
} DocumentEntry;

typedef struct {
    GPtrArray *above, *below;
    char *head, *name; /* [head name]; name NULL: there is none */
    unsigned line;
    GPtrArray *entries; /* DocumentEntry */
    GPtrArray *text;    /* of [text]: its lines as they are, comments and blank lines too */
} DocumentSection;

typedef struct {
    char *path;
    GPtrArray *start;    /* comments on the file */
    GPtrArray *sections; /* DocumentSection */
    GPtrArray *end;      /* comments behind all */
} Document;

/* `path` is for messages. NULL and an error if the text is none that a scenario may have. */
Document *document_read(const char *path, const char *text, size_t length, GError **error);
Document *document_load(const char *path, GError **error);
/* A file's contents, whatever they are; the caller frees. */
bool document_text(const char *path, char **text, size_t *length, GError **error);
void document_free(Document *d);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Document, document_free)

DocumentSection *document_section(const Document *d, const char *head, const char *name);
DocumentEntry *document_entry(const DocumentSection *section, const char *key);
/* New ones, without comments, at the end. */
DocumentSection *document_add(Document *d, const char *head, const char *name);
void document_set(DocumentSection *section, const char *key, const char *value);

/* With one blank line between sections, `KEY = VALUE`, and values and comments wrapped at
 * `columns`. Read again it is the same document. Caller frees. */
char *document_write(const Document *d, unsigned columns);
