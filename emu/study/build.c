/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The build-id, found among the notes of the program itself (elf(5), NT_GNU_BUILD_ID). */
#include "emu/study/build.h"

#include <elf.h>
#include <link.h>
#include <stdio.h>
#include <string.h>

enum { MAX_BYTES = 32 };

static int find(struct dl_phdr_info *info, size_t size, void *data) {
    char *text = data;
    (void)size;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        if (segment->p_type != PT_NOTE) continue;
        const char *at = (const char *)(info->dlpi_addr + segment->p_vaddr);
        const char *end = at + segment->p_memsz;
        while (at + sizeof(ElfW(Nhdr)) <= end) {
            ElfW(Nhdr) note;
            memcpy(&note, at, sizeof note);
            const char *name = at + sizeof note;
            const char *value = name + ((note.n_namesz + 3) & ~3u);
            if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && !memcmp(name, "GNU", 4)) {
                for (unsigned b = 0; b < note.n_descsz && b < MAX_BYTES; b++)
                    sprintf(text + 2 * b, "%02x", (unsigned char)value[b]);
                return 1;
            }
            at = value + ((note.n_descsz + 3) & ~3u);
        }
    }
    return 1; /* the program comes first; libraries do not matter */
}

const char *build_id(void) {
    static char text[2 * MAX_BYTES + 1];
    if (!*text && (dl_iterate_phdr(find, text), !*text)) strcpy(text, "unknown");
    return text;
}
